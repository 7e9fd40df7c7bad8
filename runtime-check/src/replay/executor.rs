//! The executor: runs a trace on the GPU in this process.
//!
//! Buffers that are not stream-ordered are allocated and initialised before the first step, so that nothing
//! has to be waited for once a stream is held. Everything that the device reads is digested by a kernel right
//! where it is read (of an asynchronous copy: what has arrived, in the copy's stream), into slots that are
//! fetched when the device is idle again.

mod clock;
mod finish;
mod looks;
mod recorder;
mod release;
mod steps;
mod warm_up;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::{Action, Memory, Position, Range, Stream, Trace};
use cudarc::driver::{CudaContext, sys};

use super::calls::Calls;
use super::guard::{self, Guard};
use super::hold::{Held, Holds};
use super::host_function::{self, HostWork, Scratch, Words};
use super::kernels::{Kernels, Slot, Span};
use super::memory::{Block, Pool};
use crate::machine::{Machine, Observed, Run, Schedule, Times};
use crate::platform::{self, Error, failed};
use crate::values::{self, stamp};
use clock::Desk;
use looks::Look;
use recorder::{Recorder, SPANS};

/// How many looks a trace can take.
const SLOTS: usize = 16 * 1024;
/// How many copies of a trace are guarded at most.
const GUARDS: usize = 1024;
/// cudaErrorNotReady.
const NOT_READY: i32 = 600;
/// For how long work may go on after every hold has ended.
const GRACE: Duration = Duration::from_secs(2);

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
    /// Words that the device raises when a guarded copy is over.
    done: *mut u32,
    /// Where kernels note when they run, and how the clocks are compared.
    spans: *mut Span,
    desk: Desk,
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
    /// What was destroyed: its handle is kept for what uses it all the same.
    destroyed: BTreeSet<&'a str>,
    /// How many captures are open.
    capturing: usize,
    looks: Vec<Look>,
    next_slot: usize,
    host_work: Vec<Arc<HostWork>>,
    guards: Vec<Guard>,
    guarded: usize,
    spare_events: Vec<*mut c_void>,
    observed: Vec<Observed>,
    deadline: Instant,
    /// Where times are wanted.
    recorder: Option<Recorder>,
    times: Option<Times>,
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
    /// Why there is nothing to launch, if so.
    failed: i32,
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
        keep_freed_memory(ordinal);
        let kernels = Kernels::load()?;
        let (mut own, mut slots) = (ptr::null_mut(), ptr::null_mut());
        let (mut fetched, mut done, mut spans) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pointers are to live variables.
        unsafe {
            check((calls.stream_create)(&mut own, 1), "cudaStreamCreate")?;
            check((calls.malloc)(&mut slots, SLOTS * size_of::<Slot>()), "cudaMalloc")?;
            check((calls.malloc_host)(&mut fetched, SLOTS * size_of::<Slot>()), "cudaMallocHost")?;
            check((calls.malloc_host)(&mut done, GUARDS * size_of::<u32>()), "cudaMallocHost")?;
            check((calls.malloc_host)(&mut spans, SPANS * size_of::<Span>()), "cudaMallocHost")?;
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
            done: done.cast(),
            spans: spans.cast(),
            desk: Desk::new(&calls)?,
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
        let trace = warm_up::trace();
        for timed in [true, false] {
            let run = self.take(&trace, &Schedule::default(), timed)?;
            if self.broken {
                return Err(Error::Unexpected(format!("the replayer's own trace fails: {run:?}")));
            }
        }
        let held = self.holds.hold(&self.kernels, self.own, Duration::from_millis(5), ptr::null_mut())?;
        self.holds.release(held);
        // SAFETY: the stream is live.
        check(unsafe { (self.calls.stream_synchronize)(self.own) }, "cudaStreamSynchronize")?;
        self.holds.reset();
        Ok(())
    }
}

impl Machine for Gpu {
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.take(trace, schedule, false)
    }

    fn timed(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.take(trace, schedule, true)
    }
}

impl Gpu {
    fn take(&mut self, trace: &Trace<Position>, schedule: &Schedule, timed: bool) -> Result<Run, Error> {
        let patience = schedule.holds.iter().map(|hold| hold.patience).max().unwrap_or_default();
        let mut running = Running {
            trace,
            buffers: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            graphs: BTreeMap::new(),
            destroyed: BTreeSet::new(),
            capturing: 0,
            looks: vec![Look::Nothing; trace.steps.len()],
            next_slot: 0,
            host_work: Vec::new(),
            guards: Vec::new(),
            guarded: 0,
            spare_events: Vec::new(),
            observed: vec![Observed::default(); trace.steps.len()],
            deadline: Instant::now() + patience + GRACE,
            recorder: None,
            times: None,
            gpu: self,
        };
        let ready = running.prepare().and_then(|()| if timed { running.record() } else { Ok(()) });
        let went = ready.and_then(|()| running.go(schedule));
        let last = running.finish();
        let last = went.and(last)?;
        if uses_what_is_destroyed(trace) {
            // Nobody knows what that did to the process.
            running.gpu.broken = true;
        }
        Ok(Run { steps: mem::take(&mut running.observed), last, signal: None, times: running.times.take() })
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
                if hold.until.is_some() && self.is_captured(stream) {
                    return Err(Error::Unexpected(format!(
                        "step {} is captured: what is held in a graph is held for the whole patience",
                        index + 1
                    )));
                }
                let mut ranges = Vec::new();
                let span = self.spans(1, &mut ranges);
                let one = self.gpu.holds.hold(&self.gpu.kernels, stream, hold.patience, span)?;
                self.note_hold(index, stream, ranges);
                held.push((hold.until, one));
            }
            let start = Instant::now();
            let code = self.take(index, &step.action, schedule.guard)?;
            let observed = &mut self.observed[index];
            observed.host = start.elapsed();
            observed.code = code;
            let end = start + observed.host;
            if let Some(recorder) = &mut self.recorder {
                recorder.host.push((start, end));
            }
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
        let stream = match (action, stream_of(action)) {
            // The effect is that the next owner writes.
            (Action::Free { .. }, _) => self.gpu.own,
            (_, Some(stream)) => self.stream(stream)?,
            (_, None) => return Ok(false),
        };
        // A question about an event would lose a capture.
        if self.capturing > 0 {
            return Ok(false);
        }
        let event = self.gpu.event()?;
        self.spare_events.push(event);
        // SAFETY: the handles are live.
        unsafe {
            // It fails after a fault of the device, which the end of the run tells.
            if (self.gpu.calls.event_record)(event, stream) != 0 {
                return Ok(false);
            }
            while (self.gpu.calls.event_query)(event) == NOT_READY && Instant::now() < deadline {
                std::hint::spin_loop();
            }
        }
        Ok(true)
    }

    fn lift_completed(&mut self) {
        for guard in self.guards.extract_if(.., |guard| guard::is_done(guard)) {
            guard::lift(guard);
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

    fn is_captured(&self, stream: *mut c_void) -> bool {
        let mut state = 0;
        // SAFETY: the handle is live. The question is asked only while something is captured.
        self.capturing > 0 && unsafe { (self.gpu.calls.is_capturing)(stream, &mut state) } == 0 && state != 0
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

/// Lets the pool of stream-ordered memory keep what is freed: it is handed out again, as in a program that
/// allocates often, and a late write meets its next owner instead of an unmapped page. Where the pool does not
/// take the setting, the fault is what is observed.
fn keep_freed_memory(ordinal: usize) {
    let (mut pool, mut everything) = (ptr::null_mut(), u64::MAX);
    let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the driver is initialised, and the pointers are to live variables.
    unsafe {
        let device = i32::try_from(ordinal).unwrap_or(0);
        if sys::cuDeviceGetDefaultMemPool(&mut pool, device) == sys::CUresult::CUDA_SUCCESS {
            sys::cuMemPoolSetAttribute(pool, threshold, (&raw mut everything).cast());
        }
    }
}

/// True for a trace that uses a stream, an event or a graph after its end.
fn uses_what_is_destroyed(trace: &Trace<Position>) -> bool {
    let mut ended = BTreeSet::new();
    trace.steps.iter().any(|step| {
        let used = step.action.uses().into_iter().any(|name| ended.contains(name));
        if !matches!(step.action, Action::Free { .. }) {
            ended.extend(step.action.ends());
        }
        used
    })
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
