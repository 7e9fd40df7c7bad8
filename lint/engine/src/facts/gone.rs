//! Uses of what was released or destroyed before, on one path.

use super::{Object, Paths, ReleaseKind, Stream, Work};
use crate::program::SiteId;

/// Something is used after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseAfterEnd {
    /// Where it is used.
    pub site: SiteId,
    /// What it is, and how it ended.
    pub what: Gone,
    /// Where it ended.
    pub ended_at: SiteId,
    /// The function that has ended all that belongs to a device or context, if it went with that.
    pub reset_by: Option<String>,
    /// How it is used.
    pub by: LateUse,
    /// On which paths; none on which a CUDA call has failed before.
    pub paths: Paths,
}

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gone {
    /// Memory, how it was released, and in the order of which stream, if in one's.
    Memory(Object, ReleaseKind, Option<Stream>),
    /// Memory that went with its device or context.
    Lost(Object),
    /// A stream.
    Stream(Stream),
    /// An event, by the variable it is known by.
    Event(String),
    /// A graph, or what was instantiated of one, by its variable.
    Graph(String),
    /// A module or library of kernels, by its variable.
    Module(String),
}

/// How it is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LateUse {
    /// Device work uses it, or runs on it.
    Work(Work),
    /// It is released again.
    Release(ReleaseKind, Option<Stream>),
    /// A function is called with it.
    Call(String, Call),
}

/// What a function that is called with a stream, an event or a graph does with it, as far as that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Destroys it once more.
    Destroys,
    /// Waits for it.
    Waits,
    /// Asks whether it is done.
    Queries,
    /// Records the event on the stream.
    Records,
    /// Has the stream wait for the event.
    StreamWaits,
    /// Begins a capture of the stream.
    Captures,
    /// Launches the graph.
    Launches,
    /// Asks for the time of the event.
    Measures,
    /// Something else.
    Other,
}

impl Gone {
    /// The stream in whose order memory was released.
    pub const fn order(&self) -> Option<&Stream> {
        match self {
            Self::Memory(_, _, order) => order.as_ref(),
            _ => None,
        }
    }
}
