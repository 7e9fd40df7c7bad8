//! Macros of the program, as far as they have one rule with plain metavariables: the tokens of the body, with those of
//! the arguments in their places.
//!
//! The tokens of a body stand where the macro is called, since the body may be another file's.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use rustc_hash::FxHashMap;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Item, Lit, Macro, Path, Token, Type};

use super::function::{Body, Val};

/// How many macros are expanded one in the other.
const DEPTH: usize = 8;

/// How many macros are expanded in one function.
const EXPANSIONS: usize = 512;

/// A macro with one rule.
#[derive(Clone)]
pub struct MacroRule {
    matcher: Vec<Part>,
    body: TokenStream,
}

/// A part of what a macro is called with.
#[derive(Clone)]
enum Part {
    /// `$name:fragment`.
    Variable { name: String, fragment: String },
    /// A token that stands there as it is.
    Token(String),
}

impl MacroRule {
    /// Reads `macro_rules! name { … }`. Others are left alone.
    pub fn of(item: &Item) -> Option<(String, Self)> {
        let Item::Macro(it) = item else { return None };
        let name = it.ident.as_ref()?.to_string();
        if !it.mac.path.is_ident("macro_rules") {
            return None;
        }
        let tokens: Vec<TokenTree> = it.mac.tokens.clone().into_iter().collect();
        let ([TokenTree::Group(matcher), arrow @ .., TokenTree::Group(body)]
        | [TokenTree::Group(matcher), arrow @ .., TokenTree::Group(body), TokenTree::Punct(_)]) = &tokens[..]
        else {
            return None;
        };
        let is_arrow =
            |it: &[TokenTree]| matches!(it, [a, b] if a.to_string() == "=" && b.to_string() == ">");
        if !is_arrow(arrow) || repeats(&body.stream()) {
            return None;
        }
        Some((name, Self { matcher: parts(matcher.stream())?, body: body.stream() }))
    }

    /// The tokens that a call stands for.
    fn expand(&self, call: &Macro, at: Span) -> Option<TokenStream> {
        let read = |input: ParseStream<'_>| {
            let mut bound: FxHashMap<String, TokenStream> = FxHashMap::default();
            for part in &self.matcher {
                match part {
                    Part::Variable { name, fragment } => {
                        bound.insert(name.clone(), argument(input, fragment)?);
                    }
                    Part::Token(wanted) => {
                        let token: TokenTree = input.parse()?;
                        if token.to_string() != *wanted {
                            return Err(input.error("another token"));
                        }
                    }
                }
            }
            Ok(bound)
        };
        let bound = read.parse2(call.tokens.clone()).ok()?;
        Some(substitute(self.body.clone(), &bound, at))
    }

    /// True if the body binds names that the call gives: then they are in view behind it.
    fn binds_arguments(&self) -> bool {
        let tokens: Vec<TokenTree> = self.body.clone().into_iter().collect();
        tokens.windows(2).any(|pair| pair[0].to_string() == "let" && pair[1].to_string() == "$")
            || tokens.windows(3).any(|it| {
                it[0].to_string() == "let" && it[1].to_string() == "mut" && it[2].to_string() == "$"
            })
    }
}

/// True for bodies with `$(…)`.
fn repeats(tokens: &TokenStream) -> bool {
    let mut waiting = vec![tokens.clone()];
    while let Some(tokens) = waiting.pop() {
        let mut dollar = false;
        for token in tokens {
            match token {
                TokenTree::Group(it) => {
                    if dollar && it.delimiter() == Delimiter::Parenthesis {
                        return true;
                    }
                    waiting.push(it.stream());
                    dollar = false;
                }
                other => dollar = matches!(&other, TokenTree::Punct(it) if it.as_char() == '$'),
            }
        }
    }
    false
}

/// The parts of a matcher without repetitions and brackets.
fn parts(tokens: TokenStream) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(it) if it.as_char() == '$' => {
                let (Some(TokenTree::Ident(name)), Some(_), Some(TokenTree::Ident(fragment))) =
                    (tokens.next(), tokens.next(), tokens.next())
                else {
                    return None;
                };
                parts.push(Part::Variable { name: name.to_string(), fragment: fragment.to_string() });
            }
            TokenTree::Group(_) => return None,
            other => parts.push(Part::Token(other.to_string())),
        }
    }
    Some(parts)
}

/// One argument, as one piece. Its tokens are taken from the source: printing what was read would need more of syn.
fn argument(input: ParseStream<'_>, fragment: &str) -> syn::Result<TokenStream> {
    fn whole<T: syn::parse::Parse>(input: ParseStream<'_>) -> syn::Result<TokenStream> {
        let before = input.fork();
        let _: T = input.parse()?;
        Ok(between(&before, input))
    }
    Ok(match fragment {
        "expr" | "expr_2021" => as_one(whole::<Expr>(input)?),
        "ident" => whole::<Ident>(input)?,
        "ty" => as_one(whole::<Type>(input)?),
        "path" => whole::<Path>(input)?,
        "literal" => whole::<Lit>(input)?,
        "tt" => TokenStream::from(input.parse::<TokenTree>()?),
        "block" => whole::<syn::Block>(input)?,
        _ => return Err(input.error("a fragment that is not followed")),
    })
}

/// The tokens from one place of a stream to a later one.
fn between(before: ParseStream<'_>, after: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let end = after.cursor();
    let mut cursor = before.cursor();
    while cursor != end {
        let Some((token, next)) = cursor.token_tree() else { break };
        tokens.extend([token]);
        cursor = next;
    }
    tokens
}

/// An expression keeps its bounds.
fn as_one(tokens: TokenStream) -> TokenStream {
    TokenTree::Group(Group::new(Delimiter::None, tokens)).into()
}

fn substitute(body: TokenStream, bound: &FxHashMap<String, TokenStream>, at: Span) -> TokenStream {
    let mut result = TokenStream::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(it) if it.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Ident(name)) => match bound.get(&name.to_string()) {
                    Some(argument) => result.extend(argument.clone()),
                    // `$crate`.
                    None => result.extend([TokenTree::Ident(Ident::new("crate", at))]),
                },
                other => result.extend(other),
            },
            TokenTree::Group(it) => {
                let mut group = Group::new(it.delimiter(), substitute(it.stream(), bound, at));
                group.set_span(at);
                result.extend([TokenTree::Group(group)]);
            }
            mut other => {
                other.set_span(at);
                result.extend([other]);
            }
        }
    }
    result
}

impl Body<'_> {
    /// A macro of the program is lowered as what it stands for; `None` if that is not known.
    pub fn expanded(&mut self, call: &Macro, is_statement: bool) -> Option<Val> {
        let name = call.path.segments.last()?.ident.to_string();
        let rule = match self.file.local_macros.get(&name) {
            Some(known) => known.clone()?,
            None => self.file.definitions.macro_rule(&name)?.clone(),
        };
        if self.expanding >= DEPTH || self.expansions >= EXPANSIONS {
            return None;
        }
        let at = call.path.segments.last()?.ident.span();
        let tokens = rule.expand(call, at)?;
        let statements = syn::Block::parse_within.parse2(tokens).ok()?;
        self.expanding += 1;
        self.expansions += 1;
        let value = if is_statement && rule.binds_arguments() {
            self.statements(&statements)
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
        if let Some((name, rule)) = MacroRule::of(item) {
            self.file.local_macros.entry(name).and_modify(|known| *known = None).or_insert(Some(rule));
        }
    }
}
