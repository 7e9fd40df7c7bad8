//! Where the program looks for errors: at the results of waits, after them, or too early.

use super::machine::{Machine, Shared};
use super::model::Modelled;
use super::state::State;
use crate::cuda::row::{Effect, Family, Mode, Outcome};
use crate::facts::{EarlyQuery, ErrorChecks, Unchecked, WorkKind};
use crate::program::{Callee, Op};
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
            match state.pending.last() {
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
    for statement in roots().flat_map(|function| &function.blocks).flat_map(|block| &block.statements) {
        let Op::Call(call) = &statement.op else { continue };
        let Callee::Extern(id) = call.callee else { continue };
        if !call.discarded {
            continue;
        }
        let name = &program.externs[id.0 as usize].name;
        let Some(row) = shared.model.lookup(name, call.args.len()) else { continue };
        let is_cuda = matches!(row.family, Family::Runtime | Family::Driver);
        // To query the last error and drop it is how it is reset.
        if is_cuda && row.result == Outcome::Status && !row.effects.contains(&Effect::NoWait) {
            errors.unchecked.push(facts::Unchecked { site: statement.site, function: name.clone() });
        }
    }
    errors.unchecked.sort();
    errors.unchecked.dedup_by(|a: &mut Unchecked, b| a.site == b.site);
    errors
}
