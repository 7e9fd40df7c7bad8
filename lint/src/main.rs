//! placeholder
#![allow(dead_code, missing_docs)]
mod clang;
mod compile_commands;
mod cuda_scan;
mod include_index;
fn main() {}
