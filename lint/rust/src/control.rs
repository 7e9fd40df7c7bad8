//! Control flow: branches, loops, and what leaves them.

use cuda_lint_engine::program::{BinaryOp, BlockId, SiteId, Terminator, Type};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{BinOp, Expr};

use super::function::{Body, Loop, Slot, Val};
use super::ty::Ty;

impl Body<'_> {
    /// Branches on a condition. Bindings of `if let` go to the innermost scope.
    pub fn condition(&mut self, expr: &Expr, then: BlockId, otherwise: BlockId) {
        match expr {
            Expr::Paren(it) => self.condition(&it.expr, then, otherwise),
            Expr::Binary(it) if matches!(it.op, BinOp::And(_)) => {
                let middle = self.builder.block();
                self.condition(&it.left, middle, otherwise);
                self.builder.switch_to(middle);
                self.condition(&it.right, then, otherwise);
            }
            Expr::Binary(it) if matches!(it.op, BinOp::Or(_)) => {
                let middle = self.builder.block();
                self.condition(&it.left, then, middle);
                self.builder.switch_to(middle);
                self.condition(&it.right, then, otherwise);
            }
            Expr::Unary(it) if matches!(it.op, syn::UnOp::Not(_)) => {
                self.condition(&it.expr, otherwise, then)
            }
            Expr::Let(it) => {
                let (place, scrutinee) = self.scrutinee(&it.expr);
                let matched = self.builder.block();
                let failed = self.builder.block();
                self.test(&it.pat, &place, failed);
                self.builder.goto(matched);
                self.builder.switch_to(failed);
                self.builder.goto(otherwise);
                self.builder.switch_to(matched);
                self.bind(&it.pat, &place, scrutinee);
                self.builder.goto(then);
            }
            _ => {
                let value = self.expr(expr);
                self.branch(value.id, then, otherwise);
            }
        }
    }

    /// What a pattern is matched against: where it is, and whether bindings take it over.
    pub fn scrutinee(&mut self, expr: &Expr) -> (super::function::Place, bool) {
        let is_place = matches!(expr, Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::Unary(_));
        let is_reference = matches!(expr, Expr::Reference(_));
        let place = match expr {
            Expr::Reference(it) => self.expr_place(&it.expr),
            _ => self.expr_place(expr),
        };
        let moves = !(is_reference || is_place && matches!(place.ty, Ty::Ref { .. }));
        // Through references, parts are bound by reference.
        if matches!(place.ty, Ty::Ref { .. }) && self.file.is_aggregate(place.ty.peeled()) {
            let place = self.through(place, expr.span());
            return (place, false);
        }
        (place, moves)
    }

    /// The truth of a branch as a number.
    pub fn truth_of(&mut self, then: BlockId, otherwise: BlockId, after: BlockId, site: SiteId) -> Val {
        let var = self.temporary(Ty::Int(1), site);
        let local = self.vars[var].local;
        for (block, value) in [(then, 1), (otherwise, 0)] {
            self.builder.switch_to(block);
            let address = self.builder.address_of(site, local);
            let value = self.builder.int(site, value);
            self.builder.store(site, address, value, Type::int(1));
            self.builder.goto(after);
        }
        self.builder.switch_to(after);
        let address = self.builder.address_of(site, local);
        let id = self.builder.load(site, address, Type::int(1));
        self.val(id, Ty::Int(1))
    }

    pub fn if_(&mut self, it: &syn::ExprIf) -> Val {
        let site = self.site(it.if_token.span);
        let outer = self.scopes.len().saturating_sub(1);
        let (then, otherwise, after) = (self.builder.block(), self.builder.block(), self.builder.block());
        self.push_scope();
        self.condition(&it.cond, then, otherwise);
        let mut slot = Slot::default();
        self.builder.switch_to(then);
        let value = self.block(&it.then_branch);
        let never = self.builder.is_terminated();
        self.fill(&mut slot, value, outer, site);
        let end = self.site(it.then_branch.brace_token.span.close());
        self.pop_scope(end);
        self.builder.goto(after);
        self.builder.switch_to(otherwise);
        let mut both = never;
        if let Some((_, otherwise)) = &it.else_branch {
            let value = self.expr(otherwise);
            both &= self.builder.is_terminated() || value.ty == Ty::Never;
            self.fill(&mut slot, Some(value), outer, site);
        } else {
            both = false;
        }
        self.builder.goto(after);
        self.builder.switch_to(after);
        if both { self.never(site) } else { self.taken(&slot, site) }
    }

    pub fn match_(&mut self, it: &syn::ExprMatch) -> Val {
        let site = self.site(it.match_token.span);
        let outer = self.scopes.len().saturating_sub(1);
        let after = self.builder.block();
        self.push_scope();
        let fallible = self.may_fail(&it.expr);
        let (place, moves) = self.scrutinee(&it.expr);
        let fallible = fallible || place.ty == Ty::Status;
        let mut slot = Slot::default();
        for arm in &it.arms {
            // The `Err` of a CUDA call has done nothing, that of a function of the program has ended its path.
            if is_error_pattern(&arm.pat) && !fallible {
                continue;
            }
            let (body, next) = (self.builder.block(), self.builder.block());
            self.test(&arm.pat, &place, next);
            self.builder.goto(body);
            self.builder.switch_to(body);
            self.push_scope();
            self.bind(&arm.pat, &place, moves);
            if let Some(guard) = guard_of(arm) {
                let passed = self.builder.block();
                self.condition(guard, passed, next);
                self.builder.switch_to(passed);
            }
            let value = self.expr(&arm.body);
            let end = self.site(arm.body.span());
            self.fill(&mut slot, Some(value), outer, end);
            self.pop_scope(end);
            self.builder.goto(after);
            self.builder.switch_to(next);
        }
        // No arm matches: that cannot be.
        self.builder.terminate(Terminator::Exit);
        self.builder.switch_to(after);
        self.pop_scope(site);
        self.taken(&slot, site)
    }

    /// True if an expression may be an `Err` for reasons that are not seen: it calls something of another crate.
    fn may_fail(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(it) => self.may_fail(&it.expr),
            Expr::Call(it) => match Self::path_of(&it.func) {
                Some(path) => {
                    let last = path.last().cloned().unwrap_or_default();
                    let known =
                        self.with_scope(|definitions, scope| definitions.function(&path, scope).is_some());
                    !known && !cuda_lint_engine::cuda::Model::builtin().knows(&last)
                }
                None => false,
            },
            Expr::MethodCall(it) => {
                let name = it.method.to_string();
                let definitions = &self.file.definitions;
                !definitions.knows_method(&name)
            }
            Expr::Await(it) => self.may_fail(&it.base),
            _ => false,
        }
    }

    pub fn labelled_block(&mut self, it: &syn::ExprBlock) -> Val {
        let Some(label) = &it.label else { return self.block_value(&it.block) };
        let site = self.site(label.span());
        let end = self.builder.block();
        self.loops.push(Loop {
            label: Some(label.name.ident.to_string()),
            head: None,
            end,
            depth: self.scopes.len(),
            slot: Slot::default(),
        });
        let outer = self.scopes.len().saturating_sub(1);
        let value = self.block(&it.block);
        let mut slot = self.loops.pop().map(|it| it.slot).unwrap_or_default();
        self.fill(&mut slot, value, outer, site);
        self.builder.goto(end);
        self.builder.switch_to(end);
        self.taken(&slot, site)
    }

    pub fn loop_(&mut self, it: &syn::ExprLoop) -> Val {
        let site = self.site(it.loop_token.span);
        let (head, end) = (self.builder.block(), self.builder.block());
        self.builder.goto(head);
        self.builder.switch_to(head);
        self.enter_loop(it.label.as_ref(), head, end);
        self.block(&it.body);
        self.builder.goto(head);
        let slot = self.loops.pop().map(|it| it.slot).unwrap_or_default();
        self.builder.switch_to(end);
        self.taken(&slot, site)
    }

    pub fn while_(&mut self, it: &syn::ExprWhile) -> Val {
        let site = self.site(it.while_token.span);
        let (head, body, end) = (self.builder.block(), self.builder.block(), self.builder.block());
        self.builder.goto(head);
        self.builder.switch_to(head);
        let out = self.builder.block();
        self.enter_loop(it.label.as_ref(), head, end);
        self.push_scope();
        self.condition(&it.cond, body, out);
        self.builder.switch_to(body);
        self.block(&it.body);
        let close = self.site(it.body.brace_token.span.close());
        self.pop_scope(close);
        self.builder.goto(head);
        self.builder.switch_to(out);
        self.builder.goto(end);
        self.loops.pop();
        self.builder.switch_to(end);
        self.unit(site)
    }

    pub fn enter_loop(&mut self, label: Option<&syn::Label>, head: BlockId, end: BlockId) {
        self.loops.push(Loop {
            label: label.map(|it| it.name.ident.to_string()),
            head: Some(head),
            end,
            depth: self.scopes.len(),
            slot: Slot::default(),
        });
    }

    fn target(&self, label: Option<&syn::Lifetime>, continues: bool) -> Option<usize> {
        let floor = self.inlines.last().map_or(0, |it| it.loops);
        let name = label.map(|it| it.ident.to_string());
        (floor..self.loops.len()).rev().find(|index| {
            let it = &self.loops[*index];
            match &name {
                Some(name) => it.label.as_ref() == Some(name),
                None => it.head.is_some() || (continues && it.head.is_some()),
            }
        })
    }

    pub fn break_(&mut self, it: &syn::ExprBreak) -> Val {
        let site = self.site(it.break_token.span);
        let value = it.expr.as_ref().map(|it| self.expr(it));
        match self.target(it.label.as_ref(), false) {
            Some(index) => {
                let (depth, end) = (self.loops[index].depth, self.loops[index].end);
                let mut slot = std::mem::take(&mut self.loops[index].slot);
                self.fill(&mut slot, value, depth.saturating_sub(1), site);
                self.loops[index].slot = slot;
                self.end_scopes(depth, site, None);
                self.builder.goto(end);
            }
            None => self.builder.terminate(Terminator::Exit),
        }
        self.never(site)
    }

    pub fn continue_(&mut self, it: &syn::ExprContinue) -> Val {
        let site = self.site(it.continue_token.span);
        match self.target(it.label.as_ref(), true).and_then(|index| {
            let it = &self.loops[index];
            it.head.map(|head| (it.depth, head))
        }) {
            Some((depth, head)) => {
                self.end_scopes(depth, site, None);
                self.builder.goto(head);
            }
            None => self.builder.terminate(Terminator::Exit),
        }
        self.never(site)
    }

    // Closures and stubs, lowered in place.

    /// Calls a closure.
    pub fn call_closure(&mut self, index: usize, args: Vec<Val>, span: Span) -> Val {
        let site = self.site(span);
        let closure = self.closures[index].clone();
        if self.inlines.len() > 6 {
            return self.opaque(span, "closures are not followed this deep");
        }
        let outer = self.scopes.len().saturating_sub(1);
        self.push_scope();
        let mut args = args.into_iter();
        for param in &closure.params {
            let (pat, annotated) = match param {
                syn::Pat::Type(typed) => (&*typed.pat, self.written(&typed.ty)),
                pat => (pat, Ty::Unknown),
            };
            let value = match args.next() {
                Some(mut value) => {
                    if value.ty.is_unknown() {
                        value.ty = annotated;
                    }
                    value
                }
                None => {
                    let value = self.unknown(site, Vec::new());
                    Val { ty: annotated, ..value }
                }
            };
            self.bind_value(pat, value);
        }
        let slot = self.in_place(outer, site, |body| Some(body.expr(&closure.body)));
        let close = self.site(closure.body.span());
        self.pop_scope(close);
        self.taken(&slot, site)
    }

    /// A body that stands in place of its call, in a scope of its own: `return` leads behind it. What it gives back.
    fn in_place(&mut self, outer: usize, site: SiteId, body: impl FnOnce(&mut Self) -> Option<Val>) -> Slot {
        let end = self.builder.block();
        self.inlines.push(super::function::Inline {
            end,
            depth: self.scopes.len(),
            slot: Slot::default(),
            loops: self.loops.len(),
        });
        let value = body(self);
        let mut slot = self.inlines.pop().map(|it| it.slot).unwrap_or_default();
        self.fill(&mut slot, value, outer, site);
        self.builder.goto(end);
        self.builder.switch_to(end);
        slot
    }

    /// Lowers the body of a stub in place of its call. Its parameters own nothing.
    pub fn inline_function(
        &mut self,
        index: usize,
        args: Vec<Val>,
        bound: Vec<(std::rc::Rc<str>, Ty)>,
        site: SiteId,
    ) -> Val {
        let definitions = self.file.definitions.clone();
        let def = definitions.at(index);
        let Some(body) = def.body.clone() else { return self.unit(site) };
        if self.inlines.len() > 8 {
            return self.unknown(site, Vec::new());
        }
        let outer = self.scopes.len().saturating_sub(1);
        let place = super::function::Where {
            module: def.module.clone(),
            self_ty: def.self_ty.clone(),
            generics: def.generics.clone().into(),
            bounds: def.bounds.clone(),
            bound,
            floor: self.name_count(),
            site: Some(site),
        };
        let saved = std::mem::replace(&mut self.place, place);
        self.push_scope();
        for (input, value) in def.signature.inputs.iter().zip(args) {
            let name = match input {
                syn::FnArg::Receiver(_) => "self".to_owned(),
                syn::FnArg::Typed(it) => match &*it.pat {
                    syn::Pat::Ident(it) => it.ident.to_string(),
                    _ => continue,
                },
            };
            let var = self.temporary(value.ty.clone(), site);
            self.vars[var].drops = false;
            self.vars[var].length = value.length;
            let local = self.vars[var].local;
            self.builder.function_mut().locals[local.0 as usize].storage =
                cuda_lint_engine::program::Storage::Automatic;
            let ty = value.ty.clone();
            let address = self.builder.address_of(site, local);
            let value = Val { temp: None, ..value };
            self.put(address, &ty, value, site);
            self.name(&name, var);
        }
        let slot = self.in_place(outer, site, |inner| inner.block(&body));
        self.pop_scope(site);
        self.place = saved;
        self.taken(&slot, site)
    }

    /// True if `Err` leaves a function that its callers follow.
    pub fn is_followed(&self) -> bool {
        self.inlines.is_empty()
    }

    /// The path ends: what returns an error is not followed in the callers. What happens to what is in scope is.
    pub fn abandon(&mut self, site: SiteId) {
        self.end_scopes(0, site, None);
        self.builder.terminate(Terminator::Throw);
    }

    /// True for `Err(…)`, `bail!(…)`.
    pub fn is_error(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call(it) => {
                Self::path_of(&it.func).is_some_and(|path| path.last().is_some_and(|it| it == "Err"))
            }
            Expr::Paren(it) => self.is_error(&it.expr),
            Expr::MethodCall(it) if it.method == "into" => self.is_error(&it.receiver),
            _ => false,
        }
    }

    /// A counted loop around `body`: from 0 while the counter is below `count`.
    pub fn counted(
        &mut self,
        label: Option<&syn::Label>,
        count: Option<cuda_lint_engine::program::ValueId>,
        start: Option<cuda_lint_engine::program::ValueId>,
        inclusive: bool,
        site: SiteId,
        body: impl FnOnce(&mut Self, cuda_lint_engine::program::ValueId),
    ) {
        let counter = self.temporary(Ty::Int(8), site);
        let local = self.vars[counter].local;
        self.builder.function_mut().locals[local.0 as usize].storage =
            cuda_lint_engine::program::Storage::Automatic;
        let first = match start {
            Some(start) => start,
            None => self.builder.int(site, 0),
        };
        let address = self.builder.address_of(site, local);
        self.builder.store(site, address, first, Type::int(8));
        let (head, inside, next, end) =
            (self.builder.block(), self.builder.block(), self.builder.block(), self.builder.block());
        self.builder.goto(head);
        self.builder.switch_to(head);
        let address = self.builder.address_of(site, local);
        let now = self.builder.load(site, address, Type::int(8));
        let condition = match count {
            Some(count) => {
                let operator = if inclusive { BinaryOp::Le } else { BinaryOp::Lt };
                self.builder.binary(site, operator, now, count)
            }
            None => self.builder.unknown(site, Vec::new()),
        };
        self.branch(condition, inside, end);
        self.builder.switch_to(inside);
        self.enter_loop(label, next, end);
        self.push_scope();
        let address = self.builder.address_of(site, local);
        let now = self.builder.load(site, address, Type::int(8));
        body(self, now);
        self.pop_scope(site);
        self.builder.goto(next);
        self.builder.switch_to(next);
        let address = self.builder.address_of(site, local);
        let now = self.builder.load(site, address, Type::int(8));
        let one = self.builder.int(site, 1);
        let more = self.builder.binary(site, BinaryOp::Add, now, one);
        let address = self.builder.address_of(site, local);
        self.builder.store(site, address, more, Type::int(8));
        self.builder.goto(head);
        self.loops.pop();
        self.builder.switch_to(end);
    }
}

fn is_error_pattern(pat: &syn::Pat) -> bool {
    match pat {
        syn::Pat::Guard(it) => is_error_pattern(&it.pat),
        syn::Pat::TupleStruct(it) => it.path.segments.last().is_some_and(|it| it.ident == "Err"),
        _ => false,
    }
}

fn guard_of(arm: &syn::Arm) -> Option<&Expr> {
    match &arm.pat {
        syn::Pat::Guard(it) => Some(&it.guard),
        _ => None,
    }
}
