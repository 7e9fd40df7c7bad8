//! What a run's times say: the bars that the evidence holds and the report draws, and a table of them.

use cuda_lint_engine::trace::judge::Hazard;
use cuda_lint_engine::trace::{Action, Memory, Position, Trace};
use cuda_lint_evidence::{Bar, BarKind, Timeline, Verdict};

use super::plan;
use crate::machine::Times;
use crate::report::words;

/// The steps of a run that are to be marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The step with which something is wrong; true if it is its work on the device.
    bad: Option<(usize, bool)>,
    /// The pending work, and the access that does not wait for it.
    clash: Option<(usize, usize)>,
}

impl Marks {
    /// What a hazard marks in a trace that has `before` more steps at its beginning.
    pub fn of(hazard: &Hazard, before: usize) -> Self {
        let step = plan::step_of(hazard) + before;
        let (work, clash) = match hazard {
            Hazard::Unordered { pending, relies_on: None, .. } => (true, Some((pending + before, step))),
            Hazard::Unordered { .. }
            | Hazard::CallInHostFunction { .. }
            | Hazard::UseAfterRelease { .. }
            | Hazard::CapturedBufferReleased { .. }
            | Hazard::WaitInHostFunction { .. }
            | Hazard::StreamAsArgument { .. } => (true, None),
            Hazard::HostTouchesDevice { .. }
            | Hazard::WrongKind { .. }
            | Hazard::WrongRelease { .. }
            | Hazard::CaptureIllegal { .. }
            | Hazard::CaptureUnjoined { .. }
            | Hazard::NoTime { .. }
            | Hazard::PageableCopy { .. }
            | Hazard::NeedlessWait { .. }
            | Hazard::MadeEachRound { .. }
            | Hazard::ErrorUnseen { .. }
            | Hazard::TimedTooEarly { .. }
            | Hazard::NeverAwaited { .. } => (false, None),
        };
        Self { bad: Some((step, work)), clash }
    }
}

/// The bars of a run. What only makes things ready is left out: it would drown the rest.
pub fn of(trace: &Trace<Position>, times: &Times, marks: Marks) -> Timeline {
    let ms = |nanoseconds: i64| nanoseconds as f64 / 1e6;
    let releases: Vec<i64> = times.device.iter().filter(|it| it.hold).map(|it| it.end).collect();
    let mut bars = Vec::new();
    for (index, (step, (begin, end))) in trace.steps.iter().zip(&times.host).enumerate() {
        let kind = match &step.action {
            Action::Allocate { memory, .. } if *memory != Memory::StreamOrdered => continue,
            Action::CreateStream { .. } | Action::CreateEvent { .. } | Action::CreateTimer { .. } => continue,
            Action::HostRead { .. } | Action::HostWrite { .. } => BarKind::Touch,
            Action::Synchronize { .. } | Action::Query { until_complete: true, .. } => BarKind::Wait,
            // A call that returned only once a stream was let go has waited for it.
            _ if releases.iter().any(|release| begin < release && release <= end) => BarKind::Wait,
            _ => BarKind::Call,
        };
        bars.push(Bar {
            row: Bar::HOST.to_owned(),
            kind,
            bounded: false,
            bad: false,
            step: index + 1,
            begin: ms(*begin),
            end: ms(*end),
            label: words::of(&step.action),
        });
    }
    for piece in &times.device {
        let Some(action) = trace.steps.get(piece.step).map(|step| &step.action) else { continue };
        let Some(stream) = plan::stream_of(action) else { continue };
        bars.push(Bar {
            row: words::row(stream, trace.default_stream),
            kind: if piece.hold { BarKind::Hold } else { BarKind::Work },
            bounded: !piece.measured,
            bad: false,
            step: piece.step + 1,
            begin: ms(piece.begin),
            end: ms(piece.end),
            label: if piece.hold { "held".to_owned() } else { words::of(action) },
        });
    }
    if let Some((step, work)) = marks.bad {
        let mut of_step: Vec<&mut Bar> =
            bars.iter_mut().filter(|bar| bar.step == step + 1 && bar.kind != BarKind::Hold).collect();
        let at = if work { of_step.len().checked_sub(1) } else { Some(0) };
        if let Some(bar) = at.and_then(|at| of_step.get_mut(at)) {
            bar.bad = true;
        }
    }
    Timeline {
        error_us: times.error as f64 / 1e3,
        clash: marks.clash.map(|(pending, access)| (pending + 1, access + 1)),
        bars,
    }
}

/// The times of verdicts as tables, in plain ASCII.
pub fn tables(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        let place = if verdict.line == 0 {
            verdict.file.clone()
        } else {
            format!("{}:{}", verdict.file, verdict.line)
        };
        let timelines = verdict.timelines.clone().unwrap_or_default();
        for (name, timeline) in [("misuse", &timelines.misuse), ("twin", &timelines.twin)] {
            text += &match timeline {
                Some(timeline) => format!(
                    "\n{place}: {}: {name}; ms since the first step, device within {:.1} us of the host\n{}",
                    verdict.rule,
                    timeline.error_us,
                    table(timeline)
                ),
                None => format!("\n{place}: {}: {name}: no times\n", verdict.rule),
            };
        }
    }
    text
}

/// One line for each piece of work, and for each step that has none.
fn table(timeline: &Timeline) -> String {
    let head = ["step", "what", "host begin", "host end", "stream", "device begin", "device end", ""];
    let mut rows = vec![head.map(String::from)];
    let time = |time: f64| format!("{time:.3}");
    let is_host = |bar: &&Bar| bar.row == Bar::HOST;
    let mut steps: Vec<usize> = timeline.bars.iter().map(|bar| bar.step).collect();
    steps.sort_unstable();
    steps.dedup();
    for step in steps {
        let of_step = || timeline.bars.iter().filter(|bar| bar.step == step);
        let host = of_step().find(is_host);
        let called = host.map_or_else(Default::default, |bar| [time(bar.begin), time(bar.end)]);
        let mut device: Vec<&Bar> = of_step().filter(|bar| !is_host(bar)).collect();
        device.sort_by(|a, b| a.begin.total_cmp(&b.begin));
        let note = |bar: &Bar| {
            let notes = [(bar.bounded, "between, not measured"), (bar.bad, "the misuse")];
            let notes: Vec<&str> = notes.into_iter().filter(|(set, _)| *set).map(|(_, note)| note).collect();
            notes.join("; ")
        };
        if device.is_empty()
            && let Some(host) = host
        {
            let [begin, end] = called;
            let none = String::new;
            rows.push([step.to_string(), host.label.clone(), begin, end, none(), none(), none(), note(host)]);
            continue;
        }
        for bar in device {
            // The hold was enqueued before the step, by the replayer.
            let shown = bar.kind != BarKind::Hold;
            let [begin, end] = if shown { called.clone() } else { Default::default() };
            let mut said = note(bar);
            if shown && host.is_some_and(|host| host.bad) {
                said = [said, "the misuse".to_owned()].join(if bar.bounded { "; " } else { "" });
            }
            let device = [time(bar.begin), time(bar.end)];
            let [from, to] = device;
            rows.push([step.to_string(), bar.label.clone(), begin, end, bar.row.clone(), from, to, said]);
        }
    }
    for row in &mut rows {
        row[1] = row[1].replace('←', "<-");
    }
    let widths: [usize; 8] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            let right = matches!(at, 0 | 2 | 3 | 5 | 6);
            line += &if right { format!("{cell:>width$}  ") } else { format!("{cell:width$}  ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::trace::judge::judge;
    use cuda_lint_engine::trace::text;

    use super::*;
    use crate::machine::Piece;

    fn run() -> (Trace<Position>, Times) {
        let trace: Trace<Position> = text::parse(
            "h = pinned 4096\nd = device 4096\ns = stream\nlaunch produce writes d[0..4096] on s\n\
             copy h[0..4096] <- d[0..4096] on s\nhost-read h[0..4096]\n",
        )
        .unwrap();
        let piece = |step, hold, measured, begin, end| Piece { step, hold, measured, begin, end };
        let times = Times {
            error: 950,
            host: vec![(0, 10), (20, 30), (40, 50), (5_000, 9_000), (9_000, 14_000), (14_000, 15_000)],
            device: vec![
                piece(3, true, true, 4_000, 16_000),
                piece(3, false, true, 18_000, 19_600),
                piece(4, false, false, 19_600, 40_000),
            ],
        };
        (trace, times)
    }

    #[test]
    fn bars_say_who_did_what_and_what_was_not_measured() {
        let (trace, times) = run();
        let hazard = &judge(&trace)[0];
        let timeline = of(&trace, &times, Marks::of(hazard, 0));
        let lines: Vec<String> = timeline.bars.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "host | call | 4 | 0.005 .. 0.009 | produce(d)",
                "host | call | 5 | 0.009 .. 0.014 | copy h ← d",
                "host | touch misuse | 6 | 0.014 .. 0.015 | read h",
                "s | hold | 4 | 0.004 .. 0.016 | held",
                "s | work | 4 | 0.018 .. 0.020 | produce(d)",
                "s | work between | 5 | 0.020 .. 0.040 | copy h ← d",
            ]
        );
        assert_eq!((timeline.clash, timeline.error_us), (Some((5, 6)), 0.95));
        assert!(of(&trace, &times, Marks::default()).bars.iter().all(|bar| !bar.bad));
    }

    #[test]
    fn a_call_that_returns_once_the_stream_is_free_has_waited() {
        let (trace, mut times) = run();
        times.host[4].1 = 16_500;
        let timeline = of(&trace, &times, Marks::default());
        assert_eq!((timeline.bars[0].kind, timeline.bars[1].kind), (BarKind::Call, BarKind::Wait));
    }

    #[test]
    fn the_table_has_a_line_for_each_piece_of_work() {
        let (trace, times) = run();
        let timeline = of(&trace, &times, Marks::of(&judge(&trace)[0], 0));
        let text = table(&timeline);
        assert_eq!(
            text,
            "step  what         host begin  host end  stream  device begin  device end\n   \
             4  held                               s              0.004       0.016\n   \
             4  produce(d)        0.005     0.009  s              0.018       0.020\n   \
             5  copy h <- d       0.009     0.014  s              0.020       0.040  between, not measured\n   \
             6  read h            0.014     0.015                                    the misuse\n"
        );
        assert!(text.is_ascii());
    }
}
