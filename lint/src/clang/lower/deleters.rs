//! What smart pointers do to what they hold when they end.

use clang_sys::{CXCursor_CXXMethod, CXCursor_Destructor};

use super::super::cursor::{Cursor, Ty};
use super::names;
use super::records::Class;

/// For a `std::unique_ptr`: the symbol of the call operator of its deleter, or with the standard one of the destructor
/// of its element's class, if that has one of its own. Arrays are left out: how many elements they have is not known.
pub(super) fn runs_at_end(ty: Ty, class: &Class) -> Option<String> {
    if !class.system || names::last(&class.name) != "unique_ptr" {
        return None;
    }
    let canonical = ty.canonical();
    let argument = |index| canonical.template_argument(index)?.canonical().declaration();
    let deleter = argument(1)?;
    let named = |class: Cursor, kind, name: &str| {
        let mut members = class.children().into_iter();
        members.find(|it| it.kind() == kind && names::plain(*it).starts_with(name)).map(Cursor::usr)
    };
    match names::plain(deleter).as_str() {
        "default_delete" => named(argument(0)?, CXCursor_Destructor, "~"),
        _ => named(deleter, CXCursor_CXXMethod, "operator()"),
    }
}
