//! Host functions of traces: what runs on CUDA's own thread, and the functions of CUDA that it calls.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cuda_lint_engine::cuda::without_abi_suffix;
use cuda_lint_engine::trace::Memory;
use cuda_lint_engine::trace::judge::waits_in_host_function;

use super::calls::Calls;
use super::guard;
use super::kernels::Kernels;
use super::memory::Pool;
use super::plan::LONG;
use crate::platform::Error;
use crate::values::Digest;

/// Things that named calls may use: they belong to no trace.
#[derive(Clone, Copy)]
pub struct Scratch {
    calls: Calls,
    kernels: Kernels,
    device: *mut c_void,
    pinned: *mut c_void,
    /// A page that can be registered.
    page: *mut c_void,
    /// Device memory that may be freed, which a host function is not able to.
    victim: *mut c_void,
    pinned_victim: *mut c_void,
    stream: *mut c_void,
    event: *mut c_void,
}

/// Words in memory, and whose.
#[derive(Clone, Copy)]
pub struct Words {
    /// The first.
    pub start: *mut u32,
    /// How many.
    pub count: usize,
}

/// A host function: what CUDA gets a pointer to.
pub struct HostWork {
    /// The step.
    pub step: usize,
    /// What it reads.
    pub reads: Vec<Words>,
    /// What it writes.
    pub writes: Vec<Words>,
    /// Which functions of CUDA it calls.
    pub calls: Vec<String>,
    /// The word that it writes.
    pub stamp: u32,
    /// What they may use.
    pub scratch: Scratch,
    /// What each run saw.
    pub seen: Mutex<Vec<Seen>>,
}

/// One run of a host function.
pub struct Seen {
    /// What it read.
    pub reads: Vec<Digest>,
    /// The first code that is not 0.
    pub code: i32,
    /// When it began and when it ended.
    pub ran: (Instant, Instant),
}

/// The names that [`Scratch::call`] knows.
const NAMES: &[&str] = &[
    "cudaMalloc",
    "cuMemAlloc",
    "cudaMallocPitch",
    "cudaMallocHost",
    "cudaHostAlloc",
    "cuMemAllocHost",
    "cuMemHostAlloc",
    "cudaMallocManaged",
    "cuMemAllocManaged",
    "cudaMallocAsync",
    "cuMemAllocAsync",
    "cudaHostRegister",
    "cuMemHostRegister",
    "cudaHostUnregister",
    "cuMemHostUnregister",
    "cudaFree",
    "cuMemFree",
    "cudaFreeHost",
    "cuMemFreeHost",
    "cudaFreeAsync",
    "cuMemFreeAsync",
    "cudaMemcpy",
    "cuMemcpy",
    "cuMemcpyHtoD",
    "cuMemcpyDtoH",
    "cudaMemcpyAsync",
    "cuMemcpyAsync",
    "cuMemcpyHtoDAsync",
    "cuMemcpyDtoHAsync",
    "cudaMemset",
    "cudaMemsetAsync",
    "cudaStreamCreate",
    "cudaStreamCreateWithFlags",
    "cuStreamCreate",
    "cudaStreamSynchronize",
    "cuStreamSynchronize",
    "cudaStreamQuery",
    "cuStreamQuery",
    "cudaStreamWaitEvent",
    "cuStreamWaitEvent",
    "cudaEventCreate",
    "cudaEventCreateWithFlags",
    "cuEventCreate",
    "cudaEventRecord",
    "cuEventRecord",
    "cudaEventQuery",
    "cuEventQuery",
    "cudaEventSynchronize",
    "cuEventSynchronize",
    "cudaDeviceSynchronize",
    "cuCtxSynchronize",
    "cudaLaunchKernel",
    "cuLaunchKernel",
    "kernel<<<>>>",
    "cudaLaunchHostFunc",
    "cuLaunchHostFunc",
    "cudaMemGetInfo",
    "cuMemGetInfo",
    "cudaGetLastError",
    "cudaPeekAtLastError",
    "cudaSetDevice",
    "cudaGetDevice",
    "cudaGetErrorString",
    "cudaGetErrorName",
    "cudaPointerGetAttributes",
];

impl Scratch {
    /// True for a name that [`Self::call`] knows.
    pub fn knows(name: &str) -> bool {
        NAMES.contains(&without_abi_suffix(name))
    }

    /// Makes them.
    pub fn new(calls: Calls, kernels: Kernels) -> Result<Self, Error> {
        let null = ptr::null_mut;
        let mut this = Self {
            calls,
            kernels,
            device: null(),
            pinned: null(),
            page: null(),
            victim: null(),
            pinned_victim: null(),
            stream: null(),
            event: null(),
        };
        this.page = Pool::default().take(&calls, Memory::Pageable, 1024)?.base;
        // SAFETY: the pointers are to live variables.
        let codes = unsafe {
            [
                (calls.malloc)(&mut this.device, 4096),
                (calls.malloc_host)(&mut this.pinned, 4096),
                (calls.malloc)(&mut this.victim, 4096),
                (calls.malloc_host)(&mut this.pinned_victim, 4096),
                (calls.stream_create)(&mut this.stream, 1),
                (calls.event_create)(&mut this.event, 2),
                (calls.event_record)(this.event, this.stream),
            ]
        };
        match codes.into_iter().find(|code| *code != 0) {
            Some(code) => Err(Error::Unexpected(format!("the replayer cannot be set up: code {code}"))),
            None => Ok(this),
        }
    }

    /// Calls a function of CUDA by name, with arguments that are right anywhere but in a host function; `None`
    /// for a name that is not known here.
    pub fn call(&self, name: &str) -> Option<i32> {
        let calls = &self.calls;
        let (mut pointer, mut number, mut free, mut total) = (ptr::null_mut(), 0, 0, 0);
        let mut attributes = [0_u64; 16];
        // SAFETY: the arguments are live things of this process. What is allocated is small and stays.
        let code = unsafe {
            match without_abi_suffix(name) {
                "cudaMalloc" | "cuMemAlloc" | "cudaMallocPitch" => (calls.malloc)(&mut pointer, 64),
                "cudaMallocHost" | "cudaHostAlloc" | "cuMemAllocHost" | "cuMemHostAlloc" => {
                    (calls.malloc_host)(&mut pointer, 64)
                }
                "cudaMallocManaged" | "cuMemAllocManaged" => (calls.malloc_managed)(&mut pointer, 64, 1),
                "cudaMallocAsync" | "cuMemAllocAsync" => (calls.malloc_async)(&mut pointer, 64, self.stream),
                "cudaHostRegister" | "cuMemHostRegister" => (calls.host_register)(self.page, 4096, 0),
                "cudaHostUnregister" | "cuMemHostUnregister" => (calls.host_unregister)(self.page),
                "cudaFree" | "cuMemFree" => (calls.free)(self.victim),
                "cudaFreeHost" | "cuMemFreeHost" => (calls.free_host)(self.pinned_victim),
                "cudaFreeAsync" | "cuMemFreeAsync" => {
                    match (calls.malloc_async)(&mut pointer, 64, self.stream) {
                        0 => (calls.free_async)(pointer, self.stream),
                        code => code,
                    }
                }
                "cudaMemcpy" | "cuMemcpy" | "cuMemcpyHtoD" | "cuMemcpyDtoH" => {
                    (calls.memcpy)(self.device, self.pinned, 4, 4)
                }
                "cudaMemcpyAsync" | "cuMemcpyAsync" | "cuMemcpyHtoDAsync" | "cuMemcpyDtoHAsync" => {
                    calls.copy_async(self.device, self.pinned, 4, 4, self.stream)
                }
                "cudaMemset" => (calls.memset_words)(self.device, 0, 1),
                "cudaMemsetAsync" => (calls.memset_words_async)(self.device, 0, 1, self.stream),
                "cudaStreamCreate" | "cudaStreamCreateWithFlags" | "cuStreamCreate" => {
                    (calls.stream_create)(&mut pointer, 0)
                }
                "cudaStreamSynchronize" | "cuStreamSynchronize" => (calls.stream_synchronize)(self.stream),
                "cudaStreamQuery" | "cuStreamQuery" => (calls.stream_query)(self.stream),
                "cudaStreamWaitEvent" | "cuStreamWaitEvent" => {
                    (calls.stream_wait_event)(self.stream, self.event, 0)
                }
                "cudaEventCreate" | "cudaEventCreateWithFlags" | "cuEventCreate" => {
                    (calls.event_create)(&mut pointer, 0)
                }
                "cudaEventRecord" | "cuEventRecord" => (calls.event_record)(self.event, self.stream),
                "cudaEventQuery" | "cuEventQuery" => (calls.event_query)(self.event),
                "cudaEventSynchronize" | "cuEventSynchronize" => (calls.event_synchronize)(self.event),
                "cudaDeviceSynchronize" | "cuCtxSynchronize" => (calls.device_synchronize)(),
                "cudaLaunchKernel" | "cuLaunchKernel" | "kernel<<<>>>" => {
                    self.kernels.fill(self.device.cast(), 1, 0, ptr::null_mut(), self.stream)
                }
                "cudaLaunchHostFunc" | "cuLaunchHostFunc" => {
                    (calls.launch_host_func)(self.stream, nothing, ptr::null_mut())
                }
                "cudaMemGetInfo" | "cuMemGetInfo" => (calls.mem_get_info)(&mut free, &mut total),
                "cudaGetLastError" => (calls.get_last_error?)(),
                "cudaPeekAtLastError" => (calls.peek_at_last_error?)(),
                "cudaSetDevice" => (calls.set_device?)(0),
                "cudaGetDevice" => (calls.get_device?)(&mut number),
                "cudaGetErrorString" | "cudaGetErrorName" => {
                    i32::from((calls.get_error_string?)(0).is_null())
                }
                "cudaPointerGetAttributes" => {
                    (calls.pointer_get_attributes?)(attributes.as_mut_ptr().cast(), self.pinned)
                }
                _ => return None,
            }
        };
        Some(code)
    }
}

// SAFETY: CUDA's thread gets it while ours keeps it. What its pointers point to outlives both, is touched
// volatile, and races on it are what is being looked for; the results are behind a lock.
unsafe impl Send for HostWork {}
// SAFETY: as above.
unsafe impl Sync for HostWork {}

impl HostWork {
    /// What CUDA calls.
    ///
    /// # Safety
    /// `data` is a `HostWork` that outlives the call.
    pub unsafe extern "C" fn run(data: *mut c_void) {
        // SAFETY: the caller's promise.
        let this = unsafe { &*data.cast::<Self>() };
        let begin = Instant::now();
        let reads = this.reads.iter().map(|words| look(*words, this.step)).collect();
        for words in &this.writes {
            fill(*words, this.stamp, this.step);
        }
        let codes = this.calls.iter().filter_map(|name| match waits_in_host_function(name) {
            // What it waits for comes after the host has waited for the stream: never.
            true => {
                std::thread::sleep(LONG);
                Some(0)
            }
            false => this.scratch.call(name),
        });
        let code = codes.fold(0, |first, code| if first == 0 { code } else { first });
        this.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen {
            reads,
            code,
            ran: (begin, Instant::now()),
        });
    }

    /// The same as a stream callback.
    ///
    /// # Safety
    /// As [`Self::run`].
    pub unsafe extern "C" fn called_back(_stream: *mut c_void, _code: i32, data: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { Self::run(data) };
    }
}

unsafe extern "C" fn nothing(_data: *mut c_void) {}

/// The host looks at words, on behalf of a step. Where they lie in device memory, this is the fault that the
/// trace is about.
pub fn look(words: Words, step: usize) -> Digest {
    guard::about_to_touch(step, words.start as usize, words.count * 4);
    let mut digest = Digest::default();
    for index in 0..words.count {
        // SAFETY: the words are those of a live buffer.
        let word = unsafe { words.start.add(index).read_volatile() };
        if index == 0 {
            digest.first = word;
        }
        digest.last = word;
        digest.sum += u64::from(word);
    }
    guard::done_touching();
    digest
}

/// The host fills words, on behalf of a step.
pub fn fill(words: Words, word: u32, step: usize) {
    guard::about_to_touch(step, words.start as usize, words.count * 4);
    for index in 0..words.count {
        // SAFETY: the words are those of a live buffer.
        unsafe { words.start.add(index).write_volatile(word) };
    }
    guard::done_touching();
}
