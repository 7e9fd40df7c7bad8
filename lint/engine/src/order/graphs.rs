//! What captured graphs hold, and what of it is gone when they are launched.
//!
//! A graph notes down addresses. It is followed by its handle, from the end of the capture through what is
//! instantiated of it to the launch, as long as nothing unseen may have changed what its nodes do.

use std::rc::Rc;

use super::capture::Mode;
use super::captures::{Begun, Node};
use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::{Range, State};
use super::value::Value;
use crate::cuda::row::{Role, Thing};
use crate::facts::{Fault, ReleaseKind, WorkKind};
use crate::program::LocalId;

impl Machine<'_, '_> {
    /// The graph that a call hands out.
    pub(super) fn graph_made(&mut self, state: &State, it: &Modelled<'_, '_>) -> Option<ObjectId> {
        let out = it.arg(Role::Out(Thing::Graph)).cloned()?;
        let out = self.pointer(&out)?;
        match self.peek(state, &out) {
            Value::Handle(object) => Some(object),
            _ => None,
        }
    }

    /// A graph is made: of another, if the call names one.
    pub(super) fn graph_is_made(&mut self, state: &mut State, graph: ObjectId, it: &Modelled<'_, '_>) {
        let held = match it.arg(Role::Graph) {
            Some(Value::Handle(from)) => state.capturing.graphs.get(from).cloned(),
            _ => None,
        };
        let graphs = &state.capturing.graphs;
        if held.is_none() && !graphs.contains_key(&graph) {
            return;
        }
        let graphs = &mut Rc::make_mut(&mut state.capturing).graphs;
        match held {
            Some(held) => graphs.insert(graph, held),
            None => graphs.remove(&graph),
        };
    }

    /// What the nodes of a graph do is changed.
    pub(super) fn graph_changes(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        if state.capturing.graphs.is_empty() {
            return;
        }
        let graphs = &mut Rc::make_mut(&mut state.capturing).graphs;
        let only = match it.arg(Role::Graph) {
            Some(Value::Handle(graph)) => Some(*graph),
            _ => None,
        };
        let node = it.arg(Role::Node).cloned();
        let is_it = |held: &Node| held.handle.is_some() && held.handle == node;
        // What a node does that is changed is not known; the others stay as they are.
        graphs.retain(|graph, nodes| {
            if only.is_some_and(|only| only != *graph) {
                return true;
            }
            let is_known = nodes.iter().any(is_it);
            if is_known {
                Rc::make_mut(nodes).retain(|held| !is_it(held));
            }
            is_known
        });
    }

    /// A graph is launched: says what of it is gone.
    pub(super) fn released_nodes_are_launched(
        &mut self,
        state: &mut State,
        nodes: &[Node],
        stream: StreamKey,
    ) {
        let mut seen = Vec::new();
        for node in nodes {
            let Some((object, released_at, how)) = node.ended.clone() else { continue };
            if seen.contains(&object) {
                continue;
            }
            seen.push(object);
            let touches = |it: &&super::state::DeviceAccess| self.objects.root(it.range.object) == object;
            let writes = node.operation.accesses.iter().find(touches).is_some_and(|it| it.write);
            let work = self.describe_work(&node.operation, writes, false);
            let fault = Fault::BufferReleased {
                object: self.describe_object(state, object),
                released_at,
                how,
                launched_on: self.describe_stream(stream),
                work,
            };
            let captured_on = node.operation.stream;
            let begun = Begun { site: node.operation.site, stream: captured_on, mode: Some(Mode::Global) };
            self.note_fault(state, begun, fault, true);
        }
    }

    /// Memory is released, or moved: captured work that uses it has an address that means nothing.
    pub(super) fn captured_memory_ends(&mut self, state: &mut State, range: &Range, how: &ReleaseKind) {
        if state.capturing.graphs.is_empty() && state.capturing.nodes.is_empty() {
            return;
        }
        let root = self.objects.root(range.object);
        let is_host = match self.memory_kind(state, range.object) {
            Some(kind) => kind.is_host(),
            None => self.objects.info(range.object).host_by_use,
        };
        // Memory that is only no longer page-locked is still there.
        if !is_host || *how == ReleaseKind::Unregister {
            return;
        }
        let uses = |node: &Node| {
            let copies = matches!(node.operation.kind, WorkKind::Copy { .. } | WorkKind::HostFunction);
            node.ended.is_none()
                && copies
                && node
                    .operation
                    .accesses
                    .iter()
                    .any(|access| !access.assumed && self.objects.root(access.range.object) == root)
        };
        let in_graphs = state.capturing.graphs.values().any(|nodes| nodes.iter().any(&uses));
        if !in_graphs && !state.capturing.nodes.iter().any(&uses) {
            return;
        }
        let end = (root, self.at.site, how.clone());
        let capturing = Rc::make_mut(&mut state.capturing);
        let graphs = capturing.graphs.values_mut().filter(|nodes| nodes.iter().any(&uses));
        let held = graphs.flat_map(|nodes| Rc::make_mut(nodes).iter_mut());
        for node in held.chain(&mut capturing.nodes) {
            if uses(node) {
                node.ended = Some(end.clone());
            }
        }
    }

    /// A local variable comes into being, where one may have been before: in another turn of a loop, most
    /// likely at the same address.
    pub(super) fn captured_local_lives(&mut self, state: &mut State, born: LocalId) {
        if state.capturing.graphs.is_empty() {
            return;
        }
        let current = state.frame();
        let objects = &self.objects;
        let is_again = |node: &Node| {
            let key = node.ended.as_ref().map(|(object, ..)| &objects.info(*object).key);
            matches!(key, Some(ObjectKey::Local { frame, local, .. }) if *frame == current && *local == born)
        };
        if !state.capturing.graphs.values().any(|nodes| nodes.iter().any(is_again)) {
            return;
        }
        for nodes in Rc::make_mut(&mut state.capturing).graphs.values_mut() {
            for node in Rc::make_mut(nodes).iter_mut().filter(|node| is_again(node)) {
                node.ended = None;
            }
        }
    }
}
