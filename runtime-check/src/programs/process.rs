//! Child processes with a time limit: compilers, fixtures, checkers.
//!
//! Each child leads a process group of its own, so that what it starts ends with it.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// More output than this is read and dropped.
pub const MAX_OUTPUT: usize = 1 << 20;
/// How often it is looked whether a child has ended.
const POLL: Duration = Duration::from_millis(5);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// By itself, with this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It was ended because its time was over.
    TimeOut,
}

impl End {
    /// The end in words: `exit 0`, `SIGSEGV`.
    pub fn text(self) -> String {
        match self {
            Self::Exit(code) => format!("exit {code}"),
            Self::Signal(4) => "SIGILL".to_string(),
            Self::Signal(6) => "SIGABRT".to_string(),
            Self::Signal(7) => "SIGBUS".to_string(),
            Self::Signal(11) => "SIGSEGV".to_string(),
            Self::Signal(signal) => format!("signal {signal}"),
            Self::TimeOut => "no end in time".to_string(),
        }
    }
}

/// What a process left.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// How it ended.
    pub end: End,
    /// What it wrote.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs a command to its end, at most for `limit`.
pub fn run(command: &mut Command, limit: Duration) -> std::io::Result<Finished> {
    let start = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn()?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break end_of(status);
        }
        if start.elapsed() > limit {
            break End::TimeOut;
        }
        thread::sleep(POLL);
    };
    // Also after a regular end: what it left running holds the pipes open, and the GPU busy.
    end_group(&mut child);
    let took = start.elapsed();
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
    };
    Ok(Finished { end, stdout: text(stdout), stderr: text(stderr), took })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let Some(mut pipe) = pipe else { return kept };
        let mut block = [0; 8192];
        while let Ok(read) = pipe.read(&mut block) {
            if read == 0 {
                break;
            }
            let room = MAX_OUTPUT.saturating_sub(kept.len()).min(read);
            kept.extend_from_slice(&block[..room]);
        }
        kept
    })
}

fn end_of(status: ExitStatus) -> End {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return End::Signal(signal);
    }
    End::Exit(status.code().unwrap_or(-1))
}

/// Ends the child's process group, and reaps the child.
fn end_group(child: &mut Child) {
    #[cfg(unix)]
    {
        unsafe extern "C" {
            fn kill(pid: i32, signal: i32) -> i32;
        }
        const SIGKILL: i32 = 9;
        if let Ok(pid) = i32::try_from(child.id())
            && pid > 1
        {
            // SAFETY: kill touches no memory. The group is the child's own, made when it was started.
            unsafe { kill(-pid, SIGKILL) };
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Applies a function to all items, at most `width` at a time; the results are in the items' order.
pub fn parallel<T: Sync, R: Send>(
    items: &[T],
    width: usize,
    work: impl Fn(&T) -> R + Sync,
    done: impl Fn() + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..width.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, item)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).map(|item| (index, item))
                } {
                    let result = work(item);
                    done();
                    // A poisoned lock means that another worker panicked, which the scope reports.
                    if let Ok(mut results) = results.lock() {
                        results.push((index, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, limit_ms: u64) -> Finished {
        run(Command::new("sh").args(["-c", script]), Duration::from_millis(limit_ms)).unwrap()
    }

    #[test]
    fn ends_are_told_apart() {
        let finished = shell("echo out; echo err >&2; exit 3", 10_000);
        assert_eq!(
            (finished.end, finished.stdout.as_str(), finished.stderr.as_str()),
            (End::Exit(3), "out\n", "err\n")
        );
        assert_eq!(shell("kill -SEGV $$", 10_000).end, End::Signal(11));
        let late = shell("sleep 30", 100);
        assert_eq!(late.end, End::TimeOut);
        assert!(late.took < Duration::from_secs(10), "{late:?}");
    }

    #[test]
    fn what_a_child_starts_ends_with_it() {
        // The grandchild holds the pipe: were it left alone, this would take its 30 seconds.
        assert!(shell("sleep 30 & sleep 30", 100).took < Duration::from_secs(10));
        assert!(shell("sleep 30 & exit 0", 10_000).took < Duration::from_secs(10));
    }

    #[test]
    fn long_output_does_not_block_and_is_cut() {
        let finished = shell("yes | head -c 3000000", 20_000);
        assert_eq!((finished.end, finished.stdout.len()), (End::Exit(0), MAX_OUTPUT));
    }

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..40).collect();
        let results = parallel(&items, 7, |item| item * 2, || ());
        assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(parallel(&[], 4, |item: &u64| *item, || ()).is_empty());
    }
}
