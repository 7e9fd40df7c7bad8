//! What the command finds only when it sees several files, and that it keeps programs of one tree apart.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const HEADER: &str = "#pragma once\nint *fetch(int n);\nvoid finish();\n";

const FETCH: &str = "#include \"fetch.h\"\n#include <cuda_runtime.h>\n\
                     static cudaStream_t stream;\n\
                     int *fetch(int n) {\n\
                         static int *device; int *host;\n\
                         cudaStreamCreate(&stream);\n\
                         cudaMallocHost(&host, n * 4);\n\
                         cudaMalloc(&device, n * 4);\n\
                         cudaMemcpyAsync(host, device, n * 4, cudaMemcpyDeviceToHost, stream);\n\
                         return host;\n\
                     }\n\
                     void finish() { cudaStreamSynchronize(stream); }\n";

/// A caller without a word of CUDA.
fn caller(body: &str) -> String {
    format!(
        "#include \"fetch.h\"\nint main() {{\n    int *data = fetch(64);\n    {body}\n    return data[0];\n}}\n"
    )
}

fn write(folder: &Path, files: &[(&str, &str)]) -> std::io::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}

fn report(folder: &Path, paths: &[&str]) -> Result<Value, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    let output = command.args(["--format", "json"]).args(paths).current_dir(folder).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// File, line and rule of what was found.
fn found(report: &Value) -> Vec<String> {
    let place = |it: &Value| format!("{}:{} {}", it["file"], it["line"], it["rule"]).replace('"', "");
    report["diagnostics"].as_array().into_iter().flatten().map(place).collect()
}

#[test]
fn a_host_file_that_calls_into_cuda_is_analysed_and_others_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("fetch.h", HEADER),
        ("fetch.cu", FETCH),
        ("app.cpp", &caller("")),
        ("other.cpp", "int helper(int x) { return x + 1; }\n"),
    ];
    write(folder.path(), &files).unwrap();
    let all = report(folder.path(), &["."]).unwrap();
    assert_eq!(found(&all), ["app.cpp:5 host-read-before-sync"]);
    assert_eq!(all["files"]["analysed"], 2, "{}", all["files"]);
    assert_eq!(all["files"]["skipped"], 2, "{}", all["files"]);
    // Alone, nobody knows what it calls.
    assert!(found(&report(folder.path(), &["app.cpp"]).unwrap()).is_empty());
    write(folder.path(), &[("app.cpp", &caller("finish();"))]).unwrap();
    assert!(found(&report(folder.path(), &["."]).unwrap()).is_empty());
}

#[test]
fn programs_of_one_tree_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let waits = FETCH.replace("return host;", "finish();\nreturn host;");
    let files = [
        ("one/fetch.h", HEADER),
        ("one/fetch.cu", FETCH),
        ("one/app.cpp", &caller("")),
        ("two/fetch.h", HEADER),
        ("two/fetch.cu", &waits),
        ("two/app.cpp", &caller("")),
    ];
    write(folder.path(), &files).unwrap();
    assert_eq!(found(&report(folder.path(), &["."]).unwrap()), ["one/app.cpp:5 host-read-before-sync"]);
}

#[test]
fn what_is_found_in_another_file_is_said_once_and_names_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let header = "#pragma once\n#include <cuda_runtime.h>\nvoid upload(float *to, const float *from, cudaStream_t stream);\n";
    let upload = "#include \"upload.h\"\n\
                  void upload(float *to, const float *from, cudaStream_t stream) {\n\
                      cudaMemcpyAsync(to, from, 1 << 24, cudaMemcpyHostToDevice, stream);\n\
                  }\n";
    let caller = |name: &str| {
        format!(
            "#include \"upload.h\"\n#include <cstdlib>\nvoid {name}(float *to, cudaStream_t stream) {{\n    \
             float *{name}_data = (float *)malloc(1 << 24);\n    upload(to, {name}_data, stream);\n    \
             cudaMemsetAsync(to, 0, 64, stream);\n    cudaStreamSynchronize(stream);\n}}\n"
        )
    };
    let (one, two) = (caller("one"), caller("two"));
    let files = [("upload.h", header), ("upload.cu", upload), ("one.cu", &one), ("two.cu", &two)];
    write(folder.path(), &files).unwrap();
    let all = report(folder.path(), &["."]).unwrap();
    assert_eq!(found(&all), ["upload.cu:3 pageable-async-copy"]);
    let call = &all["diagnostics"][0]["related"][0];
    assert_eq!((call["file"].as_str(), call["line"].as_u64()), (Some("one.cu"), Some(5)), "{call}");
    assert_eq!(call["message"], "calls `upload`");
    // The witness of a line in another file needs that file.
    let witness = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(witness(&["witness", "upload.cu:3"]), "");
    assert!(witness(&["witness", "upload.cu:3", "--with", "one.cu"]).contains("copy"));
}

#[test]
fn a_mode_that_another_file_keeps_proves_nothing_against_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let header = "#pragma once\nvoid choose(int device);\nfloat *make(int n);\nvoid drop(float *data);\n";
    let modes = "#include \"modes.h\"\n#include <cuda_runtime.h>\n\
                 static int mode;\n\
                 void choose(int device) { mode = device; }\n\
                 float *make(int n) {\n\
                     float *data;\n\
                     if (mode < 0) {\n\
                         data = new float[n];\n\
                     } else {\n\
                         cudaMalloc(&data, n * 4);\n\
                     }\n\
                     return data;\n\
                 }\n";
    let caller = |set: &str| {
        format!(
            "#include \"modes.h\"\n#include <cuda_runtime.h>\nvoid on_the_device() {{\n{set}\n    \
             float *data = make(64);\n    cudaFree(data);\n}}\n"
        )
    };
    write(folder.path(), &[("modes.h", header), ("modes.cu", modes), ("app.cu", &caller(""))]).unwrap();
    assert!(found(&report(folder.path(), &["."]).unwrap()).is_empty());
    // Where the caller sets it, its own choice is followed.
    write(folder.path(), &[("app.cu", &caller("    choose(-1);"))]).unwrap();
    assert_eq!(found(&report(folder.path(), &["."]).unwrap()), ["app.cu:6 free-kind-mismatch"]);
}

/// Helpers of another file that allocate, and release, what `main` copies from.
const HELPERS: &str = "#include <cuda_runtime.h>\n#include <stdlib.h>\n\
                       void *pinned(size_t n) { void *p; return cudaMallocHost(&p, n) == cudaSuccess ? p : 0; }\n\
                       void drop(void *p) { free(p); }\n";

#[test]
fn a_cast_to_a_type_of_an_expression_keeps_what_a_helper_returns() {
    let folder = tempfile::tempdir().unwrap();
    let user = "#include <cuda_runtime.h>\nvoid *pinned(size_t n);\nint main() {\n\
                float *h, *d;\n cudaStream_t s;\n cudaStreamCreate(&s);\n\
                cudaMalloc(&d, 4096);\n h = (decltype(h))pinned(4096);\n\
                cudaMemcpyAsync(d, h, 4096, cudaMemcpyHostToDevice, s);\n h[0] = 1;\n\
                cudaStreamSynchronize(s);\n}\n";
    write(folder.path(), &[("helpers.cu", HELPERS), ("user.cu", user)]).unwrap();
    assert_eq!(found(&report(folder.path(), &["."]).unwrap()), ["user.cu:10 host-write-before-sync"]);
}

#[test]
fn memory_that_a_helper_releases_lives_no_longer_than_what_the_caller_releases() {
    let folder = tempfile::tempdir().unwrap();
    let user = |release: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <stdlib.h>\nvoid drop(void *p);\n\
             void upload(float *d, size_t n, cudaStream_t s) {{\n float *h = (float *)malloc(n);\n\
             cudaMemcpyAsync(d, h, n, cudaMemcpyHostToDevice, s);\n cudaStreamSynchronize(s);\n {release}(h);\n}}\n\
             int main() {{\n float *d;\n cudaStream_t s;\n cudaStreamCreate(&s);\n cudaMalloc(&d, 4 << 20);\n\
             for (int i = 0; i < 9; i++) upload(d, 4 << 20, s);\n cudaFree(d);\n}}\n"
        )
    };
    for release in ["free", "drop"] {
        write(folder.path(), &[("helpers.cu", HELPERS), ("user.cu", &user(release))]).unwrap();
        let found = found(&report(folder.path(), &["."]).unwrap());
        assert!(!found.iter().any(|it| it.ends_with("pageable-async-copy")), "{release}: {found:?}");
    }
}

#[test]
fn a_specialisation_is_not_what_another_instance_calls() {
    let header = "#pragma once\nstruct Cpu {};\nstruct Gpu {};\n\
                  template <typename T, typename D> struct Solve { void operator()(T *matrix); };\n";
    let use_of = |device: &str| {
        format!(
            "#include \"solve.h\"\n#include <cuda_runtime.h>\n#include <vector>\n\
             void run() {{\nstd::vector<double> matrix(10);\nSolve<double, {device}>()(matrix.data());\n}}\n"
        )
    };
    let gpu = "#include \"solve.h\"\n#include <cuda_runtime.h>\n\
               template <> void Solve<double, Gpu>::operator()(double *matrix) {\n\
               std::vector<double> host(10);\n\
               cudaMemcpy(host.data(), matrix, 80, cudaMemcpyDeviceToHost);\n}\n";
    let gpu = &gpu.replace("#include <cuda_runtime.h>", "#include <cuda_runtime.h>\n#include <vector>");
    for (device, expected) in [("Cpu", &[][..]), ("Gpu", &["gpu.cu:6 memcpy-kind-mismatch"][..])] {
        let folder = tempfile::tempdir().unwrap();
        let files = [("solve.h", header), ("gpu.cu", gpu.as_str()), ("run.cu", &use_of(device))];
        write(folder.path(), &files).unwrap();
        assert_eq!(found(&report(folder.path(), &["."]).unwrap()), expected, "{device}");
    }
}

#[test]
fn the_call_that_is_named_is_the_one_that_leads_there() {
    let folder = tempfile::tempdir().unwrap();
    let header =
        "#pragma once\n#include <cuda_runtime.h>\nvoid open(cudaStream_t *s);\nvoid close(cudaStream_t s);\n";
    let streams = "#include \"streams.h\"\n\
                   void open(cudaStream_t *s) { cudaStreamCreate(s); }\n\
                   void close(cudaStream_t s) {\ncudaStreamDestroy(s);\n}\n";
    let callers = "#include \"streams.h\"\n\
                   void once() { cudaStream_t s; open(&s); close(s); }\n\
                   void twice() {\ncudaStream_t s;\nopen(&s);\nclose(s);\nclose(s);\n}\n";
    write(folder.path(), &[("streams.h", header), ("streams.cu", streams), ("callers.cpp", callers)])
        .unwrap();
    let all = report(folder.path(), &["."]).unwrap();
    assert_eq!(found(&all), ["streams.cu:4 handle-use-after-destroy"]);
    let related = all["diagnostics"][0]["related"].as_array().unwrap();
    let call = related.iter().find(|it| it["message"] == "calls `close`").unwrap();
    assert_eq!((call["file"].as_str(), call["line"].as_u64()), (Some("callers.cpp"), Some(7)), "{related:?}");
}

#[test]
fn streams_from_elsewhere_are_what_the_files_around_make() {
    let helper = "#include <cuda_runtime.h>\n__global__ void k(int *p);\n\
                  void run(int *p, cudaStream_t stream) {\ncudaMemset(p, 0, 64);\nk<<<1, 1, 0, stream>>>(p);\n}\n";
    // Handed on in ways that are not followed.
    let main = |make: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <vector>\nvoid start(std::vector<cudaStream_t> &streams);\n\
             int main() {{\nstd::vector<cudaStream_t> all;\ncudaStream_t s;\n{make}\nall.push_back(s);\nstart(all);\n}}\n"
        )
    };
    let forgotten = ["lib/run.cu:4 stream-forgotten"];
    let cases = [
        ("cudaStreamCreate(&s);", &[][..]),
        ("cudaStreamCreateWithFlags(&s, cudaStreamDefault);", &[]),
        ("cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);", &forgotten),
        ("extern unsigned flags; cudaStreamCreateWithFlags(&s, flags);", &forgotten),
        ("extern cudaStream_t given; s = given;", &forgotten),
    ];
    for (make, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("lib/run.cu", helper), ("app/main.cpp", &main(make))]).unwrap();
        assert_eq!(found(&report(folder.path(), &["."]).unwrap()), expected, "{make}");
    }
    // The main function of another program says nothing of this one's streams.
    let program =
        format!("{helper}int main(int n, char **) {{ extern cudaStream_t given; run(0, given); }}\n");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("lib/run.cu", &program), ("app/main.cpp", &main("cudaStreamCreate(&s);"))])
        .unwrap();
    assert_eq!(found(&report(folder.path(), &["."]).unwrap()), forgotten);
}

#[test]
fn a_program_gives_its_functions_the_streams_that_it_makes() {
    let lib = "#include <cuda_runtime.h>\ncudaStream_t make() { cudaStream_t s; cudaStreamCreate(&s); return s; }\n";
    let main = |make: &str| {
        format!(
            "#include <cuda_runtime.h>\n__global__ void k(float *d);\n\
             void step(cudaStream_t s, float *d) {{\ncudaMemset(d, 0, 4);\nk<<<1, 32, 0, s>>>(d);\n}}\n\
             extern void (*hook)(cudaStream_t, float *);\n\
             int main() {{\ncudaStream_t s; {make}\nhook = step;\ncudaStreamDestroy(s);\n}}\n"
        )
    };
    let cases = [
        ("cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);", &["main.cu:4 stream-forgotten"][..]),
        ("cudaStreamCreateWithFlags(&s, cudaStreamDefault);", &[]),
        ("cudaStreamCreate(&s);", &[]),
    ];
    for (make, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("lib.cu", lib), ("main.cu", &main(make))]).unwrap();
        assert_eq!(found(&report(folder.path(), &["."]).unwrap()), expected, "{make}");
    }
}
