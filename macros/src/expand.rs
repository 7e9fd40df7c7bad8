//! Findings as tokens that make the compiler say them.

use cuda_lint_engine::Severity;
use cuda_lint_rust::{Finding, check_item};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::options::{Level, Options};

/// What is found in an item, as tokens that stand beside it. An item that is no item is the compiler's business.
pub fn findings(options: &Options, item: TokenStream) -> TokenStream {
    let checked = cuda_lint_rust::Options {
        versions: options.versions.unwrap_or_else(super::versions::locked),
        allowed: options.allowed.clone(),
    };
    // A mistake of the analysis must not keep anybody's program from being compiled.
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| on_a_large_stack(item, &checked)));
    let Ok(Ok(found)) = found else { return TokenStream::new() };
    found.iter().enumerate().map(|(number, finding)| tokens(options, number, finding)).collect()
}

/// Spans belong to the compiler's thread, so the stack is what it is; deep expressions are left out beforehand.
fn on_a_large_stack(item: TokenStream, options: &cuda_lint_rust::Options) -> syn::Result<Vec<Finding>> {
    if depth(item.clone(), 0) > MAX_DEPTH {
        return Ok(Vec::new());
    }
    check_item(item, options)
}

/// How deep brackets may stand in brackets.
const MAX_DEPTH: usize = 64;

fn depth(tokens: TokenStream, above: usize) -> usize {
    if above > MAX_DEPTH {
        return above;
    }
    let inner = tokens.into_iter().map(|token| match token {
        proc_macro2::TokenTree::Group(group) => depth(group.stream(), above + 1),
        _ => above,
    });
    inner.max().unwrap_or(above)
}

fn tokens(options: &Options, number: usize, finding: &Finding) -> TokenStream {
    let diagnostic = &finding.diagnostic;
    let mut text = format!("[{}] {}", diagnostic.rule, diagnostic.message);
    for (_, related) in &finding.related {
        text.push_str(&format!("\n  note: {related}"));
    }
    text.push_str(&format!("\n  help: {}", diagnostic.help));
    let is_error = match options.level {
        Some(Level::Deny) => true,
        Some(Level::Warn) => false,
        None => diagnostic.severity == Severity::Error,
    };
    let span = finding.span;
    if is_error {
        return quote_spanned!(span => ::core::compile_error!{ #text });
    }
    // A named constant may stand in a module and in an `impl`.
    let holder = Ident::new(&format!("__CUDA_LINT_{:x}_{number}", fingerprint(&text)), Span::call_site());
    let used = Ident::new("cuda_lint", span);
    let declared = Ident::new("cuda_lint", span.resolved_at(used.span()));
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, non_upper_case_globals)]
        const #holder: () = {
            #[deprecated(note = #text)]
            const #declared: () = ();
            #used
        };
    }
}

/// Tells constants of one module apart; the same text makes the same name, so that builds repeat.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
