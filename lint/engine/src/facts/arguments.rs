//! What kernels are handed.

use super::{Object, Paths};
use crate::program::SiteId;

/// A kernel that uses a pointer is handed the address of pageable memory, or the host's of registered memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostArgument {
    /// The launch.
    pub site: SiteId,
    /// The kernel's name.
    pub kernel: String,
    /// The memory.
    pub object: Object,
    /// True if the kernel writes through the pointer and does not read.
    pub only_written: bool,
    /// On which paths.
    pub paths: Paths,
}
