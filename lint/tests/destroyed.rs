//! Handles that are used after they were destroyed, and what goes with a device or context.

mod project;

use project::Project;

const BEGIN: &str = "#include <cuda.h>\n#include <cuda_runtime.h>\n__global__ void work(float *d);\n";

/// Findings in the body of a function, with their lines in it.
fn found(body: &str) -> Vec<String> {
    let text = format!(
        "{BEGIN}void run(float *d, cudaStream_t s, cudaGraph_t given, CUdevice device, bool yes, int other) {{\n\
         {body}\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "possible", "."])
}

/// The rule, at a line of the body.
fn at(line: usize) -> Vec<String> {
    vec![format!("a.cu:{} handle-use-after-destroy", line + 4)]
}

const NONE: Vec<String> = Vec::new();

const GRAPH: &str = "cudaGraph_t graph;cudaGraphExec_t exec;\
    cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);work<<<1, 32, 0, s>>>(d);\
    cudaStreamEndCapture(s, &graph);cudaGraphInstantiate(&exec, graph, 0);\n";

#[test]
fn graphs_end_with_their_destroy() {
    let graph = |rest: &str| found(&format!("{GRAPH}{rest}"));
    assert_eq!(
        graph("cudaGraphExecDestroy(exec);cudaGraphDestroy(graph);\ncudaGraphLaunch(exec, s);"),
        at(3)
    );
    assert_eq!(graph("cudaGraphExecDestroy(exec);cudaGraphDestroy(graph);\ncudaGraphDestroy(graph);"), at(3));
    let again = "cudaGraphExecDestroy(exec);cudaGraphDestroy(graph);\n\
                 cudaGraphInstantiate(&exec, graph, 0);cudaGraphExecDestroy(exec);";
    assert_eq!(graph(again), at(3));
    // What was instantiated does not need the graph, and what is pending goes on.
    let early = "cudaGraphDestroy(graph);\ncudaGraphLaunch(exec, s);\ncudaGraphExecDestroy(exec);";
    assert_eq!(graph(early), NONE);
    let renewed = "cudaGraphExecUpdateResultInfo info;\n\
                   if (cudaGraphExecUpdate(exec, graph, &info) != cudaSuccess) {\n\
                   cudaGraphExecDestroy(exec);cudaGraphInstantiate(&exec, graph, 0);}\n\
                   cudaGraphLaunch(exec, s);cudaGraphExecDestroy(exec);cudaGraphDestroy(graph);";
    assert_eq!(graph(renewed), NONE);
}

#[test]
fn graphs_of_each_turn_are_others() {
    let turns = "for (int i = 0; i < 4; ++i) {\ncudaGraphExec_t exec;\ncudaGraphInstantiate(&exec, given, 0);\n\
                 cudaGraphLaunch(exec, s);\ncudaGraphExecDestroy(exec);\n}";
    assert_eq!(found(turns), NONE);
    let cached = "cudaGraphExec_t exec = nullptr;\nfor (int i = 0; i < 4; ++i) {\n\
                  if (exec) cudaGraphExecDestroy(exec);\ncudaGraphInstantiate(&exec, given, 0);\n\
                  cudaGraphLaunch(exec, s);\n}\ncudaGraphExecDestroy(exec);";
    assert_eq!(found(cached), NONE);
}

#[test]
fn kernels_go_with_their_module() {
    let module = |rest: &str| {
        found(&format!(
            "CUmodule m;CUfunction f;cuModuleLoad(&m, \"a.cubin\");cuModuleGetFunction(&f, m, \"f\");\n{rest}"
        ))
    };
    let launch = "cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, s, nullptr, nullptr);";
    assert_eq!(module(&format!("cuModuleUnload(m);\n{launch}")), at(3));
    assert_eq!(module("cuModuleUnload(m);\ncuModuleGetFunction(&f, m, \"g\");"), at(3));
    assert_eq!(module("cuModuleUnload(m);\ncuModuleUnload(m);"), at(3));
    assert_eq!(module(&format!("{launch}\ncuStreamSynchronize(s);\ncuModuleUnload(m);")), NONE);
    let renewed = "cuModuleUnload(m);cuModuleLoad(&m, \"b.cubin\");cuModuleGetFunction(&f, m, \"f\");\n";
    assert_eq!(module(&format!("{renewed}{launch}\ncuStreamSynchronize(s);\ncuModuleUnload(m);")), NONE);
    let turns = format!(
        "cuModuleUnload(m);for (int i = 0; i < 4; ++i) {{\ncuModuleLoad(&m, \"b.cubin\");\n\
         cuModuleGetFunction(&f, m, \"f\");\n{launch}\ncuStreamSynchronize(s);\ncuModuleUnload(m);\n}}"
    );
    assert_eq!(module(&turns), NONE);
}

#[test]
fn whatever_asks_a_library_or_module_uses_it() {
    for (unload, asks) in [
        ("cuLibraryUnload(l);", "CUkernel k; cuLibraryEnumerateKernels(&k, 1, l);"),
        ("cuLibraryUnload(l);", "void *f; cuLibraryGetUnifiedFunction(&f, l, \"f\");"),
        ("cuModuleUnload(m);", "CUfunction f; cuModuleEnumerateFunctions(&f, 1, m);"),
        ("cudaLibraryUnload(r);", "cudaKernel_t k; cudaLibraryEnumerateKernels(&k, 1, r);"),
        ("cudaLibraryUnload(r);", "void *g; size_t n; cudaLibraryGetGlobal(&g, &n, r, \"g\");"),
    ] {
        let given = "extern CUlibrary l; extern CUmodule m; extern cudaLibrary_t r;";
        assert_eq!(found(&format!("{given} {unload}\n{asks}")), at(2), "{asks}");
        assert_eq!(found(&format!("{given} {asks}\n{unload}")), NONE, "{asks}");
    }
}

#[test]
fn cleaning_up_need_not_be_checked_whatever_it_cleans() {
    let unchecked = |body: &str| {
        let text = format!(
            "{BEGIN}void run(CUstream s, CUevent e, CUgraph g, CUgraphExec x, CUmodule m, CUlibrary l) {{\n\
             {body}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["--min-severity", "info", "."])
    };
    let all = "cuStreamDestroy(s); cuEventDestroy(e); cuGraphDestroy(g); cuGraphExecDestroy(x);\n\
               cuModuleUnload(m); cuLibraryUnload(l);";
    assert_eq!(unchecked(all), NONE);
    assert_eq!(unchecked("cuModuleLoad(&m, \"a.cubin\");"), ["a.cu:5 unchecked-cuda-call"]);
}

#[test]
fn a_capture_and_a_measurement_use_what_they_name() {
    let capture = "cudaStream_t own;cudaStreamCreate(&own);\ncudaStreamDestroy(own);\n\
                   cudaStreamBeginCapture(own, cudaStreamCaptureModeGlobal);\n\
                   cudaGraph_t graph;cudaStreamEndCapture(own, &graph);cudaGraphDestroy(graph);";
    assert_eq!(found(capture), at(3));
    let events = "cudaEvent_t a, b;cudaEventCreate(&a);cudaEventCreate(&b);cudaEventRecord(a, s);\
                  cudaEventRecord(b, s);cudaEventSynchronize(b);float ms;\n";
    assert_eq!(
        found(&format!(
            "{events}cudaEventDestroy(b);\ncudaEventElapsedTime(&ms, a, b);\ncudaEventDestroy(a);"
        )),
        at(3)
    );
    let kept = "cudaEventElapsedTime(&ms, a, b);\ncudaEventDestroy(a);\ncudaEventDestroy(b);";
    assert_eq!(found(&format!("{events}{kept}")), NONE);
}

#[test]
fn a_reset_ends_what_the_device_has() {
    let made = "float *p;cudaMalloc(&p, 4096);cudaStream_t own;cudaStreamCreate(&own);\n";
    let reset = |rest: &str| found(&format!("{made}{rest}"));
    assert_eq!(reset("cudaDeviceReset();\ncudaFree(p);\ncudaStreamDestroy(own);"), at(3));
    assert_eq!(reset("cudaFree(p);\ncudaDeviceReset();\ncudaStreamDestroy(own);"), at(4));
    assert_eq!(reset("cudaStreamDestroy(own);\ncudaDeviceReset();\nwork<<<1, 32>>>(p);"), at(4));
    assert_eq!(reset("cudaFree(p);\ncudaStreamDestroy(own);\ncudaDeviceReset();"), NONE);
    // The last statement, whatever was left.
    assert_eq!(reset("cudaDeviceReset();"), NONE);
    let anew = "cudaFree(p);cudaStreamDestroy(own);cudaDeviceReset();\ncudaMalloc(&p, 4096);\n\
                cudaMemset(p, 0, 4096);\ncudaFree(p);";
    assert_eq!(reset(anew), NONE);
    let failed = "if (cudaDeviceReset() != cudaSuccess) {\ncudaStreamDestroy(own);\ncudaFree(p);\n}";
    assert_eq!(reset(failed), NONE);
}

#[test]
fn a_reset_ends_no_more_than_that() {
    // Memory from a pool, memory of a caller's.
    let pool = "float *p;cudaMallocAsync(&p, 4096, s);cudaStreamSynchronize(s);\ncudaDeviceReset();\n\
                cudaFreeAsync(p, s);\nwork<<<1, 32>>>(d);";
    assert_eq!(found(pool), NONE);
    // Another device, and one that may be another.
    let two = |first: &str, second: &str| {
        found(&format!(
            "float *p;cudaSetDevice({first});\ncudaMalloc(&p, 4096);\ncudaSetDevice({second});\n\
             cudaDeviceReset();\ncudaSetDevice({first});\ncudaFree(p);"
        ))
    };
    assert_eq!(two("0", "0"), at(6));
    assert_eq!(two("0", "1"), NONE);
    assert_eq!(two("other", "0"), NONE);
    assert_eq!(two("other", "other"), at(6));
    // What objects release as they go.
    let text = format!(
        "{BEGIN}struct Buffer {{\nfloat *p = nullptr;\nBuffer() {{ cudaMalloc(&p, 4096); }}\n\
         ~Buffer() {{ cudaFree(p); }}\n}};\nint main() {{\nBuffer buffer;\nwork<<<1, 32>>>(buffer.p);\n\
         cudaDeviceSynchronize();\ncudaDeviceReset();\nreturn 0;\n}}\n"
    );
    assert_eq!(Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "possible", "."]), NONE);
}

#[test]
fn a_context_goes_with_what_was_made_in_it() {
    let context = |rest: &str| {
        found(&format!(
            "CUcontext c;cuCtxCreate(&c, 0, device);\nCUdeviceptr p;cuMemAlloc(&p, 4096);\n\
             CUstream own;cuStreamCreate(&own, 0);\n{rest}"
        ))
    };
    assert_eq!(context("cuCtxDestroy(c);\ncuMemFree(p);\ncuStreamDestroy(own);"), at(5));
    assert_eq!(context("cuMemFree(p);\ncuStreamDestroy(own);\ncuCtxDestroy(c);"), NONE);
    let second = "CUcontext b;cuCtxCreate(&b, 0, device);\ncuCtxDestroy(b);\ncuCtxSetCurrent(c);\n\
                  cuMemFree(p);\ncuStreamDestroy(own);\ncuCtxDestroy(c);";
    assert_eq!(context(second), NONE);
    // What the runtime has made is in the primary context.
    let primary = "float *q;cudaMalloc(&q, 4096);\nCUcontext c;cuCtxCreate(&c, 0, device);\ncuCtxDestroy(c);\n\
                   cudaFree(q);";
    assert_eq!(found(primary), NONE);
}
