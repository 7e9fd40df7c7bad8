//! Lambdas: closures are records, captures their fields, call operators functions.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::program::{Callee, Constant, Op, RecordId, SiteId, Type, TypeKind, ValueId};

use super::super::cursor::{Cursor, Key, Ty};
use super::body::Body;
use super::callees::is_overloaded;
use super::names;
use super::types::is_reference;

/// A lambda expression.
pub(super) struct Closure {
    /// The expression.
    pub lambda: Cursor,
    /// The closure's record.
    pub record: RecordId,
    /// What is captured.
    pub captures: Vec<Capture>,
    /// True if `this` is captured.
    pub captures_this: bool,
    /// The class of `this`.
    pub class: Option<Ty>,
    /// The call operator.
    pub operator: Option<Cursor>,
    /// The symbol of the call operator.
    pub symbol: String,
}

/// A captured variable.
pub(super) struct Capture {
    /// Its name, and that of its field.
    pub name: String,
    /// The variable as the body refers to it.
    pub variable: Key,
    /// Its declaration.
    pub declaration: Cursor,
    /// True if the field holds the variable's address.
    pub by_reference: bool,
    /// The initialiser of `[x = …]`.
    pub initializer: Option<Cursor>,
}

/// What the text between the brackets says.
#[derive(Default)]
struct Introducer {
    default_reference: bool,
    /// Names that are captured by reference.
    references: Vec<String>,
    this: bool,
}

impl Body<'_, '_> {
    /// Makes a closure object at `address`.
    pub fn make_closure(&mut self, address: ValueId, lambda: Cursor) {
        let site = self.at;
        let closure = self.closure_of(lambda);
        self.set_apart(lambda);
        self.unit.closure_function(&closure, lambda);
        for capture in &closure.captures {
            let slot = self.code.field(site, address, capture.name.clone());
            let ty = capture.declaration.ty();
            match (capture.initializer, capture.by_reference) {
                (Some(value), true) => {
                    let place = self.place_for_reference(value);
                    self.code.store(site, slot, place, Type::POINTER);
                }
                (Some(value), false) => self.initialise(slot, ty, value),
                (None, true) => {
                    let place = self.variable_place_of(capture.declaration, site);
                    self.code.store(site, slot, place, Type::POINTER);
                }
                (None, false) => {
                    let place = self.variable_place_of(capture.declaration, site);
                    let object = if is_reference(ty) { ty.canonical().pointee() } else { ty };
                    self.copy_from(slot, place, object, false, site);
                }
            }
        }
        if closure.captures_this {
            let slot = self.code.field(site, address, "this");
            let this = self.this_value(site);
            self.code.store(site, slot, this, Type::POINTER);
        }
    }

    /// The closure of a lambda expression.
    pub fn closure_of(&mut self, lambda: Cursor) -> Rc<Closure> {
        let ty = lambda.ty();
        let declaration = ty.canonical().declaration();
        let key = declaration.map_or(lambda.key(), Cursor::entity);
        if let Some(closure) = self.unit.closures.get(&key) {
            return closure.clone();
        }
        let introducer = self.introducer(lambda);
        let mut captures = Vec::new();
        for child in lambda.children() {
            if child.kind() != CXCursor_VariableRef {
                continue;
            }
            let Some(variable) = child.referenced() else { continue };
            // In a macro, all stands at one place: what the function has declared is no capture of its own.
            let is_new = !self.variables.contains_key(&variable.entity()) && is_within(variable, lambda);
            let initializer = variable.initializer().filter(|_| is_new);
            let name = variable.spelling();
            captures.push(Capture {
                by_reference: introducer.references.contains(&name),
                name,
                variable: variable.entity(),
                declaration: variable,
                initializer,
            });
        }
        let mut captures_this = introducer.this;
        for child in lambda.children() {
            if child.kind() == CXCursor_CompoundStmt {
                self.implicit_captures(child, &introducer, &mut captures, &mut captures_this);
            }
        }
        captures_this &= self.this.is_some() && self.class.is_some();
        let operator = declaration.and_then(|class| {
            class.children().into_iter().find(|member| {
                matches!(member.kind(), CXCursor_CXXMethod | CXCursor_FunctionTemplate)
                    && member.spelling() == "operator()"
            })
        });
        let symbol = match (operator, declaration) {
            (Some(operator), _) => operator.usr(),
            (None, Some(class)) => class.usr(),
            (None, None) => String::new(),
        };
        let record = self.unit.record(ty);
        let closure =
            Rc::new(Closure { lambda, record, captures, captures_this, class: self.class, operator, symbol });
        self.unit.closures.insert(key, closure.clone());
        self.unit.refresh_record(ty);
        closure
    }

    /// Variables of this function that the body names without a capture of their own.
    fn implicit_captures(
        &mut self,
        node: Cursor,
        introducer: &Introducer,
        captures: &mut Vec<Capture>,
        this: &mut bool,
    ) {
        match node.kind() {
            CXCursor_DeclRefExpr => {
                if let Some(target) = node.referenced()
                    && self.variables.contains_key(&target.entity())
                    && !captures.iter().any(|capture| capture.variable == target.entity())
                {
                    let is_static = target.kind() == CXCursor_VarDecl && target.has_static_storage();
                    captures.push(Capture {
                        name: target.spelling(),
                        variable: target.entity(),
                        declaration: target,
                        by_reference: introducer.default_reference || is_static,
                        initializer: None,
                    });
                }
            }
            CXCursor_CXXThisExpr => *this = true,
            CXCursor_MemberRefExpr => {
                let object = node.parts().is_empty();
                let member = node.referenced().is_none_or(|target| {
                    target.kind() == CXCursor_FieldDecl
                        || is_overloaded(target)
                        || (names::is_function(target.kind()) && !target.is_static())
                });
                *this |= object && member;
            }
            _ => {}
        }
        for child in node.children() {
            self.implicit_captures(child, introducer, captures, this);
        }
    }

    fn introducer(&mut self, lambda: Cursor) -> Introducer {
        let mut introducer = Introducer::default();
        let Some(span) = self.unit.positions.span(lambda) else { return introducer };
        let text = self.unit.positions.text(span.file, span.start, span.end);
        if !text.starts_with(b"[") {
            // The lambda stands in a macro: what it names is taken by reference.
            introducer.default_reference = true;
            return introducer;
        }
        let mut depth = 0;
        let mut entry = String::new();
        for byte in text {
            match byte {
                b'[' | b'(' | b'{' | b'<' => {
                    depth += 1;
                    if depth > 1 {
                        entry.push(char::from(*byte));
                    }
                }
                b']' | b')' | b'}' | b'>' => {
                    depth -= 1;
                    if depth == 0 {
                        introducer.add(&entry);
                        return introducer;
                    }
                    entry.push(char::from(*byte));
                }
                b',' if depth == 1 => {
                    introducer.add(&entry);
                    entry.clear();
                }
                byte => entry.push(char::from(*byte)),
            }
        }
        introducer
    }

    /// A `std::function` at `address` holds a callable: the function, and the closure on the heap.
    pub fn hold_callable(&mut self, address: ValueId, argument: Cursor, value: ValueId, site: SiteId) {
        let mut callable = argument;
        loop {
            let ty = callable.ty();
            let lowered = self.unit.ty(ty);
            if let TypeKind::Record(_) = lowered.kind {
                let class = self.unit.class(ty);
                if class.is_lambda
                    && let Some(closure) = self.closure_by_type(ty)
                {
                    let function = self.unit.closure_function(&closure, closure.lambda);
                    let heap = self.code.value();
                    self.code.push(site, Op::New { result: heap, count: None, stride: lowered.size });
                    self.copy_from(heap, value, ty, true, site);
                    self.store_callable(address, Constant::Function(function), Some(heap), site);
                } else if class.name == "std::function" {
                    self.code.push(site, Op::CopyObject { to: address, from: value, ty: lowered });
                }
                return;
            }
            if let Some(target) = callable.referenced()
                && names::is_function(target.kind())
            {
                if let Some(definition) = self.unit.followed(target) {
                    let function = self.unit.function(definition);
                    let adapter = self.unit.adapter(function, definition);
                    self.store_callable(address, Constant::Function(adapter), None, site);
                }
                return;
            }
            match callable.parts()[..] {
                [inner] => callable = inner,
                _ => return,
            }
        }
    }

    fn store_callable(
        &mut self,
        address: ValueId,
        function: Constant,
        closure: Option<ValueId>,
        site: SiteId,
    ) {
        let slot = self.code.field(site, address, CALLABLE);
        let value = self.code.constant(site, function);
        let ty = Type { kind: TypeKind::Function, size: Some(8) };
        self.code.store(site, slot, value, ty);
        let slot = self.code.field(site, address, CLOSURE);
        let closure = match closure {
            Some(closure) => closure,
            None => self.int(site, 0),
        };
        self.code.store(site, slot, closure, Type::POINTER);
    }

    /// The closure of a closure type.
    pub fn closure_by_type(&mut self, ty: Ty) -> Option<Rc<Closure>> {
        let declaration = ty.canonical().declaration()?;
        self.unit.closures.get(&declaration.entity()).cloned()
    }

    /// The closure whose call operator this is.
    pub fn closure_of_operator(&mut self, operator: Cursor) -> Option<Rc<Closure>> {
        let class = operator.parent()?;
        self.unit.closures.get(&class.entity()).cloned()
    }

    /// `std::thread t(callable, args…)`: the callable may run from here on.
    pub fn spawn(&mut self, arguments: &[Cursor], passed: &[ValueId], site: SiteId) {
        let (Some(callable), Some(value)) = (arguments.first(), passed.first()) else { return };
        let mut args = Vec::new();
        let mut at = *callable;
        let mut signature = None;
        let callee = loop {
            let ty = at.ty();
            if matches!(self.unit.ty(ty).kind, TypeKind::Record(_)) {
                break match self.closure_by_type(ty) {
                    Some(closure) => {
                        args.push(*value);
                        signature = closure.operator.map(Cursor::ty);
                        Callee::Function(self.unit.closure_function(&closure, closure.lambda))
                    }
                    None => Callee::Value(*value),
                };
            }
            if let Some(target) = at.referenced()
                && names::is_function(target.kind())
                && at.kind() == CXCursor_DeclRefExpr
            {
                signature = Some(target.ty());
                break self.unit.callee(target, None);
            }
            match at.parts()[..] {
                [inner] => at = inner,
                _ => break Callee::Value(*value),
            }
        };
        let method = matches!(callee, Callee::Function(_) | Callee::Extern(_))
            && at
                .referenced()
                .is_some_and(|target| target.kind() == CXCursor_CXXMethod && !target.is_static());
        for (index, (argument, place)) in arguments.iter().zip(passed).enumerate().skip(1) {
            let ty = self.unit.ty(argument.ty());
            let parameter = (index - 1).checked_sub(usize::from(method));
            let parameter = parameter.and_then(|index| signature.and_then(|ty| ty.parameter(index)));
            let by_address = ty.is_aggregate() || parameter.is_some_and(is_reference);
            args.push(match referred(*argument) {
                // `std::ref(x)`.
                Some(target) => self.place(target),
                None if by_address => *place,
                None => self.code.load(site, *place, ty),
            });
        }
        self.at = site;
        self.code.push(site, Op::Spawn { callee, args });
    }
}

/// The field of a `std::function` that holds the function; its first parameter is the closure.
pub(super) const CALLABLE: &str = "<callable>";
/// The field of a `std::function` that holds the closure's address.
pub(super) const CLOSURE: &str = "<closure>";

impl Introducer {
    fn add(&mut self, entry: &str) {
        let entry = entry.trim();
        match entry {
            "" | "=" => {}
            "&" => self.default_reference = true,
            "this" | "*this" => self.this = true,
            _ => {
                if let Some(rest) = entry.strip_prefix('&') {
                    let rest = rest.trim_start();
                    let end = rest
                        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                        .unwrap_or(rest.len());
                    self.references.push(rest[..end].to_owned());
                }
            }
        }
    }
}

/// The `x` of `std::ref(x)`.
fn referred(argument: Cursor) -> Option<Cursor> {
    let mut at = argument;
    loop {
        if at.kind() == CXCursor_CallExpr {
            let name = at.spelling();
            return if name == "ref" || name == "cref" { at.argument(0) } else { None };
        }
        match at.parts()[..] {
            [inner] => at = inner,
            _ => return None,
        }
    }
}

fn is_within(inner: Cursor, outer: Cursor) -> bool {
    let (start, end) = outer.extent();
    let place = inner.location();
    place.file == start.file && start.offset <= place.offset && place.offset <= end.offset
}
