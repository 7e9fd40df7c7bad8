//! What can be replayed: diagnostics with their witnesses, and traces.

use std::fs;
use std::path::Path;

use cuda_lint_engine::trace::{Position, Trace, text};
use serde::Deserialize;

use super::experiment::{NO_RULE, Witness};
use crate::platform::Error;

/// Reads an input: a report of `cuda-lint --format json`, or a trace in its text form.
///
/// A trace may say in a comment what it is: `# misuse: RULE` or `# correct`.
pub fn read(path: &Path) -> Result<Vec<Witness>, Error> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::Unexpected(format!("{name} cannot be read: {error}")))?;
    if path.extension().is_some_and(|extension| extension == "json") {
        report(&name, &text)
    } else {
        trace(&name, &text).map(|witness| vec![witness])
    }
}

#[derive(Deserialize)]
struct Report {
    diagnostics: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    rule: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    witness: Option<Carried>,
}

#[derive(Deserialize)]
struct Carried {
    trace: Trace<Position>,
}

/// Diagnostics without a witness are left out: unknown-cuda-api has none.
fn report(name: &str, text: &str) -> Result<Vec<Witness>, Error> {
    let report: Report = serde_json::from_str(text).map_err(|error| {
        Error::Unexpected(format!("{name} is no report of `cuda-lint --format json` with witnesses: {error}"))
    })?;
    let witnesses = report.diagnostics.into_iter().filter_map(|diagnostic| {
        Some(Witness {
            rule: diagnostic.rule,
            file: diagnostic.file,
            line: diagnostic.line,
            trace: diagnostic.witness?.trace,
            declared: Some(true),
        })
    });
    Ok(witnesses.collect())
}

fn trace(name: &str, text: &str) -> Result<Witness, Error> {
    let trace = text::parse(text).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("{name}: {error}")).collect();
        Error::Unexpected(lines.join("\n"))
    })?;
    let comments = text.lines().filter_map(|line| line.strip_prefix('#')).map(str::trim);
    let mut rule = NO_RULE.to_string();
    let mut declared = None;
    for comment in comments {
        if comment == "correct" {
            declared = Some(false);
        } else if let Some(named) = comment.strip_prefix("misuse:") {
            rule = named.trim().to_string();
            declared = Some(true);
        }
    }
    Ok(Witness { rule, file: name.to_string(), line: 0, trace, declared })
}
