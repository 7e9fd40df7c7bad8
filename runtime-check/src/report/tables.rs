//! The tables of the page.

use std::fmt::Write;

use cuda_lint_engine::rules;
use cuda_lint_evidence::check::Evidence;
use cuda_lint_evidence::quotes::{grouped, rate};
use cuda_lint_evidence::{Claim, Litmus, Peers, Program, Verdict, measured};

use super::words::escape;

/// The class of a word: `not observed` is drawn as `not-observed`.
pub fn class(word: &str) -> String {
    word.replace(' ', "-")
}

/// A word that the eye finds; colour is not all that tells.
fn mark(word: &str) -> &'static str {
    match word {
        "confirmed" | "holds" => "✓",
        "not observed" | "differs" => "–",
        "contradicted" | "refuted" => "✗",
        "failed" => "!",
        _ => "",
    }
}

fn chip(out: &mut String, word: &str, text: &str, title: &str) {
    let _ = write!(
        out,
        "<span class=\"chip {}\" title=\"{}\">{} {}</span>",
        class(word),
        escape(title),
        mark(word),
        escape(text)
    );
}

/// Rules, their diagnostics and their programs.
pub fn rules(out: &mut String, evidence: &Evidence) {
    out.push_str(
        "<div class=\"table\"><table class=\"rules\"><thead><tr><th>rule</th><th>diagnostics, replayed</th><th>programs, run as they \
         are</th></tr></thead><tbody>",
    );
    let (verdicts, programs) = (&evidence.rules.body.rules, &evidence.programs.body.programs);
    let folders = rules::catalogue().iter().map(|rule| rule.name).chain(["seeds", "limits"]);
    for name in folders {
        let of_rule: Vec<&Verdict> = verdicts.iter().filter(|it| it.rule == name).collect();
        let run: Vec<&Program> = programs.iter().filter(|it| it.folder() == name).collect();
        if !(of_rule.is_empty() && run.is_empty()) {
            row(out, name, &of_rule, &run);
        }
    }
    out.push_str("</tbody></table></div>\n");
}

fn row(out: &mut String, name: &str, verdicts: &[&Verdict], programs: &[&Program]) {
    let drawn = !verdicts.is_empty();
    let name_cell = if drawn { format!("<a href=\"#{name}\">{name}</a>") } else { name.to_owned() };
    let _ = write!(out, "<tr><td>{name_cell}</td><td><div class=\"chips\">");
    for it in verdicts {
        let text = format!("{}:{} {}/{}", stem(&it.file, name), it.line, it.misuse.hits, it.misuse.trials);
        chip(out, it.answer.name(), &text, &measured::sentence(it, ""));
    }
    out.push_str("</div></td><td><div class=\"chips\">");
    for it in programs {
        let mut text = stem(&it.file, name).to_owned();
        if it.per_thread {
            text += " (per-thread)";
        }
        chip(out, it.answer().map_or("", |answer| answer.name()), &text, &program(it));
    }
    out.push_str("</div></td></tr>");
}

/// A fixture's name without folder and extension.
fn stem<'a>(file: &'a str, rule: &str) -> &'a str {
    let short = measured::short(file, rule);
    short.rsplit_once('.').map_or(short, |(stem, _)| stem)
}

fn program(it: &Program) -> String {
    let mut text = it.role.name().to_owned();
    if !it.compiles {
        text += "; does not compile";
    }
    if !it.end.is_empty() {
        text += &format!("; {}", it.end);
    }
    for seen in &it.seen {
        text += &format!("; {seen}");
    }
    for answer in &it.answers {
        text += &format!("; {}: {}", answer.rule, answer.answer.name());
        if !answer.remark.is_empty() {
            text += &format!(" ({})", answer.remark);
        }
    }
    text
}

/// Predicted hazards by class, and the wrong models.
pub fn litmus(out: &mut String, litmus: &Litmus) {
    let _ = write!(
        out,
        "<p>{} traces from seed {}, {} runs, {} traces a minute; {} traces have no hazard.</p>",
        grouped(litmus.traces),
        litmus.seed,
        grouped(litmus.runs),
        grouped(litmus.traces_per_minute),
        grouped(litmus.hazard_free)
    );
    out.push_str(
        "<div class=\"table\"><table><thead><tr><th>conflict</th><th>memory</th><th>second access</th>\
         <th class=\"n\">predicted</th><th class=\"n\">masked</th><th class=\"n\">visible</th>\
         <th class=\"n\">shown</th><th class=\"n\">rate</th><th></th></tr></thead><tbody>",
    );
    for class in &litmus.classes {
        let _ = write!(
            out,
            "<tr><td class=\"name\">{}</td><td class=\"name\">{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"small soft\">{}</td></tr>",
            escape(&class.conflict),
            escape(&class.memory),
            escape(&class.how),
            grouped(class.predicted),
            grouped(class.masked),
            grouped(class.observable),
            grouped(class.shown),
            rate(class.shown, class.observable),
            escape(&class.remark)
        );
    }
    let total = |of: fn(&cuda_lint_evidence::Class) -> u64| litmus.total(of);
    let (observable, shown) = litmus.target();
    let _ = write!(
        out,
        "</tbody><tfoot><tr><td>all</td><td></td><td></td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td></td></tr></tfoot></table></div>",
        grouped(total(|class| class.predicted)),
        grouped(total(|class| class.masked)),
        grouped(total(|class| class.observable)),
        grouped(total(|class| class.shown)),
        rate(shown, observable)
    );
    for trace in &litmus.examples {
        let _ = write!(
            out,
            "<p><span class=\"chip failed\">! unpredicted</span></p><pre>{}</pre>",
            escape(trace)
        );
    }
    out.push_str(
        "<div class=\"table\"><table><thead><tr><th>wrong model</th><th>caught</th><th>by</th></tr></thead><tbody>",
    );
    for mutant in &litmus.mutants {
        let _ = write!(out, "<tr><td>{}</td><td>", escape(&mutant.name));
        let (word, text) = if mutant.caught { ("confirmed", "caught") } else { ("failed", "not caught") };
        chip(out, word, text, "");
        let _ = write!(out, "</td><td class=\"small\"><code>{}</code></td></tr>", escape(&mutant.by));
    }
    out.push_str("</tbody></table></div>\n");
}

/// Claims, measured.
pub fn claims(out: &mut String, claims: &[Claim]) {
    out.push_str(
        "<div class=\"table\"><table><thead><tr><th>id</th><th>claim</th><th>source</th><th>expected</th>\
         <th>measured</th><th>verdict</th></tr></thead><tbody>",
    );
    for it in claims {
        let _ = write!(
            out,
            "<tr><td class=\"small\">{}</td><td>{}</td><td class=\"small soft\">{}</td><td class=\"small\">{}</td>\
             <td class=\"small\">{}</td><td>",
            escape(&it.id),
            escape(&it.claim),
            escape(&it.source),
            escape(&it.expected),
            escape(&it.measured)
        );
        chip(out, it.verdict.name(), it.verdict.name(), &it.file);
        out.push_str("</td></tr>");
    }
    out.push_str("</tbody></table></div>\n");
}

/// What other tools report.
pub fn peers(out: &mut String, peers: &Peers) {
    for tool in &peers.tools {
        let _ = write!(
            out,
            "<p class=\"small\"><b>{}</b> <span class=\"soft\">{}</span> <code>{}</code></p>",
            escape(&tool.name),
            escape(&tool.version),
            escape(&tool.command)
        );
    }
    out.push_str("<div class=\"table\"><table><thead><tr><th>program</th><th>cuda-lint</th>");
    for tool in &peers.tools {
        let _ = write!(out, "<th>{}</th>", escape(&tool.name));
    }
    out.push_str("</tr></thead><tbody>");
    for program in &peers.programs {
        let file = program.file.strip_prefix("fixtures/").unwrap_or(&program.file);
        let _ = write!(out, "<tr><td class=\"small\"><code>{}</code></td><td class=\"small\">", escape(file));
        out.push_str(&escape(&program.cuda_lint.join(", ")));
        out.push_str("</td>");
        for tool in &peers.tools {
            match program.tools.get(&tool.name) {
                Some(report) if program.is_reported_by(&tool.name) => {
                    let _ = write!(
                        out,
                        "<td class=\"small\"><b>{}</b> <span class=\"soft\">{}</span></td>",
                        grouped(report.count.unwrap_or(0)),
                        escape(&report.first)
                    );
                }
                Some(report) if report.count.is_some() => out.push_str("<td class=\"soft\">0</td>"),
                Some(report) if report.not_run.is_empty() => {
                    let why = if report.first.is_empty() { "no result" } else { &report.first };
                    let _ = write!(out, "<td class=\"soft small\">{}</td>", escape(why));
                }
                Some(report) => {
                    let _ = write!(out, "<td class=\"soft small\">not run: {}</td>", escape(&report.not_run));
                }
                None => out.push_str("<td class=\"soft small\">not run</td>"),
            }
        }
        out.push_str("</tr>");
    }
    let broken = || peers.programs.iter().filter(|it| !it.breaks.is_empty());
    let by_us = broken().filter(|it| it.is_found()).count();
    let _ =
        write!(out, "</tbody><tfoot><tr><td>misuses reported, of {}</td><td>{by_us}</td>", broken().count());
    for tool in &peers.tools {
        let reported = broken().filter(|it| it.is_reported_by(&tool.name));
        let _ = write!(out, "<td>{}</td>", reported.count());
    }
    out.push_str("</tr></tfoot></table></div>\n");
}
