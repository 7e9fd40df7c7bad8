//! `cuda-lint rules` and `cuda-lint explain`: what the catalogue of rules says.

use std::io::{self, Write};

use cuda_lint_engine::suggest;
use serde::Serialize;

use crate::args::ListFormat;
use crate::catalogue::{self, Entry};
use crate::evidence::{self, Evidence};
use crate::exit::ExitStatus;
use crate::rule_page;
use crate::terminal;

/// Prints the list of rules.
pub fn list(format: ListFormat, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let entries: Vec<Entry> = catalogue::entries().collect();
    match format {
        ListFormat::Text => write_text(&entries, out)?,
        ListFormat::Json => write_json(&entries, out)?,
    }
    out.flush()?;
    Ok(ExitStatus::Clean)
}

/// Prints the documentation of a rule.
pub fn explain(name: &str, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let Some(rule) = catalogue::find(name) else {
        terminal::complain(&unknown(name));
        return Ok(ExitStatus::Incomplete);
    };
    write!(out, "{}", rule_page::text(&rule, &Evidence::embedded()))?;
    out.flush()?;
    Ok(ExitStatus::Clean)
}

fn unknown(name: &str) -> String {
    let hint = match suggest::closest(name, catalogue::entries().map(|rule| rule.name)) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "`cuda-lint rules` lists them".to_string(),
    };
    format!("there is no rule `{name}`; {hint}")
}

fn write_text(rules: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let width = |text: fn(&Entry) -> &str| rules.iter().map(|rule| text(rule).len()).max().unwrap_or(0);
    let (names, severities, categories) =
        (width(|rule| rule.name), width(|rule| rule.severity.name()), width(|rule| rule.category.name()));
    for rule in rules {
        let off = if rule.on_by_default { "" } else { " (off by default)" };
        writeln!(
            out,
            "{:names$}  {:severities$}  {:categories$}  {}{off}",
            rule.name,
            rule.severity.name(),
            rule.category.name(),
            rule.summary,
        )?;
    }
    Ok(())
}

#[derive(Serialize)]
struct List {
    schema_version: u32,
    rules: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    /// Null for rules that are not the engine's.
    number: Option<String>,
    category: &'static str,
    severity: &'static str,
    on_by_default: bool,
    summary: &'static str,
    evidence: Option<evidence::Measured>,
}

fn write_json(rules: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let embedded = Evidence::embedded();
    let rules = rules
        .iter()
        .map(|rule| Listed {
            name: rule.name,
            number: rule.rule.map(|rule| rule.number.to_string()),
            category: rule.category.name(),
            severity: rule.severity.name(),
            on_by_default: rule.on_by_default,
            summary: rule.summary,
            evidence: rule.rule.map(|rule| evidence::of(rule, &embedded)),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &List { schema_version: 1, rules })?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::rules;

    use super::*;

    fn text(write: impl Fn(&mut dyn Write) -> io::Result<ExitStatus>) -> (String, ExitStatus) {
        let mut out = Vec::new();
        let status = write(&mut out).unwrap();
        (String::from_utf8(out).unwrap(), status)
    }

    #[test]
    fn both_lists_hold_every_rule() {
        let (plain, _) = text(|out| list(ListFormat::Text, out));
        let (json, _) = text(|out| list(ListFormat::Json, out));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let names: Vec<_> = catalogue::entries().map(|rule| rule.name).collect();
        assert!(!names.is_empty());
        let listed: Vec<_> = plain.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(listed, names);
        let listed: Vec<_> =
            json["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap()).collect();
        assert_eq!(listed, names);
        let of_engine = rules::catalogue().len();
        for rule in &json["rules"].as_array().unwrap()[..of_engine] {
            assert!(rule["evidence"]["summary"].is_string() && rule["evidence"]["confirmed"].is_u64());
        }
    }

    #[test]
    fn every_rule_is_explained() {
        for rule in rules::catalogue() {
            let (explanation, status) = text(|out| explain(rule.name, out));
            assert_eq!(status, ExitStatus::Clean);
            assert!(explanation.starts_with(&format!("# {}\n", rule.name)));
            assert!(explanation.contains(rule.doc.trim()));
            let measured = explanation.split_once("\n\n## Measured\n").unwrap().1;
            assert!(measured.starts_with("- "), "{measured}");
            assert!(explanation.ends_with('\n') && !explanation.ends_with("\n\n"));
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        assert_eq!(
            unknown("host-read-befor-sync"),
            "there is no rule `host-read-befor-sync`; did you mean `host-read-before-sync`?"
        );
        assert!(unknown("qqq").ends_with("`cuda-lint rules` lists them"));
        assert_eq!(text(|out| explain("qqq", out)), (String::new(), ExitStatus::Incomplete));
    }
}
