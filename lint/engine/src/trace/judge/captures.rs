//! Captures and graphs: what is captured conflicts where its graph is launched.

use std::collections::BTreeMap;

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
    /// By the step that was captured.
    pub touches: BTreeMap<usize, Vec<Touch<'t>>>,
    /// Stands for its launches, which come one after the other.
    pub launches: EventKey,
    launched: bool,
}

impl<'t> Captured<'t> {
    /// Everything that it touches.
    pub fn all(&self) -> Vec<Touch<'t>> {
        self.touches.values().flatten().cloned().collect()
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
        let touches = touches.iter().map(|touch| Touch { relies_on: None, ..*touch });
        self.touches.entry(step).or_default().extend(touches);
    }

    /// A graph.
    pub fn get(&mut self, name: &Name) -> Option<&mut Captured<'t>> {
        self.graphs.get_mut(name.as_str())
    }
}
