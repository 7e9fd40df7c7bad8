//! `host-buffer-released-in-flight`: host memory is released while device work may still be using it.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, temporary_source, words};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, ReleaseKind, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports host memory that is released while an asynchronous copy or a kernel may still be using it: freed, deleted, unregistered, given back by a container that grows or dies, or a local variable whose scope ends.

## Why it is wrong
The copy goes on, into or out of memory that belongs to someone else by then.
A copy into it overwrites that owner's data; a copy out of it sends that owner's data to the device.
`cudaFreeHost` and `cudaHostUnregister` were measured to wait for the device (NVIDIA H200), but nothing documents that.

## Example
```cpp,misuse
void upload(float *d_table, const float *table, size_t n, cudaStream_t stream) {
    float *staging = new float[n];
    cudaHostRegister(staging, n * sizeof(float), cudaHostRegisterDefault);
    for (size_t i = 0; i < n; ++i)
        staging[i] = 2 * table[i];
    cudaMemcpyAsync(d_table, staging, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    cudaHostUnregister(staging); //~ host-buffer-released-in-flight
    delete[] staging;
}
```

## Use instead
```cpp,correct
void upload(float *d_table, const float *table, size_t n, cudaStream_t stream) {
    float *staging = new float[n];
    cudaHostRegister(staging, n * sizeof(float), cudaHostRegisterDefault);
    for (size_t i = 0; i < n; ++i)
        staging[i] = 2 * table[i];
    cudaMemcpyAsync(d_table, staging, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    cudaStreamSynchronize(stream);
    cudaHostUnregister(staging);
    delete[] staging;
}
```

## Not reported
- Releases after a wait that covers the work.
- Sources of synchronous copies, and batch copies that read their source during the call.
- Pageable sources of at most 64 KiB, which are documented to be staged before the call returns, and those of unknown size: an info, off by default.
  (On an H200, pageable uploads of the sizes tried, up to 64 MiB, have left their source when the call returns.)
- Temporaries and parameters by value: that is `temporary-source`.
- Memory whose owner was handed to a host function that is ordered after the work.

## Confidence
Certain if nothing waits on any path to the release, likely on some path.
Pinned and registered memory: an error; a warning where the releasing call, or one before it, is measured to wait.
Pageable memory: a warning, since the copy "might be synchronous".

## References
- CUDA Runtime API, API synchronization behavior.
- CUDA Runtime API, `cudaFreeHost`, `cudaHostUnregister`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "host-buffer-released-in-flight",
    number: Number::new(8),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "host memory is released while device work may still be using it",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if temporary_source::is_short(conflict) { None } else { released(context, conflict) }
}

/// The claim for host memory that is released, whatever it goes with.
pub(super) fn released(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    let Access::Release(how) = &conflict.access else { return None };
    let pending = &conflict.pending;
    let known = match pending.kind {
        WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel | WorkKind::Other => Confidence::Certain,
        // What a host function gets, and what an allocation makes, is the business of other rules.
        WorkKind::HostFunction | WorkKind::Allocation => return None,
    };
    let claim = match (how, conflict.object.memory) {
        (ReleaseKind::Call(FreeWith::CudaFreeHost, _) | ReleaseKind::Unregister, memory)
            if memory.is_none_or(MemoryKind::is_host) =>
        {
            Claim::new(Severity::Warning, conflict)
        }
        (ReleaseKind::Call(FreeWith::CFree | FreeWith::Munmap, _), memory) => {
            host(context, conflict, memory)?
        }
        (ReleaseKind::Delete | ReleaseKind::Container(_) | ReleaseKind::ScopeEnd, memory) => {
            host(context, conflict, memory)?
        }
        _ => return None,
    };
    Some(claim.at_most(known))
}

/// The claim for memory that a host function or the language releases, which waits for nothing.
fn host(context: &RuleContext<'_>, conflict: &Conflict, memory: Option<MemoryKind>) -> Option<Claim> {
    match memory {
        Some(memory) if memory.is_page_locked() => Some(Claim::unless_hidden(Severity::Error, conflict)),
        Some(MemoryKind::Pageable) | None => {
            let WorkKind::Copy { .. } = conflict.pending.kind else { return None };
            // The driver either blocks for a pageable copy or stages it; on top of that, a call in between
            // may wait.
            // Where the device reaches pageable memory itself, nothing need be staged.
            let direct = context.options.platform.pageable_access == Some(true);
            // A launch of a graph is not said to stage.
            let staged = !direct
                && conflict.pending.captured_at.is_none()
                && !conflict.pending.writes
                && copied_bytes(context, conflict)
                    .is_none_or(|n| n <= context.options.platform.staging_limit());
            let hidden = conflict.undocumented_wait.is_some();
            Some(Claim::new(if staged || hidden { Severity::Info } else { Severity::Warning }, conflict))
        }
        Some(_) => None,
    }
}

/// The bytes of the pending copy, or the object's size, which is no less: the most that is known of any path.
fn copied_bytes(context: &RuleContext<'_>, conflict: &Conflict) -> Option<u64> {
    let copied = context
        .transfer_at(conflict.pending.site)
        .and_then(|transfer| transfer.views.iter().filter_map(|view| view.bytes).max());
    copied.or(conflict.object.bytes)
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let (message, label) = match &conflict.access {
        Access::Release(ReleaseKind::Call(FreeWith::CudaFreeHost, function)) => (
            format!("{object} is freed while {} may still be using it", words::work(pending)),
            format!("{} is not documented to wait", words::code(function)),
        ),
        Access::Release(ReleaseKind::Unregister) => (
            format!("{object} is unregistered while {} may still be using it", words::work(pending)),
            "`cudaHostUnregister` is not documented to wait".into(),
        ),
        Access::Release(ReleaseKind::Call(_, function)) => (
            format!("{object} is freed while {} may still be using it", words::work(pending)),
            format!("{} releases it here", words::code(function)),
        ),
        Access::Release(ReleaseKind::Delete) => (
            format!("{object} is deleted while {} may still be using it", words::work(pending)),
            "it is deleted here".into(),
        ),
        Access::Release(ReleaseKind::Container(function)) => (
            format!(
                "{object} is released by {} while {} may still be using it",
                words::code(unqualified(function)),
                words::work(pending)
            ),
            format!("{} gives the memory back or moves it here", words::code(unqualified(function))),
        ),
        _ => (
            format!("{object} goes out of scope while {} may still be using it", words::work(pending)),
            "its scope ends here".into(),
        ),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!("{message}{}", words::hidden(conflict)),
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "call {} before the memory is released, or keep it alive until then",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, FreeWith, MemoryKind};
    use crate::facts::{Access, Note, Object, ReleaseKind};
    use crate::program::SiteId;

    fn lines(memory: MemoryKind, direction: Direction, how: ReleaseKind) -> Vec<String> {
        let pageable = memory == MemoryKind::Pageable;
        sample::lines(&sample::conflicts(vec![sample::conflict(
            &sample::copy(10, Some(direction), pageable),
            &sample::object("h", memory),
            20,
            Access::Release(how),
        )]))
    }

    #[test]
    fn what_waits_in_practice_is_a_warning_and_what_does_not_an_error() {
        let to_host = Direction::DeviceToHost;
        let free_host = ReleaseKind::Call(FreeWith::CudaFreeHost, "cudaFreeHost".into());
        let rule = "20 host-buffer-released-in-flight";
        assert_eq!(lines(MemoryKind::Pinned, to_host, free_host), [format!("{rule} warning certain")]);
        assert_eq!(
            lines(MemoryKind::Registered, to_host, ReleaseKind::Unregister),
            [format!("{rule} warning certain")]
        );
        assert_eq!(
            lines(MemoryKind::Registered, to_host, ReleaseKind::Delete),
            [format!("{rule} error certain")]
        );
        assert_eq!(
            lines(MemoryKind::Pageable, to_host, ReleaseKind::ScopeEnd),
            [format!("{rule} warning certain")]
        );
    }

    #[test]
    fn a_staged_source_is_an_info() {
        let source = Object { bytes: Some(4096), ..sample::object("h", MemoryKind::Pageable) };
        let release = Access::Release(ReleaseKind::Container("std::vector::~vector".into()));
        let copy = sample::copy(10, Some(Direction::HostToDevice), true);
        let conflict = sample::conflict(&copy, &source, 20, release);
        assert_eq!(
            sample::lines(&sample::conflicts(vec![conflict.clone()])),
            ["20 host-buffer-released-in-flight info certain"]
        );
        let large = Object { bytes: Some(1 << 20), ..source };
        let mut conflict = crate::facts::Conflict { object: large, ..conflict };
        assert_eq!(
            sample::lines(&sample::conflicts(vec![conflict.clone()])),
            ["20 host-buffer-released-in-flight warning certain"]
        );
        conflict.undocumented_wait = Some(Note { site: SiteId(15), text: "`cudaFree` waits".into() });
        assert_eq!(
            sample::lines(&sample::conflicts(vec![conflict])),
            ["20 host-buffer-released-in-flight info certain"]
        );
    }

    #[test]
    fn device_memory_is_not_meant() {
        assert!(lines(MemoryKind::Device, Direction::DeviceToHost, ReleaseKind::Delete).is_empty());
    }
}
