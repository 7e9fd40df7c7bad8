//! `--real-headers`: the findings are those of the embedded declarations; what is missing is said.
//!
//! The headers are hand-written ones, so that the tests need no toolkit and no compiler. What the headers of
//! real toolkits give over all fixtures is recorded in `lint/docs/real-headers.md`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FIXTURES: [&str; 4] = [
    "fixtures/host-read-before-sync/misuse.cu",
    "fixtures/host-read-before-sync/correct.cu",
    "fixtures/free-while-in-flight/misuse.cu",
    "fixtures/api-call-in-callback/misuse.cu",
];

/// Code that only the hand-written headers show, with a container whose class has bodies there.
const ONLY_THERE: &str = "#include <cuda_runtime.h>
#include <vector>
__device__ int counter;
__global__ void fill(float *p, float v) { p[threadIdx.x] = v; __syncthreads(); }
float f(float *d, cudaStream_t s) {
    float *h;
    cudaMallocHost(&h, 4);
    fill<<<1, 1, 0, s>>>(d, 1.0f);
    cudaMemcpyAsync(h, d, ONLY_IN_REAL_HEADERS, cudaMemcpyDeviceToHost, s);
    return h[0];
}
void g(float *d, cudaStream_t s) {
    std::vector<float> v(16);
    cudaMemcpyAsync(d, v.data(), 64, cudaMemcpyHostToDevice, s);
    cudaMemcpyToSymbol(counter, d, 4);
    cudaStreamSynchronize(s);
}
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn headers(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_headers").join(name).display().to_string()
}

fn run(arguments: &[&str], flags: &[&str], folder: &Path) -> io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    command.args(["--format", "json"]).args(arguments);
    if !flags.is_empty() {
        command.arg("--").args(flags);
    }
    command.current_dir(folder).output()
}

/// Runs with the hand-written headers and nothing else.
fn with_headers(files: &[&str], folder: &Path) -> io::Result<Output> {
    let (toolkit, system) = (headers("toolkit"), headers("system"));
    let resources = format!("-resource-dir={system}");
    let arguments = [&["--real-headers", toolkit.as_str()], files].concat();
    run(&arguments, &["-nostdinc", &resources, "-isystem", &system], folder)
}

/// File, line and rule of each finding.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn found(output: &Output) -> BTreeSet<(String, u64, String)> {
    let text = String::from_utf8_lossy(&output.stderr);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let diagnostics = json["diagnostics"].as_array().unwrap();
    assert_eq!(json["files"]["partial"].as_array().map(Vec::len), Some(0), "{json}");
    diagnostics
        .iter()
        .map(|it| (word(&it["file"]), it["line"].as_u64().unwrap(), word(&it["rule"])))
        .collect()
}

#[test]
fn findings_are_those_of_the_embedded_declarations() {
    let embedded = found(&run(&FIXTURES, &[], &root()).unwrap());
    let real = found(&with_headers(&FIXTURES, &root()).unwrap());
    assert!(embedded.len() >= 3, "{embedded:?}");
    assert_eq!(embedded, real);
}

#[test]
fn what_the_headers_define_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cu"), ONLY_THERE).unwrap();
    let real = found(&with_headers(&["a.cu"], folder.path()).unwrap());
    assert!(
        real.iter().any(|(_, line, rule)| (*line, rule.as_str()) == (10, "host-read-before-sync")),
        "{real:?}"
    );
    let dump = with_headers(&["--dump", "program", "a.cu"], folder.path()).unwrap();
    let dump = String::from_utf8(dump.stdout).unwrap();
    assert!(dump.contains("= 4242 @"), "{dump}");
    // Classes of the system have bodies, and are still known by their names only.
    assert!(dump.contains("extern std::vector::data") && !dump.contains("fn 2"), "{dump}");
}

#[test]
fn what_is_missing_is_said_once_and_nothing_is_analysed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.cu", "b.cu"] {
        std::fs::write(folder.path().join(name), ONLY_THERE).unwrap();
    }
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let (toolkit, system) = (headers("toolkit"), headers("system"));
    let resources = format!("-resource-dir={system}");
    for (toolkit, flags, complaint) in [
        ("nowhere", &[][..], "there is no folder 'nowhere'"),
        ("empty", &[], "'empty' holds no CUDA headers: there is no include/cuda_runtime.h"),
        (toolkit.as_str(), &["-nostdinc", resources.as_str()], "<cstdlib>, <vector> not found by"),
    ] {
        let arguments = ["--real-headers", toolkit, "-j", "2", "a.cu", "b.cu"];
        let output = run(&arguments, flags, folder.path()).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{stderr}");
        assert!(stderr.contains(complaint) && stderr.matches("cuda-lint: ").count() == 1, "{stderr}");
    }
}
