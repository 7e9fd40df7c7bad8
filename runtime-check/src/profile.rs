//! Where the time of a run goes: seconds by stage, and the slowest items of each.
//!
//! Stages overlap, and run several items at a time, so that their seconds are a sum of waiting times and may be
//! more than the clock's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many of the slowest items of a stage are named.
const SLOWEST: usize = 3;

/// What was measured since the last report.
static STAGES: Mutex<BTreeMap<&'static str, Stage>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Stage {
    items: usize,
    sum: Duration,
    /// The slowest first.
    slowest: Vec<(Duration, String)>,
}

impl Stage {
    fn add(&mut self, took: Duration, item: &str) {
        self.items += 1;
        self.sum += took;
        let at = self.slowest.partition_point(|(other, _)| *other >= took);
        if at < SLOWEST {
            self.slowest.insert(at, (took, item.to_owned()));
            self.slowest.truncate(SLOWEST);
        }
    }
}

/// Does a piece of work, and notes how long it takes.
pub fn time<T>(stage: &'static str, item: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    add(stage, item, start.elapsed());
    done
}

/// Notes how long something took.
pub fn add(stage: &'static str, item: &str, took: Duration) {
    STAGES.lock().unwrap_or_else(PoisonError::into_inner).entry(stage).or_default().add(took, item);
}

/// Says what was noted since the last time, one line for each stage, and forgets it; empty if there was nothing.
pub fn report() -> String {
    let stages = std::mem::take(&mut *STAGES.lock().unwrap_or_else(PoisonError::into_inner));
    render(&stages)
}

fn render(stages: &BTreeMap<&'static str, Stage>) -> String {
    let mut stages: Vec<_> = stages.iter().collect();
    stages.sort_by_key(|(_, stage)| std::cmp::Reverse(stage.sum));
    let mut text = String::new();
    for (name, Stage { items, sum, slowest }) in stages {
        let slowest: Vec<String> =
            slowest.iter().map(|(took, item)| format!("{item} {:.1}", took.as_secs_f64())).collect();
        let sum = sum.as_secs_f64();
        let _ = writeln!(text, "  {sum:7.1} s {name}: {items} items; slowest {}", slowest.join(", "));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_named_and_all_are_counted() {
        let mut stage = Stage::default();
        for (ms, item) in [(300, "c"), (1_000, "a"), (100, "d"), (500, "b")] {
            stage.add(Duration::from_millis(ms), item);
        }
        let mut stages = BTreeMap::from([("compile", stage)]);
        stages.entry("run").or_default().add(Duration::from_secs(3), "x");
        let text = render(&stages);
        assert_eq!(
            text.lines().map(str::trim).collect::<Vec<_>>(),
            ["3.0 s run: 1 items; slowest x 3.0", "1.9 s compile: 4 items; slowest a 1.0, b 0.5, c 0.3"]
        );
        assert_eq!(render(&BTreeMap::new()), "");
    }
}
