//! `cudarc-raw-async-lifetime`: host memory lent to an asynchronous function is used before the copy is done.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::Conflict;
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports host memory that is read, written, dropped or returned while an asynchronous copy of cudarc's `result` module or of cust (`async_copy_from`, `async_copy_to`) may still be using it.

## Why it is wrong
These functions take a reference that ends when the call returns, while the copy goes on: from there on, the borrow checker no longer protects the buffer.
Measured on an NVIDIA H200: the host reads the old value, and what it writes reaches the device.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError, result};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let device = unsafe { result::malloc_sync(4096)? };
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    unsafe { result::memcpy_dtoh_async(host.as_mut_slice()?, device, stream.cu_stream())? };
    println!("{}", host.as_slice()?[0]); //~ cudarc-raw-async-lifetime
    stream.synchronize()?;
    unsafe { result::free_sync(device) }
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError, result};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let device = unsafe { result::malloc_sync(4096)? };
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    unsafe { result::memcpy_dtoh_async(host.as_mut_slice()?, device, stream.cu_stream())? };
    stream.synchronize()?;
    println!("{}", host.as_slice()?[0]);
    unsafe { result::free_sync(device) }
}
```

## Not reported
- Synchronous functions, and memory that is leaked or kept in a `ManuallyDrop`.
- Anything after a wait that covers the copy.
- Functions of the bindings themselves (`sys`): they are what they are in C, and so are their rules.

## Confidence
As in the rules for C: certain on all paths, likely on some. Pageable memory gives a warning, since the driver blocks for it or stages it, which nothing promises.

## References
- cudarc, `driver::result`: safety sections of the `*_async` functions.
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous, item 4.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-raw-async-lifetime",
    number: Number::new(39),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "host memory lent to an asynchronous function is used before the copy is done",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    lent::claim(RULE.name, context, conflict).map(|claim| lent::at_least_a_warning(claim, conflict))
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let because = "the borrow has ended, the copy has not";
    lent::explain(
        RULE.name,
        case,
        because,
        "synchronize the stream, or an event recorded after the copy, before this line".to_owned(),
    )
}
