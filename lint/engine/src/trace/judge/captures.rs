//! Captures and graphs: what is captured conflicts where its graph is launched.

use std::collections::{BTreeMap, BTreeSet};

use super::super::capture::{Capturing, Outcome};
use super::super::{Action, Name, Stream, Trace};
use super::Hazard;
use super::axioms::{Axiom, Axioms};
use super::order::Touch;
use crate::order::capture::{Ended, Fate, Graph};
use crate::order::happens_before::EventKey;

/// A graph, and what its nodes touch.
#[derive(Clone, Debug)]
pub(super) struct Captured<'t> {
    graph: Graph,
    /// By the step that was captured. What is copied from and to pageable memory relies on that step, until the
    /// launch is known.
    pub touches: BTreeMap<usize, Vec<Touch<'t>>>,
    /// Stands for its launches, which come one after the other.
    pub launches: EventKey,
    launched: bool,
}

impl<'t> Captured<'t> {
    /// Everything that it touches when the step `launch` launches it. The call was measured to last until the
    /// copies into pageable memory are done, and with them what comes before them in the graph, and to have read
    /// pageable sources when it returns (claims `s8-graph-pageable-…`): that is relied on, as nothing documents it.
    pub fn launched(&self, launch: usize) -> Vec<Touch<'t>> {
        let unordered: BTreeSet<(usize, usize)> =
            self.graph.unordered().map(|(a, b)| (a as usize, b as usize)).collect();
        let waited: Vec<usize> = self
            .touches
            .iter()
            .filter(|(_, it)| it.iter().any(is_pageable_out))
            .map(|(node, _)| *node)
            .collect();
        let waits_for = |node: usize| {
            let is_before = |later: &usize| node == *later || !unordered.contains(&(node, *later));
            waited.iter().any(|later| node <= *later && is_before(later))
        };
        let touch = |node: usize, touch: &Touch<'t>| {
            let relies = touch.relies_on.is_some() || waits_for(node);
            Touch { relies_on: relies.then_some(launch), ..*touch }
        };
        self.touches.iter().flat_map(|(node, it)| it.iter().map(|it| touch(*node, it))).collect()
    }

    /// What its copies read of pageable memory: it may be read while the graph is launched.
    pub fn pageable_sources(&self) -> Vec<Touch<'t>> {
        let reads = self.touches.values().flatten().filter(|it| it.relies_on.is_some() && !it.write);
        reads.map(|it| Touch { relies_on: None, ..*it }).collect()
    }

    /// True if it copies into pageable memory, so that its launch was measured to wait.
    pub fn has_pageable_destination(&self) -> bool {
        self.touches.values().flatten().any(is_pageable_out)
    }

    /// At its first launch: its nodes that run in any order, the first captured first.
    pub fn first_launch(&mut self) -> Vec<(usize, usize)> {
        let first = !std::mem::replace(&mut self.launched, true);
        let pairs = self.graph.unordered().filter(|_| first);
        pairs.map(|(a, b)| (a as usize, b as usize)).collect()
    }
}

/// The captures that are open, and the graphs.
#[derive(Debug)]
pub(super) struct Graphs<'t> {
    capturing: Capturing,
    /// What each captured step touches.
    touches: BTreeMap<usize, Vec<Touch<'t>>>,
    graphs: BTreeMap<&'t str, Captured<'t>>,
}

impl<'t> Graphs<'t> {
    /// None.
    pub fn new<P>(trace: &Trace<P>, axioms: Axioms) -> Self {
        let capturing = Capturing::new(trace.default_stream);
        let capturing = match axioms.has(Axiom::CapturedEventsOrder) {
            true => capturing,
            false => capturing.without_events(),
        };
        Self { capturing, touches: BTreeMap::new(), graphs: BTreeMap::new() }
    }

    /// What becomes of a step; what is wrong with it.
    pub fn step(&mut self, step: usize, action: &'t Action) -> (Fate, Vec<Hazard>) {
        let ended = match self.capturing.step(step, action) {
            Outcome::Step(Fate::Refused(refusal)) => {
                return (Fate::Refused(refusal), vec![Hazard::CaptureIllegal { step, refusal }]);
            }
            Outcome::Step(fate) => return (fate, Vec::new()),
            Outcome::Ends(ended) => ended,
        };
        let hazards = match &ended {
            Ended::Unjoined(_, streams) => {
                let unjoined = |stream| Hazard::CaptureUnjoined { step, stream };
                streams.iter().map(|key| unjoined(self.stream(*key))).collect()
            }
            Ended::Unmatched(_) => {
                vec![Hazard::CaptureIllegal { step, refusal: crate::order::capture::Refusal::Unmatched }]
            }
            Ended::Nothing => {
                vec![Hazard::CaptureIllegal { step, refusal: crate::order::capture::Refusal::IllegalState }]
            }
            Ended::Graph(_) => Vec::new(),
        };
        if let Action::EndCapture { graph: name, .. } = action {
            let graph = ended.into_graph();
            let nodes = graph.nodes.iter().map(|node| node.work as usize);
            let touches = nodes.filter_map(|node| Some((node, self.touches.remove(&node)?))).collect();
            let launches = EventKey::Unseen(u32::try_from(self.graphs.len()).unwrap_or(u32::MAX));
            self.graphs.insert(name, Captured { graph, touches, launches, launched: false });
        }
        (Fate::Runs, hazards)
    }

    fn stream(&self, key: crate::order::happens_before::StreamKey) -> Stream {
        self.capturing.name(key)
    }

    /// A captured step touches memory.
    pub fn capture(&mut self, step: usize, touches: &[Touch<'t>]) {
        self.touches.entry(step).or_default().extend(touches.iter().cloned());
    }

    /// A graph.
    pub fn get(&mut self, name: &Name) -> Option<&mut Captured<'t>> {
        self.graphs.get_mut(name.as_str())
    }
}

/// True if a captured copy writes pageable memory.
fn is_pageable_out(touch: &Touch<'_>) -> bool {
    touch.write && touch.relies_on.is_some()
}
