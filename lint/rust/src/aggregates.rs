//! Tuples, arrays and structs.

use cuda_lint_engine::program::SiteId;
use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

use super::function::{Body, Length, Val};
use super::ty::Ty;

impl Body<'_> {
    pub fn tuple(&mut self, parts: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        if parts.is_empty() {
            return self.unit(site);
        }
        let values: Vec<Val> = parts.iter().map(|it| self.expr(it)).collect();
        self.tuple_of(values, site)
    }

    /// A tuple of values.
    pub fn tuple_of(&mut self, values: Vec<Val>, site: SiteId) -> Val {
        let ty = Ty::Tuple(values.iter().map(|it| it.ty.clone()).collect());
        let var = self.temporary(ty.clone(), site);
        let local = self.vars[var].local;
        for (index, value) in values.into_iter().enumerate() {
            let address = self.builder.address_of(site, local);
            let field = self.builder.field(site, address, index.to_string());
            let ty = value.ty.clone();
            self.put(field, &ty, value, site);
        }
        self.set_flag(var, 1, site);
        let id = self.builder.address_of(site, local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    pub fn array(&mut self, parts: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        let values: Vec<Val> = parts.iter().map(|it| self.expr(it)).collect();
        let element = values.first().map_or(Ty::Unknown, |it| it.ty.clone());
        let stride = self.file.size(&element);
        let ty = Ty::Array(Box::new(element.clone()), Some(values.len() as u64));
        let var = self.temporary(ty.clone(), site);
        let local = self.vars[var].local;
        // Long tables of numbers say nothing.
        let few = values.len() <= 16;
        for (index, value) in values.into_iter().enumerate().filter(|_| few) {
            let base = self.builder.address_of(site, local);
            let at = self.builder.int(site, index as i64);
            let address = self.builder.index(site, base, at, stride);
            self.put(address, &element, value, site);
        }
        let id = self.builder.address_of(site, local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    pub fn repeat(&mut self, it: &syn::ExprRepeat) -> Val {
        let span = it.span();
        let site = self.site(span);
        let value = self.expr(&it.expr);
        let count = self.file.definitions.number(&it.len, 4).and_then(|it| u64::try_from(it).ok());
        let ty = Ty::Array(Box::new(value.ty.clone()), count);
        let var = self.temporary(ty.clone(), site);
        let id = self.builder.address_of(site, self.vars[var].local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    pub fn structure(&mut self, it: &syn::ExprStruct) -> Val {
        let span = it.span();
        let site = self.site(span);
        let ty = self.written(&syn::Type::Path(syn::TypePath {
            attrs: Vec::new(),
            qself: None,
            path: it.path.clone(),
        }));
        let mut values = Vec::new();
        for field in &it.fields {
            let name = match &field.member {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            values.push((name, self.expr(&field.expr)));
        }
        if let Some(rest) = &it.rest {
            self.expr(rest);
        }
        if !self.file.is_aggregate(&ty) {
            let parts = values.iter().map(|(_, value)| value.id).collect();
            for (_, value) in &values {
                self.take(value, site);
            }
            let unknown = self.unknown(site, parts);
            return Val { ty, ..unknown };
        }
        let var = self.temporary(ty.clone(), site);
        let local = self.vars[var].local;
        for (name, value) in values {
            let field_ty = self.file.field_ty(&ty, &name);
            let address = self.builder.address_of(site, local);
            let field = self.builder.field(site, address, name);
            self.put(field, &field_ty, value, site);
        }
        self.set_flag(var, 1, site);
        let id = self.builder.address_of(site, local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }
}
