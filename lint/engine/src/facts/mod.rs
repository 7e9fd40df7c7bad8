//! What the analysis observed: the only input of the rules.
//!
//! Facts are summed up over all paths that were followed. A fact is *certain* if it held on every path
//! that reached its site (paths on which a CUDA call is known to have failed apart).

mod arguments;
mod captures;
mod combined;
mod devices;
mod ends;
mod errors;
mod events;
mod gone;
mod leaks;
mod library;
mod lifetimes;
mod rounds;
mod sizes;
mod streams;
mod timing;
mod unwritten;
mod waits;

pub use arguments::HostArgument;
pub use captures::{CallInCapture, Capture, CaptureFault, Fault};
pub use combined::{CombinedRead, CombinedUse};
pub use devices::{Device, DeviceFault, Presumed, WrongDevice};
pub use ends::LeftWork;
pub use errors::{BlindPoll, EarlyQuery, ErrorChecks, Unchecked};
pub use events::{
    Begun, Event, EventFacts, MisplacedRecord, Serialized, UnjoinedFork, UnreadTime, UnrecordedWait, Untimed,
    UntimedEvent, Waiter,
};
pub use gone::{Call, Gone, LateUse, UseAfterEnd};
pub use leaks::{Leak, Loss, Resource};
pub use library::HandleInFlight;
pub use lifetimes::Variable;
pub use rounds::{Made, MadeEachRound};
pub use sizes::{Misfit, MisfitKind};
pub use streams::Forgotten;
pub use timing::EarlyTiming;
pub use unwritten::UnwrittenSource;
pub use waits::NeedlessWait;

use std::collections::{BTreeMap, BTreeSet};

use crate::cuda::row::{Direction, FreeWith, InCallback, MemoryKind, Mode};
use crate::program::{FunctionId, InvalidCall, SiteId};
use crate::trace::Trace;

/// Everything that was observed in one program.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Pairs of accesses that nothing orders.
    pub conflicts: Vec<Conflict>,
    /// Every copy, with what is known of its operands.
    pub transfers: Vec<Transfer>,
    /// Pageable and registered memory that kernels are handed.
    pub host_arguments: Vec<HostArgument>,
    /// Copies and fills whose size does not fit.
    pub misfits: Vec<Misfit>,
    /// Every call that frees or unregisters memory.
    pub releases: Vec<Release>,
    /// Host accesses to device memory.
    pub dereferences: Vec<Dereference>,
    /// Uses of what was released or destroyed before.
    pub late_uses: Vec<UseAfterEnd>,
    /// What is wrong with captures.
    pub captures: Vec<CaptureFault>,
    /// The kernel launches.
    pub launches: Vec<LaunchShape>,
    /// The functions that CUDA calls back, and the CUDA calls they reach.
    pub callbacks: Vec<Callback>,
    /// What was observed about events.
    pub events: EventFacts,
    /// Reads of write-combined memory by the host.
    pub combined_reads: Vec<CombinedRead>,
    /// Copies of memory that nothing has written.
    pub unwritten_sources: Vec<UnwrittenSource>,
    /// Work that is left at the end.
    pub left: Vec<LeftWork>,
    /// Times that the host takes by its clock, which end before the work does.
    pub timings: Vec<EarlyTiming>,
    /// Waits of the host that nothing needs.
    pub needless_waits: Vec<NeedlessWait>,
    /// What every round of a loop makes and releases.
    pub made_each_round: Vec<MadeEachRound>,
    /// Handles of libraries that are destroyed while work uses them.
    pub handles_in_flight: Vec<HandleInFlight>,
    /// What is made and not released.
    pub leaks: Vec<Leak>,
    /// Uses of what belongs to another device.
    pub wrong_devices: Vec<WrongDevice>,
    /// Where errors are looked for.
    pub errors: ErrorChecks,
    /// Calls to names that nothing declares.
    pub invalid_calls: Vec<InvalidCall>,
    /// True if an `#include` could not be resolved.
    pub unresolved_includes: bool,
    /// What was analysed only in part.
    pub partial: Vec<crate::Partial>,
    /// How paths got to functions of other files.
    pub ways: Ways,
}

/// How paths got to functions of other files.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// For sites at which something was seen: the calls that led there, outermost first.
    pub leading: BTreeMap<SiteId, Vec<Entered>>,
    /// The functions that were followed: the first caller of each, and where it calls.
    pub first: BTreeMap<FunctionId, (FunctionId, SiteId)>,
}

/// A call of a function of another file.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// The function.
    pub function: FunctionId,
    /// Where it is called.
    pub site: SiteId,
}

/// On how many of the paths that reach its site a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Paths {
    /// Only on paths on which a CUDA call has failed before, or which a mode selects in which the function that is
    /// followed has no part.
    AfterFailure,
    /// On some.
    Some,
    /// On all.
    All,
}

/// A memory object, for people and for the rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Object {
    /// The variable or expression it is known by; empty if there is none: `h_data`, `buffers.data()`.
    pub name: String,
    /// Where its memory comes from.
    pub origin: Origin,
    /// The kind of memory, if it is known.
    pub memory: Option<MemoryKind>,
    /// Where it was allocated, declared or registered.
    pub site: Option<SiteId>,
    /// Evidence that unknown memory is host memory: the code dereferences it, or passes it as the host
    /// side of a copy.
    pub host_by_use: bool,
    /// Its size in bytes, if it is a constant.
    pub bytes: Option<u64>,
    /// True if it is allocated and released inside one function (a short-lived buffer in a hot path).
    pub short_lived: bool,
    /// True if its kind is what a function that was called has made of it, by a mode in which the function that
    /// is followed has no part: a mismatch that does not hold in every mode is not proven. True too if the kind is
    /// known of the fields only that it lies in, on a way that is selected by something that nobody here knows.
    pub by_mode: bool,
}

impl Object {
    /// True for memory that is the device's by the type of what holds its address only, `CUdeviceptr`: with unified
    /// addressing, that is a number which may be the address of managed or pinned memory, or of another process'
    /// (CUDA Driver API, "Unified Addressing").
    pub fn may_lie_anywhere(&self) -> bool {
        self.memory == Some(MemoryKind::Device) && self.origin == Origin::Unseen
    }
}

/// Where an object's memory comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A local variable or temporary.
    Stack,
    /// A variable with static storage, a string literal.
    Static,
    /// Allocated by a call: its name (`malloc`, `new`, `cudaMalloc`).
    Allocated(String),
    /// The elements of a container or the object of a smart pointer: its class (`std::vector`).
    Container(String),
    /// Reached through a parameter, a field, or a call that is not seen.
    Unseen,
}

/// A stream, for people and for the rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Stream 0 or `cudaStreamLegacy` in a legacy build.
    Legacy,
    /// Stream 0 in a per-thread build, or `cudaStreamPerThread`.
    PerThread,
    /// A stream made by the program.
    Created {
        /// The variable it is known by.
        name: String,
        /// Where it was made.
        site: SiteId,
        /// True if it was made with cudaStreamNonBlocking; `None` if the flags are not a constant.
        non_blocking: Option<bool>,
    },
    /// A parameter, a member, the result of a call: it may be any stream.
    Unseen {
        /// The variable or expression it is known by; empty if there is none.
        name: String,
    },
}

/// Work that was enqueued on the device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Work {
    /// Where it was enqueued: the call or launch; of what a graph holds, the launch of the graph.
    pub site: SiteId,
    /// What it is.
    pub kind: WorkKind,
    /// The function called, or the kernel's name.
    pub name: String,
    /// Its stream.
    pub stream: Stream,
    /// True if the stream argument was left out.
    pub stream_omitted: bool,
    /// The call that leaves the stream out, if that stands in a caller: the function hands on the default of its
    /// parameter.
    pub left_out_by: Option<SiteId>,
    /// True if it writes the object in question.
    pub writes: bool,
    /// True if that access is only assumed: a kernel's pointer argument that is not `const`, where the
    /// body does not tell.
    pub assumed: bool,
    /// How a Rust library got the memory.
    pub lent: Lent,
    /// The call that put it into a graph, if it was launched with one.
    pub captured_at: Option<SiteId>,
}

/// How a Rust library got the memory that work uses, and so who sees to it that nothing else does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lent {
    /// It is no such library, or nothing is lent.
    #[default]
    No,
    /// By a reference that ends when the call returns, to a function that says so (`unsafe`).
    Call,
    /// As a slice, to a safe method: the library records nothing for slices.
    Slice,
    /// As an object of the library's, whose uses it records.
    Recorded,
    /// The same, where recording has been switched off.
    Untracked,
    /// The same, where nothing is recorded since the last stream of the context is gone.
    StreamsGone,
    /// The same, where two objects stand for one context, and the one that made the memory knows of no stream.
    OtherContext,
    /// The same, on the per-thread default stream, which is another one in each thread.
    PerThread,
    /// The same, by a copy to another context of the driver: its read is recorded where it does not run.
    Apart,
    /// By its address, whose guard was dropped before the work was enqueued: the library recorded too early.
    Unguarded,
}

/// What device work is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkKind {
    /// A copy.
    Copy {
        /// Its direction, if known.
        direction: Option<Direction>,
        /// Whether the synchronous or the asynchronous form was called.
        synchronous_form: bool,
        /// True if its host side is known to be pageable.
        pageable: bool,
    },
    /// A memset.
    Fill,
    /// A kernel.
    Kernel,
    /// A host function in stream order.
    HostFunction,
    /// A library call: it touches what its row says, to an unknown extent.
    Other,
    /// The allocation of memory in stream order: no access, but what every access has to come after.
    Allocation,
}

/// Two accesses to the same bytes, at least one a write, at least one by the device, not ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The device work that may still be running.
    pub pending: Work,
    /// The memory.
    pub object: Object,
    /// Where the second access is.
    pub site: SiteId,
    /// What it is.
    pub access: Access,
    /// For releases: the variable with whose end the memory goes, directly or by its destructor.
    pub ends: Option<Variable>,
    /// For device work: that one of the two names no stream, and only a blocking stream of the other would order
    /// them.
    pub forgotten: Option<Forgotten>,
    /// On which paths.
    pub paths: Paths,
    /// True if the two share no bytes, and need not: on this platform, the host may touch no managed memory at all
    /// while a kernel runs.
    pub exclusive: bool,
    /// True if the two are proven to touch the same bytes; false where a kernel's extent is unknown and
    /// the two differ in the pointer's offset or in a scalar that varies with the stream.
    pub overlap: bool,
    /// What lowers the confidence to *possible*: unknown calls between the two that got the stream, the
    /// event or the buffer.
    pub doubts: Vec<Note>,
    /// A call between the two that is measured to wait, which nothing documents (cudaFree, …).
    pub undocumented_wait: Option<Note>,
    /// Calls between the two that look like a wait and are none (cudaGetLastError, cudaStreamDestroy, a
    /// wait for another stream).
    pub no_waits: Vec<Note>,
    /// A path that shows it, made concrete. It ends with the second access.
    pub witness: Option<Trace>,
}

/// A remark about a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note {
    /// The place.
    pub site: SiteId,
    /// The remark, for people: "`cudaGetLastError` does not wait".
    pub text: String,
}

/// The second access of a [`Conflict`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// The host reads.
    HostRead {
        /// The function that reads (`memcpy`, `printf`), if it is not an expression of the program.
        via: Option<String>,
        /// What the value read is used for, where that says more: a size, a loop bound, a result.
        as_result: bool,
        /// True if it is the caller who reads, once the function that enqueued the work has returned.
        left: bool,
    },
    /// The host writes.
    HostWrite {
        /// The function that writes, likewise.
        via: Option<String>,
    },
    /// The memory is released.
    Release(ReleaseKind),
    /// Other device work touches it.
    Device(Work),
}

/// How memory is released.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReleaseKind {
    /// By a function; its name is given.
    Call(FreeWith, String),
    /// `delete`, `delete[]`.
    Delete,
    /// cudaHostUnregister.
    Unregister,
    /// A container gives its memory back or moves it: the function's name
    /// (`std::vector::resize`, `std::vector::~vector`).
    Container(String),
    /// A local variable's scope ends.
    ScopeEnd,
}

/// A copy, as seen on all paths that reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// The form called.
    pub mode: Mode,
    /// One entry for each combination of operands seen.
    pub views: Vec<TransferView>,
    /// The same by the calls that lead there.
    pub contexts: Vec<TransferContext>,
    /// True if the copy stands in a loop of its function.
    pub in_loop: bool,
    /// The function that it stands in.
    pub within: FunctionId,
    /// Other copies of that function that every way to this one leads through: both are made, where one that is not
    /// among them may be made instead.
    pub behind: BTreeSet<SiteId>,
}

/// A copy, as seen on all paths that reach it by the same calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferContext {
    /// The calls, outermost first; empty where the function of the copy was followed on its own.
    pub calls: Vec<SiteId>,
    /// One entry for each combination of operands seen.
    pub views: Vec<TransferView>,
    /// Some paths on which the outermost function makes these calls may not have been followed: there were too many.
    pub in_part: bool,
}

/// One combination of operands of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferView {
    /// What is written.
    pub dst: Object,
    /// What is read.
    pub src: Object,
    /// True if the destination is a `CUdeviceptr` or an array by its parameter.
    pub dst_device_by_type: bool,
    /// True if the source is.
    pub src_device_by_type: bool,
    /// The direction that the call states: the kind constant, or the function's name. `None` for
    /// cudaMemcpyDefault and for what is not a constant.
    pub stated: Option<Direction>,
    /// The place of the kind argument, if there is one.
    pub kind_site: Option<SiteId>,
    /// Bytes, if a constant.
    pub bytes: Option<u64>,
    /// The stream.
    pub stream: Stream,
    /// True if the stream argument was left out.
    pub stream_omitted: bool,
    /// True while the stream is being captured.
    pub captured: bool,
    /// True if the host waits for this copy at once: the next CUDA call waits for its stream, event or
    /// device.
    pub waited_at_once: bool,
    /// True on a path on which the program has looked at what an operand is (by a function that got its
    /// address, or by a mode of its own) and chosen: it may know better than the analysis which side an operand
    /// is on.
    pub examined: bool,
    /// On which paths.
    pub paths: Paths,
}

/// A call that frees or unregisters memory, as seen on all paths that reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The call.
    pub site: SiteId,
    /// How it releases.
    pub how: ReleaseKind,
    /// What it releases: one entry for each object seen. `None` where the pointer is unknown.
    pub objects: Vec<Option<Object>>,
    /// True if the pointer is not the start of its object on every path.
    pub interior: bool,
}

/// A host access to device memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dereference {
    /// The access.
    pub site: SiteId,
    /// The memory.
    pub object: Object,
    /// True for a write.
    pub write: bool,
    /// The function that accesses it, if it is not an expression of the program.
    pub via: Option<String>,
    /// On which paths.
    pub paths: Paths,
}

/// A kernel launch as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchShape {
    /// The launch.
    pub site: SiteId,
    /// The kernel's name.
    pub kernel: String,
    /// True if the fourth configuration argument is missing or a literal 0.
    pub default_stream: bool,
    /// Arguments of stream type passed to the kernel.
    pub stream_arguments: Vec<SiteId>,
    /// The name of the first stream in a wrong place, if it is a variable's.
    pub meant: Option<String>,
    /// True if a stream stands in the place of the grid, block or shared-memory size.
    pub stream_in_other_slot: bool,
}

/// A function that CUDA calls back, and the CUDA calls that it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Where it is registered.
    pub registered_at: SiteId,
    /// The function it is registered with: `cudaLaunchHostFunc`.
    pub registered_with: String,
    /// The callback's name; `<lambda>` for lambdas.
    pub function: String,
    /// The definition.
    pub function_site: SiteId,
    /// How many parameters it has.
    pub params: usize,
    /// The CUDA calls it reaches, each once, with the calls that lead there.
    pub reaches: Vec<ReachedCall>,
}

/// A CUDA call that a callback reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachedCall {
    /// The call.
    pub site: SiteId,
    /// The function called; `kernel<<<>>>` for launches.
    pub name: String,
    /// What is documented and measured about it.
    pub status: InCallback,
    /// The calls from the callback down to it, outermost first; empty if the callback makes it itself.
    pub path: Vec<Note>,
    /// True if the call is reached only through something that is not followed for sure (a virtual call).
    pub uncertain: bool,
}
