//! Memory that a program gives a library's handle to work with.

mod project;

use project::Project;

fn found(body: &str) -> Vec<String> {
    let text = format!(
        "#include <cublas_v2.h>\n#include <cuda_runtime.h>\n#include <cufft.h>\nvoid adjust(cublasHandle_t);\n\
         void run(cublasHandle_t h, cufftHandle plan, float *x, cufftComplex *c, cudaStream_t s) {{\n\
         void *w;cudaMalloc(&w, 1 << 20);const float one = 1;\n{body}\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

const NONE: Vec<String> = Vec::new();
const USE: &str = "cublasSgemm(h, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, x, 4, x, 4, &one, x, 4);";

#[test]
fn work_of_a_handle_may_use_its_workspace() {
    let set = "cublasSetStream(h, s);cublasSetWorkspace(h, w, 1 << 20);\n";
    assert_eq!(found(&format!("{set}{USE}\ncudaFree(w);")), ["a.cu:9 free-while-in-flight"]);
    assert_eq!(found(&format!("{set}{USE}\ncudaStreamSynchronize(s);\ncudaFree(w);")), NONE);
    // The handle has let go of it: no work uses it.
    let away = "cublasSetStream(h, s);\n";
    assert_eq!(found(&format!("{set}{away}{USE}\ncudaFree(w);")), NONE);
    let null = "cublasSetWorkspace(h, nullptr, 0);\n";
    assert_eq!(found(&format!("{set}{null}{USE}\ncudaFree(w);")), NONE);
    assert_eq!(found(&format!("{set}adjust(h);\n{USE}\ncudaFree(w);")), NONE);
    // Work of before, and memory that no work has used.
    assert_eq!(found(&format!("{USE}\n{set}cudaFree(w);")), NONE);
}

#[test]
fn a_plan_keeps_its_work_area() {
    let exec = "cufftExecC2C(plan, c, c, CUFFT_FORWARD);\n";
    let set = "cufftSetWorkArea(plan, w);cufftSetStream(plan, s);\n";
    assert_eq!(found(&format!("{set}{exec}cudaFree(w);")), ["a.cu:9 free-while-in-flight"]);
    assert_eq!(found(&format!("{set}{exec}cudaStreamSynchronize(s);\ncudaFree(w);")), NONE);
}

#[test]
fn two_uses_of_one_workspace_are_in_order() {
    let twice = format!("cublasSetStream(h, s);cublasSetWorkspace(h, w, 1 << 20);\n{USE}\n{USE}\n");
    assert_eq!(found(&format!("{twice}cudaStreamSynchronize(s);\ncudaFree(w);")), NONE);
    let order = "cudaFreeAsync(a, s);";
    let in_order = format!(
        "void *a;cudaMallocAsync(&a, 1 << 20, s);cublasSetStream(h, s);cublasSetWorkspace(h, a, 1 << 20);\n\
         {USE}\n{order}\ncudaFree(w);"
    );
    assert_eq!(found(&in_order), NONE);
}
