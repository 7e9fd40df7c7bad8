//! Facts about what is made and not released.

use crate::cuda::row::MemoryKind;
use crate::program::{FunctionId, SiteId};

/// What a call makes and another has to release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// Memory of a kind.
    Memory(MemoryKind),
    /// The page lock of memory (cudaHostRegister).
    Registration,
    /// A stream.
    Stream,
    /// An event.
    Event,
    /// A graph, or what can be launched of one.
    Graph,
    /// The handle, plan or generator of a library.
    Handle,
}

/// How something is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// The last variable that holds it is assigned something else, here.
    Overwritten(SiteId),
    /// Each round of a loop makes one, and none of them is released.
    EachRound,
    /// This way out of the function does not release it; another does, or hands it on.
    Return {
        /// The way out.
        at: SiteId,
        /// True if the others release memory, this or other, and this one releases none.
        with_memory: bool,
    },
    /// No way out of the function releases it.
    Never,
}

/// Something that a function makes, hands to nobody, and does not release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The function that loses it.
    pub root: FunctionId,
    /// The call in this function that makes it, directly or by what it calls.
    pub site: SiteId,
    /// If a callee makes it: where.
    pub made_at: Option<SiteId>,
    /// The function that makes it: `cudaMalloc`.
    pub function: String,
    /// What it is.
    pub what: Resource,
    /// The variable it is known by; empty if there is none.
    pub name: String,
    /// How it is lost.
    pub loss: Loss,
    /// On how many of the paths that make it: [`super::Paths::AfterFailure`] also if not all paths were followed.
    pub paths: super::Paths,
}
