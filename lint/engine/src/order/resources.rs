//! What calls make and take away: streams, events, memory and handles of other kinds.

use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectInfo, ObjectKey};
use super::state::{DeviceAccess, Extent, Range, State};
use super::symbol::{Linear, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{FreeWith, MemoryKind, Role, Thing};
use crate::facts::{Access, Made, Origin, ReleaseKind, Resource, WorkKind};

impl Machine<'_, '_> {
    /// Puts what the call makes into the places that its arguments name.
    pub(super) fn create(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let outs: Vec<(u8, Thing, Value)> = it
            .row
            .params
            .iter()
            .zip(&it.call.args)
            .enumerate()
            .filter_map(|(index, (param, arg))| match param.role {
                Role::Out(thing) => Some((index as u8, thing, arg.clone())),
                _ => None,
            })
            .collect();
        for (index, thing, out) in outs {
            let Some(mut target) = self.pointer(&out) else { continue };
            let thing = match thing {
                Thing::Pitched => {
                    // What else the structure holds, CUDA chooses.
                    self.forget(state, target.object);
                    let field = self.field_object(&target, "ptr");
                    target = self.start_of(field);
                    Thing::Memory(MemoryKind::Device)
                }
                thing => thing,
            };
            let value = match thing {
                Thing::Memory(kind) => {
                    let bytes = self.product(it);
                    let object = self.make_memory(state, index, Some(kind), it.shown(), bytes.clone());
                    if let Some(made) = made_of(kind) {
                        self.made(state, object, made, it, bytes);
                    }
                    self.allocates_unwritten(object, it);
                    self.note_combined(state, object, kind, it);
                    self.note_attached(state, object, kind, it);
                    // What is imported from another process' pool is there.
                    if kind == MemoryKind::DeviceStreamOrdered && it.position(Role::Stream).is_some() {
                        self.allocate_in_order(state, it, object);
                    }
                    Value::Pointer(self.start_of(object))
                }
                Thing::Stream => {
                    let non_blocking = match it.position(Role::Flags) {
                        Some(_) => {
                            it.arg(Role::Flags).and_then(Value::as_constant).map(|flags| flags & 1 != 0)
                        }
                        None => Some(false),
                    };
                    let stream = self.make_handle(state, index, non_blocking);
                    self.made(state, stream, Made::Stream, it, None);
                    Value::Handle(stream)
                }
                Thing::HandleStream => match it.arg(Role::Handle).cloned() {
                    Some(handle) => self.stream_in_handle(state, &handle),
                    None => self.fresh(state),
                },
                Thing::Handle => {
                    let made = self.make_handle(state, index, None);
                    self.made(state, made, Made::Handle, it, None);
                    let handle = Value::Handle(made);
                    let stream = it.arg(Role::Stream).cloned().unwrap_or(Value::ZERO);
                    self.set_stream(state, &handle, stream);
                    handle
                }
                Thing::Graph => {
                    let graph = self.make_handle(state, index, None);
                    self.graph_is_made(state, graph, it);
                    Value::Handle(graph)
                }
                // What is known to be captured is said to be: code that asks knows what it may do.
                Thing::CaptureStatus if self.is_surely_captured(state, it) => Value::int(1),
                // It cannot be captured (CUDA Runtime API, cudaStreamBeginCapture).
                Thing::CaptureStatus if self.stream_of(state, it).0 == StreamKey::Legacy => Value::ZERO,
                Thing::Event | Thing::ForeignEvent => {
                    let handle = self.make_handle(state, index, None);
                    self.event_made(state, handle, it, thing == Thing::ForeignEvent);
                    self.made(state, handle, Made::Event, it, None);
                    Value::Handle(handle)
                }
                Thing::Alias => match it.arg(Role::Memory).or_else(|| it.arg(Role::Src)).cloned() {
                    Some(value) => {
                        self.note_aliased(state, &value);
                        value
                    }
                    None => self.fresh(state),
                },
                Thing::SymbolAddress => match it.arg(Role::Symbol).cloned() {
                    Some(value) => value,
                    None => self.fresh(state),
                },
                Thing::PointerAttributes => {
                    self.pointer_attributes(state, &target, it);
                    continue;
                }
                Thing::PointerAttribute => self.pointer_attribute(state, it),
                Thing::DeviceProperties => {
                    self.device_properties(state, &target, it);
                    continue;
                }
                Thing::DeviceAttribute if self.asked_attribute(it).is_some() => {
                    self.asked_attribute(it).unwrap_or(Value::ZERO)
                }
                Thing::CurrentDevice | Thing::Ordinal | Thing::Context => {
                    self.device_outcome(state, it, thing)
                }
                Thing::DeviceAttribute | Thing::Fresh | Thing::CaptureStatus | Thing::Pitched => {
                    let mut operands =
                        vec![Value::int(i64::from(index)), Value::int(i64::from(state.turn()))];
                    debug_assert_eq!(operands.len(), super::gone::MODULE, "what belongs to a module says so");
                    operands.extend(it.arg(Role::Module).cloned());
                    let key = SymKey::Opaque { frame: state.frame(), step: self.at.step, operands };
                    let value = Value::symbol(self.symbols.intern(key));
                    if thing == Thing::Fresh {
                        self.module_begins(state, &value);
                    }
                    value
                }
            };
            if let Value::Handle(object) = &value
                && matches!(thing, Thing::Stream | Thing::Event | Thing::Graph)
            {
                self.begins(state, *object);
            }
            if matches!(
                thing,
                Thing::DeviceAttribute
                    | Thing::PointerAttribute
                    | Thing::Fresh
                    | Thing::CurrentDevice
                    | Thing::Ordinal
                    | Thing::Context
            ) {
                // A number or a structure: nothing is known of what is there now.
                self.forget(state, target.object);
            }
            if thing == Thing::Stream {
                self.holds_stream(&target, &value);
            }
            // Some handles are numbers (cuFFT), and the status is an enumerator.
            let is_number =
                matches!(thing, Thing::Handle | Thing::CaptureStatus | Thing::CurrentDevice | Thing::Ordinal);
            let size = if is_number { 4 } else { 8 };
            let made = match &value {
                Value::Pointer(pointer) => Some(pointer.object),
                Value::Handle(object) => Some(*object),
                _ => None,
            };
            self.poke(state, &target, value, Some(size));
            if let Some(object) = made {
                self.gets_home(state, it, thing, object);
                self.made_for_member(state, it, thing, &target);
            }
            if let (Some(object), Some(what)) = (made, resource_of(thing)) {
                // Memory that is allocated in a capture belongs to the graph; what is imported, to another process.
                let in_order = thing == Thing::Memory(MemoryKind::DeviceStreamOrdered);
                let is_imported = it.position(Role::Stream).is_none();
                let is_others = in_order && (is_imported || self.goes_to_a_capture(state, it));
                if !is_others {
                    self.holds(state, it, &target, object, index, what);
                }
            }
        }
    }

    /// Memory exists from its allocation on in the order of its stream, elsewhere only after it.
    pub(super) fn allocate_in_order(&mut self, state: &mut State, it: &Modelled<'_, '_>, object: ObjectId) {
        let (stream, omitted) = self.stream_of(state, it);
        let range = Range { object, offset: Linear::constant(0), extent: Extent::Whole };
        let access = DeviceAccess { range, write: true, read: false, assumed: false };
        let mut operation = self.operation(state, it.shown(), WorkKind::Allocation, stream, vec![access]);
        operation.stream_omitted = omitted;
        operation.status = it.status;
        self.enqueue(state, operation);
    }

    fn goes_to_a_capture(&mut self, state: &State, it: &Modelled<'_, '_>) -> bool {
        let (stream, _) = self.stream_of(state, it);
        self.is_captured(state, stream)
    }

    /// The stream or event that this call makes.
    fn make_handle(&mut self, state: &State, output: u8, non_blocking: Option<bool>) -> ObjectId {
        let key = ObjectKey::Made { frame: state.frame(), step: self.at.step, output, turn: state.turn() };
        let site = self.at.site;
        self.objects.intern(key.clone(), || ObjectInfo {
            key,
            name: String::new(),
            origin: Origin::Unseen,
            memory: None,
            site: Some(site),
            bytes: None,
            variable: None,
            ty: None,
            host_by_use: false,
            non_blocking,
        })
    }

    /// Frees memory, at once or in the order of a stream.
    pub(super) fn free(&mut self, state: &mut State, it: &Modelled<'_, '_>, with: FreeWith) {
        let Some(value) = it.arg(Role::Memory).cloned() else { return };
        if value.as_constant() == Some(0) {
            return;
        }
        // An object of class type that is passed by value (`thrust::device_ptr`) is not itself freed.
        let pointer = self.pointer(&value).filter(|pointer| {
            !(self.is_variable(pointer.object) && self.objects.record(pointer.object).is_some())
        });
        let how = ReleaseKind::Call(with, it.shown().to_owned());
        if let Some(pointer) = &pointer {
            self.is_released(state, pointer.object);
            self.unmade(state, pointer.object, it.shown());
        }
        state.frees |= !state.failed;
        match (with, &pointer) {
            (FreeWith::CudaFreeAsync, Some(pointer)) => {
                let described = self.describe_object(state, pointer.object);
                self.observations.release(
                    self.at,
                    state,
                    how,
                    Some(described),
                    pointer.offset != Linear::constant(0),
                );
                let (stream, _) = self.stream_of(state, it);
                if self.is_captured(state, stream) {
                    return;
                }
                self.free_in_order(state, pointer.object, stream, it.shown());
                let how = ReleaseKind::Call(with, it.shown().to_owned());
                self.memory_ends(state, pointer.object, &how, Some(stream));
            }
            _ => {
                let object = pointer.as_ref().map(|pointer| pointer.object);
                self.release(state, pointer, how.clone());
                if let Some(object) = object {
                    self.memory_ends(state, object, &how, None);
                }
            }
        }
    }

    /// A stream, event or handle is destroyed.
    pub(super) fn destroyed(&mut self, state: &mut State, it: &Modelled<'_, '_>, role: Role) {
        if let Some(Value::Handle(object)) = it.arg(role).cloned() {
            self.is_released(state, object);
            self.unmade(state, object, it.shown());
        }
    }

    /// True if something unseen holds the address of an object, or of one that it is a part of.
    fn is_known_outside(&self, state: &State, object: ObjectId) -> bool {
        let mut at = object;
        loop {
            if state.object(at).is_some_and(|it| it.escaped) {
                return true;
            }
            let ObjectKey::Field { parent, .. } = &self.objects.info(at).key else { return false };
            at = *parent;
        }
    }

    /// True for the elements of a container that the path has not seen get them.
    fn comes_from_outside(&self, object: ObjectId) -> bool {
        matches!(self.objects.info(self.objects.root(object)).key, ObjectKey::Elements { .. })
    }

    /// Takes memory away from the device; the host keeps it.
    pub(super) fn release_keeping_contents(
        &mut self,
        state: &mut State,
        pointer: Option<Pointer>,
        how: ReleaseKind,
    ) {
        let mut described = pointer.as_ref().map(|it| self.describe_object(state, it.object));
        if let (Some(pointer), Some(described)) = (&pointer, &mut described)
            && (self.is_known_outside(state, pointer.object)
                || self.comes_from_outside(pointer.object)
                || self.registering_has_failed(state, pointer))
        {
            // Whoever has its address may have registered it: the constructor in another file, say; of a container
            // of others, another method. One end that undoes whatever was done does no harm where registering has
            // failed.
            described.memory = described.memory.filter(|memory| *memory != MemoryKind::Pageable);
        }
        self.observations.release(self.at, state, how.clone(), described, false);
        if let Some(pointer) = pointer {
            let range = Range { object: pointer.object, offset: pointer.offset, extent: Extent::Whole };
            self.host_touches(state, &range, Access::Release(how));
        }
    }
}

/// What a call makes and another has to release.
const fn resource_of(thing: Thing) -> Option<Resource> {
    match thing {
        Thing::Memory(kind) => super::held::resource(kind),
        Thing::Stream => Some(Resource::Stream),
        Thing::Event => Some(Resource::Event),
        Thing::Graph => Some(Resource::Graph),
        Thing::Handle => Some(Resource::Handle),
        _ => None,
    }
}

/// What memory is to a loop that makes it in each round; `None` for memory that is cheap to make.
const fn made_of(kind: MemoryKind) -> Option<Made> {
    match kind {
        MemoryKind::Device | MemoryKind::Array => Some(Made::Device),
        MemoryKind::Managed => Some(Made::Managed),
        MemoryKind::Pinned => Some(Made::Pinned),
        MemoryKind::Pageable
        | MemoryKind::Registered
        | MemoryKind::DeviceStreamOrdered
        | MemoryKind::DeviceIpc => None,
    }
}
