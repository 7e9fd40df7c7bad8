//! The answer of the GPU to one witness.

use cuda_lint_engine::rules::Witness;
use serde::{Deserialize, Serialize};

/// The answer to one witness: the trace with the misuse, and its repaired twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule.
    pub rule: String,
    /// Where the diagnostic stands, as the report has it.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The SHA-256 of the trace's text form.
    pub trace: String,
    /// What would confirm it.
    pub observation: Observation,
    /// The answer.
    pub answer: Answer,
    /// What the misuse showed.
    pub misuse: Counts,
    /// What the repaired twin showed.
    pub twin: Counts,
    /// For a wait that is relied on: the variant that does not wait (pinned instead of pageable memory,
    /// stream-ordered instead of cudaMalloc).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Counts>,
    /// What there is to say in words: why it was not observed, or what contradicts it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// What a GPU can show of a misuse. The names are those of `cuda_lint_engine::rules::Witness`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "see `Witness`")]
pub enum Observation {
    WrongValue,
    Fault,
    ReturnCode,
    ReliedOnWait,
    SlowerRatio,
    CompileError,
}

impl Observation {
    /// True if it is what a rule declares.
    pub const fn is(self, witness: Witness) -> bool {
        matches!(
            (self, witness),
            (Self::WrongValue, Witness::WrongValue)
                | (Self::Fault, Witness::Fault)
                | (Self::ReturnCode, Witness::ReturnCode)
                | (Self::ReliedOnWait, Witness::ReliedOnWait)
                | (Self::SlowerRatio, Witness::SlowerRatio)
                | (Self::CompileError, Witness::CompileError)
        )
    }
}

/// What the GPU answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The misuse shows, and the repaired twin shows nothing.
    Confirmed,
    /// The misuse did not show.
    NotObserved,
    /// The twin shows it too, or the GPU does what the model excludes.
    Contradicted,
    /// The experiment could not be made.
    Failed,
}

/// Trials of one trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// How often it ran.
    pub trials: u32,
    /// How often the observation was made.
    pub hits: u32,
    /// The return codes of the step in question that are not 0, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<i32>,
    /// How long the host was inside the step in question, in milliseconds: the median of the trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_ms: Option<f64>,
    /// For how long the stream was held, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<f64>,
    /// What was read where it was wrong, and what would have been right: one example.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub example: String,
}
