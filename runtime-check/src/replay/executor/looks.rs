//! Looks: what work on the device reads is digested where it is read, into slots that are fetched when the device
//! is idle again.

use std::ffi::c_void;

use cuda_lint_engine::trace::Action;

use super::super::host_function::Words;
use super::super::kernels::Span;
use super::{Running, SLOTS};
use crate::platform::Error;
use crate::values::Digest;

/// Where the digests of what a step read are to be found.
#[derive(Clone)]
pub(super) enum Look {
    Nothing,
    Now(Vec<Digest>),
    /// Slots; of work in a graph, each is followed by one for every launch.
    Slots(Vec<usize>),
    /// A host function, and which of its runs.
    Host(usize, usize),
    Many(Vec<Look>),
}

impl Look {
    /// What the launch with that number, from 0, of a graph gives of a look that was captured.
    pub(super) fn of_launch(&self, launch: usize) -> Self {
        match self {
            Self::Slots(slots) => Self::Slots(slots.iter().map(|slot| slot + 1 + launch).collect()),
            Self::Host(work, _) => Self::Host(*work, launch),
            look => look.clone(),
        }
    }
}

impl Running<'_> {
    /// A slot that nothing else uses.
    pub(super) fn slot(&mut self) -> Result<usize, Error> {
        self.slots(1)
    }

    /// The first of several slots that lie one behind the other.
    fn slots(&mut self, count: usize) -> Result<usize, Error> {
        let first = self.next_slot;
        self.next_slot += count;
        if self.next_slot > SLOTS.min(self.trace.steps.len() * 16 + 256) {
            return Err(Error::Unexpected("the trace reads more ranges than can be looked at".to_string()));
        }
        Ok(first)
    }

    /// Enqueues a look. In a capture, what is seen is moved within the graph to where this launch keeps it: work
    /// that is enqueued behind a launch is not ordered before the next launch on another stream. The slot, and
    /// the code of the launch.
    ///
    /// # Safety
    /// As [`super::super::kernels::Kernels::look`]; the stream is live.
    pub(super) unsafe fn look_at(
        &mut self,
        words: Words,
        spans: *mut Span,
        stream: *mut c_void,
    ) -> Result<(usize, i32), Error> {
        let captured = self.is_captured(stream);
        let launches = || {
            let steps = self.trace.steps.iter();
            steps.filter(|step| matches!(step.action, Action::LaunchGraph { .. })).count()
        };
        let room = if captured { launches() } else { 0 };
        let slot = self.slots(1 + room)?;
        let kernels = self.gpu.kernels;
        // SAFETY: the caller's promise; the slots were handed out, so they are within the block.
        let code = unsafe {
            let at = self.gpu.slots.add(slot);
            let code = kernels.look(words.start, words.count, at, spans, stream);
            if captured && code == 0 { kernels.take(at, at.add(1), stream) } else { code }
        };
        Ok((slot, code))
    }
}
