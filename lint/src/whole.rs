//! Directs the two phases of a run: files are lowered one by one, then each is analysed with what it calls in
//! others.
//!
//! Files without a word of CUDA are not even parsed in the first round. Once it is known what the others
//! define and what they lack, those of them are lowered that may call the former or define the latter; that
//! may bring further names, and is repeated while it does.
//!
//! Headers that a source includes are part of that source's unit ([`header_owners`]); those that their source
//! turns out not to include, or that it cannot speak for since it fails, are lowered after the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use cuda_lint_engine::link::{Linker, Unit};

use crate::discover::SourceFile;
use crate::finding::{FileReport, LoweredUnit, Outcome, PartialFunction};
use crate::header_owners::{self, Adoptions};
use crate::host_scan::{self, HostFile, Wanted};
use crate::options::{AnalysisOptions, Phase};
use crate::pool::{Observer, Pool, PoolOutcome};
use crate::suppression::Directive;
use crate::worker::{FileRequest, LinkRequest};

/// How often host files are looked through for what the files lowered so far call and define.
const ROUNDS: usize = 4;

/// A lowered file.
struct LoweredFile {
    units: Vec<LoweredUnit>,
    targets: Vec<String>,
    partial: Vec<PartialFunction>,
    directives: Vec<Directive>,
    /// It holds no word of CUDA.
    host: bool,
}

/// Runs both phases over `files`. The observer of each phase is made by `observe`, for a number of requests.
pub fn analyse<O: Observer>(
    pool: &Pool,
    files: &[SourceFile],
    options: &AnalysisOptions,
    observe: impl Fn(usize) -> O,
) -> io::Result<PoolOutcome> {
    // What is dumped is dumped file by file.
    let adoptions = match options.dump {
        None => header_owners::assign(files, &words(options)),
        Some(_) => Adoptions::new(),
    };
    let requests = first_requests(files, &adoptions);
    let mut outcome = pool.analyse(&requests, options, &mut observe(requests.len()))?;
    let mut lowered = BTreeMap::new();
    let mut done = Vec::new();
    let mut reports = std::mem::take(&mut outcome.reports);
    take_unusable(&mut reports, &mut outcome);
    let owners = owners(&reports);
    sort_out(reports, false, &mut lowered, &mut done);
    let left = left_over(&adoptions, &owners);
    if !left.is_empty() && outcome.refused.is_none() {
        let mut reports = pool.analyse(&left, options, &mut observe(left.len()))?.reports;
        take_unusable(&mut reports, &mut outcome);
        sort_out(reports, false, &mut lowered, &mut done);
    }
    if lowered.is_empty() {
        outcome.reports = done;
        return Ok(outcome);
    }
    let folders: BTreeMap<&str, Vec<String>> =
        files.iter().map(|file| (file.path.as_str(), folders(&file.canonical))).collect();
    let mut skipped: Vec<HostFile> = (done.iter())
        .filter(|report| report.outcome == Outcome::Skipped && !host_scan::is_header(&report.path))
        .map(|report| HostFile::new(&report.path, folders.get(report.path.as_str()).cloned()))
        .collect();
    let mut numbers = Numbers::default();
    let mut linker = linker(&mut lowered, &folders, &mut numbers);
    for _ in 0..ROUNDS {
        let wanted = Wanted::of(&linker);
        let requests: Vec<FileRequest> = (wanted.among(&mut skipped, pool.workers).into_iter())
            .map(|path| FileRequest { path, host: true, ..FileRequest::default() })
            .collect();
        if requests.is_empty() {
            break;
        }
        let mut reports = pool.analyse(&requests, options, &mut observe(requests.len()))?.reports;
        take_unusable(&mut reports, &mut outcome);
        let again: BTreeSet<&str> = requests.iter().map(|request| request.path.as_str()).collect();
        done.retain(|report| !again.contains(report.path.as_str()));
        sort_out(reports, true, &mut lowered, &mut done);
        linker = self::linker(&mut lowered, &folders, &mut numbers);
    }
    let (requests, beside) = link_requests(&linker, &lowered, &numbers, &mut done);
    for path in beside {
        // What lies beside the files of interest may still hold comments about them.
        let Some(LoweredFile { partial, directives, .. }) = lowered.remove(&path) else { continue };
        let outcome = Outcome::Analysed { diagnostics: Vec::new(), partial, directives };
        done.push(FileReport::new(&path, outcome));
    }
    let options = AnalysisOptions { phase: Phase::Analyse, ..options.clone() };
    let analysed = pool.analyse(&requests, &options, &mut observe(requests.len()))?;
    for mut report in analysed.reports {
        if let (Outcome::Analysed { partial, directives, .. }, Some(file)) =
            (&mut report.outcome, lowered.get_mut(&report.path))
        {
            partial.append(&mut file.partial);
            directives.append(&mut file.directives);
        }
        done.push(report);
    }
    let spoken_for = speak(&owners, &done);
    done.extend(spoken_for);
    outcome.reports = done;
    Ok(outcome)
}

/// Words of the project's own rows, which make a file worth parsing.
fn words(options: &AnalysisOptions) -> Vec<String> {
    options.rows.iter().flat_map(|rows| &rows.words).cloned().collect()
}

/// What the first round asks: every file but the headers that others are to speak for.
fn first_requests(files: &[SourceFile], adoptions: &Adoptions) -> Vec<FileRequest> {
    let adopted: BTreeSet<&String> = adoptions.values().flatten().collect();
    let asked = files.iter().filter(|file| !adopted.contains(&file.path));
    let request = |file: &SourceFile| FileRequest {
        path: file.path.clone(),
        adopt: adoptions.get(&file.path).into_iter().flatten().cloned().collect(),
        ..FileRequest::default()
    };
    asked.map(request).collect()
}

/// For each header that a source speaks for: the source.
fn owners(reports: &[FileReport]) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for report in reports {
        if let Outcome::Lowered { adopted, .. } = &report.outcome {
            owners.extend(adopted.iter().map(|header| (header.clone(), report.path.clone())));
        }
    }
    owners
}

/// The headers that nobody speaks for after all.
fn left_over(adoptions: &Adoptions, owners: &BTreeMap<String, String>) -> Vec<FileRequest> {
    let left: BTreeSet<&String> =
        adoptions.values().flatten().filter(|it| !owners.contains_key(*it)).collect();
    left.into_iter().map(|path| FileRequest { path: path.clone(), ..FileRequest::default() }).collect()
}

/// What is said of headers that others speak for: they fare as their sources do.
fn speak(owners: &BTreeMap<String, String>, done: &[FileReport]) -> Vec<FileReport> {
    let failed: BTreeSet<&str> = (done.iter())
        .filter(|report| matches!(report.outcome, Outcome::Failed { .. }))
        .map(|report| report.path.as_str())
        .collect();
    let report = |(header, source): (&String, &String)| {
        if failed.contains(source.as_str()) {
            return FileReport::failed(header, format!("it is analysed with {source}, which failed"));
        }
        let nothing =
            Outcome::Analysed { diagnostics: Vec::new(), partial: Vec::new(), directives: Vec::new() };
        FileReport::new(header, nothing)
    };
    owners.iter().map(report).collect()
}

/// Which unit of the link is which of a file's.
#[derive(Default)]
struct Numbers {
    /// For each unit: its file, and its place among the file's units.
    units: Vec<(String, usize)>,
    /// For each file: its first unit.
    first: BTreeMap<String, usize>,
}

/// Takes out what the files' builds name and cannot be used: several files name the same.
fn take_unusable(reports: &mut [FileReport], outcome: &mut PoolOutcome) {
    outcome.unusable.extend(reports.iter_mut().flat_map(|report| std::mem::take(&mut report.unusable)));
    outcome.unusable.sort();
    outcome.unusable.dedup();
}

/// Puts what waits for the link apart from what is done.
fn sort_out(
    reports: Vec<FileReport>,
    host: bool,
    lowered: &mut BTreeMap<String, LoweredFile>,
    done: &mut Vec<FileReport>,
) {
    for report in reports {
        match report.outcome {
            Outcome::Lowered { units, targets, partial, directives, adopted: _ } => {
                lowered.insert(report.path, LoweredFile { units, targets, partial, directives, host });
            }
            outcome => done.push(FileReport { outcome, ..report }),
        }
    }
}

fn linker(
    lowered: &mut BTreeMap<String, LoweredFile>,
    folders: &BTreeMap<&str, Vec<String>>,
    numbers: &mut Numbers,
) -> Linker {
    *numbers = Numbers::default();
    let mut units = Vec::new();
    for (file, (path, it)) in lowered.iter().enumerate() {
        numbers.first.insert(path.clone(), units.len());
        for (place, unit) in it.units.iter().enumerate() {
            numbers.units.push((path.clone(), place));
            units.push(Unit {
                folders: folders.get(path.as_str()).cloned().unwrap_or_default(),
                targets: it.targets.clone(),
                file: file as u32,
                index: unit.index.clone(),
            });
        }
    }
    Linker::new(units)
}

/// What the second phase is asked, and the files of which nothing is: what is found with them cannot concern a file
/// of interest. Host files that turn out to have nothing to do with CUDA are skipped.
fn link_requests(
    linker: &Linker,
    lowered: &BTreeMap<String, LoweredFile>,
    numbers: &Numbers,
    done: &mut Vec<FileReport>,
) -> (Vec<FileRequest>, Vec<String>) {
    let mut requests = Vec::new();
    let mut beside = Vec::new();
    for (path, file) in lowered.iter() {
        let first = numbers.first.get(path).copied().unwrap_or_default();
        let units = first..first + file.units.len();
        if file.host && units.clone().all(|unit| linker.is_beside_cuda(unit)) {
            done.push(FileReport::new(path, Outcome::Skipped));
            continue;
        }
        let mut in_focus = false;
        let units = units.map(|unit| {
            let plan = linker.plan(unit);
            let unit_of = |unit: &u32| {
                let (path, place) = numbers.units.get(*unit as usize)?;
                lowered.get(path)?.units.get(*place)
            };
            in_focus |= plan.units.iter().filter_map(unit_of).any(|unit| unit.in_focus);
            let files = plan.units.iter().filter_map(unit_of).map(|unit| unit.file.clone()).collect();
            LinkRequest { plan, files }
        });
        let units = units.collect();
        match in_focus {
            true => requests.push(FileRequest { path: path.clone(), units, ..FileRequest::default() }),
            false => beside.push(path.clone()),
        }
    }
    (requests, beside)
}

/// The folders above a file, outermost first.
fn folders(file: &Path) -> Vec<String> {
    let folder = file.parent().unwrap_or(file);
    folder.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}
