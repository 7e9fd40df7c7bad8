//! One function for each file: it has the producer measure, and gives back what the file holds.

use std::collections::HashMap;
use std::time::Instant;

use cuda_lint_engine::rules;
use cuda_lint_evidence::{Body, Claims, Litmus, Observation, Peers, Programs, Rules, TwoGpus, Verdict};

use super::kept::Kept;
use super::{Context, Error, Measured, convert};
use crate::replay::experiment::{self, Witness};
use crate::replay::shape::Shape;
use crate::replay::worker::Workers;
use crate::{claims, litmus, peers, profile, programs};

/// How often each race is tried; the replay tries what is slow less often.
const TRIALS: u32 = 50;

/// Where the random traces start: the same ones in every run, so that runs can be compared.
const SEED: u64 = 1;

/// rules.toml: every witness of the diagnostics, replayed.
pub fn collect_rules(context: &Context<'_>) -> Result<Rules, Error> {
    let mut workers = profile::time("start workers", "", || Workers::start(0))?;
    let mut rules = Vec::new();
    let mut known = Known::default();
    for diagnostic in &context.diagnostics.diagnostics {
        let Some(carried) = &diagnostic.witness else { continue };
        let witness = Witness {
            rule: diagnostic.rule.clone(),
            file: diagnostic.file.clone(),
            line: diagnostic.line,
            trace: carried.trace.clone(),
            declared: Some(true),
        };
        let verdicts = known.verdicts(&witness, |witness| {
            let before = workers.replaced;
            let start = Instant::now();
            let verdicts = experiment::replay(&mut workers, witness, TRIALS);
            let name = format!("{}:{}", witness.file, witness.line);
            profile::add(stage(&verdicts, workers.replaced > before), &name, start.elapsed());
            verdicts
        });
        rules.extend(verdicts.into_iter().map(|verdict| convert::verdict(verdict, carried.text.clone())));
    }
    Ok(Rules { rules })
}

/// The stage of the profile in which a replay is counted: what its time hangs on.
fn stage(verdicts: &[Verdict], has_died: bool) -> &'static str {
    match verdicts.first().map(|verdict| verdict.observation) {
        _ if has_died => "replay, processes that end",
        Some(Observation::ReliedOnWait | Observation::SlowerRatio) => "replay, waits",
        _ => "replay",
    }
}

/// What was found out about traces, by shape: one that differs in names and places only is not run again.
#[derive(Default)]
struct Known {
    verdicts: HashMap<(&'static str, String), (Shape, String, Vec<Verdict>)>,
}

impl Known {
    /// The verdicts of a witness: those of an earlier one, if its trace is the same but for names and places.
    fn verdicts(&mut self, witness: &Witness, replay: impl FnOnce(&Witness) -> Vec<Verdict>) -> Vec<Verdict> {
        // The times of a rule's plainest misuse are drawn, with its own names: it is run itself.
        let is_plainest = witness.file.starts_with(&format!("fixtures/{}/misuse.", witness.rule));
        let Some(shape) = Shape::of(&witness.trace).filter(|_| !is_plainest) else { return replay(witness) };
        // The rule decides which of several hazards is meant, by what it declares to be seen.
        let declared = rules::find(&witness.rule).map_or("", |rule| Observation::of(rule.witness).name());
        let key = (declared, shape.key.clone());
        if let Some((first, name, verdicts)) = self.verdicts.get(&key) {
            let same = |verdict: &Verdict| {
                let mut same = Verdict {
                    rule: witness.rule.clone(),
                    file: witness.file.clone(),
                    line: witness.line,
                    same_as: name.clone(),
                    timelines: None,
                    remark: first.reword(&shape, &verdict.remark),
                    ..verdict.clone()
                };
                let examples = [Some(&mut same.misuse), Some(&mut same.twin), same.variant.as_mut()];
                for counts in examples.into_iter().flatten() {
                    counts.example = first.reword(&shape, &counts.example);
                }
                same
            };
            return verdicts.iter().map(same).collect();
        }
        let verdicts = replay(witness);
        let name = format!("{}:{}", witness.file, witness.line);
        self.verdicts.insert(key, (shape, name, verdicts.clone()));
        verdicts
    }
}

/// programs.toml: every fixture, compiled and run as it is.
pub fn collect_programs(context: &Context<'_>) -> Result<Measured<Programs>, Error> {
    let kept = kept::<Programs>(context);
    let is_kept = |file: &str| kept.as_ref().is_some_and(|it| it.has(file));
    let mut body = convert::programs(programs::run(context.root, is_kept)?);
    let times = kept.as_ref().map(Kept::times);
    if let Some(kept) = kept {
        kept.add_to(&mut body);
    }
    Ok(Measured { body, kept: times })
}

/// What is kept of an earlier run, if that is asked for.
fn kept<T: Body>(context: &Context<'_>) -> Option<Kept<T>> {
    Kept::read(context.root, context.keep?)
}

/// two-gpus.toml: the fixtures that need two GPUs.
pub fn collect_two_gpus(context: &Context<'_>) -> Result<TwoGpus, Error> {
    let Programs { programs } = convert::programs(programs::run_on_two_gpus(context.root)?);
    Ok(TwoGpus { programs })
}

/// claims.toml: every claim, measured.
pub fn collect_claims(context: &Context<'_>) -> Result<Claims, Error> {
    Ok(convert::claims(claims::run(context.root)?))
}

/// litmus.toml: random traces, and the wrong models.
pub fn collect_litmus(context: &Context<'_>) -> Result<Litmus, Error> {
    let arguments = litmus::Litmus::on_gpu(SEED, context.litmus_traces);
    let report = profile::time("random traces", "all", || litmus::measure(&arguments))?;
    let caught = profile::time("wrong models", "all", || litmus::catch(&arguments))?;
    Ok(convert::litmus(report, caught))
}

/// peers.toml: other tools over the same programs.
pub fn collect_peers(context: &Context<'_>) -> Result<Measured<Peers>, Error> {
    let reported = |file: &str| context.diagnostics.rules_of(file);
    let mut kept = kept::<Peers>(context);
    let tools = |report: peers::Report| convert::peers(report, reported);
    let mut body = tools(peers::run(context.root, |file| kept.as_ref().is_some_and(|it| it.has(file)))?);
    if kept.as_ref().is_some_and(|it| !it.is_of(&body.tools)) {
        // Other tools would have answered otherwise: everything is run.
        kept = None;
        body = tools(peers::run(context.root, |_| false)?);
    }
    let times = kept.as_ref().map(Kept::times);
    if let Some(kept) = kept {
        kept.add_to(&mut body, reported);
    }
    Ok(Measured { body, kept: times })
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::trace::text;
    use cuda_lint_evidence::{Answer, Counts};

    use super::*;

    fn witness(line: u32, text: &str) -> Witness {
        let (rule, file) = ("host-read-before-sync".to_owned(), "f.cu".to_owned());
        Witness { rule, file, line, trace: text::parse(text).unwrap(), declared: Some(true) }
    }

    #[test]
    fn a_trace_that_differs_in_names_is_run_once_and_named_each_time() {
        let mut known = Known::default();
        let mut runs = 0;
        let mut ask = |witness: &Witness| {
            known.verdicts(witness, |witness| {
                runs += 1;
                vec![Verdict {
                    rule: witness.rule.clone(),
                    file: witness.file.clone(),
                    line: witness.line,
                    observation: Observation::WrongValue,
                    answer: Answer::Confirmed,
                    remark: String::new(),
                    trace: String::new(),
                    witness: String::new(),
                    misuse: Counts { example: "h holds nothing".into(), ..Counts::default() },
                    twin: Counts::default(),
                    variant: None,
                    same_as: String::new(),
                    timelines: None,
                }]
            })
        };
        let one = ask(&witness(3, "h = pinned 64\nhost-read h[0..64]\n")).remove(0);
        let two = ask(&witness(7, "out = pinned 64\nhost-read out[0..64]\n")).remove(0);
        let other = ask(&witness(9, "h = pinned 32\nhost-read h[0..32]\n")).remove(0);
        assert_eq!(runs, 2);
        assert_eq!((one.same_as.as_str(), one.line), ("", 3));
        assert_eq!((two.same_as.as_str(), two.line), ("f.cu:3", 7));
        assert_eq!(two.misuse.example, "out holds nothing");
        assert_eq!(other.same_as, "");
    }
}
