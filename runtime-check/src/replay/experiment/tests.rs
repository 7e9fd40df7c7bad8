//! The experiments on a machine that plays a part.

use std::fs;
use std::path::PathBuf;

use cuda_lint_engine::trace::validate;

use super::*;
use crate::machine::Observed;
use crate::replay::plan;

/// A machine that keeps the order of the program, or breaks it for whom it should.
struct Fake<F>(F);

impl<F: FnMut(&Trace<Position>) -> bool> Machine for Fake<F> {
    fn run(&mut self, trace: &Trace<Position>, _schedule: &Schedule) -> Result<Run, Error> {
        let values = values::expected(trace);
        let reads = values.reads.into_iter();
        let mut run = Run {
            steps: reads.map(|reads| Observed { reads, ..Observed::default() }).collect(),
            last: values.last,
            ..Run::default()
        };
        if (self.0)(trace) {
            let reads = run.steps.iter_mut().flat_map(|step| &mut step.reads);
            reads.chain(run.last.values_mut()).for_each(|digest| digest.sum += 1);
        }
        Ok(run)
    }
}

fn witness(text: &str, declared: Option<bool>) -> Witness {
    let trace = text::parse(text).unwrap();
    Witness { rule: "rule".to_string(), file: "a.trace".to_string(), line: 3, trace, declared }
}

const STALE: &str = "h = pinned 4096\nd = device 4096\ns = stream\nlaunch produce writes d[0..4096] on s\n\
                     copy h[0..4096] <- d[0..4096] on s\nhost-read h[0..4096]\n";

#[test]
fn a_race_that_shows_in_the_misuse_alone_is_confirmed() {
    let mut racy = Fake(|trace: &Trace<Position>| !judge(trace).is_empty());
    let [verdict] = &replay(&mut racy, &witness(STALE, None), 7)[..] else { panic!() };
    assert_eq!((verdict.answer, verdict.observation), (Answer::Confirmed, Observation::WrongValue));
    assert_eq!((verdict.misuse.trials, verdict.misuse.hits), (7, 7));
    assert_eq!((verdict.twin.trials, verdict.twin.hits), (7, 0));
    assert!(verdict.misuse.example.contains("step 5 read a mixture"), "{}", verdict.misuse.example);
}

#[test]
fn a_race_that_shows_nowhere_or_everywhere_is_not() {
    let ordered = replay(&mut Fake(|_: &Trace<Position>| false), &witness(STALE, Some(true)), 7);
    assert_eq!(ordered[0].answer, Answer::NotObserved);
    let broken = replay(&mut Fake(|_: &Trace<Position>| true), &witness(STALE, Some(true)), 7);
    assert_eq!(broken[0].answer, Answer::Contradicted);
}

#[test]
fn the_controls_are_noticed() {
    let correct = "h = pinned 4096\nd = device 4096\ns = stream\ncopy h[0..4096] <- d[0..4096] on s\n\
                   synchronize s\nhost-read h[0..4096]\n";
    let answer = |races: bool, text: &str, declared: Option<bool>| {
        replay(&mut Fake(move |_: &Trace<Position>| races), &witness(text, declared), 3)[0].answer
    };
    assert_eq!(answer(false, correct, None), Answer::Confirmed);
    assert_eq!(answer(false, correct, Some(false)), Answer::Confirmed);
    assert_eq!(answer(false, correct, Some(true)), Answer::NotObserved);
    assert_eq!(answer(true, correct, Some(true)), Answer::Contradicted);
    assert_eq!(answer(true, correct, None), Answer::Contradicted);
    assert_eq!(answer(true, STALE, Some(false)), Answer::Contradicted);
}

/// A machine whose runs go wrong from the third on, and which counts those that it is to time.
struct Late(i64, u32);

impl Machine for Late {
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.0 += 1;
        let late = self.0 > 2;
        Fake(move |trace: &Trace<Position>| late && !judge(trace).is_empty()).run(trace, schedule)
    }

    fn timed(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.1 += 1;
        let run = self.run(trace, schedule)?;
        let at = self.0 * 1_000_000;
        let times = Times { host: vec![(at, at); trace.steps.len()], ..Times::default() };
        Ok(Run { times: Some(times), ..run })
    }
}

#[test]
fn the_times_are_those_of_the_first_hit_and_of_the_first_run_of_the_twin() {
    let witness = witness(STALE, Some(true));
    let (_, mut trial, _) = plan::misuse(&witness.trace, &judge(&witness.trace)[0]);
    trial.schedules.truncate(1);
    let (mut machine, mut counts, mut sample) = (Late(0, 0), Counts::default(), Sample::Hit(None));
    measure(&mut machine, &trial, 7, &mut counts, &mut sample).unwrap();
    assert_eq!((counts.trials, counts.hits, machine.1), (7, 5, 3), "after the first hit nothing is timed");
    assert_eq!(sample.times().map(|times| times.host[0].0), Some(3_000_000));
    let (mut machine, mut sample) = (Late(0, 0), Sample::First(None));
    measure(&mut machine, &trial, 7, &mut Counts::default(), &mut sample).unwrap();
    assert_eq!((machine.1, sample.times().map(|times| times.host[0].0)), (1, Some(1_000_000)));
    let [verdict] = &replay(&mut Late(9, 0), &witness, 3)[..] else { panic!() };
    let timelines = verdict.timelines.clone().unwrap();
    let bad = |timeline: &Option<cuda_lint_evidence::Timeline>| {
        timeline.as_ref().unwrap().bars.iter().filter(|bar| bar.bad).count()
    };
    assert_eq!((bad(&timelines.misuse), bad(&timelines.twin)), (1, 0));
}

#[test]
fn the_twin_is_held_at_the_same_work() {
    let all = traces();
    assert!(all.len() > 15, "{}", all.len());
    for (name, trace) in all {
        for hazard in judge(&trace) {
            let (_, trial, _) = plan::misuse(&trace, &hazard);
            validate::validate(&trial.trace).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let repaired = repaired(&trace, &hazard).unwrap_or_else(|| panic!("{name}: {hazard:?}"));
            for schedule in &trial.schedules {
                let twin = plan::twin(&trial, schedule, &trace, &repaired);
                validate::validate(&twin.trace).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
                let [mapped] = &twin.schedules[..] else { panic!("{name}") };
                assert_eq!(mapped.holds.len(), schedule.holds.len(), "{name}: {schedule:?}\n{}", twin.trace);
                for (hold, other) in schedule.holds.iter().zip(&mapped.holds) {
                    let (a, b) = (&trial.trace.steps[hold.before], &twin.trace.steps[other.before]);
                    assert_eq!(
                        std::mem::discriminant(&a.action),
                        std::mem::discriminant(&b.action),
                        "{name}: {hold:?} {other:?}"
                    );
                }
            }
        }
    }
}

fn traces() -> Vec<(String, Trace<Position>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let files = [folder.clone(), folder.join("controls")]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some());
    let named = paths.map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        (path.display().to_string(), text::parse(&text).unwrap_or_else(|error| panic!("{path:?}: {error:?}")))
    });
    named.collect()
}
