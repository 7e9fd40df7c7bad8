//! Work beside a stream of the caller's, and events between two streams that a caller passes.

mod project;

use project::Project;

fn found_at(least: &str, body: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n__global__ void fill(float *d) {{ d[0] = 1; }}\n\
         __global__ void use(const float *d, float *o) {{ o[0] = d[0]; }}\n{body}"
    );
    Project::new(&[("a.cu", &text)]).found(&["--min-confidence", least, "."])
}

fn found(body: &str) -> Vec<String> {
    found_at("likely", body)
}

const NONE: Vec<String> = Vec::new();

/// A function with a stream of its own, which it makes first and destroys last.
fn beside(params: &str, flags: &str, rest: &str) -> String {
    format!(
        "void run({params}) {{\ncudaStream_t side;cudaStreamCreateWithFlags(&side, {flags});\n{rest}\n\
         cudaStreamDestroy(side);\n}}\n"
    )
}

#[test]
fn what_is_started_beside_the_callers_stream_has_to_join_it() {
    let started =
        |rest: &str| found(&beside("float *d, float *o, cudaStream_t s", "cudaStreamNonBlocking", rest));
    let line = ["a.cu:6 unjoined-fork"];
    assert_eq!(started("fill<<<1, 32, 0, side>>>(d);"), line);
    assert_eq!(started("fill<<<1, 32, 0, side>>>(d); cudaMemsetAsync(o, 0, 4, s);"), line);
    assert_eq!(started("cudaMemsetAsync(d, 0, 4, side);"), line);
    // The host waits, or the caller's stream.
    assert_eq!(started("fill<<<1, 32, 0, side>>>(d); cudaStreamSynchronize(side);"), NONE);
    let joined = "fill<<<1, 32, 0, side>>>(d); cudaEvent_t e; cudaEventCreate(&e); cudaEventRecord(e, side);\
                  cudaStreamWaitEvent(s, e, 0); cudaEventDestroy(e);";
    assert_eq!(started(joined), NONE);
    // Nothing that the caller sees, or only what it is read for.
    let own =
        "float *p; cudaMallocAsync(&p, 4096, side); fill<<<1, 32, 0, side>>>(p); cudaFreeAsync(p, side);";
    assert_eq!(started(own), NONE);
    assert_eq!(
        started(
            "float x; cudaMemcpyAsync(&x, d, 4, cudaMemcpyDeviceToHost, side);\
                        cudaStreamSynchronize(side);"
        ),
        NONE
    );
    // The caller's stream is the default one here: the function makes a stream in its place.
    let instead = "if (s == nullptr) { fill<<<1, 32, 0, side>>>(d); } else { fill<<<1, 32, 0, s>>>(d); }";
    assert_eq!(started(instead), NONE);
}

#[test]
fn whether_the_default_stream_waits_decides() {
    let body = beside("float *d, cudaStream_t s", "cudaStreamDefault", "fill<<<1, 32, 0, side>>>(d);");
    assert_eq!(found(&body), NONE);
    assert_eq!(found_at("possible", &body), ["a.cu:6 unjoined-fork"]);
}

#[test]
fn a_function_without_a_stream_promises_no_order() {
    let alone =
        |params: &str| found(&beside(params, "cudaStreamNonBlocking", "fill<<<1, 32, 0, side>>>(d);"));
    assert_eq!(alone("float *d"), NONE);
    assert_eq!(alone("float *d, cudaStream_t s, cudaStream_t t"), NONE);
    assert_eq!(alone("float *d, cudaStream_t &s"), NONE);
}

#[test]
fn streams_that_others_have_can_be_waited_for() {
    let kept = "struct Side { cudaStream_t side; };\nvoid run(float *d, cudaStream_t s, Side *out) {\n\
                cudaStreamCreateWithFlags(&out->side, cudaStreamNonBlocking);\n\
                fill<<<1, 32, 0, out->side>>>(d);\n}\n";
    assert_eq!(found(kept), NONE);
    let returned = "cudaStream_t run(float *d, cudaStream_t s) {\ncudaStream_t side;\n\
                    cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking);\n\
                    fill<<<1, 32, 0, side>>>(d);\nreturn side;\n}\n";
    assert_eq!(found(returned), NONE);
    let recorded = beside(
        "float *d, cudaStream_t s, cudaEvent_t done",
        "cudaStreamNonBlocking",
        "fill<<<1, 32, 0, side>>>(d); cudaEventRecord(done, side);",
    );
    assert_eq!(found(&recorded), NONE);
    // Who calls it shows what becomes of the work.
    let called = format!(
        "static {}void outer(float *d, cudaStream_t s) {{ run(d, s); cudaDeviceSynchronize(); }}\n",
        beside("float *d, cudaStream_t s", "cudaStreamNonBlocking", "fill<<<1, 32, 0, side>>>(d);")
    );
    assert_eq!(found(&called), NONE);
}

/// Two streams of the caller's with work on the second; what is recorded and waited for, and the use on the first.
fn passed(between: &str) -> Vec<String> {
    found(&format!(
        "void run(float *d, float *o, cudaStream_t a, cudaStream_t b, cudaStream_t c, cudaEvent_t e) {{\n\
         fill<<<1, 32, 0, b>>>(d);\n{between}\nuse<<<1, 32, 0, a>>>(d, o);\n}}\n"
    ))
}

#[test]
fn a_stream_that_waits_for_itself_was_meant_to_wait_for_another() {
    let line = ["a.cu:6 event-record-wrong-stream"];
    assert_eq!(passed("cudaEventRecord(e, a); cudaStreamWaitEvent(a, e, 0);"), line);
    assert_eq!(passed("cudaEventRecord(e, b); cudaStreamWaitEvent(a, e, 0);"), NONE);
    // The third stream may have work of the caller's, and so may the first.
    assert_eq!(passed("cudaEventRecord(e, c); cudaStreamWaitEvent(a, e, 0);"), NONE);
    assert_eq!(passed("cudaEventRecord(e, a); cudaStreamWaitEvent(b, e, 0);"), NONE);
    assert_eq!(passed("cudaEventRecord(e, a);"), NONE);
    assert_eq!(passed("cudaEventRecord(e, a); cudaEventSynchronize(e);"), NONE);
    assert_eq!(passed(""), NONE);
}
