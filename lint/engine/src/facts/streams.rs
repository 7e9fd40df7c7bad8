//! Operations that name no stream, beside others that do.

/// Which of two operations names no stream, where the stream of the other one is not known to be ordered with
/// the default stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Forgotten {
    /// The pending one.
    First,
    /// The second.
    Second,
}
