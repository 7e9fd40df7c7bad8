//! Choices by where memory lies: `if (getDeviceForAddress(p) == -1) …`.
//!
//! A program may know better than the analysis on which side an address is, where it asks: a function that nothing
//! is known of, or the attributes of the pointer. The answer may pass through any number of functions, and be
//! another by then (`return attributes.type == cudaMemoryTypeDevice ? attributes.device : -1`). So what counts is that
//! the path has tested something that came of the question: from there on, it is a path on which the memory was looked
//! at, whatever is known of the number, and however many paths have met since. Nothing is then presumed of where that
//! memory lies; what is known of it, is known.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::machine::Machine;
use super::object::ObjectId;
use super::state::State;
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Condition, Pointer, Value};
use crate::program::{Call, FunctionId};

/// How many computations are followed from a test to the answer that it rests on.
const DEPTH: usize = 4;

/// The memory that the program has asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Examined {
    /// By the answer.
    answers: BTreeMap<Sym, BTreeSet<ObjectId>>,
    /// By the structure that holds it.
    structures: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// What functions of the program's own have asked about that came back with an answer which is not known.
    asked: BTreeSet<ObjectId>,
}

impl Machine<'_, '_> {
    /// A function that nothing is known of may tell by its result what kind of memory it was given, or, where it
    /// was given an answer, the same.
    pub(super) fn note_examined(&mut self, state: &State, result: &Value, args: &[Value]) {
        if as_symbol(result).is_some() {
            let about = self.asked_about(state, args);
            self.answers(result, about);
        }
    }

    /// Two objects are compared: what one of them tells something of, the comparison does.
    pub(super) fn note_compared(&mut self, result: &Value, args: &[Value]) {
        let mut about = BTreeSet::new();
        for arg in args {
            if let Some(pointer) = self.pointer(arg) {
                let root = self.objects.root(pointer.object);
                about.extend(self.examined.structures.get(&root).into_iter().flatten().copied());
            }
        }
        self.answers(result, about);
    }

    /// A result that is not known is an answer about some memory.
    fn answers(&mut self, result: &Value, about: BTreeSet<ObjectId>) {
        if let Some(symbol) = as_symbol(result).filter(|_| !about.is_empty()) {
            self.examined.answers.entry(symbol).or_default().extend(about);
        }
    }

    /// A function gives an object that may tell the same: `auto it = allocations.find(p)`.
    pub(super) fn note_examined_into(&mut self, state: &State, made: ObjectId, args: &[Value]) {
        let about = self.asked_about(state, args);
        if !about.is_empty() {
            let made = self.objects.root(made);
            self.examined.structures.entry(made).or_default().extend(about);
        }
    }

    /// The memory that a function can tell something of which is handed these: what they point to, what a variable
    /// holds that they refer to (`find(const Key &)`), what an answer among them is about.
    fn asked_about(&mut self, state: &State, args: &[Value]) -> BTreeSet<ObjectId> {
        let mut about = BTreeSet::new();
        for arg in args {
            if let Some(pointer) = self.pointer(arg) {
                let root = self.objects.root(pointer.object);
                about.insert(root);
                about.extend(self.examined.structures.get(&root).into_iter().flatten());
                let held = state.memory.get(&(pointer.object, pointer.offset.clone())).cloned();
                if let Some(held) = held.and_then(|it| self.pointer(&it)) {
                    about.insert(self.objects.root(held.object));
                }
            }
            self.answered(arg, DEPTH, &mut about);
        }
        about
    }

    /// A structure is filled with what is known about an address.
    pub(super) fn note_examined_in(&mut self, structure: ObjectId, pointer: &Pointer) {
        let (structure, about) = (self.objects.root(structure), self.objects.root(pointer.object));
        self.examined.structures.entry(structure).or_default().insert(about);
    }

    /// A function of the program's that asks where memory lies has come back: what it gives that is not known is an
    /// answer about its arguments. Of the memory, the analysis may know more than of the answer (which another
    /// function has counted together): the path goes by the answer.
    pub(super) fn note_asked(&mut self, state: &State, id: FunctionId, call: &Call) {
        if !self.shared.asks_where(id) {
            return;
        }
        let mut about = BTreeSet::new();
        for arg in &call.args {
            let value = self.value(state, *arg);
            about.extend(self.pointer(&value).map(|it| self.objects.root(it.object)));
        }
        let mut answers: Vec<Value> = call.result.map(|it| self.value(state, it)).into_iter().collect();
        if let Some(into) = call.into.map(|it| self.value(state, it))
            && let Some(into) = self.pointer(&into)
        {
            let parts =
                state.memory.iter().filter(|((cell, _), _)| self.objects.is_within(*cell, into.object));
            let known = answers.len();
            answers.extend(parts.map(|(_, value)| value.clone()));
            if answers.len() == known {
                let structure = self.objects.root(into.object);
                self.examined.structures.entry(structure).or_default().extend(&about);
                self.examined.asked.extend(&about);
            }
        }
        for answer in answers {
            let Value::Number(number) = answer else { continue };
            for (symbol, _) in number.terms.iter().filter(|(symbol, _)| !self.symbols.is_status(*symbol)) {
                self.examined.answers.entry(*symbol).or_default().extend(&about);
                self.examined.asked.extend(&about);
            }
        }
    }

    /// True if the path goes by an answer of the program's own that says on which side the memory is.
    pub(super) fn is_chosen_by_side(&self, state: &State, object: ObjectId) -> bool {
        let root = self.objects.root(object);
        self.examined.asked.contains(&root) && state.examined.contains(&root)
    }

    /// The path tests something: is it an answer?
    pub(super) fn examines(&self, state: &mut State, condition: &Condition) {
        if self.examined.answers.is_empty() && self.examined.structures.is_empty() {
            return;
        }
        let mut about = BTreeSet::new();
        self.answered_by(&condition.expression, DEPTH, &mut about);
        if about.iter().any(|it| !state.examined.contains(it)) {
            Rc::make_mut(&mut state.examined).extend(about);
        }
    }

    /// True if the path depends on what the program was told of the memory.
    pub(super) fn is_examined(&self, state: &State, pointer: Option<&Pointer>) -> bool {
        pointer.is_some_and(|it| state.examined.contains(&self.objects.root(it.object)))
    }

    /// The memory about which a value says something.
    fn answered(&self, value: &Value, depth: usize, about: &mut BTreeSet<ObjectId>) {
        match value {
            Value::Number(number) => self.answered_by(number, depth, about),
            Value::Truth(condition) => self.answered_by(&condition.expression, depth, about),
            _ => {}
        }
    }

    fn answered_by(&self, number: &Linear, depth: usize, about: &mut BTreeSet<ObjectId>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for (symbol, _) in &number.terms {
            about.extend(self.examined.answers.get(symbol).into_iter().flatten());
            match self.symbols.key(*symbol) {
                SymKey::Initial { object, .. } => {
                    let root = self.objects.root(*object);
                    about.extend(self.examined.structures.get(&root).into_iter().flatten());
                }
                SymKey::Term { lhs, rhs, .. } => {
                    self.answered_by(lhs, depth, about);
                    self.answered_by(rhs, depth, about);
                }
                SymKey::Opaque { operands, .. } => {
                    operands.iter().for_each(|operand| self.answered(operand, depth, about));
                }
                SymKey::Truth(condition) => self.answered_by(&condition.expression, depth, about),
                _ => {}
            }
        }
    }
}

fn as_symbol(value: &Value) -> Option<Sym> {
    match value {
        Value::Number(number) => number.as_symbol(),
        _ => None,
    }
}
