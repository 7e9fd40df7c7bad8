//! Host functions that are nodes of graphs: what they call, and what their user data outlives.

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda.h>\n#include <cuda_runtime.h>\n#include <functional>\n#include <memory>\n\
         struct Buffer {{ float *p; ~Buffer() {{ cudaFree(p); }} }};\nstruct Plain {{ float x; }};\n\
         struct Freed {{ void operator()(float *p) const {{ cudaFree(p); }} }};\n\
         void frees(void *p) {{ cudaFree(p); }}\nvoid counts(void *p) {{ ++*static_cast<int *>(p); }}\n{text}"
    );
    Project::new(&[("a.cu", &text)]).found(&["--min-confidence", "likely", "."])
}

const NONE: Vec<String> = Vec::new();

/// A node of any kind that is added by its parameters.
fn node(params: &str) -> Vec<String> {
    found(&format!(
        "void build(cudaGraph_t graph, void *p) {{\ncudaGraphNodeParams q = {{}};\ncudaGraphNode_t n;\n{params}\n\
         cudaGraphAddNode(&n, graph, nullptr, 0, &q);\n}}\n"
    ))
}

#[test]
fn a_node_of_any_kind_may_be_a_host_function() {
    let called = ["a.cu:8 api-call-in-callback"];
    assert_eq!(node("q.type = cudaGraphNodeTypeHost;q.host.fn = frees;q.host.userData = p;"), called);
    assert_eq!(node("q.type = cudaGraphNodeTypeHost;q.host.fn = counts;q.host.userData = p;"), NONE);
    // Of another kind, though the fields are there.
    assert_eq!(node("q.host.fn = frees;q.type = cudaGraphNodeTypeEmpty;"), NONE);
}

/// A node whose data `live` makes, in a block of its own; the graph is launched behind it.
fn launched(live: &str, after: &str) -> Vec<String> {
    found(&format!(
        "void run(cudaStream_t s) {{\ncudaGraph_t graph;cudaGraphExec_t exec;cudaGraphNode_t n;\n\
         cudaGraphCreate(&graph, 0);\n{{\n{live}\ncudaHostNodeParams q = {{}};q.fn = counts;q.userData = data;\n\
         cudaGraphAddHostNode(&n, graph, nullptr, 0, &q);\ncudaGraphInstantiate(&exec, graph, 0);\n{after}\n}}\n\
         cudaGraphLaunch(exec, s);\ncudaStreamSynchronize(s);\ncudaGraphExecDestroy(exec);\n\
         cudaGraphDestroy(graph);\n}}\n"
    ))
}

#[test]
fn user_data_of_a_node_outlives_the_launches() {
    let gone = ["a.cu:20 captured-host-buffer-lifetime"];
    assert_eq!(launched("int value = 0;int *data = &value;", ""), gone);
    assert_eq!(launched("int *data = new int(0);", "delete data;"), gone);
    assert_eq!(launched("static int value = 0;int *data = &value;", ""), NONE);
    assert_eq!(launched("int *data = new int(0);", ""), NONE);
    let again = "int other = 0;q.userData = &other;cudaGraphExecHostNodeSetParams(exec, n, &q);";
    assert_eq!(launched("int value = 0;int *data = &value;", again), NONE);
}

/// A host function that does this with its user data.
fn callback(body: &str) -> Vec<String> {
    found(&format!(
        "void done(void *p) {{\n{body}\n}}\nvoid run(cudaStream_t s, void *p) {{ cudaLaunchHostFunc(s, done, p); }}\n"
    ))
}

#[test]
fn smart_pointers_call_what_they_destroy() {
    let called = |line: usize| vec![format!("a.cu:{line} api-call-in-callback")];
    assert_eq!(callback("std::unique_ptr<Buffer> owner(static_cast<Buffer *>(p));"), called(5));
    assert_eq!(callback("std::unique_ptr<float, Freed> owner(static_cast<float *>(p));"), called(7));
    assert_eq!(callback("std::unique_ptr<Plain> owner(static_cast<Plain *>(p));"), NONE);
    assert_eq!(callback("std::unique_ptr<float> owner(static_cast<float *>(p));"), NONE);
    // It lets go of what it holds.
    let kept = "std::unique_ptr<Buffer> owner(static_cast<Buffer *>(p));";
    assert_eq!(callback(&format!("{kept}static Buffer *last; last = owner.release();")), NONE);
    let moved = "static std::unique_ptr<Buffer> last; last = std::move(owner);";
    assert_eq!(callback(&format!("{kept}{moved}")), NONE);
    assert_eq!(callback("Buffer *b = static_cast<Buffer *>(p);b->p = nullptr;"), NONE);
}

#[test]
fn smart_pointers_call_the_deleter_that_they_are_made_with() {
    // Line 11 is that of the class.
    let found = |class: &str, body: &str| {
        let text = format!(
            "\n{class}\nvoid done(void *p) {{ {body} }}\n\
             void run(cudaStream_t s, void *p) {{ cudaLaunchHostFunc(s, done, p); }}\n"
        );
        found(&text)
    };
    let called = ["a.cu:11 api-call-in-callback"];
    let owner = |ty: &str| format!("std::unique_ptr<{ty}> owner(static_cast<float *>(p));");
    let float = "void operator()(float *p) const";
    let double = "void operator()(double *p) const";
    let pool = |float_does: &str, double_does: &str| {
        format!("struct Pool {{ {double} {{ {double_does} }} {float} {{ {float_does} }} }};")
    };
    assert_eq!(found(&pool("cudaFree(p);", "delete p;"), &owner("float, Pool")), called);
    assert_eq!(found(&pool("cudaFree(p);", "delete p;"), &owner("float[], Pool")), called);
    assert_eq!(found(&pool("delete p;", "cudaFree(p);"), &owner("float, Pool")), NONE);
    // Which one takes it is a matter of conversions.
    let any =
        "struct Pool { void operator()(void *p) const { cudaFree(p); } void operator()(int) const {} };";
    assert_eq!(found(any, &owner("float, Pool")), NONE);
    for does in ["cudaFree(p);", "delete p;"] {
        let expected = if does == "cudaFree(p);" { called.map(str::to_owned).to_vec() } else { NONE };
        let of_template =
            format!("template <class T> struct D {{ void operator()(T *p) const {{ {does} }} }};");
        assert_eq!(found(&of_template, &owner("float, D<float>")), expected, "{does}");
        let instance = format!("{} D<int>()(nullptr);", owner("float, D<float>"));
        assert_eq!(found(&of_template, &instance), expected, "{does}");
        let other = "template <> struct D<float> { void operator()(float *p) const { cudaGetErrorString(cudaSuccess); } };";
        assert_eq!(found(&format!("{of_template} {other}"), &owner("float, D<float>")), NONE, "{does}");
        let member = format!("struct Any {{ template <class T> void operator()(T *p) const {{ {does} }} }};");
        assert_eq!(found(&member, &owner("float, Any")), expected, "{does}");
        let base = format!("struct B {{ {float} {{ {does} }} }}; struct D : B {{}};");
        assert_eq!(found(&base, &owner("float, D")), expected, "{does}");
        let class = format!("template <class T> struct Held {{ T *p; ~Held() {{ {does} }} }};");
        let owner = "std::unique_ptr<Held<float>> owner(static_cast<Held<float> *>(p));";
        assert_eq!(found(&class, owner), expected, "{does}");
        let made = format!("{{ Held<float> made{{}}; }} {owner}");
        assert_eq!(found(&class, &made), expected, "{does}");
    }
    // Which branch there is, the argument may decide.
    let chosen = "template <class T> struct D { void operator()(T *p) const \
                  { if constexpr (sizeof(T) > 4) cudaFree(p); else delete p; } };";
    assert_eq!(found(chosen, &owner("float, D<float>")), NONE);
    let checked =
        "template <class T> struct D { void operator()(T *p) const { if (cudaFree(p)) throw 1; } };";
    assert_eq!(found(checked, &owner("float, D<float>")), called);
}
