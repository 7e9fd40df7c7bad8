//! Collects what the machine sees on single paths, and sums it up into facts.

mod conclude;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::arguments::HostArgumentSeen;
use super::clocks::TimingSums;
use super::ends::EndSums;
use super::event_sums::{EventHit, EventSums};
use super::forgotten::StreamsSeen;
use super::leak_sums::LeakSums;
use super::machine::At;
use super::object::{FrameId, Step};
use super::state::State;
use super::transfer_sums::TransferSums;
use super::value::Value;
use crate::Partial;
use crate::facts::{
    Access, Capture, CombinedRead, EarlyQuery, ErrorChecks, Fault, Forgotten, Gone, HandleInFlight, LateUse,
    MadeEachRound, MisfitKind, NeedlessWait, Note, Object, Paths, ReleaseKind, Variable, Work,
};
use crate::program::{FunctionId, SiteId};
use crate::trace::Trace;

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct Observations {
    /// Functions followed in part.
    pub partial: Vec<Partial>,
    /// How many paths of the current root were given up where too many met.
    pub given_up: usize,
    /// A path of the current root was given up that had other numbers somewhere than those that are followed.
    pub gave_up_numbers: bool,
    /// Functions registered as callbacks: where, with what.
    pub callbacks: BTreeSet<(SiteId, String, FunctionId)>,
    /// The closures that paths have called.
    pub called_closures: BTreeSet<FunctionId>,
    /// By which calls that was seen.
    pub ways: super::ways::WaySums,
    /// What was seen of events.
    pub events: EventSums,
    /// What was seen of leaks.
    pub leaks: LeakSums,
    /// What was seen of work that is left at the end.
    pub ends: EndSums,
    /// What was seen of times that the host takes.
    pub timings: TimingSums,
    /// What was seen of copies.
    pub transfers: TransferSums,
    /// What was seen of wrong devices.
    pub devices: super::device_sums::DeviceSums,
    conflicts: BTreeMap<ConflictKey, ConflictSum>,
    dereferences: BTreeMap<(SiteId, bool, Option<String>, Object), Paths>,
    releases: BTreeMap<(SiteId, ReleaseKind), ReleaseSum>,
    misfits: BTreeMap<(SiteId, String, MisfitKind), Paths>,
    /// See [`super::arguments`].
    pub kernel_arguments: super::arguments::ArgumentSums,
    /// Where memory that is registered on some path comes from.
    pub registered: BTreeSet<SiteId>,
    /// Where memory comes from of which the program has asked for the device's address.
    pub aliased: BTreeSet<SiteId>,
    /// The program asks whether the device reaches registered memory by the host's address.
    pub asks_for_registered: bool,
    /// Reads of write-combined memory, with where in it.
    pub combined: BTreeMap<CombinedRead, super::combined::Offsets>,
    /// Memory that nothing has written.
    pub unwritten: super::unwritten::Unwritten,
    /// What is known of streams.
    pub streams: StreamsSeen,
    short_lived: BTreeSet<SiteId>,
    /// Copies of calls for which the caller waits.
    waited_by_caller: BTreeSet<SiteId>,
    late_uses: BTreeMap<(SiteId, LateUseSeen), Paths>,
    captures: BTreeMap<(SiteId, CaptureSeen), CaptureSum>,
    handles_in_flight: BTreeMap<(SiteId, Work), HandleInFlight>,
    /// Of the current root: how often each statement was followed.
    visits: FxHashMap<(FrameId, Step), u32>,
    /// Of the current root: where and how often each fact was seen at each statement.
    hits: BTreeMap<(FrameId, Step, Hit), Hits>,
    /// The number of the current visit.
    visit: u64,
    /// The path that is being followed rests on a mode that another file keeps.
    pub presumed: bool,
    /// Where errors are looked for.
    pub errors: ErrorChecks,
    /// Waits that some path needs, or may.
    needed: BTreeSet<SiteId>,
    /// Waits that some path does not need.
    needless: BTreeMap<SiteId, NeedlessWait>,
    /// What rounds of loops make and release, and in which turns that was seen.
    rounds: BTreeMap<SiteId, (BTreeSet<u32>, MadeEachRound)>,
    /// What is made in a loop, with the arguments of the call.
    arguments: BTreeMap<SiteId, Vec<Value>>,
    /// What is made in a loop and is not made and released in each round.
    kept: BTreeSet<SiteId>,
    /// What of that the current root has come across.
    of_root: BTreeSet<SiteId>,
}

/// A conflict seen on one path.
#[derive(Debug)]
pub struct ConflictSeen {
    /// The work that may still be running.
    pub pending: Work,
    /// The memory.
    pub object: Object,
    /// The second access.
    pub access: Access,
    /// Proven to touch the same bytes.
    pub overlap: bool,
    /// See [`Conflict::exclusive`](crate::facts::Conflict::exclusive).
    pub exclusive: bool,
    /// See [`Conflict::ends`](crate::facts::Conflict::ends).
    pub ends: Option<Variable>,
    /// See [`Conflict::forgotten`](crate::facts::Conflict::forgotten).
    pub forgotten: Option<Forgotten>,
    /// See [`Conflict::doubts`](crate::facts::Conflict::doubts).
    pub doubts: Vec<Note>,
    /// See [`Conflict::undocumented_wait`](crate::facts::Conflict::undocumented_wait).
    pub undocumented_wait: Option<Note>,
    /// See [`Conflict::no_waits`](crate::facts::Conflict::no_waits).
    pub no_waits: Vec<Note>,
    /// The work has been blamed on this path already: counts for a conflict that is known (so that one in
    /// a loop is seen to be there each time), and makes no new one.
    pub again: bool,
}

/// Something that was released or destroyed is used, on one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LateUseSeen {
    /// What.
    pub what: Gone,
    /// Where it ended.
    pub ended_at: SiteId,
    /// See [`UseAfterEnd::reset_by`](crate::facts::UseAfterEnd::reset_by).
    pub reset_by: Option<String>,
    /// How it is used.
    pub by: LateUse,
}

/// Something is wrong with a capture, on one path.
pub type CaptureSeen = (Capture, Fault);

#[derive(Debug)]
struct CaptureSum {
    paths: Paths,
    doubtful: bool,
}

/// What tells conflicts apart.
pub type ConflictKey = (SiteId, Work, Object, Access);

#[derive(Debug)]
struct ConflictSum {
    paths: Paths,
    overlap: bool,
    exclusive: bool,
    ends: Option<Variable>,
    forgotten: Option<Forgotten>,
    doubts: Vec<Note>,
    undocumented_wait: Option<Note>,
    no_waits: Vec<Note>,
    witness: Option<Trace>,
}

#[derive(Debug)]
struct ReleaseSum {
    objects: BTreeSet<Option<Object>>,
    interior: bool,
}

/// How a fact was seen at a statement.
#[derive(Clone, Copy, Debug, Default)]
struct Hits {
    /// On how many visits.
    visits: u32,
    /// On which last.
    last: u64,
    /// On one of them, it rests on nothing that is presumed.
    founded: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hit {
    Conflict(ConflictKey),
    Dereference(SiteId, bool, Option<String>, Object),
    Misfit(SiteId, String, MisfitKind),
    HostArgument(HostArgumentSeen),
    LateUse(SiteId, LateUseSeen),
    Capture(SiteId, CaptureSeen),
    HandleInFlight(SiteId, Work),
    Event(EventHit),
    Left(SiteId, SiteId),
    Timing(SiteId, SiteId),
    Device(SiteId),
}

impl Observations {
    /// A statement is followed on a path on which nothing has failed.
    pub fn visit(&mut self, frame: FrameId, step: Step) {
        *self.visits.entry((frame, step)).or_insert(0) += 1;
        self.visit += 1;
    }

    fn hit(&mut self, at: At, state: &State, hit: Hit) -> Paths {
        self.hit_if_founded(at, state, hit, true)
    }

    /// The same. What is seen on all visits of a statement holds on all paths if it is founded on one of them.
    fn hit_if_founded(&mut self, at: At, state: &State, hit: Hit, is_founded: bool) -> Paths {
        let is_sound = !state.failed && !self.presumed;
        self.ways.sees(at.site, is_sound);
        if !is_sound {
            return Paths::AfterFailure;
        }
        let hits = self.hits.entry((state.frame(), at.step, hit)).or_default();
        if hits.last != self.visit {
            (hits.visits, hits.last) = (hits.visits + 1, self.visit);
        }
        hits.founded |= is_founded;
        if is_founded { Paths::Some } else { Paths::AfterFailure }
    }

    /// Likewise for a fact that follows from the kind of an object's memory. Where a mode has made that what it is,
    /// it counts if it holds on every visit.
    fn kind_hit(&mut self, at: At, state: &State, object: &Object, hit: Hit) -> Paths {
        // One way of a selection is all that these visits have in common.
        if state.works_by_mode() || (object.by_mode && state.has_asked()) {
            return Paths::AfterFailure;
        }
        let paths = self.hit(at, state, hit);
        if object.by_mode { Paths::AfterFailure } else { paths }
    }

    /// A fact about events is seen at a statement.
    pub fn event_hit(&mut self, at: At, state: &State, hit: EventHit) -> Paths {
        self.hit(at, state, Hit::Event(hit))
    }

    /// Work is left at an end.
    pub fn left_hit(&mut self, at: At, state: &State, (work, end): (SiteId, SiteId)) -> Paths {
        self.hit(at, state, Hit::Left(work, end))
    }

    /// Something of another device is used.
    pub fn device_hit(&mut self, at: At, state: &State, site: SiteId) -> Paths {
        self.hit(at, state, Hit::Device(site))
    }

    /// A time is taken too early.
    pub fn timing_hit(&mut self, at: At, state: &State, (site, from): (SiteId, SiteId)) -> Paths {
        self.hit(at, state, Hit::Timing(site, from))
    }

    /// Two accesses that nothing orders. Returns the conflict if this path explains it better than those
    /// before: then [`Self::explain`] is to follow.
    pub fn conflict(&mut self, at: At, state: &State, seen: ConflictSeen) -> Option<ConflictKey> {
        let key = (at.site, seen.pending, seen.object, seen.access);
        if seen.again && !self.conflicts.contains_key(&key) {
            return None;
        }
        let paths = self.hit(at, state, Hit::Conflict(key.clone()));
        let sum = self.conflicts.entry(key.clone()).or_insert_with(|| ConflictSum {
            paths,
            overlap: seen.overlap,
            exclusive: seen.exclusive,
            ends: seen.ends,
            forgotten: seen.forgotten,
            doubts: seen.doubts.clone(),
            undocumented_wait: seen.undocumented_wait.clone(),
            no_waits: seen.no_waits.clone(),
            witness: None,
        });
        let better = sum.witness.is_none()
            || sum.paths < paths
            || (seen.overlap && !sum.overlap)
            || seen.doubts.len() < sum.doubts.len()
            || (seen.undocumented_wait.is_none() && sum.undocumented_wait.is_some());
        sum.paths = sum.paths.max(paths);
        sum.overlap |= seen.overlap;
        sum.exclusive &= seen.exclusive;
        // The path with the fewest doubts counts; a wait that only some paths have excuses none.
        if seen.doubts.len() < sum.doubts.len() {
            sum.doubts = seen.doubts;
        }
        if seen.undocumented_wait.is_none() {
            sum.undocumented_wait = None;
        }
        sum.no_waits.retain(|note| seen.no_waits.contains(note));
        better.then_some(key)
    }

    /// The witness of a conflict.
    pub fn explain(&mut self, conflict: ConflictKey, witness: Trace) {
        if let Some(sum) = self.conflicts.get_mut(&conflict) {
            sum.witness = Some(witness);
        }
    }

    /// The host touches device memory.
    pub fn dereference(&mut self, at: At, state: &State, object: Object, write: bool, via: Option<String>) {
        let hit = Hit::Dereference(at.site, write, via.clone(), object.clone());
        let paths = self.kind_hit(at, state, &object, hit);
        let sum = self.dereferences.entry((at.site, write, via, object)).or_insert(paths);
        *sum = (*sum).max(paths);
    }

    /// A kernel is handed pageable memory.
    pub fn host_argument_hit(&mut self, at: At, state: &State, seen: &HostArgumentSeen) -> Paths {
        self.kind_hit(at, state, &seen.2, Hit::HostArgument(seen.clone()))
    }

    /// The size of a copy or fill does not fit: `is_founded` unless the path only presumes that it gets there.
    pub fn misfit(&mut self, at: At, state: &State, function: &str, what: MisfitKind, is_founded: bool) {
        let key = (at.site, function.to_owned(), what);
        let hit = Hit::Misfit(key.0, key.1.clone(), key.2.clone());
        let paths = self.hit_if_founded(at, state, hit, is_founded);
        let sum = self.misfits.entry(key).or_insert(paths);
        *sum = (*sum).max(paths);
    }

    /// Something is used after its end; `doubtful` if that rests on more than the path knows.
    pub fn late_use(&mut self, at: At, state: &State, seen: LateUseSeen, doubtful: bool) {
        let paths = match doubtful {
            true => Paths::AfterFailure,
            false => self.hit(at, state, Hit::LateUse(at.site, seen.clone())),
        };
        let sum = self.late_uses.entry((at.site, seen)).or_insert(paths);
        *sum = (*sum).max(paths);
    }

    /// Something is wrong with a capture.
    pub fn capture(&mut self, at: At, state: &State, seen: CaptureSeen, doubtful: bool) {
        let paths = self.hit(at, state, Hit::Capture(at.site, seen.clone()));
        let sum = self.captures.entry((at.site, seen)).or_insert(CaptureSum { paths, doubtful });
        sum.paths = sum.paths.max(paths);
        sum.doubtful &= doubtful;
    }

    /// A handle is destroyed while work may use it.
    pub fn handle_in_flight(&mut self, at: At, state: &State, seen: HandleInFlight) {
        let key = (seen.site, seen.work.clone());
        let paths = self.hit(at, state, Hit::HandleInFlight(key.0, key.1.clone()));
        let doubtless = seen.doubts.is_empty();
        let sum = self.handles_in_flight.entry(key).or_insert(HandleInFlight { paths, ..seen });
        sum.paths = sum.paths.max(paths);
        if doubtless {
            sum.doubts.clear();
        }
    }

    /// On which paths a fact holds that is seen on this one.
    pub const fn paths(&self, state: &State) -> Paths {
        if state.failed || self.presumed { Paths::AfterFailure } else { Paths::Some }
    }

    /// Some path needs a wait, or may.
    pub fn need(&mut self, site: SiteId) {
        self.needed.insert(site);
    }

    /// True if a wait is known to be needed. It is noted down as one of the current root.
    pub fn is_needed(&mut self, site: SiteId) -> bool {
        self.of_root.insert(site);
        self.needed.contains(&site)
    }

    /// The current root was not followed to its end.
    pub fn need_all(&mut self) {
        self.needed.extend(self.of_root.iter().copied());
        self.kept.extend(self.of_root.iter().copied());
        self.events.give_up();
        self.unwritten.give_up();
    }

    /// True if a wait is known to be needless on some path.
    pub fn knows_needless(&self, site: SiteId) -> bool {
        self.needless.contains_key(&site)
    }

    /// A path does not need a wait.
    pub fn needless(&mut self, wait: NeedlessWait) {
        self.needless.insert(wait.site, wait);
    }

    /// True if what is made at a site is known to be kept, or made by some rounds only.
    pub fn is_kept(&mut self, site: SiteId) -> bool {
        self.of_root.insert(site);
        self.kept.contains(&site)
    }

    /// What is made at a site is kept, or made by some rounds only.
    pub fn keep(&mut self, site: SiteId) {
        self.kept.insert(site);
    }

    /// True if what is made at a site is made from these arguments each time. Roots have their own values.
    pub fn same_arguments(&mut self, site: SiteId, arguments: Vec<Value>) -> bool {
        *self.arguments.entry(site).or_insert_with(|| arguments.clone()) == arguments
    }

    /// A round has released what it made.
    pub fn each_round(&mut self, turn: u32, made: MadeEachRound) {
        self.rounds.entry(made.site).or_insert_with(|| (BTreeSet::new(), made)).0.insert(turn);
    }

    /// The last error is asked for while work is pending.
    pub fn early_query(&mut self, query: EarlyQuery) {
        if !self.errors.early.iter().any(|known| known.site == query.site) {
            self.errors.early.push(query);
        }
    }

    /// A call frees or unregisters memory.
    pub fn release(
        &mut self,
        at: At,
        state: &State,
        how: ReleaseKind,
        object: Option<Object>,
        interior: bool,
    ) {
        if self.presumed {
            return;
        }
        // That it is released is known, but not that the mode which releases it so goes with its kind.
        let memory = |object: &Object| object.memory.filter(|_| !state.works_by_mode());
        let object = object.map(|object| Object { memory: memory(&object), ..object });
        let sum = self
            .releases
            .entry((at.site, how))
            .or_insert_with(|| ReleaseSum { objects: BTreeSet::new(), interior: true });
        sum.objects.insert(object);
        sum.interior &= interior;
    }

    /// What was made at `site` is released in the function that made it.
    pub fn short_lived(&mut self, site: SiteId) {
        self.short_lived.insert(site);
    }

    /// A caller waits for a copy that a function it called has left to it.
    pub fn waited_by_caller(&mut self, copy: SiteId) {
        self.waited_by_caller.insert(copy);
    }

    /// A root has been followed: settles which of its facts hold on all paths.
    /// `exhausted` if it took more steps than it may.
    pub fn end_of_root(&mut self, exhausted: bool) {
        let in_part = exhausted || self.given_up > 0;
        self.given_up = 0;
        self.gave_up_numbers = false;
        for ((frame, step, hit), hits) in std::mem::take(&mut self.hits) {
            let elsewhere = self.visits.get(&(frame, step)).is_some_and(|visits| hits.visits < *visits);
            if elsewhere || !hits.founded {
                continue;
            }
            match hit {
                Hit::Conflict(key) => {
                    if let Some(sum) = self.conflicts.get_mut(&key) {
                        sum.paths = Paths::All;
                    }
                }
                Hit::HostArgument(seen) => self.kernel_arguments.on_all_paths(&seen),
                Hit::Misfit(site, function, what) => {
                    if let Some(paths) = self.misfits.get_mut(&(site, function, what)) {
                        *paths = Paths::All;
                    }
                }
                Hit::Dereference(site, write, via, object) => {
                    if let Some(paths) = self.dereferences.get_mut(&(site, write, via, object)) {
                        *paths = Paths::All;
                    }
                }
                Hit::LateUse(site, seen) => {
                    if let Some(paths) = self.late_uses.get_mut(&(site, seen)) {
                        *paths = Paths::All;
                    }
                }
                Hit::Capture(site, seen) => {
                    if let Some(sum) = self.captures.get_mut(&(site, seen)) {
                        sum.paths = Paths::All;
                    }
                }
                Hit::HandleInFlight(site, work) => {
                    if let Some(it) = self.handles_in_flight.get_mut(&(site, work)) {
                        it.paths = Paths::All;
                    }
                }
                Hit::Event(hit) => self.events.on_all_paths(&hit),
                Hit::Left(work, end) => self.ends.on_all_paths(work, end),
                Hit::Device(site) => self.devices.on_all_paths(site),
                Hit::Timing(site, from) => self.timings.on_all_paths((site, from)),
            }
        }
        self.visits.clear();
        self.transfers.end_of_root(in_part);
        self.events.end_of_root();
        self.unwritten.end_of_root();
        self.of_root.clear();
        self.arguments.clear();
    }
}
