//! `timing-without-sync`: the host stops its clock before the work that it measures is done.

use super::{Check, Number, Rule, RuleContext, Witness, root_cause, witness, words};
use crate::facts::EarlyTiming;
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports a time that the host takes by its own clock around asynchronous work (`cudaMemset` and `cudaMemcpy` within device memory among it, which do not wait), with no wait for the work before the clock is read again, where no wait follows either.

## Why it is wrong
Launches and asynchronous copies return before the device has done them, so the difference between the two readings is the time that it takes to enqueue the work: some microseconds, whatever the work is.

## Example
```cpp,misuse
#include <chrono>

__global__ void scale(float *data);

double seconds_of(float *d_data) {
    auto begin = std::chrono::steady_clock::now();
    scale<<<1024, 256>>>(d_data);
    auto end = std::chrono::steady_clock::now(); //~ timing-without-sync
    return std::chrono::duration<double>(end - begin).count();
}
```

## Use instead
```cpp,correct
#include <chrono>

__global__ void scale(float *data);

double seconds_of(float *d_data) {
    auto begin = std::chrono::steady_clock::now();
    scale<<<1024, 256>>>(d_data);
    cudaDeviceSynchronize();
    auto end = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(end - begin).count();
}
```

## Not reported
- Times of which the host waits for the work before the second reading.
- Readings whose difference nothing computes, and times around work that was enqueued before the first reading.
- Copies from or to pageable memory, and synchronous copies from or to the host: the call blocks.
- Synchronous fills and copies of memory of which the function does not know that it is the device's: managed memory was measured to be waited for.
- Launches of a graph that the function gets from elsewhere: it may be empty, or hold host functions only.
- Work that may have been waited for by a call that gets its stream or memory.
- Where something waits for the work after the second reading, an info, off by default: the time that it takes to enqueue work is worth measuring too.

## Confidence
Certain if the work is pending on all paths on which the difference is computed, else likely.

## References
- CUDA C++ Best Practices Guide, Timing, Using CPU Timers.
- CUDA Runtime API, API synchronization behavior, Memcpy ("for transfers from device memory to device memory, no host-side synchronization is performed") and Memset.
- CUDA Programming Guide, Asynchronous Execution.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "timing-without-sync",
    number: Number::new(47),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "the host stops its clock before the work that it measures is done",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.timings.iter().map(|timing| explain(context, timing)));
}

fn explain(context: &RuleContext<'_>, timing: &EarlyTiming) -> Diagnostic {
    let work = words::work(&timing.work);
    let clock = words::code(&timing.clock);
    let mut related = vec![
        Related { site: timing.from, message: format!("{clock} is read first here") },
        Related { site: timing.work.site, message: format!("{work} is enqueued here, and not waited for") },
    ];
    related.retain(|place| place.site != timing.site);
    Diagnostic {
        rule: RULE.name,
        severity: if timing.waited_later { Severity::Info } else { RULE.severity },
        confidence: root_cause::paths(timing.paths),
        message: format!(
            "the clock is stopped while {work} may still be running: what is measured is the time to enqueue it"
        ),
        site: timing.site,
        label: "nothing has waited up to here".into(),
        related,
        help: format!("call {} before {clock}, or measure with events", words::wait_call(&timing.work)),
        witness: Some(witness::of_timing(context, timing)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Facts, LeftWork, Paths};
    use crate::program::SiteId;

    fn facts(waited_later: bool) -> Facts {
        let timing = EarlyTiming {
            site: SiteId(20),
            from: SiteId(5),
            clock: "clock".into(),
            work: sample::kernel(10),
            waited_later,
            paths: Paths::All,
        };
        Facts { timings: vec![timing], ..Facts::default() }
    }

    #[test]
    fn what_is_waited_for_later_may_be_meant() {
        assert_eq!(sample::lines(&facts(false)), ["20 timing-without-sync warning certain"]);
        assert_eq!(sample::lines(&facts(true)), ["20 timing-without-sync info certain"]);
    }

    #[test]
    fn one_missing_wait_is_said_once() {
        let mut facts = facts(false);
        facts.left.push(LeftWork {
            work: sample::kernel(10),
            object: None,
            end: SiteId(30),
            in_main: true,
            doubts: Vec::new(),
            no_waits: Vec::new(),
            paths: Paths::All,
        });
        assert_eq!(sample::lines(&facts), ["20 timing-without-sync warning certain"]);
    }
}
