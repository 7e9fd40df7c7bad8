//! What each step does: the calls of CUDA, and the looks at what is read.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cuda_lint_engine::trace::judge::waits_in_host_function;
use cuda_lint_engine::trace::{Action, CaptureMode, CopyKind, Memory, Point, Range, Stream, capture};

use super::recorder::{Source, returns_when_over};
use super::{GUARDS, Graph, Look, NOT_READY, Running, check, no_stream, unknown};
use crate::platform::Error;
use crate::replay::guard::{self, Leave};
use crate::replay::host_function::{self, HostWork, Scratch};
use crate::values::stamp;

impl<'a> Running<'a> {
    /// One step; the code that it returned.
    pub(super) fn take(&mut self, index: usize, action: &'a Action, guarded: bool) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let kernels = self.gpu.kernels;
        // SAFETY: every handle is live or, where the trace says otherwise, what the trace is about; ranges
        // lie within their buffers.
        let code = unsafe {
            match action {
                Action::Allocate { buffer, memory: Memory::StreamOrdered, stream, .. } => {
                    let stream = self.stream(stream.as_ref().unwrap_or(&Stream::Default))?;
                    self.allocate_in_order(index, buffer, stream)?
                }
                // Memory is there from the start; what a capture says to the call is asked with another.
                Action::Allocate { memory, .. } if self.capturing > 0 => {
                    let call = match memory {
                        Memory::Pinned => "cudaMallocHost",
                        Memory::Registered => "cudaHostRegister",
                        Memory::Managed => "cudaMallocManaged",
                        Memory::Device => "cudaMalloc",
                        Memory::Pageable | Memory::StreamOrdered => return Ok(0),
                    };
                    self.gpu.scratch.call(call).unwrap_or(0)
                }
                Action::Allocate { .. } => 0,
                Action::Free { buffer, with, stream } => self.free(index, buffer, *with, stream.as_ref())?,
                Action::CreateStream { stream, non_blocking } => {
                    let handle = self.gpu.stream(*non_blocking)?;
                    self.streams.insert(stream, (handle, *non_blocking));
                    0
                }
                Action::DestroyStream { stream } => match self.streams.get(stream.as_str()) {
                    Some((handle, _)) => {
                        self.destroyed.insert(stream);
                        (calls.stream_destroy)(*handle)
                    }
                    None => return Err(unknown("stream", stream)),
                },
                Action::CreateEvent { event } => {
                    let handle = self.gpu.fresh_event()?;
                    self.events.insert(event, handle);
                    0
                }
                Action::CreateTimer { event } => {
                    let mut handle = ptr::null_mut();
                    let code = (calls.event_create)(&mut handle, 0);
                    check(code, "cudaEventCreate")?;
                    self.events.insert(event, handle);
                    0
                }
                Action::Elapsed { start, end } => {
                    let mut milliseconds = 0.0;
                    (calls.event_elapsed_time)(&mut milliseconds, self.event(start)?, self.event(end)?)
                }
                Action::DestroyEvent { event } => match self.events.get(event.as_str()) {
                    Some(handle) => {
                        self.destroyed.insert(event);
                        (calls.event_destroy)(*handle)
                    }
                    None => return Err(unknown("event", event)),
                },
                Action::Copy { .. } => self.copy(index, action, guarded)?,
                Action::Fill { dst, synchronous, stream } => {
                    let words = self.words(dst)?;
                    let handle = self.stream(stream)?;
                    let start = words.start.cast();
                    self.note_work(index, handle, Source::Unknown);
                    match (synchronous, handle as usize) {
                        (false, _) => (calls.memset_words_async)(start, stamp(index), words.count, handle),
                        (true, 0 | 1) => (calls.memset_words)(start, stamp(index), words.count),
                        (true, 2) => (calls.memset_words_per_thread)(start, stamp(index), words.count),
                        (true, _) => return Err(no_stream(index)),
                    }
                }
                Action::Launch { reads, writes, stream, .. } => {
                    let stream = self.stream(stream)?;
                    let mut code = 0;
                    let (mut slots, mut ranges) = (Vec::new(), Vec::new());
                    for range in reads {
                        let words = self.words(range)?;
                        let spans = self.spans(words.count, &mut ranges);
                        let (slot, looked) = self.look_at(words, spans, stream)?;
                        slots.push(slot);
                        code = code.max(looked);
                    }
                    for range in writes {
                        let words = self.words(range)?;
                        let spans = self.spans(words.count, &mut ranges);
                        code = code.max(kernels.fill(words.start, words.count, stamp(index), spans, stream));
                    }
                    if reads.is_empty() && writes.is_empty() {
                        // A kernel that touches nothing still takes its place in the stream.
                        let slot = self.slot()?;
                        let spans = self.spans(0, &mut ranges);
                        code =
                            kernels.look(self.gpu.slots.cast(), 0, self.gpu.slots.add(slot), spans, stream);
                    }
                    // What was refused does not run.
                    if code == 0 {
                        self.note_work(index, stream, Source::Spans(ranges));
                    }
                    self.looks[index] = Look::Slots(slots);
                    code
                }
                Action::HostFunction { reads, writes, calls: names, stream, callback, .. } => {
                    let stream = self.stream(stream)?;
                    let reads: Result<_, _> = reads.iter().map(|range| self.words(range)).collect();
                    let writes: Result<_, _> = writes.iter().map(|range| self.words(range)).collect();
                    if let Some(name) =
                        names.iter().find(|name| !Scratch::knows(name) && !waits_in_host_function(name))
                    {
                        return Err(Error::Unexpected(format!(
                            "the replayer does not know how to call {name}"
                        )));
                    }
                    let work = Arc::new(HostWork {
                        step: index,
                        reads: reads?,
                        writes: writes?,
                        calls: names.clone(),
                        stamp: stamp(index),
                        scratch: self.gpu.scratch,
                        seen: std::sync::Mutex::default(),
                    });
                    let data = Arc::as_ptr(&work).cast_mut().cast();
                    self.looks[index] = Look::Host(self.host_work.len(), 0);
                    self.note_work(index, stream, Source::Host(self.host_work.len(), 0));
                    self.host_work.push(work);
                    if *callback {
                        (calls.add_callback)(stream, HostWork::called_back, data, 0)
                    } else {
                        (calls.launch_host_func)(stream, HostWork::run, data)
                    }
                }
                Action::Record { event, stream } => {
                    let stream = self.stream(stream)?;
                    self.note_record(event, stream);
                    (calls.event_record)(self.event(event)?, stream)
                }
                Action::StreamWait { stream, event } => {
                    (calls.stream_wait_event)(self.stream(stream)?, self.event(event)?, 0)
                }
                Action::HostRead { range } => {
                    self.looks[index] = Look::Now(vec![host_function::look(self.words(range)?, index)]);
                    0
                }
                Action::HostWrite { range } => {
                    host_function::fill(self.words(range)?, stamp(index), index);
                    0
                }
                Action::Synchronize { point, .. } => {
                    let code = match point {
                        Point::Stream(stream) => (calls.stream_synchronize)(self.stream(stream)?),
                        Point::Event(event) => (calls.event_synchronize)(self.event(event)?),
                        Point::Device => (calls.device_synchronize)(),
                    };
                    self.note_over(index, point, code)?;
                    code
                }
                Action::Query { point, until_complete } => {
                    let (ask, handle) = match point {
                        Point::Stream(stream) => (calls.stream_query, self.stream(stream)?),
                        Point::Event(event) => (calls.event_query, self.event(event)?),
                        Point::Device => {
                            return Err(Error::Unexpected("the device cannot be queried".to_string()));
                        }
                    };
                    let mut code = ask(handle);
                    while *until_complete && code == NOT_READY && Instant::now() < self.deadline {
                        std::thread::sleep(Duration::from_micros(20));
                        code = ask(handle);
                    }
                    self.note_over(index, point, code)?;
                    code
                }
                Action::MakeAndRelease { made, bytes } => self.make_and_release(*made, *bytes)?,
                Action::Fault { stream, .. } => {
                    // An address that nothing is ever at.
                    let nowhere = ptr::without_provenance_mut(16);
                    kernels.fill(nowhere, 1, stamp(index), ptr::null_mut(), self.stream(stream)?)
                }
                Action::Clock => 0,
                Action::End => self.query_all()?,
                Action::Call { function } => self.gpu.scratch.call(function).ok_or_else(|| {
                    Error::Unexpected(format!("the replayer does not know how to call {function}"))
                })?,
                Action::BeginCapture { stream, mode } => {
                    // As cudaStreamCaptureMode counts.
                    let mode = match mode {
                        CaptureMode::Global => 0,
                        CaptureMode::ThreadLocal => 1,
                        CaptureMode::Relaxed => 2,
                    };
                    self.capturing += 1;
                    (calls.begin_capture)(self.stream(stream)?, mode)
                }
                Action::EndCapture { stream, graph } => {
                    let (mut made, mut executable) = (ptr::null_mut(), ptr::null_mut());
                    let mut code = (calls.end_capture)(self.stream(stream)?, &mut made);
                    if code == 0 {
                        code = (calls.graph_instantiate)(&mut executable, made, 0);
                    }
                    self.capturing = self.capturing.saturating_sub(1);
                    let nodes = capture::graphs(self.trace).remove(graph.as_str()).unwrap_or_default().nodes;
                    let members = nodes.iter().map(|node| node.work as usize).collect();
                    let failed = code;
                    let graph_made = Graph { graph: made, executable, members, launches: 0, failed };
                    self.graphs.insert(graph, graph_made);
                    code
                }
                Action::DestroyGraph { graph } => self.destroy_graph(graph)?,
                Action::LaunchGraph { graph, stream } => self.launch_graph(index, graph, stream)?,
            }
        };
        Ok(code)
    }

    /// # Safety
    /// As for the copy itself.
    unsafe fn copy(&mut self, index: usize, action: &Action, guarded: bool) -> Result<i32, Error> {
        let Action::Copy { dst, src, kind, synchronous, stream } = action else { return Ok(0) };
        let (to, from) = (self.words(dst)?, self.words(src)?);
        let bytes = to.count.min(from.count) * 4;
        let number = match kind {
            Some(CopyKind::HostToHost) => 0,
            Some(CopyKind::HostToDevice) => 1,
            Some(CopyKind::DeviceToHost) => 2,
            Some(CopyKind::DeviceToDevice) => 3,
            None => 4,
        };
        let handle = self.stream(stream)?;
        let calls = self.gpu.calls;
        let memory = self.memory_of(dst);
        let (target, source) = (to.start.cast(), from.start.cast());
        // SAFETY: the caller's promise.
        unsafe {
            let over = returns_when_over(*synchronous, memory, self.memory_of(src));
            if *synchronous {
                self.note_work(index, handle, Source::Unknown);
                let code = match handle as usize {
                    0 | 1 => (calls.memcpy)(target, source, bytes, number),
                    2 => (calls.memcpy_per_thread)(target, source, bytes, number),
                    _ => return Err(no_stream(index)),
                };
                if over && code == 0 {
                    self.note_wait(index, Some(handle));
                }
                return Ok(code);
            }
            let code = calls.copy_async(target, source, bytes, number, handle);
            if code != 0 {
                return Ok(code);
            }
            self.note_work(index, handle, Source::Unknown);
            let captured = self.is_captured(handle);
            if over && !captured {
                self.note_wait(index, Some(handle));
            }
            if guarded && !captured {
                self.guard(index, dst, Leave::Nothing, handle)?;
                self.guard(index, src, Leave::Reads, handle)?;
            }
            if memory.is_device_accessible() {
                let mut ranges = Vec::new();
                let spans = self.spans(to.count, &mut ranges);
                let (slot, code) = self.look_at(to, spans, handle)?;
                self.looks[index] = Look::Slots(vec![slot]);
                if code == 0 {
                    self.note_own(index, handle, ranges);
                }
                return Ok(code);
            }
            Ok(0)
        }
    }

    fn guard(&mut self, index: usize, range: &Range, leave: Leave, stream: *mut c_void) -> Result<(), Error> {
        if !matches!(self.memory_of(range), Memory::Pinned | Memory::Registered) {
            return Ok(());
        }
        let words = self.words(range)?;
        if self.guarded == GUARDS {
            return Ok(());
        }
        let mut ranges = Vec::new();
        let spans = self.spans(1, &mut ranges);
        // SAFETY: the index is below the number of words, and none of them is in use twice in a trace.
        let code = unsafe {
            let done = self.gpu.done.add(self.guarded);
            self.guarded += 1;
            done.write_volatile(0);
            let code = self.gpu.kernels.fill(done, 1, 1, spans, stream);
            if code == 0 {
                self.guards.extend(guard::protect(words.start as usize, words.count * 4, leave, index, done));
            }
            code
        };
        if code == 0 {
            self.note_own(index, stream, ranges);
        }
        check(code, "cuLaunchKernel")
    }

    fn destroy_graph(&mut self, name: &'a str) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let Some(Graph { graph, executable, .. }) = self.graphs.get(name) else {
            return Err(unknown("graph", name));
        };
        self.destroyed.insert(name);
        // SAFETY: they were made here; that they may be gone is what the trace is about.
        unsafe {
            let code = if executable.is_null() { 0 } else { (calls.graph_exec_destroy)(*executable) };
            Ok(if graph.is_null() { code } else { code.max((calls.graph_destroy)(*graph)) })
        }
    }

    /// Asks each stream that the trace has used, and that is there still, whether its work is complete: the first
    /// code that is not 0.
    fn query_all(&mut self) -> Result<i32, Error> {
        let trace = self.trace;
        let used: BTreeSet<&Stream> = trace.steps.iter().filter_map(|it| it.action.work_stream()).collect();
        let mut code = 0;
        for stream in used {
            let is_gone = matches!(stream, Stream::Named(name) if self.destroyed.contains(name.as_str()));
            if !is_gone && code == 0 {
                // SAFETY: the stream is live.
                code = unsafe { (self.gpu.calls.stream_query)(self.stream(stream)?) };
            }
        }
        Ok(code)
    }

    /// Notes what a wait or a query has answered.
    fn note_over(&mut self, index: usize, point: &Point, code: i32) -> Result<(), Error> {
        match point {
            _ if code != 0 => {}
            Point::Stream(stream) => {
                let stream = self.stream(stream)?;
                self.note_wait(index, Some(stream));
            }
            Point::Event(event) => self.note_event_wait(index, event),
            Point::Device => self.note_wait(index, None),
        }
        Ok(())
    }

    /// # Safety
    /// As for the launch itself.
    unsafe fn launch_graph(&mut self, index: usize, name: &str, stream: &Stream) -> Result<i32, Error> {
        let stream = self.stream(stream)?;
        let Some(graph) = self.graphs.get_mut(name) else { return Err(unknown("graph", name)) };
        let (executable, members, launch) = (graph.executable, graph.members.clone(), graph.launches);
        if executable.is_null() {
            // There is nothing to launch: the capture failed.
            return Ok(graph.failed);
        }
        // SAFETY: the caller's promise.
        let code = unsafe { (self.gpu.calls.graph_launch)(executable, stream) };
        // What was refused does not run.
        if code == 0 {
            graph.launches += 1;
            self.note_launch(index, stream, name, &members);
            let looks = members.iter().map(|member| self.looks[*member].of_launch(launch));
            self.looks[index] = Look::Many(looks.collect());
        }
        Ok(code)
    }
}
