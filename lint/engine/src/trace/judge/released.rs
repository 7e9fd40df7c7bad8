//! What was released or destroyed, and its uses afterwards.

use std::collections::BTreeMap;

use super::super::{Action, Name, Release};

/// The first release of each name.
#[derive(Debug, Default)]
pub(super) struct Released<'t> {
    at: BTreeMap<&'t str, usize>,
}

impl<'t> Released<'t> {
    /// The step that released something, if one did.
    pub fn release_of(&self, name: &str) -> Option<usize> {
        self.at.get(name).copied()
    }

    /// What a step uses that is gone, with its release.
    pub fn used_by(&self, action: &'t Action) -> Vec<(usize, &'t Name)> {
        let uses = action.uses().into_iter();
        uses.filter_map(|name| Some((self.release_of(name)?, name))).collect()
    }

    /// A step that took effect; `fits` tells whether it is a release that fits the memory.
    pub fn end(&mut self, step: usize, action: &'t Action, fits: bool) {
        // What the wrong function does to memory is an error or undefined, which is a hazard of its own; but
        // host memory that ends its life while it is registered is gone.
        let ends = match action {
            Action::Free { with: Release::Free, .. } => true,
            Action::Free { .. } => fits,
            _ => true,
        };
        if let Some(name) = action.ends().filter(|_| ends) {
            self.at.entry(name).or_insert(step);
        }
    }
}
