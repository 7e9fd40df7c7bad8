//! `free-while-in-flight`: device memory is freed while device work may still be using it.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, temporary_source, words};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, ReleaseKind, WorkKind};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports `cudaFree` of memory that a copy, a memset or a kernel may still be using.

## Why it is wrong
`cudaFree` "may perform implicit synchronization": it is allowed not to wait.
Measured on an NVIDIA H200, it did wait for the whole device, other streams and non-blocking ones included, so the code works today, at that price.
The same code frees memory in use as soon as the allocation comes from `cudaMallocAsync` or a pool, where `cudaFree` was measured not to wait.

## Example
```cpp,misuse
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

void run(cudaStream_t stream) {
    float *d_data;
    cudaMalloc(&d_data, 256 * sizeof(float));
    scale<<<1, 256, 0, stream>>>(d_data, 2.0f);
    cudaFree(d_data); //~ free-while-in-flight
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

void run(cudaStream_t stream) {
    float *d_data;
    cudaMalloc(&d_data, 256 * sizeof(float));
    scale<<<1, 256, 0, stream>>>(d_data, 2.0f);
    cudaStreamSynchronize(stream);
    cudaFree(d_data);
}
```
`cudaMallocAsync` and `cudaFreeAsync` on the same stream need no wait.

## Not reported
- Frees after a wait of the host that covers the work.
- `cudaFreeAsync`, and memory of `cudaMallocAsync`: see `async-alloc-misuse`.
- Memory that only a copy from or to pageable memory may still be using: such a copy may have waited.
- Pinned memory: see `host-buffer-released-in-flight`.

## Confidence
Certain if nothing waits on any path to the free, likely on some path.

## References
- CUDA Runtime API, `cudaFree`.
- CUDA Programming Guide, Stream-Ordered Memory Allocation.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "free-while-in-flight",
    number: Number::new(20),
    category: Category::Lifetime,
    severity: Severity::Warning,
    summary: "device memory is freed while device work may still be using it",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReliedOnWait,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if temporary_source::is_short(conflict) { None } else { freed(conflict) }
}

/// The claim for device memory that is freed, whatever it goes with.
pub(super) fn freed(conflict: &Conflict) -> Option<Claim> {
    let Access::Release(how) = &conflict.access else { return None };
    match (how, conflict.object.memory) {
        (
            ReleaseKind::Call(FreeWith::CudaFree, _),
            Some(MemoryKind::Device | MemoryKind::Managed) | None,
        )
        | (ReleaseKind::Call(FreeWith::CudaFreeArray, _), Some(MemoryKind::Array) | None)
        // The destructor of a device container.
        | (ReleaseKind::Container(_), Some(MemoryKind::Device)) => {}
        _ => return None,
    }
    match conflict.pending.kind {
        // Such a copy might have been synchronous: two undocumented waits stand between it and harm.
        WorkKind::Copy { pageable: true, .. } => Some(Claim::new(Severity::Info, conflict)),
        WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel | WorkKind::Other => {
            Some(Claim::new(Severity::Warning, conflict))
        }
        WorkKind::HostFunction | WorkKind::Allocation => None,
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let function = match &conflict.access {
        Access::Release(ReleaseKind::Call(_, function)) => words::code(function),
        Access::Release(ReleaseKind::Container(function)) => words::code(unqualified(function)),
        _ => "this".into(),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{object} is freed while {} may still be using it: {function} may wait, but is not documented to",
            words::work(pending)
        ),
        site: conflict.site,
        label: format!("{object} is freed here, before anything waits"),
        related: words::story(case),
        help: format!(
            "call {} before this line, or allocate with `cudaMallocAsync` and free with `cudaFreeAsync` on that \
             stream",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, FreeWith, MemoryKind};
    use crate::facts::{Access, ReleaseKind};

    #[test]
    fn memory_in_use_is_a_warning_whoever_uses_it() {
        let device = sample::object("d", MemoryKind::Device);
        for pending in [sample::kernel(10), sample::copy_to_device(10), sample::copy_to_host(10)] {
            let facts = sample::conflicts(vec![sample::conflict(
                &pending,
                &device,
                20,
                sample::release_call(FreeWith::CudaFree, "cudaFree"),
            )]);
            assert_eq!(sample::lines(&facts), ["20 free-while-in-flight warning certain"]);
        }
    }

    #[test]
    fn several_users_of_one_allocation_are_one_diagnostic() {
        let device = sample::object("d", MemoryKind::Device);
        let free = sample::release_call(FreeWith::CudaFree, "cudaFree");
        let facts = sample::conflicts(vec![
            sample::conflict(&sample::kernel(10), &device, 20, free.clone()),
            sample::conflict(&sample::copy_to_host(12), &device, 20, free),
        ]);
        assert_eq!(sample::lines(&facts), ["20 free-while-in-flight warning certain"]);
    }

    #[test]
    fn a_pageable_copy_may_have_waited() {
        let facts = sample::conflicts(vec![sample::conflict(
            &sample::copy(10, Some(Direction::HostToDevice), true),
            &sample::object("d", MemoryKind::Device),
            20,
            sample::release_call(FreeWith::CudaFree, "cudaFree"),
        )]);
        assert_eq!(sample::lines(&facts), ["20 free-while-in-flight info certain"]);
    }

    #[test]
    fn stream_ordered_memory_belongs_to_another_rule() {
        for (memory, how) in [
            (MemoryKind::DeviceStreamOrdered, ReleaseKind::Call(FreeWith::CudaFree, "cudaFree".into())),
            (MemoryKind::Device, ReleaseKind::Call(FreeWith::CudaFreeAsync, "cudaFreeAsync".into())),
        ] {
            let facts = sample::conflicts(vec![sample::conflict(
                &sample::kernel(10),
                &sample::object("d", memory),
                20,
                Access::Release(how),
            )]);
            assert_eq!(sample::lines(&facts), ["20 async-alloc-misuse error certain"]);
        }
    }
}
