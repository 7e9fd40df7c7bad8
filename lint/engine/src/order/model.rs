//! Calls that the CUDA model has a row for.

use std::rc::Rc;

use super::calls::Unfollowed;
use super::event_use::Waited;
use super::graph_nodes::Adds;
use super::happens_before::{Point, StreamKey};
use super::history::DeedKind;
use super::left_out::is_left_out;
use super::machine::{Calling, Machine};
use super::state::{Extent, Range, State};
use super::symbol::{Linear, Sym, SymKey};
use super::value::{Pointer, Value};
use crate::cuda::row::{Effect, Family, MemoryKind, Outcome, Role, Row};
use crate::cuda::unqualified;
use crate::facts::{Access, ReleaseKind, WorkKind};
use crate::program::BinaryOp;

/// A call with its row.
pub(super) struct Modelled<'c, 'u> {
    pub row: &'c Row,
    pub call: &'c Unfollowed<'u>,
    pub status: Option<Sym>,
}

impl Modelled<'_, '_> {
    /// The function's name as written, for people: rows serve HIP names too.
    pub(super) fn shown(&self) -> &str {
        let name = if self.call.name.is_empty() { &self.row.name } else { self.call.name };
        // Methods of Rust libraries go by their own names: `memcpy_dtoh` of `cudarc::CudaStream::memcpy_dtoh`.
        match name.split_once("::") {
            Some(("cudarc" | "cust", rest)) => {
                let rest = rest.strip_suffix("::tracked").unwrap_or(rest);
                unqualified(rest)
            }
            _ => name,
        }
    }

    /// The first argument with a role.
    pub(super) fn arg(&self, role: Role) -> Option<&Value> {
        self.position(role).and_then(|at| self.call.args.get(at))
    }

    pub(super) fn position(&self, role: Role) -> Option<usize> {
        self.row.params.iter().position(|param| param.role == role)
    }

    /// The arguments with a role.
    pub(super) fn args(&self, role: Role) -> impl Iterator<Item = &Value> {
        self.row
            .params
            .iter()
            .zip(&self.call.args)
            .filter(move |(param, _)| param.role == role)
            .map(|it| it.1)
    }

    /// The class of a method: `std::vector` of `std::vector::data`.
    pub(super) fn class(&self) -> &str {
        self.row.name.rsplit_once("::").map_or("", |(class, _)| class)
    }
}

/// True if an event is recorded or waited for by a node of a graph (cudaEventRecordExternal,
/// cudaEventWaitExternal), or may be: the flags are not a constant.
fn is_external(it: &Modelled<'_, '_>) -> bool {
    it.arg(Role::Flags).is_some_and(|flags| flags.as_constant() != Some(0))
}

impl Machine<'_, '_> {
    /// Does what a row says. Returns false if the call does not return.
    pub(super) fn call_by_model(&mut self, state: &mut State, row: &Row, call: &Unfollowed<'_>) -> bool {
        let unasked = state.unasked.take();
        let status = match row.result {
            Outcome::Status if unasked.is_some() && super::held::only_asks(row) => unasked,
            Outcome::Status | Outcome::QueryStatus => {
                let key = SymKey::Status { frame: state.frame(), step: self.at.step, turn: state.turn() };
                Some(self.symbols.intern(key))
            }
            _ => None,
        };
        // `cudaMalloc(&p, n); if (cudaGetLastError() != cudaSuccess) …`: a sticky error of something earlier is the
        // same to what follows.
        let makes = row.effects.contains(&Effect::Create);
        state.unasked = status.filter(|_| makes && call.call.discarded);
        let it = Modelled { row, call, status };
        if let Some(status) = status.filter(|_| super::held::only_asks(row) && unasked.is_none()) {
            self.queries.insert(status);
        }
        self.held_sees_call(state, &it);
        self.kept_by_library(state, &it);
        self.moved_by_library(state, &it);
        self.calling = Calling {
            name: it.shown().into(),
            discarded: call.call.discarded,
            lent: super::tracked::lent(row),
            adds: Adds::Nothing,
            left_out_by: None,
        };
        self.waits_see_call(state, row);
        self.device_after_row(state, row);
        self.errors_see_call(state, &it);
        self.host_accesses(state, &it);
        self.host_reads_strings(state, &it);
        self.call_may_write(state, &it);
        self.call_uses(state, &it);
        self.capture_sees_call(state, &it);
        // The result of an accessor is what the object holds before the call changes it.
        let result = self.outcome(state, &it);
        let mut is_moved = false;
        for effect in &row.effects {
            match effect {
                Effect::NoReturn => {
                    self.need_waits(state);
                    return false;
                }
                Effect::TakesElements => {
                    if self.take_elements(state, &it) {
                        is_moved = true;
                        break;
                    }
                }
                Effect::ReadsClock => self.clock_is_read(state, &it, result.as_ref()),
                Effect::DerivesTime => self.time_is_derived(state, &it, result.as_ref()),
                Effect::CountsStreams | Effect::CountsStreamsApart => {
                    self.counts_streams(state, &it, *effect, result.as_ref());
                }
                effect => self.effect(state, &it, *effect),
            }
        }
        self.calling.adds = Adds::Nothing;
        if !is_moved {
            self.take_over(state, &it);
        }
        if let (Some(id), Some(value)) = (call.call.result, result) {
            self.define(state, id, value);
        }
        true
    }

    fn effect(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        let name = it.shown();
        match effect {
            Effect::Copy { direction, mode } => {
                self.check_sizes(state, it, 1);
                self.model_copy(state, it, direction, mode);
            }
            Effect::Fill { unit, mode } => {
                self.check_sizes(state, it, u32::from(unit));
                let unit = Linear::constant(i64::from(unit));
                let bytes =
                    self.product(it).map(|count| self.symbols.arithmetic(BinaryOp::Mul, &count, &unit));
                let filled = match it.arg(Role::Dst).cloned() {
                    Some(dst) => Some((dst, bytes)),
                    None => self.filled_by_params(state, it),
                };
                if let Some((dst, bytes)) = filled {
                    let (stream, omitted) = self.stream_of(state, it);
                    let rows = self.rows_of(it, Role::Dst, &unit);
                    self.fill(state, name, &dst, bytes, rows.as_ref(), mode, stream, omitted, it.status);
                }
            }
            Effect::Create => self.create(state, it),
            Effect::Free(with) => self.free(state, it, with),
            Effect::Register => self.register(state, it),
            Effect::Unregister => self.unregister(state, it),
            Effect::DestroyEvent => self.destroyed(state, it, Role::Event),
            Effect::DestroyHandle => self.destroyed(state, it, Role::Handle),
            Effect::AbandonsWork => self.abandons_work(state, it),
            Effect::DestroyGraph => self.destroyed(state, it, Role::Graph),
            Effect::HostAccess
            | Effect::NoReturn
            | Effect::TakesElements
            | Effect::Initialises
            | Effect::ReadsClock
            | Effect::DerivesTime
            | Effect::CountsStreams
            | Effect::CountsStreamsApart => {}
            Effect::Record => {
                if let Some(event) = it.arg(Role::Event).cloned() {
                    let event = self.event_key(&event);
                    let (stream, _) = self.stream_of(state, it);
                    self.record_has_device(state, it, event, stream);
                    // An *external* record becomes a node of its own, which other streams may wait for.
                    let external = is_external(it);
                    if external && self.is_captured(state, stream) {
                        self.event_recorded(state, event, stream);
                        return;
                    }
                    self.record(state, event, stream);
                }
            }
            Effect::StreamWaitsForEvent => {
                if let Some(event) = it.arg(Role::Event).cloned() {
                    let event = self.event_key(&event);
                    let (stream, _) = self.stream_of(state, it);
                    if !self.capture_waits(state, stream, event, is_external(it)) {
                        self.stream_waits(state, stream, event);
                    }
                }
            }
            Effect::HostWaitsForStream => {
                let (stream, _) = self.stream_of(state, it);
                self.capture_sees_wait(state, name, Some(Point::Tail(stream)), false);
                self.wait(state, it, Some(Point::Tail(stream)));
            }
            Effect::HostWaitsForEvent => {
                if let Some(event) = it.arg(Role::Event).cloned() {
                    let event = self.event_key(&event);
                    self.capture_sees_wait(state, name, Some(Point::Event(event)), false);
                    self.event_awaited(state, event, &Waited::Host);
                    self.wait(state, it, Some(Point::Event(event)));
                }
            }
            Effect::HostWaitsForDevice => {
                self.capture_sees_wait(state, name, None, false);
                let elsewhere = self.work_elsewhere(state, it);
                self.wait(state, it, None);
                if !elsewhere.is_empty() {
                    state.pending_mut().extend(elsewhere);
                }
            }
            Effect::HostWaitsForResult => self.wait_for_result(state, it),
            Effect::SetsStream => {
                // A stream of the thread may be of any device, which is then current as well.
                if it.position(Role::Handle).is_none() {
                    self.lose_device(state);
                }
                self.sets_stream(state, it);
            }
            Effect::QueriesStream | Effect::QueriesEvent => {
                let point = if effect == Effect::QueriesStream {
                    Some(Point::Tail(self.stream_of(state, it).0))
                } else {
                    it.arg(Role::Event).cloned().map(|event| Point::Event(self.event_key(&event)))
                };
                if point.is_some() {
                    self.capture_sees_wait(state, name, point, true);
                }
                if let Some(Point::Event(event)) = point {
                    self.event_awaited(state, event, &Waited::Query);
                }
                if let (Some(status), Some(point)) = (it.status, point) {
                    Rc::make_mut(&mut state.proofs).insert(status, point);
                }
            }
            Effect::HidesErrors => self.hides_errors(it),
            Effect::MeasuresEvents => self.events_measured(state, it),
            Effect::EnqueuesHostFunction => self.enqueue_host_function(state, it),
            Effect::LaunchesKernel => self.launch_by_call(state, it),
            Effect::EnqueuesUnknownWork => {
                self.handle_has_device(state, it);
                self.enqueue_library_work(state, it);
            }
            Effect::SetsDevice | Effect::EntersDevice | Effect::LeavesDevice => {
                self.device_is_set(state, it, effect)
            }
            Effect::SpansDevices => self.handle_spans_devices(state, it),
            Effect::EnablesPeers => self.peers_are_enabled(state),
            Effect::BeginsCapture => self.capture_begins(state, it),
            Effect::EndsCapture => self.capture_ends(state, it),
            Effect::LaunchesGraph => {
                self.graph_is_launched(state, it);
                self.events_out_of_sight(state);
            }
            Effect::ChangesGraph => self.graph_changes(state, it),
            Effect::AddsNode => self.adds_node(state, it),
            Effect::AddsGraph => self.graph_gets(state, it, false),
            Effect::UpdatesGraph => self.graph_gets(state, it, true),
            // A free is measured to wait. Of library calls it is documented that many do.
            Effect::MayWait
                if it.row.effects.iter().any(|it| matches!(it, Effect::Free(_) | Effect::Unregister)) =>
            {
                if !self.frees_in_order(state, it) {
                    self.remember_free(state, it);
                    self.may_wait(state, name);
                }
            }
            Effect::MayWait => self.doubt_all(state, &format!("`{name}` may wait for the device")),
            Effect::ResetsDevice => {
                self.device_is_reset(state, it);
                self.settle_all(state);
                self.host_sees_device(state);
            }
            Effect::Attaches => self.attach(state, it),
            Effect::SwapsElements => self.swap_elements(state, it),
            Effect::SwapsContents => self.swap_contents(state, it),
            Effect::Reallocates(memory) => self.reallocate_by_model(state, it, memory),
            Effect::ReleasesElements => {
                if let Some(owner) = self.owner(it) {
                    self.release_elements(state, &owner, name);
                }
            }
            Effect::FillsElements => self.fill_elements(state, it),
            // What the class is like; no call does it.
            Effect::HasElements => {}
            Effect::Empties => {
                if let Some(owner) = self.owner(it) {
                    self.release_elements(state, &owner, name);
                    let memory = self.class_memory(it.class());
                    self.reallocate(state, &owner, memory, it.class(), Some(Linear::constant(0)));
                }
            }
            Effect::DropsElements => {
                if let Some(elements) = self.owner(it).and_then(|owner| self.known_elements(state, &owner))
                    && state.object(elements.object).is_some_and(|it| it.size.is_some())
                {
                    state.object_mut(elements.object).size = None;
                }
            }
            Effect::TakesMemory | Effect::TakesAll | Effect::LosesElements => {
                self.elements_change_hands(state, it, effect);
            }
            Effect::Holds => self.hold(state, it),
            Effect::WaitsForHost => self.wait_for_host(state),
            Effect::SetsNumber | Effect::CountsUp | Effect::CountsDown => self.count(state, it, effect),
            Effect::Gathers => self.gather(state, it),
            Effect::Spawns => {
                let args = it.call.args.clone();
                self.hand_over(state, &args, &format!("`{name}` hands it to another thread"));
            }
            Effect::StreamWaitsForStream
            | Effect::OrdersTracked
            | Effect::RecordsTracked
            | Effect::EndsGuard
            | Effect::HostWaitsForTracked
            | Effect::DropsTracked
            | Effect::OwnsStream
            | Effect::FirstStreamWaits
            | Effect::DisownsStream
            | Effect::StopsTracking
            | Effect::EntersThread
            | Effect::StartsTracking => self.track(state, it, effect),
            Effect::SetsWorkspace => self.sets_workspace(state, it),
            Effect::CarriesStream | Effect::DestroyModule | Effect::Borrows | Effect::DropsItself => {}
            Effect::RunsAtExit => self.observations.ends.runs_at_exit(),
            Effect::NoWait | Effect::DestroyStream => {
                if effect == Effect::DestroyStream {
                    self.destroyed(state, it, Role::Stream);
                }
                if effect == Effect::NoWait {
                    state.history.push(self.at.site, DeedKind::NoWait(name.into()));
                }
                self.is_no_wait(state, &format!("`{name}` does not wait"))
            }
            Effect::None => {}
        }
    }

    /// True if the call frees stream-ordered memory, for which no free waits.
    fn frees_in_order(&mut self, state: &State, it: &Modelled<'_, '_>) -> bool {
        let pointer = it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value));
        pointer.is_some_and(|pointer| {
            self.memory_kind(state, pointer.object) == Some(MemoryKind::DeviceStreamOrdered)
        })
    }

    /// A free that may wait belongs to the explanation of what comes after it.
    fn remember_free(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let how = it.row.effects.iter().find_map(|effect| match effect {
            Effect::Free(with) => Some(ReleaseKind::Call(*with, it.shown().to_owned())),
            Effect::Unregister => Some(ReleaseKind::Unregister),
            _ => None,
        });
        let object = it.arg(Role::Memory).cloned().and_then(|value| self.pointer(&value));
        if let Some(how) = how {
            state.history.push(self.at.site, DeedKind::Free(object.map(|it| it.object), how));
        }
    }

    /// A call that is there to wait.
    fn wait(&mut self, state: &mut State, it: &Modelled<'_, '_>, point: Option<Point>) {
        let before = state.pending.clone();
        self.host_waits(state, point);
        self.open_wait(state, it, point, &before);
    }

    pub(super) fn host_waits(&mut self, state: &mut State, point: Option<Point>) {
        let fresh = state.fresh_copy.take();
        match point {
            Some(point) => {
                state.history.push(self.at.site, DeedKind::HostWait(point));
                self.host_sees(state, point);
            }
            None => self.host_sees_device(state),
        }
        if let Some((site, id)) = fresh
            && !state.pending.iter().any(|operation| operation.id == id)
        {
            self.observations.transfers.waited_at_once(site, id.frame, id.step);
        }
    }

    /// A condition variable, future or thread was waited for: what a host function in a stream signals
    /// happens after everything before it in that stream (A8).
    fn wait_for_host(&mut self, state: &mut State) {
        let streams: Vec<StreamKey> = state
            .pending
            .iter()
            .filter(|operation| operation.kind == WorkKind::HostFunction)
            .map(|operation| operation.stream)
            .collect();
        for stream in streams {
            self.host_sees(state, Point::Tail(stream));
        }
        self.doubt_all(state, "this waits for another thread, which may have waited for the device");
    }

    /// The stream that a call names, or its handle carries, and whether it is left out.
    pub(super) fn stream_of(&mut self, state: &State, it: &Modelled<'_, '_>) -> (StreamKey, bool) {
        if it.position(Role::Stream).is_none()
            && let Some(handle) = it.arg(Role::Handle).cloned()
        {
            let omitted = it.row.family == Family::Library && self.has_no_stream(state, &handle);
            return (self.stream_of_handle(state, &handle), omitted);
        }
        if let Some(config) = it.arg(Role::LaunchConfig).cloned() {
            let stream = self.stream_in_config(state, &config);
            return (self.stream_key(Some(&stream)), false);
        }
        let value = self.stream_argument(state, it);
        let at = it.position(Role::Stream);
        let omitted = value.is_none() || at.is_some_and(|at| is_left_out(it.call.call, at));
        let argument = at.and_then(|at| it.call.call.args.get(at)).zip(value.as_ref());
        self.calling.left_out_by = argument.and_then(|(argument, value)| self.left_out_by(*argument, value));
        (self.stream_key(value.as_ref()), omitted)
    }

    /// The stream in a `cudaLaunchConfig_t` or `CUlaunchConfig`.
    fn stream_in_config(&mut self, state: &State, config: &Value) -> Value {
        if let Some(config) = self.pointer(config) {
            for field in ["stream", "hStream"] {
                if let Some(stream) = self.peek_field(state, &config, &[field]) {
                    return stream;
                }
            }
            // Not assigned on this path: what the structure was initialised with.
            let object = self.field_object(&config, "stream");
            let cell = self.start_of(object);
            return self.peek(state, &cell);
        }
        // One stream for each structure of which nothing is known.
        config.clone()
    }

    pub(super) fn peek_field(&mut self, state: &State, record: &Pointer, path: &[&str]) -> Option<Value> {
        let mut at = record.clone();
        for field in path {
            let object = self.field_object(&at, field);
            at = self.start_of(object);
        }
        state.memory.get(&(at.object, at.offset)).cloned()
    }

    fn host_accesses(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let bytes = self.product(it);
        let extent = || bytes.clone().map_or(Extent::Unknown, Extent::Bytes);
        let via = || Some(it.row.name.clone());
        for (index, param) in it.row.params.iter().enumerate() {
            let Some(arg) = it.call.args.get(index).cloned() else { break };
            let write = match param.role {
                Role::Reads | Role::ReadFirst | Role::Format => false,
                Role::Writes | Role::WriteFirst => true,
                _ => continue,
            };
            let Some(pointer) = self.pointer(&arg) else { continue };
            // What a library may be given device memory for (MPI) proves no host access to it.
            let device = self.memory_kind(state, pointer.object).is_none_or(MemoryKind::is_device);
            if matches!(it.row.family, Family::Library | Family::Project) && device {
                continue;
            }
            let extent = match param.role {
                Role::ReadFirst | Role::WriteFirst => {
                    self.distance(it, index, &pointer).map_or(Extent::Unknown, Extent::Bytes)
                }
                _ => extent(),
            };
            let range = Range { object: pointer.object, offset: pointer.offset, extent };
            let access = if write {
                Access::HostWrite { via: via() }
            } else {
                Access::HostRead { via: via(), as_result: false, left: false }
            };
            // A result that the call waits for is copied in the order of the stream.
            if !(write && it.row.effects.contains(&Effect::HostWaitsForResult)) {
                self.host_touches(state, &range, access);
            }
            if write {
                self.forget(state, range.object);
            }
        }
    }

    /// Bytes from the beginning of a range to its end, the argument after it.
    fn distance(&mut self, it: &Modelled<'_, '_>, first: usize, start: &Pointer) -> Option<Linear> {
        let last = it.row.params.get(first + 1)?;
        if !matches!(last.role, Role::ReadLast | Role::WriteLast) {
            return None;
        }
        let end = it.call.args.get(first + 1).cloned().and_then(|value| self.pointer(&value))?;
        (end.object == start.object).then(|| end.offset.minus(&start.offset)).flatten()
    }
}
