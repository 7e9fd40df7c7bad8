//! Traces: what one run of a host program asks of CUDA, step by step.
//!
//! Three produce them: the analysis (the *witness* of a diagnostic), a generator of random programs (litmus
//! tests), and whoever writes one by hand. Two judge them: [`judge`], with the happens-before code that the
//! analysis uses, and the replayer of `cuda-lint-runtime`, which runs them on a GPU. A trace is concrete: it
//! has no branches, every buffer has a size, every range is numbers.
//!
//! ```text
//! h = pinned 4096
//! d = device 4096
//! s = stream non-blocking
//! launch produce writes d[0..4096] on s
//! copy h[0..4096] <- d[0..4096] on s
//! host-read h[0..4096]
//! ```

pub mod capture;
pub mod judge;
mod parts;
pub mod repair;
#[cfg(test)]
mod sample;
pub mod text;
pub mod validate;

use std::fmt;

use crate::DefaultStream;
pub use crate::order::capture::Mode as CaptureMode;
use crate::program::SiteId;
pub use parts::{CopyKind, Made, Memory, Point, Range, Release, Stream};

/// A sequence of steps. `P` is what places are: [`SiteId`] inside the engine, [`Position`] outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trace<P = SiteId> {
    /// What stream 0 means.
    pub default_stream: DefaultStream,
    /// The steps, in the order in which the host takes them.
    pub steps: Vec<Step<P>>,
}

/// One step of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step<P = SiteId> {
    /// What the host does.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub action: Action,
    /// Where the program does it, if it stands in a program.
    #[cfg_attr(feature = "serde", serde(default = "nowhere", skip_serializing_if = "Option::is_none"))]
    pub place: Option<P>,
}

/// The place of a step that stands in no program; a function, since `default` alone would ask for a default
/// of `P`.
#[cfg(feature = "serde")]
fn nowhere<P>() -> Option<P> {
    None
}

/// A place in a source file; line and column count from 1, columns in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The name of a buffer, stream, event or graph: a letter or `_`, then letters, digits and `_`. One name is
/// one thing in a trace. `default`, `legacy`, `per_thread` and `device` are taken.
pub type Name = String;

/// What a step does.
///
/// Reads and writes of ranges are exact: they touch every byte of the range and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "do", rename_all = "kebab-case"))]
pub enum Action {
    /// Allocates a buffer.
    Allocate {
        /// Its name.
        buffer: Name,
        /// Where it lies.
        memory: Memory,
        /// Its size in bytes, more than 0.
        bytes: u64,
        /// For [`Memory::StreamOrdered`]: the stream.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        stream: Option<Stream>,
    },
    /// Releases a buffer.
    Free {
        /// The buffer.
        buffer: Name,
        /// By which function.
        with: Release,
        /// For [`Release::CudaFreeAsync`]: the stream.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        stream: Option<Stream>,
    },
    /// Makes a stream.
    CreateStream {
        /// Its name.
        stream: Name,
        /// cudaStreamNonBlocking.
        non_blocking: bool,
    },
    /// cudaStreamDestroy: does not wait.
    DestroyStream {
        /// The stream.
        stream: Name,
    },
    /// Makes an event.
    CreateEvent {
        /// Its name.
        event: Name,
    },
    /// Makes an event that measures time; those of [`Action::CreateEvent`] do not.
    CreateTimer {
        /// Its name.
        event: Name,
    },
    /// cudaEventDestroy: does not wait.
    DestroyEvent {
        /// The event.
        event: Name,
    },
    /// A copy; both ranges have the same length.
    Copy {
        /// What is written.
        dst: Range,
        /// What is read.
        src: Range,
        /// The direction that the call states; `None` for cudaMemcpyDefault.
        kind: Option<CopyKind>,
        /// True for the form without `Async`.
        synchronous: bool,
        /// Its stream.
        stream: Stream,
    },
    /// A memset.
    Fill {
        /// What is written.
        dst: Range,
        /// True for the form without `Async`.
        synchronous: bool,
        /// Its stream.
        stream: Stream,
    },
    /// A kernel. It reads all of its reads before it writes.
    Launch {
        /// Its name, for people.
        kernel: String,
        /// What it reads.
        #[cfg_attr(feature = "serde", serde(default))]
        reads: Vec<Range>,
        /// What it writes.
        #[cfg_attr(feature = "serde", serde(default))]
        writes: Vec<Range>,
        /// Its stream.
        stream: Stream,
        /// The stream that the program meant, where the launch names another: it was passed to the kernel.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        meant: Option<Stream>,
    },
    /// cudaLaunchHostFunc: the host runs a function in stream order. It reads before it writes.
    HostFunction {
        /// Its name, for people.
        function: String,
        /// What it reads.
        #[cfg_attr(feature = "serde", serde(default))]
        reads: Vec<Range>,
        /// What it writes.
        #[cfg_attr(feature = "serde", serde(default))]
        writes: Vec<Range>,
        /// The functions of CUDA that it calls.
        #[cfg_attr(feature = "serde", serde(default))]
        calls: Vec<String>,
        /// Its stream.
        stream: Stream,
        /// True for cudaStreamAddCallback.
        callback: bool,
    },
    /// cudaEventRecord.
    Record {
        /// The event.
        event: Name,
        /// The stream.
        stream: Stream,
    },
    /// cudaStreamWaitEvent.
    StreamWait {
        /// The stream that waits.
        stream: Stream,
        /// For what.
        event: Name,
    },
    /// The host reads.
    HostRead {
        /// What.
        range: Range,
    },
    /// The host writes.
    HostWrite {
        /// What.
        range: Range,
    },
    /// The host waits.
    Synchronize {
        /// For what.
        point: Point,
        /// True if nothing is said to need the wait. Such a step waits all the same.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
        needless: bool,
    },
    /// The host makes something and releases it: what each round of a loop does that has no need to.
    MakeAndRelease {
        /// What.
        made: Made,
        /// Bytes, of memory; 0 else.
        #[cfg_attr(feature = "serde", serde(default))]
        bytes: u64,
    },
    /// Work of the device that fails: a kernel that touches memory that is not there. Nothing can be done on the
    /// device after it.
    Fault {
        /// Its name, for people.
        work: String,
        /// Its stream.
        stream: Stream,
    },
    /// cudaStreamQuery or cudaEventQuery.
    Query {
        /// Of what.
        point: Point,
        /// True if it is repeated until it succeeds, which is a wait. A single query orders nothing.
        until_complete: bool,
    },
    /// cudaEventElapsedTime: does not wait.
    Elapsed {
        /// The event at the beginning.
        start: Name,
        /// The event at the end.
        end: Name,
    },
    /// The host reads its clock, to measure the time since it has read it last.
    Clock,
    /// The program ends, or what alone could wait for the work that is left. Nothing comes after it.
    End,
    /// Some other call of CUDA from the host, which orders nothing: cudaGetLastError, cudaSetDevice.
    Call {
        /// The function.
        function: String,
    },
    /// cudaStreamBeginCapture: what follows on the stream, and on streams that wait for events recorded on it
    /// since, is noted down, not run.
    BeginCapture {
        /// The stream.
        stream: Stream,
        /// The mode.
        #[cfg_attr(feature = "serde", serde(default))]
        mode: CaptureMode,
    },
    /// cudaStreamEndCapture and cudaGraphInstantiate.
    EndCapture {
        /// The stream.
        stream: Stream,
        /// The name of the graph.
        graph: Name,
    },
    /// cudaGraphLaunch: everything captured runs.
    LaunchGraph {
        /// The graph.
        graph: Name,
        /// The stream.
        stream: Stream,
    },
    /// cudaGraphExecDestroy and cudaGraphDestroy.
    DestroyGraph {
        /// The graph.
        graph: Name,
    },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Action {
    /// What the step reads on the device or on the host.
    pub fn reads(&self) -> Vec<&Range> {
        match self {
            Self::Copy { src, .. } => vec![src],
            Self::Launch { reads, .. } | Self::HostFunction { reads, .. } => reads.iter().collect(),
            Self::HostRead { range } => vec![range],
            _ => Vec::new(),
        }
    }

    /// What the step writes on the device or on the host.
    pub fn writes(&self) -> Vec<&Range> {
        match self {
            Self::Copy { dst, .. } | Self::Fill { dst, .. } => vec![dst],
            Self::Launch { writes, .. } | Self::HostFunction { writes, .. } => writes.iter().collect(),
            Self::HostWrite { range } => vec![range],
            _ => Vec::new(),
        }
    }

    /// The names that the step uses, each once: buffers, streams, events and graphs. Not what it makes.
    pub fn uses(&self) -> Vec<&Name> {
        let ranges = self.reads().into_iter().chain(self.writes()).map(|range| &range.buffer);
        let mut names: Vec<&Name> = ranges.collect();
        let (mut streams, mut others): (Vec<&Stream>, Vec<&Name>) = (Vec::new(), Vec::new());
        streams.extend(self.work_stream());
        match self {
            Self::Allocate { stream, .. } => streams.extend(stream),
            Self::Free { buffer, stream, .. } => {
                others.push(buffer);
                streams.extend(stream);
            }
            Self::DestroyStream { stream: name }
            | Self::DestroyEvent { event: name }
            | Self::DestroyGraph { graph: name }
            | Self::LaunchGraph { graph: name, .. }
            | Self::Synchronize { point: Point::Event(name), .. }
            | Self::Query { point: Point::Event(name), .. } => others.push(name),
            Self::Launch { meant, .. } => streams.extend(meant),
            Self::Record { event, stream } | Self::StreamWait { stream, event } => {
                streams.push(stream);
                others.push(event);
            }
            Self::Synchronize { point: Point::Stream(stream), .. }
            | Self::Query { point: Point::Stream(stream), .. }
            | Self::BeginCapture { stream, .. }
            | Self::EndCapture { stream, .. } => streams.push(stream),
            _ => {}
        }
        names.extend(others);
        names.extend(streams.into_iter().filter_map(|stream| match stream {
            Stream::Named(name) => Some(name),
            _ => None,
        }));
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }

    /// The name that the step makes.
    pub const fn makes(&self) -> Option<&Name> {
        match self {
            Self::Allocate { buffer: name, .. }
            | Self::CreateStream { stream: name, .. }
            | Self::CreateEvent { event: name }
            | Self::EndCapture { graph: name, .. } => Some(name),
            _ => None,
        }
    }

    /// The name that the step ends, if it ends one: what is released, destroyed. Memory that is no longer
    /// registered stays.
    pub const fn ends(&self) -> Option<&Name> {
        match self {
            Self::Free { with: Release::CudaHostUnregister, .. } => None,
            Self::Free { buffer: name, .. }
            | Self::DestroyStream { stream: name }
            | Self::DestroyEvent { event: name }
            | Self::DestroyGraph { graph: name } => Some(name),
            _ => None,
        }
    }

    /// The stream of what the step enqueues; `None` if it enqueues nothing that touches memory.
    pub fn work_stream(&self) -> Option<&Stream> {
        match self {
            Self::Copy { stream, .. }
            | Self::Fill { stream, .. }
            | Self::Launch { stream, .. }
            | Self::HostFunction { stream, .. }
            | Self::Fault { stream, .. }
            | Self::LaunchGraph { stream, .. } => Some(stream),
            _ => None,
        }
    }
}

impl<P> Trace<P> {
    /// The same trace with other places; where there is none to be had, the step loses its place.
    pub fn map_places<Q>(self, mut place: impl FnMut(P) -> Option<Q>) -> Trace<Q> {
        let steps = self.steps.into_iter();
        let steps = steps.map(|step| Step { action: step.action, place: step.place.and_then(&mut place) });
        Trace { default_stream: self.default_stream, steps: steps.collect() }
    }
}
