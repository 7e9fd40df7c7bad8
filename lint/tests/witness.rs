//! The witness of every finding over all fixtures: it stands alone, ends where the finding stands, the judge
//! sees in it what the rule says, and its repaired twin is free of it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use cuda_lint_engine::rules;
use cuda_lint_engine::trace::judge::{Conflict, Hazard, judge};
use cuda_lint_engine::trace::repair::repair;
use cuda_lint_engine::trace::validate::validate;
use cuda_lint_engine::trace::{Position, Trace, text};
use serde_json::Value;

/// What is hidden by default has a witness like the rest.
const EVERYTHING: [&str; 4] = ["--min-confidence", "possible", "--min-severity", "info"];

/// What only the whole program shows has no trace.
fn is_without_witness(rule: &str) -> bool {
    rules::find(rule).is_some_and(|rule| rule.witness.takes_the_program())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The findings of a run over the fixtures.
fn findings(mode: &str, least: &[&str]) -> Result<Vec<Value>, Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .args(["--format", "json", "--default-stream", mode])
        .args(least)
        .arg("fixtures")
        .current_dir(root())
        .output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    Ok(report["diagnostics"].as_array().cloned().unwrap_or_default())
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
                    "temporary-source" => *conflict == Conflict::UseThenRelease,
                    "free-while-in-flight" => *conflict == Conflict::UseThenRelease && relies_on.is_some(),
                    "managed-access-in-flight" => *conflict != Conflict::UseThenRelease,
                    "callback-userdata-lifetime" => {
                        matches!(conflict, Conflict::UseThenRelease | Conflict::ReadThenWrite)
                    }
                    // Too early, or freed too early.
                    "async-alloc-misuse" => true,
                    "pageable-copy-as-sync" | "async-result-escapes" => {
                        relies_on.is_some() && *conflict != Conflict::UseThenRelease
                    }
                    "cross-stream-unordered" | "nonblocking-vs-default-race" | "stream-forgotten" => {
                        *conflict != Conflict::UseThenRelease
                    }
                    "cudarc-raw-async-lifetime"
                    | "cudarc-pinned-as-slice"
                    | "cudarc-lost-event"
                    | "cudarc-guard-dropped"
                    | "cudarc-untracked-streams" => true,
                    "event-never-recorded" | "event-record-wrong-stream" | "unjoined-fork" => {
                        *conflict == Conflict::WriteThenRead
                    }
                    _ => false,
                }
        }
        Hazard::HostTouchesDevice { step, .. } => rule == "host-deref-device-pointer" && *step == last,
        Hazard::WrongKind { step } => rule == "memcpy-kind-mismatch" && *step == last,
        Hazard::WrongRelease { step, .. } => rule == "free-kind-mismatch" && *step == last,
        Hazard::CallInHostFunction { step, .. } => rule == "api-call-in-callback" && *step == last,
        Hazard::PageableCopy { step } => rule == "pageable-async-copy" && *step == last,
        Hazard::StreamAsArgument { step } => {
            ["stream-as-kernel-argument", "default-stream-serialization"].contains(&rule) && *step == last
        }
        Hazard::NoTime { step, .. } => {
            ["event-elapsed-misuse", "cudarc-event-timing-disabled"].contains(&rule) && *step == last
        }
        Hazard::UseAfterRelease { step, .. } => {
            *step == last
                && ["device-use-after-free", "handle-use-after-destroy", "async-alloc-misuse"].contains(&rule)
        }
        Hazard::CapturedBufferReleased { launch, .. } => {
            *launch == last && ["captured-host-buffer-lifetime", "device-use-after-free"].contains(&rule)
        }
        // A capture that is lost has an end all the same.
        Hazard::CaptureIllegal { .. } => rule == "capture-illegal-call" || rule == "capture-structure",
        Hazard::CaptureUnjoined { step, .. } => rule == "capture-structure" && *step == last,
        Hazard::MadeEachRound { step } => rule == "sync-alloc-in-loop" && *step == last,
        // What comes later tells that it was not needed, that there was an error, that nothing goes on.
        Hazard::NeedlessWait { .. } => rule == "redundant-host-sync",
        Hazard::NeverAwaited { step, .. } => rule == "missing-final-sync" && *step == last,
        Hazard::TimedTooEarly { step, .. } => rule == "timing-without-sync" && *step == last,
        Hazard::ErrorUnseen { .. } => rule == "async-error-unobserved",
        Hazard::WaitInHostFunction { .. } => rule == "callback-waits",
    }
}

/// What is wrong with the witness of a finding.
fn check(finding: &Value) -> Result<(), String> {
    let rule = finding["rule"].as_str().unwrap_or_default();
    let Some(witness) = finding.get("witness") else {
        return if is_without_witness(rule) { Ok(()) } else { Err("no witness".into()) };
    };
    let written = witness["text"].as_str().unwrap_or_default();
    let trace: Trace<Position> =
        serde_json::from_value(witness["trace"].clone()).map_err(|why| why.to_string())?;
    match text::parse(written) {
        Ok(parsed) if parsed == trace => {}
        other => return Err(format!("the text form reads as {other:?}\n{written}")),
    }
    if let Err(problems) = validate(&trace) {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        return Err(format!("it cannot be run: {}\n{written}", problems.join("; ")));
    }
    let last = trace.steps.len() - 1;
    let hazards = judge(&trace);
    let Some(hazard) = hazards.iter().find(|hazard| fits(rule, hazard, last)) else {
        return Err(format!("the judge sees {hazards:?}\n{written}"));
    };
    // What is to be mended may be the first of the two accesses: that which names no stream.
    let places = match hazard {
        Hazard::Unordered { pending, .. } if rule == "stream-forgotten" => vec![last, *pending],
        // The work that is left stands where it was enqueued.
        Hazard::NeverAwaited { pending, .. } => vec![*pending],
        _ => vec![hazard.step()],
    };
    let is_at = |said: &Value, it: &Position| said["file"] == it.file.as_str() && said["line"] == it.line;
    let is_step =
        |said: &Value, step: usize| trace.steps[step].place.as_ref().is_some_and(|it| is_at(said, it));
    let shows = |said: &Value| places.iter().any(|step| is_step(said, *step));
    // A call that leaves the stream out is no step itself: it names the operation that gets the default one.
    let is_call = rule == "stream-forgotten" && !(0..=last).any(|step| is_step(finding, step));
    let related = finding["related"].as_array().map_or(&[][..], Vec::as_slice);
    if !(shows(finding) || (is_call && related.iter().any(shows))) {
        return Err(format!("it shows at another place\n{written}"));
    }
    let Some(twin) = repair(&trace, hazard) else {
        return Err(format!("there is no repair for {hazard:?}\n{written}"));
    };
    let after = judge(&twin);
    // Steps are renumbered by the repair: what counts is that one is gone and none has come.
    if after.len() >= hazards.len() {
        return Err(format!("the repair leaves {after:?}\n{}", text::print(&twin)));
    }
    Ok(())
}

fn all_are_right(findings: &[Value]) {
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
    all_are_right(&findings("legacy", &EVERYTHING).unwrap());
}

#[test]
fn every_finding_of_a_per_thread_build_has_one_too() {
    all_are_right(&findings("per-thread", &EVERYTHING).unwrap());
}

/// What stands in a witness beside the two accesses, by example. Places are left out.
#[test]
fn a_witness_holds_what_explains_the_finding_and_no_more() {
    let cases = [
        // Who makes what the pending copy reads, and the release that hides the race today.
        (
            "host-read-before-sync/misuse_hidden_by_free.cu",
            "stream = stream\nh_out = pinned 256\nd_out = device 256\nd_scratch = device 1048576\n\
             fill d_out[0..256] on stream\n\
             copy h_out[0..256] <- d_out[0..256] as device-to-host on stream\n\
             free d_scratch with cudaFree\nhost-read h_out[0..4]\n",
        ),
        // An event that is recorded too early.
        (
            "cross-stream-unordered/misuse_event_too_early.cu",
            "first = stream\nsecond = stream\nproduced = event\nd_data = device 1024\nd_out = device 1024\n\
             record produced on first\nlaunch produce writes d_data[0..1024] on first\n\
             wait second for produced\n\
             launch consume reads d_data[0..1024] writes d_out[0..1024] on second\n",
        ),
        // A wait for another stream.
        (
            "cross-stream-unordered/misuse_wait_for_consumer.cu",
            "producer = stream non-blocking\nconsumer = stream non-blocking\n\
             d_data = device 1024\nd_out = device 1024\n\
             launch produce writes d_data[0..1024] on producer\nsynchronize consumer\n\
             launch consume reads d_data[0..1024] writes d_out[0..1024] on consumer\n",
        ),
        // A graph that is launched, with what it holds as far as that matters.
        (
            "host-read-before-sync/misuse_graph_launch.cu",
            "stream = stream\nh_out = pinned 4\nd_out = device 4\nbegin-capture stream\n\
             launch compute reads d_out[0..4] writes d_out[0..4] on stream\n\
             copy h_out[0..4] <- d_out[0..4] as device-to-host on stream\n\
             graph = end-capture stream\nlaunch-graph graph on stream\nhost-read h_out[0..4]\n",
        ),
        // Memory whose allocation is out of sight is of the kind that the rule presumes.
        (
            "pageable-copy-as-sync/misuse_unseen.cu",
            "stream = stream\nh_norm = pageable 4\nd_norm = device 4\n\
             copy h_norm[0..4] <- d_norm[0..4] as device-to-host on stream\nhost-read h_norm[0..4]\n",
        ),
    ];
    let findings = findings("legacy", &[]).unwrap();
    for (fixture, expected) in cases {
        let (rule, _) = fixture.split_once('/').unwrap();
        let file = format!("fixtures/{fixture}");
        let found = findings.iter().find(|it| it["file"] == file.as_str() && it["rule"] == rule).unwrap();
        let text = found["witness"]["text"].as_str().unwrap();
        let bare: String =
            text.lines().map(|line| format!("{}\n", line.split(" @ ").next().unwrap_or(line))).collect();
        assert_eq!(bare, expected, "{fixture}");
    }
}
