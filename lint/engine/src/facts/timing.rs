//! What was observed about times that the host takes by its own clock.

use super::{Paths, Work};
use crate::program::SiteId;

/// A time that ends while work that was enqueued in it is still running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyTiming {
    /// Where the clock is read for the second time.
    pub site: SiteId,
    /// Where it was read first.
    pub from: SiteId,
    /// The clock: the function called.
    pub clock: String,
    /// The last piece of the work.
    pub work: Work,
    /// True if something waits for the work afterwards, or may.
    pub waited_later: bool,
    /// On which paths.
    pub paths: Paths,
}
