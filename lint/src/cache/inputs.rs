//! The print of a file that was read for another: what it holds, and where the names that it includes are found.
//!
//! The second half is for headers that come or go: one that appears in a folder that is searched earlier, or that
//! was missing, changes what is read though nothing that was read has changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cuda_lint_evidence::hex;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::clang::flags::UnitOptions;
use crate::clang::includes;
use crate::include_index::IncludeIndex;

/// What decides where included files are found.
pub struct Surroundings<'a> {
    /// How the file is parsed.
    pub options: &'a UnitOptions,
    /// Folders in which headers were found that no folder of the build holds.
    pub folders: &'a [PathBuf],
    /// The headers of the project.
    pub headers: &'a IncludeIndex,
}

/// What a print takes from the text of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    hash: [u8; 32],
    /// The names that it includes, or asks for.
    names: Vec<String>,
}

impl Text {
    /// Reads a text.
    pub fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut names: Vec<String> =
            includes::names(&text).chain(asked_for(&text)).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        Self { hash: Sha256::digest(bytes).into(), names }
    }

    /// The print of the file with this text.
    pub fn print(&self, file: &str, around: &Surroundings<'_>) -> String {
        let file = Path::new(file);
        let own = file.parent().unwrap_or(Path::new(""));
        let of_build = around.options.includes.iter().map(|(_, folder)| folder.as_path());
        let folders: Vec<&Path> =
            std::iter::once(own).chain(of_build).chain(around.folders.iter().map(PathBuf::as_path)).collect();
        let mut hash = Sha256::new();
        hash.update(self.hash);
        for name in &self.names {
            let found: Vec<u8> = folders.iter().map(|folder| u8::from(folder.join(name).is_file())).collect();
            hash.update(&found);
            if let Some(found) = around.headers.resolve(name, file) {
                hash.update(found.as_os_str().as_encoded_bytes());
            }
            hash.update(b"\n");
        }
        hex(&hash.finalize())
    }
}

/// The names in `__has_include(…)`.
fn asked_for(text: &str) -> impl Iterator<Item = &str> {
    text.split("__has_include").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix("_next").unwrap_or(rest).trim_start().strip_prefix('(')?.trim_start();
        let close = match rest.chars().next()? {
            '<' => '>',
            '"' => '"',
            _ => return None,
        };
        rest.get(1..)?.lines().next()?.split_once(close).map(|(name, _)| name)
    })
}

/// The files as they are now. Each is read once.
#[derive(Debug, Default)]
pub struct Texts(Mutex<FxHashMap<String, Option<Arc<Text>>>>);

impl Texts {
    /// A file as it is now; `None` if it cannot be read.
    pub fn now(&self, file: &str) -> Option<Arc<Text>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(file) {
            return text.clone();
        }
        // A pipe or a device is none of what was read.
        let is_file = Path::new(file).is_file();
        let text =
            is_file.then(|| std::fs::read(file).ok()).flatten().map(|bytes| Arc::new(Text::new(&bytes)));
        known.insert(file.to_owned(), text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::clang::flags::FrontendOptions;

    #[test]
    fn a_print_is_about_the_text_and_about_what_it_includes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("inc")).unwrap();
        let file = root.join("a.cu");
        let options = FrontendOptions { include_dirs: vec![root.join("inc")], ..FrontendOptions::default() };
        let options = UnitOptions::new(&file, b"", &options, None);
        let print = |text: &str| {
            let headers = IncludeIndex::new([root.as_path()]);
            let around = Surroundings { options: &options, folders: &[], headers: &headers };
            Text::new(text.as_bytes()).print(&file.display().to_string(), &around)
        };
        let text = "#include \"b.h\"\n#if __has_include ( <c.h> )\n#endif\n";
        let first = print(text);
        assert_eq!(first, print(text));
        assert_ne!(first, print("#include \"b.h\"\n#if __has_include ( <c.h> )\n#endif \n"));
        let mut seen = vec![first];
        for name in ["inc/b.h", "b.h", "inc/c.h", "elsewhere/b.h"] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "").unwrap();
            seen.push(print(text));
        }
        seen.dedup();
        // The last lies further away than one that is found.
        assert_eq!(seen.len(), 4);
        fs::write(root.join("inc/d.h"), "").unwrap();
        assert_eq!(seen.last(), Some(&print(text)));
    }

    #[test]
    fn a_file_that_is_none_has_no_print() {
        let texts = Texts::default();
        assert_eq!(texts.now("no/such/file.h"), None);
        assert_eq!(texts.now("/dev/null"), None);
    }
}
