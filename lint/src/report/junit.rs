//! JUnit's XML, which most systems for continuous integration show: a suite for each file with findings, a
//! failed test for each finding.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use crate::finding::ReportedDiagnostic;

/// Prints the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut files: BTreeMap<&str, (Vec<&ReportedDiagnostic>, Vec<&str>)> = BTreeMap::new();
    for it in &report.diagnostics {
        files.entry(&it.span.file).or_default().0.push(it);
    }
    for it in &report.failed {
        files.entry(&it.path).or_default().1.push(&it.reason);
    }
    let (failures, errors) = (report.diagnostics.len(), report.failed.len());
    // A report without a test counts as broken in places, so that a clean run is one that passed.
    let passed = usize::from(files.is_empty());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"cuda-lint\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">",
        failures + errors + passed
    )?;
    if files.is_empty() {
        writeln!(out, "  <testsuite name=\"cuda-lint\" tests=\"1\" failures=\"0\" errors=\"0\">")?;
        writeln!(out, "    <testcase classname=\"cuda-lint\" name=\"{} files\"/>", report.analysed)?;
        writeln!(out, "  </testsuite>")?;
    }
    for (file, (findings, failed)) in files {
        let name = escape(file);
        writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            findings.len() + failed.len(),
            findings.len(),
            failed.len()
        )?;
        for it in findings {
            let (line, column) = (it.span.line, it.span.column);
            writeln!(
                out,
                "    <testcase classname=\"{name}\" name=\"{} at {line}:{column}\" file=\"{name}\" line=\"{line}\">",
                escape(&it.rule)
            )?;
            let mut text = format!("{file}:{line}:{column}: {}: {}\n", it.severity.name(), it.message);
            for related in &it.related {
                text += &format!("{}:{}: {}\n", related.span.file, related.span.line, related.message);
            }
            if !it.help.is_empty() {
                text += &format!("help: {}\n", it.help);
            }
            writeln!(
                out,
                "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                it.severity.name(),
                escape(&it.message),
                escape(&text)
            )?;
            writeln!(out, "    </testcase>")?;
        }
        for reason in failed {
            writeln!(out, "    <testcase classname=\"{name}\" name=\"analysis\" file=\"{name}\">")?;
            writeln!(out, "      <error type=\"analysis\" message=\"{}\"/>", escape(reason))?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// The text in XML. What XML 1.0 cannot hold becomes a question mark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            _ if character.is_control() => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};
    use crate::report::FailedFile;

    fn text(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_clean_run_is_a_test_that_passed() {
        let clean = text(&Report { analysed: 3, ..Report::default() });
        assert!(
            clean.contains("tests=\"1\" failures=\"0\"") && clean.contains("name=\"3 files\"/>"),
            "{clean}"
        );
    }

    #[test]
    fn findings_and_failures_are_told_apart_and_escaped() {
        let mut finding = diagnostic("x", span("a<b>&\"c\u{1b}.cu", 1, 2, 3));
        finding.message = "`vector<int>` & more".to_owned();
        let failed = vec![FailedFile { path: "c.cu".to_owned(), reason: "crash".to_owned() }];
        let report = text(&Report { diagnostics: vec![finding], failed, ..Report::default() });
        assert!(report.contains("<testsuites name=\"cuda-lint\" tests=\"2\" failures=\"1\" errors=\"1\">"));
        assert!(report.contains("<testsuite name=\"a&lt;b&gt;&amp;&quot;c?.cu\" tests=\"1\""), "{report}");
        assert!(report.contains("<failure type=\"error\" message=\"`vector&lt;int&gt;` &amp; more\">"));
        assert!(report.contains("<error type=\"analysis\" message=\"crash\"/>"));
        assert_eq!(report.matches("<testcase").count(), report.matches("</testcase>").count());
    }
}
