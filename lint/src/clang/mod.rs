//! C++ through libclang: the only user of clang-sys.

pub mod cursor;
pub mod lower;
