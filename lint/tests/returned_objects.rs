//! Functions that return an object of a class: what it holds is not lost, and what it cannot hold is.

mod project;

use project::Project;

fn found(user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <string>\n#include <utility>\n#include <vector>\n{user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn what_the_object_cannot_hold_is_lost() {
    let user = "std::pair<std::string, int *> sorted(const std::string &text) {\n\
         char *d_text; int *d_out;\n\
         cudaMalloc(&d_text, text.size());\n\
         cudaMalloc(&d_out, 4 * text.size());\n\
         int *out = new int[text.size()];\n\
         cudaMemcpy(out, d_out, 4 * text.size(), cudaMemcpyDeviceToHost);\n\
         cudaFree(d_out);\n\
         return std::make_pair(std::string(text), out);\n\
         }";
    assert_eq!(found(user), ["a.cu:7 resource-leak"]);
}

#[test]
fn what_it_holds_is_not() {
    let make = "float *d; cudaMalloc(&d, 64);";
    let classes = "struct Buffer { float *data; size_t bytes; };\n\
         struct Range { Range(float *b, size_t n) : begin(b), size(n) {} float *begin; size_t size; };\n\
         struct Region : Range { using Range::Range; };\n\
         struct Nested { Buffer inner; };\n\
         class Keeper { public: explicit Keeper(float *d); Keeper(); void keep(float *d); private: float *d_; };\n\
         struct Array { float *parts[2]; };\n";
    for (class, made) in [
        ("Buffer", "return {d, 64};"),
        ("Buffer", "Buffer b; b.data = d; b.bytes = 64; return b;"),
        ("Region", "return {d, 64};"),
        ("Region", "Region r(d, 64); return r;"),
        ("Nested", "return Nested{{d, 64}};"),
        ("Keeper", "return Keeper(d);"),
        ("Keeper", "Keeper k; k.keep(d); return k;"),
        ("Array", "return Array{{d, nullptr}};"),
        ("Array", "Array a; a.parts[1] = d; return a;"),
        ("Declared", "return Declared(d);"),
        ("std::pair<float *, int>", "return std::make_pair(d, 1);"),
        ("std::pair<float *, int>", "return {d, 1};"),
        ("std::vector<float *>", "std::vector<float *> all; all.push_back(d); return all;"),
        ("std::vector<float *>", "return {d};"),
        ("auto", "return [d] { return d; };"),
    ] {
        let user = format!("{classes}{class} make() {{ {make} {made} }}");
        assert_eq!(found(&user), Vec::<String>::new(), "{class}: {made}");
    }
}

#[test]
fn what_a_function_with_an_ellipsis_gets_may_be_kept() {
    let user = "#include <cstdarg>\nfloat *kept;\n\
         void keep(int n, ...) { va_list all; va_start(all, n); kept = va_arg(all, float *); va_end(all); }\n\
         void make() { float *d; cudaMalloc(&d, 64); keep(1, d); }";
    assert_eq!(found(user), Vec::<String>::new());
}
