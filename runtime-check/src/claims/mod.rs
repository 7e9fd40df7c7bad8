//! `claims`: every factual claim of the seed documents, and what the model takes for granted about waits, order
//! and errors, measured one by one. The experiments are `fixtures/claims/*.cu`; each claim runs in a process of
//! its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cuda_lint_evidence::{ClaimVerdict as Verdict, sha256};
use serde::{Deserialize, Serialize};

use crate::platform::{self, Error};
use crate::profile;
use crate::programs::process::{self, End, Finished, parallel};
use crate::programs::toolchain::{Compiled, Toolchain};
use crate::programs::{directive, progress, quiet, table};

/// How long one experiment may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How many experiments run at a time, of those that allow company.
const WIDTH: usize = 4;
/// Where the experiments are.
const FOLDER: &str = "fixtures/claims";

/// All claims with what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The compiler.
    pub nvcc: String,
    /// The sources with their SHA-256.
    pub inputs: Vec<Input>,
    /// The claims, in the order of their ids.
    pub claims: Vec<Claim>,
    /// How long it took.
    pub seconds: f64,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The path below the root.
    pub path: String,
    /// The SHA-256 of its text.
    pub sha256: String,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id: `000-9` is the ninth of seed 000, `s4-…` stands in section 4 of the semantics, `model-…` is what a rule
    /// takes for granted.
    pub id: String,
    /// Who says so.
    pub source: String,
    /// What is claimed.
    pub claim: String,
    /// What is expected to be measured.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// What was measured, or why nothing can be.
    pub measured: String,
    /// What that says of the claim.
    pub verdict: Verdict,
    /// The file of the experiment, below the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

/// A claim as its program lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Listed {
    id: String,
    source: String,
    claim: String,
    expected: String,
    expected_verdict: Verdict,
    alone: bool,
}

/// What an experiment adds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Measured {
    id: String,
    measured: String,
    verdict: Verdict,
}

/// A claim without an experiment, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unmeasured {
    id: String,
    source: String,
    claim: String,
    reason: String,
}

#[derive(Deserialize)]
struct UnmeasuredFile {
    claim: Vec<Unmeasured>,
}

struct Experiment {
    file: String,
    program: PathBuf,
    listed: Listed,
}

/// Compiles and runs all experiments.
pub fn run(root: &Path) -> Result<Report, Error> {
    let start = Instant::now();
    let toolchain = Toolchain::find(root)?;
    // Without a GPU every program would fail, and that says nothing.
    platform::init_driver()?;
    let inputs = inputs(root)?;
    let sources: Vec<&Input> = sources(&inputs);
    let bar = progress("compiling", sources.len());
    let build =
        |source: &&Input| profile::time("compile", &source.path, || compile(root, &toolchain, source));
    let compiled = parallel(&sources, sources.len(), build, || bar.inc(1));
    bar.finish_and_clear();
    let mut experiments = Vec::new();
    for (source, compiled) in sources.iter().zip(compiled) {
        let program = compiled?;
        let finished = start_program(&program, None)?;
        for listed in parse_list(&finished.stdout)? {
            experiments.push(Experiment { file: source.path.clone(), program: program.clone(), listed });
        }
    }
    let bar = progress("measuring", experiments.len());
    let (alone, together): (Vec<_>, Vec<_>) = experiments.iter().partition(|one| one.listed.alone);
    let measure = |one: &&Experiment| {
        let stage = if one.listed.alone { "measure, alone" } else { "measure" };
        profile::time(stage, &one.listed.id, || start_program(&one.program, Some(&one.listed.id)))
    };
    let mut claims = Vec::new();
    for (group, width) in [(together, WIDTH), (alone, 1)] {
        for (one, finished) in group.iter().zip(parallel(&group, width, measure, || bar.inc(1))) {
            claims.push(claim(&one.file, &one.listed, &finished?));
        }
    }
    bar.finish_and_clear();
    claims.extend(unmeasured(&read(&root.join(FOLDER).join("unmeasured.toml"))?)?);
    claims.sort_by(|one, two| one.id.cmp(&two.id));
    Ok(Report { nvcc: toolchain.version, inputs, claims, seconds: start.elapsed().as_secs_f64() })
}

/// Compiles the experiments beside something else; [`run`] then finds what was made.
pub fn compile_early(root: &Path) -> Result<(), Error> {
    let toolchain = Toolchain::find(root)?;
    let inputs = inputs(root)?;
    parallel(&sources(&inputs), WIDTH, |source| compile(root, &toolchain, source), || ());
    Ok(())
}

fn sources(inputs: &[Input]) -> Vec<&Input> {
    inputs.iter().filter(|input| input.path.ends_with(".cu")).collect()
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| {
        Error::Unexpected(format!(
            "{}: {error}; run this in the repository's root, or name it with --root",
            path.display()
        ))
    })
}

/// The files that the claims rest on, in the order of their names.
fn inputs(root: &Path) -> Result<Vec<Input>, Error> {
    let folder = root.join(FOLDER);
    let failed = |error: std::io::Error| {
        Error::Unexpected(format!(
            "{}: {error}; run this in the repository's root, or name it with --root",
            folder.display()
        ))
    };
    let mut inputs = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        inputs.push(Input { path: format!("{FOLDER}/{name}"), sha256: sha256(read(&path)?.as_bytes()) });
    }
    inputs.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(inputs)
}

fn compile(root: &Path, toolchain: &Toolchain, source: &Input) -> Result<PathBuf, Error> {
    let per_thread = directive(&read(&root.join(&source.path))?, "per-thread").is_some();
    let mut arguments = vec!["-std=c++17", "-O1", toolchain.code()];
    if per_thread {
        arguments.extend(["--default-stream", "per-thread"]);
    }
    match toolchain.make(root, &source.path, &arguments, "claims")? {
        Compiled::Program(path) => Ok(path),
        Compiled::Rejected(why) => {
            Err(Error::Unexpected(format!("{} does not compile with nvcc: {why}", source.path)))
        }
    }
}

fn start_program(program: &Path, id: Option<&str>) -> Result<Finished, Error> {
    process::run(quiet(&program.into()).args(id), LIMIT)
        .map_err(|error| Error::Unexpected(format!("{}: {error}", program.display())))
}

fn parse_list(text: &str) -> Result<Vec<Listed>, Error> {
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| {
                Error::Unexpected(format!("a list of claims has the line `{line}`: {error}"))
            })
        })
        .collect()
}

/// What became of an experiment. One that died or hung measured something else than it knows.
fn claim(file: &str, listed: &Listed, finished: &Finished) -> Claim {
    let measured = finished
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Measured>(line).ok())
        .find(|measured| measured.id == listed.id && finished.end == End::Exit(0));
    let (measured, verdict) = match measured {
        Some(measured) => (measured.measured, measured.verdict),
        None => {
            let why = finished.stderr.lines().last().map(|line| format!(": {line}")).unwrap_or_default();
            (format!("no result: {}{why}", finished.end.text()), Verdict::Differs)
        }
    };
    Claim {
        id: listed.id.clone(),
        source: listed.source.clone(),
        claim: listed.claim.clone(),
        expected: format!("{}: {}", listed.expected_verdict.name(), listed.expected),
        measured,
        verdict,
        file: file.to_owned(),
    }
}

fn unmeasured(text: &str) -> Result<Vec<Claim>, Error> {
    let file: UnmeasuredFile = toml::from_str(text)
        .map_err(|error| Error::Unexpected(format!("{FOLDER}/unmeasured.toml: {error}")))?;
    let claim = |one: Unmeasured| Claim {
        id: one.id,
        source: one.source,
        claim: one.claim,
        expected: String::new(),
        measured: one.reason,
        verdict: Verdict::NotMeasurable,
        file: String::new(),
    };
    Ok(file.claim.into_iter().map(claim).collect())
}

/// The table, and the counts.
pub fn table(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .claims
        .iter()
        .map(|one| {
            vec![
                one.id.clone(),
                one.claim.clone(),
                one.source.clone(),
                one.verdict.name().to_owned(),
                one.measured.clone(),
            ]
        })
        .collect();
    let mut text = table::render(&["id", "claim", "source", "verdict", "measured"], &rows);
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|which| (which, report.claims.iter().filter(|one| one.verdict == which).count()))
        .map(|(which, count)| format!("{} {count}", which.name()))
        .collect();
    text.push_str(&format!("{} claims: {}; {:.0} s", report.claims.len(), counts.join(", "), report.seconds));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LINE: &str = r#"{"id":"000-9","source":"seed 000 L47","claim":"c","expected":"e","expected_verdict":"refuted","alone":false"#;

    fn finished(end: End, stdout: &str) -> Finished {
        Finished { end, stdout: stdout.into(), stderr: "a\nlast words\n".into(), took: Duration::ZERO }
    }

    #[test]
    fn a_result_is_read() {
        let listed = parse_list(&format!("{LINE}}}\n")).unwrap().remove(0);
        assert_eq!(listed.expected_verdict, Verdict::Refuted);
        let stdout = format!("noise\n{LINE},\"measured\":\"SIGSEGV\",\"verdict\":\"refuted\"}}\n");
        let claim = claim("fixtures/claims/errors.cu", &listed, &finished(End::Exit(0), &stdout));
        assert_eq!((claim.measured.as_str(), claim.verdict), ("SIGSEGV", Verdict::Refuted));
        assert_eq!(claim.expected, "refuted: e");
        assert!(parse_list("nonsense\n").is_err());
    }

    #[test]
    fn death_is_no_answer() {
        let listed = parse_list(&format!("{LINE}}}\n")).unwrap().remove(0);
        let stdout = format!("{LINE},\"measured\":\"x\",\"verdict\":\"holds\"}}\n");
        for (end, text) in
            [(End::Signal(11), "SIGSEGV"), (End::TimeOut, "no end in time"), (End::Exit(3), "exit 3")]
        {
            let claim = claim("f", &listed, &finished(end, &stdout));
            assert_eq!(claim.verdict, Verdict::Differs);
            assert!(claim.measured.contains(text) && claim.measured.contains("last words"), "{claim:?}");
        }
    }

    /// How many claims each seed document makes.
    const SEED_CLAIMS: [(&str, u32); 5] = [("000", 14), ("001", 14), ("002", 10), ("003", 15), ("004", 12)];

    #[test]
    fn every_claim_of_the_seeds_has_one_experiment_or_a_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        for input in inputs(&root).unwrap() {
            let text = read(&root.join(&input.path)).unwrap();
            // `CLAIM(name, verdict, "id", …`
            let uses = ["CLAIM(", "CLAIM_ALONE(", "ALSO("].map(|mark| text.split(mark).skip(1));
            for part in uses.into_iter().flatten().filter(|_| input.path.ends_with(".cu")) {
                let id = part.split(", ").nth(2).and_then(|id| id.strip_prefix('"')?.strip_suffix('"'));
                *found.entry(id.unwrap_or(part).to_owned()).or_default() += 1;
            }
        }
        for claim in unmeasured(&read(&root.join(FOLDER).join("unmeasured.toml")).unwrap()).unwrap() {
            *found.entry(claim.id).or_default() += 1;
            assert!(!claim.measured.is_empty());
        }
        for (seed, count) in SEED_CLAIMS {
            for number in 1..=count {
                assert_eq!(found.remove(&format!("{seed}-{number}")), Some(1), "{seed}-{number}");
            }
        }
        assert!(found.keys().all(|id| id.starts_with('s') || id.starts_with("model-")), "{found:?}");
        assert!(found.values().all(|count| *count == 1), "{found:?}");
        assert!(found.len() > 50, "{}", found.len());
    }

    #[test]
    fn the_table_counts_verdicts() {
        let one = Claim {
            id: "000-9".into(),
            source: "seed".into(),
            claim: "c".into(),
            expected: String::new(),
            measured: "SIGSEGV".into(),
            verdict: Verdict::Refuted,
            file: "f".into(),
        };
        let report = Report { nvcc: "x".into(), inputs: Vec::new(), claims: vec![one], seconds: 1.0 };
        let text = table(&report);
        assert!(text.contains("000-9  c      seed    refuted  SIGSEGV"), "{text}");
        assert!(text.contains("1 claims: holds 0, refuted 1, differs 0, not measurable 0"), "{text}");
    }
}
