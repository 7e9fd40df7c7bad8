//! The functions of CUDA that traces use: those of the runtime API where its library is found, since that is
//! what programs call; else their counterparts in the driver API.

use std::ffi::{c_char, c_void};

use libloading::Library;

use crate::platform::Error;

type Handle = *mut c_void;

/// A host function.
pub type HostFn = unsafe extern "C" fn(*mut c_void);
/// A stream callback.
pub type Callback = unsafe extern "C" fn(Handle, i32, *mut c_void);

macro_rules! calls {
    ($($field:ident: fn($($argument:ty),*) = $runtime:literal, $driver:literal;)*) => {
        /// The functions; all return a code, 0 for success.
        #[allow(missing_docs, reason = "the fields are named after the functions")]
        #[derive(Clone, Copy)]
        pub struct Calls {
            /// True for the runtime API.
            pub is_runtime: bool,
            $(pub $field: unsafe extern "C" fn($($argument),*) -> i32,)*
            pub memcpy_async: MemcpyAsync,
            pub get_last_error: Option<unsafe extern "C" fn() -> i32>,
            pub peek_at_last_error: Option<unsafe extern "C" fn() -> i32>,
            pub set_device: Option<unsafe extern "C" fn(i32) -> i32>,
            pub get_device: Option<unsafe extern "C" fn(*mut i32) -> i32>,
            pub get_error_string: Option<unsafe extern "C" fn(i32) -> *const c_char>,
            pub pointer_get_attributes: Option<unsafe extern "C" fn(*mut c_void, *const c_void) -> i32>,
            pub memset_words: unsafe extern "C" fn(*mut c_void, u32, usize) -> i32,
            pub memset_words_per_thread: unsafe extern "C" fn(*mut c_void, u32, usize) -> i32,
            pub memset_words_async: unsafe extern "C" fn(*mut c_void, u32, usize, Handle) -> i32,
        }

        impl Calls {
            fn load(runtime: Option<&'static Library>, driver: &'static Library) -> Result<Self, Error> {
                Ok(Self {
                    is_runtime: runtime.is_some(),
                    $($field: symbol(runtime, driver, $runtime, $driver)?,)*
                    memcpy_async: match runtime {
                        Some(library) => MemcpyAsync::Runtime(find(library, "cudaMemcpyAsync")?),
                        None => MemcpyAsync::Driver(find(driver, "cuMemcpyAsync")?),
                    },
                    get_last_error: optional(runtime, "cudaGetLastError"),
                    peek_at_last_error: optional(runtime, "cudaPeekAtLastError"),
                    set_device: optional(runtime, "cudaSetDevice"),
                    get_device: optional(runtime, "cudaGetDevice"),
                    get_error_string: optional(runtime, "cudaGetErrorString"),
                    pointer_get_attributes: optional(runtime, "cudaPointerGetAttributes"),
                    // The runtime's memset writes bytes, which cannot carry a stamp; it is built on these.
                    memset_words: find(driver, "cuMemsetD32_v2")?,
                    memset_words_per_thread: find(driver, "cuMemsetD32_v2_ptds")?,
                    memset_words_async: find(driver, "cuMemsetD32Async")?,
                })
            }
        }
    };
}

// The counterparts agree in the number and the classes of their parameters, so that one signature serves both;
// where the driver's has fewer (cuMemcpy has no kind), the last ones stay in registers that it never reads.
calls! {
    malloc: fn(*mut Handle, usize) = "cudaMalloc", "cuMemAlloc_v2";
    malloc_host: fn(*mut Handle, usize) = "cudaMallocHost", "cuMemAllocHost_v2";
    malloc_managed: fn(*mut Handle, usize, u32) = "cudaMallocManaged", "cuMemAllocManaged";
    malloc_async: fn(*mut Handle, usize, Handle) = "cudaMallocAsync", "cuMemAllocAsync";
    host_register: fn(Handle, usize, u32) = "cudaHostRegister", "cuMemHostRegister_v2";
    host_unregister: fn(Handle) = "cudaHostUnregister", "cuMemHostUnregister";
    free: fn(Handle) = "cudaFree", "cuMemFree_v2";
    free_host: fn(Handle) = "cudaFreeHost", "cuMemFreeHost";
    free_async: fn(Handle, Handle) = "cudaFreeAsync", "cuMemFreeAsync";
    memcpy: fn(Handle, Handle, usize, i32) = "cudaMemcpy", "cuMemcpy";
    memcpy_per_thread: fn(Handle, Handle, usize, i32) = "cudaMemcpy_ptds", "cuMemcpy_ptds";
    stream_create: fn(*mut Handle, u32) = "cudaStreamCreateWithFlags", "cuStreamCreate";
    stream_destroy: fn(Handle) = "cudaStreamDestroy", "cuStreamDestroy_v2";
    stream_synchronize: fn(Handle) = "cudaStreamSynchronize", "cuStreamSynchronize";
    stream_query: fn(Handle) = "cudaStreamQuery", "cuStreamQuery";
    stream_wait_event: fn(Handle, Handle, u32) = "cudaStreamWaitEvent", "cuStreamWaitEvent";
    event_create: fn(*mut Handle, u32) = "cudaEventCreateWithFlags", "cuEventCreate";
    event_destroy: fn(Handle) = "cudaEventDestroy", "cuEventDestroy_v2";
    event_record: fn(Handle, Handle) = "cudaEventRecord", "cuEventRecord";
    event_synchronize: fn(Handle) = "cudaEventSynchronize", "cuEventSynchronize";
    event_query: fn(Handle) = "cudaEventQuery", "cuEventQuery";
    event_elapsed_time: fn(*mut f32, Handle, Handle) = "cudaEventElapsedTime", "cuEventElapsedTime";
    device_synchronize: fn() = "cudaDeviceSynchronize", "cuCtxSynchronize";
    launch_host_func: fn(Handle, HostFn, *mut c_void) = "cudaLaunchHostFunc", "cuLaunchHostFunc";
    add_callback: fn(Handle, Callback, *mut c_void, u32) = "cudaStreamAddCallback", "cuStreamAddCallback";
    begin_capture: fn(Handle, i32) = "cudaStreamBeginCapture", "cuStreamBeginCapture_v2";
    end_capture: fn(Handle, *mut Handle) = "cudaStreamEndCapture", "cuStreamEndCapture";
    is_capturing: fn(Handle, *mut i32) = "cudaStreamIsCapturing", "cuStreamIsCapturing";
    graph_instantiate: fn(*mut Handle, Handle, u64) = "cudaGraphInstantiateWithFlags", "cuGraphInstantiateWithFlags";
    graph_launch: fn(Handle, Handle) = "cudaGraphLaunch", "cuGraphLaunch";
    graph_exec_destroy: fn(Handle) = "cudaGraphExecDestroy", "cuGraphExecDestroy";
    graph_destroy: fn(Handle) = "cudaGraphDestroy", "cuGraphDestroy";
    mem_get_info: fn(*mut usize, *mut usize) = "cudaMemGetInfo", "cuMemGetInfo_v2";
}

/// The asynchronous copy: the driver's takes no kind.
#[derive(Clone, Copy)]
pub enum MemcpyAsync {
    /// With a kind.
    Runtime(unsafe extern "C" fn(Handle, Handle, usize, i32, Handle) -> i32),
    /// Without.
    Driver(unsafe extern "C" fn(Handle, Handle, usize, Handle) -> i32),
}

/// Names under which the runtime library is found, the newest first.
const RUNTIME: [&str; 4] =
    ["libcudart.so.13", "libcudart.so", "libcudart.so.12", "/usr/local/cuda/lib64/libcudart.so"];

impl Calls {
    /// Finds the libraries. They stay loaded.
    pub fn find() -> Result<Self, Error> {
        let driver = open("libcuda.so.1").ok_or(Error::NoDriver)?;
        Self::load(RUNTIME.iter().find_map(|name| open(name)), driver)
    }

    /// Copies without waiting.
    ///
    /// # Safety
    /// As for the function itself.
    pub unsafe fn copy_async(
        &self,
        to: Handle,
        from: Handle,
        bytes: usize,
        kind: i32,
        stream: Handle,
    ) -> i32 {
        // SAFETY: the caller's promise.
        unsafe {
            match self.memcpy_async {
                MemcpyAsync::Runtime(call) => call(to, from, bytes, kind, stream),
                MemcpyAsync::Driver(call) => call(to, from, bytes, stream),
            }
        }
    }

    /// Which API this is, for the evidence.
    pub const fn name(&self) -> &'static str {
        if self.is_runtime { "runtime API" } else { "driver API" }
    }
}

fn open(name: &str) -> Option<&'static Library> {
    // SAFETY: loading the vendor's libraries runs their initialisers and nothing of the code under test.
    let library = unsafe { Library::new(name) }.ok()?;
    Some(Box::leak(Box::new(library)))
}

fn find<T: Copy>(library: &'static Library, name: &str) -> Result<T, Error> {
    // SAFETY: the types above are those of the vendor's headers.
    let symbol = unsafe { library.get::<T>(name.as_bytes()) };
    symbol.map(|symbol| *symbol).map_err(|_| {
        Error::Unexpected(format!("the CUDA library has no function {name}; CUDA 12 or later is needed"))
    })
}

fn symbol<T: Copy>(
    runtime: Option<&'static Library>,
    driver: &'static Library,
    runtime_name: &str,
    driver_name: &str,
) -> Result<T, Error> {
    runtime.map_or_else(|| find(driver, driver_name), |library| find(library, runtime_name))
}

fn optional<T: Copy>(library: Option<&'static Library>, name: &str) -> Option<T> {
    find(library?, name).ok()
}
