//! Fixtures in Rust: they are part of this command, which runs one when it is asked to by [`COMMAND`].

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use super::Executable;
use super::toolchain::Compiled;
use crate::platform::Error;

include!(concat!(env!("OUT_DIR"), "/rust_fixtures.rs"));

/// A fixture that is part of this command.
struct Source {
    /// Its path from the root of the repository.
    path: &'static str,
    /// Its text when this command was built.
    text: &'static str,
    /// Its `main`.
    run: fn() -> ExitCode,
}

/// The subcommand that runs a fixture.
pub const COMMAND: &str = "fixture";

/// True for a path of a source in Rust.
pub fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// The fixture as a program: this command, if it was built from the fixture as it is.
pub fn compiled(root: &Path, path: &str) -> Result<Compiled, Error> {
    let text =
        fs::read_to_string(root.join(path)).map_err(|error| Error::Unexpected(format!("{path}: {error}")))?;
    if !FIXTURES.iter().any(|fixture| fixture.path == path && fixture.text == text) {
        return Err(Error::Unexpected(format!("{path} is newer than this command; build it again")));
    }
    let command = env::current_exe()
        .map_err(|error| Error::Unexpected(format!("this command does not know where it is: {error}")))?;
    Ok(Compiled::Program(command))
}

/// How such a fixture is started.
pub fn executable(command: PathBuf, path: &str) -> Executable {
    Executable { path: command, arguments: vec![COMMAND.to_owned(), path.to_owned()] }
}

/// Runs a fixture in this process: its exit code is that of its `main`.
pub fn run(path: &str) -> Result<ExitCode, Error> {
    let found = FIXTURES.iter().find(|fixture| fixture.path == path);
    let fixture = found.ok_or_else(|| Error::Unexpected(format!("{path} is no fixture of this command")))?;
    Ok((fixture.run)())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "fixtures/cudarc-lost-event/misuse.rs";

    #[test]
    fn the_fixtures_are_part_of_the_command() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(matches!(compiled(&root, PATH), Ok(Compiled::Program(_))));
        assert!(run("fixtures/new/misuse.rs").is_err());
    }

    #[test]
    fn one_that_changed_since_is_not_run() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(PATH);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "fn main() {}\n").unwrap();
        assert!(compiled(root.path(), PATH).unwrap_err().to_string().contains("build it again"));
    }
}
