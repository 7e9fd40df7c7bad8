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
