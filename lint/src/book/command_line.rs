//! The reference of the command line, from the definitions that parse it.

use std::collections::BTreeSet;

use clap::{Arg, Command, CommandFactory};

use super::{cell, note};
use crate::args::Cli;

/// The page.
pub fn page() -> String {
    let mut command = Cli::command();
    // Global arguments and the help are entered.
    command.build();
    let mut text = note("the definitions of the arguments");
    text += "# Command line\n\n";
    text += &format!("{}.\n", command.get_about().map(ToString::to_string).unwrap_or_default());
    text += "`cuda-lint PATHS` is `cuda-lint check PATHS`.\n\
             Exit codes and formats: [reports](reports.md).\n";
    let check: BTreeSet<String> =
        command.find_subcommand("check").map(|check| names(check).collect()).unwrap_or_default();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        text += &section(sub, &check);
    }
    text
}

fn names(command: &Command) -> impl Iterator<Item = String> {
    command.get_arguments().map(|argument| argument.get_id().to_string())
}

/// A subcommand. What it has in common with `check` is described there only.
fn section(command: &Command, check: &BTreeSet<String>) -> String {
    let name = command.get_name();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("\n## {name}\n{about}.\n\n```text\n{}\n```\n", usage(command));
    // Other commands may have an option of the same name and no other in common.
    let shares = name != "check" && names(command).filter(|name| check.contains(name)).count() > 5;
    let own = |argument: &&Arg| {
        !shares
            || argument.is_positional() && !argument.is_last_set()
            || !check.contains(argument.get_id().as_str())
    };
    let shown: Vec<&Arg> =
        command.get_arguments().filter(|it| !it.is_hide_set() && it.get_id() != "help").filter(own).collect();
    if shares {
        text += "The options of [check](#check) apply, too.\n";
    }
    let mut headings: Vec<&str> = Vec::new();
    for argument in &shown {
        let heading = argument.get_help_heading().unwrap_or_default();
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        if !heading.is_empty() {
            text += &format!("\n### {heading}\n");
        }
        text += "\n| argument | meaning |\n| --- | --- |\n";
        for argument in shown.iter().filter(|it| it.get_help_heading().unwrap_or_default() == heading) {
            let meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
            text += &format!("| {} | {}{} |\n", written(argument), cell(&meaning), values(argument));
        }
    }
    text
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// How an argument is written.
fn written(argument: &Arg) -> String {
    let value: Vec<String> =
        argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let value = match argument.get_action().takes_values() && !value.is_empty() {
        true => format!(" <{}>", value.join("> <")),
        false => String::new(),
    };
    let forms: Vec<String> = (argument.get_short().map(|short| format!("-{short}")).into_iter())
        .chain(argument.get_long().map(|long| format!("--{long}")))
        .collect();
    let text = match (forms.is_empty(), argument.is_last_set()) {
        (true, true) => format!("--{value}..."),
        (true, false) => value.trim_start().to_owned(),
        (false, _) => format!("{}{value}", forms.join("`, `")),
    };
    format!("`{}`", text.replace('|', "\\|"))
}

/// What it may be, and what it is if nothing is said.
fn values(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let possible: Vec<String> = (argument.get_possible_values().iter())
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = match default.is_empty() {
        true => None,
        false => Some(format!("default `{}`", default.join(" "))),
    };
    let values = Some(possible.join(", ")).filter(|text| !text.is_empty());
    let notes: Vec<String> = values.into_iter().chain(default).collect();
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
}
