//! `host-write-before-sync`: the host writes page-locked memory that device work may still be using.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::MemoryKind;
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports a host write to pinned or registered memory that an asynchronous copy or a kernel may still be reading or writing: the refilled source of a copy to the device, above all in a loop.

## Why it is wrong
An asynchronous copy from page-locked memory returns at once and reads the memory later.
What the host writes in between may be what arrives.
Measured on an NVIDIA H200: the device received the new value, 99, instead of the value at the time of the call, 1.

## Example
```cpp,misuse
void upload_all(float *d_batch, int batches, size_t n, cudaStream_t stream) {
    float *h_batch;
    cudaMallocHost(&h_batch, n * sizeof(float));
    for (int b = 0; b < batches; ++b) {
        for (size_t i = 0; i < n; ++i)
            h_batch[i] = b; //~ host-write-before-sync
        cudaMemcpyAsync(d_batch + b * n, h_batch, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    }
    cudaStreamSynchronize(stream);
    cudaFreeHost(h_batch);
}
```

## Use instead
```cpp,correct
void upload_all(float *d_batch, int batches, size_t n, cudaStream_t stream) {
    float *h_batch;
    cudaMallocHost(&h_batch, n * sizeof(float));
    for (int b = 0; b < batches; ++b) {
        cudaStreamSynchronize(stream);
        for (size_t i = 0; i < n; ++i)
            h_batch[i] = b;
        cudaMemcpyAsync(d_batch + b * n, h_batch, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    }
    cudaStreamSynchronize(stream);
    cudaFreeHost(h_batch);
}
```
Two buffers, each with an event that is waited for before the buffer is filled again, keep the overlap.

## Not reported
- Pageable sources: the driver stages them before the call returns, so this is an info, off by default. So does the launch of a graph that copies from them (measured, CUDA 13.0).
- Disjoint parts of a buffer, and double buffering with an event wait for the buffer that is written.
- Batch copies that read their source during the call.
- Managed memory: see `managed-access-in-flight`.

## Confidence
Certain if nothing waits on any path to the write, likely on some path, possible if the memory's kind is not known.

## References
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous, item 4.
- CUDA Programming Guide, Asynchronous Execution, Launching Memory Transfers in CUDA Streams.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "host-write-before-sync",
    number: Number::new(7),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "the host writes pinned memory that device work may still be using",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// Whether a conflict is what the rule is about, and how bad it is.
pub(super) fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let Access::HostWrite { .. } = conflict.access else { return None };
    let pending = &conflict.pending;
    let claim = Claim::unless_hidden(Severity::Error, conflict);
    match (conflict.object.memory, &pending.kind) {
        (Some(memory), WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel | WorkKind::Other)
            if memory.is_page_locked() =>
        {
            Some(if pending.assumed { claim.at_most(Confidence::Likely) } else { claim })
        }
        // The source of a copy to the device: staged if it is pageable.
        (Some(MemoryKind::Pageable), WorkKind::Copy { .. }) if !pending.writes => {
            Some(Claim::new(Severity::Info, conflict))
        }
        (None, WorkKind::Copy { .. }) if !pending.writes => Some(claim.at_most(Confidence::Possible)),
        _ => None,
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let label = match &conflict.access {
        Access::HostWrite { via: Some(function) } => {
            format!("{} writes {object} here, before anything waits", words::code(unqualified(function)))
        }
        _ => format!("{object} is written here, before anything waits"),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{object} is written while {} may still be {} it{}",
            words::work(pending),
            words::doing(pending),
            words::hidden(conflict)
        ),
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "call {} before this line, or use a second buffer and wait for an event recorded after {}",
            words::wait_call(pending),
            words::work(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::MemoryKind;

    #[test]
    fn the_source_of_a_copy_in_flight_must_not_change() {
        let expected = [
            (Some(MemoryKind::Pinned), "20 host-write-before-sync error certain"),
            (Some(MemoryKind::Registered), "20 host-write-before-sync error certain"),
            (Some(MemoryKind::Pageable), "20 host-write-before-sync info certain"),
            (None, "20 host-write-before-sync error possible"),
        ];
        for (memory, line) in expected {
            let object = memory.map_or_else(|| sample::unseen("h"), |memory| sample::object("h", memory));
            let facts = sample::conflicts(vec![sample::conflict(
                &sample::copy_to_device(10),
                &object,
                20,
                sample::host_write(),
            )]);
            assert_eq!(sample::lines(&facts), [line]);
        }
    }

    #[test]
    fn a_mapped_buffer_that_a_kernel_may_use_is_likely() {
        let facts = sample::conflicts(vec![sample::conflict(
            &sample::kernel(10),
            &sample::object("h", MemoryKind::Pinned),
            20,
            sample::host_write(),
        )]);
        assert_eq!(sample::lines(&facts), ["20 host-write-before-sync error likely"]);
        assert!(sample::text(&facts).contains("while kernel `scale` may still be using it"));
    }
}
