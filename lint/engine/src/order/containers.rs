//! Containers, smart pointers, `new` and `delete`: memory that C++ objects own.
//!
//! A container is modelled as an object with one hidden field that holds the address of its elements (for
//! smart pointers: the pointer they hold).

use super::machine::Machine;
use super::object::{ObjectId, ObjectInfo, ObjectKey};
use super::state::{Extent, Range, State};
use super::symbol::{Linear, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, MemoryKind};
use crate::facts::{Access, Origin, ReleaseKind};
use crate::program::{BinaryOp, TypeKind};

/// The hidden field.
pub(super) const ELEMENTS: &str = "<elements>";

impl Machine<'_, '_> {
    /// The hidden cell of the container at `owner`.
    pub(super) fn elements_cell(&mut self, owner: &Pointer) -> Pointer {
        let object = self.field_object(owner, ELEMENTS);
        self.start_of(object)
    }

    /// The address of the elements of the container at `owner`, whose class is `class`.
    pub(super) fn elements(&mut self, state: &State, owner: &Pointer, class: &str) -> Value {
        if self.has_elements(class) {
            return Value::Pointer(self.elements_within(owner));
        }
        let cell = self.elements_cell(owner);
        if let Some(value) = state.memory.get(&(cell.object, cell.offset.clone())) {
            return value.clone();
        }
        let Some(memory) = self.class_memory(class) else { return self.held(state, owner) };
        // A container made out of sight, or changed by something unseen.
        let memory = Some(memory).filter(|_| !self.has_custom_memory(owner.object));
        let name = self.objects.info(owner.object).name.clone();
        let site = self.objects.info(owner.object).site;
        let epoch = state.epoch(owner.object);
        let key = ObjectKey::Elements { owner: owner.object, offset: owner.offset.clone(), epoch };
        let object = self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name,
            origin: Origin::Container(class.to_owned()),
            memory,
            site,
            bytes: None,
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: None,
        });
        Value::Pointer(self.start_of(object))
    }

    /// The pointer that the smart pointer at `owner` holds.
    pub(super) fn held(&mut self, state: &State, owner: &Pointer) -> Value {
        let cell = self.elements_cell(owner);
        if let Some(value) = state.memory.get(&(cell.object, cell.offset.clone())) {
            return value.clone();
        }
        let key =
            SymKey::Initial { object: cell.object, offset: cell.offset, epoch: state.epoch(owner.object) };
        let name = self.objects.info(owner.object).name.clone();
        let symbol = self.symbols.intern(key);
        let pointee = self.pointee(symbol);
        self.objects.info_mut(pointee).name = name;
        Value::symbol(symbol)
    }

    /// The memory that a container class keeps its elements in: what its constructor's row says.
    pub(super) fn class_memory(&self, class: &str) -> Option<MemoryKind> {
        let row = self.shared.model.constructor(class, 1)?;
        row.effects.iter().find_map(|effect| match effect {
            Effect::Reallocates(memory) => Some(*memory),
            _ => None,
        })
    }

    /// True for classes whose objects have their elements in themselves (`std::array`).
    fn has_elements(&self, class: &str) -> bool {
        let row = self.shared.model.constructor(class, 1);
        row.is_some_and(|row| row.effects.contains(&Effect::HasElements))
    }

    /// Where such an object has them: in its array, if the class is seen, as what fills it by a list does.
    pub(super) fn elements_within(&mut self, owner: &Pointer) -> Pointer {
        let record = self.objects.record(owner.object).map(|id| &self.shared.program.records[id.0 as usize]);
        let array = record.and_then(|record| match &record.fields[..] {
            [(field, ty)] if matches!(ty.kind, TypeKind::Array { .. }) => Some(field.clone()),
            _ => None,
        });
        match array {
            Some(field) => {
                let elements = self.start_of_field(owner, &field);
                let name = self.objects.info(owner.object).name.clone();
                self.objects.info_mut(elements.object).name = name;
                elements
            }
            None => owner.clone(),
        }
    }

    /// True for classes whose destructor gives back what they own, since nobody else can own it.
    pub(super) fn is_sole_owner(&self, class: &str) -> bool {
        let row = self.shared.model.destructor(class);
        row.is_some_and(|row| row.effects.contains(&Effect::ReleasesElements))
    }

    /// True for containers with an allocator of their own and smart pointers with a deleter of their own.
    pub(super) fn has_custom_memory(&self, object: ObjectId) -> bool {
        let record = self.objects.record(object).map(|id| &self.shared.program.records[id.0 as usize]);
        record.is_some_and(|record| record.custom_memory)
    }

    /// A container gets new elements, of so many bytes as far as the path knows.
    pub(super) fn reallocate(
        &mut self,
        state: &mut State,
        owner: &Pointer,
        memory: Option<MemoryKind>,
        class: &str,
        size: Option<Linear>,
    ) {
        let memory = memory.filter(|_| !self.has_custom_memory(owner.object));
        let name = self.objects.info(owner.object).name.clone();
        let site = self.objects.info(owner.object).site.or(Some(self.at.site));
        let bytes = size.as_ref().and_then(Linear::as_constant).and_then(|bytes| u64::try_from(bytes).ok());
        let key = ObjectKey::Made { frame: state.frame(), step: self.at.step, output: 0, turn: state.turn() };
        let object = self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name,
            origin: Origin::Container(class.to_owned()),
            memory,
            site,
            bytes,
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: None,
        });
        let size = size.filter(|_| !self.is_in_stand_in());
        if size.is_some() || state.object(object).is_some() {
            state.object_mut(object).size = size;
        }
        let cell = self.elements_cell(owner);
        let elements = Value::Pointer(self.start_of(object));
        state.memory.to_mut().insert((cell.object, cell.offset), elements);
    }

    /// The elements of a container, if the path has seen it get them or looked at them.
    pub(super) fn known_elements(&mut self, state: &State, owner: &Pointer) -> Option<Pointer> {
        let cell = self.elements_cell(owner);
        if let Some(value) = state.memory.get(&(cell.object, cell.offset)).cloned() {
            return self.pointer(&value);
        }
        let key = ObjectKey::Elements {
            owner: owner.object,
            offset: owner.offset.clone(),
            epoch: state.epoch(owner.object),
        };
        self.objects.find(&key).map(|object| self.start_of(object))
    }

    /// The elements of a container are given back or moved.
    pub(super) fn release_elements(&mut self, state: &mut State, owner: &Pointer, function: &str) {
        if self.has_custom_memory(owner.object) {
            // Who frees, and when, is the allocator's or deleter's business.
            return;
        }
        self.release_owned(state, owner, function);
        let cell = self.elements_cell(owner);
        if let Some(elements) = self.known_elements(state, owner) {
            let info = self.objects.info(elements.object);
            if let (Some(site), ObjectKey::Made { frame, .. }) = (info.site, &info.key)
                && *frame == state.frame()
            {
                self.observations.short_lived(site);
            }
            if function_class(function).is_some_and(|class| self.class_memory(class).is_none()) {
                // A smart pointer with the standard deleter.
                let described = self.describe_object(state, elements.object);
                self.observations.release(self.at, state, ReleaseKind::Delete, Some(described), false);
            }
            let range = Range { object: elements.object, offset: elements.offset, extent: Extent::Whole };
            let how = ReleaseKind::Container(function.to_owned());
            self.host_touches_in(state, &range, Access::Release(how), Some(owner.object));
        }
        if state.memory.contains_key(&(cell.object, cell.offset.clone())) {
            state.memory.to_mut().remove(&(cell.object, cell.offset));
        }
    }

    /// One container or smart pointer takes over the memory of another.
    pub(super) fn move_elements(&mut self, state: &mut State, to: &Pointer, from: &Pointer, class: &str) {
        self.move_owned(state, to, from);
        let elements = self.elements(state, from, class);
        let (to, from) = (self.elements_cell(to), self.elements_cell(from));
        let memory = state.memory.to_mut();
        memory.insert((to.object, to.offset), elements);
        memory.insert((from.object, from.offset), Value::ZERO);
    }

    /// `new`.
    pub(super) fn allocate_new(
        &mut self,
        state: &mut State,
        count: Option<Value>,
        stride: Option<u64>,
    ) -> Value {
        let count = count.map_or(Linear::constant(1), |value| self.number(&value));
        let stride = stride.and_then(|it| i64::try_from(it).ok()).map(Linear::constant);
        let bytes = stride.map(|stride| self.symbols.arithmetic(BinaryOp::Mul, &count, &stride));
        let object = self.make_memory(state, 0, Some(MemoryKind::Pageable), "new", bytes);
        Value::Pointer(self.start_of(object))
    }

    /// Memory that the current step makes.
    pub(super) fn make_memory(
        &mut self,
        state: &mut State,
        output: u8,
        memory: Option<MemoryKind>,
        function: &str,
        bytes: Option<Linear>,
    ) -> ObjectId {
        let bytes = bytes.filter(|_| !self.is_in_stand_in());
        let key = ObjectKey::Made { frame: state.frame(), step: self.at.step, output, turn: state.turn() };
        let site = self.at.site;
        let object = self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name: String::new(),
            origin: Origin::Allocated(function.to_owned()),
            memory,
            site: Some(site),
            bytes: bytes.as_ref().and_then(Linear::as_constant).and_then(|it| u64::try_from(it).ok()),
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: None,
        });
        self.forget(state, object);
        self.begins(state, object);
        self.made_by_mode(state, object);
        state.objects.to_mut().remove(&object);
        if bytes.is_some() {
            state.object_mut(object).size = bytes;
        }
        object
    }

    /// `delete`.
    pub(super) fn delete(&mut self, state: &mut State, pointer: &Value) {
        if pointer.as_constant() == Some(0) {
            return;
        }
        let pointer = self.pointer(pointer);
        self.release(state, pointer, ReleaseKind::Delete);
    }

    /// A call or operator releases memory.
    pub(super) fn release(&mut self, state: &mut State, pointer: Option<Pointer>, how: ReleaseKind) {
        let Some(pointer) = pointer else {
            self.observations.release(self.at, state, how, None, false);
            return;
        };
        self.is_released(state, pointer.object);
        let mut described = self.describe_object(state, pointer.object);
        if described.memory == Some(MemoryKind::Pageable) && self.is_examined(state, Some(&pointer)) {
            // This is the path for memory that CUDA knows, which this is not.
            described.memory = None;
        }
        if let (Some(site), ObjectKey::Made { frame, .. }) =
            (described.site, &self.objects.info(pointer.object).key)
            && *frame == state.frame()
        {
            self.observations.short_lived(site);
        }
        let interior = pointer.offset != Linear::constant(0);
        self.observations.release(self.at, state, how.clone(), Some(described), interior);
        let range = Range { object: pointer.object, offset: pointer.offset, extent: Extent::Whole };
        self.host_touches(state, &range, Access::Release(how));
        self.forget(state, pointer.object);
    }
}

/// The class of a method: `std::vector` of `std::vector::data`.
fn function_class(method: &str) -> Option<&str> {
    method.rsplit_once("::").map(|(class, _)| class)
}
