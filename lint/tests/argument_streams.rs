//! Streams that are parameters: what holds for any stream that a caller may pass is said, and so is what a caller
//! that is seen passes.

mod project;

use project::Project;

fn found(user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         __global__ void scale(float *d) {{ d[threadIdx.x] *= 2; }}\n\
         {user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

/// A function that frees on a stream of its own, made so, what a stream of the caller uses.
fn freed_on(create: &str, between: &str) -> String {
    format!(
        "void run(cudaStream_t from) {{ cudaStream_t own; {create}; float *d;\n\
         cudaMallocAsync(&d, 1024, from);\n\
         scale<<<1, 256, 0, from>>>(d);\n\
         {between}\n\
         cudaFreeAsync(d, own);\n\
         cudaStreamDestroy(own); }}"
    )
}

#[test]
fn no_stream_that_is_passed_is_ordered_with_a_new_non_blocking_one() {
    let non_blocking = "cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking)";
    assert_eq!(found(&freed_on(non_blocking, "")), ["a.cu:7 async-alloc-misuse"]);
    assert_eq!(found(&freed_on(non_blocking, "cudaStreamSynchronize(from);")), Vec::<String>::new());
    let event = "cudaEvent_t e; cudaEventCreate(&e); cudaEventRecord(e, from); cudaStreamWaitEvent(own, e, 0); \
         cudaEventDestroy(e);";
    assert_eq!(found(&freed_on(non_blocking, event)), Vec::<String>::new());
}

#[test]
fn the_default_stream_may_be_passed_and_is_ordered_with_a_blocking_one() {
    assert_eq!(found(&freed_on("cudaStreamCreate(&own)", "")), Vec::<String>::new());
}

#[test]
fn two_parameters_may_be_one_stream_unless_a_caller_passes_two() {
    let run = "void run(cudaStream_t a, cudaStream_t b) { float *d;\n\
         cudaMallocAsync(&d, 1024, a);\n\
         scale<<<1, 256, 0, a>>>(d);\n\
         cudaFreeAsync(d, b); }\n";
    assert_eq!(found(run), Vec::<String>::new());
    let caller = |second: &str| {
        format!(
            "{run}void call() {{ cudaStream_t x, y; cudaStreamCreate(&x); cudaStreamCreate(&y);\n\
             run(x, {second}); cudaDeviceSynchronize(); cudaStreamDestroy(x); cudaStreamDestroy(y); }}"
        )
    };
    assert_eq!(found(&caller("x")), Vec::<String>::new());
    assert_eq!(found(&caller("y")), ["a.cu:6 async-alloc-misuse"]);
}

#[test]
fn a_variable_that_is_filled_out_of_sight_may_hold_the_new_stream() {
    let run = "void fill(cudaStream_t *out);\n\
         void run(cudaStream_t from) { cudaStream_t own; cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking);\n\
         float *d; fill(&from);\n\
         cudaMallocAsync(&d, 1024, from);\n\
         scale<<<1, 256, 0, from>>>(d);\n\
         cudaFreeAsync(d, own); cudaStreamDestroy(own); }";
    assert_eq!(found(run), Vec::<String>::new());
}

#[test]
fn a_capture_of_a_parameter_refuses_what_any_capture_does() {
    let captured = |call: &str, stream: &str, caller: &str| {
        format!(
            "cudaGraph_t capture(cudaStream_t s, float *d) {{ cudaGraph_t graph;\n\
             cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);\n\
             scale<<<1, 256, 0, {stream}>>>(d);\n\
             {call}\n\
             cudaStreamEndCapture(s, &graph); return graph; }}\n{caller}"
        )
    };
    assert_eq!(found(&captured("cudaStreamSynchronize(s);", "s", "")), ["a.cu:6 capture-illegal-call"]);
    assert_eq!(found(&captured("cudaDeviceSynchronize();", "s", "")), ["a.cu:6 capture-illegal-call"]);
    // The default stream is refused if the captured one is blocking: the caller knows.
    assert_eq!(found(&captured("", "0", "")), Vec::<String>::new());
    let caller = |create: &str| {
        format!(
            "void call(float *d) {{ cudaStream_t s; {create}; cudaGraph_t graph = capture(s, d);\n\
             cudaGraphDestroy(graph); cudaStreamDestroy(s); }}"
        )
    };
    assert_eq!(found(&captured("", "0", &caller("cudaStreamCreate(&s)"))), ["a.cu:5 capture-illegal-call"]);
    let non_blocking = caller("cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking)");
    assert_eq!(found(&captured("", "0", &non_blocking)), Vec::<String>::new());
}

#[test]
fn what_names_no_stream_is_one_finding_however_many_streams_use_its_data() {
    let upload = |offset: u32, stream: &str| {
        format!("cudaMemcpyAsync(d + {offset}, h, n, cudaMemcpyHostToDevice, {stream});\n")
    };
    let of = |clear: &str| {
        let body = format!("{clear}\n{}{}", upload(0, "a"), upload(512, "b"));
        found(&format!("void get(char *d, char *h, cudaStream_t a, cudaStream_t b, int n) {{\n{body}}}"))
    };
    assert_eq!(of("cudaMemset(d, 0, 1024);"), ["a.cu:4 stream-forgotten"]);
    assert_eq!(
        of("cudaMemsetAsync(d, 0, 512, a); cudaMemsetAsync(d + 512, 0, 512, b);"),
        Vec::<String>::new()
    );
}
