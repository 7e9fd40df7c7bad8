//! What a function says of its own values, looked at once for all paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow;
use crate::program::{BlockId, Function, LocalId, Op, ValueId};

/// A way of working is looked at in as many of its blocks.
const REGION: usize = 24;

/// Where the values of a function are defined, what is stored to its variables, and how its blocks are entered.
#[derive(Debug)]
pub struct Definitions {
    values: BTreeMap<ValueId, (u32, u32)>,
    stores: BTreeMap<LocalId, Vec<ValueId>>,
    /// By block: how many edges lead to it.
    entries: Vec<u32>,
}

impl Definitions {
    /// Looks at every statement once.
    pub fn new(function: &Function) -> Self {
        let entries = vec![0; function.blocks.len()];
        let mut it = Self { values: BTreeMap::new(), stores: BTreeMap::new(), entries };
        for (index, block) in function.blocks.iter().enumerate() {
            for (place, statement) in block.statements.iter().enumerate() {
                if let Some(value) = flow::result_of(&statement.op) {
                    it.values.insert(value, (index as u32, place as u32));
                }
            }
            for next in flow::successors(&block.terminator) {
                it.entries[next.0 as usize] += 1;
            }
        }
        for block in &function.blocks {
            for statement in &block.statements {
                if let Op::Store { pointer, value, .. } = statement.op
                    && let Some(Op::AddressOfLocal { local, .. }) = it.of(function, pointer)
                {
                    it.stores.entry(*local).or_default().push(value);
                }
            }
        }
        it
    }

    /// What is stored to a variable, in the order of the blocks.
    pub fn stores_to(&self, local: LocalId) -> &[ValueId] {
        self.stores.get(&local).map_or(&[], Vec::as_slice)
    }

    /// The statement that defines a value.
    pub fn of<'f>(&self, function: &'f Function, value: ValueId) -> Option<&'f Op> {
        let (block, place) = *self.values.get(&value)?;
        Some(&function.blocks[block as usize].statements[place as usize].op)
    }

    /// The same, of what is converted to it.
    pub fn of_converted<'f>(&self, function: &'f Function, value: ValueId) -> Option<&'f Op> {
        match self.of(function, value)? {
            Op::Cast { value: from, .. } => self.of_converted(function, *from),
            op => Some(op),
        }
    }

    /// The variable that a value is read from.
    pub fn variable_read(&self, function: &Function, value: ValueId) -> Option<LocalId> {
        let Op::Load { pointer, .. } = self.of(function, value)? else { return None };
        match self.of(function, *pointer)? {
            Op::AddressOfLocal { local, .. } => Some(*local),
            _ => None,
        }
    }

    /// The blocks that are entered by way of `from` only, itself among them: at most [`REGION`] of them, and none
    /// behind a loop that leads back.
    pub fn region(&self, function: &Function, from: BlockId) -> BTreeSet<BlockId> {
        let mut region = BTreeSet::from([from]);
        let mut entered: BTreeMap<BlockId, u32> = BTreeMap::new();
        let mut queue = vec![from];
        while let Some(block) = queue.pop() {
            for next in flow::successors(&function.blocks[block.0 as usize].terminator) {
                let edges = entered.entry(next).or_default();
                *edges += 1;
                if *edges == self.entries[next.0 as usize] && region.len() < REGION && region.insert(next) {
                    queue.push(next);
                }
            }
        }
        region
    }
}
