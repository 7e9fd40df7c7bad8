//! Instances of templates: what libclang says of them is less than what it says of other functions.

mod project;

use project::Project;

#[test]
fn an_array_that_an_instance_makes_has_its_elements() {
    let found = |bytes: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             template <typename T> static T *make(int n) {{ T *a = new T[n * 4]; return a; }}\n\
             void upload(double *from, size_t bytes) {{\n\
             double *d; cudaMalloc(&d, bytes);\n\
             cudaMemcpy(d, from, bytes, cudaMemcpyHostToDevice); cudaFree(d); }}\n\
             int main() {{ upload(make<double>(4), {bytes}); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("128"), Vec::<String>::new());
    assert_eq!(found("256"), ["a.cu:5 copy-size-mismatch"]);
}

#[test]
fn a_call_in_a_template_takes_the_defaults_of_what_it_leaves_out() {
    // Nothing makes an instance of `run`, as where its arguments come from a header that is missing.
    let found = |batches: &str, info: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             template <typename T> void info_of(T *a, int *info, unsigned batches = {batches}, unsigned = 0) {{\n\
             int *d; cudaMalloc(&d, sizeof(int) * batches);\n\
             if (batches > 1) cudaMemcpy(info, d, sizeof(int) * batches, cudaMemcpyDeviceToHost);\n\
             cudaFree(d); }}\n\
             template <class Solver> int run() {{\n\
             using T = typename Solver::type; T *a = nullptr; int info[{info}] = {{}};\n\
             info_of<T>(a, info); return info[0]; }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("1", "1"), Vec::<String>::new());
    assert_eq!(found("8", "8"), Vec::<String>::new());
    assert_eq!(found("8", "1"), ["a.cu:4 copy-size-mismatch"]);
}
