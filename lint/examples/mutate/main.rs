//! Measures recall: makes one hazard at a time in correct public code and counts what cuda-lint finds.
//!
//! `cargo run --release --example mutate -- --cuda-lint PATH [--seed 1] [--sites 120] [--exclude FILE] FOLDER…`
//!
//! Each folder is copied, and only the copy is changed. Same seed, same folders, same mutants.
//! What the numbers mean is in `lint/docs/recall.md`.

mod distance;
mod mutants;
mod report;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use serde_json::Value;

use distance::{Distance, Moved};
use mutants::{Class, Mutant, mutants};
use report::{Table, Verdict, Verdicts};
use text::Source;

/// Mutants of one class that one file may give, so that no file decides the result.
const MAX_PER_FILE: usize = 4;

#[derive(Parser)]
struct Arguments {
    /// The command under test
    #[arg(long, value_name = "PATH")]
    cuda_lint: PathBuf,
    /// Chooses the sites
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many mutants to make, spread over the classes
    #[arg(long, default_value_t = 120)]
    sites: usize,
    /// Where one side of the hazard is moved to
    #[arg(long, value_enum, default_value_t = Distance::None)]
    distance: Distance,
    /// Verdicts of reading
    #[arg(long, value_name = "FILE")]
    exclude: Option<PathBuf>,
    /// Only this class
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Only mutants whose `FILE:LINE` contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Keep each mutated file in this folder
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Passed on to cuda-lint, such as `--flag=--min-confidence=possible`
    #[arg(long = "flag", value_name = "FLAG")]
    flags: Vec<String>,
    /// Projects of correct code
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

/// A mutant and the file it is made in.
struct Site {
    /// The file's copy.
    path: PathBuf,
    /// `FILE:LINE`, as in the list of verdicts.
    place: String,
    mutant: Mutant,
}

/// What of a diagnostic tells it from others. Mutants keep the lines.
type Key = (String, u64, String);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let verdicts = match &arguments.exclude {
        Some(path) => Verdicts::read(path)?,
        None => Verdicts::default(),
    };
    let copies = tempfile::tempdir()?;
    let mut sites = Vec::new();
    for folder in &arguments.folders {
        collect(folder, copies.path(), &mut sites)?;
    }
    let sites = choose(sites, &arguments);
    if let Some(folder) = &arguments.keep {
        fs::create_dir_all(folder)?;
    }

    let mut table = Table::default();
    let (mut fixed, mut compared, mut alarms) = (0, 0, 0);
    let mut before: BTreeMap<(PathBuf, &str), BTreeSet<Key>> = BTreeMap::new();
    for (number, site) in sites.iter().enumerate() {
        let class = site.mutant.class;
        let mode = class.default_stream();
        let key = (site.path.clone(), mode);
        if !before.contains_key(&key) {
            before.insert(key.clone(), lint(&arguments, &site.path, None, mode)?);
        }
        let mut correct = before[&key].clone();
        let original = fs::read_to_string(&site.path)?;
        let mut mutated = site.mutant.apply(&original);
        let mut far = None;
        let mut side = None;
        if arguments.distance != Distance::None {
            let Some((moved, mutant)) = apart(&original, site, arguments.distance, number) else {
                fixed += 1;
                continue;
            };
            mutated = mutant.apply(&moved.text);
            far = moved.far;
            side = Some(moved.side);
            let apart = trial(&arguments, site, &original, &moved.text, far.as_deref(), mode)?;
            compared += 1;
            for (rule, line, message) in added(&correct, &apart) {
                alarms += 1;
                println!("{number:03} ALARM {} without a mutant: {line}: {rule}: {message}", site.place);
            }
            correct = apart;
        }
        let after = trial(&arguments, site, &original, &mutated, far.as_deref(), mode)?;
        if let Some(folder) = &arguments.keep {
            let extension = site.path.extension().and_then(|e| e.to_str()).unwrap_or("cu");
            fs::write(folder.join(format!("{number:03}-{}.{extension}", class.name())), &mutated)?;
            if let Some(far) = far {
                fs::write(folder.join(format!("{number:03}-{}-far.cu", class.name())), far)?;
            }
        }
        let new: Vec<&Key> =
            after.difference(&correct).filter(|(rule, ..)| class.answered_by(rule)).collect();
        let read = verdicts.of(&site.place, class, arguments.distance);
        let verdict = read
            .map(|(verdict, _)| verdict)
            .or(site.mutant.across_functions.then_some(Verdict::OtherFunction));
        table.count(class, verdict, !new.is_empty());
        print(number, site, &new, verdict, read.map(|(_, reason)| reason));
        if let Some(side) = side {
            println!("      moved: {}", side.name());
        }
    }
    if arguments.distance != Distance::None {
        println!("\n{compared} unmutated, with {alarms} findings more; {fixed} without a side to move");
    }
    println!("\n{table}");
    Ok(())
}

/// The file with one side of the mutant moved away, and the same mutant of that.
fn apart(original: &str, site: &Site, distance: Distance, turn: usize) -> Option<(Moved, Mutant)> {
    // The helpers have default arguments.
    if site.path.extension().is_some_and(|extension| extension == "c") {
        return None;
    }
    let source = Source::new(original.to_owned());
    let moved = distance::moved(&source, &site.mutant, distance, turn)?;
    let mutant = distance::again(&Source::new(moved.text.clone()), &source, &site.mutant, moved.side)?;
    Some((moved, mutant))
}

/// What is found in a changed file, which is put back.
fn trial(
    arguments: &Arguments,
    site: &Site,
    original: &str,
    text: &str,
    far: Option<&str>,
    mode: &str,
) -> Result<BTreeSet<Key>, Box<dyn Error>> {
    let second = site.path.with_file_name("far_recall.cu");
    fs::write(&site.path, text)?;
    if let Some(far) = far {
        fs::write(&second, far)?;
    }
    let found = lint(arguments, &site.path, far.map(|_| second.as_path()), mode);
    fs::write(&site.path, original)?;
    if far.is_some() {
        fs::remove_file(&second)?;
    }
    found
}

/// Findings of a rule that the original has fewer of. The lines and the names in messages are others where
/// a call is in a helper.
fn added<'k>(original: &'k BTreeSet<Key>, apart: &'k BTreeSet<Key>) -> Vec<&'k Key> {
    let count = |found: &BTreeSet<Key>, rule: &str| found.iter().filter(|key| key.0 == rule).count();
    apart.difference(original).filter(|(rule, ..)| count(apart, rule) > count(original, rule)).collect()
}

fn print(number: usize, site: &Site, new: &[&Key], verdict: Option<Verdict>, reason: Option<&str>) {
    let mutant = &site.mutant;
    let outcome = if new.is_empty() { "MISSED" } else { "detected" };
    let scope = verdict.map_or_else(String::new, |verdict| format!(" [{}]", verdict.name()));
    println!("{number:03} {outcome}{scope} {} {} in {}", site.place, mutant.class.name(), mutant.function);
    println!("      - {}", mutant.original);
    println!("      + {}", mutant.change);
    for (rule, line, message) in new {
        println!("      = {line}: {rule}: {message}");
    }
    if let Some(reason) = reason {
        println!("      because {reason}");
    }
}

/// Copies a project and finds its mutants.
fn collect(folder: &Path, copies: &Path, sites: &mut Vec<Site>) -> Result<(), Box<dyn Error>> {
    let folder = fs::canonicalize(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let name = folder.file_name().ok_or("a folder without a name")?.to_string_lossy().into_owned();
    // The whole path, so that includes between the folders resolve as they did.
    let target = copies.join(folder.strip_prefix("/").unwrap_or(&folder));
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(&folder).git_ignore(false).build() {
        let entry = entry?;
        let path = entry.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let is_source = matches!(extension, "cu" | "cpp" | "cc" | "cxx" | "c");
        let is_text = is_source
            || matches!(
                extension,
                "h" | "hh" | "hpp" | "hxx" | "cuh" | "inl" | "inc" | "ipp" | "def" | "impl"
            );
        if !path.is_file() || !is_text {
            continue;
        }
        let below = path.strip_prefix(&folder)?;
        let copy = target.join(below);
        if let Some(parent) = copy.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(path, &copy)?;
        if is_source {
            files.push((copy, format!("{name}/{}", below.display())));
        }
    }
    // The mark by which cuda-lint knows the root of a project.
    fs::create_dir_all(target.join(".git"))?;
    files.sort();
    for (path, name) in files {
        // Text in another encoding is left alone: it could not be written back.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let source = Source::new(text);
        for mutant in mutants(&source, None) {
            let place = format!("{name}:{}", source.line(mutant.at));
            sites.push(Site { path: path.clone(), place, mutant });
        }
    }
    Ok(())
}

/// Draws from the classes in turn, until there are enough.
fn choose(sites: Vec<Site>, arguments: &Arguments) -> Vec<Site> {
    let mut random = Random(arguments.seed);
    let mut by_class: BTreeMap<Class, Vec<Site>> = BTreeMap::new();
    for site in sites {
        by_class.entry(site.mutant.class).or_default().push(site);
    }
    for (class, sites) in &mut by_class {
        random.shuffle(sites);
        let all = sites.len();
        let mut of_file: BTreeMap<PathBuf, usize> = BTreeMap::new();
        sites.retain(|site| {
            let count = of_file.entry(site.path.clone()).or_default();
            *count += 1;
            *count <= MAX_PER_FILE
        });
        println!("{}: {all} sites, {} with at most {MAX_PER_FILE} a file", class.name(), sites.len());
    }
    let mut queues: Vec<_> = by_class.into_values().map(Vec::into_iter).collect();
    let mut chosen = Vec::new();
    while chosen.len() < arguments.sites {
        let before = chosen.len();
        for queue in &mut queues {
            chosen.extend(queue.next().filter(|_| chosen.len() < arguments.sites));
        }
        if chosen.len() == before {
            break;
        }
    }
    chosen
        .sort_by(|a, b| (a.mutant.class, &a.path, a.mutant.at).cmp(&(b.mutant.class, &b.path, b.mutant.at)));
    chosen.retain(|site| {
        arguments.class.as_ref().is_none_or(|class| class == site.mutant.class.name())
            && arguments.only.as_ref().is_none_or(|only| site.place.contains(only))
    });
    chosen
}

/// What cuda-lint says about a file, and a second one that it is linked with.
fn lint(
    arguments: &Arguments,
    path: &Path,
    second: Option<&Path>,
    mode: &str,
) -> Result<BTreeSet<Key>, Box<dyn Error>> {
    let output = Command::new(&arguments.cuda_lint)
        .args(["--format", "json", "--default-stream", mode])
        .args(&arguments.flags)
        .arg(path)
        .args(second)
        .output()
        .map_err(|error| format!("{}: {error}", arguments.cuda_lint.display()))?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        format!("{}: no report: {error}\n{}", path.display(), String::from_utf8_lossy(&output.stderr))
    })?;
    if let Some(failed) = report["files"]["failed"].as_array().filter(|failed| !failed.is_empty()) {
        eprintln!("{}: {failed:?}", path.display());
    }
    let mut found = BTreeSet::new();
    for diagnostic in report["diagnostics"].as_array().into_iter().flatten() {
        let text = |key: &str| diagnostic[key].as_str().unwrap_or_default().to_owned();
        found.insert((text("rule"), diagnostic["line"].as_u64().unwrap_or_default(), text("message")));
    }
    Ok(found)
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let at = usize::try_from(self.next() % (last as u64 + 1)).unwrap_or(0);
            items.swap(last, at);
        }
    }
}
