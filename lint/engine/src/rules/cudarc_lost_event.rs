//! `cudarc-lost-event`: cudarc has lost the event that would order this after an earlier use.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::{Conflict, Lent};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports memory of cudarc's own types that is used while an earlier use may still be running, because the event that cudarc would wait for was never recorded or has been recorded anew:
a slice that two streams read is written or dropped, where only the later reader is waited for; page-locked memory is used with the default stream alone, for which cudarc 0.19.9 and 0.19.10 record nothing; and a slice is written or dropped that another context copies from, a read which cudarc records in the slice's own stream.

## Why it is wrong
A `CudaSlice` has one event for reads; the second reader's record takes the place of the first's.
From 0.19.9 on, events are recorded while the context owns a stream only; `PinnedHostSlice::as_slice` then waits for an event that was never recorded, which returns at once.
Seen on an NVIDIA H200 with cudarc 0.19.10: after `memcpy_dtoh` into page-locked memory on the default stream, `as_slice` gave the old values.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut host)?;
    println!("{}", host.as_slice()?[0]); //~ cudarc-lost-event
    stream.synchronize()
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut host)?;
    stream.synchronize()?;
    println!("{}", host.as_slice()?[0]);
    Ok(())
}
```

## Not reported
- What cudarc does order: one reader, or several on one stream, then a writer; a writer, then readers.
- Contexts that are made out of sight: they may own streams.
- Versions of cudarc that record always (0.19.8 and earlier), for page-locked memory.
- Copies between contexts that are not seen to be different ones: other devices, or `new_non_primary`.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- cudarc, `driver::safe::core`: `SyncOnDrop`, `CudaContext::is_managing_stream_synchronization` (pull request 591).
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-lost-event",
    number: Number::new(38),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "cudarc has lost the event that would order this after an earlier use",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    lent::claim(RULE.name, context, conflict)
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let because = match case.conflict.pending.lent {
        Lent::Apart => "cudarc records a read by another context in the stream that made the memory",
        _ => "cudarc holds no event for that use any more",
    };
    lent::explain(
        RULE.name,
        case,
        because,
        "synchronize the stream of the earlier use, or `join` it, before this line".to_owned(),
    )
}
