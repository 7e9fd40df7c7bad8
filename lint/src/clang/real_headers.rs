//! `--real-headers`: a toolkit's and the system's headers in place of the embedded declarations.
//!
//! The toolkit's headers come from the folder that the user names, those of C and C++ from where clang's
//! driver finds them. A third part is easily forgotten: the headers that belong to clang itself
//! (`stddef.h`, `immintrin.h`), in its resource folder. A libclang without a clang beside it, such as the
//! Python wheel, has none.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use super::embedded::{self, VirtualFiles};
use super::flags::{FrontendOptions, UnitOptions};
use super::includes;
use super::library::{Library, on_big_stack};
use super::parse::language_arguments;
use super::unit::Unit;

/// Where the real headers are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RealHeaders {
    /// The folder of `cuda_runtime.h`.
    pub cuda: PathBuf,
    /// Clang's resource folder; `None` if a flag of the user names it.
    pub resources: Option<PathBuf>,
}

/// What a unit must find.
const PROBE: &str = "#include <cuda_runtime.h>\n#include <stddef.h>\n#include <cstdlib>\n#include <vector>\n";
const TOOLKIT: &str = "name the folder of a CUDA toolkit, such as /usr/local/cuda, or leave --real-headers out: \
                       the embedded declarations need none";

impl RealHeaders {
    /// Finds everything, or says what is missing. `options` are those of the run.
    pub fn find(folder: &Path, library: &Library, options: &FrontendOptions) -> Result<Self, String> {
        let shown = folder.display();
        if !folder.is_dir() {
            return Err(format!("--real-headers: there is no folder '{shown}'\n  {TOOLKIT}"));
        }
        let places = ["include", "targets/x86_64-linux/include", "targets/sbsa-linux/include", ""];
        let cuda = places.map(|place| folder.join(place));
        let Some(cuda) = cuda.into_iter().find(|place| place.join("cuda_runtime.h").is_file()) else {
            return Err(format!(
                "--real-headers: '{shown}' holds no CUDA headers: there is no include/cuda_runtime.h\n  {TOOLKIT}"
            ));
        };
        let cuda = fs::canonicalize(&cuda).unwrap_or(cuda);
        let is_named = options.extra.iter().any(|flag| flag.starts_with("-resource-dir"));
        let resources = if is_named {
            None
        } else {
            Some(resource_folder(library).ok_or_else(|| no_resources(library))?)
        };
        let this = Self { cuda, resources };
        let missing = this.missing(library, options);
        if missing.is_empty() {
            return Ok(this);
        }
        Err(format!(
            "--real-headers: {} not found by {}\n  install the headers of a C++ compiler (g++, or libc++-dev), \
             or leave --real-headers out",
            missing.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(", "),
            library.version()
        ))
    }

    /// What [`PROBE`] does not find.
    fn missing(&self, library: &Library, options: &FrontendOptions) -> Vec<String> {
        let options = FrontendOptions { real_headers: Some(self.clone()), ..options.clone() };
        let mut options = UnitOptions::new(Path::new("probe.cpp"), PROBE.as_bytes(), &options, None);
        options.macros.clear();
        let parse = || {
            let mut files = VirtualFiles::default();
            files.set("probe.cpp", PROBE);
            let main = CString::new("probe.cpp").ok()?;
            let flags =
                clang_sys::CXTranslationUnit_KeepGoing | clang_sys::CXTranslationUnit_SkipFunctionBodies;
            let unit = Unit::parse(&main, &language_arguments(&options), &[&files], flags).ok()?;
            Some(includes::missing(&unit.messages(100)))
        };
        let missing = on_big_stack(library, parse).flatten().unwrap_or_default();
        let mut names: Vec<String> = missing.into_iter().map(|include| include.name).collect();
        names.dedup();
        names
    }

    /// The flags that make clang read them.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(folder) = self.resources.as_ref().and_then(|folder| folder.to_str()) {
            flags.extend(["-resource-dir".to_owned(), folder.to_owned()]);
        }
        // CUDA 13 keeps its C++ libraries in a folder of their own.
        for folder in [self.cuda.clone(), self.cuda.join("cccl")].iter().filter_map(|it| it.to_str()) {
            flags.extend(["-isystem".to_owned(), folder.to_owned()]);
        }
        flags
    }
}

fn no_resources(library: &Library) -> String {
    let major = library.major();
    format!(
        "--real-headers: the headers that belong to clang itself (stddef.h and others) are missing\n  \
         the libclang in use, {} ({}), comes without them, as the Python wheel does\n  \
         install clang {major}, or name the folder of its version: -- -resource-dir=/usr/lib/llvm-{major}/lib/clang/{major}",
        library.path().display(),
        library.version()
    )
}

/// Clang's resource folder: of the version of the library, beside it or where distributions put it.
fn resource_folder(library: &Library) -> Option<PathBuf> {
    let major = library.major();
    let beside = library.path().parent().map(Path::to_path_buf);
    let prefixes = [
        format!("/usr/lib/llvm-{major}/lib"),
        format!("/usr/lib/llvm{major}/lib"),
        "/usr/lib64".to_owned(),
        "/usr/lib".to_owned(),
        "/usr/local/lib".to_owned(),
        "/opt/homebrew/opt/llvm/lib".to_owned(),
    ];
    let folders = beside.into_iter().chain(prefixes.map(PathBuf::from)).map(|folder| folder.join("clang"));
    for folder in folders {
        let is_of_version = |name: &str| {
            name == major.to_string()
                || name.strip_prefix(&major.to_string()).is_some_and(|it| it.starts_with('.'))
        };
        let mut versions: Vec<PathBuf> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_of_version))
            .map(|entry| entry.path())
            .filter(|path| path.join("include/stddef.h").is_file())
            .collect();
        versions.sort();
        if let Some(found) = versions.pop() {
            return Some(found);
        }
    }
    None
}

/// The virtual files that units with real headers are parsed with: the embedded ones of libraries, for those
/// that the machine lacks, on top of the real runtime and standard library.
pub fn virtual_files() -> VirtualFiles {
    embedded::above(|name| {
        let own_text = ["cuda/device.h", "cuda/device_math.h"].contains(&name);
        match name.split_once('/')?.0 {
            "std" => Some("real/std.h"),
            "cuda" if !own_text => Some("real/runtime.h"),
            _ => None,
        }
    })
}
