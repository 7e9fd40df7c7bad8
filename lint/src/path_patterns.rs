//! Patterns for paths, as the configuration has them: `src/**`, `third_party`, `*_test.cu`.
//!
//! A pattern is relative to the folder of the file that holds it. One without a slash fits at any depth, and
//! one that fits a folder fits everything in it.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// Patterns, and the folder to which they are relative.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    folder: PathBuf,
    patterns: Vec<(String, GlobMatcher)>,
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.folder == other.folder && self.texts().eq(other.texts())
    }
}

impl Eq for Patterns {}

impl Patterns {
    /// No patterns, in a folder without links.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), patterns: Vec::new() }
    }

    /// Adds a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let wanted = text.trim_start_matches("./").trim_end_matches('/');
        if wanted.is_empty() {
            return Err("a pattern that fits nothing".to_owned());
        }
        if wanted.starts_with('/') || Path::new(wanted).components().any(|part| part == Component::ParentDir)
        {
            return Err(format!("`{text}` leads out of the folder to which it is relative"));
        }
        let whole = if wanted.contains('/') { wanted.to_owned() } else { format!("**/{wanted}") };
        let glob = GlobBuilder::new(&whole)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?;
        self.patterns.push((text.to_owned(), glob.compile_matcher()));
        Ok(())
    }

    /// The same patterns, relative to another folder without links.
    pub fn moved_to(&self, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), patterns: self.patterns.clone() }
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The patterns as written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|(text, _)| text.as_str())
    }

    /// True if one of them fits a path without links, or a folder above it.
    pub fn hold(&self, path: &Path) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let Ok(relative) = path.strip_prefix(&self.folder) else { return false };
        let fits = |path: &Path| self.patterns.iter().any(|(_, glob)| glob.is_match(path));
        relative.ancestors().filter(|path| !path.as_os_str().is_empty()).any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_files_and_folders() {
        for (pattern, path, expected) in [
            ("third_party", "a/third_party/b/c.cu", true),
            ("third_party/", "third_party/c.cu", true),
            ("third_party", "third_party_2/c.cu", false),
            ("*_test.cu", "a/b/x_test.cu", true),
            ("src/*.cu", "src/a.cu", true),
            ("src/*.cu", "src/deep/a.cu", false),
            ("src/**", "src/deep/a.cu", true),
            ("src/**/gen", "src/deep/gen/a.cu", true),
            ("./src", "src/a.cu", true),
            ("src/{a,b}.cu", "src/b.cu", true),
            ("src", "lib/src.cu", false),
        ] {
            let mut patterns = Patterns::in_folder(Path::new("/tree"));
            patterns.add(pattern).unwrap();
            assert_eq!(patterns.hold(&Path::new("/tree").join(path)), expected, "{pattern} {path}");
            assert!(!patterns.hold(Path::new("/other/third_party/c.cu")));
        }
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for (text, message) in [
            ("a/[b", "`a/[b` is no pattern: unclosed character class; missing ']'"),
            ("../x", "`../x` leads out of the folder to which it is relative"),
            ("/x", "`/x` leads out of the folder to which it is relative"),
            ("./", "a pattern that fits nothing"),
        ] {
            assert_eq!(Patterns::default().add(text).unwrap_err(), message);
        }
    }
}
