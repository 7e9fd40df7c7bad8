//! From what the producers say to what the files hold.

use cuda_lint_evidence as file;

use crate::replay::verdict::{Answer, Counts, Observation, Verdict};

/// The entry for a verdict; `witness` is the text of its trace.
pub fn verdict(from: Verdict, witness: String) -> file::Verdict {
    file::Verdict {
        rule: from.rule,
        file: from.file,
        line: from.line,
        observation: observation(from.observation),
        answer: answer(from.answer),
        remark: from.remark,
        trace: from.trace,
        witness,
        misuse: counts(from.misuse),
        twin: counts(from.twin),
        variant: from.variant.map(counts),
    }
}

/// The same answer.
pub fn answer(from: Answer) -> file::Answer {
    match from {
        Answer::Confirmed => file::Answer::Confirmed,
        Answer::NotObserved => file::Answer::NotObserved,
        Answer::Contradicted => file::Answer::Contradicted,
        Answer::Failed => file::Answer::Failed,
    }
}

/// The same observation.
pub fn observation(from: Observation) -> file::Observation {
    match from {
        Observation::WrongValue => file::Observation::WrongValue,
        Observation::Fault => file::Observation::Fault,
        Observation::ReturnCode => file::Observation::ReturnCode,
        Observation::ReliedOnWait => file::Observation::ReliedOnWait,
        Observation::SlowerRatio => file::Observation::SlowerRatio,
        Observation::CompileError => file::Observation::CompileError,
    }
}

fn counts(from: Counts) -> file::Counts {
    let Counts { trials, hits, codes, host_ms, held_ms, example } = from;
    file::Counts { trials, hits, codes, host_ms, held_ms, example }
}
