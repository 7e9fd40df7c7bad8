//! What a call calls: functions, methods, operators, function pointers, and names in templates.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::program::{Callee, Origin, Type, TypeKind, ValueId};

use super::super::cursor::{Cursor, Key, Ty};
use super::body::Body;
use super::captures::{CALLABLE, CLOSURE};

use super::names;
use super::records::Class;
use super::types::{default_value, is_reference};

/// What is called, resolved.
pub(super) struct Resolved {
    pub callee: Callee,
    /// The declared function.
    pub declaration: Option<Cursor>,
    /// The type of the function, for parameters and result.
    pub signature: Option<Ty>,
    /// Arguments that come before those that are written: the object.
    pub object: Option<ValueId>,
}

impl Body<'_, '_> {
    /// What is called. The number says how many of the arguments libclang lists are not arguments.
    pub(super) fn resolve(
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

    pub(super) fn resolve_declared(
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
                        (Some(class), Some(owner)) => self.owner_part(this, class, owner),
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

    pub(super) fn object_of_operator(&mut self, first: Cursor) -> ValueId {
        if self.unit.ty(first.ty()).is_aggregate() { self.place(first) } else { self.value(first) }
    }

    pub(super) fn method_callee(
        &mut self,
        expression: Cursor,
        target: Cursor,
        object: Option<Cursor>,
    ) -> Callee {
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
        // A virtual function with a body may be overridden; one without is what it is declared as, and stays
        // without when files are linked.
        if target.is_virtual() && expression.is_dynamic_call() && !self.is_exact(object) {
            match callee {
                Callee::Function(_) => {
                    let unknown = self.code.unknown(self.at, Vec::new());
                    return Callee::Value(unknown);
                }
                Callee::Extern(id) => return Callee::Extern(self.unit.unlinked(id)),
                Callee::Value(_) => {}
            }
        }
        callee
    }

    /// True if the object's class is known exactly: it is a variable, not something behind a pointer.
    pub(super) fn is_exact(&mut self, object: Option<Cursor>) -> bool {
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
    pub(super) fn resolve_expression(
        &mut self,
        expression: Cursor,
        parts: &[Cursor],
        arguments: &[Cursor],
    ) -> Resolved {
        let site = self.at;
        let Some(first) = parts.first().copied().map(without_parentheses) else {
            let name = expression.spelling();
            let name = if name.is_empty() { "<unknown>".to_owned() } else { name };
            let id = self.unit.extern_named(name, false, arguments.len(), Origin::Project);
            return Resolved { callee: Callee::Extern(id), declaration: None, signature: None, object: None };
        };
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
    pub(super) fn resolve_dependent_member(&mut self, member: Cursor, arguments: usize) -> Resolved {
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
        let class = self.class_of_object(base);
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

    /// The class of what stands before `.name` or `->name`, in a template; of `this` where nothing does.
    fn class_of_object(&mut self, base: Option<Cursor>) -> Option<Rc<Class>> {
        let Some(base) = base else { return self.class.map(|class| self.unit.class(class)) };
        let ty = self.declared_ty(base);
        let object =
            match ty.canonical().kind() {
                CXType_Pointer | CXType_LValueReference | CXType_RValueReference => {
                    if ty.pointee().is_invalid() { ty.canonical().pointee() } else { ty.pointee() }
                }
                _ => ty,
            };
        matches!(self.unit.ty(object).kind, TypeKind::Record(_)).then(|| self.unit.class(object))
    }

    /// The type of an expression. In a template, older versions of libclang do not know which field `object.name` is
    /// even where the object is of the class of the template itself: the declaration of the field tells.
    pub(super) fn declared_ty(&mut self, expression: Cursor) -> Ty {
        let ty = expression.ty();
        if expression.kind() != CXCursor_MemberRefExpr
            || expression.referenced().is_some()
            || self.unit.ty(ty).kind != TypeKind::Unknown
        {
            return ty;
        }
        let Some(name) = self.member_name(expression) else { return ty };
        let class = self.class_of_object(expression.parts().first().copied());
        let field = class.and_then(|class| class.declaration).and_then(|class| {
            let mut fields = class.children().into_iter().filter(|it| it.kind() == CXCursor_FieldDecl);
            fields.find(|field| field.spelling() == name)
        });
        field.map(Cursor::ty).filter(|ty| !is_reference(*ty)).unwrap_or(ty)
    }

    /// A name with several candidates, in a template.
    pub(super) fn resolve_overloads(&mut self, set: Cursor, arguments: usize) -> Resolved {
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
        Resolved { callee, declaration: embedded, signature: None, object: None }
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
}

pub(super) fn without_parentheses(expression: Cursor) -> Cursor {
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
    method_within(class, name, arguments, &mut Vec::new())
}

/// `seen`: the classes that have been looked at on the way. Patterns of templates may lead back to themselves
/// (`Quantizer<T, 8> : Quantizer<T, 1>`).
fn method_within(class: Cursor, name: &str, arguments: usize, seen: &mut Vec<Key>) -> Option<Cursor> {
    if seen.contains(&class.entity()) {
        return None;
    }
    seen.push(class.entity());
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
            method_within(target.definition().unwrap_or(target), name, arguments, seen)
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

pub(super) fn is_overloaded(target: Cursor) -> bool {
    target.kind() == CXCursor_OverloadedDeclRef
}

pub(super) fn is_move(operator: Cursor) -> bool {
    operator.ty().parameter(0).is_some_and(|ty| ty.canonical().kind() == CXType_RValueReference)
}
