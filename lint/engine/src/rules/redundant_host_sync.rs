//! `redundant-host-sync`: the host waits for work that nothing needs yet, and enqueues the next work late.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::NeedlessWait;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports waits of the host that nothing needs: up to a later wait that covers the same work, the host touches none of its data and releases nothing, and what it enqueues is ordered after that work by the stream anyway.

## Why it is wrong
The result is right, the wait costs time: the device is done and idle until the host has come back and has enqueued the next work, instead of starting it at once.
The programming guide says that "synchronization of any kind should be delayed as long as possible".

## Example
```cpp,misuse
__global__ void scale(float *x);

int main() {
    float *h, *d;
    cudaMallocHost(&h, 1 << 20);
    cudaMalloc(&d, 1 << 20);
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMemcpyAsync(d, h, 1 << 20, cudaMemcpyHostToDevice, stream);
    cudaStreamSynchronize(stream); //~ redundant-host-sync
    scale<<<1024, 256, 0, stream>>>(d);
    cudaMemcpyAsync(h, d, 1 << 20, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
    cudaFree(d);
    cudaFreeHost(h);
}
```

## Use instead
```cpp,correct
__global__ void scale(float *x);

int main() {
    float *h, *d;
    cudaMallocHost(&h, 1 << 20);
    cudaMalloc(&d, 1 << 20);
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMemcpyAsync(d, h, 1 << 20, cudaMemcpyHostToDevice, stream);
    scale<<<1024, 256, 0, stream>>>(d);
    cudaMemcpyAsync(h, d, 1 << 20, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
    cudaFree(d);
    cudaFreeHost(h);
}
```

## Not reported
- Waits that something needs or may need: a host access, a release, the end of the function, a query of the last error, a recorded or timed event, output, a clock, another thread, work on a stream that nothing orders after it, any call that is not known.
- Waits for a copy to the host, whose data may be used only later.
- Waits whose status is looked at, where that of the covering wait is not.
- Waits in loops, which keep the host from running ahead, in the bodies of macros, and around captures.
- Waits for streams and events that are parameters, members or results of calls.
- Waits for the device, or for the default stream, where more than one stream is used; in functions other than `main` that are not called exactly once, waits for the device at all: they may be for what callers have enqueued.
- `cudaStreamWaitEvent` for an event that was recorded on the same stream: the host does not wait, and the stream's order has done already what it asks for.
- Work that touches managed memory, or a kernel that touches host memory.
- A wait followed by another with nothing enqueued between them, or only what blocks the host itself or fills a few bytes: it costs next to nothing.

## Confidence
Certain: no path that gets to the wait needs it.

## References
- CUDA Programming Guide, Asynchronous Execution, Explicit Synchronization; Overlapping Behavior ("synchronization of any kind should be delayed as long as possible").
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "redundant-host-sync",
    number: Number::new(32),
    category: Category::Performance,
    severity: Severity::Performance,
    summary: "the host waits for work that nothing needs yet",
    doc: DOC,
    on_by_default: true,
    witness: Witness::SlowerRatio,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let needless = context.facts.needless_waits.iter().filter(|wait| {
        // A function that is called from elsewhere may wait for what its callers have enqueued.
        !wait.whole_device || context.is_in_main(wait.site) || context.is_called_once(wait.site)
    });
    diagnostics.extend(needless.map(explain));
}

fn explain(wait: &NeedlessWait) -> Diagnostic {
    let (function, by) = (words::code(&wait.function), words::code(&wait.covered_by.text));
    let (work, next) = (words::work(&wait.work), words::work(&wait.next));
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!(
            "{function} waits for {work}, which nothing needs before the later {by}; {next} is enqueued late"
        ),
        site: wait.site,
        label: "nothing needs this wait".into(),
        related: vec![
            Related {
                site: wait.work.site,
                message: format!("{work} is enqueued here on {}", words::stream(&wait.work.stream)),
            },
            Related {
                site: wait.next.site,
                message: format!("{next} comes after it in stream order anyway"),
            },
            Related { site: wait.covered_by.site, message: format!("{by} waits for all of it") },
        ],
        help: format!("remove this wait: the order of the stream and the later {by} are enough"),
        witness: Some(wait.witness.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Facts, Note};
    use crate::program::SiteId;

    fn facts(whole_device: bool) -> Facts {
        let wait = NeedlessWait {
            site: SiteId(20),
            function: "cudaStreamSynchronize".into(),
            whole_device,
            work: sample::copy_to_device(10),
            next: sample::kernel(30),
            covered_by: Note { site: SiteId(40), text: "cudaDeviceSynchronize".into() },
            witness: crate::trace::Trace { default_stream: crate::DefaultStream::Legacy, steps: Vec::new() },
        };
        Facts { needless_waits: vec![wait], ..Facts::default() }
    }

    #[test]
    fn a_needless_wait_is_reported() {
        assert_eq!(sample::lines(&facts(false)), ["20 redundant-host-sync performance certain"]);
        let text = sample::text(&facts(false));
        assert!(text.contains("before the later `cudaDeviceSynchronize`"), "{text}");
    }

    #[test]
    fn a_wait_for_the_device_may_be_for_the_callers() {
        assert!(sample::lines(&facts(true)).is_empty());
    }
}
