//! Pageable memory in the hands of kernels.

use super::machine::Machine;
use super::object::ObjectKey;
use super::state::State;
use super::value::{Pointer, Value};
use crate::cuda::row::MemoryKind;
use crate::program::{ParamAccess, TypeKind};

impl Machine<'_, '_> {
    /// A kernel of known parameters gets a value for one through which it reads or writes.
    pub(super) fn check_kernel_argument(
        &mut self,
        state: &State,
        kernel: &str,
        value: &Value,
        access: ParamAccess,
    ) {
        if matches!(access, ParamAccess::Value | ParamAccess::Unused) || state.host_may_access {
            return;
        }
        let Value::Pointer(pointer) = value else { return };
        let kind = self.memory_kind(state, pointer.object);
        let is_hosts = matches!(kind, Some(MemoryKind::Pageable | MemoryKind::Registered));
        if !is_hosts || self.is_converted(pointer) || self.is_examined(state, Some(pointer)) {
            return;
        }
        let object = self.describe_object(state, pointer.object);
        let only_written = access == ParamAccess::Write;
        self.observations.host_argument(self.at, state, kernel, object, only_written);
    }

    /// The program asks for the address by which the device reaches memory.
    pub(super) fn note_aliased(&mut self, state: &State, memory: &Value) {
        let Some(pointer) = self.pointer(memory) else { return };
        let described = self.describe_object(state, pointer.object).site;
        let root = self.objects.root(pointer.object);
        let made = self.objects.info(root).site;
        self.observations.aliased.extend(described.into_iter().chain(made));
    }

    /// True for a variable that may not be what is passed: an object of class type, or of one that is not known, may
    /// have an operator that converts it to the pointer of something else; a temporary is made by the frontend.
    fn is_converted(&self, pointer: &Pointer) -> bool {
        let info = self.objects.info(pointer.object);
        let is_local = matches!(info.key, ObjectKey::Local { .. });
        let is_variable =
            matches!(info.key, ObjectKey::Global(_) | ObjectKey::Field { .. } | ObjectKey::Pointee(_));
        let plain = info.ty.is_some_and(|ty| !matches!(ty.kind, TypeKind::Record(_) | TypeKind::Unknown));
        (is_local && info.name.is_empty()) || ((is_local || is_variable) && !plain)
    }

    /// Memory is registered on some path: on the others, it may have been registered before.
    pub(super) fn note_registered(&mut self, pointer: &Pointer) {
        let root = self.objects.root(pointer.object);
        self.observations.registered.extend(self.objects.info(root).site);
    }
}
