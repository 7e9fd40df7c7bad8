//! The sequence behind `cuda-lint check`: find files, analyse them, gather, print.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::args::{CheckArgs, CheckOptions};
use crate::clang::library::WORKER_ENVIRONMENT;
use crate::config::Config;
use crate::discover::{self, SourceFile};
use crate::exit::ExitStatus;
use crate::finding::{FileReport, Outcome};
use crate::gather::{self, Threshold};
use crate::pool::{Pool, PoolOutcome, WorkerCommand};
use crate::progress::Progress;
use crate::report::{self, FailedFile, Report};
use crate::rust;
use crate::terminal::{self, Terminal};
use crate::whole;

/// Analyses what the arguments name, and prints what is found. An error is one of the output.
pub fn check(args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    match own_worker() {
        Ok(worker) => check_with(&worker, args, out),
        Err(status) => Ok(status),
    }
}

/// Analyses files and folders, and gathers what is found. An error is the status to end with: why has been
/// said.
pub fn report_on(paths: &[PathBuf], options: &CheckOptions) -> Result<Report, ExitStatus> {
    let worker = own_worker()?;
    Ok(look(&worker, paths, options)?.report(options))
}

/// The worker that the command starts for itself.
fn own_worker() -> Result<WorkerCommand, ExitStatus> {
    let program = std::env::current_exe().map_err(|error| cannot_run(&error))?;
    Ok(WorkerCommand { program, arguments: vec!["worker".to_string()], environment: WORKER_ENVIRONMENT })
}

fn check_with(worker: &WorkerCommand, args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let options = &args.options;
    let looked = match look(worker, &args.paths, options) {
        Ok(looked) => looked,
        Err(status) => return Ok(status),
    };
    if options.dump.is_some() {
        return print_dumps(looked.reports, looked.failed, out);
    }
    let report = looked.report(options);
    report::write(&report, options.format, Terminal::of_stdout(options.color), options.quiet, out)?;
    Ok(ExitStatus::of(&report))
}

/// What the workers have said.
struct Looked {
    files: Vec<SourceFile>,
    reports: Vec<FileReport>,
    failed: Vec<FailedFile>,
    frontend: Option<String>,
}

impl Looked {
    /// Gathers it, and complains of what failed.
    fn report(self, options: &CheckOptions) -> Report {
        let threshold = Threshold { confidence: options.min_confidence, severity: options.min_severity };
        let mut report = gather::gather(self.reports, &self.files, threshold);
        report.frontend = self.frontend;
        report.failed.extend(self.failed);
        report.failed.sort();
        complain_of(&report.failed);
        report
    }
}

fn look(worker: &WorkerCommand, paths: &[PathBuf], options: &CheckOptions) -> Result<Looked, ExitStatus> {
    let config = Config::for_inputs(options.config.as_deref(), paths).map_err(|problems| {
        report::complain_of_configuration(&problems, options.color);
        ExitStatus::Incomplete
    })?;
    let discovery = discover::discover(paths);
    let outcome =
        analyse(worker, paths, options, &config, &discovery.files).map_err(|error| cannot_run(&error))?;
    // One reason that holds for every file is said once.
    if let (Some(reason), None) = (&outcome.refused, &outcome.frontend) {
        complain_of(&discovery.failed);
        terminal::complain(reason);
        return Err(ExitStatus::Incomplete);
    }
    let mut failed = discovery.failed;
    failed.extend(outcome.unusable);
    Ok(Looked { files: discovery.files, reports: outcome.reports, failed, frontend: outcome.frontend })
}

fn cannot_run(error: &io::Error) -> ExitStatus {
    terminal::complain(&format!("cannot run the analysis: {error}"));
    ExitStatus::Incomplete
}

fn analyse(
    worker: &WorkerCommand,
    paths: &[PathBuf],
    args: &CheckOptions,
    config: &Config,
    files: &[SourceFile],
) -> io::Result<PoolOutcome> {
    if files.is_empty() {
        return Ok(PoolOutcome::default());
    }
    let scratch = tempfile::Builder::new().prefix("cuda-lint-").tempdir()?;
    let jobs = args.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, |processors| processors.get()),
        |jobs| jobs.get(),
    );
    let pool = Pool { worker: worker.clone(), workers: jobs, timeout: args.timeout };
    let mut options = args.analysis_options(config, paths, scratch.path().to_path_buf());
    options.rust_only = files.iter().all(|file| rust::is_rust(Path::new(&file.path)));
    whole::analyse(&pool, files, &options, |requests| Progress::new(requests, args.quiet))
}

/// Says on standard error what could not be analysed.
fn complain_of(failed: &[FailedFile]) {
    for FailedFile { path, reason } in failed {
        terminal::complain(&format!("{path}: {reason}"));
    }
}

/// Prints the intermediate forms in the order of the files. What was found is left unsaid.
fn print_dumps(
    mut reports: Vec<FileReport>,
    mut failed: Vec<FailedFile>,
    out: &mut dyn Write,
) -> io::Result<ExitStatus> {
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    for file in reports {
        if let Some(dump) = &file.dump {
            writeln!(out, "// {}\n{dump}", file.path)?;
        }
        if let Outcome::Failed { reason } = file.outcome {
            failed.push(FailedFile { path: file.path, reason });
        }
    }
    out.flush()?;
    complain_of(&failed);
    Ok(ExitStatus::of(&Report { failed, ..Report::default() }))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    /// A worker written for the shell: finds what the file's name says.
    const FAKE: &str = r#"
read options
echo '{"greeting":"ready","frontend":"fake 1"}'
while read request; do
    path=${request#*:\"}; path=${path%\"*}
    case $path in
        *bad*) found='{"rule":"some-rule","category":"lifetime","severity":"error","confidence":"CONFIDENCE","message":"what is wrong","span":{"file":"'$path'","line":2,"column":3,"end_line":2,"end_column":5,"offset":0,"length":2},"label":"","related":[],"help":""}' ;;
        *) found= ;;
    esac
    case $path in
        *unsure*) found=$(echo "$found" | sed s/CONFIDENCE/possible/) ;;
        *) found=$(echo "$found" | sed s/CONFIDENCE/likely/) ;;
    esac
    case $path in
        *part*) partial="{\"path\":\"$path\",\"line\":1,\"function\":\"f\",\"reason\":\"r\"}" ;;
        *) partial= ;;
    esac
    case $path in
        *crash*) exit 1 ;;
        *plain*) echo "{\"path\":\"$path\",\"outcome\":{\"state\":\"skipped\"}}" ;;
        *) echo "{\"path\":\"$path\",\"outcome\":{\"state\":\"analysed\",\"diagnostics\":[$found],\"partial\":[$partial]}}" ;;
    esac
done"#;

    /// Runs the command over files of these names, with the folder taken out of what it prints.
    fn run(script: &str, options: &str, files: &[&str]) -> (ExitStatus, String) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "\n  bad;\n").unwrap();
        }
        let root = folder.path().display().to_string();
        let arguments = ["cuda-lint"].into_iter().chain(options.split_whitespace()).chain([root.as_str()]);
        let args = Cli::try_parse_from(arguments).unwrap().check;
        let arguments = vec!["-c".to_string(), script.to_string()];
        let worker = WorkerCommand { program: "sh".into(), arguments, environment: &[] };
        let mut out = Vec::new();
        let status = check_with(&worker, &args, &mut out).unwrap();
        (status, String::from_utf8(out).unwrap().replace(&format!("{root}/"), ""))
    }

    #[test]
    fn the_exit_status_tells_clean_found_and_could_not_tell_apart() {
        for (files, expected) in [
            (&["a.cu", "plain.h"][..], ExitStatus::Clean),
            (&["part.cu"], ExitStatus::Clean),
            (&["unsure-bad.cu"], ExitStatus::Clean),
            (&["a.cu", "bad.cu", "part.cu"], ExitStatus::Findings),
            (&["bad.cu", "crash.cu"], ExitStatus::Incomplete),
            (&[], ExitStatus::Incomplete),
        ] {
            assert_eq!(run(FAKE, "", files).0, expected, "{files:?}");
        }
        assert_eq!(run(FAKE, "--min-confidence possible", &["unsure-bad.cu"]).0, ExitStatus::Findings);
    }

    #[test]
    fn findings_are_printed_whatever_else_fails() {
        let files = ["bad2.cu", "crash.cu", "bad1.cu"];
        let expected = "bad1.cu:2:3: error[some-rule] what is wrong\n\
                        bad2.cu:2:3: error[some-rule] what is wrong\n";
        for jobs in ["1", "3"] {
            let (_, text) = run(FAKE, &format!("--format short --jobs {jobs}"), &files);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn json_holds_what_was_analysed_and_how_far() {
        let (_, text) = run(FAKE, "--format json", &["bad.cu", "part.cu", "plain.h", "crash.cu"]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["tool"]["frontend"], "fake 1");
        assert_eq!(json["diagnostics"][0]["file"], "bad.cu");
        assert_eq!(json["files"]["analysed"], 2);
        assert_eq!(json["files"]["skipped"], 1);
        assert_eq!(json["files"]["partial"][0]["path"], "part.cu");
        assert_eq!(json["files"]["failed"][0]["path"], "crash.cu");
    }

    #[test]
    fn pretty_ends_with_a_summary_unless_quiet() {
        let (_, text) = run(FAKE, "", &["bad.cu", "part.cu"]);
        assert!(
            text.ends_with(
                "1 error in 2 files\n1 function in 1 file analysed only in part; --format json lists them\n"
            ),
            "{text}"
        );
        assert_eq!(run(FAKE, "-q", &["part.cu"]).1, "");
    }

    #[test]
    fn without_a_frontend_nothing_is_printed_as_if_it_were_clean() {
        let refuse = r#"read options; echo '{"greeting":"refused","reason":"no libclang"}'"#;
        assert_eq!(run(refuse, "--format json", &["a.cu", "b.cu"]), (ExitStatus::Incomplete, String::new()));
    }
}
