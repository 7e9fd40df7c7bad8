//! One function for each file: it has the producer measure, and gives back what the file holds.

use cuda_lint_evidence::{Claims, Litmus, Peers, Programs, Rules};

use super::{Context, Error, convert};
use crate::replay::verdict::Verdict;

/// rules.toml: every witness of the diagnostics, replayed.
pub fn collect_rules(context: &Context<'_>) -> Result<Rules, Error> {
    let entry = |verdict: Verdict| {
        let witness = context.diagnostics.witness(&verdict.trace);
        convert::verdict(verdict, witness)
    };
    Ok(Rules { rules: replayed(context)?.into_iter().map(entry).collect() })
}

/// To connect: `replay::…` over `context.diagnostics`, 50 trials.
fn replayed(_: &Context<'_>) -> Result<Vec<Verdict>, Error> {
    Err(Error::NotBuilt)
}

/// programs.toml: every fixture, compiled and run as it is. To connect: `programs::…`.
pub fn collect_programs(_: &Context<'_>) -> Result<Programs, Error> {
    Err(Error::NotBuilt)
}

/// claims.toml: every claim, measured. To connect: `claims::…`.
pub fn collect_claims(_: &Context<'_>) -> Result<Claims, Error> {
    Err(Error::NotBuilt)
}

/// litmus.toml: `context.litmus_traces` random traces, and the wrong models. To connect: `litmus::…`.
pub fn collect_litmus(_: &Context<'_>) -> Result<Litmus, Error> {
    Err(Error::NotBuilt)
}

/// peers.toml: other tools over the programs with a misuse. To connect: `peers::…`; what cuda-lint reports is
/// `context.diagnostics.rules_of(file)`.
pub fn collect_peers(_: &Context<'_>) -> Result<Peers, Error> {
    Err(Error::NotBuilt)
}
