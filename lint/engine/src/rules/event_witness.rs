//! Witnesses of the rules on events. Each ends with an access at the place of the finding: the one that the
//! order, had it been there, would have protected.

use super::{RuleContext, witness};
use crate::facts::{
    Begun, MisplacedRecord, Serialized, Stream, UnjoinedFork, UnrecordedWait, Untimed, UntimedEvent, Waiter,
    Work, WorkKind,
};
use crate::program::SiteId;
use crate::sketch::{self, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, Memory, Name, Point, Range, Trace};
use crate::{DefaultStream, Options};

/// A word: what the host reads.
const WORD: u64 = 4;

/// Work that is pending, the wait that orders nothing, and an access that needs the order.
pub(super) fn of_unrecorded(context: &RuleContext<'_>, wait: &UnrecordedWait) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let data = buffer(&mut sketch);
    let event = sketch.event(&wait.event.name, wait.event.made);
    let second = match &wait.waiter {
        Waiter::Stream(stream) => Some(witness::stream(&mut sketch, context.options, stream)),
        Waiter::Host | Waiter::Query => None,
    };
    // On a stream that nothing else orders with the one that waits.
    let producer = trace::Stream::Named(sketch.stream("producer", true, None));
    let name = wait.pending.as_ref().map_or_else(|| "produce".to_owned(), kernel_name);
    let place = wait.pending.as_ref().map_or(wait.site, |work| work.site);
    sketch.step(writes(name, &data, producer), place);
    match (&wait.waiter, second) {
        (Waiter::Stream(_), Some(stream)) => {
            sketch.step(Action::StreamWait { stream: stream.clone(), event }, wait.site);
            sketch.step(reads("consume".to_owned(), &data, stream), wait.site);
        }
        (waiter, _) => {
            let point = Point::Event(event);
            let action = match waiter {
                Waiter::Query => Action::Query { point, until_complete: true },
                _ => Action::Synchronize { point, needless: false },
            };
            sketch.step(action, wait.site);
            sketch.step(Action::HostRead { range: Range { buffer: data, start: 0, end: WORD } }, wait.site);
        }
    }
    sketch.finish()
}

/// Work on one stream, the record on another, the wait, and an access that needs the order. Where the legacy
/// default stream gives the order by accident, stream 0 is the per-thread one, as in a build that has it.
pub(super) fn of_misplaced(context: &RuleContext<'_>, record: &MisplacedRecord) -> Trace {
    let per_thread = Options { default_stream: DefaultStream::PerThread, ..Options::new() };
    let options = if record.covered { &per_thread } else { context.options };
    let mut sketch = Sketch::new(options);
    let data = buffer(&mut sketch);
    let event = sketch.event(&record.event.name, record.event.made);
    let first = match &record.work.stream {
        Stream::Legacy if record.covered => trace::Stream::Default,
        stream => witness::stream(&mut sketch, options, stream),
    };
    let other = witness::stream(&mut sketch, options, &record.stream);
    sketch.step(writes(kernel_name(&record.work), &data, first), record.work.site);
    sketch.step(Action::Record { event: event.clone(), stream: other.clone() }, record.site);
    let waiter = match &record.waiter {
        Waiter::Stream(stream) if *stream == record.stream => Some(other),
        Waiter::Stream(_) => Some(trace::Stream::Named(sketch.stream("second", true, None))),
        Waiter::Host | Waiter::Query => None,
    };
    match waiter {
        Some(stream) => {
            sketch.step(Action::StreamWait { stream: stream.clone(), event }, record.wait);
            sketch.step(reads("consume".to_owned(), &data, stream), record.site);
        }
        None => {
            sketch.step(Action::Synchronize { point: Point::Event(event), needless: false }, record.wait);
            let range = Range { buffer: data, start: 0, end: WORD };
            sketch.step(Action::HostRead { range }, record.site);
        }
    }
    sketch.finish()
}

/// The fork, the work, and what the caller does next with its result.
pub(super) fn of_unjoined(context: &RuleContext<'_>, fork: &UnjoinedFork) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let data = buffer(&mut sketch);
    let event = (fork.begun == Begun::Forked).then(|| sketch.event("forked", None));
    let from = witness::stream(&mut sketch, context.options, &fork.from);
    let to = witness::stream(&mut sketch, context.options, &fork.work.stream);
    if let Some(event) = event {
        sketch.step(Action::Record { event: event.clone(), stream: from.clone() }, fork.fork.site);
        sketch.step(Action::StreamWait { stream: to.clone(), event }, fork.fork.site);
    }
    sketch.step(writes(kernel_name(&fork.work), &data, to), fork.work.site);
    sketch.step(reads("caller".to_owned(), &data, from), fork.work.site);
    sketch.finish()
}

/// Work on a blocking stream, and a launch that names no stream and waits for it.
pub(super) fn of_serialized(context: &RuleContext<'_>, it: &Serialized) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let before = witness::stream(&mut sketch, context.options, &it.before.stream);
    let meant = trace::Stream::Named(sketch.stream("own", false, None));
    let launch = |work: &Work, stream, meant| Action::Launch {
        kernel: kernel_name(work),
        reads: Vec::new(),
        writes: Vec::new(),
        stream,
        meant,
    };
    sketch.step(launch(&it.before, before, None), it.before.site);
    let default = match context.options.default_stream {
        DefaultStream::Legacy => trace::Stream::Default,
        DefaultStream::PerThread => trace::Stream::Legacy,
    };
    sketch.step(launch(&it.work, default, Some(meant)), it.work.site);
    sketch.finish()
}

/// Memory that both sides reach.
fn buffer(sketch: &mut Sketch) -> Name {
    sketch.buffer("data", Memory::Pinned, UNKNOWN_SIZE, None, None::<SiteId>)
}

fn kernel_name(work: &Work) -> String {
    match sketch::identifier(&work.name) {
        name if name.is_empty() => "kernel".to_owned(),
        name if work.kind == WorkKind::Kernel => name,
        // A kernel stands in for a copy: what counts is that it is in the stream.
        name => format!("as_{name}"),
    }
}

fn writes(kernel: String, data: &Name, stream: trace::Stream) -> Action {
    let range = Range { buffer: data.clone(), start: 0, end: UNKNOWN_SIZE };
    Action::Launch { kernel, reads: Vec::new(), writes: vec![range], stream, meant: None }
}

fn reads(kernel: String, data: &Name, stream: trace::Stream) -> Action {
    let range = Range { buffer: data.clone(), start: 0, end: UNKNOWN_SIZE };
    Action::Launch { kernel, reads: vec![range], writes: Vec::new(), stream, meant: None }
}

/// A measurement, and the question for its time, which comes too early or to the wrong event.
pub(super) fn of_untimed(context: &RuleContext<'_>, it: &UntimedEvent) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let data = buffer(&mut sketch);
    let (stream, place) = match &it.why {
        Untimed::NotComplete { record, stream } => {
            (witness::stream(&mut sketch, context.options, stream), *record)
        }
        _ => (trace::Stream::Named(sketch.stream("stream", false, None)), it.site),
    };
    let wanted = &it.event.name;
    let [start, end] = [("start", true), ("end", false)].map(|(name, is_start)| {
        if is_start != it.is_start {
            return sketch.timer(name, None);
        }
        match it.why {
            Untimed::Disabled => sketch.event(wanted, it.event.made),
            _ => sketch.timer(wanted, it.event.made),
        }
    });
    let bad = if it.is_start { &start } else { &end };
    let is_recorded = |event: &Name| event != bad || it.why != Untimed::NeverRecorded;
    // What is not waited for is recorded last, so that the wait for the other does not cover it.
    let waits_for_other = matches!(it.why, Untimed::NotComplete { .. });
    let other = if it.is_start { &end } else { &start };
    let record = |event: &Name| Action::Record { event: event.clone(), stream: stream.clone() };
    sketch.step(record(other), place);
    if waits_for_other {
        sketch.step(Action::Synchronize { point: Point::Event(other.clone()), needless: false }, place);
    }
    sketch.step(writes("work".to_owned(), &data, stream.clone()), place);
    if is_recorded(bad) {
        sketch.step(record(bad), place);
    }
    if !waits_for_other {
        sketch.step(Action::Synchronize { point: Point::Stream(stream.clone()), needless: false }, place);
    }
    sketch.step(Action::Elapsed { start, end }, it.site);
    sketch.finish()
}
