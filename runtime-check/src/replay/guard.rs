//! Page guards: the pages of host buffers that a copy in flight uses are protected, so that a touch by the host
//! faults. The handler notes who touched whose pages, takes the protection away and lets the access go on. A
//! fault anywhere else ends the process by the signal, as it would end any program.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::platform::Error;

/// The size of a page on x86-64 and of the buffers' alignment.
pub const PAGE: usize = 4096;
/// At most so many guards at a time: more copies in flight stay unguarded.
const LIMIT: usize = 64;
/// At most so many touches a trace.
const TOUCHES: usize = 64;

/// One guarded range; the handler reads it, so it is made of atomics. `pages_end` 0: not in use.
struct Entry {
    pages: AtomicUsize,
    pages_end: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    step: AtomicUsize,
    protection: AtomicUsize,
    /// The address of the word that the device raises once the copy is over: what touches the pages then
    /// touches nothing that is in use.
    done: AtomicUsize,
}

struct Touched {
    by: AtomicUsize,
    of: AtomicUsize,
}

static ENTRIES: [Entry; LIMIT] = [const {
    Entry {
        pages: AtomicUsize::new(0),
        pages_end: AtomicUsize::new(0),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        step: AtomicUsize::new(0),
        protection: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    }
}; LIMIT];
static TOUCHED: [Touched; TOUCHES] =
    [const { Touched { by: AtomicUsize::new(0), of: AtomicUsize::new(0) } }; TOUCHES];
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// The step at which the host is: told to the parent when the process dies.
static STEP: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The step and the bytes that this thread is about to touch.
    static ACCESS: Cell<(usize, usize, usize)> = const { Cell::new((usize::MAX, 0, 0)) };
}

/// A guard in place.
#[derive(Debug)]
pub struct Guard(usize);

/// What the host may still do with guarded pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: a copy writes them.
    Nothing,
    /// Read: a copy reads them.
    Reads,
}

/// Installs the handlers.
pub fn install() -> Result<(), Error> {
    // SAFETY: the handlers are async-signal-safe; the structures are filled in completely.
    let codes = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
        action.sa_sigaction = on_fault as *const () as usize;
        let fault = libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut());
        action.sa_sigaction = on_death as *const () as usize;
        let others = [libc::SIGABRT, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];
        others
            .into_iter()
            .fold(fault, |code, signal| code | libc::sigaction(signal, &action, ptr::null_mut()))
    };
    if codes == 0 {
        Ok(())
    } else {
        Err(Error::Unexpected("signal handlers cannot be installed".to_string()))
    }
}

/// Protects the pages of a range until the word at `done` is raised; `None` if there are too many guards, or the
/// range is empty. The word must live for as long as the guard.
pub fn protect(start: usize, bytes: usize, leave: Leave, step: usize, done: *const u32) -> Option<Guard> {
    let index = ENTRIES.iter().position(|entry| entry.pages_end.load(Ordering::SeqCst) == 0)?;
    let (pages, end) = (start / PAGE * PAGE, start + bytes);
    if bytes == 0 {
        return None;
    }
    let entry = &ENTRIES[index];
    entry.pages.store(pages, Ordering::SeqCst);
    entry.start.store(start, Ordering::SeqCst);
    entry.end.store(end, Ordering::SeqCst);
    entry.step.store(step, Ordering::SeqCst);
    entry.done.store(done as usize, Ordering::SeqCst);
    let protection = if leave == Leave::Reads { libc::PROT_READ } else { libc::PROT_NONE };
    entry.protection.store(usize::try_from(protection).unwrap_or(0), Ordering::SeqCst);
    entry.pages_end.store(end.div_ceil(PAGE) * PAGE, Ordering::SeqCst);
    let guard = Guard(index);
    if set(pages, end.div_ceil(PAGE) * PAGE, protection) {
        Some(guard)
    } else {
        lift(guard);
        None
    }
}

/// Takes a guard away; pages that others still guard stay protected.
#[allow(clippy::needless_pass_by_value, reason = "the guard is gone")]
pub fn lift(guard: Guard) {
    let entry = &ENTRIES[guard.0];
    let (pages, end) = (entry.pages.load(Ordering::SeqCst), entry.pages_end.swap(0, Ordering::SeqCst));
    if end == 0 {
        return;
    }
    set(pages, end, libc::PROT_READ | libc::PROT_WRITE);
    for other in &ENTRIES {
        let (start, stop) = (other.pages.load(Ordering::SeqCst), other.pages_end.load(Ordering::SeqCst));
        if stop != 0 && start < end && pages < stop {
            set(start, stop, i32::try_from(other.protection.load(Ordering::SeqCst)).unwrap_or(0));
        }
    }
}

/// True once the copy is over.
pub fn is_done(guard: &Guard) -> bool {
    is_over(&ENTRIES[guard.0])
}

fn is_over(entry: &Entry) -> bool {
    let word = entry.done.load(Ordering::SeqCst) as *const u32;
    // SAFETY: whoever placed the guard keeps the word alive.
    !word.is_null() && unsafe { word.read_volatile() } != 0
}

/// Says what this thread is about to touch, and on whose behalf.
pub fn about_to_touch(step: usize, start: usize, bytes: usize) {
    ACCESS.set((step, start, start + bytes));
}

/// The access is over.
pub fn done_touching() {
    ACCESS.set((usize::MAX, 0, 0));
}

/// Says at which step the host is.
pub fn at_step(step: usize) {
    STEP.store(step, Ordering::SeqCst);
}

/// Which steps touched what other steps' copies use, each as (touching step, copy); forgets them.
pub fn touched() -> Vec<(usize, usize)> {
    let count = COUNT.swap(0, Ordering::SeqCst).min(TOUCHES);
    let load = |touched: &Touched| (touched.by.load(Ordering::SeqCst), touched.of.load(Ordering::SeqCst));
    TOUCHED[..count].iter().map(load).collect()
}

fn set(start: usize, end: usize, protection: c_int) -> bool {
    // SAFETY: the pages are those of a buffer of the executor, which nothing else lies in.
    unsafe { libc::mprotect(start as *mut c_void, end - start, protection) == 0 }
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel hands over a valid structure.
    let address = unsafe { (*info).si_addr() } as usize;
    let (by, access, access_end) = ACCESS.get();
    let mut ours = false;
    for entry in &ENTRIES {
        let (pages, end) = (entry.pages.load(Ordering::SeqCst), entry.pages_end.load(Ordering::SeqCst));
        if address < pages || address >= end {
            continue;
        }
        ours = true;
        entry.pages_end.store(0, Ordering::SeqCst);
        set(pages, end, libc::PROT_READ | libc::PROT_WRITE);
        let (start, stop) = (entry.start.load(Ordering::SeqCst), entry.end.load(Ordering::SeqCst));
        if is_over(entry) {
            continue;
        }
        // Without an announced access it is CUDA itself that touches the page, for the step at hand.
        let (by, hit) = if by == usize::MAX {
            (STEP.load(Ordering::SeqCst), address >= start && address < stop)
        } else {
            (by, access < stop && start < access_end)
        };
        if hit {
            let at = COUNT.fetch_add(1, Ordering::SeqCst);
            if let Some(touched) = TOUCHED.get(at) {
                touched.by.store(by, Ordering::SeqCst);
                touched.of.store(entry.step.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        }
    }
    if !ours {
        die(signal);
    }
}

extern "C" fn on_death(signal: c_int, _info: *mut libc::siginfo_t, _context: *mut c_void) {
    die(signal);
}

/// Tells the parent the step, and lets the signal do what it does: the faulting instruction runs again.
fn die(signal: c_int) {
    let mut line = *b"{\"died\":00000000}\n";
    let mut step = STEP.load(Ordering::SeqCst);
    // JSON has no leading zeros, so the digits are followed by blanks instead.
    let mut digits = [0_u8; 8];
    let mut count = 0;
    while count == 0 || (step > 0 && count < 8) {
        digits[count] = b'0' + u8::try_from(step % 10).unwrap_or(0);
        step /= 10;
        count += 1;
    }
    for at in 0..8 {
        line[8 + at] = if at < count { digits[count - 1 - at] } else { b' ' };
    }
    // SAFETY: write, signal and raise are async-signal-safe.
    unsafe {
        libc::write(1, line.as_ptr().cast(), line.len());
        libc::signal(signal, libc::SIG_DFL);
        if signal == libc::SIGABRT {
            libc::raise(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_is_noted_and_goes_on() {
        install().unwrap();
        // SAFETY: a fresh mapping of two pages.
        let memory = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            libc::mmap(ptr::null_mut(), 2 * PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        }
        .cast::<u32>();
        let start = memory as usize;
        let write = |word: usize, value| {
            about_to_touch(7, start + word * 4, 4);
            // SAFETY: within the mapping.
            unsafe { memory.add(word).write_volatile(value) };
        };
        let done = [0_u32, 1];
        let (using, over) = (&raw const done[0], &raw const done[1]);
        let _reading = protect(start, PAGE, Leave::Reads, 3, using).unwrap();
        let whole = protect(start + PAGE, 64, Leave::Nothing, 4, using).unwrap();
        // SAFETY: within the mapping, and reads are left.
        assert_eq!(unsafe { memory.read_volatile() }, 0);
        assert!(touched().is_empty());
        write(0, 5);
        // Another part of the page: no touch of what is guarded.
        write(PAGE / 4 + 100, 5);
        assert_eq!(touched(), [(7, 3)]);
        lift(whole);
        let again = protect(start + PAGE, 64, Leave::Nothing, 5, using).unwrap();
        assert!(!is_done(&again));
        write(PAGE / 4, 6);
        assert_eq!(touched(), [(7, 5)]);
        let late = protect(start + PAGE, 64, Leave::Nothing, 6, over).unwrap();
        assert!(is_done(&late));
        write(PAGE / 4, 6);
        assert!(touched().is_empty());
        // SAFETY: within the mapping, which is read and write again.
        assert_eq!(unsafe { (memory.read_volatile(), memory.add(PAGE / 4).read_volatile()) }, (5, 6));
    }
}
