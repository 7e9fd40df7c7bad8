//! The command as a shell sees it: what it prints where, and its exit codes.

use std::collections::BTreeSet;
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
    assert!(stderr.starts_with("cuda-lint: .: holds no C, C++, CUDA or Rust source file"), "{stderr}");
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
         \x20   static int *h;\n\
         \x20   cudaMallocHost(&h, 64);\n\
         \x20   cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, stream);\n\
         \x20   {wait}\n\
         \x20   return h[0];\n\
         }}\n"
    )
}

#[test]
fn the_witness_of_a_line_is_printed_and_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), program("cudaGetLastError();")).unwrap();
    let expected = "s = stream\n\
                    d = device 64\n\
                    h = pinned 64 @ a.cu:4:5\n\
                    copy h[0..64] <- d[0..64] as device-to-host on s @ a.cu:5:5\n\
                    call cudaGetLastError @ a.cu:6:5\n\
                    host-read h[0..4] @ a.cu:7:12\n";
    let expected = expected.replace("s = stream", "stream = stream").replace("on s ", "on stream ");
    for place in ["a.cu:7", "a.cu:7:12"] {
        let (code, stdout, stderr) = texts(&cuda_lint(&["witness", place, "-q"], folder.path()).unwrap());
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let (comment, trace) = stdout.split_once('\n').unwrap();
        assert!(comment.starts_with("# host-read-before-sync (error, certain): `h` is read"), "{comment}");
        assert_eq!(trace, expected);
    }
    let (_, stdout, _) = texts(&cuda_lint(&["--format", "json", "a.cu"], folder.path()).unwrap());
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let witness = &json["diagnostics"][0]["witness"];
    assert_eq!(witness["text"], expected);
    assert_eq!(witness["trace"]["steps"][5]["do"], "host-read");
    assert_eq!(witness["trace"]["steps"][5]["place"]["line"], 7);
}

#[test]
fn a_line_without_a_finding_has_no_witness_and_says_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), program("")).unwrap();
    let (code, stdout, stderr) = texts(&cuda_lint(&["witness", "a.cu:5"], folder.path()).unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_eq!(stderr, "cuda-lint: a.cu:5: nothing is found at this line; there is a finding in line 7\n");

    let (code, _, stderr) = texts(&cuda_lint(&["witness", "b.cu:5"], folder.path()).unwrap());
    assert_eq!((code, stderr.as_str()), (Some(2), "cuda-lint: b.cu: no such file or folder\n"));
    let (code, _, stderr) = texts(&cuda_lint(&["witness", "a.cu"], folder.path()).unwrap());
    assert_eq!(code, Some(2));
    assert!(stderr.contains("src/app.cu:42"), "{stderr}");
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
fn rust_is_read_beside_cuda_and_what_is_no_rust_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let rust = "use cudarc::driver::CudaContext;\nfn main() {\n    let context = CudaContext::new(0).unwrap();\n    \
        let stream = context.new_stream().unwrap();\n    let device = stream.alloc_zeros::<f32>(9).unwrap();\n    \
        let mut host = unsafe { context.alloc_pinned::<f32>(9) }.unwrap();\n    \
        stream.memcpy_dtoh(&device, host.as_mut_slice().unwrap()).unwrap();\n    \
        println!(\"{:?}\", host.as_slice().unwrap());\n}\n";
    std::fs::write(folder.path().join("a.rs"), rust).unwrap();
    std::fs::write(folder.path().join("b.rs"), "fn f() {\n    let = CudaContext::new(0);\n}\n").unwrap();
    std::fs::write(folder.path().join("c.rs"), "fn main() {}\n").unwrap();
    std::fs::write(folder.path().join("d.cu"), program("")).unwrap();
    let (code, stdout, stderr) = texts(&cuda_lint(&["--format", "json", "."], folder.path()).unwrap());
    assert_eq!(code, Some(2));
    assert!(stderr.starts_with("cuda-lint: b.rs: it is not valid Rust: line 2, column "), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let found: Vec<_> = json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["file"].as_str().unwrap(), it["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("a.rs", 8), ("d.cu", 7)]);
    assert_eq!(json["files"]["skipped"], 1);
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

/// Runs the command over files beside `good.cu`, whose finding must be printed in any case.
///
/// Gives back the exit code, the paths that failed, and standard error. Nothing may be written.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn beside_a_good_file(prepare: impl Fn(&Path), arguments: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.cu"), program("")).unwrap();
    prepare(folder.path());
    let names = || -> BTreeSet<_> {
        folder.path().read_dir().unwrap().flatten().map(|entry| entry.file_name()).collect()
    };
    let before = names();
    let (code, stdout, stderr) =
        texts(&cuda_lint(&[&["--format", "json"], arguments].concat(), folder.path()).unwrap());
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    let found = json["diagnostics"].as_array().unwrap();
    let good: Vec<_> = found.iter().filter(|it| it["file"] == "good.cu").collect();
    assert_eq!(good.len(), 1, "{stdout}");
    assert_eq!((&good[0]["rule"], &good[0]["line"]), (&"host-read-before-sync".into(), &7.into()));
    let root = folder.path().canonicalize().unwrap();
    let name =
        |path: &str| Path::new(path).strip_prefix(&root).unwrap_or(Path::new(path)).display().to_string();
    let failed = json["files"]["failed"].as_array().unwrap();
    let failed = failed.iter().map(|it| name(it["path"].as_str().unwrap())).collect();
    assert_eq!(names(), before, "a file was written");
    assert!(!stderr.contains("panicked") && !stderr.contains("internal error"), "{stderr}");
    (code, failed, stderr)
}

#[test]
fn truncated_files_are_read_as_far_as_they_go() {
    let whole = program("");
    for end in (0..whole.len()).step_by(23) {
        let (code, failed, stderr) = beside_a_good_file(
            |root| std::fs::write(root.join("cut.cu"), &whole[..end]).unwrap(),
            &["cut.cu", "good.cu"],
        );
        assert_eq!((code, failed), (Some(1), Vec::new()), "cut at {end}: {stderr}");
    }
}

#[test]
fn a_missing_include_costs_no_finding() {
    let (code, failed, stderr) = beside_a_good_file(
        |root| {
            let text =
                format!("#include \"nowhere/at/all.h\"\n#include <not/installed.hpp>\n{}", program(""));
            std::fs::write(root.join("more.cu"), text).unwrap();
        },
        &["."],
    );
    assert_eq!((code, failed, stderr.as_str()), (Some(1), Vec::new(), ""));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_said_beside_what_can() {
    use std::fs::{Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    let prepare = |root: &Path| {
        write(root.join("noise.cu"), (0..=255).cycle().take(9_000).collect::<Vec<u8>>()).unwrap();
        write(root.join("locked.cu"), program("")).unwrap();
        set_permissions(root.join("locked.cu"), Permissions::from_mode(0o0)).unwrap();
        symlink("nowhere.cu", root.join("dangling.cu")).unwrap();
        create_dir(root.join("folder.cu")).unwrap();
        create_dir(root.join("deep")).unwrap();
        symlink("..", root.join("deep/loop")).unwrap();
        symlink("self.cu", root.join("self.cu")).unwrap();
    };
    let named = ["good.cu", "noise.cu", "locked.cu", "dangling.cu", "folder.cu", "deep", "self.cu"];
    let (code, mut failed, stderr) = beside_a_good_file(prepare, &named);
    assert_eq!(code, Some(2));
    // Root may read everything.
    failed.retain(|path| path != "locked.cu");
    assert_eq!(failed, ["dangling.cu", "deep", "folder.cu", "noise.cu", "self.cu"]);
    for line in [
        "cuda-lint: dangling.cu: no such file or folder\n",
        "cuda-lint: folder.cu: holds no C, C++, CUDA or Rust source file",
        "cuda-lint: noise.cu: is no source text",
        "cuda-lint: self.cu: cannot be read: ",
    ] {
        assert_eq!(stderr.matches(line).count(), 1, "{line}: {stderr}");
    }
    assert_eq!(stderr.contains("locked.cu: cannot be read: Permission denied"), stderr.contains("locked"));
}

#[test]
fn a_broken_compilation_database_that_lies_about_is_said_once_and_costs_no_finding() {
    for (text, complaint) in [
        ("[{]", "is no compilation database: key must be a string at line 1 column 3"),
        ("", "is no compilation database: EOF"),
        ("{\"file\": \"good.cu\"}", "is no compilation database: "),
        ("[{\"file\": 1, \"command\": []}]", "is no compilation database: invalid type"),
        ("[{\"directory\": \".\"}]", "entry 0 (counted from 0) names no \"file\""),
        (
            "[{\"file\": \"good.cu\", \"command\": \"nvcc 'open\"}]",
            "has a \"command\" with an unclosed quote",
        ),
    ] {
        let (code, failed, stderr) = beside_a_good_file(
            |root| std::fs::write(root.join("compile_commands.json"), text).unwrap(),
            &["-j", "2", "."],
        );
        assert_eq!((code, failed), (Some(2), vec!["compile_commands.json".to_owned()]), "{text}: {stderr}");
        assert!(stderr.matches(complaint).count() == 1 && stderr.contains("generate it again"), "{stderr}");
    }
}

#[test]
fn hostile_entries_of_a_compilation_database_do_nothing() {
    let arguments = [
        "nvcc",
        "-fplugin=evil.so",
        "-Xclang",
        "-load",
        "-Xclang",
        "evil.so",
        "-o",
        "written",
        "-MD",
        "-MF",
        "written",
        "-save-temps",
        "--serialize-diagnostics",
        "written",
        "@/dev/zero",
        "-include",
        "/dev/zero",
        "-x",
        "ir",
        "-std=nonsense",
        "-D",
        "A(\n#error",
        "-I",
        "",
        "-ivfsoverlay",
        "evil",
        "good.cu",
    ];
    let nul = "\u{0}-Inul";
    let (code, failed, stderr) = beside_a_good_file(
        |root| {
            let arguments: Vec<_> = arguments.iter().copied().chain([nul]).collect();
            let entry = serde_json::json!([
                { "directory": "../../../../../../..", "file": "../../etc/passwd", "arguments": [] },
                { "directory": root, "file": "good.cu", "arguments": arguments },
            ]);
            std::fs::write(root.join("compile_commands.json"), entry.to_string()).unwrap();
        },
        &["--timeout", "20", "good.cu"],
    );
    assert_eq!((code, failed), (Some(2), vec!["/dev/zero".to_owned()]), "{stderr}");
    assert!(
        stderr.contains("response file lies outside of the build tree") && stderr.lines().count() == 2,
        "{stderr}"
    );
}

#[test]
fn response_files_that_cannot_be_used_are_said_once_and_cost_no_finding() {
    let (code, failed, stderr) = beside_a_good_file(
        |root| {
            std::fs::copy(root.join("good.cu"), root.join("other.cu")).unwrap();
            std::fs::write(root.join("a.rsp"), "-DA @b.rsp").unwrap();
            std::fs::write(root.join("b.rsp"), "@a.rsp @missing.rsp").unwrap();
            let entry = |file: &str| serde_json::json!({ "directory": root, "file": file, "arguments": ["nvcc", "--options-file", "a.rsp", file] });
            let database = serde_json::json!([entry("good.cu"), entry("other.cu")]);
            std::fs::write(root.join("compile_commands.json"), database.to_string()).unwrap();
        },
        &["-j", "2", "--timeout", "20", "."],
    );
    let names: Vec<_> = failed.iter().filter_map(|path| path.rsplit('/').next()).collect();
    assert_eq!((code, names), (Some(2), vec!["a.rsp", "missing.rsp"]), "{stderr}");
    for complaint in ["response file includes itself", "response file cannot be read", "build the project"] {
        assert_eq!(stderr.matches(complaint).count(), 1, "{stderr}");
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

#[test]
fn what_names_its_thread_runs_on_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let code = "#include \"missing.h\"\n#include <cuda_runtime.h>\nMY_KERNEL fill(float *p) { p[threadIdx.x] = 1; }\n\
        void run(float *p) { cudaMalloc(&p, 4); fill<<<1, 1>>>(p); cudaFree(p); }\n";
    std::fs::write(folder.path().join("a.cu"), code).unwrap();
    let (_, stdout, _) = texts(&cuda_lint(&["--format", "json", "a.cu"], folder.path()).unwrap());
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let rules: Vec<_> = json["diagnostics"].as_array().unwrap().iter().map(|it| &it["rule"]).collect();
    assert!(!rules.iter().any(|rule| *rule == "host-deref-device-pointer"), "{rules:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let (folder, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // As many steps as libclang allows in a constant, often: it is at work when the signal comes.
    let sum = "constexpr int sum(int n) { int s = 0; for (int i = 0; i < n; i++) s += i % 7; return s; }\n";
    let constants: String =
        (0..2000).map(|at| format!("static_assert(sum({}) >= 0);\n", 250_000 + at)).collect();
    let text =
        format!("#include <cuda_runtime.h>\n{sum}{constants}void wait() {{ cudaDeviceSynchronize(); }}\n");
    std::fs::write(folder.path().join("slow.cu"), text).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_cuda-lint"))
        .args(["--no-cache", "."])
        .env("TMPDIR", temporary.path())
        .current_dir(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let left = || std::fs::read_dir(temporary.path()).unwrap().count();
    while left() == 0 {
        assert!(run.try_wait().unwrap().is_none(), "it has ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The handler is set right behind that.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let kill = Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert_eq!(left(), 0);
}
