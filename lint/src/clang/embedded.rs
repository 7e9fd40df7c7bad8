//! The headers that the command brings along, as virtual files.
//!
//! libclang reads them from memory, under a folder that exists on no machine: what a file declares is the
//! same everywhere, with or without a toolkit, a compiler or a C++ library installed.
//!
//! ```text
//! /__cuda_lint/embedded/…   the embedded files themselves
//! /__cuda_lint/include/…    one forwarder for each include name of the manifest; searched before the project's folders
//! /__cuda_lint/fallback/…   the same for helper headers that a project may bring itself; searched after them
//! /__cuda_lint/forward/…    forwarders made for one unit: headers found elsewhere in the project
//! ```

use std::ffi::CString;
use std::sync::OnceLock;

use clang_sys::CXUnsavedFile;
use rustc_hash::FxHashMap;

use super::flags::UnitOptions;
use super::real_headers;

/// The folder that holds every virtual file.
pub const ROOT: &str = "/__cuda_lint";
/// The folder of the embedded files themselves; they include each other by their names below it.
pub const EMBEDDED: &str = "/__cuda_lint/embedded";
/// The folder of the forwarders that are searched first.
pub const INCLUDE: &str = "/__cuda_lint/include";
/// The folder of the forwarders that are searched after the project's own folders.
pub const FALLBACK: &str = "/__cuda_lint/fallback";
/// The folder of the forwarders that one unit needs.
pub const FORWARD: &str = "/__cuda_lint/forward";
/// What the repair loop declares; see [`super::repair`].
pub const REPAIR_FILE: &str = "/__cuda_lint/repair.h";
/// The macros of the build, defined after the prelude so that they cannot disturb it.
pub const MACROS_FILE: &str = "/__cuda_lint/macros.h";

/// Devices that can be read for ever: code that includes one would fill the machine's memory.
const ENDLESS: [&str; 4] = ["/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Name below the folder `embedded`, and text.
static FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// True for files that no project wrote: everything under [`ROOT`].
pub fn is_virtual(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/'))
}

/// The text of an embedded file.
pub fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// The path under which libclang sees an embedded file.
pub fn path(name: &str) -> String {
    format!("{EMBEDDED}/{name}")
}

/// The text of every embedded file.
pub fn texts() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(_, text)| *text)
}

/// Which embedded file stands for an include name.
struct Manifest {
    exact: Vec<(&'static str, Vec<&'static str>)>,
    /// Patterns that end in `*`, without it.
    prefixes: Vec<(&'static str, Vec<&'static str>)>,
}

fn manifest() -> &'static Manifest {
    static MANIFEST: OnceLock<Manifest> = OnceLock::new();
    MANIFEST.get_or_init(|| {
        let mut manifest = Manifest { exact: Vec::new(), prefixes: Vec::new() };
        for line in text("manifest.txt").unwrap_or_default().lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            match name.strip_suffix('*') {
                Some(prefix) => manifest.prefixes.push((prefix, words.collect())),
                None => manifest.exact.push((name, words.collect())),
            }
        }
        manifest
    })
}

/// The forwarder that a wildcard of the manifest gives for an include name.
pub fn wildcard(include_name: &str) -> Option<String> {
    let manifest = manifest();
    if manifest.exact.iter().any(|(name, _)| *name == include_name) {
        return None;
    }
    manifest
        .prefixes
        .iter()
        .find(|(prefix, _)| include_name.starts_with(prefix))
        .map(|(_, files)| forwarders(files))
}

/// True for libraries that are no part of CUDA's toolkit: a project may be one, or bring one along.
pub fn may_be_own(include_name: &str) -> bool {
    const LIBRARIES: [&str; 11] = [
        "rmm/",
        "raft/",
        "ATen/",
        "c10/",
        "torch/",
        "opencv2/",
        "gtest/",
        "benchmark/",
        "glog/",
        "absl/",
        "dmlc/",
    ];
    LIBRARIES.iter().any(|folder| include_name.starts_with(folder))
}

/// True for CUDA's own template libraries.
pub fn is_template_library(include_name: &str) -> bool {
    ["cub/", "thrust/", "cuda/"].iter().any(|folder| include_name.starts_with(folder))
}

/// A forwarder to embedded files.
fn forwarders(files: &[&str]) -> String {
    files.iter().filter_map(|file| forwarder(&path(file))).collect()
}

/// The line that a forwarder consists of. `None` if the path cannot be written in an `#include`.
pub fn forwarder(target: &str) -> Option<String> {
    let plain = !target.contains(['"', '\n', '\r', '\0', '\\']);
    plain.then(|| format!("#include \"{target}\"\n"))
}

/// A set of virtual files, in the form that libclang takes.
#[derive(Clone, Debug, Default)]
pub struct VirtualFiles {
    files: Vec<(CString, CString)>,
    index: FxHashMap<String, usize>,
}

impl VirtualFiles {
    /// The embedded headers and the forwarders of the manifest.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<VirtualFiles> = OnceLock::new();
        EMBEDDED.get_or_init(|| {
            let mut files = Self::default();
            for (name, text) in FILES.iter().filter(|(name, _)| name.ends_with(".h")) {
                files.set(&path(name), text);
            }
            for (name, targets) in &manifest().exact {
                let is_helper = targets.iter().any(|file| file.starts_with("helper/"));
                let folder = if is_helper { FALLBACK } else { INCLUDE };
                files.set(&format!("{folder}/{name}"), &forwarders(targets));
            }
            // libclang forgets search folders that hold nothing.
            for folder in [INCLUDE, FALLBACK, FORWARD] {
                files.set(&format!("{folder}/.keep"), "");
            }
            for device in ENDLESS {
                files.set(device, "");
            }
            files
        })
    }

    /// What a unit is parsed with.
    pub fn of(options: &UnitOptions) -> &'static Self {
        static REAL: OnceLock<VirtualFiles> = OnceLock::new();
        match options.real_headers {
            Some(_) => REAL.get_or_init(real_headers::virtual_files),
            None => Self::embedded(),
        }
    }

    /// Adds a file, or replaces its text. Text and name with a null byte are left out.
    pub fn set(&mut self, path: &str, text: &str) {
        let Ok(text) = CString::new(text) else { return };
        if let Some(&index) = self.index.get(path) {
            self.files[index].1 = text;
            return;
        }
        let Ok(name) = CString::new(path) else { return };
        self.index.insert(path.to_owned(), self.files.len());
        self.files.push((name, text));
    }

    /// True if there is such a file.
    pub fn contains(&self, path: &str) -> bool {
        self.index.contains_key(path)
    }

    /// Appends the files for a call of libclang. The entries point into `self`.
    pub fn unsaved(&self, into: &mut Vec<CXUnsavedFile>) {
        into.extend(self.files.iter().map(|(name, text)| CXUnsavedFile {
            Filename: name.as_ptr(),
            Contents: text.as_ptr(),
            Length: text.as_bytes().len() as std::ffi::c_ulong,
        }));
    }
}

/// The embedded headers, with those for which `stands_for` names another one replaced by it. The forwarders of
/// those that remain are searched after all folders, save for the template libraries.
pub fn above(stands_for: impl Fn(&str) -> Option<&'static str>) -> VirtualFiles {
    let mut files = VirtualFiles::default();
    for (name, text) in FILES.iter().filter(|(name, _)| name.ends_with(".h")) {
        match stands_for(name) {
            Some(other) => files.set(&path(name), &forwarders(&[other])),
            None => files.set(&path(name), text),
        }
    }
    for (name, targets) in &manifest().exact {
        if targets.iter().all(|target| stands_for(target).is_none()) {
            let folder = if is_template_library(name) { INCLUDE } else { FALLBACK };
            files.set(&format!("{folder}/{name}"), &forwarders(targets));
        }
    }
    for folder in [INCLUDE, FALLBACK, FORWARD] {
        files.set(&format!("{folder}/.keep"), "");
    }
    for device in ENDLESS {
        files.set(device, "");
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_line_names_an_embedded_file() {
        let manifest = manifest();
        assert!(!manifest.exact.is_empty());
        for (name, files) in manifest.exact.iter().chain(&manifest.prefixes) {
            for file in files {
                assert!(text(file).is_some(), "{name} -> {file}");
            }
        }
    }

    #[test]
    fn virtual_paths_are_told_from_real_ones() {
        assert!(is_virtual("/__cuda_lint/repair.h"));
        assert!(!is_virtual("/__cuda_lint_other/x.h"));
        assert!(!is_virtual("src/main.cu"));
    }

    #[test]
    fn a_forwarder_cannot_be_broken_out_of() {
        assert!(forwarder("/a/b\"\n#define X").is_none());
        assert_eq!(forwarder("/a/b.h").as_deref(), Some("#include \"/a/b.h\"\n"));
    }

    #[test]
    fn setting_a_file_twice_replaces_its_text() {
        let mut files = VirtualFiles::default();
        files.set("/a", "1");
        files.set("/a", "22");
        let mut unsaved = Vec::new();
        files.unsaved(&mut unsaved);
        assert_eq!(unsaved.len(), 1);
        assert_eq!(unsaved[0].Length, 2);
    }
}
