//! `cuda-lint book`: writes the pages of the documentation that are made of what the command knows, so that
//! they cannot say anything else: a page for each rule and their list, the command line, and the keys of the
//! configuration. The rest of the book is written by people.
//!
//! The rules' pages are also entered into the table of contents, `SUMMARY.md`, behind their list.

mod command_line;
mod keys;
mod rules;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::exit::ExitStatus;
use crate::terminal;

/// The table of contents.
const SUMMARY: &str = "SUMMARY.md";

/// A page: its path in the documentation's folder, and its text.
struct Page {
    path: String,
    text: String,
}

/// Writes the pages.
pub fn write(folder: &Path, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let summary = folder.join(SUMMARY);
    let written = fs::read_to_string(&summary)
        .map_err(|error| format!("{}: {error}", summary.display()))
        .and_then(|old| rules::enter(&old).map_err(|why| format!("{}: {why}", summary.display())))
        .and_then(|new| {
            let mut pages = rules::pages();
            pages.push(Page { path: "reference/command-line.md".to_owned(), text: command_line::page() });
            pages.push(Page { path: "reference/configuration-keys.md".to_owned(), text: keys::page() });
            pages.push(Page { path: SUMMARY.to_owned(), text: new });
            pages.iter().try_for_each(|page| put(&folder.join(&page.path), &page.text)).map(|()| pages.len())
        });
    match written {
        Ok(count) => {
            writeln!(out, "{count} pages in {}", terminal::printable(&folder.display().to_string()))?;
            out.flush()?;
            Ok(ExitStatus::Clean)
        }
        Err(why) => {
            terminal::complain(&why);
            Ok(ExitStatus::Incomplete)
        }
    }
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

/// The first line of a page that nobody should edit.
fn note(source: &str) -> String {
    format!("<!-- Written by `cuda-lint book` from {source}. -->\n")
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_written_and_entered() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        assert_eq!(write(folder.path(), &mut out).unwrap(), ExitStatus::Incomplete);
        let summary = folder.path().join(SUMMARY);
        fs::write(
            &summary,
            "# Summary\n\n- [Rules](rules/index.md)\n    - [gone](rules/gone.md)\n- [A](a.md)\n",
        )
        .unwrap();
        for _ in 0..2 {
            assert_eq!(write(folder.path(), &mut out).unwrap(), ExitStatus::Clean);
            let text = fs::read_to_string(&summary).unwrap();
            assert!(text.contains("- [Rules](rules/index.md)\n    - ["));
            assert!(text.contains("](rules/host-read-before-sync.md)\n") && !text.contains("gone"));
            assert!(text.ends_with("\n- [A](a.md)\n"), "{text}");
        }
        let index = fs::read_to_string(folder.path().join("rules/index.md")).unwrap();
        assert!(
            index.contains("| [host-read-before-sync](host-read-before-sync.md) | 6 | error |"),
            "{index}"
        );
        let options = fs::read_to_string(folder.path().join("reference/command-line.md")).unwrap();
        assert!(options.contains("| `--exclude <GLOB>` |") && !options.contains("worker"), "{options}");
        let keys = fs::read_to_string(folder.path().join("reference/configuration-keys.md")).unwrap();
        assert!(
            keys.contains("| `platform.default-stream` |") && keys.contains("| `overrides.paths` |"),
            "{keys}"
        );
    }

    #[test]
    fn cells_hold_one_line() {
        assert_eq!(cell("a|b <c>\nd"), "a\\|b \\<c> d");
    }
}
