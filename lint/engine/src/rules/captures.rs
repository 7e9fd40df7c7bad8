//! Captures in the words of diagnostics, and the witnesses of what is wrong with them.

use super::RuleContext;
use super::witness::{stated_memory, stream};
use crate::facts::{CallInCapture, Capture, CaptureFault, Fault, Object, Stream, Work, WorkKind};
use crate::order::capture::Refusal;
use crate::program::SiteId;
use crate::sketch::{self, LARGEST, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, CaptureMode, Memory, Name, Point, Range, Trace};
use crate::{Confidence, Related};

/// Of the faults that a rule takes, the first of each place.
pub(super) fn faults<'f>(
    context: &'f RuleContext<'_>,
    takes: impl Fn(&Fault) -> bool,
) -> Vec<&'f CaptureFault> {
    let mut found: Vec<&CaptureFault> = Vec::new();
    for fault in context.facts.captures.iter().filter(|fault| takes(&fault.what)) {
        match found.iter_mut().find(|first| first.site == fault.site) {
            Some(first) if confidence(first) < confidence(fault) => *first = fault,
            Some(_) => {}
            None => found.push(fault),
        }
    }
    found
}

/// How sure a fault is.
pub(super) fn confidence(fault: &CaptureFault) -> Confidence {
    match fault.doubtful {
        true => Confidence::Possible,
        false => super::root_cause::paths(fault.paths),
    }
}

/// The name of a code.
pub(super) const fn code_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::EndedCapture => "cudaErrorInvalidValue",
        Refusal::IllegalState => "cudaErrorIllegalState",
        Refusal::Unsupported => "cudaErrorStreamCaptureUnsupported",
        Refusal::Merge => "cudaErrorStreamCaptureMerge",
        Refusal::Unmatched => "cudaErrorStreamCaptureUnmatched",
        Refusal::Unjoined => "cudaErrorStreamCaptureUnjoined",
        Refusal::Isolation => "cudaErrorStreamCaptureIsolation",
        Refusal::Implicit => "cudaErrorStreamCaptureImplicit",
        Refusal::CapturedEvent => "cudaErrorCapturedEvent",
    }
}

/// Where a capture begins.
pub(super) fn begin(capture: &Capture) -> Related {
    let stream = super::words::stream(&capture.stream);
    Related { site: capture.begun_at, message: format!("the capture of {stream} begins here") }
}

/// The trace that shows a fault. It ends where the fault is noticed: a capture that is lost has an end there.
pub(super) fn of_fault(context: &RuleContext<'_>, fault: &CaptureFault) -> Option<Trace> {
    let mut drawing = Drawing { context, sketch: Sketch::new(context.options), streams: Vec::new() };
    drawing.draw(fault)?;
    Some(drawing.sketch.finish())
}

struct Drawing<'c> {
    context: &'c RuleContext<'c>,
    sketch: Sketch,
    streams: Vec<(Stream, trace::Stream)>,
}

impl Drawing<'_> {
    fn draw(&mut self, fault: &CaptureFault) -> Option<()> {
        let site = fault.site;
        match &fault.what {
            Fault::Refused { function, call, refusal } => {
                self.refused(fault, function, call, *refusal)?;
            }
            // The read is in order with all that a trace has: it comes too early, not too near.
            Fault::ReadTooEarly { .. } => return None,
            Fault::Unjoined { stream, work } => {
                let origin = self.begin(&fault.capture, None);
                let forked = self.fork(&fault.capture, &origin, stream);
                let place = work.as_ref().map_or(site, |work| work.site);
                let name = work.as_ref().map_or("", |work| work.name.as_str());
                let launch = self.launch(name, forked);
                self.sketch.step(launch, place);
                self.end(origin, site);
            }
            Fault::EndedElsewhere { stream, forked } => {
                let origin = self.begin(&fault.capture, None);
                let other = match forked {
                    true => self.fork(&fault.capture, &origin, stream),
                    false => self.other_than(&fault.capture, stream),
                };
                self.end(other, site);
            }
            // What the path leaves behind is a stream that nobody can wait for.
            Fault::NotEnded => {
                let origin = self.begin(&fault.capture, None);
                let point = Point::Stream(origin.clone());
                self.sketch.step(Action::Synchronize { point, needless: false }, site);
                self.end(origin, site);
            }
            Fault::BufferReleased { work, object, released_at, how, launched_on } => {
                let origin = self.begin(&fault.capture, None);
                let memory = object.memory.map_or(Memory::Pageable, sketch::memory);
                let buffer = self.buffer(object, memory);
                let node = self.node(work, buffer.clone(), memory, origin.clone());
                self.sketch.step(node, work.site);
                let graph = self.end(origin, work.site);
                let with = sketch::release(how, memory);
                self.sketch.step(Action::Free { buffer: buffer.buffer, with, stream: None }, *released_at);
                let stream = self.stream(launched_on);
                self.sketch.step(Action::LaunchGraph { graph, stream }, site);
            }
        }
        Some(())
    }

    fn refused(
        &mut self,
        fault: &CaptureFault,
        function: &str,
        call: &CallInCapture,
        refusal: Refusal,
    ) -> Option<()> {
        let (site, capture) = (fault.site, &fault.capture);
        if let CallInCapture::Begins(stream) = call {
            let stream = self.stream(stream);
            self.sketch.step(Action::BeginCapture { stream, mode: mode(capture) }, site);
            return Some(());
        }
        // Something that was made or recorded before the capture.
        let event = match call {
            CallInCapture::AwaitsEvent { event, recorded_on, .. }
            | CallInCapture::StreamWaits { event, recorded_on, .. } => {
                let event = self.sketch.event(event, None);
                if matches!(refusal, Refusal::Isolation | Refusal::Unsupported) {
                    let stream = match recorded_on {
                        Some(Stream::Legacy | Stream::PerThread) | None => {
                            trace::Stream::Named(self.sketch.stream("other", false, None))
                        }
                        Some(stream) if *stream == capture.stream => self.captured(capture, None),
                        Some(stream) => self.stream(stream),
                    };
                    self.sketch.step(Action::Record { event: event.clone(), stream }, capture.begun_at);
                }
                Some(event)
            }
            _ => None,
        };
        // Another capture, which the event belongs to.
        let other = match call {
            CallInCapture::StreamWaits { other: Some(other), .. } => {
                let stream = self.other_than(capture, &other.stream);
                let begin = Action::BeginCapture { stream: stream.clone(), mode: mode(other) };
                self.sketch.step(begin, other.begun_at);
                Some(stream)
            }
            _ => None,
        };
        let origin = self.begin(capture, (refusal == Refusal::Implicit).then_some(false));
        let record = |event: &Name, stream: trace::Stream| Action::Record { event: event.clone(), stream };
        if let Some(event) = &event {
            let stream = match (&other, refusal) {
                (Some(other), _) => Some(other.clone()),
                (None, Refusal::CapturedEvent | Refusal::EndedCapture) => Some(origin.clone()),
                _ => None,
            };
            if let Some(stream) = stream {
                self.sketch.step(record(event, stream), capture.begun_at);
            }
        }
        if refusal == Refusal::EndedCapture {
            self.end(origin.clone(), capture.begun_at);
        }
        let action = self.call(capture, &origin, function, call, event)?;
        self.sketch.step(action, site);
        if refusal != Refusal::EndedCapture {
            self.end(origin, site);
        }
        if let Some(other) = other {
            self.end(other, site);
        }
        Some(())
    }

    fn call(
        &mut self,
        capture: &Capture,
        origin: &trace::Stream,
        function: &str,
        call: &CallInCapture,
        event: Option<Name>,
    ) -> Option<Action> {
        let wait = |point, asks| match asks {
            true => Action::Query { point, until_complete: false },
            false => Action::Synchronize { point, needless: false },
        };
        Some(match call {
            CallInCapture::Allocates(kind) => self.allocate("", sketch::memory(*kind)),
            CallInCapture::Registers(object) => self.allocate(&object.name, Memory::Registered),
            CallInCapture::Releases(object, with) => {
                let how = crate::facts::ReleaseKind::Call(*with, function.to_owned());
                let memory = sketch::presumed_by_release(&how);
                let buffer = self.buffer(object, memory).buffer;
                Action::Free { buffer, with: sketch::release(&how, memory), stream: None }
            }
            CallInCapture::AwaitsStream { stream, takes_part, asks } => {
                let stream = match takes_part {
                    true => self.part_of(capture, origin, stream),
                    false => self.other_than(capture, stream),
                };
                wait(Point::Stream(stream), *asks)
            }
            CallInCapture::AwaitsEvent { asks, .. } => wait(Point::Event(event?), *asks),
            CallInCapture::AwaitsDevice => Action::Synchronize { point: Point::Device, needless: false },
            CallInCapture::Work(work) => {
                let stream = self.part_of(capture, origin, &work.stream);
                let memory = match &work.kind {
                    WorkKind::Copy { direction, .. } => stated_memory(*direction)[usize::from(!work.writes)],
                    WorkKind::HostFunction => Memory::Pinned,
                    _ => Memory::Device,
                };
                let buffer = self.sketch.buffer("", memory, UNKNOWN_SIZE, None, None);
                let range = Range { buffer, start: 0, end: UNKNOWN_SIZE };
                self.node(work, range, memory, stream)
            }
            CallInCapture::Callback(stream) => Action::HostFunction {
                function: "callback".to_owned(),
                reads: Vec::new(),
                writes: Vec::new(),
                calls: Vec::new(),
                stream: self.part_of(capture, origin, stream),
                callback: true,
            },
            CallInCapture::Other(_) => Action::Call { function: function.to_owned() },
            CallInCapture::StreamWaits { stream, .. } => {
                let stream = self.part_of(capture, origin, stream);
                Action::StreamWait { stream, event: event? }
            }
            CallInCapture::Records(event) => {
                let stream = stream(&mut self.sketch, self.context.options, &Stream::Legacy);
                Action::Record { event: self.sketch.event(event, None), stream }
            }
            CallInCapture::Begins(_) => return None,
        })
    }

    /// A stream of the witness, always the same.
    fn stream(&mut self, wanted: &Stream) -> trace::Stream {
        if let Some((_, drawn)) = self.streams.iter().find(|(it, _)| it == wanted) {
            return drawn.clone();
        }
        let drawn = stream(&mut self.sketch, self.context.options, wanted);
        self.streams.push((wanted.clone(), drawn.clone()));
        drawn
    }

    /// A stream that is not that of a capture, though one place may have made both.
    fn other_than(&mut self, capture: &Capture, wanted: &Stream) -> trace::Stream {
        match *wanted == capture.stream {
            true => stream(&mut self.sketch, self.context.options, wanted),
            false => self.stream(wanted),
        }
    }

    /// The stream of a capture; `non_blocking`: how it has to be made for the fault to show.
    fn captured(&mut self, capture: &Capture, non_blocking: Option<bool>) -> trace::Stream {
        match (non_blocking, &capture.stream) {
            (Some(non_blocking), Stream::Created { name, site, .. }) => {
                let known =
                    Stream::Created { name: name.clone(), site: *site, non_blocking: Some(non_blocking) };
                let drawn = self.stream(&known);
                self.streams.push((capture.stream.clone(), drawn.clone()));
                drawn
            }
            _ => self.stream(&capture.stream),
        }
    }

    fn begin(&mut self, capture: &Capture, non_blocking: Option<bool>) -> trace::Stream {
        let stream = self.captured(capture, non_blocking);
        let begin = Action::BeginCapture { stream: stream.clone(), mode: mode(capture) };
        self.sketch.step(begin, capture.begun_at);
        stream
    }

    fn end(&mut self, stream: trace::Stream, site: SiteId) -> Name {
        let graph = self.sketch.name("graph", "graph");
        self.sketch.step(Action::EndCapture { stream, graph: graph.clone() }, site);
        graph
    }

    /// Another stream is brought into the capture.
    fn fork(&mut self, capture: &Capture, origin: &trace::Stream, forked: &Stream) -> trace::Stream {
        let event = self.sketch.event("forked", None);
        let forked = self.other_than(capture, forked);
        let record = Action::Record { event: event.clone(), stream: origin.clone() };
        self.sketch.step(record, capture.begun_at);
        self.sketch.step(Action::StreamWait { stream: forked.clone(), event }, capture.begun_at);
        forked
    }

    /// A stream that takes part in the capture; the default streams stand for themselves.
    fn part_of(&mut self, capture: &Capture, origin: &trace::Stream, wanted: &Stream) -> trace::Stream {
        match wanted {
            Stream::Legacy | Stream::PerThread => self.stream(wanted),
            wanted if *wanted == capture.stream => origin.clone(),
            wanted => self.fork(capture, origin, wanted),
        }
    }

    fn allocate(&mut self, name: &str, memory: Memory) -> Action {
        let buffer = self.sketch.name(name, if memory.is_host_accessible() { "h" } else { "d" });
        Action::Allocate { buffer, memory, bytes: UNKNOWN_SIZE, stream: None }
    }

    fn buffer(&mut self, object: &Object, memory: Memory) -> Range {
        let bytes = object.bytes.filter(|bytes| *bytes > 0).unwrap_or(UNKNOWN_SIZE).min(LARGEST);
        let buffer = self.sketch.buffer(&object.name, memory, bytes, None, object.site);
        Range { buffer, start: 0, end: bytes }
    }

    fn launch(&mut self, name: &str, stream: trace::Stream) -> Action {
        let kernel = match sketch::identifier(name) {
            name if name.is_empty() => "kernel".to_owned(),
            name => name,
        };
        Action::Launch { kernel, reads: Vec::new(), writes: Vec::new(), stream, meant: None }
    }

    /// Work that touches a range.
    fn node(&mut self, work: &Work, range: Range, memory: Memory, stream: trace::Stream) -> Action {
        match &work.kind {
            WorkKind::Copy { direction, synchronous_form, .. } => {
                let length = range.end - range.start;
                let [dst, src] = stated_memory(*direction);
                let presumed = if work.writes { src } else { dst };
                let buffer = self.sketch.buffer("", presumed, length, None, None);
                let other = Range { buffer, start: 0, end: length };
                let (dst, src) = if work.writes { (range, other) } else { (other, range) };
                let kind = direction.map(sketch::copy_kind);
                Action::Copy { dst, src, kind, synchronous: *synchronous_form, stream }
            }
            WorkKind::Fill => Action::Fill { dst: range, synchronous: false, stream },
            WorkKind::HostFunction => Action::HostFunction {
                function: match sketch::identifier(&work.name) {
                    name if name.is_empty() => "callback".to_owned(),
                    name => name,
                },
                reads: vec![range],
                writes: Vec::new(),
                calls: Vec::new(),
                stream,
                callback: false,
            },
            _ if memory.is_device_accessible() => {
                let launch = self.launch(&work.name, stream);
                match launch {
                    Action::Launch { kernel, stream, meant, .. } => {
                        Action::Launch { kernel, reads: Vec::new(), writes: vec![range], stream, meant }
                    }
                    launch => launch,
                }
            }
            _ => self.launch(&work.name, stream),
        }
    }
}

fn mode(capture: &Capture) -> CaptureMode {
    capture.mode.unwrap_or_default()
}
