//! `callback-userdata-lifetime`: what a host function is handed is gone or overwritten before it has run.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::FreeWith;
use crate::cuda::unqualified;
use crate::facts::{Access, Conflict, ReleaseKind, WorkKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports user data of `cudaLaunchHostFunc` or `cudaStreamAddCallback` that goes out of scope, is freed or is overwritten by the host before the host function has run.

## Why it is wrong
The host function runs when the stream gets there, on another thread, with the address that it was given.
By then a local variable's storage belongs to another function, and a loop has filled the variable anew: the host function reads garbage, or the data of a later round, as often as the host is faster than the stream.

## Example
```cpp,misuse
void report(void *data) { std::abs(*static_cast<int *>(data)); }

void enqueue(cudaStream_t stream) {
    for (int i = 0; i < 8; ++i) {
        int id = 10 * i;
        cudaLaunchHostFunc(stream, report, &id);
    } //~ callback-userdata-lifetime
    cudaStreamSynchronize(stream);
}
```

## Use instead
```cpp,correct
void report(void *data) {
    int *id = static_cast<int *>(data);
    std::abs(*id);
    delete id;
}

void enqueue(cudaStream_t stream) {
    for (int i = 0; i < 8; ++i)
        cudaLaunchHostFunc(stream, report, new int(10 * i));
    cudaStreamSynchronize(stream);
}
```

## Not reported
- Data on the heap that the host function releases.
- Variables with static storage.
- Functions that wait before the data is gone: for the stream, an event, the device, or for something that the host function signals (condition variables, futures, atomics, volatile flags).
- Host functions that do not touch their argument.
- Host writes to data that holds a lock or an atomic.
- The object of a `std::shared_ptr`, whose other owners are not counted.
- What a `std::function` on the heap holds by reference: what is stored in one is not followed there.

## Confidence
Certain if nothing waits on any path, likely on some path, or where the data only holds the address of what is gone.

## References
- CUDA Programming Guide, Asynchronous Execution, Callback Functions from Streams.
- CUDA Runtime API, `cudaLaunchHostFunc`, `cudaStreamAddCallback`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "callback-userdata-lifetime",
    number: Number::new(25),
    category: Category::Callback,
    severity: Severity::Error,
    summary: "the data of a host function is gone or overwritten before the function has run",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(_: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if conflict.pending.kind != WorkKind::HostFunction {
        return None;
    }
    let claim = match &conflict.access {
        // These wait for the device today, and so for its host functions; nothing documents it.
        Access::Release(
            ReleaseKind::Unregister
            | ReleaseKind::Call(
                FreeWith::CudaFree
                | FreeWith::CudaFreeHost
                | FreeWith::CudaFreeArray
                | FreeWith::CudaIpcClose,
                _,
            ),
        ) => Claim::new(Severity::Warning, conflict),
        Access::Release(_) | Access::HostWrite { .. } => Claim::unless_hidden(Severity::Error, conflict),
        Access::HostRead { .. } | Access::Device(_) => return None,
    };
    Some(if conflict.pending.assumed { claim.at_most(Confidence::Likely) } else { claim })
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let work = words::work(pending);
    let (what, label) = match &conflict.access {
        Access::HostWrite { .. } => {
            ("is overwritten", format!("{object} is written here, before anything waits"))
        }
        Access::Release(ReleaseKind::Call(_, function)) => {
            ("is freed", format!("{} releases it here", words::code(function)))
        }
        Access::Release(ReleaseKind::Delete) => ("is deleted", "it is deleted here".into()),
        Access::Release(ReleaseKind::Container(function)) => (
            "is released",
            format!("{} gives the memory back or moves it here", words::code(unqualified(function))),
        ),
        Access::Release(ReleaseKind::Unregister) => {
            ("is unregistered", "`cudaHostUnregister` is not documented to wait".into())
        }
        _ => ("goes out of scope", "its scope ends here".into()),
    };
    let how = if pending.assumed { "whose data holds its address" } else { "which gets its address" };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!("{object} {what} before {work} may have run, {how}{}", words::hidden(conflict)),
        site: conflict.site,
        label,
        related: words::story(case),
        help: format!(
            "give the host function data on the heap that it releases itself, or call {} before this",
            words::wait_call(pending)
        ),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{FreeWith, MemoryKind};
    use crate::facts::{Access, ReleaseKind, Work, WorkKind};

    fn host_function() -> Work {
        Work {
            kind: WorkKind::HostFunction,
            name: "report".into(),
            writes: false,
            assumed: false,
            ..sample::kernel(10)
        }
    }

    #[test]
    fn scope_ends_frees_and_writes_are_errors() {
        let object = sample::object("task", MemoryKind::Pageable);
        for access in [
            Access::Release(ReleaseKind::ScopeEnd),
            Access::Release(ReleaseKind::Delete),
            sample::release_call(FreeWith::CFree, "free"),
            sample::host_write(),
        ] {
            let facts = sample::conflicts(vec![sample::conflict(&host_function(), &object, 20, access)]);
            assert_eq!(sample::lines(&facts), ["20 callback-userdata-lifetime error certain"]);
        }
    }

    #[test]
    fn a_free_that_waits_today_is_a_warning() {
        let free = sample::release_call(FreeWith::CudaFreeHost, "cudaFreeHost");
        let pinned = sample::object("h", MemoryKind::Pinned);
        let facts = sample::conflicts(vec![sample::conflict(&host_function(), &pinned, 20, free)]);
        assert_eq!(sample::lines(&facts), ["20 callback-userdata-lifetime warning certain"]);
    }

    #[test]
    fn what_the_data_points_to_is_likely() {
        let indirect = Work { assumed: true, ..host_function() };
        let object = sample::object("task", MemoryKind::Pageable);
        let end = Access::Release(ReleaseKind::ScopeEnd);
        let facts = sample::conflicts(vec![sample::conflict(&indirect, &object, 20, end)]);
        assert_eq!(sample::lines(&facts), ["20 callback-userdata-lifetime error likely"]);
        assert!(sample::text(&facts).contains("whose data holds its address"));
    }

    #[test]
    fn other_work_belongs_to_other_rules() {
        let object = sample::object("h", MemoryKind::Pinned);
        let end = Access::Release(ReleaseKind::Delete);
        let facts = sample::conflicts(vec![sample::conflict(&sample::copy_to_host(10), &object, 20, end)]);
        assert_eq!(sample::lines(&facts), ["20 host-buffer-released-in-flight error certain"]);
    }
}
