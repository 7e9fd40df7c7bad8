//! Parts of states that paths share until one of them changes, with a fingerprint for telling them apart.
//!
//! Where paths meet, each state is compared with all that are kept there, and most of them differ. Whether they
//! do is told by a hash of the whole part, which is taken once and kept until the part changes; only parts of
//! equal hash are compared.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use rustc_hash::FxHasher;

/// A value that is shared until it changes.
#[derive(Clone, Debug, Default)]
pub struct Part<T>(Rc<Inner<T>>);

#[derive(Clone, Debug, Default)]
struct Inner<T> {
    value: T,
    /// The hash of the value, if it was asked for since the last change.
    fingerprint: Cell<Option<u64>>,
}

impl<T> Part<T> {
    /// A value of one's own.
    pub fn new(value: T) -> Self {
        Self(Rc::new(Inner { value, fingerprint: Cell::new(None) }))
    }

    /// True if the two are one.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Clone> Part<T> {
    /// True if no other path has it.
    pub fn is_own(&mut self) -> bool {
        Rc::get_mut(&mut self.0).is_some()
    }

    /// The value, to change it: a copy of its own, if it is shared.
    pub fn to_mut(&mut self) -> &mut T {
        let inner = Rc::make_mut(&mut self.0);
        inner.fingerprint.set(None);
        &mut inner.value
    }
}

impl<T: Hash> Part<T> {
    /// The hash of the value.
    fn fingerprint(&self) -> u64 {
        if let Some(known) = self.0.fingerprint.get() {
            return known;
        }
        let mut hasher = FxHasher::default();
        self.0.value.hash(&mut hasher);
        let fingerprint = hasher.finish();
        self.0.fingerprint.set(Some(fingerprint));
        fingerprint
    }
}

impl<T: Hash + PartialEq> Part<T> {
    /// Becomes one with an equal part, so that the two are not compared again.
    pub fn share_with(&mut self, other: &Self) {
        if !self.is(other) && self == other {
            self.0 = other.0.clone();
        }
    }
}

impl<T: Hash + PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || (self.fingerprint() == other.fingerprint() && self.0.value == other.0.value)
    }
}

impl<T> Deref for Part<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_and_is_nobody_elses() {
        let mut a = Part::new(vec![1, 2]);
        let b = a.clone();
        assert!(a == b && a.is(&b));
        a.to_mut().push(3);
        assert!(a != b && (a.len(), b.len()) == (3, 2));
        a.to_mut().pop();
        assert!(a == b && !a.is(&b));
        a.share_with(&b);
        assert!(a.is(&b));
    }
}
