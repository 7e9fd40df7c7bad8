//! The text of comments: what in them suppresses findings.

use std::ops::Range;

use crate::catalogue::{self, Selector};

/// What in a comment suppresses findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands in the comment.
    pub range: Range<usize>,
    /// The word that makes it one.
    pub word: Word,
    /// The names in it, and where they stand; empty for everything.
    pub names: Vec<(String, Range<usize>)>,
    /// True if it is written for this tool.
    pub own: bool,
    /// The reason.
    pub reason: Option<String>,
    /// What is wrong with it, and what to do.
    pub problem: Option<(String, String)>,
}

/// What a suppression covers, in the words of its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `cuda-lint: allow(…)`: the line, or what begins behind the comment.
    Allow,
    /// `cuda-lint: allow-file(…)`.
    AllowFile,
    /// `NOLINT`: the line.
    NoLint,
    /// `NOLINTNEXTLINE`.
    NoLintNextLine,
    /// `NOLINTBEGIN`: up to `NOLINTEND`.
    NoLintBegin,
    /// `NOLINTEND`.
    NoLintEnd,
}

impl Word {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AllowFile => "allow-file",
            Self::NoLint => "NOLINT",
            Self::NoLintNextLine => "NOLINTNEXTLINE",
            Self::NoLintBegin => "NOLINTBEGIN",
            Self::NoLintEnd => "NOLINTEND",
        }
    }
}

const MARK: &str = "cuda-lint:";
const NOLINT: &str = "NOLINT";
/// How NOLINT names this tool.
const PREFIX: &str = "cuda-lint-";

/// True if a text may hold such a comment.
pub fn may_hold(text: &[u8]) -> bool {
    [MARK, NOLINT].iter().any(|mark| memchr::memmem::find(text, mark.as_bytes()).is_some())
}

/// What in a comment, its delimiters included, suppresses findings.
pub fn find(comment: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in comment.split_inclusive('\n') {
        found.extend(own(line, start));
        nolint(line, start, &mut found);
        start += line.len();
    }
    found
}

/// `cuda-lint: …` at the start of a line. In the midst of one it is prose.
fn own(line: &str, start: usize) -> Option<Found> {
    let at = line.len() - line.trim_start_matches(|c: char| c.is_whitespace() || "/*!".contains(c)).len();
    let rest = line[at..].strip_prefix(MARK)?;
    let rest = rest.trim_end();
    let rest = rest.strip_suffix("*/").unwrap_or(rest).trim_end();
    let end = start + at + MARK.len() + rest.len();
    let mut found = Found {
        range: start + at..end,
        word: Word::Allow,
        names: Vec::new(),
        own: true,
        reason: None,
        problem: None,
    };
    let word = rest.trim_start();
    let malformed = |message: &str| {
        Some((
            message.to_owned(),
            "write `cuda-lint: allow(RULE): why`, or `allow-file(RULE): why`".to_owned(),
        ))
    };
    let (name, list) =
        word.split_at(word.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(word.len()));
    found.word = match name {
        "allow" => Word::Allow,
        "allow-file" => Word::AllowFile,
        _ => {
            found.problem = malformed(&format!("`cuda-lint: {name}` is nothing that is understood"));
            return Some(found);
        }
    };
    let list_at = end - list.len();
    let open = list.len() - list.trim_start().len();
    let close = list.find(')');
    let (Some('('), Some(close)) = (list[open..].chars().next(), close) else {
        found.problem = malformed(&format!("`cuda-lint: {name}` names no rules in brackets"));
        return Some(found);
    };
    found.names = names(&list[open + 1..close], list_at + open + 1);
    found.reason = reason(&list[close + 1..]);
    if found.names.is_empty() {
        found.problem = malformed(&format!("`cuda-lint: {name}` names no rule"));
    } else if let Some((name, _)) = found.names.iter().find(|(name, _)| Selector::parse(name).is_err()) {
        found.problem = Some(catalogue::unknown(name));
    }
    Some(found)
}

/// `NOLINT` and its kin anywhere in a line, as clang-tidy reads them.
fn nolint(line: &str, start: usize, found: &mut Vec<Found>) {
    let Some(at) = line.find(NOLINT) else { return };
    let before = line[..at].chars().next_back();
    let rest = &line[at + NOLINT.len()..];
    let (word, length) = [
        (Word::NoLintNextLine, "NEXTLINE"),
        (Word::NoLintBegin, "BEGIN"),
        (Word::NoLintEnd, "END"),
        (Word::NoLint, ""),
    ]
    .into_iter()
    .find_map(|(word, tail)| rest.starts_with(tail).then_some((word, tail.len())))
    .unwrap_or((Word::NoLint, 0));
    let rest = &rest[length..];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if before.is_some_and(is_word) || rest.starts_with(is_word) {
        return;
    }
    let list_at = start + at + NOLINT.len() + length;
    let mut it = Found {
        range: start + at..list_at,
        word,
        names: Vec::new(),
        own: false,
        reason: None,
        problem: None,
    };
    let list = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let Some((list, after)) = list else {
        it.reason = reason(rest);
        found.push(it);
        return;
    };
    it.range.end += list.len() + 2;
    it.reason = reason(after);
    for (name, range) in names(list, list_at + 1) {
        match (name.strip_prefix(PREFIX), name.strip_suffix('*')) {
            (Some(own), _) => {
                it.own |= !own.ends_with('*');
                if !own.ends_with('*') && Selector::parse(own).is_err() {
                    it.problem = Some(catalogue::unknown(own));
                }
                it.names.push((own.to_owned(), range));
            }
            (None, Some(start)) if PREFIX.starts_with(start) => it.names.push(("*".to_owned(), range)),
            // It is for another tool.
            _ => {}
        }
    }
    if !it.names.is_empty() {
        found.push(it);
    }
}

/// Names between commas, and where they stand.
fn names(list: &str, start: usize) -> Vec<(String, Range<usize>)> {
    let mut at = start;
    let mut names = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        let first = at + (part.len() - part.trim_start().len());
        if !name.is_empty() {
            names.push((name.to_owned(), first..first + name.len()));
        }
        at += part.len() + 1;
    }
    names
}

/// What stands behind the names.
fn reason(text: &str) -> Option<String> {
    let text = text.trim().strip_suffix("*/").unwrap_or(text).trim();
    let text = text.trim_start_matches([':', '-', ',', ' ', '\u{2013}', '\u{2014}']).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Word, names, reason, problem.
    type Short = (&'static str, Vec<String>, Option<String>, Option<String>);

    fn short(comment: &str) -> Vec<Short> {
        let short = |it: Found| {
            let names: Vec<_> = it.names.iter().map(|(name, _)| name.clone()).collect();
            for (name, range) in &it.names {
                assert!(comment[range.clone()].ends_with(name.as_str()) || name == "*", "{comment}: {name}");
            }
            (it.word.text(), names, it.reason, it.problem.map(|(message, _)| message))
        };
        find(comment).into_iter().map(short).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn rules_and_reasons_are_read() {
        let one = names(&["host-read-before-sync"]);
        let why = Some("it has waited".to_owned());
        for comment in [
            "// cuda-lint: allow(host-read-before-sync): it has waited",
            "/* cuda-lint: allow( host-read-before-sync ) - it has waited */",
            "/// cuda-lint:allow(host-read-before-sync) it has waited\r\n",
            "/*\n * cuda-lint: allow(host-read-before-sync): it has waited\n */",
        ] {
            assert_eq!(short(comment), [("allow", one.clone(), why.clone(), None)], "{comment}");
        }
        let two = names(&["performance", "all"]);
        assert_eq!(short("// cuda-lint: allow-file(performance, all)"), [("allow-file", two, None, None)]);
    }

    #[test]
    fn mistakes_are_said() {
        for (comment, message) in [
            ("// cuda-lint: alow(x)", "`cuda-lint: alow` is nothing that is understood"),
            ("// cuda-lint: allow", "`cuda-lint: allow` names no rules in brackets"),
            ("// cuda-lint: allow()", "`cuda-lint: allow` names no rule"),
            ("// cuda-lint: allow(host-read", "`cuda-lint: allow` names no rules in brackets"),
            ("// cuda-lint: allow(host-read)", "there is no rule or group `host-read`"),
            ("// NOLINT(cuda-lint-host-read)", "there is no rule or group `host-read`"),
        ] {
            assert_eq!(short(comment)[0].3.as_deref(), Some(message), "{comment}");
        }
    }

    #[test]
    fn nolint_is_read_as_clang_tidy_does() {
        for (comment, expected) in [
            ("// NOLINT", vec![("NOLINT", names(&[]), None, None)]),
            ("// x NOLINTNEXTLINE: why", vec![("NOLINTNEXTLINE", names(&[]), Some("why".to_owned()), None)]),
            ("// NOLINT(cuda-lint-*)", vec![("NOLINT", names(&["*"]), None, None)]),
            ("// NOLINT(*)", vec![("NOLINT", names(&["*"]), None, None)]),
            (
                "/* NOLINTBEGIN(bugprone-x, cuda-lint-ordering) */",
                vec![("NOLINTBEGIN", names(&["ordering"]), None, None)],
            ),
            ("// NOLINT(bugprone-x)", vec![]),
            ("// NOLINTS and xNOLINT", vec![]),
            ("// write `cuda-lint: allow(all)` here", vec![]),
        ] {
            assert_eq!(short(comment), expected, "{comment}");
        }
    }
}
