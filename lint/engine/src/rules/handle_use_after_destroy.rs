//! `handle-use-after-destroy`: a stream, event, graph or module is used after it was destroyed, or anything after
//! its device was reset.

use super::device_use_after_free::{confidence, first_of_each};
use super::{Check, Number, Rule, RuleContext, Witness, late, words};
use crate::facts::{Call, Gone, LateUse, ReleaseKind};
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports streams, events, graphs and modules that are used after the call that destroys them on the same path (`cudaStreamDestroy`, `cudaEventDestroy`, `cudaGraphDestroy`, `cudaGraphExecDestroy`, `cuModuleUnload`, …): work that is enqueued, records, waits, queries, captures, launches, and a second destroy.
Kernels that were taken from a module go with it.

`cudaDeviceReset` destroys all that the current device has, `cuCtxDestroy` all that the context has: device memory, streams and events that were made there before are gone as well, and one finding names their first use.

## Why it is wrong
What a destroyed handle does is undefined: an error, a crash, or the wrong stream, where the handle has been given out again.
Measured on an NVIDIA H200 (CUDA 13.0): a destroyed graph is refused with 1, `cudaStreamBeginCapture` and `cudaEventElapsedTime` with what was destroyed crash; behind `cudaDeviceReset`, streams are refused with 400 and memory with 1, a kernel that uses the memory fails with 700, and `cudaEventRecord` and `cudaGraphLaunch` crash.

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
- `cudaDeviceReset` as the last statement, and what destructors release behind it.
- Behind a reset: what belongs to another device, or to one that is not known to be the same; memory from a pool (`cudaMallocAsync`); what was released before; page-locked and managed memory, graphs and the handles of libraries, which are not followed there; anything behind `cuDevicePrimaryCtxReset`, of which the users of the context are not known.
- What belongs to a graph or module is followed for kernels only (`cuModuleGetFunction`), not for nodes and variables.

## Confidence
Certain if the handle is gone on every path to the line, likely if it is on some.

## References
- CUDA Runtime API, `cudaStreamDestroy`, `cudaEventDestroy`: use of the handle after this call is undefined behavior.
- CUDA Runtime API, `cudaGraphDestroy`, `cudaGraphExecDestroy`, `cudaDeviceReset`; Driver API, `cuModuleUnload`, `cuCtxDestroy`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "handle-use-after-destroy",
    number: Number::new(22),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "a stream, event, graph or module is used after it was destroyed",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let uses = context.facts.late_uses.iter();
    for (late, others) in first_of_each(uses.filter(|late| !matches!(late.what, Gone::Memory(..)))) {
        let called = |name: &str, sort: &str| match name {
            "" => format!("the {sort}"),
            name => format!("{sort} {}", words::code(name)),
        };
        let (name, sort) = match &late.what {
            Gone::Memory(..) => continue,
            Gone::Lost(object) => (words::object(object), "memory"),
            Gone::Stream(stream) => (words::stream(stream), "stream"),
            Gone::Event(name) => (called(name, "event"), "event"),
            Gone::Graph(name) => (called(name, "graph"), "graph"),
            Gone::Module(name) => (called(name, "module"), "module"),
        };
        let is_module = matches!(late.what, Gone::Module(_));
        let ended = if is_module { "unloaded" } else { "destroyed" };
        let before = match &late.reset_by {
            Some(function) => format!("which {} has destroyed before", words::code(function)),
            None => format!("which was {ended} before"),
        };
        let gone = format!("the {sort} is gone");
        let (message, label) = match &late.by {
            LateUse::Call(function, Call::Destroys) if late.reset_by.is_none() && is_module => (
                format!("{} unloads {name} a second time", words::code(function)),
                "it is unloaded again".to_owned(),
            ),
            LateUse::Call(function, Call::Destroys) if late.reset_by.is_none() => (
                format!("{} destroys {name} a second time", words::code(function)),
                "it is destroyed again".to_owned(),
            ),
            LateUse::Call(function, _) | LateUse::Release(ReleaseKind::Call(_, function), _) => {
                (format!("{} uses {name}, {before}", words::code(function)), gone)
            }
            LateUse::Work(work) if matches!(late.what, Gone::Lost(_)) => {
                (format!("{} uses {name}, {before}", words::work(work)), gone)
            }
            LateUse::Work(work) => (format!("{} is enqueued on {name}, {before}", words::work(work)), gone),
            LateUse::Release(..) => continue,
        };
        let end = match &late.reset_by {
            Some(function) => format!("{} destroys here all that belongs to it", words::code(function)),
            None => format!("{name} is {ended} here"),
        };
        let mut related = vec![Related { site: late.ended_at, message: end }];
        related.extend(words::also(others, late.site, "and used again here"));
        let help = match &late.reset_by {
            Some(_) => "release what belongs to the device before, or leave the reset to the end".to_owned(),
            None if is_module => "unload the module after its last use, once".to_owned(),
            None => format!("destroy the {sort} after its last use, once"),
        };
        diagnostics.push(Diagnostic {
            rule: RULE.name,
            severity: RULE.severity,
            confidence: confidence(late.paths),
            message,
            site: late.site,
            label,
            related,
            help,
            witness: late::of_late_use(context, late),
        });
    }
}
