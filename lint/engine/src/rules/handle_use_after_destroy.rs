//! `handle-use-after-destroy`: a stream or an event is used after it was destroyed.

use super::device_use_after_free::{confidence, first_of_each};
use super::{Check, Number, Rule, RuleContext, Witness, late, words};
use crate::facts::{Call, Gone, LateUse};
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports streams and events that are used after `cudaStreamDestroy` or `cudaEventDestroy` on the same path: work that is enqueued, records, waits, queries, and a second destroy.

## Why it is wrong
What a destroyed handle does is undefined: an error, a crash, or the wrong stream, where the handle has been given out again.

## Example
```cpp,misuse
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run(float *d_data) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaStreamDestroy(stream);
    cudaStreamSynchronize(stream); //~ handle-use-after-destroy
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run(float *d_data) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
}
```

## Not reported
- Destroying a stream with pending work, or an event that streams still wait for: both are allowed, and the work goes on.
- Handles that were made anew, and variables that were set to something else.
- Handles of unknown origin that were destroyed in another turn of a loop.
- `cudaDeviceReset`: what it destroys is not followed.

## Confidence
Certain if the handle is gone on every path to the line, likely if it is on some.

## References
- CUDA Runtime API, `cudaStreamDestroy`, `cudaEventDestroy`: use of the handle after this call is undefined behavior.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "handle-use-after-destroy",
    number: Number::new(22),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "a stream or an event is used after it was destroyed",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let uses = context.facts.late_uses.iter();
    for (late, others) in first_of_each(uses.filter(|late| !matches!(late.what, Gone::Memory(..)))) {
        let (name, sort) = match &late.what {
            Gone::Memory(..) => continue,
            Gone::Stream(stream) => (words::stream(stream), "stream"),
            Gone::Event(name) if name.is_empty() => ("the event".to_owned(), "event"),
            Gone::Event(name) => (format!("event {}", words::code(name)), "event"),
        };
        let (message, label) = match &late.by {
            LateUse::Call(function, Call::Destroys) => (
                format!("{} destroys {name} a second time", words::code(function)),
                "it is destroyed again".to_owned(),
            ),
            LateUse::Call(function, _) => (
                format!("{} uses {name}, which was destroyed before", words::code(function)),
                format!("the {sort} is gone"),
            ),
            LateUse::Work(work) => (
                format!("{} is enqueued on {name}, which was destroyed before", words::work(work)),
                format!("the {sort} is gone"),
            ),
            LateUse::Release(..) => continue,
        };
        let mut related = vec![Related { site: late.ended_at, message: format!("{name} is destroyed here") }];
        related.extend(words::also(others, late.site, "and used again here"));
        diagnostics.push(Diagnostic {
            rule: RULE.name,
            severity: RULE.severity,
            confidence: confidence(late.paths),
            message,
            site: late.site,
            label,
            related,
            help: format!("destroy the {sort} after its last use, once"),
            witness: late::of_late_use(context, late),
        });
    }
}
