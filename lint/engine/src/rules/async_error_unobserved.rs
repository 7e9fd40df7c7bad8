//! `async-error-unobserved`: errors are looked for while the work is still running, and not after it.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::facts::EarlyQuery;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports programs that ask `cudaGetLastError` or `cudaPeekAtLastError` for errors right after work was enqueued, and look at the result of no wait.

## Why it is wrong
Right after a launch, these two know of what was wrong with the launch (its configuration, its arguments) and of errors of earlier work.
What goes wrong while the work runs, such as an access out of bounds, is told by a later call: for certain by one that waits for the work.
A program that looks at no such result goes on with wrong data, and ends with success.
Neither function waits: measured on an NVIDIA H200, `cudaGetLastError` took 0.001 ms with the stream held for 200 ms.

## Example
```cpp,misuse
__global__ void scale(float *x);

int main() {
    float *d;
    cudaMalloc(&d, 1 << 20);
    scale<<<1024, 256>>>(d);
    bool failed = cudaGetLastError() != cudaSuccess; //~ async-error-unobserved
    cudaDeviceSynchronize();
    cudaFree(d);
    return failed ? 1 : 0;
}
```

## Use instead
```cpp,correct
__global__ void scale(float *x);

int main() {
    float *d;
    cudaMalloc(&d, 1 << 20);
    scale<<<1024, 256>>>(d);
    bool failed = cudaGetLastError() != cudaSuccess;
    if (cudaDeviceSynchronize() != cudaSuccess) {
        failed = true;
    }
    cudaFree(d);
    return failed ? 1 : 0;
}
```

## Not reported
- Programs that look at the result of a wait, of a synchronous copy, of a query or of a free anywhere, or at the last error when nothing is pending.
- Programs that call something unknown which may do so, such as a check macro that nothing defines.
- Files without a `main`: an info, off by default, since the rest of the program may look.
- Queries whose result is dropped: that is how the last error is reset.

## Confidence
Certain.

## References
- CUDA Programming Guide, Error Checking, Asynchronous Errors.
- CUDA Runtime API, `cudaGetLastError`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "async-error-unobserved",
    number: Number::new(30),
    category: Category::ApiUsage,
    severity: Severity::Warning,
    summary: "errors are asked for while the work is running, and after no wait",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let errors = &context.facts.errors;
    if errors.observes_waits || errors.early.is_empty() {
        return;
    }
    let severity = if errors.has_main { RULE.severity } else { Severity::Info };
    // One cause: the rest are named with the first.
    let (first, others) = (&errors.early[0], &errors.early[1..]);
    diagnostics.push(explain(context, first, others, severity));
}

fn explain(
    context: &RuleContext<'_>,
    query: &EarlyQuery,
    others: &[EarlyQuery],
    severity: Severity,
) -> Diagnostic {
    let function = words::code(&query.function);
    let work =
        if query.kernel { format!("kernel {}", words::code(&query.name)) } else { words::code(&query.name) };
    let mut related = vec![Related { site: query.work, message: format!("{work} is enqueued here") }];
    related.extend(words::also(others.iter().map(|other| other.site), query.site, "likewise here"));
    Diagnostic {
        rule: RULE.name,
        severity,
        confidence: Confidence::Certain,
        message: format!(
            "{function} is asked while {work} may still be running, and no wait's result is looked at: an error \
             of {work} is never seen"
        ),
        site: query.site,
        label: "this does not wait".into(),
        related,
        help: "test the result of the wait as well: of `cudaStreamSynchronize` or `cudaDeviceSynchronize`"
            .into(),
        witness: Some(witness::of_early_query(context, query)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{ErrorChecks, Facts};
    use crate::program::SiteId;

    fn facts(observes_waits: bool, has_main: bool) -> Facts {
        let query = |site| EarlyQuery {
            site: SiteId(site),
            function: "cudaGetLastError".into(),
            work: SiteId(10),
            name: "scale".into(),
            kernel: true,
        };
        let early = vec![query(20), query(30)];
        Facts {
            errors: ErrorChecks { early, observes_waits, has_main, ..ErrorChecks::default() },
            ..Facts::default()
        }
    }

    #[test]
    fn only_whole_programs_that_never_look_are_warned_of() {
        assert_eq!(sample::lines(&facts(false, true)), ["20 async-error-unobserved warning certain"]);
        assert_eq!(sample::lines(&facts(false, false)), ["20 async-error-unobserved info certain"]);
        assert!(sample::lines(&facts(true, true)).is_empty());
    }
}
