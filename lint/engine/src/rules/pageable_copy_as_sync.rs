//! `pageable-copy-as-sync`: the host uses the result of an asynchronous copy into pageable memory without a
//! wait, and so relies on the copy to block.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, async_result_escapes, words};
use crate::cuda::row::{Direction, MemoryKind};
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports a host access to the destination of an asynchronous device-to-host copy that nothing waits for, where that destination is pageable or its allocation is not seen: a local variable, a `std::vector`, `malloc` memory, an out-parameter.

## Why it is wrong
The documentation says that such a copy "might be synchronous".
Today's driver does block on machines with a discrete GPU (measured on an NVIDIA H200: 200 ms, the whole time that the stream was held), so the code seems to work.
So does `cudaGraphLaunch` where a graph holds the copy: it was measured to last until the copy was done, which no documentation promises either.
It stops working when someone pins the buffer, and on platforms on which the GPU reaches pageable memory directly.
A wait costs nothing here, since the copy has blocked already.

## Example
```cpp,misuse
int count_matches(const int *d_count, cudaStream_t stream) {
    int count = 0;
    cudaMemcpyAsync(&count, d_count, sizeof(int), cudaMemcpyDeviceToHost, stream);
    return count; //~ pageable-copy-as-sync
}
```

## Use instead
```cpp,correct
int count_matches(const int *d_count, cudaStream_t stream) {
    int count = 0;
    cudaMemcpyAsync(&count, d_count, sizeof(int), cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    return count;
}
```

## Not reported
- Accesses after a wait that covers the copy.
- Pinned and registered destinations: there the read is `host-read-before-sync`, an error.
- Batch copies (`cudaMemcpyBatchAsync`), whose operands stand in arrays: they are not followed.
- Copies that are enqueued into the caller's buffer on the caller's stream and not used here.

## Confidence
Certain if the memory is known to be pageable and nothing waits on any path, likely on some path or if the allocation is not seen.
Possible, and hidden by default, where the function hands out memory that it has allocated, as its result or in an out-parameter or structure, and the caller may have the stream.

## References
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous, items 1 and 3.
- CUDA Programming Guide, Asynchronous Execution, Launching Memory Transfers in CUDA Streams.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "pageable-copy-as-sync",
    number: Number::new(41),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "the host uses the result of an asynchronous copy to pageable memory without a wait",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReliedOnWait,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// Whether a conflict is what the rule is about, and how bad it is.
pub(super) fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let WorkKind::Copy { direction, .. } = conflict.pending.kind else { return None };
    if async_result_escapes::escapes(conflict) {
        return None;
    }
    let to_host = matches!(direction, Some(Direction::DeviceToHost) | None);
    if !conflict.pending.writes || !to_host {
        return None;
    }
    match conflict.access {
        Access::HostRead { .. } => {}
        // A write cannot tell that the memory is the host's unless the copy says so.
        Access::HostWrite { .. } if direction.is_some() => {}
        _ => return None,
    }
    // Where the device reaches pageable memory itself, the copy is as asynchronous as one to pinned memory.
    let severity = match context.options.platform.pageable_access {
        Some(true) => Severity::Error,
        _ => Severity::Warning,
    };
    let claim = Claim::new(severity, conflict);
    match conflict.object.memory {
        Some(MemoryKind::Pageable) => Some(claim),
        // Pinned, it would be an error; pageable, it is this. The read is wrong in every case.
        None => Some(claim.at_most(Confidence::Likely)),
        Some(_) => None,
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let copy = words::work(pending);
    let (verb, label) = match &conflict.access {
        Access::HostRead { via: Some(function), .. } => {
            ("read", format!("{} reads {object} here", words::code(unqualified(function))))
        }
        Access::HostRead { as_result: true, .. } => ("used", format!("the value of {object} is used here")),
        Access::HostWrite { .. } => ("overwritten", format!("{object} is written here")),
        _ => ("read", format!("{object} is read here")),
    };
    let reliance = match conflict.object.memory {
        Some(_) => "is not documented to have waited",
        None => "waits for pageable memory at most, and is not documented to",
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!("{object} is {verb} without a wait for {copy}, which {reliance}"),
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "call {} before this line: pinning {object} later, or a platform that reaches pageable memory \
             directly, turns this into a read of stale data",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, MemoryKind};
    use crate::facts::Access;

    fn facts(
        memory: Option<MemoryKind>,
        direction: Option<Direction>,
        access: Access,
    ) -> crate::facts::Facts {
        let object = memory.map_or_else(|| sample::unseen("h"), |memory| sample::object("h", memory));
        let mut copy = sample::copy(10, direction, memory == Some(MemoryKind::Pageable));
        copy.writes = true;
        sample::conflicts(vec![sample::conflict(&copy, &object, 20, access)])
    }

    #[test]
    fn pageable_memory_is_a_certain_warning() {
        let facts = facts(Some(MemoryKind::Pageable), Some(Direction::DeviceToHost), sample::host_read());
        assert_eq!(sample::lines(&facts), ["20 pageable-copy-as-sync warning certain"]);
    }

    #[test]
    fn memory_of_unknown_kind_is_a_likely_warning() {
        for direction in [Some(Direction::DeviceToHost), None] {
            let facts = facts(None, direction, sample::host_read());
            assert_eq!(sample::lines(&facts), ["20 pageable-copy-as-sync warning likely"]);
        }
    }

    #[test]
    fn the_message_does_not_speak_of_corruption() {
        let facts = facts(Some(MemoryKind::Pageable), Some(Direction::DeviceToHost), sample::host_write());
        let text = sample::text(&facts);
        assert!(
            text.contains("overwritten") && !text.contains("corrupt") && !text.contains("crash"),
            "{text}"
        );
    }

    #[test]
    fn copies_to_the_device_are_not_meant() {
        let facts = facts(None, Some(Direction::HostToDevice), sample::host_read());
        assert!(sample::lines(&facts).is_empty());
    }
}
