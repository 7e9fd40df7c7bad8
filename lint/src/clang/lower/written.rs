//! How the arguments of a call are written, where that says more than their values: what a `void *` pointed to
//! before the conversion, whether a size is that of a pointer, and whether a stream is written at all.

use clang_sys::*;
use cuda_lint_engine::program::{Callee, ExternParam, Origin, TypeKind, Written};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;

/// How deep an expression is looked through for `sizeof`.
const DEPTH: usize = 6;

impl Body<'_, '_> {
    /// How the arguments of a call are written, one entry for each of `count`, or none at all: `arguments` and what
    /// stands before them (an object). `declaration`: the function, if that is known.
    pub(super) fn written(
        &mut self,
        callee: Callee,
        declaration: Option<Cursor>,
        arguments: &[Cursor],
        before: usize,
        count: usize,
    ) -> Vec<Written> {
        let mut written = match before {
            0 => self.written_untyped(callee, arguments),
            _ => Vec::new(),
        };
        let is_stream = |body: &mut Self, ty: Ty| body.unit.ty(ty).kind == TypeKind::Stream;
        for at in 0..count.saturating_sub(before) {
            let left_out = match arguments.get(at) {
                Some(argument) => {
                    self.takes_default(*argument, declaration, at) && is_stream(self, argument.ty())
                }
                // In a template pattern a call has no arguments but those that are written.
                None => {
                    declaration.and_then(|it| it.ty().parameter(at)).is_some_and(|ty| is_stream(self, ty))
                }
            };
            if left_out {
                written.resize(count, Written::default());
                written[before + at].left_out = true;
            }
        }
        written
    }

    fn written_untyped(&mut self, callee: Callee, arguments: &[Cursor]) -> Vec<Written> {
        let Callee::Extern(id) = callee else { return Vec::new() };
        let function = &self.unit.program.externs[id.0 as usize];
        let untyped = function.params.iter().any(|it| !matches!(it, ExternParam::Value));
        if function.origin != Origin::System || !untyped || arguments.len() < 2 {
            return Vec::new();
        }
        let is_number = |body: &mut Self, it: &Cursor| matches!(body.unit.ty(it.ty()).kind, TypeKind::Int);
        let is_untyped = |it: &Cursor| is_void_pointer(it.ty());
        if !arguments.iter().any(is_untyped) {
            return Vec::new();
        }
        let numbers: Vec<bool> = arguments.iter().map(|it| is_number(self, it)).collect();
        if !numbers.contains(&true) {
            return Vec::new();
        }
        let pointers: Vec<Option<Cursor>> =
            arguments.iter().map(|it| is_untyped(it).then(|| before_conversion(*it)).flatten()).collect();
        let one = |(index, argument): (usize, &Cursor)| match (numbers[index], pointers[index]) {
            (true, _) => Written {
                pointee: None,
                measured: is_measured(*argument, DEPTH),
                size_of_pointer: size_of_pointer(*argument, &pointers),
                ..Written::default()
            },
            (_, Some(pointer)) => Written {
                pointee: self.unit.size_of(pointer.ty().canonical().pointee()),
                ..Written::default()
            },
            _ => Written::default(),
        };
        arguments.iter().enumerate().map(one).collect()
    }
}

fn is_void_pointer(ty: Ty) -> bool {
    let ty = ty.canonical();
    ty.kind() == CXType_Pointer && ty.pointee().canonical().kind() == CXType_Void
}

/// The expression of another pointer type that is converted to a `void *`.
fn before_conversion(argument: Cursor) -> Option<Cursor> {
    let mut at = argument;
    while is_void_pointer(at.ty()) {
        match at.parts()[..] {
            [inner] if is_conversion(at) => at = inner,
            _ => return None,
        }
    }
    (at.ty().canonical().kind() == CXType_Pointer).then_some(at)
}

/// True for what keeps the value of its one part.
fn is_conversion(expression: Cursor) -> bool {
    matches!(
        expression.kind(),
        CXCursor_UnexposedExpr
            | CXCursor_ParenExpr
            | CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXReinterpretCastExpr
            | CXCursor_CXXConstCastExpr
    )
}

fn without_conversions(expression: Cursor) -> Cursor {
    let mut at = expression;
    while is_conversion(at) {
        match at.parts()[..] {
            [inner] => at = inner,
            _ => break,
        }
    }
    at
}

/// True if `sizeof` stands in an expression.
fn is_measured(expression: Cursor, depth: usize) -> bool {
    expression.kind() == CXCursor_UnaryExpr
        || (depth > 0 && expression.parts().into_iter().any(|part| is_measured(part, depth - 1)))
}

/// The argument whose pointer, as a variable, a size is the `sizeof` of.
fn size_of_pointer(size: Cursor, pointers: &[Option<Cursor>]) -> Option<u8> {
    let size = without_conversions(size);
    if size.kind() != CXCursor_UnaryExpr {
        return None;
    }
    let [operand] = size.parts()[..] else { return None };
    let operand = variable(operand)?;
    let is_it = |pointer: &Option<Cursor>| pointer.and_then(variable).is_some_and(|it| it == operand);
    pointers.iter().position(is_it).and_then(|index| u8::try_from(index).ok())
}

/// The variable of pointer type that an expression names. Fields do not count: whose they are would have to be
/// compared.
fn variable(expression: Cursor) -> Option<super::super::cursor::Key> {
    let named = without_conversions(expression);
    if named.kind() != CXCursor_DeclRefExpr {
        return None;
    }
    let declared = named.referenced()?;
    let of_pointer = declared.ty().canonical().kind() == CXType_Pointer;
    (of_pointer && matches!(declared.kind(), CXCursor_VarDecl | CXCursor_ParmDecl)).then(|| declared.entity())
}
