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
    records: BTreeMap<String, usize>,
    capturing: Option<(Stream, Vec<usize>)>,
    graphs: BTreeMap<String, Vec<usize>>,
    /// In the order in which they were enqueued.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// The step that enqueued it.
    pub step: usize,
    /// The entries that have to be complete before it starts.
    pub after: Vec<usize>,
}

impl Queues {
    /// No entries.
    pub const fn new(default_stream: DefaultStream) -> Self {
        Self {
            default_stream,
            non_blocking: BTreeSet::new(),
            last: BTreeMap::new(),
            records: BTreeMap::new(),
            capturing: None,
            graphs: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    /// Enqueues what a step enqueues, if it does; the number of the entry.
    pub fn step(&mut self, step: usize, action: &Action) -> Option<usize> {
        match action {
            Action::BeginCapture { stream } => {
                self.capturing = Some((self.resolve(stream), Vec::new()));
                None
            }
            Action::EndCapture { graph, .. } => {
                let (_, members) = self.capturing.take()?;
                self.graphs.insert(graph.clone(), members);
                None
            }
            action if self.is_captured(action) => {
                if let Some((_, members)) = &mut self.capturing {
                    members.push(step);
                }
                None
            }
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
                self.records.insert(event.clone(), entry);
                Some(entry)
            }
            Action::StreamWait { stream, event } => {
                let record = *self.records.get(event)?;
                Some(self.mark(step, stream, vec![record]))
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
            Point::Event(event) => self.records.get(event).copied().into_iter().collect(),
            Point::Device => self.last.values().copied().collect(),
        }
    }

    /// True if a step's work is noted down for a graph, not run.
    pub fn is_captured(&self, action: &Action) -> bool {
        let stream = action.work_stream().map(|it| self.resolve(it));
        stream.is_some_and(|it| self.capturing.as_ref().is_some_and(|(capturing, _)| *capturing == it))
    }

    /// The steps whose work runs as a step's: its own, or those of the graph that it launches.
    pub fn members(&self, step: usize, action: &Action) -> Vec<usize> {
        match action {
            Action::LaunchGraph { graph, .. } => self.graphs.get(graph).cloned().unwrap_or_default(),
            _ => vec![step],
        }
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
        self.entries.push(Entry { step, after });
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
    let mut kept: Vec<usize> = Vec::new();
    for (index, step) in trace.steps.iter().enumerate().take(access) {
        let Some(entry) = queues.step(index, &step.action) else { continue };
        let waits = queues.entries[entry].after.iter().any(|it| kept.contains(it));
        if index == pending || waits {
            kept.push(entry);
        }
    }
    kept.into_iter().map(|entry| queues.entries[entry].step).collect()
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
    let mut inside = false;
    let mut steps = BTreeSet::new();
    for (index, step) in trace.steps.iter().enumerate() {
        inside |= matches!(step.action, Action::BeginCapture { .. });
        if inside {
            steps.insert(index);
        }
        inside &= !matches!(step.action, Action::EndCapture { .. });
    }
    steps
}
