//! A second formulation of the order, against which the judge is tested: for each stream and event the set of
//! work that is done before what comes next, instead of for each piece of work the points that imply its end.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Action, Memory, Point, Range, Step, Stream, Trace, sample, text};
use super::{Hazard, judge};
use crate::DefaultStream;

type Set = BTreeSet<usize>;

/// The pairs of steps that conflict and are not ordered. Steps that this formulation leaves out (copies, frees,
/// captures) are not in the trace.
fn unordered(trace: &Trace<usize>) -> BTreeSet<(usize, usize)> {
    let mut blocking: BTreeSet<Stream> = [Stream::Legacy, Stream::PerThread].into();
    let mut tails: BTreeMap<Stream, Set> = BTreeMap::new();
    let mut events: BTreeMap<String, Set> = BTreeMap::new();
    let mut done = Set::new();
    let mut work: Vec<usize> = Vec::new();
    let mut pairs = BTreeSet::new();
    let key = |stream: &Stream| match (stream, trace.default_stream) {
        (Stream::Default, DefaultStream::Legacy) => Stream::Legacy,
        (Stream::Default, DefaultStream::PerThread) => Stream::PerThread,
        (stream, _) => stream.clone(),
    };
    let conflict = |a: usize, b: usize| {
        let (a, b) = (&trace.steps[a].action, &trace.steps[b].action);
        let any = |x: Vec<&Range>, y: Vec<&Range>| x.iter().any(|x| y.iter().any(|y| x.overlaps(y)));
        any(a.writes(), b.writes()) || any(a.reads(), b.writes()) || any(a.writes(), b.reads())
    };
    // What is before the next work on a stream.
    let before = |tails: &BTreeMap<Stream, Set>, blocking: &BTreeSet<Stream>, stream: &Stream| {
        let mut set = tails.get(stream).cloned().unwrap_or_default();
        if *stream == Stream::Legacy {
            tails.iter().filter(|(it, _)| blocking.contains(*it)).for_each(|(_, tail)| set.extend(tail));
        } else if blocking.contains(stream) {
            set.extend(tails.get(&Stream::Legacy).into_iter().flatten());
        }
        set
    };
    for (index, step) in trace.steps.iter().enumerate() {
        match &step.action {
            Action::CreateStream { stream, non_blocking: false } => {
                blocking.insert(Stream::Named(stream.clone()));
            }
            Action::Record { event, stream } => {
                let stream = key(stream);
                let set = before(&tails, &blocking, &stream);
                if stream == Stream::Legacy {
                    tails.insert(stream, set.clone());
                }
                events.insert(event.clone(), set);
            }
            Action::StreamWait { stream, event } => {
                let set = events.get(event).cloned().unwrap_or_default();
                tails.entry(key(stream)).or_default().extend(set);
            }
            Action::Synchronize { point, .. } | Action::Query { point, until_complete: true } => {
                match point {
                    Point::Device => done.extend(&work),
                    Point::Event(event) => done.extend(events.get(event).into_iter().flatten()),
                    Point::Stream(stream) if key(stream) == Stream::Legacy => {
                        done.extend(before(&tails, &blocking, &Stream::Legacy));
                    }
                    Point::Stream(stream) => done.extend(tails.get(&key(stream)).into_iter().flatten()),
                }
            }
            Action::HostRead { .. } | Action::HostWrite { .. } => {
                let open = work.iter().filter(|it| !done.contains(it) && conflict(**it, index));
                pairs.extend(open.map(|it| (*it, index)));
            }
            action => {
                let Some(stream) = action.work_stream().map(key) else { continue };
                let mut set = before(&tails, &blocking, &stream);
                let open =
                    work.iter().filter(|it| !done.contains(it) && !set.contains(it) && conflict(**it, index));
                pairs.extend(open.map(|it| (*it, index)));
                set.insert(index);
                tails.insert(stream, set);
                work.push(index);
            }
        }
    }
    pairs
}

/// A random trace of what this formulation knows.
fn trace(seed: u64) -> Trace<usize> {
    let mut trace = sample::trace(seed, 60);
    let known = |step: &mut Step<usize>| match &mut step.action {
        Action::Allocate { memory, stream, .. } => {
            (*memory, *stream) = (Memory::Managed, None);
            true
        }
        Action::Fill { synchronous, .. } => {
            *synchronous = false;
            true
        }
        action => !matches!(
            action,
            Action::Copy { .. }
                | Action::Free { .. }
                | Action::BeginCapture { .. }
                | Action::EndCapture { .. }
                | Action::LaunchGraph { .. }
        ),
    };
    trace.steps = trace.steps.into_iter().filter_map(|mut step| known(&mut step).then_some(step)).collect();
    trace
}

#[test]
fn two_formulations_of_the_order_agree() {
    let (mut pairs, mut clean) = (0, 0);
    for seed in 0..1500 {
        let trace = trace(seed);
        let expected = unordered(&trace);
        let judged = judge(&trace);
        let judged: BTreeSet<_> = judged
            .iter()
            .filter_map(|hazard| match hazard {
                Hazard::Unordered { pending, access, .. } => Some((*pending, *access)),
                _ => None,
            })
            .collect();
        assert_eq!(judged, expected, "seed {seed}\n{}", text::print(&trace));
        pairs += expected.len();
        clean += usize::from(expected.is_empty());
    }
    assert!(pairs > 5000 && clean > 50, "{pairs} pairs, {clean} traces without any");
}
