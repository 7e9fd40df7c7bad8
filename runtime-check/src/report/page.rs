//! The page: what stands where.

use std::collections::BTreeMap;
use std::fmt::Write;

use cuda_lint_engine::rules::{self, Rule};
use cuda_lint_engine::trace::judge::{Hazard, judge};
use cuda_lint_engine::trace::{Position, Trace, repair, text};
use cuda_lint_evidence::check::{Evidence, Problem};
use cuda_lint_evidence::quotes::{grouped, rate};
use cuda_lint_evidence::{Answer, BarKind, Counts, Verdict, measured};

use super::words::escape;
use super::{chart, svg, tables, timeline};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn html(evidence: &Evidence, stale: &[Problem]) -> String {
    let device = &evidence.rules.device;
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>cuda-lint on {0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{1}\n<main>\n\
         <h1>What a GPU says about cuda-lint</h1>\n\
         <p class=\"soft\">Measured on {0}, compute capability {2}, driver {3}, CUDA {4}, on {5}, by \
         cuda-lint-runtime {6} (protocol {7}).</p>\n\
         <nav class=\"small\"><a href=\"#rules\">Rules</a><a href=\"#hazards\">Hazards replayed</a>\
         <a href=\"#litmus\">Litmus tests</a><a href=\"#claims\">Claims</a><a href=\"#peers\">Other tools</a></nav>\n",
        escape(&device.name),
        svg::HATCH,
        escape(&device.compute_capability),
        escape(&device.driver),
        escape(&device.cuda),
        escape(&evidence.rules.date),
        escape(&evidence.rules.harness),
        evidence.rules.protocol,
    );
    warn(&mut out, stale);
    tiles(&mut out, evidence);
    section(
        &mut out,
        "rules",
        "Rules and fixtures",
        "Each diagnostic of the fixtures carries a witness: a short trace that was replayed on the GPU, and again \
         with the misuse repaired. Each fixture was also compiled and run as it is.",
    );
    tables::rules(&mut out, evidence);
    end(&mut out);
    section(
        &mut out,
        "hazards",
        "Hazards, replayed",
        "One diagnostic of each rule: the trace with the misuse, and the repaired twin.",
    );
    out.push_str(LEGEND);
    for rule in rules::catalogue() {
        hazard(&mut out, rule, evidence);
    }
    end(&mut out);
    section(
        &mut out,
        "litmus",
        "Litmus tests of the model",
        "Random traces are judged by the happens-before model that the linter reasons with, and run on the GPU. A \
         trace without a hazard must compute the same under every schedule; what differs elsewhere than the model \
         predicts is <em>unpredicted</em>, and a bug of the model. A hazard is <em>masked</em> where no value could \
         show it, and <em>visible</em> where one could.",
    );
    tables::litmus(&mut out, &evidence.litmus.body);
    end(&mut out);
    section(
        &mut out,
        "claims",
        "Claims",
        "What documents say about CUDA, each as an experiment in a process of its own.",
    );
    tables::claims(&mut out, &evidence.claims.body.claims);
    end(&mut out);
    section(
        &mut out,
        "peers",
        "Other tools on the same programs",
        "The programs with a misuse, run under NVIDIA's compute-sanitizer on the same GPU. It looks for other things \
         than cuda-lint does, and at run time; what it does not report is mostly outside of what it promises.",
    );
    tables::peers(&mut out, &evidence.peers.body);
    end(&mut out);
    let _ = write!(
        out,
        "<footer><p>Written by <code>cuda-lint-runtime report</code> from fixtures/evidence. Host kernel {}, NVRTC \
         {}, nvcc {}.</p></footer>\n</main>\n</body>\n</html>\n",
        escape(&device.kernel),
        escape(&device.nvrtc),
        escape(&device.nvcc)
    );
    out
}

fn warn(out: &mut String, stale: &[Problem]) {
    if stale.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details class=\"rule\"><summary><span class=\"chip failed\">stale</span> {} things are missing or have \
         changed since</summary><ul class=\"small\">",
        stale.len()
    );
    for problem in stale {
        let _ = write!(out, "<li>{}</li>", escape(&problem.to_string()));
    }
    out.push_str("</ul></details>\n");
}

fn tiles(out: &mut String, evidence: &Evidence) {
    let verdicts = &evidence.rules.body.rules;
    let confirmed = verdicts.iter().filter(|it| it.answer == Answer::Confirmed).count();
    let litmus = &evidence.litmus.body;
    let (observable, shown) = litmus.target();
    let caught = litmus.mutants.iter().filter(|mutant| mutant.caught).count();
    let claims = &evidence.claims.body.claims;
    let holds = claims.iter().filter(|it| it.verdict == cuda_lint_evidence::ClaimVerdict::Holds).count();
    let refuted = claims.iter().filter(|it| it.verdict == cuda_lint_evidence::ClaimVerdict::Refuted).count();
    let tiles = [
        (
            format!("{confirmed} of {}", verdicts.len()),
            "diagnostics of the fixtures confirmed".to_owned(),
            // What is not observed says why; what is contradicted is a defect.
            verdicts.iter().all(|it| matches!(it.answer, Answer::Confirmed | Answer::NotObserved)),
        ),
        (
            grouped(litmus.unpredicted),
            format!("surprises in {} random traces", grouped(litmus.traces)),
            litmus.unpredicted == 0,
        ),
        (rate(shown, observable), "of the predicted hazards that can be seen were seen".to_owned(), true),
        (
            format!("{caught} of {}", litmus.mutants.len()),
            "wrong models caught".to_owned(),
            caught == litmus.mutants.len(),
        ),
        (
            format!("{holds} and {refuted}"),
            format!("of {} claims about CUDA hold and are refuted", claims.len()),
            true,
        ),
    ];
    out.push_str("<div class=\"tiles\">");
    for (number, what, good) in tiles {
        let class = if good { "tile" } else { "tile bad" };
        let _ = write!(out, "<div class=\"{class}\"><b>{}</b><span>{}</span></div>", number, escape(&what));
    }
    out.push_str("</div>\n");
}

/// Starts a part of the page; `text` is markup.
fn section(out: &mut String, id: &str, title: &str, text: &str) {
    let _ = writeln!(out, "<section id=\"{id}\"><h2>{title}</h2><p class=\"soft\">{text}</p>");
}

fn end(out: &mut String) {
    out.push_str("</section>\n");
}

const LEGEND: &str = "<p class=\"soft\">The hazard’s first work is kept back by a kernel that keeps its stream busy, \
    so that what is not ordered after it comes first. What is <em>measured</em> stands over an axis of real time, of \
    which long stretches without an event are cut out; kernels and host functions noted their times themselves, and \
    of copies and memsets it is known between which times they ran. What is <em>schematic</em> shows the order of the \
    steps only.</p>\
    <div class=\"legend\"><span><i></i>call that returns at once</span><span><i class=\"wait\"></i>call that \
    waits</span><span><i class=\"touch\"></i>the host touches memory</span><span><i class=\"work\"></i>work of the \
    device</span><span><i class=\"between\"></i>work somewhere between</span><span><i class=\"hold\"></i>stream \
    held</span><span><i class=\"bad\"></i>the misuse</span></div>\n";

fn hazard(out: &mut String, rule: &Rule, evidence: &Evidence) {
    let Some(verdict) = evidence.rules.body.plainest(rule.name) else { return };
    let _ = write!(
        out,
        "<div class=\"rule\" id=\"{0}\"><h3>{0} <span class=\"chip {1}\">{2}</span></h3><p class=\"soft small\">{3}; \
         <code>{4}:{5}</code></p>",
        rule.name,
        tables::class(verdict.answer.name()),
        verdict.answer.name(),
        escape(rule.summary),
        escape(&verdict.file),
        verdict.line
    );
    let sentence = measured::sentence(verdict, &measured::machine(&evidence.rules.device));
    let timelines = verdict.timelines.clone().unwrap_or_default();
    let pictures = picture(verdict);
    if pictures.is_none() && timelines.misuse.is_none() {
        let _ = write!(out, "<p>{}</p>", escape(&sentence));
    } else {
        let (schematic, repaired) = pictures.map_or((None, None), |(misuse, twin)| (Some(misuse), twin));
        let note = schematic.as_ref().map(|it| it.note.clone()).unwrap_or_default();
        // Measured runs are of one width, and stand side by side.
        let class = if timelines.misuse.is_some() && timelines.twin.is_some() { "pair" } else { "" };
        let _ = write!(out, "<div class=\"{class}\">");
        let said = format!("<b>Misuse.</b> {} {}", escape(&note), escape(&shown(&verdict.misuse)));
        figure(out, &said, timelines.misuse.as_ref(), schematic.as_ref(), &sentence);
        let said = format!("<b>Repaired.</b> {}", escape(&shown(&verdict.twin)));
        figure(out, &said, timelines.twin.as_ref(), repaired.as_ref(), "the repaired twin");
        out.push_str("</div>");
        if let Some(variant) = &verdict.variant {
            let _ = write!(
                out,
                "<p class=\"small soft\">Where the call does not wait: {}</p>",
                escape(&shown(variant))
            );
        }
    }
    if !verdict.remark.is_empty() {
        let _ = write!(out, "<p class=\"small soft\">{}</p>", escape(&verdict.remark));
    }
    if !verdict.witness.is_empty() {
        let _ = write!(
            out,
            "<details><summary>The witness</summary><pre>{}</pre></details>",
            escape(verdict.witness.trim_end())
        );
    }
    out.push_str("</div>\n");
}

/// One run: as it was measured, else how it must have been.
fn figure(
    out: &mut String,
    said: &str,
    measured: Option<&cuda_lint_evidence::Timeline>,
    schematic: Option<&timeline::Timeline>,
    name: &str,
) {
    let (tag, drawn) = match (measured, schematic) {
        (Some(measured), _) => {
            let tag = format!("Measured, device ±{} µs", measured.error_us);
            (tag, svg::chart(&chart::chart(measured), name) + &key(measured))
        }
        (None, Some(schematic)) => {
            let tag = "Schematic: the evidence holds no times of this run".to_owned();
            (tag, svg::draw(schematic, name))
        }
        (None, None) => return,
    };
    let _ = write!(
        out,
        "<figure><figcaption>{said} <span class=\"tag\">{}</span></figcaption>{drawn}</figure>",
        escape(&tag)
    );
}

/// The numbers of the steps, for bars that have no room for more.
fn key(timeline: &cuda_lint_evidence::Timeline) -> String {
    let mut steps = BTreeMap::new();
    for bar in timeline.bars.iter().filter(|bar| bar.kind != BarKind::Hold) {
        steps.entry(bar.step).or_insert(bar.label.as_str());
    }
    let one = |(step, label): (usize, &str)| format!("<span><b>{step}</b> {}</span> ", escape(label));
    format!("<p class=\"key\">{}</p>", steps.into_iter().map(one).collect::<String>())
}

fn shown(counts: &Counts) -> String {
    let mut text = format!("Shown in {} of {} runs", counts.hits, counts.trials);
    if !counts.codes.is_empty() {
        let codes: Vec<_> = counts.codes.iter().map(ToString::to_string).collect();
        text += &format!(", error {}", codes.join(", "));
    }
    if let Some(held) = counts.held_ms {
        text += &format!("; the stream was held for up to {held} ms");
    }
    if let Some(host) = counts.host_ms {
        text += &format!("; the host was inside the call for {host} ms");
    }
    if !counts.example.is_empty() {
        text += &format!("; for example: {}", counts.example);
    }
    text + "."
}

/// The misuse and its twin as they were replayed, if the witness can be read.
fn picture(verdict: &Verdict) -> Option<(timeline::Timeline, Option<timeline::Timeline>)> {
    let trace: Trace<Position> = text::parse(&verdict.witness).ok()?;
    let hazards = judge(&trace);
    let on_line = |hazard: &&Hazard| {
        let place = trace.steps[hazard.step()].place.as_ref();
        place.is_some_and(|place| place.line == verdict.line)
    };
    let hazard = hazards.iter().find(on_line).or(hazards.last());
    let twin = hazard.and_then(|hazard| repair::repair(&trace, hazard));
    Some(timeline::pair(&trace, hazard, twin.as_ref()))
}
