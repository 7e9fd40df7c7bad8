//! Copies of memory that nothing has written.

use super::Object;
use crate::program::SiteId;

/// A copy reads memory that was allocated on this path and that nothing writes, on any path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnwrittenSource {
    /// The copy.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// The memory.
    pub object: Object,
    /// The device is read, not the host.
    pub from_device: bool,
}
