//! `event-timing-unneeded`: an event measures time that nobody asks for.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::UnreadTime;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports events that are made without `cudaEventDisableTiming`, are recorded, and are never asked for their time.

## Why it is wrong
An event that measures time costs more than one that only marks a place in a stream: "events created with this flag specified and the cudaEventBlockingSync flag not specified will provide the best performance when used with cudaStreamWaitEvent() and cudaEventQuery()".
Its record is work of its own in the stream: measured on an NVIDIA H200, a blocking stream with nothing in it waits for the work of the legacy default stream after the record of an event with timing, and does not after that of one without.

## Example
```cpp,misuse
__global__ void produce(float *x);
__global__ void consume(const float *x);

void pipeline(float *d_data, cudaStream_t first, cudaStream_t second) {
    cudaEvent_t ready;
    cudaEventCreate(&ready); //~ event-timing-unneeded
    produce<<<1, 256, 0, first>>>(d_data);
    cudaEventRecord(ready, first);
    cudaStreamWaitEvent(second, ready, 0);
    consume<<<1, 256, 0, second>>>(d_data);
    cudaStreamSynchronize(second);
    cudaEventDestroy(ready);
}
```

## Use instead
```cpp,correct
__global__ void produce(float *x);
__global__ void consume(const float *x);

void pipeline(float *d_data, cudaStream_t first, cudaStream_t second) {
    cudaEvent_t ready;
    cudaEventCreateWithFlags(&ready, cudaEventDisableTiming);
    produce<<<1, 256, 0, first>>>(d_data);
    cudaEventRecord(ready, first);
    cudaStreamWaitEvent(second, ready, 0);
    consume<<<1, 256, 0, second>>>(d_data);
    cudaStreamSynchronize(second);
    cudaEventDestroy(ready);
}
```

## Not reported
- Events that are asked for their time on some path (`cudaEventElapsedTime`), and all events of a file that asks an event which may be any.
- Events that others have: members, variables with static storage, results, what unseen functions are handed.
- Events that are never recorded, and events whose flags are not a constant.
- Events of functions that have too many paths to follow them all.

## Confidence
Certain. An info, off by default (`--min-severity info` shows it): what it costs is small.

## References
- CUDA Runtime API, `cudaEventCreateWithFlags`, `cudaEventRecord`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "event-timing-unneeded",
    number: Number::with(34, 'b'),
    category: Category::Performance,
    severity: Severity::Info,
    summary: "an event measures time that nobody asks for",
    doc: DOC,
    on_by_default: false,
    witness: Witness::WrongResult,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.events.unread_times.iter().map(explain));
}

fn explain(it: &UnreadTime) -> Diagnostic {
    let event = words::event(&it.event);
    let flag =
        if words::is_driver(&it.function) { "CU_EVENT_DISABLE_TIMING" } else { "cudaEventDisableTiming" };
    let create = if words::is_driver(&it.function) { "cuEventCreate" } else { "cudaEventCreateWithFlags" };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!("{event} measures time at each record, and nobody asks for it"),
        site: it.made,
        label: "this event has timing".into(),
        related: vec![Related { site: it.record, message: format!("{event} is recorded here") }],
        help: format!("make it by {} with {}", words::code(create), words::code(flag)),
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Event, EventFacts, Facts};
    use crate::program::SiteId;

    #[test]
    fn the_event_is_reported_where_it_is_made() {
        let unread = UnreadTime {
            event: Event { name: "ready".into(), made: Some(SiteId(3)) },
            made: SiteId(3),
            function: "cudaEventCreate".into(),
            record: SiteId(5),
        };
        let events = EventFacts { unread_times: vec![unread], ..EventFacts::default() };
        let facts = Facts { events, ..Facts::default() };
        assert_eq!(sample::lines(&facts), ["3 event-timing-unneeded info certain"]);
        assert!(sample::text(&facts).contains("event `ready` measures time"));
    }
}
