//! `cudarc-untracked-streams`: several streams use one slice, and cudarc does not track it.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, lent};
use crate::facts::{Conflict, Lent};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports slices that two streams use with no order between them where cudarc does not keep account of their uses:
after `disable_event_tracking`; after the last stream that the context owned is gone; where two `CudaContext::new` of one device share a slice, and the one that made it owns no stream; and on the per-thread default stream, which is another one in each thread.

## Why it is wrong
The streams that cudarc makes do not order each other. What orders them is the event tracking; without it, the program must.
The tracking waits only while the `CudaContext` that made the slice owns a stream (`is_managing_stream_synchronization`), and a stream is no longer owned once its last `Arc` is dropped, whether or not its work is done.

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
- Streams that may have another owner: a clone, a slice that they have made, a field, a function that got them.
- Threads that are not started by `std::thread` or rayon, and those that share more than slices, streams and numbers, by which they may wait for each other.

## Confidence
As in `cross-stream-unordered`.

## References
- cudarc, `CudaContext::disable_event_tracking`: "the user is responsible".
- cudarc 0.19.10, `driver::safe::core`: `CudaContext::is_managing_stream_synchronization`, `impl Drop for CudaStream`, `CudaContext::per_thread_stream`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "cudarc-untracked-streams",
    number: Number::new(37),
    category: Category::Ordering,
    severity: Severity::Error,
    summary: "several streams use one slice, and cudarc does not track it",
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
        Lent::StreamsGone => "the last stream of the context is gone, and cudarc waits for nothing then",
        Lent::PerThread => {
            "the per-thread stream is another one in each thread, and no owned stream has cudarc keep account"
        }
        Lent::OtherContext => {
            "the context that made it owns no stream, and so cudarc waits for nothing; the stream is another \
             `CudaContext`'s"
        }
        _ => "the event tracking is switched off",
    };
    lent::explain(
        RULE.name,
        case,
        because,
        "let the second stream `join` the first, or wait for an event recorded after the first use"
            .to_owned(),
    )
}
