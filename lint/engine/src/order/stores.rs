//! What functions that are not followed may store to: the variables with static storage that they name.
//!
//! A function may store to a variable if anything but a load is done with its address: a store, a copy, a call that
//! gets it. What it calls may do the same. Functions without a body are taken to store to none (see `modes`).

use std::collections::BTreeSet;

use crate::flow;
use crate::program::{Function, FunctionId, GlobalId, Op, Program, ValueId};

/// The variables that each function may store to, itself or through what it calls.
#[derive(Debug)]
pub(super) struct Stores {
    of: Vec<BTreeSet<GlobalId>>,
}

impl Stores {
    /// Looks at every function once, then along the calls until nothing changes.
    pub fn new(program: &Program, callers: &[Vec<u32>]) -> Self {
        let mut of: Vec<_> = program.functions.iter().map(stored).collect();
        let mut queue: Vec<usize> = (0..of.len()).filter(|index| !of[*index].is_empty()).collect();
        while let Some(callee) = queue.pop() {
            let stored = of[callee].clone();
            for caller in callers[callee].iter().map(|caller| *caller as usize) {
                let before = of[caller].len();
                of[caller].extend(&stored);
                if of[caller].len() > before {
                    queue.push(caller);
                }
            }
        }
        Self { of }
    }

    /// The variables that a function may store to.
    pub fn of(&self, function: FunctionId) -> &BTreeSet<GlobalId> {
        &self.of[function.0 as usize]
    }
}

/// The variables that the statements of a function may store to.
fn stored(function: &Function) -> BTreeSet<GlobalId> {
    // Addresses that lie in a variable, by the value that holds them: a definition stands before its uses.
    let mut inside: Vec<Option<GlobalId>> = vec![None; function.values as usize];
    let mut stored = BTreeSet::new();
    for op in flow::ops(function) {
        let of = |value: &ValueId| inside.get(value.0 as usize).copied().flatten();
        let (result, variable) = match op {
            Op::AddressOfGlobal { result, global } => (result, Some(*global)),
            Op::Field { result, base, .. } | Op::Index { result, base, .. } => (result, of(base)),
            Op::Cast { result, value, .. } => (result, of(value)),
            _ => {
                stored.extend(touched(op).iter().filter_map(of));
                continue;
            }
        };
        if let Some(it) = inside.get_mut(result.0 as usize) {
            *it = variable;
        }
    }
    stored
}

/// The values through which a statement may store, or by which others may get to do so.
fn touched(op: &Op) -> Vec<ValueId> {
    match op {
        Op::Store { pointer, value, .. } => vec![*pointer, *value],
        Op::CopyObject { to, .. } => vec![*to],
        Op::Call(call) => call.args.iter().chain(&call.into).copied().collect(),
        Op::Spawn { args, .. } => args.clone(),
        Op::Opaque { operands, .. } => operands.clone(),
        _ => Vec::new(),
    }
}
