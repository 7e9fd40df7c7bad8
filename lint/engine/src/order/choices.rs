//! What functions that were called choose by things that the path does not know.
//!
//! Whoever calls them may know which way that goes.

use std::collections::BTreeMap;

use super::machine::Machine;
use super::object::ObjectId;
use super::state::State;
use crate::flow;
use crate::program::{BlockId, ValueId};

/// What a choice is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A test for null, or of a handle.
    Address,
    /// A number, a truth value, an enumerator.
    Number,
}

/// What one call that is being followed has chosen. Takes no part in comparisons.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The branches that it has taken although nothing said which: where they go.
    taken: BTreeMap<(BlockId, BlockId), By>,
    /// It was called from behind such a branch of a function that was called itself.
    inherited: Option<By>,
}

impl Choices {
    /// Those of a call that is made.
    pub const fn of_call(inherited: Option<By>) -> Self {
        Self { taken: BTreeMap::new(), inherited }
    }

    /// True if there are any.
    pub fn any(&self) -> bool {
        self.inherited.is_some() || !self.taken.is_empty()
    }

    /// True if this one has been noted.
    pub fn has(&self, targets: (BlockId, BlockId)) -> bool {
        self.taken.contains_key(&targets)
    }

    /// Notes one.
    pub fn note(&mut self, targets: (BlockId, BlockId), by: By) {
        self.taken.insert(targets, by);
    }

    /// What holds on either of two paths.
    pub fn join(&mut self, other: &Self) {
        for (targets, by) in &other.taken {
            let own = self.taken.entry(*targets).or_insert(*by);
            *own = (*own).max(*by);
        }
        self.inherited = self.inherited.max(other.inherited);
    }
}

impl Machine<'_, '_> {
    /// True for a part of an object that is being made because a function that was called has chosen so: the one of its
    /// kind, made on first use. What its constructor stores, others may have changed since.
    pub(super) fn is_made_by_choice(&self, state: &State, cell: ObjectId) -> bool {
        cell != self.objects.root(cell)
            && self.objects.is_made(cell)
            && state.frame_modes.last().is_some_and(|modes| modes.choices().any())
            && self.is_by_choice(state)
    }

    /// True if the current statement runs because a function that was called has chosen so.
    pub(super) fn is_by_choice(&self, state: &State) -> bool {
        self.chosen_here(state).is_some()
    }

    /// What a function that was called has chosen by that the current statement runs.
    pub(super) fn chosen_here(&self, state: &State) -> Option<By> {
        let (id, modes) = (self.is_called()?, state.frame_modes.last()?);
        let function = self.shared.function(id);
        let here = BlockId(self.at.step.block);
        let choices = modes.choices();
        let depends = choices
            .taken
            .iter()
            .filter(|((a, b), _)| flow::reaches(function, *a, here) != flow::reaches(function, *b, here));
        depends.map(|(_, by)| *by).chain(choices.inherited).max()
    }

    /// True if a value is one of several between which a function that was called has chosen: `rank < 0 ? -1 : rank`.
    pub(super) fn is_chosen(&self, state: &State, value: ValueId) -> bool {
        let (Some(id), Some(modes)) = (self.is_called(), state.frame_modes.last()) else { return false };
        let function = self.shared.function(id);
        let definitions = self.shared.definitions(id);
        let Some(local) = definitions.variable_read(function, value) else { return false };
        let is_mixed = definitions.stores_to(local).len() > 1;
        is_mixed && !modes.choices().taken.is_empty()
    }
}
