//! Reports for other tools, into files and on standard output.

mod project;

use std::process::{Command, Stdio};

use project::{Project, READ, early_read};
use serde_json::Value;

#[test]
fn several_reports_are_written_in_one_run() {
    let project = Project::new(&[("src/a.cu", &early_read("f", READ))]);
    let outputs =
        ["sarif=r.sarif", "gitlab=gl.json", "junit=j.xml", "github=gh.txt", "short=s.txt", "json=r.json"];
    let arguments: Vec<&str> = outputs.iter().flat_map(|output| ["--output", output]).collect();
    let outcome = project.run(&[&arguments[..], &["src"]].concat());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
    assert!(outcome.stdout.ends_with("1 error in 1 file\n"), "{}", outcome.stdout);

    let sarif: Value = serde_json::from_str(&project.read("r.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "host-read-before-sync");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"src/a.cu".into(), &7.into())
    );
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    assert!(steps.len() >= 4, "{steps:?}");
    let last = &steps[steps.len() - 1]["location"];
    assert_eq!(last["physicalLocation"]["region"]["startLine"], 7);
    assert!(last["message"]["text"].as_str().unwrap().starts_with("host-read h["));

    let gitlab: Value = serde_json::from_str(&project.read("gl.json")).unwrap();
    assert_eq!(
        (&gitlab[0]["severity"], &gitlab[0]["location"]["path"]),
        (&"critical".into(), &"src/a.cu".into())
    );
    assert!(
        project.read("j.xml").contains("<testcase classname=\"src/a.cu\" name=\"host-read-before-sync at 7:")
    );
    assert!(project.read("gh.txt").starts_with("::error file=src/a.cu,line=7,"));
    assert!(project.read("s.txt").starts_with("src/a.cu:7:"));
    let json: Value = serde_json::from_str(&project.read("r.json")).unwrap();
    assert_eq!(json["statistics"]["host-read-before-sync"], 1);
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let text = early_read("f", READ);
    let project = Project::new(&[("a.cu", &text)]);
    let print = || {
        let sarif: Value = serde_json::from_str(&project.run(&["--format", "sarif", "a.cu"]).stdout).unwrap();
        sarif["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    let before = print();
    assert!(before.is_object(), "{before}");
    project.write(&[("a.cu", &format!("// one\n// two\n{text}"))]);
    assert_eq!(print(), before);
}

#[test]
fn failures_are_in_the_report_and_the_exit_code() {
    let project = Project::new(&[("a.cu", &early_read("f", READ))]);
    let outcome = project.run(&["--format", "sarif", "a.cu", "missing.cu"]);
    assert_eq!(outcome.code, Some(2));
    let sarif: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 2);
    let said = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(said, "missing.cu: no such file or folder");
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_analysed() {
    let project = Project::new(&[("a.cu", &early_read("f", READ))]);
    let outcome = project.run(&["--output", "sarif=no/such/r.sarif", "a.cu"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    let expected =
        "cuda-lint: cannot write no/such/r.sarif: its folder is not there; make the folder first\n";
    assert_eq!(outcome.stderr, expected);
    let outcome = project.run(&["--output", "short=s.txt", "--output", "json=s.txt", "a.cu"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.contains("two reports cannot both go to s.txt"), "{}", outcome.stderr);
    let outcome = project.run(&["--output", "text=s.txt", "a.cu"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("formats are pretty, short, json, sarif, github, gitlab, junit"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_is_no_clean_run() {
    let project = Project::new(&[("a.cu", "#include <cuda_runtime.h>\nvoid f() {}\n")]);
    let outcome = project.run(&["--output", "sarif=/dev/full", "a.cu"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.starts_with("cuda-lint: cannot write /dev/full: No space left"),
        "{}",
        outcome.stderr
    );
}

/// Everything that prints.
const PRINTING: [&str; 22] = [
    "--format pretty a.cu",
    "--format short a.cu",
    "--format json plain.cu",
    "--format sarif a.cu",
    "--format github a.cu",
    "--format gitlab plain.cu",
    "--format junit plain.cu",
    "--statistics plain.cu",
    "--show-config plain.cu",
    "--show-files plain.cu",
    "--dump program a.cu",
    "witness a.cu:7",
    "baseline plain.cu",
    "init --force",
    "rules",
    "rules --format json",
    "explain host-read-before-sync",
    "completions bash",
    "manual",
    "config-schema",
    "--help",
    "--version",
];

/// Runs a command with its output going somewhere.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn run_into(project: &Project, command: &str, to: Stdio) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .args(command.split(' '))
        .current_dir(project.root())
        .stdout(to)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn whatever_is_printed_a_full_disk_and_a_closed_pipe_end_it_cleanly() {
    let project = Project::new(&[("a.cu", &early_read("f", READ)), ("plain.cu", "int x;\n")]);
    for command in PRINTING {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = "cuda-lint: cannot write to standard output: No space left on device (os error 28)\n";
        assert_eq!(run_into(&project, command, full.into()), (Some(2), said.to_owned()), "{command}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run_into(&project, command, writer.into()), (Some(0), String::new()), "{command}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_file_that_is_written_may_lie_where_nothing_can_be_written() {
    let project = Project::new(&[("a.cu", &early_read("f", READ)), ("file", "")]);
    for (place, reason) in [
        ("/dev/full", "No space left on device (os error 28); make room, or choose another place"),
        ("no/such/file", "its folder is not there; make the folder first"),
        ("file/in-it", ""),
        (".", "; name a file in it"),
    ] {
        let reports = ["pretty", "short", "json", "sarif", "github", "gitlab", "junit"];
        let reports =
            reports.map(|format| vec!["--output".to_owned(), format!("{format}={place}"), "a.cu".to_owned()]);
        let baseline = vec!["baseline".to_owned(), "--baseline".to_owned(), place.to_owned()];
        for arguments in reports.into_iter().chain([baseline]) {
            let outcome = project.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(outcome.code, Some(2), "{arguments:?}");
            let said = outcome.stderr.trim_end();
            assert!(said.starts_with(&format!("cuda-lint: cannot write {place}: ")), "{said}");
            assert!(said.ends_with(reason) && !said.contains('\n'), "{said}");
        }
    }
    std::os::unix::fs::symlink("/dev/full", project.root().join("cuda-lint.toml")).unwrap();
    let outcome = project.run(&["init", "--force"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("cuda-lint.toml: No space left"), "{}", outcome.stderr);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    let command =
        command.args(["--no-config", "a.cu"]).current_dir(project.root()).env("TMPDIR", "/proc/none");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("cuda-lint: cannot run the analysis: nothing can be written in /proc/none"),
        "{said}"
    );
}

#[test]
fn counts_stand_in_place_of_findings() {
    let twice = format!("{}{}", early_read("f", READ), early_read("g", READ));
    let project = Project::new(&[("a.cu", &twice)]);
    let outcome = project.run(&["--statistics", "a.cu"]);
    assert_eq!(outcome.stdout, "2  error        host-read-before-sync\n2 errors in 1 file\n");
    assert_eq!(
        project.run(&["--statistics", "-q", "a.cu"]).stdout,
        "2  error        host-read-before-sync\n"
    );
}
