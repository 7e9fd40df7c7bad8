//! JSON, for programs. The shape is a promise: `schema_version` changes with it, added keys aside.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cuda_lint_engine::trace::{Position, Trace, text};
use serde::Serialize;

use super::{Report, statistics};
use crate::finding::{ReportedDiagnostic, Span};

/// The version of the shape.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    diagnostics: Vec<Diagnostic<'a>>,
    /// The number of findings of each rule.
    statistics: BTreeMap<&'a str, usize>,
    not_shown: NotShown<'a>,
    files: Files<'a>,
}

/// How much was found and is not among the diagnostics.
#[derive(Serialize)]
struct NotShown<'a> {
    below_thresholds: usize,
    suppressed: usize,
    /// Null if there is none.
    baseline: Option<Baseline<'a>>,
}

#[derive(Serialize)]
struct Baseline<'a> {
    file: &'a str,
    unchanged: usize,
    fixed: usize,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'static str,
    /// The parser in use, such as `libclang 18.1.1`; null if there was nothing to parse.
    frontend: Option<&'a str>,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    rule: &'a str,
    category: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    related: Vec<Related<'a>>,
    help: &'a str,
    /// Absent for what the compiler rejects.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness<'a>>,
}

/// A run that shows the finding.
#[derive(Serialize)]
struct Witness<'a> {
    text: String,
    trace: &'a Trace<Position>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Files<'a> {
    analysed: usize,
    partial: Vec<Partial<'a>>,
    skipped: usize,
    failed: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Partial<'a> {
    path: &'a str,
    function: &'a str,
    line: u32,
    reason: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    path: &'a str,
    reason: &'a str,
}

/// Prints the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: Tool {
            name: "cuda-lint",
            version: env!("CARGO_PKG_VERSION"),
            frontend: report.frontend.as_deref(),
        },
        diagnostics: report.diagnostics.iter().map(diagnostic).collect(),
        statistics: statistics::counts(report),
        not_shown: NotShown {
            below_thresholds: report.hidden,
            suppressed: report.suppressed,
            baseline: report.baseline.as_ref().map(|it| Baseline {
                file: &it.file,
                unchanged: it.unchanged,
                fixed: it.fixed,
            }),
        },
        files: Files {
            analysed: report.analysed,
            partial: report
                .partial
                .iter()
                .map(|it| Partial {
                    path: &it.path,
                    function: &it.function,
                    line: it.line,
                    reason: &it.reason,
                })
                .collect(),
            skipped: report.skipped,
            failed: report.failed.iter().map(|it| Failed { path: &it.path, reason: &it.reason }).collect(),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn diagnostic(it: &ReportedDiagnostic) -> Diagnostic<'_> {
    Diagnostic {
        rule: &it.rule,
        category: it.category.name(),
        severity: it.severity.name(),
        confidence: it.confidence.name(),
        message: &it.message,
        place: place(&it.span),
        related: it
            .related
            .iter()
            .map(|related| Related { place: place(&related.span), message: &related.message })
            .collect(),
        help: &it.help,
        witness: it.witness.as_ref().map(|trace| Witness { text: text::print(trace), trace }),
    }
}

fn place(span: &Span) -> Place<'_> {
    Place {
        file: &span.file,
        line: span.line,
        column: span.column,
        end_line: span.end_line,
        end_column: span.end_column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples;
    use crate::finding::{PartialFunction, RelatedPlace};
    use crate::report::{FailedFile, Known};

    #[test]
    fn the_shape_is_the_promised_one() {
        let mut finding = samples::diagnostic("host-read-before-sync", samples::span("a.cu", 12, 5, 8));
        finding.related = vec![RelatedPlace {
            span: samples::span("b.h", 3, 1, 4),
            message: "the copy is enqueued here".to_string(),
        }];
        let report = Report {
            diagnostics: vec![finding.clone()],
            hidden: 0,
            analysed: 1,
            skipped: 2,
            partial: vec![PartialFunction {
                path: "a.cu".to_string(),
                line: 40,
                function: "app::step".to_string(),
                reason: "an unknown type".to_string(),
            }],
            failed: vec![FailedFile { path: "c.cu".to_string(), reason: "crash".to_string() }],
            frontend: Some("libclang 18.1.1".to_string()),
            suppressed: 4,
            baseline: Some(Known { file: "known.json".to_string(), unchanged: 5, fixed: 6 }),
        };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "schema_version": 1,
                "tool": {"name": "cuda-lint", "version": env!("CARGO_PKG_VERSION"), "frontend": "libclang 18.1.1"},
                "diagnostics": [{
                    "rule": "host-read-before-sync",
                    "category": "ordering",
                    "severity": "error",
                    "confidence": "certain",
                    "message": finding.message,
                    "file": "a.cu", "line": 12, "column": 5, "end_line": 12, "end_column": 13,
                    "related": [{
                        "file": "b.h", "line": 3, "column": 1, "end_line": 3, "end_column": 5,
                        "message": "the copy is enqueued here"
                    }],
                    "help": finding.help
                }],
                "statistics": {"host-read-before-sync": 1},
                "not_shown": {
                    "below_thresholds": 0,
                    "suppressed": 4,
                    "baseline": {"file": "known.json", "unchanged": 5, "fixed": 6}
                },
                "files": {
                    "analysed": 1,
                    "partial": [{"path": "a.cu", "function": "app::step", "line": 40, "reason": "an unknown type"}],
                    "skipped": 2,
                    "failed": [{"path": "c.cu", "reason": "crash"}]
                }
            })
        );
    }
}
