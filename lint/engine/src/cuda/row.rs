//! The schema of the CUDA model: what one row says about one function.
//!
//! Rows are data (`rows/*.rows`, see [`super::parse`] for the notation). The analysis interprets them and
//! knows no function by name. The same schema serves the runtime API, the driver API, the C and C++
//! standard libraries, CUDA libraries, and a project's own wrappers.

use super::capture::InCapture;
pub use super::effect::{Direction, Effect, FreeWith, Mode};

/// What is known about one function, or one overload of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Qualified name without template arguments and without ABI suffixes (`_v2`, `_ptsz`).
    pub name: String,
    /// The parameters in order; methods have their object first.
    pub params: Vec<Param>,
    /// True if further arguments may follow.
    pub variadic: bool,
    /// What the result is.
    pub result: Outcome,
    /// What the call does, in order.
    pub effects: Vec<Effect>,
    /// What documentation says about calling it from a stream callback or host function.
    pub in_callback: InCallback,
    /// What it is to a capture, where its effects do not tell.
    pub capture: InCapture,
    /// True if it counts for more than the function's body, where that is there: the body goes where it is not
    /// followed (virtual calls). Rows of a project always do.
    pub replaces_body: bool,
    /// The family the function belongs to.
    pub family: Family,
    /// Where the row's claims come from: documentation section, measurement.
    pub source: String,
}

impl Row {
    /// The least number of arguments.
    pub fn required(&self) -> usize {
        self.params.iter().filter(|param| !param.optional).count()
    }

    /// True if the function can be called with this number of arguments.
    pub fn accepts(&self, args: usize) -> bool {
        self.required() <= args && (self.variadic || args <= self.params.len())
    }

    /// The index of the first parameter with a role.
    pub fn position(&self, role: Role) -> Option<usize> {
        self.params.iter().position(|param| param.role == role)
    }
}

/// A parameter: its role, and whether the call may leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// What the argument means.
    pub role: Role,
    /// True if the argument has a default (streams: the default stream).
    pub optional: bool,
}

/// What an argument means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing to the model.
    Ignored,
    /// The object of a method, by its address. Some free functions have one as well.
    This,
    /// Where a copy or fill writes.
    Dst,
    /// What a copy reads.
    Src,
    /// A number of bytes. Several are multiplied (`height`, element sizes); one of them can be an
    /// element count when the effect gives the element's bytes.
    Bytes,
    /// A size of a matrix or vector, or how many there are: of 0, the call touches nothing that it is handed.
    Size,
    /// What a fill writes everywhere: of a fill by bytes, only the lowest byte counts.
    FillValue,
    /// What a counter is set to, or changed by.
    Number,
    /// Bytes from the beginning of one row to that of the next. The first [`Role::Bytes`] is the width of a row,
    /// the second their number.
    Pitch,
    /// Elements from the beginning of one row to that of the next, of a matrix or vector of which the last
    /// [`Role::Bytes`] is the size of an element. Those before are the elements of a row and the number of rows, or the
    /// number of elements, each a row of its own.
    Stride,
    /// `cudaMemcpyKind`.
    Kind,
    /// A stream. Without such a parameter, and without a [`Role::Handle`], copies and fills go to the default
    /// stream, a record records the work of all streams, and other work goes to a stream that is not known.
    Stream,
    /// Something that carries the stream of what is done with it, by value or by its address: the handle,
    /// plan or generator of a library, an object that holds a stream. It stands for that stream in a row
    /// that has no parameter [`Role::Stream`].
    Handle,
    /// Device memory for the work's intermediate results. Without it (a null pointer), the call only says how
    /// much it needs, and enqueues nothing.
    Workspace,
    /// An event.
    Event,
    /// Flags of an allocation, stream or event.
    Flags,
    /// The number of the device that is meant.
    Device,
    /// A context of the driver, which belongs to a device. What a call with such a parameter makes belongs to that
    /// device.
    Context,
    /// A module or library of kernels; what the call hands out belongs to it.
    Module,
    /// What keeps account of a library's event tracking (cudarc's contexts), or a stream or memory that was made with
    /// such a thing.
    Tracker,
    /// What memory in stream order is taken from: the pool's device is the memory's. Without it, the stream's is.
    Pool,
    /// The object that a container takes its memory from (memory resources of rmm): it says of what kind that is.
    Resource,
    /// The structure that a kernel is launched by: its field `stream` (`hStream` in the driver API) says where.
    LaunchConfig,
    /// `cudaStreamCaptureMode`.
    CaptureMode,
    /// `cudaGraph_t` or `cudaGraphExec_t`. With [`Thing::Graph`], the call makes another that holds the same;
    /// with [`Effect::ChangesGraph`], the first one is changed.
    Graph,
    /// Another graph, whose nodes `Graph` gets.
    FromGraph,
    /// A node of a graph, whose parameters the call changes.
    Node,
    /// `cudaMemsetParams *` or `cudaKernelNodeParams *`: the arguments of a fill or launch are its fields.
    NodeParams,
    /// An address that the call puts into the field `ptr` of the structure that is its result.
    FieldPtr,
    /// A device symbol (`__device__` variable).
    Symbol,
    /// The address through which the call hands out what [`Effect`] creates.
    Out(Thing),
    /// Memory that the call frees, registers or unregisters, or whose alias it hands out.
    Memory,
    /// `cudaMemcpy3DParms *` and driver twins: source, destination, extent and kind are its fields.
    CopyParams,
    /// `cudaHostNodeParams *` and driver twins: function and user data are its fields.
    CallbackParams,
    /// A function that is called later, or by another thread.
    Function,
    /// What that function gets.
    UserData,
    /// A kernel (`const void *func`, `CUfunction`).
    Kernel,
    /// `void **args` of a kernel launch: an array of addresses of arguments.
    KernelArgs,
    /// The host reads memory through this address during the call. Its extent is the product of the
    /// [`Role::Bytes`] arguments; unknown if there are none. A function of [`Family::Library`] may be
    /// given device memory there as well (MPI, the scalars and results of cuBLAS), so that such a pointer
    /// proves no host access to it; if the call enqueues work, that work accesses it then.
    Reads,
    /// As [`Role::Reads`], and it says what the call does with the arguments after it: the host reads those that it
    /// prints as strings (`printf`, C17 7.21.6.1).
    Format,
    /// The host writes memory through this address during the call; extent likewise.
    Writes,
    /// The number of elements of a container or range. An argument that is an address is none: it is
    /// the beginning of a range (then [`Role::ReadLast`] follows), another container, or a list.
    Count,
    /// An element index.
    ElementIndex,
    /// A pointer that the object holds from here on (smart pointers).
    Held,
    /// The first of a pair of iterators or addresses: the host reads from here …
    ReadFirst,
    /// … up to here. Says nothing if this argument or the range's beginning is no address.
    ReadLast,
    /// The first of a pair: the host writes from here …
    WriteFirst,
    /// … up to here.
    WriteLast,
}

/// What a call hands out through a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// Memory of a kind.
    Memory(MemoryKind),
    /// Device memory whose address goes into the field `ptr` of the structure (`cudaPitchedPtr`).
    Pitched,
    /// The device address of mapped host memory: the same object.
    Alias,
    /// A device symbol's address.
    SymbolAddress,
    /// A stream.
    Stream,
    /// The stream that [`Role::Handle`] carries.
    HandleStream,
    /// Something that carries a stream ([`Role::Handle`]): the argument [`Role::Stream`], or the default
    /// stream if there is none.
    Handle,
    /// An event.
    Event,
    /// A graph, or what can be launched of one.
    Graph,
    /// Whether the stream is captured (`cudaStreamCaptureStatus`).
    CaptureStatus,
    /// An event that others record too: of another process, of another API.
    ForeignEvent,
    /// A property of the device, named by the argument with [`Role::Flags`]. Some of them say that the host
    /// may touch device memory: code that asks for one and branches on it knows what it does.
    DeviceAttribute,
    /// `cudaDeviceProp`: the same properties, each by its name.
    DeviceProperties,
    /// `cudaPointerAttributes` of the argument with [`Role::Memory`]: what kind of memory it points to.
    PointerAttributes,
    /// One such attribute, named by the argument with [`Role::Flags`].
    PointerAttribute,
    /// The number of the thread's current device.
    CurrentDevice,
    /// The device whose number is the argument with [`Role::Device`] (`CUdevice`).
    Ordinal,
    /// A context: of the argument with [`Role::Device`], else of the thread's current device.
    Context,
    /// Any other handle or number: a fresh, unknown value.
    Fresh,
}

/// Where memory lives, and how the GPU reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemoryKind {
    /// Ordinary host memory.
    Pageable,
    /// Page-locked host memory (cudaMallocHost, cudaHostAlloc).
    Pinned,
    /// Host memory page-locked after the fact (cudaHostRegister).
    Registered,
    /// cudaMallocManaged, `__managed__`.
    Managed,
    /// Device memory (cudaMalloc).
    Device,
    /// Device memory in stream order (cudaMallocAsync).
    DeviceStreamOrdered,
    /// Device memory of another process (cudaIpcOpenMemHandle).
    DeviceIpc,
    /// An opaque CUDA array.
    Array,
}

impl MemoryKind {
    /// True for memory that a host pointer can read.
    pub const fn is_host(self) -> bool {
        matches!(self, Self::Pageable | Self::Pinned | Self::Registered)
    }
    /// True for page-locked host memory.
    pub const fn is_page_locked(self) -> bool {
        matches!(self, Self::Pinned | Self::Registered)
    }
    /// True for memory that only the device can read.
    pub const fn is_device(self) -> bool {
        matches!(self, Self::Device | Self::DeviceStreamOrdered | Self::DeviceIpc | Self::Array)
    }
    /// The kind in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pageable => "pageable",
            Self::Pinned => "pinned",
            Self::Registered => "registered (pinned)",
            Self::Managed => "managed",
            Self::Device => "device",
            Self::DeviceStreamOrdered => "stream-ordered device",
            Self::DeviceIpc => "IPC device",
            Self::Array => "CUDA array",
        }
    }
}

/// What the result of a call is.
///
/// If the result is of class type (iterators, smart pointers, `thrust::device_ptr`), the object that
/// receives it holds the pointer named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is known.
    Unknown,
    /// The stream that [`Role::Handle`] carries; without such a parameter, the current stream of the thread
    /// (PyTorch). An object of a class that is the result carries it.
    Stream,
    /// The legacy default stream, as [`Role::Tracker`] hands it out.
    LegacyStream,
    /// The default stream of the calling thread, likewise.
    PerThreadStream,
    /// [`Role::Stream`], as another thread means it: of the calling thread's default stream, that of the other one.
    StreamInThread,
    /// What keeps account of the tracking of what [`Role::Tracker`] is.
    Tracker,
    /// A status: 0 is success. Tested as failed, the call has had no effect.
    Status,
    /// The status of a query: 0 means that the work is done, `NotReady` (600) that it is not.
    QueryStatus,
    /// Fresh memory of a kind (malloc).
    Memory(MemoryKind),
    /// The value of an argument.
    Arg(u8),
    /// The address of the elements of a container.
    Elements,
    /// The address of the element that [`Role::ElementIndex`] names, or of the first one. Of a container in device memory,
    /// an object of class type stands for the element, and holds the address (`thrust::device_reference`).
    Element,
    /// The address one past the last element.
    ElementsEnd,
    /// The address of the last element.
    LastElement,
    /// The pointer that a smart pointer holds.
    Held,
    /// The pointer that a smart pointer holds, which it gives up.
    Released,
    /// The same value for the same arguments (accessors such as `size()`).
    Pure,
    /// How many elements a container has.
    Length,
    /// The first two arguments are addresses: that of the lesser number.
    Least,
    /// The same, of the greater number.
    Greatest,
    /// Whether the first two arguments, smart pointers, hold the same.
    Same,
    /// Whether they do not.
    Differs,
    /// What a counter holds.
    Counted,
    /// What a counter holds after the call has counted.
    CountedAfter,
}

/// What documentation says about calling a function from a stream callback or host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCallback {
    /// Not a CUDA function.
    Fine,
    /// "No CUDA function may be called from callback". The 19 measured return 800.
    Forbidden,
    /// Forbidden by the documentation, but no failure was observed: it, or its twin, was measured to succeed.
    ForbiddenUnobserved,
    /// A CUDA function that does not touch the device (cudaGetErrorString): not reported.
    Harmless,
    /// No CUDA function: it waits for another thread, or for time to pass, which keeps the stream waiting.
    Waits,
}

/// The family a function belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Runtime,
    Driver,
    Library,
    Std,
    /// A project's own functions, in rows of `cuda-lint.toml`. They say what the function is meant to do, and
    /// so count for more than its body.
    Project,
}
