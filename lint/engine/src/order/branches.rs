//! Terminators: where a path goes, and what going there teaches it.

use std::rc::Rc;

use super::access::add_note;
use super::attributes;
use super::history::DeedKind;
use super::machine::{ITERATIONS, Machine};
use super::presumed::stays_open;
use super::state::State;
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Condition, Relation};
use crate::flow::{self, Cfg, Loop};
use crate::program::{BlockId, Function, Terminator};

/// `cudaErrorNotReady` and `CUDA_ERROR_NOT_READY`.
const NOT_READY: i64 = 600;

/// What a loop makes of a branch in it.
enum Control {
    /// The branch is free.
    Free,
    /// The branch stays in the loop unless its condition is known: loops whose bound is a symbol run.
    Stay { stay: bool },
    /// The loop has run often enough: the branch leaves it, whatever its condition.
    Leave { leave: bool },
}

impl Machine<'_, '_> {
    /// The states after a terminator, each with the block it goes to.
    pub(super) fn branch(
        &mut self,
        function: &Function,
        cfg: &Cfg,
        block: BlockId,
        terminator: &Terminator,
        state: State,
    ) -> Vec<(State, BlockId)> {
        let mut next = Vec::new();
        match terminator {
            Terminator::Goto(to) => next.push((state, *to)),
            Terminator::Branch { condition, then, otherwise } => {
                let value = self.value(&state, *condition);
                let tested = *condition;
                let condition = self.condition(&value);
                self.sees_poll(function, cfg, block, (*then, *otherwise), &condition);
                let control = control(cfg, block, *then, *otherwise, &state);
                let decided = self.decide(&state, &condition);
                let presumes =
                    decided.is_none() && self.selects_by_foreign_mode(&condition, [*then, *otherwise]);
                let (try_then, try_otherwise) = match (control, decided) {
                    (Control::Leave { leave }, decided) => {
                        let to = if leave { *then } else { *otherwise };
                        let mut state = state;
                        if self.rests_on_status(&condition) {
                            let taken = if leave { condition } else { condition.negate() };
                            if !self.assume(&mut state, &taken) {
                                return next;
                            }
                        } else if decided != Some(leave) {
                            self.forget_assigned(function, cfg, (block, to), &mut state);
                        }
                        next.push((state, to));
                        return self.count_arrivals(cfg, block, next);
                    }
                    (_, Some(holds)) => (holds, !holds),
                    (Control::Stay { stay }, None) => (stay, !stay),
                    (Control::Free, None) => {
                        let due = match self.rests_on_status(&condition) {
                            true => None,
                            false => self.due_body(cfg, block, tested, [*then, *otherwise], &state),
                        };
                        match (self.is_marker_by_chance(&state, tested, &condition), due) {
                            (Some(chance), _) => (!chance, chance),
                            (None, Some(begin)) => (begin == *then, begin == *otherwise),
                            (None, None) => (true, true),
                        }
                    }
                };
                let mut state = state;
                if decided.is_some() {
                    self.note_decided(&mut state, tested, &condition.expression, &[*then, *otherwise]);
                } else if try_then && try_otherwise && !self.rests_on_status(&condition) {
                    self.note_choice(&mut state, tested, &condition.expression, &[*then, *otherwise]);
                }
                // That a constant is less than another is no presumption; nor is it that a call succeeds.
                let is_open =
                    condition.expression.as_constant().is_none() && !self.rests_on_status(&condition);
                let targets = [*then, *otherwise];
                for (taken, to, holds) in [(try_then, *then, true), (try_otherwise, *otherwise, false)] {
                    if taken {
                        let mut state = state.clone();
                        if is_open {
                            stays_open(cfg, block, targets, to, &mut state);
                        }
                        state.presumed |= presumes;
                        let condition = if holds { condition.clone() } else { condition.clone().negate() };
                        state.presumed |= decided.is_none() && self.says_alias(&condition);
                        if self.assume(&mut state, &condition) {
                            next.push((state, to));
                        }
                    }
                }
            }
            Terminator::Switch { value: tested, cases, default } => {
                let value = self.value(&state, *tested);
                let number = self.number(&value);
                let mut state = state;
                if number.as_constant().is_none() {
                    self.note_choice(&mut state, *tested, &number, &flow::successors(terminator));
                }
                let mut rest = Some(state);
                for (case, to) in cases {
                    let Some(state) = rest.as_mut() else { break };
                    let Some(expression) = number.minus(&Linear::constant(*case)) else { continue };
                    let condition = Condition { expression, relation: Relation::Zero, negated: false };
                    let mut taken = state.clone();
                    if self.assume(&mut taken, &condition) {
                        next.push((taken, *to));
                    }
                    if !self.assume(state, &condition.negate()) {
                        rest = None;
                    }
                }
                next.extend(rest.map(|state| (state, *default)));
            }
            // An exception that no handler here catches, the end of the process: nothing follows.
            Terminator::Return { .. } | Terminator::Throw | Terminator::Exit => {}
        }
        self.count_arrivals(cfg, block, next)
    }

    fn count_arrivals(
        &mut self,
        cfg: &Cfg,
        from: BlockId,
        mut next: Vec<(State, BlockId)>,
    ) -> Vec<(State, BlockId)> {
        next.retain_mut(|(state, to)| {
            self.comes_to_chosen(state, *to);
            let Some(frame) = state.frames.last_mut() else { return true };
            let around =
                |header: &BlockId| cfg.loops[header.0 as usize].as_ref().is_some_and(|it| it.contains(*to));
            if !frame.arrivals.keys().all(around) {
                let frame = frame.to_mut();
                frame.arrivals.retain(|header, _| around(header));
                frame.open.retain(around);
                frame.chosen.retain(|(header, _)| around(header));
            }
            if let Some(it) = &cfg.loops[to.0 as usize] {
                let arrivals = frame.to_mut().arrivals.entry(*to).or_insert(0);
                *arrivals = if it.contains(from) { *arrivals + 1 } else { 1 };
                return *arrivals <= iterations(it) + 1;
            }
            // Cycles that are no natural loop (`goto` into a loop): follow them a bounded number of times.
            if cfg.is_back_edge(from, *to) {
                let arrivals = frame.to_mut().arrivals.entry(*to).or_insert(0);
                *arrivals += 1;
                return *arrivals <= ITERATIONS;
            }
            true
        });
        next
    }

    /// Whether a condition holds on this path, if that is known.
    pub(super) fn decide(&mut self, state: &State, condition: &Condition) -> Option<bool> {
        state.path.decide(condition)
    }

    /// Takes a condition to hold. Returns false if it cannot.
    pub(super) fn assume(&mut self, state: &mut State, condition: &Condition) -> bool {
        // Most conditions are known by now: nothing has to be copied to hear that.
        let holds = match state.path.decide(condition) {
            Some(holds) => holds,
            None => Rc::make_mut(&mut state.path).assume(condition),
        };
        if !holds {
            return false;
        }
        self.examines(state, condition);
        if let [(symbol, _)] = condition.expression.terms[..] {
            match self.symbols.key(symbol) {
                SymKey::Status { .. } => {
                    if condition.expression.constant.abs() == NOT_READY {
                        self.not_ready_is_tested(symbol);
                    }
                    self.learn_status(state, symbol);
                }
                SymKey::Attribute { attribute, .. } if attributes::allows_host_access(*attribute) => {
                    state.host_may_access |= state.path.decide(&equals(symbol, 0)) == Some(false);
                }
                SymKey::Attribute { attribute, .. } if attributes::is_about_registered(*attribute) => {
                    self.observations.asks_for_registered = true;
                }
                SymKey::Initial { object, .. } if self.is_host_access_property(*object) => {
                    state.host_may_access |= state.path.decide(&equals(symbol, 0)) == Some(false);
                }
                _ => {
                    if let Some(verdict) = self.verdict(state, symbol) {
                        return self.learn_verdict(state, symbol, verdict);
                    }
                }
            }
        } else {
            for (symbol, _) in &condition.expression.terms {
                if self.symbols.is_status(*symbol) {
                    self.doubt_status(state, *symbol);
                }
            }
        }
        true
    }

    /// A status has been compared with a constant that is not known: either branch may be the one on which
    /// the call has failed and enqueued nothing.
    pub(super) fn doubt_status(&mut self, state: &mut State, status: Sym) {
        let site = self.at.site;
        if state.pending.iter().any(|operation| operation.status == Some(status)) {
            for operation in state.pending_mut().iter_mut().filter(|it| it.status == Some(status)) {
                add_note(&mut operation.doubts, site, "this may be where the call has failed");
            }
        }
    }

    fn rests_on_status(&self, condition: &Condition) -> bool {
        matches!(condition.expression.terms[..], [(symbol, _)] if self.symbols.is_status(symbol))
    }

    /// A status has been compared: success of a query is a wait; failure of a call means that it has
    /// enqueued nothing.
    fn learn_status(&mut self, state: &mut State, status: Sym) {
        let success = state.path.decide(&equals(status, 0));
        if let Some(point) = state.proofs.get(&status).copied() {
            // A query that is no longer "not ready" is taken for done: errors end the program.
            if success == Some(true)
                || (success.is_none() && state.path.decide(&equals(status, NOT_READY)) == Some(false))
            {
                state.history.push(self.at.site, DeedKind::Poll(point));
                self.host_sees(state, point);
            }
            return;
        }
        if success == Some(false) {
            state.failed = true;
            state.refused |= !self.queries.contains(&status);
            self.registration_has_failed(state, status);
            if state.held.iter().any(|it| it.status == Some(status)) {
                Rc::make_mut(&mut state.held).retain(|it| it.status != Some(status));
            }
            if state.pending.iter().any(|operation| operation.status == Some(status)) {
                state.pending_mut().retain(|operation| operation.status != Some(status));
            }
        }
    }
}

/// "The symbol has this value" as a condition.
pub(super) fn equals(symbol: Sym, value: i64) -> Condition {
    Condition {
        expression: Linear { terms: vec![(symbol, 1)], constant: -value },
        relation: Relation::Zero,
        negated: false,
    }
}

fn iterations(it: &Loop) -> u8 {
    if it.has_effects { ITERATIONS } else { 1 }
}

fn arrivals(header: BlockId, state: &State) -> u8 {
    state.frames.last().and_then(|frame| frame.arrivals.get(&header).copied()).unwrap_or(0)
}

pub(super) fn is_exhausted(cfg: &Cfg, header: BlockId, state: &State) -> bool {
    cfg.loops[header.0 as usize].as_ref().is_some_and(|it| arrivals(header, state) >= iterations(it))
}

/// What the innermost loop around a branch makes of it.
fn control(cfg: &Cfg, block: BlockId, then: BlockId, otherwise: BlockId, state: &State) -> Control {
    let Some((header, it)) = cfg.innermost_loop(block) else { return Control::Free };
    let so_far = arrivals(header, state);
    let tests_before = block == header;
    let tests_after = then == header || otherwise == header;
    let limit = iterations(it);
    let enough = if tests_after && !tests_before { so_far >= limit } else { so_far > limit };
    match (it.contains(then), it.contains(otherwise)) {
        (true, true) | (false, false) => Control::Free,
        (stays, _) if enough => Control::Leave { leave: !stays },
        (stays, _) if tests_before || tests_after => Control::Stay { stay: stays },
        _ => Control::Free,
    }
}
