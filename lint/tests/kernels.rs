//! What is known of kernels and of device memory by their declarations.

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    Project::new(&[("a.cu", &format!("#include <cuda_runtime.h>\n{text}"))]).found(&["."])
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_is_launched_is_a_kernel_whatever_marks_it() {
    let text = |mark: &str, launch: &str| {
        format!(
            "__device__ int step;\n{mark} void init() {{ step = -1; }}\n\
             {mark} void set(float *to) {{ to[0] = 1; }}\n\
             void run(cudaStream_t s) {{ {launch} }}\n"
        )
    };
    // The macro comes from a header that is not there.
    assert_eq!(found(&text("PROJECT_KERNEL", "init<<<1, 1, 0, s>>>();")), NOTHING);
    // What it does through its parameters is known all the same.
    let pageable = "init<<<1, 1>>>(); float *h = new float[4]; set<<<1, 1, 0, s>>>(h); cudaStreamSynchronize(s); delete[] h;";
    assert_eq!(found(&text("PROJECT_KERNEL", pageable)), ["a.cu:5 host-pointer-to-kernel"]);
    assert_eq!(found(&text("", "init();")), ["a.cu:3 host-deref-device-pointer"]);
}

#[test]
fn constants_in_device_memory_have_their_value_on_the_host_too() {
    let text = |declared: &str, read: &str| format!("{declared}\nfloat f(int i) {{ return {read}; }}\n");
    for (declared, read) in [
        ("__device__ static const float pi = 3.14f;", "2 * pi"),
        ("__constant__ const int limit = 7;", "limit"),
        ("__device__ constexpr float table[2] = {1, 2};", "table[i]"),
        ("static __device__ const float table[2][2] = {{1, 2}, {3, 4}};", "table[i][0]"),
    ] {
        assert_eq!(found(&text(declared, read)), NOTHING, "{declared}");
    }
    for (declared, read) in [
        ("__device__ float pi = 3.14f;", "2 * pi"),
        ("__constant__ float table[2] = {1, 2};", "table[i]"),
        ("extern __device__ const float table[2];", "table[i]"),
    ] {
        assert_eq!(found(&text(declared, read)), ["a.cu:3 host-deref-device-pointer"], "{declared}");
    }
}

#[test]
fn a_parameter_that_no_device_function_touches_may_be_anything() {
    let text = |lane: &str| {
        format!(
            "using Item = void *;\n\
             template <int dim> __device__ int lane(Item &item) {{ {lane} }}\n\
             template <int dim> __device__ int warp(Item &item) {{ (void)item; return lane<dim>(item) >> 5; }}\n\
             template <int dim> __global__ void fill(Item &item, float *to) {{ to[warp<dim>(item)] = 1; }}\n\
             void run(float *d) {{ Item item = nullptr; fill<1><<<1, 32>>>(item, d); cudaDeviceSynchronize(); }}\n"
        )
    };
    assert_eq!(found(&text("(void)item; return threadIdx.x;")), NOTHING);
    assert_eq!(found(&text("return item != nullptr;")), ["a.cu:6 host-pointer-to-kernel"]);
}

#[test]
fn a_launch_by_a_structure_has_its_stream_and_the_arguments_of_the_kernel() {
    let text = |set: &str, waits: &str, argument: &str| {
        format!(
            "__global__ void fill(int *a, int n) {{ a[n] = 1; }}\n\
             template <int N> __global__ void fill_by(int *a, int n) {{ a[n] = N; }}\n\
             int run(int n, cudaStream_t s, cudaStream_t other) {{\n int *p; cudaMallocHost(&p, 64);\n\
             int *pageable = new int[n];\n cudaLaunchConfig_t config = {{}};\n {set}\n \
             cudaLaunchKernelEx(&config, fill, {argument}, n);\n cudaLaunchKernelEx(&config, fill_by<2>, p, n);\n \
             cudaStreamSynchronize({waits});\n int it = p[0];\n cudaDeviceSynchronize();\n cudaFreeHost(p);\n \
             delete[] pageable;\n return it;\n}}\n"
        )
    };
    assert_eq!(found(&text("config.stream = s;", "s", "p")), NOTHING);
    assert_eq!(found(&text("config.stream = s;", "s", "pageable")), ["a.cu:9 host-pointer-to-kernel"]);
    // The other stream is not the one that the structure names.
    let other = found(&text(
        "cudaStreamCreateWithFlags(&s, 1); cudaStreamCreateWithFlags(&other, 1); config.stream = s;",
        "other",
        "p",
    ));
    assert!(other.contains(&"a.cu:12 host-read-before-sync".to_owned()), "{other:?}");
}

#[test]
fn a_class_with_its_own_operator_new_says_where_its_objects_are() {
    let text = |base: &str| {
        format!(
            "struct Managed {{\nvoid *operator new(size_t n) {{ void *p; cudaMallocManaged(&p, n); return p; }}\n\
             void operator delete(void *p) {{ cudaDeviceSynchronize(); cudaFree(p); }}\n}};\n\
             struct Element {base} {{ int value; }};\n__global__ void change(Element *it) {{ it->value = 1; }}\n\
             int run() {{ Element *it = new Element;\n change<<<1, 1>>>(it); cudaDeviceSynchronize();\n \
             int value = it->value; delete it; return value; }}\n"
        )
    };
    assert_eq!(found(&text(": Managed")), NOTHING);
    assert_eq!(found(&text("")), ["a.cu:9 host-pointer-to-kernel"]);
}

#[test]
fn a_template_that_only_reads_writes_nothing() {
    let text = |parameter: &str, read: &str, other: &str| {
        format!(
            "template <typename T> __device__ T pick(const T *p, int i) {{ return p[i]; }}\n\
             template <typename T, int N> __global__ void sum(T *to, {parameter} from, int n) {{\n\
             const T value = {read};\nto[n] = value; }}\n\
             template <typename T> void run(T *to, T *from) {{\n\
             cudaStream_t s, t; cudaStreamCreate(&s); cudaStreamCreate(&t);\n\
             sum<T, 1><<<1, 1, 0, s>>>(to, from, 1);\nsum<T, 2><<<1, 1, 0, t>>>({other}, from, 1);\n\
             cudaStreamSynchronize(s); cudaStreamSynchronize(t);\n\
             cudaStreamDestroy(s); cudaStreamDestroy(t);\n}}\n\
             void f(int *to, int *from, int *more) {{ run<int>(to, from); }}\n"
        )
    };
    for read in ["pick(&from[n], 1)", "pick(from + n, 1)", "unknown(from)", "unknown(&from[n])", "*from"] {
        assert_eq!(found(&text("const T *", read, "to + 100")), NOTHING, "{read}");
    }
    let written = "atomicAdd((T *)from, 1)";
    assert_eq!(found(&text("const T *", written, "to + 100")), ["a.cu:9 cross-stream-unordered"]);
}

#[test]
fn a_mark_says_that_a_function_may_run_on_the_device() {
    let text = |mark: &str| {
        format!(
            "#include <missing/config.h>\n\
             struct Work {{\nint *counters;\n\
             {mark} __forceinline__ void reset() {{\ncounters[0] = 0; }}\n\
             int setup() {{ return cudaMalloc((void **)&counters, 8); }}\n}};\n\
             {mark} void set(int *p) {{\n*p = 1; }}\n\
             void f() {{ int *p; cudaMalloc(&p, 4); set(p); cudaFree(p); }}\n"
        )
    };
    // Host code calls `set`, and nothing calls `reset`.
    for mark in ["_CCCL_DEVICE", "PROJECT_HOST_DEVICE", "DEVICEQUALIFIER"] {
        assert_eq!(found(&text(mark)), ["a.cu:10 host-deref-device-pointer"], "{mark}");
    }
    let plain = ["a.cu:6 host-deref-device-pointer", "a.cu:10 host-deref-device-pointer"];
    assert_eq!(found(&text("PROJECT_INLINE")), plain);
}
