//! Libraries that order what streams do to one memory by events of their own: cudarc's event tracking.
//!
//! A `CudaSlice` has one event for its last read and one for its last write; page-locked memory has one for both.
//! Each use waits for them on its stream, and records one of them afterwards. The events are objects that no
//! program can name, so that what the library forgets is forgotten here: a second reader takes the place of the
//! first, and nothing is recorded while the context knows of one stream only (cudarc 0.19.9 and later).

use super::happens_before::{EventKey, Point, StreamKey};
use super::history::DeedKind;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{DeviceAccess, State};
use super::symbol::Linear;
use super::trackers::Tracking;
use super::value::{Pointer, Value};
use crate::cuda::row::{Direction, Effect, FreeWith, MemoryKind, Mode, Role, Row};
use crate::facts::{Lent, ReleaseKind};

/// The fields of memory that stand for the events.
const READ: &str = "<last read>";
const WRITTEN: &str = "<last write>";

/// The field of memory that tells whether the last use of it has recorded, though its work may come yet.
const UNGUARDED: &str = "<unguarded>";

impl Machine<'_, '_> {
    /// Does what a row says about tracking.
    pub(super) fn track(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        match effect {
            Effect::StreamWaitsForStream => self.join_streams(state, it),
            Effect::OrdersTracked => {
                self.order_tracked(state, it);
                self.guard(state, it, true);
            }
            Effect::RecordsTracked => self.record_tracked(state, it),
            Effect::EndsGuard => self.guard(state, it, false),
            Effect::HostWaitsForTracked => {
                if let Some(memory) = it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value)) {
                    for event in self.events_of(state, &memory, true) {
                        if is_recorded(state, event) {
                            self.host_waits(state, Some(Point::Event(event)));
                        }
                    }
                }
            }
            Effect::DropsTracked => self.drop_tracked(state, it),
            Effect::OwnsStream
            | Effect::FirstStreamWaits
            | Effect::DisownsStream
            | Effect::StopsTracking
            | Effect::EntersThread
            | Effect::StartsTracking => self.keep_account(state, it, effect),
            _ => {}
        }
    }

    /// True if a library records what is done with some of the memory: it made it in the order of a stream.
    pub(super) fn uses_tracked(&self, accesses: &[DeviceAccess]) -> bool {
        accesses.iter().any(|access| {
            let parent = self.objects.root(access.range.object);
            let offset = Linear::constant(0);
            let key = ObjectKey::Field { parent, offset, field: super::handles::STREAM.to_owned() };
            self.objects.find(&key).is_some()
        })
    }

    /// True if what is done on a stream with memory of that kind is recorded. A context that is not seen may own
    /// streams: then it is, which accuses nobody.
    fn is_tracking(&mut self, state: &State, context: Option<ObjectId>) -> bool {
        self.tracking(state, context).is_none_or(|mode| mode == Tracking::On)
    }

    /// The context that decides whether a use is recorded: that of the stream, or of the memory if that is not seen.
    fn recording_context(
        &mut self,
        state: &State,
        it: &Modelled<'_, '_>,
        memory: &Pointer,
    ) -> Option<ObjectId> {
        let stream = match (it.arg(Role::Stream), it.arg(Role::Handle).cloned()) {
            (Some(stream), _) => Some(stream.clone()),
            (None, Some(handle)) => Some(self.stream_in_handle(state, &handle)),
            (None, None) => None,
        };
        let own = stream.and_then(|stream| self.context_of_stream(state, &stream));
        own.or_else(|| {
            let root = self.objects.root(memory.object);
            self.context_of_memory(state, root)
        })
    }

    /// True for memory with one event for all its uses, which is waited for whatever the mode.
    fn has_one_event(&self, state: &State, root: ObjectId) -> bool {
        self.memory_kind(state, root).is_some_and(|kind| kind.is_host() || kind == MemoryKind::Managed)
    }

    /// The stream of memory that another context of the driver made than the one that copies from it: cudarc records
    /// such a read there (`CudaStream::memcpy_dtod`, 0.19.5 and later).
    fn stream_of_source_apart(
        &mut self,
        state: &State,
        it: &Modelled<'_, '_>,
        memory: &Pointer,
    ) -> Option<StreamKey> {
        let is_copy =
            it.row.effects.iter().any(|effect| {
                matches!(effect, Effect::Copy { direction: Some(Direction::DeviceToDevice), .. })
            });
        let stream = it.arg(Role::Stream).cloned().filter(|_| is_copy)?;
        let context = self.context_of_stream(state, &stream)?;
        let root = self.objects.root(memory.object);
        let other = self.context_of_memory(state, root)?;
        if !self.are_contexts_apart(state, context, other) {
            return None;
        }
        let own = Value::Pointer(self.start_of(root));
        self.carried_stream(state, &own)
    }

    /// The events of memory: of its last write, and of its last read for what must come after that as well.
    fn events_of(&mut self, state: &State, memory: &Pointer, writes: bool) -> Vec<EventKey> {
        let root = self.objects.root(memory.object);
        let one = self.has_one_event(state, root);
        let mut fields = vec![WRITTEN];
        if writes && !one {
            fields.push(READ);
        }
        fields.into_iter().map(|field| self.tracked_event(root, field)).collect()
    }

    fn tracked_event(&mut self, root: ObjectId, field: &str) -> EventKey {
        let start = self.start_of(root);
        EventKey::Created(self.field_object(&start, field).0)
    }

    /// The memory that a row tracks, and whether it writes it. Host memory only where its type records.
    fn tracked(&mut self, state: &State, it: &Modelled<'_, '_>) -> Vec<(Pointer, bool)> {
        let with_host = it.row.name.ends_with("::tracked");
        let args: Vec<(bool, Value)> = it
            .row
            .params
            .iter()
            .zip(&it.call.args)
            .filter_map(|(param, arg)| match param.role {
                Role::Src => Some((false, arg.clone())),
                Role::Dst => Some((true, arg.clone())),
                _ => None,
            })
            .collect();
        let host = it.row.effects.iter().find_map(|effect| match effect {
            Effect::Copy { direction: Some(Direction::HostToDevice), .. } => Some(false),
            Effect::Copy { direction: Some(Direction::DeviceToHost), .. } => Some(true),
            _ => None,
        });
        let mut tracked = Vec::new();
        for (writes, arg) in args {
            let Some(pointer) = self.pointer(&arg) else { continue };
            let on_host = host == Some(writes)
                || (host.is_none()
                    && self.memory_kind(state, pointer.object).is_some_and(MemoryKind::is_host));
            if with_host || !on_host {
                tracked.push((pointer, writes));
            }
        }
        tracked
    }

    fn order_tracked(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let (stream, _) = self.stream_of(state, it);
        for (memory, writes) in self.tracked(state, it) {
            let root = self.objects.root(memory.object);
            let own = self.context_of_memory(state, root);
            let apart = if writes { None } else { self.stream_of_source_apart(state, it, &memory) };
            if apart.is_none() && !self.has_one_event(state, root) && !self.is_tracking(state, own) {
                continue;
            }
            for event in self.events_of(state, &memory, writes) {
                self.wait_tracked(state, apart.unwrap_or(stream), event);
            }
            if let Some(apart) = apart {
                self.join(state, stream, apart);
            }
        }
    }

    fn wait_tracked(&mut self, state: &mut State, stream: StreamKey, event: EventKey) {
        if !is_recorded(state, event) {
            return;
        }
        state.history.push(self.at.site, DeedKind::StreamWait(stream, event));
        state.both_wait(stream, event);
    }

    fn record_tracked(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let (stream, _) = self.stream_of(state, it);
        for (memory, writes) in self.tracked(state, it) {
            let context = self.recording_context(state, it, &memory);
            if !self.is_tracking(state, context) {
                continue;
            }
            let apart = if writes { None } else { self.stream_of_source_apart(state, it, &memory) };
            let root = self.objects.root(memory.object);
            let one = self.has_one_event(state, root);
            let event = self.tracked_event(root, if writes || one { WRITTEN } else { READ });
            self.record_now(state, event, apart.unwrap_or(stream));
        }
    }

    fn record_now(&mut self, state: &mut State, event: EventKey, stream: StreamKey) {
        state.history.push(self.at.site, DeedKind::Record(event, stream));
        self.both_record(state, event, stream);
    }

    /// Notes that a guard of the memory is there (or a use that records by itself), or that it is dropped.
    fn guard(&mut self, state: &mut State, it: &Modelled<'_, '_>, is_there: bool) {
        for (memory, _) in self.tracked(state, it) {
            let context = self.recording_context(state, it, &memory);
            if !self.is_tracking(state, context) {
                continue;
            }
            let root = self.objects.root(memory.object);
            let start = self.start_of(root);
            let field = self.field_object(&start, UNGUARDED);
            let cell = self.start_of(field);
            self.poke(state, &cell, Value::int(i64::from(!is_there)), Some(8));
        }
    }

    /// True if work on some of the memory comes after what the library recorded for it.
    pub(super) fn is_unguarded(&mut self, state: &State, accesses: &[DeviceAccess]) -> bool {
        accesses.iter().any(|access| {
            let parent = self.objects.root(access.range.object);
            let offset = Linear::constant(0);
            let key = ObjectKey::Field { parent, offset, field: UNGUARDED.to_owned() };
            let Some(field) = self.objects.find(&key) else { return false };
            let cell = self.start_of(field);
            state.memory.get(&(cell.object, cell.offset)).and_then(Value::as_constant) == Some(1)
        })
    }

    fn join_streams(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let streams: Vec<Value> = it.args(Role::Stream).cloned().collect();
        let [first, second] = streams.as_slice() else { return };
        let (first, second) = (self.stream_key(Some(first)), self.stream_key(Some(second)));
        self.join(state, first, second);
    }

    /// The first stream waits for what is in the second.
    fn join(&mut self, state: &mut State, first: StreamKey, second: StreamKey) {
        let object = self.literal_object("<join>");
        let event = EventKey::Created(object.0);
        self.record_now(state, event, second);
        self.wait_tracked(state, first, event);
    }

    /// Memory is given back in the order of its stream. Where that is not seen, nor is what it waits for.
    fn drop_tracked(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(value) = it.arg(Role::Memory).cloned() else { return };
        let Some(memory) = self.pointer(&value) else { return };
        let root = self.objects.root(memory.object);
        self.drop_memory(state, root, it.shown());
    }

    /// Memory of an element of a container that ends; false for what is no such memory.
    pub(super) fn drop_owned(&mut self, state: &mut State, root: ObjectId) -> bool {
        let kind = self.memory_kind(state, root);
        if kind.is_some_and(MemoryKind::is_device) {
            self.drop_memory(state, root, "drop");
            return true;
        }
        let is_lent = matches!(kind, Some(MemoryKind::Pinned | MemoryKind::Managed));
        if is_lent {
            let start = self.start_of(root);
            for event in self.events_of(state, &start, true) {
                if is_recorded(state, event) {
                    self.host_waits(state, Some(Point::Event(event)));
                }
            }
            let with =
                if kind == Some(MemoryKind::Pinned) { FreeWith::CudaFreeHost } else { FreeWith::CudaFree };
            let how = ReleaseKind::Call(with, "drop".to_owned());
            self.release(state, Some(start), how.clone());
            self.memory_ends(state, root, &how, None);
        }
        is_lent
    }

    fn drop_memory(&mut self, state: &mut State, root: ObjectId, name: &str) {
        let start = self.start_of(root);
        let own = Value::Pointer(start.clone());
        let Some(stream) = self.carried_stream(state, &own) else { return };
        if self.is_captured(state, stream) {
            return;
        }
        let context = self.context_of_memory(state, root);
        if self.is_tracking(state, context) {
            for event in self.events_of(state, &start, true) {
                self.wait_tracked(state, stream, event);
            }
        }
        self.free_in_order(state, root, stream, name);
        let how = ReleaseKind::Call(FreeWith::CudaFreeAsync, name.to_owned());
        self.memory_ends(state, root, &how, Some(stream));
    }
}

/// True if the record of the event may be outstanding.
fn is_recorded(state: &State, event: EventKey) -> bool {
    state.pending.iter().any(|it| it.cover.contains(Point::Event(event)))
}

/// How the function of a row gets the memory that it is given.
pub(super) fn lent(row: &Row) -> Lent {
    let has = |wanted: fn(&Effect) -> bool| row.effects.iter().any(wanted);
    if has(|it| *it == Effect::Borrows) {
        Lent::Call
    } else if row.name.ends_with("::tracked") {
        Lent::Recorded
    } else if has(|it| matches!(it, Effect::Copy { mode: Mode::Settled, .. })) {
        Lent::Slice
    } else if has(|it| *it == Effect::RecordsTracked) {
        Lent::Recorded
    } else {
        Lent::No
    }
}
