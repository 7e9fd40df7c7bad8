//! `async-alloc-misuse`: stream-ordered memory is used or freed outside of the order that it lives in.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::facts::{Access, Conflict, ReleaseKind, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports memory of `cudaMallocAsync` and its kin
- that another stream uses without being ordered after the allocation,
- that `cudaFreeAsync` frees on a stream which is not ordered after all work that uses it,
- that `cudaFree` frees while work that uses it may still be running;

and `cudaFreeAsync` of other memory on such a stream.

## Why it is wrong
Such memory exists only between its allocation and its free, in the order of their streams.
Outside of that, the address belongs to nobody or to the next allocation, which is then overwritten.
`cudaFree` does not wait for stream-ordered memory.
Measured on an NVIDIA H200: it returned after 0.1 ms with the memory in use, the address was handed out again, and the new owner was overwritten.

## Example
```cpp,misuse
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run() {
    float *d_data;
    cudaStream_t compute, cleanup;
    cudaStreamCreate(&compute);
    cudaStreamCreate(&cleanup);
    cudaMallocAsync(&d_data, 256 * sizeof(float), compute);
    scale<<<1, 256, 0, compute>>>(d_data);
    cudaFreeAsync(d_data, cleanup); //~ async-alloc-misuse
    cudaDeviceSynchronize();
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run() {
    float *d_data;
    cudaStream_t compute, cleanup;
    cudaStreamCreate(&compute);
    cudaStreamCreate(&cleanup);
    cudaMallocAsync(&d_data, 256 * sizeof(float), compute);
    scale<<<1, 256, 0, compute>>>(d_data);
    cudaFreeAsync(d_data, compute);
    cudaDeviceSynchronize();
}
```
Where it has to be another stream, record an event behind the last use and let that stream wait for it.

## Not reported
- Allocation, use and free on one stream.
- Streams that events order, the legacy default stream orders, or the host has waited for in between.
- Streams that may be the same one: parameters, members, results of calls. What a caller passes is neither a non-blocking stream that is made afterwards nor ordered with one.
- Work that is enqueued after the free: `device-use-after-free` reports it.

## Confidence
Certain if it holds on every path to the line, likely on some path, possible if library work or a host function is one of the two.

## References
- CUDA Programming Guide, Stream-Ordered Memory Allocator.
- CUDA Runtime API, `cudaMallocAsync`, `cudaFreeAsync`, `cudaFree`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "async-alloc-misuse",
    number: Number::new(21),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "stream-ordered memory is used or freed outside of the order of its stream",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

pub(super) fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let stream_ordered = conflict.object.memory == Some(MemoryKind::DeviceStreamOrdered);
    match &conflict.access {
        Access::Release(ReleaseKind::Call(FreeWith::CudaFreeAsync, _)) => {}
        Access::Release(ReleaseKind::Call(FreeWith::CudaFree, _)) if stream_ordered => {}
        Access::Device(_) if conflict.pending.kind == WorkKind::Allocation => {}
        _ => return None,
    }
    let claim = Claim::unless_hidden(Severity::Error, conflict);
    let opaque = |kind: &WorkKind| matches!(kind, WorkKind::Other | WorkKind::HostFunction);
    let second = matches!(&conflict.access, Access::Device(work) if opaque(&work.kind));
    match conflict.pending.kind {
        // With pageable memory at its other end, the copy may have waited.
        WorkKind::Copy { pageable: true, .. } => Some(Claim::new(Severity::Warning, conflict)),
        _ if second || opaque(&conflict.pending.kind) => Some(claim.at_most(Confidence::Possible)),
        _ => Some(claim),
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let hidden = words::hidden(conflict);
    let work = words::work(pending);
    let from = words::stream(&pending.stream);
    let (message, label, help) = match &conflict.access {
        Access::Device(second) => {
            let to = words::stream(&second.stream);
            (
                format!(
                    "{} uses {object} on {to}, which is not ordered after its allocation by {work} on {from}{hidden}",
                    words::work(second)
                ),
                format!("{object} may not exist yet on {to}"),
                format!(
                    "allocate {object} on the stream that uses it, or record an event after {work} and let the \
                     second stream wait for it before this line"
                ),
            )
        }
        Access::Release(ReleaseKind::Call(FreeWith::CudaFree, function)) => (
            format!(
                "{object} is freed while {work} may still be using it: {} does not wait for stream-ordered memory{hidden}",
                words::code(function)
            ),
            format!("{object} may be handed out again while it is in use"),
            format!(
                "call {} before this line, or free it with `cudaFreeAsync` on {from}",
                words::wait_call(pending)
            ),
        ),
        _ if pending.kind == WorkKind::Allocation => (
            format!(
                "{object} is freed on a stream that is not ordered after its allocation on {from}{hidden}"
            ),
            format!("nothing orders this after {work}"),
            format!("free it on {from}, or let this stream wait for an event recorded after {work}"),
        ),
        _ => (
            format!(
                "{object} is freed on a stream that does not wait for {work} on {from}, which uses it{hidden}"
            ),
            format!("nothing orders this after {work}"),
            format!("free it on {from}, or let this stream wait for an event recorded after its last use"),
        ),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message,
        site: conflict.site,
        label,
        related: words::story(case),
        help,
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Work;

    fn memory() -> crate::facts::Object {
        sample::object("d", MemoryKind::DeviceStreamOrdered)
    }

    fn allocation() -> Work {
        Work {
            kind: WorkKind::Allocation,
            name: "cudaMallocAsync".into(),
            assumed: false,
            ..sample::on(sample::kernel(5), sample::stream("a", 1, false))
        }
    }

    #[test]
    fn a_use_that_does_not_wait_for_the_allocation_is_an_error() {
        let kernel = sample::on(sample::kernel(20), sample::stream("b", 2, false));
        let facts =
            sample::conflicts(vec![sample::conflict(&allocation(), &memory(), 20, Access::Device(kernel))]);
        assert_eq!(sample::lines(&facts), ["20 async-alloc-misuse error certain"]);
        assert!(sample::text(&facts).contains("not ordered after its allocation by `cudaMallocAsync`"));
    }

    #[test]
    fn a_non_blocking_stream_and_the_default_stream_make_no_difference() {
        let second = Work { stream: crate::facts::Stream::Legacy, ..sample::kernel(20) };
        let first = sample::on(allocation(), sample::stream("a", 1, true));
        let facts = sample::conflicts(vec![sample::conflict(&first, &memory(), 20, Access::Device(second))]);
        assert_eq!(sample::lines(&facts), ["20 async-alloc-misuse error certain"]);
    }

    #[test]
    fn both_frees_are_errors() {
        for (with, name) in [(FreeWith::CudaFree, "cudaFree"), (FreeWith::CudaFreeAsync, "cudaFreeAsync")] {
            let free = sample::release_call(with, name);
            let facts = sample::conflicts(vec![sample::conflict(&sample::kernel(10), &memory(), 20, free)]);
            assert_eq!(sample::lines(&facts), ["20 async-alloc-misuse error certain"]);
        }
    }

    #[test]
    fn a_plain_free_of_other_memory_belongs_to_another_rule() {
        let device = sample::object("d", MemoryKind::Device);
        let free = sample::release_call(FreeWith::CudaFree, "cudaFree");
        let facts = sample::conflicts(vec![sample::conflict(&sample::kernel(10), &device, 20, free)]);
        assert_eq!(sample::lines(&facts), ["20 free-while-in-flight warning certain"]);
    }

    #[test]
    fn a_pageable_copy_may_have_waited() {
        let free = sample::release_call(FreeWith::CudaFreeAsync, "cudaFreeAsync");
        let copy = sample::copy(10, Some(crate::cuda::row::Direction::DeviceToHost), true);
        let facts = sample::conflicts(vec![sample::conflict(&copy, &memory(), 20, free)]);
        assert_eq!(sample::lines(&facts), ["20 async-alloc-misuse warning certain"]);
    }
}
