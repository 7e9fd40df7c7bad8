//! What a finding is by its content: the rule, the file, the function around it, and the text of its line.
//!
//! Line numbers take no part, so that it stays the same when code above it comes and goes. The baseline
//! compares findings so, and reports give each a fingerprint by which other tools recognise it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::finding::ReportedDiagnostic;
use crate::report::source::Sources;

/// The text of a line beyond this takes no part.
const MAX_CODE: usize = 400;

/// The content of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The rule's name.
    pub rule: String,
    /// The file as it is shown.
    pub file: String,
    /// The function around the place; empty if there is none.
    pub function: String,
    /// The text of the line, each run of white space as one space.
    pub code: String,
}

impl Identity {
    /// The identity of a finding.
    pub fn of(diagnostic: &ReportedDiagnostic, sources: &mut Sources) -> Self {
        let span = &diagnostic.span;
        let code = sources.get(&span.file).map(|source| normal(source.line(span.line)));
        Self {
            rule: diagnostic.rule.clone(),
            file: span.file.clone(),
            function: diagnostic.function.clone(),
            code: code.unwrap_or_default(),
        }
    }

    /// A number for the `count`-th finding of this identity, the first being 0.
    fn fingerprint(&self, count: u32) -> String {
        let mut hash = Sha256::new();
        for part in [&self.rule, &self.file, &self.function, &self.code] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(count.to_le_bytes());
        cuda_lint_evidence::hex(&hash.finalize()[..16])
    }
}

/// The text of a line, each run of white space as one space.
fn normal(line: &str) -> String {
    let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(MAX_CODE).collect()
}

/// A fingerprint for each finding, in their order. No two are alike.
pub fn fingerprints(diagnostics: &[ReportedDiagnostic]) -> Vec<String> {
    let mut sources = Sources::default();
    let mut counts: HashMap<Identity, u32> = HashMap::new();
    let number = |diagnostic| {
        let identity = Identity::of(diagnostic, &mut sources);
        let count = counts.entry(identity.clone()).or_default();
        *count += 1;
        identity.fingerprint(*count - 1)
    };
    diagnostics.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    #[test]
    fn lines_above_and_white_space_change_nothing_and_copies_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.cu");
        let name = file.display().to_string();
        std::fs::write(&file, "x\n  f(a,  b);\n").unwrap();
        let before = fingerprints(&[diagnostic("x", span(&name, 2, 3, 4))]);
        std::fs::write(&file, "// more\nx\n\tf(a, b);\n\tf(a, b);\n\tg(a, b);\n").unwrap();
        let at = |line| diagnostic("x", span(&name, line, 2, 4));
        let after = fingerprints(&[at(3), at(4), at(5)]);
        assert_eq!(after[0], before[0]);
        assert!(after[1] != after[0] && after[2] != after[0] && after[1] != after[2]);
        let other = ReportedDiagnostic { function: "g".to_owned(), ..at(3) };
        assert_ne!(fingerprints(&[other])[0], before[0]);
        assert_eq!(before[0].len(), 32);
    }
}
