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
