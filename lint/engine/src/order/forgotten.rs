//! Streams that are named for one operation and left out for another on the same data.
//!
//! Elsewhere a stream of unknown origin counts as a blocking one, so that no order is denied that may exist.
//! Here each operation has a second cover, in which the legacy barrier holds for streams that are proven to
//! be blocking only. Where the two covers differ, the code relies on how the stream was made.

use std::collections::{BTreeMap, BTreeSet};

use super::handles::STREAM;
use super::happens_before::{self, Barrier, Cover, EventKey, Pending, Point, StreamKey};
use super::holdings::Streams;
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, State};
use super::symbol::{Sym, SymKey};
use super::value::{Pointer, Value};
use crate::facts::{Forgotten, WorkKind};
use crate::program::{GlobalId, RecordId, SiteId};

/// How many pointers are followed back to the field that a stream was found by.
const DEPTH: usize = 4;

/// Which streams are proven to take part in the legacy barrier.
pub(super) struct Proven<'o>(pub Streams<'o>);

impl Barrier for Proven<'_> {
    fn is_blocking(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Created(object) => self.0.objects.info(ObjectId(object)).non_blocking == Some(false),
            StreamKey::Legacy | StreamKey::PerThread => true,
            StreamKey::Unseen(symbol) => {
                self.0.held(symbol).is_some_and(|stream| stream.non_blocking == Some(false))
            }
        }
    }
}

/// An operation by its second cover.
struct Strictly<'a>(&'a mut Operation);

#[allow(clippy::misnamed_getters, reason = "the other cover is the point")]
impl Pending for Strictly<'_> {
    fn cover(&self) -> &Cover {
        &self.0.proven
    }
    fn cover_mut(&mut self) -> &mut Cover {
        &mut self.0.proven
    }
}

fn strictly(pending: &mut [Operation]) -> Vec<Strictly<'_>> {
    pending.iter_mut().map(Strictly).collect()
}

impl Machine<'_, '_> {
    /// [`happens_before::reach`] by both covers of what is pending: by what is presumed, and by what is proven.
    pub(super) fn both_reach(&self, state: &mut State, stream: StreamKey) {
        if state.pending.is_empty() {
            return;
        }
        let pending = state.pending_mut();
        happens_before::reach(pending, stream, &self.streams());
        happens_before::reach(&mut strictly(pending), stream, &Proven(self.streams()));
    }

    /// [`happens_before::record`] by both covers.
    pub(super) fn both_record(&self, state: &mut State, event: EventKey, stream: StreamKey) {
        if state.pending.is_empty() {
            return;
        }
        let pending = state.pending_mut();
        happens_before::record(pending, event, stream, &self.streams());
        happens_before::record(&mut strictly(pending), event, stream, &Proven(self.streams()));
    }
}

impl State {
    /// [`happens_before::snapshot`] by both covers.
    pub(super) fn both_snapshot(&mut self, event: EventKey, stream: StreamKey) {
        if !self.pending.is_empty() {
            let pending = self.pending_mut();
            happens_before::snapshot(pending, event, stream);
            happens_before::snapshot(&mut strictly(pending), event, stream);
        }
    }

    /// [`happens_before::stream_waits`] by both covers.
    pub(super) fn both_wait(&mut self, stream: StreamKey, event: EventKey) {
        if !self.pending.is_empty() {
            let pending = self.pending_mut();
            happens_before::stream_waits(pending, stream, event);
            happens_before::stream_waits(&mut strictly(pending), stream, event);
        }
    }
}

/// A variable that holds a stream for more than one function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A field of a class.
    Field(RecordId, String),
    /// A variable with static storage.
    Global(GlobalId),
}

/// What a [`Holder`] was seen to get.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// A stream that is proven to be blocking, the default stream, or one that is set up out of
    /// sight.
    ordered: bool,
    /// Any other.
    other: bool,
}

/// What all roots of a program together say of streams.
#[derive(Debug, Default)]
pub struct StreamsSeen {
    held: BTreeMap<Holder, Held>,
    /// Pairs of operations that the legacy barrier was seen to order, or that were on one stream.
    ordered: BTreeSet<(SiteId, SiteId)>,
    /// The variable that the stream in question was found in.
    found_in: BTreeMap<(SiteId, SiteId), BTreeSet<Holder>>,
}

impl StreamsSeen {
    /// True if the program shows elsewhere that the stream is ordered with the default stream: by a caller
    /// that passes such a stream, or by what is put into the variable that holds it.
    pub fn is_explained(&self, first: SiteId, second: SiteId) -> bool {
        let by_holders = self.found_in.get(&(first, second)).is_some_and(|holders| {
            holders.iter().all(|holder| self.held.get(holder).is_some_and(|held| held.ordered && !held.other))
        });
        by_holders || self.ordered.contains(&(first, second))
    }
}

impl Machine<'_, '_> {
    /// Which of two operations names no stream while the other one's may not be ordered with it.
    pub(super) fn forgotten(&self, first: &Operation, second: &Operation) -> Option<Forgotten> {
        if [first, second].iter().any(|it| matches!(it.kind, WorkKind::Allocation | WorkKind::HostFunction)) {
            return None;
        }
        if names_none(first) && self.is_undecided(second.stream) && !self.is_ordered_by_all(first, second) {
            return Some(Forgotten::First);
        }
        let is_second = names_none(second) && self.is_undecided(first.stream);
        (is_second && !self.is_ordered_by_all(second, first)).then_some(Forgotten::Second)
    }

    /// True if the legacy default stream is ordered with every stream that the other operation may be on.
    fn is_ordered_by_all(&self, unnamed: &Operation, named: &Operation) -> bool {
        self.shared.program.streams_block
            && unnamed.stream == StreamKey::Legacy
            && matches!(named.stream, StreamKey::Unseen(_))
    }

    /// True for a stream of which nothing tells whether the default stream orders it.
    pub(super) fn is_undecided(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Created(object) => self.objects.info(ObjectId(object)).non_blocking.is_none(),
            // A handle that is set up out of sight: nothing here names a stream.
            StreamKey::Unseen(symbol) => match self.streams().held(symbol) {
                Some(held) => held.non_blocking.is_none(),
                None => !self.is_of_handle(Sym(symbol)) && !self.is_of_unknown_class(Sym(symbol)),
            },
            StreamKey::Legacy | StreamKey::PerThread => false,
        }
    }

    /// True for the stream that a handle of unknown origin carries.
    fn is_of_handle(&self, symbol: Sym) -> bool {
        let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return false };
        matches!(&self.objects.info(*object).key, ObjectKey::Field { field, .. } if field == STREAM)
    }

    /// True for a stream that nobody has forgotten to name: one that is proven to be blocking, the default stream, or
    /// one that is set up out of sight (see [`Self::is_undecided`]).
    fn is_ordered_or_out_of_sight(&self, stream: StreamKey) -> bool {
        let is_out_of_sight = |symbol| self.streams().held(symbol).is_none() && !self.is_undecided(stream);
        Proven(self.streams()).is_blocking(stream)
            || matches!(stream, StreamKey::Unseen(symbol) if is_out_of_sight(symbol))
    }

    /// True for what a field of an object of unknown class holds (`this` in a template that nothing instantiates): what
    /// is put there is out of sight for the analysis, not for who reads the code.
    fn is_of_unknown_class(&self, symbol: Sym) -> bool {
        let mut symbol = symbol;
        for _ in 0..DEPTH {
            let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return false };
            match &self.objects.info(*object).key {
                ObjectKey::Field { parent, .. } => return self.objects.record(*parent).is_none(),
                // An element of an array there, whose type is not known either.
                ObjectKey::Pointee(outer) => symbol = *outer,
                _ => return false,
            }
        }
        false
    }

    /// Two operations were seen to be ordered, one of which names no stream.
    pub(super) fn note_order(&mut self, first: &Operation, second: &Operation) {
        let is_known = |stream| self.is_ordered_or_out_of_sight(stream);
        if (names_none(first) || names_none(second)) && is_known(first.stream) && is_known(second.stream) {
            self.observations.streams.ordered.insert((first.site, second.site));
        }
    }

    /// Remembers where the stream in question was found.
    pub(super) fn note_stream_in_question(
        &mut self,
        first: &Operation,
        second: &Operation,
        which: Forgotten,
    ) {
        let stream = match which {
            Forgotten::First => second.stream,
            Forgotten::Second => first.stream,
        };
        let StreamKey::Unseen(symbol) = stream else { return };
        let SymKey::Initial { object, .. } = self.symbols.key(Sym(symbol)) else { return };
        if let Some(holder) = self.holder(*object) {
            self.observations.streams.found_in.entry((first.site, second.site)).or_default().insert(holder);
        }
    }

    fn holder(&self, object: ObjectId) -> Option<Holder> {
        match &self.objects.info(object).key {
            ObjectKey::Field { parent, field, .. } => {
                Some(Holder::Field(self.objects.record(*parent)?, field.clone()))
            }
            ObjectKey::Global(global) => Some(Holder::Global(*global)),
            _ => None,
        }
    }

    /// A variable gets a stream.
    pub(super) fn holds_stream(&mut self, place: &Pointer, value: &Value) {
        let Some(holder) = self.holder(place.object) else { return };
        let stream = self.stream_key(Some(value));
        let ordered = self.is_ordered_or_out_of_sight(stream);
        let held = self.observations.streams.held.entry(holder).or_default();
        held.ordered |= ordered;
        held.other |= !ordered;
    }
}

/// True if the stream was left out, or the form called has none.
fn names_none(operation: &Operation) -> bool {
    matches!(operation.stream, StreamKey::Legacy | StreamKey::PerThread)
        && (operation.stream_omitted || operation.left_out_by.is_some() || operation.form.synchronous)
}

/// True if nothing that is proven puts `first` before what comes next on `stream`.
pub(super) fn is_unproven(first: &Operation, stream: StreamKey) -> bool {
    !first.proven.contains(Point::Tail(stream))
}
