//! How far the effect of unordered pairs goes: a pass over the steps in the program's order, word by word.
//!
//! A pair spoils what its reader sees, and the content of what both write; copies carry on what is spoilt; a
//! later write by a step that is in no pair of its own mends it, since it is ordered after both.

use std::collections::{BTreeMap, BTreeSet};

use cuda_lint_engine::trace::{Action, Memory, Range, Release, Trace};

use super::oracle::{Meets, Pair, Place, is_on_host, kinds};
use super::queues;
use crate::values::words;

/// The places that some pairs can reach.
pub fn reach<'p, P>(trace: &Trace<P>, pairs: impl IntoIterator<Item = &'p Pair>) -> BTreeSet<Place> {
    let mut reach = Reach::new(trace, pairs.into_iter().collect());
    let members = queues::members(trace);
    let kinds = kinds(trace);
    for (index, members) in members.iter().enumerate() {
        let mut number = 0;
        for member in members {
            let action = &trace.steps[*member].action;
            // What a copy has read is looked at where it has arrived.
            let arrives = match action {
                Action::Copy { dst, .. } => {
                    !reach.met([index, *member], dst).is_empty() || is_on_host(members, index, action, &kinds)
                }
                _ => false,
            };
            let mut carried = Vec::new();
            for read in action.reads() {
                carried = reach.read([index, *member], read);
                if arrives || carried.contains(&true) {
                    reach.places.insert(Place::Read(index, number));
                }
                number += 1;
            }
            let carried = if matches!(action, Action::Copy { .. }) { carried } else { Vec::new() };
            for range in written(action, &reach.sizes) {
                reach.write(&range, &carried);
            }
            if *member != index {
                reach.meet(*member);
            }
        }
        reach.meet(index);
    }
    let last = reach.spoilt.into_iter().filter(|(_, words)| words.contains(&true));
    reach.places.extend(last.map(|(name, _)| Place::Last(name.to_owned())));
    reach.places
}

struct Reach<'t, 'p> {
    pairs: Vec<&'p Pair>,
    sizes: BTreeMap<&'t str, u64>,
    /// What each step writes, a launched graph everything that was captured.
    writes: Vec<Vec<Range>>,
    spoilt: BTreeMap<&'t str, Vec<bool>>,
    next_owners: BTreeSet<&'t str>,
    places: BTreeSet<Place>,
}

impl<'t, 'p> Reach<'t, 'p> {
    fn new<P>(trace: &'t Trace<P>, pairs: Vec<&'p Pair>) -> Self {
        let sizes: BTreeMap<&str, u64> = (trace.steps.iter())
            .filter_map(|step| match &step.action {
                Action::Allocate { buffer, bytes, .. } => Some((buffer.as_str(), *bytes)),
                _ => None,
            })
            .collect();
        let written = |members: Vec<usize>| {
            members.iter().flat_map(|it| written(&trace.steps[*it].action, &sizes)).collect()
        };
        let next_owners = next_owners(trace, &pairs);
        // What is captured meets other nodes of its graph as itself.
        let members = queues::members(trace).into_iter().enumerate();
        let members = members.map(|(step, members)| if members.is_empty() { vec![step] } else { members });
        Self {
            writes: members.map(written).collect(),
            spoilt: sizes.iter().map(|(name, bytes)| (*name, vec![false; words(*bytes)])).collect(),
            places: next_owners.iter().map(|buffer| Place::Last((*buffer).to_owned())).collect(),
            next_owners,
            sizes,
            pairs,
        }
    }

    /// What the steps that a step is unordered with write of a range. For what a graph holds: the launch, and
    /// the captured step.
    fn met(&self, steps: [usize; 2], range: &Range) -> Vec<&Range> {
        let pairs = self.pairs.iter().filter(|pair| pair.buffer == range.buffer);
        let others = pairs.filter_map(|pair| match () {
            () if steps.contains(&pair.pending) => Some(pair.access),
            () if steps.contains(&pair.access) => Some(pair.pending),
            () => None,
        });
        others.flat_map(|other| &self.writes[other]).filter(|it| it.overlaps(range)).collect()
    }

    /// Which words of what a step reads are spoilt.
    fn read(&self, steps: [usize; 2], range: &Range) -> Vec<bool> {
        let Some(memory) = self.spoilt.get(range.buffer.as_str()) else { return Vec::new() };
        let (start, end) = (words(range.start), words(range.end).min(memory.len()));
        let mut seen = memory.get(start..end).unwrap_or(&[]).to_vec();
        for met in self.met(steps, range) {
            let from = words(met.start).max(start) - start;
            let to = words(met.end).min(end).saturating_sub(start);
            seen[from..to].fill(true);
        }
        if self.next_owners.contains(range.buffer.as_str()) {
            seen.fill(true);
        }
        seen
    }

    /// A step writes; a copy carries on what is spoilt.
    fn write(&mut self, range: &Range, carried: &[bool]) {
        let Some(memory) = self.spoilt.get_mut(range.buffer.as_str()) else { return };
        let (start, end) = (words(range.start), words(range.end).min(memory.len()));
        for (at, word) in memory[start..end].iter_mut().enumerate() {
            *word = carried.get(at).copied().unwrap_or(false);
        }
    }

    /// What a step and the pending work that it meets both write is the one's or the other's.
    fn meet(&mut self, index: usize) {
        for pair in self.pairs.iter().filter(|pair| pair.access == index) {
            let Some(memory) = self.spoilt.get_mut(pair.buffer.as_str()) else { continue };
            for first in self.writes[pair.pending].iter().filter(|it| it.buffer == pair.buffer) {
                for range in self.writes[index].iter().filter(|range| range.overlaps(first)) {
                    let start = words(range.start.max(first.start));
                    let end = words(range.end.min(first.end)).min(memory.len());
                    memory[start..end].fill(true);
                }
            }
        }
    }
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
                // What is not ordered before the release, or comes after it.
                let unordered = pairs.iter().any(|pair| {
                    pair.access == index || (pair.class.meets == Meets::Released && pair.pending == index)
                });
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
