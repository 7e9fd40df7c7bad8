//! The fixpoint: functions are looked at again as long as a place that they read may hold more.

use std::collections::VecDeque;

use super::PointsTo;
use super::place::{ClassId, MOST, Made, Place, PlaceId, Places, Target, Values};
use super::types::Classes;
use crate::Program;
use crate::cuda::Model;
use crate::program::{Function, FunctionId, GlobalMemory, LocalId, Space, Storage, Type, TypeKind};

/// How often one function is looked at. Stores only add, so that this ends by itself; where it takes longer
/// than any sensible program needs, nothing is said at all.
const ROUNDS: u32 = 400;

/// Runs the analysis.
pub(super) fn solve(program: &Program, model: &Model) -> PointsTo {
    let classes = Classes::new(program);
    let count = program.functions.len();
    let mut solver = Solver {
        program,
        model,
        classes,
        places: Places::default(),
        queue: (0..count as u32).collect(),
        queued: vec![true; count],
        current: 0,
    };
    solver.presume();
    let mut rounds = vec![0; count];
    while let Some(function) = solver.queue.pop_front() {
        let index = function as usize;
        solver.queued[index] = false;
        rounds[index] += 1;
        if rounds[index] > ROUNDS {
            return PointsTo::default();
        }
        solver.current = function;
        super::transfer::function(&mut solver, FunctionId(function));
    }
    let mut facts = PointsTo { places: solver.places, classes: solver.classes, reads: Vec::new() };
    facts.note_readers(count);
    facts
}

/// What a place may hold.
pub(super) fn read(places: &Places, id: PlaceId) -> Values {
    let cell = places.cell(id);
    let mut values = cell.holds.clone();
    if let Place::Field(class, field) = places.key(id) {
        if let Some(instance) = places.find(&Place::Instance(*class)) {
            let instance = places.cell(instance);
            values.unknown |= instance.holds.unknown || (instance.escaped && !cell.is_private);
        }
        if let Some(any) = places.find(&Place::AnyField(field.clone())) {
            values.add(&places.cell(any).holds);
        }
    }
    values
}

/// The state of the analysis.
pub(super) struct Solver<'p> {
    pub program: &'p Program,
    pub model: &'p Model,
    pub classes: Classes,
    pub places: Places,
    queue: VecDeque<u32>,
    queued: Vec<bool>,
    /// The function that is looked at.
    pub current: u32,
}

impl Solver<'_> {
    /// What is unknown from the start.
    fn presume(&mut self) {
        for class in self.classes.all().filter(|class| self.classes.is_open(*class)).collect::<Vec<_>>() {
            let instance = self.places.intern(Place::Instance(class));
            self.places.cell_mut(instance).holds.unknown = true;
        }
        // Whoever includes its header may fill the public fields of a class.
        for record in (0..self.program.records.len()).filter(|it| self.program.records[*it].is_shared) {
            let class = self.classes.of(crate::program::RecordId(record as u32));
            let instance = self.places.intern(Place::Instance(class));
            self.places.cell_mut(instance).escaped = true;
        }
        for (index, function) in self.program.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            // Callers may be out of sight.
            for param in &function.params {
                if function.locals[param.0 as usize].storage == Storage::Param {
                    let place = self.places.intern(Place::Local(id, *param));
                    self.places.cell_mut(place).holds.unknown = true;
                }
            }
            if function.blocks.is_empty() || function.space != Space::Host {
                let place = self.places.intern(Place::Result(id));
                self.places.cell_mut(place).holds.unknown = true;
            }
        }
        for (index, global) in self.program.globals.iter().enumerate() {
            if global.memory != GlobalMemory::Host || global.is_initialised || global.is_shared {
                let place = self.places.intern(Place::Global(crate::program::GlobalId(index as u32)));
                self.places.cell_mut(place).holds.unknown = true;
            }
        }
    }

    /// What a place may hold, for the function that is looked at.
    pub fn read(&mut self, id: PlaceId) -> Values {
        let current = self.current;
        self.places.cell_mut(id).readers.insert(current);
        if let Place::Field(class, field) = self.places.key(id).clone() {
            for other in [Place::Instance(class), Place::AnyField(field)] {
                let other = self.places.intern(other);
                self.places.cell_mut(other).readers.insert(current);
            }
        }
        read(&self.places, id)
    }

    fn changed(&mut self, id: PlaceId) {
        let readers: Vec<u32> = self.places.cell(id).readers.iter().copied().collect();
        for reader in readers {
            if !std::mem::replace(&mut self.queued[reader as usize], true) {
                self.queue.push_back(reader);
            }
        }
    }

    /// Something is put into a place. `made`: by the call that makes it.
    pub fn put(&mut self, id: PlaceId, values: &Values, made: bool) {
        if values.is_empty() {
            return;
        }
        let cell = self.places.cell_mut(id);
        cell.copied |= !made;
        let escaped = cell.escaped;
        let full = cell.holds.targets().len() + values.targets().len() > 2 * MOST;
        let news = if full { cell.holds.add(&Values::unknown()) } else { cell.holds.add(values) };
        let overflow = full || cell.holds.targets().len() > MOST;
        if overflow && !cell.holds.unknown {
            cell.holds.unknown = true;
        }
        if !news {
            return;
        }
        if overflow || escaped {
            for target in values.targets().to_vec() {
                self.escape(target, false);
            }
        }
        self.changed(id);
    }

    /// Something unseen gets an address: it may put anything there. `inside`: it may name private members.
    pub fn escape(&mut self, target: Target, inside: bool) {
        let id = match target {
            Target::Place(id) => id,
            Target::Made(made) => self.places.intern(Place::Inside(made)),
        };
        let is_instance = matches!(self.places.key(id), Place::Instance(_));
        let cell = self.places.cell_mut(id);
        let unknown = !is_instance || inside;
        if cell.escaped && (cell.holds.unknown || !unknown) {
            return;
        }
        cell.escaped = true;
        cell.holds.unknown |= unknown;
        let held = cell.holds.targets().to_vec();
        self.changed(id);
        for target in held {
            self.escape(target, false);
        }
    }

    /// Something unseen gets all of these values.
    pub fn escape_all(&mut self, values: &Values, inside: bool) {
        for target in values.targets().to_vec() {
            self.escape(target, inside);
        }
    }

    /// The place that a target is the address of.
    pub fn place_at(&mut self, target: Target) -> PlaceId {
        match target {
            Target::Place(id) => id,
            Target::Made(made) => self.places.intern(Place::Inside(made)),
        }
    }

    /// A variable.
    pub fn variable(&mut self, place: Place, ty: Type) -> PlaceId {
        match self.classes.class_of(ty) {
            Some(class) => self.places.intern(Place::Instance(class)),
            None => {
                let id = self.places.intern(place);
                self.places.cell_mut(id).is_object = matches!(ty.kind, TypeKind::Record(_));
                id
            }
        }
    }

    /// A variable of a function.
    pub fn local(&mut self, id: FunctionId, function: &Function, local: LocalId) -> PlaceId {
        self.variable(Place::Local(id, local), function.locals[local.0 as usize].ty)
    }

    /// A field of a class.
    pub fn field(&mut self, class: ClassId, field: &str) -> PlaceId {
        let class = self.classes.owner_of(class, field);
        let ty = self.classes.field(class, field).unwrap_or(Type::UNKNOWN);
        let id = self.variable(Place::Field(class, field.to_owned()), ty);
        if matches!(self.places.key(id), Place::Field(..)) {
            self.places.cell_mut(id).is_private = self.classes.is_private(class, field);
        }
        id
    }

    /// What a step of the function that is looked at makes.
    pub fn make(&mut self, step: (u32, u32), output: u8, made: Made) -> Values {
        let (block, index) = step;
        let id = self.places.make((self.current, block, index, output), || made);
        Values::of(Target::Made(id))
    }
}
