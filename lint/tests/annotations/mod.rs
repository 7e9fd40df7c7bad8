//! Expected diagnostics as line annotations, the diagnostics that the command printed, and their comparison.
//!
//! The grammar is documented in `fixtures/README.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What starts an annotation.
const MARK: &str = "//~";
const SEVERITIES: [&str; 4] = ["info", "performance", "warning", "error"];
const CONFIDENCES: [&str; 3] = ["possible", "likely", "certain"];

/// What stream 0 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Legacy,
    PerThread,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Legacy, Self::PerThread];

    /// The value of `--default-stream`, and the name in annotations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::PerThread => "per-thread",
        }
    }
}

/// A diagnostic that must be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub line: usize,
    pub rule: String,
    /// Only in this mode, if given.
    pub mode: Option<Mode>,
    pub severity: Option<String>,
    pub confidence: Option<String>,
}

impl Expected {
    fn matches(&self, found: &Found) -> bool {
        self.line == found.line
            && self.rule == found.rule
            && self.severity.as_ref().is_none_or(|severity| *severity == found.severity)
            && self.confidence.as_ref().is_none_or(|confidence| *confidence == found.confidence)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.rule)?;
        for constraint in [&self.severity, &self.confidence].into_iter().flatten() {
            write!(f, " [{constraint}]")?;
        }
        Ok(())
    }
}

/// A diagnostic that was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub line: usize,
    pub rule: String,
    pub severity: String,
    pub confidence: String,
    pub message: String,
    pub help: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, rule, severity, confidence, message, .. } = self;
        write!(f, "line {line}: {rule} [{severity}] [{confidence}]: {message}")
    }
}

/// The annotations of a source text.
pub fn parse(text: &str) -> Result<Vec<Expected>, String> {
    let mut expected = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for annotation in line.split(MARK).skip(1) {
            expected.push(
                annotation_at(index + 1, annotation.trim_end())
                    .map_err(|why| format!("line {}: {why}: `{MARK}{annotation}`", index + 1))?,
            );
        }
    }
    Ok(expected)
}

fn annotation_at(line: usize, text: &str) -> Result<Expected, String> {
    let rest = text.trim_start_matches('^');
    let up = text.len() - rest.len();
    let line = line.checked_sub(up).filter(|line| *line > 0).ok_or("points above the first line")?;
    let (mode, rest) = match rest.strip_prefix('[') {
        None => (None, rest),
        Some(rest) => {
            let (name, rest) = rest.split_once(']').ok_or("`[` without `]`")?;
            let mode = Mode::ALL.into_iter().find(|mode| mode.name() == name);
            (Some(mode.ok_or_else(|| format!("`{name}` is no default-stream mode"))?), rest)
        }
    };
    let mut words = rest.strip_prefix(' ').ok_or("a space must stand before the rule")?.split_whitespace();
    let rule = words.next().ok_or("no rule is named")?.to_owned();
    if cuda_lint_engine::rules::find(&rule).is_none() {
        return Err(format!("`{rule}` is no rule"));
    }
    let mut expected = Expected { line, rule, mode, severity: None, confidence: None };
    for word in words {
        let constraint = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
        match constraint {
            Some(name) if SEVERITIES.contains(&name) => expected.severity = Some(name.to_owned()),
            Some(name) if CONFIDENCES.contains(&name) => expected.confidence = Some(name.to_owned()),
            _ => return Err(format!("`{word}` is no severity or confidence in brackets")),
        }
    }
    Ok(expected)
}

/// Says how what was found differs from what is annotated; empty if it does not.
pub fn difference(expected: &[Expected], found: &[Found], mode: Mode) -> String {
    let mut missing: Vec<&Expected> =
        expected.iter().filter(|expected| expected.mode.is_none_or(|only| only == mode)).collect();
    let mut unexpected = Vec::new();
    for found in found {
        match missing.iter().position(|expected| expected.matches(found)) {
            Some(index) => {
                missing.remove(index);
            }
            None => unexpected.push(found),
        }
    }
    let lines = missing
        .into_iter()
        .map(|expected| (expected.line, format!("  missing     {expected}\n")))
        .chain(unexpected.into_iter().map(|found| (found.line, format!("  unexpected  {found}\n"))));
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// What one run of the command said.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Diagnostics by file, as the command names it.
    pub diagnostics: BTreeMap<String, Vec<Found>>,
    /// Files that could not be analysed, with the reason.
    pub failed: BTreeMap<String, String>,
}

/// Runs the command on paths relative to `folder`, with a configuration if one is given. Infos are shown; those of
/// rules that nobody asked for are for [`Run::check`] to leave out.
pub fn run(folder: &Path, paths: &[&str], mode: Mode, config: Option<&Path>) -> Result<Run, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let output = command
        .current_dir(folder)
        .args(["--format", "json", "--min-severity", "info", "--default-stream", mode.name()])
        .args(paths)
        .output()
        .map_err(|error| format!("cannot run cuda-lint: {error}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let document: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cuda-lint printed no JSON ({error}), exit {}:\n{stderr}", output.status))?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut run = Run::default();
    for diagnostic in document["diagnostics"].as_array().into_iter().flatten() {
        run.diagnostics.entry(text(diagnostic, "file")).or_default().push(Found {
            line: diagnostic["line"].as_u64().unwrap_or_default() as usize,
            rule: text(diagnostic, "rule"),
            severity: text(diagnostic, "severity"),
            confidence: text(diagnostic, "confidence"),
            message: text(diagnostic, "message"),
            help: text(diagnostic, "help"),
        });
    }
    for failed in document["files"]["failed"].as_array().into_iter().flatten() {
        run.failed.insert(text(failed, "path"), text(failed, "reason"));
    }
    Ok(run)
}

impl Run {
    /// Compares what was said about one file with its annotations. `rule` is the one that the file is there for: if
    /// it is off by default, it is asked for.
    pub fn check(&self, file: &str, source: &str, mode: Mode, rule: &str) -> Result<(), String> {
        if let Some(reason) = self.failed.get(file) {
            return Err(format!("{file} could not be analysed: {reason}"));
        }
        let expected = parse(source).map_err(|why| format!("{file}: {why}"))?;
        let asked = cuda_lint_engine::rules::find(rule).filter(|rule| !rule.on_by_default);
        let is_shown = |it: &&Found| it.severity != "info" || asked.is_some_and(|rule| rule.name == it.rule);
        let found: Vec<Found> =
            self.diagnostics.get(file).into_iter().flatten().filter(is_shown).cloned().collect();
        match difference(&expected, &found, mode) {
            difference if difference.is_empty() => Ok(()),
            difference => Err(format!("{file} ({})\n{difference}", mode.name())),
        }
    }
}

/// Says what is wrong with the wording of a diagnostic: it must start in lower case and have no full stop.
pub fn wording(found: &Found) -> Option<String> {
    let bad = |text: &str| {
        text.is_empty()
            || text.starts_with(char::is_uppercase)
            || text.ends_with(['.', '!', ' '])
            || text.contains('\n')
            || text.matches('`').count() % 2 == 1
    };
    (bad(&found.message) || bad(&found.help)).then(|| format!("{found}\n    help: {}", found.help))
}
