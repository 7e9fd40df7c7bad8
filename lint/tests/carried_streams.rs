//! Streams that handles carry: whoever uses one has not forgotten to name it elsewhere, however the handle keeps it.

mod project;

use project::Project;

/// raft's accessors, with bodies that go through a virtual function.
const RAFT: &str = "namespace raft {\n\
     struct held { virtual void *get() = 0; };\n\
     struct resources { held *stream; };\n\
     namespace resource {\n\
     inline cudaStream_t get_cuda_stream(resources const &r) { return *(cudaStream_t *)r.stream->get(); }\n\
     void set_cuda_stream(resources const &r, cudaStream_t stream);\n\
     } }\n";

fn found(user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         __global__ void add(float *d) {{ d[threadIdx.x] += 1; }}\n\
         {RAFT}{user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

const HELPER: &str = "void run(float *d, cudaStream_t stream) {\n\
     cudaMemset(d, 0, 1024);\n\
     add<<<1, 256, 0, stream>>>(d); }\n";

#[test]
fn a_stream_that_is_a_parameter_is_one_to_name() {
    assert_eq!(found(HELPER), ["a.cu:11 stream-forgotten"]);
}

#[test]
fn the_stream_of_a_handle_is_none_whatever_its_body() {
    let user = "void run(float *d, raft::resources const &handle) {\n\
         cudaStream_t stream = raft::resource::get_cuda_stream(handle);\n\
         cudaMemset(d, 0, 1024);\n\
         add<<<1, 256, 0, stream>>>(d); }";
    assert_eq!(found(user), Vec::<String>::new());
}

#[test]
fn a_caller_that_passes_the_stream_of_a_handle_excuses_the_helper() {
    let caller = "void call(float *d, raft::resources const &handle) {\n\
         run(d, raft::resource::get_cuda_stream(handle)); }";
    assert_eq!(found(&format!("{HELPER}{caller}")), Vec::<String>::new());
    let other = "void call(float *d, cudaStream_t stream) { run(d, stream); }";
    assert_eq!(found(&format!("{HELPER}{other}")), ["a.cu:11 stream-forgotten"]);
}

#[test]
fn a_member_that_holds_the_stream_of_a_handle_is_excused() {
    let class = |from: &str| {
        format!(
            "struct Test {{ raft::resources handle; cudaStream_t stream; float *d;\n\
             Test(cudaStream_t other) : stream({from}) {{ cudaMalloc(&d, 1024); }}\n\
             ~Test() {{ cudaFree(d); }}\n\
             void set_up() {{\n\
             cudaMemset(d, 0, 1024);\n\
             add<<<1, 256, 0, stream>>>(d); }} }};"
        )
    };
    assert_eq!(found(&class("raft::resource::get_cuda_stream(handle)")), Vec::<String>::new());
    assert_eq!(found(&class("other")), ["a.cu:14 stream-forgotten"]);
}

#[test]
fn a_handle_that_was_given_a_stream_carries_that() {
    let user = "void run(float *d, float *h, raft::resources const &handle) { cudaStream_t own;\n\
         cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking);\n\
         raft::resource::set_cuda_stream(handle, own);\n\
         cudaMemset(d, 0, 1024);\n\
         add<<<1, 256, 0, raft::resource::get_cuda_stream(handle)>>>(d);\n\
         cudaStreamSynchronize(own); cudaStreamDestroy(own); }";
    assert_eq!(found(user), ["a.cu:14 nonblocking-vs-default-race"]);
}

#[test]
fn a_caller_of_a_class_that_is_out_of_sight_excuses_the_helper() {
    let class = "template <class T> struct Test { raft::resources handle; cudaStream_t stream; T *d;\n\
         Test() : stream(raft::resource::get_cuda_stream(handle)) {}\n\
         void set_up() { run(d, stream); } };";
    assert_eq!(found(&format!("{HELPER}{class}")), Vec::<String>::new());
}

#[test]
fn a_view_carries_the_stream_that_it_is_made_of() {
    let user = |from: &str| {
        format!(
            "#include <rmm/cuda_stream_view.hpp>\n\
             void up(float *d, const float *h, rmm::cuda_stream_view view) {{\n\
             cudaMemcpyAsync(d, h, 1024, cudaMemcpyHostToDevice, view); }}\n\
             void run(float *d, const float *h, raft::resources const &handle, cudaStream_t other) {{\n\
             cudaStream_t stream = {from};\n\
             cudaMemset(d, 0, 1024);\n\
             up(d, h, stream); }}"
        )
    };
    assert_eq!(found(&user("raft::resource::get_cuda_stream(handle)")), Vec::<String>::new());
    assert_eq!(found(&user("other")), ["a.cu:15 stream-forgotten"]);
}

#[test]
fn a_newer_function_of_a_library_leaves_a_handle_its_stream() {
    let found = |configure: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <cublas_v2.h>\n\
             int main() {{ cublasHandle_t h; cublasCreate(&h); double *a, *b, *c; double one = 1, zero = 0;\n\
             cudaStream_t s; cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);\n\
             cudaMalloc(&a, 2048); cudaMalloc(&b, 2048); cudaMalloc(&c, 2048);\n\
             cudaMemset(a, 0, 2048); cudaMemset(b, 0, 2048); cudaDeviceSynchronize();\n\
             {configure}\n\
             cublasDgemm(h, CUBLAS_OP_N, CUBLAS_OP_N, 16, 16, 16, &one, a, 16, b, 16, &zero, c, 16);\n\
             cudaStreamSynchronize(s);\n\
             cudaFree(a); cudaFree(b); cudaFree(c); cublasDestroy(h); cudaStreamDestroy(s); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let newer = "cublasSetSomethingOfTomorrow(h, 79);";
    assert_eq!(found(&format!("cublasSetStream(h, s); {newer}")), Vec::<String>::new());
    assert_eq!(found(newer), ["a.cu:10 free-while-in-flight"]);
}
