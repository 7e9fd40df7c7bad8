//! `missing-final-sync`: the program ends while a kernel or a copy to the host is running.

use super::{Check, Number, Rule, RuleContext, Witness, root_cause, witness, words};
use crate::facts::{LeftWork, WorkKind};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports a kernel or an asynchronous copy to the host that nothing waits for before `main` returns, or before the function returns that alone has its stream and what it writes.

## Why it is wrong
Launches and asynchronous copies return before the device has done them.
When `main` returns, the process ends, whatever the device is doing: what the kernel prints does not appear, what it computes and what the copy brings is lost, and an error that it runs into is never seen.
In a function that has made the stream and the memory, nobody can wait afterwards.
`cudaStreamDestroy` and `cudaEventDestroy` do not wait. `cudaFree` and the like were measured to wait, which nothing documents.

## Example
```cpp,misuse
#include <cstdio>

__global__ void greet() {
    printf("hello from the device\n");
}

int main() {
    greet<<<1, 1>>>(); //~ missing-final-sync
    return 0;
}
```

## Use instead
```cpp,correct
#include <cstdio>

__global__ void greet() {
    printf("hello from the device\n");
}

int main() {
    greet<<<1, 1>>>();
    return cudaDeviceSynchronize() != cudaSuccess;
}
```

## Not reported
- Work on streams that the caller has passed in, or that the function hands out, and results in memory that others have: they can wait.
- Work whose memory is freed while it may run: that is said where it is freed.
- Copies to pageable memory, which block today, and copies to the device.
- Work whose memory is freed behind it in stream order, and what a capture that is refused was to take.
- Work after which something is called of which nothing is known: it may wait, or be the program's main loop.
- Streams that come from somewhere else: a destructor may wait for them.

## Confidence
Certain if nothing waits on any path to the end, likely on some path.
Possible, and hidden by default, where something may wait: a call that gets the stream or the memory, a function that is registered with `atexit`, a destructor of an object with static storage, a call that is measured to wait, a reset of the device on another path.

## References
- CUDA Programming Guide, Asynchronous Execution, Explicit Synchronization.
- CUDA Runtime API, `cudaStreamDestroy`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "missing-final-sync",
    number: Number::new(9),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "the program ends while its last work is running",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    // What a capture that is refused was to take is not meant to run here.
    let refused: Vec<_> = context.facts.captures.iter().map(|it| context.function_of(it.site)).collect();
    // A wait before the clock is read again mends both.
    let timed: Vec<_> = context.facts.timings.iter().filter(|it| !it.waited_later).collect();
    let meant = context
        .facts
        .left
        .iter()
        .filter(|left| !timed.iter().any(|timing| timing.work.site == left.work.site));
    let meant = meant.filter(|left| {
        let function = context.function_of(left.work.site);
        function.is_none() || !refused.contains(&function)
    });
    diagnostics.extend(meant.map(|left| explain(context, left)));
}

fn explain(context: &RuleContext<'_>, left: &LeftWork) -> Diagnostic {
    let work = words::work(&left.work);
    let what = match (&left.work.kind, &left.object) {
        (WorkKind::Copy { .. }, Some(object)) => format!("{work} into {}", words::object(object)),
        _ => work,
    };
    let (message, end) = if left.in_main {
        (format!("`main` returns while {what} may still be running"), "the process ends here")
    } else {
        let message =
            format!("the function returns while {what} may still be running, and nobody else can wait");
        (message, "nobody has the stream from here on")
    };
    let mut related: Vec<Related> = left.object.as_ref().and_then(words::origin).into_iter().collect();
    let notes = left.no_waits.iter().chain(&left.doubts);
    related.extend(notes.map(|note| Related { site: note.site, message: note.text.clone() }));
    related.push(Related { site: left.end, message: end.into() });
    related.retain(|place| place.site != left.work.site);
    let sure = root_cause::paths(left.paths);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: if left.doubts.is_empty() { sure } else { Confidence::Possible },
        message,
        site: left.work.site,
        label: format!("nothing waits for this on {}", words::stream(&left.work.stream)),
        related,
        help: format!("call {} before the end, and look at its result", words::wait_call(&left.work)),
        witness: Some(witness::of_left_work(context, left)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::{Facts, Note, Paths};
    use crate::program::SiteId;

    fn left(doubts: Vec<Note>) -> Facts {
        let pinned = sample::object("h", MemoryKind::Pinned);
        let left = LeftWork {
            work: sample::copy_to_host(10),
            object: Some(pinned),
            end: SiteId(20),
            in_main: true,
            doubts,
            no_waits: Vec::new(),
            paths: Paths::All,
        };
        Facts { left: vec![left], ..Facts::default() }
    }

    #[test]
    fn what_is_left_is_a_warning_and_a_doubt_hides_it() {
        assert_eq!(sample::lines(&left(Vec::new())), ["10 missing-final-sync warning certain"]);
        let doubt = Note { site: SiteId(15), text: "`run` may wait for it".into() };
        assert_eq!(sample::lines(&left(vec![doubt])), ["10 missing-final-sync warning possible"]);
    }

    #[test]
    fn a_race_at_the_same_place_says_more() {
        let mut facts = left(Vec::new());
        let first = sample::on(sample::kernel(5), sample::stream("other", 3, true));
        let second = crate::facts::Access::Device(sample::copy_to_host(10));
        let device = sample::object("d", MemoryKind::Device);
        facts.conflicts.push(sample::conflict(&first, &device, 10, second));
        assert_eq!(sample::lines(&facts), ["10 cross-stream-unordered error certain"]);
    }
}
