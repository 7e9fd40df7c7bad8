//! What a worker says about a file: the engine's diagnostics with their positions resolved, as plain data
//! that can travel between processes.

use std::path::PathBuf;

use cuda_lint_engine::link::UnitIndex;
use cuda_lint_engine::program::SiteId;
use cuda_lint_engine::trace::{Position, Trace};
use cuda_lint_engine::{Category, Confidence, Diagnostic, Severity};
use serde::{Deserialize, Serialize};

use crate::report::FailedFile;
use crate::suppression::Directive;

/// Everything about one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The file, as in the request.
    pub path: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The intermediate form that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dump: Option<String>,
    /// Files beside it that it needs and that could not be used, such as those that its compile command names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<FailedFile>,
}

impl FileReport {
    /// A report without anything to add.
    pub fn new(path: &str, outcome: Outcome) -> Self {
        Self { path: path.to_owned(), outcome, dump: None, unusable: Vec::new() }
    }

    /// The report on a file that could not be analysed.
    pub fn failed(path: &str, reason: impl Into<String>) -> Self {
        Self::new(path, Outcome::Failed { reason: reason.into() })
    }
}

/// What came of the analysis of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was analysed.
    Analysed {
        /// What was found, of every severity and confidence.
        diagnostics: Vec<ReportedDiagnostic>,
        /// Functions that were analysed only in part.
        partial: Vec<PartialFunction>,
        /// Comments that suppress findings, in the file and in those that it includes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        directives: Vec<Directive>,
    },
    /// It was lowered, and waits for the link.
    Lowered {
        /// Its configurations.
        units: Vec<LoweredUnit>,
        /// The targets it is built for, if the build says so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        targets: Vec<String>,
        /// Functions that the frontend sees only in part.
        partial: Vec<PartialFunction>,
        /// Comments that suppress findings, in the file and in those that it includes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        directives: Vec<Directive>,
        /// Of the headers that it was to speak for, those that it includes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        adopted: Vec<String>,
    },
    /// It holds nothing that concerns CUDA.
    Skipped,
    /// It could not be analysed.
    Failed {
        /// Why: lower case, no full stop.
        reason: String,
    },
}

/// One configuration of a file, lowered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoweredUnit {
    /// The unit file: see [`crate::unit_file`].
    pub file: PathBuf,
    /// What the link has to know of it.
    pub index: UnitIndex,
    /// It has code of a file of interest.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub in_focus: bool,
}

const fn yes() -> bool {
    true
}

/// A diagnostic with positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedDiagnostic {
    /// The rule's name.
    pub rule: String,
    /// What the rule is about.
    #[serde(with = "CategoryName")]
    pub category: Category,
    /// How bad it is.
    #[serde(with = "SeverityName")]
    pub severity: Severity,
    /// How sure it is.
    #[serde(with = "ConfidenceName")]
    pub confidence: Confidence,
    /// What is wrong.
    pub message: String,
    /// The harmful place.
    pub span: Span,
    /// What the label at the harmful place says.
    pub label: String,
    /// Other places that belong to it, in the order in which they happen.
    pub related: Vec<RelatedPlace>,
    /// What to do.
    pub help: String,
    /// A run that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Trace<Position>>,
    /// True if it lies in a function that the unit has from another file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// The function around the place; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// If the place starts with an argument of a macro which makes the rest: the macro's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_name: Option<String>,
    /// How many findings of the rule one function of one unit has at the place before this one: a macro makes
    /// several operations, and several arguments of a call may be wrong. The same number at the same place is
    /// the same operation, in another instance of a template or seen from another unit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeat: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ReportedDiagnostic {
    /// Gives a diagnostic of the engine its positions.
    pub fn resolve(diagnostic: &Diagnostic, category: Category, span_of: &dyn Fn(SiteId) -> Span) -> Self {
        Self {
            rule: diagnostic.rule.to_string(),
            category,
            severity: diagnostic.severity,
            confidence: diagnostic.confidence,
            message: diagnostic.message.clone(),
            span: span_of(diagnostic.site),
            label: diagnostic.label.clone(),
            related: diagnostic
                .related
                .iter()
                .map(|place| RelatedPlace { span: span_of(place.site), message: place.message.clone() })
                .collect(),
            help: diagnostic.help.clone(),
            witness: diagnostic.witness.clone().map(|trace| {
                trace.map_places(|site| {
                    let Span { file, line, column, .. } = span_of(site);
                    (line > 0).then_some(Position { file, line, column })
                })
            }),
            imported: false,
            function: String::new(),
            macro_name: None,
            repeat: 0,
        }
    }
}

/// A place that belongs to a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedPlace {
    /// The place.
    pub span: Span,
    /// What happens there.
    pub message: String,
}

/// A range of a file. Lines and columns count from 1, columns and offsets in bytes; the end is exclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The file's path.
    pub file: String,
    /// The first line.
    pub line: u32,
    /// The column in the first line.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column in the last line.
    pub end_column: u32,
    /// Where it starts, from the start of the file.
    pub offset: u32,
    /// How long it is.
    pub length: u32,
}

/// A function that was analysed only in part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartialFunction {
    /// The file in which the analysis lost sight.
    pub path: String,
    /// The line where it did.
    pub line: u32,
    /// The function's name.
    pub function: String,
    /// Why.
    pub reason: String,
}

/// How [`Category`] travels. The compiler checks that no variant is missing, here and below.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Category", rename_all = "kebab-case")]
enum CategoryName {
    Ordering,
    Lifetime,
    MemoryKind,
    Callback,
    Capture,
    ApiUsage,
    Performance,
    Suppression,
}

/// How [`Severity`] travels.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Severity", rename_all = "kebab-case")]
enum SeverityName {
    Info,
    Performance,
    Warning,
    Error,
}

/// How [`Confidence`] travels.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Confidence", rename_all = "kebab-case")]
enum ConfidenceName {
    Possible,
    Likely,
    Certain,
}

#[cfg(test)]
pub mod samples {
    //! Findings for tests.

    use super::*;

    /// A range on one line; the offset is left to tests that need it.
    pub fn span(file: &str, line: u32, column: u32, length: u32) -> Span {
        Span {
            file: file.to_string(),
            line,
            column,
            end_line: line,
            end_column: column + length,
            offset: 0,
            length,
        }
    }

    /// A finding of a rule at a place.
    pub fn diagnostic(rule: &str, span: Span) -> ReportedDiagnostic {
        ReportedDiagnostic {
            rule: rule.to_string(),
            category: Category::Ordering,
            severity: Severity::Error,
            confidence: Confidence::Certain,
            message: "the host reads `h_out` while the copy into it may still be running".to_string(),
            span,
            label: "read here".to_string(),
            related: Vec::new(),
            help: "wait first: call cudaStreamSynchronize(stream) before this line".to_string(),
            witness: None,
            imported: false,
            function: String::new(),
            macro_name: None,
            repeat: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cuda_lint_engine::trace::{Action, Step};

    #[test]
    fn names_on_the_wire_are_the_names_in_reports() {
        for severity in [Severity::Info, Severity::Performance, Severity::Warning, Severity::Error] {
            for confidence in [Confidence::Possible, Confidence::Likely, Confidence::Certain] {
                for category in [Category::Ordering, Category::MemoryKind, Category::ApiUsage] {
                    let mut finding = samples::diagnostic("some-rule", samples::span("a.cu", 3, 5, 7));
                    (finding.severity, finding.confidence, finding.category) =
                        (severity, confidence, category);
                    let json = serde_json::to_value(&finding).unwrap();
                    assert_eq!(json["severity"], severity.name());
                    assert_eq!(json["confidence"], confidence.name());
                    assert_eq!(json["category"], category.name());
                    assert_eq!(serde_json::from_value::<ReportedDiagnostic>(json).unwrap(), finding);
                }
            }
        }
    }

    #[test]
    fn resolving_keeps_every_place() {
        let diagnostic = Diagnostic {
            rule: "some-rule",
            severity: Severity::Warning,
            confidence: Confidence::Likely,
            message: "message".to_string(),
            site: SiteId(4),
            label: "label".to_string(),
            related: vec![cuda_lint_engine::Related { site: SiteId(2), message: "earlier".to_string() }],
            help: "help".to_string(),
            witness: Some(Trace {
                default_stream: cuda_lint_engine::DefaultStream::Legacy,
                steps: [Some(SiteId(3)), Some(SiteId(0)), None]
                    .map(|place| Step { action: Action::Call { function: "f".to_string() }, place })
                    .into(),
            }),
        };
        let resolved = ReportedDiagnostic::resolve(&diagnostic, Category::Lifetime, &|site| {
            samples::span("a.cu", site.0, 1, 1)
        });
        assert_eq!(resolved.span.line, 4);
        assert_eq!(resolved.related[0].span.line, 2);
        assert_eq!(resolved.category, Category::Lifetime);
        let steps = resolved.witness.unwrap().steps;
        // What has no place in a file has none in the witness.
        let lines: Vec<_> = steps.iter().map(|step| step.place.as_ref().map(|it| it.line)).collect();
        assert_eq!(lines, [Some(3), None, None]);
    }
}
