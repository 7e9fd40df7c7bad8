//! Launches of graphs as pending work: what the nodes touch is in flight from the launch on, in the order of the
//! stream that the graph is launched on.
//!
//! Only nodes that are known to be in the graph are held against what follows; a graph may hold more. Within a
//! launch, nodes count as ordered: which of them are not is known from the capture (`graph_races`). "Each launch is ordered
//! behind both any previous work in this stream and any previous launches of this graph" (CUDA Runtime API,
//! cudaGraphLaunch; measured: claims `s8-launches`).

use std::rc::Rc;

use super::captures::Node;
use super::happens_before::{EventKey, StreamKey};
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::{DeviceAccess, InGraph, Operation, State, WorkId};
use super::symbol::Sym;
use super::value::Value;
use crate::cuda::row::Role;
use crate::facts::WorkKind;
use crate::program::TypeKind;

/// Nodes of one launch that are held against what follows; of more, the last.
const LAUNCHED: usize = 32;

impl Machine<'_, '_> {
    /// A graph is launched.
    pub(super) fn graph_is_launched(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        state.fresh_copy = None;
        self.promise_may_be_kept(state, None);
        // Memory that a node allocates is there again.
        self.graph_may_allocate(state);
        let (stream, omitted) = self.stream_of(state, it);
        let graph = match it.arg(Role::Graph) {
            Some(Value::Handle(graph)) => Some(*graph),
            _ => None,
        };
        let nodes = graph.and_then(|graph| state.capturing.graphs.get(&graph).cloned()).unwrap_or_default();
        if self.is_captured(state, stream) {
            self.nodes_are_captured(state, &nodes, stream);
            return;
        }
        self.released_nodes_are_launched(state, &nodes, stream);
        self.nodes_race(state, &nodes);
        let launches = graph.map(|graph| EventKey::Created(graph.0));
        if let Some(launches) = launches {
            state.both_wait(stream, launches);
        }
        let work = self.nodes_launched(&nodes);
        if work.is_empty() {
            // What it does is not known, but for its place in the stream.
            self.both_reach(state, stream);
        }
        for operation in work {
            self.launch_node(state, operation, stream, omitted, it.status);
        }
        if let Some(launches) = launches {
            state.both_snapshot(launches, stream);
        }
    }

    /// A node of a graph that is launched.
    fn launch_node(
        &mut self,
        state: &mut State,
        (node, mut operation): (u32, Operation),
        stream: StreamKey,
        omitted: bool,
        status: Option<Sym>,
    ) {
        let id = WorkId { node, ..self.work_id(state) };
        operation.graph = Some(InGraph { captured_at: operation.site, captured_on: operation.stream });
        (operation.id, operation.site) = (id, self.at.site);
        (operation.stream, operation.stream_omitted, operation.status) = (stream, omitted, status);
        let written: Vec<ObjectId> =
            operation.accesses.iter().filter(|it| it.write).map(|it| it.range.object).collect();
        self.enqueue(state, operation);
        for object in written {
            // What a variable held before is no number to go by any more.
            let ty = self.objects.info(object).ty;
            if ty.is_some_and(|ty| !ty.is_aggregate() && ty.kind != TypeKind::DevicePointer) {
                self.forget(state, object);
            }
        }
    }

    /// A graph is launched in a capture: it becomes a part of that graph (CUDA Runtime API, cudaGraphLaunch). What
    /// it holds then comes one after the other, which is more order than there may be.
    fn nodes_are_captured(&mut self, state: &mut State, nodes: &Rc<Vec<Node>>, stream: StreamKey) {
        for node in nodes.iter() {
            let operation = Operation { stream, ..node.operation.clone() };
            self.capture_takes(state, &operation);
        }
    }

    /// What a launch brings that is known, with the number of each node. Memory that the graph allocates is its
    /// own, and what is gone is said of the launch.
    fn nodes_launched(&self, nodes: &[Node]) -> Vec<(u32, Operation)> {
        let root = |access: &DeviceAccess| self.objects.root(access.range.object);
        let allocations = nodes.iter().filter(|node| node.operation.kind == WorkKind::Allocation);
        let own: Vec<ObjectId> =
            allocations.flat_map(|node| node.operation.accesses.iter().map(root)).collect();
        let mut found: Vec<(u32, Operation)> = Vec::new();
        // The last of what comes round in a loop stands for the rest.
        for (number, node) in (1..).zip(nodes.iter().rev()) {
            if found.len() == LAUNCHED {
                break;
            }
            if node.operation.kind == WorkKind::Allocation {
                continue;
            }
            let ended = node.ended.as_ref().map(|(object, ..)| *object);
            let is_kept =
                |access: &&DeviceAccess| !own.contains(&root(access)) && Some(root(access)) != ended;
            let accesses: Vec<DeviceAccess> =
                node.operation.accesses.iter().filter(is_kept).cloned().collect();
            let is_again = |(_, other): &(u32, Operation)| {
                other.site == node.operation.site && *other.accesses == accesses
            };
            if !found.iter().any(is_again) {
                let accesses = Rc::new(accesses);
                found.push((number, Operation { accesses, handle: None, ..node.operation.clone() }));
            }
        }
        found.reverse();
        found
    }
}
