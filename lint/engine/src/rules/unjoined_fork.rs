//! `unjoined-fork`: work that was forked off the caller's stream is not joined before the function returns.

use super::{Check, Number, Rule, RuleContext, Witness, event_witness, root_cause, words};
use crate::facts::{Begun, UnjoinedFork};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports work on a stream of the function's own that waited for an event of the caller's stream, where the function returns without the caller's stream waiting for that work.
So it does of work that the function starts on such a stream without any event, where it gets one stream and nobody waits.

## Why it is wrong
A function that gets a stream promises that its work is in the order of that stream.
Work on a second stream is in that order only from the fork on: what the caller enqueues next on its stream runs beside it, and the caller has nothing to wait for, since the second stream is not its own.
To destroy the stream does not wait for its work.
Measured on an NVIDIA H200: the caller's stream read the old data.

## Example
```cpp,misuse
#include <cuda_runtime.h>
__global__ void produce(float *data) { data[threadIdx.x] = 1.0f; }

void run(float *d_data, cudaStream_t stream) {
    cudaStream_t side;
    cudaEvent_t forked;
    cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&forked, cudaEventDisableTiming);
    cudaEventRecord(forked, stream);
    cudaStreamWaitEvent(side, forked, 0);
    produce<<<1, 256, 0, side>>>(d_data); //~ unjoined-fork
    cudaEventDestroy(forked);
    cudaStreamDestroy(side);
}
```

## Use instead
```cpp,correct
#include <cuda_runtime.h>
__global__ void produce(float *data) { data[threadIdx.x] = 1.0f; }

void run(float *d_data, cudaStream_t stream) {
    cudaStream_t side;
    cudaEvent_t forked;
    cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&forked, cudaEventDisableTiming);
    cudaEventRecord(forked, stream);
    cudaStreamWaitEvent(side, forked, 0);
    produce<<<1, 256, 0, side>>>(d_data);
    cudaEventRecord(forked, side);
    cudaStreamWaitEvent(stream, forked, 0);
    cudaEventDestroy(forked);
    cudaStreamDestroy(side);
}
```

## Not reported
- Work that the host, or the first stream, waits for.
- Streams and events that the caller can reach: parameters, members, globals, results.
- Work that touches nothing that the caller can see.
- An event that is recorded on the wrong one of two streams: see `event-record-wrong-stream`.
- Functions that the program itself calls: what the callers do is followed, and a race is reported where it shows.
- Results that are used on the first stream in the same function: see `cross-stream-unordered`.

## Confidence
Certain if all ways out of the function leave the work unjoined, likely if some do.
At most likely where it is only assumed that the kernel writes, and where the work was started without an event: the caller may wait for the device.
Possible there if the stream is a blocking one, which the default stream is in order with, if the caller passes that.

## References
- CUDA Runtime API, cudaStreamWaitEvent, cudaStreamDestroy.
- CUDA Programming Guide, Asynchronous Execution, CUDA Events.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "unjoined-fork",
    number: Number::new(48),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "work forked off the caller's stream is not joined before the function returns",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.events.unjoined.iter().map(|fork| explain(context, fork)));
}

fn explain(context: &RuleContext<'_>, fork: &UnjoinedFork) -> Diagnostic {
    let work = words::work(&fork.work);
    let (from, to) = (words::stream(&fork.from), words::stream(&fork.work.stream));
    let paths = root_cause::paths(fork.paths);
    let (how, most) = match fork.begun {
        Begun::Forked => ("was forked off", Confidence::Certain),
        Begun::Started { is_free: true } => ("runs beside", Confidence::Likely),
        Begun::Started { is_free: false } => ("runs beside", Confidence::Possible),
    };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: if fork.work.assumed { paths.min(Confidence::Likely) } else { paths }.min(most),
        message: format!("{work} on {to}, which {how} {from}, is not joined before the function returns"),
        site: fork.work.site,
        label: format!("nothing makes {from} wait for this"),
        related: vec![Related { site: fork.fork.site, message: fork.fork.text.clone() }],
        help: format!(
            "record an event behind {work} on {to} and let {from} wait for it before the function returns"
        ),
        witness: Some(event_witness::of_unjoined(context, fork)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{EventFacts, Facts, Note, Paths, Stream, Work};
    use crate::program::SiteId;

    #[test]
    fn an_assumed_write_is_likely() {
        let lines = |assumed| {
            let work = Work { assumed, ..sample::on(sample::kernel(20), sample::stream("side", 2, true)) };
            let fork = UnjoinedFork {
                work,
                from: Stream::Unseen { name: "stream".into() },
                begun: Begun::Forked,
                fork: Note { site: SiteId(10), text: "forked".into() },
                paths: Paths::All,
            };
            let events = EventFacts { unjoined: vec![fork], ..EventFacts::default() };
            sample::lines(&Facts { events, ..Facts::default() })
        };
        assert_eq!(lines(false), ["20 unjoined-fork warning certain"]);
        assert_eq!(lines(true), ["20 unjoined-fork warning likely"]);
    }
}
