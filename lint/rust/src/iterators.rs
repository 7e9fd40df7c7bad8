//! Iterators: `for` loops, and chains of adapters over ranges and over memory.

use cuda_lint_engine::program::{SiteId, Type, ValueId};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprForLoop, ExprMethodCall};

use super::calls::peeled;
use super::function::{Body, Length, Place, Val};
use super::ty::Ty;

/// What a library adds to slices, by its stub.
const SLICE_EXT: &str = "cust::SliceExt";

/// What is iterated over.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Numbers.
    Range { start: Option<ValueId>, end: Option<ValueId>, inclusive: bool },
    /// Elements in memory.
    Elements { first: ValueId, element: Ty, count: Option<ValueId>, by_ref: bool },
    /// Items with their number.
    Enumerate(Box<Source>),
    /// Items of two sources.
    Zip(Box<Source>, Box<Source>),
    /// The same items, not all of them, or in another order.
    Some(Box<Source>),
    /// Anything else.
    Unknown,
}

impl Body<'_> {
    /// `for pat in source { … }`.
    pub fn for_(&mut self, it: &ExprForLoop) -> Val {
        let site = self.site(it.for_token.span);
        self.push_scope();
        let source = self.source(&it.expr);
        self.iterate(Some(it), &source, site, |this, item, _| {
            this.bind_value(&it.pat, item);
            this.block(&it.body);
        });
        let close = self.site(it.body.brace_token.span.close());
        self.pop_scope(close);
        self.unit(site)
    }

    pub(super) fn iterate(
        &mut self,
        it: Option<&ExprForLoop>,
        source: &Source,
        site: SiteId,
        body: impl FnOnce(&mut Self, Val, ValueId),
    ) {
        let (start, count, inclusive) = bounds(source);
        let label = it.and_then(|it| it.label.as_ref());
        self.counted(label, count, start, inclusive, site, |this, counter| {
            let item = this.item(source, counter, site);
            body(this, item, counter);
        });
    }

    /// The item at a turn of the loop.
    fn item(&mut self, source: &Source, counter: ValueId, site: SiteId) -> Val {
        match source {
            Source::Range { .. } => self.val(counter, Ty::Int(8)),
            Source::Elements { first, element, by_ref, .. } => {
                let stride = self.file.size(element);
                let address = self.builder.index(site, *first, counter, stride);
                if *by_ref || self.file.is_aggregate(element) {
                    return self.val(address, element.clone().reference(true));
                }
                let ir = self.file.ir(element);
                let id = self.builder.load(site, address, ir);
                self.val(id, element.clone())
            }
            Source::Enumerate(inner) => {
                let item = self.item(inner, counter, site);
                let number = self.val(counter, Ty::Int(8));
                self.pair(number, item, site)
            }
            Source::Zip(a, b) => {
                let (a, b) = (self.item(a, counter, site), self.item(b, counter, site));
                self.pair(a, b, site)
            }
            // Which one it is, is not known.
            Source::Some(inner) => {
                let other = self.builder.unknown(site, vec![counter]);
                self.item(inner, other, site)
            }
            Source::Unknown => self.unknown(site, vec![counter]),
        }
    }

    fn pair(&mut self, a: Val, b: Val, site: SiteId) -> Val {
        let ty = Ty::Tuple(vec![a.ty.clone(), b.ty.clone()]);
        let var = self.temporary(ty.clone(), site);
        let local = self.vars[var].local;
        for (index, value) in [a, b].into_iter().enumerate() {
            let address = self.builder.address_of(site, local);
            let field = self.builder.field(site, address, index.to_string());
            let ty = value.ty.clone();
            self.put(field, &ty, value, site);
        }
        let id = self.builder.address_of(site, local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    /// What an expression iterates over.
    pub(super) fn source(&mut self, expr: &Expr) -> Source {
        let span = expr.span();
        match peeled(expr) {
            Expr::Range(it) => {
                let start = it.start.as_ref().map(|it| self.expr(it).id);
                let end = it.end.as_ref().map(|it| self.expr(it).id);
                Source::Range { start, end, inclusive: matches!(it.limits, syn::RangeLimits::Closed(_)) }
            }
            Expr::MethodCall(it) => self.adapter(it),
            Expr::Reference(it) => {
                let place = self.expr_place(&it.expr);
                self.elements_of(place, true, span)
            }
            Expr::Path(_) | Expr::Field(_) | Expr::Array(_) | Expr::Macro(_) => {
                let place = self.expr_place(expr);
                let by_ref = matches!(place.ty, Ty::Ref { .. });
                self.elements_of(place, by_ref, span)
            }
            _ => {
                let value = self.expr(expr);
                self.elements_of_value(value, span)
            }
        }
    }

    fn elements_of_value(&mut self, value: Val, span: Span) -> Source {
        match value.ty {
            Ty::Iter(element) => {
                Source::Elements { first: value.id, element: *element, count: None, by_ref: true }
            }
            Ty::Vec(_) | Ty::Array(..) | Ty::Ref { .. } => {
                let by_ref = matches!(value.ty, Ty::Ref { .. });
                let place = self.materialise(value, span);
                self.elements_of(place, by_ref, span)
            }
            _ => Source::Unknown,
        }
    }

    fn elements_of(&mut self, place: Place, by_ref: bool, span: Span) -> Source {
        let place = self.through(place, span);
        let site = self.site(span);
        if !by_ref {
            self.may_leave(&place, span);
        }
        let count = match &place.ty {
            Ty::Array(_, Some(count)) => {
                Some(self.builder.int(site, i64::try_from(*count).unwrap_or(i64::MAX)))
            }
            Ty::Vec(_) | Ty::Slice(_) => {
                Some(self.row_value("Vec::len", vec![place.address], Type::int(8), site, true))
            }
            Ty::Iter(element) => {
                let element = (**element).clone();
                let first = self.builder.load(site, place.address, Type::POINTER);
                return Source::Elements { first, element, count: None, by_ref: true };
            }
            _ => None,
        };
        match self.elements(&place, site) {
            Some((first, element)) => Source::Elements { first, element, count, by_ref },
            None => Source::Unknown,
        }
    }

    fn adapter(&mut self, it: &ExprMethodCall) -> Source {
        let name = it.method.to_string();
        let span = it.span();
        match (name.as_str(), it.args.first()) {
            ("iter" | "iter_mut", None) => {
                let place = self.expr_place(&it.receiver);
                if name == "iter_mut" {
                    let inner = self.through(place.clone(), span);
                    self.may_leave(&inner, span);
                }
                self.elements_of(place, true, span)
            }
            (
                "into_iter" | "drain" | "by_ref" | "iter" | "copied" | "cloned" | "par_iter"
                | "into_par_iter",
                _,
            ) => {
                let inner = self.source(&it.receiver);
                match inner {
                    Source::Elements { first, element, count, .. }
                        if matches!(name.as_str(), "copied" | "cloned") =>
                    {
                        Source::Elements { first, element, count, by_ref: false }
                    }
                    inner => inner,
                }
            }
            ("enumerate", None) => Source::Enumerate(Box::new(self.source(&it.receiver))),
            ("zip", Some(other)) => {
                let first = self.source(&it.receiver);
                Source::Zip(Box::new(first), Box::new(self.source(other)))
            }
            (
                "rev" | "skip" | "take" | "step_by" | "filter" | "skip_while" | "take_while" | "chain"
                | "peekable",
                _,
            ) => {
                let inner = self.source(&it.receiver);
                for arg in &it.args {
                    let value = self.expr(arg);
                    self.run_perhaps(&value, span);
                }
                match (name.as_str(), inner) {
                    ("rev", Source::Range { start, end, inclusive }) => {
                        Source::Some(Box::new(Source::Range { start, end, inclusive }))
                    }
                    (_, inner) => Source::Some(Box::new(inner)),
                }
            }
            ("chunks" | "chunks_mut" | "chunks_exact" | "chunks_exact_mut" | "windows", Some(size)) => {
                self.expr(size);
                let place = self.expr_place(&it.receiver);
                let place = self.through(place, span);
                let site = self.site(span);
                match self.elements(&place, site) {
                    Some((first, element)) => {
                        let slice = Ty::Slice(Box::new(element));
                        Source::Elements { first, element: slice, count: None, by_ref: true }
                    }
                    None => Source::Unknown,
                }
            }
            _ => {
                let expr = Expr::MethodCall(it.clone());
                let value = self.expr(&expr);
                self.elements_of_value(value, span)
            }
        }
    }

    /// A method of an iterator: its closure runs once for each item.
    pub fn iterator_call(
        &mut self,
        it: &ExprMethodCall,
        name: &str,
        args: &[&Expr],
        span: Span,
    ) -> Option<Val> {
        let closure = args.iter().rposition(|arg| matches!(peeled(arg), Expr::Closure(_)))?;
        let adapters = [
            "for_each",
            "map",
            "try_for_each",
            "filter_map",
            "flat_map",
            "inspect",
            "fold",
            "any",
            "all",
            "position",
            "find",
        ];
        if !adapters.contains(&name) || !is_iterator(&it.receiver) {
            return None;
        }
        let site = self.site(span);
        for arg in &args[..closure] {
            self.expr(arg);
        }
        let source = self.source(&it.receiver);
        let value = self.expr(args[closure]);
        let Ty::Closure(index) = value.ty else { return None };
        let takes_two = self.closures[index].params.len() > 1;
        let mut made = Ty::Unknown;
        self.iterate(None, &source, site, |this, item, _| {
            let items = if takes_two { vec![this.unknown(site, Vec::new()), item] } else { vec![item] };
            this.push_scope();
            let value = this.call_closure(index, items, span);
            made = value.ty.clone();
            this.hand_over(value, span);
            this.pop_scope(site);
        });
        let id = self.builder.unknown(site, Vec::new());
        Some(match name {
            "map" | "filter_map" | "flat_map" => self.val(id, Ty::Iter(Box::new(made))),
            _ => self.val(id, Ty::Unknown),
        })
    }

    /// Methods of slices, arrays and vectors.
    pub fn slice_method(&mut self, place: &Place, name: &str, args: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        let element = place.ty.element().cloned().unwrap_or(Ty::Unknown);
        let stride = self.file.size(&element);
        if let Some(index) = self.file.definitions.method(&SLICE_EXT.into(), name) {
            let receiver = self.normalised(place.clone(), span);
            return self.library_call(index, Some(receiver), args, Vec::new(), span);
        }
        self.elements_may_leave(place, &element, name, site);
        let elements = |this: &mut Self| this.elements(place, site).map_or(place.address, |(id, _)| id);
        match name {
            "len" | "capacity" => match &place.ty {
                Ty::Array(_, Some(count)) => {
                    self.number(i64::try_from(*count).unwrap_or(i64::MAX), Ty::Int(8), site)
                }
                _ => {
                    let id = self.row_value("Vec::len", vec![place.address], Type::int(8), site, true);
                    self.val(id, Ty::Int(8))
                }
            },
            "is_empty" => Val { ty: Ty::Int(1), ..self.unknown(site, Vec::new()) },
            "as_ptr" | "as_mut_ptr" => {
                let id = elements(self);
                self.val(id, element.reference(name == "as_mut_ptr"))
            }
            "as_slice" | "as_mut_slice" | "as_bytes" | "as_str" | "deref" | "as_slice_mut" => {
                let id = elements(self);
                let whole = matches!(place.ty, Ty::Vec(_) | Ty::Array(..));
                let length = if whole { Length::Whole } else { place.length };
                let value = self.val(id, Ty::Slice(Box::new(element)).reference(name.contains("mut")));
                Val { length, ..value }
            }
            "iter" | "iter_mut" | "into_iter" | "drain" | "chunks" | "chunks_mut" | "chunks_exact"
            | "windows" => {
                self.evaluate(args);
                let id = elements(self);
                self.val(id, Ty::Iter(Box::new(element)))
            }
            "first" | "first_mut" | "get" | "get_mut" | "get_unchecked" | "get_unchecked_mut" | "last"
            | "last_mut" => {
                let base = elements(self);
                let at = match args.first().map(|it| peeled(it)) {
                    Some(Expr::Range(range)) => {
                        let (address, length) = self.range(base, range, stride, site);
                        let value = self.val(address, Ty::Slice(Box::new(element)).reference(true));
                        return Val { length, ..value };
                    }
                    Some(index) => self.expr(index).id,
                    None if name.starts_with("first") => self.builder.int(site, 0),
                    None => self.builder.unknown(site, Vec::new()),
                };
                let address = self.builder.index(site, base, at, stride);
                self.val(address, element.reference(true))
            }
            "split_at" | "split_at_mut" => {
                let base = elements(self);
                let mid = args.first().map(|it| self.expr(it).id).unwrap_or(base);
                let second = self.builder.index(site, base, mid, stride);
                let part = Ty::Slice(Box::new(element)).reference(true);
                let (a, b) = (self.val(base, part.clone()), self.val(second, part));
                self.pair(a, b, site)
            }
            "fill" | "copy_from_slice" | "clone_from_slice" | "sort" | "sort_by" | "sort_unstable"
            | "reverse" | "swap" | "fill_with" | "rotate_left" | "rotate_right" | "copy_within" => {
                for arg in args {
                    let value = self.operand(arg);
                    self.run_perhaps(&value, span);
                }
                let id = elements(self);
                self.row_call("Vec::write", vec![id], site, true);
                self.unit(site)
            }
            "to_vec" | "to_owned" | "clone" | "into_boxed_slice" => {
                if matches!(place.ty, Ty::Array(..)) && name == "clone" {
                    return self.load(place, span);
                }
                let id = elements(self);
                self.row_call("Vec::read", vec![id], site, true);
                self.new_vec(element, None, site)
            }
            "push" | "insert" | "extend" | "extend_from_slice" | "append" | "resize" | "reserve"
            | "truncate" | "clear" | "push_back" | "push_front" | "push_str" | "resize_with"
            | "shrink_to_fit" | "reserve_exact" | "set_len" => {
                for arg in args {
                    let value = self.expr(arg);
                    if name.starts_with("extend") {
                        self.read_all(&value, span);
                    }
                    self.run_perhaps(&value, span);
                    self.take(&value, site);
                    if matches!(name, "push" | "push_back" | "push_front" | "insert") {
                        self.gives_memory(place.address, &value, site);
                    }
                    if matches!(name, "push" | "push_back")
                        && let Ty::Vec(known) = &place.ty
                        && known.is_unknown()
                        && let Some(var) = place.var.filter(|_| !place.partial)
                    {
                        self.vars[var].ty = Ty::Vec(Box::new(value.ty.clone()));
                    }
                }
                if matches!(place.ty, Ty::Vec(_)) && name != "set_len" {
                    let row = format!("Vec::{name}");
                    self.row_call(&row, vec![place.address], site, true);
                }
                self.unit(site)
            }
            "pop" | "remove" | "swap_remove" | "pop_front" | "pop_back" => {
                self.evaluate(args);
                let id = self.builder.unknown(site, vec![place.address]);
                if self.file.is_aggregate(&element) {
                    return self.val(id, Ty::Unknown);
                }
                self.val(id, element)
            }
            _ => {
                for arg in args {
                    let value = self.operand(arg);
                    self.run_perhaps(&value, span);
                }
                let id = elements(self);
                self.row_call("Vec::read", vec![id], site, true);
                self.unknown(site, Vec::new())
            }
        }
    }

    fn evaluate(&mut self, args: &[&Expr]) {
        for arg in args {
            self.expr(arg);
        }
    }

    /// Methods of iterators that are values: adapters keep them, everything else reads what is iterated over.
    pub fn iterator_method(
        &mut self,
        value: &Val,
        element: &Ty,
        name: &str,
        args: &[&Expr],
        span: Span,
    ) -> Val {
        let site = self.site(span);
        let adapters = [
            "map",
            "filter",
            "enumerate",
            "zip",
            "rev",
            "take",
            "skip",
            "copied",
            "cloned",
            "step_by",
            "chain",
            "by_ref",
            "iter",
            "into_iter",
            "peekable",
            "inspect",
            "filter_map",
            "flat_map",
            "flatten",
            "skip_while",
            "take_while",
        ];
        for arg in args {
            let value = self.operand(arg);
            self.run_perhaps(&value, span);
        }
        if adapters.contains(&name) {
            return self.val(value.id, Ty::Iter(Box::new(element.clone())));
        }
        self.row_call("Vec::read", vec![value.id], site, true);
        match name {
            "collect" => self.new_vec(element.clone(), None, site),
            "next" | "last" | "nth" => {
                let id = self.builder.unknown(site, vec![value.id]);
                if self.file.is_aggregate(element) {
                    return self.val(id, Ty::Unknown);
                }
                self.val(id, Ty::Unknown)
            }
            _ => self.unknown(site, Vec::new()),
        }
    }
}

/// The first number of a source that counts, how far it goes, and whether that is one of them.
pub(super) fn bounds(source: &Source) -> (Option<ValueId>, Option<ValueId>, bool) {
    match source {
        Source::Range { start, end, inclusive } => (*start, *end, *inclusive),
        Source::Elements { count, .. } => (None, *count, false),
        Source::Enumerate(inner) => bounds(inner),
        Source::Zip(a, b) => {
            let (start, count, inclusive) = bounds(a);
            match count {
                Some(_) => (start, count, inclusive),
                None => bounds(b),
            }
        }
        Source::Some(_) | Source::Unknown => (None, None, false),
    }
}

/// True for expressions that are iterators by the way they are written.
pub(super) fn is_iterator(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::Range(_) => true,
        Expr::MethodCall(it) => {
            let name = it.method.to_string();
            let makes = [
                "iter",
                "iter_mut",
                "into_iter",
                "chunks",
                "chunks_mut",
                "chunks_exact",
                "chunks_exact_mut",
                "windows",
                "drain",
                "par_iter",
                "into_par_iter",
                "enumerate",
                "zip",
                "rev",
                "skip",
                "take",
                "step_by",
                "copied",
                "cloned",
            ];
            makes.contains(&name.as_str())
        }
        _ => false,
    }
}
