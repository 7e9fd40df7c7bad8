//! What was observed about work that is left when the program ends, or the function that alone could wait for it.

use super::{Note, Object, Paths, Work};
use crate::program::SiteId;

/// Work that nothing has waited for when the program ends, or when the function returns that alone has its stream
/// and what it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftWork {
    /// The work.
    pub work: Work,
    /// What it writes, where that is known.
    pub object: Option<Object>,
    /// Where the program or the function ends.
    pub end: SiteId,
    /// True if that is the end of `main`.
    pub in_main: bool,
    /// Why it may be complete after all: calls that may wait, documented or not.
    pub doubts: Vec<Note>,
    /// Calls after it that look like a wait and are none.
    pub no_waits: Vec<Note>,
    /// On which paths.
    pub paths: Paths,
}
