//! What goes when a device is reset, or a context of the driver destroyed.
//!
//! "Explicitly destroys and cleans up all resources associated with the current device in the current process"
//! (CUDA Runtime API, cudaDeviceReset). Measured on an NVIDIA H200: what is used afterwards fails with 400 (streams)
//! or 1 (memory), or crashes (events, graphs).
//!
//! Only what the path itself has made is taken to be gone, and only where it belongs for certain to the device, or the
//! context, that goes. Memory from a pool of stream-ordered memory is left out.

use super::gone::{Cause, Thing};
use super::happens_before::{EventKey, StreamKey};
use super::lifetimes::is_destructor;
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::State;
use super::value::Value;
use crate::cuda::row::{MemoryKind, Role, Thing as Output};

/// A context of the driver, as far as a path knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Context {
    /// The one that the runtime uses, as no call has made another current.
    #[default]
    Primary,
    /// One that a call has made, or made current.
    Known(Value),
    /// Any.
    Unknown,
}

impl Machine<'_, '_> {
    /// The context that is current behind a call: that of its argument, or that which it makes.
    pub(super) fn named_context(&mut self, state: &State, it: &Modelled<'_, '_>) -> Context {
        if it.position(Role::Device).is_some() && it.position(Role::Out(Output::Context)).is_none() {
            return Context::Primary;
        }
        let named = match it.arg(Role::Context).cloned() {
            Some(context) => Some(context),
            None => {
                let out = it.arg(Role::Out(Output::Context)).cloned().and_then(|out| self.pointer(&out));
                out.map(|out| self.peek(state, &out))
            }
        };
        named.filter(|it| it.as_constant().is_none()).map_or(Context::Unknown, Context::Known)
    }

    /// A device is reset, or a context destroyed: what the path has made there is gone.
    pub(super) fn device_is_reset(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let context = match it.position(Role::Context) {
            Some(_) => self.named_context(state, it),
            // The primary context of a device that the call names: which of its users have entered it is not known.
            None if !it.row.params.is_empty() => Context::Unknown,
            None => Context::Primary,
        };
        let current = state.devices.current.clone();
        let is_there = |home: &super::devices::Home| {
            home.context == context
                && match context {
                    Context::Primary => current.as_ref() == Some(&home.device),
                    Context::Known(_) => true,
                    Context::Unknown => false,
                }
        };
        let homes = state.devices.homes.iter();
        let lost: Vec<ObjectId> = homes.filter(|it| is_there(it.1)).map(|it| *it.0).collect();
        let cause = Cause::Reset(it.shown().into());
        for object in lost {
            let kind = self.objects.info(object).memory;
            let things = match self.memory_kind(state, object).or(kind) {
                Some(MemoryKind::Device | MemoryKind::Array) => vec![Thing::Memory(object)],
                Some(_) => Vec::new(),
                None => vec![
                    Thing::Stream(StreamKey::Created(object.0)),
                    Thing::Event(EventKey::Created(object.0)),
                ],
            };
            for thing in things {
                self.end(state, thing, cause.clone());
            }
        }
    }

    /// True where a destructor is followed: behind a reset that ends the program, what objects release as they go is
    /// refused, and does no harm.
    pub(super) fn is_in_destructor(&self) -> bool {
        self.stack.iter().any(|function| is_destructor(&self.shared.function(*function).name))
    }
}
