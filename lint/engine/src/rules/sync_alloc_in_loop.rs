//! `sync-alloc-in-loop`: each round of a loop makes and releases what could be made once.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::facts::{Made, MadeEachRound};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports memory, streams and library handles that each round of a loop makes, uses for work of the device, and releases, where every round makes the same.

## Why it is wrong
The result is right, the loop is slow: allocations take the driver's locks and change the page tables of the device, and the release waits for all work of the device, on whatever stream.
Measured on an NVIDIA H200: `cudaFree`, `cudaFreeHost` and `cudaHostUnregister` waited until streams that have nothing to do with the memory were done.
For `cudaFree` that is documented as possible ("may perform implicit synchronization"), and `cublasDestroy` "will implicitly call cublasDeviceSynchronize".

## Example
```cpp,misuse
__global__ void solve(float *x, float *scratch);

void steps(float *x, int count, cudaStream_t stream) {
    for (int i = 0; i < count; i++) {
        float *scratch;
        cudaMalloc(&scratch, 1 << 20); //~ sync-alloc-in-loop
        solve<<<64, 256, 0, stream>>>(x, scratch);
        cudaStreamSynchronize(stream);
        cudaFree(scratch);
    }
}
```

## Use instead
```cpp,correct
__global__ void solve(float *x, float *scratch);

void steps(float *x, int count, cudaStream_t stream) {
    float *scratch;
    cudaMalloc(&scratch, 1 << 20);
    for (int i = 0; i < count; i++) {
        solve<<<64, 256, 0, stream>>>(x, scratch);
    }
    cudaStreamSynchronize(stream);
    cudaFree(scratch);
}
```
Where the memory cannot be made once, `cudaMallocAsync` and `cudaFreeAsync` take it from a pool, in the order of the stream.

## Not reported
- `cudaMallocAsync`, `cudaMallocFromPoolAsync`.
- What is kept over rounds: buffers that grow, slots that are filled one a round.
- Sizes that are not the same in each round, and what only some rounds make.
- Loops whose rounds enqueue nothing between the two calls: they set something up, or measure the calls.
- Rounds that enqueue work in a loop of their own: what they make serves many launches.
- Events, whose creation is cheap and whose release does not wait: an info, off by default.

## Confidence
Certain: every round that is followed does it.

## References
- CUDA Programming Guide, Implicit Synchronization; Stream-Ordered Memory Allocator.
- CUDA Runtime API, `cudaFree`; cuBLAS, `cublasDestroy`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "sync-alloc-in-loop",
    number: Number::new(33),
    category: Category::Performance,
    severity: Severity::Performance,
    summary: "each round of a loop allocates and releases what could be made once",
    doc: DOC,
    on_by_default: true,
    witness: Witness::SlowerRatio,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut groups: Vec<Vec<&MadeEachRound>> = Vec::new();
    for made in &context.facts.made_each_round {
        // One loop, one diagnostic: they are mended together.
        let first = |group: &&mut Vec<&MadeEachRound>| {
            (group[0].made == Made::Event) == (made.made == Made::Event)
                && context.in_one_loop(group[0].site, made.site)
        };
        match groups.iter_mut().find(first) {
            Some(group) => group.push(made),
            None => groups.push(vec![made]),
        }
    }
    diagnostics.extend(groups.iter().map(|group| explain(context, group[0], &group[1..])));
}

fn explain(context: &RuleContext<'_>, it: &MadeEachRound, others: &[&MadeEachRound]) -> Diagnostic {
    let (make, release) = (words::code(&it.function), words::code(&it.released_with));
    let what = match (it.made, it.name.is_empty()) {
        (_, false) => words::code(&it.name),
        (Made::Device, _) => "device memory".into(),
        (Made::Managed, _) => "managed memory".into(),
        (Made::Pinned, _) => "pinned memory".into(),
        (Made::Registration, _) => "a registration".into(),
        (Made::Stream, _) => "a stream".into(),
        (Made::Event, _) => "an event".into(),
        (Made::Handle, _) => "a library handle".into(),
    };
    let cost = match it.made {
        Made::Stream | Made::Event => "which takes longer than to enqueue the work",
        Made::Handle => "which allocates memory of the device and waits for it",
        Made::Device | Made::Managed | Made::Pinned | Made::Registration => {
            "and the release waits for all work of the device"
        }
    };
    let pool = match it.made {
        Made::Device => ", or take it from a pool with `cudaMallocAsync`",
        _ => "",
    };
    let mut related = vec![
        Related { site: it.work, message: "the round enqueues work here".into() },
        Related { site: it.released_at, message: format!("{what} is released here by {release}") },
    ];
    related.extend(words::also(
        others.iter().map(|other| other.site),
        it.site,
        "likewise made in each round",
    ));
    Diagnostic {
        rule: RULE.name,
        severity: if it.made == Made::Event { Severity::Info } else { RULE.severity },
        confidence: Confidence::Certain,
        message: format!(
            "each round of this loop makes {what} with {make} and releases it with {release}, {cost}"
        ),
        site: it.site,
        label: format!("{what} is made again in each round"),
        related,
        help: format!("make {what} once before the loop, and release it after{pool}"),
        witness: Some(witness::of_round(context, it)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn facts(made: Made) -> Facts {
        let made = MadeEachRound {
            site: SiteId(10),
            function: "cudaMalloc".into(),
            made,
            name: "scratch".into(),
            bytes: Some(64),
            released_at: SiteId(30),
            released_with: "cudaFree".into(),
            work: SiteId(20),
        };
        Facts { made_each_round: vec![made], ..Facts::default() }
    }

    #[test]
    fn memory_and_streams_are_reported_and_events_are_an_info() {
        assert_eq!(sample::lines(&facts(Made::Device)), ["10 sync-alloc-in-loop performance certain"]);
        assert_eq!(sample::lines(&facts(Made::Stream)), ["10 sync-alloc-in-loop performance certain"]);
        assert_eq!(sample::lines(&facts(Made::Event)), ["10 sync-alloc-in-loop info certain"]);
    }

    #[test]
    fn only_memory_of_the_device_has_a_pool() {
        assert!(sample::text(&facts(Made::Device)).contains("cudaMallocAsync"));
        assert!(!sample::text(&facts(Made::Pinned)).contains("cudaMallocAsync"));
    }
}
