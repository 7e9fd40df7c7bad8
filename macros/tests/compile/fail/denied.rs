//! A finding of performance that is denied, a rule that does not exist, and an option that is none.
use cuda_lint_macros::cuda_checked;
use cudarc::driver::{CudaContext, DriverError};

#[cuda_checked(allow(pageable_asink_copy))]
fn misspelt() {}

#[cuda_checked(allow = "everything")]
fn wrong() {}

#[cuda_checked(deny, cudarc = "0.19.10")]
fn main() -> Result<(), DriverError> {
    misspelt();
    wrong();
    let context = CudaContext::new(0)?;
    let stream = context.new_stream()?;
    let values = vec![1.0_f32; 16 << 20];
    let device = stream.clone_htod(&values)?;
    stream.synchronize()?;
    drop(device);
    Ok(())
}
