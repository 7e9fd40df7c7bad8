//! Streams that a call leaves out: nobody chose them. One that is written is a choice, 0 as well.

mod project;

use project::Project;

fn found(user: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <cub/cub.cuh>\n#include <cublas_v2.h>\n\
         __global__ void scale(float *d) {{ d[threadIdx.x] *= 2; }}\n\
         {user}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

const NOTHING: Vec<String> = Vec::new();

/// A kernel on the stream of the caller, and behind it `next`.
fn behind(next: &str) -> String {
    format!(
        "void run(float *d, float *out, cublasHandle_t handle, cudaStream_t stream) {{\n\
         scale<<<1, 256, 0, stream>>>(d);\n\
         {next}\n}}"
    )
}

#[test]
fn asynchronous_calls_without_a_stream() {
    let reported = ["a.cu:7 stream-forgotten"];
    assert_eq!(found(&behind("cudaMemsetAsync(d, 0, 1024);")), reported);
    assert_eq!(found(&behind("cudaMemcpyAsync(out, d, 1024, cudaMemcpyDeviceToDevice);")), reported);
    assert_eq!(found(&behind("cudaMemset2DAsync(d, 32, 0, 16, 8);")), reported);
    for chosen in ["0", "nullptr", "cudaStreamLegacy", "stream"] {
        assert_eq!(found(&behind(&format!("cudaMemsetAsync(d, 0, 1024, {chosen});"))), NOTHING, "{chosen}");
    }
    assert_eq!(found(&behind("cudaStreamSynchronize(stream); cudaMemsetAsync(d, 0, 1024);")), NOTHING);
}

#[test]
fn library_calls_without_a_stream() {
    let reduce = |stream: &str| {
        behind(&format!(
            "size_t bytes = 0; void *room = nullptr;\n\
             cub::DeviceReduce::Sum(room, bytes, d, out, 256{stream}); cudaMalloc(&room, bytes);\n\
             cub::DeviceReduce::Sum(room, bytes, d, out, 256{stream});\n\
             cudaDeviceSynchronize(); cudaFree(room);"
        ))
    };
    assert_eq!(found(&reduce("")), ["a.cu:9 stream-forgotten"]);
    assert_eq!(found(&reduce(", stream")), NOTHING);
}

#[test]
fn handles_that_were_given_no_stream() {
    let scaled = |made: &str, handle: &str| {
        format!("{made} float two = 2; cublasSscal({handle}, 256, &two, d, 1); cudaDeviceSynchronize();")
    };
    let made = "cublasHandle_t own; cublasCreate(&own);";
    let released = " cublasDestroy(own);";
    assert_eq!(found(&behind(&(scaled(made, "own") + released))), ["a.cu:7 stream-forgotten"]);
    for chosen in ["stream", "0", "nullptr"] {
        let given = format!("{made} cublasSetStream(own, {chosen});");
        assert_eq!(found(&behind(&(scaled(&given, "own") + released))), NOTHING, "{chosen}");
    }
    // Whoever made it has given it a stream, or has not.
    assert_eq!(found(&behind(&scaled("", "handle"))), NOTHING);
}

#[test]
fn defaults_of_parameters_that_are_handed_on() {
    let helper = "void clear(float *d, cudaStream_t s = 0) { cudaMemsetAsync(d, 0, 1024, s); }\n\
         void twice(float *d, cudaStream_t s = nullptr) { clear(d, s); }\n\
         void chosen(float *d, cudaStream_t s = 0) { cudaMemsetAsync(d, 0, 1024, 0); }\n";
    let run = |call: &str| format!("{helper}{}", behind(call));
    assert_eq!(found(&run("clear(d);")), ["a.cu:10 stream-forgotten"]);
    assert_eq!(found(&run("twice(d);")), ["a.cu:10 stream-forgotten"]);
    for call in ["clear(d, 0);", "clear(d, stream);", "twice(d, stream);", "chosen(d);"] {
        assert_eq!(found(&run(call)), NOTHING, "{call}");
    }
}

#[test]
fn methods_and_templates_leave_streams_out_alike() {
    let text = "struct Layer { float *d; void clear(cudaStream_t s = 0) { cudaMemsetAsync(d, 0, 1024, s); } };\n\
         template <typename T> void clear(T *d, cudaStream_t s = 0) { cudaMemsetAsync(d, 0, 1024, s); }\n\
         void run(Layer &layer, cudaStream_t stream) {\n\
         scale<<<1, 256, 0, stream>>>(layer.d);\n\
         layer.clear(ARGS);\n}\n\
         void other(float *d, cudaStream_t stream) {\n\
         scale<<<1, 256, 0, stream>>>(d);\n\
         clear(d MORE);\n}";
    let with = |args: &str, more: &str| text.replace("ARGS", args).replace("MORE", more);
    assert_eq!(found(&with("", "")), ["a.cu:9 stream-forgotten", "a.cu:13 stream-forgotten"]);
    assert_eq!(found(&with("stream", ", stream")), NOTHING);
    assert_eq!(found(&with("0", ", 0")), NOTHING);
}
