//! What the program makes of a status: `failed(status)`, an object of a class of its own.
//!
//! A function that nothing is known of is handed a status, and the program branches on what it gives: one of the
//! branches is the one on which the call has failed. Which one, names tell (`ok`, `isError`), and the convention
//! that a code other than 0 is an error. Where nothing tells, either may be it, and what is found there is possible.

use std::collections::BTreeMap;

use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::State;
use super::symbol::{Linear, Sym, SymKey};
use super::unknown::words;
use super::value::{Condition, Relation, Value};
use crate::program::{Call, Type};

/// Words for success in names of functions and fields.
const SUCCESS: [&str; 8] = ["ok", "okay", "success", "succeeded", "successful", "good", "valid", "passed"];

/// Words for failure.
const FAILURE: [&str; 7] = ["fail", "failed", "failure", "err", "error", "errors", "bad"];

/// What tells whether a call has succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// The status it was made of.
    pub status: Sym,
    /// Whether it says success if it is not 0, if that is known.
    pub if_true: Option<bool>,
}

/// What is known of verdicts.
#[derive(Debug, Default)]
pub struct Verdicts {
    values: BTreeMap<Sym, Verdict>,
    /// True if there are objects that were made of a status.
    in_objects: bool,
}

impl Machine<'_, '_> {
    /// The status that one of these values is, or was made of.
    pub(super) fn status_behind(&mut self, state: &State, args: &[Value]) -> Option<Sym> {
        args.iter().find_map(|arg| match arg {
            Value::Number(number) => {
                let symbol = number.as_symbol()?;
                if self.symbols.is_status(symbol) {
                    return Some(symbol);
                }
                self.verdicts.values.get(&symbol).map(|it| it.status)
            }
            Value::Pointer(pointer) => self.made_of(state, pointer.object),
            _ => None,
        })
    }

    /// The status that an object, or one that it is part of, was made of.
    fn made_of(&self, state: &State, object: ObjectId) -> Option<Sym> {
        if !self.verdicts.in_objects {
            return None;
        }
        let mut found = state.objects.iter().filter(|(_, it)| it.made_of.is_some());
        found.find(|(whole, _)| self.objects.is_within(object, **whole)).and_then(|(_, it)| it.made_of)
    }

    /// A function that is not followed makes an object of a status.
    pub(super) fn note_made_of(&mut self, state: &mut State, made: ObjectId, status: Sym) {
        self.verdicts.in_objects = true;
        state.object_mut(made).made_of = Some(status);
    }

    /// A variable of unknown type (`auto rc = …` in a template) gets the address of an object, which stands for it.
    pub(super) fn verdict_is_kept(&mut self, state: &mut State, place: ObjectId, value: &Value) {
        let status = self.status_behind(state, std::slice::from_ref(value));
        match status {
            Some(status) => self.note_made_of(state, place, status),
            None if self.made_of(state, place).is_some() => state.object_mut(place).made_of = None,
            None => {}
        }
    }

    /// A call that was followed gives an object. What is in it is known, but not all that its class does with it; in a
    /// template, nothing but the object that was returned is there.
    pub(super) fn note_object_of_status(&mut self, state: &mut State, call: &Call, given: Option<&Value>) {
        let args: Vec<Value> = call.args.iter().map(|arg| self.value(state, *arg)).collect();
        let Some(status) = self.status_behind(state, &args) else { return };
        let made = match call.into {
            Some(into) => {
                let into = self.value(state, into);
                self.pointer(&into).map(|made| made.object)
            }
            None => match given {
                Some(Value::Pointer(made)) if self.is_variable(made.object) => Some(made.object),
                _ => None,
            },
        };
        if let Some(made) = made {
            self.note_made_of(state, made, status);
        }
    }

    /// A function that is not followed gives a value that is made of a status.
    pub(super) fn note_verdict(&mut self, value: &Value, status: Sym, function: &str, ty: Type) {
        let Value::Number(number) = value else { return };
        let Some(symbol) = number.as_symbol().filter(|symbol| *symbol != status) else { return };
        let is_code = ty.size.is_some_and(|size| size > 1);
        let if_true = said_by(function).or(is_code.then_some(false));
        self.verdicts.values.entry(symbol).or_insert(Verdict { status, if_true });
    }

    /// What a branch on a symbol says of a status.
    pub(super) fn verdict(&self, state: &State, symbol: Sym) -> Option<Verdict> {
        if let Some(known) = self.verdicts.values.get(&symbol) {
            return Some(*known);
        }
        let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return None };
        let status = self.made_of(state, *object)?;
        let if_true = match &self.objects.info(*object).key {
            ObjectKey::Field { field, .. } => said_by(field),
            _ => None,
        };
        Some(Verdict { status, if_true })
    }

    /// A branch has been taken on a verdict. Returns false if that cannot be.
    pub(super) fn learn_verdict(&mut self, state: &mut State, symbol: Sym, verdict: Verdict) -> bool {
        let is = |symbol, relation_holds: bool| Condition {
            expression: Linear { terms: vec![(symbol, 1)], constant: 0 },
            relation: Relation::Zero,
            negated: !relation_holds,
        };
        let is_zero = state.path.decide(&is(symbol, true));
        match (is_zero, verdict.if_true) {
            (Some(is_zero), Some(if_true)) => self.assume(state, &is(verdict.status, is_zero != if_true)),
            _ => {
                if state.path.decide(&is(verdict.status, true)).is_none() {
                    self.doubt_status(state, verdict.status);
                }
                true
            }
        }
    }
}

/// Whether something of this name says success when it is true: `Result::OK`, `failed`, `Error::operator bool`.
fn said_by(name: &str) -> Option<bool> {
    let is_any = |name: &str, of: &[&str]| words(name).iter().any(|word| of.contains(&word.as_str()));
    let mut parts = name.rsplit("::");
    let last = parts.next().unwrap_or(name);
    if last == "operator bool" {
        // As of pointers and of `std::optional`, and not as of `std::error_code`.
        return Some(!parts.next().is_some_and(|class| is_any(class, &FAILURE)));
    }
    if is_any(last, &["not", "no", "un"]) {
        return None;
    }
    match (is_any(last, &SUCCESS), is_any(last, &FAILURE)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::said_by;

    #[test]
    fn names_tell_success_from_failure() {
        assert_eq!(said_by("Result::OK"), Some(true));
        assert_eq!(said_by("isOk"), Some(true));
        assert_eq!(said_by("app::has_failed"), Some(false));
        assert_eq!(said_by("Error::operator bool"), Some(false));
        assert_eq!(said_by("Result::operator bool"), Some(true));
        assert_eq!(said_by("is_not_ok"), None);
        assert_eq!(said_by("check"), None);
    }
}
