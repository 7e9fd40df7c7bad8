//! Reports: one file a format.

mod json;
mod pretty;
mod short;
mod source;
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

/// Prints a report. Failures are not part of it, save in JSON: they go to standard error in every format.
pub fn write(
    report: &Report,
    format: Format,
    terminal: Terminal,
    quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Pretty => {
            pretty::write(report, terminal, out)?;
            if !quiet {
                summary::write(report, out)?;
            }
        }
        Format::Short => short::write(report, out)?,
        Format::Json => json::write(report, out)?,
    }
    out.flush()
}
