//! Calls of methods: what they are called on decides what they are.

use cuda_lint_engine::program::Type;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

use super::function::{Body, Place, Val};
use super::library_calls::takes_self_by_value;
use super::places::{is_unwrap, is_view};
use super::ty::Ty;

/// What a type parameter that stands for memory has the methods of.
const VIEW: &str = "cudarc::CudaViewMut";

impl Body<'_> {
    /// `x.f(…)`.
    pub fn method_call(&mut self, it: &ExprMethodCall) -> Val {
        let span = it.method.span();
        let name = it.method.to_string();
        let args: Vec<&Expr> = it.args.iter().collect();
        if is_unwrap(&name, args.len()) {
            let value = self.expr(&it.receiver);
            for arg in &args {
                if !self.is_closure(arg) {
                    self.operand(arg);
                }
            }
            let settles = matches!(name.as_str(), "unwrap" | "expect" | "unwrap_unchecked");
            return Val { fallible: value.fallible && !settles, ..value };
        }
        if let Some(value) = self.collected(it, span) {
            return value;
        }
        if let Some(value) = self.iterator_call(it, &name, &args, span) {
            return value;
        }
        if is_view(&name) && args.is_empty() {
            let place = self.expr_place(&it.receiver);
            if matches!(place.ty, Ty::Ref { .. }) || place.ty.is_unknown() {
                return self.peek_copy(&place, span);
            }
            let ty = place.ty.clone().reference(name.contains("mut") || name == "lock" || name == "write");
            return self.val(place.address, ty);
        }
        if matches!(name.as_str(), "spawn" | "spawn_blocking") && args.len() == 1 && self.is_closure(args[0])
        {
            let receiver = self.expr(&it.receiver);
            return self.scoped_spawn(receiver, args[0], span);
        }
        let place = self.expr_place(&it.receiver);
        // The handle of a thread that has been followed is what its closure gives.
        if name == "join" && args.is_empty() && is_result_of_thread(&place.ty) {
            return self.load(&place, span);
        }
        if let Ty::Launch(index) = place.ty {
            return self.launch_method(index, &name, &args, span);
        }
        if let Some(value) = self.pointer_method(it, &place, &name, &args, span) {
            return value;
        }
        let place = self.through(place, it.receiver.span());
        self.method_at(it, place, &name, &args, span)
    }

    /// Methods of raw pointers.
    fn pointer_method(
        &mut self,
        it: &ExprMethodCall,
        place: &Place,
        name: &str,
        args: &[&Expr],
        span: Span,
    ) -> Option<Val> {
        let Ty::Ref { to, mutable } = &place.ty else { return None };
        let (to, mutable) = ((**to).clone(), *mutable);
        let site = self.site(span);
        Some(match (name, args) {
            ("cast" | "cast_mut" | "cast_const" | "as_ptr", []) => {
                let value = self.peek(place, span);
                let cast = it.turbofish.as_ref().and_then(|it| self.generic_args(it).into_iter().next());
                let to = match (name, cast) {
                    ("cast", Some(to)) if !to.is_unknown() => to,
                    ("cast", _) => Ty::Unknown,
                    _ => to,
                };
                Val { ty: to.reference(mutable || name == "cast_mut"), ..value }
            }
            ("add" | "offset" | "wrapping_add" | "sub", [count]) => {
                let value = self.peek(place, span);
                let count = self.expr(count);
                let count = if name == "sub" {
                    self.builder.unary(site, cuda_lint_engine::program::UnaryOp::Neg, count.id)
                } else {
                    count.id
                };
                let stride = self.file.size(&to);
                let id = self.builder.index(site, value.id, count, stride);
                self.val(id, place.ty.clone())
            }
            ("is_null", []) => {
                let value = self.peek(place, span);
                let zero = self.builder.int(site, 0);
                let equal = cuda_lint_engine::program::BinaryOp::Eq;
                let id = self.builder.binary(site, equal, value.id, zero);
                self.val(id, Ty::Int(1))
            }
            ("read" | "read_unaligned" | "read_volatile", []) => {
                let value = self.peek(place, span);
                let at = Place::at(value.id, to);
                self.load(&at, span)
            }
            ("write" | "write_unaligned" | "write_volatile", [new]) => {
                let value = self.peek(place, span);
                let new = self.expr(new);
                self.put(value.id, &to, new, site);
                self.unit(site)
            }
            _ => return None,
        })
    }

    /// `Trait::f(&mut x, …)`, of a trait of the program.
    pub fn trait_call(&mut self, path: &[String], args: &[&Expr], span: Span) -> Option<Val> {
        let (name, of) = path.split_last()?;
        let (first, rest) = args.split_first()?;
        if of.is_empty() || self.with_scope(|definitions, scope| definitions.trait_of(of, scope)).is_none() {
            return None;
        }
        let place = self.target_of(first);
        let place = self.through(place, span);
        let Ty::Named(key, _) = &place.ty else {
            return Some(self.unknown_call(&path.join("::"), rest, None, span));
        };
        let index = self.file.definitions.method_of(key, name)?;
        let receiver = self.val(place.address, place.ty.clone().reference(true));
        let values = self.own_args(index, Some(receiver), rest);
        Some(self.own_call(index, values, span))
    }

    /// What a type parameter stands for, if one type only implements its trait.
    fn through_bound(&self, place: Place) -> Place {
        let Ty::Param(name) = &place.ty else { return place };
        let mut bounds = self.place.bounds.iter().filter(|(of, _)| of == name);
        let only = bounds
            .find_map(|(_, path)| self.with_scope(|definitions, scope| definitions.implementor(path, scope)));
        match only {
            Some(ty) => Place { ty, ..place },
            None => place,
        }
    }

    fn method_at(
        &mut self,
        it: &ExprMethodCall,
        place: Place,
        name: &str,
        args: &[&Expr],
        span: Span,
    ) -> Val {
        let site = self.site(span);
        let turbofish = it.turbofish.as_ref().map(|it| self.generic_args(it)).unwrap_or_default();
        if let Some(value) = self.launching(&place, name, args, span) {
            return value;
        }
        if self.with_scope(|it, scope| it.is_bound_to_memory(&place.ty, &self.place.bounds, scope))
            && let Some(index) = self.file.definitions.method(&VIEW.into(), name)
        {
            let receiver = self.val(place.address, Ty::Named(VIEW.into(), vec![Ty::Unknown]));
            return self.library_call(index, Some(receiver), args, turbofish, span);
        }
        let place = self.through_bound(place);
        match &place.ty {
            Ty::Named(key, _) => {
                let definitions = self.file.definitions.clone();
                if let Some(index) = definitions.method_of(key, name) {
                    let def = definitions.at(index);
                    if def.library {
                        let owner = place.var.filter(|_| takes_self_by_value(def));
                        let receiver = if self.file.is_aggregate(&place.ty) {
                            self.val(place.address, place.ty.reference(true))
                        } else {
                            self.normalised(place, span)
                        };
                        if let Some(var) = owner {
                            self.moved(var, site);
                        }
                        return self.library_call(index, Some(receiver), args, turbofish, span);
                    }
                    let receiver = if takes_self_by_value(def) {
                        self.load(&place, span)
                    } else {
                        let ty = place.ty.clone().reference(true);
                        self.val(place.address, ty)
                    };
                    let values = self.own_args(index, Some(receiver), args);
                    return self.own_call(index, values, span);
                }
                if name == "clone" && args.is_empty() {
                    return self.peek_copy(&place, span);
                }
                let key = key.clone();
                let ty = place.ty.clone().reference(true);
                let receiver = if self.file.is_aggregate(&place.ty) {
                    self.val(place.address, ty)
                } else {
                    self.peek(&place, span)
                };
                self.unknown_call(&format!("{key}::{name}"), args, Some(receiver), span)
            }
            Ty::Vec(_) | Ty::Slice(_) | Ty::Array(..) | Ty::Str => {
                self.slice_method(&place, name, args, span)
            }
            Ty::Iter(element) => {
                let element = (**element).clone();
                let id = self.builder.load(site, place.address, Type::POINTER);
                let value = self.val(id, place.ty.clone());
                self.iterator_method(&value, &element, name, args, span)
            }
            Ty::Closure(index) => {
                let index = *index;
                self.call_closure(index, Vec::new(), span)
            }
            Ty::Int(_) | Ty::Float(_) | Ty::Status | Ty::Unit | Ty::Never => {
                let value = self.load(&place, span);
                let mut operands = vec![value.id];
                for arg in args {
                    let arg = self.expr(arg);
                    self.run_perhaps(&arg, span);
                    operands.push(arg.id);
                }
                if name == "clone" {
                    return value;
                }
                let ty = if name.starts_with("is_") { Ty::Int(1) } else { value.ty };
                Val { ty, ..self.unknown(site, operands) }
            }
            _ => {
                let found = self.file.definitions.distinctive(name);
                if let Some(index) = found.filter(|_| is_of_cudarc(name)) {
                    let receiver = self.normalised(place, span);
                    return self.library_call(index, Some(receiver), args, turbofish, span);
                }
                if name == "clone" && args.is_empty() {
                    return self.peek_copy(&place, span);
                }
                let receiver = if place.ty.is_unknown() {
                    self.peek(&place, span)
                } else {
                    let ty = place.ty.clone().reference(true);
                    self.val(place.address, ty)
                };
                self.unknown_call(name, args, Some(receiver), span)
            }
        }
    }
}

/// True for what can be the result of a thread, and has no method `join` of its own.
fn is_result_of_thread(ty: &Ty) -> bool {
    !matches!(
        ty,
        Ty::Unknown | Ty::Param(_) | Ty::Vec(_) | Ty::Slice(_) | Ty::Array(..) | Ty::Str | Ty::Iter(_)
    )
}

/// Methods that only cudarc's streams and devices have.
fn is_of_cudarc(name: &str) -> bool {
    ["memcpy_", "clone_htod", "clone_dtoh", "clone_dtod", "htod_", "dtoh_", "alloc_zeros"]
        .iter()
        .any(|it| name.starts_with(it))
}
