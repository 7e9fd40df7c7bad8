//! `async-result-escapes`: a function returns while a copy into its caller's memory is pending, and the caller
//! has nothing to wait for.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::MemoryKind;
use crate::facts::{Access, Conflict, Origin, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports a function that enqueues an asynchronous device-to-host copy into memory of its caller (through a pointer or reference, the elements of a container among it), or into memory that it allocates and hands out, on a stream that nobody else has, and returns without a wait.

## Why it is wrong
The caller reads its result when the function returns, before the copy has arrived.
It has no stream and no event to wait for, so it cannot do better, short of waiting for the whole device.
Into pageable memory the copy "might be synchronous", and today's driver does block, so the code seems to work until someone pins the buffer.
`cudaStreamDestroy` does not wait: it returns at once, and the stream goes when its work is done.

## Example
```cpp,misuse
void largest(const float *d_values, float *out) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMemcpyAsync(out, d_values, sizeof(float), cudaMemcpyDeviceToHost, stream);
    cudaStreamDestroy(stream);
} //~ async-result-escapes
```

## Use instead
```cpp,correct
void largest(const float *d_values, float *out) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMemcpyAsync(out, d_values, sizeof(float), cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
}
```

## Not reported
- Functions that take the stream from their caller, or use a default stream: the caller can wait for these.
- Functions that return the stream or an event, in a `std::pair` or a structure, say, or leave it in a member, a global, a container or an out-parameter.
- Streams in members and static variables, private ones among them: another function of the class or file may wait for them, or use the stream for what waits.
- What a comment of the function promises.
- Copies that are followed by a host function in their stream, which can tell that they are done.
- Functions whose callers in the same file wait for the device.
- Values that are read here or returned: these reads are `host-read-before-sync` and `pageable-copy-as-sync`.

## Confidence
Certain if nothing waits on any path to the end of the function, likely on some path.
Possible, and hidden by default, where the caller has the stream, but the function's name promises the value (`get`, `value`, `to_host`, `read`).

## References
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous.
- CUDA Runtime API, `cudaStreamDestroy`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "async-result-escapes",
    number: Number::new(42),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "a function returns its result before the copy of it has arrived, with nothing to wait for",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReliedOnWait,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// True for a result that is left to the caller: such conflicts belong here.
pub(super) fn escapes(conflict: &Conflict) -> bool {
    matches!(conflict.access, Access::HostRead { left: true, .. })
}

fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if !escapes(conflict) || !matches!(conflict.pending.kind, WorkKind::Copy { .. }) {
        return None;
    }
    let claim = Claim::new(Severity::Warning, conflict);
    // Managed memory has a rule of its own; a free that happens to wait hides it.
    match conflict.object.memory {
        Some(MemoryKind::Managed) => None,
        _ if conflict.undocumented_wait.is_some() => Some(claim.at_most(Confidence::Possible)),
        _ => Some(claim),
    }
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let object = match conflict.object.origin {
        Origin::Allocated(_) => format!("{object}, which its caller gets,"),
        _ => format!("its caller's {object}"),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "the function returns before {} into {object} is known to be complete",
            words::work(pending)
        ),
        site: conflict.site,
        label: match conflict.doubts.is_empty() {
            true => format!("nobody else has {} to wait for", words::stream(&pending.stream)),
            false => "nothing has waited up to here".into(),
        },
        related: words::story(case),
        help: format!(
            "call {} before the function returns, or take the stream from the caller",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::MemoryKind;
    use crate::facts::{Access, Note};
    use crate::program::SiteId;

    fn result() -> Access {
        Access::HostRead { via: None, as_result: true, left: true }
    }

    #[test]
    fn what_is_left_to_the_caller_is_a_warning() {
        let copy = sample::copy_to_host(10);
        let mut conflict = sample::conflict(&copy, &sample::unseen("out"), 20, result());
        let facts = sample::conflicts(vec![conflict.clone()]);
        assert_eq!(sample::lines(&facts), ["20 async-result-escapes warning certain"]);
        conflict.doubts.push(Note { site: SiteId(20), text: "the caller may have it".into() });
        let facts = sample::conflicts(vec![conflict]);
        assert_eq!(sample::lines(&facts), ["20 async-result-escapes warning possible"]);
    }

    #[test]
    fn a_local_result_is_a_read() {
        let copy = sample::copy_to_host(10);
        let local = sample::object("count", MemoryKind::Pageable);
        let used = Access::HostRead { via: None, as_result: true, left: false };
        let facts = sample::conflicts(vec![sample::conflict(&copy, &local, 20, used)]);
        assert_eq!(sample::lines(&facts), ["20 pageable-copy-as-sync warning certain"]);
    }

    #[test]
    fn the_callers_read_is_the_same_root_cause() {
        let copy = sample::copy_to_host(10);
        let left = sample::conflict(&copy, &sample::unseen("out"), 20, result());
        let pageable = sample::object("norm", MemoryKind::Pageable);
        let read = |object| sample::conflict(&copy, object, 5, sample::host_read());
        let facts = sample::conflicts(vec![left.clone(), read(&pageable)]);
        assert_eq!(sample::lines(&facts), ["20 async-result-escapes warning certain"]);
        // An error says more than a warning.
        let pinned = sample::object("norm", MemoryKind::Pinned);
        let facts = sample::conflicts(vec![left, read(&pinned)]);
        assert_eq!(sample::lines(&facts), ["5 host-read-before-sync error certain"]);
    }
}
