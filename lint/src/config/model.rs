//! The section `[model]`: rows for the project's own functions, in the notation of the built-in rows.

use std::fs;
use std::ops::Range;
use std::path::Path;

use cuda_lint_engine::cuda::parse::{self, ParseError};
use cuda_lint_engine::cuda::row::Family;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, Text};
use super::table::Table;

/// What a row looks like.
const HELP: &str = "a row is `name(parameters) -> result : effects`, such as \
                    `app::fetch(dst src bytes stream) : copy async d2h`";

/// Rows that were read and are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsText {
    /// The text, in the notation of the rows.
    pub text: String,
    /// The last part of the name of each function: what a file that calls one of them must hold.
    pub words: Vec<String>,
}

/// Reads the section: rows in files before rows in the section itself, which therefore count for more.
pub fn read(table: &mut Table<'_>, text: &Text<'_>, problems: &mut Vec<Problem>) -> Vec<RowsText> {
    let mut found = Vec::new();
    for (name, range) in table.strings("files", problems) {
        match open(text.file, &name) {
            Ok((file, rows)) => {
                let inner = Text { file: &file, text: &rows };
                found.extend(accept(
                    &rows,
                    problems,
                    |error| at(&rows, error),
                    |range, message| Problem::new(&inner, range, message, HELP),
                ));
            }
            Err((message, help)) => problems.push(table.problem(range, message, help)),
        }
    }
    if let Some((rows, range)) = table.string("rows", problems) {
        // Where the text stands in the file as it is, which an escape in it would shift.
        let raw = text.text.get(range.clone()).unwrap_or_default();
        let start = raw.find(rows.as_str()).map(|offset| range.start + offset);
        let place = |error: &ParseError| match start {
            Some(start) => {
                let inner = at(&rows, error);
                start + inner.start..start + inner.end
            }
            None => range.clone(),
        };
        found.extend(accept(&rows, problems, place, |range, message| {
            Problem::new(text, range, message, HELP)
        }));
    }
    found
}

fn accept(
    rows: &str,
    problems: &mut Vec<Problem>,
    place: impl Fn(&ParseError) -> Range<usize>,
    problem: impl Fn(Range<usize>, &str) -> Problem,
) -> Option<RowsText> {
    match parse::parse(rows, Family::Project) {
        Ok(parsed) => {
            let last =
                |name: &str| name.rsplit("::").next().unwrap_or(name).trim_start_matches('~').to_owned();
            let mut words: Vec<String> = parsed.iter().map(|row| last(&row.name)).collect();
            words.sort();
            words.dedup();
            Some(RowsText { text: rows.to_owned(), words })
        }
        Err(errors) => {
            problems.extend(errors.iter().map(|error| problem(place(error), &error.message)));
            None
        }
    }
}

/// From where an error stands to the end of its word, as offsets in the rows.
fn at(rows: &str, error: &ParseError) -> Range<usize> {
    let mut start = 0;
    for line in rows.split_inclusive('\n').take(error.line.saturating_sub(1) as usize) {
        start += line.len();
    }
    let line = rows.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = error.column.saturating_sub(1) as usize;
    let offset = line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
    let rest = line.get(offset..).unwrap_or_default();
    let length = rest.find([' ', '\t', ',', ')', '(', '?', ';']).unwrap_or(rest.len());
    start + offset..start + offset + length.max(usize::from(!rest.is_empty()))
}

/// Opens a file of rows. Errors: what is wrong, and what to do.
fn open(config: &Path, name: &str) -> Result<(std::path::PathBuf, String), (String, String)> {
    let folder = match config.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = folder.join(name);
    let real = fs::canonicalize(&file).map_err(|error| {
        (format!("`{name}` cannot be read: {error}"), super::remedy(error.kind()).to_owned())
    })?;
    let inside = fs::canonicalize(folder).is_ok_and(|folder| real.starts_with(folder));
    if !inside {
        let help = format!("put it beside {}, or into a folder there", super::NAME);
        return Err((format!("`{name}` lies outside of the folder of this file"), help));
    }
    let text = super::read(&real).map_err(|why| {
        let place = match why.place {
            (0, ..) => String::new(),
            (line, column, _) => format!(" in line {line}, column {column}"),
        };
        (format!("`{name}` {}{place}", why.message), why.help)
    })?;
    Ok((file, text))
}
