//! The smallest trace that still does something: delta debugging over the steps of a trace and the holds of
//! its schedule.

use cuda_lint_engine::trace::judge::{self, Hazard};
use cuda_lint_engine::trace::{Action, Position, Trace, validate};

use crate::machine::{Hold, Schedule};

/// How many tries a minimisation may take: each is a run of the machine.
const TRIES: usize = 400;

/// Takes out steps and holds for as long as `still` is true of what is left. What is left is valid.
pub fn minimise(
    trace: &Trace<Position>,
    schedule: &Schedule,
    mut still: impl FnMut(&Trace<Position>, &Schedule) -> bool,
) -> (Trace<Position>, Schedule) {
    let mut best = (trace.clone(), schedule.clone());
    let mut tries = TRIES;
    let mut attempt = |best: &mut (Trace<Position>, Schedule), candidate: (Trace<Position>, Schedule)| {
        if tries == 0 || validate::validate(&candidate.0).is_err() || loses_a_capture(&candidate.0) {
            return false;
        }
        tries -= 1;
        let holds = still(&candidate.0, &candidate.1);
        if holds {
            *best = candidate;
        }
        holds
    };
    let mut size = (best.0.steps.len() / 2).max(1);
    loop {
        let mut shrunk = false;
        let mut start = best.0.steps.len();
        // From the back: what stands later depends on what stands earlier.
        while start > 0 {
            let from = start.saturating_sub(size);
            let gone: Vec<usize> = (from..start).collect();
            let bare = without(&best.0, &best.1, &gone);
            let whole = with_users(&best.0, &gone);
            let taken = attempt(&mut best, bare)
                || whole.is_some_and(|gone| {
                    let candidate = without(&best.0, &best.1, &gone);
                    attempt(&mut best, candidate)
                });
            shrunk |= taken;
            start = from.min(best.0.steps.len());
        }
        for hold in (0..best.1.holds.len()).rev() {
            let mut candidate = best.clone();
            candidate.1.holds.remove(hold);
            shrunk |= attempt(&mut best, candidate);
        }
        if size > 1 {
            size /= 2;
        } else if !shrunk {
            return best;
        }
    }
}

/// True if a call fails because of a capture: such a trace tells nothing of what is ordered.
fn loses_a_capture(trace: &Trace<Position>) -> bool {
    let lost = |it: &Hazard| matches!(it, Hazard::CaptureIllegal { .. } | Hazard::CaptureUnjoined { .. });
    judge::judge(trace).iter().any(lost)
}

fn without(trace: &Trace<Position>, schedule: &Schedule, gone: &[usize]) -> (Trace<Position>, Schedule) {
    let moved = |step: usize| step - gone.iter().filter(|it| **it < step).count();
    let steps = trace.steps.iter().enumerate().filter(|(index, _)| !gone.contains(index));
    let steps = steps.map(|(_, step)| step.clone()).collect();
    let holds = schedule.holds.iter().filter(|hold| !gone.contains(&hold.before));
    let holds = holds.map(|hold| Hold {
        before: moved(hold.before),
        until: hold.until.filter(|it| !gone.contains(it)).map(moved),
        patience: hold.patience,
    });
    let schedule = Schedule { holds: holds.collect(), guard: schedule.guard };
    (Trace { default_stream: trace.default_stream, steps }, schedule)
}

/// The steps, and every step that uses what they declare; nothing if that is no more.
fn with_users(trace: &Trace<Position>, gone: &[usize]) -> Option<Vec<usize>> {
    let declared: Vec<&str> =
        gone.iter().filter_map(|it| trace.steps[*it].action.makes().map(String::as_str)).collect();
    if declared.is_empty() {
        return None;
    }
    let uses = |action: &Action| action.uses().into_iter().any(|name| declared.contains(&name.as_str()));
    let steps = trace.steps.iter().enumerate();
    let all = steps.filter(|(index, step)| gone.contains(index) || uses(&step.action));
    Some(all.map(|(index, _)| index).collect())
}
