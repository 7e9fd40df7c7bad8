//! Memory: objects of variables, addresses, loads and stores.

use std::collections::BTreeSet;

use super::machine::Machine;
use super::object::{ObjectId, ObjectInfo, ObjectKey};
use super::state::{Extent, Range, State};
use super::symbol::{Linear, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::MemoryKind;
use crate::facts::{Access, Origin, ReleaseKind};
use crate::program::{GlobalId, GlobalMemory, LocalId, Storage, Type, TypeKind, ValueId};

/// How deep records within records are copied field by field.
const COPY_DEPTH: usize = 3;

/// How many fields of a record are copied one by one.
const COPY_FIELDS: usize = 64;

impl Machine<'_, '_> {
    /// The address of an object's first byte.
    pub(super) fn start_of(&self, object: ObjectId) -> Pointer {
        Pointer { object, offset: Linear::constant(0) }
    }

    /// The object of a variable of the current frame, in its current life.
    pub(super) fn local_object(&mut self, state: &State, local: LocalId) -> ObjectId {
        let Some(function) = self.stack.last().map(|id| self.shared.function(*id)) else {
            return self.literal_object("");
        };
        let info = &function.locals[local.0 as usize];
        let frame = state.frame();
        if info.storage == Storage::ParamObject {
            // The caller has stored the address of the object that this parameter is.
            let slot = self.slot(state, local);
            if let Some(Value::Pointer(pointer)) = state.memory.get(&(slot, Linear::constant(0))) {
                return pointer.object;
            }
        }
        let turn = match info.storage {
            Storage::Automatic | Storage::Temporary => self.life(state, local),
            _ => 0,
        };
        let frame = if info.storage == Storage::Static {
            super::holdings::static_frame(self.stack.last().copied().unwrap_or(crate::program::FunctionId(0)))
        } else {
            frame
        };
        let (name, ty, site, storage) = (info.name.clone(), info.ty, info.site, info.storage);
        self.objects.intern(ObjectKey::Local { frame, local, turn }, || ObjectInfo {
            key: ObjectKey::Local { frame, local, turn },
            name,
            origin: if storage == Storage::Static { Origin::Static } else { Origin::Stack },
            memory: Some(MemoryKind::Pageable),
            site: Some(site),
            bytes: ty.size,
            variable: super::lifetimes::variable(storage),
            ty: Some(ty),
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// Where the address of a parameter's object is kept.
    pub(super) fn slot(&mut self, state: &State, local: LocalId) -> ObjectId {
        let frame = state.frame();
        let key = ObjectKey::Local { frame, local, turn: u32::MAX };
        self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name: String::new(),
            origin: Origin::Stack,
            memory: Some(MemoryKind::Pageable),
            site: None,
            bytes: None,
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// Which life of a variable the current step sees: in a loop, a new one each time round.
    fn life(&self, state: &State, local: LocalId) -> u32 {
        let Some(function) = self.stack.last() else { return 0 };
        let (Some(birth), Some(frame)) = (self.shared.birth(*function, local), state.frames.last()) else {
            return 0;
        };
        let cfg = self.shared.cfg(*function);
        frame.turn(|header| cfg.loops[header.0 as usize].as_ref().is_some_and(|it| it.contains(birth)))
    }

    /// A variable's storage ends.
    pub(super) fn end_life(&mut self, state: &mut State, local: LocalId) {
        let Some(function) = self.stack.last().map(|id| self.shared.function(*id)) else { return };
        let storage = function.locals[local.0 as usize].storage;
        if matches!(storage, Storage::Static | Storage::ParamObject) {
            return;
        }
        let object = self.local_object(state, local);
        let range = Range { object, offset: Linear::constant(0), extent: Extent::Whole };
        self.host_touches(state, &range, Access::Release(ReleaseKind::ScopeEnd));
        self.remove(state, object);
    }

    /// An object is gone: nothing of it needs to be kept, so that paths on which it lived and paths on
    /// which it did not can meet.
    fn remove(&mut self, state: &mut State, object: ObjectId) {
        let objects = &self.objects;
        if state.memory.keys().any(|(cell, _)| objects.is_within(*cell, object)) {
            state.memory.to_mut().retain(|(cell, _), _| !objects.is_within(*cell, object));
        }
        if state.objects.keys().any(|it| objects.is_within(*it, object)) {
            state.objects.to_mut().retain(|it, _| !objects.is_within(*it, object));
        }
    }

    /// The object of a variable with static storage.
    pub(super) fn global_object(&mut self, global: GlobalId) -> ObjectId {
        let info = &self.shared.program.globals[global.0 as usize];
        self.objects.intern(ObjectKey::Global(global), || ObjectInfo {
            key: ObjectKey::Global(global),
            name: info.name.clone(),
            origin: Origin::Static,
            memory: match info.memory {
                GlobalMemory::Host => Some(MemoryKind::Pageable),
                GlobalMemory::Device => Some(MemoryKind::Device),
                GlobalMemory::Managed => Some(MemoryKind::Managed),
                GlobalMemory::Unknown => None,
            },
            site: Some(info.site),
            bytes: info.ty.size,
            variable: None,
            ty: Some(info.ty),
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// The object of a string literal.
    pub(super) fn literal_object(&mut self, text: &str) -> ObjectId {
        let key = ObjectKey::Literal(text.to_owned());
        self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name: String::new(),
            origin: Origin::Static,
            memory: Some(MemoryKind::Pageable),
            site: None,
            bytes: Some(text.len() as u64 + 1),
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// A value as an address. A symbol becomes the address of what it points to; a number is none.
    pub(super) fn pointer(&mut self, value: &Value) -> Option<Pointer> {
        match value {
            Value::Pointer(pointer) => Some(pointer.clone()),
            Value::Number(number) => {
                // A pointer plus something: the base is the one symbol with coefficient one that is not
                // a plain count. With several, nothing tells which it is.
                let mut bases = number.terms.iter().filter(|(_, factor)| *factor == 1);
                let (base, _) = bases.next()?;
                if bases.next().is_some() {
                    return None;
                }
                let offset = number.minus(&Linear::symbol(*base))?;
                Some(Pointer { object: self.pointee(*base), offset })
            }
            _ => None,
        }
    }

    /// What an unknown pointer points to.
    pub(super) fn pointee(&mut self, symbol: super::symbol::Sym) -> ObjectId {
        let (name, ty) = match self.symbols.key(symbol) {
            SymKey::Initial { object, .. } => {
                let holder = self.objects.info(*object);
                let record = match holder.ty.map(|ty| ty.kind) {
                    Some(TypeKind::Pointer { pointee, .. }) => pointee,
                    _ => None,
                };
                let ty = record.map(|record| Type { kind: TypeKind::Record(record), size: None });
                (holder.name.clone(), ty)
            }
            _ => (String::new(), None),
        };
        if let Some(known) = self.objects.find(&ObjectKey::Pointee(symbol)) {
            return known;
        }
        let held = self.held_memory(symbol);
        self.objects.intern(ObjectKey::Pointee(symbol), || ObjectInfo {
            key: ObjectKey::Pointee(symbol),
            name,
            origin: held.as_ref().map_or(Origin::Unseen, |held| held.origin.clone()),
            memory: held.as_ref().map(|held| held.kind),
            site: held.as_ref().map(|held| held.site),
            bytes: held.and_then(|held| held.bytes),
            variable: None,
            ty,
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// The address of a field.
    pub(super) fn field_address(&mut self, state: &State, base: ValueId, field: &str) -> Value {
        let base = self.value(state, base);
        match self.pointer(&base) {
            Some(base) => Value::Pointer(self.start_of_field(&base, field)),
            None => base,
        }
    }

    pub(super) fn start_of_field(&mut self, base: &Pointer, field: &str) -> Pointer {
        let object = self.field_object(base, field);
        self.start_of(object)
    }

    /// The object of a field of the record at `base`.
    pub(super) fn field_object(&mut self, base: &Pointer, field: &str) -> ObjectId {
        let key =
            ObjectKey::Field { parent: base.object, offset: base.offset.clone(), field: field.to_owned() };
        if let Some(known) = self.objects.find(&key) {
            return known;
        }
        let parent = self.objects.info(base.object);
        let name = match parent.name.as_str() {
            "" | "this" => field.to_owned(),
            name if matches!(parent.key, ObjectKey::Pointee(_)) => format!("{name}->{field}"),
            name => format!("{name}.{field}"),
        };
        let (memory, site, origin) = (parent.memory, parent.site, parent.origin.clone());
        let ty = self.objects.record(base.object).and_then(|record| {
            let record = &self.shared.program.records[record.0 as usize];
            record.fields.iter().find(|(name, _)| name == field).map(|(_, ty)| *ty)
        });
        self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name,
            origin,
            memory,
            site,
            bytes: ty.and_then(|ty| ty.size),
            variable: None,
            ty,
            host_by_use: false,
            non_blocking: None,
        })
    }

    /// `base + index · stride`.
    pub(super) fn element_address(
        &mut self,
        state: &State,
        base: ValueId,
        index: ValueId,
        stride: Option<u64>,
    ) -> Value {
        let (base, index) = (self.value(state, base), self.value(state, index));
        let Some(mut pointer) = self.pointer(&base) else { return base };
        let index = self.number(&index);
        // A stride of unknown size: one byte is as good as any, since only equality counts then.
        let stride = stride.and_then(|it| i64::try_from(it).ok()).unwrap_or(1);
        let step = self.symbols.arithmetic(crate::program::BinaryOp::Mul, &index, &Linear::constant(stride));
        if let Some(offset) = pointer.offset.plus(&step, 1) {
            pointer.offset = offset;
        }
        Value::Pointer(pointer)
    }

    /// The host reads a scalar.
    pub(super) fn load(&mut self, state: &mut State, pointer: &Value, ty: Type) -> Value {
        let Some(pointer) = self.pointer(pointer) else { return self.fresh(state) };
        let range = Range {
            object: pointer.object,
            offset: pointer.offset.clone(),
            extent: Extent::Bytes(Linear::constant(ty.size.unwrap_or(1) as i64)),
        };
        self.host_touches(state, &range, Access::HostRead { via: None, as_result: false, left: false });
        if matches!(ty.kind, TypeKind::Stream | TypeKind::Event) {
            self.may_be_one_of(state, &pointer);
        }
        let value = self.peek_as(state, &pointer, Some(ty));
        self.consume_temporary(state, pointer.object);
        // Neither an allocation nor the declaration of a field tells the class that it leads to; the
        // expression does.
        if let TypeKind::Pointer { pointee: Some(record), .. } = ty.kind
            && let Some(target) = self.pointer(&value).filter(|it| it.offset == Linear::constant(0))
        {
            let info = self.objects.info_mut(target.object);
            if matches!(info.key, ObjectKey::Pointee(_) | ObjectKey::Made { .. }) {
                info.ty.get_or_insert(Type { kind: TypeKind::Record(record), size: None });
            }
        }
        if let Some(kind) = memory_by_type(ty.kind)
            && let Some(target) = self.pointer(&value)
        {
            self.objects.info_mut(target.object).memory.get_or_insert(kind);
        }
        value
    }

    /// A temporary is read once: keeping it would keep equal states apart.
    fn consume_temporary(&mut self, state: &mut State, object: ObjectId) {
        let ObjectKey::Local { local, .. } = self.objects.info(object).key else { return };
        let temporary = self.stack.last().is_some_and(|id| {
            let locals = &self.shared.function(*id).locals;
            locals.get(local.0 as usize).is_some_and(|it| it.storage == Storage::Temporary)
        });
        if temporary && self.objects.info(object).ty.is_some_and(|ty| !ty.is_aggregate()) {
            state.memory.to_mut().remove(&(object, Linear::constant(0)));
        }
    }

    /// What a scalar in memory holds, without an access.
    pub(super) fn peek(&mut self, state: &State, pointer: &Pointer) -> Value {
        let ty = self.objects.info(pointer.object).ty;
        self.peek_as(state, pointer, ty)
    }

    /// The same for a scalar of this type.
    fn peek_as(&mut self, state: &State, pointer: &Pointer, ty: Option<Type>) -> Value {
        let cell = (pointer.object, pointer.offset.clone());
        if let Some(value) = state.memory.get(&cell) {
            return value.clone();
        }
        let epoch = state.epoch(pointer.object) + self.changes_of_number(state, pointer.object, ty);
        let (object, offset) = cell;
        Value::symbol(self.symbols.intern(SymKey::Initial { object, offset, epoch }))
    }

    /// The host writes a scalar.
    pub(super) fn store(&mut self, state: &mut State, pointer: &Value, value: Value, ty: Type) {
        let Some(pointer) = self.pointer(pointer) else { return };
        let range = Range {
            object: pointer.object,
            offset: pointer.offset.clone(),
            extent: Extent::Bytes(Linear::constant(ty.size.unwrap_or(1) as i64)),
        };
        self.host_touches(state, &range, Access::HostWrite { via: None });
        if ty.kind == TypeKind::Stream {
            self.holds_stream(&pointer, &value);
        }
        if ty.kind == TypeKind::Unknown {
            self.verdict_is_kept(state, pointer.object, &value);
        }
        self.poke(state, &pointer, value, ty.size);
    }

    /// Sets a scalar in memory, without an access.
    pub(super) fn poke(&mut self, state: &mut State, pointer: &Pointer, value: Value, size: Option<u64>) {
        self.name_after(&value, pointer.object);
        self.cell_changes(state, pointer, &value);
        let object = pointer.object;
        let size = size.unwrap_or(1) as i64;
        // Other cells of the object that the write may overlap hold something else now.
        let stale: Vec<_> = state
            .cells(object)
            .map(|(offset, _)| offset)
            .filter(|offset| **offset != pointer.offset)
            .filter(|offset| match offset.minus(&pointer.offset).and_then(|it| it.as_constant()) {
                Some(distance) => distance.abs() < size.min(8),
                None => true,
            })
            .cloned()
            .collect();
        if !stale.is_empty() && !state.held.is_empty() {
            self.settle_held_in(state, object);
        }
        let memory = state.memory.to_mut();
        for offset in stale {
            memory.remove(&(object, offset));
        }
        memory.insert((object, pointer.offset.clone()), value);
    }

    /// Memory and handles are known to people by the first variable that holds them.
    fn name_after(&mut self, value: &Value, holder: ObjectId) {
        let named = match value {
            Value::Pointer(pointer) if pointer.offset == Linear::constant(0) => pointer.object,
            Value::Handle(object) => *object,
            _ => return,
        };
        if self.objects.info(named).name.is_empty() {
            // A smart pointer's memory goes by the name of the smart pointer.
            let holder = match &self.objects.info(holder).key {
                ObjectKey::Field { parent, field, .. } if field == super::containers::ELEMENTS => *parent,
                // A handle is not what the stream that it carries is known by.
                ObjectKey::Field { field, .. } if field == super::handles::STREAM => return,
                _ => holder,
            };
            let name = self.objects.info(holder).name.clone();
            // A part of a tuple is on its way to a variable.
            if name.bytes().any(|byte| !byte.is_ascii_digit()) {
                self.objects.info_mut(named).name = name;
            }
        }
    }

    /// The host copies a record or an array.
    pub(super) fn copy_object(&mut self, state: &mut State, to: &Value, from: &Value, ty: Type) {
        let (Some(to), Some(from)) = (self.pointer(to), self.pointer(from)) else { return };
        let extent = Extent::Bytes(Linear::constant(ty.size.unwrap_or(1) as i64));
        let read = Range { object: from.object, offset: from.offset.clone(), extent: extent.clone() };
        self.host_touches(state, &read, Access::HostRead { via: None, as_result: false, left: false });
        let write = Range { object: to.object, offset: to.offset.clone(), extent };
        self.host_touches(state, &write, Access::HostWrite { via: None });
        self.copy_contents(state, &to, &from, ty, COPY_DEPTH);
    }

    /// Copies what is known of a record, field by field, without an access.
    pub(super) fn copy_contents(
        &mut self,
        state: &mut State,
        to: &Pointer,
        from: &Pointer,
        ty: Type,
        depth: usize,
    ) {
        self.time_is_copied(state, to, from);
        match ty.kind {
            TypeKind::Record(record) if depth > 0 => {
                let record = &self.shared.program.records[record.0 as usize];
                for (field, ty) in record.fields.iter().take(COPY_FIELDS) {
                    let from = self.start_of_field(from, field);
                    let to = self.start_of_field(to, field);
                    self.copy_contents(state, &to, &from, *ty, depth - 1);
                }
                if record.fields.is_empty() {
                    self.copy_gathered(state, to, from);
                }
                let from = self.elements_cell(from);
                if let Some(value) = state.memory.get(&(from.object, from.offset.clone())).cloned() {
                    self.settle_reachable(state, std::slice::from_ref(&value));
                    let to = self.elements_cell(to);
                    state.memory.to_mut().insert((to.object, to.offset), value);
                }
            }
            TypeKind::Record(_) | TypeKind::Array { .. } => {
                self.settle_reachable(state, &[Value::Pointer(from.clone())]);
                self.handles_go_elsewhere(state, from.object);
                let object = to.object;
                self.forget(state, object);
            }
            _ => {
                let value = self.peek(state, from);
                self.poke(state, to, value, ty.size);
            }
        }
    }

    /// Nothing is known of an object's contents any more.
    pub(super) fn forget(&mut self, state: &mut State, object: ObjectId) {
        self.settle_held_in(state, object);
        let objects = &self.objects;
        let mut parts: BTreeSet<_> =
            state.objects.keys().copied().filter(|it| objects.is_within(*it, object)).collect();
        // What the path has put into a field is not what was there at first, either.
        let filled = state.memory.keys().map(|(cell, _)| *cell).filter(|it| objects.is_within(*it, object));
        let filled: BTreeSet<_> = filled.collect();
        if !filled.is_empty() {
            state.memory.to_mut().retain(|(cell, _), _| !filled.contains(cell));
            parts.extend(filled);
        }
        for part in parts {
            let part = state.object_mut(part);
            part.epoch += 1;
            part.owns.clear();
            part.made_of = None;
        }
        state.object_mut(object).epoch += 1;
    }
}

/// The kind of memory that an address leads to by its type.
const fn memory_by_type(kind: TypeKind) -> Option<MemoryKind> {
    match kind {
        TypeKind::DevicePointer => Some(MemoryKind::Device),
        TypeKind::PinnedPointer => Some(MemoryKind::Pinned),
        TypeKind::ManagedPointer => Some(MemoryKind::Managed),
        _ => None,
    }
}
