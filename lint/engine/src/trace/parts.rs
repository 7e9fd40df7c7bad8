//! What steps are about: ranges of buffers, kinds of memory, streams and points in time.

use std::fmt;

use super::Name;

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

/// What [`super::Action::MakeAndRelease`] makes.
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
    /// Stream 0: what it means says [`super::Trace::default_stream`].
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
