//! A trace as bars over time: a row for the host and one for each stream.
//!
//! The times are made up, the order is not: the streams are run as the model says (in order each, waiting for
//! what they wait for), the hazard's pending work is kept back as the replay keeps it back, and lengths are those
//! that the labels need. So a picture shows which step can overtake which, and nothing about how long it takes.

use std::collections::BTreeMap;

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::judge::Hazard;
use cuda_lint_engine::trace::{Action, Memory, Point, Stream, Trace};

use super::words::{self, LEGACY};

/// The space between two bars of a row.
const GAP: f64 = 6.0;
/// The shortest bar.
const SHORTEST: f64 = 30.0;

/// A picture in the making: bars in rows, in units of a letter's height.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// The names of the rows; the first is the host's.
    pub rows: Vec<String>,
    /// The bars.
    pub bars: Vec<Bar>,
    /// The two that get in each other's way, and the time that they share.
    pub clash: Option<Clash>,
    /// What is wrong, in words; empty if the picture shows no overlap.
    pub note: String,
    /// Where the last bar ends.
    pub end: f64,
}

/// Something that takes time.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The row.
    pub row: usize,
    /// When it starts.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// What it is.
    pub label: String,
    /// How it is drawn.
    pub look: Look,
    /// The step of the trace.
    pub step: usize,
}

/// How a bar is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A call of the host.
    Call,
    /// A call that waits.
    Wait,
    /// The host touches memory.
    Touch,
    /// Work of the device.
    Work,
    /// A stream is held back.
    Hold,
    /// The step with which something is wrong.
    Bad,
}

/// Two bars that must not overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clash {
    /// The row of the pending work.
    pub pending: usize,
    /// The row of the access.
    pub access: usize,
    /// When the access starts.
    pub start: f64,
    /// When it ends.
    pub end: f64,
}

/// What is kept back, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hold {
    step: usize,
    time: f64,
}

/// The misuse, and its twin under the same hold.
pub fn pair<P, Q>(
    misuse: &Trace<P>,
    hazard: Option<&Hazard>,
    twin: Option<&Trace<Q>>,
) -> (Timeline, Option<Timeline>) {
    let (held, access, waits_at) = match hazard {
        Some(Hazard::Unordered { pending, access, relies_on, .. }) => {
            (Some(*pending), Some(*access), *relies_on)
        }
        Some(Hazard::PageableCopy { step }) => (Some(*step), None, Some(*step)),
        _ => (None, None, None),
    };
    let kept_back = |time| held.map(|step| Hold { step, time });
    // How long the hold must be for the access to come first is known once it has been drawn without end.
    let first = Run::of(misuse, kept_back(1e6), waits_at).finish();
    let time = hold_time(&first, access).unwrap_or(120.0);
    let mut picture = Run::of(misuse, kept_back(time), waits_at).finish();
    let name = |step: usize| words::of(&misuse.steps[step].action);
    match hazard {
        Some(Hazard::Unordered { pending, access, .. }) => {
            picture.mark(*access, true);
            picture.clash = clash(&picture, *pending, *access);
            if picture.clash.is_some() {
                picture.note = format!("“{}” does not wait for “{}”.", name(*access), name(*pending));
            }
        }
        Some(Hazard::WrongKind { step }) => {
            picture.mark(*step, false);
            // What fails enqueues nothing.
            picture.bars.retain(|bar| bar.step != *step || bar.row == 0);
        }
        Some(
            Hazard::HostTouchesDevice { step, .. }
            | Hazard::WrongRelease { step, .. }
            | Hazard::CaptureUnjoined { step, .. }
            | Hazard::NoTime { step, .. }
            | Hazard::PageableCopy { step }
            | Hazard::NeedlessWait { step }
            | Hazard::MadeEachRound { step }
            | Hazard::ErrorUnseen { step, .. }
            | Hazard::TimedTooEarly { step, .. }
            | Hazard::NeverAwaited { step, .. },
        ) => picture.mark(*step, false),
        Some(Hazard::CaptureIllegal { step, .. }) => {
            picture.mark(*step, false);
            picture.bars.retain(|bar| bar.step != *step || bar.row == 0);
            picture.note = format!("“{}” is refused, and the capture is lost.", name(*step));
        }
        Some(
            Hazard::UseAfterRelease { release, step, .. }
            | Hazard::CapturedBufferReleased { release, launch: step, .. },
        ) => {
            picture.mark(*step, true);
            picture.note = format!("“{}” comes after “{}”.", name(*step), name(*release));
        }
        Some(
            Hazard::CallInHostFunction { step, .. }
            | Hazard::WaitInHostFunction { step, .. }
            | Hazard::StreamAsArgument { step },
        ) => picture.mark(*step, true),
        None => {}
    }
    if let Some(step) = waits_at {
        picture.clash = None;
        picture.note = format!("“{}” waits for the stream, which nothing documents.", name(step));
    }
    let twin = twin.map(|twin| {
        // The twin may have more steps; what is kept back is the same work.
        let step = held.and_then(|step| same_work(misuse, step, twin));
        Run::of(twin, step.map(|step| Hold { step, time }), None).finish()
    });
    (picture, twin)
}

/// The step of the twin that is the `step` of the misuse: the same action, equally often seen before.
fn same_work<P, Q>(misuse: &Trace<P>, step: usize, twin: &Trace<Q>) -> Option<usize> {
    let action = &misuse.steps[step].action;
    let earlier = misuse.steps[..step].iter().filter(|it| it.action == *action).count();
    let same = twin.steps.iter().enumerate().filter(|(_, it)| it.action == *action);
    same.map(|(index, _)| index).nth(earlier)
}

/// From the start of the hold to just after the access.
fn hold_time(picture: &Timeline, access: Option<usize>) -> Option<f64> {
    let hold = picture.bars.iter().find(|bar| bar.look == Look::Hold)?;
    let access = picture.bar_of(access?)?;
    // An access that itself waits for the hold cannot overtake it.
    (access.end < hold.end).then_some((access.end - hold.start + 2.0 * GAP).max(60.0))
}

fn clash(picture: &Timeline, pending: usize, access: usize) -> Option<Clash> {
    let work = picture.bars.iter().rfind(|bar| bar.step == pending && bar.look == Look::Work)?;
    let other = picture.bar_of(access)?;
    (other.start < work.end && other.row != work.row).then_some(Clash {
        pending: work.row,
        access: other.row,
        start: other.start,
        end: other.end,
    })
}

impl Timeline {
    /// The bar that touches what the step touches: on the device for work of the device.
    fn bar_of(&self, step: usize) -> Option<&Bar> {
        self.bars.iter().filter(|bar| bar.step == step && bar.look != Look::Hold).max_by_key(|bar| bar.row)
    }

    /// Draws a step as the misuse: its work, or the host's call.
    fn mark(&mut self, step: usize, work: bool) {
        let mut bars = self.bars.iter_mut().filter(|bar| bar.step == step && bar.look != Look::Hold);
        let bar = if work { bars.max_by_key(|bar| bar.row) } else { bars.find(|bar| bar.row == 0) };
        if let Some(bar) = bar {
            bar.look = Look::Bad;
        }
    }
}

/// Runs a trace on streams of its own making.
struct Run {
    picture: Timeline,
    host: f64,
    mode: DefaultStream,
    /// For each row: when all that is enqueued there is done.
    tails: Vec<f64>,
    /// For each row: whether it takes part in the barrier of the legacy stream.
    blocking: Vec<bool>,
    /// When an event is complete.
    events: BTreeMap<String, f64>,
    hold: Option<Hold>,
    /// A step that waits for all work before it, though nothing says that it does.
    waits_at: Option<usize>,
    capturing: bool,
}

impl Run {
    fn of<P>(trace: &Trace<P>, hold: Option<Hold>, waits_at: Option<usize>) -> Self {
        let mut run = Self {
            picture: Timeline { rows: vec!["host".to_owned()], ..Timeline::default() },
            host: 0.0,
            mode: trace.default_stream,
            tails: vec![0.0],
            blocking: vec![false],
            events: BTreeMap::new(),
            hold,
            waits_at,
            capturing: false,
        };
        let pageable: Vec<&str> = trace
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Allocate { buffer, memory: Memory::Pageable, .. } => Some(buffer.as_str()),
                _ => None,
            })
            .collect();
        for (index, step) in trace.steps.iter().enumerate() {
            run.step(index, &step.action, &pageable);
        }
        run
    }

    fn finish(mut self) -> Timeline {
        self.picture.end = self.picture.bars.iter().map(|bar| bar.end).fold(0.0, f64::max);
        self.picture
    }

    fn step(&mut self, index: usize, action: &Action, pageable: &[&str]) {
        let label = words::of(action);
        match action {
            // What only makes things ready is in the trace, and would drown the rest here.
            Action::Allocate { .. } | Action::CreateEvent { .. } | Action::CreateTimer { .. } => {}
            Action::CreateStream { stream, non_blocking } => {
                let row = self.row(&Stream::Named(stream.clone()));
                self.blocking[row] = !non_blocking;
            }
            Action::DestroyStream { .. }
            | Action::DestroyEvent { .. }
            | Action::Elapsed { .. }
            | Action::DestroyGraph { .. }
            | Action::Clock
            | Action::End
            | Action::Call { .. } => self.call(index, label, Look::Call),
            Action::HostRead { .. } | Action::HostWrite { .. } => self.call(index, label, Look::Touch),
            Action::MakeAndRelease { made, .. } if made.is_memory() => {
                let until = self.complete(&Point::Device);
                self.wait(index, label, until);
            }
            Action::MakeAndRelease { .. } => self.call(index, label, Look::Call),
            Action::Free { .. } if self.waits_at == Some(index) => {
                let until = self.complete(&Point::Device);
                self.wait(index, label, until);
            }
            Action::Free { .. } => self.call(index, label, Look::Call),
            Action::Synchronize { point, .. } | Action::Query { point, until_complete: true } => {
                let until = self.complete(point);
                self.wait(index, label, until);
            }
            Action::Query { .. } => self.call(index, label, Look::Call),
            Action::Record { event, stream } => {
                self.call(index, label, Look::Call);
                let row = self.row(stream);
                let ready = self.ready(row);
                self.events.insert(event.clone(), ready);
            }
            Action::StreamWait { stream, event } => {
                self.call(index, label, Look::Call);
                let row = self.row(stream);
                let until = self.events.get(event).copied().unwrap_or(0.0);
                self.tails[row] = self.tails[row].max(until);
            }
            Action::BeginCapture { .. } => {
                self.capturing = true;
                self.call(index, label, Look::Call);
            }
            Action::EndCapture { .. } => {
                self.capturing = false;
                self.call(index, label, Look::Call);
            }
            Action::Copy { dst, synchronous, stream, .. } => {
                // A copy to pageable memory is measured to wait; one from it is staged first.
                let waits =
                    *synchronous || self.waits_at == Some(index) || pageable.contains(&dst.buffer.as_str());
                self.work(index, label, stream, waits);
            }
            Action::Fill { stream, .. }
            | Action::Launch { stream, .. }
            | Action::Fault { stream, .. }
            | Action::HostFunction { stream, .. }
            | Action::LaunchGraph { stream, .. } => self.work(index, label, stream, false),
        }
    }

    /// A call that returns at once.
    fn call(&mut self, step: usize, label: String, look: Look) {
        let until = self.host + length(&label);
        self.bar(0, self.host, until, label, look, step);
        self.host = until + GAP;
    }

    fn wait(&mut self, step: usize, label: String, until: f64) {
        let end = (self.host + length(&label)).max(until + GAP);
        self.bar(0, self.host, end, label, Look::Wait, step);
        self.host = end + GAP;
    }

    /// A call that enqueues, and the work itself.
    fn work(&mut self, step: usize, label: String, stream: &Stream, waits: bool) {
        let row = self.row(stream);
        let enqueued = self.host;
        if self.capturing {
            return self.call(step, label, Look::Call);
        }
        let mut start = self.ready(row).max(enqueued + 2.0 * GAP);
        if let Some(hold) = self.hold.filter(|hold| hold.step == step) {
            self.bar(row, start, start + hold.time, "held".to_owned(), Look::Hold, step);
            start += hold.time + GAP / 2.0;
        }
        let end = start + length(&label);
        self.bar(row, start, end, label.clone(), Look::Work, step);
        self.tails[row] = end + GAP;
        if waits {
            self.wait(step, label, end);
        } else {
            self.call(step, label, Look::Call);
        }
    }

    /// When something that is enqueued in a row now could start.
    fn ready(&self, row: usize) -> f64 {
        let own = self.tails[row];
        let name = self.picture.rows[row].as_str();
        let others = (1..self.tails.len()).filter(|other| {
            if name == LEGACY {
                self.blocking[*other]
            } else {
                self.blocking[row] && self.picture.rows[*other] == LEGACY
            }
        });
        others.map(|other| self.tails[other]).fold(own, f64::max)
    }

    fn complete(&mut self, point: &Point) -> f64 {
        match point {
            Point::Stream(stream) => {
                let row = self.row(stream);
                self.ready(row)
            }
            Point::Event(event) => self.events.get(event).copied().unwrap_or(0.0),
            Point::Device => self.tails.iter().copied().fold(0.0, f64::max),
        }
    }

    fn row(&mut self, stream: &Stream) -> usize {
        let name = words::row(stream, self.mode);
        if let Some(row) = self.picture.rows.iter().position(|row| *row == name) {
            return row;
        }
        self.tails.push(0.0);
        self.blocking.push(name != LEGACY);
        self.picture.rows.push(name);
        self.tails.len() - 1
    }

    fn bar(&mut self, row: usize, start: f64, end: f64, label: String, look: Look, step: usize) {
        self.picture.bars.push(Bar { row, start, end, label, look, step });
    }
}

fn length(label: &str) -> f64 {
    (label.chars().count() as f64 * 6.6 + 14.0).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cuda_lint_engine::trace::judge::{Conflict, Edge};
    use cuda_lint_engine::trace::{Position, Range, Step};

    fn range(buffer: &str) -> Range {
        Range { buffer: buffer.to_owned(), start: 0, end: 4 }
    }

    fn named(stream: &str) -> Stream {
        Stream::Named(stream.to_owned())
    }

    fn trace(actions: Vec<Action>) -> Trace<Position> {
        let steps = actions.into_iter().map(|action| Step { action, place: None }).collect();
        Trace { default_stream: DefaultStream::Legacy, steps }
    }

    fn stream(name: &str) -> Action {
        Action::CreateStream { stream: name.to_owned(), non_blocking: false }
    }

    fn copy() -> Action {
        Action::Copy { dst: range("h"), src: range("d"), kind: None, synchronous: false, stream: named("s") }
    }

    fn unordered(pending: usize, access: usize) -> Hazard {
        Hazard::Unordered {
            pending,
            access,
            buffer: "h".to_owned(),
            conflict: Conflict::WriteThenRead,
            missing: Edge::HostWait,
            relies_on: None,
        }
    }

    fn of(picture: &Timeline, step: usize, row: usize) -> &Bar {
        let mut bars = picture.bars.iter();
        bars.rfind(|bar| bar.step == step && bar.row == row).unwrap()
    }

    #[test]
    fn a_read_overtakes_the_copy_and_the_twin_waits_for_it() {
        let read = Action::HostRead { range: range("h") };
        let wait = Action::Synchronize { point: Point::Stream(named("s")), needless: false };
        let misuse = trace(vec![stream("s"), copy(), read.clone()]);
        let repaired = trace(vec![stream("s"), copy(), wait, read]);
        let (picture, twin) = pair(&misuse, Some(&unordered(1, 2)), Some(&repaired));
        assert_eq!(picture.rows, ["host", "s"]);
        assert!(of(&picture, 2, 0).end < of(&picture, 1, 1).start, "the read comes first");
        assert_eq!(of(&picture, 2, 0).look, Look::Bad);
        let clash = picture.clash.unwrap();
        assert_eq!((clash.pending, clash.access), (1, 0));
        let twin = twin.unwrap();
        assert!(of(&twin, 3, 0).start > of(&twin, 1, 1).end, "the read comes last");
        assert!(twin.clash.is_none() && twin.bars.iter().all(|bar| bar.look != Look::Bad));
        let held = |picture: &Timeline| {
            let hold = picture.bars.iter().find(|bar| bar.look == Look::Hold).unwrap();
            hold.end - hold.start
        };
        assert_eq!(held(&picture), held(&twin));
    }

    #[test]
    fn events_and_the_legacy_stream_order_streams() {
        let fill = |stream: Stream| Action::Fill { dst: range("d"), synchronous: false, stream };
        let record = Action::Record { event: "e".to_owned(), stream: named("a") };
        let wait = Action::StreamWait { stream: named("b"), event: "e".to_owned() };
        let picture = |actions: Vec<Action>| {
            let mut all = vec![stream("a"), stream("b")];
            all.extend(actions);
            Run::of(&trace(all), Some(Hold { step: 2, time: 500.0 }), None).finish()
        };
        let free = picture(vec![fill(named("a")), fill(named("b"))]);
        assert!(of(&free, 3, 2).start < of(&free, 2, 1).start);
        let ordered = picture(vec![fill(named("a")), record, wait, fill(named("b"))]);
        assert!(of(&ordered, 5, 2).start >= of(&ordered, 2, 1).end);
        let barrier = picture(vec![fill(named("a")), fill(Stream::Default), fill(named("b"))]);
        assert!(of(&barrier, 3, 3).start >= of(&barrier, 2, 1).end);
        assert!(of(&barrier, 4, 2).start >= of(&barrier, 3, 3).end);
        assert_eq!(barrier.rows, ["host", "a", "b", "stream 0"]);
    }

    #[test]
    fn a_copy_to_pageable_memory_waits_and_nothing_overtakes_it() {
        let pageable =
            Action::Allocate { buffer: "h".to_owned(), memory: Memory::Pageable, bytes: 4, stream: None };
        let read = Action::HostRead { range: range("h") };
        let misuse = trace(vec![pageable, stream("s"), copy(), read]);
        let (picture, _) = pair::<_, Position>(&misuse, Some(&unordered(2, 3)), None);
        assert!(of(&picture, 3, 0).start > of(&picture, 2, 1).end);
        assert!(picture.clash.is_none());
    }

    #[test]
    fn work_that_overtakes_work_is_marked_on_the_device() {
        let fill = |stream: &str| Action::Fill { dst: range("d"), synchronous: false, stream: named(stream) };
        let misuse = trace(vec![stream("a"), stream("b"), fill("a"), fill("b")]);
        let (picture, _) = pair::<_, Position>(&misuse, Some(&unordered(2, 3)), None);
        assert_eq!(of(&picture, 3, 2).look, Look::Bad);
        assert_eq!(of(&picture, 3, 0).look, Look::Call);
        assert_eq!(picture.clash.map(|clash| (clash.pending, clash.access)), Some((1, 2)));
    }

    #[test]
    fn a_release_that_waits_though_nothing_says_so_is_drawn_waiting() {
        let free = Action::Free {
            buffer: "h".to_owned(),
            with: cuda_lint_engine::trace::Release::CudaFreeHost,
            stream: None,
        };
        let misuse = trace(vec![stream("s"), copy(), free]);
        let Hazard::Unordered { buffer, conflict, missing, .. } = unordered(1, 2) else { unreachable!() };
        let hazard =
            Hazard::Unordered { pending: 1, access: 2, buffer, conflict, missing, relies_on: Some(2) };
        let (picture, _) = pair::<_, Position>(&misuse, Some(&hazard), None);
        assert!(of(&picture, 2, 0).end > of(&picture, 1, 1).end);
        assert!(picture.note.contains("nothing documents"), "{}", picture.note);
    }
}
