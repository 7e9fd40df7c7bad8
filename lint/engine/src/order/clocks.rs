//! Times that the host takes by its own clock: which values tell when the clock was read, and what was pending then.
//!
//! A reading is known by the symbol that a clock returns, or by the place that it fills; what is computed from one
//! reading alone tells the same time. Where two readings meet in a difference, the work that was enqueued between
//! them and was pending at the second has not been measured.
//!
//! What a path knows of clocks takes no part in comparing states. Where paths meet, what both know is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::machine::{At, Machine};
use super::model::Modelled;
use super::object::ObjectId;
use super::observations::Observations;
use super::state::{Operation, State};
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Direction, MemoryKind, Role};
use crate::facts::{EarlyTiming, Paths, WorkKind};
use crate::program::SiteId;

/// Readings that a path remembers at most.
const READINGS: usize = 48;

/// A reading of a clock.
#[derive(Debug)]
struct Reading {
    /// The calls that lead to it, outermost first, and the reading itself.
    sites: Vec<SiteId>,
    function: Rc<str>,
    /// What was pending.
    pending: Rc<Vec<Operation>>,
    /// How many there were before it on the path.
    number: usize,
}

/// What tells operations apart.
type Work = super::state::WorkId;

/// What tells measurements apart: the second reading and the first.
type Interval = (SiteId, SiteId);

/// What a path knows of clocks.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    taken: usize,
    symbols: BTreeMap<Sym, Rc<Reading>>,
    places: BTreeMap<(ObjectId, Linear), Rc<Reading>>,
    /// Measurements that ended too early, and the last work that they have missed.
    early: Vec<(Interval, Work)>,
}

impl Clocks {
    /// Keeps what another path knows too.
    pub fn join(&mut self, other: &Self) {
        let same = |a: &Rc<Reading>, b: Option<&Rc<Reading>>| b.is_some_and(|b| Rc::ptr_eq(a, b));
        self.symbols.retain(|symbol, reading| same(reading, other.symbols.get(symbol)));
        self.places.retain(|place, reading| same(reading, other.places.get(place)));
        self.taken = self.taken.max(other.taken);
        self.early
            .extend(other.early.iter().filter(|it| !self.early.contains(it)).cloned().collect::<Vec<_>>());
    }
}

/// What is known of measurements over all paths.
#[derive(Debug, Default)]
pub struct TimingSums {
    early: BTreeMap<Interval, EarlyTiming>,
    /// After these, some path waits for the work, or may.
    waited: BTreeSet<Interval>,
    /// After these, some path comes to the end of a function that is followed on its own and has not waited.
    never: BTreeSet<Interval>,
}

impl TimingSums {
    /// A measurement ends too early on all paths.
    pub fn on_all_paths(&mut self, interval: Interval) {
        if let Some(timing) = self.early.get_mut(&interval) {
            timing.paths = Paths::All;
        }
    }

    /// The facts.
    pub fn into_facts(self) -> Vec<EarlyTiming> {
        let (waited, never) = (self.waited, self.never);
        let settled = self.early.into_iter().map(|(interval, timing)| EarlyTiming {
            waited_later: waited.contains(&interval) || !never.contains(&interval),
            ..timing
        });
        settled.collect()
    }
}

/// What values have to do with readings.
enum Told {
    /// Nothing.
    Nothing,
    /// They tell when one was taken.
    One(Rc<Reading>),
    /// The first was taken before the second, and nothing else.
    Two(Rc<Reading>, Rc<Reading>),
    /// More than that.
    Many,
}

impl Told {
    fn of<'a>(readings: impl IntoIterator<Item = &'a Rc<Reading>>) -> Self {
        let mut found: Vec<&Rc<Reading>> = Vec::new();
        for reading in readings {
            if !found.iter().any(|known| Rc::ptr_eq(known, reading)) {
                found.push(reading);
            }
        }
        found.sort_by_key(|reading| reading.number);
        match found[..] {
            [] => Self::Nothing,
            [one] => Self::One(one.clone()),
            [first, second] => Self::Two(first.clone(), second.clone()),
            _ => Self::Many,
        }
    }
}

impl Machine<'_, '_> {
    /// A clock is read: into what the call hands out, into the object that it returns, or as its result.
    pub(super) fn clock_is_read(&mut self, state: &mut State, it: &Modelled<'_, '_>, result: Option<&Value>) {
        let mut sites = self.calls.clone();
        sites.push(self.at.site);
        let clocks = Rc::make_mut(&mut state.clocks);
        if clocks.symbols.len() + clocks.places.len() > READINGS {
            clocks.symbols.clear();
            clocks.places.clear();
        }
        clocks.taken += 1;
        let (function, pending) = (it.shown().into(), state.pending.clone());
        let reading = Rc::new(Reading { sites, function, pending, number: clocks.taken });
        let outs = it.row.params.iter().zip(&it.call.args);
        let outs: Vec<Value> =
            outs.filter(|(param, _)| matches!(param.role, Role::Out(_))).map(|it| it.1.clone()).collect();
        // `time(nullptr)` gives the time as its result; what fills a place returns a status, or the same.
        match outs.iter().find(|out| out.as_constant() != Some(0)) {
            Some(out) => self.tells(state, Some(out), None, &reading),
            None => {
                let into = it.call.call.into.map(|into| self.value(state, into));
                self.tells(state, into.as_ref(), result, &reading);
            }
        }
    }

    /// A call computes with times: what it gives tells what its arguments tell, unless it is the time between two.
    pub(super) fn time_is_derived(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        result: Option<&Value>,
    ) {
        if state.clocks.taken == 0 {
            return;
        }
        let of_object = it.position(Role::This) == Some(0) && it.call.args.len() > 1;
        let from = &it.call.args[usize::from(of_object)..];
        let told: Vec<Told> = from.iter().map(|value| self.told_by(state, value)).collect();
        let into = match it.call.call.into {
            Some(into) => Some(self.value(state, into)),
            None if of_object => it.call.args.first().cloned(),
            None => None,
        };
        self.times_meet(state, &told, into.as_ref(), result);
    }

    /// The same for an operator on numbers.
    pub(super) fn time_is_computed(&mut self, state: &mut State, operands: &[Value], result: &Value) {
        if state.clocks.taken == 0 {
            return;
        }
        let told: Vec<Told> = operands.iter().map(|value| self.told_by(state, value)).collect();
        self.times_meet(state, &told, None, Some(result));
    }

    fn times_meet(&mut self, state: &mut State, told: &[Told], into: Option<&Value>, result: Option<&Value>) {
        // The time between two readings tells neither.
        if told.iter().any(|it| matches!(it, Told::Two(..) | Told::Many)) {
            return;
        }
        let readings = told.iter().filter_map(|it| match it {
            Told::One(reading) => Some(reading),
            _ => None,
        });
        match Told::of(readings) {
            Told::One(reading) => self.tells(state, into, result, &reading),
            Told::Two(first, second) => self.time_is_taken(state, &first, &second),
            Told::Nothing | Told::Many => {}
        }
    }

    /// A value, or the place at an address, tells when a clock was read.
    fn tells(
        &mut self,
        state: &mut State,
        place: Option<&Value>,
        value: Option<&Value>,
        reading: &Rc<Reading>,
    ) {
        if let Some(Pointer { object, offset }) = place.and_then(|place| self.pointer(place)) {
            Rc::make_mut(&mut state.clocks).places.insert((object, offset), reading.clone());
        } else if let Some(Value::Number(number)) = value
            && let Some(symbol) = number.as_symbol()
        {
            Rc::make_mut(&mut state.clocks).symbols.insert(symbol, reading.clone());
        }
    }

    /// What is copied tells the same time.
    pub(super) fn time_is_copied(&mut self, state: &mut State, to: &Pointer, from: &Pointer) {
        if state.clocks.places.is_empty() {
            return;
        }
        if let Told::One(reading) = self.told_at(state, from) {
            let place = (to.object, to.offset.clone());
            Rc::make_mut(&mut state.clocks).places.insert(place, reading);
        }
    }

    fn told_by(&self, state: &State, value: &Value) -> Told {
        match value {
            Value::Pointer(pointer) => self.told_at(state, pointer),
            Value::Number(number) => {
                let mut readings = Vec::new();
                for (symbol, _) in &number.terms {
                    if let Some(reading) = state.clocks.symbols.get(symbol) {
                        readings.push(reading.clone());
                    } else if let SymKey::Initial { object, offset, .. } = self.symbols.key(*symbol) {
                        let place = Pointer { object: *object, offset: offset.clone() };
                        if let Told::One(reading) = self.told_at(state, &place) {
                            readings.push(reading);
                        }
                    }
                }
                Told::of(&readings)
            }
            _ => Told::Nothing,
        }
    }

    /// What a place, or the record that it lies in, tells.
    fn told_at(&self, state: &State, pointer: &Pointer) -> Told {
        let holds = |(object, offset): &(ObjectId, Linear)| {
            if *object == pointer.object {
                *offset == pointer.offset
            } else {
                self.objects.is_within(pointer.object, *object) && offset.as_constant() == Some(0)
            }
        };
        Told::of(state.clocks.places.iter().filter(|(place, _)| holds(place)).map(|it| it.1))
    }

    /// The time between two readings is taken.
    fn time_is_taken(&mut self, state: &mut State, first: &Reading, second: &Reading) {
        if state.failed || !state.capturing.is_empty() {
            return;
        }
        let was_there = |it: &Operation| first.pending.iter().any(|earlier| earlier.id == it.id);
        let counts = |it: &&Operation| {
            let runs = match it.kind {
                WorkKind::Kernel | WorkKind::Fill | WorkKind::Other => true,
                WorkKind::Copy { synchronous_form, pageable, .. } => {
                    !pageable && (!synchronous_form || is_no_wait(it))
                }
                WorkKind::HostFunction | WorkKind::Allocation => false,
            };
            runs && !was_there(it) && is_pending(it) && self.is_on_device(state, it)
        };
        // A copy with pageable memory in the same stream blocks today until the stream gets there.
        let blocks = |it: &Operation| {
            matches!(it.kind, WorkKind::Copy { synchronous_form: false, pageable: true, .. })
                && !was_there(it)
        };
        let is_blocked = |at: usize, it: &Operation| {
            second.pending.iter().skip(at).any(|later| later.stream == it.stream && blocks(later))
        };
        // A kernel is what people measure.
        let missed = second.pending.iter().enumerate().rev();
        let missed = missed.filter(|(at, it)| !is_blocked(*at, it)).map(|it| it.1).filter(counts);
        let Some(work) = missed.max_by_key(|it| it.kind == WorkKind::Kernel) else { return };
        let depth = self.calls.len();
        let seen_here = |reading: &Reading| reading.sites.get(depth).or(reading.sites.last()).copied();
        let (Some(site), Some(from)) = (seen_here(second), seen_here(first)) else { return };
        let timing = EarlyTiming {
            site,
            from,
            clock: second.function.to_string(),
            work: self.describe_work(work, true, false),
            waited_later: false,
            paths: Paths::Some,
        };
        let early = ((site, from), work.id);
        self.observations.timed(self.at, state, timing);
        let clocks = Rc::make_mut(&mut state.clocks);
        if !clocks.early.contains(&early) {
            clocks.early.push(early);
        }
    }

    /// A synchronous form returns at once if its memory is the device's: of a fill, memory that is not known may be
    /// managed, for which it waits; of a copy, the kind that it names says enough.
    fn is_on_device(&self, state: &State, it: &Operation) -> bool {
        let is_fill = it.kind == WorkKind::Fill;
        !it.form.synchronous
            || it.accesses.iter().all(|access| {
                let memory = self.memory_kind(state, access.range.object);
                memory.map_or(!is_fill, MemoryKind::is_device)
            })
    }

    /// A function that is followed on its own returns: what was measured too early is waited for by now, or never
    /// is.
    pub(super) fn timings_end(&mut self, state: &State) {
        if self.stack.len() != 1 || state.failed {
            return;
        }
        for (interval, work) in &state.clocks.early {
            let is_left = state.pending.iter().any(|it| it.id == *work && is_pending(it));
            let sums = &mut self.observations.timings;
            if is_left {
                sums.never.insert(*interval)
            } else {
                sums.waited.insert(*interval)
            };
        }
    }
}

/// True for a synchronous form that the host does not wait for: a fill, and a copy within device memory (CUDA Runtime
/// API, "API synchronization behavior", Memcpy 5 and Memset). Such work counts as reported from the first, since it is
/// held against other device work only.
fn is_no_wait(it: &Operation) -> bool {
    let within_device = match it.kind {
        WorkKind::Fill => true,
        WorkKind::Copy { direction, .. } => direction == Some(Direction::DeviceToDevice),
        _ => false,
    };
    it.form.synchronous && within_device
}

/// True for work that nothing has waited for, or may have.
fn is_pending(it: &Operation) -> bool {
    it.doubts.is_empty() && it.undocumented_wait.is_none() && (!it.reported || is_no_wait(it))
}

impl Observations {
    fn timed(&mut self, at: At, state: &State, mut timing: EarlyTiming) {
        let interval = (timing.site, timing.from);
        timing.paths = self.timing_hit(at, state, interval);
        let known = self.timings.early.entry(interval).or_insert_with(|| timing.clone());
        known.paths = known.paths.max(timing.paths);
    }
}
