//! Objects that calls take over (`T &&`): what they own goes to whoever takes it.
//!
//! `vectors.emplace_back(std::move(v))` leaves `v` empty, and its memory lives on with `vectors`. Of the elements of
//! a container nothing is known, so the container remembers what was moved into them, and gives it back when it ends.
//! Where it may have lost some of it, it forgets all: no memory is blamed for an end that it may not have had.

use std::collections::BTreeSet;

use super::containers::ELEMENTS;
use super::lifetimes::is_destructor;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Extent, Range, State};
use super::symbol::Linear;
use super::value::Pointer;
use crate::cuda::row::{Effect, Outcome, Role};
use crate::facts::{Access, ReleaseKind};
use crate::program::ExternParam;

impl Machine<'_, '_> {
    /// A call of the model takes over the objects that it is handed as `T &&`, unless it hands them on (`std::move`).
    pub(super) fn take_over(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        for (index, param) in it.call.params.iter().enumerate() {
            let role = it.row.params.get(index).map_or(Role::Ignored, |param| param.role);
            let handed_on = matches!(it.row.result, Outcome::Arg(arg) if usize::from(arg) == index);
            if *param != ExternParam::Taken || role != Role::Ignored || handed_on {
                continue;
            }
            let Some(from) = it.call.args.get(index).cloned().and_then(|value| self.pointer(&value)) else {
                continue;
            };
            // Numbers and addresses stay what they are when they are moved.
            if self.objects.record(from.object).is_none() {
                continue;
            }
            let taken = self.owned_by(state, &from);
            self.may_leave_container(state, &from);
            self.forget(state, from.object);
            if let Some(to) = self.owner_or_result(state, it).filter(|_| !taken.is_empty()) {
                state.object_mut(to.object).owns.extend(taken);
            }
        }
    }

    /// The memory that an object owns, itself or by its members.
    fn owned_by(&mut self, state: &State, owner: &Pointer) -> BTreeSet<ObjectId> {
        let is_part = |object| self.objects.is_within(object, owner.object);
        let hidden = |object| matches!(&self.objects.info(object).key, ObjectKey::Field { field, .. } if field == ELEMENTS);
        let held = state.memory.iter().filter(|((cell, _), _)| is_part(*cell) && hidden(*cell));
        let held: Vec<_> = held.map(|(_, value)| value.clone()).collect();
        let mut owned: BTreeSet<_> =
            held.iter().filter_map(|value| self.pointer(value)).map(|it| it.object).collect();
        let parts = state.objects.iter().filter(|(part, _)| self.objects.is_within(**part, owner.object));
        owned.extend(parts.flat_map(|(_, part)| part.owns.iter().copied()));
        owned.extend(self.known_elements(state, owner).map(|it| it.object));
        owned
    }

    /// Something is moved out of an object that is no variable: it may be an element of any container.
    pub(super) fn may_leave_container(&self, state: &mut State, from: &Pointer) {
        if self.is_variable(self.objects.root(from.object))
            || state.objects.values().all(|it| it.owns.is_empty())
        {
            return;
        }
        let owners: Vec<_> =
            state.objects.iter().filter(|(_, it)| !it.owns.is_empty()).map(|(owner, _)| *owner).collect();
        for owner in owners {
            state.object_mut(owner).owns.clear();
        }
    }

    /// A container takes over the elements of another, and what was moved into them.
    pub(super) fn move_owned(&mut self, state: &mut State, to: &Pointer, from: &Pointer) {
        self.may_leave_container(state, from);
        let owned = take_owned(state, from);
        if !owned.is_empty() || state.object(to.object).is_some_and(|it| !it.owns.is_empty()) {
            state.object_mut(to.object).owns = owned;
        }
    }

    /// Two containers exchange what they own.
    pub(super) fn swap_owned(&self, state: &mut State, a: &Pointer, b: &Pointer) {
        let (x, y) = (take_owned(state, a), take_owned(state, b));
        for (object, owned) in [(a.object, y), (b.object, x)] {
            if !owned.is_empty() {
                state.object_mut(object).owns = owned;
            }
        }
    }

    /// Elements of a container that own memory come, and go.
    pub(super) fn elements_change_hands(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        let Some(owner) = self.owner(it) else { return };
        match effect {
            Effect::TakesMemory => {
                let memory = it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value));
                if let Some(memory) = memory {
                    let root = self.objects.root(memory.object);
                    state.object_mut(owner.object).owns.insert(root);
                }
            }
            Effect::TakesAll => {
                if let Some(from) = it.call.args.get(1).cloned().and_then(|value| self.pointer(&value)) {
                    self.move_owned(state, &owner, &from);
                }
            }
            _ => {
                take_owned(state, &owner);
            }
        }
    }

    /// A container ends, and what was moved into its elements with it. Growing moves the elements, but not what
    /// they own.
    pub(super) fn release_owned(&mut self, state: &mut State, owner: &Pointer, function: &str) {
        if !is_destructor(function) {
            return;
        }
        for object in take_owned(state, owner) {
            if self.drop_owned(state, object) {
                continue;
            }
            let range = Range { object, offset: Linear::constant(0), extent: Extent::Whole };
            let how = Access::Release(ReleaseKind::Container(function.to_owned()));
            self.host_touches_in(state, &range, how, Some(owner.object));
        }
    }
}

fn take_owned(state: &mut State, owner: &Pointer) -> BTreeSet<ObjectId> {
    if state.object(owner.object).is_none_or(|it| it.owns.is_empty()) {
        return BTreeSet::new();
    }
    std::mem::take(&mut state.object_mut(owner.object).owns)
}
