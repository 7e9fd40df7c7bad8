//! The project's configuration, `cuda-lint.toml`: finding it, reading it, and saying what is wrong with it.
//!
//! ```toml
//! [model]
//! files = ["cuda-models/wrappers.rows"]   # beside this file, or below its folder
//! rows = """
//! app::copyAsync(dst src _count stream) : copy async
//! """
//!
//! [platform]
//! cuda = "12.4"
//! default-stream = "per-thread"
//! pageable-access = false
//! concurrent-managed-access = true
//! staging-limit = 65536
//! ```
//!
//! [`table`] reads tables strictly, and knows nothing of what they mean; each section of the file is a module
//! here. The file may belong to a project that is not trusted: its size is limited, and it can name no file
//! outside of its folder.

mod model;
mod platform;
mod problem;
mod table;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use cuda_lint_engine::Platform;

pub use model::RowsText;
pub use problem::{Problem, Text};

use crate::options::DefaultStream;
use table::Table;

/// The name of the file.
pub const NAME: &str = "cuda-lint.toml";
/// Folders above an input that are looked at.
const MAX_PARENTS: usize = 32;
/// A larger file is no configuration, and no model.
const MAX_BYTES: u64 = 4 << 20;

/// What a project's configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
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
            None => find(inputs).map_err(|problem| vec![problem])?,
        };
        match file {
            Some(file) => Self::open(&file),
            None => Ok(Self::default()),
        }
    }

    fn open(file: &Path) -> Result<Self, Vec<Problem>> {
        let text = read(file).map_err(|why| vec![Problem::of_file(file, &why)])?;
        Self::parse(file, &text)
    }

    fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let text = Text { file, text };
        let mut problems = Vec::new();
        let mut config = Self::default();
        if let Some(mut root) = Table::parse(&text, &mut problems) {
            if let Some(mut section) = root.table("model", &mut problems) {
                config.rows = model::read(&mut section, &text, &mut problems);
                section.finish(&mut problems);
            }
            if let Some(mut section) = root.table("platform", &mut problems) {
                (config.platform, config.default_stream) = platform::read(&mut section, &mut problems);
                section.finish(&mut problems);
            }
            root.finish(&mut problems);
        }
        problems.sort_by_key(|problem| (problem.span.file.clone(), problem.span.offset));
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}

/// Looks for the file above each input. Two different ones cannot both apply.
fn find(inputs: &[PathBuf]) -> Result<Option<PathBuf>, Problem> {
    let mut found: Option<PathBuf> = None;
    for input in inputs {
        // What does not exist is said by whoever looks for sources.
        let Ok(start) = fs::canonicalize(input) else { continue };
        let above = start.ancestors().take(MAX_PARENTS).map(|folder| folder.join(NAME));
        let Some(file) = above.into_iter().find(|file| file.is_file()) else { continue };
        match &found {
            Some(other) if *other != file => {
                let message =
                    format!("`{}` applies to some of the inputs, and this one to others", other.display());
                let help = "analyse them one after the other, or name one with --config".to_owned();
                return Err(Problem { help, ..Problem::of_file(&file, &message) });
            }
            _ => found = Some(file),
        }
    }
    Ok(found)
}

/// Reads a small text file.
fn read(file: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let opened = fs::File::open(file).map_err(unreadable)?;
    if !opened.metadata().map_err(unreadable)?.is_file() {
        return Err("is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("is larger than the {MAX_BYTES} bytes that are read"));
    }
    String::from_utf8(bytes).map_err(|_| "is not valid UTF-8".to_owned())
}

#[cfg(test)]
mod tests;
