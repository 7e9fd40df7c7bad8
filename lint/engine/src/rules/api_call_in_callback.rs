//! `api-call-in-callback`: a function that CUDA calls back makes a CUDA call.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::InCallback;
use crate::facts::{Callback, ReachedCall};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports CUDA calls that a stream callback or host function makes, itself or through the functions that it calls: also those that run as a `std::unique_ptr` ends, the destructor of what it holds or its deleter.
Host functions of graphs count as well, captured or added by hand (`cudaGraphAddHostNode`, `cudaGraphAddNode`).

## Why it is wrong
"Callbacks must not make any CUDA API calls", nor may functions of `cudaLaunchHostFunc`.
The call may return `cudaErrorNotPermitted` and do nothing, or wait for itself.
Measured on an NVIDIA H200: 19 of 23 functions returned 800 (`cudaErrorNotPermitted`).
`cudaEventQuery`, `cudaEventSynchronize`, `cudaGetLastError` and `cudaGetErrorString` returned 0; the first three are forbidden all the same.
The reason is not that the data could still be written: what was enqueued on the stream before the callback is complete.

## Example
```cpp,misuse
struct Download {
    float *h_result;
    const float *d_result;
    size_t bytes;
    cudaStream_t stream;
};

void CUDART_CB fetch(void *data) {
    Download *download = static_cast<Download *>(data);
    cudaMemcpyAsync(download->h_result, download->d_result, download->bytes, //~ api-call-in-callback
                    cudaMemcpyDeviceToHost, download->stream);
}

void enqueue(Download *download) {
    cudaLaunchHostFunc(download->stream, fetch, download);
}
```

## Use instead
```cpp,correct
struct Download {
    float *h_result;
    const float *d_result;
    size_t bytes;
    cudaStream_t stream;
};

void enqueue(Download *download) {
    cudaMemcpyAsync(download->h_result, download->d_result, download->bytes, cudaMemcpyDeviceToHost,
                    download->stream);
}
```
What must follow the copy on the host goes into a host function that is enqueued after it, or into a thread that the host function wakes.

## Not reported
- `cudaGetErrorString`, `cudaGetErrorName` and helpers that do not touch the device.
- What a `std::unique_ptr` holds that may let go of it (`release`, a move), arrays with the standard deleter, and other owners: `std::shared_ptr`, containers.
- Deleters that are function pointers or lambdas outside of functions; of several call operators those that take no pointer to the very class; destructors that a class has only from its members and bases.
- Deleters and destructors whose bodies stand in another file than the callback, unless something there calls them by name.
- Work that the callback hands to another thread, and functions that it only passes on.

## Confidence
Certain, or possible where the call is reached only through something that is not followed for sure: a virtual call, a branch in a template that a smart pointer calls.

## References
- CUDA Runtime API, `cudaLaunchHostFunc`, `cudaStreamAddCallback`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "api-call-in-callback",
    number: Number::new(24),
    category: Category::Callback,
    severity: Severity::Error,
    summary: "a stream callback or host function makes a CUDA call",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut reached: Vec<(&Callback, &ReachedCall)> = context
        .facts
        .callbacks
        .iter()
        .flat_map(|callback| callback.reaches.iter().map(move |call| (callback, call)))
        .filter(|(_, call)| matches!(call.status, InCallback::Forbidden | InCallback::ForbiddenUnobserved))
        .collect();
    // One call is one diagnostic, however many registrations lead to it: the surest and shortest way first.
    reached
        .sort_by_key(|(callback, call)| (call.site, call.uncertain, call.path.len(), callback.registered_at));
    for group in reached.chunk_by(|(_, a), (_, b)| a.site == b.site) {
        diagnostics.push(explain(context, group[0].0, group[0].1, &group[1..]));
    }
}

fn explain(
    context: &RuleContext<'_>,
    callback: &Callback,
    call: &ReachedCall,
    others: &[(&Callback, &ReachedCall)],
) -> Diagnostic {
    let name = words::code(&call.name);
    let function = if callback.function.starts_with('<') {
        "a lambda".to_owned()
    } else {
        words::code(&callback.function)
    };
    let observed = match call.status {
        InCallback::Forbidden => "returns `cudaErrorNotPermitted` there",
        _ => "is forbidden there by the documentation, though it was seen to succeed",
    };
    let mut related = vec![Related {
        site: callback.registered_at,
        message: format!("{function} is passed to {} here", words::code(&callback.registered_with)),
    }];
    related.extend(call.path.iter().map(|note| Related { site: note.site, message: note.text.clone() }));
    related.extend(words::also(
        others.iter().map(|(callback, _)| callback.registered_at),
        callback.registered_at,
        "a callback that reaches it is registered here as well",
    ));
    related.retain(|place| place.site != call.site);
    let how = if call.path.is_empty() { "calls" } else { "reaches" };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: if call.uncertain { Confidence::Possible } else { Confidence::Certain },
        message: format!("{function}, which CUDA calls back, {how} {name}, which {observed}"),
        site: call.site,
        label: "no CUDA function may be called from here".into(),
        related,
        help: "enqueue the work on the stream instead, before or after the callback, or hand it to a thread of your \
               own that the callback wakes"
            .into(),
        witness: Some(witness::of_callback(context, callback, call)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Facts, Note};
    use crate::program::SiteId;

    fn call(site: u32, status: InCallback) -> ReachedCall {
        ReachedCall {
            site: SiteId(site),
            name: "cudaFree".into(),
            status,
            path: Vec::new(),
            uncertain: false,
        }
    }

    fn callback(registered_at: u32, reaches: Vec<ReachedCall>) -> Callback {
        Callback {
            registered_at: SiteId(registered_at),
            registered_with: "cudaLaunchHostFunc".into(),
            function: "done".into(),
            function_site: SiteId(1),
            params: 1,
            reaches,
        }
    }

    fn facts(callbacks: Vec<Callback>) -> Facts {
        Facts { callbacks, ..Facts::default() }
    }

    #[test]
    fn each_forbidden_call_is_one_diagnostic() {
        let calls = vec![
            call(20, InCallback::Forbidden),
            call(21, InCallback::ForbiddenUnobserved),
            call(22, InCallback::Harmless),
            call(23, InCallback::Fine),
        ];
        let facts = facts(vec![callback(30, calls.clone()), callback(40, calls)]);
        assert_eq!(
            sample::lines(&facts),
            ["20 api-call-in-callback error certain", "21 api-call-in-callback error certain"]
        );
    }

    #[test]
    fn a_call_behind_a_virtual_call_is_possible() {
        let uncertain = ReachedCall { uncertain: true, ..call(20, InCallback::Forbidden) };
        assert_eq!(
            sample::lines(&facts(vec![callback(30, vec![uncertain])])),
            ["20 api-call-in-callback error possible"]
        );
    }

    #[test]
    fn the_way_to_the_call_is_told() {
        let mut deep = call(20, InCallback::Forbidden);
        deep.path = vec![Note { site: SiteId(25), text: "`done` calls `release`".into() }];
        let facts = facts(vec![callback(30, vec![deep])]);
        assert!(sample::text(&facts).contains("`done`, which CUDA calls back, reaches `cudaFree`"));
        let findings = super::super::judge(&crate::Program::default(), &facts, &sample::OPTIONS);
        let sites: Vec<_> = findings.diagnostics[0].related.iter().map(|place| place.site.0).collect();
        assert_eq!(sites, [30, 25]);
    }
}
