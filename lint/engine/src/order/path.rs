//! Path conditions: what the branches taken so far say about numbers.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::alternatives::Alternatives;
use super::symbol::{Linear, Sym};
use super::value::{Condition, Relation};

/// What is known about linear expressions, each without its constant and with a positive first
/// coefficient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathConditions {
    known: BTreeMap<Key, Range>,
    /// Of each of these, one holds at least.
    alternatives: Alternatives,
}

/// A linear expression without its constant.
pub(super) type Key = Rc<[(Sym, i64)]>;

/// A gap between two ranges of values is remembered up to so many.
const GAP: i64 = 16;

/// The values that an expression can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Range {
    low: i64,
    high: i64,
    not: Vec<i64>,
}

impl Default for Range {
    fn default() -> Self {
        Self { low: i64::MIN, high: i64::MAX, not: Vec::new() }
    }
}

impl Range {
    fn excludes(&self, value: i64) -> bool {
        value < self.low || value > self.high || self.not.contains(&value)
    }

    /// Leaves out excluded values at the ends.
    fn tighten(&mut self) {
        while self.not.contains(&self.low) && self.low < self.high {
            self.low += 1;
        }
        while self.not.contains(&self.high) && self.low < self.high {
            self.high -= 1;
        }
    }

    /// The values that lie in both.
    pub(super) fn meet(&self, other: &Self) -> Self {
        let mut not = [&self.not[..], &other.not[..]].concat();
        not.sort_unstable();
        not.dedup();
        let mut met = Self { low: self.low.max(other.low), high: self.high.min(other.high), not };
        met.tighten();
        met
    }

    /// True if no value lies in both.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let met = self.meet(other);
        met.low > met.high || (met.low == met.high && met.not.contains(&met.low))
    }

    /// True if every value lies in the other range.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.low >= other.low && self.high <= other.high && other.not.iter().all(|it| self.excludes(*it))
    }

    /// What holds of both. After `step == 0 || step == 3` it is neither 1 nor 2: a gap between two ranges stays one,
    /// if it is no wider than [`GAP`].
    fn join(&self, other: &Self) -> Self {
        let (low, high) = (self.low.min(other.low), self.high.max(other.high));
        let gap = match self.high < other.low {
            true => self.high.saturating_add(1)..other.low,
            false => other.high.saturating_add(1)..self.low,
        };
        let gap = if gap.end.saturating_sub(gap.start) <= GAP { gap } else { 0..0 };
        let values = self.not.iter().chain(&other.not).copied().chain(gap);
        let mut not: Vec<i64> = values.filter(|it| self.excludes(*it) && other.excludes(*it)).collect();
        not.sort_unstable();
        not.dedup();
        not.retain(|it| (low..=high).contains(it));
        Self { low, high, not }
    }
}

/// A condition in terms of one expression: its key, and the comparison with a number.
enum Test {
    Equal(i64),
    AtMost(i64),
    AtLeast(i64),
}

impl PathConditions {
    /// Whether a condition holds, as far as the path tells.
    pub fn decide(&self, condition: &Condition) -> Option<bool> {
        let holds = match condition.expression.as_constant() {
            Some(value) => Some(match condition.relation {
                Relation::Zero => value == 0,
                Relation::NotPositive => value <= 0,
            }),
            None => {
                let (key, test) = normal_form(condition)?;
                let range = self.known.get(&key[..])?;
                match test {
                    Test::Equal(value) => {
                        if value < range.low || value > range.high || range.not.contains(&value) {
                            Some(false)
                        } else if range.low == range.high {
                            Some(true)
                        } else {
                            None
                        }
                    }
                    Test::AtMost(value) if range.high <= value => Some(true),
                    Test::AtMost(value) if range.low > value => Some(false),
                    Test::AtLeast(value) if range.low >= value => Some(true),
                    Test::AtLeast(value) if range.high < value => Some(false),
                    Test::AtMost(_) | Test::AtLeast(_) => None,
                }
            }
        };
        holds.map(|holds| holds != condition.negated)
    }

    /// Adds a condition. Returns false if it contradicts the path.
    pub fn assume(&mut self, condition: &Condition) -> bool {
        if let Some(holds) = self.decide(condition) {
            return holds;
        }
        let Some((key, test)) = normal_form(condition) else { return true };
        let range = self.known.entry(key.into()).or_default();
        match (test, condition.negated) {
            (Test::Equal(value), false) => (range.low, range.high) = (value, value),
            (Test::Equal(value), true) => {
                range.not.push(value);
                range.not.sort_unstable();
            }
            (Test::AtMost(value), false) => range.high = range.high.min(value),
            (Test::AtMost(value), true) => range.low = range.low.max(value.saturating_add(1)),
            (Test::AtLeast(value), false) => range.low = range.low.max(value),
            (Test::AtLeast(value), true) => range.high = range.high.min(value.saturating_sub(1)),
        }
        range.tighten();
        range.low <= range.high && self.propagate()
    }

    /// Of alternatives of which all others are excluded, the last one holds. Returns false if none is left of some.
    fn propagate(&mut self) -> bool {
        while let Some(verdict) = self.alternatives.forced(&self.known) {
            let Some((key, forced)) = verdict else { return false };
            let range = self.known.entry(key).or_default();
            *range = range.meet(&forced);
        }
        true
    }

    /// The symbols that the path has tested.
    pub fn tested(&self) -> impl Iterator<Item = Sym> + '_ {
        self.known.keys().flat_map(|key| key.iter()).map(|(symbol, _)| *symbol)
    }

    /// What holds on both of two paths.
    pub fn join(&mut self, other: &Self) {
        self.alternatives =
            Alternatives::of_paths((&self.known, &self.alternatives), (&other.known, &other.alternatives));
        self.known.retain(|key, range| match other.known.get(key) {
            Some(theirs) => {
                *range = range.join(theirs);
                *range != Range::default()
            }
            None => false,
        });
    }
}

fn normal_form(condition: &Condition) -> Option<(Vec<(Sym, i64)>, Test)> {
    let Linear { terms, constant } = &condition.expression;
    let flip = terms.first()?.1 < 0;
    let key: Vec<_> = if flip {
        terms.iter().map(|(symbol, c)| c.checked_neg().map(|c| (*symbol, c))).collect::<Option<_>>()?
    } else {
        terms.clone()
    };
    let bound = if flip { *constant } else { constant.checked_neg()? };
    // `c·x + k = 0` with c > 1 on a single symbol: divide where it divides.
    if let [(symbol, factor)] = key[..]
        && factor > 1
    {
        let key = vec![(symbol, 1)];
        return Some(match (condition.relation, flip) {
            (Relation::Zero, _) if bound % factor == 0 => (key, Test::Equal(bound / factor)),
            (Relation::Zero, _) => return None,
            (Relation::NotPositive, false) => (key, Test::AtMost(bound.div_euclid(factor))),
            (Relation::NotPositive, true) => (key, Test::AtLeast(-(-bound).div_euclid(factor))),
        });
    }
    Some((
        key,
        match (condition.relation, flip) {
            (Relation::Zero, _) => Test::Equal(bound),
            (Relation::NotPositive, false) => Test::AtMost(bound),
            (Relation::NotPositive, true) => Test::AtLeast(bound),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: i64, high: i64, not: &[i64]) -> Range {
        Range { low, high, not: not.to_vec() }
    }

    #[test]
    fn a_gap_between_two_ranges_stays_one() {
        assert_eq!(range(0, 0, &[]).join(&range(3, 3, &[])), range(0, 3, &[1, 2]));
        assert_eq!(range(3, 3, &[]).join(&range(0, 0, &[])), range(0, 3, &[1, 2]));
        assert_eq!(range(0, 3, &[1, 2]).join(&range(2, 5, &[3])), range(0, 5, &[1]));
        assert_eq!(range(0, 4, &[2]).join(&range(2, 2, &[])), range(0, 4, &[]));
        assert_eq!(range(0, 4, &[2]).join(&range(9, i64::MAX, &[])), range(0, i64::MAX, &[2, 5, 6, 7, 8]));
        assert_eq!(range(i64::MIN, 0, &[]).join(&range(1000, i64::MAX, &[])), Range::default());
        assert_eq!(range(0, 0, &[]).join(&range(1000, 1000, &[])), range(0, 1000, &[]));
    }
}
