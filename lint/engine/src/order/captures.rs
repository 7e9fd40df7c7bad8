//! Captures on a path: which calls they refuse, what is wrong with their ends, and what their graphs use.
//!
//! The judgement is that of [`super::capture`], which traces share. Here, its numbers are given to streams
//! and events of unknown origin too, so a stream counts as captured, as blocking, or as another one only where
//! that is known: what is not known to be refused runs. The first call that is refused loses the capture;
//! what follows in it says nothing new.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::access::add_note;
use super::capture::{Captures, Ended, Fate, Mode, Refusal};
use super::graph_races::Beside;
use super::happens_before::{EventKey, Point, StreamKey};
use super::history::DeedKind;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::promises::Promises;
use super::state::{Operation, State};
use super::symbol::Sym;
use super::value::Value;
use crate::cuda::capture::InCapture;
use crate::cuda::row::{Effect, MemoryKind, Role, Thing};
use crate::facts::{CallInCapture, Capture, Fault, ReleaseKind, Stream};
use crate::program::SiteId;

/// Nodes of a graph that are followed; of more, the rest is not.
pub(super) const NODES: usize = 256;

/// The captures of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capturing {
    captures: Captures,
    /// Where each began, by its number.
    begun: BTreeMap<u32, Begun>,
    /// What was captured, by its number.
    pub(super) nodes: Vec<Node>,
    /// What the graphs hold that were captured.
    pub(super) graphs: BTreeMap<ObjectId, Rc<Vec<Node>>>,
    /// Host memory that captured copies are to write, until a graph is launched.
    pub(super) promises: Promises,
    /// Something out of sight may have ended a capture, or have brought streams into it.
    vague: bool,
    /// A call was refused: the capture is lost.
    lost: bool,
    /// The thread may have made itself free to make unsafe calls.
    lenient: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) site: SiteId,
    pub(super) stream: StreamKey,
    pub(super) mode: Option<Mode>,
}

/// Captured work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// As it was when it was captured.
    pub operation: Operation,
    /// The first host memory of it that was released since.
    pub ended: Option<(ObjectId, SiteId, ReleaseKind)>,
    /// The value that it goes by, if it was added by hand.
    pub handle: Option<Value>,
    /// What was captured before and touches the same memory, and that the graph runs in any order with it.
    pub beside: Rc<Vec<Beside>>,
}

impl Capturing {
    /// True if nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.captures.is_empty()
    }
}

impl Machine<'_, '_> {
    /// True if work on a stream does not run now, as far as is known: it is captured, or may be.
    pub(super) fn is_captured(&self, state: &State, stream: StreamKey) -> bool {
        let it = &state.capturing;
        if it.is_empty() || stream == StreamKey::Legacy {
            return false;
        }
        let is_known = |stream: StreamKey| !matches!(stream, StreamKey::Unseen(_));
        let runs = is_known(stream) && !it.vague && it.captures.streams().all(is_known);
        !runs || it.captures.is_capturing(stream)
    }

    /// True only if a stream is known to order itself with the legacy default stream.
    fn is_surely_blocking(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Created(object) => self.objects.info(ObjectId(object)).non_blocking == Some(false),
            StreamKey::PerThread => true,
            StreamKey::Legacy | StreamKey::Unseen(_) => false,
        }
    }

    /// True if the stream that a call names is known to be captured.
    pub(super) fn is_surely_captured(&mut self, state: &State, it: &Modelled<'_, '_>) -> bool {
        let (stream, _) = self.stream_of(state, it);
        !state.capturing.vague && state.capturing.captures.is_capturing(stream)
    }

    /// A capture begins.
    pub(super) fn capture_begins(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let (stream, _) = self.stream_of(state, it);
        let mode = it.arg(Role::CaptureMode).and_then(Value::as_constant).and_then(|mode| match mode {
            0 => Some(Mode::Global),
            1 => Some(Mode::ThreadLocal),
            2 => Some(Mode::Relaxed),
            _ => None,
        });
        let blocking = self.is_surely_blocking(stream);
        let capturing = Rc::make_mut(&mut state.capturing);
        // A mode that is not known forbids nothing.
        match capturing.captures.begin(stream, mode.unwrap_or(Mode::Relaxed), blocking) {
            Fate::Refused(refusal) if stream == StreamKey::Legacy => {
                let begun = Begun { site: self.at.site, stream, mode };
                let call = CallInCapture::Begins(self.describe_stream(stream));
                let fault = Fault::Refused { function: it.shown().to_owned(), call, refusal };
                self.note_fault(state, begun, fault, false);
                // What would have been captured runs, or fails: neither is followed.
            }
            Fate::Refused(_) | Fate::Runs => {}
            Fate::Captured => {
                if let Some(number) = capturing.captures.number_of(stream) {
                    capturing.begun.insert(number, Begun { site: self.at.site, stream, mode });
                }
            }
        }
    }

    /// A capture ends.
    pub(super) fn capture_ends(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let (stream, _) = self.stream_of(state, it);
        let number = state.capturing.captures.number_of(stream);
        let capturing = Rc::make_mut(&mut state.capturing);
        let last = |capturing: &Capturing, stream| {
            let last = capturing.captures.last_work(stream)?;
            capturing.nodes.get(last as usize).map(|node| node.operation.clone())
        };
        let before = capturing.clone();
        let ended = capturing.captures.end(stream);
        let fault = match &ended {
            Ended::Graph(_) => None,
            Ended::Unjoined(_, streams) => streams.first().map(|unjoined| Fault::Unjoined {
                stream: self.describe_stream(*unjoined),
                work: last(&before, *unjoined).map(|work| self.describe_work(&work, false, false)),
            }),
            Ended::Unmatched(_) => {
                Some(Fault::EndedElsewhere { stream: self.describe_stream(stream), forked: true })
            }
            Ended::Nothing => {
                // It ends what began out of sight, or under another name.
                let known = before.captures.streams().all(|it| matches!(it, StreamKey::Created(_)))
                    && matches!(stream, StreamKey::Created(_))
                    && !before.is_empty();
                capturing.captures = Captures::default();
                known.then(|| Fault::EndedElsewhere { stream: self.describe_stream(stream), forked: false })
            }
        };
        if let Ended::Unjoined(_, streams) = &ended
            && streams.iter().all(|it| self.may_be_another_of(*it, stream, before.captures.streams()))
        {
            Rc::make_mut(&mut state.capturing).vague = true;
        }
        if let Some(fault) = fault
            && let Some(begun) = number.and_then(|number| before.begun.get(&number))
        {
            self.note_fault(state, *begun, fault, false);
        }
        let begun = number.and_then(|number| before.begun.get(&number)).copied();
        let mut nodes = match (&ended, begun) {
            (Ended::Graph(graph), Some(begun)) if !before.vague => {
                self.nodes_beside(graph, &before.nodes, begun)
            }
            _ => {
                let captured = ended.into_graph().nodes.into_iter();
                captured.filter_map(|node| before.nodes.get(node.work as usize).cloned()).collect()
            }
        };
        let capturing = Rc::make_mut(&mut state.capturing);
        let lost = capturing.lost;
        if capturing.vague {
            let text = "something out of sight may have changed the capture";
            for node in &mut nodes {
                add_note(&mut node.operation.doubts, self.at.site, text);
            }
        }
        if capturing.is_empty() {
            capturing.nodes.clear();
            if capturing.captures.settle() {
                capturing.begun.clear();
            }
            (capturing.vague, capturing.lost) = (false, false);
        }
        if let Some(graph) = self.graph_made(state, it).filter(|_| !lost) {
            Rc::make_mut(&mut state.capturing).graphs.insert(graph, Rc::new(nodes));
        }
    }

    /// Work is enqueued. True if it does not run now.
    pub(super) fn capture_takes(&mut self, state: &mut State, operation: &Operation) -> bool {
        if state.capturing.is_empty() {
            return false;
        }
        let stream = operation.stream;
        let capturing = Rc::make_mut(&mut state.capturing);
        let work = u32::try_from(capturing.nodes.len()).unwrap_or(u32::MAX);
        let fate = match operation.form.synchronous {
            true => capturing.captures.beside(stream),
            false if capturing.nodes.len() >= NODES => return self.is_captured(state, stream),
            false => capturing.captures.enqueue(stream, work),
        };
        match fate {
            Fate::Captured => {
                capturing.nodes.push(Node {
                    operation: operation.clone(),
                    ended: None,
                    handle: None,
                    beside: Rc::default(),
                });
                true
            }
            Fate::Refused(refusal) => {
                let writes = operation.accesses.iter().any(|it| it.write);
                let call = CallInCapture::Work(self.describe_work(operation, writes, false));
                let function = operation.name.to_string();
                self.refused(state, Some(stream), Fault::Refused { function, call, refusal });
                true
            }
            Fate::Runs => self.is_captured(state, stream),
        }
    }

    /// A call that the model has a row for: what the row says of captures.
    pub(super) fn capture_sees_call(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        match it.row.in_capture() {
            InCapture::ExchangesMode => Rc::make_mut(&mut state.capturing).lenient = true,
            _ if state.capturing.is_empty() => {}
            InCapture::Unsafe => {
                let Fate::Refused(refusal) = state.capturing.captures.unsafe_call() else { return };
                if !state.capturing.lenient
                    && let Some(call) = self.unsafe_call(state, it)
                {
                    let function = it.shown().to_owned();
                    self.refused(state, None, Fault::Refused { function, call, refusal });
                }
            }
            InCapture::Unsupported => {
                let (stream, _) = self.stream_of(state, it);
                let Fate::Refused(refusal) = state.capturing.captures.beside(stream) else { return };
                let function = it.shown().to_owned();
                let described = self.describe_stream(stream);
                let call = match it.row.effects.contains(&Effect::EnqueuesHostFunction) {
                    true => CallInCapture::Callback(described),
                    false => CallInCapture::Other(described),
                };
                self.refused(state, Some(stream), Fault::Refused { function, call, refusal });
            }
            InCapture::WaitsForDevice | InCapture::Synchronous | InCapture::Other => {}
        }
    }

    fn unsafe_call(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<CallInCapture> {
        let memory = it.arg(Role::Memory).cloned();
        // To free nothing is not measured to be refused.
        let memory = memory.filter(|value| value.as_constant() != Some(0));
        let pointer = memory.as_ref().and_then(|value| self.pointer(value));
        let object = pointer.map(|pointer| self.describe_object(state, pointer.object));
        it.row.effects.iter().find_map(|effect| match effect {
            Effect::Free(with) => Some(CallInCapture::Releases(object.clone()?, *with)),
            Effect::Register => Some(CallInCapture::Registers(object.clone()?)),
            Effect::Create => it.row.params.iter().find_map(|param| match param.role {
                Role::Out(Thing::Memory(kind)) => Some(CallInCapture::Allocates(kind)),
                Role::Out(Thing::Pitched) => Some(CallInCapture::Allocates(MemoryKind::Device)),
                _ => None,
            }),
            _ => None,
        })
    }

    /// The host waits for a point, or asks about it; `None` is the device.
    pub(super) fn capture_sees_wait(
        &mut self,
        state: &mut State,
        function: &str,
        point: Option<Point>,
        asks: bool,
    ) {
        let Fate::Refused(refusal) = state.capturing.captures.host_asks(point) else { return };
        let lenient = state.capturing.lenient && refusal == Refusal::Unsupported;
        let takes_part = |stream| state.capturing.captures.is_capturing(stream);
        let outside = match point {
            None => false,
            Some(Point::Tail(stream)) => !takes_part(stream),
            Some(Point::Event(_)) => true,
        };
        if lenient && outside {
            return;
        }
        let (stream, call) = match point {
            None => (None, CallInCapture::AwaitsDevice),
            Some(Point::Tail(stream)) => {
                let (described, takes_part) = (self.describe_stream(stream), takes_part(stream));
                let call = CallInCapture::AwaitsStream { stream: described, takes_part, asks };
                (takes_part.then_some(stream), call)
            }
            Some(Point::Event(event)) => {
                let recorded_on = self.latest_record(state, event);
                let event = self.event_name(event);
                (None, CallInCapture::AwaitsEvent { event, asks, recorded_on })
            }
        };
        let of_event = match point {
            Some(Point::Event(event)) => state.capturing.captures.number_of_event(event),
            _ => None,
        };
        let fault = Fault::Refused { function: function.to_owned(), call, refusal };
        match of_event.and_then(|number| state.capturing.begun.get(&number)) {
            Some(begun) => self.note_fault(state, *begun, fault, refusal == Refusal::EndedCapture),
            None => self.refused(state, stream, fault),
        }
    }

    /// An event is recorded. True if it is recorded in a capture, or fails.
    pub(super) fn capture_records(&mut self, state: &mut State, event: EventKey, stream: StreamKey) -> bool {
        if state.capturing.is_empty() && state.capturing.captures.number_of_event(event).is_none() {
            return false;
        }
        match Rc::make_mut(&mut state.capturing).captures.record(event, stream) {
            Fate::Runs => {
                let begun = state.capturing.begun.values().next().map(|begun| begun.stream);
                let captured = state.capturing.captures.streams();
                if begun.is_some_and(|begun| self.may_be_another_of(stream, begun, captured)) {
                    Rc::make_mut(&mut state.capturing).vague = true;
                }
                false
            }
            Fate::Captured => true,
            Fate::Refused(refusal) => {
                let call = CallInCapture::Records(self.event_name(event));
                let function = "cudaEventRecord".to_owned();
                self.refused(state, Some(stream), Fault::Refused { function, call, refusal });
                true
            }
        }
    }

    /// A stream waits for an event. True if the wait is captured, or fails. An *external* wait becomes a node
    /// of its own, which may wait for anything.
    pub(super) fn capture_waits(
        &mut self,
        state: &mut State,
        stream: StreamKey,
        event: EventKey,
        external: bool,
    ) -> bool {
        let number = state.capturing.captures.number_of_event(event);
        if state.capturing.is_empty() && number.is_none() {
            return false;
        }
        if external {
            return self.is_captured(state, stream);
        }
        let recorded_on = self.latest_record(state, event);
        let blocking = self.is_surely_blocking(stream);
        let is_captured = state.capturing.captures.is_capturing(stream);
        let open = state.capturing.captures.number_of(stream);
        let capturing = Rc::make_mut(&mut state.capturing);
        if recorded_on.is_some() {
            capturing.captures.was_recorded(event);
        }
        match capturing.captures.wait(stream, event, blocking) {
            Fate::Runs => {
                // An event whose record is out of sight may bring the stream into the capture.
                capturing.vague |= recorded_on.is_none() && matches!(event, EventKey::Unseen(_));
                false
            }
            Fate::Captured => true,
            Fate::Refused(refusal) => {
                let begun = |number: Option<u32>| state.capturing.begun.get(&number?).copied();
                let (own, theirs) = (begun(open.filter(|_| is_captured)), begun(number));
                let other = theirs.filter(|_| refusal == Refusal::Merge);
                let Some(capture) = own.or(theirs) else { return true };
                let call = CallInCapture::StreamWaits {
                    stream: self.describe_stream(stream),
                    event: self.event_name(event),
                    recorded_on: recorded_on.filter(|_| refusal == Refusal::Isolation),
                    other: other.map(|begun| self.describe_capture(begun)),
                };
                let fault = Fault::Refused { function: "cudaStreamWaitEvent".to_owned(), call, refusal };
                self.note_fault(state, capture, fault, refusal == Refusal::EndedCapture);
                true
            }
        }
    }

    /// True for an element of a container, or what else a number or pointer chooses, that may be the same as one of the
    /// streams that were forked off `origin`: `streams[i]` in one loop, `streams[j]` in another.
    fn may_be_another_of(
        &self,
        stream: StreamKey,
        origin: StreamKey,
        mut captured: impl Iterator<Item = StreamKey>,
    ) -> bool {
        let streams = self.streams();
        let is_chosen = |it: StreamKey| matches!(it, StreamKey::Unseen(it) if !streams.is_argument(Sym(it)));
        let may_be = |it: StreamKey| {
            it != origin && it != stream && is_chosen(it) && !streams.are_distinct(it, stream)
        };
        is_chosen(stream) && captured.any(may_be)
    }

    /// The stream of the latest record of an event on this path, outside of captures.
    fn latest_record(&self, state: &State, event: EventKey) -> Option<Stream> {
        state.history.latest_first().find_map(|deed| match deed.kind {
            DeedKind::Record(it, stream) if it == event => Some(self.describe_stream(stream)),
            _ => None,
        })
    }

    fn event_name(&self, event: EventKey) -> String {
        match event {
            EventKey::Created(object) => self.objects.info(ObjectId(object)).name.clone(),
            EventKey::Unseen(symbol) => self.symbol_name(symbol),
        }
    }

    /// Something unseen gets these values: it may end a capture whose stream is among them, fork it, and
    /// change what graphs do.
    pub(super) fn captures_are_handed_over(&mut self, state: &mut State, values: &[Value]) {
        self.promise_may_be_kept(state, None);
        let capturing = &state.capturing;
        if capturing.graphs.is_empty() && (capturing.is_empty() || capturing.vague) {
            return;
        }
        let reached = self.reachable(state, values);
        let streams: Vec<StreamKey> = values
            .iter()
            .filter(|value| value.as_constant().is_none())
            .map(|value| self.stream_key(Some(value)))
            .collect();
        let carried: Vec<_> = values.iter().filter_map(|value| self.carried_stream(state, value)).collect();
        let is_handed = |stream: StreamKey| {
            streams.contains(&stream)
                || carried.contains(&stream)
                || self.is_found_in(stream, &reached)
                || matches!(stream, StreamKey::Created(it) if reached.contains(&ObjectId(it)))
        };
        let vague = state.capturing.captures.streams().any(is_handed);
        let is_reached = |graph: &ObjectId| reached.contains(graph);
        if vague || state.capturing.graphs.keys().any(is_reached) {
            let capturing = Rc::make_mut(&mut state.capturing);
            capturing.vague |= vague;
            capturing.graphs.retain(|graph, _| !reached.contains(graph));
        }
    }

    /// Anything may have happened.
    pub(super) fn captures_are_lost_sight_of(&mut self, state: &mut State) {
        self.promise_may_be_kept(state, None);
        if !state.capturing.is_empty() || !state.capturing.graphs.is_empty() {
            let capturing = Rc::make_mut(&mut state.capturing);
            capturing.vague = !capturing.is_empty();
            capturing.graphs.clear();
        }
    }

    /// A function is left: captures of streams that it has made, and that nothing else can know of, have not
    /// ended.
    pub(super) fn captures_at_exit(&mut self, state: &mut State, result: Option<&Value>) {
        let open: Vec<StreamKey> = state.capturing.captures.streams().collect();
        let current = state.frame();
        for stream in open {
            let StreamKey::Created(object) = stream else { continue };
            let object = ObjectId(object);
            let escaped = state.object(object).is_some_and(|it| it.escaped);
            let made_here = matches!(
                &self.objects.info(object).key,
                ObjectKey::Made { frame, .. } if *frame == current
            );
            let is_own = |cell: ObjectId| {
                let key = &self.objects.info(self.objects.root(cell)).key;
                matches!(key, ObjectKey::Local { frame, .. } if *frame == current)
            };
            let is_it = |value: &Value| *value == Value::Handle(object);
            let kept = state.memory.iter().any(|((cell, _), value)| is_it(value) && !is_own(*cell));
            let begun = state.capturing.captures.number_of(stream);
            let begun = begun.and_then(|number| state.capturing.begun.get(&number)).copied();
            if let Some(begun) = begun.filter(|begun| begun.stream == stream)
                && made_here
                && !escaped
                && !kept
                && !result.is_some_and(is_it)
            {
                self.note_fault(state, begun, Fault::NotEnded, false);
            }
        }
    }

    /// A call is refused by the capture that its stream takes part in, or by whichever does.
    fn refused(&mut self, state: &mut State, stream: Option<StreamKey>, fault: Fault) {
        let captures = &state.capturing.captures;
        let Fault::Refused { refusal, call, .. } = &fault else { return };
        let number = match (stream, refusal, call) {
            (_, Refusal::Implicit, _) => captures.number_of_blocking(true),
            (Some(stream), ..) => captures.number_of(stream),
            (None, _, CallInCapture::AwaitsDevice) => captures.number_of(StreamKey::Legacy),
            (None, ..) => captures.number_of_blocking(false),
        };
        if let Some(begun) = number.and_then(|number| state.capturing.begun.get(&number)).copied() {
            self.note_fault(state, begun, fault, false);
        }
    }

    /// `after`: the capture has ended, and nothing is lost.
    pub(super) fn note_fault(&mut self, state: &mut State, begun: Begun, fault: Fault, after: bool) {
        let (lost, vague) = (state.capturing.lost, state.capturing.vague);
        // What is done because a call has failed is not how the program is meant.
        if state.failed || (lost && !after) {
            return;
        }
        let capture = self.describe_capture(begun);
        self.observations.capture(self.at, state, (capture, fault), vague && !after);
        if !after && !state.capturing.is_empty() {
            Rc::make_mut(&mut state.capturing).lost = true;
        }
    }

    fn describe_capture(&self, begun: Begun) -> Capture {
        Capture { stream: self.describe_stream(begun.stream), begun_at: begun.site, mode: begun.mode }
    }
}
