//! `macro_rules!`, as the Reference has it ("Macros By Example"): rules that are tried in order, fragments, and
//! repetitions.
//!
//! What rustc parses with its own grammar is parsed with syn's here. A program that compiles has no ambiguities, so
//! that a repetition takes what it can get and never gives it back. What does not fit is left alone: the caller then
//! knows nothing of the call. There is no hygiene: names that a rule makes up are hidden by whoever lowers them.

mod fragment;
mod matcher;
mod transcriber;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::Item;

use matcher::Part;
use transcriber::Piece;

/// How many tokens a call may stand for.
const TOKENS: usize = 50_000;

/// How many tokens the calls of one file, or of one function, may stand for.
pub const ALL_TOKENS: usize = 400_000;

/// A macro.
#[derive(Clone, Debug)]
pub struct MacroRules {
    rules: Vec<Rule>,
    /// The crate that defines it: what `$crate` means.
    krate: String,
}

/// What a call may look like, and what it then stands for.
#[derive(Clone, Debug)]
struct Rule {
    matcher: Vec<Part>,
    body: Vec<Piece>,
}

impl MacroRules {
    /// Reads `macro_rules! name { … }` of a crate. A rule that is not understood ends the list: those behind it are
    /// only tried where it does not fit.
    pub fn of(item: &Item, krate: &str) -> Option<(String, Self)> {
        let Item::Macro(it) = item else { return None };
        let name = it.ident.as_ref()?.to_string();
        if !it.mac.path.is_ident("macro_rules") {
            return None;
        }
        let tokens: Vec<TokenTree> = it.mac.tokens.clone().into_iter().collect();
        let mut rules = Vec::new();
        let mut rest = tokens.as_slice();
        while let [TokenTree::Group(matcher), arrow, point, TokenTree::Group(body), after @ ..] = rest {
            let is = |token: &TokenTree, wanted: char| matches!(token, TokenTree::Punct(it) if it.as_char() == wanted);
            if !is(arrow, '=') || !is(point, '>') {
                break;
            }
            let (Some(matcher), Some(body)) =
                (matcher::read(matcher.stream()), transcriber::read(body.stream()))
            else {
                break;
            };
            rules.push(Rule { matcher, body });
            rest = match after {
                [semicolon, more @ ..] if is(semicolon, ';') => more,
                more => more,
            };
        }
        (!rules.is_empty()).then(|| (name, Self { rules, krate: krate.to_owned() }))
    }

    /// The crate that defines it.
    pub fn krate(&self) -> &str {
        &self.krate
    }

    /// The tokens that a call stands for, in the crate `krate`. Those of the arguments keep their places; all others
    /// stand `at` the call, since the macro may be another file's. As many as there are go from `left`.
    pub fn expand(&self, call: &TokenStream, at: Span, krate: &str, left: &mut usize) -> Option<TokenStream> {
        let (rule, bound) = self
            .rules
            .iter()
            .find_map(|rule| Some((rule, matcher::matched(&rule.matcher, call.clone())?)))?;
        let home = if self.krate == krate { "crate" } else { &self.krate };
        let limit = TOKENS.min(*left);
        let (tokens, unused) = transcriber::write(&rule.body, &bound, home, at, limit)?;
        *left -= limit - unused;
        Some(tokens)
    }
}

/// How many of the tokens at the beginning of a list are one token of Rust: `=>` and `'a` are two here.
fn one_token(tokens: &[TokenTree]) -> usize {
    const THREE: [&str; 4] = ["<<=", ">>=", "...", "..="];
    const TWO: [&str; 19] = [
        "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>", "->",
        "=>", "::",
    ];
    if let [TokenTree::Punct(tick), TokenTree::Ident(_), ..] = tokens
        && tick.as_char() == '\''
    {
        return 2;
    }
    let mut text = String::new();
    for token in tokens.iter().take(3) {
        let TokenTree::Punct(it) = token else { break };
        text.push(it.as_char());
        if it.spacing() == proc_macro2::Spacing::Alone {
            break;
        }
    }
    let begins = |all: &[&str]| all.iter().any(|it| text.starts_with(it));
    if begins(&THREE) {
        3
    } else if begins(&TWO) || text.starts_with("..") {
        2
    } else {
        1
    }
}

/// How often something may come, with what stands between: `$(…),*`.
#[derive(Clone, Debug)]
struct Repetition {
    separator: Vec<TokenTree>,
    /// `?`: once at most.
    once: bool,
    /// `+`: once at least.
    some: bool,
}

/// Reads what follows `$(…)`, and says how many tokens that is.
fn repetition(tokens: &[TokenTree]) -> Option<(Repetition, usize)> {
    let kleene = |token: &TokenTree| match token {
        TokenTree::Punct(it) => Some(it.as_char()).filter(|it| matches!(it, '*' | '+' | '?')),
        _ => None,
    };
    let (separator, operator) = match kleene(tokens.first()?) {
        Some(operator) => (&tokens[..0], operator),
        None => {
            let length = one_token(tokens);
            (&tokens[..length], kleene(tokens.get(length)?)?)
        }
    };
    let found = Repetition { separator: separator.to_vec(), once: operator == '?', some: operator == '+' };
    Some((found, separator.len() + 1))
}

#[cfg(test)]
mod tests;
