//! Evidence: what a real GPU answered, as files in the repository, and whether they are still true.
//!
//! `cuda-lint-runtime evidence` measures and is the only writer. The command embeds two of the files for
//! `cuda-lint explain`; the tests check all of them without a GPU ([`check`]): every rule has evidence, nothing
//! that was run has changed since, and the documentation quotes the numbers as they are ([`quotes`]).

pub mod check;
mod files;
mod hash;
pub mod measured;
pub mod quotes;
#[cfg(any(test, feature = "samples"))]
pub mod samples;

pub use files::{
    Answer, Bar, BarKind, Body, Claim, ClaimVerdict, Claims, Class, Counts, Device, Error, File, Litmus,
    Mutant, Observation, PeerProgram, Peers, Program, Programs, Report, Role, RuleAnswer, Rules, Timeline,
    Timelines, Tool, TwoGpus, Verdict, in_cpp,
};
pub use hash::{fixtures, hex, needs_two_gpus, sha256};

/// The form of the files. Raised when a reader of the old form would not understand the new one.
pub const SCHEMA: u32 = 1;

/// The way in which is measured. Raised whenever what is observed changes, or how: schedules, observers, the
/// meaning of an answer. Evidence of another protocol is stale.
pub const PROTOCOL: u32 = 2;

/// The folder of the files, from the root of the repository.
pub const FOLDER: &str = "fixtures/evidence";
