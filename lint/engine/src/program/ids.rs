//! One walk over everything in a program that names something by its number: a link renumbers, a check of
//! what was read from a file compares with the sizes of the tables.

use super::{
    BlockId, Callee, Constant, Function, FunctionId, GlobalId, LocalId, Op, SiteId, Terminator, Type, ValueId,
};

/// Sees every number, and may change it.
#[allow(missing_docs, reason = "the names say it")]
pub trait Ids {
    fn site(&mut self, _: &mut SiteId) {}
    fn ty(&mut self, _: &mut Type) {}
    fn callee(&mut self, _: &mut Callee) {}
    fn constant(&mut self, _: &mut Constant) {}
    fn global(&mut self, _: &mut GlobalId) {}
    fn kernel(&mut self, _: &mut Option<FunctionId>) {}
    fn value(&mut self, _: &mut ValueId) {}
    fn local(&mut self, _: &mut LocalId) {}
    fn block(&mut self, _: &mut BlockId) {}
}

/// Shows every number of a function.
pub fn each_of_function(function: &mut Function, ids: &mut impl Ids) {
    ids.site(&mut function.site);
    ids.site(&mut function.declared);
    ids.ty(&mut function.result);
    function.params.iter_mut().for_each(|it| ids.local(it));
    for local in &mut function.locals {
        ids.ty(&mut local.ty);
        ids.site(&mut local.site);
    }
    function.unlowered.iter_mut().for_each(|it| ids.site(&mut it.site));
    for block in &mut function.blocks {
        for statement in &mut block.statements {
            ids.site(&mut statement.site);
            each_of_op(&mut statement.op, ids);
        }
        each_of_terminator(&mut block.terminator, ids);
    }
}

fn each_of_terminator(terminator: &mut Terminator, ids: &mut impl Ids) {
    match terminator {
        Terminator::Goto(to) => ids.block(to),
        Terminator::Branch { condition, then, otherwise } => {
            ids.value(condition);
            ids.block(then);
            ids.block(otherwise);
        }
        Terminator::Switch { value, cases, default } => {
            ids.value(value);
            cases.iter_mut().for_each(|(_, to)| ids.block(to));
            ids.block(default);
        }
        Terminator::Return { value, site } => {
            value.iter_mut().for_each(|it| ids.value(it));
            ids.site(site);
        }
        Terminator::Throw | Terminator::Exit => {}
    }
}

fn each_of_op(op: &mut Op, ids: &mut impl Ids) {
    match op {
        Op::Const { result, constant } => {
            ids.value(result);
            ids.constant(constant);
        }
        Op::AddressOfLocal { result, local } => {
            ids.value(result);
            ids.local(local);
        }
        Op::AddressOfGlobal { result, global } => {
            ids.value(result);
            ids.global(global);
        }
        Op::Field { result, base, .. } => {
            ids.value(result);
            ids.value(base);
        }
        Op::Index { result, base, index, .. } => {
            ids.value(result);
            ids.value(base);
            ids.value(index);
        }
        Op::Load { result, pointer, ty } => {
            ids.value(result);
            ids.value(pointer);
            ids.ty(ty);
        }
        Op::Store { pointer, value, ty } => {
            ids.value(pointer);
            ids.value(value);
            ids.ty(ty);
        }
        Op::CopyObject { to, from, ty } => {
            ids.value(to);
            ids.value(from);
            ids.ty(ty);
        }
        Op::Binary { result, lhs, rhs, .. } => {
            ids.value(result);
            ids.value(lhs);
            ids.value(rhs);
        }
        Op::Unary { result, value, .. } => {
            ids.value(result);
            ids.value(value);
        }
        Op::Cast { result, value, ty } => {
            ids.value(result);
            ids.value(value);
            ids.ty(ty);
        }
        Op::Unknown { result, operands } => {
            ids.value(result);
            operands.iter_mut().for_each(|it| ids.value(it));
        }
        Op::Call(call) => {
            call.result.iter_mut().chain(&mut call.into).for_each(|it| ids.value(it));
            each_of_callee(&mut call.callee, ids);
            call.args.iter_mut().for_each(|it| ids.value(it));
            ids.ty(&mut call.ty);
        }
        Op::Launch(launch) => {
            ids.kernel(&mut launch.kernel);
            let slots = [&mut launch.grid, &mut launch.block, &mut launch.shared_bytes, &mut launch.stream];
            slots.into_iter().flatten().for_each(|it| ids.value(it));
            for arg in &mut launch.args {
                ids.value(&mut arg.value);
                ids.ty(&mut arg.ty);
                ids.site(&mut arg.site);
            }
        }
        Op::New { result, count, .. } => {
            ids.value(result);
            count.iter_mut().for_each(|it| ids.value(it));
        }
        Op::Delete { pointer } => ids.value(pointer),
        Op::Live { local } | Op::Dead { local } => ids.local(local),
        Op::Spawn { callee, args } => {
            each_of_callee(callee, ids);
            args.iter_mut().for_each(|it| ids.value(it));
        }
        Op::Opaque { operands, .. } => operands.iter_mut().for_each(|it| ids.value(it)),
    }
}

fn each_of_callee(callee: &mut Callee, ids: &mut impl Ids) {
    if let Callee::Value(value) = callee {
        ids.value(value);
    }
    ids.callee(callee);
}
