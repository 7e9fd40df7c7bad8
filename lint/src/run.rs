//! The sequence behind `cuda-lint check`: find files, analyse them, gather, print.

use std::io::{self, Write};

use crate::args::CheckArgs;
use crate::discover;
use crate::exit::ExitStatus;
use crate::finding::FileReport;
use crate::gather::{self, Threshold};
use crate::pool::{Pool, PoolOutcome};
use crate::progress::Progress;
use crate::report::{self, FailedFile};
use crate::terminal::{self, Terminal};
use crate::worker::FileRequest;

/// Analyses what the arguments name, and prints what is found. An error is one of the output.
pub fn check(args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let discovery = discover::discover(&args.paths);
    let requests: Vec<_> =
        discovery.files.iter().map(|file| FileRequest { path: file.path.clone() }).collect();
    let mut outcome = match analyse(args, &requests) {
        Ok(outcome) => outcome,
        Err(error) => {
            terminal::complain(&format!("cannot run the analysis: {error}"));
            return Ok(ExitStatus::Incomplete);
        }
    };
    // One reason that holds for every file is said once.
    if let (Some(reason), None) = (&outcome.refused, &outcome.frontend) {
        complain_of(&discovery.failed);
        terminal::complain(reason);
        return Ok(ExitStatus::Incomplete);
    }
    if args.dump.is_some() {
        print_dumps(&mut outcome.reports, out)?;
    }
    let threshold = Threshold { confidence: args.min_confidence, severity: args.min_severity };
    let mut report = gather::gather(outcome.reports, &discovery.files, threshold);
    report.frontend = outcome.frontend;
    report.failed.extend(discovery.failed);
    report.failed.sort();
    complain_of(&report.failed);
    if args.dump.is_none() {
        report::write(&report, args.format, Terminal::of_stdout(args.color), args.quiet, out)?;
    }
    Ok(ExitStatus::of(&report))
}

fn analyse(args: &CheckArgs, requests: &[FileRequest]) -> io::Result<PoolOutcome> {
    if requests.is_empty() {
        return Ok(PoolOutcome::default());
    }
    let scratch = tempfile::Builder::new().prefix("cuda-lint-").tempdir()?;
    let jobs = args.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, |processors| processors.get()),
        |jobs| jobs.get(),
    );
    let pool = Pool {
        program: std::env::current_exe()?,
        arguments: vec!["worker".to_string()],
        workers: jobs,
        timeout: args.timeout,
    };
    let mut progress = Progress::new(requests.len(), args.quiet);
    pool.analyse(requests, &args.analysis_options(scratch.path().to_path_buf()), &mut progress)
}

/// Says on standard error what could not be analysed.
fn complain_of(failed: &[FailedFile]) {
    for FailedFile { path, reason } in failed {
        terminal::complain(&format!("{path}: {reason}"));
    }
}

/// Prints the intermediate forms in the order of the files.
fn print_dumps(reports: &mut [FileReport], out: &mut dyn Write) -> io::Result<()> {
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    for file in reports {
        if let Some(dump) = &file.dump {
            writeln!(out, "// {}\n{dump}", file.path)?;
        }
    }
    out.flush()
}
