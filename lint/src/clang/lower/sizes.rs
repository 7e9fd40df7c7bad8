//! Sizes of types, as far as they say something.
//!
//! What the repair loop invents for a class whose header is missing is an empty class: to clang it has one byte, and
//! whatever holds one by value is too small. Such sizes are unknown.

use clang_sys::*;
use cuda_lint_engine::program::Origin;

use super::super::cursor::{Cursor, Ty};
use super::{Lowering, names};

/// How deep classes in classes are looked through.
const DEPTH: usize = 4;

impl Lowering<'_> {
    /// Bytes of a type, if they are those that its real declaration would give.
    pub(super) fn size_of(&mut self, ty: Ty) -> Option<u64> {
        ty.size().filter(|_| !self.is_invented(ty))
    }

    /// Bytes that a pointer to the type, or an array of it, steps by.
    pub(super) fn stride_of(&mut self, ty: Ty) -> Option<u64> {
        let ty = ty.canonical();
        match ty.kind() {
            // Elements of one array are told apart by any stride, and nobody counts their bytes.
            CXType_ConstantArray
            | CXType_IncompleteArray
            | CXType_VariableArray
            | CXType_DependentSizedArray => ty.element().size(),
            _ => self.size_of(ty.pointee()),
        }
    }

    /// True for `sizeof` of a type that the repair loop had to invent.
    pub(super) fn measures_what_is_invented(&mut self, measure: Cursor) -> bool {
        measure.children().into_iter().any(|operand| self.is_invented(operand.ty()))
    }

    /// True for a constant whose value rests on the size of such a type.
    pub(super) fn counts_what_is_invented(&mut self, variable: Cursor) -> bool {
        self.counts_invented(variable, DEPTH)
    }

    fn counts_invented(&mut self, at: Cursor, depth: usize) -> bool {
        at.parts().into_iter().any(|part| {
            let constant = || part.referenced().filter(|it| depth > 0 && it.kind() == CXCursor_VarDecl);
            match part.kind() {
                CXCursor_UnaryExpr => self.measures_what_is_invented(part),
                CXCursor_DeclRefExpr => constant().is_some_and(|it| self.counts_invented(it, depth - 1)),
                _ => self.counts_invented(part, depth),
            }
        })
    }

    /// True for a class that the repair loop had to invent, and for what holds one by value.
    pub(super) fn is_invented(&mut self, ty: Ty) -> bool {
        self.holds_invented(ty, DEPTH)
    }

    /// True for a class that the repair loop has declared.
    pub(super) fn is_declared_by_repair(&mut self, ty: Ty) -> bool {
        let class = ty.canonical().declaration();
        class.is_some_and(|class| names::is_class(class.kind()) && self.origin(class) == Origin::Invented)
    }

    fn holds_invented(&mut self, ty: Ty, depth: usize) -> bool {
        let mut ty = ty.canonical();
        while ty.kind() == CXType_ConstantArray {
            ty = ty.element().canonical();
        }
        let Some(class) = ty.declaration().filter(|_| ty.kind() == CXType_Record) else { return false };
        match self.origin(class) {
            Origin::Invented => true,
            Origin::System => false,
            Origin::Project => {
                depth > 0
                    && class.children().into_iter().any(|member| {
                        matches!(member.kind(), CXCursor_FieldDecl | CXCursor_CXXBaseSpecifier)
                            && self.holds_invented(member.ty(), depth - 1)
                    })
            }
        }
    }
}
