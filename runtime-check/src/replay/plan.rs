//! What is tried for one hazard: which trace, under which schedule, and what would be an observation.

use std::time::Duration;

use cuda_lint_engine::trace::judge::Hazard;
use cuda_lint_engine::trace::{Action, CopyKind, Memory, Position, Step, Stream, Trace, capture};

use super::probe::Probe;
use crate::machine::{Hold, Run, Schedule};
use cuda_lint_evidence::Observation;

/// The longest time for which work is kept back so that what is not ordered after it overtakes it.
pub const PATIENCE: Duration = Duration::from_millis(10);
/// For how long a stream is held where it is measured whether a call waits for it.
pub const LONG: Duration = Duration::from_millis(50);
/// A twin's work is kept back so many times as long as the misuse needed to show, at the most.
const LONGER: u32 = 10;
/// And at least for so long: the device's clock may tick as rarely as once in a millisecond.
const LEAST: Duration = Duration::from_millis(3);
/// A size that the driver does not stage: a copy of so much pageable memory blocks.
const NOT_STAGED: u64 = 64 << 20;

/// A trace, ready to be tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The trace.
    pub trace: Trace<Position>,
    /// Schedules, the best first: the first that shows anything is used.
    pub schedules: Vec<Schedule>,
    /// What to look at.
    pub probe: Probe,
}

/// What a hazard shows by, and the trial of the trace that has it.
pub fn misuse(trace: &Trace<Position>, hazard: &Hazard) -> (Observation, Trial, String) {
    let trial = |trace: Trace<Position>, schedules, probe| Trial { trace, schedules, probe };
    let plain = vec![Schedule::default()];
    match hazard {
        Hazard::Unordered { pending, relies_on: Some(step), .. } => {
            // Only where the wait is that of the copy itself can the size take it away.
            let (trace, remark) =
                if step == pending { unstaged(trace, *step) } else { (trace.clone(), String::new()) };
            let long = long(hold_point(&trace, *pending));
            (Observation::ReliedOnWait, trial(trace, vec![long], Probe::HostWaits(*step)), remark)
        }
        Hazard::Unordered { pending, access, .. } => {
            let schedules = schedules(trace, *pending, *access);
            (Observation::WrongValue, trial(trace.clone(), schedules, Probe::Values), String::new())
        }
        Hazard::HostTouchesDevice { step, .. } => {
            (Observation::Fault, trial(trace.clone(), plain, Probe::Fault(*step)), String::new())
        }
        Hazard::WrongKind { step } | Hazard::WrongRelease { step, .. } => {
            (Observation::ReturnCode, trial(trace.clone(), plain, Probe::Code(*step)), String::new())
        }
        Hazard::NoTime { step, .. } => {
            // What was not waited for may be complete by chance: the work before the record is kept back.
            let enqueues =
                |index: &usize| trace.steps.get(*index).is_some_and(|it| it.action.work_stream().is_some());
            let work = (0..*step).rev().find(enqueues);
            let held = work.map(|before| Schedule {
                holds: vec![Hold { before, until: Some(*step), patience: PATIENCE }],
                guard: false,
            });
            let schedules = held.into_iter().chain(plain).collect();
            (Observation::ReturnCode, trial(trace.clone(), schedules, Probe::Code(*step)), String::new())
        }
        Hazard::CallInHostFunction { step, .. } => {
            (Observation::ReturnCode, trial(trace.clone(), plain, Probe::Code(*step)), String::new())
        }
        Hazard::PageableCopy { step } => {
            let (trace, remark) = unstaged(trace, *step);
            let trial = trial(trace, vec![long(*step)], Probe::HostWaits(*step));
            (Observation::SlowerRatio, trial, remark)
        }
        Hazard::UseAfterRelease { step, name, .. } => {
            let action = trace.steps.get(*step).map(|step| &step.action);
            let data = memory(trace, name).is_some() && !matches!(action, Some(Action::Free { .. }));
            let observation = if data { Observation::WrongValue } else { Observation::ReturnCode };
            (observation, trial(trace.clone(), plain, Probe::Gone(*step)), String::new())
        }
        Hazard::CapturedBufferReleased { launch, .. } => {
            (Observation::WrongValue, trial(trace.clone(), plain, Probe::Gone(*launch)), String::new())
        }
        Hazard::CaptureIllegal { step, .. } | Hazard::CaptureUnjoined { step, .. } => {
            (Observation::ReturnCode, trial(trace.clone(), plain, Probe::Code(*step)), String::new())
        }
        Hazard::TimedTooEarly { pending, from, step } => {
            let schedules = vec![long(hold_point(trace, *pending))];
            let probe = Probe::Quick(*from, *step);
            (Observation::WrongValue, trial(trace.clone(), schedules, probe), String::new())
        }
        Hazard::NeverAwaited { pending, step } => {
            let before = hold_point(trace, *pending);
            let hold = Hold { before, until: Some(*step), patience: PATIENCE };
            let schedules = vec![Schedule { holds: vec![hold], guard: false }];
            (Observation::ReturnCode, trial(trace.clone(), schedules, Probe::Code(*step)), String::new())
        }
        Hazard::NeedlessWait { step } => {
            let work = trace.steps[..*step].iter().rposition(|step| stream_of(&step.action).is_some());
            let schedules = vec![work.map_or_else(Schedule::default, long)];
            (Observation::SlowerRatio, trial(trace.clone(), schedules, Probe::Late(step + 1)), String::new())
        }
        Hazard::MadeEachRound { step } => made_each_round(trace, *step),
        Hazard::ErrorUnseen { pending, step } => {
            let wait = trace.steps.iter().rposition(|step| matches!(step.action, Action::Synchronize { .. }));
            let schedule = Schedule {
                holds: vec![Hold { before: *pending, until: Some(*step), patience: PATIENCE }],
                guard: false,
            };
            let probe = Probe::Unseen(*step, wait.unwrap_or(*step));
            (Observation::ReturnCode, trial(trace.clone(), vec![schedule], probe), String::new())
        }
        Hazard::WaitInHostFunction { step, .. } => {
            let later = &trace.steps[step + 1..];
            let wait = later.iter().position(|step| matches!(step.action, Action::Synchronize { .. }));
            let probe = Probe::Hangs(wait.map_or(*step, |wait| step + 1 + wait));
            let remark = format!("the wait in the host function was broken off after {LONG:.0?}");
            (Observation::Hang, trial(trace.clone(), plain, probe), remark)
        }
        Hazard::StreamAsArgument { step } => {
            let (trace, step) = beside_a_held_stream(trace, *step);
            let schedule =
                Schedule { holds: vec![Hold { before: 2, until: Some(step), patience: LONG }], guard: false };
            (Observation::SlowerRatio, trial(trace, vec![schedule], Probe::DeviceWaits(step)), String::new())
        }
    }
}

/// What is made in each round: memory is released while another stream is held, which the release waits for; of
/// the rest, the time of the calls counts.
fn made_each_round(trace: &Trace<Position>, step: usize) -> (Observation, Trial, String) {
    let is_memory =
        matches!(&trace.steps[step].action, Action::MakeAndRelease { made, .. } if made.is_memory());
    let trial = if is_memory {
        let (trace, step) = beside_a_held_stream(trace, step);
        Trial { trace, schedules: vec![long(2)], probe: Probe::HostWaits(step) }
    } else {
        Trial { trace: trace.clone(), schedules: vec![Schedule::default()], probe: Probe::Costs(step) }
    };
    (Observation::SlowerRatio, trial, String::new())
}

/// The step at which a hazard comes about.
pub const fn step_of(hazard: &Hazard) -> usize {
    hazard.step()
}

/// The trial of the repaired twin: the same schedule, its steps found again.
pub fn twin(of: &Trial, schedule: &Schedule, trace: &Trace<Position>, repaired: &Trace<Position>) -> Trial {
    // What was put before the misuse for the experiment's sake is put before the twin too.
    let before = of.trace.steps.len().saturating_sub(trace.steps.len());
    let mut steps: Vec<_> = of.trace.steps[..before].to_vec();
    steps.extend(repaired.steps.iter().cloned());
    let mut twin = Trace { default_stream: repaired.default_stream, steps };
    if before == 0 && of.trace.steps != trace.steps {
        grow(&mut twin, NOT_STAGED);
    }
    let at = alignment(&of.trace, &twin);
    let map = |step: usize| at.get(step).copied().flatten();
    let enqueues = |step: usize| twin.steps.get(step).is_some_and(|step| stream_of(&step.action).is_some());
    let holds = schedule.holds.iter().filter_map(|hold| {
        let before = map(hold.before).filter(|step| enqueues(*step))?;
        Some(Hold { before, until: hold.until.and_then(map), patience: hold.patience })
    });
    let schedule = Schedule { holds: holds.collect(), guard: schedule.guard };
    let probe = match &of.probe {
        Probe::Values => Probe::Values,
        // The wait is there in the twin too, but nothing hangs on it.
        Probe::HostWaits(step) => match (before_is_pageable(&of.trace, *step), map(*step)) {
            (true, Some(step)) => Probe::HostWaits(step),
            _ => Probe::Values,
        },
        Probe::DeviceWaits(step) => map(*step).map_or(Probe::Values, Probe::DeviceWaits),
        Probe::Code(step) => map(*step).map_or(Probe::Values, Probe::Code),
        Probe::Fault(_) => Probe::Values,
        Probe::Gone(step) => map(*step).map_or(Probe::Values, Probe::Gone),
        Probe::Late(step) => map(*step).map_or(Probe::Values, Probe::Late),
        Probe::Hangs(step) => map(*step).map_or(Probe::Values, Probe::Hangs),
        Probe::Costs(step) => map(*step).map_or(Probe::Values, Probe::Costs),
        Probe::Unseen(query, wait) => match (map(*query), map(*wait)) {
            (Some(query), Some(wait)) => Probe::Unseen(query, wait),
            _ => Probe::Values,
        },
        Probe::Quick(from, to) => match (map(*from), map(*to)) {
            (Some(from), Some(to)) => Probe::Quick(from, to),
            _ => Probe::Values,
        },
    };
    Trial { trace: twin, schedules: vec![schedule], probe }
}

/// True for an asynchronous copy with pageable memory, whose twin has pinned memory and does not wait.
fn before_is_pageable(trace: &Trace<Position>, step: usize) -> bool {
    let Some(Action::Copy { dst, src, synchronous: false, .. }) = trace.steps.get(step).map(|s| &s.action)
    else {
        return false;
    };
    [dst, src].into_iter().any(|range| memory(trace, &range.buffer) == Some(Memory::Pageable))
}

/// How long a run took from the first hold until the step that overtakes it had taken effect.
pub fn effect(schedule: &Schedule, run: &Run) -> Option<Duration> {
    let hold = schedule.holds.first()?;
    let until = hold.until?;
    let between = run.steps.get(hold.before..until)?.iter().map(|step| step.host);
    let last = run.steps.get(until)?;
    Some(between.sum::<Duration>() + last.device.unwrap_or(last.host))
}

/// Keeps the work of a twin that must show no value no longer back than it has to be. What is ordered waits for the
/// whole of the patience, in every trial: after a misuse that showed in each of its trials, `LONGER` times as long
/// as it took to show is enough; and after one that was measured in time, as long as for any other race.
pub fn shorten(twin: &mut Trial, of: &Trial, effect: Option<Duration>) {
    if twin.probe != Probe::Values {
        return;
    }
    let most = match (&of.probe, effect) {
        (Probe::Values, Some(effect)) => (effect * LONGER).max(LEAST),
        (Probe::Values, None) => return,
        _ => PATIENCE,
    };
    for hold in twin.schedules.iter_mut().flat_map(|schedule| &mut schedule.holds) {
        hold.patience = hold.patience.min(most);
    }
}

/// The schedules under which a race between two steps may show.
pub fn schedules(trace: &Trace<Position>, pending: usize, access: usize) -> Vec<Schedule> {
    let captured = capture::captured(trace);
    let is_captured = |step: usize| captured.get(step).is_some_and(Option::is_some);
    if is_captured(pending) && is_captured(access) {
        // Two nodes of a graph: what is held in one is held for the whole patience.
        let hold = Hold { before: pending, until: None, patience: PATIENCE };
        return vec![Schedule { holds: vec![hold], guard: false }, Schedule::default()];
    }
    let pending = hold_point(trace, pending);
    let hold =
        |before, until| Schedule { holds: vec![Hold { before, until, patience: PATIENCE }], guard: false };
    let mut all = vec![hold(pending, Some(access)), hold(pending, None)];
    all.push(Schedule { guard: true, ..hold(pending, Some(access)) });
    // Work before the pending step, on its stream, may be what the second access must not overtake.
    let enqueues =
        |step: &usize| trace.steps.get(*step).is_some_and(|step| stream_of(&step.action).is_some());
    if access > pending && enqueues(&access) {
        all.push(hold(access, None));
    }
    all.push(Schedule::default());
    all.retain(|schedule| schedule.holds.iter().all(|hold| enqueues(&hold.before)));
    all
}

/// A schedule for every step that enqueues work: for traces without a known hazard.
pub fn every_schedule(trace: &Trace<Position>) -> Vec<Schedule> {
    let mut captured = 0_usize;
    let mut all = vec![Schedule::default()];
    for (index, step) in trace.steps.iter().enumerate() {
        match &step.action {
            Action::BeginCapture { .. } => captured += 1,
            Action::EndCapture { .. } => captured = captured.saturating_sub(1),
            action if captured == 0 && action.work_stream().is_some() => {
                let holds = vec![Hold { before: index, until: None, patience: PATIENCE }];
                all.push(Schedule { holds: holds.clone(), guard: false });
                all.push(Schedule { holds, guard: true });
            }
            _ => {}
        }
    }
    all
}

/// The long hold before a step, until its end.
fn long(before: usize) -> Schedule {
    Schedule { holds: vec![Hold { before, until: None, patience: LONG }], guard: false }
}

/// Where to hold so that a step's work is kept back: of a captured step, the launch of its graph.
fn hold_point(trace: &Trace<Position>, step: usize) -> usize {
    let mut open = None;
    for (index, other) in trace.steps.iter().enumerate() {
        match &other.action {
            Action::BeginCapture { .. } => open = Some(index),
            Action::EndCapture { graph, .. } => {
                let Some(begin) = open.take() else { continue };
                if begin < step && step < index {
                    let launch = trace.steps.iter().skip(index).position(
                        |step| matches!(&step.action, Action::LaunchGraph { graph: launched, .. } if launched == graph),
                    );
                    return launch.map_or(step, |launch| index + launch);
                }
            }
            _ => {}
        }
    }
    step
}

/// The same trace with so large a copy that the driver does not stage it, if it is one to the device.
fn unstaged(trace: &Trace<Position>, step: usize) -> (Trace<Position>, String) {
    let mut large = trace.clone();
    let Some(Action::Copy { dst, kind, .. }) = trace.steps.get(step).map(|step| &step.action) else {
        return (large, String::new());
    };
    let to_host = *kind == Some(CopyKind::DeviceToHost)
        || memory(trace, &dst.buffer).is_some_and(|memory| memory.is_host_accessible());
    if to_host || dst.len() >= NOT_STAGED {
        return (large, String::new());
    }
    grow(&mut large, NOT_STAGED);
    let remark = format!(
        "measured with buffers of {} MiB: small pageable copies to the device are staged, and the call returns at once",
        NOT_STAGED >> 20
    );
    (large, remark)
}

/// Makes all buffers large, and all accesses that take the whole of one take the whole of it still.
fn grow(trace: &mut Trace<Position>, to: u64) {
    let mut sizes = std::collections::BTreeMap::new();
    for step in &mut trace.steps {
        if let Action::Allocate { buffer, bytes, .. } = &mut step.action {
            sizes.insert(buffer.clone(), *bytes);
            *bytes = (*bytes).max(to);
        }
    }
    for step in &mut trace.steps {
        match &mut step.action {
            // Both ends of a copy have the same length, so all copies take the whole.
            Action::Copy { dst, src, .. } => {
                for range in [dst, src] {
                    (range.start, range.end) = (0, sizes.get(&range.buffer).map_or(to, |old| (*old).max(to)));
                }
            }
            Action::Fill { dst, .. } => whole(dst, &sizes, to),
            Action::Launch { reads, writes, .. } | Action::HostFunction { reads, writes, .. } => {
                reads.iter_mut().chain(writes).for_each(|range| whole(range, &sizes, to));
            }
            Action::HostRead { range } | Action::HostWrite { range } => whole(range, &sizes, to),
            _ => {}
        }
    }
}

fn whole(
    range: &mut cuda_lint_engine::trace::Range,
    sizes: &std::collections::BTreeMap<String, u64>,
    to: u64,
) {
    if sizes.get(&range.buffer).is_some_and(|old| range.start == 0 && range.end == *old && *old < to) {
        range.end = to;
    }
}

/// The same trace after a kernel on another, blocking stream, which is step 2.
fn beside_a_held_stream(trace: &Trace<Position>, step: usize) -> (Trace<Position>, usize) {
    let mut fresh = "held".to_string();
    let text = format!("{trace:?}");
    while text.contains(&format!("\"{fresh}")) {
        fresh.push('_');
    }
    let buffer = format!("{fresh}_data");
    let range = cuda_lint_engine::trace::Range { buffer: buffer.clone(), start: 0, end: 4 };
    let before = [
        Action::Allocate { buffer, memory: Memory::Device, bytes: 4, stream: None },
        Action::CreateStream { stream: fresh.clone(), non_blocking: false },
        Action::Launch {
            kernel: "other".to_string(),
            reads: Vec::new(),
            writes: vec![range],
            stream: Stream::Named(fresh),
            meant: None,
        },
    ];
    let count = before.len();
    let steps = before.into_iter().map(|action| Step { action, place: None });
    let steps = steps.chain(trace.steps.iter().cloned()).collect();
    (Trace { default_stream: trace.default_stream, steps }, step + count)
}

/// For each step of one trace, the same step of another that has some more, fewer or changed ones: the longest
/// common subsequence, and what lies alone between two pairs of it.
fn alignment(from: &Trace<Position>, to: &Trace<Position>) -> Vec<Option<usize>> {
    let (a, b) = (&from.steps, &to.steps);
    let mut longest = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i].action == b[j].action {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let mut at = vec![None; a.len()];
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i].action == b[j].action {
            at[i] = Some(j);
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] == longest[i][j + 1] && same_sort(&a[i].action, &b[j].action) {
            // Changed in place.
            at[i] = Some(j);
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] > longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    at
}

fn same_sort(a: &Action, b: &Action) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn memory(trace: &Trace<Position>, name: &str) -> Option<Memory> {
    trace.steps.iter().find_map(|step| match &step.action {
        Action::Allocate { buffer, memory, .. } if buffer == name => Some(*memory),
        _ => None,
    })
}

/// The stream in which a step's work takes its place.
pub fn stream_of(action: &Action) -> Option<&Stream> {
    match action {
        Action::Allocate { stream, .. } | Action::Free { stream, .. } => stream.as_ref(),
        action => action.work_stream(),
    }
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::trace::{judge::judge, text};

    use super::*;
    use crate::machine::Observed;

    fn trace(text: &str) -> Trace<Position> {
        text::parse(text).unwrap()
    }

    #[test]
    fn captured_work_is_held_at_the_launch_of_its_graph() {
        let text = "d = device 64\ns = stream\nbegin-capture s\nfill d[0..64] on s\ng = end-capture s\n\
                    launch-graph g on s\n";
        assert_eq!((hold_point(&trace(text), 3), hold_point(&trace(text), 5)), (5, 5));
        assert!(
            every_schedule(&trace(text)).iter().all(|schedule| schedule.holds.iter().all(|h| h.before == 5))
        );
    }

    #[test]
    fn a_pageable_copy_is_measured_above_the_staging_limit() {
        let misused =
            trace("h = pageable 4096\nd = device 4096\ns = stream\ncopy d[0..4096] <- h[0..4096] on s\n");
        let (large, remark) = unstaged(&misused, 3);
        assert!(remark.contains("64 MiB"), "{remark}");
        let Action::Copy { dst, .. } = &large.steps[3].action else { panic!() };
        assert_eq!(dst.len(), NOT_STAGED);
    }

    #[test]
    fn a_kernel_handed_its_stream_runs_beside_a_held_one() {
        let misused = trace("held = device 64\ns = stream\nlaunch f writes held[0..64] on default meant s\n");
        let (beside, step) = beside_a_held_stream(&misused, 2);
        assert_eq!(step, 5);
        assert_eq!(beside.steps[5].action, misused.steps[2].action);
        let names: Vec<String> = text::print(&beside).lines().take(2).map(str::to_string).collect();
        assert_eq!(names, ["held__data = device 4", "held_ = stream"]);
    }

    #[test]
    fn a_twin_waits_ten_times_as_long_as_the_misuse_needed() {
        let schedule =
            |patience| Schedule { holds: vec![Hold { before: 1, until: Some(2), patience }], guard: false };
        let ms = Duration::from_millis;
        let step = |host, device: Option<u64>| Observed {
            host: ms(host),
            device: device.map(ms),
            ..Observed::default()
        };
        let mut run = Run { steps: vec![step(9, None), step(1, None), step(1, Some(2))], ..Run::default() };
        assert_eq!(effect(&schedule(PATIENCE), &run), Some(ms(3)));
        run.steps.pop();
        assert_eq!(effect(&schedule(PATIENCE), &run), None);

        let trial = |probe, patience| Trial {
            trace: trace("s = stream\n"),
            schedules: vec![schedule(patience)],
            probe,
        };
        let shortened = |twin: Probe, of: Probe, patience, effect: Option<u64>| {
            let mut twin = trial(twin, patience);
            shorten(&mut twin, &trial(of, patience), effect.map(ms));
            twin.schedules[0].holds[0].patience
        };
        assert_eq!(shortened(Probe::Values, Probe::Values, PATIENCE, Some(0)), LEAST);
        assert_eq!(shortened(Probe::Values, Probe::Values, PATIENCE, Some(5)), PATIENCE);
        assert_eq!(shortened(Probe::Values, Probe::Values, PATIENCE, None), PATIENCE);
        // A time is measured in the twin too, or it is not.
        assert_eq!(shortened(Probe::HostWaits(2), Probe::HostWaits(2), LONG, None), LONG);
        assert_eq!(shortened(Probe::Values, Probe::HostWaits(2), LONG, None), PATIENCE);
    }

    #[test]
    fn a_wait_counts_if_it_takes_most_of_the_hold() {
        let relied =
            trace("d = device 64\ns = stream\nlaunch f writes d[0..64] on s\nfree d with cudaFree\n");
        let hazard = &judge(&relied)[0];
        let (observation, trial, _) = misuse(&relied, hazard);
        assert_eq!((observation, &trial.probe), (Observation::ReliedOnWait, &Probe::HostWaits(3)));
        let run = |milliseconds| Run {
            steps: (0..4)
                .map(|_| Observed { host: Duration::from_millis(milliseconds), ..Observed::default() })
                .collect(),
            ..Run::default()
        };
        let expected = crate::values::expected(&relied);
        let hit = |ms| trial.probe.hit(&relied, &expected, &run(ms), &trial.schedules[0]).is_some();
        assert_eq!((hit(39), hit(41)), (false, true));
    }
}
