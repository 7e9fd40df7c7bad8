//! Finds libclang on this machine and loads it.
//!
//! Nothing is linked: the library is opened when it is first needed. The search looks at a short list of
//! places and starts no process. It is ours rather than clang-sys's, whose own search runs `llvm-config`
//! and makes some 15,000 file system queries.
//!
//! **Order.** An explicit path; the Python wheel `libclang` beside the command (`pip install` puts both
//! into one prefix); the active virtual environment; then whatever the machine has, newest first.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clang_sys::SharedLibrary;

use super::cxstring::take_string;

/// The oldest libclang that reports operators and attributes of CUDA code as the lowering needs them.
pub const OLDEST_MAJOR: u32 = 17;
/// The newest libclang whose cursor kinds are known to be numbered as clang-sys numbers them.
pub const NEWEST_MAJOR: u32 = 22;
/// The command that installs a libclang that was tried.
pub const INSTALL_COMMAND: &str = "python3 -m pip install libclang==18.1.1";
/// Environment that a process which parses must be started with: libclang's own helper thread has a small
/// stack, and the caller brings a large one ([`on_big_stack`]).
pub const WORKER_ENVIRONMENT: &[(&str, &str)] = &[("LIBCLANG_NOTHREADS", "1")];

/// More files than this are not opened in search of a version that fits.
const MAX_ATTEMPTS: usize = 16;
/// Deep expressions (20,000 chained operators) need this much in libclang and in the lowering.
const BIG_STACK: usize = 256 << 20;

/// Why there is no libclang.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Nothing was found.
    #[error(
        "no libclang found (it reads the C++; versions {OLDEST_MAJOR} to {NEWEST_MAJOR} work)\n  \
         looked for it {searched}{rejected}\n  \
         install it with: {INSTALL_COMMAND}\n  \
         or name one with --libclang PATH or CUDA_LINT_LIBCLANG",
        rejected = rejected_lines(.rejected)
    )]
    NotFound {
        /// Where the search looked, for people.
        searched: String,
        /// What was found and could not be used.
        rejected: Vec<String>,
    },
    /// The path that the user named cannot be used.
    #[error(
        "cannot use the libclang at '{path}' (named by {named_by}): {reason}\n  install one that works with: {INSTALL_COMMAND}"
    )]
    Unusable {
        /// The path as given.
        path: String,
        /// The option or variable that named it.
        named_by: &'static str,
        /// Why not.
        reason: String,
    },
}

fn rejected_lines(rejected: &[String]) -> String {
    rejected.iter().map(|line| format!("\n  found, not usable: {line}")).collect()
}

/// A loaded libclang. Cheap to clone; each thread that uses it must [`attach`](Self::attach) it.
#[derive(Clone, Debug)]
pub struct Library {
    shared: Arc<SharedLibrary>,
    version: String,
}

impl Library {
    /// Finds and loads libclang. `explicit` is what `--libclang` named.
    pub fn load(explicit: Option<&Path>) -> Result<Self, LibraryError> {
        let named = explicit.map(|path| ("--libclang", path.to_path_buf())).or_else(|| {
            ["CUDA_LINT_LIBCLANG", "LIBCLANG_PATH"].into_iter().find_map(|name| {
                env::var_os(name).filter(|value| !value.is_empty()).map(|value| (name, PathBuf::from(value)))
            })
        });
        if let Some((named_by, path)) = named {
            return Self::load_named(&path, named_by);
        }
        let mut rejected = Vec::new();
        for candidate in candidates().into_iter().take(MAX_ATTEMPTS) {
            match Self::open(&candidate) {
                Ok(library) => return Ok(library),
                Err(reason) => rejected.push(format!("{}: {reason}", candidate.display())),
            }
        }
        rejected.truncate(3);
        let searched =
            "beside this command, in the Python environments in use and in the system's library folders";
        Err(LibraryError::NotFound { searched: searched.into(), rejected })
    }

    fn load_named(path: &Path, named_by: &'static str) -> Result<Self, LibraryError> {
        let unusable =
            |reason: String| LibraryError::Unusable { path: path.display().to_string(), named_by, reason };
        let metadata = fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
        if !metadata.is_dir() {
            return Self::open(path).map_err(unusable);
        }
        let mut files = libraries_in(path);
        sort_newest_first(&mut files);
        let mut reason = "the folder holds no libclang".to_owned();
        for file in files.into_iter().take(MAX_ATTEMPTS) {
            match Self::open(&file) {
                Ok(library) => return Ok(library),
                Err(why) => reason = format!("{}: {why}", file.display()),
            }
        }
        Err(unusable(reason))
    }

    /// Opens one file, and checks that it is a libclang of a version that works.
    fn open(path: &Path) -> Result<Self, String> {
        let path = fs::canonicalize(path).map_err(|error| error.to_string())?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !is_library_name(name) || path.to_str().is_none() {
            return Err(format!(
                "its name must be like '{}'",
                if cfg!(target_os = "macos") { "libclang.dylib" } else { "libclang.so or libclang-18.so" }
            ));
        }
        check_format(&path)?;
        let shared = load_shared(&path)?;
        let previous = clang_sys::set_library(Some(Arc::clone(&shared)));
        let checked = loaded_version();
        clang_sys::set_library(previous);
        Ok(Self { shared, version: checked? })
    }

    /// Makes the library the one that clang-sys calls on this thread.
    pub fn attach(&self) {
        clang_sys::set_library(Some(Arc::clone(&self.shared)));
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        self.shared.path()
    }

    /// The major version of LLVM that it belongs to.
    pub fn major(&self) -> u32 {
        llvm_major(&self.version).unwrap_or_default()
    }

    /// What the library calls itself: `clang version 18.1.1`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Runs `f` on a thread with a stack that deeply nested code fits on, with `library` attached.
///
/// `None` if the thread could not be started or `f` panicked.
pub fn on_big_stack<T: Send>(library: &Library, f: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let run = || {
            library.attach();
            f()
        };
        std::thread::Builder::new()
            .name("clang".into())
            .stack_size(BIG_STACK)
            .spawn_scoped(scope, run)
            .ok()?
            .join()
            .ok()
    })
}

/// Asks the library attached to this thread for its version. An error if it is none that works.
fn loaded_version() -> Result<String, String> {
    if !clang_sys::clang_getClangVersion::is_loaded() {
        return Err("it is no libclang".into());
    }
    // SAFETY: the function was just seen to be loaded; `take_string` disposes of the string.
    let version = unsafe { take_string(clang_sys::clang_getClangVersion()) };
    let major = llvm_major(&version).ok_or_else(|| format!("unknown version '{version}'"))?;
    // The newest function that the frontend calls: a library without it is older than it says.
    let complete = clang_sys::clang_CXXMethod_isExplicit::is_loaded();
    if !(OLDEST_MAJOR..=NEWEST_MAJOR).contains(&major) || !complete {
        return Err(format!(
            "it is version {major} ({version}), and only {OLDEST_MAJOR} to {NEWEST_MAJOR} work"
        ));
    }
    Ok(version)
}

/// The LLVM major version in `clang version 18.1.1` or `Apple clang version 16.0.0`.
fn llvm_major(version: &str) -> Option<u32> {
    let after = version.split("version ").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let major: u32 = digits.parse().ok()?;
    // Xcode counts on its own: its 16 is LLVM 17, its 17 is LLVM 19.
    Some(match (version.starts_with("Apple"), major) {
        (true, 15) => 16,
        (true, 16) => 17,
        (true, 17) => 19,
        _ => major,
    })
}

/// Lets clang-sys load exactly this file: with `LIBCLANG_PATH` naming it, there is nothing to search.
fn load_shared(path: &Path) -> Result<Arc<SharedLibrary>, String> {
    static ENVIRONMENT: Mutex<()> = Mutex::new(());
    let _guard = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    let before = env::var_os("LIBCLANG_PATH");
    if before.as_deref() == Some(path.as_os_str()) {
        return clang_sys::load_manually().map(Arc::new);
    }
    // SAFETY: libraries are loaded before a process starts the threads that parse; the lock keeps loading
    // threads apart, and no other code of this program changes the environment.
    unsafe { env::set_var("LIBCLANG_PATH", path) };
    let loaded = clang_sys::load_manually();
    // SAFETY: as above.
    unsafe {
        match before {
            Some(value) => env::set_var("LIBCLANG_PATH", value),
            None => env::remove_var("LIBCLANG_PATH"),
        }
    }
    loaded.map(Arc::new)
}

/// Tells what is not a shared library at all before the loader gets to see it.
fn check_format(path: &Path) -> Result<(), String> {
    use std::io::Read;
    let mut magic = [0_u8; 4];
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut magic))
        .map_err(|error| error.to_string())?;
    if cfg!(target_os = "linux") && &magic != b"\x7fELF" {
        return Err("it is no shared library".into());
    }
    Ok(())
}

/// The name of a libclang (not of `libclang-cpp` or of clang's run-time libraries).
fn is_library_name(name: &str) -> bool {
    if cfg!(target_os = "macos") {
        return name == "libclang.dylib";
    }
    if cfg!(windows) {
        return name == "libclang.dll";
    }
    let Some(rest) = name.strip_prefix("libclang") else { return false };
    rest == ".so"
        || rest.starts_with(".so.")
        || (rest.starts_with('-')
            && rest[1..].starts_with(|c: char| c.is_ascii_digit())
            && rest.contains(".so"))
}

/// The libclang files directly in a folder.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    entries(folder, is_library_name)
}

/// The entries of a folder whose names pass, in the order of their names. Empty if there is no such folder.
fn entries(folder: &Path, keep: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = listing
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(&keep))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// All files that may be a libclang, the preferred ones first, each once.
fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Ok(command) = env::current_exe() {
        let real = fs::canonicalize(&command).unwrap_or_else(|_| command.clone());
        for command in [command, real] {
            if let Some(prefix) = command.parent().and_then(Path::parent) {
                found.extend(wheels_under(prefix));
            }
        }
    }
    for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute()) {
            found.extend(wheels_under(&prefix));
            found.extend(libraries_in(&prefix.join("lib")));
        }
    }
    let mut others = machine_wide();
    sort_newest_first(&mut others);
    found.extend(others);

    let mut seen = Vec::new();
    found.retain(|path| {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    found
}

/// The wheel `libclang` in the Python environments of one prefix.
fn wheels_under(prefix: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for library in ["lib", "lib64", "Lib"] {
        let library = prefix.join(library);
        let mut pythons = entries(&library, |name| name.starts_with("python3"));
        pythons.push(library);
        for python in pythons {
            for packages in ["site-packages", "dist-packages"] {
                found.extend(libraries_in(&python.join(packages).join("clang").join("native")));
            }
        }
    }
    found
}

/// What the user's and the system's folders hold.
///
/// Only absolute entries of `PATH` count: a relative one would let the code under analysis bring a library.
fn machine_wide() -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = Vec::new();
    if let Some(path) = env::var_os("PATH") {
        let folders = env::split_paths(&path).filter(|folder| folder.is_absolute()).take(64);
        prefixes.extend(folders.filter_map(|folder| folder.parent().map(Path::to_path_buf)));
    }
    let home = env::home_dir().filter(|home| home.is_absolute());
    if let Some(home) = &home {
        prefixes.push(home.join(".local"));
    }
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(pyenv) = pyenv.or_else(|| home.as_ref().map(|home| home.join(".pyenv"))) {
        prefixes.extend(entries(&pyenv.join("versions"), |_| true));
    }
    prefixes.extend(["/usr", "/usr/local", "/opt/homebrew"].map(PathBuf::from));
    prefixes.dedup();

    let mut found: Vec<PathBuf> = prefixes.iter().flat_map(|prefix| wheels_under(prefix)).collect();
    let mut folders: Vec<PathBuf> = Vec::new();
    for root in ["/usr/lib", "/usr/lib64", "/usr/local", "/opt"] {
        let installations = entries(Path::new(root), |name| name.starts_with("llvm"));
        folders.extend(installations.iter().flat_map(|folder| [folder.join("lib"), folder.join("lib64")]));
    }
    folders.extend(
        [
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
            "/usr/local/lib",
            "/opt/homebrew/opt/llvm/lib",
            "/usr/local/opt/llvm/lib",
            "/Library/Developer/CommandLineTools/usr/lib",
            "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib",
        ]
        .map(PathBuf::from),
    );
    found.extend(folders.iter().flat_map(|folder| libraries_in(folder)));
    found
}

/// Sorts by the version that a path tells, newest first, unknown last; versions that cannot work go to the end.
fn sort_newest_first(paths: &mut [PathBuf]) {
    paths.sort_by_key(|path| {
        let version = version_in_path(path).unwrap_or(0);
        std::cmp::Reverse(if version > NEWEST_MAJOR { 0 } else { version })
    });
}

/// The major version that names along a path tell: `llvm-19`, `libclang-19.so`, `libclang.so.19.1`, or the
/// wheel's own record beside it.
fn version_in_path(path: &Path) -> Option<u32> {
    let number = |text: &str| -> Option<u32> {
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
    };
    let name = path.file_name()?.to_str()?;
    let in_name =
        name.strip_prefix("libclang-").or_else(|| name.strip_prefix("libclang.so.")).and_then(number);
    if in_name.is_some() {
        return in_name;
    }
    if path.parent()?.ends_with("clang/native") {
        let packages = path.parent()?.parent()?.parent()?;
        let records = entries(packages, |name| name.starts_with("libclang-") && name.ends_with(".dist-info"));
        return records.first()?.file_name()?.to_str()?.strip_prefix("libclang-").and_then(number);
    }
    path.components().rev().find_map(|part| {
        let part = part.as_os_str().to_str()?;
        number(part.strip_prefix("llvm-").or_else(|| part.strip_prefix("llvm"))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clang::testing;

    #[test]
    fn versions_are_read_from_what_the_library_says() {
        assert_eq!(llvm_major("clang version 18.1.1"), Some(18));
        assert_eq!(llvm_major("Debian clang version 19.1.7 (3+b1)"), Some(19));
        assert_eq!(llvm_major("Apple clang version 16.0.0 (clang-1600.0.26.3)"), Some(17));
        assert_eq!(llvm_major("something else"), None);
    }

    #[test]
    fn newest_known_version_comes_first_and_too_new_last() {
        let mut paths: Vec<PathBuf> = [
            "/usr/lib/llvm-14/lib/libclang.so",
            "/usr/lib/x86_64-linux-gnu/libclang-19.so.1",
            "/usr/lib64/libclang.so",
            "/usr/lib/llvm-99/lib/libclang.so.1",
        ]
        .map(PathBuf::from)
        .to_vec();
        paths[3] = "/usr/lib/llvm-99/lib/libclang.so".into();
        sort_newest_first(&mut paths);
        let order: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(order[0], "/usr/lib/x86_64-linux-gnu/libclang-19.so.1");
        assert_eq!(order[1], "/usr/lib/llvm-14/lib/libclang.so");
    }

    #[test]
    fn only_libclang_itself_counts() {
        if cfg!(target_os = "linux") {
            assert!(is_library_name("libclang.so"));
            assert!(is_library_name("libclang-18.so.1"));
            assert!(is_library_name("libclang.so.18.1"));
            assert!(!is_library_name("libclang-cpp.so.19.1"));
            assert!(!is_library_name("libclang_rt.asan-x86_64.so"));
        }
    }

    #[test]
    fn a_named_path_that_cannot_be_loaded_is_an_error_that_names_it() {
        let missing = Library::load(Some(Path::new("/no/such/libclang.so"))).unwrap_err().to_string();
        assert!(missing.contains("/no/such/libclang.so") && missing.contains("--libclang"), "{missing}");
        assert!(missing.contains(INSTALL_COMMAND), "{missing}");

        let folder = tempfile::tempdir().unwrap();
        let fake =
            folder.path().join(if cfg!(target_os = "macos") { "libclang.dylib" } else { "libclang.so" });
        fs::write(&fake, "INPUT(-lnothing)").unwrap();
        let error = Library::load(Some(&fake)).unwrap_err().to_string();
        assert!(error.contains("no shared library"), "{error}");
        let error = Library::load(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("no shared library"), "{error}");
        fs::remove_file(&fake).unwrap();
        let error = Library::load(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("holds no libclang"), "{error}");
    }

    #[test]
    fn nothing_found_says_how_to_install_it() {
        let error = LibraryError::NotFound { searched: "here".into(), rejected: vec!["/x: old".into()] };
        let text = error.to_string();
        assert!(text.contains(INSTALL_COMMAND) && text.contains("found, not usable: /x: old"), "{text}");
    }

    #[test]
    fn the_library_of_this_machine_loads_from_its_folder_too() {
        let library = testing::library();
        let major = llvm_major(library.version());
        assert!(major.is_some_and(|major| (OLDEST_MAJOR..=NEWEST_MAJOR).contains(&major)), "{major:?}");
        assert!(candidates().iter().all(|path| path.is_absolute()));
        let depth = on_big_stack(&library, clang_sys::is_loaded);
        assert_eq!(depth, Some(true));
    }
}
