//! `#[cuda_checked]`: marks a function whose CUDA host code cuda-lint is to check.
//!
//! **It does not look into the function's body yet.** What it does today is check its own options against the
//! catalogue of rules, so that a misspelt rule is an error and not a silent exception; the function itself is
//! left as it is.

mod options;

use proc_macro::TokenStream;

/// Marks a function whose CUDA host code cuda-lint is to check.
///
/// The options are checked against the catalogue of rules (`cuda-lint rules`). **The body is not analysed
/// yet**, and the function is left as it is: the absence of an error says nothing about the code.
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
pub fn cuda_checked(options: TokenStream, function: TokenStream) -> TokenStream {
    match options::check(options.into(), &function.clone().into()) {
        Ok(()) => function,
        Err(error) => {
            // With the function left in place, one mistake gives one error.
            let mut tokens = TokenStream::from(error.to_compile_error());
            tokens.extend(function);
            tokens
        }
    }
}
