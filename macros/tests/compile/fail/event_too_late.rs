//! Two findings in one function, both said at once, and the same again in a method and in a module.
use cuda_lint_macros::cuda_checked;
use cudarc::driver::{CudaContext, DriverError};

#[cuda_checked(cudarc = "0.19.10")]
fn download() -> Result<f32, DriverError> {
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let device = stream.alloc_zeros::<f32>(1024)?;
    let mut first = unsafe { context.alloc_pinned::<f32>(1024)? };
    let mut second = unsafe { context.alloc_pinned::<f32>(1024)? };
    stream.memcpy_dtoh(&device, &mut first)?;
    stream.memcpy_dtoh(&device, &mut second)?;
    let sum = first.as_slice()?[0] + second.as_slice()?[0];
    stream.synchronize()?;
    Ok(sum)
}

struct Timer;

impl Timer {
    #[cuda_checked(cudarc = "0.19.10")]
    fn milliseconds(&self) -> Result<f32, DriverError> {
        let context = CudaContext::new(0)?;
        let (start, stop) = (context.new_event(None)?, context.new_event(None)?);
        start.record(&context.default_stream())?;
        stop.record(&context.default_stream())?;
        start.elapsed_ms(&stop)
    }
}

fn main() {
    let _ = (download(), Timer.milliseconds());
}
