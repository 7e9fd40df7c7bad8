//! Calls of functions and methods: what is called, and how.

use cuda_lint_engine::cuda::{Model, looks_like_api};
use cuda_lint_engine::program::{Callee, Op, SiteId, Storage, ValueId};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};

use super::function::{Body, Length, Place, Val};
use super::names;
use super::ty::Ty;

impl Body<'_> {
    /// `f(…)`.
    pub fn call(&mut self, it: &ExprCall) -> Val {
        let span = it.func.span();
        let args: Vec<&Expr> = it.args.iter().collect();
        let Expr::Path(func) = peeled(&it.func) else {
            let callee = self.expr(&it.func);
            if let Ty::Closure(index) = callee.ty {
                let args = args.iter().map(|it| self.expr(it)).collect();
                return self.call_closure(index, args, span);
            }
            return self.unknown_call("", &args, None, span);
        };
        let path = names::segments(&func.path);
        let last = path.last().cloned().unwrap_or_default();
        if let [name] = path.as_slice()
            && let Some(var) = self.lookup(name)
        {
            if let Ty::Closure(index) = self.vars[var].ty {
                let args = args.iter().map(|it| self.expr(it)).collect();
                return self.call_closure(index, args, span);
            }
            return self.unknown_call("", &args, None, span);
        }
        let found = self.with_scope(|definitions, scope| definitions.function(&path, scope));
        if let Some(index) = found {
            let definitions = self.file.definitions.clone();
            if definitions.at(index).library {
                let turbofish = self.turbofish(&func.path);
                return self.library_call(index, None, &args, turbofish, span);
            }
            let values = self.own_args(index, None, &args);
            return self.own_call(index, values, span);
        }
        if let Some(value) = self.trait_call(&path, &args, span) {
            return value;
        }
        if let Some(value) = self.standard_call(&path, &last, func, &args, span) {
            return value;
        }
        // A tuple struct.
        let fields = self.with_scope(|definitions, scope| {
            definitions.type_of(&path, scope).filter(|def| def.fields.is_some()).map(|def| def.key.clone())
        });
        if let Some(key) = fields {
            return self.tuple_struct(&Ty::Named(key, Vec::new()), &args, span);
        }
        let is_plain = path.len() == 1
            || path.iter().any(|it| it == "sys" || it == "ffi" || it == "driver" || it == "runtime");
        if looks_like_api(&last) && (Model::builtin().knows(&last) || is_plain) {
            return self.raw_call(&last, &args, span);
        }
        let whole = self.with_scope(|_, scope| scope.imports.resolve(&path, scope.module));
        self.unknown_call(&whole.join("::"), &args, None, span)
    }

    fn turbofish(&self, path: &syn::Path) -> Vec<Ty> {
        let arguments = path.segments.last().map(|it| &it.arguments);
        match arguments {
            Some(syn::PathArguments::AngleBracketed(it)) => self.generic_args(it),
            _ => Vec::new(),
        }
    }

    pub fn generic_args(&self, it: &syn::AngleBracketedGenericArguments) -> Vec<Ty> {
        it.args
            .iter()
            .filter_map(|arg| match arg {
                syn::GenericArgument::Type(ty) => Some(self.written(ty)),
                _ => None,
            })
            .collect()
    }

    /// Functions of the standard library that the lowering must understand.
    fn standard_call(
        &mut self,
        path: &[String],
        last: &str,
        func: &syn::ExprPath,
        args: &[&Expr],
        span: Span,
    ) -> Option<Val> {
        let site = self.site(span);
        let owner =
            path.len().checked_sub(2).and_then(|at| path.get(at)).map(String::as_str).unwrap_or_default();
        Some(match (owner, last, args) {
            ("", "Some" | "Ok", [arg]) => Val { fallible: false, ..self.expr(arg) },
            (_, "Some" | "Ok", [arg]) if matches!(owner, "Option" | "Result") => self.expr(arg),
            ("" | "Result", "Err", [arg]) => {
                self.expr(arg);
                if self.is_followed() {
                    self.abandon(site);
                }
                self.never(site)
            }
            ("" | "mem", "drop", [arg]) => {
                if self.drop_sole(arg, span) {
                    return Some(self.unit(site));
                }
                self.push_scope();
                let value = self.expr(arg);
                if value.temp.is_none() && self.needs_drop(&value.ty) {
                    if self.file.is_aggregate(&value.ty) {
                        self.move_to_temp(value, site);
                    } else {
                        self.materialise(value, span);
                    }
                }
                self.pop_scope(site);
                self.unit(site)
            }
            ("" | "mem", "forget", [arg]) => {
                let value = self.expr(arg);
                self.take(&value, site);
                self.unit(site)
            }
            ("mem", "swap", [a, b]) => {
                self.leaves_container(a, site);
                self.leaves_container(b, site);
                let (a, b) = (self.target_of(a), self.target_of(b));
                self.swap(a, b, span)
            }
            ("mem", "replace", [a, b]) => {
                self.leaves_container(a, site);
                let place = self.target_of(a);
                let old = self.peek_owned(&place, span);
                let new = self.expr(b);
                let ty = place.ty.clone();
                self.put(place.address, &ty, new, site);
                old
            }
            ("mem", "take", [a]) => {
                self.leaves_container(a, site);
                let place = self.target_of(a);
                let old = self.peek_owned(&place, span);
                if matches!(place.ty, Ty::Vec(_)) {
                    self.row_call("Vec::Vec", vec![place.address], site, true);
                }
                old
            }
            (_, "size_of", []) | (_, "size_of_val", [_]) => {
                let ty = match args {
                    [arg] => self.expr(arg).ty.peeled().clone(),
                    _ => self.turbofish(&func.path).into_iter().next().unwrap_or(Ty::Unknown),
                };
                match self.file.size(&ty).and_then(|it| i64::try_from(it).ok()) {
                    Some(size) => self.number(size, Ty::Int(8), site),
                    None => Val { ty: Ty::Int(8), ..self.unknown(site, Vec::new()) },
                }
            }
            ("ptr", "null" | "null_mut", []) => {
                let to = self.turbofish(&func.path).into_iter().next().unwrap_or(Ty::Unknown);
                self.number(0, to.reference(true), site)
            }
            ("Box", "new" | "pin", [arg]) => {
                let value = self.expr(arg);
                if matches!(value.ty, Ty::Closure(_)) {
                    return Some(value);
                }
                self.boxed(value, site, Ty::Boxed)
            }
            ("Arc" | "Rc", "new", [arg]) => {
                let value = self.expr(arg);
                if self.file.definitions.is_seen_through(&value.ty) || value.ty.is_unknown() {
                    return Some(value);
                }
                self.boxed(value, site, |ty| Ty::shared(*ty))
            }
            ("Box", "into_raw" | "leak", [arg]) => {
                let value = self.expr(arg);
                self.take(&value, site);
                match value.ty {
                    Ty::Boxed(to) => Val { ty: to.reference(true), temp: None, ..value },
                    _ => value,
                }
            }
            ("Box", "from_raw", [arg]) => {
                let value = self.expr(arg);
                match value.ty {
                    Ty::Ref { to, .. } => Val { ty: Ty::Boxed(to), ..value },
                    _ => Val { ty: Ty::Boxed(Box::new(Ty::Unknown)), ..value },
                }
            }
            ("ManuallyDrop", "new", [arg]) => {
                // What is in it is never dropped.
                let value = self.expr(arg);
                self.take(&value, site);
                Val { ty: value.ty.clone().reference(true), ..self.forgotten(value, site) }
            }
            ("Arc" | "Rc" | "Clone", "clone", [arg]) => {
                let place = self.target_of(arg);
                self.peek_copy(&place, span)
            }
            (
                "Mutex" | "RwLock" | "RefCell" | "Cell" | "UnsafeCell" | "OnceCell" | "Pin",
                "new" | "from",
                [arg],
            ) => self.expr(arg),
            ("Vec" | "VecDeque" | "String", "new" | "with_capacity" | "default", _) => {
                for arg in args {
                    self.expr(arg);
                }
                let element = if owner == "String" { Ty::Int(1) } else { self.element_of_path(func) };
                self.new_vec(element, None, site)
            }
            ("Vec" | "String", "from", [arg]) => {
                let value = self.operand(arg);
                let element = value.ty.peeled().element().cloned().unwrap_or(Ty::Unknown);
                self.new_vec(element, None, site)
            }
            ("slice", "from_raw_parts" | "from_raw_parts_mut", [pointer, length]) => {
                let pointer = self.expr(pointer);
                self.expr(length);
                let to = match pointer.ty {
                    Ty::Ref { to, .. } => *to,
                    _ => Ty::Unknown,
                };
                self.val(pointer.id, Ty::Slice(Box::new(to)).reference(last.ends_with("mut")))
            }
            ("thread" | "task" | "tokio" | "rayon" | "", "spawn" | "spawn_blocking", [arg])
                if !owner.is_empty() || self.is_closure(arg) =>
            {
                let value = self.expr(arg);
                if matches!(owner, "thread" | "rayon")
                    && let Ty::Closure(index) = value.ty
                    && let Some(value) = self.in_other_thread(index, Vec::new(), span)
                {
                    return Some(value);
                }
                self.spawn(value, span)
            }
            ("rayon", "join", [here, there]) if self.is_closure(here) && self.is_closure(there) => {
                self.both(here, there, span)
            }
            ("thread" | "rayon", "scope" | "in_place_scope", [arg]) if self.is_closure(arg) => {
                let value = self.expr(arg);
                let Ty::Closure(index) = value.ty else { return Some(value) };
                let scope = Val {
                    ty: Ty::Named(super::threads::SCOPE.into(), Vec::new()),
                    ..self.unknown(site, Vec::new())
                };
                self.call_closure(index, vec![scope], span)
            }
            (_, "catch_unwind", [arg]) => {
                let value = self.expr(arg);
                match value.ty {
                    Ty::Closure(index) => self.call_closure(index, Vec::new(), span),
                    _ => value,
                }
            }
            ("process", "exit" | "abort", _) => {
                for arg in args {
                    self.expr(arg);
                }
                self.builder.terminate(cuda_lint_engine::program::Terminator::Exit);
                self.never(site)
            }
            ("" | "Default", "default", []) => self.unknown(site, Vec::new()),
            ("AssertUnwindSafe" | "", "AssertUnwindSafe", [arg]) => self.expr(arg),
            _ => return None,
        })
    }

    pub fn is_closure(&self, expr: &Expr) -> bool {
        matches!(peeled(expr), Expr::Closure(_) | Expr::Async(_))
    }

    fn element_of_path(&self, func: &syn::ExprPath) -> Ty {
        // `Vec::<f32>::new()`.
        let owner = func.path.segments.len().checked_sub(2).and_then(|at| func.path.segments.get(at));
        match owner.map(|it| &it.arguments) {
            Some(syn::PathArguments::AngleBracketed(it)) => {
                self.generic_args(it).into_iter().next().unwrap_or(Ty::Unknown)
            }
            _ => Ty::Unknown,
        }
    }

    /// What a reference in the source leads to.
    pub fn target_of(&mut self, expr: &Expr) -> Place {
        match peeled(expr) {
            Expr::Reference(it) => self.expr_place(&it.expr),
            other => {
                let place = self.expr_place(other);
                self.through_once(place, other.span())
            }
        }
    }

    fn through_once(&mut self, place: Place, span: Span) -> Place {
        if let Ty::Ref { to, .. } = &place.ty
            && !matches!(**to, Ty::Slice(_) | Ty::Str)
        {
            let to = (**to).clone();
            let site = self.site(span);
            let ir = self.file.ir(&place.ty);
            let address = self.builder.load(site, place.address, ir);
            return Place::at(address, to);
        }
        place
    }

    /// What lies at a place, by value, as if it had been moved out and something else put there.
    fn peek_owned(&mut self, place: &Place, span: Span) -> Val {
        let site = self.site(span);
        if self.file.is_aggregate(&place.ty) {
            let value = self.val(place.address, place.ty.clone());
            return self.move_to_temp(value, site);
        }
        self.peek(place, span)
    }

    /// A copy of a handle, a number or a reference; of other things, a reference.
    pub fn peek_copy(&mut self, place: &Place, span: Span) -> Val {
        let definitions = &self.file.definitions;
        if definitions.is_handle(&place.ty) && !definitions.is_seen_through(&place.ty) {
            // What has no clone of its own is behind an `Arc`.
            return self.val(place.address, place.ty.clone().shared());
        }
        let value = self.peek(place, span);
        match &value.ty {
            // A second owner would drop it twice.
            ty if self.needs_drop(ty) => Val { ty: Ty::Unknown, ..value },
            _ => value,
        }
    }

    fn swap(&mut self, a: Place, b: Place, span: Span) -> Val {
        let site = self.site(span);
        let ty = if a.ty.is_unknown() { b.ty.clone() } else { a.ty.clone() };
        if matches!(ty, Ty::Vec(_)) {
            self.row_call("Vec::swap_with", vec![a.address, b.address], site, true);
        } else if self.file.is_aggregate(&ty) {
            let ir = self.file.ir(&ty);
            let local = self.builder.local("", ir, site, Storage::Automatic);
            self.builder.push(site, Op::Live { local });
            for (to, from) in
                [(None, Some(a.address)), (Some(a.address), Some(b.address)), (Some(b.address), None)]
            {
                let temp = self.builder.address_of(site, local);
                let (to, from) = (to.unwrap_or(temp), from.unwrap_or(temp));
                self.builder.push(site, Op::CopyObject { to, from, ty: ir });
            }
        } else {
            let ir = self.file.ir(&ty);
            let x = self.builder.load(site, a.address, ir);
            let y = self.builder.load(site, b.address, ir);
            self.builder.store(site, a.address, y, ir);
            self.builder.store(site, b.address, x, ir);
        }
        self.unit(site)
    }

    fn boxed(&mut self, value: Val, site: SiteId, wrap: impl FnOnce(Box<Ty>) -> Ty) -> Val {
        let ty = value.ty.clone();
        let stride = self.file.size(&ty);
        let pointer = self.builder.value();
        self.builder.push(site, Op::New { result: pointer, count: None, stride });
        self.put(pointer, &ty, value, site);
        self.val(pointer, wrap(Box::new(ty)))
    }

    fn forgotten(&mut self, value: Val, site: SiteId) -> Val {
        if self.file.is_aggregate(&value.ty) {
            return value;
        }
        let ir = self.file.ir(&value.ty);
        let local = self.builder.local("", ir, site, Storage::Automatic);
        self.builder.push(site, Op::Live { local });
        let address = self.builder.address_of(site, local);
        self.builder.store(site, address, value.id, ir);
        self.val(address, value.ty)
    }

    /// A container with elements of its own.
    pub fn new_vec(&mut self, element: Ty, count: Option<ValueId>, site: SiteId) -> Val {
        let ty = Ty::Vec(Box::new(element));
        let var = self.temporary(ty.clone(), site);
        let address = self.builder.address_of(site, self.vars[var].local);
        let args = std::iter::once(address).chain(count).collect();
        self.row_call("Vec::Vec", args, site, true);
        self.set_flag(var, 1, site);
        let id = self.builder.address_of(site, self.vars[var].local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    fn tuple_struct(&mut self, ty: &Ty, args: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        let values: Vec<Val> = args.iter().map(|it| self.expr(it)).collect();
        let var = self.temporary(ty.clone(), site);
        let local = self.vars[var].local;
        for (index, value) in values.into_iter().enumerate() {
            let field_ty = self.file.field_ty(ty, &index.to_string());
            let address = self.builder.address_of(site, local);
            let field = self.builder.field(site, address, index.to_string());
            self.put(field, &field_ty, value, site);
        }
        self.set_flag(var, 1, site);
        let id = self.builder.address_of(site, local);
        Val { id, ty: ty.clone(), temp: Some(var), fallible: false, length: Length::Unknown }
    }

    /// Arguments for a function of the file, with the coercions that its parameters ask for.
    pub fn own_args(&mut self, index: usize, receiver: Option<Val>, args: &[&Expr]) -> Vec<Val> {
        let definitions = self.file.definitions.clone();
        let def = definitions.at(index);
        let (params, _) = self.file.signature(def);
        let skip = usize::from(receiver.is_some());
        let mut values: Vec<Val> = receiver.into_iter().collect();
        for (at, arg) in args.iter().enumerate() {
            let wanted = params.get(at + skip).cloned().unwrap_or(Ty::Unknown);
            if let Ty::Ref { to, mutable } = &wanted
                && definitions.is_any_memory(to, def)
            {
                let value = self.library_argument(arg, false);
                let ty = match value.ty {
                    ty @ Ty::Ref { .. } => ty,
                    ty => ty.reference(*mutable),
                };
                // Where the elements of what has no known type are is not known.
                let id = match &ty {
                    Ty::Ref { to, .. } if matches!(**to, Ty::Unknown) => {
                        let site = self.site(arg.span());
                        self.builder.unknown(site, vec![value.id])
                    }
                    _ => value.id,
                };
                values.push(Val { ty, id, ..value });
                continue;
            }
            let value = self.expr(arg);
            let site = self.site(arg.span());
            let value = match (&wanted, &value.ty) {
                (Ty::Ref { to, .. }, Ty::Ref { to: given, .. })
                    if matches!(**to, Ty::Slice(_)) && !matches!(**given, Ty::Slice(_)) =>
                {
                    let place = Place::at(value.id, (**given).clone());
                    match self.elements(&place, site) {
                        Some((id, element)) => self.val(id, Ty::Slice(Box::new(element)).shared()),
                        None => value,
                    }
                }
                _ => value,
            };
            values.push(value);
        }
        values
    }

    /// A function of the file.
    pub fn own_call(&mut self, index: usize, args: Vec<Val>, span: Span) -> Val {
        let site = self.site(span);
        let definitions = self.file.definitions.clone();
        let def = definitions.at(index);
        for arg in &args {
            self.take(arg, site);
        }
        let (params, result) = self.file.signature(def);
        let mut bound = Vec::new();
        for (param, arg) in params.iter().zip(&args) {
            param.bind(&arg.ty, &mut bound);
        }
        let result = result.with(&bound);
        // Closures are handed to what runs them.
        for value in &args {
            self.run_perhaps(value, span);
        }
        let callee = match self.file.ids.get(&index).copied() {
            Some(id) => Callee::Function(id),
            None => self.linked(def, &args, site),
        };
        let args = args.into_iter().map(|it| it.id).collect();
        self.emit_call(callee, args, result, site)
    }

    /// Something that is not followed gets a value: a closure may be run by it, or not.
    pub fn run_perhaps(&mut self, value: &Val, span: Span) {
        let Ty::Closure(index) = value.ty else { return };
        let site = self.site(span);
        self.counted(None, None, None, false, site, |this, _| {
            let made = this.call_closure(index, Vec::new(), span);
            this.hand_over(made, span);
        });
    }

    /// Somebody who is not seen gets what a closure makes.
    pub fn hand_over(&mut self, made: Val, span: Span) {
        let says_nothing =
            matches!(made.ty, Ty::Unit | Ty::Never | Ty::Int(_) | Ty::Float(_) | Ty::Closure(_));
        if !says_nothing && !self.builder.is_terminated() {
            self.unknown_call_with("", vec![made], false, span);
        }
    }
}

/// An expression without parentheses.
pub fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(it) => peeled(&it.expr),
        Expr::Group(it) => peeled(&it.expr),
        other => other,
    }
}
