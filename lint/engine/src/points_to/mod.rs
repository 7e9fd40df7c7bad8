//! What fields and variables with static storage hold, whatever the path: a flow-insensitive points-to
//! analysis of the whole program.
//!
//! The analysis by path (`order`) sees what one function and those that it calls do. Streams and buffers are
//! made in one method, used in another and released in a third. This module looks at every store of the
//! program once, before any path is followed, and says what all that is ever put into a field has in common:
//! memory of one kind, a stream with known flags. A method that is then followed on its own knows that much of
//! what its fields hold, and no more: not whether they are null, nor whether two of them hold the same.
//!
//! The analysis is *inclusion-based* (Andersen, "Program Analysis and Specialization for the C Programming
//! Language", 1994) and *field-based*: a field is one place for all objects of its class, an array one place
//! for all its elements. Stores only ever add. What cannot be followed makes a place *unknown*, of which
//! nothing is said:
//!
//! - its address is handed to a function that is neither seen nor modelled, save for private members, whose
//!   class then has to do it;
//! - its class has a method that changes objects and has no body in the program;
//! - code out of sight can name it: public members of a class that is declared in a header, variables with
//!   external linkage that are declared in one;
//! - what is stored came in as a parameter: callers may be out of sight.
//!
//! Null is no store. The closed world is the [`Program`]: a file, or all files that were linked into one.

mod place;
mod rows;
mod solve;
#[cfg(test)]
mod tests;
mod transfer;
mod types;

pub use place::PlaceId;

use place::{Place, Places, Product, Target};
use types::Classes;

use crate::cuda::Model;
use crate::cuda::row::MemoryKind;
use crate::program::{FunctionId, GlobalId, LocalId, RecordId, SiteId};
use crate::{Program, facts};

/// What fields and variables hold.
#[derive(Debug, Default)]
pub struct PointsTo {
    places: Places,
    classes: Classes,
    /// By function: what it reads the address of somewhere.
    reads: Vec<Reads>,
}

/// What a function reads the address of.
#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    /// Memory that CUDA allocates.
    cuda_memory: bool,
    /// Memory that only the device can read.
    device_memory: bool,
}

/// Memory that a place holds the address of, unless it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMemory {
    /// The kind of memory that every store agrees on.
    pub kind: MemoryKind,
    /// Where it comes from: the function that allocates it, if it is always the same.
    pub origin: facts::Origin,
    /// An allocation of it: the first in the program.
    pub site: SiteId,
    /// Its size in bytes, if there is one allocation, of constant size.
    pub bytes: Option<u64>,
}

/// A stream that a place holds, unless it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldStream {
    /// True if it was made with cudaStreamNonBlocking; `None` if not all are made alike.
    pub non_blocking: Option<bool>,
    /// The calls that make it, in the order of the program.
    sites: Vec<SiteId>,
    /// It was made in this very place, never put there.
    is_own: bool,
}

/// An event that a place holds, unless it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldEvent {
    /// False if it was made with cudaEventDisableTiming; `None` if not all are made alike.
    pub timing: Option<bool>,
    /// The first call of the program that makes it.
    pub site: SiteId,
}

impl HeldStream {
    /// The first call that makes it.
    pub fn site(&self) -> SiteId {
        self.sites.first().copied().unwrap_or(SiteId(0))
    }

    /// True if it may be the stream that a call makes.
    pub fn may_be_made_at(&self, site: SiteId) -> bool {
        self.sites.contains(&site)
    }

    /// True if two streams cannot be the same one. `different_cells`: they are held in different cells of one object.
    pub fn is_distinct_from(&self, other: &Self, different_cells: bool) -> bool {
        !self.sites.iter().any(|site| other.sites.contains(site))
            || (different_cells && self.is_own && other.is_own)
    }
}

impl PointsTo {
    /// Analyses a program.
    pub fn new(program: &Program, model: &Model) -> Self {
        solve::solve(program, model)
    }

    /// True if a function reads the address of memory that CUDA allocates, from a place that always holds such.
    pub fn reads_cuda_memory(&self, function: FunctionId) -> bool {
        self.reads.get(function.0 as usize).is_some_and(|reads| reads.cuda_memory)
    }

    /// The same for memory that only the device can read.
    pub fn reads_device_memory(&self, function: FunctionId) -> bool {
        self.reads.get(function.0 as usize).is_some_and(|reads| reads.device_memory)
    }

    /// Notes which functions read what.
    fn note_readers(&mut self, functions: usize) {
        let mut reads = vec![Reads::default(); functions];
        for (place, cell) in self.places.all() {
            let Some(memory) = self.memory(place).filter(|it| it.kind != MemoryKind::Pageable) else {
                continue;
            };
            for reader in &cell.readers {
                let reads = &mut reads[*reader as usize];
                reads.cuda_memory = true;
                reads.device_memory |= memory.kind.is_device();
            }
        }
        self.reads = reads;
    }

    /// The place of a field of a class.
    pub fn field(&self, record: RecordId, field: &str) -> Option<PlaceId> {
        let class = self.classes.owner_of(self.classes.get(record)?, field);
        self.places.find(&Place::Field(class, field.to_owned()))
    }

    /// The place of a variable with static storage.
    pub fn global(&self, global: GlobalId) -> Option<PlaceId> {
        self.places.find(&Place::Global(global))
    }

    /// The place of a function's variable, which is one for all calls.
    pub fn local(&self, function: FunctionId, local: LocalId) -> Option<PlaceId> {
        self.places.find(&Place::Local(function, local))
    }

    /// What stands in the memory that a step makes: function, block, statement, and which of its outputs.
    pub fn inside_made(&self, step: (u32, u32, u32, u8)) -> Option<PlaceId> {
        self.places.find(&Place::Inside(self.places.made_by(step)?))
    }

    /// The elements of the container in a place, or what the smart pointer there holds.
    pub fn hidden(&self, place: PlaceId) -> Option<PlaceId> {
        self.places.find(&Place::Hidden(place))
    }

    /// The memory that the pointer in a place leads to: what it holds is in all of these places.
    pub fn inside(&self, place: PlaceId) -> Option<PlaceId> {
        let values = self.values(place);
        match (values.unknown, values.targets()) {
            (false, [Target::Made(made)]) => self.places.find(&Place::Inside(*made)),
            (false, [Target::Place(place)]) => Some(*place),
            _ => None,
        }
    }

    fn values(&self, place: PlaceId) -> place::Values {
        solve::read(&self.places, place)
    }

    /// What every pointer that is ever stored in a place leads to.
    pub fn memory(&self, place: PlaceId) -> Option<HeldMemory> {
        let values = self.values(place);
        if values.unknown || values.targets().is_empty() {
            return None;
        }
        let mut held: Option<HeldMemory> = None;
        for target in values.targets() {
            let Target::Made(made) = target else { return None };
            let made = &self.places.made[made.0 as usize];
            let Product::Memory(kind, bytes) = made.product else { return None };
            if made.registered {
                return None;
            }
            match &mut held {
                None => {
                    let origin = facts::Origin::Allocated(made.function.clone());
                    held = Some(HeldMemory { kind, origin, site: made.site, bytes });
                }
                // Of one kind, but not to be freed alike (`malloc` and `new`).
                Some(held) if held.kind != kind || !is_from(&held.origin, &made.function) => return None,
                Some(held) => {
                    held.site = held.site.min(made.site);
                    held.bytes = None;
                }
            }
        }
        held
    }

    /// What every stream that is ever stored in a place is.
    pub fn stream(&self, place: PlaceId) -> Option<HeldStream> {
        let values = self.values(place);
        if values.unknown || values.targets().is_empty() {
            return None;
        }
        let cell = self.places.cell(place);
        let is_own = !cell.copied && cell.holds == values;
        let mut held: Option<HeldStream> = None;
        for target in values.targets() {
            let Target::Made(id) = target else { return None };
            let made = &self.places.made[id.0 as usize];
            let Product::Stream(flags) = made.product else { return None };
            match &mut held {
                None => held = Some(HeldStream { non_blocking: flags, sites: vec![made.site], is_own }),
                Some(held) => {
                    held.non_blocking = held.non_blocking.filter(|it| flags == Some(*it));
                    held.sites.push(made.site);
                    held.sites.sort_unstable();
                }
            }
        }
        held
    }

    /// What every event that is ever stored in a place is.
    pub fn event(&self, place: PlaceId) -> Option<HeldEvent> {
        let values = self.values(place);
        if values.unknown {
            return None;
        }
        let mut held: Option<HeldEvent> = None;
        for target in values.targets() {
            let Target::Made(id) = target else { return None };
            let made = &self.places.made[id.0 as usize];
            let Product::Event(timing) = made.product else { return None };
            match &mut held {
                None => held = Some(HeldEvent { timing, site: made.site }),
                Some(held) => {
                    held.timing = held.timing.filter(|it| timing == Some(*it));
                    held.site = held.site.min(made.site);
                }
            }
        }
        held
    }
}

fn is_from(origin: &facts::Origin, function: &str) -> bool {
    matches!(origin, facts::Origin::Allocated(known) if known == function)
}
