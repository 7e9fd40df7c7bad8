//! What a trace must fulfil so that it can be run and judged: names, sorts, ranges, lifetimes.
//!
//! A trace may hold the misuses that there are hazards for ([`super::judge::Hazard`]), and no other: whatever
//! would make the runner touch memory that is gone, or lose a capture, is a problem.

use std::collections::BTreeMap;
use std::fmt;

use super::{Action, Memory, Name, Point, Range, Release, Stream, Trace};
use crate::DefaultStream;

/// The largest buffer, in bytes.
pub const LARGEST: u64 = 1 << 30;

/// Names that streams and points have already.
const TAKEN: [&str; 4] = ["default", "legacy", "per_thread", "device"];

/// Why a trace cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step, an index into [`Trace::steps`]; their number, if the end is too early.
    pub step: usize,
    /// What is wrong, and why it matters.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}; {}", self.step, self.what, self.help)
    }
}

/// Checks a trace.
///
/// # Errors
/// All problems, in the order of the steps; one step has one at most.
pub fn validate<P>(trace: &Trace<P>) -> Result<(), Vec<Problem>> {
    let mut check = Check { default_stream: trace.default_stream, ..Check::default() };
    let mut problems = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        if let Err(Fault(what, help)) = check.step(&step.action) {
            problems.push(Problem { step: index, what, help: help.to_owned() });
        }
    }
    if let Some(capture) = &check.capture {
        problems.push(Problem {
            step: trace.steps.len(),
            what: format!("the capture of `{}` does not end", capture.stream),
            help: "end it: `g = end-capture STREAM`".to_owned(),
        });
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// True for what can be a name.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !TAKEN.contains(&text)
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Thing {
    Buffer {
        memory: Memory,
        bytes: u64,
    },
    Stream,
    Event,
    /// The buffers that it uses.
    Graph(Vec<Name>),
}

impl Thing {
    const fn word(&self) -> &'static str {
        match self {
            Self::Buffer { .. } => "a buffer",
            Self::Stream => "a stream",
            Self::Event => "an event",
            Self::Graph(_) => "a graph",
        }
    }
}

/// What is wrong, and what to do.
struct Fault(String, &'static str);

type Checked = Result<(), Fault>;

#[derive(Default)]
struct Capture {
    stream: Stream,
    buffers: Vec<Name>,
}

#[derive(Default)]
struct Check {
    default_stream: DefaultStream,
    things: BTreeMap<Name, Thing>,
    gone: BTreeMap<Name, &'static str>,
    capture: Option<Capture>,
}

impl Check {
    fn step(&mut self, action: &Action) -> Checked {
        self.may_stand_in_a_capture(action)?;
        match action {
            Action::Allocate { buffer, memory, bytes, stream } => {
                let ordered = *memory == Memory::StreamOrdered;
                if *bytes == 0 || *bytes > LARGEST {
                    return fault(
                        format!("`{buffer}` has {bytes} bytes"),
                        "allocate between 1 byte and 1 GiB",
                    );
                }
                match stream {
                    Some(stream) if ordered => self.stream(stream)?,
                    Some(_) => {
                        return fault(
                            format!("{} memory is not allocated on a stream", memory.word()),
                            "leave out the stream",
                        );
                    }
                    None if ordered => {
                        return fault(
                            "stream-ordered memory needs its stream".into(),
                            "write `NAME = stream-ordered BYTES on STREAM`",
                        );
                    }
                    None => {}
                }
                self.declare(buffer, Thing::Buffer { memory: *memory, bytes: *bytes })
            }
            Action::Free { buffer, with, stream } => {
                match (with, stream) {
                    (Release::CudaFreeAsync, Some(stream)) => self.stream(stream)?,
                    (Release::CudaFreeAsync, None) => {
                        return fault("cudaFreeAsync needs a stream".into(), "add `on STREAM`");
                    }
                    (_, Some(_)) => {
                        return fault(format!("{} takes no stream", with.word()), "leave out the stream");
                    }
                    (_, None) => {}
                }
                let (memory, bytes) = self.buffer(buffer)?;
                if memory == Memory::Registered && *with == Release::CudaHostUnregister {
                    let memory = Memory::Pageable;
                    self.things.insert(buffer.clone(), Thing::Buffer { memory, bytes });
                } else {
                    self.end(buffer, "released");
                }
                Ok(())
            }
            Action::CreateStream { stream, .. } => self.declare(stream, Thing::Stream),
            Action::DestroyStream { stream } => {
                self.stream(&Stream::Named(stream.clone()))?;
                self.end(stream, "destroyed");
                Ok(())
            }
            Action::CreateEvent { event } => self.declare(event, Thing::Event),
            Action::DestroyEvent { event } => {
                self.event(event)?;
                self.end(event, "destroyed");
                Ok(())
            }
            Action::Copy { dst, src, synchronous, stream, .. } => {
                self.work(stream, *synchronous)?;
                self.range(dst)?;
                self.range(src)?;
                if dst.len() != src.len() {
                    return fault(
                        format!("the copy reads {} bytes and writes {}", src.len(), dst.len()),
                        "give both ranges the same length",
                    );
                }
                if dst.overlaps(src) {
                    return fault(
                        "the copy overlaps itself, which is undefined".into(),
                        "copy between ranges that share no byte",
                    );
                }
                Ok(())
            }
            Action::Fill { dst, synchronous, stream } => {
                self.work(stream, *synchronous)?;
                self.device_range(dst)
            }
            Action::Launch { kernel, reads, writes, stream, meant } => {
                if kernel.is_empty() {
                    return fault("the kernel has no name".into(), "name it");
                }
                self.work(stream, false)?;
                if let Some(meant) = meant {
                    self.stream(meant)?;
                    if self.capture.is_some() {
                        return fault(
                            "a launch in a capture names another stream than it means".into(),
                            "launch it outside of the capture",
                        );
                    }
                }
                reads.iter().chain(writes).try_for_each(|range| self.device_range(range))
            }
            Action::HostFunction { function, reads, writes, stream, callback, calls } => {
                if function.is_empty() || calls.iter().any(String::is_empty) {
                    return fault("a function has no name".into(), "name it");
                }
                self.work(stream, false)?;
                if *callback && self.capture.is_some() {
                    return fault("cudaStreamAddCallback ends a capture".into(), "use `host-function`");
                }
                reads.iter().chain(writes).try_for_each(|range| self.host_range(range))
            }
            Action::Record { event, stream } | Action::StreamWait { stream, event } => {
                self.stream(stream)?;
                self.event(event)
            }
            Action::HostRead { range } | Action::HostWrite { range } => self.range(range),
            Action::Synchronize { point, .. } => self.point(point),
            Action::MakeAndRelease { made, bytes } => {
                let memory = made.is_memory();
                if memory != (*bytes > 0) || *bytes > LARGEST {
                    return fault(
                        format!("{} of {bytes} bytes", made.word()),
                        "give memory a size between 1 byte and 1 GiB, and nothing else one",
                    );
                }
                Ok(())
            }
            Action::Fault { work, .. } if work.is_empty() => fault("the work has no name".into(), "name it"),
            Action::Fault { stream, .. } => {
                if self.capture.is_some() {
                    return fault("work that fails stands in a capture".into(), "move it out of the capture");
                }
                self.work(stream, false)
            }
            Action::Query { point: Point::Device, .. } => {
                fault("the device cannot be queried".into(), "query a stream or an event, or synchronize")
            }
            Action::Query { point, .. } => self.point(point),
            Action::Call { function } if function.is_empty() => {
                fault("the function has no name".into(), "name it")
            }
            Action::Call { .. } => Ok(()),
            Action::BeginCapture { stream } => {
                self.stream(stream)?;
                if self.is_legacy(stream) {
                    return fault("the legacy default stream cannot be captured".into(), "capture another");
                }
                self.capture = Some(Capture { stream: stream.clone(), buffers: Vec::new() });
                Ok(())
            }
            Action::EndCapture { stream, graph } => {
                let Some(capture) = self.capture.take_if(|it| it.stream == *stream) else {
                    return fault(
                        format!("`{stream}` is not being captured"),
                        "begin with `begin-capture STREAM`",
                    );
                };
                self.declare(graph, Thing::Graph(capture.buffers))
            }
            Action::LaunchGraph { graph, stream } => {
                self.stream(stream)?;
                match self.things.get(graph) {
                    Some(Thing::Graph(buffers)) => {
                        buffers.clone().iter().try_for_each(|name| self.buffer(name).map(drop))
                    }
                    other => self.not(graph, other, "a graph"),
                }
            }
        }
    }

    /// While a stream is captured, only work on that stream and what touches no stream can be run: the rest
    /// fails, or makes the capture fail.
    fn may_stand_in_a_capture(&mut self, action: &Action) -> Checked {
        let Some(capture) = &mut self.capture else { return Ok(()) };
        let what = match action {
            Action::EndCapture { .. }
            | Action::HostRead { .. }
            | Action::HostWrite { .. }
            | Action::Call { .. }
            | Action::CreateStream { .. }
            | Action::CreateEvent { .. } => return Ok(()),
            Action::LaunchGraph { .. } => "a graph launch",
            _ => match action.work_stream() {
                Some(stream) if *stream == capture.stream => {
                    let touched = action.reads().into_iter().chain(action.writes());
                    capture.buffers.extend(touched.map(|range| range.buffer.clone()));
                    return Ok(());
                }
                Some(_) => "work on another stream",
                None => "this step",
            },
        };
        fault(
            format!("{what} cannot stand in the capture of `{}`", capture.stream),
            "end the capture first; in it, enqueue work on the captured stream only",
        )
    }

    fn declare(&mut self, name: &Name, thing: Thing) -> Checked {
        if !is_name(name) {
            return fault(
                format!("`{name}` cannot be a name"),
                "use letters, digits and `_`, and none of `default`, `legacy`, `per_thread`, `device`",
            );
        }
        if let Some(other) = self.things.get(name) {
            return fault(format!("`{name}` is {} already", other.word()), "use another name");
        }
        if let Some(how) = self.gone.get(name) {
            return fault(format!("`{name}` was something else, which was {how}"), "use another name");
        }
        self.things.insert(name.clone(), thing);
        Ok(())
    }

    fn end(&mut self, name: &Name, how: &'static str) {
        self.things.remove(name);
        self.gone.insert(name.clone(), how);
    }

    fn not<T>(&self, name: &str, thing: Option<&Thing>, wanted: &str) -> Result<T, Fault> {
        match (thing, self.gone.get(name)) {
            (Some(thing), _) => fault(format!("`{name}` is {}, not {wanted}", thing.word()), "name another"),
            (None, Some(how)) => {
                fault(format!("`{name}` was {how} before"), "use it earlier, or end it later")
            }
            (None, None) => fault(format!("`{name}` is not declared"), "declare it in a line above"),
        }
    }

    fn buffer(&self, name: &str) -> Result<(Memory, u64), Fault> {
        match self.things.get(name) {
            Some(Thing::Buffer { memory, bytes }) => Ok((*memory, *bytes)),
            other => self.not(name, other, "a buffer"),
        }
    }

    fn stream(&self, stream: &Stream) -> Checked {
        let Stream::Named(name) = stream else { return Ok(()) };
        match self.things.get(name) {
            Some(Thing::Stream) => Ok(()),
            other => self.not(name, other, "a stream"),
        }
    }

    fn event(&self, name: &str) -> Checked {
        match self.things.get(name) {
            Some(Thing::Event) => Ok(()),
            other => self.not(name, other, "an event"),
        }
    }

    fn point(&self, point: &Point) -> Checked {
        match point {
            Point::Stream(stream) => self.stream(stream),
            Point::Event(event) => self.event(event),
            Point::Device => Ok(()),
        }
    }

    fn is_legacy(&self, stream: &Stream) -> bool {
        *stream == Stream::Legacy
            || (*stream == Stream::Default && self.default_stream == DefaultStream::Legacy)
    }

    /// Work may be enqueued. The synchronous forms have no stream argument: they use the default stream.
    fn work(&self, stream: &Stream, synchronous: bool) -> Checked {
        self.stream(stream)?;
        let default = match self.default_stream {
            DefaultStream::Legacy => Stream::Legacy,
            DefaultStream::PerThread => Stream::PerThread,
        };
        if synchronous && *stream != Stream::Default && *stream != default {
            return fault(
                format!("a synchronous form has no stream, so it cannot be on `{stream}`"),
                "write `on default`, or use the asynchronous form",
            );
        }
        Ok(())
    }

    fn range(&self, range: &Range) -> Checked {
        let (_, bytes) = self.buffer(&range.buffer)?;
        if range.is_empty() || range.end > bytes {
            return fault(
                format!("{range} is not within `{}`, which has {bytes} bytes", range.buffer),
                "use a range that is not empty and ends with the buffer at the latest",
            );
        }
        Ok(())
    }

    fn device_range(&self, range: &Range) -> Checked {
        self.range(range)?;
        if self.buffer(&range.buffer)?.0.is_device_accessible() {
            return Ok(());
        }
        fault(
            format!("the device cannot reach `{}`, which is pageable", range.buffer),
            "use pinned, registered, managed or device memory",
        )
    }

    fn host_range(&self, range: &Range) -> Checked {
        self.range(range)?;
        if self.buffer(&range.buffer)?.0.is_host_accessible() {
            return Ok(());
        }
        fault(
            format!("a host function cannot touch `{}`, which is device memory", range.buffer),
            "use host or managed memory",
        )
    }
}

fn fault<T>(what: String, help: &'static str) -> Result<T, Fault> {
    Err(Fault(what, help))
}
