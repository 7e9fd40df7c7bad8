//! What is wrong with a configuration: where, what, and what to do.

use std::ops::Range;
use std::path::Path;

use crate::baseline::file::shown;
use crate::finding::Span;

/// A configuration file that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t> {
    /// Its path.
    pub file: &'t Path,
    /// Its text.
    pub text: &'t str,
}

impl Text<'_> {
    /// A part of the text, as reports show places.
    pub fn span(&self, range: Range<usize>) -> Span {
        let clamp = |offset: usize| {
            (0..=offset.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at))
        };
        let start = clamp(range.start).unwrap_or_default();
        let end = clamp(range.end.max(range.start)).unwrap_or(start);
        let (line, column) = self.position(start);
        let (end_line, end_column) = self.position(end);
        let number = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span {
            file: shown(self.file),
            line,
            column,
            end_line,
            end_column,
            offset: number(start),
            length: number(end - start),
        }
    }

    /// Line and column of an offset, both from 1.
    fn position(&self, offset: usize) -> (u32, u32) {
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Line, column and offset; line 0: the file as a whole.
    pub place: (u32, u32, u32),
}

/// Something wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where. Line 0: the file as a whole.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Problem {
    /// A problem at a part of the text.
    pub fn new(
        text: &Text<'_>,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { span: text.span(range), message: message.into(), help: help.into() }
    }

    /// A problem with a file as a whole.
    pub fn of_file(file: &Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        let span = Span { file: shown(file), ..Span::default() };
        Self { span, message: message.into(), help: help.into() }
    }

    /// A file that cannot be read.
    pub fn of_unreadable(file: &Path, why: &Unreadable) -> Self {
        let mut problem = Self::of_file(file, why.message.clone(), why.help.clone());
        (problem.span.line, problem.span.column, problem.span.offset) = why.place;
        problem
    }
}
