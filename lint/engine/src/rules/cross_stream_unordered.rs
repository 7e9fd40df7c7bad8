//! `cross-stream-unordered`: operations on two streams touch the same memory, and nothing orders them.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, nonblocking_vs_default_race, words};
use crate::cuda::row::Direction;
use crate::facts::{Access, Conflict, Stream, Work, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports an operation that touches memory which an operation on another stream may still be using, at least one of them writing, with no event and no wait between them.
Operations that are captured on two streams are held against each other where their graph is launched: its nodes run in any order unless events ordered them in the capture.

## Why it is wrong
CUDA tracks no dependencies of data: operations on different streams run in any order, also if one needs the other's result.
Two streams of `cudaStreamCreate` do not order each other; only the legacy default stream orders itself with them.
Measured on an NVIDIA H200: a copy on the second stream read the old data.

## Example
```cpp,misuse
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

void run(float *d_data, const float *h_pinned) {
    cudaStream_t upload, compute;
    cudaStreamCreate(&upload);
    cudaStreamCreate(&compute);
    cudaMemcpyAsync(d_data, h_pinned, 256 * sizeof(float), cudaMemcpyHostToDevice, upload);
    scale<<<1, 256, 0, compute>>>(d_data, 2.0f); //~ cross-stream-unordered
    cudaDeviceSynchronize();
    cudaStreamDestroy(upload);
    cudaStreamDestroy(compute);
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

void run(float *d_data, const float *h_pinned) {
    cudaStream_t upload, compute;
    cudaEvent_t uploaded;
    cudaStreamCreate(&upload);
    cudaStreamCreate(&compute);
    cudaEventCreateWithFlags(&uploaded, cudaEventDisableTiming);
    cudaMemcpyAsync(d_data, h_pinned, 256 * sizeof(float), cudaMemcpyHostToDevice, upload);
    cudaEventRecord(uploaded, upload);
    cudaStreamWaitEvent(compute, uploaded, 0);
    scale<<<1, 256, 0, compute>>>(d_data, 2.0f);
    cudaDeviceSynchronize();
    cudaEventDestroy(uploaded);
    cudaStreamDestroy(upload);
    cudaStreamDestroy(compute);
}
```

## Not reported
- Operations that an event, a wait of the host, or the legacy default stream orders.
- Operations that both read, and parts of a buffer that are proven to be disjoint.
- Streams whose origin is not seen: parameters, members, results of calls; they may be the same stream (possible).
- Nodes of a graph that nothing is seen to launch, and nodes that are added by hand.
- A non-blocking stream and the legacy default stream: see `nonblocking-vs-default-race`.

## Confidence
Certain if nothing orders the two on any path, likely on some path, possible where they may touch different parts of the buffer.
A warning if both are kernels that are only assumed to write, or if one is a copy of pageable memory, which may have waited.

## References
- CUDA Runtime API, Stream synchronization behavior.
- CUDA Programming Guide, Asynchronous Execution, CUDA Events.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cross-stream-unordered",
    number: Number::new(12),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "operations on two streams touch the same memory, and nothing orders them",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// Whether a conflict is what the rule is about, and how bad it is.
pub(super) fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let Access::Device(second) = &conflict.access else { return None };
    let first = &conflict.pending;
    if nonblocking_vs_default_race::applies(first, second)
        || first.kind == WorkKind::Allocation
        || conflict.forgotten.is_some()
    {
        return None;
    }
    let kernels = [first, second].iter().all(|work| work.kind == WorkKind::Kernel && work.assumed);
    let pageable =
        [first, second].iter().any(|work| matches!(work.kind, WorkKind::Copy { pageable: true, .. }));
    let severity = match first.kind {
        // Complete when it returns, or nearly so: see the other rule, which has it for the legacy stream.
        WorkKind::Copy { direction: Some(Direction::HostToDevice), synchronous_form: true, .. } => {
            Severity::Info
        }
        _ if kernels || pageable => Severity::Warning,
        _ => Severity::Error,
    };
    let claim = Claim::unless_hidden(severity, conflict);
    let opaque = [first, second]
        .iter()
        .any(|work| matches!(work.stream, Stream::Unseen { .. }) || work.kind == WorkKind::HostFunction);
    let undecided = is_undecided(first, second) || is_undecided(second, first);
    // One launch on several streams, as in a loop over streams or devices, works on parts that its other
    // arguments choose.
    let same_launch = kernels && first.site == second.site;
    Some(if opaque || undecided || same_launch { claim.at_most(Confidence::Possible) } else { claim })
}

/// True if whether the two are ordered rests on flags that are not a constant.
fn is_undecided(default: &Work, created: &Work) -> bool {
    default.stream == Stream::Legacy && matches!(created.stream, Stream::Created { non_blocking: None, .. })
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let first = &conflict.pending;
    let second = words::second(conflict);
    let object = words::object(&conflict.object);
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{} on {} uses {object} while {} on {} may still be {} it{}",
            words::work(second),
            words::stream(&second.stream),
            words::work(first),
            words::stream(&first.stream),
            words::doing(first),
            words::hidden(conflict)
        ),
        site: conflict.site,
        label: format!("nothing orders this after {}", words::work(first)),
        related: words::story(case),
        help: order_help(first, second),
        witness: conflict.witness.clone(),
    }
}

/// How to order two operations of two streams.
pub(super) fn order_help(first: &Work, second: &Work) -> String {
    let argument = |work: &Work| match &work.stream {
        Stream::Created { name, .. } | Stream::Unseen { name } if !name.is_empty() => name.clone(),
        Stream::PerThread => "cudaStreamPerThread".into(),
        Stream::Legacy => "0".into(),
        _ => "…".into(),
    };
    let (from, to) = (argument(first), argument(second));
    let events = format!(
        "record an event after {} (`cudaEventRecord(event, {from})`) and let the second stream wait for it before \
         this line (`cudaStreamWaitEvent({to}, event)`)",
        words::work(first)
    );
    if second.stream_omitted {
        format!("{events}, or give {} the stream {}", words::work(second), words::code(&from))
    } else if first.stream_omitted {
        format!("{events}, or give {} the stream {}", words::work(first), words::code(&to))
    } else {
        events
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, MemoryKind};
    use crate::facts::{Access, Conflict, Stream, Work, WorkKind};

    fn conflict(first: Work, second: Work) -> Conflict {
        let device = sample::object("d", MemoryKind::Device);
        let site = second.site.0;
        sample::conflict(&first, &device, site, Access::Device(second))
    }

    fn lines(conflict: Conflict) -> Vec<String> {
        sample::lines(&sample::conflicts(vec![conflict]))
    }

    fn two_streams(first: Work, second: Work) -> Conflict {
        conflict(
            sample::on(first, sample::stream("s1", 1, false)),
            sample::on(second, sample::stream("s2", 2, false)),
        )
    }

    #[test]
    fn a_copy_and_a_kernel_on_two_streams_are_an_error() {
        let conflict = two_streams(sample::copy_to_device(10), sample::kernel(20));
        assert_eq!(lines(conflict.clone()), ["20 cross-stream-unordered error certain"]);
        let text = sample::text(&sample::conflicts(vec![conflict]));
        assert!(
            text.contains("`cudaEventRecord(event, s1)`")
                && text.contains("`cudaStreamWaitEvent(s2, event)`")
        );
    }

    #[test]
    fn two_kernels_that_may_not_write_are_a_warning() {
        assert_eq!(
            lines(two_streams(sample::kernel(10), sample::kernel(20))),
            ["20 cross-stream-unordered warning certain"]
        );
        let writer = Work { assumed: false, ..sample::kernel(10) };
        assert_eq!(
            lines(two_streams(writer, sample::kernel(20))),
            ["20 cross-stream-unordered error certain"]
        );
    }

    #[test]
    fn a_pageable_copy_may_have_waited() {
        let copy = sample::copy(10, Some(Direction::HostToDevice), true);
        assert_eq!(
            lines(two_streams(copy, sample::kernel(20))),
            ["20 cross-stream-unordered warning certain"]
        );
    }

    #[test]
    fn a_synchronous_upload_is_an_info() {
        let mut copy = sample::copy_to_device(10);
        copy.kind = WorkKind::Copy {
            direction: Some(Direction::HostToDevice),
            synchronous_form: true,
            pageable: true,
        };
        assert_eq!(lines(two_streams(copy, sample::kernel(20))), ["20 cross-stream-unordered info certain"]);
    }

    #[test]
    fn streams_that_are_not_seen_may_be_one() {
        let unseen = Stream::Unseen { name: "stream_".into() };
        let conflict = conflict(
            sample::on(sample::copy_to_device(10), unseen),
            sample::on(sample::kernel(20), sample::stream("s2", 2, false)),
        );
        assert_eq!(lines(conflict), ["20 cross-stream-unordered error possible"]);
    }

    #[test]
    fn one_launch_on_several_streams_is_possible() {
        assert_eq!(
            lines(two_streams(sample::kernel(20), sample::kernel(20))),
            ["20 cross-stream-unordered warning possible"]
        );
    }

    #[test]
    fn overlap_that_is_not_proven_is_possible() {
        let mut conflict = two_streams(sample::copy_to_device(10), sample::kernel(20));
        conflict.overlap = false;
        assert_eq!(lines(conflict), ["20 cross-stream-unordered error possible"]);
    }

    #[test]
    fn the_per_thread_default_stream_is_a_stream_like_others() {
        let mut kernel = sample::on(sample::kernel(20), Stream::PerThread);
        kernel.stream_omitted = true;
        let conflict =
            conflict(sample::on(sample::copy_to_device(10), sample::stream("s1", 1, true)), kernel);
        assert_eq!(lines(conflict.clone()), ["20 cross-stream-unordered error certain"]);
        assert!(
            sample::text(&sample::conflicts(vec![conflict])).contains("give kernel `scale` the stream `s1`")
        );
    }
}
