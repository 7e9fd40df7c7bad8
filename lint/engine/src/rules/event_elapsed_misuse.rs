//! `event-elapsed-misuse`: the time between two events is asked for, and one of them has none.

use super::{Check, Number, Rule, RuleContext, Witness, event_cause, event_witness, root_cause, words};
use crate::facts::{Untimed, UntimedEvent};
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports `cudaEventElapsedTime` on an event that was made with `cudaEventDisableTiming`, that was never recorded, or whose record nothing has waited for.
A wait for the start is none for the end, which is recorded behind it.
Events that a class keeps in its fields are known by what all of its methods put there.

## Why it is wrong
The call waits for nothing and measures nothing: it reads the times that two completed events hold.
Without them it writes no time and returns `cudaErrorInvalidResourceHandle` (400), or `cudaErrorNotReady` (600) as long as the work before the event is not done.
Measured on an NVIDIA H200: 400 and 600.

## Example
```cpp,misuse
#include <cuda_runtime.h>
__global__ void scale(float *data) { data[threadIdx.x] *= 2.0f; }

float measure(float *d_data, cudaStream_t stream) {
    cudaEvent_t start, stop;
    float milliseconds = 0;
    cudaEventCreate(&start);
    cudaEventCreate(&stop);
    cudaEventRecord(start, stream);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaEventRecord(stop, stream);
    cudaEventElapsedTime(&milliseconds, start, stop); //~ event-elapsed-misuse
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    return milliseconds;
}
```

## Use instead
```cpp,correct
#include <cuda_runtime.h>
__global__ void scale(float *data) { data[threadIdx.x] *= 2.0f; }

float measure(float *d_data, cudaStream_t stream) {
    cudaEvent_t start, stop;
    float milliseconds = 0;
    cudaEventCreate(&start);
    cudaEventCreate(&stop);
    cudaEventRecord(start, stream);
    scale<<<1, 256, 0, stream>>>(d_data);
    cudaEventRecord(stop, stream);
    cudaEventSynchronize(stop);
    cudaEventElapsedTime(&milliseconds, start, stop);
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    return milliseconds;
}
```

## Not reported
- Calls whose result is compared with `cudaErrorNotReady`: the code asks until there is a time.
- Events that a wait for their stream, for the device or for a later event, or a successful query, has seen complete.
- Events that something unseen may have recorded or waited for, and calls in a capture.
- Events that nothing records, where a wait for them leaves out an order that is needed: see `event-never-recorded`.
- Events in fields or variables that are made with timing in one place and without in another, or with flags that are no constant.
- Events that a round of a loop records which is not followed (the fourth and later ones).
- Start and end in the wrong order.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- CUDA Runtime API, cudaEventElapsedTime, cudaEventCreateWithFlags.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "event-elapsed-misuse",
    number: Number::new(18),
    category: Category::ApiUsage,
    severity: Severity::Error,
    summary: "the time between two events is asked for, and one of them has none",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    report(context, diagnostics, RULE.name, |it| !is_of_library(it));
}

/// True for methods of Rust libraries, whose events measure no time unless they are asked to.
pub(super) fn is_of_library(it: &UntimedEvent) -> bool {
    ["elapsed_ms", "elapsed_time_f32"].contains(&it.function.as_str())
}

/// Reports the events that a rule is about.
pub(super) fn report(
    context: &RuleContext<'_>,
    diagnostics: &mut Vec<Diagnostic>,
    rule: &'static str,
    is_meant: impl Fn(&UntimedEvent) -> bool,
) {
    let is_said = |it: &&UntimedEvent| {
        it.why == Untimed::NeverRecorded && event_cause::breaks_order(context, &it.event)
    };
    let untimed: Vec<&UntimedEvent> =
        context.facts.events.untimed.iter().filter(|it| !is_said(it) && is_meant(it)).collect();
    // One wait mends both events, and one flag is copied from the other: one finding a call.
    for (index, it) in untimed.iter().copied().enumerate() {
        let same = |other: &UntimedEvent| other.site == it.site;
        let better = |other: &UntimedEvent| {
            same(other)
                && (other.paths > it.paths || (other.paths == it.paths && it.is_start && !other.is_start))
        };
        let first = untimed.iter().position(|other| same(other) && other.is_start == it.is_start);
        if first == Some(index) && !untimed.iter().any(|other| better(other)) {
            diagnostics.push(Diagnostic { rule, ..explain(context, it) });
        }
    }
}

fn explain(context: &RuleContext<'_>, it: &UntimedEvent) -> Diagnostic {
    let event = words::event(&it.event);
    let function = words::code(&it.function);
    let place = |site, message: String| Related { site, message };
    let mut related: Vec<Related> = Vec::new();
    related.extend(it.event.made.map(|site| place(site, format!("{event} is made here"))));
    let (message, help) = match &it.why {
        Untimed::Disabled => (
            format!("{function} is asked for the time of {event}, which is made without timing"),
            if is_of_library(it) {
                format!(
                    "ask for timing where {event} is made: cudarc's `Some(CUevent_flags::CU_EVENT_DEFAULT)`, cust's `EventFlags::DEFAULT`"
                )
            } else {
                format!("make {event} with `cudaEventCreate`, without `cudaEventDisableTiming`")
            },
        ),
        Untimed::NeverRecorded => (
            format!("{function} is asked for the time of {event}, which nothing records"),
            format!("record {event} before this line, and wait for it"),
        ),
        Untimed::NotComplete { record, stream } => {
            related.push(place(*record, format!("{event} is recorded here on {}", words::stream(stream))));
            (
                format!("{function} is asked for the time of {event}, which nothing has waited for"),
                format!("wait before this line: `cudaEventSynchronize({})`", it.event.name),
            )
        }
    };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: root_cause::paths(it.paths),
        message,
        site: it.site,
        label: match it.why {
            Untimed::NotComplete { .. } => "fails with `cudaErrorNotReady` while the work is not done".into(),
            _ => "fails with `cudaErrorInvalidResourceHandle`".into(),
        },
        related,
        help,
        witness: Some(event_witness::of_untimed(context, it)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Event, EventFacts, Facts, Paths};
    use crate::program::SiteId;

    #[test]
    fn both_events_of_a_call_are_one_finding() {
        let untimed = |name: &str, is_start, paths| UntimedEvent {
            site: SiteId(20),
            function: "cudaEventElapsedTime".into(),
            event: Event { name: name.into(), made: Some(SiteId(3)) },
            why: Untimed::NotComplete { record: SiteId(9), stream: sample::stream("s", 1, false) },
            is_start,
            paths,
        };
        let facts =
            |untimed| Facts { events: EventFacts { untimed, ..EventFacts::default() }, ..Facts::default() };
        let both = facts(vec![untimed("a", true, Paths::All), untimed("b", false, Paths::All)]);
        assert_eq!(sample::lines(&both), ["20 event-elapsed-misuse error certain"]);
        assert!(sample::text(&both).contains("`cudaEventSynchronize(b)`"));
        let some = facts(vec![untimed("b", false, Paths::Some)]);
        assert_eq!(sample::lines(&some), ["20 event-elapsed-misuse error likely"]);
    }
}
