//! What the attribute macro calls: one item in, findings with their spans out.

use cuda_lint_engine::{self as engine, Diagnostic};
use proc_macro2::{Span, TokenStream};
use syn::Item;

use super::libraries::Versions;
use super::lower::{FileContext, lower_file};

/// What to assume when an item is checked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The versions of the libraries.
    pub versions: Versions,
    /// Names of rules that are not to be reported.
    pub allowed: Vec<String>,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where it bites.
    pub span: Span,
    /// Places that belong to it, with what is said of them.
    pub related: Vec<(Span, String)>,
    /// What it is.
    pub diagnostic: Diagnostic,
}

/// Checks one item: a function, an `impl`, a module. Reports what is reported by default.
///
/// # Errors
/// If the tokens are no item.
pub fn check_item(tokens: TokenStream, options: &Options) -> syn::Result<Vec<Finding>> {
    let item = parse(tokens)?;
    let context = FileContext { module: Vec::new(), versions: options.versions, index: None };
    let lowered = lower_file(std::slice::from_ref(&item), &context);
    let found = engine::analyse(&lowered.program, &engine::Options::new());
    let span = |site: engine::program::SiteId| {
        lowered.spans.get(site.0 as usize).copied().unwrap_or_else(Span::call_site)
    };
    let by_default = |name: &str| engine::rules::find(name).is_some_and(|rule| rule.on_by_default);
    let findings = found
        .diagnostics
        .into_iter()
        .filter(|it| it.severity > engine::Severity::Info && it.confidence > engine::Confidence::Possible)
        .filter(|it| by_default(it.rule) && !options.allowed.iter().any(|name| name == it.rule))
        .map(|diagnostic| Finding {
            span: span(diagnostic.site),
            related: diagnostic.related.iter().map(|it| (span(it.site), it.message.clone())).collect(),
            diagnostic,
        })
        .collect();
    Ok(findings)
}

/// A method stands in no file by itself: it is taken for the method of a type that nothing is known of.
fn parse(tokens: TokenStream) -> syn::Result<Item> {
    match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Verbatim(_)) | Err(_) => {}
        Ok(item) => return Ok(item),
    }
    let method: syn::ImplItemFn = syn::parse2(tokens)?;
    let mut item: syn::ItemImpl = syn::parse_str("impl Unknown {}")?;
    item.items.push(syn::ImplItem::Fn(method));
    Ok(Item::Impl(item))
}
