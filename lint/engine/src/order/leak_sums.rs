//! Sums up what the paths of a root hold at its ends: see [`super::held`].

use std::collections::{BTreeMap, BTreeSet};

use super::held::{Fate, Key};
use super::object::{Objects, Step};
use super::state::State;
use crate::facts::{Leak, Loss, Paths, Resource};
use crate::program::{FunctionId, SiteId};

/// What was seen of leaks.
#[derive(Debug, Default)]
pub struct LeakSums {
    /// Of the current root.
    things: BTreeMap<Key, Thing>,
    /// Of the current root: assignments that replace, on some path, what was released before.
    replaced: BTreeSet<(Key, SiteId)>,
    /// Of the current root: memory of callers that it has page-locked, and unlocks itself.
    unlocked: BTreeSet<Key>,
    /// Of the current root: what it held on a path that is not followed to its end.
    unsure_here: BTreeSet<Key>,
    /// The same for what a function that it calls has not handed over yet: by the calls that make it.
    unsure: BTreeSet<SiteId>,
    found: Vec<Leak>,
}

/// What was seen of one thing.
#[derive(Debug)]
struct Thing {
    root: FunctionId,
    function: String,
    what: Resource,
    lent: bool,
    name: String,
    /// The ways out that it was seen at.
    exits: BTreeMap<SiteId, AtExit>,
    /// How many states, of those on which no call was refused, got out with it in any form.
    seen: u32,
    /// On how many of them an assignment had lost one, and where.
    overwritten: (u32, BTreeSet<SiteId>),
    /// On how many of them several rounds had left one each, and none had been released.
    rounds: u32,
    /// On how many of them one was left.
    left: u32,
}

impl Thing {
    /// True if the ways out that leave it stand before all that release it, of which one is no way out after a failure:
    /// a function that releases before it reports a failure, and leaves what it has done when all is well, has done it
    /// for its caller.
    fn leaves_early(&self) -> bool {
        let left = self.exits.iter().filter(|(_, at)| at.left && !at.settled).map(|(exit, _)| *exit).max();
        let released = self.exits.iter().filter(|(_, at)| at.settled).map(|(exit, _)| *exit).min();
        let is_usual = self.exits.values().any(|at| at.settled_in_earnest);
        is_usual && left.zip(released).is_some_and(|(left, released)| left < released)
    }
}

/// What was seen of one thing at one way out.
#[derive(Debug, Default)]
struct AtExit {
    /// On some path it is left.
    left: bool,
    /// On some path on which no call was refused.
    left_in_earnest: bool,
    /// On some path it was released, or is known to others.
    settled: bool,
    /// The same, on a path on which no call was refused.
    settled_in_earnest: bool,
    /// On some path memory was released, whatever memory.
    frees: bool,
}

/// What a path has made in one place, at one way out.
#[derive(Default)]
struct Here {
    /// What is left, by the statement that made it and the calls that led there: several times by the same ones are
    /// rounds of a loop.
    left: BTreeMap<(u8, Vec<Step>), u32>,
    settled: bool,
    overwritten: BTreeSet<SiteId>,
}

impl LeakSums {
    /// An assignment replaces what was released before.
    pub fn replaces_settled(&mut self, key: Key, site: SiteId) {
        self.replaced.insert((key, site));
    }

    /// Memory of the caller is unlocked by the function that has page-locked it.
    pub fn unlocks(&mut self, key: Key) {
        self.unlocked.insert(key);
    }

    /// A path is not followed any further. What it has lost by now, it cannot release any more.
    pub fn give_up(&mut self, state: &State) {
        for it in state.held.iter().filter(|it| it.fate == Fate::Settled || it.lost.is_none()) {
            if it.is_roots() {
                self.unsure_here.insert(it.key);
            } else {
                self.unsure.insert(it.key.made_at);
            }
        }
    }

    /// A path of a root gets out of it.
    pub fn exit(&mut self, root: FunctionId, exit: SiteId, state: &State, objects: &Objects) {
        let earnest = !state.refused && !state.presumed;
        let mut here: BTreeMap<Key, Here> = BTreeMap::new();
        for it in state.held.iter() {
            let thing = self.things.entry(it.key).or_insert_with(|| Thing {
                root,
                function: it.function.to_string(),
                what: it.what,
                lent: it.lent,
                name: String::new(),
                exits: BTreeMap::new(),
                seen: 0,
                overwritten: Default::default(),
                rounds: 0,
                left: 0,
            });
            if thing.name.is_empty() {
                thing.name = it.name.clone().unwrap_or_else(|| objects.info(it.object).name.clone());
            }
            let here = here.entry(it.key).or_default();
            match (it.fate, it.lost) {
                (Fate::Settled, _) => here.settled = true,
                (Fate::Held, Some(site)) => {
                    here.overwritten.insert(site);
                }
                (Fate::Held, None) => *here.left.entry(objects.made_by(it.object)).or_default() += 1,
            }
        }
        for (key, Here { left, settled, overwritten }) in here {
            let Some(thing) = self.things.get_mut(&key) else { continue };
            let is_left = !left.is_empty();
            let in_rounds = left.values().any(|rounds| *rounds > 1);
            let at = thing.exits.entry(exit).or_default();
            at.left |= is_left;
            at.left_in_earnest |= is_left && earnest;
            at.settled |= settled;
            at.settled_in_earnest |= settled && earnest;
            at.frees |= state.frees;
            if earnest {
                thing.seen += 1;
                thing.left += u32::from(is_left);
                thing.rounds += u32::from(in_rounds && !settled);
                thing.overwritten.0 += u32::from(!overwritten.is_empty());
                thing.overwritten.1.extend(overwritten);
            }
        }
    }

    /// A root was followed; not to all of its ends if `exhausted`. `is_missed`: what no path got to may release
    /// things.
    pub fn end_of_root(&mut self, exhausted: bool, is_missed: bool) {
        let replaced = std::mem::take(&mut self.replaced);
        let unsure = std::mem::take(&mut self.unsure);
        let unsure_here = std::mem::take(&mut self.unsure_here);
        let unlocked = std::mem::take(&mut self.unlocked);
        for (key, thing) in std::mem::take(&mut self.things) {
            let unsure = exhausted || unsure.contains(&key.made_at) || unsure_here.contains(&key);
            let share = |count: u32| match () {
                () if unsure || count == 0 => Paths::AfterFailure,
                () if count == thing.seen => Paths::All,
                () => Paths::Some,
            };
            let leak = |loss, paths| Leak {
                root: thing.root,
                site: key.site,
                made_at: Some(key.made_at).filter(|site| *site != key.site),
                function: thing.function.clone(),
                what: thing.what,
                name: thing.name.clone(),
                loss,
                paths,
            };
            let is_loss = |site: &&SiteId| !replaced.contains(&(key, **site));
            let is_settled = thing.exits.values().any(|at| at.settled);
            let whatever_way_out = if let Some(site) = thing.overwritten.1.iter().find(is_loss) {
                Some(leak(Loss::Overwritten(*site), share(thing.overwritten.0)))
            } else if thing.rounds > 0 && !is_settled {
                Some(leak(Loss::EachRound, share(thing.rounds)))
            } else if !is_settled && thing.exits.values().any(|at| at.left) {
                let paths = if is_missed { Paths::AfterFailure } else { share(thing.left) };
                Some(leak(Loss::Never, paths))
            } else {
                None
            };
            // Of what is the caller's, only a way out that comes too early is a loss.
            if thing.lent {
                if !(unlocked.contains(&key) && thing.leaves_early()) {
                    continue;
                }
            } else if let Some(leak) = whatever_way_out {
                self.found.push(leak);
                continue;
            }
            let frees_elsewhere = thing.exits.values().any(|at| at.settled && at.frees);
            for (exit, at) in thing.exits.iter().filter(|(_, at)| at.left && !at.settled) {
                let paths = if at.left_in_earnest && !unsure { Paths::Some } else { Paths::AfterFailure };
                let loss = Loss::Return { at: *exit, with_memory: frees_elsewhere && !at.frees };
                self.found.push(leak(loss, paths));
            }
        }
    }

    /// What was found: what several instances of a template lose alike is said once.
    pub fn into_facts(self) -> Vec<Leak> {
        let mut found = self.found;
        let key = |it: &Leak| (it.site, it.loss, it.made_at, it.what, it.name.clone());
        found.sort_by(|a, b| (key(a), b.paths, a.root).cmp(&(key(b), a.paths, b.root)));
        found.dedup_by(|later, first| key(later) == key(first));
        found
    }
}
