//! `std::min` and `std::max` of numbers that are known: buffers in two halves, as programs that copy in pieces have
//! them.

mod project;

use project::Project;

/// Copies in pieces of `buffer_size`, the halves of a buffer in turn; `written` is the half that is written.
fn pieces(written: &str) -> String {
    format!(
        "#include <cuda_runtime.h>\n\
         #include <algorithm>\n\
         #include <cstdio>\n\
         void out(FILE *f, char *device, size_t bytes, size_t buffer_size, cudaStream_t stream) {{\n\
         \x20   char *space;\n\
         \x20   cudaMallocHost(&space, 2 * buffer_size);\n\
         \x20   void *front = space;\n\
         \x20   void *back = space + buffer_size;\n\
         \x20   size_t amount = std::min(buffer_size, bytes);\n\
         \x20   cudaMemcpyAsync(front, device, amount, cudaMemcpyDeviceToHost, stream);\n\
         \x20   cudaStreamSynchronize(stream);\n\
         \x20   size_t rest = bytes - amount;\n\
         \x20   size_t size = amount;\n\
         \x20   std::swap(front, back);\n\
         \x20   while (rest > 0) {{\n\
         \x20       amount = std::min(buffer_size, rest);\n\
         \x20       cudaMemcpyAsync(front, device, amount, cudaMemcpyDeviceToHost, stream);\n\
         \x20       fwrite({written}, 1, size, f);\n\
         \x20       cudaStreamSynchronize(stream);\n\
         \x20       std::swap(front, back);\n\
         \x20       rest -= amount;\n\
         \x20       size = amount;\n\
         \x20   }}\n\
         \x20   cudaFreeHost(space);\n\
         }}\n\
         int main() {{\n\
         \x20   char *d;\n\
         \x20   cudaMalloc(&d, std::max(4100, 5000));\n\
         \x20   cudaStream_t stream;\n\
         \x20   cudaStreamCreate(&stream);\n\
         \x20   out(fopen(\"x\", \"w\"), d, 4100, 1024, stream);\n\
         \x20   cudaStreamDestroy(stream);\n\
         \x20   cudaFree(d);\n\
         }}\n"
    )
}

#[test]
fn halves_of_a_buffer_are_told_apart_by_the_lesser_of_two_numbers() {
    let project = Project::new(&[("right.cu", &pieces("back")), ("wrong.cu", &pieces("front"))]);
    assert!(project.found(&["right.cu"]).is_empty());
    assert_eq!(project.found(&["wrong.cu"]), ["wrong.cu:18 host-read-before-sync"]);
}

#[test]
fn the_lesser_of_two_numbers_changes_with_them() {
    let found = |offset: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <algorithm>\n\
             void run(int *device, int *host, int total, int batches) {{\n\
             cudaHostRegister(host, total * sizeof(int), 0);\ncudaStream_t streams[2];\n\
             cudaStreamCreate(&streams[0]);\ncudaStreamCreate(&streams[1]);\n\
             int size = total / batches, rest = total % batches;\n\
             for (int i = 0; i < batches; ++i) {{\n\
             int offset = i * size + {offset};\nint count = size + (i < rest ? 1 : 0);\n\
             cudaMemcpyAsync(device + offset, host + offset, count * sizeof(int), cudaMemcpyHostToDevice, streams[i % 2]);\n\
             }}\n\
             cudaDeviceSynchronize();\ncudaHostUnregister(host);\n\
             cudaStreamDestroy(streams[0]);\ncudaStreamDestroy(streams[1]);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("std::min(i, rest)"), Vec::<String>::new());
    assert_eq!(found("0"), ["a.cu:12 cross-stream-unordered"]);
}
