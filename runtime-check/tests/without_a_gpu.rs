//! The command on a machine without a CUDA driver, as CI and most developers have it.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_cuda-lint-runtime")).args(arguments).output()
}

#[test]
fn it_says_what_it_found_or_what_is_missing() {
    for arguments in [&["device"][..], &["hold", "--milliseconds", "20"]] {
        let output = run(arguments).unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match output.status.code() {
            Some(0) => {
                assert!(stdout.contains("driver: CUDA") || stdout.contains("ms by its events"), "{stdout}")
            }
            Some(2) => {
                assert!(stderr.starts_with("cuda-lint-runtime: "), "{stderr}");
                assert!(!stderr.contains("panicked"), "{stderr}");
                assert!(stdout.is_empty(), "{stdout}");
            }
            other => panic!("{arguments:?}: {other:?}\n{stderr}"),
        }
    }
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces/");
    let output = run(&["replay", "--trials", "1", &format!("{folder}stale-read.trace")]).unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => assert!(stdout.contains("1 confirmed"), "{stdout}"),
        other => assert_eq!((other, stderr.contains("no CUDA driver")), (Some(2), true), "{stdout}{stderr}"),
    }
    let missing = run(&["replay", "nowhere.trace"]).unwrap();
    assert!(String::from_utf8_lossy(&missing.stderr).contains("nowhere.trace cannot be read"));
    let wrong = run(&["replay", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]).unwrap();
    let stderr = String::from_utf8_lossy(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("Cargo.toml"), "{stderr}");
}

#[test]
fn misuse_is_exit_code_two() {
    for arguments in [&[][..], &["hold", "--milliseconds", "0"], &["sing"]] {
        assert_eq!(run(arguments).unwrap().status.code(), Some(2), "{arguments:?}");
    }
}
