//! Other threads: what they run is followed where they are started, as far as they cannot wait for the one that starts
//! them, and is a function of its own else.

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

    /// `scope.spawn(…)`, or `spawn` of something else, of which nothing is known but that it runs the closure.
    pub fn scoped_spawn(&mut self, scope: Val, arg: &Expr, span: Span) -> Val {
        let value = self.expr(arg);
        let is_scope = matches!(scope.ty.peeled(), Ty::Named(key, _) if &**key == SCOPE);
        if is_scope
            && let Ty::Closure(index) = value.ty
            && let Some(value) = self.in_other_thread(index, vec![scope], span)
        {
            return value;
        }
        self.spawn(value, span)
    }

    /// `rayon::join(…, …)`: the second may run in another thread, or in this one when the first is done.
    pub fn both(&mut self, here: &Expr, there: &Expr, span: Span) -> Val {
        let (here, there) = (self.expr(here), self.expr(there));
        let (Ty::Closure(first), Ty::Closure(second)) = (&here.ty, &there.ty) else {
            return self.unknown_call_with("rayon::join", vec![here, there], false, span);
        };
        let first = self.call_closure(*first, Vec::new(), span);
        let second = match self.in_other_thread(*second, Vec::new(), span) {
            Some(value) => value,
            None => self.call_closure(*second, Vec::new(), span),
        };
        let site = self.site(span);
        self.tuple_of(vec![first, second], site)
    }

    /// A thread runs a closure: that it does so at once, and the one that starts it waits, is one of the ways in which
    /// it may happen, if nothing that it has tells it of the other's progress. The result is that of the closure, and
    /// so is what `join` gives.
    pub fn in_other_thread(&mut self, index: usize, args: Vec<Val>, span: Span) -> Option<Val> {
        let closure = self.closures[index].clone();
        let captured = self.captured(&closure.body);
        let tells = captured.iter().any(|(_, var)| !self.tells_nothing(&self.vars[*var].ty));
        if tells || self.may_wait_for_others(&closure.body) {
            return None;
        }
        let site = self.site(span);
        let outer = std::mem::replace(&mut self.thread, i64::from(site.0) + 1);
        self.enters_thread(self.thread, site);
        self.push_scope();
        for (name, var) in &captured {
            let ty = self.vars[*var].ty.clone();
            if self.file.definitions.handle_of(&ty) != Some(HandleKind::Stream) {
                continue;
            }
            let ir = self.file.ir(&ty);
            let address = self.builder.address_of(site, self.vars[*var].local);
            let stream = self.builder.load(site, address, ir);
            let there = self.row_value("cudarc::CudaStream::in_thread", vec![stream], ir, site, false);
            let shadow = self.declare(name, ty.clone(), span);
            let there = self.val(there, ty);
            self.initialise(shadow, there, site);
        }
        let value = self.call_closure(index, args, span);
        // What the closure owns goes with it.
        let end = self.site(syn::spanned::Spanned::span(&closure.body));
        for (_, var) in captured.iter().filter(|_| closure.moves) {
            if self.vars[*var].drops && !self.vars[*var].sole {
                self.vars[*var].moved = true;
                self.end_value(*var, end);
                self.moved(*var, end);
            }
        }
        let value = self.pop_scope_keeping(Some(value), site);
        self.thread = outer;
        self.enters_thread(outer, site);
        Some(match value {
            Some(value) => Val { fallible: false, ..value },
            None => self.unit(site),
        })
    }

    fn enters_thread(&mut self, number: i64, site: SiteId) {
        let number = self.builder.int(site, number);
        self.row_call("thread::enters", vec![number], site, false);
    }

    /// True if code that another thread runs may wait for something that is no work of the device, or not come to an
    /// end.
    fn may_wait_for_others(&self, body: &Expr) -> bool {
        const WAITS: [&str; 17] = [
            "lock",
            "read",
            "write",
            "recv",
            "recv_timeout",
            "park",
            "park_timeout",
            "loop",
            "get_or_init",
            "call_once",
            "fetch_add",
            "compare_exchange",
            // What ends the thread, or the program, does not end the one that starts it, or does so later.
            "exit",
            "abort",
            "panic",
            "todo",
            "unimplemented",
        ];
        let mut mentioned = Mentioned::default();
        syn::visit::Visit::visit_expr(&mut mentioned, body);
        let is_static = |name: &String| self.file.definitions.is_static(name);
        mentioned.0.iter().any(|name| WAITS.contains(&name.as_str()) || is_static(name))
    }

    /// True for types whose values no other thread can wait by.
    fn tells_nothing(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Int(_) | Ty::Float(_) | Ty::Unit | Ty::Str => true,
            Ty::Vec(it) | Ty::Slice(it) | Ty::Array(it, _) | Ty::Boxed(it) => self.tells_nothing(it),
            Ty::Ref { to, .. } => self.tells_nothing(to),
            Ty::Tuple(parts) => parts.iter().all(|it| self.tells_nothing(it)),
            Ty::Named(key, _) => self.file.definitions.is_handle(ty) || &**key == SCOPE,
            _ => false,
        }
    }

    /// Another thread runs a closure: its body is a function of its own, and what it captures is out of sight.
    pub fn spawn(&mut self, value: Val, span: Span) -> Val {
        let site = self.site(span);
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
    fn visit_expr_loop(&mut self, it: &'ast syn::ExprLoop) {
        self.0.insert("loop".to_owned());
        syn::visit::visit_expr_loop(self, it);
    }
    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        super::macros::idents(it.tokens.clone(), &mut |name| {
            self.0.insert(name);
        });
    }
}
