//! The observer's side in this process: it is compiled here, put into a program, and its lines are read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::{self, End, Finished};
use super::toolchain::{Compiled, Toolchain};
use crate::platform::Error;

/// The observer's source, as it is in the repository.
pub const SOURCE: &str = include_str!("observer.cpp");

/// How the observer disturbs a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// For how long each piece of work is kept back, in milliseconds; 0: not at all.
    pub hold_ms: u32,
    /// Keep back the work of this stream only, counted from 0 in the order of first use.
    pub stream: Option<u32>,
    /// Guard pinned and registered buffers while a copy is in flight.
    pub guard: bool,
    /// Let every piece of work end before the program goes on.
    pub serial: bool,
    /// Note what is in each buffer when it is freed.
    pub digest: bool,
    /// How many hardware queues the streams share; see [`quiet`].
    pub queues: Queues,
}

/// How many hardware queues a program's context has (`CUDA_DEVICE_MAX_CONNECTIONS`). Streams that share one wait
/// for each other, which nothing promises and which hides races. Each takes about 25 ms to make, one after the
/// other for all processes on the machine: most of the time of a short program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queues {
    /// Those that the driver makes of itself: 8.
    #[default]
    Default,
    /// So many.
    Number(u32),
}

impl Queues {
    /// One: where every piece of work ends before the next begins.
    pub const ONE: Self = Self::Number(1);
    /// As few as most programs need: for two streams, the default stream and the observer's own.
    pub const FEW: Self = Self::Number(4);

    /// True if a program that made these streams has no two of them in one queue, as the driver deals them out in
    /// turn. Those of the driver's own number are taken for enough, as they are all that a program can rely on.
    pub fn are_enough(self, lines: &[Line]) -> bool {
        match self {
            Self::Default => true,
            Self::Number(queues) => Self::needed(lines) <= queues as usize,
        }
    }

    /// As few as are enough for a program that made these streams.
    pub fn that_suffice(lines: &[Line]) -> Self {
        u32::try_from(Self::needed(lines)).map_or(Self::Default, Self::Number)
    }

    fn needed(lines: &[Line]) -> usize {
        // One for the default stream, one for that of the observer.
        lines.iter().filter(|line| matches!(line, Line::Made {})).count() + 2
    }

    /// Gives them to a program.
    pub fn set(self, command: &mut Command) {
        if let Self::Number(queues) = self {
            command.env("CUDA_DEVICE_MAX_CONNECTIONS", queues.to_string());
        }
    }
}

/// One line of the observer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line {
    /// It was loaded.
    Up {
        /// What CUPTI answered; 0 is success.
        cupti: i32,
    },
    /// It can hold streams.
    Ready {
        /// What loading the kernel answered.
        kernel: i32,
        /// What allocating its own memory answered.
        flags: i32,
    },
    /// A stream is used for the first time.
    Stream {
        /// Its index.
        index: u32,
        /// True for stream 0.
        default: bool,
    },
    /// A stream was made.
    Made {},
    /// A call failed.
    Error {
        /// The function.
        call: String,
        /// Its return code.
        code: i32,
        /// False in a host function, and in threads of the program.
        main_thread: bool,
        /// Where: see [`Line::frames`].
        frames: Vec<String>,
    },
    /// A call waited for work that was kept back.
    Blocked {
        /// The function.
        call: String,
        /// For how long.
        ms: f64,
        /// Where.
        frames: Vec<String>,
    },
    /// The host touched a buffer that a copy in flight uses.
    Touch {
        /// `read` or `write`.
        access: String,
        /// `source` or `destination` of the copy.
        buffer: String,
        /// Where.
        frames: Vec<String>,
    },
    /// Host memory was given back while a copy used it.
    Freed {
        /// By which function of the driver API.
        call: String,
        /// `source` or `destination` of the copy.
        buffer: String,
        /// Where.
        frames: Vec<String>,
    },
    /// The program faulted, through no guard.
    Fault {
        /// The signal.
        signal: i32,
        /// `read` or `write`.
        access: String,
        /// Where.
        frames: Vec<String>,
    },
    /// A query was answered with *not ready*: what follows may depend on the schedule, by the program's own will.
    NotReady {
        /// The function.
        call: String,
    },
    /// What was in a buffer when it was freed.
    Digest {
        /// `device`, `host` or `managed`.
        memory: String,
        /// Its size.
        bytes: u64,
        /// The hash of its first mebibyte.
        hash: String,
    },
}

impl Line {
    /// The program's own frames, innermost first, as addresses of its file.
    pub fn frames(&self) -> &[String] {
        match self {
            Self::Error { frames, .. }
            | Self::Blocked { frames, .. }
            | Self::Touch { frames, .. }
            | Self::Freed { frames, .. }
            | Self::Fault { frames, .. } => frames,
            Self::Up { .. }
            | Self::Ready { .. }
            | Self::Stream { .. }
            | Self::Made {}
            | Self::NotReady { .. }
            | Self::Digest { .. } => &[],
        }
    }
}

/// Reads the observer's lines. A last line that was cut off when the program died is left out.
pub fn parse(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let mut texts = text.lines().peekable();
    while let Some(line) = texts.next() {
        match serde_json::from_str(line) {
            Ok(line) => lines.push(line),
            Err(_) if texts.peek().is_none() && !text.ends_with('\n') => {}
            Err(error) => return Err(Error::Unexpected(format!("the observer wrote `{line}`: {error}"))),
        }
    }
    Ok(lines)
}

/// What was observed in a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What kind it is.
    pub kind: Kind,
    /// The function, or what was touched.
    pub what: String,
    /// The line of the fixture, if it could be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The return code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// For how long the host waited, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// How often.
    pub count: u32,
}

/// The kinds of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The compiler rejects the program.
    CompileError,
    /// A call of CUDA failed.
    Error,
    /// The program died.
    Fault,
    /// The host read or wrote what a copy in flight uses.
    Touch,
    /// Host memory was freed while a copy used it.
    Freed,
    /// A buffer, or what the program prints, differs from the run in which all work is done at once.
    Value,
    /// A call waited for work that was kept back.
    Blocked,
}

/// The compiled observer.
#[derive(Debug)]
pub struct Observer {
    library: PathBuf,
    addr2line: PathBuf,
    folder: PathBuf,
}

/// One run under the observer.
#[derive(Clone, Debug)]
pub struct Observed {
    /// How the program ended, and what it printed.
    pub finished: Finished,
    /// What the observer wrote.
    pub lines: Vec<Line>,
}

impl Observer {
    /// Compiles the observer.
    pub fn build(toolchain: &Toolchain) -> Result<Self, Error> {
        let folder = toolchain.folder().to_path_buf();
        let source = folder.join("observer.cpp");
        fs::write(&source, SOURCE)
            .map_err(|error| Error::Unexpected(format!("{}: {error}", source.display())))?;
        // CUPTI stands beside the toolkit or within it.
        let home = toolchain.home();
        let places = [home.join("extras").join("CUPTI"), home.clone()];
        let mut arguments: Vec<String> =
            ["-std=c++17", "-shared", "-O1", "-Xcompiler", "-fPIC"].map(String::from).to_vec();
        for place in &places {
            arguments.push(format!("-I{}", place.join("include").display()));
            for library in ["lib64", "lib"] {
                let library = place.join(library);
                if library.is_dir() {
                    arguments.push(format!("-L{}", library.display()));
                    arguments.push(format!("-Xlinker=-rpath={}", library.display()));
                }
            }
        }
        arguments.extend(["-lcupti", "-lcuda"].map(String::from));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match toolchain.make(&folder, "observer.cpp", &arguments, "so")? {
            Compiled::Program(library) => Ok(Self { library, addr2line: PathBuf::from("addr2line"), folder }),
            Compiled::Rejected(why) => {
                Err(Error::Unexpected(format!("the observer does not compile with nvcc: {why}")))
            }
        }
    }

    /// Runs a program under the observer. `name` must be no other run's.
    pub fn run(
        &self,
        program: &Path,
        name: &str,
        settings: Settings,
        limit: Duration,
    ) -> Result<Observed, Error> {
        let log = self.folder.join(format!("{name}.{}.log", std::process::id()));
        let _ = fs::remove_file(&log);
        let mut command = quiet(program);
        command
            .env("CUDA_INJECTION64_PATH", &self.library)
            .env("OBSERVER_LOG", &log)
            .env("OBSERVER_HOLD_MS", settings.hold_ms.to_string());
        settings.queues.set(&mut command);
        if settings.hold_ms == 0 {
            // Nothing is kept back that the loading of code could wait for.
            command.env(LOADING, LAZY);
        }
        if let Some(stream) = settings.stream {
            command.env("OBSERVER_STREAM", stream.to_string());
        }
        for (name, on) in [
            ("OBSERVER_GUARD", settings.guard),
            ("OBSERVER_SERIAL", settings.serial),
            ("OBSERVER_DIGEST", settings.digest),
        ] {
            command.env(name, if on { "1" } else { "0" });
        }
        let finished = process::run(&mut command, limit)
            .map_err(|error| Error::Unexpected(format!("{}: {error}", program.display())))?;
        let text = fs::read(&log).unwrap_or_default();
        let _ = fs::remove_file(&log);
        Ok(Observed { finished, lines: parse(&String::from_utf8_lossy(&text))? })
    }

    /// The line of `file` for each list of frames: of the innermost frame that is in it.
    pub fn resolve(&self, program: &Path, file: &str, frames: &[&[String]]) -> Vec<Option<u32>> {
        let addresses: Vec<&String> = frames.iter().copied().flatten().collect();
        if addresses.is_empty() {
            return vec![None; frames.len()];
        }
        let mut command = Command::new(&self.addr2line);
        command.arg("-e").arg(program).args(&addresses);
        let answer = process::run(&mut command, Duration::from_secs(20));
        let text = match answer {
            Ok(finished) if finished.end == End::Exit(0) => finished.stdout,
            _ => String::new(),
        };
        let mut found = text.lines().map(|line| line_in(line, file));
        frames
            .iter()
            .map(|frames| frames.iter().map(|_| found.next().flatten()).fold(None, Option::or))
            .collect()
    }
}

/// A program with nothing of CUDA's settings that would change what it shows. Kernels are loaded at the start:
/// loading them later may wait for the device.
/// Libraries such as cuBLAS hold thousands of kernels, and take seconds so: see [`as_it_is`].
pub fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_remove("CUDA_LAUNCH_BLOCKING")
        .env_remove("CUDA_INJECTION64_PATH")
        .env_remove("CUDA_DEVICE_MAX_CONNECTIONS")
        .env(LOADING, "EAGER")
        // What malloc gives is the same in every run.
        .env("MALLOC_PERTURB_", "165");
    command
}

/// When kernels are loaded, and that each is when it is first used, which is the driver's default.
pub const LOADING: &str = "CUDA_MODULE_LOADING";
/// See [`LOADING`].
pub const LAZY: &str = "LAZY";

/// A program that is run as a user runs it: kernels are loaded when they are first used.
pub fn as_it_is(program: &Path) -> Command {
    let mut command = quiet(program);
    command.env(LOADING, LAZY);
    command
}

/// The line number in an answer of addr2line, `path:line`, if the path is that of the file.
fn line_in(answer: &str, file: &str) -> Option<u32> {
    let answer = answer.split(" (discriminator").next()?;
    let (path, line) = answer.rsplit_once(':')?;
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    (name(path) == name(file)).then(|| line.parse().ok())?.filter(|line| *line > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text = r#"{"event":"up","cupti":0}
{"event":"ready","kernel":0,"flags":0}
{"event":"stream","index":0,"default":false}
{"event":"made"}
{"event":"error","call":"cudaMemcpy","code":1,"main_thread":true,"frames":["0x8dd4","0x9001"]}
{"event":"blocked","call":"cudaFree","ms":59.8,"frames":[]}
{"event":"touch","access":"read","buffer":"destination","frames":["0x8e19"]}
{"event":"freed","call":"cuMemFreeHost","buffer":"source","frames":["0x1"]}
{"event":"fault","signal":11,"access":"read","frames":["0x2"]}
{"event":"notready","call":"cudaStreamQuery"}
{"event":"digest","memory":"device","bytes":1024,"hash":"00ff"}
"#;
        let lines = parse(text).unwrap();
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[4].frames(), ["0x8dd4", "0x9001"]);
        assert!(matches!(&lines[5], Line::Blocked { call, ms, .. } if call == "cudaFree" && *ms == 59.8));
        assert!(lines[10].frames().is_empty());
    }

    #[test]
    fn queues_are_enough_where_no_two_streams_share_one() {
        let made = |streams: usize| vec![Line::Made {}; streams];
        assert!(Queues::FEW.are_enough(&made(2)) && !Queues::FEW.are_enough(&made(3)));
        assert!(Queues::Default.are_enough(&made(9)));
        assert_eq!(Queues::that_suffice(&made(1)), Queues::Number(3));
    }

    #[test]
    fn a_line_cut_off_by_death_is_left_out_and_nonsense_is_not() {
        assert_eq!(parse("{\"event\":\"up\",\"cupti\":0}\n{\"event\":\"tou").unwrap().len(), 1);
        let error = parse("{\"event\":\"sing\"}\n").unwrap_err().to_string();
        assert!(error.contains("sing"), "{error}");
    }

    #[test]
    fn addresses_in_other_files_have_no_line() {
        assert_eq!(line_in("fixtures/a/misuse.cu:17 (discriminator 2)", "fixtures/a/misuse.cu"), Some(17));
        assert_eq!(line_in("/usr/include/stdio.h:17", "fixtures/a/misuse.cu"), None);
        assert_eq!(line_in("??:0", "fixtures/a/misuse.cu"), None);
        assert_eq!(line_in("misuse.cu:?", "fixtures/a/misuse.cu"), None);
    }
}
