//! Happens-before over the host program. (Under construction.)

use crate::{Options, Program, facts::Facts};

/// Follows every function of the program and notes what is observed.
pub fn observe(_program: &Program, _options: &Options) -> Facts {
    Facts::default()
}
