//! How often each rule reports something.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cuda_lint_engine::Severity;

use super::Report;

/// The number of findings of each rule.
pub fn counts(report: &Report) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for it in &report.diagnostics {
        *counts.entry(it.rule.as_str()).or_insert(0) += 1;
    }
    counts
}

/// Prints a line for each rule and severity, the most frequent first.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for it in &report.diagnostics {
        *counts.entry((&it.rule, it.severity)).or_insert(0) += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((rule, severity), count)| (std::cmp::Reverse(*count), *rule, *severity));
    let width = rows.iter().map(|(_, count)| count.to_string().len()).max().unwrap_or(0);
    for ((rule, severity), count) in rows {
        writeln!(out, "{count:width$}  {:11}  {rule}", severity.name())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::samples::{diagnostic, span};

    #[test]
    fn the_most_frequent_comes_first() {
        let mut diagnostics: Vec<_> =
            (1..=11).map(|line| diagnostic("b", span("a.cu", line, 1, 1))).collect();
        diagnostics.push(diagnostic("a", span("a.cu", 1, 1, 1)));
        diagnostics[0].severity = Severity::Performance;
        let report = Report { diagnostics, ..Report::default() };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let expected = "10  error        b\n 1  error        a\n 1  performance  b\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(counts(&report), BTreeMap::from([("a", 1), ("b", 11)]));
    }
}
