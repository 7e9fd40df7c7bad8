//! Rust files: from a source to the unit that the link reads.

mod crates;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use cuda_lint_rust::{layout, lower_source};

use self::crates::Crates;

use crate::clang::lower::{Position, SourceMap};
use crate::options::Dump;
use crate::suppression::scope::{self, Commented};
use crate::suppression::{Directive, comment};
use crate::unit_file::UnitFile;
use crate::worker::internal_error;

/// Deep expressions recurse deeply.
const STACK: usize = 256 << 20;

/// True for Rust sources, by the name.
pub fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Lowers Rust files.
#[derive(Debug, Default)]
pub struct RustFrontend {
    // The other frontend's threads may look at what holds this, which they leave alone.
    thread: Mutex<Option<Thread>>,
}

/// What came of a file.
#[derive(Debug)]
pub struct LoweredRust {
    /// What the link reads.
    pub unit: UnitFile,
    /// The comments that suppress findings.
    pub directives: Vec<Directive>,
    /// The intermediate form that was asked for.
    pub dump: Option<String>,
}

/// A file to lower.
struct Job {
    path: PathBuf,
    text: String,
    dump: Option<Dump>,
}

/// The thread that lowers: it has a stack of its own, and syntax trees, which it keeps, cannot leave it.
#[derive(Debug)]
struct Thread {
    jobs: Sender<Job>,
    results: Receiver<Result<LoweredRust, String>>,
}

impl Thread {
    fn start() -> Result<Self, String> {
        let (jobs, inbox) = channel::<Job>();
        let (outbox, results) = channel();
        let work = move || {
            let mut crates = Crates::default();
            for job in inbox {
                let result = catch_unwind(AssertUnwindSafe(|| lower(&mut crates, &job)));
                let result = result.unwrap_or_else(|_| Err(internal_error()));
                if outbox.send(result).is_err() {
                    break;
                }
            }
        };
        match std::thread::Builder::new().stack_size(STACK).spawn(work) {
            Ok(_) => Ok(Self { jobs, results }),
            Err(error) => Err(format!("no thread could be started: {error}")),
        }
    }
}

impl RustFrontend {
    /// Lowers a file. An error is the reason for people.
    pub fn lower(&mut self, path: &Path, text: &str, dump: Option<Dump>) -> Result<LoweredRust, String> {
        let kept = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        let thread = match kept.take() {
            Some(thread) => thread,
            None => Thread::start()?,
        };
        let job = Job { path: path.to_path_buf(), text: text.to_owned(), dump };
        if thread.jobs.send(job).is_err() {
            return Err(internal_error());
        }
        let result = thread.results.recv().unwrap_or_else(|_| Err(internal_error()));
        *kept = Some(thread);
        result
    }
}

fn lower(crates: &mut Crates, job: &Job) -> Result<LoweredRust, String> {
    let context = crates.context(&job.path);
    let (name, text) = (job.path.display().to_string(), &job.text);
    let lowered = lower_source(text, &context).map_err(|error| error.to_string())?;
    let dump = (job.dump == Some(Dump::Program)).then(|| lowered.program.to_string());
    let directives = directives(&name, text);
    let sources =
        SourceMap { files: vec![name], sites: positions(text, &lowered.spans), ..SourceMap::default() };
    let unit = UnitFile { program: lowered.program, sources, default_stream: None };
    Ok(LoweredRust { unit, directives, dump })
}

/// The comments that suppress findings in a file.
fn directives(file: &str, text: &str) -> Vec<Directive> {
    if !comment::may_hold(text.as_bytes()) {
        return Vec::new();
    }
    let Some(layout) = layout(text) else { return Vec::new() };
    let commented =
        Commented { file, text: text.as_bytes(), comments: &layout.comments, left_out: Some(&[]) };
    scope::directives(&commented, &mut |offset| layout.ends.get(&offset).copied())
}

fn positions(text: &str, spans: &[cuda_lint_rust::Span]) -> Vec<Position> {
    let bytes = text.as_bytes();
    let mut lines = vec![0_usize];
    lines.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
    // syn leaves a byte-order mark out.
    let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let place = |offset: usize| {
        let line = lines.partition_point(|start| *start <= offset);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line as u32, (offset - start + 1) as u32)
    };
    spans
        .iter()
        .map(|span| {
            let range = span.byte_range();
            let start = (range.start + skipped).min(bytes.len());
            let end = (range.end + skipped).clamp(start, bytes.len());
            let (line, column) = place(start);
            let (end_line, end_column) = place(end);
            Position {
                file: 0,
                line,
                column,
                end_line,
                end_column,
                offset: start as u32,
                end_offset: end as u32,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rust_is_an_error_with_its_line() {
        let error = RustFrontend::default().lower(Path::new("a.rs"), "fn f() {\n    let = 3;\n}\n", None);
        let error = error.unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
