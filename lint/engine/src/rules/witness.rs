//! Witnesses of what a single fact tells. Those of conflicts come with the fact.

use super::RuleContext;
use crate::cuda::row::{Direction, MemoryKind};
use crate::facts::{
    Callback, Dereference, EarlyQuery, EarlyTiming, LaunchShape, LeftWork, Made, MadeEachRound, Object,
    ReachedCall, Release, Stream, Transfer, TransferView, Work, WorkKind,
};
use crate::program::SiteId;
use crate::sketch::{self, LARGEST, Sketch, UNKNOWN_SIZE};
use crate::trace::{self, Action, Memory, Range, Trace};
use crate::{DefaultStream, Options};

/// A copy from pageable memory of this size surely blocks; smaller ones may be staged, and return (measured:
/// 1 MiB returns at once, 64 MiB block).
const BLOCKS: u64 = 64 << 20;

/// What a host access touches, at most: a word.
const WORD: u64 = 4;

/// A copy alone. `dst` and `src` are the memory to presume where it is not known.
pub(super) fn of_copy(
    context: &RuleContext<'_>,
    transfer: &Transfer,
    view: &TransferView,
    [dst_presumed, src_presumed]: [Memory; 2],
) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let kind = |object: &Object, presumed| object.memory.map_or(presumed, sketch::memory);
    let (dst_memory, src_memory) = (kind(&view.dst, dst_presumed), kind(&view.src, src_presumed));
    let synchronous = transfer.mode == crate::cuda::row::Mode::Sync;
    let uploads = src_memory == Memory::Pageable && !synchronous && dst_memory != Memory::Pageable;
    let known = view.bytes.or_else(|| [view.dst.bytes, view.src.bytes].into_iter().flatten().min());
    let bytes = match known.filter(|bytes| *bytes > 0) {
        // The staging limit decides what is seen.
        None if uploads => BLOCKS,
        Some(bytes) if uploads && bytes > LARGEST => bytes.min(BLOCKS),
        Some(bytes) => bytes.min(LARGEST),
        None => UNKNOWN_SIZE,
    };
    let stream = stream(&mut sketch, context.options, &view.stream);
    let mut side = |object: &Object, memory| {
        let bytes = object.bytes.unwrap_or(bytes).clamp(bytes, bytes.max(LARGEST));
        sketch.buffer(&object.name, memory, bytes, Some(stream.clone()), object.site)
    };
    let (dst, src) = (side(&view.dst, dst_memory), side(&view.src, src_memory));
    let range = |buffer| Range { buffer, start: 0, end: bytes };
    let kind = view.stated.map(sketch::copy_kind);
    let copy = Action::Copy { dst: range(dst), src: range(src), kind, synchronous, stream };
    sketch.step(copy, transfer.site);
    sketch.finish()
}

/// The memory that a direction speaks of: destination and source.
pub(super) const fn stated_memory(stated: Option<Direction>) -> [Memory; 2] {
    match stated {
        Some(Direction::HostToHost) => [Memory::Pinned, Memory::Pinned],
        Some(Direction::HostToDevice) => [Memory::Device, Memory::Pinned],
        Some(Direction::DeviceToHost) => [Memory::Pinned, Memory::Device],
        Some(Direction::DeviceToDevice) | None => [Memory::Device, Memory::Device],
    }
}

/// A release alone. `None` if what it is about is no misuse among the kinds that traces know.
pub(super) fn of_release(
    context: &RuleContext<'_>,
    release: &Release,
    object: &Object,
    kind: MemoryKind,
) -> Option<Trace> {
    let mut sketch = Sketch::new(context.options);
    let memory = sketch::memory(kind);
    let with = sketch::release(&release.how, memory);
    if with == memory.release() {
        return None;
    }
    let bytes = object.bytes.unwrap_or(UNKNOWN_SIZE).min(LARGEST);
    let buffer = sketch.buffer(&object.name, memory, bytes, Some(trace::Stream::Default), object.site);
    let stream = (with == trace::Release::CudaFreeAsync).then_some(trace::Stream::Default);
    sketch.step(Action::Free { buffer, with, stream }, release.site);
    Some(sketch.finish())
}

/// A host access to device memory.
pub(super) fn of_dereference(context: &RuleContext<'_>, dereference: &Dereference) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let object = &dereference.object;
    let memory = object.memory.map_or(Memory::Device, sketch::memory);
    let bytes = object.bytes.filter(|bytes| *bytes > 0).unwrap_or(UNKNOWN_SIZE).min(LARGEST);
    let buffer = sketch.buffer(&object.name, memory, bytes, Some(trace::Stream::Default), object.site);
    let range = Range { buffer, start: 0, end: bytes.min(WORD) };
    let write = dereference.write;
    let touch = if write { Action::HostWrite { range } } else { Action::HostRead { range } };
    sketch.step(touch, dereference.site);
    sketch.finish()
}

/// A host function that makes a call. The step stands at the call: that is what happens there.
pub(super) fn of_callback(context: &RuleContext<'_>, callback: &Callback, call: &ReachedCall) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let stream = trace::Stream::Named(sketch.stream("", false, None));
    let function = match sketch::identifier(&callback.function) {
        name if name.is_empty() || callback.function.starts_with('<') => "callback".to_owned(),
        name => name,
    };
    let host_function = Action::HostFunction {
        function,
        reads: Vec::new(),
        writes: Vec::new(),
        calls: vec![called(&call.name)],
        stream,
        // Callbacks are handed the stream and a status, host functions are not.
        callback: callback.params > 1,
    };
    sketch.step(host_function, call.site);
    sketch.finish()
}

/// A host function that waits for what the host does only after it has waited for the stream.
pub(super) fn of_waiting_callback(
    context: &RuleContext<'_>,
    callback: &Callback,
    call: &ReachedCall,
) -> Trace {
    let mut trace = of_callback(context, callback, call);
    let stream = trace.steps.iter().find_map(|step| step.action.work_stream().cloned());
    let point = trace::Point::Stream(stream.unwrap_or_default());
    let action = Action::Synchronize { point, needless: false };
    trace.steps.push(trace::Step { action, place: Some(callback.registered_at) });
    trace
}

/// One round: work, then what the round makes and releases. The handle of a library stands for the memory of the
/// device that it allocates.
pub(super) fn of_round(context: &RuleContext<'_>, made: &MadeEachRound) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let stream = trace::Stream::Named(sketch.stream("", false, None));
    let kernel = "work".to_owned();
    let launch = Action::Launch { kernel, reads: Vec::new(), writes: Vec::new(), stream, meant: None };
    sketch.step(launch, made.work);
    let thing = match made.made {
        Made::Device | Made::Handle => trace::Made::Device,
        Made::Managed => trace::Made::Managed,
        Made::Pinned => trace::Made::Pinned,
        Made::Registration => trace::Made::Registration,
        Made::Stream => trace::Made::Stream,
        Made::Event => trace::Made::Event,
    };
    let bytes = made.bytes.filter(|bytes| *bytes > 0).unwrap_or(UNKNOWN_SIZE).min(LARGEST);
    let bytes = if thing.is_memory() { bytes } else { 0 };
    sketch.step(Action::MakeAndRelease { made: thing, bytes }, made.site);
    sketch.finish()
}

/// Work, and the end of the program.
pub(super) fn of_left_work(context: &RuleContext<'_>, left: &LeftWork) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let stream = stream(&mut sketch, context.options, &left.work.stream);
    let work = work(&mut sketch, &left.work, left.object.as_ref(), stream);
    sketch.step(work, left.work.site);
    sketch.step(Action::End, left.end);
    sketch.finish()
}

/// Work between two readings of the clock.
pub(super) fn of_timing(context: &RuleContext<'_>, timing: &EarlyTiming) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let stream = stream(&mut sketch, context.options, &timing.work.stream);
    sketch.step(Action::Clock, timing.from);
    let kernel = match sketch::identifier(&timing.work.name) {
        name if name.is_empty() => "work".to_owned(),
        name => name,
    };
    let launch = Action::Launch { kernel, reads: Vec::new(), writes: Vec::new(), stream, meant: None };
    sketch.step(launch, timing.work.site);
    sketch.step(Action::Clock, timing.site);
    sketch.finish()
}

/// A copy to the host into an object, or a kernel that writes it.
fn work(sketch: &mut Sketch, work: &Work, object: Option<&Object>, stream: trace::Stream) -> Action {
    let is_copy = matches!(work.kind, WorkKind::Copy { .. });
    let presumed = if is_copy { Memory::Pinned } else { Memory::Device };
    let written = object.map(|object| {
        let memory = object.memory.map_or(presumed, sketch::memory);
        // Kernels reach no pageable memory, and a copy into it would wait.
        let memory = if memory == Memory::Pageable { presumed } else { memory };
        let bytes = object.bytes.filter(|bytes| *bytes > 0).unwrap_or(UNKNOWN_SIZE).min(LARGEST);
        let buffer = sketch.buffer(&object.name, memory, bytes, Some(stream.clone()), object.site);
        Range { buffer, start: 0, end: bytes }
    });
    if let (true, Some(dst)) = (is_copy, &written) {
        let buffer = sketch.buffer("", Memory::Device, dst.end, None, None);
        let src = Range { buffer, start: 0, end: dst.end };
        let kind = Some(trace::CopyKind::DeviceToHost);
        return Action::Copy { dst: dst.clone(), src, kind, synchronous: false, stream };
    }
    let kernel = match sketch::identifier(&work.name) {
        name if name.is_empty() => "kernel".to_owned(),
        name => name,
    };
    let writes = written.into_iter().collect();
    Action::Launch { kernel, reads: Vec::new(), writes, stream, meant: None }
}

/// Work that fails, and a query of the last error that comes before it has; then what a wait tells.
pub(super) fn of_early_query(context: &RuleContext<'_>, query: &EarlyQuery) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let stream = trace::Stream::Named(sketch.stream("", false, None));
    let work = match sketch::identifier(&query.name) {
        name if name.is_empty() => "kernel".to_owned(),
        name => name,
    };
    sketch.step(Action::Fault { work, stream: stream.clone() }, query.work);
    sketch.step(Action::Call { function: query.function.clone() }, query.site);
    let point = trace::Point::Stream(stream);
    sketch.step(Action::Synchronize { point, needless: false }, query.site);
    sketch.finish()
}

/// The function behind a call: that of a launch is the runtime's.
fn called(name: &str) -> String {
    if name.ends_with("<<<>>>") { "cudaLaunchKernel".to_owned() } else { name.to_owned() }
}

/// A launch that names no stream, though one was meant. In a legacy build it waits for all other blocking
/// streams: for the one here.
pub(super) fn of_launch(context: &RuleContext<'_>, launch: &LaunchShape) -> Trace {
    let mut sketch = Sketch::new(context.options);
    let meant = sketch.stream(launch.meant.as_deref().unwrap_or_default(), false, None);
    let work = |kernel: &str, stream, meant| Action::Launch {
        kernel: match sketch::identifier(kernel) {
            name if name.is_empty() => "kernel".to_owned(),
            name => name,
        },
        reads: Vec::new(),
        writes: Vec::new(),
        stream,
        meant,
    };
    if context.options.default_stream == DefaultStream::Legacy {
        let other = trace::Stream::Named(sketch.stream("other", false, None));
        sketch.step(work("other_work", other, None), launch.site);
    }
    let meant = Some(trace::Stream::Named(meant));
    sketch.step(work(&launch.kernel, trace::Stream::Default, meant), launch.site);
    sketch.finish()
}

/// A stream of the witness.
pub(super) fn stream(sketch: &mut Sketch, options: &Options, stream: &Stream) -> trace::Stream {
    let default = |stream, by_default| {
        if options.default_stream == by_default { trace::Stream::Default } else { stream }
    };
    let named = |name| trace::Stream::Named(name);
    match stream {
        Stream::Legacy => default(trace::Stream::Legacy, DefaultStream::Legacy),
        Stream::PerThread => default(trace::Stream::PerThread, DefaultStream::PerThread),
        Stream::Created { name, site, non_blocking } => {
            named(sketch.stream(name, *non_blocking == Some(true), Some(*site)))
        }
        Stream::Unseen { name } => named(sketch.stream(name, false, None::<SiteId>)),
    }
}
