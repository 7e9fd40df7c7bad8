//! What it means to run a trace: the schedule that is forced on it, and what is observed.
//!
//! The GPU's executor (`replay/`) implements [`Machine`]; the tests of the litmus runner implement it in
//! plain Rust.

use std::time::Duration;

use cuda_lint_engine::trace::{Position, Trace};
use serde::{Deserialize, Serialize};

use crate::platform::Error;
use crate::values::Digest;

/// Runs traces.
pub trait Machine {
    /// Runs one trace under a schedule, then waits for the device and releases what is left. An error means
    /// that nothing can be said: the machine refused what no trace can be blamed for.
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error>;

    /// The same, and notes when everything happened, as far as the machine can tell.
    fn timed(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.run(trace, schedule)
    }
}

/// How the device is slowed down, so that a race shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The holds, in ascending order of their steps.
    pub holds: Vec<Hold>,
    /// True if pinned and registered host buffers of copies in flight are guarded: a touch by the host faults, is
    /// noted, and goes on.
    pub guard: bool,
}

/// Keeps a stream busy just before the work of a step: a spin kernel, enqueued on that step's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The step whose work is kept back. It enqueues work.
    pub before: usize,
    /// The step after which the work may start: the host lets go once this step has taken effect, on the
    /// device too. `None`: after `patience`.
    pub until: Option<usize>,
    /// The longest time for which the work is kept back, from the enqueueing of the hold: what is ordered
    /// after the work cannot take effect before it, and must not hang.
    pub patience: Duration,
}

/// What was observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// One entry for each step.
    pub steps: Vec<Observed>,
    /// The digest of each buffer at the end, as [`crate::values::Values::last`] has it. What cannot be looked
    /// at is left out: memory that was freed and of which no next owner could be made.
    pub last: std::collections::BTreeMap<String, Digest>,
    /// The signal that ended the process, if it did: then the steps end where it died.
    pub signal: Option<i32>,
    /// When everything happened, if that was asked for and can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
}

/// When everything happened: nanoseconds since the first step, by the host's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// By how much the device's times may be off against the host's.
    pub error: u64,
    /// When the host began each step and was done with it.
    pub host: Vec<(i64, i64)>,
    /// What the device did, in the order of the enqueueing.
    pub device: Vec<Piece>,
}

/// A piece of work of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The step that enqueued it, or before whose work the stream was held.
    pub step: usize,
    /// True for the hold.
    pub hold: bool,
    /// True if it was measured when it ran; else it ran somewhere between the two times.
    pub measured: bool,
    /// When it began.
    pub begin: i64,
    /// When it ended.
    pub end: i64,
}

/// What was observed of one step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The return code of the call; 0 for host accesses. Where a host function calls functions of CUDA: the
    /// first code of those that is not 0.
    pub code: i32,
    /// How long the host was inside the step.
    pub host: Duration,
    /// What it read, as [`crate::values::Values::reads`] has it; empty where that could not be looked at (a
    /// synchronous copy to device memory, a copy to pageable memory that is not waited for).
    /// Of a copy: what has arrived.
    pub reads: Vec<Digest>,
    /// The host touched a guarded buffer: the step whose copy was in flight.
    pub guarded: Option<usize>,
    /// How long the work of the step had to wait for a held stream that is not its own: the time from its
    /// enqueueing until it was complete, where that was measured.
    pub device: Option<Duration>,
}
