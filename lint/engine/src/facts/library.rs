//! Facts about the handles and plans of libraries.

use super::{Note, Paths, Work};
use crate::program::SiteId;

/// A handle, plan or generator is destroyed, with the memory that belongs to it, while work that was enqueued with
/// it may still be running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleInFlight {
    /// The call that destroys it.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// The variable the handle is known by; empty if there is none.
    pub name: String,
    /// The work.
    pub work: Work,
    /// What lowers the confidence to *possible*.
    pub doubts: Vec<Note>,
    /// On which paths.
    pub paths: Paths,
}
