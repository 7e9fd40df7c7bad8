//! On which side memory is, where a memory resource or the attributes of the pointer say so.

mod project;

use project::Project;

/// What is found in a function that makes a vector from a memory resource and touches it.
fn in_vector(resource: &str, then: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <rmm/device_uvector.hpp>\n__global__ void fill(int *, int);\n\
         int f(int n, rmm::cuda_stream_view stream, rmm::device_async_resource_ref mr) {{\n{resource}\n\
         fill<<<1, 1, 0, stream>>>(a.data(), n);\n{then}\nreturn a.data()[0];\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_memory_resource_says_what_kind_of_memory_it_hands_out() {
    let wait = "stream.synchronize();";
    let on_device = ["a.cu:8 host-deref-device-pointer"];
    for device in [
        "rmm::device_uvector<int> a(n, stream);",
        "rmm::mr::cuda_memory_resource own; rmm::device_uvector<int> a(n, stream, own);",
        "rmm::device_uvector<int> a(n, stream, rmm::mr::get_current_device_resource_ref());",
        "auto now = rmm::mr::get_current_device_resource_ref(); rmm::device_uvector<int> a(n, stream, now);",
        "rmm::device_scalar<int> a(0, stream);",
    ] {
        assert_eq!(in_vector(device, wait), on_device, "{device}");
    }
    for other in [
        "rmm::mr::managed_memory_resource managed; rmm::device_uvector<int> a(n, stream, managed);",
        "rmm::mr::managed_memory_resource managed; rmm::device_uvector<int> a(n, stream, &managed);",
        "rmm::mr::managed_memory_resource managed; rmm::device_scalar<int> a(0, stream, managed);",
        "rmm::device_uvector<int> a(n, stream, mr);",
        "auto same = mr; rmm::device_uvector<int> a(n, stream, same);",
    ] {
        assert_eq!(in_vector(other, wait), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn managed_memory_of_a_resource_is_managed_memory() {
    let managed = "rmm::mr::managed_memory_resource managed; rmm::device_uvector<int> a(n, stream, managed);";
    assert_eq!(in_vector(managed, ""), ["a.cu:8 managed-access-in-flight"]);
}

/// What is found where a copy of the program's own chooses by the sides of several pointers.
fn by_side(case: &str, user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <tuple>\nenum class Side {{ mixed, host, device }};\n\
         template <class... P> struct Count {{}};\n\
         template <> struct Count<> {{ static auto run() {{ return std::make_tuple(0, 0); }} }};\n\
         template <class P, class... Q> struct Count<P, Q...> {{\n\
         static std::tuple<int, int> run(const P *first, const Q *...rest) {{\n\
         auto [device, host] = Count<Q...>::run(rest...);\n\
         cudaPointerAttributes it; cudaPointerGetAttributes(&it, first);\n\
         if (it.devicePointer || it.type == cudaMemoryTypeDevice) ++device;\n\
         if (it.hostPointer || it.type == cudaMemoryTypeUnregistered) ++host;\n\
         return std::make_tuple(device, host); }} }};\n\
         template <class... P> Side side(const P *...all) {{\n\
         auto [device, host] = Count<P...>::run(all...); int count = sizeof...(P);\n\
         if (device == count) return Side::device;\nif (host == count) return Side::host;\n\
         return Side::mixed; }}\n\
         __global__ void fill(int *to, const int *from);\n\
         void copy(int *to, const int *from, int n) {{ switch (side(to, from)) {{\n\
         case Side::device: fill<<<1, 1>>>(to, from); break;\n\
         case {case}: for (int i = 0; i < n; ++i) to[i] = from[i]; break;\ndefault: break; }} }}\n{user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_function_that_counts_sides_chooses() {
    let user = "void f(const int *from, int n) { int *d; cudaMalloc(&d, 4 * n); copy(d, from, n); \
                cudaDeviceSynchronize(); cudaFree(d); }";
    assert_eq!(by_side("Side::host", user), Vec::<String>::new());
    let alone = "void f(const int *from, int n) { int *d; cudaMalloc(&d, 4 * n);\n\
                 for (int i = 0; i < n; ++i) d[i] = from[i];\ncudaFree(d); }";
    assert_eq!(by_side("Side::host", alone), ["a.cu:24 host-deref-device-pointer"]);
    let one = "void g(int n) { int *d; cudaMalloc(&d, 4 * n);\nif (side(d) == Side::host) *d = 1;\n\
               if (side(d) == Side::device) *d = 1;\ncudaFree(d); }";
    assert_eq!(by_side("Side::host", one), ["a.cu:25 host-deref-device-pointer"]);
}

#[test]
fn tuples_of_numbers_are_what_they_were_made_of() {
    let found = |test: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <tuple>\n\
             std::tuple<int, int> both() {{ return std::make_tuple(3, 4); }}\n\
             void f() {{ int *d; cudaMalloc(&d, 4);\nauto [a, b] = both(); ++b;\n\
             if ({test}) *d = 1;\ncudaFree(d); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("a == 3 && b == 5"), ["a.cu:6 host-deref-device-pointer"]);
    assert_eq!(found("a == 4"), Vec::<String>::new());
    assert_eq!(found("b == 4"), Vec::<String>::new());
}

#[test]
fn where_memory_lies_is_the_same_each_time_it_is_asked() {
    // The copy back waits for the kernel; memory that is on the device needs none, and is not freed.
    let found = |second: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n__global__ void encode(const float *in, float *out);\n\
             static bool on_device(const void *p) {{ cudaPointerAttributes it;\n\
             return cudaPointerGetAttributes(&it, p) == cudaSuccess && it.type == cudaMemoryTypeDevice; }}\n\
             struct Field {{ void *data; void *other; }};\nvoid f(Field *field, float *out, int n) {{\n\
             void *d = field->data;\nif (!on_device(field->data)) {{ cudaMalloc(&d, n);\n\
             cudaMemcpy(d, field->data, n, cudaMemcpyHostToDevice); }}\n\
             encode<<<1, 1>>>((float *)d, out);\n{second} cudaFree(d);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let wait = "if (on_device(field->data)) return; cudaDeviceSynchronize();";
    assert_eq!(found(wait), Vec::<String>::new());
    assert_eq!(found("if (on_device(field->data)) return;"), ["a.cu:11 free-while-in-flight"]);
}

#[test]
fn a_table_that_is_asked_for_a_pointer_says_how_it_was_made() {
    let found = |asked: &str, then: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <unordered_map>\n__global__ void use(char *);\n\
             struct Stack {{ char *head; std::unordered_map<void *, size_t> apart;\n\
             char *get(size_t n) {{ char *out = head; head += n; return out; }}\n\
             void give_back(char *p) {{\n{asked} {{ cudaFree(p); return; }}\nhead = p; }} }};\n\
             void f(Stack &s) {{ char *a = s.get(16); s.give_back(a);\n{then}\nuse<<<1, 1>>>(s.head); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let late = ["a.cu:11 device-use-after-free"];
    for table in [
        "auto it = apart.find(p); if (it != apart.end())",
        "if (apart.find(p) != apart.end())",
        "if (apart.count(p))",
        "if (apart.count(p) > 0)",
    ] {
        assert_eq!(found(table, "s.head = a;"), Vec::<String>::new(), "{table}");
    }
    assert_eq!(found("if (p)", "s.head = a;"), late);
}

#[test]
fn what_thrust_copies_to_the_host_lies_there() {
    let found = |body: &str| {
        let text = format!(
            "#include <thrust/device_vector.h>\n#include <thrust/host_vector.h>\ntemplate <class T> bool near(T, T);\n\
             template <class T> void check(thrust::device_vector<T> d) {{\n{body}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for copied in [
        "thrust::host_vector<T> h(d); near(h[0], h[1]);",
        "thrust::host_vector<T> h = d; near(h[0], h[1]);",
        "near(*d.begin(), d[0]); near(d.front(), d.back());",
        "using namespace thrust; if (*d.begin() == d[0]) return;",
    ] {
        assert_eq!(found(copied), Vec::<String>::new(), "{copied}");
    }
    let own =
        "thrust::device_vector<float> e(4); float *p = thrust::raw_pointer_cast(e.data()); near(p[0], p[1]);";
    assert_eq!(found(own), ["a.cu:5 host-deref-device-pointer"]);
}

#[test]
fn an_instance_for_other_memory_is_another_function() {
    let found = |grown: &str| {
        let text = format!(
            "#include <thrust/device_vector.h>\n#include <thrust/host_vector.h>\n\
             template <class V> void grow(V &v, size_t n) {{ if (v.size() < n) {{ v.clear(); v.resize(n); }} }}\n\
             template <int N> struct Loader {{ thrust::host_vector<int> h; thrust::device_vector<int> d;\n\
             void load(size_t n) {{ {grown}\nh[0] = 3;\n}} }};\n\
             void use(thrust::device_vector<int> &d) {{ grow(d, 7); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("grow(h, n); grow(d, n);"), Vec::<String>::new());
    assert_eq!(
        found("grow(h, n); int *h = thrust::raw_pointer_cast(d.data());"),
        ["a.cu:6 host-deref-device-pointer"]
    );
}

#[test]
fn a_driver_address_may_be_of_any_memory() {
    let found = |body: &str| {
        let text = format!(
            "#include <cuda.h>\n#include <stdlib.h>\nstruct State {{ CUdeviceptr out; }};\nstatic int probe;\n\
             int start(void) {{ return cuMemHostRegister(&probe, 4, 0) != CUDA_SUCCESS; }}\n\
             void stop(struct State *state) {{\n{body}\n}}\n"
        );
        Project::new(&[("a.c", &text)]).found(&["."])
    };
    for any in [
        "cuMemFreeHost((void *)state->out);",
        "cuIpcCloseMemHandle(state->out);",
        "if (cuMemHostUnregister(&probe)) abort();",
        "((int *)state->out)[0] = 1;",
    ] {
        assert_eq!(found(any), Vec::<String>::new(), "{any}");
    }
    let wrong = ["a.c:7 free-kind-mismatch"];
    assert_eq!(found("CUdeviceptr d; cuMemAlloc(&d, 4);\ncuMemFreeHost((void *)d);").len(), 1);
    assert_eq!(found("CUdeviceptr d; cuMemAlloc(&d, 4);\n((int *)d)[0] = 1; cuMemFree(d);").len(), 1);
    assert_eq!(found("static int other; cuMemHostUnregister(&other);"), wrong);
}

#[test]
fn cuda_knows_what_it_has_allocated() {
    let found = |make: &str, ask: &str| {
        let text = format!(
            "#include <cuda.h>\n#include <stdlib.h>\n#define CHECK(x) do {{ if ((x) != CUDA_SUCCESS) exit(1); }} while (0)\n\
             static bool is_cudas(void *p) {{\nCUmemorytype type;\nCUresult status = cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, (CUdeviceptr)p);\n\
             {ask}\n}}\n\
             void f(size_t n) {{\nvoid *p;\n{make}\nif (is_cudas(p)) {{ CHECK(cuMemFreeHost(p)); }} else {{ free(p); }}\n}}\n"
        );
        Project::new(&[("a.cpp", &text)]).found(&["."])
    };
    let of_status = "if (status == CUDA_ERROR_INVALID_VALUE) return false;\nCHECK(status); return true;";
    let of_type = "return status == CUDA_SUCCESS && type == CU_MEMORYTYPE_HOST;";
    for ask in [of_status, of_type] {
        for make in ["CHECK(cuMemHostAlloc(&p, n, 0));", "p = malloc(n);"] {
            assert_eq!(found(make, ask), Vec::<String>::new(), "{make} {ask}");
        }
    }
    let of_device = "return status == CUDA_SUCCESS && type == CU_MEMORYTYPE_DEVICE;";
    assert_eq!(found("CHECK(cuMemHostAlloc(&p, n, 0));", of_device), ["a.cpp:12 free-kind-mismatch"]);
}

#[test]
fn where_memory_lies_is_known_at_the_end_of_many_calls() {
    let found = |field: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n__global__ void k(float *d, const float *s);\n\
             bool is_device(const void *p) {{\ncudaPointerAttributes it;\ncudaError_t result = cudaPointerGetAttributes(&it, p);\n\
             return result == cudaSuccess && it.{field} == cudaMemoryTypeDevice;\n}}\n\
             void convert(float *d, float *s, size_t n) {{\nfloat *t;\nif (is_device(s)) {{ t = s; }} else {{ cudaMallocHost(&t, n); }}\n\
             k<<<1, 1>>>(d, t);\ncudaDeviceSynchronize();\nif (!is_device(s)) cudaFreeHost(t);\n}}\n\
             void third(float *d, float *s, size_t n) {{ convert(d, s, n); }}\n\
             void second(float *d, float *s, size_t n) {{ third(d, s, n); }}\n\
             void first(float *d, float *s, size_t n) {{ second(d, s, n); }}\n\
             int main() {{ float *d; cudaMalloc(&d, 64); float *s = new float[16]; first(d, s, 64); first(d, s, 64); delete[] s; cudaFree(d); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for field in ["type", "memoryType"] {
        assert_eq!(found(field), Vec::<String>::new(), "{field}");
    }
}
