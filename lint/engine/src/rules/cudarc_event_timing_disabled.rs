//! `cudarc-event-timing-disabled`: the time between events that cudarc or cust made without timing.

use super::{Check, Number, Rule, RuleContext, Witness, event_elapsed_misuse};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports `elapsed_ms` (cudarc) and `elapsed_time_f32` (cust) of events that were made without timing, or that nothing has recorded or waited for.

## Why it is wrong
`new_event(None)` and `record_event(None)` of cudarc make events with `CU_EVENT_DISABLE_TIMING`: the call returns `CUDA_ERROR_INVALID_HANDLE`.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let start = stream.record_event(None)?;
    let end = stream.record_event(None)?;
    println!("{:?}", start.elapsed_ms(&end)); //~ cudarc-event-timing-disabled
    Ok(())
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError, sys::CUevent_flags};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let start = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
    let end = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
    println!("{:?}", start.elapsed_ms(&end));
    Ok(())
}
```

## Not reported
- Events whose flags are not seen.
- The functions of the bindings: see `event-elapsed-misuse`.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- cudarc, `CudaContext::new_event`, `CudaStream::record_event`; cuEventElapsedTime.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-event-timing-disabled",
    number: Number::new(40),
    category: Category::ApiUsage,
    severity: Severity::Error,
    summary: "the time between two events is asked for, and cudarc made one of them without timing",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    event_elapsed_misuse::report(context, diagnostics, RULE.name, event_elapsed_misuse::is_of_library);
}
