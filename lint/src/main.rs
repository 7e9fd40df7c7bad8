//! The command.

#[allow(dead_code, reason = "not everything is connected yet")]
mod clang;

fn main() {}
