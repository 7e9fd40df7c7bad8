//! Places of expressions: what an address can be taken of, and temporaries for the rest.

use clang_sys::*;
use cuda_lint_engine::program::{LocalId, Op, Origin, SiteId, Type, TypeKind, ValueId};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::callees::is_overloaded;
use super::operators::{binary_operator, unary_operator};
use super::types::is_reference;
use super::{kernels, names};

impl Body<'_, '_> {
    /// The place of an expression. What has none is stored in a temporary.
    pub fn place(&mut self, expression: Cursor) -> ValueId {
        self.place_with(expression, false)
    }

    /// The place that a reference is bound to: it keeps temporaries alive.
    pub fn place_for_reference(&mut self, expression: Cursor) -> ValueId {
        self.place_with(expression, true)
    }

    pub(super) fn place_with(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let outer = self.at;
        self.at = self.unit.site_or(expression, outer);
        let place = self.place_here(expression, extended);
        self.at = outer;
        place
    }

    pub(super) fn place_here(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        match expression.kind() {
            CXCursor_DeclRefExpr => self.named_place(expression, extended),
            CXCursor_MemberRefExpr => self.member_place(expression, extended),
            CXCursor_ArraySubscriptExpr => self.element_place(expression),
            CXCursor_StringLiteral => self.string(expression),
            CXCursor_ParenExpr => match expression.parts()[..] {
                [inner] => self.place_with(inner, extended),
                _ => self.materialise(expression, extended),
            },
            CXCursor_UnaryOperator => {
                let parts = expression.parts();
                let [operand] = parts[..] else { return self.not_understood(expression) };
                match unary_operator(expression) {
                    CXUnaryOperator_Deref => self.dereferenced(operand),
                    kind @ (CXUnaryOperator_PreInc | CXUnaryOperator_PreDec) => {
                        self.step(expression, operand, kind).0
                    }
                    CXUnaryOperator_Extension => self.place_with(operand, extended),
                    _ => self.materialise(expression, extended),
                }
            }
            CXCursor_BinaryOperator => {
                let parts = expression.parts();
                let [lhs, rhs] = parts[..] else { return self.not_understood(expression) };
                match binary_operator(expression, lhs, rhs) {
                    CXBinaryOperator_Assign => self.assignment(lhs, rhs).0,
                    CXBinaryOperator_Comma => {
                        self.before_comma(lhs, rhs);
                        self.place_with(rhs, extended)
                    }
                    CXBinaryOperator_PtrMemD | CXBinaryOperator_PtrMemI => {
                        let object = self.value_or_place(lhs);
                        let member = self.value(rhs);
                        self.code.unknown(site, vec![object, member])
                    }
                    _ => self.materialise(expression, extended),
                }
            }
            CXCursor_CompoundAssignOperator => self.compound_assignment(expression).0,
            CXCursor_ConditionalOperator => self.conditional_place(expression, extended),
            CXCursor_CallExpr => self.call_place(expression, extended),
            CXCursor_UnexposedExpr
            | CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXReinterpretCastExpr
            | CXCursor_CXXConstCastExpr
            | CXCursor_CXXDynamicCastExpr
            | CXCursor_CXXFunctionalCastExpr => match self.lost_member(expression) {
                Some(place) => place,
                None => self.cast_place(expression, extended),
            },
            // `T &name{object}` binds to the object itself.
            CXCursor_InitListExpr => match the_object(expression) {
                Some(object) => self.place_with(object, extended),
                None => self.materialise(expression, extended),
            },
            CXCursor_CXXTypeidExpr => self.code.unknown(site, Vec::new()),
            CXCursor_StmtExpr if self.unit.ty(expression.ty()).is_aggregate() => {
                self.statement_expression(expression)
            }
            _ => self.materialise(expression, extended),
        }
    }

    /// Puts the value of an expression into a temporary.
    pub(super) fn materialise(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let ty = expression.ty();
        let lowered = self.unit.ty(ty);
        if lowered.kind == TypeKind::Void {
            return self.value(expression);
        }
        let (local, address) = self.temporary(lowered, site, extended);
        if !self.making.insert(expression.key()) {
            // Neither a value nor a place of its own: nothing that is understood.
            self.code.opaque(site, "an expression of a kind that is not understood", vec![address]);
            return address;
        }
        if lowered.is_aggregate() {
            self.initialise(address, ty, expression);
            self.destroys(local, ty);
        } else {
            let value = self.value(expression);
            self.code.store(site, address, value, lowered);
        }
        self.making.remove(&expression.key());
        address
    }

    pub(super) fn cast_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let parts = expression.parts();
        let [inner] = parts[..] else { return self.materialise(expression, extended) };
        let (to, from) = (expression.ty(), inner.ty());
        if to.bare() == from.bare() {
            return self.place_with(inner, extended);
        }
        let (target, source) = (self.unit.ty(to), self.unit.ty(from));
        match (source.kind, target.kind) {
            (TypeKind::Record(_), TypeKind::Record(_)) => {
                let address = self.place_with(inner, extended);
                self.base_part(address, from, to)
            }
            (TypeKind::Array { .. }, TypeKind::Array { .. }) => self.place_with(inner, extended),
            _ if expression.kind() == CXCursor_CXXReinterpretCastExpr
                && self.casts_to_reference(expression) =>
            {
                self.place_with(inner, extended)
            }
            (_, TypeKind::Unknown) if expression.kind() == CXCursor_UnexposedExpr => {
                self.place_with(inner, extended)
            }
            _ => self.materialise(expression, extended),
        }
    }

    pub(super) fn conditional_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let ty = expression.ty();
        let lowered = self.unit.ty(ty);
        // A class that is made in a branch is made in the temporary; a place is remembered by its address.
        let parts = expression.parts();
        let made = lowered.is_aggregate() && parts.iter().skip(1).any(|part| makes_object(*part));
        if made {
            return self.materialise(expression, extended);
        }
        let (_, slot) = self.temporary(Type::POINTER, site, false);
        self.conditional(expression, &mut |body, branch| {
            let place = body.place_with(branch, true);
            body.code.store(site, slot, place, Type::POINTER);
        });
        self.code.load(site, slot, Type::POINTER)
    }

    pub(super) fn named_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let Some(target) = expression.referenced() else {
            return match self.dependent_static(expression) {
                Some(global) => self.code.address_of_global(site, global),
                None => self.code.unknown(site, Vec::new()),
            };
        };
        match target.kind() {
            CXCursor_VarDecl | CXCursor_ParmDecl | CXCursor_UnexposedDecl => {
                self.variable_place_of(target, site)
            }
            kind if names::is_function(kind) => self.function_value(target),
            CXCursor_OverloadedDeclRef => self.reference_value(expression),
            // Static members and fields named without an object.
            CXCursor_FieldDecl => {
                let this = self.this_value(site);
                self.code.field(site, this, target.spelling())
            }
            _ => self.materialise(expression, extended),
        }
    }

    /// The address of a variable of any kind.
    pub fn variable_place_of(&mut self, target: Cursor, site: SiteId) -> ValueId {
        if let Some(variable) = self.variables.get(&target.entity()) {
            let variable = variable.clone();
            return self.variable_place(&variable, site);
        }
        if target.kind() == CXCursor_VarDecl && target.has_static_storage() {
            let global = self.unit.global(target);
            self.on_device |= kernels::is_index(target)
                && self.unit.origin(target) == cuda_lint_engine::program::Origin::System;
            let address = self.code.address_of_global(site, global);
            if is_reference(target.ty()) {
                return self.code.load(site, address, Type::POINTER);
            }
            return address;
        }
        // A variable whose declaration was lost: it exists, and nothing is known of it.
        let ty = target.ty();
        let lowered = self.unit.ty(ty);
        let kind = cuda_lint_engine::program::Storage::Automatic;
        let local: LocalId = self.code.local(target.spelling(), lowered, site, kind);
        self.code.push(site, Op::Live { local });
        let variable = if is_reference(ty) {
            super::body::Variable::Reference(local)
        } else {
            super::body::Variable::Local(local)
        };
        self.variables.insert(target.entity(), variable.clone());
        self.variable_place(&variable, site)
    }

    pub(super) fn member_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let target = expression.referenced();
        let parts = expression.parts();
        if let Some(target) = target {
            match target.kind() {
                // What the repair invents for a class that it does not know is declared static, for lack of
                // anything better: it is a field of the object all the same.
                CXCursor_VarDecl if self.unit.origin(target) == Origin::Invented => {}
                CXCursor_VarDecl => {
                    for part in parts {
                        self.discard(part);
                    }
                    return self.variable_place_of(target, site);
                }
                CXCursor_EnumConstantDecl => return self.materialise(expression, extended),
                kind if names::is_function(kind) => {
                    for part in parts {
                        self.discard(part);
                    }
                    return self.function_value(target);
                }
                _ => {}
            }
        }
        let base = match parts.first() {
            Some(base) => self.object_address(expression, *base, extended),
            None => {
                let this = self.this_value(site);
                match (self.class, target.and_then(Cursor::parent)) {
                    (Some(class), Some(owner)) => self.owner_part(this, class, owner),
                    _ => this,
                }
            }
        };
        self.at = site;
        // A member of a base that depends on template parameters (`using Base<T>::name`) is a set of candidates.
        let name = match target.filter(|target| is_overloaded(*target)) {
            Some(candidates) => candidates.spelling(),
            None => expression.spelling(),
        };
        let name = match name.is_empty() {
            true => self.member_name(expression).or_else(|| self.dependent_name(expression)),
            false => Some(name),
        };
        match (name, target) {
            (Some(name), _) => self.code.field(site, base, name),
            // An unnamed struct or union: its members count as members of the whole.
            (None, Some(_)) => base,
            (None, None) => self.code.unknown(site, vec![base]),
        }
    }

    /// The address of the base of a class that an inherited member belongs to.
    pub fn owner_part(&mut self, address: ValueId, from: Ty, owner: Cursor) -> ValueId {
        let path = self.unit.base_path(from, owner.entity()).unwrap_or_default();
        let mut address = address;
        for field in path {
            address = self.code.field(self.at, address, field);
        }
        address
    }

    /// The address of the object left of `.` or `->`.
    pub fn object_address(&mut self, member: Cursor, base: Cursor, extended: bool) -> ValueId {
        let ty = self.unit.ty(base.ty());
        match ty.kind {
            TypeKind::Record(_) => self.place_with(base, extended),
            TypeKind::Unknown => {
                if self.is_arrow(member, base) {
                    self.value(base)
                } else {
                    self.place_with(base, extended)
                }
            }
            _ => self.value(base),
        }
    }

    pub(super) fn is_arrow(&mut self, member: Cursor, base: Cursor) -> bool {
        let (Some(whole), Some(object)) = (self.unit.positions.span(member), self.unit.positions.span(base))
        else {
            return false;
        };
        let rest = self.unit.positions.text(whole.file, object.end, whole.end.max(object.end));
        rest.trim_ascii_start().starts_with(b"->")
    }

    pub(super) fn element_place(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [base, index] = parts[..] else { return self.not_understood(expression) };
        let declared = self.declared_ty(base);
        let ty = self.unit.ty(declared);
        if let TypeKind::Record(record) = ty.kind {
            // In a template: `v[i]` of a class that depends on it.
            let object = self.place(base);
            let index = self.value(index);
            self.at = site;
            let name = self.unit.program.records[record.0 as usize].name.clone();
            return self.operator_by_name(&format!("{name}::operator[]"), vec![object, index]);
        }
        let index_ty = self.unit.ty(index.ty());
        // `i[p]` is legal.
        let (base, index) = match (ty.kind, index_ty.kind) {
            (TypeKind::Int, TypeKind::Pointer { .. } | TypeKind::Array { .. }) => (index, base),
            _ => (base, index),
        };
        let declared = self.declared_ty(base);
        let stride = self.unit.stride_of(declared);
        let pointer = self.value(base);
        let index = self.value(index);
        self.at = site;
        self.code.index(site, pointer, index, stride)
    }

    /// `reinterpret_cast<T &>(x)`: libclang's type of the expression is `T`, the text tells.
    pub(super) fn casts_to_reference(&mut self, expression: Cursor) -> bool {
        let Some(span) = self.unit.positions.span(expression) else { return false };
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let close = memchr::memmem::find(text, b">(").or_else(|| memchr::memchr(b'(', text));
        close.is_some_and(|at| text[..at].trim_ascii_end().ends_with(b"&"))
    }

    /// The address of a base within an object.
    pub fn base_part(&mut self, address: ValueId, from: Ty, to: Ty) -> ValueId {
        let target = to.canonical().declaration().or_else(|| to.declaration());
        let Some(target) = target else { return address };
        let Some(path) = self.unit.base_path(from, target.entity()) else {
            // What an object of an invented class converts to is no part of it.
            return match self.unit.is_invented(from) {
                true => self.code.unknown(self.at, vec![address]),
                false => address,
            };
        };
        let mut address = address;
        for field in path {
            address = self.code.field(self.at, address, field);
        }
        address
    }
}

/// The object that stands alone in braces, if it has the very type of the list.
fn the_object(list: Cursor) -> Option<Cursor> {
    match list.parts()[..] {
        [only] if only.ty().bare() == list.ty().bare() => Some(only),
        _ => None,
    }
}

/// True for expressions of class type that make an object instead of naming one.
pub(super) fn makes_object(expression: Cursor) -> bool {
    match expression.kind() {
        CXCursor_CallExpr => match expression.referenced() {
            Some(target) if target.kind() == CXCursor_Constructor => true,
            Some(target) => !is_reference(target.ty().result()),
            None => true,
        },
        CXCursor_InitListExpr
        | CXCursor_LambdaExpr
        | CXCursor_CompoundLiteralExpr
        | CXCursor_CXXFunctionalCastExpr => true,
        CXCursor_UnexposedExpr
        | CXCursor_ParenExpr
        | CXCursor_CStyleCastExpr
        | CXCursor_CXXStaticCastExpr => match expression.parts()[..] {
            [inner] => makes_object(inner),
            _ => true,
        },
        CXCursor_ConditionalOperator => expression.parts().into_iter().skip(1).any(makes_object),
        _ => false,
    }
}
