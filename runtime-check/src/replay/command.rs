//! `replay`: puts witnesses before the GPU.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::worker::Workers;
use super::{experiment, input, table, timeline};
use crate::platform::Error;
use cuda_lint_evidence::{Answer, Verdict};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// Reports of `cuda-lint --format json`, and traces in their text form (.trace)
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// How often each race is tried; what is slow (long waits, processes that die) is tried 5 times at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    trials: u32,
    /// Write the verdicts to a file, as JSON
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Print when everything happened in one run of each witness and of its repaired twin
    #[arg(long)]
    timeline: bool,
    /// On which device
    #[arg(long, default_value_t = 0)]
    device: usize,
}

/// Runs it; the text to print, and the exit code: 0 if everything is confirmed, 1 if something is not, 2 if
/// something could not be done.
pub fn replay(arguments: &Replay) -> Result<(String, ExitCode), Error> {
    let mut witnesses = Vec::new();
    for path in &arguments.inputs {
        witnesses.extend(input::read(path)?);
    }
    let start = Instant::now();
    let mut workers = Workers::start(arguments.device)?;
    let started = start.elapsed();
    let bar = ProgressBar::new(witnesses.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {eta} {msg}") {
        bar.set_style(style);
    }
    let mut verdicts: Vec<Verdict> = Vec::new();
    for witness in &witnesses {
        bar.set_message(witness.file.clone());
        verdicts.extend(experiment::replay(&mut workers, witness, arguments.trials));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(path) = &arguments.json {
        let text =
            serde_json::to_string_pretty(&verdicts).map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text)
            .map_err(|error| Error::Unexpected(format!("{} cannot be written: {error}", path.display())))?;
    }
    let times = if arguments.timeline { timeline::tables(&verdicts) + "\n" } else { String::new() };
    let text = format!(
        "{times}{}\n{}; {} runs, {} worker processes replaced; ready after {started:.1?}, done after {:.1?}",
        table::table(&verdicts),
        workers.description,
        workers.runs,
        workers.replaced,
        start.elapsed(),
    );
    let worst = if verdicts.iter().any(|verdict| verdict.answer == Answer::Failed) {
        2
    } else {
        u8::from(verdicts.iter().any(|verdict| verdict.answer != Answer::Confirmed))
    };
    Ok((text, ExitCode::from(worst)))
}
