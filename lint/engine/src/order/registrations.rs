//! Host memory that is page-locked for a while (cudaHostRegister), and what it is once that has failed.

use super::machine::Machine;
use super::model::Modelled;
use super::state::{ObjectState, State};
use super::symbol::Sym;
use super::value::Pointer;
use crate::cuda::row::{MemoryKind, Role};
use crate::facts::{Made, ReleaseKind};

impl Machine<'_, '_> {
    /// Memory is page-locked from here, unless the call fails.
    pub(super) fn register(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(pointer) = it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value)) else {
            return;
        };
        let root = self.objects.root(pointer.object);
        let object = state.object_mut(root);
        // What was registered before stays so, whatever becomes of the second call.
        if object.memory != Some(MemoryKind::Registered) {
            object.memory = Some(MemoryKind::Registered);
            object.registered_by = it.status;
        }
        self.note_registered(&pointer);
        let bytes = self.product(it);
        self.made(state, root, Made::Registration, it, bytes);
        self.holds_registration(state, it, root);
    }

    /// Memory is no longer page-locked.
    pub(super) fn unregister(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(value) = it.arg(Role::Memory).cloned() else { return };
        let pointer = self.pointer(&value);
        let root = pointer.as_ref().map(|pointer| self.objects.root(pointer.object));
        if let Some(root) = root {
            let lent = state.held.iter().find(|it| it.object == root && it.lent).map(|it| it.key);
            if let Some(key) = lent {
                self.observations.leaks.unlocks(key);
            }
            self.is_released(state, root);
            self.unmade(state, root, it.shown());
        }
        self.release_keeping_contents(state, pointer, ReleaseKind::Unregister);
        if let Some(root) = root
            && state.object(root).is_some_and(|object| object.memory == Some(MemoryKind::Registered))
        {
            let object = state.object_mut(root);
            object.memory = None;
            object.registered_by = None;
        }
    }

    /// A call has failed: what it should have registered is what it was before.
    pub(super) fn registration_has_failed(&mut self, state: &mut State, status: Sym) {
        let by_it =
            |it: &ObjectState| it.registered_by == Some(status) && it.memory == Some(MemoryKind::Registered);
        if !state.objects.values().any(by_it) {
            return;
        }
        for object in state.objects.to_mut().values_mut().filter(|it| by_it(it)) {
            object.memory = None;
        }
    }

    /// True for memory that should have been registered, but the call is known to have failed.
    pub(super) fn registering_has_failed(&self, state: &State, pointer: &Pointer) -> bool {
        let object = state.object(self.objects.root(pointer.object));
        object.is_some_and(|it| it.registered_by.is_some() && it.memory != Some(MemoryKind::Registered))
    }
}
