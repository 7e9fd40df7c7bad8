//! What is said of rules: `[rules]`, `[[overrides]]`, and how sure and how bad a finding must be.

use std::path::Path;

use cuda_lint_engine::{Confidence, Severity, suggest};

use super::files;
use super::problem::Problem;
use super::table::{Table, list};
use crate::catalogue::Selector;
use crate::selection::{LEVELS, Layer, Level, Override};

/// The words for confidences.
pub const CONFIDENCES: [Confidence; 3] = [Confidence::Certain, Confidence::Likely, Confidence::Possible];
/// The words for severities.
pub const SEVERITIES: [Severity; 4] =
    [Severity::Error, Severity::Warning, Severity::Performance, Severity::Info];

/// Reads `[rules]`: rules and groups, each with a level.
pub fn read(mut table: Table<'_>, problems: &mut Vec<Problem>) -> Layer {
    let mut settings = Vec::new();
    let words: Vec<_> = LEVELS.iter().map(|(name, _)| *name).collect();
    let levels = format!("known are {}", list(&words));
    for setting in table.texts("a level in quotes, such as \"off\"", &levels, problems) {
        let selector = Selector::parse(&setting.key)
            .map_err(|(message, help)| problems.push(table.problem(setting.key_range, message, help)));
        let level = Level::parse(&setting.text);
        if level.is_none() {
            let help = match suggest::closest(&setting.text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => levels.clone(),
            };
            problems.push(table.problem(
                setting.range,
                format!("there is no level `{}`", setting.text),
                help,
            ));
        }
        settings.extend(selector.ok().zip(level));
    }
    Layer::new(settings)
}

/// Reads one of `[[overrides]]`.
pub fn read_override(mut table: Table<'_>, folder: &Path, problems: &mut Vec<Problem>) -> Option<Override> {
    let before = problems.len();
    let paths = files::patterns(&mut table, "paths", folder, problems);
    let min_confidence = confidence(&mut table, problems);
    let rules = table.table("rules", problems).map(|section| read(section, problems)).unwrap_or_default();
    if paths.is_empty() && problems.len() == before {
        let range = table.range();
        let message = "an override without `paths` overrides nothing".to_owned();
        problems.push(table.problem(range, message, "write `paths = [\"tests/**\"]`".to_owned()));
    }
    table.finish(problems);
    (!paths.is_empty()).then_some(Override { paths, rules, min_confidence })
}

/// Reads how sure and how bad a finding must be.
pub fn read_thresholds(
    table: &mut Table<'_>,
    problems: &mut Vec<Problem>,
) -> (Option<Confidence>, Option<Severity>) {
    let confidence = confidence(table, problems);
    let severity = word(table, "min-severity", &SEVERITIES.map(|it| (it.name(), it)), problems);
    (confidence, severity)
}

fn confidence(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Option<Confidence> {
    word(table, "min-confidence", &CONFIDENCES.map(|it| (it.name(), it)), problems)
}

/// One of a few words.
fn word<T: Copy>(
    table: &mut Table<'_>,
    key: &'static str,
    words: &[(&str, T)],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let (text, range) = table.string(key, problems)?;
    let found = words.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        let message = format!("`{text}` is no value for `{key}`");
        problems.push(table.problem(range, message, format!("known are {}", list(&names))));
    }
    found
}
