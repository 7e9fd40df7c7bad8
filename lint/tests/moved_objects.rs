//! Memory that moves from one owner to another, and variables that exchange what they hold.

mod project;

use project::Project;

fn found(body: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <map>\n#include <utility>\n#include <vector>\n\
         typedef std::vector<float> V;\nconst size_t N = 1 << 20;\nstruct Item {{ int id; V data; }};\n\
         void down(V &to, float *d, cudaStream_t s) {{\n\
         cudaMemcpyAsync(to.data(), d, N * 4, cudaMemcpyDeviceToHost, s); }}\n{body}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["--min-severity", "warning", "."])
}

/// A buffer that is filled, handed on by `how`, and waited for after its scope has ended.
fn moved(how: &str) -> Vec<String> {
    found(&format!(
        "void f(float *d, cudaStream_t s, V *out, std::vector<V> &outs) {{\n\
         std::vector<V> all; std::map<int, V> map; std::vector<Item> items;\n\
         {{\nV tmp(N); down(tmp, d, s); {how};\n}}\n\
         cudaStreamSynchronize(s); }}"
    ))
}

#[test]
fn what_is_moved_lives_on() {
    let none = Vec::<String>::new();
    for how in [
        "all.push_back(std::move(tmp))",
        "all.emplace_back(std::move(tmp))",
        "map.emplace(1, std::move(tmp))",
        "map.insert(std::make_pair(1, std::move(tmp)))",
        "map[3] = std::move(tmp)",
        "items.push_back(Item{3, std::move(tmp)})",
        "*out = std::move(tmp)",
        "outs[2].swap(tmp)",
        "std::swap(*out, tmp)",
    ] {
        assert_eq!(moved(how), none, "{how}");
    }
}

#[test]
fn what_is_copied_or_stays_does_not() {
    for how in ["all.push_back(tmp)", "all.emplace_back(tmp)", "V &&same = std::move(tmp)"] {
        assert!(moved(how).iter().any(|it| it.ends_with("host-buffer-released-in-flight")), "{how}");
    }
}

#[test]
fn what_was_moved_goes_with_its_new_owner() {
    let outer = found(
        "void f(float *d, cudaStream_t s) {\n{\nstd::vector<V> all;\nV tmp(N); down(tmp, d, s);\n\
         all.push_back(std::move(tmp));\n}\ncudaStreamSynchronize(s); }",
    );
    assert_eq!(outer, ["a.cu:15 host-buffer-released-in-flight"]);
}

#[test]
fn exchanged_pointers_are_told_apart() {
    let frees = |last: &str| {
        found(&format!(
            "void f(size_t n) {{ float *a, *b; cudaMalloc(&a, n); cudaMalloc(&b, n);\ncudaFree(a);\n\
             std::swap(a, b);\ncudaFree({last}); }}"
        ))
    };
    assert_eq!(frees("a"), Vec::<String>::new());
    assert_eq!(frees("b"), ["a.cu:13 device-use-after-free"]);
}

#[test]
fn to_return_device_memory_is_no_read() {
    let given = found(
        "#include <thrust/device_vector.h>\n__global__ void fill(float *p);\n\
         thrust::device_vector<float> f(int n, cudaStream_t s) {\nthrust::device_vector<float> blob(n);\n\
         fill<<<1, 32, 0, s>>>(thrust::raw_pointer_cast(blob.data()));\nreturn blob; }",
    );
    assert_eq!(given, Vec::<String>::new());
}

#[test]
fn what_owns_nothing_gives_nothing_back() {
    let text = |class: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <memory>\n#include <utility>\n#include <thrust/device_ptr.h>\n\
             void scan(size_t n) {{\n float *d; cudaMalloc(&d, n * 4);\n {class} end(d);\n\
             end = {class}(d + n);\n cudaFree(d);\n}}\n"
        )
    };
    let found = |class: &str| Project::new(&[("a.cu", &text(class))]).found(&["."]);
    assert!(found("thrust::device_ptr<float>").is_empty(), "{:?}", found("thrust::device_ptr<float>"));
    assert!(found("std::unique_ptr<float>").contains(&"a.cu:8 free-kind-mismatch".to_owned()));
}

#[test]
fn what_rests_on_an_alias_is_no_proof() {
    let found = |guard: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <memory>\n\
             struct Place {{ virtual void *get(size_t) const = 0; virtual void copy(void *, const void *) const = 0;\n\
             virtual cudaStream_t stream() const = 0; }};\n\
             struct Array {{ std::shared_ptr<const Place> place; int *data;\n\
             void move(std::shared_ptr<const Place> to) {{\n{guard}\n\
             int *other = (int *)to->get(4); to->copy(other, data); place = to; data = other; }} }};\n\
             __global__ void k(int *p) {{ *p = 1; }}\n\
             int f(std::shared_ptr<const Place> device, std::shared_ptr<const Place> host) {{\n\
             Array a{{device, (int *)device->get(4)}};\nk<<<1, 1, 0, device->stream()>>>(a.data);\n\
             a.move(host);\nreturn *a.data; }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let none = Vec::<String>::new();
    assert_eq!(found("if (to == place) return;"), none);
    assert_eq!(found("if (!(to != place)) return;"), none);
    // Nothing to do is no alias.
    assert_eq!(found("if (to.use_count() == 3) return;"), ["a.cu:14 host-read-before-sync"]);
    assert_eq!(found("return;"), ["a.cu:14 host-read-before-sync"]);
}
