//! Gives the steps of a witness sizes and names.

use super::{Buffer, Launched, Part, Plan, Planned};
use crate::facts::{self, ReleaseKind, WorkKind};
use crate::order::happens_before::{EventKey, Point, StreamKey};
use crate::order::object::ObjectId;
use crate::order::state::{InGraph, Operation, WorkId};
use crate::program::SiteId;
use crate::sketch::{self, LARGEST, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, Memory, Name, Trace};
use crate::{DefaultStream, Options};

/// Gives a plan sizes and names.
pub(super) struct Drawing<'a, 'm, 'p> {
    plan: &'a Plan<'a, 'm, 'p>,
    sketch: Sketch,
    options: &'a Options,
    sizes: Vec<u64>,
    buffers: Vec<Name>,
    streams: Vec<(StreamKey, Name)>,
    events: Vec<(EventKey, Name)>,
}

impl<'a, 'm, 'p> Drawing<'a, 'm, 'p> {
    /// Starts a drawing.
    pub(super) fn new(plan: &'a Plan<'a, 'm, 'p>, options: &'a Options) -> Self {
        let sizes = plan.buffers.iter().map(size).collect();
        let (buffers, streams, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { plan, sketch: Sketch::new(options), options, sizes, buffers, streams, events }
    }

    /// The work of the plan as nodes of one graph, each as it was captured, with no order between them. The joins
    /// before the end are those that the capture needs.
    pub(super) fn draw_in_graph(mut self, launched: Launched) -> Trace {
        let plan = self.plan;
        self.make_buffers();
        let Launched { origin, begun_at, site } = launched;
        let mode = trace::CaptureMode::default();
        let begun_on = self.stream(origin);
        self.sketch.step(Action::BeginCapture { stream: begun_on.clone(), mode }, begun_at);
        let mut forked: Vec<trace::Stream> = Vec::new();
        for (_, planned) in &plan.steps {
            let Planned::Work { operation, .. } = planned else { continue };
            let stream = self.stream(operation.stream);
            if stream != begun_on && !forked.contains(&stream) {
                self.order([&begun_on, &stream], "fork", begun_at);
                forked.push(stream);
            }
        }
        let mut end = begun_at;
        for (place, planned) in &plan.steps {
            let action = self.action(planned);
            self.sketch.step(action, *place);
            end = *place;
        }
        for stream in &forked {
            self.order([stream, &begun_on], "join", end);
        }
        let graph = self.sketch.name("graph", "graph");
        self.sketch.step(Action::EndCapture { stream: begun_on.clone(), graph: graph.clone() }, end);
        self.sketch.step(Action::LaunchGraph { graph, stream: begun_on }, site);
        self.sketch.finish()
    }

    /// The second stream waits for what the first has so far.
    fn order(&mut self, [first, second]: [&trace::Stream; 2], wanted: &str, place: SiteId) {
        let event = self.sketch.event(wanted, None);
        self.sketch.step(Action::Record { event: event.clone(), stream: first.clone() }, place);
        self.sketch.step(Action::StreamWait { stream: second.clone(), event }, place);
    }

    /// The trace.
    pub(super) fn draw(mut self) -> Trace {
        self.make_buffers();
        let plan = self.plan;
        for buffer in plan.buffers.iter().filter(|it| it.settled) {
            let Some((stream, site)) = buffer.stream.zip(buffer.site) else { continue };
            let point = trace::Point::Stream(self.stream(stream));
            self.sketch.step(Action::Synchronize { point, needless: false }, site);
        }
        let mut pending = None;
        let mut drawn = Vec::new();
        for (index, (site, planned)) in plan.steps.iter().enumerate() {
            if let Some((launch, graph)) = launched(planned) {
                if !drawn.contains(&launch) {
                    drawn.push(launch);
                    pending = self.graph(launch, graph, *site);
                }
                continue;
            }
            let mut action = self.action(planned);
            if index + 1 == plan.steps.len()
                && let Some(shared) = self.buffers.first()
            {
                meet(&mut action, pending.as_ref(), shared);
            }
            self.sketch.step(action.clone(), *site);
            if matches!(planned, Planned::Work { .. }) {
                pending = Some(action);
            }
        }
        self.sketch.finish()
    }

    fn make_buffers(&mut self) {
        let plan = self.plan;
        for (index, buffer) in plan.buffers.iter().enumerate() {
            let memory = buffer.memory.unwrap_or(Memory::Device);
            let stream = match buffer.stream {
                Some(stream) => self.stream(stream),
                None => trace::Stream::Default,
            };
            let bytes = self.sizes[index];
            let name = match buffer.in_order {
                true => self.sketch.name(&buffer.name, "d"),
                false => self.sketch.buffer(&buffer.name, memory, bytes, Some(stream), buffer.site),
            };
            self.buffers.push(name);
        }
    }

    /// The launch of a graph, behind the capture of what it holds: nothing of that runs before, so that it may
    /// stand right there. Gives the last of it.
    fn graph(&mut self, launch: WorkId, graph: InGraph, site: SiteId) -> Option<Action> {
        let plan = self.plan;
        let origin = self.stream(graph.captured_on);
        let mode = trace::CaptureMode::default();
        self.sketch.step(Action::BeginCapture { stream: origin.clone(), mode }, graph.captured_at);
        let mut last = None;
        let mut end = (graph.captured_at, None);
        for (_, planned) in &plan.steps {
            let Planned::Work { operation, reads, writes } = planned else { continue };
            let Some((_, held)) = launched(planned).filter(|it| it.0 == launch) else { continue };
            let action = self.work(operation, reads, writes, origin.clone());
            self.sketch.step(action.clone(), held.captured_at);
            last = Some(action);
            end = (held.captured_at, Some(operation.stream));
        }
        let name = self.sketch.name("graph", "graph");
        self.sketch.step(Action::EndCapture { stream: origin, graph: name.clone() }, end.0);
        let stream = self.stream(end.1?);
        self.sketch.step(Action::LaunchGraph { graph: name, stream }, site);
        last
    }

    fn action(&mut self, planned: &Planned<'_>) -> Action {
        match planned {
            Planned::Work { operation, reads, writes } => {
                let stream = self.stream(operation.stream);
                self.work(operation, reads, writes, stream)
            }
            Planned::Allocate(buffer) => {
                let stream = self.plan.buffers[*buffer].stream.map(|stream| self.stream(stream));
                Action::Allocate {
                    buffer: self.buffers[*buffer].clone(),
                    memory: Memory::StreamOrdered,
                    bytes: self.sizes[*buffer].max(1),
                    stream,
                }
            }
            Planned::Record(event, stream) => {
                Action::Record { event: self.event(*event), stream: self.stream(*stream) }
            }
            Planned::StreamWait(stream, event) => {
                Action::StreamWait { stream: self.stream(*stream), event: self.event(*event) }
            }
            Planned::HostWait(point) => Action::Synchronize { point: self.point(*point), needless: false },
            Planned::Wait(point, needless) => {
                let point = point.map_or(trace::Point::Device, |point| self.point(point));
                Action::Synchronize { point, needless: *needless }
            }
            Planned::Poll(point) => Action::Query { point: self.point(*point), until_complete: true },
            Planned::Call(function) => Action::Call { function: function.to_string() },
            Planned::Free { buffer, how } => self.free(*buffer, how, None),
            Planned::Touch { part, write } => {
                let range = self.range(part);
                if *write { Action::HostWrite { range } } else { Action::HostRead { range } }
            }
            Planned::Release { buffer, how, stream } => self.free(*buffer, how, *stream),
        }
    }

    fn free(&mut self, buffer: usize, how: &ReleaseKind, stream: Option<StreamKey>) -> Action {
        let memory = self.plan.buffers[buffer].memory.unwrap_or(Memory::Device);
        let stream = stream.map(|stream| self.stream(stream));
        Action::Free { buffer: self.buffers[buffer].clone(), with: sketch::release(how, memory), stream }
    }

    fn work(
        &mut self,
        operation: &Operation,
        reads: &[Part],
        writes: &[Part],
        stream: trace::Stream,
    ) -> Action {
        let ranges = |drawing: &Self, parts: &[Part]| -> Vec<trace::Range> {
            let mut ranges: Vec<trace::Range> = parts.iter().map(|part| drawing.range(part)).collect();
            ranges.sort();
            ranges.dedup();
            ranges
        };
        match (&operation.kind, reads, writes) {
            (WorkKind::Copy { .. }, [src, ..], [dst, ..]) => {
                let (mut dst, mut src) = (self.range(dst), self.range(src));
                let length = dst.len().min(src.len());
                (dst.end, src.end) = (dst.start + length, src.start + length);
                self.part_ways(&mut dst, &mut src);
                Action::Copy {
                    dst,
                    src,
                    kind: operation.form.stated.map(sketch::copy_kind),
                    synchronous: operation.form.synchronous,
                    stream,
                }
            }
            (WorkKind::Fill, _, [dst, ..]) => {
                Action::Fill { dst: self.range(dst), synchronous: operation.form.synchronous, stream }
            }
            (WorkKind::HostFunction, ..) => Action::HostFunction {
                function: sketch::identifier(&operation.name),
                reads: ranges(self, reads),
                writes: ranges(self, writes),
                calls: Vec::new(),
                stream,
                callback: false,
            },
            _ => {
                let kernel = match sketch::identifier(&operation.name) {
                    name if name.is_empty() => "kernel".to_owned(),
                    name => name,
                };
                let (reads, writes) = (ranges(self, reads), ranges(self, writes));
                Action::Launch { kernel, reads, writes, stream, meant: None }
            }
        }
    }

    /// A copy within one buffer, of which it is not known where it reads, does not overlap itself.
    fn part_ways(&self, dst: &mut trace::Range, src: &mut trace::Range) {
        if !dst.overlaps(src) {
            return;
        }
        let size = self.buffers.iter().position(|it| *it == dst.buffer).map_or(0, |it| self.sizes[it]);
        let half = (size / 2).max(1).min(dst.len());
        (dst.start, dst.end) = (0, half);
        (src.start, src.end) = (half, 2 * half);
    }

    fn range(&self, part: &Part) -> trace::Range {
        let size = self.sizes[part.buffer];
        let length = part.length.unwrap_or(size).max(1);
        // What lies beyond the largest size is moved to the start.
        let start = if part.start >= size { 0 } else { part.start };
        let end = start.saturating_add(length).min(size);
        trace::Range { buffer: self.buffers[part.buffer].clone(), start, end }
    }

    fn stream(&mut self, key: StreamKey) -> trace::Stream {
        let default = match key {
            StreamKey::Legacy => Some((trace::Stream::Legacy, DefaultStream::Legacy)),
            StreamKey::PerThread => Some((trace::Stream::PerThread, DefaultStream::PerThread)),
            StreamKey::Created(_) | StreamKey::Unseen(_) => None,
        };
        if let Some((stream, by_default)) = default {
            return if self.options.default_stream == by_default { trace::Stream::Default } else { stream };
        }
        if let Some((_, name)) = self.streams.iter().find(|(it, _)| *it == key) {
            return trace::Stream::Named(name.clone());
        }
        let presumed = self.plan.non_blocking == Some(key);
        let name = match self.plan.machine.describe_stream(key) {
            facts::Stream::Created { name, site, non_blocking } => {
                self.sketch.stream(&name, presumed || non_blocking == Some(true), Some(site))
            }
            facts::Stream::Unseen { name } => self.sketch.stream(&name, presumed, None),
            facts::Stream::Legacy | facts::Stream::PerThread => self.sketch.stream("", false, None),
        };
        self.streams.push((key, name.clone()));
        trace::Stream::Named(name)
    }

    fn event(&mut self, key: EventKey) -> Name {
        if let Some((_, name)) = self.events.iter().find(|(it, _)| *it == key) {
            return name.clone();
        }
        let (wanted, site) = match key {
            EventKey::Created(object) => {
                let info = self.plan.machine.objects.info(ObjectId(object));
                (info.name.clone(), info.site)
            }
            EventKey::Unseen(symbol) => (self.plan.machine.symbol_name(symbol), None),
        };
        let name = self.sketch.event(&wanted, site);
        self.events.push((key, name.clone()));
        name
    }

    fn point(&mut self, point: Point) -> trace::Point {
        match point {
            Point::Tail(stream) => trace::Point::Stream(self.stream(stream)),
            Point::Event(event) => trace::Point::Event(self.event(event)),
        }
    }
}

/// The launch that a step of the plan belongs to, if it is a node of a graph.
fn launched(planned: &Planned<'_>) -> Option<(WorkId, InGraph)> {
    let Planned::Work { operation, .. } = planned else { return None };
    Some((WorkId { node: 0, ..operation.id }, operation.graph?))
}

fn size(buffer: &Buffer) -> u64 {
    let size = match buffer.bytes {
        Some(bytes) => bytes.max(buffer.needed),
        None if buffer.open || buffer.needed <= 1 => buffer.needed.max(UNKNOWN_SIZE),
        None => buffer.needed,
    };
    size.min(LARGEST)
}

/// The second access touches what the pending work touches: the analysis has shown it, sizes and offsets that
/// had to be made up must not hide it.
fn meet(action: &mut Action, pending: Option<&Action>, shared: &str) {
    let Some(pending) = pending else { return };
    let theirs: Vec<trace::Range> = pending
        .writes()
        .into_iter()
        .chain(pending.reads())
        .filter(|it| it.buffer == shared)
        .cloned()
        .collect();
    let Some(first) = theirs.first() else { return };
    let (Action::HostRead { range } | Action::HostWrite { range }) = action else { return };
    if !theirs.iter().any(|it| it.overlaps(range)) {
        let length = range.len().min(first.len());
        *range = trace::Range { end: first.start + length, ..first.clone() };
    }
}
