//! Rounds of loops of which a path does not know how many there are: it takes [`super::machine::ITERATIONS`] of them,
//! and goes on as if there might have been any number.

use super::branches::is_exhausted;
use super::machine::Machine;
use super::object::Step;
use super::state::State;
use super::symbol::SymKey;
use super::value::{Pointer, Value};
use crate::flow::{Cfg, Loop};
use crate::program::{BlockId, Function, FunctionId, Op, TypeKind, ValueId};

/// How far the place of a store is looked for: fields of fields, through pointers.
const DEPTH: usize = 8;

/// A path stays, at `to`, in the loops that the branch may leave, by a condition of which it does not know whether it
/// holds. It may have taken it to hold before: an earlier loop over the same number of rounds presumes that there are
/// some.
pub(super) fn stays_open(cfg: &Cfg, block: BlockId, targets: [BlockId; 2], to: BlockId, state: &mut State) {
    let left = |it: &Loop| it.contains(to) && !targets.iter().all(|target| it.contains(*target));
    let open: Vec<BlockId> =
        cfg.loops_around(block).filter(|(_, it)| left(it)).map(|(header, _)| header).collect();
    if let Some(frame) = state.frames.last_mut()
        && !open.iter().all(|header| frame.open.contains(header))
    {
        frame.to_mut().open.extend(open);
    }
}

impl Machine<'_, '_> {
    /// A loop has been left, from one block to another, before its condition failed: what it counts is unknown from
    /// here. The loops around it go on, and count what they have counted.
    pub(super) fn forget_assigned(
        &mut self,
        function: &Function,
        cfg: &Cfg,
        (from, to): (BlockId, BlockId),
        state: &mut State,
    ) {
        let left = cfg.loops_around(from).filter(|(_, it)| !it.contains(to));
        let exhausted: Vec<_> = left.filter(|(header, _)| is_exhausted(cfg, *header, state)).collect();
        for (header, it) in exhausted {
            for local in &it.assigned {
                let ty = function.locals[local.0 as usize].ty;
                if ty.is_aggregate() {
                    continue;
                }
                let object = self.local_object(state, *local);
                let step = Step { block: header.0, index: u32::MAX - 1 - local.0 };
                self.count_is_unknown(state, self.start_of(object), step);
            }
            self.forget_counted(function, it, state);
        }
    }

    /// Likewise what a loop counts in a part of something: `buffer.used += bytes`. What it sets to a constant is no
    /// count.
    fn forget_counted(&mut self, function: &Function, it: &Loop, state: &mut State) {
        let Some(id) = self.stack.last().copied() else { return };
        let definitions = self.shared.definitions(id);
        let blocks = function.blocks.iter().enumerate();
        for (index, block) in blocks.filter(|(index, _)| it.contains(BlockId(*index as u32))) {
            for (place, statement) in block.statements.iter().enumerate() {
                let Op::Store { pointer, value, ty } = statement.op else { continue };
                let is_part = matches!(definitions.of(function, pointer), Some(Op::Field { .. }));
                let is_constant = matches!(definitions.of_converted(function, value), Some(Op::Const { .. }));
                if ty.kind == TypeKind::Int
                    && is_part
                    && !is_constant
                    && let Some(cell) = self.place_now(state, id, pointer, DEPTH)
                    && matches!(state.memory.get(&(cell.object, cell.offset.clone())), Some(Value::Number(_)))
                {
                    let step = Step { block: index as u32, index: u32::MAX / 2 - place as u32 };
                    self.count_is_unknown(state, cell, step);
                }
            }
        }
    }

    fn count_is_unknown(&mut self, state: &mut State, cell: Pointer, step: Step) {
        let key = SymKey::Result { frame: state.frame(), step, turn: state.turn() };
        let value = Value::symbol(self.symbols.intern(key));
        self.settle_held_in(state, cell.object);
        state.memory.to_mut().insert((cell.object, cell.offset), value);
    }

    /// Where an address in the current function leads by what its variables hold now.
    fn place_now(
        &mut self,
        state: &State,
        id: FunctionId,
        address: ValueId,
        depth: usize,
    ) -> Option<Pointer> {
        let depth = depth.checked_sub(1)?;
        let shared = self.shared;
        match shared.definitions(id).of(shared.function(id), address)? {
            Op::AddressOfLocal { local, .. } => {
                let object = self.local_object(state, *local);
                Some(self.start_of(object))
            }
            Op::AddressOfGlobal { global, .. } => {
                let object = self.global_object(*global);
                Some(self.start_of(object))
            }
            Op::Field { base, field, .. } => {
                let base = self.place_now(state, id, *base, depth)?;
                let object = self.field_object(&base, field);
                Some(self.start_of(object))
            }
            Op::Cast { value, .. } => self.place_now(state, id, *value, depth),
            Op::Load { pointer, .. } => {
                let cell = self.place_now(state, id, *pointer, depth)?;
                let held = state.memory.get(&(cell.object, cell.offset)).cloned()?;
                self.pointer(&held)
            }
            _ => None,
        }
    }
}
