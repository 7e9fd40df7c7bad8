//! The current device of the thread, and the devices that streams, events, memory and handles belong to.
//!
//! Sources: CUDA Programming Guide, Multi-Device System: "Device memory allocations and kernel launches are made on
//! the currently set device; streams and events are created in association with the currently set device. If no call
//! to cudaSetDevice() is made, the current device is device 0." The driver has a stack of contexts for each thread
//! (Driver API, Context Management), each context a device.
//!
//! A device is a number: a constant, or an expression over symbols. Two devices differ if their distance is a constant
//! other than 0, or if the path says so; all else may be the same device, and accuses nobody. Whatever may set
//! another device out of sight makes the current one unknown.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::access::add_note;
use super::calls::Unfollowed;
use super::happens_before::{EventKey, StreamKey};
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::resets::Context;
use super::state::{DeviceAccess, Operation, State};
use super::symbol::{Linear, Sym, SymKey};
use super::unknown::is_accessor;
use super::value::{Condition, Relation, Value};
use crate::cuda::row::{Effect, Family, MemoryKind, Role, Row, Thing};
use crate::facts::{Device, DeviceFault, Note, Presumed};
use crate::program::{FunctionId, Linkage, Origin, SiteId};

/// What the current device is the result of where a function is entered from out of sight: no function that can be
/// called.
const AT_ENTRY: &str = "<current device>";

/// What one path knows of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// The current device of the thread, if it is known.
    pub(super) current: Option<Linear>,
    /// Where it was made current; `None` at the beginning.
    since: Option<SiteId>,
    /// The context of the driver that is current.
    pub(super) context: Context,
    /// The devices and contexts that were current before those that contexts were pushed for.
    outer: Vec<(Option<Linear>, Context)>,
    /// What belongs to which device.
    pub(super) homes: BTreeMap<ObjectId, Home>,
    /// The devices of contexts.
    contexts: BTreeMap<Value, Linear>,
    /// Kernels may use the memory of other devices, or something out of sight may have seen to it.
    peers: bool,
    /// What a call was blamed for already, and where: one root cause, one diagnostic.
    blamed: BTreeMap<ObjectId, SiteId>,
}

/// Where something belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub device: Linear,
    pub context: Context,
    /// Where it was made.
    site: SiteId,
    /// That was before the path has set any device.
    unset: bool,
}

impl Devices {
    /// True if a device is current that the path has not set.
    pub fn is_as_found(&self) -> bool {
        self.current.is_some() && self.since.is_none()
    }

    /// An object is blamed for a call; false if another one is blamed for it already.
    pub fn is_blamed_first(&mut self, object: ObjectId, site: SiteId) -> bool {
        *self.blamed.entry(object).or_insert(site) == site
    }

    /// What holds on both of two paths.
    pub fn join(&mut self, other: &Self) {
        if self.current != other.current {
            self.current = None;
        }
        if self.since != other.since {
            self.since = None;
        }
        if self.context != other.context {
            self.context = Context::Unknown;
        }
        if self.outer != other.outer {
            self.outer.clear();
        }
        self.homes.retain(|object, home| other.homes.get(object) == Some(home));
        self.contexts.retain(|context, device| other.contexts.get(context) == Some(device));
        self.peers |= other.peers;
        self.blamed.extend(&other.blamed);
    }

    fn set(&mut self, device: Option<Linear>, site: SiteId) {
        (self.current, self.since) = (device, Some(site));
    }
}

impl Machine<'_, '_> {
    /// A function is followed on its own: its caller may have set any device, but for `main`, which has none.
    pub(super) fn enter_with_device(&mut self, state: &mut State, root: FunctionId) {
        let function = self.shared.function(root);
        let is_main = function.name == "main" && function.linkage == Linkage::External;
        let device = match is_main {
            true => Linear::constant(0),
            false => Linear::symbol(self.entry_device()),
        };
        // What callers have let kernels do is not known.
        let peers = self.shared.setters.peers;
        state.devices = Rc::new(Devices { current: Some(device), peers, ..Devices::default() });
    }

    fn entry_device(&mut self) -> Sym {
        self.symbols.intern(SymKey::Accessor { name: AT_ENTRY.to_owned(), args: Vec::new(), epoch: 0 })
    }

    /// Something that is not seen may set another device.
    pub(super) fn lose_device(&self, state: &mut State) {
        let known = &state.devices;
        if known.current.is_some() || !known.peers || known.context != Context::Unknown {
            let devices = Rc::make_mut(&mut state.devices);
            devices.set(None, self.at.site);
            devices.context = Context::Unknown;
            devices.outer.clear();
            devices.peers = true;
        }
    }

    /// A function of the program is called and not followed.
    pub(super) fn device_after(&self, state: &mut State, function: FunctionId) {
        if self.shared.setters.may_set[function.0 as usize] {
            self.lose_device(state);
        }
    }

    /// A function is called of which only the declaration is known, if that. The standard library sets no device
    /// itself, and checks look at a status.
    pub(super) fn device_after_unknown(&self, state: &mut State, it: &Unfollowed<'_>, origin: Origin) {
        if is_accessor(it) || self.looks_at_status(&it.args) {
            return;
        }
        match origin {
            Origin::System => self.device_after_standard(state),
            _ => self.lose_device(state),
        }
    }

    /// A function of the standard library is called that may call others of the program out of sight: constructors
    /// and destructors of elements, closures.
    pub(super) fn device_after_standard(&self, state: &mut State) {
        if self.shared.setters.hidden {
            self.lose_device(state);
        }
    }

    /// The same, by what its row says.
    pub(super) fn device_after_row(&self, state: &mut State, row: &Row) {
        let owns = |effect: &Effect| {
            matches!(
                effect,
                Effect::Holds
                    | Effect::Reallocates(_)
                    | Effect::ReleasesElements
                    | Effect::DropsElements
                    | Effect::Empties
                    | Effect::TakesElements
                    | Effect::SwapsElements
                    | Effect::Spawns
            )
        };
        if row.family == Family::Std
            && (row.effects.iter().any(owns) || row.position(Role::Function).is_some())
        {
            self.device_after_standard(state);
        }
    }

    /// The device that the arguments of a call name.
    fn named_device(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<Linear> {
        if let Some(device) = it.arg(Role::Device).cloned() {
            return Some(self.number(&device));
        }
        let context = it.arg(Role::Context)?;
        state.devices.contexts.get(context).cloned()
    }

    /// The thread gets another device.
    pub(super) fn device_is_set(&mut self, state: &mut State, it: &Modelled<'_, '_>, effect: Effect) {
        // The context that a call destroys is no longer current.
        let ends = it.row.effects.contains(&Effect::ResetsDevice);
        let device = self.named_device(state, it).filter(|_| !ends);
        let context = if ends { Context::Unknown } else { self.named_context(state, it) };
        let site = self.at.site;
        let devices = Rc::make_mut(&mut state.devices);
        if effect == Effect::EntersDevice {
            devices.outer.push((devices.current.clone(), devices.context.clone()));
        }
        let (device, context) = match effect {
            Effect::LeavesDevice => devices.outer.pop().unwrap_or((None, Context::Unknown)),
            _ => (device, context),
        };
        devices.set(device, site);
        devices.context = context;
    }

    /// A handle works on several devices.
    pub(super) fn handle_spans_devices(&self, state: &mut State, it: &Modelled<'_, '_>) {
        if let Some(Value::Handle(object)) = it.arg(Role::Handle)
            && state.devices.homes.contains_key(object)
        {
            Rc::make_mut(&mut state.devices).homes.remove(object);
        }
    }

    /// Kernels may use the memory of other devices.
    pub(super) fn peers_are_enabled(&self, state: &mut State) {
        if !state.devices.peers {
            Rc::make_mut(&mut state.devices).peers = true;
        }
    }

    /// What a call hands out that names a device: its number, or a context.
    pub(super) fn device_outcome(&mut self, state: &mut State, it: &Modelled<'_, '_>, thing: Thing) -> Value {
        let fresh = self.fresh(state);
        match thing {
            Thing::Ordinal => it.arg(Role::Device).cloned().unwrap_or(fresh),
            Thing::Context => {
                let device = match it.position(Role::Device) {
                    Some(_) => self.named_device(state, it),
                    None => state.devices.current.clone(),
                };
                let devices = Rc::make_mut(&mut state.devices);
                devices.contexts.remove(&fresh);
                if let Some(device) = device {
                    devices.contexts.insert(fresh.clone(), device);
                }
                fresh
            }
            _ => match &state.devices.current {
                Some(device) => Value::Number(device.clone()),
                None => {
                    let number = self.number(&fresh);
                    Rc::make_mut(&mut state.devices).current = Some(number);
                    fresh
                }
            },
        }
    }

    /// Something comes into being that belongs to a device.
    pub(super) fn gets_home(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        thing: Thing,
        object: ObjectId,
    ) {
        let in_order = thing == Thing::Memory(MemoryKind::DeviceStreamOrdered);
        if !matches!(thing, Thing::Stream | Thing::Event | Thing::Handle | Thing::Memory(_)) {
            return;
        }
        let device = match thing {
            _ if it.position(Role::Pool).is_some() => None,
            _ if it.position(Role::Context).is_some() => self.named_device(state, it),
            _ if in_order => {
                let (stream, _) = self.stream_of(state, it);
                self.device_of_stream(state, stream)
            }
            Thing::Stream
            | Thing::Event
            | Thing::Handle
            | Thing::Memory(MemoryKind::Device | MemoryKind::Array) => state.devices.current.clone(),
            _ => None,
        };
        let (site, unset) = (self.at.site, state.devices.since.is_none());
        // What a call makes that names its context is of that one.
        let context = match it.position(Role::Context) {
            Some(_) => self.named_context(state, it),
            None => state.devices.context.clone(),
        };
        let known = state.devices.homes.contains_key(&object) || state.devices.blamed.contains_key(&object);
        if known || device.is_some() {
            let devices = Rc::make_mut(&mut state.devices);
            devices.blamed.remove(&object);
            match device {
                Some(device) => devices.homes.insert(object, Home { device, context, site, unset }),
                None => devices.homes.remove(&object),
            };
        }
    }

    /// The device that a stream belongs to. Each device has a default stream, so that stream 0 is that of the
    /// current one.
    pub(super) fn device_of_stream(&self, state: &State, stream: StreamKey) -> Option<Linear> {
        match stream {
            StreamKey::Legacy | StreamKey::PerThread => state.devices.current.clone(),
            StreamKey::Created(object) => {
                state.devices.homes.get(&ObjectId(object)).map(|home| home.device.clone())
            }
            StreamKey::Unseen(_) => None,
        }
    }

    /// True if two devices are provably two.
    fn are_apart(&self, state: &State, a: &Linear, b: &Linear) -> bool {
        let Some(distance) = a.minus(b) else { return false };
        match distance.as_constant() {
            Some(distance) => distance != 0,
            None => {
                let same = Condition { expression: distance, relation: Relation::Zero, negated: false };
                state.path.decide(&same) == Some(false)
            }
        }
    }

    /// The home of an object, if the current device is another, and whether that is presumed only: what is made before
    /// any device is set, and used after that, belongs to the device that is set if that happens to be the same.
    fn foreign_home(&self, state: &State, object: ObjectId) -> Option<(Home, Option<Presumed>)> {
        let current = state.devices.current.as_ref()?;
        let home = state.devices.homes.get(&object)?;
        let apart = self.are_apart(state, current, &home.device);
        let presumed = home.unset && state.devices.since.is_some() && *current != home.device;
        (apart || presumed).then(|| (home.clone(), (!apart).then_some(Presumed::OtherDevice)))
    }

    /// A kernel is launched by the runtime. It runs on the current device; a launch fails "if it is issued to a stream
    /// that is not associated to the current device" (Programming Guide, Stream and Event Behavior), and memory of
    /// another device is out of reach unless access was enabled (Peer-to-Peer Memory Access). True if the launch is
    /// refused by the documentation: what an implementation that accepts it enqueues (CUDA 13.0 does) is not followed,
    /// as all that could be said of it has the same root cause.
    pub(super) fn is_refused_by_device(
        &mut self,
        state: &mut State,
        kernel: &str,
        stream: StreamKey,
        accesses: &[DeviceAccess],
    ) -> bool {
        if state.failed || self.is_captured(state, stream) {
            return false;
        }
        self.launched_for_member(state, kernel, stream, accesses);
        if state.devices.homes.is_empty() {
            return false;
        }
        if let StreamKey::Created(object) = stream
            && let Some((home, presumed)) = self.foreign_home(state, ObjectId(object))
        {
            let what =
                DeviceFault::Launch { kernel: kernel.to_owned(), stream: self.describe_stream(stream) };
            let here = self.current_for_people(state);
            self.blame_device(state, ObjectId(object), what, here, &home, presumed);
            return presumed.is_none();
        }
        if state.devices.peers {
            return false;
        }
        let unseen_callers = !self.begins_in_main();
        for access in accesses {
            let object = self.objects.root(access.range.object);
            let is_device = self
                .memory_kind(state, object)
                .is_some_and(|kind| matches!(kind, MemoryKind::Device | MemoryKind::DeviceStreamOrdered));
            let Some((home, presumed)) = self.foreign_home(state, object).filter(|_| is_device) else {
                continue;
            };
            let what = DeviceFault::Access {
                kernel: kernel.to_owned(),
                object: self.describe_object(state, object),
            };
            let here = self.current_for_people(state);
            let presumed = presumed.or(unseen_callers.then_some(Presumed::NoAccess));
            self.blame_device(state, object, what, here, &home, presumed);
        }
        false
    }

    fn begins_in_main(&self) -> bool {
        self.stack.first().is_some_and(|root| {
            let function = self.shared.function(*root);
            function.name == "main" && function.linkage == Linkage::External
        })
    }

    /// An event is recorded: that fails "if the input event and input stream are associated to different devices".
    pub(super) fn record_has_device(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        event: EventKey,
        stream: StreamKey,
    ) {
        let own =
            matches!(it.row.family, Family::Runtime | Family::Driver) && it.position(Role::Stream).is_some();
        let EventKey::Created(object) = event else { return };
        let Some(home) = state.devices.homes.get(&ObjectId(object)).cloned() else { return };
        let Some(device) = self.device_of_stream(state, stream) else { return };
        if !own
            || state.failed
            || !self.are_apart(state, &device, &home.device)
            || self.is_captured(state, stream)
        {
            return;
        }
        let site = match stream {
            StreamKey::Created(object) => state.devices.homes.get(&ObjectId(object)).map(|home| home.site),
            _ => state.devices.since,
        };
        let event = self.describe_event(event).name;
        let what = DeviceFault::Record { event, stream: self.describe_stream(stream) };
        let here = Device { name: self.device_name(&device), site };
        self.blame_device(state, ObjectId(object), what, here, &home, None);
    }

    /// A time is asked for: that fails "if the two input events are associated to different devices".
    pub(super) fn times_have_device(&mut self, state: &mut State, events: &[EventKey]) {
        let [EventKey::Created(start), EventKey::Created(end)] = *events else { return };
        let homes = &state.devices.homes;
        let (Some(first), Some(second)) = (homes.get(&ObjectId(start)), homes.get(&ObjectId(end))) else {
            return;
        };
        if state.failed || !self.are_apart(state, &first.device, &second.device) {
            return;
        }
        let name = |object| self.describe_event(EventKey::Created(object)).name;
        let what = DeviceFault::Elapsed { start: name(start), end: name(end) };
        let here = Device { name: self.device_name(&second.device), site: Some(second.site) };
        let first = first.clone();
        self.blame_device(state, ObjectId(start), what, here, &first, None);
    }

    /// A library is called with a handle: its device "is assumed to remain unchanged between the corresponding
    /// cublasCreate() and cublasDestroy() calls" (cuBLAS Library, cuBLAS Context; likewise cuSPARSE, cuSOLVER).
    pub(super) fn handle_has_device(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(Value::Handle(object)) = it.arg(Role::Handle).cloned() else { return };
        if state.failed {
            return;
        }
        let Some((home, presumed)) = self.foreign_home(state, object) else { return };
        let handle = self.objects.info(object).name.clone();
        let what = DeviceFault::Handle { function: it.shown().to_owned(), handle };
        let here = self.current_for_people(state);
        self.blame_device(state, object, what, here, &home, presumed);
    }

    fn blame_device(
        &mut self,
        state: &mut State,
        object: ObjectId,
        what: DeviceFault,
        here: Device,
        home: &Home,
        presumed: Option<Presumed>,
    ) {
        let site = self.at.site;
        if state.devices.blamed.get(&object).is_some_and(|blamed| *blamed != site) {
            return;
        }
        Rc::make_mut(&mut state.devices).blamed.insert(object, site);
        let there = Device { name: self.device_name(&home.device), site: Some(home.site) };
        self.observations.wrong_device(self.at, state, (what, here, there, presumed));
    }

    pub(super) fn current_for_people(&self, state: &State) -> Device {
        let name = state.devices.current.as_ref().map(|device| self.device_name(device)).unwrap_or_default();
        Device { name, site: state.devices.since }
    }

    /// A device as it is written, as far as it is: a number, a variable, and what is added to it.
    fn device_name(&self, device: &Linear) -> String {
        let symbol = |symbol: Sym| match self.symbols.key(symbol) {
            SymKey::Accessor { name, .. } if name == AT_ENTRY => String::new(),
            _ => self.symbol_name(symbol.0),
        };
        match (&device.terms[..], device.constant) {
            ([], number) => number.to_string(),
            ([(it, 1)], added) => match (symbol(*it), added) {
                (name, _) if name.is_empty() => name,
                (name, 0) => format!("`{name}`"),
                (name, added) if added < 0 => format!("`{name} - {}`", added.unsigned_abs()),
                (name, added) => format!("`{name} + {added}`"),
            },
            _ => String::new(),
        }
    }

    /// The host waits for the current device, and for no other (Runtime API, cudaDeviceSynchronize; Driver API,
    /// cuCtxSynchronize): takes away what is provably on another one, which is to go on.
    pub(super) fn work_elsewhere(&self, state: &mut State, it: &Modelled<'_, '_>) -> Vec<Operation> {
        let names_none =
            it.row.params.is_empty() && matches!(it.row.family, Family::Runtime | Family::Driver);
        if !names_none || !state.pending.iter().any(|it| self.is_on_other_device(state, it)) {
            return Vec::new();
        }
        let all = std::mem::take(&mut state.pending);
        let (mut elsewhere, here): (Vec<_>, Vec<_>) =
            all.iter().cloned().partition(|it| self.is_on_other_device(state, it));
        state.pending = Rc::new(here);
        let note = self.note_wait_elsewhere(state);
        for operation in &mut elsewhere {
            add_note(&mut operation.no_waits, note.site, &note.text);
        }
        elsewhere
    }

    fn is_on_other_device(&self, state: &State, operation: &Operation) -> bool {
        match (&operation.device, &state.devices.current) {
            (Some(theirs), Some(current)) => self.are_apart(state, theirs, current),
            _ => false,
        }
    }

    fn note_wait_elsewhere(&self, state: &State) -> Note {
        let text = match self.current_for_people(state).name {
            name if name.is_empty() => "this waits for the current device only".to_owned(),
            name => format!("this waits for device {name} only, the current one"),
        };
        Note { site: self.at.site, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_meet_know_what_both_know() {
        let on = |device| Devices { current: Some(Linear::constant(device)), ..Devices::default() };
        let home = |device| Home {
            device: Linear::constant(device),
            context: Context::Primary,
            site: SiteId(1),
            unset: false,
        };
        let mut a = on(0);
        a.homes.insert(ObjectId(1), home(0));
        a.homes.insert(ObjectId(2), home(0));
        let mut b = on(1);
        b.homes.insert(ObjectId(1), home(0));
        b.homes.insert(ObjectId(2), home(1));
        b.peers = true;
        a.join(&b);
        assert!(a.current.is_none() && a.peers);
        assert_eq!(a.homes.len(), 1);
    }
}
