//! What the GPU answers to a witness: rules.toml, and what the harness hands on before it is written.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use cuda_lint_engine::rules::Witness;
use serde::{Deserialize, Serialize};

use super::{Body, Timeline, Timelines, round};
use crate::hash;

/// The answer of the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The misuse shows, and the correct twin shows nothing.
    Confirmed,
    /// The misuse did not show.
    NotObserved,
    /// The twin shows it too, or the GPU does what the model excludes.
    Contradicted,
    /// The experiment could not be made.
    Failed,
}

impl Answer {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotObserved => "not observed",
            Self::Contradicted => "contradicted",
            Self::Failed => "failed",
        }
    }
}

/// What a GPU can show of a misuse; the names are those of [`cuda_lint_engine::rules::Witness`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "see `Witness`")]
pub enum Observation {
    WrongValue,
    Fault,
    ReturnCode,
    ReliedOnWait,
    SlowerRatio,
    Hang,
    CompileError,
    ProgramFails,
    WrongResult,
    ProgramWaits,
}

impl Observation {
    /// What a rule declares.
    pub const fn of(witness: Witness) -> Self {
        match witness {
            Witness::WrongValue => Self::WrongValue,
            Witness::Fault => Self::Fault,
            Witness::ReturnCode => Self::ReturnCode,
            Witness::ReliedOnWait => Self::ReliedOnWait,
            Witness::SlowerRatio => Self::SlowerRatio,
            Witness::Hang => Self::Hang,
            Witness::CompileError => Self::CompileError,
            Witness::ProgramFails => Self::ProgramFails,
            Witness::WrongResult => Self::WrongResult,
            Witness::ProgramWaits => Self::ProgramWaits,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongValue => "wrong value",
            Self::Fault => "fault",
            Self::ReturnCode => "return code",
            Self::ReliedOnWait => "relied-on wait",
            Self::SlowerRatio => "slower",
            Self::Hang => "hang",
            Self::CompileError => "compile error",
            Self::ProgramFails => "the program fails",
            Self::WrongResult => "a wrong result",
            Self::ProgramWaits => "the program relies on a wait",
        }
    }
}

/// rules.toml: the witness of each diagnostic of the fixtures, replayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// One entry for each diagnostic.
    pub rules: Vec<Verdict>,
}

/// The answer to one witness: the trace with the misuse, and its repaired twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule.
    pub rule: String,
    /// Where the diagnostic stands.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// What would confirm it.
    pub observation: Observation,
    /// The answer.
    pub answer: Answer,
    /// What there is to say in words: why it was not observed, or what contradicts it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The SHA-256 of the trace's text.
    pub trace: String,
    /// The trace's text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub witness: String,
    /// What the misuse showed.
    pub misuse: Counts,
    /// What the repaired twin showed.
    pub twin: Counts,
    /// For a wait that is relied on: the variant that does not wait (pinned instead of pageable memory,
    /// stream-ordered instead of cudaMalloc).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Counts>,
    /// The diagnostic whose trace was run for this one, `file:line`: it differs in names and places only. Empty for
    /// a trace that was run itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub same_as: String,
    /// When everything happened in one run of each; the file keeps those of the plainest misuse of each rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timelines: Option<Timelines>,
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

impl Counts {
    fn tidy(&mut self) {
        for time in [&mut self.host_ms, &mut self.held_ms].into_iter().flatten() {
            *time = round(*time, 2);
        }
        self.codes.sort_unstable();
        self.codes.dedup();
    }
}

impl Rules {
    /// The plainest misuse of a rule: what is shown of it where there is room for one.
    pub fn plainest(&self, rule: &str) -> Option<&Verdict> {
        let verdicts = self.rules.iter().filter(|it| it.rule == rule);
        let folder = format!("fixtures/{rule}/misuse.");
        verdicts.min_by_key(|it| {
            (!it.file.starts_with(&folder), it.answer != Answer::Confirmed, it.file.as_str(), it.line)
        })
    }
}

impl Body for Rules {
    const FILE: &'static str = "rules.toml";

    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>> {
        let mut files = hash::files(root, "kernels", &["cu"])?;
        files.extend(self.rules.iter().map(|verdict| verdict.file.clone()));
        Ok(files)
    }

    fn tidy(&mut self) {
        for verdict in &mut self.rules {
            verdict.misuse.tidy();
            verdict.twin.tidy();
            if let Some(variant) = &mut verdict.variant {
                variant.tidy();
            }
            if let Some(Timelines { misuse, twin }) = &mut verdict.timelines {
                misuse.iter_mut().chain(twin).for_each(Timeline::tidy);
            }
        }
        self.rules
            .sort_by(|a, b| (&a.file, a.line, &a.rule, &a.trace).cmp(&(&b.file, b.line, &b.rule, &b.trace)));
        let is_plainest = |it: &Verdict| self.plainest(&it.rule).is_some_and(|first| std::ptr::eq(first, it));
        let kept: Vec<bool> = self.rules.iter().map(is_plainest).collect();
        for (verdict, kept) in self.rules.iter_mut().zip(kept) {
            verdict.timelines = verdict.timelines.take().filter(|_| kept);
        }
    }
}
