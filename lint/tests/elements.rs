//! Elements of an array of structures: what is done to one is not done to the next.

mod project;

use project::Project;

fn found(body: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <cstdio>\nclass Task {{ int index; cudaStream_t stream;\n\
         static void call(cudaStream_t, cudaError_t, void *data) {{ printf(\"%d\", ((Task *)data)->index); }}\npublic:\n\
         Task() {{ cudaStreamCreate(&stream); }}\n~Task() {{ cudaStreamDestroy(stream); }}\n\
         void set(int i) {{ index = i; }}\n\
         void run() {{ cudaStreamAddCallback(stream, call, this, 0); }}\n}};\n\
         struct Pair {{ int first, second; }};\n__global__ void use(Pair *pair) {{ pair->first = 1; }}\n\
         void f(int n, Pair *device, cudaStream_t s) {{\n{body}\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn the_next_round_writes_the_next_element() {
    for tasks in ["Task *tasks = new Task[n];", "Task tasks[4]; n = 4;", "std::vector<Task> tasks(n);"] {
        let end = if tasks.contains("new") { "delete[] tasks;" } else { "" };
        let each = |object: &str| {
            format!(
                "{tasks} for (int i = 0; i < n; i++) {{ {object}.set(i); {object}.run(); }}\n\
                 cudaDeviceSynchronize(); {end}"
            )
        };
        assert_eq!(found(&each("tasks[i]")), Vec::<String>::new(), "{tasks}");
        assert_eq!(found(&each("tasks[0]")), ["a.cu:8 callback-userdata-lifetime"], "{tasks}");
    }
}

#[test]
fn an_element_that_is_not_the_first_is_one_as_well() {
    let tasks = |then: &str| {
        format!(
            "Task *tasks = new Task[n];\ntasks[2].run(); {then}.set(7);\ncudaDeviceSynchronize(); delete[] tasks;"
        )
    };
    assert_eq!(found(&tasks("tasks[1]")), Vec::<String>::new());
    assert_eq!(found(&tasks("tasks[2]")), ["a.cu:8 callback-userdata-lifetime"]);
}

#[test]
fn a_copy_of_one_element_leaves_the_others_to_the_host() {
    let copy = |elements: &str, then: &str| {
        format!(
            "Pair *pairs; cudaMallocHost(&pairs, 8 * sizeof(Pair));\n\
             cudaMemcpyAsync(pairs, device, {elements} * sizeof(Pair), cudaMemcpyDeviceToHost, s);\n\
             {then};\ncudaStreamSynchronize(s); cudaFreeHost(pairs);"
        )
    };
    assert_eq!(found(&copy("1", "pairs[1].first = 3")), Vec::<String>::new());
    assert_eq!(found(&copy("2", "n = pairs[2].second")), Vec::<String>::new());
    assert_eq!(found(&copy("2", "n = pairs[1].second")), ["a.cu:16 host-read-before-sync"]);
    assert_eq!(found(&copy("n", "n = pairs[n - 1].second")), ["a.cu:16 host-read-before-sync"]);
}

#[test]
fn a_kernel_on_one_element_leaves_the_others_to_the_host() {
    let each = |touched: &str| {
        format!(
            "Pair *pairs; cudaMallocHost(&pairs, 4 * sizeof(Pair));\n\
             for (int i = 0; i < 4; i++) {{ {touched}.first = i; use<<<1, 1, 0, s>>>(&pairs[i]); }}\n\
             cudaStreamSynchronize(s); cudaFreeHost(pairs);"
        )
    };
    assert_eq!(found(&each("pairs[i]")), Vec::<String>::new());
    assert_eq!(found(&each("pairs[0]")), ["a.cu:15 host-write-before-sync"]);
}

/// Events in turn, of which each round waits for what an earlier one has recorded: more than are followed.
fn rounds(wait: &str, record: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n__global__ void use(int *data);\nvoid f(int *data, cudaStream_t s) {{\n\
         cudaEvent_t done[4]; cudaStream_t t; cudaStreamCreateWithFlags(&t, cudaStreamNonBlocking);\n\
         cudaEventCreateWithFlags(&done[0], cudaEventDisableTiming); cudaEventCreateWithFlags(&done[1], cudaEventDisableTiming);\n\
         cudaEventCreateWithFlags(&done[2], cudaEventDisableTiming);\n\
         cudaEventCreateWithFlags(&done[3], cudaEventDisableTiming);\n\
         for (int round = 0; round < 100; ++round) {{\ncudaStreamWaitEvent(s, {wait}, 0);\n\
         use<<<1, 1, 0, s>>>(data);\nuse<<<1, 1, 0, t>>>(data + 1024);\n{record}\n}}\n\
         cudaDeviceSynchronize(); for (int i = 0; i < 4; ++i) cudaEventDestroy(done[i]); cudaStreamDestroy(t);\n}}\n"
    );
    let found = Project::new(&[("a.cu", &text)]).found(&["."]);
    found.into_iter().filter(|it| it.contains("event-never-recorded")).collect()
}

#[test]
fn a_variable_says_which_event_is_recorded() {
    let misused = ["a.cu:9 event-never-recorded"];
    assert_eq!(rounds("done[(round + 1) % 4]", "cudaEventRecord(done[round % 4], t);"), Vec::<String>::new());
    assert_eq!(rounds("done[3]", "cudaEventRecord(done[0], t);"), misused);
    assert_eq!(rounds("done[(round + 1) % 4]", "cudaEventRecord(done[0], t);"), misused);
    assert_eq!(
        rounds("done[3]", "} for (int round = 0; round < 4; ++round) { cudaEventRecord(done[round], t);"),
        misused
    );
}

#[test]
fn a_temporary_of_the_next_round_is_another() {
    let text = |to: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <thrust/device_vector.h>\n\
             void f(thrust::device_vector<float> *a[16], const float *from, int bytes) {{\n\
             cudaStream_t s[2]; cudaStreamCreate(&s[0]); cudaStreamCreate(&s[1]);\n\
             for (int i = 0; i < 2; i++)\n\
             cudaMemcpyAsync(thrust::raw_pointer_cast({to}), from, bytes, cudaMemcpyDeviceToDevice, s[i]);\n\
             cudaDeviceSynchronize(); cudaStreamDestroy(s[0]); cudaStreamDestroy(s[1]); }}\n"
        )
    };
    let found = |to: &str| Project::new(&[("a.cu", &text(to))]).found(&["."]);
    assert_eq!(found("&(*a[i])[0]"), Vec::<String>::new());
    assert_eq!(found("a[i]->data()"), Vec::<String>::new());
    assert_eq!(found("a[0]->data()"), ["a.cu:6 cross-stream-unordered"]);
}

#[test]
fn a_container_has_as_many_elements_as_were_listed() {
    let found = |body: &str| {
        let text = format!(
            "#include <cuda_runtime.h>\n#include <vector>\n\
             void up(int *d, const std::vector<int> &h, cudaStream_t s) {{\n\
             std::vector<int *> at(h.size());\nfor (int i = 0; i < at.size(); i++) at[i] = d + i;\n\
             cudaMemcpyAsync(d, h.data(), h.size() * sizeof(int), cudaMemcpyHostToDevice, s);\n\
             cudaStreamSynchronize(s); }}\n\
             void f(int *d, cudaStream_t s) {{\n{body}\ncudaStreamSynchronize(s); }}\n"
        );
        let found = Project::new(&[("a.cu", &text)]).found(&["."]);
        found.into_iter().filter(|it| it.contains("copy-size-mismatch")).collect::<Vec<_>>()
    };
    assert_eq!(found("up(d, {0}, s);"), Vec::<String>::new());
    assert_eq!(found("up(d, {1, 2, 3}, s);"), Vec::<String>::new());
    let more = |n: &str| {
        format!(
            "std::vector<int> v = {{1, 2, 3}}; {n}\n\
             cudaMemcpyAsync(d, v.data(), (v.size() + 1) * sizeof(int), cudaMemcpyHostToDevice, s);"
        )
    };
    assert_eq!(found(&more("")), ["a.cu:10 copy-size-mismatch"]);
    assert_eq!(found(&more("v.pop_back();")), Vec::<String>::new());
}

#[test]
fn a_range_for_goes_from_element_to_element() {
    let text = |container: &str, each: &str| {
        format!(
            "#include <cuda_runtime.h>\n#include <vector>\n#include <list>\n#include <cstdlib>\n\
             struct Buffer {{ char *host; const char *device; size_t n; }};\n\
             void f({container} &buffers, cudaStream_t s, bool grow) {{\nfor (auto &it : buffers) {{\n\
             if (grow) {{\n{each}\n}}\n\
             cudaMemcpyAsync(it.host, it.device, it.n, cudaMemcpyDeviceToHost, s);\n}}\n\
             cudaStreamSynchronize(s);\n}}\n"
        )
    };
    let found = |container: &str, each: &str| Project::new(&[("a.cu", &text(container, each))]).found(&["."]);
    let fresh = "free(it.host); it.host = (char *)malloc(it.n);";
    for container in ["std::vector<Buffer>", "std::list<Buffer>"] {
        assert_eq!(found(container, fresh), Vec::<String>::new(), "{container}");
    }
    // The first element is freed in every round.
    let first = "free(buffers[0].host);";
    assert_eq!(found("std::vector<Buffer>", first), ["a.cu:9 host-buffer-released-in-flight"]);
}

#[test]
fn elements_on_the_device_are_copied_one_by_one() {
    let found = |body: &str| {
        let text = format!(
            "#include <thrust/device_vector.h>\nvoid show(int);\n\
             void f() {{\nthrust::device_vector<int> v(10);\n{body}\n}}\n\
             template <typename T> void g(size_t n) {{\nthrust::device_vector<T> v(n);\n{body}\n}}\n\
             void h() {{ g<int>(3); }}\n"
        );
        Project::new(&[("a.cu", &text)]).found(&["."])
    };
    for body in ["for (int x : v) show(x);", "for (auto x : v) show(x);", "for (auto &&x : v) x = 3;"] {
        assert_eq!(found(body), Vec::<String>::new(), "{body}");
    }
    let raw = "int *p = thrust::raw_pointer_cast(v.data()); show(p[0]);";
    assert_eq!(found(raw), ["a.cu:5 host-deref-device-pointer", "a.cu:9 host-deref-device-pointer"]);
}
