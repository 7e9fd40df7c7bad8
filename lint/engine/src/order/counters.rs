//! Counters: atomic integers in memory that the path has made, which count the owners of something.
//!
//! Other atomics are polled, or shared between threads: what they hold is not known. One that is made with `new` and
//! counted in stands, as a rule, beside what it counts the owners of (`if (--*owners == 0) cudaFree(p);`), and what a
//! single thread does to it is what decides.

use super::machine::Machine;
use super::model::Modelled;
use super::state::State;
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, Outcome, Role};
use crate::program::BinaryOp;

impl Machine<'_, '_> {
    /// A call sets a counter, or counts.
    pub(super) fn count(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        let Some(counter) = self.counter(it) else { return };
        let value = match effect {
            Effect::SetsNumber => Some(it.arg(Role::Number).cloned().unwrap_or(Value::ZERO)),
            _ => self.counted(state, it, effect),
        };
        match value {
            Some(value) => self.poke(state, &counter, value, None),
            None => self.forget(state, counter.object),
        }
    }

    /// What a counter holds, before the call or after it, as the row says.
    pub(super) fn counted_outcome(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> Value {
        let counts = |effect: &Effect| matches!(effect, Effect::CountsUp | Effect::CountsDown);
        let is_after = it.row.result == Outcome::CountedAfter;
        let value = match it.row.effects.iter().copied().find(counts).filter(|_| is_after) {
            Some(effect) => self.counted(state, it, effect),
            None => self.counter(it).and_then(|counter| held(state, &counter)),
        };
        value.unwrap_or_else(|| self.fresh(state))
    }

    /// What a counter holds once the call has counted.
    fn counted(&mut self, state: &State, it: &Modelled<'_, '_>, effect: Effect) -> Option<Value> {
        let counter = self.counter(it)?;
        let before = held(state, &counter)?;
        let by = it.arg(Role::Number).cloned().unwrap_or(Value::int(1));
        let op = if effect == Effect::CountsUp { BinaryOp::Add } else { BinaryOp::Sub };
        let (before, by) = (self.number(&before), self.number(&by));
        Some(Value::Number(self.symbols.arithmetic(op, &before, &by)))
    }

    /// The counter that a method is called on, if the path has made the memory that it lies in.
    fn counter(&mut self, it: &Modelled<'_, '_>) -> Option<Pointer> {
        let counter = self.owner(it)?;
        self.objects.is_made(counter.object).then_some(counter)
    }
}

fn held(state: &State, counter: &Pointer) -> Option<Value> {
    state.memory.get(&(counter.object, counter.offset.clone())).cloned()
}
