//! Which definition a symbol means, seen from one unit.
//!
//! A tree may hold many programs, each with its own `run` or `init`; two files with `main` are never of one.
//! The rules, first to last: a definition in the same unit; else those that share the caller's build target, where one is known; else those that have read the same
//! header; of these the nearest by folders. Where that leaves several, or one far away that nothing else
//! ties to the caller, the symbol stays unknown.

use rustc_hash::FxHashMap;

use super::index::UnitIndex;
use super::plan::Reach;
use super::streams::are_blocking;

/// A definition that has not read the caller's header counts up to this many steps between folders.
const NEAR: usize = 4;

/// A unit of the link.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// The folders above its main file, outermost first.
    pub folders: Vec<String>,
    /// The targets it is built for, if the build says so.
    pub targets: Vec<String>,
    /// The file it stands for: units with the same number are configurations of one file, and do not
    /// define for each other.
    pub file: u32,
    /// What is in it.
    pub index: UnitIndex,
}

/// A function of a unit: the numbers of both.
pub(super) type Definition = (u32, u32);

/// All units of a link.
#[derive(Debug)]
pub struct Linker {
    pub(super) units: Vec<Unit>,
    /// For each unit and each of its needs: what it means.
    pub(super) resolved: Vec<Vec<Option<Definition>>>,
    /// What the functions of each unit do, themselves or through what they call, other units included.
    pub(super) reach: Reach,
    /// For each unit: are streams that come from elsewhere blocking ones?
    pub(super) streams_block: Vec<bool>,
}

impl Linker {
    /// Reads all units and resolves what they lack.
    pub fn new(units: Vec<Unit>) -> Self {
        let mut definitions: FxHashMap<&str, Vec<Definition>> = FxHashMap::default();
        for (number, unit) in units.iter().enumerate() {
            for (function, entry) in unit.index.functions.iter().enumerate() {
                for symbol in &entry.symbols {
                    let known = definitions.entry(symbol).or_default();
                    // Of the instances of a template the first stands for all.
                    if known.last().is_none_or(|last| last.0 != number as u32) {
                        known.push((number as u32, function as u32));
                    }
                }
            }
        }
        let mains: Vec<bool> = units.iter().map(has_main).collect();
        let streams_block = are_blocking(&units, &mains);
        let search = Search { units: &units, definitions, mains };
        let resolved = (0..units.len())
            .map(|unit| {
                let needs = 0..units[unit].index.needs.len();
                needs.map(|need| search.resolve(unit, need)).collect()
            })
            .collect();
        let mut this = Self { units, resolved, reach: Reach::default(), streams_block };
        this.reach = Reach::of(&this);
        this
    }

    /// True if the unit is of no use to the analysis: nothing in it reaches CUDA, here or in other files.
    pub fn is_beside_cuda(&self, unit: usize) -> bool {
        self.reach.is_beside_cuda(unit)
    }

    /// The names by which other files call what reaches CUDA here, with the folders of the definitions.
    pub fn names_of_cuda(&self) -> Vec<(&str, &[String])> {
        let mut names = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            for (function, entry) in unit.index.functions.iter().enumerate() {
                let callable = !entry.symbols.is_empty() && !entry.is_kernel;
                if callable && self.reach.concerns_cuda(number as u32, function as u32) {
                    names.push((entry.name.as_str(), unit.folders.as_slice()));
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// The names that functions which reach CUDA call and no file defines, with the folders of the callers.
    pub fn names_without_definition(&self) -> Vec<(&str, &[String])> {
        let mut names = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            for (function, entry) in unit.index.functions.iter().enumerate() {
                if !self.reach.concerns_cuda(number as u32, function as u32) {
                    continue;
                }
                for need in &entry.needs {
                    if self.resolved[number].get(*need as usize) == Some(&None) {
                        let name = unit.index.needs[*need as usize].name.as_str();
                        names.push((name, unit.folders.as_slice()));
                    }
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

/// What the search for definitions looks at.
struct Search<'u> {
    units: &'u [Unit],
    definitions: FxHashMap<&'u str, Vec<Definition>>,
    /// Which units define `main`.
    mains: Vec<bool>,
}

impl Search<'_> {
    fn resolve(&self, unit: usize, need: usize) -> Option<Definition> {
        let here = &self.units[unit];
        let need = &here.index.needs[need];
        let known = |symbol: &str| self.definitions.get(symbol).filter(|_| !symbol.is_empty());
        let mut candidates: Vec<Definition> = known(&need.symbol).or_else(|| known(&need.template))?.clone();
        if let Some(own) = candidates.iter().find(|it| it.0 as usize == unit) {
            return Some(*own);
        }
        let of = |it: &Definition| &self.units[it.0 as usize];
        let entry = |it: &Definition| &of(it).index.functions[it.1 as usize];
        candidates.retain(|it| of(it).file != here.file);
        if self.mains[unit] {
            // Two files with `main` are two programs.
            candidates.retain(|it| !self.mains[it.0 as usize]);
        }
        prefer(&mut candidates, |it| entry(it).is_root);
        if !here.targets.is_empty() {
            prefer(&mut candidates, |it| of(it).targets.iter().any(|target| here.targets.contains(target)));
        }
        let same_header = |it: &Definition| entry(it).declared_in == need.declared_in;
        prefer(&mut candidates, same_header);
        let nearest = candidates.iter().map(|it| steps(&here.folders, &of(it).folders)).min()?;
        candidates.retain(|it| steps(&here.folders, &of(it).folders) == nearest);
        // Configurations of one file: the first counts.
        candidates.dedup_by_key(|it| of(it).file);
        match candidates[..] {
            [only] if nearest <= NEAR || same_header(&only) => Some(only),
            _ => None,
        }
    }
}

fn has_main(unit: &Unit) -> bool {
    unit.index.functions.iter().any(|it| it.is_root && it.name == "main" && !it.symbols.is_empty())
}

/// Keeps those that hold, if any does.
fn prefer(candidates: &mut Vec<Definition>, holds: impl Fn(&Definition) -> bool) {
    if candidates.iter().any(&holds) {
        candidates.retain(|it| holds(it));
    }
}

/// How many steps up and down lie between two folders.
pub(super) fn steps(from: &[String], to: &[String]) -> usize {
    let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    from.len() + to.len() - 2 * common
}

/// True if the two folders are near enough that one may call the other by a bare name.
pub fn is_near(from: &[String], to: &[String]) -> bool {
    steps(from, to) <= NEAR
}
