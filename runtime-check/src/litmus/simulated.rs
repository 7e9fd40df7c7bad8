//! A device in plain Rust that executes traces, so that generator, oracle, minimiser and mutants can be tried
//! without a GPU. It knows logical time only: patience is over when the host cannot go on otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use cuda_lint_engine::trace::{Action, CopyKind, Memory, Point, Position, Range, Release, Trace};

use super::queues::{Does, Entry, Queues};
use super::random::Random;
use crate::machine::{Machine, Observed, Run, Schedule};
use crate::platform::Error;
use crate::values::{Digest, stamp, words};

/// How a simulated device uses its freedom.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Waits of the host that are measured and not documented: copies with pageable memory, cudaFree,
    /// cudaFreeHost, cudaHostUnregister, asynchronous copies between host memory.
    pub measured_waits: bool,
    /// In how many of a hundred cases ready work starts at once; else it is asked again after the next step.
    pub eagerness: usize,
    /// Where its choices come from.
    pub random: Random,
}

impl Simulated {
    /// Like the GPU that was measured: ready work starts at once.
    pub const fn eager() -> Self {
        Self { measured_waits: true, eagerness: 100, random: Random::new(0) }
    }

    /// Promises what is documented and nothing else.
    pub const fn documented(seed: u64) -> Self {
        Self { measured_waits: false, eagerness: 40, random: Random::new(seed) }
    }
}

impl Machine for Simulated {
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        let mut device = Device::new(trace, schedule, self);
        for index in 0..trace.steps.len() {
            device.step(index);
        }
        device.wait_for_all();
        Ok(device.finish())
    }
}

struct Device<'t> {
    trace: &'t Trace<Position>,
    schedule: &'t Schedule,
    freedom: &'t mut Simulated,
    kinds: BTreeMap<&'t str, Memory>,
    memory: BTreeMap<&'t str, Vec<u32>>,
    queues: Queues,
    done: Vec<bool>,
    /// For synchronous copies from pageable memory: what was read when the call returned.
    staged: BTreeMap<usize, Vec<u32>>,
    /// The holds that still hold.
    held: Vec<bool>,
    steps: Vec<Observed>,
    /// For launches of graphs, what each captured step read.
    graph_reads: BTreeMap<usize, BTreeMap<usize, Vec<Digest>>>,
}

impl<'t> Device<'t> {
    fn new(trace: &'t Trace<Position>, schedule: &'t Schedule, freedom: &'t mut Simulated) -> Self {
        let mut kinds = BTreeMap::new();
        let mut memory = BTreeMap::new();
        for (index, step) in trace.steps.iter().enumerate() {
            if let Action::Allocate { buffer, memory: kind, bytes, .. } = &step.action {
                let first = if *kind == Memory::StreamOrdered { 0 } else { stamp(index) };
                memory.insert(buffer.as_str(), vec![first; words(*bytes)]);
                kinds.insert(buffer.as_str(), *kind);
            }
        }
        Self {
            trace,
            schedule,
            freedom,
            kinds,
            memory,
            queues: Queues::new(trace.default_stream),
            done: Vec::new(),
            staged: BTreeMap::new(),
            held: vec![true; schedule.holds.len()],
            steps: vec![Observed::default(); trace.steps.len()],
            graph_reads: BTreeMap::new(),
        }
    }

    fn step(&mut self, index: usize) {
        let action = &self.trace.steps[index].action;
        if let Action::Copy { dst, src, kind, .. } = action
            && self.direction(dst, src, *kind) == CopyKind::HostToHost
            && !self.freedom.measured_waits
            && !self.queues.is_captured(action)
        {
            // "Fully synchronous with respect to the host", in no stream's order.
            self.effect(index);
            self.release(index);
            return;
        }
        let entry = self.queues.step(index, action);
        self.done.resize(self.queues.entries.len(), false);
        self.progress();
        match action {
            Action::Copy { dst, src, kind, synchronous, .. } => {
                if let Some(entry) = entry {
                    self.return_from_copy(index, entry, dst, src, *kind, *synchronous);
                }
            }
            Action::Fill { dst, synchronous: true, .. } => {
                let waits = match self.kind(dst) {
                    Memory::Managed => self.freedom.measured_waits,
                    memory => memory.is_host_accessible(),
                };
                if let Some(entry) = entry.filter(|_| waits) {
                    self.wait_for(index, entry);
                }
            }
            Action::HostRead { .. } | Action::HostWrite { .. } => self.effect(index),
            Action::Free { with, .. } if entry.is_none() => {
                let waits = match with {
                    Release::Free => false,
                    // Measured: cudaFree waits, save for stream-ordered memory.
                    Release::CudaFree => self.kind_of(action) != Some(Memory::StreamOrdered),
                    _ => true,
                };
                if self.freedom.measured_waits && waits {
                    self.host_waits(index, &Point::Device);
                }
                self.effect(index);
            }
            Action::Synchronize { point, .. } | Action::Query { point, until_complete: true } => {
                self.host_waits(index, point);
            }
            _ => {}
        }
        self.progress();
        self.release(index);
        self.progress();
    }

    fn kind_of(&self, release: &Action) -> Option<Memory> {
        match release {
            Action::Free { buffer, .. } => self.kinds.get(buffer.as_str()).copied(),
            _ => None,
        }
    }

    fn kind(&self, range: &Range) -> Memory {
        self.kinds.get(range.buffer.as_str()).copied().unwrap_or(Memory::Pageable)
    }

    /// As the call has it, else as the memory has it. Managed memory counts as the device's, whatever the call
    /// says.
    fn direction(&self, dst: &Range, src: &Range, stated: Option<CopyKind>) -> CopyKind {
        let (from, to) = (self.kind(src), self.kind(dst));
        let on_host = |it: Memory| it.is_host_accessible() && it != Memory::Managed;
        let actual = match (on_host(from), on_host(to)) {
            (true, true) => CopyKind::HostToHost,
            (true, false) => CopyKind::HostToDevice,
            (false, true) => CopyKind::DeviceToHost,
            (false, false) => CopyKind::DeviceToDevice,
        };
        stated.filter(|_| ![from, to].contains(&Memory::Managed)).unwrap_or(actual)
    }

    fn return_from_copy(
        &mut self,
        index: usize,
        entry: usize,
        dst: &Range,
        src: &Range,
        stated: Option<CopyKind>,
        synchronous: bool,
    ) {
        let direction = self.direction(dst, src, stated);
        let from_pageable = self.kind(src) == Memory::Pageable;
        let to_pageable = self.kind(dst) == Memory::Pageable;
        let measured = self.freedom.measured_waits;
        let host_to_host = direction == CopyKind::HostToHost;
        if synchronous && direction == CopyKind::HostToDevice && from_pageable && !measured {
            // The stream is waited for, and the source is read; the rest is the device's.
            for before in self.queues.entries[entry].after.clone() {
                self.wait_for(index, before);
            }
            if !self.done[entry] {
                let source = self.slice(src);
                self.staged.insert(index, source);
            }
        } else if (synchronous && direction != CopyKind::DeviceToDevice)
            || host_to_host
            || (measured && to_pageable)
        {
            self.wait_for(index, entry);
        } else if from_pageable && !self.done[entry] && (measured || self.freedom.random.chance(50)) {
            // Small copies are staged when they are called for, whatever their stream still has to do.
            let source = self.slice(src);
            self.staged.insert(index, source);
        }
    }

    /// Starts work that is ready, in the order in which it was enqueued.
    fn progress(&mut self) {
        for entry in 0..self.queues.entries.len() {
            if self.done[entry] || self.is_held(entry) {
                continue;
            }
            let ready = self.queues.entries[entry].after.iter().all(|it| self.done[*it]);
            if ready && self.freedom.random.chance(self.freedom.eagerness) {
                self.complete(entry);
            }
        }
    }

    fn is_held(&self, entry: usize) -> bool {
        let step = self.queues.entries[entry].step;
        self.schedule.holds.iter().zip(&self.held).any(|(hold, held)| *held && hold.before == step)
    }

    fn complete(&mut self, entry: usize) {
        self.done[entry] = true;
        let Entry { step, does, .. } = self.queues.entries[entry];
        let seen = match does {
            Does::Step => return self.take_effect(step),
            Does::Member { number, launch } => (launch, number, self.work(step)),
            Does::Nothing => return,
        };
        self.graph_reads.entry(seen.0).or_default().insert(seen.1, seen.2);
    }

    fn take_effect(&mut self, step: usize) {
        self.effect(step);
        self.steps[step].device.get_or_insert(Duration::ZERO);
    }

    /// The step that ends a hold has been taken. Where its work cannot run while the hold lasts, patience
    /// ends it.
    fn release(&mut self, index: usize) {
        let entry = self.queues.entries.iter().rposition(|it| it.step == index);
        for number in 0..self.held.len() {
            let hold = &self.schedule.holds[number];
            if !self.held[number] || hold.until != Some(index) {
                continue;
            }
            // Device work takes effect unless it waits for what is held.
            if let Some(entry) = entry {
                if self.waits_for_held(entry) {
                    self.steps[index].device = Some(hold.patience);
                } else {
                    self.force(entry);
                }
            }
            self.held[number] = false;
        }
    }

    /// True if an entry cannot run while the holds last.
    fn waits_for_held(&self, entry: usize) -> bool {
        // An entry waits for earlier ones only.
        let mut waits: Vec<bool> = Vec::with_capacity(entry + 1);
        for (number, it) in self.queues.entries.iter().enumerate().take(entry + 1) {
            let behind = it.after.iter().any(|before| waits[*before]);
            waits.push(!self.done[number] && (self.is_held(number) || behind));
        }
        waits[entry]
    }

    fn host_waits(&mut self, index: usize, point: &Point) {
        for entry in self.queues.covered(point) {
            self.wait_for(index, entry);
        }
    }

    /// The host waits in a step; a hold in the way ends when its patience is over.
    fn wait_for(&mut self, index: usize, entry: usize) {
        if self.waits_for_held(entry) {
            let patience = self.schedule.holds.iter().map(|it| it.patience).max().unwrap_or_default();
            self.steps[index].host += patience;
            self.held.fill(false);
        }
        self.force(entry);
    }

    fn force(&mut self, entry: usize) {
        if self.done[entry] {
            return;
        }
        for before in self.queues.entries[entry].after.clone() {
            self.force(before);
        }
        self.complete(entry);
    }

    fn wait_for_all(&mut self) {
        self.held.fill(false);
        for entry in 0..self.queues.entries.len() {
            self.force(entry);
        }
    }

    fn slice(&self, range: &Range) -> Vec<u32> {
        let (start, end) = (words(range.start), words(range.end));
        self.memory.get(range.buffer.as_str()).and_then(|it| it.get(start..end)).unwrap_or(&[]).to_vec()
    }

    fn store(&mut self, range: &Range, word: impl Fn(usize) -> u32) {
        if let Some(memory) = self.memory.get_mut(range.buffer.as_str()) {
            let (start, end) = (words(range.start), words(range.end).min(memory.len()));
            memory[start..end].iter_mut().enumerate().for_each(|(at, it)| *it = word(at));
        }
    }

    fn effect(&mut self, index: usize) {
        self.steps[index].reads = self.work(index);
    }

    /// What one step reads and writes, all at once.
    fn work(&mut self, index: usize) -> Vec<Digest> {
        let trace = self.trace;
        let action = &trace.steps[index].action;
        let staged = self.staged.remove(&index);
        let seen: Vec<Vec<u32>> =
            action.reads().into_iter().map(|it| staged.clone().unwrap_or_else(|| self.slice(it))).collect();
        match action {
            Action::Allocate { buffer, .. } | Action::Free { buffer, .. } => {
                if let Some(memory) = self.memory.get_mut(buffer.as_str()) {
                    memory.fill(stamp(index));
                }
            }
            Action::Copy { dst, .. } => {
                self.store(dst, |at| seen.first().and_then(|it| it.get(at)).copied().unwrap_or(0));
            }
            action => {
                for range in action.writes() {
                    self.store(range, |_| stamp(index));
                }
            }
        }
        seen.iter().map(|it| Digest::of(it)).collect()
    }

    fn finish(mut self) -> Run {
        for (launch, reads) in self.graph_reads {
            self.steps[launch].reads = reads.into_values().flatten().collect();
        }
        let last = self.memory.iter().map(|(name, words)| ((*name).to_owned(), Digest::of(words))).collect();
        Run { steps: self.steps, last, ..Run::default() }
    }
}
