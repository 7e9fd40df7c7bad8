//! `stream-forgotten`: data is worked on in a stream, and once without naming it.

use super::{Case, Check, Claim, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::Direction;
use crate::facts::{Access, Conflict, Forgotten, Stream, Work, WorkKind};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports an operation that names no stream, on data that other operations of the same code work on in a stream, where nothing shows that the default stream and that stream are ordered: a launch without the fourth argument, an asynchronous copy or memset without its stream, a library call without it or with a handle that was made here and given none, a call that leaves out a stream which the function called hands on, a synchronous `cudaMemset` or `cudaMemcpy`.

## Why it is wrong
The legacy default stream orders itself with blocking streams only.
A function that takes its stream from its caller, from a member or from a getter does not know which kind it gets.
With a stream of `cudaStreamNonBlocking`, or in a build with per-thread default streams, the two operations run in any order: a kernel reads what has not been written, and `cudaMemcpy` to the host does not wait for the kernel before it.

## Example
```cpp,misuse
__global__ void histogram(const int *values, int *bins) { atomicAdd(&bins[values[threadIdx.x]], 1); }

void run(const int *d_values, int *d_bins, cudaStream_t stream) {
    cudaMemset(d_bins, 0, 64 * sizeof(int)); //~ stream-forgotten
    histogram<<<1, 256, 0, stream>>>(d_values, d_bins);
}
```

## Use instead
```cpp,correct
__global__ void histogram(const int *values, int *bins) { atomicAdd(&bins[values[threadIdx.x]], 1); }

void run(const int *d_values, int *d_bins, cudaStream_t stream) {
    cudaMemsetAsync(d_bins, 0, 64 * sizeof(int), stream);
    histogram<<<1, 256, 0, stream>>>(d_values, d_bins);
}
```

## Not reported
- Streams that are proven to be blocking, in a build with a legacy default stream: made here, by a caller in the same file, or put into the member or global that holds them.
- Streams that come from elsewhere, where the other files of the folder (or of the nearest folder around it that makes streams) make blocking ones only, in a build with a legacy default stream.
- Operations that are ordered otherwise: by a host wait, by events.
- Operations that are complete when they return: copies to the host before the stream's work, copies from page-locked memory.
- Synchronous copies from other memory to the device, of which none was seen to be late: an info, off by default.
- Operations that name stream 0, and handles that are given stream 0: that is a choice.
- Thrust algorithms without a policy: they wait for what they do.
- Branches of which one names the stream and the other does not, where nothing else uses the stream: nothing shows that the data comes from there.
- Streams that a library's handle carries, where nothing sets them; functions that a caller in the same file passes such a stream.
- Where the stream is proven to be non-blocking, `nonblocking-vs-default-race` has it.

## Confidence
Likely: how the stream was made is out of sight.
Possible, and hidden by default, where a call in between happens to wait.

## References
- CUDA Runtime API, Stream synchronization behavior.
- CUDA Runtime API, API synchronization behavior, Memset, and Memcpy, synchronous.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "stream-forgotten",
    number: Number::new(44),
    category: Category::Ordering,
    severity: Severity::Warning,
    summary: "an operation names no stream, though others work on the same data in a stream",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// The operation that names no stream, and the other one.
fn sides(conflict: &Conflict) -> Option<(&Work, &Work)> {
    let Access::Device(second) = &conflict.access else { return None };
    match conflict.forgotten? {
        Forgotten::First => Some((&conflict.pending, second)),
        Forgotten::Second => Some((second, &conflict.pending)),
    }
}

/// True if the race of the same two is proven somewhere: then that is said, by another rule.
fn is_proven(context: &RuleContext<'_>, conflict: &Conflict) -> bool {
    context.facts.conflicts.iter().any(|it| {
        it.site == conflict.site
            && it.pending.site == conflict.pending.site
            && matches!(it.access, Access::Device(_))
            && it.forgotten.is_none()
            && it.overlap
            && it.doubts.is_empty()
    })
}

fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    sides(conflict)?;
    if is_proven(context, conflict) {
        return None;
    }
    let severity = match conflict.pending.kind {
        // Its source is read when it returns, and none was seen to be late.
        WorkKind::Copy { direction: Some(Direction::HostToDevice), synchronous_form: true, .. } => {
            Severity::Info
        }
        _ => Severity::Warning,
    };
    let most = match conflict.undocumented_wait {
        Some(_) => Confidence::Possible,
        None => Confidence::Likely,
    };
    Some(Claim::new(severity, conflict).at_most(most))
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let (forgotten, other) = sides(conflict).unwrap_or((&conflict.pending, &conflict.pending));
    let object = words::object(&conflict.object);
    // The place to mend.
    let site = forgotten.left_out_by.unwrap_or(forgotten.site);
    let stream = words::stream(&other.stream);
    let synchronous =
        matches!(forgotten.kind, WorkKind::Fill | WorkKind::Copy { .. }) && !forgotten.stream_omitted;
    let mut related = words::story(case);
    related.retain(|it| it.site != site && it.site != other.site);
    related
        .push(Related { site: other.site, message: format!("{} uses it on {stream}", words::work(other)) });
    if site != forgotten.site {
        let message = format!("{} is handed the default stream", words::work(forgotten));
        related.push(Related { site: forgotten.site, message });
    }
    let name = match &other.stream {
        Stream::Created { name, .. } | Stream::Unseen { name } if !name.is_empty() => words::code(name),
        _ => "that stream".into(),
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{} works on {object} in the default stream, {} on {stream}: only a blocking stream orders them{}",
            words::work(forgotten),
            words::work(other),
            words::hidden(conflict)
        ),
        site,
        label: match conflict.forgotten {
            Some(Forgotten::First) => format!("{} need not wait for this", words::work(other)),
            _ => format!("this need not wait for {}", words::work(other)),
        },
        related,
        help: match synchronous {
            true => format!(
                "use {} on {name}, or call `cudaStreamSynchronize` for it before",
                words::code(&format!("{}Async", forgotten.name.trim_end_matches("Async")))
            ),
            false if forgotten.kind == WorkKind::Other => {
                format!("name {name} here too, or give it to the handle of this call")
            }
            false => format!("name {name} here too"),
        },
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{judge, sample};
    use crate::cuda::row::{Direction, MemoryKind};
    use crate::facts::{Access, Conflict, Facts, Forgotten, Note, Stream, Work, WorkKind};
    use crate::program::SiteId;
    use crate::{Options, Program};

    fn on_unseen(work: Work) -> Work {
        sample::on(work, Stream::Unseen { name: "stream".into() })
    }

    fn on_default(work: Work) -> Work {
        Work { stream_omitted: true, ..sample::on(work, Stream::Legacy) }
    }

    fn facts(first: Work, second: Work, forgotten: Forgotten) -> Facts {
        let device = sample::object("d", MemoryKind::Device);
        let site = second.site.0;
        let conflict = sample::conflict(&first, &device, site, Access::Device(second));
        sample::conflicts(vec![Conflict { forgotten: Some(forgotten), ..conflict }])
    }

    #[test]
    fn the_operation_without_a_stream_is_named() {
        let first = facts(on_default(sample::kernel(10)), on_unseen(sample::kernel(20)), Forgotten::First);
        assert_eq!(sample::lines(&first), ["10 stream-forgotten warning likely"]);
        let second = facts(on_unseen(sample::kernel(10)), on_default(sample::kernel(20)), Forgotten::Second);
        assert_eq!(sample::lines(&second), ["20 stream-forgotten warning likely"]);
        assert!(sample::text(&second).contains("name `stream` here too"));
    }

    #[test]
    fn what_several_streams_do_with_one_operation_s_data_is_one_diagnostic() {
        let device = sample::object("d", MemoryKind::Device);
        let missed = |site: u32| {
            let later = on_unseen(sample::kernel(site));
            let conflict =
                sample::conflict(&on_default(sample::kernel(10)), &device, site, Access::Device(later));
            Conflict { forgotten: Some(Forgotten::First), ..conflict }
        };
        // On two streams, so that no order that is missing between two is missing again.
        let mut other = missed(30);
        if let Access::Device(work) = &mut other.access {
            work.stream = Stream::Unseen { name: "other".into() };
        }
        let facts = sample::conflicts(vec![missed(20), other]);
        assert_eq!(sample::lines(&facts), ["10 stream-forgotten warning likely"]);
        let found = judge(&Program::default(), &facts, &Options::new()).diagnostics;
        let others: Vec<_> = found[0].related.iter().map(|it| it.site.0).collect();
        // Where the memory comes from, then the others.
        assert_eq!(others, [5, 20, 30]);
    }

    #[test]
    fn a_synchronous_upload_before_is_an_info() {
        let mut upload = sample::copy(10, Some(Direction::HostToDevice), true);
        upload.kind = WorkKind::Copy {
            direction: Some(Direction::HostToDevice),
            synchronous_form: true,
            pageable: true,
        };
        let facts = facts(on_default(upload), on_unseen(sample::kernel(20)), Forgotten::First);
        assert_eq!(sample::lines(&facts), ["10 stream-forgotten info likely"]);
    }

    #[test]
    fn a_call_that_happens_to_wait_hides_it() {
        let mut facts =
            facts(on_unseen(sample::kernel(10)), on_default(sample::kernel(20)), Forgotten::Second);
        facts.conflicts[0].undocumented_wait =
            Some(Note { site: SiteId(15), text: "`cudaFree` happens to wait".into() });
        assert_eq!(sample::lines(&facts), ["20 stream-forgotten warning possible"]);
    }
}
