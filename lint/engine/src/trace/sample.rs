//! Random valid traces for tests: every step that the vocabulary has, misuse included.

use super::capture::{Capturing, Ended, Fate, Outcome};
use super::validate::validate;
use super::{Action, CaptureMode, CopyKind, Memory, Point, Range, Release, Step, Stream, Trace};
use crate::DefaultStream;

/// SplitMix64.
pub(super) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A valid trace of about `length` steps.
pub(super) fn trace(seed: u64, length: usize) -> Trace<usize> {
    let mut random = Random(seed);
    let default_stream = if random.chance(25) { DefaultStream::PerThread } else { DefaultStream::Legacy };
    let mut trace: Trace<usize> = Trace { default_stream, steps: Vec::new() };
    let mut names = Names::default();
    let mut capturing: Vec<Stream> = Vec::new();
    // What comes next, the last first.
    let mut script: Vec<Action> = Vec::new();
    for attempt in 0..length * 8 {
        if trace.steps.len() >= length {
            break;
        }
        let action = match script.pop() {
            Some(action) => action,
            None => action(&mut random, &names, capturing.last(), attempt),
        };
        let mut longer = trace.clone();
        longer.steps.push(Step { action, place: Some(attempt) });
        let complaints = validate(&longer).err().unwrap_or_default();
        let capturable = begins_or_ends_what_is_captured(&longer);
        if capturable && complaints.iter().all(|problem| problem.step == longer.steps.len()) {
            if let Some(step) = longer.steps.last() {
                match &step.action {
                    Action::BeginCapture { stream, .. } => {
                        capturing.push(stream.clone());
                        script = fork(&mut random, &names, stream, attempt);
                    }
                    Action::EndCapture { graph, .. } => {
                        capturing.pop();
                        script = release_and_launch(&mut random, &names, graph);
                    }
                    _ => {}
                }
                names.learn(&step.action);
            }
            trace = longer;
        }
    }
    for (number, stream) in capturing.into_iter().rev().enumerate() {
        let action = Action::EndCapture { stream, graph: format!("last_graph_{number}") };
        trace.steps.push(Step { action, place: None });
    }
    trace
}

/// False if the last step is the begin of a capture that is refused, or ends none: what comes after it would
/// tell nothing.
fn begins_or_ends_what_is_captured(trace: &Trace<usize>) -> bool {
    let mut capturing = Capturing::new(trace.default_stream);
    let mut last = None;
    for (index, step) in trace.steps.iter().enumerate() {
        last = Some((capturing.step(index, &step.action), &step.action));
    }
    !matches!(
        last,
        Some(
            (Outcome::Step(Fate::Refused(_)), Action::BeginCapture { .. })
                | (Outcome::Ends(Ended::Nothing), _)
        )
    )
}

/// Work on a second stream that a capture takes up, often joined; the last step first.
fn fork(random: &mut Random, names: &Names, stream: &Stream, fresh: usize) -> Vec<Action> {
    let other = names.stream(random, None);
    let event = format!("fork{fresh}");
    let launch = |random: &mut Random, stream: &Stream| Action::Launch {
        kernel: "k".into(),
        reads: names.ranges(random),
        writes: names.ranges(random),
        stream: stream.clone(),
        meant: None,
    };
    let mut script = vec![
        Action::CreateEvent { event: event.clone() },
        Action::Record { event: event.clone(), stream: stream.clone() },
        Action::StreamWait { event: event.clone(), stream: other.clone() },
        launch(random, &other),
        launch(random, stream),
    ];
    if random.chance(60) {
        script.push(Action::Record { event: event.clone(), stream: other });
        script.push(Action::StreamWait { event, stream: stream.clone() });
    } else {
        script.push(Action::EndCapture { graph: format!("g{fresh}"), stream: stream.clone() });
    }
    script.reverse();
    script
}

/// A buffer is released before a graph is launched, which may use it; the last step first.
fn release_and_launch(random: &mut Random, names: &Names, graph: &str) -> Vec<Action> {
    let stream = names.stream(random, None);
    let launch = Action::LaunchGraph { graph: graph.to_owned(), stream: stream.clone() };
    let Some((buffer, memory, _)) = names.buffers.get(random.below(names.buffers.len())).cloned() else {
        return vec![launch];
    };
    let with = memory.release();
    let stream = (with == Release::CudaFreeAsync).then_some(stream);
    vec![launch, Action::Free { buffer, with, stream }]
}

#[derive(Default)]
struct Names {
    buffers: Vec<(String, Memory, u64)>,
    streams: Vec<Stream>,
    events: Vec<String>,
    graphs: Vec<String>,
}

impl Names {
    fn learn(&mut self, action: &Action) {
        match action {
            Action::Allocate { buffer, memory, bytes, .. } => {
                self.buffers.push((buffer.clone(), *memory, *bytes));
            }
            Action::CreateStream { stream, .. } => self.streams.push(Stream::Named(stream.clone())),
            Action::CreateEvent { event } => self.events.push(event.clone()),
            Action::EndCapture { graph, .. } => self.graphs.push(graph.clone()),
            _ => {}
        }
    }

    fn stream(&self, random: &mut Random, capturing: Option<&Stream>) -> Stream {
        match capturing {
            Some(stream) if random.chance(70) => stream.clone(),
            _ if self.streams.is_empty() || random.chance(25) => {
                random.pick(&[Stream::Default, Stream::Default, Stream::Legacy, Stream::PerThread]).clone()
            }
            _ => random.pick(&self.streams).clone(),
        }
    }

    fn range(&self, random: &mut Random) -> Range {
        let Some((buffer, bytes)) = self.buffer(random) else {
            return Range { buffer: "none".into(), start: 0, end: 4 };
        };
        let half = bytes / 2;
        let (start, end) = *random.pick(&[(0, bytes), (0, bytes), (0, half), (half, bytes)]);
        Range { buffer, start, end }
    }

    fn ranges(&self, random: &mut Random) -> Vec<Range> {
        (0..random.below(3)).map(|_| self.range(random)).collect()
    }

    fn buffer(&self, random: &mut Random) -> Option<(String, u64)> {
        if self.buffers.is_empty() {
            return None;
        }
        let (name, _, bytes) = random.pick(&self.buffers);
        Some((name.clone(), *bytes))
    }

    fn event(&self, random: &mut Random) -> String {
        if self.events.is_empty() { "none".into() } else { random.pick(&self.events).clone() }
    }

    fn point(&self, random: &mut Random) -> Point {
        match random.below(5) {
            0 => Point::Device,
            1 | 2 => Point::Event(self.event(random)),
            _ => Point::Stream(self.stream(random, None)),
        }
    }
}

fn action(random: &mut Random, names: &Names, capturing: Option<&Stream>, fresh: usize) -> Action {
    let stream = names.stream(random, capturing);
    match random.below(34) {
        0..=4 => {
            let memory = *random.pick(&Memory::ALL);
            let stream = (memory == Memory::StreamOrdered).then_some(stream);
            Action::Allocate { buffer: format!("b{fresh}"), memory, bytes: 64, stream }
        }
        5 | 6 => Action::CreateStream { stream: format!("s{fresh}"), non_blocking: random.chance(50) },
        7 => Action::CreateEvent { event: format!("e{fresh}") },
        8..=14 => {
            let kind = random.chance(50).then(|| *random.pick(&CopyKind::ALL));
            let synchronous = random.chance(30);
            let stream = if synchronous { Stream::Default } else { stream };
            Action::Copy { dst: names.range(random), src: names.range(random), kind, synchronous, stream }
        }
        15 | 16 => {
            let synchronous = random.chance(40);
            let stream = if synchronous { Stream::Default } else { stream };
            Action::Fill { dst: names.range(random), synchronous, stream }
        }
        17..=20 => Action::Launch {
            kernel: random.pick(&["k", "scale<float, int>", "on", "a \"b\"\n"]).to_string(),
            reads: names.ranges(random),
            writes: names.ranges(random),
            stream,
            meant: random.chance(15).then(|| names.stream(random, None)),
        },
        21 | 22 => Action::HostFunction {
            function: "done".into(),
            reads: names.ranges(random),
            writes: names.ranges(random),
            calls: (0..random.below(3))
                .map(|_| random.pick(&["cudaMalloc", "cudaGetErrorString", "printf", "k<<<>>>"]).to_string())
                .collect(),
            stream,
            callback: random.chance(30),
        },
        23 => Action::Record { event: names.event(random), stream },
        // Not the captured stream more often than another: that makes forks.
        24 => Action::StreamWait { event: names.event(random), stream: names.stream(random, None) },
        25 | 26 => Action::HostRead { range: names.range(random) },
        27 => Action::HostWrite { range: names.range(random) },
        28 => Action::Synchronize { point: names.point(random), needless: false },
        29 => Action::Query { point: names.point(random), until_complete: random.chance(50) },
        30 => Action::Call { function: "cudaGetLastError".into() },
        31 => {
            let buffer = names.buffers.get(random.below(names.buffers.len()));
            let Some((buffer, memory, _)) = buffer.cloned() else {
                return Action::Call { function: "f".into() };
            };
            let with = if random.chance(70) { memory.release() } else { *random.pick(&Release::ALL) };
            Action::Free { buffer, with, stream: (with == Release::CudaFreeAsync).then_some(stream) }
        }
        32 => match (random.below(3), &stream) {
            (0, Stream::Named(name)) => Action::DestroyStream { stream: name.clone() },
            (1, _) if random.chance(30) && !names.graphs.is_empty() => {
                Action::DestroyGraph { graph: random.pick(&names.graphs).clone() }
            }
            (1, _) => Action::DestroyEvent { event: names.event(random) },
            _ => Action::BeginCapture { stream, mode: *random.pick(&CaptureMode::ALL) },
        },
        _ => match (capturing, names.graphs.is_empty()) {
            (Some(stream), _) => Action::EndCapture { stream: stream.clone(), graph: format!("g{fresh}") },
            (None, false) => Action::LaunchGraph { graph: random.pick(&names.graphs).clone(), stream },
            (None, true) => Action::BeginCapture { stream, mode: *random.pick(&CaptureMode::ALL) },
        },
    }
}
