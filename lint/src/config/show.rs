//! `--show-config`: the configuration that applies, as a file would say it.

use std::io::{self, Write};
use std::path::Path;

use super::Config;
use crate::catalogue;
use crate::options::DefaultStream;
use crate::path_patterns::Patterns;
use crate::selection::{DEFAULT_CONFIDENCE, DEFAULT_SEVERITY, FilePath, Selection};

/// Prints what applies, the command line included.
pub fn print(
    config: &Config,
    selection: &Selection,
    also_excluded: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    match &config.file {
        Some(file) => writeln!(out, "# from {}", file.display())?,
        None => writeln!(out, "# there is no configuration: these are the defaults")?,
    }
    let folder = config.folder().unwrap_or(Path::new(""));
    let relative = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    patterns("include", &config.include, out)?;
    patterns("exclude", &config.exclude, out)?;
    // These are relative to the current folder, and not to that of the file.
    list("# --exclude", also_excluded.iter().map(String::as_str), out)?;
    list("defines", config.defines.iter().map(String::as_str), out)?;
    let folders: Vec<_> = config.include_dirs.iter().map(|path| relative(path)).collect();
    list("include-dirs", folders.iter().map(String::as_str), out)?;
    for (key, path) in [("compile-commands", &config.compile_commands), ("baseline", &config.baseline)] {
        if let Some(path) = path {
            writeln!(out, "{key} = {}", quoted(&relative(path)))?;
        }
    }
    let confidence =
        selection.min_confidence.or(selection.config_confidence).unwrap_or(DEFAULT_CONFIDENCE).name();
    writeln!(out, "min-confidence = \"{confidence}\"")?;
    writeln!(out, "min-severity = \"{}\"", selection.min_severity.unwrap_or(DEFAULT_SEVERITY).name())?;

    writeln!(out, "\n[rules]")?;
    // A file that no override is about.
    let nowhere = FilePath::new("");
    for rule in catalogue::entries() {
        let state = selection.of(&rule, &nowhere);
        let level = match (state.on, state.severity) {
            (false, _) => "off",
            (true, Some(severity)) => severity.name(),
            (true, None) if state.asked_for || rule.on_by_default => "on",
            // A threshold alone would show it.
            (true, None) => "off",
        };
        writeln!(out, "{} = \"{level}\"", rule.name)?;
    }
    for it in &config.overrides {
        writeln!(out, "\n[[overrides]]")?;
        patterns("paths", &it.paths, out)?;
        if let Some(confidence) = it.min_confidence {
            writeln!(out, "min-confidence = \"{}\"", confidence.name())?;
        }
        let rules: Vec<_> = (it.rules.settings().iter())
            .map(|(selector, level)| format!("{} = \"{}\"", selector.name(), level.name()))
            .collect();
        writeln!(out, "rules = {{ {} }}", rules.join(", "))?;
    }
    writeln!(out, "\n[suppressions]\nrequire-reason = {}", config.require_reason)?;
    platform(config, out)?;
    for rows in &config.rows {
        writeln!(out, "\n# rows of [model]:")?;
        for line in rows.text.lines() {
            writeln!(out, "#   {line}")?;
        }
    }
    out.flush()
}

fn platform(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let platform = &config.platform;
    writeln!(out, "\n[platform]")?;
    if let Some(version) = platform.cuda {
        writeln!(out, "cuda = \"{}.{}\"", version.major, version.minor)?;
    }
    match config.default_stream {
        Some(DefaultStream::Legacy) => writeln!(out, "default-stream = \"legacy\"")?,
        Some(DefaultStream::PerThread) => writeln!(out, "default-stream = \"per-thread\"")?,
        None => {}
    }
    for (key, value) in [
        ("pageable-access", platform.pageable_access.map(u64::from)),
        ("concurrent-managed-access", platform.concurrent_managed_access.map(u64::from)),
    ] {
        if let Some(value) = value {
            writeln!(out, "{key} = {}", value != 0)?;
        }
    }
    platform.staging_limit.map_or(Ok(()), |limit| writeln!(out, "staging-limit = {limit}"))
}

fn patterns(key: &str, patterns: &Patterns, out: &mut dyn Write) -> io::Result<()> {
    list(key, patterns.texts(), out)
}

fn list<'a>(key: &str, texts: impl Iterator<Item = &'a str>, out: &mut dyn Write) -> io::Result<()> {
    let texts: Vec<_> = texts.map(quoted).collect();
    if texts.is_empty() { Ok(()) } else { writeln!(out, "{key} = [{}]", texts.join(", ")) }
}

/// A text as TOML has it.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
