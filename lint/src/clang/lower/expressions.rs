//! Expressions: the value of one, or the place of one.

use clang_sys::*;
use cuda_lint_engine::program::{
    BinaryOp, Constant, LocalId, Op, SiteId, Terminator, Type, TypeKind, UnaryOp, ValueId,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::types::{is_array, is_bool, is_reference};
use super::{kernels, names};
use cuda_lint_engine::program::Space;

/// The operator of a binary expression.
pub(super) fn binary_operator(expression: Cursor, _lhs: Cursor, _rhs: Cursor) -> CXBinaryOperatorKind {
    expression.binary_operator().unwrap_or(CXBinaryOperator_Invalid)
}

/// The operator of a unary expression.
pub(super) fn unary_operator(expression: Cursor) -> CXUnaryOperatorKind {
    expression.unary_operator().unwrap_or(CXUnaryOperator_Invalid)
}

/// What a `new` looks like.
struct NewShape {
    /// The number of arguments in parentheses before the type.
    placement: usize,
    /// True if they are `std::nothrow`.
    nothrow: bool,
    /// True for `new T[n]`.
    array: bool,
}

impl Body<'_, '_> {
    /// Evaluates an expression for what it does.
    pub fn discard(&mut self, expression: Cursor) {
        match expression.kind() {
            CXCursor_CallExpr => {
                self.call(expression, None, true);
            }
            // `(void)x`, parentheses and the wrappers of temporaries.
            CXCursor_UnexposedExpr
            | CXCursor_ParenExpr
            | CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXFunctionalCastExpr => {
                let parts = expression.parts();
                if let [inner] = parts[..] {
                    let is_call = inner.kind() == CXCursor_CallExpr;
                    if is_call && expression.kind() != CXCursor_UnexposedExpr {
                        // A cast to void says that the result is not wanted; it is discarded all the same.
                        self.call(inner, None, true);
                    } else {
                        self.discard(inner);
                    }
                } else {
                    for part in parts {
                        self.discard(part);
                    }
                }
            }
            // `x;` reads nothing.
            CXCursor_DeclRefExpr
            | CXCursor_IntegerLiteral
            | CXCursor_StringLiteral
            | CXCursor_CXXThisExpr => {}
            CXCursor_ConditionalOperator => self.conditional(expression, &mut |body, branch| {
                body.discard(branch);
            }),
            CXCursor_BinaryOperator => {
                let parts = expression.parts();
                if let [lhs, rhs] = parts[..]
                    && binary_operator(expression, lhs, rhs) == CXBinaryOperator_Comma
                {
                    self.discard(lhs);
                    self.discard(rhs);
                } else {
                    self.effect(expression);
                }
            }
            CXCursor_MemberRefExpr | CXCursor_ArraySubscriptExpr => {
                for part in expression.parts() {
                    self.discard(part);
                }
            }
            _ => self.effect(expression),
        }
    }

    fn effect(&mut self, expression: Cursor) {
        let ty = self.unit.ty(expression.ty());
        if ty.is_aggregate() {
            self.place(expression);
        } else if is_assignment(expression) {
            self.place(expression);
        } else {
            self.value(expression);
        }
    }

    /// The value of an expression. For classes and arrays, which values do not hold, their address.
    pub fn value(&mut self, expression: Cursor) -> ValueId {
        let outer = self.at;
        self.at = self.unit.site_or(expression, outer);
        let value = self.value_here(expression);
        self.at = outer;
        value
    }

    fn value_here(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        match expression.kind() {
            CXCursor_IntegerLiteral => self.integer(expression),
            CXCursor_CharacterLiteral | CXCursor_CXXBoolLiteralExpr => match expression.evaluate() {
                Some(value) => self.int(site, value),
                None => self.code.unknown(site, Vec::new()),
            },
            CXCursor_CXXNullPtrLiteralExpr | CXCursor_GNUNullExpr => self.int(site, 0),
            CXCursor_FloatingLiteral | CXCursor_ImaginaryLiteral => self.code.unknown(site, Vec::new()),
            CXCursor_StringLiteral => self.string(expression),
            CXCursor_CXXThisExpr => self.this_value(site),
            CXCursor_DeclRefExpr => self.reference_value(expression),
            CXCursor_UnexposedExpr => self.implicit_value(expression),
            CXCursor_ParenExpr => match expression.parts()[..] {
                [inner] => self.value(inner),
                _ => self.not_understood(expression),
            },
            CXCursor_UnaryOperator => self.unary(expression),
            CXCursor_BinaryOperator => self.binary(expression),
            CXCursor_CompoundAssignOperator => {
                let (_, value) = self.compound_assignment(expression);
                value
            }
            CXCursor_ConditionalOperator => self.conditional_value(expression),
            CXCursor_CallExpr => self.call_value(expression),
            CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXReinterpretCastExpr
            | CXCursor_CXXConstCastExpr
            | CXCursor_CXXDynamicCastExpr
            | CXCursor_CXXFunctionalCastExpr
            | CXCursor_CXXAddrspaceCastExpr => self.cast(expression),
            CXCursor_UnaryExpr | CXCursor_SizeOfPackExpr => match expression.evaluate() {
                Some(value) => self.int(site, value),
                None => self.code.unknown(site, Vec::new()),
            },
            CXCursor_CXXNewExpr => self.new_expression(expression),
            CXCursor_CXXDeleteExpr => {
                self.delete_expression(expression);
                self.code.unknown(site, Vec::new())
            }
            CXCursor_CXXThrowExpr => {
                for part in expression.parts() {
                    self.value(part);
                }
                self.throw(site);
                self.code.unknown(site, Vec::new())
            }
            CXCursor_InitListExpr => self.scalar_list(expression),
            CXCursor_StmtExpr => self.statement_expression(expression),
            CXCursor_MemberRefExpr | CXCursor_ArraySubscriptExpr => self.load_from(expression),
            CXCursor_LambdaExpr | CXCursor_CompoundLiteralExpr => {
                let address = self.place(expression);
                let ty = self.unit.ty(expression.ty());
                if ty.is_aggregate() { address } else { self.code.load(site, address, ty) }
            }
            CXCursor_CXXTypeidExpr | CXCursor_AddrLabelExpr => self.code.unknown(site, Vec::new()),
            CXCursor_GenericSelectionExpr | CXCursor_PackExpansionExpr | CXCursor_BlockExpr => {
                self.not_understood(expression)
            }
            _ => self.not_understood(expression),
        }
    }

    /// What is of no known kind: its parts are evaluated, its value is unknown, and the function is partial.
    fn not_understood(&mut self, expression: Cursor) -> ValueId {
        let parts = expression.parts();
        let operands: Vec<ValueId> = parts.into_iter().map(|part| self.value(part)).collect();
        self.code.opaque(self.at, "an expression of a kind that is not understood", operands.clone());
        self.code.unknown(self.at, operands)
    }

    fn integer(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let value = self.literal_text(expression).or_else(|| expression.evaluate());
        match value {
            Some(value) => self.int(site, value),
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// A plain decimal literal, read off the text: much cheaper than clang's evaluation.
    fn literal_text(&mut self, expression: Cursor) -> Option<i64> {
        let span = self.unit.positions.span(expression)?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        if text.is_empty() || text.len() > 18 || (text.len() > 1 && text[0] == b'0') {
            return None;
        }
        text.iter().try_fold(0i64, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
        })
    }

    fn string(&mut self, expression: Cursor) -> ValueId {
        let text = expression.spelling();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
        self.code.constant(self.at, Constant::Str(text.to_owned()))
    }

    /// Reads what an expression names.
    fn load_from(&mut self, expression: Cursor) -> ValueId {
        let ty = self.unit.ty(expression.ty());
        if let Some(target) = expression.referenced() {
            if target.kind() == CXCursor_EnumConstantDecl {
                return self.int(self.at, target.enumerator());
            }
            if names::is_function(target.kind()) {
                return self.function_value(target);
            }
            if target.kind() == CXCursor_VarDecl
                && let Some(value) = self.unit.constant(target, expression)
            {
                return self.int(self.at, value);
            }
        }
        let address = self.place(expression);
        self.read(expression, address, ty)
    }

    /// Reads what is at the place of an expression. What is `volatile` may change at any time: reading it
    /// early is meant, and its value is unknown.
    fn read(&mut self, expression: Cursor, address: ValueId, ty: Type) -> ValueId {
        if ty.is_aggregate() {
            address
        } else if expression.ty().is_volatile() {
            self.code.unknown(self.at, vec![address])
        } else {
            self.code.load(self.at, address, ty)
        }
    }

    fn reference_value(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let Some(target) = expression.referenced() else {
            return self.code.unknown(site, Vec::new());
        };
        match target.kind() {
            CXCursor_EnumConstantDecl => self.int(site, target.enumerator()),
            CXCursor_VarDecl | CXCursor_ParmDecl | CXCursor_UnexposedDecl => self.load_from(expression),
            // A non-type template parameter.
            CXCursor_NonTypeTemplateParameter => match expression.evaluate() {
                Some(value) => self.int(site, value),
                None => self.code.unknown(site, Vec::new()),
            },
            CXCursor_OverloadedDeclRef => {
                let candidates = target.overloads();
                match candidates[..] {
                    [only] => self.function_value(only),
                    _ => self.code.unknown(site, Vec::new()),
                }
            }
            kind if names::is_function(kind) => self.function_value(target),
            _ => self.code.unknown(site, Vec::new()),
        }
    }

    /// The address of a function.
    pub fn function_value(&mut self, function: Cursor) -> ValueId {
        let site = self.at;
        let constant = match self.unit.followed(function) {
            Some(definition) if kernels::space(definition) != Space::Device => {
                Constant::Function(self.unit.function(definition))
            }
            _ => Constant::Extern(self.unit.extern_of(function, None)),
        };
        self.code.constant(site, constant)
    }

    /// An implicit conversion, or one of the wrappers that libclang does not name.
    fn implicit_value(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        match parts[..] {
            [inner] => self.converted(expression, inner),
            [] => match expression.evaluate() {
                Some(value) => self.int(site, value),
                // `T()`.
                None => match self.unit.ty(expression.ty()).kind {
                    kind if is_address(kind) && self.unit.positions.span(expression).is_some() => {
                        self.int(site, 0)
                    }
                    _ => self.code.unknown(site, Vec::new()),
                },
            },
            // Fold expressions, parenthesised lists in templates.
            _ => {
                let operands: Vec<ValueId> = parts.into_iter().map(|part| self.value(part)).collect();
                self.code.unknown(site, operands)
            }
        }
    }

    fn converted(&mut self, expression: Cursor, inner: Cursor) -> ValueId {
        let site = self.at;
        let (to, from) = (expression.ty(), inner.ty());
        let target = self.unit.ty(to);
        let source = self.unit.ty(from);
        match (source.kind, target.kind) {
            (TypeKind::Array { .. }, TypeKind::Pointer { .. }) => self.place(inner),
            (TypeKind::Record(_), TypeKind::Record(_)) => {
                let address = self.place(inner);
                self.to_base(address, from, to)
            }
            (TypeKind::Pointer { .. }, TypeKind::Pointer { .. }) => {
                let value = self.value(inner);
                let (a, b) = (from.canonical().pointee(), to.canonical().pointee());
                if a.kind() == CXType_Record && b.kind() == CXType_Record && a.bare() != b.bare() {
                    return self.to_base(value, a, b);
                }
                self.convert(value, source, target)
            }
            _ => {
                let value = self.value(inner);
                if is_bool(to) && !is_bool(from) && source.kind != TypeKind::Unknown {
                    if source.kind == TypeKind::Scalar {
                        return self.code.unknown(site, vec![value]);
                    }
                    let zero = self.int(site, 0);
                    return self.code.binary(site, BinaryOp::Ne, value, zero);
                }
                self.convert(value, source, target)
            }
        }
    }

    /// The value in another type.
    pub fn convert(&mut self, value: ValueId, from: Type, to: Type) -> ValueId {
        use TypeKind::{Int, Pointer, Scalar, Status, Unknown};
        let site = self.at;
        match (from.kind, to.kind) {
            (Scalar, Scalar) | (_, Unknown | TypeKind::Void) | (TypeKind::Record(_), _) => value,
            (Scalar, _) | (_, Scalar) => self.code.unknown(site, vec![value]),
            (Int | Status, Int | Status) if from.size == to.size => value,
            (Pointer { .. }, Pointer { .. }) if from == to => value,
            _ if from == to => value,
            _ => self.code.cast(site, value, to),
        }
    }

    /// The address of a base within an object.
    pub fn to_base(&mut self, address: ValueId, from: Ty, to: Ty) -> ValueId {
        let target = to.canonical().declaration().or_else(|| to.declaration());
        let Some(target) = target else { return address };
        let path = self.unit.base_path(from, target.entity());
        let mut address = address;
        for field in path.unwrap_or_default() {
            address = self.code.field(self.at, address, field);
        }
        address
    }

    fn cast(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [inner] = parts[..] else {
            // `T()` and `T(a, b)` of something unknown.
            let operands: Vec<ValueId> = parts.into_iter().map(|part| self.value(part)).collect();
            return match (operands.is_empty(), self.unit.ty(expression.ty()).kind) {
                (true, TypeKind::Record(_)) => self.place(expression),
                (true, TypeKind::Int | TypeKind::Status) => self.int(site, 0),
                (true, kind) if is_address(kind) => self.int(site, 0),
                _ => self.code.unknown(site, operands),
            };
        };
        let target = self.unit.ty(expression.ty());
        if matches!(target.kind, TypeKind::Record(_)) {
            return self.place(expression);
        }
        if target.kind == TypeKind::Void {
            self.discard(inner);
            return self.code.unknown(site, Vec::new());
        }
        // `static_cast<Derived *>(base)` keeps the address; everything else is like an implicit conversion.
        if expression.kind() == CXCursor_CXXReinterpretCastExpr && self.casts_to_reference(expression) {
            let address = self.place(inner);
            return self.code.load(site, address, target);
        }
        self.converted(expression, inner)
    }

    /// `reinterpret_cast<T &>(x)`: libclang's type of the expression is `T`, the text tells.
    fn casts_to_reference(&mut self, expression: Cursor) -> bool {
        let Some(span) = self.unit.positions.span(expression) else { return false };
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let close = memchr::memmem::find(text, b">(").or_else(|| memchr::memchr(b'(', text));
        close.is_some_and(|at| text[..at].trim_ascii_end().ends_with(b"&"))
    }

    fn unary(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [operand] = parts[..] else { return self.not_understood(expression) };
        match unary_operator(expression) {
            CXUnaryOperator_AddrOf => {
                if let Some(target) = operand.referenced()
                    && names::is_function(target.kind())
                {
                    return self.function_value(target);
                }
                self.place(operand)
            }
            CXUnaryOperator_Deref => {
                let ty = self.unit.ty(expression.ty());
                let address = self.value(operand);
                if ty.kind == TypeKind::Function { address } else { self.read(expression, address, ty) }
            }
            kind @ (CXUnaryOperator_PostInc
            | CXUnaryOperator_PostDec
            | CXUnaryOperator_PreInc
            | CXUnaryOperator_PreDec) => {
                let (_, before, after) = self.step(expression, operand, kind);
                match kind {
                    CXUnaryOperator_PostInc | CXUnaryOperator_PostDec => before,
                    _ => after,
                }
            }
            CXUnaryOperator_LNot => {
                let value = self.value(operand);
                self.code.unary(site, UnaryOp::Not, value)
            }
            CXUnaryOperator_Minus => {
                let value = self.value(operand);
                self.arithmetic(operand, |body| body.code.unary(site, UnaryOp::Neg, value), value)
            }
            CXUnaryOperator_Not => {
                let value = self.value(operand);
                self.arithmetic(operand, |body| body.code.unary(site, UnaryOp::BitNot, value), value)
            }
            CXUnaryOperator_Plus | CXUnaryOperator_Extension => self.value(operand),
            _ => {
                let value = self.value(operand);
                self.code.unknown(site, vec![value])
            }
        }
    }

    fn arithmetic(
        &mut self,
        operand: Cursor,
        known: impl FnOnce(&mut Self) -> ValueId,
        value: ValueId,
    ) -> ValueId {
        match self.unit.ty(operand.ty()).kind {
            TypeKind::Scalar => self.code.unknown(self.at, vec![value]),
            _ => known(self),
        }
    }

    /// `++` and `--`: the place, the value before, and the value after.
    fn step(
        &mut self,
        whole: Cursor,
        operand: Cursor,
        kind: CXUnaryOperatorKind,
    ) -> (ValueId, ValueId, ValueId) {
        let site = self.at;
        let place = self.place(operand);
        let ty = self.unit.ty(operand.ty());
        let before = self.code.load(site, place, ty);
        let up = matches!(kind, CXUnaryOperator_PostInc | CXUnaryOperator_PreInc);
        let after = match ty.kind {
            TypeKind::Pointer { .. } => {
                let stride = whole.ty().canonical().pointee().size();
                let index = self.int(site, if up { 1 } else { -1 });
                self.code.index(site, before, index, stride)
            }
            TypeKind::Scalar => self.code.unknown(site, vec![before]),
            _ => {
                let one = self.int(site, 1);
                let operator = if up { BinaryOp::Add } else { BinaryOp::Sub };
                self.code.binary(site, operator, before, one)
            }
        };
        self.code.store(site, place, after, ty);
        (place, before, after)
    }

    fn binary(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [lhs, rhs] = parts[..] else { return self.not_understood(expression) };
        match binary_operator(expression, lhs, rhs) {
            CXBinaryOperator_Assign => {
                let (_, value) = self.assignment(lhs, rhs);
                value
            }
            CXBinaryOperator_Comma => {
                self.discard(lhs);
                self.value(rhs)
            }
            CXBinaryOperator_LAnd | CXBinaryOperator_LOr => self.conditional_value(expression),
            CXBinaryOperator_PtrMemD | CXBinaryOperator_PtrMemI => {
                let object = self.value_or_place(lhs);
                let member = self.value(rhs);
                self.code.unknown(site, vec![object, member])
            }
            kind => {
                let a = self.value(lhs);
                let b = self.value(rhs);
                self.at = site;
                self.compute(kind, (lhs, a), (rhs, b))
            }
        }
    }

    /// The result of an arithmetic or comparison operator.
    fn compute(
        &mut self,
        kind: CXBinaryOperatorKind,
        (lhs, a): (Cursor, ValueId),
        (rhs, b): (Cursor, ValueId),
    ) -> ValueId {
        let site = self.at;
        let (left, right) = (self.unit.ty(lhs.ty()), self.unit.ty(rhs.ty()));
        let scalar = |ty: Type| matches!(ty.kind, TypeKind::Scalar | TypeKind::Record(_));
        if scalar(left) || scalar(right) {
            return self.code.unknown(site, vec![a, b]);
        }
        let steps = |ty: Type| matches!(ty.kind, TypeKind::Pointer { .. } | TypeKind::Array { .. });
        let stride = |ty: Ty| {
            let ty = ty.canonical();
            if is_array(ty) { ty.element().size() } else { ty.pointee().size() }
        };
        let operator = match kind {
            CXBinaryOperator_Add | CXBinaryOperator_AddAssign => {
                if steps(left) {
                    return self.code.index(site, a, b, stride(lhs.ty()));
                }
                if steps(right) {
                    return self.code.index(site, b, a, stride(rhs.ty()));
                }
                BinaryOp::Add
            }
            CXBinaryOperator_Sub | CXBinaryOperator_SubAssign => {
                if steps(left) && steps(right) {
                    return match stride(lhs.ty()) {
                        Some(size) if size > 0 => self.code.binary(site, BinaryOp::PtrDiff(size), a, b),
                        _ => self.code.unknown(site, vec![a, b]),
                    };
                }
                if steps(left) {
                    let back = self.code.unary(site, UnaryOp::Neg, b);
                    return self.code.index(site, a, back, stride(lhs.ty()));
                }
                BinaryOp::Sub
            }
            CXBinaryOperator_Mul | CXBinaryOperator_MulAssign => BinaryOp::Mul,
            CXBinaryOperator_Div | CXBinaryOperator_DivAssign => BinaryOp::Div,
            CXBinaryOperator_Rem | CXBinaryOperator_RemAssign => BinaryOp::Rem,
            CXBinaryOperator_Shl | CXBinaryOperator_ShlAssign => BinaryOp::Shl,
            CXBinaryOperator_Shr | CXBinaryOperator_ShrAssign => BinaryOp::Shr,
            CXBinaryOperator_And | CXBinaryOperator_AndAssign => BinaryOp::And,
            CXBinaryOperator_Or | CXBinaryOperator_OrAssign => BinaryOp::Or,
            CXBinaryOperator_Xor | CXBinaryOperator_XorAssign => BinaryOp::Xor,
            CXBinaryOperator_LT => BinaryOp::Lt,
            CXBinaryOperator_GT => BinaryOp::Gt,
            CXBinaryOperator_LE => BinaryOp::Le,
            CXBinaryOperator_GE => BinaryOp::Ge,
            CXBinaryOperator_EQ => BinaryOp::Eq,
            CXBinaryOperator_NE => BinaryOp::Ne,
            _ => return self.code.unknown(site, vec![a, b]),
        };
        self.code.binary(site, operator, a, b)
    }

    /// `lhs = rhs` of something that is no class with an operator: the place and the value.
    fn assignment(&mut self, lhs: Cursor, rhs: Cursor) -> (ValueId, ValueId) {
        let site = self.at;
        let ty = self.unit.ty(lhs.ty());
        if ty.is_aggregate() {
            // C, or a template: the object is copied.
            let place = self.place(lhs);
            self.initialise(place, lhs.ty(), rhs);
            return (place, place);
        }
        // C++17: the right side first.
        let value = self.value(rhs);
        let place = self.place(lhs);
        self.at = site;
        self.code.store(site, place, value, ty);
        (place, value)
    }

    fn compound_assignment(&mut self, expression: Cursor) -> (ValueId, ValueId) {
        let site = self.at;
        let parts = expression.parts();
        let [lhs, rhs] = parts[..] else {
            let value = self.not_understood(expression);
            return (value, value);
        };
        let b = self.value(rhs);
        let place = self.place(lhs);
        self.at = site;
        let ty = self.unit.ty(lhs.ty());
        if ty.is_aggregate() {
            // An operator of a dependent class.
            self.code.opaque(site, "an assignment to something of unknown type", vec![place, b]);
            return (place, place);
        }
        let a = self.code.load(site, place, ty);
        let kind = binary_operator(expression, lhs, rhs);
        let value = self.compute(kind, (lhs, a), (rhs, b));
        self.code.store(site, place, value, ty);
        (place, value)
    }

    /// Runs the branches of `a ? b : c`.
    pub fn conditional(&mut self, expression: Cursor, branch: &mut dyn FnMut(&mut Self, Cursor)) {
        let site = self.at;
        let parts = expression.parts();
        let (condition, yes, no) = match parts[..] {
            [condition, yes, no] => (condition, yes, no),
            _ => {
                self.not_understood(expression);
                return;
            }
        };
        let on_true = self.code.block();
        let on_false = self.code.block();
        let after = self.code.block();
        self.condition(condition, on_true, on_false);
        self.code.switch_to(on_true);
        self.full_expression(site, |body| branch(body, yes));
        self.code.goto(after);
        self.code.switch_to(on_false);
        self.full_expression(site, |body| branch(body, no));
        self.code.goto(after);
        self.code.switch_to(after);
    }

    /// `a ? b : c`, `a && b` and `a || b` as values: through a temporary.
    fn conditional_value(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let ty = self.unit.ty(expression.ty());
        if ty.is_aggregate() {
            return self.place(expression);
        }
        if ty.kind == TypeKind::Void {
            self.conditional(expression, &mut |body, branch| body.discard(branch));
            return self.code.unknown(site, Vec::new());
        }
        let (_, slot) = self.temporary(ty, site, false);
        if expression.kind() == CXCursor_ConditionalOperator {
            self.conditional(expression, &mut |body, branch| {
                let value = body.value(branch);
                body.code.store(site, slot, value, ty);
            });
        } else {
            let yes = self.code.block();
            let no = self.code.block();
            let after = self.code.block();
            self.condition(expression, yes, no);
            for (block, value) in [(yes, 1), (no, 0)] {
                self.code.switch_to(block);
                let value = self.int(site, value);
                self.code.store(site, slot, value, ty);
                self.code.goto(after);
            }
            self.code.switch_to(after);
        }
        self.code.load(site, slot, ty)
    }

    /// `{}` and `{x}` of a scalar.
    fn scalar_list(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        if self.unit.ty(expression.ty()).is_aggregate() {
            return self.place(expression);
        }
        match expression.parts()[..] {
            [] => self.int(site, 0),
            [only] => self.value(only),
            ref parts => {
                let operands: Vec<ValueId> = parts.iter().map(|part| self.value(*part)).collect();
                self.code.unknown(site, operands)
            }
        }
    }

    /// `({ …; value; })`.
    fn statement_expression(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let mut statements = match expression.parts()[..] {
            [block] => block.parts(),
            _ => Vec::new(),
        };
        let last = statements.pop();
        self.open_scope(false);
        for statement in statements {
            self.statement(statement);
        }
        let value = match last {
            Some(last) if (100..200).contains(&last.kind()) => {
                let ty = self.unit.ty(last.ty());
                if ty.kind == TypeKind::Void {
                    self.discard(last);
                    self.code.unknown(site, Vec::new())
                } else {
                    self.value(last)
                }
            }
            Some(last) => {
                self.statement(last);
                self.code.unknown(site, Vec::new())
            }
            None => self.code.unknown(site, Vec::new()),
        };
        self.close_scope(site);
        value
    }

    /// The value of a scalar, the place of an object.
    pub fn value_or_place(&mut self, expression: Cursor) -> ValueId {
        if self.unit.ty(expression.ty()).is_aggregate() {
            self.place(expression)
        } else {
            self.value(expression)
        }
    }

    /// The place of an expression. What has none is stored in a temporary.
    pub fn place(&mut self, expression: Cursor) -> ValueId {
        self.place_with(expression, false)
    }

    /// The place that a reference is bound to: it keeps temporaries alive.
    pub fn place_for_reference(&mut self, expression: Cursor) -> ValueId {
        self.place_with(expression, true)
    }

    fn place_with(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let outer = self.at;
        self.at = self.unit.site_or(expression, outer);
        let place = self.place_here(expression, extended);
        self.at = outer;
        place
    }

    fn place_here(&mut self, expression: Cursor, extended: bool) -> ValueId {
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
                    CXUnaryOperator_Deref => self.value(operand),
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
                        self.discard(lhs);
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
            | CXCursor_CXXFunctionalCastExpr => self.cast_place(expression, extended),
            CXCursor_CXXTypeidExpr => self.code.unknown(site, Vec::new()),
            CXCursor_StmtExpr if self.unit.ty(expression.ty()).is_aggregate() => {
                self.statement_expression(expression)
            }
            _ => self.materialise(expression, extended),
        }
    }

    /// Puts the value of an expression into a temporary.
    fn materialise(&mut self, expression: Cursor, extended: bool) -> ValueId {
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

    fn cast_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
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
                self.to_base(address, from, to)
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

    fn conditional_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
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

    fn named_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let Some(target) = expression.referenced() else {
            return self.code.unknown(site, Vec::new());
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

    fn member_place(&mut self, expression: Cursor, extended: bool) -> ValueId {
        let site = self.at;
        let target = expression.referenced();
        let parts = expression.parts();
        if let Some(target) = target {
            match target.kind() {
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
                    (Some(class), Some(owner)) => self.to_class(this, class, owner),
                    _ => this,
                }
            }
        };
        self.at = site;
        let name = expression.spelling();
        let name = if name.is_empty() { self.member_name(expression) } else { Some(name) };
        match (name, target) {
            (Some(name), _) => self.code.field(site, base, name),
            // An unnamed struct or union: its members count as members of the whole.
            (None, Some(_)) => base,
            (None, None) => self.code.unknown(site, vec![base]),
        }
    }

    /// The address of the base of a class that an inherited member belongs to.
    pub fn to_class(&mut self, address: ValueId, from: Ty, owner: Cursor) -> ValueId {
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

    fn is_arrow(&mut self, member: Cursor, base: Cursor) -> bool {
        let (Some(whole), Some(object)) = (self.unit.positions.span(member), self.unit.positions.span(base))
        else {
            return false;
        };
        let rest = self.unit.positions.text(whole.file, object.end, whole.end.max(object.end));
        rest.trim_ascii_start().starts_with(b"->")
    }

    /// The name of a member that depends on template parameters, read off the text.
    pub fn member_name(&mut self, member: Cursor) -> Option<String> {
        let span = self.unit.positions.span(member)?;
        member.referenced().is_none().then_some(())?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let text = std::str::from_utf8(text).ok()?;
        let text = match text.rfind("->").max(text.rfind('.')) {
            Some(at) => text[at + 1..].trim_start_matches('>'),
            None => return None,
        };
        let text = text.trim_start().trim_start_matches("template ").trim_start();
        let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
        (end > 0).then(|| text[..end].to_owned())
    }

    fn element_place(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [base, index] = parts[..] else { return self.not_understood(expression) };
        let ty = self.unit.ty(base.ty());
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
        let stride = {
            let ty = base.ty().canonical();
            if is_array(ty) { ty.element().size() } else { ty.pointee().size() }
        };
        let pointer = self.value(base);
        let index = self.value(index);
        self.at = site;
        self.code.index(site, pointer, index, stride)
    }

    /// `new T`, `new T[n]`, `new (place) T`.
    fn new_expression(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let object = expression.ty().canonical().pointee();
        let parts = expression.parts();
        let shape = self.new_shape(expression);
        let array = shape.array;
        let mut parts = parts.into_iter();
        let mut place = None;
        for _ in 0..shape.placement {
            if let Some(part) = parts.next() {
                let value = self.value_or_place(part);
                if !shape.nothrow {
                    place.get_or_insert(value);
                }
            }
        }
        let count = if array { parts.next().map(|part| self.value(part)) } else { None };
        let address = match place {
            Some(place) => place,
            None => {
                let result = self.code.value();
                self.code.push(site, Op::New { result, count, stride: object.size() });
                result
            }
        };
        if let Some(initializer) = parts.next() {
            if array && !self.unit.ty(initializer.ty()).is_aggregate() {
                self.discard(initializer);
            } else {
                let ty = if array { initializer.ty() } else { object };
                self.initialise(address, ty, initializer);
            }
        }
        address
    }

    /// What only the text of a `new` tells.
    fn new_shape(&mut self, expression: Cursor) -> NewShape {
        let parts = expression.parts();
        let plain = NewShape { placement: 0, nothrow: false, array: false };
        let Some(span) = self.unit.positions.span(expression) else { return plain };
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let Some(after) = memchr::memmem::find(text, b"new").filter(|at| *at <= 4) else {
            return plain;
        };
        let head = text[after + 3..].trim_ascii_start();
        let mut placement = 0;
        let mut nothrow = false;
        let mut rest = head;
        if head.starts_with(b"(") {
            let mut depth = 0;
            let mut end = 0;
            placement = 1;
            for (at, byte) in head.iter().enumerate() {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            end = at + 1;
                            break;
                        }
                    }
                    b',' if depth == 1 => placement += 1,
                    _ => {}
                }
            }
            rest = &head[end..];
            // `new (T)` and `new (std::nothrow) T` look alike up to what follows.
            if rest.trim_ascii().is_empty() {
                return plain;
            }
            nothrow = head[..end].ends_with(b"nothrow)");
        }
        // The brackets of the type come before any initialiser; those of template arguments do not count.
        let mut angle = 0;
        let mut array = false;
        for byte in rest {
            match byte {
                b'<' => angle += 1,
                b'>' => angle -= 1,
                b'(' | b'{' if angle == 0 => break,
                b'[' if angle == 0 => {
                    array = true;
                    break;
                }
                _ => {}
            }
        }
        NewShape { placement: placement.min(parts.len()), nothrow, array }
    }

    fn delete_expression(&mut self, expression: Cursor) {
        let site = self.at;
        let parts = expression.parts();
        let Some(operand) = parts.first() else { return };
        let pointer = self.value(*operand);
        let object = operand.ty().canonical().pointee();
        if self.needs_destruction(object) {
            // Nothing happens to a null pointer.
            let destroy = self.code.block();
            let after = self.code.block();
            self.code.terminate(Terminator::Branch { condition: pointer, then: destroy, otherwise: after });
            self.code.switch_to(destroy);
            self.destroy(pointer, object, site);
            self.code.goto(after);
            self.code.switch_to(after);
        }
        self.code.push(site, Op::Delete { pointer });
    }
}

fn is_assignment(expression: Cursor) -> bool {
    match expression.kind() {
        CXCursor_CompoundAssignOperator => true,
        CXCursor_BinaryOperator => {
            expression.binary_operator().is_some_and(|operator| operator == CXBinaryOperator_Assign)
        }
        _ => false,
    }
}

/// True for what is an address in the machine.
pub(super) fn is_address(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Pointer { .. }
            | TypeKind::DevicePointer
            | TypeKind::Stream
            | TypeKind::Event
            | TypeKind::Handle
            | TypeKind::Function
    )
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
