//! What one unit is analysed with: the functions of other units that it reaches, within bounds.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::resolve::{Definition, Linker};

/// How deep calls into other files are followed: as deep as the analysis follows calls.
const DEPTH: u32 = 5;

/// The most statements that are brought into a unit, and the most functions.
const STATEMENTS: u32 = 40_000;
const FUNCTIONS: usize = 1_000;

/// Functions of at most this many statements are brought whatever they do: accessors, checks, conversions.
const SMALL: u32 = 60;

/// Functions that have to do with memory, and nothing with CUDA, are brought up to this size.
const MEDIUM: u32 = 400;

/// What one unit is linked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plan {
    /// The units that take part, by their numbers in the link; the first is the one that is analysed.
    pub units: Vec<u32>,
    /// The functions to bring. None is of the first unit.
    pub imports: Vec<Import>,
    /// What the symbols mean that the unit or what is brought lacks.
    pub bindings: Vec<Binding>,
    /// Callers of which something is left out because the bounds are reached: functions of the first unit.
    pub cut: Vec<u32>,
    /// Streams that come from elsewhere are blocking ones: the files around make no others.
    pub streams_block: bool,
}

/// A function to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Import {
    /// Its unit: an index into [`Plan::units`].
    pub unit: u32,
    /// Its number there.
    pub function: u32,
}

/// What a symbol means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Binding {
    /// The unit that lacks it: an index into [`Plan::units`].
    pub unit: u32,
    /// The symbol.
    pub symbol: String,
    /// The function; it is of the first unit, or one of [`Plan::imports`].
    pub means: Import,
}

/// What functions do, themselves or through what they call in any unit.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The number of the first function of each unit.
    starts: Vec<usize>,
    acts: Vec<bool>,
    concerns_cuda: Vec<bool>,
}

impl Reach {
    /// Looks at every call once.
    pub fn of(linker: &Linker) -> Self {
        let mut starts = Vec::with_capacity(linker.units.len());
        let mut count = 0;
        for unit in &linker.units {
            starts.push(count);
            count += unit.index.functions.len();
        }
        let mut callers: Vec<Vec<u32>> = vec![Vec::new(); count];
        let entries = || linker.units.iter().flat_map(|unit| &unit.index.functions);
        for (unit, resolved) in linker.resolved.iter().enumerate() {
            for (function, entry) in linker.units[unit].index.functions.iter().enumerate() {
                let caller = (starts[unit] + function) as u32;
                let own = entry.calls.iter().map(|callee| starts[unit] + *callee as usize);
                let other =
                    entry.needs.iter().filter_map(|need| resolved.get(*need as usize).copied().flatten());
                let other = other.map(|(unit, function)| starts[unit as usize] + function as usize);
                for callee in own.chain(other) {
                    if let Some(callers) = callers.get_mut(callee) {
                        callers.push(caller);
                    }
                }
            }
        }
        Self {
            acts: spread(&callers, entries().map(|entry| entry.acts).collect()),
            concerns_cuda: spread(&callers, entries().map(|entry| entry.concerns_cuda).collect()),
            starts,
        }
    }

    pub fn acts(&self, unit: u32, function: u32) -> bool {
        self.acts[self.starts[unit as usize] + function as usize]
    }

    pub fn concerns_cuda(&self, unit: u32, function: u32) -> bool {
        self.concerns_cuda[self.starts[unit as usize] + function as usize]
    }

    pub fn is_beside_cuda(&self, unit: usize) -> bool {
        let end = self.starts.get(unit + 1).copied().unwrap_or(self.concerns_cuda.len());
        !self.concerns_cuda[self.starts[unit]..end].contains(&true)
    }
}

/// Carries what holds for a function on to its callers.
fn spread(callers: &[Vec<u32>], mut holds: Vec<bool>) -> Vec<bool> {
    let mut queue: Vec<u32> = (0..holds.len() as u32).filter(|it| holds[*it as usize]).collect();
    while let Some(callee) = queue.pop() {
        for caller in &callers[callee as usize] {
            if !std::mem::replace(&mut holds[*caller as usize], true) {
                queue.push(*caller);
            }
        }
    }
    holds
}

impl Linker {
    /// What a unit is to be linked with.
    pub fn plan(&self, unit: usize) -> Plan {
        let mut planner = Planner {
            linker: self,
            home: unit as u32,
            numbers: FxHashMap::default(),
            taken: FxHashMap::default(),
            bound: FxHashSet::default(),
            statements: 0,
            plan: Plan::default(),
        };
        planner.number(unit as u32);
        let mut queue = VecDeque::new();
        for function in 0..self.units[unit].index.functions.len() as u32 {
            queue.push_back(Visit { at: (unit as u32, function), depth: 0, from: function });
        }
        while let Some(visit) = queue.pop_front() {
            planner.visit(visit, &mut queue);
        }
        planner.plan.cut.sort_unstable();
        planner.plan.cut.dedup();
        planner.plan.streams_block = self.streams_block[unit];
        planner.plan
    }
}

/// A function whose calls are to be looked at.
#[derive(Clone, Copy)]
struct Visit {
    at: Definition,
    /// How many files away.
    depth: u32,
    /// The function of the first unit that leads here.
    from: u32,
}

struct Planner<'l> {
    linker: &'l Linker,
    home: u32,
    /// The units that take part.
    numbers: FxHashMap<u32, u32>,
    /// What has been decided of functions of other units: are they brought?
    taken: FxHashMap<Definition, bool>,
    /// The needs that have their binding, by unit of the plan.
    bound: FxHashSet<(u32, u32)>,
    statements: u32,
    plan: Plan,
}

impl Planner<'_> {
    fn number(&mut self, unit: u32) -> u32 {
        let units = &mut self.plan.units;
        *self.numbers.entry(unit).or_insert_with(|| {
            units.push(unit);
            units.len() as u32 - 1
        })
    }

    fn visit(&mut self, visit: Visit, queue: &mut VecDeque<Visit>) {
        let (unit, function) = visit.at;
        let linker = self.linker;
        let Some(entry) = linker.units[unit as usize].index.functions.get(function as usize) else { return };
        if unit != self.home {
            for callee in &entry.calls {
                self.take((unit, *callee), visit, queue);
            }
        }
        for need in &entry.needs {
            let known = linker.resolved[unit as usize].get(*need as usize).copied().flatten();
            let Some(means) = known else { continue };
            if means.0 == self.home || self.take(means, visit, queue) {
                let symbol = linker.units[unit as usize].index.needs[*need as usize].symbol.clone();
                let unit = self.number(unit);
                let means = Import { unit: self.number(means.0), function: means.1 };
                if self.bound.insert((unit, *need)) {
                    self.plan.bindings.push(Binding { unit, symbol, means });
                }
            }
        }
    }

    /// True if a function of another unit is brought.
    fn take(&mut self, at: Definition, from: Visit, queue: &mut VecDeque<Visit>) -> bool {
        if let Some(known) = self.taken.get(&at) {
            return *known;
        }
        let Some(entry) = self.linker.units[at.0 as usize].index.functions.get(at.1 as usize) else {
            return false;
        };
        let reach = &self.linker.reach;
        let wanted = entry.is_kernel
            || entry.size <= SMALL
            || reach.concerns_cuda(at.0, at.1)
            || (entry.size <= MEDIUM && (entry.passes_memory || reach.acts(at.0, at.1)));
        if !wanted {
            self.taken.insert(at, false);
            return false;
        }
        let depth = from.depth + u32::from(at.0 != from.at.0);
        let fits = depth <= DEPTH
            && self.statements + entry.size <= STATEMENTS
            && self.plan.imports.len() < FUNCTIONS;
        self.taken.insert(at, fits);
        if !fits {
            if reach.concerns_cuda(at.0, at.1) {
                self.plan.cut.push(from.from);
            }
            return false;
        }
        self.statements += entry.size;
        let unit = self.number(at.0);
        self.plan.imports.push(Import { unit, function: at.1 });
        queue.push_back(Visit { at, depth, from: from.from });
        true
    }
}
