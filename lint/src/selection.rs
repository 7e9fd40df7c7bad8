//! Which rules may report what, and how bad it is: what the configuration and the command line say together.
//!
//! There are layers: the rules' own defaults, the configuration, its overrides for the file in which a finding
//! stands, and the command line. A later layer counts for more; within a layer, what names fewer rules does.

use std::path::{Path, PathBuf};

use cuda_lint_engine::{Confidence, Severity};

use crate::catalogue::{Entry, Group, Selector};
use crate::path_patterns::Patterns;

/// What is said of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// They report nothing.
    Off,
    /// They report, each as badly as it sees fit.
    On,
    /// They report, and everything is this bad.
    At(Severity),
}

/// The words for levels, in the configuration and on the command line.
pub const LEVELS: [(&str, Level); 6] = [
    ("off", Level::Off),
    ("on", Level::On),
    ("info", Level::At(Severity::Info)),
    ("performance", Level::At(Severity::Performance)),
    ("warning", Level::At(Severity::Warning)),
    ("error", Level::At(Severity::Error)),
];

impl Level {
    /// Reads a word.
    pub fn parse(word: &str) -> Option<Self> {
        LEVELS.iter().find(|(name, _)| *name == word).map(|(_, level)| *level)
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        LEVELS.iter().find(|(_, level)| *level == self).map_or("on", |(name, _)| name)
    }
}

/// What one layer says of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    settings: Vec<(Selector, Level)>,
}

impl Layer {
    /// A layer; of settings for the same rules the last one counts.
    pub fn new(mut settings: Vec<(Selector, Level)>) -> Self {
        settings.sort_by_key(|(selector, _)| std::cmp::Reverse(selector.breadth()));
        Self { settings }
    }

    /// What is said, broader names first.
    pub fn settings(&self) -> &[(Selector, Level)] {
        &self.settings
    }

    fn change(&self, rule: &Entry, state: &mut RuleState) {
        for (selector, level) in self.settings.iter().filter(|(selector, _)| selector.holds(rule)) {
            match level {
                Level::Off => (state.on, state.asked_for) = (false, false),
                Level::On => {
                    state.on = true;
                    state.asked_for = match selector {
                        Selector::Rule(_) | Selector::Group(Group::All | Group::Pedantic) => true,
                        Selector::Group(_) => false,
                    };
                }
                Level::At(severity) => {
                    (state.on, state.asked_for) = (true, false);
                    state.severity = Some(*severity);
                }
            }
        }
    }
}

/// What is said of findings in some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The files.
    pub paths: Patterns,
    /// What is said of rules.
    pub rules: Layer,
    /// How sure a finding must be.
    pub min_confidence: Option<Confidence>,
}

/// What holds for one rule in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleState {
    /// It may report.
    pub on: bool,
    /// How bad everything that it reports is; `None` for as bad as it sees fit.
    pub severity: Option<Severity>,
    /// The user has asked for it, or for everything, so that it is shown though it be mild.
    pub asked_for: bool,
}

/// What may be reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// What the configuration says.
    pub config: Layer,
    /// What it says of some files; later ones count for more.
    pub overrides: Vec<Override>,
    /// What the command line says.
    pub command_line: Layer,
    /// How sure a finding must be, by the command line.
    pub min_confidence: Option<Confidence>,
    /// How sure a finding must be, by the configuration.
    pub config_confidence: Option<Confidence>,
    /// How bad a finding must be, by the command line or the configuration.
    pub min_severity: Option<Severity>,
}

/// How sure a finding must be if nothing else is said.
pub const DEFAULT_CONFIDENCE: Confidence = Confidence::Likely;
/// How bad a finding must be if nothing else is said.
pub const DEFAULT_SEVERITY: Severity = Severity::Performance;

impl Selection {
    /// What holds for a rule in a file.
    pub fn of(&self, rule: &Entry, file: &FilePath) -> RuleState {
        // What is off by default because it is mild is shown to whoever lowers the threshold.
        let on = rule.on_by_default || rule.severity == Severity::Info;
        let mut state = RuleState { on, severity: None, asked_for: false };
        self.config.change(rule, &mut state);
        for it in self.overrides.iter().filter(|it| it.paths.hold(&file.canonical)) {
            it.rules.change(rule, &mut state);
        }
        self.command_line.change(rule, &mut state);
        state
    }

    /// True if something of this severity and confidence is shown.
    pub fn admits(
        &self,
        state: RuleState,
        severity: Severity,
        confidence: Confidence,
        file: &FilePath,
    ) -> bool {
        let overridden = || {
            let matching = self.overrides.iter().rev().filter(|it| it.paths.hold(&file.canonical));
            matching.filter_map(|it| it.min_confidence).next()
        };
        let least =
            self.min_confidence.or_else(overridden).or(self.config_confidence).unwrap_or(DEFAULT_CONFIDENCE);
        let bad_enough = match self.min_severity {
            Some(least) => severity >= least,
            None => severity >= DEFAULT_SEVERITY || state.asked_for,
        };
        state.on && confidence >= least && bad_enough
    }
}

/// A file as patterns see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    canonical: PathBuf,
}

impl FilePath {
    /// A file, by a name that leads to it. One that leads nowhere matches by its text.
    pub fn new(name: &str) -> Self {
        let path = Path::new(name);
        Self { canonical: path.canonicalize().unwrap_or_else(|_| path.to_path_buf()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn layer(settings: &[(&str, &str)]) -> Layer {
        let read =
            |(name, level): &(&str, &str)| (Selector::parse(name).unwrap(), Level::parse(level).unwrap());
        Layer::new(settings.iter().map(read).collect())
    }

    fn state(selection: &Selection, rule: &str) -> (bool, Option<&'static str>) {
        let state = selection.of(&catalogue::find(rule).unwrap(), &FilePath::new("a.cu"));
        (state.on, state.severity.map(Severity::name))
    }

    #[test]
    fn what_names_fewer_rules_counts_for_more_whatever_the_order() {
        let config = layer(&[
            ("host-read-before-sync", "warning"),
            ("all", "off"),
            ("ordering", "error"),
            ("default", "info"),
        ]);
        let selection = Selection { config, ..Selection::default() };
        assert_eq!(state(&selection, "host-read-before-sync"), (true, Some("warning")));
        assert_eq!(state(&selection, "host-write-before-sync"), (true, Some("error")));
        assert_eq!(state(&selection, "free-kind-mismatch"), (true, Some("info")));
        assert_eq!(state(&selection, "suppression-without-reason"), (false, None));
    }

    #[test]
    fn what_is_off_by_default_is_shown_by_name_by_group_and_by_threshold() {
        let rule = catalogue::entries().find(|rule| !rule.on_by_default && rule.severity == Severity::Info);
        let (rule, file) = (rule.unwrap(), FilePath::new("a.cu"));
        let shown = |selection: Selection| {
            let state = selection.of(&rule, &file);
            selection.admits(state, Severity::Info, Confidence::Certain, &file)
        };
        assert!(!shown(Selection::default()));
        assert!(shown(Selection { min_severity: Some(Severity::Info), ..Selection::default() }));
        for (name, expected) in
            [(rule.name, true), ("pedantic", true), ("all", true), ("default", false), ("ordering", false)]
        {
            let command_line = layer(&[(name, "on")]);
            assert_eq!(shown(Selection { command_line, ..Selection::default() }), expected, "{name}");
        }
    }

    #[test]
    fn the_command_line_counts_for_more_than_the_configuration() {
        let config = layer(&[("all", "off"), ("host-read-before-sync", "warning")]);
        let command_line = layer(&[("ordering", "on"), ("host-write-before-sync", "off")]);
        let selection = Selection { config, command_line, ..Selection::default() };
        assert_eq!(state(&selection, "host-read-before-sync"), (true, Some("warning")));
        assert_eq!(state(&selection, "host-write-before-sync"), (false, None));
        assert_eq!(state(&selection, "free-kind-mismatch"), (false, None));
    }

    #[test]
    fn what_is_asked_for_by_name_is_shown_though_it_be_mild() {
        let file = FilePath::new("a.cu");
        let rule = catalogue::find("redundant-host-sync").unwrap();
        for (command_line, shown) in [
            (layer(&[("performance", "on")]), false),
            (layer(&[("all", "on")]), true),
            (layer(&[("redundant-host-sync", "on")]), true),
            (layer(&[("redundant-host-sync", "info")]), false),
        ] {
            let mut selection = Selection { command_line, ..Selection::default() };
            let state = selection.of(&rule, &file);
            let admits = |it: &Selection| it.admits(state, Severity::Info, Confidence::Certain, &file);
            assert_eq!(admits(&selection), shown);
            selection.min_severity = Some(Severity::Warning);
            assert!(!admits(&selection));
        }
    }
}
