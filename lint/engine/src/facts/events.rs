//! What was observed about events, and about the order that streams get by them or by the default stream.

use super::{Note, Paths, Stream, Work};
use crate::program::SiteId;

/// Everything that was observed about events.
#[derive(Clone, Debug, Default)]
pub struct EventFacts {
    /// Waits for events that nothing has recorded.
    pub unrecorded: Vec<UnrecordedWait>,
    /// Times asked of events that have none to tell.
    pub untimed: Vec<UntimedEvent>,
    /// Records on a stream that has none of the work that they are waited for.
    pub misplaced: Vec<MisplacedRecord>,
    /// Work on a stream that was forked off another and never joins it.
    pub unjoined: Vec<UnjoinedFork>,
    /// Events that measure time which nobody asks for.
    pub unread_times: Vec<UnreadTime>,
    /// Work on the default stream that streams wait for, and that waits for streams, for nothing.
    pub serialized: Vec<Serialized>,
}

/// An event, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Event {
    /// The variable it is known by; empty if there is none.
    pub name: String,
    /// Where it was made; `None` if that is out of sight.
    pub made: Option<SiteId>,
}

/// An event that is made with timing, is recorded, and is never asked for its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadTime {
    /// The event.
    pub event: Event,
    /// Where it is made.
    pub made: SiteId,
    /// The function that makes it.
    pub function: String,
    /// The first record.
    pub record: SiteId,
}

/// A wait for an event that no record reaches, on any path that leads to the wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnrecordedWait {
    /// The wait.
    pub site: SiteId,
    /// The event.
    pub event: Event,
    /// Who waits.
    pub waiter: Waiter,
    /// Where the event is recorded later, if it is.
    pub recorded_later: Option<SiteId>,
    /// The work that was pending at the wait and that the wait seems to be meant for.
    pub pending: Option<Work>,
}

/// Who waits for an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Waiter {
    /// The host.
    Host,
    /// The host asks whether it is complete.
    Query,
    /// A stream.
    Stream(Stream),
}

/// An event that is asked for its time and has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntimedEvent {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// The event.
    pub event: Event,
    /// Why it has none.
    pub why: Untimed,
    /// True for the first of the two events.
    pub is_start: bool,
    /// On which paths.
    pub paths: Paths,
}

/// Why an event has no time to tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Untimed {
    /// It was made with cudaEventDisableTiming.
    Disabled,
    /// Nothing has recorded it.
    NeverRecorded,
    /// Nothing has waited for its record.
    NotComplete {
        /// The record.
        record: SiteId,
        /// Its stream.
        stream: Stream,
    },
}

/// An event that is recorded on a stream with nothing new in it, right after work on another stream, and then
/// waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisplacedRecord {
    /// The record.
    pub site: SiteId,
    /// The event.
    pub event: Event,
    /// The stream that it is recorded on.
    pub stream: Stream,
    /// The work that it follows.
    pub work: Work,
    /// True if the event covers that work all the same, through the legacy default stream.
    pub covered: bool,
    /// The first wait for the event.
    pub wait: SiteId,
    /// Who waits there.
    pub waiter: Waiter,
    /// On which paths.
    pub paths: Paths,
}

/// How work came to run beside a stream of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Its stream has waited for an event of that stream.
    Forked,
    /// It was started on a stream of its own. `is_free`: one that the default stream is in no order with.
    Started {
        /// True for streams that are known to be made with cudaStreamNonBlocking.
        is_free: bool,
    },
}

/// Work on a stream that was forked off another one and that nothing joins before the function returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnjoinedFork {
    /// The work.
    pub work: Work,
    /// The stream that the forked stream waited for, or that the function got.
    pub from: Stream,
    /// How it runs beside that stream.
    pub begun: Begun,
    /// Where the fork, or the stream of the work, was made.
    pub fork: Note,
    /// On which paths.
    pub paths: Paths,
}

/// Work on the legacy default stream between work on blocking streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serialized {
    /// The work.
    pub work: Work,
    /// Work on a blocking stream that it waits for.
    pub before: Work,
    /// Work on a blocking stream that waits for it.
    pub after: Work,
    /// True if it uses what the stream's work uses: it was meant for that stream.
    pub belongs: bool,
    /// On which paths.
    pub paths: Paths,
}
