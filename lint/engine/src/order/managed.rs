//! Managed memory on platforms without concurrent managed access, where the host has to stay away from all of it while
//! a kernel runs.

use super::access::About;
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::{Operation, Overlap, Range, State};
use super::value::Value;
use super::witness::Second;
use crate::cuda::row::{MemoryKind, Role};
use crate::facts::{Access, WorkKind};

/// `cudaMemAttachGlobal`.
const ATTACH_GLOBAL: i64 = 1;

impl Machine<'_, '_> {
    /// Memory is allocated: notes down whether it is attached to the host from the start.
    pub(super) fn note_attached(
        &mut self,
        state: &mut State,
        object: ObjectId,
        kind: MemoryKind,
        it: &Modelled<'_, '_>,
    ) {
        let to_all = |flags: &Value| flags.as_constant() == Some(ATTACH_GLOBAL);
        if kind == MemoryKind::Managed && it.arg(Role::Flags).is_some_and(|it| !to_all(it)) {
            state.object_mut(object).attached = true;
        }
    }

    /// Where the platform has no concurrent managed access, the host may touch no managed memory while a kernel runs,
    /// whatever that uses; memory that is attached to the host or to one stream excepted (Programming Guide, Unified
    /// Memory on Devices without Full Support).
    pub(super) fn meets_kernel(&mut self, state: &mut State, range: &Range, access: &Access) {
        if self.shared.options.platform.concurrent_managed_access != Some(false)
            || self.memory_kind(state, range.object) != Some(MemoryKind::Managed)
        {
            return;
        }
        let root = self.objects.root(range.object);
        // Whoever has its address may have attached it.
        if state.object(root).is_some_and(|it| it.attached || it.escaped) {
            return;
        }
        let is_kernel = |it: &&Operation| it.kind == WorkKind::Kernel && !it.reported;
        let Some(kernel) = state.pending.iter().find(is_kernel).cloned() else { return };
        let about = About {
            overlap: Overlap::Proven,
            exclusive: true,
            writes: true,
            assumed: false,
            ends: None,
            forgotten: None,
        };
        self.note_conflict(state, &kernel, Second::Host(range, access), access.clone(), about);
        if kernel.doubts.is_empty() {
            self.mark_reported(state, &kernel, false);
        }
    }

    /// Managed memory is attached to the host or to one stream, or to all again.
    pub(super) fn attach(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let to_all = it.arg(Role::Flags).map(Value::as_constant) == Some(Some(ATTACH_GLOBAL));
        match it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value)) {
            Some(pointer) => {
                let root = self.objects.root(pointer.object);
                state.object_mut(root).attached = !to_all;
            }
            // It may be any.
            None => self.doubt_all(state, "this may attach managed memory to the host"),
        }
    }
}
