//! `litmus`: runs random traces in child processes, so that a crash costs a few traces and not the run.

use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use cuda_lint_engine::trace::text;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::mutants::{self, Caught};
use super::report::Report;
use super::run::{Settings, run};
use super::simulated::Simulated;
use super::single;
use crate::machine::Machine;
use crate::platform::Error;
use crate::replay::Gpu;

/// What `litmus` takes.
#[derive(Clone, Debug, Args)]
pub struct Litmus {
    /// Where the traces come from: the same seed gives the same traces
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many traces
    #[arg(long, default_value_t = 10_000)]
    traces: u64,
    /// Under how many schedules each trace runs besides those aimed at its hazards
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    schedules: u32,
    /// For how long a step is held back at most, in microseconds
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..=1_000_000))]
    patience: u64,
    /// How many processes run traces at the same time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
    /// Test the test: change one rule of the model at a time, and see whether that is caught
    #[arg(long)]
    mutants: bool,
    /// Use a simulated device instead of a GPU
    #[arg(long, value_enum)]
    simulated: Option<Device>,
    /// Run the trace in this file, with each piece of work held until each later step
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// On which device
    #[arg(long, default_value_t = 0)]
    device: usize,
    /// Write the report as JSON to this file
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Run these traces in this process, and print reports as lines of JSON
    #[arg(long, hide = true, value_name = "FROM..TO", value_parser = part)]
    part: Option<Range<u64>>,
}

/// Devices in plain Rust.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Device {
    /// Starts work at once, and waits where an H200 was measured to wait
    Measured,
    /// Promises what is documented and nothing else
    Documented,
}

fn part(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("two numbers with .. between them are needed")?;
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    Ok(number(from)?..number(to)?)
}

/// After so many traces a child reports; so many are lost at most with it.
const CHUNK: u64 = 50;

/// So long may one trace take, minimisation included, before its process is taken to hang.
const TRACE_LIMIT: Duration = Duration::from_secs(60);

/// The report of a run over mutants, for JSON.
#[derive(Serialize)]
struct Mutants<'c> {
    seed: u64,
    mutants: &'c [Caught],
}

/// Does what was asked for. The text for people, and whether everything is as it should be.
pub fn litmus(args: &Litmus) -> Result<(String, bool), Error> {
    if let Some(part) = &args.part {
        let done = if args.mutants { child_of_mutants(args) } else { child(args, part.clone()) };
        return done.map(|()| (String::new(), true));
    }
    if let Some(path) = &args.trace {
        return one(args, path);
    }
    if args.mutants {
        let caught = catch(args)?;
        write_json(args, &Mutants { seed: args.seed, mutants: &caught })?;
        return Ok((mutants::text(&caught), caught.iter().all(|it| it.by.is_some())));
    }
    let sum = measure(args)?;
    write_json(args, &sum)?;
    Ok((sum.text(), sum.holds()))
}

/// Tries the mutants of the model, on a GPU in a child process.
pub fn catch(args: &Litmus) -> Result<Vec<Caught>, Error> {
    if args.simulated.is_some() {
        return catch_here(args);
    }
    let mut command = process(args, 0..args.traces)?;
    let output = command
        .arg("--mutants")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| unexpected(format!("cannot start a process: {error}")))?;
    if !output.status.success() {
        return Err(unexpected(format!("the process that tries the mutants ended with {}", output.status)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| unexpected(format!("a process of the run printed nonsense: {error}")))
}

fn catch_here(args: &Litmus) -> Result<Vec<Caught>, Error> {
    let mut machine = machine(args)?;
    let bar = bar(args.traces);
    let caught = mutants::catch(machine.as_mut(), args.seed, args.traces, settings(args), |caught| {
        bar.inc(1);
        bar.set_message(format!("{caught} mutants caught"));
    })?;
    bar.finish_and_clear();
    Ok(caught)
}

fn child_of_mutants(args: &Litmus) -> Result<(), Error> {
    let text = serde_json::to_string(&catch_here(args)?).map_err(|error| unexpected(error.to_string()))?;
    writeln!(std::io::stdout(), "{text}").map_err(|_| unexpected("the parent process has gone"))
}

/// Runs the traces in child processes.
pub fn measure(args: &Litmus) -> Result<Report, Error> {
    let start = Instant::now();
    let bar = bar(args.traces);
    let jobs = args.jobs.min(args.traces.max(1));
    let share = |job: u64| args.traces * job / jobs;
    let reports: Vec<Result<Report, Error>> = std::thread::scope(|scope| {
        let children: Vec<_> = (0..jobs)
            .map(|job| {
                scope.spawn({
                    let bar = bar.clone();
                    move || parent(args, share(job)..share(job + 1), &bar)
                })
            })
            .collect();
        let joined = children.into_iter().map(|it| it.join());
        joined
            .map(|it| it.unwrap_or_else(|_| Err(unexpected("a thread of the litmus run panicked"))))
            .collect()
    });
    bar.finish_and_clear();
    let settings = settings(args);
    let mut sum = Report {
        seed: args.seed,
        schedules: settings.schedules,
        patience_ms: settings.patience.as_secs_f64() * 1e3,
        ..Report::default()
    };
    for report in reports {
        sum.add(report?);
    }
    sum.seconds = start.elapsed().as_secs_f64();
    Ok(sum)
}

impl Litmus {
    /// So many traces of a seed on the first GPU, as the command line has it by default.
    pub fn on_gpu(seed: u64, traces: u64) -> Self {
        Self {
            seed,
            traces,
            schedules: 3,
            patience: 1_000,
            jobs: 1,
            mutants: false,
            simulated: None,
            trace: None,
            device: 0,
            json: None,
            part: None,
        }
    }
}

fn one(args: &Litmus, path: &Path) -> Result<(String, bool), Error> {
    let wrong = |what: String| unexpected(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let trace = text::parse(&text)
        .map_err(|errors| wrong(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    single::examine(machine(args)?.as_mut(), &trace, Duration::from_micros(args.patience))
}

fn settings(args: &Litmus) -> Settings {
    Settings {
        patience: Duration::from_micros(args.patience),
        schedules: args.schedules,
        ..Settings::default()
    }
}

fn machine(args: &Litmus) -> Result<Box<dyn Machine>, Error> {
    match args.simulated {
        Some(Device::Measured) => Ok(Box::new(Simulated::eager())),
        Some(Device::Documented) => Ok(Box::new(Simulated::documented(args.seed))),
        None => Ok(Box::new(Gpu::new(args.device)?)),
    }
}

fn unexpected(what: impl Into<String>) -> Error {
    Error::Unexpected(what.into())
}

fn bar(traces: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} traces, {per_sec}, {eta} left {msg}");
    let bar = ProgressBar::new(traces);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

fn write_json(args: &Litmus, report: &impl Serialize) -> Result<(), Error> {
    let Some(path) = &args.json else { return Ok(()) };
    let say = |error: &dyn std::fmt::Display| unexpected(format!("cannot write {}: {error}", path.display()));
    let mut text = serde_json::to_string_pretty(report).map_err(|error| say(&error))?;
    text.push('\n');
    std::fs::write(path, text).map_err(|error| say(&error))
}

/// Runs a part in this process: a line for each trace, and a line of JSON for each chunk.
fn child(args: &Litmus, part: Range<u64>) -> Result<(), Error> {
    let mut machine = machine(args)?;
    let closed = |_| unexpected("the parent process has gone");
    let mut start = part.start;
    while start < part.end {
        let end = (start + CHUNK).min(part.end);
        let report = run(machine.as_mut(), args.seed, start..end, settings(args), || {
            // A closed pipe shows at the next report.
            let _ = writeln!(std::io::stdout(), ".");
        });
        let line = serde_json::to_string(&report).map_err(|error| unexpected(error.to_string()))?;
        writeln!(std::io::stdout(), "{line}").map_err(closed)?;
        if !report.lost.is_empty() {
            return Err(unexpected("the machine fails all the time"));
        }
        start = end;
    }
    Ok(())
}

/// Runs a part in child processes, a new one after each crash.
fn parent(args: &Litmus, part: Range<u64>, bar: &ProgressBar) -> Result<Report, Error> {
    let mut sum = Report::default();
    let mut start = part.start;
    let mut barren = 0;
    while start < part.end {
        let outcome = spawn(args, start..part.end, bar, &mut sum)?;
        if outcome.done == part.end {
            break;
        }
        // The chunk in which it died is given up.
        let next = (outcome.done + CHUNK).min(part.end);
        let at = outcome.done + outcome.begun;
        let lost = format!("traces {} to {next}: the process {} at trace {at}", outcome.done, outcome.end);
        sum.lost.push(lost);
        barren = if outcome.done == start { barren + 1 } else { 0 };
        if barren == 3 {
            return Err(unexpected(format!(
                "three processes in a row got nowhere; the last {}",
                outcome.end
            )));
        }
        start = next;
    }
    Ok(sum)
}

struct Outcome {
    /// The trace after the last one that was reported.
    done: u64,
    /// How many were begun after that.
    begun: u64,
    /// How it ended.
    end: String,
}

/// A process of this program that runs a part.
fn process(args: &Litmus, part: Range<u64>) -> Result<Command, Error> {
    let program = std::env::current_exe().map_err(|error| unexpected(error.to_string()))?;
    let mut command = Command::new(program);
    command.arg("litmus").args(["--seed", &args.seed.to_string()]);
    command.args(["--schedules", &args.schedules.to_string(), "--patience", &args.patience.to_string()]);
    command.args(["--device", &args.device.to_string()]);
    command.args(["--part", &format!("{}..{}", part.start, part.end)]);
    if let Some(name) = args.simulated.and_then(|it| it.to_possible_value()) {
        command.args(["--simulated", name.get_name()]);
    }
    // Streams that share a queue of the hardware wait for each other, which nothing promises. 32 are the most
    // that there are. A context that has them takes long to make, so that only these processes do.
    command.env("CUDA_DEVICE_MAX_CONNECTIONS", "32");
    Ok(command)
}

fn spawn(args: &Litmus, part: Range<u64>, bar: &ProgressBar, sum: &mut Report) -> Result<Outcome, Error> {
    let mut command = process(args, part.clone())?;
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child =
        command.spawn().map_err(|error| unexpected(format!("cannot start a process: {error}")))?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    let mut outcome = Outcome { done: part.start, begun: 0, end: String::new() };
    loop {
        match lines.recv_timeout(TRACE_LIMIT) {
            // The command ends its output with an empty line.
            Ok(line) if line.is_empty() => {}
            Ok(line) if line == "." => {
                outcome.begun += 1;
                bar.inc(1);
            }
            Ok(line) => {
                let report: Report = serde_json::from_str(&line)
                    .map_err(|error| unexpected(format!("a process of the run printed nonsense: {error}")))?;
                outcome.done += report.traces;
                outcome.begun = 0;
                sum.add(report);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // Its own child, and it hangs; a failure means that it is gone already.
                let _ = child.kill();
                outcome.end = "hung".to_owned();
                break;
            }
        }
    }
    let status = child.wait().map_err(|error| unexpected(error.to_string()))?;
    if outcome.end.is_empty() {
        outcome.end = format!("ended with {status}");
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_two_numbers() {
        assert_eq!(part("3..7"), Ok(3..7));
        assert!(part("3").is_err() && part("3..x").is_err());
    }
}
