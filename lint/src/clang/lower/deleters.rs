//! What smart pointers do to what they hold when they end.

use clang_sys::*;
use cuda_lint_engine::program::EndsWith;

use super::super::cursor::{Cursor, Ty};
use super::names;
use super::records::Class;

/// How far a call operator is looked for in the bases of a deleter.
const DEPTH: usize = 3;

/// For a `std::unique_ptr`: the call operator of its deleter, or with the standard one the destructor of its element's
/// class, if that has one of its own. Members of instances of class templates have the symbol of the template's:
/// nothing makes the instances that the smart pointer calls. Arrays with the standard deleter are left out: how many
/// elements they have is not known.
pub(super) fn runs_at_end(ty: Ty, class: &Class) -> Option<EndsWith> {
    if !class.system || names::last(&class.name) != "unique_ptr" {
        return None;
    }
    let canonical = ty.canonical();
    let held = canonical.template_argument(0)?.canonical();
    let deleter = canonical.template_argument(1)?.canonical().declaration()?;
    let end = if names::plain(deleter) == "default_delete" {
        let class = held.declaration()?;
        members(class).into_iter().find(|it| it.kind() == CXCursor_Destructor)
    } else {
        let held = if held.is_array() { held.element() } else { held };
        call_operator(deleter, held, DEPTH)
    };
    end.map(|end| EndsWith { symbol: end.usr(), is_template: names::is_pattern(end) })
}

/// The call operator that takes a pointer to this. Of several, it is the one for this very class; what converts is not
/// looked at.
fn call_operator(deleter: Cursor, held: Ty, depth: usize) -> Option<Cursor> {
    let members = members(deleter);
    let is_operator = |it: &&Cursor| {
        matches!(it.kind(), CXCursor_CXXMethod | CXCursor_FunctionTemplate) && it.spelling() == "operator()"
    };
    let found: Vec<Cursor> = members.iter().filter(is_operator).copied().collect();
    let takes = |it: &Cursor| {
        let only = it.ty().parameter(0).filter(|_| it.ty().parameter_count() == 1);
        only.is_some_and(|ty| ty.canonical().pointee().bare() == held.bare())
    };
    match found[..] {
        [] if depth > 0 => {
            let bases = members.iter().filter(|it| it.kind() == CXCursor_CXXBaseSpecifier);
            let mut found = bases.filter_map(|base| call_operator(base.ty().declaration()?, held, depth - 1));
            let only = found.next();
            only.filter(|_| found.next().is_none())
        }
        [only] => Some(only),
        _ => found.into_iter().find(takes),
    }
}

/// The members of a class; those of an implicit instance are seen on the template only.
fn members(class: Cursor) -> Vec<Cursor> {
    let class = class.definition().unwrap_or(class);
    let own = class.children();
    let has_own =
        own.iter().any(|it| names::is_function(it.kind()) || it.kind() == CXCursor_CXXBaseSpecifier);
    match class.template().filter(|_| !has_own) {
        Some(template) => template.definition().unwrap_or(template).children(),
        None => own,
    }
}
