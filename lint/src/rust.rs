//! Rust files: from a source to the unit that the link reads, and what stands beside it that says how to read it.
//!
//! The versions of cudarc are read from `Cargo.lock`, else from `Cargo.toml`, in a folder above the file. Without
//! either, the newest known version is assumed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cuda_lint_rust::{FileContext, Version, Versions, layout, lower_source, parse_version};

use crate::clang::lower::{Position, SourceMap};
use crate::options::Dump;
use crate::suppression::scope::{self, Commented};
use crate::suppression::{Directive, comment};
use crate::unit_file::UnitFile;
use crate::worker::internal_error;

/// Deep expressions recurse deeply.
const STACK: usize = 256 << 20;

/// How many folders are looked through for a manifest.
const FOLDERS: usize = 32;

/// True for Rust sources, by the name.
pub fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Lowers Rust files.
#[derive(Debug, Default)]
pub struct RustFrontend {
    packages: HashMap<PathBuf, Package>,
}

/// What the manifest of a package says.
#[derive(Clone, Debug, Default)]
struct Package {
    /// The crate's name in paths.
    name: String,
    /// The folder of `Cargo.toml`.
    folder: PathBuf,
    versions: Versions,
}

/// What came of a file.
#[derive(Debug)]
pub struct LoweredRust {
    /// What the link reads.
    pub unit: UnitFile,
    /// The comments that suppress findings.
    pub directives: Vec<Directive>,
    /// The intermediate form that was asked for.
    pub dump: Option<String>,
}

impl RustFrontend {
    /// Lowers a file. An error is the reason for people.
    pub fn lower(&mut self, path: &Path, text: &str, dump: Option<Dump>) -> Result<LoweredRust, String> {
        let context = self.context(path);
        let name = path.display().to_string();
        let work = || -> Result<LoweredRust, String> {
            let lowered = lower_source(text, &context).map_err(|error| error.to_string())?;
            let dump = (dump == Some(Dump::Program)).then(|| lowered.program.to_string());
            let directives = directives(&name, text);
            let sources = SourceMap {
                files: vec![name],
                sites: positions(text, &lowered.spans),
                ..SourceMap::default()
            };
            let unit = UnitFile { program: lowered.program, sources, default_stream: None };
            Ok(LoweredRust { unit, directives, dump })
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(internal_error()),
                Err(error) => Err(format!("no thread could be started: {error}")),
            }
        })
    }

    fn context(&mut self, path: &Path) -> FileContext {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let package = self.packages.entry(folder.clone()).or_insert_with(|| package(&folder)).clone();
        FileContext { module: module(&path, &package), versions: package.versions }
    }
}

/// The comments that suppress findings in a file.
fn directives(file: &str, text: &str) -> Vec<Directive> {
    if !comment::may_hold(text.as_bytes()) {
        return Vec::new();
    }
    let Some(layout) = layout(text) else { return Vec::new() };
    let commented =
        Commented { file, text: text.as_bytes(), comments: &layout.comments, left_out: Some(&[]) };
    scope::directives(&commented, &mut |offset| layout.ends.get(&offset).copied())
}

/// The path of the module that a file is.
fn module(path: &Path, package: &Package) -> Vec<String> {
    let name = if package.name.is_empty() { "crate".to_owned() } else { package.name.clone() };
    let mut module = vec![name];
    let Ok(inside) = path.strip_prefix(package.folder.join("src")) else {
        // Examples, tests and benches are crates of their own.
        let stem = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        return vec![stem.replace('-', "_")];
    };
    let parts: Vec<String> =
        inside.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_root = matches!(parts.as_slice(), [only] if only == "lib" || only == "main");
    if let ["bin", binary, ..] = parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return vec![binary.replace('-', "_")];
    }
    if !is_root {
        module.extend(parts);
        if module.last().is_some_and(|it| it == "mod") {
            module.pop();
        }
    }
    module
}

fn package(folder: &Path) -> Package {
    let mut package = Package::default();
    let mut from_manifest = None;
    let mut from_lock = None;
    for folder in folder.ancestors().take(FOLDERS) {
        if let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml"))
            && let Ok(manifest) = text.parse::<toml::Table>()
        {
            if package.name.is_empty()
                && let Some(name) =
                    manifest.get("package").and_then(|it| it.get("name")).and_then(toml::Value::as_str)
            {
                package.name = name.replace('-', "_");
                package.folder = folder.to_path_buf();
                // cudarc's own sources.
                if name == "cudarc" {
                    from_lock = manifest
                        .get("package")
                        .and_then(|it| it.get("version"))
                        .and_then(toml::Value::as_str)
                        .and_then(parse_version);
                }
            }
            from_manifest = from_manifest.or_else(|| required(&manifest));
        }
        if let Ok(text) = std::fs::read_to_string(folder.join("Cargo.lock")) {
            from_lock = from_lock.or_else(|| locked(&text));
            break;
        }
    }
    if let Some(cudarc) = from_lock.or(from_manifest) {
        package.versions.cudarc = cudarc;
    }
    package
}

/// The version of cudarc in a lock file.
fn locked(text: &str) -> Option<Version> {
    let lock = text.parse::<toml::Table>().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let versions = packages
        .iter()
        .filter(|it| it.get("name").and_then(toml::Value::as_str) == Some("cudarc"))
        .filter_map(|it| it.get("version").and_then(toml::Value::as_str).and_then(parse_version));
    versions.max()
}

/// The version of cudarc that a manifest asks for.
fn required(manifest: &toml::Table) -> Option<Version> {
    let tables = [
        manifest.get("dependencies"),
        manifest.get("dev-dependencies"),
        manifest.get("workspace").and_then(|it| it.get("dependencies")),
    ];
    tables.into_iter().flatten().find_map(|table| {
        let it = table.get("cudarc")?;
        it.as_str().or_else(|| it.get("version")?.as_str()).and_then(parse_version)
    })
}

fn positions(text: &str, spans: &[cuda_lint_rust::Span]) -> Vec<Position> {
    let bytes = text.as_bytes();
    let mut lines = vec![0_usize];
    lines.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
    // syn leaves a byte-order mark out.
    let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let place = |offset: usize| {
        let line = lines.partition_point(|start| *start <= offset);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line as u32, (offset - start + 1) as u32)
    };
    spans
        .iter()
        .map(|span| {
            let range = span.byte_range();
            let start = (range.start + skipped).min(bytes.len());
            let end = (range.end + skipped).clamp(start, bytes.len());
            let (line, column) = place(start);
            let (end_line, end_column) = place(end);
            Position {
                file: 0,
                line,
                column,
                end_line,
                end_column,
                offset: start as u32,
                end_offset: end as u32,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_lock_file_else_of_the_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        std::fs::create_dir_all(&source).unwrap();
        let manifest = "[package]\nname = \"my-app\"\n[dependencies]\ncudarc = { version = \"0.16\" }\n";
        std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let of = || RustFrontend::default().context(&source.join("net/up.rs"));
        std::fs::create_dir_all(source.join("net")).unwrap();
        std::fs::write(source.join("net/up.rs"), "").unwrap();
        assert_eq!(of().versions.cudarc, (0, 16, u32::MAX));
        assert_eq!(of().module, ["my_app", "net", "up"]);
        let lock = "[[package]]\nname = \"cudarc\"\nversion = \"0.16.4\"\n";
        std::fs::write(folder.path().join("Cargo.lock"), lock).unwrap();
        assert_eq!(of().versions.cudarc, (0, 16, 4));
    }

    #[test]
    fn what_is_no_rust_is_an_error_with_its_line() {
        let error = RustFrontend::default().lower(Path::new("a.rs"), "fn f() {\n    let = 3;\n}\n", None);
        let error = error.unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
