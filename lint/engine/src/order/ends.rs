//! Work that is left when the program ends, or when the function returns that alone could wait for it.
//!
//! `main` ends the process, and what is pending then is never seen to finish. Another function leaves its work to
//! nobody if it has made the stream and what the work writes, and has handed out neither.

use std::collections::BTreeMap;

use super::happens_before::StreamKey;
use super::machine::Machine;
use super::object::ObjectId;
use super::observations::Observations;
use super::state::{Operation, State, WorkId};
use super::value::Value;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::{Direction, Effect};
use crate::facts::{LeftWork, Note, Paths, WorkKind};
use crate::program::{Call, Callee, Linkage, Op, SiteId, TypeKind};

/// What is left at each end, by the work and the end.
#[derive(Debug, Default)]
pub struct EndSums {
    left: BTreeMap<(SiteId, SiteId), LeftWork>,
    /// Something runs after `main`: it may wait.
    runs_at_exit: bool,
}

/// Work that was enqueued before something was called of which nothing is known, by the last piece of it.
pub type OutOfSight = Option<WorkId>;

impl EndSums {
    /// Something is registered that runs after `main`.
    pub fn runs_at_exit(&mut self) {
        self.runs_at_exit = true;
    }

    /// Work is left on all paths that come to an end.
    pub fn on_all_paths(&mut self, work: SiteId, end: SiteId) {
        if let Some(left) = self.left.get_mut(&(work, end)) {
            left.paths = Paths::All;
        }
    }

    fn add(&mut self, left: LeftWork) {
        let known = self.left.entry((left.work.site, left.end)).or_insert_with(|| left.clone());
        known.paths = known.paths.max(left.paths);
        if left.doubts.len() < known.doubts.len() {
            known.doubts = left.doubts;
        }
        known.no_waits.retain(|note| left.no_waits.contains(note));
    }

    /// The facts: of each piece of work, the end at which it is left most surely.
    pub fn into_facts(self, program: &Program, model: &Model) -> Vec<LeftWork> {
        let after_main = self.runs_at_exit || has_destructors_after_main(program);
        // Where some path gives up everything on the device, what others leave hangs on conditions that go together
        // in ways that are not followed (a handle that is null only if it was never made).
        let resets = resets_device(program, model);
        let mut facts: BTreeMap<SiteId, LeftWork> = BTreeMap::new();
        for mut left in self.left.into_values() {
            if left.in_main && after_main {
                let text = "what runs after `main` may wait for it".to_owned();
                left.doubts.push(Note { site: left.end, text });
            }
            if left.in_main && resets {
                let text = "the program resets the device on some path, which waits".to_owned();
                left.doubts.push(Note { site: left.end, text });
            }
            let is_surer = |known: &LeftWork| {
                (left.doubts.is_empty(), left.paths) > (known.doubts.is_empty(), known.paths)
            };
            if facts.get(&left.work.site).is_none_or(is_surer) {
                facts.insert(left.work.site, left);
            }
        }
        facts.into_values().collect()
    }
}

/// True if an object with static storage has a destructor of the program's own, which runs after `main`.
fn has_destructors_after_main(program: &Program) -> bool {
    program.globals.iter().any(|global| match global.ty.kind {
        TypeKind::Record(id) => {
            let record = &program.records[id.0 as usize];
            record.has_destructor && !record.name.starts_with("std::")
        }
        _ => false,
    })
}

/// True if the program calls something that resets the device.
fn resets_device(program: &Program, model: &Model) -> bool {
    let calls = program.functions.iter().flat_map(|it| &it.blocks).flat_map(|block| &block.statements);
    calls.into_iter().any(|statement| match &statement.op {
        Op::Call(Call { callee: Callee::Extern(id), args, .. }) => {
            let row = model.lookup(&program.externs[id.0 as usize].name, args.len());
            row.is_some_and(|row| row.effects.contains(&Effect::ResetsDevice))
        }
        _ => false,
    })
}

impl Machine<'_, '_> {
    /// Something is called of which nothing is known. It may wait for the device, or run the program itself (an
    /// event loop), so that work before it is not the last that the program does.
    pub(super) fn ends_out_of_sight(&mut self, state: &mut State) {
        if let Some(last) = state.pending.last() {
            state.out_of_sight = Some(last.id);
        }
    }

    /// A function that is followed on its own returns: notes the last piece of work that nobody will wait for.
    /// One missing wait is one fact; a copy to the host says best what is lost.
    pub(super) fn work_is_left(&mut self, state: &State, result: Option<&Value>) {
        let [root] = self.stack[..] else { return };
        if state.pending.is_empty() || state.failed || !state.capturing.is_empty() {
            return;
        }
        let function = self.shared.function(root);
        let in_main = function.name == "main" && function.linkage == Linkage::External;
        let of_interest = |operation: &&Operation| {
            !operation.reported
                && match operation.kind {
                    WorkKind::Kernel => true,
                    WorkKind::Copy { direction, synchronous_form, pageable } => {
                        direction == Some(Direction::DeviceToHost) && !synchronous_form && !pageable
                    }
                    _ => false,
                }
                // What was freed in order after the work is of no use to anybody.
                && !operation.accesses.iter().any(|it| it.write && self.is_gone(state, it.range.object))
        };
        let left = state.pending.iter().rev().filter(of_interest).filter(|operation| match in_main {
            // Whoever has the stream may have an end of its own.
            true => !matches!(operation.stream, StreamKey::Unseen(_)),
            false => self.is_nobodys(state, operation, result),
        });
        let Some(operation) = left.max_by_key(|it| matches!(it.kind, WorkKind::Copy { .. })) else { return };
        let place = |id: &WorkId| state.pending.iter().position(|it| it.id == *id);
        let unseen = state.out_of_sight.as_ref().and_then(place);
        if unseen.is_some_and(|unseen| place(&operation.id) <= Some(unseen)) {
            return;
        }
        let written = operation.accesses.iter().find(|access| access.write);
        let mut doubts: Vec<Note> = (*operation.doubts).clone();
        doubts.extend(operation.undocumented_wait.clone());
        let seen = LeftWork {
            work: self.describe_work(operation, true, written.is_some_and(|access| access.assumed)),
            object: written.map(|access| self.describe_object(state, access.range.object)),
            end: self.at.site,
            in_main,
            doubts,
            no_waits: (*operation.no_waits).clone(),
            paths: Paths::Some,
        };
        self.observations.left(self.at, state, seen);
    }

    /// True if nobody else has the stream of the work, nor what it writes.
    fn is_nobodys(&self, state: &State, operation: &Operation, result: Option<&Value>) -> bool {
        let mut written = operation.accesses.iter().filter(|access| access.write).peekable();
        written.peek().is_some()
            && self.is_left_alone(state, operation, result)
            && written.all(|access| self.is_kept_here(state, access.range.object, result))
    }

    /// True for memory that was allocated here, and whose address nobody else has.
    fn is_kept_here(&self, state: &State, object: ObjectId, result: Option<&Value>) -> bool {
        let root = self.objects.root(object);
        let leads_there = |value: &Value| matches!(value, Value::Pointer(pointer) if self.objects.root(pointer.object) == root);
        // The function's own variables are gone by now: what still holds the address is others'.
        self.objects.is_made(root)
            && !state.object(root).is_some_and(|it| it.escaped)
            && !state.memory.values().any(leads_there)
            && !result.is_some_and(leads_there)
    }
}

impl Observations {
    /// Work is left on one path.
    fn left(&mut self, at: super::machine::At, state: &State, mut left: LeftWork) {
        left.paths = self.left_hit(at, state, (left.work.site, left.end));
        self.ends.add(left);
    }
}
