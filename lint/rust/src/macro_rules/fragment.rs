//! Fragments: what `$x:expr` and its kin take from a call.
//!
//! Their tokens are taken from the source: printing what was read would need more of syn.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Item, Lifetime, Lit, Meta, Pat, Path, Token, Type, Visibility};

use super::one_token;

/// Reads one fragment.
pub(super) fn read(input: ParseStream<'_>, fragment: &str) -> syn::Result<TokenStream> {
    Ok(match fragment {
        "expr" | "expr_2021" => as_one(parsed::<Expr>(input)?),
        "ty" => as_one(parsed::<Type>(input)?),
        "ident" => taken(input, |input| {
            let name = input.call(Ident::parse_any)?;
            if name == "_" { Err(input.error("no name")) } else { Ok(()) }
        })?,
        "path" => parsed::<Path>(input)?,
        "lifetime" => parsed::<Lifetime>(input)?,
        "literal" => taken(input, |input| {
            input.parse::<Option<Token![-]>>()?;
            input.parse::<Lit>().map(drop)
        })?,
        "tt" => token_tree(input)?,
        "block" => parsed::<syn::Block>(input)?,
        "stmt" => taken(input, statement)?,
        "pat" => taken(input, |input| Pat::parse_multi_with_leading_vert(input).map(drop))?,
        "pat_param" => taken(input, |input| Pat::parse_single(input).map(drop))?,
        "vis" => parsed::<Visibility>(input)?,
        "item" => parsed::<Item>(input)?,
        "meta" => parsed::<Meta>(input)?,
        _ => return Err(input.error("a fragment that is not followed")),
    })
}

fn parsed<T: Parse>(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    taken(input, |input| input.parse::<T>().map(drop))
}

/// The tokens that a parser takes.
fn taken(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<TokenStream> {
    let before = input.fork();
    parse(input)?;
    let mut tokens = TokenStream::new();
    let end = input.cursor();
    let mut cursor = before.cursor();
    while cursor != end {
        let Some((token, next)) = cursor.token_tree() else { return Err(input.error("a part of a group")) };
        tokens.extend([token]);
        cursor = next;
    }
    Ok(tokens)
}

/// An expression keeps its bounds.
fn as_one(tokens: TokenStream) -> TokenStream {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let first = spans.next();
    let last = spans.last().or(first);
    let mut group = Group::new(Delimiter::None, tokens);
    if let (Some(first), Some(last)) = (first, last) {
        group.set_span(first.join(last).unwrap_or(first));
    }
    TokenTree::Group(group).into()
}

fn token_tree(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut next = Vec::new();
    let mut cursor = input.cursor();
    while let Some((token, after)) = cursor.token_tree()
        && next.len() < 3
    {
        next.push(token);
        cursor = after;
    }
    let mut tokens = TokenStream::new();
    for _ in 0..one_token(&next) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}

/// A statement without its semicolon.
fn statement(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![let]) {
        input.parse::<Token![let]>()?;
        Pat::parse_single(input)?;
        if input.parse::<Option<Token![:]>>()?.is_some() {
            input.parse::<Type>()?;
        }
        if input.parse::<Option<Token![=]>>()?.is_some() {
            input.parse::<Expr>()?;
            if input.parse::<Option<Token![else]>>()?.is_some() {
                input.parse::<syn::Block>()?;
            }
        }
        return Ok(());
    }
    let ahead = input.fork();
    match ahead.parse::<Item>() {
        Ok(Item::Verbatim(_) | Item::Macro(_)) | Err(_) => input.parse::<Expr>().map(drop),
        Ok(_) => input.parse::<Item>().map(drop),
    }
}
