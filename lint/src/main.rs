//! The command: reads the arguments and hands over to the part that answers them.
//!
//! `cuda-lint PATHS` finds the files ([`discover`]), has worker processes lower each ([`analysis`]) and then
//! analyse it with what it calls in others ([`linking`]), as [`whole`] directs ([`pool`], [`worker`]), gathers
//! what they say ([`gather`]), settles what of it is reported ([`settle`]) and prints it ([`report`]). [`run`] is
//! that sequence.

mod analysis;
mod args;
mod baseline;
mod bazel_actions;
mod book;
mod cache;
mod catalogue;
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
mod header_owners;
mod host_scan;
mod identity;
mod include_index;
mod interrupt;
mod linking;
mod manual;
mod options;
mod path_patterns;
mod pool;
mod progress;
mod project;
mod report;
mod rule_page;
mod run;
mod rust;
mod selection;
mod settle;
mod suppression;
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
        Some(Command::Baseline(args)) => baseline::command::write(&args, &mut stdout),
        Some(Command::Init(args)) => config::init::write(&args, &mut stdout),
        Some(Command::Completions(args)) => manual::completions(args.shell, &mut stdout),
        Some(Command::Manual) => manual::page(&mut stdout),
        Some(Command::Book(args)) => book::write(&args.folder, &mut stdout),
        Some(Command::ConfigSchema) => config::schema::print(&mut stdout),
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
