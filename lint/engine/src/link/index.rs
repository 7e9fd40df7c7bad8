//! What a link has to know of one unit: its functions, what they call, and what it lacks.

use rustc_hash::FxHashMap;

use super::streams::StreamsMade;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::unqualified;
use crate::flow;
use crate::order::{acts_on_memory, concerns_cuda};
use crate::program::{Callee, Constant, Function, FunctionId, Linkage, Op, SiteId, Space, Type, TypeKind};

/// The index of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnitIndex {
    /// The functions of the program, in its order.
    pub functions: Vec<FunctionEntry>,
    /// What the unit calls or launches and does not define, each symbol once.
    pub needs: Vec<Need>,
    /// The streams that it makes.
    pub streams: StreamsMade,
}

/// A function of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionEntry {
    /// The symbols that other units may call it by; none for what they cannot.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub symbols: Vec<String>,
    /// Its name as a caller writes it, without what it is qualified by.
    pub name: String,
    /// The file of its first declaration.
    pub declared_in: String,
    /// True if it is defined in the unit's main file.
    pub is_root: bool,
    /// True for kernels.
    pub is_kernel: bool,
    /// Does it itself act on CUDA or on memory?
    pub acts: bool,
    /// Does it itself have to do with CUDA?
    pub concerns_cuda: bool,
    /// Does it get or give addresses, objects or handles?
    pub passes_memory: bool,
    /// Statements.
    pub size: u32,
    /// Functions of the unit that it calls or takes the address of.
    pub calls: Vec<u32>,
    /// What it calls or takes the address of among [`UnitIndex::needs`].
    pub needs: Vec<u32>,
}

/// Something that a unit lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Need {
    /// Its symbol.
    pub symbol: String,
    /// The symbol of the template that it is made from, if there is one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub template: String,
    /// Its name as the caller writes it.
    pub name: String,
    /// The file of its first declaration.
    pub declared_in: String,
}

impl UnitIndex {
    /// The index of a program. `file_of` names the file of a place.
    pub fn of(program: &Program, model: &Model, file_of: &dyn Fn(SiteId) -> String) -> Self {
        let mut indexer = Indexer { program, file_of, numbers: FxHashMap::default(), index: Self::default() };
        let is_acting = acts_on_memory(program, model);
        let is_concerned = concerns_cuda(program, model);
        for function in &program.functions {
            let mut entry = indexer.entry(function);
            for op in flow::ops(function) {
                entry.acts |= is_acting(op);
                entry.concerns_cuda |= is_concerned(op);
                indexer.references(op, &mut entry);
            }
            entry.calls.sort_unstable();
            entry.calls.dedup();
            entry.needs.sort_unstable();
            entry.needs.dedup();
            indexer.index.functions.push(entry);
        }
        indexer.index.streams = StreamsMade::of(program, model);
        indexer.index
    }

    /// True if no function of the unit has to do with CUDA by itself.
    pub fn is_host_only(&self) -> bool {
        !self.functions.iter().any(|function| function.concerns_cuda)
    }
}

struct Indexer<'a> {
    program: &'a Program,
    file_of: &'a dyn Fn(SiteId) -> String,
    /// The needs by symbol.
    numbers: FxHashMap<&'a str, u32>,
    index: UnitIndex,
}

impl<'a> Indexer<'a> {
    fn entry(&self, function: &'a Function) -> FunctionEntry {
        let exported = function.linkage == Linkage::External;
        let symbols =
            [&function.symbol, &function.template].into_iter().filter(|it| exported && !it.is_empty());
        let types = function.params.iter().map(|it| &function.locals[it.0 as usize].ty);
        FunctionEntry {
            symbols: symbols.cloned().collect(),
            name: unqualified(&function.name).to_owned(),
            declared_in: if exported { (self.file_of)(function.declared) } else { String::new() },
            is_root: function.is_root || function.space == Space::Kernel,
            is_kernel: function.space == Space::Kernel,
            passes_memory: types.chain([&function.result]).any(holds_memory),
            size: function.blocks.iter().map(|block| block.statements.len() as u32).sum(),
            ..FunctionEntry::default()
        }
    }

    fn references(&mut self, op: &'a Op, entry: &mut FunctionEntry) {
        match op {
            Op::Call(call) => self.callee(&call.callee, entry),
            Op::Spawn { callee, .. } => self.callee(callee, entry),
            Op::Const { constant: Constant::Function(id), .. } => self.function(*id, entry),
            Op::Const { constant: Constant::Extern(id), .. } => self.callee(&Callee::Extern(*id), entry),
            Op::Launch(launch) => launch.kernel.iter().for_each(|id| self.function(*id, entry)),
            _ => {}
        }
    }

    fn callee(&mut self, callee: &Callee, entry: &mut FunctionEntry) {
        match callee {
            Callee::Function(id) => self.function(*id, entry),
            Callee::Extern(id) => {
                let it = &self.program.externs[id.0 as usize];
                if let Some(link) = &it.link {
                    self.need(&link.symbol, &link.template, link.declared, &it.name, entry);
                }
            }
            Callee::Value(_) => {}
        }
    }

    fn function(&mut self, id: FunctionId, entry: &mut FunctionEntry) {
        entry.calls.push(id.0);
        let function = &self.program.functions[id.0 as usize];
        if let Some(symbol) = declared_symbol(function) {
            self.need(symbol, &function.template, function.declared, &function.name, entry);
        }
    }

    fn need(
        &mut self,
        symbol: &'a str,
        template: &str,
        declared: SiteId,
        name: &str,
        entry: &mut FunctionEntry,
    ) {
        let needs = &mut self.index.needs;
        let file_of = self.file_of;
        let number = *self.numbers.entry(symbol).or_insert_with(|| {
            needs.push(Need {
                symbol: symbol.to_owned(),
                template: template.to_owned(),
                name: unqualified(name).to_owned(),
                declared_in: file_of(declared),
            });
            needs.len() as u32 - 1
        });
        entry.needs.push(number);
    }
}

/// The symbol of a kernel that is declared here and defined elsewhere.
pub(super) fn declared_symbol(function: &Function) -> Option<&str> {
    let symbol = function.symbol.as_str();
    (function.linkage == Linkage::Declared && !symbol.is_empty()).then_some(symbol)
}

fn holds_memory(ty: &Type) -> bool {
    !matches!(ty.kind, TypeKind::Void | TypeKind::Int | TypeKind::Status | TypeKind::Scalar)
}
