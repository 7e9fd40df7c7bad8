//! Names that a file of the unit declares where the preprocessor did not look.
//!
//! A call of what nothing declares is one of a function that does not exist, unless a header of the project has it
//! between `#if` and `#endif`, for a build that this one is not. That text is in no tree, so it is read as words.

use rustc_hash::FxHashSet;

use super::super::declared::declared_in;
use super::Lowering;

impl Lowering<'_> {
    /// Leaves out the calls of names that the text of some file declares, seen by clang or not.
    pub fn leave_out_hidden(&mut self) {
        let calls = self.program.invalid_calls.iter().filter(|call| !call.declared);
        let wanted: FxHashSet<Vec<u8>> = calls.map(|call| call.name.clone().into_bytes()).collect();
        if wanted.is_empty() {
            return;
        }
        let mut declared = FxHashSet::default();
        for file in self.unit.files() {
            if !self.positions.is_virtual_name(&self.unit.file_name(file)) {
                declared.extend(declared_in(&self.unit.contents(file), &wanted));
            }
        }
        self.program.invalid_calls.retain(|call| call.declared || !declared.contains(call.name.as_bytes()));
    }
}
