//! Brings functions of other units into a program, by a plan.

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::declared_symbol;
use super::plan::{Binding, Import, Plan};
use crate::Program;
use crate::program::ids::{Ids, each_of_function};
use crate::program::{
    Callee, Constant, Extern, ExternId, ExternParam, Function, FunctionId, Global, GlobalId, Linkage, Op,
    Origin, ParamAccess, Record, RecordId, SiteId, Space, Type, TypeKind,
};

/// A program with what it needs of other units.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// The program. The first unit's own numbers are unchanged.
    pub program: Program,
    /// Where the sites from [`Self::first_site`] on come from: a unit of the plan, and the site there.
    pub sites: Vec<(u32, SiteId)>,
    /// The first site that is none of the first unit's.
    pub first_site: u32,
}

/// Links the program of a plan's first unit with `units`, the programs of all of its units. `sites` is the
/// number of sites that the first has. Parts of the plan that fit no program are left out.
pub fn link(units: &[&Program], sites: u32, plan: &Plan) -> Linked {
    let Some(home) = units.first() else { return Linked::default() };
    let mut linker = Importer {
        units,
        program: (*home).clone(),
        sites: Vec::new(),
        first_site: sites,
        functions: FxHashMap::default(),
        bindings: FxHashMap::default(),
        externs: FxHashMap::default(),
        globals: FxHashMap::default(),
        global_symbols: FxHashMap::default(),
        records: FxHashMap::default(),
        record_names: FxHashMap::default(),
        site_ids: FxHashMap::default(),
    };
    linker.program.imported = 0;
    linker.run(plan);
    Linked { program: linker.program, sites: linker.sites, first_site: sites }
}

struct Importer<'u> {
    units: &'u [&'u Program],
    program: Program,
    sites: Vec<(u32, SiteId)>,
    first_site: u32,
    /// What is brought, and what stands for it.
    functions: FxHashMap<Import, FunctionId>,
    /// The functions that symbols mean, by the unit that lacks them.
    bindings: FxHashMap<(u32, &'u str), FunctionId>,
    externs: FxHashMap<(u32, Callee), ExternId>,
    globals: FxHashMap<(u32, GlobalId), GlobalId>,
    global_symbols: FxHashMap<String, GlobalId>,
    records: FxHashMap<(u32, RecordId), RecordId>,
    /// Classes by name and by name with arguments.
    record_names: FxHashMap<(String, String), RecordId>,
    site_ids: FxHashMap<(u32, SiteId), SiteId>,
}

impl<'u> Importer<'u> {
    fn run(&mut self, plan: &'u Plan) {
        let own = self.program.functions.len();
        // What several units define alike is there once.
        let mut by_symbol: FxHashMap<&'u str, FunctionId> = FxHashMap::default();
        let home: &'u Program = self.units[0];
        for (number, function) in home.functions.iter().enumerate() {
            if is_one_for_all(function) {
                by_symbol.insert(&function.symbol, FunctionId(number as u32));
            }
        }
        self.read_tables();
        let mut brought: Vec<Import> = Vec::new();
        for import in &plan.imports {
            let Some(function) = self.function(*import) else { continue };
            let next = FunctionId((own + brought.len()) as u32);
            let id = if is_one_for_all(function) {
                *by_symbol.entry(&function.symbol).or_insert(next)
            } else {
                next
            };
            self.functions.insert(*import, id);
            if id == next {
                brought.push(*import);
            }
        }
        for binding in &plan.bindings {
            let known = if binding.means.unit == 0 {
                let id = binding.means.function;
                ((id as usize) < own).then_some(FunctionId(id))
            } else {
                self.functions.get(&binding.means).copied()
            };
            if let Some(id) = known {
                self.bindings.insert((binding.unit, binding.symbol.as_str()), id);
            }
        }
        // A symbol that another instance of its template answers.
        let of_another = |it: &Binding| {
            self.function(it.means)
                .is_some_and(|function| !function.template.is_empty() && function.symbol != it.symbol)
        };
        let stand_ins: FxHashSet<Import> =
            plan.bindings.iter().filter(|it| of_another(it)).map(|it| it.means).collect();
        for import in brought {
            if let Some(function) = self.function(import) {
                let mut function = function.clone();
                function.is_root = false;
                function.stands_in |= stand_ins.contains(&import);
                each_of_function(&mut function, &mut Renumber { importer: self, unit: import.unit });
                self.program.functions.push(function);
            }
        }
        self.program.streams_block = plan.streams_block;
        self.program.imported = (self.program.functions.len() - own) as u32;
        self.bind_own(own);
        self.complete_launches();
    }

    fn function(&self, import: Import) -> Option<&'u Function> {
        let unit: &'u Program = self.units.get(import.unit as usize)?;
        unit.functions.get(import.function as usize).filter(|_| import.unit > 0)
    }

    /// What the first unit has, by name.
    fn read_tables(&mut self) {
        for (number, global) in self.program.globals.iter().enumerate() {
            if let Some(link) = &global.link {
                self.global_symbols.insert(link.symbol.clone(), GlobalId(number as u32));
            }
        }
        for (number, record) in self.program.records.iter().enumerate() {
            if let Some(key) = record_key(record) {
                self.record_names.entry(key).or_insert(RecordId(number as u32));
            }
        }
    }

    /// The first unit's own functions call what is brought.
    fn bind_own(&mut self, own: usize) {
        let mut functions = std::mem::take(&mut self.program.functions);
        for function in &mut functions[..own] {
            each_of_function(function, &mut Bind { importer: self });
        }
        self.program.functions = functions;
    }

    /// Launches of kernels whose bodies have been out of sight learn what they do with their parameters.
    fn complete_launches(&mut self) {
        let kernels: Vec<Option<Vec<ParamAccess>>> = (self.program.functions.iter())
            .map(|it| (it.space == Space::Kernel).then(|| it.kernel_params.clone()))
            .collect();
        for function in &mut self.program.functions {
            for statement in function.blocks.iter_mut().flat_map(|block| &mut block.statements) {
                let Op::Launch(launch) = &mut statement.op else { continue };
                let Some(Some(accesses)) = launch.kernel.map(|kernel| &kernels[kernel.0 as usize]) else {
                    continue;
                };
                for (arg, access) in launch.args.iter_mut().zip(accesses) {
                    arg.access = *access;
                }
            }
        }
    }

    /// A function of a unit, or what stands for it.
    fn callee(&mut self, unit: u32, callee: Callee) -> Callee {
        match callee {
            Callee::Value(_) => callee,
            _ if unit == 0 => callee,
            Callee::Function(id) => {
                let it = &self.units[unit as usize].functions[id.0 as usize];
                let bound = declared_symbol(it).and_then(|symbol| self.bindings.get(&(unit, symbol)));
                let known = self.functions.get(&Import { unit, function: id.0 });
                match bound.or(known) {
                    Some(known) => Callee::Function(*known),
                    None => Callee::Extern(self.stand_in(unit, id)),
                }
            }
            Callee::Extern(id) => {
                let it = &self.units[unit as usize].externs[id.0 as usize];
                let bound =
                    it.link.as_ref().and_then(|link| self.bindings.get(&(unit, link.symbol.as_str())));
                match bound {
                    Some(known) => Callee::Function(*known),
                    None => {
                        Callee::Extern(self.extern_(unit, callee, || Extern { link: None, ..it.clone() }))
                    }
                }
            }
        }
    }

    /// A function that is not brought, as one without a body.
    fn stand_in(&mut self, unit: u32, id: FunctionId) -> ExternId {
        let it = &self.units[unit as usize].functions[id.0 as usize];
        self.extern_(unit, Callee::Function(id), || Extern {
            name: it.name.clone(),
            is_method: false,
            is_const: false,
            params: it.params.iter().map(|param| param_of(&it.locals[param.0 as usize].ty)).collect(),
            no_return: false,
            origin: Origin::Project,
            link: None,
        })
    }

    fn extern_(&mut self, unit: u32, callee: Callee, make: impl FnOnce() -> Extern) -> ExternId {
        let program = &mut self.program;
        *self.externs.entry((unit, callee)).or_insert_with(|| {
            program.externs.push(make());
            ExternId(program.externs.len() as u32 - 1)
        })
    }

    fn global(&mut self, unit: u32, id: GlobalId) -> GlobalId {
        if let Some(known) = self.globals.get(&(unit, id)) {
            return *known;
        }
        let it = &self.units[unit as usize].globals[id.0 as usize];
        let symbol = it.link.as_ref().map(|link| &link.symbol);
        let known = symbol.and_then(|symbol| self.global_symbols.get(symbol)).copied();
        let new = known.unwrap_or_else(|| {
            let copy =
                Global { site: self.site(unit, it.site), ty: self.ty(unit, it.ty), link: None, ..it.clone() };
            self.program.globals.push(copy);
            GlobalId(self.program.globals.len() as u32 - 1)
        });
        let global = &mut self.program.globals[new.0 as usize];
        global.is_initialised |= it.is_initialised;
        global.is_shared |= it.is_shared;
        if let Some(symbol) = symbol {
            self.global_symbols.insert(symbol.clone(), new);
        }
        self.globals.insert((unit, id), new);
        new
    }

    fn ty(&mut self, unit: u32, ty: Type) -> Type {
        let kind = match ty.kind {
            TypeKind::Record(id) => TypeKind::Record(self.record(unit, id)),
            TypeKind::Pointer { const_pointee, volatile_pointee, pointee } => TypeKind::Pointer {
                const_pointee,
                volatile_pointee,
                pointee: pointee.map(|id| self.record(unit, id)),
            },
            TypeKind::Array { stride, element } => {
                TypeKind::Array { stride, element: element.map(|id| self.record(unit, id)) }
            }
            kind => kind,
        };
        Type { kind, ..ty }
    }

    fn record(&mut self, unit: u32, id: RecordId) -> RecordId {
        if let Some(known) = self.records.get(&(unit, id)) {
            return *known;
        }
        let it = &self.units[unit as usize].records[id.0 as usize];
        let key = record_key(it);
        let twin = key.as_ref().and_then(|key| self.record_names.get(key)).copied();
        // A class that the first unit only declares is completed: the other file knows what is in it.
        let completes = twin.is_some_and(|twin| {
            self.program.records[twin.0 as usize].fields.is_empty() && !it.fields.is_empty()
        });
        let new = twin.unwrap_or_else(|| {
            self.program.records.push(Record { fields: Vec::new(), ..it.clone() });
            RecordId(self.program.records.len() as u32 - 1)
        });
        // Known before its fields are: classes may hold pointers to each other.
        self.records.insert((unit, id), new);
        if let Some(key) = key {
            self.record_names.insert(key, new);
        }
        if twin.is_none() || completes {
            let fields: Vec<_> =
                it.fields.iter().map(|(name, ty)| (name.clone(), self.ty(unit, *ty))).collect();
            self.program.records[new.0 as usize] = Record { fields, ..it.clone() };
        }
        new
    }

    fn site(&mut self, unit: u32, site: SiteId) -> SiteId {
        let (sites, first) = (&mut self.sites, self.first_site);
        *self.site_ids.entry((unit, site)).or_insert_with(|| {
            sites.push((unit, site));
            SiteId(first + sites.len() as u32 - 1)
        })
    }
}

/// True for a function of which every unit that has one has the same.
fn is_one_for_all(function: &Function) -> bool {
    function.linkage == Linkage::Inline && !function.symbol.is_empty()
}

/// What tells classes apart; `None` for those without a name.
fn record_key(record: &Record) -> Option<(String, String)> {
    let named = !record.name.is_empty() && !record.name.contains('<');
    named.then(|| (record.name.clone(), record.display.clone()))
}

fn param_of(ty: &Type) -> ExternParam {
    match ty.kind {
        TypeKind::Pointer { const_pointee: true, .. } => ExternParam::Read,
        TypeKind::Pointer { .. } | TypeKind::Record(_) | TypeKind::Unknown | TypeKind::Array { .. } => {
            ExternParam::ReadWrite
        }
        TypeKind::Stream
        | TypeKind::Event
        | TypeKind::Handle
        | TypeKind::DevicePointer
        | TypeKind::PinnedPointer
        | TypeKind::ManagedPointer
        | TypeKind::Function => ExternParam::Handle,
        TypeKind::Void | TypeKind::Int | TypeKind::Status | TypeKind::Scalar => ExternParam::Value,
    }
}

/// Gives what a function of another unit names its numbers in the program.
struct Renumber<'i, 'u> {
    importer: &'i mut Importer<'u>,
    unit: u32,
}

impl Ids for Renumber<'_, '_> {
    fn site(&mut self, id: &mut SiteId) {
        *id = self.importer.site(self.unit, *id);
    }

    fn ty(&mut self, ty: &mut Type) {
        *ty = self.importer.ty(self.unit, *ty);
    }

    fn callee(&mut self, callee: &mut Callee) {
        *callee = self.importer.callee(self.unit, *callee);
    }

    fn constant(&mut self, constant: &mut Constant) {
        let callee = match constant {
            Constant::Function(id) => Callee::Function(*id),
            Constant::Extern(id) => Callee::Extern(*id),
            Constant::Int(_) | Constant::Str(_) => return,
        };
        *constant = as_constant(self.importer.callee(self.unit, callee)).unwrap_or(Constant::Int(1));
    }

    fn global(&mut self, id: &mut GlobalId) {
        *id = self.importer.global(self.unit, *id);
    }

    fn kernel(&mut self, id: &mut Option<FunctionId>) {
        *id = id.and_then(|id| match self.importer.callee(self.unit, Callee::Function(id)) {
            Callee::Function(id) => Some(id),
            _ => None,
        });
    }
}

fn as_constant(callee: Callee) -> Option<Constant> {
    match callee {
        Callee::Function(id) => Some(Constant::Function(id)),
        Callee::Extern(id) => Some(Constant::Extern(id)),
        Callee::Value(_) => None,
    }
}

/// Has the first unit's functions call what their symbols mean.
struct Bind<'i, 'u> {
    importer: &'i Importer<'u>,
}

impl Bind<'_, '_> {
    fn bound(&self, callee: Callee) -> Option<FunctionId> {
        let home = self.importer.units[0];
        let symbol = match callee {
            // Later externs are not the first unit's, and calls of them are not among its functions.
            Callee::Extern(id) => &home.externs.get(id.0 as usize)?.link.as_ref()?.symbol,
            Callee::Function(id) => declared_symbol(home.functions.get(id.0 as usize)?)?,
            Callee::Value(_) => return None,
        };
        self.importer.bindings.get(&(0, symbol)).copied()
    }
}

impl Ids for Bind<'_, '_> {
    fn callee(&mut self, callee: &mut Callee) {
        if let Some(id) = self.bound(*callee) {
            *callee = Callee::Function(id);
        }
    }

    fn constant(&mut self, constant: &mut Constant) {
        let callee = match constant {
            Constant::Function(id) => Callee::Function(*id),
            Constant::Extern(id) => Callee::Extern(*id),
            Constant::Int(_) | Constant::Str(_) => return,
        };
        if let Some(id) = self.bound(callee) {
            *constant = Constant::Function(id);
        }
    }

    fn kernel(&mut self, id: &mut Option<FunctionId>) {
        if let Some(bound) = id.and_then(|id| self.bound(Callee::Function(id))) {
            *id = Some(bound);
        }
    }
}
