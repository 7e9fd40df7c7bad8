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
use super::symbol::{Sym, SymKey};
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
    /// A graph, or what was instantiated of one.
    Graph(EventKey),
    /// A module or library of kernels.
    Module(EventKey),
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was destroyed by itself.
    Destroyed,
    /// Memory was released, and in the order of which stream, if in one's.
    Released(ReleaseKind, Option<StreamKey>),
    /// Its device or context went, by this function.
    Reset(Rc<str>),
}

/// The end of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    site: SiteId,
    cause: Cause,
    /// The turns of the loops around it.
    turns: Vec<(FrameId, u32)>,
    /// What a function that was called has chosen by to end it, that the path does not know.
    chosen_by: Option<By>,
}

impl End {
    /// True for memory that is there until a stream gets to it.
    const fn is_in_order(&self) -> bool {
        matches!(self.cause, Cause::Released(_, Some(_)))
    }
}

/// Which of the operands of a symbol that a call hands out is the module that it belongs to.
pub(super) const MODULE: usize = 2;

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
        state.gone.get(&thing).is_some_and(|end| !end.is_in_order() && self.is_same_thing(state, thing, end))
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
        self.end(state, Thing::Memory(object), Cause::Released(how.clone(), stream));
    }

    pub(super) fn end(&self, state: &mut State, thing: Thing, cause: Cause) {
        let chosen_by = self.chosen_here(state);
        let end = End { site: self.at.site, cause, turns: turns(state), chosen_by };
        Rc::make_mut(&mut state.gone).entry(thing).or_insert(end);
    }

    /// Something comes into being where something of the same name may have been before.
    pub(super) fn begins(&self, state: &mut State, object: ObjectId) {
        for thing in [
            Thing::Memory(object),
            Thing::Stream(StreamKey::Created(object.0)),
            Thing::Event(EventKey::Created(object.0)),
            Thing::Graph(EventKey::Created(object.0)),
        ] {
            self.is_back(state, thing);
        }
    }

    /// The same of a module that a call hands out.
    pub(super) fn module_begins(&mut self, state: &mut State, module: &Value) {
        let module = Thing::Module(self.event_key(module));
        self.is_back(state, module);
    }

    fn is_back(&self, state: &mut State, thing: Thing) {
        if state.gone.contains_key(&thing) {
            Rc::make_mut(&mut state.gone).remove(&thing);
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
            Thing::Stream(_) | Thing::Event(_) | Thing::Graph(_) | Thing::Module(_) => true,
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

    /// A call: what it is handed that is no memory and no stream of work, and what it destroys.
    pub(super) fn call_uses(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let has = |effect: Effect| it.row.effects.contains(&effect);
        let destroys = it.row.effects.iter().any(Effect::destroys);
        if state.gone.is_empty() && !destroys {
            return;
        }
        let call = match () {
            () if destroys => Call::Destroys,
            () if has(Effect::HostWaitsForStream) || has(Effect::HostWaitsForEvent) => Call::Waits,
            () if has(Effect::QueriesStream) || has(Effect::QueriesEvent) => Call::Queries,
            () if has(Effect::Record) => Call::Records,
            () if has(Effect::StreamWaitsForEvent) => Call::StreamWaits,
            () if has(Effect::BeginsCapture) => Call::Captures,
            () if has(Effect::LaunchesGraph) => Call::Launches,
            () if has(Effect::MeasuresEvents) => Call::Measures,
            () => Call::Other,
        };
        let name = it.shown().to_owned();
        let mut used: Vec<Thing> = Vec::new();
        // Other calls with a stream enqueue work, which is looked at there.
        if !matches!(call, Call::Other | Call::Launches) {
            let stream = it.arg(Role::Stream).cloned().and_then(|value| self.handle_key(&value));
            used.extend(stream.map(Thing::Stream));
            used.extend(self.keys(it, Role::Event).into_iter().map(Thing::Event));
        }
        for role in [Role::Graph, Role::FromGraph] {
            used.extend(self.keys(it, role).into_iter().map(Thing::Graph));
        }
        used.extend(self.keys(it, Role::Module).into_iter().map(Thing::Module));
        for thing in &used {
            self.used_late(state, *thing, || LateUse::Call(name.clone(), call));
        }
        if let Some(module) = it.arg(Role::Kernel).cloned().and_then(|kernel| self.module_of(&kernel)) {
            self.used_late(state, module, || LateUse::Call(name.clone(), call));
        }
        let ends = |thing: &Thing| match thing {
            Thing::Memory(_) => false,
            Thing::Stream(_) => has(Effect::DestroyStream),
            Thing::Event(_) => has(Effect::DestroyEvent),
            Thing::Graph(_) => has(Effect::DestroyGraph),
            Thing::Module(_) => has(Effect::DestroyModule),
        };
        for thing in used.into_iter().filter(ends) {
            self.end(state, thing, Cause::Destroyed);
        }
    }

    /// What the arguments with a role are, unless they are null or another constant.
    fn keys(&mut self, it: &Modelled<'_, '_>, role: Role) -> Vec<EventKey> {
        let values: Vec<Value> = it.args(role).filter(|it| it.as_constant().is_none()).cloned().collect();
        values.iter().map(|value| self.event_key(value)).collect()
    }

    /// The module that a kernel was taken from, if the path has seen that.
    fn module_of(&mut self, kernel: &Value) -> Option<Thing> {
        let Value::Number(number) = kernel else { return None };
        let SymKey::Opaque { operands, .. } = self.symbols.key(number.as_symbol()?) else { return None };
        let module = operands.get(MODULE).cloned()?;
        Some(Thing::Module(self.event_key(&module)))
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
        let reset_by = match &end.cause {
            Cause::Reset(_) if self.is_in_destructor() => return,
            Cause::Reset(function) => Some(function.to_string()),
            _ => None,
        };
        let what = match (thing, &end.cause) {
            (Thing::Memory(object), Cause::Released(how, stream)) => {
                let stream = stream.map(|stream| self.describe_stream(stream));
                Gone::Memory(self.describe_object(state, object), how.clone(), stream)
            }
            (Thing::Memory(object), _) => Gone::Lost(self.describe_object(state, object)),
            (Thing::Stream(stream), _) => Gone::Stream(self.describe_stream(stream)),
            (Thing::Event(event), _) => Gone::Event(self.name_of(event)),
            (Thing::Graph(graph), _) => Gone::Graph(self.name_of(graph)),
            (Thing::Module(module), _) => Gone::Module(self.name_of(module)),
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
        let seen = LateUseSeen { what, ended_at: end.site, reset_by, by };
        self.observations.late_use(self.at, state, seen, is_doubtful);
    }

    fn name_of(&self, handle: EventKey) -> String {
        match handle {
            EventKey::Created(object) => self.objects.info(ObjectId(object)).name.clone(),
            EventKey::Unseen(symbol) => self.symbol_name(symbol),
        }
    }

    /// True for what the path has made itself.
    fn is_made(&self, thing: Thing) -> bool {
        let made = |object: ObjectId| matches!(self.objects.info(object).key, ObjectKey::Made { .. });
        match thing {
            Thing::Memory(object) => made(object),
            Thing::Stream(StreamKey::Created(object))
            | Thing::Event(EventKey::Created(object))
            | Thing::Graph(EventKey::Created(object)) => made(ObjectId(object)),
            // What a call has handed out is another in each turn.
            Thing::Module(EventKey::Unseen(module)) => {
                matches!(self.symbols.key(Sym(module)), SymKey::Opaque { .. })
            }
            Thing::Stream(_) | Thing::Event(_) | Thing::Graph(_) | Thing::Module(_) => false,
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
