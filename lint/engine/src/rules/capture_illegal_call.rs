//! `capture-illegal-call`: a call that a capture refuses, and that loses it.

use super::{Check, Number, Rule, RuleContext, Witness, captures, words};
use crate::facts::{CallInCapture, Fault, Stream};
use crate::order::capture::Refusal;
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports calls between `cudaStreamBeginCapture` and `cudaStreamEndCapture` that the capture refuses:
waits for and queries of streams, captured events and the device; work on the legacy default stream, synchronous copies and memsets among it, while a blocking stream is captured; allocation, release and registration of memory outside of stream order; `cudaStreamAddCallback`; a wait for an event that was recorded outside.
An event that was recorded in a capture and is used after its end, and a capture of the legacy default stream, are reported too.

## Why it is wrong
While a stream is captured, nothing that is enqueued on it runs, so there is nothing to wait for, and a call that would need the work to be ordered with something outside cannot be noted down.
The call returns an error and the capture is lost: every later call in it returns `cudaErrorStreamCaptureInvalidated` (901), and `cudaStreamEndCapture` gives no graph.
Measured on an NVIDIA H200: waits, queries, allocations and callbacks return 900, waits for streams that take no part among them (save in relaxed mode), legacy-stream work 906, captured events 907, outside events 905; an event of a capture that has ended returns 1.

## Example
```cpp,misuse
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

cudaGraph_t record(float *d_data, float *h_data) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaGraph_t graph;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaMemcpyAsync(h_data, d_data, 1024, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream); //~ capture-illegal-call
    cudaStreamEndCapture(stream, &graph);
    return graph;
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

cudaGraph_t record(float *d_data, float *h_data) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaGraph_t graph;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaMemcpyAsync(h_data, d_data, 1024, cudaMemcpyDeviceToHost, stream);
    cudaStreamEndCapture(stream, &graph);
    return graph;
}
```

## Not reported
- Allocation and release in a capture of relaxed mode, or of a mode that is not a constant, and after `cudaThreadExchangeStreamCaptureMode`; likewise queries of and waits for outside events and streams that take no part.
- Work on the legacy default stream while only non-blocking streams are captured: it is legal, and runs at once.
- Work on streams that take no part in the capture.
- `cudaMallocAsync` and `cudaFreeAsync`, which are captured; waits and records with `cudaEventWaitExternal` and `cudaEventRecordExternal`.
- Functions of which neither the documentation nor a measurement says that they are refused (`cudaHostUnregister`, `cudaMallocPitch`, `cudaStreamCreate`, ...).
- Code that asks `cudaStreamIsCapturing` first.
- Calls that follow one that was refused: the capture is lost already.

## Confidence
Certain if the call is refused on every path to it, likely if on some, possible if something out of sight was handed the captured stream: it may have ended the capture.

## References
- CUDA C++ Programming Guide, "Creating a Graph Using Stream Capture", "Prohibited and Unhandled Operations".
- CUDA Runtime API, `cudaStreamBeginCapture`, `cudaThreadExchangeStreamCaptureMode`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "capture-illegal-call",
    number: Number::new(27),
    category: Category::Capture,
    severity: Severity::Error,
    summary: "a call that is refused while a stream is captured, and loses the capture",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let takes = |fault: &Fault| matches!(fault, Fault::Refused { refusal, .. } if *refusal != Refusal::Merge);
    for fault in captures::faults(context, takes) {
        let Fault::Refused { function, call, refusal } = &fault.what else { continue };
        let captured = words::stream(&fault.capture.stream);
        let name = match call {
            CallInCapture::Work(work) => words::work(work),
            _ => words::code(function),
        };
        let message = match (call, refusal) {
            (CallInCapture::Begins(_), _) => {
                format!("{name} is to capture the legacy default stream, which cannot be captured")
            }
            (_, Refusal::EndedCapture) => {
                format!("{name} uses an event that was recorded in a capture, which has ended")
            }
            (CallInCapture::Work(_) | CallInCapture::Records(_), Refusal::Implicit) => {
                format!("{name} uses the legacy default stream while {captured}, a blocking one, is captured")
            }
            (CallInCapture::StreamWaits { .. }, _) => {
                format!("the capture of {captured} is to wait for an event that was recorded outside of it")
            }
            _ => format!("{name} is called while {captured} is captured, which refuses it"),
        };
        let code = format!("returns `{}` ({})", captures::code_name(*refusal), refusal.code());
        let label = match (call, refusal) {
            (_, Refusal::EndedCapture) | (CallInCapture::Begins(_), _) => code,
            _ => format!("{code}, and the capture is lost"),
        };
        let mut related = vec![captures::begin(&fault.capture)];
        related.retain(|place| place.site != fault.site);
        if let CallInCapture::Work(work) = call
            && work.stream_omitted
        {
            related.push(Related { site: fault.site, message: "no stream is named here".into() });
        }
        diagnostics.push(Diagnostic {
            rule: RULE.name,
            severity: RULE.severity,
            confidence: captures::confidence(fault),
            message,
            site: fault.site,
            label,
            related,
            help: help(call, *refusal, &fault.capture.stream),
            witness: captures::of_fault(context, fault),
        });
    }
}

fn help(call: &CallInCapture, refusal: Refusal, captured: &Stream) -> String {
    let captured = words::stream(captured);
    match call {
        _ if refusal == Refusal::EndedCapture => {
            "record the event outside of the capture, on the stream of the graph's launch, or inside with \
             `cudaEventRecordWithFlags` and `cudaEventRecordExternal`"
                .into()
        }
        CallInCapture::Allocates(_) | CallInCapture::Registers(_) => {
            "do it before the capture begins, use `cudaMallocAsync` on the captured stream, or capture in \
             `cudaStreamCaptureModeRelaxed`"
                .into()
        }
        CallInCapture::Releases(..) => {
            "do it after the capture and after the last launch of its graph".into()
        }
        CallInCapture::AwaitsStream { takes_part: false, .. } => {
            "wait before the capture begins or after it has ended, or capture in \
             `cudaStreamCaptureModeRelaxed`"
                .into()
        }
        CallInCapture::AwaitsStream { .. }
        | CallInCapture::AwaitsEvent { .. }
        | CallInCapture::AwaitsDevice => {
            "wait after the launch of the graph: what is captured does not run before".into()
        }
        CallInCapture::Work(_) | CallInCapture::Records(_) => {
            format!("name {captured} here, or do it before the capture begins")
        }
        CallInCapture::Callback(_) => "use `cudaLaunchHostFunc`, which is captured".into(),
        CallInCapture::Other(_) => "do it before the capture begins".into(),
        CallInCapture::StreamWaits { .. } => {
            "wait for the event before the capture begins, or on the stream on which the graph is launched; or \
             wait with `cudaEventWaitExternal`"
                .into()
        }
        CallInCapture::Begins(_) => "capture a stream of its own: `cudaStreamCreateWithFlags`".into(),
    }
}
