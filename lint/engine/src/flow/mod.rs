//! Control-flow facts of one function: order of blocks, loops, and which values cross block borders.
//!
//! **Invariant.** This module knows no CUDA.

use crate::program::{BlockId, Function, Launch, LocalId, Op, Terminator, ValueId};

/// Control-flow facts of one function.
#[derive(Debug)]
pub struct Cfg {
    /// The position of each block in reverse post-order; blocks that nothing reaches have `u32::MAX`.
    pub position: Vec<u32>,
    /// For each block that heads a natural loop: the loop.
    pub loops: Vec<Option<Loop>>,
    /// For each block: the last of those that every way to it leads through.
    dominators: Vec<BlockId>,
    /// For each value: is it used in another block than the one that defines it?
    pub crosses: Vec<bool>,
}

/// A natural loop.
#[derive(Debug)]
pub struct Loop {
    /// For each block: is it part of the loop?
    pub body: Vec<bool>,
    /// True if the loop holds a call, a launch, or stores an address: iterations differ in more than
    /// the numbers they compute.
    pub has_effects: bool,
    /// The variables that the loop assigns by name.
    pub assigned: Vec<LocalId>,
}

impl Loop {
    /// True if `block` is part of the loop.
    pub fn contains(&self, block: BlockId) -> bool {
        self.body.get(block.0 as usize).copied().unwrap_or(false)
    }
}

/// The blocks that `block` goes to.
pub fn successors(terminator: &Terminator) -> Vec<BlockId> {
    match terminator {
        Terminator::Goto(to) => vec![*to],
        Terminator::Branch { then, otherwise, .. } => vec![*then, *otherwise],
        Terminator::Switch { cases, default, .. } => {
            cases.iter().map(|(_, to)| *to).chain(std::iter::once(*default)).collect()
        }
        Terminator::Return { .. } | Terminator::Throw | Terminator::Exit => Vec::new(),
    }
}

/// True if a path leads from one block to another; each leads to itself.
pub fn reaches(function: &Function, from: BlockId, to: BlockId) -> bool {
    let mut seen = vec![false; function.blocks.len()];
    let mut queue = vec![from];
    while let Some(block) = queue.pop() {
        if block == to {
            return true;
        }
        if !std::mem::replace(&mut seen[block.0 as usize], true) {
            queue.extend(successors(&function.blocks[block.0 as usize].terminator));
        }
    }
    false
}

impl Cfg {
    /// Analyses a function. Linear in its size, save for deeply nested loops.
    pub fn new(function: &Function) -> Self {
        let order = reverse_post_order(function);
        let mut position = vec![u32::MAX; function.blocks.len()];
        for (at, block) in order.iter().enumerate() {
            position[block.0 as usize] = at as u32;
        }
        let (loops, dominators) = natural_loops(function, &order, &position);
        Self { position, loops, dominators, crosses: crossing_values(function) }
    }

    /// The headers of the loops that hold `block`, in no particular order.
    pub fn loops_around(&self, block: BlockId) -> impl Iterator<Item = (BlockId, &Loop)> {
        self.loops
            .iter()
            .enumerate()
            .filter_map(|(header, it)| it.as_ref().map(|it| (BlockId(header as u32), it)))
            .filter(move |(_, it)| it.contains(block))
    }

    /// The innermost loop that holds `block`, with its header.
    pub fn innermost_loop(&self, block: BlockId) -> Option<(BlockId, &Loop)> {
        let size = |it: &Loop| it.body.iter().filter(|inside| **inside).count();
        self.loops_around(block).min_by_key(|(_, it)| size(it))
    }

    /// True if control comes to `below` by way of `above` only.
    pub fn is_on_every_way(&self, above: BlockId, below: BlockId) -> bool {
        let is_reached = |block: BlockId| self.position[block.0 as usize] != u32::MAX;
        is_reached(above) && is_reached(below) && dominates(&self.dominators, &self.position, above, below)
    }

    /// True if the edge goes backwards (to a block that stands no later in reverse post-order).
    pub fn is_back_edge(&self, from: BlockId, to: BlockId) -> bool {
        self.position[to.0 as usize] <= self.position[from.0 as usize]
    }
}

/// Depth-first, without recursion: input may nest deeply.
fn reverse_post_order(function: &Function) -> Vec<BlockId> {
    let mut order = Vec::with_capacity(function.blocks.len());
    let mut seen = vec![false; function.blocks.len()];
    let mut stack: Vec<(BlockId, Vec<BlockId>)> = Vec::new();
    if let Some(entry) = function.blocks.first() {
        seen[0] = true;
        stack.push((BlockId(0), successors(&entry.terminator)));
    }
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if !seen[next.0 as usize] => {
                seen[next.0 as usize] = true;
                stack.push((next, successors(&function.blocks[next.0 as usize].terminator)));
            }
            Some(_) => {}
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// The loop of every back edge whose target dominates its source, and the immediate dominators (Cooper, Harvey,
/// Kennedy) that tell.
fn natural_loops(
    function: &Function,
    order: &[BlockId],
    position: &[u32],
) -> (Vec<Option<Loop>>, Vec<BlockId>) {
    let count = function.blocks.len();
    let mut predecessors = vec![Vec::new(); count];
    for block in order {
        for next in successors(&function.blocks[block.0 as usize].terminator) {
            predecessors[next.0 as usize].push(*block);
        }
    }
    let dominators = immediate_dominators(order, position, &predecessors);
    let mut loops: Vec<Option<Loop>> = (0..count).map(|_| None).collect();
    for latch in order {
        for header in successors(&function.blocks[latch.0 as usize].terminator) {
            if position[header.0 as usize] <= position[latch.0 as usize]
                && dominates(&dominators, position, header, *latch)
            {
                let it = loops[header.0 as usize].get_or_insert_with(|| {
                    let mut body = vec![false; count];
                    body[header.0 as usize] = true;
                    Loop { body, has_effects: false, assigned: Vec::new() }
                });
                let mut stack = vec![*latch];
                while let Some(block) = stack.pop() {
                    if !it.body[block.0 as usize] {
                        it.body[block.0 as usize] = true;
                        stack.extend(&predecessors[block.0 as usize]);
                    }
                }
            }
        }
    }
    for it in loops.iter_mut().flatten() {
        it.has_effects = function.blocks.iter().zip(&it.body).any(|(block, inside)| {
            *inside && block.statements.iter().any(|statement| has_effect(&statement.op))
        });
        it.assigned = assigned(function, &it.body);
    }
    (loops, dominators)
}

fn assigned(function: &Function, body: &[bool]) -> Vec<LocalId> {
    let mut assigned = Vec::new();
    for (block, inside) in function.blocks.iter().zip(body) {
        if !inside {
            continue;
        }
        let mut addresses = Vec::new();
        for statement in &block.statements {
            match &statement.op {
                Op::AddressOfLocal { result, local } => addresses.push((*result, *local)),
                Op::Store { pointer, .. } => {
                    let local = addresses.iter().rev().find(|(value, _)| value == pointer).map(|(_, it)| *it);
                    if let Some(local) = local
                        && !assigned.contains(&local)
                    {
                        assigned.push(local);
                    }
                }
                _ => {}
            }
        }
    }
    assigned
}

fn has_effect(op: &Op) -> bool {
    use crate::program::TypeKind;
    match op {
        Op::Call(_) | Op::Launch(_) | Op::New { .. } | Op::Delete { .. } | Op::Spawn { .. } => true,
        Op::Opaque { .. } => true,
        Op::Store { ty, .. } => !matches!(ty.kind, TypeKind::Int | TypeKind::Scalar | TypeKind::Status),
        _ => false,
    }
}

fn immediate_dominators(order: &[BlockId], position: &[u32], predecessors: &[Vec<BlockId>]) -> Vec<BlockId> {
    let none = BlockId(u32::MAX);
    let mut dominators = vec![none; predecessors.len()];
    let Some(entry) = order.first() else { return dominators };
    dominators[entry.0 as usize] = *entry;
    let mut changed = true;
    while changed {
        changed = false;
        for block in &order[1..] {
            let mut meet = none;
            for from in &predecessors[block.0 as usize] {
                if dominators[from.0 as usize] == none {
                    continue;
                }
                meet = if meet == none { *from } else { intersect(&dominators, position, meet, *from) };
            }
            if dominators[block.0 as usize] != meet {
                dominators[block.0 as usize] = meet;
                changed = true;
            }
        }
    }
    dominators
}

fn intersect(dominators: &[BlockId], position: &[u32], mut a: BlockId, mut b: BlockId) -> BlockId {
    while a != b {
        while position[a.0 as usize] > position[b.0 as usize] {
            a = dominators[a.0 as usize];
        }
        while position[b.0 as usize] > position[a.0 as usize] {
            b = dominators[b.0 as usize];
        }
    }
    a
}

fn dominates(dominators: &[BlockId], position: &[u32], above: BlockId, mut below: BlockId) -> bool {
    while position[below.0 as usize] > position[above.0 as usize] {
        below = dominators[below.0 as usize];
    }
    below == above
}

fn crossing_values(function: &Function) -> Vec<bool> {
    let none = u32::MAX;
    let mut home = vec![none; function.values as usize];
    for (at, block) in function.blocks.iter().enumerate() {
        for statement in &block.statements {
            if let Some(result) = result_of(&statement.op) {
                home[result.0 as usize] = at as u32;
            }
        }
    }
    let mut crosses = vec![false; function.values as usize];
    for (at, block) in function.blocks.iter().enumerate() {
        let mut note = |value: ValueId| {
            if home[value.0 as usize] != at as u32 {
                crosses[value.0 as usize] = true;
            }
        };
        for statement in &block.statements {
            operands_of(&statement.op).into_iter().for_each(&mut note);
        }
        match &block.terminator {
            Terminator::Branch { condition, .. } => note(*condition),
            Terminator::Switch { value, .. } => note(*value),
            Terminator::Return { value: Some(value), .. } => note(*value),
            _ => {}
        }
    }
    crosses
}

/// What the statements of a function do, in the order of its blocks.
pub fn ops(function: &Function) -> impl Iterator<Item = &Op> {
    function.blocks.iter().flat_map(|block| &block.statements).map(|statement| &statement.op)
}

/// The value that a statement defines.
pub fn result_of(op: &Op) -> Option<ValueId> {
    match op {
        Op::Const { result, .. }
        | Op::AddressOfLocal { result, .. }
        | Op::AddressOfGlobal { result, .. }
        | Op::Field { result, .. }
        | Op::Index { result, .. }
        | Op::Load { result, .. }
        | Op::Binary { result, .. }
        | Op::Unary { result, .. }
        | Op::Cast { result, .. }
        | Op::Unknown { result, .. }
        | Op::New { result, .. } => Some(*result),
        Op::Call(call) => call.result,
        _ => None,
    }
}

/// The values that a statement uses.
pub fn operands_of(op: &Op) -> Vec<ValueId> {
    use crate::program::Callee;
    match op {
        Op::Field { base, .. } => vec![*base],
        Op::Index { base, index, .. } => vec![*base, *index],
        Op::Load { pointer, .. } | Op::Delete { pointer } => vec![*pointer],
        Op::Store { pointer, value, .. } => vec![*pointer, *value],
        Op::CopyObject { to, from, .. } => vec![*to, *from],
        Op::Binary { lhs, rhs, .. } => vec![*lhs, *rhs],
        Op::Unary { value, .. } | Op::Cast { value, .. } => vec![*value],
        Op::Unknown { operands, .. } | Op::Opaque { operands, .. } => operands.clone(),
        Op::New { count, .. } => count.iter().copied().collect(),
        Op::Call(call) => {
            let callee = if let Callee::Value(value) = call.callee { Some(value) } else { None };
            call.args.iter().copied().chain(call.into).chain(callee).collect()
        }
        Op::Launch(Launch { grid, block, shared_bytes, stream, args, .. }) => args
            .iter()
            .map(|arg| arg.value)
            .chain([grid, block, shared_bytes, stream].into_iter().filter_map(|it| *it))
            .collect(),
        Op::Spawn { callee, args } => {
            let callee = if let Callee::Value(value) = callee { Some(*value) } else { None };
            args.iter().copied().chain(callee).collect()
        }
        Op::Const { .. }
        | Op::AddressOfLocal { .. }
        | Op::AddressOfGlobal { .. }
        | Op::Live { .. }
        | Op::Dead { .. } => Vec::new(),
    }
}
