//! The soundness gate: what the text holds and the tree lacks becomes opaque.
//!
//! clang drops a whole statement when it cannot make sense of one name in it, and a synchronisation that is
//! dropped would become a false alarm. So two things are checked against the text of each statement: the
//! errors that clang reports in it, and the CUDA calls that it spells. Whatever is not accounted for becomes
//! one opaque statement at that place.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::cuda;
use cuda_lint_engine::program::{ExternId, FunctionBuilder, InvalidCall, SiteId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::cursor::{Cursor, Message};
use super::super::lexing::{comment_end, include_guard, is_word, line_end, literal_end, macro_name, raw_end};
use super::super::repair::is_kept;
use super::Lowering;
use super::body::Body;
use super::positions::Span;

/// Errors and CUDA calls by place.
#[derive(Default)]
pub(super) struct Gate {
    /// Errors by file, in order.
    errors: FxHashMap<u32, Vec<(u32, String)>>,
    /// CUDA calls in the text, by file.
    calls: FxHashMap<u32, Rc<Vec<TextCall>>>,
    /// Regions that the preprocessor skipped, by file.
    skipped: FxHashMap<u32, Vec<(u32, u32)>>,
    /// Places of calls that the tree holds.
    seen: FxHashSet<(u32, u32)>,
    /// True if clang keeps a record of what the preprocessor skipped: it does only when asked to. Without
    /// it, calls between `#if` and `#endif` are not looked for.
    knows_skipped: bool,
}

/// A CUDA call as the text spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextCall {
    /// Where its name, or `<<<`, stands.
    pub offset: u32,
    /// Its name, or `<<<`.
    pub name: String,
    /// True if it stands between `#if` and `#endif`; include guards do not count.
    pub conditional: bool,
}

const SERIOUS: u32 = 3;

impl Lowering<'_> {
    /// Sorts clang's messages by what they mean for the program.
    pub fn read_messages(&mut self) {
        // The main file gets the first index, so that it is known as such.
        let root = self.unit.root().extent().0;
        if let Some(file) = root.file {
            self.positions.file(file);
        }
        for message in self.unit.messages() {
            if message.severity < SERIOUS || is_kept(&message.text) {
                continue;
            }
            if message.text.ends_with("file not found") {
                self.program.unresolved_includes = true;
                continue;
            }
            self.invalid(&message);
            if let Some(file) = message.place.file {
                let file = self.positions.file(file);
                let entry = (message.place.offset, shortened(&message.text));
                self.gate.errors.entry(file).or_default().push(entry);
            }
        }
        for errors in self.gate.errors.values_mut() {
            errors.sort();
        }
        let skipped = self.unit.skipped();
        self.gate.knows_skipped = !skipped.is_empty();
        for (start, end) in skipped {
            if let Some(file) = start.file
                && end.file == Some(file)
                && !self.positions.is_embedded(start)
            {
                let file = self.positions.file(file);
                self.gate.skipped.entry(file).or_default().push((start.offset, end.offset));
            }
        }
    }

    /// A call of a name that nothing declares and that the repair loop did not invent, or of a function
    /// of the embedded declarations that fits none of them. A project's own overload keeps it open.
    fn invalid(&mut self, message: &Message) {
        let quoted = |start: &str| message.text.strip_prefix(start)?.split('\'').next();
        let (name, declared) = if let Some(name) = quoted("use of undeclared identifier '") {
            (name, false)
        } else if let Some(name) = quoted("no matching function for call to '")
            && !message.notes.is_empty()
            && message.notes.iter().all(|note| self.positions.is_embedded(*note))
        {
            (name, true)
        } else {
            return;
        };
        if !is_api_name(name.as_bytes()) || !self.positions.is_own(message.place) {
            return;
        }
        let Some(file) = message.place.file else { return };
        let file = self.positions.file(file);
        let start = message.place.offset;
        let end = start + name.len() as u32;
        let text = self.positions.whole(file);
        if text.get(start as usize..end as usize) != Some(name.as_bytes()) {
            return;
        }
        let Some(args) = count_arguments(&text[end as usize..]) else { return };
        let name = name.to_owned();
        let site = self.positions.site_of(Span { file, start, end });
        self.invalid_call(InvalidCall { name, args, site, declared });
    }

    /// Notes a call of a name that nothing declares, if it is one that CUDA might have had; once a place,
    /// however many instances of a template it stands in.
    pub fn invalid_call(&mut self, call: InvalidCall) {
        let known = self.program.invalid_calls.iter().any(|other| other.site == call.site);
        if !known && is_api_name(call.name.as_bytes()) {
            self.program.invalid_calls.push(call);
        }
    }

    /// Notes a call of a function that takes other arguments in other versions of CUDA, unless `#if` may have chosen it.
    pub fn note_versioned_call(&mut self, expression: Cursor, callee: ExternId, args: usize) {
        let name = self.program.externs[callee.0 as usize].name.clone();
        if cuda::versioned(&name).is_empty() {
            return;
        }
        let Some(span) = self.positions.span(expression) else { return };
        if !self.positions.is_own_file(span.file) {
            return;
        }
        let calls = self.calls_in(span.file);
        let is_it = |call: &&TextCall| span.contains(call.offset) && call.name == name;
        if let Some(call) = calls.iter().find(is_it).filter(|call| !call.conditional) {
            let end = call.offset + name.len() as u32;
            let site = self.positions.site_of(Span { file: span.file, start: call.offset, end });
            self.invalid_call(InvalidCall { name, args, site, declared: true });
        }
    }

    /// Notes a call of CUDA that is written in the body of a macro: who reads the line does not see it.
    pub fn note_macro_call(&mut self, expression: Cursor, callee: ExternId, site: SiteId) {
        let name = &self.program.externs[callee.0 as usize].name;
        if is_api_name(name.as_bytes()) && self.positions.hides(expression, name) {
            self.program.macro_calls.insert(site);
        }
    }

    /// Calls that stand in no definition the tree holds: the functions around them were lost whole, or are
    /// initialisers of globals, which are not followed. A function without a body says so.
    pub fn check_file(&mut self) {
        for file in self.positions.own_files() {
            self.check_calls(file);
        }
    }

    fn check_calls(&mut self, file: u32) {
        let calls = self.calls_in(file);
        let mut lost = Vec::new();
        for call in calls.iter() {
            let known = (call.conditional && !self.gate.knows_skipped)
                || self.gate.seen.contains(&(file, call.offset))
                || self.definitions.iter().any(|span| span.file == file && span.contains(call.offset));
            if !known {
                lost.push(call.clone());
            }
        }
        // One note for each function that is lost would be best; the first call and the number have to do.
        let Some(first) = lost.first() else { return };
        let end = first.offset + first.name.len() as u32;
        let site = self.positions.site_of(Span { file, start: first.offset, end });
        let what =
            if first.name == "<<<" { "a kernel launch".to_owned() } else { format!("`{}`", first.name) };
        let reason = match lost.len() {
            1 => format!("{what} stands outside of every function that could be read"),
            count => {
                format!("{what} and {} more stand outside of every function that could be read", count - 1)
            }
        };
        let mut code = FunctionBuilder::new("<file>", "", site);
        code.function_mut().is_root = true;
        code.opaque(site, reason, Vec::new());
        self.functions.push(Some(code.finish(site)));
    }

    fn calls_in(&mut self, file: u32) -> Rc<Vec<TextCall>> {
        if let Some(calls) = self.gate.calls.get(&file) {
            return calls.clone();
        }
        let skipped = self.gate.skipped.get(&file).cloned().unwrap_or_default();
        let calls = Rc::new(scan(self.positions.whole(file), &skipped));
        self.gate.calls.insert(file, calls.clone());
        calls
    }
}

impl Body<'_, '_> {
    /// Notes that the tree holds a call.
    pub fn saw_call(&mut self, call: Cursor) {
        let parts = call.parts();
        let Some(mut callee) = parts.first().copied() else { return };
        while callee.kind() == CXCursor_UnexposedExpr || callee.kind() == CXCursor_ParenExpr {
            match callee.parts()[..] {
                [inner] => callee = inner,
                _ => break,
            }
        }
        let mut places = vec![callee.location()];
        if let Some(configuration) = parts.get(1).filter(|part| super::calls::is_configuration(**part)) {
            places.push(configuration.extent().0);
        }
        for place in places {
            if let Some(file) = place.file {
                let file = self.unit.positions.file(file);
                self.unit.gate.seen.insert((file, place.offset));
            }
        }
    }

    /// Checks a statement that has been lowered against its text.
    pub fn check_text(&mut self, statement: Cursor, span: Span) {
        if statement.kind() == CXCursor_CompoundStmt {
            return;
        }
        self.check(span, statement);
    }

    /// Checks the text between two statements; returns the end of the second.
    pub fn check_gap(&mut self, block: Cursor, file: u32, reached: u32, next: Cursor) -> u32 {
        let Some(span) = self.unit.positions.span(next) else { return reached };
        if span.file != file {
            return reached;
        }
        self.check_gap_to(block, file, reached, span.start);
        reached.max(span.end)
    }

    /// Checks the head of a function for errors: its initialisers are part of what it does.
    pub fn check_head(&mut self, block: Cursor, whole: Span, body: Span) {
        let gated = std::mem::replace(&mut self.gated, false);
        self.check_gap_to(block, whole.file, whole.start, body.start);
        self.gated = gated;
    }

    /// Checks a stretch of text that no statement covers.
    pub fn check_gap_to(&mut self, block: Cursor, file: u32, from: u32, to: u32) {
        // clang points some errors at the very start of what follows, which is for that statement to say.
        if to > from + 1 {
            self.check(Span { file, start: from + 1, end: to - 1 }, block);
        }
    }

    /// `around` is the node to look into before a call counts as lost.
    fn check(&mut self, span: Span, around: Cursor) {
        let errors = self.unit.gate.errors.get(&span.file);
        let error = errors.and_then(|errors| {
            let first = errors.partition_point(|(offset, _)| *offset < span.start);
            errors[first..].iter().take_while(|(offset, _)| *offset <= span.end).find(|(offset, _)| {
                !self.accounted.contains(&(span.file, *offset)) && !self.is_apart(span.file, *offset)
            })
        });
        if let Some((offset, text)) = error {
            let (offset, text) = (*offset, text.clone());
            self.account(span);
            let site = self.unit.positions.site_of(Span { file: span.file, start: offset, end: offset });
            self.code.opaque(site, text, Vec::new());
            return;
        }
        if !self.gated || !self.unit.positions.is_own_file(span.file) {
            return;
        }
        let calls = self.unit.calls_in(span.file);
        let first = calls.partition_point(|call| call.offset < span.start);
        let lost = calls[first..].iter().take_while(|call| call.offset < span.end).find(|call| {
            (self.unit.gate.knows_skipped || !call.conditional)
                && !self.unit.gate.seen.contains(&(span.file, call.offset))
                && !self.accounted.contains(&(span.file, call.offset))
                && !self.is_apart(span.file, call.offset)
                && !names_something(around, call.offset)
        });
        if let Some(call) = lost {
            let call = call.clone();
            self.account(span);
            let site =
                self.unit.positions.site_of(Span { file: span.file, start: call.offset, end: call.offset });
            let reason = if call.name == "<<<" {
                "a kernel launch that the parser lost".to_owned()
            } else {
                format!("a call of `{}` that the parser lost", call.name)
            };
            self.code.opaque(site, reason, Vec::new());
        }
    }

    /// Everything in the stretch is answered for by one opaque statement.
    fn account(&mut self, span: Span) {
        if let Some(errors) = self.unit.gate.errors.get(&span.file) {
            let first = errors.partition_point(|(offset, _)| *offset < span.start);
            let inside = errors[first..].iter().take_while(|(offset, _)| *offset <= span.end);
            self.accounted.extend(inside.map(|(offset, _)| (span.file, *offset)));
        }
        let calls = self.unit.calls_in(span.file);
        let first = calls.partition_point(|call| call.offset < span.start);
        let inside = calls[first..].iter().take_while(|call| call.offset <= span.end);
        self.accounted.extend(inside.map(|call| (span.file, call.offset)));
    }

    /// True for what stands in a lambda or a local class: those are functions of their own.
    fn is_apart(&self, file: u32, offset: u32) -> bool {
        self.apart.iter().any(|span| span.file == file && span.contains(offset))
    }

    /// Leaves the text of a lambda or local class to its own functions.
    pub fn set_apart(&mut self, cursor: Cursor) {
        if let Some(span) = self.unit.positions.span(cursor) {
            self.apart.push(span);
        }
    }
}

/// True if any node below the statement stands at that place: a type, a macro that was expanded, an
/// expression that is not evaluated.
fn names_something(statement: Cursor, offset: u32) -> bool {
    statement.location().offset == offset
        || statement.extent().0.offset == offset
        || statement.children().into_iter().any(|child| names_something(child, offset))
}

/// clang's message in a few words.
fn shortened(text: &str) -> String {
    let text = text.split(';').next().unwrap_or(text).trim();
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// True for names that only a function of a GPU API can have: `cudaX…`, `cuX…`, `hipX…`, and libraries.
pub(super) fn is_api_name(name: &[u8]) -> bool {
    let prefixes: [&[u8]; 12] = [
        b"cuda",
        b"cu",
        b"hip",
        b"nccl",
        b"nvrtc",
        b"cublas",
        b"cufft",
        b"curand",
        b"cusparse",
        b"cusolver",
        b"cudnn",
        b"nvml",
    ];
    prefixes.iter().any(|prefix| {
        name.strip_prefix(*prefix).and_then(|rest| rest.first()).is_some_and(u8::is_ascii_uppercase)
    })
}

/// True for names of CUDA functions: `cudaX…`, `cuX…`.
fn is_cuda_name(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b"cuda").filter(|rest| rest.first().is_some_and(u8::is_ascii_uppercase));
    let rest = rest.or_else(|| name.strip_prefix(b"cu"));
    rest.and_then(|rest| rest.first()).is_some_and(u8::is_ascii_uppercase) && !name.ends_with(b"_t")
}

/// The number of arguments of the call whose parenthesis opens here, if the commas between them can be told from
/// those of template arguments (`kernel<A, B>`).
fn count_arguments(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_start();
    if text.first() != Some(&b'(') {
        return None;
    }
    let mut depth = 0;
    let mut commas = 0;
    let mut empty = true;
    let mut angles = false;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(if empty { 0 } else { commas + 1 });
                }
            }
            b'<' if depth == 1 => (angles, empty) = (true, false),
            b',' if depth == 1 && angles => return None,
            b',' if depth == 1 => commas += 1,
            byte if !byte.is_ascii_whitespace() => empty = false,
            _ => {}
        }
        empty &= depth < 2;
    }
    None
}

/// Finds the CUDA calls and launches in a text, outside comments, literals, directives and skipped regions.
pub(super) fn scan(text: &[u8], skipped: &[(u32, u32)]) -> Vec<TextCall> {
    let mut calls = Vec::new();
    let mut macros: FxHashSet<&[u8]> = FxHashSet::default();
    let mut at = 0;
    let mut fresh_line = true;
    let mut depth = 0u32;
    // How many of those that are open choose nothing: the guard, which is the first.
    let mut guards = 0u32;
    let mut is_guarded = include_guard(&String::from_utf8_lossy(text)).is_some();
    while at < text.len() {
        if let Some(end) = comment_end(text, at) {
            at = end;
            continue;
        }
        let byte = text[at];
        match byte {
            b'\n' => {
                fresh_line = true;
                at += 1;
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'#' if fresh_line => {
                let end = line_end(text, at);
                let directive = &text[at..end];
                if let Some(name) = macro_name(directive) {
                    macros.insert(name);
                }
                let word = directive[1..].trim_ascii_start();
                if word.starts_with(b"if") {
                    depth += 1;
                    guards += u32::from(std::mem::take(&mut is_guarded));
                } else if word.starts_with(b"endif") {
                    depth = depth.saturating_sub(1);
                    guards = guards.min(depth);
                }
                at = end;
            }
            b'"' | b'\'' => {
                fresh_line = false;
                at = literal_end(text, at);
            }
            b'<' if text[at..].starts_with(b"<<<") => {
                calls.push(TextCall {
                    offset: at as u32,
                    name: "<<<".to_owned(),
                    conditional: depth > guards,
                });
                fresh_line = false;
                at += 3;
            }
            byte if is_word(byte) => {
                fresh_line = false;
                let start = at;
                while at < text.len() && is_word(text[at]) {
                    at += 1;
                }
                let word = &text[start..at];
                if text.get(at) == Some(&b'"') && word.ends_with(b"R") {
                    at = raw_end(text, at);
                } else if is_cuda_name(word) && opens_call(text, at) {
                    let name = String::from_utf8_lossy(word).into_owned();
                    calls.push(TextCall { offset: start as u32, name, conditional: depth > guards });
                }
            }
            _ => {
                fresh_line = false;
                at += 1;
            }
        }
    }
    calls.retain(|call| {
        !macros.contains(call.name.as_bytes())
            && !skipped.iter().any(|(start, end)| *start <= call.offset && call.offset < *end)
    });
    calls
}

fn opens_call(text: &[u8], at: usize) -> bool {
    text[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'(')
}
