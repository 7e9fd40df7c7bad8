//! One trace under every single hold: to look into a disagreement.

use std::fmt::Write;
use std::time::Duration;

use cuda_lint_engine::trace::{Position, Trace, judge};

use super::oracle;
use super::queues;
use super::run::{describe, refusal};
use crate::machine::{Hold, Machine, Schedule};
use crate::platform::Error;
use crate::values;

/// So often each schedule is run.
const TIMES: u32 = 10;

/// Runs a trace with nothing held, and with each piece of work held until each later step. The text for
/// people, and whether everything that showed is in the model.
pub fn examine(
    machine: &mut dyn Machine,
    trace: &Trace<Position>,
    patience: Duration,
) -> Result<(String, bool), Error> {
    let right = values::expected(trace);
    let pairs = oracle::pairs(trace, &judge::judge(trace));
    let allowed = oracle::reach(trace, &pairs);
    let mut text = String::new();
    for pair in &pairs {
        let relies = if pair.relies { ", save for an undocumented wait" } else { "" };
        let _ =
            writeln!(text, "not ordered: {} and {} at {}{relies}", pair.pending, pair.access, pair.buffer);
    }
    let captured = queues::in_capture(trace);
    let steps = trace.steps.len();
    let work =
        (0..steps).filter(|it| trace.steps[*it].action.work_stream().is_some() && !captured.contains(it));
    let holds = work.flat_map(|before| {
        (before + 1..steps).map(move |until| Hold { before, until: Some(until), patience })
    });
    let held = holds.map(|hold| Schedule { holds: vec![hold], guard: false });
    let mut predicted = true;
    for schedule in std::iter::once(Schedule::default()).chain(held) {
        let mut seen: Vec<(String, u32)> = Vec::new();
        let mut slowest = Duration::ZERO;
        for _ in 0..TIMES {
            let run = machine.run(trace, &schedule)?;
            if let Some(refusal) = refusal(trace, &run) {
                let _ = writeln!(text, "{}: {refusal}", describe(&schedule));
                break;
            }
            let until = schedule.holds.first().and_then(|it| it.until).and_then(|it| run.steps.get(it));
            slowest = slowest.max(until.and_then(|it| it.device).unwrap_or_default());
            for deviation in oracle::deviations(&right, &run) {
                let excluded = !allowed.contains(&deviation.place);
                predicted &= !excluded;
                let line = format!("{}{deviation}", if excluded { "EXCLUDED: " } else { "" });
                match seen.iter_mut().find(|it| it.0 == line) {
                    Some(it) => it.1 += 1,
                    None => seen.push((line, 1)),
                }
            }
        }
        let _ =
            writeln!(text, "{} (effect after {:.3} ms)", describe(&schedule), slowest.as_secs_f64() * 1e3);
        for (line, times) in seen {
            let _ = writeln!(text, "    {times} of {TIMES}: {line}");
        }
    }
    Ok((text, predicted))
}
