//! What the linter reports for the fixtures: the JSON of `cuda-lint --format json`.

use std::fs;
use std::path::PathBuf;

use cuda_lint_engine::trace::{Position, Trace};
use cuda_lint_evidence::check::{Current, both_modes};
use cuda_lint_evidence::sha256;
use serde::Deserialize;

use super::Error;

/// The diagnostics of one or two runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Diagnostics {
    /// In the order of the report; of the second mode of the default stream only what the first does not have.
    pub diagnostics: Vec<Diagnostic>,
}

/// One diagnostic, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Diagnostic {
    /// The rule.
    pub rule: String,
    /// Where it stands, from the root.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// What to replay.
    #[serde(default)]
    pub witness: Option<Witness>,
}

/// A witness in both of its forms.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Witness {
    /// For people, and what is hashed.
    pub text: String,
    /// For the replay.
    pub trace: Trace<Position>,
}

impl Diagnostics {
    /// Reads the reports.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut all = Vec::new();
        for path in paths {
            let wrong = |why: String| Error::Diagnostics(path.clone(), why);
            let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let mut report: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
            // The claims are experiments on CUDA, no fixtures of a rule.
            report.diagnostics.retain(|it| !it.file.starts_with("fixtures/claims/"));
            let key = |it: &Diagnostic| (it.rule.clone(), it.file.clone(), it.line);
            all = both_modes(all, report.diagnostics, key);
        }
        Ok(Self { diagnostics: all })
    }

    /// What they are for the check of freshness.
    pub fn current(&self) -> Vec<Current> {
        let one = |it: &Diagnostic| Current {
            rule: it.rule.clone(),
            file: it.file.clone(),
            line: it.line,
            trace: it.witness.as_ref().map(|it| sha256(it.text.as_bytes())).unwrap_or_default(),
        };
        self.diagnostics.iter().map(one).collect()
    }

    /// The rules that are reported for a file, each once.
    pub fn rules_of(&self, file: &str) -> Vec<String> {
        let of_file = self.diagnostics.iter().filter(|it| it.file == file);
        let mut rules: Vec<_> = of_file.map(|it| it.rule.clone()).collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_both_modes_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let legacy = write(
            "legacy.json",
            r#"{"schema_version": 1, "diagnostics": [
                {"rule": "r", "file": "f.cu", "line": 3, "column": 1, "witness": {"text": "s = stream\n", "trace": {"default_stream": "legacy", "steps": []}}},
                {"rule": "q", "file": "f.cu", "line": 4}]}"#,
        );
        let other = write(
            "per-thread.json",
            r#"{"diagnostics": [{"rule": "r", "file": "f.cu", "line": 3}, {"rule": "p", "file": "g.cu", "line": 1}]}"#,
        );
        let read = Diagnostics::read(&[legacy, other]).unwrap();
        assert_eq!(read.diagnostics.len(), 3);
        assert_eq!(read.rules_of("f.cu"), ["q", "r"]);
        let current = read.current();
        assert_eq!(current[0].trace, sha256(b"s = stream\n"));
        assert_eq!(current[1].trace, "");
        let broken = write("broken.json", "{}");
        assert!(Diagnostics::read(&[broken]).unwrap_err().to_string().contains("broken.json is no report"));
    }
}
