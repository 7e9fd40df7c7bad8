//! The device's clock (`%globaltimer`) beside the host's.
//!
//! Nothing says that the two run at the same speed, and a worker lives for minutes, so they are compared before each
//! run whose times are wanted, and not once for the process.

use std::ffi::c_void;
use std::ptr;
use std::time::{Duration, Instant};

use crate::platform::Error;
use crate::replay::calls::Calls;
use crate::replay::kernels::Kernels;

/// How often the two are compared: the quickest answer tells most.
const ROUNDS: usize = 32;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(20);

/// Where the two clocks talk: a word and the answers, in page-locked memory that is never freed.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    word: *mut u32,
    answers: *mut u64,
}

/// How the two clocks stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// A time by the host's clock.
    host: Instant,
    /// The same by the device's.
    device: u64,
    /// By how much this may be wrong, in nanoseconds.
    pub(super) error: u64,
}

impl Desk {
    pub(super) fn new(calls: &Calls) -> Result<Self, Error> {
        let mut memory = ptr::null_mut();
        // SAFETY: the pointer is to a live variable.
        let code = unsafe { (calls.malloc_host)(&mut memory, (ROUNDS + 2) * size_of::<u64>()) };
        super::check(code, "cudaMallocHost")?;
        let answers: *mut u64 = memory.cast();
        // SAFETY: the word lies behind the answers, in the same block.
        Ok(Self { word: unsafe { answers.add(ROUNDS + 1) }.cast(), answers })
    }

    /// Compares the clocks; `None` if the device's does not answer, as where the GPU is busy with another process.
    /// The stream is idle before and after.
    pub(super) fn compare(
        self,
        calls: &Calls,
        kernels: &Kernels,
        stream: *mut c_void,
    ) -> Result<Option<Clock>, Error> {
        let rounds = u32::try_from(ROUNDS).unwrap_or(0);
        let nanoseconds = u64::try_from(PATIENCE.as_nanos()).unwrap_or(u64::MAX);
        // SAFETY: no kernel uses the desk now; word and answers lie in it.
        let code = unsafe {
            self.word.write_volatile(0);
            (0..=ROUNDS).for_each(|round| self.answers.add(round).write_volatile(0));
            kernels.clock(self.word, self.answers, rounds, nanoseconds, stream)
        };
        super::check(code, "cuLaunchKernel")?;
        let mut trips = Vec::with_capacity(ROUNDS);
        let tick = self.answer(0);
        for round in (1..=rounds).take_while(|_| tick.is_some()) {
            let asked = Instant::now();
            // SAFETY: as above; the kernel only reads the word.
            unsafe { self.word.write_volatile(round) };
            let Some(answer) = self.answer(round as usize) else { break };
            trips.push((asked, answer, Instant::now()));
        }
        // SAFETY: the stream is live. The kernel ends by itself if the host was too slow for it.
        super::check(unsafe { (calls.stream_synchronize)(stream) }, "cudaStreamSynchronize")?;
        Ok(Clock::of(tick.unwrap_or(0), &trips))
    }

    fn answer(self, round: usize) -> Option<u64> {
        let until = Instant::now() + PATIENCE;
        loop {
            // SAFETY: the round is one of those that there is room for.
            match unsafe { self.answers.add(round).read_volatile() } {
                0 if Instant::now() >= until => return None,
                0 => std::hint::spin_loop(),
                answer => return Some(answer),
            }
        }
    }
}

impl Clock {
    /// From the clock's tick and what was asked: when, the answer, when it was there. The device read its clock
    /// between the two times of the host, so half of the shortest trip is the error, and the tick comes on top.
    fn of(tick: u64, trips: &[(Instant, u64, Instant)]) -> Option<Self> {
        let (asked, device, there) =
            trips.iter().min_by_key(|(asked, _, there)| there.duration_since(*asked))?;
        let half = there.duration_since(*asked) / 2;
        let error = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        Some(Self { host: *asked + half, device: *device, error: error.saturating_add(tick) })
    }

    /// A time of the device, in nanoseconds since a time of the host.
    pub(super) fn since(&self, base: Instant, device: u64) -> i64 {
        since(base, self.host).saturating_add_unsigned(device).saturating_sub_unsigned(self.device)
    }
}

/// Nanoseconds from one time to another, which may be the earlier one.
pub(super) fn since(base: Instant, time: Instant) -> i64 {
    let nanoseconds = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.checked_duration_since(base) {
        Some(later) => nanoseconds(later),
        None => -nanoseconds(base.duration_since(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_answer_tells_how_the_clocks_stand() {
        let base = Instant::now();
        let at = |nanoseconds| base + Duration::from_nanos(nanoseconds);
        let trips = [(at(0), 5_000_000, at(9_000)), (at(10_000), 5_009_000, at(12_000))];
        let clock = Clock::of(32, &trips).unwrap();
        assert_eq!((clock.host, clock.device, clock.error), (at(11_000), 5_009_000, 1_032));
        assert_eq!(clock.since(base, 5_009_000), 11_000);
        assert_eq!(clock.since(at(11_000), 5_008_000), -1_000);
        assert_eq!((since(at(5), at(2)), since(at(2), at(5))), (-3, 3));
        assert_eq!(Clock::of(32, &[]), None);
    }
}
