//! Waits that nothing needs: each wait of the host stays *open* until something shows that it was needed, or
//! until a later wait covers the same work.
//!
//! An open wait carries the work that it ended as *ghosts*: the operations that would still be pending had it
//! not waited, with covers that the code of [`happens_before`] keeps up to date. So the question is answered
//! forwards: a host access that conflicts with a ghost, work that no stream orders after it, a release, the end
//! of the function, or anything that is not known to be harmless, needs the wait. What is reported is needed on
//! no path; where paths are dropped or joined, the wait counts as needed.

use std::rc::Rc;

use super::happens_before::{self, Point, StreamKey};
use super::history::History;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Extent, Operation, Range, State};
use crate::cuda::row::{Direction, Effect, Family, MemoryKind, Outcome, Role, Row, Thing};
use crate::facts::{NeedlessWait, Note, Origin, WorkKind};
use crate::program::{GlobalMemory, SiteId};

/// Bytes that are filled in less time than it takes to enqueue it.
const FEW: u64 = 4 << 10;

/// Operations that are kept of what follows an open wait, for its explanation.
const LATER: usize = 4;

/// A wait of which it is not known yet whether anything needs it.
#[derive(Clone, Debug)]
pub struct OpenWait {
    /// The call.
    pub site: SiteId,
    /// The function called.
    pub function: Rc<str>,
    /// What it waited for; `None` for the device.
    pub point: Option<Point>,
    /// The source discards its status.
    discarded: bool,
    /// What it ended, oldest first.
    pub ended: Rc<Vec<Operation>>,
    /// Of that, what would still be pending without it.
    ghosts: Rc<Vec<Operation>>,
    /// What was enqueued since: the first few.
    pub later: Rc<Vec<Operation>>,
    /// The first of it that does not block the host, so that it could have been enqueued earlier.
    gained: Option<Rc<Operation>>,
    /// What the path had done before it.
    pub history: History,
}

impl Machine<'_, '_> {
    /// The host has waited, by a call of which `before` was pending.
    pub(super) fn open_wait(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        point: Option<Point>,
        before: &[Operation],
    ) {
        let site = self.at.site;
        if state.failed || self.observations.is_needed(site) {
            return;
        }
        let is_left = |operation: &Operation| state.pending.iter().any(|left| left.id == operation.id);
        let ended: Vec<Operation> = before.iter().filter(|it| !is_left(it)).cloned().collect();
        let may_be_needless = !ended.is_empty()
            // To wait in a loop keeps the host from running ahead of the device.
            && !is_in_loop(state)
            && !it.call.in_macro
            // Functions of other files are judged there, with the macros that they stand in.
            && self.stack.last().is_some_and(|id| self.shared.function(*id).is_root)
            && state.capturing.is_empty()
            && self.is_own(point)
            && ended.iter().all(|operation| self.is_followed(state, operation))
            // One stream: others may be there to run beside it.
            && (matches!(point, Some(Point::Event(_))) || is_one_stream(&ended))
            && !self.shared.program.globals.iter().any(|global| global.memory == GlobalMemory::Managed);
        if !may_be_needless {
            self.observations.need(site);
            return;
        }
        let ended = Rc::new(ended);
        Rc::make_mut(&mut state.waits).push(OpenWait {
            site,
            function: it.shown().into(),
            point,
            discarded: it.call.call.discarded,
            ghosts: ended.clone(),
            ended,
            later: Rc::default(),
            gained: None,
            history: state.history.clone(),
        });
    }

    /// True for the device, and for streams and events that this function makes: of others, somebody else may
    /// know why to wait for them.
    fn is_own(&self, point: Option<Point>) -> bool {
        use super::happens_before::EventKey;
        !matches!(point, Some(Point::Tail(StreamKey::Unseen(_)) | Point::Event(EventKey::Unseen(_))))
    }

    /// True for work of which it is known what it touches, and that the host cannot look on at.
    fn is_followed(&self, state: &State, operation: &Operation) -> bool {
        let kernel = operation.kind == WorkKind::Kernel;
        // Who waits for a copy to the host wants its data.
        if matches!(operation.kind, WorkKind::Copy { direction: Some(Direction::DeviceToHost), .. }) {
            return false;
        }
        let known = kernel || matches!(operation.kind, WorkKind::Copy { .. } | WorkKind::Fill);
        known
            && operation.doubts.is_empty()
            && !matches!(operation.stream, StreamKey::Unseen(_))
            && operation.accesses.iter().all(|access| match self.memory_kind(state, access.range.object) {
                Some(MemoryKind::Managed) => false,
                Some(memory) => !(kernel && memory.is_host()),
                None => true,
            })
    }

    /// Something needs every open wait, or may.
    pub(super) fn need_waits(&mut self, state: &mut State) {
        if state.waits.is_empty() {
            return;
        }
        let waits = std::mem::take(&mut state.waits);
        // What follows the failure of a call is the end of the program, as a rule.
        if !state.failed {
            for wait in waits.iter() {
                self.observations.need(wait.site);
            }
        }
    }

    /// Needs the open waits that are chosen.
    fn need_waits_that(&mut self, state: &mut State, needs: impl Fn(&Self, &OpenWait) -> bool) {
        if state.waits.is_empty() {
            return;
        }
        let needed: Vec<bool> = state.waits.iter().map(|wait| needs(self, wait)).collect();
        if !needed.contains(&true) {
            return;
        }
        let failed = state.failed;
        let mut needed = needed.into_iter();
        let observations = &mut self.observations;
        Rc::make_mut(&mut state.waits).retain(|wait| {
            let needed = needed.next().unwrap_or(true);
            if needed && !failed {
                observations.need(wait.site);
            }
            !needed
        });
    }

    /// A call that the model knows: what is not known to be harmless needs the open waits.
    pub(super) fn waits_see_call(&mut self, state: &mut State, row: &Row) {
        if !state.waits.is_empty() && !is_harmless(row) {
            self.need_waits(state);
        }
    }

    /// The host touches or releases memory.
    pub(super) fn waits_see_touch(&mut self, state: &mut State, range: &Range, writes: bool) {
        if state.waits.is_empty() {
            return;
        }
        let root = self.objects.root(range.object);
        let place = self.objects.info(root);
        let unseen = place.origin == Origin::Unseen;
        // Variables that hold one number or address are not what a copy or kernel reaches by an unknown pointer.
        let aggregate = place.ty.is_none_or(|ty| ty.is_aggregate());
        let alone = matches!(place.key, ObjectKey::Local { .. })
            && !state.object(root).is_some_and(|object| object.escaped);
        let may_be_anything = unseen || (aggregate && !alone);
        let conflicts = |machine: &Self, theirs: ObjectId, write: bool| {
            let theirs = machine.objects.root(theirs);
            if theirs == root {
                return write || writes;
            }
            let other = machine.objects.info(theirs);
            let on_device = other.memory.is_some_and(MemoryKind::is_device);
            may_be_anything && !on_device && (unseen || other.origin == Origin::Unseen)
        };
        self.need_waits_that(state, |machine, wait| {
            let mut accesses = wait.ghosts.iter().flat_map(|ghost| ghost.accesses.iter());
            accesses.any(|access| conflicts(machine, access.range.object, access.write))
        });
    }

    /// Work is enqueued: it needs a wait unless its stream orders it after all that the wait ended.
    pub(super) fn waits_see_work(&mut self, state: &mut State, operation: &Operation) {
        if state.waits.is_empty() {
            return;
        }
        let plain = matches!(operation.kind, WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Kernel);
        if !plain || !state.capturing.is_empty() {
            self.need_waits(state);
            return;
        }
        let streams = self.streams();
        for wait in Rc::make_mut(&mut state.waits) {
            let ghosts = Rc::make_mut(&mut wait.ghosts);
            happens_before::reach(ghosts, operation.stream, &streams);
        }
        self.need_waits_that(state, |_, wait| {
            let broad = !matches!(wait.point, Some(Point::Event(_) | Point::Tail(StreamKey::Created(_))));
            let beside = broad && wait.ended.iter().any(|ended| ended.stream != operation.stream);
            beside || !wait.ghosts.iter().all(|ghost| ghost.cover.contains(Point::Tail(operation.stream)))
        });
        if state.waits.is_empty() {
            return;
        }
        let blocks = match operation.kind {
            WorkKind::Copy { synchronous_form, pageable, .. } => synchronous_form || pageable,
            WorkKind::Fill => self.fills_few_bytes(operation),
            _ => false,
        };
        for wait in Rc::make_mut(&mut state.waits) {
            if !blocks && wait.gained.is_none() {
                wait.gained = Some(Rc::new(operation.clone()));
            }
            if wait.later.len() < LATER || operation.form.synchronous {
                Rc::make_mut(&mut wait.later).push(operation.clone());
            }
        }
    }

    /// True for a fill that is over as soon as it begins: nothing is gained if it begins earlier.
    fn fills_few_bytes(&self, fill: &Operation) -> bool {
        fill.accesses.iter().all(|access| {
            let bytes = match &access.range.extent {
                extent @ (Extent::Bytes(_) | Extent::Rows(_)) => extent.bytes(),
                Extent::Whole => self.objects.info(access.range.object).bytes,
                Extent::Unknown => None,
            };
            bytes.is_some_and(|bytes| bytes <= FEW)
        })
    }

    /// The host waits for a point, or for the device: what that covers needed no earlier wait.
    pub(super) fn waits_see_wait(&mut self, state: &mut State, point: Option<Point>) {
        if state.waits.is_empty() {
            return;
        }
        if state.failed {
            return self.need_waits(state);
        }
        let streams = self.streams();
        let mut covered = Vec::new();
        Rc::make_mut(&mut state.waits).retain_mut(|wait| {
            let ghosts = Rc::make_mut(&mut wait.ghosts);
            match point {
                Some(point) => {
                    if point == Point::Tail(StreamKey::Legacy) {
                        happens_before::reach(ghosts, StreamKey::Legacy, &streams);
                    }
                    happens_before::complete(ghosts, point);
                }
                None => ghosts.clear(),
            }
            let open = !ghosts.is_empty();
            if !open {
                covered.push(wait.clone());
            }
            open
        });
        let discarded = self.calling.discarded;
        // Paths on which a loop does not run at all are not followed: there, a wait in it covers nothing.
        let in_loop = is_in_loop(state);
        for wait in covered {
            // A wait whose status is looked at may be there for that, unless the later one tells as much. One
            // after which nothing could have begun earlier costs nothing.
            match wait.gained.clone() {
                Some(next) if !in_loop && (wait.discarded || !discarded) => {
                    self.note_needless(state, &wait, &next, point)
                }
                _ => self.observations.need(wait.site),
            }
        }
    }

    fn note_needless(&mut self, state: &State, wait: &OpenWait, next: &Operation, by: Option<Point>) {
        let Some(last) = wait.ended.last() else { return };
        if self.observations.knows_needless(wait.site) {
            return;
        }
        let point = wait.point;
        let needless = NeedlessWait {
            site: wait.site,
            function: wait.function.to_string(),
            whole_device: point.is_none(),
            work: self.describe_work(last, false, false),
            next: self.describe_work(next, false, false),
            covered_by: Note { site: self.at.site, text: self.calling.name.to_string() },
            witness: self.witness_of_wait(state, wait, by),
        };
        self.observations.needless(needless);
    }
}

/// True if the current step, or the call that led to it, stands in a loop.
fn is_in_loop(state: &State) -> bool {
    state.frames.iter().any(|frame| !frame.arrivals.is_empty())
}

/// True if all work is of one stream.
fn is_one_stream(work: &[Operation]) -> bool {
    work.windows(2).all(|pair| pair[0].stream == pair[1].stream)
}

/// True for calls that can tell nothing of whether work is done: they enqueue, wait, make memory, streams and
/// events, or are accessors of containers.
fn is_harmless(row: &Row) -> bool {
    let plain = |effect: &Effect| match effect {
        Effect::Copy { .. }
        | Effect::Fill { .. }
        | Effect::LaunchesKernel
        | Effect::HostWaitsForStream
        | Effect::HostWaitsForEvent
        | Effect::HostWaitsForDevice => true,
        Effect::Create => row.params.iter().all(|param| match param.role {
            Role::Out(thing) => {
                matches!(thing, Thing::Memory(_) | Thing::Pitched | Thing::Stream | Thing::Event)
            }
            _ => true,
        }),
        _ => false,
    };
    match row.family {
        Family::Runtime | Family::Driver => row.effects.iter().all(plain),
        Family::Std => {
            let looks = matches!(
                row.result,
                Outcome::Elements
                    | Outcome::Element
                    | Outcome::ElementsEnd
                    | Outcome::LastElement
                    | Outcome::Held
                    | Outcome::Pure
                    | Outcome::Length
                    | Outcome::Least
                    | Outcome::Greatest
                    | Outcome::Same
                    | Outcome::Differs
            );
            looks && row.effects.iter().all(|effect| *effect == Effect::None)
        }
        Family::Library | Family::Project => false,
    }
}

/// Joins two states: a wait that is open in one of them only, or differs, counts as needed.
pub(super) fn join(kept: &mut State, other: &State, mut need: impl FnMut(SiteId)) {
    if Rc::ptr_eq(&kept.waits, &other.waits) || (kept.waits.is_empty() && other.waits.is_empty()) {
        return;
    }
    let same = |a: &OpenWait, b: &OpenWait| a.site == b.site && a.ended == b.ended && a.ghosts == b.ghosts;
    for wait in other.waits.iter().filter(|wait| !kept.waits.iter().any(|mine| same(mine, wait))) {
        need(wait.site);
    }
    Rc::make_mut(&mut kept.waits).retain(|wait| {
        let both = other.waits.iter().any(|theirs| same(wait, theirs));
        if !both {
            need(wait.site);
        }
        both
    });
}

impl PartialEq for OpenWait {
    fn eq(&self, other: &Self) -> bool {
        self.site == other.site && self.ghosts == other.ghosts
    }
}
