//! Elements of containers that own memory: it goes with the container, unless they leave it.

use cuda_lint_engine::program::{SiteId, ValueId};

use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

use super::function::{Body, Place, Val};
use super::ty::Ty;

/// How deep fields of elements are looked into.
const DEPTH: usize = 3;

impl Body<'_> {
    /// A value becomes an element of a `Vec`.
    pub fn gives_memory(&mut self, vec: ValueId, value: &Val, site: SiteId) {
        for memory in self.owned_memory(value.id, &value.ty, site, DEPTH) {
            self.row_call("Vec::owns", vec![vec, memory], site, true);
        }
    }

    /// The memory of libraries that a value owns: by its handles, or by those in its fields.
    fn owned_memory(&mut self, value: ValueId, ty: &Ty, site: SiteId, depth: usize) -> Vec<ValueId> {
        if depth == 0 || !self.needs_drop(ty) {
            return Vec::new();
        }
        if self.file.definitions.is_handle(ty) {
            return vec![value];
        }
        let fields: Vec<String> = match ty {
            Ty::Tuple(parts) => (0..parts.len()).map(|index| index.to_string()).collect(),
            Ty::Named(key, _) => {
                let def = self.file.definitions.type_def(key);
                let fields = def.and_then(|def| def.fields.as_ref());
                fields.into_iter().flatten().map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        let mut owned = Vec::new();
        for field in fields {
            let field_ty = self.file.field_ty(ty, &field);
            if !self.needs_drop(&field_ty) {
                continue;
            }
            let address = self.builder.field(site, value, field);
            let inner = if self.file.is_aggregate(&field_ty) {
                address
            } else {
                let ir = self.file.ir(&field_ty);
                self.builder.load(site, address, ir)
            };
            owned.extend(self.owned_memory(inner, &field_ty, site, depth - 1));
        }
        owned
    }

    /// `v[i] = …` drops what was there.
    pub fn leaves_container(&mut self, target: &Expr, site: SiteId) {
        let target = match target {
            Expr::Reference(it) => &*it.expr,
            other => other,
        };
        let Expr::Index(it) = target else { return };
        let place = self.expr_place(&it.expr);
        let place = self.through(place, it.expr.span());
        if matches!(&place.ty, Ty::Vec(element) if self.needs_drop(element)) {
            self.row_call("Vec::disowns", vec![place.address], site, true);
        }
    }

    /// An array whose elements own memory is copied with them, one by one.
    pub fn copy_elements(&mut self, to: ValueId, from: &Val, site: SiteId) {
        let Ty::Array(element, Some(count)) = &from.ty else { return };
        let (element, count) = ((**element).clone(), *count);
        if !self.needs_drop(&from.ty) || self.file.is_aggregate(&element) {
            return;
        }
        let stride = self.file.size(&element);
        let ir = self.file.ir(&element);
        for index in 0..count {
            let at = self.builder.int(site, i64::try_from(index).unwrap_or(i64::MAX));
            let source = self.builder.index(site, from.id, at, stride);
            let value = self.builder.load(site, source, ir);
            let target = self.builder.index(site, to, at, stride);
            self.builder.store(site, target, value, ir);
        }
    }

    /// What iterates over a container may take its elements.
    pub fn may_leave(&mut self, place: &Place, span: Span) {
        let site = self.site(span);
        if let Some(element) = place.ty.element().cloned() {
            self.elements_may_leave(place, &element, "into_iter", site);
        }
    }

    /// A method of a container that owns memory through its elements: but for those that only look, and those that
    /// add, elements may leave it.
    pub fn elements_may_leave(&mut self, place: &Place, element: &Ty, method: &str, site: SiteId) {
        if !self.needs_drop(element) {
            return;
        }
        let stays = matches!(
            method,
            "len"
                | "is_empty"
                | "capacity"
                | "iter"
                | "first"
                | "last"
                | "get"
                | "as_slice"
                | "push"
                | "push_back"
                | "push_front"
                | "insert"
                | "reserve"
                | "reserve_exact"
                | "shrink_to_fit"
        );
        if stays {
            return;
        }
        match &place.ty {
            Ty::Vec(_) => self.row_call("Vec::disowns", vec![place.address], site, true),
            Ty::Array(..) => {
                if let Some(var) = place.var {
                    self.moved(var, site);
                }
            }
            _ => {}
        }
    }
}
