//! Which functions a call has to be followed into.
//!
//! Most functions of a program compute and print. To follow them costs time and multiplies paths, and shows
//! nothing: only what allocates, frees, enqueues or waits matters, and what touches pending memory.

use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::{Effect, Family, Outcome, Role, Row, Thing};
use crate::flow::{Cfg, ops};
use crate::program::{Call, Callee, Constant, Function, FunctionId, GlobalMemory, Op, Terminator};

/// Functions of at most this many statements, without loops, are followed whatever they do: accessors,
/// checks, conversions.
const SMALL: usize = 60;

/// Functions that allocate or free, and have nothing to do with CUDA, are followed up to this size; so are those that
/// have one path, such as constructors of large classes.
const MEDIUM: usize = 400;

/// What the functions of a program do, themselves or through what they call.
#[derive(Debug)]
pub(super) struct Relevance {
    /// Acts on CUDA or on memory: calls of it are followed.
    pub acts: Vec<bool>,
    /// Has to do with CUDA, or may have: something in it is not lowered.
    pub concerns_cuda: Vec<bool>,
    /// Has to do with CUDA for certain: worth following on its own.
    pub shows_cuda: Vec<bool>,
    /// Asks CUDA where memory lies (cudaPointerGetAttributes).
    pub asks_where: Vec<bool>,
    /// Is small, and calls nothing that could be followed in its turn.
    pub is_leaf: Vec<bool>,
}

impl Relevance {
    /// Looks at every function once, then along the calls.
    pub fn new(program: &Program, model: &Model, callers: &[Vec<u32>]) -> Self {
        Self {
            acts: through_calls(program, callers, acts_on_memory(program, model)),
            concerns_cuda: through_calls(program, callers, may_concern_cuda(program, model)),
            shows_cuda: through_calls(program, callers, concerns_cuda(program, model)),
            asks_where: through_calls(program, callers, asks_where(program, model)),
            is_leaf: program.functions.iter().map(|function| is_leaf(program, function)).collect(),
        }
    }
}

fn is_leaf(program: &Program, function: &Function) -> bool {
    let size: usize = function.blocks.iter().map(|block| block.statements.len()).sum();
    let leads_on = |op: &Op| match op {
        Op::Call(call) => match call.callee {
            Callee::Function(id) => !program.functions[id.0 as usize].blocks.is_empty(),
            Callee::Value(_) => true,
            Callee::Extern(_) => false,
        },
        _ => false,
    };
    size <= SMALL && !ops(function).any(leads_on)
}

/// Does a statement of the program act on CUDA or on memory?
pub fn acts_on_memory<'a>(program: &'a Program, model: &'a Model) -> impl Fn(&Op) -> bool + 'a {
    let row = rows(program, model);
    move |op| match op {
        Op::Launch(_) | Op::New { .. } | Op::Delete { .. } | Op::Opaque { .. } => true,
        Op::Call(call) => row(call).is_some_and(acts),
        _ => false,
    }
}

/// Has a statement of the program to do with CUDA, or is it one of which nobody knows?
fn may_concern_cuda<'a>(program: &'a Program, model: &'a Model) -> impl Fn(&Op) -> bool + 'a {
    let concerns = concerns_cuda(program, model);
    move |op| matches!(op, Op::Opaque { .. }) || concerns(op)
}

/// Has a statement of the program to do with CUDA? One that could not be lowered says nothing: taking it for CUDA
/// would make every function that reaches a macro of Rust worth following, and all files that call one.
pub fn concerns_cuda<'a>(program: &'a Program, model: &'a Model) -> impl Fn(&Op) -> bool + 'a {
    let row = rows(program, model);
    move |op| match op {
        Op::Launch(_) => true,
        Op::Call(call) => row(call).is_some_and(|row| row.family != Family::Std),
        Op::AddressOfGlobal { global, .. } => {
            matches!(program.globals[global.0 as usize].memory, GlobalMemory::Device | GlobalMemory::Managed)
        }
        _ => false,
    }
}

/// Does a statement ask CUDA where memory lies?
fn asks_where<'a>(program: &'a Program, model: &'a Model) -> impl Fn(&Op) -> bool + 'a {
    let row = rows(program, model);
    let asks = |row: &Row| {
        let what = |role| matches!(role, Role::Out(Thing::PointerAttributes | Thing::PointerAttribute));
        row.params.iter().any(|it| what(it.role))
    };
    move |op| matches!(op, Op::Call(call) if row(call).is_some_and(asks))
}

/// The row of a call, if it has one.
pub fn rows<'a>(program: &'a Program, model: &'a Model) -> impl Fn(&Call) -> Option<&'a Row> + 'a {
    let rows: Vec<Option<&Row>> =
        program.externs.iter().map(|it| model.lookup(&it.name, it.params.len())).collect();
    move |call| match call.callee {
        Callee::Extern(id) => rows[id.0 as usize],
        Callee::Function(id) => model.replacing_body(&program.functions[id.0 as usize].name, call.args.len()),
        Callee::Value(_) => None,
    }
}

pub(super) fn callers(program: &Program) -> Vec<Vec<u32>> {
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); program.functions.len()];
    for (caller, function) in program.functions.iter().enumerate() {
        for op in ops(function) {
            if let Op::Call(call) = op
                && let Callee::Function(FunctionId(callee)) = call.callee
            {
                callers[callee as usize].push(caller as u32);
            }
        }
    }
    callers
}

/// For each function: is its address taken?
pub(super) fn taken(program: &Program) -> Vec<bool> {
    let mut taken = vec![false; program.functions.len()];
    for op in program.functions.iter().flat_map(ops) {
        if let Op::Const { constant: Constant::Function(FunctionId(id)), .. } = op {
            taken[*id as usize] = true;
        }
    }
    taken
}

/// For each function: does it hold such a statement, or does something that it calls?
pub(super) fn through_calls(program: &Program, callers: &[Vec<u32>], is: impl Fn(&Op) -> bool) -> Vec<bool> {
    let mut found: Vec<bool> = program.functions.iter().map(|function| ops(function).any(&is)).collect();
    let mut queue: Vec<u32> = (0..found.len() as u32).filter(|it| found[*it as usize]).collect();
    while let Some(callee) = queue.pop() {
        for caller in &callers[callee as usize] {
            if !found[*caller as usize] {
                found[*caller as usize] = true;
                queue.push(*caller);
            }
        }
    }
    found
}

impl Relevance {
    /// True if a call of the function shows nothing by itself, and costs something to follow.
    pub fn is_bystander(&self, id: FunctionId, function: &Function, cfg: &Cfg) -> bool {
        let index = id.0 as usize;
        let size: usize = function.blocks.iter().map(|block| block.statements.len()).sum();
        let loops = cfg.loops.iter().any(Option::is_some);
        let branches = function
            .blocks
            .iter()
            .any(|block| matches!(block.terminator, Terminator::Branch { .. } | Terminator::Switch { .. }));
        let is_cheap = size <= SMALL && !loops;
        let is_needed = (self.acts[index] || !branches) && size <= MEDIUM;
        !(self.concerns_cuda[index] || is_cheap || is_needed)
    }
}

fn acts(row: &Row) -> bool {
    let effects = row
        .effects
        .iter()
        .any(|effect| !matches!(effect, Effect::None | Effect::NoWait | Effect::HostAccess));
    match row.family {
        Family::Runtime | Family::Driver | Family::Library | Family::Project => effects,
        Family::Std => {
            matches!(row.result, Outcome::Memory(_))
                || row.effects.iter().any(|effect| {
                    matches!(
                        effect,
                        Effect::Free(_) | Effect::Create | Effect::WaitsForHost | Effect::NoReturn
                    )
                })
        }
    }
}
