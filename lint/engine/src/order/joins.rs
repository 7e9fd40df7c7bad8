//! Where paths meet: states become one, or are given up.

use std::rc::Rc;

use super::events::Book;
use super::machine::Exit;
use super::observations::Observations;
use super::state::State;
use super::{held, rounds, waits};

/// How many of the states at one point may be on paths on which a CUDA call has failed.
const FAILED_STATES: usize = 2;

/// Joins states that differ only in what they know about numbers, and keeps the number of states down.
/// What is dropped is a path that is not followed: it can hide a finding, never make one. That something holds on all
/// paths is said of those that are followed; where others might differ, [`Observations::given_up`] counts.
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
        kept.iter().skip(limit).for_each(|state| give_up(state, observations));
        let dropped: Vec<State> = kept.drain(limit..).filter(|state| !state.failed).collect();
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
            None => give_up(&exit.state, observations),
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

/// A path is not followed any further: what it would have needed is not known.
pub(super) fn give_up(state: &State, observations: &mut Observations) {
    observations.given_up += usize::from(!state.failed);
    state.waits.iter().for_each(|wait| observations.need(wait.site));
    state.rounds.iter().for_each(|it| observations.keep(it.site));
    observations.events.give_up();
    observations.unwritten.give_up();
    observations.leaks.give_up(state);
}
