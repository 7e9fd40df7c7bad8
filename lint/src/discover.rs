//! Finds the files to analyse.
//!
//! A file that the user names is always analysed, whatever its name and whatever `.gitignore` says. A folder
//! is searched for C, C++, CUDA and Rust sources; hidden and ignored files are left out, and folders behind
//! symbolic links are not entered, so that loops cannot be. Each file is analysed once, even if several
//! names lead to it.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;

use crate::path_patterns::Patterns;
use crate::report::FailedFile;

/// Endings of files that are taken from folders.
const SOURCE_EXTENSIONS: [&str; 15] =
    ["cu", "cuh", "hip", "c", "cc", "cpp", "cxx", "c++", "h", "hh", "hpp", "hxx", "inl", "inc", "rs"];

/// What was found under the paths that the user gave.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The files, in the order of their paths.
    pub files: Vec<SourceFile>,
    /// Paths that lead to nothing that could be analysed.
    pub failed: Vec<FailedFile>,
}

/// A file to analyse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as it is shown: relative where the user gave a relative one.
    pub path: String,
    /// The path without links, which tells files apart.
    pub canonical: PathBuf,
    /// True if the user named the file itself, and no folder that holds it.
    pub named: bool,
}

/// Which files are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// If there are any: only these files of folders.
    pub include: Patterns,
    /// Not these files of folders: patterns of the configuration, and of the command line.
    pub exclude: Vec<Patterns>,
    /// `exclude` is about named files, too.
    pub force_exclude: bool,
}

impl Wanted {
    fn in_folder(&self, file: &Path) -> bool {
        (self.include.is_empty() || self.include.hold(file)) && !self.is_excluded(file)
    }

    fn is_excluded(&self, file: &Path) -> bool {
        self.exclude.iter().any(|patterns| patterns.hold(file))
    }
}

/// Finds the files under the paths that the user gave.
pub fn discover(paths: &[PathBuf], wanted: &Wanted) -> Discovery {
    let mut search = Search { found: HashMap::new(), failed: Vec::new(), wanted };
    for path in paths {
        search.add(path);
    }
    search.finish()
}

struct Search<'a> {
    /// By the path without links: the name to show, whether it is a link, and whether it was named only.
    found: HashMap<PathBuf, Found>,
    failed: Vec<FailedFile>,
    wanted: &'a Wanted,
}

struct Found {
    shown: (bool, String),
    named: bool,
}

impl Search<'_> {
    fn add(&mut self, path: &Path) {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.fail(path, describe(&error)),
        };
        if metadata.is_dir() {
            self.add_folder(path);
        } else if metadata.is_file() {
            let _ = self.add_file(path, true);
        } else {
            self.fail(path, "neither a regular file nor a folder");
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        let (mut sources, mut kept) = (0_usize, false);
        // What the user's own git configuration ignores elsewhere is left out of account, so that everybody
        // gets the same answer; a tree without `.git` keeps its `.gitignore` files.
        let walk = WalkBuilder::new(folder)
            .follow_links(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .build();
        for entry in walk {
            match entry {
                // A link has no other file type here; what it leads to decides.
                Ok(entry) if has_source_extension(entry.path()) && entry.path().is_file() => {
                    sources += 1;
                    kept |= self.add_file(entry.path(), false);
                }
                Ok(_) => {}
                Err(error) => {
                    let path = path_of(&error).unwrap_or(folder).to_path_buf();
                    let reason = error.io_error().map_or_else(|| error.to_string(), describe);
                    self.fail(&path, reason);
                }
            }
        }
        if sources == 0 {
            self.fail(
                folder,
                "holds no C, C++, CUDA or Rust source file (hidden and git-ignored files are left out; name such a \
                 file itself to have it analysed)",
            );
        } else if !kept && !self.wanted.force_exclude {
            self.fail(
                folder,
                "every source file in it is left out by `include` or `exclude` of the configuration, or by \
                 --exclude (--show-config prints them; with --force-exclude this is no failure)",
            );
        }
    }

    /// Adds a file. False if it is not wanted.
    fn add_file(&mut self, path: &Path, named: bool) -> bool {
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            Err(error) => {
                self.fail(path, describe(&error));
                return true;
            }
        };
        let unwanted = match named {
            true => self.wanted.force_exclude && self.wanted.is_excluded(&canonical),
            false => !self.wanted.in_folder(&canonical),
        };
        if unwanted {
            return false;
        }
        let Some(shown) = tidy(path).to_str().map(str::to_string) else {
            self.fail(path, "the path is not valid UTF-8; rename the file");
            return true;
        };
        let is_link = path.is_symlink();
        let candidate = (is_link, shown);
        // The file's own name is better than a link to it, and of several the first in order is shown,
        // so that the order of the arguments does not matter.
        self.found
            .entry(canonical)
            .and_modify(|known| {
                known.named &= named;
                if candidate < known.shown {
                    known.shown = candidate.clone();
                }
            })
            .or_insert(Found { shown: candidate, named });
        true
    }

    fn fail(&mut self, path: &Path, reason: impl Into<String>) {
        self.failed.push(FailedFile { path: tidy(path).display().to_string(), reason: reason.into() });
    }

    fn finish(self) -> Discovery {
        let file = |(canonical, Found { shown: (_, path), named })| SourceFile { path, canonical, named };
        let mut files: Vec<_> = self.found.into_iter().map(file).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut failed = self.failed;
        failed.sort();
        failed.dedup();
        Discovery { files, failed }
    }
}

fn has_source_extension(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| SOURCE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// The path without `.` components: `./src/a.cu` is `src/a.cu`.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|component| *component != Component::CurDir).collect();
    if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
}

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_string(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".to_string(),
        _ => format!("cannot be read: {error}"),
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with files, and what is found under some of its paths, relative to it.
    fn check(prepare: impl Fn(&Path), arguments: &[&str], files: &[&str], failed: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        prepare(&root);
        let paths: Vec<_> = arguments.iter().map(|argument| root.join(argument)).collect();
        let discovery = discover(&paths, &Wanted::default());
        let relative =
            |path: &str| Path::new(path).strip_prefix(&root).unwrap_or(Path::new(path)).display().to_string();
        let found: Vec<_> = discovery.files.iter().map(|file| relative(&file.path)).collect();
        assert_eq!(found, files);
        let broken: Vec<_> = discovery.failed.iter().map(|file| relative(&file.path)).collect();
        assert_eq!(broken, failed);
    }

    fn write(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "int x;\n").unwrap();
        }
    }

    #[test]
    fn folders_give_sources_in_order() {
        check(
            |root| write(root, &["b/z.cpp", "b/a.CU", "a.cuh", "notes.md", "run.py", ".hidden/x.cu", "c.h"]),
            &[""],
            &["a.cuh", "b/a.CU", "b/z.cpp", "c.h"],
            &[],
        );
    }

    #[test]
    fn gitignore_is_respected_save_for_named_files() {
        let prepare = |root: &Path| {
            write(root, &["src/a.cu", "build/gen.cu", "src/skip.cu"]);
            fs::write(root.join(".gitignore"), "build/\nskip.cu\n").unwrap();
        };
        check(prepare, &[""], &["src/a.cu"], &[]);
        check(prepare, &["", "build/gen.cu"], &["build/gen.cu", "src/a.cu"], &[]);
    }

    #[test]
    fn patterns_choose_among_the_files_of_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write(&root, &["src/a.cu", "src/gen/b.cu", "tests/c.cu"]);
        let mut wanted = Wanted {
            include: Patterns::in_folder(&root),
            exclude: vec![Patterns::in_folder(&root)],
            force_exclude: false,
        };
        wanted.include.add("src").unwrap();
        wanted.exclude[0].add("gen").unwrap();
        let found = |wanted: &Wanted, paths: &[&str]| -> Vec<(String, bool)> {
            let paths: Vec<_> = paths.iter().map(|path| root.join(path)).collect();
            let name = |file: SourceFile| {
                (file.canonical.strip_prefix(&root).unwrap().display().to_string(), file.named)
            };
            discover(&paths, wanted).files.into_iter().map(name).collect()
        };
        let file = |path: &str, named| (path.to_owned(), named);
        assert_eq!(found(&wanted, &[""]), [file("src/a.cu", false)]);
        let named = ["src/gen/b.cu", "tests/c.cu"];
        assert_eq!(found(&wanted, &named), [file("src/gen/b.cu", true), file("tests/c.cu", true)]);
        wanted.force_exclude = true;
        assert_eq!(found(&wanted, &named), [file("tests/c.cu", true)]);
        assert_eq!(found(&wanted, &["", "src/a.cu"]), [file("src/a.cu", false)]);
    }

    #[test]
    fn a_named_file_needs_no_known_ending() {
        check(|root| write(root, &["kernel.cu.in"]), &["kernel.cu.in"], &["kernel.cu.in"], &[]);
    }

    #[test]
    fn the_same_file_counts_once_and_loops_end() {
        check(
            |root| {
                write(root, &["src/real.cu"]);
                symlink(root.join("src"), root.join("src/loop")).unwrap();
                symlink("real.cu", root.join("src/alias.cu")).unwrap();
            },
            &["", "src", "src/../src/real.cu", "src/alias.cu"],
            &["src/../src/real.cu"],
            &[],
        );
    }

    #[test]
    fn a_file_s_own_name_is_shown_rather_than_a_link() {
        check(
            |root| {
                write(root, &["src/real.cu"]);
                symlink("src/real.cu", root.join("a.cu")).unwrap();
                symlink("nowhere.cu", root.join("broken.cu")).unwrap();
            },
            &[""],
            &["src/real.cu"],
            &[],
        );
    }

    #[test]
    fn a_link_to_a_folder_is_followed_if_named() {
        check(
            |root| {
                write(root, &["src/real.cu"]);
                symlink("src", root.join("link")).unwrap();
            },
            &["link"],
            &["link/real.cu"],
            &[],
        );
    }

    #[test]
    fn paths_that_lead_nowhere_are_said() {
        check(
            |root| {
                write(root, &["a.cu", "docs/readme.md"]);
                fs::create_dir(root.join("empty")).unwrap();
            },
            &["a.cu", "missing.cu", "empty", "docs", "missing.cu"],
            &["a.cu"],
            &["docs", "empty", "missing.cu"],
        );
    }

    #[test]
    fn names_that_are_no_text_are_said() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xff.cu")), "int x;").unwrap();
        let discovery = discover(&[folder.path().to_path_buf()], &Wanted::default());
        assert!(discovery.files.is_empty());
        assert!(discovery.failed[0].reason.contains("UTF-8"), "{:?}", discovery.failed);
    }

    #[test]
    fn current_folder_components_are_dropped() {
        assert_eq!(tidy(Path::new("./src/./a.cu")), Path::new("src/a.cu"));
        assert_eq!(tidy(Path::new(".")), Path::new("."));
    }
}
