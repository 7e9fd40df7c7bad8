//! What the exit code says. This is the one place that decides it.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | everything was looked at, and nothing is reported |
//! | 1 | something is reported |
//! | 2 | something could not be looked at or written, or the command was misused; what was found is printed all the same |
//!
//! A **file** that failed (missing, unreadable, not parsed, too slow, crashed the parser) makes the answer
//! "could not tell": 2. A **function** that was analysed only in part does not: real code always has some, so
//! that 2 would be the only answer there is. Such functions are counted in the summary and listed in the
//! JSON report, and the exit code stays 0 or 1.
//!
//! A closed pipe (`cuda-lint src | head`) is no failure: whoever reads had enough, and the code is 0.

use std::io;

use crate::report::Report;
use crate::terminal;

/// The outcome of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything was looked at, and nothing is reported.
    Clean,
    /// Something is reported.
    Findings,
    /// Something could not be looked at, or the command was misused.
    Incomplete,
}

impl ExitStatus {
    /// The status of a finished run.
    pub fn of(report: &Report) -> Self {
        if !report.failed.is_empty() {
            Self::Incomplete
        } else if !report.diagnostics.is_empty() {
            Self::Findings
        } else {
            Self::Clean
        }
    }

    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
        }
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// Prints what clap has to say about the arguments (`--help` and `--version` are such errors too).
pub fn of_usage(error: &clap::Error) -> ExitStatus {
    match error.print().and_then(|()| io::Write::flush(&mut io::stdout())) {
        Err(failure) if !error.use_stderr() => of_output(&failure),
        // What cannot be said on standard error cannot be said at all.
        _ if error.use_stderr() => ExitStatus::Incomplete,
        _ => ExitStatus::Clean,
    }
}

/// The status when standard output could not be written.
pub fn of_output(error: &io::Error) -> ExitStatus {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return ExitStatus::Clean;
    }
    terminal::complain(&format!("cannot write to standard output: {error}"));
    ExitStatus::Incomplete
}
