//! The options of `#[cuda_checked]`: their grammar, and what they may name.

use cuda_lint_engine::{rules, suggest};
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, ItemFn, Token, parenthesized};

/// Checks the options, and that they stand on a function. All mistakes are reported at once.
pub fn check(options: TokenStream, function: &TokenStream) -> syn::Result<()> {
    let mut mistakes: Vec<syn::Error> = Vec::new();
    if syn::parse2::<ItemFn>(function.clone()).is_err() {
        let message = "`#[cuda_checked]` stands on functions with a body";
        mistakes.push(syn::Error::new_spanned(first_token(function), message));
    }
    match Punctuated::<Allow, Token![,]>::parse_terminated.parse2(options) {
        Ok(allowed) => mistakes.extend(allowed.iter().flat_map(|allow| &allow.rules).filter_map(unknown)),
        Err(error) => mistakes.push(error),
    }
    let all = mistakes.into_iter().reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    all.map_or(Ok(()), Err)
}

/// The whole of an item is too much to underline.
fn first_token(tokens: &TokenStream) -> TokenStream {
    tokens.clone().into_iter().take(1).collect()
}

/// `allow(rule, …)`.
struct Allow {
    rules: Punctuated<RuleName, Token![,]>,
}

impl Parse for Allow {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let keyword = input.call(Ident::parse_any)?;
        if keyword != "allow" {
            return Err(syn::Error::new(
                keyword.span(),
                format!("`cuda_checked` has no option `{keyword}`; it has `allow(rule, …)`"),
            ));
        }
        let content;
        parenthesized!(content in input);
        Ok(Self { rules: Punctuated::parse_terminated(&content)? })
    }
}

/// A rule's name, as in reports (`free-while-in-flight`) or as an identifier (`free_while_in_flight`).
struct RuleName {
    name: String,
    span: Span,
}

impl Parse for RuleName {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // Parts of a name may be keywords.
        let first = input.call(Ident::parse_any)?;
        let mut name = first.to_string();
        let mut span = first.span();
        while input.peek(Token![-]) {
            input.parse::<Token![-]>()?;
            let part = input.call(Ident::parse_any)?;
            name = format!("{name}-{part}");
            span = span.join(part.span()).unwrap_or(span);
        }
        Ok(Self { name: name.replace('_', "-"), span })
    }
}

/// The error for a rule that does not exist.
fn unknown(rule: &RuleName) -> Option<syn::Error> {
    if rules::find(&rule.name).is_some() {
        return None;
    }
    let hint = match suggest::closest(&rule.name, rules::catalogue().iter().map(|rule| rule.name)) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "`cuda-lint rules` lists them".to_string(),
    };
    Some(syn::Error::new(rule.span, format!("cuda-lint has no rule `{}`; {hint}", rule.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages for the options on a function.
    fn messages(options: &str) -> Vec<String> {
        on("fn f() {}", options)
    }

    fn on(item: &str, options: &str) -> Vec<String> {
        match check(options.parse().unwrap(), &item.parse().unwrap()) {
            Ok(()) => Vec::new(),
            Err(error) => error.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn rules_that_exist_are_accepted_in_both_spellings() {
        for options in [
            "",
            "allow()",
            "allow(free-while-in-flight)",
            "allow(free_while_in_flight, host-read-before-sync,)",
            "allow(free_while_in_flight), allow(pageable-async-copy)",
        ] {
            assert_eq!(messages(options), [""; 0], "{options}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        assert_eq!(
            messages("allow(free-while-in-flihgt, pageable-async-copy, qqq)"),
            [
                "cuda-lint has no rule `free-while-in-flihgt`; did you mean `free-while-in-flight`?",
                "cuda-lint has no rule `qqq`; `cuda-lint rules` lists them",
            ]
        );
        assert_eq!(on("struct S;", "allow(qqq)").len(), 2);
    }

    #[test]
    fn unknown_options_are_named() {
        assert_eq!(messages("deny(x)"), ["`cuda_checked` has no option `deny`; it has `allow(rule, …)`"]);
        assert_eq!(messages("allow").len(), 1);
        assert_eq!(messages("allow(-)").len(), 1);
        assert_eq!(messages("3").len(), 1);
    }

    #[test]
    fn it_stands_on_functions_only() {
        assert_eq!(on("struct S;", ""), ["`#[cuda_checked]` stands on functions with a body"]);
        assert_eq!(on("async unsafe fn f<T>(x: T) -> T { x }", ""), [""; 0]);
    }
}
