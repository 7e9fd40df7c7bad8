//! Workflow commands of GitHub Actions: each finding is an annotation in the pull request.

use std::io::{self, Write};

use cuda_lint_engine::Severity;

use super::Report;
use crate::finding::ReportedDiagnostic;

/// Prints the report. Files that failed are annotations, too.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for it in &report.diagnostics {
        finding(it, out)?;
    }
    for it in &report.failed {
        writeln!(out, "::error file={},title=cuda-lint::{}", property(&it.path), data(&it.reason))?;
    }
    Ok(())
}

fn finding(it: &ReportedDiagnostic, out: &mut dyn Write) -> io::Result<()> {
    let command = match it.severity {
        Severity::Error => "error",
        Severity::Warning | Severity::Performance => "warning",
        Severity::Info => "notice",
    };
    let span = &it.span;
    write!(out, "::{command} file={},line={},endLine={}", property(&span.file), span.line, span.end_line)?;
    // Columns of a range over several lines are refused.
    if span.line == span.end_line {
        write!(out, ",col={},endColumn={}", span.column, span.end_column)?;
    }
    let mut text = it.message.clone();
    for related in &it.related {
        text += &format!("\n{}:{}: {}", related.span.file, related.span.line, related.message);
    }
    if !it.help.is_empty() {
        text += &format!("\nhelp: {}", it.help);
    }
    writeln!(out, ",title={}::{}", property(&format!("cuda-lint: {}", it.rule)), data(&text))
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};
    use crate::finding::{RelatedPlace, Span};
    use crate::report::FailedFile;

    #[test]
    fn commands_are_escaped() {
        let mut one = diagnostic("x", span("a,b:100%.cu", 12, 5, 8));
        one.message = "50% of it\r\n::error::evil".to_owned();
        one.related = vec![RelatedPlace { span: span("b.h", 3, 1, 1), message: "the copy".to_owned() }];
        one.help = "wait".to_owned();
        let mut two = diagnostic("y", Span { end_line: 4, ..span("a.cu", 2, 3, 1) });
        two.severity = Severity::Info;
        two.message = "m".to_owned();
        two.help = String::new();
        let failed = vec![FailedFile { path: "c.cu".to_owned(), reason: "crash".to_owned() }];
        let report = Report { diagnostics: vec![one, two], failed, ..Report::default() };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::error file=a%2Cb%3A100%25.cu,line=12,endLine=12,col=5,endColumn=13,title=cuda-lint%3A x::\
             50%25 of it%0D%0A::error::evil%0Ab.h:3: the copy%0Ahelp: wait\n\
             ::notice file=a.cu,line=2,endLine=4,title=cuda-lint%3A y::m\n\
             ::error file=c.cu,title=cuda-lint::crash\n"
        );
    }
}
