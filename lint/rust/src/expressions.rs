//! Expressions.

use cuda_lint_engine::program::{BinaryOp, Constant, FunctionId, UnaryOp};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, Lit, UnOp};

use super::function::{Body, Closure, Length, Val};
use super::names;
use super::ty::{Ty, primitive};

impl Body<'_> {
    /// An expression of which the type is wanted.
    pub fn expr_for(&mut self, expr: &Expr, wanted: Option<&Ty>) -> Val {
        let mut value = self.expr(expr);
        if let (Some(Ty::Float(bytes)), Ty::Float(_)) = (wanted, &value.ty) {
            value.ty = Ty::Float(*bytes);
        }
        value
    }

    /// The value of an expression.
    pub fn expr(&mut self, expr: &Expr) -> Val {
        let span = expr.span();
        match expr {
            Expr::Paren(it) => self.expr(&it.expr),
            Expr::Group(it) => self.expr(&it.expr),
            Expr::Lit(it) => self.literal(&it.lit),
            Expr::Path(it) => self.path(it),
            Expr::Reference(it) => self.reference(&it.expr, it.mutability.is_some()),
            Expr::RawAddr(it) => {
                let mutable = matches!(it.mutability, syn::PointerMutability::Mut(_));
                self.reference(&it.expr, mutable)
            }
            Expr::Field(_) | Expr::Index(_) => {
                let place = self.expr_place(expr);
                self.load(&place, span)
            }
            Expr::Unary(it) => self.unary(it),
            Expr::Binary(it) => self.binary(it),
            Expr::Assign(it) => self.assign(&it.left, &it.right, span),
            Expr::Cast(it) => self.cast(&it.expr, &it.ty, span),
            Expr::Call(it) => self.call(it),
            Expr::MethodCall(it) => self.method_call(it),
            Expr::Macro(it) => self.macro_call(&it.mac),
            Expr::Block(it) => self.labelled_block(it),
            Expr::Unsafe(it) => self.block_value(&it.block),
            Expr::Const(it) => self.block_value(&it.block),
            Expr::TryBlock(it) => self.block_value(&it.block),
            Expr::If(it) => self.if_(it),
            Expr::Match(it) => self.match_(it),
            Expr::Loop(it) => self.loop_(it),
            Expr::While(it) => self.while_(it),
            Expr::ForLoop(it) => self.for_(it),
            Expr::Break(it) => self.break_(it),
            Expr::Continue(it) => self.continue_(it),
            Expr::Return(it) => {
                let value = it.expr.as_ref().map(|it| self.expr(it));
                let is_error = it.expr.as_ref().is_some_and(|it| self.is_error(it));
                let site = self.site(span);
                if is_error && self.is_followed() {
                    self.abandon(site);
                } else {
                    self.leave(value, span);
                }
                self.never(site)
            }
            Expr::Try(it) => self.try_(it),
            Expr::Tuple(it) => self.tuple(&it.elems.iter().collect::<Vec<_>>(), span),
            Expr::Array(it) => self.array(&it.elems.iter().collect::<Vec<_>>(), span),
            Expr::Repeat(it) => self.repeat(it),
            Expr::Struct(it) => self.structure(it),
            Expr::Closure(it) => {
                self.closures.push(std::rc::Rc::new(Closure {
                    params: it.inputs.iter().cloned().collect(),
                    body: (*it.body).clone(),
                    moves: it.capture.is_some(),
                }));
                self.closure_value(span)
            }
            Expr::Async(it) => {
                let body =
                    Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: it.block.clone() });
                let moves = it.capture.is_some();
                self.closures.push(std::rc::Rc::new(Closure { params: Vec::new(), body, moves }));
                self.closure_value(span)
            }
            Expr::Await(it) => {
                let value = self.expr(&it.base);
                match value.ty {
                    Ty::Closure(index) => self.call_closure(index, Vec::new(), span),
                    _ => value,
                }
            }
            Expr::Range(it) => {
                let site = self.site(span);
                let parts: Vec<_> =
                    [&it.start, &it.end].into_iter().flatten().map(|it| self.expr(it).id).collect();
                self.unknown(site, parts)
            }
            Expr::Let(_) => {
                let (then, otherwise, after) =
                    (self.builder.block(), self.builder.block(), self.builder.block());
                self.push_scope();
                self.condition(expr, then, otherwise);
                let site = self.site(span);
                let value = self.truth_of(then, otherwise, after, site);
                self.pop_scope(site);
                value
            }
            Expr::Infer(_) => {
                let site = self.site(span);
                self.unit(site)
            }
            _ => self.opaque(span, "this kind of expression is not followed"),
        }
    }

    pub fn opaque(&mut self, span: Span, reason: &str) -> Val {
        let site = self.site(span);
        let operands = Vec::new();
        self.builder.opaque(site, reason, operands);
        self.unknown(site, Vec::new())
    }

    pub fn block_value(&mut self, block: &Block) -> Val {
        match self.block(block) {
            Some(value) => value,
            None => {
                let site = self.site(block.brace_token.span.close());
                self.unit(site)
            }
        }
    }

    fn closure_value(&mut self, span: Span) -> Val {
        let site = self.site(span);
        let index = self.closures.len() - 1;
        let id = self.builder.unknown(site, Vec::new());
        self.val(id, Ty::Closure(index))
    }

    fn literal(&mut self, lit: &Lit) -> Val {
        let site = self.site(lit.span());
        match lit {
            Lit::Int(it) => {
                let ty = primitive(it.suffix()).unwrap_or(Ty::Int(4));
                if is_float(&ty) {
                    let value = self.unknown(site, Vec::new());
                    return Val { ty, ..value };
                }
                match it.base10_parse::<i64>() {
                    Ok(value) => self.number(value, ty, site),
                    Err(_) => {
                        let value = self.unknown(site, Vec::new());
                        Val { ty, ..value }
                    }
                }
            }
            Lit::Bool(it) => self.number(i64::from(it.value), Ty::Int(1), site),
            Lit::Char(it) => self.number(i64::from(u32::from(it.value())), Ty::Int(4), site),
            Lit::Byte(it) => self.number(i64::from(it.value()), Ty::Int(1), site),
            Lit::Float(it) => {
                let ty = primitive(it.suffix()).unwrap_or(Ty::Float(8));
                let value = self.unknown(site, Vec::new());
                Val { ty, ..value }
            }
            Lit::Str(it) => {
                let id = self.builder.constant(site, Constant::Str(it.value()));
                self.val(id, Ty::Str.shared())
            }
            _ => self.unknown(site, Vec::new()),
        }
    }

    fn path(&mut self, it: &syn::ExprPath) -> Val {
        let span = it.path.span();
        let site = self.site(span);
        let segments = names::segments(&it.path);
        if let [name] = segments.as_slice()
            && let Some(var) = self.lookup(name)
        {
            let place = self.var_place(var, span);
            return self.load(&place, span);
        }
        let last = segments.last().cloned().unwrap_or_default();
        if last == "None" && segments.len() == 1 {
            let value = self.number(0, Ty::Unknown, site);
            return value;
        }
        if let Some(value) = self.file.definitions.number(&Expr::Path(it.clone()), 4) {
            return self.number(value, Ty::Int(4), site);
        }
        if segments.len() == 1 && self.file.definitions.static_type(&last).is_some() {
            let place = self.expr_place(&Expr::Path(it.clone()));
            return self.load(&place, span);
        }
        if let Some(value) = self.file.definitions.constant(&last).cloned()
            && self.constants < 4
        {
            self.constants += 1;
            let value = self.expr(&value);
            self.constants -= 1;
            return value;
        }
        let function = self.with_scope(|definitions, scope| definitions.function(&segments, scope));
        if let Some(id) = function.and_then(|index| self.file.ids.get(&index).copied()) {
            let id = self.function_value(id, site);
            return self.val(id, Ty::Function);
        }
        let value = self.unknown(site, Vec::new());
        // A unit struct, or a variant of an enum.
        let ty = self
            .with_scope(|definitions, scope| definitions.type_of(&segments, scope).map(|it| it.key.clone()));
        match ty {
            Some(_) => value,
            None => value,
        }
    }

    fn function_value(
        &mut self,
        id: FunctionId,
        site: cuda_lint_engine::program::SiteId,
    ) -> cuda_lint_engine::program::ValueId {
        self.builder.constant(site, Constant::Function(id))
    }

    pub fn reference(&mut self, inner: &Expr, mutable: bool) -> Val {
        let place = self.expr_place(inner);
        let ty = place.ty.clone();
        match ty {
            Ty::Closure(_) | Ty::Launch(_) => {
                let id = place.address;
                self.val(id, ty)
            }
            ty => Val { length: place.length, ..self.val(place.address, ty.reference(mutable)) },
        }
    }

    fn unary(&mut self, it: &syn::ExprUnary) -> Val {
        let span = it.span();
        match it.op {
            UnOp::Deref(_) => {
                let place = self.expr_place(&Expr::Unary(it.clone()));
                self.load(&place, span)
            }
            UnOp::Not(_) | UnOp::Neg(_) => {
                let value = self.expr(&it.expr);
                let site = self.site(span);
                let operator = match (it.op, &value.ty) {
                    (UnOp::Neg(_), _) => UnaryOp::Neg,
                    (_, Ty::Int(1) | Ty::Unknown | Ty::Param(_)) => UnaryOp::Not,
                    _ => UnaryOp::BitNot,
                };
                if is_float(&value.ty) || (operator != UnaryOp::Not && value.ty.is_unknown()) {
                    let unknown = self.unknown(site, vec![value.id]);
                    return Val { ty: value.ty, ..unknown };
                }
                let id = self.builder.unary(site, operator, value.id);
                self.val(id, value.ty)
            }
            _ => self.opaque(span, "this operator is not followed"),
        }
    }

    fn binary(&mut self, it: &syn::ExprBinary) -> Val {
        let span = it.span();
        if matches!(it.op, BinOp::And(_) | BinOp::Or(_)) {
            let (then, otherwise, after) = (self.builder.block(), self.builder.block(), self.builder.block());
            self.push_scope();
            self.condition(&Expr::Binary(it.clone()), then, otherwise);
            let site = self.site(span);
            let value = self.truth_of(then, otherwise, after, site);
            self.pop_scope(site);
            return value;
        }
        let operator = operator(&it.op);
        if is_assignment(&it.op) {
            let right = self.operand(&it.right);
            let place = self.expr_place(&it.left);
            let place = if matches!(place.ty, Ty::Ref { .. }) { self.through(place, span) } else { place };
            let left = self.load(&place, it.left.span());
            let site = self.site(span);
            let ir = self.file.ir(&left.ty);
            let id = match operator {
                Some(operator) if !is_float(&left.ty) => {
                    self.builder.binary(site, operator, left.id, right.id)
                }
                _ => self.builder.unknown(site, vec![left.id, right.id]),
            };
            if !self.file.is_aggregate(&left.ty) {
                self.builder.store(site, place.address, id, ir);
            }
            return self.unit(site);
        }
        let left = self.operand(&it.left);
        let right = self.operand(&it.right);
        let site = self.site(span);
        let compares = matches!(
            it.op,
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_)
        );
        let scalar =
            |ty: &Ty| matches!(ty, Ty::Int(_) | Ty::Status | Ty::Unknown | Ty::Ref { .. } | Ty::Param(_));
        let known = operator.filter(|_| scalar(&left.ty) && scalar(&right.ty));
        let id = match known {
            Some(operator) => self.builder.binary(site, operator, left.id, right.id),
            None => self.builder.unknown(site, vec![left.id, right.id]),
        };
        self.val(id, if compares { Ty::Int(1) } else { left.ty })
    }

    /// An operand of an operator: it is read, and stays where it is.
    pub fn operand(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => {
                let place = self.expr_place(expr);
                let value = self.peek(&place, expr.span());
                self.read_all(&value, expr.span());
                value
            }
            _ => {
                let value = self.expr(expr);
                self.read_all(&value, expr.span());
                value
            }
        }
    }

    fn assign(&mut self, left: &Expr, right: &Expr, span: Span) -> Val {
        let site = self.site(span);
        if let Expr::Infer(_) = left {
            self.bind_nothing(right);
            return self.unit(site);
        }
        if let Expr::Tuple(parts) = left
            && let Expr::Tuple(values) = right
        {
            for (part, value) in parts.elems.iter().zip(&values.elems) {
                self.assign(part, value, span);
            }
            return self.unit(site);
        }
        let value = self.expr(right);
        self.leaves_container(left, site);
        let place = self.expr_place(left);
        if place.ty.is_unknown()
            && let Some(var) = place.var.filter(|_| !place.partial)
            && !value.ty.is_unknown()
            && !self.file.is_aggregate(&value.ty)
        {
            // A variable that is declared without a type: this is it.
            self.vars[var].ty = value.ty.clone();
            let ir = self.file.ir(&value.ty);
            let local = self.vars[var].local;
            self.builder.function_mut().locals[local.0 as usize].ty = ir;
        }
        let ty = place.ty.clone();
        if self.needs_drop(&ty) {
            match place.var.filter(|_| !place.partial) {
                Some(var) => {
                    self.vars[var].moved = true;
                    self.end_value(var, site);
                    self.initialise(var, value, site);
                    return self.unit(site);
                }
                None => self.drop_at(place.address, &ty, site, 4),
            }
        }
        if let Some(var) = place.var {
            self.vars[var].length = Length::Unknown;
        }
        self.put(place.address, &ty, value, site);
        self.unit(site)
    }

    fn cast(&mut self, inner: &Expr, ty: &syn::Type, span: Span) -> Val {
        let value = self.expr(inner);
        let ty = self.written(ty);
        let site = self.site(span);
        let ty = match (&ty, &value.ty) {
            // `as *mut _` keeps what is known.
            (Ty::Ref { to, mutable }, Ty::Ref { to: known, .. }) if to.is_unknown() => {
                (**known).clone().reference(*mutable)
            }
            (Ty::Unknown, known) => known.clone(),
            _ => ty,
        };
        if is_float(&ty) || is_float(&value.ty) {
            let unknown = self.unknown(site, vec![value.id]);
            return Val { ty, ..unknown };
        }
        // An array or slice as a pointer: the address of its first element.
        let ir = self.file.ir(&ty);
        if ir.is_aggregate() {
            return Val { ty, ..value };
        }
        let id = self.builder.cast(site, value.id, ir);
        Val { id, ty, temp: None, fallible: value.fallible, length: value.length }
    }

    fn try_(&mut self, it: &syn::ExprTry) -> Val {
        let value = self.expr(&it.expr);
        if !value.fallible {
            return value;
        }
        let span = it.question_token.span();
        let site = self.site(span);
        let failed = self.builder.unknown(site, Vec::new());
        let (leave, after) = (self.builder.block(), self.builder.block());
        self.branch(failed, leave, after);
        self.builder.switch_to(leave);
        self.fail(site);
        self.builder.switch_to(after);
        Val { fallible: false, ..value }
    }

    /// The host reads all of a value: it is printed, compared, summed.
    pub fn read_all(&mut self, value: &Val, span: Span) {
        let place = match &value.ty {
            Ty::Ref { to, .. } => super::function::Place::at(value.id, (**to).clone()),
            Ty::Array(..) | Ty::Vec(_) => super::function::Place::at(value.id, value.ty.clone()),
            Ty::Iter(_) => {
                let site = self.site(span);
                return self.row_call("Vec::read", vec![value.id], site, true);
            }
            _ => return,
        };
        let site = self.site(span);
        match &place.ty {
            Ty::Vec(_) | Ty::Slice(_) | Ty::Array(..) => {
                if let Some((elements, _)) = self.elements(&place, site) {
                    self.row_call("Vec::read", vec![elements], site, true);
                }
            }
            Ty::Int(_) | Ty::Float(_) => {
                let ir = self.file.ir(&place.ty);
                self.builder.load(site, place.address, ir);
            }
            _ => {}
        }
    }
}

fn operator(op: &BinOp) -> Option<BinaryOp> {
    Some(match op {
        BinOp::Add(_) | BinOp::AddAssign(_) => BinaryOp::Add,
        BinOp::Sub(_) | BinOp::SubAssign(_) => BinaryOp::Sub,
        BinOp::Mul(_) | BinOp::MulAssign(_) => BinaryOp::Mul,
        BinOp::Div(_) | BinOp::DivAssign(_) => BinaryOp::Div,
        BinOp::Rem(_) | BinOp::RemAssign(_) => BinaryOp::Rem,
        BinOp::BitXor(_) | BinOp::BitXorAssign(_) => BinaryOp::Xor,
        BinOp::BitAnd(_) | BinOp::BitAndAssign(_) => BinaryOp::And,
        BinOp::BitOr(_) | BinOp::BitOrAssign(_) => BinaryOp::Or,
        BinOp::Shl(_) | BinOp::ShlAssign(_) => BinaryOp::Shl,
        BinOp::Shr(_) | BinOp::ShrAssign(_) => BinaryOp::Shr,
        BinOp::Eq(_) => BinaryOp::Eq,
        BinOp::Ne(_) => BinaryOp::Ne,
        BinOp::Lt(_) => BinaryOp::Lt,
        BinOp::Le(_) => BinaryOp::Le,
        BinOp::Gt(_) => BinaryOp::Gt,
        BinOp::Ge(_) => BinaryOp::Ge,
        _ => return None,
    })
}

const fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

const fn is_float(ty: &Ty) -> bool {
    matches!(ty, Ty::Float(_))
}
