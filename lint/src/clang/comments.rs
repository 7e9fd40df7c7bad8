//! Comments that suppress findings, as clang sees them: its tokens tell comments from strings, its tree tells
//! what begins behind one.

use std::collections::BTreeMap;

use clang_sys::{CXCursor_InclusionDirective, CXCursor_PreprocessingDirective};

use super::cursor::{Cursor, File, Unit};
use super::parse::ParsedUnit;
use crate::suppression::Directive;
use crate::suppression::comment;
use crate::suppression::scope::{Commented, directives as directives_of};

/// The directives in the files of a unit. `files` are those of the project in which something was lowered;
/// comments elsewhere have nothing to suppress.
pub fn directives<'a>(unit: &'a ParsedUnit, files: impl Iterator<Item = &'a String>) -> Vec<Directive> {
    let handle = Unit::new(unit.unit.raw());
    let mut found = Vec::new();
    let mut tops: Option<BTreeMap<File, Vec<Cursor>>> = None;
    let main = std::iter::once(&unit.main_file);
    for name in main.chain(files.filter(|name| **name != unit.main_file)) {
        let Some(file) = handle.file(name) else { continue };
        let text = handle.contents(file);
        if !comment::may_hold(&text) {
            continue;
        }
        let comments = handle.comments(file, text.len());
        let mut extent = |offset: usize| {
            let tops = tops.get_or_insert_with(|| by_file(handle));
            end_of(tops.get(&file).map(Vec::as_slice).unwrap_or_default(), file, offset as u32, &text)
        };
        // What is left out is recorded where the main file asks for it; a header is a main file, too, if it is
        // among the inputs.
        let left_out: Option<Vec<_>> = (*name == unit.main_file).then(|| {
            let parts = unit.unit.skipped_ranges(name).into_iter();
            parts.map(|(start, end)| start as usize..end as usize).collect()
        });
        let left_out = left_out.as_deref();
        let commented = Commented { file: name, text: &text, comments: &comments, left_out };
        found.extend(directives_of(&commented, &mut extent));
    }
    found
}

/// What stands in each file at the top.
fn by_file(unit: Unit) -> BTreeMap<File, Vec<Cursor>> {
    let mut tops: BTreeMap<File, Vec<Cursor>> = BTreeMap::new();
    for cursor in unit.root().children() {
        // Macros and their uses are children, too, where the preprocessor's doings are recorded.
        if (CXCursor_PreprocessingDirective..=CXCursor_InclusionDirective).contains(&cursor.kind()) {
            continue;
        }
        if let Some(file) = cursor.extent().0.file {
            tops.entry(file).or_default().push(cursor);
        }
    }
    tops
}

/// Where the outermost statement or declaration ends that begins at an offset, or shortly behind it: words
/// that become attributes are no part of what clang says that a declaration is.
fn end_of(nodes: &[Cursor], file: File, offset: u32, text: &[u8]) -> Option<usize> {
    let mut behind: Option<(u32, u32)> = None;
    for node in nodes {
        let (start, end) = node.extent();
        if start.file != Some(file) || end.offset < offset {
            continue;
        }
        if start.offset < offset {
            // Code that a macro makes starts and ends where the macro is used, whatever it holds.
            if let Some(end) = end_of(&node.children(), file, offset, text) {
                return Some(end);
            }
            continue;
        }
        let end = if end.file == Some(file) { end.offset } else { start.offset };
        let better = match behind {
            Some((known, length)) => start.offset < known || start.offset == known && end > length,
            None => true,
        };
        if better {
            behind = Some((start.offset, end));
        }
    }
    let (start, end) = behind?;
    let between = text.get(offset as usize..start as usize)?;
    (!between.iter().any(|byte| b";{}#".contains(byte))).then_some(end as usize)
}
