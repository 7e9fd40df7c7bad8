//! What carries a stream: the handles, plans and generators of libraries, and objects that hold a stream.
//!
//! The stream stands in a field of the handle that no program can name, so that states tell it apart, and
//! what an unknown handle carries is a symbol: the same for the same handle, as long as nothing that is not
//! seen may have changed it.

use std::collections::BTreeSet;

use super::happens_before::{Point, StreamKey};
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{DeviceAccess, Extent, Range, State};
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Family, MemoryKind, Role};
use crate::facts::{HandleInFlight, Lent, Paths, WorkKind};
use crate::program::{RecordId, TypeKind};

/// The field of a handle that holds its stream.
pub(super) const STREAM: &str = "<stream>";

/// What a handle holds that was given stream 0: `cudaStreamLegacy`, since libraries are built with the legacy default
/// stream. 0 means that nobody has given it any.
const LEGACY: i64 = 1;

/// The field of a handle that holds the memory that the program has given it to work with.
const WORKSPACE: &str = "<workspace>";

/// How many unknown pointers are followed back to where they come from.
const DEPTH: usize = 4;

/// How deep a stream may lie in classes.
const CLASSES: usize = 3;

/// What carries the current stream of a thread: the result of no function that can be called.
const CURRENT: &str = "<current stream>";

impl Machine<'_, '_> {
    /// Where a handle keeps its stream: the one field of its class that is a stream, if that is known.
    fn stream_cell(&mut self, handle: &Value) -> Option<Pointer> {
        let base = match handle {
            Value::Handle(object) => self.start_of(*object),
            handle => self.pointer(handle)?,
        };
        if let Some(path) =
            self.objects.record(base.object).and_then(|class| self.stream_field(class, CLASSES))
        {
            let mut cell = base;
            for field in path {
                let field = self.field_object(&cell, &field);
                cell = self.start_of(field);
            }
            return Some(cell);
        }
        let field = self.field_object(&base, STREAM);
        Some(self.start_of(field))
    }

    /// The way to the one field of a class that is a stream, through fields that are classes.
    fn stream_field(&self, class: RecordId, depth: usize) -> Option<Vec<String>> {
        let fields = &self.shared.program.records[class.0 as usize].fields;
        let mut found = None;
        for (name, ty) in fields {
            let path = match ty.kind {
                TypeKind::Stream => Some(vec![name.clone()]),
                TypeKind::Record(inner) if depth > 0 => {
                    self.stream_field(inner, depth - 1).map(|mut path| {
                        path.insert(0, name.clone());
                        path
                    })
                }
                _ => None,
            };
            if path.is_some() && found.is_some() {
                return None;
            }
            found = found.or(path);
        }
        found
    }

    /// The stream that an argument names: a stream, the address of one (a reference), or an object of a class
    /// that holds one.
    pub(super) fn stream_argument(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Value> {
        let at = it.position(Role::Stream)?;
        let value = it.call.args.get(at)?.clone();
        let is_address = match &value {
            Value::Pointer(_) => true,
            Value::Number(number) => {
                let by_address =
                    it.call.params.get(at).is_some_and(|param| param.is_address() && !it.call.is_invented);
                let is_library = matches!(it.row.family, Family::Library | Family::Project);
                number.as_constant().is_none() && by_address && is_library
            }
            _ => false,
        };
        if !is_address {
            return Some(value);
        }
        let Some(pointer) = self.pointer(&value) else { return Some(value) };
        let ty = self.objects.info(pointer.object).ty.map(|ty| ty.kind);
        if ty == Some(TypeKind::Stream) {
            return Some(self.peek(state, &pointer));
        }
        Some(self.stream_in_handle(state, &value))
    }

    /// What carries the current stream of the thread.
    pub(super) fn current_stream(&mut self, state: &State) -> Value {
        self.accessor(state, CURRENT, Vec::new())
    }

    /// The stream that is the result of a call, as a value; an object of a class that is the result carries it.
    pub(super) fn stream_result(&mut self, state: &mut State, it: &Modelled<'_, '_>) -> Value {
        let handle = match it.arg(Role::Handle).cloned() {
            Some(handle) => handle,
            None => self.current_stream(state),
        };
        let stream = self.stream_in_handle(state, &handle);
        if let Some(into) = it.call.call.into {
            let into = self.value(state, into);
            self.set_stream(state, &into, stream.clone());
        }
        stream
    }

    /// A handle, or the thread, gets another stream.
    pub(super) fn sets_stream(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let handle = match it.arg(Role::Handle).cloned() {
            Some(handle) => handle,
            None => self.current_stream(state),
        };
        let stream = match self.stream_argument(state, it) {
            Some(stream) if stream.as_constant() == Some(0) => Value::int(LEGACY),
            Some(stream) => stream,
            None => self.fresh(state),
        };
        self.set_stream(state, &handle, stream);
    }

    /// The stream that a handle carries, as a value.
    pub(super) fn stream_in_handle(&mut self, state: &State, handle: &Value) -> Value {
        match self.stored_stream(state, handle) {
            Some(stream) if stream.as_constant() == Some(LEGACY) => Value::ZERO,
            Some(stream) => stream,
            None => self.fresh(state),
        }
    }

    fn stored_stream(&mut self, state: &State, handle: &Value) -> Option<Value> {
        let cell = self.stream_cell(handle)?;
        Some(self.peek(state, &cell))
    }

    /// The stream that a handle carries. Libraries are built with the legacy default stream, whatever the
    /// program that calls them is built with.
    pub(super) fn stream_of_handle(&mut self, state: &State, handle: &Value) -> StreamKey {
        let stream = self.stream_in_handle(state, handle);
        let stream = self.in_this_thread(state, stream);
        match stream.as_constant() {
            Some(0) => StreamKey::Legacy,
            _ => self.stream_key(Some(&stream)),
        }
    }

    /// True for a handle of a library that the path has made and given no stream.
    pub(super) fn has_no_stream(&mut self, state: &State, handle: &Value) -> bool {
        let is_none = |stream: Value| stream.as_constant() == Some(0);
        matches!(handle, Value::Handle(_)) && self.stored_stream(state, handle).is_some_and(is_none)
    }

    /// A handle carries another stream from here on.
    pub(super) fn set_stream(&mut self, state: &mut State, handle: &Value, stream: Value) {
        if let Some(cell) = self.stream_cell(handle) {
            self.poke(state, &cell, stream, Some(8));
        }
    }

    /// Something unseen gets a handle: it may give it another stream, or other memory to work with.
    pub(super) fn lose_stream(&mut self, state: &mut State, value: &Value) {
        for field in [STREAM, WORKSPACE] {
            if let Some(cell) = self.known_cell(value, field)
                && state.memory.contains_key(&(cell, Linear::constant(0)))
            {
                self.forget(state, cell);
            }
        }
    }

    /// A field of a handle that no program can name, if the value has been used as a handle.
    fn known_cell(&mut self, value: &Value, field: &str) -> Option<ObjectId> {
        let base = match value {
            Value::Handle(object) => self.start_of(*object),
            Value::Number(number) if number.as_constant().is_some() => return None,
            value => self.pointer(value)?,
        };
        let key = ObjectKey::Field { parent: base.object, offset: base.offset, field: field.to_owned() };
        self.objects.find(&key)
    }

    /// A handle gets memory to work with, or goes back to its own.
    pub(super) fn sets_workspace(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(handle) = it.arg(Role::Handle).cloned() else { return };
        match it.arg(Role::Workspace).cloned() {
            Some(workspace) => {
                let base = match &handle {
                    Value::Handle(object) => Some(self.start_of(*object)),
                    handle => self.pointer(handle),
                };
                if let Some(base) = base {
                    let cell = self.field_object(&base, WORKSPACE);
                    let cell = self.start_of(cell);
                    self.poke(state, &cell, workspace, Some(8));
                }
            }
            None => {
                if let Some(cell) = self.known_cell(&handle, WORKSPACE) {
                    self.forget(state, cell);
                }
            }
        }
    }

    /// What work of a handle touches of the memory that the program has given it. It is taken to read only: that work
    /// of one handle shares it is no race, and whether a function needs any is not known, only that it may. Memory that
    /// is gone is not held against each of the calls that follow.
    fn use_of_workspace(&mut self, state: &State, handle: &Value) -> Option<DeviceAccess> {
        let cell = self.known_cell(handle, WORKSPACE)?;
        let Value::Pointer(held) = state.memory.get(&(cell, Linear::constant(0)))?.clone() else {
            return None;
        };
        let is_there = !self.is_gone(state, held.object);
        let range = Range { object: held.object, offset: held.offset, extent: Extent::Unknown };
        is_there.then_some(DeviceAccess { range, write: false, read: true, assumed: true })
    }

    /// True for memory that carries the stream that it was allocated on and goes back to, as slices of cudarc.
    pub(super) fn is_bound_to_stream(&self, memory: ObjectId) -> bool {
        let offset = Linear::constant(0);
        self.objects.find(&ObjectKey::Field { parent: memory, offset, field: STREAM.to_owned() }).is_some()
    }

    /// The stream that a value carries, if it has been used as a handle.
    pub(super) fn carried_stream(&mut self, state: &State, value: &Value) -> Option<StreamKey> {
        self.known_cell(value, STREAM)?;
        Some(self.stream_of_handle(state, value))
    }

    /// True if a stream of unknown origin was found in one of these objects, or through pointers in them.
    pub(super) fn is_found_in(&self, stream: StreamKey, objects: &BTreeSet<ObjectId>) -> bool {
        let StreamKey::Unseen(symbol) = stream else { return false };
        let mut symbol = Sym(symbol);
        for _ in 0..DEPTH {
            let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return false };
            let root = self.objects.root(*object);
            if objects.contains(&root) {
                return true;
            }
            let Some(outer) = self.objects.pointee_symbol(root) else { return false };
            symbol = outer;
        }
        false
    }

    /// Work of a library. Its stream is an argument, or its handle carries it.
    pub(super) fn enqueue_library_work(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        // Without either, the work goes to a stream that is not known: nothing can be said.
        if it.position(Role::Stream).is_none() && it.position(Role::Handle).is_none() {
            return;
        }
        // Nor where the call may only ask how much memory it needs.
        if it.arg(Role::Workspace).is_some_and(|memory| !matches!(memory, Value::Pointer(_))) {
            return;
        }
        // A handle that was made out of sight may be one of a kind that works on the host (cuRAND).
        let on_device = match it.arg(Role::Handle) {
            Some(handle) => !matches!(handle, Value::Number(_)),
            None => true,
        };
        // Of a matrix that has no columns, say, nothing is touched.
        let is_empty = it.args(Role::Size).any(|size| size.as_constant() == Some(0));
        let accesses: Vec<(Role, Value)> = it
            .row
            .params
            .iter()
            .zip(&it.call.args)
            .map(|(param, arg)| (param.role, arg.clone()))
            .filter(|(role, _)| {
                matches!(role, Role::Src | Role::Dst | Role::Reads | Role::Writes | Role::Workspace)
            })
            .filter(|_| !is_empty)
            .collect();
        // Such a one, working there.
        let is_host = |value: &Value| match value {
            Value::Pointer(pointer) => self.memory_kind(state, pointer.object) == Some(MemoryKind::Pageable),
            _ => false,
        };
        if !on_device && accesses.iter().any(|(role, value)| *role == Role::Dst && is_host(value)) {
            return;
        }
        let mut accesses: Vec<DeviceAccess> = accesses
            .into_iter()
            .filter_map(|(role, value)| {
                let pointer = self.pointer(&value)?;
                let memory = self.memory_kind(state, pointer.object);
                let on_host = memory.is_some_and(MemoryKind::is_host);
                let touched = match role {
                    Role::Reads | Role::Writes => memory.is_some_and(MemoryKind::is_device),
                    _ => on_device || !on_host,
                };
                touched.then_some(DeviceAccess {
                    range: Range { object: pointer.object, offset: pointer.offset, extent: Extent::Unknown },
                    write: matches!(role, Role::Dst | Role::Writes | Role::Workspace),
                    read: matches!(role, Role::Src | Role::Reads | Role::Dst),
                    assumed: false,
                })
            })
            .collect();
        if let Some(handle) = it.arg(Role::Handle).cloned().filter(|_| !is_empty) {
            accesses.extend(self.use_of_workspace(state, &handle));
        }
        let (stream, omitted) = self.stream_of(state, it);
        let is_tracked = self.uses_tracked(&accesses);
        let mut operation = self.operation(state, it.shown(), WorkKind::Other, stream, accesses);
        if is_tracked && operation.lent == Lent::No {
            operation.lent = Lent::Recorded;
        }
        operation.stream_omitted = omitted;
        operation.status = it.status;
        operation.handle = match it.arg(Role::Handle) {
            Some(Value::Handle(handle)) => Some(*handle),
            _ => None,
        };
        state.fresh_copy = None;
        self.enqueue(state, operation);
    }

    /// A handle is destroyed, with the memory that its work uses, by a call that is not documented to wait.
    pub(super) fn abandons_work(&mut self, state: &State, it: &Modelled<'_, '_>) {
        let Some(Value::Handle(handle)) = it.arg(Role::Handle) else { return };
        // Work that was blamed before, or that a free has waited for, is another rule's.
        let abandoned = state.pending.iter().filter(|operation| {
            operation.handle == Some(*handle) && !operation.reported && operation.undocumented_wait.is_none()
        });
        for operation in abandoned {
            let seen = HandleInFlight {
                site: self.at.site,
                function: it.shown().to_owned(),
                name: self.objects.info(*handle).name.clone(),
                work: self.describe_work(operation, false, false),
                doubts: operation.doubts.to_vec(),
                paths: Paths::Some,
            };
            self.observations.handle_in_flight(self.at, state, seen);
        }
    }

    /// The call waits if its result is to be in host memory when it returns.
    pub(super) fn wait_for_result(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let results: Vec<Value> = it.args(Role::Writes).cloned().collect();
        let mut on_host = false;
        for result in &results {
            let memory = self.pointer(result).and_then(|pointer| self.memory_kind(state, pointer.object));
            match memory {
                Some(MemoryKind::Pageable) => on_host = true,
                Some(memory) if memory.is_device() => {}
                // The device can reach this memory too, or it is not known: the handle's mode decides.
                _ => {
                    let name = it.shown().to_owned();
                    return self.doubt_all(state, &format!("`{name}` waits if its result is host memory"));
                }
            }
        }
        if on_host {
            let (stream, _) = self.stream_of(state, it);
            self.host_waits(state, Some(Point::Tail(stream)));
        }
    }
}
