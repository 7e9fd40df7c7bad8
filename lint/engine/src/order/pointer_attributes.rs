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
        // It succeeds for any address, since CUDA 11.
        if let Some(status) = it.status {
            self.assume(state, &equals(status, 0));
        }
        let answer = match kind.and_then(memory_type) {
            Some(kind) => Value::int(kind),
            None => {
                self.numbers_change(state, target.object);
                self.note_examined_in(target.object, &pointer);
                self.answer(state, "type", &pointer)
            }
        };
        let mut say = |machine: &mut Self, field: &str, value: Value, size: u64| {
            let field = machine.field_object(target, field);
            let field = machine.start_of(field);
            machine.poke(state, &field, value, Some(size));
        };
        // Before CUDA 11 there was `memoryType`, which said of managed memory where it was, and `isManaged`.
        if kind != Some(MemoryKind::Managed) {
            say(self, "memoryType", answer.clone(), 4);
        }
        if let Some(kind) = kind {
            say(self, "isManaged", Value::int(i64::from(kind == MemoryKind::Managed)), 4);
        }
        say(self, "type", answer, 4);
        if kind.is_some_and(MemoryKind::is_device) {
            say(self, "hostPointer", Value::ZERO, 8);
        }
    }

    /// One attribute of a pointer: whether it lies on the host or on the device, as far as that is known. Managed
    /// memory may be said to be either.
    pub(super) fn pointer_attribute(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> Value {
        let asked = it.arg(Role::Memory).cloned();
        let Some(pointer) = asked.and_then(|it| self.pointer(&it)) else { return self.fresh(state) };
        let kind = self.kind_for_cuda(state, pointer.object);
        // Whether it succeeds is an answer, too: CUDA_ERROR_INVALID_VALUE "if ptr is not allocated by, mapped by, or
        // registered with" CUDA (Driver API, cuPointerGetAttribute).
        if let Some(status) = it.status {
            match kind {
                Some(MemoryKind::Pageable) | None => {
                    self.note_examined(state, &Value::symbol(status), &[Value::Pointer(pointer.clone())]);
                }
                Some(_) => {
                    self.assume(state, &equals(status, 0));
                }
            }
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
