//! Functions that are launched without being kernels, as far as clang sees: an invented macro marks them.
//!
//! `PROJECT_KERNEL void init() { … }` with a macro of a missing header is a function of the host at first, and clang
//! drops every launch of it from the tree. Only kernels can be launched, so the macro says `__global__`.

use super::super::embedded;
use super::super::unit::{ClangMessage, Unit};
use super::place::word_at;
use super::{Form, Kind, Repair};

/// How many bytes a declaration is looked back for a macro, from its name.
const REACH: usize = 400;

impl Repair {
    /// Takes it in that `name` is launched. True if that changes what a macro stands for.
    pub(super) fn mark_launched(&mut self, message: &ClangMessage, name: &str, unit: &Unit) -> bool {
        let name = name.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
        if name.is_empty() {
            return false;
        }
        let finder = memchr::memmem::Finder::new(name);
        let mut files = vec![message.file.clone()];
        files.extend(unit.inclusions());
        let mut marks = Vec::new();
        for file in files.iter().filter(|file| !embedded::is_virtual(file) && !unit.is_system_file(file)) {
            let Some(text) = unit.contents(file) else { continue };
            for at in finder.find_iter(text).filter(|at| word_at(text, *at) == name) {
                let start = at.saturating_sub(REACH);
                let head = text[start..at].rsplit(|byte| b";{}".contains(byte)).next().unwrap_or_default();
                let words = head.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
                marks.extend(words.filter_map(|word| std::str::from_utf8(word).ok()).map(str::to_owned));
            }
            if marks.iter().any(|mark| self.is_mark_of_function(mark)) {
                break;
            }
        }
        let mut changed = false;
        for mark in marks {
            changed |= self.replace(&mark, Kind::Macro(Form::Kernel), is_mark);
        }
        changed
    }

    fn is_mark_of_function(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|node| is_mark(&node.kind))
    }
}

/// True for a macro that stands before declarations.
const fn is_mark(kind: &Kind) -> bool {
    matches!(kind, Kind::Macro(Form::Empty | Form::Device))
}
