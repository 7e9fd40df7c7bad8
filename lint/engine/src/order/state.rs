//! The state at one point of one path.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::clocks::Clocks;
use super::ends::OutOfSight;
use super::events::Book;
pub use super::extents::{Extent, Overlap, Range, overlap};
use super::happens_before::{Cover, Pending, Point, StreamKey};
use super::history::History;
use super::modes::{FrameModes, Modes};
use super::object::{FrameId, ObjectId, Step};
use super::part::Part;
use super::path::PathConditions;
use super::rounds::InRound;
use super::symbol::{Linear, Sym};
use super::value::Value;
use super::waits::OpenWait;
use crate::cuda::row::{Direction, MemoryKind};
use crate::facts::{Lent, Note, WorkKind};
use crate::program::{BlockId, SiteId, ValueId};

/// The state at one point of one path. Parts are shared between paths until one of them changes.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The calls that are being followed, outermost first.
    pub frames: Vec<Part<Frame>>,
    /// What each of them knows of modes. Takes no part in comparisons; see [`Self::join`].
    pub frame_modes: Vec<Rc<FrameModes>>,
    /// What is known of memory.
    pub memory: Part<BTreeMap<(ObjectId, Linear), Value>>,
    /// What has become of objects.
    pub objects: Part<BTreeMap<ObjectId, ObjectState>>,
    /// What the branches taken say.
    pub path: Rc<PathConditions>,
    /// Device work that may still be running, oldest first.
    pub pending: Rc<Vec<Operation>>,
    /// What the success of a status proves: the host has seen this point complete.
    pub proofs: Rc<BTreeMap<Sym, Point>>,
    /// What was released or destroyed.
    pub gone: super::gone::Ends,
    /// The captures, and the graphs that they have given.
    pub capturing: Rc<super::captures::Capturing>,
    /// The copy that was enqueued last, until the next CUDA call: its place, and which it was.
    pub fresh_copy: Option<(SiteId, WorkId)>,
    /// The status of the call before, if that has made something and nobody looks at what it returned: whoever asks
    /// for the last error now asks for this. Takes no part in comparisons.
    pub unasked: Option<Sym>,
    /// The code has made sure on this path that the platform lets the host touch device memory.
    pub host_may_access: bool,
    /// A CUDA call is known to have failed on this path.
    pub failed: bool,
    /// Likewise, and not only a query of the last error.
    pub refused: bool,
    /// What the path does rests on a mode that another file keeps and nobody here has set: see `modes`.
    pub presumed: bool,
    /// The memory of which the path has asked where it lies. Takes no part in comparisons; see [`Self::join`].
    pub examined: Rc<BTreeSet<ObjectId>>,
    /// How often something unseen may have changed the numbers in an object: see `numbers`. Takes no part either: what
    /// is known of such numbers on one of two paths only is forgotten where they meet.
    pub numbers: Rc<BTreeMap<ObjectId, u32>>,
    /// What is known of other modes. Takes no part in comparisons; see [`Self::join`].
    pub modes: Rc<Modes>,
    /// What the path has asked of CUDA. Takes no part in comparisons.
    pub history: History,
    /// What is known of events. Takes no part in comparisons; see [`Self::join`].
    pub events: Rc<Book>,
    /// Waits that nothing has needed so far. Take no part in comparisons: where they differ, they count as needed.
    pub waits: Rc<Vec<OpenWait>>,
    /// What was enqueued before the latest call of which nothing is known. Takes no part in comparisons.
    pub out_of_sight: OutOfSight,
    /// What is known of clocks. Takes no part in comparisons; see [`Self::join`].
    pub clocks: Rc<Clocks>,
    /// What is known of devices. Takes no part in comparisons; see [`Self::join`].
    pub devices: Rc<super::devices::Devices>,
    /// What the current rounds of loops have made. Takes no part either.
    pub rounds: Rc<Vec<InRound>>,
    /// The path has released memory of CUDA's. Takes no part either.
    pub frees: bool,
    /// What the path has made and has to release. Takes no part either: see [`super::held::join`].
    pub held: Rc<Vec<super::held::Held>>,
}

/// One call that is being followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Its inlining context.
    pub id: FrameId,
    /// The values defined so far that are still needed: of other blocks, and of this one.
    pub values: BTreeMap<ValueId, Value>,
    /// How often each loop header has been reached since its loop was entered.
    pub arrivals: BTreeMap<BlockId, u8>,
    /// Of those, the headers of loops in which the path stays by a condition of which it does not know whether it
    /// holds: how many rounds there are, and whether there are several, is presumed.
    pub open: BTreeSet<BlockId>,
    /// Of loops, by their headers: what some of their rounds do as elements choose, and one has come to. See
    /// [`super::chosen_rounds`].
    pub chosen: BTreeSet<(BlockId, BlockId)>,
}

impl Frame {
    /// The turn of the loops whose headers are chosen: three bits for each, so that it tells apart all turns of
    /// ten loops in each other, and most of those of more.
    pub fn turn(&self, is_around: impl Fn(BlockId) -> bool) -> u32 {
        self.arrivals
            .iter()
            .filter(|(header, _)| is_around(**header))
            .fold(0, |turn: u32, (_, arrivals)| turn.rotate_left(3) ^ u32::from(*arrivals))
    }
}

/// What has become of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectState {
    /// How many bytes were allocated, if this path has seen the allocation.
    pub size: Option<Linear>,
    /// Its kind of memory, where that has changed (cudaHostRegister).
    pub memory: Option<MemoryKind>,
    /// The status of the call that has registered it, or has failed to.
    pub registered_by: Option<Sym>,
    /// How often something unseen may have written it.
    pub epoch: u32,
    /// Something unseen holds its address.
    pub escaped: bool,
    /// Write-combined memory of the host.
    pub write_combined: bool,
    /// Managed memory that is attached to the host or to one stream.
    pub attached: bool,
    /// Objects that an unseen object may hold the addresses of, because it was handed them.
    pub knows: BTreeSet<ObjectId>,
    /// The status that something unseen has made it of.
    pub made_of: Option<Sym>,
    /// Memory of other containers that was moved into the elements of this one: it goes with this one.
    pub owns: BTreeSet<ObjectId>,
}

/// Device work that may still be running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Where it was enqueued, and in which turn: tells operations apart.
    pub id: WorkId,
    /// The call or launch; of what a graph holds, the launch of the graph.
    pub site: SiteId,
    /// What it is.
    pub kind: WorkKind,
    /// The function called, or the kernel's name.
    pub name: Rc<str>,
    /// Its stream.
    pub stream: StreamKey,
    /// The device that it runs on, if that is known.
    pub device: Option<Linear>,
    /// True if the stream argument was left out.
    pub stream_omitted: bool,
    /// The call that leaves it out, if that stands in a caller: the function hands on the default of its parameter.
    pub left_out_by: Option<SiteId>,
    /// How a copy or fill was called.
    pub form: Form,
    /// The handle of a library that it was enqueued with, if this path has made that.
    pub handle: Option<ObjectId>,
    /// What it touches.
    pub accesses: Rc<Vec<DeviceAccess>>,
    /// Scalar arguments, for kernels: launches that differ in them may touch different parts.
    pub scalars: Rc<Vec<Option<Value>>>,
    /// The points that imply its completion.
    pub cover: Cover,
    /// The same by what is proven: where streams of unknown origin take no part in the legacy barrier.
    pub proven: Cover,
    /// The status whose failure means that it was never enqueued.
    pub status: Option<Sym>,
    /// Why it may be complete after all.
    pub doubts: Rc<Vec<Note>>,
    /// An undocumented wait since.
    pub undocumented_wait: Option<Note>,
    /// Calls since that look like a wait and are none.
    pub no_waits: Rc<Vec<Note>>,
    /// A conflict of the host with it was noted on this path: one root cause, one diagnostic.
    pub reported: bool,
    /// How a Rust library got the memory.
    pub lent: Lent,
    /// The graph that it was launched with, if it is no work of its own.
    pub graph: Option<InGraph>,
}

/// Where work was enqueued, and in which turn of the loops around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkId {
    /// The function.
    pub frame: FrameId,
    /// The statement.
    pub step: Step,
    /// See [`State::turn`].
    pub turn: u32,
    /// Of what a graph holds, which of it, from 1; 0 for all other work.
    pub node: u32,
}

/// How work came into a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InGraph {
    /// The call that put it there.
    pub captured_at: SiteId,
    /// The stream of the capture.
    pub captured_on: StreamKey,
}

/// How a copy or fill was called: what a witness repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The form without `Async`.
    pub synchronous: bool,
    /// The direction that the call states.
    pub stated: Option<Direction>,
}

impl Pending for Operation {
    fn cover(&self) -> &Cover {
        &self.cover
    }
    fn cover_mut(&mut self) -> &mut Cover {
        &mut self.cover
    }
}

/// What an operation does to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// Where.
    pub range: Range,
    /// True for a write.
    pub write: bool,
    /// True for a read.
    pub read: bool,
    /// True if the access is only assumed (a kernel's pointer argument).
    pub assumed: bool,
}

impl State {
    /// The frame of the function that is being followed.
    pub fn frame(&self) -> FrameId {
        self.frames.last().map_or(FrameId(0), |frame| frame.id)
    }

    /// What has become of an object.
    pub fn object(&self, object: ObjectId) -> Option<&ObjectState> {
        self.objects.get(&object)
    }

    /// The same, to change it.
    pub fn object_mut(&mut self, object: ObjectId) -> &mut ObjectState {
        self.objects.to_mut().entry(object).or_default()
    }

    /// What is known of the cells of an object, itself and not its parts, in the order of their places.
    pub fn cells(&self, object: ObjectId) -> impl Iterator<Item = (&Linear, &Value)> {
        let first = (object, Linear { terms: Vec::new(), constant: i64::MIN });
        let cells = self.memory.range(first..).take_while(move |((other, _), _)| *other == object);
        cells.map(|((_, offset), value)| (offset, value))
    }

    /// How often something unseen may have written an object.
    pub fn epoch(&self, object: ObjectId) -> u32 {
        self.object(object).map_or(0, |it| it.epoch)
    }

    /// Which turn of the loops around it the current step is in: tells apart what different iterations
    /// make, and is 0 outside loops, so that states of different paths stay comparable.
    pub fn turn(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.turn(|_| true))
    }

    /// True in the second round of a loop, or a later one, of which it is presumed that there is one. What such a round
    /// computes may lie behind what the program ever gets to.
    pub fn is_in_presumed_round(&self) -> bool {
        let is_later =
            |frame: &Frame, header| frame.arrivals.get(header).is_some_and(|arrivals| *arrivals > 1);
        self.frames.iter().any(|frame| frame.open.iter().any(|header| is_later(frame, header)))
    }

    /// True if the function that is being followed works in a way that a mode has selected: see `modes`.
    pub fn works_by_mode(&self) -> bool {
        self.frame_modes.last().is_some_and(|modes| modes.is_selected())
    }

    /// True if the function that is followed on its own has selected a way by something that it does not know.
    pub fn has_asked(&self) -> bool {
        self.frame_modes.first().is_some_and(|modes| modes.has_asked())
    }

    /// True if the two states differ at most in what they know about numbers.
    pub fn same_but_for_path(&self, other: &Self) -> bool {
        self.failed == other.failed
            && self.refused == other.refused
            && self.presumed == other.presumed
            && self.host_may_access == other.host_may_access
            && self.fresh_copy == other.fresh_copy
            && self.frames == other.frames
            && self.memory == other.memory
            && self.objects == other.objects
            && same(&self.pending, &other.pending)
            && same(&self.proofs, &other.proofs)
            && same(&self.capturing, &other.capturing)
            && same(&self.gone, &other.gone)
    }

    /// Shares the parts that are equal with those of another state.
    pub fn share_with(&mut self, other: &Self) {
        for (ours, theirs) in self.frames.iter_mut().zip(&other.frames) {
            ours.share_with(theirs);
        }
        self.memory.share_with(&other.memory);
        self.objects.share_with(&other.objects);
    }

    /// Takes in a state that differs in nothing but what it knows about numbers and events.
    pub fn join(&mut self, other: &Self) {
        if !Rc::ptr_eq(&self.path, &other.path) {
            Rc::make_mut(&mut self.path).join(&other.path);
        }
        self.join_events(other);
        self.unasked = self.unasked.filter(|it| other.unasked == Some(*it));
        self.out_of_sight = self.out_of_sight.or(other.out_of_sight);
        if !Rc::ptr_eq(&self.modes, &other.modes) {
            Rc::make_mut(&mut self.modes).join(&other.modes);
        }
        if !Rc::ptr_eq(&self.numbers, &other.numbers) {
            let numbers = Rc::make_mut(&mut self.numbers);
            for (object, changes) in other.numbers.iter() {
                let known = numbers.entry(*object).or_default();
                *known = (*known).max(*changes);
            }
        }
        if !Rc::ptr_eq(&self.examined, &other.examined) {
            Rc::make_mut(&mut self.examined).extend(other.examined.iter());
        }
        for (ours, theirs) in self.frame_modes.iter_mut().zip(&other.frame_modes) {
            if !Rc::ptr_eq(ours, theirs) {
                Rc::make_mut(ours).join(theirs);
            }
        }
        if !Rc::ptr_eq(&self.clocks, &other.clocks) {
            Rc::make_mut(&mut self.clocks).join(&other.clocks);
        }
        if !Rc::ptr_eq(&self.devices, &other.devices) {
            Rc::make_mut(&mut self.devices).join(&other.devices);
        }
    }

    /// Takes in what another path, which is not followed any further, knows about events.
    pub fn join_events(&mut self, other: &Self) {
        if !Rc::ptr_eq(&self.events, &other.events) {
            Rc::make_mut(&mut self.events).join(&other.events);
        }
    }

    /// The pending operations, to change them.
    pub fn pending_mut(&mut self) -> &mut Vec<Operation> {
        Rc::make_mut(&mut self.pending)
    }
}

fn same<T: PartialEq>(a: &Rc<T>, b: &Rc<T>) -> bool {
    Rc::ptr_eq(a, b) || a == b
}
