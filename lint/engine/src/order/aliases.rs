//! Comparisons of smart pointers: what they say of what is held, and what rests on an alias.
//!
//! Two objects of unknown origin are two objects: no aliasing is assumed, so that none is blamed. On the path on which
//! the program finds that they are one, what follows from that is `possible`: its callers may never pass the same twice.

use super::machine::Machine;
use super::model::Modelled;
use super::state::State;
use super::value::{Condition, Relation, Value};
use crate::cuda::row::Outcome;
use crate::program::BinaryOp;

impl Machine<'_, '_> {
    /// Whether two smart pointers, or one and null, hold the same; `None` if one of the two is something else.
    pub(super) fn compares_held(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Value> {
        let operator = if it.row.result == Outcome::Differs { BinaryOp::Ne } else { BinaryOp::Eq };
        let [a, b] = &it.call.args[..] else { return None };
        let (a, b) = (self.held_by(state, a)?, self.held_by(state, b)?);
        let (first, second) = (self.number(&a), self.number(&b));
        if let Some(condition) = Condition::compare(operator, &first, &second)
            && condition.expression.terms.len() == 2
        {
            self.alias_tests.insert(condition.expression);
        }
        Some(self.binary(operator, &a, &b))
    }

    fn held_by(&mut self, state: &State, argument: &Value) -> Option<Value> {
        if argument.as_constant() == Some(0) {
            return Some(Value::ZERO);
        }
        let owner = self.pointer(argument)?;
        let class = self.class_of(owner.object)?;
        let get = self.shared.model.lookup(&format!("{class}::get"), 1)?;
        (get.result == Outcome::Held).then(|| self.held(state, &owner))
    }

    /// True if a condition says that two smart pointers hold one object.
    pub(super) fn says_alias(&self, condition: &Condition) -> bool {
        condition.relation == Relation::Zero
            && !condition.negated
            && self.alias_tests.contains(&condition.expression)
    }
}
