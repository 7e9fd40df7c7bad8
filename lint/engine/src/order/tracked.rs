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
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, FreeWith, MemoryKind, Mode, Role, Row};
use crate::facts::{Lent, ReleaseKind};

/// The fields of memory that stand for the events.
const READ: &str = "<last read>";
const WRITTEN: &str = "<last write>";

/// The field of memory that tells whether the last use of it has recorded, though its work may come yet.
const UNGUARDED: &str = "<unguarded>";

/// What holds the tracking's mode: no literal of a program is this text.
const MODE: &str = "<event tracking>";

/// Nothing is recorded: there is one stream only.
const ONE_STREAM: i64 = 0;
/// Uses are recorded.
const TRACKING: i64 = 1;
/// Nothing is recorded: it was switched off.
const OFF: i64 = 2;

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
            // A second context of the same device counts for itself; who has seen a stream keeps it.
            Effect::CountsStreams if self.tracking_mode(state).is_none() => {
                self.set_tracking_mode(state, ONE_STREAM);
            }
            Effect::OwnsStream if self.tracking_mode(state) != Some(OFF) => {
                self.set_tracking_mode(state, TRACKING);
            }
            Effect::StartsTracking => self.set_tracking_mode(state, TRACKING),
            Effect::StopsTracking => self.set_tracking_mode(state, OFF),
            _ => {}
        }
    }

    fn mode_cell(&mut self) -> Pointer {
        let object = self.literal_object(MODE);
        self.start_of(object)
    }

    fn tracking_mode(&mut self, state: &State) -> Option<i64> {
        let cell = self.mode_cell();
        state.memory.get(&(cell.object, cell.offset)).and_then(Value::as_constant)
    }

    fn set_tracking_mode(&mut self, state: &mut State, mode: i64) {
        let cell = self.mode_cell();
        self.poke(state, &cell, Value::int(mode), Some(8));
    }

    /// True if recording was switched off.
    pub(super) fn is_untracked(&mut self, state: &State) -> bool {
        self.tracking_mode(state) == Some(OFF)
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

    /// A context that is not seen may have streams: then uses are recorded, which accuses nobody.
    fn is_tracking(&mut self, state: &State) -> bool {
        self.tracking_mode(state).is_none_or(|mode| mode == TRACKING)
    }

    /// The events of memory: of its last write, and of its last read for what must come after that as well.
    fn events_of(&mut self, state: &State, memory: &Pointer, writes: bool) -> Vec<EventKey> {
        let root = self.objects.root(memory.object);
        let one =
            self.memory_kind(state, root).is_some_and(|kind| kind.is_host() || kind == MemoryKind::Managed);
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
            Effect::Copy { direction: Some(crate::cuda::row::Direction::HostToDevice), .. } => Some(false),
            Effect::Copy { direction: Some(crate::cuda::row::Direction::DeviceToHost), .. } => Some(true),
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
        if !self.is_tracking(state) {
            return;
        }
        let (stream, _) = self.stream_of(state, it);
        for (memory, writes) in self.tracked(state, it) {
            for event in self.events_of(state, &memory, writes) {
                self.wait_tracked(state, stream, event);
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
        if !self.is_tracking(state) {
            return;
        }
        let (stream, _) = self.stream_of(state, it);
        for (memory, writes) in self.tracked(state, it) {
            let root = self.objects.root(memory.object);
            let one = self
                .memory_kind(state, root)
                .is_some_and(|kind| kind.is_host() || kind == MemoryKind::Managed);
            let event = self.tracked_event(root, if writes || one { WRITTEN } else { READ });
            self.record_now(state, event, stream);
        }
    }

    fn record_now(&mut self, state: &mut State, event: EventKey, stream: StreamKey) {
        state.history.push(self.at.site, DeedKind::Record(event, stream));
        self.both_record(state, event, stream);
    }

    /// Notes that a guard of the memory is there (or a use that records by itself), or that it is dropped.
    fn guard(&mut self, state: &mut State, it: &Modelled<'_, '_>, is_there: bool) {
        if !self.is_tracking(state) {
            return;
        }
        for (memory, _) in self.tracked(state, it) {
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
        let start = self.mode_cell();
        let event = EventKey::Created(self.field_object(&start, "<join>").0);
        self.record_now(state, event, second);
        self.wait_tracked(state, first, event);
    }

    /// Memory is given back in the order of its stream. Where that is not seen, nor is what it waits for.
    fn drop_tracked(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(value) = it.arg(Role::Memory).cloned() else { return };
        let Some(memory) = self.pointer(&value) else { return };
        let root = self.objects.root(memory.object);
        let own = Value::Pointer(self.start_of(root));
        let Some(stream) = self.carried_stream(state, &own) else { return };
        if self.is_captured(state, stream) {
            return;
        }
        if self.is_tracking(state) {
            for event in self.events_of(state, &memory, true) {
                self.wait_tracked(state, stream, event);
            }
        }
        self.free_in_order(state, root, stream, it.shown());
        let how = ReleaseKind::Call(FreeWith::CudaFreeAsync, it.shown().to_owned());
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
