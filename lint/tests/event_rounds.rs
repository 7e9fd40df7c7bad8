//! Events that one round of a loop records, behind rounds that are not followed.

mod project;

use project::Project;

/// Times `iterations` launches behind five that warm up: `record` is what is done in the loop.
fn found(record: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n__global__ void work(float *d);\n\
         float time(float *d, int iterations, cudaStream_t s) {{\n\
         cudaEvent_t start, stop;\ncudaEventCreate(&start);\ncudaEventCreate(&stop);\nconst int warmup = 5;\n\
         for (int i = 0; i < iterations + warmup; ++i) {{\n{record}\nwork<<<1, 32, 0, s>>>(d);\n}}\n\
         cudaEventRecord(stop, s);\ncudaEventSynchronize(stop);\nfloat ms = 0;\n\
         cudaEventElapsedTime(&ms, start, stop);\n\
         cudaEventDestroy(start);\ncudaEventDestroy(stop);\nreturn ms;\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn an_event_may_be_recorded_in_a_round_that_is_not_followed() {
    assert_eq!(found("if (i == warmup) cudaEventRecord(start, s);"), Vec::<String>::new());
    assert_eq!(found("if (i == warmup) cudaEventRecord(stop, s);"), ["a.cu:15 event-elapsed-misuse"]);
    assert_eq!(found(""), ["a.cu:15 event-elapsed-misuse"]);
}
