//! Calls: what is called, with what, and what comes back.

use clang_sys::*;
use cuda_lint_engine::program::{
    Call, Callee, Origin, SiteId, Terminator, Type, TypeKind, UndeclaredCall, ValueId,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::captures::{CALLABLE, CLOSURE};
use super::names;
use super::types::{default_value, is_reference};

/// What a call comes back with.
pub(super) struct Returned {
    /// The value: a scalar, the address of an object, or what a reference refers to.
    pub value: Option<ValueId>,
    /// True if the value is the address that a returned reference holds.
    pub reference: bool,
}

/// What is called, resolved.
struct Resolved {
    callee: Callee,
    /// The declared function.
    declaration: Option<Cursor>,
    /// The type of the function, for parameters and result.
    signature: Option<Ty>,
    /// Arguments that come before those that are written: the object.
    object: Option<ValueId>,
}

impl Body<'_, '_> {
    /// The value of a call expression.
    pub fn call_value(&mut self, expression: Cursor) -> ValueId {
        let ty = self.unit.ty(expression.ty());
        if is_constructor_call(expression) {
            return self.call_place(expression, false);
        }
        let site = self.at;
        let returned = self.call(expression, None, false);
        match returned.value {
            Some(value) if returned.reference && !ty.is_aggregate() => self.code.load(site, value, ty),
            Some(value) => value,
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// The place that a call expression names or makes.
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
        if lowered.is_aggregate() && !returns_reference(expression) {
            let (local, address) = self.temporary(lowered, site, extended);
            self.call(expression, Some(address), false);
            self.destroys(local, ty);
            return address;
        }
        let returned = self.call(expression, None, false);
        match returned.value {
            Some(value) if returned.reference || lowered.is_aggregate() => value,
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

    fn call_here(&mut self, expression: Cursor, into: Option<ValueId>, discarded: bool) -> Returned {
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
            return Returned { value: Some(address), reference: false };
        }
        let parts = expression.parts();
        if let Some(configuration) = parts.get(1).copied().filter(|part| is_configuration(*part)) {
            self.launch(expression, parts[0], configuration);
            return Returned { value: None, reference: false };
        }
        let target = expression.referenced();
        if let Some(target) = target {
            if let Some(returned) = self.special_call(expression, target, &parts) {
                return returned;
            }
        }
        let arguments = expression.arguments();
        let (resolved, skip) = self.resolve(expression, target, &parts, &arguments);
        let mut args = Vec::new();
        args.extend(resolved.object);
        let invented = match resolved.callee {
            Callee::Extern(id) => self.unit.program.externs[id.0 as usize].origin == Origin::Invented,
            _ => false,
        };
        for (index, argument) in arguments.iter().enumerate().skip(skip) {
            let at = index - skip;
            // What the repair loop invents takes anything by reference; the values are what counts.
            let parameter = if invented { None } else { resolved.signature.and_then(|ty| ty.parameter(at)) };
            let source = resolved.declaration.map(|declaration| (declaration, at));
            args.push(self.argument(*argument, parameter, source));
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
        let returned = self.emit(resolved.callee, args, result, into, discarded, site);
        if invented && let Callee::Extern(id) = resolved.callee {
            let name = self.unit.program.externs[id.0 as usize].name.clone();
            let args = arguments.len();
            // A method of an invented class is no name of its own.
            if !name.contains("::") {
                self.unit.program.undeclared_calls.push(UndeclaredCall { name, args, site });
            }
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
        args: Vec<ValueId>,
        result: Ty,
        into: Option<ValueId>,
        discarded: bool,
        site: SiteId,
    ) -> Returned {
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
        self.code.call(site, Call { result: value, into, callee, args, ty, discarded });
        if let Some(local) = made {
            self.destroys(local, result);
        }
        if let Callee::Extern(id) = callee
            && self.unit.program.externs[id.0 as usize].no_return
        {
            self.code.terminate(Terminator::Exit);
        }
        Returned { value: value.or(into), reference }
    }

    /// Calls that are not calls of functions: closures, `std::function`, implicit members, builtins.
    fn special_call(&mut self, expression: Cursor, target: Cursor, parts: &[Cursor]) -> Option<Returned> {
        let site = self.at;
        let kind = target.kind();
        if kind == CXCursor_ConversionFunction
            && let Some(closure) = self.conversion_source(parts)
        {
            // A closure without captures becomes a plain function.
            let function = self.unit.closure_thunk(&closure);
            let constant = cuda_lint_engine::program::Constant::Function(function);
            let value = self.code.constant(site, constant);
            return Some(Returned { value: Some(value), reference: false });
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
            let implicit = !class.system
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
            return Some(Returned { value: Some(to), reference: true });
        }
        None
    }

    /// True for an assignment whose parameter is the class itself.
    fn is_own_assignment(&mut self, operator: Cursor, owner: Cursor) -> bool {
        operator.ty().parameter(0).is_some_and(|ty| {
            is_reference(ty)
                && ty
                    .canonical()
                    .pointee()
                    .declaration()
                    .is_some_and(|class| class.entity() == owner.entity())
        })
    }

    fn conversion_source(&mut self, parts: &[Cursor]) -> Option<std::rc::Rc<super::captures::Closure>> {
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

    /// What is called. The number says how many of the arguments libclang lists are not arguments.
    fn resolve(
        &mut self,
        expression: Cursor,
        target: Option<Cursor>,
        parts: &[Cursor],
        arguments: &[Cursor],
    ) -> (Resolved, usize) {
        match target {
            Some(target) if names::is_function(target.kind()) => {
                self.resolve_declared(expression, target, parts, arguments)
            }
            _ => (self.resolve_expression(expression, parts, arguments), 0),
        }
    }

    fn resolve_declared(
        &mut self,
        expression: Cursor,
        target: Cursor,
        parts: &[Cursor],
        arguments: &[Cursor],
    ) -> (Resolved, usize) {
        let kind = target.kind();
        let signature = Some(target.ty());
        let is_method = !target.is_static()
            && matches!(kind, CXCursor_CXXMethod | CXCursor_Destructor | CXCursor_ConversionFunction);
        if !is_method {
            // A static method may still be called on an object.
            if let Some(member) = parts.first().filter(|part| part.kind() == CXCursor_MemberRefExpr) {
                for base in member.parts() {
                    self.discard(base);
                }
            }
            let callee = self.unit.callee(target, None);
            return (Resolved { callee, declaration: Some(target), signature, object: None }, 0);
        }
        // `object.method(…)`: the object hangs on the callee. `object + x`: it is the first argument.
        let member = parts.first().copied().map(without_parentheses).filter(|part| {
            part.kind() == CXCursor_MemberRefExpr
                && part.referenced().is_none_or(|member| member.entity() == target.entity())
        });
        let (object, object_ty, skip) = match member {
            Some(member) => match member.parts().first() {
                Some(base) => {
                    let object = self.object_address(member, *base, false);
                    (object, Some(*base), 0)
                }
                None => {
                    let this = self.this_value(self.at);
                    let object = match (self.class, target.parent()) {
                        (Some(class), Some(owner)) => self.to_class(this, class, owner),
                        _ => this,
                    };
                    (object, None, 0)
                }
            },
            None => match arguments.first() {
                Some(first) => {
                    let object = self.object_of_operator(*first);
                    (object, Some(*first), 1)
                }
                None => (self.code.unknown(self.at, Vec::new()), None, 0),
            },
        };
        if let Some(closure) = self.closure_of_operator(target) {
            let source = if target.template().is_some() { target } else { closure.lambda };
            let callee = Callee::Function(self.unit.closure_function(&closure, source));
            return (Resolved { callee, declaration: Some(target), signature, object: Some(object) }, skip);
        }
        if target.spelling() == "operator()" && names::qualified(target) == "std::function::operator()" {
            let site = self.at;
            let ty = Type { kind: TypeKind::Function, size: Some(8) };
            let slot = self.code.field(site, object, CALLABLE);
            let function = self.code.load(site, slot, ty);
            let slot = self.code.field(site, object, CLOSURE);
            let closure = self.code.load(site, slot, Type::POINTER);
            let callee = Callee::Value(function);
            return (Resolved { callee, declaration: Some(target), signature, object: Some(closure) }, skip);
        }
        let callee = self.method_callee(expression, target, object_ty);
        (Resolved { callee, declaration: Some(target), signature, object: Some(object) }, skip)
    }

    fn object_of_operator(&mut self, first: Cursor) -> ValueId {
        if self.unit.ty(first.ty()).is_aggregate() { self.place(first) } else { self.value(first) }
    }

    fn method_callee(&mut self, expression: Cursor, target: Cursor, object: Option<Cursor>) -> Callee {
        // Members that a container inherits are known under its own name.
        let name = match object {
            Some(object) => {
                let ty = object.ty();
                let ty = match ty.canonical().kind() {
                    CXType_Pointer | CXType_LValueReference | CXType_RValueReference => {
                        ty.canonical().pointee()
                    }
                    _ => ty,
                };
                matches!(self.unit.ty(ty).kind, TypeKind::Record(_))
                    .then(|| self.unit.class(ty))
                    .filter(|class| class.system)
                    .map(|class| class.name.clone())
            }
            None => None,
        };
        let callee = self.unit.callee(target, name.as_deref());
        // A virtual function with a body here may be overridden; one without is what it is declared as.
        if matches!(callee, Callee::Function(_))
            && target.is_virtual()
            && expression.is_dynamic_call()
            && !self.is_exact(object)
        {
            let unknown = self.code.unknown(self.at, Vec::new());
            return Callee::Value(unknown);
        }
        callee
    }

    /// True if the object's class is known exactly: it is a variable, not something behind a pointer.
    fn is_exact(&mut self, object: Option<Cursor>) -> bool {
        let Some(mut at) = object else { return false };
        while at.kind() == CXCursor_ParenExpr || at.kind() == CXCursor_UnexposedExpr {
            match at.parts()[..] {
                [inner] => at = inner,
                _ => return false,
            }
        }
        at.kind() == CXCursor_DeclRefExpr
            && at.referenced().is_some_and(|target| {
                target.kind() == CXCursor_VarDecl
                    && !is_reference(target.ty())
                    && target.ty().canonical().kind() == CXType_Record
            })
    }

    /// A callee that is an expression: a function pointer, or a name that depends on template parameters.
    fn resolve_expression(&mut self, expression: Cursor, parts: &[Cursor], arguments: &[Cursor]) -> Resolved {
        let site = self.at;
        let Some(first) = parts.first().copied().map(without_parentheses) else {
            let name = expression.spelling();
            let name = if name.is_empty() { "<unknown>".to_owned() } else { name };
            let id = self.unit.extern_named(name, false, arguments.len(), Origin::Project);
            return Resolved { callee: Callee::Extern(id), declaration: None, signature: None, object: None };
        };
        // `T(x)` in a template.
        if !arguments.is_empty() && arguments[0].is(first) && first.referenced().is_none() {
            let unknown = self.code.unknown(site, Vec::new());
            return Resolved {
                callee: Callee::Value(unknown),
                declaration: None,
                signature: None,
                object: None,
            };
        }
        if first.kind() == CXCursor_MemberRefExpr && first.referenced().is_none_or(is_overloaded) {
            return self.resolve_dependent_member(first, arguments.len());
        }
        if let Some(set) = first.referenced().filter(|target| is_overloaded(*target)) {
            return self.resolve_overloads(set, arguments.len());
        }
        if let Some(function) = first.referenced().filter(|target| names::is_function(target.kind())) {
            let callee = self.unit.callee(function, None);
            let signature = Some(function.ty());
            return Resolved { callee, declaration: Some(function), signature, object: None };
        }
        let ty = first.ty();
        if first.kind() == CXCursor_DeclRefExpr && self.unit.ty(ty).kind == TypeKind::Unknown {
            // A name that depends on template parameters, or a callable parameter of unknown type.
            if first.referenced().is_none() {
                let name = self.written_name(first).unwrap_or_else(|| "<unknown>".to_owned());
                let id = self.unit.extern_named(name, false, arguments.len(), Origin::Project);
                return Resolved {
                    callee: Callee::Extern(id),
                    declaration: None,
                    signature: None,
                    object: None,
                };
            }
        }
        if let TypeKind::Record(_) = self.unit.ty(ty).kind {
            // A functor in a template.
            let object = self.place(first);
            self.at = site;
            let class = self.unit.class(ty);
            let callee =
                match class.declaration.and_then(|class| method(class, "operator()", arguments.len())) {
                    Some(method) => self.unit.callee(method, None),
                    None => {
                        let name = format!("{}::operator()", class.name);
                        let count = arguments.len() + 1;
                        Callee::Extern(self.unit.extern_named(name, true, count, Origin::System))
                    }
                };
            return Resolved { callee, declaration: None, signature: None, object: Some(object) };
        }
        let value = self.value(first);
        self.at = site;
        let function = match ty.canonical().kind() {
            CXType_Pointer => ty.canonical().pointee(),
            _ => ty.canonical(),
        };
        let signature =
            matches!(function.kind(), CXType_FunctionProto | CXType_FunctionNoProto).then_some(function);
        Resolved { callee: Callee::Value(value), declaration: None, signature, object: None }
    }

    /// `object.name(…)` where the class of the object depends on template parameters.
    fn resolve_dependent_member(&mut self, member: Cursor, arguments: usize) -> Resolved {
        let site = self.at;
        let name = self
            .member_name(member)
            .or_else(|| Some(member.spelling()).filter(|name| !name.is_empty()))
            .or_else(|| self.written_name(member));
        let base = member.parts().first().copied();
        let object = match base {
            Some(base) => self.object_address(member, base, false),
            None => self.this_value(site),
        };
        self.at = site;
        let class = match base {
            Some(base) => {
                let ty = base.ty();
                let object = match ty.canonical().kind() {
                    CXType_Pointer | CXType_LValueReference | CXType_RValueReference => {
                        if ty.pointee().is_invalid() { ty.canonical().pointee() } else { ty.pointee() }
                    }
                    _ => ty,
                };
                matches!(self.unit.ty(object).kind, TypeKind::Record(_)).then(|| self.unit.class(object))
            }
            None => self.class.map(|class| self.unit.class(class)),
        };
        let name = name.unwrap_or_else(|| "<unknown>".to_owned());
        let found = class
            .as_ref()
            .and_then(|class| class.declaration)
            .and_then(|class| method(class, &name, arguments));
        let (callee, declaration) = match (found, class) {
            (Some(found), Some(class)) => {
                let known = class.system.then_some(class.name.as_str());
                (self.unit.callee(found, known), Some(found))
            }
            (_, class) => {
                let name = match class {
                    Some(class) => format!("{}::{name}", class.name),
                    None => name,
                };
                let id = self.unit.extern_named(name, true, arguments + 1, Origin::Project);
                (Callee::Extern(id), None)
            }
        };
        Resolved { callee, declaration, signature: declaration.map(Cursor::ty), object: Some(object) }
    }

    /// A name with several candidates, in a template.
    fn resolve_overloads(&mut self, set: Cursor, arguments: usize) -> Resolved {
        let mut candidates = set.overloads();
        candidates.retain(|candidate| {
            let count = candidate.ty().parameter_count();
            count == arguments
                || (count > arguments
                    && candidate
                        .children()
                        .into_iter()
                        .filter(|child| child.kind() == CXCursor_ParmDecl)
                        .nth(arguments)
                        .is_some_and(|parameter| default_value(parameter).is_some()))
        });
        // Overloads of one name have one model; a body is followed only if there is one to choose.
        if let [only] = candidates[..] {
            let callee = self.unit.callee(only, None);
            let signature = Some(only.ty());
            return Resolved { callee, declaration: Some(only), signature, object: None };
        }
        let name = match candidates.first() {
            Some(first) => names::qualified(*first),
            None => set.overloads().first().map_or_else(|| set.spelling(), |first| names::qualified(*first)),
        };
        let embedded = candidates.iter().find_map(|candidate| {
            self.unit.positions.is_embedded(candidate.location()).then_some(*candidate)
        });
        let callee = match embedded {
            Some(declaration) => Callee::Extern(self.unit.extern_of(declaration, None)),
            None => Callee::Extern(self.unit.extern_named(name, false, arguments, Origin::Project)),
        };
        Resolved { callee, declaration: None, signature: None, object: None }
    }

    /// A name as the source spells it, without template arguments.
    pub fn written_name(&mut self, expression: Cursor) -> Option<String> {
        let span = self.unit.positions.span(expression)?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let text = std::str::from_utf8(text).ok()?.trim();
        let name = names::without_arguments(text);
        let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':');
        (plain && !name.is_empty()).then(|| name.to_owned())
    }

    /// A call of an operator that only its name is known of.
    pub fn operator_by_name(&mut self, name: &str, args: Vec<ValueId>) -> ValueId {
        let site = self.at;
        let id = self.unit.extern_named(name.to_owned(), true, args.len(), Origin::System);
        let result = self.code.value();
        self.code.call(
            site,
            Call {
                result: Some(result),
                into: None,
                callee: Callee::Extern(id),
                args,
                ty: Type::POINTER,
                discarded: false,
            },
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
        let mut argument = argument;
        if self.unit.positions.span(argument).is_none()
            && let Some((function, index)) = source
            && let Some(value) = default_argument(function, index)
        {
            argument = value;
        }
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
                    kind if super::expressions::is_address(kind) => self.int(site, 0),
                    _ => self.value(argument),
                }
            }
            _ => self.value_or_place(argument),
        }
    }

    /// True for an argument that is not written and whose default cannot be seen.
    fn is_left_out(&mut self, argument: Cursor) -> bool {
        argument.kind() == CXCursor_UnexposedExpr
            && self.unit.positions.span(argument).is_none()
            && argument.parts().is_empty()
    }

    /// The values of the parameters from `first` on that are left out.
    pub fn default_arguments(&mut self, function: Cursor, first: usize, args: &mut Vec<ValueId>) {
        for index in first..function.argument_count() {
            if let Some(value) = default_argument(function, index) {
                let ty = function.ty().parameter(index);
                args.push(self.argument(value, ty, None));
            }
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

fn is_overloaded(target: Cursor) -> bool {
    target.kind() == CXCursor_OverloadedDeclRef
}

fn is_move(operator: Cursor) -> bool {
    operator.ty().parameter(0).is_some_and(|ty| ty.canonical().kind() == CXType_RValueReference)
}

fn without_parentheses(expression: Cursor) -> Cursor {
    let mut at = expression;
    while matches!(at.kind(), CXCursor_ParenExpr | CXCursor_UnexposedExpr) {
        match at.parts()[..] {
            [inner] => at = inner,
            _ => break,
        }
    }
    at
}

/// A method of a class by name and number of arguments, templates included; its bases count.
pub(super) fn method(class: Cursor, name: &str, arguments: usize) -> Option<Cursor> {
    let members = class.children();
    let named = members.iter().filter(|member| {
        matches!(
            member.kind(),
            CXCursor_CXXMethod
                | CXCursor_FunctionTemplate
                | CXCursor_Destructor
                | CXCursor_ConversionFunction
        ) && member.spelling() == name
    });
    let mut fallback = None;
    for member in named {
        let parameters: Vec<Cursor> =
            member.children().into_iter().filter(|child| child.kind() == CXCursor_ParmDecl).collect();
        let required = parameters.iter().filter(|parameter| default_value(**parameter).is_none()).count();
        if required <= arguments && arguments <= parameters.len() {
            return Some(*member);
        }
        fallback.get_or_insert(*member);
    }
    fallback.or_else(|| {
        members.iter().filter(|member| member.kind() == CXCursor_CXXBaseSpecifier).find_map(|base| {
            let target = base.ty().declaration()?;
            let target = target.template().unwrap_or(target);
            method(target.definition().unwrap_or(target), name, arguments)
        })
    })
}

/// A constructor of a class by the number of arguments.
pub(super) fn constructor(class: Cursor, arguments: usize) -> Option<Cursor> {
    class.children().into_iter().filter(|member| member.kind() == CXCursor_Constructor).find(|member| {
        let parameters = member.arguments();
        let required = parameters.iter().filter(|parameter| default_value(**parameter).is_none()).count();
        required <= arguments && arguments <= parameters.len()
    })
}

/// The copying (or moving) constructor that a class declares.
pub(super) fn copying(class: Cursor, moved: bool) -> Option<Cursor> {
    let candidates: Vec<Cursor> = class
        .children()
        .into_iter()
        .filter(|member| {
            member.kind() == CXCursor_Constructor
                && !member.is_deleted()
                && (member.is_copy_constructor() || member.is_move_constructor())
        })
        .collect();
    candidates.iter().find(|member| member.is_move_constructor() == moved).or(candidates.first()).copied()
}

/// The copying (or moving) assignment that a class declares.
pub(super) fn assigning(class: Cursor, moved: bool) -> Option<Cursor> {
    let candidates: Vec<Cursor> = class
        .children()
        .into_iter()
        .filter(|member| {
            member.kind() == CXCursor_CXXMethod && member.spelling() == "operator=" && !member.is_deleted()
        })
        .collect();
    candidates.iter().find(|member| is_move(**member) == moved).or(candidates.first()).copied()
}
