//! Every rule over every fixture, in both default-stream modes: what is annotated must be reported, and nothing
//! else. Each fixture and mode is a test of its own; the command runs once for each mode.

mod annotations;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

use annotations::{Expected, Found, Mode, Run, difference, parse, wording};
use libtest_mimic::{Arguments, Failed, Trial};

const EXTENSIONS: [&str; 5] = ["cu", "c", "cpp", "cc", "h"];

static LEGACY: LazyLock<Result<Run, String>> = LazyLock::new(|| run(Mode::Legacy));
static PER_THREAD: LazyLock<Result<Run, String>> = LazyLock::new(|| run(Mode::PerThread));

/// What a fixture says of the platform that it is meant for: a line of the section `[platform]`.
const PLATFORM: &str = "//@ platform: ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(mode: Mode) -> Result<Run, String> {
    annotations::run(&root(), &["fixtures"], mode, None)
}

fn result_of(mode: Mode) -> Result<&'static Run, Failed> {
    let result = match mode {
        Mode::Legacy => LEGACY.as_ref(),
        Mode::PerThread => PER_THREAD.as_ref(),
    };
    result.map_err(|why| Failed::from(why.as_str()))
}

/// The sources under `folder`, as paths relative to `root` with forward slashes.
fn sources(root: &Path, folder: &Path, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            // claims/ holds experiments about CUDA, some of them misuses by design, and no fixtures.
            if path.file_name().is_none_or(|name| name != "claims") {
                sources(root, &path, found)?;
            }
        } else if path.extension().is_some_and(|e| EXTENSIONS.iter().any(|known| e == *known)) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.push(relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    found.sort();
    Ok(())
}

fn check(file: &str, mode: Mode) -> Result<(), Failed> {
    let source = std::fs::read_to_string(root().join(file))?;
    let rule = file.split('/').nth(1).unwrap_or_default();
    match source.lines().find_map(|line| line.strip_prefix(PLATFORM)) {
        None => Ok(result_of(mode)?.check(file, &source, mode, rule)?),
        Some(platform) => {
            let folder = tempfile::tempdir()?;
            let config = folder.path().join("cuda-lint.toml");
            std::fs::write(&config, format!("[platform]\n{platform}\n"))?;
            let run = annotations::run(&root(), &[file], mode, Some(&config))?;
            Ok(run.check(file, &source, mode, rule)?)
        }
    }
}

fn check_wording() -> Result<(), Failed> {
    let mut bad = String::new();
    for mode in Mode::ALL {
        for found in result_of(mode)?.diagnostics.values().flatten() {
            bad.extend(wording(found).map(|what| format!("{what}\n")));
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(bad.into()) }
}

/// The comparison must see what differs: a harness that accepts everything would hide every other failure.
fn check_comparison() -> Result<(), Failed> {
    let source = "a\nb //~ host-read-before-sync [error]\n//~^^ cross-stream-unordered\n\
                  c //~[per-thread] free-while-in-flight [likely]\n";
    let expected = parse(source)?;
    let lines: Vec<_> = expected.iter().map(|e| (e.line, e.mode)).collect();
    if lines != [(2, None), (1, None), (4, Some(Mode::PerThread))] {
        return Err(format!("annotations read as {lines:?}").into());
    }
    let found = |line, rule: &str, severity: &str, confidence: &str| Found {
        line,
        rule: rule.into(),
        severity: severity.into(),
        confidence: confidence.into(),
        message: String::new(),
        help: String::new(),
    };
    let right = [
        found(2, "host-read-before-sync", "error", "certain"),
        found(1, "cross-stream-unordered", "warning", "likely"),
    ];
    let milder = found(2, "host-read-before-sync", "warning", "certain");
    let moved = found(3, "host-read-before-sync", "error", "certain");
    let cases: [(Vec<Found>, bool, bool); 5] = [
        (right.to_vec(), false, false),
        (vec![right[0].clone()], true, false),
        (vec![right[0].clone(), right[1].clone(), right[1].clone()], false, true),
        (vec![milder, right[1].clone()], true, true),
        (vec![moved, right[1].clone()], true, true),
    ];
    for (found, missing, unexpected) in cases {
        let text = difference(&expected, &found, Mode::Legacy);
        if (text.contains("missing"), text.contains("unexpected")) != (missing, unexpected) {
            return Err(format!("{found:?} gives {text:?}").into());
        }
    }
    if !difference(&expected, &right, Mode::PerThread).contains("free-while-in-flight [likely]") {
        return Err("a mode is not looked at".into());
    }
    for wrong in [
        "//~ no-such-rule",
        "//~host-read-before-sync",
        "//~[x] api-call-in-callback",
        "//~^ api-call-in-callback",
    ] {
        if let Ok(expected) = parse(wrong) {
            let expected: Vec<Expected> = expected;
            return Err(format!("{wrong} is read as {expected:?}").into());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = root();
    let mut files = Vec::new();
    if let Err(error) = sources(&root, &root.join("fixtures"), &mut files) {
        eprintln!("cannot read the fixtures: {error}");
        return ExitCode::FAILURE;
    }
    let mut trials = vec![
        Trial::test("the comparison sees differences", check_comparison),
        Trial::test("messages follow the convention", check_wording),
    ];
    for file in files {
        for mode in Mode::ALL {
            let name = format!("{} {}", file.trim_start_matches("fixtures/"), mode.name());
            let file = file.clone();
            trials.push(Trial::test(name, move || check(&file, mode)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
