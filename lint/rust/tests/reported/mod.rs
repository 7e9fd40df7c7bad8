//! What is reported for a text, shared by the tests of this package.

use cuda_lint_engine::{Confidence, Diagnostic, Findings, Options, Severity, analyse};
use cuda_lint_rust::{FileContext, lower_source};

/// The analysis of a file.
pub fn analysed(text: &str, context: &FileContext) -> Findings {
    match lower_source(text, context) {
        Ok(lowered) => analyse(&lowered.program, &Options::new()),
        Err(error) => panic!("{error}: {text}"),
    }
}

/// The rules of what is reported by default, in order.
pub fn rules(found: Findings) -> Vec<&'static str> {
    let shown = |it: &Diagnostic| it.severity >= Severity::Warning && it.confidence > Confidence::Possible;
    found.diagnostics.into_iter().filter(shown).map(|it| it.rule).collect()
}
