//! Runs traces on a GPU under a schedule that makes races show.
//!
//! `executor` runs one trace in this process, with `calls` (the functions of CUDA), `kernels`, `memory`, `hold`,
//! `guard` and `host_function`; `worker` does it in child processes. `plan` knows which schedules bring a hazard
//! out and what to look at, `experiment` makes a verdict of it, `timeline` tells when everything happened, `command`
//! is what people call.

mod calls;
pub mod command;
mod executor;
pub mod experiment;
mod guard;
mod hold;
mod host_function;
mod input;
mod kernels;
mod memory;
pub mod plan;
pub mod probe;
pub mod shape;
mod table;
mod timeline;
pub mod worker;

pub use executor::Gpu;
