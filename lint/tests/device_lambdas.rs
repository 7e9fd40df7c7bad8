//! Lambdas that are marked for the device: what stands in them is not done by the host.

mod project;

use project::Project;

/// A lambda over device memory, `a` and `c`, and what is done with it.
fn found(lambda: &str, more: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <vendor/parallel.h>\n\
         template <typename F> __global__ void each(F f) {{ f(threadIdx.x); }}\n\
         template <typename F> void on_device(F f) {{ each<<<1, 32>>>(f); }}\n\
         template <typename F> void on_host(F f) {{ for (int i = 0; i < 32; i++) f(i); }}\n\
         __constant__ int table[32];\n\
         template <class T> struct Arrays {{\nT *d_a, *d_c;\n\
         Arrays() {{ cudaMalloc(&d_a, 128); cudaMalloc(&d_c, 128); }}\n\
         ~Arrays() {{ cudaFree(d_a); cudaFree(d_c); }}\nvoid copy();\n}};\n\
         template <class T> void Arrays<T>::copy() {{\nauto f = {lambda}\n{{ c[i] = a[i] + table[i]; }};\n{more}\n}}\n\
         template struct Arrays<int>;\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

const WRONG: [&str; 3] = ["a.cu:15 host-deref-device-pointer"; 3];

#[test]
fn the_body_of_a_device_lambda_is_no_host_code() {
    for passed in ["on_device(f);", "vendor::each(32, f);", "f(0);", ""] {
        let of_device = found("[a = d_a, c = d_c] __device__(int i)", passed);
        assert_eq!(of_device, Vec::<String>::new(), "{passed}");
        let generic = found("[a = d_a, c = d_c] __device__(auto i)", passed);
        assert_eq!(generic, Vec::<String>::new(), "{passed}");
        let of_host = found("[a = d_a, c = d_c](int i)", passed);
        assert_eq!(of_host, WRONG, "{passed}");
    }
}

#[test]
fn a_lambda_for_both_sides_is_host_code_where_the_host_calls_it() {
    for elsewhere in ["on_device(f);", "vendor::each(32, f);", ""] {
        let of_both = found("[a = d_a, c = d_c] __host__ __device__(int i)", elsewhere);
        assert_eq!(of_both, Vec::<String>::new(), "{elsewhere}");
    }
    for here in ["on_host(f);", "f(0);"] {
        assert_eq!(found("[a = d_a, c = d_c] __host__ __device__(int i)", here), WRONG, "{here}");
    }
}

#[test]
fn a_lambda_in_a_function_for_both_sides_is_for_both_sides() {
    let text = |marks: &str| {
        format!(
            "#include <cuda_runtime.h>\n__constant__ int table[32];\n\
             {marks} int first() {{\nauto f = [](int i) {{\nreturn table[i]; }};\nreturn f(0);\n}}\n"
        )
    };
    let found = |marks: &str| Project::new(&[("a.cu", &text(marks))]).found(&["."]);
    assert_eq!(found("__host__ __device__"), Vec::<String>::new());
    assert_eq!(found(""), ["a.cu:5 host-deref-device-pointer"]);
}

#[test]
fn a_lambda_that_goes_out_of_sight_says_nothing_of_the_host() {
    // `PB_GPU` is `__device__` for the compiler of CUDA only, and `parallel_for` is there for it only.
    let found = |header: &str, run: &str| {
        let text = format!(
            "#include \"mark.h\"\n#include <cuda_runtime_api.h>\n#include <vector>\n\
             struct P {{ float x, y; float sum() const {{\nreturn x + y; }} }};\nstruct Buffer {{ void *at; }};\n\
             static std::vector<Buffer> pool;\nvoid init(int n) {{ pool.resize(16);\n\
             for (Buffer &b : pool) cudaMalloc(&b.at, n * sizeof(P)); }}\nvoid update(int n, float *out) {{\n\
             Buffer &b = pool[n];\nauto each = [=] PB_GPU(int i) {{ out[i] = ((const P *)b.at)[i].sum(); }};\n{run}\n}}\n"
        );
        Project::new(&[("a.cpp", &text), ("mark.h", header)]).found(&["."])
    };
    let guarded = "#if defined(__CUDACC__)\n#define PB_GPU __device__\n#else\n#define PB_GPU\n#endif\n";
    let none = Vec::<String>::new();
    assert_eq!(found(guarded, "parallel_for(n, each);"), none);
    assert_eq!(found("#define PB_GPU\n", "parallel_for(n, each);"), none);
    // What the host runs, it reads.
    assert_eq!(found("#define PB_GPU\n", "each(3);"), ["a.cpp:5 host-deref-device-pointer"; 2]);
}

#[test]
fn a_lambda_that_no_path_calls_touches_nothing() {
    let found = |policy: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\nenum Location {{ HOST, DEVICE }};\n__global__ void work(int n);\n\
             struct Policy {{ Location location; Policy(Location l) : location(l) {{}} }};\n\
             template <class F> cudaError_t each(Policy policy, int n, F const &f) {{\n\
             if (policy.location == HOST) {{ for (int i = 0; i < n; i++) f(i); return cudaSuccess; }}\n\
             work<<<1, 1>>>(n);\nreturn cudaGetLastError(); }}\n\
             bool test(int n) {{\nfloat *d;\ncudaMalloc(&d, n * 4);\nPolicy policy({policy});\n\
             bool ok = each(policy, n, [d](int i) {{\nd[i] = i; }}) == cudaSuccess;\ncudaFree(d);\nreturn ok;\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("DEVICE"), Vec::<String>::new());
    assert_eq!(found("HOST"), ["a.cu:14 host-deref-device-pointer"]);
}
