//! Waits of the host that nothing needs.

use super::{Note, Work};
use crate::program::SiteId;
use crate::trace::Trace;

/// A wait of the host that no path needs: until a later wait covers the same work, nothing is done that would
/// be wrong without it, and work is enqueued that could have been enqueued earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedlessWait {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// True if the call waits for all work of the device, and not for one stream or event.
    pub whole_device: bool,
    /// The last of the work that it waits for.
    pub work: Work,
    /// What is enqueued after it, and would come after the work anyway.
    pub next: Work,
    /// The wait that covers the same work.
    pub covered_by: Note,
    /// A path on which nothing needs it.
    pub witness: Trace,
}
