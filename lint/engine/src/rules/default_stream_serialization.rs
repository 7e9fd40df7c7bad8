//! `default-stream-serialization`: work on the legacy default stream makes blocking streams wait for each other.

use super::{Check, Number, Rule, RuleContext, Witness, event_witness, root_cause, words};
use crate::facts::Serialized;
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports work on the legacy default stream that stands between work on blocking streams: a launch without its stream between copies on one, and work that has nothing to do with a stream that it waits for; `cudaMemcpy` to the device among it, of data that no work before it uses.

## Why it is wrong
The legacy default stream waits for all earlier work of all blocking streams, and they wait for it.
Nothing overlaps across that point, which is what the streams were made for.
Measured on an NVIDIA H200: a kernel on the default stream did not start before the kernel on a blocking stream was over.

## Example
```cpp,misuse
#include <cuda_runtime.h>
__global__ void scale(float *data) { data[threadIdx.x] *= 2.0f; }

void run(float *a, float *b, float *c) {
    cudaStream_t first, second;
    cudaStreamCreate(&first);
    cudaStreamCreate(&second);
    scale<<<1, 256, 0, first>>>(a);
    scale<<<1, 256>>>(c); //~ default-stream-serialization
    scale<<<1, 256, 0, second>>>(b);
    cudaStreamSynchronize(first);
    cudaStreamSynchronize(second);
    cudaStreamDestroy(first);
    cudaStreamDestroy(second);
}
```

## Use instead
```cpp,correct
#include <cuda_runtime.h>
__global__ void scale(float *data) { data[threadIdx.x] *= 2.0f; }

void run(float *a, float *b, float *c) {
    cudaStream_t first, second, third;
    cudaStreamCreate(&first);
    cudaStreamCreate(&second);
    cudaStreamCreate(&third);
    scale<<<1, 256, 0, first>>>(a);
    scale<<<1, 256, 0, third>>>(c);
    scale<<<1, 256, 0, second>>>(b);
    cudaStreamSynchronize(first);
    cudaStreamSynchronize(second);
    cudaStreamSynchronize(third);
    cudaStreamDestroy(first);
    cudaStreamDestroy(second);
    cudaStreamDestroy(third);
}
```

## Not reported
- Per-thread default streams, and streams made with `cudaStreamNonBlocking`: see the rules on races.
- Work before the first and after the last use of the streams: to set up and to clean up.
- Work that uses what every stream before it has made: it joins them.
- Work that nothing follows before the host waits.
- `cudaMemcpy` to the host: the host waits for what it gets, and what wrote it may not be seen (addresses in structures).
- Launches that pass the stream to the kernel: see `stream-as-kernel-argument`.

## Confidence
Certain if it is so on all paths, likely on some.

## References
- CUDA Runtime API, Stream synchronization behavior.
- CUDA Programming Guide, Asynchronous Execution, Blocking and non-blocking streams and the default stream.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "default-stream-serialization",
    number: Number::new(14),
    category: Category::Performance,
    severity: Severity::Performance,
    summary: "work on the legacy default stream makes blocking streams wait for each other",
    doc: DOC,
    on_by_default: true,
    witness: Witness::SlowerRatio,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.events.serialized.iter().map(|it| explain(context, it)));
}

fn explain(context: &RuleContext<'_>, it: &Serialized) -> Diagnostic {
    let work = words::work(&it.work);
    let (before, after) = (words::stream(&it.before.stream), words::stream(&it.after.stream));
    let message = if it.belongs {
        format!("{work} runs on the legacy default stream, between work on {after}")
    } else if before == after {
        format!("{work} on the legacy default stream waits for {before} and makes it wait, for nothing")
    } else {
        format!("{work} on the legacy default stream waits for {before}, and {after} waits for it")
    };
    let place = |site, message| Related { site, message };
    let mut related = vec![
        place(it.before.site, format!("it waits for {}", words::work(&it.before))),
        place(it.after.site, format!("{} waits for it", words::work(&it.after))),
    ];
    related.retain(|place| place.site != it.work.site);
    let help = if it.belongs {
        format!("launch it on {before}: `<<<grid, block, 0, stream>>>`")
    } else {
        "give it a stream of its own, or one made with `cudaStreamNonBlocking`, and an event where order is needed"
            .into()
    };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: root_cause::paths(it.paths),
        message,
        site: it.work.site,
        label: "this runs on the default stream".into(),
        related,
        help,
        witness: Some(event_witness::of_serialized(context, it)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{EventFacts, Facts, LaunchShape, Paths, Stream};
    use crate::program::SiteId;

    fn facts() -> Facts {
        let on = |site, stream| sample::on(sample::kernel(site), stream);
        let it = Serialized {
            work: on(20, Stream::Legacy),
            before: on(10, sample::stream("a", 1, false)),
            after: on(30, sample::stream("b", 2, false)),
            belongs: false,
            paths: Paths::All,
        };
        Facts { events: EventFacts { serialized: vec![it], ..EventFacts::default() }, ..Facts::default() }
    }

    #[test]
    fn it_is_a_matter_of_speed() {
        assert_eq!(sample::lines(&facts()), ["20 default-stream-serialization performance certain"]);
    }

    #[test]
    fn a_stream_that_is_passed_to_the_kernel_says_more() {
        let launch = LaunchShape {
            site: SiteId(20),
            kernel: "scale".into(),
            default_stream: true,
            stream_arguments: vec![SiteId(21)],
            meant: None,
            stream_in_other_slot: false,
        };
        let facts = Facts { launches: vec![launch], ..facts() };
        assert_eq!(sample::lines(&facts), ["20 stream-as-kernel-argument warning certain"]);
    }
}
