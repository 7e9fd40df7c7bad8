//! Whether the evidence is there, fresh, and says what it must.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use cuda_lint_engine::rules::{self, TWO_GPUS, Witness};

use crate::{
    Answer, Body, Claim, Claims, Device, FOLDER, File, Litmus, PROTOCOL, Peers, Program, Programs, Role,
    Rules, SCHEMA, TwoGpus, Verdict, hash, in_cpp,
};

/// How many random traces are enough.
pub const LITMUS_TRACES: u64 = 10_000;

/// The share of the hazards that can be seen which must have been seen.
pub const LITMUS_SHOWN: f64 = 0.95;

/// What a rule asks of the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// Its name.
    pub name: &'static str,
    /// What confirms it.
    pub by: By,
    /// The hardware without which it cannot be confirmed, if that is more than one NVIDIA GPU.
    pub needs: Option<&'static str>,
}

/// What confirms a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The replay of a trace.
    Replay,
    /// A program that is run.
    Program,
    /// A compiler.
    Compiler,
}

impl RuleSpec {
    /// What a rule of the catalogue asks.
    pub fn of(rule: &rules::Rule) -> Self {
        let by = match rule.witness {
            Witness::CompileError => By::Compiler,
            Witness::ProgramFails | Witness::WrongResult | Witness::ProgramWaits => By::Program,
            _ => By::Replay,
        };
        Self { name: rule.name, by, needs: rule.needs }
    }
}

/// The rules of the catalogue.
pub fn catalogue() -> Vec<RuleSpec> {
    rules::catalogue().iter().map(|rule| RuleSpec::of(rule)).collect()
}

/// A diagnostic that the linter reports today, with its witness.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Current {
    /// The rule.
    pub rule: String,
    /// Where the diagnostic stands.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The SHA-256 of the trace's text; empty if the diagnostic has no witness.
    pub trace: String,
}

/// What both modes of the default stream report: of the second mode only what the first does not have, since a
/// witness need not be replayed twice.
pub fn both_modes<T>(
    mut legacy: Vec<T>,
    per_thread: Vec<T>,
    key: impl Fn(&T) -> (String, String, u32),
) -> Vec<T> {
    let known: BTreeSet<_> = legacy.iter().map(&key).collect();
    legacy.extend(per_thread.into_iter().filter(|it| !known.contains(&key(it))));
    legacy
}

/// Something that is missing or stale.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where: the file of evidence, or the document.
    pub file: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// All files.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Diagnostics, replayed.
    pub rules: File<Rules>,
    /// Fixtures, run as they are.
    pub programs: File<Programs>,
    /// Claims, measured.
    pub claims: File<Claims>,
    /// Random traces.
    pub litmus: File<Litmus>,
    /// Other tools.
    pub peers: File<Peers>,
    /// Fixtures that need two GPUs, run on another machine; not there where nobody had one.
    pub two_gpus: Option<File<TwoGpus>>,
}

impl Evidence {
    /// Reads the evidence of a repository; names every file that cannot be had.
    pub fn read(root: &Path) -> Result<Self, Vec<Problem>> {
        fn one<T: Body>(root: &Path, problems: &mut Vec<Problem>) -> Option<File<T>> {
            let file = File::read(root);
            file.map_err(|error| problems.push(problem::<T>(format!("cannot be read: {error}")))).ok()
        }
        let mut problems = Vec::new();
        let files = (
            one(root, &mut problems),
            one(root, &mut problems),
            one(root, &mut problems),
            one(root, &mut problems),
            one(root, &mut problems),
        );
        let two_gpus: Option<File<TwoGpus>> = match root.join(FOLDER).join(TwoGpus::FILE).exists() {
            true => one(root, &mut problems),
            false => None,
        };
        match files {
            (Some(rules), Some(programs), Some(claims), Some(litmus), Some(peers)) if problems.is_empty() => {
                Ok(Self { rules, programs, claims, litmus, peers, two_gpus })
            }
            _ => Err(problems),
        }
    }
}

/// Everything that is missing or stale in the evidence of a repository. `current` is what the linter reports
/// for the fixtures today; without it, changed witnesses are not noticed.
pub fn check(root: &Path, rules: &[RuleSpec], current: Option<&[Current]>) -> Vec<Problem> {
    match Evidence::read(root) {
        Ok(evidence) => problems(root, &evidence, rules, current),
        Err(problems) => problems,
    }
}

/// [`check`], of evidence that was read.
pub fn problems(
    root: &Path,
    evidence: &Evidence,
    rules: &[RuleSpec],
    current: Option<&[Current]>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    let device = &evidence.rules.device;
    header(root, &evidence.rules, device, &mut found);
    header(root, &evidence.programs, device, &mut found);
    header(root, &evidence.claims, device, &mut found);
    header(root, &evidence.litmus, device, &mut found);
    header(root, &evidence.peers, device, &mut found);
    rules_have_evidence(rules, &evidence.rules.body, &evidence.programs.body, &mut found);
    let verdicts = &evidence.rules.body.rules;
    found.extend(verdicts.iter().filter_map(|it| wrong_verdict(it, verdicts)).map(problem::<Rules>));
    if let Some(current) = current {
        same_witnesses(rules, &evidence.rules.body, current, &mut found);
    }
    programs::<Programs>(root, false, &evidence.programs.body.programs, &mut found);
    if let Some(file) = &evidence.two_gpus {
        let run = &file.body.programs;
        header(root, file, &file.device, &mut found);
        for rule in rules.iter().filter(|rule| rule.needs == Some(TWO_GPUS)) {
            found.extend(not_shown(rule, run).map(problem::<TwoGpus>));
        }
        programs::<TwoGpus>(root, true, run, &mut found);
    }
    claims(&evidence.claims.body.claims, &mut found);
    litmus(&evidence.litmus.body, &mut found);
    peers(&evidence.programs.body, &evidence.peers.body, &mut found);
    found
}

fn problem<T: Body>(what: impl Into<String>) -> Problem {
    Problem { file: T::FILE.to_owned(), what: what.into() }
}

/// Schema, protocol, device and inputs.
fn header<T: Body>(root: &Path, file: &File<T>, device: &Device, found: &mut Vec<Problem>) {
    let mut add = |what: String| found.push(problem::<T>(what));
    if file.schema != SCHEMA {
        add(format!("it has schema {}, this version writes {SCHEMA}", file.schema));
    }
    if file.protocol != PROTOCOL {
        add(format!("it was measured by protocol {}, today's is {PROTOCOL}", file.protocol));
    }
    if file.device != *device {
        add(format!("it is of another machine ({}) than rules.toml ({})", file.device.name, device.name));
    }
    let wanted = match file.body.inputs(root) {
        Ok(wanted) => wanted,
        Err(error) => return add(format!("its inputs cannot be listed: {error}")),
    };
    for input in &wanted {
        match (file.inputs.get(input), hash::of_file(&root.join(input))) {
            (_, Err(error)) => add(format!("{input} was measured and cannot be read: {error}")),
            (None, Ok(_)) => add(format!("{input} was not measured")),
            (Some(then), Ok(now)) if *then != now => add(format!("{input} has changed since")),
            (Some(_), Ok(_)) => {}
        }
    }
    for input in file.inputs.keys().filter(|input| !wanted.contains(*input)) {
        add(format!("{input} was measured and is no input any more"));
    }
}

/// Every rule that this hardware can confirm is confirmed.
fn rules_have_evidence(rules: &[RuleSpec], replayed: &Rules, run: &Programs, found: &mut Vec<Problem>) {
    for rule in rules.iter().filter(|rule| rule.needs.is_none()) {
        let name = rule.name;
        if rule.by != By::Replay {
            found.extend(not_shown(rule, &run.programs).map(problem::<Programs>));
        } else {
            let plainest = format!("fixtures/{name}/misuse.");
            let mut plainest =
                replayed.rules.iter().filter(|it| it.rule == name && it.file.starts_with(&plainest));
            if !plainest.any(|verdict| verdict.answer == Answer::Confirmed) {
                found.push(problem::<Rules>(format!("rule {name}: its plainest misuse is not confirmed")));
            }
        }
    }
}

/// What whole programs do not show of a rule: that a misuse fails, and that a correct program does not.
fn not_shown(rule: &RuleSpec, run: &[Program]) -> impl Iterator<Item = String> {
    let by_compiler = rule.by == By::Compiler;
    let any = |role: Role, broken: bool| {
        let compiles = !(broken && by_compiler);
        let mut programs = run.iter().filter(|program| program.role == role);
        programs.any(|it| it.compiles == compiles && it.says(rule.name, broken, Answer::Confirmed))
    };
    let (misuse, correct) = match by_compiler {
        true => ("no misuse that does not compile", "no correct program that compiles"),
        false => ("no misuse that fails", "no correct program that does not fail"),
    };
    let missing = [(any(Role::Misuse, true), misuse), (any(Role::Correct, false), correct)];
    let name = rule.name;
    missing.into_iter().filter(|(shown, _)| !shown).map(move |(_, what)| format!("rule {name}: {what}"))
}

/// What is wrong with the answer to one witness. A known false alarm may have any; of the hazards of one witness,
/// it is enough that one shows.
fn wrong_verdict(verdict: &Verdict, all: &[Verdict]) -> Option<String> {
    if is_limit(&verdict.file) {
        return None;
    }
    let Verdict { misuse, twin, .. } = verdict;
    let place = |it: &Verdict| (it.rule.clone(), it.file.clone(), it.line);
    let shown = || all.iter().any(|it| place(it) == place(verdict) && it.answer == Answer::Confirmed);
    let why = match verdict.answer {
        Answer::Confirmed if misuse.hits == 0 => "confirmed without a single hit".to_owned(),
        Answer::Confirmed if twin.trials == 0 => "confirmed, but its correct twin did not run".to_owned(),
        Answer::Confirmed if twin.hits > 0 => format!("confirmed, but its twin shows it {} times", twin.hits),
        Answer::Confirmed => return None,
        Answer::NotObserved if shown() => return None,
        Answer::NotObserved if verdict.file.starts_with("fixtures/seeds/") => {
            "not observed, in a seed".to_owned()
        }
        Answer::NotObserved if verdict.remark.is_empty() => "not observed, without a reason".to_owned(),
        Answer::NotObserved => return None,
        Answer::Contradicted | Answer::Failed => format!("{}: {}", verdict.answer.name(), verdict.remark),
    };
    Some(format!("{}:{}: {}: {why}", verdict.file, verdict.line, verdict.rule))
}

/// What the linter reports is what was measured, with the same witnesses.
fn same_witnesses(rules: &[RuleSpec], replayed: &Rules, current: &[Current], found: &mut Vec<Problem>) {
    let to_replay = |rule: &str, file: &str| {
        let spec = rules.iter().find(|spec| spec.name == rule);
        !is_limit(file) && spec.is_some_and(|spec| spec.by == By::Replay && spec.needs.is_none())
    };
    let mut measured: BTreeMap<(&str, u32, &str), BTreeSet<&str>> = BTreeMap::new();
    for verdict in replayed.rules.iter().filter(|it| to_replay(&it.rule, &it.file)) {
        measured.entry((&verdict.file, verdict.line, &verdict.rule)).or_default().insert(&verdict.trace);
    }
    let mut reported: BTreeMap<(&str, u32, &str), BTreeSet<&str>> = BTreeMap::new();
    for it in current.iter().filter(|it| to_replay(&it.rule, &it.file)) {
        reported.entry((&it.file, it.line, &it.rule)).or_default().insert(&it.trace);
    }
    let places: BTreeSet<_> = measured.keys().chain(reported.keys()).collect();
    for place in places {
        let what = match (measured.get(place), reported.get(place)) {
            (Some(then), Some(now)) if then != now => "its witness has changed since",
            (None, Some(_)) => "was not measured",
            (Some(_), None) => "was measured and is not reported any more",
            _ => continue,
        };
        let (file, line, rule) = place;
        found.push(problem::<Rules>(format!("{file}:{line}: {rule}: {what}")));
    }
}

fn programs<T: Body>(root: &Path, two_gpus: bool, programs: &[Program], found: &mut Vec<Problem>) {
    let run: BTreeSet<&str> = programs.iter().map(|program| program.file.as_str()).collect();
    for file in hash::fixtures(root, two_gpus).unwrap_or_default() {
        // A header is run with the program that includes it, the files of a folder with the one that has `main`.
        let is_part = file.split('/').count() > 3 && !file.contains("/main.");
        if !file.ends_with(".h") && !is_part && !run.contains(file.as_str()) {
            found.push(problem::<T>(format!("{file} was not run")));
        }
    }
    for program in programs.iter().filter(|program| program.role != Role::Limit) {
        for it in &program.answers {
            if matches!(it.answer, Answer::Contradicted | Answer::Failed) {
                let Program { file, .. } = program;
                let (rule, answer, remark) = (&it.rule, it.answer.name(), &it.remark);
                found.push(problem::<T>(format!("{file}: {rule}: {answer}: {remark}")));
            }
        }
    }
}

fn claims(claims: &[Claim], found: &mut Vec<Problem>) {
    if claims.is_empty() {
        found.push(problem::<Claims>("it holds no claim"));
    }
    for claim in claims.iter().filter(|claim| claim.measured.is_empty()) {
        found.push(problem::<Claims>(format!(
            "claim {}: nothing was measured, and no reason is given",
            claim.id
        )));
    }
}

fn litmus(litmus: &Litmus, found: &mut Vec<Problem>) {
    let mut add = |what: String| found.push(problem::<Litmus>(what));
    if litmus.traces < LITMUS_TRACES {
        add(format!("{} traces were run, {LITMUS_TRACES} must be", litmus.traces));
    }
    if litmus.unpredicted > 0 {
        add(format!("{} times the GPU did what the model excludes", litmus.unpredicted));
    }
    if litmus.lost > 0 {
        add(format!("{} traces say nothing: a call failed, or their process died", litmus.lost));
    }
    if litmus.mutants.is_empty() {
        add("no wrong model was tried".to_owned());
    }
    for mutant in litmus.mutants.iter().filter(|mutant| !mutant.caught) {
        add(format!("the wrong model `{}` was not caught", mutant.name));
    }
    let (observable, shown) = litmus.target();
    if observable == 0 || (shown as f64) < LITMUS_SHOWN * observable as f64 {
        add(format!("of {observable} hazards that can be seen, {shown} were"));
    }
    for class in &litmus.classes {
        if class.observable > 0 && class.shown == 0 && class.remark.is_empty() {
            let (conflict, memory, how) = (&class.conflict, &class.memory, &class.how);
            add(format!("{conflict}, {memory}, {how}: never shown, and no reason is given"));
        }
    }
}

fn peers(programs: &Programs, peers: &Peers, found: &mut Vec<Problem>) {
    if peers.tools.is_empty() {
        found.push(problem::<Peers>("no other tool was run"));
    }
    let run: BTreeSet<&str> = peers.programs.iter().map(|program| program.file.as_str()).collect();
    // What does not compile or link gives no program that a tool could run.
    let to_run = programs.programs.iter().filter(|it| it.role == Role::Misuse && !it.end.is_empty());
    // What is there in both languages is run once.
    let is_twin =
        |file: &str| in_cpp(file).is_some_and(|other| programs.programs.iter().any(|it| it.file == other));
    let to_run = to_run.filter(|it| !is_twin(&it.file));
    for program in to_run.filter(|it| !run.contains(it.file.as_str())) {
        found.push(problem::<Peers>(format!("{} was not run", program.file)));
    }
}

fn is_limit(file: &str) -> bool {
    file.starts_with("fixtures/limits/")
}

#[cfg(test)]
pub use crate::samples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mutant;
    use std::fs;

    fn texts(root: &Path) -> String {
        let problems = check(root, &samples::RULES, Some(&samples::current()));
        problems.iter().map(|problem| format!("{problem}\n")).collect()
    }

    /// Changes one file of evidence and says what is wrong then.
    fn after<T: Body>(change: impl FnOnce(&mut File<T>)) -> String {
        let root = samples::repository();
        let mut file = File::<T>::read(root.path()).unwrap();
        change(&mut file);
        file.write(&root.path().join(FOLDER)).unwrap();
        texts(root.path())
    }

    #[test]
    fn fresh_evidence_is_fresh() {
        assert_eq!(texts(samples::repository().path()), "");
    }

    #[test]
    fn a_missing_file_is_named() {
        let root = samples::repository();
        fs::remove_file(root.path().join(FOLDER).join("claims.toml")).unwrap();
        let text = texts(root.path());
        assert!(text.starts_with("claims.toml: cannot be read") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn a_changed_input_is_noticed_wherever_it_was_run() {
        for (file, by) in [
            ("fixtures/host-read-before-sync/misuse.cu", &["rules", "programs", "peers"][..]),
            ("fixtures/host-read-before-sync/correct.cu", &["programs"]),
            ("fixtures/claims/waits.cu", &["claims"]),
            ("kernels/hold.cu", &["rules", "litmus"]),
            ("runtime-check/src/programs/observer.cpp", &["programs"]),
            ("lint/engine/src/trace/judge.rs", &["litmus"]),
            ("lint/engine/src/order/happens_before.rs", &["litmus"]),
        ] {
            let root = samples::repository();
            let path = root.path().join(file);
            fs::write(&path, fs::read_to_string(&path).unwrap() + "int changed;\n").unwrap();
            let expected: String =
                by.iter().map(|name| format!("{name}.toml: {file} has changed since\n")).collect();
            assert_eq!(texts(root.path()), expected);
        }
    }

    #[test]
    fn a_new_fixture_and_one_that_is_gone_are_noticed() {
        let root = samples::repository();
        let folder = root.path().join("fixtures/host-read-before-sync");
        fs::write(folder.join("misuse_new.cu"), "").unwrap();
        let text = texts(root.path());
        let file = "fixtures/host-read-before-sync/misuse_new.cu";
        assert!(text.contains(&format!("programs.toml: {file} was not measured")), "{text}");
        assert!(text.contains(&format!("programs.toml: {file} was not run")), "{text}");
        fs::remove_file(folder.join("misuse_new.cu")).unwrap();
        fs::remove_file(folder.join("correct.cu")).unwrap();
        assert_eq!(
            texts(root.path()),
            "programs.toml: fixtures/host-read-before-sync/correct.cu was measured and is no input any more\n"
        );
    }

    #[test]
    fn another_schema_protocol_or_machine_is_stale() {
        assert!(after::<Rules>(|file| file.schema += 1).contains("rules.toml: it has schema 2"));
        assert!(
            after::<Litmus>(|file| file.protocol += 1).contains("litmus.toml: it was measured by protocol")
        );
        let text = after::<Claims>(|file| file.device.driver = "1.2".to_owned());
        assert!(text.starts_with("claims.toml: it is of another machine"), "{text}");
    }

    #[test]
    fn a_rule_without_confirmed_evidence_is_named() {
        let text = after::<Rules>(|file| file.body.rules.retain(|it| it.rule != "host-read-before-sync"));
        assert!(text.contains("rule host-read-before-sync: its plainest misuse is not confirmed"), "{text}");
        let text = after::<Programs>(|file| {
            for program in &mut file.body.programs {
                if program.folder() == "unknown-cuda-api" {
                    program.compiles = true;
                }
            }
        });
        assert!(text.contains("rule unknown-cuda-api: no misuse that does not compile"), "{text}");
        let text = after::<Programs>(|file| {
            let of_rule = |it: &&mut Program| it.folder() == "unknown-cuda-api" && it.role == Role::Correct;
            file.body.programs.iter_mut().find(of_rule).unwrap().answers[0].answer = Answer::Contradicted;
        });
        assert!(text.contains("rule unknown-cuda-api: no correct program that compiles"), "{text}");
        let root = samples::repository();
        let mut rules = samples::RULES.to_vec();
        rules.push(RuleSpec { name: "hip-rule", by: By::Replay, needs: Some("an AMD GPU") });
        assert_eq!(check(root.path(), &rules, None), []);
        rules.push(RuleSpec { name: "new-rule", by: By::Replay, needs: None });
        assert_eq!(check(root.path(), &rules, None).len(), 1);
    }

    #[test]
    fn what_needs_two_gpus_is_measured_apart() {
        let root = samples::repository();
        samples::write_two_gpus(root.path()).unwrap();
        let mut rules = samples::RULES.to_vec();
        rules.push(samples::ON_TWO_GPUS);
        let texts = || -> String {
            check(root.path(), &rules, None).iter().map(|problem| format!("{problem}\n")).collect()
        };
        assert_eq!(texts(), "");
        let mut file = File::<TwoGpus>::read(root.path()).unwrap();
        file.device.driver = "1.2".to_owned();
        file.body.programs.retain(|it| it.role == Role::Misuse);
        file.write(&root.path().join(FOLDER)).unwrap();
        let name = samples::ON_TWO_GPUS.name;
        assert_eq!(
            texts(),
            format!(
                "two-gpus.toml: rule {name}: no correct program that does not fail\n\
                 two-gpus.toml: fixtures/{name}/correct.cu was not run\n"
            )
        );
        fs::write(root.path().join(FOLDER).join("two-gpus.toml"), "schema = 1\n").unwrap();
        assert!(texts().starts_with("two-gpus.toml: cannot be read"), "{}", texts());
        // Nobody has to have such a machine.
        fs::remove_file(root.path().join(FOLDER).join("two-gpus.toml")).unwrap();
        assert_eq!(texts(), "");
    }

    #[test]
    fn a_verdict_must_fit_its_numbers() {
        let with = |change: &dyn Fn(&mut Verdict)| after::<Rules>(|file| change(&mut file.body.rules[0]));
        assert!(with(&|it| it.misuse.hits = 0).contains("without a single hit"));
        assert!(with(&|it| it.twin.trials = 0).contains("twin did not run"));
        assert!(with(&|it| it.twin.hits = 3).contains("its twin shows it 3 times"));
        assert!(with(&|it| it.answer = Answer::Contradicted).contains("contradicted"));
        assert!(with(&|it| it.answer = Answer::NotObserved).contains("not observed, without a reason"));
        let in_a_seed = with(&|it| {
            it.answer = Answer::NotObserved;
            it.remark = "masked".to_owned();
            it.file = "fixtures/seeds/000_1.cu".to_owned();
        });
        assert!(in_a_seed.contains("not observed, in a seed"), "{in_a_seed}");
    }

    #[test]
    fn a_witness_that_changed_is_noticed() {
        let root = samples::repository();
        let texts = |current: &[Current]| {
            let problems = check(root.path(), &samples::RULES, Some(current));
            problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()
        };
        let mut current = samples::current();
        current[0].trace = hash::sha256(b"another");
        assert!(texts(&current).contains("its witness has changed since"));
        current[0].line += 1;
        let text = texts(&current);
        assert!(text.contains("was not measured") && text.contains("is not reported any more"), "{text}");
        current[0].file = "fixtures/limits/fp_x.cu".to_owned();
        assert!(!texts(&current).contains("was not measured"));
    }

    #[test]
    fn litmus_must_be_long_enough_and_have_teeth() {
        assert!(after::<Litmus>(|file| file.body.traces = 9_999).contains("9999 traces were run, 10000"));
        let text = after::<Litmus>(|file| file.body.unpredicted = 1);
        assert!(text.contains("1 times the GPU did what the model excludes"), "{text}");
        assert!(after::<Litmus>(|file| file.body.lost = 2).contains("2 traces say nothing"));
        let text = after::<Litmus>(|file| file.body.mutants[0].caught = false);
        assert!(text.contains("was not caught"), "{text}");
        assert!(after::<Litmus>(|file| file.body.mutants.clear()).contains("no wrong model"));
        let uncaught = Mutant { name: "streams are ordered".to_owned(), ..Mutant::default() };
        let text = after::<Litmus>(|file| file.body.mutants.push(uncaught));
        assert!(text.contains("`streams are ordered` was not caught"), "{text}");
        let text = after::<Litmus>(|file| file.body.classes[1].shown = 0);
        assert!(text.contains("never shown") && text.contains("hazards that can be seen"), "{text}");
    }

    #[test]
    fn claims_and_peers_must_be_there() {
        assert!(after::<Claims>(|file| file.body.claims.clear()).contains("it holds no claim"));
        let text = after::<Claims>(|file| file.body.claims[0].measured.clear());
        assert!(text.contains("nothing was measured"), "{text}");
        assert!(after::<Peers>(|file| file.body.tools.clear()).contains("no other tool"));
        assert!(after::<Peers>(|file| file.body.programs.clear()).contains("was not run"));
    }

    #[test]
    fn of_the_second_mode_only_the_new_is_kept() {
        let key = |it: &Current| (it.rule.clone(), it.file.clone(), it.line);
        let it = |line: u32, trace: &str| Current {
            rule: "r".into(),
            file: "f".into(),
            line,
            trace: trace.into(),
        };
        let both = both_modes(vec![it(1, "a"), it(1, "b")], vec![it(1, "c"), it(2, "d")], key);
        assert_eq!(both, [it(1, "a"), it(1, "b"), it(2, "d")]);
    }
}
