//! Makes one report of what the workers say about single files.
//!
//! Files come in any order and a header is seen from many of them, so everything is sorted by place, and
//! what is said twice is said once: the same input gives the same bytes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use cuda_lint_engine::Confidence;

use crate::discover::SourceFile;
use crate::finding::{FileReport, Outcome, PartialFunction, ReportedDiagnostic, Span};
use crate::report::{FailedFile, Report};
use crate::suppression::Directive;

/// What the workers have said, said once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Everything that was found, whether it is worth reporting or not.
    pub report: Report,
    /// The comments that suppress findings.
    pub directives: Vec<Directive>,
}

/// Gathers the reports on `files`.
pub fn gather(mut reports: Vec<FileReport>, files: &[SourceFile]) -> Gathered {
    // The first unit that says something about a header is the one that is quoted.
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    let mut names = Names::new(files);
    let mut report = Report::default();
    let mut all_directives = Vec::new();
    for file in reports {
        match file.outcome {
            Outcome::Analysed { diagnostics, partial, directives } => {
                report.analysed += 1;
                report.diagnostics.extend(diagnostics.into_iter().map(|it| names.rename(it)));
                report.partial.extend(
                    partial.into_iter().map(|it| PartialFunction { path: names.shown(&it.path), ..it }),
                );
                all_directives.extend(directives.into_iter().map(|it| names.rename_directive(it)));
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
    Gathered { report, directives: all_directives }
}

/// Sorts by place and keeps one of what several units say alike: the one that is most certain.
fn merge(mut diagnostics: Vec<ReportedDiagnostic>) -> Vec<ReportedDiagnostic> {
    fn identity(it: &ReportedDiagnostic) -> (&str, u32, u32, &str, &str) {
        (&it.span.file, it.span.line, it.span.column, &it.rule, &it.message)
    }
    // The sort is stable: among equals the order of the units remains.
    diagnostics.sort_by(|a, b| identity(a).cmp(&identity(b)).then_with(|| b.confidence.cmp(&a.confidence)));
    diagnostics.dedup_by(|later, first| identity(later) == identity(first));
    once_a_place(once_for_callers(diagnostics))
}

/// Other places that are added to a finding from those that it stands for.
const MORE: usize = 4;

/// What one operation does wrong is one finding, though instances of a template, classes that inherit it and
/// units that include it see it with other names. The finding that is most likely to be shown and has the
/// shortest words stands for them all; what leads there elsewhere follows its own places.
fn once_a_place(diagnostics: Vec<ReportedDiagnostic>) -> Vec<ReportedDiagnostic> {
    let mut places: HashMap<(String, u32, u32, String, u32), usize> = HashMap::new();
    let mut groups: Vec<Vec<ReportedDiagnostic>> = Vec::new();
    for it in diagnostics {
        let key = (it.span.file.clone(), it.span.line, it.span.column, it.rule.clone(), it.repeat);
        let group = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(known) => known.push(it),
            None => groups.push(vec![it]),
        }
    }
    groups.into_iter().filter_map(one_of).collect()
}

/// One finding of those of one operation.
fn one_of(mut group: Vec<ReportedDiagnostic>) -> Option<ReportedDiagnostic> {
    let shown = |it: &ReportedDiagnostic| (it.confidence > Confidence::Possible, it.severity);
    // Stable, so that of words of one length the first in the alphabet stand.
    group.sort_by_key(|it| (Reverse((shown(it), it.confidence)), it.imported, it.message.len()));
    let mut group = group.into_iter();
    let mut first = group.next()?;
    let (rank, limit) = (shown(&first), first.related.len() + MORE);
    for other in group.filter(|it| shown(it) == rank).flat_map(|it| it.related) {
        let place = |span: &Span| (span.file.clone(), span.line, span.column);
        let known = std::iter::once(&first.span).chain(first.related.iter().map(|it| &it.span));
        let is_new = known.map(place).all(|it| it != place(&other.span));
        if is_new && first.related.len() < limit {
            first.related.push(other);
        }
    }
    Some(first)
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

    fn rename_directive(&mut self, mut directive: Directive) -> Directive {
        let names = directive.names.iter_mut().map(|name| &mut name.span);
        for span in std::iter::once(&mut directive.span).chain(names) {
            span.file = self.shown(&span.file);
        }
        directive
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
    use crate::finding::RelatedPlace;
    use crate::finding::samples::{diagnostic, span};

    fn gather(reports: Vec<FileReport>, files: &[SourceFile]) -> Report {
        super::gather(reports, files).report
    }

    fn analysed(path: &str, diagnostics: Vec<ReportedDiagnostic>) -> FileReport {
        let outcome = Outcome::Analysed { diagnostics, partial: Vec::new(), directives: Vec::new() };
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
        let forward = gather(reports.clone(), &[]);
        let backward = gather(reports.into_iter().rev().collect(), &[]);
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
        );
        // The shorter words of those that are sure.
        assert_eq!(report.diagnostics, [other]);
        assert!(sure.message.len() > report.diagnostics[0].message.len());
    }

    #[test]
    fn an_operation_that_instances_see_with_other_names_is_one_finding_with_their_places() {
        let at = |message: &str, line| {
            let place =
                RelatedPlace { span: span("test.cuh", line, 1, 1), message: "calls `run`".to_owned() };
            ReportedDiagnostic {
                message: message.to_owned(),
                related: vec![place],
                ..diagnostic("x", span("test.cuh", 7, 1, 1))
            }
        };
        let lines = |it: &ReportedDiagnostic| it.related.iter().map(|it| it.span.line).collect::<Vec<_>>();
        let of_classes = vec![at("stream `<F>.s`", 20), at("stream `s`", 30), at("stream `<G>.s`", 20)];
        let report = gather(vec![analysed("a.cu", of_classes)], &[]);
        assert_eq!(report.diagnostics.len(), 1);
        assert_eq!(report.diagnostics[0].message, "stream `s`");
        assert_eq!(lines(&report.diagnostics[0]), [30, 20]);
        // Two operations of a macro, or two arguments: neither stands for the other.
        let second = ReportedDiagnostic { repeat: 1, ..at("stream `t`", 20) };
        let report = gather(vec![analysed("a.cu", vec![at("stream `s`", 30), second])], &[]);
        assert_eq!(report.diagnostics.len(), 2);
        // What may be hidden lends nothing to what is shown.
        let unsure = ReportedDiagnostic { confidence: Confidence::Possible, ..at("stream `t`", 20) };
        let report = gather(vec![analysed("a.cu", vec![at("stream `s`", 30), unsure])], &[]);
        assert_eq!(lines(&report.diagnostics[0]), [30]);
    }

    #[test]
    fn files_are_shown_under_the_names_that_the_user_gave() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("src")).unwrap();
        let header = root.join("src/shared.h");
        std::fs::write(&header, "").unwrap();
        let files =
            [SourceFile { path: "given/shared.h".to_string(), canonical: header.clone(), named: false }];
        let detour = root.join("src/../src/shared.h").display().to_string();
        let report = gather(
            vec![
                analysed("a.cu", vec![diagnostic("x", span(&detour, 1, 1, 1))]),
                analysed("b.cu", vec![diagnostic("x", span(&header.display().to_string(), 1, 1, 1))]),
                analysed("c.cu", vec![diagnostic("x", span("/nowhere/at/all.h", 1, 1, 1))]),
            ],
            &files,
        );
        assert_eq!(places(&report), ["/nowhere/at/all.h:1:1 x", "given/shared.h:1:1 x"]);
    }
}
