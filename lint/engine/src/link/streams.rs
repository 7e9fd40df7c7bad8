//! Whether streams that come from elsewhere can be others than blocking ones.
//!
//! A function that gets its stream from its caller does not show how the stream was made. The files around it do: if
//! they make streams, and only blocking ones, those are what it gets. The files around are those of the nearest folder
//! that makes any; of another program (two files with `main`), nothing is concluded.

use rustc_hash::FxHashMap;

use super::resolve::Unit;
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::{Role, Row, Thing};
use crate::flow;
use crate::program::{Callee, Constant, Function, Op, Origin, TypeKind, ValueId};

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
        let rows: Vec<Option<&Row>> =
            program.externs.iter().map(|it| model.lookup(&it.name, it.params.len())).collect();
        let mut made = Self::default();
        for function in &program.functions {
            for op in flow::ops(function) {
                let Op::Call(call) = op else { continue };
                let Callee::Extern(id) = call.callee else { continue };
                let row = rows[id.0 as usize];
                let is_made = |row: &&Row| row.params.iter().any(|it| it.role == Role::Out(Thing::Stream));
                if let Some(row) = row.filter(is_made) {
                    let flags = row.params.iter().position(|it| it.role == Role::Flags);
                    let flags = flags.map_or(Some(0), |at| constant(function, *call.args.get(at)?));
                    made.add(Self { blocking: flags == Some(0), other: flags != Some(0) });
                } else if call.ty.kind == TypeKind::Stream {
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

    const fn any(self) -> bool {
        self.blocking || self.other
    }
}

fn constant(function: &Function, value: ValueId) -> Option<i64> {
    flow::ops(function).find_map(|op| match op {
        Op::Const { result, constant: Constant::Int(number) } if *result == value => Some(Some(*number)),
        Op::Cast { result, value: operand, .. } if *result == value => Some(constant(function, *operand)),
        _ => None,
    })?
}

/// For each unit: are streams that come from elsewhere blocking ones?
pub(super) fn are_blocking(units: &[Unit], mains: &[bool]) -> Vec<bool> {
    // Programs apart: what a file with `main` makes is for that program, and for what has none of its own.
    let mut below: FxHashMap<&[String], [StreamsMade; 2]> = FxHashMap::default();
    for (unit, is_main) in units.iter().zip(mains).filter(|(unit, _)| unit.index.streams.any()) {
        for depth in 0..=unit.folders.len() {
            below.entry(&unit.folders[..depth]).or_default()[usize::from(*is_main)].add(unit.index.streams);
        }
    }
    let near = |unit: &Unit, is_main: bool| {
        let own = unit.index.streams;
        (0..=unit.folders.len()).rev().find_map(|depth| {
            let [others, mains] = *below.get(&unit.folders[..depth])?;
            let mut made = others;
            made.add(if is_main { own } else { mains });
            made.any().then_some(made)
        })
    };
    units
        .iter()
        .zip(mains)
        .map(|(unit, is_main)| near(unit, *is_main).is_some_and(|made| made.blocking && !made.other))
        .collect()
}
