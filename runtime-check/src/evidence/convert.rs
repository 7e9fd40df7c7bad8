//! From what the producers say to what the files hold.

use cuda_lint_evidence as file;

use crate::{claims, litmus, peers, programs};

/// The entry for a verdict; `witness` is the text of its trace.
pub fn verdict(from: file::Verdict, witness: String) -> file::Verdict {
    file::Verdict { trace: file::sha256(witness.as_bytes()), witness, ..from }
}

/// programs.toml.
pub fn programs(from: programs::Report) -> file::Programs {
    let program = |it: programs::Program| file::Program {
        file: it.path,
        role: it.role,
        per_thread: it.mode == PER_THREAD,
        compiles: it.compiles,
        end: it.end,
        seen: it.observations.iter().map(seen).collect(),
        answers: it
            .answers
            .into_iter()
            .map(|it| file::RuleAnswer {
                rule: it.rule,
                broken: it.broken,
                observation: it.observation,
                answer: it.answer,
                remark: it.remark,
            })
            .collect(),
    };
    file::Programs { programs: from.programs.into_iter().map(program).collect() }
}

/// How the producers name the second mode of the default stream.
const PER_THREAD: &str = "per-thread";

/// What was seen of a program, in words. Times are left out: they differ from run to run.
fn seen(it: &programs::Observation) -> String {
    let kind = match it.kind {
        programs::Kind::CompileError => "compile error",
        programs::Kind::Error => "failed call",
        programs::Kind::Fault => "died",
        programs::Kind::Touch => "touched in flight",
        programs::Kind::Freed => "freed in flight",
        programs::Kind::Value => "other value",
        programs::Kind::Blocked => "blocked",
    };
    let mut text = format!("{kind}: {}", it.what);
    if let Some(code) = it.code {
        text += &format!(", error {code}");
    }
    if let Some(line) = it.line {
        text += &format!(", line {line}");
    }
    text
}

/// litmus.toml; the mutants come from a run of their own.
pub fn litmus(from: litmus::Report, mutants: Vec<litmus::Caught>) -> file::Litmus {
    let remark = |row: &litmus::Row| {
        let missed: Vec<&litmus::Missed> = from.missed.iter().filter(|it| it.class == row.class).collect();
        if row.relies {
            "documented only: this device waits"
        } else if row.counts.observable > row.counts.shown
            && !missed.is_empty()
            && missed.iter().all(|it| it.waited)
        {
            "where it did not show, the second access was seen to wait"
        } else {
            ""
        }
    };
    let classes = from.classes.iter().map(|row| file::Class {
        conflict: word(&row.class.conflict),
        memory: row.class.memory.word().to_owned(),
        how: word(&row.class.meets),
        undocumented: row.relies,
        predicted: row.counts.predicted,
        masked: row.counts.masked,
        observable: row.counts.observable,
        shown: row.counts.shown,
        remark: remark(row).to_owned(),
    });
    let classes = classes.collect();
    file::Litmus {
        seed: from.seed,
        traces: from.traces,
        hazard_free: from.hazard_free,
        runs: from.runs,
        traces_per_minute: from.speed().round() as u64,
        unpredicted: from.unpredicted_total,
        examples: from.unpredicted.into_iter().map(|it| it.text).collect(),
        lost: from.refused + from.lost.len() as u64,
        classes,
        mutants: mutants.into_iter().map(mutant).collect(),
    }
}

/// The word with which a plain enumeration travels.
fn word(it: &impl serde::Serialize) -> String {
    match serde_json::to_value(it) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn mutant(from: litmus::Caught) -> file::Mutant {
    let by = from.by.map(|by| {
        let way = word(&by.way).replace('-', " ");
        format!("trace {}, {way}: {}", by.trace, by.seen)
    });
    file::Mutant { name: from.mutant, caught: by.is_some(), by: by.unwrap_or_default() }
}

/// peers.toml; what cuda-lint reports says `reported`.
pub fn peers(from: peers::Report, reported: impl Fn(&str) -> Vec<String>) -> file::Peers {
    let version = from.sanitizer;
    let tool = |it: peers::ToolInfo| file::Tool {
        name: it.name,
        command: format!("compute-sanitizer {}", it.arguments),
        version: version.clone(),
    };
    let program = |it: peers::Peer| file::PeerProgram {
        cuda_lint: reported(&it.path),
        file: it.path,
        per_thread: it.mode == PER_THREAD,
        breaks: it.breaks,
        tools: it
            .findings
            .into_iter()
            .map(|it| {
                (
                    it.tool,
                    file::Report { count: it.errors.map(u64::from), first: it.first, not_run: it.not_run },
                )
            })
            .collect(),
    };
    file::Peers {
        tools: from.tools.into_iter().map(tool).collect(),
        programs: from.programs.into_iter().map(program).collect(),
    }
}

/// claims.toml.
pub fn claims(from: claims::Report) -> file::Claims {
    let claim = |it: claims::Claim| file::Claim {
        id: it.id,
        source: it.source,
        claim: it.claim,
        expected: it.expected,
        measured: it.measured,
        verdict: it.verdict,
        file: it.file,
    };
    file::Claims { claims: from.claims.into_iter().map(claim).collect() }
}
