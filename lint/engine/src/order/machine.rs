//! The machine: runs one function along all its paths.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::joins::{limit_exits, merge};
use super::object::{FrameId, ObjectId, Objects, Step};
use super::observations::Observations;
use super::part::Part;
use super::shared::Shared;
use super::state::{Frame, State};
use super::symbol::{Linear, Sym, SymKey, Symbols};
use super::value::{Condition, Relation, Value};
use super::verdicts::Verdicts;
use crate::Partial;
use crate::flow::Cfg;
use crate::program::{
    BinaryOp, BlockId, Constant, Function, FunctionId, LocalId, Op, SiteId, Statement, Storage, Terminator,
    UnaryOp, ValueId,
};

/// How often the body of a loop with effects is followed. Three, so that a buffer of two halves comes
/// round to its first half again. Every such loop runs equally often, so that a loop that enqueues and a
/// later loop that waits see the same elements.
pub const ITERATIONS: u8 = 3;

/// How many states may stand at one point before the rest is given up: in a root, and in what it calls.
const STATES: [usize; 2] = [16, 6];

/// A root of which more paths than these are given up at the points where they meet is followed in part. Most
/// functions with a handful of branches give up some, and what those would show is shown by those that are kept.
const MANY_PATHS: usize = 1_000;

/// How deep calls are followed; those that lead no further, one deeper.
const DEPTH: usize = 5;

/// Runs one root.
#[derive(Debug)]
pub struct Machine<'m, 'p> {
    /// What all roots share.
    pub shared: &'m Shared<'p>,
    /// The objects seen.
    pub objects: Objects,
    /// The symbols made.
    pub symbols: Symbols,
    /// What is seen.
    pub observations: &'m mut Observations,
    /// The functions that are being followed, outermost first.
    pub stack: Vec<FunctionId>,
    /// Where they are called, but for the first.
    pub calls: Vec<SiteId>,
    /// What each of them leaves out.
    pub(super) left_out: Vec<super::left_out::LeftOut>,
    /// The statement that is being followed.
    pub at: At,
    /// The call of a modelled function that is being followed.
    pub calling: Calling,
    /// The memory that the program has asked about.
    pub(super) examined: super::examined::Examined,
    /// The modes that the root has a part in, once they are asked for.
    pub(super) modes_of_root: Option<Rc<BTreeSet<ObjectId>>>,
    /// What the program makes of statuses, out of sight.
    pub verdicts: Verdicts,
    /// Differences of what smart pointers hold that the program has compared: see `aliases`.
    pub(super) alias_tests: BTreeSet<Linear>,
    /// By the branch that chooses, and by the block that acts, with the header of the loop: see `chosen_rounds`.
    pub(super) chosen_bodies: BTreeMap<(FunctionId, BlockId), Option<super::chosen_rounds::ChosenBody>>,
    pub(super) chosen_acts: BTreeMap<(FunctionId, BlockId), BlockId>,
    /// The blocks of the root that paths got to.
    visited: BTreeSet<u32>,
    /// The statuses of calls that only ask for the last error.
    pub queries: BTreeSet<Sym>,
    /// The statuses of queries that take an error for "not yet".
    pub(super) blind: BTreeMap<Sym, crate::facts::BlindPoll>,
    /// How many states may stand at one point of each of these functions.
    limits: Vec<usize>,
    budget: usize,
    exhausted: bool,
    /// More work was in flight at once than is remembered.
    pub(super) forgets_work: bool,
}

/// The states that enter a function at one call, by the function and the context that it runs in.
pub type Calls = BTreeMap<(FunctionId, FrameId), Vec<State>>;

/// The statement that is being followed.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Its place in the function.
    pub step: Step,
    /// Its place in the source.
    pub site: SiteId,
}

/// A call of a modelled function.
#[derive(Clone, Debug, Default)]
pub struct Calling {
    /// The function's name as written.
    pub name: Rc<str>,
    /// True if the source discards the result.
    pub discarded: bool,
    /// How it gets the memory that it is given, if it belongs to a Rust library.
    pub lent: crate::facts::Lent,
    /// What becomes of the work that it brings.
    pub adds: super::graph_nodes::Adds,
    /// The call that leaves out the stream of the work, if it stands in a caller.
    pub left_out_by: Option<SiteId>,
}

/// A path out of a function.
#[derive(Debug)]
pub struct Exit {
    /// The state, still with the function's frame.
    pub state: State,
    /// The result.
    pub value: Option<Value>,
}

impl<'m, 'p> Machine<'m, 'p> {
    /// A machine for one root.
    pub fn new(shared: &'m Shared<'p>, observations: &'m mut Observations) -> Self {
        Self {
            shared,
            objects: Objects::default(),
            symbols: Symbols::default(),
            observations,
            stack: Vec::new(),
            calls: Vec::new(),
            left_out: Vec::new(),
            limits: Vec::new(),
            at: At { step: Step { block: 0, index: 0 }, site: SiteId(0) },
            calling: Calling::default(),
            budget: 0,
            exhausted: false,
            forgets_work: false,
            examined: Default::default(),
            verdicts: Verdicts::default(),
            alias_tests: BTreeSet::new(),
            chosen_bodies: BTreeMap::new(),
            chosen_acts: BTreeMap::new(),
            queries: BTreeSet::new(),
            blind: BTreeMap::new(),
            modes_of_root: None,
            visited: BTreeSet::new(),
        }
    }

    /// Follows a function on its own, with unknown arguments, for so many statements; larger functions get more,
    /// in proportion. Gives how many it took.
    pub fn follow_root(&mut self, root: FunctionId, steps: usize) -> usize {
        let function = self.shared.function(root);
        if function.blocks.is_empty() {
            return 0;
        }
        let size: usize = function.blocks.iter().map(|block| block.statements.len() + 1).sum();
        let budget = steps + 30 * size;
        self.budget = budget;
        self.at.site = function.site;
        let mut state = State::default();
        self.enter_with_device(&mut state, root);
        let frame = self.objects.root_frame(root);
        self.push_frame(&mut state, frame);
        let mut exits = self.follow(root, vec![state]);
        self.forks_join(root, &exits);
        self.callers_get(root, &exits);
        for exit in &mut exits {
            self.need_waits(&mut exit.state);
        }
        let reason = if self.exhausted || self.observations.given_up > MANY_PATHS {
            Some("it has too many paths to follow them all")
        } else {
            self.forgets_work.then_some("more work is in flight at once than is remembered")
        };
        if self.exhausted || self.forgets_work {
            self.observations.need_all();
        }
        if let Some(reason) = reason {
            self.observations.partial.push(Partial {
                function: function.name.clone(),
                site: function.site,
                reason: reason.to_owned(),
            });
        }
        let visited = std::mem::take(&mut self.visited);
        self.sum_up_held(function, self.exhausted, &visited);
        self.observations.end_of_root(self.exhausted);
        budget - self.budget
    }

    /// Enters a function.
    pub fn push_frame(&mut self, state: &mut State, id: FrameId) {
        let modes = self.inherited_modes(state);
        state.frame_modes.push(Rc::new(modes));
        state.frames.push(Part::new(Frame {
            id,
            values: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            open: BTreeSet::new(),
            chosen: BTreeSet::new(),
        }));
    }

    /// True if a call can be followed: not too deep, and no recursion.
    pub fn can_follow(&self, function: FunctionId) -> bool {
        self.stack.len() < DEPTH + usize::from(self.shared.is_leaf(function))
            && !self.stack.contains(&function)
            && !self.shared.function(function).blocks.is_empty()
            && self.shared.function(function).space == crate::program::Space::Host
    }

    /// Runs a function whose frame is on top of every state, along all paths of all of them together: to
    /// follow a call anew for each state that gets to it would multiply with the depth of the calls.
    pub fn follow(&mut self, id: FunctionId, states: Vec<State>) -> Vec<Exit> {
        let function = self.shared.function(id);
        let cfg = self.shared.cfg(id);
        let [most, inside] = STATES;
        let limit = if self.stack.is_empty() { most } else { (2 * states.len()).clamp(inside, most) };
        self.stack.push(id);
        self.limits.push(limit);
        let mut exits = Vec::new();
        let mut waiting: BTreeMap<u32, (BlockId, Vec<State>)> = BTreeMap::new();
        waiting.insert(0, (BlockId(0), states));
        while let Some((_, (block, states))) = waiting.pop_first() {
            if self.stack.len() == 1 {
                self.visited.insert(block.0);
            }
            let mut states = merge(states, limit, self.observations);
            for (index, statement) in function.blocks[block.0 as usize].statements.iter().enumerate() {
                let step = Step { block: block.0, index: index as u32 };
                states = self.run(step, statement, states);
            }
            for mut state in states {
                self.at = At { step: Step { block: block.0, index: u32::MAX }, site: self.at.site };
                let terminator = &function.blocks[block.0 as usize].terminator;
                if let Terminator::Return { value, site } = terminator {
                    self.at.site = *site;
                    if !state.failed {
                        self.observations.visit(state.frame(), self.at.step);
                    }
                    exits.push(self.leave(function, state, *value));
                    continue;
                }
                if matches!(terminator, Terminator::Throw | Terminator::Exit) {
                    self.need_waits(&mut state);
                }
                for (mut next, to) in self.branch(function, cfg, block, terminator, state) {
                    if self.budget == 0 {
                        break;
                    }
                    forget_local_values(&mut next, cfg);
                    let position = cfg.position[to.0 as usize];
                    waiting.entry(position).or_insert_with(|| (to, Vec::new())).1.push(next);
                }
            }
        }
        self.limits.pop();
        self.stack.pop();
        limit_exits(exits, limit, self.observations)
    }

    fn run(&mut self, step: Step, statement: &Statement, states: Vec<State>) -> Vec<State> {
        let mut next = Vec::with_capacity(states.len());
        let mut calls = Calls::new();
        for state in states {
            if self.budget == 0 {
                self.exhausted = true;
                return Vec::new();
            }
            self.budget -= 1;
            self.at = At { step, site: statement.site };
            self.observations.presumed = state.presumed;
            if !state.failed {
                self.observations.visit(state.frame(), step);
            }
            match &statement.op {
                Op::Call(call) => self.call(state, call, &mut next, &mut calls),
                op => next.push(self.execute(state, op)),
            }
        }
        if let Op::Call(call) = &statement.op {
            for ((callee, frame), states) in calls {
                self.follow_call(states, call, callee, frame, &mut next);
            }
        }
        let limit = self.limits.last().copied().unwrap_or(STATES[0]);
        if next.len() > limit { merge(next, limit, self.observations) } else { next }
    }

    fn execute(&mut self, mut state: State, op: &Op) -> State {
        match op {
            Op::Const { result, constant } => {
                let value = self.constant(constant);
                self.define(&mut state, *result, value);
            }
            Op::AddressOfLocal { result, local } => {
                let object = self.local_object(&state, *local);
                self.define(&mut state, *result, Value::Pointer(self.start_of(object)));
            }
            Op::AddressOfGlobal { result, global } => {
                let object = self.global_object(*global);
                self.define(&mut state, *result, Value::Pointer(self.start_of(object)));
            }
            Op::Field { result, base, field } => {
                let value = self.field_address(&state, *base, field);
                self.define(&mut state, *result, value);
            }
            Op::Index { result, base, index, stride } => {
                let value = self.element_address(&state, *base, *index, *stride);
                self.define(&mut state, *result, value);
            }
            Op::Load { result, pointer, ty } => {
                let pointer = self.value(&state, *pointer);
                let value = self.load(&mut state, &pointer, *ty);
                self.define(&mut state, *result, value);
            }
            Op::Store { pointer, value: id, ty } => {
                let pointer = self.value(&state, *pointer);
                let value = self.value(&state, *id);
                self.store(&mut state, &pointer, value, *ty);
                self.mode_is_set(&mut state, &pointer, *id);
            }
            Op::CopyObject { to, from, ty } => {
                let (to, from) = (self.value(&state, *to), self.value(&state, *from));
                self.copy_object(&mut state, &to, &from, *ty);
            }
            Op::Binary { result, operator, lhs, rhs } => {
                let (lhs, rhs) = (self.value(&state, *lhs), self.value(&state, *rhs));
                if computes(*operator) {
                    self.settle_reachable(&mut state, &[lhs.clone(), rhs.clone()]);
                }
                let value = self.binary(*operator, &lhs, &rhs);
                self.time_is_computed(&mut state, &[lhs, rhs], &value);
                self.define(&mut state, *result, value);
            }
            Op::Unary { result, operator, value } => {
                let operand = self.value(&state, *value);
                let value = self.unary(&state, *operator, &operand);
                self.time_is_computed(&mut state, &[operand], &value);
                self.define(&mut state, *result, value);
            }
            Op::Cast { result, value, .. } => {
                let value = self.value(&state, *value);
                self.define(&mut state, *result, value);
            }
            Op::Unknown { result, operands } => {
                let operands: Vec<Value> = operands.iter().map(|it| self.value(&state, *it)).collect();
                operands.iter().for_each(|operand| self.is_computed_with(operand));
                self.settle_reachable(&mut state, &operands);
                self.handles_are_computed_with(&mut state, &operands);
                if !state.pending.is_empty() {
                    for operand in &operands {
                        self.polls(&mut state, operand);
                    }
                }
                let key =
                    SymKey::Opaque { frame: state.frame(), step: self.at.step, operands: operands.clone() };
                let value = Value::symbol(self.symbols.intern(key));
                self.time_is_computed(&mut state, &operands, &value);
                self.define(&mut state, *result, value);
            }
            Op::New { result, count, stride } => {
                let count = count.map(|it| self.value(&state, it));
                let value = self.allocate_new(&mut state, count, *stride);
                self.define(&mut state, *result, value);
            }
            Op::Delete { pointer } => {
                let pointer = self.value(&state, *pointer);
                self.delete(&mut state, &pointer);
            }
            Op::Live { local } => self.captured_local_lives(&mut state, *local),
            Op::Dead { local } => self.end_life(&mut state, *local),
            Op::Opaque { reason, operands } => {
                let operands: Vec<_> = operands.iter().map(|it| self.value(&state, *it)).collect();
                self.opaque(&mut state, reason, &operands);
            }
            Op::Spawn { args, .. } => {
                self.need_waits(&mut state);
                let args: Vec<_> = args.iter().map(|it| self.value(&state, *it)).collect();
                self.hand_over(&mut state, &args, "a thread is started with it");
            }
            Op::Launch(launch) => self.launch(&mut state, launch),
            // Calls may have many outcomes: see `run`.
            Op::Call(_) => {}
        }
        state
    }

    /// A value of the current frame.
    pub fn value(&mut self, state: &State, id: ValueId) -> Value {
        let known = state.frames.last().and_then(|frame| frame.values.get(&id).cloned());
        known.unwrap_or_else(|| {
            // A value whose definition this path has not seen: nothing is known about it.
            let key = SymKey::Opaque {
                frame: state.frame(),
                step: Step { block: u32::MAX, index: id.0 },
                operands: Vec::new(),
            };
            Value::symbol(self.symbols.intern(key))
        })
    }

    /// Defines a value of the current frame.
    pub fn define(&mut self, state: &mut State, id: ValueId, value: Value) {
        if let Some(frame) = state.frames.last_mut() {
            frame.to_mut().values.insert(id, value);
        }
    }

    /// A fresh symbol for the result of the current step.
    pub fn fresh(&mut self, state: &State) -> Value {
        let turn = state.turn();
        let key = SymKey::Result { frame: state.frame(), step: self.at.step, turn };
        Value::symbol(self.symbols.intern(key))
    }

    fn constant(&mut self, constant: &Constant) -> Value {
        match constant {
            Constant::Int(value) => Value::int(*value),
            Constant::Str(text) => {
                let object = self.literal_object(text);
                Value::Pointer(self.start_of(object))
            }
            Constant::Function(id) => Value::Function(*id),
            Constant::Extern(id) => Value::Extern(*id),
        }
    }

    /// A value as a number.
    pub fn number(&mut self, value: &Value) -> Linear {
        let objects = &self.objects;
        value.number(&mut self.symbols, |object| objects.pointee_symbol(object))
    }

    pub(super) fn binary(&mut self, operator: BinaryOp, lhs: &Value, rhs: &Value) -> Value {
        let is_address = |value: &Value| match value {
            Value::Pointer(pointer) => self.objects.pointee_symbol(pointer.object).is_none(),
            Value::Handle(_) | Value::Function(_) | Value::Extern(_) => true,
            _ => false,
        };
        // Addresses of known objects are not null.
        let against_null = (is_address(lhs) && rhs.as_constant() == Some(0))
            || (is_address(rhs) && lhs.as_constant() == Some(0));
        match operator {
            BinaryOp::Eq if against_null => return Value::ZERO,
            BinaryOp::Ne if against_null => return Value::int(1),
            _ => {}
        }
        let (a, b) = (self.number(lhs), self.number(rhs));
        match Condition::compare(operator, &a, &b) {
            Some(condition) => self.truth(condition),
            None => {
                self.is_computed_with(lhs);
                self.is_computed_with(rhs);
                Value::Number(self.symbols.arithmetic(operator, &a, &b))
            }
        }
    }

    /// A condition as a value.
    pub fn truth(&self, condition: Condition) -> Value {
        match condition.expression.as_constant() {
            Some(value) => {
                let holds = match condition.relation {
                    Relation::Zero => value == 0,
                    Relation::NotPositive => value <= 0,
                };
                Value::int(i64::from(holds != condition.negated))
            }
            None => Value::Truth(Box::new(condition)),
        }
    }

    fn unary(&mut self, state: &State, operator: UnaryOp, operand: &Value) -> Value {
        match operator {
            UnaryOp::Not => {
                let condition = self.condition(operand).negate();
                self.truth(condition)
            }
            UnaryOp::Neg => {
                let number = self.number(operand);
                number.times(-1).map_or_else(|| self.fresh(state), Value::Number)
            }
            UnaryOp::BitNot => match operand.as_constant() {
                Some(value) => Value::int(!value),
                None => self.fresh(state),
            },
        }
    }

    /// "The value is not zero" as a condition.
    pub fn condition(&mut self, value: &Value) -> Condition {
        match value {
            Value::Truth(condition) => self.unfold((**condition).clone()),
            Value::Pointer(pointer) if self.objects.pointee_symbol(pointer.object).is_none() => {
                Condition { expression: Linear::constant(1), relation: Relation::Zero, negated: true }
            }
            Value::Handle(_) | Value::Function(_) | Value::Extern(_) => {
                Condition { expression: Linear::constant(1), relation: Relation::Zero, negated: true }
            }
            _ => {
                let expression = self.number(value);
                self.unfold(Condition { expression, relation: Relation::Zero, negated: true })
            }
        }
    }

    /// A comparison of a truth value with a constant is that truth value or its opposite.
    fn unfold(&mut self, condition: Condition) -> Condition {
        if condition.relation == Relation::Zero
            && let [(symbol, factor)] = condition.expression.terms[..]
            && factor.abs() == 1
            && let SymKey::Truth(inner) = self.symbols.key(symbol)
        {
            let equals = -condition.expression.constant * factor;
            let inner = (**inner).clone();
            return match equals {
                0 if condition.negated => self.unfold(inner),
                0 => self.unfold(inner.negate()),
                1 if condition.negated => self.unfold(inner.negate()),
                1 => self.unfold(inner),
                _ => condition,
            };
        }
        condition
    }

    fn leave(&mut self, function: &Function, mut state: State, value: Option<ValueId>) -> Exit {
        let value = value.map(|it| self.value(&state, it));
        if function.result.is_aggregate()
            && let Some(value) = &value
        {
            self.publish(&mut state, value);
        }
        for (index, local) in function.locals.iter().enumerate() {
            let id = LocalId(index as u32);
            match local.storage {
                Storage::Param => self.end_life(&mut state, id),
                Storage::ParamObject => self.end_argument(&mut state, id),
                _ => {}
            }
        }
        // What a structure carries out is known to the caller.
        if !function.result.is_aggregate() {
            self.captures_at_exit(&mut state, value.as_ref());
        }
        self.leave_results(&mut state, value.as_ref());
        self.held_at_exit(&mut state, value.as_ref());
        self.work_is_left(&state, value.as_ref());
        self.timings_end(&state);
        Exit { state, value }
    }
}

/// True for operators that make another address of one: what it is then, nobody knows.
const fn computes(operator: BinaryOp) -> bool {
    use BinaryOp::{Add, And, Div, Mul, Or, Rem, Shl, Shr, Sub, Xor};
    matches!(operator, Add | Sub | Mul | Div | Rem | Shl | Shr | And | Or | Xor)
}

/// Values that no other block uses would only keep equal states apart.
fn forget_local_values(state: &mut State, cfg: &Cfg) {
    let Some(frame) = state.frames.last_mut() else { return };
    let crosses = |value: &ValueId| cfg.crosses[value.0 as usize];
    if frame.values.keys().all(crosses) {
        return;
    }
    if frame.is_own() {
        frame.to_mut().values.retain(|value, _| crosses(value));
        return;
    }
    let values = frame.values.iter().filter(|(value, _)| crosses(value));
    let values = values.map(|(id, value)| (*id, value.clone())).collect();
    let (arrivals, open, chosen) = (frame.arrivals.clone(), frame.open.clone(), frame.chosen.clone());
    *frame = Part::new(Frame { id: frame.id, values, arrivals, open, chosen });
}
