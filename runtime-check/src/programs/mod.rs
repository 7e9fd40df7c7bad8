//! `programs`: the fixtures as whole programs, compiled with nvcc and run: as they are, and under an observer
//! that keeps work back and looks from outside.
//!
//! What can be seen so: return codes, faults, compile errors, waits of the host, touches and frees of host
//! buffers that a copy in flight uses, and buffers or output that differ from the run in which all work is done
//! at once. What cannot is said to be *not observed by this means*; the replay of witnesses shows it.

mod answer;
mod fixture;
mod observe;
pub mod process;
pub mod rust;
pub mod table;
pub mod toolchain;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

pub use answer::RuleAnswer;
pub use fixture::{Fixture, Role, directive, find};
pub use observe::Queues;
pub use observe::{Kind, Observation, as_it_is, quiet};
use observe::{Line, Observed, Observer, Settings};
use process::{End, Finished, parallel};
use toolchain::{Compiled, Flags, Toolchain};

use crate::platform::{self, Error};
use crate::{device, profile};

/// For how long the observer keeps work back, in milliseconds.
const HOLD_MS: u32 = 60;
/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How long the run may take in which all work is done at once.
const SERIAL_LIMIT: Duration = Duration::from_secs(5);
/// How many programs run at a time.
const WIDTH: usize = 10;
/// At most so many streams of a program are kept back, one in each run.
const MAX_STREAMS: u32 = 4;

/// What was found out about all fixtures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The compiler.
    pub nvcc: String,
    /// The SHA-256 of the observer's source.
    pub observer_sha256: String,
    /// For how long the observer kept work back, in milliseconds.
    pub hold_ms: u32,
    /// The fixtures, in the order of their paths.
    pub programs: Vec<Program>,
    /// How long it took.
    pub seconds: f64,
}

/// What was found out about one fixture in one default-stream mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The path below the root.
    pub path: String,
    /// `legacy` or `per-thread`.
    pub mode: String,
    /// The SHA-256 of the text.
    pub sha256: String,
    /// What it is there for.
    pub role: Role,
    /// True if nvcc accepts it.
    pub compiles: bool,
    /// True if it was run.
    pub runs: bool,
    /// How it ended, run as it is: `exit 0`, `SIGSEGV`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub end: String,
    /// What was seen.
    pub observations: Vec<Observation>,
    /// What that says of each rule.
    pub answers: Vec<RuleAnswer>,
}

/// A fixture that was compiled.
#[derive(Clone, Debug)]
pub struct Built {
    /// The fixture.
    pub fixture: Fixture,
    /// What came of it.
    pub compiled: Compiled,
}

impl Built {
    /// The program, if there is one that can be run.
    pub fn program(&self) -> Option<Executable> {
        match &self.compiled {
            Compiled::Program(path) if self.fixture.no_link.is_none() => {
                Some(if rust::is_rust(&self.fixture.path) {
                    rust::executable(path.clone(), &self.fixture.path)
                } else {
                    Executable::from(path.as_path())
                })
            }
            _ => None,
        }
    }
}

/// A program, and what it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The file.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl From<&Path> for Executable {
    fn from(path: &Path) -> Self {
        Self { path: path.to_path_buf(), arguments: Vec::new() }
    }
}

/// A progress bar on the terminal, if standard error is one.
pub fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg:<10} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// Compiles all fixtures beside something else that needs a few processors; [`build`] then finds what was made.
pub fn compile_early(root: &Path) -> Result<(), Error> {
    let toolchain = Toolchain::find(root)?;
    Observer::build(&toolchain)?;
    let fixtures: Vec<Fixture> = find(root)?.into_iter().filter(|it| !it.needs_two_gpus()).collect();
    compile(root, &toolchain, &fixtures, beside(), || ());
    Ok(())
}

/// So many processors are left to what is measured while something is compiled.
const BESIDE: usize = 4;

/// How many processors may be used beside what is measured.
pub fn beside() -> usize {
    processors().saturating_sub(BESIDE).max(1)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(4, usize::from).min(16)
}

/// Compiles fixtures, as many at a time as there are processors.
pub fn build(root: &Path, toolchain: &Toolchain, fixtures: Vec<Fixture>) -> Result<Vec<Built>, Error> {
    let bar = progress("compiling", fixtures.len());
    let compiled = compile(root, toolchain, &fixtures, processors(), || bar.inc(1));
    bar.finish_and_clear();
    fixtures
        .into_iter()
        .zip(compiled)
        .map(|(fixture, compiled)| Ok(Built { fixture, compiled: compiled? }))
        .collect()
}

fn compile(
    root: &Path,
    toolchain: &Toolchain,
    fixtures: &[Fixture],
    width: usize,
    done: impl Fn() + Sync,
) -> Vec<Result<Compiled, Error>> {
    let compile = |fixture: &Fixture| {
        if rust::is_rust(&fixture.path) {
            return rust::compiled(root, &fixture.path);
        }
        let flags =
            Flags { per_thread: fixture.mode_name() == "per-thread", no_link: fixture.no_link.is_some() };
        profile::time("compile", &fixture.path, || {
            toolchain.compile(root, &fixture.path, &fixture.others, flags, &fixture.libraries)
        })
    };
    parallel(fixtures, width, compile, done)
}

/// Compiles and runs all fixtures that need no more than one GPU.
pub fn run(root: &Path) -> Result<Report, Error> {
    run_fixtures(root, false)
}

/// Compiles and runs the fixtures that need two GPUs, on a machine that has them.
pub fn run_on_two_gpus(root: &Path) -> Result<Report, Error> {
    let count = device::count()?;
    if count < 2 {
        return Err(Error::Unexpected(format!(
            "these fixtures need two GPUs, and this machine has {count}; they are skipped elsewhere"
        )));
    }
    run_fixtures(root, true)
}

fn run_fixtures(root: &Path, two_gpus: bool) -> Result<Report, Error> {
    let start = Instant::now();
    let toolchain = Toolchain::find(root)?;
    // Without a GPU every program would fail, and that says nothing.
    platform::init_driver()?;
    let observer = Observer::build(&toolchain)?;
    let fixtures = find(root)?.into_iter().filter(|it| it.needs_two_gpus() == two_gpus).collect();
    let built = build(root, &toolchain, fixtures)?;
    say(&format!("{} programs compiled after {:.0} s", built.len(), start.elapsed().as_secs_f64()));
    let bar = progress("running", built.len());
    let mut numbered: Vec<(usize, &Built)> = built.iter().enumerate().collect();
    // What is linked with libraries, or makes its kernels while it runs, takes longest, and comes first, so that
    // nothing waits for it in the end.
    numbered
        .sort_by_key(|(_, built)| built.fixture.libraries.is_empty() && !rust::is_rust(&built.fixture.path));
    let looks =
        parallel(&numbered, WIDTH, |(number, built)| look_at(&observer, *number, built), || bar.inc(1));
    bar.finish_and_clear();
    let mut programs: Vec<(usize, Result<Program, Error>)> =
        numbered.iter().map(|(number, _)| *number).zip(looks).collect();
    programs.sort_by_key(|(number, _)| *number);
    Ok(Report {
        nvcc: toolchain.version,
        observer_sha256: cuda_lint_evidence::sha256(observe::SOURCE.as_bytes()),
        hold_ms: HOLD_MS,
        programs: programs.into_iter().map(|(_, program)| program).collect::<Result<_, _>>()?,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// A run that takes this long is named while it goes on: where the whole does not end, it tells why.
const SLOW: Duration = Duration::from_secs(15);

/// Says how far the run is; a log has no progress bar.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn look_at(observer: &Observer, number: usize, built: &Built) -> Result<Program, Error> {
    let start = Instant::now();
    let program = observe(observer, number, built);
    if start.elapsed() > SLOW {
        say(&format!("{}: {:.0} s", built.fixture.path, start.elapsed().as_secs_f64()));
    }
    program
}

fn observe(observer: &Observer, number: usize, built: &Built) -> Result<Program, Error> {
    let fixture = &built.fixture;
    let mut seen = Vec::new();
    let mut end = None;
    if let Compiled::Rejected(message) = &built.compiled {
        seen.extend(compile_errors(message, &fixture.path));
    }
    if let Some(program) = built.program() {
        let path = &fixture.path;
        let (observed, queues) = held(observer, &program, path, number)?;
        // Kernels that are loaded late come late, and then fewer races show by themselves; but the thousands of a
        // library take seconds to load.
        let own = fixture.libraries.is_empty();
        let mut command = if own { quiet(&program) } else { as_it_is(&program) };
        queues.set(&mut command);
        let plain = profile::time("run as it is", path, || process::run(&mut command, LIMIT))
            .map_err(|error| Error::Unexpected(format!("{}: {error}", program.path.display())))?;
        end = Some(plain.end);
        seen.extend(profile::time("find lines", path, || {
            what_shows(observer, &program, fixture, &plain, &observed)
        }));
        if answer::needs_values(fixture) {
            seen.extend(profile::time("compare values", path, || {
                other_values(observer, &program, number, queues)
            })?);
        }
    }
    let observations = together(seen);
    Ok(Program {
        path: fixture.path.clone(),
        mode: fixture.mode_name().to_owned(),
        sha256: fixture.sha256.clone(),
        role: fixture.role,
        compiles: matches!(built.compiled, Compiled::Program(_)),
        runs: end.is_some(),
        end: end.map(End::text).unwrap_or_default(),
        answers: answer::answers(fixture, &built.compiled, end, &observations),
        observations,
    })
}

/// The run in which every stream is kept back, and how many queues the others need: it has a few itself, and if
/// the program makes more streams than those are for, it is run again with as many as it has by default.
fn held(
    observer: &Observer,
    program: &Executable,
    path: &str,
    number: usize,
) -> Result<(Observed, Queues), Error> {
    let mut settings = Settings { hold_ms: HOLD_MS, guard: true, queues: Queues::FEW, ..Settings::default() };
    let run =
        |settings: Settings, name: &str| observer.run(program, &format!("{number}-{name}"), settings, LIMIT);
    let mut observed = profile::time("run kept back", path, || run(settings, "held"))?;
    if !settings.queues.are_enough(&observed.lines) {
        settings.queues = Queues::Default;
        observed = profile::time("run kept back, more queues", path, || run(settings, "queues"))?;
    } else {
        settings.queues = Queues::that_suffice(&observed.lines);
    }
    Ok((observed, settings.queues))
}

/// The errors of the compiler in the file itself, the first of each line.
fn compile_errors(message: &str, path: &str) -> Vec<Observation> {
    let mut found: Vec<Observation> = Vec::new();
    for line in message.lines() {
        // nvcc: `path(12): error: …`; the host compiler: `path:12:3: error: …`
        let Some(rest) = line.strip_prefix(path) else { continue };
        let Some((place, text)) = rest.split_once(": error").or_else(|| rest.split_once(": fatal error"))
        else {
            continue;
        };
        let number: String =
            place.trim_start_matches(['(', ':']).chars().take_while(char::is_ascii_digit).collect();
        let number = number.parse().ok();
        if found.iter().all(|known| known.line != number) {
            let what = text.trim_start_matches([':', ' ']).to_owned();
            found.push(Observation {
                kind: Kind::CompileError,
                what,
                line: number,
                code: None,
                ms: None,
                count: 1,
            });
        }
    }
    if found.is_empty() {
        let what = message
            .lines()
            .find(|line| line.contains("undefined reference"))
            .or_else(|| message.lines().find(|line| line.contains("error")))
            .unwrap_or("no message")
            .to_owned();
        found.push(Observation {
            kind: Kind::CompileError,
            what,
            line: None,
            code: None,
            ms: None,
            count: 1,
        });
    }
    found
}

/// What the plain run and the observer's lines show.
fn what_shows(
    observer: &Observer,
    program: &Executable,
    fixture: &Fixture,
    plain: &Finished,
    observed: &Observed,
) -> Vec<Observation> {
    let frames: Vec<&[String]> = observed.lines.iter().map(Line::frames).collect();
    let places = observer.resolve(&program.path, &fixture.path, &frames);
    let mut seen = Vec::new();
    for (line, place) in observed.lines.iter().zip(places) {
        let mut observation = Observation {
            kind: Kind::Error,
            what: String::new(),
            line: place,
            code: None,
            ms: None,
            count: 1,
        };
        match line {
            Line::Error { call, code, main_thread, .. } => {
                let place = if *main_thread { "" } else { " (on another thread)" };
                observation.what = format!("{}{place}", plain_name(call));
                observation.code = Some(*code);
            }
            Line::Blocked { call, ms, .. } => {
                observation.kind = Kind::Blocked;
                observation.what = plain_name(call).to_owned();
                observation.ms = Some(*ms);
            }
            Line::Touch { access, buffer, .. } => {
                observation.kind = Kind::Touch;
                observation.what = format!("{access} of the {buffer}");
            }
            Line::Freed { call, buffer, .. } => {
                observation.kind = Kind::Freed;
                observation.what = format!("{} of the {buffer}", plain_name(call));
            }
            // The plain run says it too, without a line.
            Line::Fault { access, .. } => {
                observation.kind = Kind::Fault;
                observation.what = format!("{} at a {access}", observed.finished.end.text());
            }
            Line::Up { .. }
            | Line::Ready { .. }
            | Line::Stream { .. }
            | Line::Made {}
            | Line::NotReady { .. }
            | Line::Digest { .. } => {
                continue;
            }
        }
        seen.push(observation);
    }
    if let End::Signal(_) = plain.end
        && seen.iter().all(|observation| observation.kind != Kind::Fault)
    {
        let what = plain.end.text();
        seen.push(Observation { kind: Kind::Fault, what, line: None, code: None, ms: None, count: 1 });
    }
    seen
}

/// A function's name without what versions and default-stream modes add to it.
fn plain_name(call: &str) -> &str {
    let mut name = call;
    // CUPTI adds the version of the interface: cudaMalloc_v3020.
    if let Some((stem, version)) = name.rsplit_once("_v")
        && !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = stem;
    }
    name.trim_end_matches("_ptsz").trim_end_matches("_ptds")
}

/// What a run leaves that must not depend on the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    end: End,
    stdout: String,
    digests: Vec<(String, u64, String)>,
}

impl Outcome {
    fn of(observed: &Observed) -> Self {
        let digest = |line: &Line| match line {
            Line::Digest { memory, bytes, hash } => Some((memory.clone(), *bytes, hash.clone())),
            _ => None,
        };
        Self {
            end: observed.finished.end,
            stdout: observed.finished.stdout.clone(),
            digests: observed.lines.iter().filter_map(digest).collect(),
        }
    }

    /// What differs, in words.
    fn difference(&self, other: &Self) -> Option<String> {
        if self.digests.len() == other.digests.len() {
            let differing: Vec<String> = (0..)
                .zip(self.digests.iter().zip(&other.digests))
                .filter(|(_, (one, two))| one != two)
                .map(|(index, (one, _))| format!("freed buffer {index} ({} memory, {} bytes)", one.0, one.1))
                .collect();
            if !differing.is_empty() {
                return Some(differing.join(", "));
            }
        }
        if self.end != other.end {
            return Some(format!("{} instead of {}", other.end.text(), self.end.text()));
        }
        (self.stdout != other.stdout).then(|| "output".to_owned())
    }
}

/// Compares the run in which each piece of work ends before the next begins with runs in which one stream is
/// kept back.
fn other_values(
    observer: &Observer,
    program: &Executable,
    number: usize,
    queues: Queues,
) -> Result<Vec<Observation>, Error> {
    let serial = Settings { serial: true, digest: true, queues: Queues::ONE, ..Settings::default() };
    let reference = observer.run(program, &format!("{number}-serial"), serial, SERIAL_LIMIT)?;
    // A program that waits for its own later calls has no such run.
    if reference.finished.end == End::TimeOut {
        return Ok(Vec::new());
    }
    let streams = reference.lines.iter().filter(|line| matches!(line, Line::Stream { .. })).count();
    let right = Outcome::of(&reference);
    let mut seen = Vec::new();
    for stream in 0..u32::try_from(streams).unwrap_or(MAX_STREAMS).min(MAX_STREAMS) {
        let held =
            Settings { hold_ms: HOLD_MS, stream: Some(stream), digest: true, queues, ..Settings::default() };
        let observed = observer.run(program, &format!("{number}-stream{stream}"), held, LIMIT)?;
        if observed.lines.iter().any(|line| matches!(line, Line::NotReady { .. })) {
            continue;
        }
        if let Some(what) = right.difference(&Outcome::of(&observed)) {
            seen.push(Observation { kind: Kind::Value, what, line: None, code: None, ms: None, count: 1 });
        }
    }
    if !seen.is_empty() {
        // A program whose values differ from run to run says nothing.
        let again = observer.run(program, &format!("{number}-again"), serial, SERIAL_LIMIT)?;
        if right != Outcome::of(&again) {
            seen.clear();
        }
    }
    Ok(seen)
}

/// Counts equal observations once.
fn together(seen: Vec<Observation>) -> Vec<Observation> {
    let mut all: Vec<Observation> = Vec::new();
    for one in seen {
        let same = |known: &&mut Observation| {
            (known.kind, &known.what, known.line, known.code) == (one.kind, &one.what, one.line, one.code)
        };
        match all.iter_mut().find(same) {
            Some(known) => {
                known.count += one.count;
                known.ms = known.ms.into_iter().chain(one.ms).reduce(f64::max);
            }
            None => all.push(one),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_compilers_are_read() {
        let message = "fixtures/a/misuse.cu(12): error: identifier \"cudaMemcopy\" is undefined\n\
                       fixtures/a/misuse.cu(12): error: another\n\
                       fixtures/a/misuse.cu:3:10: fatal error: x.h: No such file or directory\n\
                       1 error detected in the compilation of \"fixtures/a/misuse.cu\".\n";
        let found = compile_errors(message, "fixtures/a/misuse.cu");
        let seen: Vec<_> = found.iter().map(|o| (o.line, o.what.as_str())).collect();
        assert_eq!(
            seen,
            [
                (Some(12), "identifier \"cudaMemcopy\" is undefined"),
                (Some(3), "x.h: No such file or directory"),
            ]
        );
        assert_eq!(compile_errors("nvcc fatal error: gone\n", "a.cu")[0].what, "nvcc fatal error: gone");
    }

    #[test]
    fn names_lose_what_the_interface_adds() {
        assert_eq!(plain_name("cudaMemcpyAsync_ptsz_v7000"), "cudaMemcpyAsync");
        assert_eq!(plain_name("cuMemFree_v2"), "cuMemFree");
        assert_eq!(plain_name("cudaLaunchKernel"), "cudaLaunchKernel");
        assert_eq!(plain_name("cudaMemcpy_ptds"), "cudaMemcpy");
    }

    #[test]
    fn what_differs_is_said() {
        let outcome = |end, stdout: &str, hash: &str| Outcome {
            end: End::Exit(end),
            stdout: stdout.into(),
            digests: vec![("device".into(), 64, hash.into())],
        };
        let right = outcome(0, "42\n", "aa");
        assert_eq!(right.difference(&right), None);
        assert!(right.difference(&outcome(0, "42\n", "bb")).unwrap().contains("device memory, 64 bytes"));
        assert_eq!(right.difference(&outcome(1, "42\n", "aa")).unwrap(), "exit 1 instead of exit 0");
        assert_eq!(right.difference(&outcome(0, "-1\n", "aa")).unwrap(), "output");
    }

    #[test]
    fn equal_observations_are_counted() {
        let one = |ms| Observation {
            kind: Kind::Blocked,
            what: "cudaFree".into(),
            line: Some(3),
            code: None,
            ms: Some(ms),
            count: 1,
        };
        let all = together(vec![one(40.0), one(60.0), Observation { line: Some(4), ..one(1.0) }]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].count, all[0].ms), (2, Some(60.0)));
    }
}
