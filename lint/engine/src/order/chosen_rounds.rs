//! Bodies of loops that elements choose: `if (sizes[i] != 0) launch(i);`.
//!
//! A loop of which nobody knows how many rounds it has is taken to have some. So is what some of its rounds do: a
//! program looks through its elements because some of them count. A path that has passed by such a body in every round
//! before the last one that is followed enters it there.

use super::branches::is_exhausted;
use super::machine::Machine;
use super::shared::Shared;
use super::state::State;
use crate::cuda::row::{Family, Outcome};
use crate::flow::{self, Cfg, Loop};
use crate::program::{BlockId, Callee, Function, FunctionId, LocalId, Op, Terminator, ValueId};

/// Bodies of more blocks are not looked at.
const REGION: usize = 64;

/// How far the operands of a condition are followed.
const DEPTH: usize = 8;

/// A body that elements choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChosenBody {
    /// The header of the loop.
    header: BlockId,
    /// The block that it begins with, or the rest of the condition (`sizes[i] && flags[i]`).
    begin: BlockId,
    /// The first of its blocks that acts on CUDA.
    acts: BlockId,
}

impl Machine<'_, '_> {
    /// Where the body begins that an undecided branch chooses, if the path is in the last round that is followed and
    /// none has come to what the body does.
    pub(super) fn due_body(
        &mut self,
        cfg: &Cfg,
        block: BlockId,
        tested: ValueId,
        targets: [BlockId; 2],
        state: &State,
    ) -> Option<BlockId> {
        let ChosenBody { header, begin, acts } = self.chosen_body(cfg, block, tested, targets)?;
        let has_come = state.frames.last().is_some_and(|frame| frame.chosen.contains(&(header, acts)));
        (is_exhausted(cfg, header, state) && !has_come).then_some(begin)
    }

    /// The body that a branch enters or passes by, if an element of the innermost loop around it chooses, and if the
    /// body acts on CUDA.
    fn chosen_body(
        &mut self,
        cfg: &Cfg,
        block: BlockId,
        tested: ValueId,
        [then, otherwise]: [BlockId; 2],
    ) -> Option<ChosenBody> {
        let id = *self.stack.last()?;
        if let Some(known) = self.chosen_bodies.get(&(id, block)) {
            return *known;
        }
        let function = self.shared.function(id);
        let found = cfg.innermost_loop(block).and_then(|(header, it)| {
            let body = |skip: BlockId, begin: BlockId| {
                let body = body(function, (header, it), skip, begin)?;
                let acts = body.into_iter().find(|block| self.acts_on_cuda(function, *block))?;
                Some(ChosenBody { header, begin, acts })
            };
            let found = body(otherwise, then).or_else(|| body(then, otherwise))?;
            let condition = Condition { shared: self.shared, id, it };
            condition.rests_on_element(tested, DEPTH).then_some(found)
        });
        if let Some(found) = found {
            self.chosen_acts.insert((id, found.acts), found.header);
        }
        self.chosen_bodies.insert((id, block), found);
        found
    }

    /// A path comes to a block, which may be what a body that elements choose does.
    pub(super) fn comes_to_chosen(&self, state: &mut State, block: BlockId) {
        if let Some(id) = self.stack.last()
            && let Some(header) = self.chosen_acts.get(&(*id, block))
            && let Some(frame) = state.frames.last_mut()
            && !frame.chosen.contains(&(*header, block))
        {
            frame.to_mut().chosen.insert((*header, block));
        }
    }

    fn acts_on_cuda(&self, function: &Function, block: BlockId) -> bool {
        function.blocks[block.0 as usize].statements.iter().any(|statement| match &statement.op {
            Op::Launch(_) => true,
            Op::Call(call) => match call.callee {
                Callee::Function(callee) if self.shared.relevance.shows_cuda[callee.0 as usize] => true,
                _ => self.shared.row(call).is_some_and(|row| row.family != Family::Std),
            },
            _ => false,
        })
    }
}

/// What is tested in a loop.
struct Condition<'s, 'p> {
    shared: &'s Shared<'p>,
    id: FunctionId,
    it: &'s Loop,
}

impl Condition<'_, '_> {
    /// True for what is computed of an element whose place changes from round to round.
    fn rests_on_element(&self, value: ValueId, depth: usize) -> bool {
        let (function, definitions) = (self.shared.function(self.id), self.shared.definitions(self.id));
        let (Some(depth), Some(op)) = (depth.checked_sub(1), definitions.of(function, value)) else {
            return false;
        };
        if let Some(local) = self.assigned(value) {
            return definitions.stores_to(local).iter().any(|value| self.rests_on_element(*value, depth));
        }
        let is_place = match op {
            Op::Index { index, .. } => self.varies(*index, depth),
            Op::Call(call) => {
                let is_element = self.shared.row(call).is_some_and(|row| row.result == Outcome::Element);
                return is_element && call.args.iter().any(|arg| self.varies(*arg, depth));
            }
            _ => false,
        };
        is_place || flow::operands_of(op).into_iter().any(|operand| self.rests_on_element(operand, depth))
    }

    /// True for what is computed of a variable that the loop assigns.
    fn varies(&self, value: ValueId, depth: usize) -> bool {
        let (function, definitions) = (self.shared.function(self.id), self.shared.definitions(self.id));
        let (Some(depth), Some(op)) = (depth.checked_sub(1), definitions.of(function, value)) else {
            return false;
        };
        self.assigned(value).is_some()
            || flow::operands_of(op).into_iter().any(|operand| self.varies(operand, depth))
    }

    /// The variable that a value is read from, if the loop assigns it.
    fn assigned(&self, value: ValueId) -> Option<LocalId> {
        let local = self.shared.definitions(self.id).variable_read(self.shared.function(self.id), value)?;
        self.it.assigned.contains(&local).then_some(local)
    }
}

/// Where a block leads that does nothing (`continue`).
fn leads_to(function: &Function, block: BlockId) -> BlockId {
    let it = &function.blocks[block.0 as usize];
    match it.terminator {
        Terminator::Goto(to) if it.statements.is_empty() => to,
        _ => block,
    }
}

/// The blocks from `begin` on, if all of them lead to `skip`, where a path that passes by them goes on; or end the
/// process.
fn body(
    function: &Function,
    (header, it): (BlockId, &Loop),
    skip: BlockId,
    begin: BlockId,
) -> Option<Vec<BlockId>> {
    if begin == header || !it.contains(skip) || !it.contains(begin) {
        return None;
    }
    let skip = leads_to(function, skip);
    let mut body = vec![begin];
    let mut rejoins = false;
    let mut next = 0;
    while let Some(block) = body.get(next) {
        next += 1;
        let terminator = &function.blocks[block.0 as usize].terminator;
        if matches!(terminator, Terminator::Return { .. }) {
            return None;
        }
        for to in flow::successors(terminator) {
            if to == skip {
                rejoins = true;
            } else if to != header && !body.contains(&to) {
                // A search that has found what it looked for, or a check that gives up, leaves the loop.
                let ends =
                    matches!(function.blocks[to.0 as usize].terminator, Terminator::Exit | Terminator::Throw);
                if (!it.contains(to) && !ends) || body.len() == REGION {
                    return None;
                }
                body.push(to);
            }
        }
    }
    rejoins.then_some(body)
}
