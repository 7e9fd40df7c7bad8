//! Classes whose headers are missing: what is known of their objects all the same.

mod project;

use project::Project;

fn found(frees: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <vendor/solver.h>\nvoid stop(vendor::Solver *solver) {{\n{frees}\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_member_belongs_to_its_object() {
    let apart = "cudaFree(solver->first.data);\ncudaFree(solver->second.data);";
    assert_eq!(found(apart), Vec::<String>::new());
    let twice = "cudaFree(solver->first.data);\ncudaFree(solver->first.data);";
    assert_eq!(found(twice), ["a.cu:5 device-use-after-free"]);
}

#[test]
fn streams_of_templates_are_what_their_bases_make() {
    let text = "#include <cuda_runtime.h>\n__global__ void k(int *n);\ntemplate <int I> class Table {\nprotected:\n\
         cudaStream_t stream[2]; int *n;\npublic:\n\
         Table() { for (int i = 0; i < 2; i++) cudaStreamCreate(&stream[i]); cudaMalloc((void **)&n, 8); }\n};\n\
         template <int K> class Keys : public Table<(K + 1) / 2> {\npublic:\n\
         void run(int i) { k<<<1, 32, 0, this->stream[i]>>>(this->n); cudaMemset(this->n, 0, 8); }\n};\n";
    let found = |more: &str| Project::new(&[("a.cu", &format!("{text}{more}"))]).found(&["."]);
    assert_eq!(found(""), Vec::<String>::new());
    let used = "template class Keys<7>;\nKeys<7> *make() { return new Keys<7>; }\n";
    assert_eq!(found(used), Vec::<String>::new());
    let given = text.replace("Table() {", "void set(cudaStream_t s) { stream[0] = s; }\nTable() {");
    let given = format!("{given}{used}");
    let found = Project::new(&[("a.cu", &given)]).found(&["."]);
    assert_eq!(found, ["a.cu:12 stream-forgotten"]);
}

#[test]
fn what_an_object_of_an_unknown_class_converts_to_is_not_known() {
    // A call that fits none of CUDA's declarations (the stream is an empty class) takes the objects themselves.
    let text = "#include <cuda_runtime.h>\n#include <vendor/span.h>\nclass Ref {};\n\
                void copy(vendor::Span<char> in, vendor::Span<char> out, Ref stream) {\n\
                auto now = out.subspan(4, in.size());\n\
                cudaMemcpyAsync(now.data(), in.data(), now.size(), cudaMemcpyDeviceToDevice, stream);\n}\n";
    assert_eq!(Project::new(&[("a.cu", text)]).found(&["."]), Vec::<String>::new());
}

#[test]
fn a_cast_to_a_type_of_the_template_keeps_the_pointer() {
    let allocator = |returned: &str| {
        format!(
            "#include <cuda_runtime.h>\ntemplate <typename T> struct Allocator {{\ntypedef T *pointer;\n\
             pointer allocate(unsigned long count) {{\nvoid *memory;\n\
             cudaMallocHost(&memory, sizeof(T) * count);\nreturn {returned};\n}}\n}};\n"
        )
    };
    let found = |returned: &str| Project::new(&[("a.cu", &allocator(returned))]).found(&["."]);
    assert_eq!(found("pointer((T *)memory)"), Vec::<String>::new());
    assert_eq!(found("pointer(0)"), ["a.cu:6 resource-leak"]);
}

#[test]
fn printing_a_member_of_an_unknown_class_ends_no_path() {
    // Clang puts a trap before an object of a class among the arguments of `...`.
    let text = |end: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <cstdio>\n#include <vendor/solver.h>\n\
             int f(vendor::Solver *solver, void *to, cudaStream_t stream) {{\n\
             char *from; cudaMallocHost(&from, 64);\nprintf(\"%s\", solver->name);\n\
             cudaMemcpyAsync(to, from, 64, cudaMemcpyHostToDevice, stream);\n{end}\nfrom[0] = 1;\n\
             cudaStreamSynchronize(stream);\ncudaFreeHost(from);\nreturn 0;\n}}\n"
        )
    };
    let found = |end: &str| Project::new(&[("a.cu", &text(end))]).found(&["."]);
    assert_eq!(found(""), ["a.cu:9 host-write-before-sync"]);
    assert_eq!(found("cudaStreamSynchronize(stream);"), Vec::<String>::new());
    // A trap that the program itself sets off.
    assert_eq!(found("printf(\"%d\", (__builtin_trap(), 1));"), Vec::<String>::new());
}
