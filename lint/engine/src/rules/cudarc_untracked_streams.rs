//! `cudarc-untracked-streams`: several streams use one slice, and cudarc was told not to track it.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::Conflict;
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports memory that two streams use with no order between them, after `disable_event_tracking`.

## Why it is wrong
The streams that cudarc makes do not order each other. What orders them is the event tracking; without it, the program must.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    unsafe { context.disable_event_tracking() };
    let first = context.new_stream()?;
    let second = context.new_stream()?;
    let a = first.alloc_zeros::<f32>(1024)?;
    let mut b = first.alloc_zeros::<f32>(1024)?;
    first.synchronize()?;
    let mut a = a;
    first.memset_zeros(&mut a)?;
    second.memcpy_dtod(&a, &mut b)?; //~ cudarc-untracked-streams
    context.synchronize()
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    unsafe { context.disable_event_tracking() };
    let first = context.new_stream()?;
    let second = context.new_stream()?;
    let a = first.alloc_zeros::<f32>(1024)?;
    let mut b = first.alloc_zeros::<f32>(1024)?;
    first.synchronize()?;
    let mut a = a;
    first.memset_zeros(&mut a)?;
    second.join(&first)?;
    second.memcpy_dtod(&a, &mut b)?;
    context.synchronize()
}
```

## Not reported
- An explicit `join`, `wait` or `synchronize` between the two, and disjoint views.
- One stream only.

## Confidence
As in `cross-stream-unordered`.

## References
- cudarc, `CudaContext::disable_event_tracking`: "the user is responsible".
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-untracked-streams",
    number: Number::new(37),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "several streams use one slice, and cudarc was told not to track it",
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
    let because = "the event tracking is switched off";
    lent::explain(
        RULE.name,
        case,
        because,
        "let the second stream `join` the first, or wait for an event recorded after the first use"
            .to_owned(),
    )
}
