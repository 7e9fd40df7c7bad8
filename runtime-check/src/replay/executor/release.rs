//! Memory that comes and goes while a trace runs, and its next owners.

use std::ffi::c_void;
use std::ptr;

use cuda_lint_engine::trace::{Action, Made, Memory, Release, Stream, capture};

use super::recorder::Source;
use super::{Running, State, unknown};
use crate::platform::Error;
use crate::replay::host_function::{self, Words};
use crate::replay::memory::{Block, Pool};
use crate::values::{self, stamp};

impl<'a> Running<'a> {
    /// # Safety
    /// The stream is live.
    pub(super) unsafe fn allocate_in_order(
        &mut self,
        index: usize,
        name: &str,
        stream: *mut c_void,
    ) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let Some(buffer) = self.buffers.get_mut(name) else { return Err(unknown("buffer", name)) };
        let words = buffer.block.words;
        let mut base = ptr::null_mut();
        // SAFETY: the caller's promise.
        unsafe {
            let code = (calls.malloc_async)(&mut base, words * 4, stream);
            if code != 0 {
                return Ok(code);
            }
            buffer.block.base = base;
            buffer.block.start = base.cast();
            buffer.state = State::Live;
            let code = (calls.memset_words_async)(base, stamp(index), words, stream);
            self.note_work(index, stream, Source::Unknown);
            Ok(code)
        }
    }

    /// Makes something and releases it, as each round of a loop does; the first code that is not 0.
    ///
    /// # Safety
    /// A context is current.
    pub(super) unsafe fn make_and_release(&mut self, made: Made, bytes: u64) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let bytes = values::words(bytes).max(1) * 4;
        let mut it = ptr::null_mut();
        // SAFETY: the pointer is to a live variable, and what is released was made just before.
        let (make, release) = unsafe {
            match made {
                Made::Device => ((calls.malloc)(&mut it, bytes), calls.free),
                Made::Managed => ((calls.malloc_managed)(&mut it, bytes, 1), calls.free),
                Made::Pinned => ((calls.malloc_host)(&mut it, bytes), calls.free_host),
                Made::Registration => {
                    let block = self.gpu.pool.take(&calls, Memory::Pageable, bytes / 4)?;
                    let code = (calls.host_register)(block.base, bytes, 0);
                    let ended = if code == 0 { (calls.host_unregister)(block.base) } else { code };
                    self.gpu.pool.give(block);
                    return Ok(ended);
                }
                Made::Stream => ((calls.stream_create)(&mut it, 1), calls.stream_destroy),
                Made::Event => ((calls.event_create)(&mut it, 0), calls.event_destroy),
            }
        };
        // SAFETY: as above.
        Ok(if make == 0 { unsafe { release(it) } } else { make })
    }

    pub(super) fn free(
        &mut self,
        index: usize,
        name: &'a str,
        with: Release,
        stream: Option<&Stream>,
    ) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let stream = stream.map(|stream| self.stream(stream)).transpose()?;
        let Some(buffer) = self.buffers.get(name) else { return Err(unknown("buffer", name)) };
        let Block { memory, base, start, words } = buffer.block;
        let is_ours = matches!(memory, Memory::Pageable | Memory::Registered);
        // SAFETY: what may be wrong about the release is what the trace is about.
        let (code, state) = unsafe {
            match with {
                Release::Free if is_ours => {
                    host_function::fill(Words { start, count: words }, stamp(index), index);
                    self.owned(name);
                    // Memory that is still registered shows when its next owner registers it.
                    let again = || (calls.host_register)(base, words * 4, 0);
                    return Ok(if memory == Memory::Registered { again() } else { 0 });
                }
                Release::Free => {
                    libc::free(base);
                    (0, State::Gone)
                }
                Release::CudaHostUnregister => {
                    let code = (calls.host_unregister)(base);
                    if code == 0 && is_ours {
                        host_function::fill(Words { start, count: words }, stamp(index), index);
                    }
                    (code, State::Owned)
                }
                Release::CudaFree => ((calls.free)(base), State::Gone),
                Release::CudaFreeHost => ((calls.free_host)(base), State::Gone),
                Release::CudaFreeAsync => {
                    ((calls.free_async)(base, stream.unwrap_or(ptr::null_mut())), State::Gone)
                }
            }
        };
        if code != 0 {
            // Nothing was released: the block goes back in the end.
            return Ok(code);
        }
        let owned = match self.next_use(index, name) {
            // What is released twice is told by the code, if it is nobody else's meanwhile.
            Some(Action::Free { .. }) => false,
            _ if memory == Memory::StreamOrdered => self.next_owner(index, base, words, stream)?,
            Some(_) if with != Release::CudaHostUnregister => self.next_owner_at_once(index, name)?,
            _ => false,
        };
        if let Some(buffer) = self.buffers.get_mut(name) {
            buffer.state = if owned { State::Owned } else { state };
            // It is in the pool no more, or no longer registered.
            if with == Release::CudaHostUnregister {
                buffer.block.memory = Memory::Pageable;
            }
        }
        Ok(0)
    }

    /// The first step after the release that names the buffer.
    fn next_use(&self, index: usize, name: &str) -> Option<&'a Action> {
        let later = self.trace.steps.iter().skip(index + 1).map(|step| &step.action);
        let graphs = capture::graphs(self.trace);
        let uses = |action: &&Action| {
            // A graph uses what its nodes do.
            let nodes = match action {
                Action::LaunchGraph { graph, .. } => graphs.get(graph.as_str()),
                _ => None,
            };
            let nodes = nodes.into_iter().flat_map(|graph| &graph.nodes);
            let nodes = nodes.filter_map(|node| self.trace.steps.get(node.work as usize));
            nodes
                .map(|step| &step.action)
                .chain([*action])
                .any(|action| action.uses().iter().any(|it| *it == name))
        };
        let mut later = later;
        later.find(uses)
    }

    /// Memory that is not stream-ordered, of the same kind and size: often it has the same address.
    fn next_owner_at_once(&mut self, index: usize, name: &str) -> Result<bool, Error> {
        let Some(buffer) = self.buffers.get(name) else { return Ok(false) };
        let released = buffer.block;
        let calls = self.gpu.calls;
        let mut others = Vec::new();
        let mut found = false;
        for _ in 0..4 {
            let block = Pool::default().take(&calls, released.memory, released.words)?;
            if block.base == released.base {
                found = true;
                break;
            }
            others.push(block);
        }
        for block in others {
            self.gpu.pool.give(block);
        }
        if found && released.memory == Memory::Device {
            // SAFETY: the memory is this owner's.
            let code = unsafe {
                (calls.memset_words_async)(released.base, stamp(index), released.words, self.gpu.own)
            };
            return Ok(code == 0);
        }
        if found {
            host_function::fill(Words { start: released.start, count: released.words }, stamp(index), index);
        }
        Ok(found)
    }

    pub(super) fn owned(&mut self, name: &str) {
        if let Some(buffer) = self.buffers.get_mut(name) {
            buffer.state = State::Owned;
        }
    }

    /// Tries to get the same address again, as another part of a program would, and fills it.
    pub(super) fn next_owner(
        &mut self,
        index: usize,
        base: *mut c_void,
        words: usize,
        stream: Option<*mut c_void>,
    ) -> Result<bool, Error> {
        let calls = self.gpu.calls;
        let mut others = Vec::new();
        let mut found = false;
        for stream in [Some(self.gpu.own), stream].into_iter().flatten() {
            for _ in 0..16 {
                let mut again = ptr::null_mut();
                // SAFETY: the handles are live.
                if unsafe { (calls.malloc_async)(&mut again, words * 4, stream) } != 0 {
                    break;
                }
                if again == base {
                    // SAFETY: the memory is this owner's.
                    let code = unsafe { (calls.memset_words_async)(base, stamp(index), words, stream) };
                    found = code == 0;
                    break;
                }
                others.push((again, stream));
            }
            if found {
                break;
            }
        }
        for (other, stream) in others {
            // SAFETY: it was allocated above and is not used. It fails only after a fault of the device.
            unsafe { (calls.free_async)(other, stream) };
        }
        Ok(found)
    }
}
