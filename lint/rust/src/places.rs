//! Places: variables, fields, elements, and what references lead to.

use cuda_lint_engine::program::{BinaryOp, Op, SiteId, Type, ValueId};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprRange, Member};

use super::function::{Body, Length, Place, Val};
use super::items::HandleKind;
use super::names;
use super::ty::Ty;

impl Body<'_> {
    /// Where an expression is in memory; what is nowhere gets a temporary.
    pub fn expr_place(&mut self, expr: &Expr) -> Place {
        match expr {
            Expr::Paren(it) => self.expr_place(&it.expr),
            Expr::Group(it) => self.expr_place(&it.expr),
            Expr::Path(it) => {
                if let Some(name) = it.path.get_ident()
                    && let Some(var) = self.lookup(&name.to_string())
                {
                    return self.var_place(var, name.span());
                }
                let name = it.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
                if let Some(written) = self.file.definitions.static_type(&name).cloned() {
                    return self.static_place(&name, &written, it.path.span());
                }
                let value = self.expr(expr);
                self.materialise(value, expr.span())
            }
            Expr::Field(it) => {
                let base = self.expr_place(&it.base);
                let base = self.through(base, it.base.span());
                let field = match &it.member {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(index) => index.index.to_string(),
                };
                self.field_place(base, &field, it.member.span())
            }
            Expr::Index(it) => {
                let base = self.expr_place(&it.expr);
                let base = self.through(base, it.expr.span());
                self.element_place(base, &it.index, expr.span())
            }
            Expr::Unary(it) if matches!(it.op, syn::UnOp::Deref(_)) => {
                let inner = self.expr_place(&it.expr);
                match &inner.ty {
                    Ty::Ref { to, .. } | Ty::Boxed(to) => {
                        let to = (**to).clone();
                        // What is moved out of a box is not dropped with it.
                        let var = inner.var.filter(|_| matches!(inner.ty, Ty::Boxed(_)));
                        let site = self.site(it.expr.span());
                        let ir = self.file.ir(&inner.ty);
                        let address = self.builder.load(site, inner.address, ir);
                        Place { address, ty: to, var, partial: true, length: inner.length }
                    }
                    ty if ty.is_unknown() => {
                        let value = self.peek(&inner, it.expr.span());
                        let address = value.id;
                        Place::at(address, Ty::Unknown)
                    }
                    // Guards and wrappers are seen through.
                    _ => inner,
                }
            }
            Expr::MethodCall(it) if is_view(&it.method.to_string()) && it.args.is_empty() => {
                // `x.lock()`, `x.as_mut()`: the same place.
                self.expr_place(&it.receiver)
            }
            Expr::Try(it) => self.expr_place(&it.expr),
            Expr::MethodCall(it) if is_unwrap(&it.method.to_string(), it.args.len()) => {
                self.expr_place(&it.receiver)
            }
            _ => {
                let value = self.expr(expr);
                self.materialise(value, expr.span())
            }
        }
    }

    /// Puts a value somewhere.
    pub fn materialise(&mut self, value: Val, span: Span) -> Place {
        let site = self.site(span);
        if self.file.is_aggregate(&value.ty) {
            let var = value.temp;
            return Place { address: value.id, ty: value.ty, var, partial: false, length: Length::Unknown };
        }
        let ty = value.ty.clone();
        let var = self.temporary(ty.clone(), site);
        // A temporary whose address is asked for is an object like any other.
        let local = self.vars[var].local;
        self.builder.function_mut().locals[local.0 as usize].storage =
            cuda_lint_engine::program::Storage::Automatic;
        self.builder.push(site, Op::Live { local });
        self.initialise(var, value, site);
        let address = self.builder.address_of(site, local);
        Place { address, ty, var: Some(var), partial: false, length: Length::Unknown }
    }

    /// Follows references and boxes to what they lead to.
    pub fn through(&mut self, mut place: Place, span: Span) -> Place {
        let site = self.site(span);
        while let Ty::Ref { to, .. } | Ty::Boxed(to) = &place.ty {
            let to = (**to).clone();
            let ir = self.file.ir(&place.ty);
            let address = self.builder.load(site, place.address, ir);
            place = Place::at(address, to);
        }
        place
    }

    pub fn field_place(&mut self, base: Place, field: &str, span: Span) -> Place {
        let site = self.site(span);
        let ty = self.file.field_ty(&base.ty, field);
        // Of a wrapper that is seen through (`Cell`, newtypes of other crates), nothing is known.
        if !self.file.is_aggregate(&base.ty) && !base.ty.is_unknown() {
            let value = self.unknown(site, vec![base.address]);
            return self.materialise(Val { ty: Ty::Unknown, ..value }, span);
        }
        let address = self.builder.field(site, base.address, field);
        Place { address, ty, var: base.var, partial: true, length: Length::Unknown }
    }

    /// The address of the first element of what lies at a place.
    pub fn elements(&mut self, place: &Place, site: SiteId) -> Option<(ValueId, Ty)> {
        match &place.ty {
            Ty::Vec(element) => {
                let id = self.row_value("Vec::as_ptr", vec![place.address], Type::POINTER, site, true);
                Some((id, (**element).clone()))
            }
            Ty::Array(element, _) | Ty::Slice(element) => Some((place.address, (**element).clone())),
            Ty::Str => Some((place.address, Ty::Int(1))),
            // Memory that the host uses as a slice (cust's `LockedBuffer` and `UnifiedBuffer`).
            Ty::Named(_, args)
                if matches!(
                    self.file.definitions.handle_of(&place.ty),
                    Some(HandleKind::Pinned | HandleKind::Managed)
                ) =>
            {
                let element = args.first().cloned().unwrap_or(Ty::Unknown);
                let ir = self.file.ir(&place.ty);
                Some((self.builder.load(site, place.address, ir), element))
            }
            _ => None,
        }
    }

    fn element_place(&mut self, base: Place, index: &Expr, span: Span) -> Place {
        let site = self.site(span);
        let Some((elements, element)) = self.elements(&base, site) else {
            let index = self.expr(index);
            let address = self.builder.unknown(site, vec![base.address, index.id]);
            return Place::at(address, Ty::Unknown);
        };
        let stride = self.file.size(&element);
        if let Expr::Range(range) = index {
            let (address, length) = self.range(elements, range, stride, site);
            let ty = Ty::Slice(Box::new(element));
            return Place { address, ty, var: None, partial: false, length };
        }
        let index = self.expr(index);
        let address = self.builder.index(site, elements, index.id, stride);
        Place::at(address, element)
    }

    /// Where a range of elements starts, and how many there are.
    pub fn range(
        &mut self,
        elements: ValueId,
        range: &ExprRange,
        stride: Option<u64>,
        site: SiteId,
    ) -> (ValueId, Length) {
        let start = range.start.as_ref().map(|it| self.expr(it).id);
        let end = range.end.as_ref().map(|it| self.expr(it).id);
        let length = match (start, end) {
            (_, Some(_)) if matches!(range.limits, syn::RangeLimits::Closed(_)) => Length::Unknown,
            (Some(start), Some(end)) => {
                Length::Elements(self.builder.binary(site, BinaryOp::Sub, end, start))
            }
            (None, Some(end)) => Length::Elements(end),
            // To the end, wherever that is.
            (Some(_), None) => Length::Whole,
            (None, None) => Length::Whole,
        };
        match start {
            Some(start) => (self.builder.index(site, elements, start, stride), length),
            None => (elements, length),
        }
    }

    fn static_place(&mut self, name: &str, written: &syn::Type, span: Span) -> Place {
        use cuda_lint_engine::program::{Global, GlobalId, GlobalMemory};
        let site = self.site(span);
        let ty = self.written(written);
        let id = match self.file.statics.get(name) {
            Some(known) => *known,
            None => {
                let id = GlobalId(self.file.program.globals.len() as u32);
                let ir = self.file.ir(&ty);
                self.file.program.globals.push(Global {
                    name: name.to_owned(),
                    ty: ir,
                    memory: GlobalMemory::Host,
                    is_shared: true,
                    is_initialised: true,
                    site,
                    link: None,
                });
                self.file.statics.insert(name.to_owned(), id);
                id
            }
        };
        let address = self.builder.address_of_global(site, id);
        Place::at(address, ty)
    }

    /// The value at a place. What is not `Copy` moves.
    pub fn load(&mut self, place: &Place, span: Span) -> Val {
        let site = self.site(span);
        if matches!(place.ty, Ty::Unit | Ty::Never) {
            return self.unit(site);
        }
        if matches!(place.ty, Ty::Closure(_) | Ty::Launch(_) | Ty::Slice(_) | Ty::Str) {
            return self.val(place.address, place.ty.clone());
        }
        let mut value = if self.file.is_aggregate(&place.ty) {
            self.val(place.address, place.ty.clone())
        } else {
            let ir = self.file.ir(&place.ty);
            let id = self.builder.load(site, place.address, ir);
            Val { length: place.length, ..self.val(id, place.ty.clone()) }
        };
        if let Some(var) = place.var
            && self.needs_drop(&place.ty)
        {
            if !place.partial && self.vars[var].drops && self.file.is_aggregate(&place.ty) {
                self.moved_addresses.push((value.id, var));
            }
            self.moved(var, site);
            value.temp = None;
        }
        value
    }

    /// The value at a place, which stays there.
    pub fn peek(&mut self, place: &Place, span: Span) -> Val {
        if self.file.is_aggregate(&place.ty) || matches!(place.ty, Ty::Slice(_) | Ty::Str) {
            return self.val(place.address, place.ty.clone().shared());
        }
        let site = self.site(span);
        if matches!(place.ty, Ty::Unit | Ty::Never | Ty::Closure(_) | Ty::Launch(_)) {
            return self.val(place.address, place.ty.clone());
        }
        let ir = self.file.ir(&place.ty);
        let id = self.builder.load(site, place.address, ir);
        self.val(id, place.ty.clone())
    }

    /// The path of an expression that is one.
    pub fn path_of(expr: &Expr) -> Option<Vec<String>> {
        match expr {
            Expr::Path(it) => Some(names::segments(&it.path)),
            Expr::Paren(it) => Self::path_of(&it.expr),
            Expr::Group(it) => Self::path_of(&it.expr),
            _ => None,
        }
    }
}

/// Methods that give the same object, by a reference or a guard.
pub fn is_view(method: &str) -> bool {
    matches!(
        method,
        "as_ref"
            | "as_mut"
            | "borrow"
            | "borrow_mut"
            | "lock"
            | "read"
            | "write"
            | "get_mut"
            | "by_ref"
            | "as_deref"
            | "as_deref_mut"
            | "deref"
            | "deref_mut"
            | "blocking_lock"
    )
}

/// Methods that take the value out of a `Result` or `Option`.
pub fn is_unwrap(method: &str, args: usize) -> bool {
    // `.context("…")` of anyhow; without an argument it is the stream's own.
    (method != "context" || args > 0)
        && matches!(
            method,
            "unwrap"
                | "expect"
                | "unwrap_unchecked"
                | "ok"
                | "map_err"
                | "context"
                | "with_context"
                | "w"
                | "result"
                | "into_inner"
                | "wrap_err"
                | "ok_or"
                | "ok_or_else"
        )
}
