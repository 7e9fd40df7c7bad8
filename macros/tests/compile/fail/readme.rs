//! The example of the README.
use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaStream, DriverError};

#[cuda_lint_macros::cuda_checked]
fn download(stream: Arc<CudaStream>, device: &CudaSlice<f32>) -> Result<f32, DriverError> {
    let mut host = unsafe { stream.context().alloc_pinned::<f32>(1)? };
    stream.memcpy_dtoh(device, host.as_mut_slice()?)?;
    Ok(host.as_slice()?[0])
}

fn main() {
    let _ = download;
}
