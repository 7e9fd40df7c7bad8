//! Experiments: one witness is put before the GPU, and the GPU's answer is a verdict.

use std::time::Duration;

use cuda_lint_engine::rules;
use cuda_lint_engine::trace::judge::{Hazard, judge};
use cuda_lint_engine::trace::{Position, Trace, repair, text};

use super::plan::{self, Trial};
use super::probe::Probe;
use super::timeline::{self, Marks};
use crate::machine::{Machine, Run, Schedule, Times};
use crate::platform::Error;
use crate::values::{self, Values};
use cuda_lint_evidence::{Answer, Counts, Observation, Timelines, Verdict};

/// How often a schedule is tried before the next one is.
const PROBES: u32 = 3;
/// The number of trials of what is slow: long holds, and processes that die.
const SLOW: u32 = 3;
/// At most so many hazards are repaired for one twin.
const REPAIRS: usize = 32;

/// What to put before the GPU.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The rule, or what the input says that it is.
    pub rule: String,
    /// Where the diagnostic stands.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The trace.
    pub trace: Trace<Position>,
    /// Whether somebody says that it is a misuse (`Some(true)`) or correct.
    pub declared: Option<bool>,
}

/// The rule of a trace that nobody blames.
pub const NO_RULE: &str = "(none)";

/// The answers to one witness: one for each hazard, or one if the model finds none.
pub fn replay(machine: &mut dyn Machine, witness: &Witness, trials: u32) -> Vec<Verdict> {
    let hazards = judge(&witness.trace);
    if hazards.is_empty() || witness.declared == Some(false) {
        return vec![without_hazard(machine, witness, &hazards)];
    }
    let chosen = chosen(witness, &hazards);
    chosen.into_iter().map(|hazard| one(machine, witness, hazard, hazards.len(), trials)).collect()
}

/// The hazards that are meant: of a witness, the one that its rule speaks of, which ends the trace; else all.
fn chosen<'a>(witness: &Witness, hazards: &'a [Hazard]) -> Vec<&'a Hazard> {
    if rules::find(&witness.rule).is_none() {
        return hazards.iter().collect();
    }
    let last = witness.trace.steps.len().saturating_sub(1);
    let worth = |hazard: &Hazard| {
        let (observation, ..) = plan::misuse(&witness.trace, hazard);
        let declared =
            rules::find(&witness.rule).is_some_and(|rule| observation == Observation::of(rule.witness));
        let ends = plan::step_of(hazard) == last;
        (ends, declared)
    };
    // Of those that are worth the same, the first.
    let best = hazards.iter().rev().max_by_key(|hazard| worth(hazard));
    best.into_iter().collect()
}

/// The SHA-256 of a trace's text form, without places: a program that moves a line is the same trace.
pub fn hash(trace: &Trace<Position>) -> String {
    let bare = trace.clone().map_places(|_| None::<Position>);
    cuda_lint_evidence::sha256(text::print(&bare).as_bytes())
}

fn blank(witness: &Witness, observation: Observation) -> Verdict {
    Verdict {
        rule: witness.rule.clone(),
        file: witness.file.clone(),
        line: witness.line,
        trace: hash(&witness.trace),
        witness: String::new(),
        observation,
        answer: Answer::Failed,
        misuse: Counts::default(),
        twin: Counts::default(),
        variant: None,
        same_as: String::new(),
        timelines: None,
        remark: String::new(),
    }
}

/// A trace in which the model finds no hazard, or which is said to be correct: it runs under every schedule
/// that keeps one piece of work back.
fn without_hazard(machine: &mut dyn Machine, witness: &Witness, hazards: &[Hazard]) -> Verdict {
    let mut verdict = blank(witness, Observation::WrongValue);
    let mut trial = Trial {
        trace: witness.trace.clone(),
        schedules: plan::every_schedule(&witness.trace),
        probe: Probe::Values,
    };
    for hazard in hazards {
        trial.schedules.extend(plan::misuse(&witness.trace, hazard).1.schedules);
    }
    let expected = values::expected(&trial.trace);
    for schedule in &trial.schedules {
        if let Err(error) =
            count(machine, &trial, schedule, &expected, PROBES, &mut verdict.misuse, &mut Sample::None)
        {
            verdict.remark = error.to_string();
            return verdict;
        }
    }
    let shows = verdict.misuse.hits > 0;
    let found = !hazards.is_empty();
    let (answer, remark) = match (witness.declared, found, shows) {
        (Some(false), true, _) => (Answer::Contradicted, "declared correct, but the model finds a hazard"),
        (Some(false), false, true) => (Answer::Contradicted, "declared correct, but the GPU shows a race"),
        (_, false, true) => (Answer::Contradicted, "the GPU shows a race that the model does not find"),
        (Some(true), ..) => {
            (Answer::NotObserved, "the model finds no hazard in this trace, and the GPU shows none")
        }
        (_, _, false) => (Answer::Confirmed, "no hazard: the model finds none, and the GPU shows none"),
        (None, true, true) => (Answer::Contradicted, "a race"),
    };
    (verdict.answer, verdict.remark) = (answer, remark.to_string());
    verdict
}

fn one(machine: &mut dyn Machine, witness: &Witness, hazard: &Hazard, of: usize, trials: u32) -> Verdict {
    let (observation, trial, remark) = plan::misuse(&witness.trace, hazard);
    let mut verdict = blank(witness, observation);
    let mut remarks = vec![remark];
    if of > 1 {
        remarks.push(format!("one of {of} hazards of this trace, and what shows may be another's"));
    }
    if let Err(error) = answer(machine, &witness.trace, hazard, &trial, trials, &mut verdict, &mut remarks) {
        verdict.answer = Answer::Failed;
        remarks.push(error.to_string());
    }
    remarks.retain(|remark| !remark.is_empty());
    verdict.remark = remarks.join("; ");
    verdict
}

fn answer(
    machine: &mut dyn Machine,
    trace: &Trace<Position>,
    hazard: &Hazard,
    trial: &Trial,
    trials: u32,
    verdict: &mut Verdict,
    remarks: &mut Vec<String>,
) -> Result<(), Error> {
    let mut sample = Sample::Hit(None);
    let (schedule, effect) = measure(machine, trial, trials, &mut verdict.misuse, &mut sample)?;
    let before = trial.trace.steps.len().saturating_sub(trace.steps.len());
    let times = sample.times();
    let misuse = times.map(|times| timeline::of(&trial.trace, &times, Marks::of(hazard, before)));
    verdict.timelines = Some(Timelines { misuse, twin: None });
    if verdict.misuse.hits == 0 && trial.probe == Probe::Values {
        remarks.push(unseen(&trial.trace, hazard));
    } else if let (0, Probe::Code(step)) = (verdict.misuse.hits, &trial.probe) {
        remarks.push(format!("step {} returned 0: this form is accepted here", step + 1));
    }
    let Some(repaired) = repaired(trace, hazard) else {
        verdict.answer = Answer::Failed;
        remarks.push("the model knows no repair, so there is no twin to compare with".to_string());
        return Ok(());
    };
    let mut twin = plan::twin(trial, &schedule, trace, &repaired);
    let sure = verdict.misuse.hits == verdict.misuse.trials;
    plan::shorten(&mut twin, trial, effect.filter(|_| sure));
    let mut sample = Sample::First(None);
    measure(machine, &twin, trials, &mut verdict.twin, &mut sample)?;
    if let Some(timelines) = &mut verdict.timelines {
        let times = sample.times();
        timelines.twin = times.map(|times| timeline::of(&twin.trace, &times, Marks::default()));
    }
    if let Some((variant, hazard)) = variant(trace, hazard) {
        let (_, trial, _) = plan::misuse(&variant, &hazard);
        let mut counts = Counts::default();
        measure(machine, &trial, trials, &mut counts, &mut Sample::None)?;
        verdict.variant = Some(counts);
    } else if matches!(hazard, Hazard::Unordered { relies_on: Some(_), .. }) {
        remarks.push(repair::why_no_variant(trace, hazard).to_string());
    }
    let variant_hits = verdict.variant.as_ref().is_none_or(|counts| counts.hits > 0);
    verdict.answer = match (verdict.misuse.hits > 0, verdict.twin.hits > 0) {
        (_, true) => Answer::Contradicted,
        (true, false) if variant_hits => Answer::Confirmed,
        (true, false) => {
            remarks.push("the call waits, but the variant without the wait shows no wrong value".to_string());
            Answer::NotObserved
        }
        (false, false) => Answer::NotObserved,
    };
    Ok(())
}

/// The trace without any hazard, this one first.
fn repaired(trace: &Trace<Position>, hazard: &Hazard) -> Option<Trace<Position>> {
    let mut trace = repair::repair(trace, hazard)?;
    for _ in 0..REPAIRS {
        let Some(next) = judge(&trace).into_iter().next() else { break };
        trace = repair::repair(&trace, &next)?;
    }
    Some(trace)
}

/// For a wait that is relied on: the trace in which nothing waits, and its race.
fn variant(trace: &Trace<Position>, hazard: &Hazard) -> Option<(Trace<Position>, Hazard)> {
    if !matches!(hazard, Hazard::Unordered { relies_on: Some(_), .. }) {
        return None;
    }
    let variant = repair::variant(trace, hazard)?;
    let race = judge(&variant)
        .into_iter()
        .find(|other| matches!(other, Hazard::Unordered { relies_on: None, .. }))?;
    Some((variant, race))
}

/// Runs a trial under the first of its schedules that shows anything, else under the first; that schedule, and
/// the longest time that the access took to overtake what was kept back.
fn measure(
    machine: &mut dyn Machine,
    trial: &Trial,
    trials: u32,
    counts: &mut Counts,
    sample: &mut Sample,
) -> Result<(Schedule, Option<Duration>), Error> {
    let expected = values::expected(&trial.trace);
    let trials = if trial.probe == Probe::Values { trials } else { trials.min(SLOW) };
    let mut chosen = trial.schedules.first().cloned().unwrap_or_default();
    let several = trial.schedules.len() > 1;
    for schedule in trial.schedules.iter().filter(|_| several) {
        let mut probe = Counts::default();
        count(machine, trial, schedule, &expected, PROBES.min(trials), &mut probe, &mut Sample::None)?;
        if probe.hits > 0 {
            chosen = schedule.clone();
            break;
        }
    }
    let effect = count(machine, trial, &chosen, &expected, trials, counts, sample)?;
    Ok((chosen, effect))
}

fn count(
    machine: &mut dyn Machine,
    trial: &Trial,
    schedule: &Schedule,
    expected: &Values,
    trials: u32,
    counts: &mut Counts,
    sample: &mut Sample,
) -> Result<Option<Duration>, Error> {
    let mut effect = None;
    let held = schedule.holds.iter().map(|hold| hold.patience).max();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..trials {
        let timed = sample.wants(counts);
        let mut run: Run = if timed {
            machine.timed(&trial.trace, schedule)?
        } else {
            machine.run(&trial.trace, schedule)?
        };
        let hit = trial.probe.hit(&trial.trace, expected, &run, schedule);
        sample.take(run.times.take(), counts.trials == 0 || hit.is_some());
        counts.trials += 1;
        // To tell times takes time.
        if !timed {
            effect = effect.max(plan::effect(schedule, &run));
        }
        if let Some(example) = hit {
            counts.hits += 1;
            if counts.example.is_empty() {
                counts.example = example;
            }
        }
        if let Some(observed) = trial.probe.step().and_then(|step| run.steps.get(step)) {
            times.push(
                observed
                    .device
                    .filter(|_| matches!(trial.probe, Probe::DeviceWaits(_)))
                    .unwrap_or(observed.host),
            );
            if observed.code != 0 && !counts.codes.contains(&observed.code) {
                counts.codes.push(observed.code);
            }
        }
    }
    times.sort_unstable();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    counts.host_ms = times.get(times.len() / 2).map(milliseconds).or(counts.host_ms);
    counts.held_ms = held.as_ref().map(milliseconds).or(counts.held_ms);
    Ok(effect)
}

/// The run whose times are told.
enum Sample {
    /// None.
    None,
    /// The first.
    First(Option<Times>),
    /// The first in which the misuse shows, else the first.
    Hit(Option<Times>),
}

impl Sample {
    /// True if the times of the next run are wanted. Once there is a hit, runs are no more disturbed.
    const fn wants(&self, so_far: &Counts) -> bool {
        match self {
            Self::None => false,
            Self::First(_) => so_far.trials == 0,
            Self::Hit(_) => so_far.hits == 0,
        }
    }

    fn take(&mut self, times: Option<Times>, better: bool) {
        if let (Self::First(kept) | Self::Hit(kept), Some(times), true) = (self, times, better) {
            *kept = Some(times);
        }
    }

    fn times(self) -> Option<Times> {
        match self {
            Self::None => None,
            Self::First(times) | Self::Hit(times) => times,
        }
    }
}

/// Why a race may not show.
fn unseen(trace: &Trace<Position>, hazard: &Hazard) -> String {
    let Hazard::Unordered { pending, access, buffer, .. } = hazard else { return String::new() };
    let later = trace.steps.iter().enumerate().skip((*pending).max(*access) + 1);
    let mut over = later.filter(|(_, step)| step.action.writes().iter().any(|range| range.buffer == *buffer));
    match over.next() {
        Some((step, _)) => {
            format!("no wrong value was seen; step {} writes {buffer} again and may mask one", step + 1)
        }
        None => "no wrong value was seen under any schedule".to_string(),
    }
}

#[cfg(test)]
mod tests;
