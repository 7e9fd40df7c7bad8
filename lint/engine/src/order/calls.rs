//! Calls and launches: what is called, and following it.

use std::rc::Rc;

use super::machine::{Calls, Machine};
use super::object::{FrameId, ObjectKey};
use super::state::{DeviceAccess, Extent, Form, Operation, Range, State};
use super::symbol::{Linear, SymKey};
use super::value::Value;
use crate::facts::{Entered, Lent, Variable, WorkKind};
use crate::program::{
    Call, Callee, ExternParam, Function, FunctionId, Launch, ParamAccess, RecordId, Storage, Type, TypeKind,
};

/// A call to something without a body, or that is not followed.
#[derive(Debug)]
pub(super) struct Unfollowed<'c> {
    /// Qualified name; empty if unknown.
    pub name: &'c str,
    /// True for a non-static method.
    pub is_method: bool,
    /// True for a method that leaves its object unchanged.
    pub is_const: bool,
    /// What the parameters' types say.
    pub params: &'c [ExternParam],
    /// True if a declaration had to be invented.
    pub is_invented: bool,
    /// True if the source writes the call in the body of a macro.
    pub in_macro: bool,
    /// The arguments.
    pub args: Vec<Value>,
    /// The call.
    pub call: &'c Call,
}

impl Machine<'_, '_> {
    /// Interprets a call by the model, or by what little is known. A state from which it is to be followed
    /// is put among `calls`, with the callee's frame on top.
    pub(super) fn call(&mut self, mut state: State, call: &Call, next: &mut Vec<State>, calls: &mut Calls) {
        let args: Vec<Value> = call.args.iter().map(|arg| self.value(&state, *arg)).collect();
        let callee = match call.callee {
            Callee::Value(value) => match self.value(&state, value) {
                Value::Function(id) => Callee::Function(id),
                Value::Extern(id) => Callee::Extern(id),
                _ => call.callee,
            },
            known => known,
        };
        match callee {
            Callee::Function(id) => {
                let function = self.shared.function(id);
                let params: Vec<_> = function.params.iter().map(|it| param_of(function, *it)).collect();
                // What a project says of its own function counts for more than what its body shows.
                let shared = self.shared;
                if let Some(row) = shared.model.replacing_body(&function.name, args.len()) {
                    let unfollowed = Unfollowed {
                        name: &function.name,
                        is_method: false,
                        is_const: false,
                        params: &params,
                        is_invented: false,
                        in_macro: false,
                        args,
                        call,
                    };
                    if self.call_by_model(&mut state, row, &unfollowed) {
                        next.push(state);
                    } else {
                        self.need_waits(&mut state);
                    }
                    return;
                }
                if self.can_follow(id) && self.is_instance_for(function, &args) {
                    if !self.shared.is_bystander(id) || self.reaches_pending(&state, &args) {
                        let frame = self.enter(&mut state, id, args);
                        calls.entry((id, frame)).or_default().push(state);
                    } else {
                        self.device_after(&mut state, id);
                        self.pass_by(&mut state, &function.name, call, &params, &args);
                        self.stores_out_of_sight(&mut state, id);
                        next.push(state);
                    }
                    return;
                }
                // Too deep, or a recursion: what it does with CUDA is not seen.
                self.device_after(&mut state, id);
                if self.shared.relevance.concerns_cuda[id.0 as usize] {
                    self.errors_may_be_seen();
                    self.doubt_all(
                        &mut state,
                        &format!("`{}` is not followed this deep, and may wait", function.name),
                    );
                }
                let unfollowed = Unfollowed {
                    name: &function.name,
                    is_method: false,
                    is_const: false,
                    params: &params,
                    is_invented: false,
                    in_macro: false,
                    args,
                    call,
                };
                self.call_unknown(&mut state, unfollowed);
                self.stores_out_of_sight(&mut state, id);
                self.note_asked(&state, id, call);
            }
            Callee::Extern(id) => {
                let shared = self.shared;
                let it = shared.extern_(id);
                if it.no_return {
                    self.need_waits(&mut state);
                    return;
                }
                let unfollowed = Unfollowed {
                    name: &it.name,
                    is_method: it.is_method,
                    is_const: it.is_const,
                    params: &it.params,
                    is_invented: it.origin == crate::program::Origin::Invented,
                    in_macro: shared.program.macro_calls.contains(&self.at.site),
                    args,
                    call,
                };
                match shared.model.lookup(&it.name, unfollowed.args.len()) {
                    Some(row) => {
                        if !self.call_by_model(&mut state, row, &unfollowed) {
                            return;
                        }
                    }
                    None => {
                        if it.origin == crate::program::Origin::Project {
                            self.errors_may_be_seen();
                        }
                        self.device_after_unknown(&mut state, &unfollowed, it.origin);
                        self.call_unknown(&mut state, unfollowed);
                    }
                }
            }
            // A function pointer, or a member of something that nothing declares.
            Callee::Value(_) => {
                let params = vec![ExternParam::ReadWrite; args.len()];
                let unfollowed = Unfollowed {
                    name: "",
                    is_method: false,
                    is_const: false,
                    params: &params,
                    is_invented: true,
                    in_macro: false,
                    args,
                    call,
                };
                self.lose_device(&mut state);
                self.call_unknown(&mut state, unfollowed);
            }
        }
        next.push(state);
    }

    /// Puts the frame of a callee on top.
    fn enter(&mut self, state: &mut State, id: FunctionId, args: Vec<Value>) -> FrameId {
        let function = self.shared.function(id);
        // What has no parameter goes where nothing of it is seen: `...`, or the constructor of a base class that the
        // class takes for its own (`using Base::Base`).
        if let Some(rest) = args.get(function.params.len()..) {
            self.settle_reachable(state, rest);
        }
        let frame = self.objects.frame(state.frame(), self.at.step, state.turn(), id);
        self.push_frame(state, frame);
        self.stack.push(id);
        for (param, mut arg) in function.params.iter().zip(args) {
            let info = &function.locals[param.0 as usize];
            if matches!(info.ty.kind, TypeKind::Pointer { pointee: None, .. })
                && self.is_unknown_temporary(&arg)
            {
                let key = SymKey::Opaque { frame: state.frame(), step: self.at.step, operands: vec![arg] };
                arg = Value::symbol(self.symbols.intern(key));
            }
            let object = match info.storage {
                Storage::ParamObject => self.slot(state, *param),
                _ => self.local_object(state, *param),
            };
            state.memory.to_mut().insert((object, Linear::constant(0)), arg);
        }
        self.stack.pop();
        frame
    }

    /// In a pattern, a call of a template is one of any instance that the program has. One whose parameters are
    /// containers of another kind of memory is not the one that is meant.
    fn is_instance_for(&self, function: &Function, args: &[Value]) -> bool {
        let class =
            |record: RecordId| self.class_memory(&self.shared.program.records[record.0 as usize].name);
        function.template.is_empty()
            || function.params.iter().zip(args).all(|(param, arg)| {
                let TypeKind::Pointer { pointee: Some(meant), .. } =
                    function.locals[param.0 as usize].ty.kind
                else {
                    return true;
                };
                let Value::Pointer(pointer) = arg else { return true };
                let passed = self.objects.record(pointer.object);
                passed.and_then(class).zip(class(meant)).is_none_or(|(passed, meant)| passed == meant)
            })
    }

    /// True for the address of a temporary of a class that the frontend has invented. In a template, it may be an
    /// argument that converts to a pointer as well as one that a reference is bound to.
    fn is_unknown_temporary(&self, arg: &Value) -> bool {
        let Value::Pointer(pointer) = arg else { return false };
        let info = self.objects.info(pointer.object);
        info.variable == Some(Variable::Temporary)
            && self
                .objects
                .record(pointer.object)
                .is_some_and(|record| self.shared.program.records[record.0 as usize].is_invented)
    }

    /// Follows a call from the states that have entered it, and comes back.
    pub(super) fn follow_call(
        &mut self,
        states: Vec<State>,
        call: &Call,
        id: FunctionId,
        frame: FrameId,
        next: &mut Vec<State>,
    ) {
        let function = self.shared.function(id);
        let at = self.at;
        let caller = self.stack.last().copied().filter(|_| self.shared.program.is_imported(id));
        if let Some(caller) = caller {
            self.observations.ways.enter(caller, Entered { function: id, site: at.site });
        }
        if function.is_closure() {
            self.observations.called_closures.insert(id);
        }
        let left_out = self.leaves_out(call, id);
        self.calls.push(at.site);
        self.left_out.push(left_out);
        let exits = self.follow(id, states);
        self.left_out.pop();
        self.calls.pop();
        if caller.is_some() {
            self.observations.ways.leave();
        }
        for exit in exits {
            self.at = at;
            let mut state = exit.state;
            state.frames.pop();
            state.frame_modes.pop();
            if let (Some(into), Some(value)) = (call.into, &exit.value) {
                let into = self.value(&state, into);
                if let (Some(to), Some(from)) = (self.pointer(&into), self.pointer(value))
                    && to != from
                {
                    self.copy_contents(&mut state, &to, &from, function.result, 3);
                }
            }
            let objects = &self.objects;
            let is_gone = |object| match &objects.info(objects.root(object)).key {
                ObjectKey::Local { frame: theirs, .. } => *theirs == frame,
                _ => false,
            };
            if state.memory.keys().any(|(object, _)| is_gone(*object)) {
                state.memory.to_mut().retain(|(object, _), _| !is_gone(*object));
            }
            if state.objects.keys().any(|object| is_gone(*object)) {
                state.objects.to_mut().retain(|object, _| !is_gone(*object));
            }
            self.note_object_of_status(&mut state, call, exit.value.as_ref());
            self.held_by_caller(&mut state, id, exit.value.as_ref());
            if let Some(result) = call.result {
                let value = match exit.value {
                    Some(value) => value,
                    None => self.fresh(&state),
                };
                self.define(&mut state, result, value);
            }
            self.note_asked(&state, id, call);
            next.push(state);
        }
        self.at = at;
    }

    /// A kernel launch, `<<<>>>`.
    pub(super) fn launch(&mut self, state: &mut State, launch: &Launch) {
        let stream = launch.stream.map(|it| self.value(state, it));
        self.calling.left_out_by =
            launch.stream.zip(stream.as_ref()).and_then(|(it, value)| self.left_out_by(it, value));
        let key = self.stream_key(stream.as_ref());
        let mut accesses = Vec::new();
        let mut scalars = Vec::new();
        for (index, arg) in launch.args.iter().enumerate() {
            let value = self.value(state, arg.value);
            // A structure by value may hold addresses.
            if matches!(arg.access, ParamAccess::Value) {
                self.may_be_written(state, std::slice::from_ref(&value));
            }
            match arg.access {
                ParamAccess::Value => scalars.push(Some(value)),
                ParamAccess::Unused => {}
                access => {
                    if launch.kernel.is_some() {
                        self.check_kernel_argument(state, &launch.name, (index, &value), access);
                    }
                    accesses.extend(self.kernel_access(&value, access));
                }
            }
        }
        if !self.is_refused_by_device(state, &launch.name, key, &accesses) {
            self.launched(state, &launch.name, key, launch.stream.is_none(), accesses, scalars);
        }
    }

    /// What a kernel does through a pointer argument: from there on, nobody knows how far.
    pub(super) fn kernel_access(&mut self, value: &Value, access: ParamAccess) -> Option<DeviceAccess> {
        let pointer = self.pointer(value)?;
        Some(DeviceAccess {
            range: Range { object: pointer.object, offset: pointer.offset, extent: Extent::Unknown },
            write: matches!(access, ParamAccess::Write | ParamAccess::ReadWrite),
            read: matches!(access, ParamAccess::Read | ParamAccess::ReadWrite),
            assumed: access == ParamAccess::ReadWrite,
        })
    }

    /// Enqueues a kernel.
    pub(super) fn launched(
        &mut self,
        state: &mut State,
        name: &str,
        stream: super::happens_before::StreamKey,
        stream_omitted: bool,
        accesses: Vec<DeviceAccess>,
        scalars: Vec<Option<Value>>,
    ) {
        state.fresh_copy = None;
        state.unasked = None;
        self.kernel_stores(state, &accesses, &scalars);
        let lent = if self.uses_tracked(&accesses) { Lent::Recorded } else { Lent::No };
        let operation = Operation {
            id: self.work_id(state),
            site: self.at.site,
            kind: WorkKind::Kernel,
            name: name.into(),
            stream,
            device: None,
            stream_omitted,
            left_out_by: self.calling.left_out_by,
            form: Form::default(),
            handle: None,
            accesses: Rc::new(accesses),
            scalars: Rc::new(scalars),
            cover: Default::default(),
            proven: Default::default(),
            status: None,
            doubts: Rc::default(),
            undocumented_wait: None,
            no_waits: Rc::default(),
            reported: false,
            lent,
            graph: None,
        };
        self.enqueue(state, operation);
    }
}

fn param_of(function: &Function, local: crate::program::LocalId) -> ExternParam {
    let Type { kind, .. } = function.locals[local.0 as usize].ty;
    match kind {
        TypeKind::Pointer { const_pointee: true, .. } => ExternParam::Read,
        TypeKind::Pointer { .. } | TypeKind::Record(_) | TypeKind::Unknown => ExternParam::ReadWrite,
        TypeKind::Stream
        | TypeKind::Event
        | TypeKind::Handle
        | TypeKind::DevicePointer
        | TypeKind::PinnedPointer
        | TypeKind::ManagedPointer => ExternParam::Handle,
        _ => ExternParam::Value,
    }
}
