//! SARIF 2.1.0, for code scanning: what was found, with its rules, related places, the run that shows it, and
//! a fingerprint by which it is recognised when lines move.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use cuda_lint_engine::trace::{Position, Trace};
use cuda_lint_engine::{Confidence, Severity};
use serde_json::{Map, Value, json};

use super::Report;
use super::source::Sources;
use crate::catalogue::{self, Entry};
use crate::evidence::Evidence;
use crate::exit::ExitStatus;
use crate::finding::{ReportedDiagnostic, Span};
use crate::identity;
use crate::rule_page;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Relative paths start at the folder in which the command was run.
const ROOT: &str = "%SRCROOT%";
/// The fingerprint and the version of how it is made.
const FINGERPRINT: &str = "cudaLintIdentity/v1";

/// Prints the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut places = Places { sources: Sources::default() };
    let rules: Vec<Entry> = catalogue::entries().collect();
    let evidence = Evidence::embedded();
    let number: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.name, at)).collect();
    let prints = identity::fingerprints(&report.diagnostics);
    let results: Vec<Value> = (report.diagnostics.iter().zip(prints))
        .map(|(it, print)| result(it, &print, number.get(it.rule.as_str()).copied(), &mut places))
        .collect();
    let notifications: Vec<Value> = (report.failed.iter())
        .map(|it| {
            json!({
                "level": "error",
                "message": {"text": format!("{}: {}", it.path, it.reason)},
                "locations": [{"physicalLocation": {"artifactLocation": artifact(&it.path)}}],
            })
        })
        .collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "cuda-lint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|rule| descriptor(rule, &evidence)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                ROOT: {"description": {"text": "The folder in which cuda-lint was run."}}
            },
            "invocations": [{
                "executionSuccessful": report.failed.is_empty(),
                "exitCode": ExitStatus::of(report).code(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn descriptor(rule: &Entry, evidence: &Evidence) -> Value {
    let page = rule_page::text(rule, evidence);
    json!({
        "id": rule.name,
        "shortDescription": {"text": sentence(rule.summary)},
        "fullDescription": {"text": what_it_does(rule)},
        "help": {"text": page, "markdown": page},
        "helpUri": rule_page::address(rule),
        "defaultConfiguration": {"level": level(rule.severity), "enabled": rule.on_by_default},
        "properties": {"category": rule.category.name(), "tags": ["cuda", rule.category.name()]},
    })
}

/// The first section of the documentation.
fn what_it_does(rule: &Entry) -> String {
    let text = rule.doc.split("## What it does").nth(1).unwrap_or_default();
    let text = text.split("\n## ").next().unwrap_or_default().trim();
    if text.is_empty() { sentence(rule.summary) } else { text.to_owned() }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning | Severity::Performance => "warning",
        Severity::Info => "note",
    }
}

/// How sure, from 0 to 100.
const fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Certain => 100.0,
        Confidence::Likely => 60.0,
        Confidence::Possible => 20.0,
    }
}

fn result(it: &ReportedDiagnostic, print: &str, rule: Option<usize>, places: &mut Places) -> Value {
    let mut text = sentence(&it.message);
    if !it.help.is_empty() {
        text = format!("{text} {}", sentence(&it.help));
    }
    let related: Vec<Value> = (it.related.iter().enumerate())
        .map(|(at, related)| {
            let mut place = places.location(&related.span, Some(&related.message));
            place.insert("id".to_owned(), json!(at + 1));
            Value::Object(place)
        })
        .collect();
    let mut result = json!({
        "ruleId": it.rule,
        "level": level(it.severity),
        "message": {"text": text},
        "locations": [places.location(&it.span, Some(&it.label).filter(|label| !label.is_empty()))],
        "partialFingerprints": {FINGERPRINT: print},
        "rank": rank(it.confidence),
        "properties": {"severity": it.severity.name(), "confidence": it.confidence.name()},
    });
    if let Some(fields) = result.as_object_mut() {
        if let Some(rule) = rule {
            fields.insert("ruleIndex".to_owned(), json!(rule));
        }
        if !related.is_empty() {
            fields.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if let Some(flow) = it.witness.as_ref().and_then(|trace| flow(trace, places)) {
            fields.insert("codeFlows".to_owned(), json!([flow]));
        }
    }
    result
}

/// The steps of the witness. A step without a place in the source is said without one.
fn flow(trace: &Trace<Position>, places: &mut Places) -> Option<Value> {
    let steps: Vec<Value> = (trace.steps.iter())
        .map(|step| {
            let action = step.action.to_string();
            let location = match &step.place {
                Some(place) => places.point(place, &action),
                None => Map::from_iter([("message".to_owned(), json!({"text": action}))]),
            };
            json!({"location": location})
        })
        .collect();
    (!steps.is_empty()).then(|| {
        json!({
            "message": {"text": "A run that shows it, step by step."},
            "threadFlows": [{"locations": steps}],
        })
    })
}

/// Makes places. Columns are counted in characters, and so need the text.
struct Places {
    sources: Sources,
}

impl Places {
    fn column(&mut self, file: &str, line: u32, column: u32) -> u32 {
        self.sources.get(file).map_or(column, |source| source.characters(line, column)).max(1)
    }

    fn location(&mut self, span: &Span, message: Option<&String>) -> Map<String, Value> {
        let mut physical = json!({"artifactLocation": artifact(&span.file)});
        if span.line > 0 {
            physical["region"] = json!({
                "startLine": span.line,
                "startColumn": self.column(&span.file, span.line, span.column),
                "endLine": span.end_line.max(span.line),
                "endColumn": self.column(&span.file, span.end_line, span.end_column),
            });
        }
        let mut location = Map::from_iter([("physicalLocation".to_owned(), physical)]);
        if let Some(message) = message {
            location.insert("message".to_owned(), json!({"text": message}));
        }
        location
    }

    fn point(&mut self, place: &Position, message: &str) -> Map<String, Value> {
        let column = self.column(&place.file, place.line, place.column);
        Map::from_iter([
            (
                "physicalLocation".to_owned(),
                json!({
                    "artifactLocation": artifact(&place.file),
                    "region": {"startLine": place.line.max(1), "startColumn": column},
                }),
            ),
            ("message".to_owned(), json!({"text": message})),
        ])
    }
}

/// Where a file is, as a URI.
fn artifact(path: &str) -> Value {
    let encoded = encode(path);
    if Path::new(path).is_absolute() {
        json!({"uri": format!("file://{encoded}")})
    } else {
        json!({"uri": encoded, "uriBaseId": ROOT})
    }
}

/// The path with everything that means something else in a URI written as numbers.
fn encode(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(byte.into())
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RelatedPlace;
    use crate::finding::samples::{diagnostic, span};
    use crate::report::FailedFile;
    use cuda_lint_engine::trace::text;

    /// The report as the official schema has it.
    fn valid(report: &Report) -> Value {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let mut schema: Value =
            serde_json::from_str(include_str!("../../tests/schemas/sarif-2.1.0.json")).unwrap();
        // What the schema has there is no regular expression: its brackets do not match.
        for part in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][part]["properties"]["language"];
            assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
        }
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let mut wrong = document.clone();
        wrong["runs"][0]["results"] = json!([{"level": "bad"}]);
        assert!(!validator.is_valid(&wrong));
        document
    }

    #[test]
    fn an_empty_report_is_valid() {
        let document = valid(&Report::default());
        let run = &document["runs"][0];
        assert_eq!(run["results"], json!([]));
        assert_eq!(run["invocations"][0]["exitCode"], 0);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), catalogue::entries().count());
        let page = rule_page::text(&catalogue::entries().next().unwrap(), &Evidence::embedded());
        assert_eq!(rules[0]["help"], json!({"text": page, "markdown": page}));
        let file = format!("/lint/docs/rules/{}.md", rules[0]["id"].as_str().unwrap());
        assert!(rules[0]["helpUri"].as_str().unwrap().ends_with(&file));
        assert!(rules[0]["fullDescription"]["text"].as_str().unwrap().starts_with("Reports "));
    }

    #[test]
    fn places_witness_and_failures_are_there_and_valid() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ö b.cu").display().to_string();
        std::fs::write(&file, "// zwölf\nö = h[0];\n").unwrap();
        let mut finding = diagnostic("host-read-before-sync", span(&file, 2, 6, 4));
        finding.related = vec![RelatedPlace { span: span("b.h", 3, 1, 4), message: "earlier".to_owned() }];
        let trace = text::parse("h = pinned 4\nhost-read h[0..4] @ src/a.cu:2:6\n").unwrap();
        finding.witness = Some(trace);
        let report = Report {
            diagnostics: vec![finding],
            failed: vec![FailedFile { path: "c d.cu".to_owned(), reason: "crash".to_owned() }],
            ..Report::default()
        };
        let document = valid(&report);
        let run = &document["runs"][0];
        let result = &run["results"][0];
        let rule = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "host-read-before-sync");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("/%C3%B6%20b.cu"));
        assert_eq!(place["region"], json!({"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 9}));
        let related = &result["relatedLocations"][0];
        assert_eq!(related["physicalLocation"]["artifactLocation"], json!({"uri": "b.h", "uriBaseId": ROOT}));
        let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
        assert_eq!(steps[0]["location"], json!({"message": {"text": "h = pinned 4"}}));
        assert_eq!(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!(result["partialFingerprints"][FINGERPRINT].as_str().unwrap().len(), 32);
        let invocation = &run["invocations"][0];
        assert_eq!((&invocation["exitCode"], &invocation["executionSuccessful"]), (&json!(2), &json!(false)));
        assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "c d.cu: crash");
    }
}
