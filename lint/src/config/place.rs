//! Where a configuration may stand, and which one applies.

use std::fs;
use std::path::{Path, PathBuf};

use super::problem::{Problem, Text};
use super::table::Table;

/// The name of the file.
pub const NAME: &str = "cuda-lint.toml";
/// Folders above an input that are looked at.
const MAX_PARENTS: usize = 32;
/// What the section is called in files that others own, too.
const SECTION: &str = "cuda-lint";

/// A kind of file that may hold a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of its own.
    Own,
    /// A section of `pyproject.toml`.
    Python,
    /// A section of `Cargo.toml`.
    Cargo,
}

impl Place {
    /// The kind of a file, by its name.
    pub fn of(file: &Path) -> Self {
        match file.file_name().and_then(|name| name.to_str()) {
            Some("pyproject.toml") => Self::Python,
            Some("Cargo.toml") => Self::Cargo,
            _ => Self::Own,
        }
    }

    /// The keys that lead to the section, the first that is there counts.
    const fn keys(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Own => &[&[]],
            Self::Python => &[&["tool", SECTION]],
            Self::Cargo => &[&["workspace", "metadata", SECTION], &["package", "metadata", SECTION]],
        }
    }

    /// Where people look for the section by mistake.
    const fn mistaken(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Own => &[],
            Self::Python => &[&["tool", "cuda_lint"], &["tool", "cudalint"], &[SECTION], &["cuda_lint"]],
            Self::Cargo => &[
                &["metadata", SECTION],
                &[SECTION],
                &["workspace", SECTION],
                &["package", SECTION],
                &["workspace", "metadata", "cuda_lint"],
                &["package", "metadata", "cuda_lint"],
            ],
        }
    }

    /// What the sections are called.
    pub fn sections(self) -> Vec<String> {
        self.keys().iter().map(|keys| keys.join(".")).collect()
    }

    /// The table of a file. `None` without problems: it is not there.
    pub fn open<'t>(self, text: &Text<'t>, problems: &mut Vec<Problem>) -> Option<Table<'t>> {
        let found = self.keys().iter().find_map(|keys| {
            // What is wrong with the file itself is said once.
            if problems.is_empty() { Table::descend(text, keys, problems) } else { None }
        });
        if found.is_none() && problems.is_empty() {
            // What others mean by a key that is no table is theirs.
            let mistaken = (self.mistaken().iter())
                .find_map(|keys| Some((keys.join("."), Table::descend(text, keys, &mut Vec::new())?)));
            if let Some((name, table)) = mistaken {
                let message = format!("`[{name}]` is no section that is read");
                let help = format!("write `[{}]`", self.sections().join("]` or `["));
                problems.push(table.problem(table.range(), message, help));
            }
        }
        found
    }
}

/// Looks for the file above each input. Two different ones cannot both apply.
pub fn find(inputs: &[PathBuf]) -> Result<Option<PathBuf>, Problem> {
    let mut found: Option<PathBuf> = None;
    for input in inputs {
        // What does not exist is said by whoever looks for sources.
        let Ok(start) = fs::canonicalize(input) else { continue };
        let Some(file) = start.ancestors().take(MAX_PARENTS).find_map(in_folder) else { continue };
        match &found {
            Some(other) if *other != file => {
                let message =
                    format!("`{}` applies to some of the inputs, and this one to others", other.display());
                let help = "analyse them one after the other, or name one with --config".to_owned();
                return Err(Problem::of_file(&file, message, help));
            }
            _ => found = Some(file),
        }
    }
    Ok(found)
}

/// The configuration in a folder. Its own file counts for more than a section.
fn in_folder(folder: &Path) -> Option<PathBuf> {
    let own = folder.join(NAME);
    // Whatever else has this name, a link to nothing among it, is said where it is read.
    if own.symlink_metadata().is_ok() {
        return Some(own);
    }
    ["pyproject.toml", "Cargo.toml"].into_iter().map(|name| folder.join(name)).find(|file| has_section(file))
}

/// True if a file that others own holds the section, or might: one that is broken is opened, so that it is
/// said.
fn has_section(file: &Path) -> bool {
    if !file.is_file() {
        return false;
    }
    let Ok(text) = super::read(file) else { return false };
    if ![SECTION, "cuda_lint", "cudalint"].iter().any(|name| text.contains(name)) {
        return false;
    }
    let text = Text { file, text: &text };
    let mut problems = Vec::new();
    let found = Place::of(file).open(&text, &mut problems).is_some();
    // A dependency of that name is no section.
    found || !problems.is_empty()
}
