//! The evidence of the repository: there, fresh, and quoted as it is. No GPU is needed for that; the linter's own
//! diagnostics are compared with those that were put before one.
//!
//! With `UPDATE=1` in the environment, the quotes in documents are written anew.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Command;

use cuda_lint_evidence::check::{self, Current, Evidence, both_modes};
use cuda_lint_evidence::{quotes, sha256};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the linter reports for the fixtures, in one mode of the default stream.
fn reported(mode: &str) -> Vec<Current> {
    let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .current_dir(root())
        .args(["--format", "json", "--default-stream", mode, "fixtures"])
        .output()
        .unwrap_or_else(|error| panic!("the linter cannot be run: {error}"));
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
    let Some(diagnostics) = document["diagnostics"].as_array() else {
        panic!("a report without diagnostics")
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |it: &Value| Current {
        rule: text(&it["rule"]),
        file: text(&it["file"]),
        line: it["line"].as_u64().unwrap_or_default() as u32,
        trace: it["witness"]["text"].as_str().map(|text| sha256(text.as_bytes())).unwrap_or_default(),
    };
    // The claims are experiments on CUDA, no fixtures of a rule.
    diagnostics.iter().map(one).filter(|it| !it.file.starts_with("fixtures/claims/")).collect()
}

fn refuse<T: Display>(problems: &[T]) {
    let list: String = problems.iter().map(|problem| format!("  {problem}\n")).collect();
    assert!(
        problems.is_empty(),
        "\n{list}Measure anew with `cuda-lint-runtime evidence` on a machine with an NVIDIA GPU (see \
         lint/docs/evidence.md). Quotes: `UPDATE=1 cargo test -p cuda-lint --test evidence`.\n"
    );
}

#[test]
fn every_rule_has_evidence_and_nothing_has_changed_since() {
    let key = |it: &Current| (it.rule.clone(), it.file.clone(), it.line);
    let current = both_modes(reported("legacy"), reported("per-thread"), key);
    assert!(!current.is_empty(), "the linter reports nothing for the fixtures");
    refuse(&check::check(&root(), &check::catalogue(), Some(&current)));
}

#[test]
fn documents_quote_the_evidence_as_it_is() {
    let evidence = Evidence::read(&root()).unwrap_or_else(|problems| {
        refuse(&problems);
        unreachable!()
    });
    let quotable = quotes::quotable(&evidence, &check::catalogue());
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    refuse(&quotes::check(&root(), &quotable, update).unwrap());
}
