//! A timeline as SVG. Colours come from the style sheet of the page, so that it follows light and dark.

use std::fmt::Write;

use cuda_lint_evidence::BarKind;

use super::chart::{self, Chart, Placed};
use super::timeline::{Bar, Look, Timeline};
use super::words::escape;

/// The height of a row.
const ROW: f64 = 34.0;
/// The height of a bar.
const BAR: f64 = 22.0;
/// Above the first row.
const TOP: f64 = 6.0;

/// Draws a timeline; `name` is what it is called for those who do not see it.
pub fn draw(timeline: &Timeline, name: &str) -> String {
    let longest = timeline.rows.iter().map(|row| row.chars().count()).max().unwrap_or(0);
    let left = longest as f64 * 7.0 + 16.0;
    let (width, height) = (left + timeline.end + 12.0, TOP + ROW * timeline.rows.len() as f64 + 4.0);
    let mut out = format!(
        "<div class=\"scroll\"><svg class=\"timeline\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 \
         {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">",
        escape(name)
    );
    let y = |row: usize| TOP + ROW * row as f64;
    for (row, name) in timeline.rows.iter().enumerate() {
        let middle = y(row) + BAR / 2.0;
        let _ = write!(
            out,
            "<line class=\"row\" x1=\"{left:.0}\" x2=\"{:.0}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\
             <text class=\"name\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            width - 4.0,
            left - 10.0,
            middle + 4.0,
            escape(name)
        );
    }
    if let Some(clash) = timeline.clash {
        let (top, bottom) = (clash.pending.min(clash.access), clash.pending.max(clash.access));
        let _ = write!(
            out,
            "<rect class=\"clash\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>",
            left + clash.start - 3.0,
            y(top) - 4.0,
            clash.end - clash.start + 6.0,
            y(bottom) - y(top) + BAR + 8.0
        );
    }
    for bar in &timeline.bars {
        draw_bar(&mut out, bar, left, y(bar.row));
    }
    out.push_str("</svg></div>");
    out
}

fn draw_bar(out: &mut String, bar: &Bar, left: f64, y: f64) {
    let class = match bar.look {
        Look::Call => "call",
        Look::Wait => "wait",
        Look::Touch => "touch",
        Look::Work => "work",
        Look::Hold => "hold",
        Look::Bad => "bad",
    };
    let (x, width, label) = (left + bar.start, bar.end - bar.start, escape(&bar.label));
    let _ = write!(
        out,
        "<g class=\"{class}\"><title>step {}: {label}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{BAR}\" rx=\"3\"/>",
        bar.step
    );
    if bar.look == Look::Hold {
        let _ = write!(
            out,
            "<rect fill=\"url(#hatch)\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"3\"/>"
        );
        let middle = x + width / 2.0;
        let _ = write!(
            out,
            "<rect class=\"plate\" x=\"{:.1}\" y=\"{:.1}\" width=\"34\" height=\"14\" rx=\"2\"/>",
            middle - 17.0,
            y + 4.0
        );
    }
    let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\">{label}</text></g>", x + width / 2.0, y + 15.0);
}

/// The height of a lane of a chart, and of a bar in it.
const LANE: (f64, f64) = (24.0, 20.0);
/// The space between two rows of a chart.
const BETWEEN: f64 = 14.0;
/// Above the first row of a chart: numbers of steps stand there.
const NUMBERS: f64 = 16.0;
/// The height of the axis.
const AXIS: f64 = 30.0;

/// Draws a measured run; `name` as for [`draw`].
pub fn chart(chart: &Chart, name: &str) -> String {
    let longest = chart.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let left = longest as f64 * 7.0 + 18.0;
    let mut tops = Vec::new();
    let mut bottom = NUMBERS;
    for row in &chart.rows {
        tops.push(bottom);
        bottom += LANE.0 * row.lanes as f64 + BETWEEN;
    }
    let (width, height) = (left + chart::WIDTH + 14.0, bottom + AXIS);
    let y = |row: usize, lane: usize| tops.get(row).copied().unwrap_or(NUMBERS) + LANE.0 * lane as f64;
    let mut out = format!(
        "<div class=\"scroll\"><svg class=\"timeline\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 \
         {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">",
        escape(name)
    );
    for (index, row) in chart.rows.iter().enumerate() {
        let middle = (y(index, 0) + y(index, row.lanes) - LANE.0 + LANE.1) / 2.0;
        let _ = write!(
            out,
            "<line class=\"row\" x1=\"{left:.0}\" x2=\"{:.0}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\
             <text class=\"name\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            left + chart::WIDTH,
            left - 10.0,
            middle + 4.0,
            escape(&row.name)
        );
    }
    axis(&mut out, chart, left, bottom);
    if let Some(clash) = chart.clash
        && let (Some(a), Some(b)) = (chart.bars.get(clash.bars.0), chart.bars.get(clash.bars.1))
    {
        let (a, b) = (y(a.row, a.lane), y(b.row, b.lane));
        let _ = write!(
            out,
            "<rect class=\"clash\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\"/>",
            left + clash.from - 2.0,
            a.min(b) - 3.0,
            clash.to - clash.from + 4.0,
            (a - b).abs() + LANE.1 + 6.0
        );
    }
    for placed in &chart.bars {
        measured(&mut out, placed, left, y(placed.row, placed.lane));
    }
    out.push_str("</svg></div>");
    out
}

fn axis(out: &mut String, chart: &Chart, left: f64, y: f64) {
    let _ = write!(
        out,
        "<g class=\"axis\"><line x1=\"{left:.0}\" x2=\"{:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text class=\"name\" x=\"{:.0}\" y=\"{:.1}\">ms</text>",
        left + chart::WIDTH,
        left - 10.0,
        y + 17.0
    );
    for tick in &chart.ticks {
        let x = left + tick.at;
        let _ = write!(out, "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{:.1}\"/>", y + 4.0);
        if !tick.text.is_empty() {
            let x = left + tick.text_at;
            let _ = write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>", y + 17.0, escape(&tick.text));
        }
    }
    for cut in &chart.cuts {
        let (x, top, low) = (left + cut.at, y - 5.0, y + 5.0);
        let _ = write!(
            out,
            "<rect class=\"plate\" x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"4\"/>\
             <path d=\"M{:.1} {low:.1}l6 -10M{:.1} {low:.1}l6 -10\"/>\
             <line class=\"cut\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP:.1}\" y2=\"{top:.1}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            x - 4.5,
            y - 2.0,
            x - 7.0,
            x + 1.0,
            y + 17.0,
            escape(&cut.text)
        );
    }
    out.push_str("</g>");
}

fn measured(out: &mut String, placed: &Placed, left: f64, y: f64) {
    let bar = &placed.bar;
    let kind = match bar.kind {
        _ if bar.bad => "bad",
        BarKind::Call => "call",
        BarKind::Wait => "wait",
        BarKind::Touch => "touch",
        BarKind::Work => "work",
        BarKind::Hold => "hold",
    };
    let (x, width, height) = (left + placed.from, placed.to - placed.from, LANE.1);
    let between = if bar.bounded { "somewhere between " } else { "" };
    let _ = write!(
        out,
        "<g class=\"{kind}{}\"><title>step {}: {}\n{between}{:.3} and {:.3} ms</title><rect x=\"{x:.1}\" \
         y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" rx=\"2\"/>",
        if bar.bounded { " bounded" } else { "" },
        bar.step,
        escape(&bar.label),
        bar.begin,
        bar.end,
    );
    let pattern = if bar.bounded { Some("between") } else { (bar.kind == BarKind::Hold).then_some("hatch") };
    if let Some(pattern) = pattern {
        let _ = write!(
            out,
            "<rect class=\"over\" fill=\"url(#{pattern})\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height}\" rx=\"2\"/>"
        );
    }
    if let Some(above) = placed.above {
        let x = left + above;
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>", y - 4.0, bar.step);
    }
    if !placed.text.is_empty() {
        let (middle, letters) = (x + width / 2.0, placed.text.chars().count() as f64 * 6.7);
        if pattern.is_some() {
            let _ = write!(
                out,
                "<rect class=\"plate\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" rx=\"2\"/>",
                middle - letters / 2.0 - 1.0,
                y + 3.0,
                letters + 2.0
            );
        }
        let _ = write!(out, "<text x=\"{middle:.1}\" y=\"{:.1}\">{}</text>", y + 14.0, escape(&placed.text));
    }
    out.push_str("</g>");
}

/// What all drawings of a page share. It is drawn once, and must not be hidden: what refers to it would be empty.
pub const HATCH: &str = "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>\
    <pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern>\
    <pattern id=\"between\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">\
    <line class=\"between\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\"/></pattern></defs></svg>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::timeline::Clash;

    #[test]
    fn rows_bars_and_the_clash_are_drawn_and_names_are_escaped() {
        let bar = |row: usize, label: &str, look: Look| Bar {
            row,
            start: 0.0,
            end: 60.0,
            label: label.to_owned(),
            look,
            step: 3,
        };
        let timeline = Timeline {
            rows: vec!["host".to_owned(), "s<T>".to_owned()],
            bars: vec![bar(0, "read h", Look::Bad), bar(1, "held", Look::Hold)],
            clash: Some(Clash { pending: 1, access: 0, start: 0.0, end: 60.0 }),
            note: String::new(),
            end: 60.0,
        };
        let svg = draw(&timeline, "a \"race\"");
        assert!(svg.contains("s&lt;T&gt;") && svg.contains("a &quot;race&quot;") && !svg.contains("s<T>"));
        for class in ["clash", "bad", "hold", "row"] {
            assert!(svg.contains(&format!("class=\"{class}\"")), "{class}");
        }
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn a_measured_run_says_what_is_bounded_and_where_time_is_cut_out() {
        let bars = [
            "host | call | 4 | 0.010 .. 0.018 | copy h ← d",
            "host | touch misuse | 5 | 0.018 .. 0.022 | read h",
            "s<T> | hold | 4 | 0.012 .. 10.012 | held",
            "s<T> | work between | 4 | 10.012 .. 10.060 | copy h ← d",
        ];
        let timeline = cuda_lint_evidence::Timeline {
            clash: Some((4, 5)),
            bars: bars.iter().map(|bar| bar.parse().unwrap()).collect(),
            ..Default::default()
        };
        let svg = chart(&chart::chart(&timeline), "a race");
        for part in
            ["class=\"clash\"", "class=\"cut\"", "work bounded", "somewhere between 10.012 and 10.060 ms"]
        {
            assert!(svg.contains(part), "{part} is missing: {svg}");
        }
        assert!(svg.contains("s&lt;T&gt;") && !svg.contains("s<T>"));
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }
}
