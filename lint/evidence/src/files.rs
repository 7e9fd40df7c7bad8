//! The files: what each holds, how it is read and written.
//!
//! The order is that of places and names, and times are rounded, so that a new run changes few lines.

mod peers;
mod timeline;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use peers::{PeerProgram, Peers, Report, Tool};
pub use timeline::{Bar, BarKind, Timeline, Timelines};
pub use verdict::{Answer, Counts, Observation, Rules, Verdict};

use crate::{FOLDER, PROTOCOL, SCHEMA, hash};

/// One file of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File<T> {
    /// [`SCHEMA`] when it was written.
    pub schema: u32,
    /// [`PROTOCOL`] when it was measured.
    pub protocol: u32,
    /// The version of the harness.
    pub harness: String,
    /// The day of the run: `2026-01-31`.
    pub date: String,
    /// How long it took to measure everything.
    pub seconds: f64,
    /// How long the runs took that measured only what had changed since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changed_seconds: f64,
    /// On what was measured.
    pub device: Device,
    /// The SHA-256 of everything that was run, by path from the root of the repository.
    pub inputs: BTreeMap<String, String>,
    /// What was measured.
    #[serde(flatten)]
    pub body: T,
}

// The signature is what serde asks for.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_zero(seconds: &f64) -> bool {
    *seconds == 0.0
}

/// On what was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The GPU, as the driver names it.
    pub name: String,
    /// Its compute capability: `9.0`.
    pub compute_capability: String,
    /// The driver: `580.159`.
    pub driver: String,
    /// The version of CUDA that the driver offers.
    pub cuda: String,
    /// The version of NVRTC.
    pub nvrtc: String,
    /// The version of nvcc; empty if there was none.
    #[serde(default)]
    pub nvcc: String,
    /// The kernel of the host.
    pub kernel: String,
}

/// What a kind of file has in common with the others.
pub trait Body: Serialize + DeserializeOwned {
    /// The name of the file.
    const FILE: &'static str;

    /// What must have been run, as paths from the root.
    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>>;

    /// Brings the content into its order, and rounds times.
    fn tidy(&mut self);
}

/// Why a file of evidence cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// An input cannot be read.
    #[error("an input cannot be read: {0}")]
    Input(io::Error),
    /// It is no such file.
    #[error("{0} is not in the form that this version reads: {1}")]
    Form(PathBuf, Box<toml::de::Error>),
    /// It cannot be put into words.
    #[error("{0} cannot be written as TOML: {1}")]
    Write(PathBuf, toml::ser::Error),
}

impl<T: Body> File<T> {
    /// What was measured just now, with the hashes of what was run.
    pub fn new(
        root: &Path,
        harness: &str,
        date: &str,
        seconds: f64,
        device: Device,
        mut body: T,
    ) -> Result<Self, Error> {
        body.tidy();
        let files = body.inputs(root).map_err(Error::Input)?;
        Ok(Self {
            schema: SCHEMA,
            protocol: PROTOCOL,
            harness: harness.to_owned(),
            date: date.to_owned(),
            seconds: round(seconds, 1),
            changed_seconds: 0.0,
            device,
            inputs: hash::of_files(root, &files).map_err(Error::Input)?,
            body,
        })
    }

    /// The file from its text.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Reads the file of a repository.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(FOLDER).join(T::FILE);
        let text = fs::read_to_string(&path).map_err(|error| Error::Io(path.clone(), error))?;
        Self::parse(&text).map_err(|error| Error::Form(path, Box::new(error)))
    }

    /// The inputs that are what they were when this was measured. None of them if it was measured in another way,
    /// or if what is not a fixture is another: all that was run was run with that.
    pub fn unchanged(&self, root: &Path) -> BTreeSet<String> {
        let is_same = |(file, hash): &(&String, &String)| {
            hash::of_file(&root.join(file.as_str())).is_ok_and(|now| now == **hash)
        };
        let (same, changed): (Vec<_>, Vec<_>) = self.inputs.iter().partition(is_same);
        let is_fixture = |(file, _): &(&String, &String)| file.starts_with("fixtures/");
        match self.schema == SCHEMA && self.protocol == PROTOCOL && changed.iter().all(is_fixture) {
            true => same.into_iter().map(|(file, _)| file.clone()).collect(),
            false => BTreeSet::new(),
        }
    }

    /// The same, but that it was measured in part: what was kept had taken `seconds` for everything and
    /// `changed_seconds` for what changed before.
    pub fn in_part(self, seconds: f64, changed_seconds: f64) -> Self {
        let now = round(changed_seconds + self.seconds, 1);
        Self { seconds: round(seconds, 1), changed_seconds: now, ..self }
    }

    /// Writes the file into a folder, which is made if it is missing.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(T::FILE);
        let text = toml::to_string_pretty(self).map_err(|error| Error::Write(path.clone(), error))?;
        let text = format!("# Written by `cuda-lint-runtime evidence`, and only by it.\n{text}");
        fs::create_dir_all(folder).map_err(|error| Error::Io(folder.to_path_buf(), error))?;
        fs::write(&path, text).map_err(|error| Error::Io(path.clone(), error))?;
        Ok(path)
    }
}

/// programs.toml: each fixture, compiled and run as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Programs {
    /// One entry for each program, and one more where the meaning of stream 0 matters.
    pub programs: Vec<Program>,
}

/// What a fixture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A misuse: `<rule>/misuse*`.
    Misuse,
    /// A correction: `<rule>/correct.cu`, `seeds/*_correct.cu`.
    Correct,
    /// A correct program that looks like a misuse: `<rule>/near_*`.
    Near,
    /// An example of a seed file, as printed.
    Seed,
    /// A known wrong answer of the linter.
    Limit,
}

impl Role {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Misuse => "misuse",
            Self::Correct => "correct",
            Self::Near => "near miss",
            Self::Seed => "seed",
            Self::Limit => "known limit",
        }
    }
}

/// One fixture, run as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The program.
    pub file: String,
    /// What it is.
    pub role: Role,
    /// True if stream 0 was compiled as the per-thread default stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_thread: bool,
    /// Whether nvcc accepts and links it.
    pub compiles: bool,
    /// How it ended: `exit 0`, `SIGSEGV`; empty if it was not run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub end: String,
    /// What was seen: failing calls, touches of guarded memory, waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// What that says of each rule that the program breaks or keeps.
    #[serde(default)]
    pub answers: Vec<RuleAnswer>,
}

/// The C++ program that a fixture in Rust has beside it, if it has one: what is there in both languages is one
/// program to tools that know none of the two.
pub fn in_cpp(file: &str) -> Option<String> {
    file.strip_suffix(".rs").map(|stem| format!("{stem}.cu"))
}

/// What a program says of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleAnswer {
    /// The rule.
    pub rule: String,
    /// True if the program breaks it.
    pub broken: bool,
    /// What would show it.
    pub observation: Observation,
    /// The answer.
    pub answer: Answer,
    /// What there is to say in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl Program {
    /// The worst of its answers; none if no rule is asked about.
    pub fn answer(&self) -> Option<Answer> {
        let rank = |answer: &Answer| match answer {
            Answer::Confirmed => 0,
            Answer::NotObserved => 1,
            Answer::Failed => 2,
            Answer::Contradicted => 3,
        };
        self.answers.iter().map(|it| it.answer).max_by_key(rank)
    }

    /// The rule in whose folder it is; `seeds` and `limits` are folders too.
    pub fn folder(&self) -> &str {
        self.file.strip_prefix("fixtures/").and_then(|rest| rest.split('/').next()).unwrap_or("")
    }

    /// True if it says this of a rule that it breaks (`broken`) or keeps.
    pub fn says(&self, rule: &str, broken: bool, answer: Answer) -> bool {
        self.answers.iter().any(|it| it.rule == rule && it.broken == broken && it.answer == answer)
    }
}

impl Body for Programs {
    const FILE: &'static str = "programs.toml";

    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>> {
        whole_programs(root, false)
    }

    fn tidy(&mut self) {
        self.programs.sort_by(|a, b| (&a.file, a.per_thread).cmp(&(&b.file, b.per_thread)));
    }
}

/// The fixtures that need two GPUs, or that do not, and what watches them.
fn whole_programs(root: &Path, two_gpus: bool) -> io::Result<BTreeSet<String>> {
    let mut files = hash::fixtures(root, two_gpus)?;
    files.extend(hash::files(root, "runtime-check/src/programs", &["cpp", "cu", "h"])?);
    Ok(files)
}

/// two-gpus.toml: the fixtures of rules that need two GPUs ([`cuda_lint_engine::rules::TWO_GPUS`]), compiled and run on a machine that
/// has them. The file may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TwoGpus {
    /// As in [`Programs`].
    pub programs: Vec<Program>,
}

impl Body for TwoGpus {
    const FILE: &'static str = "two-gpus.toml";

    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>> {
        whole_programs(root, true)
    }

    fn tidy(&mut self) {
        self.programs.sort_by(|a, b| (&a.file, a.per_thread).cmp(&(&b.file, b.per_thread)));
    }
}

/// claims.toml: what documents say about CUDA, measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// One entry for each claim.
    pub claims: Vec<Claim>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name.
    pub id: String,
    /// Who claims it.
    pub source: String,
    /// What.
    pub claim: String,
    /// What would be measured if it held.
    pub expected: String,
    /// What was measured.
    pub measured: String,
    /// The answer.
    pub verdict: ClaimVerdict,
    /// The experiment; empty if it cannot be measured.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

/// Whether a claim is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerdict {
    /// It is.
    Holds,
    /// It is not.
    Refuted,
    /// Something else was measured than the claim or its opposite.
    Differs,
    /// Nothing can measure it.
    NotMeasurable,
}

impl ClaimVerdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Holds, Self::Refuted, Self::Differs, Self::NotMeasurable];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Refuted => "refuted",
            Self::Differs => "differs",
            Self::NotMeasurable => "not measurable",
        }
    }
}

impl Body for Claims {
    const FILE: &'static str = "claims.toml";

    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>> {
        hash::files(root, "fixtures/claims", &["cu", "cuh", "h", "toml"])
    }

    fn tidy(&mut self) {
        self.claims.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    }
}

/// litmus.toml: random traces, judged by the model and run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Litmus {
    /// Where the random traces start.
    pub seed: u64,
    /// How many were run.
    pub traces: u64,
    /// In how many of them the model finds no hazard.
    pub hazard_free: u64,
    /// Runs of traces, over all schedules.
    pub runs: u64,
    /// Traces a minute.
    pub traces_per_minute: u64,
    /// How often the GPU did what the model excludes.
    pub unpredicted: u64,
    /// Examples of that: the traces, minimised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Traces that say nothing: a call failed, or their process died.
    pub lost: u64,
    /// The predicted hazards.
    pub classes: Vec<Class>,
    /// Wrong models, and whether the GPU shows that they are.
    pub mutants: Vec<Mutant>,
}

/// Predicted hazards of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Which access reads and which writes: `write-then-read`.
    pub conflict: String,
    /// Where the memory lies: `pinned`.
    pub memory: String,
    /// Who makes the second access: `host`, `stream`, `release`.
    pub how: String,
    /// True for those that rest on a wait that nothing documents, and that this device makes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undocumented: bool,
    /// How many the model predicts.
    pub predicted: u64,
    /// How many of them no value could show: something overwrites it.
    pub masked: u64,
    /// How many a value could show.
    pub observable: u64,
    /// How many the GPU showed.
    pub shown: u64,
    /// Why there are some that it never showed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl Class {
    /// True if the GPU must show it: nothing that the device does of itself orders it, and the memory is not of
    /// a kind that drivers stage or reuse as they like.
    pub fn is_target(&self) -> bool {
        !self.undocumented && !["pageable", "stream-ordered"].contains(&self.memory.as_str())
    }
}

/// A wrong model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutant {
    /// What is wrong with it.
    pub name: String,
    /// Whether a run shows it.
    pub caught: bool,
    /// Which.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

impl Litmus {
    /// The sum over the classes.
    pub fn total(&self, of: impl Fn(&Class) -> u64) -> u64 {
        self.classes.iter().map(of).sum()
    }

    /// Of the hazards that the GPU must show: how many it could show, and how many it did.
    pub fn target(&self) -> (u64, u64) {
        let classes = || self.classes.iter().filter(|class| class.is_target());
        (classes().map(|class| class.observable).sum(), classes().map(|class| class.shown).sum())
    }
}

impl Body for Litmus {
    const FILE: &'static str = "litmus.toml";

    /// The kernels, and the model: another model is another experiment.
    fn inputs(&self, root: &Path) -> io::Result<BTreeSet<String>> {
        let mut files = hash::files(root, "kernels", &["cu"])?;
        files.extend(hash::files(root, "lint/engine/src/trace/judge", &["rs"])?);
        files.retain(|file| !file.ends_with("/tests.rs"));
        for file in ["lint/engine/src/trace/judge.rs", "lint/engine/src/order/happens_before.rs"] {
            files.insert(file.to_owned());
        }
        Ok(files)
    }

    fn tidy(&mut self) {
        self.classes.sort_by(|a, b| {
            let key = |it: &Class| (it.undocumented, it.conflict.clone(), it.memory.clone(), it.how.clone());
            key(a).cmp(&key(b))
        });
        self.mutants.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples;

    fn round_trip<T: Body + PartialEq + std::fmt::Debug>(root: &Path) -> String {
        let file = File::<T>::read(root).unwrap();
        let out = tempfile::tempdir().unwrap();
        let path = file.write(out.path()).unwrap();
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(File::<T>::parse(&text).unwrap(), file);
        assert_eq!(fs::read_to_string(root.join(FOLDER).join(T::FILE)).unwrap(), text, "unstable");
        text
    }

    #[test]
    fn what_is_written_is_read() {
        let root = samples::repository();
        let rules = round_trip::<Rules>(root.path());
        assert!(rules.starts_with("# Written by"), "{rules}");
        assert!(rules.contains("host_ms = 0.02\n"), "times are rounded: {rules}");
        assert!(rules.contains("\nh = pinned 4 @ "), "a trace is readable: {rules}");
        assert!(rules.contains("s | work between | 6 | 0.043 .. 0.061 | copy h ← d"), "{rules}");
        round_trip::<Programs>(root.path());
        round_trip::<Claims>(root.path());
        round_trip::<Litmus>(root.path());
        round_trip::<Peers>(root.path());
    }

    #[test]
    fn one_timeline_of_a_rule_is_kept() {
        let root = samples::repository();
        let mut rules = File::<Rules>::read(root.path()).unwrap().body;
        let plainest = rules.plainest("host-read-before-sync").unwrap().clone();
        assert!(plainest.timelines.is_some());
        let other = Verdict { file: "fixtures/host-read-before-sync/misuse_two.cu".to_owned(), ..plainest };
        rules.rules.push(other);
        rules.tidy();
        let kept: Vec<&str> =
            rules.rules.iter().filter(|it| it.timelines.is_some()).map(|it| it.file.as_str()).collect();
        assert_eq!(kept, ["fixtures/host-read-before-sync/misuse.cu"]);
    }

    #[test]
    fn what_cannot_be_read_says_which_file() {
        let root = tempfile::tempdir().unwrap();
        let error = File::<Rules>::read(root.path()).unwrap_err().to_string();
        assert!(error.contains("rules.toml"), "{error}");
        fs::create_dir_all(root.path().join(FOLDER)).unwrap();
        fs::write(root.path().join(FOLDER).join("litmus.toml"), "seed = 1\n").unwrap();
        let error = File::<Litmus>::read(root.path()).unwrap_err().to_string();
        assert!(error.contains("litmus.toml") && error.contains("missing field"), "{error}");
    }
}
