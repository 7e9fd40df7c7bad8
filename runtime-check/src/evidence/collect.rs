//! One function for each file: it has the producer measure, and gives back what the file holds.

use cuda_lint_evidence::{Claims, Litmus, Peers, Programs, Rules};

use super::{Context, Error, convert};
use crate::replay::experiment::{self, Witness};
use crate::replay::worker::Workers;
use crate::{claims, litmus, peers, programs};

/// How often each race is tried; the replay tries what is slow less often.
const TRIALS: u32 = 50;

/// Where the random traces start: the same ones in every run, so that runs can be compared.
const SEED: u64 = 1;

/// rules.toml: every witness of the diagnostics, replayed.
pub fn collect_rules(context: &Context<'_>) -> Result<Rules, Error> {
    let mut workers = Workers::start(0)?;
    let mut rules = Vec::new();
    for diagnostic in &context.diagnostics.diagnostics {
        let Some(carried) = &diagnostic.witness else { continue };
        let witness = Witness {
            rule: diagnostic.rule.clone(),
            file: diagnostic.file.clone(),
            line: diagnostic.line,
            trace: carried.trace.clone(),
            declared: Some(true),
        };
        let verdicts = experiment::replay(&mut workers, &witness, TRIALS);
        rules.extend(verdicts.into_iter().map(|verdict| convert::verdict(verdict, carried.text.clone())));
    }
    Ok(Rules { rules })
}

/// programs.toml: every fixture, compiled and run as it is.
pub fn collect_programs(context: &Context<'_>) -> Result<Programs, Error> {
    Ok(convert::programs(programs::run(context.root)?))
}

/// claims.toml: every claim, measured.
pub fn collect_claims(context: &Context<'_>) -> Result<Claims, Error> {
    Ok(convert::claims(claims::run(context.root)?))
}

/// litmus.toml: random traces, and the wrong models.
pub fn collect_litmus(context: &Context<'_>) -> Result<Litmus, Error> {
    let arguments = litmus::Litmus::on_gpu(SEED, context.litmus_traces);
    let report = litmus::measure(&arguments)?;
    Ok(convert::litmus(report, litmus::catch(&arguments)?))
}

/// peers.toml: other tools over the same programs.
pub fn collect_peers(context: &Context<'_>) -> Result<Peers, Error> {
    let report = peers::run(context.root)?;
    Ok(convert::peers(report, |file| context.diagnostics.rules_of(file)))
}
