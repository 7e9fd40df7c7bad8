//! One function for each file: it has the producer measure, and gives back what the file holds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cuda_lint_engine::rules;
use cuda_lint_evidence::{Claims, Litmus, Observation, Peers, Programs, Rules, TwoGpus, Verdict};

use super::{Context, Error, convert};
use crate::programs::process::parallel;
use crate::replay::experiment::{self, Witness};
use crate::replay::shape::Shape;
use crate::replay::worker::Workers;
use crate::{claims, litmus, peers, profile, programs};

/// How often each race is tried; the replay tries what is slow less often.
const TRIALS: u32 = 50;

/// Where the random traces start: the same ones in every run, so that runs can be compared.
const SEED: u64 = 1;

/// How many processes replay witnesses at a time whose answer does not hang on time.
const WIDTH: usize = 4;

/// rules.toml: every witness of the diagnostics, replayed.
pub fn collect_rules(context: &Context<'_>) -> Result<Rules, Error> {
    let carried = context.diagnostics.diagnostics.iter().filter_map(|diagnostic| {
        let carried = diagnostic.witness.as_ref()?;
        let witness = Witness {
            rule: diagnostic.rule.clone(),
            file: diagnostic.file.clone(),
            line: diagnostic.line,
            trace: carried.trace.clone(),
            declared: Some(true),
        };
        Some((witness, &carried.text))
    });
    let (witnesses, texts): (Vec<Witness>, Vec<&String>) = carried.unzip();
    let experiments = Experiments::of(&witnesses);
    let crew = Crew::default();
    let first = profile::time("start workers", "", || Workers::start(0))?;
    crew.give(first);
    let verdicts = experiments.run(|witness| crew.replay(witness))?;
    let verdicts = verdicts.into_iter().zip(texts);
    let rules = verdicts
        .flat_map(|(verdicts, text)| {
            verdicts.into_iter().map(move |verdict| convert::verdict(verdict, text.clone()))
        })
        .collect();
    Ok(Rules { rules })
}

/// Workers that nobody uses now.
#[derive(Default)]
struct Crew(Mutex<Vec<Workers>>);

impl Crew {
    fn give(&self, workers: Workers) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(workers);
    }

    fn replay(&self, witness: &Witness) -> Result<Vec<Verdict>, Error> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workers = match idle {
            Some(workers) => workers,
            None => Workers::start(0)?,
        };
        let before = workers.replaced;
        let start = Instant::now();
        let verdicts = experiment::replay(&mut workers, witness, TRIALS);
        let name = format!("{}:{}", witness.file, witness.line);
        profile::add(stage(&verdicts, workers.replaced > before), &name, start.elapsed());
        self.give(workers);
        Ok(verdicts)
    }
}

/// The stage of the profile in which a replay is counted: what its time hangs on.
fn stage(verdicts: &[Verdict], has_died: bool) -> &'static str {
    match verdicts.first().map(|verdict| verdict.observation) {
        _ if has_died => "replay, processes that end",
        Some(Observation::ReliedOnWait | Observation::SlowerRatio) => "replay, waits",
        _ => "replay",
    }
}

/// Which witnesses are run, and which are another one's but for names and places.
struct Experiments<'a> {
    witnesses: &'a [Witness],
    shapes: Vec<Option<Shape>>,
    /// For each witness, the one that is run in its place: itself, or an earlier one.
    stand_ins: Vec<usize>,
}

impl<'a> Experiments<'a> {
    fn of(witnesses: &'a [Witness]) -> Self {
        let mut known: HashMap<(&'static str, String), usize> = HashMap::new();
        let (mut shapes, mut stand_ins) = (Vec::new(), Vec::new());
        for (index, witness) in witnesses.iter().enumerate() {
            let shape = Shape::of(&witness.trace).filter(|_| !is_plainest(witness));
            // The rule decides which of several hazards is meant, by what it declares to be seen.
            let declared = rules::find(&witness.rule).map_or("", |rule| Observation::of(rule.witness).name());
            stand_ins.push(
                shape
                    .as_ref()
                    .map_or(index, |shape| *known.entry((declared, shape.key.clone())).or_insert(index)),
            );
            shapes.push(shape);
        }
        Self { witnesses, shapes, stand_ins }
    }

    /// The verdicts of all witnesses, in their order. Several are run at a time, and in the end one by one those
    /// that time is measured of, and those whose times are drawn.
    fn run(
        &self,
        replay: impl Fn(&Witness) -> Result<Vec<Verdict>, Error> + Sync,
    ) -> Result<Vec<Vec<Verdict>>, Error> {
        let is_run = |index: &usize| self.stand_ins[*index] == *index;
        let (alone, together): (Vec<usize>, Vec<usize>) =
            (0..self.witnesses.len()).filter(is_run).partition(|index| {
                let witness = &self.witnesses[*index];
                is_plainest(witness) || experiment::is_timed(witness)
            });
        let one = |index: &usize| replay(&self.witnesses[*index]);
        let mut run = HashMap::new();
        for (indices, width) in [(together, WIDTH), (alone, 1)] {
            let answers = parallel(&indices, width, one, || ());
            for (index, verdicts) in indices.into_iter().zip(answers) {
                run.insert(index, verdicts?);
            }
        }
        let verdicts = |(index, stand_in): (usize, &usize)| {
            let verdicts = run.get(stand_in).into_iter().flatten();
            verdicts.map(|verdict| self.reword(verdict, *stand_in, index)).collect()
        };
        Ok(self.stand_ins.iter().enumerate().map(verdicts).collect())
    }

    /// The verdict of a witness from that of the one that was run in its place.
    fn reword(&self, verdict: &Verdict, stand_in: usize, index: usize) -> Verdict {
        let (Some(first), Some(shape), false) =
            (&self.shapes[stand_in], &self.shapes[index], stand_in == index)
        else {
            return verdict.clone();
        };
        let (run, witness) = (&self.witnesses[stand_in], &self.witnesses[index]);
        let mut same = Verdict {
            rule: witness.rule.clone(),
            file: witness.file.clone(),
            line: witness.line,
            same_as: format!("{}:{}", run.file, run.line),
            timelines: None,
            remark: first.reword(shape, &verdict.remark),
            ..verdict.clone()
        };
        let examples = [Some(&mut same.misuse), Some(&mut same.twin), same.variant.as_mut()];
        for counts in examples.into_iter().flatten() {
            counts.example = first.reword(shape, &counts.example);
        }
        same
    }
}

/// The times of a rule's plainest misuse are drawn, with its own names: it is run itself.
fn is_plainest(witness: &Witness) -> bool {
    witness.file.starts_with(&format!("fixtures/{}/misuse.", witness.rule))
}

/// programs.toml: every fixture, compiled and run as it is.
pub fn collect_programs(context: &Context<'_>) -> Result<Programs, Error> {
    Ok(convert::programs(programs::run(context.root)?))
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
pub fn collect_peers(context: &Context<'_>) -> Result<Peers, Error> {
    let report = peers::run(context.root)?;
    Ok(convert::peers(report, |file| context.diagnostics.rules_of(file)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cuda_lint_engine::trace::text;
    use cuda_lint_evidence::{Answer, Counts};

    use super::*;

    fn witness(line: u32, text: &str) -> Witness {
        let (rule, file) = ("host-read-before-sync".to_owned(), "f.cu".to_owned());
        Witness { rule, file, line, trace: text::parse(text).unwrap(), declared: Some(true) }
    }

    #[test]
    fn a_trace_that_differs_in_names_is_run_once_and_named_each_time() {
        let runs = AtomicUsize::new(0);
        let witnesses = [
            witness(3, "h = pinned 64\nhost-read h[0..64]\n"),
            witness(7, "out = pinned 64\nhost-read out[0..64]\n"),
            witness(9, "h = pinned 32\nhost-read h[0..32]\n"),
        ];
        let replay = |witness: &Witness| {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(vec![Verdict {
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
            }])
        };
        let verdicts = Experiments::of(&witnesses).run(replay).unwrap();
        let [one, two, other] = [0, 1, 2].map(|index| &verdicts[index][0]);
        assert_eq!(runs.into_inner(), 2);
        assert_eq!((one.same_as.as_str(), one.line), ("", 3));
        assert_eq!((two.same_as.as_str(), two.line), ("f.cu:3", 7));
        assert_eq!(two.misuse.example, "out holds nothing");
        assert_eq!(other.same_as, "");
    }
}
