//! Objects of the standard library that are handed streams and memory, and `std::array`, which has its elements in
//! itself.

mod project;

use project::Project;

const HEADERS: &str = "#include <cuda_runtime.h>\n#include <array>\n#include <functional>\n#include <memory>\n\
    #include <optional>\n#include <tuple>\n#include <utility>\n#include <vector>\n\
    struct Pair { float *p; cudaStream_t s; };\n";

fn found(body: &str) -> Vec<String> {
    let text = format!("{HEADERS}{body}\n");
    let found = Project::new(&[("a.cu", &text)]).found(&["--min-severity", "warning", "."]);
    found.into_iter().filter(|it| !it.ends_with("unchecked-cuda-call")).collect()
}

/// A copy to page-locked memory, both made here, and handed out by `how`.
fn handed_out(result: &str, param: &str, how: &str) -> Vec<String> {
    found(&format!(
        "{result} f(const float *d{param}) {{ cudaStream_t s; cudaStreamCreate(&s); float *v;\n\
         cudaMallocHost(&v, 16); cudaMemcpyAsync(v, d, 16, cudaMemcpyDeviceToHost, s);\n{how}; }}"
    ))
}

#[test]
fn whoever_gets_the_stream_with_the_buffer_can_wait() {
    let pair = "std::pair<float *, cudaStream_t>";
    let none = Vec::<String>::new();
    for how in
        ["return {v, s}", "return std::make_pair(v, s)", "std::pair<float *, cudaStream_t> r(v, s); return r"]
    {
        assert_eq!(handed_out(pair, "", how), none, "{how}");
    }
    let tuple = "std::tuple<float *, cudaStream_t>";
    for how in ["return {v, s}", "return std::make_tuple(v, s)"] {
        assert_eq!(handed_out(tuple, "", how), none, "{how}");
    }
    let list = ", std::vector<Pair> &out";
    for how in ["out.push_back({v, s})", "out.emplace_back(Pair{v, s})"] {
        assert_eq!(handed_out("void", list, how), none, "{how}");
    }
    assert_eq!(handed_out("void", &format!(", {pair} &out"), "out = {v, s}"), none);
    assert_eq!(handed_out("std::vector<Pair>", "", "return {Pair{v, s}}"), none);
    assert_eq!(handed_out("Pair", "", "return {v, s}"), none);
}

#[test]
fn who_gets_the_buffer_only_cannot() {
    let left = handed_out("void", "", "cudaStreamDestroy(s); std::pair<int, float> r(1, 2)");
    assert_eq!(left, ["a.cu:11 resource-leak", "a.cu:11 missing-final-sync"]);
}

/// A result in memory of the caller, and what is handed out by `how` to wait for.
fn left(result: &str, how: &str) -> Vec<String> {
    found(&format!(
        "{result} f(const float *d, float *out) {{ cudaStream_t s; cudaStreamCreate(&s);\n\
         cudaMemcpyAsync(out, d, 16, cudaMemcpyDeviceToHost, s);\n{how}; }}"
    ))
}

#[test]
fn whoever_gets_the_stream_can_wait() {
    let none = Vec::<String>::new();
    for (result, how) in [
        ("std::vector<cudaStream_t>", "return {s}"),
        ("std::array<cudaStream_t, 1>", "return {s}"),
        ("std::optional<cudaStream_t>", "return s"),
        ("std::pair<int, cudaStream_t>", "return {1, s}"),
        ("std::function<void()>", "return [s] { cudaStreamSynchronize(s); }"),
    ] {
        assert_eq!(left(result, how), none, "{result}");
    }
    let destroyed = left("std::pair<int, float>", "cudaStreamDestroy(s);\nreturn {1, 2.0f}");
    assert_eq!(destroyed, ["a.cu:13 async-result-escapes"]);
}

/// A read of page-locked memory behind a wait for the stream that `how` puts somewhere and takes out again.
fn waited(put: &str, wait: &str) -> Vec<String> {
    found(&format!(
        "float f(const float *d) {{ cudaStream_t s; cudaStreamCreate(&s); float *v; cudaMallocHost(&v, 16);\n\
         {put}; cudaMemcpyAsync(v, d, 16, cudaMemcpyDeviceToHost, s); {wait};\n\
         float r = v[0]; cudaStreamDestroy(s); cudaFreeHost(v); return r; }}"
    ))
}

#[test]
fn a_stream_that_comes_out_of_a_container_may_be_the_one_that_was_put_in() {
    let none = Vec::<String>::new();
    for (put, wait) in [
        ("auto p = std::make_pair(v, s)", "cudaStreamSynchronize(p.second)"),
        ("auto p = std::make_tuple(v, s)", "cudaStreamSynchronize(std::get<1>(p))"),
        ("std::pair<float *, cudaStream_t> p; p = {v, s}", "cudaStreamSynchronize(p.second)"),
        ("std::vector<cudaStream_t> l; l.push_back(s)", "for (auto t : l) cudaStreamSynchronize(t)"),
        ("std::vector<Pair> l; l.push_back({v, s})", "for (auto &t : l) cudaStreamSynchronize(t.s)"),
    ] {
        assert_eq!(waited(put, wait), none, "{put}");
    }
    let other =
        waited("cudaStream_t t; cudaStreamCreate(&t)", "cudaStreamSynchronize(t); cudaStreamDestroy(t)");
    assert_eq!(other, ["a.cu:12 host-read-before-sync"]);
}

#[test]
fn the_elements_of_an_array_are_read_where_they_lie() {
    let read = |body: &str| {
        found(&format!(
            "struct W {{ std::array<float, 4> a; std::array<int, 2> b; }};\n\
             float f(const float *d, cudaStream_t s) {{ {body} }}"
        ))
    };
    let copy = |to: &str| format!("cudaMemcpyAsync({to}, d, 16, cudaMemcpyDeviceToHost, s);\n");
    let (array, wait) = ("std::array<float, 4> v; ", "cudaStreamSynchronize(s);");
    for (to, how) in [
        ("v.data()", "float r = v[0];"),
        ("&v[0]", "float r = v.at(0);"),
        ("&v", "float r = v.front();"),
        ("v.data()", "float r = 0; for (float x : v) r += x;"),
    ] {
        let early = read(&format!("{array}{}{how} {wait} return r;", copy(to)));
        assert_eq!(early, ["a.cu:12 pageable-copy-as-sync"], "{how}");
        let late = read(&format!("{array}{}{wait} {how} return r;", copy(to)));
        assert_eq!(late, Vec::<String>::new(), "{how}");
    }
    // Another array, and another field.
    let other = read(&format!(
        "{array}std::array<float, 4> w{{1, 2, 3, 4}}; {}float r = w[2]; {wait} return r + v[1];",
        copy("v.data()")
    ));
    assert_eq!(other, Vec::<String>::new());
    let field = read(&format!("W w; {}float r = w.b[0]; {wait} return r + w.a[0];", copy("w.a.data()")));
    assert_eq!(field, Vec::<String>::new());
}

#[test]
fn the_streams_of_an_array_are_told_apart() {
    let waited = |index: &str| {
        found(&format!(
            "float f(const float *d) {{ std::array<cudaStream_t, 2> s; cudaStreamCreate(&s[0]);\n\
             cudaStreamCreate(&s[1]); float *h; cudaMallocHost(&h, 16);\n\
             cudaMemcpyAsync(h, d, 16, cudaMemcpyDeviceToHost, s[1]); cudaStreamSynchronize(s[{index}]);\n\
             float r = h[0]; cudaFreeHost(h); for (auto t : s) cudaStreamDestroy(t); return r; }}"
        ))
    };
    assert_eq!(waited("1"), Vec::<String>::new());
    assert_eq!(waited("0"), ["a.cu:13 host-read-before-sync"]);
}

/// A copy on one stream of two arrays, and a wait for another, behind what `how` does with them.
fn moved(how: &str, copied: &str, awaited: &str) -> Vec<String> {
    found(&format!(
        "float f(const float *d) {{ {how}\n\
         float *h; cudaMallocHost(&h, 16);\n\
         cudaMemcpyAsync(h, d, 16, cudaMemcpyDeviceToHost, {copied}); cudaStreamSynchronize({awaited});\n\
         float r = h[0]; cudaFreeHost(h); return r; }}"
    ))
}

const BOTH: &str = "for (auto &s : a) cudaStreamCreate(&s); for (auto &s : b) cudaStreamCreate(&s);";

#[test]
fn arrays_exchange_their_elements() {
    let two = format!("std::array<cudaStream_t, 2> a{{}}, b{{}}; {BOTH} cudaStream_t was = a[1];");
    for swap in ["a.swap(b);", "std::swap(a, b);", "swap(a, b);"] {
        let how = format!("{two} {swap}");
        assert_eq!(moved(&how, "was", "b[1]"), Vec::<String>::new(), "{swap}");
        assert_eq!(moved(&how, "b[1]", "was"), Vec::<String>::new(), "{swap}");
        assert_eq!(moved(&how, "was", "a[1]"), ["a.cu:13 host-read-before-sync"], "{swap}");
        assert_eq!(moved(&how, "was", "b[0]"), ["a.cu:13 host-read-before-sync"], "{swap}");
    }
    // One of them is the caller's.
    let text = |awaited: &str| {
        found(&format!(
            "float f(const float *d, Pair a) {{ Pair b{{}}; cudaStreamCreate(&b.s);\n\
             float *h; cudaMallocHost(&h, 16); cudaMemcpyAsync(h, d, 16, cudaMemcpyDeviceToHost, b.s);\n\
             std::swap(a, b); cudaStreamSynchronize({awaited});\n\
             float r = h[0]; cudaFreeHost(h); cudaStreamDestroy(a.s); return r; }}"
        ))
    };
    assert_eq!(text("a.s"), Vec::<String>::new());
    // What lies behind the one stays where it is.
    let first = found(
        "float f(const float *d, Pair *a, Pair *b) { cudaStream_t s; cudaStreamCreate(&s); a[1].s = s;\n\
         float *h; cudaMallocHost(&h, 16); cudaMemcpyAsync(h, d, 16, cudaMemcpyDeviceToHost, s);\n\
         std::swap(a[0], b[0]); cudaStreamSynchronize(a[1].s);\n\
         float r = h[0]; cudaFreeHost(h); return r; }",
    );
    assert_eq!(first, Vec::<String>::new());
}

#[test]
fn two_elements_of_an_array_change_places() {
    let how = "cudaStream_t a[2]; for (auto &s : a) cudaStreamCreate(&s); cudaStream_t was = a[1];\n\
               std::swap(a[0], a[1]);";
    assert_eq!(moved(how, "was", "a[0]"), Vec::<String>::new());
    assert_eq!(moved(how, "was", "a[1]"), ["a.cu:14 host-read-before-sync"]);
}

#[test]
fn the_last_element_is_one_of_them() {
    for class in ["std::array<cudaStream_t, 2> a{};", "std::vector<cudaStream_t> a(2);"] {
        let how = format!("{class} for (auto &s : a) cudaStreamCreate(&s);");
        assert_eq!(moved(&how, "a[1]", "a.back()"), Vec::<String>::new(), "{class}");
        assert_eq!(moved(&how, "a.back()", "a[1]"), Vec::<String>::new(), "{class}");
        assert_eq!(moved(&how, "a[0]", "a.back()"), ["a.cu:13 host-read-before-sync"], "{class}");
    }
    // It is not known which one.
    let how = "std::vector<cudaStream_t> a(2); for (auto &s : a) cudaStreamCreate(&s); a.pop_back();";
    assert_eq!(moved(how, "a[0]", "a.back()"), Vec::<String>::new());
}

#[test]
fn an_array_that_is_filled_holds_the_value() {
    for array in ["std::array<cudaStream_t, 2> a;", "std::array<cudaStream_t, 2> a = {};"] {
        let how =
            format!("{array} cudaStream_t s, t; cudaStreamCreate(&s); cudaStreamCreate(&t); a.fill(s);");
        assert_eq!(moved(&how, "a[1]", "s"), Vec::<String>::new(), "{array}");
        assert_eq!(moved(&how, "s", "a[0]"), Vec::<String>::new(), "{array}");
        assert_eq!(moved(&how, "a[1]", "t"), ["a.cu:13 host-read-before-sync"], "{array}");
    }
    let early = found(
        "float f(const float *d, cudaStream_t s) { std::array<float, 4> a;\n\
         cudaMemcpyAsync(a.data(), d, 16, cudaMemcpyDeviceToHost, s); a.fill(1);\n\
         cudaStreamSynchronize(s); return a[0]; }",
    );
    assert_eq!(early, ["a.cu:11 pageable-copy-as-sync"]);
}

#[test]
fn what_algorithms_and_copies_of_arrays_move_is_not_told_apart() {
    let streams = "cudaStream_t s; cudaStreamCreate(&s); cudaStream_t a[2] = {}, b[2] = {};";
    for how in ["std::fill(a, a + 2, s);", "b[1] = s; std::copy(b, b + 2, a);", "b[1] = s; std::swap(a, b);"]
    {
        let how = format!("{streams} {how}");
        assert_eq!(moved(&how, "s", "a[1]"), Vec::<String>::new(), "{how}");
        assert_eq!(moved(&how, "a[1]", "s"), Vec::<String>::new(), "{how}");
    }
    let list = "cudaStream_t s; cudaStreamCreate(&s); std::vector<cudaStream_t> a(2, s);";
    assert_eq!(moved(list, "a[1]", "s"), Vec::<String>::new());
    let copied = "std::array<cudaStream_t, 2> b{}; for (auto &s : b) cudaStreamCreate(&s); auto a = b;";
    assert_eq!(moved(copied, "b[1]", "a[1]"), Vec::<String>::new());
}

#[test]
fn an_element_that_is_not_known_may_be_any() {
    let made = "int n(); for (auto &s : a) cudaStreamCreate(&s);";
    for array in ["cudaStream_t a[2];", "std::array<cudaStream_t, 2> a;", "std::vector<cudaStream_t> a(2);"] {
        let how = format!("{array} {made}");
        assert_eq!(moved(&how, "a[1]", "a[n()]"), Vec::<String>::new(), "{array}");
        assert_eq!(moved(&how, "a[n()]", "a[1]"), Vec::<String>::new(), "{array}");
        // What is named is told apart, also behind one of which nothing is known.
        let named = format!("{how} cudaStreamQuery(a[0]);");
        assert_eq!(moved(&named, "a[1]", "a[0]"), ["a.cu:13 host-read-before-sync"], "{array}");
    }
    let other = "int n(); cudaStream_t a[2], b[2]; for (auto &s : a) cudaStreamCreate(&s); \
                 for (auto &s : b) cudaStreamCreate(&s);";
    assert_eq!(moved(other, "b[1]", "a[n()]"), ["a.cu:13 host-read-before-sync"]);
}
