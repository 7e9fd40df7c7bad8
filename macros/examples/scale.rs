//! A program with checked host code: it scales a vector on the GPU, in two halves on two streams.
//!
//! `cargo run -p cuda-lint-macros --example scale`

use std::error::Error;

use cuda_lint_macros::cuda_checked;
use cudarc::driver::{CudaContext, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::compile_ptx;

const KERNEL: &str = r#"
extern "C" __global__ void scale(float *values, float factor, size_t count) {
    size_t index = blockIdx.x * size_t(blockDim.x) + threadIdx.x;
    if (index < count) values[index] *= factor;
}
"#;

#[cuda_checked]
fn scaled(values: &[f32], factor: f32) -> Result<Vec<f32>, Box<dyn Error>> {
    let context = CudaContext::new(0)?;
    let (upper, lower) = (context.new_stream()?, context.new_stream()?);
    let scale = context.load_module(compile_ptx(KERNEL)?)?.load_function("scale")?;
    let half = values.len() / 2;
    let mut first = upper.clone_htod(&values[..half])?;
    let mut second = lower.clone_htod(&values[half..])?;
    let counts = (half, values.len() - half);
    unsafe {
        upper
            .launch_builder(&scale)
            .arg(&mut first)
            .arg(&factor)
            .arg(&counts.0)
            .launch(LaunchConfig::for_num_elems(u32::try_from(counts.0)?))?;
        lower
            .launch_builder(&scale)
            .arg(&mut second)
            .arg(&factor)
            .arg(&counts.1)
            .launch(LaunchConfig::for_num_elems(u32::try_from(counts.1)?))?;
    }
    let mut result = upper.clone_dtoh(&first)?;
    result.extend(lower.clone_dtoh(&second)?);
    upper.synchronize()?;
    lower.synchronize()?;
    Ok(result)
}

fn main() -> Result<(), Box<dyn Error>> {
    let values: Vec<f32> = (0..1000_u16).map(f32::from).collect();
    let result = scaled(&values, 2.0)?;
    assert!(result.iter().zip(&values).all(|(new, old)| *new == 2.0 * old));
    println!("{} values scaled", result.len());
    Ok(())
}
