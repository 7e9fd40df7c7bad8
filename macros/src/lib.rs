//! `#[cuda_checked]`: checks the CUDA host code of an item while it is compiled.
//!
//! The item itself is left as it is. What is found stands beside it: an error is a `compile_error!`, a warning the
//! use of a deprecated constant, since stable Rust has no other way for a macro to warn; both have the span of the
//! place that they are about.

mod expand;
mod options;
mod versions;

use proc_macro::TokenStream;

/// Checks the CUDA host code of a function, a method, an `impl` block or a module with a body.
///
/// Findings of severity error are errors, all others warnings. What the macro cannot see (other functions, types
/// of other files) it does not guess: `cuda-lint src/` sees more.
///
/// | option | meaning |
/// | --- | --- |
/// | `allow(rule, …)` | these rules are not reported (`cuda-lint rules` lists them) |
/// | `deny` · `warn` | every finding is an error · a warning |
/// | `cudarc = "0.19"` | the version of cudarc; otherwise `Cargo.lock` says it |
///
/// ```
/// use cuda_lint_macros::cuda_checked;
///
/// #[cuda_checked(allow(pageable_async_copy, host_read_before_sync))]
/// fn upload() {}
/// ```
///
/// A rule that does not exist is an error:
/// ```compile_fail
/// use cuda_lint_macros::cuda_checked;
///
/// #[cuda_checked(allow(pageable_asink_copy))]
/// fn upload() {}
/// ```
#[proc_macro_attribute]
pub fn cuda_checked(options: TokenStream, item: TokenStream) -> TokenStream {
    let found = match options::parse(options.into(), &item.clone().into()) {
        Ok(options) => expand::findings(&options, item.clone().into()),
        Err(error) => error.to_compile_error(),
    };
    // With the item left in place, one mistake gives one error.
    let mut tokens = item;
    tokens.extend(TokenStream::from(found));
    tokens
}
