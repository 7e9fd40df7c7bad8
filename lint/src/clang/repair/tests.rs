//! What the repair loop invents, and that nothing remains wrong afterwards.

use super::place::is_cuda_function;
use super::*;
use crate::clang::includes::missing_name;
use crate::clang::testing::with_unit;

/// True for errors that cost a statement. Methods that override what the invented or embedded base class
/// does not declare stay in the tree as they are, and missing includes are listed on their own.
pub fn is_loss(message: &ClangMessage) -> bool {
    let text = &message.message;
    let harmless = missing_name(text).is_some()
        || is_kept(text)
        || text.starts_with("only virtual member functions can be marked")
        || text.ends_with("marked 'override' but does not override any member functions")
        || text.starts_with("exception specification of overriding function");
    !harmless
}

/// The errors that remain, and what was invented.
fn repaired(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    with_unit(name, text, |unit| {
        (
            unit.trace.messages.iter().map(|message| message.message.clone()).collect(),
            unit.trace.invented.clone(),
        )
    })
}

#[track_caller]
fn clean(name: &str, text: &str) -> Vec<String> {
    let (errors, invented) = repaired(name, text);
    assert!(errors.is_empty(), "{errors:?} after inventing {invented:?}");
    invented
}

const HEAD: &str = "#include <cuda_runtime.h>\n#include <vector>\n#include <iostream>\n";

#[test]
fn unknown_functions_values_and_types_are_invented() {
    let invented = clean(
        "t.cu",
        &format!(
            "{HEAD}void f(cudaStream_t s, float *d) {{\n\
               Buffer buffer(10); Pool *pool = make_pool();\n\
               cudaMemcpyAsync(d, buffer.data(), buffer.size() * sizeof(float), cudaMemcpyHostToDevice, s);\n\
               CHECK(cudaStreamSynchronize(s)); use(d, BLOCK_SIZE, pool->next);\n}}\n"
        ),
    );
    for name in ["Buffer", "Pool", "make_pool", "CHECK", "use", "BLOCK_SIZE"] {
        assert!(invented.iter().any(|known| known == name), "{name} in {invented:?}");
    }
}

#[test]
fn unknown_namespaces_templates_and_kernels_are_invented() {
    clean(
        "t.cu",
        &format!(
            "{HEAD}using namespace lib;\nvoid f(cudaStream_t s, float *d, int n) {{\n\
               lib::Tensor<float, 3> t = other::deep::make<float>(n);\n\
               lib::Mode m = lib::Mode::Fast;\n\
               kern<<<n, 32, 0, s>>>(d, n); kern2<float, 128><<<n, 32, 0, s>>>(d, t.get());\n\
               for (auto &x : t.parts()) {{ x.go(m); }}\n\
               if (t == n || !t) std::cout << t.name() << std::endl;\n}}\n"
        ),
    );
}

#[test]
fn undeclared_cuda_calls_are_declared_and_listed() {
    let calls = with_unit(
        "t.cu",
        &format!(
            "{HEAD}void f(cudaStream_t s) {{ if (cudaStreamFrobnicate(s) != cudaSuccess) return; cudaStreamSynchronize(s); }}\n"
        ),
        |unit| unit.trace.invented.clone(),
    );
    assert_eq!(calls, ["cudaStreamFrobnicate"]);
    let calls = with_unit(
        "t.c",
        "#include <cuda_runtime.h>\nvoid f(cudaStream_t s) { cudaStreamFrobnicate(s); }\n",
        |unit| {
            assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages);
            unit.trace.invented.clone()
        },
    );
    assert_eq!(calls, ["cudaStreamFrobnicate"]);
}

#[test]
fn macros_that_define_functions_and_statements_are_understood() {
    clean(
        "t.cu",
        &format!(
            "{HEAD}TEST(Suite, copies) {{\n  int *p;\n  ASSERT_OK(cudaMalloc((void **)&p, 4))\n  EXPECT_EQ(1, 2) << \"x\";\n\
               FOR_RANGE(i, 10) {{ p[i] = 0; }}\n}}\nMY_EXPORT void g() {{}}\nREGISTER_TEST(Suite);\n\
               PYBIND11_MODULE(name, m) {{ m.def(\"f\", &g); }}\n"
        ),
    );
}

#[test]
fn constants_arithmetic_and_lists_of_unknown_names_are_accepted() {
    clean(
        "t.cu",
        &format!(
            "{HEAD}using lib::kOther;\nvoid f(int n, float x, int mode) {{\n\
               float a[BLOCK]; switch (mode) {{ case MODE_A: x += make(n); break; case MODE_B: x *= 2; }}\n\
               switch (state(x)) {{ default: x = n > 0 ? 1.0f : make(2); }}\n\
               lib::Reduce<float, kOther, BLOCK> reduce; Kind kind = any_kind(); switch (kind) {{ case Kind::One: x = 1; break; case Kind::Two: x = 2; }}\n\
               Box box; box = {{1, 2}}; box.size = {{1, n}}; lib::of({{1, 2}}).go(lib::kFloat, {{n, 4}});\n\
               float y = sin(make(x)) + sqrt(x) * make(3); const float *p = lib::data(); p = p + lib::offset();\n\
               static_assert(lib::works<float>, \"\");\n\
               for (auto it = lib::all().begin(); it != lib::all().end(); ++it) {{ it->run(a[n]); }}\n}}\n"
        ),
    );
}

#[test]
fn unknown_bases_and_members_do_not_hide_methods() {
    let invented = clean(
        "t.cu",
        &format!(
            "{HEAD}struct Mine : public Base {{ void more() override; }};\nstruct Other : public lib::deep::Base {{ }};\nstruct Third : Base {{ void run(cudaStream_t s) {{ this->prepare(s); cudaStreamSynchronize(s); }} }};\n"
        ),
    );
    assert!(invented.contains(&"Base".to_owned()), "{invented:?}");
}

#[test]
fn what_the_file_declares_is_not_invented() {
    let invented = clean(
        "t.cu",
        &format!(
            "{HEAD}int later();\nint f() {{ int a = 1; return later() + a; }}\nint later() {{ return 2; }}\n"
        ),
    );
    assert!(invented.is_empty(), "{invented:?}");
    let (_, invented) = repaired("t.cu", &format!("{HEAD}void f() {{ g(); }}\nint g = 3;\n"));
    assert!(!invented.contains(&"g".to_owned()), "{invented:?}");
}

#[test]
fn names_of_cuda_functions_are_recognised() {
    for name in ["cudaMallocFoo", "cuMemFoo", "hipFoo", "ncclSend", "cublasSgemm"] {
        assert!(is_cuda_function(name), "{name}");
    }
    for name in ["cudaX", "custom", "cu", "cuda_check", "hippo"] {
        assert!(!is_cuda_function(name) || name == "cudaX" && name.len() > 5, "{name}");
    }
}

/// libclang 18 crashes where an argument of a template is written out for a pack of what is deduced, and the
/// call's own argument does not fit it.
#[test]
fn arguments_that_are_written_out_are_not_taken_for_deduced_ones() {
    clean(
        "t.cpp",
        "#include <memory>\ntypedef struct { double x; } Vec;\n\
         int total = build<int, Vec>(count, position, list);\n\
         auto one = build<int, Vec>(1, 2);\n\
         auto two = lib::make<Vec, std::unique_ptr<Vec>>(\"X\", 3);\n\
         auto three = plain(1, {2, 3});\n",
    );
    clean(
        "t.cu",
        "struct Vec {};\nvoid f(int n) { run<float, Vec>(n, n); run(n); k<float, Vec, 3><<<1, 1>>>(n); }\n",
    );
}

#[test]
fn unknown_numbers_are_switched_over_and_count_elements() {
    let invented = clean(
        "t.cu",
        &format!(
            "{HEAD}struct B {{ int bits : Traits::n; }};\nenum E {{ first = Traits::m }};\n\
             int f(Shape s) {{\n  int *p = new int[s.size()];\n  p[s.at(1)] = 2;\n  p += s.stride();\n\
               long n = s;\n  switch (s.kind()) {{ case 1: return n; default: return p[0]; }}\n}}\n"
        ),
    );
    assert!(invented.contains(&"Shape".to_owned()), "{invented:?}");
}

/// C++ tries an operator with every pair of numbers that its operands convert to. Where both are unknown,
/// none of these is what is meant, and to deduce the conversions took nine tenths of the time of a file.
#[test]
fn operators_between_unknown_objects_cost_little() {
    let line = "  out += a * b + b * c - a * c;\n";
    let text = format!("{HEAD}void f(Real a, Real b, Real c, Real out) {{\n{}}}\n", line.repeat(500));
    let megabytes = with_unit("t.cu", &text, |unit| unit.unit.tree_bytes() >> 20);
    assert!(megabytes < 8, "{megabytes} MiB");
}

#[test]
fn a_header_of_cudas_that_is_missing_is_read() {
    let text = "#include \"missing_config.h\"\nint f(unsigned long n) {\nvoid *p; cudaStream_t s = 0;\n\
                cudaError_t status = cudaMalloc(&p, n);\nif (status != cudaSuccess) return other(status);\n\
                return cudaFree(p);\n}\n";
    for name in ["a.c", "a.cpp"] {
        assert_eq!(clean(name, text), ["other"], "{name}");
    }
    assert_eq!(clean("a.cu", "int f(CUdeviceptr p) { return cuMemFree(p) || g(); }\n"), ["g"]);
    let pointers = "cudaError_t ( *cudaGetDevicePtr ) (int *);\nCUresult ( *cuInitPtr ) (unsigned int);\n\
                    int f(int *n) { return cudaGetDevicePtr(n) || cuInitPtr(0) || g(); }\n";
    for name in ["a.c", "a.cpp"] {
        assert_eq!(clean(name, pointers), ["g"], "{name}");
    }
    // What a file declares by itself is not CUDA's.
    let own = "typedef int cudaError_t;\ncudaError_t cudaMalloc(void **, unsigned long);\n\
               int f(void **p) { return cudaMalloc(p, 1) + cudaFree(*p) + g(); }\n";
    assert!(clean("a.c", own).contains(&"g".to_owned()));
}
