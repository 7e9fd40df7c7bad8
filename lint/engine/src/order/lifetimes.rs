//! With which variable memory goes: temporaries and parameters by value end sooner than they look.

use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Extent, Range, State};
use super::symbol::Linear;
use super::value::{Pointer, Value};
use crate::cuda::unqualified;
use crate::facts::{Access, ReleaseKind, Variable};
use crate::program::{LocalId, Storage};

/// What kind of variable a local is, as far as its end is concerned.
pub(super) const fn variable(storage: Storage) -> Option<Variable> {
    match storage {
        Storage::Automatic => Some(Variable::Local),
        Storage::Param | Storage::ParamObject => Some(Variable::Parameter),
        Storage::Temporary => Some(Variable::Temporary),
        Storage::Static => None,
    }
}

/// True for destructors by their qualified name: `std::vector::~vector`.
pub(super) fn is_destructor(function: &str) -> bool {
    unqualified(function).starts_with('~')
}

impl Machine<'_, '_> {
    /// The variable with whose end a release comes: its own storage, or what its destructor releases.
    /// `owner` is the container that gives its memory back.
    pub(super) fn ends_with(
        &self,
        state: &State,
        range: &Range,
        access: &Access,
        owner: Option<ObjectId>,
    ) -> Option<Variable> {
        let of = |object: ObjectId| self.objects.info(self.objects.root(object)).variable;
        match access {
            Access::Release(ReleaseKind::ScopeEnd) => of(range.object),
            Access::Release(ReleaseKind::Container(function)) if is_destructor(function) => {
                // A member of something whose destructor is followed goes with that.
                owner.and_then(of).or_else(|| self.ends_by_destructor(state))
            }
            Access::Release(_) => self.ends_by_destructor(state),
            _ => None,
        }
    }

    /// A parameter of class type ends with its call. Where the caller is followed, it ends its own temporary;
    /// else what a container of the library owns goes here.
    pub(super) fn end_argument(&mut self, state: &mut State, parameter: LocalId) {
        if self.stack.len() != 1 || state.pending.is_empty() {
            return;
        }
        let object = self.local_object(state, parameter);
        let owner = self.start_of(object);
        if let Some(class) = self.class_of(object).filter(|class| self.is_sole_owner(class)) {
            self.brings_what_it_holds(state, &owner, &class);
            let last = unqualified(&class);
            self.release_elements(state, &owner, &format!("{class}::~{last}"));
        }
        let range = Range { object, offset: Linear::constant(0), extent: Extent::Whole };
        self.host_touches(state, &range, Access::Release(ReleaseKind::ScopeEnd));
    }

    /// A smart pointer by value holds what the caller has put there, and frees that, unless it was moved from since.
    fn brings_what_it_holds(&mut self, state: &mut State, owner: &Pointer, class: &str) {
        let cell = self.elements_cell(owner);
        let at = (cell.object, cell.offset);
        if self.class_memory(class).is_some() || state.memory.contains_key(&at) {
            return;
        }
        let held = self.held(state, owner);
        if let Some(held) = self.pointer(&held) {
            state.memory.to_mut().insert(at, Value::Pointer(held));
        }
    }

    /// The variable whose destructor is being followed, the outermost of several.
    fn ends_by_destructor(&self, state: &State) -> Option<Variable> {
        self.stack.iter().zip(&state.frames).skip(1).find_map(|(function, frame)| {
            let function = self.shared.function(*function);
            let this = function.params.first().filter(|_| is_destructor(&function.name))?;
            let key = ObjectKey::Local { frame: frame.id, local: *this, turn: 0 };
            let cell = (self.objects.find(&key)?, Linear::constant(0));
            match state.memory.get(&cell) {
                Some(Value::Pointer(object)) => self.objects.info(self.objects.root(object.object)).variable,
                _ => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_destructor;

    #[test]
    fn destructors_are_known_by_their_last_name() {
        assert!(is_destructor("std::vector::~vector") && is_destructor("~Buffer"));
        assert!(!is_destructor("std::vector::resize"));
    }
}
