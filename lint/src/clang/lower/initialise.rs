//! Initialisation of objects in place.

use clang_sys::*;
use cuda_lint_engine::program::{
    Call, Callee, Constant, LISTED, Op, Origin, SiteId, Type, TypeKind, ValueId,
};

use super::super::cursor::{Cursor, Ty};
use super::aggregates::parts_of_list;
use super::body::Body;
use super::records::Class;
use super::types::{is_array, is_reference, is_rvalue_reference};

/// Elements of an array that are initialised one by one; the rest of a larger one stays unknown.
pub(super) const MAX_ELEMENTS: u64 = 16;

impl Body<'_, '_> {
    /// Initialises the object at `address`.
    pub fn initialise(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let outer = self.at;
        self.at = self.unit.site_or(expression, outer);
        self.initialise_here(address, ty, expression);
        self.at = outer;
    }

    fn initialise_here(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let site = self.at;
        let lowered = self.unit.ty(ty);
        match lowered.kind {
            TypeKind::Record(_) => self.initialise_object(address, ty, expression),
            TypeKind::Array { .. } => self.initialise_array(address, ty, expression),
            TypeKind::Unknown => {
                // `T x(3)` and `auto x = …` in a template.
                let parts = expression.parts();
                if expression.ty().is_invalid() && parts.len() != 1 {
                    for part in parts {
                        self.value(part);
                    }
                    return;
                }
                let value = self.value(expression);
                self.code.store(site, address, value, lowered);
            }
            _ => {
                let value = self.value(expression);
                self.code.store(site, address, value, lowered);
            }
        }
    }

    fn initialise_object(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let site = self.at;
        if self.is_other_kind(expression) {
            // `{"text"}` for strings: initialiser lists show their elements before conversion.
            let value = self.value_or_place(expression);
            self.dependent_constructor(address, ty, vec![value]);
            return;
        }
        match expression.kind() {
            CXCursor_CallExpr => {
                let target = expression.referenced();
                if target.is_some_and(|target| target.kind() == CXCursor_Constructor) {
                    self.construct(address, ty, expression);
                } else if target.is_some_and(|target| is_reference(target.ty().result())) {
                    // `std::move(other)`, where the list shows no constructor.
                    let moved = target.is_some_and(|target| is_rvalue_reference(target.ty().result()));
                    let from = self.place(expression);
                    self.copy_from(address, from, ty, moved, site);
                } else if target.is_none() && self.unit.ty(expression.ty()).kind == TypeKind::Unknown {
                    let value = self.call_value(expression);
                    self.unseen_constructor(address, ty, value);
                } else {
                    self.call(expression, Some(address), false);
                }
            }
            CXCursor_InitListExpr | CXCursor_CXXParenListInitExpr => {
                self.initialise_fields(address, ty, expression);
            }
            CXCursor_CompoundLiteralExpr => {
                if let Some(list) = expression.parts().into_iter().next_back() {
                    self.initialise(address, ty, list);
                }
            }
            CXCursor_LambdaExpr => self.make_closure(address, expression),
            CXCursor_ConditionalOperator => {
                self.conditional(expression, &mut |body, branch| {
                    if branch.kind() == CXCursor_CXXThrowExpr {
                        body.discard(branch);
                    } else {
                        body.initialise(address, ty, branch);
                    }
                });
            }
            CXCursor_BinaryOperator => {
                let parts = expression.parts();
                if let [lhs, rhs] = parts[..]
                    && super::operators::binary_operator(expression, lhs, rhs) == CXBinaryOperator_Comma
                {
                    self.before_comma(lhs, rhs);
                    self.initialise(address, ty, rhs);
                } else {
                    self.copy_place(address, ty, expression);
                }
            }
            CXCursor_UnexposedExpr
            | CXCursor_ParenExpr
            | CXCursor_CXXFunctionalCastExpr
            | CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXConstCastExpr => self.initialise_through(address, ty, expression),
            CXCursor_StmtExpr
            | CXCursor_DeclRefExpr
            | CXCursor_MemberRefExpr
            | CXCursor_ArraySubscriptExpr
            | CXCursor_UnaryOperator
            | CXCursor_CompoundAssignOperator => self.copy_place(address, ty, expression),
            _ => {
                let parts = expression.parts();
                let operands: Vec<ValueId> =
                    parts.into_iter().map(|part| self.value_or_place(part)).collect();
                let reason = "an initialiser of a kind that is not understood";
                self.code.opaque(site, reason, operands);
            }
        }
    }

    /// True for an expression that is no object, so that a constructor has to make one of it.
    fn is_other_kind(&mut self, expression: Cursor) -> bool {
        let ty = expression.ty();
        let list = matches!(expression.kind(), CXCursor_InitListExpr | CXCursor_CXXParenListInitExpr);
        let call = expression.kind() == CXCursor_CallExpr || expression.kind() == CXCursor_CXXThrowExpr;
        !list
            && !call
            && !ty.is_invalid()
            && !matches!(self.unit.ty(ty).kind, TypeKind::Record(_) | TypeKind::Unknown | TypeKind::Void)
    }

    fn initialise_through(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let site = self.at;
        let parts = expression.parts();
        match parts[..] {
            // `std::initializer_list`: of what the object holds, the array behind it is followed.
            [inner] if is_array(inner.ty()) && !expression.ty().is_invalid() => {
                let array = self.place(inner);
                let cell = self.code.field(site, address, LISTED);
                self.code.store(site, cell, array, Type::POINTER);
            }
            // `T()`: all fields are zero.
            [] => {
                let class = self.unit.class(ty);
                if !class.system && !class.has_constructors {
                    self.zero_fields(address, ty, site, 0);
                }
            }
            [inner] if !expression.ty().is_invalid() => {
                let from = inner.ty();
                let source = self.unit.ty(from);
                if matches!(source.kind, TypeKind::Record(_)) && from.bare() != ty.bare() {
                    // A base of an object: slicing, or the same class by another name.
                    let object = self.place(inner);
                    let base = self.base_part(object, from, ty);
                    self.copy_from(address, base, ty, false, site);
                } else if source.kind == TypeKind::Unknown || source.is_aggregate() {
                    self.initialise(address, ty, inner);
                } else {
                    // A conversion that the tree does not spell out (templates).
                    let value = self.value(inner);
                    self.dependent_constructor(address, ty, vec![value]);
                }
            }
            // A parenthesised list in a template: the arguments of a constructor.
            _ => {
                let mut args = Vec::new();
                for part in parts {
                    args.push(self.value_or_place(part));
                }
                self.dependent_constructor(address, ty, args);
            }
        }
    }

    /// A constructor that only its class is known of.
    pub fn dependent_constructor(&mut self, address: ValueId, ty: Ty, args: Vec<ValueId>) {
        let site = self.at;
        let class = self.unit.class(ty);
        let mut all = vec![address];
        all.extend(args);
        let constructor = class
            .declaration
            .filter(|_| !class.system)
            .and_then(|declaration| super::callees::constructor(declaration, all.len() - 1));
        let callee = match constructor {
            Some(constructor) => self.unit.callee(constructor, None),
            None => {
                let name = format!("{}::{}", class.name, super::names::last(&class.name));
                Callee::Extern(self.unit.extern_named(name, true, all.len(), Origin::System))
            }
        };
        self.code.call(site, Call::of(callee, all));
    }

    /// Makes an object of something that depends on template parameters: an object of its class, or anything that it
    /// can be made of.
    fn unseen_constructor(&mut self, address: ValueId, ty: Ty, value: ValueId) {
        let class = self.unit.class(ty);
        let name = format!("{}::{}", class.name, super::names::last(&class.name));
        let origin = if class.system { Origin::System } else { Origin::Project };
        let callee = Callee::Extern(self.unit.extern_named(name, true, 2, origin));
        self.code.call(self.at, Call::of(callee, vec![address, value]));
    }

    fn copy_place(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let site = self.at;
        let from = self.value_or_place(expression);
        if self.unit.ty(expression.ty()).kind == TypeKind::Unknown {
            self.unseen_constructor(address, ty, from);
            return;
        }
        self.copy_from(address, from, ty, false, site);
    }

    /// Initialises a member or element, references included.
    pub fn initialise_part(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        if is_reference(ty) {
            let target = self.place_for_reference(expression);
            let lowered = self.unit.ty(ty);
            self.code.store(self.at, address, target, lowered);
        } else {
            self.initialise(address, ty, expression);
        }
    }

    /// Sets an object to zero, as far as values are followed.
    pub fn zero(&mut self, address: ValueId, ty: Ty, site: SiteId, depth: u32) {
        let lowered = self.unit.ty(ty);
        match lowered.kind {
            TypeKind::Record(_) => {
                let class = self.unit.class(ty);
                if class.deep_default {
                    self.default_construct(address, ty, site);
                } else {
                    self.zero_fields(address, ty, site, depth + 1);
                }
            }
            TypeKind::Array { stride, .. } => {
                let count = ty.canonical().extent().unwrap_or(0);
                if count <= MAX_ELEMENTS && depth < 2 {
                    for index in 0..count {
                        self.zero_element(address, ty, index, stride, site, depth);
                    }
                }
            }
            TypeKind::Scalar | TypeKind::Unknown | TypeKind::Void => {}
            _ => {
                let zero = self.int(site, 0);
                self.code.store(site, address, zero, lowered);
            }
        }
    }

    pub fn zero_element(
        &mut self,
        address: ValueId,
        ty: Ty,
        index: u64,
        stride: Option<u64>,
        site: SiteId,
        depth: u32,
    ) {
        let element = ty.canonical().element();
        let index = self.int(site, index as i64);
        let slot = self.code.index(site, address, index, stride);
        self.zero(slot, element, site, depth + 1);
    }

    fn zero_fields(&mut self, address: ValueId, ty: Ty, site: SiteId, depth: u32) {
        let class = self.unit.class(ty);
        let is_union = class.declaration.is_some_and(|class| class.kind() == CXCursor_UnionDecl);
        if depth > 3 || is_union || class.fields.len() > 64 {
            return;
        }
        for field in &class.fields {
            let slot = self.code.field(site, address, field.name.clone());
            self.zero(slot, field.ty, site, depth);
        }
    }

    fn initialise_array(&mut self, address: ValueId, ty: Ty, expression: Cursor) {
        let site = self.at;
        let array = ty.canonical();
        let element = array.element();
        let stride = element.size();
        match expression.kind() {
            CXCursor_InitListExpr => {
                let parts = parts_of_list(expression);
                // `char text[] = {"abc"}`.
                if let [only] = &parts[..]
                    && only.value.kind() == CXCursor_StringLiteral
                    && !is_array(element)
                    && self.unit.ty(element).kind == TypeKind::Int
                {
                    self.initialise(address, ty, only.value);
                    return;
                }
                self.initialise_elements(address, ty, parts);
            }
            CXCursor_StringLiteral => {
                let text = expression.spelling();
                let text = text.trim_matches('"').to_owned();
                let from = self.code.constant(site, Constant::Str(text));
                let lowered = self.unit.ty(ty);
                self.code.push(site, Op::CopyObject { to: address, from, ty: lowered });
            }
            // The elements' constructor.
            CXCursor_CallExpr => {
                let count = array.extent().unwrap_or(1).min(MAX_ELEMENTS);
                for index in 0..count {
                    let index = self.int(site, index as i64);
                    let slot = self.code.index(site, address, index, stride);
                    self.initialise(slot, element, expression);
                }
            }
            CXCursor_UnexposedExpr | CXCursor_ParenExpr => match expression.parts()[..] {
                [inner] if is_array(inner.ty()) || inner.kind() == CXCursor_InitListExpr => {
                    self.initialise(address, ty, inner);
                }
                [] => self.zero(address, ty, site, 0),
                ref parts => {
                    for part in parts {
                        self.value_or_place(*part);
                    }
                }
            },
            CXCursor_DeclRefExpr | CXCursor_MemberRefExpr | CXCursor_ArraySubscriptExpr => {
                let from = self.place(expression);
                let lowered = self.unit.ty(ty);
                self.code.push(site, Op::CopyObject { to: address, from, ty: lowered });
            }
            _ => {
                for part in expression.parts() {
                    self.value_or_place(part);
                }
            }
        }
    }

    /// Initialises what an object without initialiser initialises itself.
    pub fn default_construct(&mut self, address: ValueId, ty: Ty, site: SiteId) {
        if is_array(ty) {
            let array = ty.canonical();
            let element = array.element();
            if self.unit.class_of_element(element).is_none_or(|class| !class.deep_default) {
                return;
            }
            for index in 0..array.extent().unwrap_or(1).min(MAX_ELEMENTS) {
                let index = self.int(site, index as i64);
                let slot = self.code.index(site, address, index, element.size());
                self.default_construct(slot, element, site);
            }
            return;
        }
        if !matches!(self.unit.ty(ty).kind, TypeKind::Record(_)) {
            return;
        }
        let class = self.unit.class(ty);
        if let Some(constructor) = class.default_constructor {
            let name = class.system.then_some(class.name.as_str());
            let callee = self.unit.callee(constructor, name);
            let mut args = vec![address];
            self.default_arguments(constructor, 0, &mut args);
            self.code.call(site, Call::of(callee, args));
            return;
        }
        if class.deep_default {
            self.default_members(address, &class, site);
        }
    }

    /// Default-initialises the bases and fields of an object.
    pub fn default_members(&mut self, address: ValueId, class: &Class, site: SiteId) {
        for base in &class.bases {
            let slot = self.code.field(site, address, base.field.clone());
            self.default_construct(slot, base.ty, site);
        }
        for field in &class.fields {
            self.default_field(address, field, site);
        }
    }

    /// Default-initialises one field.
    pub fn default_field(&mut self, address: ValueId, field: &super::records::Field, site: SiteId) {
        match default_member(field.declaration) {
            Some(value) => {
                let slot = self.code.field(site, address, field.name.clone());
                self.initialise_part(slot, field.ty, value);
            }
            None => {
                if self.unit.class_of_element(field.ty).is_some_and(|class| class.deep_default) {
                    let slot = self.code.field(site, address, field.name.clone());
                    self.default_construct(slot, field.ty, site);
                }
            }
        }
    }
}

/// The initialiser that a field's declaration gives.
pub(super) fn default_member(field: Cursor) -> Option<Cursor> {
    let mut parts = field.parts();
    let last = parts.pop()?;
    // The extent of an array and the width of a bit-field are expressions too.
    if is_array(field.ty()) && last.kind() != CXCursor_InitListExpr && last.kind() != CXCursor_StringLiteral {
        return None;
    }
    if last.kind() == CXCursor_IntegerLiteral && parts.is_empty() && field.is_bit_field() {
        return None;
    }
    Some(last)
}

/// True for initialisers that leave nothing but null pointers and zeros: `nullptr`, `0`, `{}`, `{{NULL}, 0}`.
/// Objects of class type are made by their constructors.
pub(super) fn is_null(initialiser: Cursor) -> bool {
    match initialiser.kind() {
        CXCursor_CXXNullPtrLiteralExpr | CXCursor_GNUNullExpr => true,
        CXCursor_IntegerLiteral => initialiser.evaluate() == Some(0),
        CXCursor_InitListExpr
        | CXCursor_UnexposedExpr
        | CXCursor_ParenExpr
        | CXCursor_CStyleCastExpr
        | CXCursor_CXXStaticCastExpr
        | CXCursor_CXXReinterpretCastExpr => initialiser.parts().into_iter().all(is_null),
        CXCursor_CallExpr => {
            initialiser.referenced().is_some_and(|target| target.kind() == CXCursor_Constructor)
        }
        _ => false,
    }
}
