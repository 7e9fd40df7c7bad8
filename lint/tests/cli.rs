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

/// A read that does not wait for the copy; with the wait it is correct.
fn program(wait: &str) -> String {
    format!(
        "#include <cuda_runtime.h>\n\
         int first(const int *d, cudaStream_t stream) {{\n\
         \x20   int *h;\n\
         \x20   cudaMallocHost(&h, 64);\n\
         \x20   cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, stream);\n\
         \x20   {wait}\n\
         \x20   return h[0];\n\
         }}\n"
    )
}

#[test]
fn misuse_is_exit_code_one_and_its_correction_zero() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), program("")).unwrap();
    let (code, stdout, stderr) = texts(&cuda_lint(&["--format", "short", "a.cu"], folder.path()).unwrap());
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    assert!(stdout.starts_with("a.cu:7:") && stdout.contains(": error[host-read-before-sync] "), "{stdout}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");

    std::fs::write(folder.path().join("a.cu"), program("cudaStreamSynchronize(stream);")).unwrap();
    let (code, stdout, _) = texts(&cuda_lint(&["a.cu"], folder.path()).unwrap());
    assert_eq!((code, stdout.as_str()), (Some(0), "nothing found in 1 file\n"));
}

#[test]
fn one_bad_file_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), program("")).unwrap();
    std::fs::write(folder.path().join("b.cu"), [0_u8; 4000]).unwrap();
    std::fs::write(folder.path().join("plain.cpp"), "int main() {}\n").unwrap();
    let (code, stdout, stderr) =
        texts(&cuda_lint(&["--format", "json", "-j", "2", "."], folder.path()).unwrap());
    assert_eq!(code, Some(2));
    assert!(stderr.starts_with("cuda-lint: b.cu: "), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["diagnostics"][0]["file"], "a.cu");
    assert_eq!(json["diagnostics"][0]["line"], 7);
    assert_eq!(json["files"]["analysed"], 1);
    assert_eq!(json["files"]["skipped"], 1);
    assert_eq!(json["files"]["failed"][0]["path"], "b.cu");
}

#[test]
fn what_is_given_explicitly_and_cannot_be_used_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.cu", "b.cu"] {
        std::fs::write(folder.path().join(name), program("")).unwrap();
    }
    std::fs::write(folder.path().join("compile_commands.json"), "[{]").unwrap();
    for arguments in [&["--libclang", "nowhere.so", "a.cu", "b.cu"][..], &["-p", ".", "a.cu", "b.cu"]] {
        let (code, stdout, stderr) = texts(&cuda_lint(arguments, folder.path()).unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(stderr.matches("cuda-lint: ").count(), 1, "{stderr}");
    }
}

#[test]
fn the_program_that_the_frontend_makes_can_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), program("")).unwrap();
    let (code, stdout, _) = texts(&cuda_lint(&["--dump", "program", "a.cu"], folder.path()).unwrap());
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("// a.cu\n") && stdout.contains("cudaMemcpyAsync"), "{stdout}");
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .arg("fixtures/host-read-before-sync/misuse.cu")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(root)
        .output()
        .unwrap();
    assert_eq!(texts(&output), (Some(1), shown.to_string(), String::new()));
}
