//! Variables and fields whose value is an integer that never changes.

use clang_sys::*;
use cuda_lint_engine::program::TypeKind;

use super::super::cursor::{Cursor, Ty};
use super::initialise::default_member;
use super::{Lowering, names};

impl Lowering<'_> {
    /// The value of a variable that is an integer constant. One in device memory counts as well: host code
    /// that names it gets the value at compile time, and reads nothing.
    pub(super) fn constant(&mut self, variable: Cursor, reference: Cursor) -> Option<i64> {
        let key = variable.entity();
        if let Some(known) = self.constants.get(&key) {
            return *known;
        }
        let is_constant = self.is_constant_integer(variable.ty()) && !self.counts_what_is_invented(variable);
        let value = if is_constant { reference.evaluate() } else { None };
        self.constants.insert(key, value);
        value
    }

    /// The value of a field that is a constant of its class: `const int steps = 3;`, which no constructor gives
    /// another value. Constructors out of sight may, and so may whoever fills an aggregate.
    pub(super) fn constant_field(&mut self, field: Cursor) -> Option<i64> {
        let key = field.entity();
        if let Some(known) = self.constants.get(&key) {
            return *known;
        }
        let value =
            if self.is_constant_integer(field.ty()) { self.value_in_all_objects(field) } else { None };
        self.constants.insert(key, value);
        value
    }

    fn value_in_all_objects(&mut self, field: Cursor) -> Option<i64> {
        let class = field.parent()?;
        // Members of instances are made when they are asked for: what is written stands in the pattern.
        let pattern = class.template().unwrap_or(class);
        let name = field.spelling();
        let members = pattern.children();
        let written = members.iter().find(|it| it.kind() == CXCursor_FieldDecl && it.spelling() == name)?;
        let value = default_member(*written)?;
        let constructors: Vec<_> = members.iter().filter(|it| is_constructor(**it, pattern)).collect();
        let leaves_alone = |constructor: &Cursor| {
            constructor.is_defaulted()
                || constructor.is_deleted()
                || constructor.definition().is_some_and(|definition| {
                    !definition
                        .children()
                        .iter()
                        .any(|part| part.kind() == CXCursor_MemberRef && part.spelling() == name)
                })
        };
        if constructors.is_empty() || !constructors.into_iter().all(leaves_alone) {
            return None;
        }
        if self.counts_what_is_invented(*written) { None } else { value.evaluate() }
    }

    fn is_constant_integer(&mut self, ty: Ty) -> bool {
        let ty = ty.canonical();
        ty.is_const() && !ty.is_volatile() && self.ty(ty).kind == TypeKind::Int
    }
}

/// True for constructors and templates of them.
fn is_constructor(member: Cursor, class: Cursor) -> bool {
    member.kind() == CXCursor_Constructor
        || (member.kind() == CXCursor_FunctionTemplate
            && names::without_arguments(&member.spelling()) == class.spelling())
}
