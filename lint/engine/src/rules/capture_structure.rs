//! `capture-structure`: a capture that is not ended, not where it began, or not whole.

use super::{Check, Number, Rule, RuleContext, Witness, captures, words};
use crate::facts::{CallInCapture, Fault};
use crate::order::capture::Refusal;
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports captures that give no graph because of how they are built: a stream that was forked by an event and not joined again before the end, an end on another stream than the begin, a wait that would join two captures, and a path on which a capture of a local stream never ends.
So it does of reads by the host of what a captured copy is to write, in memory that nothing else has written, before any graph is launched: what is captured does not run.

## Why it is wrong
`cudaStreamEndCapture` has to be called on the stream that the capture began on, and everything that was captured has to come before that point.
Otherwise it returns an error (904 unjoined, 903 unmatched; a wait that joins two captures returns 902), the capture is lost and there is no graph.
A stream whose capture was not ended cannot be waited for any more.

## Example
```cpp,misuse
__global__ void left(float *data) { data[threadIdx.x] *= 2; }
__global__ void right(float *data) { data[threadIdx.x] += 1; }

void record(cudaGraph_t *graph, float *d_a, float *d_b) {
    cudaStream_t stream, side;
    cudaEvent_t forked;
    cudaStreamCreate(&stream);
    cudaStreamCreate(&side);
    cudaEventCreate(&forked);
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaEventRecord(forked, stream);
    cudaStreamWaitEvent(side, forked, 0);
    left<<<1, 256, 0, stream>>>(d_a);
    right<<<1, 256, 0, side>>>(d_b);
    cudaStreamEndCapture(stream, graph); //~ capture-structure
}
```

## Use instead
```cpp,correct
__global__ void left(float *data) { data[threadIdx.x] *= 2; }
__global__ void right(float *data) { data[threadIdx.x] += 1; }

void record(cudaGraph_t *graph, float *d_a, float *d_b) {
    cudaStream_t stream, side;
    cudaEvent_t forked, joined;
    cudaStreamCreate(&stream);
    cudaStreamCreate(&side);
    cudaEventCreate(&forked);
    cudaEventCreate(&joined);
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaEventRecord(forked, stream);
    cudaStreamWaitEvent(side, forked, 0);
    left<<<1, 256, 0, stream>>>(d_a);
    right<<<1, 256, 0, side>>>(d_b);
    cudaEventRecord(joined, side);
    cudaStreamWaitEvent(stream, joined, 0);
    cudaStreamEndCapture(stream, graph);
}
```

## Not reported
- A fork in which nothing was captured.
- Captures that are begun or ended out of sight: of streams that are parameters, members, or handed to functions that are not seen.
- Paths on which a call of CUDA has failed before.
- Captures that a refused call has lost already (`capture-illegal-call`).
- An end in another thread, which is not followed.
- Reads of memory that something has written before the capture, on any path; a read behind the launch is `host-read-before-sync`.
- One executable graph that is launched on two streams: its launches are in order, which may be what is meant.

## Confidence
Certain if it is so on every path, likely if on some, possible if something out of sight was handed the captured stream.

## References
- CUDA Runtime API, `cudaStreamBeginCapture`, `cudaStreamEndCapture`.
- CUDA C++ Programming Guide, "Creating a Graph Using Stream Capture", "Cross-stream Dependencies and Events".
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "capture-structure",
    number: Number::new(28),
    category: Category::Capture,
    severity: Severity::Error,
    summary: "a capture that is not joined, ends on another stream, or does not end",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let takes = |fault: &Fault| match fault {
        Fault::Refused { refusal, .. } => *refusal == Refusal::Merge,
        Fault::Unjoined { .. }
        | Fault::EndedElsewhere { .. }
        | Fault::NotEnded
        | Fault::ReadTooEarly { .. } => true,
        Fault::BufferReleased { .. } => false,
    };
    for fault in captures::faults(context, takes) {
        let captured = words::stream(&fault.capture.stream);
        let mut related = vec![captures::begin(&fault.capture)];
        let code = |refusal: Refusal| {
            format!("returns `{}` ({}), and gives no graph", captures::code_name(refusal), refusal.code())
        };
        let (message, label, help) = match &fault.what {
            Fault::Unjoined { stream, work } => {
                let stream = words::stream(stream);
                related.extend(work.as_ref().map(|work| Related {
                    site: work.site,
                    message: format!("{} is captured on {stream}", words::work(work)),
                }));
                (
                    format!("the capture of {captured} ends while {stream} is not joined"),
                    code(Refusal::Unjoined),
                    format!("record an event on {stream}, and have {captured} wait for it before the end"),
                )
            }
            Fault::EndedElsewhere { stream, forked } => (
                format!("the capture of {captured} is ended on {}", words::stream(stream)),
                code(if *forked { Refusal::Unmatched } else { Refusal::IllegalState }),
                format!("end it on {captured}"),
            ),
            Fault::ReadTooEarly { work, object } => {
                let name = words::object(object);
                related = vec![Related {
                    site: work.site,
                    message: format!("{} is captured here, and does not run", words::work(work)),
                }];
                (
                    format!("{name} is read before a graph is launched that writes it"),
                    "nothing has written it yet".to_owned(),
                    "launch the graph and wait for it before the read".to_owned(),
                )
            }
            Fault::NotEnded => (
                format!("the capture of {captured} does not end on a path that leaves here"),
                "what was captured is lost, and so is the stream".to_owned(),
                "end the capture on every path".to_owned(),
            ),
            Fault::Refused { call: CallInCapture::StreamWaits { other, .. }, refusal, .. } => {
                related.extend(other.as_ref().map(captures::begin));
                (
                    format!("this wait would join the capture of {captured} with another one"),
                    code(*refusal),
                    "capture both streams in one capture: fork the second with an event".to_owned(),
                )
            }
            Fault::Refused { .. } | Fault::BufferReleased { .. } => continue,
        };
        related.retain(|place| place.site != fault.site);
        diagnostics.push(Diagnostic {
            rule: RULE.name,
            severity: RULE.severity,
            confidence: captures::confidence(fault),
            message,
            site: fault.site,
            label,
            related,
            help,
            witness: captures::of_fault(context, fault),
        });
    }
}
