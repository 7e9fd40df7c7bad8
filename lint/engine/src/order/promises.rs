//! What a capture only promises: host memory that a captured copy writes holds nothing before the graph is launched.
//!
//! Memory is followed that the path has allocated and that nothing has written so far, on any path (`unwritten`): what
//! a program reads that it has put there itself is its own.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::capture::Mode;
use super::captures::Begun;
use super::graph_nodes::Adds;
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, State};
use crate::cuda::row::MemoryKind;
use crate::facts::{Fault, Origin, WorkKind};

/// Host memory that only captured copies write, by the copy that does.
pub(super) type Promises = BTreeMap<ObjectId, Rc<Operation>>;

impl Machine<'_, '_> {
    /// The host memory that a copy writes and that holds nothing yet, if the copy goes into a graph.
    pub(super) fn promised_by(&self, state: &State, operation: &Operation) -> Vec<ObjectId> {
        let runs = state.capturing.is_empty() && self.calling.adds == Adds::Nothing;
        if runs || !matches!(operation.kind, WorkKind::Copy { .. }) {
            return Vec::new();
        }
        let unwritten = &self.observations.unwritten;
        let roots =
            operation.accesses.iter().filter(|it| it.write).map(|it| self.objects.root(it.range.object));
        roots
            .filter(|root| {
                let info = self.objects.info(*root);
                let is_host =
                    matches!(self.memory_kind(state, *root), Some(MemoryKind::Pageable | MemoryKind::Pinned));
                let is_own =
                    matches!((&info.key, &info.origin), (ObjectKey::Made { .. }, Origin::Allocated(_)));
                is_host && is_own && info.site.is_some_and(|site| unwritten.holds_nothing(site))
            })
            .collect()
    }

    /// A copy was captured.
    pub(super) fn promise(&self, state: &mut State, promised: Vec<ObjectId>, operation: &Operation) {
        if promised.is_empty() || state.failed {
            return;
        }
        let operation = Rc::new(operation.clone());
        let promises = &mut Rc::make_mut(&mut state.capturing).promises;
        promises.extend(promised.into_iter().map(|root| (root, operation.clone())));
    }

    /// Work runs that writes.
    pub(super) fn promises_are_kept_by(&self, state: &mut State, operation: &Operation) {
        for access in operation.accesses.iter().filter(|it| it.write) {
            self.promise_may_be_kept(state, Some(access.range.object));
        }
    }

    /// Something is written, or was launched or handed on that may write it; `None` is anything.
    pub(super) fn promise_may_be_kept(&self, state: &mut State, object: Option<ObjectId>) {
        if state.capturing.promises.is_empty() {
            return;
        }
        let promises = &mut Rc::make_mut(&mut state.capturing).promises;
        match object {
            Some(object) => drop(promises.remove(&self.objects.root(object))),
            None => promises.clear(),
        }
    }

    /// The host reads.
    pub(super) fn promise_is_read(&mut self, state: &mut State, object: ObjectId) {
        let root = self.objects.root(object);
        let Some(operation) = state.capturing.promises.get(&root).cloned() else { return };
        self.promise_may_be_kept(state, Some(root));
        let work = self.describe_work(&operation, true, false);
        let fault = Fault::ReadTooEarly { work, object: self.describe_object(state, root) };
        let begun = Begun { site: operation.site, stream: operation.stream, mode: Some(Mode::Global) };
        self.note_fault(state, begun, fault, true);
    }
}
