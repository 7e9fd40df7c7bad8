//! Copies and fills: what they touch, and when they return.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::access::add_note;
use super::extents::Rows;
use super::graph_nodes::Adds;
use super::happens_before::{Point, StreamKey};
use super::machine::Machine;
use super::object::ObjectId;
use super::state::{DeviceAccess, Extent, Form, Operation, Range, State, WorkId};
use super::symbol::{Linear, Sym};
use super::value::{Pointer, Value};
use crate::cuda::row::{Direction, MemoryKind, Mode};
use crate::facts::{Access, Object, Origin, Paths, TransferView, WorkKind};
use crate::program::{FunctionId, SiteId, TypeKind};

/// One copy, with its arguments sorted out.
#[derive(Debug)]
pub(super) struct Copy<'c> {
    /// The function called.
    pub function: &'c str,
    /// Where it writes.
    pub dst: Option<Value>,
    /// Where it reads.
    pub src: Option<Value>,
    /// The destination is device memory by the type of its parameter.
    pub dst_device_by_type: bool,
    /// The source is.
    pub src_device_by_type: bool,
    /// The direction that the call states.
    pub stated: Option<Direction>,
    /// The place of the kind argument.
    pub kind_site: Option<SiteId>,
    /// How much.
    pub bytes: Option<Linear>,
    /// The rows of the destination, if there are gaps between them.
    pub dst_rows: Option<Rows>,
    /// The same of the source.
    pub src_rows: Option<Rows>,
    /// Which form.
    pub mode: Mode,
    /// The stream.
    pub stream: StreamKey,
    /// True if the stream argument was left out.
    pub stream_omitted: bool,
    /// The status of the call.
    pub status: Option<Sym>,
}

impl Machine<'_, '_> {
    /// A copy.
    pub(super) fn copy(&mut self, state: &mut State, copy: Copy<'_>) {
        let dst = copy.dst.as_ref().and_then(|value| self.pointer(value));
        let src = copy.src.as_ref().and_then(|value| self.pointer(value));
        if let Some(direction) = copy.stated {
            let host_side = match direction {
                Direction::DeviceToHost => dst.as_ref(),
                Direction::HostToDevice => src.as_ref(),
                _ => None,
            };
            if let Some(pointer) = host_side
                && self.memory_kind(state, pointer.object).is_none()
            {
                self.objects.info_mut(pointer.object).host_by_use = true;
            }
        }
        let dst_kind = self.side(state, dst.as_ref(), copy.dst_device_by_type);
        let src_kind = self.side(state, src.as_ref(), copy.src_device_by_type);
        let direction = copy.stated.or_else(|| match (src_kind?, dst_kind?) {
            (MemoryKind::Managed, _) | (_, MemoryKind::Managed) => None,
            (src, dst) => Some(match (src.is_device(), dst.is_device()) {
                (true, true) => Direction::DeviceToDevice,
                (true, false) => Direction::DeviceToHost,
                (false, true) => Direction::HostToDevice,
                (false, false) => Direction::HostToHost,
            }),
        });
        self.note_transfer(state, &copy, dst.as_ref(), src.as_ref());
        // Memory of which the program has asked where it lies, before it chose this copy.
        let chosen: Vec<_> = [&dst, &src]
            .into_iter()
            .flatten()
            .filter(|it| self.memory_kind(state, it.object).is_none() && self.is_examined(state, Some(it)))
            .map(|it| it.object)
            .collect();
        let range = |pointer: Pointer, rows: &Option<Rows>| {
            let extent = extent(state, &pointer, copy.bytes.as_ref(), rows.as_ref());
            Range { object: pointer.object, offset: pointer.offset, extent }
        };
        let src = src.map(|it| range(it, &copy.src_rows));
        let dst = dst.map(|it| range(it, &copy.dst_rows));
        let on_device = |kind: Option<MemoryKind>| kind.is_some_and(MemoryKind::is_device);
        if direction == Some(Direction::HostToHost) && !on_device(src_kind) && !on_device(dst_kind) {
            // "Fully synchronous with respect to the host", in both forms.
            let via = Some(copy.function.to_owned());
            let is_seen = |range: &Range| !chosen.contains(&range.object);
            self.after_stream(state, copy.stream, |machine, state| {
                if let Some(src) = src.filter(is_seen) {
                    let read = Access::HostRead { via: via.clone(), as_result: false, left: false };
                    machine.host_touches(state, &src, read);
                }
                if let Some(dst) = dst.filter(is_seen) {
                    machine.host_touches(state, &dst, Access::HostWrite { via });
                }
            });
            return;
        }
        let host_kind = match direction {
            Some(Direction::DeviceToHost) => dst_kind,
            Some(Direction::HostToDevice) => src_kind,
            _ => None,
        };
        if let Some(src) = &src
            && matches!(direction, Some(Direction::HostToDevice | Direction::DeviceToHost))
        {
            self.copies_unwritten(state, src.object, copy.function);
        }
        if let Some(dst) = &dst
            && direction == Some(Direction::DeviceToHost)
        {
            self.downloads_combined(state, dst, copy.function);
        }
        let touch = |range: Range, write: bool| DeviceAccess { range, write, read: !write, assumed: false };
        let accesses: Vec<_> =
            src.map(|it| touch(it, false)).into_iter().chain(dst.map(|it| touch(it, true))).collect();
        let kind = WorkKind::Copy {
            direction,
            synchronous_form: copy.mode == Mode::Sync,
            pageable: host_kind == Some(MemoryKind::Pageable),
        };
        let overwritten = accesses.last().filter(|it| it.write).map(|it| it.range.object);
        let mut operation = self.operation(state, copy.function, kind, copy.stream, accesses);
        operation.stream_omitted = copy.stream_omitted;
        operation.form = Form { synchronous: copy.mode == Mode::Sync, stated: copy.stated };
        operation.status = copy.status;
        let id = operation.id;
        match copy.mode {
            Mode::Async => {
                self.enqueue(state, operation);
                state.fresh_copy = (self.calling.adds == Adds::Nothing).then_some((self.at.site, id));
            }
            Mode::Settled => {
                self.enqueue(state, operation);
                state.fresh_copy = Some((self.at.site, id));
                if !host_kind.is_some_and(MemoryKind::is_page_locked) {
                    self.is_done_with(state, id, direction);
                }
            }
            Mode::PinnedAsync => {
                let stream = operation.stream;
                let name = operation.name.clone();
                let is_captured = self.is_captured(state, stream);
                self.enqueue(state, operation);
                state.fresh_copy = Some((self.at.site, id));
                match host_kind {
                    Some(MemoryKind::Pageable) if !is_captured => self.host_sees(state, Point::Tail(stream)),
                    None if direction != Some(Direction::DeviceToDevice) => {
                        let text = format!("`{name}` waits unless the memory is page-locked");
                        let mine = state.pending_mut().iter_mut().filter(|it| it.id == id);
                        mine.for_each(|it| add_note(&mut it.doubts, self.at.site, &text));
                    }
                    _ => {}
                }
            }
            Mode::Sync => self.copy_synchronously(state, operation, direction, host_kind),
        }
        // What a variable held before is no number to go by any more.
        let is_number = |object| {
            self.objects
                .info(object)
                .ty
                .is_some_and(|ty| !ty.is_aggregate() && ty.kind != TypeKind::DevicePointer)
        };
        match overwritten {
            Some(object) if is_number(object) => self.forget(state, object),
            Some(object) => self.numbers_change(state, object),
            None => {}
        }
    }

    /// The synchronous forms: most wait for the copy, and so for its stream; device-to-device copies do
    /// not wait at all; from pageable memory they return once the source is staged. What stays pending is
    /// held against other device work only: to free memory after a synchronous form is common, and
    /// cudaFree waits, though nothing documents it.
    fn copy_synchronously(
        &mut self,
        state: &mut State,
        mut operation: Operation,
        direction: Option<Direction>,
        host_kind: Option<MemoryKind>,
    ) {
        if self.capture_takes(state, &operation) {
            self.work_writes(state, &operation);
            return;
        }
        self.promises_are_kept_by(state, &operation);
        state.fresh_copy = None;
        let stream = operation.stream;
        operation.reported = true;
        let staged = (direction == Some(Direction::HostToDevice) && host_kind == Some(MemoryKind::Pageable))
            .then(|| Operation {
                accesses: Rc::new(operation.accesses.iter().filter(|it| it.write).cloned().collect()),
                ..operation.clone()
            });
        let upload = (direction == Some(Direction::HostToDevice))
            .then_some(operation.id)
            .filter(|_| self.needs_nothing(state, &operation));
        self.enqueue(state, operation);
        let between = upload.and_then(|id| state.events.between.iter().find(|it| it.work.id == id).cloned());
        if direction != Some(Direction::DeviceToDevice) {
            self.host_sees(state, Point::Tail(stream));
        }
        // The host has waited, and so has what comes next on the other streams, for work that the copy has nothing to
        // do with. A copy to the host is often there to wait.
        if let Some(between) = between {
            Rc::make_mut(&mut state.events).between.push(between);
        }
        if let Some(mut staged) = staged {
            staged.cover = Default::default();
            staged.cover.insert(Point::Tail(stream));
            staged.proven = staged.cover.clone();
            state.pending_mut().push(staged);
        }
    }

    /// True if nothing that is pending touches what the work touches.
    fn needs_nothing(&self, state: &State, operation: &Operation) -> bool {
        let root = |access: &DeviceAccess| self.objects.root(access.range.object);
        let touched: BTreeSet<ObjectId> = operation.accesses.iter().map(root).collect();
        !state.pending.iter().any(|it| it.accesses.iter().any(|access| touched.contains(&root(access))))
    }

    /// What the host does in the order of a stream: earlier work of the stream is complete before it. That the host
    /// has waited for it is not documented in so many words, so that the work stays pending for what follows.
    fn after_stream(
        &mut self,
        state: &mut State,
        stream: StreamKey,
        act: impl FnOnce(&mut Self, &mut State),
    ) {
        let is_before = |it: &Operation| it.cover.contains(Point::Tail(stream));
        let all = Rc::clone(&state.pending);
        state.pending_mut().retain(|it| !is_before(it));
        act(self, state);
        let mut others = std::mem::take(state.pending_mut()).into_iter();
        let mut restored: Vec<Operation> = Vec::with_capacity(all.len());
        for operation in all.iter() {
            match is_before(operation) {
                true => restored.push(operation.clone()),
                false => restored.extend(others.next()),
            }
        }
        restored.extend(others);
        state.pending = Rc::new(restored);
    }

    /// Pageable memory is done with when the call returns.
    fn is_done_with(&mut self, state: &mut State, id: WorkId, direction: Option<Direction>) {
        match direction {
            Some(Direction::DeviceToHost) => {
                let stream = state.pending.iter().find(|it| it.id == id).map(|it| it.stream);
                if let Some(stream) = stream {
                    self.host_sees(state, Point::Tail(stream));
                }
            }
            Some(Direction::HostToDevice) => {
                for operation in state.pending_mut().iter_mut().filter(|it| it.id == id) {
                    let written = operation.accesses.iter().filter(|it| it.write).cloned().collect();
                    operation.accesses = Rc::new(written);
                }
            }
            _ => {}
        }
    }

    /// A fill (memset).
    #[allow(clippy::too_many_arguments, reason = "the arguments of the call it stands for")]
    pub(super) fn fill(
        &mut self,
        state: &mut State,
        function: &str,
        dst: &Value,
        bytes: Option<Linear>,
        rows: Option<&Rows>,
        mode: Mode,
        stream: StreamKey,
        stream_omitted: bool,
        status: Option<Sym>,
    ) {
        let Some(dst) = self.pointer(dst) else { return };
        let memory = self.memory_kind(state, dst.object);
        let extent = extent(state, &dst, bytes.as_ref(), rows);
        let range = Range { object: dst.object, offset: dst.offset, extent };
        let access = DeviceAccess { range, write: true, read: false, assumed: false };
        let mut operation = self.operation(state, function, WorkKind::Fill, stream, vec![access]);
        operation.stream_omitted = stream_omitted;
        operation.status = status;
        operation.reported = mode == Mode::Sync;
        operation.form.synchronous = mode == Mode::Sync;
        state.fresh_copy = None;
        self.enqueue(state, operation);
        // "Asynchronous with respect to the host, except when the target is pinned host memory"; managed
        // memory was measured to be waited for.
        let waits = memory.is_some_and(|it| it.is_page_locked() || it == MemoryKind::Managed);
        if mode == Mode::Sync && waits && !self.is_captured(state, stream) {
            self.host_sees(state, Point::Tail(stream));
        }
    }

    /// An operation of the current step.
    pub(super) fn operation(
        &self,
        state: &State,
        name: &str,
        kind: WorkKind,
        stream: StreamKey,
        accesses: Vec<DeviceAccess>,
    ) -> Operation {
        Operation {
            id: self.work_id(state),
            site: self.at.site,
            kind,
            name: name.into(),
            stream,
            device: None,
            stream_omitted: false,
            left_out_by: self.calling.left_out_by,
            form: Form::default(),
            handle: None,
            accesses: Rc::new(accesses),
            scalars: Rc::default(),
            cover: Default::default(),
            proven: Default::default(),
            status: None,
            doubts: Rc::default(),
            undocumented_wait: None,
            no_waits: Rc::default(),
            reported: false,
            lent: self.calling.lent,
            graph: None,
        }
    }

    /// The place of the current step, for the work that it enqueues.
    pub(super) fn work_id(&self, state: &State) -> WorkId {
        WorkId { frame: state.frame(), step: self.at.step, turn: state.turn(), node: 0 }
    }

    fn side(&self, state: &State, pointer: Option<&Pointer>, device_by_type: bool) -> Option<MemoryKind> {
        match pointer.and_then(|it| self.memory_kind(state, it.object)) {
            None if device_by_type => Some(MemoryKind::Device),
            known => known,
        }
    }

    fn note_transfer(
        &mut self,
        state: &State,
        copy: &Copy<'_>,
        dst: Option<&Pointer>,
        src: Option<&Pointer>,
    ) {
        let unknown = || Object {
            name: String::new(),
            origin: Origin::Unseen,
            memory: None,
            site: None,
            host_by_use: false,
            bytes: None,
            by_mode: false,
            short_lived: false,
        };
        let view = TransferView {
            dst: dst.map_or_else(unknown, |it| self.describe_object(state, it.object)),
            src: src.map_or_else(unknown, |it| self.describe_object(state, it.object)),
            dst_device_by_type: copy.dst_device_by_type,
            src_device_by_type: copy.src_device_by_type,
            stated: copy.stated,
            kind_site: copy.kind_site,
            bytes: copy.bytes.as_ref().and_then(Linear::as_constant).and_then(|it| u64::try_from(it).ok()),
            stream: self.describe_stream(copy.stream),
            stream_omitted: copy.stream_omitted,
            captured: self.calling.adds != Adds::Nothing || self.is_captured(state, copy.stream),
            waited_at_once: false,
            examined: self.is_examined(state, dst) || self.is_examined(state, src) || state.works_by_mode(),
            paths: Paths::Some,
        };
        let paths = self.observations.paths(state);
        let copied = (copy.function, copy.mode);
        let within = self.stack.last().copied().unwrap_or(FunctionId(0));
        self.observations.transfers.see(self.at, state, &self.calls, within, copied, (view, paths));
    }
}

/// How far a copy or fill goes: as many bytes as were allocated are the whole object, so that what is
/// accessed at an offset that nothing is known of (`x[index[i]]`) is part of it.
fn extent(state: &State, pointer: &Pointer, bytes: Option<&Linear>, rows: Option<&Rows>) -> Extent {
    let Some(bytes) = bytes else { return Extent::Unknown };
    let size = state.object(pointer.object).and_then(|it| it.size.as_ref());
    if size == Some(bytes) && pointer.offset == Linear::constant(0) {
        Extent::Whole
    } else {
        rows.map_or_else(|| Extent::Bytes(bytes.clone()), |rows| Extent::Rows(rows.clone()))
    }
}
