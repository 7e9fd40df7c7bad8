//! What a rule of a macro stands for, with its metavariables in their places.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;

use super::matcher::{Bindings, Bound};
use super::{Repetition, repetition};

/// A part of the body of a rule.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// A token.
    Token(TokenTree),
    /// Brackets around pieces.
    Group(Delimiter, Vec<Piece>),
    /// `$name`.
    Variable(Ident),
    /// `$(…),*`.
    Repeat(Vec<Piece>, Repetition),
}

/// Reads the body of a rule.
pub(super) fn read(tokens: TokenStream) -> Option<Vec<Piece>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut pieces = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match (token, after) {
            (TokenTree::Punct(dollar), [TokenTree::Group(inner), more @ ..])
                if dollar.as_char() == '$' && inner.delimiter() == Delimiter::Parenthesis =>
            {
                let (how, length) = repetition(more)?;
                pieces.push(Piece::Repeat(read(inner.stream())?, how));
                rest = &more[length..];
            }
            (TokenTree::Punct(dollar), [TokenTree::Ident(name), more @ ..]) if dollar.as_char() == '$' => {
                pieces.push(Piece::Variable(name.clone()));
                rest = more;
            }
            // `$$` and `${count(…)}` are not stable.
            (TokenTree::Punct(dollar), _) if dollar.as_char() == '$' => return None,
            (TokenTree::Group(group), _) => {
                pieces.push(Piece::Group(group.delimiter(), read(group.stream())?));
            }
            (other, _) => pieces.push(Piece::Token(other.clone())),
        }
    }
    Some(pieces)
}

/// The tokens that a body stands for, and how many less than `limit`. `home` is what `$crate` means.
pub(super) fn write(
    body: &[Piece],
    bound: &Bindings,
    home: &str,
    at: Span,
    limit: usize,
) -> Option<(TokenStream, usize)> {
    let bound = bound.iter().map(|(name, value)| (name.clone(), value)).collect();
    let home = syn::parse::Parser::parse_str(Ident::parse_any, home).ok()?;
    let mut writer = Writer { home, at, left: limit };
    let tokens = writer.pieces(body, &bound)?;
    Some((tokens, writer.left))
}

/// What metavariables are in one round of a repetition.
type Round<'b> = rustc_hash::FxHashMap<String, &'b Bound>;

struct Writer {
    home: Ident,
    at: Span,
    left: usize,
}

impl Writer {
    fn spend(&mut self, tokens: usize) -> Option<()> {
        self.left = self.left.checked_sub(tokens)?;
        Some(())
    }

    fn pieces(&mut self, pieces: &[Piece], bound: &Round<'_>) -> Option<TokenStream> {
        let mut tokens = TokenStream::new();
        for piece in pieces {
            self.spend(1)?;
            match piece {
                Piece::Token(token) => {
                    let mut token = token.clone();
                    token.set_span(self.at);
                    tokens.extend([token]);
                }
                Piece::Group(delimiter, inner) => {
                    let mut group = Group::new(*delimiter, self.pieces(inner, bound)?);
                    group.set_span(self.at);
                    tokens.extend([TokenTree::Group(group)]);
                }
                Piece::Variable(name) => match bound.get(&name.to_string()) {
                    Some(Bound::One(value)) => {
                        self.spend(size(value))?;
                        tokens.extend(value.clone());
                    }
                    // It is repeated, and stands where nothing is.
                    Some(Bound::Each(_)) => return None,
                    None if name == "crate" => {
                        let mut home = self.home.clone();
                        home.set_span(self.at);
                        tokens.extend([TokenTree::Ident(home)]);
                    }
                    // Of a macro that this one defines.
                    None => {
                        let mut dollar = Punct::new('$', Spacing::Alone);
                        dollar.set_span(self.at);
                        let mut name = name.clone();
                        name.set_span(self.at);
                        tokens.extend([TokenTree::Punct(dollar), TokenTree::Ident(name)]);
                    }
                },
                Piece::Repeat(inner, how) => self.repeated(inner, how, bound, &mut tokens)?,
            }
        }
        Some(tokens)
    }

    fn repeated(
        &mut self,
        inner: &[Piece],
        how: &Repetition,
        bound: &Round<'_>,
        tokens: &mut TokenStream,
    ) -> Option<()> {
        let mut names = Vec::new();
        variables(inner, &mut names);
        let mut rounds = None;
        for name in &names {
            if let Some(Bound::Each(each)) = bound.get(name) {
                if rounds.is_some_and(|rounds| rounds != each.len()) {
                    return None;
                }
                rounds = Some(each.len());
            }
        }
        // How often? Nothing that is repeated tells.
        for round in 0..rounds? {
            if round > 0 {
                self.spend(how.separator.len())?;
                tokens.extend(how.separator.iter().cloned().map(|mut token| {
                    token.set_span(self.at);
                    token
                }));
            }
            let mut here = bound.clone();
            for name in &names {
                if let Some(Bound::Each(each)) = bound.get(name) {
                    here.insert(name.clone(), each.get(round)?);
                }
            }
            tokens.extend(self.pieces(inner, &here)?);
        }
        Some(())
    }
}

fn variables(pieces: &[Piece], names: &mut Vec<String>) {
    for piece in pieces {
        match piece {
            Piece::Variable(name) => names.push(name.to_string()),
            Piece::Group(_, inner) | Piece::Repeat(inner, _) => variables(inner, names),
            Piece::Token(_) => {}
        }
    }
}

/// How many tokens there are.
fn size(tokens: &TokenStream) -> usize {
    let mut count = 0;
    let mut waiting = vec![tokens.clone()];
    while let Some(tokens) = waiting.pop() {
        for token in tokens {
            count += 1;
            if let TokenTree::Group(it) = token {
                waiting.push(it.stream());
            }
        }
    }
    count
}
