//! The attribute asks nothing of the crate that it is used in.
#![no_std]
#![deny(warnings, clippy::all, missing_docs)]

extern crate std;

use cuda_lint_macros::cuda_checked;

/// Doubles.
#[cuda_checked]
pub fn twice(number: u32) -> u32 {
    2 * number
}

fn main() {
    assert_eq!(twice(2), 4);
}
