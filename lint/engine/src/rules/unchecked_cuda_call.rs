//! `unchecked-cuda-call`: nobody looks at what a CUDA call returns.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::Unchecked;
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports calls of the CUDA runtime and driver whose result the source drops, where nothing looks at the last error later in the same function.

## Why it is wrong
Every call tells by its result whether it failed, and many tell of errors of earlier work as well.
A program that does not look goes on with memory that was never allocated, or with results that were never copied, and ends with success.

## Example
```cpp,misuse
float *allocate(size_t count) {
    float *d_data = nullptr;
    cudaMalloc(&d_data, count * sizeof(float)); //~ unchecked-cuda-call
    return d_data;
}
```

## Use instead
```cpp,correct
float *allocate(size_t count) {
    float *d_data = nullptr;
    if (cudaMalloc(&d_data, count * sizeof(float)) != cudaSuccess) {
        return nullptr;
    }
    return d_data;
}
```

## Not reported
- Results that are stored, tested, returned or handed to a function or macro.
- Results that are cast to `void`: dropped on purpose.
- Calls of the runtime with a query of the last error (`cudaGetLastError`, `cudaPeekAtLastError`) later in the function, directly or in a function that it calls; an unseen function whose name speaks of checks or errors counts as one.
- Calls in the body of a macro, such as `cuGetErrorName` in a check macro.
- Calls that clean up: frees, and what destroys streams, events, graphs, modules and library handles or resets the device.
- Destructors, which can tell nobody.
- Launches (`<<<>>>`), which have no result.

## Confidence
Certain. An info, off by default (`--min-severity info` shows it): whether every call has to be checked is a matter of style.

## References
- CUDA Programming Guide, Error Checking.
- CUDA Runtime API, `cudaGetLastError`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "unchecked-cuda-call",
    number: Number::with(30, 'b'),
    category: Category::ApiUsage,
    severity: Severity::Info,
    summary: "nobody looks at what a CUDA call returns",
    doc: DOC,
    on_by_default: false,
    witness: Witness::WrongResult,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.errors.unchecked.iter().map(explain));
}

fn explain(call: &Unchecked) -> Diagnostic {
    let function = words::code(&call.function);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!(
            "nobody looks at what {function} returns: if it fails, the program goes on as if it had not"
        ),
        site: call.site,
        label: "the result is dropped".into(),
        related: Vec::new(),
        help: "compare the result with success, or cast it to `void` if it must not matter".into(),
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
    fn each_call_is_an_info() {
        let call = |site| Unchecked { site: SiteId(site), function: "cudaMalloc".into() };
        let errors = ErrorChecks { unchecked: vec![call(3), call(5)], ..ErrorChecks::default() };
        let facts = Facts { errors, ..Facts::default() };
        let line = |site| format!("{site} unchecked-cuda-call info certain");
        assert_eq!(sample::lines(&facts), [line(3), line(5)]);
    }
}
