//! Records of events in rounds of loops that no path follows: loops run a few times, and of the paths through them some
//! are dropped. Where such a record can come before a step, its event is not known to be without one.
//!
//! `cudaEventRecord(done[(round + 1) % 2], stream)` records an element that a variable names,
//! `if (round == warmup) cudaEventRecord(start, stream)` records in one round.

use super::definitions::Definitions;
use super::machine::Machine;
use crate::cuda::row::{Effect, Role, Row};
use crate::flow;
use crate::program::{BlockId, Call, Function, LocalId, Op, ValueId};

/// How many steps of an address are followed from an element to its variable.
const DEPTH: usize = 16;

/// Where a handle is loaded from.
#[derive(Debug, PartialEq, Eq)]
struct Place<'f> {
    local: LocalId,
    /// Innermost first.
    fields: Vec<&'f str>,
    element: Element,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// Of no array.
    None,
    /// A number says which.
    Fixed,
    /// A variable says which.
    Varies,
}

impl Machine<'_, '_> {
    /// True if the current step is a call about an event that another round of a loop may have recorded. `nth`: the one
    /// of the call's events that is meant, counted from 0; all of them if not given.
    pub(super) fn may_be_recorded_in_another_round(&self, nth: Option<usize>) -> bool {
        let Some(id) = self.stack.last().copied() else { return false };
        let function = self.shared.function(id);
        let definitions = self.shared.definitions(id);
        let here = self.at.step;
        let Some(block) = function.blocks.get(here.block as usize) else { return false };
        let Some(Op::Call(call)) = block.statements.get(here.index as usize).map(|it| &it.op) else {
            return false;
        };
        let Some(row) = self.shared.row(call) else { return false };
        let events = events_of(row, call).enumerate().filter(|(at, _)| nth.is_none_or(|nth| nth == *at));
        let meant: Vec<Place<'_>> =
            events.filter_map(|(_, value)| place_of(function, definitions, value)).collect();
        if meant.is_empty() {
            return false;
        }
        let here_block = BlockId(here.block);
        let cfg = self.shared.cfg(id);
        let is_behind_loop =
            |at: BlockId| cfg.loops_around(at).any(|(_, around)| !around.contains(here_block));
        let may_mean = |record: &Place<'_>, at: BlockId| {
            meant.iter().any(|it| {
                it.local == record.local
                    && it.fields == record.fields
                    && match it.element {
                        Element::None => is_behind_loop(at),
                        _ => record.element == Element::Varies,
                    }
            })
        };
        function.blocks.iter().enumerate().any(|(at, block)| {
            let at = BlockId(at as u32);
            block.statements.iter().enumerate().any(|(index, statement)| {
                let Op::Call(call) = &statement.op else { return false };
                let Some(row) = self.shared.row(call).filter(|row| row.effects.contains(&Effect::Record))
                else {
                    return false;
                };
                let comes_before =
                    (at == here_block && index < here.index as usize) || leads_to(function, at, here_block);
                comes_before
                    && events_of(row, call)
                        .filter_map(|value| place_of(function, definitions, value))
                        .any(|record| may_mean(&record, at))
            })
        })
    }
}

fn events_of<'a>(row: &'a Row, call: &'a Call) -> impl Iterator<Item = ValueId> + 'a {
    row.params.iter().zip(&call.args).filter(|(param, _)| param.role == Role::Event).map(|(_, value)| *value)
}

/// The local variable, or the part of what it holds or points to, that a value was loaded from.
fn place_of<'f>(function: &'f Function, definitions: &Definitions, value: ValueId) -> Option<Place<'f>> {
    let defined = |value: ValueId| definitions.of(function, value);
    let (mut fields, mut element) = (Vec::new(), Element::None);
    let mut at = value;
    for _ in 0..DEPTH {
        match defined(at)? {
            Op::Load { pointer: from, .. } | Op::Cast { value: from, .. } => at = *from,
            Op::Field { base, field, .. } => {
                fields.push(field.as_str());
                at = *base;
            }
            Op::Index { base, index, .. } => {
                let is_fixed = matches!(defined(*index), Some(Op::Const { .. }));
                element = match is_fixed && element != Element::Varies {
                    true => Element::Fixed,
                    false => Element::Varies,
                };
                at = *base;
            }
            Op::AddressOfLocal { local, .. } => return Some(Place { local: *local, fields, element }),
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
