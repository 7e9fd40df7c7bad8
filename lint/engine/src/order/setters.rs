//! Which functions of a program may set another device, directly, in what they call, or out of sight.

use std::collections::BTreeMap;

use super::relevance;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::Effect;
use crate::flow;
use crate::program::{Callee, Function, Op, Origin, SiteId, ValueId};

/// What the functions of a program do to the current device, themselves or through what they call.
#[derive(Debug)]
pub struct Setters {
    /// May set another device: calls that are not followed leave none known.
    pub may_set: Vec<bool>,
    /// A constructor, destructor or closure sets one. The standard library may call those out of sight.
    pub hidden: bool,
    /// Something lets kernels use the memory of other devices.
    pub peers: bool,
    /// The members that methods of a class set as the device, by class: the member, and where.
    pub members: BTreeMap<String, (String, SiteId)>,
}

impl Setters {
    /// Looks at every function once, then along the calls.
    pub fn new(program: &Program, model: &Model, callers: &[Vec<u32>]) -> Self {
        let row = relevance::rows(program, model);
        let has = |op: &Op, wanted: fn(&Effect) -> bool| match op {
            Op::Call(call) => row(call).is_some_and(|row| row.effects.iter().any(wanted)),
            _ => false,
        };
        let sets = |effect: &Effect| {
            matches!(effect, Effect::SetsDevice | Effect::EntersDevice | Effect::LeavesDevice)
        };
        let known = relevance::through_calls(program, callers, |op| has(op, sets));
        let may_set = relevance::through_calls(program, callers, |op| match op {
            Op::Opaque { .. } => true,
            Op::Call(call) => match call.callee {
                Callee::Extern(id) => {
                    let it = &program.externs[id.0 as usize];
                    has(op, sets) || (row(call).is_none() && it.origin != Origin::System)
                }
                Callee::Function(_) => has(op, sets),
                Callee::Value(_) => true,
            },
            _ => false,
        });
        let hidden = program
            .functions
            .iter()
            .zip(&known)
            .any(|(function, sets)| *sets && is_called_unseen(&function.name));
        let mut ops = program.functions.iter().flat_map(flow::ops);
        let peers = ops.any(|op| has(op, |effect| *effect == Effect::EnablesPeers));
        let members = program.functions.iter().filter_map(|function| {
            let (class, _) = function.name.rsplit_once("::")?;
            let (member, site) = set_member(function, |op| has(op, |effect| *effect == Effect::SetsDevice))?;
            Some((class.to_owned(), (member, site)))
        });
        Self { may_set, hidden, peers, members: members.collect() }
    }
}

/// The field that a function loads to set it as the device, and where it does.
fn set_member(function: &Function, sets: impl Fn(&Op) -> bool) -> Option<(String, SiteId)> {
    let mut fields: BTreeMap<ValueId, &str> = BTreeMap::new();
    let mut loaded: BTreeMap<ValueId, &str> = BTreeMap::new();
    for statement in function.blocks.iter().flat_map(|block| &block.statements) {
        match &statement.op {
            Op::Field { result, field, .. } => {
                fields.insert(*result, field);
            }
            Op::Load { result, pointer, .. } => {
                if let Some(field) = fields.get(pointer) {
                    loaded.insert(*result, field);
                }
            }
            Op::Call(call) if sets(&statement.op) => {
                if let Some(field) = call.args.first().and_then(|arg| loaded.get(arg)) {
                    return Some(((*field).to_owned(), statement.site));
                }
            }
            _ => {}
        }
    }
    None
}

/// True for constructors, destructors, closures and call operators.
fn is_called_unseen(name: &str) -> bool {
    let mut parts = name.rsplit("::");
    let last = parts.next().unwrap_or_default();
    last.starts_with('~')
        || last.starts_with('<')
        || last.starts_with("operator")
        || parts.next() == Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_may_call_unseen() {
        for name in ["app::Guard::Guard", "Guard::~Guard", "<lambda>", "app::Select::operator()"] {
            assert!(is_called_unseen(name), "{name}");
        }
        assert!(!is_called_unseen("app::select") && !is_called_unseen("main"));
    }
}
