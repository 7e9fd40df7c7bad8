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
fn members_of_a_dependent_base_are_told_apart_by_their_names() {
    let found = |constructor: &str, destructor: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\ntemplate <class T> struct Parts {{ T *first, *second; }};\n\
             template <class T> struct Device : Parts<T> {{\nDevice(int n, T *host);\n~Device();\n\
             using Parts<T>::first;\nusing Parts<T>::second;\n}};\n\
             template <class T> Device<T>::Device(int n, T *host) {{\n{constructor}\n}}\n\
             template <class T> Device<T>::~Device() {{ cudaFree(first);\n{destructor} }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let both = "cudaMalloc(&first, n); cudaMalloc(&second, n);";
    assert_eq!(found(both, "cudaFree(second);"), Vec::<String>::new());
    assert_eq!(found(both, "cudaFree(first);"), ["a.cu:13 device-use-after-free"]);
    // In a lambda, they belong to the object that it captures.
    let lambda = "auto free = [&] { cudaFree(second); cudaFree(first); };";
    assert_eq!(found(both, lambda), Vec::<String>::new());
    let lambda = "auto free = [&] { cudaFree(second); cudaFree(second); };";
    assert_eq!(found(both, lambda), ["a.cu:13 device-use-after-free"]);
    let read = format!("{both} *host = 1; second = host; *second = 1;");
    assert_eq!(found(&read, ""), Vec::<String>::new());
    let read = format!("{both} second = host; *first = 1;");
    assert_eq!(found(&read, ""), ["a.cu:10 host-deref-device-pointer"]);
}

#[test]
fn constructors_of_templates_make_bases_and_members() {
    let found = |constructor: &str, class: &str, variable: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\nstruct Flag {{\nFlag(){constructor}\n\
             ~Flag() {{ cudaHostUnregister(&flag); }}\nint flag = 0;\n}};\n\
             struct Base {{ Base(int &n) : n(n) {{}} Flag flag{{}}; int &n; }};\n\
             template <class K> struct Timer{class};\n\
             template <class K> void run(int &n, K k) {{ {variable}; }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let made = [
        (" : Base { Timer(int &n, K &k) : Base(n), k(k) {} K &k; }", "Timer<K> timer(n, k)"),
        (" : Base { Timer(int &n) : Base(n) {} Timer(int &n, K &k) : Timer(n) {} }", "Timer<K> timer(n, k)"),
        (" { Timer(int &n) : base(n) {} Base base; K *k; }", "Timer<K> timer(n)"),
        (" { Timer(int &n) {} Flag flag; K *k; }", "Timer<K> timer{n}"),
        (" { Timer(int &n) : flag() {} Flag flag; K *k; }", "Timer<K> timer(n)"),
        (" { Flag flag; K *k; }", "Timer<K> timer"),
        (" : Flag { K *k; }", "Timer<K> timer"),
        (" { K *k; }", "Base base{k}"),
    ];
    for (class, variable) in made {
        let unseen = found(";", class, variable);
        assert_eq!(unseen, Vec::<String>::new(), "{class} {variable}");
        let registered = found(" { cudaHostRegister(&flag, 4, 0); }", class, variable);
        assert_eq!(registered, Vec::<String>::new(), "{class} {variable}");
        let never = found(" { flag = 1; }", class, variable);
        assert_eq!(never, ["a.cu:4 free-kind-mismatch"], "{class} {variable}");
    }
    // What makes these is not known, nor whether it is an object of the class.
    for variable in ["Base base = k", "Base base = k.base()", "Base base = make(k)"] {
        assert_eq!(found(" { flag = 1; }", " { K *k; }", variable), Vec::<String>::new(), "{variable}");
    }
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

#[test]
fn fields_of_another_object_of_the_template_have_their_types() {
    let found = |field: &str, copy: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\ntemplate <class T> struct Weights {{\n{field}\nint n;\n\
             Weights() {{ cudaMalloc(&part[0], 64); }}\n~Weights() {{ cudaFree(part[0]); }}\n\
             Weights(const Weights &other) {{\ncudaMalloc(&part[0], 64);\n{copy}\n}}\n}};\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    // The array is read, which lies in the object, and not the memory that its elements lead to.
    let copy = "cudaMemcpy(part[0], other.part[0], 64, cudaMemcpyDeviceToDevice);";
    assert_eq!(found("T *part[2];", copy), Vec::<String>::new());
    assert_eq!(found("T *part[2];", "n = *other.part[0];"), ["a.cu:9 host-deref-device-pointer"]);
}

#[test]
fn bases_that_lead_back_to_their_own_template_end() {
    let text = "#include <cuda_runtime.h>\ntemplate <class T, int N> struct Wide;\n\
                template <class T> struct Wide<T, 1> { T value; };\n\
                template <class T, int N> struct Wide : Wide<T, N / 2> { T more; };\n\
                template <class T> T first() {\n T *d; cudaMalloc(&d, 4); auto *it = new Wide<T, 8>; delete it;\n \
                T value = *d; cudaFree(d); return value; }\n\
                int use() { return first<int>(); }\n";
    assert_eq!(Project::new(&[("a.cu", text)]).found(&["."]), ["a.cu:7 host-deref-device-pointer"]);
}

#[test]
fn what_a_template_parameter_says_is_the_same_wherever_it_is_asked() {
    let found = |head: &str, asked: &str, waits: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n__global__ void k(int *p);\n{head} void run(int *d) {{\n\
             cudaStream_t s = 0; cudaGraph_t g; cudaGraphExec_t e;\n\
             if ({asked}) cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);\n\
             if ({asked}) cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);\nk<<<1, 1, 0, s>>>(d);\n\
             if ({waits}) {{ cudaStreamEndCapture(s, &g); cudaGraphInstantiate(&e, g, 0); cudaGraphLaunch(e, s); }}\n\
             cudaDeviceSynchronize();\n}}\n{}",
            if head.ends_with('{') { "};\n" } else { "" }
        );
        let found = Project::new(&[("a.cu", &text)]).found(&["."]);
        found.into_iter().filter(|it| it.contains("capture-illegal-call")).collect::<Vec<_>>()
    };
    for (head, asked) in [
        ("template <class Fixture>", "Fixture::graphs"),
        ("template <class Fixture>", "!Fixture::plain"),
        ("template <bool Graphs>", "Graphs"),
        ("template <class Fixture> struct Test : Fixture {", "Fixture::graphs"),
        ("template <class Fixture> struct Test : Fixture {", "this->graphs"),
    ] {
        assert_eq!(found(head, asked, asked), Vec::<String>::new(), "{head} {asked}");
        assert_eq!(found(head, asked, "false"), ["a.cu:9 capture-illegal-call"], "{head} {asked}");
    }
    let two = found("template <class Fixture>", "Fixture::graphs", "Fixture::other");
    assert_eq!(two, ["a.cu:9 capture-illegal-call"]);
}

#[test]
fn what_is_substituted_for_a_value_is_known() {
    let found = |count: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#define CHECK(call) {{ cudaError_t e = call; if (e) {{ [e]() {{ __builtin_trap(); }}(); }} }}\n\
             template <bool Own, int N> static void run(int *d, int *h) {{ cudaStream_t s = 0;\n\
             if (Own) CHECK(cudaStreamCreate(&s));\ncudaMemcpyAsync(h, d, N, cudaMemcpyDeviceToHost, s);\n\
             cudaStreamSynchronize(s); if (Own) cudaStreamDestroy(s); }}\n\
             void all(int *h) {{ int *d; cudaMalloc(&d, 64); run<true, 64>(d, h); run<false, {count}>(d, h); cudaFree(d); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("32"), Vec::<String>::new());
}

#[test]
fn many_instances_are_told_apart_by_what_they_take() {
    let found = |more: &str| {
        let text = format!(
            "#include <thrust/device_vector.h>\n#include <thrust/host_vector.h>\n\
             template <class V> static void grow(V &v, size_t n) {{ v.clear(); v.resize(n); }}\n\
             void f(size_t n) {{ thrust::device_vector<char> a; thrust::device_vector<int> b; thrust::device_vector<float> c;\n\
             thrust::device_vector<long> d; thrust::device_vector<short> e; thrust::host_vector<int> h;\n\
             grow(a, n); grow(b, n); grow(c, n); grow(d, n); grow(e, n); grow(h, n);\n{more}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("h[0] = 1;"), Vec::<String>::new());
    assert_eq!(found("thrust::raw_pointer_cast(b.data())[0] = 1;"), ["a.cu:7 host-deref-device-pointer"]);
}

#[test]
fn what_a_dependent_class_is_made_of_belongs_to_it() {
    let found = |result: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <memory>\n\
             template <class T> struct Free {{ void operator()(T *p) const {{ cudaFree(p); }} }};\n\
             template <class T = float, int N = 4> std::unique_ptr<T, Free<T>> make(size_t n) {{\n\
             T *p = nullptr;\ncudaMalloc(&p, n * sizeof(T));\n{result}\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for result in [
        "return std::unique_ptr<T, Free<T>>{ p };",
        "return std::unique_ptr<T, Free<T>>(p);",
        "auto owner = std::unique_ptr<T, Free<T>>(p); return owner;",
    ] {
        assert_eq!(found(result), Vec::<String>::new(), "{result}");
    }
    // What stands in the type is none of the arguments.
    for result in ["return std::unique_ptr<T, Free<T>>(nullptr);", "return std::unique_ptr<T, Free<T>>{};"] {
        assert_eq!(found(result), ["a.cu:6 resource-leak"], "{result}");
    }
}

#[test]
fn an_array_that_a_macro_makes_has_its_elements() {
    let found = |count: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             #define COPY(to, from, count, size) {{ \\\n    float *val = new float[(count)]; \\\n\
             \x20   for (int i = 0; i < (count); i++) val[i] = (from)[i]; \\\n\
             \x20   cudaMemcpyToSymbol((to), val, (size) * sizeof(float)); \\\n    delete[] val; }}\n\
             __constant__ float table[8];\n\
             void load(const float *from) {{\nCOPY(table, from, {count}, 4);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    assert_eq!(found("4"), Vec::<String>::new());
    assert_eq!(found("3"), ["a.cu:9 copy-size-mismatch"]);
}

#[test]
fn an_instance_that_stands_for_others_has_no_sizes() {
    let found = |then: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             template <class T> void make(T *&p) {{ cudaMalloc(&p, 2 * sizeof(T)); }}\n\
             template <int N> void make_for(float *&p) {{ cudaMalloc(&p, N * sizeof(float)); }}\n\
             void f() {{\nchar *a; short *b; int *c; float *d; double *e; long long *g;\n\
             make(a); make(b); make(c); make(d); make(e); make(g);\n\
             float *p[6];\nmake_for<1>(p[0]); make_for<2>(p[1]); make_for<3>(p[2]); make_for<4>(p[3]);\n\
             make_for<5>(p[4]); make_for<6>(p[5]);\n{then}\n\
             cudaFree(a); cudaFree(b); cudaFree(c); cudaFree(d); cudaFree(e); cudaFree(g);\n\
             for (float *it : p) cudaFree(it);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for right in ["cudaMemset(e, 0, 16);", "cudaMemset(g, 0, 16);", "cudaMemset(p[5], 0, 24);"] {
        assert_eq!(found(right), Vec::<String>::new(), "{right}");
    }
    // Types of one size are alike; of constants it is not known which of them the instance is for.
    for (beyond, line) in [("cudaMemset(e, 0, 17);", 10), ("cudaMemset(g, 0, 17);", 10)] {
        assert_eq!(found(beyond), [format!("a.cu:{line} copy-size-mismatch")], "{beyond}");
    }
}

#[test]
fn member_templates_are_told_apart_by_the_sizes_in_their_signature() {
    let found = |then: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n\
             struct Pool {{\nstatic Pool &get() {{ static Pool pool; return pool; }}\n\
             template <class T> void make(size_t n, T *&p) {{ cudaMalloc(&p, n * sizeof(T)); }}\n\
             template <class T> void take(void **p) {{ cudaMalloc(p, sizeof(T)); }}\n}};\n\
             void f() {{\nunsigned *a; int *b; short *c; char *d; double *e; unsigned long long *g;\n\
             Pool::get().make<unsigned>(1, a); Pool::get().make<int>(1, b); Pool::get().make<short>(1, c);\n\
             Pool::get().make<char>(1, d); Pool::get().make<double>(1, e); Pool::get().make<unsigned long long>(1, g);\n\
             void *p[5];\nPool::get().take<int>(p); Pool::get().take<char>(p + 1); Pool::get().take<short>(p + 2);\n\
             Pool::get().take<float>(p + 3); Pool::get().take<double>(p + 4);\n{then}\n\
             cudaFree(a); cudaFree(b); cudaFree(c); cudaFree(d); cudaFree(e); cudaFree(g);\n\
             for (void *it : p) cudaFree(it);\n}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for right in ["cudaMemset(e, 0, 8);", "cudaMemset(g, 0, 8);", "cudaMemset(p[4], 0, 8);"] {
        assert_eq!(found(right), Vec::<String>::new(), "{right}");
    }
    assert_eq!(found("cudaMemset(e, 0, 9);"), ["a.cu:14 copy-size-mismatch"]);
}

#[test]
fn the_size_of_a_class_does_not_tell_what_it_is_made_for() {
    // `Buffer<T>` has 16 bytes for every `T`. Six instances are more than are all lowered.
    let pool = "struct Pool { template <class T> void make(size_t n, Buffer<T> &b) { cudaMalloc(&b.p, n * sizeof(T)); } };";
    let free =
        "template <class B> void make(size_t n, B &b) { cudaMalloc(&b.p, n * sizeof(typename B::type)); }";
    let pointer = "template <class P> void make(size_t n, P &p) { cudaMalloc(&p, n * sizeof(*p)); }";
    let holder = "template <class B> struct Holder { B b; \
                  void make(size_t n) { cudaMalloc(&b.p, n * sizeof(typename B::type)); } };";
    let of_class =
        "template <class T> struct Pool { void make(size_t n, T *&p) { cudaMalloc(&p, n * sizeof(T)); } };";
    let named = "struct Pool { template <class T> void make(size_t n, T *const &p) { cudaMalloc((void **)&p, n * sizeof(T)); } };";
    // `@` is the type, `$` the variable.
    let found = |[template, variable, make, pointer]: [&str; 4], bytes: u32| {
        let mut body = String::new();
        for (ty, name) in [("short", "a"), ("char", "b"), ("unsigned", "c"), ("int", "d"), ("long long", "e")]
        {
            let one = format!("{variable} $; {make}; cudaFree({pointer});\n");
            body += &one.replace('$', name).replace('@', ty);
        }
        let last =
            format!("{variable} $; {make};\ncudaMemset({pointer}, 0, {bytes});\ncudaFree({pointer});\n");
        body += &last.replace('$', "f").replace('@', "double");
        let text = format!(
            "#include <cuda_runtime.h>\n\
             template <class T> struct Buffer {{ using type = T; T *p; size_t n; }};\n{template}\nvoid f() {{\n{body}}}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    let forms = [
        [pool, "Buffer<@>", "Pool().make(1, $)", "$.p"],
        [free, "Buffer<@>", "make(1, $)", "$.p"],
        [pointer, "@ *", "make(1, $)", "$"],
        [holder, "Holder<Buffer<@>>", "$.make(1)", "$.b.p"],
        [of_class, "@ *", "Pool<@>().make(1, $)", "$"],
        [named, "@ *", "Pool().make(1, $)", "$"],
    ];
    for form in forms {
        assert_eq!(found(form, 8), Vec::<String>::new(), "{form:?}");
    }
    // What the signature or the class tells is known.
    for form in &forms[1..] {
        assert_eq!(found(*form, 9), ["a.cu:11 copy-size-mismatch"], "{form:?}");
    }
}
