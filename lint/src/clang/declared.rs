//! Names that the text of a project declares, seen by clang or not.
//!
//! A call of what nothing declares is one of a function that does not exist, unless some header has it between `#if`
//! and `#endif` for a build that this one is not, or is itself included by such a build only. That text is in no tree,
//! so it is read as words.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::lexing::{comment_end, is_word, line_end, literal_end, macro_name, raw_end};
use crate::include_index::IncludeIndex;

/// The names that the files of a project declare, read when one is asked for.
pub struct DeclaredNames {
    files: IncludeIndex,
    known: FxHashMap<String, bool>,
}

impl DeclaredNames {
    /// Of the projects that the inputs belong to.
    pub fn new(inputs: &[PathBuf]) -> Self {
        Self { files: IncludeIndex::new(inputs.iter().map(PathBuf::as_path)), known: FxHashMap::default() }
    }

    /// True if any file of the project that could be included declares the name.
    pub fn contains(&mut self, name: &str) -> bool {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let wanted = FxHashSet::from_iter([name.as_bytes().to_vec()]);
        let declares =
            |file: &PathBuf| std::fs::read(file).is_ok_and(|text| !declared_in(&text, &wanted).is_empty());
        let found = self.files.files().any(declares);
        self.known.insert(name.to_owned(), found);
        found
    }
}

/// What stands before the name of a call and is no type.
const NO_TYPES: [&[u8]; 13] = [
    b"return",
    b"co_return",
    b"co_yield",
    b"co_await",
    b"throw",
    b"else",
    b"do",
    b"case",
    b"goto",
    b"and",
    b"or",
    b"not",
    b"sizeof",
];

/// What stands before a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A word that may be a type, or stars behind one.
    Type,
    Other,
}

/// Those of the names that a text declares: behind a type (`CUresult cuInit_f(…)`), or as a macro. Comments and
/// literals do not count.
pub fn declared_in(text: &[u8], wanted: &FxHashSet<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if !wanted.iter().any(|name| memchr::memmem::find(text, name).is_some()) {
        return found;
    }
    let (mut at, mut fresh_line, mut before) = (0, true, Before::Other);
    while at < text.len() {
        if let Some(end) = comment_end(text, at) {
            at = end;
            continue;
        }
        match text[at] {
            b'\n' => {
                fresh_line = true;
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            b'#' if fresh_line => {
                let end = line_end(text, at);
                found.extend(
                    macro_name(&text[at..end]).filter(|name| wanted.contains(*name)).map(<[u8]>::to_vec),
                );
                (at, before) = (end, Before::Other);
            }
            b'"' | b'\'' => (at, fresh_line, before) = (literal_end(text, at), false, Before::Other),
            byte if is_word(byte) => {
                fresh_line = false;
                let start = at;
                while at < text.len() && is_word(text[at]) {
                    at += 1;
                }
                let word = &text[start..at];
                if text.get(at) == Some(&b'"') && word.ends_with(b"R") {
                    at = raw_end(text, at);
                    continue;
                }
                if before == Before::Type && wanted.contains(word) {
                    found.push(word.to_vec());
                }
                let is_type = !word[0].is_ascii_digit() && !NO_TYPES.contains(&word);
                before = if is_type { Before::Type } else { Before::Other };
            }
            b'*' if before == Before::Type => (at, fresh_line) = (at + 1, false),
            _ => (at, fresh_line, before) = (at + 1, false, Before::Other),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_from_calls() {
        let wanted = [b"cudaX_f".to_vec()].into_iter().collect();
        let declares = |text: &str| !declared_in(text.as_bytes(), &wanted).is_empty();
        for text in [
            "#if A\nCUresult cudaX_f(int *version);\n#endif",
            "CUresult\ncudaX_f (int n) { return 0; }",
            "extern PFN_cudaX cudaX_f;",
            "void *cudaX_f();",
            "# define cudaX_f(n) cudaX(n)",
            "/* x */ int /* y */ cudaX_f();",
        ] {
            assert!(declares(text), "{text}");
        }
        for text in [
            "x = cudaX_f();",
            "return cudaX_f();",
            "{ cudaX_f(); }",
            "check(cudaX_f());",
            "// that is cudaX_f()",
            "/* int cudaX_f(); */",
            "f(\"int cudaX_f()\");",
            "int cudaX_ff();",
            "#if A\nx();\n#else\ncudaX_f();\n#endif",
            "if (a) b(); else cudaX_f();",
            "",
            "2 * cudaX_f()",
        ] {
            assert!(!declares(text), "{text}");
        }
    }
}
