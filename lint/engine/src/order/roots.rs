//! Which functions are followed on their own, with arguments that nothing is known of.

use std::collections::BTreeSet;

use super::shared::Shared;
use crate::program::{Function, FunctionId, Linkage, Space};

/// The functions of the file that have to do with CUDA or with its memory.
#[derive(Debug)]
pub(super) struct Roots {
    /// Those that anyone may call.
    pub open: Vec<FunctionId>,
    /// Closures that functions of the file call: to be followed if a path gets to them.
    pub closures: Vec<FunctionId>,
}

impl Roots {
    /// Looks at every function.
    pub fn new(shared: &Shared<'_>) -> Self {
        let touches = touches_memory(shared);
        let (mut open, mut closures) = (Vec::new(), Vec::new());
        for (index, function) in shared.program.functions.iter().enumerate() {
            let shows_cuda = shared.relevance.shows_cuda[index];
            if !function.is_root || function.space != Space::Host || !(shows_cuda || touches[index]) {
                continue;
            }
            let id = FunctionId(index as u32);
            match (is_callers(function), shared.callers[index].is_empty()) {
                (false, _) => open.push(id),
                (true, true) if shows_cuda => open.push(id),
                (true, false) if function.is_closure() => closures.push(id),
                // What closures touch that nothing calls says nothing: they may be meant for the device, by a mark that
                // this build lacks, or for a function that is not seen.
                _ => {}
            }
        }
        Self { open, closures }
    }

    /// The closures that were called on a path.
    pub fn called(&self, entered: &BTreeSet<FunctionId>) -> impl Iterator<Item = FunctionId> {
        self.closures.iter().copied().filter(|it| entered.contains(it))
    }
}

/// True for closures, and for what is made from templates for them: all who can call them are in the file, and know
/// what they hold, and whether a path gets there.
fn is_callers(function: &Function) -> bool {
    function.is_closure() || function.linkage == Linkage::Local
}

/// For each function: does it touch memory that CUDA has to do with, or free it, without a CUDA call? What closures
/// touch, their callers do.
fn touches_memory(shared: &Shared<'_>) -> Vec<bool> {
    let functions = &shared.program.functions;
    let touches = |index: usize| {
        let id = FunctionId(index as u32);
        shared.points_to.reads_device_memory(id)
            || (shared.points_to.reads_cuda_memory(id) && shared.relevance.acts[index])
    };
    let mut found: Vec<bool> = (0..functions.len()).map(touches).collect();
    let mut queue: Vec<usize> = (0..found.len()).filter(|it| found[*it]).collect();
    while let Some(callee) = queue.pop() {
        if !is_callers(&functions[callee]) {
            continue;
        }
        for caller in shared.callers[callee].iter().map(|it| *it as usize) {
            if !found[caller] {
                found[caller] = true;
                queue.push(caller);
            }
        }
    }
    found
}
