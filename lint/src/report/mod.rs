//! Reports: one file a format.

mod github;
mod gitlab;
mod json;
mod junit;
pub mod output;
mod pretty;
mod sarif;
mod short;
pub mod source;
mod statistics;
mod summary;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::args::{ColorChoice, Format};
use crate::config::Problem;
use crate::finding::{PartialFunction, ReportedDiagnostic};
use crate::terminal::{self, Terminal};

/// What a run found, ready to be printed: sorted, merged and filtered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings, by place.
    pub diagnostics: Vec<ReportedDiagnostic>,
    /// How many findings were below the thresholds.
    pub hidden: usize,
    /// How many files were analysed.
    pub analysed: usize,
    /// How many files hold nothing that concerns CUDA.
    pub skipped: usize,
    /// Functions that were analysed only in part, by place.
    pub partial: Vec<PartialFunction>,
    /// Files that could not be analysed or used, by path.
    pub failed: Vec<FailedFile>,
    /// The frontend that was used, if there was anything to do.
    pub frontend: Option<String>,
    /// How many findings comments suppress.
    pub suppressed: usize,
    /// What the baseline knows, if there is one.
    pub baseline: Option<Known>,
}

/// What a baseline has to do with a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The baseline's file.
    pub file: String,
    /// How many findings it holds that were found again, and are not reported.
    pub unchanged: usize,
    /// How many of its findings are gone.
    pub fixed: usize,
}

/// A file that could not be analysed, or used in analysing others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailedFile {
    /// Its path.
    pub path: String,
    /// Why: lower case, no full stop.
    pub reason: String,
}

/// Says on standard error what is wrong with the project's configuration.
pub fn complain_of_configuration(problems: &[Problem], colour: ColorChoice) {
    let terminal = Terminal::of_stderr(colour);
    for problem in problems {
        terminal::complain_in(&pretty::problem(problem, terminal));
    }
}

/// How a report is printed on standard output.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The format.
    pub format: Format,
    /// What the terminal can show.
    pub terminal: Terminal,
    /// No summary.
    pub quiet: bool,
    /// Counts in place of findings, in the formats for people.
    pub statistics: bool,
}

/// Prints a report. Failures are not part of the formats for people: they go to standard error.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let for_people = matches!(style.format, Format::Pretty | Format::Short);
    if style.statistics && for_people {
        statistics::write(report, out)?;
    } else {
        write_findings(report, style.format, style.terminal, out)?;
    }
    if style.format == Format::Pretty && !style.quiet {
        summary::write(report, out)?;
    }
    out.flush()
}

/// Prints a report into a file of its own.
pub fn write_whole(
    report: &Report,
    format: Format,
    terminal: Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style { format, terminal, quiet: false, statistics: false };
    write(report, style, out)
}

fn write_findings(
    report: &Report,
    format: Format,
    terminal: Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Pretty => pretty::write(report, terminal, out),
        Format::Short => short::write(report, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, out),
    }
}
