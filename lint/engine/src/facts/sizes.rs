//! Copies and fills whose size, width or value does not fit.

use super::{Object, Paths};
use crate::program::SiteId;

/// A copy or fill that asks for something else than its memory holds, or than it can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: String,
    /// What does not fit.
    pub what: MisfitKind,
    /// On which paths.
    pub paths: Paths,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MisfitKind {
    /// The access ends behind the end of its memory.
    Beyond {
        /// The memory.
        object: Object,
        /// True if it is written there.
        writes: bool,
        /// Where the access ends and how large the memory is, in bytes, if both are constants.
        bytes: Option<(u64, u64)>,
    },
    /// A row is wider than the distance from one row to the next.
    WiderThanPitch {
        /// Width and pitch in bytes, if both are constants.
        bytes: Option<(u64, u64)>,
    },
    /// The size is the number of elements: it is written without `sizeof`, and the memory holds so many elements.
    ElementCount {
        /// The memory.
        object: Object,
        /// Bytes an element, by the type of the pointer.
        element: u64,
    },
    /// The size is that of the pointer which is passed.
    SizeOfPointer {
        /// The memory that it points to.
        object: Object,
    },
    /// A fill by bytes is given a value that is no byte, and not one byte repeated either.
    ValueIsNoByte {
        /// The value.
        value: i64,
    },
}
