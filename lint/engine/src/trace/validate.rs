//! What a trace must fulfil so that it can be run and judged: names, sorts, ranges, lifetimes.
//!
//! A trace may hold the misuses that there are hazards for ([`super::judge::Hazard`]), and no other. It may use
//! what it has released or destroyed, by its name, and make calls that a capture forbids; what it never made
//! is a problem.

use std::collections::BTreeMap;
use std::fmt;

use super::capture::{Capturing, Outcome};
use super::{Action, Memory, Name, Point, Range, Release, Stream, Trace};
use crate::DefaultStream;
use crate::order::capture::{Ended, Fate, Refusal};

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
    let mut check = Check::new(trace.default_stream);
    let mut problems = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        if let Err(Fault(what, help)) = check.step(index, &step.action) {
            problems.push(Problem { step: index, what, help: help.to_owned() });
        }
    }
    if !check.capturing.is_empty() && !check.ends_elsewhere {
        problems.push(Problem {
            step: trace.steps.len(),
            what: "a capture does not end".to_owned(),
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
    Buffer { memory: Memory, bytes: u64 },
    Stream,
    Event,
    Graph,
}

impl Thing {
    const fn word(&self) -> &'static str {
        match self {
            Self::Buffer { .. } => "a buffer",
            Self::Stream => "a stream",
            Self::Event => "an event",
            Self::Graph => "a graph",
        }
    }
}

/// What is wrong, and what to do.
struct Fault(String, &'static str);

type Checked = Result<(), Fault>;

struct Check {
    default_stream: DefaultStream,
    /// Everything that was made, what is gone among it.
    things: BTreeMap<Name, Thing>,
    capturing: Capturing,
    /// A capture is ended on a stream that is not captured: what has begun is left open.
    ends_elsewhere: bool,
    /// The program has ended.
    ended: bool,
}

impl Check {
    fn new(default_stream: DefaultStream) -> Self {
        Self {
            default_stream,
            things: BTreeMap::new(),
            capturing: Capturing::new(default_stream),
            ends_elsewhere: false,
            ended: false,
        }
    }

    fn step(&mut self, index: usize, action: &Action) -> Checked {
        if self.ended {
            return fault("it comes after the end".into(), "move `end` to the last line");
        }
        self.ended = matches!(action, Action::End);
        self.may_stand_in_a_capture(action)?;
        self.makes_sense(action)?;
        match self.capturing.step(index, action) {
            Outcome::Step(Fate::Refused(Refusal::IllegalState))
                if matches!(action, Action::BeginCapture { .. }) =>
            {
                fault("this stream is captured already".into(), "capture another")
            }
            Outcome::Ends(Ended::Nothing) if self.capturing.is_empty() => {
                fault("this stream is not captured".into(), "begin with `begin-capture STREAM`")
            }
            Outcome::Ends(Ended::Nothing) => {
                self.ends_elsewhere = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn makes_sense(&mut self, action: &Action) -> Checked {
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
                }
                Ok(())
            }
            Action::CreateStream { stream, .. } => self.declare(stream, Thing::Stream),
            Action::DestroyStream { stream } => self.stream(&Stream::Named(stream.clone())),
            Action::CreateEvent { event } | Action::CreateTimer { event } => {
                self.declare(event, Thing::Event)
            }
            Action::Elapsed { start, end } => {
                self.event(start)?;
                self.event(end)
            }
            Action::DestroyEvent { event } => self.event(event),
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
                    if !self.capturing.is_empty() {
                        return fault(
                            "a launch in a capture names another stream than it means".into(),
                            "launch it outside of the capture",
                        );
                    }
                }
                reads.iter().chain(writes).try_for_each(|range| self.device_range(range))
            }
            Action::HostFunction { function, reads, writes, stream, calls, .. } => {
                if function.is_empty() || calls.iter().any(String::is_empty) {
                    return fault("a function has no name".into(), "name it");
                }
                self.work(stream, false)?;
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
                if !self.capturing.is_empty() {
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
            Action::Call { .. } | Action::Clock | Action::End => Ok(()),
            Action::BeginCapture { stream, .. } => self.stream(stream),
            Action::EndCapture { stream, graph } => {
                self.stream(stream)?;
                self.declare(graph, Thing::Graph)
            }
            Action::LaunchGraph { graph, stream } => {
                self.stream(stream)?;
                self.graph(graph)
            }
            Action::DestroyGraph { graph } => self.graph(graph),
        }
    }

    /// What nodes there are no words for in a trace, and what is not known to be one thing or the other.
    fn may_stand_in_a_capture(&self, action: &Action) -> Checked {
        let (stream, what) = match action {
            Action::LaunchGraph { stream, .. } => (stream.clone(), "a graph launch"),
            Action::Allocate { stream: Some(stream), .. } | Action::Free { stream: Some(stream), .. } => {
                (stream.clone(), "an allocation or a free in stream order")
            }
            Action::DestroyStream { stream } => (Stream::Named(stream.clone()), "the end of the stream"),
            _ => return Ok(()),
        };
        if !self.capturing.is_capturing(&stream) {
            return Ok(());
        }
        fault(format!("{what} cannot stand in the capture of `{stream}`"), "end the capture first")
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
        self.things.insert(name.clone(), thing);
        Ok(())
    }

    fn not<T>(&self, name: &str, thing: Option<&Thing>, wanted: &str) -> Result<T, Fault> {
        match thing {
            Some(thing) => fault(format!("`{name}` is {}, not {wanted}", thing.word()), "name another"),
            None => fault(format!("`{name}` is not declared"), "declare it in a line above"),
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

    fn graph(&self, name: &str) -> Checked {
        match self.things.get(name) {
            Some(Thing::Graph) => Ok(()),
            other => self.not(name, other, "a graph"),
        }
    }

    fn point(&self, point: &Point) -> Checked {
        match point {
            Point::Stream(stream) => self.stream(stream),
            Point::Event(event) => self.event(event),
            Point::Device => Ok(()),
        }
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
