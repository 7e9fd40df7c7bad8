//! Graphs built by hand: nodes that are added with their arguments, other graphs and all.
//!
//! The call that adds a node has the row of the work that the node does, and is followed like the call that
//! enqueues it; what comes of it is put into the graph. The edges are not followed: within a launch, nodes count
//! as ordered (see [`super::graph_work`]).

use std::rc::Rc;

use super::captures::{NODES, Node};
use super::happens_before::StreamKey;
use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectId;
use super::state::{Operation, State};
use super::symbol::Linear;
use super::value::Value;
use crate::cuda::row::{Role, Thing};
use crate::program::BinaryOp;

/// What becomes of the work that a call brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adds {
    /// It is enqueued.
    #[default]
    Nothing,
    /// It becomes a node of this graph, which goes by this value.
    To(ObjectId, Option<Value>),
    /// It becomes a node of a graph that is not known.
    Unseen,
}

impl Machine<'_, '_> {
    /// The call adds a node: what its other effects enqueue.
    pub(super) fn adds_node(&mut self, state: &State, it: &Modelled<'_, '_>) {
        let out = it.arg(Role::Out(Thing::Fresh)).cloned().and_then(|out| self.pointer(&out));
        let node = out.map(|out| self.peek(state, &out));
        self.calling.adds = match it.arg(Role::Graph) {
            Some(Value::Handle(graph)) => Adds::To(*graph, node),
            _ => Adds::Unseen,
        };
    }

    /// Work is enqueued. True if it goes into a graph instead.
    pub(super) fn node_takes(&mut self, state: &mut State, operation: &Operation) -> bool {
        let (graph, handle) = match &self.calling.adds {
            Adds::Nothing => return false,
            Adds::Unseen => return true,
            Adds::To(graph, handle) => (*graph, handle.clone()),
        };
        // A stream that a capture of the node could have been made on.
        let stream = match self.fresh(state) {
            Value::Number(number) => {
                number.as_symbol().map_or(operation.stream, |it| StreamKey::Unseen(it.0))
            }
            _ => operation.stream,
        };
        let operation = Operation { stream, ..operation.clone() };
        let graphs = &mut Rc::make_mut(&mut state.capturing).graphs;
        let nodes = Rc::make_mut(graphs.entry(graph).or_default());
        if nodes.len() < NODES {
            nodes.push(Node { operation, ended: None, handle, beside: Rc::default() });
        }
        true
    }

    /// What another graph holds is added to a graph, or takes the place of what it holds.
    pub(super) fn graph_gets(&mut self, state: &mut State, it: &Modelled<'_, '_>, instead: bool) {
        let Some(Value::Handle(graph)) = it.arg(Role::Graph) else {
            if instead && !state.capturing.graphs.is_empty() {
                Rc::make_mut(&mut state.capturing).graphs.clear();
            }
            return;
        };
        let from = match it.arg(Role::FromGraph) {
            Some(Value::Handle(from)) => state.capturing.graphs.get(from).cloned(),
            _ => None,
        };
        if from.is_none() && !(instead && state.capturing.graphs.contains_key(graph)) {
            return;
        }
        let graphs = &mut Rc::make_mut(&mut state.capturing).graphs;
        match from {
            Some(from) if instead => {
                graphs.insert(*graph, from);
            }
            Some(from) => {
                let nodes = Rc::make_mut(graphs.entry(*graph).or_default());
                nodes.extend(from.iter().take(NODES.saturating_sub(nodes.len())).cloned());
            }
            None => {
                graphs.remove(graph);
            }
        }
    }

    /// The memory that a fill writes by the fields of its parameters, and how many bytes if they are in one row.
    pub(super) fn filled_by_params(
        &mut self,
        state: &State,
        it: &Modelled<'_, '_>,
    ) -> Option<(Value, Option<Linear>)> {
        let params = it.arg(Role::NodeParams).cloned()?;
        let params = self.pointer(&params)?;
        let dst = self.peek_field(state, &params, &["dst"])?;
        let row = self.peek_field(state, &params, &["height"]).and_then(|height| height.as_constant());
        let sizes = [["width"], ["elementSize"]].map(|path| self.peek_field(state, &params, &path));
        let [Some(width), Some(size)] = sizes else { return Some((dst, None)) };
        let (width, size) = (self.number(&width), self.number(&size));
        let bytes = self.symbols.arithmetic(BinaryOp::Mul, &width, &size);
        Some((dst, (row == Some(1)).then_some(bytes)))
    }
}
