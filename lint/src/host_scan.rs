//! A second look at files that hold no word of CUDA: do they call what reaches CUDA in another file, or define
//! what a file with CUDA calls?
//!
//! The look is at words only and decides which files are parsed; what a call means is decided by symbols.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cuda_lint_engine::link::{Linker, is_near};
use rustc_hash::FxHashMap;

/// True for headers, by the name: what is in them is in every file that includes them.
pub fn is_header(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension, "h" | "hh" | "hpp" | "hxx" | "cuh" | "inl" | "inc")
}

/// A file that was not parsed.
pub struct HostFile {
    /// Its path.
    path: String,
    /// The folders above it.
    folders: Vec<String>,
    /// It has been asked for.
    taken: bool,
}

impl HostFile {
    /// A file in a folder.
    pub fn new(path: &str, folders: Option<Vec<String>>) -> Self {
        Self { path: path.to_owned(), folders: folders.unwrap_or_default(), taken: false }
    }
}

/// The names that make a file worth parsing, each with the folders from which it is.
pub struct Wanted<'l> {
    names: FxHashMap<&'l str, Vec<&'l [String]>>,
}

impl<'l> Wanted<'l> {
    /// What reaches CUDA and may be called from elsewhere, and what is called and not defined.
    pub fn of(linker: &'l Linker) -> Self {
        let mut names: FxHashMap<&str, Vec<&[String]>> = FxHashMap::default();
        for (name, folders) in linker.names_of_cuda().into_iter().chain(linker.names_without_definition()) {
            let known = names.entry(name).or_default();
            if known.last() != Some(&folders) {
                known.push(folders);
            }
        }
        names.remove("main");
        Self { names }
    }

    /// The files that hold such a name of a folder near them. They are asked for once.
    pub fn among(&self, files: &mut [HostFile], workers: usize) -> Vec<String> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        let shared: &[HostFile] = files;
        std::thread::scope(|scope| {
            for _ in 0..workers.clamp(1, shared.len().max(1)) {
                scope.spawn(|| {
                    while let Some((at, file)) = next_of(&next, shared) {
                        if !file.taken && self.is_in(file) {
                            found.lock().unwrap_or_else(PoisonError::into_inner).push(at);
                        }
                    }
                });
            }
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_unstable();
        found.iter().for_each(|at| files[*at].taken = true);
        found.into_iter().map(|at| files[at].path.clone()).collect()
    }

    fn is_in(&self, file: &HostFile) -> bool {
        let Ok(text) = std::fs::read(&file.path) else { return false };
        words(&text).any(|word| {
            let folders = std::str::from_utf8(word).ok().and_then(|word| self.names.get(word));
            folders.is_some_and(|folders| folders.iter().any(|folder| is_near(folder, &file.folders)))
        })
    }
}

fn next_of<'f>(next: &AtomicUsize, files: &'f [HostFile]) -> Option<(usize, &'f HostFile)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    files.get(at).map(|file| (at, file))
}

/// The words that are followed by a parenthesis or template arguments, as calls and definitions are.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at + text[at..].iter().position(is_word)?;
            let end =
                text[start..].iter().position(|byte| !is_word(byte)).map_or(text.len(), |it| start + it);
            at = end;
            let rest = text[end..].iter().find(|byte| !byte.is_ascii_whitespace());
            if matches!(rest, Some(b'(' | b'<')) {
                return Some(&text[start..end]);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_by_their_names() {
        assert!(is_header("a/b.hpp") && is_header("x.inl"));
        assert!(!is_header("a/b.cpp") && !is_header("h"));
    }

    #[test]
    fn called_words_are_found() {
        let text = b"int main() { return run<3>(a, b) + f (x); }  y;";
        let found: Vec<_> = words(text).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        assert_eq!(found, ["main", "run", "f"]);
        assert_eq!(words(b"").count(), 0);
        assert_eq!(words(b"last").count(), 0);
    }
}
