//! Random valid traces.
//!
//! A trace starts with its streams, events and most of its buffers; then comes work on few, small buffers and
//! few streams, so that steps meet. Nothing in it can end the process: the host leaves device memory alone,
//! every release is the right one, host functions call nothing of CUDA.

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::judge::{self, Hazard};
use cuda_lint_engine::trace::{
    Action, CaptureMode, CopyKind, Memory, Point, Position, Range, Release, Step, Stream, Trace, repair,
};

use super::queues;
use super::random::Random;

/// The size of a buffer in bytes. Two of it hold different halves apart; more would only take time.
const BYTES: u64 = 2048;

/// Makes the trace of a seed: half of them are as they come, mostly with hazards, and half are repaired until
/// none is left, which leaves them close to one.
pub fn generate(random: &mut Random) -> Trace<Position> {
    let repaired = random.chance(50);
    let trace = draft(random);
    if !repaired {
        return trace;
    }
    let mut trace = trace;
    // A repair adds an edge that may mend several pairs; a trace has far fewer pairs than this.
    for _ in 0..40 {
        let hazards = judge::judge(&trace);
        let is_order = |it: &&Hazard| matches!(it, Hazard::Unordered { .. } | Hazard::UseAfterRelease { .. });
        let Some(hazard) = hazards.iter().find(is_order) else { break };
        match (repair::repair(&trace, hazard), hazard) {
            (Some(better), _) => trace = better,
            // A wait in a capture would lose it.
            (None, Hazard::Unordered { access, .. }) if !queues::in_capture(&trace).contains(access) => {
                let action = Action::Synchronize { point: Point::Device, needless: false };
                trace.steps.insert(*access, Step { action, place: None });
            }
            (None, _) => break,
        }
    }
    trace
}

struct Buffer {
    name: String,
    memory: Memory,
    live: bool,
}

struct Draft {
    steps: Vec<Step<Position>>,
    buffers: Vec<Buffer>,
    /// The streams that exist, with the built-in ones.
    streams: Vec<Stream>,
    events: Vec<String>,
    recorded: bool,
    graphs: Vec<String>,
}

fn draft(random: &mut Random) -> Trace<Position> {
    let default_stream = if random.chance(70) { DefaultStream::Legacy } else { DefaultStream::PerThread };
    let mut draft = Draft {
        steps: Vec::new(),
        buffers: Vec::new(),
        streams: Vec::new(),
        events: Vec::new(),
        recorded: false,
        graphs: Vec::new(),
    };
    draft.set_up(random);
    let work = 4 + random.below(12);
    let limit = draft.steps.len() + work;
    while draft.steps.len() < limit {
        draft.step(random);
    }
    // What the host would do with a result.
    if random.chance(50) {
        draft.host_access(random);
    }
    Trace { default_stream, steps: draft.steps }
}

impl Draft {
    fn push(&mut self, action: Action) {
        self.steps.push(Step { action, place: None });
    }

    fn set_up(&mut self, random: &mut Random) {
        for index in 0..1 + random.below(3) {
            let stream = format!("s{index}");
            self.push(Action::CreateStream { stream: stream.clone(), non_blocking: random.chance(45) });
            self.streams.push(Stream::Named(stream));
        }
        if random.chance(60) {
            self.streams.push(Stream::Default);
        }
        if random.chance(12) {
            self.streams.push(Stream::Legacy);
        }
        if random.chance(15) {
            self.streams.push(Stream::PerThread);
        }
        for index in 0..random.below(3) {
            let event = format!("e{index}");
            self.push(Action::CreateEvent { event: event.clone() });
            self.events.push(event);
        }
        for _ in 0..2 + random.below(3) {
            self.allocate(random);
        }
    }

    fn allocate(&mut self, random: &mut Random) {
        let weights = [10, 26, 10, 12, 30, 12];
        let memory = Memory::ALL[random.weighted(&weights)];
        // No letter of a stream, an event or a graph.
        let letter = match memory {
            Memory::Pageable => 'v',
            Memory::Pinned => 'h',
            Memory::Registered => 'r',
            Memory::Managed => 'm',
            Memory::Device => 'd',
            Memory::StreamOrdered => 'a',
        };
        let name = format!("{letter}{}", self.buffers.len());
        let stream = (memory == Memory::StreamOrdered).then(|| self.stream(random));
        self.push(Action::Allocate { buffer: name.clone(), memory, bytes: BYTES, stream });
        self.buffers.push(Buffer { name, memory, live: true });
    }

    fn stream(&mut self, random: &mut Random) -> Stream {
        random.pick(&self.streams).cloned().unwrap_or(Stream::Default)
    }

    /// A part of a live buffer that `fits`.
    fn range(&mut self, random: &mut Random, fits: impl Fn(Memory) -> bool) -> Option<Range> {
        let fitting: Vec<&Buffer> = self.buffers.iter().filter(|it| it.live && fits(it.memory)).collect();
        let buffer = random.pick(&fitting)?.name.clone();
        let (start, end) = match random.below(8) {
            0 => (0, BYTES / 2),
            1 => (BYTES / 2, BYTES),
            2 => (BYTES / 4, BYTES / 4 * 3),
            3 => {
                let start = 4 * random.below(BYTES as usize / 8) as u64;
                (start, start + 4 * (1 + random.below(BYTES as usize / 8) as u64))
            }
            _ => (0, BYTES),
        };
        Some(Range { buffer, start, end })
    }

    fn ranges(&mut self, random: &mut Random, most: usize, fits: impl Fn(Memory) -> bool) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        for _ in 0..random.below(most + 1) {
            if let Some(range) = self.range(random, &fits)
                && !ranges.iter().any(|it| it.buffer == range.buffer)
            {
                ranges.push(range);
            }
        }
        ranges
    }

    fn step(&mut self, random: &mut Random) {
        let has_event = !self.events.is_empty();
        let if_event = |weight| if has_event { weight } else { 0 };
        let if_recorded = if self.recorded { 8 } else { if_event(1) };
        match random.weighted(&[
            20,                                         // 0 launch
            20,                                         // 1 copy
            6,                                          // 2 fill
            6,                                          // 3 host function
            if_event(8),                                // 4 record
            if_recorded,                                // 5 wait
            10,                                         // 6 host access
            5,                                          // 7 synchronise
            3,                                          // 8 query or poll
            2,                                          // 9 another call
            4,                                          // 10 free
            2,                                          // 11 allocate
            1,                                          // 12 destroy
            2,                                          // 13 capture
            if self.graphs.is_empty() { 0 } else { 8 }, // 14 graph launch
            if_event(4),                                // 15 an edge by an event
        ]) {
            0 => {
                let stream = self.stream(random);
                self.launch(random, stream);
            }
            1 => {
                let synchronous = random.chance(20);
                let stream = if synchronous { Stream::Default } else { self.stream(random) };
                self.copy(random, synchronous, stream, |_| true);
            }
            2 => {
                if let Some(dst) = self.range(random, Memory::is_device_accessible) {
                    let synchronous = random.chance(20);
                    let stream = if synchronous { Stream::Default } else { self.stream(random) };
                    self.push(Action::Fill { dst, synchronous, stream });
                }
            }
            3 => {
                let stream = self.stream(random);
                self.host_function(random, stream);
            }
            4 => {
                if let Some(event) = random.pick(&self.events).cloned() {
                    let stream = self.stream(random);
                    self.recorded = true;
                    self.push(Action::Record { event, stream });
                }
            }
            5 => {
                if let Some(event) = random.pick(&self.events).cloned() {
                    let stream = self.stream(random);
                    self.push(Action::StreamWait { stream, event });
                }
            }
            6 => self.host_access(random),
            7 => {
                let point = if random.chance(15) { Point::Device } else { self.point(random) };
                self.push(Action::Synchronize { point, needless: false });
            }
            8 => {
                let point = self.point(random);
                self.push(Action::Query { point, until_complete: random.chance(50) });
            }
            9 => {
                let function = if random.chance(50) { "cudaGetLastError" } else { "cudaPeekAtLastError" };
                self.push(Action::Call { function: function.to_owned() });
            }
            10 => self.free(random),
            11 if self.buffers.len() < 6 => self.allocate(random),
            12 => self.destroy(random),
            13 => self.capture(random),
            15 => self.edge(random),
            14 => {
                if let Some(graph) = random.pick(&self.graphs).cloned() {
                    self.launch_graph(random, graph);
                }
            }
            _ => {}
        }
    }

    /// A record with what waits for it.
    fn edge(&mut self, random: &mut Random) {
        let Some(event) = random.pick(&self.events).cloned() else { return };
        let stream = self.stream(random);
        self.recorded = true;
        self.push(Action::Record { event: event.clone(), stream: stream.clone() });
        match random.below(4) {
            0 => self.push(Action::Synchronize { point: Point::Stream(stream), needless: false }),
            1 => self.push(Action::Synchronize { point: Point::Event(event), needless: false }),
            _ => {
                let stream = self.stream(random);
                self.push(Action::StreamWait { stream, event });
            }
        }
    }

    fn point(&mut self, random: &mut Random) -> Point {
        match random.pick(&self.events) {
            Some(event) if random.chance(40) => Point::Event(event.clone()),
            _ => Point::Stream(self.stream(random)),
        }
    }

    fn launch(&mut self, random: &mut Random, stream: Stream) {
        let reads = self.ranges(random, 2, Memory::is_device_accessible);
        let mut writes = self.ranges(random, 2, Memory::is_device_accessible);
        // In place would be legal too, but a kernel that reads what it writes shows nothing more.
        writes.retain(|range| !reads.iter().any(|read| read.overlaps(range)));
        if reads.is_empty() && writes.is_empty() {
            return;
        }
        let kernel = format!("k{}", self.steps.len());
        self.push(Action::Launch { kernel, reads, writes, stream, meant: None });
    }

    fn host_function(&mut self, random: &mut Random, stream: Stream) {
        let reads = self.ranges(random, 1, Memory::is_host_accessible);
        let mut writes = self.ranges(random, 1, Memory::is_host_accessible);
        writes.retain(|range| !reads.iter().any(|read| read.overlaps(range)));
        if reads.is_empty() && writes.is_empty() {
            return;
        }
        let (function, callback) = (format!("f{}", self.steps.len()), random.chance(30));
        self.push(Action::HostFunction { function, reads, writes, calls: Vec::new(), stream, callback });
    }

    fn copy(&mut self, random: &mut Random, synchronous: bool, stream: Stream, fits: fn(Memory) -> bool) {
        let (Some(mut dst), Some(mut src)) = (self.range(random, fits), self.range(random, fits)) else {
            return;
        };
        if dst.buffer == src.buffer {
            return;
        }
        let bytes = dst.len().min(src.len());
        dst.end = dst.start + bytes;
        src.end = src.start + bytes;
        let kind = if random.chance(75) { self.kind(&dst, &src) } else { None };
        self.push(Action::Copy { dst, src, kind, synchronous, stream });
    }

    fn kind(&self, dst: &Range, src: &Range) -> Option<CopyKind> {
        let on_host = |range: &Range| match self.memory(range)? {
            Memory::Managed => None,
            memory => Some(memory.is_host_accessible()),
        };
        Some(match (on_host(src)?, on_host(dst)?) {
            (true, true) => CopyKind::HostToHost,
            (true, false) => CopyKind::HostToDevice,
            (false, true) => CopyKind::DeviceToHost,
            (false, false) => CopyKind::DeviceToDevice,
        })
    }

    fn memory(&self, range: &Range) -> Option<Memory> {
        self.buffers.iter().find(|it| it.name == range.buffer).map(|it| it.memory)
    }

    fn host_access(&mut self, random: &mut Random) {
        if let Some(range) = self.range(random, Memory::is_host_accessible) {
            self.push(if random.chance(60) {
                Action::HostRead { range }
            } else {
                Action::HostWrite { range }
            });
        }
    }

    /// Captures a few steps of one stream, or of two: a fork that is joined. In between the host does nothing
    /// else: most calls would end the capture with an error, and a repair may add one.
    fn capture(&mut self, random: &mut Random) {
        let named = |it: &&Stream| matches!(it, Stream::Named(_));
        let streams: Vec<Stream> = self.streams.iter().filter(named).cloned().collect();
        let Some(stream) = random.pick(&streams).cloned().filter(|_| self.graphs.len() < 2) else { return };
        let others: Vec<Stream> = streams.into_iter().filter(|it| *it != stream).collect();
        let graph = format!("g{}", self.graphs.len());
        let [fork, join] = ["fork", "join"].map(|name| format!("{name}_{graph}"));
        let other = random.pick(&others).cloned().filter(|_| random.chance(60));
        if other.is_some() {
            self.push(Action::CreateEvent { event: fork.clone() });
            self.push(Action::CreateEvent { event: join.clone() });
        }
        let mode = *random.pick(&CaptureMode::ALL).unwrap_or(&CaptureMode::Relaxed);
        self.push(Action::BeginCapture { stream: stream.clone(), mode });
        if let Some(other) = other {
            if random.chance(60) {
                self.captured_work(random, &stream);
            }
            self.push(Action::Record { event: fork.clone(), stream: stream.clone() });
            self.push(Action::StreamWait { stream: other.clone(), event: fork });
            for _ in 0..1 + random.below(3) {
                let on = if random.chance(50) { &stream } else { &other };
                self.captured_work(random, on);
            }
            self.push(Action::Record { event: join.clone(), stream: other });
            self.push(Action::StreamWait { stream: stream.clone(), event: join });
            if random.chance(50) {
                self.captured_work(random, &stream);
            }
        } else {
            for _ in 0..1 + random.below(2) {
                self.captured_work(random, &stream);
            }
        }
        self.push(Action::EndCapture { stream, graph: graph.clone() });
        self.graphs.push(graph.clone());
        if random.chance(70) {
            self.launch_graph(random, graph);
        }
    }

    fn captured_work(&mut self, random: &mut Random, stream: &Stream) {
        match random.below(10) {
            0..3 => self.copy(random, false, stream.clone(), Memory::is_device_accessible),
            3 => self.captured_host_function(random, stream),
            _ => self.launch(random, stream.clone()),
        }
    }

    /// A host function that is captured. It writes only: each launch of the graph runs it anew.
    fn captured_host_function(&mut self, random: &mut Random, stream: &Stream) {
        let writes = self.ranges(random, 1, Memory::is_host_accessible);
        if !writes.is_empty() {
            let (function, stream) = (format!("f{}", self.steps.len()), stream.clone());
            let (reads, calls) = (Vec::new(), Vec::new());
            let callback = false;
            self.push(Action::HostFunction { function, reads, writes, calls, stream, callback });
        }
    }

    fn launch_graph(&mut self, random: &mut Random, graph: String) {
        let stream = self.stream(random);
        self.push(Action::LaunchGraph { graph, stream });
    }

    fn free(&mut self, random: &mut Random) {
        let live: Vec<usize> = (0..self.buffers.len()).filter(|it| self.buffers[*it].live).collect();
        // Some memory has to stay for the steps that follow.
        let Some(index) = random.pick(&live).copied().filter(|_| live.len() > 2) else { return };
        let Buffer { name, memory, live } = &mut self.buffers[index];
        let (buffer, mut with) = (name.clone(), memory.release());
        // What a graph touches stays: the graph may be launched again.
        let touches = |it: &Step<Position>| {
            it.action.reads().into_iter().chain(it.action.writes()).any(|range| range.buffer == buffer)
        };
        if !self.graphs.is_empty() && self.steps.iter().any(touches) {
            return;
        }
        *live = false;
        if with == Release::CudaFreeAsync && random.chance(30) {
            with = Release::CudaFree;
        }
        let (kind, stream) = (*memory, (with == Release::CudaFreeAsync).then(|| self.stream(random)));
        self.push(Action::Free { buffer: buffer.clone(), with, stream });
        if random.chance(25) {
            self.use_after_release(random, buffer, kind);
        }
    }

    /// A use of what was just released, where it ends no process: memory in stream order keeps its pages, and
    /// so does what the replayer maps itself.
    fn use_after_release(&mut self, random: &mut Random, buffer: String, memory: Memory) {
        let range = Range { buffer, start: 0, end: if random.chance(60) { BYTES } else { BYTES / 2 } };
        let stream = self.stream(random);
        let (reads, writes) = match random.chance(50) {
            true => (vec![range], Vec::new()),
            false => (Vec::new(), vec![range]),
        };
        match memory {
            Memory::StreamOrdered => {
                let kernel = format!("k{}", self.steps.len());
                self.push(Action::Launch { kernel, reads, writes, stream, meant: None });
            }
            Memory::Pageable => {
                let touch = reads.into_iter().map(|range| Action::HostRead { range });
                let touch = touch.chain(writes.into_iter().map(|range| Action::HostWrite { range }));
                touch.for_each(|touch| self.push(touch));
            }
            _ => {}
        }
    }

    fn destroy(&mut self, random: &mut Random) {
        let named = |it: &Stream| match it {
            Stream::Named(name) => Some(name.clone()),
            _ => None,
        };
        let streams: Vec<String> = self.streams.iter().filter_map(named).collect();
        if random.chance(50) && streams.len() > 1 {
            if let Some(stream) = random.pick(&streams).cloned() {
                self.streams.retain(|it| *it != Stream::Named(stream.clone()));
                self.push(Action::DestroyStream { stream });
            }
        } else if let Some(event) = random.pick(&self.events).cloned() {
            self.events.retain(|it| *it != event);
            self.push(Action::DestroyEvent { event });
        }
    }
}
