//! Verdicts of reading, and the table of what was detected.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::distance::Distance;
use crate::mutants::Class;

/// What reading has shown about a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is correct code.
    NoHazard,
    /// Its hazard is not visible in one function.
    OtherFunction,
    /// A rule leaves it out on purpose.
    Exempt,
    /// It is a hazard that is missed, and the cause is known. Counts like one without a verdict.
    Hole,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::NoHazard, Self::OtherFunction, Self::Exempt, Self::Hole];

    /// The word for it in the list.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoHazard => "no-hazard",
            Self::OtherFunction => "other-function",
            Self::Exempt => "exempt",
            Self::Hole => "hole",
        }
    }
}

/// The list of verdicts, by `FILE:LINE CLASS` or `FILE:LINE CLASS/DISTANCE`.
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
            let wrong = || {
                format!("{}:{}: expected `FILE:LINE CLASS[/DISTANCE] VERDICT REASON`", path.display(), at + 1)
            };
            let mut words = line.splitn(4, ' ');
            let (Some(place), Some(class), Some(verdict), Some(reason)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(wrong());
            };
            let verdict = Verdict::ALL.into_iter().find(|it| it.name() == verdict).ok_or_else(wrong)?;
            let (bare, distance) = class.split_once('/').unwrap_or((class, "function"));
            if !Class::ALL.iter().any(|known| known.name() == bare)
                || !matches!(distance, "function" | "file" | "chain")
            {
                return Err(wrong());
            }
            known.insert(format!("{place} {class}"), (verdict, reason.to_owned()));
        }
        Ok(Self(known))
    }

    /// The verdict on a mutant, with its reason. One for its distance goes before one for all.
    pub fn of(&self, place: &str, class: Class, distance: Distance) -> Option<(Verdict, &str)> {
        let key = format!("{place} {}", class.name());
        let at_distance = self.0.get(&format!("{key}/{}", distance.name()));
        let (verdict, reason) = at_distance.or_else(|| self.0.get(&key))?;
        Some((*verdict, reason))
    }
}

/// How many of some mutants were detected.
#[derive(Clone, Copy, Default)]
struct Share {
    all: usize,
    detected: usize,
}

impl Share {
    fn count(&mut self, detected: bool) {
        self.all += 1;
        self.detected += usize::from(detected);
    }

    fn plus(self, other: Self) -> Self {
        Self { all: self.all + other.all, detected: self.detected + other.detected }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of mutants are small")]
    fn rate(self) -> String {
        if self.all == 0 {
            "–".to_owned()
        } else {
            format!("{:.2}", self.detected as f64 / self.all as f64)
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} of {}", self.detected, self.all)
    }
}

/// Counts of one class.
#[derive(Clone, Copy, Default)]
struct Row {
    no_hazard: usize,
    across: Share,
    exempt: Share,
    within: Share,
}

/// Counts by class.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<Class, Row>,
    unread: usize,
}

impl Table {
    /// Counts one mutant.
    pub fn count(&mut self, class: Class, verdict: Option<Verdict>, detected: bool) {
        let row = self.rows.entry(class).or_default();
        match verdict {
            Some(Verdict::NoHazard) => row.no_hazard += 1,
            Some(Verdict::OtherFunction) => row.across.count(detected),
            Some(Verdict::Exempt) => row.exempt.count(detected),
            Some(Verdict::Hole) | None => row.within.count(detected),
        }
        self.unread += usize::from(verdict.is_none() && !detected);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| class | sites | no hazard | other function: detected of | exempt: detected of | one function: \
             detected of | rate | rate, exempt counted |"
        )?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- | --- | --- |")?;
        let mut all = Row::default();
        for (class, row) in &self.rows {
            line(out, class.name(), row)?;
            all.no_hazard += row.no_hazard;
            all.across = all.across.plus(row.across);
            all.exempt = all.exempt.plus(row.exempt);
            all.within = all.within.plus(row.within);
        }
        line(out, "all", &all)?;
        writeln!(out, "\nMisses without a verdict: {}", self.unread)
    }
}

fn line(out: &mut fmt::Formatter<'_>, name: &str, row: &Row) -> fmt::Result {
    let Row { no_hazard, across, exempt, within } = *row;
    let sites = no_hazard + across.all + exempt.all + within.all;
    let strict = within.plus(exempt);
    writeln!(
        out,
        "| {name} | {sites} | {no_hazard} | {across} | {exempt} | {within} | {} | {} |",
        within.rate(),
        strict.rate()
    )
}
