//! Markers: whether a slot is free (`-1`) is a question about what the program stored there.

mod project;

use project::Project;

/// Two slots hold the blocks that are on the device; `ask` says whether the second copy goes to the buffer that the
/// first one reads.
fn found(stored: &str, ask: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\nint next(int);\n\
         struct Cache {{ float *buffer; int *slot; int last; }};\n\
         void reset(Cache *c) {{ c->slot[0] = -1; c->last = -1; }}\n\
         void f(Cache *c, float *h, const int *ids, size_t n) {{\n\
         cudaStream_t s, t; cudaStreamCreate(&s); cudaStreamCreate(&t); cudaMalloc(&c->buffer, n);\n\
         {stored}\ncudaMemcpyAsync(h, c->buffer, n, cudaMemcpyDeviceToHost, s);\n\
         if ({ask})\ncudaMemsetAsync(c->buffer, 0, n, t);\n\
         cudaDeviceSynchronize(); cudaFree(c->buffer); cudaStreamDestroy(s); cudaStreamDestroy(t); }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_number_from_elsewhere_is_no_marker() {
    let none = Vec::<String>::new();
    assert_eq!(found("c->slot[0] = ids[3];", "c->slot[0] == -1"), none);
    assert_eq!(found("c->last = ids[3] * ids[4];", "c->last == -1"), none);
}

#[test]
fn what_is_asked_of_other_numbers_is_a_choice() {
    let there = ["a.cu:10 cross-stream-unordered"];
    assert_eq!(found("c->slot[0] = ids[3];", "c->slot[0] != -1"), there);
    assert_eq!(found("c->slot[0] = ids[3];", "c->slot[0] == 7"), there, "not a marker");
    assert_eq!(found("c->last = next(3);", "c->last == -1"), there, "what a function returns that failed");
    assert_eq!(found("", "c->slot[0] == -1"), there, "this path has stored nothing");
    assert_eq!(found("", "ids[3] == -1"), there, "no field");
}
