//! `cuda-lint.toml` as a user meets it: wrappers are understood, mistakes are shown with their place, and the
//! platform profile decides what is reported.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// Runs the command in a folder, and gives exit code, standard output and standard error.
fn run(folder: &Path, arguments: &[&str]) -> io::Result<(Option<i32>, String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    let output = command.args(arguments).current_dir(folder).env("NO_COLOR", "1").output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
}

/// Writes files into a folder, runs the command over it, and gives the findings as `line rule`.
fn findings(files: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    find(files, arguments).unwrap_or_else(|error| vec![format!("error: {error}")])
}

fn find(files: &[(&str, &str)], arguments: &[&str]) -> io::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap_or(folder.path()))?;
        fs::write(file, text)?;
    }
    let arguments: Vec<&str> = ["--format", "json", "src"].iter().chain(arguments).copied().collect();
    let (code, stdout, stderr) = run(folder.path(), &arguments)?;
    assert!(matches!(code, Some(0 | 1)), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout)?;
    let found = json["diagnostics"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(found.iter().map(|it| format!("{} {}", it["line"], it["rule"].as_str().unwrap_or_default())).collect())
}

/// Wrappers whose bodies are out of sight: nothing is known of them.
const WRAPPERS: &str = "\
namespace app {
struct Queue { void *impl; };
void *take_pinned(unsigned long bytes);
void fetch(Queue &queue, void *host, const void *device, unsigned long bytes);
void finish(Queue &queue);
}
float twice(app::Queue &queue, const float *device) {
    float *host = (float *)app::take_pinned(4096);
    app::fetch(queue, host, device, 4096);
    float early = host[0];
    app::finish(queue);
    return early + host[1];
}
";

const ROWS: &str = "\
[model]
files = [\"models/queue.rows\"]
rows = '''
app::take_pinned(bytes) -> pinned : none
'''
";

const QUEUE: &str = "\
# The queue carries its stream.
app::fetch(handle dst src bytes) : copy async d2h ; src/queue.h
app::finish(handle)              : host-waits stream
";

#[test]
fn wrappers_are_what_the_rows_say() {
    let files = [("src/a.cpp", WRAPPERS), ("cuda-lint.toml", ROWS), ("models/queue.rows", QUEUE)];
    assert_eq!(findings(&files, &[]), ["10 host-read-before-sync"]);
    // Without the rows the file has not a word of CUDA.
    assert!(findings(&files[..1], &[]).is_empty());
}

#[test]
fn a_row_counts_for_more_than_the_body() {
    let source = "\
#include <cuda_runtime.h>
extern bool done(void *);
static void wait_for(cudaStream_t stream) { while (!done(stream)) { } }
float f(float *device, cudaStream_t stream) {
    static float *host;
    cudaMallocHost(&host, 4096);
    cudaMemcpyAsync(host, device, 4096, cudaMemcpyDeviceToHost, stream);
    wait_for(stream);
    return host[0];
}
";
    let file = ("src/a.cu", source);
    let waits = ("cuda-lint.toml", "[model]\nrows = \"wait_for(stream) : host-waits stream\"\n");
    let nothing = ("cuda-lint.toml", "[model]\nrows = \"wait_for(_) : none\"\n");
    assert!(findings(&[file, waits], &["--min-confidence", "possible"]).is_empty());
    assert_eq!(findings(&[file, nothing], &[]), ["9 host-read-before-sync"]);
}

#[test]
fn mistakes_are_shown_with_their_place_and_end_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.cu"), "int main() {}\n").unwrap();
    let config = "[model]\nrows = \"app::wait(strem) : host-waits stream\"\n[platfor]\n";
    fs::write(folder.path().join("cuda-lint.toml"), config).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["a.cu"]).unwrap();
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    for part in [
        "cuda-lint.toml:2:19",
        "unknown role `strem`",
        "cuda-lint.toml:3:2",
        "no key `platfor`",
        "did you mean `platform`?",
    ] {
        assert!(stderr.contains(part), "{part} is not in\n{stderr}");
    }
    let (code, _, stderr) = run(folder.path(), &["--config", "missing.toml", "a.cu"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(stderr.contains("missing.toml") && stderr.contains("cannot be read"), "{stderr}");
}

#[test]
fn the_version_decides_what_was_removed() {
    let source = "#include <cuda_runtime.h>\nvoid f() { cudaThreadSynchronize(); }\n";
    let file = ("src/a.cu", source);
    assert_eq!(findings(&[file], &[]), ["2 unknown-cuda-api"]);
    assert_eq!(findings(&[file], &["--cuda", "13.0"]), ["2 unknown-cuda-api"]);
    assert!(findings(&[file], &["--cuda", "12.9"]).is_empty());
    let config = ("cuda-lint.toml", "[platform]\ncuda = \"11.8\"\n");
    assert!(findings(&[file, config], &[]).is_empty());
    // The command line counts for more.
    assert_eq!(findings(&[file, config], &["--cuda", "13"]), ["2 unknown-cuda-api"]);
}

#[test]
fn direct_access_to_pageable_memory_makes_a_relied_on_wait_an_error() {
    let source = "\
#include <cuda_runtime.h>
float h[1 << 20];
float f(float *device, cudaStream_t stream) {
    cudaMemcpyAsync(h, device, sizeof h, cudaMemcpyDeviceToHost, stream);
    return h[0];
}
";
    let file = ("src/a.cu", source);
    let config = ("cuda-lint.toml", "[platform]\npageable-access = true\n");
    let errors = ["--min-severity", "error"];
    assert!(findings(&[file], &errors).is_empty());
    assert_eq!(findings(&[file, config], &errors), ["5 pageable-copy-as-sync"]);
}

#[test]
fn the_default_stream_of_the_project_counts() {
    let source = "\
#include <cuda_runtime.h>
__global__ void k(float *);
float f(float *device, float *&pinned) {
    cudaMallocHost(&pinned, 4096);
    k<<<1, 1>>>(device);
    cudaMemcpyAsync(pinned, device, 4096, cudaMemcpyDeviceToHost, cudaStreamPerThread);
    cudaStreamSynchronize(0);
    return pinned[0];
}
";
    let file = ("src/a.cu", source);
    let config = ("cuda-lint.toml", "[platform]\ndefault-stream = \"per-thread\"\n");
    assert!(findings(&[file, config], &["--min-confidence", "possible"]).is_empty());
}

/// Frameworks whose headers are not there.
const FRAMEWORKS: &str = "\
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAGuard.h>
#include <raft/core/resource/cuda_stream.hpp>
#include <rmm/device_scalar.hpp>
#include <cuda_runtime.h>

float *pinned() {
    static float *memory;
    cudaMallocHost(&memory, 4096);
    return memory;
}
void torch_streams(float *d) {
    float *p = pinned();
    auto stream = at::cuda::getCurrentCUDAStream();
    cudaMemcpyAsync(p, d, 4096, cudaMemcpyDeviceToHost, stream);
    at::cuda::getCurrentCUDAStream().synchronize();
    p[0] = 1;
    auto other = at::cuda::getStreamFromPool();
    {
        at::cuda::CUDAStreamGuard guard(other);
        cudaMemcpyAsync(p, d, 4096, cudaMemcpyDeviceToHost, at::cuda::getCurrentCUDAStream());
        other.synchronize();
        p[0] = 2;
    }
    cudaMemcpyAsync(p, d, 4096, cudaMemcpyDeviceToHost, c10::cuda::getCurrentCUDAStream());
    p[0] = 3; // too early
}
void torch_events(float *d, at::cuda::CUDAEvent &event) {
    float *p = pinned();
    auto stream = at::cuda::getCurrentCUDAStream();
    cudaMemcpyAsync(p, d, 4096, cudaMemcpyDeviceToHost, stream);
    event.record(stream);
    event.synchronize();
    p[0] = 1;
}
void rafts(const raft::resources &res, float *d) {
    float *p = pinned();
    raft::update_host(p, d, 1024, raft::resource::get_cuda_stream(res));
    raft::resource::sync_stream(res);
    p[0] = 1;
    auto stream = raft::resource::get_cuda_stream(res);
    raft::update_host(p, d, 1024, stream);
    cudaStreamSynchronize(stream.value());
    p[0] = 2;
    raft::update_host(p, d, 1024, stream);
    p[0] = 3; // too early
}
__global__ void count(int *);
int scalars(rmm::cuda_stream_view stream) {
    rmm::device_scalar<int> counter(stream);
    float *p = pinned();
    count<<<1, 1, 0, stream>>>(counter.data());
    cudaMemcpyAsync(p, counter.data(), 4, cudaMemcpyDeviceToHost, stream);
    int value = counter.value(stream);
    return value + (int)p[0];
}
";

#[test]
fn frameworks_are_known_without_their_headers() {
    let expected: Vec<String> = (1..)
        .zip(FRAMEWORKS.lines())
        .filter(|(_, line)| line.ends_with("// too early"))
        .map(|(number, _)| format!("{number} host-write-before-sync"))
        .collect();
    assert_eq!(findings(&[("src/a.cu", FRAMEWORKS)], &["--min-confidence", "possible"]), expected);
}

/// HIP code with nothing but its own names.
const HIP: &str = "\
#include <hip/hip_runtime.h>
template <class T> __global__ void k(T *p) { p[hipThreadIdx_x] += 1; }
float f(int n) {
    float *d, *h;
    hipStream_t s;
    hipStreamCreateWithFlags(&s, hipStreamNonBlocking);
    hipMalloc(&d, n * sizeof(float));
    hipHostMalloc(&h, n * sizeof(float), hipHostMallocDefault);
    hipLaunchKernelGGL(k<float>, dim3(4), dim3(256), 0, s, d);
    hipMemcpyAsync(h, d, n * 4, hipMemcpyDeviceToHost, s);
    float early = h[0];
    hipStreamSynchronize(s);
    k<<<4, 256, 0, s>>>(d);
    hipFree(d);
    hipFree(h);
    hipStreamDestroy(s);
    return early;
}
";

#[test]
fn hip_is_declared_and_its_frees_wait() {
    let found = findings(&[("src/a.cu", HIP), ("src/b.cpp", HIP)], &[]);
    assert_eq!(
        found,
        [
            "11 host-read-before-sync",
            "15 free-kind-mismatch",
            "11 host-read-before-sync",
            "15 free-kind-mismatch"
        ]
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.cpp"), HIP).unwrap();
    let (_, stdout, _) = run(folder.path(), &["--format", "json", "a.cpp"]).unwrap();
    assert!(stdout.contains("no run on an AMD GPU has confirmed this"), "{stdout}");
}
