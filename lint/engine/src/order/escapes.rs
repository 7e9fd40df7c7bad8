//! Results that a function leaves to the device when it returns, in memory of its caller.

use std::collections::{BTreeMap, BTreeSet};

use super::access::add_note;
use super::happens_before::{EventKey, Point, StreamKey};
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, Range, State};
use super::symbol::SymKey;
use super::unknown::words;
use super::value::Value;
use crate::cuda::row::{Direction, MemoryKind};
use crate::cuda::unqualified;
use crate::facts::{Access, Origin, WorkKind};

/// How many unknown pointers are followed back to a parameter.
const DEPTH: usize = 4;

/// Words in the name of a function that promise its caller the value (RULES.md, rule 42).
const PROMISES: [&str; 4] = ["get", "value", "host", "read"];

/// Whose the memory is that a copy is pending into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The caller had it before.
    Callers,
    /// The function has made it, and hands it out.
    HandedOut,
}

impl Machine<'_, '_> {
    /// A function that is followed on its own returns while a copy into memory of its caller is pending. Whoever
    /// called it reads that, and waits for what it can get at: where nobody else has the stream, for nothing.
    pub(super) fn leave_results(&mut self, state: &mut State, result: Option<&Value>) {
        let [root] = self.stack[..] else { return };
        if state.pending.is_empty() {
            return;
        }
        let name = words(unqualified(&self.shared.function(root).name));
        let promises = name.iter().any(|word| PROMISES.contains(&word.as_str()))
            && !name.iter().any(|word| word == "async");
        let given = self.given_to_caller(state, result);
        let mut left: Vec<(usize, Range, Whose)> = Vec::new();
        for (index, operation) in state.pending.iter().enumerate() {
            let to_host =
                matches!(operation.kind, WorkKind::Copy { direction: Some(Direction::DeviceToHost), .. });
            let announced = state
                .pending
                .iter()
                .any(|it| it.kind == WorkKind::HostFunction && it.stream == operation.stream);
            if !to_host || operation.reported || announced {
                continue;
            }
            let written = operation.accesses.iter().filter(|it| it.write);
            left.extend(written.filter_map(|it| {
                let object = it.range.object;
                let whose = match self.is_callers(object) {
                    true => Whose::Callers,
                    false => *given.get(&self.objects.root(object))?,
                };
                let on_device = self.memory_kind(state, object).is_some_and(MemoryKind::is_device);
                (!on_device).then(|| (index, it.range.clone(), whose))
            }));
        }
        let site = self.at.site;
        for (index, range, whose) in left {
            let alone = self.is_left_alone(state, &state.pending[index], result);
            if !alone {
                let relies = match whose {
                    // What the caller has allocated, it may have page-locked, and knows to wait for.
                    Whose::Callers => promises && self.objects.info(range.object).origin == Origin::Unseen,
                    // Who has made the stream and has handed that out, too, means the caller to wait.
                    Whose::HandedOut => {
                        !is_made_here(&state.pending[index])
                            && self.memory_kind(state, range.object) == Some(MemoryKind::Pageable)
                    }
                };
                if !relies {
                    continue;
                }
                let operation = &mut state.pending_mut()[index];
                add_note(&mut operation.doubts, site, "the caller may have something to wait for");
            }
            let left = alone || whose == Whose::Callers;
            self.host_touches(state, &range, Access::HostRead { via: None, as_result: true, left });
        }
    }

    /// The memory that whoever calls the function gets by it: what its result leads to, and what it has put where a
    /// parameter leads to. New elements of the caller's container are the caller's. A container that is the result is
    /// read where it is handed on.
    fn given_to_caller(&mut self, state: &State, result: Option<&Value>) -> BTreeMap<ObjectId, Whose> {
        let returned = match result {
            Some(result) => self.reachable(state, std::slice::from_ref(result)),
            None => BTreeSet::new(),
        };
        let stored = state.memory.iter().filter(|((cell, _), _)| self.is_callers(*cell));
        let stored = stored.filter_map(|(_, value)| match value {
            Value::Pointer(pointer) => Some(self.objects.root(pointer.object)),
            _ => None,
        });
        let is_element = |object: ObjectId| matches!(self.objects.info(object).origin, Origin::Container(_));
        let whose = |object: ObjectId| if is_element(object) { Whose::Callers } else { Whose::HandedOut };
        let returned = returned.into_iter().filter(|object| !is_element(*object));
        let given = returned.chain(stored).filter(|object| self.objects.is_made(*object));
        given.map(|object| (object, whose(object))).collect()
    }

    /// True for memory that a parameter leads to, the elements of a container among it.
    fn is_callers(&self, object: ObjectId) -> bool {
        let mut root = self.objects.root(object);
        for _ in 0..DEPTH {
            if let ObjectKey::Elements { owner, .. } = self.objects.info(root).key {
                root = self.objects.root(owner);
            }
            let Some(symbol) = self.objects.pointee_symbol(root) else { return false };
            let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return false };
            root = self.objects.root(*object);
            if matches!(self.objects.info(root).key, ObjectKey::Local { .. }) {
                return true;
            }
        }
        false
    }

    /// True if nothing that stands for the work's completion is left to anybody else: its stream and events
    /// were made here, and have been kept here.
    pub(super) fn is_left_alone(&self, state: &State, operation: &Operation, result: Option<&Value>) -> bool {
        operation.cover.points().iter().all(|point| {
            let (Point::Tail(StreamKey::Created(object)) | Point::Event(EventKey::Created(object))) = point
            else {
                return false;
            };
            let object = ObjectId(*object);
            let handle = Value::Handle(object);
            // The function's own variables are gone by now: what still holds the handle is others'.
            !state.object(object).is_some_and(|it| it.escaped)
                && !state.memory.values().any(|value| *value == handle)
                && result != Some(&handle)
        })
    }

    /// The host waits: for work of calls that have returned, its caller has waited.
    pub(super) fn note_callers_wait(&mut self, state: &State, is_over: impl Fn(&Operation) -> bool) {
        for operation in state.pending.iter().filter(|operation| is_over(operation)) {
            let is_running = state.frames.iter().any(|frame| frame.id == operation.id.frame);
            if !is_running && matches!(operation.kind, WorkKind::Copy { .. }) {
                self.observations.waited_by_caller(operation.site);
            }
        }
    }
}

/// True if the stream of the work, or an event behind it, was made here.
fn is_made_here(operation: &Operation) -> bool {
    let points = operation.cover.points().iter();
    points
        .into_iter()
        .any(|point| matches!(point, Point::Tail(StreamKey::Created(_)) | Point::Event(EventKey::Created(_))))
}
