//! `callback-waits`: a function that CUDA calls back waits for another thread.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::InCallback;
use crate::facts::{Callback, ReachedCall};
use crate::trace::judge::BUSY_WAIT;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports stream callbacks and host functions that wait for a condition variable, a future, a thread, a barrier or a semaphore, that sleep, or that look at a flag in a loop until it changes, themselves or through the functions that they call.

## Why it is wrong
The stream stands still until the function returns, and so does everything that waits for the stream; other callbacks may be run by the same thread of the driver.
A host function "must not perform any synchronization that may depend on outstanding CUDA work": if what it waits for is set by a thread that first waits for the stream, or makes another call of CUDA that has to wait, neither goes on.

## Example
```cpp,misuse
#include <condition_variable>
#include <mutex>

struct Slot {
    std::mutex mutex;
    std::condition_variable changed;
    bool free = false;
};

void CUDART_CB publish(void *data) {
    Slot *slot = static_cast<Slot *>(data);
    std::unique_lock<std::mutex> lock(slot->mutex);
    while (!slot->free) {
        slot->changed.wait(lock); //~ callback-waits
    }
}

void enqueue(Slot *slot, cudaStream_t stream) {
    cudaLaunchHostFunc(stream, publish, slot);
}
```

## Use instead
```cpp,correct
#include <condition_variable>
#include <mutex>

struct Slot {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
};

void CUDART_CB publish(void *data) {
    Slot *slot = static_cast<Slot *>(data);
    std::lock_guard<std::mutex> lock(slot->mutex);
    slot->done = true;
    slot->changed.notify_one();
}

void enqueue(Slot *slot, cudaStream_t stream) {
    cudaLaunchHostFunc(stream, publish, slot);
}
```
The callback tells, and a thread of the program waits.

## Not reported
- To notify, to set an atomic, to lock a mutex for a moment.
- Waits on a thread that the callback starts or wakes.
- The use of `cudaStreamAddCallback` itself, which is slated for deprecation.

## Confidence
Certain, or possible where the wait is reached only through something that is not followed for sure (a virtual call).

## References
- CUDA Runtime API, `cudaLaunchHostFunc`: "must not perform any synchronization that may depend on outstanding CUDA work".
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "callback-waits",
    number: Number::new(26),
    category: Category::Callback,
    severity: Severity::Warning,
    summary: "a stream callback or host function waits for another thread or for time to pass",
    doc: DOC,
    on_by_default: true,
    witness: Witness::Hang,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let callbacks = context.facts.callbacks.iter();
    let mut waits: Vec<(&Callback, &ReachedCall)> = callbacks
        .flat_map(|callback| callback.reaches.iter().map(move |call| (callback, call)))
        .filter(|(_, call)| call.status == InCallback::Waits)
        .collect();
    // One wait is one diagnostic, however many registrations lead to it: the surest and shortest way first.
    waits
        .sort_by_key(|(callback, call)| (call.site, call.uncertain, call.path.len(), callback.registered_at));
    for group in waits.chunk_by(|(_, a), (_, b)| a.site == b.site) {
        diagnostics.push(explain(context, group[0].0, group[0].1, &group[1..]));
    }
}

fn explain(
    context: &RuleContext<'_>,
    callback: &Callback,
    call: &ReachedCall,
    others: &[(&Callback, &ReachedCall)],
) -> Diagnostic {
    let function = if callback.function.starts_with('<') {
        "a lambda".to_owned()
    } else {
        words::code(&callback.function)
    };
    let wait = match call.name.as_str() {
        BUSY_WAIT => "loops until a flag changes".to_owned(),
        name => format!("waits in {}", words::code(name)),
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
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: if call.uncertain { Confidence::Possible } else { Confidence::Certain },
        message: format!("{function}, which CUDA calls back, {wait}: its stream stands still as long"),
        site: call.site,
        label: "the stream waits for this".into(),
        related,
        help: "let the callback notify a thread of your own, and wait there".into(),
        witness: Some(witness::of_waiting_callback(context, callback, call)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn facts(name: &str, status: InCallback) -> Facts {
        let call =
            ReachedCall { site: SiteId(20), name: name.into(), status, path: Vec::new(), uncertain: false };
        let callback = Callback {
            registered_at: SiteId(30),
            registered_with: "cudaLaunchHostFunc".into(),
            function: "done".into(),
            function_site: SiteId(1),
            params: 1,
            reaches: vec![call],
        };
        Facts { callbacks: vec![callback.clone(), callback], ..Facts::default() }
    }

    #[test]
    fn a_wait_is_one_diagnostic() {
        let waits = facts("std::future::get", InCallback::Waits);
        assert_eq!(sample::lines(&waits), ["20 callback-waits warning certain"]);
        assert!(sample::text(&waits).contains("waits in `std::future::get`"));
        assert!(sample::text(&facts(BUSY_WAIT, InCallback::Waits)).contains("loops until a flag changes"));
    }

    #[test]
    fn calls_of_cuda_belong_to_another_rule() {
        assert_eq!(
            sample::lines(&facts("cudaFree", InCallback::Forbidden)),
            ["20 api-call-in-callback error certain"]
        );
        assert!(sample::lines(&facts("std::mutex::lock", InCallback::Fine)).is_empty());
    }
}
