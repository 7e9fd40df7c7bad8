//! Objects that exchange all that they hold (`std::swap`, `std::array::swap`), and containers whose elements are filled
//! or named from their end.
//!
//! Where it is not known what stands where afterwards, the handles that stood there are known elsewhere from here on:
//! what comes out again is a handle of which nothing is known, which may be one of these.

use std::collections::BTreeSet;

use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Extent, Range, State};
use super::symbol::Linear;
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, Family, Role};
use crate::facts::Access;
use crate::program::{Type, TypeKind};

/// More cells of an object than this are not followed.
const CELLS: usize = 64;

/// How deep records within records are followed.
const DEPTH: usize = 3;

/// Bytes of the largest scalar: an array of larger elements is one of arrays or objects.
const SCALAR: u64 = 8;

/// Where a cell lies in an object: by the fields that lead there, each with where its record begins, and its place.
type Within = (Vec<(Linear, String)>, Linear);

impl Machine<'_, '_> {
    /// Two variables exchange what they hold.
    pub(super) fn swap_contents(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let [a, b] = &it.call.args[..] else { return };
        let (Some(a), Some(b)) = (self.pointer(a), self.pointer(b)) else { return };
        if self.is_scalar(&a, &b) && self.is_scalar(&b, &a) {
            let (x, y) = (self.peek(state, &a), self.peek(state, &b));
            // At no moment is either value held by nobody.
            let memory = state.memory.to_mut();
            memory.insert((a.object, a.offset), y);
            memory.insert((b.object, b.offset), x);
            return;
        }
        let class = self.class_of(a.object).or_else(|| self.class_of(b.object)).filter(|class| {
            let row = self.shared.model.lookup(&format!("{class}::swap"), 2);
            row.is_some_and(|row| row.effects.contains(&Effect::SwapsElements))
        });
        if let Some(class) = class {
            return self.exchange_elements(state, &a, &b, &class);
        }
        self.may_leave_container(state, &a);
        self.may_leave_container(state, &b);
        match self.cells_of_both(state, &a, &b) {
            Some(cells) => self.exchange_cells(state, a.object, b.object, cells),
            None => {
                self.handles_go_elsewhere(state, a.object);
                self.handles_go_elsewhere(state, b.object);
                self.forget(state, a.object);
                self.forget(state, b.object);
            }
        }
    }

    /// True for the address of a scalar: of a variable or field, or of an element of an array of scalars. Of two arrays
    /// the first elements have the address of the whole.
    fn is_scalar(&self, place: &Pointer, other: &Pointer) -> bool {
        let Some(ty) = self.objects.info(place.object).ty else { return false };
        match ty.kind {
            TypeKind::Array { stride: Some(stride), element: None } => {
                let offset = |it: &Pointer| it.offset.as_constant();
                let is_first = offset(place) == Some(0) && offset(other) == Some(0);
                stride <= SCALAR && offset(place).is_some() && offset(other).is_some() && !is_first
            }
            _ => !ty.is_aggregate(),
        }
    }

    /// The cells of two whole objects of one class, or `None` if they are not known to be that.
    fn cells_of_both(&mut self, state: &State, a: &Pointer, b: &Pointer) -> Option<BTreeSet<Within>> {
        let ty = self.objects.info(a.object).ty.filter(|ty| matches!(ty.kind, TypeKind::Record(_)))?;
        let start = Linear::constant(0);
        if self.objects.info(b.object).ty != Some(ty) || a.offset != start || b.offset != start {
            return None;
        }
        let mut cells = BTreeSet::new();
        self.cells_of_type(ty, &mut Vec::new(), DEPTH, &mut cells);
        let size = ty.size.and_then(|size| i64::try_from(size).ok());
        for object in [a.object, b.object] {
            for (cell, offset) in
                state.memory.keys().filter(|(cell, _)| self.objects.is_within(*cell, object))
            {
                let fields = self.fields_to(*cell, object);
                // What an unknown pointer points to may be the first of several.
                let begin = fields.first().map_or(offset, |(begin, _)| begin).as_constant()?;
                let is_inside = match fields.is_empty() {
                    true => begin >= 0 && size.is_some_and(|size| begin < size),
                    false => begin == 0,
                };
                if !is_inside {
                    return None;
                }
                cells.insert((fields, offset.clone()));
            }
        }
        (cells.len() <= CELLS).then_some(cells)
    }

    /// The scalars that an object of a type has, as far as the type tells.
    fn cells_of_type(
        &self,
        ty: Type,
        fields: &mut Vec<(Linear, String)>,
        depth: usize,
        cells: &mut BTreeSet<Within>,
    ) {
        match ty.kind {
            TypeKind::Record(record) if depth > 0 => {
                for (field, ty) in self.shared.program.records[record.0 as usize].fields.iter().take(CELLS) {
                    fields.push((Linear::constant(0), field.clone()));
                    self.cells_of_type(*ty, fields, depth - 1, cells);
                    fields.pop();
                }
            }
            TypeKind::Record(_) => {}
            TypeKind::Array { .. } => {
                cells.extend(scalars_of(ty).into_iter().flatten().map(|offset| (fields.clone(), offset)));
            }
            _ => {
                cells.insert((fields.clone(), Linear::constant(0)));
            }
        }
    }

    /// The fields that lead from an object to a part of it.
    fn fields_to(&self, part: ObjectId, whole: ObjectId) -> Vec<(Linear, String)> {
        let mut fields = Vec::new();
        let mut at = part;
        while at != whole {
            let ObjectKey::Field { parent, offset, field } = &self.objects.info(at).key else { break };
            fields.push((offset.clone(), field.clone()));
            at = *parent;
        }
        fields.reverse();
        fields
    }

    /// The cell of an object that lies there.
    fn cell_at(&mut self, whole: ObjectId, (fields, offset): &Within) -> Pointer {
        let mut at = whole;
        for (begin, field) in fields {
            at = self.field_object(&Pointer { object: at, offset: begin.clone() }, field);
        }
        Pointer { object: at, offset: offset.clone() }
    }

    fn exchange_cells(&mut self, state: &mut State, a: ObjectId, b: ObjectId, cells: BTreeSet<Within>) {
        let mut moved: Vec<(Pointer, Value)> = Vec::new();
        for cell in &cells {
            // A hidden cell that the path has not filled stands for what was made out of sight.
            let is_hidden = cell.0.last().is_some_and(|(_, field)| field.starts_with('<'));
            let (x, y) = (self.cell_at(a, cell), self.cell_at(b, cell));
            for (from, to) in [(&x, &y), (&y, &x)] {
                let value = match state.memory.get(&(from.object, from.offset.clone())) {
                    Some(value) => value.clone(),
                    None if is_hidden => continue,
                    None => self.peek(state, from),
                };
                moved.push((to.clone(), value));
            }
        }
        self.forget(state, a);
        self.forget(state, b);
        let memory = state.memory.to_mut();
        for (to, value) in moved {
            memory.insert((to.object, to.offset), value);
        }
    }

    /// All elements of an array hold one value from here on.
    pub(super) fn fill_elements(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(owner) = self.owner(it) else { return };
        let elements = self.elements_within(&owner);
        let ty = self.objects.info(elements.object).ty;
        let whole = matches!(ty, Some(Type { kind: TypeKind::Array { .. }, .. }));
        let extent = if whole { Extent::Whole } else { Extent::Unknown };
        let range = Range { object: elements.object, offset: elements.offset.clone(), extent };
        self.host_touches(state, &range, Access::HostWrite { via: Some(it.row.name.clone()) });
        // It is handed over by reference.
        let value = it.call.args.get(1).cloned();
        let by_reference = it.call.params.get(1).is_some_and(|how| how.is_address());
        let value = match value.clone().filter(|_| by_reference).and_then(|value| self.pointer(&value)) {
            Some(place) if self.objects.record(place.object).is_none() => Some(self.peek(state, &place)),
            Some(_) => None,
            None => value.filter(|_| !by_reference),
        };
        self.forget(state, elements.object);
        let scalars = ty.and_then(scalars_of).filter(|_| elements.offset == Linear::constant(0));
        match (value, scalars) {
            (Some(value), Some(scalars)) => {
                for offset in scalars {
                    let cell = Pointer { object: elements.object, offset };
                    self.poke(state, &cell, value.clone(), None);
                }
            }
            (Some(Value::Handle(handle)), None) => is_known_elsewhere(state, handle),
            _ => {}
        }
    }

    /// The address of the last element, if it is known how many there are.
    pub(super) fn last_element(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        owner: &Pointer,
    ) -> Option<Value> {
        let elements = self.elements(state, owner, it.class());
        let mut elements = self.pointer(&elements)?;
        let bytes = match self.objects.info(elements.object).ty {
            Some(Type { kind: TypeKind::Array { stride, .. }, size }) => size.zip(stride),
            // The elements of a container that the path has seen get that many.
            _ => {
                let size = state.object(elements.object).and_then(|it| it.size.as_ref()?.as_constant());
                let record = self.objects.record(owner.object);
                let element = record.and_then(|id| self.shared.program.records[id.0 as usize].element_size);
                size.and_then(|size| u64::try_from(size).ok()).zip(element)
            }
        };
        let last = bytes.and_then(|(size, stride)| i64::try_from(size.checked_sub(stride)?).ok());
        let offset = last.and_then(|last| elements.offset.plus(&Linear::constant(last), 1));
        match offset {
            Some(offset) => {
                elements.offset = offset;
                Some(Value::Pointer(elements))
            }
            None => {
                self.handles_go_elsewhere(state, elements.object);
                None
            }
        }
    }

    /// An algorithm of the standard library writes: what stands in the ranges and values that it gets may stand anywhere
    /// in them afterwards.
    pub(super) fn moved_by_library(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let writes = |role: Role| matches!(role, Role::Writes | Role::WriteFirst);
        if it.row.family != Family::Std || !it.row.params.iter().any(|param| writes(param.role)) {
            return;
        }
        for value in &it.call.args {
            if let Value::Pointer(pointer) = value {
                self.handles_go_elsewhere(state, pointer.object);
            }
        }
    }

    /// A handle is read from a place of which it is not known whether it is one of those where handles are known to
    /// stand (`streams[n]`): if nothing is known of that place, it may be any of them.
    pub(super) fn may_be_one_of(&self, state: &mut State, place: &Pointer) {
        if state.memory.contains_key(&(place.object, place.offset.clone())) {
            return;
        }
        let is_apart =
            |offset: &Linear| offset.minus(&place.offset).is_some_and(|it| it.as_constant().is_some());
        let handles: Vec<ObjectId> = state
            .cells(place.object)
            .filter_map(|(offset, value)| match value {
                Value::Handle(handle) if !is_apart(offset) => Some(*handle),
                _ => None,
            })
            .collect();
        handles.into_iter().for_each(|handle| is_known_elsewhere(state, handle));
    }

    /// Something of which nothing is known comes of handles: it may be one of them.
    pub(super) fn handles_are_computed_with(&self, state: &mut State, operands: &[Value]) {
        for operand in operands {
            if let Value::Handle(handle) = operand {
                is_known_elsewhere(state, *handle);
            }
        }
    }

    /// What an object holds comes to stand where it is not followed.
    pub(super) fn handles_go_elsewhere(&self, state: &mut State, object: ObjectId) {
        let cells = state.memory.iter().filter_map(|((cell, _), value)| match value {
            Value::Handle(handle) if self.objects.is_within(*cell, object) => Some(*handle),
            _ => None,
        });
        let handles: Vec<ObjectId> = cells.collect();
        handles.into_iter().for_each(|handle| is_known_elsewhere(state, handle));
    }
}

/// The places of an array's elements, if these are scalars, and not too many.
fn scalars_of(ty: Type) -> Option<Vec<Linear>> {
    let TypeKind::Array { stride: Some(stride), element: None } = ty.kind else { return None };
    let count = ty.size?.checked_div(stride)?;
    let (stride, count) = (i64::try_from(stride).ok()?, i64::try_from(count).ok()?);
    let is_small = stride <= SCALAR as i64 && count <= CELLS as i64;
    is_small.then(|| (0..count).map(|index| Linear::constant(index * stride)).collect())
}

fn is_known_elsewhere(state: &mut State, handle: ObjectId) {
    if !state.object(handle).is_some_and(|it| it.escaped) {
        state.object_mut(handle).escaped = true;
    }
}
