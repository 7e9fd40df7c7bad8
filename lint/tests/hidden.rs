//! What a remark, a turn of a loop or a helper without a body must not hide: causes of misses that mutants of
//! real code have shown (`lint/docs/recall.md`).

mod project;

use project::Project;

fn found(text: &str) -> Vec<String> {
    Project::new(&[("a.cu", &format!("#include <cuda_runtime.h>\n#include <cstdlib>\n{text}"))]).found(&["."])
}

/// The source of a staged copy is released, which is a remark, and then what a kernel uses.
fn staged(bytes: &str, between: &str) -> Vec<String> {
    found(&format!(
        "__global__ void k(char *a);\nvoid f(int n, cudaStream_t s) {{\n\
         char *d; cudaMalloc(&d, {bytes});\nchar *h = (char *)malloc({bytes}); h[0] = 1;\n\
         cudaMemcpyAsync(d, h, {bytes}, cudaMemcpyHostToDevice, s);\n\
         k<<<1, 32, 0, s>>>(d);\n{between}\ncudaFree(d);\n}}\n"
    ))
}

#[test]
fn a_remark_does_not_stand_for_a_warning() {
    assert_eq!(staged("n", "free(h);"), ["a.cu:10 free-while-in-flight"]);
    assert_eq!(staged("n", "h[0] = 2; free(h);"), ["a.cu:10 free-while-in-flight"]);
    assert_eq!(staged("n", "free(h); cudaStreamSynchronize(s);"), Vec::<String>::new());
    // More than what is staged for certain: one missing wait, one diagnostic.
    let large = "1 << 30";
    assert_eq!(staged(large, "free(h);"), ["a.cu:9 host-buffer-released-in-flight"]);
    assert_eq!(staged(large, "cudaStreamSynchronize(s); free(h);"), Vec::<String>::new());
}

/// More streams than loops are given turns, and then work on the last of them.
fn last_of(array: &str, make: &str, copy: &str) -> Vec<String> {
    found(&format!(
        "__global__ void k(char *a);\nvoid f(char *h, int n) {{\n\
         const int count = 4; {array}\nfor (int i = 0; i <= count; i++) {make};\n\
         char *d; cudaMalloc(&d, n);\n\
         {copy}\nk<<<1, 32, 0, streams[count]>>>(d);\ncudaDeviceSynchronize();\ncudaFree(d);\n}}\n"
    ))
}

#[test]
fn elements_that_no_followed_turn_fills_are_filled_all_the_same() {
    let copy = |stream: &str| format!("cudaMemcpyAsync(d, h, n, cudaMemcpyHostToDevice, {stream});");
    let apart = "cudaStreamCreateWithFlags(&streams[i], cudaStreamNonBlocking)";
    let ways = [
        "cudaStream_t streams[count + 1];",
        "cudaStream_t *streams = (cudaStream_t *)malloc((count + 1) * sizeof(cudaStream_t));",
    ];
    for array in ways {
        assert_eq!(last_of(array, apart, &copy("0")), ["a.cu:9 nonblocking-vs-default-race"], "{array}");
        assert_eq!(last_of(array, apart, &copy("streams[count]")), Vec::<String>::new(), "{array}");
        // In a legacy build the default stream is ordered with a blocking one.
        assert_eq!(
            last_of(array, "cudaStreamCreate(&streams[i])", &copy("0")),
            Vec::<String>::new(),
            "{array}"
        );
        // Who fills it is not seen.
        let unseen = last_of(array, "make(&streams[i])", &copy("0"));
        assert_eq!(unseen, Vec::<String>::new(), "{array}");
    }
}

#[test]
fn helpers_of_the_samples_read_what_they_are_handed() {
    let text = |wait: &str| {
        format!(
            "#include <helper_image.h>\nvoid f(unsigned char *d, int w, cudaStream_t s) {{\n\
             unsigned char *h; cudaMallocHost(&h, w * w * 4);\n\
             cudaMemcpyAsync(h, d, w * w * 4, cudaMemcpyDeviceToHost, s);\n{wait}\n\
             sdkSavePPM4ub(\"out.ppm\", h, w, w);\ncudaStreamSynchronize(s);\ncudaFreeHost(h);\n}}\n"
        )
    };
    assert_eq!(found(&text("")), ["a.cu:8 host-read-before-sync"]);
    assert_eq!(found(&text("cudaStreamSynchronize(s);")), Vec::<String>::new());
}
