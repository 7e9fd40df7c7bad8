//! What CUDA answers where a program asks what memory an address lies in (cudaPointerGetAttributes,
//! cuPointerGetAttribute): it knows what it has allocated, mapped or registered.

use super::branches::equals;
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::State;
use super::symbol::SymKey;
use super::value::{Pointer, Value};
use crate::cuda::row::{MemoryKind, Role};

/// `CU_POINTER_ATTRIBUTE_MEMORY_TYPE`.
const MEMORY_TYPE: i64 = 2;

impl Machine<'_, '_> {
    /// Fills the structure at `target` with what is known of a pointer. Managed memory apart, the field `type`
    /// tells host memory from device memory, and memory that the host cannot get at has no `hostPointer` (CUDA Runtime
    /// API, cudaPointerAttributes); what else is there is unknown.
    pub(super) fn pointer_attributes(&mut self, state: &mut State, target: &Pointer, it: &Modelled<'_, '_>) {
        self.forget(state, target.object);
        let asked = it.arg(Role::Memory).cloned();
        let Some(pointer) = asked.and_then(|it| self.pointer(&it)) else { return };
        let kind = self.kind_for_cuda(state, pointer.object);
        self.succeeds_for_cuda(state, it, kind);
        let answer = match kind.and_then(memory_type) {
            Some(kind) => Value::int(kind),
            None => {
                self.numbers_change(state, target.object);
                self.note_examined_in(target.object, &pointer);
                self.answer(state, "type", &pointer)
            }
        };
        let field = self.field_object(target, "type");
        let field = self.start_of(field);
        self.poke(state, &field, answer, Some(4));
        if kind.is_some_and(MemoryKind::is_device) {
            let field = self.field_object(target, "hostPointer");
            let field = self.start_of(field);
            self.poke(state, &field, Value::ZERO, Some(8));
        }
    }

    /// One attribute of a pointer: whether it lies on the host or on the device, as far as that is known. Managed
    /// memory may be said to be either.
    pub(super) fn pointer_attribute(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> Value {
        let asked = it.arg(Role::Memory).cloned();
        let Some(pointer) = asked.and_then(|it| self.pointer(&it)) else { return self.fresh(state) };
        let kind = self.kind_for_cuda(state, pointer.object);
        self.succeeds_for_cuda(state, it, kind);
        // Whether it does is an answer, too: CUDA_ERROR_INVALID_VALUE "if ptr is not allocated by, mapped by, or
        // registered with" CUDA (Driver API, cuPointerGetAttribute).
        if let Some(status) = it.status.filter(|_| matches!(kind, Some(MemoryKind::Pageable) | None)) {
            self.note_examined(state, &Value::symbol(status), &[Value::Pointer(pointer.clone())]);
        }
        let attribute = it.arg(Role::Flags).and_then(Value::as_constant);
        match kind {
            Some(MemoryKind::Managed | MemoryKind::Pageable) | None => {}
            Some(kind) if attribute == Some(MEMORY_TYPE) => {
                if let Some(kind) = memory_type(kind) {
                    return Value::int(kind);
                }
            }
            Some(_) => {}
        }
        match attribute {
            Some(attribute) => self.answer(state, &format!("attribute {attribute}"), &pointer),
            None => self.fresh(state),
        }
    }

    fn kind_for_cuda(&self, state: &State, object: ObjectId) -> Option<MemoryKind> {
        match self.memory_kind(state, object) {
            _ if self.is_unregistered(state, object) => Some(MemoryKind::Pageable),
            kind => kind,
        }
    }

    /// What is not known of an address. Where memory lies does not change: the answer is the same each time the
    /// program asks.
    fn answer(&mut self, state: &State, what: &str, pointer: &Pointer) -> Value {
        let asked = self.start_of(self.objects.root(pointer.object));
        let answer = Value::symbol(self.symbols.intern(SymKey::Accessor {
            name: what.to_owned(),
            args: vec![Value::Pointer(asked)],
            epoch: 0,
        }));
        self.note_examined(state, &answer, &[Value::Pointer(pointer.clone())]);
        answer
    }

    /// The call succeeds for what CUDA knows.
    fn succeeds_for_cuda(&mut self, state: &mut State, it: &Modelled<'_, '_>, kind: Option<MemoryKind>) {
        if let Some(status) = it.status
            && kind.is_some_and(|kind| kind != MemoryKind::Pageable)
        {
            self.assume(state, &equals(status, 0));
        }
    }
}

/// `cudaMemoryType`, by number: unregistered 0, host 1, device 2, managed 3 (Runtime API, "Data types used by
/// CUDA Runtime"); `CUmemorytype` has the same for host and device. Arrays have no pointers that could be asked about.
const fn memory_type(kind: MemoryKind) -> Option<i64> {
    match kind {
        MemoryKind::Pageable => Some(0),
        MemoryKind::Pinned | MemoryKind::Registered => Some(1),
        MemoryKind::Device | MemoryKind::DeviceStreamOrdered | MemoryKind::DeviceIpc => Some(2),
        MemoryKind::Managed => Some(3),
        MemoryKind::Array => None,
    }
}
