//! Memory that the host polls while the device writes it.

mod project;

use project::Project;

fn found(wait: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n__global__ void count(size_t *to) {{ *to = 3; }}\n\
         size_t run(size_t *pinned, cudaStream_t stream) {{\npinned[0] = 0;\n\
         count<<<1, 1, 0, stream>>>(pinned);\n{wait}\nreturn pinned[0];\n}}\n\
         size_t use(cudaStream_t stream) {{\nsize_t *pinned; cudaMallocHost(&pinned, 8);\n\
         size_t result = run(pinned, stream);\ncudaFreeHost(pinned);\nreturn result;\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn who_polls_a_word_that_a_kernel_writes_knows_when_it_is_there() {
    assert_eq!(found("while (((volatile size_t *)pinned)[0] == 0) {}"), Vec::<String>::new());
    assert_eq!(found(""), ["a.cu:7 host-read-before-sync"]);
}

#[test]
fn a_callback_that_tries_an_exchange_again_waits_for_nobody() {
    let found = |body: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <atomic>\nstatic std::atomic<int> count{{0}};\n\
             void CUDART_CB add(void *) {{\nint seen = count.load();\n{body}\n}}\n\
             void run(cudaStream_t stream) {{ cudaLaunchHostFunc(stream, add, nullptr); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("while (!count.compare_exchange_weak(seen, seen + 1));"), Vec::<String>::new());
    assert_eq!(found("while (count.load() == seen);"), ["a.cu:6 callback-waits"]);
}
