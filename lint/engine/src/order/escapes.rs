//! Results that a function leaves to the device when it returns, in memory of its caller.

use super::access::add_note;
use super::happens_before::{EventKey, Point, StreamKey};
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, Range, State};
use super::symbol::SymKey;
use super::unknown::words;
use super::value::Value;
use crate::cuda::row::Direction;
use crate::facts::{Access, WorkKind};

/// How many unknown pointers are followed back to a parameter.
const DEPTH: usize = 4;

/// Words in the name of a function that promise its caller the value (RULES.md, rule 42).
const PROMISES: [&str; 4] = ["get", "value", "host", "read"];

impl Machine<'_, '_> {
    /// A function that is followed on its own returns while a copy into memory of its caller is pending. Whoever
    /// called it reads that, and waits for what it can get at: where nobody else has the stream, for nothing.
    pub(super) fn leave_results(&mut self, state: &mut State, result: Option<&Value>) {
        let [root] = self.stack[..] else { return };
        if state.pending.is_empty() {
            return;
        }
        let name = words(self.shared.function(root).name.rsplit("::").next().unwrap_or_default());
        let promises = name.iter().any(|word| PROMISES.contains(&word.as_str()))
            && !name.iter().any(|word| word == "async");
        let mut left: Vec<(usize, Range)> = Vec::new();
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
            let callers = written.filter(|it| self.is_callers(it.range.object)).map(|it| it.range.clone());
            left.extend(callers.map(|range| (index, range)));
        }
        let site = self.at.site;
        for (index, range) in left {
            if !self.is_left_alone(state, &state.pending[index], result) {
                if !promises {
                    continue;
                }
                let operation = &mut state.pending_mut()[index];
                add_note(&mut operation.doubts, site, "the caller may have something to wait for");
            }
            let access = Access::HostRead { via: None, as_result: true };
            self.host_touches(state, &range, access);
        }
    }

    /// True for memory that a parameter leads to.
    fn is_callers(&self, object: ObjectId) -> bool {
        let mut root = self.objects.root(object);
        for _ in 0..DEPTH {
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
