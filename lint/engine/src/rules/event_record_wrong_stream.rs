//! `event-record-wrong-stream`: an event is recorded on a stream that has none of the work it is waited for.

use super::{Check, Number, Rule, RuleContext, Witness, event_cause, event_witness, root_cause, words};
use crate::facts::{MisplacedRecord, Stream};
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports an event that is recorded on a stream with nothing new in it, right after work was enqueued on another stream, and that is waited for later.

## Why it is wrong
An event stands for the work of the stream that it is recorded on, not for what the host did last.
A wait for it returns while the work on the other stream is still running.
Measured on an NVIDIA H200: the second stream read the old data.

Where the work is on the legacy default stream and the event on a blocking stream, the event covers the work through the barrier of the legacy stream.
That the launch names no stream is an accident all the same: with `--default-stream per-thread`, or a non-blocking stream, nothing orders the two.

## Example
```cpp,misuse
#include <cuda_runtime.h>
__global__ void produce(float *data) { data[threadIdx.x] = 1.0f; }
__global__ void consume(const float *data, float *out) { out[threadIdx.x] = data[threadIdx.x]; }

void run(float *d_data, float *d_out) {
    cudaStream_t first, second;
    cudaEvent_t produced;
    cudaStreamCreate(&first);
    cudaStreamCreate(&second);
    cudaEventCreateWithFlags(&produced, cudaEventDisableTiming);
    produce<<<1, 256, 0, first>>>(d_data);
    cudaEventRecord(produced, second); //~ event-record-wrong-stream
    cudaStreamWaitEvent(second, produced, 0);
    consume<<<1, 256, 0, second>>>(d_data, d_out);
    cudaDeviceSynchronize();
    cudaEventDestroy(produced);
    cudaStreamDestroy(first);
    cudaStreamDestroy(second);
}
```

## Use instead
```cpp,correct
#include <cuda_runtime.h>
__global__ void produce(float *data) { data[threadIdx.x] = 1.0f; }
__global__ void consume(const float *data, float *out) { out[threadIdx.x] = data[threadIdx.x]; }

void run(float *d_data, float *d_out) {
    cudaStream_t first, second;
    cudaEvent_t produced;
    cudaStreamCreate(&first);
    cudaStreamCreate(&second);
    cudaEventCreateWithFlags(&produced, cudaEventDisableTiming);
    produce<<<1, 256, 0, first>>>(d_data);
    cudaEventRecord(produced, first);
    cudaStreamWaitEvent(second, produced, 0);
    consume<<<1, 256, 0, second>>>(d_data, d_out);
    cudaDeviceSynchronize();
    cudaEventDestroy(produced);
    cudaStreamDestroy(first);
    cudaStreamDestroy(second);
}
```

## Not reported
- A record on the legacy default stream after work on blocking streams: it stands for that work.
- A record on a stream with work, or with a wait for another event, since the last record on it.
- Work that another event was recorded for in between.
- Events that begin a measurement of time, and events that nothing waits for.
- Streams whose origin is not seen. Of two streams that a caller passes, one is reported (likely) where it waits for an event of its own right behind work on the other: that wait orders nothing, whatever the streams are.

## Confidence
Certain if it is so on all paths, likely on some.
An error where a race follows, which is then reported here and not again where it shows.
A warning otherwise.

## References
- CUDA Runtime API, cudaEventRecord, cudaStreamWaitEvent.
- CUDA Runtime API, Stream synchronization behavior.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "event-record-wrong-stream",
    number: Number::new(17),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "an event is recorded on a stream that has none of the work it is waited for",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.events.misplaced.iter().map(|record| explain(context, record)));
}

fn explain(context: &RuleContext<'_>, record: &MisplacedRecord) -> Diagnostic {
    let event = words::event(&record.event);
    let work = words::work(&record.work);
    let (here, there) = (words::stream(&record.stream), words::stream(&record.work.stream));
    let broken = event_cause::worst(context, record.site);
    let severity = match broken {
        Some((severity, _)) => severity.max(RULE.severity),
        None => RULE.severity,
    };
    let but = if record.covered { ", and covers it only because both wait for each other" } else { "" };
    let mut related: Vec<Related> = Vec::new();
    related.extend(record.event.made.map(|site| Related { site, message: format!("{event} is made here") }));
    let omitted = if record.work.stream_omitted { " (no stream is given)" } else { "" };
    related.push(Related {
        site: record.work.site,
        message: format!("{work} is enqueued here on {there}{omitted}"),
    });
    related.push(Related { site: record.wait, message: format!("{event} is waited for here") });
    related.extend(broken.map(|(_, conflict)| Related {
        site: conflict.site,
        message: format!("this uses {}, which is not ready", words::object(&conflict.object)),
    }));
    related.retain(|place| place.site != record.site);
    let help = match &record.stream {
        Stream::Created { name, .. } if record.work.stream_omitted && !name.is_empty() => {
            format!("give {work} the stream {}, or record {event} on the stream of {work}", words::code(name))
        }
        _ => format!("record {event} on {there}"),
    };
    Diagnostic {
        rule: RULE.name,
        severity,
        confidence: root_cause::paths(record.paths),
        message: format!("{event} is recorded on {here}, but {work} before it runs on {there}{but}"),
        site: record.site,
        label: format!("nothing new is on {here}"),
        related,
        help,
        witness: Some(event_witness::of_misplaced(context, record)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::{Access, Event, EventFacts, Facts, Note, Paths, Waiter, Work};
    use crate::program::SiteId;

    fn facts(stream_omitted: bool, conflict: bool) -> Facts {
        let (first, second) = (sample::stream("a", 1, true), sample::stream("b", 2, true));
        let work = Work { stream_omitted, ..sample::on(sample::kernel(10), first) };
        let record = MisplacedRecord {
            site: SiteId(20),
            event: Event { name: "done".into(), made: Some(SiteId(3)) },
            stream: second.clone(),
            work: work.clone(),
            covered: false,
            wait: SiteId(21),
            waiter: Waiter::Stream(second.clone()),
            paths: Paths::All,
        };
        let second = Work { assumed: false, ..sample::on(sample::kernel(30), second) };
        let device = sample::object("d", MemoryKind::Device);
        let mut race = sample::conflict(&work, &device, 30, Access::Device(second));
        race.no_waits.push(Note { site: SiteId(20), text: "recorded elsewhere".into() });
        let mut facts = sample::conflicts(if conflict { vec![race] } else { Vec::new() });
        facts.events = EventFacts { misplaced: vec![record], ..EventFacts::default() };
        facts
    }

    #[test]
    fn the_race_that_follows_is_said_once() {
        assert_eq!(sample::lines(&facts(false, false)), ["20 event-record-wrong-stream warning certain"]);
        assert_eq!(sample::lines(&facts(false, true)), ["20 event-record-wrong-stream error certain"]);
    }

    #[test]
    fn where_the_work_names_no_stream_both_are_said() {
        assert_eq!(
            sample::lines(&facts(true, true)),
            ["20 event-record-wrong-stream warning certain", "30 cross-stream-unordered error certain"]
        );
    }
}
