//! Places and what they hold: the domain of the analysis.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::cuda::row::MemoryKind;
use crate::program::{FunctionId, GlobalId, LocalId, SiteId};

/// A place of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceId(pub(super) u32);

/// A class: all records of one name are one class, instances of templates included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub(super) u32);

/// A step that makes memory, a stream or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MadeId(pub(super) u32);

/// A set of memory cells that the analysis does not tell apart. Elements of an array are one place, and so
/// are a field's cells in all objects of its class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A variable of a function.
    Local(FunctionId, LocalId),
    /// A variable with static storage.
    Global(GlobalId),
    /// All objects of a class. What it holds, each of its fields holds.
    Instance(ClassId),
    /// A field of the objects of a class.
    Field(ClassId, String),
    /// A field of an object of unknown class: what it holds, each field of this name holds. `outer.inner` is one of an
    /// object that another field holds or leads to.
    AnyField(String),
    /// What a container keeps its elements in, and where a smart pointer keeps its pointer.
    Hidden(PlaceId),
    /// Memory that a step makes.
    Inside(MadeId),
    /// What a function returns.
    Result(FunctionId),
}

/// What a scalar may be, null pointers and numbers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Target {
    /// The address of a place.
    Place(PlaceId),
    /// What a step made.
    Made(MadeId),
}

/// What a scalar may be. Empty: null, or a number that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// It may be something else.
    pub unknown: bool,
    /// In ascending order.
    targets: Vec<Target>,
}

/// More targets than this are no knowledge.
pub(super) const MOST: usize = 48;

impl Values {
    /// Anything.
    pub fn unknown() -> Self {
        Self { unknown: true, targets: Vec::new() }
    }

    /// Nothing, or anything.
    pub fn or_unknown(unknown: bool) -> Self {
        Self { unknown, targets: Vec::new() }
    }

    /// One target.
    pub fn of(target: Target) -> Self {
        Self { unknown: false, targets: vec![target] }
    }

    /// True for null and numbers.
    pub fn is_empty(&self) -> bool {
        !self.unknown && self.targets.is_empty()
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The steps that may have made it.
    pub fn made(&self) -> impl Iterator<Item = MadeId> + '_ {
        self.targets.iter().filter_map(|it| match it {
            Target::Made(made) => Some(*made),
            Target::Place(_) => None,
        })
    }

    /// Adds what another one may be; true if that is news.
    pub fn add(&mut self, other: &Self) -> bool {
        let before = (self.unknown, self.targets.len());
        self.unknown |= other.unknown;
        for target in &other.targets {
            if let Err(at) = self.targets.binary_search(target) {
                self.targets.insert(at, *target);
            }
        }
        before != (self.unknown, self.targets.len())
    }

    /// The same, by value.
    pub fn with(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }
}

/// What a step makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Product {
    /// Memory of a kind, and its size if it is a constant.
    Memory(MemoryKind, Option<u64>),
    /// A stream: made with cudaStreamNonBlocking?
    Stream(Option<bool>),
    /// An event: does it measure time?
    Event(Option<bool>),
}

/// A step that makes something.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// What.
    pub product: Product,
    /// The function called.
    pub function: String,
    /// The call.
    pub site: SiteId,
    /// What it makes is page-locked later, somewhere.
    pub registered: bool,
}

/// A place and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// What it may hold.
    pub holds: Values,
    /// Something was put into it that was not made there.
    pub copied: bool,
    /// Something unseen has its address.
    pub escaped: bool,
    /// A field that only its class can name.
    pub is_private: bool,
    /// A container, smart pointer or other object of which no field is known.
    pub is_object: bool,
    /// The functions that read it.
    pub readers: BTreeSet<u32>,
}

/// The places of a program.
#[derive(Debug, Default)]
pub(super) struct Places {
    keys: Vec<Place>,
    ids: FxHashMap<Place, PlaceId>,
    /// By [`PlaceId`].
    pub cells: Vec<Cell>,
    /// By [`MadeId`].
    pub made: Vec<Made>,
    made_ids: FxHashMap<(u32, u32, u32, u8), MadeId>,
}

impl Places {
    /// The place of a key.
    pub fn intern(&mut self, place: Place) -> PlaceId {
        if let Some(known) = self.ids.get(&place) {
            return *known;
        }
        let id = PlaceId(self.keys.len() as u32);
        self.keys.push(place.clone());
        self.cells.push(Cell::default());
        self.ids.insert(place, id);
        id
    }

    /// The place of a key, if there is one.
    pub fn find(&self, place: &Place) -> Option<PlaceId> {
        self.ids.get(place).copied()
    }

    /// What a place is.
    pub fn key(&self, id: PlaceId) -> &Place {
        &self.keys[id.0 as usize]
    }

    /// All places.
    pub fn all(&self) -> impl Iterator<Item = (PlaceId, &Cell)> {
        self.cells.iter().enumerate().map(|(index, cell)| (PlaceId(index as u32), cell))
    }

    /// What is known of a place.
    pub fn cell(&self, id: PlaceId) -> &Cell {
        &self.cells[id.0 as usize]
    }

    /// The same, to change it.
    pub fn cell_mut(&mut self, id: PlaceId) -> &mut Cell {
        &mut self.cells[id.0 as usize]
    }

    /// What a step has made, if anything.
    pub fn made_by(&self, step: (u32, u32, u32, u8)) -> Option<MadeId> {
        self.made_ids.get(&step).copied()
    }

    /// What a step makes: function, block, statement, and which of its outputs.
    pub fn make(&mut self, step: (u32, u32, u32, u8), make: impl FnOnce() -> Made) -> MadeId {
        if let Some(known) = self.made_ids.get(&step) {
            return *known;
        }
        let id = MadeId(self.made.len() as u32);
        self.made.push(make());
        self.made_ids.insert(step, id);
        id
    }
}
