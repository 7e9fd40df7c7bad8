//! What was measured of a rule, in words.

use std::path::Path;

use serde::Serialize;

use cuda_lint_engine::rules::TWO_GPUS;

use crate::check::{By, RuleSpec};
use crate::{Answer, Counts, Device, File, Observation, Program, Programs, Role, Rules, TwoGpus, Verdict};

/// What was measured of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// On which GPU; `None` if there is no measurement.
    pub device: Option<String>,
    /// With which driver.
    pub driver: Option<String>,
    /// When: `2026-01-31`.
    pub date: Option<String>,
    /// How many of its diagnostics among the fixtures were put before the GPU.
    pub diagnostics: usize,
    /// How many of them it confirmed.
    pub confirmed: usize,
    /// The measurement of the plainest misuse, or why there is none.
    pub summary: String,
    /// The other misuses.
    #[serde(skip)]
    pub others: Vec<String>,
}

/// What was measured of a rule. Where the evidence cannot be read, there is none.
pub fn of_rule(
    rule: &RuleSpec,
    rules: Option<&File<Rules>>,
    programs: Option<&File<Programs>>,
    two_gpus: Option<&File<TwoGpus>>,
) -> Measured {
    if let Some(hardware) = rule.needs {
        let file = two_gpus.filter(|_| hardware == TWO_GPUS);
        let measured = file.and_then(|file| by_program(rule, file, &file.body.programs));
        return measured.unwrap_or_else(|| none(format!("not measured: it needs {hardware}")));
    }
    let measured = if rule.by != By::Replay {
        programs.and_then(|file| by_program(rule, file, &file.body.programs))
    } else {
        rules.and_then(|file| replayed(rule, file))
    };
    measured.unwrap_or_else(|| {
        let there = if rule.by != By::Replay { programs.is_some() } else { rules.is_some() };
        none(if there {
            "not measured: the evidence of this version holds nothing about it".to_owned()
        } else {
            "not measured: this build carries no evidence; `cuda-lint-runtime evidence` measures, on a machine \
             with an NVIDIA GPU"
                .to_owned()
        })
    })
}

fn none(summary: String) -> Measured {
    Measured {
        device: None,
        driver: None,
        date: None,
        diagnostics: 0,
        confirmed: 0,
        summary,
        others: Vec::new(),
    }
}

/// The machine, as a sentence goes on with it.
pub fn machine(device: &Device) -> String {
    let article = if device.name.starts_with(['N', 'A', 'H', 'L']) { "an" } else { "a" };
    format!("on {article} {}, driver {}", device.name, device.driver)
}

fn replayed(rule: &RuleSpec, file: &File<Rules>) -> Option<Measured> {
    let of_rule: Vec<&Verdict> = file.body.rules.iter().filter(|it| it.rule == rule.name).collect();
    let plainest = |it: &&&Verdict| it.file.starts_with(&format!("fixtures/{}/misuse.", rule.name));
    let first = *of_rule.iter().find(plainest).or(of_rule.first())?;
    let others = of_rule.iter().filter(|it| !std::ptr::eq(**it, first));
    Some(Measured {
        device: Some(file.device.name.clone()),
        driver: Some(file.device.driver.clone()),
        date: Some(file.date.clone()),
        diagnostics: of_rule.len(),
        confirmed: of_rule.iter().filter(|it| it.answer == Answer::Confirmed).count(),
        summary: sentence(first, &machine(&file.device)),
        others: others.map(|it| sentence(it, "")).collect(),
    })
}

/// One verdict in words; `machine` may be empty.
pub fn sentence(verdict: &Verdict, machine: &str) -> String {
    let machine = if machine.is_empty() { String::new() } else { format!(" {machine}") };
    let place = format!("{}:{}", short(&verdict.file, &verdict.rule), verdict.line);
    let misuse = shown(verdict.observation, &verdict.misuse);
    let mut text = format!("{place}: {misuse}{machine}; after the fix: {}", of(&verdict.twin));
    if let Some(variant) = &verdict.variant {
        text += &format!("; where the call does not wait: a wrong value in {}", of(variant));
    }
    if verdict.answer != Answer::Confirmed {
        text += &format!(" ({}", verdict.answer.name());
        if !verdict.remark.is_empty() {
            text += &format!(": {}", verdict.remark);
        }
        text.push(')');
    }
    text
}

fn of(counts: &Counts) -> String {
    format!("{} of {}", counts.hits, counts.trials)
}

fn shown(observation: Observation, counts: &Counts) -> String {
    let runs = format!("in {} runs", of(counts));
    let times = match (counts.host_ms, counts.held_ms) {
        (Some(host), Some(held)) => format!(", {host} ms of a hold of {held} ms"),
        (Some(host), None) => format!(", {host} ms"),
        _ => String::new(),
    };
    match observation {
        Observation::WrongValue => format!("a wrong value {runs}"),
        Observation::Fault => format!("a fault {runs}"),
        Observation::ReturnCode => match counts.codes.as_slice() {
            [] => format!("an error {runs}"),
            codes => {
                let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
                format!("error {} {runs}", codes.join(", "))
            }
        },
        Observation::ReliedOnWait => format!("the undocumented wait {runs}{times}"),
        Observation::SlowerRatio => format!("slower {runs}{times}"),
        Observation::Hang => format!("a wait that had to be broken off {runs}{times}"),
        Observation::CompileError => format!("a compile error {runs}"),
        Observation::ProgramFails => format!("the program fails {runs}"),
        Observation::WrongResult => format!("a wrong result {runs}"),
        Observation::ProgramWaits => format!("a wait that the program relies on {runs}{times}"),
    }
}

/// A fixture's name without the folder that everyone knows.
pub fn short<'a>(file: &'a str, rule: &str) -> &'a str {
    let file = file.strip_prefix("fixtures/").unwrap_or(file);
    file.strip_prefix(rule).and_then(|rest| rest.strip_prefix('/')).unwrap_or(file)
}

/// What nvcc says of the programs of a rule, or what became of them when they ran.
fn by_program<T>(rule: &RuleSpec, file: &File<T>, programs: &[Program]) -> Option<Measured> {
    let of_rule = |role: Role| -> Vec<&Program> {
        let programs = programs.iter();
        programs.filter(|it| it.folder() == rule.name && it.role == role).collect()
    };
    let (misuse, correct) = (of_rule(Role::Misuse), of_rule(Role::Correct));
    let first = *misuse.iter().find(|it| is_plainest(&it.file)).or(misuse.first())?;
    let nvcc = &file.device.nvcc;
    let verb = |program: &Program| if program.compiles { "accepts" } else { "rejects" };
    let remark = |it: &Program| {
        let own = it.answers.iter().find(|answer| answer.rule == rule.name);
        own.map_or_else(String::new, |answer| answer.remark.clone())
    };
    let fixed = correct.first().map_or_else(
        || "not tried".to_owned(),
        |it| match rule.by {
            By::Program => format!("{}: {}", short(&it.file, rule.name), remark(it)),
            _ => format!("it {} {}", verb(it), short(&it.file, rule.name)),
        },
    );
    let one = |it: &Program| match rule.by {
        By::Program => format!("{}: {}", short(&it.file, rule.name), remark(it)),
        _ => format!("nvcc {nvcc} {} {}", verb(it), short(&it.file, rule.name)),
    };
    Some(Measured {
        device: Some(file.device.name.clone()),
        driver: Some(file.device.driver.clone()),
        date: Some(file.date.clone()),
        diagnostics: misuse.len(),
        confirmed: misuse.iter().filter(|it| it.says(rule.name, true, Answer::Confirmed)).count(),
        summary: format!("{}; after the fix: {fixed}", one(first)),
        others: misuse.iter().filter(|it| !std::ptr::eq(**it, first)).map(|it| one(it)).collect(),
    })
}

fn is_plainest(file: &str) -> bool {
    Path::new(file).file_stem().is_some_and(|stem| stem == "misuse")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_rule_says_what_was_measured() {
        let root = samples::repository();
        let rules = File::<Rules>::read(root.path()).unwrap();
        let programs = File::<Programs>::read(root.path()).unwrap();
        let summary =
            |rule: &RuleSpec| of_rule(rule, Some(&rules), Some(&programs), None).summary.replace("  ", " ");
        let [read, _, wait, unknown] = &samples::RULES;
        assert_eq!(
            summary(read),
            "misuse.cu:16: a wrong value in 50 of 50 runs on an NVIDIA H200, driver 580.159; \
             after the fix: 0 of 50"
        );
        assert_eq!(
            summary(wait),
            "misuse.cu:14: the undocumented wait in 5 of 5 runs, 50.21 ms of a hold of 50 ms on an NVIDIA H200, \
             driver 580.159; after the fix: 0 of 5; where the call does not wait: a wrong value in 50 of 50"
        );
        assert_eq!(summary(unknown), "nvcc 13.0.88 rejects misuse.cu; after the fix: it accepts correct.cu");
        let measured = of_rule(read, Some(&rules), Some(&programs), None);
        assert_eq!((measured.diagnostics, measured.confirmed, measured.others.len()), (1, 1, 0));
    }

    #[test]
    fn where_there_is_nothing_it_says_why() {
        let root = samples::repository();
        let rules = File::<Rules>::read(root.path()).unwrap();
        let spec = |needs| RuleSpec { name: "another-rule", by: By::Replay, needs };
        let summary = |spec: &RuleSpec, rules| of_rule(spec, rules, None, None).summary;
        assert_eq!(summary(&spec(Some("two GPUs")), Some(&rules)), "not measured: it needs two GPUs");
        assert_eq!(summary(&samples::ON_TWO_GPUS, None), "not measured: it needs two NVIDIA GPUs");
        samples::write_two_gpus(root.path()).unwrap();
        let two_gpus = File::<TwoGpus>::read(root.path()).unwrap();
        let measured = of_rule(&samples::ON_TWO_GPUS, None, None, Some(&two_gpus));
        assert_eq!((measured.diagnostics, measured.confirmed), (1, 1));
        assert!(measured.summary.starts_with("misuse.cu: "), "{}", measured.summary);
        assert!(summary(&spec(None), Some(&rules)).contains("nothing about it"));
        assert!(summary(&spec(None), None).contains("carries no evidence"));
    }
}
