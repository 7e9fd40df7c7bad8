//! `peers`: the fixtures under NVIDIA's compute-sanitizer, on the same GPU: who reports what.
//!
//! These tools are for something else. They watch one run on a GPU and find what goes wrong on the device: bad
//! addresses, races in shared memory, reads of device memory that nobody wrote, bad barriers, and calls that
//! fail. `cuda-lint` reads host code and runs nothing. The table says where the two meet, and no more.

mod code;
mod sanitizer;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::platform::{self, Error};
use crate::profile;
use crate::programs::process::{self, End, parallel};
use crate::programs::toolchain::Toolchain;
use crate::programs::{self, Built, Executable, Fixture, Role, table};
use code::Code;
use cuda_lint_evidence::in_cpp;
use sanitizer::Summary;
use serde::{Deserialize, Serialize};

/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(40);
/// How many runs at a time. Nothing is timed.
const WIDTH: usize = 16;

/// A tool, its arguments, and what it is for.
struct Tool {
    name: &'static str,
    arguments: &'static [&'static str],
    purpose: &'static str,
    /// Why it has nothing to look at in such a program; empty if it has.
    idle: fn(Code) -> &'static str,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "memcheck",
        arguments: &["--tool", "memcheck"],
        purpose: "bad addresses and leaks in device code, and calls of CUDA that fail",
        idle: |_| "",
    },
    Tool {
        name: "racecheck",
        arguments: &["--tool", "racecheck"],
        purpose: "races between the threads of a block in shared memory",
        idle: |code| match code {
            Code { kernels: false, .. } => "no kernels",
            Code { shared: false, .. } => "no shared memory",
            _ => "",
        },
    },
    Tool {
        name: "initcheck",
        arguments: &["--tool", "initcheck"],
        purpose: "device code that reads device memory which nobody wrote",
        // Copies read, too.
        idle: |_| "",
    },
    Tool {
        name: "synccheck",
        arguments: &["--tool", "synccheck"],
        purpose: "wrong use of barriers in device code",
        idle: |code| match code {
            Code { kernels: false, .. } => "no kernels",
            Code { barriers: false, .. } => "no barriers",
            _ => "",
        },
    },
    Tool {
        name: "stream-ordered",
        arguments: &["--tool", "memcheck", "--track-stream-ordered-races", "all"],
        purpose: "memory of cudaMallocAsync that is used or freed without order (memcheck with --track-stream-ordered-races all)",
        idle: |code| if code.stream_ordered { "" } else { "no stream-ordered memory" },
    },
];

/// What the tools report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of compute-sanitizer.
    pub sanitizer: String,
    /// The tools, in the order of the columns.
    pub tools: Vec<ToolInfo>,
    /// The fixtures, in the order of their paths.
    pub programs: Vec<Peer>,
    /// How long it took.
    pub seconds: f64,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// Its name in the table.
    pub name: String,
    /// The arguments of compute-sanitizer.
    pub arguments: String,
    /// What it is for.
    pub purpose: String,
}

/// A fixture under all tools.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// The path below the root.
    pub path: String,
    /// `legacy` or `per-thread`.
    pub mode: String,
    /// What it is there for.
    pub role: Role,
    /// The rules of `cuda-lint` that it breaks: what is annotated, and tested to be reported.
    pub breaks: Vec<String>,
    /// One for each tool.
    pub findings: Vec<Finding>,
}

/// What one tool says of one program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The tool's name in the table.
    pub tool: String,
    /// How many errors it counts; none if it came to no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u32>,
    /// Its first message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first: String,
    /// Why it was not run: what it looks for has nowhere to be.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub not_run: String,
}

/// Compiles what the tools are asked about.
fn build(root: &Path, toolchain: &Toolchain) -> Result<Vec<Built>, Error> {
    // A misuse that is there in both languages is asked for once.
    let is_twin = |fixture: &Fixture| in_cpp(&fixture.path).is_some_and(|other| root.join(other).exists());
    let is_asked = |fixture: &Fixture| {
        matches!(fixture.role, Role::Misuse | Role::Correct | Role::Seed)
            && !is_twin(fixture)
            && !fixture.needs_two_gpus()
    };
    programs::build(root, toolchain, programs::find(root)?.into_iter().filter(is_asked).collect())
}

/// What is in the code of each program. Of the time that the tools take, this would be an eighth.
fn codes(toolchain: &Toolchain, linked: &[(&Built, Executable)], width: usize) -> Vec<Code> {
    parallel(
        linked,
        width,
        |(built, program)| match built.fixture.libraries.as_slice() {
            [] if !programs::rust::is_rust(&built.fixture.path) => {
                profile::time("read code", &built.fixture.path, || Code::of(toolchain, &program.path))
            }
            // The code of a library is not the program's, and cudarc makes code while it runs.
            _ => Code::ALL,
        },
        || (),
    )
}

/// The programs that can be run, what takes longest first, so that nothing waits for it in the end: what is linked
/// with libraries, or makes its kernels while it runs.
fn linked(built: &[Built]) -> Vec<(&Built, Executable)> {
    let mut linked: Vec<(&Built, Executable)> =
        built.iter().filter_map(|built| Some((built, built.program()?))).collect();
    linked.sort_by_key(|(built, _)| {
        built.fixture.libraries.is_empty() && !programs::rust::is_rust(&built.fixture.path)
    });
    linked
}

/// Looks at the code of the programs beside something else that needs a few processors; [`run`] then knows it.
pub fn read_code_early(root: &Path) -> Result<(), Error> {
    let toolchain = Toolchain::find(root)?;
    let built = build(root, &toolchain)?;
    codes(&toolchain, &linked(&built), programs::beside());
    Ok(())
}

/// Runs all tools over the misuses, the seeds and their corrections.
pub fn run(root: &Path) -> Result<Report, Error> {
    let start = Instant::now();
    let toolchain = Toolchain::find(root)?;
    // Without a GPU every program would fail, and that says nothing.
    platform::init_driver()?;
    let sanitizer = toolchain.beside("compute-sanitizer");
    let version = process::run(Command::new(&sanitizer).arg("--version"), LIMIT).map_err(|error| {
        Error::Unexpected(format!("compute-sanitizer cannot be run: {error}; it is part of the CUDA toolkit"))
    })?;
    let built = build(root, &toolchain)?;
    let linked = linked(&built);
    let codes = codes(&toolchain, &linked, WIDTH);
    let jobs: Vec<(&Built, Code, &Tool)> = linked
        .iter()
        .zip(codes)
        .flat_map(|((built, _), code)| TOOLS.iter().map(move |tool| (*built, code, tool)))
        .collect();
    let bar = programs::progress("peers", jobs.len());
    let look = |(built, code, tool): &(&Built, Code, &Tool)| match (tool.idle)(*code) {
        "" => profile::time(tool.name, &built.fixture.path, || look_at(&sanitizer, built, tool)),
        why => Ok(Finding {
            tool: tool.name.to_owned(),
            errors: None,
            first: String::new(),
            not_run: why.to_owned(),
        }),
    };
    let findings = parallel(&jobs, WIDTH, look, || bar.inc(1));
    bar.finish_and_clear();
    let mut peers: Vec<Peer> = Vec::new();
    for ((built, ..), finding) in jobs.iter().zip(findings) {
        let Fixture { path, role, breaks, .. } = &built.fixture;
        let mode = built.fixture.mode_name();
        if peers.last().is_none_or(|last| (last.path.as_str(), last.mode.as_str()) != (path, mode)) {
            peers.push(Peer {
                path: path.clone(),
                mode: mode.to_owned(),
                role: *role,
                breaks: breaks.clone(),
                findings: Vec::new(),
            });
        }
        if let Some(last) = peers.last_mut() {
            last.findings.push(finding?);
        }
    }
    peers.sort_by(|one, two| (&one.path, &one.mode).cmp(&(&two.path, &two.mode)));
    Ok(Report {
        sanitizer: sanitizer::version(&version.stdout),
        tools: TOOLS
            .iter()
            .map(|tool| ToolInfo {
                name: tool.name.to_owned(),
                arguments: tool.arguments.join(" "),
                purpose: tool.purpose.to_owned(),
            })
            .collect(),
        programs: peers,
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn look_at(sanitizer: &Path, built: &Built, tool: &Tool) -> Result<Finding, Error> {
    let Some(program) = built.program() else {
        return Err(Error::Unexpected(format!("{} is no program", built.fixture.path)));
    };
    // The tool starts the program; the program's settings are the tool's.
    let mut command = programs::as_it_is(&sanitizer.into());
    // Nothing is held back that could overtake, and queues are most of the time of a short program.
    programs::Queues::FEW.set(&mut command);
    command.args(tool.arguments).args(["--print-limit", "20", "--require-cuda-init", "no"]);
    command.arg(&program.path).args(&program.arguments);
    let finished = process::run(&mut command, LIMIT)
        .map_err(|error| Error::Unexpected(format!("{}: {error}", sanitizer.display())))?;
    let Summary { errors, first } = match finished.end {
        End::TimeOut => Summary { errors: None, first: "no end in time".to_owned() },
        _ => sanitizer::summary(&(finished.stdout + &finished.stderr)),
    };
    Ok(Finding { tool: tool.name.to_owned(), errors, first, not_run: String::new() })
}

/// The table: for each fixture what each tool counts, then what the tools are for.
pub fn table(report: &Report) -> String {
    let mut header = vec!["fixture", "cuda-lint"];
    header.extend(report.tools.iter().map(|tool| tool.name.as_str()));
    header.push("first message");
    let mut rows = Vec::new();
    for peer in &report.programs {
        let path = peer.path.trim_start_matches("fixtures/");
        let mode = if peer.mode == "legacy" { String::new() } else { format!(" [{}]", peer.mode) };
        let rules = if peer.breaks.is_empty() { "-".to_owned() } else { peer.breaks.join(", ") };
        let mut row = vec![format!("{path}{mode}"), rules];
        row.extend(peer.findings.iter().map(|finding| match finding.errors {
            Some(0) => "-".to_owned(),
            Some(errors) => errors.to_string(),
            None if !finding.not_run.is_empty() => format!("({})", finding.not_run),
            None => "?".to_owned(),
        }));
        row.push(
            peer.findings.iter().find(|f| !f.first.is_empty()).map_or_else(String::new, |f| f.first.clone()),
        );
        rows.push(row);
    }
    let mut text = table::render(&header, &rows);
    for (broken, what) in [(true, "with a misuse"), (false, "without")] {
        let all: Vec<&Peer> = report.programs.iter().filter(|p| p.breaks.is_empty() != broken).collect();
        let mut counts = Vec::new();
        for tool in &report.tools {
            let reported = |peer: &&&Peer| {
                peer.findings.iter().any(|f| f.tool == tool.name && f.errors.is_some_and(|errors| errors > 0))
            };
            counts.push(format!("{} {}", tool.name, all.iter().filter(reported).count()));
        }
        text.push_str(&format!("of {} programs {what}, reported by {}\n", all.len(), counts.join(", ")));
    }
    for tool in &report.tools {
        text.push_str(&format!("{} is for: {}\n", tool.name, tool.purpose));
    }
    text.push_str(&format!("{}; {:.0} s", report.sanitizer, report.seconds));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_who_reports_what() {
        let finding = |tool: &str, errors: Option<u32>, first: &str| Finding {
            tool: tool.into(),
            errors,
            first: first.into(),
            not_run: String::new(),
        };
        let peer = |path: &str, breaks: &[&str], findings| Peer {
            path: format!("fixtures/{path}"),
            mode: "legacy".into(),
            role: Role::Misuse,
            breaks: breaks.iter().map(|rule| (*rule).to_owned()).collect(),
            findings,
        };
        let report = Report {
            sanitizer: "2025.3".into(),
            tools: ["memcheck", "racecheck"]
                .map(|name| ToolInfo { name: name.into(), arguments: String::new(), purpose: "x".into() })
                .to_vec(),
            programs: vec![
                peer(
                    "a/misuse.cu",
                    &["a"],
                    vec![
                        finding("memcheck", Some(2), "Program hit error"),
                        finding("racecheck", Some(0), ""),
                    ],
                ),
                peer(
                    "a/correct.cu",
                    &[],
                    vec![finding("memcheck", Some(0), ""), finding("racecheck", None, "")],
                ),
            ],
            seconds: 1.0,
        };
        let text = table(&report);
        assert!(text.contains("a/misuse.cu   a          2         -          Program hit error"), "{text}");
        assert!(text.contains("of 1 programs with a misuse, reported by memcheck 1, racecheck 0"), "{text}");
        assert!(text.contains("of 1 programs without, reported by memcheck 0, racecheck 0"), "{text}");
    }
}
