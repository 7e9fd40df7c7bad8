//! What to look at in a run, and what of it is an observation.

use std::time::Duration;

use cuda_lint_engine::trace::{Action, Position, Trace};

use crate::machine::{Run, Schedule};
use crate::values::{self, Values};

use super::plan::LONG;

/// The part of the hold that a call must last to count as waiting.
const WAITS: f64 = 0.8;
/// How many times as long as a launch what is made in each round must take to count as slow.
const COSTS: u32 = 2;

/// What to look at in a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// Any value that is not the one that the order of the program gives, or a touch of guarded pages.
    Values,
    /// The host was inside the step for most of the hold.
    HostWaits(usize),
    /// The step's work took most of the hold.
    DeviceWaits(usize),
    /// The step returned an error, or ended the process.
    Code(usize),
    /// The step ended the process by SIGSEGV.
    Fault(usize),
    /// The step uses what is gone: it returned an error, ended the process, or a value is not the one that the
    /// order of the program gives.
    Gone(usize),
    /// The host got to the step only after most of the hold, or the values are not those of the order.
    Late(usize),
    /// The host was inside the step until what it waits for was broken off ([`LONG`]).
    Hangs(usize),
    /// The host came from the first step to the second in a small part of the hold.
    Quick(usize, usize),
    /// The step took several times as long as the quickest launch of the trace.
    Costs(usize),
    /// The first step returned success, the second the error of work before the first.
    Unseen(usize, usize),
}

impl Probe {
    /// What of a run is an observation, in words; `None` if nothing is.
    pub fn hit(
        &self,
        trace: &Trace<Position>,
        expected: &Values,
        run: &Run,
        schedule: &Schedule,
    ) -> Option<String> {
        let held = schedule.holds.iter().map(|hold| hold.patience).max().unwrap_or_default();
        let most = held.mul_f64(WAITS);
        let number = |step: usize| step + 1;
        let died = |step: usize| run.signal.filter(|_| run.steps.len() <= step + 1 || run.steps.is_empty());
        match self {
            Self::Values => difference(trace, expected, run),
            Self::HostWaits(step) => {
                let host = run.steps.get(*step)?.host;
                (host >= most)
                    .then(|| format!("the host was in step {} for {host:.1?} of {held:.0?}", number(*step)))
            }
            Self::DeviceWaits(step) => {
                let device = run.steps.get(*step)?.device?;
                (device >= most).then(|| {
                    format!(
                        "the work of step {} took {device:.1?} while another stream was held",
                        number(*step)
                    )
                })
            }
            Self::Code(step) => match (died(*step), run.steps.get(*step)) {
                (Some(signal), _) => {
                    Some(format!("step {} ended the process: signal {signal}", number(*step)))
                }
                (None, Some(observed)) if observed.code != 0 => {
                    Some(format!("step {} returned {}", number(*step), observed.code))
                }
                _ => None,
            },
            Self::Gone(step) => Self::Code(*step)
                .hit(trace, expected, run, schedule)
                .filter(|_| !is_unready(trace, run, *step))
                .or_else(|| difference(trace, expected, run)),
            Self::Late(step) => {
                let first = schedule.holds.iter().map(|hold| hold.before).min().unwrap_or_default();
                let before =
                    run.steps.get(first..*step)?.iter().map(|observed| observed.host).sum::<Duration>();
                if before >= most {
                    return Some(format!(
                        "the host got to step {} {before:.1?} after the work was enqueued, of a hold of {held:.0?}",
                        number(*step)
                    ));
                }
                difference(trace, expected, run)
            }
            Self::Hangs(step) => {
                let host = run.steps.get(*step)?.host;
                (host >= LONG.mul_f64(WAITS)).then(|| {
                    format!(
                        "the host was in step {} until the wait was broken off: {host:.1?}",
                        number(*step)
                    )
                })
            }
            Self::Costs(step) => {
                let host = run.steps.get(*step)?.host;
                let launches = trace.steps.iter().zip(&run.steps);
                let launches = launches.filter(|(step, _)| matches!(step.action, Action::Launch { .. }));
                let launch = launches.map(|(_, observed)| observed.host).min()?;
                (host >= launch * COSTS).then(|| {
                    format!("step {} took the host {host:.1?}, a launch {launch:.1?}", number(*step))
                })
            }
            Self::Quick(from, to) => {
                let between = run.steps.get(from + 1..*to)?.iter().map(|observed| observed.host);
                let measured = between.sum::<Duration>();
                (measured <= held - most).then(|| {
                    format!(
                        "by the host's clock, {measured:.1?} from step {} to step {}, of work that was kept back for {held:.0?}",
                        number(*from),
                        number(*to)
                    )
                })
            }
            Self::Unseen(query, wait) => {
                let (asked, told) = (run.steps.get(*query)?.code, run.steps.get(*wait)?.code);
                (asked == 0 && told != 0).then(|| {
                    format!("step {} returned 0, step {} then {told}", number(*query), number(*wait))
                })
            }
            Self::Fault(step) => (died(*step) == Some(libc::SIGSEGV))
                .then(|| format!("step {} ended the process: SIGSEGV", number(*step))),
        }
    }

    /// The step in question, if it is one.
    pub fn step(&self) -> Option<usize> {
        match self {
            Self::Values => None,
            Self::HostWaits(step)
            | Self::DeviceWaits(step)
            | Self::Code(step)
            | Self::Fault(step)
            | Self::Gone(step)
            | Self::Hangs(step)
            | Self::Costs(step)
            | Self::Quick(_, step)
            | Self::Unseen(_, step) => Some(*step),
            // The time is that of the wait before it.
            Self::Late(step) => step.checked_sub(1),
        }
    }
}

/// True for a query that answers "not ready", which is no error.
fn is_unready(trace: &Trace<Position>, run: &Run, step: usize) -> bool {
    let is_query = matches!(trace.steps.get(step).map(|it| &it.action), Some(Action::Query { .. }));
    is_query && run.steps.get(step).is_some_and(|observed| observed.code == 600)
}

/// The first value that differs from what the order of the program gives, or a touch of guarded pages.
pub fn difference(trace: &Trace<Position>, expected: &Values, run: &Run) -> Option<String> {
    if let Some(signal) = run.signal {
        return Some(format!("the process ended by signal {signal} at step {}", run.steps.len()));
    }
    // 700 to 719: the device's own faults, after which the context is lost.
    if let Some(step) = run.steps.iter().position(|observed| (700..=719).contains(&observed.code)) {
        return Some(format!("the device faulted: step {} returned {}", step + 1, run.steps[step].code));
    }
    for (index, (observed, wanted)) in run.steps.iter().zip(&expected.reads).enumerate() {
        if observed.reads.len() == wanted.len() {
            for (seen, right) in observed.reads.iter().zip(wanted) {
                if seen != right {
                    return Some(format!("step {} read {}", index + 1, words(*seen, *right)));
                }
            }
        }
        if let Some(copy) = observed.guarded {
            return Some(format!(
                "step {} touched pages that the copy of step {} was using",
                index + 1,
                copy + 1
            ));
        }
    }
    let ends = run.last.iter().filter_map(|(name, seen)| Some((name, *seen, *expected.last.get(name)?)));
    let mut wrong = ends.filter(|(_, seen, right)| seen != right);
    let (name, seen, right) = wrong.next()?;
    let _ = trace;
    Some(format!("{name} holds {} in the end", words(seen, right)))
}

/// Values are told by the steps that wrote them.
fn words(seen: values::Digest, right: values::Digest) -> String {
    let from = |digest: values::Digest| match (digest.first, digest.last) {
        (0, 0) => "nothing".to_string(),
        (first, last) if first == last => format!("the value of step {first}"),
        (first, last) => format!("values from step {first} to step {last}"),
    };
    if (seen.first, seen.last) == (right.first, right.last) {
        format!("a mixture that begins and ends with {}", from(right))
    } else {
        format!("{} instead of {}", from(seen), from(right))
    }
}
