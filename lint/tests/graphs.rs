//! Launches of graphs as pending work, however the graphs came about.

mod project;

use project::Project;

/// What a graph is made of in each of these programs, and what all of them need.
const PRELUDE: &str = "\
#include <cstdio>
#include <cuda_runtime.h>
__global__ void compute(int *out) { *out += 42; }
struct Data { int *h, *d; };
static Data make() {
    Data data;
    cudaMallocHost(&data.h, 4);
    cudaMalloc(&data.d, 4);
    return data;
}
static void release(Data data, cudaGraph_t graph, cudaGraphExec_t exec) {
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
    cudaFree(data.d);
    cudaFreeHost(data.h);
}
";

/// Checks that what is found stands in the lines of `body` that end with `// rule`.
fn check(body: &str) {
    let text = format!("{PRELUDE}{body}");
    let expected: Vec<String> = text
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| Some(format!("a.cu:{number} {}", line.split_once("// ")?.1)))
        .collect();
    assert_eq!(Project::new(&[("a.cu", &text)]).found(&["."]), expected, "{body}");
}

#[test]
fn nodes_that_are_added_by_hand_are_in_flight_after_a_launch() {
    check(
        "void run(cudaStream_t stream) {
    Data data = make();
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaGraphNode_t a, b;
    void *args[] = {&data.d};
    cudaKernelNodeParams params = {};
    params.func = (void *)compute;
    params.gridDim = params.blockDim = dim3(1);
    params.kernelParams = args;
    cudaGraphCreate(&graph, 0);
    cudaGraphAddKernelNode(&a, graph, nullptr, 0, &params);
    cudaGraphAddMemcpyNode1D(&b, graph, &a, 1, data.h, data.d, 4, cudaMemcpyDeviceToHost);
    cudaGraphInstantiate(&exec, graph, 0);
    printf(\"%d\", *data.h); // capture-structure
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", *data.h); // host-read-before-sync
    cudaStreamSynchronize(stream);
    printf(\"%d\", *data.h);
    cudaGraphExecKernelNodeSetParams(exec, a, &params);
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", *data.h); // host-read-before-sync
    cudaStreamSynchronize(stream);
    cudaGraphExecMemcpyNodeSetParams1D(exec, b, data.d, data.d, 4, cudaMemcpyDeviceToDevice);
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", *data.h);
    cudaStreamSynchronize(stream);
    release(data, graph, exec);
}
",
    );
}

#[test]
fn parameters_in_structures_and_child_graphs_are_followed() {
    check(
        "void run(cudaStream_t stream) {
    int sum = 0;
    int *d_sum;
    cudaGraph_t graph, child;
    cudaGraphExec_t exec;
    cudaGraphNode_t a, b, c;
    cudaMemcpy3DParms copy = {0};
    cudaMemsetParams fill = {0};
    cudaMalloc(&d_sum, 4);
    fill.dst = d_sum;
    fill.elementSize = 4;
    fill.width = fill.height = 1;
    copy.srcPtr = make_cudaPitchedPtr(d_sum, 4, 1, 1);
    copy.dstPtr = make_cudaPitchedPtr(&sum, 4, 1, 1);
    copy.extent = make_cudaExtent(4, 1, 1);
    copy.kind = cudaMemcpyDeviceToHost;
    cudaGraphCreate(&child, 0);
    cudaGraphAddMemsetNode(&a, child, nullptr, 0, &fill);
    cudaGraphAddMemcpyNode(&b, child, &a, 1, &copy);
    cudaGraphCreate(&graph, 0);
    cudaGraphAddChildGraphNode(&c, graph, nullptr, 0, child);
    cudaGraphInstantiate(&exec, graph, 0);
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", sum); // pageable-copy-as-sync
    cudaStreamSynchronize(stream);
    cudaFree(d_sum);
    cudaGraphLaunch(exec, stream); // device-use-after-free
    cudaStreamSynchronize(stream);
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
    cudaGraphDestroy(child);
}
",
    );
}

#[test]
fn launches_of_one_graph_are_ordered_and_those_of_two_are_not() {
    check(
        "static cudaGraphExec_t record(int *d, cudaStream_t stream) {
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaMemsetAsync(d, 0, 4, stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&exec, graph, 0);
    cudaGraphDestroy(graph);
    return exec;
}
void run(int *d) {
    cudaStream_t s, t;
    cudaStreamCreate(&s);
    cudaStreamCreate(&t);
    cudaGraphExec_t one = record(d, s), other = record(d, s);
    cudaGraphLaunch(one, s);
    cudaGraphLaunch(one, t);
    cudaGraphLaunch(other, t);
    cudaGraphLaunch(other, s);
    cudaGraphLaunch(one, t); // cross-stream-unordered
    cudaDeviceSynchronize();
    cudaGraphExecDestroy(one);
    cudaGraphExecDestroy(other);
    cudaStreamDestroy(s);
    cudaStreamDestroy(t);
}
",
    );
}

#[test]
fn a_graph_that_a_method_keeps_is_launched_by_another() {
    check(
        "class Pipeline {
public:
    explicit Pipeline(Data data) {
        cudaGraph_t graph;
        cudaStreamCreate(&stream);
        cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
        cudaMemcpyAsync(data.h, data.d, 4, cudaMemcpyDeviceToHost, stream);
        cudaStreamEndCapture(stream, &graph);
        cudaGraphInstantiate(&exec, graph, 0);
        cudaGraphDestroy(graph);
    }
    ~Pipeline() {
        cudaGraphExecDestroy(exec);
        cudaStreamDestroy(stream);
    }
    void launch() { cudaGraphLaunch(exec, stream); }
    void wait() { cudaStreamSynchronize(stream); }

private:
    cudaStream_t stream;
    cudaGraphExec_t exec;
};
int main() {
    Data data = make();
    {
        Pipeline pipeline(data);
        pipeline.launch();
        pipeline.wait();
        printf(\"%d\", *data.h);
        pipeline.launch();
        printf(\"%d\", *data.h); // host-read-before-sync
        pipeline.wait();
    }
    cudaFree(data.d);
    cudaFreeHost(data.h);
}
",
    );
}

#[test]
fn what_may_not_be_in_the_graph_is_not_blamed() {
    check(
        "void unseen(cudaStream_t);
void edit(cudaGraph_t);
void run(cudaGraphExec_t given, cudaStream_t stream) {
    Data data = make();
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaGraphLaunch(given, stream);
    printf(\"%d\", *data.h);
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaMemcpyAsync(data.h, data.d, 4, cudaMemcpyDeviceToHost, stream);
    cudaStreamEndCapture(stream, &graph);
    edit(graph);
    cudaGraphInstantiate(&exec, graph, 0);
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", *data.h);
    cudaStreamSynchronize(stream);
    release(data, graph, exec);
}
void handed(cudaStream_t stream) {
    Data data = make();
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaMemcpyAsync(data.h, data.d, 4, cudaMemcpyDeviceToHost, stream);
    unseen(stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&exec, graph, 0);
    cudaGraphLaunch(exec, stream);
    printf(\"%d\", *data.h);
    cudaStreamSynchronize(stream);
    release(data, graph, exec);
}
",
    );
}

#[test]
fn the_legacy_default_stream_is_never_seen_captured() {
    let resume = |test: &str, line: &str| {
        format!(
            "void resume(cudaStream_t own, bool has) {{\ncudaStream_t stream = has ? own : nullptr;\n\
             cudaStreamCaptureStatus status;\ncudaStreamIsCapturing(stream, &status);\n{test}\n\
             cudaGraph_t graph;\ncudaStreamEndCapture(stream, &graph);\n\
             cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed);{line}\n}}\n"
        )
    };
    check(&resume("if (status != cudaStreamCaptureStatusActive) return;", ""));
    check(&resume("if (status == cudaStreamCaptureStatusActive) return;", " // capture-illegal-call"));
}
