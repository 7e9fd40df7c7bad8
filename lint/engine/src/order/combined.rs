//! Write-combined memory (cudaHostAllocWriteCombined): who reads it.
//!
//! The caches of the host leave it out, so that each read goes to memory (CUDA Programming Guide, Write-Combining
//! Memory). A single read costs little: what counts is a loop over elements, a function that reads many, and a copy
//! from the device, whose result somebody is going to read.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::{Extent, Range, State};
use super::symbol::Linear;
use super::value::Value;
use crate::cuda::row::{MemoryKind, Role};
use crate::facts::{Access, CombinedRead, CombinedUse};
use crate::program::BlockId;

/// `cudaHostAllocWriteCombined`, `CU_MEMHOSTALLOC_WRITECOMBINED`.
const WRITE_COMBINED: i64 = 4;

/// Reads of fewer bytes than a line of a cache are no burden.
const LINE: i64 = 64;

impl Machine<'_, '_> {
    /// Memory is allocated: notes down whether it is write-combined.
    pub(super) fn note_combined(
        &mut self,
        state: &mut State,
        object: ObjectId,
        kind: MemoryKind,
        it: &Modelled<'_, '_>,
    ) {
        let flags = it.arg(Role::Flags).and_then(Value::as_constant);
        if kind == MemoryKind::Pinned && flags.is_some_and(|flags| flags & WRITE_COMBINED != 0) {
            state.object_mut(object).write_combined = true;
        }
    }

    /// The host reads memory.
    pub(super) fn reads_combined(&mut self, state: &State, range: &Range, access: &Access) {
        let Access::HostRead { via, as_result: false, .. } = access else { return };
        if !self.is_combined(state, range.object) {
            return;
        }
        let in_loop = state.frames.iter().any(|frame| !frame.arrivals.is_empty());
        match via {
            Some(function) if is_long(&range.extent) => {
                self.combined(state, range, CombinedUse::Call(function.clone()));
            }
            None if in_loop => self.combined(state, range, CombinedUse::Loop),
            _ => {}
        }
    }

    /// A copy from the device writes memory.
    pub(super) fn downloads_combined(&mut self, state: &State, range: &Range, function: &str) {
        if self.is_combined(state, range.object) && is_long(&range.extent) {
            self.combined(state, range, CombinedUse::Download(function.to_owned()));
        }
    }

    fn is_combined(&self, state: &State, object: ObjectId) -> bool {
        state.object(self.objects.root(object)).is_some_and(|it| it.write_combined)
    }

    fn combined(&mut self, state: &State, range: &Range, how: CombinedUse) {
        let object = self.describe_object(state, self.objects.root(range.object));
        let is_element = how == CombinedUse::Loop && !self.is_in_plain_loop();
        let read = CombinedRead { site: self.at.site, object, how };
        let offset = is_element.then(|| range.offset.clone());
        self.observations.combined.entry(read).or_default().insert(offset);
    }

    /// True in a loop that does nothing but compute. Such a loop is followed once, and its reads stand for many.
    fn is_in_plain_loop(&self) -> bool {
        self.stack.last().is_some_and(|function| {
            let cfg = self.shared.cfg(*function);
            cfg.loops_around(BlockId(self.at.step.block)).any(|(_, it)| !it.has_effects)
        })
    }
}

/// True for what may be more than a line of a cache.
fn is_long(extent: &Extent) -> bool {
    match extent {
        Extent::Bytes(bytes) => bytes.as_constant().is_none_or(|bytes| bytes >= LINE),
        Extent::Rows(_) | Extent::Unknown | Extent::Whole => true,
    }
}

/// Where in memory a read was seen; `None` if that says nothing.
pub(super) type Offsets = BTreeSet<Option<Linear>>;

/// The reads that count: in a loop that is followed several times, those of several elements.
pub(super) fn facts(seen: BTreeMap<CombinedRead, Offsets>) -> Vec<CombinedRead> {
    let counts = |(read, offsets): (CombinedRead, Offsets)| {
        (offsets.len() > 1 || offsets.contains(&None)).then_some(read)
    };
    seen.into_iter().filter_map(counts).collect()
}
