//! What a call of a macro may look like, and what its metavariables then are.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use rustc_hash::FxHashMap;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};

use super::{Repetition, fragment, repetition};

/// A part of a matcher.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// `$name:fragment`.
    Variable { name: String, fragment: String },
    /// A token that stands there as it is.
    Token(TokenTree),
    /// Brackets around parts.
    Group(Delimiter, Vec<Part>),
    /// `$(…),*`.
    Repeat(Vec<Part>, Repetition),
}

/// What a metavariable is.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    /// These tokens.
    One(TokenStream),
    /// Of a repetition: something each time.
    Each(Vec<Bound>),
}

/// What metavariables are, by name.
pub(super) type Bindings = FxHashMap<String, Bound>;

/// Reads a matcher.
pub(super) fn read(tokens: TokenStream) -> Option<Vec<Part>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut parts = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match (token, after) {
            (TokenTree::Punct(dollar), [TokenTree::Group(inner), more @ ..])
                if dollar.as_char() == '$' && inner.delimiter() == Delimiter::Parenthesis =>
            {
                let (how, length) = repetition(more)?;
                parts.push(Part::Repeat(read(inner.stream())?, how));
                rest = &more[length..];
            }
            (
                TokenTree::Punct(dollar),
                [TokenTree::Ident(name), TokenTree::Punct(colon), TokenTree::Ident(fragment), more @ ..],
            ) if dollar.as_char() == '$' && colon.as_char() == ':' => {
                parts.push(Part::Variable { name: name.to_string(), fragment: fragment.to_string() });
                rest = more;
            }
            (TokenTree::Punct(dollar), _) if dollar.as_char() == '$' => return None,
            (TokenTree::Group(group), _) => {
                parts.push(Part::Group(group.delimiter(), read(group.stream())?));
            }
            (other, _) => parts.push(Part::Token(other.clone())),
        }
    }
    Some(parts)
}

/// What the metavariables of a matcher are in a call, if the call looks like it.
pub(super) fn matched(parts: &[Part], call: TokenStream) -> Option<Bindings> {
    whole(parts, call).ok()
}

fn whole(parts: &[Part], tokens: TokenStream) -> syn::Result<Bindings> {
    (|input: ParseStream<'_>| {
        let mut bound = Bindings::default();
        sequence(parts, input, &mut bound)?;
        Ok(bound)
    })
    .parse2(tokens)
}

fn sequence(parts: &[Part], input: ParseStream<'_>, bound: &mut Bindings) -> syn::Result<()> {
    for part in parts {
        match part {
            Part::Variable { name, fragment } => {
                let tokens = fragment::read(input, fragment)?;
                bound.insert(name.clone(), Bound::One(tokens));
            }
            Part::Token(wanted) => literal(wanted, input)?,
            Part::Group(delimiter, inner) => {
                let group: Group = input.parse()?;
                if group.delimiter() != *delimiter {
                    return Err(input.error("other brackets"));
                }
                bound.extend(whole(inner, group.stream())?);
            }
            Part::Repeat(inner, how) => repeated(inner, how, input, bound)?,
        }
    }
    Ok(())
}

fn literal(wanted: &TokenTree, input: ParseStream<'_>) -> syn::Result<()> {
    let token: TokenTree = input.parse()?;
    let same = match (wanted, &token) {
        (TokenTree::Punct(wanted), TokenTree::Punct(token)) => wanted.as_char() == token.as_char(),
        (TokenTree::Group(_), _) | (_, TokenTree::Group(_)) => false,
        (wanted, token) => wanted.to_string() == token.to_string(),
    };
    if same { Ok(()) } else { Err(input.error("another token")) }
}

fn repeated(
    inner: &[Part],
    how: &Repetition,
    input: ParseStream<'_>,
    bound: &mut Bindings,
) -> syn::Result<()> {
    let mut all: Vec<Bindings> = Vec::new();
    while !input.is_empty() && (all.is_empty() || !how.once) {
        let ahead = input.fork();
        let mut found = Bindings::default();
        let mut round = || {
            if !all.is_empty() {
                how.separator.iter().try_for_each(|token| literal(token, &ahead))?;
            }
            sequence(inner, &ahead, &mut found)
        };
        if round().is_err() || ahead.cursor() == input.cursor() {
            break;
        }
        input.advance_to(&ahead);
        all.push(found);
    }
    if how.some && all.is_empty() {
        return Err(input.error("nothing that is repeated"));
    }
    let mut names = Vec::new();
    variables(inner, &mut names);
    for name in names {
        let each = all.iter_mut().filter_map(|round| round.remove(&name)).collect();
        bound.insert(name, Bound::Each(each));
    }
    Ok(())
}

fn variables(parts: &[Part], names: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Variable { name, .. } => names.push(name.clone()),
            Part::Group(_, inner) | Part::Repeat(inner, _) => variables(inner, names),
            Part::Token(_) => {}
        }
    }
}
