//! `nonblocking-vs-default-race`: a non-blocking stream and the legacy default stream touch the same memory.

use super::cross_stream_unordered::order_help;
use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::Direction;
use crate::facts::{Access, Conflict, Stream, Work, WorkKind};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports an operation on a stream of `cudaStreamNonBlocking` and one on the legacy default stream (stream 0, synchronous calls among them) that touch the same memory with nothing to order them.

## Why it is wrong
The legacy default stream orders itself with all other streams except the non-blocking ones.
Synchronous calls do not help either: `cudaMemset` and a device-to-device `cudaMemcpy` return before they are done, and `cudaMemcpy` to the host does not wait for a non-blocking stream.
Measured on an NVIDIA H200: the kernel read the memory before a `cudaMemset` of it was done, and `cudaMemcpy` read the result before the kernel had written it.

## Example
```cpp,misuse
__global__ void histogram(const int *values, int *bins) { atomicAdd(&bins[values[threadIdx.x]], 1); }

void run(const int *d_values, int *d_bins) {
    cudaStream_t stream;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudaMemset(d_bins, 0, 64 * sizeof(int));
    histogram<<<1, 256, 0, stream>>>(d_values, d_bins); //~ nonblocking-vs-default-race
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
}
```

## Use instead
```cpp,correct
__global__ void histogram(const int *values, int *bins) { atomicAdd(&bins[values[threadIdx.x]], 1); }

void run(const int *d_values, int *d_bins) {
    cudaStream_t stream;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudaMemsetAsync(d_bins, 0, 64 * sizeof(int), stream);
    histogram<<<1, 256, 0, stream>>>(d_values, d_bins);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
}
```

## Not reported
- Blocking streams (`cudaStreamCreate`), which the legacy default stream orders.
- A synchronous copy to the host, or to the device from pinned memory, before the non-blocking stream's work: it is complete when it returns.
- A synchronous copy to the device from other memory: an info, off by default, since none was seen to be late up to 128 KiB.
- Builds with per-thread default streams: see `cross-stream-unordered`.

## Confidence
Certain if nothing orders the two on any path, likely on some path.

## References
- CUDA Runtime API, Stream synchronization behavior.
- CUDA Runtime API, API synchronization behavior, Memset, and Memcpy, synchronous.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "nonblocking-vs-default-race",
    number: Number::new(13),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "a non-blocking stream and the legacy default stream touch the same memory, and nothing orders them",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// True if one of the two is on the legacy default stream and the other on a non-blocking stream.
pub(super) fn applies(first: &Work, second: &Work) -> bool {
    let non_blocking = |work: &Work| matches!(work.stream, Stream::Created { non_blocking: Some(true), .. });
    let legacy = |work: &Work| work.stream == Stream::Legacy;
    (legacy(first) && non_blocking(second)) || (non_blocking(first) && legacy(second))
}

pub(super) fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let Access::Device(second) = &conflict.access else { return None };
    let first = &conflict.pending;
    if !applies(first, second)
        || matches!(first.kind, WorkKind::HostFunction | WorkKind::Allocation)
        || second.kind == WorkKind::HostFunction
    {
        return None;
    }
    let severity = match first.kind {
        // A synchronous copy from pageable memory returns once its source is read.
        WorkKind::Copy { direction: Some(Direction::HostToDevice), synchronous_form: true, .. } => {
            Severity::Info
        }
        WorkKind::Copy { pageable: true, .. } => Severity::Warning,
        _ => both_assumed(first, second),
    };
    Some(Claim::unless_hidden(severity, conflict))
}

/// Two kernels that are only assumed to write may touch disjoint parts.
fn both_assumed(first: &Work, second: &Work) -> Severity {
    let assumed = |work: &Work| work.kind == WorkKind::Kernel && work.assumed;
    if assumed(first) && assumed(second) { Severity::Warning } else { Severity::Error }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let first = &conflict.pending;
    let second = words::second(conflict);
    let object = words::object(&conflict.object);
    let created = if first.stream == Stream::Legacy { second } else { first };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{} uses {object} while {} may still be {} it: {} is non-blocking, so the default stream does not \
             order them{}",
            words::work(second),
            words::work(first),
            words::doing(first),
            words::stream(&created.stream),
            words::hidden(conflict)
        ),
        site: conflict.site,
        label: format!("nothing orders this after {}", words::work(first)),
        related: words::story(case),
        help: help(first, second),
        witness: conflict.witness.clone(),
    }
}

fn help(first: &Work, second: &Work) -> String {
    let default = if first.stream == Stream::Legacy { first } else { second };
    let created = if first.stream == Stream::Legacy { second } else { first };
    let name = match &created.stream {
        Stream::Created { name, .. } if !name.is_empty() => words::code(name),
        _ => "the non-blocking stream".into(),
    };
    match &default.kind {
        WorkKind::Fill | WorkKind::Copy { synchronous_form: true, .. } => {
            format!(
                "use {} on {name}",
                words::code(&format!("{}Async", default.name.trim_end_matches("Async")))
            )
        }
        _ => order_help(first, second),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::program::SiteId;

    fn lines(first: Work, second: Work) -> Vec<String> {
        let device = sample::object("d", MemoryKind::Device);
        let site = second.site.0;
        sample::lines(&sample::conflicts(vec![sample::conflict(
            &first,
            &device,
            site,
            Access::Device(second),
        )]))
    }

    fn memset() -> Work {
        Work {
            site: SiteId(10),
            kind: WorkKind::Fill,
            name: "cudaMemset".into(),
            stream: Stream::Legacy,
            stream_omitted: false,
            left_out_by: None,
            writes: true,
            assumed: false,
            lent: Default::default(),
            captured_at: None,
        }
    }

    fn non_blocking() -> Stream {
        sample::stream("s", 2, true)
    }

    #[test]
    fn a_memset_before_a_non_blocking_kernel_is_an_error() {
        let kernel = sample::on(sample::kernel(20), non_blocking());
        assert_eq!(lines(memset(), kernel.clone()), ["20 nonblocking-vs-default-race error certain"]);
        let device = sample::object("d", MemoryKind::Device);
        let facts = sample::conflicts(vec![sample::conflict(&memset(), &device, 20, Access::Device(kernel))]);
        assert!(sample::text(&facts).contains("use `cudaMemsetAsync` on `s`"));
    }

    #[test]
    fn a_copy_to_the_host_does_not_wait_for_a_non_blocking_kernel() {
        let kernel = sample::on(sample::kernel(10), non_blocking());
        let mut copy = sample::on(sample::copy_to_host(20), Stream::Legacy);
        copy.kind = WorkKind::Copy {
            direction: Some(Direction::DeviceToHost),
            synchronous_form: true,
            pageable: true,
        };
        assert_eq!(lines(kernel, copy), ["20 nonblocking-vs-default-race error certain"]);
    }

    #[test]
    fn a_synchronous_upload_is_an_info() {
        let mut copy = sample::on(sample::copy_to_device(10), Stream::Legacy);
        copy.kind = WorkKind::Copy {
            direction: Some(Direction::HostToDevice),
            synchronous_form: true,
            pageable: true,
        };
        let kernel = sample::on(sample::kernel(20), non_blocking());
        assert_eq!(lines(copy, kernel), ["20 nonblocking-vs-default-race info certain"]);
    }

    #[test]
    fn the_per_thread_default_stream_is_not_meant() {
        let memset = sample::on(memset(), Stream::PerThread);
        let kernel = sample::on(sample::kernel(20), non_blocking());
        assert_eq!(lines(memset, kernel), ["20 cross-stream-unordered error certain"]);
    }
}
