//! Lists the embedded headers for `src/clang/embedded.rs`, so that adding one is adding a file, and brings the
//! evidence within reach of `src/evidence.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src/clang/embedded");
    println!("cargo:rerun-if-changed=src/clang/embedded");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut list = String::from("[\n");
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(list, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), list)?;
    evidence(&out)
}

/// Copies the evidence that `cuda-lint explain` quotes. It lies outside this package: what is built from a
/// package by itself carries none, and says so.
fn evidence(out: &Path) -> io::Result<()> {
    let fixtures = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../fixtures");
    let folder = fixtures.join("evidence");
    // Cargo takes a path that does not exist for one that always changes.
    if let Some(watched) = [&folder, &fixtures].into_iter().find(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", watched.display());
    }
    for name in ["rules.toml", "programs.toml"] {
        let text = match fs::read(folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        fs::write(out.join(name), text)?;
    }
    Ok(())
}

/// Collects the files under a folder, however deep.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
