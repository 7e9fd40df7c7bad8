//! What objects of the standard library keep of what they are handed.
//!
//! `streams.push_back(s)`, `std::make_pair(buffer, s)`, `std::function<void()>([s] { … })`: the object has a copy, of
//! which nothing is followed. What comes out of it again is a stream of which nothing is known, which may be this
//! one, so that a wait for it may be a wait for this one; and whoever gets the object has the stream.

use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::State;
use super::value::Value;
use crate::cuda::row::{Family, Role};

impl Machine<'_, '_> {
    /// A call of the standard library makes an object, or changes one: what that object keeps of the arguments, others
    /// may have from here on.
    pub(super) fn kept_by_library(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        if it.row.family != Family::Std || !self.has_something_made(state, &it.call.args) {
            return;
        }
        let Some(keeper) = self.owner_or_result(state, it) else { return };
        let kept = |index: usize| {
            let role = it.row.params.get(index).map_or(Role::Ignored, |param| param.role);
            // Constructors are not told apart: what may be the end of a range may be the value of all elements.
            matches!(role, Role::Ignored | Role::Reads | Role::ReadFirst | Role::ReadLast | Role::Count)
        };
        let values = it.call.args.iter().enumerate().filter(|(index, _)| kept(*index));
        let values: Vec<Value> = values.map(|(_, value)| value.clone()).collect();
        let reached = self.reachable(state, &values);
        let made: Vec<ObjectId> = reached
            .into_iter()
            .filter(|object| self.objects.is_made(*object) && *object != keeper.object)
            .collect();
        for object in &made {
            if !state.object(*object).is_some_and(|it| it.escaped) {
                state.object_mut(*object).escaped = true;
            }
        }
        if !made.is_empty() {
            state.object_mut(keeper.object).knows.extend(made);
        }
    }

    /// True if the path has made anything that these values may lead to: most calls get nothing of the kind.
    fn has_something_made(&self, state: &State, values: &[Value]) -> bool {
        let is_made = |value: &Value| match value {
            Value::Handle(_) => true,
            Value::Pointer(pointer) => self.objects.is_made(pointer.object),
            _ => false,
        };
        values.iter().any(is_made)
            || (values.iter().any(|value| matches!(value, Value::Pointer(_)))
                && state.memory.values().any(is_made))
    }
}
