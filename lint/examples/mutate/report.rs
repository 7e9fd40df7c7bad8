//! Verdicts of reading, and the table of what was detected.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::mutants::Class;

/// What reading has shown about a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is correct code.
    NoHazard,
    /// Its hazard is not visible in one function.
    OtherFunction,
}

/// The list of verdicts, by `FILE:LINE CLASS`.
#[derive(Default)]
pub struct Verdicts(BTreeMap<String, (Verdict, String)>);

impl Verdicts {
    /// Reads a list; says which line is wrong.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut known = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong =
                || format!("{}:{}: expected `FILE:LINE CLASS VERDICT REASON`", path.display(), at + 1);
            let mut words = line.splitn(4, ' ');
            let (Some(place), Some(class), Some(verdict), Some(reason)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(wrong());
            };
            let verdict = match verdict {
                "no-hazard" => Verdict::NoHazard,
                "other-function" => Verdict::OtherFunction,
                _ => return Err(wrong()),
            };
            if !Class::ALL.iter().any(|known| known.name() == class) {
                return Err(wrong());
            }
            known.insert(format!("{place} {class}"), (verdict, reason.to_owned()));
        }
        Ok(Self(known))
    }

    /// The verdict on a mutant, with its reason.
    pub fn of(&self, place: &str, class: Class) -> Option<(Verdict, &str)> {
        let (verdict, reason) = self.0.get(&format!("{place} {}", class.name()))?;
        Some((*verdict, reason))
    }
}

/// Counts of one class.
#[derive(Clone, Copy, Default)]
struct Row {
    sites: usize,
    no_hazard: usize,
    across: usize,
    across_detected: usize,
    within: usize,
    within_detected: usize,
}

/// Counts by class.
#[derive(Default)]
pub struct Table(BTreeMap<Class, Row>);

impl Table {
    /// Counts one mutant.
    pub fn count(&mut self, class: Class, verdict: Option<Verdict>, detected: bool) {
        let row = self.0.entry(class).or_default();
        row.sites += 1;
        match verdict {
            Some(Verdict::NoHazard) => row.no_hazard += 1,
            Some(Verdict::OtherFunction) => {
                row.across += 1;
                row.across_detected += usize::from(detected);
            }
            None => {
                row.within += 1;
                row.within_detected += usize::from(detected);
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| class | sites | no hazard | other function: detected of | one function: detected of | rate |"
        )?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
        let mut all = Row::default();
        for (class, row) in &self.0 {
            line(out, class.name(), row)?;
            all.sites += row.sites;
            all.no_hazard += row.no_hazard;
            all.across += row.across;
            all.across_detected += row.across_detected;
            all.within += row.within;
            all.within_detected += row.within_detected;
        }
        line(out, "all", &all)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of mutants are small")]
fn line(out: &mut fmt::Formatter<'_>, name: &str, row: &Row) -> fmt::Result {
    let rate = if row.within == 0 {
        "–".to_owned()
    } else {
        format!("{:.2}", row.within_detected as f64 / row.within as f64)
    };
    writeln!(
        out,
        "| {name} | {} | {} | {} of {} | {} of {} | {rate} |",
        row.sites, row.no_hazard, row.across_detected, row.across, row.within_detected, row.within
    )
}
