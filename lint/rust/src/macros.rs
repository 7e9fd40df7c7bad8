//! Macros, as far as their arguments are expressions.

use cuda_lint_engine::program::Terminator;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Lit, Macro, Token};

use super::function::{Body, Val};
use super::ty::Ty;

impl Body<'_> {
    /// `name!(…)`.
    pub fn macro_call(&mut self, it: &Macro) -> Val {
        self.macro_in(it, false)
    }

    /// The same, as an expression or as a statement.
    pub fn macro_in(&mut self, it: &Macro, is_statement: bool) -> Val {
        if let Some(value) = self.expanded(it, is_statement) {
            return value;
        }
        let name = it.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
        let span = it.path.span();
        let site = self.site(span);
        match name.as_str() {
            "vec" => self.vec(it),
            "println" | "print" | "eprintln" | "eprint" | "format" | "write" | "writeln" | "info"
            | "debug" | "warn" | "error" | "trace" | "assert" | "assert_eq" | "assert_ne"
            | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" | "dbg" | "format_args" | "log"
            | "ensure" | "matches" | "assert_relative_eq" | "assert_abs_diff_eq" => {
                self.push_scope();
                let mut first = None;
                for arg in &arguments(it) {
                    let value = self.printed(arg);
                    first.get_or_insert(value);
                }
                self.pop_scope(site);
                match (name.as_str(), first) {
                    ("dbg", Some(value)) => value,
                    ("format", _) => self.new_vec(Ty::Int(1), None, site),
                    ("matches", _) => Val { ty: Ty::Int(1), ..self.unknown(site, Vec::new()) },
                    _ => self.unit(site),
                }
            }
            "panic" | "todo" | "unimplemented" | "unreachable" | "compile_error" => {
                for arg in &arguments(it) {
                    self.printed(arg);
                }
                self.builder.terminate(Terminator::Exit);
                self.never(site)
            }
            "bail" => {
                for arg in &arguments(it) {
                    self.printed(arg);
                }
                if self.is_followed() {
                    self.abandon(site);
                }
                self.never(site)
            }
            "launch" => match self.cust_launch(it) {
                Some(value) => value,
                None => self.opaque_macro(it),
            },
            "concat" | "stringify" | "include_str" | "env" | "file" | "line" | "column" | "module_path"
            | "cfg" | "include_bytes" | "option_env" => self.unknown(site, Vec::new()),
            "addr_of" | "addr_of_mut" => match arguments(it).first() {
                Some(inner) => self.reference(inner, name == "addr_of_mut"),
                None => self.unknown(site, Vec::new()),
            },
            "try" | "check" | "cuda_check" | "cuda_try" | "cuda" | "call" | "check_cuda"
            | "checkCudaErrors" => {
                let args = arguments(it);
                let mut last = None;
                for arg in &args {
                    last = Some(self.expr(arg));
                }
                match last {
                    Some(value) => value,
                    None => self.opaque_macro(it),
                }
            }
            _ => self.opaque_macro(it),
        }
    }

    /// A macro that nothing is known of: it may do anything with what it names.
    fn opaque_macro(&mut self, it: &Macro) -> Val {
        let span = it.path.span();
        let site = self.site(span);
        let mut operands = Vec::new();
        let mut names = Vec::new();
        idents(it.tokens.clone(), &mut |name| names.push(name));
        names.sort();
        names.dedup();
        for name in names {
            if let Some(var) = self.lookup(&name) {
                operands.push(self.builder.address_of(site, self.vars[var].local));
            }
        }
        let name = it.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
        // As with a function that is given nothing: it may do anything, and nothing that is known here.
        if operands.is_empty() {
            return self.unknown(site, Vec::new());
        }
        self.builder.opaque(site, format!("the macro `{name}!` is not expanded"), operands);
        self.unknown(site, Vec::new())
    }

    /// Something that is printed or compared: the host reads it.
    fn printed(&mut self, arg: &Expr) -> Val {
        if let Expr::Lit(lit) = arg
            && let Lit::Str(text) = &lit.lit
        {
            // `{name}`: read where the text stands.
            for name in captured(&text.value()) {
                if let Some(var) = self.lookup(&name) {
                    let place = self.var_place(var, text.span());
                    let value = self.peek(&place, text.span());
                    self.read_all(&value, text.span());
                }
            }
            let site = self.site(text.span());
            return self.unit(site);
        }
        // `width = x`.
        if let Expr::Assign(it) = arg {
            return self.operand(&it.right);
        }
        self.operand(arg)
    }

    fn vec(&mut self, it: &Macro) -> Val {
        let site = self.site(it.path.span());
        let repeated = |input: syn::parse::ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            let count: Expr = input.parse()?;
            Ok((value, count))
        };
        if let Ok((value, count)) = repeated.parse2(it.tokens.clone()) {
            let value = self.expr(&value);
            let count = self.expr(&count);
            self.take(&value, site);
            return self.new_vec(value.ty, Some(count.id), site);
        }
        let args = arguments(it);
        let mut element = Ty::Unknown;
        let mut values = Vec::new();
        for arg in &args {
            let value = self.expr(arg);
            element = value.ty.clone();
            values.push(value);
        }
        let count = self.builder.int(site, args.len() as i64);
        let vec = self.new_vec(element.clone(), Some(count), site);
        if values.len() <= 16 {
            let place = super::function::Place::at(vec.id, vec.ty.clone());
            let stride = self.file.size(&element);
            if let Some((first, _)) = self.elements(&place, site) {
                for (index, value) in values.into_iter().enumerate() {
                    let at = self.builder.int(site, index as i64);
                    let address = self.builder.index(site, first, at, stride);
                    self.gives_memory(vec.id, &value, site);
                    self.put(address, &element, value, site);
                }
            }
        }
        vec
    }
}

/// The arguments of a macro that takes expressions; what does not parse has none.
pub fn arguments(it: &Macro) -> Vec<Expr> {
    let parsed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(it.tokens.clone());
    parsed.map(|list| list.into_iter().collect()).unwrap_or_default()
}

/// The identifiers of a token stream.
pub fn idents(tokens: TokenStream, found: &mut impl FnMut(String)) {
    let mut waiting = vec![tokens];
    while let Some(tokens) = waiting.pop() {
        for token in tokens {
            match token {
                TokenTree::Ident(it) => found(it.to_string()),
                TokenTree::Group(it) => waiting.push(it.stream()),
                TokenTree::Literal(it) => {
                    for name in captured(&it.to_string()) {
                        found(name);
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The names that a format string captures.
fn captured(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if rest.starts_with('{') {
            rest = &rest[1..];
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.chars().next().is_some_and(|c| !c.is_numeric()) {
            names.push(name);
        }
    }
    names
}
