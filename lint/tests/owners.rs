//! Several owners of one allocation: copies of smart pointers, and counts of owners.

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    Project::new(&[("a.cu", &format!("#include <cuda_runtime.h>\n{text}"))]).found(&["."])
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_copy_of_a_smart_pointer_holds_what_the_other_one_holds() {
    let text = |allocate: &str| {
        format!(
            "#include <memory>\n#include <vector>\n#include <cstdlib>\nvoid *allocate(size_t bytes);\n\
             struct Buffer {{\n\
             Buffer(size_t n) {{ memory_ = std::shared_ptr<char>((char *){allocate}(n), [](char *) {{}}); }}\n\
             std::shared_ptr<char> memory() {{ return memory_; }}\n\
             std::shared_ptr<char> memory_;\n}};\n\
             void f(size_t n) {{\n\
             std::shared_ptr<char> to = Buffer(n).memory(); std::vector<char> from(n);\n\
             cudaMemcpy(to.get(), from.data(), n, cudaMemcpyHostToDevice);\n}}\n"
        )
    };
    assert_eq!(found(&text("allocate")), NOTHING);
    assert_eq!(found(&text("malloc")), ["a.cu:13 memcpy-kind-mismatch"]);
}

/// A pointer that counts its owners, and a function that uses a copy and then the original.
fn counted(count: &str, copies: &str) -> String {
    format!(
        "#include <atomic>\ntemplate <typename T> struct Owner {{\n\
         explicit Owner(T *q) : p(q), owners(new {count}(1)) {{}}\n\
         Owner(const Owner &other) : p(other.p), owners(other.owners) {{ {copies} }}\n\
         ~Owner() {{ if (p != nullptr) {{ (*owners)--; if (*owners <= 0) {{ cudaFree(p); delete owners; }} }} }}\n\
         T *p; {count} *owners;\n}};\n\
         __global__ void use(int *p) {{ p[0] = 1; }}\n\
         void f() {{\nint *d; if (cudaMalloc(&d, 4) != cudaSuccess) return;\nOwner<int> a(d);\n\
         {{ Owner<int> b(a); use<<<1, 1>>>(b.p); cudaDeviceSynchronize(); }}\n\
         use<<<1, 1>>>(a.p); cudaDeviceSynchronize();\n}}\n"
    )
}

#[test]
fn the_last_owner_frees() {
    for count in ["int", "std::atomic<int>", "std::atomic_int"] {
        assert_eq!(found(&counted(count, "(*owners)++;")), NOTHING, "{count}");
        assert_eq!(found(&counted(count, "++*owners;")), NOTHING, "{count}");
        // The copy is not counted, so that it frees what the other one still uses.
        assert_eq!(found(&counted(count, "")), ["a.cu:14 device-use-after-free"], "{count}");
    }
}

#[test]
fn whoever_keeps_the_count_knows_whether_it_is_the_last() {
    let text = |release: &str| {
        format!(
            "struct Held {{ float *p; int *owners; bool mine; void drop() {{ {release} }} }};\n\
             __global__ void use(float *p) {{ p[0] = 1; }}\n\
             void f(Held &held) {{\nheld.drop();\nuse<<<1, 1>>>(held.p); cudaDeviceSynchronize();\n}}\n"
        )
    };
    assert_eq!(found(&text("if (--*owners == 0) cudaFree(p);")), NOTHING);
    assert_eq!(found(&text("if (mine) cudaFree(p);")), NOTHING);
    assert_eq!(found(&text("cudaFree(p);")), ["a.cu:6 device-use-after-free"]);
    assert_eq!(found(&text("if (p != nullptr) cudaFree(p);")), ["a.cu:6 device-use-after-free"]);
}

#[test]
fn freed_memory_is_no_device_memory_any_more() {
    let text = |twice: &str| {
        format!(
            "cudaError_t release(void *p) {{\ncudaPointerAttributes it = {{}};\n\
             cudaError_t status = cudaPointerGetAttributes(&it, p);\n\
             if (status == cudaSuccess && it.type == cudaMemoryTypeDevice) return cudaFree(p);\n\
             return cudaSuccess;\n}}\n\
             int main() {{\nint *p; if (cudaMalloc(&p, 4)) return 1;\nrelease(p);\n{twice}(p);\nreturn 0;\n}}\n"
        )
    };
    assert_eq!(found(&text("release")), NOTHING);
    assert_eq!(found(&text("cudaFree")), ["a.cu:11 device-use-after-free"]);
}

#[test]
fn a_container_that_was_emptied_has_nothing_left() {
    let found = |between: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vector>\n\
             struct Device {{ cudaStream_t s; ~Device() {{\ncudaStreamDestroy(s); }} }};\n\
             void close(std::vector<Device *> &all) {{\n\
             for (size_t i = 0; i < all.size(); i++) delete all[i];\n{between}\n\
             for (size_t i = 0; i < all.size(); i++) delete all[i];\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("all.clear();"), Vec::<String>::new());
    assert_eq!(found(""), ["a.cu:4 handle-use-after-destroy"]);
}

#[test]
fn what_a_helper_makes_twice_is_no_loop() {
    let message = |body: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\nstatic void acquire(void **p) {{ cudaMalloc(p, 4); }}\n\
             struct Pair {{ void *a; void *b; void init() {{ acquire(&a); acquire(&b); }} }};\n\
             void f(int n) {{\n{body}\n}}\n"
        );
        let out = Project::new(&[("a.cu", &text)]).run(&["--format", "json", "."]).stdout;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let found = report["diagnostics"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]["message"].as_str().unwrap().to_owned()
    };
    let once = message("Pair pair; pair.init(); cudaMemset(pair.a, 0, 4);");
    assert!(once.ends_with("is not released: the end of the function loses it"), "{once}");
    let rounds = message("for (int i = 0; i < n; i++) { void *p; acquire(&p); cudaMemset(p, 0, 4); }");
    assert!(rounds.starts_with("each round of a loop makes `p`"), "{rounds}");
}

#[test]
fn what_goes_back_into_a_cache_is_not_released() {
    let text = |allocate: &str, release: &str| {
        format!(
            "#include <cub/util_allocator.cuh>\n__global__ void scale(float *d);\n\
             cub::CachingDeviceAllocator cache(true);\n\
             void f() {{\nvoid *d = nullptr; {allocate};\n\
             scale<<<1, 32>>>((float *)d);\n\
             if (d) {release};\n}}\n"
        )
    };
    assert_eq!(found(&text("cache.DeviceAllocate(&d, 1024)", "cache.DeviceFree(d)")), NOTHING);
    assert_eq!(found(&text("cudaMalloc(&d, 1024)", "cudaFree(d)")), ["a.cu:8 free-while-in-flight"]);
}
