//! What was run, and its hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use cuda_lint_engine::rules;
use sha2::{Digest, Sha256};

/// What counts as a source among the fixtures.
const SOURCES: [&str; 6] = ["cu", "c", "cpp", "cc", "h", "rs"];

/// The SHA-256 of bytes, as lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The hash of a file. In Rust sources, lines that are only comments or blank do not count: they change
/// nothing of what was run.
pub(crate) fn of_file(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Ok(sha256(&bytes));
    }
    let text = String::from_utf8_lossy(&bytes);
    let code = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("//")
    });
    Ok(sha256(code.fold(String::new(), |all, line| all + line + "\n").as_bytes()))
}

/// The hashes of files, by path from the root.
pub(crate) fn of_files(root: &Path, files: &BTreeSet<String>) -> io::Result<BTreeMap<String, String>> {
    let hash = |file: &String| {
        let hash = of_file(&root.join(file));
        hash.map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))
    };
    files.iter().map(|file| Ok((file.clone(), hash(file)?))).collect()
}

/// The programs among the fixtures that need two GPUs, or that do not, as paths from the root with forward slashes,
/// sorted.
pub fn fixtures(root: &Path, two_gpus: bool) -> io::Result<BTreeSet<String>> {
    let mut found = files(root, "fixtures", &SOURCES)?;
    found.retain(|file| !file.starts_with("fixtures/claims/") && needs_two_gpus(file) == two_gpus);
    Ok(found)
}

/// True for fixtures in the folder of a rule that needs two GPUs.
pub fn needs_two_gpus(file: &str) -> bool {
    let folder = file.strip_prefix("fixtures/").and_then(|rest| rest.split('/').next());
    folder.and_then(rules::find).is_some_and(|rule| rule.needs == Some(rules::TWO_GPUS))
}

/// The files below a folder with one of the extensions, as paths from the root with forward slashes. A folder
/// that is missing has none.
pub(crate) fn files(root: &Path, folder: &str, extensions: &[&str]) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            if entry.path().is_dir() {
                open.push(path);
            } else if extensions.contains(&extension) {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_usual_one() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn comments_in_rust_do_not_count_and_anything_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let hash = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            of_file(&path).unwrap()
        };
        assert_eq!(hash("a.rs", "//! A.\n\nfn a() {}\n"), hash("a.rs", "/// B.\nfn a() {}\n"));
        assert_ne!(hash("a.rs", "fn a() {}\n"), hash("a.rs", "fn b() {}\n"));
        assert_ne!(hash("a.cu", "// A.\n"), hash("a.cu", "// B.\n"));
    }

    #[test]
    fn claims_and_evidence_are_no_fixtures() {
        let root = tempfile::tempdir().unwrap();
        for file in ["fixtures/a/misuse.cu", "fixtures/claims/waits.cu", "fixtures/evidence/rules.toml"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        assert_eq!(fixtures(root.path(), false).unwrap(), ["fixtures/a/misuse.cu".to_owned()].into());
    }
}
