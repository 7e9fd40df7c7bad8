//! Parts of a buffer: the same bytes, others, or nobody knows.

mod project;

use project::Project;

/// `first` is copied from, `n` bytes; `then` is what the host does before it waits.
fn found(first: &str, then: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         void f(char *d, size_t n) {{\n\
         char *h; cudaStream_t s; cudaStreamCreate(&s); cudaMallocHost(&h, 8192);\n\
         cudaMemcpyAsync(d, {first}, n, cudaMemcpyHostToDevice, s);\n\
         {then};\n\
         cudaStreamSynchronize(s); cudaFreeHost(h); cudaStreamDestroy(s); }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn halves_that_are_used_in_turn_are_not_blamed() {
    // That no more than half a buffer is copied, nothing here says; nor does anything say that more is.
    assert_eq!(found("h", "h[4096] = 1"), Vec::<String>::new());
    assert_eq!(found("h + 4096", "h[0] = 1"), Vec::<String>::new());
}

#[test]
fn the_same_place_is_the_same_whatever_the_length() {
    assert_eq!(found("h", "h[0] = 1"), ["a.cu:5 host-write-before-sync"]);
    assert_eq!(found("h + 4096", "h[4096] = 1"), ["a.cu:5 host-write-before-sync"]);
    assert_eq!(found("h", "h[7] = 1"), ["a.cu:5 host-write-before-sync"], "nobody copies less");
}

#[test]
fn a_vector_of_listed_elements_has_their_size() {
    let found = |list: &str, count: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vector>\n\
             int main() {{ cudaStream_t s; cudaStreamCreate(&s); double *d; cudaMalloc(&d, 1 << 20);\n\
             const std::vector<double> v = {list};\n\
             cudaMemcpyAsync(d, v.data(), {count} * sizeof(double), cudaMemcpyHostToDevice, s);\n\
             cudaStreamSynchronize(s); cudaFree(d); cudaStreamDestroy(s); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    // Few bytes are staged at once, so that nothing blocks.
    assert_eq!(found("{1.0, 2.0, 3.0, 4.0}", "v.size()"), Vec::<String>::new());
    assert_eq!(found("{1.0, 2.0, 3.0, 4.0}", "4"), Vec::<String>::new());
    assert_eq!(found("{1.0, 2.0, 3.0, 4.0}", "5"), ["a.cu:5 copy-size-mismatch"]);
    assert_eq!(found("std::vector<double>(100000)", "v.size()"), ["a.cu:5 pageable-async-copy"]);
}
