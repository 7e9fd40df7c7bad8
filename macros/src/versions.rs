//! The versions that the crate under compilation is locked to.

use std::path::Path;

use cuda_lint_rust::{Versions, parse_version};

/// How many folders are looked through for a lock file.
const FOLDERS: usize = 16;

/// What the lock file of the crate says; the newest known version without one.
pub fn locked() -> Versions {
    let found = std::env::var_os("CARGO_MANIFEST_DIR").and_then(|folder| {
        let folders = Path::new(&folder).ancestors().take(FOLDERS);
        folders.map(|folder| folder.join("Cargo.lock")).find_map(|lock| std::fs::read_to_string(lock).ok())
    });
    match found.as_deref().and_then(of_cudarc) {
        Some(cudarc) => Versions { cudarc },
        None => Versions::default(),
    }
}

/// The version of cudarc in a lock file: the line after its name.
fn of_cudarc(lock: &str) -> Option<cuda_lint_rust::Version> {
    let mut lines = lock.lines();
    lines.find(|line| line.trim() == "name = \"cudarc\"")?;
    parse_version(lines.next()?.trim().strip_prefix("version = \"")?.strip_suffix('"')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_after_the_name() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"cudarc\"\nversion = \"0.16.4\"\n";
        assert_eq!(of_cudarc(lock), Some((0, 16, 4)));
        assert_eq!(of_cudarc("[[package]]\nname = \"a\"\n"), None);
    }
}
