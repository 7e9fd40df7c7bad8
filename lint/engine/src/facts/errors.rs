//! Where errors are looked for, and where they are not.

use crate::program::SiteId;

/// What the program does about errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorChecks {
    /// Queries of the last error, whose result is used, while work was pending on every path that gets there.
    pub early: Vec<EarlyQuery>,
    /// True if something looks at the result of a wait, or at the last error after one, or may do so out of sight.
    pub observes_waits: bool,
    /// True if the program has a `main`.
    pub has_main: bool,
    /// Calls of CUDA whose status the source drops, where nothing looks at the last error later in the function:
    /// without those that clean up, those in destructors, and those whose result is cast to `void`.
    pub unchecked: Vec<Unchecked>,
    /// Loops that only a query ends which takes an error for "not yet".
    pub blind_polls: Vec<BlindPoll>,
}

/// A query that is the only way out of its loop, and whose result does not tell an error from "not yet".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlindPoll {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
}

/// A query of the last error while work is pending.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EarlyQuery {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// The work enqueued last.
    pub work: SiteId,
    /// Its name, for people: "kernel `scale`".
    pub name: String,
    /// True if that is a kernel.
    pub kernel: bool,
}

/// A call whose status is discarded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
}
