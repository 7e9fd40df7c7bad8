//! The command: reads the arguments and hands over to the part that answers them.
//!
//! `cuda-lint PATHS` finds the files ([`discover`]), has worker processes lower each ([`analysis`]) and then
//! analyse it with what it calls in others ([`linking`]), as [`whole`] directs ([`pool`], [`worker`]), gathers
//! what they say ([`gather`]) and prints it ([`report`]). [`run`] is that sequence.

mod analysis;
mod args;
mod clang;
mod compile_commands;
mod config;
mod cuda_scan;
mod discover;
mod evidence;
mod exit;
mod explain;
mod finding;
mod gather;
mod host_scan;
mod include_index;
mod linking;
mod options;
mod pool;
mod progress;
mod report;
mod run;
mod rust;
mod terminal;
mod unit_file;
mod whole;
mod witness;
mod worker;

use std::io;

use clap::Parser;

use args::{Cli, Command};

fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error).into(),
    };
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let outcome = match cli.command {
        None => run::check(&cli.check, &mut stdout),
        Some(Command::Check(check)) => run::check(&check, &mut stdout),
        Some(Command::Witness(args)) => witness::print(args, &mut stdout),
        Some(Command::Rules(list)) => explain::list(list.format, &mut stdout),
        Some(Command::Explain(explain)) => explain::explain(&explain.rule, &mut stdout),
        Some(Command::Worker) => {
            drop(stdout);
            worker::command(analysis::start)
        }
    };
    match outcome {
        Ok(status) => status.into(),
        Err(error) => exit::of_output(&error).into(),
    }
}
