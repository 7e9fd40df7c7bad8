//! Captures in traces: for each step, whether it runs, is noted down, or fails, by the code that the analysis
//! uses ([`crate::order::capture`]).

use std::collections::BTreeMap;

use super::{Action, Memory, Name, Point as Awaited, Release, Stream, Trace};
use crate::DefaultStream;
use crate::cuda::Model;
use crate::cuda::capture::InCapture;
use crate::order::capture::Captures;
pub use crate::order::capture::{Ended, Fate, Graph, Refusal};
use crate::order::happens_before::{EventKey, Point, StreamKey};

/// More arguments than any function of CUDA takes.
const ARGUMENTS: usize = 24;

/// The captures of a trace, step by step. Nodes of graphs are numbers of steps.
#[derive(Clone, Debug, Default)]
pub struct Capturing {
    default_stream: DefaultStream,
    streams: BTreeMap<Name, (u32, bool)>,
    events: BTreeMap<Name, u32>,
    captures: Captures,
}

/// What becomes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It runs, is captured, or fails.
    Step(Fate),
    /// It ends a capture.
    Ends(Ended),
}

impl Capturing {
    /// Nothing is captured.
    pub fn new(default_stream: DefaultStream) -> Self {
        Self { default_stream, ..Self::default() }
    }

    /// The same by a model in which events give no order among captured work.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.captures.events_order_nothing = true;
        self
    }

    /// True if nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.captures.is_empty()
    }

    /// True if what is enqueued on a stream is captured.
    pub fn is_capturing(&self, stream: &Stream) -> bool {
        self.captures.is_capturing(self.stream(stream))
    }

    /// The stream of a key.
    pub fn name(&self, key: StreamKey) -> Stream {
        let named = |number| self.streams.iter().find(|(_, it)| it.0 == number);
        match key {
            StreamKey::Legacy => Stream::Legacy,
            StreamKey::PerThread if self.default_stream == DefaultStream::PerThread => Stream::Default,
            StreamKey::PerThread => Stream::PerThread,
            StreamKey::Created(number) | StreamKey::Unseen(number) => {
                named(number).map_or(Stream::Default, |(name, _)| Stream::Named(name.clone()))
            }
        }
    }

    fn stream(&self, stream: &Stream) -> StreamKey {
        match (stream, self.default_stream) {
            (Stream::Legacy, _) | (Stream::Default, DefaultStream::Legacy) => StreamKey::Legacy,
            (Stream::PerThread, _) | (Stream::Default, DefaultStream::PerThread) => StreamKey::PerThread,
            (Stream::Named(name), _) => {
                self.streams.get(name).map_or(StreamKey::Unseen(u32::MAX), |it| StreamKey::Created(it.0))
            }
        }
    }

    fn is_blocking(&self, stream: &Stream) -> bool {
        !matches!(stream, Stream::Named(name) if self.streams.get(name).is_some_and(|it| it.1))
    }

    fn event(&mut self, name: &Name) -> EventKey {
        let next = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        EventKey::Created(*self.events.entry(name.clone()).or_insert(next))
    }

    /// Takes a step.
    pub fn step(&mut self, step: usize, action: &Action) -> Outcome {
        Outcome::Step(match action {
            Action::EndCapture { stream, .. } => {
                return Outcome::Ends(self.captures.end(self.stream(stream)));
            }
            Action::BeginCapture { stream, mode } => {
                let (key, blocking) = (self.stream(stream), self.is_blocking(stream));
                self.captures.begin(key, *mode, blocking)
            }
            Action::CreateStream { stream, non_blocking } => {
                let next = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
                self.streams.entry(stream.clone()).or_insert((next, *non_blocking));
                Fate::Runs
            }
            Action::Record { event, stream } => {
                let event = self.event(event);
                self.captures.record(event, self.stream(stream))
            }
            Action::StreamWait { stream, event } => {
                let event = self.event(event);
                let blocking = self.is_blocking(stream);
                self.captures.wait(self.stream(stream), event, blocking)
            }
            Action::Synchronize { point, .. } | Action::Query { point, .. } => {
                let point = match point {
                    Awaited::Stream(stream) => Some(Point::Tail(self.stream(stream))),
                    Awaited::Event(event) => Some(Point::Event(self.event(event))),
                    Awaited::Device => None,
                };
                self.captures.host_asks(point)
            }
            Action::Allocate { memory: Memory::StreamOrdered, stream: Some(stream), .. }
            | Action::Free { with: Release::CudaFreeAsync, stream: Some(stream), .. } => {
                self.captures.beside(self.stream(stream))
            }
            Action::Allocate { memory: Memory::Pageable, .. } | Action::Free { with: Release::Free, .. } => {
                Fate::Runs
            }
            Action::Allocate { .. } | Action::Free { .. } => self.captures.unsafe_call(),
            Action::Copy { stream, synchronous: true, .. }
            | Action::Fill { stream, synchronous: true, .. }
            | Action::HostFunction { stream, callback: true, .. } => {
                self.captures.beside(self.stream(stream))
            }
            Action::Call { function } => self.call(function),
            action => match action.work_stream() {
                Some(stream) => {
                    let work = u32::try_from(step).unwrap_or(u32::MAX);
                    self.captures.enqueue(self.stream(stream), work)
                }
                None => Fate::Runs,
            },
        })
    }

    /// A call of which nothing but the name is known.
    fn call(&self, function: &str) -> Fate {
        if self.captures.is_empty() {
            return Fate::Runs;
        }
        let model = Model::builtin();
        let row = (0..ARGUMENTS).find_map(|arguments| model.lookup(function, arguments));
        match row.map_or(InCapture::Other, |row| row.in_capture()) {
            InCapture::Unsafe => self.captures.unsafe_call(),
            InCapture::WaitsForDevice => self.captures.host_asks(None),
            InCapture::Synchronous => self.captures.beside(self.stream(&Stream::Default)),
            InCapture::Unsupported => Fate::Refused(Refusal::Unsupported),
            InCapture::ExchangesMode | InCapture::Other => Fate::Runs,
        }
    }
}

/// The graphs of a trace by name, with the steps that they hold.
pub fn graphs<P>(trace: &Trace<P>) -> BTreeMap<&str, Graph> {
    let mut capturing = Capturing::new(trace.default_stream);
    let mut graphs = BTreeMap::new();
    for (index, step) in trace.steps.iter().enumerate() {
        if let (Outcome::Ends(ended), Action::EndCapture { graph, .. }) =
            (capturing.step(index, &step.action), &step.action)
        {
            graphs.insert(graph.as_str(), ended.into_graph());
        }
    }
    graphs
}

/// For each step, whether it runs, is noted down, or fails. The end of a capture runs.
pub fn fates<P>(trace: &Trace<P>) -> Vec<Fate> {
    let mut capturing = Capturing::new(trace.default_stream);
    let steps = trace.steps.iter().enumerate();
    let fates = steps.map(|(index, step)| match capturing.step(index, &step.action) {
        Outcome::Step(fate) => fate,
        Outcome::Ends(_) => Fate::Runs,
    });
    fates.collect()
}

/// For each step, the graph that holds it, if it is captured.
pub fn captured<P>(trace: &Trace<P>) -> Vec<Option<&str>> {
    let mut captured = vec![None; trace.steps.len()];
    for (name, graph) in graphs(trace) {
        for node in graph.nodes {
            if let Some(entry) = captured.get_mut(node.work as usize) {
                *entry = Some(name);
            }
        }
    }
    captured
}
