//! A small repository with evidence, for tests: nothing in it was measured.

use std::fs;
use std::path::Path;

use crate::check::{By, Current, RuleSpec};
use crate::{
    Answer, Body, Claim, ClaimVerdict, Claims, Class, Counts, Device, FOLDER, File, Litmus, Mutant,
    Observation, PeerProgram, Peers, Program, Programs, Report, Role, RuleAnswer, Rules, Timeline, Timelines,
    Tool, TwoGpus, Verdict, sha256,
};

/// The rules that have evidence here.
pub const RULES: [RuleSpec; 4] = [
    RuleSpec { name: "host-read-before-sync", by: By::Replay, needs: None },
    RuleSpec { name: "cross-stream-unordered", by: By::Replay, needs: None },
    RuleSpec { name: "pageable-copy-as-sync", by: By::Replay, needs: None },
    RuleSpec { name: "unknown-cuda-api", by: By::Compiler, needs: None },
];

/// A rule whose programs need two GPUs.
pub const ON_TWO_GPUS: RuleSpec =
    RuleSpec { name: "wrong-device", by: By::Program, needs: Some(cuda_lint_engine::rules::TWO_GPUS) };

const READ: &str = "\
s = stream @ fixtures/host-read-before-sync/misuse.cu:10:5
h = pinned 4 @ fixtures/host-read-before-sync/misuse.cu:11:5
d = device 4 @ fixtures/host-read-before-sync/misuse.cu:12:5
host-write h[0..4] @ fixtures/host-read-before-sync/misuse.cu:13:5
launch compute writes d[0..4] on s @ fixtures/host-read-before-sync/misuse.cu:14:5
copy h[0..4] <- d[0..4] as device-to-host on s @ fixtures/host-read-before-sync/misuse.cu:15:5
host-read h[0..4] @ fixtures/host-read-before-sync/misuse.cu:16:20
";

const CROSS: &str = "\
producer = stream @ fixtures/cross-stream-unordered/misuse.cu:10:5
consumer = stream non-blocking @ fixtures/cross-stream-unordered/misuse.cu:11:5
d = device 65536 @ fixtures/cross-stream-unordered/misuse.cu:12:5
out = device 65536 @ fixtures/cross-stream-unordered/misuse.cu:13:5
launch produce writes d[0..65536] on producer @ fixtures/cross-stream-unordered/misuse.cu:14:5
launch consume reads d[0..65536] writes out[0..65536] on consumer @ fixtures/cross-stream-unordered/misuse.cu:15:5
";

const WAIT: &str = "\
s = stream @ fixtures/pageable-copy-as-sync/misuse.cu:9:5
h = pageable 4096 @ fixtures/pageable-copy-as-sync/misuse.cu:10:5
d = device 4096 @ fixtures/pageable-copy-as-sync/misuse.cu:11:5
launch compute writes d[0..4096] on s @ fixtures/pageable-copy-as-sync/misuse.cu:12:5
copy h[0..4096] <- d[0..4096] as device-to-host on s @ fixtures/pageable-copy-as-sync/misuse.cu:13:5
host-read h[0..4096] @ fixtures/pageable-copy-as-sync/misuse.cu:14:5
";

/// A repository in a temporary folder.
#[cfg(test)]
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    folder
}

/// What the linter would report there.
pub fn current() -> Vec<Current> {
    let of = |it: Verdict| Current { rule: it.rule, file: it.file, line: it.line, trace: it.trace };
    rules().rules.into_iter().map(of).collect()
}

/// Writes the repository into a folder.
pub fn write(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let sources = [
        "fixtures/host-read-before-sync/misuse.cu",
        "fixtures/host-read-before-sync/correct.cu",
        "fixtures/cross-stream-unordered/misuse.cu",
        "fixtures/pageable-copy-as-sync/misuse.cu",
        "fixtures/unknown-cuda-api/misuse.cu",
        "fixtures/unknown-cuda-api/correct.cu",
        "fixtures/claims/waits.cu",
        "kernels/hold.cu",
        "runtime-check/src/programs/observer.cpp",
        "lint/engine/src/trace/judge.rs",
        "lint/engine/src/order/happens_before.rs",
    ];
    for source in sources {
        let path = root.join(source);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, format!("// {source}\n"))?;
    }
    file(root, 41.0, rules())?;
    file(root, 62.4, programs())?;
    file(root, 30.0, claims())?;
    file(root, 130.0, litmus())?;
    file(root, 88.0, peers())?;
    Ok(())
}

/// Writes what was measured with two GPUs, which other machines have, and what was run for it.
pub fn write_two_gpus(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let name = ON_TWO_GPUS.name;
    let program = |role: Role, stem: &str, end: &str| Program {
        file: format!("fixtures/{name}/{stem}.cu"),
        role,
        per_thread: false,
        compiles: true,
        end: end.to_owned(),
        seen: Vec::new(),
        answers: vec![RuleAnswer {
            rule: name.to_owned(),
            broken: role == Role::Misuse,
            observation: Observation::ProgramFails,
            answer: Answer::Confirmed,
            remark: "as it must".to_owned(),
        }],
    };
    let programs =
        vec![program(Role::Misuse, "misuse", "exit 1"), program(Role::Correct, "correct", "exit 0")];
    fs::create_dir_all(root.join("fixtures").join(name))?;
    for program in &programs {
        fs::write(root.join(&program.file), format!("// {}\n", program.file))?;
    }
    Ok(file(root, 9.0, TwoGpus { programs })?)
}

fn file<T: Body>(root: &Path, seconds: f64, body: T) -> Result<(), crate::Error> {
    let device = Device {
        name: "NVIDIA H200".to_owned(),
        compute_capability: "9.0".to_owned(),
        driver: "580.159".to_owned(),
        cuda: "13.0".to_owned(),
        nvrtc: "13.0".to_owned(),
        nvcc: "13.0.88".to_owned(),
        kernel: "6.8.0".to_owned(),
    };
    File::new(root, "0.1.0", "2026-01-31", seconds, device, body)?.write(&root.join(FOLDER)).map(|_| ())
}

fn rules() -> Rules {
    let verdict = |rule: &str, line: u32, observation: Observation, witness: &str| Verdict {
        rule: rule.to_owned(),
        file: format!("fixtures/{rule}/misuse.cu"),
        line,
        observation,
        answer: Answer::Confirmed,
        remark: String::new(),
        trace: sha256(witness.as_bytes()),
        witness: witness.to_owned(),
        misuse: Counts {
            trials: 50,
            hits: 50,
            host_ms: Some(0.0214),
            held_ms: Some(20.0),
            example: "step 6 read 4, not 5".to_owned(),
            ..Counts::default()
        },
        twin: Counts { trials: 50, ..Counts::default() },
        variant: None,
        same_as: String::new(),
        timelines: None,
    };
    let mut wait = verdict("pageable-copy-as-sync", 14, Observation::ReliedOnWait, WAIT);
    wait.misuse =
        Counts { trials: 5, hits: 5, host_ms: Some(50.21), held_ms: Some(50.0), ..Counts::default() };
    wait.twin = Counts { trials: 5, ..Counts::default() };
    wait.variant = Some(Counts { trials: 50, hits: 50, host_ms: Some(0.01), ..Counts::default() });
    let mut read = verdict("host-read-before-sync", 16, Observation::WrongValue, READ);
    read.timelines = Some(timelines());
    Rules { rules: vec![read, verdict("cross-stream-unordered", 15, Observation::WrongValue, CROSS), wait] }
}

/// A read that comes before the copy, and its twin, which waits.
fn timelines() -> Timelines {
    let line = |clash: Option<(usize, usize)>, bars: &[&str]| Timeline {
        error_us: 0.9,
        clash,
        bars: bars.iter().filter_map(|bar| bar.parse().ok()).collect(),
    };
    let misuse = [
        "host | touch | 4 | 0.004 .. 0.005 | write h",
        "host | call | 5 | 0.019 .. 0.026 | compute(d)",
        "host | call | 6 | 0.026 .. 0.034 | copy h ← d",
        "host | touch misuse | 7 | 0.034 .. 0.035 | read h",
        "s | hold | 5 | 0.012 .. 0.038 | held",
        "s | work | 5 | 0.041 .. 0.043 | compute(d)",
        "s | work between | 6 | 0.043 .. 0.061 | copy h ← d",
    ];
    let twin = [
        "host | touch | 4 | 0.004 .. 0.005 | write h",
        "host | call | 5 | 0.019 .. 0.026 | compute(d)",
        "host | call | 6 | 0.026 .. 0.034 | copy h ← d",
        "host | wait | 7 | 0.034 .. 10.031 | wait for s",
        "host | touch | 8 | 10.031 .. 10.032 | read h",
        "s | hold | 5 | 0.012 .. 10.010 | held",
        "s | work | 5 | 10.013 .. 10.015 | compute(d)",
        "s | work between | 6 | 10.015 .. 10.031 | copy h ← d",
    ];
    Timelines { misuse: Some(line(Some((6, 7)), &misuse)), twin: Some(line(None, &twin)) }
}

fn programs() -> Programs {
    let program = |rule: &str, role: Role, compiles: bool, answer: Answer| Program {
        file: format!("fixtures/{rule}/{}.cu", role.name()),
        role,
        per_thread: false,
        compiles,
        end: if compiles { "exit 0".to_owned() } else { String::new() },
        seen: Vec::new(),
        answers: vec![RuleAnswer {
            rule: rule.to_owned(),
            broken: role == Role::Misuse,
            observation: Observation::WrongValue,
            answer,
            remark: String::new(),
        }],
    };
    Programs {
        programs: vec![
            Program {
                seen: vec!["read of guarded memory at misuse.cu:16".to_owned()],
                ..program("host-read-before-sync", Role::Misuse, true, Answer::Confirmed)
            },
            program("host-read-before-sync", Role::Correct, true, Answer::Confirmed),
            program("cross-stream-unordered", Role::Misuse, true, Answer::NotObserved),
            program("pageable-copy-as-sync", Role::Misuse, true, Answer::Confirmed),
            program("unknown-cuda-api", Role::Misuse, false, Answer::Confirmed),
            program("unknown-cuda-api", Role::Correct, true, Answer::Confirmed),
        ],
    }
}

fn claims() -> Claims {
    let claim = |id: &str, claim: &str, expected: &str, measured: &str, verdict: ClaimVerdict| Claim {
        id: id.to_owned(),
        source: "seed 001".to_owned(),
        claim: claim.to_owned(),
        expected: expected.to_owned(),
        measured: measured.to_owned(),
        verdict,
        file: "fixtures/claims/waits.cu".to_owned(),
    };
    Claims {
        claims: vec![
            claim("001-4", "cudaGetLastError synchronises", "200 ms", "0.001 ms", ClaimVerdict::Refuted),
            claim("001-5", "cudaFree waits for the device", "200 ms", "200.3 ms", ClaimVerdict::Holds),
        ],
    }
}

fn litmus() -> Litmus {
    let class = |conflict: &str, memory: &str, how: &str, predicted: u64, shown: u64| Class {
        conflict: conflict.to_owned(),
        memory: memory.to_owned(),
        how: how.to_owned(),
        predicted,
        masked: predicted / 10,
        observable: predicted - predicted / 10,
        shown,
        ..Class::default()
    };
    Litmus {
        seed: 1,
        traces: 10_000,
        hazard_free: 5_102,
        runs: 34_120,
        traces_per_minute: 4_615,
        unpredicted: 0,
        examples: Vec::new(),
        lost: 0,
        classes: vec![
            class("read-then-write", "pinned", "host", 812, 730),
            class("write-then-read", "device", "stream", 1_204, 1_084),
        ],
        mutants: vec![Mutant {
            name: "events see later work".to_owned(),
            caught: true,
            by: "trace 17".to_owned(),
        }],
    }
}

fn peers() -> Peers {
    let program = |rule: &str, racecheck: u64| PeerProgram {
        file: format!("fixtures/{rule}/misuse.cu"),
        per_thread: false,
        breaks: vec![rule.to_owned()],
        cuda_lint: vec![rule.to_owned()],
        tools: [
            ("memcheck".to_owned(), Report { count: Some(0), ..Report::default() }),
            (
                "racecheck".to_owned(),
                Report {
                    count: Some(racecheck),
                    first: "Race reported".repeat(racecheck as usize),
                    ..Report::default()
                },
            ),
        ]
        .into(),
    };
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        command: format!("compute-sanitizer --tool {name}"),
        version: "2025.3".to_owned(),
    };
    Peers {
        tools: vec![tool("memcheck"), tool("racecheck")],
        programs: vec![
            program("host-read-before-sync", 0),
            program("cross-stream-unordered", 1),
            program("pageable-copy-as-sync", 0),
        ],
    }
}
