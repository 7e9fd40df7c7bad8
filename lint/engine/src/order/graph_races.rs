//! Nodes of one graph that touch the same memory and run in any order.
//!
//! What was captured on two streams is ordered in the graph as events ordered it in the capture (A11 of the rule
//! catalogue). It races when the graph is launched, and only then: a graph that nothing launches does nothing. Graphs
//! that are launched out of sight are left out; so are nodes that are added by hand.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::access::add_note;
use super::capture::Graph;
use super::captures::{Begun, Node};
use super::machine::Machine;
use super::state::{Operation, State};
use super::witness::Launched;
use crate::facts::WorkKind;

/// Captured work that a graph runs in any order with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// As it was when it was captured.
    operation: Operation,
    /// The capture.
    begun: Begun,
}

impl Machine<'_, '_> {
    /// The nodes of a graph that was captured, each with what runs in any order with it. `captured`: all that was
    /// captured, by its number.
    pub(super) fn nodes_beside(&self, graph: &Graph, captured: &[Node], begun: Begun) -> Vec<Node> {
        let node = |work: u32| captured.get(work as usize);
        let mut beside: BTreeMap<u32, Vec<Beside>> = BTreeMap::new();
        for (first, second) in graph.unordered() {
            if let (Some(earlier), Some(later)) = (node(first), node(second))
                && self.may_meet(&earlier.operation, &later.operation)
            {
                let operation = earlier.operation.clone();
                beside.entry(second).or_default().push(Beside { operation, begun });
            }
        }
        let nodes = graph.nodes.iter().filter_map(|it| Some((it.work, node(it.work)?.clone())));
        nodes
            .map(|(work, node)| match beside.remove(&work) {
                Some(beside) => Node { beside: Rc::new(beside), ..node },
                None => node,
            })
            .collect()
    }

    fn may_meet(&self, first: &Operation, second: &Operation) -> bool {
        let is_access = |it: &Operation| it.kind != WorkKind::Allocation;
        is_access(first)
            && is_access(second)
            && first.accesses.iter().any(|theirs| {
                let root = self.objects.root(theirs.range.object);
                let meets = |root, it| self.objects.root(it) == root;
                second
                    .accesses
                    .iter()
                    .any(|ours| (ours.write || theirs.write) && meets(root, ours.range.object))
            })
    }

    /// A graph is launched: its nodes run, those that nothing orders in any order. That is said of the second of two
    /// where it was captured.
    pub(super) fn nodes_race(&mut self, state: &State, nodes: &[Node]) {
        let at = self.at;
        for node in nodes.iter().filter(|node| node.ended.is_none() && !node.beside.is_empty()) {
            let mut siblings: Vec<Operation> = node.beside.iter().map(|it| it.operation.clone()).collect();
            siblings.push(node.operation.clone());
            for Beside { operation, begun } in node.beside.iter() {
                let mut first = operation.clone();
                add_note(&mut first.no_waits, at.site, "the graph that holds both is launched here");
                let launched = Launched { origin: begun.stream, begun_at: begun.site, site: at.site };
                self.at.site = node.operation.site;
                self.compare(state, &siblings, [&first, &node.operation], None, Some(launched));
                self.at = at;
            }
        }
    }
}
