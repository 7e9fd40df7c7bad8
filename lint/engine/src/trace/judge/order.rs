//! The pending work of a trace and its order: [`happens_before`], with each rule behind its axiom.

use std::collections::BTreeMap;

use super::super::Stream;
use super::axioms::{Axiom, Axioms};
use crate::DefaultStream;
use crate::order::happens_before::{self, Barrier, Cover, EventKey, Pending, Point, StreamKey};

/// Bytes that pending work touches.
#[derive(Clone, Debug)]
pub(super) struct Touch<'t> {
    /// The buffer.
    pub buffer: &'t str,
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
    /// True for a write.
    pub write: bool,
    /// The step that is measured, and not documented, to have waited for this access.
    pub relies_on: Option<usize>,
}

/// Work that may still be running.
#[derive(Clone, Debug)]
pub(super) struct Operation<'t> {
    /// The step that enqueued it.
    pub step: usize,
    /// Its stream.
    pub stream: StreamKey,
    /// What it touches.
    pub touches: Vec<Touch<'t>>,
    /// The first step that is measured, and not documented, to have waited for it.
    pub waited: Option<usize>,
    /// True if it takes no part in the order of its stream (by an axiom that is missing).
    pub loose: bool,
    /// True for the allocation of stream-ordered memory.
    pub allocates: bool,
    /// The points whose completion implies its own.
    pub cover: Cover,
}

impl Pending for Operation<'_> {
    fn cover(&self) -> &Cover {
        &self.cover
    }
    fn cover_mut(&mut self) -> &mut Cover {
        &mut self.cover
    }
}

/// Which streams order themselves with the legacy default stream.
struct Streams<'o> {
    non_blocking: &'o [bool],
    all: bool,
}

impl Barrier for Streams<'_> {
    fn is_blocking(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Created(index) => {
                self.all || !self.non_blocking.get(index as usize).copied().unwrap_or(false)
            }
            StreamKey::Legacy | StreamKey::PerThread | StreamKey::Unseen(_) => true,
        }
    }
}

/// What is pending, and by which rules it is ordered.
pub(super) struct Order<'t> {
    /// The work that may still be running, oldest first.
    pub pending: Vec<Operation<'t>>,
    axioms: Axioms,
    default_stream: DefaultStream,
    streams: BTreeMap<&'t str, u32>,
    non_blocking: Vec<bool>,
    events: BTreeMap<&'t str, u32>,
    /// The stream of each event's latest record.
    recorded: BTreeMap<EventKey, StreamKey>,
}

impl<'t> Order<'t> {
    /// Nothing is pending.
    pub fn new(default_stream: DefaultStream, axioms: Axioms) -> Self {
        Self {
            pending: Vec::new(),
            axioms,
            default_stream,
            streams: BTreeMap::new(),
            non_blocking: Vec::new(),
            events: BTreeMap::new(),
            recorded: BTreeMap::new(),
        }
    }

    /// A stream is made.
    pub fn make_stream(&mut self, name: &'t str, non_blocking: bool) {
        let key = self.non_blocking.len() as u32;
        self.non_blocking.push(non_blocking);
        self.streams.insert(name, key);
    }

    /// The key of a stream. One that nothing made is like no other.
    pub fn stream(&self, stream: &Stream) -> StreamKey {
        let per_thread = match self.axioms.has(Axiom::PerThreadIsLegacy) {
            true => StreamKey::Legacy,
            false => StreamKey::PerThread,
        };
        match (stream, self.default_stream) {
            (Stream::Legacy, _) | (Stream::Default, DefaultStream::Legacy) => StreamKey::Legacy,
            (Stream::PerThread, _) | (Stream::Default, DefaultStream::PerThread) => per_thread,
            (Stream::Named(name), _) => {
                self.streams.get(name.as_str()).map_or(StreamKey::Unseen(0), |key| StreamKey::Created(*key))
            }
        }
    }

    /// The key of an event.
    pub fn event(&mut self, name: &'t str) -> EventKey {
        let next = self.events.len() as u32;
        EventKey::Created(*self.events.entry(name).or_insert(next))
    }

    /// Makes the covers such that what is covered by the tail of `stream` is what happens before new work on it.
    pub fn reach(&mut self, stream: StreamKey) {
        if self.axioms.has(Axiom::StreamsAreOrdered) {
            for operation in &mut self.pending {
                operation.cover.insert(Point::Tail(stream));
            }
        }
        let rule = match stream {
            StreamKey::Legacy => Axiom::LegacyAfterBlocking,
            _ => Axiom::BlockingAfterLegacy,
        };
        if self.axioms.has(rule) {
            self.encompass(stream);
        }
    }

    fn is_blocking(&self, stream: StreamKey) -> bool {
        let all = self.axioms.has(Axiom::NonBlockingTakesPart);
        Streams { non_blocking: &self.non_blocking, all }.is_blocking(stream)
    }

    /// The legacy barrier by itself.
    fn encompass(&mut self, stream: StreamKey) {
        let all = self.axioms.has(Axiom::NonBlockingTakesPart);
        let streams = Streams { non_blocking: &self.non_blocking, all };
        happens_before::reach(&mut self.pending, stream, &streams);
    }

    /// True if pending work happens before new work on a stream that was [reached](Self::reach).
    pub fn is_before(&self, earlier: &Operation<'_>, stream: StreamKey, loose: bool) -> bool {
        earlier.cover.contains(Point::Tail(stream))
            && (earlier.stream != stream
                || (self.axioms.has(Axiom::StreamOrder) && !earlier.loose && !loose)
                || self.axioms.has(Axiom::StreamsAreOrdered))
    }

    /// Work is pending from here on. Its stream was [reached](Self::reach).
    pub fn push(&mut self, mut operation: Operation<'t>) {
        operation.cover.insert(Point::Tail(operation.stream));
        if self.axioms.has(Axiom::EventsSeeLaterWork) {
            for (event, stream) in &self.recorded {
                if *stream == operation.stream {
                    operation.cover.insert(Point::Event(*event));
                }
            }
        }
        self.pending.push(operation);
    }

    /// An event is recorded.
    pub fn record(&mut self, event: EventKey, stream: StreamKey) {
        if stream == StreamKey::Legacy {
            if self.axioms.has(Axiom::LegacyRecordEncompasses) {
                self.encompass(stream);
            }
        } else if self.axioms.has(Axiom::RecordExtendsStream) {
            self.reach(stream);
        }
        if !self.axioms.has(Axiom::EventsAccumulate) {
            happens_before::forget(&mut self.pending, event);
        }
        happens_before::snapshot(&mut self.pending, event, stream);
        if stream != StreamKey::Legacy
            && self.axioms.has(Axiom::BlockingAfterLegacy)
            && self.is_blocking(stream)
        {
            happens_before::snapshot(&mut self.pending, event, StreamKey::Legacy);
        }
        self.recorded.insert(event, stream);
        if self.axioms.has(Axiom::RecordWaits) {
            self.complete(Point::Tail(stream));
        }
    }

    /// A stream waits for an event.
    pub fn stream_waits(&mut self, stream: StreamKey, event: EventKey) {
        if self.axioms.has(Axiom::EventWaitOrders) {
            happens_before::stream_waits(&mut self.pending, stream, event);
        }
        if self.axioms.has(Axiom::UnrecordedEventOrders) && !self.recorded.contains_key(&event) {
            for operation in &mut self.pending {
                operation.cover.insert(Point::Tail(stream));
            }
        }
        if self.axioms.has(Axiom::StreamWaitIsHostWait) {
            self.complete(Point::Event(event));
        }
    }

    /// The host waits for a stream.
    pub fn wait_for_stream(&mut self, stream: StreamKey) {
        if self.axioms.has(Axiom::StreamSynchronizeWaitsForAll) {
            self.pending.clear();
        }
        let encompasses = match stream {
            StreamKey::Legacy => self.axioms.has(Axiom::LegacyWaitEncompasses),
            _ => self.axioms.has(Axiom::BlockingWaitCoversLegacy),
        };
        if encompasses {
            self.encompass(stream);
        }
        self.complete(Point::Tail(stream));
    }

    /// The host has seen that a point is complete.
    pub fn complete(&mut self, point: Point) {
        happens_before::complete(&mut self.pending, point);
    }

    /// A step was measured to wait for what a stream holds, or for everything, which nothing documents.
    pub fn may_have_waited(&mut self, step: usize, stream: Option<StreamKey>) {
        for operation in &mut self.pending {
            if stream.is_none_or(|stream| operation.cover.contains(Point::Tail(stream))) {
                operation.waited.get_or_insert(step);
            }
        }
    }
}
