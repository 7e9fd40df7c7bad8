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

#[test]
fn names_of_hip_are_known_without_its_headers() {
    // A program that its build translates has names of both.
    let found = |attribute: &str, include: &str| {
        let text = format!(
            "#include <{include}>\n#include <string.h>\nhipError_t get(char **to, size_t n) {{\nint may = 0;\n\
             hipDeviceGetAttribute(&may, {attribute}, 0);\n\
             if (may) hipExtMallocWithFlags((void **)to, n, 1); else hipHostMalloc((void **)to, n, 0);\n\
             memset(*to, 0, n); return hipSuccess; }}\n"
        );
        Project::new(&[("a.cu", &text), ("b.cc", &text)]).found(&["."])
    };
    let both = ["a.cu:7 host-deref-device-pointer", "b.cc:7 host-deref-device-pointer"];
    for include in ["cuda_runtime.h", "hip/hip_runtime.h"] {
        let asked = found("hipDeviceAttributeDirectManagedMemAccessFromHost", include);
        assert_eq!(asked, Vec::<String>::new(), "{include}");
        assert_eq!(found("hipDeviceAttributeMaxPitch", include), both, "{include}");
    }
}

#[test]
fn what_is_parsed_as_cuda_is_what_hipcc_compiles() {
    // A header that lets the host compile device code: its `__global__` is that of other compilers.
    let compat = "#pragma once\n#include <hip/hip_runtime.h>\n#ifndef __HIPCC__\n#undef __global__\n\
                  #define __global__ inline __attribute__((always_inline))\n#endif\n";
    let text = "#include <hip/hip_runtime.h>\n#include \"compat.h\"\n__device__ unsigned most = 0;\n\
                __global__ void find(const unsigned *n) {\nif (n[0] > most) most = n[0]; }\n\
                void f(unsigned *n, hipStream_t s) { find<<<1, 1, 0, s>>>(n); }\n";
    let host =
        "#include <hip/hip_runtime.h>\n__device__ unsigned most = 0;\nunsigned find() {\nreturn most; }\n";
    assert_eq!(Project::new(&[("a.cu", text), ("compat.h", compat)]).found(&["."]), Vec::<String>::new());
    assert_eq!(Project::new(&[("a.cu", host)]).found(&["."]), ["a.cu:4 host-deref-device-pointer"]);
}
