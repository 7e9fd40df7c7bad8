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

/// What is found where a block of a matrix is copied to the host on one stream, and the host then writes.
fn block(copy: &str, then: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <cublas_v2.h>\n\
         void f(double *d, int ld, int n) {{\n\
         double *h; cudaStream_t s; cudaStreamCreate(&s); cudaMallocHost(&h, 1 << 20);\n\
         {copy};\n\
         {then};\n\
         cudaStreamSynchronize(s); cudaFreeHost(h); cudaStreamDestroy(s); }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn between_the_rows_of_a_block_nothing_is_copied() {
    let written = ["a.cu:6 host-write-before-sync"];
    let known = "cublasGetMatrixAsync(4, 8, 8, d, 64, h, 64, s)";
    for (then, is_found) in [
        ("h[0] = 1", true),
        ("h[3] = 1", true),
        ("h[4] = 1", false),
        ("h[20] = 1", false),
        ("h[64] = 1", true),
        ("h[68] = 1", false),
        ("h[7 * 64 + 3] = 1", true),
        ("h[8 * 64] = 1", false),
    ] {
        assert_eq!(block(known, then) == written, is_found, "{then}");
    }
    // How far apart the rows are, nothing says: the first is certain.
    let unknown = "cublasGetMatrixAsync(4, 8, 8, d, ld, h, ld, s)";
    assert_eq!(block(unknown, "h[3] = 1"), written);
    assert_eq!(block(unknown, "h[20] = 1"), Vec::<String>::new());
    let without_gaps = "cublasGetMatrixAsync(64, 8, 8, d, 64, h, 64, s)";
    assert_eq!(block(without_gaps, "h[20] = 1"), written);
    let pitched = "cudaMemcpy2DAsync(h, 512, d, 512, 32, 8, cudaMemcpyDeviceToHost, s)";
    assert_eq!(block(pitched, "h[20] = 1"), Vec::<String>::new());
    assert_eq!(block(pitched, "h[64] = 1"), written);
    let every_other = "cublasGetVectorAsync(8, 8, d, 1, h, 2, s)";
    assert_eq!(block(every_other, "h[3] = 1"), Vec::<String>::new());
    assert_eq!(block(every_other, "h[4] = 1"), written);
}

#[test]
fn of_nothing_nothing_is_touched() {
    let written = ["a.cu:6 host-write-before-sync"];
    assert_eq!(block("cublasGetMatrixAsync(0, 8, 8, d, ld, h, ld, s)", "h[0] = 1"), Vec::<String>::new());
    assert_eq!(block("cublasGetMatrixAsync(n, 8, 8, d, ld, h, ld, s)", "h[0] = 1"), written);
    assert_eq!(
        block("cudaMemcpyAsync(h, d, 0, cudaMemcpyDeviceToHost, s)", "h[0] = 1"),
        Vec::<String>::new()
    );
}

#[test]
fn a_product_of_no_columns_reads_no_matrix() {
    let found = |inner: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <cublas_v2.h>\n\
             void f(double *h, int n) {{\n\
             double *a, *c; cudaMalloc(&a, 8 * n * n); cudaMalloc(&c, 8 * n * n); double one = 1;\n\
             cudaStream_t s, t; cudaStreamCreate(&s); cudaStreamCreate(&t);\n\
             cublasHandle_t b; cublasCreate(&b); cublasSetStream(b, s);\n\
             cublasDgemm(b, CUBLAS_OP_N, CUBLAS_OP_N, n, n, {inner}, &one, a, n, a, n, &one, c, n);\n\
             cublasSetMatrixAsync(n, n, 8, h, n, a, n, t);\n\
             cudaDeviceSynchronize(); cublasDestroy(b); cudaFree(a); cudaFree(c);\n\
             cudaStreamDestroy(s); cudaStreamDestroy(t); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("n"), ["a.cu:8 cross-stream-unordered"]);
    assert_eq!(found("0"), Vec::<String>::new());
}

#[test]
fn a_chunk_that_is_all_of_it_comes_once() {
    let chunked = |chunk: &str, bytes: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             void f(const char *h, size_t size, size_t wanted) {{\n\
             char *d; cudaMalloc(&d, size); char *at = d;\n\
             size_t chunk = {chunk};\n\
             size_t chunks = (size + chunk - 1) / chunk;\n\
             for (size_t i = 0; i < chunks; ++i) {{\n\
             cudaMemcpy(at, h, {bytes}, cudaMemcpyHostToDevice); at += chunk; }}\n\
             cudaFree(d); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(chunked("wanted == 0 ? size : wanted", "chunk"), Vec::<String>::new());
    assert_eq!(chunked("size", "chunk"), Vec::<String>::new());
    assert_eq!(chunked("size", "chunk + 1"), ["a.cu:7 copy-size-mismatch"]);
}

/// What is found where a loop copies blocks of 512 bytes to memory of 1024, by a helper.
fn rounds(before: &str, body: &str, after: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         struct Buffer {{ char *d; size_t used; }};\n\
         int channels(); bool more();\n\
         static void put(char *d, const char *h, cudaStream_t s) {{\n\
         cudaMemcpyAsync(d, h, 512, cudaMemcpyHostToDevice, s); }}\n\
         void f(const char *h, cudaStream_t s, char *e) {{ Buffer b; b.used = 0; size_t at = 0;\n\
         cudaMalloc(&b.d, 1024); char *d = b.d;\n\
         {before}\n{body}\n{after}\n\
         cudaStreamSynchronize(s); cudaFree(b.d); }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_round_that_may_not_come_proves_nothing() {
    let put = "put(d + i * 512, h + i * 512, s);";
    let calm = Vec::<String>::new();
    assert_eq!(rounds("int n = channels();", &format!("for (int i = 0; i < n; ++i) {put}"), ""), calm);
    // The second loop's condition follows from what was taken to hold in the first.
    let first = "int n = channels(); for (int i = 0; i < n; ++i) cudaMemsetAsync(e + i * 512, 0, 512, s);";
    assert_eq!(rounds(first, &format!("for (int i = 0; i < n; ++i) {put}"), ""), calm);
    let until = "while (true) { put(d + at, h + at, s); at += 512; if (!more()) break; }";
    assert_eq!(rounds("", until, ""), calm);
    let third = "if (i > 1) cudaMemcpyAsync(d + i * 512, h, 512, cudaMemcpyHostToDevice, s);";
    assert_eq!(
        rounds("int n = channels();", &format!("for (int i = 0; i < n; ++i) {{ {third} }}"), ""),
        calm
    );
}

#[test]
fn a_round_that_comes_proves_what_it_shows() {
    let put = "put(d + i * 512, h + i * 512, s);";
    let found = ["a.cu:5 copy-size-mismatch"];
    assert_eq!(rounds("", &format!("for (int i = 0; i < 3; ++i) {put}"), ""), found);
    // That calls succeed is no presumption.
    let checked = "cudaError_t it = cudaGetLastError(); if (it != cudaSuccess) break;";
    assert_eq!(rounds("", &format!("for (int i = 0; i < 3; ++i) {{ {put} {checked} }}"), ""), found);
    // The first round is wrong already.
    let first = "for (int i = 0; i < n; ++i) put(d + 1024, h, s);";
    assert_eq!(rounds("int n = channels();", first, ""), found);
}

#[test]
fn what_a_loop_counts_in_a_structure_is_not_known_behind_it() {
    let fill = "cudaMemsetAsync(b.d + b.used, 0, 256, s); b.used += 256;";
    let copy = "cudaMemcpyAsync(b.d + b.used, h, 512, cudaMemcpyHostToDevice, s);";
    let calm = Vec::<String>::new();
    assert_eq!(
        rounds("int n = channels();", &format!("for (int i = 0; i < n; ++i) {{ {fill} }}"), copy),
        calm
    );
    let found = ["a.cu:10 copy-size-mismatch"];
    assert_eq!(rounds("", &format!("for (int i = 0; i < 3; ++i) {{ {fill} }}"), copy), found);
    // A constant is no count.
    let set = "b.used = 768;";
    assert_eq!(
        rounds("int n = channels();", &format!("for (int i = 0; i < n; ++i) {{ {set} e[i] = 0; }}"), copy),
        found
    );
}

#[test]
fn what_holds_on_the_paths_that_are_followed_may_not_hold_on_all() {
    let memory = |name: &str, mode: &str| {
        format!("char *{name}; if ({mode} == 3) cudaMallocHost(&{name}, 64); else cudaMalloc(&{name}, 64);\n")
    };
    let many: String = ["x", "y", "z", "w"].iter().map(|it| memory(&format!("m{it}"), it)).collect();
    let text = format!(
        "#include <cuda_runtime.h>\n\
         void f(const char *h, size_t n, bool wide, int w, int x, int y, int z, cudaStream_t s) {{\n\
         char *d; cudaMalloc(&d, n);\n{many}\
         size_t bytes; if (wide) bytes = 4 * n; else bytes = n;\n\
         cudaMemcpyAsync(d, h, bytes, cudaMemcpyHostToDevice, s); cudaStreamSynchronize(s); }}\n"
    );
    let found = Project::new(&[("a.cu", &text)]).found(&["."]);
    assert!(!found.iter().any(|it| it.ends_with("copy-size-mismatch")), "{found:?}");
}

/// A ring of copies, each from the device before: `rounds` of them go through `chunks`, each `advance`d.
fn ring(chunks: &str, advance: &str, wait: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <vector>\nconst size_t bytes = 64 << 20;\n\
         void ring(int rounds, int n, int count, size_t part) {{\n\
         std::vector<cudaStream_t> streams(n);\nstd::vector<cudaEvent_t> events(n);\nstd::vector<char *> buffers(n);\n\
         for (int i = 0; i < n; ++i) {{\ncudaMalloc(&buffers[i], bytes);\ncudaStreamCreate(&streams[i]);\n\
         cudaEventCreate(&events[i]);\n}}\n\
         char *first;\ncudaMalloc(&first, bytes);\n\
         for (int i = 0; i < rounds; ++i) {{\nsize_t offset = 0;\nfor (int c = 0; c < {chunks}; ++c) {{\n\
         for (int d = 0; d < n; ++d) {{\nconst char *from = d == 0 ? first : buffers[d - 1];\n\
         if (d > 0) cudaStreamWaitEvent(streams[d], events[d - 1], 0);\n\
         cudaMemcpyAsync(buffers[d] + offset, from + offset, part, cudaMemcpyDeviceToDevice, streams[d]);\n\
         cudaEventRecord(events[d], streams[d]);\n}}\n{advance}\n}}\n{wait}\n}}\n\
         cudaDeviceSynchronize();\n\
         for (int i = 0; i < n; ++i) {{\ncudaFree(buffers[i]);\ncudaStreamDestroy(streams[i]);\n\
         cudaEventDestroy(events[i]);\n}}\ncudaFree(first);\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_loop_that_is_left_early_leaves_the_loops_around_it_their_counts() {
    let wait = "cudaEventSynchronize(events[n - 1]);";
    let none = Vec::<String>::new();
    // One chunk, whatever the round; and chunks side by side.
    assert_eq!(ring("1", "", wait), none);
    assert_eq!(ring("count", "offset += part;", wait), none);
    // The second chunk goes to where the first one is still read, or the second round does.
    let found = ["a.cu:21 cross-stream-unordered"];
    assert_eq!(ring("2", "", wait), found);
    assert_eq!(ring("count", "", wait), found);
    assert_eq!(ring("1", "", ""), found);
    assert_eq!(ring("count", "offset += part;", ""), found);
}
