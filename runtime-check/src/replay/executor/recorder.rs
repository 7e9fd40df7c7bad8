//! When everything happened, noted without enqueuing anything for it: an event between the steps would change the
//! order that is looked at (one with timing, on a blocking stream, waits for work of the legacy default stream).
//!
//! The replayer's own kernels note the device's clock, host functions the host's. When a copy or a memset ran is
//! not measured; it is bounded by its enqueueing and by what came before it in its stream on the one side, and by
//! what came after it there and by what the host waited for on the other. That a stream is in order is taken for
//! granted; nothing else of the model is, so that a picture of the times can speak against it.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use cuda_lint_engine::trace::{Action, Memory};

use super::clock::{Clock, since};
use super::{Running, check};
use crate::machine::{Piece, Times};
use crate::platform::Error;
use crate::replay::host_function::HostWork;
use crate::replay::kernels::{Span, blocks};

/// How many blocks of kernels a run can note.
pub(super) const SPANS: usize = 16 * 1024;

/// What is noted in a run.
pub(super) struct Recorder {
    clock: Clock,
    spans: *mut Span,
    used: usize,
    /// The host in each step.
    pub(super) host: Vec<(Instant, Instant)>,
    work: Vec<Work>,
    /// Where each event was recorded: the stream, and how much work had been enqueued then.
    events: BTreeMap<String, (usize, usize)>,
    waits: Vec<Wait>,
    /// What was captured, by step.
    captured: BTreeMap<usize, Source>,
}

/// A piece of work, as it was enqueued.
struct Work {
    step: usize,
    stream: usize,
    sort: Sort,
    source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Step,
    Hold,
    /// The replayer's own look at what a copy has brought: it bounds the copy.
    Own,
}

/// Where to learn when it ran.
#[derive(Clone)]
pub(super) enum Source {
    /// Nowhere.
    Unknown,
    /// Kernels: from which span on, and how many.
    Spans(Vec<(usize, usize)>),
    /// A run of a host function.
    Host(usize, usize),
    /// All of these.
    All(Vec<Self>),
}

/// After a step, the host knows that the first `upto` pieces of work are over: those of a stream, or all.
struct Wait {
    step: usize,
    stream: Option<usize>,
    upto: usize,
}

/// A piece of work, in nanoseconds since the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    stream: usize,
    /// When the host began to enqueue it.
    enqueued: i64,
    begin: Option<i64>,
    end: Option<i64>,
    /// The earliest time at which the host saw that it was over.
    over: i64,
}

impl Recorder {
    /// # Safety
    /// `spans` is page-locked memory with room for [`SPANS`] that no kernel uses now.
    pub(super) unsafe fn new(clock: Clock, spans: *mut Span) -> Self {
        // SAFETY: the caller's promise.
        unsafe { spans.write_bytes(0, SPANS) };
        Self {
            clock,
            spans,
            used: 0,
            host: Vec::new(),
            work: Vec::new(),
            events: BTreeMap::new(),
            waits: Vec::new(),
            captured: BTreeMap::new(),
        }
    }

    /// Room for the spans of a kernel, and where it is.
    fn room(&mut self, blocks: usize) -> (*mut Span, (usize, usize)) {
        if self.used + blocks > SPANS {
            return (std::ptr::null_mut(), (0, 0));
        }
        let first = self.used;
        self.used += blocks;
        // SAFETY: within the block.
        (unsafe { self.spans.add(first) }, (first, blocks))
    }

    /// When something ran, as far as it is known: it is once all of its parts are.
    fn ran(&self, source: &Source, base: Instant, host: &[Arc<HostWork>]) -> (Option<i64>, Option<i64>) {
        let join = |parts: Vec<(Option<i64>, Option<i64>)>| {
            let all = |times: Vec<Option<i64>>| times.into_iter().collect::<Option<Vec<i64>>>();
            let (begins, ends) = parts.into_iter().unzip();
            (
                all(begins).and_then(|all| all.into_iter().min()),
                all(ends).and_then(|all| all.into_iter().max()),
            )
        };
        match source {
            Source::Unknown => (None, None),
            Source::Spans(ranges) if ranges.iter().any(|(_, count)| *count == 0) => (None, None),
            Source::Spans(ranges) => {
                let known = |time: u64| (time != 0).then(|| self.clock.since(base, time));
                let indices = ranges.iter().flat_map(|(first, count)| *first..first + count);
                // SAFETY: the indices were handed out; what a kernel still writes is read as a whole.
                let spans = indices.map(|index| unsafe { self.spans.add(index).read_volatile() });
                join(spans.map(|span| (known(span.begin), known(span.end))).collect())
            }
            Source::Host(work, run) => {
                let Some(work) = host.get(*work) else { return (None, None) };
                let seen = work.seen.lock().unwrap_or_else(PoisonError::into_inner);
                let ran = seen.get(*run).map(|seen| seen.ran);
                (ran.map(|ran| since(base, ran.0)), ran.map(|ran| since(base, ran.1)))
            }
            Source::All(parts) => join(parts.iter().map(|part| self.ran(part, base, host)).collect()),
        }
    }

    /// The times of a run that was over at `over`.
    pub(super) fn times(&self, over: Instant, host: &[Arc<HostWork>]) -> Option<Times> {
        let base = self.host.first()?.0;
        let steps: Vec<(i64, i64)> =
            self.host.iter().map(|(begin, end)| (since(base, *begin), since(base, *end))).collect();
        let known = self.work.iter().enumerate().map(|(index, work)| {
            let (begin, end) = self.ran(&work.source, base, host);
            let waits = self
                .waits
                .iter()
                .filter(|wait| index < wait.upto && wait.stream.is_none_or(|stream| stream == work.stream));
            let waited = waits.filter_map(|wait| Some(steps.get(wait.step)?.1));
            let over = waited.fold(since(base, over), i64::min);
            let enqueued = steps.get(work.step).map_or(0, |step| step.0);
            Known { stream: work.stream, enqueued, begin, end, over }
        });
        let known: Vec<Known> = known.collect();
        let pieces = self.work.iter().zip(bounds(&known)).filter(|(work, _)| work.sort != Sort::Own);
        let device = pieces.map(|(work, (begin, end, measured))| Piece {
            step: work.step,
            hold: work.sort == Sort::Hold,
            measured,
            begin,
            end,
        });
        Some(Times { error: self.clock.error, device: device.collect(), host: steps })
    }
}

/// When each piece of work ran, and whether that was measured; else the earliest and the latest time.
fn bounds(work: &[Known]) -> Vec<(i64, i64, bool)> {
    let mut before: BTreeMap<usize, i64> = BTreeMap::new();
    let earliest = work.iter().map(|it| {
        let own =
            it.begin.unwrap_or_else(|| before.get(&it.stream).map_or(it.enqueued, |b| it.enqueued.max(*b)));
        before.insert(it.stream, it.end.unwrap_or(own));
        own
    });
    let earliest: Vec<i64> = earliest.collect();
    let mut after: BTreeMap<usize, i64> = BTreeMap::new();
    let latest = work.iter().zip(&earliest).rev().map(|(it, earliest)| {
        let over = after.get(&it.stream).map_or(it.over, |next| it.over.min(*next));
        let own = it.end.unwrap_or(over).max(*earliest);
        after.insert(it.stream, it.begin.unwrap_or(own));
        own
    });
    let mut latest: Vec<i64> = latest.collect();
    latest.reverse();
    let measured = work.iter().map(|it| it.begin.is_some() && it.end.is_some());
    earliest.into_iter().zip(latest).zip(measured).map(|((begin, end), known)| (begin, end, known)).collect()
}

impl Running<'_> {
    /// Starts to note times, before the first step; where the clocks cannot be compared there are none.
    pub(super) fn record(&mut self) -> Result<(), Error> {
        let gpu = &mut *self.gpu;
        let clock = gpu.desk.compare(&gpu.calls, &gpu.kernels, gpu.own)?;
        // SAFETY: no kernel writes spans now: a run ends with a wait for the device.
        self.recorder = clock.map(|clock| unsafe { Recorder::new(clock, gpu.spans) });
        // SAFETY: a wait.
        check(unsafe { (gpu.calls.device_synchronize)() }, "cudaDeviceSynchronize")
    }

    /// Room for the spans of a kernel over so many words; null if no times are noted.
    pub(super) fn spans(&mut self, words: usize, of: &mut Vec<(usize, usize)>) -> *mut Span {
        let Some(recorder) = &mut self.recorder else { return std::ptr::null_mut() };
        let (spans, range) = recorder.room(blocks(words as u64) as usize);
        of.push(range);
        spans
    }

    /// Notes a hold before a step's work.
    pub(super) fn note_hold(&mut self, step: usize, stream: *mut c_void, ranges: Vec<(usize, usize)>) {
        self.note(step, stream, Sort::Hold, Source::Spans(ranges));
    }

    /// Notes a look of the replayer's own.
    pub(super) fn note_own(&mut self, step: usize, stream: *mut c_void, ranges: Vec<(usize, usize)>) {
        self.note(step, stream, Sort::Own, Source::Spans(ranges));
    }

    /// Notes work of a step.
    pub(super) fn note_work(&mut self, step: usize, stream: *mut c_void, source: Source) {
        self.note(step, stream, Sort::Step, source);
    }

    fn note(&mut self, step: usize, stream: *mut c_void, sort: Sort, source: Source) {
        let captured = self.recorder.is_some() && self.is_captured(stream);
        let Some(recorder) = &mut self.recorder else { return };
        if !captured {
            recorder.work.push(Work { step, stream: stream as usize, sort, source });
        } else if sort == Sort::Step {
            recorder.captured.insert(step, source);
        }
    }

    /// Notes the launch of a graph. The kernels of a second launch write over the times of the first.
    pub(super) fn note_launch(&mut self, step: usize, stream: *mut c_void, graph: &str, members: &[usize]) {
        let trace = self.trace;
        let Some(recorder) = &mut self.recorder else { return };
        let of_graph = |step: usize| {
            let action = trace.steps.get(step).map(|step| &step.action);
            matches!(action, Some(Action::LaunchGraph { graph: name, .. }) if name == graph)
        };
        let mut again = false;
        for work in recorder.work.iter_mut().filter(|work| work.sort == Sort::Step && of_graph(work.step)) {
            work.source = Source::Unknown;
            again = true;
        }
        let parts = members.iter().map(|member| recorder.captured.get(member).cloned());
        let source = parts.collect::<Option<Vec<Source>>>().filter(|parts| !again && !parts.is_empty());
        let source = source.map_or(Source::Unknown, Source::All);
        self.note(step, stream, Sort::Step, source);
    }

    /// Notes that an event was recorded.
    pub(super) fn note_record(&mut self, event: &str, stream: *mut c_void) {
        if let Some(recorder) = &mut self.recorder {
            recorder.events.insert(event.to_owned(), (stream as usize, recorder.work.len()));
        }
    }

    /// Notes what the host knows to be over once it is done with a step: all work so far, of a stream or at all.
    pub(super) fn note_wait(&mut self, step: usize, stream: Option<*mut c_void>) {
        if let Some(recorder) = &mut self.recorder {
            let (stream, upto) = (stream.map(|stream| stream as usize), recorder.work.len());
            recorder.waits.push(Wait { step, stream, upto });
        }
    }

    /// The same, of what an event stands behind.
    pub(super) fn note_event_wait(&mut self, step: usize, event: &str) {
        if let Some(recorder) = &mut self.recorder
            && let Some((stream, upto)) = recorder.events.get(event).copied()
        {
            recorder.waits.push(Wait { step, stream: Some(stream), upto });
        }
    }
}

/// True if a call of a copy says by its return that the copy is over ("API synchronization behavior" in the
/// CUDA Runtime API): one to pageable memory always, and a synchronous one between page-locked memory and the
/// device. One from pageable memory may return once it is staged.
pub(super) const fn returns_when_over(synchronous: bool, to: Memory, from: Memory) -> bool {
    const fn is_locked(memory: Memory) -> bool {
        matches!(memory, Memory::Pinned | Memory::Registered)
    }
    matches!(to, Memory::Pageable) || (synchronous && (is_locked(to) || is_locked(from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn work(stream: usize, enqueued: i64, ran: Option<(i64, i64)>, over: i64) -> Known {
        let (begin, end) = match ran {
            Some((begin, end)) => (Some(begin), Some(end)),
            None => (None, None),
        };
        Known { stream, enqueued, begin, end, over }
    }

    #[test]
    fn what_is_not_measured_is_bounded_by_its_stream_and_by_the_host() {
        // A hold, a copy, the look at it; a memset elsewhere; another that the host waited for.
        let all = [
            work(1, 5, Some((8, 100)), 900),
            work(1, 10, None, 900),
            work(1, 12, Some((130, 131)), 900),
            work(2, 20, None, 900),
            work(2, 30, None, 70),
        ];
        assert_eq!(
            bounds(&all),
            [(8, 100, true), (100, 130, false), (130, 131, true), (20, 70, false), (30, 70, false)]
        );
    }

    #[test]
    fn bounds_never_end_before_they_begin() {
        let late = [work(1, 5, Some((8, 100)), 900), work(1, 10, None, 60)];
        assert_eq!(bounds(&late)[1], (100, 100, false));
        // A kernel that a fault cut short has begun.
        let cut = [Known { begin: Some(7), ..work(1, 5, None, 40) }];
        assert_eq!(bounds(&cut), [(7, 40, false)]);
    }

    #[test]
    fn a_copy_that_may_be_staged_says_nothing_by_returning() {
        assert!(returns_when_over(false, Memory::Pageable, Memory::Device));
        assert!(returns_when_over(true, Memory::Device, Memory::Pinned));
        assert!(!returns_when_over(false, Memory::Pinned, Memory::Device));
        assert!(!returns_when_over(true, Memory::Device, Memory::Pageable));
        assert!(!returns_when_over(true, Memory::Device, Memory::Device));
    }
}
