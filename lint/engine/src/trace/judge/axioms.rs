//! The ordering rules that a trace is judged by, one by one, so that a test can take one out or put a wrong
//! one in and see whether hardware notices.
//!
//! A1 to A12 are the axioms of the rule catalogue. What is measured but not documented (that cudaFree waits,
//! that a copy into pageable memory blocks) is no axiom: it becomes [`super::Hazard::Unordered::relies_on`].

/// The rules that are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axioms(u64);

macro_rules! axioms {
    ($($(#[doc = $doc:literal])+ $name:ident, $word:literal, $documented:tt;)+) => {
        /// One rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Axiom {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Axiom {
            /// All, those that hold and those that do not.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, for tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The name of the mutant that lacks it.
            const fn without_name(self) -> &'static str {
                match self { $(Self::$name => concat!("no-", $word),)+ }
            }

            /// What it says.
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)+).trim_ascii(),)+ }
            }

            /// True if it holds.
            pub const fn holds(self) -> bool {
                match self { $(Self::$name => $documented,)+ }
            }
        }
    };
}

axioms! {
    /// A2: work on one stream runs in the order in which it was enqueued.
    StreamOrder, "stream-order", true;
    /// A3: work on the legacy default stream waits for all earlier work on blocking streams.
    LegacyAfterBlocking, "legacy-after-blocking", true;
    /// A3: work on a blocking stream waits for all earlier work on the legacy default stream.
    BlockingAfterLegacy, "blocking-after-legacy", true;
    /// A4: after cudaStreamWaitEvent, later work of the stream waits for what the event's latest record stands for.
    EventWaitOrders, "event-wait-orders", true;
    /// A4: an event recorded on the legacy default stream stands for the work of all blocking streams too.
    LegacyRecordEncompasses, "legacy-record-encompasses", true;
    /// A5: cudaStreamSynchronize waits for all earlier work of the stream.
    HostWaitsForStream, "host-waits-for-stream", true;
    /// A5: cudaEventSynchronize waits for what the event's latest record stands for.
    HostWaitsForEvent, "host-waits-for-event", true;
    /// A5: cudaDeviceSynchronize waits for everything.
    HostWaitsForDevice, "host-waits-for-device", true;
    /// A5: a query that succeeds is a wait.
    QueryUntilCompleteWaits, "query-until-complete-waits", true;
    /// A5: a wait for the legacy default stream waits for all blocking streams too.
    LegacyWaitEncompasses, "legacy-wait-encompasses", true;
    /// A6: a synchronous copy to host memory, or from page-locked host memory to the device, returns when it is done.
    SynchronousCopyWaits, "synchronous-copy-waits", true;
    /// A6: a synchronous copy from pageable memory waits for its stream and returns when its source is read.
    PageableSourceIsRead, "pageable-source-is-read", true;
    /// A6: a synchronous memset of page-locked host memory returns when it is done.
    SynchronousFillOfHostWaits, "synchronous-fill-of-host-waits", true;
    /// A6: copies between host buffers are done when the call returns, asynchronous forms too.
    HostToHostIsSynchronous, "host-to-host-is-synchronous", true;
    /// A7: an asynchronous copy may read pageable memory during the call, before earlier work of its stream.
    PageableSourceMayBeReadAtOnce, "pageable-source-may-be-read-at-once", true;
    /// A8: a host function runs after all earlier work of its stream, and later work waits for it.
    HostFunctionIsOrdered, "host-function-is-ordered", true;
    /// A11: what is captured does not run before its graph is launched.
    CaptureDefers, "capture-defers", true;
    /// A11: a graph launch runs in the order of the stream that it is launched on.
    GraphRunsInStreamOrder, "graph-runs-in-stream-order", true;
    /// A4 in a capture: what is captured after a wait for an event comes after what the event stands for.
    CapturedEventsOrder, "captured-events-order", true;
    /// Each launch of a graph comes after the launches of it before, on other streams too.
    GraphLaunchesAreOrdered, "graph-launches-are-ordered", true;
    /// Memory that was released is the next owner's: what uses it afterwards meets that one's data.
    ReleasedMemoryIsGone, "released-memory-is-gone", true;
    /// Memory of cudaMallocAsync exists from the allocation on in the order of its stream, elsewhere only after it.
    AllocationIsInStreamOrder, "allocation-is-in-stream-order", true;
    /// cudaFreeAsync frees in the order of its stream: uses that it does not wait for are unordered with it.
    FreeIsInStreamOrder, "free-is-in-stream-order", true;

    /// Wrong: all streams run in one order.
    StreamsAreOrdered, "streams-are-ordered", false;
    /// Wrong: streams made with cudaStreamNonBlocking take part in the legacy default stream's barrier.
    NonBlockingTakesPart, "non-blocking-takes-part", false;
    /// Wrong: the per-thread default stream is the legacy default stream.
    PerThreadIsLegacy, "per-thread-is-legacy", false;
    /// Wrong: a wait for an event that was never recorded waits for everything so far.
    UnrecordedEventOrders, "unrecorded-event-orders", false;
    /// Wrong: an event stands for work that is enqueued after its record too.
    EventsSeeLaterWork, "events-see-later-work", false;
    /// Wrong: an event that is recorded again stands for the work of its earlier records too.
    EventsAccumulate, "events-accumulate", false;
    /// Wrong: cudaStreamWaitEvent makes the host wait.
    StreamWaitIsHostWait, "stream-wait-is-host-wait", false;
    /// Wrong: a wait for one stream waits for all.
    StreamSynchronizeWaitsForAll, "stream-synchronize-waits-for-all", false;
    /// Wrong: a wait for a blocking stream waits for earlier work on the legacy default stream.
    BlockingWaitCoversLegacy, "blocking-wait-covers-legacy", false;
    /// Wrong: after a record on a blocking stream, a wait for that stream covers earlier legacy work.
    RecordExtendsStream, "record-extends-stream", false;
    /// Wrong: one query is a wait, whatever it answers.
    SingleQueryWaits, "single-query-waits", false;
    /// Wrong: calls such as cudaGetLastError wait for the device.
    OtherCallsWait, "other-calls-wait", false;
    /// Wrong: cudaEventRecord waits for its stream.
    RecordWaits, "record-waits", false;
    /// Wrong: cudaStreamDestroy waits for the stream.
    StreamDestroyWaits, "stream-destroy-waits", false;
    /// Wrong: cudaEventDestroy waits for the event.
    EventDestroyWaits, "event-destroy-waits", false;
    /// Wrong: an allocation waits for the device.
    AllocationWaits, "allocation-waits", false;
    /// Wrong: cudaFree of stream-ordered memory waits for the device.
    FreeOfStreamOrderedWaits, "free-of-stream-ordered-waits", false;
    /// Wrong: cudaFreeAsync waits for the device.
    FreeAsyncWaits, "free-async-waits", false;
    /// Wrong: asynchronous copies with page-locked host memory return when they are done.
    AsynchronousCopyWaits, "asynchronous-copy-waits", false;
    /// Wrong: synchronous copies within the device return when they are done.
    DeviceCopyWaits, "device-copy-waits", false;
    /// Wrong: a synchronous memset of device memory returns when it is done.
    DeviceFillWaits, "device-fill-waits", false;
    /// Wrong: a launch on the legacy default stream makes the host wait for the blocking streams.
    LegacyLaunchWaits, "legacy-launch-waits", false;
    /// Wrong: a graph launch returns when the graph is done.
    GraphLaunchWaits, "graph-launch-waits", false;
    /// Wrong: what a graph holds runs in the order in which it was captured.
    GraphNodesAreOrdered, "graph-nodes-are-ordered", false;
}

impl Axioms {
    /// What is documented, and so what traces are judged by.
    pub fn documented() -> Self {
        Axiom::ALL.iter().filter(|axiom| axiom.holds()).fold(Self(0), |axioms, axiom| axioms.with(*axiom))
    }

    /// Every set of rules that differs from the documented one by one rule: one is missing, or one that does
    /// not hold is added. The name is the rule's, with `no-` before it if it is missing.
    pub fn mutants() -> Vec<(&'static str, Self)> {
        let documented = Self::documented();
        let mutant = |axiom: &Axiom| match axiom.holds() {
            true => (axiom.without_name(), documented.without(*axiom)),
            false => (axiom.name(), documented.with(*axiom)),
        };
        Axiom::ALL.iter().map(mutant).collect()
    }

    /// True if the rule is in force.
    pub const fn has(self, axiom: Axiom) -> bool {
        self.0 & (1 << axiom as u32) != 0
    }

    /// With one rule more.
    #[must_use]
    pub const fn with(self, axiom: Axiom) -> Self {
        Self(self.0 | 1 << axiom as u32)
    }

    /// With one rule less.
    #[must_use]
    pub const fn without(self, axiom: Axiom) -> Self {
        Self(self.0 & !(1 << axiom as u32))
    }
}
