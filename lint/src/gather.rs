//! Makes one report of what the workers say about single files.
//!
//! Files come in any order and a header is seen from many of them, so everything is sorted by place, and
//! what is said twice is said once: the same input gives the same bytes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use cuda_lint_engine::rules;
use cuda_lint_engine::{Confidence, Severity};

use crate::discover::SourceFile;
use crate::finding::{FileReport, Outcome, PartialFunction, ReportedDiagnostic, Span};
use crate::report::{FailedFile, Report};

/// What is worth reporting.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// The least confidence.
    pub confidence: Confidence,
    /// The least severity.
    pub severity: Severity,
}

impl Threshold {
    fn admits(self, diagnostic: &ReportedDiagnostic) -> bool {
        diagnostic.confidence >= self.confidence && diagnostic.severity >= self.severity
    }
}

/// Gathers the reports on `files`.
pub fn gather(mut reports: Vec<FileReport>, files: &[SourceFile], threshold: Threshold) -> Report {
    // The first unit that says something about a header is the one that is quoted.
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    let mut names = Names::new(files);
    let mut report = Report::default();
    for file in reports {
        match file.outcome {
            Outcome::Analysed { diagnostics, partial } => {
                report.analysed += 1;
                report.diagnostics.extend(diagnostics.into_iter().map(|it| names.rename(it)));
                report.partial.extend(
                    partial.into_iter().map(|it| PartialFunction { path: names.shown(&it.path), ..it }),
                );
            }
            Outcome::Lowered { .. } => report
                .failed
                .push(FailedFile { path: file.path, reason: "it was lowered and not analysed".to_owned() }),
            Outcome::Skipped => report.skipped += 1,
            Outcome::Failed { reason } => report.failed.push(FailedFile { path: file.path, reason }),
        }
    }
    report.failed.sort();
    report.partial.sort();
    report.partial.dedup();
    report.diagnostics = merge(report.diagnostics);
    let (shown, hidden): (Vec<_>, Vec<_>) =
        report.diagnostics.into_iter().partition(|diagnostic| threshold.admits(diagnostic));
    report.diagnostics = shown;
    // Nobody has asked for what is off by default.
    let is_off = |it: &&ReportedDiagnostic| rules::find(&it.rule).is_some_and(|rule| !rule.on_by_default);
    report.hidden = hidden.iter().filter(|it| !is_off(it)).count();
    report
}

/// Sorts by place and keeps one of what several units say alike: the one that is most certain.
fn merge(mut diagnostics: Vec<ReportedDiagnostic>) -> Vec<ReportedDiagnostic> {
    fn identity(it: &ReportedDiagnostic) -> (&str, u32, u32, &str, &str) {
        (&it.span.file, it.span.line, it.span.column, &it.rule, &it.message)
    }
    // The sort is stable: among equals the order of the units remains.
    diagnostics.sort_by(|a, b| identity(a).cmp(&identity(b)).then_with(|| b.confidence.cmp(&a.confidence)));
    diagnostics.dedup_by(|later, first| identity(later) == identity(first));
    once_for_callers(diagnostics)
}

/// A function that several files call is seen from each of them, in other words each time. What is found in
/// it is reported once: as its own file says it, or else by the caller that is most certain.
fn once_for_callers(diagnostics: Vec<ReportedDiagnostic>) -> Vec<ReportedDiagnostic> {
    let mut best: HashMap<(String, u32, u32, String), (Confidence, usize)> = HashMap::new();
    for own in [true, false] {
        for (index, it) in diagnostics.iter().enumerate().filter(|(_, it)| it.imported != own) {
            let key = (it.span.file.clone(), it.span.line, it.span.column, it.rule.clone());
            let known = best.entry(key).or_insert((it.confidence, index));
            if known.0 < it.confidence {
                *known = (it.confidence, index);
            }
        }
    }
    let best: HashSet<usize> = best.into_values().map(|(_, index)| index).collect();
    let kept = diagnostics.into_iter().enumerate().filter(|(index, it)| !it.imported || best.contains(index));
    kept.map(|(_, it)| it).collect()
}

/// The names under which files are shown: as the user gave them, else relative to the current folder.
struct Names<'a> {
    given: HashMap<&'a Path, &'a str>,
    current_folder: Option<PathBuf>,
    known: HashMap<String, String>,
}

impl<'a> Names<'a> {
    fn new(files: &'a [SourceFile]) -> Self {
        Self {
            given: files.iter().map(|file| (file.canonical.as_path(), file.path.as_str())).collect(),
            current_folder: std::env::current_dir().and_then(|folder| folder.canonicalize()).ok(),
            known: files.iter().map(|file| (file.path.clone(), file.path.clone())).collect(),
        }
    }

    fn rename(&mut self, mut diagnostic: ReportedDiagnostic) -> ReportedDiagnostic {
        let related = diagnostic.related.iter_mut().map(|place| &mut place.span);
        for span in std::iter::once(&mut diagnostic.span).chain(related) {
            *span = Span { file: self.shown(&span.file), ..std::mem::take(span) };
        }
        let steps = diagnostic.witness.iter_mut().flat_map(|trace| &mut trace.steps);
        for place in steps.filter_map(|step| step.place.as_mut()) {
            place.file = self.shown(&place.file);
        }
        diagnostic
    }

    fn shown(&mut self, path: &str) -> String {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let shown = self.find(path);
        self.known.insert(path.to_string(), shown.clone());
        shown
    }

    fn find(&self, path: &str) -> String {
        // A file that exists in the frontend's mind only keeps the name that it has there.
        let Ok(canonical) = Path::new(path).canonicalize() else { return path.to_string() };
        if let Some(given) = self.given.get(canonical.as_path()) {
            return given.to_string();
        }
        let relative = self.current_folder.as_ref().and_then(|folder| canonical.strip_prefix(folder).ok());
        relative.unwrap_or(&canonical).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    const EVERYTHING: Threshold = Threshold { confidence: Confidence::Possible, severity: Severity::Info };

    fn analysed(path: &str, diagnostics: Vec<ReportedDiagnostic>) -> FileReport {
        let outcome = Outcome::Analysed { diagnostics, partial: Vec::new() };
        FileReport::new(path, outcome)
    }

    fn places(report: &Report) -> Vec<String> {
        let line = |it: &ReportedDiagnostic| {
            format!("{}:{}:{} {}", it.span.file, it.span.line, it.span.column, it.rule)
        };
        report.diagnostics.iter().map(line).collect()
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
        let reports = vec![
            analysed(
                "b.cu",
                vec![diagnostic("x", span("b.cu", 2, 1, 1)), diagnostic("a", span("b.cu", 2, 1, 1))],
            ),
            FileReport::failed("c.cu", "crash"),
            analysed(
                "a.cu",
                vec![diagnostic("x", span("a.cu", 10, 1, 1)), diagnostic("x", span("a.cu", 9, 4, 1))],
            ),
            FileReport::new("d.cu", Outcome::Skipped),
        ];
        let forward = gather(reports.clone(), &[], EVERYTHING);
        let backward = gather(reports.into_iter().rev().collect(), &[], EVERYTHING);
        assert_eq!(places(&forward), ["a.cu:9:4 x", "a.cu:10:1 x", "b.cu:2:1 a", "b.cu:2:1 x"]);
        assert_eq!(forward, backward);
        assert_eq!((forward.analysed, forward.skipped, forward.failed.len()), (2, 1, 1));
    }

    #[test]
    fn what_several_units_say_about_a_header_is_said_once_and_with_the_most_confidence() {
        let unsure = ReportedDiagnostic {
            confidence: Confidence::Likely,
            ..diagnostic("x", span("shared.h", 7, 1, 1))
        };
        let sure = diagnostic("x", span("shared.h", 7, 1, 1));
        let other = ReportedDiagnostic { message: "another".to_string(), ..sure.clone() };
        let report = gather(
            vec![
                analysed("a.cu", vec![unsure.clone()]),
                analysed("b.cu", vec![sure.clone(), other.clone()]),
                analysed("c.cu", vec![unsure]),
            ],
            &[],
            EVERYTHING,
        );
        assert_eq!(report.diagnostics, [other, sure]);
    }

    #[test]
    fn what_is_below_the_threshold_is_counted_and_not_reported() {
        let shy =
            ReportedDiagnostic { confidence: Confidence::Possible, ..diagnostic("x", span("a.cu", 1, 1, 1)) };
        let mild = ReportedDiagnostic { severity: Severity::Info, ..diagnostic("y", span("a.cu", 2, 1, 1)) };
        let loud = diagnostic("z", span("a.cu", 3, 1, 1));
        let threshold = Threshold { confidence: Confidence::Likely, severity: Severity::Performance };
        let report = gather(vec![analysed("a.cu", vec![shy, mild, loud])], &[], threshold);
        assert_eq!(places(&report), ["a.cu:3:1 z"]);
        assert_eq!(report.hidden, 2);
        let off = diagnostic("unchecked-cuda-call", span("a.cu", 2, 1, 1));
        let off = ReportedDiagnostic { severity: Severity::Info, ..off };
        assert_eq!(gather(vec![analysed("a.cu", vec![off])], &[], threshold).hidden, 0);
    }

    #[test]
    fn files_are_shown_under_the_names_that_the_user_gave() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("src")).unwrap();
        let header = root.join("src/shared.h");
        std::fs::write(&header, "").unwrap();
        let files = [SourceFile { path: "given/shared.h".to_string(), canonical: header.clone() }];
        let detour = root.join("src/../src/shared.h").display().to_string();
        let report = gather(
            vec![
                analysed("a.cu", vec![diagnostic("x", span(&detour, 1, 1, 1))]),
                analysed("b.cu", vec![diagnostic("x", span(&header.display().to_string(), 1, 1, 1))]),
                analysed("c.cu", vec![diagnostic("x", span("/nowhere/at/all.h", 1, 1, 1))]),
            ],
            &files,
            EVERYTHING,
        );
        assert_eq!(places(&report), ["/nowhere/at/all.h:1:1 x", "given/shared.h:1:1 x"]);
    }
}
