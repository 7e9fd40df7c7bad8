//! Witnesses of uses after the end: what is used is made, ended and used again.

use super::RuleContext;
use super::witness::stream;
use crate::cuda::row::Direction;
use crate::facts::{Call, Gone, LateUse, Object, ReleaseKind, Stream, UseAfterEnd, Work, WorkKind};
use crate::sketch::{self, LARGEST, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, CopyKind, Memory, Point, Range, Trace};

/// The trace that shows a use after the end. `None` where traces have no step for the use.
pub(super) fn of_late_use(context: &RuleContext<'_>, late: &UseAfterEnd) -> Option<Trace> {
    if late.reset_by.is_some() {
        return None;
    }
    let mut sketch = Sketch::new(context.options);
    match &late.what {
        Gone::Memory(object, how, order) => {
            memory(context, &mut sketch, late, (object, how, order.as_ref()))?
        }
        Gone::Stream(gone) => on_stream(context, &mut sketch, late, gone)?,
        Gone::Event(name) => with_event(&mut sketch, late, name)?,
        Gone::Graph(name) => with_graph(&mut sketch, late, name)?,
        Gone::Module(_) | Gone::Lost(_) => return None,
    }
    Some(sketch.finish())
}

fn memory(
    context: &RuleContext<'_>,
    sketch: &mut Sketch,
    late: &UseAfterEnd,
    (object, how, order): (&Object, &ReleaseKind, Option<&Stream>),
) -> Option<()> {
    let known = object.memory.map(sketch::memory);
    // A release that does not fit is another rule's; the memory is taken for what it releases.
    let fits = |memory: &Memory| sketch::release(how, *memory).fits(*memory);
    let memory = known.filter(fits).unwrap_or_else(|| sketch::presumed_by_release(how));
    let order = order.map(|order| stream(sketch, context.options, order));
    let first = order.clone().or(Some(trace::Stream::Default));
    let bytes = object.bytes.filter(|bytes| *bytes > 0).unwrap_or(UNKNOWN_SIZE).min(LARGEST);
    let buffer = sketch.buffer(&object.name, memory, bytes, first, object.site);
    let with = sketch::release(how, memory);
    let whole = Range { buffer: buffer.clone(), start: 0, end: bytes };
    let free = Action::Free { buffer: buffer.clone(), with, stream: order.clone() };
    if let LateUse::Work(work @ Work { captured_at: Some(captured_at), .. }) = &late.by {
        // What a graph holds was put there while the memory was alive.
        let origin = trace::Stream::Named(sketch.stream("origin", false, None));
        let node = use_in_work(sketch, work, whole, memory, origin.clone())?;
        let mode = trace::CaptureMode::default();
        sketch.step(Action::BeginCapture { stream: origin.clone(), mode }, *captured_at);
        sketch.step(node, *captured_at);
        let graph = sketch.name("graph", "graph");
        sketch.step(Action::EndCapture { stream: origin, graph: graph.clone() }, *captured_at);
        sketch.step(free, late.ended_at);
        let stream = match order {
            Some(order) if late.what.order() == Some(&work.stream) => order,
            _ => stream(sketch, context.options, &work.stream),
        };
        sketch.step(Action::LaunchGraph { graph, stream }, late.site);
        return Some(());
    }
    sketch.step(free, late.ended_at);
    let action = match &late.by {
        LateUse::Release(again, second) => {
            let with = sketch::release(again, memory);
            let stream = second.as_ref().map(|second| match order {
                Some(order) if late.what.order() == Some(second) => order,
                _ => stream(sketch, context.options, second),
            });
            Action::Free { buffer, with, stream }
        }
        LateUse::Work(work) => {
            let stream = match order {
                Some(order) if late.what.order() == Some(&work.stream) => order,
                _ => stream(sketch, context.options, &work.stream),
            };
            use_in_work(sketch, work, whole, memory, stream)?
        }
        LateUse::Call(..) => return None,
    };
    sketch.step(action, late.site);
    Some(())
}

/// Work that touches a range.
fn use_in_work(
    sketch: &mut Sketch,
    work: &Work,
    range: Range,
    memory: Memory,
    stream: trace::Stream,
) -> Option<Action> {
    match &work.kind {
        WorkKind::Copy { direction, synchronous_form, .. } => {
            let on_host = match (direction, work.writes) {
                (Some(Direction::HostToDevice), true) | (Some(Direction::DeviceToHost), false) => true,
                (Some(Direction::HostToHost), _) => true,
                _ => !memory.is_device_accessible(),
            };
            let other = if on_host { Memory::Pinned } else { Memory::Device };
            let bytes = range.len();
            let name = if work.writes { "src" } else { "dst" };
            let buffer = sketch.buffer(name, other, bytes, None, None);
            let other_range = Range { buffer, start: 0, end: bytes };
            let (dst, src) = if work.writes { (range, other_range) } else { (other_range, range) };
            let device = |memory: Memory| !memory.is_host_accessible();
            let sides = if work.writes { (memory, other) } else { (other, memory) };
            let kind = match (device(sides.0), device(sides.1)) {
                (true, true) => CopyKind::DeviceToDevice,
                (true, false) => CopyKind::HostToDevice,
                (false, true) => CopyKind::DeviceToHost,
                (false, false) => CopyKind::HostToHost,
            };
            let stream = if *synchronous_form { trace::Stream::Default } else { stream };
            Some(Action::Copy { dst, src, kind: Some(kind), synchronous: *synchronous_form, stream })
        }
        WorkKind::Fill => Some(Action::Fill { dst: range, synchronous: false, stream }),
        WorkKind::HostFunction if memory.is_host_accessible() => Some(Action::HostFunction {
            function: "callback".to_owned(),
            reads: vec![range],
            writes: Vec::new(),
            calls: Vec::new(),
            stream,
            callback: false,
        }),
        WorkKind::HostFunction | WorkKind::Allocation => None,
        WorkKind::Kernel | WorkKind::Other => {
            let (reads, writes) =
                if work.writes { (Vec::new(), vec![range]) } else { (vec![range], Vec::new()) };
            Some(launch(&work.name, reads, writes, stream))
        }
    }
}

fn launch(name: &str, reads: Vec<Range>, writes: Vec<Range>, stream: trace::Stream) -> Action {
    let kernel = match sketch::identifier(name) {
        name if name.is_empty() => "kernel".to_owned(),
        name => name,
    };
    Action::Launch { kernel, reads, writes, stream, meant: None }
}

fn on_stream(
    context: &RuleContext<'_>,
    sketch: &mut Sketch,
    late: &UseAfterEnd,
    gone: &Stream,
) -> Option<()> {
    let trace::Stream::Named(name) = stream(sketch, context.options, gone) else { return None };
    sketch.step(Action::DestroyStream { stream: name.clone() }, late.ended_at);
    let stream = trace::Stream::Named(name.clone());
    let action = match &late.by {
        // What the work touches is no matter.
        LateUse::Work(work) => launch(&work.name, Vec::new(), Vec::new(), stream),
        LateUse::Call(_, Call::Destroys) => Action::DestroyStream { stream: name },
        LateUse::Call(_, Call::Waits) => {
            Action::Synchronize { point: Point::Stream(stream), needless: false }
        }
        LateUse::Call(_, Call::Queries) => {
            Action::Query { point: Point::Stream(stream), until_complete: false }
        }
        LateUse::Call(_, Call::Records) => Action::Record { event: sketch.event("", None), stream },
        LateUse::Call(_, Call::StreamWaits) => Action::StreamWait { event: sketch.event("", None), stream },
        LateUse::Call(_, Call::Captures) => {
            Action::BeginCapture { stream, mode: trace::CaptureMode::default() }
        }
        LateUse::Call(_, Call::Launches | Call::Measures | Call::Other) | LateUse::Release(..) => {
            return None;
        }
    };
    sketch.step(action, late.site);
    Some(())
}

fn with_event(sketch: &mut Sketch, late: &UseAfterEnd, name: &str) -> Option<()> {
    let event = sketch.event(name, None);
    sketch.step(Action::DestroyEvent { event: event.clone() }, late.ended_at);
    let action = match &late.by {
        LateUse::Call(_, Call::Destroys) => Action::DestroyEvent { event },
        LateUse::Call(_, Call::Waits) => Action::Synchronize { point: Point::Event(event), needless: false },
        LateUse::Call(_, Call::Queries) => {
            Action::Query { point: Point::Event(event), until_complete: false }
        }
        LateUse::Call(_, Call::Records) => {
            let stream = trace::Stream::Named(sketch.stream("", false, None));
            Action::Record { event, stream }
        }
        LateUse::Call(_, Call::StreamWaits) => {
            let stream = trace::Stream::Named(sketch.stream("", false, None));
            Action::StreamWait { event, stream }
        }
        LateUse::Call(_, Call::Captures | Call::Launches | Call::Measures | Call::Other)
        | LateUse::Work(_)
        | LateUse::Release(..) => return None,
    };
    sketch.step(action, late.site);
    Some(())
}

/// A graph that is captured, destroyed, and launched or destroyed again.
fn with_graph(sketch: &mut Sketch, late: &UseAfterEnd, name: &str) -> Option<()> {
    let stream = trace::Stream::Named(sketch.stream("origin", false, None));
    let graph = sketch.name(name, "graph");
    let mode = trace::CaptureMode::default();
    sketch.step(Action::BeginCapture { stream: stream.clone(), mode }, late.ended_at);
    sketch.step(launch("captured", Vec::new(), Vec::new(), stream.clone()), late.ended_at);
    sketch.step(Action::EndCapture { stream: stream.clone(), graph: graph.clone() }, late.ended_at);
    sketch.step(Action::DestroyGraph { graph: graph.clone() }, late.ended_at);
    let action = match &late.by {
        LateUse::Call(_, Call::Destroys) => Action::DestroyGraph { graph },
        LateUse::Call(_, Call::Launches) => Action::LaunchGraph { graph, stream },
        LateUse::Call(..) | LateUse::Work(_) | LateUse::Release(..) => return None,
    };
    sketch.step(action, late.site);
    Some(())
}
