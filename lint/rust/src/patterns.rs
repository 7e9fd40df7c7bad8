//! Patterns: tests and bindings.

use cuda_lint_engine::program::{BinaryOp, BlockId, ValueId};
use proc_macro2::Span;
use syn::Pat;
use syn::spanned::Spanned;

use super::function::{Body, Place, Val};
use super::names;
use super::ty::Ty;

impl Body<'_> {
    /// Binds a value.
    pub fn bind_value(&mut self, pat: &Pat, value: Val) {
        match pat {
            Pat::Ident(it) if it.subpat.is_none() && it.by_ref.is_none() => {
                let ty = value.ty.clone();
                let site = self.site(it.ident.span());
                if self.is_constant(it) {
                    return;
                }
                let var = self.declare(&it.ident.to_string(), ty.clone(), it.ident.span());
                match ty {
                    Ty::Closure(_) | Ty::Launch(_) => {}
                    _ => self.initialise(var, value, site),
                }
            }
            Pat::Type(it) => self.bind_value(&it.pat, value),
            Pat::Paren(it) => self.bind_value(&it.pat, value),
            Pat::Wild(_) => {
                if value.temp.is_none() {
                    self.materialise(value, pat.span());
                }
            }
            _ => {
                let (place, moves) = match &value.ty {
                    // Through a reference, parts are bound by reference.
                    Ty::Ref { to, .. } if !matches!(pat, Pat::Reference(_)) => {
                        let to = (**to).clone();
                        (Place::at(value.id, to), false)
                    }
                    _ => (self.materialise(value, pat.span()), true),
                };
                self.bind(pat, &place, moves);
            }
        }
    }

    fn is_constant(&self, it: &syn::PatIdent) -> bool {
        let name = it.ident.to_string();
        name == "None" || self.file.definitions.is_constant(&name) && name.chars().all(|c| !c.is_lowercase())
    }

    /// Binds the names of a pattern that matches what lies at a place. `moves`: by value where they can.
    pub fn bind(&mut self, pat: &Pat, place: &Place, moves: bool) {
        let span = pat.span();
        match pat {
            Pat::Ident(it) => {
                if self.is_constant(it) {
                    return;
                }
                let by_ref = it.by_ref.is_some() || !moves;
                let value = if by_ref && !is_scalar(&place.ty) {
                    let ty = place.ty.clone().reference(it.mutability.is_some());
                    self.val(place.address, ty)
                } else {
                    self.load(place, span)
                };
                let ty = value.ty.clone();
                let site = self.site(span);
                let var = self.declare(&it.ident.to_string(), ty.clone(), it.ident.span());
                if !matches!(ty, Ty::Closure(_) | Ty::Launch(_)) {
                    self.initialise(var, value, site);
                }
                if let Some((_, inner)) = &it.subpat {
                    self.bind(inner, place, moves);
                }
            }
            Pat::Type(it) => self.bind(&it.pat, place, moves),
            Pat::Paren(it) => self.bind(&it.pat, place, moves),
            Pat::Guard(it) => self.bind(&it.pat, place, moves),
            Pat::Reference(it) => {
                let inner = match &place.ty {
                    Ty::Ref { .. } => self.through_one(place.clone(), span),
                    _ => place.clone(),
                };
                self.bind(&it.pat, &inner, moves);
            }
            Pat::Tuple(it) => {
                let (place, moves) = self.seen_through(place, moves, span);
                let mut bound = Vec::new();
                for (index, part) in it.elems.iter().enumerate() {
                    if matches!(part, Pat::Rest(_)) {
                        break;
                    }
                    self.bind_part(part, &place, &index.to_string(), moves);
                    if !matches!(part, Pat::Wild(_)) {
                        bound.push(index.to_string());
                    }
                }
                let whole = place.var.filter(|_| moves && !place.partial);
                if whole.is_some_and(|var| self.vars[var].moved && self.is_temporary(var)) {
                    self.drop_the_rest(&place, &bound, span);
                }
            }
            Pat::Struct(it) => {
                let (place, moves) = self.seen_through(place, moves, span);
                for field in &it.fields {
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(index) => index.index.to_string(),
                    };
                    self.bind_part(&field.pat, &place, &name, moves);
                }
            }
            Pat::TupleStruct(it) => {
                let path = names::segments(&it.path);
                let last = path.last().map(String::as_str).unwrap_or_default();
                match (last, it.elems.first()) {
                    ("Some" | "Ok", Some(inner)) => self.bind(inner, place, moves),
                    ("Err", Some(inner)) => self.bind_unknown(inner, span),
                    _ => {
                        let is_struct = self.file.is_aggregate(&place.ty);
                        for (index, part) in it.elems.iter().enumerate() {
                            if matches!(part, Pat::Rest(_)) {
                                break;
                            }
                            if is_struct {
                                self.bind_part(part, place, &index.to_string(), moves);
                            } else {
                                self.bind_unknown(part, span);
                            }
                        }
                    }
                }
            }
            Pat::Slice(it) => {
                for part in &it.elems {
                    self.bind_unknown(part, span);
                }
            }
            Pat::Or(it) => {
                if let Some(first) = it.cases.first() {
                    self.bind(first, place, moves);
                }
            }
            _ => {}
        }
    }

    /// A pattern has taken a temporary apart, and moved some of it out: what it leaves is dropped.
    fn drop_the_rest(&mut self, whole: &Place, bound: &[String], span: Span) {
        let parts: Vec<String> = match &whole.ty {
            Ty::Tuple(parts) => (0..parts.len()).map(|index| index.to_string()).collect(),
            _ => return,
        };
        let site = self.site(span);
        for part in parts.into_iter().filter(|part| !bound.contains(part)) {
            let place = self.field_place(whole.clone(), &part, span);
            self.drop_whole(place.address, &place.ty, site);
        }
    }

    fn bind_part(&mut self, pat: &Pat, whole: &Place, field: &str, moves: bool) {
        if matches!(pat, Pat::Wild(_) | Pat::Rest(_)) {
            return;
        }
        let place = self.field_place(whole.clone(), field, pat.span());
        self.bind(pat, &place, moves);
    }

    fn bind_unknown(&mut self, pat: &Pat, span: Span) {
        let site = self.site(span);
        let value = self.unknown(site, Vec::new());
        let place = self.materialise(value, span);
        self.bind(pat, &place, true);
    }

    fn through_one(&mut self, place: Place, span: Span) -> Place {
        let site = self.site(span);
        match &place.ty {
            Ty::Ref { to, .. } => {
                let to = (**to).clone();
                let ir = self.file.ir(&place.ty);
                let address = self.builder.load(site, place.address, ir);
                Place::at(address, to)
            }
            _ => place,
        }
    }

    fn seen_through(&mut self, place: &Place, moves: bool, span: Span) -> (Place, bool) {
        match &place.ty {
            Ty::Ref { .. } => (self.through(place.clone(), span), false),
            _ => (place.clone(), moves),
        }
    }

    /// Goes on if what lies at a place matches the pattern, and to `fail` if it does not.
    pub fn test(&mut self, pat: &Pat, place: &Place, fail: BlockId) {
        let span = pat.span();
        match pat {
            Pat::Wild(_) | Pat::Rest(_) => {}
            Pat::Ident(it) => {
                if it.ident == "None" {
                    self.test_none(place, fail, span);
                } else if self.is_constant(it) {
                    self.test_unknown(fail, span);
                }
            }
            Pat::Type(it) => self.test(&it.pat, place, fail),
            Pat::Paren(it) => self.test(&it.pat, place, fail),
            Pat::Guard(it) => self.test(&it.pat, place, fail),
            Pat::Reference(it) => {
                let inner = self.through_one(place.clone(), span);
                self.test(&it.pat, &inner, fail);
            }
            Pat::Tuple(it) => {
                let (place, _) = self.seen_through(place, false, span);
                for (index, part) in it.elems.iter().enumerate() {
                    if matches!(part, Pat::Rest(_)) {
                        break;
                    }
                    if !is_irrefutable(part) {
                        let part_place = self.field_place(place.clone(), &index.to_string(), span);
                        self.test(part, &part_place, fail);
                    }
                }
            }
            Pat::TupleStruct(it) => {
                let path = names::segments(&it.path);
                match (path.last().map(String::as_str).unwrap_or_default(), it.elems.first()) {
                    ("Some", Some(inner)) => {
                        self.test_some(place, fail, span);
                        self.test(inner, place, fail);
                    }
                    ("Ok" | "Err", Some(_)) if place.ty == Ty::Status => {
                        let status = self.peek(place, span);
                        let site = self.site(span);
                        let zero = self.builder.int(site, 0);
                        let is_ok = path.last().is_some_and(|it| it == "Ok");
                        let operator = if is_ok { BinaryOp::Eq } else { BinaryOp::Ne };
                        let matches = self.builder.binary(site, operator, status.id, zero);
                        self.go_on_if(matches, fail);
                    }
                    ("Ok", Some(inner)) => {
                        self.test_unknown(fail, span);
                        self.test(inner, place, fail);
                    }
                    // An `Err` of what is followed has ended its path, or has done nothing.
                    ("Err", Some(_)) if !place.ty.is_unknown() => {
                        self.builder.goto(fail);
                        let unreached = self.builder.block();
                        self.builder.switch_to(unreached);
                    }
                    _ if self.file.is_aggregate(&place.ty) => {}
                    _ => self.test_unknown(fail, span),
                }
            }
            Pat::Path(it) if it.path.is_ident("None") => self.test_none(place, fail, span),
            Pat::Struct(_) if self.file.is_aggregate(place.ty.peeled()) => {}
            // Of what is a condition already, the branches are as they are.
            Pat::Lit(syn::ExprLit { lit: syn::Lit::Bool(wanted), .. }) if matches!(place.ty, Ty::Int(1)) => {
                let value = self.load(place, span);
                let matched = self.builder.block();
                let (then, otherwise) = if wanted.value { (matched, fail) } else { (fail, matched) };
                self.branch(value.id, then, otherwise);
                self.builder.switch_to(matched);
            }
            Pat::Lit(it) => {
                let literal = self.expr(&syn::Expr::Lit(it.clone()));
                match (&literal.ty, &place.ty) {
                    (Ty::Int(_), Ty::Int(_)) => {
                        let value = self.load(place, span);
                        let site = self.site(span);
                        let equal = self.builder.binary(site, BinaryOp::Eq, value.id, literal.id);
                        self.go_on_if(equal, fail);
                    }
                    _ => self.test_unknown(fail, span),
                }
            }
            Pat::Or(it) => {
                let matched = self.builder.block();
                for case in &it.cases {
                    let next = self.builder.block();
                    self.test(case, place, next);
                    self.builder.goto(matched);
                    self.builder.switch_to(next);
                }
                self.builder.goto(fail);
                self.builder.switch_to(matched);
            }
            _ => self.test_unknown(fail, span),
        }
    }

    fn go_on_if(&mut self, condition: ValueId, fail: BlockId) {
        let next = self.builder.block();
        self.branch(condition, next, fail);
        self.builder.switch_to(next);
    }

    fn test_unknown(&mut self, fail: BlockId, span: Span) {
        let site = self.site(span);
        let condition = self.builder.unknown(site, Vec::new());
        self.go_on_if(condition, fail);
    }

    /// Of handles and references, `None` is zero; of the rest, nothing tells.
    fn test_some(&mut self, place: &Place, fail: BlockId, span: Span) {
        if !self.is_address(&place.ty) {
            return self.test_unknown(fail, span);
        }
        let site = self.site(span);
        let ir = self.file.ir(&place.ty);
        let value = self.builder.load(site, place.address, ir);
        self.go_on_if(value, fail);
    }

    fn test_none(&mut self, place: &Place, fail: BlockId, span: Span) {
        if !self.is_address(&place.ty) {
            return self.test_unknown(fail, span);
        }
        let site = self.site(span);
        let ir = self.file.ir(&place.ty);
        let value = self.builder.load(site, place.address, ir);
        let zero = self.builder.int(site, 0);
        let absent = self.builder.binary(site, BinaryOp::Eq, value, zero);
        self.go_on_if(absent, fail);
    }

    fn is_address(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::Ref { .. } | Ty::Boxed(_)) || self.file.definitions.is_handle(ty)
    }
}

fn is_irrefutable(pat: &Pat) -> bool {
    matches!(pat, Pat::Wild(_) | Pat::Ident(_) | Pat::Rest(_))
}

const fn is_scalar(ty: &Ty) -> bool {
    matches!(ty, Ty::Int(_) | Ty::Float(_) | Ty::Unknown | Ty::Ref { .. })
}

/// True if a pattern moves parts out of what it matches, and leaves the rest behind.
pub fn takes_apart(pat: &Pat) -> bool {
    match pat {
        Pat::Type(it) => takes_apart(&it.pat),
        Pat::Paren(it) => takes_apart(&it.pat),
        Pat::Tuple(_) | Pat::TupleStruct(_) | Pat::Struct(_) => !borrows(pat),
        _ => false,
    }
}

/// True if a pattern binds a reference to what it matches, which then lives on.
fn borrows(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(it) => it.by_ref.is_some() || it.subpat.as_ref().is_some_and(|(_, pat)| borrows(pat)),
        Pat::Type(it) => borrows(&it.pat),
        Pat::Paren(it) => borrows(&it.pat),
        Pat::Tuple(it) => it.elems.iter().any(borrows),
        Pat::TupleStruct(it) => it.elems.iter().any(borrows),
        Pat::Struct(it) => it.fields.iter().any(|field| borrows(&field.pat)),
        Pat::Slice(it) => it.elems.iter().any(borrows),
        Pat::Or(it) => it.cases.iter().any(borrows),
        _ => false,
    }
}
