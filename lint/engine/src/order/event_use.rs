//! What calls do with events and streams, as far as the [book](super::events) and the rules on events care.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::access::add_note;
use super::event_sums::{EventHit, Home, plain};
use super::events::{Between, Made, Misplaced};
use super::happens_before::{self, Barrier, EventKey, Point, StreamKey};
use super::machine::{Exit, Machine};
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, State};
use super::symbol::Sym;
use super::value::Value;
use crate::cuda::row::Role;
use crate::facts::{Event, MisplacedRecord, Paths, Serialized, UnrecordedWait, Waiter, WorkKind};
use crate::program::{FunctionId, Linkage};

/// The bits of event flags that say "no timing" and "for other processes too".
const DISABLE_TIMING: i64 = 2;
const INTERPROCESS: i64 = 4;

impl Machine<'_, '_> {
    /// The path makes an event.
    pub(super) fn event_made(
        &mut self,
        state: &mut State,
        object: ObjectId,
        it: &Modelled<'_, '_>,
        foreign: bool,
    ) {
        let flags = match it.position(Role::Flags) {
            Some(_) => it.arg(Role::Flags).and_then(Value::as_constant),
            None => Some(0),
        };
        let made = Made {
            timing: flags.map(|flags| flags & DISABLE_TIMING == 0),
            recorded: false,
            escaped: foreign || flags.is_none_or(|flags| flags & INTERPROCESS != 0),
        };
        let event = EventKey::Created(object.0);
        if made.timing == Some(true) && !made.escaped && !state.failed {
            let described = self.describe_event(event);
            self.observations.events.timer(self.at.site, it.shown(), described);
        }
        let book = Rc::make_mut(&mut state.events);
        book.marks.retain(|mark| mark.event != event);
        book.made.insert(event, made);
    }

    /// Work is enqueued; called before it is among what is pending.
    pub(super) fn streams_get(&mut self, state: &mut State, operation: &Operation) {
        let barrier = &self.streams();
        let stream = operation.stream;
        let between = match stream {
            StreamKey::Legacy => self.stands_between(state, operation, barrier),
            _ => None,
        };
        let book = Rc::make_mut(&mut state.events);
        happens_before::reach(&mut book.marks, stream, barrier);
        book.busy.insert(stream);
        book.last = Some(operation.clone());
        if let Some(between) = between {
            book.between.retain(|it| it.work.id != between.work.id);
            book.between.push(between);
            let hit = EventHit::Serialized(self.at.site);
            self.observations.event_hit(self.at, state, hit);
            return;
        }
        let blocking = matches!(stream, StreamKey::Created(_)) && barrier.is_blocking(stream);
        if !blocking {
            return;
        }
        book.used.insert(stream);
        if book.between.is_empty() || state.failed {
            return;
        }
        // Between work of one stream and its own, or of two streams.
        let several = book.used.len() > 1;
        let is_after = |it: &Between| if it.belongs { it.before.stream == stream } else { several };
        let confirmed: Vec<Between> = book.between.iter().filter(|it| is_after(it)).cloned().collect();
        book.between.retain(|it| !is_after(it));
        for it in confirmed {
            let describe = |work: &Operation| plain(self.describe_work(work, false, true));
            let serialized = Serialized {
                work: describe(&it.work),
                before: describe(&it.before),
                after: describe(operation),
                belongs: it.belongs,
                paths: Paths::Some,
            };
            self.observations.events.serialized(serialized);
        }
    }

    /// Work on the legacy default stream that waits for work of blocking streams which it needs nothing of, or
    /// that was meant for the one stream whose work it uses.
    fn stands_between(
        &self,
        state: &State,
        operation: &Operation,
        barrier: &impl Barrier,
    ) -> Option<Between> {
        let roots = |it: &Operation| -> BTreeSet<ObjectId> {
            it.accesses.iter().map(|access| self.objects.root(access.range.object)).collect()
        };
        let touched = roots(operation);
        let waited_for = || {
            state.pending.iter().filter(|it| {
                matches!(it.stream, StreamKey::Created(object)
                    if self.objects.info(ObjectId(object)).non_blocking == Some(false))
                    && barrier.is_blocking(it.stream)
                    && it.kind != WorkKind::Allocation
                    && !it.cover.contains(Point::Tail(StreamKey::Legacy))
            })
        };
        let streams: BTreeSet<StreamKey> = waited_for().map(|it| it.stream).collect();
        let is_related = |it: &Operation| !roots(it).is_disjoint(&touched);
        let related: BTreeSet<StreamKey> =
            waited_for().filter(|it| is_related(it)).map(|it| it.stream).collect();
        let unrelated = waited_for().filter(|it| !related.contains(&it.stream)).last();
        if let Some(before) = unrelated.filter(|_| !touched.is_empty()) {
            return Some(Between { work: operation.clone(), before: before.clone(), belongs: false });
        }
        let copies = |it: &Operation| matches!(it.kind, WorkKind::Copy { synchronous_form: false, .. });
        let meant = waited_for().filter(|it| is_related(it) && copies(it)).last();
        let is_bare_launch = operation.kind == WorkKind::Kernel && operation.stream_omitted;
        meant.filter(|_| is_bare_launch && streams.len() == 1).map(|before| Between {
            work: operation.clone(),
            before: before.clone(),
            belongs: true,
        })
    }

    /// An event is recorded.
    pub(super) fn event_recorded(&mut self, state: &mut State, event: EventKey, stream: StreamKey) {
        let described = self.describe_event(event);
        if let Some(made) = described.made {
            self.observations.events.record(made, self.at.site, &described);
        }
        let captured = self.is_captured(state, stream);
        let site = self.at.site;
        let between_callers = !captured && self.are_callers(state, stream);
        let barrier = &self.streams();
        let misplaced = match captured {
            true => None,
            false => self.is_misplaced(state, stream, between_callers, barrier),
        };
        let book = Rc::make_mut(&mut state.events);
        book.record(event, stream, site, barrier);
        if captured {
            // It is recorded when the graph runs.
            book.marks.retain(|mark| mark.event != event);
            return;
        }
        if let Some(misplaced) = misplaced
            && let Some(mark) = book.marks.iter_mut().find(|mark| mark.event == event)
        {
            mark.misplaced = Some(Box::new(misplaced));
            // Two streams that a caller passes may be one: what is likely then is never certain.
            if !between_callers {
                let hit = EventHit::Misplaced(site, self.describe_event(event));
                self.observations.event_hit(self.at, state, hit);
            }
        }
    }

    /// A record on a stream with nothing new in it, right after work on another stream. `between_callers`: both are
    /// what [`Self::are_callers`] says.
    fn is_misplaced(
        &self,
        state: &State,
        stream: StreamKey,
        between_callers: bool,
        barrier: &impl Barrier,
    ) -> Option<Misplaced> {
        let book = &state.events;
        let last = book.last.as_ref()?;
        if book.busy.contains(&stream)
            || !book.busy.contains(&last.stream)
            || !(self.are_distinct(stream, last.stream) || between_callers)
            || last.kind == WorkKind::Allocation
            || !state.pending.iter().any(|it| it.id == last.id)
        {
            return None;
        }
        let through_legacy = match (stream, last.stream) {
            (StreamKey::Legacy, other) | (other, StreamKey::Legacy) => barrier.is_blocking(other),
            _ => false,
        };
        let pending = state.pending.iter().find(|it| it.id == last.id)?;
        let covered = through_legacy || pending.cover.contains(Point::Tail(stream));
        // A record on the legacy stream is meant for all blocking streams. On a blocking stream, that it covers
        // work of the legacy stream is an accident where that work names no stream.
        let by_accident =
            last.stream == StreamKey::Legacy && last.stream_omitted && last.kind == WorkKind::Kernel;
        (!covered || by_accident).then(|| Misplaced { work: last.clone(), covered })
    }

    /// True if a stream and that of the work which came last are two arguments of the function that is followed on
    /// its own, and nothing here calls that.
    fn are_callers(&self, state: &State, stream: StreamKey) -> bool {
        let Some(StreamKey::Unseen(other)) = state.events.last.as_ref().map(|it| it.stream) else {
            return false;
        };
        let (StreamKey::Unseen(stream), [root, ..]) = (stream, &self.stack[..]) else { return false };
        let streams = self.streams();
        stream != other
            && streams.is_argument(Sym(stream))
            && streams.is_argument(Sym(other))
            && !self.shared.is_called(*root)
    }

    /// The host or a stream waits for an event, or the host asks for it.
    pub(super) fn event_awaited(&mut self, state: &mut State, event: EventKey, waiter: &Waited) {
        if state.failed {
            return;
        }
        let described = self.describe_event(event);
        let waiter_described = match waiter {
            Waited::Host => Waiter::Host,
            Waited::Query => Waiter::Query,
            Waited::Stream(stream) => Waiter::Stream(self.describe_stream(*stream)),
        };
        let mark = state.events.mark(event).filter(|mark| !mark.doubt);
        if let Some(mark) = mark
            && let Some(misplaced) = &mark.misplaced
            && !matches!(waiter, Waited::Stream(stream) if *stream == misplaced.work.stream)
            // The caller may have enqueued what a third stream waits for. To wait on a stream for itself is pointless
            // whatever it holds: another was meant.
            && (!matches!(mark.stream, StreamKey::Unseen(_)) || *waiter == Waited::Stream(mark.stream))
        {
            let record = MisplacedRecord {
                site: mark.site,
                event: described.clone(),
                stream: self.describe_stream(mark.stream),
                work: plain(self.describe_work(&misplaced.work, false, true)),
                covered: misplaced.covered,
                wait: self.at.site,
                waiter: waiter_described.clone(),
                paths: Paths::Some,
            };
            let id = misplaced.work.id;
            let text = format!("{} is recorded on another stream here", called(&described));
            let site = mark.site;
            if !misplaced.covered {
                for operation in state.pending_mut().iter_mut().filter(|it| it.id == id) {
                    add_note(&mut operation.no_waits, site, &text);
                }
            }
            self.observations.events.misplaced(record);
        }
        let (Some(made), Some(known)) = (described.made, state.events.made.get(&event)) else { return };
        if known.recorded || known.escaped || self.may_be_recorded_in_another_round(None) {
            self.observations.events.recorded(made, self.at.site, &described);
            return;
        }
        let homes = self.homes(state, event);
        let tail = match waiter {
            Waited::Stream(stream) => Some(Point::Tail(*stream)),
            Waited::Host | Waited::Query => None,
        };
        let uncovered = |it: &Operation| {
            it.kind != WorkKind::Allocation && tail.is_none_or(|tail| !it.cover.contains(tail))
        };
        let pending = state.pending.iter().rev().find(|it| uncovered(it));
        let pending = pending.map(|it| self.describe_work(it, true, false));
        let wait = UnrecordedWait {
            site: self.at.site,
            event: described.clone(),
            waiter: waiter_described,
            recorded_later: None,
            pending,
        };
        self.observations.events.unrecorded(made, wait, homes);
        let text = format!("{} has not been recorded here, so this waits for nothing", called(&described));
        let site = self.at.site;
        if !matches!(waiter, Waited::Query) && state.pending.iter().any(uncovered) {
            for operation in state.pending_mut().iter_mut().filter(|it| uncovered(it)) {
                add_note(&mut operation.no_waits, site, &text);
            }
        }
    }

    /// A stream waits for an event: it has something new, and may be a fork of another.
    pub(super) fn stream_got_event(&mut self, state: &mut State, stream: StreamKey, event: EventKey) {
        let site = self.at.site;
        let book = Rc::make_mut(&mut state.events);
        let origin = book.mark(event).filter(|mark| !mark.doubt).map(|mark| mark.stream);
        happens_before::stream_waits(&mut book.marks, stream, event);
        if origin != Some(stream) {
            book.busy.insert(stream);
        }
        book.between.clear();
        if let Some(origin) = origin.filter(|origin| *origin != stream) {
            book.forks.entry(stream).or_insert((site, origin));
        }
    }

    /// The host has seen a point complete: so are the records before it.
    pub(super) fn records_complete(&mut self, state: &mut State, point: Point) {
        if state.events.marks.is_empty() && state.events.between.is_empty() {
            return;
        }
        let barrier = &self.streams();
        let book = Rc::make_mut(&mut state.events);
        if point == Point::Tail(StreamKey::Legacy) {
            happens_before::reach(&mut book.marks, StreamKey::Legacy, barrier);
        }
        let earlier = match point {
            Point::Event(event @ EventKey::Created(_)) => book.earlier_than(event),
            _ => None,
        };
        happens_before::complete(&mut book.marks, point);
        let is_unseen = |point: &Point| {
            matches!(point, Point::Tail(StreamKey::Unseen(_)) | Point::Event(EventKey::Unseen(_)))
        };
        // What an event stands for was there when it was recorded: a later record is not among it, whichever streams
        // the two are on.
        for mark in book.marks.iter_mut().take(earlier.unwrap_or(usize::MAX)) {
            mark.doubt |= is_unseen(&point) || mark.cover.points().iter().any(is_unseen);
        }
        book.between.retain(|it| it.belongs);
    }

    /// Everything on the device is complete.
    pub(super) fn all_complete(&mut self, state: &mut State) {
        if !state.events.marks.is_empty() || !state.events.between.is_empty() {
            let book = Rc::make_mut(&mut state.events);
            book.marks.clear();
            book.between.clear();
        }
    }

    /// Something may have waited for everything.
    pub(super) fn records_may_be_complete(&mut self, state: &mut State) {
        if !state.events.marks.is_empty() {
            Rc::make_mut(&mut state.events).doubt();
        }
    }

    /// Something unseen gets these values: it may record the events among them, or wait for them.
    pub(super) fn events_handed_over(&mut self, state: &mut State, values: &[Value]) {
        if state.events.made.is_empty() && state.events.marks.is_empty() {
            return;
        }
        let reached = self.reachable(state, values);
        let events: BTreeSet<EventKey> = values.iter().map(|value| self.event_key(value)).collect();
        let is_reached = |event: EventKey| {
            events.contains(&event)
                || matches!(event, EventKey::Created(it) if reached.contains(&ObjectId(it)))
        };
        for event in state.events.made.keys().filter(|event| is_reached(**event)) {
            self.time_may_be_asked(*event);
        }
        let book = Rc::make_mut(&mut state.events);
        for (event, made) in &mut book.made {
            made.escaped |= is_reached(*event);
        }
        let streams: BTreeSet<StreamKey> = values
            .iter()
            .filter(|value| !matches!(value, Value::Number(number) if number.as_constant().is_some()))
            .map(|value| self.stream_key(Some(value)))
            .collect();
        for mark in &mut book.marks {
            let stream = streams.contains(&mark.stream)
                || matches!(mark.stream, StreamKey::Created(it) if reached.contains(&ObjectId(it)));
            mark.doubt |= stream || is_reached(mark.event);
        }
        for stream in streams {
            book.busy.insert(stream);
            book.forks.remove(&stream);
        }
        book.forks.retain(
            |stream, _| !matches!(stream, StreamKey::Created(it) if reached.contains(&ObjectId(*it))),
        );
    }

    /// A call that is not followed: it may use what is not only in local variables.
    pub(super) fn events_out_of_sight(&mut self, state: &mut State) {
        if state.events.made.is_empty() && state.events.last.is_none() {
            return;
        }
        self.shared_times_may_be_asked(state, None);
        let open: Vec<EventKey> = state
            .events
            .made
            .iter()
            .filter(|(_, made)| !made.escaped && !made.recorded)
            .map(|(event, _)| *event)
            .collect();
        let shared: Vec<EventKey> = open.into_iter().filter(|it| self.is_shared(state, *it)).collect();
        let book = Rc::make_mut(&mut state.events);
        book.lose_track();
        for event in shared {
            if let Some(made) = book.made.get_mut(&event) {
                made.escaped = true;
            }
        }
    }

    /// Somebody else has an event: its time may be asked for.
    fn time_may_be_asked(&mut self, event: EventKey) {
        if let Some(made) = self.describe_event(event).made {
            self.observations.events.time_is_asked(Some(made));
        }
    }

    /// The root returns: its callers have what it leaves to them, unless all of them are here, and followed.
    pub(super) fn callers_get(&mut self, root: FunctionId, exits: &[Exit]) {
        let function = self.shared.function(root);
        let all_are_here = matches!(function.linkage, Linkage::Internal | Linkage::Local)
            && self.shared.is_called(root)
            && !self.shared.is_taken(root);
        for exit in exits.iter().filter(|_| !all_are_here) {
            self.shared_times_may_be_asked(&exit.state, exit.value.as_ref());
        }
    }

    /// The same for all events that stand in memory which is not the functions' own, or are handed to the caller.
    fn shared_times_may_be_asked(&mut self, state: &State, result: Option<&Value>) {
        let is_out = |event: &EventKey| match event {
            EventKey::Created(object) => {
                let handle = ObjectId(*object);
                result == Some(&Value::Handle(handle)) || self.is_stored_outside(state, handle)
            }
            EventKey::Unseen(_) => false,
        };
        let out: Vec<EventKey> = state.events.made.keys().filter(|event| is_out(event)).copied().collect();
        for event in out {
            self.time_may_be_asked(event);
        }
    }

    /// True if the handle stands in memory that is no local variable, or in one whose address is out.
    fn is_shared(&self, state: &State, event: EventKey) -> bool {
        let EventKey::Created(object) = event else { return true };
        state.memory.iter().any(|((cell, _), value)| {
            let root = self.objects.root(*cell);
            *value == Value::Handle(ObjectId(object))
                && (!matches!(self.objects.info(root).key, ObjectKey::Local { .. })
                    || state.object(root).is_some_and(|it| it.escaped))
        })
    }

    /// The fields and global variables that hold an event.
    pub(super) fn homes(&self, state: &State, event: EventKey) -> BTreeSet<Home> {
        let EventKey::Created(object) = event else { return BTreeSet::new() };
        let cells = state.memory.iter().filter(|(_, value)| **value == Value::Handle(ObjectId(object)));
        cells
            .flat_map(|((cell, _), _)| {
                let field = match &self.objects.info(*cell).key {
                    ObjectKey::Field { field, .. } => Some(Home::Field(field.clone())),
                    _ => None,
                };
                let global = match &self.objects.info(self.objects.root(*cell)).key {
                    ObjectKey::Global(id) => Some(Home::Global(*id)),
                    _ => None,
                };
                field.into_iter().chain(global)
            })
            .collect()
    }

    /// An event, for the rules.
    pub(super) fn describe_event(&self, event: EventKey) -> Event {
        match event {
            EventKey::Created(object) => {
                let info = self.objects.info(ObjectId(object));
                Event { name: info.name.clone(), made: info.site }
            }
            EventKey::Unseen(symbol) => Event { name: self.symbol_name(symbol), made: None },
        }
    }

    /// True if a handle stands in memory that outlives the function, or that others know.
    pub(super) fn is_stored_outside(&self, state: &State, handle: ObjectId) -> bool {
        state.object(handle).is_some_and(|it| it.escaped)
            || state.memory.iter().any(|((cell, _), value)| {
                let root = self.objects.root(*cell);
                *value == Value::Handle(handle)
                    && (!matches!(self.objects.info(root).key, ObjectKey::Local { .. })
                        || state.object(root).is_some_and(|it| it.escaped))
            })
    }
}

/// Who waits for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The host.
    Host,
    /// The host asks.
    Query,
    /// A stream.
    Stream(StreamKey),
}

fn called(event: &Event) -> String {
    if event.name.is_empty() { "the event".to_owned() } else { format!("`{}`", event.name) }
}
