//! What a device does with what a host enqueues: every stream a queue, written down without the
//! happens-before code of the analysis, so that the two can be held against each other.
//!
//! Records and waits are entries of the queues like work. An entry waits for the one before it in its stream,
//! for the legacy barrier, and, if it is a wait, for the record that was the event's latest.

use std::collections::{BTreeMap, BTreeSet};

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::{Action, Point, Stream, Trace};

/// The entries of all streams.
#[derive(Debug)]
pub struct Queues {
    default_stream: DefaultStream,
    non_blocking: BTreeSet<String>,
    last: BTreeMap<Stream, usize>,
    records: BTreeMap<String, Recorded>,
    captures: Vec<Capture>,
    begun: usize,
    graphs: BTreeMap<String, Graph>,
    /// In the order in which they were enqueued.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// The step that enqueued it, or the captured step that is its work.
    pub step: usize,
    /// What it does.
    pub does: Does,
    /// The entries that have to be complete before it starts.
    pub after: Vec<usize>,
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// What its step does.
    Step,
    /// What a captured step does: which of its graph's it is, and the launch.
    Member {
        /// The number of the captured step in its graph.
        number: usize,
        /// The step that launched the graph.
        launch: usize,
    },
    /// Nothing: the begin of a graph's launch.
    Nothing,
}

/// What the latest record of an event stands for.
#[derive(Debug)]
enum Recorded {
    /// An entry.
    Entry(usize),
    /// Members of a capture.
    Captured(usize, BTreeSet<usize>),
}

/// An open capture: its number, its stream, its members, and the latest of each stream.
#[derive(Debug)]
struct Capture {
    number: usize,
    origin: Stream,
    members: Vec<Member>,
    latest: BTreeMap<Stream, BTreeSet<usize>>,
}

/// A captured step, and the members right before it.
#[derive(Debug)]
struct Member {
    step: usize,
    after: BTreeSet<usize>,
}

#[derive(Debug)]
struct Graph {
    members: Vec<Member>,
    /// The end of its latest launch.
    launched: Option<usize>,
}

impl Queues {
    /// No entries.
    pub const fn new(default_stream: DefaultStream) -> Self {
        Self {
            default_stream,
            non_blocking: BTreeSet::new(),
            last: BTreeMap::new(),
            records: BTreeMap::new(),
            captures: Vec::new(),
            begun: 0,
            graphs: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    /// Enqueues what a step enqueues, if it does; the number of the entry.
    pub fn step(&mut self, step: usize, action: &Action) -> Option<usize> {
        match action {
            Action::BeginCapture { stream, .. } => {
                let origin = self.resolve(stream);
                self.begun += 1;
                let latest = [(origin.clone(), BTreeSet::new())].into();
                self.captures.push(Capture { number: self.begun, origin, members: Vec::new(), latest });
                None
            }
            Action::EndCapture { stream, graph } => {
                let stream = self.resolve(stream);
                let at = self.captures.iter().position(|it| it.origin == stream)?;
                let members = self.captures.remove(at).members;
                self.graphs.insert(graph.clone(), Graph { members, launched: None });
                None
            }
            action if self.is_captured(action) => {
                let stream = self.resolve(action.work_stream()?);
                let capture = self.captures.iter_mut().find(|it| it.latest.contains_key(&stream))?;
                let after = capture.latest.insert(stream, [capture.members.len()].into()).unwrap_or_default();
                capture.members.push(Member { step, after });
                None
            }
            Action::Record { event, stream } if self.capture_of(stream).is_some() => {
                let (stream, capture) = (self.resolve(stream), self.capture_of(stream)?);
                let stands_for = capture.latest.get(&stream).cloned().unwrap_or_default();
                self.records.insert(event.clone(), Recorded::Captured(capture.number, stands_for));
                None
            }
            Action::LaunchGraph { graph, stream } => self.launch(step, graph, stream),
            Action::CreateStream { stream, non_blocking: true } => {
                self.non_blocking.insert(stream.clone());
                None
            }
            Action::Record { event, stream } => {
                let resolved = self.resolve(stream);
                let last = self.last.get(&resolved).copied();
                let entry = self.push(step, stream, Vec::new());
                // The event waits for the legacy barrier. A wait for a blocking stream was measured not to
                // wait for an event that is all that follows.
                if resolved != Stream::Legacy {
                    match last {
                        Some(last) => self.last.insert(resolved, last),
                        None => self.last.remove(&resolved),
                    };
                }
                self.records.insert(event.clone(), Recorded::Entry(entry));
                Some(entry)
            }
            Action::StreamWait { stream, event } => {
                let stream = self.resolve(stream);
                match self.records.get(event)? {
                    Recorded::Entry(record) => Some(self.mark(step, &stream, vec![*record])),
                    Recorded::Captured(number, members) => {
                        let capture = self.captures.iter_mut().find(|it| it.number == *number)?;
                        capture.latest.entry(stream).or_default().extend(members);
                        None
                    }
                }
            }
            Action::Allocate { stream: Some(stream), .. } | Action::Free { stream: Some(stream), .. } => {
                Some(self.push(step, stream, Vec::new()))
            }
            action => action.work_stream().map(|stream| self.push(step, stream, Vec::new())),
        }
    }

    /// The entries that a point stands for: once they are complete, so is the point.
    pub fn covered(&self, point: &Point) -> Vec<usize> {
        match point {
            Point::Stream(stream) => match self.resolve(stream) {
                Stream::Legacy => {
                    self.last.iter().filter(|(it, _)| self.is_blocking(it)).map(|it| *it.1).collect()
                }
                stream => self.last.get(&stream).copied().into_iter().collect(),
            },
            Point::Event(event) => match self.records.get(event) {
                Some(Recorded::Entry(entry)) => vec![*entry],
                _ => Vec::new(),
            },
            Point::Device => self.last.values().copied().collect(),
        }
    }

    /// True if a step's work is noted down for a graph, not run.
    pub fn is_captured(&self, action: &Action) -> bool {
        action.work_stream().is_some_and(|stream| self.capture_of(stream).is_some())
    }

    fn capture_of(&self, stream: &Stream) -> Option<&Capture> {
        let stream = self.resolve(stream);
        self.captures.iter().find(|it| it.latest.contains_key(&stream))
    }

    /// The steps whose work runs as a step's: its own, or those of the graph that it launches.
    pub fn members(&self, step: usize, action: &Action) -> Vec<usize> {
        match action {
            Action::LaunchGraph { graph, .. } => {
                let graph = self.graphs.get(graph);
                graph.into_iter().flat_map(|graph| &graph.members).map(|it| it.step).collect()
            }
            _ => vec![step],
        }
    }

    /// A launch: its begin, its members, each after those before it, and its end.
    fn launch(&mut self, step: usize, name: &str, stream: &Stream) -> Option<usize> {
        let before = self.graphs.get(name)?.launched;
        let begin = self.push(step, stream, before.into_iter().collect());
        self.entries[begin].does = Does::Nothing;
        let graph = self.graphs.get(name)?;
        let mut members = Vec::new();
        for (number, member) in graph.members.iter().enumerate() {
            let after = member.after.iter().map(|it| members[*it]).chain([begin]).collect();
            let does = Does::Member { number, launch: step };
            members.push(self.entries.len());
            self.entries.push(Entry { step: member.step, does, after });
        }
        let end = self.mark(step, stream, members);
        self.entries[end].does = Does::Nothing;
        if let Some(graph) = self.graphs.get_mut(name) {
            graph.launched = Some(end);
        }
        Some(end)
    }

    /// Of a captured step, the later members of its graph that wait for it, and itself.
    fn behind_in_graph(&self, step: usize) -> Option<Vec<usize>> {
        let graph = self.graphs.values().find(|it| it.members.iter().any(|it| it.step == step))?;
        let mut kept: Vec<usize> = Vec::new();
        for (number, member) in graph.members.iter().enumerate() {
            if member.step == step || member.after.iter().any(|it| kept.contains(it)) {
                kept.push(number);
            }
        }
        Some(kept.into_iter().map(|it| graph.members[it].step).collect())
    }

    /// An entry that takes part in the legacy barrier.
    fn push(&mut self, step: usize, stream: &Stream, mut after: Vec<usize>) -> usize {
        let resolved = self.resolve(stream);
        if resolved != Stream::Legacy && self.is_blocking(&resolved) {
            after.extend(self.last.get(&Stream::Legacy));
        }
        self.mark(step, stream, after)
    }

    /// An entry of a stream. One on the legacy stream stands for the blocking streams too.
    fn mark(&mut self, step: usize, stream: &Stream, mut after: Vec<usize>) -> usize {
        let stream = self.resolve(stream);
        after.extend(self.last.get(&stream));
        if stream == Stream::Legacy {
            after.extend(self.covered(&Point::Stream(Stream::Legacy)));
        }
        self.entries.push(Entry { step, does: Does::Step, after });
        self.last.insert(stream, self.entries.len() - 1);
        self.entries.len() - 1
    }

    fn resolve(&self, stream: &Stream) -> Stream {
        match (stream, self.default_stream) {
            (Stream::Default, DefaultStream::Legacy) => Stream::Legacy,
            (Stream::Default, DefaultStream::PerThread) => Stream::PerThread,
            (stream, _) => stream.clone(),
        }
    }

    /// The legacy stream among them: it waits for itself.
    fn is_blocking(&self, stream: &Stream) -> bool {
        !matches!(stream, Stream::Named(name) if self.non_blocking.contains(name))
    }
}

/// The steps between `pending` and `access` that a device which keeps `pending` back has to keep back too,
/// in their order, `pending` first.
pub fn kept_back<P>(trace: &Trace<P>, pending: usize, access: usize) -> Vec<usize> {
    let mut queues = Queues::new(trace.default_stream);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut steps: Vec<usize> = Vec::new();
    let mut captured = false;
    for (index, step) in trace.steps.iter().enumerate() {
        captured |= index == pending && queues.is_captured(&step.action);
        if index >= access && !captured {
            break;
        }
        let known = queues.entries.len();
        queues.step(index, &step.action);
        let new = known..queues.entries.len();
        let waits = |entry: usize| queues.entries[entry].after.iter().any(|it| kept.contains(it));
        if !new.is_empty() && (index == pending || new.clone().any(waits)) {
            kept.extend(new);
            steps.push(index);
        }
    }
    if captured {
        steps = queues.behind_in_graph(pending).unwrap_or_default();
        steps.retain(|step| *step < access);
    }
    steps
}

/// For each step, the steps whose accesses happen as its own: none for what is captured, and what its graph
/// holds for a launch.
pub fn members<P>(trace: &Trace<P>) -> Vec<Vec<usize>> {
    let mut queues = Queues::new(trace.default_stream);
    let steps = trace.steps.iter().enumerate();
    let members = steps.map(|(index, step)| {
        let captured = queues.is_captured(&step.action);
        queues.step(index, &step.action);
        if captured { Vec::new() } else { queues.members(index, &step.action) }
    });
    members.collect()
}

/// The steps that stand between the begin and the end of a capture, those two among them: no stream can be
/// held there.
pub fn in_capture<P>(trace: &Trace<P>) -> BTreeSet<usize> {
    let mut open = 0;
    let mut steps = BTreeSet::new();
    for (index, step) in trace.steps.iter().enumerate() {
        open += usize::from(matches!(step.action, Action::BeginCapture { .. }));
        if open > 0 {
            steps.insert(index);
        }
        open -= usize::from(matches!(step.action, Action::EndCapture { .. })).min(open);
    }
    steps
}
