//! Finds a project's own headers where the build's include folders are unknown.
//!
//! Without a compilation database `#include "common/check.h"` often cannot be resolved from the folder of
//! the file. The index holds the headers of the tree by name; an include is resolved by its path suffix,
//! to the header nearest to the including file. Of programs that lie side by side, each has its own headers: what lies
//! beside another one counts only if what belongs to none lies deeper (CUDA's samples have a `helper_cuda_drvapi.h` in
//! their common folder, and another in one sample; but tests include what lies beside the `main` that they test).
//! 123 of 289 missing includes of CUDA's samples and four other projects resolve so.

use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ignore::WalkBuilder;
use rustc_hash::FxHashMap;

/// Bounds for trees that are not what they seem.
const MAX_FILES: usize = 200_000;
const MAX_DEPTH: usize = 24;
/// How far above an input the root of its project is looked for.
const MAX_PARENTS: usize = 12;

/// How much of a source is searched for `main`, and in how many sources of a folder.
const MAX_SOURCE: u64 = 1 << 20;
const MAX_SOURCES: usize = 64;

/// The headers below some folders. Walks them when it is first asked.
#[derive(Debug, Default)]
pub struct IncludeIndex {
    roots: Vec<PathBuf>,
    headers: OnceLock<FxHashMap<OsString, Vec<PathBuf>>>,
    /// Whether a folder holds a program, for those that were asked about.
    programs: Mutex<FxHashMap<PathBuf, bool>>,
}

impl IncludeIndex {
    /// An index of the projects that the inputs belong to.
    pub fn new<'p>(inputs: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut roots: Vec<PathBuf> = Vec::new();
        for input in inputs {
            let Ok(path) = fs::canonicalize(input) else { continue };
            let root = project_root(&path);
            if !roots.iter().any(|known| root.starts_with(known)) {
                roots.retain(|known| !known.starts_with(&root));
                roots.push(root);
            }
        }
        Self { roots, headers: OnceLock::new(), programs: Mutex::default() }
    }

    /// All files that could be included.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.headers.get_or_init(|| walk(&self.roots)).values().flatten()
    }

    /// The header that `include` (as written between the quotes) means in `includer`. `None` if there is
    /// none, or if several are equally near and none is more likely.
    pub fn resolve(&self, include: &str, includer: &Path) -> Option<PathBuf> {
        let mut wanted: Vec<&OsStr> = Vec::new();
        for part in Path::new(include).components() {
            match part {
                Component::Normal(name) => wanted.push(name),
                Component::ParentDir => drop(wanted.pop()),
                _ => {}
            }
        }
        let headers = self.headers.get_or_init(|| walk(&self.roots));
        let candidates = headers.get(*wanted.last()?)?;
        let includer = fs::canonicalize(includer).unwrap_or_else(|_| includer.to_path_buf());
        let fits = |path: &&PathBuf| {
            let mut have = path.components().rev();
            wanted.iter().rev().all(|name| have.next().is_some_and(|part| part.as_os_str() == *name))
                && **path != includer
        };
        let found: Vec<&PathBuf> = candidates.iter().filter(fits).collect();
        let best = self.nearest(found, &includer);
        match best.as_slice() {
            [only] => Some((*only).clone()),
            // Copies of one file are as good as one file.
            [first, rest @ ..] if rest.len() < 4 => {
                let text = fs::read(first).ok()?;
                rest.iter()
                    .all(|path| fs::read(path).is_ok_and(|other| other == text))
                    .then(|| (*first).clone())
            }
            _ => None,
        }
    }

    /// Those of the headers that are nearest to the file that includes.
    fn nearest<'p>(&self, headers: Vec<&'p PathBuf>, includer: &Path) -> Vec<&'p PathBuf> {
        if headers.len() < 2 {
            return headers;
        }
        let common =
            |path: &Path| path.components().zip(includer.components()).take_while(|(a, b)| a == b).count();
        let beyond = |path: &Path| path.components().count() - common(path);
        let (mut anothers, free): (Vec<&PathBuf>, Vec<&PathBuf>) =
            headers.into_iter().partition(|path| self.is_of_another_program(path, includer));
        if let Some(depth) = free.iter().map(|path| beyond(path)).min() {
            anothers.retain(|path| beyond(path) < depth || !self.is_in_program_apart(includer, common(path)));
        }
        // Of those that are equally near, the ones that belong to no program count for more.
        let free = free.into_iter().map(|path| (true, path));
        let ranked: Vec<_> = (anothers.into_iter().map(|path| (false, path)).chain(free))
            .map(|(is_free, path)| ((common(path), Reverse(beyond(path)), is_free), path))
            .collect();
        let nearest = ranked.iter().map(|(near, _)| *near).max();
        let mut best: Vec<&PathBuf> =
            ranked.into_iter().filter(|(near, _)| Some(*near) == nearest).map(|(_, path)| path).collect();
        best.sort();
        best
    }

    /// True for a header in a folder that holds a program and not the file that includes.
    fn is_of_another_program(&self, header: &Path, includer: &Path) -> bool {
        header.parent().is_some_and(|folder| !includer.starts_with(folder) && self.holds_program(folder))
    }

    /// True if the file lies in a program of its own, below the folder that its path's first `common` parts name.
    fn is_in_program_apart(&self, file: &Path, common: usize) -> bool {
        let folders = file.ancestors().skip(1);
        folders.take_while(|it| it.components().count() > common).any(|folder| self.holds_program(folder))
    }

    fn holds_program(&self, folder: &Path) -> bool {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        *programs.entry(folder.to_path_buf()).or_insert_with(|| holds_program(folder))
    }
}

/// True if a source in a folder seems to define `main`.
fn holds_program(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let is_source = |path: &PathBuf| {
        path.extension()
            .and_then(OsStr::to_str)
            .is_some_and(|extension| matches!(extension, "cu" | "cpp" | "cc" | "cxx" | "c" | "hip"))
    };
    let is_small = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_SOURCE)
    };
    let mut sources: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_source).filter(is_small).collect();
    sources.sort();
    sources.iter().take(MAX_SOURCES).any(|path| fs::read(path).is_ok_and(|text| defines_main(&text)))
}

/// True if `int main(` stands in a text.
fn defines_main(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.match_indices("main").any(|(at, word)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        before.trim_end().ends_with("int")
            && before.ends_with(char::is_whitespace)
            && behind.trim_start().starts_with('(')
    })
}

/// The folder that an input's includes may point into: the nearest one above it that holds a repository,
/// or else the input's own folder.
fn project_root(path: &Path) -> PathBuf {
    let start = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    start
        .ancestors()
        .take(MAX_PARENTS)
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(start)
        .to_path_buf()
}

fn is_header(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| {
        matches!(
            extension,
            "h" | "hh"
                | "hpp"
                | "hxx"
                | "cuh"
                | "inl"
                | "inc"
                | "ipp"
                | "tpp"
                | "cu"
                | "cpp"
                | "c"
                | "impl"
                | "def"
        )
    })
}

fn walk(roots: &[PathBuf]) -> FxHashMap<OsString, Vec<PathBuf>> {
    let mut headers: FxHashMap<OsString, Vec<PathBuf>> = FxHashMap::default();
    let mut budget = MAX_FILES;
    for root in roots {
        // A header that git ignores may be a generated one that the code needs.
        let walker =
            WalkBuilder::new(root).standard_filters(false).hidden(true).max_depth(Some(MAX_DEPTH)).build();
        for entry in walker.flatten() {
            if budget == 0 {
                break;
            }
            budget -= 1;
            let path = entry.path();
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if let (true, true, Some(name)) = (is_file, is_header(path), path.file_name()) {
                headers.entry(name.to_owned()).or_default().push(path.to_path_buf());
            }
        }
    }
    for paths in headers.values_mut() {
        paths.sort();
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn an_include_resolves_to_the_nearest_header_with_its_suffix() {
        let (_folder, root) = tree(&[
            ("a/src/main.cu", ""),
            ("a/include/common/check.h", "1"),
            ("b/include/common/check.h", "2"),
            ("include/util.h", ""),
        ]);
        let main = root.join("a/src/main.cu");
        let index = IncludeIndex::new([main.as_path()]);
        assert_eq!(index.resolve("common/check.h", &main), Some(root.join("a/include/common/check.h")));
        assert_eq!(index.resolve("check.h", &main), Some(root.join("a/include/common/check.h")));
        assert_eq!(index.resolve("../x/../include/util.h", &main), Some(root.join("include/util.h")));
        assert_eq!(index.resolve("other/util.h", &main), None);
        assert_eq!(index.resolve("", &main), None);
    }

    #[test]
    fn equally_near_headers_count_only_if_they_are_copies() {
        let (_folder, root) =
            tree(&[("m.cu", ""), ("x/c.h", "1"), ("y/c.h", "2"), ("x/d.h", "same"), ("y/d.h", "same")]);
        let main = root.join("m.cu");
        let index = IncludeIndex::new([main.as_path()]);
        assert_eq!(index.resolve("c.h", &main), None);
        assert_eq!(index.resolve("d.h", &main), Some(root.join("x/d.h")));
    }

    #[test]
    fn headers_beside_another_program_are_of_that_program() {
        let (_folder, root) = tree(&[
            ("samples/a/a.cu", "int main() {}"),
            ("samples/b/b.cu", "int\nmain (int argc, char **argv) {}"),
            ("samples/b/helper.h", "1"),
            ("samples/c/c.cu", "void domain() {}"),
            ("samples/c/near.h", "1"),
            ("samples/b/only.h", "1"),
            ("common/helper.h", "2"),
            ("common/near.h", "2"),
        ]);
        let a = root.join("samples/a/a.cu");
        let index = IncludeIndex::new([a.as_path()]);
        assert_eq!(index.resolve("helper.h", &a), Some(root.join("common/helper.h")));
        assert_eq!(index.resolve("near.h", &a), Some(root.join("samples/c/near.h")));
        assert_eq!(index.resolve("only.h", &a), Some(root.join("samples/b/only.h")));
        let b = root.join("samples/b/b.cu");
        assert_eq!(index.resolve("helper.h", &b), Some(root.join("samples/b/helper.h")));
    }

    #[test]
    fn tests_include_what_lies_beside_the_program_that_they_test() {
        let main = "int main() {}";
        for test in ["float t();", main] {
            let (_folder, root) = tree(&[
                ("src/main.cu", main),
                ("src/common.h", "1"),
                ("src/util.h", "1"),
                ("third_party/x/common.h", "2"),
                ("include/util.h", "2"),
                ("tests/test.cu", test),
            ]);
            let index = IncludeIndex::new([root.as_path()]);
            let includer = root.join("tests/test.cu");
            assert_eq!(index.resolve("common.h", &includer), Some(root.join("src/common.h")));
            // As near, and of no program.
            assert_eq!(index.resolve("util.h", &includer), Some(root.join("include/util.h")));
        }
    }

    #[test]
    fn a_file_below_its_program_has_that_programs_headers() {
        let (_folder, root) = tree(&[
            ("samples/a/a.cu", "int main() {}"),
            ("samples/a/inc/kernels.h", ""),
            ("samples/b/b.cu", "int main() {}"),
            ("samples/b/helper.h", "1"),
            ("common/helper.h", "2"),
        ]);
        let index = IncludeIndex::new([root.as_path()]);
        let below = root.join("samples/a/inc/kernels.h");
        assert_eq!(index.resolve("helper.h", &below), Some(root.join("common/helper.h")));
    }

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(IncludeIndex::default().resolve("a.h", Path::new("b.cu")), None);
    }
}
