//! Markers: negative constants that a program stores to say that a place holds nothing (`slot[i] = -1`).
//!
//! Whether a field, or an element of what it points to, holds its marker is then a question about what the program
//! has stored there. On a path that has just stored a number from elsewhere, the answer "yes" takes that number to be
//! the marker by chance, which only the program's own invariants exclude (`slot[i] = ids[next]`, where no id is -1):
//! such a path is not followed, since findings on it could be possible at most. Results of calls are left out: `-1` is what a function returns that failed; so
//! are other constants: what is 0 or an enumerator is a choice that numbers from elsewhere may well make.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use super::state::State;
use super::symbol::SymKey;
use super::value::{Condition, Relation};
use crate::flow;
use crate::program::{BinaryOp, Constant, Function, Op, Program, UnaryOp, ValueId};

/// The negative constants that are stored to each field, and to the elements of what it points to, by the field's name.
#[derive(Debug)]
pub(super) struct Markers {
    of: BTreeMap<String, BTreeSet<i64>>,
}

impl Markers {
    /// Looks at every statement once.
    pub fn new(program: &Program) -> Self {
        let mut of: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for function in &program.functions {
            stored(function, |field, constant| {
                of.entry(field.to_owned()).or_default().insert(constant);
            });
        }
        Self { of }
    }

    fn is_marker(&self, field: &str, constant: i64) -> bool {
        self.of.get(field).is_some_and(|it| it.contains(&constant))
    }
}

/// What a value is, as far as markers go.
#[derive(Clone, Copy)]
enum Seen<'f> {
    Constant(i64),
    /// The address of a field, or of an element of what it points to.
    Of(&'f str),
}

/// Calls `found` for each negative constant that the function stores to a field, or to an element of what it points to.
fn stored<'f>(function: &'f Function, mut found: impl FnMut(&'f str, i64)) {
    // A definition stands before its uses.
    let mut seen: BTreeMap<ValueId, Seen<'f>> = BTreeMap::new();
    for op in flow::ops(function) {
        let (result, what) = match op {
            Op::Const { result, constant: Constant::Int(number) } => (*result, Some(Seen::Constant(*number))),
            Op::Unary { result, operator: UnaryOp::Neg, value } => match seen.get(value) {
                Some(Seen::Constant(number)) => (*result, number.checked_neg().map(Seen::Constant)),
                _ => continue,
            },
            Op::Field { result, field, .. } => (*result, Some(Seen::Of(field))),
            Op::Load { result, pointer: from, .. }
            | Op::Index { result, base: from, .. }
            | Op::Cast { result, value: from, .. } => (*result, seen.get(from).copied()),
            Op::Store { pointer, value, .. } => {
                if let (Some(Seen::Of(field)), Some(Seen::Constant(number))) =
                    (seen.get(pointer), seen.get(value))
                    && *number < 0
                {
                    found(field, *number);
                }
                continue;
            }
            _ => continue,
        };
        if let Some(what) = what {
            seen.insert(result, what);
        }
    }
}

impl Machine<'_, '_> {
    /// For a branch that asks whether a place holds its marker, where the path has stored something else there: the
    /// truth of the condition that would be chance.
    pub(super) fn is_marker_by_chance(
        &mut self,
        state: &State,
        tested: ValueId,
        condition: &Condition,
    ) -> Option<bool> {
        let [(symbol, factor @ (1 | -1))] = condition.expression.terms[..] else { return None };
        if condition.relation != Relation::Zero {
            return None;
        }
        let marker = condition.expression.constant.checked_mul(-factor)?;
        let source = match self.symbols.key(symbol) {
            SymKey::Initial { object, .. } => Some(*object),
            SymKey::Term { .. } | SymKey::Opaque { .. } => None,
            _ => return None,
        };
        let (field, pointer) = self.tested_field(tested)?;
        if !self.shared.markers.is_marker(&field, marker) {
            return None;
        }
        let address = self.value(state, pointer);
        let place = self.pointer(&address)?.object;
        (Some(place) != source).then_some(!condition.negated)
    }

    /// The field whose value, or whose element's, a condition compares with something, and the address of that place.
    fn tested_field(&self, tested: ValueId) -> Option<(String, ValueId)> {
        let id = *self.stack.last()?;
        let function = self.shared.function(id);
        let definitions = self.shared.definitions(id);
        let Op::Binary { operator: BinaryOp::Eq | BinaryOp::Ne, lhs, rhs, .. } =
            definitions.of(function, tested)?
        else {
            return None;
        };
        let place = |side: &ValueId| {
            let mut value = *side;
            while let Op::Cast { value: inner, .. } = definitions.of(function, value)? {
                value = *inner;
            }
            let Op::Load { pointer, .. } = definitions.of(function, value)? else { return None };
            let mut address = *pointer;
            loop {
                address = match definitions.of(function, address)? {
                    Op::Field { field, .. } => return Some((field.clone(), *pointer)),
                    Op::Index { base, .. } => *base,
                    Op::Load { pointer, .. } => *pointer,
                    Op::Cast { value, .. } => *value,
                    _ => return None,
                };
            }
        };
        place(lhs).or_else(|| place(rhs))
    }
}
