//! Events in arrays of which a variable says which is meant: `cudaEventRecord(done[(round + 1) % 2], stream)`.
//!
//! Loops run a few times, and of the paths through them some are dropped, so that which elements such a record takes is
//! not known from what was followed. A wait for an element of the same array that the record can come before is not
//! known to wait for nothing.

use super::definitions::Definitions;
use super::machine::Machine;
use crate::cuda::row::{Effect, Role};
use crate::flow;
use crate::program::{BlockId, Callee, Function, LocalId, Op, ValueId};

/// How many steps of an address are followed from an element to the array.
const DEPTH: usize = 16;

impl Machine<'_, '_> {
    /// True if a record of whichever element of an array a variable says comes before the current step on some way
    /// through the function, and the step is about an element of that array.
    pub(super) fn may_be_recorded_by_index(&self) -> bool {
        let Some(id) = self.stack.last().copied() else { return false };
        let function = self.shared.function(id);
        let definitions = self.shared.definitions(id);
        let step = self.at.step;
        let Some(block) = function.blocks.get(step.block as usize) else { return false };
        let Some(Op::Call(wait)) = block.statements.get(step.index as usize).map(|it| &it.op) else {
            return false;
        };
        let elements = |value: &ValueId| element_of(function, definitions, *value);
        let awaited: Vec<LocalId> = wait.args.iter().filter_map(elements).map(|(array, _)| array).collect();
        if awaited.is_empty() {
            return false;
        }
        let is_record = |op: &Op| {
            let Op::Call(call) = op else { return false };
            let Callee::Extern(callee) = call.callee else { return false };
            let name = &self.shared.program.externs[callee.0 as usize].name;
            let Some(row) = self.shared.model.lookup(name, call.args.len()) else { return false };
            let event = row.params.iter().position(|param| param.role == Role::Event);
            row.effects.contains(&Effect::Record)
                && event
                    .and_then(|at| call.args.get(at))
                    .and_then(elements)
                    .is_some_and(|(array, varies)| varies && awaited.contains(&array))
        };
        function.blocks.iter().enumerate().any(|(at, block)| {
            block.statements.iter().enumerate().any(|(index, statement)| {
                is_record(&statement.op)
                    && ((at == step.block as usize && index < step.index as usize)
                        || leads_to(function, BlockId(at as u32), BlockId(step.block)))
            })
        })
    }
}

/// The local array or pointer of which a value was loaded as an element, and whether a variable says which element.
fn element_of(function: &Function, definitions: &Definitions, value: ValueId) -> Option<(LocalId, bool)> {
    let defined = |value: ValueId| definitions.of(function, value);
    let mut at = value;
    let (mut is_element, mut varies) = (false, false);
    for _ in 0..DEPTH {
        match defined(at)? {
            Op::Load { pointer: from, .. } | Op::Cast { value: from, .. } => at = *from,
            Op::Index { base, index, .. } => {
                is_element = true;
                varies |= !matches!(defined(*index), Some(Op::Const { .. }));
                at = *base;
            }
            Op::AddressOfLocal { local, .. } => return is_element.then_some((*local, varies)),
            _ => return None,
        }
    }
    None
}

/// True if there is a way out of a block that leads to another.
fn leads_to(function: &Function, from: BlockId, to: BlockId) -> bool {
    let out = flow::successors(&function.blocks[from.0 as usize].terminator);
    out.into_iter().any(|next| flow::reaches(function, next, to))
}
