//! Accesses against pending work: where conflicts are noticed, and where waits end them.

use std::rc::Rc;

use super::branches::equals;
use super::event_use::Waited;
use super::forgotten;
use super::happens_before::{self, EventKey, Point, StreamKey};
use super::history::DeedKind;
use super::machine::Machine;
use super::object::ObjectId;
use super::observations::ConflictSeen;
use super::state::{DeviceAccess, Operation, Overlap, Range, State, overlap};
use super::value::Value;
use super::witness::{Launched, Second};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::facts::{self, Access, Lent, Note, ReleaseKind, WorkKind};
use crate::program::TypeKind;

/// Classes of which a member tells that an object is shared between threads on purpose.
const LOCKS: [&str; 6] = ["mutex", "atomic", "condition_variable", "semaphore", "latch", "promise"];

/// Records within a record that are searched for one of them.
const TALK: usize = 16;

/// Pending operations kept at most; of more, the oldest are forgotten.
const PENDING: usize = 96;

/// What is known of a conflict beside its two sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    /// Whether they share bytes.
    pub overlap: Overlap,
    /// They need not: see [`facts::Conflict::exclusive`].
    pub exclusive: bool,
    /// The pending work writes.
    pub writes: bool,
    /// That it does anything is assumed.
    pub assumed: bool,
    /// The variable with whose end the memory goes.
    pub ends: Option<facts::Variable>,
    /// One of the two names no stream.
    pub forgotten: Option<facts::Forgotten>,
}

impl Machine<'_, '_> {
    /// The kind of an object's memory, if it is known.
    pub(super) fn memory_kind(&self, state: &State, object: ObjectId) -> Option<MemoryKind> {
        let root = self.objects.root(object);
        state
            .object(object)
            .and_then(|it| it.memory)
            .or_else(|| state.object(root).and_then(|it| it.memory))
            .or(self.objects.info(object).memory)
            .or(self.objects.info(root).memory)
    }

    /// True for what an address leads to that is null on this path: nothing is there that could be touched.
    fn is_null(&self, state: &State, object: ObjectId) -> bool {
        let symbol = self.objects.pointee_symbol(self.objects.root(object));
        symbol.is_some_and(|symbol| state.path.decide(&equals(symbol, 0)) == Some(true))
    }

    /// The host touches memory.
    pub(super) fn host_touches(&mut self, state: &mut State, range: &Range, access: Access) {
        self.host_touches_in(state, range, access, None);
    }

    /// The same; `owner` is the container that the memory belongs to.
    pub(super) fn host_touches_in(
        &mut self,
        state: &mut State,
        range: &Range,
        access: Access,
        owner: Option<ObjectId>,
    ) {
        if self.is_null(state, range.object) {
            return;
        }
        let releases = matches!(access, Access::Release(_));
        if matches!(access, Access::HostWrite { .. }) {
            self.is_written(state, range.object);
        }
        if !releases {
            let memory = self.memory_kind(state, range.object);
            if memory.is_some_and(MemoryKind::is_device)
                && (state.host_may_access || self.is_chosen_by_side(state, range.object))
            {
                return;
            }
            if memory.is_some_and(MemoryKind::is_device) {
                let (write, via) = match &access {
                    Access::HostRead { via, .. } => (false, via.clone()),
                    Access::HostWrite { via } => (true, via.clone()),
                    Access::Release(_) | Access::Device(_) => (false, None),
                };
                let object = self.describe_object(state, range.object);
                self.observations.dereference(self.at, state, object, write, via);
                return;
            }
            if memory.is_none() {
                self.objects.info_mut(range.object).host_by_use = true;
            }
        }
        self.reads_combined(state, range, &access);
        let writes = releases || matches!(access, Access::HostWrite { .. });
        self.waits_see_touch(state, range, writes);
        match &access {
            Access::HostRead { as_result: false, .. } => self.promise_is_read(state, range.object),
            _ => self.promise_may_be_kept(state, Some(range.object)),
        }
        if let Access::Release(how) = &access {
            self.captured_memory_ends(state, range, how);
        }
        if state.pending.is_empty() {
            return;
        }
        let writes = releases || matches!(access, Access::HostWrite { .. });
        let ends = self.ends_with(state, range, &access, owner);
        let root = self.objects.root(range.object);
        let is_talk = !releases
            && state.pending.iter().any(|it| it.kind == WorkKind::HostFunction)
            && self.may_be_talk(root);
        let hits: Vec<(usize, Overlap, bool, bool)> = state
            .pending
            .iter()
            .enumerate()
            // Memory may be released before its allocation is reached: the host has its address.
            .filter(|(_, operation)| operation.kind != WorkKind::Allocation)
            .filter(|(_, operation)| !(is_talk && operation.kind == WorkKind::HostFunction))
            .filter_map(|(index, operation)| {
                operation
                    .accesses
                    .iter()
                    .filter(|it| it.write || writes)
                    // What a host function is only presumed to reach, it is not presumed to read now.
                    .filter(|it| releases || !it.assumed || operation.kind != WorkKind::HostFunction)
                    .filter(|it| self.objects.root(it.range.object) == root)
                    .map(|it| (it, overlap(&it.range, range, |a, b| self.objects.record_in(a, b))))
                    .filter(|(_, overlap)| *overlap != Overlap::None)
                    .max_by_key(|(_, overlap)| *overlap == Overlap::Proven)
                    .map(|(it, overlap)| (index, overlap, it.write, it.assumed))
            })
            .collect();
        if hits.is_empty() && !releases {
            self.meets_kernel(state, range, &access);
        }
        // All are noted before one is marked: which of them matters most is for the rules to say.
        let hits: Vec<_> =
            hits.into_iter().map(|(index, a, b, c)| (state.pending[index].clone(), a, b, c)).collect();
        for (operation, overlap, writes, assumed) in hits {
            let second = Second::Host(range, &access);
            let about = About { overlap, exclusive: false, writes, assumed, ends, forgotten: None };
            self.note_conflict(state, &operation, second, access.clone(), about);
            let is_clear = overlap == Overlap::Proven && operation.doubts.is_empty();
            if !operation.reported && is_clear && !self.is_staged(state, &operation, range, releases) {
                self.mark_reported(state, &operation, releases);
            }
        }
    }

    /// True for memory through which the host and a host function may agree on who uses what: static storage,
    /// and what holds a lock or an atomic.
    fn may_be_talk(&self, object: ObjectId) -> bool {
        if self.objects.info(object).origin == facts::Origin::Static {
            return true;
        }
        let program = self.shared.program;
        let mut records: Vec<_> = self.objects.record(object).into_iter().collect();
        let mut next = 0;
        while let Some(id) = records.get(next).copied().filter(|_| next < TALK) {
            next += 1;
            let record = &program.records[id.0 as usize];
            if LOCKS.iter().any(|lock| record.name.contains(lock)) {
                return true;
            }
            records.extend(record.fields.iter().filter_map(|(_, ty)| match ty.kind {
                TypeKind::Record(id) => Some(id),
                _ => None,
            }));
        }
        false
    }

    /// A `volatile` place is read: where a host function has it, to poll it is a wait (A8). Of a kernel or copy that
    /// writes it, how much is done is between the program and the device.
    pub(super) fn polls(&mut self, state: &mut State, place: &Value) {
        let Some(pointer) = self.pointer(place) else { return };
        let root = self.objects.root(pointer.object);
        let streams: Vec<StreamKey> = state
            .pending
            .iter()
            .filter(|it| it.kind == WorkKind::HostFunction)
            .filter(|it| it.accesses.iter().any(|access| self.objects.root(access.range.object) == root))
            .map(|it| it.stream)
            .collect();
        for stream in streams {
            self.host_sees(state, Point::Tail(stream));
        }
        let objects = &self.objects;
        let writes = |it: &Operation| {
            it.accesses.iter().any(|access| access.write && objects.root(access.range.object) == root)
        };
        if state.pending.iter().any(|it| !it.reported && writes(it)) {
            state.pending_mut().iter_mut().filter(|it| writes(it)).for_each(|it| it.reported = true);
        }
    }

    /// One missing wait, one diagnostic: what the same wait would have completed is not blamed again.
    pub(super) fn mark_reported(&mut self, state: &mut State, operation: &Operation, released: bool) {
        let position = state.pending.iter().position(|it| it.id == operation.id);
        for (index, other) in state.pending_mut().iter_mut().enumerate() {
            let earlier = position.is_some_and(|position| index <= position);
            if other.id == operation.id || (other.stream == operation.stream && (earlier || released)) {
                other.reported = true;
            }
        }
    }

    /// Notes a conflict, with its witness if it is news.
    pub(super) fn note_conflict(
        &mut self,
        state: &State,
        operation: &Operation,
        second: Second<'_>,
        access: Access,
        About { overlap, exclusive, writes, assumed, ends, forgotten }: About,
    ) {
        let is_device = matches!(access, Access::Device(_));
        let object = second.object();
        let mut pending = self.describe_work(operation, writes, assumed);
        pending.lent = self.why_untracked(state, object, pending.lent, operation.stream);
        let seen = ConflictSeen {
            pending,
            object: self.describe_object(state, object),
            access,
            overlap: overlap == Overlap::Proven,
            exclusive,
            ends,
            forgotten,
            doubts: (*operation.doubts).clone(),
            undocumented_wait: operation.undocumented_wait.clone(),
            no_waits: (*operation.no_waits).clone(),
            again: operation.reported && !is_device,
        };
        // Traces know no platform: what only some platforms forbid has none.
        if let Some(news) = self.observations.conflict(self.at, state, seen)
            && !exclusive
        {
            let witness = self.witness(state, operation, second);
            self.observations.explain(news, witness);
        }
    }

    /// Work is enqueued: conflicts with work that does not happen before it, then it is pending.
    pub(super) fn enqueue(&mut self, state: &mut State, mut operation: Operation) {
        operation.device = self.device_of_stream(state, operation.stream);
        self.work_uses(state, &operation);
        let promised = self.promised_by(state, &operation);
        self.work_writes(state, &operation);
        if self.node_takes(state, &operation) {
            self.promise(state, promised, &operation);
            return;
        }
        self.waits_see_work(state, &operation);
        self.rounds_see_work(state);
        if self.capture_takes(state, &operation) {
            self.promise(state, promised, &operation);
            return;
        }
        self.promises_are_kept_by(state, &operation);
        if self.is_unguarded(state, &operation.accesses) {
            operation.lent = Lent::Unguarded;
        }
        self.streams_get(state, &operation);
        self.both_reach(state, operation.stream);
        for index in 0..state.pending.len() {
            let other = state.pending[index].clone();
            if other.cover.contains(Point::Tail(operation.stream))
                || !self.streams().are_distinct(other.stream, operation.stream)
            {
                self.note_order(&other, &operation);
                if forgotten::is_unproven(&other, operation.stream)
                    && let Some(which) = self.forgotten(&other, &operation)
                    && self.compare(state, &state.pending, [&other, &operation], Some(which), None)
                {
                    self.note_stream_in_question(&other, &operation, which);
                }
                continue;
            }
            if self.compare(state, &state.pending, [&other, &operation], None, None)
                && other.kind == WorkKind::Allocation
            {
                // What was used too early is freed too early as well, which says nothing new.
                state.pending_mut()[index].reported = true;
            }
        }
        state.history.push(self.at.site, DeedKind::Enqueue(operation.clone()));
        operation.cover.insert(Point::Tail(operation.stream));
        operation.proven.insert(Point::Tail(operation.stream));
        let pending = state.pending_mut();
        // The same step in the same turn of its loops: it takes the place of its predecessor.
        pending.retain(|other| other.id != operation.id);
        pending.push(operation);
        if pending.len() > PENDING {
            pending.remove(0);
            self.forgets_work = true;
        }
    }

    /// Notes a conflict of two operations that nothing orders; true if there is one. `siblings`: what may share the
    /// work out with them. `forgotten`: nothing but the barrier, if the stream of the other takes part in it.
    /// `launched`: they are nodes of one graph.
    pub(super) fn compare(
        &mut self,
        state: &State,
        siblings: &[Operation],
        [other, operation]: [&Operation; 2],
        forgotten: Option<facts::Forgotten>,
        launched: Option<Launched>,
    ) -> bool {
        let mut best: Option<(Overlap, &DeviceAccess, &DeviceAccess)> = None;
        for theirs in other.accesses.iter() {
            for ours in operation.accesses.iter().filter(|ours| ours.write || theirs.write) {
                let found = overlap(&theirs.range, &ours.range, |a, b| self.objects.record_in(a, b));
                if found == Overlap::Proven || (found == Overlap::Unproven && best.is_none()) {
                    best = Some((found, theirs, ours));
                }
                if found == Overlap::Proven {
                    break;
                }
            }
        }
        let Some((mut found, theirs, ours)) = best else { return false };
        let buffer = ours.range.object;
        if [other, operation].iter().any(|it| self.varies_by_stream(siblings, it, buffer)) {
            found = Overlap::Unproven;
        }
        // Kernels that share memory which the host can reach too are often meant to talk through it.
        let shared = self.memory_kind(state, ours.range.object).is_some_and(|memory| !memory.is_device());
        if shared && theirs.assumed && ours.assumed {
            found = Overlap::Unproven;
        }
        let work = self.describe_work(operation, ours.write, ours.assumed);
        let second = match launched {
            Some(launched) => Second::InGraph(operation, &ours.range, launched),
            None => Second::Device(operation, &ours.range),
        };
        let about = About {
            overlap: found,
            exclusive: false,
            writes: theirs.write,
            assumed: theirs.assumed,
            ends: None,
            forgotten,
        };
        self.note_conflict(state, other, second, Access::Device(work), about);
        found == Overlap::Proven
    }

    /// True if an operation is a launch that has a sibling on another stream with other scalar arguments
    /// and the same buffer: each may work on a part of its own (`kernel<<<…, stream[i]>>>(data, i * chunk)`).
    fn varies_by_stream(&self, siblings: &[Operation], operation: &Operation, buffer: ObjectId) -> bool {
        let buffer = self.objects.root(buffer);
        operation.kind == WorkKind::Kernel
            && siblings.iter().any(|sibling| {
                sibling.kind == WorkKind::Kernel
                    && sibling.name == operation.name
                    && sibling.stream != operation.stream
                    && sibling.scalars != operation.scalars
                    && sibling.accesses.iter().any(|it| self.objects.root(it.range.object) == buffer)
            })
    }

    /// True if two streams are provably different ones.
    pub(super) fn are_distinct(&self, a: StreamKey, b: StreamKey) -> bool {
        a != b && !matches!(a, StreamKey::Unseen(_)) && !matches!(b, StreamKey::Unseen(_))
    }

    /// The host has seen a point complete.
    pub(super) fn host_sees(&mut self, state: &mut State, point: Point) {
        self.records_complete(state, point);
        self.waits_see_wait(state, Some(point));
        if state.pending.is_empty() {
            return;
        }
        if point == Point::Tail(StreamKey::Legacy) {
            self.both_reach(state, StreamKey::Legacy);
        }
        self.note_callers_wait(state, |operation| operation.cover.contains(point));
        happens_before::complete(state.pending_mut(), point);
        if state.pending.is_empty() {
            return;
        }
        // What is still pending may be complete all the same, if the thing waited for is not known.
        let site = self.at.site;
        let streams = self.streams();
        let escaped = |object: u32| state.object(ObjectId(object)).is_some_and(|it| it.escaped);
        let may_cover = |operation: &Operation| {
            operation.cover.points().iter().any(|theirs| match (point, theirs) {
                (Point::Tail(a), Point::Tail(b)) if streams.are_distinct(a, *b) => false,
                (Point::Tail(StreamKey::Unseen(_)), Point::Tail(StreamKey::Unseen(_)))
                | (Point::Event(EventKey::Unseen(_)), Point::Event(EventKey::Unseen(_))) => true,
                (Point::Tail(StreamKey::Unseen(_)), Point::Tail(StreamKey::Created(object)))
                | (Point::Event(EventKey::Unseen(_)), Point::Event(EventKey::Created(object))) => {
                    escaped(*object)
                }
                // A handle that is set up out of sight may carry a stream that was handed out.
                (Point::Tail(StreamKey::Created(object)), Point::Tail(StreamKey::Unseen(_))) => {
                    escaped(object)
                }
                (Point::Tail(StreamKey::PerThread), Point::Tail(StreamKey::Unseen(_))) => true,
                // An event whose record is out of sight may stand for this work.
                (Point::Event(EventKey::Unseen(_)), Point::Tail(_)) => !self.is_recorded_here(state, point),
                _ => false,
            })
        };
        let doubtful: Vec<usize> = state
            .pending
            .iter()
            .enumerate()
            .filter(|(_, it)| may_cover(it))
            .map(|(index, _)| index)
            .collect();
        let text = match point {
            Point::Tail(_) => "this waits for a stream that may be the same",
            Point::Event(_) => "this waits for an event that may stand for the same work",
        };
        for index in 0..state.pending.len() {
            let doubt = doubtful.contains(&index);
            let operation = &mut state.pending_mut()[index];
            if doubt {
                add_note(&mut operation.doubts, site, text);
            } else if let Point::Tail(_) = point {
                add_note(&mut operation.no_waits, site, "this waits for another stream");
            }
        }
    }

    fn is_recorded_here(&self, state: &State, point: Point) -> bool {
        state.pending.iter().any(|operation| operation.cover.contains(point))
    }

    /// The host waits for everything on the device.
    pub(super) fn host_sees_device(&mut self, state: &mut State) {
        self.all_complete(state);
        self.waits_see_wait(state, None);
        if !state.pending.is_empty() {
            self.note_callers_wait(state, |_| true);
            state.pending = Rc::default();
        }
    }

    /// An event is recorded.
    pub(super) fn record(&mut self, state: &mut State, event: EventKey, stream: StreamKey) {
        self.event_recorded(state, event, stream);
        if self.capture_records(state, event, stream) {
            return;
        }
        state.history.push(self.at.site, DeedKind::Record(event, stream));
        self.both_record(state, event, stream);
    }

    /// A stream waits for an event.
    pub(super) fn stream_waits(&mut self, state: &mut State, stream: StreamKey, event: EventKey) {
        self.event_awaited(state, event, &Waited::Stream(stream));
        self.stream_got_event(state, stream, event);
        state.history.push(self.at.site, DeedKind::StreamWait(stream, event));
        state.both_wait(stream, event);
        // An event of unknown origin may stand for any work.
        if matches!(event, EventKey::Unseen(_)) && !self.is_recorded_here(state, Point::Event(event)) {
            self.doubt_all(state, "a stream waits for an event whose record is out of sight");
        }
    }

    /// Whatever is pending may be complete.
    pub(super) fn doubt_all(&mut self, state: &mut State, text: &str) {
        let site = self.at.site;
        self.records_may_be_complete(state);
        if state.pending.is_empty() {
            return;
        }
        for operation in state.pending_mut() {
            add_note(&mut operation.doubts, site, text);
        }
    }

    /// A call that is measured to wait for the device, which nothing documents.
    pub(super) fn may_wait(&mut self, state: &mut State, function: &str) {
        let note =
            Note { site: self.at.site, text: format!("`{function}` happens to wait for the device today") };
        self.records_may_be_complete(state);
        if state.pending.is_empty() {
            return;
        }
        for operation in state.pending_mut() {
            operation.undocumented_wait.get_or_insert_with(|| note.clone());
        }
    }

    /// A call that looks like a wait and is none.
    pub(super) fn is_no_wait(&mut self, state: &mut State, text: &str) {
        let site = self.at.site;
        if state.pending.is_empty() {
            return;
        }
        for operation in state.pending_mut() {
            add_note(&mut operation.no_waits, site, text);
        }
    }

    /// Memory is freed in stream order: work that does not happen before the free conflicts with it.
    pub(super) fn free_in_order(
        &mut self,
        state: &mut State,
        object: ObjectId,
        stream: StreamKey,
        function: &str,
    ) {
        self.both_reach(state, stream);
        let mut used = false;
        // The latest use first, the allocation last: where a use is missed, that is what matters.
        let is_allocation = |index: &usize| state.pending[*index].kind == WorkKind::Allocation;
        let (allocations, uses): (Vec<_>, Vec<_>) = (0..state.pending.len()).rev().partition(is_allocation);
        for index in uses.into_iter().chain(allocations) {
            let other = state.pending[index].clone();
            if used && other.kind == WorkKind::Allocation {
                continue;
            }
            let touches = other
                .accesses
                .iter()
                .find(|it| self.objects.root(it.range.object) == self.objects.root(object));
            if let Some(access) = touches
                && !other.reported
                && !other.cover.contains(Point::Tail(stream))
                && self.streams().are_distinct(other.stream, stream)
            {
                let how = ReleaseKind::Call(FreeWith::CudaFreeAsync, function.to_owned());
                let about = About {
                    overlap: Overlap::Proven,
                    exclusive: false,
                    writes: access.write,
                    assumed: access.assumed,
                    ends: None,
                    forgotten: None,
                };
                used = true;
                let second = Second::FreeInOrder(&access.range, stream);
                self.note_conflict(state, &other, second, Access::Release(how), about);
            }
        }
    }
}

/// Adds a note, once a place.
pub(super) fn add_note(notes: &mut Rc<Vec<Note>>, site: crate::program::SiteId, text: &str) {
    if notes.len() < 8 && !notes.iter().any(|note| note.site == site) {
        Rc::make_mut(notes).push(Note { site, text: text.to_owned() });
    }
}
