//! One line a finding: `file:line:col: severity[rule] message`.

use std::io::{self, Write};

use super::Report;
use crate::terminal::printable;

/// Prints the findings.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for it in &report.diagnostics {
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            printable(&it.span.file),
            it.span.line,
            it.span.column,
            it.severity.name(),
            it.rule,
            printable(&it.message)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    #[test]
    fn one_line_a_finding_whatever_the_names_hold() {
        let report = Report {
            diagnostics: vec![
                diagnostic("host-read-before-sync", span("src/a.cu", 12, 5, 8)),
                diagnostic("host-read-before-sync", span("a\nb\u{1b}[2J.cu", 1, 1, 1)),
            ],
            ..Report::default()
        };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let message = "the host reads `h_out` while the copy into it may still be running";
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                "src/a.cu:12:5: error[host-read-before-sync] {message}\n\
                 a?b?[2J.cu:1:1: error[host-read-before-sync] {message}\n"
            )
        );
    }
}
