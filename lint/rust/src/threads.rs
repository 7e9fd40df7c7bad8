//! Other threads: what runs there is a function of its own, but for threads of a scope, which end with it.

use cuda_lint_engine::program::{FunctionBuilder, Op, SiteId, Storage, ValueId};
use proc_macro2::Span;
use syn::Expr;

use super::function::{Body, Val};
use super::items::HandleKind;
use super::ty::Ty;

/// The type of what `std::thread::scope` hands its closure.
pub(crate) const SCOPE: &str = "std::thread::Scope";

impl Body<'_> {
    /// The variables that an expression names.
    fn captured(&self, expr: &Expr) -> Vec<(String, usize)> {
        let mut mentioned = Mentioned::default();
        syn::visit::Visit::visit_expr(&mut mentioned, expr);
        let mut captured = Vec::new();
        for (name, var) in self.names_in_view() {
            if mentioned.0.contains(&name) && self.lookup(&name) == Some(var) {
                captured.push((name, var));
            }
        }
        captured
    }

    /// `scope.spawn(…)`: that the thread runs at once, and the one that starts it waits, is one of the ways in which
    /// it may happen, if nothing that it has tells it of the other's progress.
    pub fn scoped_spawn(&mut self, scope: &Val, arg: &Expr, span: Span) -> Option<Val> {
        if !matches!(scope.ty.peeled(), Ty::Named(key, _) if &**key == SCOPE) {
            return None;
        }
        let value = self.expr(arg);
        let Ty::Closure(index) = value.ty else { return None };
        let closure = self.closures[index].clone();
        let captured = self.captured(&closure.body);
        if !captured.iter().all(|(_, var)| self.tells_nothing(&self.vars[*var].ty)) {
            return None;
        }
        let site = self.site(span);
        self.push_scope();
        for (name, var) in captured {
            let ty = self.vars[var].ty.clone();
            if self.file.definitions.handle_of(&ty) != Some(HandleKind::Stream) {
                continue;
            }
            let ir = self.file.ir(&ty);
            let address = self.builder.address_of(site, self.vars[var].local);
            let stream = self.builder.load(site, address, ir);
            let there = self.row_value("cudarc::CudaStream::in_thread", vec![stream], ir, site, false);
            let shadow = self.declare(&name, ty.clone(), span);
            let there = self.val(there, ty);
            self.initialise(shadow, there, site);
        }
        self.call_closure(index, Vec::new(), span);
        self.pop_scope(site);
        Some(self.unknown(site, Vec::new()))
    }

    /// True for types whose values no other thread can wait by.
    fn tells_nothing(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Int(_) | Ty::Float(_) => true,
            Ty::Vec(it) | Ty::Slice(it) | Ty::Array(it, _) => self.tells_nothing(it),
            Ty::Ref { to, .. } => self.tells_nothing(to),
            Ty::Named(key, _) => self.file.definitions.is_handle(ty) || &**key == SCOPE,
            _ => false,
        }
    }

    /// Another thread runs a closure: its body is a function of its own, and what it captures is out of sight.
    pub fn spawn(&mut self, arg: &Expr, span: Span) -> Val {
        let site = self.site(span);
        let value = self.expr(arg);
        let Ty::Closure(index) = value.ty else {
            return self.unknown_call_with("thread::spawn", vec![value], false, span);
        };
        let closure = self.closures[index].clone();
        let captured = self.captured(&closure.body);
        let addresses: Vec<ValueId> =
            captured.iter().map(|(_, var)| self.builder.address_of(site, self.vars[*var].local)).collect();
        let callee = self.row_extern("thread::spawn", addresses.len(), true);
        self.builder.push(site, Op::Spawn { callee, args: addresses });
        for (_, var) in &captured {
            if self.vars[*var].drops {
                self.moved(*var, site);
            }
        }
        let captured: Vec<(String, Ty)> =
            captured.into_iter().map(|(name, var)| (name, self.vars[var].ty.clone())).collect();
        let mut builder = FunctionBuilder::new("{closure}", "", site);
        builder.function_mut().is_root = true;
        let (place, macros) = (self.place.clone(), self.macros.clone());
        let mut body = Body::detached(self.file, builder, super::function::Where { floor: 0, ..place }, site);
        body.macros.clone_from(&macros);
        body.push_scope();
        for (name, ty) in captured {
            if !matches!(ty, Ty::Closure(_) | Ty::Launch(_)) {
                body.capture(&name, ty, site);
            }
        }
        let result = body.expr(&closure.body);
        if !body.builder.is_terminated() {
            body.leave(Some(result).filter(|it| !it.ty.is_unknown()), span);
        }
        let finished = body.finish();
        self.file.detached.push(finished);
        self.unknown(site, Vec::new())
    }

    fn capture(&mut self, name: &str, ty: Ty, site: SiteId) {
        let ir = self.file.ir(&ty);
        let storage = if self.file.is_aggregate(&ty) { Storage::ParamObject } else { Storage::Param };
        let local = self.builder.local(name, ir, site, storage);
        let var = self.add_var(local, ty, true, site);
        self.vars[var].drops = false;
        self.name(name, var);
    }
}

/// The names that an expression mentions.
#[derive(Default)]
struct Mentioned(rustc_hash::FxHashSet<String>);

impl<'ast> syn::visit::Visit<'ast> for Mentioned {
    fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
        self.0.insert(ident.to_string());
    }
    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        super::macros::idents(it.tokens.clone(), &mut |name| {
            self.0.insert(name);
        });
    }
}
