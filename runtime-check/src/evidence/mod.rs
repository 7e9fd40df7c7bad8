//! `evidence`: measures everything and writes fixtures/evidence, or says what is missing or stale there.

mod collect;
mod convert;
mod diagnostics;
mod kept;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueEnum};
use cuda_lint_evidence::check::{self, Problem};
use cuda_lint_evidence::{Body, Device, File, quotes};

use crate::{claims, device, peers, platform, profile, programs};
use diagnostics::Diagnostics;
use kept::Times;

/// Arguments of `evidence`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvidenceArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    inputs: Inputs,
    /// The folder for the files [default: fixtures/evidence below the root]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many random traces
    #[arg(long, value_name = "N", default_value_t = check::LITMUS_TRACES)]
    litmus_traces: u64,
    /// Only some of the files; the others stay as they are
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Run only the fixtures that have changed since, and keep what the same machine answered for the others
    /// (programs, peers)
    #[arg(long)]
    changed: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what is missing or stale: exit code 1 if anything is
    Check(Inputs),
}

#[derive(Debug, Args)]
struct Inputs {
    /// The root of the repository
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// What `cuda-lint --format json fixtures` printed, run in the root; a second file for the other mode of the
    /// default stream
    #[arg(long, value_name = "FILE")]
    diagnostics: Vec<PathBuf>,
}

/// A file of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Rules,
    Programs,
    Claims,
    Litmus,
    Peers,
    /// On a machine with two GPUs; measured only if it is named
    TwoGpus,
}

impl Part {
    /// What is measured on any machine, in that order: first those that need no compiler, which runs beside them.
    const ALL: [Self; 5] = [Self::Rules, Self::Litmus, Self::Programs, Self::Claims, Self::Peers];

    const fn is_compiled(self) -> bool {
        matches!(self, Self::Programs | Self::Claims | Self::Peers | Self::TwoGpus)
    }
}

/// Why evidence could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The linter's report cannot be read.
    #[error("{0} is no report of `cuda-lint --format json`: {1}")]
    Diagnostics(PathBuf, String),
    /// There is no report.
    #[error("name what the linter reports: --diagnostics FILE, from `cuda-lint --format json fixtures`")]
    NoDiagnostics,
    /// The machine cannot.
    #[error(transparent)]
    Platform(#[from] platform::Error),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] cuda_lint_evidence::Error),
}

/// What the producers are given.
pub struct Context<'a> {
    /// The root of the repository.
    pub root: &'a Path,
    /// What the linter reports for the fixtures.
    pub diagnostics: &'a Diagnostics,
    /// How many random traces to run.
    pub litmus_traces: u64,
    /// The machine, if what it answered before is kept.
    pub keep: Option<&'a Device>,
}

/// What was measured, and what of an earlier run is in it: how long that took, and when it was.
pub struct Measured<T> {
    body: T,
    kept: Option<Times>,
}

impl<T> Measured<T> {
    /// All of it was measured just now.
    fn now(body: T) -> Self {
        Self { body, kept: None }
    }
}

/// Runs the command.
pub fn command(arguments: &EvidenceArgs) -> ExitCode {
    let outcome = match &arguments.action {
        Some(Action::Check(inputs)) => check(inputs),
        None => measure(arguments),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("cuda-lint-runtime: {error}"));
        ExitCode::from(2)
    })
}

fn check(inputs: &Inputs) -> Result<ExitCode, Error> {
    let diagnostics = Diagnostics::read(&inputs.diagnostics)?;
    let current = (!inputs.diagnostics.is_empty()).then(|| diagnostics.current());
    let rules = check::catalogue();
    let mut problems = check::check(&inputs.root, &rules, current.as_deref());
    if let Ok(evidence) = check::Evidence::read(&inputs.root) {
        let quotable = quotes::quotable(&evidence, &rules);
        problems.extend(quotes::check(&inputs.root, &quotable, false).unwrap_or_else(|error| {
            vec![Problem { file: "documents".to_owned(), what: format!("cannot be read: {error}") }]
        }));
    }
    for problem in &problems {
        let _ = writeln!(std::io::stdout(), "{problem}");
    }
    if problems.is_empty() {
        let _ = writeln!(std::io::stdout(), "the evidence is there and fresh");
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "{} problems; `cuda-lint-runtime evidence` measures anew, on a machine with an NVIDIA GPU",
        problems.len()
    ));
    Ok(ExitCode::FAILURE)
}

fn measure(arguments: &EvidenceArgs) -> Result<ExitCode, Error> {
    let Inputs { root, diagnostics } = &arguments.inputs;
    let mut parts: Vec<Part> = Part::ALL.into_iter().chain([Part::TwoGpus]).collect();
    parts.retain(|part| match arguments.only.is_empty() {
        true => *part != Part::TwoGpus,
        false => arguments.only.contains(part),
    });
    if diagnostics.is_empty() && parts != [Part::TwoGpus] {
        return Err(Error::NoDiagnostics);
    }
    let diagnostics = Diagnostics::read(diagnostics)?;
    let device = device::header()?;
    let context = Context {
        root,
        diagnostics: &diagnostics,
        litmus_traces: arguments.litmus_traces,
        keep: arguments.changed.then_some(&device),
    };
    let out = arguments.out.clone().unwrap_or_else(|| root.join(cuda_lint_evidence::FOLDER));
    let writer = Writer { root, out: &out, device: device.clone(), date: date(SystemTime::now()) };
    let start = Instant::now();
    let mut complete = true;
    let mut compiling = compile_early(root, &parts);
    // One after the other: what one measures in time, another would disturb.
    for part in parts {
        if part.is_compiled()
            && let Some(compiling) = compiling.take()
        {
            let wait = Instant::now();
            // What went wrong there comes again, and is told then.
            let _ = compiling.join();
            say(&format!(
                "compiled after {:.1} s, waited {:.1} s",
                start.elapsed().as_secs_f64(),
                wait.elapsed().as_secs_f64()
            ));
        }
        complete &= match part {
            Part::Rules => writer.part(|| collect::collect_rules(&context).map(Measured::now)),
            Part::Programs => writer.part(|| collect::collect_programs(&context)),
            Part::Claims => writer.part(|| collect::collect_claims(&context).map(Measured::now)),
            Part::Litmus => writer.part(|| collect::collect_litmus(&context).map(Measured::now)),
            Part::Peers => writer.part(|| collect::collect_peers(&context)),
            Part::TwoGpus => writer.part(|| collect::collect_two_gpus(&context).map(Measured::now)),
        };
    }
    say(&format!("{:.1} s in all", start.elapsed().as_secs_f64()));
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Compiles the fixtures and the claims, and looks at their code, while traces are replayed: that uses no GPU, and
/// what came of it is found again.
fn compile_early(root: &Path, parts: &[Part]) -> Option<JoinHandle<()>> {
    let wants = |which: &[Part]| parts.iter().any(|part| which.contains(part));
    if parts.first().is_none_or(|part| part.is_compiled()) {
        return None;
    }
    let (fixtures, claims) = (wants(&[Part::Programs, Part::Peers]), wants(&[Part::Claims]));
    let peers = wants(&[Part::Peers]);
    let root = root.to_path_buf();
    let compile = move || {
        if fixtures {
            let _ = programs::compile_early(&root);
        }
        if claims {
            let _ = claims::compile_early(&root);
        }
        if peers {
            let _ = peers::read_code_early(&root);
        }
    };
    Some(std::thread::spawn(compile))
}

/// Writes what was measured, with the same header.
struct Writer<'a> {
    root: &'a Path,
    out: &'a Path,
    device: Device,
    date: String,
}

impl Writer<'_> {
    /// Measures and writes one file. A part that fails leaves the others their chance; false then.
    fn part<T: Body>(&self, collect: impl FnOnce() -> Result<Measured<T>, Error>) -> bool {
        say(&format!("{}: …", T::FILE));
        let start = Instant::now();
        let outcome = collect().and_then(|measured| self.write(measured, start.elapsed()));
        match &outcome {
            Ok(path) => say(&format!("{}: {:.1} s", path.display(), start.elapsed().as_secs_f64())),
            Err(error) => say(&format!("{}: {error}", T::FILE)),
        }
        let profile = profile::report();
        if !profile.is_empty() {
            say(&profile);
        }
        outcome.is_ok()
    }

    fn write<T: Body>(&self, Measured { body, kept }: Measured<T>, time: Duration) -> Result<PathBuf, Error> {
        let harness = env!("CARGO_PKG_VERSION");
        let date = kept.as_ref().map_or(&self.date, |it| &it.date);
        let file = File::new(self.root, harness, date, time.as_secs_f64(), self.device.clone(), body)?;
        let file = match &kept {
            Some(it) => file.in_part(it.seconds, it.changed_seconds),
            None => file,
        };
        Ok(file.write(self.out)?)
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The day of a time, in UTC: `2026-01-31`.
fn date(time: SystemTime) -> String {
    let days = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Years start in March here, so that the day which a leap year adds is the last. Day 0 is 1 March 0000.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, text) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_778, "2026-11-21")]
        {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 3_600)), text);
        }
    }

    #[test]
    fn what_fails_is_no_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer {
            root: folder.path(),
            out: folder.path(),
            device: Device::default(),
            date: date(UNIX_EPOCH),
        };
        assert!(!writer.part::<cuda_lint_evidence::Claims>(|| Err(Error::NoDiagnostics)));
        assert!(!folder.path().join("claims.toml").exists());
        assert!(writer.part(|| Ok(Measured::now(cuda_lint_evidence::Claims::default()))));
        assert!(folder.path().join("claims.toml").exists());
    }
}
