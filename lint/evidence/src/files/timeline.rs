//! When everything happened in one run of a witness: what the report draws.
//!
//! A bar is one line of text in the file, `s | work | 5 | 10.021 .. 10.034 | compute(d)`, since a table for each
//! would be most of the file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::round;

/// One run of the misuse, and one of its twin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timelines {
    /// The first run in which the misuse showed, else the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misuse: Option<Timeline>,
    /// The first run of the twin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Timeline>,
}

/// When everything happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// By how much the device's times may be off against the host's, in microseconds.
    pub error_us: f64,
    /// The steps that get in each other's way: the pending work, and the access that does not wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clash: Option<(usize, usize)>,
    /// What took time.
    pub bars: Vec<Bar>,
}

/// Something that took time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bar {
    /// Who was busy: [`Bar::HOST`], or a stream.
    pub row: String,
    /// What it is.
    pub kind: BarKind,
    /// True if it was not measured when it ran: it did so somewhere between the two times.
    pub bounded: bool,
    /// True for the step with which something is wrong.
    pub bad: bool,
    /// The number of the step, from 1; steps that the replay puts before the witness count.
    pub step: usize,
    /// When it began, in milliseconds since the first step.
    pub begin: f64,
    /// When it ended.
    pub end: f64,
    /// What it is, in words.
    pub label: String,
}

/// What a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    /// A call of the host.
    Call,
    /// A call that waited.
    Wait,
    /// The host touched memory.
    Touch,
    /// Work of the device.
    Work,
    /// The stream was held.
    Hold,
}

impl BarKind {
    const ALL: [Self; 5] = [Self::Call, Self::Wait, Self::Touch, Self::Work, Self::Hold];

    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Wait => "wait",
            Self::Touch => "touch",
            Self::Work => "work",
            Self::Hold => "hold",
        }
    }
}

impl Timeline {
    /// Rounds times to microseconds, of which clocks know no parts.
    pub(super) fn tidy(&mut self) {
        self.error_us = round(self.error_us, 1);
        for bar in &mut self.bars {
            // Not -0, which reads as another time than 0.
            bar.begin = round(bar.begin, 3) + 0.0;
            bar.end = round(bar.end, 3) + 0.0;
            bar.row = bar.row.replace('|', "/");
            bar.label = bar.label.replace(['\n', '\r'], " ").trim().to_owned();
        }
    }
}

impl Bar {
    /// The row of the host.
    pub const HOST: &str = "host";
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, kind, bounded, bad, step, begin, end, label } = self;
        let marks = [(*bounded, " between"), (*bad, " misuse")];
        let marks = marks.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect::<String>();
        write!(f, "{row} | {}{marks} | {step} | {begin:.3} .. {end:.3} | {label}", kind.name())
    }
}

impl From<Bar> for String {
    fn from(bar: Bar) -> Self {
        bar.to_string()
    }
}

impl TryFrom<String> for Bar {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Bar {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| format!("`{text}` is no bar of a timeline"))
    }
}

fn read(text: &str) -> Option<Bar> {
    let mut parts = text.splitn(5, '|').map(str::trim);
    let (row, what, step, times, label) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut words = what.split(' ');
    let word = words.next()?;
    let kind = BarKind::ALL.into_iter().find(|kind| kind.name() == word)?;
    let (mut bounded, mut bad) = (false, false);
    for word in words {
        match word {
            "between" => bounded = true,
            "misuse" => bad = true,
            _ => return None,
        }
    }
    let time = |text: &str| text.trim().parse::<f64>().ok().filter(|time| time.is_finite());
    let (begin, end) = times.split_once("..")?;
    let (begin, end) = (time(begin)?, time(end)?);
    let (row, label, step) = (row.to_owned(), label.to_owned(), step.parse().ok()?);
    Some(Bar { row, kind, bounded, bad, step, begin, end, label })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_a_line() {
        for text in [
            "host | touch misuse | 7 | 0.093 .. 0.095 | read h",
            "stream 0 | work between misuse | 6 | 10.022 .. 10.060 | copy h ← d | again",
            "s | hold | 5 | -0.001 .. 10.004 | held",
        ] {
            let bar: Bar = text.parse().unwrap();
            assert_eq!(bar.to_string(), text);
        }
        let bar: Bar = "s | work between | 6 | 1.5 .. 2 | copy h ← d".parse().unwrap();
        assert!(bar.bounded && !bar.bad);
        assert_eq!((bar.kind, bar.step, bar.begin, bar.end), (BarKind::Work, 6, 1.5, 2.0));
        for text in ["", "s | work | 6 | 1 .. 2", "s | play | 6 | 1 .. 2 | x", "s | work | 6 | 1 .. inf | x"]
        {
            assert!(text.parse::<Bar>().unwrap_err().contains("no bar"), "{text}");
        }
    }

    #[test]
    fn what_is_tidy_survives_the_file() {
        let bar = |row: &str, label: &str| Bar {
            row: row.to_owned(),
            kind: BarKind::Call,
            bounded: false,
            bad: false,
            step: 1,
            begin: -0.000_04,
            end: 0.123_456,
            label: label.to_owned(),
        };
        let mut all = Timeline { error_us: 0.94, clash: Some((6, 7)), bars: vec![bar("a|b", " x\ny ")] };
        all.tidy();
        let text = toml::to_string_pretty(&all).unwrap();
        assert_eq!(toml::from_str::<Timeline>(&text).unwrap(), all, "{text}");
        assert!(text.contains("a/b | call | 1 | 0.000 .. 0.123 | x y"), "{text}");
    }
}
