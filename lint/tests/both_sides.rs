//! Functions for both sides: what they do on the host is what host code has them do.

mod project;

use project::Project;

fn found(user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n\
         class Pool {{ unsigned *d_count;\npublic:\n\
         void init() {{ cudaMalloc(&d_count, 4); cudaMemset(d_count, 0, 4); }}\n\
         void free() {{ cudaFree(d_count); }}\n\
         __host__ __device__ unsigned count() {{ return *d_count; }}\n\
         }};\n{user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn where_nothing_on_the_host_calls_it_it_runs_on_the_device() {
    assert_eq!(found("__global__ void k(Pool p, unsigned *n) { *n = p.count(); }"), Vec::<String>::new());
}

#[test]
fn a_caller_on_the_host_has_it_run_there() {
    let user = "unsigned f() { Pool p; p.init(); unsigned n = p.count(); p.free(); return n; }";
    assert_eq!(found(user), ["a.cu:6 host-deref-device-pointer"]);
}

#[test]
fn constexpr_functions_speak_for_the_host_where_host_code_calls_them() {
    let text = "#include <cuda_runtime.h>\n__constant__ char buffer[64];\n\
                template <typename T> constexpr T &get() { return reinterpret_cast<T &>(buffer); }\n\
                constexpr char first() { return buffer[0]; }\n\
                struct Get { constexpr char operator()(int i) { return buffer[i]; } };\n";
    let found = |more: &str| Project::new(&[("a.cu", &format!("{text}{more}"))]).found(&["."]);
    assert_eq!(found(""), Vec::<String>::new());
    assert_eq!(found("__global__ void k(char *to) { *to = first() + Get()(1); }\n"), Vec::<String>::new());
    assert_eq!(found("char host() { return first(); }\n"), ["a.cu:4 host-deref-device-pointer"]);
    assert_eq!(found("char host() { return buffer[1]; }\n"), ["a.cu:6 host-deref-device-pointer"]);
}
