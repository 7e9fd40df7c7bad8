//! Loops that ask until work is done, by a function that takes an error for "not yet": after one they never end.

use super::machine::Machine;
use super::model::Modelled;
use super::value::Condition;
use super::value::Relation;
use crate::cuda::row::{Effect, Family};
use crate::facts::BlindPoll;
use crate::flow::{self, Cfg, Loop};
use crate::program::{BlockId, Callee, Function, Op, Origin};

impl Machine<'_, '_> {
    /// A call whose result does not tell an error from "not yet".
    pub(super) fn hides_errors(&mut self, it: &Modelled<'_, '_>) {
        if let Some(status) = it.status {
            let poll = BlindPoll { site: self.at.site, function: it.shown().to_owned() };
            self.blind.insert(status, poll);
        }
    }

    /// A branch: if its condition is such a result, and it is the only way out of a loop that looks at nothing else
    /// of CUDA, the loop has no end once there was an error.
    pub(super) fn sees_poll(
        &mut self,
        function: &Function,
        cfg: &Cfg,
        block: BlockId,
        (then, otherwise): (BlockId, BlockId),
        condition: &Condition,
    ) {
        let ([(symbol, 1 | -1)], Relation::Zero, 0) =
            (&condition.expression.terms[..], condition.relation, condition.expression.constant)
        else {
            return;
        };
        let Some(poll) = self.blind.get(symbol) else { return };
        let done = if condition.negated { otherwise } else { then };
        let again = if condition.negated { then } else { otherwise };
        let Some((_, around)) = cfg.innermost_loop(block) else { return };
        if around.contains(done) || !around.contains(again) || !self.only_polls(function, around, block) {
            return;
        }
        let polls = &mut self.observations.errors.blind_polls;
        if !polls.contains(poll) {
            polls.push(poll.clone());
        }
    }

    /// True if a loop is left from one block only, and calls nothing that could tell of errors or give up.
    fn only_polls(&self, function: &Function, around: &Loop, exit: BlockId) -> bool {
        let program = self.shared.program;
        let blocks = function.blocks.iter().enumerate();
        let blocks = blocks.map(|(index, block)| (BlockId(index as u32), block));
        blocks.filter(|(id, _)| around.contains(*id)).all(|(id, block)| {
            let leaves = flow::successors(&block.terminator).into_iter().any(|to| !around.contains(to));
            (!leaves || id == exit)
                && block.statements.iter().all(|statement| match &statement.op {
                    Op::Call(call) => match &call.callee {
                        Callee::Extern(it) => {
                            let callee = &program.externs[it.0 as usize];
                            match self.shared.row(call) {
                                Some(row) => {
                                    row.family == Family::Std
                                        || row.effects.iter().all(|effect| {
                                            matches!(
                                                effect,
                                                Effect::HidesErrors | Effect::QueriesEvent | Effect::None
                                            )
                                        })
                                }
                                None => callee.origin == Origin::System && !callee.is_method,
                            }
                        }
                        _ => false,
                    },
                    Op::Launch(_) | Op::Opaque { .. } => false,
                    _ => true,
                })
        })
    }
}
