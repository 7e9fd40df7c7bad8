//! libclang's tree to a [`Program`]: one walk over the unit, then one over each function that matters.
//!
//! Functions that the file under analysis defines are *roots*. What they call is lowered when it is first
//! called ([`Lowering::pending`]), so that a unit with large project headers costs what it uses. A function
//! template is lowered as instantiated where the file instantiates it, and from its pattern where nothing
//! does.
//!
//! **Invariants**
//! - libclang does not tell lvalues from rvalues. The lowering does not need it: each expression is asked
//!   either for its *place* (an address) or for its *value*, by whoever uses it.
//! - What cannot be lowered becomes an opaque statement; nothing panics, nothing is dropped ([`gate`]).

#![allow(non_upper_case_globals, reason = "libclang's constants, matched in patterns")]

mod aggregates;
mod allocation;
mod body;
mod callees;
mod calls;
mod captures;
mod classes;
mod constants;
mod deleters;
mod dependent;
mod expressions;
mod functions;
mod gate;
mod hidden;
mod initialise;
mod kernels;
mod launches;
mod loops;
mod names;
mod operators;
mod places;
mod positions;
mod records;
mod scopes;
mod shapes;
mod sizes;
mod statements;
mod types;
mod written;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;

use clang_sys::CXTranslationUnit;
use cuda_lint_engine::Program;
use cuda_lint_engine::program::{
    Extern, ExternId, Function, FunctionId, Global, GlobalId, GlobalMemory, Origin, RecordId, SiteId, Type,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use self::captures::Closure;
use self::functions::Work;
use self::gate::Gate;
use self::positions::{Positions, Span};
use self::records::Class;
use super::cursor::{Cursor, Key, Unit};

/// The virtual file that holds what the repair loop invents.
pub const REPAIR_FILE: &str = "/__cuda_lint/repair.h";

/// Position of a site, macros seen from where the user wrote them. Lines and columns count from 1, columns
/// and offsets count bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Index into [`SourceMap::files`].
    pub file: u32,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the end.
    pub end_column: u32,
    /// Offset of the first byte.
    pub offset: u32,
    /// Offset after the last byte.
    pub end_offset: u32,
}

/// Where the sites of a [`Program`] are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SourceMap {
    /// Files by name, as clang opened them.
    pub files: Vec<String>,
    /// Positions, indexed by [`SiteId`].
    pub sites: Vec<Position>,
    /// For sites that start with an argument of a macro which makes the rest: the macro's name.
    pub in_macros: Vec<(SiteId, String)>,
}

/// A lowered translation unit.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// What the analysis reads.
    pub program: Program,
    /// Where its sites are.
    pub sources: SourceMap,
    /// The files whose functions are its roots: the main file and the adopted headers in which something is
    /// declared, as clang opened them.
    pub own: Vec<String>,
}

/// How files of a unit beside its main file are read.
#[derive(Clone, Copy)]
pub struct Read<'r> {
    /// True for files that the frontend embeds: functions there have models, not bodies.
    pub is_virtual: &'r dyn Fn(&str) -> bool,
    /// Headers whose functions are roots here, by their paths without links.
    pub adopted: &'r [PathBuf],
}

/// Lowers a translation unit.
///
/// `unit` must be alive for the duration of the call. `main_file` is the file under analysis as it was given
/// to clang, `source` its text. Deep expressions recurse deeply: call this on a large stack.
pub fn lower(unit: CXTranslationUnit, main_file: &str, source: &str, read: &Read<'_>) -> Lowered {
    let unit = Unit::new(unit);
    let mut lowering = Lowering {
        unit,
        program: Program::default(),
        functions: Vec::new(),
        function_ids: FxHashMap::default(),
        pending: VecDeque::new(),
        patterns: Vec::new(),
        instantiated: FxHashMap::default(),
        stand_ins: FxHashSet::default(),
        externs: FxHashMap::default(),
        extern_ids: FxHashMap::default(),
        globals: FxHashMap::default(),
        dependent: FxHashMap::default(),
        constants: FxHashMap::default(),
        types: FxHashMap::default(),
        filling: 0,
        records: FxHashMap::default(),
        classes: FxHashMap::default(),
        inspecting: Vec::new(),
        closures: FxHashMap::default(),
        definitions: Vec::new(),
        destructors: FxHashMap::default(),
        callables: FxHashMap::default(),
        positions: Positions::new(unit, main_file, source, read),
        gate: Gate::default(),
        nowhere: SiteId(0),
    };
    lowering.run();
    lowering.program.functions = lowering.functions.into_iter().flatten().collect();
    let own = lowering.positions.own_files();
    let own = own.into_iter().map(|file| lowering.positions.name(file).to_owned()).collect();
    Lowered { program: lowering.program, sources: lowering.positions.finish(), own }
}

/// What the lowering of one unit keeps.
struct Lowering<'a> {
    unit: Unit,
    program: Program,
    /// Slots are filled when the work that [`Self::pending`] holds for them is done; all are in the end.
    functions: Vec<Option<Function>>,
    function_ids: FxHashMap<(Key, Variant), FunctionId>,
    pending: VecDeque<(FunctionId, Work)>,
    /// Definitions in the main file that stand in templates: lowered only if nothing instantiates them.
    patterns: Vec<Cursor>,
    /// The instances of templates that are lowered.
    instantiated: FxHashMap<Key, Vec<functions::Instance>>,
    /// Those that are called for others, which differ in sizes or constants.
    stand_ins: FxHashSet<FunctionId>,
    externs: FxHashMap<Extern, ExternId>,
    extern_ids: FxHashMap<Key, ExternId>,
    globals: FxHashMap<Key, GlobalId>,
    /// Static members of what template parameters stand for, by the function that names them.
    dependent: FxHashMap<(SiteId, String), GlobalId>,
    /// Integer constants by their variables.
    constants: FxHashMap<Key, Option<i64>>,
    types: FxHashMap<(Key, Key), Type>,
    /// How many records are being filled in, one for the other.
    filling: u32,
    records: FxHashMap<(Key, Key), RecordId>,
    classes: FxHashMap<(Key, Key), Rc<Class>>,
    /// The classes that are being looked at, one for the other.
    inspecting: Vec<(Key, Key)>,
    closures: FxHashMap<Key, Rc<Closure>>,
    /// The definitions of the main file, device code included.
    definitions: Vec<Span>,
    /// Destructors by their classes, instances of templates included.
    destructors: FxHashMap<Key, Cursor>,
    /// Adapters that give functions the signature of what a `std::function` holds.
    callables: FxHashMap<FunctionId, FunctionId>,
    positions: Positions<'a>,
    gate: Gate,
    /// The site of what stands nowhere.
    nowhere: SiteId,
}

/// What of a declaration a [`Function`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Variant {
    /// Itself.
    Itself,
    /// The plain function that a closure without captures converts to.
    Pointer,
}

impl Lowering<'_> {
    fn run(&mut self) {
        self.read_messages();
        let mut roots = Vec::new();
        for declaration in self.unit.root().children() {
            self.find_roots(declaration, &mut roots);
        }
        for root in &roots {
            self.root(*root);
        }
        self.drain();
        for pattern in std::mem::take(&mut self.patterns) {
            if !self.instantiated.contains_key(&pattern.entity()) {
                self.root(pattern);
            }
        }
        for root in roots {
            self.kernel_for_others(root);
        }
        self.drain();
        for id in &self.stand_ins {
            if let Some(Some(function)) = self.functions.get_mut(id.0 as usize) {
                function.stands_in = true;
            }
        }
        self.check_file();
        self.leave_out_hidden();
    }

    fn drain(&mut self) {
        while let Some((id, work)) = self.pending.pop_front() {
            if self.functions[id.0 as usize].is_some() {
                continue;
            }
            let function = self.function_body(work);
            self.functions[id.0 as usize] = Some(function);
        }
    }

    /// The site of a node, or of what it belongs to if it stands nowhere itself.
    fn site_or(&mut self, cursor: Cursor, otherwise: SiteId) -> SiteId {
        self.positions.site(cursor).unwrap_or(otherwise)
    }

    /// A variable with static storage.
    fn global(&mut self, variable: Cursor) -> GlobalId {
        let key = variable.entity();
        if let Some(known) = self.globals.get(&key) {
            return *known;
        }
        let memory = match self.origin(variable) {
            Origin::Invented => GlobalMemory::Unknown,
            _ if kernels::memory(variable) == GlobalMemory::Device && kernels::has_host_copy(variable) => {
                GlobalMemory::Unknown
            }
            _ => kernels::memory(variable),
        };
        let ty = self.ty(variable.ty());
        let name = names::qualified(variable);
        let site = self.site_or(variable, self.nowhere);
        let link = if self.origin(variable) == Origin::Project { self.link(variable) } else { None };
        let id = GlobalId(self.program.globals.len() as u32);
        let declaration = variable.definition().unwrap_or(variable);
        let is_initialised = declaration.initializer().is_some_and(|it| !initialise::is_null(it));
        let is_shared = variable.has_external_linkage()
            && (variable.definition().is_none()
                || !self.positions.is_main(variable.first_declaration().location()));
        self.program.globals.push(Global { name, ty, memory, is_shared, is_initialised, site, link });
        self.globals.insert(key, id);
        id
    }
}
