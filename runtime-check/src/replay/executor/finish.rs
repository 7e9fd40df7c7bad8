//! The end of a run: the last look at every buffer, and what goes back into the pools.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ptr;
use std::sync::PoisonError;
use std::time::Instant;

use cuda_lint_engine::trace::Memory;

use super::{Look, Running, State, check};
use crate::platform::Error;
use crate::replay::guard;
use crate::replay::host_function::{self, Words};
use crate::replay::kernels::Slot;
use crate::replay::memory::Block;
use crate::values::Digest;

impl Running<'_> {
    /// Waits for everything, looks at every buffer, and gives back what there is.
    pub(super) fn finish(&mut self) -> Result<BTreeMap<String, Digest>, Error> {
        let calls = self.gpu.calls;
        self.end_captures();
        // SAFETY: a wait.
        let code = unsafe { (calls.device_synchronize)() };
        if let Some(recorder) = self.recorder.take() {
            self.times = recorder.times(Instant::now(), &self.host_work);
        }
        self.gpu.holds.reset();
        mem::take(&mut self.guards).into_iter().for_each(guard::lift);
        for (by, of) in guard::touched() {
            if let Some(observed) = self.observed.get_mut(by) {
                observed.guarded.get_or_insert(of);
            }
        }
        let last = if code == 0 { self.last_looks() } else { Ok(BTreeMap::new()) };
        self.gpu.broken |= code != 0 || last.is_err();
        if self.gpu.broken {
            // Host functions may still run: what they point to is left alone, and so is the rest.
            mem::forget(mem::take(&mut self.host_work));
            // An error that came later than the call that caused it is told with the last step.
            if let Some(observed) = self.observed.last_mut().filter(|observed| observed.code == 0) {
                observed.code = code;
            }
            return last;
        }
        self.resolve();
        self.give_back();
        last
    }

    fn end_captures(&mut self) {
        let calls = self.gpu.calls;
        let live = self.streams.iter().filter(|(name, _)| !self.destroyed.contains(**name));
        let per_thread = ptr::without_provenance_mut(2);
        for stream in live.map(|(_, (handle, _))| *handle).chain([per_thread]) {
            let (mut capturing, mut graph) = (0, ptr::null_mut());
            // SAFETY: the handles are live.
            unsafe {
                (calls.is_capturing)(stream, &mut capturing);
                if capturing != 0 {
                    (calls.end_capture)(stream, &mut graph);
                }
            }
        }
    }

    /// Looks at every buffer, and fetches all slots.
    fn last_looks(&mut self) -> Result<BTreeMap<String, Digest>, Error> {
        let mut last = BTreeMap::new();
        let mut pending = Vec::new();
        let names: Vec<&str> = self.buffers.keys().copied().collect();
        for name in names {
            let Some(buffer) = self.buffers.get(name) else { continue };
            let Block { memory, start, words, .. } = buffer.block;
            if !matches!(buffer.state, State::Live | State::Owned) {
                continue;
            }
            if memory.is_host_accessible() {
                let words = Words { start, count: words };
                last.insert(name.to_owned(), host_function::look(words, self.trace.steps.len()));
            } else {
                let slot = self.slot()?;
                // SAFETY: the device is idle, the memory is live.
                let code = unsafe {
                    self.gpu.kernels.look(
                        start,
                        words,
                        self.gpu.slots.add(slot),
                        ptr::null_mut(),
                        self.gpu.own,
                    )
                };
                check(code, "cuLaunchKernel")?;
                pending.push((name, slot));
            }
        }
        let bytes = self.next_slot * size_of::<Slot>();
        // SAFETY: both blocks have that many slots.
        unsafe {
            let (to, from) = (self.gpu.fetched.cast(), self.gpu.slots.cast());
            check(self.gpu.calls.copy_async(to, from, bytes, 2, self.gpu.own), "cudaMemcpyAsync")?;
            check((self.gpu.calls.stream_synchronize)(self.gpu.own), "cudaStreamSynchronize")?;
        }
        for (name, slot) in pending {
            if let Some(digest) = self.fetched(slot) {
                last.insert(name.to_owned(), digest);
            }
        }
        Ok(last)
    }

    fn fetched(&self, slot: usize) -> Option<Digest> {
        // SAFETY: the slot was handed out, so it is within the block; the copy is over.
        let Slot { first, last, sum, looks, .. } = unsafe { *self.gpu.fetched.add(slot) };
        (looks == 1).then_some(Digest { first, last, sum })
    }

    /// Turns the places of digests into digests: all of a step's, or none.
    fn resolve(&mut self) {
        for index in 0..self.looks.len() {
            let look = mem::replace(&mut self.looks[index], Look::Nothing);
            let mut code = 0;
            self.observed[index].reads = self.digests(&look, &mut code).unwrap_or_default();
            let observed = &mut self.observed[index];
            if observed.code == 0 {
                observed.code = code;
            }
            // The digests of captured steps belong to the launches, which come later and need the look.
            self.looks[index] = look;
        }
        let captured: BTreeSet<usize> =
            self.graphs.values().flat_map(|graph| graph.members.clone()).collect();
        for index in captured {
            self.observed[index].reads = Vec::new();
        }
    }

    fn digests(&self, look: &Look, code: &mut i32) -> Option<Vec<Digest>> {
        match look {
            Look::Nothing => None,
            Look::Now(digests) => Some(digests.clone()),
            Look::Slots(slots) => slots.iter().map(|slot| self.fetched(*slot)).collect(),
            Look::Host(work, run) => {
                let seen = self.host_work[*work].seen.lock().unwrap_or_else(PoisonError::into_inner);
                let seen = seen.get(*run)?;
                if *code == 0 {
                    *code = seen.code;
                }
                Some(seen.reads.clone())
            }
            Look::Many(looks) => {
                let all: Option<Vec<Vec<Digest>>> =
                    looks.iter().map(|look| self.digests(look, code)).collect();
                all.map(|all| all.concat())
            }
        }
    }

    /// Gives back what later traces can use.
    fn give_back(&mut self) {
        let calls = self.gpu.calls;
        for (_, buffer) in mem::take(&mut self.buffers) {
            let block = buffer.block;
            match (block.memory, buffer.state) {
                (_, State::Coming) | (Memory::Device | Memory::Pinned | Memory::Managed, State::Gone) => {}
                (Memory::StreamOrdered, State::Gone) => {}
                (Memory::StreamOrdered, _) => {
                    // SAFETY: the device is idle, and the memory is the trace's or its next owner's.
                    unsafe { (calls.free_async)(block.base, self.gpu.own) };
                }
                _ => self.gpu.pool.give(block),
            }
        }
        for (name, (stream, non_blocking)) in mem::take(&mut self.streams) {
            if self.destroyed.contains(name) {
                continue;
            }
            self.gpu.streams.entry(non_blocking).or_default().push(stream);
        }
        // An event that was never recorded is complete, one of an earlier trace too; but one that a capture
        // recorded is of no more use, so a trace's own events go.
        for (name, event) in mem::take(&mut self.events) {
            if !self.destroyed.contains(name) {
                // SAFETY: the event is live.
                unsafe { (calls.event_destroy)(event) };
            }
        }
        self.gpu.events.append(&mut self.spare_events);
        for (name, graph) in mem::take(&mut self.graphs) {
            if self.destroyed.contains(name) {
                continue;
            }
            // SAFETY: the device is idle.
            unsafe {
                if !graph.executable.is_null() {
                    (calls.graph_exec_destroy)(graph.executable);
                }
                if !graph.graph.is_null() {
                    (calls.graph_destroy)(graph.graph);
                }
            }
        }
        if let Some(forget) = calls.get_last_error {
            // SAFETY: the runtime is loaded.
            unsafe { forget() };
        }
    }
}
