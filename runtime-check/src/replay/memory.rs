//! The buffers of traces: where they come from, and pools of those that outlive a trace.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;

use cuda_lint_engine::trace::Memory;

use super::calls::Calls;
use super::guard::PAGE;
use crate::platform::Error;

/// Memory for a buffer; it starts at a page, which nothing else lies in.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where it lies.
    pub memory: Memory,
    /// What was allocated, and is to be released.
    pub base: *mut c_void,
    /// Where the buffer starts.
    pub start: *mut u32,
    /// How many words it has.
    pub words: usize,
}

/// Blocks that wait for their next use. Stream-ordered memory is not among them: CUDA has a pool of its own.
#[derive(Default)]
pub struct Pool {
    free: HashMap<(Memory, usize), Vec<Block>>,
}

impl Pool {
    /// A block; it is not initialised.
    pub fn take(&mut self, calls: &Calls, memory: Memory, words: usize) -> Result<Block, Error> {
        let pages = (words * 4).div_ceil(PAGE).max(1);
        if let Some(block) = self.free.get_mut(&(memory, pages)).and_then(Vec::pop) {
            return Ok(Block { words, ..block });
        }
        allocate(calls, memory, pages).map(|(base, start)| Block { memory, base, start, words })
    }

    /// Gives a block back for later traces.
    pub fn give(&mut self, block: Block) {
        let pages = (block.words * 4).div_ceil(PAGE).max(1);
        self.free.entry((block.memory, pages)).or_default().push(block);
    }
}

fn allocate(calls: &Calls, memory: Memory, pages: usize) -> Result<(*mut c_void, *mut u32), Error> {
    let bytes = pages * PAGE;
    let mut base = ptr::null_mut();
    // SAFETY: the pointers are to live variables.
    let code = unsafe {
        match memory {
            Memory::Pageable | Memory::Registered => {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                base = libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
                match (base == libc::MAP_FAILED, memory) {
                    (true, _) => -1,
                    (false, Memory::Registered) => (calls.host_register)(base, bytes, 0),
                    (false, _) => 0,
                }
            }
            // Small pinned allocations share pages; one more page makes room to begin at one.
            Memory::Pinned => (calls.malloc_host)(&mut base, bytes + PAGE),
            Memory::Managed => (calls.malloc_managed)(&mut base, bytes, 1),
            Memory::Device => (calls.malloc)(&mut base, bytes),
            Memory::StreamOrdered => {
                return Err(Error::Unexpected("stream-ordered memory has its own pool".to_string()));
            }
        }
    };
    if code != 0 {
        return Err(Error::Unexpected(format!(
            "{bytes} bytes of {} memory cannot be allocated: code {code}",
            memory.word()
        )));
    }
    let start = if memory == Memory::Pinned { base.map_addr(|at| at.div_ceil(PAGE) * PAGE) } else { base };
    Ok((base, start.cast()))
}
