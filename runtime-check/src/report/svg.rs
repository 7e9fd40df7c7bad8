//! A timeline as SVG. Colours come from the style sheet of the page, so that it follows light and dark.

use std::fmt::Write;

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

/// What all drawings of a page share. It is drawn once, and must not be hidden: what refers to it would be empty.
pub const HATCH: &str = "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>\
    <pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs></svg>";

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
}
