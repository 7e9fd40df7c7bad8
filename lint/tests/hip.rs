//! Where HIP documents something else than CUDA, and how its findings are spelt.

mod project;

use project::Project;

fn project(body: &str) -> Project {
    let text = format!("#include <hip/hip_runtime.h>\n#include <vector>\n#include <stdlib.h>\n{body}\n");
    Project::new(&[("a.hip", &text)])
}

#[test]
fn copies_of_pageable_memory_are_synchronous() {
    let none = Vec::<String>::new();
    let down = "float f(float *d, hipStream_t s) {\nfloat *h = (float *)malloc(1 << 22);\n\
                hipMemcpyAsync(h, d, 1 << 22, hipMemcpyDeviceToHost, s);\nfloat x = h[3]; free(h); return x; }";
    assert_eq!(project(down).found(&["."]), none);
    let up = "void f(float *d, hipStream_t s) {\nstd::vector<float> h(1 << 20);\n\
              hipMemcpyAsync(d, h.data(), 1 << 22, hipMemcpyHostToDevice, s); }";
    assert_eq!(project(up).found(&["."]), none);
    let unknown = "float f(float *d, float *h, hipStream_t s) {\n\
                   hipMemcpyAsync(h, d, 1 << 22, hipMemcpyDeviceToHost, s);\nreturn h[3]; }";
    assert_eq!(project(unknown).found(&["."]), none);
}

#[test]
fn copies_of_pinned_memory_and_other_forms_are_not() {
    let pinned = "float f(float *d, hipStream_t s) { float *h; hipHostMalloc((void **)&h, 1 << 22, 0);\n\
                  hipMemcpyAsync(h, d, 1 << 22, hipMemcpyDeviceToHost, s);\nfloat x = h[3];\n\
                  hipStreamSynchronize(s); hipHostFree(h); return x; }";
    assert_eq!(project(pinned).found(&["."]), ["a.hip:6 host-read-before-sync"]);
    let rows = "float f(float *d, hipStream_t s) {\nstd::vector<float> h(1 << 20);\n\
                hipMemcpy2DAsync(h.data(), 4, d, 4, 4, 1 << 20, hipMemcpyDeviceToHost, s);\nreturn h[3]; }";
    assert_eq!(project(rows).found(&["."]), ["a.hip:7 pageable-copy-as-sync"]);
}

#[test]
fn advice_is_spelt_for_hip() {
    let deref = "float f() { float *d;\nhipMalloc((void **)&d, 4);\nfloat x = *d; hipFree(d); return x; }";
    let told = project(deref).run(&["--format", "json", "."]).stdout;
    assert!(told.contains("allocated by `hipMalloc`") && told.contains("with `hipMemcpy`"), "{told}");
    assert!(!told.contains("`cuda"), "{told}");
}
