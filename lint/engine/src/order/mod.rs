//! Happens-before over the host program: follows every path of every function and notes what it sees.
//!
//! The analysis is a bounded, path-sensitive symbolic execution. A [`state`] holds what one path
//! knows; states that meet and differ only in what they know about numbers are joined, others stay apart
//! up to a limit, so that alias sets of different paths are never combined: a
//! finding must hold on one path. Loops run [`machine::ITERATIONS`] times. Calls are followed into functions with a body;
//! functions without one are looked up in the [CUDA model](crate::cuda) or are unknown.
//!
//! Layers, each using only those before it:
//! [`symbol`], [`value`], [`path`] (numbers) → [`object`] (memory) → [`happens_before`] (device order), [`capture`] →
//! [`history`], [`events`] → [`state`] → [`machine`] (statements, with `memory`, `access`, `calls`, `model`, `resources`, `unknown`; `witness`
//! explains what they see) → [`observe`] (facts).

mod access;
mod aliases;
mod alternatives;
mod arguments;
mod attributes;
mod branches;
mod callbacks;
mod calls;
pub mod capture;
mod captures;
mod choices;
mod chosen_rounds;
mod clocks;
mod combined;
mod containers;
mod copy_params;
mod counters;
mod definitions;
mod described;
mod device_members;
mod device_sums;
mod devices;
mod ends;
mod errors;
mod escapes;
mod event_rounds;
mod event_sums;
mod event_times;
mod event_use;
mod events;
mod examined;
mod exchange;
mod extents;
mod forgotten;
mod forks;
mod formats;
mod gone;
mod graph_nodes;
mod graph_races;
mod graph_work;
mod graphs;
mod handles;
pub mod happens_before;
mod held;
mod history;
mod holdings;
mod joins;
mod kept;
mod launch_shapes;
mod launches;
mod leak_sums;
mod left_out;
mod lifetimes;
mod machine;
mod managed;
mod markers;
mod memory;
mod model;
mod modelled_copies;
mod modes;
mod moves;
mod numbers;
mod object;
mod observations;
mod outcomes;
mod owners;
mod part;
mod path;
mod pointer_attributes;
mod polls;
mod presumed;
mod promises;
mod registrations;
mod relevance;
mod resets;
mod resources;
mod roots;
mod rounds;
mod setters;
mod shared;
mod sizes;
mod staged;
mod state;
mod stores;
mod symbol;
mod tracked;
mod trackers;
mod transfer_sums;
mod transfers;
mod unknown;
mod unwritten;
mod value;
mod verdicts;
mod waits;
mod ways;
mod witness;

pub use relevance::{acts_on_memory, concerns_cuda, rows};

use crate::facts::Facts;
use crate::program::{Callee, InvalidCall, Op, Origin};
use crate::{Options, Program};

/// Statements followed for one root, at least.
const STEPS: usize = 250_000;

/// The same in a unit that has used up [`UNIT_STEPS`]: enough for most functions.
const FEWER_STEPS: usize = 25_000;

/// Statements followed for all roots of a unit before the others have to do with less: a file with dozens of
/// functions of too many paths ends in tens of seconds, as partial, in place of minutes.
const UNIT_STEPS: usize = 3_000_000;

/// Follows every function of the program and notes what is observed.
pub fn observe(program: &Program, options: &Options) -> Facts {
    let mut observations = observations::Observations::default();
    let shared = shared::Shared::new(program, options);
    let mut taken = 0;
    let mut follow = |observations: &mut observations::Observations, root| {
        let steps = if taken < UNIT_STEPS { STEPS } else { FEWER_STEPS };
        taken += machine::Machine::new(&shared, observations).follow_root(root, steps);
    };
    let roots = roots::Roots::new(&shared);
    for root in &roots.open {
        follow(&mut observations, *root);
    }
    let called: Vec<_> = roots.called(&observations.called_closures).collect();
    for closure in called {
        follow(&mut observations, closure);
    }
    let mut facts = observations.into_facts(program, shared.model);
    facts.callbacks = callbacks::search(program, facts.callbacks, &shared);
    facts.launches = launch_shapes::launch_shapes(&shared);
    facts.errors = errors::complete(facts.errors, program, &shared);
    facts.invalid_calls.extend(removed_calls(program));
    facts
}

/// Calls of functions that the declarations know, since they are those of all versions together, and that
/// the newest version of CUDA no longer has. Names with a version (`_v2`) come from headers' macros.
fn removed_calls(program: &Program) -> impl Iterator<Item = InvalidCall> {
    let roots = program.functions.iter().filter(|function| function.is_root);
    let statements = roots.flat_map(|function| &function.blocks).flat_map(|block| &block.statements);
    statements.filter_map(|statement| {
        let Op::Call(call) = &statement.op else { return None };
        let Callee::Extern(id) = call.callee else { return None };
        let callee = &program.externs[id.0 as usize];
        let gone = callee.origin == Origin::System
            && !callee.name.contains("_v")
            && crate::cuda::removed(&callee.name).is_some();
        gone.then(|| InvalidCall {
            name: callee.name.clone(),
            args: call.args.len(),
            site: statement.site,
            declared: false,
        })
    })
}
