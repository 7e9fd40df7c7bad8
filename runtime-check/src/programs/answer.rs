//! What the observations of a program say of each rule that it breaks, or keeps.

use cuda_lint_engine::rules::{self, Witness};
use serde::{Deserialize, Serialize};

use super::fixture::{Fixture, Role};
use super::observe::{Kind, Observation};
use super::process::End;
use super::toolchain::Compiled;
use cuda_lint_evidence::Answer;

/// What a program says of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleAnswer {
    /// The rule.
    pub rule: String,
    /// True if the program breaks it.
    pub broken: bool,
    /// What would show it.
    pub observation: cuda_lint_evidence::Observation,
    /// For a broken rule: whether that was seen. For a kept rule: *confirmed* if the program ran and nothing of
    /// the kind was seen, *contradicted* if it was.
    pub answer: Answer,
    /// What was seen, or why nothing can be said.
    pub remark: String,
}

/// True if the program's values must be compared between schedules.
pub fn needs_values(fixture: &Fixture) -> bool {
    fixture.role == Role::Limit
        || fixture
            .breaks
            .iter()
            .chain(&fixture.keeps)
            .any(|rule| rules::find(rule).is_some_and(|rule| rule.witness == Witness::WrongValue))
}

/// The answers for all rules that the fixture breaks or keeps.
pub fn answers(
    fixture: &Fixture,
    compiled: &Compiled,
    end: Option<End>,
    observations: &[Observation],
) -> Vec<RuleAnswer> {
    let all =
        fixture.breaks.iter().map(|rule| (rule, true)).chain(fixture.keeps.iter().map(|rule| (rule, false)));
    let mut answers = Vec::new();
    for (name, broken) in all {
        let Some(rule) = rules::find(name) else { continue };
        let shown: Vec<&Observation> = observations.iter().filter(|o| shows(rule.witness, o)).collect();
        let (answer, remark) = if broken {
            of_a_misuse(fixture, rule.witness, compiled, end, &shown)
        } else {
            of_a_correct_program(fixture, rule.witness, compiled, end, &shown)
        };
        answers.push(RuleAnswer {
            rule: name.clone(),
            broken,
            observation: cuda_lint_evidence::Observation::of(rule.witness),
            answer,
            remark,
        });
    }
    answers
}

/// True if the observation is one of the witness's kind.
fn shows(witness: Witness, observation: &Observation) -> bool {
    match (witness, observation.kind) {
        (Witness::CompileError, kind) => kind == Kind::CompileError,
        (Witness::Fault, kind) => kind == Kind::Fault,
        // What is no call of CUDA's has no code to return: free() of pinned memory ends the process.
        (Witness::ReturnCode | Witness::ProgramFails, kind) => matches!(kind, Kind::Error | Kind::Fault),
        (Witness::WrongResult, kind) => kind == Kind::Fault,
        (Witness::WrongValue, kind) => matches!(kind, Kind::Touch | Kind::Freed | Kind::Value),
        (Witness::ReliedOnWait | Witness::ProgramWaits, Kind::Blocked) => {
            !is_documented_wait(&observation.what)
        }
        (Witness::SlowerRatio, Kind::Blocked) => observation.what.contains("Async"),
        (Witness::ReliedOnWait | Witness::ProgramWaits | Witness::SlowerRatio | Witness::Hang, _) => false,
    }
}

/// True for calls whose documentation says that they wait for work: waits, and copies without `Async`.
fn is_documented_wait(call: &str) -> bool {
    let is_copy = call.starts_with("cudaMemcpy") || call.starts_with("cuMemcpy");
    call.contains("Synchronize") || (is_copy && !call.contains("Async"))
}

fn of_a_misuse(
    fixture: &Fixture,
    witness: Witness,
    compiled: &Compiled,
    end: Option<End>,
    shown: &[&Observation],
) -> (Answer, String) {
    if !shown.is_empty() {
        return (Answer::Confirmed, words(fixture, shown));
    }
    if let (Witness::ProgramFails | Witness::WrongResult, Some(End::Exit(code @ 1..))) = (witness, end) {
        return (Answer::Confirmed, format!("it finds its own result to be wrong: exit {code}"));
    }
    let why = match (compiled, end) {
        (Compiled::Rejected(_), _) => "it does not compile",
        (Compiled::Program(_), None) => "it cannot be linked",
        (Compiled::Program(_), Some(End::TimeOut)) => {
            return (Answer::Failed, "it did not end in time".into());
        }
        (Compiled::Program(_), Some(_)) => match witness {
            Witness::CompileError => "it compiles with this toolkit",
            Witness::ReliedOnWait | Witness::ProgramWaits => {
                "no call was seen to wait beyond its documentation"
            }
            Witness::SlowerRatio => "no asynchronous call was seen to wait",
            Witness::Hang => "it gives up waiting by itself, so that it ends",
            _ => "it ran, and nothing of the kind was seen from outside",
        },
    };
    (Answer::NotObserved, format!("by this means: {why}"))
}

fn of_a_correct_program(
    fixture: &Fixture,
    witness: Witness,
    compiled: &Compiled,
    end: Option<End>,
    shown: &[&Observation],
) -> (Answer, String) {
    match (compiled, end) {
        (Compiled::Rejected(_), _) => match &fixture.no_compile {
            Some(reason) => (Answer::NotObserved, format!("by this means: it does not compile: {reason}")),
            None => (Answer::Contradicted, "it does not compile".into()),
        },
        (Compiled::Program(_), None) => {
            let reason = fixture.no_link.as_deref().unwrap_or("no reason is given");
            (Answer::NotObserved, format!("by this means: it cannot be linked: {reason}"))
        }
        (Compiled::Program(_), Some(End::TimeOut)) => (Answer::Failed, "it did not end in time".into()),
        (Compiled::Program(_), Some(end @ End::Signal(_))) => {
            (Answer::Contradicted, format!("it died: {}", end.text()))
        }
        (Compiled::Program(_), Some(end)) => {
            // A correct program may wait.
            let counts = !matches!(
                witness,
                Witness::ReliedOnWait | Witness::ProgramWaits | Witness::SlowerRatio | Witness::Hang
            );
            if counts && !shown.is_empty() {
                return (Answer::Contradicted, words(fixture, shown));
            }
            let judges_itself = matches!(witness, Witness::ProgramFails | Witness::WrongResult);
            if judges_itself && end != End::Exit(0) {
                return (
                    Answer::Contradicted,
                    format!("it finds its own result to be wrong: {}", end.text()),
                );
            }
            let ran = if end == End::Exit(0) { "it ran" } else { "it ran and reported failure" };
            (Answer::Confirmed, format!("{ran}, and nothing of the kind was seen"))
        }
    }
}

/// Observations in words, those on annotated lines first.
fn words(fixture: &Fixture, shown: &[&Observation]) -> String {
    let annotated = |o: &&&Observation| o.line.is_some_and(|line| fixture.lines.contains(&line));
    let mut ordered: Vec<&&Observation> = shown.iter().filter(annotated).collect();
    ordered.extend(shown.iter().filter(|o| !annotated(o)));
    let more = ordered.len().saturating_sub(3);
    let mut text = ordered.iter().take(3).map(|o| sentence(o)).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// `line 12: cudaFree: the host waited for 59.8 ms`
pub fn sentence(observation: &Observation) -> String {
    let Observation { kind, what, line, code, ms, count } = observation;
    let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let text = match kind {
        Kind::CompileError => what.clone(),
        Kind::Error => format!("{what} returned {}", code.unwrap_or(0)),
        Kind::Fault => what.clone(),
        Kind::Touch => format!("{what} of a copy in flight"),
        Kind::Freed => format!("{what} of a copy in flight"),
        Kind::Value => format!("another value than in order: {what}"),
        Kind::Blocked => format!("{what}: the host waited for {:.0} ms", ms.unwrap_or(0.0)),
    };
    let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
    format!("{place}{text}{times}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use cuda_lint_engine::DefaultStream;

    use super::*;

    fn fixture(breaks: &[&str], keeps: &[&str]) -> Fixture {
        Fixture {
            path: "fixtures/x/misuse.cu".into(),
            others: Vec::new(),
            mode: DefaultStream::Legacy,
            role: Role::Misuse,
            breaks: breaks.iter().map(|rule| (*rule).to_owned()).collect(),
            keeps: keeps.iter().map(|rule| (*rule).to_owned()).collect(),
            lines: vec![12],
            no_compile: None,
            no_link: None,
            libraries: Vec::new(),
            sha256: String::new(),
        }
    }

    fn seen(kind: Kind, what: &str, line: Option<u32>) -> Observation {
        Observation { kind, what: what.into(), line, code: Some(1), ms: Some(59.9), count: 1 }
    }

    fn answer(fixture: &Fixture, observations: &[Observation]) -> (Answer, String) {
        let program = Compiled::Program(PathBuf::from("x"));
        let answer = answers(fixture, &program, Some(End::Exit(0)), observations).remove(0);
        (answer.answer, answer.remark)
    }

    #[test]
    fn a_misuse_is_confirmed_by_its_own_kind_only() {
        let touch = seen(Kind::Touch, "read of the destination", Some(12));
        let read = fixture(&["host-read-before-sync"], &[]);
        let (what, remark) = answer(&read, std::slice::from_ref(&touch));
        assert_eq!(what, Answer::Confirmed);
        assert_eq!(remark, "line 12: read of the destination of a copy in flight");
        let code = fixture(&["memcpy-kind-mismatch"], &[]);
        assert_eq!(answer(&code, &[touch]).0, Answer::NotObserved);
        assert_eq!(answer(&code, &[seen(Kind::Error, "cudaMemcpy", None)]).0, Answer::Confirmed);
    }

    #[test]
    fn only_waits_beyond_the_documentation_confirm() {
        let free = fixture(&["free-while-in-flight"], &[]);
        let wait = seen(Kind::Blocked, "cudaStreamSynchronize", None);
        assert_eq!(answer(&free, std::slice::from_ref(&wait)).0, Answer::NotObserved);
        assert_eq!(answer(&free, &[wait, seen(Kind::Blocked, "cudaFree", None)]).0, Answer::Confirmed);
        let slow = fixture(&["pageable-async-copy"], &[]);
        assert_eq!(answer(&slow, &[seen(Kind::Blocked, "cudaFree", None)]).0, Answer::NotObserved);
        assert_eq!(answer(&slow, &[seen(Kind::Blocked, "cudaMemcpyAsync", None)]).0, Answer::Confirmed);
    }

    #[test]
    fn correct_programs_may_wait_and_nothing_else() {
        let free = fixture(&[], &["free-while-in-flight"]);
        assert_eq!(answer(&free, &[seen(Kind::Blocked, "cudaFree", None)]).0, Answer::Confirmed);
        let read = fixture(&[], &["host-read-before-sync"]);
        assert_eq!(answer(&read, &[]).0, Answer::Confirmed);
        assert_eq!(answer(&read, &[seen(Kind::Value, "output", None)]).0, Answer::Contradicted);
        let program = Compiled::Program(PathBuf::from("x"));
        let dead = answers(&read, &program, Some(End::Signal(11)), &[]).remove(0);
        assert_eq!(dead.answer, Answer::Contradicted);
        assert!(dead.remark.contains("SIGSEGV"), "{}", dead.remark);
    }

    #[test]
    fn a_program_that_finds_its_result_wrong_confirms() {
        let program = Compiled::Program(PathBuf::from("x"));
        let of = |fixture: &Fixture, end| answers(fixture, &program, Some(end), &[]).remove(0).answer;
        let size = fixture(&["copy-size-mismatch"], &[]);
        assert_eq!(of(&size, End::Exit(2)), Answer::Confirmed);
        assert_eq!(of(&size, End::Exit(0)), Answer::NotObserved);
        let size = fixture(&[], &["copy-size-mismatch"]);
        assert_eq!(of(&size, End::Exit(2)), Answer::Contradicted);
        assert_eq!(of(&size, End::Exit(0)), Answer::Confirmed);
    }

    #[test]
    fn a_program_that_handles_an_error_is_correct() {
        let program = Compiled::Program(PathBuf::from("x"));
        let of = |fixture: &Fixture, end| {
            let error = seen(Kind::Error, "cudaMalloc", Some(12));
            answers(fixture, &program, Some(end), &[error]).remove(0).answer
        };
        let unchecked = fixture(&["unchecked-cuda-call"], &[]);
        assert_eq!(of(&unchecked, End::Exit(1)), Answer::Confirmed);
        assert_eq!(of(&unchecked, End::Exit(0)), Answer::NotObserved);
        let checked = fixture(&[], &["unchecked-cuda-call"]);
        assert_eq!(of(&checked, End::Exit(0)), Answer::Confirmed);
        assert_eq!(of(&checked, End::Exit(1)), Answer::Contradicted);
    }

    #[test]
    fn what_was_not_run_is_not_claimed() {
        let mut read = fixture(&["host-read-before-sync"], &[]);
        read.no_link = Some("its buffers are declared only".into());
        let program = Compiled::Program(PathBuf::from("x"));
        let open = answers(&read, &program, None, &[]).remove(0);
        assert_eq!(open.answer, Answer::NotObserved);
        assert!(open.remark.contains("cannot be linked"), "{}", open.remark);
        let late = answers(&read, &program, Some(End::TimeOut), &[]).remove(0);
        assert_eq!(late.answer, Answer::Failed);
        let rejected = Compiled::Rejected("x".into());
        let correct = answers(&fixture(&[], &["host-read-before-sync"]), &rejected, None, &[]).remove(0);
        assert_eq!(correct.answer, Answer::Contradicted);
    }
}
