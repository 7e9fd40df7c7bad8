//! Runs a trace in the order of its steps and notes what is not ordered.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Action, Memory, Name, Point as Awaited, Range, Release, Stream, Trace};
use super::axioms::{Axiom, Axioms};
use super::captures::Graphs;
use super::order::{Operation, Order, Touch};
use super::released::Released;
use super::timing::Timing;
use super::{Conflict, Edge, Hazard, calls};
use crate::order::capture::Fate;
use crate::order::happens_before::{self, Cover, Point, StreamKey};

pub(super) fn run<P>(trace: &Trace<P>, axioms: Axioms) -> Vec<Hazard> {
    let mut run = Run {
        axioms,
        order: Order::new(trace.default_stream, axioms),
        buffers: BTreeMap::new(),
        graphs: Graphs::new(trace, axioms),
        released: Released::default(),
        fate: Fate::Runs,
        faults: Vec::new(),
        hazards: Vec::new(),
        timing: Timing::default(),
        work: trace.steps.iter().map(|step| step.action.work_stream().is_some()).collect(),
        clock: None,
        step: 0,
    };
    for (index, step) in trace.steps.iter().enumerate() {
        run.step = index;
        run.take(&step.action);
    }
    run.hazards
}

pub(super) struct Run<'t> {
    pub(super) axioms: Axioms,
    pub(super) order: Order<'t>,
    /// What each buffer is, and its size.
    buffers: BTreeMap<&'t str, (Memory, u64)>,
    graphs: Graphs<'t>,
    released: Released<'t>,
    /// What becomes of the current step.
    fate: Fate,
    /// The work that fails.
    faults: Vec<usize>,
    pub(super) hazards: Vec<Hazard>,
    /// The events that measure time.
    timing: Timing<'t>,
    /// Which steps enqueue work.
    work: Vec<bool>,
    /// The step at which the host has read its clock last.
    clock: Option<usize>,
    /// The current step.
    pub(super) step: usize,
}

/// A second access, as it is compared with pending work.
pub(super) struct Access<'a, 't> {
    pub touches: &'a [Touch<'t>],
    pub missing: Edge,
    pub releases: bool,
    /// The access itself is measured, and not documented, to wait for the work.
    pub waits: bool,
}

impl<'t> Run<'t> {
    fn take(&mut self, action: &'t Action) {
        let (fate, found) = self.graphs.step(self.step, action);
        self.fate = fate;
        self.hazards.extend(found);
        self.use_what_is_gone(action);
        match fate {
            Fate::Refused(_) => self.declare(action),
            _ => {
                let fits = match action {
                    Action::Free { buffer, with, .. } => self.memory(buffer).is_some_and(|it| with.fits(it)),
                    _ => true,
                };
                self.act(action);
                self.released.end(self.step, action, fits);
            }
        }
    }

    /// What a call that fails would have made is taken to be there: it is the call that is wrong.
    fn declare(&mut self, action: &'t Action) {
        if let Action::Allocate { buffer, memory, bytes, .. } = action {
            self.buffers.insert(buffer, (*memory, *bytes));
        }
    }

    /// Notes uses of what was released or destroyed.
    fn use_what_is_gone(&mut self, action: &'t Action) {
        if !self.axioms.has(Axiom::ReleasedMemoryIsGone) {
            return;
        }
        for (release, name) in self.released.used_by(action) {
            let stream = match action {
                Action::Free { stream, .. } => stream.as_ref(),
                action => action.work_stream(),
            };
            let stream = stream.map(|stream| self.order.stream(stream));
            if let Some(stream) = stream {
                self.order.reach(stream);
            }
            let mut frees = self.order.pending.iter().filter(|it| it.step == release);
            let ordered =
                frees.all(|it| stream.is_some_and(|stream| self.order.is_before(it, stream, false)));
            let name = name.clone();
            self.hazards.push(Hazard::UseAfterRelease { release, step: self.step, name, ordered });
        }
    }

    fn act(&mut self, action: &'t Action) {
        match action {
            Action::Allocate { buffer, memory, bytes, stream } => {
                self.buffers.insert(buffer, (*memory, *bytes));
                if self.axioms.has(Axiom::AllocationWaits) && *memory != Memory::Pageable {
                    self.order.pending.clear();
                }
                if let (Memory::StreamOrdered, Some(stream)) = (memory, stream)
                    && self.axioms.has(Axiom::AllocationIsInStreamOrder)
                {
                    let stream = self.order.stream(stream);
                    let touches = vec![whole(buffer, *bytes)];
                    self.order.reach(stream);
                    self.order.push(Operation { allocates: true, ..self.operation(stream, touches) });
                }
            }
            Action::Free { buffer, with, stream } => self.free(buffer, *with, stream.as_ref()),
            Action::CreateStream { stream, non_blocking } => self.order.make_stream(stream, *non_blocking),
            Action::DestroyStream { stream } => {
                if self.axioms.has(Axiom::StreamDestroyWaits) {
                    let stream = self.order.stream(&Stream::Named(stream.clone()));
                    self.order.complete(Point::Tail(stream));
                }
            }
            Action::CreateEvent { .. }
            | Action::DestroyGraph { .. }
            | Action::BeginCapture { .. }
            | Action::EndCapture { .. } => {}
            Action::CreateTimer { event } => self.timing.make(event),
            Action::Elapsed { start, end } => {
                let asked = self.timing.ask(&self.order.pending, self.step, [start, end]);
                self.hazards.extend(asked);
            }
            Action::DestroyEvent { event } => {
                if self.axioms.has(Axiom::EventDestroyWaits) {
                    let event = self.order.event(event);
                    self.order.complete(Point::Event(event));
                }
            }
            Action::Copy { dst, src, kind, synchronous, stream } => {
                self.copy(dst, src, *kind, *synchronous, stream);
            }
            Action::Fill { dst, synchronous, stream } => self.fill(dst, *synchronous, stream),
            Action::Launch { reads, writes, stream, meant, .. } => {
                if meant.is_some() {
                    self.hazards.push(Hazard::StreamAsArgument { step: self.step });
                }
                let stream = self.order.stream(stream);
                if self.enqueue(stream, touches(reads, writes), false)
                    && stream == StreamKey::Legacy
                    && self.axioms.has(Axiom::LegacyLaunchWaits)
                {
                    self.order.complete(Point::Tail(stream));
                }
            }
            Action::HostFunction { reads, writes, calls, stream, .. } => {
                let mut named: Vec<&String> = Vec::new();
                for function in calls {
                    if !named.contains(&function) && calls::is_misplaced_in_host_function(function) {
                        named.push(function);
                        let function = function.clone();
                        self.hazards.push(Hazard::CallInHostFunction { step: self.step, function });
                    } else if !named.contains(&function) && calls::waits_in_host_function(function) {
                        named.push(function);
                        let function = function.clone();
                        self.hazards.push(Hazard::WaitInHostFunction { step: self.step, function });
                    }
                }
                let stream = self.order.stream(stream);
                let loose = !self.axioms.has(Axiom::HostFunctionIsOrdered);
                self.enqueue(stream, touches(reads, writes), loose);
            }
            Action::Record { .. } | Action::StreamWait { .. } if self.is_captured() => {}
            Action::Record { event, stream } => {
                let key = self.order.event(event);
                let stream = self.order.stream(stream);
                self.order.record(key, stream);
                if self.timing.record(event, self.step) {
                    let mut mark = self.operation(stream, Vec::new());
                    mark.cover.insert(Point::Event(key));
                    self.order.push(mark);
                }
            }
            Action::StreamWait { stream, event } => {
                let event = self.order.event(event);
                let stream = self.order.stream(stream);
                self.order.stream_waits(stream, event);
            }
            Action::HostRead { range } | Action::HostWrite { range } => {
                if self.memory(&range.buffer).is_some_and(|memory| !memory.is_host_accessible()) {
                    let buffer = range.buffer.clone();
                    self.hazards.push(Hazard::HostTouchesDevice { step: self.step, buffer });
                } else {
                    self.host(&[touch(range, matches!(action, Action::HostWrite { .. }))]);
                }
            }
            Action::Synchronize { point, .. } => {
                let rule = match point {
                    Awaited::Stream(_) => Axiom::HostWaitsForStream,
                    Awaited::Event(_) => Axiom::HostWaitsForEvent,
                    Awaited::Device => Axiom::HostWaitsForDevice,
                };
                if self.axioms.has(rule) {
                    self.wait(point);
                }
            }
            Action::Query { point, until_complete } => {
                let rule = match until_complete {
                    true => Axiom::QueryUntilCompleteWaits,
                    false => Axiom::SingleQueryWaits,
                };
                if self.axioms.has(rule) {
                    self.wait(point);
                }
            }
            Action::MakeAndRelease { made, .. } => {
                self.hazards.push(Hazard::MadeEachRound { step: self.step });
                if made.is_memory() {
                    self.order.may_have_waited(self.step, None);
                }
            }
            Action::Fault { stream, .. } => {
                let stream = self.order.stream(stream);
                self.faults.push(self.step);
                self.enqueue(stream, Vec::new(), false);
            }
            Action::Clock => {
                let step = self.step;
                if let Some(from) = self.clock.replace(step) {
                    let early = self.outstanding().into_iter().filter(|pending| *pending > from);
                    let early = early.map(|pending| Hazard::TimedTooEarly { pending, from, step });
                    self.hazards.extend(early);
                }
            }
            Action::End => {
                let step = self.step;
                let left = self.outstanding().into_iter();
                self.hazards.extend(left.map(|pending| Hazard::NeverAwaited { pending, step }));
            }
            Action::Call { function } => {
                let pending =
                    self.faults.iter().find(|fault| self.order.pending.iter().any(|it| it.step == **fault));
                if let Some(pending) = pending.filter(|_| calls::asks_for_last_error(function)) {
                    self.hazards.push(Hazard::ErrorUnseen { pending: *pending, step: self.step });
                }
                if self.axioms.has(Axiom::OtherCallsWait) {
                    self.order.pending.clear();
                }
            }
            Action::LaunchGraph { graph, stream } => self.launch_graph(graph, stream),
        }
    }

    /// The steps whose work may still be running: nothing that is documented or measured to wait has waited for it.
    fn outstanding(&self) -> BTreeSet<usize> {
        let is_left = |it: &&Operation<'_>| {
            let staged = !it.touches.is_empty() && it.touches.iter().all(|touch| touch.relies_on.is_some());
            self.work.get(it.step) == Some(&true) && it.waited.is_none() && !staged
        };
        self.order.pending.iter().filter(is_left).map(|it| it.step).collect()
    }

    /// True if the current step is noted down, and the model has it that such steps do not run.
    pub(super) fn is_captured(&self) -> bool {
        self.fate == Fate::Captured
    }

    fn launch_graph(&mut self, name: &'t Name, stream: &'t Stream) {
        let stream = self.order.stream(stream);
        let Some(graph) = self.graphs.get(name) else { return };
        let (touches, launches, racing) = (graph.launched(self.step), graph.launches, graph.first_launch());
        let (read_at_once, may_wait) = (graph.pageable_sources(), graph.has_pageable_destination());
        let captured = graph.touches.clone();
        // The launch of a graph without nodes puts nothing into the stream: on the legacy default stream, it is
        // no barrier either (litmus, seed 2, trace 7015; claim `s8-empty-launch`).
        if captured.is_empty() {
            return;
        }
        for (node, touched) in &captured {
            self.use_released_buffers(*node, touched);
        }
        if !self.axioms.has(Axiom::GraphNodesAreOrdered) {
            for (first, second) in racing {
                self.compare_nodes(&captured, first, second);
            }
        }
        if self.axioms.has(Axiom::GraphLaunchesAreOrdered) {
            happens_before::stream_waits(&mut self.order.pending, stream, launches);
        }
        if self.axioms.has(Axiom::PageableSourceMayBeReadAtOnce) {
            let (touches, missing) = (&read_at_once, Edge::HostWait);
            let access = Access { touches, missing, releases: false, waits: false };
            self.compare(&access, |_, _| true);
        }
        if may_wait {
            self.order.may_have_waited(self.step, Some(stream));
        }
        let loose = !self.axioms.has(Axiom::GraphRunsInStreamOrder);
        self.enqueue(stream, touches, loose);
        happens_before::snapshot(&mut self.order.pending, launches, stream);
        if self.axioms.has(Axiom::GraphLaunchWaits) {
            self.order.complete(Point::Tail(stream));
        }
    }

    /// A node of a graph that is launched uses memory that was released.
    fn use_released_buffers(&mut self, node: usize, touches: &[Touch<'t>]) {
        let mut seen: Vec<&str> = Vec::new();
        for touch in touches {
            // What was gone when it was captured is blamed there.
            let release = self.released.release_of(touch.buffer).filter(|release| *release > node);
            if let Some(release) = release
                && !seen.contains(&touch.buffer)
            {
                seen.push(touch.buffer);
                let (launch, buffer) = (self.step, touch.buffer.to_owned());
                self.hazards.push(Hazard::CapturedBufferReleased { node, release, launch, buffer });
            }
        }
    }

    /// Two nodes of a graph run in any order.
    fn compare_nodes(&mut self, touches: &BTreeMap<usize, Vec<Touch<'t>>>, first: usize, second: usize) {
        let (Some(theirs), Some(ours)) = (touches.get(&first), touches.get(&second)) else { return };
        let mut worst: BTreeMap<&str, Conflict> = BTreeMap::new();
        for (theirs, ours) in theirs.iter().flat_map(|theirs| ours.iter().map(move |ours| (theirs, ours))) {
            if let Some(conflict) = conflict(theirs, ours, false) {
                let known = worst.entry(theirs.buffer).or_insert(conflict);
                *known = conflict.min(*known);
            }
        }
        for (buffer, conflict) in worst {
            let (missing, relies_on, buffer) = (Edge::StreamWait, None, buffer.to_owned());
            let (pending, access) = (first, second);
            self.hazards.push(Hazard::Unordered { pending, access, buffer, conflict, missing, relies_on });
        }
    }

    pub(super) fn memory(&self, buffer: &str) -> Option<Memory> {
        self.buffers.get(buffer).map(|it| it.0)
    }

    pub(super) fn operation(&self, stream: StreamKey, touches: Vec<Touch<'t>>) -> Operation<'t> {
        let cover = Cover::default();
        Operation { step: self.step, stream, touches, waited: None, loose: false, allocates: false, cover }
    }

    fn wait(&mut self, point: &'t Awaited) {
        match point {
            Awaited::Stream(stream) => {
                let stream = self.order.stream(stream);
                self.order.wait_for_stream(stream);
            }
            Awaited::Event(event) => {
                let event = self.order.event(event);
                self.order.complete(Point::Event(event));
            }
            Awaited::Device => self.order.pending.clear(),
        }
    }

    /// Work is enqueued; false if it is only captured.
    pub(super) fn enqueue(&mut self, stream: StreamKey, touches: Vec<Touch<'t>>, loose: bool) -> bool {
        if self.capture(&touches) {
            return false;
        }
        self.order.reach(stream);
        let access = Access { touches: &touches, missing: Edge::StreamWait, releases: false, waits: false };
        self.compare(&access, |order, earlier| !order.is_before(earlier, stream, loose));
        self.order.push(Operation { loose, ..self.operation(stream, touches) });
        true
    }

    /// Notes work that is captured; true if that is all that becomes of it.
    fn capture(&mut self, touches: &[Touch<'t>]) -> bool {
        if !self.is_captured() {
            return false;
        }
        self.graphs.capture(self.step, touches);
        self.axioms.has(Axiom::CaptureDefers)
    }

    /// The host touches memory.
    fn host(&mut self, touches: &[Touch<'t>]) {
        let access = Access { touches, missing: Edge::HostWait, releases: false, waits: false };
        self.compare(&access, |_, _| true);
    }

    fn free(&mut self, buffer: &'t str, with: Release, stream: Option<&'t Stream>) {
        let Some((memory, bytes)) = self.buffers.get(buffer).copied() else { return };
        if !with.fits(memory) {
            let right = memory.release();
            self.hazards.push(Hazard::WrongRelease { step: self.step, right });
            // Memory that is still registered is gone all the same: the end of a scope, `free`. What another
            // wrong function does is an error, or undefined.
            if memory != Memory::Registered || with != Release::Free {
                return;
            }
        }
        let touches = [whole(buffer, bytes)];
        match (with, stream) {
            (Release::CudaFreeAsync, Some(stream)) => {
                let stream = self.order.stream(stream);
                self.order.reach(stream);
                if self.axioms.has(Axiom::FreeIsInStreamOrder) {
                    let missing = Edge::StreamWait;
                    let access = Access { touches: &touches, missing, releases: true, waits: false };
                    self.compare(&access, |order, earlier| !order.is_before(earlier, stream, false));
                }
                if self.axioms.has(Axiom::FreeAsyncWaits) {
                    self.order.pending.clear();
                }
                // The free itself has its place in the stream.
                self.order.push(self.operation(stream, Vec::new()));
            }
            _ => {
                let waits = with != Release::Free && memory != Memory::StreamOrdered;
                if memory == Memory::StreamOrdered && self.axioms.has(Axiom::FreeOfStreamOrderedWaits) {
                    self.order.pending.clear();
                }
                let access = Access { touches: &touches, missing: Edge::HostWait, releases: true, waits };
                self.compare(&access, |_, earlier| !earlier.allocates);
                if waits {
                    self.order.may_have_waited(self.step, None);
                }
                if with == Release::CudaHostUnregister {
                    self.buffers.insert(buffer, (Memory::Pageable, bytes));
                }
            }
        }
    }

    /// Compares an access with the pending work that `unordered` lets through.
    pub(super) fn compare(
        &mut self,
        access: &Access<'_, 't>,
        unordered: impl Fn(&Order<'t>, &Operation<'t>) -> bool,
    ) {
        for earlier in &self.order.pending {
            if !unordered(&self.order, earlier) {
                continue;
            }
            // One hazard a buffer: the worst, that is, one that no undocumented wait hides, and whose harm
            // shows at once.
            let mut worst: BTreeMap<&str, (bool, Conflict, Option<usize>)> = BTreeMap::new();
            for theirs in &earlier.touches {
                for ours in access.touches {
                    let Some(conflict) = conflict(theirs, ours, access.releases) else { continue };
                    let relies_on = theirs.relies_on.or(earlier.waited).or(access.waits.then_some(self.step));
                    let found = (relies_on.is_some(), conflict, relies_on);
                    worst
                        .entry(theirs.buffer)
                        .and_modify(|known| *known = found.min(*known))
                        .or_insert(found);
                }
            }
            for (buffer, (_, conflict, relies_on)) in worst {
                self.hazards.push(Hazard::Unordered {
                    pending: earlier.step,
                    access: self.step,
                    buffer: buffer.to_owned(),
                    conflict,
                    missing: access.missing,
                    relies_on,
                });
            }
        }
    }
}

/// How two accesses conflict, if they do.
fn conflict(earlier: &Touch<'_>, later: &Touch<'_>, releases: bool) -> Option<Conflict> {
    let overlap = earlier.buffer == later.buffer && earlier.start < later.end && later.start < earlier.end;
    match (earlier.write, later.write) {
        _ if !overlap => None,
        _ if releases => Some(Conflict::UseThenRelease),
        (false, false) => None,
        (true, false) => Some(Conflict::WriteThenRead),
        (false, true) => Some(Conflict::ReadThenWrite),
        (true, true) => Some(Conflict::WriteThenWrite),
    }
}

/// True for memory that belongs to the host alone as far as copies go.
pub(super) const fn is_host(memory: Memory) -> bool {
    matches!(memory, Memory::Pageable | Memory::Pinned | Memory::Registered)
}

pub(super) fn touch(range: &Range, write: bool) -> Touch<'_> {
    Touch { buffer: &range.buffer, start: range.start, end: range.end, write, relies_on: None }
}

fn whole(buffer: &str, bytes: u64) -> Touch<'_> {
    Touch { buffer, start: 0, end: bytes, write: true, relies_on: None }
}

fn touches<'t>(reads: &'t [Range], writes: &'t [Range]) -> Vec<Touch<'t>> {
    let reads = reads.iter().map(|range| touch(range, false));
    reads.chain(writes.iter().map(|range| touch(range, true))).collect()
}
