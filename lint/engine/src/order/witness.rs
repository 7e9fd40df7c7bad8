//! The witness of a conflict: cut out of the history of the path that shows it, and made concrete.
//!
//! Leaving steps out of a history takes order away and adds none, so the two accesses are unordered in every
//! excerpt that holds them. The excerpt has what they touch, the device work that makes what the pending work
//! reads, and the steps between the two that look like an order and are none.

use std::rc::Rc;

use super::happens_before::{EventKey, Point, StreamKey};
use super::history::{Deed, DeedKind};
use super::machine::Machine;
use super::object::ObjectId;
use super::state::{Extent, Operation, Range, State};
use super::symbol::Linear;
use crate::cuda::row::Direction;
use crate::facts::{self, Access, ReleaseKind, WorkKind};
use crate::program::SiteId;
use crate::sketch::{self, LARGEST, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, Memory, Name, Trace};
use crate::{DefaultStream, Options};

/// How far back a path is searched for the device work that makes what the pending work reads.
const LOOK_BACK: usize = 256;

/// The second access of a conflict.
#[derive(Clone, Copy, Debug)]
pub(super) enum Second<'a> {
    /// The host touches or releases memory.
    Host(&'a Range, &'a Access),
    /// Device work.
    Device(&'a Operation, &'a Range),
    /// Memory is released in the order of a stream.
    FreeInOrder(&'a Range, StreamKey),
}

impl Second<'_> {
    /// What is touched.
    pub(super) fn object(&self) -> ObjectId {
        let (Self::Host(range, _) | Self::Device(_, range) | Self::FreeInOrder(range, _)) = self;
        range.object
    }
}

/// A buffer of the witness.
#[derive(Debug)]
struct Buffer {
    /// The object, or parts of one that overlap; none for memory behind a pointer that is not known.
    objects: Vec<ObjectId>,
    name: String,
    memory: Option<Memory>,
    site: Option<SiteId>,
    /// Its size, if it is a constant.
    bytes: Option<u64>,
    /// The end of what constant ranges need.
    needed: u64,
    /// A range of it has a size that is not a constant.
    open: bool,
    /// The offset that counts as 0, where the conflict is at one that is not a constant.
    base: Linear,
    /// The stream that uses it first.
    stream: Option<StreamKey>,
    /// Kernels or fills touch it, not only copies.
    on_device: bool,
}

/// A range of a buffer; without a length, the rest of it.
#[derive(Clone, Copy, Debug)]
struct Part {
    buffer: usize,
    start: u64,
    length: Option<u64>,
}

/// A step of the witness, before sizes and names are known.
#[derive(Debug)]
enum Planned<'a> {
    Work { operation: &'a Operation, reads: Vec<Part>, writes: Vec<Part> },
    Record(EventKey, StreamKey),
    StreamWait(StreamKey, EventKey),
    HostWait(Point),
    Poll(Point),
    Call(Rc<str>),
    Free { buffer: usize, how: &'a ReleaseKind },
    Touch { part: Part, write: bool },
    Release { buffer: usize, how: &'a ReleaseKind, stream: Option<StreamKey> },
}

impl Machine<'_, '_> {
    /// The witness of a conflict with `pending` that is noticed now.
    pub(super) fn witness(&self, state: &State, pending: &Operation, second: Second<'_>) -> Trace {
        let excerpt = Excerpt::of(state, pending, second);
        let mut plan = Plan { machine: self, state, buffers: Vec::new(), steps: Vec::new() };
        plan.join_conflict(excerpt.pending, second);
        for deed in excerpt.deeds {
            plan.deed(deed);
        }
        plan.last(second, self.at.site);
        plan.presume(excerpt.pending, second);
        Drawing::new(&plan, self.shared.options).draw()
    }
}

/// The steps of a history that concern a conflict, earliest first.
struct Excerpt<'a> {
    deeds: Vec<&'a Deed>,
    pending: &'a Operation,
}

impl<'a> Excerpt<'a> {
    fn of(state: &'a State, pending: &'a Operation, second: Second<'a>) -> Self {
        let mut deeds: Vec<&Deed> = Vec::new();
        let mut history = state.history.latest_first();
        let mut first = None;
        for deed in history.by_ref() {
            if let DeedKind::Enqueue(operation) = &deed.kind
                && operation.id == pending.id
            {
                first = Some((deed, operation));
                break;
            }
            deeds.push(deed);
        }
        deeds.reverse();
        let streams = [
            Some(pending.stream),
            match second {
                Second::Device(operation, _) => Some(operation.stream),
                Second::FreeInOrder(_, stream) => Some(stream),
                Second::Host(..) => None,
            },
        ];
        let before: Vec<&Deed> = history.take(LOOK_BACK).collect();
        let between = between(&deeds, &before, pending, &streams);
        let Some((deed, operation)) = first else { return Self { deeds: between, pending } };
        let mut all: Vec<&Deed> = Vec::new();
        all.extend(producers(state, &before, operation));
        all.extend(records_before(&before, &between, &streams));
        all.push(deed);
        all.extend(between);
        Self { deeds: all, pending: operation }
    }
}

/// The steps between the two accesses that look like an order: records and waits of their streams, and the
/// calls that the finding names as waits that are none.
fn between<'a>(
    deeds: &[&'a Deed],
    before: &[&'a Deed],
    pending: &Operation,
    streams: &[Option<StreamKey>],
) -> Vec<&'a Deed> {
    let concerns = |stream: StreamKey| streams.contains(&Some(stream));
    let named = |site: SiteId| pending.no_waits.iter().any(|note| note.site == site);
    let records = |event: EventKey, deeds: &[&Deed]| {
        deeds.iter().any(
            |deed| matches!(&deed.kind, DeedKind::Record(it, stream) if *it == event && concerns(*stream)),
        )
    };
    let is_recorded = |event: EventKey| records(event, deeds) || records(event, before);
    let mut kept: Vec<&Deed> = Vec::new();
    for deed in deeds {
        let keep = match &deed.kind {
            DeedKind::Enqueue(_) => false,
            // Decided below, when it is known what waits for it.
            DeedKind::Record(_, stream) => concerns(*stream),
            DeedKind::StreamWait(stream, event) => {
                is_recorded(*event) || (concerns(*stream) && matches!(event, EventKey::Created(_)))
            }
            DeedKind::HostWait(Point::Tail(stream)) | DeedKind::Poll(Point::Tail(stream)) => {
                named(deed.site) || concerns(*stream)
            }
            DeedKind::HostWait(Point::Event(event)) | DeedKind::Poll(Point::Event(event)) => {
                is_recorded(*event)
            }
            DeedKind::NoWait(_) => named(deed.site),
            DeedKind::Free(..) => {
                pending.undocumented_wait.as_ref().is_some_and(|note| note.site == deed.site)
            }
        };
        if keep {
            kept.push(deed);
        }
    }
    // What comes round in a loop says the same each time.
    let is_remark = |deed: &Deed| matches!(deed.kind, DeedKind::NoWait(_) | DeedKind::HostWait(_));
    let mut seen = Vec::new();
    kept.retain(|deed| {
        let again = is_remark(deed) && seen.contains(&deed.site);
        seen.push(deed.site);
        !again
    });
    let waits: Vec<EventKey> = kept.iter().filter_map(|deed| awaited(deed)).collect();
    kept.retain(|deed| !matches!(&deed.kind, DeedKind::Record(event, _) if !waits.contains(event)));
    kept
}

/// The event that a step waits for.
fn awaited(deed: &Deed) -> Option<EventKey> {
    match deed.kind {
        DeedKind::StreamWait(_, event)
        | DeedKind::HostWait(Point::Event(event))
        | DeedKind::Poll(Point::Event(event)) => Some(event),
        _ => None,
    }
}

/// The latest records, before the pending work, of the events that are waited for after it: they are too
/// early, which is what such a witness shows.
fn records_before<'a>(
    before: &[&'a Deed],
    between: &[&Deed],
    streams: &[Option<StreamKey>],
) -> Vec<&'a Deed> {
    let mut found: Vec<&Deed> = Vec::new();
    for (index, wait) in between.iter().enumerate() {
        let Some(event) = awaited(wait) else { continue };
        let is_record = |deed: &&Deed| matches!(&deed.kind, DeedKind::Record(it, _) if *it == event);
        if between[..index].iter().any(|deed| is_record(deed)) || found.iter().any(is_record) {
            continue;
        }
        let latest = before.iter().copied().find(is_record);
        found.extend(latest.filter(
            |deed| matches!(&deed.kind, DeedKind::Record(_, stream) if streams.contains(&Some(*stream))),
        ));
    }
    found
}

/// The device work in the stream of `operation` that makes what it reads, and is pending like it.
fn producers<'a>(state: &State, before: &[&'a Deed], operation: &Operation) -> Vec<&'a Deed> {
    let mut found: Vec<&Deed> = Vec::new();
    let mut wanted: Vec<ObjectId> =
        operation.accesses.iter().filter(|access| access.read).map(|access| access.range.object).collect();
    for deed in before {
        let DeedKind::Enqueue(earlier) = &deed.kind else { continue };
        let plain = matches!(earlier.kind, WorkKind::Kernel | WorkKind::Fill)
            || matches!(earlier.kind, WorkKind::Copy { pageable: false, synchronous_form: false, .. });
        let is_pending = || state.pending.iter().any(|it| it.id == earlier.id);
        if !plain || earlier.stream != operation.stream || !is_pending() {
            continue;
        }
        let count = wanted.len();
        wanted.retain(|object| {
            !earlier.accesses.iter().any(|access| access.write && access.range.object == *object)
        });
        if wanted.len() < count {
            found.push(deed);
        }
    }
    found.reverse();
    found
}

/// The steps of a witness and what they touch.
struct Plan<'a, 'm, 'p> {
    machine: &'a Machine<'m, 'p>,
    state: &'a State,
    buffers: Vec<Buffer>,
    steps: Vec<(SiteId, Planned<'a>)>,
}

impl<'a> Plan<'a, '_, '_> {
    /// What the two accesses share is one buffer, though one may name a part of the other's object.
    fn join_conflict(&mut self, pending: &Operation, second: Second<'_>) {
        let (Second::Host(range, _) | Second::Device(_, range) | Second::FreeInOrder(range, _)) = second;
        let objects = &self.machine.objects;
        let root = objects.root(range.object);
        let theirs = pending.accesses.iter().find(|it| it.range.object == range.object).or_else(|| {
            pending.accesses.iter().find(|it| {
                objects.is_within(it.range.object, range.object)
                    || objects.is_within(range.object, it.range.object)
                    || objects.root(it.range.object) == root
            })
        });
        // The outer object, first: it gives name and size.
        let mut parts = vec![range.object];
        if let Some(theirs) = theirs.filter(|it| it.range.object != range.object) {
            let outer = objects.is_within(range.object, theirs.range.object);
            parts.insert(usize::from(!outer), theirs.range.object);
        }
        let buffer = self.buffer(parts[0]);
        self.buffers[buffer].objects = parts;
        if let Some(theirs) = theirs.filter(|it| it.range.offset.as_constant().is_none()) {
            self.buffers[buffer].base = theirs.range.offset.clone();
        } else if range.offset.as_constant().is_none() {
            self.buffers[buffer].base = range.offset.clone();
        }
    }

    fn buffer(&mut self, object: ObjectId) -> usize {
        if let Some(index) = self.buffers.iter().position(|it| it.objects.contains(&object)) {
            return index;
        }
        let info = self.machine.objects.info(object);
        let size = self.state.object(object).and_then(|it| it.size.as_ref()).and_then(Linear::as_constant);
        self.buffers.push(Buffer {
            objects: vec![object],
            name: info.name.clone(),
            memory: self.machine.memory_kind(self.state, object).map(sketch::memory),
            site: info.site,
            bytes: size.and_then(|it| u64::try_from(it).ok()).or(info.bytes).filter(|bytes| *bytes > 0),
            needed: 0,
            open: false,
            base: Linear::default(),
            stream: None,
            on_device: false,
        });
        self.buffers.len() - 1
    }

    /// Memory behind a pointer that is not known.
    fn unknown_buffer(&mut self, name: &str, memory: Memory) -> usize {
        self.buffers.push(Buffer {
            objects: Vec::new(),
            name: name.to_owned(),
            memory: Some(memory),
            site: None,
            bytes: None,
            needed: 0,
            open: false,
            base: Linear::default(),
            stream: None,
            on_device: false,
        });
        self.buffers.len() - 1
    }

    fn part(&mut self, range: &Range) -> Part {
        let buffer = self.buffer(range.object);
        let it = &mut self.buffers[buffer];
        let start = range
            .offset
            .as_constant()
            .or_else(|| range.offset.minus(&it.base).and_then(|rest| rest.as_constant()))
            .and_then(|start| u64::try_from(start).ok())
            .unwrap_or(0);
        let length = match &range.extent {
            Extent::Bytes(bytes) => {
                let length = bytes.as_constant().and_then(|it| u64::try_from(it).ok());
                it.open |= length.is_none();
                length.filter(|length| *length > 0)
            }
            Extent::Unknown | Extent::Whole => None,
        };
        it.needed = it.needed.max(start.saturating_add(length.unwrap_or(1)));
        let start = if range.extent == Extent::Whole { 0 } else { start };
        Part { buffer, start, length }
    }

    fn deed(&mut self, deed: &'a Deed) {
        let planned = match &deed.kind {
            DeedKind::Enqueue(operation) => self.work(operation),
            DeedKind::Record(event, stream) => Planned::Record(*event, *stream),
            DeedKind::StreamWait(stream, event) => Planned::StreamWait(*stream, *event),
            DeedKind::HostWait(point) => Planned::HostWait(*point),
            DeedKind::Poll(point) => Planned::Poll(*point),
            DeedKind::NoWait(name) => Planned::Call(name.clone()),
            DeedKind::Free(object, how) => {
                let buffer = match object {
                    // What the witness goes on using must not be freed: memory like it stands in for it.
                    Some(object) if self.buffers[0].objects.contains(object) => {
                        let memory = self.buffers[0].memory;
                        self.unknown_buffer("other", memory.unwrap_or(sketch::presumed_by_release(how)))
                    }
                    Some(object) => self.buffer(*object),
                    None => self.unknown_buffer("other", sketch::presumed_by_release(how)),
                };
                // A registration that has ended is not seen any more.
                if *how == ReleaseKind::Unregister {
                    self.buffers[buffer].memory = Some(Memory::Registered);
                }
                Planned::Free { buffer, how }
            }
        };
        self.steps.push((deed.site, planned));
    }

    fn work(&mut self, operation: &'a Operation) -> Planned<'a> {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        for access in operation.accesses.iter() {
            let part = self.part(&access.range);
            let it = &mut self.buffers[part.buffer];
            it.stream.get_or_insert(operation.stream);
            it.on_device |= !matches!(operation.kind, WorkKind::Copy { .. } | WorkKind::HostFunction);
            if access.read {
                reads.push(part);
            }
            if access.write {
                writes.push(part);
            }
        }
        if let WorkKind::Copy { direction, .. } = operation.kind {
            self.complete_copy(direction, &mut reads, &mut writes);
        }
        Planned::Work { operation, reads, writes }
    }

    /// Both sides of a copy have the same length; a side behind an unknown pointer gets memory.
    fn complete_copy(&mut self, direction: Option<Direction>, reads: &mut Vec<Part>, writes: &mut Vec<Part>) {
        let host = |is_host| if is_host { Memory::Pinned } else { Memory::Device };
        if reads.is_empty() {
            let memory = host(matches!(direction, Some(Direction::HostToDevice | Direction::HostToHost)));
            reads.push(Part { buffer: self.unknown_buffer("src", memory), start: 0, length: None });
        }
        if writes.is_empty() {
            let memory = host(matches!(direction, Some(Direction::DeviceToHost | Direction::HostToHost)));
            writes.push(Part { buffer: self.unknown_buffer("dst", memory), start: 0, length: None });
        }
        let (read, write) = (&mut reads[0], &mut writes[0]);
        let known = read.length.or(write.length);
        let length = known.or_else(|| {
            [&*read, &*write]
                .into_iter()
                .filter_map(|it| self.buffers[it.buffer].bytes.and_then(|bytes| bytes.checked_sub(it.start)))
                .min()
        });
        for part in [read, write] {
            part.length = length;
            let it = &mut self.buffers[part.buffer];
            match length {
                Some(length) => it.needed = it.needed.max(part.start.saturating_add(length)),
                None => it.open = true,
            }
        }
    }

    fn last(&mut self, second: Second<'a>, site: SiteId) {
        let planned = match second {
            Second::Host(range, access) => {
                let part = self.part(range);
                match access {
                    Access::Release(how) => Planned::Release { buffer: part.buffer, how, stream: None },
                    access => Planned::Touch { part, write: matches!(access, Access::HostWrite { .. }) },
                }
            }
            Second::Device(operation, _) => self.work(operation),
            Second::FreeInOrder(range, stream) => {
                let part = self.part(range);
                Planned::Release { buffer: part.buffer, how: &FREE_ASYNC, stream: Some(stream) }
            }
        };
        self.steps.push((site, planned));
    }

    /// Memory of which nothing is known is of the kind that the finding presumes.
    fn presume(&mut self, pending: &Operation, second: Second<'_>) {
        for index in 0..self.buffers.len() {
            if self.buffers[index].memory.is_none() {
                let presumed = match second {
                    Second::Host(_, access) if index == 0 => presumed_by_host(access, pending),
                    Second::FreeInOrder(..) if index == 0 => Memory::StreamOrdered,
                    _ => self.presumed_by_use(index),
                };
                self.buffers[index].memory = Some(presumed);
            }
            // Kernels and fills reach no pageable memory here: what they are handed is page-locked.
            if self.buffers[index].on_device && self.buffers[index].memory == Some(Memory::Pageable) {
                self.buffers[index].memory = Some(Memory::Registered);
            }
        }
    }

    fn presumed_by_use(&self, buffer: usize) -> Memory {
        for (_, planned) in &self.steps {
            match planned {
                Planned::Free { buffer: it, how } if *it == buffer => {
                    return sketch::presumed_by_release(how);
                }
                Planned::Work { operation, reads, writes } => {
                    let WorkKind::Copy { direction: Some(direction), .. } = operation.kind else { continue };
                    let read = reads.iter().any(|part| part.buffer == buffer);
                    let written = writes.iter().any(|part| part.buffer == buffer);
                    let host = match direction {
                        Direction::HostToDevice => read,
                        Direction::DeviceToHost => written,
                        Direction::HostToHost => read || written,
                        Direction::DeviceToDevice => false,
                    };
                    if host {
                        return Memory::Pinned;
                    }
                }
                _ => {}
            }
        }
        Memory::Device
    }
}

/// A release in stream order; its function is of no interest here.
static FREE_ASYNC: ReleaseKind = ReleaseKind::Call(crate::cuda::row::FreeWith::CudaFreeAsync, String::new());

/// The memory that a host access to a copy's or kernel's memory presumes: what a copy to the host writes and
/// the host then reads is taken for pageable (`pageable-copy-as-sync`), what else the device uses for pinned.
fn presumed_by_host(access: &Access, pending: &Operation) -> Memory {
    match (access, &pending.kind) {
        (Access::Release(how), _) => sketch::presumed_by_release(how),
        (_, WorkKind::Copy { direction: Some(Direction::HostToDevice), .. }) => Memory::Pinned,
        (_, WorkKind::Copy { .. }) => Memory::Pageable,
        _ => Memory::Pinned,
    }
}

/// Gives a plan sizes and names.
struct Drawing<'a, 'm, 'p> {
    plan: &'a Plan<'a, 'm, 'p>,
    sketch: Sketch,
    options: &'a Options,
    sizes: Vec<u64>,
    buffers: Vec<Name>,
    streams: Vec<(StreamKey, Name)>,
    events: Vec<(EventKey, Name)>,
}

impl<'a, 'm, 'p> Drawing<'a, 'm, 'p> {
    fn new(plan: &'a Plan<'a, 'm, 'p>, options: &'a Options) -> Self {
        let sizes = plan.buffers.iter().map(size).collect();
        let (buffers, streams, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { plan, sketch: Sketch::new(options), options, sizes, buffers, streams, events }
    }

    fn draw(mut self) -> Trace {
        let plan = self.plan;
        for (index, buffer) in plan.buffers.iter().enumerate() {
            let memory = buffer.memory.unwrap_or(Memory::Device);
            let stream = match buffer.stream {
                Some(stream) => self.stream(stream),
                None => trace::Stream::Default,
            };
            let bytes = self.sizes[index];
            let name = self.sketch.buffer(&buffer.name, memory, bytes, Some(stream), buffer.site);
            self.buffers.push(name);
        }
        let mut pending = None;
        for (index, (site, planned)) in plan.steps.iter().enumerate() {
            let mut action = self.action(planned);
            if index + 1 == plan.steps.len() {
                meet(&mut action, pending.as_ref(), &self.buffers[0]);
            }
            self.sketch.step(action.clone(), *site);
            if matches!(planned, Planned::Work { .. }) {
                pending = Some(action);
            }
        }
        self.sketch.finish()
    }

    fn action(&mut self, planned: &Planned<'_>) -> Action {
        match planned {
            Planned::Work { operation, reads, writes } => self.work(operation, reads, writes),
            Planned::Record(event, stream) => {
                Action::Record { event: self.event(*event), stream: self.stream(*stream) }
            }
            Planned::StreamWait(stream, event) => {
                Action::StreamWait { stream: self.stream(*stream), event: self.event(*event) }
            }
            Planned::HostWait(point) => Action::Synchronize { point: self.point(*point) },
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

    fn work(&mut self, operation: &Operation, reads: &[Part], writes: &[Part]) -> Action {
        let stream = self.stream(operation.stream);
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
        let name = match self.plan.machine.describe_stream(key) {
            facts::Stream::Created { name, site, non_blocking } => {
                self.sketch.stream(&name, non_blocking == Some(true), Some(site))
            }
            facts::Stream::Unseen { name } => self.sketch.stream(&name, false, None),
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
