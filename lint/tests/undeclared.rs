//! Calls of what looks like a function of CUDA and is none: whether a file declares it.

mod project;

use project::Project;

fn found(header: &str, call: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include \"driver.h\"\nint main() {{\nint n = 0;\n{call}\nreturn n;\n}}\n"
    );
    Project::new(&[("driver.h", header), ("a.cu", &text)]).found(&["a.cu"])
}

#[test]
fn what_a_header_declares_for_another_build_is_there() {
    let wrong = ["a.cu:5 unknown-cuda-api"];
    let call = "cudaMemcopy(&n);";
    assert_eq!(found("#pragma once\n", call), wrong);
    let of_build = |declaration: &str| format!("#pragma once\n#if WITH_DRIVER\n{declaration}\n#endif\n");
    for declaration in [
        "CUresult cudaMemcopy(int *count);",
        "extern \"C\" PFN_count *cudaMemcopy;",
        "#define cudaMemcopy(count) driver.count(count)",
    ] {
        assert_eq!(found(&of_build(declaration), call), Vec::<String>::new(), "{declaration}");
    }
    for mention in ["// The int cudaMemcopy(int *count);", "inline int f(int *n) { return cudaMemcopy(n); }"]
    {
        assert_eq!(found(&of_build(mention), call), wrong, "{mention}");
    }
    let other = "CUresult cudaMemcop(int *count);";
    assert_eq!(found(&of_build(other), call), wrong);
    assert_eq!(found(&of_build(other), "cudaMemcopyAsync(&n, &n, 4, cudaMemcpyDefault);"), wrong);
}

#[test]
fn names_with_an_underscore_are_wrappers() {
    for header in ["#pragma once\n", "#pragma once\n#include <vendor/driver.h>\n"] {
        assert_eq!(found(header, "cuDeviceGetCount_f(&n);"), Vec::<String>::new(), "{header}");
        let call = "cudaMemcopyAsync(&n, &n, 4, cudaMemcpyDefault);";
        assert_eq!(found(header, call), ["a.cu:5 unknown-cuda-api"], "{header}");
    }
}

#[test]
fn a_name_of_a_header_that_this_build_does_not_include_exists() {
    let text = "#include <cuda_runtime.h>\n#ifdef WITH_DEVICE\n#include \"sub/copies.h\"\n#endif\n\
                void f(float *d, float *e, cudaStream_t s) {\ncudaCpyAcross(d, e, 4, s);\n}\n";
    let header = "template <typename T>\nvoid cudaCpyAcross(T *to, T *from, size_t n, cudaStream_t s);\n";
    let found = |header: &str| Project::new(&[("a.cu", text), ("sub/copies.h", header)]).found(&["a.cu"]);
    assert_eq!(found(header), Vec::<String>::new());
    assert_eq!(found("// cudaCpyAcross(d, e, 4, s);\n"), ["a.cu:6 unknown-cuda-api"]);
}

#[test]
fn the_occupancy_calculator_is_part_of_the_toolkit() {
    let text = "#include <cuda_runtime.h>\n#include <cuda_occupancy.h>\n\
                int f(cudaDeviceProp &properties, cudaFuncAttributes &attributes) {\n\
                cudaOccDeviceProp device = properties; cudaOccFuncAttributes function = attributes;\n\
                cudaOccDeviceState state; cudaOccResult result;\n\
                cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &function, &state, 128, 0);\n\
                return result.activeBlocksPerMultiprocessor;\n}\n";
    assert_eq!(Project::new(&[("a.cpp", text)]).found(&["."]), Vec::<String>::new());
}
