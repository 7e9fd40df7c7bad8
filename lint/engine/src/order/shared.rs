//! What is known of a program before any path is followed, and asked for on all of them.

use std::cell::OnceCell;

use super::definitions::Definitions;
use super::{markers, relevance, setters, stores};
use crate::cuda::Model;
use crate::cuda::row::Row;
use crate::flow::Cfg;
use crate::points_to::PointsTo;
use crate::program::{BlockId, Call, Callee, Extern, ExternId, Function, FunctionId, LocalId, Op};
use crate::{Options, Program};

/// What all roots of a program share.
#[derive(Debug)]
pub struct Shared<'p> {
    /// The program.
    pub program: &'p Program,
    /// The options.
    pub options: &'p Options,
    /// The CUDA model.
    pub model: &'p Model,
    cfgs: Vec<OnceCell<Cfg>>,
    births: Vec<OnceCell<Vec<Option<BlockId>>>>,
    definitions: Vec<OnceCell<Definitions>>,
    /// What fields and variables with static storage hold.
    pub points_to: PointsTo,
    /// What the functions do to the current device.
    pub setters: setters::Setters,
    /// Which constants say that a field holds nothing.
    pub(super) markers: markers::Markers,
    /// What functions that are not followed may store to.
    pub(super) stores: stores::Stores,
    /// What the functions do, as far as that decides whether they are followed.
    pub relevance: relevance::Relevance,
    /// For each function: those that call it.
    pub(super) callers: Vec<Vec<u32>>,
    /// For each function: is its address taken?
    taken: Vec<bool>,
}

impl<'p> Shared<'p> {
    /// Prepares a program.
    pub fn new(program: &'p Program, options: &'p Options) -> Self {
        let cfgs = program.functions.iter().map(|_| OnceCell::new()).collect();
        let births = program.functions.iter().map(|_| OnceCell::new()).collect();
        let definitions = program.functions.iter().map(|_| OnceCell::new()).collect();
        let model = options.model();
        let callers = relevance::callers(program);
        let relevance = relevance::Relevance::new(program, model, &callers);
        let points_to = PointsTo::new(program, model);
        let setters = setters::Setters::new(program, model, &callers);
        let markers = markers::Markers::new(program);
        let stores = stores::Stores::new(program, &callers);
        Self {
            program,
            options,
            model,
            cfgs,
            births,
            definitions,
            points_to,
            setters,
            markers,
            stores,
            relevance,
            callers,
            taken: relevance::taken(program),
        }
    }

    /// The row of a call of a function without a body, by its name and the arguments of this very call.
    pub fn row(&self, call: &Call) -> Option<&'p Row> {
        let Callee::Extern(id) = call.callee else { return None };
        self.model.lookup(&self.extern_(id).name, call.args.len())
    }

    /// True if the program takes the function's address.
    pub fn is_taken(&self, function: FunctionId) -> bool {
        self.taken[function.0 as usize]
    }

    /// True if the program calls the function, or takes its address.
    pub fn is_called(&self, function: FunctionId) -> bool {
        !self.callers[function.0 as usize].is_empty() || self.is_taken(function)
    }

    /// The control-flow facts of a function.
    pub fn cfg(&self, function: FunctionId) -> &Cfg {
        let index = function.0 as usize;
        self.cfgs[index].get_or_init(|| Cfg::new(&self.program.functions[index]))
    }

    /// Where the values of a function are defined.
    pub fn definitions(&self, function: FunctionId) -> &Definitions {
        let index = function.0 as usize;
        self.definitions[index].get_or_init(|| Definitions::new(&self.program.functions[index]))
    }

    /// True if the function, or one that it calls, asks CUDA where memory lies.
    pub fn asks_where(&self, function: FunctionId) -> bool {
        self.relevance.asks_where.get(function.0 as usize).copied().unwrap_or(false)
    }

    /// True if the function is small, and calls nothing that could be followed in its turn.
    pub fn is_leaf(&self, function: FunctionId) -> bool {
        self.relevance.is_leaf.get(function.0 as usize).copied().unwrap_or(false)
    }

    /// True if a call of the function shows nothing by itself, and costs something to follow.
    pub fn is_bystander(&self, function: FunctionId) -> bool {
        self.relevance.is_bystander(function, self.function(function), self.cfg(function))
    }

    /// The block in which a variable comes into being.
    pub fn birth(&self, function: FunctionId, local: LocalId) -> Option<BlockId> {
        let index = function.0 as usize;
        let births = self.births[index].get_or_init(|| {
            let function = &self.program.functions[index];
            let mut births = vec![None; function.locals.len()];
            for (block, it) in function.blocks.iter().enumerate() {
                for statement in &it.statements {
                    if let Op::Live { local } = statement.op {
                        births[local.0 as usize] = Some(BlockId(block as u32));
                    }
                }
            }
            births
        });
        births[local.0 as usize]
    }

    /// A function.
    pub fn function(&self, function: FunctionId) -> &'p Function {
        &self.program.functions[function.0 as usize]
    }

    /// A function without a body.
    pub fn extern_(&self, id: ExternId) -> &'p Extern {
        &self.program.externs[id.0 as usize]
    }
}
