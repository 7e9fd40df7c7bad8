//! `device`: what evidence from this machine is evidence about.

use std::fmt::Write;

use cudarc::driver::{CudaContext, sys};
use cudarc::nvrtc;

use crate::platform::{self, Error, failed};

/// Says which driver, which NVRTC and which devices there are.
pub fn describe() -> Result<String, Error> {
    platform::init_driver()?;
    let mut text = format!("driver: CUDA {}\n", driver_version()?);
    let compiler = compiler_version().unwrap_or_else(|| "not found".to_string());
    let _ = write!(text, "NVRTC: {compiler}");
    let devices = CudaContext::device_count().map_err(failed("cuDeviceGetCount"))?;
    for ordinal in 0..usize::try_from(devices).unwrap_or(0) {
        let context = CudaContext::new(ordinal).map_err(failed("cuDevicePrimaryCtxRetain"))?;
        let name = context.name().map_err(failed("cuDeviceGetName"))?;
        let (major, minor) = context.compute_capability().map_err(failed("cuDeviceGetAttribute"))?;
        let bytes = context.total_mem().map_err(failed("cuDeviceTotalMem"))?;
        let _ = write!(
            text,
            "\ndevice {ordinal}: {name}, compute capability {major}.{minor}, {:.1} GiB",
            bytes as f64 / f64::from(1 << 30)
        );
    }
    Ok(text)
}

fn driver_version() -> Result<String, Error> {
    let mut version = 0;
    // SAFETY: the driver is loaded, and the pointer is to a live integer.
    let code = unsafe { sys::cuDriverGetVersion(&mut version) };
    code.result().map_err(failed("cuDriverGetVersion"))?;
    // 1000 * major + 10 * minor
    Ok(format!("{}.{}", version / 1000, version % 1000 / 10))
}

fn compiler_version() -> Option<String> {
    platform::find_compiler().ok()?;
    let (mut major, mut minor) = (0, 0);
    // SAFETY: NVRTC is loaded, and the pointers are to live integers.
    let code = unsafe { nvrtc::sys::nvrtcVersion(&mut major, &mut minor) };
    (code == nvrtc::sys::nvrtcResult::NVRTC_SUCCESS).then(|| format!("{major}.{minor}"))
}
