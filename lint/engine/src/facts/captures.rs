//! What is wrong with captures of streams into graphs, on one path.

use super::{Object, Paths, ReleaseKind, Stream, Work};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::order::capture::{Mode, Refusal};
use crate::program::SiteId;

/// Something wrong with a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureFault {
    /// Where it is noticed: the call that fails, the end of the capture, the launch of the graph.
    pub site: SiteId,
    /// What.
    pub what: Fault,
    /// The capture.
    pub capture: Capture,
    /// True if something out of sight may have ended the capture, or have brought streams into it.
    pub doubtful: bool,
    /// On which paths; none on which a CUDA call has failed before.
    pub paths: Paths,
}

/// A capture.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Capture {
    /// The stream that it began on.
    pub stream: Stream,
    /// Where it began.
    pub begun_at: SiteId,
    /// Its mode, if that is a constant.
    pub mode: Option<Mode>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A call is refused, and the capture is lost with it.
    Refused {
        /// The function, or the kernel's name.
        function: String,
        /// What it asks for.
        call: CallInCapture,
        /// Why it is refused.
        refusal: Refusal,
    },
    /// The capture ends while a stream that was forked in it holds work that was not joined.
    Unjoined {
        /// That stream.
        stream: Stream,
        /// Its last work.
        work: Option<Work>,
    },
    /// It is ended on another stream.
    EndedElsewhere {
        /// That stream.
        stream: Stream,
        /// True if that stream takes part in the capture.
        forked: bool,
    },
    /// The path ends, and nothing ends the capture.
    NotEnded,
    /// The host reads what captured work is to write, and no graph was launched yet.
    ReadTooEarly {
        /// The captured work.
        work: Work,
        /// The memory.
        object: Object,
    },
    /// A graph is launched that uses host memory which was released since it was captured.
    BufferReleased {
        /// The captured work.
        work: Work,
        /// The memory.
        object: Object,
        /// Where it was released.
        released_at: SiteId,
        /// How.
        how: ReleaseKind,
        /// The stream of the launch.
        launched_on: Stream,
    },
}

/// What a call that is refused during a capture asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallInCapture {
    /// Memory.
    Allocates(MemoryKind),
    /// That host memory is page-locked.
    Registers(Object),
    /// That memory is released.
    Releases(Object, FreeWith),
    /// That the host waits for a stream, or asks about it.
    AwaitsStream {
        /// Which.
        stream: Stream,
        /// True if it is captured itself.
        takes_part: bool,
        /// True for a query.
        asks: bool,
    },
    /// That the host waits for an event, or asks about it.
    AwaitsEvent {
        /// The variable it is known by.
        event: String,
        /// True for a query.
        asks: bool,
        /// The stream of its latest record, if that is seen.
        recorded_on: Option<Stream>,
    },
    /// That the host waits for the device.
    AwaitsDevice,
    /// Work on the default stream, or work that no capture takes up.
    Work(Work),
    /// A callback, in the form that captures do not support.
    Callback(Stream),
    /// Something else that no capture takes up.
    Other(Stream),
    /// That a captured stream waits for an event.
    StreamWaits {
        /// The stream.
        stream: Stream,
        /// The variable the event is known by.
        event: String,
        /// The stream of its latest record.
        recorded_on: Option<Stream>,
        /// The capture that the event belongs to, if that is another one.
        other: Option<Capture>,
    },
    /// An event is recorded on the default stream.
    Records(String),
    /// A capture begins on this stream.
    Begins(Stream),
}
