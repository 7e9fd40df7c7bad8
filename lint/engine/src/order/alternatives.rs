//! Conditions of which one holds at least: what `a || b` says of its then-branch.
//!
//! The paths into that branch, one with `a`, one with `b` and without `a`, differ in what they know of numbers only,
//! and become one. That neither of the two holds is excluded all the same: a program that allocates under
//! `unified || prefetched` and frees under it is not blamed for a path on which it freed as if both were false.

use std::collections::{BTreeMap, BTreeSet};

use super::path::{Key, Range};

/// So many sets of alternatives are remembered,
const CLAUSES: usize = 16;
/// each of so many.
const LITERALS: usize = 6;

/// An expression, and where its value lies.
type Literal = (Key, Range);

/// What a path knows of single expressions.
type Known = BTreeMap<Key, Range>;

/// Sets of conditions of which one holds at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Alternatives {
    clauses: BTreeSet<Vec<Literal>>,
}

impl Alternatives {
    /// What follows from what is known: `Some(Some(…))` for the last condition that a set has left, `Some(None)` if a
    /// set has none left, `None` if nothing is new. Sets that hold are forgotten.
    pub fn forced(&mut self, known: &Known) -> Option<Option<Literal>> {
        if self.clauses.is_empty() {
            return None;
        }
        self.clauses.retain(|clause| !holds(clause, known));
        self.clauses.iter().find_map(|clause| {
            let mut left = clause.iter().filter(|literal| !is_excluded(literal, known));
            match (left.next(), left.next()) {
                (last, None) => Some(last.cloned()),
                _ => None,
            }
        })
    }

    /// What holds on either of two paths.
    pub fn of_paths(one: (&Known, &Self), two: (&Known, &Self)) -> Self {
        let mut it = Self::default();
        for ((known, own), (theirs, other)) in [(one, two), (two, one)] {
            // What the other path knows beyond this one.
            let news: Vec<_> = theirs.iter().filter(|literal| is_news(*literal, known)).collect();
            // Where the paths part, this one has a condition that the other excludes: that, or the other's news.
            let parts = |(key, range): &(&Key, &Range)| excludes(theirs, key, range);
            for pivot in known.iter().filter(parts) {
                it.add_each(&[owned(pivot)], &news);
            }
            let parting: Vec<_> =
                news.iter().filter(|(key, range)| excludes(known, key, range)).copied().collect();
            for clause in &own.clauses {
                if other.clauses.contains(clause) || holds(clause, theirs) {
                    it.add(clause.clone());
                    continue;
                }
                // One of these holds here, and there what this path excludes.
                it.add_each(clause, &parting);
                if clause.iter().any(|literal| is_excluded(literal, theirs)) {
                    it.add_each(clause, &news);
                }
            }
        }
        it
    }

    /// Adds some conditions with one more each, of another expression.
    fn add_each(&mut self, clause: &[Literal], more: &[(&Key, &Range)]) {
        for literal in more.iter().filter(|(key, _)| clause.iter().all(|(own, _)| own != *key)) {
            self.add([clause, &[owned(*literal)]].concat());
        }
    }

    fn add(&mut self, mut clause: Vec<Literal>) {
        if clause.len() <= LITERALS && self.clauses.len() < CLAUSES {
            clause.sort_unstable();
            self.clauses.insert(clause);
        }
    }
}

fn owned((key, range): (&Key, &Range)) -> Literal {
    (key.clone(), range.clone())
}

fn holds(clause: &[Literal], known: &Known) -> bool {
    clause.iter().any(|(key, range)| known.get(key).is_some_and(|it| it.is_within(range)))
}

fn is_excluded((key, range): &Literal, known: &Known) -> bool {
    excludes(known, key, range)
}

fn excludes(known: &Known, key: &Key, range: &Range) -> bool {
    known.get(key).is_some_and(|it| it.is_apart(range))
}

/// True for a condition that does not follow from what is known.
fn is_news((key, range): (&Key, &Range), known: &Known) -> bool {
    known.get(key).is_none_or(|it| !it.is_within(range))
}
