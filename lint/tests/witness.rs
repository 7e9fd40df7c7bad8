//! The witness of every finding over all fixtures: it stands alone, ends where the finding stands, the judge
//! sees in it what the rule says, and its repaired twin is free of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use cuda_lint_engine::trace::judge::{Conflict, Hazard, judge};
use cuda_lint_engine::trace::repair::repair;
use cuda_lint_engine::trace::validate::validate;
use cuda_lint_engine::trace::{Position, Trace, text};
use serde_json::Value;

/// What the compiler rejects cannot run.
const WITHOUT_WITNESS: [&str; 1] = ["unknown-cuda-api"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The findings of a run over the fixtures.
fn findings(mode: &str, least: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .args(["--format", "json", "--default-stream", mode])
        .args(least)
        .arg("fixtures")
        .current_dir(root())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["diagnostics"].as_array().unwrap().clone()
}

/// True if a hazard is what a rule speaks of, at the step with which the trace ends.
fn fits(rule: &str, hazard: &Hazard, last: usize) -> bool {
    match hazard {
        Hazard::Unordered { access, conflict, relies_on, .. } => {
            *access == last
                && match rule {
                    "host-read-before-sync" => *conflict == Conflict::WriteThenRead,
                    "host-write-before-sync" => {
                        matches!(conflict, Conflict::ReadThenWrite | Conflict::WriteThenWrite)
                    }
                    "host-buffer-released-in-flight" => *conflict == Conflict::UseThenRelease,
                    "free-while-in-flight" => *conflict == Conflict::UseThenRelease && relies_on.is_some(),
                    "pageable-copy-as-sync" => relies_on.is_some() && *conflict != Conflict::UseThenRelease,
                    "cross-stream-unordered" | "nonblocking-vs-default-race" => {
                        *conflict != Conflict::UseThenRelease
                    }
                    _ => false,
                }
        }
        Hazard::HostTouchesDevice { step, .. } => rule == "host-deref-device-pointer" && *step == last,
        Hazard::WrongKind { step } => rule == "memcpy-kind-mismatch" && *step == last,
        Hazard::WrongRelease { step, .. } => rule == "free-kind-mismatch" && *step == last,
        Hazard::CallInHostFunction { step, .. } => rule == "api-call-in-callback" && *step == last,
        Hazard::PageableCopy { step } => rule == "pageable-async-copy" && *step == last,
        Hazard::StreamAsArgument { step } => rule == "stream-as-kernel-argument" && *step == last,
    }
}

/// What is wrong with the witness of a finding.
fn check(finding: &Value) -> Result<(), String> {
    let rule = finding["rule"].as_str().unwrap();
    let Some(witness) = finding.get("witness") else {
        return if WITHOUT_WITNESS.contains(&rule) { Ok(()) } else { Err("no witness".into()) };
    };
    let written = witness["text"].as_str().unwrap();
    let trace: Trace<Position> = serde_json::from_value(witness["trace"].clone()).unwrap();
    match text::parse(written) {
        Ok(parsed) if parsed == trace => {}
        other => return Err(format!("the text form reads as {other:?}\n{written}")),
    }
    if let Err(problems) = validate(&trace) {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        return Err(format!("it cannot be run: {}\n{written}", problems.join("; ")));
    }
    let last = trace.steps.len() - 1;
    let place = trace.steps[last].place.as_ref();
    let at = |it: &Position| finding["file"] == it.file.as_str() && finding["line"] == it.line;
    if !place.is_some_and(at) {
        return Err(format!("it ends at another place\n{written}"));
    }
    let hazards = judge(&trace);
    let Some(hazard) = hazards.iter().find(|hazard| fits(rule, hazard, last)) else {
        return Err(format!("the judge sees {hazards:?}\n{written}"));
    };
    let Some(twin) = repair(&trace, hazard) else {
        return Err(format!("there is no repair for {hazard:?}\n{written}"));
    };
    let after = judge(&twin);
    // Steps are renumbered by the repair: what counts is that nothing like it is left.
    if after.iter().any(|it| std::mem::discriminant(it) == std::mem::discriminant(hazard))
        && after.len() >= hazards.len()
    {
        return Err(format!("the repair leaves {after:?}\n{}", text::print(&twin)));
    }
    Ok(())
}

fn all_are_right(mode: &str, least: &[&str]) {
    let findings = findings(mode, least);
    assert!(findings.len() > 80, "only {} findings", findings.len());
    let wrong: Vec<String> = findings
        .iter()
        .filter_map(|finding| {
            let at = || format!("{}:{} {}", finding["file"], finding["line"], finding["rule"]);
            check(finding).err().map(|why| format!("{}: {why}", at()))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), findings.len(), wrong.join("\n"));
}

#[test]
fn every_finding_has_a_witness_that_shows_it() {
    all_are_right("legacy", &[]);
}

#[test]
fn every_finding_of_a_per_thread_build_has_one_too() {
    all_are_right("per-thread", &[]);
}
