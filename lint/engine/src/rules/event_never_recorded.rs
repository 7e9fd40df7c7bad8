//! `event-never-recorded`: a wait for an event that nothing has recorded waits for nothing.

use super::{Check, Number, Rule, RuleContext, Witness, event_cause, event_witness, words};
use crate::facts::{UnrecordedWait, Waiter};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports a wait for an event (by a stream, by the host, or by a query) that no record of the event reaches, on any path.

## Why it is wrong
An event that was never recorded stands for an empty set of work: `cudaStreamWaitEvent` and `cudaEventSynchronize` return at once and order nothing, and `cudaEventQuery` says that everything is done.
None of them returns an error.
Measured on an NVIDIA H200: with the stream held, all three succeed at once.

## Example
```cpp,misuse
#include <cuda_runtime.h>
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

float run(float *d_data, cudaStream_t stream) {
    float *h_data, result = 0;
    cudaEvent_t copied;
    cudaMallocHost(&h_data, 256 * sizeof(float));
    cudaEventCreateWithFlags(&copied, cudaEventDisableTiming);
    scale<<<1, 256, 0, stream>>>(d_data, 2.0f);
    cudaMemcpyAsync(h_data, d_data, 256 * sizeof(float), cudaMemcpyDeviceToHost, stream);
    cudaEventSynchronize(copied); //~ event-never-recorded
    result = h_data[0];
    cudaStreamSynchronize(stream);
    cudaEventDestroy(copied);
    cudaFreeHost(h_data);
    return result;
}
```

## Use instead
```cpp,correct
#include <cuda_runtime.h>
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

float run(float *d_data, cudaStream_t stream) {
    float *h_data, result = 0;
    cudaEvent_t copied;
    cudaMallocHost(&h_data, 256 * sizeof(float));
    cudaEventCreateWithFlags(&copied, cudaEventDisableTiming);
    scale<<<1, 256, 0, stream>>>(d_data, 2.0f);
    cudaMemcpyAsync(h_data, d_data, 256 * sizeof(float), cudaMemcpyDeviceToHost, stream);
    cudaEventRecord(copied, stream);
    cudaEventSynchronize(copied);
    result = h_data[0];
    cudaStreamSynchronize(stream);
    cudaEventDestroy(copied);
    cudaFreeHost(h_data);
    return result;
}
```

## Not reported
- Events that are made out of sight: parameters, members, events of other processes or of graphs.
- Events that a called function, another method, or an unknown function that gets them may record.
- A wait in the first turn of a loop, before the first record: a documented no-op.
- A wait before the first record where nothing needs the order (possible).
- Events whose time is asked for as well, where nothing needs the order: see `event-elapsed-misuse`.

## Confidence
Certain: no path has a record.
An error where the order that is missing is needed: the race is then reported here, and not again where it shows.
A warning otherwise.

## References
- CUDA Runtime API, cudaEventRecord: "Before the first call to cudaEventRecord(), an event represents an empty set of work".
- CUDA Runtime API, cudaStreamWaitEvent, cudaEventSynchronize, cudaEventQuery.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "event-never-recorded",
    number: Number::new(16),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "a wait for an event that nothing has recorded waits for nothing",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let waits = context.facts.events.unrecorded.iter().filter(|wait| {
        event_cause::worst(context, wait.site).is_some() || !event_cause::has_no_time(context, wait)
    });
    diagnostics.extend(waits.map(|wait| explain(context, wait)));
}

fn explain(context: &RuleContext<'_>, wait: &UnrecordedWait) -> Diagnostic {
    let event = words::event(&wait.event);
    let broken = event_cause::worst(context, wait.site);
    let confidence = match broken {
        None if event_cause::may_be_idle(wait) => Confidence::Possible,
        _ => Confidence::Certain,
    };
    let severity = match broken {
        Some((severity, _)) => severity.max(RULE.severity),
        None => RULE.severity,
    };
    let when =
        if wait.recorded_later.is_some() { "that is recorded only later" } else { "that nothing records" };
    let message = match &wait.waiter {
        Waiter::Host => format!("the host waits for {event} {when}, so it waits for nothing"),
        Waiter::Query => format!("{event} {when} is asked whether it is complete, and always is"),
        Waiter::Stream(stream) => {
            format!("{} waits for {event} {when}, so it waits for nothing", words::stream(stream))
        }
    };
    let mut related: Vec<Related> = Vec::new();
    related.extend(wait.event.made.map(|site| Related { site, message: format!("{event} is made here") }));
    if let Some(work) = &wait.pending {
        related.push(Related {
            site: work.site,
            message: format!("{} may still be running", words::work(work)),
        });
    }
    related.extend(
        wait.recorded_later.map(|site| Related { site, message: format!("{event} is recorded here") }),
    );
    related.extend(broken.map(|(_, conflict)| Related {
        site: conflict.site,
        message: format!("this uses {}, which is not ready", words::object(&conflict.object)),
    }));
    related.retain(|place| place.site != wait.site);
    let stream = match &wait.pending {
        Some(work) => format!(" on {}, behind {}", words::stream(&work.stream), words::work(work)),
        None => String::new(),
    };
    Diagnostic {
        rule: RULE.name,
        severity,
        confidence,
        message,
        site: wait.site,
        label: "orders nothing: the event has not been recorded".into(),
        related,
        help: format!("record {event}{stream}, before this line"),
        witness: Some(event_witness::of_unrecorded(context, wait)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::{Event, EventFacts, Facts, Note};
    use crate::program::SiteId;

    fn facts(recorded_later: Option<u32>, conflict: bool) -> Facts {
        let wait = UnrecordedWait {
            site: SiteId(20),
            event: Event { name: "done".into(), made: Some(SiteId(3)) },
            waiter: Waiter::Host,
            recorded_later: recorded_later.map(SiteId),
            pending: None,
        };
        let mut read = sample::conflict(
            &sample::copy_to_host(10),
            &sample::object("h", MemoryKind::Pinned),
            30,
            sample::host_read(),
        );
        read.no_waits.push(Note { site: SiteId(20), text: "waits for nothing".into() });
        let mut facts = sample::conflicts(if conflict { vec![read] } else { Vec::new() });
        facts.events = EventFacts { unrecorded: vec![wait], ..EventFacts::default() };
        facts
    }

    #[test]
    fn a_needed_order_makes_it_an_error_and_is_said_once() {
        assert_eq!(sample::lines(&facts(None, true)), ["20 event-never-recorded error certain"]);
        assert_eq!(sample::lines(&facts(None, false)), ["20 event-never-recorded warning certain"]);
    }

    #[test]
    fn a_later_record_is_possible_unless_the_order_is_needed() {
        assert_eq!(sample::lines(&facts(Some(40), false)), ["20 event-never-recorded warning possible"]);
        assert_eq!(sample::lines(&facts(Some(40), true)), ["20 event-never-recorded error certain"]);
    }
}
