//! Whole programs: finds, for what one file calls and does not define, the definition in another file.
//!
//! As in link-time optimisation that is done file by file, there are two steps, so that a build can run the
//! first where it compiles and the second once:
//! 1. each file is lowered to a [`crate::Program`], and [`UnitIndex::of`] says in short what it defines, what it
//!    lacks, and what calls what;
//! 2. [`Linker::new`] reads all indexes; for one unit, [`Linker::plan`] says which functions of which other
//!    units it is to be analysed with, and [`link`] brings these into its program.
//!
//! The analysis then sees one program. What is brought is bounded in depth and size, so the cost of a unit
//! does not grow with the number of files.
//!
//! **Invariants**
//! - The numbers of a unit's own functions, externs, globals, records and sites stay; what is brought gets
//!   numbers after them.
//! - A function is a root in the file that defines it and nowhere else.
//! - What cannot be told apart is not linked: an unknown function is a doubt, a wrong one a false alarm.

mod import;
mod index;
mod plan;
mod resolve;
mod streams;

#[cfg(test)]
mod tests;

pub use import::{Linked, link};
pub use index::{FunctionEntry, Need, UnitIndex};
pub use plan::{Binding, Import, Plan};
pub use resolve::{Linker, Unit, is_near};
pub use streams::StreamsMade;
