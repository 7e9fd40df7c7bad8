//! The Rust frontend: syn's syntax trees to the same [`Program`](cuda_lint_engine::program::Program) that C++ is lowered to.
//!
//! ```text
//! text or tokens ──syn──▶ items ──lower──▶ Program, spans
//! ```
//! The package stands apart from the command, so that the attribute macro can use it without libclang, and from
//! the engine, so that the engine knows no syntax trees.
//!
//! **How Rust is lowered**
//! - Values of handle types (`CudaStream`, `CudaSlice`, `PinnedHostSlice`, …) are numbers or addresses, as the
//!   handles of the C APIs are; `Arc`, `Option` and `Result` around them are seen through.
//! - Safe methods of the libraries are rows of the CUDA model; what a method is made of (allocate, copy, record)
//!   stands in the stubs ([`libraries`]), which are lowered in place of the call.
//! - A value that is moved is not dropped; what is moved on some paths only has a flag, as rustc gives it.
//! - Of a `Result`, the `Ok` is followed: an `Err` of a CUDA call has done nothing, and that of a function of
//!   the program ends the path. Functions of other crates may fail: then `?` leaves the function.
//! - What cannot be lowered becomes an opaque statement, never an error.

mod aggregates;
mod calls;
mod check;
mod collect;
mod control;
mod definition;
mod drops;
mod elements;
mod expand;
mod expressions;
mod externs;
mod function;
mod index;
mod item_macros;
mod items;
mod iterators;
#[cfg(feature = "positions")]
mod layout;
pub mod libraries;
mod library_calls;
mod lookup;
mod lower;
mod macro_rules;
mod macros;
mod methods;
mod names;
mod patterns;
mod places;
mod sites;
mod sole;
mod statements;
mod threads;
mod ty;
mod types;

pub use check::{Finding, Options, check_item};
pub use index::{CrateIndex, CrateSource};
#[cfg(feature = "positions")]
pub use layout::{Layout, layout};
pub use libraries::{Version, Versions, parse_version};
pub use lower::{FileContext, Lowered, SyntaxError, lower_file, lower_source};
/// Spans, whoever made them.
pub use proc_macro2::Span;
