//! Classes that keep the device that their objects belong to in a member, and methods that set none.
//!
//! Callers may have set it: only methods that nothing here calls are looked at, and what is found is possible, no more.

use std::rc::Rc;

use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::{DeviceAccess, State};
use super::symbol::{Sym, SymKey};
use super::value::Pointer;
use crate::cuda::row::{MemoryKind, Thing};
use crate::facts::{Device, DeviceFault, Presumed};
use crate::program::SiteId;

/// The member that says which device is meant.
struct Meant {
    class: String,
    member: String,
    /// Where another method sets it as the device.
    set_at: SiteId,
}

impl Machine<'_, '_> {
    /// A method makes something and keeps it in its object, which has a member for the device, and neither the method
    /// nor what it calls has set one.
    pub(super) fn made_for_member(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        thing: Thing,
        target: &Pointer,
    ) {
        let belongs =
            matches!(thing, Thing::Stream | Thing::Event | Thing::Handle | Thing::Memory(MemoryKind::Device));
        let Some(meant) = self.meant_device(state).filter(|_| belongs) else { return };
        if !self.is_own_object(target.object, &meant.class) || self.is_root_called() {
            return;
        }
        let made = self.objects.info(target.object).name.clone();
        let member = meant.member.clone();
        let what = DeviceFault::Unset { function: it.shown().to_owned(), made, member };
        self.blame_unset(state, what, &meant);
    }

    /// A method launches a kernel on its object's stream, or with memory that a member leads to, likewise. Said once
    /// on a path.
    pub(super) fn launched_for_member(
        &mut self,
        state: &mut State,
        kernel: &str,
        stream: StreamKey,
        accesses: &[DeviceAccess],
    ) {
        let Some(meant) = self.meant_device(state) else { return };
        let of_stream = match stream {
            StreamKey::Unseen(symbol) => self.member_behind(Sym(symbol), &meant.class),
            _ => None,
        };
        let mut used = accesses.iter().filter_map(|access| {
            let symbol = self.objects.pointee_symbol(self.objects.root(access.range.object))?;
            self.member_behind(symbol, &meant.class)
        });
        let Some(owner) = of_stream.or_else(|| used.next()) else { return };
        if self.is_root_called() || !Rc::make_mut(&mut state.devices).is_blamed_first(owner, self.at.site) {
            return;
        }
        let what = DeviceFault::LaunchUnset { kernel: kernel.to_owned(), member: meant.member.clone() };
        self.blame_unset(state, what, &meant);
    }

    /// The device that is meant by the class whose method is followed, where the path has set none.
    fn meant_device(&self, state: &State) -> Option<Meant> {
        if state.failed || !state.devices.is_as_found() {
            return None;
        }
        let (class, _) = self.shared.function(*self.stack.first()?).name.rsplit_once("::")?;
        let (member, set_at) = self.shared.setters.members.get(class)?;
        Some(Meant { class: class.to_owned(), member: member.clone(), set_at: *set_at })
    }

    /// The object of the class, if the first content of one of its members is what a symbol stands for.
    fn member_behind(&self, symbol: Sym, class: &str) -> Option<ObjectId> {
        let SymKey::Initial { object, .. } = self.symbols.key(symbol) else { return None };
        self.is_own_object(*object, class).then(|| self.objects.root(*object))
    }

    /// True for an object of the class that a pointer leads to, `this` among them, and for its parts.
    fn is_own_object(&self, object: ObjectId, class: &str) -> bool {
        let owner = self.objects.root(object);
        let record = self.objects.record(owner).map(|it| &self.shared.program.records[it.0 as usize]);
        self.objects.pointee_symbol(owner).is_some() && record.is_some_and(|record| record.name == class)
    }

    fn is_root_called(&self) -> bool {
        self.stack.first().is_some_and(|root| self.shared.is_called(*root))
    }

    fn blame_unset(&mut self, state: &State, what: DeviceFault, meant: &Meant) {
        let there = Device { name: String::new(), site: Some(meant.set_at) };
        let here = self.current_for_people(state);
        self.observations.wrong_device(self.at, state, (what, here, there, Some(Presumed::OtherDevice)));
    }
}
