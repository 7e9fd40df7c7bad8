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
pub mod repair;
#[cfg(test)]
mod sample;
pub mod text;
pub mod validate;

use std::fmt;

use crate::DefaultStream;
pub use crate::order::capture::Mode as CaptureMode;
use crate::program::SiteId;

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

/// Bytes of a buffer: from `start` up to but without `end`, counted from the buffer's start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Range {
    /// The buffer.
    pub buffer: Name,
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
}

/// Where a buffer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Memory {
    /// `malloc`, `new`, a container, the stack.
    Pageable,
    /// cudaMallocHost, cudaHostAlloc. Kernels may touch it too (unified addressing maps it).
    Pinned,
    /// Pageable memory after cudaHostRegister.
    Registered,
    /// cudaMallocManaged.
    Managed,
    /// cudaMalloc.
    Device,
    /// cudaMallocAsync.
    StreamOrdered,
}

/// What releases a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Release {
    /// `free`, `delete`, a container's destructor or reallocation, the end of a scope.
    #[cfg_attr(feature = "serde", serde(rename = "free"))]
    Free,
    /// cudaFree.
    #[cfg_attr(feature = "serde", serde(rename = "cudaFree"))]
    CudaFree,
    /// cudaFreeHost.
    #[cfg_attr(feature = "serde", serde(rename = "cudaFreeHost"))]
    CudaFreeHost,
    /// cudaFreeAsync.
    #[cfg_attr(feature = "serde", serde(rename = "cudaFreeAsync"))]
    CudaFreeAsync,
    /// cudaHostUnregister: the memory stays, and is pageable again.
    #[cfg_attr(feature = "serde", serde(rename = "cudaHostUnregister"))]
    CudaHostUnregister,
}

/// What [`Action::MakeAndRelease`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Made {
    /// Memory of cudaMalloc, released by cudaFree.
    Device,
    /// Memory of cudaMallocManaged, released by cudaFree.
    Managed,
    /// Memory of cudaMallocHost, released by cudaFreeHost.
    Pinned,
    /// A registration by cudaHostRegister, ended by cudaHostUnregister.
    Registration,
    /// A stream.
    Stream,
    /// An event.
    Event,
}

impl Made {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Device, Self::Managed, Self::Pinned, Self::Registration, Self::Stream, Self::Event];

    /// The word in the text form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Managed => "managed",
            Self::Pinned => "pinned",
            Self::Registration => "registration",
            Self::Stream => "stream",
            Self::Event => "event",
        }
    }

    /// True for memory, and for what is done to memory: its release was measured to wait for the whole device.
    pub const fn is_memory(self) -> bool {
        !matches!(self, Self::Stream | Self::Event)
    }
}

/// The direction that a copy states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[allow(missing_docs, reason = "the names say it")]
pub enum CopyKind {
    HostToHost,
    HostToDevice,
    DeviceToHost,
    DeviceToDevice,
}

/// A stream. In JSON it is a word, as in the text form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
pub enum Stream {
    /// Stream 0: what it means says [`Trace::default_stream`].
    #[default]
    Default,
    /// cudaStreamLegacy.
    Legacy,
    /// cudaStreamPerThread.
    PerThread,
    /// One that the trace made.
    Named(Name),
}

/// What the host can wait for or ask about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Point {
    /// A stream.
    Stream(Stream),
    /// An event.
    Event(Name),
    /// The device (cudaDeviceSynchronize); there is no query of it.
    Device,
}

impl From<String> for Stream {
    /// The stream of a word: no name is like one of the others.
    fn from(word: String) -> Self {
        match word.as_str() {
            "default" => Self::Default,
            "legacy" => Self::Legacy,
            "per-thread" => Self::PerThread,
            _ => Self::Named(word),
        }
    }
}

impl From<Stream> for String {
    fn from(stream: Stream) -> Self {
        stream.to_string()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Legacy => "legacy",
            Self::PerThread => "per-thread",
            Self::Named(name) => name,
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(stream) => stream.fmt(f),
            Self::Event(event) => f.write_str(event),
            Self::Device => f.write_str("device"),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}..{}]", self.buffer, self.start, self.end)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Memory {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Pageable, Self::Pinned, Self::Registered, Self::Managed, Self::Device, Self::StreamOrdered];

    /// The word in the text form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pageable => "pageable",
            Self::Pinned => "pinned",
            Self::Registered => "registered",
            Self::Managed => "managed",
            Self::Device => "device",
            Self::StreamOrdered => "stream-ordered",
        }
    }

    /// True if host code can touch it.
    pub const fn is_host_accessible(self) -> bool {
        !matches!(self, Self::Device | Self::StreamOrdered)
    }

    /// True if kernels can touch it. Pageable memory is taken to be out of their reach.
    pub const fn is_device_accessible(self) -> bool {
        !matches!(self, Self::Pageable)
    }

    /// What gives it back without a misuse.
    pub const fn release(self) -> Release {
        match self {
            Self::Pageable => Release::Free,
            Self::Pinned => Release::CudaFreeHost,
            Self::Registered => Release::CudaHostUnregister,
            Self::Managed | Self::Device => Release::CudaFree,
            Self::StreamOrdered => Release::CudaFreeAsync,
        }
    }
}

impl Release {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::Free, Self::CudaFree, Self::CudaFreeHost, Self::CudaFreeAsync, Self::CudaHostUnregister];

    /// True if memory of this kind may be released like this.
    pub const fn fits(self, memory: Memory) -> bool {
        match self {
            Self::Free => matches!(memory, Memory::Pageable),
            Self::CudaFree | Self::CudaFreeAsync => {
                matches!(memory, Memory::Device | Memory::StreamOrdered | Memory::Managed)
            }
            Self::CudaFreeHost => matches!(memory, Memory::Pinned),
            Self::CudaHostUnregister => matches!(memory, Memory::Registered),
        }
    }

    /// The word in the text form: the function.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::CudaFree => "cudaFree",
            Self::CudaFreeHost => "cudaFreeHost",
            Self::CudaFreeAsync => "cudaFreeAsync",
            Self::CudaHostUnregister => "cudaHostUnregister",
        }
    }
}

impl CopyKind {
    /// All.
    pub const ALL: [Self; 4] =
        [Self::HostToHost, Self::HostToDevice, Self::DeviceToHost, Self::DeviceToDevice];

    /// The word in the text form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HostToHost => "host-to-host",
            Self::HostToDevice => "host-to-device",
            Self::DeviceToHost => "device-to-host",
            Self::DeviceToDevice => "device-to-device",
        }
    }
}

impl Range {
    /// The length in bytes.
    pub const fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// True for a range without bytes.
    pub const fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// True if the two share bytes.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.buffer == other.buffer && self.start < other.end && other.start < self.end
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
