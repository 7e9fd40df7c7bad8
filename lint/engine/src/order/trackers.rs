//! What keeps account of a library's event tracking: cudarc's contexts, each with its mode and the streams it owns.
//!
//! A context that a path has not seen made says nothing, and then uses count as recorded, which accuses nobody. The
//! account lies in fields of the context that no program can name, so that it is lost where something unseen gets
//! the context.

use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectInfo, ObjectKey};
use super::state::State;
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, MemoryKind, Outcome, Role};
use crate::facts::{Lent, Origin};

/// The field of a stream that holds its context.
const CONTEXT: &str = "<context>";
/// The fields of a context that are its default streams.
const LEGACY: &str = "<default stream>";
const PER_THREAD: &str = "<per-thread stream>";
/// What the per-thread stream is in another thread.
const IN_THREAD: &str = "<per-thread stream in another thread>";
/// The fields of a context that keep account.
const MODE: &str = "<event tracking>";
const OWNED: &str = "<owned streams>";
const DEVICE: &str = "<device>";
const APART: &str = "<apart>";

/// What holds the number of the thread that runs, where it is not the one that runs the function.
const THREAD: &str = "<thread>";

/// What holds the mode of contexts that are not seen, once a program has switched tracking off anywhere.
const ANY: &str = "<event tracking>";

/// Whether uses are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    /// They are.
    On = 1,
    /// It was switched off.
    Off = 2,
    /// No stream was owned yet.
    OneStream = 3,
    /// The last owned stream is gone.
    StreamsGone = 4,
}

/// The field that makes an object a default stream.
pub(super) enum DefaultStreamOf {
    /// The legacy one.
    Legacy,
    /// The calling thread's.
    PerThread,
}

impl Machine<'_, '_> {
    /// A context is made: it owns no stream.
    pub(super) fn counts_streams(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        effect: Effect,
        result: Option<&Value>,
    ) {
        let Some(context) = result.and_then(|value| self.pointer(value)) else { return };
        let context = context.object;
        self.set_account(state, context, MODE, Value::int(Tracking::OneStream as i64));
        self.set_account(state, context, OWNED, Value::ZERO);
        if effect == Effect::CountsStreamsApart {
            self.set_account(state, context, APART, Value::int(1));
        }
        if let Some(device) = it.arg(Role::Device).cloned() {
            self.set_account(state, context, DEVICE, device);
        }
    }

    /// What rows say of accounts.
    pub(super) fn keep_account(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        match effect {
            Effect::OwnsStream => {
                let context = self.tracker(state, it);
                let Some(made) = self.handed_out(state, it) else { return };
                let Some(context) = context else { return };
                let field = self.field_object(&made, CONTEXT);
                let cell = self.start_of(field);
                let held = Value::Pointer(self.start_of(context));
                self.poke(state, &cell, held, Some(8));
                self.count_streams(state, context, 1);
            }
            Effect::FirstStreamWaits => {
                let context = self.tracker(state, it);
                let owned = context.and_then(|context| self.account(state, context, OWNED));
                let is_off = self.tracking(state, context) == Some(Tracking::Off);
                match owned {
                    Some(0) if !is_off => self.host_waits(state, None),
                    Some(_) => {}
                    None if is_off => {}
                    None => {
                        self.doubt_all(state, &format!("`{}` waits if it makes the first stream", it.shown()))
                    }
                }
            }
            Effect::DisownsStream => {
                let stream = it.arg(Role::Stream).cloned();
                if let Some(context) = stream.and_then(|stream| self.context_of_stream(state, &stream)) {
                    self.count_streams(state, context, -1);
                }
            }
            Effect::EntersThread => {
                let Some(number) = it.arg(Role::Count).cloned() else { return };
                let cell = self.literal_object(THREAD);
                let cell = self.start_of(cell);
                self.poke(state, &cell, number, Some(8));
            }
            Effect::StopsTracking | Effect::StartsTracking => {
                let is_off = effect == Effect::StopsTracking;
                let mode = if is_off { Tracking::Off } else { Tracking::On };
                let any = self.literal_object(ANY);
                let any = self.start_of(any);
                self.poke(state, &any, Value::int(mode as i64), Some(8));
                let Some(context) = self.tracker(state, it) else { return };
                let mode = match self.account(state, context, OWNED) {
                    _ if is_off => mode,
                    Some(0) => Tracking::OneStream,
                    _ => Tracking::On,
                };
                self.set_account(state, context, MODE, Value::int(mode as i64));
            }
            _ => {}
        }
    }

    fn count_streams(&mut self, state: &mut State, context: ObjectId, more: i64) {
        let Some(owned) = self.account(state, context, OWNED) else { return };
        let owned = owned + more;
        self.set_account(state, context, OWNED, Value::int(owned));
        let mode = match self.mode(state, context) {
            Some(Tracking::Off) | None => return,
            Some(_) if owned > 0 => Tracking::On,
            Some(_) => Tracking::StreamsGone,
        };
        self.set_account(state, context, MODE, Value::int(mode as i64));
    }

    fn account_cell(&mut self, context: ObjectId, field: &str) -> Pointer {
        let start = self.start_of(context);
        let field = self.field_object(&start, field);
        self.start_of(field)
    }

    fn set_account(&mut self, state: &mut State, context: ObjectId, field: &str, value: Value) {
        let cell = self.account_cell(context, field);
        self.poke(state, &cell, value, Some(8));
    }

    fn account(&mut self, state: &State, context: ObjectId, field: &str) -> Option<i64> {
        let cell = self.account_cell(context, field);
        state.memory.get(&(cell.object, cell.offset)).and_then(Value::as_constant)
    }

    fn mode(&mut self, state: &State, context: ObjectId) -> Option<Tracking> {
        let mode = self.account(state, context, MODE)?;
        let all = [Tracking::On, Tracking::Off, Tracking::OneStream, Tracking::StreamsGone];
        all.into_iter().find(|it| *it as i64 == mode)
    }

    /// The mode of a context; of one that is not seen, whether the program has switched tracking off at all.
    pub(super) fn tracking(&mut self, state: &State, context: Option<ObjectId>) -> Option<Tracking> {
        if let Some(context) = context {
            return self.mode(state, context);
        }
        let any = self.literal_object(ANY);
        let any = self.start_of(any);
        let mode = state.memory.get(&(any.object, any.offset)).and_then(Value::as_constant);
        (mode == Some(Tracking::Off as i64)).then_some(Tracking::Off)
    }

    /// The address of what an `out:…` parameter was given.
    fn handed_out(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Pointer> {
        let at = it.row.params.iter().position(|param| matches!(param.role, Role::Out(_)))?;
        let place = it.call.args.get(at)?.clone();
        let place = self.pointer(&place)?;
        match self.peek(state, &place) {
            Value::Handle(object) => Some(self.start_of(object)),
            _ => None,
        }
    }

    /// The context that the argument for the account is, or was made with.
    fn tracker(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<ObjectId> {
        let value = it.arg(Role::Tracker)?.clone();
        if matches!(value, Value::Handle(_)) {
            return self.context_of_stream(state, &value);
        }
        self.pointer(&value).map(|pointer| pointer.object)
    }

    /// The context that a stream was made with, if that is seen.
    pub(super) fn context_of_stream(&mut self, state: &State, stream: &Value) -> Option<ObjectId> {
        let Value::Handle(object) = stream else { return None };
        if let ObjectKey::Field { parent, .. } = &self.objects.info(*object).key {
            return Some(*parent);
        }
        let start = self.start_of(*object);
        let key = ObjectKey::Field { parent: start.object, offset: start.offset, field: CONTEXT.to_owned() };
        let field = self.objects.find(&key)?;
        let cell = self.start_of(field);
        match state.memory.get(&(cell.object, cell.offset))? {
            Value::Pointer(context) => Some(context.object),
            _ => None,
        }
    }

    /// The context of memory: that of the stream that it carries.
    pub(super) fn context_of_memory(&mut self, state: &State, root: ObjectId) -> Option<ObjectId> {
        let memory = Value::Pointer(self.start_of(root));
        self.carried_stream(state, &memory)?;
        let stream = self.stream_in_handle(state, &memory);
        self.context_of_stream(state, &stream)
    }

    /// True if two contexts are known to be different ones of the driver.
    pub(super) fn are_contexts_apart(&mut self, state: &State, a: ObjectId, b: ObjectId) -> bool {
        let is_apart = |this: &mut Self, it| this.account(state, it, APART) == Some(1);
        let is_seen = |this: &mut Self, it| this.account(state, it, OWNED).is_some();
        if a == b || !is_seen(self, a) || !is_seen(self, b) {
            return false;
        }
        if is_apart(self, a) || is_apart(self, b) {
            return true;
        }
        let (one, other) = (self.account(state, a, DEVICE), self.account(state, b, DEVICE));
        one.zip(other).is_some_and(|(one, other)| one != other)
    }

    /// `default_stream()` and its kin: a part of the context.
    pub(super) fn default_stream_of_tracker(&mut self, state: &State, it: &Modelled<'_, '_>) -> Value {
        let (field, number) =
            if it.row.result == Outcome::LegacyStream { (LEGACY, 1) } else { (PER_THREAD, 2) };
        match self.tracker(state, it) {
            Some(context) => {
                let start = self.start_of(context);
                let stream = Value::Handle(self.field_object(&start, field));
                self.in_this_thread(state, stream)
            }
            None => Value::int(number),
        }
    }

    /// The number of the thread that runs, if it is not the one that runs the function.
    fn thread(&mut self, state: &State) -> Option<i64> {
        let cell = self.literal_object(THREAD);
        let cell = self.start_of(cell);
        let number = state.memory.get(&(cell.object, cell.offset)).and_then(Value::as_constant);
        number.filter(|it| *it != 0)
    }

    /// What a stream is to another thread: the same one, but for the per-thread default stream.
    pub(super) fn stream_in_thread(&mut self, state: &State, it: &Modelled<'_, '_>) -> Value {
        match it.arg(Role::Stream).cloned() {
            Some(stream) => self.in_this_thread(state, stream),
            None => self.fresh(state),
        }
    }

    /// What the per-thread default stream of whatever thread is to the one that runs: its own. Others stay.
    pub(super) fn in_this_thread(&mut self, state: &State, stream: Value) -> Value {
        let Value::Handle(object) = &stream else { return stream };
        let ObjectKey::Field { parent, offset, field } = &self.objects.info(*object).key else {
            return stream;
        };
        if field != PER_THREAD && !field.starts_with(IN_THREAD) {
            return stream;
        }
        let (parent, offset) = (*parent, offset.clone());
        let Some(thread) = self.thread(state) else {
            let start = Pointer { object: parent, offset };
            return Value::Handle(self.field_object(&start, PER_THREAD));
        };
        let field = format!("{IN_THREAD} {thread}");
        let key = ObjectKey::Field { parent, offset, field };
        let site = Some(self.at.site);
        let object = self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name: "the thread's default stream".to_owned(),
            origin: Origin::Unseen,
            memory: None,
            site,
            bytes: None,
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: Some(false),
        });
        Value::Handle(object)
    }

    fn is_per_thread(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::PerThread => true,
            StreamKey::Created(object) => matches!(
                &self.objects.info(ObjectId(object)).key,
                ObjectKey::Field { field, .. } if field.starts_with(IN_THREAD)
            ),
            _ => false,
        }
    }

    /// The default stream that an object is.
    pub(super) fn default_stream(&self, object: ObjectId) -> Option<DefaultStreamOf> {
        match &self.objects.info(object).key {
            ObjectKey::Field { field, .. } if field == LEGACY => Some(DefaultStreamOf::Legacy),
            ObjectKey::Field { field, .. } if field == PER_THREAD => Some(DefaultStreamOf::PerThread),
            _ => None,
        }
    }

    /// `context()` of a stream or of memory.
    pub(super) fn tracker_outcome(&mut self, state: &State, it: &Modelled<'_, '_>) -> Value {
        let of = it.arg(Role::Tracker).cloned();
        let context = match &of {
            Some(stream @ Value::Handle(_)) => self.context_of_stream(state, stream),
            Some(Value::Pointer(memory)) => {
                let root = self.objects.root(memory.object);
                self.context_of_memory(state, root)
            }
            _ => None,
        };
        match context {
            Some(context) => Value::Pointer(self.start_of(context)),
            None => self.accessor(state, &it.row.name, it.call.args.clone()),
        }
    }

    /// Why nothing has recorded a use of memory that counts as recorded.
    pub(super) fn why_untracked(
        &mut self,
        state: &State,
        memory: ObjectId,
        lent: Lent,
        stream: StreamKey,
    ) -> Lent {
        let root = self.objects.root(memory);
        // Of a slice on the host, the other side of the copy is recorded all the same.
        let on_device = self.memory_kind(state, root).is_some_and(MemoryKind::is_device);
        if lent != Lent::Recorded && !(on_device && lent == Lent::Slice) {
            return lent;
        }
        let context = self.context_of_memory(state, root);
        let others = match stream {
            StreamKey::Created(stream) => self.context_of_stream(state, &Value::Handle(ObjectId(stream))),
            _ => None,
        };
        if context.zip(others).is_some_and(|(one, other)| self.are_contexts_apart(state, one, other)) {
            return Lent::Apart;
        }
        match self.tracking(state, context) {
            Some(Tracking::Off) => Lent::Untracked,
            Some(Tracking::StreamsGone) => Lent::StreamsGone,
            Some(Tracking::OneStream) if self.is_per_thread(stream) => Lent::PerThread,
            // Its context has one stream: the other one is another object's.
            Some(Tracking::OneStream) => Lent::OtherContext,
            _ => Lent::Recorded,
        }
    }
}
