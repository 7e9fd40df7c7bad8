//! Reads of write-combined memory by the host.

use super::Object;
use crate::program::SiteId;

/// The host reads write-combined memory, or a copy brings results into it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CombinedRead {
    /// The access.
    pub site: SiteId,
    /// The memory.
    pub object: Object,
    /// How.
    pub how: CombinedUse,
}

/// How write-combined memory is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CombinedUse {
    /// A copy from the device puts there what the host is to read: the function's name.
    Download(String),
    /// A function reads it: its name.
    Call(String),
    /// A loop reads one element after the other.
    Loop,
}
