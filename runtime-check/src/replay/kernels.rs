//! The kernels of the replayer.

use std::ffi::{CString, c_void};

use cudarc::driver::{result, sys};

use crate::platform::{Error, failed};
use crate::ptx::TOUCH;

/// The loaded kernels.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    look: sys::CUfunction,
    fill: sys::CUfunction,
    take: sys::CUfunction,
    hold: sys::CUfunction,
    clock: sys::CUfunction,
    /// True if NVRTC compiled them, false if they are the shipped PTX.
    pub compiled: bool,
}

impl Kernels {
    /// Loads the kernels into the current context.
    pub fn load() -> Result<Self, Error> {
        let (text, compiled) = TOUCH.load()?;
        let image = CString::new(text)
            .map_err(|_| Error::Unexpected("the PTX of kernels/touch.cu holds a zero byte".to_string()))?;
        // SAFETY: the image is a C string that outlives the call; a context is current.
        let module = unsafe { result::module::load_data(image.as_ptr().cast()) }
            .map_err(failed("cuModuleLoadData"))?;
        let function = |name: &str| {
            let name = CString::new(name).unwrap_or_default();
            // SAFETY: the module is loaded and never unloaded.
            unsafe { result::module::get_function(module, name) }.map_err(failed("cuModuleGetFunction"))
        };
        let (look, fill) = (function("look")?, function("fill")?);
        let (take, hold, clock) = (function("take")?, function("hold_until")?, function("clock_trip")?);
        Ok(Self { look, fill, take, hold, clock, compiled })
    }

    /// Looks at `count` words.
    ///
    /// # Safety
    /// The slot is device memory, and `spans` is null or page-locked memory with room for [`blocks`] spans. What
    /// lies at `words` is what the trace under test says; a fault there is an observation.
    pub unsafe fn look(
        &self,
        words: *const u32,
        count: usize,
        slot: *mut Slot,
        spans: *mut Span,
        stream: *mut c_void,
    ) -> i32 {
        let (mut words, mut count, mut slot, mut spans) = (words, count as u64, slot, spans);
        let mut arguments =
            [pointer(&mut words), pointer(&mut count), pointer(&mut slot), pointer(&mut spans)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.look, blocks(count), 256, stream, &mut arguments) }
    }

    /// Writes `word` to `count` words.
    ///
    /// # Safety
    /// As [`Self::look`].
    pub unsafe fn fill(
        &self,
        words: *mut u32,
        count: usize,
        word: u32,
        spans: *mut Span,
        stream: *mut c_void,
    ) -> i32 {
        let (mut words, mut count, mut word, mut spans) = (words, count as u64, word, spans);
        let mut arguments =
            [pointer(&mut words), pointer(&mut count), pointer(&mut word), pointer(&mut spans)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.fill, blocks(count), 256, stream, &mut arguments) }
    }

    /// Moves a slot to the next of those of its launches, and clears it.
    ///
    /// # Safety
    /// All are device memory, and there are as many for launches as the kernel will run.
    pub unsafe fn take(&self, from: *mut Slot, launches: *mut Slot, stream: *mut c_void) -> i32 {
        let (mut from, mut launches) = (from, launches);
        let mut arguments = [pointer(&mut from), pointer(&mut launches)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.take, 1, 1, stream, &mut arguments) }
    }

    /// Keeps a stream busy until the flag is raised or the time is over.
    ///
    /// # Safety
    /// The flag is pinned host memory that outlives the kernel; `spans` is null or room for one span there.
    pub unsafe fn hold(
        &self,
        flag: *const u32,
        nanoseconds: u64,
        spans: *mut Span,
        stream: *mut c_void,
    ) -> i32 {
        let (mut flag, mut nanoseconds, mut spans) = (flag, nanoseconds, spans);
        let mut arguments = [pointer(&mut flag), pointer(&mut nanoseconds), pointer(&mut spans)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.hold, 1, 1, stream, &mut arguments) }
    }

    /// Answers with the device's clock, `rounds` times.
    ///
    /// # Safety
    /// Word and answers are pinned host memory that outlives the kernel, with room for `rounds` + 1 answers.
    pub unsafe fn clock(
        &self,
        word: *const u32,
        answers: *mut u64,
        rounds: u32,
        nanoseconds: u64,
        stream: *mut c_void,
    ) -> i32 {
        let (mut word, mut answers) = (word, answers);
        let (mut rounds, mut nanoseconds) = (rounds, nanoseconds);
        let mut arguments =
            [pointer(&mut word), pointer(&mut answers), pointer(&mut rounds), pointer(&mut nanoseconds)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.clock, 1, 1, stream, &mut arguments) }
    }
}

/// What one look at memory gives, as the kernels write it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    /// The first word.
    pub first: u32,
    /// The last word.
    pub last: u32,
    /// The sum of all words.
    pub sum: u64,
    /// How often the look was made: 0 says never.
    pub looks: u32,
    /// Of a look within a graph: how many launches of the graph have been taken from it.
    taken: u32,
}

/// When one block of a kernel ran, as the kernels write it: the device's clock, in nanoseconds; 0: not yet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// When it began.
    pub begin: u64,
    /// When it ended.
    pub end: u64,
}

fn pointer<T>(value: &mut T) -> *mut c_void {
    (&raw mut *value).cast()
}

/// Few blocks for small ranges, and never so many that they would fill the device: holds need room.
pub fn blocks(count: u64) -> u32 {
    u32::try_from(count.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, 64)
}

/// # Safety
/// The arguments fit the kernel's parameters.
unsafe fn launch(
    kernel: sys::CUfunction,
    blocks: u32,
    threads: u32,
    stream: *mut c_void,
    arguments: &mut [*mut c_void],
) -> i32 {
    let (grid, block) = ((blocks, 1, 1), (threads, 1, 1));
    // SAFETY: the caller's promise; handles of streams are the same in both APIs.
    match unsafe { result::launch_kernel(kernel, grid, block, 0, stream.cast(), arguments) } {
        Ok(()) => 0,
        Err(error) => error.0 as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ranges_take_one_block_and_large_ones_leave_room() {
        assert_eq!((blocks(0), blocks(1), blocks(1025), blocks(1 << 30)), (1, 1, 2, 64));
    }
}
