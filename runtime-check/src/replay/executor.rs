//! The executor: runs a trace on the GPU in this process.
//!
//! Buffers that are not stream-ordered are allocated and initialised before the first step, so that nothing
//! has to be waited for once a stream is held. Everything that the device reads is digested by a kernel right
//! where it is read (of an asynchronous copy: what has arrived, in the copy's stream), into slots that are
//! fetched when the device is idle again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::{
    Action, CopyKind, Memory, Point, Position, Range, Release, Step, Stream, Trace,
};
use cudarc::driver::CudaContext;

use super::calls::Calls;
use super::guard::{self, Guard, Leave};
use super::hold::{Held, Holds};
use super::host_function::{self, HostWork, Scratch, Words};
use super::kernels::{Kernels, Slot};
use super::memory::{Block, Pool};
use crate::machine::{Machine, Observed, Run, Schedule};
use crate::platform::{self, Error, failed};
use crate::values::{self, Digest, stamp};

/// How many looks a trace can take.
const SLOTS: usize = 16 * 1024;
/// cudaErrorNotReady.
const NOT_READY: i32 = 600;
/// For how long work may go on after every hold has ended.
const GRACE: Duration = Duration::from_secs(2);
/// cudaStreamCaptureModeRelaxed: what a trace does elsewhere while it captures is not what it is about.
const RELAXED: i32 = 2;

/// A GPU, with everything that outlives a trace.
pub struct Gpu {
    _context: Arc<CudaContext>,
    pub(super) calls: Calls,
    pub(super) kernels: Kernels,
    scratch: Scratch,
    holds: Holds,
    pool: Pool,
    /// Streams by whether they are non-blocking, and events.
    streams: HashMap<bool, Vec<*mut c_void>>,
    events: Vec<*mut c_void>,
    /// A non-blocking stream for what is no part of a trace.
    own: *mut c_void,
    slots: *mut Slot,
    fetched: *mut Slot,
    /// True after an error that the context does not recover from.
    pub broken: bool,
}

/// A trace on its way.
struct Running<'a> {
    gpu: &'a mut Gpu,
    trace: &'a Trace<Position>,
    buffers: BTreeMap<&'a str, Buffer>,
    streams: BTreeMap<&'a str, (*mut c_void, bool)>,
    events: BTreeMap<&'a str, *mut c_void>,
    graphs: BTreeMap<&'a str, Graph>,
    /// The steps captured since a capture began.
    captured: Option<Vec<usize>>,
    looks: Vec<Look>,
    next_slot: usize,
    host_work: Vec<Box<HostWork>>,
    guards: Vec<(Guard, *mut c_void)>,
    spare_events: Vec<*mut c_void>,
    observed: Vec<Observed>,
    deadline: Instant,
}

struct Buffer {
    block: Block,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    /// Released, and in the hands of a next owner.
    Owned,
    /// Released, and out of sight.
    Gone,
    /// Stream-ordered, not allocated yet.
    Coming,
}

struct Graph {
    graph: *mut c_void,
    executable: *mut c_void,
    members: Vec<usize>,
    launches: usize,
}

/// Where the digests of what a step read are to be found.
#[derive(Clone)]
enum Look {
    Nothing,
    Now(Vec<Digest>),
    Slots(Vec<usize>),
    /// A host function, and which of its runs.
    Host(usize, usize),
    Many(Vec<Look>),
}

impl Gpu {
    /// Takes a device, and warms up everything that a trace may use: code that is loaded while a stream is
    /// held would wait for it.
    pub fn new(ordinal: usize) -> Result<Self, Error> {
        platform::init_driver()?;
        let calls = Calls::find()?;
        let context = CudaContext::new(ordinal).map_err(failed("cuDevicePrimaryCtxRetain"))?;
        if let Some(set_device) = calls.set_device {
            // SAFETY: the runtime is loaded.
            check(unsafe { set_device(i32::try_from(ordinal).unwrap_or(0)) }, "cudaSetDevice")?;
        }
        let kernels = Kernels::load()?;
        let (mut own, mut slots, mut fetched) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pointers are to live variables.
        unsafe {
            check((calls.stream_create)(&mut own, 1), "cudaStreamCreate")?;
            check((calls.malloc)(&mut slots, SLOTS * size_of::<Slot>()), "cudaMalloc")?;
            check((calls.malloc_host)(&mut fetched, SLOTS * size_of::<Slot>()), "cudaMallocHost")?;
        }
        let scratch = Scratch::new(calls, kernels)?;
        let mut gpu = Self {
            _context: context,
            calls,
            kernels,
            scratch,
            holds: Holds::new(&calls)?,
            pool: Pool::default(),
            streams: HashMap::new(),
            events: Vec::new(),
            own,
            slots: slots.cast(),
            fetched: fetched.cast(),
            broken: false,
        };
        gpu.warm_up()?;
        Ok(gpu)
    }

    /// What runs the traces, for the evidence.
    pub fn describe(&self) -> String {
        let kernels = if self.kernels.compiled { "compiled by NVRTC" } else { "shipped PTX" };
        format!("{}, kernels {kernels}", self.calls.name())
    }

    fn warm_up(&mut self) -> Result<(), Error> {
        let trace = warm_up_trace();
        for _ in 0..2 {
            let run = self.run(&trace, &Schedule::default())?;
            if self.broken {
                return Err(Error::Unexpected(format!("the replayer's own trace fails: {run:?}")));
            }
        }
        let held = self.holds.hold(&self.kernels, self.own, Duration::from_millis(5))?;
        self.holds.release(held);
        // SAFETY: the stream is live.
        check(unsafe { (self.calls.stream_synchronize)(self.own) }, "cudaStreamSynchronize")?;
        self.holds.reset();
        Ok(())
    }
}

impl Machine for Gpu {
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        let patience = schedule.holds.iter().map(|hold| hold.patience).max().unwrap_or_default();
        let mut running = Running {
            trace,
            buffers: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            graphs: BTreeMap::new(),
            captured: None,
            looks: vec![Look::Nothing; trace.steps.len()],
            next_slot: 0,
            host_work: Vec::new(),
            guards: Vec::new(),
            spare_events: Vec::new(),
            observed: vec![Observed::default(); trace.steps.len()],
            deadline: Instant::now() + patience + GRACE,
            gpu: self,
        };
        let went = running.prepare().and_then(|()| running.go(schedule));
        let last = running.finish();
        let last = went.and(last)?;
        Ok(Run { steps: mem::take(&mut running.observed), last, signal: None })
    }
}

impl<'a> Running<'a> {
    /// Allocates and initialises.
    fn prepare(&mut self) -> Result<(), Error> {
        let steps = &self.trace.steps;
        for (index, step) in steps.iter().enumerate() {
            let Action::Allocate { buffer, memory, bytes, .. } = &step.action else { continue };
            let words = values::words(*bytes).max(1);
            let (block, state) = if *memory == Memory::StreamOrdered {
                let null = ptr::null_mut();
                (Block { memory: *memory, base: null, start: null.cast(), words }, State::Coming)
            } else {
                (self.gpu.pool.take(&self.gpu.calls, *memory, words)?, State::Live)
            };
            self.buffers.insert(buffer, Buffer { block, state });
            if *memory == Memory::Device {
                self.check_own(index, block.base, words)?;
            } else if state == State::Live {
                let words = Words { start: block.start, count: words };
                host_function::fill(words, stamp(index), index);
            }
        }
        // SAFETY: the slots are device memory of that size; the stream is live.
        unsafe {
            let words = SLOTS * size_of::<Slot>() / 4;
            let used = words.min((steps.len() * 16 + 256) * size_of::<Slot>() / 4);
            check(
                (self.gpu.calls.memset_words_async)(self.gpu.slots.cast(), 0, used, self.gpu.own),
                "cuMemsetD32Async",
            )?;
            check((self.gpu.calls.stream_synchronize)(self.gpu.own), "cudaStreamSynchronize")
        }
    }

    fn check_own(&mut self, index: usize, base: *mut c_void, words: usize) -> Result<(), Error> {
        // SAFETY: the memory is a live block of that size.
        let code = unsafe { (self.gpu.calls.memset_words_async)(base, stamp(index), words, self.gpu.own) };
        check(code, "cuMemsetD32Async")
    }

    /// Takes the steps.
    fn go(&mut self, schedule: &Schedule) -> Result<(), Error> {
        let trace = self.trace;
        let mut held: Vec<(Option<usize>, Held)> = Vec::new();
        for (index, step) in trace.steps.iter().enumerate() {
            guard::at_step(index);
            self.lift_completed();
            for hold in schedule.holds.iter().filter(|hold| hold.before == index) {
                let Some(stream) = stream_of(&step.action) else {
                    return Err(Error::Unexpected(format!(
                        "step {} enqueues nothing that could be held",
                        index + 1
                    )));
                };
                let stream = self.stream(stream)?;
                if self.is_captured(stream) {
                    return Err(Error::Unexpected(format!(
                        "step {} is captured: hold the launch",
                        index + 1
                    )));
                }
                let one = self.gpu.holds.hold(&self.gpu.kernels, stream, hold.patience)?;
                held.push((hold.until, one));
            }
            let start = Instant::now();
            let code = self.take(index, &step.action, schedule.guard)?;
            let observed = &mut self.observed[index];
            observed.host = start.elapsed();
            observed.code = code;
            let wanted: Vec<Held> =
                held.iter().filter(|(until, _)| *until == Some(index)).map(|h| h.1).collect();
            if let Some(deadline) = wanted.iter().map(|held| held.deadline).max() {
                let took_effect = self.wait_for(&step.action, deadline)?;
                self.observed[index].device = took_effect.then(|| start.elapsed());
                wanted.into_iter().for_each(|held| self.gpu.holds.release(held));
            }
        }
        Ok(())
    }

    /// Waits until a step has taken effect on the device, at most until the deadline; false for a step whose
    /// effect cannot be asked for.
    fn wait_for(&mut self, action: &Action, deadline: Instant) -> Result<bool, Error> {
        let Some(stream) = stream_of(action) else { return Ok(false) };
        let stream = self.stream(stream)?;
        if self.is_captured(stream) {
            return Ok(false);
        }
        let stream = if matches!(action, Action::Free { .. }) { self.gpu.own } else { stream };
        let event = self.gpu.event()?;
        self.spare_events.push(event);
        // SAFETY: the handles are live.
        unsafe {
            check((self.gpu.calls.event_record)(event, stream), "cudaEventRecord")?;
            while (self.gpu.calls.event_query)(event) == NOT_READY && Instant::now() < deadline {
                std::hint::spin_loop();
            }
        }
        Ok(true)
    }

    fn lift_completed(&mut self) {
        let calls = self.gpu.calls;
        // SAFETY: the events are live.
        let done = |event: *mut c_void| unsafe { (calls.event_query)(event) } != NOT_READY;
        let (gone, kept): (Vec<_>, Vec<_>) = mem::take(&mut self.guards).into_iter().partition(|g| done(g.1));
        self.guards = kept;
        for (guard, event) in gone {
            guard::lift(guard);
            self.spare_events.push(event);
        }
    }

    /// One step; the code that it returned.
    fn take(&mut self, index: usize, action: &'a Action, guarded: bool) -> Result<i32, Error> {
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
                Action::Allocate { .. } => 0,
                Action::Free { buffer, with, stream } => self.free(index, buffer, *with, stream.as_ref())?,
                Action::CreateStream { stream, non_blocking } => {
                    let handle = self.gpu.stream(*non_blocking)?;
                    self.streams.insert(stream, (handle, *non_blocking));
                    0
                }
                Action::DestroyStream { stream } => match self.streams.remove(stream.as_str()) {
                    Some((handle, _)) => (calls.stream_destroy)(handle),
                    None => return Err(unknown("stream", stream)),
                },
                Action::CreateEvent { event } => {
                    let handle = self.gpu.fresh_event()?;
                    self.events.insert(event, handle);
                    0
                }
                Action::DestroyEvent { event } => match self.events.remove(event.as_str()) {
                    Some(handle) => (calls.event_destroy)(handle),
                    None => return Err(unknown("event", event)),
                },
                Action::Copy { .. } => self.copy(index, action, guarded)?,
                Action::Fill { dst, synchronous, stream } => {
                    let words = self.words(dst)?;
                    let handle = self.stream(stream)?;
                    self.note_captured(index, handle);
                    let start = words.start.cast();
                    match (synchronous, handle as usize) {
                        (false, _) => (calls.memset_words_async)(start, stamp(index), words.count, handle),
                        (true, 0 | 1) => (calls.memset_words)(start, stamp(index), words.count),
                        (true, 2) => (calls.memset_words_per_thread)(start, stamp(index), words.count),
                        (true, _) => return Err(no_stream(index)),
                    }
                }
                Action::Launch { reads, writes, stream, .. } => {
                    let stream = self.stream(stream)?;
                    self.note_captured(index, stream);
                    let mut code = 0;
                    let mut slots = Vec::new();
                    for range in reads {
                        let words = self.words(range)?;
                        let slot = self.slot()?;
                        slots.push(slot);
                        code = code.max(kernels.look(
                            words.start,
                            words.count,
                            self.gpu.slots.add(slot),
                            stream,
                        ));
                    }
                    for range in writes {
                        let words = self.words(range)?;
                        code = code.max(kernels.fill(words.start, words.count, stamp(index), stream));
                    }
                    if reads.is_empty() && writes.is_empty() {
                        // A kernel that touches nothing still takes its place in the stream.
                        let slot = self.slot()?;
                        code = kernels.look(self.gpu.slots.cast(), 0, self.gpu.slots.add(slot), stream);
                    }
                    self.looks[index] = Look::Slots(slots);
                    code
                }
                Action::HostFunction { reads, writes, calls: names, stream, callback, .. } => {
                    let stream = self.stream(stream)?;
                    self.note_captured(index, stream);
                    let reads: Result<_, _> = reads.iter().map(|range| self.words(range)).collect();
                    let writes: Result<_, _> = writes.iter().map(|range| self.words(range)).collect();
                    if let Some(name) = names.iter().find(|name| !Scratch::knows(name)) {
                        return Err(Error::Unexpected(format!(
                            "the replayer does not know how to call {name}"
                        )));
                    }
                    let work = Box::new(HostWork {
                        step: index,
                        reads: reads?,
                        writes: writes?,
                        calls: names.clone(),
                        stamp: stamp(index),
                        scratch: self.gpu.scratch,
                        seen: std::sync::Mutex::default(),
                    });
                    let data = (&raw const *work).cast_mut().cast();
                    self.looks[index] = Look::Host(self.host_work.len(), 0);
                    self.host_work.push(work);
                    if *callback {
                        (calls.add_callback)(stream, HostWork::called_back, data, 0)
                    } else {
                        (calls.launch_host_func)(stream, HostWork::run, data)
                    }
                }
                Action::Record { event, stream } => {
                    (calls.event_record)(self.event(event)?, self.stream(stream)?)
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
                Action::Synchronize { point } => match point {
                    Point::Stream(stream) => (calls.stream_synchronize)(self.stream(stream)?),
                    Point::Event(event) => (calls.event_synchronize)(self.event(event)?),
                    Point::Device => (calls.device_synchronize)(),
                },
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
                    code
                }
                Action::Call { function } => self.gpu.scratch.call(function).ok_or_else(|| {
                    Error::Unexpected(format!("the replayer does not know how to call {function}"))
                })?,
                Action::BeginCapture { stream } => {
                    self.captured = Some(Vec::new());
                    (calls.begin_capture)(self.stream(stream)?, RELAXED)
                }
                Action::EndCapture { stream, graph } => {
                    let (mut made, mut executable) = (ptr::null_mut(), ptr::null_mut());
                    let mut code = (calls.end_capture)(self.stream(stream)?, &mut made);
                    if code == 0 {
                        code = (calls.graph_instantiate)(&mut executable, made, 0);
                    }
                    let members = self.captured.take().unwrap_or_default();
                    self.graphs.insert(graph, Graph { graph: made, executable, members, launches: 0 });
                    code
                }
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
            if *synchronous {
                let code = match handle as usize {
                    0 | 1 => (calls.memcpy)(target, source, bytes, number),
                    2 => (calls.memcpy_per_thread)(target, source, bytes, number),
                    _ => return Err(no_stream(index)),
                };
                return Ok(code);
            }
            self.note_captured(index, handle);
            let code = calls.copy_async(target, source, bytes, number, handle);
            if code != 0 {
                return Ok(code);
            }
            let captured = self.is_captured(handle);
            if guarded && !captured {
                self.guard(index, dst, Leave::Nothing, handle)?;
                self.guard(index, src, Leave::Reads, handle)?;
            }
            if memory.is_device_accessible() {
                let slot = self.slot()?;
                self.looks[index] = Look::Slots(vec![slot]);
                return Ok(self.gpu.kernels.look(to.start, to.count, self.gpu.slots.add(slot), handle));
            }
            Ok(0)
        }
    }

    fn guard(&mut self, index: usize, range: &Range, leave: Leave, stream: *mut c_void) -> Result<(), Error> {
        if !matches!(self.memory_of(range), Memory::Pinned | Memory::Registered) {
            return Ok(());
        }
        let words = self.words(range)?;
        let event = self.gpu.event()?;
        // SAFETY: the handles are live.
        check(unsafe { (self.gpu.calls.event_record)(event, stream) }, "cudaEventRecord")?;
        match guard::protect(words.start as usize, words.count * 4, leave, index) {
            Some(guard) => self.guards.push((guard, event)),
            None => self.spare_events.push(event),
        }
        Ok(())
    }

    /// # Safety
    /// The stream is live.
    unsafe fn allocate_in_order(
        &mut self,
        index: usize,
        name: &str,
        stream: *mut c_void,
    ) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let Some(buffer) = self.buffers.get_mut(name) else { return Err(unknown("buffer", name)) };
        let words = buffer.block.words;
        let mut base = ptr::null_mut();
        // SAFETY: the caller's promise.
        unsafe {
            let code = (calls.malloc_async)(&mut base, words * 4, stream);
            if code != 0 {
                return Ok(code);
            }
            buffer.block.base = base;
            buffer.block.start = base.cast();
            buffer.state = State::Live;
            Ok((calls.memset_words_async)(base, stamp(index), words, stream))
        }
    }

    fn free(
        &mut self,
        index: usize,
        name: &'a str,
        with: Release,
        stream: Option<&Stream>,
    ) -> Result<i32, Error> {
        let calls = self.gpu.calls;
        let stream = stream.map(|stream| self.stream(stream)).transpose()?;
        let Some(buffer) = self.buffers.get(name) else { return Err(unknown("buffer", name)) };
        let Block { memory, base, start, words } = buffer.block;
        let is_ours = matches!(memory, Memory::Pageable | Memory::Registered);
        // SAFETY: what may be wrong about the release is what the trace is about.
        let (code, state) = unsafe {
            match with {
                Release::Free if is_ours => {
                    host_function::fill(Words { start, count: words }, stamp(index), index);
                    (0, State::Owned)
                }
                Release::Free => {
                    libc::free(base);
                    (0, State::Gone)
                }
                Release::CudaHostUnregister => {
                    let code = (calls.host_unregister)(base);
                    if code == 0 && is_ours {
                        host_function::fill(Words { start, count: words }, stamp(index), index);
                    }
                    (code, State::Owned)
                }
                Release::CudaFree => ((calls.free)(base), State::Gone),
                Release::CudaFreeHost => ((calls.free_host)(base), State::Gone),
                Release::CudaFreeAsync => {
                    ((calls.free_async)(base, stream.unwrap_or(ptr::null_mut())), State::Gone)
                }
            }
        };
        if code != 0 {
            // Nothing was released: the block goes back in the end.
            return Ok(code);
        }
        let owned = memory == Memory::StreamOrdered && self.next_owner(index, base, words, stream)?;
        if let Some(buffer) = self.buffers.get_mut(name) {
            buffer.state = if owned { State::Owned } else { state };
            // It is in the pool no more, or no longer registered.
            if with == Release::CudaHostUnregister {
                buffer.block.memory = Memory::Pageable;
            }
        }
        Ok(0)
    }

    /// Tries to get the same address again, as another part of a program would, and fills it.
    fn next_owner(
        &mut self,
        index: usize,
        base: *mut c_void,
        words: usize,
        stream: Option<*mut c_void>,
    ) -> Result<bool, Error> {
        let calls = self.gpu.calls;
        let mut others = Vec::new();
        let mut found = false;
        for stream in [Some(self.gpu.own), stream].into_iter().flatten() {
            for _ in 0..3 {
                let mut again = ptr::null_mut();
                // SAFETY: the handles are live.
                if unsafe { (calls.malloc_async)(&mut again, words * 4, stream) } != 0 {
                    break;
                }
                if again == base {
                    // SAFETY: the memory is this owner's.
                    let code = unsafe { (calls.memset_words_async)(base, stamp(index), words, stream) };
                    found = code == 0;
                    break;
                }
                others.push((again, stream));
            }
            if found {
                break;
            }
        }
        for (other, stream) in others {
            // SAFETY: it was allocated above and is not used.
            check(unsafe { (calls.free_async)(other, stream) }, "cudaFreeAsync")?;
        }
        Ok(found)
    }

    /// # Safety
    /// As for the launch itself.
    unsafe fn launch_graph(&mut self, index: usize, name: &str, stream: &Stream) -> Result<i32, Error> {
        let stream = self.stream(stream)?;
        let Some(graph) = self.graphs.get_mut(name) else { return Err(unknown("graph", name)) };
        let (executable, members, launch) = (graph.executable, graph.members.clone(), graph.launches);
        if executable.is_null() {
            return Err(Error::Unexpected(format!(
                "the capture of graph {name} failed, so it cannot be launched"
            )));
        }
        graph.launches += 1;
        // SAFETY: the caller's promise; all slots are device memory.
        unsafe {
            let code = (self.gpu.calls.graph_launch)(executable, stream);
            let mut looks = Vec::new();
            for member in members {
                looks.push(match self.looks[member].clone() {
                    Look::Slots(slots) => {
                        let mut taken = Vec::new();
                        for slot in slots {
                            let to = self.slot()?;
                            self.gpu.kernels.take(self.gpu.slots.add(slot), self.gpu.slots.add(to), stream);
                            taken.push(to);
                        }
                        Look::Slots(taken)
                    }
                    Look::Host(work, _) => Look::Host(work, launch),
                    look => look,
                });
            }
            self.looks[index] = Look::Many(looks);
            Ok(code)
        }
    }

    /// Waits for everything, looks at every buffer, and gives back what there is.
    fn finish(&mut self) -> Result<BTreeMap<String, Digest>, Error> {
        let calls = self.gpu.calls;
        self.end_captures();
        // SAFETY: a wait.
        let code = unsafe { (calls.device_synchronize)() };
        self.gpu.holds.reset();
        for (guard, event) in mem::take(&mut self.guards) {
            guard::lift(guard);
            self.spare_events.push(event);
        }
        for (by, of) in guard::touched() {
            if let Some(observed) = self.observed.get_mut(by) {
                observed.guarded.get_or_insert(of);
            }
        }
        let last = if code == 0 { self.last_looks() } else { Ok(BTreeMap::new()) };
        self.gpu.broken |= code != 0 || last.is_err();
        if self.gpu.broken {
            // Host functions may still run: what they point to is left alone, and so is the rest.
            mem::forget(mem::take(&mut self.host_work));
            if let Some(observed) = self.observed.iter_mut().rev().find(|_| code != 0) {
                if observed.code == 0 {
                    observed.code = code;
                }
            }
            return last;
        }
        self.resolve();
        self.give_back();
        last
    }

    fn end_captures(&mut self) {
        let calls = self.gpu.calls;
        for (stream, _) in self.streams.values() {
            let (mut capturing, mut graph) = (0, ptr::null_mut());
            // SAFETY: the handles are live.
            unsafe {
                (calls.is_capturing)(*stream, &mut capturing);
                if capturing != 0 {
                    (calls.end_capture)(*stream, &mut graph);
                }
            }
        }
    }

    /// Looks at every buffer, and fetches all slots.
    fn last_looks(&mut self) -> Result<BTreeMap<String, Digest>, Error> {
        let mut last = BTreeMap::new();
        let mut pending = Vec::new();
        let names: Vec<&str> = self.buffers.keys().copied().collect();
        for name in names {
            let Some(buffer) = self.buffers.get(name) else { continue };
            let Block { memory, start, words, .. } = buffer.block;
            if !matches!(buffer.state, State::Live | State::Owned) {
                continue;
            }
            if memory.is_host_accessible() {
                let words = Words { start, count: words };
                last.insert(name.to_owned(), host_function::look(words, self.trace.steps.len()));
            } else {
                let slot = self.slot()?;
                // SAFETY: the device is idle, the memory is live.
                let code =
                    unsafe { self.gpu.kernels.look(start, words, self.gpu.slots.add(slot), self.gpu.own) };
                check(code, "cuLaunchKernel")?;
                pending.push((name, slot));
            }
        }
        let bytes = self.next_slot * size_of::<Slot>();
        // SAFETY: both blocks have that many slots.
        unsafe {
            let (to, from) = (self.gpu.fetched.cast(), self.gpu.slots.cast());
            check(self.gpu.calls.copy_async(to, from, bytes, 2, self.gpu.own), "cudaMemcpyAsync")?;
            check((self.gpu.calls.stream_synchronize)(self.gpu.own), "cudaStreamSynchronize")?;
        }
        for (name, slot) in pending {
            if let Some(digest) = self.fetched(slot) {
                last.insert(name.to_owned(), digest);
            }
        }
        Ok(last)
    }

    fn fetched(&self, slot: usize) -> Option<Digest> {
        // SAFETY: the slot was handed out, so it is within the block; the copy is over.
        let Slot { first, last, sum, looks, .. } = unsafe { *self.gpu.fetched.add(slot) };
        (looks == 1).then_some(Digest { first, last, sum })
    }

    /// Turns the places of digests into digests: all of a step's, or none.
    fn resolve(&mut self) {
        for index in 0..self.looks.len() {
            let look = mem::replace(&mut self.looks[index], Look::Nothing);
            let mut code = 0;
            self.observed[index].reads = self.digests(&look, &mut code).unwrap_or_default();
            let observed = &mut self.observed[index];
            if observed.code == 0 {
                observed.code = code;
            }
            // The digests of captured steps belong to the launches, which come later and need the look.
            self.looks[index] = look;
        }
        let captured: BTreeSet<usize> =
            self.graphs.values().flat_map(|graph| graph.members.clone()).collect();
        for index in captured {
            self.observed[index].reads = Vec::new();
        }
    }

    fn digests(&self, look: &Look, code: &mut i32) -> Option<Vec<Digest>> {
        match look {
            Look::Nothing => None,
            Look::Now(digests) => Some(digests.clone()),
            Look::Slots(slots) => slots.iter().map(|slot| self.fetched(*slot)).collect(),
            Look::Host(work, run) => {
                let seen = self.host_work[*work].seen.lock().unwrap_or_else(PoisonError::into_inner);
                let (digests, first) = seen.get(*run)?;
                if *code == 0 {
                    *code = *first;
                }
                Some(digests.clone())
            }
            Look::Many(looks) => {
                let all: Option<Vec<Vec<Digest>>> =
                    looks.iter().map(|look| self.digests(look, code)).collect();
                all.map(|all| all.concat())
            }
        }
    }

    /// Gives back what later traces can use.
    fn give_back(&mut self) {
        let calls = self.gpu.calls;
        for (_, buffer) in mem::take(&mut self.buffers) {
            let block = buffer.block;
            match (block.memory, buffer.state) {
                (_, State::Coming) | (Memory::Device | Memory::Pinned | Memory::Managed, State::Gone) => {}
                (Memory::StreamOrdered, State::Gone) => {}
                (Memory::StreamOrdered, _) => {
                    // SAFETY: the device is idle, and the memory is the trace's or its next owner's.
                    unsafe { (calls.free_async)(block.base, self.gpu.own) };
                }
                _ => self.gpu.pool.give(block),
            }
        }
        for (_, (stream, non_blocking)) in mem::take(&mut self.streams) {
            self.gpu.streams.entry(non_blocking).or_default().push(stream);
        }
        // An event that was never recorded is complete, one of an earlier trace too; but one that a capture
        // recorded is of no more use, so a trace's own events go.
        for (_, event) in mem::take(&mut self.events) {
            // SAFETY: the event is live.
            unsafe { (calls.event_destroy)(event) };
        }
        self.gpu.events.append(&mut self.spare_events);
        for (_, graph) in mem::take(&mut self.graphs) {
            // SAFETY: the device is idle.
            unsafe {
                if !graph.executable.is_null() {
                    (calls.graph_exec_destroy)(graph.executable);
                }
                if !graph.graph.is_null() {
                    (calls.graph_destroy)(graph.graph);
                }
            }
        }
        if let Some(forget) = calls.get_last_error {
            // SAFETY: the runtime is loaded.
            unsafe { forget() };
        }
    }

    fn memory_of(&self, range: &Range) -> Memory {
        self.buffers.get(range.buffer.as_str()).map_or(Memory::Pageable, |buffer| buffer.block.memory)
    }

    /// Ranges are widened to whole words, as [`values`] does.
    fn words(&self, range: &Range) -> Result<Words, Error> {
        let buffer =
            self.buffers.get(range.buffer.as_str()).ok_or_else(|| unknown("buffer", &range.buffer))?;
        let end = values::words(range.end).min(buffer.block.words);
        let start = usize::try_from(range.start / 4).unwrap_or(usize::MAX).min(end);
        Ok(Words { start: buffer.block.start.wrapping_add(start), count: end - start })
    }

    fn stream(&self, stream: &Stream) -> Result<*mut c_void, Error> {
        let special = |number: usize| ptr::without_provenance_mut(number);
        match stream {
            Stream::Default if self.trace.default_stream == DefaultStream::PerThread => Ok(special(2)),
            Stream::Default => Ok(special(0)),
            Stream::Legacy => Ok(special(1)),
            Stream::PerThread => Ok(special(2)),
            Stream::Named(name) => self
                .streams
                .get(name.as_str())
                .map(|(handle, _)| *handle)
                .ok_or_else(|| unknown("stream", name)),
        }
    }

    fn event(&self, name: &str) -> Result<*mut c_void, Error> {
        self.events.get(name).copied().ok_or_else(|| unknown("event", name))
    }

    fn slot(&mut self) -> Result<usize, Error> {
        self.next_slot += 1;
        if self.next_slot > SLOTS.min(self.trace.steps.len() * 16 + 256) {
            return Err(Error::Unexpected("the trace reads more ranges than can be looked at".to_string()));
        }
        Ok(self.next_slot - 1)
    }

    fn is_captured(&self, stream: *mut c_void) -> bool {
        let mut state = 0;
        // SAFETY: the handle is live. The question is asked only while something is captured.
        self.captured.is_some()
            && unsafe { (self.gpu.calls.is_capturing)(stream, &mut state) } == 0
            && state != 0
    }

    fn note_captured(&mut self, index: usize, stream: *mut c_void) {
        if self.is_captured(stream)
            && let Some(captured) = &mut self.captured
        {
            captured.push(index);
        }
    }
}

impl Gpu {
    fn stream(&mut self, non_blocking: bool) -> Result<*mut c_void, Error> {
        if let Some(stream) = self.streams.get_mut(&non_blocking).and_then(Vec::pop) {
            return Ok(stream);
        }
        let mut stream = ptr::null_mut();
        // SAFETY: the pointer is to a live variable.
        check(
            unsafe { (self.calls.stream_create)(&mut stream, u32::from(non_blocking)) },
            "cudaStreamCreate",
        )?;
        Ok(stream)
    }

    fn event(&mut self) -> Result<*mut c_void, Error> {
        self.events.pop().map_or_else(|| self.fresh_event(), Ok)
    }

    fn fresh_event(&self) -> Result<*mut c_void, Error> {
        let mut event = ptr::null_mut();
        // SAFETY: the pointer is to a live variable. 2: without timing.
        check(unsafe { (self.calls.event_create)(&mut event, 2) }, "cudaEventCreate")?;
        Ok(event)
    }
}

/// The stream on which a step takes effect.
fn stream_of(action: &Action) -> Option<&Stream> {
    match action {
        Action::Allocate { stream, .. } | Action::Free { stream, .. } => stream.as_ref(),
        Action::Record { stream, .. } | Action::StreamWait { stream, .. } => Some(stream),
        action => action.work_stream(),
    }
}

fn check(code: i32, call: &str) -> Result<(), Error> {
    if code == 0 {
        Ok(())
    } else {
        Err(Error::Unexpected(format!("{call} of the replayer failed: code {code}")))
    }
}

fn unknown(what: &str, name: &str) -> Error {
    Error::Unexpected(format!("the trace has no {what} {name} at this point"))
}

fn no_stream(index: usize) -> Error {
    Error::Unexpected(format!("step {} is synchronous: it has no stream to name", index + 1))
}

/// A trace that uses everything once.
fn warm_up_trace() -> Trace<Position> {
    let buffers = Memory::ALL.map(|memory| Action::Allocate {
        buffer: memory.word().to_string(),
        memory,
        bytes: 4096,
        stream: (memory == Memory::StreamOrdered).then(|| Stream::Named("s".to_string())),
    });
    let stream = || Stream::Named("s".to_string());
    let range = |memory: Memory| Range { buffer: memory.word().to_string(), start: 0, end: 4096 };
    let copy = |dst, src, synchronous| Action::Copy {
        dst: range(dst),
        src: range(src),
        kind: None,
        synchronous,
        stream: if synchronous { Stream::Default } else { stream() },
    };
    let mut actions = vec![
        Action::CreateStream { stream: "s".to_string(), non_blocking: true },
        Action::CreateEvent { event: "e".to_string() },
    ];
    actions.extend(buffers);
    for memory in Memory::ALL {
        actions.push(copy(Memory::Device, memory, true));
        actions.push(copy(memory, Memory::Device, true));
        actions.push(copy(Memory::Device, memory, false));
        actions.push(copy(memory, Memory::Device, false));
    }
    actions.extend([
        Action::Fill { dst: range(Memory::Device), synchronous: true, stream: Stream::Default },
        Action::Fill { dst: range(Memory::Device), synchronous: false, stream: stream() },
        Action::Launch {
            kernel: "all".to_string(),
            reads: vec![range(Memory::Device), range(Memory::Managed)],
            writes: vec![range(Memory::Pinned), range(Memory::StreamOrdered)],
            stream: stream(),
            meant: None,
        },
        Action::HostFunction {
            function: "look".to_string(),
            reads: vec![range(Memory::Pinned)],
            writes: Vec::new(),
            calls: Vec::new(),
            stream: stream(),
            callback: false,
        },
        Action::Record { event: "e".to_string(), stream: stream() },
        Action::StreamWait { stream: Stream::Default, event: "e".to_string() },
        Action::Synchronize { point: Point::Device },
        Action::BeginCapture { stream: stream() },
        Action::Fill { dst: range(Memory::Device), synchronous: false, stream: stream() },
        copy(Memory::Pinned, Memory::Device, false),
        Action::EndCapture { stream: stream(), graph: "g".to_string() },
        Action::LaunchGraph { graph: "g".to_string(), stream: stream() },
    ]);
    let steps = actions.into_iter().map(|action| Step { action, place: None }).collect();
    Trace { default_stream: DefaultStream::Legacy, steps }
}
