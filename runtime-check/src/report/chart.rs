//! A measured run as a chart: a row for the host and one for each stream over an axis of real time.
//!
//! A hold of 10 ms beside calls of some microseconds leaves nothing to see of the calls, so long stretches in which
//! nothing begins or ends are cut out, and say how much is missing; all others have the same scale. What is too
//! short for its place gets the least width and pushes what follows it by as much.

use cuda_lint_evidence::{Bar, BarKind, Timeline};

/// The width of the axis.
pub const WIDTH: f64 = 400.0;
/// The width of a cut.
const CUT: f64 = 46.0;
/// The narrowest bar.
const NARROW: f64 = 3.0;
/// The width of a letter of a label.
const LETTER: f64 = 6.7;
/// The space between two labels of the axis.
const APART: f64 = 12.0;
/// At most so many stretches are cut out.
const CUTS: usize = 3;

/// A chart, in units of the drawing; 0 is where the axis begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// The rows; the first is the host's.
    pub rows: Vec<Row>,
    /// The bars.
    pub bars: Vec<Placed>,
    /// Marks of the axis.
    pub ticks: Vec<Tick>,
    /// Where time is cut out.
    pub cuts: Vec<Cut>,
    /// What overlaps that should not: rows from and to, and from where to where.
    pub clash: Option<Clash>,
}

/// A row: as many lanes as run at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose it is.
    pub name: String,
    /// How many lanes it has.
    pub lanes: usize,
}

/// A bar in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What it shows.
    pub bar: Bar,
    /// The row.
    pub row: usize,
    /// The lane in the row.
    pub lane: usize,
    /// From where.
    pub from: f64,
    /// To where.
    pub to: f64,
    /// What stands in it: its label if there is room, else the number of the step; empty if there is none for that.
    pub text: String,
    /// Where the number of the step is centred above the bar, if it has no room inside and some above.
    pub above: Option<f64>,
}

/// A mark of the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// Where its text is centred.
    pub text_at: f64,
    /// The time in milliseconds; empty if there is no room.
    pub text: String,
}

/// A stretch that is cut out.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// The middle.
    pub at: f64,
    /// How much is missing.
    pub text: String,
}

/// The pending work and the access, over the time of the access.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clash {
    /// The bars, by their place in [`Chart::bars`].
    pub bars: (usize, usize),
    /// From where.
    pub from: f64,
    /// To where.
    pub to: f64,
}

/// From times to places: straight pieces.
struct Scale {
    /// Times and their places, both ascending.
    points: Vec<(f64, f64)>,
    cuts: Vec<(f64, f64)>,
    /// Units for a millisecond where nothing is cut.
    unit: f64,
}

/// Lays out a run.
pub fn chart(timeline: &Timeline) -> Chart {
    let scale = Scale::of(&timeline.bars);
    let mut names = vec![Bar::HOST];
    for bar in &timeline.bars {
        if !names.contains(&bar.row.as_str()) {
            names.push(&bar.row);
        }
    }
    let mut chart = Chart::default();
    for (row, name) in names.iter().enumerate() {
        let mut bars: Vec<&Bar> = timeline.bars.iter().filter(|bar| bar.row == *name).collect();
        bars.sort_by(|a, b| {
            (a.begin, a.end).partial_cmp(&(b.begin, b.end)).unwrap_or(std::cmp::Ordering::Equal)
        });
        // For each lane: when its last bar ends, and where.
        let mut lanes: Vec<(f64, f64)> = Vec::new();
        for bar in bars {
            let free = lanes.iter().position(|(end, _)| *end <= bar.begin);
            let lane = free.unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push((f64::NEG_INFINITY, 0.0));
            }
            let from = scale.at(bar.begin).max(lanes[lane].1);
            let to = scale.at(bar.end).max(from + NARROW);
            lanes[lane] = (bar.end, to);
            let text = text(bar, to - from);
            chart.bars.push(Placed { bar: bar.clone(), row, lane, from, to, text, above: None });
        }
        chart.rows.push(Row { name: (*name).to_owned(), lanes: lanes.len().max(1) });
    }
    chart.fit();
    chart.number();
    chart.clash = timeline.clash.and_then(|steps| chart.clash(steps));
    chart.axis(&scale);
    chart
}

fn text(bar: &Bar, width: f64) -> String {
    let fits = |text: &str| text.chars().count() as f64 * LETTER + 4.0 <= width;
    let number = bar.step.to_string();
    [bar.label.clone(), number].into_iter().find(|text| fits(text)).unwrap_or_default()
}

impl Chart {
    /// What was pushed beyond the end comes back in: its row is squeezed.
    fn fit(&mut self) {
        for row in 0..self.rows.len() {
            let of_row = |placed: &&mut Placed| placed.row == row;
            let end = self.bars.iter().filter(|it| it.row == row).map(|it| it.to).fold(WIDTH, f64::max);
            let squeeze = WIDTH / end;
            for placed in self.bars.iter_mut().filter(of_row) {
                (placed.from, placed.to) = (placed.from * squeeze, placed.to * squeeze);
                placed.text = text(&placed.bar, placed.to - placed.from);
            }
        }
    }

    /// Numbers bars that have no room for a text, the misuse before all others. Above a second lane is no room.
    fn number(&mut self) {
        let mut order: Vec<usize> = (0..self.bars.len()).collect();
        order.sort_by_key(|index| !self.bars[*index].bar.bad);
        let mut taken: Vec<(usize, f64, f64)> = Vec::new();
        for index in order {
            let placed = &self.bars[index];
            if !placed.text.is_empty() || placed.lane > 0 {
                continue;
            }
            let number = placed.bar.step.to_string();
            let half = length_of(&number) / 2.0;
            let at = f64::midpoint(placed.from, placed.to).clamp(half, WIDTH - half);
            let (row, from, to) = (placed.row, at - half, at + half);
            if taken.iter().all(|other| other.0 != row || to + 2.0 <= other.1 || from >= other.2 + 2.0) {
                taken.push((row, from, to));
                self.bars[index].above = Some(at);
            }
        }
    }

    /// The access comes before the pending work is over.
    fn clash(&self, (pending, access): (usize, usize)) -> Option<Clash> {
        let bars = || self.bars.iter().enumerate().filter(|(_, it)| it.bar.kind != BarKind::Hold);
        let (work_at, work) = bars().rfind(|(_, it)| it.bar.step == pending && it.row > 0)?;
        let (other_at, other) =
            bars().filter(|(_, it)| it.bar.step == access).max_by_key(|(_, it)| it.row)?;
        (other.row != work.row && other.bar.begin < work.bar.end).then_some(Clash {
            bars: (work_at, other_at),
            from: other.from,
            to: other.to,
        })
    }

    fn axis(&mut self, scale: &Scale) {
        let cuts = scale.cuts.iter().map(|(from, to)| Cut {
            at: (scale.at(*from) + scale.at(*to)) / 2.0,
            text: format!("{} ms", length(to - from)),
        });
        self.cuts = cuts.collect();
        let (Some((first, _)), Some((last, _))) = (scale.points.first(), scale.points.last()) else { return };
        // The shortest round step whose texts have room.
        let widest = length_of(&decimal(*last, 0.001)) + APART;
        let steps = (-3..6).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        let step = steps.into_iter().find(|step| step * scale.unit >= widest).unwrap_or(1e6);
        let mut times: Vec<f64> = Vec::new();
        let mut runs: Vec<(f64, f64)> = Vec::new();
        let mut start = *first;
        for (from, to) in &scale.cuts {
            runs.push((start, *from));
            start = *to;
        }
        runs.push((start, *last));
        for (from, to) in runs {
            let mut time = (from / step).ceil() * step;
            while time <= to && times.len() < 200 {
                times.push(time);
                time += step;
            }
        }
        // Texts of the cuts stand on the axis too.
        let mut taken: Vec<(f64, f64)> = self.cuts.iter().map(|cut| around(cut.at, &cut.text)).collect();
        for time in times {
            let (at, text) = (scale.at(time), decimal(time, step));
            let half = length_of(&text) / 2.0;
            let text_at = at.clamp(half, WIDTH - half);
            let place = around(text_at, &text);
            let free = taken.iter().all(|(from, to)| place.1 + APART <= *from || place.0 >= *to + APART);
            if free {
                taken.push(place);
            }
            self.ticks.push(Tick { at, text_at, text: if free { text } else { String::new() } });
        }
    }
}

fn around(at: f64, text: &str) -> (f64, f64) {
    let half = length_of(text) / 2.0;
    (at - half, at + half)
}

/// How long a text of the axis is.
pub fn length_of(text: &str) -> f64 {
    text.chars().count() as f64 * 6.1
}

/// A time with as many decimals as the step of the axis has.
fn decimal(time: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 3.0) as usize;
    format!("{:.decimals$}", time + 0.0)
}

fn length(ms: f64) -> String {
    if ms >= 10.0 { format!("{ms:.0}") } else { format!("{ms:.2}") }
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let mut times: Vec<f64> = bars.iter().flat_map(|bar| [bar.begin, bar.end]).collect();
        times.push(0.0);
        times.sort_by(f64::total_cmp);
        times.dedup();
        let stretches: Vec<(f64, f64)> = times.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let mut cuts: Vec<(f64, f64)> = Vec::new();
        let mut left: f64 = stretches.iter().map(|(from, to)| to - from).sum();
        let mut longest = stretches.clone();
        longest.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
        for (from, to) in longest {
            let rest = left - (to - from);
            // What remains must be worth it.
            if cuts.len() == CUTS || to - from < 0.8 * left || rest < 0.001 {
                break;
            }
            left = rest;
            cuts.push((from, to));
        }
        cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let room = WIDTH - CUT * cuts.len() as f64;
        let unit = if left > 0.0 { room / left } else { 0.0 };
        let mut points = Vec::new();
        let mut at = 0.0;
        if let Some(first) = times.first() {
            points.push((*first, at));
        }
        for (from, to) in stretches {
            at += if cuts.contains(&(from, to)) { CUT } else { (to - from) * unit };
            points.push((to, at));
        }
        Self { points, cuts, unit }
    }

    fn at(&self, time: f64) -> f64 {
        let after = self.points.iter().position(|(point, _)| *point >= time);
        match after {
            Some(0) => 0.0,
            Some(index) => {
                let ((t0, x0), (t1, x1)) = (self.points[index - 1], self.points[index]);
                x0 + (time - t0) / (t1 - t0) * (x1 - x0)
            }
            None => self.points.last().map_or(0.0, |(_, at)| *at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(bars: &[&str], clash: Option<(usize, usize)>) -> Timeline {
        Timeline { error_us: 1.0, clash, bars: bars.iter().map(|bar| bar.parse().unwrap()).collect() }
    }

    /// A hold of 10 ms that the host waits for; two copies of which nobody knows when they ran.
    fn waits() -> Timeline {
        timeline(
            &[
                "host | call | 4 | 0.010 .. 0.018 | copy d ← h",
                "host | call | 5 | 0.018 .. 0.022 | copy e ← h",
                "host | wait | 6 | 0.022 .. 10.060 | wait for the device",
                "host | touch | 7 | 10.0601 .. 10.0602 | read h",
                "host | touch misuse | 8 | 10.0602 .. 10.0603 | write h",
                "s | hold | 4 | 0.012 .. 10.012 | held",
                "s | work between | 4 | 10.012 .. 10.060 | copy d ← h",
                "s | work between | 5 | 10.012 .. 10.060 | copy e ← h",
            ],
            Some((5, 8)),
        )
    }

    fn overlaps(chart: &Chart) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (index, a) in chart.bars.iter().enumerate() {
            for b in &chart.bars[index + 1..] {
                let same = (a.row, a.lane) == (b.row, b.lane);
                if same && a.from < b.to - 1e-6 && b.from < a.to - 1e-6 {
                    found.push((a.bar.to_string(), b.bar.to_string()));
                }
            }
        }
        found
    }

    #[test]
    fn bars_of_a_lane_do_not_overlap_and_stay_on_the_page() {
        let chart = chart(&waits());
        assert_eq!(overlaps(&chart), []);
        assert_eq!(
            chart.rows,
            [Row { name: "host".to_owned(), lanes: 1 }, Row { name: "s".to_owned(), lanes: 2 }]
        );
        for placed in &chart.bars {
            assert!(placed.from >= 0.0 && placed.to <= WIDTH + 1e-6 && placed.to > placed.from, "{placed:?}");
            let text = placed.text.chars().count() as f64 * LETTER;
            assert!(text <= placed.to - placed.from, "{placed:?}");
            assert!(placed.text.is_empty() || placed.above.is_none(), "{placed:?}");
        }
        // The read and the write are too short for a number each, and the misuse is the one that has it.
        let numbered: Vec<usize> =
            chart.bars.iter().filter(|it| it.above.is_some()).map(|it| it.bar.step).collect();
        assert!(numbered.contains(&8) && !numbered.contains(&7), "{numbered:?}");
    }

    #[test]
    fn a_long_stretch_without_events_is_cut_and_the_axis_has_room_for_its_texts() {
        let chart = chart(&waits());
        assert_eq!(chart.cuts.len(), 1, "{:?}", chart.cuts);
        assert_eq!(chart.cuts[0].text, "9.99 ms");
        let mut texts: Vec<(f64, f64)> = chart.cuts.iter().map(|cut| around(cut.at, &cut.text)).collect();
        texts.extend(
            chart.ticks.iter().filter(|it| !it.text.is_empty()).map(|it| around(it.text_at, &it.text)),
        );
        texts.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(texts.len() > 3, "{:?}", chart.ticks);
        assert!(texts.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{texts:?}");
        assert!(texts.iter().all(|(from, to)| *from >= -1e-6 && *to <= WIDTH + 1e-6), "{texts:?}");
        // The order of what was measured is the order of the places.
        let at = |step: usize, row: usize| {
            let bar = chart.bars.iter().find(|it| it.bar.step == step && it.row == row);
            bar.unwrap().from
        };
        assert!(at(4, 0) < at(5, 0) && at(5, 0) < at(6, 0) && at(6, 0) < at(7, 0) && at(7, 0) < at(8, 0));
    }

    #[test]
    fn an_access_before_the_end_of_the_pending_work_is_a_clash() {
        let early = timeline(
            &[
                "host | call | 5 | 0.026 .. 0.034 | copy h ← d",
                "host | touch misuse | 6 | 0.034 .. 0.035 | read h",
                "s | hold | 5 | 0.020 .. 0.038 | held",
                "s | work between | 5 | 0.038 .. 0.061 | copy h ← d",
            ],
            Some((5, 6)),
        );
        let drawn = chart(&early);
        let clash = drawn.clash.unwrap();
        assert_eq!(
            (drawn.bars[clash.bars.0].bar.step, drawn.bars[clash.bars.1].bar.label.as_str()),
            (5, "read h")
        );
        assert!(drawn.cuts.is_empty());
        // In the run above the host waited before it wrote.
        assert_eq!(chart(&waits()).clash, None);
    }

    #[test]
    fn nothing_and_moments_can_be_drawn() {
        assert_eq!(chart(&Timeline::default()).bars, []);
        let moment = chart(&timeline(&["host | call | 1 | 0.000 .. 0.000 | x"], None));
        assert_eq!(moment.bars[0].to - moment.bars[0].from, NARROW);
        // More than there is room for: what is pushed beyond the end is squeezed.
        let many: Vec<String> = (0..300)
            .map(|at| format!("host | call | {at} | {0:.3} .. {0:.3} | x", f64::from(at) / 1e3))
            .collect();
        let many = chart(&timeline(&many.iter().map(String::as_str).collect::<Vec<_>>(), None));
        assert_eq!(overlaps(&many), []);
        assert!(many.bars.iter().all(|it| it.to <= WIDTH + 1e-6));
    }
}
