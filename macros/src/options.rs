//! The options of `#[cuda_checked]`: their grammar, and what they may name.

use cuda_lint_engine::{rules, suggest};
use cuda_lint_rust::{Version, Versions, parse_version};
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, Item, LitStr, Token, parenthesized};

/// What the options say.
#[derive(Debug, Default)]
pub struct Options {
    /// Names of rules, as in reports.
    pub allowed: Vec<String>,
    /// How findings are said, whatever their severity.
    pub level: Option<Level>,
    /// The versions, if they are given.
    pub versions: Option<Versions>,
}

/// How findings are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All are errors.
    Deny,
    /// All are warnings.
    Warn,
}

/// Reads the options, and checks that they stand on something with code. All mistakes are reported at once.
pub fn parse(options: TokenStream, item: &TokenStream) -> syn::Result<Options> {
    let mut mistakes: Vec<syn::Error> = Vec::new();
    if !has_code(item) {
        let message = "`#[cuda_checked]` stands on functions, `impl` blocks and modules with a body";
        mistakes.push(syn::Error::new_spanned(first_token(item), message));
    }
    let mut read = Options::default();
    match Punctuated::<Choice, Token![,]>::parse_terminated.parse2(options) {
        Ok(choices) => {
            for choice in choices {
                match choice {
                    Choice::Allow(rules) => {
                        mistakes.extend(rules.iter().filter_map(unknown));
                        read.allowed.extend(rules.into_iter().map(|rule| rule.name));
                    }
                    Choice::Level(level) => read.level = Some(level),
                    Choice::Cudarc(version) => read.versions = Some(Versions { cudarc: version }),
                }
            }
        }
        Err(error) => mistakes.push(error),
    }
    let all = mistakes.into_iter().reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    all.map_or(Ok(read), Err)
}

fn has_code(item: &TokenStream) -> bool {
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Fn(_) | Item::Impl(_)) => true,
        Ok(Item::Mod(it)) => it.content.is_some(),
        Ok(_) => false,
        // A method with `self` is no item by itself.
        Err(_) => syn::parse2::<syn::ImplItemFn>(item.clone()).is_ok(),
    }
}

/// The whole of an item is too much to underline.
fn first_token(tokens: &TokenStream) -> TokenStream {
    tokens.clone().into_iter().take(1).collect()
}

/// One option.
enum Choice {
    /// `allow(rule, …)`.
    Allow(Punctuated<RuleName, Token![,]>),
    /// `deny`, `warn`.
    Level(Level),
    /// `cudarc = "0.19"`.
    Cudarc(Version),
}

impl Parse for Choice {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let keyword = input.call(Ident::parse_any)?;
        match keyword.to_string().as_str() {
            "allow" => {
                let content;
                parenthesized!(content in input);
                Ok(Self::Allow(Punctuated::parse_terminated(&content)?))
            }
            "deny" => Ok(Self::Level(Level::Deny)),
            "warn" => Ok(Self::Level(Level::Warn)),
            "cudarc" => {
                input.parse::<Token![=]>()?;
                let version: LitStr = input.parse()?;
                let message = "a version of cudarc is written as `\"0.19\"` or `\"0.19.9\"`";
                let parsed = parse_version(&version.value());
                parsed.map(Self::Cudarc).ok_or_else(|| syn::Error::new(version.span(), message))
            }
            other => Err(syn::Error::new(
                keyword.span(),
                format!(
                    "`cuda_checked` has no option `{other}`; it has `allow(rule, …)`, `deny`, `warn` and \
                     `cudarc = \"version\"`"
                ),
            )),
        }
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
        match parse(options.parse().unwrap(), &item.parse().unwrap()) {
            Ok(_) => Vec::new(),
            Err(error) => error.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn rules_that_exist_are_accepted_in_both_spellings() {
        for options in [
            "",
            "allow()",
            "deny, cudarc = \"0.16\"",
            "warn",
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
        let text = "`cuda_checked` has no option `forbid`; it has `allow(rule, …)`, `deny`, `warn` and \
                    `cudarc = \"version\"`";
        assert_eq!(messages("forbid(x)"), [text]);
        assert_eq!(messages("cudarc = \"new\"").len(), 1);
        assert_eq!(messages("allow").len(), 1);
        assert_eq!(messages("allow(-)").len(), 1);
        assert_eq!(messages("3").len(), 1);
    }

    #[test]
    fn it_stands_on_what_has_code() {
        let text = "`#[cuda_checked]` stands on functions, `impl` blocks and modules with a body";
        assert_eq!(on("struct S;", ""), [text]);
        assert_eq!(on("mod elsewhere;", ""), [text]);
        assert_eq!(on("fn f(&self) -> u32 { 3 }", ""), [""; 0]);
        assert_eq!(on("impl S { fn f(&self) {} }", ""), [""; 0]);
        assert_eq!(on("mod here { fn f() {} }", ""), [""; 0]);
        assert_eq!(on("async unsafe fn f<T>(x: T) -> T { x }", ""), [""; 0]);
    }
}
