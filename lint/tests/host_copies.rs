//! Copies that are done when their call returns: between host buffers, and what synchronous calls leave behind.

mod project;

use project::Project;

#[test]
fn a_copy_between_host_buffers_comes_after_what_its_stream_did_before() {
    let found = |second: &str, kind: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             void run(char *device, char *out, int n) {{\n\
             cudaStream_t s, t;\ncudaStreamCreate(&s);\ncudaStreamCreate(&t);\n\
             char *pinned;\ncudaMallocHost(&pinned, n);\n\
             cudaMemcpyAsync(pinned, device, n, cudaMemcpyDeviceToHost, s);\n\
             cudaMemcpyAsync(out, pinned, n, {kind}, {second});\n\
             cudaStreamSynchronize(s);\ncudaStreamSynchronize(t);\n\
             cudaFreeHost(pinned);\ncudaStreamDestroy(s);\ncudaStreamDestroy(t);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("s", "cudaMemcpyHostToHost"), Vec::<String>::new());
    assert_eq!(found("t", "cudaMemcpyHostToHost"), ["a.cu:9 host-read-before-sync"]);
}

#[test]
fn the_rest_of_a_synchronous_copy_is_no_work_whose_errors_are_missed() {
    let found = |work: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <cstdio>\n__global__ void fill(float *p) {{ p[0] = 1; }}\n\
             int main() {{\nfloat host[64] = {{}}, *d;\ncudaMalloc(&d, sizeof(host));\n{work}\n\
             if (cudaGetLastError() != cudaSuccess) puts(\"failed\");\n\
             cudaFree(d);\nreturn 0;\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let copies = "cudaMemcpy(d, host, sizeof(host), cudaMemcpyHostToDevice);";
    assert_eq!(found(copies), Vec::<String>::new());
    let launches = "fill<<<1, 1>>>(d);";
    assert!(found(launches).contains(&"a.cu:8 async-error-unobserved".to_owned()), "{:?}", found(launches));
}
