//! Path conditions: what the branches taken so far say about numbers.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::symbol::{Linear, Sym};
use super::value::{Condition, Relation};

/// What is known about linear expressions, each without its constant and with a positive first
/// coefficient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathConditions {
    known: BTreeMap<Rc<[(Sym, i64)]>, Range>,
}

/// The values that an expression can have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Range {
    low: i64,
    high: i64,
    not: Vec<i64>,
}

impl Default for Range {
    fn default() -> Self {
        Self { low: i64::MIN, high: i64::MAX, not: Vec::new() }
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
        while range.not.contains(&range.low) && range.low < range.high {
            range.low += 1;
        }
        while range.not.contains(&range.high) && range.low < range.high {
            range.high -= 1;
        }
        range.low <= range.high
    }

    /// The symbols that the path has tested.
    pub fn tested(&self) -> impl Iterator<Item = Sym> + '_ {
        self.known.keys().flat_map(|key| key.iter()).map(|(symbol, _)| *symbol)
    }

    /// What holds on both of two paths.
    pub fn join(&mut self, other: &Self) {
        self.known.retain(|key, range| match other.known.get(key) {
            Some(theirs) => {
                range.low = range.low.min(theirs.low);
                range.high = range.high.max(theirs.high);
                range.not.retain(|value| theirs.not.contains(value));
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
