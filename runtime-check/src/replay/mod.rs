//! Runs traces on a GPU under a schedule that makes races show.
//!
//! `executor` runs one trace in this process, with `calls` (the functions of CUDA), `kernels`, `memory`, `hold`,
//! `guard` and `host_function`; `worker` does it in child processes.

mod calls;
mod executor;
mod guard;
mod hold;
mod host_function;
mod kernels;
mod memory;
pub mod verdict;
pub mod worker;

pub use executor::Gpu;
pub use kernels::ptx;
