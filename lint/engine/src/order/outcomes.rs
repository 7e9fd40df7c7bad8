//! What a call of a row gives back.

use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectKey;
use super::state::State;
use super::symbol::Linear;
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, Family, MemoryKind, Outcome, Role};
use crate::program::TypeKind;

/// How many elements of a tuple are copied.
const GATHERED: usize = 8;

/// The field that an element of a tuple is.
fn gathered(index: usize) -> String {
    format!("<{index}>")
}

impl Machine<'_, '_> {
    /// The result of a call, if it has one, and what the object is that it makes.
    pub(super) fn outcome(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> Option<Value> {
        if it.row.result == Outcome::Stream {
            return Some(self.stream_result(state, it));
        }
        // An object of a class that is the same for the same arguments carries the same stream.
        if it.row.result == Outcome::Pure
            && matches!(it.row.family, Family::Library | Family::Project)
            && let Some(into) = it.call.call.into
        {
            let stream = self.accessor(state, &it.row.name, it.call.args.clone());
            let into = self.value(state, into);
            self.set_stream(state, &into, stream);
        }
        if let (Some(address), Some(into)) = (it.arg(Role::FieldPtr).cloned(), it.call.call.into) {
            let into = self.value(state, into);
            if let Some(into) = self.pointer(&into) {
                let field = self.field_object(&into, "ptr");
                let field = self.start_of(field);
                self.poke(state, &field, address, Some(8));
            }
        }
        if it.row.family == Family::Std
            && let Some(into) = it.call.call.into.map(|it| self.value(state, it))
            && let Some(into) = self.pointer(&into)
        {
            self.note_examined_into(state, into.object, it.call.args.get(1..).unwrap_or_default());
        }
        self.pointer_of_class(state, it);
        it.call.call.result?;
        let value = match it.row.result {
            Outcome::Status | Outcome::QueryStatus => match it.status {
                Some(status) => Value::symbol(status),
                None => self.fresh(state),
            },
            Outcome::Memory(kind) => {
                let bytes = self.product(it);
                let object = self.make_memory(state, u8::MAX, Some(kind), it.shown(), bytes);
                self.allocates_unwritten(object, it);
                let memory = Value::Pointer(self.start_of(object));
                if it.row.effects.contains(&Effect::CarriesStream)
                    && let Some(stream) = it.arg(Role::Stream).cloned()
                {
                    self.set_stream(state, &memory, stream);
                }
                if kind == MemoryKind::DeviceStreamOrdered {
                    self.allocate_in_order(state, it, object);
                }
                memory
            }
            Outcome::Arg(index) => match it.call.args.get(usize::from(index)).cloned() {
                Some(value) => value,
                None => self.fresh(state),
            },
            // In a template, nothing shows that an object stands for the element: reading that copies, and is allowed.
            Outcome::Element if self.class_memory(it.class()).is_some_and(MemoryKind::is_device) => {
                self.accessor(state, &it.row.name, it.call.args.clone())
            }
            Outcome::Elements | Outcome::Element | Outcome::ElementsEnd => match self.owner(it) {
                Some(owner) => self.elements_outcome(state, it, &owner),
                None => self.fresh(state),
            },
            Outcome::LastElement => {
                match self.owner(it).and_then(|owner| self.last_element(state, it, &owner)) {
                    Some(element) => element,
                    None => self.fresh(state),
                }
            }
            Outcome::Held => match self.owner(it) {
                Some(owner) => self.held(state, &owner),
                None => self.fresh(state),
            },
            Outcome::Released => match self.owner(it) {
                Some(owner) => {
                    let value = self.held(state, &owner);
                    let cell = self.elements_cell(&owner);
                    self.poke(state, &cell, Value::ZERO, Some(8));
                    value
                }
                None => self.fresh(state),
            },
            Outcome::LegacyStream | Outcome::PerThreadStream => self.default_stream_of_tracker(state, it),
            Outcome::StreamInThread => self.stream_in_thread(state, it),
            Outcome::Tracker => self.tracker_outcome(state, it),
            Outcome::Length => match self.owner(it) {
                Some(owner) => self.length(state, &owner, it.class()),
                None => self.fresh(state),
            },
            Outcome::Counted | Outcome::CountedAfter => self.counted_outcome(state, it),
            Outcome::Pure => self.accessor(state, &it.row.name, it.call.args.clone()),
            Outcome::Least | Outcome::Greatest => match self.extreme(state, it) {
                Some(address) => address,
                None => self.accessor(state, &it.row.name, it.call.args.clone()),
            },
            Outcome::Same | Outcome::Differs => match self.compares_held(state, it) {
                Some(answer) => answer,
                None => {
                    let answer = self.fresh(state);
                    self.note_compared(&answer, &it.call.args);
                    answer
                }
            },
            Outcome::Unknown | Outcome::Stream => self.fresh(state),
        };
        if it.row.family == Family::Std && matches!(it.row.result, Outcome::Pure | Outcome::Unknown) {
            // `allocations.count(p)`
            self.note_examined(state, &value, it.call.args.get(1..).unwrap_or_default());
        }
        Some(value)
    }

    /// A pointer, iterator or reference of class type (`thrust::device_ptr`) holds the address that the row names.
    fn pointer_of_class(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(into) = it.call.call.into.map(|it| self.value(state, it)) else { return };
        let (Some(into), Some(owner)) = (self.pointer(&into), self.owner(it)) else { return };
        if self.class_of(into.object).is_some_and(|class| self.class_memory(&class).is_some()) {
            return;
        }
        let address = match it.row.result {
            Outcome::Elements | Outcome::Element | Outcome::ElementsEnd => {
                self.elements_outcome(state, it, &owner)
            }
            Outcome::Held => self.held(state, &owner),
            _ => return,
        };
        let cell = self.elements_cell(&into);
        self.poke(state, &cell, address, Some(8));
    }

    /// A tuple is made of the arguments.
    pub(super) fn gather(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(into) = it.call.call.into.map(|id| self.value(state, id)) else { return };
        let Some(into) = self.pointer(&into) else { return };
        for (index, argument) in it.call.args.iter().enumerate() {
            // The parameters are references.
            let Some(element) = self.pointer(argument) else { continue };
            let ty = self.objects.info(element.object).ty;
            let Some(ty) = ty.filter(|ty| ty.kind == TypeKind::Int) else { continue };
            let number = self.peek(state, &element);
            let field = self.field_object(&into, &gathered(index));
            self.objects.info_mut(field).ty.get_or_insert(ty);
            let field = self.start_of(field);
            self.poke(state, &field, number, ty.size);
        }
    }

    /// A tuple is copied: the class names no fields.
    pub(super) fn copy_gathered(&mut self, state: &mut State, to: &Pointer, from: &Pointer) {
        for index in 0..GATHERED {
            let key = |at: &Pointer| ObjectKey::Field {
                parent: at.object,
                offset: at.offset.clone(),
                field: gathered(index),
            };
            let cell = |object| (object, Linear::constant(0));
            let element = self.objects.find(&key(from));
            match element.and_then(|it| Some((it, state.memory.get(&cell(it)).cloned()?))) {
                Some((element, number)) => {
                    let ty = self.objects.info(element).ty;
                    let field = self.field_object(to, &gathered(index));
                    let known = &mut self.objects.info_mut(field).ty;
                    *known = known.or(ty);
                    state.memory.to_mut().insert(cell(field), number);
                }
                None => {
                    let stale = self.objects.find(&key(to)).map(cell);
                    if let Some(stale) = stale.filter(|it| state.memory.contains_key(it)) {
                        state.memory.to_mut().remove(&stale);
                    }
                }
            }
        }
    }

    /// Which of two numbers is the least, or the greatest: its address. `None` if their distance is unknown, or a
    /// comparison of the program's own decides.
    fn extreme(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Value> {
        let [first, second] = &it.call.args[..] else { return None };
        let (first_at, second_at) = (self.pointer(first)?, self.pointer(second)?);
        let (first_value, second_value) = (self.peek(state, &first_at), self.peek(state, &second_at));
        let (first_number, second_number) = (self.number(&first_value), self.number(&second_value));
        let distance = first_number.minus(&second_number)?.as_constant()?;
        let is_second = match it.row.result {
            Outcome::Greatest => distance < 0,
            _ => distance > 0,
        };
        Some(if is_second { second } else { first }.clone())
    }
}
