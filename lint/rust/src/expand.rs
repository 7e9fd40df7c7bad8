//! Calls of the program's macros in functions, and cust's launches.

use std::rc::Rc;

use proc_macro2::TokenTree;
use syn::parse::Parser;
use syn::{Expr, Item, Macro, Stmt, Token};

use super::function::{Body, Val};
use super::item_macros::{self, Known};
use super::macro_rules::MacroRules;

/// How many macros are expanded one in the other.
const DEPTH: usize = 32;

/// How many macros are expanded in one function.
const EXPANSIONS: usize = 512;

impl Body<'_> {
    /// A macro of the program is lowered as what it stands for; `None` if that is not known.
    pub fn expanded(&mut self, call: &Macro, is_statement: bool) -> Option<Val> {
        let rules = self.macro_called(call)?;
        if self.expanding >= DEPTH || self.expansions >= EXPANSIONS {
            return None;
        }
        let at = call.path.segments.last()?.ident.span();
        let krate = self.place.module.first().cloned().unwrap_or_default();
        let tokens = rules.expand(&call.tokens, at, &krate, &mut self.tokens_left)?;
        let statements = syn::Block::parse_within.parse2(tokens).ok()?;
        self.expanding += 1;
        self.expansions += 1;
        let value = if is_statement {
            self.spliced(statements, call);
            None
        } else {
            let block = syn::Block { brace_token: syn::token::Brace(at), stmts: statements };
            self.block(&block)
        };
        self.expanding -= 1;
        Some(match value {
            Some(value) => value,
            None => {
                let site = self.site(at);
                self.unit(site)
            }
        })
    }

    /// Statements that stand in the place of a call: what they make lives as long as the block around them, but only
    /// the names that the call gives are in view there.
    fn spliced(&mut self, mut statements: Vec<Stmt>, call: &Macro) {
        if let Some(Stmt::Expr(_, semicolon @ None)) = statements.last_mut() {
            *semicolon = Some(Token![;](
                call.path.segments.first().map_or_else(proc_macro2::Span::call_site, |it| it.ident.span()),
            ));
        }
        let before = self.name_count();
        self.statements_in_view(&statements);
        let given = item_macros::names(&call.tokens);
        self.hide_names(before, |name| given.contains(name));
    }

    /// The macro of the program that a call names.
    fn macro_called(&self, call: &Macro) -> Known {
        let path = super::names::segments(&call.path);
        let name = path.last()?;
        let local = self.macros.iter().rev().find(|(known, _)| known == name);
        if let (Some((_, rules)), [_]) = (local, path.as_slice()) {
            return Some(rules.clone());
        }
        let krate = self.place.module.first().map_or("", String::as_str);
        let rules = self.file.definitions.macro_rules(name, krate)?;
        // `tracing::info!`, or `info!` that is imported from there, is none of the program's.
        let from = match path.as_slice() {
            [name] => self.file.imports.resolve_import(name).and_then(|whole| whole.into_iter().next()),
            _ => path.first().cloned(),
        };
        let is_own = |from: &str| {
            matches!(from, "crate" | "self" | "super")
                || from == krate
                || from == rules.krate()
                || self.file.definitions.crate_name(from).is_some()
        };
        from.is_none_or(|from| is_own(&from)).then_some(rules)
    }

    /// cust's `launch!(function<<<grid, block, shared, stream>>>(args))`.
    pub fn cust_launch(&mut self, it: &Macro) -> Option<Val> {
        let tokens: Vec<TokenTree> = it.tokens.clone().into_iter().collect();
        let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(it)) if it.as_char() == wanted);
        let three = |at: &usize, wanted: char| (0..3).all(|more| is(at + more, wanted));
        let open = (0..tokens.len()).find(|at| three(at, '<'))?;
        let close = (open + 3..tokens.len()).rev().find(|at| three(at, '>'))?;
        let Some(TokenTree::Group(arguments)) = tokens.get(close + 3) else { return None };
        let list = syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated;
        let shape = list.parse2(tokens[open + 3..close].iter().cloned().collect()).ok()?;
        let arguments = list.parse2(arguments.stream()).ok()?;
        let name = match tokens.get(open.checked_sub(1)?)? {
            TokenTree::Ident(name) => name.to_string(),
            _ => "kernel".to_owned(),
        };
        let [grid, block, shared, stream] = &shape.iter().collect::<Vec<_>>()[..] else { return None };
        for size in [grid, block, shared] {
            self.expr(size);
        }
        let arguments: Vec<&Expr> = arguments.iter().collect();
        Some(self.launch_on(stream, name, &arguments, it.path.segments.last()?.ident.span()))
    }

    /// Macros that a function defines.
    pub fn local_macro(&mut self, item: &Item) {
        let krate = self.place.module.first().cloned().unwrap_or_default();
        if let Some((name, rules)) = MacroRules::of(item, &krate) {
            self.macros.push((name, Rc::new(rules)));
        }
    }
}
