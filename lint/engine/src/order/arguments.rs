//! Pageable memory in the hands of kernels.

use super::machine::Machine;
use super::object::{ObjectInfo, ObjectKey};
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
        let pageable = self.memory_kind(state, pointer.object) == Some(MemoryKind::Pageable);
        if !pageable || self.is_converted(state, pointer) || self.is_examined(state, Some(pointer)) {
            return;
        }
        let object = self.describe_object(state, pointer.object);
        let only_written = access == ParamAccess::Write;
        self.observations.host_argument(self.at, state, kernel, object, only_written);
    }

    /// True for a variable that may not be what is passed: an object of class type, or of one that is not known, may
    /// have an operator that converts it to the pointer of something else; a temporary is made by the frontend, and
    /// parameters that are declared as arrays are pointers that are named like the array.
    fn is_converted(&self, state: &State, pointer: &Pointer) -> bool {
        let info = self.objects.info(pointer.object);
        let is_local = matches!(info.key, ObjectKey::Local { .. });
        let is_variable =
            matches!(info.key, ObjectKey::Global(_) | ObjectKey::Field { .. } | ObjectKey::Pointee(_));
        let plain = info.ty.is_some_and(|ty| {
            matches!(ty.kind, TypeKind::Int | TypeKind::Scalar | TypeKind::Status | TypeKind::Array { .. })
        });
        // So are arrays of callers that come with such a parameter.
        let of_caller =
            matches!(info.key, ObjectKey::Local { frame, .. } if frame != state.frame() && is_array(info));
        of_caller || (is_local && info.name.is_empty()) || ((is_local || is_variable) && !plain)
    }

    /// Memory is registered on some path: on the others, it may have been registered before.
    pub(super) fn note_registered(&mut self, pointer: &Pointer) {
        let root = self.objects.root(pointer.object);
        self.observations.registered.extend(self.objects.info(root).site);
    }
}

fn is_array(info: &ObjectInfo) -> bool {
    info.ty.is_some_and(|ty| matches!(ty.kind, TypeKind::Array { .. }))
}
