//! `cuda-lint-runtime`: looks on a real GPU at what the linter says about CUDA.
//!
//! It says which device and driver there are, holds a stream busy, which is what every experiment stands on,
//! and replays traces. It is built without CUDA: the driver and NVRTC are loaded when it runs, and where
//! there are none it says so and ends with exit code 2.

mod claims;
mod device;
mod evidence;
mod hold;
mod litmus;
mod machine;
mod peers;
mod platform;
mod profile;
mod programs;
mod ptx;
mod replay;
mod report;
mod values;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::platform::Error;

/// Looks on a real GPU at what cuda-lint says about CUDA.
#[derive(Debug, Parser)]
#[command(name = "cuda-lint-runtime", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the devices, the driver's version and the version of NVRTC
    Device,
    /// Keep a stream busy with kernels/hold.cu, and print for how long it was
    Hold {
        /// For how long
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        milliseconds: u64,
        /// On which device
        #[arg(long, default_value_t = 0)]
        device: usize,
    },
    /// Measure everything and write the evidence; with `check`: say what is missing or stale
    Evidence(evidence::EvidenceArgs),
    /// Write the evidence as one page of HTML
    Report(report::ReportArgs),
    /// Put the witnesses of diagnostics before the GPU, and say what it answers
    ///
    /// Exit code: 0 if all are confirmed, 1 if some are not, 2 if something could not be done.
    Replay(replay::command::Replay),
    /// Hold the happens-before model against a GPU with random traces
    Litmus(litmus::Litmus),
    /// Compile the kernels with nvcc to the PTX that ships with this command
    Ptx {
        /// The root of the repository
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// The folder for the files [default: kernels/ptx below the root]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Run traces for the parent process (`replay` starts it)
    #[command(hide = true)]
    Worker {
        /// On which device
        #[arg(long, default_value_t = 0)]
        device: usize,
    },
    /// Run a fixture in Rust (`programs` starts it)
    #[command(hide = true, name = programs::rust::COMMAND)]
    Fixture {
        /// Its path from the root of the repository
        path: String,
    },
    /// Compile the fixtures with nvcc, run them, and look from outside at what they do
    Programs(Whole),
    /// Measure every claim about CUDA that the seed documents and the model make
    Claims(Whole),
    /// Run the fixtures under compute-sanitizer, and say who reports what
    Peers(Whole),
}

/// Options of the commands that compile and run whole programs.
#[derive(Debug, clap::Args)]
struct Whole {
    /// The repository: where the folder `fixtures` is
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Write the report there, too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Whole {
    /// Writes the report, if that is asked for, and renders its table.
    fn report<T: serde::Serialize>(
        &self,
        run: impl FnOnce(&Path) -> Result<T, platform::Error>,
        table: impl FnOnce(&T) -> String,
    ) -> Result<String, platform::Error> {
        let report = run(&self.root)?;
        if let Some(path) = &self.json {
            let failed = |error: String| platform::Error::Unexpected(format!("{}: {error}", path.display()));
            let text = serde_json::to_string_pretty(&report).map_err(|error| failed(error.to_string()))?;
            std::fs::write(path, text + "\n").map_err(|error| failed(error.to_string()))?;
        }
        Ok(table(&report))
    }
}

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let answer = match Cli::parse().command {
        Command::Replay(arguments) => replay::command::replay(&arguments).map(|(text, exit)| {
            code = exit;
            text
        }),
        Command::Device => device::describe(),
        Command::Ptx { root, out } => ptx::ship(&root, out.as_deref()),
        Command::Fixture { path } => {
            return programs::rust::run(&path).unwrap_or_else(|error| {
                let _ = writeln!(std::io::stderr(), "cuda-lint-runtime: {error}");
                ExitCode::from(2)
            });
        }
        Command::Worker { device } => replay::worker::work(device).map(|()| String::new()),
        Command::Hold { milliseconds, device } => {
            hold::hold(device, Duration::from_millis(milliseconds)).map(|held| held.to_string())
        }
        Command::Evidence(arguments) => return evidence::command(&arguments),
        Command::Report(arguments) => report::command(&arguments).map_err(Error::Unexpected),
        Command::Programs(whole) => {
            whole.report(|root| programs::run(root, |_| false), programs::table::programs)
        }
        Command::Claims(whole) => whole.report(claims::run, claims::table),
        Command::Peers(whole) => whole.report(|root| peers::run(root, |_| false), peers::table),
        Command::Litmus(args) => match litmus::litmus(&args) {
            Ok((text, true)) => Ok(text),
            Ok((text, false)) => {
                let _ = writeln!(std::io::stdout(), "{text}");
                return ExitCode::FAILURE;
            }
            Err(error) => Err(error),
        },
    };
    // A closed pipe is the reader's choice, so a failure to print is none of the command.
    match answer {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            code
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "cuda-lint-runtime: {error}");
            ExitCode::from(2)
        }
    }
}
