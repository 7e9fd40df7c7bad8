//! What a run may show: the values of the program's order, save where a hazard of the trace can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cuda_lint_engine::trace::judge::{Conflict, Edge, Hazard};
use cuda_lint_engine::trace::{Action, Memory, Name, Range, Release, Trace};
use serde::{Deserialize, Serialize};

use super::queues;
use crate::machine::Run;
use crate::values::{self, Digest, Values, words};

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
}

impl Meets {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Stream => "other stream",
            Self::Release => "release",
            Self::Allocation => "use before allocation",
        }
    }
}

/// The unordered pairs among the hazards.
pub fn pairs<P>(trace: &Trace<P>, hazards: &[Hazard]) -> Vec<Pair> {
    let kinds: BTreeMap<&str, Memory> = (trace.steps.iter())
        .filter_map(|step| match &step.action {
            Action::Allocate { buffer, memory, .. } => Some((buffer.as_str(), *memory)),
            _ => None,
        })
        .collect();
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
        _ => None,
    };
    hazards.iter().filter_map(pair).collect()
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

/// The places that some pairs can reach.
///
/// A pass over the steps in the program's order, word by word: a pair spoils what its reader sees, and the
/// content of what both write; copies carry on what is spoilt; a later write by a step that is in no pair of
/// its own mends it, since it is ordered after both.
pub fn reach<'p, P>(trace: &Trace<P>, pairs: impl IntoIterator<Item = &'p Pair>) -> BTreeSet<Place> {
    let pairs: Vec<&Pair> = pairs.into_iter().collect();
    let sizes: BTreeMap<&str, u64> = (trace.steps.iter())
        .filter_map(|step| match &step.action {
            Action::Allocate { buffer, bytes, .. } => Some((buffer.as_str(), *bytes)),
            _ => None,
        })
        .collect();
    let mut spoilt: BTreeMap<&str, Vec<bool>> =
        sizes.iter().map(|(name, bytes)| (*name, vec![false; words(*bytes)])).collect();
    let members = queues::members(trace);
    let writes = |step: usize| -> Vec<Range> {
        members[step].iter().flat_map(|member| written(&trace.steps[*member].action, &sizes)).collect()
    };
    let next_owners = next_owners(trace, &pairs);
    let mut places: BTreeSet<Place> =
        next_owners.iter().map(|buffer| Place::Last((*buffer).to_owned())).collect();
    for index in 0..trace.steps.len() {
        let mut number = 0;
        for member in &members[index] {
            let action = &trace.steps[*member].action;
            let mut carried = Vec::new();
            for read in action.reads() {
                let Some(memory) = spoilt.get(read.buffer.as_str()) else {
                    number += 1;
                    continue;
                };
                let (start, end) = (words(read.start), words(read.end).min(memory.len()));
                let mut seen = memory.get(start..end).unwrap_or(&[]).to_vec();
                for pair in &pairs {
                    let other = match index {
                        _ if pair.buffer != read.buffer => continue,
                        index if index == pair.pending => pair.access,
                        index if index == pair.access => pair.pending,
                        _ => continue,
                    };
                    for range in writes(other).iter().filter(|range| range.overlaps(read)) {
                        let from = words(range.start).max(start) - start;
                        let to = words(range.end).min(end).saturating_sub(start);
                        seen[from..to].fill(true);
                    }
                }
                // What a copy has read is looked at where it has arrived.
                let arrives = match action {
                    Action::Copy { dst, .. } => pairs.iter().any(|pair| {
                        let other = if index == pair.pending { pair.access } else { pair.pending };
                        (index == pair.pending || index == pair.access)
                            && pair.buffer == dst.buffer
                            && writes(other).iter().any(|range| range.overlaps(dst))
                    }),
                    _ => false,
                };
                if next_owners.contains(read.buffer.as_str()) {
                    seen.fill(true);
                }
                if arrives || seen.contains(&true) {
                    places.insert(Place::Read(index, number));
                }
                number += 1;
                carried = seen;
            }
            let copies = matches!(action, Action::Copy { .. });
            for range in written(action, &sizes) {
                let Some(memory) = spoilt.get_mut(range.buffer.as_str()) else { continue };
                let (start, end) = (words(range.start), words(range.end).min(memory.len()));
                for (at, word) in memory[start..end].iter_mut().enumerate() {
                    *word = copies && carried.get(at).copied().unwrap_or(false);
                }
            }
        }
        for pair in pairs.iter().filter(|pair| pair.access == index) {
            let Some(memory) = spoilt.get_mut(pair.buffer.as_str()) else { continue };
            let second = writes(index);
            for first in writes(pair.pending).iter().filter(|it| it.buffer == pair.buffer) {
                for range in second.iter().filter(|range| range.overlaps(first)) {
                    let start = words(range.start.max(first.start));
                    let end = words(range.end.min(first.end)).min(memory.len());
                    memory[start..end].fill(true);
                }
            }
        }
    }
    let last = spoilt.into_iter().filter(|(_, words)| words.contains(&true));
    places.extend(last.map(|(name, _)| Place::Last(name.to_owned())));
    places
}

/// Stream-ordered memory that may be, at the same address, what was released before: what still writes there
/// after an unordered release writes to the next owner. A release by cudaFree counts in any case, since it
/// does not wait for the memory's first value.
fn next_owners<'t, P>(trace: &'t Trace<P>, pairs: &[&Pair]) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    let mut released = false;
    for (index, step) in trace.steps.iter().enumerate() {
        match &step.action {
            Action::Allocate { buffer, memory: Memory::StreamOrdered, .. } if released => {
                found.insert(buffer.as_str());
            }
            Action::Free { buffer, with, .. } => {
                let unordered = pairs.iter().any(|pair| pair.access == index);
                let in_order = trace.steps.iter().any(|it| {
                    matches!(&it.action, Action::Allocate { buffer: it, stream: Some(_), .. } if it == buffer)
                });
                let at_once = *with == Release::CudaFree;
                released |= in_order && (unordered || at_once);
                if in_order && at_once {
                    found.insert(buffer.as_str());
                }
            }
            _ => {}
        }
    }
    found
}

/// What a step writes; an allocation in stream order, and a release, write the whole of the buffer.
fn written(action: &Action, sizes: &BTreeMap<&str, u64>) -> Vec<Range> {
    match action {
        Action::Allocate { buffer, stream: Some(_), .. } | Action::Free { buffer, .. } => {
            let end = sizes.get(buffer.as_str()).copied().unwrap_or(0);
            vec![Range { buffer: buffer.clone(), start: 0, end }]
        }
        action => action.writes().into_iter().cloned().collect(),
    }
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
/// pair can reach.
pub fn is_observable<P>(trace: &Trace<P>, pair: &Pair, right: &Values, visible: &BTreeSet<Place>) -> bool {
    let kept = queues::kept_back(trace, pair.pending, pair.access);
    let order = (0..=pair.access)
        .filter(|step| !kept.contains(step))
        .chain(kept.iter().copied())
        .chain(pair.access + 1..trace.steps.len());
    let other = values::in_order(trace, order.collect::<Vec<_>>());
    reach(trace, [pair]).intersection(visible).any(|place| match place {
        Place::Read(step, number) => {
            let seen = |values: &Values| values.reads.get(*step).and_then(|it| it.get(*number)).copied();
            seen(&other) != seen(right)
        }
        Place::Last(buffer) => other.last.get(buffer) != right.last.get(buffer),
    })
}
