//! Where lowered files are kept, and for how long.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is left of a larger folder is what was used last.
const MAX_BYTES: u64 = 2 << 30;
/// What was not used for so long goes.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How often a folder is tidied up.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What marks folders that backups leave out: <https://bford.info/cachedir/>.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# Lowered files of cuda-lint; may be removed at any time.\n";

/// The user's folder for such things. `None` where nothing says where that is.
pub fn of_user() -> Option<PathBuf> {
    place(|name| std::env::var_os(name), cfg!(target_os = "macos"))
}

fn place(variable: impl Fn(&str) -> Option<OsString>, is_mac: bool) -> Option<PathBuf> {
    // A relative path is to be ignored, says the XDG Base Directory Specification.
    let folder = |name| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let below_home = if is_mac { "Library/Caches" } else { ".cache" };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(below_home)));
    Some(caches?.join("cuda-lint"))
}

/// Makes the folder.
///
/// # Errors
/// Why it cannot be used.
pub fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in [("CACHEDIR.TAG", TAG), (".gitignore", "*\n")] {
        let file = folder.join(name);
        if !file.exists() {
            fs::write(file, text)?;
        }
    }
    Ok(())
}

/// Takes out what is old, once a day. Nothing depends on it.
pub fn tidy_up(folder: &Path) {
    let now = SystemTime::now();
    let stamp = folder.join("CACHEDIR.TAG");
    let age = |modified: SystemTime| now.duration_since(modified).unwrap_or_default();
    let last = fs::metadata(&stamp).and_then(|it| it.modified());
    let marked = folder.join("tidied");
    let tidied = fs::metadata(&marked).and_then(|it| it.modified()).or(last);
    if tidied.is_ok_and(|last| age(last) < EVERY) || fs::write(&marked, "").is_err() {
        return;
    }
    remove_old(folder, now, MAX_BYTES);
}

fn remove_old(folder: &Path, now: SystemTime, max_bytes: u64) {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for part in ["entries", "units"] {
        let Ok(listed) = fs::read_dir(folder.join(part)) else { continue };
        files.extend(listed.flatten().filter_map(|it| {
            let data = it.metadata().ok()?;
            data.is_file().then_some(())?;
            Some((data.modified().ok()?, data.len(), it.path()))
        }));
    }
    files.sort_by(|a, b| b.cmp(a));
    let mut total = 0;
    for (modified, size, path) in files {
        total += size;
        if total > max_bytes || now.duration_since(modified).is_ok_and(|age| age > MAX_AGE) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_users() {
        let of = |set: &'static [(&'static str, &'static str)], is_mac| {
            let value = |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| value.into());
            place(value, is_mac)
        };
        let both = &[("HOME", "/u"), ("XDG_CACHE_HOME", "/c")];
        assert_eq!(of(both, false), Some("/c/cuda-lint".into()));
        assert_eq!(of(&[("HOME", "/u")], false), Some("/u/.cache/cuda-lint".into()));
        assert_eq!(of(&[("HOME", "/u")], true), Some("/u/Library/Caches/cuda-lint".into()));
        let relative = &[("HOME", "/u"), ("XDG_CACHE_HOME", "c")];
        assert_eq!(of(relative, false), Some("/u/.cache/cuda-lint".into()));
        assert_eq!(of(&[], false), None);
    }

    #[test]
    fn what_was_used_last_stays() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        fs::create_dir(folder.path().join("units")).unwrap();
        let now = SystemTime::now();
        for (name, days) in [("new", 0), ("older", 2), ("old", 40)] {
            let file = folder.path().join("units").join(name);
            fs::write(&file, [0; 100]).unwrap();
            let file = fs::File::options().append(true).open(file).unwrap();
            file.set_modified(now - Duration::from_secs(days * 24 * 60 * 60)).unwrap();
        }
        let left = || fs::read_dir(folder.path().join("units")).unwrap().count();
        remove_old(folder.path(), now, 1_000);
        assert_eq!(left(), 2);
        remove_old(folder.path(), now, 150);
        assert_eq!(left(), 1);
        assert!(folder.path().join("units/new").is_file());
    }
}
