//! Blocks, statements and `let`.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Block, Expr, Local, Stmt};

use super::function::{Body, Val};
use super::patterns;
use super::ty::Ty;

impl Body<'_> {
    /// A block; its value is that of its last expression.
    pub fn block(&mut self, block: &Block) -> Option<Val> {
        self.push_scope();
        let value = self.statements(&block.stmts);
        let end = self.site(block.brace_token.span.close());
        self.pop_scope_keeping_or_not(value, end)
    }

    fn pop_scope_keeping_or_not(
        &mut self,
        value: Option<Val>,
        end: cuda_lint_engine::program::SiteId,
    ) -> Option<Val> {
        match value {
            Some(value) => self.pop_scope_keeping(Some(value), end),
            None => {
                self.pop_scope(end);
                None
            }
        }
    }

    pub fn statements(&mut self, statements: &[Stmt]) -> Option<Val> {
        let macros = self.macros.len();
        let value = self.statements_in_view(statements);
        self.macros.truncate(macros);
        value
    }

    /// The same, where the macros that they define stay in view.
    pub fn statements_in_view(&mut self, statements: &[Stmt]) -> Option<Val> {
        for item in statements {
            if let Stmt::Item(item) = item {
                self.local_item(item);
            }
        }
        let mut last = None;
        for (at, statement) in statements.iter().enumerate() {
            last = None;
            match statement {
                Stmt::Local(it) => self.local(it),
                Stmt::Item(_) => {}
                Stmt::Expr(expr, semicolon) => {
                    if semicolon.is_some() {
                        self.statement(expr);
                    } else {
                        last = Some(self.expr(expr));
                    }
                }
                Stmt::Macro(it) => {
                    let is_last = at + 1 == statements.len();
                    let value = self.macro_in(&it.mac, it.semi_token.is_some() || !is_last);
                    if it.semi_token.is_none() {
                        last = Some(value);
                    }
                }
            }
        }
        last
    }

    /// An expression whose value is thrown away.
    pub fn statement(&mut self, expr: &Expr) {
        self.push_scope();
        let value = self.expr(expr);
        self.discard(value, expr.span());
        let site = self.site(expr.span());
        self.pop_scope(site);
    }

    fn discard(&mut self, value: Val, span: Span) {
        if value.temp.is_none() && !self.file.is_aggregate(&value.ty) && self.needs_drop(&value.ty) {
            self.materialise(value, span);
        }
    }

    /// Functions and constants within functions.
    fn local_item(&mut self, item: &syn::Item) {
        self.local_macro(item);
        if let syn::Item::Use(it) = item {
            let module = self.place.module.to_vec();
            std::rc::Rc::make_mut(&mut self.file.imports).tree(&it.tree, Vec::new(), &module);
        }
    }

    fn local(&mut self, it: &Local) {
        let (pat, annotated) = match &it.pat {
            syn::Pat::Type(typed) => (&*typed.pat, Some(self.written(&typed.ty))),
            pat => (pat, None),
        };
        let Some(init) = &it.init else {
            if let syn::Pat::Ident(pat) = pat {
                self.declare(&pat.ident.to_string(), annotated.unwrap_or(Ty::Unknown), pat.ident.span());
            }
            return;
        };
        let site = self.site(init.expr.span());
        // A temporary whose reference is bound lives on.
        let extended = matches!(&*init.expr, Expr::Reference(_));
        if matches!(pat, syn::Pat::Wild(_)) {
            return self.bind_nothing(&init.expr);
        }
        if !extended {
            self.push_scope();
        }
        let mut value = self.expr_for(&init.expr, annotated.as_ref());
        if let Some(annotated) = annotated {
            value.ty = refine(&value.ty, annotated);
        }
        if !extended {
            match self.pop_scope_keeping(Some(value), site) {
                Some(kept) => value = kept,
                None => return,
            }
        }
        match &init.diverge {
            None => {
                let temp = value.temp.filter(|_| !extended && patterns::takes_apart(pat));
                self.bind_value(pat, value);
                self.note_sole_streams(pat, &init.expr);
                if let Some(var) = temp {
                    self.end_early(var, site);
                }
            }
            Some((_, otherwise)) => {
                let place = self.materialise(value, init.expr.span());
                let (then, fail) = (self.builder.block(), self.builder.block());
                self.test(pat, &place, fail);
                self.builder.goto(then);
                self.builder.switch_to(fail);
                self.expr(otherwise);
                self.builder.terminate(cuda_lint_engine::program::Terminator::Exit);
                self.builder.switch_to(then);
                self.bind(pat, &place, true);
            }
        }
    }

    /// `let _ = x;` drops what is made, and leaves alone what has a place.
    pub fn bind_nothing(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Path(_) | Expr::Field(_) | Expr::Index(_)) {
            return;
        }
        self.statement(expr);
    }
}

/// The better known of two types of one thing.
fn refine(found: &Ty, annotated: Ty) -> Ty {
    match (found, annotated) {
        (found, Ty::Unknown) => found.clone(),
        (Ty::Named(key, args), Ty::Named(other, given)) if *key == other => {
            let args = args
                .iter()
                .zip(given.iter())
                .map(|(found, given)| if given.is_unknown() { found.clone() } else { given.clone() })
                .collect();
            Ty::Named(key.clone(), args)
        }
        // The lowering has followed the value: what it is stays what it is.
        (Ty::Closure(_) | Ty::Launch(_) | Ty::Never | Ty::Array(..) | Ty::Iter(_), _) => found.clone(),
        (Ty::Vec(found), Ty::Vec(given)) => Ty::Vec(Box::new(refine(found, *given))),
        (Ty::Ref { to, mutable }, Ty::Ref { to: given, .. }) => refine(to, *given).reference(*mutable),
        (Ty::Int(_) | Ty::Float(_) | Ty::Unknown | Ty::Param(_), annotated) => annotated,
        (found, _) => found.clone(),
    }
}
