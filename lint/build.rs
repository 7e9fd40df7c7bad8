//! Lists the embedded headers for `src/clang/embedded.rs`, so that adding one is adding a file, and brings the
//! evidence within reach of `src/evidence.rs`.

use std::collections::BTreeSet;
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
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let hip = out.join("hip_generated.h");
    fs::write(&hip, hip_header(&root)?)?;
    let _ = writeln!(list, "    (\"lib/hip_generated.h\", include_str!({:?})),", hip.display().to_string());
    list.push_str("]\n");
    fs::write(out.join("embedded.rs"), list)?;
    evidence(&out)
}

/// HIP's runtime API, made from the declarations of CUDA's: the functions under their own names, types and
/// constants as other names of CUDA's. HIP keeps parameters and meaning ("HIP porting guide"); where it does
/// not, `lib/hip.h` says so.
fn hip_header(root: &Path) -> io::Result<String> {
    let mut header = String::from(
        "// Made by build.rs from cuda/runtime_*.h.\n#pragma once\n#pragma clang system_header\n",
    );
    let read = |name: &str| fs::read_to_string(root.join("cuda").join(name));
    let mut names = BTreeSet::new();
    for file in ["runtime_enums.h", "runtime_enums2.h", "runtime_types.h", "runtime_types2.h"] {
        let text = read(file)?;
        names.extend(
            text.split(|c: char| !is_word(c)).filter(|word| cuda_rest(word).is_some()).map(str::to_owned),
        );
    }
    for name in &names {
        if let Some(rest) = cuda_rest(name) {
            let _ = writeln!(header, "#define hip{rest} {name}");
        }
        if let Some(attribute) = name.strip_prefix("cudaDevAttr") {
            let _ = writeln!(header, "#define hipDeviceAttribute{attribute} {name}");
        }
    }
    for (file, begin, end) in [
        ("runtime_api.h", "__EMB_BEGIN_C", "__EMB_END_C"),
        ("runtime_templates.h", "#if defined(__cplusplus)", "#endif"),
    ] {
        let _ = writeln!(header, "{begin}");
        for line in read(file)?.lines().filter(|line| line.ends_with(");") && line.contains("cudaError_t ")) {
            // The name before the first parenthesis is the function's.
            let Some((before, after)) = line.split_once('(') else { continue };
            let Some((result, name)) = before.rsplit_once([' ', '*']) else { continue };
            if let Some(rest) = cuda_rest(name).filter(|_| !names.contains(name)) {
                let _ = writeln!(header, "{result} hip{rest}({after}");
            }
        }
        let _ = writeln!(header, "{end}");
    }
    Ok(header)
}

/// What follows `cuda` in a name of the API.
fn cuda_rest(name: &str) -> Option<&str> {
    name.strip_prefix("cuda").filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
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
    for name in ["rules.toml", "programs.toml", "two-gpus.toml"] {
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
