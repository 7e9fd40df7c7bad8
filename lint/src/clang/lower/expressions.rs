//! Values of expressions.

use clang_sys::*;
use cuda_lint_engine::program::{BinaryOp, Constant, Space, Type, TypeKind, ValueId};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::operators::binary_operator;
use super::types::is_bool;
use super::{kernels, names};

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
                let is_cast = !matches!(expression.kind(), CXCursor_UnexposedExpr | CXCursor_ParenExpr);
                if let [inner] = parts[..] {
                    let is_call = inner.kind() == CXCursor_CallExpr;
                    if is_cast {
                        self.note_cast_to_void(inner);
                    }
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
                    self.before_comma(lhs, rhs);
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

    /// The result of the call in these parentheses is dropped on purpose.
    fn note_cast_to_void(&mut self, expression: Cursor) {
        match (expression.kind(), &expression.parts()[..]) {
            (CXCursor_CallExpr, _) => {
                let site = self.unit.site_or(expression, self.at);
                self.unit.program.cast_to_void.insert(site);
            }
            (CXCursor_UnexposedExpr | CXCursor_ParenExpr, [inner]) => self.note_cast_to_void(*inner),
            _ => {}
        }
    }

    pub(super) fn effect(&mut self, expression: Cursor) {
        let ty = self.unit.ty(expression.ty());
        if ty.is_aggregate() || is_assignment(expression) {
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

    pub(super) fn value_here(&mut self, expression: Cursor) -> ValueId {
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
            CXCursor_UnexposedExpr => match self.lost_member(expression) {
                Some(place) => self.code.load(site, place, Type::UNKNOWN),
                None => self.implicit_value(expression),
            },
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
            CXCursor_UnaryExpr if self.unit.measures_what_is_invented(expression) => {
                self.code.unknown(site, Vec::new())
            }
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
            // A pack that is not expanded: once stands for all.
            CXCursor_PackExpansionExpr => match expression.parts()[..] {
                [inner] => {
                    let value = self.value(inner);
                    self.code.unknown(site, vec![value])
                }
                _ => self.not_understood(expression),
            },
            _ => self.not_understood(expression),
        }
    }

    /// What is of no known kind: its parts are evaluated, its value is unknown, and the function is partial.
    pub(super) fn not_understood(&mut self, expression: Cursor) -> ValueId {
        let parts = expression.parts();
        let operands: Vec<ValueId> = parts.into_iter().map(|part| self.value(part)).collect();
        self.code.opaque(self.at, "an expression of a kind that is not understood", operands.clone());
        self.code.unknown(self.at, operands)
    }

    pub(super) fn integer(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let value = self.literal_text(expression).or_else(|| expression.evaluate());
        match value {
            Some(value) => self.int(site, value),
            None => self.code.unknown(site, Vec::new()),
        }
    }

    /// A plain decimal literal, read off the text: much cheaper than clang's evaluation.
    pub(super) fn literal_text(&mut self, expression: Cursor) -> Option<i64> {
        let span = self.unit.positions.span(expression)?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        if text.is_empty() || text.len() > 18 || (text.len() > 1 && text[0] == b'0') {
            return None;
        }
        text.iter().try_fold(0i64, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
        })
    }

    pub(super) fn string(&mut self, expression: Cursor) -> ValueId {
        let text = expression.spelling();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
        self.code.constant(self.at, Constant::Str(text.to_owned()))
    }

    /// Reads what an expression names.
    pub(super) fn load_from(&mut self, expression: Cursor) -> ValueId {
        let declared = self.declared_ty(expression);
        let ty = self.unit.ty(declared);
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
            if target.kind() == CXCursor_FieldDecl
                && let Some(value) = self.unit.constant_field(target)
            {
                // The object is evaluated all the same: `next().steps`.
                for part in expression.parts() {
                    self.discard(part);
                }
                return self.int(self.at, value);
            }
        }
        let address = self.place(expression);
        self.read(expression, address, ty)
    }

    /// Reads what is at the place of an expression. What is `volatile` may change at any time: reading it
    /// early is meant, and its value is unknown.
    pub(super) fn read(&mut self, expression: Cursor, address: ValueId, ty: Type) -> ValueId {
        if ty.is_aggregate() {
            address
        } else if expression.ty().is_volatile() {
            self.code.unknown(self.at, vec![address])
        } else {
            self.code.load(self.at, address, ty)
        }
    }

    pub(super) fn reference_value(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let Some(target) = expression.referenced() else {
            // In an instance: what is substituted for a parameter of the template.
            if let Some(value) = expression.evaluate() {
                return self.int(site, value);
            }
            return match self.dependent_static(expression) {
                Some(global) => self.load_dependent(global, expression),
                None => self.code.unknown(site, Vec::new()),
            };
        };
        match target.kind() {
            CXCursor_EnumConstantDecl => self.int(site, target.enumerator()),
            CXCursor_VarDecl | CXCursor_ParmDecl | CXCursor_UnexposedDecl => self.load_from(expression),
            // A non-type template parameter.
            CXCursor_NonTypeTemplateParameter => match expression.evaluate() {
                Some(value) => self.int(site, value),
                None => {
                    let parameter = self.template_parameter(target);
                    self.load_dependent(parameter, expression)
                }
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
    pub(super) fn implicit_value(&mut self, expression: Cursor) -> ValueId {
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

    pub(super) fn converted(&mut self, expression: Cursor, inner: Cursor) -> ValueId {
        let site = self.at;
        let (to, from) = (expression.ty(), inner.ty());
        let target = self.unit.ty(to);
        let source = self.unit.ty(from);
        match (source.kind, target.kind) {
            // `va_arg(list, T *)`: what the list holds, and not its address.
            _ if is_argument_list(from) && !is_argument_list(to) => self.code.unknown(site, Vec::new()),
            (TypeKind::Array { .. }, TypeKind::Pointer { .. }) => self.place(inner),
            (TypeKind::Record(_), TypeKind::Record(_)) => {
                let address = self.place(inner);
                self.base_part(address, from, to)
            }
            (TypeKind::Pointer { .. }, TypeKind::Pointer { .. }) => {
                let value = self.value(inner);
                let (a, b) = (from.canonical().pointee(), to.canonical().pointee());
                if a.kind() == CXType_Record && b.kind() == CXType_Record && a.bare() != b.bare() {
                    return self.base_part(value, a, b);
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
            (Scalar, Scalar) | (_, Unknown | TypeKind::Void) => value,
            (TypeKind::Record(_), TypeKind::Record(_)) => value,
            // What an object converts to is not its address.
            (TypeKind::Record(_) | Scalar, _) | (_, Scalar) => self.code.unknown(site, vec![value]),
            (Int | Status, Int | Status) if from.size == to.size => value,
            (Pointer { .. }, Pointer { .. }) if from == to => value,
            _ if from == to => value,
            _ => self.code.cast(site, value, to),
        }
    }

    pub(super) fn cast(&mut self, expression: Cursor) -> ValueId {
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

    /// `{}` and `{x}` of a scalar.
    pub(super) fn scalar_list(&mut self, expression: Cursor) -> ValueId {
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
    pub(super) fn statement_expression(&mut self, expression: Cursor) -> ValueId {
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
            | TypeKind::PinnedPointer
            | TypeKind::ManagedPointer
            | TypeKind::Stream
            | TypeKind::Event
            | TypeKind::Handle
            | TypeKind::Function
    )
}

/// True for `va_list`, and for what it decays to.
fn is_argument_list(ty: Ty) -> bool {
    ty.canonical().spelling().contains("__va_list_tag")
}
