//! Stream capture: what an open capture holds, in which order, and what it forbids.
//!
//! Between the begin and the end of a capture nothing captured runs; at each launch of the graph everything
//! does (A11 of the rule catalogue). The edges are those that streams and events would have given: within a
//! capture, an event stands for what its stream had captured when it was recorded, and a wait for it brings
//! another stream into the capture (a *fork*), which has to be brought back (*joined*) before the end.
//!
//! Like [`super::happens_before`], this works on opaque numbers, so that the same code judges a static path
//! and a concrete trace. It knows one host thread. Codes are those of the CUDA Runtime API
//! (cudaErrorStreamCapture…), each measured on an NVIDIA H200, driver 580.159 (claims `s8-*`).

use std::collections::{BTreeMap, BTreeSet};

use super::happens_before::{EventKey, Point, StreamKey};

/// The mode of a capture: what other calls it forbids (cudaStreamCaptureMode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Mode {
    /// No thread may make calls that are potentially unsafe.
    #[default]
    Global,
    /// The thread that captures may not. For a single thread, the same.
    ThreadLocal,
    /// Such calls are allowed.
    Relaxed,
}

impl Mode {
    /// All.
    pub const ALL: [Self; 3] = [Self::Global, Self::ThreadLocal, Self::Relaxed];

    /// The word in the text form of traces.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::ThreadLocal => "thread-local",
            Self::Relaxed => "relaxed",
        }
    }
}

/// Why a call fails while something is captured. But for [`Self::EndedCapture`], and for the begin of a capture
/// on the legacy default stream beside that of a non-blocking one, the capture is lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Refusal {
    /// 1: an event whose latest record was captured is used after the end of that capture.
    EndedCapture,
    /// 401: the begin of a capture on a stream that is captured, the end of one on a stream that is not.
    IllegalState,
    /// 900: a wait, a query, a callback; an allocation or a free, unless the mode is relaxed.
    Unsupported,
    /// 902: a wait would join two captures.
    Merge,
    /// 903: the capture did not begin on the stream that ends it.
    Unmatched,
    /// 904: work of a forked stream was not joined.
    Unjoined,
    /// 905: a captured stream waits for work that is not captured.
    Isolation,
    /// 906: the legacy default stream is used while a blocking stream is captured.
    Implicit,
    /// 907: the host waits for or asks about an event whose latest record was captured.
    CapturedEvent,
}

impl Refusal {
    /// The code that the call returns.
    pub const fn code(self) -> i32 {
        match self {
            Self::EndedCapture => 1,
            Self::IllegalState => 401,
            Self::Unsupported => 900,
            Self::Merge => 902,
            Self::Unmatched => 903,
            Self::Unjoined => 904,
            Self::Isolation => 905,
            Self::Implicit => 906,
            Self::CapturedEvent => 907,
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It takes effect at once: it has nothing to do with a capture.
    Runs,
    /// It is noted down.
    Captured,
    /// It fails.
    Refused(Refusal),
}

/// What a capture has made: the nodes, each with all that come before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Graph {
    /// In the order in which they were captured.
    pub nodes: Vec<Node>,
}

/// A node of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What was captured.
    pub work: u32,
    /// The work that is done before, directly or not.
    pub before: BTreeSet<u32>,
}

impl Graph {
    /// The pairs of work that run in any order, the first captured first.
    pub fn unordered(&self) -> impl Iterator<Item = (u32, u32)> {
        self.nodes.iter().enumerate().flat_map(|(index, later)| {
            let earlier = self.nodes[..index].iter().filter(|it| !later.before.contains(&it.work));
            earlier.map(|it| (it.work, later.work))
        })
    }
}

/// How a capture ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a graph.
    Graph(Graph),
    /// With an error, since these streams hold work that the stream it began on does not wait for. The graph
    /// is what it would have been.
    Unjoined(Graph, Vec<StreamKey>),
    /// With an error, since it began on another stream. The graph is what that one would have given.
    Unmatched(Graph),
    /// The stream is not captured.
    Nothing,
}

impl Ended {
    /// The graph; where there was an error, what it would have been.
    pub fn into_graph(self) -> Graph {
        match self {
            Self::Graph(graph) | Self::Unjoined(graph, _) | Self::Unmatched(graph) => graph,
            Self::Nothing => Graph::default(),
        }
    }
}

/// The captures that are open, and the events that they have recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Captures {
    open: Vec<Capture>,
    events: BTreeMap<EventKey, Snapshot>,
    /// Events that were recorded outside of captures.
    recorded: BTreeSet<EventKey>,
    begun: u32,
    /// True if events give no order among captured work: not so, but a model that is tested may say it.
    pub events_order_nothing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Capture {
    number: u32,
    origin: StreamKey,
    mode: Mode,
    graph: Graph,
    /// The streams that take part, each with the work that the next on it comes after.
    tails: BTreeMap<StreamKey, BTreeSet<u32>>,
    /// True if one of them orders itself with the legacy default stream.
    blocking: bool,
}

/// What a captured event stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Snapshot {
    capture: u32,
    tail: BTreeSet<u32>,
}

impl Capture {
    fn add(&mut self, stream: StreamKey, work: u32) {
        let tail = self.tails.insert(stream, [work].into()).unwrap_or_default();
        let before = self.with_what_is_before(tail);
        self.graph.nodes.push(Node { work, before });
    }

    fn with_what_is_before(&self, tail: BTreeSet<u32>) -> BTreeSet<u32> {
        let nodes = self.graph.nodes.iter().filter(|node| tail.contains(&node.work));
        let mut all: BTreeSet<u32> = nodes.flat_map(|node| node.before.iter().copied()).collect();
        all.extend(tail);
        all
    }

    /// The other streams whose work the first one does not wait for. A fork in which nothing was captured is
    /// none that is known to be refused.
    fn unjoined(&self) -> Vec<StreamKey> {
        let joined = self.with_what_is_before(self.tails.get(&self.origin).cloned().unwrap_or_default());
        let tails = self.tails.iter().filter(|(stream, _)| **stream != self.origin);
        tails.filter(|(_, tail)| !tail.is_subset(&joined)).map(|(stream, _)| *stream).collect()
    }
}

impl Captures {
    /// True if nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// True if what is enqueued on a stream is captured.
    pub fn is_capturing(&self, stream: StreamKey) -> bool {
        self.position(stream).is_some()
    }

    /// The streams that take part in captures.
    pub fn streams(&self) -> impl Iterator<Item = StreamKey> {
        self.open.iter().flat_map(|capture| capture.tails.keys().copied())
    }

    /// The number of the capture that a stream takes part in; of the one that began first if it takes part in
    /// none.
    pub fn number_of(&self, stream: StreamKey) -> Option<u32> {
        let capture = self.position(stream).map_or(self.open.first(), |at| self.open.get(at));
        capture.map(|capture| capture.number)
    }

    /// The number of the first capture that orders itself with the legacy default stream, or whose mode forbids
    /// potentially unsafe calls.
    pub fn number_of_blocking(&self, blocking: bool) -> Option<u32> {
        let is_meant = |it: &&Capture| if blocking { it.blocking } else { it.mode != Mode::Relaxed };
        self.open.iter().find(is_meant).map(|capture| capture.number)
    }

    /// The number of the capture that an event was last recorded in.
    pub fn number_of_event(&self, event: EventKey) -> Option<u32> {
        self.events.get(&event).map(|snapshot| snapshot.capture)
    }

    /// The work of a stream that nothing after it in that stream waits for.
    pub fn last_work(&self, stream: StreamKey) -> Option<u32> {
        let capture = self.position(stream).map(|at| &self.open[at])?;
        capture.tails.get(&stream)?.iter().max().copied()
    }

    /// The event was recorded outside of captures.
    pub fn was_recorded(&mut self, event: EventKey) {
        if !self.events.contains_key(&event) {
            self.recorded.insert(event);
        }
    }

    /// All captures have ended: forgets what does not matter any more, so that paths that have captured and
    /// paths that have not can meet. True if it is everything.
    pub fn settle(&mut self) -> bool {
        self.recorded.clear();
        if self.events.is_empty() {
            self.begun = 0;
        }
        self.events.is_empty()
    }

    fn position(&self, stream: StreamKey) -> Option<usize> {
        self.open.iter().position(|capture| capture.tails.contains_key(&stream))
    }

    /// The legacy default stream may not be used: its barrier would reach into a capture.
    fn is_implicit(&self, stream: StreamKey) -> bool {
        stream == StreamKey::Legacy && self.open.iter().any(|capture| capture.blocking)
    }

    /// A capture begins.
    pub fn begin(&mut self, stream: StreamKey, mode: Mode, blocking: bool) -> Fate {
        if stream == StreamKey::Legacy {
            let implicit = self.is_implicit(stream);
            return Fate::Refused(if implicit { Refusal::Implicit } else { Refusal::Unsupported });
        }
        if self.is_capturing(stream) {
            return Fate::Refused(Refusal::IllegalState);
        }
        self.begun += 1;
        let tails = [(stream, BTreeSet::new())].into();
        let graph = Graph::default();
        self.open.push(Capture { number: self.begun, origin: stream, mode, graph, tails, blocking });
        Fate::Captured
    }

    /// Work is enqueued, in the form that returns at once.
    pub fn enqueue(&mut self, stream: StreamKey, work: u32) -> Fate {
        if self.is_implicit(stream) {
            return Fate::Refused(Refusal::Implicit);
        }
        match self.position(stream) {
            Some(at) => {
                self.open[at].add(stream, work);
                Fate::Captured
            }
            None => Fate::Runs,
        }
    }

    /// A call that no capture takes up: on its stream (the synchronous forms, callbacks).
    pub fn beside(&self, stream: StreamKey) -> Fate {
        match () {
            () if self.is_implicit(stream) => Fate::Refused(Refusal::Implicit),
            () if self.is_capturing(stream) => Fate::Refused(Refusal::Unsupported),
            () => Fate::Runs,
        }
    }

    /// An event is recorded.
    pub fn record(&mut self, event: EventKey, stream: StreamKey) -> Fate {
        if self.is_implicit(stream) {
            return Fate::Refused(Refusal::Implicit);
        }
        let Some(capture) = self.position(stream).map(|at| &self.open[at]) else {
            self.events.remove(&event);
            self.recorded.insert(event);
            return Fate::Runs;
        };
        let tail = capture.tails.get(&stream).cloned().unwrap_or_default();
        self.events.insert(event, Snapshot { capture: capture.number, tail });
        Fate::Captured
    }

    /// A stream waits for an event.
    pub fn wait(&mut self, stream: StreamKey, event: EventKey, blocking: bool) -> Fate {
        if self.is_implicit(stream) {
            return Fate::Refused(Refusal::Implicit);
        }
        let Some(snapshot) = self.events.get(&event) else {
            // What was never recorded is no work that could be waited for.
            return match (self.is_capturing(stream), self.recorded.contains(&event)) {
                (true, true) => Fate::Refused(Refusal::Isolation),
                (true, false) => Fate::Captured,
                (false, _) => Fate::Runs,
            };
        };
        let Some(from) = self.open.iter().position(|capture| capture.number == snapshot.capture) else {
            return Fate::Refused(Refusal::EndedCapture);
        };
        if self.position(stream).is_some_and(|at| at != from) {
            return Fate::Refused(Refusal::Merge);
        }
        if stream == StreamKey::Legacy {
            return Fate::Refused(Refusal::Implicit);
        }
        let capture = &mut self.open[from];
        capture.blocking |= blocking;
        let tail = capture.tails.entry(stream).or_default();
        if !self.events_order_nothing {
            tail.extend(&snapshot.tail);
        }
        Fate::Captured
    }

    /// The host waits for a point or asks about it; `None` is the device.
    pub fn host_asks(&self, point: Option<Point>) -> Fate {
        let refused = match point {
            Some(Point::Event(event)) => match self.events.get(&event) {
                Some(snapshot) if self.open.iter().any(|it| it.number == snapshot.capture) => {
                    Some(Refusal::CapturedEvent)
                }
                Some(_) => Some(Refusal::EndedCapture),
                None => return self.unsafe_call(),
            },
            _ if self.open.is_empty() => None,
            None => Some(Refusal::Unsupported),
            Some(Point::Tail(stream)) if self.is_implicit(stream) => Some(Refusal::Implicit),
            Some(Point::Tail(stream)) if self.is_capturing(stream) => Some(Refusal::Unsupported),
            // Of a stream that takes no part, too (claims `s8-other-stream-…`): relaxed mode alone allows it.
            Some(Point::Tail(_)) => return self.unsafe_call(),
        };
        refused.map_or(Fate::Runs, Fate::Refused)
    }

    /// A call that is potentially unsafe: an allocation, a free, a question about an event or another stream.
    pub fn unsafe_call(&self) -> Fate {
        match self.open.iter().any(|capture| capture.mode != Mode::Relaxed) {
            true => Fate::Refused(Refusal::Unsupported),
            false => Fate::Runs,
        }
    }

    /// A capture ends.
    pub fn end(&mut self, stream: StreamKey) -> Ended {
        let Some(at) = self.position(stream) else { return Ended::Nothing };
        let capture = self.open.remove(at);
        let unjoined = capture.unjoined();
        match capture.origin == stream {
            false => Ended::Unmatched(capture.graph),
            true if unjoined.is_empty() => Ended::Graph(capture.graph),
            true => Ended::Unjoined(capture.graph, unjoined),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: StreamKey = StreamKey::Created(1);
    const B: StreamKey = StreamKey::Created(2);
    const C: StreamKey = StreamKey::Created(3);
    const E: EventKey = EventKey::Created(1);
    const F: EventKey = EventKey::Created(2);

    fn open(mode: Mode, blocking: bool) -> Captures {
        let mut captures = Captures::default();
        assert_eq!(captures.begin(A, mode, blocking), Fate::Captured);
        captures
    }

    fn refused(fate: Fate) -> i32 {
        match fate {
            Fate::Refused(refusal) => refusal.code(),
            _ => 0,
        }
    }

    #[test]
    fn a_fork_and_its_join_give_a_graph() {
        let mut it = open(Mode::Global, true);
        it.enqueue(A, 1);
        it.record(E, A);
        it.wait(B, E, true);
        it.enqueue(B, 2);
        it.enqueue(A, 3);
        assert_eq!(it.clone().end(B), Ended::Unmatched(it.open[0].graph.clone()));
        assert!(matches!(it.clone().end(A), Ended::Unjoined(_, streams) if streams == [B]));
        it.record(F, B);
        it.wait(A, F, true);
        it.enqueue(A, 4);
        let Ended::Graph(graph) = it.end(A) else { panic!() };
        assert_eq!(graph.unordered().collect::<Vec<_>>(), [(2, 3)]);
        assert_eq!(graph.nodes[3].before, [1, 2, 3].into());
        assert!(it.is_empty() && it.end(A) == Ended::Nothing);
    }

    #[test]
    fn what_was_measured_to_be_refused_is() {
        for (mode, blocking) in [(Mode::Global, true), (Mode::Global, false), (Mode::Relaxed, true)] {
            let mut it = Captures::default();
            it.record(F, C);
            it.begin(A, mode, blocking);
            it.record(E, A);
            let strict = if mode == Mode::Relaxed { 0 } else { 900 };
            assert_eq!(refused(it.unsafe_call()), strict);
            assert_eq!(refused(it.host_asks(Some(Point::Event(F)))), strict);
            assert_eq!(refused(it.host_asks(Some(Point::Event(E)))), 907);
            assert_eq!(refused(it.host_asks(Some(Point::Tail(A)))), 900);
            assert_eq!(refused(it.host_asks(Some(Point::Tail(C)))), strict);
            assert_eq!(refused(it.host_asks(None)), 900);
            assert_eq!(refused(it.beside(A)), 900);
            let legacy = if blocking { 906 } else { 0 };
            assert_eq!(refused(it.enqueue(StreamKey::Legacy, 9)), legacy);
            assert_eq!(refused(it.beside(StreamKey::Legacy)), legacy);
            assert_eq!(refused(it.wait(A, F, blocking)), 905);
            assert_eq!(refused(it.begin(StreamKey::Legacy, mode, true)), if blocking { 906 } else { 900 });
            assert_eq!(refused(it.begin(A, mode, blocking)), 401);
            it.begin(B, mode, blocking);
            assert_eq!(refused(it.wait(B, E, blocking)), 902);
            it.end(A);
            assert_eq!(refused(it.wait(C, E, blocking)), 1);
            assert_eq!(refused(it.host_asks(Some(Point::Event(E)))), 1);
        }
    }

    #[test]
    fn what_has_nothing_to_do_with_the_capture_runs() {
        let mut it = open(Mode::Global, true);
        assert_eq!(it.enqueue(C, 1), Fate::Runs);
        assert_eq!(it.wait(C, E, true), Fate::Runs);
        assert_eq!(it.wait(A, E, true), Fate::Captured, "an event that was never recorded");
        assert_eq!(it.record(E, C), Fate::Runs);
        assert_eq!(it.wait(C, E, true), Fate::Runs);
        assert_eq!(Captures::default().host_asks(None), Fate::Runs);
    }
}
