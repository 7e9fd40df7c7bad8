//! Twins: where a rule's plainest misuse is written in both languages, both give the same findings, and where the
//! correction is, neither gives any.

#[allow(dead_code, reason = "the other tests use the rest")]
mod annotations;

use std::path::{Path, PathBuf};

use annotations::{Found, Mode, Run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What is said of a file, but for the line.
fn said(run: &Run, file: &str) -> Vec<(String, String, String)> {
    let said = |found: &Found| (found.rule.clone(), found.severity.clone(), found.confidence.clone());
    let by_default = |found: &&Found| found.severity != "info";
    let mut all: Vec<_> =
        run.diagnostics.get(file).into_iter().flatten().filter(by_default).map(said).collect();
    all.sort();
    all
}

#[test]
fn the_same_misuse_gives_the_same_findings_in_both_languages() {
    let run = annotations::run(&root(), &["fixtures"], Mode::Legacy, None).unwrap();
    let mut twins = 0;
    for rule in cuda_lint_engine::rules::catalogue() {
        let folder = format!("fixtures/{}", rule.name);
        for name in ["misuse", "correct"] {
            let (cpp, rust) = (format!("{folder}/{name}.cu"), format!("{folder}/{name}.rs"));
            if !root().join(&cpp).exists() || !root().join(&rust).exists() {
                continue;
            }
            twins += 1;
            assert_eq!(said(&run, &cpp), said(&run, &rust), "{cpp} and {rust}");
            assert_eq!(said(&run, &rust).is_empty(), name == "correct", "{rust}");
        }
    }
    assert!(twins >= 30, "{twins}");
}
