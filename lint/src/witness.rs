//! `cuda-lint witness`: prints the runs that show what is found at a line.

use std::io::{self, Write};

use cuda_lint_engine::trace::text;

use crate::args::{Place, WitnessArgs};
use crate::exit::ExitStatus;
use crate::finding::ReportedDiagnostic;
use crate::report::Report;
use crate::run;
use crate::terminal;

/// Analyses the file as `check` does, and prints the witness of each finding at the line, in the text form of
/// traces; what is found stands above it as a comment.
pub fn print(args: WitnessArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let WitnessArgs { place, mut with, options } = args;
    with.insert(0, place.file.clone());
    let report = match run::report_on(&with, &options) {
        Ok(report) => report,
        Err(status) => return Ok(status),
    };
    let found: Vec<_> = report.diagnostics.iter().filter(|it| stands_at(it, &place)).collect();
    if found.is_empty() {
        // What could not be analysed has been complained of.
        if report.failed.is_empty() {
            terminal::complain(&nothing_at(&place, &report));
        }
        return Ok(ExitStatus::Incomplete);
    }
    let mut printed = false;
    for diagnostic in found {
        let (rule, severity, confidence) =
            (&diagnostic.rule, diagnostic.severity.name(), diagnostic.confidence.name());
        match &diagnostic.witness {
            Some(witness) => {
                if printed {
                    writeln!(out)?;
                }
                writeln!(out, "# {rule} ({severity}, {confidence}): {}", diagnostic.message)?;
                write!(out, "{}", text::print(witness))?;
                printed = true;
            }
            None => terminal::complain(&format!(
                "{}:{}: `{rule}` has no witness: the compiler rejects the program, so there is nothing to run",
                diagnostic.span.file, place.line
            )),
        }
    }
    out.flush()?;
    Ok(if printed { ExitStatus::Clean } else { ExitStatus::Incomplete })
}

fn stands_at(diagnostic: &ReportedDiagnostic, place: &Place) -> bool {
    diagnostic.span.line == place.line && std::path::Path::new(&diagnostic.span.file) == place.file
}

/// Says that there is nothing, and where there is something.
fn nothing_at(place: &Place, report: &Report) -> String {
    let mut lines: Vec<u32> = report
        .diagnostics
        .iter()
        .filter(|it| std::path::Path::new(&it.span.file) == place.file)
        .map(|it| it.span.line)
        .collect();
    lines.dedup();
    let elsewhere = match &lines[..] {
        [] => "nothing is found in this file".to_owned(),
        [line] => format!("there is a finding in line {line}"),
        lines => {
            let lines: Vec<_> = lines.iter().map(u32::to_string).collect();
            format!("there are findings in lines {}", lines.join(", "))
        }
    };
    let hidden = match report.hidden {
        0 => String::new(),
        count => format!(" ({count} hidden; `--min-confidence possible --min-severity info` shows them)"),
    };
    format!("{}:{}: nothing is found at this line; {elsewhere}{hidden}", place.file.display(), place.line)
}
