//! Checks a program that was read from a file: every number in it must name something.
//!
//! The analysis indexes its tables without asking. What a frontend makes fits by construction; a file may be
//! damaged, or made to do harm.

use super::ids::{Ids, each_of_function};
use super::{
    BlockId, Callee, Constant, FunctionId, GlobalId, LocalId, Op, Program, SiteId, Space, Type, TypeKind,
    ValueId,
};
use crate::flow;

/// Says what is wrong with a program whose sites are below `sites`, if anything is. The numbers are seen as
/// if they were to be changed; none is.
pub fn check(program: &mut Program, sites: u32) -> Result<(), String> {
    let sizes = Sizes {
        functions: program.functions.len(),
        externs: program.externs.len(),
        globals: program.globals.len(),
        records: program.records.len(),
        // What stands nowhere has place 0, whether there is one or not.
        sites: sites.max(1),
        ..Sizes::default()
    };
    let mut check = sizes;
    for record in &mut program.records {
        record.fields.iter_mut().for_each(|(_, ty)| check.ty(ty));
    }
    for global in &mut program.globals {
        check.ty(&mut global.ty);
        check.site(&mut global.site);
        global.link.iter_mut().for_each(|link| check.site(&mut link.declared));
    }
    for it in &mut program.externs {
        it.link.iter_mut().for_each(|link| check.site(&mut link.declared));
    }
    program.invalid_calls.iter_mut().for_each(|call| check.site(&mut call.site));
    check.is(program.imported as usize <= program.functions.len(), "imported function");
    let kernels: Vec<bool> =
        program.functions.iter().map(|function| function.space == Space::Kernel).collect();
    for function in &mut program.functions {
        check.locals = function.locals.len();
        check.blocks = function.blocks.len();
        check.values = function.values;
        each_of_function(function, &mut check);
        check.is(u64::from(function.values) <= 64 + 4 * size(function), "value");
        let mut defined = vec![false; if check.wrong.is_none() { function.values as usize } else { 0 }];
        for statement in function.blocks.iter().flat_map(|block| &block.statements) {
            if let Some(result) = flow::result_of(&statement.op)
                && let Some(slot) = defined.get_mut(result.0 as usize)
            {
                check.is(!std::mem::replace(slot, true), "second definition of a value");
            }
            if let Op::Launch(launch) = &statement.op
                && let Some(kernel) = launch.kernel
            {
                check.is(kernels.get(kernel.0 as usize).is_some_and(|it| *it), "kernel");
            }
        }
        if let Some(what) = check.wrong {
            return Err(format!("`{}` names a {what} that is not there", function.name));
        }
    }
    match check.wrong {
        Some(what) => Err(format!("it names a {what} that is not there")),
        None => Ok(()),
    }
}

fn size(function: &super::Function) -> u64 {
    function.blocks.iter().map(|block| block.statements.len() as u64 + 1).sum()
}

#[derive(Clone, Copy, Default)]
struct Sizes {
    functions: usize,
    externs: usize,
    globals: usize,
    records: usize,
    sites: u32,
    locals: usize,
    blocks: usize,
    values: u32,
    wrong: Option<&'static str>,
}

impl Sizes {
    fn is(&mut self, holds: bool, what: &'static str) {
        if !holds {
            self.wrong.get_or_insert(what);
        }
    }
}

impl Ids for Sizes {
    fn site(&mut self, id: &mut SiteId) {
        self.is(id.0 < self.sites, "place");
    }

    fn ty(&mut self, ty: &mut Type) {
        let record = match ty.kind {
            TypeKind::Record(record) => Some(record),
            TypeKind::Pointer { pointee: element, .. } | TypeKind::Array { element, .. } => element,
            _ => None,
        };
        self.is(record.is_none_or(|record| (record.0 as usize) < self.records), "class");
    }

    fn callee(&mut self, callee: &mut Callee) {
        match callee {
            Callee::Function(id) => self.kernel(&mut Some(*id)),
            Callee::Extern(id) => self.is((id.0 as usize) < self.externs, "function"),
            Callee::Value(_) => {}
        }
    }

    fn constant(&mut self, constant: &mut Constant) {
        match constant {
            Constant::Function(id) => self.kernel(&mut Some(*id)),
            Constant::Extern(id) => self.is((id.0 as usize) < self.externs, "function"),
            Constant::Int(_) | Constant::Str(_) => {}
        }
    }

    fn global(&mut self, id: &mut GlobalId) {
        self.is((id.0 as usize) < self.globals, "variable");
    }

    fn kernel(&mut self, id: &mut Option<FunctionId>) {
        self.is(id.is_none_or(|id| (id.0 as usize) < self.functions), "function");
    }

    fn value(&mut self, id: &mut ValueId) {
        self.is(id.0 < self.values, "value");
    }

    fn local(&mut self, id: &mut LocalId) {
        self.is((id.0 as usize) < self.locals, "variable");
    }

    fn block(&mut self, id: &mut BlockId) {
        self.is((id.0 as usize) < self.blocks, "block");
    }
}
