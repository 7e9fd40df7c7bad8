//! Selections between two ways of working by a variable of another file: `if (device < 0) new … else cudaMalloc`.
//!
//! A library that works on the host or on the device keeps which in a variable with static storage, and so do
//! those that pin memory or do not. Each of its functions is right for whoever has set that variable; a caller
//! in another file, followed on its own, has not. Both ways are feasible to the analysis, and it is not proven
//! that the caller's data and the way belong together: what is found after the selection is `possible`.

use super::machine::Machine;
use super::object::ObjectKey;
use super::symbol::SymKey;
use super::value::Condition;
use crate::program::{Block, BlockId, Callee, Function, Op, Terminator};

impl Machine<'_, '_> {
    /// True if a branch is such a selection.
    pub(super) fn selects_by_foreign_mode(
        &self,
        function: &Function,
        condition: &Condition,
        [then, otherwise]: [BlockId; 2],
    ) -> bool {
        let is_foreign = self.stack.last().is_some_and(|it| self.shared.program.is_imported(*it));
        if !is_foreign {
            return false;
        }
        let is_unset = condition.expression.terms.iter().any(|(symbol, _)| match self.symbols.key(*symbol) {
            SymKey::Initial { object, .. } => {
                let root = self.objects.root(*object);
                matches!(self.objects.info(root).key, ObjectKey::Global(_))
            }
            _ => false,
        });
        let [a, b] = [then, otherwise].map(|it| &function.blocks[it.0 as usize]);
        let joins =
            |block: &Block, other: BlockId| matches!(block.terminator, Terminator::Goto(to) if to == other);
        is_unset
            && !joins(a, otherwise)
            && !joins(b, then)
            && self.works(a)
            && self.works(b)
            && (self.acts(a) || self.acts(b))
    }

    /// True if the block calls or makes anything.
    fn works(&self, block: &Block) -> bool {
        block.statements.iter().any(|it| {
            matches!(
                it.op,
                Op::Call(_) | Op::Launch(_) | Op::New { .. } | Op::Delete { .. } | Op::Opaque { .. }
            )
        })
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
