//! The CUDA model as data: what each function does to streams, events, memory and the host.

pub mod row;
