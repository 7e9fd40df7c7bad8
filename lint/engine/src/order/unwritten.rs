//! Memory that is copied between host and device, and that nothing has written.
//!
//! Memory counts as written, by where it was allocated, if anything on any path of any function may write it: the
//! host, device work, what gets its address and is not followed, and what computes with its address as a number. That
//! is more than one path can tell, and accuses nobody of what another path does.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, State};
use super::symbol::SymKey;
use super::value::Value;
use crate::cuda::row::{Effect, Family, MemoryKind, Role};
use crate::facts::{Object, Origin, UnwrittenSource, WorkKind};
use crate::program::SiteId;

/// What is known of the program so far.
#[derive(Debug, Default)]
pub struct Unwritten {
    /// Where memory is allocated that holds nothing yet.
    fresh: BTreeSet<SiteId>,
    /// The same of the current root.
    of_root: BTreeSet<SiteId>,
    /// Where memory is allocated that something may write.
    written: BTreeSet<SiteId>,
    /// Copies, with where their source is allocated.
    copies: BTreeMap<UnwrittenSource, SiteId>,
}

impl Unwritten {
    /// A path of the current root is not followed to its end: it may write anything.
    pub fn give_up(&mut self) {
        self.written.extend(self.of_root.iter().copied());
    }

    /// True for memory that is allocated at a place and that nothing has written so far.
    pub fn holds_nothing(&self, made: SiteId) -> bool {
        self.fresh.contains(&made) && !self.written.contains(&made)
    }

    /// A root has been followed.
    pub fn end_of_root(&mut self) {
        self.of_root.clear();
    }

    /// The copies of what nothing writes.
    pub fn into_facts(self) -> Vec<UnwrittenSource> {
        let is_unwritten = |it: &SiteId| self.fresh.contains(it) && !self.written.contains(it);
        self.copies.into_iter().filter(|(_, made)| is_unwritten(made)).map(|(copy, _)| copy).collect()
    }
}

impl Machine<'_, '_> {
    /// A call allocates memory that holds nothing.
    pub(super) fn allocates_unwritten(&mut self, object: ObjectId, it: &Modelled<'_, '_>) {
        let info = self.objects.info(object);
        let holds_nothing = matches!(it.row.family, Family::Std | Family::Runtime | Family::Driver)
            && !it.row.effects.contains(&Effect::Initialises)
            && matches!(
                info.memory,
                Some(
                    MemoryKind::Pageable
                        | MemoryKind::Pinned
                        | MemoryKind::Device
                        | MemoryKind::DeviceStreamOrdered
                )
            );
        if holds_nothing && let Some(site) = info.site {
            self.observations.unwritten.fresh.insert(site);
            self.observations.unwritten.of_root.insert(site);
        }
    }

    /// True if nothing of the current root can be of interest.
    fn is_idle(&self) -> bool {
        let unwritten = &self.observations.unwritten;
        unwritten.of_root.iter().all(|site| unwritten.written.contains(site))
    }

    /// Something writes an object, or may. What an element of an array at an unknown index points to may be what any
    /// element does.
    pub(super) fn is_written(&mut self, state: &State, object: ObjectId) {
        let root = self.objects.root(object);
        if let Some(symbol) = self.objects.pointee_symbol(root)
            && let SymKey::Initial { object: holder, .. } = self.symbols.key(symbol)
        {
            for target in self.held_in(state, self.objects.root(*holder)) {
                self.marks_written(target);
            }
        }
        self.marks_written(root);
    }

    /// What the addresses in an object lead to.
    fn held_in(&self, state: &State, root: ObjectId) -> Vec<ObjectId> {
        let held = state.memory.iter().filter_map(|((cell, _), value)| match value {
            Value::Pointer(pointer) if self.objects.is_within(*cell, root) => Some(pointer.object),
            _ => None,
        });
        held.collect()
    }

    fn marks_written(&mut self, object: ObjectId) {
        let root = self.objects.root(object);
        if let ObjectKey::Made { .. } = self.objects.info(root).key
            && let Some(site) = self.objects.info(root).site
        {
            self.observations.unwritten.written.insert(site);
        }
    }

    /// Something that is not followed gets these values: it may write whatever they lead to.
    pub(super) fn may_be_written(&mut self, state: &State, values: &[Value]) {
        if self.is_idle() {
            return;
        }
        for object in self.reachable(state, values) {
            self.marks_written(object);
        }
    }

    /// A call that is not followed: it may write what it is handed, and what stands in memory that is not the
    /// functions' own.
    pub(super) fn unseen_may_write(&mut self, state: &State, values: &[Value]) {
        if self.is_idle() {
            return;
        }
        let is_shared = |cell: ObjectId| {
            let root = self.objects.root(cell);
            !matches!(self.objects.info(root).key, ObjectKey::Local { .. })
                || self.objects.info(root).origin == Origin::Static
                || state.object(root).is_some_and(|it| it.escaped)
        };
        let shared = state
            .memory
            .iter()
            .filter(|((cell, _), value)| matches!(value, Value::Pointer(_)) && is_shared(*cell));
        let mut all: Vec<Value> = shared.map(|(_, value)| value.clone()).collect();
        all.extend_from_slice(values);
        self.may_be_written(state, &all);
    }

    /// An address becomes a number: what is done with that is not followed.
    pub(super) fn is_computed_with(&mut self, value: &Value) {
        if let Value::Pointer(pointer) = value {
            self.marks_written(pointer.object);
        }
    }

    /// Anything may be written.
    pub(super) fn all_may_be_written(&mut self) {
        self.observations.unwritten.give_up();
    }

    /// Work is enqueued: what it writes, and what the addresses in the memory that it uses lead to.
    pub(super) fn work_writes(&mut self, state: &State, operation: &Operation) {
        if self.is_idle() || operation.kind == WorkKind::Allocation {
            return;
        }
        for access in operation.accesses.iter() {
            let object = access.range.object;
            if access.write || operation.kind == WorkKind::HostFunction {
                self.is_written(state, object);
            }
            let held = self.held_in(state, self.objects.root(object));
            let held: Vec<Value> =
                held.into_iter().map(|target| Value::Pointer(self.start_of(target))).collect();
            self.may_be_written(state, &held);
        }
    }

    /// A call that the model knows: what it does with arguments that have no role is not known.
    pub(super) fn call_may_write(&mut self, state: &State, it: &Modelled<'_, '_>) {
        if self.is_idle() {
            return;
        }
        let is_plain = |role: Role| {
            matches!(role, Role::Dst | Role::Src | Role::Memory | Role::Reads | Role::Out(_) | Role::Bytes)
        };
        let is_library = matches!(it.row.family, Family::Library | Family::Project);
        let others: Vec<Value> = it
            .call
            .args
            .iter()
            .enumerate()
            .filter(|(index, _)| is_library || !it.row.params.get(*index).is_some_and(|it| is_plain(it.role)))
            .map(|(_, value)| value.clone())
            .collect();
        // What is printed, compared or freed is read only.
        if is_library || it.row.effects.iter().any(|effect| !matches!(effect, Effect::Free(_))) {
            self.may_be_written(state, &others);
        }
    }

    /// A copy reads an object.
    pub(super) fn copies_unwritten(&mut self, state: &State, object: ObjectId, function: &str) {
        let root = self.objects.root(object);
        let info = self.objects.info(root);
        let is_allocated =
            matches!((&info.key, &info.origin), (ObjectKey::Made { .. }, Origin::Allocated(_)));
        let Some(made) = info.site.filter(|_| is_allocated && !state.failed) else { return };
        let object: Object = self.describe_object(state, root);
        let from_device = object.memory.is_some_and(MemoryKind::is_device);
        let copy = UnwrittenSource { site: self.at.site, function: function.to_owned(), object, from_device };
        self.observations.unwritten.copies.insert(copy, made);
    }
}
