//! C++ and CUDA through libclang: the only user of clang-sys.
//!
//! path ──[`flags`]──▶ options ──[`parse`]──▶ tree ──lowering──▶ [`cuda_lint_engine::Program`]
//!
//! [`library`] finds libclang, [`embedded`] and [`prelude`] bring the declarations, [`repair`] invents what
//! is missing, [`configuration`] looks after code that the preprocessor hides.

pub mod build_flags;
pub mod comments;
pub mod configuration;
pub mod cursor;
pub mod cxstring;
pub mod declared;
pub mod embedded;
pub mod flags;
pub mod includes;
pub mod lexing;
pub mod library;
pub mod lower;
pub mod parse;
pub mod prelude;
pub mod real_headers;
pub mod repair;
pub mod response_file;
pub mod unit;

#[cfg(test)]
mod parse_tests;
#[cfg(test)]
pub mod testing;
