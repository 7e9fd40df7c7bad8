//! Host reads of what a captured copy is to write.

mod project;

use project::Project;

/// A capture of a copy to page-locked memory; `before` stands in front of it, `then` behind it.
fn found(before: &str, then: &str) -> Vec<String> {
    let text = format!(
        "#include <cstring>\n#include <cuda_runtime.h>\nvoid launch_it(cudaGraph_t);\n\
         float run(const float *d, cudaStream_t s) {{\nfloat *h;cudaMallocHost((void **)&h, 64);\n\
         cudaGraph_t graph;cudaGraphExec_t exec;float value = 0;\n{before}\n\
         cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);\n\
         cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, s);\ncudaStreamEndCapture(s, &graph);\n\
         cudaGraphInstantiate(&exec, graph, 0);\n{then}\ncudaGraphExecDestroy(exec);cudaGraphDestroy(graph);\n\
         cudaFreeHost(h);\nreturn value;\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "likely", "."])
}

const NONE: Vec<String> = Vec::new();
const LAUNCH: &str = "cudaGraphLaunch(exec, s);cudaStreamSynchronize(s);";

#[test]
fn what_is_captured_has_not_run() {
    let line = ["a.cu:12 capture-structure"];
    assert_eq!(found("", "value = h[0];"), line);
    assert_eq!(found("", &format!("value = h[0];{LAUNCH}value += h[1];")), line);
    assert_eq!(found("", &format!("{LAUNCH}value = h[0];")), NONE);
    assert_eq!(found("", &format!("{LAUNCH}{LAUNCH}value = h[0];")), NONE);
}

#[test]
fn what_is_there_already_may_be_read() {
    assert_eq!(found("h[0] = 1;", "value = h[0];"), NONE);
    assert_eq!(found("std::memset(h, 0, 64);", "value = h[0];"), NONE);
    assert_eq!(found("cudaMemcpy(h, d, 64, cudaMemcpyDeviceToHost);", "value = h[0];"), NONE);
    assert_eq!(found("", "h[0] = 1;value = h[0];"), NONE);
    assert_eq!(found("", "cudaMemcpy(h, d, 64, cudaMemcpyDeviceToHost);value = h[0];"), NONE);
    assert_eq!(found("", "launch_it(graph);value = h[0];"), NONE);
}
