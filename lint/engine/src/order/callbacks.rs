//! What a callback reaches: a search of the call graph of the whole program, whatever the path.

use std::collections::BTreeSet;

use super::shared::Shared;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::{Effect, InCallback, Outcome, Role, Row};
use crate::facts::{Callback, Note, ReachedCall};
use crate::flow::{self, Loop};
use crate::program::{
    Call, Callee, Function, FunctionId, LocalId, Op, SiteId, Space, Storage, TypeKind, ValueId,
};
use crate::trace::judge::BUSY_WAIT;

/// How deep calls are followed from a callback (RULES.md, rule 24).
const DEPTH: usize = 4;

/// Completes callbacks with the CUDA calls that they reach.
pub(super) fn search(program: &Program, callbacks: Vec<Callback>, shared: &Shared<'_>) -> Vec<Callback> {
    callbacks
        .into_iter()
        .map(|mut callback| {
            let function = program.functions.iter().position(|it| it.site == callback.function_site);
            if let Some(function) = function {
                let mut search = Search {
                    program,
                    shared,
                    seen: BTreeSet::new(),
                    reached: Vec::new(),
                    in_template: false,
                    is_open: false,
                };
                search.visit(FunctionId(function as u32), &mut Vec::new());
                callback.reaches = search.reached;
            }
            callback
        })
        .collect()
}

struct Search<'s, 'p> {
    program: &'p Program,
    shared: &'s Shared<'p>,
    seen: BTreeSet<FunctionId>,
    reached: Vec<ReachedCall>,
    /// True in what a template does that may be made for other arguments: which branches it has, they may decide.
    in_template: bool,
    /// True behind such a branch.
    is_open: bool,
}

impl Search<'_, '_> {
    fn visit(&mut self, id: FunctionId, path: &mut Vec<Note>) {
        if path.len() > DEPTH || !self.seen.insert(id) {
            return;
        }
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        if function.space != Space::Host {
            return;
        }
        let outside = self.is_open;
        self.is_open |= self.in_template;
        for it in self.shared.cfg(id).loops.iter().flatten() {
            if let Some(site) = busy_wait(program, function, it, self.shared.model) {
                self.reach(site, BUSY_WAIT.to_owned(), InCallback::Waits, path);
            }
        }
        for (index, block) in function.blocks.iter().enumerate() {
            self.is_open = outside || (self.in_template && index > 0);
            for statement in &block.statements {
                match &statement.op {
                    Op::Launch(launch) => {
                        let name = format!("{}<<<>>>", launch.name);
                        self.reach(statement.site, name, InCallback::Forbidden, path);
                    }
                    Op::Call(call) => match call.callee {
                        Callee::Function(callee) => {
                            let name = &program.functions[callee.0 as usize].name;
                            path.push(Note { site: statement.site, text: format!("calls `{name}`") });
                            self.visit(callee, path);
                            path.pop();
                        }
                        Callee::Extern(callee) => {
                            let name = &program.externs[callee.0 as usize].name;
                            if let Some(row) = self.shared.row(call)
                                && row.in_callback != InCallback::Fine
                            {
                                self.reach(statement.site, name.clone(), row.in_callback, path);
                            }
                            if let Some((end, is_template)) = self.end_of_owner(function, call) {
                                let name = &program.functions[end.0 as usize].name;
                                path.push(Note { site: statement.site, text: format!("calls `{name}`") });
                                let before = self.in_template;
                                self.in_template |= is_template;
                                self.visit(end, path);
                                self.in_template = before;
                                path.pop();
                            }
                        }
                        Callee::Value(_) => {}
                    },
                    _ => {}
                }
            }
        }
        self.is_open = outside;
    }

    /// What runs as a smart pointer ends that is a variable of the function. None if it may have let go of what it
    /// holds: if it is used for anything but to be made and looked at. True beside it for what belongs to a template.
    fn end_of_owner(&self, function: &Function, call: &Call) -> Option<(FunctionId, bool)> {
        self.shared.row(call).filter(|row| row.effects.contains(&Effect::ReleasesElements))?;
        let statements = || function.blocks.iter().flat_map(|block| &block.statements).map(|it| &it.op);
        let addresses: Vec<(ValueId, LocalId)> = statements()
            .filter_map(|op| match op {
                Op::AddressOfLocal { result, local } => Some((*result, *local)),
                _ => None,
            })
            .collect();
        let (_, owner) = *addresses.iter().find(|(address, _)| call.args.first() == Some(address))?;
        let TypeKind::Record(record) = function.locals[owner.0 as usize].ty.kind else { return None };
        let ends_with = self.program.records[record.0 as usize].ends_with.as_ref()?;
        let symbol = &ends_with.symbol;
        let is_owner = |value: &ValueId| addresses.contains(&(*value, owner));
        let keeps = |op: &Op| match op {
            Op::Call(call) => {
                let only_this = !call.args.iter().skip(1).any(is_owner);
                let is_kept = |row: &Row| {
                    row.position(Role::This) == Some(0)
                        && row.result != Outcome::Released
                        && !row.effects.contains(&Effect::SwapsElements)
                };
                only_this && self.shared.row(call).is_some_and(is_kept)
            }
            _ => false,
        };
        if statements().any(|op| flow::operands_of(op).iter().any(is_owner) && !keeps(op)) {
            return None;
        }
        let find = |is_it: &dyn Fn(&Function) -> bool| {
            self.program.functions.iter().position(|it| is_it(it) && !it.blocks.is_empty())
        };
        // Of a template, any instance: if there are some, the pattern is not followed.
        let end = find(&|it| it.symbol == *symbol).or_else(|| find(&|it| it.template == *symbol))?;
        Some((FunctionId(end as u32), ends_with.is_template))
    }

    fn reach(&mut self, site: SiteId, name: String, status: InCallback, path: &[Note]) {
        let uncertain = self.is_open;
        if !self.reached.iter().any(|it| it.site == site && it.name == name) {
            self.reached.push(ReachedCall { site, name, status, path: path.to_vec(), uncertain });
        }
    }
}

/// Where a loop looks at a flag, if it does nothing else: it reads what is `volatile` or atomic, or takes a lock,
/// and changes nothing.
fn busy_wait(program: &Program, function: &Function, it: &Loop, model: &Model) -> Option<SiteId> {
    let mut looks = None;
    let mut temporaries = BTreeSet::new();
    let blocks = function.blocks.iter().zip(&it.body).filter(|(_, inside)| **inside);
    for statement in blocks.flat_map(|(block, _)| &block.statements) {
        match &statement.op {
            Op::AddressOfLocal { result, local } => {
                if function.locals[local.0 as usize].storage == Storage::Temporary {
                    temporaries.insert(*result);
                }
            }
            Op::Const { .. }
            | Op::AddressOfGlobal { .. }
            | Op::Field { .. }
            | Op::Index { .. }
            | Op::Load { .. }
            | Op::Binary { .. }
            | Op::Unary { .. }
            | Op::Cast { .. }
            | Op::Live { .. }
            | Op::Dead { .. } => {}
            Op::Store { pointer, .. } if temporaries.contains(pointer) => {}
            Op::Unknown { operands, .. } if !operands.is_empty() => {
                looks.get_or_insert(statement.site);
            }
            Op::Call(Call { callee: Callee::Extern(callee), args, .. }) => {
                let name = &program.externs[callee.0 as usize].name;
                let row = model.lookup(name, args.len()).filter(|row| row.in_callback == InCallback::Fine)?;
                // A loop around `compare_exchange_weak` tries again with what it has got.
                if row.params.iter().any(|param| param.role == Role::Writes) {
                    return None;
                }
                if row.effects.contains(&Effect::WaitsForHost) {
                    looks.get_or_insert(statement.site);
                } else if !row.effects.iter().all(|effect| *effect == Effect::None) {
                    return None;
                }
            }
            _ => return None,
        }
    }
    looks
}

/// True if a callback never touches its last parameter.
pub(super) fn ignores_user_data(function: &Function) -> bool {
    let Some(data) = function.params.last() else { return true };
    let mut statements = function.blocks.iter().flat_map(|block| &block.statements);
    !function.blocks.is_empty()
        && !statements.any(|it| matches!(it.op, Op::AddressOfLocal { local, .. } if local == *data))
}

/// True for `void (cudaStream_t, cudaError_t, void *)`.
pub(super) fn is_stream_callback(function: &Function) -> bool {
    let kinds: Vec<_> = function.params.iter().map(|it| function.locals[it.0 as usize].ty.kind).collect();
    function.result.kind == TypeKind::Void
        && matches!(kinds[..], [TypeKind::Stream, TypeKind::Status, TypeKind::Pointer { .. }])
}
