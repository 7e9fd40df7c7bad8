//! Operators: arithmetic, comparison, assignment, short circuits.

use clang_sys::*;
use cuda_lint_engine::program::{BinaryOp, Type, TypeKind, UnaryOp, ValueId};

use super::super::cursor::Cursor;
use super::body::Body;
use super::calls::Returned;
use super::names;

/// The operator of a binary expression.
pub(super) fn binary_operator(expression: Cursor, _lhs: Cursor, _rhs: Cursor) -> CXBinaryOperatorKind {
    expression.binary_operator().unwrap_or(CXBinaryOperator_Invalid)
}

/// The operator of a unary expression.
pub(super) fn unary_operator(expression: Cursor) -> CXUnaryOperatorKind {
    expression.unary_operator().unwrap_or(CXUnaryOperator_Invalid)
}

impl Body<'_, '_> {
    /// What stands before a comma, for its effects.
    ///
    /// Clang puts a trap before an object of a class that is handed to `...`, with the extent of the object
    /// (`Sema::DefaultVariadicArgumentPromotion`). Compilers refuse such a call or pass the object by its
    /// address; here the class is one that was invented, as a rule, and the program goes on.
    pub(super) fn before_comma(&mut self, lhs: Cursor, rhs: Cursor) {
        let is_clangs_own = lhs.kind() == CXCursor_CallExpr
            && lhs.extent() == rhs.extent()
            && lhs.referenced().is_some_and(|callee| callee.spelling() == "__builtin_trap");
        if !is_clangs_own {
            self.discard(lhs);
        }
    }

    pub(super) fn unary(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [operand] = parts[..] else { return self.not_understood(expression) };
        match unary_operator(expression) {
            CXUnaryOperator_AddrOf => {
                // A call refers to its callee, and `&vector[i]` is the address of what the call returns.
                if operand.kind() != CXCursor_CallExpr
                    && let Some(target) = operand.referenced()
                    && names::is_function(target.kind())
                {
                    return self.function_value(target);
                }
                self.place_for_reference(operand)
            }
            CXUnaryOperator_Deref => {
                let ty = self.unit.ty(expression.ty());
                let address = self.dereferenced(operand);
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

    /// An operator whose operands depend on template parameters, with overloads in sight: clang leaves open whether
    /// it is one of them. For what is no object of a class it is the built-in one.
    pub(super) fn operator_in_template(&mut self, name: &str, operands: &[Cursor]) -> Option<Returned> {
        let site = self.at;
        if operands.iter().any(|it| matches!(self.unit.ty(it.ty()).kind, TypeKind::Record(_))) {
            return None;
        }
        let (value, reference) = match (name.strip_prefix("operator")?, operands) {
            ("&", [operand]) => (self.place_for_reference(*operand), false),
            ("*", [operand]) => (self.dereferenced(*operand), true),
            (operator, [lhs, rhs]) => {
                let kind = match operator {
                    "+" => CXBinaryOperator_Add,
                    "-" => CXBinaryOperator_Sub,
                    "*" => CXBinaryOperator_Mul,
                    "/" => CXBinaryOperator_Div,
                    "%" => CXBinaryOperator_Rem,
                    "<<" => CXBinaryOperator_Shl,
                    ">>" => CXBinaryOperator_Shr,
                    "&" => CXBinaryOperator_And,
                    "|" => CXBinaryOperator_Or,
                    "^" => CXBinaryOperator_Xor,
                    "<" => CXBinaryOperator_LT,
                    ">" => CXBinaryOperator_GT,
                    "<=" => CXBinaryOperator_LE,
                    ">=" => CXBinaryOperator_GE,
                    "==" => CXBinaryOperator_EQ,
                    "!=" => CXBinaryOperator_NE,
                    _ => return None,
                };
                let (a, b) = (self.value(*lhs), self.value(*rhs));
                self.at = site;
                (self.compute(kind, (*lhs, a), (*rhs, b)), false)
            }
            _ => return None,
        };
        self.at = site;
        Some(Returned { reference, ..Returned::value(value) })
    }

    pub(super) fn arithmetic(
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
    pub(super) fn step(
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
                let stride = self.unit.stride_of(whole.ty());
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

    pub(super) fn binary(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let parts = expression.parts();
        let [lhs, rhs] = parts[..] else { return self.not_understood(expression) };
        match binary_operator(expression, lhs, rhs) {
            CXBinaryOperator_Assign => {
                let (_, value) = self.assignment(lhs, rhs);
                value
            }
            CXBinaryOperator_Comma => {
                self.before_comma(lhs, rhs);
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
    pub(super) fn compute(
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
        let operator = match kind {
            CXBinaryOperator_Add | CXBinaryOperator_AddAssign => {
                if steps(left) {
                    let stride = self.unit.stride_of(lhs.ty());
                    return self.code.index(site, a, b, stride);
                }
                if steps(right) {
                    let stride = self.unit.stride_of(rhs.ty());
                    return self.code.index(site, b, a, stride);
                }
                BinaryOp::Add
            }
            CXBinaryOperator_Sub | CXBinaryOperator_SubAssign => {
                if steps(left) && steps(right) {
                    return match self.unit.stride_of(lhs.ty()) {
                        Some(size) if size > 0 => self.code.binary(site, BinaryOp::PtrDiff(size), a, b),
                        _ => self.code.unknown(site, vec![a, b]),
                    };
                }
                if steps(left) {
                    let back = self.code.unary(site, UnaryOp::Neg, b);
                    let stride = self.unit.stride_of(lhs.ty());
                    return self.code.index(site, a, back, stride);
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
    pub(super) fn assignment(&mut self, lhs: Cursor, rhs: Cursor) -> (ValueId, ValueId) {
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

    pub(super) fn compound_assignment(&mut self, expression: Cursor) -> (ValueId, ValueId) {
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
    pub(super) fn conditional_value(&mut self, expression: Cursor) -> ValueId {
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
}
