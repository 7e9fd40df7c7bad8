//! Properties of devices: what code asks before it chooses, and what the configuration says of the platform.
//!
//! A property of a device is one symbol wherever it is asked for, by `cudaDeviceGetAttribute` or through a field of
//! `cudaDeviceProp`, so that branches on it go the same way. What the configuration says of the platform is a
//! constant: the branch for other platforms is not followed.

use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::State;
use super::symbol::SymKey;
use super::value::{Pointer, Value};
use crate::cuda::row::Role;

/// `cudaDevAttrPageableMemoryAccess`, `cudaDevAttrConcurrentManagedAccess`.
const PAGEABLE_ACCESS: i64 = 88;
const CONCURRENT_MANAGED_ACCESS: i64 = 89;

/// `cudaDevAttrCanUseHostPointerForRegisteredMem`.
const REGISTERED_BY_HOST_POINTER: i64 = 91;

/// The attributes that say that the host may touch device memory in place: pageable memory access (with
/// and without host page tables, ATS), and direct access to managed memory (SEMANTICS §9).
const HOST_ACCESS: [i64; 3] = [PAGEABLE_ACCESS, 100, 101];

/// The fields of `cudaDeviceProp` that programs branch on to choose how they use memory and streams, each with the
/// number of the attribute (`cudaDeviceAttr`) that says the same (Runtime API, `cudaDeviceProp`, `cudaDeviceAttr`).
const FIELDS: [(&str, i64); 20] = [
    ("deviceOverlap", 15),
    ("integrated", 18),
    ("canMapHostMemory", 19),
    ("computeMode", 20),
    ("concurrentKernels", 31),
    ("asyncEngineCount", 40),
    ("unifiedAddressing", 41),
    ("major", 75),
    ("minor", 76),
    ("streamPrioritiesSupported", 78),
    ("managedMemory", 83),
    ("pageableMemoryAccess", PAGEABLE_ACCESS),
    ("concurrentManagedAccess", CONCURRENT_MANAGED_ACCESS),
    ("computePreemptionSupported", 90),
    ("canUseHostPointerForRegisteredMem", REGISTERED_BY_HOST_POINTER),
    ("cooperativeLaunch", 95),
    ("hostRegisterSupported", 99),
    ("pageableMemoryAccessUsesHostPageTables", 100),
    ("directManagedMemAccessFromHost", 101),
    ("memoryPoolsSupported", 115),
];

/// Bytes of a field of those: an `int`.
const INT: u64 = 4;

/// True for the attribute that says that the device reaches registered memory by the host's address.
pub(super) const fn is_about_registered(attribute: i64) -> bool {
    attribute == REGISTERED_BY_HOST_POINTER
}

/// True if a device with the attribute lets the host touch its memory: code that branches on it knows what it does.
pub(super) fn allows_host_access(attribute: i64) -> bool {
    HOST_ACCESS.contains(&attribute)
}

impl Machine<'_, '_> {
    /// The attribute that a call asks for; `None` if it is not a constant.
    pub(super) fn asked_attribute(&mut self, it: &Modelled<'_, '_>) -> Option<Value> {
        let attribute = it.arg(Role::Flags).and_then(Value::as_constant)?;
        self.observations.asks_for_registered |= is_about_registered(attribute);
        let device = it.arg(Role::Device).cloned().unwrap_or(Value::ZERO);
        Some(self.attribute(attribute, device))
    }

    /// Fills the structure at `target` with the properties that programs ask for; what else is there is unknown.
    pub(super) fn device_properties(&mut self, state: &mut State, target: &Pointer, it: &Modelled<'_, '_>) {
        self.forget(state, target.object);
        let device = it.arg(Role::Device).cloned().unwrap_or(Value::ZERO);
        for (field, attribute) in FIELDS {
            let value = self.attribute(attribute, device.clone());
            let field = self.field_object(target, field);
            let field = self.start_of(field);
            self.poke(state, &field, value, Some(INT));
        }
    }

    /// An attribute of a device: what the configuration says, or a symbol.
    fn attribute(&mut self, attribute: i64, device: Value) -> Value {
        let platform = &self.shared.options.platform;
        let known = match attribute {
            PAGEABLE_ACCESS => platform.pageable_access,
            CONCURRENT_MANAGED_ACCESS => platform.concurrent_managed_access,
            _ => None,
        };
        match known {
            Some(holds) => Value::int(i64::from(holds)),
            None => Value::symbol(self.symbols.intern(SymKey::Attribute { attribute, device })),
        }
    }

    /// True for a field of a `cudaDeviceProp` which was filled out of sight that says what an attribute of
    /// [`allows_host_access`] says.
    pub(super) fn is_host_access_property(&self, object: ObjectId) -> bool {
        let ObjectKey::Field { field, .. } = &self.objects.info(object).key else { return false };
        FIELDS.iter().any(|(name, attribute)| name == field && allows_host_access(*attribute))
    }
}
