//! `cudarc-blind-poll`: a loop asks whether an event is complete, and takes an error for "not yet".

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::BlindPoll;
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports loops that end when `CudaEvent::is_complete` says so, and in no other way.

## Why it is wrong
`is_complete` is true if `cuEventQuery` returns success, and false for everything else: while the work runs, and after an error.
Once a kernel has failed, every query returns that error, and the loop never ends.

## Example
```rust,misuse
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let _values = stream.alloc_zeros::<f32>(1024)?;
    let event = stream.record_event(None)?;
    while !event.is_complete() { //~ cudarc-blind-poll
        std::thread::yield_now();
    }
    Ok(())
}
```

## Use instead
```rust,correct
use cudarc::driver::{CudaContext, DriverError};

fn main() -> Result<(), DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let _values = stream.alloc_zeros::<f32>(1024)?;
    let event = stream.record_event(None)?;
    while !event.try_is_complete()? {
        std::thread::yield_now();
    }
    Ok(())
}
```

## Not reported
- Loops with another way out: a limit of rounds or time, `?`, `return`, a panic.
- Loops that call anything else of CUDA or of the program, which may look at errors.
- A single question, and loops that end when the event is not complete.

## Confidence
Certain: it depends on no path but the loop itself.

## References
- cudarc, `CudaEvent::is_complete`, `CudaEvent::try_is_complete` (0.19.10); before it, `driver::result::event::query`.
- CUDA Driver API, `cuEventQuery`: "this function may also return error codes from previous, asynchronous launches".
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-blind-poll",
    number: Number::with(40, 'b'),
    category: Category::ApiUsage,
    severity: Severity::Warning,
    summary: "a loop asks whether an event is complete, and takes an error for \"not yet\"",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramFails,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.errors.blind_polls.iter().map(explain));
}

fn explain(poll: &BlindPoll) -> Diagnostic {
    let function = words::code(&poll.function);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!(
            "nothing but {function} ends this loop, and it is false after an error as well: the loop never ends then"
        ),
        site: poll.site,
        label: "an error looks like work that is not done".into(),
        related: Vec::new(),
        help: "ask by `try_is_complete`, and leave the loop with its error; or wait by `synchronize`".into(),
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{ErrorChecks, Facts};
    use crate::program::SiteId;

    #[test]
    fn each_loop_is_a_warning() {
        let poll = BlindPoll { site: SiteId(3), function: "is_complete".into() };
        let errors = ErrorChecks { blind_polls: vec![poll], ..ErrorChecks::default() };
        let facts = Facts { errors, ..Facts::default() };
        assert_eq!(sample::lines(&facts), ["3 cudarc-blind-poll warning certain"]);
    }
}
