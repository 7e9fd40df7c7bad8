//! What is made and released anew in every round of a loop.

use crate::program::SiteId;

/// Something that each round of a loop makes, uses for work of the device, and releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeEachRound {
    /// The call that makes it.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// What it makes.
    pub made: Made,
    /// Its name; empty if it has none.
    pub name: String,
    /// Bytes, for memory, if a constant.
    pub bytes: Option<u64>,
    /// The call that releases it.
    pub released_at: SiteId,
    /// The function that releases it.
    pub released_with: String,
    /// Work that the round enqueues in between.
    pub work: SiteId,
}

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Made {
    /// Device memory (cudaMalloc).
    Device,
    /// Managed memory.
    Managed,
    /// Page-locked host memory.
    Pinned,
    /// The registration of host memory.
    Registration,
    /// A stream.
    Stream,
    /// An event.
    Event,
    /// The handle of a library.
    Handle,
}
