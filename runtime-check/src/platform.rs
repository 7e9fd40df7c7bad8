//! The CUDA libraries of this machine, loaded on demand, and what can be wrong with them.

use cudarc::driver::{DriverError, result};
use cudarc::nvrtc;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// libcuda cannot be loaded.
    #[error("there is no CUDA driver on this machine (libcuda cannot be loaded); run this where a GPU is")]
    NoDriver,
    /// libnvrtc cannot be loaded.
    #[error(
        "NVRTC cannot be loaded; install the CUDA toolkit, or put the folder of libnvrtc into LD_LIBRARY_PATH"
    )]
    NoCompiler,
    /// A call failed.
    #[error("{0} failed: {1}")]
    Driver(&'static str, DriverError),
    /// A kernel does not compile.
    #[error("kernels/{0}.cu does not compile: {1}")]
    Compile(&'static str, nvrtc::CompileError),
    /// An experiment gave what it must not give.
    #[error("{0}")]
    Unexpected(String),
}

/// Names the call that failed.
pub fn failed(call: &'static str) -> impl FnOnce(DriverError) -> Error {
    move |error| Error::Driver(call, error)
}

/// Makes sure that the driver can be loaded. cudarc panics where it cannot.
pub fn find_driver() -> Result<(), Error> {
    // SAFETY: it loads libcuda and does nothing else; its initialisers are the vendor's own.
    if unsafe { cudarc::driver::sys::is_culib_present() } { Ok(()) } else { Err(Error::NoDriver) }
}

/// Loads and initialises the driver; this comes before any other call.
pub fn init_driver() -> Result<(), Error> {
    find_driver()?;
    result::init().map_err(failed("cuInit"))
}

/// The compute capability of the first device, as options of compilers write it: `90`.
pub fn architecture() -> Result<String, Error> {
    use cudarc::driver::sys::CUdevice_attribute::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
    };
    init_driver()?;
    let device = result::device::get(0).map_err(failed("cuDeviceGet"))?;
    // SAFETY: the device is one that the driver named.
    let attribute = |which| unsafe { result::device::get_attribute(device, which) };
    let major = attribute(MAJOR).map_err(failed("cuDeviceGetAttribute"))?;
    let minor = attribute(MINOR).map_err(failed("cuDeviceGetAttribute"))?;
    Ok(format!("{major}{minor}"))
}

/// Makes sure that NVRTC can be loaded. cudarc panics where it cannot.
pub fn find_compiler() -> Result<(), Error> {
    // SAFETY: it loads libnvrtc and does nothing else.
    if unsafe { nvrtc::sys::is_culib_present() } { Ok(()) } else { Err(Error::NoCompiler) }
}
