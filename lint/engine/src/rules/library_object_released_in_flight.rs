//! `library-object-released-in-flight`: a plan or generator is destroyed while work that uses it may be running.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::{HandleInFlight, Paths};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports plans and generators of libraries that are destroyed while work that was enqueued with them may still be running.

## Why it is wrong
A plan owns memory of the device that its work uses: tables, and room for intermediate results.
`cufftDestroy` "frees all GPU resources associated with a cuFFT plan", `curandDestroyGenerator` "frees all memory associated with its state"; neither is documented to wait for work.
That it goes well today rests on `cudaFree`, which the library calls inside, and which "may perform implicit synchronization": a library that takes its memory from a pool (stream-ordered allocation) does not wait, and the next allocation gets the memory that the work still uses.

## Example
```cpp,misuse
#include <cufft.h>

void transform(cufftComplex *data, int size, cudaStream_t stream) {
    cufftHandle plan;
    cufftPlan1d(&plan, size, CUFFT_C2C, 1);
    cufftSetStream(plan, stream);
    cufftExecC2C(plan, data, data, CUFFT_FORWARD);
    cufftDestroy(plan); //~ library-object-released-in-flight
}
```

## Use instead
```cpp,correct
#include <cufft.h>

void transform(cufftComplex *data, int size, cudaStream_t stream) {
    cufftHandle plan;
    cufftPlan1d(&plan, size, CUFFT_C2C, 1);
    cufftSetStream(plan, stream);
    cufftExecC2C(plan, data, data, CUFFT_FORWARD);
    cudaStreamSynchronize(stream);
    cufftDestroy(plan);
}
```
A plan that is kept and used again needs no wait.

## Not reported
- Handles whose release is documented to wait (`cublasDestroy`, `cudnnDestroy`: "will implicitly call cudaDeviceSynchronize"), and those that release nothing of the device (`cusolverDnDestroy`: "releases CPU-side resources", `cusparseDestroy`, which may defer it).
- Work that is over: the host has waited for its stream, an event behind it, or the device.
- Work of other handles, and plans that come from out of sight.
- Workspaces that the program has allocated itself, also where it has given them to a handle (`cublasSetWorkspace`, `cufftSetWorkArea`): free-while-in-flight and async-alloc-misuse. `cublasSetStream` takes the workspace of a cuBLAS handle away again.
- Texture objects. Nothing is documented of kernels that still use one; measured on an NVIDIA H200 (CUDA 13.0), a kernel that is pending while `cudaDestroyTextureObject` returns reads the right texture, whatever is made after that.

## Confidence
Certain if the work is pending on every path that gets there, likely on some; possible if a function that is not seen may have waited.

## References
- cuFFT, `cufftDestroy`; cuRAND, `curandDestroyGenerator`; cuBLAS, `cublasDestroy`; cuDNN, `cudnnDestroy`.
- CUDA Runtime API, `cudaFree`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "library-object-released-in-flight",
    number: Number::new(45),
    category: Category::Lifetime,
    severity: Severity::Warning,
    summary: "a library's plan is destroyed while work that uses it may be running",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramWaits,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut groups: Vec<Vec<&HandleInFlight>> = Vec::new();
    for it in &context.facts.handles_in_flight {
        // One missing wait, one diagnostic.
        match groups.iter_mut().find(|group| group[0].site == it.site) {
            Some(group) => group.push(it),
            None => groups.push(vec![it]),
        }
    }
    for group in groups {
        let surest = group.iter().max_by_key(|it| confidence(it)).copied().unwrap_or(group[0]);
        diagnostics.push(explain(surest));
    }
}

fn confidence(it: &HandleInFlight) -> Confidence {
    match it.paths {
        Paths::AfterFailure => Confidence::Possible,
        _ if !it.doubts.is_empty() => Confidence::Possible,
        Paths::Some => Confidence::Likely,
        Paths::All => Confidence::Certain,
    }
}

fn explain(it: &HandleInFlight) -> Diagnostic {
    let function = words::code(&it.function);
    let name = if it.name.is_empty() { "the handle".to_owned() } else { words::code(&it.name) };
    let work = words::work(&it.work);
    let mut related =
        vec![Related { site: it.work.site, message: format!("{work} is enqueued with it here") }];
    related.extend(it.doubts.iter().map(|it| Related { site: it.site, message: it.text.clone() }));
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: confidence(it),
        message: format!(
            "{name} is destroyed while work that was enqueued with it may still be running: {function} frees what belongs to it, and is not documented to wait"
        ),
        site: it.site,
        label: format!("{name} may still be in use"),
        related,
        help: format!("wait for the work before {function}: {}", words::wait_call(&it.work)),
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Facts, Note};
    use crate::program::SiteId;

    fn facts(paths: Paths, doubts: &[u32]) -> Facts {
        let doubts = doubts.iter().map(|site| Note { site: SiteId(*site), text: "it may wait".into() });
        let it = HandleInFlight {
            site: SiteId(30),
            function: "cufftDestroy".into(),
            name: "plan".into(),
            work: sample::kernel(20),
            doubts: doubts.collect(),
            paths,
        };
        Facts { handles_in_flight: vec![it], ..Facts::default() }
    }

    #[test]
    fn a_doubt_makes_it_possible() {
        let name = "30 library-object-released-in-flight warning";
        assert_eq!(sample::lines(&facts(Paths::All, &[])), [format!("{name} certain")]);
        assert_eq!(sample::lines(&facts(Paths::Some, &[])), [format!("{name} likely")]);
        assert_eq!(sample::lines(&facts(Paths::All, &[25])), [format!("{name} possible")]);
    }
}
