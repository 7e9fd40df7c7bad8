//! The lowering of one function: its state, its parameters and its frame.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::program::{
    Call, Callee, Constant, Function, FunctionBuilder, FunctionId, LocalId, SiteId, Space, Storage,
    Terminator, Type, ValueId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::cursor::{Cursor, Key, Ty};
use super::captures::Closure;
use super::functions::{body_of, has_body};
use super::kernels::Side;
use super::positions::Span;
use super::scopes::{Handler, Jump, Label, Scope};
use super::types::is_reference;
use super::{Lowering, kernels, names};

/// How a variable is reached.
#[derive(Clone)]
pub(super) enum Variable {
    /// It is a variable of this function.
    Local(LocalId),
    /// It is a reference: a variable of this function that holds the address.
    Reference(LocalId),
    /// It is captured by value: a field of the closure.
    CapturedValue(String),
    /// It is captured by reference: a field of the closure that holds the address.
    CapturedReference(String),
    /// It is a part of the object that a local holds or points to (structured bindings).
    Part(Box<Variable>, Part),
}

/// What part of an object a structured binding names.
#[derive(Clone)]
pub(super) enum Part {
    /// A field.
    Field(String),
    /// An element of an array.
    Element(i64, Option<u64>),
}

/// One function under construction.
pub(super) struct Body<'l, 'a> {
    pub unit: &'l mut Lowering<'a>,
    pub code: FunctionBuilder,
    pub variables: FxHashMap<Key, Variable>,
    pub scopes: Vec<Scope>,
    pub jumps: Vec<Jump>,
    pub switches: Vec<super::loops::Cases>,
    pub handlers: Vec<Handler>,
    pub labels: FxHashMap<Key, Label>,
    /// The variable that holds `this`.
    pub this: Option<LocalId>,
    /// In a lambda that captures `this`: the field of the closure.
    pub captured_this: bool,
    /// The type of the class whose method this is.
    pub class: Option<Ty>,
    /// The function's result type as written.
    pub result: Option<Ty>,
    /// The site of the statement under way, for what stands nowhere itself.
    pub at: SiteId,
    /// The closing brace.
    pub end: SiteId,
    /// True if the calls that the text spells are looked for in the tree: see [`super::gate`].
    pub gated: bool,
    /// Errors and lost calls that an opaque statement stands for already.
    pub accounted: FxHashSet<(u32, u32)>,
    /// Lambdas and local classes: their text is not this function's.
    pub apart: Vec<Span>,
    /// Expressions whose values are being put into temporaries: none may need itself.
    pub making: FxHashSet<Key>,
    /// True once the body has named a variable that only device code has (`threadIdx`): what marks the
    /// function as a kernel is then a macro that nothing defines.
    pub on_device: bool,
}

impl<'l, 'a> Body<'l, 'a> {
    fn new(unit: &'l mut Lowering<'a>, name: String, symbol: String, site: SiteId) -> Self {
        Self {
            unit,
            code: FunctionBuilder::new(name, symbol, site),
            variables: FxHashMap::default(),
            scopes: Vec::new(),
            jumps: Vec::new(),
            switches: Vec::new(),
            handlers: Vec::new(),
            labels: FxHashMap::default(),
            this: None,
            captured_this: false,
            class: None,
            result: None,
            at: site,
            end: site,
            gated: true,
            accounted: FxHashSet::default(),
            apart: Vec::new(),
            making: FxHashSet::default(),
            on_device: false,
        }
    }

    /// Lowers a definition.
    pub fn definition(unit: &'l mut Lowering<'a>, definition: Cursor) -> Function {
        let site = unit.name_site(definition);
        let result = unit.result_type(definition);
        // What may run on either side runs on the host where host code calls it.
        // What may run on the device, as `constexpr` functions may (nvcc, `--expt-relaxed-constexpr`), says something
        // of the host where host code calls it.
        let is_root = unit.positions.is_own(definition.location())
            && !kernels::may_run_on_device(definition)
            && !unit.positions.is_constexpr(definition);
        let mut body = Self::new(unit, names::qualified(definition), definition.usr(), site);
        body.code.function_mut().result = result;
        body.code.function_mut().is_root = is_root;
        body.unit.note_linkage(definition, body.code.function_mut());
        let kind = definition.kind();
        body.result =
            (!matches!(kind, CXCursor_Constructor | CXCursor_Destructor)).then(|| definition.ty().result());
        let owner = definition.parent().filter(|parent| names::is_class(parent.kind()));
        if let Some(owner) = owner
            && !definition.is_static()
        {
            body.class = Some(owner.ty());
            let this = body.unit.ty(owner.ty()).pointer_to();
            body.this = Some(body.code.local("this", this, site, Storage::Param));
        }
        body.set_end(definition);
        body.open_frame();
        for parameter in definition.children() {
            if parameter.kind() == CXCursor_ParmDecl {
                body.parameter(parameter);
            }
        }
        // An instance whose discarded branches are gone would look as if calls had been lost.
        body.gated = definition.template().is_none();
        match kind {
            CXCursor_Constructor => body.constructor(definition),
            CXCursor_Destructor => body.destructor(definition),
            _ => body.block(definition),
        }
        if body.on_device {
            return body.unit.kernel(definition);
        }
        body.finish()
    }

    /// Lowers the call operator of a closure.
    pub fn closure(unit: &'l mut Lowering<'a>, closure: &Rc<Closure>, source: Cursor) -> Function {
        let site = unit.site_or(closure.lambda, unit.nowhere);
        // What is marked for the device is no host code, and what is marked for both is where the host calls it.
        let side = closure.operator.map_or(Side::Host, kernels::side);
        let is_root = side == Side::Host && unit.positions.is_own(closure.lambda.extent().0);
        let mut body = Self::new(unit, Function::CLOSURE.into(), closure.symbol.clone(), site);
        body.code.function_mut().is_root = is_root;
        let record = cuda_lint_engine::program::TypeKind::Record(closure.record);
        let this = Type { kind: record, size: None }.pointer_to();
        body.this = Some(body.code.local("this", this, site, Storage::Param));
        body.captured_this = closure.captures_this;
        body.class = closure.class;
        for capture in &closure.captures {
            let variable = if capture.by_reference {
                Variable::CapturedReference(capture.name.clone())
            } else {
                Variable::CapturedValue(capture.name.clone())
            };
            body.variables.insert(capture.variable, variable);
        }
        body.set_end(source);
        body.open_frame();
        for parameter in source.children() {
            if parameter.kind() == CXCursor_ParmDecl {
                body.parameter(parameter);
            }
        }
        body.gated = source.is(closure.lambda);
        let result = closure.operator.or_else(|| names::is_function(source.kind()).then_some(source));
        let result = result.map(|operator| operator.ty().result());
        body.result = result.filter(|ty| !ty.is_invalid());
        let lowered = result.map_or(Type::UNKNOWN, |ty| body.unit.ty(ty));
        body.code.function_mut().result = lowered;
        if side != Side::Device {
            body.block(source);
        }
        if body.on_device || side == Side::Device {
            body.code.function_mut().is_root = false;
            body.code.function_mut().space = Space::Device;
        }
        body.finish()
    }

    /// The plain function that a closure without captures converts to: it calls the closure.
    pub fn thunk(unit: &'l mut Lowering<'a>, closure: &Rc<Closure>) -> Function {
        let target = unit.closure_function(closure, closure.lambda);
        let site = unit.site_or(closure.lambda, unit.nowhere);
        let mut body = Self::new(unit, Function::CLOSURE.into(), format!("{}*", closure.symbol), site);
        let parameters: Vec<Cursor> =
            closure.lambda.children().into_iter().filter(|child| child.kind() == CXCursor_ParmDecl).collect();
        // There are no captures: any address will do for the closure.
        let object =
            Type { kind: cuda_lint_engine::program::TypeKind::Record(closure.record), size: Some(1) };
        let params = body.forwarded(&parameters);
        let temporary = body.code.local("", object, site, Storage::Temporary);
        body.code.push(site, cuda_lint_engine::program::Op::Live { local: temporary });
        let mut args = vec![body.code.address_of(site, temporary)];
        args.extend(params);
        let result = closure.operator.map(|operator| operator.ty().result());
        body.forward(Callee::Function(target), args, result, Some(temporary))
    }

    /// A function that ignores its first parameter and calls `target` with the rest.
    pub fn adapter(unit: &'l mut Lowering<'a>, target: FunctionId, declaration: Cursor) -> Function {
        let site = unit.name_site(declaration);
        let name = names::qualified(declaration);
        let mut body = Self::new(unit, name, format!("{}^", declaration.usr()), site);
        body.code.local("closure", Type::POINTER, site, Storage::Param);
        let args = body.forwarded(&declaration.arguments());
        let result = declaration.ty().result();
        body.forward(Callee::Function(target), args, Some(result), None)
    }

    fn forwarded(&mut self, parameters: &[Cursor]) -> Vec<ValueId> {
        let site = self.at;
        let mut args = Vec::new();
        for parameter in parameters {
            let ty = self.unit.ty(parameter.ty());
            let storage = if ty.is_aggregate() { Storage::ParamObject } else { Storage::Param };
            let local = self.code.local(parameter.spelling(), ty, site, storage);
            let address = self.code.address_of(site, local);
            args.push(if ty.is_aggregate() { address } else { self.code.load(site, address, ty) });
        }
        args
    }

    fn forward(
        mut self,
        callee: Callee,
        args: Vec<ValueId>,
        result: Option<Ty>,
        temporary: Option<LocalId>,
    ) -> Function {
        let site = self.at;
        let ty = result.map_or(Type::UNKNOWN, |ty| self.unit.ty(ty));
        self.code.function_mut().result = ty;
        let into = ty.is_aggregate().then(|| {
            let local = self.code.local("", ty, site, Storage::Temporary);
            self.code.push(site, cuda_lint_engine::program::Op::Live { local });
            self.code.address_of(site, local)
        });
        let value = (into.is_none() && ty != Type::VOID).then(|| self.code.value());
        self.code.call(
            site,
            Call { result: value, into, callee, args, ty, discarded: false, written: Vec::new() },
        );
        if let Some(local) = temporary {
            self.code.push(site, cuda_lint_engine::program::Op::Dead { local });
        }
        self.code.terminate(Terminator::Return { value: into.or(value), site });
        self.code.finish(site)
    }

    fn set_end(&mut self, definition: Cursor) {
        if let Some(span) = self.unit.positions.span(definition) {
            let brace = Span { file: span.file, start: span.end.saturating_sub(1), end: span.end };
            self.end = self.unit.positions.site_of(brace);
        }
    }

    fn parameter(&mut self, parameter: Cursor) {
        let ty = parameter.ty();
        let lowered = self.unit.ty(ty);
        let site = self.unit.site_or(parameter, self.at);
        let name = parameter.spelling();
        let is_record = matches!(lowered.kind, cuda_lint_engine::program::TypeKind::Record(_));
        if is_reference(ty) {
            let local = self.code.local(name, lowered, site, Storage::Param);
            self.variables.insert(parameter.entity(), Variable::Reference(local));
            self.leave_at_end(local);
        } else if is_record {
            let local = self.code.local(name, lowered, site, Storage::ParamObject);
            self.variables.insert(parameter.entity(), Variable::Local(local));
        } else {
            // `T a[]` is a pointer.
            let lowered = if lowered.is_aggregate() { Type::POINTER } else { lowered };
            let local = self.code.local(name, lowered, site, Storage::Param);
            self.variables.insert(parameter.entity(), Variable::Local(local));
            self.leave_at_end(local);
        }
    }

    /// Lowers the body of a function.
    pub fn block(&mut self, definition: Cursor) {
        match body_of(definition) {
            Some(block) => {
                if let (Some(whole), Some(span)) =
                    (self.unit.positions.span(definition), self.unit.positions.span(block))
                    && whole.file == span.file
                {
                    self.check_head(block, whole, span);
                }
                self.statement(block);
            }
            None => {
                debug_assert!(!has_body(definition));
                self.code.opaque(self.at, "the function has no body that can be seen", Vec::new());
            }
        }
    }

    fn finish(mut self) -> Function {
        let end = self.end;
        self.close_scope(end);
        self.code.terminate(Terminator::Return { value: None, site: end });
        self.code.finish(end)
    }

    /// The address of a variable.
    pub fn variable_place(&mut self, variable: &Variable, site: SiteId) -> ValueId {
        match variable {
            Variable::Local(local) => self.code.address_of(site, *local),
            Variable::Reference(local) => {
                let address = self.code.address_of(site, *local);
                let ty = self.code.function_mut().locals[local.0 as usize].ty;
                self.code.load(site, address, ty)
            }
            Variable::CapturedValue(field) => {
                let closure = self.closure_address(site);
                self.code.field(site, closure, field.clone())
            }
            Variable::CapturedReference(field) => {
                let closure = self.closure_address(site);
                let slot = self.code.field(site, closure, field.clone());
                self.code.load(site, slot, Type::POINTER)
            }
            Variable::Part(whole, part) => {
                let base = self.variable_place(whole, site);
                match part {
                    Part::Field(field) => self.code.field(site, base, field.clone()),
                    Part::Element(index, stride) => {
                        let index = self.code.int(site, *index);
                        self.code.index(site, base, index, *stride)
                    }
                }
            }
        }
    }

    /// The address of the closure whose call operator this is.
    fn closure_address(&mut self, site: SiteId) -> ValueId {
        match self.this {
            Some(this) => {
                let address = self.code.address_of(site, this);
                let ty = self.code.function_mut().locals[this.0 as usize].ty;
                self.code.load(site, address, ty)
            }
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// The value of `this`.
    pub fn this_value(&mut self, site: SiteId) -> ValueId {
        let closure = self.closure_address(site);
        if self.captured_this {
            let slot = self.code.field(site, closure, "this");
            let ty = self.class.map_or(Type::POINTER, |class| self.unit.ty(class).pointer_to());
            return self.code.load(site, slot, ty);
        }
        closure
    }

    /// A number.
    pub fn int(&mut self, site: SiteId, value: i64) -> ValueId {
        self.code.constant(site, Constant::Int(value))
    }
}
