//! Waits where they belong, a finding that is allowed, generics, async, and warnings that are denied for everything.
#![deny(warnings)]

use std::sync::Arc;

use cuda_lint_macros::cuda_checked;
use cudarc::driver::{CudaContext, CudaSlice, CudaStream, DeviceRepr, DriverError};

#[cuda_checked(cudarc = "0.19.10")]
fn download() -> Result<f32, DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut host)?;
    stream.synchronize()?;
    Ok(host.as_slice()?[0])
}

#[cuda_checked(allow(cudarc_lost_event), cudarc = "0.19.10")]
fn allowed() -> Result<f32, DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut host = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut host)?;
    let first = host.as_slice()?[0];
    stream.synchronize()?;
    Ok(first)
}

#[cuda_checked]
fn copied<T: DeviceRepr + Clone>(
    stream: &Arc<CudaStream>,
    from: &CudaSlice<T>,
) -> Result<Vec<T>, DriverError> {
    let host = stream.clone_dtoh(from)?;
    Ok(host)
}

#[cuda_checked]
async fn later(context: Arc<CudaContext>) -> Result<(), DriverError> {
    context.default_stream().synchronize()
}

#[cuda_checked]
mod inner {
    macro_rules! generated {
        ($name:ident) => {
            pub fn $name() -> u32 {
                7
            }
        };
    }
    generated!(seven);
}

fn main() {
    let _ = (download, allowed, copied::<f32>, later, inner::seven());
}
