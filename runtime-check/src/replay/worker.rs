//! Workers: child processes of this command that run traces, so that a fault, a hang or an error that the
//! context does not recover from costs the one trace.

use std::collections::VecDeque;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cuda_lint_engine::trace::{Action, Position, Step, Trace};
use serde::{Deserialize, Serialize};

use super::executor::Gpu;
use super::guard;
use crate::machine::{Machine, Observed, Run, Schedule};
use crate::platform::{self, Error};

/// How long a worker may take until it is ready: a first context on a slow machine takes seconds.
const START: Duration = Duration::from_secs(60);
/// How many spare workers get ready: a context takes half a second, and some traces cost one each time.
const SPARE: usize = 3;
/// How long a trace may take on top of its holds.
const LIMIT: Duration = Duration::from_secs(10);

/// What a worker is asked.
#[derive(Serialize, Deserialize)]
struct Request {
    trace: Trace<Position>,
    schedule: Schedule,
    /// Whether to note when everything happens.
    timed: bool,
}

/// What it answers, one line each.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// It is ready; what it runs traces with.
    Ready(String),
    /// What was observed; false if the worker can go on.
    Run(Run, bool),
    /// Nothing can be said; false if the worker can go on.
    Error(String, bool),
    /// A signal ends it at this step.
    Died(usize),
}

/// How many hardware queues the streams of a worker share (`CUDA_DEVICE_MAX_CONNECTIONS`). Streams that share one
/// wait for each other; but a context takes about 25 ms for each, one after the other for all processes.
const MANY: u32 = 32;
/// Those of a worker for traces with one stream at most, of which something is kept back.
const SOME: u32 = 8;
/// Those of a worker for traces with nothing to overtake. Most that end their process need no more than these.
const FEW: u32 = 2;

/// Workers for one device, by what a trace has to overtake.
pub struct Workers {
    many: Line,
    some: Line,
    few: Line,
    /// What runs the traces, for the evidence: which API, which kernels.
    pub description: String,
    /// How many traces were run.
    pub runs: usize,
    /// How many workers were replaced.
    pub replaced: usize,
}

/// Workers of one sort: one that runs, and spare ones that get ready once one has died.
struct Line {
    ordinal: usize,
    queues: u32,
    current: Option<Worker>,
    spare: VecDeque<Worker>,
    /// True once a trace was run: only then one that is missing has died.
    is_used: bool,
}

struct Worker {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Answer>,
    /// What it runs traces with, once it is ready.
    description: String,
}

impl Workers {
    /// Starts a worker and waits until it is ready.
    pub fn start(ordinal: usize) -> Result<Self, Error> {
        platform::find_driver()?;
        let [mut many, some, mut few] = [MANY, SOME, FEW].map(|queues| Line::new(ordinal, queues));
        many.fill(1)?;
        few.fill(1)?;
        let worker = many.next()?;
        let description = worker.description.clone();
        many.current = Some(worker);
        Ok(Self { many, some, few, description, runs: 0, replaced: 0 })
    }
}

/// How many queues a run needs: two streams of a trace have to be able to overtake each other, and what is kept
/// back must not keep back the worker's own streams.
fn queues(trace: &Trace<Position>, schedule: &Schedule) -> u32 {
    let is_made = |step: &&Step<Position>| matches!(step.action, Action::CreateStream { .. });
    match (trace.steps.iter().filter(is_made).count(), schedule.holds.is_empty()) {
        (0 | 1, true) => FEW,
        (0 | 1, false) => SOME,
        _ => MANY,
    }
}

impl Line {
    const fn new(ordinal: usize, queues: u32) -> Self {
        Self { ordinal, queues, current: None, spare: VecDeque::new(), is_used: false }
    }

    /// Starts workers until there are so many spare ones; they get ready by themselves.
    fn fill(&mut self, count: usize) -> Result<(), Error> {
        while self.spare.len() < count {
            self.spare.push_back(Worker::start(self.ordinal, self.queues)?);
        }
        Ok(())
    }

    /// The next spare worker, once it is ready.
    fn next(&mut self) -> Result<Worker, Error> {
        let mut worker = self
            .spare
            .pop_front()
            .ok_or_else(|| Error::Unexpected("there is no worker process".to_string()))?;
        match worker.answers.recv_timeout(START) {
            Ok(Answer::Ready(description)) => {
                worker.description = description;
                Ok(worker)
            }
            Ok(Answer::Error(message, _)) => Err(Error::Unexpected(message)),
            _ => Err(Error::Unexpected(format!(
                "a worker process did not get ready: {}",
                worker.end().map_or_else(|| "it was ended".to_string(), |signal| format!("signal {signal}"))
            ))),
        }
    }

    /// The worker to run on, another if the last one is gone.
    fn take(&mut self) -> Result<Worker, Error> {
        if let Some(worker) = self.current.take() {
            return Ok(worker);
        }
        self.fill(if self.is_used { SPARE + 1 } else { 1 })?;
        self.next()
    }
}

impl Machine for Workers {
    fn run(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.ask(trace, schedule, false)
    }

    fn timed(&mut self, trace: &Trace<Position>, schedule: &Schedule) -> Result<Run, Error> {
        self.ask(trace, schedule, true)
    }
}

impl Workers {
    fn ask(&mut self, trace: &Trace<Position>, schedule: &Schedule, timed: bool) -> Result<Run, Error> {
        let line = match queues(trace, schedule) {
            FEW => &mut self.few,
            SOME => &mut self.some,
            _ => &mut self.many,
        };
        self.replaced += usize::from(line.current.is_none() && line.is_used);
        let mut worker = line.take()?;
        line.is_used = true;
        self.runs += 1;
        let held: Duration = schedule.holds.iter().map(|hold| hold.patience).sum();
        let request = Request { trace: trace.clone(), schedule: schedule.clone(), timed };
        let sent = serde_json::to_string(&request).map_err(|error| Error::Unexpected(error.to_string()))?;
        // A worker that is gone does not read; the answer tells.
        let _ = writeln!(worker.input, "{sent}").and_then(|()| worker.input.flush());
        match worker.answers.recv_timeout(LIMIT + held) {
            Ok(Answer::Run(run, broken)) => {
                line.keep(worker, broken);
                Ok(run)
            }
            Ok(Answer::Error(message, broken)) => {
                line.keep(worker, broken);
                Err(Error::Unexpected(message))
            }
            Ok(Answer::Died(step)) => {
                let signal = worker.wait();
                let steps = vec![Observed::default(); trace.steps.len().min(step + 1)];
                Ok(Run { steps, signal: signal.or(Some(libc::SIGABRT)), ..Run::default() })
            }
            Ok(Answer::Ready(_)) => Err(Error::Unexpected("a worker answers out of turn".to_string())),
            Err(RecvTimeoutError::Disconnected) => match worker.wait() {
                Some(signal) => Ok(Run { signal: Some(signal), ..Run::default() }),
                None => Err(Error::Unexpected("a worker process ended without an answer".to_string())),
            },
            Err(RecvTimeoutError::Timeout) => {
                let signal = worker.end();
                Ok(Run { signal: signal.or(Some(libc::SIGKILL)), ..Run::default() })
            }
        }
    }
}

impl Line {
    fn keep(&mut self, mut worker: Worker, broken: bool) {
        if broken {
            worker.end();
        } else {
            self.current = Some(worker);
        }
    }
}

impl Worker {
    fn start(ordinal: usize, queues: u32) -> Result<Self, Error> {
        let cannot = |error: std::io::Error| Error::Unexpected(format!("no worker process: {error}"));
        let program = env::current_exe().map_err(cannot)?;
        let mut command = Command::new(program);
        command.arg("worker").arg("--device").arg(ordinal.to_string());
        // Code that is loaded late would wait for the streams that are held, and streams that share a hardware
        // queue would wait for one another.
        command.env("CUDA_MODULE_LOADING", "EAGER").env("CUDA_DEVICE_MAX_CONNECTIONS", queues.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(cannot)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Unexpected("a worker process without pipes".to_string()));
        };
        let (send, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // What is no answer was printed by a library.
                if let Ok(answer) = serde_json::from_str(&line)
                    && send.send(answer).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self { child, input, answers, description: String::new() })
    }

    /// Ends it; the signal that it ended by.
    fn end(&mut self) -> Option<i32> {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.wait()
    }

    fn wait(&mut self) -> Option<i32> {
        self.child.wait().ok()?.signal()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// The worker's side: answers one line for each line until there are no more.
pub fn work(ordinal: usize) -> Result<(), Error> {
    let say = |answer: &Answer| -> Result<(), Error> {
        let text = serde_json::to_string(answer).map_err(|error| Error::Unexpected(error.to_string()))?;
        let mut output = std::io::stdout().lock();
        let written = writeln!(output, "{text}").and_then(|()| output.flush());
        written.map_err(|error| Error::Unexpected(format!("the parent process is gone: {error}")))
    };
    let mut gpu = match guard::install().and_then(|()| Gpu::new(ordinal)) {
        Ok(gpu) => gpu,
        Err(error) => return say(&Answer::Error(error.to_string(), true)),
    };
    say(&Answer::Ready(gpu.describe()))?;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(Request { trace, schedule, timed }) => {
                let run = if timed { gpu.timed(&trace, &schedule) } else { gpu.run(&trace, &schedule) };
                match run {
                    Ok(run) => Answer::Run(run, gpu.broken),
                    Err(error) => Answer::Error(error.to_string(), gpu.broken),
                }
            }
            Err(error) => Answer::Error(format!("the request cannot be read: {error}"), false),
        };
        say(&answer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_gets_as_many_queues_as_its_streams_need() {
        let held = Schedule {
            holds: vec![crate::machine::Hold { before: 1, until: None, patience: LIMIT }],
            guard: false,
        };
        let trace = |text: &str| cuda_lint_engine::trace::text::parse(text).unwrap();
        let one = trace("s = stream\nlaunch f on s\n");
        assert_eq!((queues(&one, &Schedule::default()), queues(&one, &held)), (FEW, SOME));
        let two = trace("s = stream\nt = stream\nlaunch f on s\nlaunch g on t\n");
        assert_eq!(queues(&two, &Schedule::default()), MANY);
    }

    #[test]
    fn what_a_dying_worker_says_is_an_answer() {
        for text in ["{\"died\":0       }", "{\"died\":120     }"] {
            assert!(matches!(serde_json::from_str(text), Ok(Answer::Died(0 | 120))), "{text}");
        }
    }
}
