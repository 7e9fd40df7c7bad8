//! What other tools say about the same programs.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Body;

/// peers.toml: what other tools say about the same programs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// The tools.
    pub tools: Vec<Tool>,
    /// One entry for each program that was run, and one more where the meaning of stream 0 matters.
    pub programs: Vec<PeerProgram>,
}

/// A tool, and how it was run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name, a key of [`PeerProgram::tools`].
    pub name: String,
    /// The command.
    pub command: String,
    /// Its version.
    pub version: String,
}

/// A program before the tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerProgram {
    /// The program.
    pub file: String,
    /// True if stream 0 was compiled as the per-thread default stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_thread: bool,
    /// The rules that it breaks; none in a correct program.
    pub breaks: Vec<String>,
    /// The rules that cuda-lint reports.
    pub cuda_lint: Vec<String>,
    /// What each tool reports.
    pub tools: BTreeMap<String, Report>,
}

/// What a tool reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many errors; none if the tool came to no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The first of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first: String,
    /// Why it was not run: what it looks for has nowhere to be in this program.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub not_run: String,
}

impl Body for Peers {
    const FILE: &'static str = "peers.toml";

    fn inputs(&self, _: &Path) -> io::Result<BTreeSet<String>> {
        Ok(self.programs.iter().map(|program| program.file.clone()).collect())
    }

    fn tidy(&mut self) {
        self.tools.sort_by(|a, b| a.name.cmp(&b.name));
        self.programs.sort_by(|a, b| (&a.file, a.per_thread).cmp(&(&b.file, b.per_thread)));
    }
}

impl PeerProgram {
    /// True if any of the other tools reports something.
    pub fn is_reported(&self) -> bool {
        self.tools.keys().any(|tool| self.is_reported_by(tool))
    }

    /// True if a tool reports something.
    pub fn is_reported_by(&self, tool: &str) -> bool {
        self.tools.get(tool).is_some_and(|report| report.count.is_some_and(|count| count > 0))
    }

    /// True if cuda-lint reports every rule that it breaks.
    pub fn is_found(&self) -> bool {
        self.breaks.iter().all(|rule| self.cuda_lint.contains(rule))
    }
}
