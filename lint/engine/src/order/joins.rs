//! Where paths meet: states become one, or are given up.

use std::rc::Rc;

use super::events::Book;
use super::machine::Exit;
use super::observations::Observations;
use super::state::State;
use super::value::Value;
use super::{held, rounds, waits};

/// How many of the states at one point may be on paths on which a CUDA call has failed.
const FAILED_STATES: usize = 2;

/// Joins states that differ only in what they know about numbers, and keeps the number of states down.
/// What is dropped is a path that is not followed: it can hide a finding, never make one. That something holds on all
/// paths is said of those that are followed; where others may have had other numbers,
/// [`Observations::gave_up_numbers`] says so.
pub(super) fn merge(states: Vec<State>, limit: usize, observations: &mut Observations) -> Vec<State> {
    let mut kept: Vec<State> = Vec::with_capacity(states.len().min(limit));
    for mut state in states {
        kept.iter().for_each(|other| state.share_with(other));
        match kept.iter_mut().find(|other| other.same_but_for_path(&state)) {
            Some(other) => join(other, &state, observations),
            None => kept.push(state),
        }
    }
    let mut failed = 0;
    kept.retain(|state| {
        failed += usize::from(state.failed);
        !state.failed || failed <= FAILED_STATES
    });
    if kept.len() > limit {
        // Paths on which nothing has failed say more.
        kept.sort_by_key(|state| state.failed);
        // An event that was recorded on a path that is given up may have been recorded.
        let dropped: Vec<State> = kept.split_off(limit);
        for state in &dropped {
            give_up(state, kept.iter(), observations);
        }
        let dropped: Vec<State> = dropped.into_iter().filter(|state| !state.failed).collect();
        join_books(&mut kept, &dropped);
    }
    kept
}

/// Tells the states that are kept what others knew of events. Joining books is associative and idempotent: those of
/// the others are joined with each other first, and each book that several states share is joined once.
fn join_books(kept: &mut [State], others: &[State]) {
    let Some((first, rest)) = others.split_first() else { return };
    let mut all = first.events.clone();
    for other in rest.iter().filter(|other| !Rc::ptr_eq(&other.events, &first.events)) {
        Rc::make_mut(&mut all).join(&other.events);
    }
    let mut joined: Vec<(Rc<Book>, Rc<Book>)> = Vec::new();
    for state in kept {
        if Rc::ptr_eq(&state.events, &all) {
            continue;
        }
        if let Some((_, known)) = joined.iter().find(|(before, _)| Rc::ptr_eq(before, &state.events)) {
            state.events = known.clone();
            continue;
        }
        let before = state.events.clone();
        Rc::make_mut(&mut state.events).join(&all);
        joined.push((before, state.events.clone()));
    }
}

/// Likewise for the states in which a function returns.
pub(super) fn limit_exits(exits: Vec<Exit>, limit: usize, observations: &mut Observations) -> Vec<Exit> {
    let mut kept: Vec<Exit> = Vec::with_capacity(exits.len().min(limit));
    for mut exit in exits {
        kept.iter().for_each(|other| exit.state.share_with(&other.state));
        let twin = |other: &Exit| other.value == exit.value && other.state.same_but_for_path(&exit.state);
        match kept.iter().position(twin) {
            Some(other) => join(&mut kept[other].state, &exit.state, observations),
            None if kept.len() < limit => kept.push(exit),
            None => give_up(&exit.state, kept.iter().map(|exit| &exit.state), observations),
        }
    }
    kept
}

/// Joins a state with one that differs only in what it knows about numbers.
fn join(kept: &mut State, other: &State, observations: &mut Observations) {
    kept.join(other);
    waits::join(kept, other, |site| observations.need(site));
    rounds::join(kept, other, |site| observations.keep(site));
    held::join(kept, other);
}

/// A path is not followed any further, beside those that are kept: what it would have needed is not known.
fn give_up<'s>(
    state: &State,
    kept: impl Iterator<Item = &'s State> + Clone,
    observations: &mut Observations,
) {
    if !state.failed {
        observations.given_up += 1;
        observations.gave_up_numbers = observations.gave_up_numbers || has_own_numbers(state, kept);
    }
    state.waits.iter().for_each(|wait| observations.need(wait.site));
    state.rounds.iter().for_each(|it| observations.keep(it.site));
    observations.events.give_up();
    observations.unwritten.give_up();
    observations.leaks.give_up(state);
}

/// True if a state has a number in a place, or a size of an object, that none of the others has there.
fn has_own_numbers<'s>(state: &State, others: impl Iterator<Item = &'s State> + Clone) -> bool {
    let shares_memory = others.clone().any(|other| other.memory.is(&state.memory));
    let shares_sizes = others.clone().any(|other| other.objects.is(&state.objects));
    let mut numbers = state.memory.iter().filter(|(_, value)| matches!(value, Value::Number(_)));
    let mut sizes = state.objects.iter().filter(|(_, it)| it.size.is_some());
    (!shares_memory
        && numbers.any(|(cell, value)| !others.clone().any(|other| other.memory.get(cell) == Some(value))))
        || (!shares_sizes
            && sizes.any(|(object, it)| {
                !others.clone().any(|other| other.object(*object).is_some_and(|other| other.size == it.size))
            }))
}
