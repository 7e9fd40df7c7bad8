//! Calls that are handed functions: kernels with their arguments, and host functions with their data.

use super::calls::Unfollowed;
use super::containers::ELEMENTS;
use super::graph_nodes::Adds;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{DeviceAccess, Extent, Range, State};
use super::symbol::Linear;
use super::value::{Pointer, Value};
use crate::cuda::row::{Family, Role};
use crate::facts::WorkKind;
use crate::program::ParamAccess;

/// Arguments of a kernel launch by `void **args` that are looked at.
const KERNEL_ARGS: i64 = 64;

/// `cudaGraphNodeTypeHost`, `CU_GRAPH_NODE_TYPE_HOST`.
const HOST_NODE: i64 = 3;

/// Addresses in the user data of a host function that are looked at.
const HELD: usize = 16;

impl Machine<'_, '_> {
    /// A host function is enqueued, or handed to a call that runs it.
    pub(super) fn enqueue_host_function(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let mut function = it.arg(Role::Function).cloned();
        let mut user_data = it.arg(Role::UserData).cloned();
        if let Some(params) = it.arg(Role::CallbackParams).cloned()
            && let Some(params) = self.pointer(&params)
        {
            // Parameters of a node of any kind say of which it is.
            let kind = self.peek_field(state, &params, &["type"]);
            let outer: &[&str] = match kind.map(|kind| kind.as_constant()) {
                None => &[],
                Some(Some(HOST_NODE)) => &["host"],
                Some(_) => return,
            };
            let field = |name| [outer, &[name]].concat();
            function = self.peek_field(state, &params, &field("fn"));
            user_data = self.peek_field(state, &params, &field("userData"));
        }
        if let Some(Value::Function(id)) = function {
            self.observations.callbacks.insert((self.at.site, it.shown().to_owned(), id));
        }
        // A node of which not even the function is known may be of another kind.
        let adds = self.calling.adds != Adds::Nothing && matches!(function, Some(Value::Function(_)));
        if it.position(Role::Stream).is_none() && !adds {
            return;
        }
        let (stream, _) = self.stream_of(state, it);
        let (name, ignores_data) = match function {
            Some(Value::Function(id)) => {
                let function = self.shared.function(id);
                (function.name.clone(), super::callbacks::ignores_user_data(function))
            }
            _ => (it.shown().to_owned(), false),
        };
        let accesses = match &user_data {
            Some(data) if !ignores_data => self.user_data_accesses(state, data),
            _ => Vec::new(),
        };
        let mut operation = self.operation(state, &name, WorkKind::HostFunction, stream, accesses);
        operation.status = it.status;
        state.fresh_copy = None;
        self.enqueue(state, operation);
        if let Some(object) = user_data.and_then(|value| self.object_of(&value)) {
            state.object_mut(object).escaped = true;
        }
    }

    /// What a host function reads: what it is handed, and, as far as one can presume, what that holds the
    /// addresses of. What it writes is left out: host threads have means of their own to agree on that.
    fn user_data_accesses(&mut self, state: &State, data: &Value) -> Vec<DeviceAccess> {
        let Some(pointer) = self.pointer(data) else { return Vec::new() };
        let read = |pointer: Pointer, assumed| DeviceAccess {
            range: Range { object: pointer.object, offset: pointer.offset, extent: Extent::Unknown },
            write: false,
            read: true,
            assumed,
        };
        // Of local variables only, and not through containers and smart pointers, which own what they hold: what
        // else the data leads to may be there for others.
        let is_owned = |cell: ObjectId| matches!(&self.objects.info(cell).key, ObjectKey::Field { field, .. } if field == ELEMENTS);
        let cells = state
            .memory
            .iter()
            .filter(|((cell, _), _)| self.objects.is_within(*cell, pointer.object) && !is_owned(*cell));
        let targets = cells.filter_map(|(_, value)| match value {
            Value::Pointer(target) => Some(target.clone()),
            _ => None,
        });
        let is_other =
            |target: &Pointer| self.objects.root(target.object) != self.objects.root(pointer.object);
        let held: Vec<Pointer> =
            targets.filter(|it| is_other(it) && self.is_variable(it.object)).take(HELD).collect();
        let mut accesses = vec![read(pointer, false)];
        accesses.extend(held.into_iter().map(|target| read(target, true)));
        accesses
    }

    /// A kernel is launched by a call that gets it and its arguments.
    pub(super) fn launch_by_call(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let mut kernel = it.arg(Role::Kernel).cloned();
        let mut array = it.arg(Role::KernelArgs).cloned();
        let node = it.arg(Role::NodeParams).cloned();
        if let Some(params) = node.as_ref().and_then(|params| self.pointer(params)) {
            kernel = self.peek_field(state, &params, &["func"]);
            array = self.peek_field(state, &params, &["kernelParams"]);
        }
        let kernel = match kernel {
            Some(Value::Function(id)) => Some(id),
            // A node of which not even the kernel is known.
            _ if node.is_some() => return,
            _ => None,
        };
        let name = match kernel {
            Some(id) => self.shared.function(id).name.clone(),
            None => it.row.name.clone(),
        };
        let params = kernel.map(|id| self.shared.function(id).kernel_params.as_slice()).unwrap_or_default();
        let mut values: Vec<Value> = Vec::new();
        if let Some(array) = array.and_then(|value| self.pointer(&value)) {
            for index in 0..KERNEL_ARGS {
                let offset = array.offset.plus(&Linear::constant(index * 8), 1).unwrap_or_default();
                let Some(value) = state.memory.get(&(array.object, offset)).cloned() else { break };
                let Some(slot) = self.pointer(&value) else { break };
                values.push(self.peek(state, &slot));
            }
        } else if node.is_none() {
            values.extend(it.call.args.iter().skip(it.row.params.len()).cloned());
        }
        let mut accesses = Vec::new();
        let mut scalars = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            match params.get(index).copied() {
                Some(ParamAccess::Value) => scalars.push(Some(value)),
                Some(ParamAccess::Unused) => {}
                Some(access) => {
                    self.check_kernel_argument(state, &name, (index, &value), access);
                    accesses.extend(self.kernel_access(&value, access));
                }
                None => match &value {
                    Value::Pointer(_) => accesses.extend(self.kernel_access(&value, ParamAccess::ReadWrite)),
                    // A number, or a pointer whose nature nothing shows: count it as both.
                    Value::Number(number) if number.as_constant().is_none() => {
                        scalars.push(Some(value.clone()));
                        accesses.extend(self.kernel_access(&value, ParamAccess::ReadWrite));
                    }
                    _ => scalars.push(Some(value)),
                },
            }
        }
        let (stream, omitted) = self.stream_of(state, it);
        if it.row.family == Family::Runtime && self.is_refused_by_device(state, &name, stream, &accesses) {
            return;
        }
        self.launched(state, &name, stream, omitted, accesses, scalars);
    }

    /// A function with the exact type of a stream callback is handed to something with a CUDA name that
    /// nothing declares: it is a callback (`cudaLaunchKernelAsync(…, callback, …)`).
    pub(super) fn note_invented_callback(&mut self, it: &Unfollowed<'_>) {
        if !it.is_invented || !crate::cuda::looks_like_api(it.name) {
            return;
        }
        for arg in &it.args {
            if let Value::Function(id) = arg
                && super::callbacks::is_stream_callback(self.shared.function(*id))
            {
                self.observations.callbacks.insert((self.at.site, it.name.to_owned(), *id));
            }
        }
    }
}
