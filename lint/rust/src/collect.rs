//! `….map(|x| …).collect()`: what a closure makes becomes the elements of a vector.

use cuda_lint_engine::program::{BinaryOp, SiteId, Type, ValueId};
use proc_macro2::Span;
use syn::{Expr, ExprMethodCall};

use super::calls::peeled;
use super::function::{Body, Length, Place, Val};
use super::iterators::{Source, bounds, is_iterator};
use super::ty::Ty;

impl Body<'_> {
    /// A vector of what a closure makes of each item. A `Result` around it is seen through.
    pub fn collected(&mut self, it: &ExprMethodCall, span: Span) -> Option<Val> {
        let Expr::MethodCall(inner) = peeled(&it.receiver) else { return None };
        let adapter = inner.method.to_string();
        let closure = inner.args.first().filter(|arg| matches!(peeled(arg), Expr::Closure(_)))?;
        let makes = matches!(adapter.as_str(), "map" | "filter_map") && is_iterator(&inner.receiver);
        if it.method != "collect" || !makes || !self.makes_vec(it) {
            return None;
        }
        let site = self.site(span);
        let source = self.source(&inner.receiver);
        let Ty::Closure(index) = self.expr(closure).ty else { return None };
        let start = bounds(&source).0;
        // Who leaves items out makes fewer.
        let count = if adapter == "map" { self.count(&source, site) } else { None };
        let vec = self.new_vec(Ty::Unknown, count, site);
        let var = vec.temp?;
        let mut element = Ty::Unknown;
        self.iterate(None, &source, site, |this, item, counter| {
            this.push_scope();
            let value = this.call_closure(index, vec![item], span);
            if !matches!(value.ty, Ty::Unit | Ty::Never) {
                element = value.ty.clone();
                let at = match start {
                    Some(start) => this.builder.binary(site, BinaryOp::Sub, counter, start),
                    None => counter,
                };
                this.add_element(var, at, value, site);
            }
            this.pop_scope(site);
        });
        let ty = Ty::Vec(Box::new(element));
        let local = self.vars[var].local;
        self.builder.function_mut().locals[local.0 as usize].ty = self.file.ir(&ty);
        self.vars[var].ty = ty.clone();
        let id = self.builder.address_of(site, local);
        Some(Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown })
    }

    /// True unless what is collected is said to be something else: a map, a string.
    fn makes_vec(&self, it: &ExprMethodCall) -> bool {
        let asked = it.turbofish.as_ref().and_then(|it| self.generic_args(it).into_iter().next());
        matches!(asked, None | Some(Ty::Vec(_) | Ty::Unknown))
    }

    /// How many items a source has.
    fn count(&mut self, source: &Source, site: SiteId) -> Option<ValueId> {
        match bounds(source) {
            (_, _, true) => None,
            (Some(start), Some(end), _) => Some(self.builder.binary(site, BinaryOp::Sub, end, start)),
            (None, count, _) => count,
            (Some(_), None, _) => None,
        }
    }

    /// A value becomes the element of a vector at an index, unless an error has left none.
    fn add_element(&mut self, vec: usize, at: ValueId, value: Val, site: SiteId) {
        let flag = value.temp.and_then(|var| self.vars[var].flag);
        let after = flag.map(|flag| {
            let address = self.builder.address_of(site, flag);
            let held = self.builder.load(site, address, Type::int(1));
            let (made, after) = (self.builder.block(), self.builder.block());
            self.branch(held, made, after);
            self.builder.switch_to(made);
            after
        });
        let vec = self.builder.address_of(site, self.vars[vec].local);
        let place = Place::at(vec, Ty::Vec(Box::new(value.ty.clone())));
        let stride = self.file.size(&value.ty);
        if let Some((first, element)) = self.elements(&place, site) {
            let address = self.builder.index(site, first, at, stride);
            self.gives_memory(vec, &value, site);
            self.put(address, &element, value, site);
        }
        if let Some(after) = after {
            self.builder.goto(after);
            self.builder.switch_to(after);
        }
    }
}
