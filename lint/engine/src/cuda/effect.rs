//! What one function does to streams, events, memory and the host: the effects of a [`Row`](super::row::Row), which name
//! its arguments by their [`Role`](super::row::Role).

use super::row::MemoryKind;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Copies from `Src` to `Dst`. `direction`: `None` if an argument tells, or the pointers do.
    Copy {
        /// The direction, where the function's name fixes it.
        direction: Option<Direction>,
        /// When the call returns.
        mode: Mode,
    },
    /// Fills `Dst`. `unit`: bytes an element that `Bytes` counts.
    Fill {
        /// Bytes an element.
        unit: u8,
        /// When the call returns.
        mode: Mode,
    },
    /// Hands out what the `Out` parameters say.
    Create,
    /// Frees `Memory`.
    Free(FreeWith),
    /// Page-locks `Memory`.
    Register,
    /// Ends that.
    Unregister,
    /// Destroys the stream. Orders nothing, waits for nothing.
    DestroyStream,
    /// Destroys the event. Orders nothing, waits for nothing.
    DestroyEvent,
    /// Destroys what `Role::Handle` is: the handle, plan or generator of a library.
    DestroyHandle,
    /// With [`Effect::DestroyHandle`]: memory of the device that pending work of the handle uses goes with it, and
    /// nothing promises that the call waits for that work.
    AbandonsWork,
    /// `Role::Handle` works with `Role::Workspace` from here on; without such a parameter, with memory of its own again.
    SetsWorkspace,
    /// Destroys `Role::Graph`.
    DestroyGraph,
    /// Unloads `Role::Module`.
    DestroyModule,
    /// Records the event on the stream.
    Record,
    /// Later work on the stream waits for the event's latest record. The host does not wait.
    StreamWaitsForEvent,
    /// The host waits until all earlier work of the stream is done.
    HostWaitsForStream,
    /// The host waits until the event's latest record is reached.
    HostWaitsForEvent,
    /// The host waits until all work of the device is done.
    HostWaitsForDevice,
    /// If a `Role::Writes` argument is host memory, the host waits until all earlier work of the stream is
    /// done, for the result is there when the call returns; if it is device memory, the work writes it, and
    /// nothing waits (the pointer modes of cuBLAS).
    HostWaitsForResult,
    /// What `Role::Handle` carries from here on is `Role::Stream`, or a stream that is not known if there
    /// is no such parameter. Without a handle, it is the current stream of the thread.
    SetsStream,
    /// As [`Effect::HostWaitsForStream`] if the result is success.
    QueriesStream,
    /// As [`Effect::HostWaitsForEvent`] if the result is success.
    QueriesEvent,
    /// The result does not tell an error from "not ready".
    HidesErrors,
    /// Measures the time between two events. It waits for nothing: it fails where one of them was made without
    /// timing, was never recorded, or is not complete.
    MeasuresEvents,
    /// Enqueues `Function(UserData)` on the stream, to run on the host. Without a stream, it runs at some
    /// later time (nodes of a graph, destructors of user objects).
    EnqueuesHostFunction,
    /// Launches `Kernel` with `KernelArgs`, or with the arguments after the parameters of the row.
    LaunchesKernel,
    /// Enqueues work on the stream that reads what `Src` arguments point to and reads and writes what
    /// `Dst` arguments point to, to an unknown extent, and likewise `Reads` and `Writes` arguments that are
    /// device memory. It touches no other argument.
    EnqueuesUnknownWork,
    /// Starts capture on the stream.
    BeginsCapture,
    /// Ends capture on the stream.
    EndsCapture,
    /// Launches a graph on the stream: what it touches is known if it was captured on this path.
    LaunchesGraph,
    /// Changes what `Role::Node` does, in a way that is not followed: a node of `Role::Graph` or, without such
    /// a parameter, of any graph. Without a node, it may be all of them.
    ChangesGraph,
    /// What the effects after this one enqueue runs when `Role::Graph` is launched: the call adds it as a node.
    AddsNode,
    /// The call adds all that `Role::FromGraph` holds to `Role::Graph`.
    AddsGraph,
    /// `Role::Graph` holds what `Role::FromGraph` holds from here on, and nothing else.
    UpdatesGraph,
    /// May wait for the device, or have the device wait, which nothing promises: lowers the confidence
    /// of what follows.
    MayWait,
    /// Destroys all resources of the device.
    ResetsDevice,
    /// The host accesses what the `Reads`, `Writes`, … parameters say. Implied by such a role.
    HostAccess,
    /// If the argument after the object is another object of the kind that the callee may change (a
    /// move): the object releases what it owns and takes over what the other owns, which is left empty,
    /// and the effects after this one do not apply. If the callee may not change it (a copy): the
    /// other's elements are read, shared pointers then share, and the effects after this one do apply.
    TakesElements,
    /// The memory that the call makes holds what it is meant to hold: zeros, a file, a copy.
    Initialises,
    /// Managed memory (`Role::Memory`) is attached to what `Role::Flags` say: to the host, to the one stream, to
    /// all.
    Attaches,
    /// The object and the argument after it exchange what they own; pointers stay valid.
    SwapsElements,
    /// The two arguments exchange all that they hold (`std::swap`).
    SwapsContents,
    /// The container's elements come into being (constructors), or are replaced (assign, resize,
    /// push_back): pointers into them are invalid.
    Reallocates(MemoryKind),
    /// `Role::Memory` goes with the container from here on: it is that of an element (Rust).
    TakesMemory,
    /// The container has the memory that the one after it has taken (Rust).
    TakesAll,
    /// Elements may leave the container, with the memory that they own (Rust).
    LosesElements,
    /// The container's or smart pointer's memory is released (destructor, clear, reset).
    ReleasesElements,
    /// Some elements of a container go, and how many is not followed (`pop_back`, `erase`).
    DropsElements,
    /// The container gives its elements back, and has none: `std::vector::clear`.
    Empties,
    /// A smart pointer takes hold of `Held`, and releases what it held before. Without such an argument
    /// it makes an object of its own in pageable memory (`make_unique`).
    Holds,
    /// The call waits for a mutex, condition variable, future or thread: work that a host function or
    /// another thread did may be visible after it.
    WaitsForHost,
    /// The counter holds `Role::Number`, or 0.
    SetsNumber,
    /// The counter is raised by `Role::Number`, or by 1.
    CountsUp,
    /// The counter is lowered, likewise.
    CountsDown,
    /// Of a constructor: objects of the class have their elements in themselves, in the one array that they hold.
    HasElements,
    /// All elements of such an object hold the value after it from here on.
    FillsElements,
    /// The object that receives the result has the arguments in order, as the fields `<0>`, `<1>`, …: those that are
    /// whole numbers; of others nothing is known.
    Gathers,
    /// Another host thread or task is started with the function given.
    Spawns,
    /// Reads a clock of the host: into what an `out:…` parameter names if there is one, else as the result.
    ReadsClock,
    /// Computes with times: the result, the object that receives it or, without these, the object of the method tells
    /// when the clock was read that the other arguments tell of. Of two times, it is their difference.
    DerivesTime,
    /// A function is registered that runs when the process ends: it may wait.
    RunsAtExit,
    /// Does not return.
    NoReturn,
    /// The first stream waits for all earlier work of the second.
    StreamWaitsForStream,
    /// What the call hands out is released when its last owner goes (Rust).
    DropsItself,
    /// The references that are the arguments end when the call returns, though the work goes on.
    Borrows,
    /// The memory that is the result carries the stream: it is freed in its order.
    CarriesStream,
    /// Before the work, its stream waits for what a library has recorded of the memory that it touches: of the
    /// last write, and before a write of the last read as well (cudarc's event tracking).
    OrdersTracked,
    /// After the work, the library records that it was the last to read or write the memory.
    RecordsTracked,
    /// A guard of the memory is dropped: what is enqueued now comes after what the guard recorded.
    EndsGuard,
    /// The host waits for what was recorded of the memory.
    HostWaitsForTracked,
    /// The memory is given back in the order of the stream that it carries, after what was recorded of it.
    DropsTracked,
    /// The result keeps account of event tracking: nothing is recorded until it owns a stream. Two of them with the
    /// same `Role::Device` mean the same context of the driver.
    CountsStreams,
    /// The same, with a context of the driver of its own.
    CountsStreamsApart,
    /// The stream that is handed out is one that `Role::Tracker`, or what made that, owns.
    OwnsStream,
    /// If `Role::Tracker` owns no stream yet, the host waits until all work of the device is done.
    FirstStreamWaits,
    /// The last owner of such a stream is gone.
    DisownsStream,
    /// `Role::Tracker` has nothing recorded from here on.
    StopsTracking,
    /// `Role::Tracker` has uses recorded again while it owns a stream.
    StartsTracking,
    /// What follows runs in the thread of that number (`Role::Count`); 0 is the one that runs the function.
    EntersThread,
    /// The thread's current device is from here on that of `Role::Device` or `Role::Context`; without such a
    /// parameter, one that is not known.
    SetsDevice,
    /// The same, until [`Effect::LeavesDevice`].
    EntersDevice,
    /// The device before the last [`Effect::EntersDevice`] is current again.
    LeavesDevice,
    /// `Role::Handle` works on several devices from here on.
    SpansDevices,
    /// Kernels may use memory of other devices from here on.
    EnablesPeers,
    /// Nothing, though it is often taken for a wait (cudaGetLastError): findings say that it is none.
    NoWait,
    /// Explicitly nothing: the call orders, reads, writes and keeps nothing of its arguments.
    None,
}

impl Effect {
    /// True for what destroys a stream, an event, a handle of a library, a graph or a module.
    pub const fn destroys(&self) -> bool {
        matches!(
            self,
            Self::DestroyStream
                | Self::DestroyEvent
                | Self::DestroyHandle
                | Self::DestroyGraph
                | Self::DestroyModule
        )
    }
}

/// The direction of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    HostToHost,
    HostToDevice,
    DeviceToHost,
    DeviceToDevice,
}

impl Direction {
    /// The name of the `cudaMemcpyKind` constant.
    pub const fn constant(self) -> &'static str {
        match self {
            Self::HostToHost => "cudaMemcpyHostToHost",
            Self::HostToDevice => "cudaMemcpyHostToDevice",
            Self::DeviceToHost => "cudaMemcpyDeviceToHost",
            Self::DeviceToDevice => "cudaMemcpyDeviceToDevice",
        }
    }
}

/// When a copy or fill returns to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As documented for synchronous forms: depends on direction and memory kind.
    Sync,
    /// As documented for asynchronous forms.
    Async,
    /// The asynchronous form, in a library whose safe interface lends it pageable memory for the length of the
    /// call: it counts on the driver to be done with such memory when the call returns (measured for copies to
    /// the host; copies to the device are staged). Page-locked memory is used for longer.
    Settled,
    /// The asynchronous form, documented to be one for page-locked memory only: with other host memory the call
    /// returns when the copy is done.
    PinnedAsync,
}

/// Which function frees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FreeWith {
    /// cudaFree, cuMemFree: "may perform implicit synchronization".
    CudaFree,
    /// cudaFreeAsync: in stream order.
    CudaFreeAsync,
    /// cudaFreeHost, cuMemFreeHost.
    CudaFreeHost,
    /// cudaFreeArray and the like.
    CudaFreeArray,
    /// cudaIpcCloseMemHandle.
    CudaIpcClose,
    /// free.
    CFree,
    /// munmap.
    Munmap,
}
