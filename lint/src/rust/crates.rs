//! What stands beside a Rust file that says how to read it: its package, the versions of the libraries, and what the
//! other files of its crate define.
//!
//! The versions of cudarc are read from `Cargo.lock`, else from `Cargo.toml`, in a folder above the file. Without
//! either, the newest known version is assumed. A crate is read once, with those of its project that it depends on
//! directly.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cuda_lint_rust::{CrateIndex, CrateSource, FileContext, Version, Versions, parse_version};

/// How many folders are looked through for a manifest.
const FOLDERS: usize = 32;

/// The libraries that the frontend has stubs of.
const LIBRARIES: [&str; 2] = ["cudarc", "cust"];

/// How many files of a crate are read, and how many bytes of it and of what it depends on.
const FILES: usize = 5_000;
const BYTES: usize = 32 << 20;

/// Files that are larger are left out: they are generated, most of them from the headers of C.
const LARGE: usize = 512 << 10;

/// What manifests and sources beside files say.
#[derive(Default)]
pub struct Crates {
    packages: HashMap<PathBuf, Package>,
    sources: HashMap<PathBuf, Sources>,
    indices: HashMap<PathBuf, CrateIndex>,
}

/// What the manifest of a package says.
#[derive(Clone, Debug, Default)]
struct Package {
    /// The crate's name in paths.
    name: String,
    /// The folder of `Cargo.toml`.
    folder: PathBuf,
    versions: Versions,
    /// Packages of the project that it depends on: what it calls them, and where they are.
    crates: Vec<(String, PathBuf)>,
}

impl Crates {
    /// How to read a file.
    pub fn context(&mut self, path: &Path) -> FileContext {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let package = self.packages.entry(folder.clone()).or_insert_with(|| package(&folder)).clone();
        let module = module(&path, &package);
        // Examples of a library that has a stub mean the stub.
        let is_example = LIBRARIES.contains(&package.name.as_str()) && module.first() != Some(&package.name);
        let index = (!package.name.is_empty() && !is_example).then(|| self.index(&package));
        FileContext { module, versions: package.versions, index }
    }

    fn index(&mut self, package: &Package) -> CrateIndex {
        if let Some(known) = self.indices.get(&package.folder) {
            return known.clone();
        }
        let mut files = vec![self.sources_of(package)];
        let mut names = Vec::new();
        for (name, folder) in &package.crates {
            let other = self.packages.entry(folder.clone()).or_insert_with(|| self::package(folder)).clone();
            if !other.name.is_empty() && other.folder == *folder {
                names.push((name.clone(), other.name.clone()));
                files.push(self.sources_of(&other));
            }
        }
        let mut left = BYTES;
        files.retain(|it| {
            let fits = it.bytes <= left;
            left -= if fits { it.bytes } else { 0 };
            fits
        });
        let files: Vec<CrateSource> = files.into_iter().map(|it| it.source).collect();
        let index = CrateIndex::of(&files, &package.versions, &package.name, names);
        self.indices.insert(package.folder.clone(), index.clone());
        index
    }

    /// The files of a package, which are read once, however many others depend on it.
    fn sources_of(&mut self, package: &Package) -> Sources {
        let read = || Sources::of(package);
        self.sources.entry(package.folder.clone()).or_insert_with(read).clone()
    }
}

/// The files of a package, as long as they are not too many.
#[derive(Clone)]
struct Sources {
    source: CrateSource,
    bytes: usize,
}

impl Sources {
    fn of(package: &Package) -> Self {
        let (mut texts, mut bytes) = (Vec::new(), 0);
        let mut folders = vec![package.folder.join("src")];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            let mut entries: Vec<_> = entries.flatten().map(|it| (it.path(), it.file_type().ok())).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (path, kind) in entries {
                let Some(kind) = kind else { continue };
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file()
                    && super::is_rust(&path)
                    && texts.len() < FILES
                    && let Ok(text) = std::fs::read_to_string(&path)
                    && text.len() <= LARGE
                    && bytes + text.len() <= BYTES
                {
                    bytes += text.len();
                    texts.push((module(&path, package), text));
                }
            }
        }
        let texts = texts.iter().map(|(module, text)| (module.clone(), text.as_str()));
        Self { source: CrateSource::of(texts), bytes }
    }
}

/// The packages that a manifest names by their folders.
fn path_dependencies(folder: &Path, manifest: &toml::Table) -> Vec<(String, PathBuf)> {
    let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let workspace = || {
        folder.ancestors().skip(1).take(FOLDERS).find_map(|above| {
            let manifest: toml::Table =
                std::fs::read_to_string(above.join("Cargo.toml")).ok()?.parse().ok()?;
            let shared = manifest.get("workspace")?.get("dependencies")?.as_table()?.clone();
            Some((above.to_path_buf(), shared))
        })
    };
    let shared = workspace();
    let mut found = Vec::new();
    for (name, dependency) in dependencies {
        let own = dependency.get("path").and_then(toml::Value::as_str).map(|path| folder.join(path));
        let inherited = || {
            dependency.get("workspace")?.as_bool().filter(|it| *it)?;
            let (above, shared) = shared.as_ref()?;
            Some(above.join(shared.get(name)?.get("path")?.as_str()?))
        };
        if let Some(path) = own.or_else(inherited).and_then(|path| path.canonicalize().ok()) {
            found.push((name.replace('-', "_"), path));
        }
    }
    found
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
            if package.folder == folder {
                package.crates = path_dependencies(folder, &manifest);
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
        let of = || Crates::default().context(&source.join("net/up.rs"));
        std::fs::create_dir_all(source.join("net")).unwrap();
        std::fs::write(source.join("net/up.rs"), "").unwrap();
        assert_eq!(of().versions.cudarc, (0, 16, u32::MAX));
        assert_eq!(of().module, ["my_app", "net", "up"]);
        let lock = "[[package]]\nname = \"cudarc\"\nversion = \"0.16.4\"\n";
        std::fs::write(folder.path().join("Cargo.lock"), lock).unwrap();
        assert_eq!(of().versions.cudarc, (0, 16, 4));
    }

    #[test]
    fn packages_of_the_project_are_found_by_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for member in ["core", "app"] {
            std::fs::create_dir_all(root.join(member)).unwrap();
        }
        let shared = "[workspace]\nmembers = []\n[workspace.dependencies]\nmy-core = { path = \"core\" }\n";
        std::fs::write(root.join("Cargo.toml"), shared).unwrap();
        for dependency in ["my-core = { path = \"../core\" }", "my-core = { workspace = true }"] {
            let manifest: toml::Table =
                format!("[dependencies]\n{dependency}\nserde = \"1\"").parse().unwrap();
            let found = path_dependencies(&root.join("app"), &manifest);
            assert_eq!(found, [("my_core".to_owned(), root.join("core"))]);
        }
    }
}
