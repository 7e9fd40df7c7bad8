//! The project's configuration, `cuda-lint.toml`: finding it, reading it, and saying what is wrong with it.
//!
//! ```toml
//! exclude = ["third_party"]
//! baseline = "cuda-lint-baseline.json"
//!
//! [rules]
//! pageable-async-copy = "off"
//!
//! [[overrides]]
//! paths = ["tests/**"]
//! rules = { performance = "off" }
//!
//! [model]
//! files = ["cuda-models/wrappers.rows"]   # beside this file, or below its folder
//!
//! [platform]
//! cuda = "12.4"
//! ```
//!
//! The same may stand in `[tool.cuda-lint]` of `pyproject.toml`, and in `[workspace.metadata.cuda-lint]` or
//! `[package.metadata.cuda-lint]` of `Cargo.toml` ([`place`]).
//!
//! [`table`] reads tables strictly, and knows nothing of what they mean; each section of the file is a module
//! here. The file may belong to a project that is not trusted: its size is limited, and it can name no file
//! outside of its folder. [`schema`] is what editors know of it.

mod files;
pub mod init;
mod model;
mod place;
mod platform;
mod problem;
mod rules;
pub mod schema;
pub mod show;
mod table;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cuda_lint_engine::{Confidence, Platform, Severity};

pub use model::RowsText;
pub use place::NAME;
pub use problem::{Problem, Text, Unreadable};

use crate::options::DefaultStream;
use crate::path_patterns::Patterns;
use crate::selection::{Layer, Override};
use place::Place;
use table::Table;

/// A larger file is no configuration, and no model.
const MAX_BYTES: u64 = 4 << 20;

/// What a project's configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The file, without links; `None` if there is none.
    pub file: Option<PathBuf>,
    /// If there are any: only these files of folders.
    pub include: Patterns,
    /// Not these files of folders.
    pub exclude: Patterns,
    /// Macros: `NAME` or `NAME=VALUE`.
    pub defines: Vec<String>,
    /// Folders that are searched for included files.
    pub include_dirs: Vec<PathBuf>,
    /// The compilation database.
    pub compile_commands: Option<PathBuf>,
    /// The findings that are known.
    pub baseline: Option<PathBuf>,
    /// How sure a finding must be.
    pub min_confidence: Option<Confidence>,
    /// How bad a finding must be.
    pub min_severity: Option<Severity>,
    /// What is said of rules.
    pub rules: Layer,
    /// What is said of rules in some files.
    pub overrides: Vec<Override>,
    /// A comment that suppresses a finding must say why.
    pub require_reason: bool,
    /// Rows for its own functions.
    pub rows: Vec<RowsText>,
    /// What the platform can do.
    pub platform: Platform,
    /// What stream 0 means.
    pub default_stream: Option<DefaultStream>,
}

impl Config {
    /// The configuration that applies: the file that the user names, else the one found above the inputs.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn for_inputs(named: Option<&Path>, inputs: &[PathBuf]) -> Result<Self, Vec<Problem>> {
        let file = match named {
            Some(file) => Some(file.to_path_buf()),
            None => place::find(inputs).map_err(|problem| vec![problem])?,
        };
        match file {
            Some(file) => Self::open(&file),
            None => Ok(Self::default()),
        }
    }

    /// The folder of the file, to which paths in it are relative.
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    fn open(file: &Path) -> Result<Self, Vec<Problem>> {
        let text = read(file).map_err(|why| vec![Problem::of_unreadable(file, &why)])?;
        Self::parse(file, &text)
    }

    fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let text = Text { file, text };
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        let mut problems = Vec::new();
        let mut config = Self { file: Some(real), ..Self::default() };
        match Place::of(file).open(&text, &mut problems) {
            Some(root) => config.read(root, &text, &mut problems),
            None if problems.is_empty() => {
                let message = format!("holds no `[{}]`", Place::of(file).sections().join("]` or `["));
                let help = format!("write it there, or keep the configuration in {NAME}");
                problems.push(Problem::of_file(file, message, help));
            }
            None => {}
        }
        problems.sort_by_key(|problem| (problem.span.file.clone(), problem.span.offset));
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn read(&mut self, mut root: Table<'_>, text: &Text<'_>, problems: &mut Vec<Problem>) {
        let folder = self.folder().map(Path::to_path_buf).unwrap_or_default();
        files::read(&mut root, &folder, self, problems);
        (self.min_confidence, self.min_severity) = rules::read_thresholds(&mut root, problems);
        if let Some(section) = root.table("rules", problems) {
            self.rules = rules::read(section, problems);
        }
        for section in root.tables("overrides", problems) {
            self.overrides.extend(rules::read_override(section, &folder, problems));
        }
        if let Some(mut section) = root.table("suppressions", problems) {
            self.require_reason = section.boolean("require-reason", problems).unwrap_or(false);
            section.finish(problems);
        }
        if let Some(mut section) = root.table("model", problems) {
            self.rows = model::read(&mut section, text, problems);
            section.finish(problems);
        }
        if let Some(mut section) = root.table("platform", problems) {
            (self.platform, self.default_stream) = platform::read(&mut section, problems);
            section.finish(problems);
        }
        root.finish(problems);
    }
}

/// Reads a small text file.
fn read(file: &Path) -> Result<String, Unreadable> {
    let because =
        |message: String, help: &str| Unreadable { message, help: help.to_owned(), place: (0, 0, 0) };
    let unreadable = |error: io::Error| because(format!("cannot be read: {error}"), remedy(error.kind()));
    // Opening a pipe waits for somebody to write into it.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(because("is no regular file".to_owned(), "name a file with text in it"));
    }
    let mut bytes = Vec::new();
    fs::File::open(file)
        .map_err(unreadable)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("is larger than the {MAX_BYTES} bytes that are read");
        return Err(because(message, "take out what is not about cuda-lint"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        let valid = String::from_utf8_lossy(error.as_bytes().get(..end).unwrap_or_default());
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let column = valid.rsplit('\n').next().map_or(0, |line| line.chars().count());
        Unreadable {
            place: (number(valid.matches('\n').count()), number(column), number(end) - 1),
            ..because("is not valid UTF-8".to_owned(), "save the file as UTF-8")
        }
    })
}

/// What to do about a file that cannot be read.
fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "name one that is there, or make it",
        io::ErrorKind::PermissionDenied => "let yourself read it, or name another",
        _ => "name a file that can be read",
    }
}

#[cfg(test)]
mod tests;
