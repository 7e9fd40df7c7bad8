//! The command as a shell sees it: what it prints where, and its exit codes.

use std::io;
use std::path::Path;
use std::process::{Command, Output};

fn cuda_lint(arguments: &[&str], folder: &Path) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_cuda-lint")).args(arguments).current_dir(folder).output()
}

/// Exit code, standard output and standard error.
fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_path_that_does_not_exist_is_said_and_is_no_clean_run() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = texts(&cuda_lint(&["src/missing.cu"], folder.path()).unwrap());
    assert_eq!(code, Some(2));
    assert_eq!(stderr, "cuda-lint: src/missing.cu: no such file or folder\n");
}

#[test]
fn a_folder_without_sources_is_said_and_is_no_clean_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.md"), "nothing").unwrap();
    let (code, stdout, stderr) = texts(&cuda_lint(&["--format", "json", "."], folder.path()).unwrap());
    assert_eq!(code, Some(2));
    assert!(stderr.starts_with("cuda-lint: .: holds no C, C++ or CUDA source file"), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["files"]["failed"][0]["path"], ".");
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (code, list, _) = texts(&cuda_lint(&["rules"], folder.path()).unwrap());
    assert_eq!(code, Some(0));
    let first = list.split_whitespace().next().unwrap();
    let (code, explanation, _) = texts(&cuda_lint(&["explain", first], folder.path()).unwrap());
    assert_eq!(code, Some(0));
    assert!(explanation.contains("## What it does"), "{explanation}");
    let (code, stdout, stderr) = texts(&cuda_lint(&["explain", "no-such-rule"], folder.path()).unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("there is no rule `no-such-rule`"), "{stderr}");
}

#[test]
fn misuse_of_the_command_is_exit_code_two_and_help_is_zero() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &["check"], &["--timeout", "soon", "."], &["explain"]] {
        let (code, stdout, stderr) = texts(&cuda_lint(arguments, folder.path()).unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"]] {
        assert_eq!(cuda_lint(arguments, folder.path()).unwrap().status.code(), Some(0));
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["rules"][..], &["explain", "host-read-before-sync"], &["--format", "json", "."]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(writer)
            .output()
            .unwrap();
        let (code, _, stderr) = texts(&output);
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("cannot write"), "{stderr}");
    }
}
