//! From comments to directives: which lines each covers.

use std::ops::Range;

use super::comment::{self, Found, Word};
use super::{Directive, Name};
use crate::finding::Span;

/// A file with its comments, as a frontend sees them.
pub struct Commented<'t> {
    /// The file's name, as sites have it.
    pub file: &'t str,
    /// Its text.
    pub text: &'t [u8],
    /// Where its comments stand, in order.
    pub comments: &'t [Range<usize>],
    /// What the preprocessor has left out of it; `None` if that is not known.
    pub left_out: Option<&'t [Range<usize>]>,
}

/// The directives of a file. `extent` says where the statement, declaration or function ends that begins at an
/// offset, if one does.
pub fn directives(file: &Commented<'_>, extent: &mut dyn FnMut(usize) -> Option<usize>) -> Vec<Directive> {
    let lines = Lines::new(file);
    let mut directives: Vec<Directive> = Vec::new();
    let mut open: Vec<(usize, Found)> = Vec::new();
    for range in file.comments {
        let Some(bytes) = file.text.get(range.clone()) else { continue };
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        for found in comment::find(text) {
            let at = range.start;
            let line = lines.line(at + found.range.start);
            let covered = match found.word {
                Word::Allow => lines.of_allow(file, range, extent),
                Word::AllowFile => (1, u32::MAX),
                Word::NoLint => (line, line),
                Word::NoLintNextLine => (line + 1, line + 1),
                Word::NoLintBegin => {
                    open.push((at, found));
                    continue;
                }
                Word::NoLintEnd => {
                    let begins = open.iter().rposition(|(_, begin)| begin.names.len() == found.names.len());
                    if let Some((start, begin)) = begins.map(|index| open.remove(index)) {
                        let first = lines.line(start + begin.range.start);
                        directives.push(lines.directive(start, begin, (first, line)));
                    }
                    continue;
                }
            };
            directives.push(lines.directive(at, found, covered));
        }
    }
    // Without its end it is no range, as clang-tidy has it; it would hide the rest of the file.
    for (at, mut found) in open {
        found.problem.get_or_insert_with(|| {
            ("`NOLINTBEGIN` has no `NOLINTEND`".to_owned(), "write it where the range ends".to_owned())
        });
        let line = lines.line(at + found.range.start);
        directives.push(lines.directive(at, found, (line, line)));
    }
    for directive in &mut directives {
        let at = directive.span.offset as usize;
        directive.seen = file.left_out.is_some_and(|parts| !parts.iter().any(|part| part.contains(&at)));
    }
    let macros = macros(file);
    for directive in directives.iter_mut().filter(|it| it.word != Word::AllowFile.text()) {
        let offset = |line: u32| lines.starts.get(line as usize - 1).copied().unwrap_or_default();
        let covered = offset(directive.lines.0)..=offset(directive.lines.1);
        let inside = |(range, _): &&(Range<usize>, String)| {
            range.start <= *covered.end() && *covered.start() < range.end
        };
        let around = macros.iter().find(inside);
        // What is meant for other tools is not to silence every use of a macro.
        let is_meant = directive.own || !directive.names.is_empty();
        directive.macro_name = around.filter(|_| is_meant).map(|(_, name)| name.clone());
    }
    directives.sort_by_key(|directive| directive.span.offset);
    directives
}

/// Where macros are defined, from the start of the line on, and their names.
fn macros(file: &Commented<'_>) -> Vec<(Range<usize>, String)> {
    let mut macros = Vec::new();
    for mark in memchr::memmem::find_iter(file.text, b"define") {
        let before = file.text[..mark].trim_ascii_end();
        let Some(before) = before.strip_suffix(b"#") else { continue };
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let is_code = next_code(file, start) == Some(before.len());
        let rest = file.text[mark + b"define".len()..].trim_ascii_start();
        let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
        let name: Vec<u8> = name.copied().collect();
        if is_code && !name.is_empty() {
            let name = String::from_utf8_lossy(&name).into_owned();
            macros.push((start..end_of_preprocessor_line(file.text, start), name));
        }
    }
    macros
}

/// Where the lines of a file start.
struct Lines<'t> {
    file: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(file: &Commented<'t>) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', file.text).map(|at| at + 1));
        Self { file: file.file, starts: starts.collect() }
    }

    /// The line of an offset, from 1.
    fn line(&self, offset: usize) -> u32 {
        number(self.starts.partition_point(|start| *start <= offset))
    }

    fn span(&self, range: Range<usize>) -> Span {
        let column = |offset: usize| {
            let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
            number(offset - self.starts.get(line).copied().unwrap_or_default() + 1)
        };
        Span {
            file: self.file.to_owned(),
            line: self.line(range.start),
            column: column(range.start),
            end_line: self.line(range.end),
            end_column: column(range.end),
            offset: number(range.start),
            length: number(range.len()),
        }
    }

    fn directive(&self, at: usize, found: Found, lines: (u32, u32)) -> Directive {
        let shift = |range: Range<usize>| self.span(at + range.start..at + range.end);
        Directive {
            span: shift(found.range),
            word: found.word.text().to_owned(),
            names: found.names.into_iter().map(|(name, range)| Name { name, span: shift(range) }).collect(),
            own: found.own,
            seen: false,
            reason: found.reason,
            lines,
            macro_name: None,
            problem: found.problem,
        }
    }

    /// What an `allow` covers: its line if code stands before it there, else what begins behind it.
    fn of_allow(
        &self,
        file: &Commented<'_>,
        comment: &Range<usize>,
        extent: &mut dyn FnMut(usize) -> Option<usize>,
    ) -> (u32, u32) {
        let line = self.line(comment.start);
        let start = self.starts.get(line as usize - 1).copied().unwrap_or_default();
        if next_code(file, start).is_some_and(|code| code < comment.start) {
            return (line, line);
        }
        let Some(code) = next_code(file, comment.end) else { return (line, line) };
        let end = match file.text.get(code) {
            Some(b'#') => end_of_preprocessor_line(file.text, code),
            _ => extent(code).unwrap_or(code),
        };
        (self.line(code), self.line(end.max(code)))
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The first byte at or after an offset that is neither white space nor in a comment. Backslashes at the ends
/// of lines, as in macros, are white space.
fn next_code(file: &Commented<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let byte = *file.text.get(at)?;
        let comment = file.comments.partition_point(|comment| comment.end <= at);
        match file.comments.get(comment) {
            Some(comment) if comment.contains(&at) => at = comment.end,
            _ if byte.is_ascii_whitespace() => at += 1,
            _ if byte == b'\\' && matches!(file.text.get(at + 1), Some(b'\n' | b'\r')) => at += 1,
            _ => return Some(at),
        }
    }
}

/// Where a line of the preprocessor ends, continued lines included.
fn end_of_preprocessor_line(text: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(end) = memchr::memchr(b'\n', &text[from..]).map(|length| from + length) {
        if !text[start..end].trim_ascii_end().ends_with(b"\\") {
            return end;
        }
        from = end + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word and the lines of each directive; statements end at the next semicolon, functions at `}`.
    fn lines(text: &str) -> Vec<(String, (u32, u32))> {
        let mut comments = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find("/").map(|start| at + start) {
            let end = match text.as_bytes().get(start + 1) {
                Some(b'/') => text[start..].find('\n').map_or(text.len(), |length| start + length),
                _ => text[start..].find("*/").map_or(text.len(), |length| start + length + 2),
            };
            comments.push(start..end);
            at = end;
        }
        let file =
            Commented { file: "a.cu", text: text.as_bytes(), comments: &comments, left_out: Some(&[]) };
        let mut extent = |code: usize| text[code..].find([';', '}']).map(|length| code + length);
        directives(&file, &mut extent).into_iter().map(|it| (it.word, it.lines)).collect()
    }

    #[test]
    fn an_allow_covers_its_line_or_what_follows() {
        let allow = |lines| [("allow".to_owned(), lines)];
        assert_eq!(lines("x;\ny(); // cuda-lint: allow(all)\nz;\n"), allow((2, 2)));
        assert_eq!(lines("x;\n// cuda-lint: allow(all)\n// more\n\ny(a,\n b);\nz;\n"), allow((5, 6)));
        assert_eq!(lines("/* cuda-lint: allow(all) */ y(a,\n b);\nz;\n"), allow((1, 2)));
        assert_eq!(lines("x;\n// cuda-lint: allow(all)\n"), allow((2, 2)));
    }

    #[test]
    fn macros_are_covered_whole_or_by_their_lines() {
        let allow = |lines| [("allow".to_owned(), lines)];
        assert_eq!(lines("// cuda-lint: allow(all)\n#define M \\\n a; \\\n b\nc;\n"), allow((2, 4)));
        assert_eq!(lines("#define M \\\n a; /* cuda-lint: allow(all) */ \\\n b\nc;\n"), allow((2, 2)));
        assert_eq!(lines("#define M \\\n /* cuda-lint: allow(all) */ \\\n b;\nc;\n"), allow((3, 3)));
    }

    #[test]
    fn what_is_in_a_macro_knows_its_name() {
        let names = |text: &str| -> Vec<Option<String>> {
            let end = |start: usize| text[start..].find("*/").map_or(text.len(), |length| start + length + 2);
            let comments: Vec<_> = text.match_indices("/*").map(|(start, _)| start..end(start)).collect();
            let file =
                Commented { file: "a.cu", text: text.as_bytes(), comments: &comments, left_out: Some(&[]) };
            directives(&file, &mut |_| None).into_iter().map(|it| it.macro_name).collect()
        };
        let named = vec![Some("M".to_owned())];
        assert_eq!(names("# define M(x) x; /* cuda-lint: allow(all) */ \\\n x\n"), named);
        assert_eq!(names("/* cuda-lint: allow(all) */\n#define M(x) x\n"), named);
        assert_eq!(names("#define M(x) x; \\\n /* NOLINT(cuda-lint-ordering) */ \\\n x\n"), named);
        assert_eq!(names("#define M x /* NOLINT */\n"), [None]);
        assert_eq!(names("/* #define M \\\n*/ x; /* cuda-lint: allow(all) */\n"), [None]);
        assert_eq!(names("#define M x\n/* cuda-lint: allow(all) */ y;\n"), [None]);
    }

    #[test]
    fn what_the_preprocessor_leaves_out_is_not_seen() {
        let text = "/* NOLINT */ /* NOLINT */";
        let seen = |left_out: Option<&[Range<usize>]>| -> Vec<bool> {
            let file =
                Commented { file: "a.cu", text: text.as_bytes(), comments: &[0..12, 13..25], left_out };
            directives(&file, &mut |_| None).into_iter().map(|it| it.seen).collect()
        };
        assert_eq!(seen(Some(&[])), [true, true]);
        let second = 12..20;
        assert_eq!(seen(Some(std::slice::from_ref(&second))), [true, false]);
        assert_eq!(seen(None), [false, false]);
    }

    #[test]
    fn files_lines_and_ranges() {
        let text = "// cuda-lint: allow-file(all)\nx; // NOLINT\n// NOLINTNEXTLINE\ny;\n// NOLINTBEGIN\nz;\n// NOLINTEND\n";
        let expected = [
            ("allow-file", (1, u32::MAX)),
            ("NOLINT", (2, 2)),
            ("NOLINTNEXTLINE", (4, 4)),
            ("NOLINTBEGIN", (5, 7)),
        ];
        assert_eq!(lines(text), expected.map(|(word, lines)| (word.to_owned(), lines)));
    }
}
