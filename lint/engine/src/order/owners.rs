//! Rows about objects that own memory: containers and smart pointers.

use super::access::add_note;
use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Extent, Operation, Range, State};
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Direction, Effect, MemoryKind, Outcome, Role};
use crate::cuda::unqualified;
use crate::facts::{Access, WorkKind};
use crate::program::{BinaryOp, LISTED, TypeKind};

/// How many references to a memory resource are followed to it.
const RESOURCES: usize = 4;

impl Machine<'_, '_> {
    fn doubt_streams_of_caller(&mut self, state: &mut State) {
        let site = self.at.site;
        let is_callers: Vec<bool> = state
            .pending
            .iter()
            .map(|operation| match operation.stream {
                StreamKey::Unseen(symbol) => match self.symbols.key(Sym(symbol)) {
                    SymKey::Initial { object, .. } => self.is_variable(*object),
                    _ => false,
                },
                _ => false,
            })
            .collect();
        for (operation, is_callers) in state.pending_mut().iter_mut().zip(is_callers) {
            if is_callers {
                add_note(&mut operation.doubts, site, "the caller has the stream and can wait for it");
            }
        }
    }

    /// The container that a method or factory is about.
    pub(super) fn owner(&mut self, it: &Modelled<'_, '_>) -> Option<Pointer> {
        it.arg(Role::This).cloned().and_then(|value| self.pointer(&value))
    }

    /// The same, or where a factory puts its result.
    pub(super) fn owner_or_result(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Pointer> {
        match it.position(Role::This) {
            Some(_) => self.owner(it),
            None => {
                let into = it.call.call.into.map(|id| self.value(state, id))?;
                self.pointer(&into)
            }
        }
    }

    /// A move takes over what the other object owns; a copy only reads it. Returns true for a move.
    pub(super) fn take_elements(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> bool {
        let Some(to) = self.owner(it) else { return false };
        let Some(from) = it.call.args.get(1).cloned() else { return false };
        // A number or a range is no other container.
        let Some(how) = it.call.params.get(1).filter(|how| how.is_address()) else { return false };
        // In a template, constructors are not told apart: `(n)` and `(n, value)` are no containers either.
        // A list has elements, and owns none.
        if self.is_count(&from) || self.listed_bytes(state, &from).is_some() {
            return false;
        }
        let Some(from) = self.pointer(&from).filter(|from| self.is_container(from.object)) else {
            return false;
        };
        if it.call.args.len() > 2 && self.objects.record(from.object).is_none() {
            return false;
        }
        let class = self.class_of(from.object).unwrap_or_else(|| it.class().to_owned());
        let elements = self.elements(state, &from, &class);
        // In a template, constructors are not told apart: from a container with its elements elsewhere, it is a copy.
        let elsewhere = self.class_memory(&class) != self.class_memory(it.class());
        if how.may_write() && !elsewhere {
            // What holds an address and owns nothing, or not alone (`thrust::device_ptr`), gives nothing back.
            if self.is_sole_owner(it.class()) {
                self.release_elements(state, &to, &it.row.name);
            }
            self.move_elements(state, &to, &from, it.class());
            return true;
        }
        // A library copies from device memory by itself.
        if let Some(elements) = self.pointer(&elements)
            && !self.memory_kind(state, elements.object).is_some_and(MemoryKind::is_device)
        {
            let range = Range { object: elements.object, offset: elements.offset, extent: Extent::Unknown };
            let via = Some(it.row.name.clone());
            self.host_touches(state, &range, Access::HostRead { via, as_result: false, left: false });
        }
        false
    }

    /// True for the value of a variable or field that is an integer.
    fn is_count(&self, value: &Value) -> bool {
        let Value::Number(number) = value else { return false };
        let Some(SymKey::Initial { object, .. }) = number.as_symbol().map(|it| self.symbols.key(it)) else {
            return false;
        };
        self.objects.info(*object).ty.is_some_and(|ty| matches!(ty.kind, TypeKind::Int | TypeKind::Scalar))
    }

    /// The class of an object, if it is known: a copy may be made from another kind of container.
    pub(super) fn class_of(&self, object: ObjectId) -> Option<String> {
        let record = self.objects.record(object)?;
        Some(self.shared.program.records[record.0 as usize].name.clone())
    }

    pub(super) fn is_container(&self, object: ObjectId) -> bool {
        self.objects.record(object).is_some()
            || matches!(self.objects.info(object).key, ObjectKey::Pointee(_))
    }

    pub(super) fn swap_elements(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(a) = self.owner(it) else { return };
        let Some(b) = it.call.args.get(1).cloned().and_then(|value| self.pointer(&value)) else { return };
        self.exchange_elements(state, &a, &b, it.class());
    }

    pub(super) fn exchange_elements(&mut self, state: &mut State, a: &Pointer, b: &Pointer, class: &str) {
        let (x, y) = (self.elements(state, a, class), self.elements(state, b, class));
        self.may_leave_container(state, a);
        self.may_leave_container(state, b);
        self.swap_owned(state, a, b);
        let (a, b) = (self.elements_cell(a), self.elements_cell(b));
        let memory = state.memory.to_mut();
        memory.insert((a.object, a.offset), y);
        memory.insert((b.object, b.offset), x);
    }

    pub(super) fn reallocate_by_model(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        memory: MemoryKind,
    ) {
        let Some(owner) = self.owner_or_result(state, it) else { return };
        if !is_constructor(it) {
            self.release_elements(state, &owner, &it.row.name);
        }
        let element = self
            .objects
            .record(owner.object)
            .and_then(|record| self.shared.program.records[record.0 as usize].element_size);
        let size = match self.asked_for(it).zip(element) {
            Some((count, element)) => i64::try_from(element).ok().and_then(|element| count.times(element)),
            None => it.arg(Role::Count).and_then(|list| self.listed_bytes(state, list)),
        };
        let memory = match it.arg(Role::Resource).cloned() {
            Some(resource) => self.kind_from_resource(state, &resource),
            None => Some(memory),
        };
        self.reallocate(state, &owner, memory, it.class(), size);
    }

    /// How many elements a call asks for. An address in that place is the begin of a range.
    fn asked_for(&self, it: &Modelled<'_, '_>) -> Option<Linear> {
        let position = it.position(Role::Count)?;
        let is_address = it.call.params.get(position).is_some_and(|how| how.is_address());
        let Value::Number(count) = it.call.args.get(position)? else { return None };
        let is_count = count.as_constant().map_or(!is_address, |count| count >= 0);
        is_count.then(|| count.clone())
    }

    /// The kind of memory that a memory resource hands out: what its class says, or what refers to it holds. A
    /// resource of the caller's, or one that is made out of sight, may hand out managed memory as well.
    fn kind_from_resource(&mut self, state: &State, resource: &Value) -> Option<MemoryKind> {
        let mut at = self.pointer(resource)?;
        for _ in 0..RESOURCES {
            let class = self.objects.record(at.object).map(|id| &self.shared.program.records[id.0 as usize]);
            if let Some(kind) = class.and_then(|class| self.class_memory(&class.name)) {
                return Some(kind);
            }
            let cell = self.elements_cell(&at);
            let held = state.memory.get(&(cell.object, cell.offset)).cloned();
            at = held.and_then(|value| self.pointer(&value))?;
            if let Some(kind) = self.memory_kind(state, at.object).filter(|kind| !kind.is_host()) {
                return Some(kind);
            }
        }
        None
    }

    /// The size of the array behind a `std::initializer_list`.
    fn listed_bytes(&mut self, state: &State, list: &Value) -> Option<Linear> {
        let Value::Pointer(list) = list else { return None };
        let cell = self.field_object(list, LISTED);
        let Value::Pointer(array) = state.memory.get(&(cell, Linear::constant(0)))? else { return None };
        let bytes = self.objects.info(array.object).bytes?;
        i64::try_from(bytes).ok().map(Linear::constant)
    }

    pub(super) fn hold(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(owner) = self.owner_or_result(state, it) else { return };
        if !is_constructor(it) && self.is_sole_owner(it.class()) {
            self.release_elements(state, &owner, &it.row.name);
        }
        let value = match it.arg(Role::Held).cloned() {
            Some(value) => match self.other_holder(&value) {
                Some((holder, class)) => self.elements(state, &holder, &class),
                None => value,
            },
            None if it.position(Role::Held).is_some() => Value::ZERO,
            None => {
                let class = it.row.name.clone();
                let object = self.make_memory(state, 0, Some(MemoryKind::Pageable), &class, None);
                Value::Pointer(self.start_of(object))
            }
        };
        let cell = self.elements_cell(&owner);
        self.poke(state, &cell, value, Some(8));
    }

    /// The object at an address and its class, if that holds an address itself: one `std::shared_ptr` that is made from
    /// another holds what that one does.
    fn other_holder(&mut self, value: &Value) -> Option<(Pointer, String)> {
        let holder = self.pointer(value)?;
        let class = self.class_of(holder.object)?;
        let row = self.shared.model.constructor(&class, 2)?;
        row.effects.contains(&Effect::Holds).then_some((holder, class))
    }

    /// How many elements the container at `owner` has: an expression, if the path has seen it get them.
    pub(super) fn length(&mut self, state: &State, owner: &Pointer, class: &str) -> Value {
        let record = self.objects.record(owner.object);
        let element = record.and_then(|id| self.shared.program.records[id.0 as usize].element_size);
        let elements = self.known_elements(state, owner);
        let bytes = elements.and_then(|it| state.object(it.object)?.size.as_ref());
        let length =
            bytes.zip(element).and_then(|(bytes, element)| bytes.divided(i64::try_from(element).ok()?));
        match length {
            Some(length) => Value::Number(length),
            None => self.accessor(state, &format!("{class}::size"), vec![Value::Pointer(owner.clone())]),
        }
    }

    pub(super) fn elements_outcome(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        owner: &Pointer,
    ) -> Value {
        let elements = self.elements(state, owner, it.class());
        let record = self.objects.record(owner.object);
        let size = record.and_then(|id| self.shared.program.records[id.0 as usize].element_size);
        let index = match it.row.result {
            Outcome::Element => it.arg(Role::ElementIndex).cloned(),
            Outcome::ElementsEnd => Some(self.length(state, owner, it.class())),
            _ => None,
        };
        let (Some(index), Some(mut pointer)) = (index, self.pointer(&elements)) else { return elements };
        let index = self.number(&index);
        let stride = Linear::constant(size.and_then(|it| i64::try_from(it).ok()).unwrap_or(1));
        let step = self.symbols.arithmetic(BinaryOp::Mul, &index, &stride);
        if let Some(offset) = pointer.offset.plus(&step, 1) {
            pointer.offset = offset;
        }
        Value::Pointer(pointer)
    }

    /// An object is handed to the caller: whoever gets it reads it.
    ///
    /// Only for functions followed on their own: where the caller is followed too, what it does with the
    /// object is seen. Where the caller has passed the stream, it can wait.
    pub(super) fn publish(&mut self, state: &mut State, value: &Value) {
        if self.stack.len() != 1 || state.pending.is_empty() {
            return;
        }
        self.doubt_streams_of_caller(state);
        let Some(pointer) = self.pointer(value) else { return };
        let cell = self.elements_cell(&pointer);
        let whole = pointer.object;
        let mut ranges =
            vec![Range { object: pointer.object, offset: pointer.offset, extent: Extent::Unknown }];
        if let Some(elements) = state.memory.get(&(cell.object, cell.offset)).cloned()
            && let Some(elements) = self.pointer(&elements)
        {
            ranges.push(Range { object: elements.object, offset: elements.offset, extent: Extent::Unknown });
        }
        ranges.extend(self.behind_accessors(state, whole));
        // To hand on a container of device memory is no read by the host.
        let on_host = |machine: &Self, range: &Range| {
            !machine.memory_kind(state, range.object).is_some_and(MemoryKind::is_device)
        };
        ranges.retain(|range| on_host(self, range));
        for range in ranges {
            self.host_touches(state, &range, Access::HostRead { via: None, as_result: true, left: false });
        }
    }

    /// The memory that copies to the host bring, where an accessor of an object whose class is only declared has named
    /// it: `cudaMemcpyAsync(tensor.data(), …)`.
    fn behind_accessors(&self, state: &State, object: ObjectId) -> Vec<Range> {
        let is_named_by = |memory: ObjectId| {
            let symbol = self.objects.pointee_symbol(self.objects.root(memory));
            match symbol.map(|symbol| self.symbols.key(symbol)) {
                Some(SymKey::Accessor { args, .. }) => {
                    matches!(args.first(), Some(Value::Pointer(of)) if of.object == object)
                }
                _ => false,
            }
        };
        let to_host = |it: &&Operation| {
            matches!(it.kind, WorkKind::Copy { direction: Some(Direction::DeviceToHost), .. })
        };
        let written = state.pending.iter().filter(to_host).flat_map(|it| it.accesses.iter());
        let named = written.filter(|access| access.write && is_named_by(access.range.object));
        named.map(|access| access.range.clone()).collect()
    }
}

/// True for constructors, and for factories, which construct what they return.
fn is_constructor(it: &Modelled<'_, '_>) -> bool {
    it.position(Role::This).is_none() || unqualified(it.class()) == unqualified(&it.row.name)
}
