//! Calls: what is called, with what, and what comes back.

use clang_sys::*;
use cuda_lint_engine::program::{
    Call, Callee, GlobalMemory, InvalidCall, Origin, SiteId, Terminator, Type, TypeKind, ValueId, Written,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::callees::{is_move, is_overloaded};
use super::expressions::is_address;
use super::gate::is_api_name;
use super::names;
use super::types::{default_value, is_reference};

/// What a call comes back with.
pub(super) struct Returned {
    /// The value: a scalar, the address of an object, or what a reference refers to.
    pub value: Option<ValueId>,
    /// True if the value is the address that a returned reference holds.
    pub reference: bool,
    /// True if the value is the address of an object of an invented class, which may stand for anything.
    pub invented: bool,
    /// True if nothing tells whether the call returns a value or a reference.
    pub untold: bool,
}

impl Returned {
    /// What a call comes back with that returns a scalar, or made an object there.
    pub fn value(value: ValueId) -> Self {
        Self { value: Some(value), ..Self::nothing() }
    }

    fn nothing() -> Self {
        Self { value: None, reference: false, invented: false, untold: false }
    }
}

/// The arguments of a call, and how they are written.
pub(super) struct Passed {
    pub args: Vec<ValueId>,
    pub written: Vec<Written>,
}

/// The one function of CUDA that takes the arguments of a kernel one by one.
const LAUNCH_TEMPLATE: &str = "cudaLaunchKernelEx";

impl Body<'_, '_> {
    /// The value of a call expression.
    pub fn call_value(&mut self, expression: Cursor) -> ValueId {
        let ty = self.unit.ty(expression.ty());
        if is_constructor_call(expression) {
            return self.call_place(expression, false);
        }
        if is_dependent_cast(expression) && !ty.is_aggregate() && ty.kind != TypeKind::Unknown {
            return self.cast(expression);
        }
        let site = self.at;
        let returned = self.call(expression, None, false);
        match returned.value {
            Some(value) if returned.reference && !ty.is_aggregate() => self.code.load(site, value, ty),
            // The type of an expression in a template does not always tell that it is an object. What stands for a
            // pointer is not the address of the class that was invented for it.
            Some(value) if returned.invented && !ty.is_aggregate() => self.code.unknown(site, vec![value]),
            Some(value) => value,
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// The place that a call expression names or makes. `extended`: a reference is bound to it, or its address is
    /// taken, as if it were a reference, so that it is one where nothing tells otherwise.
    pub fn call_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let ty = expression.ty();
        let lowered = self.unit.ty(ty);
        if is_constructor_call(expression) {
            let (local, address) = self.temporary(lowered, site, extended);
            self.initialise(address, ty, expression);
            self.destroys(local, ty);
            return address;
        }
        if extended && lowered.is_aggregate() && self.unit.is_declared_by_repair(ty) {
            let address = self.code.unknown(site, Vec::new());
            self.call(expression, Some(address), false);
            return address;
        }
        if lowered.is_aggregate() && !returns_reference(expression) {
            let (local, address) = self.temporary(lowered, site, extended);
            self.call(expression, Some(address), false);
            self.destroys(local, ty);
            return address;
        }
        let returned = self.call(expression, None, false);
        match returned.value {
            Some(value) if returned.reference || lowered.is_aggregate() => value,
            Some(value) if extended && returned.invented => self.code.unknown(site, vec![value]),
            // The memory lies where the function says. What is there is what the call is known for.
            Some(value) if extended && returned.untold => {
                let address = self.code.unknown(site, Vec::new());
                self.code.store(site, address, value, lowered);
                address
            }
            Some(value) => {
                let (_, address) = self.temporary(lowered, site, extended);
                self.code.store(site, address, value, lowered);
                address
            }
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// Lowers a call. `into`: where an object that it returns goes.
    pub fn call(&mut self, expression: Cursor, into: Option<ValueId>, discarded: bool) -> Returned {
        let outer = self.at;
        self.at = self.unit.site_or(expression, outer);
        let returned = self.call_here(expression, into, discarded);
        self.at = outer;
        returned
    }

    pub(super) fn call_here(
        &mut self,
        expression: Cursor,
        into: Option<ValueId>,
        discarded: bool,
    ) -> Returned {
        let site = self.at;
        self.saw_call(expression);
        if is_constructor_call(expression) {
            let address = match into {
                Some(address) => {
                    self.construct(address, expression.ty(), expression);
                    address
                }
                None => self.call_place(expression, false),
            };
            return Returned::value(address);
        }
        let parts = expression.parts();
        if let Some(configuration) = parts.get(1).copied().filter(|part| is_configuration(*part)) {
            self.launch(expression, parts[0], configuration);
            return Returned::nothing();
        }
        let target = expression.referenced();
        if let Some(target) = target
            && let Some(returned) = self.special_call(expression, target, &parts)
        {
            return returned;
        }
        let arguments = expression.arguments();
        // An operator stands behind its first operand.
        if target.is_none()
            && let Some(set) = parts.get(1).and_then(|it| it.referenced()).filter(|it| is_overloaded(*it))
            && let Some(returned) = self.operator_in_template(&set.spelling(), &arguments)
        {
            return returned;
        }
        if expression.is_unresolved_construction() {
            return self.unresolved_construction(expression, &parts, into);
        }
        let (resolved, skip) = self.resolve(expression, target, &parts, &arguments);
        let mut args = Vec::new();
        args.extend(resolved.object);
        let invented = match resolved.callee {
            Callee::Extern(id) => self.unit.program.externs[id.0 as usize].origin == Origin::Invented,
            _ => false,
        };
        let name = match resolved.callee {
            Callee::Extern(id) => self.unit.program.externs[id.0 as usize].name.as_str(),
            _ => "",
        };
        let is_api = is_api_name(name.as_bytes());
        // What stands behind the kernel are the kernel's arguments, which go to it by value; the template takes them by
        // forwarding references (CUDA Runtime API, `cudaLaunchKernelEx`).
        let kernel_arguments = if name == LAUNCH_TEMPLATE { 2.. } else { usize::MAX.. };
        for (index, argument) in arguments.iter().enumerate().skip(skip) {
            let at = index - skip;
            // What the repair loop invents takes anything by reference; the values are what counts.
            let parameter = match (invented, resolved.declaration) {
                (true, _) => None,
                _ if kernel_arguments.contains(&at) => None,
                // In a template pattern the call is not resolved to a signature; the template's parameter
                // still tells a reference from a value.
                (false, Some(declaration)) if resolved.signature.is_none() => parameter_of(declaration, at),
                _ => resolved.signature.and_then(|ty| ty.parameter(at)),
            };
            let source = resolved.declaration.map(|declaration| (declaration, at));
            if invented && names_device_variable(*argument) {
                // `HIP_SYMBOL(x)` and the like name the variable; the host does not read it.
                args.push(self.place(*argument));
                continue;
            }
            let arg = self.argument(*argument, parameter, source);
            // CUDA's functions take no objects of classes, nor do parameters that are addresses or numbers: what such
            // an object converts to is not known.
            let taken = parameter.filter(|ty| !is_reference(*ty)).map(|ty| self.unit.ty(ty).kind);
            let is_scalar = taken.is_some_and(|kind| is_address(kind) || kind == TypeKind::Int);
            let converts = (is_api || is_scalar)
                && matches!(self.unit.ty(argument.ty()).kind, TypeKind::Record(_))
                && ((is_api && invented) || self.unit.is_invented(argument.ty()));
            args.push(if converts { self.code.unknown(site, vec![arg]) } else { arg });
        }
        // In a template pattern a call has no arguments but those that are written.
        if matches!(resolved.callee, Callee::Function(_))
            && target.is_none_or(|target| !names::is_function(target.kind()))
            && let Some(declaration) = resolved.declaration
        {
            self.default_arguments(declaration, arguments.len().saturating_sub(skip), &mut args);
        }
        self.at = site;
        let result = match resolved.signature {
            Some(signature) => signature.result(),
            None => expression.ty(),
        };
        let result = if result.is_invalid() { expression.ty() } else { result };
        let is_std_async = resolved.declaration.is_some_and(|declaration| {
            declaration.spelling() == "async" && names::qualified(declaration) == "std::async"
        });
        let spawned = is_std_async.then(|| args.clone());
        let held = target.is_some_and(|target| {
            target.spelling() == "operator=" && names::qualified(target) == "std::function::operator="
        });
        let held = if held { args.first().copied().zip(args.get(1).copied()) } else { None };
        let own = arguments.get(skip..).unwrap_or_default();
        let before = usize::from(resolved.object.is_some());
        let written = self.written(resolved.callee, resolved.declaration, own, before, args.len());
        let passed = Passed { args, written };
        let mut returned = self.emit(resolved.callee, passed, result, into, discarded, site);
        returned.untold = resolved.signature.is_none();
        if let Callee::Extern(id) = resolved.callee {
            self.unit.note_macro_call(expression, id, site);
            // In a template pattern, arguments that have defaults are not there.
            if let Some(signature) = resolved.signature {
                self.unit.note_versioned_call(expression, id, signature.parameter_count());
            }
        }
        if invented && let Callee::Extern(id) = resolved.callee {
            let name = self.unit.program.externs[id.0 as usize].name.clone();
            let args = arguments.len();
            self.unit.invalid_call(InvalidCall { name, args, site, declared: false });
        }
        if let Some(passed) = spawned {
            let callable = arguments
                .iter()
                .position(|argument| !matches!(self.unit.ty(argument.ty()).kind, TypeKind::Int));
            if let Some(first) = callable
                && passed.len() == arguments.len()
            {
                self.spawn(&arguments[first..], &passed[first..], site);
            }
        }
        if let (Some((function, callable)), Some(argument)) = (held, arguments.get(skip)) {
            self.hold_callable(function, *argument, callable, site);
        }
        returned
    }

    /// Emits a call and says what comes back.
    pub fn emit(
        &mut self,
        callee: Callee,
        passed: Passed,
        result: Ty,
        into: Option<ValueId>,
        discarded: bool,
        site: SiteId,
    ) -> Returned {
        let Passed { args, written } = passed;
        let ty = self.unit.ty(result);
        let reference = is_reference(result);
        let mut made = None;
        let into = if ty.is_aggregate() {
            Some(into.unwrap_or_else(|| {
                let (local, address) = self.temporary(ty, site, false);
                made = Some(local);
                address
            }))
        } else {
            None
        };
        let value = (into.is_none() && ty.kind != TypeKind::Void).then(|| self.code.value());
        self.code.call(site, Call { result: value, into, callee, args, ty, discarded, written });
        if let Some(local) = made {
            self.destroys(local, result);
        }
        if let Callee::Extern(id) = callee
            && self.unit.program.externs[id.0 as usize].no_return
        {
            self.code.terminate(Terminator::Exit);
        }
        let invented = into.is_some() && self.unit.is_invented(result);
        Returned { reference, invented, value: value.or(into), ..Returned::nothing() }
    }

    /// Calls that are not calls of functions: closures, `std::function`, implicit members, builtins.
    pub(super) fn special_call(
        &mut self,
        expression: Cursor,
        target: Cursor,
        parts: &[Cursor],
    ) -> Option<Returned> {
        let site = self.at;
        let kind = target.kind();
        if kind == CXCursor_ConversionFunction
            && let Some(closure) = self.conversion_source(parts)
        {
            // A closure without captures becomes a plain function.
            let function = self.unit.closure_thunk(&closure);
            let constant = cuda_lint_engine::program::Constant::Function(function);
            let value = self.code.constant(site, constant);
            return Some(Returned::value(value));
        }
        if kind == CXCursor_CXXMethod && target.spelling() == "operator=" {
            let arguments = expression.arguments();
            let (to, from) = match (&arguments[..], parts.first()) {
                ([to, from], _) => (*to, *from),
                ([from], Some(member)) if member.kind() == CXCursor_MemberRefExpr => {
                    (*member.parts().first()?, *from)
                }
                _ => return None,
            };
            let owner = target.parent()?;
            let ty = to.ty();
            if !matches!(self.unit.ty(ty).kind, TypeKind::Record(_)) {
                return None;
            }
            let class = self.unit.class(ty);
            // What a library declares as a plain structure is one. Its classes may own what is not declared.
            let plain = !class.system
                || (!class.has_constructors
                    && class.destructor.is_none()
                    && !class.assigns
                    && !class.deep_copy);
            let implicit = plain
                && !class.dependent
                && (target.is_defaulted() || !class.assigns)
                && self.is_own_assignment(target, owner);
            if !implicit {
                return None;
            }
            let moved = is_move(target);
            let from = self.place(from);
            let to = self.place(to);
            self.at = site;
            self.assign_from(to, from, ty, moved, site);
            return Some(Returned { reference: true, ..Returned::value(to) });
        }
        None
    }

    /// True for an assignment whose parameter is the class itself.
    pub(super) fn is_own_assignment(&mut self, operator: Cursor, owner: Cursor) -> bool {
        operator.ty().parameter(0).is_some_and(|ty| {
            is_reference(ty)
                && ty
                    .canonical()
                    .pointee()
                    .declaration()
                    .is_some_and(|class| class.entity() == owner.entity())
        })
    }

    pub(super) fn conversion_source(
        &mut self,
        parts: &[Cursor],
    ) -> Option<std::rc::Rc<super::captures::Closure>> {
        let mut at = *parts.first()?;
        loop {
            if at.kind() == CXCursor_LambdaExpr {
                self.set_apart(at);
                return Some(self.closure_of(at));
            }
            let ty = at.ty();
            if matches!(self.unit.ty(ty).kind, TypeKind::Record(_))
                && let Some(closure) = self.closure_by_type(ty)
            {
                return Some(closure);
            }
            match at.parts()[..] {
                [inner] => at = inner,
                _ => return None,
            }
        }
    }

    /// A call of an operator that only its name is known of.
    pub fn operator_by_name(&mut self, name: &str, args: Vec<ValueId>) -> ValueId {
        let site = self.at;
        let id = self.unit.extern_named(name.to_owned(), true, args.len(), Origin::System);
        let result = self.code.value();
        self.code.call(
            site,
            Call { result: Some(result), ty: Type::POINTER, ..Call::of(Callee::Extern(id), args) },
        );
        result
    }

    /// An argument as its parameter wants it. `source`: the function and the parameter's number, for
    /// arguments that are left out.
    pub fn argument(
        &mut self,
        argument: Cursor,
        parameter: Option<Ty>,
        source: Option<(Cursor, usize)>,
    ) -> ValueId {
        let written = argument;
        let default = source.filter(|_| self.unit.positions.span(written).is_none());
        let argument =
            default.and_then(|(function, index)| default_argument(function, index)).unwrap_or(written);
        match parameter {
            Some(ty) if is_reference(ty) => self.place(argument),
            Some(ty) if matches!(self.unit.ty(ty).kind, TypeKind::Record(_)) => {
                let site = self.at;
                let lowered = self.unit.ty(ty);
                let (local, address) = self.temporary(lowered, site, false);
                self.initialise(address, ty, argument);
                self.destroys(local, ty);
                address
            }
            Some(ty) if self.is_left_out(argument) => {
                let site = self.at;
                match self.unit.ty(ty).kind {
                    kind if is_address(kind) => self.int(site, 0),
                    _ => self.value(argument),
                }
            }
            _ => self.value_or_place(argument),
        }
    }

    /// True for an argument that is not written, in place of which the default of its parameter stands.
    pub(super) fn takes_default(&mut self, argument: Cursor, function: Option<Cursor>, index: usize) -> bool {
        self.is_left_out(argument)
            || (self.unit.positions.span(argument).is_none()
                && function.is_some_and(|function| default_argument(function, index).is_some()))
    }

    /// True for an argument that is not written and whose default cannot be seen.
    pub(super) fn is_left_out(&mut self, argument: Cursor) -> bool {
        argument.kind() == CXCursor_UnexposedExpr
            && self.unit.positions.span(argument).is_none()
            && argument.parts().is_empty()
    }

    /// The values of the parameters from `first` on that are left out.
    pub fn default_arguments(&mut self, function: Cursor, first: usize, args: &mut Vec<ValueId>) {
        // What stands behind one that is not found has no number.
        for index in first.. {
            let Some(value) = default_argument(function, index) else { break };
            let ty = function.ty().parameter(index).or_else(|| parameter_of(function, index));
            args.push(self.argument(value, ty, None));
        }
    }
}

/// The default value of a parameter; instances of templates have it on the template.
fn default_argument(function: Cursor, index: usize) -> Option<Cursor> {
    let parameter = |function: Cursor| {
        function.children().into_iter().filter(|child| child.kind() == CXCursor_ParmDecl).nth(index)
    };
    let own = function.argument(index).or_else(|| parameter(function)).and_then(default_value);
    own.or_else(|| {
        let template = function.template()?;
        parameter(template).and_then(default_value)
    })
    .or_else(|| {
        let definition = function.definition()?;
        parameter(definition).and_then(default_value)
    })
}

/// True for `cudaConfigureCall(…)`, which stands for `<<<…>>>`.
pub(super) fn is_configuration(part: Cursor) -> bool {
    part.kind() == CXCursor_CallExpr
        && matches!(
            part.spelling().as_str(),
            "cudaConfigureCall" | "__cudaPushCallConfiguration" | "__hipPushCallConfiguration"
        )
}

fn is_constructor_call(expression: Cursor) -> bool {
    expression.referenced().is_some_and(|target| target.kind() == CXCursor_Constructor)
}

fn returns_reference(expression: Cursor) -> bool {
    match expression.referenced() {
        Some(target) if names::is_function(target.kind()) => is_reference(target.ty().result()),
        Some(target) => {
            let ty = target.ty().canonical();
            let function = if ty.kind() == CXType_Pointer { ty.pointee() } else { ty };
            is_reference(function.result())
        }
        None => false,
    }
}

/// The type of a parameter as declared, if it is a reference.
fn parameter_of(declaration: Cursor, at: usize) -> Option<Ty> {
    let mut parameters = declaration.children().into_iter().filter(|it| it.kind() == CXCursor_ParmDecl);
    parameters.nth(at).map(Cursor::ty).filter(|ty| is_reference(*ty))
}

/// True for an expression that is just the name of a `__device__` or `__constant__` variable.
fn names_device_variable(expression: Cursor) -> bool {
    expression.referenced().is_some_and(|target| {
        target.kind() == CXCursor_VarDecl && super::kernels::memory(target) == GlobalMemory::Device
    })
}

/// True for `pointer(p)`, a cast to a named type that depends on template parameters.
fn is_dependent_cast(expression: Cursor) -> bool {
    expression.is_unresolved_construction() && expression.parts().len() == 1
}
