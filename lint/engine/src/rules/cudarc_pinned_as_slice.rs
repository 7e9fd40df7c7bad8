//! `cudarc-pinned-as-slice`: page-locked memory is handed to cudarc as a slice, for which it records nothing.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::Conflict;
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports page-locked memory that is used while a copy of cudarc's safe interface may still be using it, because the copy got a slice of it (`pinned.as_mut_slice()?`) and not the `PinnedHostSlice` itself.

## Why it is wrong
cudarc waits for the copies of a `PinnedHostSlice` before it lets the host touch it, by an event that it records for that type. For `[T]` it records nothing, since it takes such memory for pageable, where the driver blocks.
Seen on an NVIDIA H200 with cudarc 0.19.10: the value read after the copy was the old one.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, host.as_mut_slice()?)?;
    println!("{}", host.as_slice()?[0]); //~ cudarc-pinned-as-slice
    stream.synchronize()
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut host)?;
    println!("{}", host.as_slice()?[0]);
    stream.synchronize()
}
```

## Not reported
- The `PinnedHostSlice` itself as the argument, and vectors and arrays.
- A wait for the stream, an event or the context before the memory is touched or dropped.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- cudarc 0.16 and later, `driver::safe::core`: `HostSlice for [T]`, `PinnedHostSlice::as_slice`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-pinned-as-slice",
    number: Number::new(35),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "page-locked memory is handed to cudarc as a slice, for which it records nothing",
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
    let because = "cudarc records nothing for a slice";
    lent::explain(
        RULE.name,
        case,
        because,
        "pass the `PinnedHostSlice` itself, or synchronize the stream before this line".to_owned(),
    )
}
