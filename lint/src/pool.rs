//! Worker processes, seen from the main process: starts them, hands out files one at a time, and replaces a
//! worker that crashes, hangs or talks nonsense. Such a worker costs the file that it was working on, and
//! no other. A file on which the parser crashed is tried once more, with care ([`FileRequest::careful`]).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::finding::FileReport;
use crate::options::AnalysisOptions;
use crate::report::FailedFile;
use crate::worker::{FileRequest, Greeting};

/// An answer longer than this is garbage.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// How long a worker may take from its start to its greeting: it loads libclang.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a worker is started before giving up: a machine may be out of processes for a moment.
const START_ATTEMPTS: usize = 3;

/// How often the observer hears that time passes.
const TICK: Duration = Duration::from_millis(100);

/// How to run workers.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What to start.
    pub worker: WorkerCommand,
    /// How many run at the same time.
    pub workers: usize,
    /// How long one file may take.
    pub timeout: Duration,
}

/// What to start as a worker: this command itself, save in tests.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What its environment holds in addition.
    pub environment: &'static [(&'static str, &'static str)],
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct PoolOutcome {
    /// One report for each request, in no particular order.
    pub reports: Vec<FileReport>,
    /// The frontend that the workers used, if any worker got ready.
    pub frontend: Option<String>,
    /// Files beside the inputs that the workers would have used and cannot.
    pub unusable: Vec<FailedFile>,
    /// Why the workers refused to work, if they did.
    pub refused: Option<String>,
}

/// Hears what happens while the pool works.
pub trait Observer {
    /// A file is finished.
    fn finished(&mut self, report: &FileReport);
    /// Time passes.
    fn tick(&mut self);
}

impl Pool {
    /// Has the workers answer every request.
    pub fn analyse(
        &self,
        requests: &[FileRequest],
        options: &AnalysisOptions,
        observer: &mut dyn Observer,
    ) -> io::Result<PoolOutcome> {
        let greeting = serde_json::to_string(options)?;
        let queue = Queue { state: Mutex::new(QueueState::default()), requests };
        let (sender, receiver) = mpsc::channel();
        let mut reports = Vec::with_capacity(requests.len());
        std::thread::scope(|scope| {
            for _ in 0..self.workers.clamp(1, requests.len().max(1)) {
                let (sender, queue, greeting) = (sender.clone(), &queue, &greeting);
                scope.spawn(move || {
                    self.drive(queue, greeting, |report| {
                        // The receiver lives until every sender is gone.
                        let _ = sender.send(report);
                    });
                });
            }
            drop(sender);
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok(report) => {
                        observer.finished(&report);
                        reports.push(report);
                    }
                    Err(RecvTimeoutError::Timeout) => observer.tick(),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        let QueueState { next, ready, stopped } =
            queue.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let reason = stopped.as_ref().map_or("no worker process is left", Stop::reason);
        reports.extend(requests[next..].iter().map(|request| FileReport::failed(&request.path, reason)));
        let refused = match stopped {
            Some(Stop::Refused(reason)) => Some(reason),
            _ => None,
        };
        let (frontend, unusable) = ready.unzip();
        Ok(PoolOutcome { reports, frontend, unusable: unusable.unwrap_or_default(), refused })
    }

    /// The life of one worker and its successors.
    fn drive(&self, queue: &Queue<'_>, greeting: &str, send: impl Fn(FileReport)) {
        let mut worker: Option<Worker> = None;
        let mut again: Option<FileRequest> = None;
        while let Some(request) = again.take().or_else(|| queue.next().cloned()) {
            let mut current = match worker.take().filter(|worker| !worker.has_spoken_unasked()) {
                Some(current) => current,
                None => match self.start(greeting) {
                    Ok(started) => {
                        queue.note_ready(&started);
                        started
                    }
                    Err(stop) => {
                        send(FileReport::failed(&request.path, stop.reason()));
                        return queue.stop(stop);
                    }
                },
            };
            match current.ask(&request, self.timeout) {
                Ok(report) => {
                    send(report);
                    worker = Some(current);
                }
                Err(Failure::Died(_)) if request.can_be_careful() => {
                    again = Some(FileRequest { careful: true, ..request });
                }
                Err(failure) => send(FileReport::failed(&request.path, failure.reason())),
            }
        }
    }

    fn start(&self, greeting: &str) -> Result<Worker, Stop> {
        let mut attempt = 1;
        loop {
            match Worker::start(&self.worker, greeting) {
                Err(Stop::CannotStart(_)) if attempt < START_ATTEMPTS => {
                    std::thread::sleep(TICK);
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

/// The requests, and how far the workers are.
struct Queue<'a> {
    requests: &'a [FileRequest],
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    /// The first request that nobody has taken.
    next: usize,
    /// What the first worker that got ready says of itself; the others say the same.
    ready: Option<(String, Vec<FailedFile>)>,
    stopped: Option<Stop>,
}

impl Queue<'_> {
    fn with_state<T>(&self, change: impl FnOnce(&mut QueueState) -> T) -> T {
        // No code that can panic runs under the lock, so a poisoned state is still consistent.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn next(&self) -> Option<&FileRequest> {
        self.with_state(|state| {
            let request = self.requests.get(state.next).filter(|_| state.stopped.is_none())?;
            state.next += 1;
            Some(request)
        })
    }

    fn note_ready(&self, worker: &Worker) {
        self.with_state(|state| {
            state.ready.get_or_insert_with(|| (worker.frontend.clone(), worker.unusable.clone()));
        });
    }

    /// Ends the run: what nobody has taken will not be analysed. The first reason is kept.
    fn stop(&self, stop: Stop) {
        self.with_state(|state| {
            state.stopped.get_or_insert(stop);
        });
    }
}

/// Why a file has no answer.
#[derive(Debug)]
enum Failure {
    /// The process ended.
    Died(String),
    /// Anything else: it takes too long, or its answer makes no sense.
    Other(String),
}

impl Failure {
    fn reason(self) -> String {
        match self {
            Self::Died(reason) | Self::Other(reason) => reason,
        }
    }
}

/// Why no worker can be had.
#[derive(Debug)]
enum Stop {
    /// The worker says that it cannot work.
    Refused(String),
    /// The process does not come up.
    CannotStart(String),
}

impl Stop {
    fn reason(&self) -> &str {
        match self {
            Self::Refused(reason) | Self::CannotStart(reason) => reason,
        }
    }
}

/// A running worker process. Dropping it ends the process.
struct Worker {
    process: Child,
    input: ChildStdin,
    /// Lines that it wrote; closed at the end of its output.
    answers: Receiver<io::Result<Vec<u8>>>,
    frontend: String,
    unusable: Vec<FailedFile>,
}

impl Worker {
    fn start(command: &WorkerCommand, greeting: &str) -> Result<Self, Stop> {
        let cannot = |reason: String| Stop::CannotStart(format!("a worker process does not start: {reason}"));
        let mut process = Command::new(&command.program)
            .args(&command.arguments)
            .envs(command.environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // libclang comments on its own crashes there, in the middle of a progress bar.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| cannot(format!("{}: {error}", command.program.display())))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(cannot("it has no pipes".to_string()));
        };
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || read_lines(output, |line| sender.send(line).is_ok()));
        let mut worker = Self { process, input, answers, frontend: String::new(), unusable: Vec::new() };
        let answer = worker.exchange(greeting, START_TIMEOUT).map_err(|failure| cannot(failure.reason()))?;
        match serde_json::from_slice(&answer) {
            Ok(Greeting::Ready { frontend, unusable }) => {
                worker.frontend = frontend;
                worker.unusable = unusable;
                Ok(worker)
            }
            Ok(Greeting::Refused { reason }) => Err(Stop::Refused(reason)),
            Err(error) => Err(cannot(format!("its greeting makes no sense ({error})"))),
        }
    }

    /// True if there is an answer that nothing asked for: the next ones could not be told apart.
    fn has_spoken_unasked(&self) -> bool {
        !matches!(self.answers.try_recv(), Err(mpsc::TryRecvError::Empty))
    }

    /// Has a file analysed, or says why that failed. After a failure the worker is of no more use.
    fn ask(&mut self, request: &FileRequest, timeout: Duration) -> Result<FileReport, Failure> {
        let line = serde_json::to_string(request).map_err(|error| Failure::Other(error.to_string()))?;
        let answer = self.exchange(&line, timeout)?;
        match serde_json::from_slice::<FileReport>(&answer) {
            Ok(report) if report.path == request.path => Ok(report),
            Ok(report) => {
                Err(Failure::Other(format!("the worker process answered for another file ({})", report.path)))
            }
            Err(error) => {
                Err(Failure::Other(format!("the answer of the worker process makes no sense ({error})")))
            }
        }
    }

    fn exchange(&mut self, line: &str, timeout: Duration) -> Result<Vec<u8>, Failure> {
        // A process that ended fails here or below; what it left as its status is the better reason.
        let _ = self.input.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.input.flush());
        match self.answers.recv_timeout(timeout) {
            Ok(answer) => answer.map_err(|error| {
                Failure::Other(format!("the answer of the worker process cannot be read: {error}"))
            }),
            Err(RecvTimeoutError::Disconnected) => Err(Failure::Died(self.last_words())),
            Err(RecvTimeoutError::Timeout) => Err(Failure::Other(format!(
                "the analysis took longer than {} s (--timeout SECONDS raises the limit)",
                timeout.as_secs_f64()
            ))),
        }
    }

    /// Why the process ended. It closed its output, so it is ending or as good as dead.
    fn last_words(&mut self) -> String {
        for _ in 0..20 {
            match self.process.try_wait() {
                Ok(Some(status)) => return describe(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => break,
            }
        }
        "the worker process stopped answering".to_string()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Hands over each line of `output` without its end, until `accept` declines or there is no more.
fn read_lines(output: impl Read, accept: impl Fn(io::Result<Vec<u8>>) -> bool) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let line = match output.by_ref().take(MAX_ANSWER_BYTES).read_until(b'\n', &mut line) {
            Ok(_) if line.pop_if(|last| *last == b'\n').is_some() => Ok(line),
            // What a process said before it died in the middle of a line is no answer.
            Ok(bytes) if (bytes as u64) < MAX_ANSWER_BYTES => return,
            Ok(_) => Err(io::Error::other("it is too long")),
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if !accept(line) || failed {
            return;
        }
    }
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => " (SIGILL)",
            6 => " (SIGABRT)",
            7 => " (SIGBUS)",
            8 => " (SIGFPE)",
            9 => " (SIGKILL: perhaps out of memory)",
            11 => " (SIGSEGV)",
            _ => "",
        };
        return format!("the parser crashed on it: signal {signal}{name}");
    }
    format!("the worker process ended early: {status}")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::finding::Outcome;

    /// A worker written for the shell: greets, then answers each request by what stands in the file's name.
    const FAKE: &str = r#"
read options
echo '{"greeting":"ready","frontend":"fake"}'
while read request; do
    path=${request#*:\"}; path=${path%%\"*}
    case $path in
        careful*) case $request in
            *'"careful":true'*) echo "{\"path\":\"$path\",\"outcome\":{\"state\":\"skipped\"}}" ;;
            *) kill -SEGV $$ ;;
        esac ;;
        crash*) kill -SEGV $$ ;;
        leave*) exit 3 ;;
        hang*) sleep 100 ;;
        garbage*) echo 'this is no JSON' ;;
        half*) printf '{"path":'; exit 0 ;;
        other*) echo '{"path":"wrong.cu","outcome":{"state":"skipped"}}' ;;
        chatty*) echo "{\"path\":\"$path\",\"outcome\":{\"state\":\"skipped\"}}"; echo 'and more' ;;
        *) echo "{\"path\":\"$path\",\"outcome\":{\"state\":\"skipped\"}}" ;;
    esac
done"#;

    #[derive(Default)]
    struct Count {
        finished: usize,
    }

    impl Observer for Count {
        fn finished(&mut self, _: &FileReport) {
            self.finished += 1;
        }
        fn tick(&mut self) {}
    }

    fn run(script: &str, workers: usize, paths: &[&str]) -> PoolOutcome {
        let pool = Pool {
            worker: WorkerCommand {
                program: "sh".into(),
                arguments: vec!["-c".to_string(), script.to_string()],
                environment: &[],
            },
            workers,
            timeout: Duration::from_millis(1500),
        };
        let requests: Vec<_> = paths
            .iter()
            .map(|path| FileRequest { path: path.to_string(), ..FileRequest::default() })
            .collect();
        let mut count = Count::default();
        let mut outcome = pool.analyse(&requests, &AnalysisOptions::default(), &mut count).unwrap();
        assert!(count.finished <= requests.len());
        outcome.reports.sort_by(|a, b| a.path.cmp(&b.path));
        outcome
    }

    /// Each report as `path: reason`, or `path` if all went well.
    fn lines(outcome: &PoolOutcome) -> Vec<String> {
        let line = |report: &FileReport| match &report.outcome {
            Outcome::Failed { reason } => format!("{}: {reason}", report.path),
            _ => report.path.clone(),
        };
        outcome.reports.iter().map(line).collect()
    }

    #[test]
    fn every_file_is_answered_whatever_the_number_of_workers() {
        let paths: Vec<String> = (10..60).map(|number| format!("{number}.cu")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        for workers in [1, 3, 100] {
            let outcome = run(FAKE, workers, &paths);
            assert_eq!(lines(&outcome), paths);
            assert_eq!(outcome.frontend.as_deref(), Some("fake"));
            assert_eq!(outcome.refused, None);
        }
        assert!(run(FAKE, 2, &[]).reports.is_empty());
    }

    #[test]
    fn crash_exit_and_garbage_cost_one_file_each() {
        let paths = [
            "a.cu",
            "b.cu",
            "careful.cu",
            "crash.cu",
            "garbage.cu",
            "half.cu",
            "leave.cu",
            "other.cu",
            "z.cu",
        ];
        for workers in [1, 2] {
            assert_eq!(
                lines(&run(FAKE, workers, &paths)),
                [
                    "a.cu",
                    "b.cu",
                    "careful.cu",
                    "crash.cu: the parser crashed on it: signal 11 (SIGSEGV)",
                    "garbage.cu: the answer of the worker process makes no sense (expected ident at line 1 column 2)",
                    "half.cu: the worker process ended early: exit status: 0",
                    "leave.cu: the worker process ended early: exit status: 3",
                    "other.cu: the worker process answered for another file (wrong.cu)",
                    "z.cu",
                ]
            );
        }
    }

    #[test]
    fn a_hang_ends_at_the_time_limit() {
        let start = Instant::now();
        assert_eq!(
            lines(&run(FAKE, 1, &["hang.cu", "z.cu"])),
            ["hang.cu: the analysis took longer than 1.5 s (--timeout SECONDS raises the limit)", "z.cu"]
        );
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_worker_out_of_step_is_replaced() {
        let outcome = run(FAKE, 1, &["a.cu", "chatty.cu", "z.cu"]);
        assert_eq!(lines(&outcome)[..2], ["a.cu", "chatty.cu"]);
        assert_eq!(outcome.reports.len(), 3);
    }

    #[test]
    fn refusal_is_told_apart_from_failure() {
        let outcome = run(
            r#"read options; echo '{"greeting":"refused","reason":"no libclang"}'"#,
            2,
            &["a.cu", "b.cu"],
        );
        assert_eq!(outcome.refused.as_deref(), Some("no libclang"));
        assert_eq!(lines(&outcome), ["a.cu: no libclang", "b.cu: no libclang"]);
        assert_eq!(outcome.frontend, None);
    }

    #[test]
    fn a_process_that_does_not_start_is_said() {
        let outcome = run("exit 7", 1, &["a.cu", "b.cu"]);
        assert_eq!(outcome.refused, None);
        for line in lines(&outcome) {
            assert!(
                line.contains("does not start: the worker process ended early: exit status: 7"),
                "{line}"
            );
        }
    }
}
