//! Times by the host's clock around synchronous forms that do not wait.

mod project;

use project::Project;

/// A function that reads the clock, does `work`, reads it again, and does `then`.
fn found(params: &str, before: &str, work: &str, then: &str, severity: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <chrono>\nusing clk = std::chrono::steady_clock;\n\
         double f({params}) {{ {before}\nauto begin = clk::now();\n{work};\nauto end = clk::now();\n\
         {then}\nreturn std::chrono::duration<double>(end - begin).count(); }}\n"
    );
    let found = Project::new(&[("a.cu", &text)]).found(&["--min-severity", severity, "."]);
    found.into_iter().filter(|it| it.ends_with("timing-without-sync")).collect()
}

const MADE: &str = "float *d, *o, *h = new float[1 << 18]; cudaMalloc(&d, 1 << 20); cudaMalloc(&o, 1 << 20);";

#[test]
fn a_fill_and_a_copy_within_device_memory_do_not_wait() {
    for work in ["cudaMemset(d, 0, 1 << 20)", "cudaMemcpy(o, d, 1 << 20, cudaMemcpyDeviceToDevice)"] {
        let timed = |work: &str, then: &str, severity: &str| found("", MADE, work, then, severity);
        assert_eq!(timed(work, "", "warning"), ["a.cu:7 timing-without-sync"], "{work}");
        assert_eq!(timed(work, "cudaDeviceSynchronize();", "warning"), Vec::<String>::new(), "{work}");
        assert_eq!(timed(work, "cudaDeviceSynchronize();", "info"), ["a.cu:7 timing-without-sync"], "{work}");
        let waited = format!("{work}; cudaDeviceSynchronize()");
        assert_eq!(timed(&waited, "", "info"), Vec::<String>::new(), "{work}");
        let copied = format!("{work}; cudaMemcpy(h, d, 1 << 20, cudaMemcpyDeviceToHost)");
        assert_eq!(timed(&copied, "", "info"), Vec::<String>::new(), "{work}");
        let uploaded = format!("{work}; cudaMemcpy(d, h, 1 << 20, cudaMemcpyHostToDevice)");
        assert_eq!(timed(&uploaded, "", "info"), Vec::<String>::new(), "{work}");
    }
    let stated = found(
        "const float *d, float *o",
        "",
        "cudaMemcpy(o, d, 64, cudaMemcpyDeviceToDevice)",
        "",
        "warning",
    );
    assert_eq!(stated, ["a.cu:7 timing-without-sync"]);
}

#[test]
fn synchronous_forms_that_wait_or_may_wait_are_measured() {
    let none = Vec::<String>::new();
    let managed = "float *d; cudaMallocManaged(&d, 1 << 20);";
    assert_eq!(found("", managed, "cudaMemset(d, 0, 1 << 20)", "", "info"), none);
    let pinned = "float *d; cudaMallocHost(&d, 1 << 20);";
    assert_eq!(found("", pinned, "cudaMemset(d, 0, 1 << 20)", "", "info"), none);
    // It may be managed memory.
    assert_eq!(found("float *d", "", "cudaMemset(d, 0, 1 << 20)", "", "info"), none);
    assert_eq!(found("", MADE, "cudaMemcpy(d, h, 1 << 20, cudaMemcpyHostToDevice)", "", "info"), none);
    assert_eq!(found("", MADE, "cudaMemcpy(h, d, 1 << 20, cudaMemcpyDeviceToHost)", "", "info"), none);
}

#[test]
fn a_generator_that_works_on_the_host_is_done_when_it_returns() {
    let generated = |memory: &str, params: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <curand.h>\n#include <chrono>\nusing clk = std::chrono::steady_clock;\n\
             double f({params}) {{ {memory}\nauto begin = clk::now();\n\
             curandGenerateUniform(generator, p, 1 << 18);\nauto end = clk::now();\n\
             return std::chrono::duration<double>(end - begin).count(); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let host = "float *p = new float[1 << 18];";
    let device = "float *p; cudaMalloc(&p, 1 << 20);";
    let made =
        "curandGenerator_t generator; curandCreateGeneratorHost(&generator, CURAND_RNG_PSEUDO_DEFAULT);";
    let timed = |found: Vec<String>| found.iter().any(|it| it.ends_with("timing-without-sync"));
    assert!(!timed(generated(&format!("{host} {made}"), "")));
    assert!(!timed(generated(host, "curandGenerator_t generator")));
    assert!(timed(generated(device, "curandGenerator_t generator")));
}
