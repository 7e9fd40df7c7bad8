//! What the program makes of a status: an early return is where the call has failed.

mod project;

use project::Project;

fn found(declarations: &str, made: &str, tested: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <memory>\n#include <string>\n{declarations}\n\
         int f(long *d, cudaStream_t s, bool early) {{\nlong n = 0;\n\
         {made}(cudaMemcpyAsync(&n, d, sizeof(n), cudaMemcpyDeviceToHost, s));\nif ({tested}) return 1;\n\
         if (early)\n\
         return 2;\ncudaStreamSynchronize(s);\nreturn 0; }}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

/// What is there to find: `return 2`, with the copy pending.
const LATER: &[&str] = &["a.cu:10 host-buffer-released-in-flight"];

#[test]
fn functions_out_of_sight_carry_the_status() {
    assert_eq!(found("bool succeeded(cudaError_t);", "bool ok = succeeded", "!ok"), LATER);
    assert_eq!(found("bool has_failed(cudaError_t);", "bool it = has_failed", "it"), LATER);
    assert_eq!(found("int translate(cudaError_t);", "int code = translate", "code != 0"), LATER);
}

#[test]
fn objects_out_of_sight_carry_it() {
    let class = "class E { int c; public: E(cudaError_t); bool isOk() const; bool failed() const; };";
    assert_eq!(found(class, "E e", "!e.isOk()"), LATER);
    assert_eq!(found(class, "E e = E", "e.failed()"), LATER);
    let structure = "struct R { bool ok; }; R get(cudaError_t);";
    assert_eq!(found(structure, "R r = get", "!r.ok"), LATER);
}

#[test]
fn what_nothing_tells_is_possible() {
    let none = Vec::<String>::new();
    assert_eq!(found("bool check(cudaError_t);", "bool it = check", "it"), none);
}

#[test]
fn an_empty_smart_pointer_means_success() {
    let class = "struct R { std::unique_ptr<std::string> text{nullptr}; bool OK() const { return !text; } };\
         inline R ok() { return R{}; }\
         inline R bad(int) { R r; r.text = std::make_unique<std::string>(\"x\"); return r; }\
         inline R get(cudaError_t e) { if (e == cudaSuccess) { return ok(); } return bad(3); }";
    assert_eq!(found(class, "auto r = get", "!r.OK()"), LATER);
}

#[test]
fn templates_do_not_know_the_type_of_a_verdict() {
    let text = "#include <cuda_runtime.h>\n#include <memory>\n\
         struct R { std::unique_ptr<int> code{nullptr}; bool OK() const { return !code; } };\n\
         inline R get(cudaError_t e) { R r; if (e == cudaSuccess) return r; r.code.reset(new int(3)); return r; }\n\
         template <typename T> R f(T *d, cudaStream_t s, bool early) {\nlong n = 0;\n\
         auto rc = T::begin(d);\nif (!rc.OK()) return rc;\n\
         rc = get(cudaMemcpyAsync(&n, d, sizeof(n), cudaMemcpyDeviceToHost, s));\nif (!rc.OK()) {\n\
         return rc; }\nif (early)\nreturn rc;\n\
         rc = get(cudaStreamSynchronize(s));\nif (!rc.OK()) {\nreturn rc; }\nreturn get(cudaSuccess); }\n";
    let found = Project::new(&[("a.cu", text)]).found(&["."]);
    assert_eq!(found, ["a.cu:13 host-buffer-released-in-flight"]);
}

#[test]
fn what_could_not_be_registered_is_freed_as_it_is() {
    // Lines 10 and 14 run with the memory registered, or not: `first` and `second` say which call is tested there.
    let found = |first: &str, second: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <stdlib.h>\n\
             static cudaError_t cleared(cudaError_t s) {{ if (s != cudaSuccess) cudaGetLastError(); return s; }}\n\
             int f(size_t n) {{\nvoid *p = malloc(n), *q;\n\
             cudaError_t s;\ncudaError_t t;\ns = {first}(cudaHostRegister(p, n, 0));\n\
             if (s != cudaSuccess) {{\nfree(p); return 1; }}\n\
             t = {second}(cudaHostGetDevicePointer(&q, p, 0));\nif (t != cudaSuccess) {{\n\n\
             free(p); return 1; }}\ncudaHostUnregister(p); free(p); return 0; }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let later = ["a.cu:14 free-kind-mismatch"];
    assert_eq!(found("", ""), later);
    assert_eq!(found("cleared", "cleared"), later);
}

#[test]
fn one_end_for_all_ways_undoes_what_may_not_have_been_done() {
    let found = |test: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <stdlib.h>\nint f(size_t n) {{\nvoid *p = malloc(n); int r = 0;\n\
             if (cudaHostRegister(p, n, 0) {test} cudaSuccess) {{ r = 1; }}\n\
             cudaHostUnregister(p);\nfree(p); return r; }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("!="), Vec::<String>::new());
}

#[test]
fn an_argument_of_a_list_is_not_the_list() {
    let text = |argument: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <cstdarg>\n\
             void drop(cudaStream_t stream, int n, ...) {{\n va_list args; va_start(args, n);\n\
             for (int i = 0; i < n; i++) {{\n void *p = {argument};\n if (p) cudaFreeAsync(p, stream);\n }}\n\
             va_end(args);\n}}\n"
        )
    };
    let found = |argument: &str| Project::new(&[("a.cu", &text(argument))]).found(&["."]);
    assert!(found("va_arg(args, void *)").is_empty());
    assert_eq!(found("&n"), ["a.cu:7 free-kind-mismatch"]);
}

#[test]
fn elements_of_a_container_of_others_may_be_registered() {
    let text = |body: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <vector>\n\
             struct Pinner {{ std::vector<char> &data; int times = 0; ~Pinner(); void pin(); }};\n\
             Pinner::~Pinner() {{ {body} }}\n\
             void Pinner::pin() {{ if (times == 0) cudaHostRegister(data.data(), data.size(), 0); ++times; }}\n"
        )
    };
    let found = |body: &str| Project::new(&[("a.cu", &text(body))]).found(&["."]);
    assert!(found("if (times != 0) cudaHostUnregister(data.data());").is_empty());
    assert_eq!(
        found("std::vector<char> own(8); cudaHostUnregister(own.data());"),
        ["a.cu:4 free-kind-mismatch"]
    );
}

#[test]
fn a_fatal_failure_ends_the_test() {
    let text = |check: &str| {
        format!(
            "#include <gtest/gtest.h>\n#include <cuda_runtime.h>\n\
             void test(int n) {{\n float *d; cudaMalloc(&d, 64);\n {check};\n cudaFree(d);\n}}\n"
        )
    };
    let found = |check: &str| Project::new(&[("a.cu", &text(check))]).found(&["."]);
    for check in ["ASSERT_EQ(n, 4) << \"why\"", "ASSERT_TRUE(n)", "if (n < 0) FAIL()", "EXPECT_EQ(n, 4)"] {
        assert!(found(check).is_empty(), "{check}: {:?}", found(check));
    }
    assert_eq!(found("if (n != 4) return"), ["a.cu:5 resource-leak"]);
    assert_eq!(found("if (n != 4) GTEST_SKIP()"), ["a.cu:5 resource-leak"]);
}

#[test]
fn the_last_error_after_an_allocation_is_its_own() {
    let text = |between: &str| {
        format!(
            "#include <cuda_runtime.h>\n__global__ void fill(float *d) {{ d[0] = 1; }}\nvoid other();\n\
             void test(size_t n) {{\n float *d;\n cudaMalloc(&d, n);\n {between}\n\
             while (cudaGetLastError() != cudaSuccess) {{\n n /= 2;\n cudaMalloc(&d, n);\n {between}\n }}\n\
             cudaFree(d);\n}}\n"
        )
    };
    let found = |between: &str| Project::new(&[("a.cu", &text(between))]).found(&["."]);
    assert!(found("").is_empty(), "{:?}", found(""));
    // The error may be another one's.
    for between in ["fill<<<1, 1>>>(d);", "other();", "cudaMemset(d, 0, n);"] {
        assert!(
            found(between).contains(&"a.cu:6 resource-leak".to_owned()),
            "{between}: {:?}",
            found(between)
        );
    }
}

#[test]
fn what_is_streamed_to_a_check_is_evaluated_where_it_fails() {
    for header in ["glog/logging.h", "absl/log/check.h", "dmlc/logging.h"] {
        let found = |body: &str| {
            let text = format!(
                "#include <cuda_runtime.h>\n#include <{header}>\n\
                 #define CHECK_CUDA(code) {{ CHECK_EQ((code), cudaSuccess) << cudaGetErrorString((code)); }}\n\
                 void f(void *p, cudaStream_t s) {{\n{body}\n}}\n"
            );
            Project::new(&[("a.cpp", &text)]).found(&["."])
        };
        assert_eq!(found("CHECK_CUDA(cudaStreamDestroy(s)); CHECK_CUDA(cudaFree(p));"), Vec::<String>::new());
        assert_eq!(
            found("CHECK_CUDA(cudaFree(p)); CHECK_CUDA(cudaFree(p));"),
            ["a.cpp:5 device-use-after-free"]
        );
        // A check that fails does not come back.
        assert_eq!(
            found("if (!p) LOG(FATAL) << \"none\"; else cudaFree(p);\ncudaFree(p);"),
            ["a.cpp:6 device-use-after-free"]
        );
        let nothing = "if (cudaFree(p) != cudaSuccess) { LOG(FATAL) << \"freed\"; }\nVLOG(2) << \"freed\";";
        assert_eq!(found(nothing), Vec::<String>::new());
    }
}
