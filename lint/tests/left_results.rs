//! Results that a function leaves to a copy when it returns: in memory of its caller, and in memory that it has made
//! and hands out.

mod project;

use project::Project;

const HEADERS: &str = "#include <cuda_runtime.h>\n#include <cstdlib>\n#include <memory>\n#include <vector>\n\
    struct Result { float *p; int n; };\nstruct Pair { float *p; cudaStream_t s; };\n\
    struct Tensor { float *data(); Tensor(int); ~Tensor(); };\n";

const COPY: &str = "cudaMemcpyAsync(v, d, 16, cudaMemcpyDeviceToHost, s);\n";

fn found(body: &str, confidence: &str) -> Vec<String> {
    let text = format!("{HEADERS}{body}\n");
    let arguments = ["--min-severity", "warning", "--min-confidence", confidence, "."];
    let found = Project::new(&[("a.cu", &text)]).found(&arguments);
    let ours = |it: &String| {
        ["async-result-escapes", "pageable-copy-as-sync", "missing-final-sync", "temporary-source"]
            .iter()
            .any(|rule| it.ends_with(rule))
    };
    found
        .into_iter()
        .filter(ours)
        .map(|it| it.split_once(' ').map_or(it.clone(), |it| it.1.to_owned()))
        .collect()
}

/// A function that copies to `v` on a stream of its own, which it destroys after `wait`.
fn own_stream(result: &str, params: &str, make: &str, wait: &str, give: &str) -> Vec<String> {
    found(
        &format!(
            "{result} f(const float *d{params}) {{ cudaStream_t s; cudaStreamCreate(&s); {make};\n{COPY}{wait}\n\
             cudaStreamDestroy(s);\n{give}; }}"
        ),
        "certain",
    )
}

const WAYS: [(&str, &str, &str, &str); 6] = [
    ("float *", "", "float *v = (float *)malloc(16)", "return v"),
    ("float *", "", "float *v; cudaMallocHost(&v, 16)", "return v"),
    ("void", ", float **out", "float *v = new float[4]", "*out = v"),
    ("void", ", Result &out", "float *v = new float[4]", "out.p = v"),
    ("Result", "", "float *v = new float[4]; Result r; r.p = v", "return r"),
    ("void", ", std::vector<float> &w", "w.resize(4); float *v = w.data()", ""),
];

#[test]
fn nobody_can_wait_for_a_stream_that_is_gone() {
    for (result, params, make, give) in WAYS {
        let found = own_stream(result, params, make, "", give);
        assert_eq!(found, ["async-result-escapes"], "{make}; {give}");
        let waited = own_stream(result, params, make, "cudaStreamSynchronize(s);", give);
        assert_eq!(waited, Vec::<String>::new(), "{make}; {give}");
    }
    let elements = own_stream("void", ", std::vector<float> &w", "float *v = w.data()", "", "");
    assert_eq!(elements, ["async-result-escapes"]);
}

#[test]
fn whoever_gets_the_stream_or_an_event_can() {
    let none = Vec::<String>::new();
    let body = |head: &str, end: &str| {
        format!("{head} {{ cudaStream_t s; cudaStreamCreate(&s); float *v = new float[4];\n{COPY}{end}; }}")
    };
    for (head, end) in [
        ("Pair f(const float *d)", "Pair r; r.p = v; r.s = s; return r"),
        ("float *f(const float *d, cudaStream_t *out)", "*out = s; return v"),
        (
            "float *f(const float *d, cudaEvent_t *e)",
            "cudaEventCreate(e); cudaEventRecord(*e, s); cudaStreamDestroy(s); return v",
        ),
    ] {
        assert_eq!(found(&body(head, end), "possible"), none, "{head}");
    }
    let into = format!(
        "void f(const float *d, std::vector<float> &w, cudaStream_t s) {{ w.resize(4); float *v = w.data(); {COPY} }}"
    );
    assert_eq!(found(&into, "possible"), none);
}

#[test]
fn a_caller_that_waits_for_the_device_has_its_result() {
    let text = "static float *g(const float *d) { cudaStream_t s; cudaStreamCreate(&s); float *v; cudaMallocHost(&v, 16);\n\
         cudaMemcpyAsync(v, d, 16, cudaMemcpyDeviceToHost, s); cudaStreamDestroy(s); return v; }\n\
         float f(const float *d) { float *v = g(d); cudaDeviceSynchronize(); float r = v[0]; cudaFreeHost(v); return r; }";
    assert_eq!(found(text, "possible"), Vec::<String>::new());
}

#[test]
fn pageable_memory_that_is_handed_out_relies_on_the_copy_or_the_caller() {
    let given = |make: &str, confidence: &str| {
        found(&format!("float *f(const float *d, cudaStream_t s) {{ {make}; {COPY} return v; }}"), confidence)
    };
    assert_eq!(given("float *v = (float *)malloc(16)", "possible"), ["pageable-copy-as-sync"]);
    assert_eq!(given("float *v = (float *)malloc(16)", "likely"), Vec::<String>::new());
    assert_eq!(given("float *v; cudaMallocHost(&v, 16)", "possible"), Vec::<String>::new());
}

#[test]
fn an_object_that_is_only_declared_is_handed_on_with_what_it_holds() {
    let given = |wait: &str| {
        let body = format!(
            "Tensor f(const float *d) {{ Tensor v(4);\n\
             cudaMemcpyAsync(v.data(), d, 16, cudaMemcpyDeviceToHost, 0);\n{wait} return v; }}"
        );
        found(&body, "likely")
    };
    assert_eq!(given(""), ["pageable-copy-as-sync"]);
    assert_eq!(given("cudaDeviceSynchronize();"), Vec::<String>::new());
}

#[test]
fn a_smart_pointer_by_value_ends_with_the_call() {
    let body = |end: &str| {
        let text = format!(
            "std::unique_ptr<float[]> kept;\n\
             void f(float *d, std::unique_ptr<float[]> v, cudaStream_t s) {{\n\
             cudaMemcpyAsync(d, v.get(), 1 << 20, cudaMemcpyHostToDevice, s);\n{end} }}"
        );
        found(&text, "certain")
    };
    assert_eq!(body(""), ["temporary-source"]);
    for end in
        ["cudaStreamSynchronize(s);", "kept = std::move(v);", "float *p = v.release(); d[0] = 0; (void)p;"]
    {
        assert_eq!(body(end), Vec::<String>::new(), "{end}");
    }
    let shared = "void f(float *d, std::shared_ptr<float> v, cudaStream_t s) {\n\
                  cudaMemcpyAsync(d, v.get(), 1 << 20, cudaMemcpyHostToDevice, s); }";
    assert_eq!(found(shared, "certain"), Vec::<String>::new());
}
