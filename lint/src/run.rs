//! The sequence behind `cuda-lint check`: find files, analyse them, gather, print.

use std::io::{self, Write};

use crate::args::CheckArgs;
use crate::discover;
use crate::exit::ExitStatus;
use crate::gather::{self, Threshold};
use crate::pool::{Pool, PoolOutcome};
use crate::progress::Progress;
use crate::report;
use crate::terminal::{self, Terminal};
use crate::worker::FileRequest;

/// Analyses what the arguments name, and prints what is found. An error is one of the output.
pub fn check(args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let discovery = discover::discover(&args.paths);
    let requests: Vec<_> =
        discovery.files.iter().map(|file| FileRequest { path: file.path.clone() }).collect();
    let outcome = match analyse(args, &requests) {
        Ok(outcome) => outcome,
        Err(error) => {
            terminal::complain(&format!("cannot run the analysis: {error}"));
            return Ok(ExitStatus::Incomplete);
        }
    };
    // One reason that holds for every file is said once.
    if let (Some(reason), None) = (&outcome.refused, &outcome.frontend) {
        terminal::complain(reason);
        return Ok(ExitStatus::Incomplete);
    }
    if args.dump.is_some() {
        return print_dumps(outcome, out);
    }
    let threshold = Threshold { confidence: args.min_confidence, severity: args.min_severity };
    let mut report = gather::gather(outcome.reports, &discovery.files, threshold);
    report.frontend = outcome.frontend;
    report.failed.extend(discovery.failed);
    report.failed.sort();
    for failed in &report.failed {
        terminal::complain(&format!("{}: {}", failed.path, failed.reason));
    }
    report::write(&report, args.format, Terminal::of_stdout(args.color), args.quiet, out)?;
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

/// Prints the intermediate forms in the order of the files.
fn print_dumps(mut outcome: PoolOutcome, out: &mut dyn Write) -> io::Result<ExitStatus> {
    outcome.reports.sort_by(|a, b| a.path.cmp(&b.path));
    let mut status = ExitStatus::Clean;
    for file in outcome.reports {
        if let crate::finding::Outcome::Failed { reason } = &file.outcome {
            terminal::complain(&format!("{}: {reason}", file.path));
            status = ExitStatus::Incomplete;
        }
        if let Some(dump) = file.dump {
            writeln!(out, "// {}\n{dump}", file.path)?;
        }
    }
    out.flush()?;
    Ok(status)
}
