//! The whole of it on simulated devices.

use std::time::Duration;

use cuda_lint_engine::trace::judge::{self, Hazard};
use cuda_lint_engine::trace::{Action, text, validate};

use super::generate::generate;
use super::random::Random;
use super::report::Report;
use super::run::{Settings, run};
use super::simulated::Simulated;
use super::{mutants, oracle};
use crate::machine::{Hold, Machine, Schedule};
use crate::values;

fn settings() -> Settings {
    Settings { patience: Duration::from_millis(1), schedules: 3, aims: 3 }
}

fn simulate(mut machine: Simulated, seed: u64, traces: u64) -> Report {
    run(&mut machine, seed, 0..traces, settings(), || {})
}

#[test]
fn generated_traces_are_valid_and_half_of_them_have_no_hazard() {
    let mut free = 0;
    for index in 0..1000 {
        let trace = generate(&mut Random::member(3, index));
        assert_eq!(validate::validate(&trace), Ok(()), "{}", text::print(&trace));
        let hazards = judge::judge(&trace);
        assert!(
            hazards.iter().all(|it| matches!(
                it,
                Hazard::Unordered { .. } | Hazard::PageableCopy { .. } | Hazard::UseAfterRelease { .. }
            )),
            "{hazards:?} in\n{}",
            text::print(&trace)
        );
        free += usize::from(oracle::pairs(&trace, &hazards).is_empty());
    }
    assert!((400..800).contains(&free), "{free} of 1000");
}

#[test]
fn a_device_that_takes_every_step_at_once_computes_the_order_of_the_program() {
    for index in 0..300 {
        let trace = generate(&mut Random::member(4, index));
        let run = Simulated::eager().run(&trace, &Schedule::default()).unwrap();
        let right = values::in_order(&trace, 0..trace.steps.len());
        assert_eq!(oracle::deviations(&right, &run), [], "{}", text::print(&trace));
        assert_eq!(run.last.len(), right.last.len());
    }
}

#[test]
fn no_simulated_device_shows_what_the_model_excludes() {
    for (machine, seed) in [(Simulated::eager(), 5), (Simulated::documented(1), 6)] {
        let report = simulate(machine, seed, 400);
        assert_eq!(report.unpredicted_total, 0, "{}", report.text());
        assert_eq!(report.refused, 0, "{}", report.text());
        assert!(report.hazard_free > 150, "{}", report.text());
    }
}

#[test]
fn nearly_all_observable_pairs_show_on_a_simulated_device() {
    let report = simulate(Simulated::eager(), 7, 500);
    let target = report.target();
    assert!(
        target.observable > 200 && target.rate() >= Some(0.95),
        "{}\n{:#?}",
        report.text(),
        report.missed
    );
}

#[test]
fn every_mutant_is_caught_on_a_simulated_device() {
    let caught = mutants::catch(&mut Simulated::eager(), 8, 6000, settings(), |_| {}).unwrap();
    assert!(!caught.is_empty());
    assert!(caught.iter().all(|it| it.by.is_some()), "{}", mutants::text(&caught));
}

#[test]
fn a_hold_shows_a_stale_read_and_its_wait_hides_it() {
    let stale = "\
h = pinned 64
s = stream
launch produce writes h[0..64] on s
host-read h[0..64]
";
    let trace = text::parse(stale).unwrap();
    let hold = Hold { before: 2, until: Some(3), patience: Duration::from_millis(1) };
    let schedule = Schedule { holds: vec![hold], guard: false };
    let run = Simulated::eager().run(&trace, &schedule).unwrap();
    assert_eq!((run.steps[3].reads[0].first, run.last["h"].first), (1, 3));

    let mut waits = trace.clone();
    let wait = text::parse("s = stream\nsynchronize s\n").unwrap().steps.remove(1);
    assert!(matches!(wait.action, Action::Synchronize { .. }));
    waits.steps.insert(3, wait);
    let schedule =
        Schedule { holds: vec![Hold { until: Some(4), ..schedule.holds[0].clone() }], guard: false };
    let run = Simulated::eager().run(&waits, &schedule).unwrap();
    assert_eq!((run.steps[3].host, run.steps[4].reads[0].first), (Duration::from_millis(1), 3));
}
