//! What fields, variables with static storage and elements of arrays hold where the path has not seen them filled.
//!
//! A function that is followed on its own finds symbols in them. What [`crate::points_to`] knows of their places
//! is known of these symbols: the kind of memory that they lead to, the flags of a stream. They stay symbols:
//! they may be null, and two of them may be equal unless their places say otherwise.
//!
//! Of arrays and containers of a function the path fills as many elements as loops are given turns, and the
//! others are filled all the same (`stream[4]` behind a loop that makes five).

use super::happens_before::{Barrier, StreamKey};
use super::machine::Machine;
use super::object::{FrameId, ObjectId, ObjectKey, Objects};
use super::shared::Shared;
use super::symbol::{Sym, SymKey, Symbols};
use crate::facts::Variable;
use crate::points_to::{HeldEvent, HeldMemory, HeldStream, PlaceId};
use crate::program::{FunctionId, TypeKind};

/// How many containers and pointers are followed from a field to what is held in the end.
const DEPTH: usize = 6;

/// What is known of streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams<'m> {
    pub shared: &'m Shared<'m>,
    pub objects: &'m Objects,
    pub symbols: &'m Symbols,
}

/// Which streams take part in the legacy barrier. A stream of unknown origin is taken to be a blocking one:
/// the others are rarer, and no order that may exist is denied.
impl Barrier for Streams<'_> {
    fn is_blocking(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Created(object) => self.objects.info(ObjectId(object)).non_blocking != Some(true),
            StreamKey::Unseen(symbol) => {
                self.held(symbol).is_none_or(|stream| stream.non_blocking != Some(true))
            }
            StreamKey::Legacy | StreamKey::PerThread => true,
        }
    }
}

impl Streams<'_> {
    /// The stream that a symbol stands for, if its place tells.
    pub fn held(&self, symbol: u32) -> Option<HeldStream> {
        let SymKey::Initial { object, .. } = self.symbols.key(Sym(symbol)) else { return None };
        let place = place_of(self.shared, self.objects, self.symbols, *object, DEPTH)?;
        self.shared.points_to.stream(place)
    }

    /// True if two streams are provably different ones.
    pub fn are_distinct(&self, a: StreamKey, b: StreamKey) -> bool {
        if a == b {
            return false;
        }
        match (a, b) {
            (StreamKey::Unseen(a), StreamKey::Unseen(b)) => {
                let (Some(x), Some(y)) = (self.held(a), self.held(b)) else { return false };
                x.is_distinct_from(&y, self.are_cells_of_one_object(Sym(a), Sym(b)))
            }
            (StreamKey::Unseen(held), StreamKey::Created(object))
            | (StreamKey::Created(object), StreamKey::Unseen(held)) => {
                let made = self.objects.info(ObjectId(object));
                // What the caller passes was made before. It may be the default stream, which a blocking stream is
                // ordered with.
                (self.is_argument(Sym(held)) && made.non_blocking == Some(true))
                    || self
                        .held(held)
                        .is_some_and(|held| made.site.is_some_and(|site| !held.may_be_made_at(site)))
            }
            // Null is left out: then there is but the default stream.
            (StreamKey::Unseen(held), _) | (_, StreamKey::Unseen(held)) => self.held(held).is_some(),
            _ => true,
        }
    }

    /// True for what a parameter of the function that is followed on its own holds from the start.
    pub(super) fn is_argument(&self, symbol: Sym) -> bool {
        let SymKey::Initial { object, epoch: 0, .. } = self.symbols.key(symbol) else { return false };
        let info = self.objects.info(*object);
        info.variable == Some(Variable::Parameter)
            && matches!(info.key, ObjectKey::Local { frame: FrameId(0), .. })
    }

    /// True if two symbols are what two different cells of one object held.
    fn are_cells_of_one_object(&self, a: Sym, b: Sym) -> bool {
        let (SymKey::Initial { object: a, offset: x, .. }, SymKey::Initial { object: b, offset: y, .. }) =
            (self.symbols.key(a), self.symbols.key(b))
        else {
            return false;
        };
        if a == b {
            return x.minus(y).and_then(|distance| distance.as_constant()).is_some_and(|it| it != 0);
        }
        match (&self.objects.info(*a).key, &self.objects.info(*b).key) {
            (ObjectKey::Global(_), ObjectKey::Global(_)) => true,
            (
                ObjectKey::Field { parent: p, offset: x, field: f },
                ObjectKey::Field { parent: q, offset: y, field: g },
            ) => p == q && x == y && f != g,
            _ => false,
        }
    }
}

/// The place that an object's cells are, if it is a field, has static storage, or is reached from one.
fn place_of(
    shared: &Shared<'_>,
    objects: &Objects,
    symbols: &Symbols,
    object: ObjectId,
    depth: usize,
) -> Option<PlaceId> {
    let depth = depth.checked_sub(1)?;
    let facts = &shared.points_to;
    let of = |object| place_of(shared, objects, symbols, object, depth);
    match &objects.info(object).key {
        ObjectKey::Global(global) => facts.global(*global),
        ObjectKey::Local { frame, local, .. } => match static_function(*frame, shared) {
            Some(function) => facts.local(function, *local),
            None => {
                // A variable that is no array is filled by what the path has followed, or not at all.
                let is_many = matches!(
                    objects.info(object).ty?.kind,
                    TypeKind::Array { .. } | TypeKind::Record(_) | TypeKind::Unknown
                );
                facts.local(objects.function_of(*frame).filter(|_| is_many)?, *local)
            }
        },
        ObjectKey::Made { frame, step, output, .. } => {
            let function = objects.function_of(*frame)?;
            facts.inside_made((function.0, step.block, step.index, *output))
        }
        ObjectKey::Field { parent, field, .. } if field == super::containers::ELEMENTS => {
            facts.hidden(of(*parent)?)
        }
        ObjectKey::Field { parent, field, .. } => facts.field(objects.record(*parent)?, field),
        ObjectKey::Elements { owner, .. } => facts.hidden(of(*owner)?),
        ObjectKey::Pointee(symbol) => match symbols.key(*symbol) {
            SymKey::Initial { object, .. } => facts.inside(of(*object)?),
            _ => None,
        },
        ObjectKey::Literal(_) => None,
    }
}

/// The frame that the variables with static storage of a function live in.
pub(super) const fn static_frame(function: FunctionId) -> FrameId {
    FrameId(u32::MAX - function.0)
}

/// The function whose frame this is, if it is one for variables with static storage.
fn static_function(frame: FrameId, shared: &Shared<'_>) -> Option<FunctionId> {
    let function = u32::MAX - frame.0;
    ((function as usize) < shared.program.functions.len()).then_some(FunctionId(function))
}

impl Machine<'_, '_> {
    /// What is known of streams.
    pub(super) fn streams(&self) -> Streams<'_> {
        Streams { shared: self.shared, objects: &self.objects, symbols: &self.symbols }
    }

    /// The memory that a symbol is the address of, if its place tells.
    pub(super) fn held_memory(&self, symbol: Sym) -> Option<HeldMemory> {
        let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return None };
        let place = place_of(self.shared, &self.objects, &self.symbols, *object, DEPTH)?;
        self.shared.points_to.memory(place)
    }

    /// The event that a symbol stands for, if its place tells.
    pub(super) fn held_event(&self, symbol: u32) -> Option<HeldEvent> {
        let SymKey::Initial { object, .. } = self.symbols.key(Sym(symbol)) else { return None };
        let place = place_of(self.shared, &self.objects, &self.symbols, *object, DEPTH)?;
        self.shared.points_to.event(place)
    }
}
