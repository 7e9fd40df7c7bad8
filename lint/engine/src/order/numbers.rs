//! Numbers that change out of sight: what device work and functions that are not followed store.
//!
//! A kernel may store to all memory that it gets to and that the host can read: what its arguments lead to, and every
//! `__managed__` variable, which it may name in a body that is not lowered. A copy stores to its destination, a
//! function that is not followed to the variables that it names. What the path knows of *numbers* there, by a store or
//! by a test, holds no longer.
//!
//! Addresses and handles are kept: the device makes none that the host could use, and a structure in managed memory
//! keeps leading to the buffers that the host has put there. What the host reads while the work runs is a race, and
//! judged as one; the number is taken to change once, when the work is enqueued.

use std::rc::Rc;

use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{DeviceAccess, State};
use super::symbol::SymKey;
use super::value::Value;
use crate::cuda::row::MemoryKind;
use crate::program::{GlobalId, GlobalMemory, Type, TypeKind};

impl Machine<'_, '_> {
    /// How often the number at a place of an object may have changed; 0 for what is no number by its type.
    pub(super) fn changes_of_number(&self, state: &State, mut object: ObjectId, ty: Option<Type>) -> u32 {
        if !ty.is_some_and(is_number) {
            return 0;
        }
        let changes = |object| state.numbers.get(&object).copied().unwrap_or(0);
        let mut sum = changes(object);
        while let ObjectKey::Field { parent, .. } = self.objects.info(object).key {
            object = parent;
            sum += changes(object);
        }
        sum
    }

    /// The numbers in an object are others now, as far as the path knows any: where it knows nothing, equal states
    /// stay equal.
    pub(super) fn numbers_change(&self, state: &mut State, object: ObjectId) {
        let objects = &self.objects;
        let is_lost = |cell: ObjectId, value: &Value| {
            objects.is_within(cell, object)
                && match value {
                    Value::Truth(_) => true,
                    Value::Number(number) => match objects.info(cell).ty.map(|ty| ty.kind) {
                        Some(TypeKind::Int | TypeKind::Status | TypeKind::Scalar) => true,
                        // Elements and allocations have no type of their own. A symbol that something is reached
                        // through is an address.
                        Some(TypeKind::Array { .. } | TypeKind::Unknown) | None => !number
                            .terms
                            .iter()
                            .any(|(symbol, _)| objects.find(&ObjectKey::Pointee(*symbol)).is_some()),
                        _ => false,
                    },
                    _ => false,
                }
        };
        let is_stored = state.memory.iter().any(|((cell, _), value)| is_lost(*cell, value));
        let is_tested = || {
            state.path.tested().any(|symbol| match self.symbols.key(symbol) {
                SymKey::Initial { object: cell, .. } => objects.is_within(*cell, object),
                _ => false,
            })
        };
        if !is_stored && !is_tested() {
            return;
        }
        if is_stored {
            state.memory.to_mut().retain(|(cell, _), value| !is_lost(*cell, value));
        }
        *Rc::make_mut(&mut state.numbers).entry(object).or_default() += 1;
    }

    /// A kernel is launched.
    pub(super) fn kernel_stores(
        &mut self,
        state: &mut State,
        accesses: &[DeviceAccess],
        scalars: &[Option<Value>],
    ) {
        // Structures by value, which may hold addresses.
        let structures = scalars.iter().flatten().filter(|it| matches!(it, Value::Pointer(_))).cloned();
        let mut roots = self.reachable(state, &structures.collect::<Vec<_>>());
        for access in accesses {
            let object = access.range.object;
            let mut reached = self.reachable(state, &[Value::Pointer(self.start_of(object))]);
            if !access.write {
                reached.remove(&self.objects.root(object));
            }
            roots.extend(reached);
        }
        for (index, global) in self.shared.program.globals.iter().enumerate() {
            if global.memory == GlobalMemory::Managed {
                roots.insert(self.global_object(GlobalId(index as u32)));
            }
        }
        for root in roots {
            // The device gets at no pageable memory that the host has not said it may (`host_may_access` is about
            // the other way), and the host reads none of the device's.
            let out_of_reach = self
                .memory_kind(state, root)
                .is_some_and(|memory| memory == MemoryKind::Pageable || memory.is_device());
            if !out_of_reach {
                self.numbers_change(state, root);
            }
        }
    }
}

const fn is_number(ty: Type) -> bool {
    matches!(ty.kind, TypeKind::Int | TypeKind::Status | TypeKind::Scalar | TypeKind::Unknown)
}
