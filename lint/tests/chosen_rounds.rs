//! Waits and launches that some rounds of a loop come to, as elements choose.

mod project;

use project::Project;

/// A round writes the buffer, uploads it, and then does what `behind` says.
fn found(behind: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <vector>\nconst size_t bytes = 64 << 20;\n\
         __global__ void work(float *d) {{ d[0] = 1; }}\n\
         static void drain(float *d, cudaStream_t s) {{ work<<<1, 1, 0, s>>>(d); cudaStreamSynchronize(s); }}\n\
         void run(int n, int m, const int *sizes, const std::vector<int> &counts, bool thrifty, int first) {{\n\
         float *h, *d; cudaMallocHost(&h, bytes); cudaMalloc(&d, bytes);\n\
         cudaStream_t s; cudaStreamCreate(&s);\n\
         for (int i = 0; i < n; ++i) {{\n\
         h[i] = 1;\n\
         cudaMemcpyAsync(d, h, bytes, cudaMemcpyHostToDevice, s);\n\
         {behind}\n}}\n\
         cudaStreamSynchronize(s); cudaFree(d); cudaFreeHost(h); cudaStreamDestroy(s);\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn some_of_the_elements_choose_what_a_loop_is_there_for() {
    let none = Vec::<String>::new();
    assert_eq!(found("for (int j = 0; j < m; ++j) if (sizes[j] != 0) cudaStreamSynchronize(s);"), none);
    assert_eq!(found("for (int j = 0; j < m; ++j) if (sizes[i * m + j]) drain(d, s);"), none);
    assert_eq!(found("for (int j = 0; j < m; ++j) { if (counts[j] == 0) continue; drain(d, s); }"), none);
    assert_eq!(found("for (int j = 0; j < m; ++j) if (sizes[j] && counts[j] > 2) drain(d, s);"), none);
    assert_eq!(found("int j = 0; while (j < m) { if (sizes[j]) { drain(d, s); } ++j; }"), none);
    assert_eq!(
        found("for (int j = 0; j < m; ++j) { int size = sizes[j]; if (size > 0) drain(d, s); }"),
        none
    );
    let checked = "if (sizes[j]) { if (cudaStreamSynchronize(s) != cudaSuccess) exit(1); }";
    assert_eq!(found(&format!("for (int j = 0; j < m; ++j) {checked}")), none);
}

#[test]
fn what_is_passed_by_for_another_reason_may_never_come() {
    let found_it = ["a.cu:10 host-write-before-sync"];
    assert_eq!(found(""), found_it);
    // Nothing looks through the elements before the next write; or no element is asked.
    assert_eq!(found("if (sizes[i] != 0) cudaStreamSynchronize(s);"), found_it);
    assert_eq!(found("for (int j = 0; j < m; ++j) if (!thrifty) cudaStreamSynchronize(s);"), found_it);
    assert_eq!(
        found("for (int j = 0; j < m; ++j) if (sizes[first] != 0) cudaStreamSynchronize(s);"),
        found_it
    );
    // A search may find nothing.
    assert_eq!(found("for (int j = 0; j < m; ++j) if (sizes[j]) { drain(d, s); break; }"), found_it);
    // The rounds behind the last wait.
    let upload = "cudaMemcpyAsync(d, h, bytes, cudaMemcpyHostToDevice, s);";
    assert_eq!(
        found(&format!("for (int j = 0; j < m; ++j) {{ {upload} if (sizes[j]) cudaStreamSynchronize(s); }}")),
        found_it
    );
}
