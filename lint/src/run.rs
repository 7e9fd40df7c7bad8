//! The sequence behind `cuda-lint check`: find files, analyse them, gather, print.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::args::{CheckArgs, CheckOptions};
use crate::baseline::{self, Baseline, Matched};
use crate::cache;
use crate::clang::library::WORKER_ENVIRONMENT;
use crate::config::{Config, show};
use crate::discover::{self, Discovery, SourceFile, Wanted};
use crate::exit::ExitStatus;
use crate::finding::{FileReport, Outcome};
use crate::gather;
use crate::interrupt;
use crate::path_patterns::Patterns;
use crate::pool::{Pool, PoolOutcome, WorkerCommand};
use crate::progress::Progress;
use crate::project::{self, Focus};
use crate::report::output::Outputs;
use crate::report::{self, FailedFile, Report, Style};
use crate::rust;
use crate::settle::{self, Terms};
use crate::terminal::{self, Terminal};
use crate::whole;

/// Analyses what the arguments name, and prints what is found. An error is one of the output.
pub fn check(args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    match Setup::new(&args.paths, &args.options).and_then(|setup| setup.narrowed(args.in_project)) {
        Ok(setup) => check_with(&setup, args, out),
        Err(status) => Ok(status),
    }
}

/// Analyses files and folders, and gathers what is found, whether the baseline knows it or not. An error is the
/// status to end with: why has been said.
pub fn report_on(paths: &[PathBuf], options: &CheckOptions) -> Result<Report, ExitStatus> {
    let setup = Setup::new(paths, options)?;
    Ok(setup.look()?.settle(&setup, None).0)
}

fn check_with(setup: &Setup<'_>, args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let options = setup.options;
    if args.show_config {
        show::print(&setup.config, &options.selection(&setup.config), &options.exclude, out)?;
        return Ok(ExitStatus::Clean);
    }
    if args.show_files {
        return setup.show_files(out);
    }
    let outputs = match Outputs::open(&options.output) {
        Ok(outputs) => outputs,
        Err(why) => {
            terminal::complain(&why);
            return Ok(ExitStatus::Incomplete);
        }
    };
    let looked = match setup.baseline().and_then(|baseline| Ok((setup.look()?, baseline))) {
        Ok(looked) => looked,
        Err(status) => return Ok(status),
    };
    let (looked, baseline) = looked;
    if options.dump.is_some() {
        return print_dumps(looked.reports, looked.failed, out);
    }
    let (report, _) = looked.settle(setup, baseline.as_ref());
    // Files first: whoever reads standard output may close it early.
    let unwritten = outputs.write(&report);
    for why in &unwritten {
        terminal::complain(why);
    }
    let style = Style {
        format: options.format,
        terminal: Terminal::of_stdout(options.color),
        quiet: options.quiet,
        statistics: options.statistics,
    };
    report::write(&report, style, out)?;
    Ok(if unwritten.is_empty() { ExitStatus::of(&report) } else { ExitStatus::Incomplete })
}

/// What a run needs to know before it begins.
pub struct Setup<'a> {
    paths: &'a [PathBuf],
    options: &'a CheckOptions,
    /// The configuration that applies.
    pub config: Config,
    worker: WorkerCommand,
    /// The folder of the project, if the paths are what is of interest in it.
    project: Option<PathBuf>,
}

impl<'a> Setup<'a> {
    /// Reads the configuration. An error is the status to end with: why has been said.
    pub fn new(paths: &'a [PathBuf], options: &'a CheckOptions) -> Result<Self, ExitStatus> {
        let program = std::env::current_exe().map_err(|error| cannot_run(&error))?;
        let arguments = vec!["worker".to_string()];
        Self::with_worker(
            paths,
            options,
            WorkerCommand { program, arguments, environment: WORKER_ENVIRONMENT },
        )
    }

    fn with_worker(
        paths: &'a [PathBuf],
        options: &'a CheckOptions,
        worker: WorkerCommand,
    ) -> Result<Self, ExitStatus> {
        let config = match options.no_config {
            true => Ok(Config::default()),
            false => Config::for_inputs(options.config.as_deref(), paths),
        };
        let config = config.map_err(|problems| {
            report::complain_of_configuration(&problems, options.color);
            ExitStatus::Incomplete
        })?;
        Ok(Self { paths, options, config, worker, project: None })
    }

    /// The same, or a run over the whole project that the paths lie in.
    fn narrowed(mut self, in_project: bool) -> Result<Self, ExitStatus> {
        if in_project {
            let root = project::root(&self.config, self.paths).map_err(|why| {
                terminal::complain(&why);
                ExitStatus::Incomplete
            })?;
            self.project = Some(root);
        }
        Ok(self)
    }

    /// Where parsed files are kept, made if need be. That it cannot be is an error only if the user named it.
    fn cache(&self) -> Result<Option<PathBuf>, ExitStatus> {
        if self.options.no_cache {
            return Ok(None);
        }
        if let Some(folder) = &self.options.cache_dir {
            return match cache::folder::make(folder) {
                Ok(()) => Ok(Some(folder.clone())),
                Err(error) => {
                    let folder = folder.display();
                    terminal::complain(&format!(
                        "--cache-dir: {folder} cannot be used: {error}; name a folder that can be written, or go \
                         without: --no-cache"
                    ));
                    Err(ExitStatus::Incomplete)
                }
            };
        }
        let folder = self.project.as_ref().and_then(|_| cache::folder::of_user());
        Ok(folder.filter(|folder| cache::folder::make(folder).is_ok()))
    }

    /// The baseline that applies, if there is one.
    fn baseline(&self) -> Result<Option<Baseline>, ExitStatus> {
        if self.options.no_baseline {
            return Ok(None);
        }
        let found = baseline::file::find(self.options.baseline.as_deref(), &self.config, self.paths);
        let read = found.and_then(|file| file.map(|file| Baseline::read(&file)).transpose());
        read.map_err(|why| {
            terminal::complain(&why);
            ExitStatus::Incomplete
        })
    }

    /// The files, and which of them are of interest, if not all.
    fn discover(&self) -> (Discovery, Option<Focus>) {
        let wanted = Wanted {
            include: self.config.include.clone(),
            exclude: self.excluded(),
            force_exclude: self.options.force_exclude,
        };
        match &self.project {
            Some(root) => {
                let (discovery, focus) = project::discover(root, self.paths, &wanted);
                (discovery, Some(focus))
            }
            None => (discover::discover(self.paths, &wanted), None),
        }
    }

    /// What the configuration excludes, and the command line. The patterns of the latter are relative to the
    /// current folder; in a folder that is named and lies elsewhere, to that.
    fn excluded(&self) -> Vec<Patterns> {
        let mut excluded = vec![self.config.exclude.clone()];
        let mut given = Patterns::default();
        for pattern in &self.options.exclude {
            // Patterns that are none were refused with the arguments.
            let _ = given.add(pattern);
        }
        if given.is_empty() {
            return excluded;
        }
        let here = std::env::current_dir().and_then(|folder| folder.canonicalize()).ok();
        // What cannot be found is said where it is searched.
        let named = self.paths.iter().filter_map(|path| path.canonicalize().ok());
        let named = named
            .filter_map(|path| if path.is_dir() { Some(path) } else { path.parent().map(Path::to_path_buf) });
        let elsewhere = named.filter(|path| here.as_ref().is_none_or(|here| !path.starts_with(here)));
        let mut folders: Vec<PathBuf> = elsewhere.chain(here.clone()).collect();
        folders.sort();
        folders.dedup();
        excluded.extend(folders.iter().map(|folder| given.moved_to(folder)));
        excluded
    }

    fn show_files(&self, out: &mut dyn Write) -> io::Result<ExitStatus> {
        let (discovery, _) = self.discover();
        for file in &discovery.files {
            writeln!(out, "{}", terminal::printable(&file.path))?;
        }
        out.flush()?;
        complain_of(&discovery.failed);
        Ok(if discovery.failed.is_empty() { ExitStatus::Clean } else { ExitStatus::Incomplete })
    }

    /// Has the workers look at everything. An error is the status to end with: why has been said.
    pub fn look(&self) -> Result<Looked, ExitStatus> {
        let (discovery, focus) = self.discover();
        let cache = self.cache()?;
        let outcome = self.analyse(&discovery.files, focus.as_ref(), cache.clone());
        let outcome = outcome.map_err(|error| cannot_run(&error))?;
        if let Some(folder) = &cache {
            cache::folder::tidy_up(folder);
        }
        // One reason that holds for every file is said once.
        if let (Some(reason), None) = (&outcome.refused, &outcome.frontend) {
            complain_of(&discovery.failed);
            terminal::complain(reason);
            return Err(ExitStatus::Incomplete);
        }
        let mut failed = discovery.failed;
        failed.extend(outcome.unusable);
        let (reports, frontend) = (outcome.reports, outcome.frontend);
        Ok(Looked { files: discovery.files, focus, reports, failed, frontend })
    }

    fn analyse(
        &self,
        files: &[SourceFile],
        focus: Option<&Focus>,
        cache: Option<PathBuf>,
    ) -> io::Result<PoolOutcome> {
        if files.is_empty() {
            return Ok(PoolOutcome::default());
        }
        let args = self.options;
        let scratch = tempfile::Builder::new().prefix("cuda-lint-").tempdir().map_err(|error| {
            let folder = std::env::temp_dir();
            let reason = error.to_string();
            let reason = reason.split(" at path ").next().unwrap_or_default().to_owned();
            io::Error::other(format!(
                "nothing can be written in {}: {reason}; name a folder in TMPDIR",
                folder.display()
            ))
        })?;
        interrupt::removes(scratch.path().to_path_buf());
        let jobs = args.jobs.map_or_else(
            || std::thread::available_parallelism().map_or(1, |processors| processors.get()),
            |jobs| jobs.get(),
        );
        let pool = Pool { worker: self.worker.clone(), workers: jobs, timeout: args.timeout };
        let roots = self.project.as_ref().map_or(self.paths, std::slice::from_ref);
        let mut options = args.analysis_options(&self.config, roots, scratch.path().to_path_buf());
        options.rust_only = files.iter().all(|file| rust::is_rust(Path::new(&file.path)));
        options.cache = cache;
        options.focus = focus.map(|focus| focus.files().to_vec()).unwrap_or_default();
        whole::analyse(&pool, files, &options, |requests| Progress::new(requests, args.quiet))
    }
}

/// What the workers have said.
pub struct Looked {
    files: Vec<SourceFile>,
    focus: Option<Focus>,
    reports: Vec<FileReport>,
    failed: Vec<FailedFile>,
    frontend: Option<String>,
}

impl Looked {
    /// Gathers it, settles what is reported, and complains of what failed.
    pub fn settle(self, setup: &Setup<'_>, baseline: Option<&Baseline>) -> (Report, Option<Matched>) {
        let Self { files, focus, reports, failed, frontend } = self;
        let is_of_interest = |it: &FileReport| focus.as_ref().is_none_or(|focus| focus.holds(&it.path));
        let count = |is: fn(&Outcome) -> bool| {
            reports.iter().filter(|it| is_of_interest(it) && is(&it.outcome)).count()
        };
        let analysed = count(|outcome| matches!(outcome, Outcome::Analysed { .. }));
        let skipped = count(|outcome| *outcome == Outcome::Skipped);
        let mut gathered = gather::gather(reports, &files);
        let report = &mut gathered.report;
        (report.frontend, report.analysed, report.skipped) = (frontend, analysed, skipped);
        if let Some(focus) = &focus {
            let others = report.failed.len();
            report.failed.retain(|file| focus.holds(&file.path));
            complain_of_others(others - report.failed.len(), setup.project.as_deref());
        }
        report.failed.extend(failed);
        report.failed.sort();
        complain_of(&report.failed);
        let selection = setup.options.selection(&setup.config);
        let terms = Terms { selection: &selection, files: &files, focus: focus.as_ref(), baseline };
        settle::settle(gathered, &terms)
    }
}

/// Says that something else in the project could not be analysed: that is no failure of what is of interest.
fn complain_of_others(count: usize, project: Option<&Path>) {
    if let (1.., Some(project)) = (count, project) {
        let (files, project) = (if count == 1 { "file" } else { "files" }, project.display());
        terminal::complain(&format!(
            "{count} other {files} of the project could not be analysed; `cuda-lint {project}` says why"
        ));
    }
}

fn cannot_run(error: &io::Error) -> ExitStatus {
    terminal::complain(&format!("cannot run the analysis: {error}"));
    ExitStatus::Incomplete
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
        let status = match Setup::with_worker(&args.paths, &args.options, worker) {
            Ok(setup) => check_with(&setup, &args, &mut out).unwrap(),
            Err(status) => status,
        };
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
