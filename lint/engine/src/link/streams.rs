//! Whether streams that come from elsewhere can be others than blocking ones.
//!
//! A function that gets its stream from its caller does not show how the stream was made. The files around it do: if
//! they make streams, and only blocking ones, those are what it gets. The files around are those of the nearest folder
//! that makes any; of another program (two files with `main`), nothing is concluded.

use rustc_hash::{FxHashMap, FxHashSet};

use super::resolve::Unit;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::{Role, Row, Thing};
use crate::flow;
use crate::order;
use crate::program::{Callee, Constant, Op, Origin, TypeKind, ValueId};

/// The streams that some code makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StreamsMade {
    /// Streams that wait for the legacy default stream, and it for them.
    pub blocking: bool,
    /// Non-blocking ones, those whose flags are not known, and what libraries hand out.
    pub other: bool,
}

impl StreamsMade {
    /// Those that a program makes.
    pub(super) fn of(program: &Program, model: &Model) -> Self {
        let row = order::rows(program, model);
        let mut made = Self::default();
        for function in &program.functions {
            // A definition stands before its uses.
            let mut numbers: FxHashMap<ValueId, i64> = FxHashMap::default();
            for op in flow::ops(function) {
                let call = match op {
                    Op::Call(call) => call,
                    Op::Const { result, constant: Constant::Int(number) } => {
                        numbers.insert(*result, *number);
                        continue;
                    }
                    Op::Cast { result, value, .. } => {
                        if let Some(number) = numbers.get(value).copied() {
                            numbers.insert(*result, number);
                        }
                        continue;
                    }
                    _ => continue,
                };
                let is_made = |row: &&Row| row.params.iter().any(|it| it.role == Role::Out(Thing::Stream));
                if let Some(row) = row(call).filter(is_made) {
                    let flags = row.params.iter().position(|it| it.role == Role::Flags);
                    let flags = flags.map_or(Some(0), |at| numbers.get(call.args.get(at)?).copied());
                    made.add(Self { blocking: flags == Some(0), other: flags != Some(0) });
                } else if let Callee::Extern(id) = call.callee
                    && call.ty.kind == TypeKind::Stream
                {
                    // What another file of the project gives is made there.
                    let is_others = program.externs[id.0 as usize].origin != Origin::Project;
                    made.add(Self { blocking: false, other: is_others });
                }
            }
        }
        made
    }

    const fn add(&mut self, more: Self) {
        self.blocking |= more.blocking;
        self.other |= more.other;
    }
}

/// How many files make streams of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Files {
    blocking: u32,
    other: u32,
}

impl Files {
    const fn add(&mut self, made: StreamsMade) {
        self.blocking += made.blocking as u32;
        self.other += made.other as u32;
    }
}

/// For each unit: are streams that come from elsewhere blocking ones? The blocking ones that the file itself makes say
/// nothing of what it is given.
pub(super) fn are_blocking(units: &[Unit], mains: &[bool]) -> Vec<bool> {
    // The configurations of one file are one file.
    let mut files: FxHashMap<u32, (StreamsMade, bool)> = FxHashMap::default();
    for (unit, is_main) in units.iter().zip(mains) {
        let (made, has_main) = files.entry(unit.file).or_default();
        made.add(unit.index.streams);
        *has_main |= is_main;
    }
    // Programs apart: what a file with `main` makes is for that program, and for what has none of its own.
    let mut below: FxHashMap<&[String], [Files; 2]> = FxHashMap::default();
    let mut counted = FxHashSet::default();
    for unit in units {
        let (made, has_main) = files[&unit.file];
        if (made.blocking || made.other) && counted.insert(unit.file) {
            for depth in 0..=unit.folders.len() {
                below.entry(&unit.folders[..depth]).or_default()[usize::from(has_main)].add(made);
            }
        }
    }
    let near = |unit: &Unit| {
        let (own, has_main) = files[&unit.file];
        (0..=unit.folders.len()).rev().find_map(|depth| {
            let [libraries, mains] = *below.get(&unit.folders[..depth])?;
            let (mut blocking, mut other) = (libraries.blocking, libraries.other);
            if has_main {
                // Its own functions are given those that it makes.
                other += u32::from(own.other);
            } else {
                blocking += mains.blocking;
                other += mains.other;
                blocking -= u32::from(own.blocking);
            }
            (blocking + other > 0).then_some(blocking > 0 && other == 0)
        })
    };
    units.iter().map(|unit| near(unit).unwrap_or(false)).collect()
}
