//! `free-kind-mismatch`: memory is freed with a function that does not belong to its allocation.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::cuda::unqualified;
use crate::facts::{Object, Origin, Release, ReleaseKind};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports memory that is given to a function which cannot free it: `free` or `delete` of CUDA memory, `cudaFree` of pinned or ordinary host memory, `cudaFreeHost` of device or registered memory, `cudaHostUnregister` of memory that is not registered, `free` of memory that still is.

## Why it is wrong
The CUDA functions return an error, which is often not looked at, and the memory stays allocated.
`free` and `delete` of memory that they did not allocate are undefined behaviour; the process usually aborts.

## Example
```cpp,misuse
void run(size_t n) {
    float *h_data;
    cudaMallocHost(&h_data, n * sizeof(float));
    h_data[0] = 1.0f;
    free(h_data); //~ free-kind-mismatch
}
```

## Use instead
```cpp,correct
void run(size_t n) {
    float *h_data;
    cudaMallocHost(&h_data, n * sizeof(float));
    h_data[0] = 1.0f;
    cudaFreeHost(h_data);
}
```

## Not reported
- `cudaFreeHost` of `cudaHostAlloc` memory, `cudaFreeAsync` of `cudaMalloc` memory, `cudaFree` of `cudaMallocAsync` memory.
- Null pointers.
- Paths that the flag which chose the allocation excludes.
- Pointers whose allocation is not seen.

## Confidence
Certain if everything that the call is seen to free is of the wrong kind, likely if some of it is.
Possible if the kind is what a called function has made of it, by a mode that the function that is followed neither names nor tests, and does not hold in every mode.

## References
- CUDA Runtime API, `cudaFree`, `cudaFreeHost`, `cudaHostUnregister`.
- CUDA Programming Guide, Stream-Ordered Memory Allocation.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "free-kind-mismatch",
    number: Number::new(5),
    category: Category::MemoryKind,
    severity: Severity::Error,
    summary: "memory is freed with a function that does not belong to its allocation",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for release in &context.facts.releases {
        let wrong: Vec<(&Object, MemoryKind)> = release
            .objects
            .iter()
            .flatten()
            // A temporary is passed by value: a handle or fancy pointer (`thrust::device_ptr`), not memory.
            .filter(|object| object.origin != Origin::Stack || !object.name.is_empty())
            .filter(|object| !object.may_lie_anywhere())
            .filter_map(|object| object.memory.map(|memory| (object, memory)))
            .filter(|(_, memory)| !fits(&release.how, *memory))
            .collect();
        if let Some((object, memory)) = wrong.iter().find(|(object, _)| !object.by_mode).or(wrong.first()) {
            let confidence = if wrong.len() == release.objects.len() {
                Confidence::Certain
            } else if object.by_mode {
                Confidence::Possible
            } else {
                Confidence::Likely
            };
            diagnostics.push(explain(context, release, object, *memory, confidence));
        }
    }
}

/// True if memory of a kind may be released like this.
fn fits(how: &ReleaseKind, memory: MemoryKind) -> bool {
    use MemoryKind::{Array, Device, DeviceIpc, DeviceStreamOrdered, Managed, Pageable, Pinned, Registered};
    match how {
        ReleaseKind::Call(FreeWith::CudaFree, _) => matches!(memory, Device | DeviceStreamOrdered | Managed),
        ReleaseKind::Call(FreeWith::CudaFreeAsync, _) => {
            matches!(memory, Device | DeviceStreamOrdered | Managed | DeviceIpc)
        }
        ReleaseKind::Call(FreeWith::CudaFreeHost, _) => memory == Pinned,
        ReleaseKind::Call(FreeWith::CudaFreeArray, _) => memory == Array,
        ReleaseKind::Call(FreeWith::CudaIpcClose, _) => memory == DeviceIpc,
        ReleaseKind::Call(FreeWith::CFree | FreeWith::Munmap, _) | ReleaseKind::Delete => memory == Pageable,
        ReleaseKind::Unregister => memory == Registered,
        // A container frees with `delete` or with its allocator. One whose memory is the device's own
        // (thrust::device_vector) knows how to free it; registered memory must be unregistered first.
        ReleaseKind::Container(name) => match memory {
            Registered => false,
            Pageable => true,
            _ => !name.contains("unique_ptr") && !name.contains("shared_ptr"),
        },
        // The end of a scope frees nothing that CUDA knows of; what is still registered is harmless in main.
        ReleaseKind::ScopeEnd => true,
    }
}

/// How memory of a kind is freed.
const fn right_way(memory: MemoryKind) -> &'static str {
    match memory {
        MemoryKind::Pageable => "`free` or `delete`, as it was allocated",
        MemoryKind::Pinned => "`cudaFreeHost`",
        MemoryKind::Registered => "`cudaHostUnregister`, then as it was allocated",
        MemoryKind::Managed | MemoryKind::Device => "`cudaFree`",
        MemoryKind::DeviceStreamOrdered => "`cudaFreeAsync`",
        MemoryKind::DeviceIpc => "`cudaIpcCloseMemHandle`",
        MemoryKind::Array => "`cudaFreeArray`",
    }
}

fn explain(
    context: &RuleContext<'_>,
    release: &Release,
    object: &Object,
    memory: MemoryKind,
    confidence: Confidence,
) -> Diagnostic {
    let name = words::object(object);
    let how = match &release.how {
        ReleaseKind::Call(_, function) => words::code(function),
        ReleaseKind::Delete => "`delete`".into(),
        ReleaseKind::Unregister => "`cudaHostUnregister`".into(),
        ReleaseKind::Container(function) => words::code(unqualified(function)),
        ReleaseKind::ScopeEnd => "the end of its scope".into(),
    };
    let message = match (&release.how, memory) {
        (ReleaseKind::Unregister, _) => format!("{name} is {} memory and not registered", memory.words()),
        (
            ReleaseKind::Call(FreeWith::CFree | FreeWith::Munmap, _)
            | ReleaseKind::Delete
            | ReleaseKind::Container(_),
            MemoryKind::Registered,
        ) => {
            format!("{name} is freed by {how} while it is still registered")
        }
        _ => format!("{name} is {} memory, which {how} cannot free", memory.words()),
    };
    let help = match (&release.how, memory) {
        (ReleaseKind::Unregister, MemoryKind::Pinned) => {
            "free it with `cudaFreeHost`; only memory of `cudaHostRegister` is unregistered".into()
        }
        (ReleaseKind::Unregister, _) => {
            "unregister only what `cudaHostRegister` has registered, and once".into()
        }
        (_, MemoryKind::Registered) => {
            "call `cudaHostUnregister` first, then free it as it was allocated".into()
        }
        _ => format!("free it with {}", right_way(memory)),
    };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence,
        message,
        site: release.site,
        label: "this does not belong to the allocation".into(),
        related: words::origin(object).into_iter().collect(),
        help,
        witness: witness::of_release(context, release, object, memory),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn lines(how: ReleaseKind, memory: &[Option<MemoryKind>]) -> Vec<String> {
        let objects = memory.iter().map(|memory| memory.map(|memory| sample::object("p", memory))).collect();
        let release = Release { site: SiteId(20), how, objects, interior: false };
        sample::lines(&Facts { releases: vec![release], ..Facts::default() })
    }

    fn call(with: FreeWith) -> ReleaseKind {
        ReleaseKind::Call(with, "f".into())
    }

    #[test]
    fn each_function_frees_its_own_memory_only() {
        use MemoryKind::*;
        let all = [Pageable, Pinned, Registered, Managed, Device, DeviceStreamOrdered, DeviceIpc, Array];
        let table: [(ReleaseKind, &[MemoryKind]); 7] = [
            (call(FreeWith::CudaFree), &[Device, DeviceStreamOrdered, Managed]),
            (call(FreeWith::CudaFreeAsync), &[Device, DeviceStreamOrdered, Managed, DeviceIpc]),
            (call(FreeWith::CudaFreeHost), &[Pinned]),
            (call(FreeWith::CFree), &[Pageable]),
            (ReleaseKind::Delete, &[Pageable]),
            (ReleaseKind::Unregister, &[Registered]),
            (call(FreeWith::CudaFreeArray), &[Array]),
        ];
        for (how, right) in table {
            for memory in all {
                let found = lines(how.clone(), &[Some(memory)]);
                if right.contains(&memory) {
                    assert!(found.is_empty(), "{how:?} {memory:?}");
                } else {
                    assert_eq!(found, ["20 free-kind-mismatch error certain"], "{how:?} {memory:?}");
                }
            }
        }
    }

    #[test]
    fn containers_free_what_is_theirs() {
        let destroy = |class: &str| ReleaseKind::Container(format!("std::{class}::~{class}"));
        assert!(lines(destroy("vector"), &[Some(MemoryKind::Pageable)]).is_empty());
        assert!(lines(destroy("device_vector"), &[Some(MemoryKind::Device)]).is_empty());
        assert_eq!(lines(destroy("vector"), &[Some(MemoryKind::Registered)]).len(), 1);
        assert_eq!(lines(destroy("unique_ptr"), &[Some(MemoryKind::Pinned)]).len(), 1);
    }

    #[test]
    fn what_is_wrong_on_some_paths_is_likely_and_what_is_unknown_is_silent() {
        assert_eq!(
            lines(call(FreeWith::CFree), &[Some(MemoryKind::Pinned), Some(MemoryKind::Pageable)]),
            ["20 free-kind-mismatch error likely"]
        );
        assert!(lines(call(FreeWith::CFree), &[None]).is_empty());
    }
}
