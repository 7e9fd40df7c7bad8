//! `device-use-after-free`: memory is used, or freed once more, after it was freed.

use super::{Check, Number, Rule, RuleContext, Witness, late, words};
use crate::facts::{Gone, LateUse, Paths, ReleaseKind, UseAfterEnd};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports work that is enqueued with memory which the path has freed before (`cudaFree`, `cudaFreeAsync`, `cudaFreeHost` and their kin): kernels, copies, memsets, library calls; and memory that is freed twice.

## Why it is wrong
The address belongs to nobody, or to the next allocation, which is then read or overwritten.
A second `cudaFree` of the same address returns an error, unless the address has been handed out again: then it frees the new owner's memory.
After `cudaFreeAsync` this holds for all work that is enqueued later, on any stream: none of it comes before the free.

## Example
```cpp,misuse
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run(float *h_data) {
    float *d_data;
    cudaMalloc(&d_data, 256 * sizeof(float));
    scale<<<1, 256>>>(d_data);
    cudaDeviceSynchronize();
    cudaFree(d_data);
    cudaMemcpy(h_data, d_data, 256 * sizeof(float), cudaMemcpyDeviceToHost); //~ device-use-after-free
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run(float *h_data) {
    float *d_data;
    cudaMalloc(&d_data, 256 * sizeof(float));
    scale<<<1, 256>>>(d_data);
    cudaMemcpy(h_data, d_data, 256 * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_data);
}
```

## Not reported
- Memory that was allocated anew, and pointers that were set to something else: null, another buffer, what an unseen function returns.
- Pointers of unknown origin that were freed in another turn of a loop.
- Frees that are known to have failed.
- Memory that a graph launched since may allocate: stream-ordered, or of unknown origin.
- Host code that touches page-locked memory after `cudaFreeHost`.

## Confidence
Certain if the memory is gone on every path to the line, likely if it is on some. Possible where two functions that are called each choose to free memory that the path has not seen made (`if (!ready) return;`): whoever keeps their flags knows whether both may hold.

## References
- CUDA Runtime API, `cudaFree`: "if cudaFree(devPtr) has already been called before, an error is returned"; `cudaFreeAsync`, `cudaFreeHost`.
- CUDA Programming Guide, Stream-Ordered Memory Allocator.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "device-use-after-free",
    number: Number::new(19),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "memory is used or freed again after it was freed",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let uses = context.facts.late_uses.iter();
    for (late, others) in first_of_each(uses.filter(|late| matches!(late.what, Gone::Memory(..)))) {
        if let Gone::Memory(object, how, _) = &late.what {
            let name = words::object(object);
            let function = match how {
                ReleaseKind::Call(_, function) => words::code(function),
                _ => "an earlier call".to_owned(),
            };
            let (message, label) = match &late.by {
                LateUse::Release(..) => (
                    format!("{name} is freed twice: {function} has freed it before"),
                    "it is freed again".to_owned(),
                ),
                LateUse::Work(work) => (
                    format!("{} uses {name}, which {function} has freed before", words::work(work)),
                    format!("{name} is gone"),
                ),
                LateUse::Call(..) => continue,
            };
            let help = match &late.by {
                LateUse::Release(..) => "free it once, and set the pointer to null where it is freed",
                _ => "free it after its last use, or allocate it anew before this line",
            };
            let mut related =
                vec![Related { site: late.ended_at, message: format!("{name} is freed here by {function}") }];
            related.extend(words::also(others, late.site, "and used again here"));
            diagnostics.push(Diagnostic {
                rule: RULE.name,
                severity: RULE.severity,
                confidence: confidence(late.paths),
                message,
                site: late.site,
                label,
                related,
                help: help.into(),
                witness: late::of_late_use(context, late),
            });
        }
    }
}

/// Of the uses of one thing after one end, the first, with the places of the others.
pub(super) fn first_of_each<'f>(
    uses: impl Iterator<Item = &'f UseAfterEnd>,
) -> Vec<(&'f UseAfterEnd, Vec<crate::program::SiteId>)> {
    let mut found: Vec<(&UseAfterEnd, Vec<_>)> = Vec::new();
    for late in uses {
        // What a reset has ended has one root cause, whatever it is.
        let are_reset = |other: &UseAfterEnd| other.reset_by.is_some() && late.reset_by.is_some();
        let same = |other: &UseAfterEnd| {
            other.ended_at == late.ended_at && (are_reset(other) || is_same(&other.what, &late.what))
        };
        match found.iter_mut().find(|(first, _)| same(first)) {
            Some((_, others)) => others.push(late.site),
            None => found.push((late, Vec::new())),
        }
    }
    found
}

fn is_same(a: &Gone, b: &Gone) -> bool {
    match (a, b) {
        (Gone::Memory(a, ..), Gone::Memory(b, ..)) => (&a.name, a.site) == (&b.name, b.site),
        (a, b) => a == b,
    }
}

/// How sure it is.
pub(super) const fn confidence(paths: Paths) -> Confidence {
    match paths {
        Paths::All => Confidence::Certain,
        Paths::Some => Confidence::Likely,
        Paths::AfterFailure => Confidence::Possible,
    }
}
