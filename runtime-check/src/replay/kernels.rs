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
        Ok(Self { look, fill, take: function("take")?, hold: function("hold_until")?, compiled })
    }

    /// Looks at `count` words.
    ///
    /// # Safety
    /// The slot is device memory. What lies at `words` is what the trace under test says; a fault there is
    /// an observation.
    pub unsafe fn look(&self, words: *const u32, count: usize, slot: *mut Slot, stream: *mut c_void) -> i32 {
        let (mut words, mut count, mut slot) = (words, count as u64, slot);
        let mut arguments = [pointer(&mut words), pointer(&mut count), pointer(&mut slot)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.look, blocks(count), 256, stream, &mut arguments) }
    }

    /// Writes `word` to `count` words.
    ///
    /// # Safety
    /// As [`Self::look`].
    pub unsafe fn fill(&self, words: *mut u32, count: usize, word: u32, stream: *mut c_void) -> i32 {
        let (mut words, mut count, mut word) = (words, count as u64, word);
        let mut arguments = [pointer(&mut words), pointer(&mut count), pointer(&mut word)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.fill, blocks(count), 256, stream, &mut arguments) }
    }

    /// Moves one slot to another and clears it.
    ///
    /// # Safety
    /// Both slots are device memory.
    pub unsafe fn take(&self, from: *mut Slot, to: *mut Slot, stream: *mut c_void) -> i32 {
        let (mut from, mut to) = (from, to);
        let mut arguments = [pointer(&mut from), pointer(&mut to)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.take, 1, 1, stream, &mut arguments) }
    }

    /// Keeps a stream busy until the flag is raised or the time is over.
    ///
    /// # Safety
    /// The flag is pinned host memory that outlives the kernel.
    pub unsafe fn hold(&self, flag: *const u32, nanoseconds: u64, stream: *mut c_void) -> i32 {
        let (mut flag, mut nanoseconds) = (flag, nanoseconds);
        let mut arguments = [pointer(&mut flag), pointer(&mut nanoseconds)];
        // SAFETY: the arguments are the kernel's parameters.
        unsafe { launch(self.hold, 1, 1, stream, &mut arguments) }
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
    unused: u32,
}

fn pointer<T>(value: &mut T) -> *mut c_void {
    (&raw mut *value).cast()
}

/// Few blocks for small ranges, and never so many that they would fill the device: holds need room.
fn blocks(count: u64) -> u32 {
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
