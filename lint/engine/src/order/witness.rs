//! The witness of a conflict: cut out of the history of the path that shows it, and made concrete.
//!
//! Leaving steps out of a history takes order away and adds none, so the two accesses are unordered in every
//! excerpt that holds them. The excerpt has what they touch, the device work that makes what the pending work
//! reads, and the steps between the two that look like an order and are none.

mod drawing;
mod excerpt;

use std::rc::Rc;

use super::happens_before::{EventKey, Point, StreamKey};
use super::history::{Deed, DeedKind};
use super::machine::Machine;
use super::object::ObjectId;
use super::state::{Extent, Operation, Range, State};
use super::symbol::Linear;
use super::waits::OpenWait;
use crate::cuda::row::Direction;
use crate::facts::{Access, ReleaseKind, WorkKind};
use crate::program::SiteId;
use crate::sketch;
use crate::trace::{Memory, Trace};
use drawing::Drawing;
use excerpt::Excerpt;

/// The second access of a conflict.
#[derive(Clone, Copy, Debug)]
pub(super) enum Second<'a> {
    /// The host touches or releases memory.
    Host(&'a Range, &'a Access),
    /// Device work.
    Device(&'a Operation, &'a Range),
    /// Memory is released in the order of a stream.
    FreeInOrder(&'a Range, StreamKey),
    /// Device work that is in the same graph.
    InGraph(&'a Operation, &'a Range, Launched),
}

/// A graph that was captured and is launched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launched {
    /// The stream that the capture began on.
    pub(super) origin: StreamKey,
    /// Where it began.
    pub(super) begun_at: SiteId,
    /// Where the graph is launched.
    pub(super) site: SiteId,
}

impl Second<'_> {
    /// What is touched.
    pub(super) fn object(&self) -> ObjectId {
        let (Self::Host(range, _)
        | Self::Device(_, range)
        | Self::FreeInOrder(range, _)
        | Self::InGraph(_, range, _)) = self;
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
    /// Its allocation is a step of the witness; otherwise it is there from the start.
    in_order: bool,
    /// It is stream-ordered memory that was allocated long before: the host waited for it.
    settled: bool,
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
    Work {
        operation: &'a Operation,
        reads: Vec<Part>,
        writes: Vec<Part>,
    },
    Allocate(usize),
    Record(EventKey, StreamKey),
    StreamWait(StreamKey, EventKey),
    HostWait(Point),
    /// For the device, if there is no point; what the second says is whether it is the needless one.
    Wait(Option<Point>, bool),
    Poll(Point),
    Call(Rc<str>),
    Free {
        buffer: usize,
        how: &'a ReleaseKind,
    },
    Touch {
        part: Part,
        write: bool,
    },
    Release {
        buffer: usize,
        how: &'a ReleaseKind,
        stream: Option<StreamKey>,
    },
}

impl Machine<'_, '_> {
    /// The witness of a conflict with `pending` that is noticed now.
    pub(super) fn witness(&self, state: &State, pending: &Operation, second: Second<'_>) -> Trace {
        if let Second::InGraph(operation, _, launched) = second {
            let mut plan =
                Plan { machine: self, state, non_blocking: None, buffers: Vec::new(), steps: Vec::new() };
            plan.join_conflict(pending, second);
            for work in [pending, operation] {
                let planned = plan.work(work);
                plan.steps.push((work.site, planned));
            }
            plan.presume(pending, second);
            return Drawing::new(&plan, self.shared.options).draw_in_graph(launched);
        }
        let excerpt = Excerpt::of(state, pending, second);
        // A finding that rests on a stream of unknown origin presumes a non-blocking one.
        let non_blocking = match second {
            Second::Device(operation, _) if self.forgotten(pending, operation).is_some() => {
                [pending.stream, operation.stream].into_iter().find(|it| self.is_undecided(*it))
            }
            _ => None,
        };
        let mut plan = Plan { machine: self, state, non_blocking, buffers: Vec::new(), steps: Vec::new() };
        plan.join_conflict(excerpt.pending, second);
        for deed in excerpt.deeds {
            plan.deed(deed);
        }
        plan.last(second, self.at.site);
        plan.presume(excerpt.pending, second);
        Drawing::new(&plan, self.shared.options).draw()
    }
}

/// Steps of each kind in the witness of a needless wait, at most.
const SHOWN: usize = 4;

impl Machine<'_, '_> {
    /// The witness of a wait that nothing needs, when `by` covers it: the work that it waits for, the wait, what
    /// could have been enqueued before it ended, and the wait that covers it.
    pub(super) fn witness_of_wait(&self, state: &State, wait: &OpenWait, by: Option<Point>) -> Trace {
        let mut plan =
            Plan { machine: self, state, non_blocking: None, buffers: Vec::new(), steps: Vec::new() };
        let skipped = wait.ended.len().saturating_sub(SHOWN);
        for operation in wait.ended.iter().skip(skipped) {
            let planned = plan.work(operation);
            plan.steps.push((operation.site, planned));
        }
        if let Some(Point::Event(event)) = wait.point {
            let record = wait.history.latest_first().find_map(|deed| match deed.kind {
                DeedKind::Record(recorded, stream) if recorded == event => Some((deed.site, stream)),
                _ => None,
            });
            if let Some((site, stream)) = record {
                plan.steps.push((site, Planned::Record(event, stream)));
            }
        }
        plan.steps.push((wait.site, Planned::Wait(wait.point, true)));
        let mut waits = false;
        for operation in wait.later.iter() {
            let planned = plan.work(operation);
            waits = operation.form.synchronous && operation.site == self.at.site;
            plan.steps.push((operation.site, planned));
        }
        if !waits {
            // An event that covers it is recorded behind what is shown here.
            let by = match by {
                Some(Point::Event(_)) => wait.later.last().map(|last| Point::Tail(last.stream)),
                by => by,
            };
            plan.steps.push((self.at.site, Planned::Wait(by, false)));
        }
        plan.presume_by_use();
        Drawing::new(&plan, self.shared.options).draw()
    }
}

/// The steps of a witness and what they touch.
struct Plan<'a, 'm, 'p> {
    machine: &'a Machine<'m, 'p>,
    state: &'a State,
    /// A stream of unknown origin that is presumed to be non-blocking.
    non_blocking: Option<StreamKey>,
    buffers: Vec<Buffer>,
    steps: Vec<(SiteId, Planned<'a>)>,
}

impl<'a> Plan<'a, '_, '_> {
    /// What the two accesses share is one buffer, though one may name a part of the other's object.
    fn join_conflict(&mut self, pending: &Operation, second: Second<'_>) {
        let (Second::Host(range, _)
        | Second::Device(_, range)
        | Second::FreeInOrder(range, _)
        | Second::InGraph(_, range, _)) = second;
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
            in_order: false,
            settled: false,
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
            in_order: false,
            settled: false,
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
            Extent::Bytes(_) | Extent::Rows(_) => {
                let length = range.extent.span();
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
            DeedKind::Enqueue(operation) if operation.kind == WorkKind::Allocation => {
                self.allocation(operation)
            }
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

    /// The allocation of what the conflict is about, in stream order.
    fn allocation(&mut self, operation: &'a Operation) -> Planned<'a> {
        let it = &mut self.buffers[0];
        it.stream = Some(operation.stream);
        it.in_order = true;
        Planned::Allocate(0)
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
            Second::Device(operation, _) | Second::InGraph(operation, ..) => self.work(operation),
            Second::FreeInOrder(range, stream) => {
                let part = self.part(range);
                Planned::Release { buffer: part.buffer, how: &FREE_ASYNC, stream: Some(stream) }
            }
        };
        self.steps.push((site, planned));
    }

    /// Memory of which nothing is known is of the kind that the finding presumes.
    fn presume(&mut self, pending: &Operation, second: Second<'_>) {
        // Slices of cudarc are stream-ordered memory wherever the device has a pool for it (`CudaStream::alloc`).
        if let Second::FreeInOrder(range, stream) = second
            && self.buffers[0].memory == Some(Memory::Device)
            && self.machine.is_bound_to_stream(self.machine.objects.root(range.object))
        {
            let it = &mut self.buffers[0];
            (it.memory, it.stream, it.settled) = (Some(Memory::StreamOrdered), Some(stream), true);
        }
        for index in 0..self.buffers.len() {
            if self.buffers[index].memory.is_none() {
                let presumed = match second {
                    Second::Host(_, access) if index == 0 => presumed_by_host(access, pending),
                    Second::FreeInOrder(..) if index == 0 => Memory::StreamOrdered,
                    _ => self.presumed_by_use(index),
                };
                self.buffers[index].memory = Some(presumed);
            }
        }
        self.presume_by_use();
    }

    /// The same, of what only device work uses.
    fn presume_by_use(&mut self) {
        for index in 0..self.buffers.len() {
            if self.buffers[index].memory.is_none() {
                self.buffers[index].memory = Some(self.presumed_by_use(index));
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
