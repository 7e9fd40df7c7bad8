//! Sums up what single paths show of events into [`EventFacts`].

use std::collections::{BTreeMap, BTreeSet};

use super::symbol::Sym;
use crate::cuda::row::Effect;
use crate::facts::{
    Event, EventFacts, MisplacedRecord, Paths, Serialized, UnjoinedFork, UnreadTime, UnrecordedWait, Untimed,
    UntimedEvent, Waiter, Work,
};
use crate::flow::ops;
use crate::program::{Callee, Function, GlobalId, Op, SiteId};
use crate::{Program, cuda::Model};

/// What tells facts about events apart where it is counted on how many visits they hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventHit {
    /// An event without a time: the call, the event, why, the first of the two.
    Untimed(SiteId, Event, Untimed, bool),
    /// A record that may be on the wrong stream.
    Misplaced(SiteId, Event),
    /// Work on the legacy default stream that may stand between work of other streams.
    Serialized(SiteId),
}

/// A variable that outlives the functions that are followed, or is reached by others: who else records the
/// event in it is a question to the whole program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// A field of that name.
    Field(String),
    /// A variable with static storage.
    Global(GlobalId),
}

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct EventSums {
    /// By wait and by where the event was made.
    waits: BTreeMap<(SiteId, SiteId), WaitSum>,
    untimed: BTreeMap<(SiteId, Event, Untimed, bool), UntimedSum>,
    misplaced: BTreeMap<(SiteId, Event), MisplacedRecord>,
    unjoined: BTreeMap<SiteId, UnjoinedFork>,
    serialized: BTreeMap<SiteId, Serialized>,
    /// Where the events made at a place are recorded.
    records: BTreeMap<SiteId, BTreeSet<SiteId>>,
    /// Where events are asked for their times that are then seen to be not ready, which is provided for.
    tolerated: BTreeSet<SiteId>,
    /// Events that begin a measurement: they stand for a moment, not for work.
    starts: BTreeSet<Event>,
    /// Events that are made with timing: the function that makes them, and what they are called.
    timers: BTreeMap<SiteId, (String, Event)>,
    /// The sites of events that are asked for their time, or that others may ask.
    asked_for_time: BTreeSet<SiteId>,
    /// The time of an event is asked for that may be any.
    any_is_asked: bool,
    /// Of the current root: the events that it makes, to be forgotten if paths of it are not followed.
    of_root: BTreeSet<SiteId>,
    /// Of the current root: the calls that returned a status.
    asked: BTreeMap<Sym, SiteId>,
}

#[derive(Debug)]
struct WaitSum {
    wait: UnrecordedWait,
    homes: BTreeSet<Home>,
    /// Some path has a record, or may have.
    is_recorded: bool,
}

#[derive(Debug)]
struct UntimedSum {
    function: String,
    homes: BTreeSet<Home>,
    paths: Paths,
}

impl EventSums {
    /// A wait for an event that nothing has recorded on this path.
    pub fn unrecorded(&mut self, made: SiteId, wait: UnrecordedWait, homes: BTreeSet<Home>) {
        let sum = self.waits.entry((wait.site, made)).or_insert_with(|| WaitSum {
            wait: wait.clone(),
            homes: BTreeSet::new(),
            is_recorded: false,
        });
        sum.homes.extend(homes);
        if sum.wait.pending.is_none() {
            sum.wait.pending = wait.pending;
        }
    }

    /// A use of an event that may have been recorded on this path: nothing is said of that place.
    pub fn recorded(&mut self, made: SiteId, site: SiteId, event: &Event) {
        let key = (site, made);
        match self.waits.get_mut(&key) {
            Some(sum) => sum.is_recorded = true,
            None => {
                let wait = UnrecordedWait {
                    site,
                    event: event.clone(),
                    waiter: Waiter::Host,
                    recorded_later: None,
                    pending: None,
                };
                self.waits.insert(key, WaitSum { wait, homes: BTreeSet::new(), is_recorded: true });
            }
        }
    }

    /// An event made at a place is recorded.
    pub fn record(&mut self, made: SiteId, site: SiteId, event: &Event) {
        self.records.entry(made).or_default().insert(site);
        // When it is made, it has no name yet.
        if let Some((_, known)) = self.timers.get_mut(&made)
            && known.name.is_empty()
        {
            *known = event.clone();
        }
    }

    /// An event has no time to tell.
    pub fn untimed(&mut self, hit: EventHit, function: &str, homes: BTreeSet<Home>, paths: Paths) {
        let EventHit::Untimed(site, event, why, is_start) = hit else { return };
        let sum = self.untimed.entry((site, event, why, is_start)).or_insert_with(|| UntimedSum {
            function: function.to_owned(),
            homes: BTreeSet::new(),
            paths,
        });
        sum.homes.extend(homes);
        sum.paths = sum.paths.max(paths);
    }

    /// An event is made with timing.
    pub fn timer(&mut self, made: SiteId, function: &str, event: Event) {
        self.of_root.insert(made);
        self.timers.entry(made).or_insert_with(|| (function.to_owned(), event));
    }

    /// An event is asked for its time, or others may ask; `None` if it may be any.
    pub fn time_is_asked(&mut self, made: Option<SiteId>) {
        match made {
            Some(made) => drop(self.asked_for_time.insert(made)),
            None => self.any_is_asked = true,
        }
    }

    /// A path of the current root is not followed to its end: it may ask.
    pub fn give_up(&mut self) {
        self.asked_for_time.extend(self.of_root.iter().copied());
    }

    /// A call that measures returned this status.
    pub fn asked(&mut self, status: Sym, site: SiteId) {
        self.asked.insert(status, site);
    }

    /// A status is compared with "not ready".
    pub fn tolerates(&mut self, status: Sym) {
        if let Some(site) = self.asked.get(&status) {
            self.tolerated.insert(*site);
        }
    }

    /// An event begins a measurement.
    pub fn starts(&mut self, event: Event) {
        self.starts.insert(event);
    }

    /// A misplaced record is waited for.
    pub fn misplaced(&mut self, record: MisplacedRecord) {
        self.misplaced.entry((record.site, record.event.clone())).or_insert(record);
    }

    /// Forked work never joins.
    pub fn unjoined(&mut self, fork: UnjoinedFork) {
        let known = self.unjoined.entry(fork.work.site).or_insert_with(|| fork.clone());
        known.paths = known.paths.max(fork.paths);
    }

    /// Work on the default stream stands between work on others.
    pub fn serialized(&mut self, it: Serialized) {
        self.serialized.entry(it.work.site).or_insert(it);
    }

    /// A fact holds on all visits of its place.
    pub fn on_all_paths(&mut self, hit: &EventHit) {
        match hit {
            EventHit::Untimed(site, event, why, is_start) => {
                if let Some(sum) = self.untimed.get_mut(&(*site, event.clone(), why.clone(), *is_start)) {
                    sum.paths = Paths::All;
                }
            }
            EventHit::Misplaced(site, event) => {
                if let Some(record) = self.misplaced.get_mut(&(*site, event.clone())) {
                    record.paths = Paths::All;
                }
            }
            EventHit::Serialized(site) => {
                if let Some(it) = self.serialized.get_mut(site) {
                    it.paths = Paths::All;
                }
            }
        }
    }

    /// A root has been followed: its symbols mean nothing to the next.
    pub fn end_of_root(&mut self) {
        self.asked.clear();
        self.of_root.clear();
    }

    /// The facts.
    pub fn into_facts(self, program: &Program) -> EventFacts {
        let has_candidates = self.waits.values().any(|sum| !sum.is_recorded)
            || self.untimed.keys().any(|(_, _, why, _)| *why == Untimed::NeverRecorded);
        let elsewhere = if has_candidates { recorded_homes(program) } else { BTreeSet::new() };
        let is_elsewhere = |homes: &BTreeSet<Home>| homes.iter().any(|home| elsewhere.contains(home));
        let first_record = |made: SiteId| self.records.get(&made).and_then(|sites| sites.first().copied());
        let unrecorded = self
            .waits
            .iter()
            .filter(|(_, sum)| !sum.is_recorded && !is_elsewhere(&sum.homes))
            .map(|((_, made), sum)| UnrecordedWait {
                recorded_later: first_record(*made),
                ..sum.wait.clone()
            })
            .collect();
        let is_sometimes_recorded = |site: SiteId, event: &Event| {
            event.made.is_some_and(|made| self.waits.get(&(site, made)).is_some_and(|sum| sum.is_recorded))
        };
        let untimed = self
            .untimed
            .iter()
            .filter(|((site, event, why, _), sum)| match why {
                Untimed::NeverRecorded => {
                    sum.paths == Paths::All
                        && !is_elsewhere(&sum.homes)
                        && !is_sometimes_recorded(*site, event)
                }
                Untimed::Disabled => true,
                Untimed::NotComplete { .. } => !self.tolerated.contains(site),
            })
            .map(|((site, event, why, is_start), sum)| UntimedEvent {
                site: *site,
                function: sum.function.clone(),
                event: event.clone(),
                why: why.clone(),
                is_start: *is_start,
                paths: sum.paths,
            })
            .collect();
        let unread =
            self.timers.iter().filter(|(made, _)| !self.any_is_asked && !self.asked_for_time.contains(made));
        let unread_times = unread
            .filter_map(|(made, (function, event))| {
                let record = first_record(*made)?;
                Some(UnreadTime { event: event.clone(), made: *made, function: function.clone(), record })
            })
            .collect();
        let misplaced = self.misplaced.into_values().filter(|it| !self.starts.contains(&it.event)).collect();
        EventFacts {
            unrecorded,
            untimed,
            unread_times,
            misplaced,
            unjoined: self.unjoined.into_values().collect(),
            serialized: self.serialized.into_values().collect(),
        }
    }
}

/// The fields and global variables that stand in functions which record events: one of them may be the event.
fn recorded_homes(program: &Program) -> BTreeSet<Home> {
    let model = Model::builtin();
    let records = |function: &Function| {
        ops(function).any(|op| match op {
            Op::Call(call) => match call.callee {
                Callee::Extern(id) => model
                    .lookup(&program.externs[id.0 as usize].name, call.args.len())
                    .is_some_and(|row| row.effects.contains(&Effect::Record)),
                _ => false,
            },
            _ => false,
        })
    };
    let mut homes = BTreeSet::new();
    for function in program.functions.iter().filter(|it| records(it)) {
        for op in ops(function) {
            match op {
                Op::Field { field, .. } => homes.insert(Home::Field(field.clone())),
                Op::AddressOfGlobal { global, .. } => homes.insert(Home::Global(*global)),
                _ => false,
            };
        }
    }
    homes
}

/// What a stream's work is, for the facts; kept here so that it is the same wherever it is said.
pub(super) fn plain(work: Work) -> Work {
    Work { writes: false, assumed: true, ..work }
}
