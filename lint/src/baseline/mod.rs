//! The baseline: findings that are known and do not fail a run.
//!
//! A finding is known by its content ([`crate::identity`]), not by its line: it stays known when code moves,
//! and a second copy of it is new. [`mod@file`] is how the findings are kept.

pub mod command;
pub mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::finding::ReportedDiagnostic;
use crate::identity::Identity;
use crate::report::source::Sources;

/// The name of the file, where nothing else is said.
pub const NAME: &str = "cuda-lint-baseline.json";

/// Findings that are known, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The file, as it is shown.
    pub shown: String,
    /// The folder of the file, without links: paths of findings start there.
    folder: PathBuf,
    findings: BTreeMap<Identity, u32>,
}

/// A baseline and a run beside each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// For each finding of the run, whether it is known.
    pub known: Vec<bool>,
    /// What was found, and how often, with paths as the baseline has them.
    found: BTreeMap<Identity, u32>,
    /// What is known, was looked for, and is gone.
    fixed: BTreeMap<Identity, u32>,
    /// What is known and was not looked for.
    elsewhere: BTreeMap<Identity, u32>,
}

impl Matched {
    /// How many findings are gone.
    pub fn fixed_count(&self) -> usize {
        self.fixed.values().map(|count| *count as usize).sum()
    }

    /// How many findings are not known.
    pub fn new_count(&self) -> usize {
        self.known.iter().filter(|known| !**known).count()
    }
}

impl Baseline {
    /// An empty baseline in a folder.
    pub fn empty(shown: String, folder: &Path) -> Self {
        Self { shown, folder: folder.to_path_buf(), findings: BTreeMap::new() }
    }

    /// How many findings it holds.
    pub fn count(&self) -> usize {
        self.findings.values().map(|count| *count as usize).sum()
    }

    /// What remains without the findings that are gone.
    pub fn pruned(&self, matched: &Matched) -> Self {
        let mut findings = self.findings.clone();
        for (identity, count) in &matched.fixed {
            take(&mut findings, identity, *count);
        }
        Self { findings, ..self.clone() }
    }

    /// What is found now. What was not looked for is kept.
    pub fn renewed(&self, matched: &Matched) -> Self {
        let mut findings = matched.found.clone();
        for (identity, count) in &matched.elsewhere {
            *findings.entry(identity.clone()).or_insert(0) += count;
        }
        Self { findings, ..self.clone() }
    }

    /// Tells known findings from new ones. `swept` says whether everything in a file, by its path without links,
    /// was looked for.
    pub fn compare(&self, diagnostics: &[ReportedDiagnostic], swept: &dyn Fn(&str) -> bool) -> Matched {
        let mut sources = Sources::default();
        let mut names = BTreeMap::new();
        let identities: Vec<Identity> = (diagnostics.iter())
            .map(|it| {
                let mut identity = Identity::of(it, &mut sources);
                identity.file = self.name_of(&it.span.file, &mut names);
                identity
            })
            .collect();
        let mut left = self.findings.clone();
        let mut known: Vec<bool> = identities.iter().map(|it| take(&mut left, it, 1) == 1).collect();
        let (mut gone, mut elsewhere) = (BTreeMap::new(), BTreeMap::new());
        for (identity, count) in left {
            let looked_for = self.was_swept(&identity.file, swept);
            if looked_for { &mut gone } else { &mut elsewhere }.insert(identity, count);
        }
        // A finding that is gone here and turns up there has moved: the file or the function has another name.
        for (identity, known) in identities.iter().zip(&mut known) {
            if !*known && !identity.code.is_empty() {
                let origin = gone.keys().find(|other| is_moved(other, identity)).cloned();
                *known = origin.is_some_and(|origin| take(&mut gone, &origin, 1) == 1);
            }
        }
        let mut found = BTreeMap::new();
        for identity in identities {
            *found.entry(identity).or_insert(0) += 1;
        }
        Matched { known, found, fixed: gone, elsewhere }
    }

    /// A file's path from the folder of the baseline, with forward slashes.
    fn name_of(&self, file: &str, names: &mut BTreeMap<String, String>) -> String {
        if let Some(known) = names.get(file) {
            return known.clone();
        }
        let real = Path::new(file).canonicalize().unwrap_or_else(|_| PathBuf::from(file));
        let relative = real.strip_prefix(&self.folder).unwrap_or(&real);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let name = parts.join("/").replacen("//", "/", 1);
        names.insert(file.to_owned(), name.clone());
        name
    }

    /// True if a file of the baseline is gone, or everything in it was looked for.
    fn was_swept(&self, name: &str, swept: &dyn Fn(&str) -> bool) -> bool {
        let path = self.folder.join(name);
        let Ok(real) = path.canonicalize() else { return true };
        real.to_str().is_some_and(swept)
    }
}

/// True if one may be the other under a new name of its file or its function.
fn is_moved(from: &Identity, to: &Identity) -> bool {
    from.rule == to.rule && from.code == to.code && (from.file == to.file || from.function == to.function)
}

/// Takes out up to `count`; says how many there were.
fn take(findings: &mut BTreeMap<Identity, u32>, identity: &Identity, count: u32) -> u32 {
    let Some(left) = findings.get_mut(identity) else { return 0 };
    let taken = count.min(*left);
    *left -= taken;
    if *left == 0 {
        findings.remove(identity);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    /// A folder with files, and the findings of its lines that hold `bad`; the function is the word before it.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn root(&self) -> PathBuf {
            self.0.path().canonicalize().unwrap()
        }

        fn write(&self, files: &[(&str, &str)]) -> Vec<ReportedDiagnostic> {
            for old in std::fs::read_dir(self.root()).unwrap().flatten() {
                std::fs::remove_file(old.path()).unwrap();
            }
            let mut found = Vec::new();
            for (name, text) in files {
                let path = self.root().join(name);
                std::fs::write(&path, text).unwrap();
                for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| line.contains("bad")) {
                    let mut it = diagnostic("x", span(&path.display().to_string(), number, 1, 3));
                    it.function = line.split_whitespace().next().unwrap().to_owned();
                    it.span.file = path.display().to_string();
                    found.push(it);
                }
            }
            found
        }
    }

    /// Which findings of `after` are known if those of `before` are, and how many are gone.
    fn compare(before: &[(&str, &str)], after: &[(&str, &str)]) -> (Vec<bool>, usize) {
        let tree = Tree::new();
        let found = tree.write(before);
        let empty = Baseline::empty("b.json".to_owned(), &tree.root());
        let baseline = empty.renewed(&empty.compare(&found, &|_| true));
        assert_eq!(baseline.count(), found.len());
        let matched = baseline.compare(&tree.write(after), &|_| true);
        (matched.known.clone(), matched.fixed_count())
    }

    #[test]
    fn code_that_moves_stays_known() {
        let one = [("a.cu", "f bad\ng good\n")];
        assert_eq!(compare(&one, &[("a.cu", "\n\n  f   bad\n")]), (vec![true], 0));
        assert_eq!(compare(&one, &[("b.cu", "f bad\n")]), (vec![true], 0));
    }

    #[test]
    fn a_second_copy_is_new() {
        let one = [("a.cu", "f bad\n")];
        assert_eq!(compare(&one, &[("a.cu", "f bad\nf bad\n")]), (vec![true, false], 0));
        assert_eq!(compare(&one, &[("a.cu", "f bad\n"), ("b.cu", "f bad\n")]), (vec![true, false], 0));
        assert_eq!(compare(&one, &[("a.cu", "f bad\ng bad\n")]), (vec![true, false], 0));
        assert_eq!(compare(&one, &[("a.cu", "g is bad\n")]), (vec![false], 1));
    }

    #[test]
    fn what_is_gone_is_pruned_and_what_was_not_looked_for_is_kept() {
        let tree = Tree::new();
        let found = tree.write(&[("a.cu", "f bad\n"), ("b.cu", "g bad\nh bad\n")]);
        let empty = Baseline::empty("b.json".to_owned(), &tree.root());
        let baseline = empty.renewed(&empty.compare(&found, &|_| true));
        let after = tree.write(&[("a.cu", "f fine\n"), ("b.cu", "g fine\nh bad\n")]);
        let only_b = |file: &str| file.ends_with("b.cu");
        let matched = baseline.compare(&after, &only_b);
        assert_eq!((matched.known.clone(), matched.fixed_count(), matched.new_count()), (vec![true], 1, 0));
        assert_eq!(baseline.pruned(&matched).count(), 2);
        assert_eq!(baseline.renewed(&matched).count(), 2);
        let names: Vec<_> = baseline.pruned(&matched).findings.keys().map(|it| it.file.clone()).collect();
        assert_eq!(names, ["a.cu", "b.cu"]);
    }
}
