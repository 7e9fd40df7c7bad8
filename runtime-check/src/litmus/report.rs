//! What a litmus run found, and how it is said.

use std::fmt::Write;

use cuda_lint_engine::trace::Memory;
use serde::{Deserialize, Serialize};

use super::oracle::{Class, Meets};

/// How many examples of one sort are kept.
pub const EXAMPLES: usize = 20;

/// What a run over a range of traces found. Reports of parts add up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many traces were tried.
    pub traces: u64,
    /// Traces in which the model sees no hazard.
    pub hazard_free: u64,
    /// Runs of the machine.
    pub runs: u64,
    /// How many schedules each trace ran under besides those aimed at its hazards.
    pub schedules: u32,
    /// For how long a step was held back at most, in milliseconds.
    pub patience_ms: f64,
    /// How long it took.
    pub seconds: f64,
    /// The pairs, by class.
    pub classes: Vec<Row>,
    /// How often something showed that the model excludes.
    pub unpredicted_total: u64,
    /// What showed that the model excludes.
    pub unpredicted: Vec<Unpredicted>,
    /// Runs in which a small copy from page-locked memory did not wait for the legacy barrier, and that show
    /// nothing else: documentation excludes it, the device does it.
    #[serde(default)]
    pub past_the_barrier: u64,
    /// The first trace of those.
    #[serde(default)]
    pub past_the_barrier_example: String,
    /// Traces in which a call returned an error, or which the machine refused: they say nothing.
    pub refused: u64,
    /// Examples of those.
    pub refusals: Vec<String>,
    /// Observable pairs that did not show, and that no undocumented wait explains.
    pub missed: Vec<Missed>,
    /// Ranges of traces that were lost with the process that ran them.
    pub lost: Vec<String>,
}

/// The pairs of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    #[serde(flatten)]
    pub class: Class,
    /// True for those that an undocumented wait was measured to order.
    pub relies: bool,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What is counted of pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The model says that nothing orders them.
    pub predicted: u64,
    /// The order makes a difference that could be looked at, and a schedule was aimed at it.
    pub observable: u64,
    /// The difference was seen.
    pub shown: u64,
    /// The order makes no difference that could be looked at.
    pub masked: u64,
}

/// Something that the model excludes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unpredicted {
    /// Which trace of the seed.
    pub trace: u64,
    /// Its smallest form that still shows it, as text.
    pub text: String,
    /// The schedule that shows it there.
    pub schedule: String,
    /// What was seen.
    pub seen: String,
}

/// A predicted pair that did not show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// Which trace of the seed.
    pub trace: u64,
    /// The pending step.
    pub pending: usize,
    /// The step that meets it.
    pub access: usize,
    /// Its class.
    #[serde(flatten)]
    pub class: Class,
    /// True if the access was seen to wait for the pending step.
    pub waited: bool,
    /// The trace.
    pub text: String,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.predicted += other.predicted;
        self.observable += other.observable;
        self.shown += other.shown;
        self.masked += other.masked;
    }

    /// How much of what could be seen was seen.
    pub fn rate(self) -> Option<f64> {
        (self.observable > 0).then(|| self.shown as f64 / self.observable as f64)
    }
}

impl Report {
    /// Counts something of a class.
    pub fn count(&mut self, class: Class, relies: bool, counts: Counts) {
        match self.classes.iter_mut().find(|row| row.class == class && row.relies == relies) {
            Some(row) => row.counts.add(counts),
            None => {
                self.classes.push(Row { class, relies, counts });
                self.classes.sort_by_key(|row| (row.relies, row.class));
            }
        }
    }

    /// Adds the report of another part of the same run.
    pub fn add(&mut self, other: Self) {
        self.traces += other.traces;
        self.hazard_free += other.hazard_free;
        self.runs += other.runs;
        self.refused += other.refused;
        self.unpredicted_total += other.unpredicted_total;
        self.past_the_barrier += other.past_the_barrier;
        if self.past_the_barrier_example.is_empty() {
            self.past_the_barrier_example = other.past_the_barrier_example;
        }
        for row in other.classes {
            self.count(row.class, row.relies, row.counts);
        }
        take(&mut self.unpredicted, other.unpredicted);
        take(&mut self.refusals, other.refusals);
        take(&mut self.missed, other.missed);
        self.lost.extend(other.lost);
    }

    /// The pairs that the target is about: documented, on memory other than pageable and stream-ordered.
    pub fn target(&self) -> Counts {
        let mut sum = Counts::default();
        for row in &self.classes {
            if !row.relies && !matches!(row.class.memory, Memory::Pageable | Memory::StreamOrdered) {
                sum.add(row.counts);
            }
        }
        sum
    }

    /// Traces in a minute.
    pub fn speed(&self) -> f64 {
        if self.seconds > 0.0 { self.traces as f64 * 60.0 / self.seconds } else { 0.0 }
    }

    /// True if the model stands: nothing that it excludes, nothing lost, and nearly all that it predicts.
    pub fn holds(&self) -> bool {
        let enough = self.target().rate().is_none_or(|rate| rate >= 0.95);
        self.unpredicted_total == 0 && self.lost.is_empty() && self.refused == 0 && enough
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "seed {}: {} traces, {} of them free of hazards; {} runs in {:.1} s ({:.0} traces a minute)",
            self.seed,
            self.traces,
            self.hazard_free,
            self.runs,
            self.seconds,
            self.speed(),
        );
        for relies in [false, true] {
            let rows: Vec<&Row> = self.classes.iter().filter(|row| row.relies == relies).collect();
            if rows.is_empty() {
                continue;
            }
            let title = if relies {
                "Pairs that a measured, undocumented wait orders on this device"
            } else {
                "Pairs that nothing orders"
            };
            let _ = writeln!(text, "{title}:");
            let _ = writeln!(
                text,
                "  {:18}{:16}{:23}{:>10}{:>8}{:>11}{:>8}{:>9}",
                "conflict", "memory", "meets", "predicted", "masked", "observable", "shown", "rate"
            );
            for row in rows {
                let Counts { predicted, observable, shown, masked } = row.counts;
                let rate = row.counts.rate().map_or_else(String::new, |it| format!("{:.1} %", it * 100.0));
                let _ = writeln!(
                    text,
                    "  {:18}{:16}{:23}{predicted:>10}{masked:>8}{observable:>11}{shown:>8}{rate:>9}",
                    conflict(row.class),
                    row.class.memory.word(),
                    row.class.meets.word(),
                );
            }
        }
        let target = self.target();
        let _ = writeln!(
            text,
            "shown of the observable pairs on pinned, registered, managed and device memory: {} of {}{}",
            target.shown,
            target.observable,
            target.rate().map_or_else(String::new, |it| format!(" ({:.2} %)", it * 100.0)),
        );
        let _ = writeln!(text, "seen although the model excludes it: {}", self.unpredicted_total);
        for it in &self.unpredicted {
            let _ =
                writeln!(text, "- trace {}: {} ({})\n{}", it.trace, it.seen, it.schedule, indent(&it.text));
        }
        if self.past_the_barrier > 0 {
            let _ = writeln!(
                text,
                "a small copy from page-locked memory did not wait for the legacy barrier, against the \
                 documentation: in {} runs, first in\n{}",
                self.past_the_barrier,
                indent(&self.past_the_barrier_example)
            );
        }
        if self.refused > 0 {
            let _ = writeln!(text, "traces that could not be judged: {}", self.refused);
            for it in self.refusals.iter().take(5) {
                let _ = writeln!(text, "- {it}");
            }
        }
        for it in &self.lost {
            let _ = writeln!(text, "lost: {it}");
        }
        text
    }
}

/// For people.
fn conflict(class: Class) -> &'static str {
    use cuda_lint_engine::trace::judge::Conflict;
    match class.conflict {
        Conflict::WriteThenRead => "write, then read",
        Conflict::ReadThenWrite => "read, then write",
        Conflict::WriteThenWrite => "write, then write",
        Conflict::UseThenRelease if class.meets == Meets::Release => "use, then release",
        Conflict::UseThenRelease => "use, release",
    }
}

fn take<T>(kept: &mut Vec<T>, more: Vec<T>) {
    let room = EXAMPLES.saturating_sub(kept.len());
    kept.extend(more.into_iter().take(room));
}

pub(super) fn indent(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "    " + line + "\n")
}
