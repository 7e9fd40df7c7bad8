//! Response files: `@file` of gcc, clang and Bazel, `--options-file` of nvcc.
//!
//! They belong to the analysed project, which is not trusted: only regular files of the build tree are read,
//! each at most [`MAX_BYTES`], and no file within itself. What is not read is said, since the flags in it are
//! then unknown.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::compile_commands::CompileCommand;

/// Bounds of one command: arguments, bytes of all its files, and files within files. CMake writes one file of
/// a few kilobytes for a target.
const MAX_ARGUMENTS: usize = 20_000;
const MAX_BYTES: u64 = 8 << 20;
const MAX_DEPTH: usize = 8;

/// Something of a build that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildProblem {
    /// The file that it is about.
    pub path: PathBuf,
    /// What is wrong, and on a second line what to do.
    pub reason: String,
}

/// Reads the response files of one command.
#[derive(Debug)]
pub struct ResponseFiles<'e> {
    entry: &'e CompileCommand,
    arguments: usize,
    bytes: u64,
    /// The files that are being read, outermost first.
    open: Vec<PathBuf>,
    /// What went wrong, each once.
    pub problems: Vec<BuildProblem>,
}

impl<'e> ResponseFiles<'e> {
    /// For a command.
    pub fn new(entry: &'e CompileCommand) -> Self {
        Self { entry, arguments: MAX_ARGUMENTS, bytes: MAX_BYTES, open: Vec::new(), problems: Vec::new() }
    }

    /// Counts an argument. False if there have been too many.
    pub fn admits_argument(&mut self) -> bool {
        if self.arguments == 0 {
            let file = self.open.first().cloned().unwrap_or_else(|| self.entry.file.clone());
            self.complain(
                file,
                format!("its command has more than {MAX_ARGUMENTS} arguments; the rest is not read"),
            );
            return false;
        }
        self.arguments -= 1;
        true
    }

    /// Opens a file, as named in the command or in the file that is being read, and gives its arguments. The
    /// caller says when it has taken them ([`Self::close`]).
    pub fn open(&mut self, name: &str) -> Option<Vec<String>> {
        let written = self.place_of(name);
        let reason = match self.read(&written) {
            Ok((path, text)) => {
                self.open.push(path);
                return Some(split(&text));
            }
            Err(reason) => reason,
        };
        self.complain(written, format!("response file {reason}"));
        None
    }

    /// The file that was opened last is done.
    pub fn close(&mut self) {
        self.open.pop();
    }

    /// Names are relative to the folder in which the command runs, as gcc and clang have it; nvcc and
    /// generators that write files within files mean the folder of the file.
    fn place_of(&self, name: &str) -> PathBuf {
        let from_folder = self.entry.resolve(name);
        match self.open.last().and_then(|outer| outer.parent()) {
            Some(beside) if !from_folder.exists() && beside.join(name).exists() => beside.join(name),
            _ => from_folder,
        }
    }

    fn read(&mut self, written: &Path) -> Result<(PathBuf, String), String> {
        const BUILD: &str = "\n  build the project, so that its flags are known, or write the database again";
        const REMOVE: &str = "\n  its flags are left out; write the database again, or remove the entry";
        let unreadable = |error: std::io::Error| format!("cannot be read: {error}{BUILD}");
        let path = fs::canonicalize(written).map_err(unreadable)?;
        if self.open.contains(&path) {
            return Err(format!("includes itself{REMOVE}"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("is nested more than {MAX_DEPTH} deep{REMOVE}"));
        }
        if !self.entry.is_in_build_tree(&path) {
            return Err(format!("lies outside of the build tree and is not read{REMOVE}"));
        }
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(format!("is no regular file{REMOVE}"));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&path).map_err(unreadable)?;
        file.take(self.bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        match self.bytes.checked_sub(bytes.len() as u64) {
            Some(left) => self.bytes = left,
            None => return Err(format!("and those before it have more than {MAX_BYTES} bytes{REMOVE}")),
        }
        Ok((path, String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn complain(&mut self, path: PathBuf, reason: String) {
        let problem = BuildProblem { path, reason };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Splits the text of a response file into arguments, as gcc (libiberty, `buildargv`) and clang
/// (`TokenizeGNUCommandLine`) do: both kinds of quotes group, a backslash takes the next character as it is,
/// within quotes too. A quote that is not closed ends with the text.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                if let Some(next) = characters.next() {
                    // A line that goes on in the next one.
                    if next != '\n' {
                        word.get_or_insert_default().push(next);
                    }
                }
            }
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            _ if quote.is_none() && (c.is_ascii_whitespace() || c == '\0') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_compilers_split_them() {
        let cases: [(&str, &[&str]); 8] = [
            ("-DA -DB\n-DC\r\n\t-DD", &["-DA", "-DB", "-DC", "-DD"]),
            (r#"-DS="a b" '-DT=c d'"#, &["-DS=a b", "-DT=c d"]),
            (r#"-DS=\"a\" -I/x\ y"#, &["-DS=\"a\"", "-I/x y"]),
            (r#"'-DQ=\'x'  "-DR=\"y z\"""#, &["-DQ='x", "-DR=\"y z\""]),
            ("-DLONG\\\nER -DX", &["-DLONGER", "-DX"]),
            ("-DHASH=#1 #no comment", &["-DHASH=#1", "#no", "comment"]),
            ("'' \"open", &["", "open"]),
            (" \n ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
