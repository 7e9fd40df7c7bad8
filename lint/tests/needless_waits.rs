//! Waits that nothing needs, and what would begin earlier without them.

mod project;

use project::Project;

/// A kernel that is waited for, a fill of so many bytes, and the wait for both.
fn found(bytes: &str, then: &str) -> Vec<String> {
    found_of("1 << 24", bytes, then)
}

/// The same, of a buffer of a size.
fn found_of(size: &str, bytes: &str, then: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         __global__ void prepare(float *a);\n\
         int main() {{ float *a, *norm; cudaMalloc(&a, 1 << 24); cudaMalloc(&norm, {size});\n\
         prepare<<<64, 128>>>(a);\n\
         cudaDeviceSynchronize();\n\
         cudaMemset(norm, 0, {bytes}); {then}\n\
         cudaDeviceSynchronize();\n\
         cudaFree(a); cudaFree(norm); }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn nothing_is_gained_by_a_fill_of_a_few_bytes_that_begins_earlier() {
    assert_eq!(found("sizeof(float)", ""), Vec::<String>::new());
    assert_eq!(found_of("sizeof(float)", "sizeof(float)", ""), Vec::<String>::new());
    assert_eq!(found("1 << 24", ""), ["a.cu:5 redundant-host-sync"]);
    assert_eq!(found("sizeof(float)", "prepare<<<64, 128>>>(a);"), ["a.cu:5 redundant-host-sync"]);
}
