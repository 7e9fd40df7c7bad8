//! Pageable memory in the hands of kernels.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use super::object::ObjectKey;
use super::state::State;
use super::value::{Pointer, Value};
use crate::cuda::row::MemoryKind;
use crate::facts::{HostArgument, Object, Paths};
use crate::program::{ParamAccess, SiteId, TypeKind};

/// An argument of a launch that is followed: by the calls that led to it, with its place and number.
type Argument = (Vec<SiteId>, SiteId, usize);

/// What tells findings apart: the launch, the kernel, the memory, and whether it is written only.
pub type HostArgumentSeen = (SiteId, String, Object, bool);

/// What was seen of the arguments of kernels, over all paths.
#[derive(Debug, Default)]
pub struct ArgumentSums {
    seen: BTreeMap<HostArgumentSeen, (Paths, BTreeSet<Argument>)>,
    /// Those that were seen to be memory that the host and the device reach. A program that chooses between such memory
    /// and pageable one by an option (of a benchmark, say) leaves it to its user whether the device reaches it.
    others: BTreeSet<Argument>,
}

impl ArgumentSums {
    fn add(&mut self, seen: HostArgumentSeen, argument: Argument, paths: Paths) {
        let sum = self.seen.entry(seen).or_insert_with(|| (paths, BTreeSet::new()));
        sum.0 = sum.0.max(paths);
        sum.1.insert(argument);
    }

    /// It was seen on all paths.
    pub fn on_all_paths(&mut self, seen: &HostArgumentSeen) {
        if let Some((paths, _)) = self.seen.get_mut(seen) {
            *paths = Paths::All;
        }
    }

    /// The facts: of arguments that are pageable memory, and nowhere memory that both reach, if `counts` lets the
    /// memory through.
    pub fn into_facts(self, counts: impl Fn(&Object) -> bool) -> Vec<HostArgument> {
        let others = self.others;
        let seen = self.seen.into_iter();
        let told = seen.filter(|((_, _, object, _), (_, arguments))| {
            counts(object) && arguments.iter().any(|it| !others.contains(it))
        });
        told.map(|((site, kernel, object, only_written), (paths, _))| HostArgument {
            site,
            kernel,
            object,
            only_written,
            paths,
        })
        .collect()
    }
}

impl Machine<'_, '_> {
    /// A kernel of known parameters gets a value for one through which it reads or writes.
    pub(super) fn check_kernel_argument(
        &mut self,
        state: &State,
        kernel: &str,
        (index, value): (usize, &Value),
        access: ParamAccess,
    ) {
        if matches!(access, ParamAccess::Value | ParamAccess::Unused) || state.host_may_access {
            return;
        }
        let Value::Pointer(pointer) = value else { return };
        let kind = self.memory_kind(state, pointer.object);
        let is_hosts = matches!(kind, Some(MemoryKind::Pageable | MemoryKind::Registered));
        let is_shared = matches!(kind, Some(MemoryKind::Managed | MemoryKind::Pinned));
        if is_shared && !state.failed {
            let argument = (self.calls.clone(), self.at.site, index);
            self.observations.kernel_arguments.others.insert(argument);
            return;
        }
        if !is_hosts || self.is_converted(pointer) || self.is_examined(state, Some(pointer)) {
            return;
        }
        let object = self.describe_object(state, pointer.object);
        let only_written = access == ParamAccess::Write;
        let seen = (self.at.site, kernel.to_owned(), object, only_written);
        let paths = self.observations.host_argument_hit(self.at, state, &seen);
        let argument = (self.calls.clone(), self.at.site, index);
        self.observations.kernel_arguments.add(seen, argument, paths);
    }

    /// The program asks for the address by which the device reaches memory.
    pub(super) fn note_aliased(&mut self, state: &State, memory: &Value) {
        let Some(pointer) = self.pointer(memory) else { return };
        let described = self.describe_object(state, pointer.object).site;
        let root = self.objects.root(pointer.object);
        let made = self.objects.info(root).site;
        self.observations.aliased.extend(described.into_iter().chain(made));
    }

    /// True for a variable that may not be what is passed: an object of class type, or of one that is not known, may
    /// have an operator that converts it to the pointer of something else; a temporary is made by the frontend.
    fn is_converted(&self, pointer: &Pointer) -> bool {
        let info = self.objects.info(pointer.object);
        let is_local = matches!(info.key, ObjectKey::Local { .. });
        let is_variable =
            matches!(info.key, ObjectKey::Global(_) | ObjectKey::Field { .. } | ObjectKey::Pointee(_));
        let plain = info.ty.is_some_and(|ty| !matches!(ty.kind, TypeKind::Record(_) | TypeKind::Unknown));
        (is_local && info.name.is_empty()) || ((is_local || is_variable) && !plain)
    }

    /// Memory is registered on some path: on the others, it may have been registered before.
    pub(super) fn note_registered(&mut self, pointer: &Pointer) {
        let root = self.objects.root(pointer.object);
        self.observations.registered.extend(self.objects.info(root).site);
    }
}
