//! The model as a judge of traces: what is wrong with one, by the happens-before code of the analysis.

mod axioms;
mod calls;
mod captures;
#[cfg(test)]
mod closure;
mod copies;
mod order;
mod released;
mod run;
mod timing;

pub use axioms::{Axiom, Axioms};
pub use calls::{BUSY_WAIT, contradicts, is_misplaced_in_host_function, is_refused, waits_in_host_function};

use super::{Action, Name, Release, Step, Stream, Trace};
use crate::order::capture::Refusal;

/// Something wrong with a trace. Steps are indices into [`Trace::steps`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "hazard", rename_all = "kebab-case"))]
pub enum Hazard {
    /// Two accesses to the same bytes, at least one a write, at least one by the device, not ordered.
    Unordered {
        /// The device work that may still be running.
        pending: usize,
        /// The step that touches what it uses; a release too.
        access: usize,
        /// What they share.
        buffer: Name,
        /// Which of the two reads and which writes.
        conflict: Conflict,
        /// The order that is missing.
        missing: Edge,
        /// The step that is measured to wait, which nothing documents, and that the trace relies on: a
        /// copy with pageable memory, cudaFree, cudaFreeHost, cudaHostUnregister.
        relies_on: Option<usize>,
    },
    /// The host touches device memory.
    HostTouchesDevice {
        /// The step.
        step: usize,
        /// The buffer.
        buffer: Name,
    },
    /// A copy states a direction that its memory contradicts.
    WrongKind {
        /// The copy.
        step: usize,
    },
    /// A function releases memory of another kind.
    WrongRelease {
        /// The release.
        step: usize,
        /// What would have been right.
        right: Release,
    },
    /// A host function calls a function of CUDA that it must not call.
    CallInHostFunction {
        /// The step that enqueues the host function.
        step: usize,
        /// The function called.
        function: String,
    },
    /// An asynchronous copy with pageable memory: the call may block until the stream gets there.
    PageableCopy {
        /// The copy.
        step: usize,
    },
    /// The time between two events is asked for, and one of them has none.
    NoTime {
        /// The call.
        step: usize,
        /// The event.
        event: Name,
        /// Why it has none.
        why: NoTime,
    },
    /// A wait of the host that is said to be needless, and is: without it there is no hazard more.
    NeedlessWait {
        /// The wait.
        step: usize,
    },
    /// Something is made and released, as in each round of a loop.
    MadeEachRound {
        /// The step.
        step: usize,
    },
    /// The last error is asked for while work that fails is pending: the answer is success.
    ErrorUnseen {
        /// The work.
        pending: usize,
        /// The query.
        step: usize,
    },
    /// A host function waits for another thread: its stream, and what waits for that, wait as well.
    WaitInHostFunction {
        /// The step that enqueues the host function.
        step: usize,
        /// What it waits with.
        function: String,
    },
    /// The host measures a time by its clock, and work that it has enqueued in that time is not complete.
    TimedTooEarly {
        /// The work.
        pending: usize,
        /// The step at which the clock was read first.
        from: usize,
        /// The step at which it is read again.
        step: usize,
    },
    /// The program ends while work is pending.
    NeverAwaited {
        /// The work.
        pending: usize,
        /// The end.
        step: usize,
    },
    /// A kernel was handed the stream that it should have been launched on.
    StreamAsArgument {
        /// The launch.
        step: usize,
    },
    /// A buffer, stream, event or graph is used that was released or destroyed before: work is enqueued with
    /// it, the host touches it, it is released once more.
    UseAfterRelease {
        /// The first release.
        release: usize,
        /// The step that uses it.
        step: usize,
        /// What it is.
        name: Name,
        /// True if the release takes effect before the use in every run; false if memory is freed in the
        /// order of a stream that the use is not ordered with.
        ordered: bool,
    },
    /// A graph is launched whose nodes use memory that was released since they were captured.
    CapturedBufferReleased {
        /// The captured step.
        node: usize,
        /// The release.
        release: usize,
        /// The launch.
        launch: usize,
        /// The buffer.
        buffer: Name,
    },
    /// A call fails since something is captured, and the capture is lost with it.
    CaptureIllegal {
        /// The call.
        step: usize,
        /// Why.
        refusal: Refusal,
    },
    /// A capture ends while a stream that was forked in it holds work that was not joined.
    CaptureUnjoined {
        /// The end of the capture.
        step: usize,
        /// The stream.
        stream: Stream,
    },
}

/// Which of two accesses reads and which writes, the pending one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[allow(missing_docs, reason = "the names say it")]
pub enum Conflict {
    WriteThenRead,
    ReadThenWrite,
    WriteThenWrite,
    /// Any access, then the release of the memory.
    UseThenRelease,
}

/// Why an event has no time to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum NoTime {
    /// It was made without timing.
    Disabled,
    /// It was never recorded.
    NeverRecorded,
    /// Nothing has waited for its record.
    NotComplete,
}

/// The order that a trace lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Edge {
    /// The host does not wait for the pending work.
    HostWait,
    /// The stream of the second access does not wait for the pending work.
    StreamWait,
}

/// What is wrong with a trace, in the order of the steps. A hazard that was found changes nothing for the
/// steps after it. One pair of steps is one hazard for each buffer that they conflict over.
///
/// Work of a graph is that of the step that launches it, save that two nodes which run in any order are named
/// themselves. The trace is one that
/// [`super::validate::validate`] accepts; others are judged as far as they make sense.
pub fn judge<P>(trace: &Trace<P>) -> Vec<Hazard> {
    judge_with(trace, Axioms::documented())
}

/// The same by other rules.
pub fn judge_with<P>(trace: &Trace<P>, axioms: Axioms) -> Vec<Hazard> {
    let mut hazards = run::run(trace, axioms);
    for (step, _) in trace.steps.iter().enumerate().filter(|(_, step)| is_called_needless(&step.action)) {
        if is_needless(trace, step, &hazards, axioms) {
            hazards.push(Hazard::NeedlessWait { step });
        }
    }
    hazards.sort_by_key(Hazard::step);
    hazards
}

const fn is_called_needless(action: &Action) -> bool {
    matches!(action, Action::Synchronize { needless: true, .. })
}

/// True if the trace without the step has no hazard that it does not have with it.
fn is_needless<P>(trace: &Trace<P>, step: usize, hazards: &[Hazard], axioms: Axioms) -> bool {
    let others = trace.steps.iter().enumerate().filter(|(index, _)| *index != step);
    let steps = others.map(|(_, it)| Step::<()> { action: it.action.clone(), place: None }).collect();
    let without = run::run(&Trace { default_stream: trace.default_stream, steps }, axioms);
    without.len() <= hazards.len()
}

impl Hazard {
    /// The step at which it shows.
    pub const fn step(&self) -> usize {
        match self {
            Self::Unordered { access, .. } => *access,
            Self::HostTouchesDevice { step, .. }
            | Self::WrongKind { step }
            | Self::WrongRelease { step, .. }
            | Self::CallInHostFunction { step, .. }
            | Self::PageableCopy { step }
            | Self::NeedlessWait { step }
            | Self::MadeEachRound { step }
            | Self::ErrorUnseen { step, .. }
            | Self::TimedTooEarly { step, .. }
            | Self::NeverAwaited { step, .. }
            | Self::WaitInHostFunction { step, .. }
            | Self::NoTime { step, .. }
            | Self::StreamAsArgument { step }
            | Self::UseAfterRelease { step, .. }
            | Self::CapturedBufferReleased { launch: step, .. }
            | Self::CaptureIllegal { step, .. }
            | Self::CaptureUnjoined { step, .. } => *step,
        }
    }
}

#[cfg(test)]
mod tests;
