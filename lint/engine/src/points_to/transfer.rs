//! What one function puts where.

use std::rc::Rc;

use super::place::{ClassId, Made, Place, Product, Target, Values};
use super::solve::Solver;
use crate::cuda::row::MemoryKind;
use crate::program::{
    BinaryOp, Call, Callee, Constant, ExternParam, Function, FunctionId, Op, SiteId, Storage, Terminator,
    Type, TypeKind, ValueId,
};

/// Blocks stand in no order of execution: a value may be used before the block that defines it is seen.
const PASSES: usize = 4;

/// One function.
pub(super) struct Transfer<'s, 'p> {
    pub solver: &'s mut Solver<'p>,
    id: FunctionId,
    function: &'p Function,
    values: Vec<Values>,
    /// The class that an address leads to, by its static type.
    classes: Vec<Option<ClassId>>,
    /// The field that an address is of, or was read from: `inner` and `outer.inner` of unknown classes are two fields.
    fields: Vec<Option<Rc<str>>>,
    constants: Vec<Option<i64>>,
    changed: bool,
    /// The statement: block and index.
    pub step: (u32, u32),
    /// Its place in the source.
    pub site: SiteId,
}

/// Looks at a function.
pub(super) fn function(solver: &mut Solver<'_>, id: FunctionId) {
    let function = &solver.program.functions[id.0 as usize];
    if function.space != crate::program::Space::Host {
        return;
    }
    let count = function.values as usize;
    let mut transfer = Transfer {
        solver,
        id,
        function,
        values: vec![Values::default(); count],
        classes: vec![None; count],
        fields: vec![None; count],
        constants: vec![None; count],
        changed: false,
        step: (0, 0),
        site: function.site,
    };
    for _ in 0..PASSES {
        transfer.changed = false;
        transfer.run();
        if !transfer.changed {
            return;
        }
    }
}

impl Transfer<'_, '_> {
    fn run(&mut self) {
        let function = self.function;
        for (block, it) in function.blocks.iter().enumerate() {
            for (index, statement) in it.statements.iter().enumerate() {
                self.step = (block as u32, index as u32);
                self.site = statement.site;
                self.op(&statement.op);
            }
            if let Terminator::Return { value: Some(value), .. } = it.terminator {
                let place = self.solver.places.intern(Place::Result(self.id));
                let value = self.value(value);
                self.solver.put(place, &value, false);
            }
        }
    }

    /// A value; a number other than 0 may be anything.
    pub fn value(&self, id: ValueId) -> Values {
        let values = &self.values[id.0 as usize];
        if values.is_empty() && self.constants[id.0 as usize].is_some_and(|it| it != 0) {
            return Values::unknown();
        }
        values.clone()
    }

    /// The constant that a value is.
    pub fn constant(&self, id: ValueId) -> Option<i64> {
        self.constants[id.0 as usize]
    }

    /// Defines a value.
    pub fn define(&mut self, id: ValueId, values: Values, class: Option<ClassId>) {
        self.changed |= self.values[id.0 as usize].add(&values);
        self.classes[id.0 as usize] = class.or(self.classes[id.0 as usize]);
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Const { result, constant } => match constant {
                Constant::Int(value) => self.constants[result.0 as usize] = Some(*value),
                Constant::Str(_) | Constant::Function(_) | Constant::Extern(_) => {
                    self.define(*result, Values::unknown(), None);
                }
            },
            Op::AddressOfLocal { result, local } => {
                let ty = self.function.locals[local.0 as usize].ty;
                let place = self.solver.local(self.id, self.function, *local);
                let class = self.solver.classes.class_of(ty);
                self.define(*result, Values::of(Target::Place(place)), class);
            }
            Op::AddressOfGlobal { result, global } => {
                let ty = self.solver.program.globals[global.0 as usize].ty;
                let place = self.solver.variable(Place::Global(*global), ty);
                let class = self.solver.classes.class_of(ty);
                self.define(*result, Values::of(Target::Place(place)), class);
            }
            Op::Field { result, base, field } => self.field(*result, *base, field),
            Op::Index { result, base, .. } => {
                let (values, class) = (self.value(*base), self.classes[base.0 as usize]);
                self.fields[result.0 as usize] = self.fields[base.0 as usize].clone();
                self.define(*result, values, class);
            }
            Op::Load { result, pointer, ty } => {
                let values = if holds_addresses(*ty) {
                    let pointer = self.value(*pointer);
                    self.load(&pointer)
                } else {
                    Values::unknown()
                };
                let class = self.solver.classes.pointee(*ty);
                self.fields[result.0 as usize] = self.fields[pointer.0 as usize].clone();
                self.define(*result, values, class);
            }
            Op::Store { pointer, value, ty } => {
                if holds_addresses(*ty) {
                    let (pointer, value) = (self.value(*pointer), self.value(*value));
                    self.store(&pointer, &value, false);
                }
            }
            Op::CopyObject { to, from, ty } => self.copy(*to, *from, *ty),
            Op::Binary { result, operator, lhs, rhs } => {
                if let (Some(a), Some(b)) = (self.constant(*lhs), self.constant(*rhs)) {
                    self.constants[result.0 as usize] = match operator {
                        BinaryOp::Mul => a.checked_mul(b),
                        BinaryOp::Add => a.checked_add(b),
                        BinaryOp::Or => Some(a | b),
                        _ => None,
                    };
                }
                let values = Values::unknown().with(&self.value(*lhs)).with(&self.value(*rhs));
                self.define(*result, values, None);
            }
            Op::Unary { result, value, .. } => {
                let values = Values::unknown().with(&self.value(*value));
                self.define(*result, values, None);
            }
            Op::Cast { result, value, ty } => {
                self.constants[result.0 as usize] = self.constant(*value);
                let (values, class) = (self.values[value.0 as usize].clone(), self.classes[value.0 as usize]);
                self.define(*result, values, self.solver.classes.pointee(*ty).or(class));
            }
            Op::Unknown { result, operands } => {
                let mut values = Values::unknown();
                for operand in operands {
                    values.add(&self.value(*operand));
                }
                self.define(*result, values, None);
            }
            Op::New { result, count, stride } => {
                let count = count.map_or(Some(1), |count| self.constant(count));
                let bytes = count.and_then(|it| u64::try_from(it).ok()).zip(*stride);
                let bytes = bytes.and_then(|(count, stride)| count.checked_mul(stride));
                let values = self.make(0, Product::Memory(MemoryKind::Pageable, bytes), "new");
                self.define(*result, values, None);
            }
            Op::Call(call) => self.call(call),
            Op::Spawn { callee, args: ids } => {
                let args: Vec<Values> = ids.iter().map(|arg| self.value(*arg)).collect();
                match callee {
                    Callee::Function(callee) => self.bind(*callee, &args),
                    _ => ids.iter().for_each(|arg| self.escape(*arg, false)),
                }
            }
            Op::Opaque { operands, .. } => {
                for operand in operands {
                    self.escape(*operand, true);
                }
            }
            Op::Launch(_) | Op::Delete { .. } | Op::Live { .. } | Op::Dead { .. } => {}
        }
    }

    fn field(&mut self, result: ValueId, base: ValueId, field: &str) {
        let values = self.value(base);
        let mut classes: Vec<ClassId> = self.classes[base.0 as usize].into_iter().collect();
        if classes.is_empty() {
            classes.extend(values.targets().iter().filter_map(|target| match target {
                Target::Place(place) => match self.solver.places.key(*place) {
                    Place::Instance(class) => Some(*class),
                    _ => None,
                },
                Target::Made(_) => None,
            }));
        }
        let mut found = Values::default();
        let mut inner = None;
        for class in &classes {
            let place = self.solver.field(*class, field);
            found.add(&Values::of(Target::Place(place)));
            inner = self.solver.classes.field(*class, field).and_then(|ty| self.solver.classes.class_of(ty));
        }
        let mut path: Rc<str> = field.into();
        if classes.is_empty() {
            if let Some(outer) = &self.fields[base.0 as usize] {
                path = format!("{outer}.{field}").into();
            }
            let place = self.solver.places.intern(Place::AnyField(path.to_string()));
            found.add(&Values::of(Target::Place(place)));
        }
        self.fields[result.0 as usize] = Some(path);
        self.define(result, found, inner);
    }

    /// What is read through an address.
    pub fn load(&mut self, pointer: &Values) -> Values {
        let mut values = Values::or_unknown(pointer.unknown);
        for target in pointer.targets() {
            let place = self.solver.place_at(*target);
            values.add(&self.solver.read(place));
        }
        values
    }

    /// Something is written through an address.
    pub fn store(&mut self, pointer: &Values, value: &Values, made: bool) {
        for target in pointer.targets() {
            let place = self.solver.place_at(*target);
            self.solver.put(place, value, made);
        }
    }

    fn copy(&mut self, to: ValueId, from: ValueId, ty: Type) {
        // Objects of one class hold together what each of them holds.
        if self.solver.classes.class_of(ty).is_some() {
            return;
        }
        let (to, from) = (self.value(to), self.value(from));
        match ty.kind {
            TypeKind::Record(_) => self.copy_hidden(&to, &from),
            _ => {
                let values = self.load(&from);
                self.store(&to, &values, false);
            }
        }
    }

    /// The cells that the containers and smart pointers at these addresses keep what they own in.
    pub fn hidden(&mut self, owners: &Values) -> Values {
        let mut cells = Values::or_unknown(owners.unknown);
        for target in owners.targets() {
            let owner = self.solver.place_at(*target);
            let cell = self.solver.places.intern(Place::Hidden(owner));
            cells.add(&Values::of(Target::Place(cell)));
        }
        cells
    }

    /// One container or smart pointer gets what another one has.
    pub fn copy_hidden(&mut self, to: &Values, from: &Values) {
        let (to, from) = (self.hidden(to), self.hidden(from));
        let values = self.load(&from);
        self.store(&to, &values, false);
    }

    /// Something that the current statement makes.
    pub fn make(&mut self, output: u8, product: Product, function: &str) -> Values {
        let made = Made { product, function: function.to_owned(), site: self.site, registered: false };
        self.solver.make(self.step, output, made)
    }

    /// Something unseen gets a value: it may put anything there. `inside`: it may name private members.
    pub fn escape(&mut self, id: ValueId, inside: bool) {
        let values = self.value(id);
        self.solver.escape_all(&values, inside);
        // Whatever its address comes from, it is an object of that class.
        if let Some(class) = self.classes[id.0 as usize] {
            let instance = self.solver.places.intern(Place::Instance(class));
            self.solver.escape(Target::Place(instance), inside);
        }
    }

    fn bind(&mut self, callee: FunctionId, args: &[Values]) {
        let function = &self.solver.program.functions[callee.0 as usize];
        for (param, arg) in function.params.iter().zip(args) {
            let local = &function.locals[param.0 as usize];
            let place = self.solver.local(callee, function, *param);
            match local.storage {
                // The parameter is the object at that address.
                Storage::ParamObject if self.solver.classes.class_of(local.ty).is_some() => {}
                Storage::ParamObject => self.copy_hidden(&Values::of(Target::Place(place)), arg),
                _ => self.solver.put(place, arg, false),
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let args: Vec<Values> = call.args.iter().map(|arg| self.value(*arg)).collect();
        let result = match call.callee {
            Callee::Function(callee) => {
                self.bind(callee, &args);
                let place = self.solver.places.intern(Place::Result(callee));
                let result = self.solver.read(place);
                if let Some(into) = call.into {
                    let into = self.value(into);
                    self.copy_hidden(&into, &result);
                }
                result
            }
            Callee::Extern(id) => {
                let callee = &self.solver.program.externs[id.0 as usize];
                match self.solver.model.lookup(&callee.name, args.len()) {
                    Some(row) => self.modelled(row, callee, call, &args),
                    None => {
                        for (index, arg) in call.args.iter().enumerate() {
                            let param = callee.params.get(index).copied().unwrap_or(ExternParam::ReadWrite);
                            let is_self = index == 0 && callee.is_method;
                            let writes = param.may_write() || param == ExternParam::Handle;
                            if writes && !(is_self && callee.is_const) {
                                self.escape(*arg, false);
                            }
                        }
                        self.unknown_result(call)
                    }
                }
            }
            Callee::Value(_) => {
                call.args.iter().for_each(|arg| self.escape(*arg, false));
                self.unknown_result(call)
            }
        };
        if let Some(id) = call.result {
            let class = self.solver.classes.pointee(call.ty);
            self.define(id, result, class);
        }
    }

    fn unknown_result(&mut self, call: &Call) -> Values {
        if let Some(into) = call.into {
            self.escape(into, false);
            let into = self.value(into);
            let cells = self.hidden(&into);
            self.store(&cells, &Values::unknown(), false);
        }
        Values::unknown()
    }
}

/// True for types in which an address or a handle can be: 8 bytes, and no floating point.
fn holds_addresses(ty: Type) -> bool {
    match ty.kind {
        TypeKind::Status | TypeKind::Scalar | TypeKind::Void => false,
        TypeKind::Int => ty.size.is_none_or(|size| size >= 8),
        _ => true,
    }
}
