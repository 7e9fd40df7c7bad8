//! The last lines of the report for people: how much was found, and in how much.

use std::collections::BTreeSet;
use std::io::{self, Write};

use cuda_lint_engine::Severity;

use super::Report;
use crate::terminal::printable;

/// Prints the summary.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} in {}", findings(report), files(report))?;
    if report.hidden > 0 {
        writeln!(
            out,
            "{} not shown: below --min-confidence or --min-severity",
            count(report.hidden, "finding", "findings")
        )?;
    }
    if report.suppressed > 0 {
        writeln!(out, "{} suppressed by comments", count(report.suppressed, "finding", "findings"))?;
    }
    if let Some(known) = &report.baseline {
        if known.unchanged > 0 {
            let findings = count(known.unchanged, "finding", "findings");
            writeln!(out, "{findings} not shown: known to the baseline {}", printable(&known.file))?;
        }
        if known.fixed > 0 {
            let findings = count(known.fixed, "finding of the baseline is", "findings of the baseline are");
            writeln!(out, "{findings} gone; `cuda-lint baseline --prune` takes them out of it")?;
        }
    }
    if !report.partial.is_empty() {
        let functions: BTreeSet<_> = report.partial.iter().map(|it| (&it.path, &it.function)).collect();
        let files: BTreeSet<_> = report.partial.iter().map(|it| &it.path).collect();
        writeln!(
            out,
            "{} in {} analysed only in part; --format json lists them",
            count(functions.len(), "function", "functions"),
            count(files.len(), "file", "files"),
        )?;
    }
    Ok(())
}

fn findings(report: &Report) -> String {
    let levels = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Performance, "performance finding", "performance findings"),
        (Severity::Info, "remark", "remarks"),
    ];
    let parts: Vec<_> = levels
        .into_iter()
        .map(|(level, one, many)| {
            (report.diagnostics.iter().filter(|it| it.severity == level).count(), one, many)
        })
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    if parts.is_empty() { "nothing found".to_string() } else { parts.join(", ") }
}

fn files(report: &Report) -> String {
    let mut text = count(report.analysed, "file", "files");
    if report.skipped > 0 {
        text += &format!(", {} without CUDA", report.skipped);
    }
    if report.failed.is_empty() {
        return text;
    }
    // Paths that lead nowhere are among them, so this does not say "files".
    text + &format!("; {} could not be analysed", report.failed.len())
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::PartialFunction;
    use crate::finding::samples::{diagnostic, span};
    use crate::report::{FailedFile, Known};

    fn check(report: &Report, expected: &str) {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn counts_are_said_in_words() {
        check(&Report { analysed: 1, ..Report::default() }, "nothing found in 1 file\n");
        let mut warning = diagnostic("x", span("a.cu", 1, 1, 1));
        warning.severity = Severity::Warning;
        let partial = |function: &str, line| PartialFunction {
            path: "a.cu".to_string(),
            line,
            function: function.to_string(),
            reason: "reason".to_string(),
        };
        let report = Report {
            diagnostics: vec![
                diagnostic("x", span("a.cu", 1, 1, 1)),
                diagnostic("x", span("a.cu", 2, 1, 1)),
                warning,
            ],
            hidden: 3,
            analysed: 14,
            skipped: 2,
            partial: vec![partial("f", 1), partial("f", 2), partial("g", 9)],
            failed: vec![FailedFile { path: "b.cu".to_string(), reason: "r".to_string() }],
            frontend: None,
            suppressed: 1,
            baseline: Some(Known { file: "known.json".to_string(), unchanged: 2, fixed: 1 }),
        };
        check(
            &report,
            "2 errors, 1 warning in 14 files, 2 without CUDA; 1 could not be analysed\n\
             3 findings not shown: below --min-confidence or --min-severity\n\
             1 finding suppressed by comments\n\
             2 findings not shown: known to the baseline known.json\n\
             1 finding of the baseline is gone; `cuda-lint baseline --prune` takes them out of it\n\
             2 functions in 1 file analysed only in part; --format json lists them\n",
        );
    }
}
