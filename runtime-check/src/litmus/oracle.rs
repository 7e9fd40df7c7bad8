//! What a run may show: the values of the program's order, save where a hazard of the trace can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cuda_lint_engine::trace::judge::{self, Axiom, Axioms, Conflict, Edge, Hazard};
use cuda_lint_engine::trace::{Action, Memory, Name, Position, Range, Trace};
use serde::{Deserialize, Serialize};

use super::queues;
pub use super::reach::reach;
use crate::machine::Run;
use crate::values::{self, Digest, Values};

/// One pair of unordered steps, as [`Hazard::Unordered`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The work that may still be running.
    pub pending: usize,
    /// The step that meets it.
    pub access: usize,
    /// Where.
    pub buffer: Name,
    /// Of what sort it is.
    pub class: Class,
    /// True if a wait that nothing documents orders the two on the device that was measured.
    pub relies: bool,
}

/// What pairs are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    /// Which of the two reads and which writes.
    pub conflict: Conflict,
    /// Where the buffer lies.
    pub memory: Memory,
    /// What meets the pending work.
    pub meets: Meets,
}

/// What meets pending work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meets {
    /// The host.
    Host,
    /// Work of another stream.
    Stream,
    /// The release of the memory.
    Release,
    /// The work is the memory's stream-ordered allocation, and what meets it is any use.
    Allocation,
    /// The memory was released before, and what uses it meets the next owner's data.
    Released,
}

impl Meets {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Stream => "other stream",
            Self::Release => "release",
            Self::Allocation => "use before allocation",
            Self::Released => "use after release",
        }
    }
}

/// The unordered pairs among the hazards.
pub fn pairs<P>(trace: &Trace<P>, hazards: &[Hazard]) -> Vec<Pair> {
    let kinds = kinds(trace);
    let pair = |hazard: &Hazard| match hazard {
        Hazard::Unordered { pending, access, buffer, conflict, missing, relies_on } => {
            let meets = match (&trace.steps[*pending].action, &trace.steps[*access].action) {
                (_, Action::Free { .. }) => Meets::Release,
                (Action::Allocate { .. }, _) => Meets::Allocation,
                _ if *missing == Edge::HostWait => Meets::Host,
                _ => Meets::Stream,
            };
            Some(Pair {
                pending: *pending,
                access: *access,
                buffer: buffer.clone(),
                class: Class { conflict: *conflict, memory: *kinds.get(buffer.as_str())?, meets },
                relies: relies_on.is_some(),
            })
        }
        Hazard::UseAfterRelease { release, step, name, .. } => {
            let writes = |step: usize| {
                let mut writes = trace.steps[step].action.writes().into_iter();
                writes.any(|range| range.buffer == *name)
            };
            let conflict = match writes(*step) {
                true => Conflict::WriteThenWrite,
                false => Conflict::WriteThenRead,
            };
            let (memory, meets) = (*kinds.get(name.as_str())?, Meets::Released);
            Some(Pair {
                pending: *release,
                access: *step,
                buffer: name.clone(),
                class: Class { conflict, memory, meets },
                relies: false,
            })
        }
        _ => None,
    };
    hazards.iter().filter_map(pair).collect()
}

pub(super) fn kinds<P>(trace: &Trace<P>) -> BTreeMap<&str, Memory> {
    let kinds = trace.steps.iter().filter_map(|step| match &step.action {
        Action::Allocate { buffer, memory, .. } => Some((buffer.as_str(), *memory)),
        _ => None,
    });
    kinds.collect()
}

/// True for an asynchronous copy between host buffers, outside of a graph: it is over when the call returns,
/// but what has arrived is looked at in stream order, that is, too late.
pub(super) fn is_on_host(
    members: &[usize],
    index: usize,
    action: &Action,
    kinds: &BTreeMap<&str, Memory>,
) -> bool {
    let on_host = |range: &Range| {
        matches!(
            kinds.get(range.buffer.as_str()),
            Some(Memory::Pageable | Memory::Pinned | Memory::Registered)
        )
    };
    members == [index] && matches!(action, Action::Copy { dst, src, .. } if on_host(dst) && on_host(src))
}

/// Copies below this size may be read when they are called for.
const SMALL: u64 = 64 * 1024;

/// Pairs that are ordered by documentation, and that the device does not order.
///
/// Measured on an H200 (driver 580.159): an asynchronous copy of up to 16 KiB from page-locked memory, into a
/// stream that is idle itself, reads its source during the call, although the legacy barrier makes its stream
/// wait for work that still writes there. Order within a stream and by events is kept.
pub fn past_the_barrier(trace: &Trace<Position>, pairs: &[Pair]) -> Vec<Pair> {
    let axioms = Axioms::documented();
    let axioms = axioms.without(Axiom::LegacyAfterBlocking).without(Axiom::BlockingAfterLegacy);
    let kinds = kinds(trace);
    let captured = queues::in_capture(trace);
    let small = |pair: &Pair| match &trace.steps[pair.access].action {
        Action::Copy { src, synchronous: false, .. } => {
            let memory = kinds.get(src.buffer.as_str());
            src.buffer == pair.buffer
                && src.len() < SMALL
                && matches!(memory, Some(Memory::Pinned | Memory::Registered))
                && pair.class.conflict == Conflict::WriteThenRead
                && !captured.contains(&pair.access)
        }
        _ => false,
    };
    let mut found = self::pairs(trace, &judge::judge_with(trace, axioms));
    found.retain(|it| small(it) && !pairs.contains(it));
    found
}

/// A place where a run can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// What a step read: the step, and which of its ranges.
    Read(usize, usize),
    /// What a buffer held at the end.
    Last(Name),
}

/// A value that is not that of the program's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Where.
    pub place: Place,
    /// What was seen.
    pub seen: Digest,
    /// What would have been right.
    pub right: Digest,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Read(step, number) => write!(f, "step {step}, range {number} of its reads: ")?,
            Place::Last(buffer) => write!(f, "{buffer} at the end: ")?,
        }
        let Digest { first, last, sum } = self.seen;
        let right = self.right;
        write!(f, "{first}…{last} (sum {sum}), expected {}…{} (sum {})", right.first, right.last, right.sum)
    }
}

/// Where a run differs from the program's order.
pub fn deviations(right: &Values, run: &Run) -> Vec<Deviation> {
    let mut found = Vec::new();
    for (step, (right, seen)) in right.reads.iter().zip(&run.steps).enumerate() {
        for (number, (right, seen)) in right.iter().zip(&seen.reads).enumerate() {
            if right != seen {
                let place = Place::Read(step, number);
                found.push(Deviation { place, seen: *seen, right: *right });
            }
        }
    }
    for (buffer, seen) in &run.last {
        if let Some(right) = right.last.get(buffer)
            && right != seen
        {
            found.push(Deviation { place: Place::Last(buffer.clone()), seen: *seen, right: *right });
        }
    }
    found
}

/// The places where a run was looked at.
pub fn visible(right: &Values, run: &Run) -> BTreeSet<Place> {
    let last = run.last.keys().filter(|it| right.last.contains_key(*it)).cloned().map(Place::Last);
    let reads = right.reads.iter().zip(&run.steps).enumerate();
    let reads = reads.flat_map(|(step, (right, seen))| {
        (0..right.len().min(seen.reads.len())).map(move |number| Place::Read(step, number))
    });
    last.chain(reads).collect()
}

/// True if the order of the pair's steps makes a difference that can be looked at: the trace with the pending
/// work, and what is queued behind it, moved behind the access gives other values at a visible place where the
/// pair can reach. Of a use after the release, what the next owner's data make of it.
pub fn is_observable<P>(trace: &Trace<P>, pair: &Pair, right: &Values, visible: &BTreeSet<Place>) -> bool {
    let steps = 0..trace.steps.len();
    let as_written = values::in_order(trace, steps.clone());
    let (other, right) = if pair.class.meets == Meets::Released {
        (as_written, right)
    } else {
        let kept = queues::kept_back(trace, pair.pending, pair.access);
        let order = (0..=pair.access)
            .filter(|step| !kept.contains(step))
            .chain(kept.iter().copied())
            .chain(pair.access + 1..trace.steps.len());
        (values::in_order(trace, order.collect::<Vec<_>>()), &as_written)
    };
    reach(trace, [pair]).intersection(visible).any(|place| match place {
        Place::Read(step, number) => {
            let seen = |values: &Values| values.reads.get(*step).and_then(|it| it.get(*number)).copied();
            seen(&other) != seen(right)
        }
        Place::Last(buffer) => other.last.get(buffer) != right.last.get(buffer),
    })
}
