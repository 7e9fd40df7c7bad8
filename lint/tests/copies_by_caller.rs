//! Copies in a function that several callers use: each caller is judged by what it passes.

#![allow(clippy::unwrap_used, reason = "it is a test")]

mod project;

use project::Project;

/// What is found with this helper and these callers, and where it says so.
fn found(helper: &str, callers: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         #include <cstdlib>\n\
         const size_t bytes = 64 << 20;\n\
         float *d_data;\n\
         {helper}\n\
         {callers}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

const UPLOAD: &str = "static void upload(const float *from, cudaStream_t stream) { \
     cudaMemcpyAsync(d_data, from, bytes, cudaMemcpyHostToDevice, stream); }";

const BEGIN: &str =
    "int main() { cudaStream_t stream; cudaStreamCreate(&stream); cudaMalloc(&d_data, bytes);\n";

const END: &str = "cudaStreamSynchronize(stream); cudaFree(d_data); cudaStreamDestroy(stream); return 0; }";

#[test]
fn a_pinned_buffer_of_one_caller_does_not_excuse_another() {
    let callers = format!(
        "{BEGIN}float *pinned; cudaMallocHost(&pinned, bytes);\n\
         float *pageable = (float *)malloc(bytes);\n\
         upload(pinned, stream);\n\
         upload(pageable, stream);\n\
         cudaStreamSynchronize(stream); free(pageable); cudaFreeHost(pinned); {END}"
    );
    assert_eq!(found(UPLOAD, &callers), ["a.cu:5 pageable-async-copy"]);
}

#[test]
fn several_callers_are_one_finding_that_names_them() {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         const size_t bytes = 64 << 20;\n\
         float *d_data;\n\
         {UPLOAD}\n\
         static float first[1 << 24], second[1 << 24];\n\
         {BEGIN}upload(first, stream);\n\
         upload(second, stream);\n\
         {END}\n"
    );
    let outcome = Project::new(&[("a.cu", &text)]).run(&["--format", "json", "."]);
    assert_eq!(outcome.stdout.matches("\"rule\": \"pageable-async-copy\"").count(), 1, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("calls `upload`\""), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("calls `upload` with pageable memory, too"), "{}", outcome.stdout);
}

#[test]
fn callers_that_pin_are_silent() {
    let callers = format!(
        "{BEGIN}float *pinned; cudaMallocHost(&pinned, bytes);\n\
         upload(pinned, stream);\n\
         cudaStreamSynchronize(stream); cudaFreeHost(pinned); {END}"
    );
    assert_eq!(found(UPLOAD, &callers), Vec::<String>::new());
}

#[test]
fn nobody_calls_it() {
    assert_eq!(found(UPLOAD, ""), Vec::<String>::new());
}

#[test]
fn a_caller_that_may_pin_is_silent() {
    let callers = format!(
        "{BEGIN}float *host; bool pin = getenv(\"PIN\") != nullptr;\n\
         if (pin) cudaMallocHost(&host, bytes); else host = (float *)malloc(bytes);\n\
         upload(host, stream);\n\
         cudaStreamSynchronize(stream); if (pin) cudaFreeHost(host); else free(host); {END}"
    );
    assert_eq!(found(UPLOAD, &callers), Vec::<String>::new());
}

#[test]
fn a_helper_that_asks_where_the_memory_lies_is_silent() {
    let helper = "static void upload(const float *from, cudaStream_t stream) { \
         cudaPointerAttributes at; cudaPointerGetAttributes(&at, from); \
         if (at.type == cudaMemoryTypeHost) \
         cudaMemcpyAsync(d_data, from, bytes, cudaMemcpyHostToDevice, stream); \
         else cudaMemcpy(d_data, from, bytes, cudaMemcpyHostToDevice); }";
    let callers = format!("static float host[1 << 24];\n{BEGIN}upload(host, stream);\n{END}");
    assert_eq!(found(helper, &callers), Vec::<String>::new());
}

#[test]
fn a_helper_that_is_told_is_silent_where_it_is_told_right() {
    let helper = "static void upload(const float *from, bool pinned, cudaStream_t stream) { \
         if (pinned) cudaMemcpyAsync(d_data, from, bytes, cudaMemcpyHostToDevice, stream); \
         else cudaMemcpy(d_data, from, bytes, cudaMemcpyHostToDevice); }";
    let call = |told| format!("static float host[1 << 24];\n{BEGIN}upload(host, {told}, stream);\n{END}");
    assert_eq!(found(helper, &call("false")), Vec::<String>::new());
    assert_eq!(found(helper, &call("true")), ["a.cu:5 pageable-async-copy"]);
}

#[test]
fn a_helper_of_another_file_names_the_caller_that_does_it() {
    let header = "#include <cuda_runtime.h>\nconst size_t bytes = 64 << 20;\n\
         void upload(float *d, const float *from, cudaStream_t stream);\n";
    let helper = "#include \"h.h\"\nvoid upload(float *d, const float *from, cudaStream_t stream) {\n\
         cudaMemcpyAsync(d, from, bytes, cudaMemcpyHostToDevice, stream); }\n";
    let main = "#include \"h.h\"\nstatic float host[1 << 24];\n\
         int main() { cudaStream_t stream; cudaStreamCreate(&stream); float *d_data, *pinned;\n\
         cudaMalloc(&d_data, bytes); cudaMallocHost(&pinned, bytes);\n\
         upload(d_data, pinned, stream);\n\
         upload(d_data, host, stream);\n\
         cudaStreamSynchronize(stream); cudaFreeHost(pinned); cudaFree(d_data); cudaStreamDestroy(stream); }\n";
    let project = Project::new(&[("h.h", header), ("h.cu", helper), ("main.cu", main)]);
    assert_eq!(project.found(&["."]), ["h.cu:3 pageable-async-copy"]);
    let text = project.run(&["--format", "json", "."]).stdout;
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let related = report["diagnostics"][0]["related"].as_array().unwrap();
    let calls: Vec<_> = related
        .iter()
        .filter(|it| it["message"].as_str().unwrap().starts_with("calls"))
        .map(|it| (it["file"].as_str().unwrap(), it["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(calls, [("main.cu", 6)], "{text}");
}

#[test]
fn a_small_result_that_a_function_leaves_with_its_caller_is_silent() {
    let helper = |count: &str| {
        format!(
            "static void total(float *to, cudaStream_t stream) {{ \
             cudaMemcpyAsync(to, d_data, {count} * sizeof(float), cudaMemcpyDeviceToHost, stream); \
             cudaEvent_t done; cudaEventCreate(&done); cudaEventRecord(done, stream); cudaEventDestroy(done); }}"
        )
    };
    let callers = format!("static float host[1 << 16];\n{BEGIN}total(host, stream);\n{END}");
    assert_eq!(found(&helper("1"), &callers), Vec::<String>::new());
    assert_eq!(found(&helper("(1 << 16)"), &callers), ["a.cu:5 pageable-async-copy"]);
}

#[test]
fn a_helper_that_copies_either_way_knows_which_by_what_it_is_passed() {
    let helper = "static void move(int to, void *dst, int from, const void *src) {\n\
         if (to < 0) cudaMemcpy(dst, src, bytes, cudaMemcpyDeviceToHost);\n\
         else if (from < 0) cudaMemcpy(dst, src, bytes, cudaMemcpyHostToDevice);\n\
         else cudaMemcpy(dst, src, bytes, cudaMemcpyDeviceToDevice); }";
    let call = |to: &str, dst: &str, from: &str, src: &str| {
        format!(
            "void run(const int *places) {{ float *d_other; cudaMalloc(&d_data, bytes); cudaMalloc(&d_other, bytes);\n\
             float *h_data = (float *)malloc(bytes);\n\
             move({to}, {dst}, {from}, {src}); free(h_data); cudaFree(d_other); cudaFree(d_data); }}"
        )
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(found(helper, &call("places[0]", "d_data", "places[1]", "d_other")), none);
    assert_eq!(found(helper, &call("places[0]", "d_data", "-1", "h_data")), none);
    // What the caller writes decides.
    assert_eq!(found(helper, &call("-1", "d_data", "0", "d_other")), ["a.cu:6 memcpy-kind-mismatch"]);
    // Neither way fits the operands; and nothing else is done with them.
    assert_eq!(
        found(helper, &call("places[0]", "h_data", "places[1]", "h_data")),
        ["a.cu:6 memcpy-kind-mismatch", "a.cu:7 memcpy-kind-mismatch", "a.cu:8 memcpy-kind-mismatch"]
    );
    let wrong = "static void move(int to, void *dst, int from, const void *src) {\n\
         if (to != from) cudaMemcpy(dst, src, bytes, cudaMemcpyDeviceToHost); }";
    assert_eq!(
        found(wrong, &call("places[0]", "d_data", "places[1]", "d_other")),
        ["a.cu:6 memcpy-kind-mismatch"]
    );
}

#[test]
fn of_copies_that_are_made_one_after_the_other_nothing_chooses() {
    let helper = |body: &str| {
        format!(
            "__global__ void k(float *d) {{ d[0] += 1; }}\n\
             static void roundtrip(float *d, float *h, size_t n, int how) {{\n{body} }}"
        )
    };
    let caller = "void run(int how) { cudaMalloc(&d_data, bytes); float *h = (float *)malloc(bytes);\n\
         h[0] = 1; roundtrip(d_data, h, bytes, how); free(h); cudaFree(d_data); }";
    let says = |body: &str| {
        let found = found(&helper(body), caller);
        found.into_iter().filter(|it| it.ends_with("memcpy-kind-mismatch")).collect::<Vec<_>>()
    };
    let (up, down) =
        ("cudaMemcpy(d, h, n, cudaMemcpyHostToDevice);", "cudaMemcpy(d, h, n, cudaMemcpyDeviceToHost);");
    // The second one has forgotten to swap its operands, or the first one has.
    assert_eq!(says(&format!("{up} k<<<1, 32>>>(d);\n{down}")), ["a.cu:8 memcpy-kind-mismatch"]);
    assert_eq!(says(&format!("{down} k<<<1, 32>>>(d);\n{up}")), ["a.cu:7 memcpy-kind-mismatch"]);
    assert_eq!(
        says(&format!("{up}\nfor (int i = 0; i < how; ++i)\n{down}")),
        ["a.cu:9 memcpy-kind-mismatch"]
    );
    let default = "cudaMemcpy(d, h, n, cudaMemcpyDefault);";
    assert_eq!(says(&format!("{down}\n{default}")), ["a.cu:7 memcpy-kind-mismatch"]);
    // Either the one or the other.
    let none = Vec::<String>::new();
    for other in [up, default] {
        assert_eq!(says(&format!("if (how < 0)\n{down} else\n{other}")), none);
        assert_eq!(says(&format!("if (how < 0) {{\n{down} return; }}\n{other}")), none);
    }
    let turns = "for (int i = 0; i < 4; ++i) {";
    assert_eq!(says(&format!("{turns} if (i + how < 3)\n{down} else\n{up} }}")), none);
    assert_eq!(says(&format!("if (how < 0)\n{down}\nif (how >= 0)\n{up}")), none);
}

#[test]
fn a_way_that_was_given_up_may_be_the_one_that_fits() {
    let helper = |last: &str| {
        format!(
            "bool opt(int);\n\
             static void move(int to, void *dst, int from, const void *src) {{\n\
             if (to < 0) cudaMemcpy(dst, src, bytes, cudaMemcpyDeviceToHost);\n\
             else if (from < 0) cudaMemcpy(dst, src, bytes, cudaMemcpyHostToDevice);\n\
             else cudaMemcpy(dst, src, bytes, {last}); }}"
        )
    };
    // Each option doubles the paths that reach the helper, and the last way is the first to be given up.
    let options: String = (0..8).map(|it| format!("if (opt({it})) counts[{it}] = {it} + 3;\n")).collect();
    let caller = format!(
        "int counts[8];\n\
         void run(int to, int from) {{ float *d_other, *mine = nullptr;\n\
         cudaMalloc(&d_data, bytes); cudaMalloc(&d_other, bytes);\n\
         if (to < 0) cudaMallocHost(&mine, bytes); else if (from < 0) cudaMalloc(&mine, bytes);\n\
         move(to, d_data, from, d_other); cudaFree(d_other); cudaFree(d_data);\n\
         if (to < 0) cudaFreeHost(mine); else if (from < 0) cudaFree(mine); }}\n\
         void all(const int *places) {{ {options} run(places[0], places[1]); }}"
    );
    let none: Vec<String> = Vec::new();
    assert_eq!(found(&helper("cudaMemcpyDeviceToDevice"), &caller), none);
    // No way fits, on the paths that are left and on those that were given up.
    let wrong = found(&helper("cudaMemcpyHostToHost"), &caller);
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong.iter().all(|it| it.ends_with("memcpy-kind-mismatch")), "{wrong:?}");
}
