//! The code quality report of GitLab, for merge requests.

use std::io::{self, Write};

use cuda_lint_engine::Severity;
use serde::Serialize;

use super::Report;
use crate::identity;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Prints the report. Files that failed have no place in it; the exit code tells of them.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let prints = identity::fingerprints(&report.diagnostics);
    let issues: Vec<Issue<'_>> = (report.diagnostics.iter().zip(prints))
        .map(|(it, fingerprint)| Issue {
            description: match it.help.as_str() {
                "" => it.message.clone(),
                help => format!("{}; {help}", it.message),
            },
            check_name: &it.rule,
            fingerprint,
            severity: severity(it.severity),
            location: Location {
                path: &it.span.file,
                lines: Lines { begin: it.span.line.max(1), end: it.span.end_line.max(1) },
            },
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Performance => "minor",
        Severity::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    #[test]
    fn the_shape_is_gitlabs_and_fingerprints_differ() {
        let finding = diagnostic("host-read-before-sync", span("src/a.cu", 12, 5, 8));
        let mut mild = finding.clone();
        mild.severity = Severity::Performance;
        let report = Report { diagnostics: vec![finding.clone(), mild], ..Report::default() };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value[0]["description"], format!("{}; {}", finding.message, finding.help));
        assert_eq!(value[0]["check_name"], "host-read-before-sync");
        let location = serde_json::json!({"path": "src/a.cu", "lines": {"begin": 12, "end": 12}});
        assert_eq!(value[0]["location"], location);
        assert_eq!((&value[0]["severity"], &value[1]["severity"]), (&"critical".into(), &"minor".into()));
        assert_ne!(value[0]["fingerprint"], value[1]["fingerprint"]);
    }
}
