//! Calls that nothing is known about, and statements that could not be lowered.
//!
//! Policy (RULES.md, part A): an unknown call that is handed the stream, event or buffer of pending work,
//! or something that may hold it, may have waited for it, which lowers the confidence of what is found
//! later; it never raises an alarm. Accessors and status checkers change nothing.

use std::collections::BTreeSet;

use super::access::add_note;
use super::calls::Unfollowed;
use super::happens_before::{EventKey, Point, StreamKey};
use super::machine::Machine;
use super::object::ObjectId;
use super::state::State;
use super::symbol::SymKey;
use super::value::Value;
use crate::cuda;
use crate::cuda::unqualified;
use crate::program::{Call, ExternParam, FunctionId, TypeKind};

/// How far addresses are followed through memory from what a call is handed.
const REACH: usize = 3;

/// Words in the name of an unknown function that hint at a wait.
const WAIT_WORDS: [&str; 6] = ["sync", "synchronize", "wait", "barrier", "join", "finish"];

impl Machine<'_, '_> {
    /// A call to a function of which only the declaration is known, if that.
    pub(super) fn call_unknown(&mut self, state: &mut State, it: Unfollowed<'_>) {
        state.unasked = None;
        self.unseen_may_write(state, &it.args);
        if !is_accessor(&it) {
            self.need_waits(state);
            self.ends_out_of_sight(state);
            if it.is_invented {
                self.errors_may_be_seen();
            }
        }
        self.note_invented_callback(&it);
        let keeps = if is_accessor(&it) { it.args.get(1..).unwrap_or_default() } else { &it.args };
        self.settle_reachable(state, keeps);
        let mut handed: Vec<Value> = Vec::new();
        for (index, arg) in it.args.iter().enumerate() {
            match it.params.get(index).copied().unwrap_or(ExternParam::ReadWrite) {
                ExternParam::Value => {}
                _ => handed.push(arg.clone()),
            }
        }
        let name = if it.name.is_empty() { "an unknown function" } else { it.name };
        let status = self.status_behind(state, &it.args);
        if !is_accessor(&it) {
            self.events_out_of_sight(state);
            self.hand_over(state, &handed, &format!("`{name}` may wait for it"));
            for (index, arg) in it.args.iter().enumerate() {
                let how = it.params.get(index).copied().unwrap_or(ExternParam::ReadWrite);
                let written = how.may_write() && !(index == 0 && it.is_method && it.is_const);
                if written && let Some(pointer) = self.pointer(arg) {
                    self.forget(state, pointer.object);
                }
            }
        }
        if !(is_accessor(&it) || (it.is_invented && cuda::keeps_stream(it.name))) {
            for arg in &it.args {
                self.lose_stream(state, arg);
            }
        }
        // Nothing at all is known of what had to be invented, unless it looks at a status, as checks do.
        let checks = self.looks_at_status(&it.args);
        if it.is_invented && !checks {
            self.doubt_all(state, &format!("`{name}` is declared nowhere and may wait"));
            self.captures_are_lost_sight_of(state);
        }
        if has_wait_word(it.name) {
            self.doubt_all(state, &format!("`{name}` may wait, by its name"));
        }
        if let Some(into) = it.call.into {
            let into = self.value(state, into);
            if let Some(pointer) = self.pointer(&into) {
                self.forget(state, pointer.object);
                // What it was made from, it may hold.
                let known: BTreeSet<_> = handed.iter().filter_map(|value| self.object_of(value)).collect();
                state.object_mut(pointer.object).knows.extend(known);
                self.note_examined_into(state, pointer.object, &it.args);
                if let Some(status) = status {
                    self.note_made_of(state, pointer.object, status);
                }
            }
        }
        if let Some(status) = status
            && makes_object(&it)
            && let Some(made) = it.args.first().and_then(|made| self.pointer(made))
        {
            self.note_made_of(state, made.object, status);
        }
        if let Some(result) = it.call.result {
            let value = if is_accessor(&it) || it.call.ty.kind == TypeKind::Stream {
                // What an object says of itself is no verdict on where memory lies.
                let asked = it.args.get(1..).unwrap_or_default().to_vec();
                let value = self.accessor(state, it.name, it.args);
                self.note_examined(state, &value, &asked);
                value
            } else {
                let value = self.fresh(state);
                self.note_examined(state, &value, &it.args);
                value
            };
            if let Some(status) = status {
                self.note_verdict(&value, status, name, it.call.ty);
            }
            self.define(state, result, value);
        }
    }

    /// True if a status is among the arguments.
    pub(super) fn looks_at_status(&self, args: &[Value]) -> bool {
        args.iter().any(|arg| match arg {
            Value::Number(number) => number.as_symbol().is_some_and(|symbol| self.symbols.is_status(symbol)),
            _ => false,
        })
    }

    /// A call that is not followed because it does nothing of interest: what it can write is unknown.
    pub(super) fn pass_by(
        &mut self,
        state: &mut State,
        name: &str,
        call: &Call,
        params: &[ExternParam],
        args: &[Value],
    ) {
        let status = self.status_behind(state, args);
        self.need_waits(state);
        self.unseen_may_write(state, args);
        self.settle_reachable(state, args);
        for (arg, param) in args.iter().zip(params) {
            if param.may_write()
                && let Some(pointer) = self.pointer(arg)
            {
                self.forget(state, pointer.object);
            }
        }
        if let Some(into) = call.into {
            let into = self.value(state, into);
            if let Some(pointer) = self.pointer(&into) {
                self.forget(state, pointer.object);
                if let Some(status) = status {
                    self.note_made_of(state, pointer.object, status);
                }
            }
        }
        if let Some(result) = call.result {
            let value = self.fresh(state);
            if let Some(status) = status {
                self.note_verdict(&value, status, name, call.ty);
            }
            self.define(state, result, value);
        }
    }

    /// A function has a body that is not followed: the variables that it may store to hold something else now.
    pub(super) fn stores_out_of_sight(&mut self, state: &mut State, function: FunctionId) {
        let shared = self.shared;
        for global in shared.stores.of(function) {
            let object = self.global_object(*global);
            self.numbers_change(state, object);
        }
    }

    /// True if something that is handed these values can get at memory that pending work touches.
    pub(super) fn reaches_pending(&mut self, state: &State, values: &[Value]) -> bool {
        if state.pending.is_empty() {
            return false;
        }
        let reached = self.reachable(state, values);
        state.pending.iter().any(|operation| {
            operation.accesses.iter().any(|it| reached.contains(&self.objects.root(it.range.object)))
        })
    }

    /// The result of an accessor: the same for the same arguments, as long as the object is the same. Of numbers that
    /// it gets by reference, as `std::min` does, the values count.
    pub(super) fn accessor(&mut self, state: &State, name: &str, mut args: Vec<Value>) -> Value {
        for arg in &mut args {
            let Value::Pointer(pointer) = &*arg else { continue };
            let ty = self.objects.info(pointer.object).ty;
            if ty.is_some_and(|ty| ty.kind == TypeKind::Int) {
                *arg = self.peek(state, &pointer.clone());
            }
        }
        let epoch = match args.first().and_then(|it| self.pointer(it)) {
            Some(object) => state.epoch(object.object),
            None => 0,
        };
        let key = SymKey::Accessor { name: name.to_owned(), args, epoch };
        Value::symbol(self.symbols.intern(key))
    }

    /// A statement that could not be lowered: it may do anything to anything.
    pub(super) fn opaque(&mut self, state: &mut State, reason: &str, operands: &[Value]) {
        self.need_waits(state);
        self.lose_device(state);
        self.all_may_be_written();
        self.doubt_all(state, &format!("this could not be analysed ({reason})"));
        self.captures_are_lost_sight_of(state);
        self.settle_all(state);
        self.hand_over(state, operands, "this could not be analysed");
        // Locals may have been assigned. What they hold is unknown from here.
        let locals: BTreeSet<ObjectId> = state
            .memory
            .keys()
            .map(|(object, _)| self.objects.root(*object))
            .filter(|object| self.is_variable(*object))
            .collect();
        let handed: Vec<_> = operands.iter().filter_map(|value| self.object_of(value)).collect();
        for object in locals {
            if handed.contains(&object) {
                self.forget(state, object);
            }
        }
    }

    /// Something unseen gets these values: what they lead to may be waited for, and what is escaped may
    /// be known to others from here.
    pub(super) fn hand_over(&mut self, state: &mut State, values: &[Value], text: &str) {
        self.unseen_may_write(state, values);
        let objects: Vec<_> = values.iter().filter_map(|value| self.object_of(value)).collect();
        for object in &objects {
            if !state.object(*object).is_some_and(|it| it.escaped) {
                state.object_mut(*object).escaped = true;
            }
        }
        self.settle_reachable(state, values);
        self.captures_are_handed_over(state, values);
        // An object handed over together with others may keep their addresses.
        if let [owner, rest @ ..] = &objects[..]
            && !rest.is_empty()
        {
            let known = rest.iter().copied().filter(|it| it != owner);
            state.object_mut(*owner).knows.extend(known.collect::<Vec<_>>());
        }
        self.events_handed_over(state, values);
        if state.pending.is_empty() {
            return;
        }
        let reached = self.reachable(state, values);
        let mut streams: BTreeSet<StreamKey> = values
            .iter()
            .filter(|value| !matches!(value, Value::Number(number) if number.as_constant().is_some()))
            .map(|value| self.stream_key(Some(value)))
            .collect();
        streams.extend(values.iter().filter_map(|value| self.carried_stream(state, value)));
        let events: BTreeSet<EventKey> = values.iter().map(|value| self.event_key(value)).collect();
        let site = self.at.site;
        let touched: Vec<bool> = state
            .pending
            .iter()
            .map(|operation| {
                streams.contains(&operation.stream)
                    || operation.cover.points().iter().any(|point| match point {
                        Point::Tail(stream) => {
                            streams.contains(stream)
                                || self.is_found_in(*stream, &reached)
                                || matches!(stream, StreamKey::Created(it) if reached.contains(&ObjectId(*it)))
                        }
                        Point::Event(event) => {
                            events.contains(event)
                                || matches!(event, EventKey::Created(it) if reached.contains(&ObjectId(*it)))
                        }
                    })
                    || operation.accesses.iter().any(|it| reached.contains(&self.objects.root(it.range.object)))
            })
            .collect();
        if touched.iter().any(|it| *it) {
            for (operation, touched) in state.pending_mut().iter_mut().zip(touched) {
                if touched {
                    add_note(&mut operation.doubts, site, text);
                }
            }
        }
    }

    /// The objects that a holder of these values can get at.
    pub(super) fn reachable(&mut self, state: &State, values: &[Value]) -> BTreeSet<ObjectId> {
        let mut reached = BTreeSet::new();
        let mut frontier: Vec<ObjectId> = values.iter().filter_map(|value| self.object_of(value)).collect();
        for _ in 0..REACH {
            let mut next = Vec::new();
            for object in frontier {
                let root = self.objects.root(object);
                if !reached.insert(root) {
                    continue;
                }
                for ((cell, _), value) in state.memory.iter() {
                    if self.objects.is_within(*cell, root) {
                        match value {
                            Value::Pointer(pointer) => next.push(pointer.object),
                            Value::Handle(object) => next.push(*object),
                            _ => {}
                        }
                    }
                }
                for (it, known) in state.objects.iter() {
                    if self.objects.is_within(*it, root) {
                        next.extend(&known.knows);
                    }
                }
            }
            frontier = next;
        }
        reached
    }

    /// The object that a value is the address or handle of.
    pub(super) fn object_of(&mut self, value: &Value) -> Option<ObjectId> {
        match value {
            Value::Handle(object) => Some(*object),
            Value::Number(number) if number.as_constant().is_some() => None,
            value => self.pointer(value).map(|pointer| pointer.object),
        }
    }
}

/// Functions that only look: accessors by convention, and methods declared `const` that are handed
/// nothing else.
pub(super) fn is_accessor(it: &Unfollowed<'_>) -> bool {
    const NAMES: [&str; 14] = [
        "data", "get", "begin", "end", "size", "value", "c_str", "cbegin", "cend", "length", "empty",
        "capacity", "front", "back",
    ];
    let name = unqualified(it.name);
    (it.is_method && it.is_const) || (it.is_method && it.args.len() == 1 && NAMES.contains(&name))
}

/// True for constructors and assignments.
fn makes_object(it: &Unfollowed<'_>) -> bool {
    let mut parts = it.name.rsplit("::");
    let (last, class) = (parts.next(), parts.next());
    it.is_method && (last == Some("operator=") || (last.is_some() && last == class))
}

/// True if a word of the name hints at a wait: `syncStream`, `wait_all`, never `async`.
fn has_wait_word(name: &str) -> bool {
    let last = unqualified(name);
    words(last).iter().any(|word| WAIT_WORDS.contains(&word.as_str()))
}

/// The words of an identifier, in lower case: `cudaStreamSync_all` gives cuda, stream, sync, all.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last_lower = false;
    let mut fresh = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            fresh = true;
            continue;
        }
        if fresh || (c.is_uppercase() && last_lower) {
            words.push(String::new());
        }
        fresh = false;
        last_lower = c.is_lowercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_words_are_whole_words() {
        assert!(has_wait_word("app::Stream::syncAll"));
        assert!(has_wait_word("wait_for_gpu"));
        assert!(!has_wait_word("copyAsync"));
        assert!(!has_wait_word("asyncCopy"));
        assert!(!has_wait_word("waiter"));
    }
}
