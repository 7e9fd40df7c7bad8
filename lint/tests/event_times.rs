//! Events that are asked for a time: what has been waited for, and which of them measure any.

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    let text = format!("#include <cuda_runtime.h>\n__global__ void work(float *d);\n{text}");
    Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "possible", "."])
}

/// Two events around a launch on the caller's stream; `after` stands behind both records.
fn measured(after: &str) -> Vec<String> {
    found(&format!(
        "float time(float *d, cudaStream_t s, cudaStream_t t) {{\n\
         cudaEvent_t start, stop;\ncudaEventCreate(&start);\ncudaEventCreate(&stop);\n\
         cudaEventRecord(start, s);\nwork<<<1, 32, 0, s>>>(d);\ncudaEventRecord(stop, s);\n{after}\n\
         float ms = 0;\ncudaEventElapsedTime(&ms, start, stop);\n\
         cudaEventDestroy(start);\ncudaEventDestroy(stop);\nreturn ms;\n}}\n"
    ))
}

#[test]
fn a_wait_for_the_start_is_none_for_the_end() {
    let end = ["a.cu:12 event-elapsed-misuse"];
    assert_eq!(measured("cudaEventSynchronize(start);"), end);
    assert_eq!(measured("while (cudaEventQuery(start) == cudaErrorNotReady) {}"), end);
    assert_eq!(measured("cudaEventSynchronize(start); cudaEventSynchronize(stop);"), Vec::<String>::new());
    assert_eq!(measured("cudaEventSynchronize(stop);"), Vec::<String>::new());
}

#[test]
fn what_is_recorded_before_an_event_may_be_complete_with_it() {
    // The two streams of the caller's may be one.
    assert_eq!(measured("cudaEventRecord(start, t); cudaEventSynchronize(start);"), Vec::<String>::new());
    let later = "cudaEvent_t last; cudaEventCreate(&last); cudaEventRecord(last, t);\
                 cudaEventSynchronize(last); cudaEventDestroy(last);";
    assert_eq!(measured(later), Vec::<String>::new());
    assert_eq!(measured("cudaStreamSynchronize(t);"), Vec::<String>::new());
}

/// `start` is made with these flags.
fn made(flags: &str) -> Vec<String> {
    found(&format!(
        "float time(float *d, cudaStream_t s, unsigned any) {{\n\
         cudaEvent_t start, stop;\ncudaEventCreateWithFlags(&start, {flags});\ncudaEventCreate(&stop);\n\
         cudaEventRecord(start, s);\nwork<<<1, 32, 0, s>>>(d);\ncudaEventRecord(stop, s);\n\
         cudaEventSynchronize(stop);\nfloat ms = 0;\ncudaEventElapsedTime(&ms, start, stop);\n\
         cudaEventDestroy(start);\ncudaEventDestroy(stop);\nreturn ms;\n}}\n"
    ))
}

#[test]
fn flags_are_told_by_their_bits() {
    let untimed = ["a.cu:12 event-elapsed-misuse"];
    assert_eq!(made("cudaEventDisableTiming"), untimed);
    assert_eq!(made("cudaEventDisableTiming | cudaEventInterprocess"), untimed);
    assert_eq!(made("cudaEventDisableTiming | cudaEventBlockingSync"), untimed);
    assert_eq!(made("cudaEventBlockingSync"), Vec::<String>::new());
    assert_eq!(made("any"), Vec::<String>::new());
    assert_eq!(made("any | cudaEventInterprocess"), Vec::<String>::new());
}

/// A class whose constructor does `make`, and which measures in another method.
fn member(make: &str) -> Vec<String> {
    found(&format!(
        "class Timer {{\n    cudaEvent_t start_, stop_;\npublic:\n    Timer(bool timing) {{\n{make}\n}}\n\
         ~Timer() {{ cudaEventDestroy(start_); cudaEventDestroy(stop_); }}\n\
         float measure(float *d, cudaStream_t s) {{\n\
         cudaEventRecord(start_, s);\nwork<<<1, 32, 0, s>>>(d);\ncudaEventRecord(stop_, s);\n\
         cudaEventSynchronize(stop_);\nfloat ms = 0;\ncudaEventElapsedTime(&ms, start_, stop_);\n\
         return ms;\n}}\n}};\n"
    ))
}

#[test]
fn members_are_what_the_class_makes() {
    let untimed = "cudaEventCreateWithFlags(&start_, cudaEventDisableTiming);";
    let timed = "cudaEventCreate(&start_);";
    let stop = "cudaEventCreate(&stop_);";
    assert_eq!(member(&format!("{untimed}{stop}")), ["a.cu:16 event-elapsed-misuse"]);
    assert_eq!(member(&format!("{timed}{stop}")), Vec::<String>::new());
    assert_eq!(member(&format!("if (timing) {timed} else {untimed} {stop}")), Vec::<String>::new());
    let chosen = "cudaEventCreateWithFlags(&start_, timing ? cudaEventDefault : cudaEventDisableTiming);";
    assert_eq!(member(&format!("{chosen}{stop}")), Vec::<String>::new());
}

#[test]
fn a_method_that_makes_members_anew_makes_them_unknown() {
    let text = "class Timer {\n    cudaEvent_t start_, stop_;\npublic:\n    Timer() {\n\
         cudaEventCreateWithFlags(&start_, cudaEventDisableTiming);\ncudaEventCreate(&stop_);\n}\n\
         void with_timing() { cudaEventDestroy(start_); cudaEventCreate(&start_); }\n\
         float measure(float *d, cudaStream_t s) {\n\
         cudaEventRecord(start_, s);\nwork<<<1, 32, 0, s>>>(d);\ncudaEventRecord(stop_, s);\n\
         cudaEventSynchronize(stop_);\nfloat ms = 0;\ncudaEventElapsedTime(&ms, start_, stop_);\n\
         return ms;\n}\n};\n";
    assert_eq!(found(text), Vec::<String>::new());
}
