//! What a path holds and has to release: memory, streams, events and handles that it has made.
//!
//! A path keeps a list of what it has made, and what has become of it. Only what stands in variables of the
//! functions that are being followed is held for sure: once something is stored elsewhere, returned, handed to a
//! function that is not seen, or computed with, its fate is unclear, and it is never reported. So is everything
//! whose variable becomes unknown, for then an unknown pointer that is freed may be it.
//!
//! What a path holds when its root returns is lost. Two comparisons keep phantom paths out: a way out of the
//! function is blamed only if no path releases the thing and leaves there too (a release under a flag is no leak),
//! and an assignment only if it never replaces what was released before.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::containers::ELEMENTS;
use super::handles::STREAM;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey, Step};
use super::state::State;
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, Family, MemoryKind, Role, Row};
use crate::facts::{Origin, Resource};
use crate::program::{Call, Callee, Function, FunctionId, Op, SiteId, TypeKind};

/// Something that a path has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What stands for it.
    pub object: ObjectId,
    /// Where it is made.
    pub key: Key,
    /// How many calls are followed where it is made.
    depth: usize,
    /// The variable it is known by in the function that calls what makes it.
    pub name: Option<String>,
    /// The function that makes it.
    pub function: Rc<str>,
    /// What it is.
    pub what: Resource,
    /// The status whose failure means that it was never made.
    pub status: Option<Sym>,
    /// True for what is page-locked of memory that the caller has: he may know of it, and release it.
    pub lent: bool,
    /// What has become of it.
    pub fate: Fate,
    /// Where the last variable that held it was assigned something else.
    pub lost: Option<SiteId>,
}

impl Held {
    /// True if the root has it, so that its key is the root's.
    pub const fn is_roots(&self) -> bool {
        self.depth <= 1
    }
}

/// Where something is made, as the function on the lowest frame sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The call in that function.
    pub site: SiteId,
    /// Its step.
    pub step: Step,
    /// The call that makes it, in whatever function.
    pub made_at: SiteId,
    /// Which of its outputs.
    pub output: u8,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A variable of a function that is being followed holds it, or nothing does.
    Held,
    /// It was released, or others may know it and release it.
    Settled,
}

impl Machine<'_, '_> {
    /// A call has made something and put it at `target`.
    pub(super) fn holds(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        target: &Pointer,
        object: ObjectId,
        output: u8,
        what: Resource,
    ) {
        let own = matches!(it.row.family, Family::Runtime | Family::Driver | Family::Library)
            && !it.row.effects.contains(&Effect::DropsItself);
        if !own || !self.is_own_variable(state, target) {
            return;
        }
        self.begins_to_hold(state, it, object, output, what, false);
    }

    /// Memory is page-locked: it has to be unlocked before it goes, if this function has made it. Of a parameter's
    /// memory, that is so if the function unlocks it elsewhere.
    pub(super) fn holds_registration(&mut self, state: &mut State, it: &Modelled<'_, '_>, object: ObjectId) {
        let info = self.objects.info(object);
        let is_own = info.origin == Origin::Stack || matches!(info.key, ObjectKey::Made { .. });
        let escaped = state.object(object).is_some_and(|it| it.escaped);
        let lent = !is_own && self.is_of_parameter(state, object);
        if (is_own || lent) && !escaped && self.is_private(state, object) {
            self.begins_to_hold(state, it, object, 0, Resource::Registration, lent);
        }
    }

    /// Memory of the caller that is held, of which this is an address.
    fn lent_at(&self, state: &State, number: &Linear) -> Option<ObjectId> {
        let of = |object| self.objects.pointee_symbol(object);
        let leads_to =
            |object| number.terms.iter().any(|(symbol, _)| of(object).is_some_and(|of| of == *symbol));
        state.held.iter().filter(|it| it.lent).map(|it| it.object).find(|object| leads_to(*object))
    }

    /// True for what a parameter of the root points to, where the path has put its address nowhere else.
    fn is_of_parameter(&self, state: &State, object: ObjectId) -> bool {
        let Some(symbol) = self.objects.pointee_symbol(object) else { return false };
        let SymKey::Initial { object: holder, .. } = self.symbols.key(symbol) else { return false };
        let is_copied = state.memory.iter().any(|((cell, _), value)| {
            matches!(value, Value::Number(number) if number.terms.iter().any(|(term, _)| *term == symbol))
                && !self.is_stack(self.objects.root(*cell))
        });
        state.frames.len() == 1 && self.is_stack(*holder) && !is_copied
    }

    /// True for memory that nothing but variables of the functions being followed leads to.
    fn is_private(&self, state: &State, object: ObjectId) -> bool {
        state.memory.iter().all(|((cell, _), value)| {
            !matches!(value, Value::Pointer(to) if self.objects.root(to.object) == object)
                || self.is_stack(self.objects.root(*cell))
        })
    }

    fn begins_to_hold(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        object: ObjectId,
        output: u8,
        what: Resource,
        lent: bool,
    ) {
        let site = self.at.site;
        let held = Held {
            object,
            key: Key { site, step: self.at.step, made_at: site, output },
            depth: state.frames.len(),
            name: None,
            function: it.shown().into(),
            what,
            status: it.status,
            lent,
            fate: Fate::Held,
            lost: None,
        };
        let list = Rc::make_mut(&mut state.held);
        list.retain(|other| other.object != object);
        list.push(held);
    }

    fn is_stack(&self, root: ObjectId) -> bool {
        let info = self.objects.info(root);
        info.origin == Origin::Stack && matches!(info.key, ObjectKey::Local { .. })
    }

    /// True for a variable of a function that is being followed, or a field of one, that holds one pointer or
    /// handle, and whose address nobody else has.
    fn is_own_variable(&self, state: &State, target: &Pointer) -> bool {
        let kind = self.objects.info(target.object).ty.map(|ty| ty.kind);
        let is_scalar = matches!(
            kind,
            Some(
                TypeKind::Pointer { .. }
                    | TypeKind::DevicePointer
                    | TypeKind::PinnedPointer
                    | TypeKind::ManagedPointer
                    | TypeKind::Stream
                    | TypeKind::Event
                    | TypeKind::Handle
                    | TypeKind::Int
            )
        );
        if !is_scalar || target.offset != Linear::constant(0) {
            return false;
        }
        let mut object = target.object;
        while let ObjectKey::Field { parent, offset, field } = &self.objects.info(object).key {
            let is_named = field != ELEMENTS && field != STREAM;
            let is_array = matches!(
                self.objects.info(*parent).ty.map(|ty| ty.kind),
                Some(TypeKind::Array { .. } | TypeKind::Unknown)
            );
            if !is_named || is_array || *offset != Linear::constant(0) {
                return false;
            }
            object = *parent;
        }
        self.is_stack(object) && !state.object(object).is_some_and(|it| it.escaped)
    }

    /// A scalar in memory is about to change: what held something holds something else, and the new value is held
    /// there from now on.
    pub(super) fn cell_changes(&mut self, state: &mut State, cell: &Pointer, value: &Value) {
        let object = match value {
            Value::Pointer(pointer) => Some(pointer.object),
            Value::Handle(object) => Some(*object),
            Value::Number(number) => self.lent_at(state, number),
            _ => None,
        };
        if let Some(object) = object {
            let root = self.objects.root(object);
            // An address that is kept out of sight leads to whatever is stored there later, too.
            if self.is_stack(root) && !self.is_stack(self.objects.root(cell.object)) {
                if !state.object(root).is_some_and(|it| it.escaped) {
                    state.object_mut(root).escaped = true;
                }
                self.settle_reachable(state, std::slice::from_ref(value));
            }
        }
        if state.held.is_empty() {
            return;
        }
        if let Some(object) = object
            && let Some(index) = state.held.iter().position(|it| it.object == object)
        {
            if self.is_own_variable(state, cell) {
                let name = self.objects.info(cell.object).name.clone();
                let it = &mut Rc::make_mut(&mut state.held)[index];
                it.lost = None;
                // What a callee calls it says less.
                if it.key.site != it.key.made_at && it.name.is_none() && !name.is_empty() {
                    it.name = Some(name);
                }
            } else {
                Rc::make_mut(&mut state.held)[index].fate = Fate::Settled;
            }
        }
        let (old, rest): (Vec<_>, Vec<_>) = state
            .memory
            .iter()
            .filter_map(|((holder, offset), value)| match value {
                Value::Pointer(pointer) => Some((holder, offset, pointer.object)),
                Value::Handle(object) => Some((holder, offset, *object)),
                _ => None,
            })
            .partition(|(holder, offset, _)| **holder == cell.object && **offset == cell.offset);
        let Some((_, _, old)) = old.first().copied() else { return };
        if Some(old) == object || rest.iter().any(|(.., other)| *other == old) {
            return;
        }
        if let Some(index) = state.held.iter().position(|it| it.object == old) {
            let it = &mut Rc::make_mut(&mut state.held)[index];
            if it.fate == Fate::Held {
                it.lost = Some(self.at.site);
            } else {
                self.observations.leaks.replaces_settled(it.key, self.at.site);
            }
        }
    }

    /// Something is released, at once or in the order of a stream.
    pub(super) fn is_released(&mut self, state: &mut State, object: ObjectId) {
        let root = self.objects.root(object);
        if let Some(index) = state.held.iter().position(|it| it.object == object || it.object == root) {
            Rc::make_mut(&mut state.held)[index].fate = Fate::Settled;
        }
    }

    /// Everything is released, or may be.
    pub(super) fn settle_all(&self, state: &mut State) {
        if state.held.iter().any(|it| it.fate == Fate::Held) {
            Rc::make_mut(&mut state.held).iter_mut().for_each(|it| it.fate = Fate::Settled);
        }
    }

    /// Others get these values, and with them what they lead to.
    pub(super) fn settle_reachable(&mut self, state: &mut State, values: &[Value]) {
        if state.held.iter().all(|it| it.fate == Fate::Settled) {
            return;
        }
        let reached = self.reachable(state, values);
        self.settle(state, &reached);
    }

    /// What stands in the memory that these values lead to becomes known to others; the memory itself does not.
    fn settle_contents(&mut self, state: &mut State, value: &Value) {
        if state.held.iter().all(|it| it.fate == Fate::Settled) {
            return;
        }
        let mut reached = self.reachable(state, std::slice::from_ref(value));
        if let Some(object) = self.object_of(value) {
            reached.remove(&self.objects.root(object));
        }
        self.settle(state, &reached);
    }

    fn settle(&self, state: &mut State, reached: &BTreeSet<ObjectId>) {
        if state.held.iter().any(|it| it.fate == Fate::Held && reached.contains(&it.object)) {
            for it in Rc::make_mut(&mut state.held).iter_mut().filter(|it| reached.contains(&it.object)) {
                it.fate = Fate::Settled;
            }
        }
    }

    /// What an object holds is not known any more.
    pub(super) fn settle_held_in(&self, state: &mut State, object: ObjectId) {
        if state.held.iter().all(|it| it.fate == Fate::Settled) {
            return;
        }
        let cells = state.memory.iter().filter(|((cell, _), _)| self.objects.is_within(*cell, object));
        let reached: BTreeSet<ObjectId> = cells
            .filter_map(|(_, value)| match value {
                Value::Pointer(pointer) => Some(pointer.object),
                Value::Handle(object) => Some(*object),
                _ => None,
            })
            .collect();
        self.settle(state, &reached);
    }

    /// A call of a function with a row: what it may keep of its arguments.
    pub(super) fn held_sees_call(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        if state.held.iter().all(|it| it.fate == Fate::Settled) {
            return;
        }
        // The functions of CUDA's C interfaces own nothing that they are handed.
        let is_c = matches!(it.row.family, Family::Runtime | Family::Driver | Family::Library)
            && !it.row.name.contains("::");
        for (index, arg) in it.call.args.iter().enumerate() {
            let role = it.row.params.get(index).map(|param| param.role);
            match role {
                Some(Role::Function | Role::UserData | Role::CallbackParams) => {
                    self.settle_reachable(state, std::slice::from_ref(arg));
                }
                // What is copied from there, pointers among it, others can read.
                Some(Role::Src | Role::Reads | Role::ReadFirst | Role::Format) => {
                    self.settle_contents(state, arg)
                }
                _ if is_c => {}
                Some(
                    Role::This
                    | Role::Dst
                    | Role::Writes
                    | Role::WriteFirst
                    | Role::ReadLast
                    | Role::WriteLast
                    | Role::Bytes
                    | Role::Stream
                    | Role::Event
                    | Role::Out(_),
                ) => {}
                Some(Role::Memory) if it.row.effects.iter().any(|it| matches!(it, Effect::Free(_))) => {}
                _ => self.settle_reachable(state, std::slice::from_ref(arg)),
            }
        }
    }

    /// A followed call returns: what it has made, its caller has made by calling it. What the caller cannot get at
    /// is lost in the callee, which tells of it where it is followed on its own: in this file or, if it has been
    /// brought from there, in another. Functions of headers do not.
    pub(super) fn held_by_caller(&mut self, state: &mut State, callee: FunctionId, result: Option<&Value>) {
        let depth = state.frames.len();
        if state.held.iter().all(|it| it.depth <= depth) {
            return;
        }
        let function = self.shared.function(callee);
        let speaks_for_itself = function.is_root || self.shared.program.is_imported(callee);
        let is_opaque = carries_out(function);
        let given = match result {
            Some(result) => self.reachable(state, std::slice::from_ref(result)),
            None => BTreeSet::new(),
        };
        let known: BTreeSet<ObjectId> = state
            .memory
            .values()
            .filter_map(|value| match value {
                Value::Pointer(pointer) => Some(pointer.object),
                Value::Handle(object) => Some(*object),
                _ => None,
            })
            .chain(given)
            .collect();
        let at = self.at;
        Rc::make_mut(&mut state.held).retain_mut(|it| {
            if it.depth <= depth {
                return true;
            }
            it.depth = depth;
            if known.contains(&it.object) {
                it.key = Key { site: at.site, step: at.step, ..it.key };
                return true;
            }
            if is_opaque {
                it.fate = Fate::Settled;
            }
            !speaks_for_itself
        });
    }

    /// A root returns: what it still holds is lost.
    pub(super) fn held_at_exit(&mut self, state: &mut State, result: Option<&Value>) {
        let [root] = self.stack[..] else { return };
        if state.held.is_empty() {
            return;
        }
        if self.shared.function(root).result.kind == TypeKind::Unknown {
            self.settle_all(state);
        } else if let Some(result) = result {
            // An object of a class holds what its constructors and fields were given, and what those got that
            // nobody sees has been settled when they got it.
            self.settle_reachable(state, std::slice::from_ref(result));
        }
        let exit = self.at.site;
        self.observations.leaks.exit(root, exit, state, &self.objects);
    }

    /// A root was followed; not to all of its ends if `exhausted`, and `visited` of its blocks.
    pub(super) fn sum_up_held(&mut self, function: &Function, exhausted: bool, visited: &BTreeSet<u32>) {
        let mut reachable = BTreeSet::from([0]);
        let mut work = vec![0];
        while let Some(at) = work.pop() {
            let next = crate::flow::successors(&function.blocks[at as usize].terminator);
            work.extend(next.into_iter().map(|next| next.0).filter(|next| reachable.insert(*next)));
        }
        let is_missed = reachable.iter().filter(|at| !visited.contains(at)).any(|at| {
            let statements = &function.blocks[*at as usize].statements;
            statements.iter().any(|it| matches!(&it.op, Op::Call(call) if self.may_release(call)))
        });
        self.observations.leaks.end_of_root(exhausted, is_missed);
    }

    /// True for calls that release something, or of which nobody knows.
    fn may_release(&self, call: &Call) -> bool {
        match call.callee {
            Callee::Function(id) => self.shared.relevance.concerns_cuda[id.0 as usize],
            Callee::Value(_) => true,
            Callee::Extern(id) => {
                let it = self.shared.extern_(id);
                match self.shared.row(call) {
                    Some(row) => row.effects.iter().any(|effect| {
                        let frees =
                            matches!(effect, Effect::Free(_) | Effect::Unregister | Effect::ResetsDevice);
                        frees || effect.destroys()
                    }),
                    None => it.origin != crate::program::Origin::System,
                }
            }
        }
    }
}

/// True for functions whose result may carry more than their caller is seen to get: contents are copied to him to
/// some depth only.
const fn carries_out(function: &Function) -> bool {
    function.result.is_aggregate() || matches!(function.result.kind, TypeKind::Unknown)
}

/// True for functions that only ask: their failure says nothing about what they would have done themselves.
pub(super) fn only_asks(row: &Row) -> bool {
    row.params.is_empty() && row.effects.iter().all(|it| matches!(it, Effect::NoWait | Effect::None))
}

/// What memory of a kind is to those who make it; `None` for what is nobody's to release here.
pub(super) const fn resource(kind: MemoryKind) -> Option<Resource> {
    match kind {
        MemoryKind::Device
        | MemoryKind::DeviceStreamOrdered
        | MemoryKind::Array
        | MemoryKind::Managed
        | MemoryKind::Pinned => Some(Resource::Memory(kind)),
        MemoryKind::Pageable | MemoryKind::Registered | MemoryKind::DeviceIpc => None,
    }
}

/// Joins two states: what has become of something is only known if it is the same on both.
pub(super) fn join(kept: &mut State, other: &State) {
    kept.frees |= other.frees;
    if Rc::ptr_eq(&kept.held, &other.held) || kept.held == other.held {
        return;
    }
    let list = Rc::make_mut(&mut kept.held);
    for theirs in other.held.iter() {
        match list.iter_mut().find(|it| it.object == theirs.object) {
            Some(it) => {
                if it.fate != theirs.fate {
                    it.fate = Fate::Settled;
                }
                it.lost = it.lost.and(theirs.lost);
            }
            None => list.push(theirs.clone()),
        }
    }
}
