//! Calls with things of another device than the one that is current.

use super::{Object, Paths, Stream};
use crate::program::SiteId;

/// A call that uses what belongs to another device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongDevice {
    /// The call or launch.
    pub site: SiteId,
    /// What is wrong with it.
    pub what: DeviceFault,
    /// The device on which the call acts.
    pub here: Device,
    /// The device that the thing belongs to.
    pub there: Device,
    /// What it rests on, if that is not proven.
    pub presumed: Option<Presumed>,
    /// On which paths.
    pub paths: Paths,
}

/// What is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presumed {
    /// The thing was made before any device was set: it may be the same device all the same.
    OtherDevice,
    /// Callers that are not seen may have let kernels use the memory of other devices.
    NoAccess,
}

/// A device, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// Its number or the expression that it is known by; empty if there is none.
    pub name: String,
    /// Where it was made current, or where what belongs to it was made.
    pub site: Option<SiteId>,
}

/// What a call does that it can do on one device only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceFault {
    /// A kernel is launched on a stream of another device.
    Launch {
        /// The kernel.
        kernel: String,
        /// The stream.
        stream: Stream,
    },
    /// A kernel uses memory of another device, and nothing lets it.
    Access {
        /// The kernel.
        kernel: String,
        /// The memory.
        object: Object,
    },
    /// An event is recorded on a stream of another device: `here` is the stream's.
    Record {
        /// The event; empty if it has no name.
        event: String,
        /// The stream.
        stream: Stream,
    },
    /// The time between events of two devices is asked for: `here` is the second one's.
    Elapsed {
        /// The first event.
        start: String,
        /// The second.
        end: String,
    },
    /// A method makes something for its object before any device is set, though a member says which one is meant:
    /// `there` is where that member is set as the device.
    Unset {
        /// The function that makes it.
        function: String,
        /// What is made; empty if it has no name.
        made: String,
        /// The member.
        member: String,
    },
    /// A method launches a kernel with what its object has before any device is set, likewise.
    LaunchUnset {
        /// The kernel.
        kernel: String,
        /// The member.
        member: String,
    },
    /// A library is called with a handle that was made on another device.
    Handle {
        /// The function.
        function: String,
        /// The handle; empty if it has no name.
        handle: String,
    },
}
