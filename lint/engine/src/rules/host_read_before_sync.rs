//! `host-read-before-sync`: the host reads page-locked memory that device work may still be writing.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, async_result_escapes, words};
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports a host read of pinned or registered memory that an asynchronous copy, a memset or a kernel may still be writing.

## Why it is wrong
An asynchronous copy into page-locked memory returns at once, while the data is still on its way.
The read gives whatever stood in the buffer before.
Only a wait of the host for that work orders the read after it: `cudaStreamSynchronize` for its stream, `cudaEventSynchronize` for an event recorded after it, `cudaDeviceSynchronize`, or a query that returned success.
`cudaGetLastError`, `cudaStreamDestroy`, `cudaStreamWaitEvent`, `cudaEventRecord` alone, and a wait for another stream do not.
Measured on an NVIDIA H200: with the stream held, the read gave 0 instead of 7.

## Example
```cpp,misuse
float first_result(const float *d_result, size_t n, cudaStream_t stream) {
    float *h_result;
    cudaMallocHost(&h_result, n * sizeof(float));
    cudaMemcpyAsync(h_result, d_result, n * sizeof(float), cudaMemcpyDeviceToHost, stream);
    float first = h_result[0]; //~ host-read-before-sync
    cudaStreamSynchronize(stream);
    cudaFreeHost(h_result);
    return first;
}
```

## Use instead
```cpp,correct
float first_result(const float *d_result, size_t n, cudaStream_t stream) {
    float *h_result;
    cudaMallocHost(&h_result, n * sizeof(float));
    cudaMemcpyAsync(h_result, d_result, n * sizeof(float), cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    float first = h_result[0];
    cudaFreeHost(h_result);
    return first;
}
```

## Not reported
- Pageable destinations: see `pageable-copy-as-sync` and `pageable-async-copy`.
- Copies that are captured, before the graph is launched, and what a graph holds that was not seen to be put there.
- Reads after a wait that covers the work, or after a synchronous device-to-host `cudaMemcpy` that was issued later in the same stream.
- Polling through `volatile` pointers or atomics, and reads in a host function that is ordered after the work.
- Managed memory: see `managed-access-in-flight`.

## Confidence
Certain if nothing waits on any path to the read, likely on some path.
A call in between that is measured to wait, which nothing documents (`cudaFree`, `cudaFreeHost`), makes it a warning.
A call in between that is not seen and gets the stream, the event or the buffer makes it possible.

## References
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous, item 4.
- CUDA Programming Guide, Asynchronous Execution, Launching Memory Transfers in CUDA Streams.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "host-read-before-sync",
    number: Number::new(6),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "the host reads pinned memory that device work may still be writing",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// Whether a conflict is what the rule is about, and how bad it is.
pub(super) fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let Access::HostRead { .. } = conflict.access else { return None };
    let pending = &conflict.pending;
    if !pending.writes || async_result_escapes::escapes(conflict) {
        return None;
    }
    let claim = Claim::unless_hidden(Severity::Error, conflict);
    match (conflict.object.memory, &pending.kind) {
        (Some(memory), WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel | WorkKind::Other)
            if memory.is_page_locked() =>
        {
            Some(if pending.assumed { claim.at_most(Confidence::Likely) } else { claim })
        }
        // Memory that a kernel writes and the host reads is mapped or managed, whatever its allocation: the
        // read is wrong in every case.
        (None, WorkKind::Kernel) if !pending.assumed => Some(claim.at_most(Confidence::Likely)),
        _ => None,
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let label = match &conflict.access {
        Access::HostRead { via: Some(function), .. } => {
            format!("{} reads {object} here, before anything waits", words::code(unqualified(function)))
        }
        _ => format!("{object} is read here, before anything waits"),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{object} is read while {} may still be {} it{}",
            words::work(pending),
            words::doing(pending),
            words::hidden(conflict)
        ),
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "call {} before this line, or `cudaEventSynchronize` for an event recorded after {}",
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
    use crate::facts::{Access, Note, Paths};
    use crate::program::SiteId;

    #[test]
    fn a_read_of_pinned_memory_is_an_error_and_says_what_to_call() {
        let pinned = sample::object("h", MemoryKind::Pinned);
        let facts = sample::conflicts(vec![sample::conflict(
            &sample::copy_to_host(10),
            &pinned,
            20,
            Access::HostRead { via: Some("std::printf".into()), as_result: false, left: false },
        )]);
        assert_eq!(sample::lines(&facts), ["20 host-read-before-sync error certain"]);
        let text = sample::text(&facts);
        assert!(text.contains("`h` is read while `cudaMemcpyAsync` may still be writing it"), "{text}");
        assert!(text.contains("`printf` reads") && text.contains("cudaStreamSynchronize(stream)"), "{text}");
    }

    #[test]
    fn an_undocumented_wait_makes_it_a_warning_that_says_so() {
        let mut conflict = sample::conflict(
            &sample::copy_to_host(10),
            &sample::object("h", MemoryKind::Registered),
            20,
            sample::host_read(),
        );
        conflict.undocumented_wait = Some(Note { site: SiteId(15), text: "`cudaFree` waits".into() });
        conflict.paths = Paths::Some;
        let facts = sample::conflicts(vec![conflict]);
        assert_eq!(sample::lines(&facts), ["20 host-read-before-sync warning likely"]);
        assert!(sample::text(&facts).contains("undocumented wait"));
    }

    #[test]
    fn device_and_managed_memory_belong_to_other_rules() {
        let managed = ["20 managed-access-in-flight error certain"];
        for (memory, expected) in [(MemoryKind::Device, &[][..]), (MemoryKind::Managed, &managed)] {
            let facts = sample::conflicts(vec![sample::conflict(
                &sample::copy_to_host(10),
                &sample::object("p", memory),
                20,
                sample::host_read(),
            )]);
            assert_eq!(sample::lines(&facts), expected, "{memory:?}");
        }
    }

    #[test]
    fn a_kernel_must_be_seen_to_write_memory_of_unknown_kind() {
        let mut kernel = sample::kernel(10);
        let facts = |kernel: &_| {
            sample::conflicts(vec![sample::conflict(kernel, &sample::unseen("p"), 20, sample::host_read())])
        };
        assert!(sample::lines(&facts(&kernel)).is_empty());
        kernel.assumed = false;
        assert_eq!(sample::lines(&facts(&kernel)), ["20 host-read-before-sync error likely"]);
    }
}
