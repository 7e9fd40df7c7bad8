//! The test of the test: the model with one rule taken away, or a wrong one added, has to be caught.
//!
//! A model without a rule calls pairs unordered that are ordered. It is *refuted* by one of them: with the
//! first step kept back, the second is seen to wait as long as the first is, and the wrong order never shows.
//! A model with a wrong rule calls pairs ordered that are not: what the machine shows of those, the model
//! excludes.

use std::fmt::Write;

use cuda_lint_engine::trace::judge::{self, Axioms, Conflict};
use cuda_lint_engine::trace::{Position, Trace, text};
use serde::{Deserialize, Serialize};

use super::generate::generate;
use super::minimise::minimise;
use super::oracle::{self, Pair};
use super::queues;
use super::random::Random;
use super::report::indent;
use super::run::{Settings, aim, describe, disagreement, refusal};
use crate::machine::{Machine, Schedule};
use crate::platform::Error;
use crate::values;

/// What became of one mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caught {
    /// The mutant.
    pub mutant: String,
    /// How many traces were tried on which it and the model disagree.
    pub tried: u64,
    /// Observable pairs that only the mutant calls unordered, and that did not show.
    pub never_shown: u64,
    /// Those that did show.
    pub shown: u64,
    /// How it was caught, if it was.
    pub by: Option<By>,
}

/// How a mutant was caught.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct By {
    /// In which way.
    pub way: Way,
    /// By which trace of the seed.
    pub trace: u64,
    /// Its smallest form.
    pub text: String,
    /// Under which schedule.
    pub schedule: String,
    /// What was seen.
    pub seen: String,
}

/// The ways to catch a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A pair that it calls unordered was seen to be ordered.
    Refuted,
    /// Something showed that it excludes.
    Excluded,
    /// Many pairs that it calls unordered, and not one shows.
    NeverShown,
}

/// So many pairs that never show catch a mutant, even if none was seen to wait.
const ENOUGH: u64 = 20;

/// So many disagreements are tried for each mutant.
const DISAGREEMENTS: u64 = 300;

/// Tries all mutants on the traces of a seed, until all are caught or `traces` are used up.
pub fn catch(
    machine: &mut dyn Machine,
    seed: u64,
    traces: u64,
    settings: Settings,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Caught>, Error> {
    let mutants = Axioms::mutants();
    let mut caught: Vec<Caught> = (mutants.iter())
        .map(|(name, _)| Caught { mutant: (*name).to_string(), tried: 0, never_shown: 0, shown: 0, by: None })
        .collect();
    for index in 0..traces {
        if caught.iter().all(|it| it.by.is_some()) {
            break;
        }
        let trace = generate(&mut Random::member(seed, index));
        let documented = oracle::pairs(&trace, &judge::judge(&trace));
        for ((_, axioms), caught) in mutants.iter().zip(&mut caught) {
            if caught.by.is_some() || caught.tried >= DISAGREEMENTS {
                continue;
            }
            let mutated = oracle::pairs(&trace, &judge::judge_with(&trace, *axioms));
            if differs(&mutated, &documented) {
                caught.tried += 1;
                attempt(machine, index, &trace, *axioms, &mutated, &documented, settings, caught)?;
            }
        }
        progress(caught.iter().filter(|it| it.by.is_some()).count());
    }
    Ok(caught)
}

fn differs(some: &[Pair], others: &[Pair]) -> bool {
    extra(some, others).next().is_some() || extra(others, some).next().is_some()
}

/// The pairs of `some` that `others` lack, save those that an undocumented wait orders.
fn extra<'p>(some: &'p [Pair], others: &'p [Pair]) -> impl Iterator<Item = &'p Pair> {
    let same = |one: &Pair, other: &Pair| {
        (one.pending, one.access, &one.buffer) == (other.pending, other.access, &other.buffer)
    };
    some.iter().filter(move |it| !it.relies && !others.iter().any(|other| same(it, other)))
}

#[allow(clippy::too_many_arguments, reason = "one disagreement with everything that is known of it")]
fn attempt(
    machine: &mut dyn Machine,
    index: u64,
    trace: &Trace<Position>,
    axioms: Axioms,
    mutated: &[Pair],
    documented: &[Pair],
    settings: Settings,
    caught: &mut Caught,
) -> Result<(), Error> {
    let right = values::expected(trace);
    let run = machine.run(trace, &Schedule::default())?;
    if refusal(trace, &run).is_some() {
        return Ok(());
    }
    let visible = oracle::visible(&right, &run);
    let observable = |it: &&Pair| oracle::is_observable(trace, it, &right, &visible);
    let model = |trace: &Trace<Position>| judge::judge_with(trace, axioms);

    for pair in extra(documented, mutated).filter(observable).take(2) {
        let aim = aim(machine, trace, pair, &right, settings.patience)?;
        let Some(seen) = disagreement(machine, trace, &aim.schedule, model) else { continue };
        let mut seen = seen.to_string();
        let (small, schedule) = minimise(trace, &aim.schedule, |trace, schedule| {
            let found = disagreement(machine, trace, schedule, model);
            if let Some(found) = &found {
                seen = found.to_string();
            }
            found.is_some()
        });
        let text = text::print(&small);
        let schedule = describe(&schedule);
        caught.by = Some(By { way: Way::Excluded, trace: index, text, schedule, seen });
        return Ok(());
    }

    // Nothing can be kept back in a capture: there the mutant says that work runs which never does.
    let captured = queues::in_capture(trace);
    if extra(mutated, documented).any(|it| captured.contains(&it.pending) && is_read(it)) {
        let differs = oracle::deviations(&right, &run);
        let allowed = oracle::reach(trace, documented);
        if differs.iter().all(|it| allowed.contains(&it.place)) {
            caught.never_shown += 1;
        }
    }

    for pair in extra(mutated, documented).filter(observable).take(2) {
        let aimed = aim(machine, trace, pair, &right, settings.patience)?;
        if aimed.shown {
            // What other pairs explain says nothing of this one.
            let explained = oracle::reach(trace, documented);
            let found = oracle::deviations(&right, &aimed.last);
            caught.shown += u64::from(found.iter().any(|it| !explained.contains(&it.place)));
            continue;
        }
        if !oracle::is_observable(trace, pair, &right, &oracle::visible(&right, &aimed.last)) {
            continue;
        }
        caught.never_shown += 1;
        if !aimed.waited {
            continue;
        }
        let (small, schedule) = minimise(trace, &aimed.schedule, |trace, schedule| {
            refutes(machine, trace, schedule, axioms, settings)
        });
        let text = text::print(&small);
        let schedule = describe(&schedule);
        let seen = "the second step waited for as long as the first was held".to_owned();
        caught.by = Some(By { way: Way::Refuted, trace: index, text, schedule, seen });
        return Ok(());
    }
    if caught.shown == 0 && caught.never_shown >= ENOUGH {
        let seen = format!("{} observable pairs, and none showed", caught.never_shown);
        let (text, schedule) = (text::print(trace), String::new());
        caught.by = Some(By { way: Way::NeverShown, trace: index, text, schedule, seen });
    }
    Ok(())
}

fn is_read(pair: &Pair) -> bool {
    pair.class.conflict == Conflict::WriteThenRead
}

/// True if the pair that the schedule is aimed at is one that only the mutant calls unordered, and if it is
/// seen to be ordered.
fn refutes(
    machine: &mut dyn Machine,
    trace: &Trace<Position>,
    schedule: &Schedule,
    axioms: Axioms,
    settings: Settings,
) -> bool {
    let [hold] = schedule.holds.as_slice() else { return false };
    let mutated = oracle::pairs(trace, &judge::judge_with(trace, axioms));
    let documented = oracle::pairs(trace, &judge::judge(trace));
    let right = values::expected(trace);
    let mut aimed_at =
        extra(&mutated, &documented).filter(|it| it.pending == hold.before && Some(it.access) == hold.until);
    aimed_at.any(|pair| {
        aim(machine, trace, pair, &right, settings.patience)
            .is_ok_and(|it| !it.shown && it.waited && refusal(trace, &it.last).is_none())
    })
}

/// For people.
pub fn text(caught: &[Caught]) -> String {
    let number = caught.iter().filter(|it| it.by.is_some()).count();
    let mut text = format!("mutants caught: {number} of {}\n", caught.len());
    for it in caught {
        let _ = match &it.by {
            Some(by) => writeln!(
                text,
                "- {}: {} by trace {} ({}; {})\n{}",
                it.mutant,
                by.way.word(),
                by.trace,
                by.schedule,
                by.seen,
                indent(&by.text)
            ),
            None => writeln!(
                text,
                "- {}: NOT CAUGHT ({} traces on which it differs, {} of its pairs showed, {} did not)",
                it.mutant, it.tried, it.shown, it.never_shown
            ),
        };
    }
    text
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Refuted => "refuted",
            Self::Excluded => "caught with what it excludes",
            Self::NeverShown => "caught with what never shows",
        }
    }
}
