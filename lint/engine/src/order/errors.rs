//! Where the program looks for errors: at the results of waits, after them, or too early.

use std::collections::BTreeSet;

use super::machine::Machine;
use super::model::Modelled;
use super::shared::Shared;
use super::state::State;
use super::unknown::words;
use crate::cuda::row::{Effect, Family, Mode, Outcome};
use crate::cuda::unqualified;
use crate::facts::{EarlyQuery, ErrorChecks, Unchecked, WorkKind};
use crate::program::{Callee, ExternId, Function, FunctionId, Op, Terminator};
use crate::{Program, facts};

impl Machine<'_, '_> {
    /// A call that the model knows.
    pub(super) fn errors_see_call(&mut self, state: &State, it: &Modelled<'_, '_>) {
        let reports = matches!(it.row.result, Outcome::Status | Outcome::QueryStatus);
        if it.row.family == Family::Std || (reports && it.call.call.discarded) {
            return;
        }
        if it.row.effects.contains(&Effect::NoWait) {
            if !reports || state.failed {
                return;
            }
            let in_root = self.stack.last().is_some_and(|id| self.shared.function(*id).is_root);
            // What a synchronous call leaves to the device is a rest of what it has reported on.
            match state.pending.iter().rev().find(|it| !it.form.synchronous) {
                Some(work) if in_root => {
                    let work = EarlyQuery {
                        site: self.at.site,
                        function: it.shown().to_owned(),
                        work: work.site,
                        name: work.name.to_string(),
                        kernel: work.kind == WorkKind::Kernel,
                    };
                    self.observations.early_query(work);
                }
                Some(_) => {}
                // Errors of what was waited for are seen here.
                None if !state.history.is_empty() => self.observations.errors.observes_waits = true,
                None => {}
            }
            return;
        }
        // A library may throw, where it gives no status.
        self.observations.errors.observes_waits |= it.row.effects.iter().any(may_tell);
    }

    /// A call of something that may wait and look at errors out of sight.
    pub(super) fn errors_may_be_seen(&mut self) {
        self.observations.errors.observes_waits = true;
    }
}

/// True if the result of a call with this effect may tell errors of earlier work: what waits, and what may.
const fn may_tell(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::HostWaitsForStream
            | Effect::HostWaitsForEvent
            | Effect::HostWaitsForDevice
            | Effect::HostWaitsForResult
            | Effect::QueriesStream
            | Effect::QueriesEvent
            | Effect::Copy { mode: Mode::Sync, .. }
            | Effect::Free(_)
            | Effect::Unregister
            | Effect::MayWait
            | Effect::ResetsDevice
    )
}

/// Adds what the text of the program tells, whatever the path.
pub(super) fn complete(mut errors: ErrorChecks, program: &Program, shared: &Shared<'_>) -> ErrorChecks {
    let roots = || program.functions.iter().filter(|function| function.is_root);
    errors.has_main = roots().any(|function| function.name == "main");
    let looks = Looks::new(program, shared);
    for function in roots() {
        errors.unchecked.extend(unchecked(function, program, shared, &looks));
    }
    errors.unchecked.sort();
    errors.unchecked.dedup_by(|a: &mut Unchecked, b| a.site == b.site);
    errors
}

/// The calls of a function whose status is dropped and that nothing looks at later in the function.
fn unchecked(
    function: &Function,
    program: &Program,
    shared: &Shared<'_>,
    looks: &Looks,
) -> Vec<facts::Unchecked> {
    let mut found = Vec::new();
    // Nobody can be told by a destructor.
    if unqualified(&function.name).starts_with('~') {
        return found;
    }
    for (index, block) in function.blocks.iter().enumerate() {
        for (at, statement) in block.statements.iter().enumerate() {
            let Op::Call(call) = &statement.op else { continue };
            let Callee::Extern(id) = call.callee else { continue };
            // What a check macro asks on its own is not the business of those who use it.
            let site = &statement.site;
            let is_meant = program.cast_to_void.contains(site) || program.macro_calls.contains(site);
            if !call.discarded || is_meant {
                continue;
            }
            let name = &program.externs[id.0 as usize].name;
            let Some(row) = shared.row(call) else { continue };
            let is_cuda = matches!(row.family, Family::Runtime | Family::Driver);
            if !is_cuda || row.result != Outcome::Status || row.effects.iter().any(cleans_up) {
                continue;
            }
            // The driver's functions leave no last error.
            let is_later = || {
                block.statements[at + 1..].iter().any(|it| looks.looks(&it.op))
                    || reachable(function, index)
                        .into_iter()
                        .any(|next| function.blocks[next].statements.iter().any(|it| looks.looks(&it.op)))
            };
            if row.family == Family::Driver || !is_later() {
                found.push(facts::Unchecked { site: statement.site, function: name.clone() });
            }
        }
    }
    found
}

/// True for what releases or resets something, and for queries of the last error, of which dropping the result is how
/// it is reset: cleaning up goes on, whatever it returns.
const fn cleans_up(effect: &Effect) -> bool {
    effect.destroys()
        || matches!(effect, Effect::NoWait | Effect::Free(_) | Effect::Unregister | Effect::ResetsDevice)
}

/// What looks at the last error, directly or in what it calls.
struct Looks {
    functions: BTreeSet<FunctionId>,
    externs: BTreeSet<ExternId>,
}

impl Looks {
    fn new(program: &Program, shared: &Shared<'_>) -> Self {
        let externs = program.externs.iter().enumerate().filter(|(_, it)| {
            let row = (0..=it.params.len()).find_map(|arguments| shared.model.lookup(&it.name, arguments));
            match row {
                Some(row) => row.effects.contains(&Effect::NoWait) && row.result == Outcome::Status,
                None => looks_by_name(&it.name),
            }
        });
        let externs = externs.map(|(index, _)| ExternId(index as u32)).collect();
        let mut looks = Self { functions: BTreeSet::new(), externs };
        loop {
            let before = looks.functions.len();
            for (index, function) in program.functions.iter().enumerate() {
                let mut ops = function.blocks.iter().flat_map(|it| &it.statements).map(|it| &it.op);
                if ops.any(|op| looks.looks(op)) {
                    looks.functions.insert(FunctionId(index as u32));
                }
            }
            if looks.functions.len() == before {
                return looks;
            }
        }
    }

    fn looks(&self, op: &Op) -> bool {
        let Op::Call(call) = op else { return false };
        match call.callee {
            Callee::Function(id) => self.functions.contains(&id),
            // A query whose result is dropped resets the error and tells nobody.
            Callee::Extern(id) => self.externs.contains(&id) && !(call.discarded && call.args.is_empty()),
            Callee::Value(_) => false,
        }
    }
}

/// A function that is not seen and is called after what it does: `checkLastError("fill")`.
fn looks_by_name(name: &str) -> bool {
    let words = words(unqualified(name));
    words.iter().any(|word| matches!(word.as_str(), "check" | "error" | "err" | "errors"))
}

/// The blocks that control can come to from the end of a block.
fn reachable(function: &Function, from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(block) = open.pop() {
        let next = match &function.blocks[block].terminator {
            Terminator::Goto(next) => vec![*next],
            Terminator::Branch { then, otherwise, .. } => vec![*then, *otherwise],
            Terminator::Switch { cases, default, .. } => {
                cases.iter().map(|(_, block)| *block).chain([*default]).collect()
            }
            Terminator::Return { .. } | Terminator::Throw | Terminator::Exit => Vec::new(),
        };
        open.extend(next.into_iter().map(|next| next.0 as usize).filter(|next| seen.insert(*next)));
    }
    seen
}
