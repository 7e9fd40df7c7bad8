//! The file of a baseline: JSON, one finding a line, so that changes to it can be read and merged.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Baseline, NAME};
use crate::config::Config;
use crate::identity::Identity;
use crate::report::output;

/// To be raised when the same findings would be written otherwise.
const VERSION: u32 = 1;
/// A larger file is none of ours.
const MAX_BYTES: u64 = 64 << 20;
/// Folders above an input that are looked at.
const MAX_PARENTS: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default, rename = "about")]
    _about: String,
    findings: Vec<Entry>,
}

/// A finding, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    file: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    function: String,
    code: String,
    /// How often.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    count: u32,
}

const fn once() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_once(count: &u32) -> bool {
    *count == 1
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong, where, and what to do.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = shown(path);
        let text = read(path).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => "write it with `cuda-lint baseline`, or go without: --no-baseline",
                _ => "name another with --baseline, or go without: --no-baseline",
            };
            format!("{shown}: the baseline cannot be read: {error}; {hint}")
        })?;
        let wrong = |line: usize, column: usize, why: &str| {
            format!(
                "{shown}:{line}:{column}: is no baseline: {why}; write it again with `cuda-lint baseline`"
            )
        };
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            return Err(wrong(line + 1, 1, "a merge has left a conflict in it"));
        }
        let document: Document = serde_json::from_str(&text).map_err(|error| {
            let why = error.to_string();
            let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
            wrong(error.line().max(1), error.column().max(1), why)
        })?;
        if document.version != VERSION {
            let why = format!("it is of version {}, and this is for {VERSION}", document.version);
            return Err(wrong(1, 1, &why));
        }
        let mut findings = BTreeMap::new();
        for Entry { rule, file, function, code, count } in document.findings {
            if count > 0 {
                *findings.entry(Identity { rule, file, function, code }).or_insert(0) += count;
            }
        }
        Ok(Self { shown, folder: folder_of(path), findings })
    }

    /// Writes the baseline.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        output::replace(path, |out| self.print(out))
    }

    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{{")?;
        writeln!(
            out,
            "  \"about\": \"Findings of cuda-lint that are known. `cuda-lint baseline` writes this file.\","
        )?;
        writeln!(out, "  \"version\": {VERSION},")?;
        write!(out, "  \"findings\": [")?;
        let mut order: Vec<_> = self.findings.iter().collect();
        order.sort_by(|(a, _), (b, _)| {
            (&a.file, &a.function, &a.rule, &a.code).cmp(&(&b.file, &b.function, &b.rule, &b.code))
        });
        for (index, (Identity { rule, file, function, code }, count)) in order.into_iter().enumerate() {
            let entry = Entry {
                rule: rule.clone(),
                file: file.clone(),
                function: function.clone(),
                code: code.clone(),
                count: *count,
            };
            write!(out, "{}\n    {}", if index > 0 { "," } else { "" }, serde_json::to_string(&entry)?)?;
        }
        writeln!(out, "{}]", if self.findings.is_empty() { "" } else { "\n  " })?;
        writeln!(out, "}}")
    }
}

fn read(path: &Path) -> io::Result<String> {
    let file = fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is too large"));
    }
    Ok(text)
}

/// The path, from the current folder if it lies there.
pub fn shown(path: &Path) -> String {
    let current = std::env::current_dir().and_then(|folder| folder.canonicalize()).ok();
    let relative = current.as_deref().and_then(|folder| path.strip_prefix(folder).ok());
    relative.unwrap_or(path).display().to_string()
}

/// The folder of a file, without links.
pub fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())
}

/// The baseline that applies: the one that the user or the configuration names, else the one that lies above
/// the inputs.
///
/// # Errors
/// Two that lie above different inputs cannot both apply.
pub fn find(named: Option<&Path>, config: &Config, inputs: &[PathBuf]) -> Result<Option<PathBuf>, String> {
    if let Some(path) = named.or(config.baseline.as_deref()) {
        return Ok(Some(path.to_path_buf()));
    }
    let mut found: Option<PathBuf> = None;
    for input in inputs {
        let Ok(start) = fs::canonicalize(input) else { continue };
        let mut above = start.ancestors().take(MAX_PARENTS).map(|folder| folder.join(NAME));
        let Some(file) = above.find(|file| file.is_file()) else { continue };
        match &found {
            Some(other) if *other != file => {
                return Err(format!(
                    "{} is the baseline of some of the inputs, and {} of others; analyse them one after the \
                     other, or name one with --baseline",
                    shown(other),
                    shown(&file)
                ));
            }
            _ => found = Some(file),
        }
    }
    Ok(found)
}

/// Where a new baseline belongs: beside the configuration, else above the inputs.
pub fn new_place(config: &Config, inputs: &[PathBuf]) -> PathBuf {
    if let Some(folder) = config.folder() {
        return folder.join(NAME);
    }
    let current = std::env::current_dir().and_then(|folder| folder.canonicalize()).unwrap_or_default();
    let mut real = inputs.iter().filter_map(|input| input.canonicalize().ok());
    let outside = real.find(|input| !input.starts_with(&current));
    match outside {
        Some(input) if input.is_dir() => input.join(NAME),
        Some(input) => folder_of(&input).join(NAME),
        None => current.join(NAME),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(code: &str) -> Identity {
        Identity {
            rule: "x".to_owned(),
            file: "a.cu".to_owned(),
            function: "f".to_owned(),
            code: code.to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join(NAME);
        for codes in [&[][..], &["printf(\"%d\\n\", *h);", "a;"]] {
            let findings = codes.iter().zip(1..).map(|(code, count)| (identity(code), count)).collect();
            let baseline = Baseline { shown: shown(&path), folder: folder_of(&path), findings };
            baseline.write(&path).unwrap();
            assert_eq!(Baseline::read(&path).unwrap(), baseline);
        }
        let text = fs::read_to_string(&path).unwrap();
        let expected =
            "    {\"rule\":\"x\",\"file\":\"a.cu\",\"function\":\"f\",\"code\":\"a;\",\"count\":2},\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn what_is_none_is_said_with_its_place_and_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.json");
        for (text, place, why) in [
            ("{\n<<<<<<< HEAD\n", "b.json:2:1: ", "a merge has left a conflict"),
            ("{\"version\": 1,\n \"findings\": [{\"rule\": 3}]}", "b.json:2:", "invalid type"),
            ("{\"version\": 2, \"findings\": []}", "b.json:1:1: ", "it is of version 2, and this is for 1"),
            ("", "b.json:1:1: ", "EOF"),
        ] {
            fs::write(&path, text).unwrap();
            let message = Baseline::read(&path).unwrap_err();
            assert!(message.contains(place) && message.contains(why), "{message}");
            assert!(message.ends_with("; write it again with `cuda-lint baseline`"), "{message}");
        }
        let message = Baseline::read(&folder.path().join("missing.json")).unwrap_err();
        assert!(message.contains("write it with `cuda-lint baseline`"), "{message}");
    }
}
