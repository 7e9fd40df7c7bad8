//! Streams that one variable alone owns: their end is the end of the variable.
//!
//! An `Arc<CudaStream>` is seen through, and so are its clones: nothing counts them. Of a variable that is bound to
//! a new stream and only ever lent to methods that keep no clone of it, nothing has to be counted.

use proc_macro2::Span;
use rustc_hash::FxHashSet;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Pat};

use super::calls::peeled;
use super::function::{Body, Place};
use super::items::Definitions;
use super::macros;
use super::names;
use super::ty::Ty;

/// The type of these streams.
const STREAM: &str = "cudarc::CudaStream";

/// The names that a function mentions otherwise than by lending them.
pub(crate) fn shared_names(block: &Block, definitions: &Definitions) -> FxHashSet<String> {
    let mut visitor = Shares { definitions, names: FxHashSet::default() };
    visitor.visit_block(block);
    visitor.names
}

struct Shares<'d> {
    definitions: &'d Definitions,
    names: FxHashSet<String>,
}

impl Shares<'_> {
    /// True for a method of streams that keeps no clone of its stream.
    fn lends(&self, method: &str) -> bool {
        let index = self.definitions.method(&STREAM.into(), method);
        let keeps = index.is_some_and(|it| has(&self.definitions.at(it).attributes, "keeps"));
        method == "launch_builder" || index.is_some() && !keeps
    }
}

impl<'ast> Visit<'ast> for Shares<'_> {
    fn visit_expr_method_call(&mut self, it: &'ast syn::ExprMethodCall) {
        let method = it.method.to_string();
        if variable(&it.receiver).is_none() || !self.lends(&method) {
            self.visit_expr(&it.receiver);
        }
        let of_library = self.definitions.is_of_library(&method);
        for arg in &it.args {
            match peeled(arg) {
                Expr::Reference(lent) if of_library && variable(&lent.expr).is_some() => {}
                arg => self.visit_expr(arg),
            }
        }
    }

    fn visit_expr_call(&mut self, it: &'ast syn::ExprCall) {
        let is_drop = matches!(peeled(&it.func), Expr::Path(path)
            if names::segments(&path.path).last().is_some_and(|name| name == "drop"));
        if !(is_drop && it.args.len() == 1 && it.args.first().is_some_and(|arg| variable(arg).is_some())) {
            visit::visit_expr_call(self, it);
        }
    }

    /// Another thread may run it, at another time.
    fn visit_expr_closure(&mut self, it: &'ast syn::ExprClosure) {
        if it.capture.is_some() {
            let mut all = Mentions(&mut self.names);
            all.visit_expr(&it.body);
        } else {
            visit::visit_expr_closure(self, it);
        }
    }

    fn visit_expr_async(&mut self, it: &'ast syn::ExprAsync) {
        let mut all = Mentions(&mut self.names);
        all.visit_block(&it.block);
    }

    fn visit_expr_path(&mut self, it: &'ast syn::ExprPath) {
        if let Some(name) = it.path.get_ident() {
            self.names.insert(name.to_string());
        }
    }

    /// `Worker { stream }` mentions it as well.
    fn visit_field_value(&mut self, it: &'ast syn::FieldValue) {
        self.visit_expr(&it.expr);
    }

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        let args = macros::arguments(it);
        if args.is_empty() {
            macros::idents(it.tokens.clone(), &mut |name| {
                self.names.insert(name);
            });
        }
        for arg in &args {
            // What is parsed here lives no longer than this: its names are taken out by value.
            let mut inner = Shares { definitions: self.definitions, names: FxHashSet::default() };
            inner.visit_expr(arg);
            self.names.extend(inner.names);
        }
    }
}

/// All names that are mentioned.
struct Mentions<'n>(&'n mut FxHashSet<String>);

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_ident(&mut self, it: &'ast proc_macro2::Ident) {
        self.0.insert(it.to_string());
    }
    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        macros::idents(it.tokens.clone(), &mut |name| {
            self.0.insert(name);
        });
    }
}

fn variable(expr: &Expr) -> Option<String> {
    match peeled(expr) {
        Expr::Path(it) => it.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

fn has(attributes: &[syn::Attribute], name: &str) -> bool {
    attributes.iter().any(|it| it.path().is_ident(name))
}

impl Body<'_> {
    /// After a `let`: the variables that alone own the streams that are made there.
    pub fn note_sole_streams(&mut self, pat: &Pat, init: &Expr) {
        match (pat, peeled(init)) {
            (Pat::Ident(it), init) if self.makes_stream(init) => {
                let name = it.ident.to_string();
                if self.shared_names.contains(&name) {
                    return;
                }
                let Some(var) = self.lookup(&name) else { return };
                if matches!(&self.vars[var].ty, Ty::Named(key, _) if &**key == STREAM) {
                    self.owns_stream(var, it.ident.span());
                }
            }
            (Pat::Tuple(pats), Expr::Tuple(values)) => {
                for (pat, init) in pats.elems.iter().zip(&values.elems) {
                    self.note_sole_streams(pat, init);
                }
            }
            (Pat::Type(it), init) => self.note_sole_streams(&it.pat, init),
            _ => {}
        }
    }

    /// True for `context.new_stream()?` and its kin.
    fn makes_stream(&self, init: &Expr) -> bool {
        match peeled(init) {
            Expr::Try(it) => self.makes_stream(&it.expr),
            Expr::MethodCall(it) => {
                let name = it.method.to_string();
                if super::places::is_unwrap(&name, it.args.len()) {
                    return self.makes_stream(&it.receiver);
                }
                self.file.definitions.makes_stream(&name)
            }
            _ => false,
        }
    }

    fn owns_stream(&mut self, var: usize, span: Span) {
        let site = self.site(span);
        let ty = cuda_lint_engine::program::Type::int(1);
        let flag = self.builder.local("", ty, site, cuda_lint_engine::program::Storage::Automatic);
        self.vars[var].flag = Some(flag);
        self.vars[var].drops = true;
        self.vars[var].sole = true;
        self.set_flag(var, 1, site);
    }

    /// `drop(stream)`, of a stream that the variable alone owns.
    pub fn drop_sole(&mut self, arg: &Expr, span: Span) -> bool {
        let Some(var) = variable(arg).and_then(|name| self.lookup(&name)) else { return false };
        if !self.vars[var].sole {
            return false;
        }
        let site = self.site(span);
        self.end_value(var, site);
        self.moved(var, site);
        true
    }

    /// The end of such a stream.
    pub fn end_sole(&mut self, place: &Place, site: cuda_lint_engine::program::SiteId) {
        let ir = self.file.ir(&place.ty);
        let stream = self.builder.load(site, place.address, ir);
        self.row_call("cudarc::CudaStream::drop", vec![stream], site, false);
    }
}
