//! Memory objects, and the table that interns them.
//!
//! An object is interned by where it comes from, so that the same variable or allocation is the same
//! object on every path. What changes along a path (kind, contents, freed) is in the state, not here.

use rustc_hash::FxHashMap;

use super::symbol::{Linear, Sym};
use crate::cuda::row::MemoryKind;
use crate::facts::{Origin, Variable};
use crate::program::{FunctionId, GlobalId, LocalId, RecordId, SiteId, Type};

/// A memory object, stream or event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// An inlining context: which calls led here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u32);

/// A statement of a function: block and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step {
    /// The block.
    pub block: u32,
    /// The statement in it.
    pub index: u32,
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKey {
    /// A local variable; `turn` tells the iterations of a loop apart.
    Local {
        /// The inlining context.
        frame: FrameId,
        /// The variable.
        local: LocalId,
        /// Which of its lives.
        turn: u32,
    },
    /// A variable with static storage.
    Global(GlobalId),
    /// What a step made: memory, a stream, an event.
    Made {
        /// The inlining context.
        frame: FrameId,
        /// The step.
        step: Step,
        /// Which of its outputs.
        output: u8,
        /// Which of its turns.
        turn: u32,
    },
    /// What an unknown pointer points to.
    Pointee(Sym),
    /// A field.
    Field {
        /// The object it lies in.
        parent: ObjectId,
        /// Where the record starts in that object.
        offset: Linear,
        /// The field's name.
        field: String,
    },
    /// The elements of a container that came into being out of sight.
    Elements {
        /// The container.
        owner: ObjectId,
        /// Where it lies in that object.
        offset: Linear,
        /// How often something unseen may have changed it.
        epoch: u32,
    },
    /// A string literal.
    Literal(String),
}

/// What does not change about an object.
#[derive(Clone, Debug)]
pub struct ObjectInfo {
    /// Where it comes from.
    pub key: ObjectKey,
    /// For people.
    pub name: String,
    /// For people and rules.
    pub origin: Origin,
    /// The kind of memory it starts as.
    pub memory: Option<MemoryKind>,
    /// Its declaration or allocation.
    pub site: Option<SiteId>,
    /// Its size in bytes, if a constant.
    pub bytes: Option<u64>,
    /// What kind of variable it is, if it is one whose storage ends.
    pub variable: Option<Variable>,
    /// Its type, if it is a variable or field.
    pub ty: Option<Type>,
    /// Evidence that memory of unknown kind is host memory: the host touches it, or a copy names it as its
    /// host side.
    pub host_by_use: bool,
    /// For streams: made with cudaStreamNonBlocking? `None`: unknown, or no stream.
    pub non_blocking: Option<bool>,
}

/// The table of objects.
#[derive(Debug, Default)]
pub struct Objects {
    infos: Vec<ObjectInfo>,
    ids: FxHashMap<ObjectKey, ObjectId>,
    frames: FxHashMap<(FrameId, Step, u32, FunctionId), FrameId>,
    /// The function that each frame is one of, and the call that made it; the root's comes first.
    functions: Vec<(FunctionId, Option<(FrameId, Step)>)>,
}

impl Objects {
    /// The object for a key; `info` describes it when it is new.
    pub fn intern(&mut self, key: ObjectKey, info: impl FnOnce() -> ObjectInfo) -> ObjectId {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = ObjectId(self.infos.len() as u32);
        self.infos.push(info());
        self.ids.insert(key, id);
        id
    }

    /// The object for a key, if it is known.
    pub fn find(&self, key: &ObjectKey) -> Option<ObjectId> {
        self.ids.get(key).copied()
    }

    /// What does not change about an object.
    pub fn info(&self, object: ObjectId) -> &ObjectInfo {
        &self.infos[object.0 as usize]
    }

    /// The same, to fill in what becomes known later: a name, evidence about its kind.
    pub fn info_mut(&mut self, object: ObjectId) -> &mut ObjectInfo {
        &mut self.infos[object.0 as usize]
    }

    /// The object that an object is a part of, up to the outermost.
    pub fn root(&self, mut object: ObjectId) -> ObjectId {
        while let ObjectKey::Field { parent, .. } = &self.info(object).key {
            object = *parent;
        }
        object
    }

    /// True if `inner` is `outer` or a part of it.
    pub fn is_within(&self, mut inner: ObjectId, outer: ObjectId) -> bool {
        loop {
            if inner == outer {
                return true;
            }
            match &self.info(inner).key {
                ObjectKey::Field { parent, .. } => inner = *parent,
                _ => return false,
            }
        }
    }

    /// Where in `outer` the record begins that `inner` is a part of, directly or not; 0 for `outer` itself, and `None`
    /// for what is no part of it. Elements of an array differ in it.
    pub fn record_in(&self, mut inner: ObjectId, outer: ObjectId) -> Option<Linear> {
        let mut begin = Linear::constant(0);
        while inner != outer {
            let ObjectKey::Field { parent, offset, .. } = &self.info(inner).key else { return None };
            begin.clone_from(offset);
            inner = *parent;
        }
        Some(begin)
    }

    /// True for memory that a step of the path has made, and for what lies in it.
    pub fn is_made(&self, object: ObjectId) -> bool {
        matches!(self.info(self.root(object)).key, ObjectKey::Made { .. })
    }

    /// The symbol whose pointee an object is.
    pub fn pointee_symbol(&self, object: ObjectId) -> Option<Sym> {
        match self.info(object).key {
            ObjectKey::Pointee(symbol) => Some(symbol),
            _ => None,
        }
    }

    /// The record type of an object, if it is known.
    pub fn record(&self, object: ObjectId) -> Option<RecordId> {
        match self.info(object).ty?.kind {
            crate::program::TypeKind::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The function that is followed on its own has the first frame.
    pub fn root_frame(&mut self, root: FunctionId) -> FrameId {
        self.functions = vec![(root, None)];
        FrameId(0)
    }

    /// The context of a call of a function made at `step` of `frame`, in a turn of the loops around it.
    pub fn frame(&mut self, frame: FrameId, step: Step, turn: u32, callee: FunctionId) -> FrameId {
        let next = FrameId(self.functions.len() as u32);
        let functions = &mut self.functions;
        *self.frames.entry((frame, step, turn, callee)).or_insert_with(|| {
            functions.push((callee, Some((frame, step))));
            next
        })
    }

    /// The function whose variables a frame holds.
    pub fn function_of(&self, frame: FrameId) -> Option<FunctionId> {
        self.functions.get(frame.0 as usize).map(|(function, _)| *function)
    }

    /// Which output of which statement made an object, and the calls that led there, innermost first, whatever the
    /// turns of the loops around them.
    pub fn made_by(&self, object: ObjectId) -> (u8, Vec<Step>) {
        let ObjectKey::Made { frame, step, output, .. } = &self.info(object).key else {
            return (0, Vec::new());
        };
        let call = |frame: FrameId| self.functions.get(frame.0 as usize).and_then(|(_, call)| *call);
        let calls = std::iter::successors(call(*frame), |(frame, _)| call(*frame));
        (*output, std::iter::once(*step).chain(calls.map(|(_, step)| step)).collect())
    }
}
