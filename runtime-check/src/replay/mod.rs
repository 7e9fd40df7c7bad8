//! Runs traces on a GPU under a schedule that makes races show.

pub mod verdict;
