//! Work that is captured on two streams with nothing between that orders it: it races when the graph is launched.

#![allow(clippy::unwrap_used, reason = "it is a test")]

mod project;

use cuda_lint_engine::trace::judge::{Hazard, judge};
use cuda_lint_engine::trace::validate::validate;
use cuda_lint_engine::trace::{Position, Trace};
use project::Project;

/// A program that captures a fork of two streams with this between the begin and the end, and does this with the graph.
fn program(captured: &str, then: &str) -> String {
    format!(
        "#include <cuda_runtime.h>\n\
         __global__ void fill(float *d) {{ d[threadIdx.x] = 1; }}\n\
         __global__ void sum(const float *d, float *out) {{ out[threadIdx.x] = d[threadIdx.x]; }}\n\
         int main() {{ cudaStream_t a, b; cudaStreamCreate(&a); cudaStreamCreate(&b);\n\
         cudaEvent_t fork, join, between; cudaEventCreate(&fork); cudaEventCreate(&join); cudaEventCreate(&between);\n\
         float *d, *out, *h; cudaMalloc(&d, 8192); cudaMalloc(&out, 4096); cudaMallocHost(&h, 8192);\n\
         cudaGraph_t graph; cudaGraphExec_t exec;\n\
         cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal);\n\
         cudaEventRecord(fork, a); cudaStreamWaitEvent(b, fork, 0);\n\
         {captured}\n\
         cudaEventRecord(join, b); cudaStreamWaitEvent(a, join, 0);\n\
         cudaStreamEndCapture(a, &graph);\n\
         cudaGraphInstantiate(&exec, graph, 0);\n\
         {then}\n\
         cudaGraphExecDestroy(exec); cudaGraphDestroy(graph);\n\
         cudaEventDestroy(fork); cudaEventDestroy(join); cudaEventDestroy(between);\n\
         cudaFree(d); cudaFree(out); cudaFreeHost(h); cudaStreamDestroy(a); cudaStreamDestroy(b); return 0; }}\n"
    )
}

fn found(captured: &str, then: &str) -> Vec<String> {
    Project::new(&[("a.cu", &program(captured, then))]).found(&["."])
}

const LAUNCH: &str = "cudaGraphLaunch(exec, a); cudaStreamSynchronize(a);";

const RACE: &str = "fill<<<1, 256, 0, a>>>(d);\nsum<<<1, 256, 0, b>>>(d, out);";

#[test]
fn branches_of_a_fork_race_when_the_graph_is_launched() {
    assert_eq!(found(RACE, LAUNCH), ["a.cu:11 cross-stream-unordered"]);
}

#[test]
fn a_graph_that_nothing_launches_does_nothing() {
    assert_eq!(found(RACE, ""), Vec::<String>::new());
}

#[test]
fn an_event_between_the_branches_orders_them() {
    let ordered = "fill<<<1, 256, 0, a>>>(d);\n\
         cudaEventRecord(between, a); cudaStreamWaitEvent(b, between, 0);\n\
         sum<<<1, 256, 0, b>>>(d, out);";
    assert_eq!(found(ordered, LAUNCH), Vec::<String>::new());
    let too_early = "cudaEventRecord(between, a);\n\
         fill<<<1, 256, 0, a>>>(d);\n\
         cudaStreamWaitEvent(b, between, 0); sum<<<1, 256, 0, b>>>(d, out);";
    assert_eq!(found(too_early, LAUNCH), ["a.cu:12 cross-stream-unordered"]);
}

#[test]
fn what_is_before_the_fork_and_behind_the_join_is_ordered() {
    let nested = "fill<<<1, 256, 0, a>>>(d);\n\
         cudaEventRecord(fork, a); cudaStreamWaitEvent(b, fork, 0);\n\
         sum<<<1, 256, 0, b>>>(d, out);\n\
         cudaEventRecord(between, b); cudaStreamWaitEvent(a, between, 0);\n\
         fill<<<1, 256, 0, a>>>(d);";
    assert_eq!(found(nested, LAUNCH), Vec::<String>::new());
}

#[test]
fn parts_that_share_no_byte_and_reads_do_not_race() {
    let halves = "cudaMemcpyAsync(d, h, 4096, cudaMemcpyHostToDevice, a);\n\
         cudaMemcpyAsync(d + 1024, h + 1024, 4096, cudaMemcpyHostToDevice, b);";
    assert_eq!(found(halves, LAUNCH), Vec::<String>::new());
    let reads = "sum<<<1, 256, 0, a>>>(d, out);\ncudaMemcpyAsync(h, d, 4096, cudaMemcpyDeviceToHost, b);";
    assert_eq!(found(reads, LAUNCH), Vec::<String>::new());
    let same = "cudaMemcpyAsync(d, h, 4096, cudaMemcpyHostToDevice, a);\n\
         cudaMemcpyAsync(d, h + 1024, 4096, cudaMemcpyHostToDevice, b);";
    assert_eq!(found(same, LAUNCH), ["a.cu:11 cross-stream-unordered"]);
}

#[test]
fn several_launches_are_one_finding() {
    let twice = "cudaGraphLaunch(exec, a); cudaGraphLaunch(exec, b);\ncudaGraphLaunch(exec, a); cudaDeviceSynchronize();";
    assert_eq!(found(RACE, twice), ["a.cu:11 cross-stream-unordered"]);
}

#[test]
fn the_judge_sees_it_in_the_witness_and_the_launch_is_named() {
    let project = Project::new(&[("a.cu", &program(RACE, LAUNCH))]);
    let text = project.run(&["--format", "json", "."]).stdout;
    assert!(text.contains("the graph that holds both is launched here"), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let witness = report["diagnostics"][0]["witness"]["trace"].clone();
    let witness: Trace<Position> = serde_json::from_value(witness).unwrap();
    validate(&witness).unwrap();
    let hazards = judge(&witness);
    assert!(matches!(hazards[..], [Hazard::Unordered { .. }]), "{hazards:?}");
}
