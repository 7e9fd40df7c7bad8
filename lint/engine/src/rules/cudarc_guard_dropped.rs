//! `cudarc-guard-dropped`: the guard of an address is dropped before the work that uses the address is enqueued.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::Conflict;
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports memory of a `CudaSlice` that is used or dropped while work may still be running that got its address by `device_ptr` or `device_ptr_mut`, whose guard was dropped before that work was enqueued.

## Why it is wrong
`device_ptr` gives the address and a `SyncOnDrop`. When that is dropped, cudarc records the event for which later uses wait.
`let (address, _) = …` drops it at once, as does `.device_ptr(…).0`: the event is recorded before the work, and does not cover it.
The documentation says that it should be dropped after the work is enqueued.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DevicePtrMut, DriverError, result};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let (first, second) = (context.new_stream()?, context.new_stream()?);
    let mut values = first.alloc_zeros::<u8>(1024)?;
    let (address, _) = values.device_ptr_mut(&first);
    unsafe { result::memset_d8_async(address, 7, 1024, first.cu_stream())? };
    let host = second.clone_dtoh(&values)?; //~ cudarc-guard-dropped
    println!("{}", host[0]);
    Ok(())
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DevicePtrMut, DriverError, result};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let (first, second) = (context.new_stream()?, context.new_stream()?);
    let mut values = first.alloc_zeros::<u8>(1024)?;
    let (address, guard) = values.device_ptr_mut(&first);
    unsafe { result::memset_d8_async(address, 7, 1024, first.cu_stream())? };
    drop(guard);
    let host = second.clone_dtoh(&values)?;
    println!("{}", host[0]);
    Ok(())
}
```

## Not reported
- Guards that are bound to a name (`_guard`) and live until the work is enqueued.
- Memory that nothing else uses before a wait: the default stream alone, or one stream of one's own.
- Versions before 0.14, whose `device_ptr` gives the address alone.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- cudarc, `driver::safe::core`: `DevicePtr::device_ptr`, `SyncOnDrop` ("should be dropped **after**").
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-guard-dropped",
    number: Number::new(36),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "the guard of an address is dropped before the work that uses it is enqueued",
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
    let because =
        "the guard of its address was dropped before that was enqueued, so that cudarc recorded too early";
    lent::explain(
        RULE.name,
        case,
        because,
        "keep the guard until the work is enqueued: `let (address, guard) = …` and `drop(guard)` behind it"
            .to_owned(),
    )
}
