//! Worker processes: the protocol, and the worker's side of it.
//!
//! Parsing runs in processes of its own because libclang can crash or hang on hostile input, and neither can
//! be undone in-process. A worker is this same command, started by [`crate::pool`]. It reads one JSON value a
//! line on standard input and answers one a line on standard output:
//!
//! ```text
//! main                             worker
//! AnalysisOptions            ──▶
//!                            ◀──   Greeting: ready, or why it cannot work at all
//! FileRequest                ──▶
//!                            ◀──   FileReport            (once for each request, in their order)
//! end of input               ──▶   ends
//! ```

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};

use cuda_lint_engine::link::Plan;
use serde::{Deserialize, Serialize};

use crate::exit::ExitStatus;
use crate::finding::FileReport;
use crate::options::AnalysisOptions;
use crate::report::FailedFile;

/// Asks for one phase of the analysis of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRequest {
    /// The file; relative paths start at the current folder of both processes.
    pub path: String,
    /// First phase: lower it though it holds no word of CUDA, because it may call what does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub host: bool,
    /// First phase: headers whose functions are roots in this file, if it includes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopt: Vec<String>,
    /// First phase, after the parser has crashed on the file: as little as possible is tried, see
    /// [`crate::clang::parse::Care`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub careful: bool,
    /// Second phase: the units that the file was lowered to, and what each is linked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<LinkRequest>,
}

impl FileRequest {
    /// True if there is a more careful way to answer: in the first phase there is, once.
    pub fn can_be_careful(&self) -> bool {
        self.units.is_empty() && !self.careful
    }
}

/// A unit to analyse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRequest {
    /// What it is linked with.
    pub plan: Plan,
    /// The unit files of [`Plan::units`].
    pub files: Vec<PathBuf>,
}

/// A worker's first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "greeting", rename_all = "kebab-case")]
pub enum Greeting {
    /// It can work.
    Ready {
        /// The frontend in use, such as `libclang 18.1.1`.
        frontend: String,
        /// Files beside the inputs that it would have used and cannot: broken compilation databases.
        #[serde(default)]
        unusable: Vec<FailedFile>,
    },
    /// It cannot: there is no libclang, or an option makes no sense.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}

/// What a worker runs: from a file to its findings.
pub trait Analyser {
    /// The frontend in use, for reports.
    fn frontend(&self) -> String;

    /// Files beside the inputs that would have been used and cannot be: broken compilation databases.
    fn unusable(&self) -> Vec<FailedFile> {
        Vec::new()
    }

    /// Analyses one file. Whatever goes wrong is an outcome.
    fn analyse(&mut self, request: &FileRequest) -> FileReport;
}

/// Makes the analyser of a worker, or says why it cannot be.
pub type Start = fn(AnalysisOptions) -> Result<Box<dyn Analyser>, String>;

/// The hidden subcommand: serves standard input and output until the input ends.
pub fn command(start: Start) -> io::Result<ExitStatus> {
    // Where an internal error happened is only known to the hook; what it prints would garble a terminal.
    std::panic::set_hook(Box::new(|info| {
        if let (Some(place), Ok(mut last)) = (info.location(), LAST_PANIC.lock()) {
            let payload = info.payload();
            let message = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("of an unknown kind");
            *last = Some(format!("{}:{}: {message}", place.file(), place.line()));
        }
    }));
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if sender.send(line).is_err() {
                return;
            }
        }
        // The main process is done, or gone: nobody reads the answer to what is being analysed.
        std::process::exit(0);
    });
    serve(start, receiver, &mut io::stdout().lock())?;
    Ok(ExitStatus::Clean)
}

/// Where the last internal error happened, and what it says.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The reason of a failure that is a mistake of this program. It is for whoever caught the panic.
pub fn internal_error() -> String {
    let last = LAST_PANIC.lock().ok().and_then(|mut last| last.take());
    let place = last.map(|place| format!(" at {place}")).unwrap_or_default();
    format!("internal error of cuda-lint{place}; please report it with the file")
}

/// Answers requests, one a line, until there are no more.
pub fn serve(
    start: impl FnOnce(AnalysisOptions) -> Result<Box<dyn Analyser>, String>,
    lines: impl IntoIterator<Item = io::Result<String>>,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut lines = lines.into_iter();
    let Some(options) = lines.next().transpose()? else { return Ok(()) };
    let started = serde_json::from_str(&options)
        .map_err(|error| format!("the options sent to the worker cannot be read: {error}"))
        .and_then(|options| guarded(|| start(options)).unwrap_or_else(Err));
    let mut analyser = match started {
        Ok(analyser) => analyser,
        Err(reason) => return answer(output, &Greeting::Refused { reason }),
    };
    answer(output, &Greeting::Ready { frontend: analyser.frontend(), unusable: analyser.unusable() })?;
    for line in lines {
        let request: FileRequest = serde_json::from_str(&line?)?;
        let report = guarded(|| analyser.analyse(&request))
            .unwrap_or_else(|reason| FileReport::failed(&request.path, reason));
        answer(output, &report)?;
    }
    Ok(())
}

/// Runs `work`, and makes a panic in it a reason that can be reported.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| internal_error())
}

fn answer(output: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;

    struct Fake {
        served: usize,
    }

    impl Analyser for Fake {
        fn frontend(&self) -> String {
            "fake 1.0".to_string()
        }

        fn analyse(&mut self, request: &FileRequest) -> FileReport {
            self.served += 1;
            assert!(!request.path.contains("panic"), "cannot cope with {}", request.path);
            FileReport::failed(&request.path, format!("number {}", self.served))
        }
    }

    /// What a worker answers to the lines, given an analyser or a refusal.
    fn talk(start: Result<Fake, &str>, lines: &[String]) -> Vec<String> {
        let mut output = Vec::new();
        serve(
            |_| start.map(|fake| Box::new(fake) as Box<dyn Analyser>).map_err(str::to_string),
            lines.iter().map(|line| Ok(line.clone())),
            &mut output,
        )
        .unwrap();
        String::from_utf8(output).unwrap().lines().map(str::to_string).collect()
    }

    fn options() -> String {
        serde_json::to_string(&AnalysisOptions::default()).unwrap()
    }

    fn request(path: &str) -> String {
        serde_json::to_string(&FileRequest { path: path.to_string(), ..FileRequest::default() }).unwrap()
    }

    #[test]
    fn each_request_is_answered_once_in_order() {
        let answers = talk(Ok(Fake { served: 0 }), &[options(), request("a.cu"), request("b.cu")]);
        let greeting: Greeting = serde_json::from_str(&answers[0]).unwrap();
        assert_eq!(greeting, Greeting::Ready { frontend: "fake 1.0".to_string(), unusable: Vec::new() });
        let reports: Vec<FileReport> =
            answers[1..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(reports, [FileReport::failed("a.cu", "number 1"), FileReport::failed("b.cu", "number 2")]);
    }

    #[test]
    fn a_panic_costs_one_file() {
        let answers =
            talk(Ok(Fake { served: 0 }), &[options(), request("panic \" line\nbreak.cu"), request("b.cu")]);
        let report: FileReport = serde_json::from_str(&answers[1]).unwrap();
        let Outcome::Failed { reason } = report.outcome else { panic!("not failed") };
        assert!(reason.contains("internal error"), "{reason}");
        assert_eq!(answers.len(), 3);
    }

    #[test]
    fn a_worker_that_cannot_work_says_why_and_ends() {
        let answers = talk(Err("no libclang"), &[options(), request("a.cu")]);
        assert_eq!(answers.len(), 1);
        let greeting: Greeting = serde_json::from_str(&answers[0]).unwrap();
        assert_eq!(greeting, Greeting::Refused { reason: "no libclang".to_string() });
    }

    #[test]
    fn options_that_cannot_be_read_are_refused() {
        let answers = talk(Ok(Fake { served: 0 }), &["{".to_string()]);
        assert!(answers[0].contains("refused"), "{answers:?}");
        assert!(talk(Ok(Fake { served: 0 }), &[]).is_empty());
    }
}
