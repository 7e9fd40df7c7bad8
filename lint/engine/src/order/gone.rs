//! What was released or destroyed on a path, and its uses afterwards.
//!
//! Memory and handles are the same only if they are the same object, or the same unknown value. An unknown
//! value that was released in one turn of a loop is not blamed in another: something out of sight may have
//! changed it in between.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::choices::By;
use super::happens_before::{EventKey, StreamKey};
use super::machine::Machine;
use super::model::Modelled;
use super::object::{FrameId, ObjectId, ObjectKey};
use super::observations::LateUseSeen;
use super::state::{Operation, State};
use super::value::Value;
use crate::cuda::row::{Effect, FreeWith, MemoryKind, Role};
use crate::facts::{Call, Gone, LateUse, ReleaseKind};
use crate::program::SiteId;

/// What is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// Memory.
    Memory(ObjectId),
    /// A stream.
    Stream(StreamKey),
    /// An event.
    Event(EventKey),
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    site: SiteId,
    how: Option<ReleaseKind>,
    stream: Option<StreamKey>,
    /// The turns of the loops around it.
    turns: Vec<(FrameId, u32)>,
    /// What a function that was called has chosen by to end it, that the path does not know.
    chosen_by: Option<By>,
}

/// Everything that has ended on a path.
pub type Ends = Rc<BTreeMap<Thing, End>>;

fn turns(state: &State) -> Vec<(FrameId, u32)> {
    state.frames.iter().map(|frame| (frame.id, frame.turn(|_| true))).collect()
}

impl Machine<'_, '_> {
    /// True for memory that the path has released.
    pub(super) fn is_gone(&self, state: &State, object: ObjectId) -> bool {
        state.gone.contains_key(&Thing::Memory(self.objects.root(object)))
    }

    /// True for memory of which CUDA knows nothing any more, since the path has freed it. What is freed in the order of
    /// a stream stays known until its turn.
    pub(super) fn is_unregistered(&self, state: &State, object: ObjectId) -> bool {
        let thing = Thing::Memory(self.objects.root(object));
        state
            .gone
            .get(&thing)
            .is_some_and(|end| end.stream.is_none() && self.is_same_thing(state, thing, end))
    }

    /// Memory is released by one of CUDA's functions. A second release is noted.
    pub(super) fn memory_ends(
        &mut self,
        state: &mut State,
        object: ObjectId,
        how: &ReleaseKind,
        stream: Option<StreamKey>,
    ) {
        let ReleaseKind::Call(with, _) = how else { return };
        let own = matches!(
            with,
            FreeWith::CudaFree | FreeWith::CudaFreeAsync | FreeWith::CudaFreeHost | FreeWith::CudaFreeArray
        );
        if !own || self.objects.root(object) != object || self.is_variable(object) {
            return;
        }
        // `if (overflow.find(p) != overflow.end()) cudaFree(p);`: the table holds what was allocated apart, which memory
        // that the path has not seen allocated may be, or not.
        let chosen =
            !self.is_made(Thing::Memory(object)) && self.is_examined(state, Some(&self.start_of(object)));
        if chosen {
            return;
        }
        let described = stream.map(|stream| self.describe_stream(stream));
        self.used_late(state, Thing::Memory(object), || LateUse::Release(how.clone(), described));
        self.end(state, Thing::Memory(object), Some(how.clone()), stream);
    }

    fn end(&self, state: &mut State, thing: Thing, how: Option<ReleaseKind>, stream: Option<StreamKey>) {
        let chosen_by = self.chosen_here(state);
        let end = End { site: self.at.site, how, stream, turns: turns(state), chosen_by };
        Rc::make_mut(&mut state.gone).entry(thing).or_insert(end);
    }

    /// Something comes into being where something of the same name may have been before.
    pub(super) fn begins(&self, state: &mut State, object: ObjectId) {
        for thing in [
            Thing::Memory(object),
            Thing::Stream(StreamKey::Created(object.0)),
            Thing::Event(EventKey::Created(object.0)),
        ] {
            if state.gone.contains_key(&thing) {
                Rc::make_mut(&mut state.gone).remove(&thing);
            }
        }
    }

    /// A graph is launched: its allocation nodes give memory back, at the same addresses (CUDA Programming
    /// Guide, Graph Memory Nodes). Such memory is stream-ordered, or its allocation is not seen.
    pub(super) fn graph_may_allocate(&self, state: &mut State) {
        let stays = |thing: &Thing| match thing {
            Thing::Memory(object) => {
                self.is_made(*thing)
                    && self.memory_kind(state, *object) != Some(MemoryKind::DeviceStreamOrdered)
            }
            Thing::Stream(_) | Thing::Event(_) => true,
        };
        let gone: Vec<Thing> = state.gone.keys().filter(|thing| !stays(thing)).copied().collect();
        for thing in gone {
            Rc::make_mut(&mut state.gone).remove(&thing);
        }
    }

    /// Work is enqueued: on which stream, with what.
    pub(super) fn work_uses(&mut self, state: &State, operation: &Operation) {
        if state.gone.is_empty() {
            return;
        }
        let bare = self.describe_work(operation, false, false);
        self.used_late(state, Thing::Stream(operation.stream), || LateUse::Work(bare));
        let mut seen = Vec::new();
        for access in operation.accesses.iter() {
            let object = self.objects.root(access.range.object);
            if !seen.contains(&object) {
                seen.push(object);
                let work = self.describe_work(operation, access.write, access.assumed);
                self.used_late(state, Thing::Memory(object), || LateUse::Work(work));
            }
        }
    }

    /// A call that enqueues no work: what it is handed, and what it destroys.
    pub(super) fn call_uses(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let has = |effect: Effect| it.row.effects.contains(&effect);
        let stream = it.arg(Role::Stream).cloned().map(|value| self.handle_key(&value));
        let event = it.arg(Role::Event).cloned();
        if state.gone.is_empty() && !has(Effect::DestroyStream) && !has(Effect::DestroyEvent) {
            return;
        }
        let call = match () {
            () if has(Effect::DestroyStream) || has(Effect::DestroyEvent) => Call::Destroys,
            () if has(Effect::HostWaitsForStream) || has(Effect::HostWaitsForEvent) => Call::Waits,
            () if has(Effect::QueriesStream) || has(Effect::QueriesEvent) => Call::Queries,
            () if has(Effect::Record) => Call::Records,
            () if has(Effect::StreamWaitsForEvent) => Call::StreamWaits,
            () => Call::Other,
        };
        let name = it.shown().to_owned();
        let known = |value: &Value| value.as_constant().is_none();
        let event = event.filter(known).map(|value| Thing::Event(self.event_key(&value)));
        let stream = stream.flatten().map(Thing::Stream);
        // Other calls with a stream enqueue work, which is looked at there.
        if call != Call::Other {
            for thing in stream.into_iter().chain(event) {
                self.used_late(state, thing, || LateUse::Call(name.clone(), call));
            }
        }
        if has(Effect::DestroyStream)
            && let Some(stream) = stream
        {
            self.end(state, stream, None, None);
        }
        if has(Effect::DestroyEvent)
            && let Some(event) = event
        {
            self.end(state, event, None, None);
        }
    }

    /// The stream that a value is, unless it is one of those that always exist.
    fn handle_key(&mut self, value: &Value) -> Option<StreamKey> {
        if value.as_constant().is_some() {
            return None;
        }
        Some(self.stream_key(Some(value)))
    }

    /// Notes that something is used, if it is gone on this path.
    fn used_late(&mut self, state: &State, thing: Thing, by: impl FnOnce() -> LateUse) {
        let Some(end) = state.gone.get(&thing) else { return };
        // What was done because a call has failed is not how the program is meant.
        if state.failed || !self.is_same_thing(state, thing, end) {
            return;
        }
        let what = match thing {
            Thing::Memory(object) => {
                let Some(how) = end.how.clone() else { return };
                let stream = end.stream.map(|stream| self.describe_stream(stream));
                Gone::Memory(self.describe_object(state, object), how, stream)
            }
            Thing::Stream(stream) => Gone::Stream(self.describe_stream(stream)),
            Thing::Event(EventKey::Created(object)) => {
                Gone::Event(self.objects.info(ObjectId(object)).name.clone())
            }
            Thing::Event(EventKey::Unseen(symbol)) => Gone::Event(self.symbol_name(symbol)),
        };
        let by = by();
        // `if (--*owners <= 0) free(d);`, `if (first_is_ready) free(d);` and `if (second_is_ready) free(d);` in
        // functions that were called: what holds there is known to whoever keeps the numbers, and the path has not even
        // seen what is freed made.
        let is_doubtful = !self.is_made(thing)
            && match by {
                LateUse::Release(..) => end.chosen_by.is_some() && self.is_by_choice(state),
                _ => end.chosen_by == Some(By::Number),
            };
        let seen = LateUseSeen { what, ended_at: end.site, by };
        self.observations.late_use(self.at, state, seen, is_doubtful);
    }

    /// True for what the path has made itself.
    fn is_made(&self, thing: Thing) -> bool {
        let made = |object: ObjectId| matches!(self.objects.info(object).key, ObjectKey::Made { .. });
        match thing {
            Thing::Memory(object) => made(object),
            Thing::Stream(StreamKey::Created(object)) | Thing::Event(EventKey::Created(object)) => {
                made(ObjectId(object))
            }
            Thing::Stream(_) | Thing::Event(EventKey::Unseen(_)) => false,
        }
    }

    /// True if what ended there is what is used here.
    fn is_same_thing(&self, state: &State, thing: Thing, end: &End) -> bool {
        if matches!(thing, Thing::Stream(StreamKey::Legacy | StreamKey::PerThread)) {
            return false;
        }
        let now = turns(state);
        let common = now.iter().zip(&end.turns).take_while(|(a, b)| a.0 == b.0);
        self.is_made(thing) || common.into_iter().all(|(a, b)| a.1 == b.1)
    }
}
