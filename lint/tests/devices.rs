//! Several devices: which one is current, what belongs to which, and what a wait for one of them covers.

mod project;

use project::Project;

const KERNEL: &str = "#include <cuda_runtime.h>\n#include <functional>\n#include <memory>\n#include <vector>\n\
                      __global__ void work(float *data) { data[threadIdx.x] += 1.0f; }\n";

/// What is found in a file whose text comes behind [`KERNEL`]; line 1 is the first of `text`.
fn found(text: &str) -> Vec<String> {
    found_by(text, &["."])
}

fn found_by(text: &str, arguments: &[&str]) -> Vec<String> {
    let project = Project::new(&[("a.cu", &format!("{KERNEL}{text}"))]);
    let before = KERNEL.lines().count();
    let shift = |it: String| {
        let (place, rule) = it.split_once(' ').unwrap_or((&it, ""));
        let line: usize = place.trim_start_matches("a.cu:").parse().unwrap_or_default();
        format!("{} {rule}", line.saturating_sub(before))
    };
    project.found(arguments).into_iter().map(shift).collect()
}

/// True if nothing is found in a function that makes a stream after `first` and launches on it after `between`.
fn launches(declarations: &str, parameters: &str, first: &str, between: &str) -> bool {
    let text = format!(
        "{declarations}\nvoid run({parameters}, float *data) {{\ncudaStream_t s;\n{first}\ncudaStreamCreate(&s);\n\
         {between}\nwork<<<1, 32, 0, s>>>(data);\ncudaStreamSynchronize(s);\ncudaStreamDestroy(s);\n}}\n"
    );
    let found = found(&text);
    let line = text.lines().position(|line| line.contains("<<<")).unwrap_or_default() + 1;
    match found.as_slice() {
        [] => true,
        [one] if *one == format!("{line} wrong-device") => false,
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn two_devices_are_two_if_nothing_lets_them_be_one() {
    let fails = |parameters: &str, first: &str, between: &str| !launches("", parameters, first, between);
    assert!(fails("int", "cudaSetDevice(0);", "cudaSetDevice(1);"));
    assert!(fails("int d", "cudaSetDevice(d);", "cudaSetDevice(d + 1);"));
    assert!(fails("int a, int b", "if (a == b) return; cudaSetDevice(a);", "cudaSetDevice(b);"));
    assert!(!fails("int", "", "cudaSetDevice(1);"), "the caller may have set it");
    assert!(!fails("int a, int b", "cudaSetDevice(a);", "cudaSetDevice(b);"));
    assert!(!fails("int d", "cudaSetDevice(d % 4);", "cudaSetDevice(1);"));
    assert!(!fails("int d", "cudaSetDevice(0);", "if (d >= 0) cudaSetDevice(d);"));
}

#[test]
fn the_device_before_is_current_again() {
    let fails =
        |declarations: &str, first: &str, between: &str| !launches(declarations, "int d", first, between);
    let guard = "struct Guard { int before; Guard(int d) { cudaGetDevice(&before); cudaSetDevice(d); }\n\
                 ~Guard() { cudaSetDevice(before); } };";
    assert!(!fails(guard, "cudaSetDevice(0);", "{ Guard guard(1); }"));
    assert!(fails(guard, "cudaSetDevice(0);", "Guard guard(1);"));
    assert!(!fails("", "", "int d0; cudaGetDevice(&d0); cudaSetDevice(d0 + 1); cudaSetDevice(d0);"));
    assert!(fails("", "int d0; cudaGetDevice(&d0);", "cudaSetDevice(d0 + 1);"));
}

#[test]
fn what_may_set_a_device_out_of_sight_leaves_none_known() {
    let fails = |declarations: &str, between: &str| {
        !launches(declarations, "std::function<void()> f, int d", "cudaSetDevice(0);", between)
    };
    let then = |call: &str| format!("cudaSetDevice(1);\n{call}");
    assert!(fails("", "cudaSetDevice(1);"));
    assert!(!fails("void select(int);", &then("select(0);")));
    assert!(!fails("", &then("f();")));
    assert!(!fails("struct Guard { Guard(int d); ~Guard(); };", &then("Guard guard(0);")));
    // The library calls the constructor, which is not followed there.
    let guard = "struct Guard { Guard(int d) { cudaSetDevice(d); } };";
    assert!(!fails(guard, &then("auto guard = std::make_unique<Guard>(0);")));
    assert!(!fails(guard, &then("std::vector<Guard> guards; guards.emplace_back(0);")));
    assert!(fails("", &then("std::vector<int> numbers; numbers.push_back(0);")));
    // A large function that has nothing to do with CUDA, but for what it calls.
    let prepare = "void select(int);\nint prepare(int n) { int sum = 0; for (int i = 0; i < n; ++i) sum += i; \
                   select(0); return sum; }";
    assert!(!fails(prepare, &then("prepare(d);")));
}

#[test]
fn contexts_have_devices() {
    let run = |between: &str| {
        let text = format!(
            "#include <cuda.h>\nvoid run(float *data) {{\nCUcontext one; CUdevice first;\ncudaSetDevice(1);\n\
             cudaStream_t s; cudaStreamCreate(&s);\ncuDeviceGet(&first, 0); cuDevicePrimaryCtxRetain(&one, first);\n\
             {between}\nwork<<<1, 32, 0, s>>>(data);\ncudaStreamSynchronize(s); cudaStreamDestroy(s);\n}}\n"
        );
        found(&text)
    };
    assert_eq!(run("cuCtxPushCurrent(one);"), ["8 wrong-device"]);
    assert_eq!(run("cuCtxSetCurrent(one);"), ["8 wrong-device"]);
    assert_eq!(run("cuCtxPushCurrent(one); cuCtxPopCurrent(&one);"), [""; 0]);
    assert_eq!(run("extern CUcontext other; cuCtxSetCurrent(other);"), [""; 0]);
}

#[test]
fn a_wait_covers_the_current_device_only() {
    let reads = |main: bool, waits: &str| {
        let name = if main { "int main() { int d = 1;" } else { "int run(int d) {" };
        let text = format!(
            "{name}\nfloat *h, *one; cudaMallocHost(&h, 4096);\ncudaSetDevice(0);\ncudaMalloc(&one, 4096);\n\
             cudaStream_t s; cudaStreamCreate(&s);\ncudaMemcpyAsync(h, one, 4096, cudaMemcpyDeviceToHost, s);\n\
             {waits}\nint first = (int)h[0];\ncudaStreamSynchronize(s); cudaFree(one); cudaFreeHost(h); \
             cudaStreamDestroy(s);\nreturn first;\n}}\n"
        );
        found(&text)
    };
    let early = ["8 host-read-before-sync"];
    assert_eq!(reads(true, "cudaSetDevice(1); cudaDeviceSynchronize();"), early);
    assert_eq!(reads(true, "cudaSetDevice(1); cudaSetDevice(0); cudaDeviceSynchronize();"), [""; 0]);
    assert_eq!(
        reads(true, "for (int i = 0; i < 2; ++i) { cudaSetDevice(i); cudaDeviceSynchronize(); }"),
        [""; 0]
    );
    assert_eq!(reads(false, "cudaSetDevice(d); cudaDeviceSynchronize();"), [""; 0]);
    assert_eq!(reads(false, "cudaSetDevice(1); cudaStreamSynchronize(s);"), [""; 0]);
}

#[test]
fn memory_of_another_device_is_out_of_reach_of_kernels_unless_something_lets_them() {
    let uses = |name: &str, between: &str| {
        let text = format!(
            "void share();\n{name} {{\nfloat *one; cudaSetDevice(0); cudaMalloc(&one, 4096);\n{between}\n\
             cudaSetDevice(1);\nwork<<<1, 32>>>(one);\ncudaDeviceSynchronize(); cudaFree(one);\nreturn 0;\n}}\n"
        );
        found(&text)
    };
    assert_eq!(uses("int main()", ""), ["6 wrong-device"]);
    // Whoever calls it may have let kernels do so.
    assert_eq!(uses("int run()", ""), [""; 0]);
    assert_eq!(uses("int main()", "share();"), [""; 0]);
    assert_eq!(uses("int main()", "cudaSetDevice(1); cudaDeviceEnablePeerAccess(0, 0);"), [""; 0]);
}

#[test]
fn memory_in_stream_order_lies_where_its_stream_is() {
    let text = "int main() {\ncudaStream_t s; float *data; cudaSetDevice(1); cudaStreamCreate(&s);\ncudaSetDevice(0);\n\
                cudaMallocAsync(&data, 4096, s);\ncudaStreamSynchronize(s);\nwork<<<1, 32>>>(data);\n\
                cudaDeviceSynchronize();\ncudaFreeAsync(data, s);\ncudaStreamSynchronize(s);\ncudaStreamDestroy(s);\n\
                return 0;\n}\n";
    assert_eq!(found(text), ["6 wrong-device"]);
}

#[test]
fn what_is_made_before_the_device_is_set_may_belong_to_another() {
    let uses = |first: &str, then: &str| {
        let text = format!(
            "void run(int d) {{\nfloat *data; {first} cudaMalloc(&data, 4096);\n{then}\nwork<<<1, 32>>>(data);\n\
             cudaDeviceSynchronize(); cudaFree(data);\n}}\n"
        );
        assert_eq!(found(&text), [""; 0]);
        found_by(&text, &[".", "--min-confidence", "possible"])
    };
    assert_eq!(uses("", "cudaSetDevice(d);"), ["4 wrong-device"]);
    assert_eq!(uses("", ""), [""; 0]);
    assert_eq!(uses("cudaSetDevice(d);", "cudaSetDevice(d);"), [""; 0]);
    assert_eq!(uses("cudaGetDevice(&d);", "cudaSetDevice(d);"), [""; 0]);
}

#[test]
fn a_member_says_which_device_is_meant() {
    let opens = |set: &str, uses: &str| {
        let text = format!(
            "struct Worker {{ int device; cudaStream_t stream; void open(); void run(float *data); }};\n\
             void Worker::open() {{ {set}\ncudaStreamCreate(&stream);\n}}\n\
             void Worker::run(float *data) {{ cudaSetDevice(device); work<<<1, 32, 0, stream>>>(data); }}\n{uses}\n"
        );
        assert_eq!(found(&text), [""; 0]);
        found_by(&text, &[".", "--min-confidence", "possible"])
    };
    assert_eq!(opens("", ""), ["3 wrong-device"]);
    assert_eq!(opens("cudaSetDevice(device);", ""), [""; 0]);
    assert_eq!(opens("", "void start(Worker &w) { cudaSetDevice(w.device); w.open(); }"), [""; 0]);
}

#[test]
fn a_launch_for_an_object_that_keeps_its_device_is_possibly_on_another() {
    let methods = |body: &str| {
        let text = format!(
            "struct A {{ int dev; float *d; cudaStream_t s;\n\
             A(int device) : dev(device) {{ cudaSetDevice(dev); cudaMalloc(&d, 1024); }}\n{body}\n}};\n"
        );
        found_by(&text, &["--min-confidence", "possible", "."])
            .into_iter()
            .filter(|it| it.ends_with("wrong-device"))
            .collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    assert_eq!(methods("void run() {\nwork<<<1, 32>>>(d);\nwork<<<1, 32>>>(d); }"), ["4 wrong-device"]);
    assert_eq!(methods("void run(float *x) {\nwork<<<1, 32, 0, s>>>(x); }"), ["4 wrong-device"]);
    assert_eq!(methods("void run() { cudaSetDevice(dev);\nwork<<<1, 32>>>(d); }"), none);
    assert_eq!(methods("void run(float *x, cudaStream_t t) {\nwork<<<1, 32, 0, t>>>(x); }"), none);
    assert_eq!(
        methods("void run() { work<<<1, 32>>>(d); }\nvoid all() { cudaSetDevice(dev); run(); }"),
        none
    );
    let unset = "struct B { int dev; float *d; void run() { work<<<1, 32>>>(d); } };\n";
    assert_eq!(found_by(unset, &["--min-confidence", "possible", "."]), none);
}
