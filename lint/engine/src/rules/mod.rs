//! The rules. (Under construction.)

use crate::{Findings, Options, Program, facts::Facts};

/// Turns facts into diagnostics.
pub fn judge(_program: &Program, _facts: &Facts, _options: &Options) -> Findings {
    Findings::default()
}
