//! Values by which a program chooses its way: what is known of them, and what is proven once they have chosen.

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    found_in(&[("a.cu", &format!("#include <cuda_runtime.h>\n{text}"))])
}

fn found_in(files: &[(&str, &str)]) -> Vec<String> {
    Project::new(files).found(&["."])
}

const NOTHING: [&str; 0] = [];

/// A library that works on the host or on the device, and how it asks which.
fn library(state: &str, asked: &str, again: &str) -> String {
    format!(
        "{state}\n\
         void log_line(const char *);\n\
         float *make(size_t n) {{\n\
         if ({asked}) return new float[n];\n\
         float *p; cudaMalloc(&p, n * 4); return p; }}\n\
         void drop(float *p) {{ if ({again}) delete[] p; else cudaFree(p); }}\n\
         void use(size_t n) {{ float *p = make(n); log_line(\"made\"); drop(p); }}\n"
    )
}

#[test]
fn a_mode_is_one_value_wherever_it_is_asked_for() {
    let scalar = "static int mode;\nbool on_gpu() { return mode >= 0; }";
    let structure = "struct State { int device; bool ready; };\nstatic State state;";
    let getter = "struct State { int dev; int device() const { return dev; } };\nstatic State state;";
    let single = "struct State { int dev; static State &get() { static State it; return it; } \
                  bool host() const { return dev < 0; } };";
    let shared = "int mode;";
    for (state, asked, again) in [
        (scalar, "mode < 0", "mode < 0"),
        (scalar, "!on_gpu()", "mode < 0"),
        (scalar, "mode == -1", "mode == -1"),
        (structure, "state.device < 0", "state.device < 0"),
        (getter, "state.device() < 0", "state.dev < 0"),
        (single, "State::get().host()", "State::get().dev < 0"),
        (shared, "mode < 0", "mode < 0"),
    ] {
        assert_eq!(found(&library(state, asked, again)), NOTHING, "{asked}, {again}");
    }
}

#[test]
fn two_values_are_two_modes() {
    // `drop` takes part in neither mode, but the way in which it releases is its own choice.
    let text = |again: &str| {
        format!(
            "static int mode, other;\n\
             void use(size_t n) {{\n float *p;\n\
             if (mode < 0) p = new float[n]; else cudaMalloc(&p, n * 4);\n\
             if ({again}) delete[] p; else cudaFree(p);\n}}\n"
        )
    };
    assert_eq!(found(&text("mode < 0")), NOTHING);
    assert_eq!(found(&text("other < 0")), ["a.cu:6 free-kind-mismatch", "a.cu:6 free-kind-mismatch"]);
    assert_eq!(found(&text("mode < 1")), ["a.cu:6 free-kind-mismatch"]);
}

/// A function of a library that makes memory as a mode says.
const MAKES: &str = "static int mode;\nfloat *make(size_t n) {\n if (mode < 0) return new float[n];\n\
                     float *p; cudaMalloc(&p, n * 4); return p;\n}\n";

#[test]
fn a_mode_proves_nothing_against_a_caller_that_has_no_part_in_it() {
    let with = |caller: &str| found(&format!("{MAKES}{caller}\n"));
    assert_eq!(with("void use(size_t n) { float *p = make(n); cudaFree(p); }"), NOTHING);
    let down = "void use(float *h, size_t n) { float *p = make(n); cudaMemcpy(h, p, n * 4, cudaMemcpyDeviceToHost); }";
    assert!(!with(down).iter().any(|it| it.ends_with("memcpy-kind-mismatch")), "{:?}", with(down));
    // What it does with the caller's memory is no more certain.
    let fill = "void fill(float *p) { if (mode < 0) { log(p); p[0] = 1; } else cudaMemset(p, 0, 4); }\n\
                void use() { float *p; cudaMalloc(&p, 64); fill(p); cudaFree(p); }";
    assert_eq!(with(&format!("void log(const float *);\n{fill}")), NOTHING);
    // A caller that asks for the mode works in both; one that sets it has chosen.
    let asks = "void use(size_t n) { float *p = make(n); if (mode < 0) p[0] = 1; cudaFree(p); }";
    assert_eq!(with(asks), ["a.cu:7 free-kind-mismatch"]);
    let sets = "void use(size_t n) { mode = -1; float *p = make(n); cudaFree(p); }";
    assert_eq!(with(sets), ["a.cu:7 free-kind-mismatch"]);
    let told = "void choose(int d) { mode = d; }\nvoid use(size_t n) { choose(-1); float *p = make(n); cudaFree(p); }";
    assert_eq!(with(told), ["a.cu:8 free-kind-mismatch"]);
}

#[test]
fn what_is_wrong_in_every_mode_is_wrong() {
    let text = "static bool pinned;\nfloat *make(size_t n) {\n if (pinned) { float *p; cudaMallocHost(&p, n * 4); return p; }\n\
                else { float *p = new float[n]; return p; }\n}\n\
                void use(size_t n) { float *p = make(n); cudaFree(p); }\n";
    assert_eq!(found(text), ["a.cu:7 free-kind-mismatch"]);
}

#[test]
fn order_is_judged_in_every_mode() {
    let text = format!(
        "{MAKES}__global__ void fill(float *p) {{ p[0] = 1; }}\n\
         float use(size_t n, float *d, cudaStream_t s) {{\n float *p = make(n), *h;\n cudaMallocHost(&h, 4);\n\
         cudaMemcpyAsync(h, d, 4, cudaMemcpyDeviceToHost, s);\n float first = h[0];\n\
         cudaStreamSynchronize(s);\n cudaFreeHost(h);\n cudaFree(p);\n return first;\n}}\n"
    );
    assert_eq!(found(&text), ["a.cu:12 host-read-before-sync"]);
}

#[test]
fn a_mode_that_another_file_has_chosen_by_what_nobody_knows_proves_nothing() {
    let header = "#pragma once\nvoid setup(int rank);\nfloat *make(size_t n);\nvoid copy(float *to, float *from, size_t n);\n";
    let library = |setup: &str| {
        format!(
            "#include \"modes.h\"\n#include <cstring>\n#include <cuda_runtime.h>\n\
             struct State {{ int device = -1; cudaStream_t stream; }};\nstatic State state;\n\
             void setup(int rank) {{\n{setup}\n}}\n\
             float *make(size_t n) {{\n if (state.device < 0) {{ return new float[n]; }}\n\
             else {{ float *p; cudaMalloc(&p, n * 4); return p; }}\n}}\n\
             void copy(float *to, float *from, size_t n) {{\n\
             if (state.device < 0) {{ std::memcpy(to, from, n); }}\n\
             else {{ cudaMemcpyAsync(to, from, n, cudaMemcpyDeviceToDevice, state.stream);\n\
             cudaStreamSynchronize(state.stream); }}\n}}\n"
        )
    };
    let caller = |rank: &str| {
        format!(
            "#include \"modes.h\"\n#include <cstdlib>\n#include <cuda_runtime.h>\n\
             void run(size_t n) {{\n setup({rank});\n float *d;\n cudaMalloc(&d, n);\n\
             float *p = make(n);\n copy(p, d, n);\n cudaFree(p);\n cudaFree(d);\n}}\n"
        )
    };
    let chooses = "if (rank < 0) { state.device = -1; } else { cudaSetDevice(rank); state.device = rank; }";
    for setup in [chooses, "state.device = rank;", "state.device = rank < 0 ? -1 : rank;"] {
        let found = |rank: &str| {
            found_in(&[("modes.h", header), ("modes.cu", &library(setup)), ("app.cu", &caller(rank))])
        };
        assert_eq!(found("std::atoi(std::getenv(\"RANK\"))"), NOTHING, "{setup}");
        assert_eq!(found("0"), NOTHING, "{setup}");
        // Who says it has said it.
        assert_eq!(
            found("-1"),
            ["app.cu:10 free-kind-mismatch", "modes.cu:14 host-deref-device-pointer"],
            "{setup}"
        );
    }
}

#[test]
fn what_a_function_that_is_not_followed_sets_is_not_kept() {
    // `parse` computes in a loop and has nothing to do with CUDA: it is not followed.
    let text = |sets: &str| {
        format!(
            "static int wait;\nint weight(const char *);\n\
             void parse(int n, char **all) {{ for (int i = 0; i < n; i++) {{ if (weight(all[i]) > 7) {sets}; }} }}\n\
             float use(int n, char **all, float *d, cudaStream_t s) {{\n float *h; cudaMallocHost(&h, 4);\n\
             wait = 1;\n parse(n, all);\n cudaMemcpyAsync(h, d, 4, cudaMemcpyDeviceToHost, s);\n\
             if (wait) cudaStreamSynchronize(s);\n float it = h[0];\n cudaStreamSynchronize(s);\n cudaFreeHost(h);\n\
             return it;\n}}\n"
        )
    };
    assert_eq!(found(&text("wait = 0")), ["a.cu:11 host-read-before-sync"]);
    assert_eq!(found(&text("weight(\"\")")), NOTHING);
}

#[test]
fn a_kernel_changes_what_the_host_reads_of_managed_memory() {
    let text = |declared: &str, launch: &str| {
        format!(
            "{declared}\n__global__ void by_address(int *end) {{ *end = 0; }}\n__global__ void idle(float *d) {{ d[0] = 1; }}\n\
             int use() {{\n float *d; cudaMalloc(&d, 64);\n int *kept; cudaMallocManaged(&kept, 4);\n\
             *kept = 1;\n stop = 1;\n {launch};\n cudaDeviceSynchronize();\n\
             int over = stop && *kept;\n cudaFree(kept);\n if (over) return 1;\n cudaFree(d);\n return 0;\n}}\n"
        )
    };
    let managed = "__managed__ int stop;\n__global__ void by_name() { stop = 0; }";
    let leaks_of =
        |declared: &str, launch: &str, confidence: &str| {
            Project::new(&[("a.cu", &format!("#include <cuda_runtime.h>\n{}", text(declared, launch)))])
                .found(&["--min-confidence", confidence, "."])
        };
    let leaks = |declared: &str, launch: &str| leaks_of(declared, launch, "likely");
    // The program comes to its end where the kernel has said so: `d` is lost on the other path only.
    let early = |line: u32| [format!("a.cu:{line} resource-leak")];
    for launch in ["by_address<<<1, 1>>>(&stop)", "by_name<<<1, 1>>>()", "by_address<<<1, 1>>>(kept)"] {
        assert_eq!(leaks(managed, launch), early(15), "{launch}");
    }
    // Nothing that runs on the device gets at the host's own variable.
    let host = "static int stop;";
    assert_eq!(leaks(host, "by_address<<<1, 1>>>(kept)"), early(14));
    assert_eq!(leaks_of(host, "idle<<<1, 1>>>(d)", "possible"), early(6));
}

#[test]
fn an_address_in_managed_memory_stays_what_the_host_has_put_there() {
    let text = "struct Node { float *data; int length; };\n__global__ void work(Node *node) { node->length = 0; }\n\
                __global__ void fill(float *d) { d[0] = 1; }\n\
                float use(float *h, cudaStream_t s) {\n Node *node; cudaMallocManaged(&node, sizeof(Node));\n\
                cudaMallocHost(&node->data, 64);\n work<<<1, 1>>>(node);\n cudaDeviceSynchronize();\n\
                fill<<<1, 1, 0, s>>>(node->data);\n float it = node->data[0];\n cudaStreamSynchronize(s);\n\
                cudaFreeHost(node->data);\n cudaFree(node);\n return it;\n}\n";
    assert_eq!(found(text), ["a.cu:11 host-read-before-sync"]);
}

/// A copy that is chosen by an answer, and how the answer is come by.
fn chosen(asks: &str, test: &str) -> Vec<String> {
    found(&format!(
        "int where(const void *);\n{asks}\n\
         void copy(float *to, float *from, size_t n, cudaStream_t s) {{\n\
         if ({test}) cudaMemcpy(to, from, n, cudaMemcpyHostToHost);\n\
         else cudaMemcpyAsync(to, from, n, cudaMemcpyDeviceToHost, s);\n}}\n\
         __global__ void fill(float *p) {{ p[0] = 1; }}\n\
         void use(float *from, float *to, size_t n, cudaStream_t s) {{\n\
         fill<<<1, 1, 0, s>>>(from);\n copy(to, from, n, s);\n cudaStreamSynchronize(s);\n}}\n"
    ))
}

#[test]
fn where_memory_lies_may_be_asked_through_any_number_of_functions() {
    let attributes = "int device(const void *p) { if (!p) return -1;\n cudaPointerAttributes it;\n\
                      if (cudaPointerGetAttributes(&it, p) != cudaSuccess) return -1;\n\
                      return it.type == cudaMemoryTypeDevice ? it.device : -1; }";
    let through = format!(
        "{attributes}\nstruct Tensor {{ float *p; int home() const {{ return device(p); }} \
                           bool host() const {{ if (home() == -1) return true; return false; }} }};"
    );
    for (asks, test) in [
        ("", "where(from) == -1"),
        (
            "int once(const void *p) { return where(p); }\nint twice(const void *p) { if (!p) return -1; return once(p); }",
            "twice(from) < 0",
        ),
        (
            "int once(const void *p) { if (!p) return -1; int it = where(p); if (it < 3) return -1; return it & 7; }",
            "once(from) == -1",
        ),
        (attributes, "device(from) == -1"),
        (&through, "Tensor{from}.host()"),
    ] {
        assert_eq!(chosen(asks, test), NOTHING, "{test}");
    }
    // Nothing was asked about this memory.
    for (asks, test) in
        [("", "where(to) == -1"), ("int once();", "once() == -1"), (attributes, "device(to) == -1")]
    {
        assert!(
            chosen(asks, test).contains(&"a.cu:5 host-read-before-sync".to_owned())
                || chosen(asks, test).iter().any(|it| it.ends_with("host-read-before-sync")),
            "{test}: {:?}",
            chosen(asks, test)
        );
    }
}

/// A copy that a function chooses, which is handed device memory.
fn handed(declared: &str, test: &str) -> Vec<String> {
    found(&format!(
        "#include <cstring>\n{declared}\nstruct Tensor {{ float *p; size_t n; int type; int where() const; }};\n\
         void set(Tensor &it, const float *from, int where) {{\n\
         {test} std::memcpy(it.p, from, it.n); else cudaMemcpy(it.p, from, it.n, cudaMemcpyDefault);\n}}\n\
         void use(const float *from, size_t n, int where) {{\n Tensor it; it.n = n; it.type = where;\n\
         cudaMalloc(&it.p, n);\n set(it, from, where);\n cudaFree(it.p);\n}}\n"
    ))
}

#[test]
fn what_a_called_function_asks_of_its_objects_is_a_mode_too() {
    for test in [
        "if (it.type == 1)",
        "if (where)",
        "if (!(where & 2))",
        "if (it.where() == 0)",
        "if (elsewhere(it.p) != 2)",
    ] {
        assert_eq!(handed("int elsewhere(const float *);", test), NOTHING, "{test}");
    }
    let misuse = ["a.cu:6 host-deref-device-pointer"];
    // Whether there is memory, and how much, says nothing of its kind.
    for test in ["if (it.p)", "if (from != nullptr)", "if (it.n < 64)"] {
        assert_eq!(handed("", test), misuse, "{test}");
    }
    // Nor does a status.
    assert_eq!(handed("", "if (cudaSetDevice(where) == cudaSuccess)"), misuse);
}

#[test]
fn a_switch_selects_as_well() {
    let text = |mode: &str| {
        format!(
            "#include <cstring>\nenum class Kind {{ Host, Device, Mixed }};\nKind kind(const float *);\nvoid fail();\n\
             void copy(float *to, const float *from, size_t n, Kind which) {{\n switch (which) {{\n\
             case Kind::Host: std::memcpy(to, from, n); break;\n\
             case Kind::Device: cudaMemcpy(to, from, n, cudaMemcpyDeviceToDevice); break;\n\
             default: fail();\n }}\n}}\n\
             void use(const float *from, size_t n) {{\n float *p; cudaMalloc(&p, n);\n copy(p, from, n, {mode});\n\
             cudaFree(p);\n}}\n"
        )
    };
    assert_eq!(found(&text("kind(from)")), NOTHING);
    assert_eq!(found(&text("Kind::Device")), NOTHING);
    assert_eq!(found(&text("Kind::Host")), ["a.cu:8 host-deref-device-pointer"]);
}

#[test]
fn what_the_path_has_made_is_known_whatever_was_asked_before() {
    // The device's buffers lie in an array of the function, and are read from places that are not known.
    let text = |ask: &str| {
        format!(
            "#include <cassert>\nstruct Engine {{ int bindings() const; int index(const char *) const; }};\n\
             void log(const char *);\n\
             void infer(const Engine &engine, float *in, size_t n) {{\n void *buffers[2];\n \
             assert(engine.bindings() == 2);\n const int at = engine.index(\"in\");\n cudaMalloc(&buffers[at], n);\n \
             cudaStream_t s; cudaStreamCreate(&s);\n\
             cudaMemcpyAsync(buffers[at], in, 400000, cudaMemcpyHostToDevice, s);\n cudaStreamSynchronize(s);\n \
             cudaStreamDestroy(s); cudaFree(buffers[at]);\n}}\nstatic float data[100000];\n\
             void run(const Engine &engine, int how, float *d) {{\n{ask}\n infer(engine, data, 400000);\n}}\n"
        )
    };
    let misuse = ["a.cu:11 pageable-async-copy"];
    assert_eq!(found(&text("")), misuse);
    let asks = "if (how == 1) { log(\"a\"); } else { log(\"b\"); cudaMemset(d, 0, 4); }";
    assert_eq!(found(&text(asks)), misuse);
}

#[test]
fn a_way_of_working_may_begin_with_a_further_question() {
    // What is asked first leads to nothing but the next questions.
    let text = |first: &str| {
        format!(
            "#include <cstring>\nstruct Place {{ int type() const; }};\n\
             void copy(void *to, const void *from, size_t n, const Place &a, const Place &b, cudaStream_t s) {{\n\
             if ({first}) {{ if (a.type() == 0) std::memcpy(to, from, n);\n\
             else cudaMemcpyAsync(to, from, n, cudaMemcpyDeviceToDevice, s); }}\n\
             else {{ if (n > 64) cudaMemcpyAsync(to, from, n, cudaMemcpyHostToDevice, s);\n\
             else cudaMemcpyAsync(to, from, 64, cudaMemcpyHostToDevice, s); }}\n}}\n\
             void use(size_t n, const Place &a, const Place &b, cudaStream_t s) {{\n float *x = new float[n], *y = new float[n];\n\
             copy(x, y, n, a, b, s);\n cudaStreamSynchronize(s);\n delete[] x; delete[] y;\n}}\n"
        )
    };
    let kinds = |first: &str| {
        let all = found(&text(first));
        all.into_iter().filter(|it| it.ends_with("memcpy-kind-mismatch")).count()
    };
    assert_eq!(kinds("a.type() == b.type()"), 0);
    assert!(kinds("n < 64") > 0);
}

#[test]
fn what_two_functions_choose_to_free_is_nobodys_second_free() {
    let text = |second: &str, all: &str| {
        format!(
            "static bool ready[8], other[8];\nstatic float *d[8];\n\
             void drop(int t) {{ cudaFree(d[t]); }}\n\
             void first(int t) {{ if (!ready[t]) return; drop(t); ready[t] = false; }}\n\
             void second(int t) {{ {second} drop(t); other[t] = false; }}\n\
             void all(int t) {{ {all} }}\n"
        )
    };
    let twice = ["a.cu:4 device-use-after-free"];
    assert_eq!(found(&text("if (!other[t]) return;", "first(t); second(t);")), NOTHING);
    // One of them frees whatever it finds.
    assert_eq!(found(&text("", "first(t); second(t);")), twice);
    // Two questions of one function are its own.
    assert_eq!(found(&text("", "if (t > 1) drop(t); if (t < 5) drop(t);")), twice);
    // Here the path has seen what it frees made.
    let made = "cudaMalloc(&d[t], 64); first(t); second(t);";
    assert_eq!(found(&text("if (!other[t]) return;", made)), twice);
}

#[test]
fn a_constant_of_a_class_is_one_value() {
    let text = |constructor: &str, last: &str| {
        format!(
            "struct Steps {{ {constructor}\n cudaStream_t s; float *d, *h;\n void run(size_t step);\n\
             private: const size_t last = 3; }};\n\
             void Steps::run(size_t step) {{\n\
             if (step == 0 || step == last) {{ cudaMallocHost(&h, 4); cudaMemcpyAsync(h, d, 4, cudaMemcpyDeviceToHost, s); }}\n\
             if (step == 1 || step == last) {{ if (step == last) cudaStreamSynchronize(s); }}\n\
             if (step == {last} || step == last) {{ h[0] += 1; }}\n}}\n"
        )
    };
    let own = "Steps() : s(0) {}\n";
    assert_eq!(found(&text(own, "2")), NOTHING);
    assert_eq!(found(&text(own, "0")), ["a.cu:10 host-read-before-sync"]);
    // A constructor that is out of sight, or says so, may give it another value.
    for constructor in ["Steps();\n", "Steps(size_t n) : last(n) {}\n"] {
        assert_eq!(found(&text(constructor, "0")), ["a.cu:10 host-read-before-sync"], "{constructor}");
    }
}

#[test]
fn what_is_made_on_first_use_may_have_been_set_since() {
    let text = |holder: &str, get: &str, user: &str| {
        format!(
            "#include <cstring>\n#include <memory>\n\
             struct App {{ enum Mode {{ host, device }}; Mode mode_; App() : mode_(host) {{}}\n\
             static App &get(); static Mode mode() {{ return get().mode_; }}\n\
             static void set(Mode mode) {{ get().mode_ = mode; }} }};\n\
             static {holder} app;\nApp &App::get() {{ {get} }}\n\
             void copy(float *to, const float *from, size_t n) {{\n\
             if (App::mode() == App::device) cudaMemcpy(to, from, n, cudaMemcpyDefault);\n\
             else std::memcpy(to, from, n); }}\n\
             void use(const float *from, size_t n) {{ {user} float *p; cudaMalloc(&p, n); copy(p, from, n);\n\
             cudaFree(p); }}\n"
        )
    };
    let single = "if (!app) app = new App(); return *app;";
    let owned = "if (!app) app.reset(new App()); return *app;";
    let got = "if (!app.get()) app.reset(new App()); return *app.get();";
    for (holder, get) in [("App *", single), ("std::unique_ptr<App>", owned), ("std::unique_ptr<App>", got)] {
        assert_eq!(found(&text(holder, get, "")), NOTHING, "{get}");
        assert_eq!(found(&text(holder, get, "App::set(App::device);")), NOTHING, "{get}");
        let on_host = found(&text(holder, get, "App::set(App::host);"));
        assert_eq!(on_host, ["a.cu:11 host-deref-device-pointer"], "{get}");
    }
}

#[test]
fn of_two_conditions_one_holds_where_either_led() {
    let text = |frees: &str| {
        format!(
            "#include <cstdlib>\nvoid log(int);\nstruct Options {{ bool get(const char *) const; }};\n\
             void use(const Options &op, size_t n) {{\n\
             const bool a = op.get(\"a\"), b = op.get(\"b\"), c = op.get(\"c\"), d = op.get(\"d\");\n float *p;\n\
             if (a || b || c || d) cudaMallocManaged(&p, n * 4); else p = (float *)malloc(n * 4);\n\
             if (a) log(1); else if (b) log(2); else if (c) log(3); else if (d) log(4); else p[0] = 1;\n\
             if ({frees}) cudaFree(p); else free(p);\n}}\n"
        )
    };
    for frees in ["a || b || c || d", "d || b || a || c", "!(!a && !b && !d && !c)"] {
        assert_eq!(found(&text(frees)), NOTHING, "{frees}");
    }
    // One of the conditions is not asked for; and all are, but together.
    for frees in ["a || b || c", "a && b && c && d"] {
        assert!(found(&text(frees)).contains(&"a.cu:10 free-kind-mismatch".to_owned()), "{frees}");
    }
}

#[test]
fn to_say_which_memory_is_meant_is_a_way_of_working() {
    let text = |test: &str, managed: &str| {
        format!(
            "__global__ void fill(float *p) {{ p[0] = 1; }}\nstruct Options {{ int get(int) const; }};\n\
             void launch(float *h, const Options &op, size_t n) {{\n float *d;\n\
             if ({test}) {{ d = h; }} else {{ cudaMalloc(&d, n); cudaMemcpy(d, h, n, cudaMemcpyHostToDevice); }}\n\
             fill<<<1, 1>>>(d);\n cudaDeviceSynchronize();\n}}\n\
             void use(const Options &op, size_t n) {{\n float *h;\n\
             {managed}h = new float[n];\n\
             launch(h, op, n);\n}}\n"
        )
    };
    let kernels = |test: &str, managed: &str| {
        let all = found(&text(test, managed));
        all.into_iter().filter(|it| it.ends_with("host-pointer-to-kernel")).collect::<Vec<_>>()
    };
    let option = "if (op.get(1)) cudaMallocManaged(&h, n); else ";
    assert_eq!(kernels("op.get(1)", option), NOTHING);
    // Which of the two it is, the user says.
    assert_eq!(kernels("n < 64", option), NOTHING);
    assert_eq!(kernels("n < 64", ""), ["a.cu:7 host-pointer-to-kernel"]);
}

#[test]
fn what_was_asked_before_is_asked_again() {
    // The test is run for managed and for page-locked memory.
    let text = |first: &str| {
        format!(
            "enum class Memory {{ device, managed, host }};\n\
             float *make(size_t n, Memory m) {{\nfloat *p = nullptr;\n\
             if (m == Memory::device) cudaMalloc(&p, n * 4);\n\
             else if (m == Memory::managed) cudaMallocManaged(&p, n * 4);\n\
             else cudaMallocHost(&p, n * 4);\nreturn p;\n}}\n\
             Memory parameter();\n\
             float f(float **keep) {{\nconst Memory m = {first};\n\
             keep[0] = make(100, m);\nkeep[1] = make(100, m);\nkeep[0][0] = 1;\nkeep[1][0] = 1;\n\
             return keep[1][1];\n}}\n"
        )
    };
    assert_eq!(found(&text("parameter()")), NOTHING);
    assert_eq!(found(&text("Memory::device")), ["a.cu:15 host-deref-device-pointer"]);
}

#[test]
fn a_constructor_with_many_fields_says_what_it_sets() {
    let fields: String = (0..40).map(|at| format!("int f{at}; ")).collect();
    let sets: String = (0..40).map(|at| format!("f{at}(0), ")).collect();
    let dumped = |memory: &str| {
        found(&format!(
            "enum Memory {{ CPU, GPU }};\n\
             struct Frame {{ {fields} float *p; Memory memory; Frame(Memory m) : {sets} p(), memory(m) {{}} }};\n\
             static cudaMemcpyKind kind(Memory from, Memory to) {{\n\
             if (from != CPU) return to != CPU ? cudaMemcpyDeviceToDevice : cudaMemcpyDeviceToHost;\n\
             return to != CPU ? cudaMemcpyHostToDevice : cudaMemcpyHostToHost; }}\n\
             static cudaError_t copy(Frame *to, const Frame *from, size_t n) {{\n\
             return cudaMemcpy(to->p, from->p, n, kind(from->memory, to->memory)); }}\n\
             cudaError_t dump(const Frame *from, size_t n) {{\nfloat host[64];\n\
             Frame to({memory});\nto.p = host;\nreturn copy(&to, from, n);\n}}\n"
        ))
    };
    assert_eq!(dumped("CPU"), NOTHING);
    assert!(!dumped("GPU").is_empty());
}
