//! Which findings are suppressed, and what is to be said of the comments themselves.

use std::collections::{BTreeMap, HashMap};

use cuda_lint_engine::{Category, Confidence, Severity};

use super::{Directive, Name, UNEXPLAINED, UNUSED};
use crate::catalogue::{self, Selector};
use crate::finding::{ReportedDiagnostic, Span};
use crate::report::source::Sources;

/// The comments of a run.
#[derive(Clone, Debug, Default)]
pub struct Directives {
    by_file: BTreeMap<String, Vec<Directive>>,
    /// Those in macros, by the macros' names: file and place in its list.
    macros: BTreeMap<String, Vec<(String, usize)>>,
}

/// What is asked of comments.
pub struct Demands<'a> {
    /// True if it can be told that a comment in this file is not needed.
    pub judged: &'a dyn Fn(&str) -> bool,
    /// True if a rule may report something in this file.
    pub active: &'a dyn Fn(&str, &str) -> bool,
}

impl Directives {
    /// Gathers what several units say about the same files: a comment counts once, and covers whatever it
    /// covers in one of them.
    pub fn new(directives: impl IntoIterator<Item = Directive>) -> Self {
        let mut by_file: BTreeMap<String, Vec<Directive>> = BTreeMap::new();
        for directive in directives {
            by_file.entry(directive.span.file.clone()).or_default().push(directive);
        }
        for list in by_file.values_mut() {
            list.sort_by_key(|it| it.span.offset);
            list.dedup_by(|later, first| {
                let same = later.span == first.span;
                if same {
                    let lines = (first.lines.0.min(later.lines.0), first.lines.1.max(later.lines.1));
                    first.lines = lines;
                    first.seen |= later.seen;
                }
                same
            });
        }
        let mut macros: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for (file, list) in &by_file {
            for (index, directive) in list.iter().enumerate() {
                if let Some(name) = &directive.macro_name {
                    macros.entry(name.clone()).or_default().push((file.clone(), index));
                }
            }
        }
        Self { by_file, macros }
    }

    /// For each finding, whether a comment suppresses it; and what is to be said of the comments.
    pub fn apply(
        &self,
        diagnostics: &[ReportedDiagnostic],
        demands: &Demands<'_>,
    ) -> (Vec<bool>, Vec<ReportedDiagnostic>) {
        let mut used = HashMap::new();
        let mut sources = Sources::default();
        let mut covers = |it: &ReportedDiagnostic, used: &mut _| self.covers(it, used, &mut sources);
        let suppressed: Vec<bool> = diagnostics.iter().map(|it| covers(it, &mut used)).collect();
        let mut remarks = self.remarks(&used, demands);
        // A comment may allow what is said of comments, itself included.
        remarks.retain(|remark| !covers(remark, &mut used));
        (suppressed, remarks)
    }

    /// True if a comment covers a finding. All that do have been of use.
    fn covers<'a>(
        &'a self,
        diagnostic: &ReportedDiagnostic,
        used: &mut Used<'a>,
        sources: &mut Sources,
    ) -> bool {
        let span = &diagnostic.span;
        let (first, last) = (span.line, span.end_line.max(span.line));
        let mut covered = false;
        for directive in self.by_file.get(&span.file).into_iter().flatten() {
            if directive.lines.0 <= last && first <= directive.lines.1 {
                covered |= use_of(directive, diagnostic, used);
            }
        }
        if self.macros.is_empty() {
            return covered;
        }
        // What a macro makes stands where the macro is used, and starts with its name.
        let around = diagnostic.macro_name.clone();
        let name = around.or_else(|| sources.get(&span.file).map(|source| source.word_at(span).to_owned()));
        for (file, index) in name.and_then(|name| self.macros.get(&name)).into_iter().flatten() {
            if let Some(directive) = self.by_file.get(file).and_then(|list| list.get(*index)) {
                covered |= use_of(directive, diagnostic, used);
            }
        }
        covered
    }

    fn remarks(&self, used: &Used<'_>, demands: &Demands<'_>) -> Vec<ReportedDiagnostic> {
        let mut remarks = Vec::new();
        for (file, directives) in &self.by_file {
            for directive in directives {
                let is_used = |index: usize| used.contains_key(&(directive as *const _, index));
                if (0..directive.names.len().max(1)).any(is_used)
                    && directive.reason.is_none()
                    && (demands.active)(UNEXPLAINED, file)
                {
                    remarks.push(unexplained(directive));
                }
                if !directive.own || !(demands.active)(UNUSED, file) {
                    continue;
                }
                if let Some((message, help)) = &directive.problem {
                    remarks.push(remark(UNUSED, &directive.span, message.clone(), help.clone()));
                    continue;
                }
                if !directive.seen || !(demands.judged)(file) {
                    continue;
                }
                for (index, name) in directive.names.iter().enumerate() {
                    if !is_used(index) && could_act(name, file, demands) {
                        remarks.push(unused(directive, name));
                    }
                }
            }
        }
        remarks
    }
}

/// Comments and names in them that were of use.
type Used<'a> = HashMap<(*const Directive, usize), ()>;

/// True if a directive, which is about the place of a finding, is about its rule, too.
fn use_of<'a>(directive: &'a Directive, diagnostic: &ReportedDiagnostic, used: &mut Used<'a>) -> bool {
    if directive.names.is_empty() {
        // What is said of comments has to be named.
        let hit = directive.problem.is_none() && diagnostic.category != Category::Suppression;
        if hit {
            used.insert((directive as *const _, 0), ());
        }
        return hit;
    }
    let mut hit = false;
    for (index, _) in directive.names.iter().enumerate().filter(|(_, name)| names(name, diagnostic)) {
        used.insert((directive as *const _, index), ());
        hit = true;
    }
    hit
}

/// True if a name means a finding.
fn names(name: &Name, diagnostic: &ReportedDiagnostic) -> bool {
    if diagnostic.category == Category::Suppression {
        return name.name == diagnostic.rule || name.name == diagnostic.category.name();
    }
    match name.name.strip_suffix('*') {
        Some(start) => diagnostic.rule.starts_with(start),
        None => match (Selector::parse(&name.name), catalogue::find(&diagnostic.rule)) {
            (Ok(selector), Some(rule)) => selector.holds(&rule),
            _ => name.name == diagnostic.rule,
        },
    }
}

/// True if a rule that the name means may report something, so that the comment could be of use. What is said
/// of comments is judged by nobody.
fn could_act(name: &Name, file: &str, demands: &Demands<'_>) -> bool {
    let Ok(selector) = Selector::parse(&name.name) else { return false };
    let mut meant = catalogue::entries().filter(|rule| selector.holds(rule));
    meant.any(|rule| rule.category != Category::Suppression && (demands.active)(rule.name, file))
}

fn unused(directive: &Directive, name: &Name) -> ReportedDiagnostic {
    let Directive { word, .. } = directive;
    let message = format!("`{word}` suppresses no finding of `{}`", name.name);
    remark(UNUSED, &name.span, message, "remove it; it would hide the next one".to_owned())
}

fn unexplained(directive: &Directive) -> ReportedDiagnostic {
    let message = format!("`{}` does not say why", directive.word);
    let help = "write the reason behind it, after a colon".to_owned();
    remark(UNEXPLAINED, &directive.span, message, help)
}

fn remark(rule: &str, span: &Span, message: String, help: String) -> ReportedDiagnostic {
    ReportedDiagnostic {
        rule: rule.to_owned(),
        category: Category::Suppression,
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        message,
        span: span.clone(),
        label: String::new(),
        related: Vec::new(),
        help,
        witness: None,
        imported: false,
        function: String::new(),
        macro_name: None,
        repeat: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    fn directive(line: u32, rules: &[&str], lines: (u32, u32)) -> Directive {
        let name = |(at, name): (usize, &&str)| Name {
            name: (*name).to_owned(),
            span: span("a.cu", line, 10 + at as u32, 3),
        };
        Directive {
            span: Span { offset: line * 100, ..span("a.cu", line, 4, 20) },
            word: "allow".to_owned(),
            names: rules.iter().enumerate().map(name).collect(),
            own: true,
            seen: true,
            reason: None,
            lines,
            macro_name: None,
            problem: None,
        }
    }

    fn apply(
        directives: Vec<Directive>,
        found: &[ReportedDiagnostic],
        judged: bool,
    ) -> (Vec<bool>, Vec<String>) {
        let demands =
            Demands { judged: &|_| judged, active: &|rule, _| !["free-while-in-flight"].contains(&rule) };
        let demands =
            Demands { active: &|rule, file| rule != UNEXPLAINED && (demands.active)(rule, file), ..demands };
        let (suppressed, remarks) = Directives::new(directives).apply(found, &demands);
        (suppressed, remarks.into_iter().map(|it| format!("{} {}", it.span.line, it.message)).collect())
    }

    fn read(line: u32) -> ReportedDiagnostic {
        diagnostic("host-read-before-sync", span("a.cu", line, 5, 3))
    }

    #[test]
    fn lines_and_names_decide() {
        let found = [read(3), read(4), diagnostic("host-write-before-sync", span("a.cu", 3, 1, 1))];
        let by_rule = directive(3, &["host-read-before-sync"], (3, 3));
        assert_eq!(apply(vec![by_rule], &found, true), (vec![true, false, false], vec![]));
        let by_group = directive(3, &["ordering"], (1, 4));
        assert_eq!(apply(vec![by_group], &found, true), (vec![true, true, true], vec![]));
        let everything = directive(3, &[], (3, 3));
        assert_eq!(apply(vec![everything], &found, true).0, [true, false, true]);
    }

    #[test]
    fn what_does_nothing_is_said_where_it_can_be_told() {
        let directives = || {
            vec![
                directive(3, &["host-read-before-sync", "host-write-before-sync"], (3, 3)),
                directive(7, &["free-while-in-flight"], (8, 8)),
            ]
        };
        let expected = vec!["3 `allow` suppresses no finding of `host-write-before-sync`".to_owned()];
        assert_eq!(apply(directives(), &[read(3)], true), (vec![true], expected));
        assert_eq!(apply(directives(), &[read(3)], false), (vec![true], vec![]));
        let unseen = directives().into_iter().map(|it| Directive { seen: false, ..it }).collect();
        assert_eq!(apply(unseen, &[read(3)], true), (vec![true], vec![]));
        let excused = directive(2, &["unused-suppression"], (1, 9));
        let all = directives().into_iter().chain([excused]).collect();
        assert_eq!(apply(all, &[read(3)], true), (vec![true], vec![]));
    }

    #[test]
    fn several_units_make_one_comment_of_one() {
        let (mut one, two) = (directive(3, &["all"], (4, 4)), directive(3, &["all"], (4, 9)));
        assert_eq!(apply(vec![two.clone(), one.clone()], &[read(8)], true), (vec![true], vec![]));
        one.problem = Some(("wrong".to_owned(), String::new()));
        one.names[0].name = "wrong".to_owned();
        assert_eq!(apply(vec![one], &[read(4)], false), (vec![false], vec!["3 wrong".to_owned()]));
    }

    #[test]
    fn a_comment_in_a_macro_covers_what_the_macro_makes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.cu").display().to_string();
        std::fs::write(&file, "\n  READ(h);\n").unwrap();
        let mut whole = read(2);
        whole.span = Span { file: file.clone(), offset: 3, ..whole.span };
        let mut part = read(2);
        part.macro_name = Some("READ".to_owned());
        let mut other = read(2);
        other.span = Span { file, offset: 8, ..other.span };
        let mut comment = directive(30, &["all"], (30, 31));
        comment.macro_name = Some("READ".to_owned());
        assert_eq!(apply(vec![comment], &[whole, part, other], true).0, [true, true, false]);
    }
}
