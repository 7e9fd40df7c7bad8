//! `managed-access-in-flight`: the host touches managed memory that device work may still be using.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::MemoryKind;
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports host code that reads managed memory (`cudaMallocManaged`, `__managed__`) which a kernel, a copy or a memset may still be writing, or that writes managed memory which device work may still be using.
With `concurrent-managed-access = false` in the section `[platform]` of `cuda-lint.toml`, any access of the host to managed memory while a kernel may be running.

## Why it is wrong
Managed memory moves by itself between host and device; it does not wait by itself.
A launch returns at once, so the host reads what was there before the kernel, or the kernel reads what the host writes too early.
Where the device attribute `concurrentManagedAccess` is 0 (Windows, Tegra, devices before Pascal), the access is a segmentation fault.

## Example
```cpp,misuse
__global__ void sum(const float *data, float *total) { atomicAdd(total, data[threadIdx.x]); }

float total(const float *d_data, cudaStream_t stream) {
    float *result;
    cudaMallocManaged(&result, sizeof(float));
    *result = 0;
    sum<<<1, 256, 0, stream>>>(d_data, result);
    float value = *result; //~ managed-access-in-flight
    cudaStreamSynchronize(stream);
    cudaFree(result);
    return value;
}
```

## Use instead
```cpp,correct
__global__ void sum(const float *data, float *total) { atomicAdd(total, data[threadIdx.x]); }

float total(const float *d_data, cudaStream_t stream) {
    float *result;
    cudaMallocManaged(&result, sizeof(float));
    *result = 0;
    sum<<<1, 256, 0, stream>>>(d_data, result);
    cudaStreamSynchronize(stream);
    float value = *result;
    cudaFree(result);
    return value;
}
```

## Not reported
- Accesses after a wait of the host that covers the work.
- Memory that both sides only read.
- `cudaMemPrefetchAsync` and `cudaMemAdvise`: they change no data.
- Accesses through `volatile` pointers and atomics: they are meant to meet the kernel.
- Other managed memory than that which the pending work gets, unless the configuration says that the platform has no concurrent managed access; then, memory that is attached to the host or to one stream, and memory whose address something unseen has.
- Code that runs only where `concurrentManagedAccess` is 1, if the configuration says that it is 0.
- Kernels that reach managed memory other than through a pointer argument.

## Confidence
Certain if nothing waits on any path to the access, likely on some path, or if the kernel's body does not tell which arguments it writes.

## References
- CUDA Programming Guide, Unified Memory, Coherency and Concurrency; Unified Memory on Devices without Full Support.
- CUDA Runtime API, `cudaStreamAttachMemAsync`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "managed-access-in-flight",
    number: Number::new(10),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "the host touches managed memory that device work may still be using",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let pending = &conflict.pending;
    match conflict.access {
        Access::HostRead { .. } if pending.writes => {}
        Access::HostWrite { .. } => {}
        _ => return None,
    }
    if conflict.exclusive {
        return Some(Claim::unless_hidden(Severity::Error, conflict));
    }
    if conflict.object.memory != Some(MemoryKind::Managed) {
        return None;
    }
    let claim = Claim::unless_hidden(Severity::Error, conflict);
    match pending.kind {
        // The other side is pageable: the copy might have been synchronous.
        WorkKind::Copy { pageable: true, .. } => Some(Claim::new(Severity::Warning, conflict)),
        WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel if pending.assumed => {
            Some(claim.at_most(Confidence::Likely))
        }
        WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel => Some(claim),
        WorkKind::Other => Some(claim.at_most(Confidence::Possible)),
        WorkKind::HostFunction | WorkKind::Allocation => None,
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let (verb, via) = match &conflict.access {
        Access::HostWrite { via } => ("written", via.as_deref()),
        Access::HostRead { via, .. } => ("read", via.as_deref()),
        _ => ("used", None),
    };
    let label = match via {
        Some(function) => {
            format!(
                "{object} is {verb} by {} here, before anything waits",
                words::code(unqualified(function))
            )
        }
        None => format!("{object} is {verb} here, before anything waits"),
    };
    let message = if conflict.exclusive {
        format!(
            "managed memory {object} is {verb} by the host while {} may still be running: on this platform, the host \
             may touch none{}",
            words::work(pending),
            words::hidden(conflict)
        )
    } else {
        format!(
            "managed memory {object} is {verb} by the host while {} may still be {} it{}",
            words::work(pending),
            words::doing(pending),
            words::hidden(conflict)
        )
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message,
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "call {} before this line: managed memory moves by itself, but does not wait by itself",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, FreeWith, MemoryKind};
    use crate::facts::{Paths, Work};

    #[test]
    fn reads_and_writes_under_a_kernel_are_errors() {
        let managed = sample::object("m", MemoryKind::Managed);
        let kernel = Work { assumed: false, ..sample::kernel(10) };
        for access in [sample::host_read(), sample::host_write()] {
            let facts = sample::conflicts(vec![sample::conflict(&kernel, &managed, 20, access)]);
            assert_eq!(sample::lines(&facts), ["20 managed-access-in-flight error certain"]);
        }
    }

    #[test]
    fn an_assumed_write_or_one_path_is_likely() {
        let managed = sample::object("m", MemoryKind::Managed);
        let assumed = sample::conflict(&sample::kernel(10), &managed, 20, sample::host_read());
        let facts = sample::conflicts(vec![assumed.clone()]);
        assert_eq!(sample::lines(&facts), ["20 managed-access-in-flight error likely"]);
        let mut some = assumed;
        some.pending.assumed = false;
        some.paths = Paths::Some;
        assert_eq!(
            sample::lines(&sample::conflicts(vec![some])),
            ["20 managed-access-in-flight error likely"]
        );
    }

    #[test]
    fn both_reading_is_fine() {
        let reads = Work { writes: false, assumed: false, ..sample::kernel(10) };
        let managed = sample::object("m", MemoryKind::Managed);
        let facts = sample::conflicts(vec![sample::conflict(&reads, &managed, 20, sample::host_read())]);
        assert!(sample::lines(&facts).is_empty());
    }

    #[test]
    fn a_copy_with_pageable_memory_may_have_waited() {
        let copy = Work { writes: true, ..sample::copy(10, Some(Direction::HostToDevice), true) };
        let managed = sample::object("m", MemoryKind::Managed);
        let facts = sample::conflicts(vec![sample::conflict(&copy, &managed, 20, sample::host_read())]);
        assert_eq!(sample::lines(&facts), ["20 managed-access-in-flight warning certain"]);
    }

    #[test]
    fn other_memory_and_releases_belong_to_other_rules() {
        let kernel = Work { assumed: false, ..sample::kernel(10) };
        let pinned = sample::object("h", MemoryKind::Pinned);
        let facts = sample::conflicts(vec![sample::conflict(&kernel, &pinned, 20, sample::host_read())]);
        assert_eq!(sample::lines(&facts), ["20 host-read-before-sync error certain"]);
        let managed = sample::object("m", MemoryKind::Managed);
        let free = sample::release_call(FreeWith::CudaFree, "cudaFree");
        let facts = sample::conflicts(vec![sample::conflict(&kernel, &managed, 20, free)]);
        assert_eq!(sample::lines(&facts), ["20 free-while-in-flight warning certain"]);
    }
}
