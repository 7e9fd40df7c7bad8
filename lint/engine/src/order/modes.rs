//! Selections between two ways of working by a variable of another file: `if (device < 0) new … else cudaMalloc`.
//!
//! A library that works on the host or on the device keeps which in a variable with static storage, and so do
//! those that pin memory or do not. Each of its functions is right for whoever has set that variable. A function
//! that is followed on its own and only calls them has a part in none of it: it neither names the variable nor
//! asks for it, and is written for one of the ways. Which one the path finds there is not proven against it:
//!
//! - In another file, and where nothing on the path has set the variable: what is found after the selection is
//!   `possible`.
//! - Else, in whatever file, if the path does not fix the mode, or if a function that was called has chosen it by
//!   something that nobody here knows (`setup(atoi(getenv("RANK")))`): what follows from the *kind* of memory is
//!   `possible`, for memory that is made in the selected way, and for what the selected way does with memory that
//!   comes from elsewhere. If the same holds whatever way is selected, it is proven all the same. Order and waits
//!   are judged as on every path.
//!
//! A mode need not be a variable: `tensor->device().type == cpu`, `residency(src, dst)`. What a function that was
//! called asks there of its objects is likewise fixed by whoever has made them, and the caller that hands it device
//! memory knows which way that goes. So does whoever has filled the fields in which a function that is followed on
//! its own finds its memory. So it is the same with every equality, truth value and `switch` that a called
//! function selects by, and that the path does not know; not with tests for null, which ask whether there is memory,
//! with statuses, and with sizes (`n > limit`), which say nothing of its kind.
//!
//! A variable is one symbol as long as nothing that is followed stores to it, so that selections by it agree
//! (`memory::peek`). Functions without a body are taken to leave it alone, unless they are handed its address: those
//! that set modes of the program are the program's own, and linking brings them. Functions with a body that are not
//! followed may store to what they name (`stores`).

use std::collections::BTreeSet;
use std::rc::Rc;

use super::choices::{By, Choices};
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::State;
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Condition, Pointer, Value};
use crate::cuda::row::Outcome;
use crate::facts::Origin;
use crate::program::{
    BinaryOp, Block, BlockId, Call, Callee, FunctionId, Op, Storage, Terminator, Type, TypeKind, ValueId,
};

/// How many calls and copies are followed from a condition to the variable that it tests.
const DEPTH: usize = 5;

/// Functions of at most this many blocks answer by their branches too: `if (mode > 0) return true; return false;`.
const ANSWERS: usize = 8;

/// What a path knows of modes. Takes no part in comparisons.
#[derive(Clone, Debug, Default)]
pub struct Modes {
    /// Variables with static storage that hold what a function that was called has chosen freely.
    chosen: BTreeSet<ObjectId>,
    /// Memory that was made in a way that such a variable has selected.
    made: BTreeSet<ObjectId>,
    /// What functions that were called have asked for a mode: they ask the same thing again, and the path says now what
    /// it supposed then.
    asked: BTreeSet<Sym>,
}

/// What one call that is being followed knows of them. Takes no part in comparisons.
#[derive(Clone, Debug, Default)]
pub struct FrameModes {
    /// What it has chosen by things that the path does not know.
    choices: Choices,
    /// It works in a way that was selected by a mode.
    selected: bool,
    /// It is the function that is followed on its own, and has itself selected by something that it does not know.
    asked: bool,
}

impl Modes {
    /// What holds on either of two paths.
    pub fn join(&mut self, other: &Self) {
        self.chosen.extend(&other.chosen);
        self.made.extend(&other.made);
        self.asked.extend(&other.asked);
    }
}

impl FrameModes {
    /// What the call has chosen.
    pub const fn choices(&self) -> &Choices {
        &self.choices
    }

    /// True if the call works in a way that was selected by a mode.
    pub const fn is_selected(&self) -> bool {
        self.selected
    }

    /// True if the function that is followed on its own has selected a way by something that it does not know.
    pub const fn has_asked(&self) -> bool {
        self.asked
    }

    /// What holds on either of two paths.
    pub fn join(&mut self, other: &Self) {
        self.choices.join(&other.choices);
        self.selected |= other.selected;
        self.asked |= other.asked;
    }
}

/// A function as it is looked at: the one that is being followed, or one that it calls, with the objects that its
/// parameters are the addresses of.
#[derive(Clone, Copy)]
struct View<'v> {
    function: FunctionId,
    /// `None` for the one that is being followed.
    params: Option<&'v [Option<Pointer>]>,
}

impl Machine<'_, '_> {
    /// A branch goes to several places, as far as is known: notes down what that says of modes.
    pub(super) fn note_choice(
        &mut self,
        state: &mut State,
        condition: ValueId,
        tested: &Linear,
        targets: &[BlockId],
    ) {
        if let Some(function) = self.stack.last().copied()
            && let Some(modes) = state.frame_modes.last_mut()
            && self.asks_for_mode(function, condition)
            && self.selects(function, targets)
            && targets.iter().all(|to| self.comes_back(function, *to))
        {
            let modes = Rc::make_mut(modes);
            if self.stack.len() > 1 {
                modes.selected = true;
                Rc::make_mut(&mut state.modes).asked.extend(tested.terms.iter().map(|(symbol, _)| *symbol));
            } else {
                modes.asked = true;
            }
        }
        let Some(function) = self.is_called() else { return };
        if let Some(modes) = state.frame_modes.last_mut()
            && let [then, otherwise] = targets
            && !modes.choices.has((*then, *otherwise))
        {
            let by = if self.asks_for_number(function, condition) { By::Number } else { By::Address };
            Rc::make_mut(modes).choices.note((*then, *otherwise), by);
        }
        let cells = self.tested_modes(state, condition);
        if cells.is_empty() {
            return;
        }
        if self.selects(function, targets)
            && let Some(modes) = state.frame_modes.last_mut()
        {
            Rc::make_mut(modes).selected = true;
        }
        Rc::make_mut(&mut state.modes).chosen.extend(cells);
    }

    /// A branch goes to one place, as the path tells: by a mode that a function that was called has chosen?
    pub(super) fn note_decided(
        &mut self,
        state: &mut State,
        condition: ValueId,
        tested: &Linear,
        targets: &[BlockId],
    ) {
        let Some(function) = self.is_called() else { return };
        let was_asked = tested.terms.iter().any(|(symbol, _)| state.modes.asked.contains(symbol));
        if (state.modes.chosen.is_empty() && !was_asked)
            || state.works_by_mode()
            || !self.selects(function, targets)
        {
            return;
        }
        if was_asked
            && self.asks_for_mode(function, condition)
            && let Some(modes) = state.frame_modes.last_mut()
        {
            Rc::make_mut(modes).selected = true;
            return;
        }
        let cells = self.tested_modes(state, condition);
        if cells.iter().any(|cell| state.modes.chosen.contains(cell))
            && let Some(modes) = state.frame_modes.last_mut()
        {
            Rc::make_mut(modes).selected = true;
        }
    }

    /// True if a condition is an equality or a truth value of a number, an enumerator or something of unknown type:
    /// of no pointer, handle or status.
    fn asks_for_mode(&self, function: FunctionId, condition: ValueId) -> bool {
        self.tests(function, condition, |operator| matches!(operator, BinaryOp::Eq | BinaryOp::Ne))
    }

    /// True if a condition compares numbers, in whatever way, or is one.
    fn asks_for_number(&self, function: FunctionId, condition: ValueId) -> bool {
        self.tests(function, condition, |_| true)
    }

    /// True if a condition is what may be a mode, or combines two such by an operator that `combines` takes.
    fn tests(&self, function: FunctionId, condition: ValueId, combines: fn(BinaryOp) -> bool) -> bool {
        let is_mode = |value| self.may_be_mode(function, value);
        match self.shared.definitions(function).of(self.shared.function(function), condition) {
            Some(Op::Binary { operator, lhs, rhs, .. }) => {
                combines(*operator) && is_mode(*lhs) && is_mode(*rhs)
            }
            Some(Op::Unary { value, .. }) => self.tests(function, *value, combines),
            Some(_) => is_mode(condition),
            None => false,
        }
    }

    /// True for values of integers, enumerations and unknown types.
    fn may_be_mode(&self, function: FunctionId, value: ValueId) -> bool {
        let fits = |ty: &Type| matches!(ty.kind, TypeKind::Int | TypeKind::Unknown);
        match self.shared.definitions(function).of(self.shared.function(function), value) {
            Some(Op::Load { ty, .. }) => fits(ty),
            Some(Op::Call(call)) => fits(&call.ty),
            // A conversion, to `bool` for the most part: what is converted counts.
            Some(Op::Cast { value, ty, .. }) => fits(ty) && self.may_be_mode(function, *value),
            Some(Op::Const { .. } | Op::Binary { .. } | Op::Unary { .. } | Op::Unknown { .. }) => true,
            _ => false,
        }
    }

    /// The function that is being followed, if it has been called.
    pub(super) fn is_called(&self) -> Option<FunctionId> {
        self.stack.last().copied().filter(|_| self.stack.len() > 1)
    }

    /// A variable with static storage is set: by a function that was called, and as it has chosen?
    pub(super) fn mode_is_set(&mut self, state: &mut State, pointer: &Value, value: ValueId) {
        let Value::Pointer(Pointer { object: cell, .. }) = *pointer else { return };
        if !self.is_static(cell) && !self.is_made_by_choice(state, cell) {
            return;
        }
        if self.is_by_choice(state) || self.is_chosen(state, value) {
            Rc::make_mut(&mut state.modes).chosen.insert(cell);
        } else if state.modes.chosen.contains(&cell) {
            Rc::make_mut(&mut state.modes).chosen.remove(&cell);
        }
    }

    /// What a call inherits from the one that makes it.
    pub(super) fn inherited_modes(&self, state: &State) -> FrameModes {
        let choices = Choices::of_call(self.chosen_here(state));
        FrameModes { choices, selected: state.works_by_mode(), ..FrameModes::default() }
    }

    /// Memory is made: in a way that a mode has selected?
    pub(super) fn made_by_mode(&self, state: &mut State, object: ObjectId) {
        let selected = state.works_by_mode();
        if selected != state.modes.made.contains(&object) {
            let made = &mut Rc::make_mut(&mut state.modes).made;
            if selected {
                made.insert(object)
            } else {
                made.remove(&object)
            };
        }
    }

    /// True if the kind of memory is what a mode has made of it, or if the path has not seen it made and has gone
    /// a way that a mode has selected: the fields that it lies in may hold other memory in that mode.
    pub(super) fn is_kind_by_mode(&self, state: &State, object: ObjectId) -> bool {
        let root = self.objects.root(object);
        state.modes.made.contains(&root) || (state.has_asked() && self.is_from_elsewhere(root))
    }

    /// True for memory that lies in a field or variable that others have filled: of no variable of a function that is
    /// being followed.
    fn is_from_elsewhere(&self, memory: ObjectId) -> bool {
        let ObjectKey::Pointee(symbol) = self.objects.info(memory).key else { return false };
        let SymKey::Initial { object: cell, .. } = *self.symbols.key(symbol) else { return false };
        let holder = self.objects.root(cell);
        self.is_static(holder) || matches!(self.objects.info(holder).key, ObjectKey::Pointee(_))
    }

    /// True for a variable with static storage, and what lies in it.
    fn is_static(&self, object: ObjectId) -> bool {
        let root = self.objects.info(self.objects.root(object));
        match root.key {
            ObjectKey::Global(_) => true,
            ObjectKey::Local { .. } => root.origin == Origin::Static,
            _ => false,
        }
    }

    /// The variables with static storage that a condition of the function that is being followed tests, and
    /// in which the outermost function has no part.
    fn tested_modes(&mut self, state: &State, condition: ValueId) -> BTreeSet<ObjectId> {
        let mut cells = BTreeSet::new();
        if let Some(function) = self.stack.last().copied() {
            self.tested(state, View { function, params: None }, condition, DEPTH, &mut cells);
        }
        if !cells.is_empty() {
            let known = self.modes_of_root(state);
            cells.retain(|cell| !known.contains(&self.objects.root(*cell)));
        }
        cells
    }

    /// The variables with static storage that the outermost function names, or tests by what it calls.
    fn modes_of_root(&mut self, state: &State) -> Rc<BTreeSet<ObjectId>> {
        if let Some(known) = &self.modes_of_root {
            return Rc::clone(known);
        }
        let mut known = BTreeSet::new();
        if let Some(root) = self.stack.first().copied() {
            let function = self.shared.function(root);
            // Whatever its variables hold by now: it is looked at from outside, as what is called.
            let view = View { function: root, params: Some(&[]) };
            for block in &function.blocks {
                for statement in &block.statements {
                    if let Op::AddressOfGlobal { global, .. } = statement.op {
                        known.insert(self.global_object(global));
                    }
                }
                if let Terminator::Branch { condition: value, .. } | Terminator::Switch { value, .. } =
                    block.terminator
                {
                    self.tested(state, view, value, DEPTH, &mut known);
                }
            }
            known = known.into_iter().map(|cell| self.objects.root(cell)).collect();
        }
        let known = Rc::new(known);
        self.modes_of_root = Some(Rc::clone(&known));
        known
    }

    /// Collects the variables with static storage that a value depends on.
    fn tested(
        &mut self,
        state: &State,
        view: View<'_>,
        value: ValueId,
        depth: usize,
        cells: &mut BTreeSet<ObjectId>,
    ) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let shared = self.shared;
        let function = shared.function(view.function);
        let definitions = shared.definitions(view.function);
        match definitions.of(function, value) {
            Some(Op::Binary { lhs, rhs, .. }) => {
                self.tested(state, view, *lhs, depth, cells);
                self.tested(state, view, *rhs, depth, cells);
            }
            // Conversions and negations cost no depth: they are part of one expression.
            Some(Op::Unary { value, .. } | Op::Cast { value, .. }) => {
                self.tested(state, view, *value, depth + 1, cells);
            }
            Some(Op::Load { pointer, .. }) => {
                if let Some(cell) = self.place(state, view, *pointer, depth)
                    && (self.is_static(cell.object) || state.modes.chosen.contains(&cell.object))
                {
                    cells.insert(cell.object);
                } else if let Some(Op::AddressOfLocal { local, .. }) = definitions.of(function, *pointer) {
                    for stored in definitions.stores_to(*local) {
                        self.tested(state, view, *stored, depth, cells);
                    }
                }
            }
            Some(Op::Call(call)) => {
                let Callee::Function(id) = call.callee else { return };
                let params = self.places(state, view, call, depth);
                let view = View { function: id, params: Some(&params) };
                let callee = shared.function(id);
                for block in &callee.blocks {
                    match block.terminator {
                        Terminator::Return { value: Some(value), .. } => {
                            self.tested(state, view, value, depth, cells);
                        }
                        Terminator::Branch { condition: value, .. } | Terminator::Switch { value, .. }
                            if callee.blocks.len() <= ANSWERS =>
                        {
                            self.tested(state, view, value, depth, cells);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// What the arguments of a call are the addresses of.
    fn places(&mut self, state: &State, view: View<'_>, call: &Call, depth: usize) -> Vec<Option<Pointer>> {
        call.args.iter().map(|arg| self.place(state, view, *arg, depth)).collect()
    }

    /// What a value is the address of, if that is a variable with static storage, lies in one, or is held by one.
    fn place(&mut self, state: &State, view: View<'_>, value: ValueId, depth: usize) -> Option<Pointer> {
        let depth = depth.checked_sub(1)?;
        if view.params.is_none()
            && let Some(known) = state.frames.last().and_then(|frame| frame.values.get(&value)).cloned()
        {
            return self.pointer(&known);
        }
        let shared = self.shared;
        let function = shared.function(view.function);
        let definitions = shared.definitions(view.function);
        match definitions.of(function, value)? {
            Op::AddressOfGlobal { global, .. } => {
                let object = self.global_object(*global);
                Some(self.start_of(object))
            }
            Op::AddressOfLocal { local, .. } => {
                if function.locals[local.0 as usize].storage != Storage::Static {
                    return None;
                }
                self.stack.push(view.function);
                let object = self.local_object(state, *local);
                self.stack.pop();
                Some(self.start_of(object))
            }
            Op::Field { base, field, .. } => {
                let base = self.place(state, view, *base, depth + 1)?;
                let object = self.field_object(&base, field);
                Some(self.start_of(object))
            }
            Op::Cast { value, .. } => self.place(state, view, *value, depth + 1),
            Op::Load { pointer, .. } => {
                let Some(Op::AddressOfLocal { local, .. }) = definitions.of(function, *pointer) else {
                    let cell = self
                        .place(state, view, *pointer, depth + 1)
                        .filter(|it| self.is_static(it.object))?;
                    return held_address(state.memory.get(&(cell.object, cell.offset)));
                };
                if let Some(params) = view.params
                    && let Some(index) = function.params.iter().position(|param| param == local)
                {
                    return params.get(index).cloned().flatten();
                }
                // A reference, or a pointer that is set once.
                match definitions.stores_to(*local) {
                    [stored] => self.place(state, view, *stored, depth),
                    _ => None,
                }
            }
            Op::Call(call) => {
                if let Callee::Extern(_) = call.callee {
                    // A smart pointer that is a variable with static storage.
                    let row = shared.row(call)?;
                    let owner = call.args.first().filter(|_| row.result == Outcome::Held)?;
                    let owner =
                        self.place(state, view, *owner, depth + 1).filter(|it| self.is_static(it.object))?;
                    return held_address(Some(&self.held(state, &owner)));
                }
                let Callee::Function(id) = call.callee else { return None };
                let params = self.places(state, view, call, depth);
                let view = View { function: id, params: Some(&params) };
                shared.function(id).blocks.iter().find_map(|block| match block.terminator {
                    Terminator::Return { value: Some(value), .. } => self.place(state, view, value, depth),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// True if a branch selects by a variable of another file that nothing on the path has set.
    pub(super) fn selects_by_foreign_mode(&self, condition: &Condition, targets: [BlockId; 2]) -> bool {
        let Some(function) = self.stack.last().copied() else { return false };
        let is_unset = || {
            condition.expression.terms.iter().any(|(symbol, _)| match self.symbols.key(*symbol) {
                SymKey::Initial { object, .. } => {
                    let root = self.objects.root(*object);
                    matches!(self.objects.info(root).key, ObjectKey::Global(_))
                }
                _ => false,
            })
        };
        self.shared.program.is_imported(function) && is_unset() && self.selects(function, &targets)
    }

    /// True if a branch is between ways of working: two places at least behind which something is done, by what
    /// further branches lead to as well, of which one acts on CUDA or on memory, and neither of two is but a detour
    /// on the way to the other.
    fn selects(&self, id: FunctionId, targets: &[BlockId]) -> bool {
        let function = self.shared.function(id);
        let definitions = self.shared.definitions(id);
        let block = |id: BlockId| &function.blocks[id.0 as usize];
        if let [then, otherwise] = *targets {
            let joins = |block: &Block, other: BlockId| matches!(block.terminator, Terminator::Goto(to) if to == other);
            if joins(block(then), otherwise) || joins(block(otherwise), then) {
                return false;
            }
        }
        let targets: BTreeSet<_> = targets.iter().collect();
        let ways: Vec<_> = targets.iter().map(|it| definitions.region(function, **it)).collect();
        let working = ways.iter().filter(|way| way.iter().any(|it| works(block(*it)))).count();
        working >= 2 && ways.iter().flatten().any(|it| self.acts(block(*it)))
    }

    /// True unless a block ends the process or throws: that is no way of working.
    fn comes_back(&self, function: FunctionId, block: BlockId) -> bool {
        let block = &self.shared.function(function).blocks[block.0 as usize];
        !matches!(block.terminator, Terminator::Exit | Terminator::Throw)
    }

    /// True if the block acts on CUDA or on memory.
    fn acts(&self, block: &Block) -> bool {
        let relevance = &self.shared.relevance;
        block.statements.iter().any(|it| match &it.op {
            Op::Launch(_) | Op::New { .. } | Op::Delete { .. } => true,
            Op::Call(call) => match call.callee {
                Callee::Function(id) => relevance.acts[id.0 as usize],
                Callee::Extern(id) => {
                    let it = self.shared.extern_(id);
                    self.shared.model.lookup(&it.name, it.params.len()).is_some()
                }
                Callee::Value(_) => false,
            },
            _ => false,
        })
    }
}

/// True if the block calls or makes anything, or says which memory is meant.
fn works(block: &Block) -> bool {
    block.statements.iter().any(|it| match it.op {
        Op::Call(_) | Op::Launch(_) | Op::New { .. } | Op::Delete { .. } | Op::Opaque { .. } => true,
        Op::Store { ty, .. } => matches!(ty.kind, TypeKind::Pointer { .. } | TypeKind::DevicePointer),
        _ => false,
    })
}

/// The address that a cell is known to hold.
fn held_address(held: Option<&Value>) -> Option<Pointer> {
    match held {
        Some(Value::Pointer(pointer)) => Some(pointer.clone()),
        _ => None,
    }
}
