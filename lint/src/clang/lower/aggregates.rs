//! Initialiser lists of aggregates: which entry is for which member or element (C++ \[dcl.init.aggr\], C11 6.7.9).

use std::iter::Peekable;
use std::rc::Rc;
use std::vec::IntoIter;

use clang_sys::*;
use cuda_lint_engine::program::{TypeKind, ValueId};

use super::super::cursor::{Cursor, Key, Ty};
use super::body::Body;
use super::callees::without_parentheses;
use super::initialise::{MAX_ELEMENTS, default_member};
use super::names;
use super::records::Class;
use super::types::{is_array, is_reference};

/// One entry of an initialiser list.
pub(super) struct ListPart {
    /// The field that it names.
    field: Option<String>,
    /// Its value.
    pub value: Cursor,
}

/// What is left of a list. Members and elements without braces of their own take from the list around them.
type Parts = Peekable<IntoIter<ListPart>>;

/// What becomes of entries that no member is left for, or that name a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// The list is that of the object: it is an error, or not understood.
    Evaluated,
    /// They belong to the object around it, which has the list.
    Left,
}

impl Body<'_, '_> {
    /// `{a, b}` and `{.x = a}` of a class without constructors.
    pub fn initialise_fields(&mut self, address: ValueId, ty: Ty, list: Cursor) {
        let class = self.unit.class(ty);
        let parts = parts_of_list(list);
        // A list for a class that is no aggregate is shown in templates only, where the constructor is open.
        if class.dependent || is_constructed(&class) {
            let mut args = Vec::new();
            for part in parts {
                args.push(self.value_or_place(part.value));
            }
            self.dependent_constructor(address, ty, args);
            return;
        }
        // `{other}` of the same class is a copy.
        if let [only] = &parts[..]
            && only.field.is_none()
            && only.value.ty().bare() == ty.bare()
        {
            self.initialise(address, ty, only.value);
            return;
        }
        self.fill_fields(address, &class, &mut parts.into_iter().peekable(), Others::Evaluated);
    }

    /// Initialises the elements of an array from its list.
    pub fn initialise_elements(&mut self, address: ValueId, ty: Ty, parts: Vec<ListPart>) {
        let mut parts = parts.into_iter().peekable();
        let count = ty.canonical().extent().filter(|count| *count > 0).unwrap_or(u64::MAX);
        self.fill_elements(address, ty, count, &mut parts);
        for part in parts {
            self.value_or_place(part.value);
        }
    }

    /// Initialises members, bases first, from as many entries as they take; the others have their defaults.
    fn fill_fields(&mut self, address: ValueId, class: &Class, parts: &mut Parts, others: Others) {
        let site = self.at;
        let mut slots: Vec<(String, Ty)> =
            class.bases.iter().map(|base| (base.field.clone(), base.ty)).collect();
        slots.extend(class.fields.iter().map(|field| (field.name.clone(), field.ty)));
        let is_union = class.declaration.is_some_and(|class| class.kind() == CXCursor_UnionDecl);
        let mut next = 0;
        let mut done = vec![false; slots.len()];
        while let Some(part) = parts.peek_mut() {
            let is_left = part.field.is_some() || next >= slots.len() || (is_union && next > 0);
            if others == Others::Left && is_left {
                break;
            }
            if let Some(name) = part.field.take() {
                next = slots.iter().position(|(slot, _)| *slot == name).unwrap_or(slots.len());
            }
            let Some((name, field_ty)) = slots.get(next).cloned() else {
                let value = part.value;
                parts.next();
                self.value_or_place(value);
                continue;
            };
            let union = union_of(class, next);
            let is_other = |slot| {
                let other = union_of(class, slot);
                union.zip(other).is_some_and(|(this, other)| this.0 == other.0 && this.1 != other.1)
            };
            done[next] = true;
            next += 1;
            while next < slots.len() && is_other(next) {
                done[next] = true;
                next += 1;
            }
            let field = self.code.field(site, address, name);
            self.fill_slot(field, field_ty, parts, slots.len() - next);
        }
        if is_union {
            return;
        }
        for (index, (name, field_ty)) in slots.into_iter().enumerate() {
            if !done[index] && index < 64 {
                let declaration = index
                    .checked_sub(class.bases.len())
                    .and_then(|index| class.fields.get(index))
                    .map(|field| field.declaration);
                let field = self.code.field(site, address, name);
                match declaration.and_then(default_member) {
                    Some(value) => self.initialise_part(field, field_ty, value),
                    None => self.zero(field, field_ty, site, 0),
                }
            }
        }
    }

    /// Initialises the first elements of an array, from as many entries as `count` of them take; the others are zero.
    fn fill_elements(&mut self, address: ValueId, ty: Ty, count: u64, parts: &mut Parts) {
        let site = self.at;
        let array = ty.canonical();
        let element = array.element();
        let stride = element.size();
        let mut written = 0;
        while written < count
            && let Some(part) = parts.peek()
            && part.field.is_none()
        {
            let at = self.unit.site_or(part.value, site);
            let index = self.int(at, written as i64);
            let slot = self.code.index(at, address, index, stride);
            self.fill_slot(slot, element, parts, 0);
            written += 1;
        }
        let extent = array.extent().unwrap_or(0);
        if extent <= MAX_ELEMENTS {
            for index in written..extent {
                self.zero_element(address, ty, index, stride, site, 0);
            }
        }
    }

    /// Initialises a member or element from the next entry, or from the next ones if its braces are left out. `behind`:
    /// the members that stand behind it. An array takes what they leave, one entry each, if its extent is not known
    /// (`T *rows[N]`).
    fn fill_slot(&mut self, slot: ValueId, ty: Ty, parts: &mut Parts, behind: usize) {
        let Some(part) = parts.peek() else { return };
        let value = part.value;
        if elides_braces_of_array(ty, value) {
            let rest = || (parts.len() as u64).saturating_sub(behind as u64);
            let count = ty.canonical().extent().unwrap_or_else(rest).max(1);
            self.fill_elements(slot, ty, count, parts);
        } else if let Some(class) = self.elides_braces_of_class(ty, value) {
            self.fill_fields(slot, &class, parts, Others::Left);
        } else {
            parts.next();
            self.initialise_part(slot, ty, value);
        }
    }

    /// The class of a member or element that has no braces of its own in the list, and of which the entry is no object.
    fn elides_braces_of_class(&mut self, slot: Ty, value: Cursor) -> Option<Rc<Class>> {
        if is_reference(slot)
            || is_list(value)
            || !matches!(self.unit.ty(slot).kind, TypeKind::Record(_))
            || slot.bare() == value.ty().bare()
        {
            return None;
        }
        match self.unit.ty(value.ty()).kind {
            // It may be one of what is in the object, or become one itself.
            TypeKind::Record(_) => {
                let entity = slot.canonical().declaration()?.entity();
                let is_part = self.unit.base_path(value.ty(), entity).is_some();
                if is_part || self.converts(value.ty(), slot) {
                    return None;
                }
            }
            TypeKind::Unknown | TypeKind::Void => return None,
            _ => {}
        }
        let class = self.unit.class(slot);
        (!class.dependent && is_aggregate(&class)).then_some(class)
    }

    /// True if an object of one class may become one of the other.
    fn converts(&mut self, from: Ty, to: Ty) -> bool {
        let class = self.unit.class(from);
        let members = class.declaration.map(Cursor::children).unwrap_or_default();
        let leads_there = |member: &Cursor| match member.kind() {
            CXCursor_ConversionFunction => {
                let result = member.ty().result();
                let result = if is_reference(result) { result.canonical().pointee() } else { result };
                result.bare() == to.bare()
            }
            CXCursor_FunctionTemplate => member.spelling().starts_with("operator "),
            _ => false,
        };
        class.dependent
            || members.iter().any(leads_there)
            || class.bases.iter().any(|base| self.converts(base.ty, to))
    }
}

/// True for a class whose lists are the arguments of a constructor.
fn is_constructed(class: &Class) -> bool {
    class.has_constructors && (class.system || class.is_made_by_constructors())
}

/// For what stands in an unnamed union of the class: the outermost such union, and which of its members it belongs to.
/// A list initialises one of them.
fn union_of(class: &Class, slot: usize) -> Option<(Key, Key)> {
    let mut at = class.fields.get(slot.checked_sub(class.bases.len())?)?.declaration;
    let mut found = None;
    while let Some(parent) =
        at.parent().filter(|parent| names::is_class(parent.kind()) && parent.is_anonymous())
    {
        if parent.kind() == CXCursor_UnionDecl {
            found = Some((parent.entity(), at.entity()));
        }
        at = parent;
    }
    found
}

/// True for a class with members that are initialised one by one.
fn is_aggregate(class: &Class) -> bool {
    let Some(declaration) = class.declaration.filter(|_| !class.is_lambda && !is_constructed(class)) else {
        return false;
    };
    let name = names::plain(declaration);
    let opens = |member: Cursor| match member.kind() {
        // A constructor template, or constructors of a base.
        CXCursor_FunctionTemplate => names::plain(member) == name,
        CXCursor_UsingDeclaration => true,
        CXCursor_CXXMethod => member.is_virtual(),
        _ => false,
    };
    let is_empty = class.bases.is_empty() && class.fields.is_empty();
    !is_empty
        && !class.fields.iter().any(|field| field.declaration.is_private())
        && !declaration.children().into_iter().any(opens)
}

/// The entries of an initialiser list.
pub(super) fn parts_of_list(list: Cursor) -> Vec<ListPart> {
    list.parts()
        .into_iter()
        .map(|part| {
            // `.x = value`: an unexposed node with a reference to the field.
            if part.kind() == CXCursor_UnexposedExpr {
                let children = part.children();
                if let [field, .., value] = children[..]
                    && field.kind() == CXCursor_MemberRef
                {
                    return ListPart { field: Some(field.spelling()), value };
                }
            }
            ListPart { field: None, value: part }
        })
        .collect()
}

/// True for entries with braces, and for what may stand for such ones in a template.
fn is_list(value: Cursor) -> bool {
    let is_list = |value: Cursor| value.kind() == CXCursor_InitListExpr || value.ty().is_invalid();
    is_list(value)
        || (value.kind() == CXCursor_UnexposedExpr
            && !matches!(value.parts()[..], [inner] if !is_list(inner)))
}

/// True for the first element of an array that has no braces of its own in the list. Of what is an array itself, only
/// literals are whole ones; a name is a pointer (`float *rows[2]`).
fn elides_braces_of_array(slot: Ty, value: Cursor) -> bool {
    if !is_array(slot) || is_list(value) {
        return false;
    }
    let is_whole = match without_parentheses(value).kind() {
        CXCursor_StringLiteral => {
            let element = slot.canonical().element().canonical().kind();
            (CXType_Bool..=CXType_LongDouble).contains(&element)
        }
        CXCursor_CompoundLiteralExpr => is_array(value.ty()),
        _ => false,
    };
    !is_whole
}
