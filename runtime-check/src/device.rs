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

/// How many devices there are.
pub fn count() -> Result<usize, Error> {
    platform::init_driver()?;
    let devices = CudaContext::device_count().map_err(failed("cuDeviceGetCount"))?;
    Ok(usize::try_from(devices).unwrap_or(0))
}

/// The machine, as evidence names it: the first device.
pub fn header() -> Result<cuda_lint_evidence::Device, Error> {
    platform::init_driver()?;
    let context = CudaContext::new(0).map_err(failed("cuDevicePrimaryCtxRetain"))?;
    let (major, minor) = context.compute_capability().map_err(failed("cuDeviceGetAttribute"))?;
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let nvcc = std::process::Command::new("nvcc").arg("--version").output();
    let nvcc = nvcc.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    Ok(cuda_lint_evidence::Device {
        name: context.name().map_err(failed("cuDeviceGetName"))?,
        compute_capability: format!("{major}.{minor}"),
        driver: kernel_module(&read("/proc/driver/nvidia/version")).unwrap_or_default(),
        cuda: driver_version()?,
        nvrtc: compiler_version().unwrap_or_default(),
        nvcc: toolkit(&nvcc).unwrap_or_default(),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    })
}

/// The version out of what the driver says about itself: the first word that is numbers and dots.
fn kernel_module(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("NVRM version:"))?;
    let is_version = |word: &&str| {
        word.contains('.') && word.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
    };
    line.split_whitespace().find(is_version).map(str::to_owned)
}

/// The version out of `nvcc --version`: `V13.0.88`.
fn toolkit(text: &str) -> Option<String> {
    let version = text.split([',', ' ', '\n']).find_map(|word| word.strip_prefix('V'))?;
    Some(version.trim().to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        let driver =
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.03  Release Build\nGCC version";
        assert_eq!(kernel_module(driver).as_deref(), Some("580.159.03"));
        let nvcc =
            "Cuda compilation tools, release 13.0, V13.0.88\nBuild cuda_13.0.r13.0/compiler.36424714_0\n";
        assert_eq!(toolkit(nvcc).as_deref(), Some("13.0.88"));
        assert_eq!((kernel_module(""), toolkit("")), (None, None));
    }
}
