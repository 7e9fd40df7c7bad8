//! From everything that was found to what is reported: rules that are off, severities that the user sets,
//! comments that suppress, thresholds, and findings that the baseline knows.

use std::collections::{HashMap, HashSet};

use cuda_lint_engine::Severity;

use crate::baseline::{Baseline, Matched};
use crate::catalogue;
use crate::discover::SourceFile;
use crate::finding::ReportedDiagnostic;
use crate::gather::Gathered;
use crate::project::Focus;
use crate::report::{Known, Report};
use crate::selection::{FilePath, RuleState, Selection};
use crate::suppression::apply::{Demands, Directives};

/// What decides on findings.
pub struct Terms<'a> {
    /// Which rules may report what.
    pub selection: &'a Selection,
    /// The files that were looked at.
    pub files: &'a [SourceFile],
    /// The files of interest, if not all are.
    pub focus: Option<&'a Focus>,
    /// What is known already.
    pub baseline: Option<&'a Baseline>,
}

/// Settles what is reported; with it, what the baseline has to do with it.
pub fn settle(gathered: Gathered, terms: &Terms<'_>) -> (Report, Option<Matched>) {
    let Gathered { mut report, mut directives } = gathered;
    let mut states = States { selection: terms.selection, files: HashMap::new() };
    let all = std::mem::take(&mut report.diagnostics);
    let mut candidates: Vec<(ReportedDiagnostic, RuleState)> = Vec::new();
    for mut it in all {
        let state = states.of(&it.rule, &it.span.file);
        // Nobody has asked for what is off, or for what concerns other files.
        if !state.on || terms.focus.is_some_and(|focus| !focus.concerns(&it)) {
            continue;
        }
        it.severity = state.severity.unwrap_or(it.severity);
        candidates.push((it, state));
    }

    // Of a file that is named alone, it cannot be told what is not there: a finding may need other files.
    let failed: HashSet<&str> = report.failed.iter().map(|file| file.path.as_str()).collect();
    let swept: HashSet<&str> = (terms.files.iter())
        .filter(|file| !file.named && !failed.contains(file.path.as_str()))
        .filter(|file| terms.focus.is_none_or(|focus| focus.holds(&file.path)))
        .flat_map(|file| [Some(file.path.as_str()), file.canonical.to_str()])
        .flatten()
        .collect();
    let judged = |file: &str| swept.contains(file);
    if terms.focus.is_some() {
        // Who else uses a macro has not been looked at, so that it cannot be told what a comment in it is for.
        directives.iter_mut().filter(|it| it.macro_name.is_some()).for_each(|it| it.seen = false);
    }
    let found: Vec<ReportedDiagnostic> = candidates.iter().map(|(it, _)| it.clone()).collect();
    let cell = std::cell::RefCell::new(&mut states);
    let active = |rule: &str, file: &str| cell.borrow_mut().of(rule, file).on;
    let demands = Demands { judged: &judged, active: &active };
    let (suppressed, remarks) = Directives::new(directives).apply(&found, &demands);

    let mut kept = Vec::new();
    for ((it, state), suppressed) in candidates.into_iter().zip(suppressed) {
        match (states.admits(&it, state), suppressed) {
            (false, _) => report.hidden += usize::from(is_missed(&it, state)),
            (true, true) => report.suppressed += 1,
            (true, false) => kept.push(it),
        }
    }
    for mut it in remarks.into_iter().filter(|it| terms.focus.is_none_or(|focus| focus.concerns(it))) {
        let state = states.of(&it.rule, &it.span.file);
        it.severity = state.severity.unwrap_or(Severity::Warning);
        if states.admits(&it, state) {
            kept.push(it);
        } else {
            report.hidden += usize::from(state.on);
        }
    }
    kept.sort_by(|a, b| place(a).cmp(&place(b)));

    let matched = terms.baseline.map(|baseline| baseline.compare(&kept, &judged));
    if let (Some(matched), Some(baseline)) = (&matched, terms.baseline) {
        let mut known = matched.known.iter();
        kept.retain(|_| !known.next().copied().unwrap_or(false));
        report.baseline = Some(Known {
            file: baseline.shown.clone(),
            unchanged: matched.known.iter().filter(|known| **known).count(),
            fixed: matched.fixed_count(),
        });
    }
    report.diagnostics = kept;
    if let Some(focus) = terms.focus {
        report.partial.retain(|it| focus.holds(&it.path));
    }
    (report, matched)
}

/// True if somebody may miss a finding that is not shown: nobody has asked for what is off by default.
fn is_missed(it: &ReportedDiagnostic, state: RuleState) -> bool {
    state.asked_for || catalogue::find(&it.rule).is_none_or(|rule| rule.on_by_default)
}

fn place(it: &ReportedDiagnostic) -> (&str, u32, u32, &str, &str) {
    (&it.span.file, it.span.line, it.span.column, &it.rule, &it.message)
}

/// What holds for rules in files; a file is looked at once.
struct States<'a> {
    selection: &'a Selection,
    files: HashMap<String, FilePath>,
}

impl States<'_> {
    fn file(&mut self, name: &str) -> FilePath {
        self.files.entry(name.to_owned()).or_insert_with(|| FilePath::new(name)).clone()
    }

    fn of(&mut self, rule: &str, file: &str) -> RuleState {
        let file = self.file(file);
        match catalogue::find(rule) {
            Some(rule) => self.selection.of(&rule, &file),
            None => RuleState { on: true, severity: None, asked_for: false },
        }
    }

    fn admits(&mut self, it: &ReportedDiagnostic, state: RuleState) -> bool {
        let file = self.file(&it.span.file);
        self.selection.admits(state, it.severity, it.confidence, &file)
    }
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::{Category, Confidence};

    use super::*;
    use crate::catalogue::Selector;
    use crate::finding::samples::{diagnostic, span};
    use crate::selection::{Layer, Level};
    use crate::suppression::{Directive, Name};

    fn settled(
        diagnostics: Vec<ReportedDiagnostic>,
        directives: Vec<Directive>,
        selection: &Selection,
    ) -> Report {
        let file = SourceFile { path: "a.cu".to_owned(), canonical: "/a.cu".into(), named: false };
        let gathered = Gathered { report: Report { diagnostics, ..Report::default() }, directives };
        settle(gathered, &Terms { selection, files: &[file], focus: None, baseline: None }).0
    }

    fn short(report: &Report) -> Vec<String> {
        let line = |it: &ReportedDiagnostic| format!("{} {} {}", it.span.line, it.severity.name(), it.rule);
        report.diagnostics.iter().map(line).collect()
    }

    #[test]
    fn what_is_below_the_threshold_is_counted_and_not_reported() {
        let shy =
            ReportedDiagnostic { confidence: Confidence::Possible, ..diagnostic("x", span("a.cu", 1, 1, 1)) };
        let mild = ReportedDiagnostic { severity: Severity::Info, ..diagnostic("y", span("a.cu", 2, 1, 1)) };
        let loud = diagnostic("z", span("a.cu", 3, 1, 1));
        let report = settled(vec![shy, mild, loud], vec![], &Selection::default());
        assert_eq!(short(&report), ["3 error z"]);
        assert_eq!(report.hidden, 2);
        let mut off = diagnostic("unchecked-cuda-call", span("a.cu", 2, 1, 1));
        off.severity = Severity::Info;
        assert_eq!(settled(vec![off], vec![], &Selection::default()).hidden, 0);
    }

    #[test]
    fn severities_are_set_and_comments_count_whatever_the_thresholds() {
        let rule = |rule: &str, line| diagnostic(rule, span("a.cu", line, 1, 1));
        let mut unsure = rule("host-read-before-sync", 4);
        unsure.confidence = Confidence::Possible;
        let directive = |line: u32, name: &str| Directive {
            span: crate::finding::Span { offset: line, ..span("a.cu", line, 20, 10) },
            word: "allow".to_owned(),
            names: vec![Name { name: name.to_owned(), span: span("a.cu", line, 25, 5) }],
            own: true,
            seen: true,
            reason: None,
            lines: (line, line),
            macro_name: None,
            problem: None,
        };
        let command_line = Layer::new(vec![
            (Selector::parse("free-while-in-flight").unwrap(), Level::At(Severity::Error)),
            (Selector::parse("unused-suppression").unwrap(), Level::At(Severity::Performance)),
            (Selector::parse("memory-kind").unwrap(), Level::Off),
        ]);
        let selection = Selection { command_line, ..Selection::default() };
        let mut warning = rule("free-while-in-flight", 2);
        warning.severity = Severity::Warning;
        let report = settled(
            vec![warning, rule("host-read-before-sync", 3), unsure, rule("free-kind-mismatch", 5)],
            vec![
                directive(3, "ordering"),
                directive(4, "host-read-before-sync"),
                directive(5, "free-kind-mismatch"),
                directive(6, "lifetime"),
            ],
            &selection,
        );
        assert_eq!(short(&report), ["2 error free-while-in-flight", "6 performance unused-suppression"]);
        assert_eq!((report.suppressed, report.hidden), (1, 1));
        assert_eq!(report.diagnostics[1].category, Category::Suppression);
    }
}
