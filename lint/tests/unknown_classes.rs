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

#[test]
fn what_an_unknown_function_gives_is_no_address_of_it() {
    let copy = |before: &str, source: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <vendor/tensor.h>\ntemplate <class C> void f(C tensor, float *to, int n) {{\n\
             {before}\ncudaMemcpy(to, {source}, n * 4, cudaMemcpyDeviceToHost);\n}}\n"
        )
    };
    let found = |before: &str, source: &str| Project::new(&[("a.cu", &copy(before, source))]).found(&["."]);
    assert_eq!(found("auto const p = vendor::pointer_to(tensor.data());", "p"), Vec::<String>::new());
    assert_eq!(found("float *p = vendor::pointer_to(tensor.data());", "p"), Vec::<String>::new());
    assert_eq!(found("vendor::Tensor t;", "reinterpret_cast<const float *>(t.data())"), Vec::<String>::new());
    assert_eq!(found("float p[4];", "p"), ["a.cu:5 memcpy-kind-mismatch"]);
    // Nothing declares the type of the driver's pointers here, and the call is resolved in instances only.
    let driver = "template <class T> T get(CUmodule module, const char *name) {\nCUdeviceptr from; size_t bytes; T to;\n\
                  cuModuleGetGlobal(&from, &bytes, module, name);\ncuMemcpyDtoH(&to, from, bytes);\nreturn to;\n}\n";
    assert_eq!(Project::new(&[("a.cu", driver)]).found(&["."]), Vec::<String>::new());
}

#[test]
fn sizes_of_unknown_classes_are_unknown() {
    let text = |element: &str, bytes: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <vendor/complex.h>\n#include <vector>\nstruct Pair {{ vendor::complex a, b; }};\n\
             int main() {{\nconstexpr size_t bytes = 100 * sizeof({bytes});\n\
             std::vector<{element}> host(100);\nvoid *device;\ncudaMalloc(&device, bytes);\n\
             cudaMemcpy(device, host.data(), 100 * 8, cudaMemcpyHostToDevice);\ncudaFree(device);\n}}\n"
        )
    };
    let found = |element: &str, bytes: &str| Project::new(&[("a.cu", &text(element, bytes))]).found(&["."]);
    for unknown in ["vendor::complex", "Pair"] {
        assert_eq!(found(unknown, "double"), Vec::<String>::new(), "{unknown}");
        assert_eq!(found("double", unknown), Vec::<String>::new(), "{unknown}");
    }
    assert_eq!(found("float", "double"), ["a.cu:10 copy-size-mismatch"]);
    assert_eq!(found("double", "float"), ["a.cu:10 copy-size-mismatch"]);
}

#[test]
fn commas_of_template_arguments_count_no_arguments() {
    let call = |kernel: &str, more: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\nvoid f() {{ cudaFuncSetAttribute({kernel}, cudaFuncAttributeMaxDynamicSharedMemorySize, 4096{more}); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(call("vendor_kernel<Traits, vendor::Y, 4, 8>", ""), Vec::<String>::new());
    assert_eq!(call("nullptr", ", 1"), ["a.cu:2 unknown-cuda-api"]);
}

#[test]
fn braces_bind_a_reference_to_the_object_itself() {
    let text = |member: &str| {
        format!(
            "#include <cuda_runtime.h>\nstruct Flag {{\nFlag() {{ cudaHostRegister(&flag, 4, 0); }}\n\
             ~Flag() {{ cudaHostUnregister(&flag); }}\nint flag = 0;\n}};\n\
             struct Base {{ Flag flag{{}}; int n; }};\n\
             struct Timer {{ explicit Timer(Base &base) : measured{{base}} {{}}\n{member} }};\n"
        )
    };
    let found = |member: &str| Project::new(&[("a.cu", &text(member))]).found(&["."]);
    assert_eq!(found("Base &measured;"), Vec::<String>::new());
}

#[test]
fn what_an_unseen_constructor_gets_may_be_registered() {
    let text = |constructor: &str| {
        format!(
            "#include <cuda_runtime.h>\nstruct Flag {{\nFlag(){constructor}\n\
             ~Flag() {{ cudaHostUnregister(&flag); }}\nint flag = 0;\n}};\n\
             struct Timer {{ Flag flag{{}}; }};\nvoid run() {{ Timer timer; }}\n"
        )
    };
    let found = |constructor: &str| Project::new(&[("a.cu", &text(constructor))]).found(&["."]);
    assert_eq!(found(";"), Vec::<String>::new());
    assert_eq!(found(" { cudaHostRegister(&flag, 4, 0); }"), Vec::<String>::new());
    assert_eq!(found(" { flag = 1; }"), ["a.cu:4 free-kind-mismatch"]);
}

#[test]
fn what_an_unknown_function_refers_to_may_lie_anywhere() {
    let found = |parameters: &str, copy: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vendor/matrix.h>\n{parameters} matrix, float *to) {{\n{copy}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let declared = "void f(vendor::Matrix<float>";
    let of_template = "template <class T> void f(vendor::Matrix<T>";
    let any = "template <class M> void f(M";
    for parameters in [declared, of_template, any] {
        for call in ["matrix(0, 1)", "matrix.at(1)", "matrix[1]", "vendor::at(matrix, 1)", "matrix.view()(1)"]
        {
            let copy = format!("cudaMemcpy(to, &{call}, 4, cudaMemcpyDeviceToHost);");
            assert_eq!(found(parameters, &copy), Vec::<String>::new(), "{parameters} {call}");
            let copy = format!("auto &from = {call};\ncudaMemcpy(to, &from, 4, cudaMemcpyDeviceToHost);");
            assert_eq!(found(parameters, &copy), Vec::<String>::new(), "{parameters} {call}");
            // A copy of it is a variable.
            let copy = format!("float from = {call};\ncudaMemcpy(to, &from, 4, cudaMemcpyDeviceToHost);");
            let wrong = ["a.cu:5 memcpy-kind-mismatch"];
            assert_eq!(found(parameters, &copy), wrong, "{parameters} {call}");
        }
    }
}

#[test]
fn what_a_reference_of_an_unknown_function_is_given_stays_there() {
    let found = |end: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vendor/pool.h>\ntemplate <class P> void f(P pool) {{\n\
             auto &buffer = pool.buffer(0);\ncudaMalloc(&buffer, 64);\ncudaFree(buffer);\n{end}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found(""), Vec::<String>::new());
    assert_eq!(found("cudaFree(buffer);"), ["a.cu:7 device-use-after-free"]);
}

#[test]
fn what_is_chosen_by_an_unknown_number_is_followed() {
    let found = |otherwise: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vendor/plan.h>\n\
             int first(const vendor::Plan &plan, const int *d, cudaStream_t s) {{\n\
             static int *h;\nauto kind = plan.kind();\ncudaMallocHost(&h, 64);\n\
             cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, s);\n\
             switch (kind) {{\ncase 1: cudaStreamSynchronize(s); break;\ndefault: {otherwise}\n}}\nreturn h[0];\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "possible", "."])
    };
    assert_eq!(found("cudaDeviceSynchronize();"), Vec::<String>::new());
    assert_eq!(found(";"), ["a.cu:12 host-read-before-sync"]);
}

#[test]
fn what_an_unknown_method_gives_a_template_converts() {
    let found = |data: &str| {
        let copies = "#include \"copies.h\"\n#include <cuda_runtime.h>\n\
             template <class T> void Copies<T>::operator()(const void *from, void *to, cudaStream_t s) {\n\
             cudaMemcpyAsync(to, from, 4, cudaMemcpyDeviceToHost, s);\n}\ntemplate class Copies<int>;\n";
        let header = "#pragma once\n#include <cuda_runtime.h>\ntemplate <class T> struct Copies {\n\
             void operator()(const void *from, void *to, cudaStream_t s);\n};\n";
        let text = format!(
            "#include <vendor/op.h>\n#include \"copies.h\"\ntemplate <class T> struct Op : vendor::Op {{\nCopies<T> copies;\n\
             void compute(vendor::Context *context, cudaStream_t s, void *to) {{\nvendor::Tensor buffer;\nchar here[4];\n\
             context->allocate(4, &buffer);\ncopies({data}, to, s);\ncudaStreamSynchronize(s); }}\n}};\n"
        );
        Project::new(&[("a.cu", &text), ("copies.cu", copies), ("copies.h", header)]).found(&["."])
    };
    assert_eq!(found("buffer.data()"), Vec::<String>::new());
    assert_eq!(found("here"), ["copies.cu:4 memcpy-kind-mismatch"]);
}

#[test]
fn a_field_of_an_unknown_structure_is_not_the_pointer_to_it() {
    let text = "#include <cuda.h>\n#include \"missing.h\"\n\
                typedef struct { int kind; data_store *source; } Task;\n\
                int send(Task *task, CUstream s) {\n\
                data_store *source = task->source;\nCUdeviceptr to = 0;\n\
                if (source->head.format == 3) to = source->on_device;\n\
                else to = (CUdeviceptr)&source->head;\n\
                return cuMemcpyHtoDAsync(to, &source->head, 100, s);\n}\n";
    assert_eq!(Project::new(&[("a.c", text)]).found(&["."]), Vec::<String>::new());
}

#[test]
fn a_field_that_a_structure_does_not_have_is_none_of_its_others() {
    // The field stands behind an `#if` of another build.
    let text = |from: &str| {
        format!(
            "#include <cuda_runtime.h>\nstruct Core {{ float *model; int n; }};\nvoid f(Core *core) {{\n\
             cudaMalloc((void **)&(core->device->model), 100);\n\
             cudaMemcpy(core->device->model, {from}, 100, cudaMemcpyHostToDevice);\n}}\n"
        )
    };
    let found = |from: &str| Project::new(&[("a.cu", &text(from))]).found(&["."]);
    assert_eq!(found("core->model"), Vec::<String>::new());
    assert_eq!(found("core->device->model"), ["a.cu:5 memcpy-kind-mismatch"]);
}
