//! Holds: spin kernels that keep streams busy, and the thread that lets go of them in time.
//!
//! The host's thread may be blocked in the very call that is being measured, so the end of the patience is
//! watched by another thread; the kernel has a deadline of its own on top.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::calls::Calls;
use super::kernels::{Kernels, Span};
use crate::platform::Error;

/// At most so many holds a trace.
pub const LIMIT: usize = 64;

/// The flags, and the thread that raises them.
pub struct Holds {
    flags: *mut u32,
    used: usize,
    watch: Arc<Watch>,
}

/// What the thread watches.
struct Watch {
    deadlines: Mutex<Vec<(Instant, Flag)>>,
    changed: Condvar,
}

/// A word in pinned memory that is never freed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Flag(*mut u32);

// SAFETY: the word lives as long as the process, and is only written, volatile, as a whole.
unsafe impl Send for Flag {}

/// One hold.
#[derive(Clone, Copy)]
pub struct Held {
    flag: Flag,
    /// When it ends by itself.
    pub deadline: Instant,
}

impl Holds {
    /// Takes the flags' memory and starts the thread.
    pub fn new(calls: &Calls) -> Result<Self, Error> {
        let mut memory = ptr::null_mut();
        // SAFETY: the pointer is to a live variable.
        let code = unsafe { (calls.malloc_host)(&mut memory, LIMIT * size_of::<u32>()) };
        if code != 0 {
            return Err(Error::Unexpected(format!("no pinned memory for the holds: code {code}")));
        }
        let watch = Arc::new(Watch { deadlines: Mutex::new(Vec::new()), changed: Condvar::new() });
        let watched = Arc::clone(&watch);
        thread::spawn(move || watched.run());
        Ok(Self { flags: memory.cast(), used: 0, watch })
    }

    /// Keeps a stream busy. The deadline counts from now, whatever the stream still has to do. `span` is null or
    /// where the kernel says when it ran: page-locked memory that outlives it.
    pub fn hold(
        &mut self,
        kernels: &Kernels,
        stream: *mut c_void,
        patience: Duration,
        span: *mut Span,
    ) -> Result<Held, Error> {
        if self.used == LIMIT {
            return Err(Error::Unexpected(format!("more than {LIMIT} holds in one trace")));
        }
        // SAFETY: the index is below the number of flags.
        let flag = Flag(unsafe { self.flags.add(self.used) });
        self.used += 1;
        // SAFETY: no kernel uses the flag now: all were waited for when the last trace ended.
        unsafe { flag.0.write_volatile(0) };
        let held = Held { flag, deadline: Instant::now() + patience };
        let nanoseconds = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        // SAFETY: the flag is pinned memory that is never freed, and so is the span.
        let code = unsafe { kernels.hold(flag.0, nanoseconds, span, stream) };
        if code != 0 {
            return Err(Error::Unexpected(format!("the hold could not be launched: code {code}")));
        }
        self.watch.deadlines.lock().unwrap_or_else(PoisonError::into_inner).push((held.deadline, flag));
        self.watch.changed.notify_one();
        Ok(held)
    }

    /// Lets go of one hold.
    pub fn release(&self, held: Held) {
        let mut deadlines = self.watch.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        deadlines.retain(|(_, flag)| *flag != held.flag);
        // SAFETY: the flag is pinned memory that is never freed.
        unsafe { held.flag.0.write_volatile(1) };
    }

    /// Lets go of all.
    pub fn release_all(&self) {
        let mut deadlines = self.watch.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, flag) in deadlines.drain(..) {
            // SAFETY: as above.
            unsafe { flag.0.write_volatile(1) };
        }
    }

    /// The flags may be used again. All kernels must have ended.
    pub fn reset(&mut self) {
        self.release_all();
        self.used = 0;
    }
}

impl Watch {
    fn run(&self) {
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            deadlines.retain(|(deadline, flag)| {
                if *deadline <= now {
                    // SAFETY: the flag is pinned memory that is never freed.
                    unsafe { flag.0.write_volatile(1) };
                }
                *deadline > now
            });
            let next = deadlines.iter().map(|(deadline, _)| *deadline).min();
            deadlines = match next {
                None => self.changed.wait(deadlines).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let time = next.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(deadlines, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
