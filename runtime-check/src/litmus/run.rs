//! Holds a machine against the model: random traces, each under several schedules.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cuda_lint_engine::trace::judge::{self, Hazard};
use cuda_lint_engine::trace::{Action, Position, Trace, capture, text};

use super::generate::generate;
use super::minimise::minimise;
use super::oracle::{self, Deviation, Meets, Pair};
use super::queues;
use super::random::Random;
use super::report::{Counts, EXAMPLES, Missed, Report, Unpredicted};
use crate::machine::{Hold, Machine, Run, Schedule};
use crate::platform::Error;
use crate::values::{self, Values};

/// How a machine is tried.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The longest time for which a step is held back.
    pub patience: Duration,
    /// Under how many schedules each trace runs that are not aimed at a hazard: one without a hold, the
    /// others with random ones.
    pub schedules: u32,
    /// At how many pairs of one trace a schedule is aimed.
    pub aims: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { patience: Duration::from_millis(1), schedules: 3, aims: 3 }
    }
}

/// How many traces in a row may fail before the machine is given up.
const FAILURES: u32 = 20;

/// Tries the traces `range` of a seed. `progress` hears of each.
pub fn run(
    machine: &mut dyn Machine,
    seed: u64,
    range: std::ops::Range<u64>,
    settings: Settings,
    mut progress: impl FnMut(),
) -> Report {
    let start = Instant::now();
    let mut report = Report {
        seed,
        schedules: settings.schedules,
        patience_ms: settings.patience.as_secs_f64() * 1e3,
        ..Report::default()
    };
    let mut failures = 0;
    for index in range.clone() {
        let mut random = Random::member(seed, index);
        let trace = generate(&mut random);
        report.traces += 1;
        match try_trace(machine, index, &trace, &mut random, settings, &mut report) {
            Ok(()) => failures = 0,
            Err(error) => {
                refuse(&mut report, format!("trace {index}: {error}"));
                failures += 1;
            }
        }
        progress();
        if failures == FAILURES {
            report.lost.push(format!("traces {} to {}: {FAILURES} in a row failed", index + 1, range.end));
            break;
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    report
}

/// Where a run may differ from the program's order.
struct Allowed {
    /// By the model.
    model: BTreeSet<oracle::Place>,
    /// By what the device is known not to keep, too.
    past_the_barrier: BTreeSet<oracle::Place>,
}

impl Allowed {
    fn new(trace: &Trace<Position>, pairs: &[Pair]) -> Self {
        let known = oracle::past_the_barrier(trace, pairs);
        Self {
            model: oracle::reach(trace, pairs),
            past_the_barrier: oracle::reach(trace, pairs.iter().chain(&known)),
        }
    }
}

fn refuse(report: &mut Report, why: String) {
    report.refused += 1;
    if report.refusals.len() < EXAMPLES {
        report.refusals.push(why);
    }
}

fn try_trace(
    machine: &mut dyn Machine,
    index: u64,
    trace: &Trace<Position>,
    random: &mut Random,
    settings: Settings,
    report: &mut Report,
) -> Result<(), Error> {
    let pairs = oracle::pairs(trace, &judge::judge(trace));
    let right = values::expected(trace);
    let allowed = Allowed::new(trace, &pairs);
    report.hazard_free += u64::from(pairs.is_empty());

    let mut schedules = vec![Schedule::default()];
    schedules.resize_with(settings.schedules.max(1) as usize, || holds(trace, random, settings.patience));
    let mut visible = BTreeSet::new();
    for schedule in &schedules {
        let run = machine.run(trace, schedule)?;
        report.runs += 1;
        if let Some(refusal) = refusal(trace, &run) {
            refuse(report, format!("trace {index}: {refusal}\n{}", text::print(trace)));
            return Ok(());
        }
        excluded(machine, index, trace, schedule, &right, &run, &allowed, report);
        visible = oracle::visible(&right, &run);
    }

    let mut aims = settings.aims;
    for pair in &pairs {
        let mut counts = Counts { predicted: 1, ..Counts::default() };
        if !oracle::is_observable(trace, pair, &right, &visible) {
            counts.masked = 1;
        } else if aims > 0 {
            aims -= 1;
            let mut aim = aim(machine, trace, pair, &right, settings.patience)?;
            if aim.shown && pair.relies {
                // What other pairs explain is no sign that the wait is missing.
                let others = oracle::reach(trace, pairs.iter().filter(|it| *it != pair));
                let found = oracle::deviations(&right, &aim.last);
                aim.shown =
                    found.iter().any(|it| allowed.model.contains(&it.place) && !others.contains(&it.place));
            }
            report.runs += u64::from(aim.runs);
            excluded(machine, index, trace, &aim.schedule, &right, &aim.last, &allowed, report);
            counts.shown = u64::from(aim.shown);
            // A next owner at the same address is not always to be had.
            let seen = oracle::visible(&right, &aim.last);
            let masked = !aim.shown && !oracle::is_observable(trace, pair, &right, &seen);
            counts.masked = u64::from(masked);
            counts.observable = u64::from(!masked);
            if !aim.shown && !masked && !pair.relies && report.missed.len() < EXAMPLES {
                report.missed.push(Missed {
                    trace: index,
                    pending: pair.pending,
                    access: pair.access,
                    class: pair.class,
                    waited: aim.waited,
                    text: text::print(trace),
                });
            }
        }
        report.count(pair.class, pair.relies, counts);
    }
    Ok(())
}

/// What came of a schedule that is aimed at a pair.
#[derive(Debug)]
pub struct Aim {
    /// The schedule.
    pub schedule: Schedule,
    /// The last run.
    pub last: Run,
    /// How many there were.
    pub runs: u32,
    /// The pair was seen in the wrong order.
    pub shown: bool,
    /// The access was seen to wait for as long as the pending work was kept back.
    pub waited: bool,
}

/// So much longer the pending step is kept back if nothing showed: the steps up to the access may take long.
const LONGER: u32 = 8;

/// Keeps the pending step back until the access has taken effect; twice, if nothing shows.
pub fn aim(
    machine: &mut dyn Machine,
    trace: &Trace<Position>,
    pair: &Pair,
    right: &Values,
    patience: Duration,
) -> Result<Aim, Error> {
    let in_capture = queues::in_capture(trace);
    let in_graph = [pair.pending, pair.access].iter().all(|it| in_capture.contains(it));
    let captured = capture::captured(trace);
    if in_capture.contains(&pair.pending) && !(in_graph && captured[pair.pending].is_some()) {
        // No such work runs there, so there is nothing that could be kept back.
        let (schedule, last) = (Schedule::default(), Run::default());
        return Ok(Aim { schedule, last, runs: 0, shown: false, waited: false });
    }
    let within = oracle::reach(trace, [pair]);
    let mut aim = |patience: Duration, runs: u32| {
        // A hold in a graph lasts for as long as it does: no step of the host comes after the other node.
        let until = Some(pair.access).filter(|_| !in_graph);
        let hold = Hold { before: pair.pending, until, patience };
        // What was released is gone, whatever is kept back.
        let holds = if pair.class.meets == Meets::Released { Vec::new() } else { vec![hold] };
        let schedule = Schedule { holds, guard: false };
        let last = machine.run(trace, &schedule)?;
        let shown = oracle::deviations(right, &last).iter().any(|it| within.contains(&it.place));
        let waited = waited(&last, pair, patience);
        Ok(Aim { schedule, last, runs, shown, waited })
    };
    let first = aim(patience, 1)?;
    if first.shown { Ok(first) } else { aim(patience * LONGER, 2) }
}

/// True if the host, or the work of the access, stood still for about as long as the hold lasted.
fn waited(run: &Run, pair: &Pair, patience: Duration) -> bool {
    let long = patience.mul_f64(0.8);
    let between = run.steps.get(pair.pending..=pair.access).unwrap_or(&[]);
    between.iter().any(|it| it.host >= long)
        || between.last().is_some_and(|it| it.device.is_some_and(|time| time >= long))
}

/// Why a run says nothing.
pub fn refusal(trace: &Trace<Position>, run: &Run) -> Option<String> {
    if let Some(signal) = run.signal {
        return Some(format!("ended by signal {signal}"));
    }
    let steps = trace.steps.iter().zip(&run.steps).enumerate();
    // A query that finds its point incomplete says so by its code.
    let mut failed = steps.filter(|(_, (step, it))| {
        it.code != 0 && !matches!(step.action, Action::Query { until_complete: false, .. })
    });
    failed.next().map(|(index, (_, it))| format!("step {index} returned {}", it.code))
}

/// Notes what a run shows and the model excludes, in the smallest trace that shows it.
#[allow(clippy::too_many_arguments, reason = "one run with everything that is known of it")]
fn excluded(
    machine: &mut dyn Machine,
    index: u64,
    trace: &Trace<Position>,
    schedule: &Schedule,
    right: &Values,
    run: &Run,
    allowed: &Allowed,
    report: &mut Report,
) {
    let mut found = oracle::deviations(right, run);
    found.retain(|it| !allowed.model.contains(&it.place));
    if found.is_empty() {
        return;
    }
    found.retain(|it| !allowed.past_the_barrier.contains(&it.place));
    let Some(first) = found.first() else {
        report.past_the_barrier += 1;
        if report.past_the_barrier_example.is_empty() {
            report.past_the_barrier_example = text::print(trace);
        }
        return;
    };
    report.unpredicted_total += 1;
    if report.unpredicted.len() >= EXAMPLES {
        return;
    }
    let mut seen = first.to_string();
    let (small, how) = minimise(trace, schedule, |trace, schedule| {
        match disagreement(machine, trace, schedule, judge::judge) {
            Some(deviation) => {
                seen = deviation.to_string();
                true
            }
            None => false,
        }
    });
    report.unpredicted.push(Unpredicted {
        trace: index,
        text: text::print(&small),
        schedule: describe(&how),
        seen,
    });
}

/// What a run shows that a model excludes.
pub fn disagreement(
    machine: &mut dyn Machine,
    trace: &Trace<Position>,
    schedule: &Schedule,
    judge: impl Fn(&Trace<Position>) -> Vec<Hazard>,
) -> Option<Deviation> {
    let run = machine.run(trace, schedule).ok().filter(|run| refusal(trace, run).is_none())?;
    let mut pairs = oracle::pairs(trace, &judge(trace));
    let documented = oracle::pairs(trace, &judge::judge(trace));
    pairs.extend(oracle::past_the_barrier(trace, &documented));
    let allowed = oracle::reach(trace, &pairs);
    let found = oracle::deviations(&values::expected(trace), &run);
    found.into_iter().find(|it| !allowed.contains(&it.place))
}

/// One or two steps are kept back until some later step.
fn holds(trace: &Trace<Position>, random: &mut Random, patience: Duration) -> Schedule {
    let captured = queues::in_capture(trace);
    let can_wait = |it: &usize| !captured.contains(it);
    let work: Vec<usize> = (0..trace.steps.len())
        .filter(|it| can_wait(it) && trace.steps[*it].action.work_stream().is_some())
        .collect();
    let mut befores: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..1 + random.below(2) {
        befores.extend(random.pick(&work));
    }
    let hold = |before: usize, random: &mut Random| {
        let later = trace.steps.len() - before - 1;
        let until = (later > 0).then(|| before + 1 + random.below(later.min(6))).filter(can_wait);
        Hold { before, until, patience }
    };
    let holds = befores.into_iter().map(|before| hold(before, random)).collect();
    Schedule { holds, guard: false }
}

/// For people.
pub fn describe(schedule: &Schedule) -> String {
    if schedule.holds.is_empty() {
        return "nothing held".to_owned();
    }
    let hold = |hold: &Hold| {
        let until = hold.until.map_or_else(|| "patience ends".to_owned(), |it| format!("step {it}"));
        format!("step {} held until {until}", hold.before)
    };
    schedule.holds.iter().map(hold).collect::<Vec<_>>().join(", ")
}
