//! The text of analysed files, made safe to print.

use std::collections::HashMap;
use std::rc::Rc;

use crate::finding::Span;
use crate::terminal::steers_terminal;

/// A line longer than this is no help in a snippet.
const MAX_LINE_BYTES: usize = 600;

/// Files that were read for snippets.
#[derive(Default)]
pub struct Sources {
    read: HashMap<String, Option<Rc<Source>>>,
}

impl Sources {
    /// The text of a file; `None` if it cannot be read any more.
    pub fn get(&mut self, path: &str) -> Option<Rc<Source>> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        // A pipe or a device may have no end.
        let is_file = std::path::Path::new(path).is_file();
        let bytes = is_file.then(|| std::fs::read(path).ok()).flatten();
        let source = bytes.map(|bytes| Rc::new(Source::new(path, &bytes)));
        self.read.insert(path.to_string(), source.clone());
        source
    }
}

/// The text of one file. It is as long as the file, byte for byte, so that offsets hold.
#[derive(Debug)]
pub struct Source {
    /// The file's path.
    pub path: String,
    /// The text, without what could steer a terminal.
    pub text: String,
    /// Where each line starts.
    line_starts: Vec<usize>,
}

impl Source {
    fn new(path: &str, bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' | '\t' => text.push(character),
                    // Part of a line's end, or a line's end on its own; never a way back to its start.
                    '\r' => text.push(' '),
                    _ if steers_terminal(character) => {
                        text.extend(std::iter::repeat_n('?', character.len_utf8()));
                    }
                    _ => text.push(character),
                }
            }
            text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
        }
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
        Self { path: path.to_string(), text, line_starts }
    }

    /// The index of the line that holds a byte.
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line starts.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// The text of a line, counted from 1; empty if there is none.
    pub fn line(&self, number: u32) -> &str {
        let Some(line) = usize::try_from(number).ok().and_then(|number| number.checked_sub(1)) else {
            return "";
        };
        let (start, end) = (self.line_start(line), self.line_start(line + 1));
        self.text.get(start..end).unwrap_or_default()
    }

    /// The column of a byte's column, in characters; both from 1. Bytes beyond the line count one each.
    pub fn characters(&self, line: u32, column: u32) -> u32 {
        let bytes = column.saturating_sub(1) as usize;
        let text = self.line(line);
        let before = text.char_indices().take_while(|(at, _)| *at < bytes).count();
        let beyond = bytes.saturating_sub(text.len());
        u32::try_from(before + beyond).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The word that starts where a place starts; empty if none does.
    pub fn word_at(&self, span: &Span) -> &str {
        let rest = self.text.get(span.offset as usize..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Offset and length of the part of `span` that can be underlined: what stands on its first line.
    /// `None` if the file is no longer what was analysed, or the line is too long to be shown.
    pub fn underline(&self, span: &Span) -> Option<(usize, usize)> {
        let start = usize::try_from(span.offset).ok()?;
        let line = self.line_of(start);
        if start > self.text.len() || line + 1 != usize::try_from(span.line).ok()? {
            return None;
        }
        let line_end = self.line_start(line + 1).min(self.text.len());
        let line_text = self.text[self.line_start(line)..line_end].trim_end();
        if line_text.len() > MAX_LINE_BYTES {
            return None;
        }
        let text_end = self.line_start(line) + line_text.len();
        let end = start.saturating_add(usize::try_from(span.length).ok()?).min(text_end).max(start);
        (self.text.is_char_boundary(start) && self.text.is_char_boundary(end)).then_some((start, end - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(line: u32, offset: u32, length: u32) -> Span {
        Span { line, offset, length, ..Span::default() }
    }

    #[test]
    fn text_is_defused_and_offsets_hold() {
        let bytes = b"a\x1b[2J\r\n\xffb\xc2\x9bc\tgr\xc3\xbc\xc3\x9fe \xe2\x80\xaed";
        let source = Source::new("a.cu", bytes);
        assert_eq!(source.text, "a?[2J \n?b??c\tgrüße ???d");
        assert_eq!(source.text.len(), bytes.len());
    }

    #[test]
    fn underlines_stay_on_the_first_line() {
        let source = Source::new("a.cu", b"first\ncall(a,\n     b);\n");
        assert_eq!(source.underline(&span(1, 0, 5)), Some((0, 5)));
        assert_eq!(source.underline(&span(2, 6, 17)), Some((6, 7)));
        assert_eq!(source.underline(&span(4, 23, 1)), Some((23, 0)));
    }

    #[test]
    fn columns_are_counted_in_characters_for_those_who_want_them() {
        let source = Source::new("a.cu", "a\nzwölf x\n".as_bytes());
        assert_eq!(source.line(2), "zwölf x\n");
        assert_eq!((source.line(0), source.line(9)), ("", ""));
        let columns = [1, 3, 5, 8, 9, 12].map(|column| source.characters(2, column));
        assert_eq!(columns, [1, 3, 4, 7, 8, 11]);
    }

    #[test]
    fn a_file_that_changed_gets_no_snippet() {
        let source = Source::new("a.cu", "one\nzwölf\n".as_bytes());
        assert_eq!(source.underline(&span(1, 4, 2)), None);
        assert_eq!(source.underline(&span(9, 400, 2)), None);
        assert_eq!(source.underline(&span(2, 7, 1)), None);
        let long = "x".repeat(MAX_LINE_BYTES + 1);
        assert_eq!(Source::new("a.cu", long.as_bytes()).underline(&span(1, 3, 1)), None);
    }
}
