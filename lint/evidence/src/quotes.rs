//! Numbers of the evidence that documentation quotes.
//!
//! `<!-- evidence: litmus.traces -->10,000<!-- / -->` quotes one; what stands between the marks must be what
//! the evidence says, and [`rewrite`] puts it there.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use cuda_lint_engine::suggest;

use crate::Answer;
use crate::check::{Evidence, Problem, RuleSpec};
use crate::{ClaimVerdict, measured};

const OPEN: &str = "<!-- evidence: ";
const OPENED: &str = " -->";
const CLOSE: &str = "<!-- / -->";

/// What can be quoted: each key with its text.
pub type Quotable = BTreeMap<String, String>;

/// Everything that can be quoted from the evidence.
pub fn quotable(evidence: &Evidence, rules: &[RuleSpec]) -> Quotable {
    let mut all = Quotable::new();
    let mut set = |key: &str, text: String| {
        all.insert(key.to_owned(), text);
    };
    let device = &evidence.rules.device;
    set("date", evidence.rules.date.clone());
    set("device.name", device.name.clone());
    set("device.driver", device.driver.clone());
    set("device.cuda", device.cuda.clone());
    let seconds = [
        evidence.rules.seconds,
        evidence.programs.seconds,
        evidence.claims.seconds,
        evidence.litmus.seconds,
        evidence.peers.seconds,
    ];
    set("seconds", grouped(seconds.iter().sum::<f64>().round() as u64));
    let changed = evidence.programs.changed_seconds + evidence.peers.changed_seconds;
    set("seconds.changed", grouped(changed.round() as u64));

    let verdicts = &evidence.rules.body.rules;
    let confirmed = verdicts.iter().filter(|it| it.answer == Answer::Confirmed);
    let run = verdicts.iter().filter(|it| it.same_as.is_empty());
    set("rules.diagnostics", count(verdicts.len()));
    set("rules.confirmed", count(confirmed.count()));
    set("rules.trials", grouped(run.map(|it| u64::from(it.misuse.trials)).sum()));
    for rule in rules {
        let (rules, programs) = (Some(&evidence.rules), Some(&evidence.programs));
        let measured = measured::of_rule(rule, rules, programs, evidence.two_gpus.as_ref());
        set(&format!("rules.{}", rule.name), measured.summary);
        set(&format!("rules.{}.diagnostics", rule.name), count(measured.diagnostics));
        set(&format!("rules.{}.confirmed", rule.name), count(measured.confirmed));
    }

    let programs = &evidence.programs.body.programs;
    set("programs.run", count(programs.len()));
    for answer in [Answer::Confirmed, Answer::NotObserved, Answer::Contradicted, Answer::Failed] {
        let of_answer = programs.iter().filter(|it| it.answer() == Some(answer)).count();
        set(&format!("programs.{}", answer.name().replace(' ', "-")), count(of_answer));
    }

    let claims = &evidence.claims.body.claims;
    set("claims.all", count(claims.len()));
    for verdict in
        [ClaimVerdict::Holds, ClaimVerdict::Refuted, ClaimVerdict::Differs, ClaimVerdict::NotMeasurable]
    {
        let of_verdict = claims.iter().filter(|it| it.verdict == verdict).count();
        set(&format!("claims.{}", verdict.name().replace(' ', "-")), count(of_verdict));
    }

    let litmus = &evidence.litmus.body;
    let (observable, shown) = litmus.target();
    set("litmus.seed", litmus.seed.to_string());
    set("litmus.traces", grouped(litmus.traces));
    set("litmus.runs", grouped(litmus.runs));
    set("litmus.hazard-free", grouped(litmus.hazard_free));
    set("litmus.predicted", grouped(litmus.total(|class| class.predicted)));
    set("litmus.masked", grouped(litmus.total(|class| class.masked)));
    let undocumented = litmus.total(|class| if class.undocumented { class.predicted } else { 0 });
    set("litmus.undocumented", grouped(undocumented));
    set("litmus.observable", grouped(observable));
    set("litmus.shown", grouped(shown));
    set("litmus.rate", rate(shown, observable));
    set("litmus.unpredicted", grouped(litmus.unpredicted));
    set("litmus.mutants", count(litmus.mutants.len()));
    set("litmus.caught", count(litmus.mutants.iter().filter(|mutant| mutant.caught).count()));
    set("litmus.traces-per-minute", grouped(litmus.traces_per_minute));

    let peers = &evidence.peers.body;
    let broken: Vec<_> = peers.programs.iter().filter(|it| !it.breaks.is_empty()).collect();
    set("peers.programs", count(broken.len()));
    set("peers.cuda-lint", count(broken.iter().filter(|it| it.is_found()).count()));
    for tool in &peers.tools {
        let reported = broken.iter().filter(|it| it.is_reported_by(&tool.name)).count();
        set(&format!("peers.{}", tool.name), count(reported));
    }
    set("peers.any", count(broken.iter().filter(|it| it.is_reported()).count()));
    all
}

/// A document with its quotes as the evidence has them, and what was wrong with them.
pub fn rewrite(text: &str, quotable: &Quotable) -> (String, Vec<String>) {
    let (mut out, mut wrong, mut rest) = (String::new(), Vec::new(), text);
    while let Some(start) = rest.find(OPEN) {
        let line = text[..text.len() - rest.len() + start].matches('\n').count() + 1;
        let (before, quote) = rest.split_at(start);
        out.push_str(before);
        let after = &quote[OPEN.len()..];
        let parts = after.split_once(OPENED).and_then(|(key, after)| {
            let (old, after) = after.split_once(CLOSE)?;
            (!key.contains('\n') && !old.contains(OPEN)).then_some((key, old, after))
        });
        let Some((key, old, after)) = parts else {
            wrong.push(format!("line {line}: a quote lacks its `{}` or its `{CLOSE}`", OPENED.trim()));
            out.push_str(OPEN);
            rest = after;
            continue;
        };
        let new = match quotable.get(key) {
            Some(new) => new,
            None => {
                let close = suggest::closest(key, quotable.keys().map(String::as_str));
                let hint = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
                wrong.push(format!("line {line}: the evidence has no `{key}`{hint}"));
                old
            }
        };
        if new != old {
            wrong.push(format!("line {line}: `{key}` is quoted as `{old}`, and the evidence says `{new}`"));
        }
        for part in [OPEN, key, OPENED, new, CLOSE] {
            out.push_str(part);
        }
        rest = after;
    }
    out.push_str(rest);
    (out, wrong)
}

/// Checks the quotes of README.md and of the documents in lint/docs. With `update`, the documents are written
/// anew and only what that cannot mend is returned.
pub fn check(root: &Path, quotable: &Quotable, update: bool) -> io::Result<Vec<Problem>> {
    let mut documents = crate::hash::files(root, "lint/docs", &["md"])?;
    documents.insert("README.md".to_owned());
    documents.insert("fixtures/README.md".to_owned());
    let mut problems = Vec::new();
    for document in documents {
        let path = root.join(&document);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let (mut new, mut wrong) = rewrite(&text, quotable);
        if update && new != text {
            fs::write(&path, &new)?;
            (new, wrong) = rewrite(&new, quotable);
        }
        debug_assert!(!update || new == rewrite(&new, quotable).0, "rewriting settles");
        problems.extend(wrong.into_iter().map(|what| Problem { file: document.clone(), what }));
    }
    Ok(problems)
}

/// A number for people: `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share for people: `98.2 %`. It is rounded down, so that 100 % means all.
pub fn rate(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let permille = u128::from(part) * 1000 / u128::from(whole);
    if permille.is_multiple_of(10) {
        format!("{} %", permille / 10)
    } else {
        format!("{}.{} %", permille / 10, permille % 10)
    }
}

fn count(number: usize) -> String {
    grouped(u64::try_from(number).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn known() -> Quotable {
        let root = samples::repository();
        quotable(&Evidence::read(root.path()).unwrap(), &samples::RULES)
    }

    #[test]
    fn numbers_are_those_of_the_evidence() {
        let known = known();
        for (key, text) in [
            ("litmus.traces", "10,000"),
            ("litmus.predicted", "2,016"),
            ("litmus.shown", "1,814"),
            ("litmus.rate", "99.9 %"),
            ("litmus.mutants", "1"),
            ("rules.diagnostics", "3"),
            ("rules.trials", "105"),
            ("programs.not-observed", "1"),
            ("claims.refuted", "1"),
            ("peers.programs", "3"),
            ("peers.racecheck", "1"),
            ("peers.any", "1"),
            ("peers.cuda-lint", "3"),
            ("device.name", "NVIDIA H200"),
            ("seconds", "351"),
        ] {
            assert_eq!(known.get(key).map(String::as_str), Some(text), "{key}");
        }
        assert!(known["rules.host-read-before-sync"].contains("50 of 50"));
    }

    #[test]
    fn a_quote_is_rewritten_and_another_number_is_noticed() {
        let quote = |what: &str| format!("a {OPEN}litmus.traces{OPENED}{what}{CLOSE} b\nc");
        assert_eq!(rewrite(&quote("10,000"), &known()), (quote("10,000"), Vec::new()));
        let (text, wrong) = rewrite(&quote("20,000"), &known());
        assert_eq!(text, quote("10,000"));
        assert_eq!(wrong, ["line 1: `litmus.traces` is quoted as `20,000`, and the evidence says `10,000`"]);
    }

    #[test]
    fn what_cannot_be_a_quote_is_named_and_kept() {
        for (text, wrong) in [
            (format!("\n{OPEN}litmus.trace{OPENED}1{CLOSE}"), "line 2: the evidence has no `litmus.trace`"),
            (format!("{OPEN}litmus.traces{OPENED}1"), "line 1: a quote lacks its"),
            (format!("{OPEN}litmus.traces"), "line 1: a quote lacks its"),
            (format!("{OPEN}a{OPENED}{OPEN}b{OPENED}{CLOSE}"), "line 1: a quote lacks its"),
        ] {
            let (kept, problems) = rewrite(&text, &known());
            assert_eq!(kept, text);
            assert!(problems[0].starts_with(wrong), "{problems:?}");
        }
    }

    #[test]
    fn documents_are_checked_and_mended() {
        let root = samples::repository();
        let write = |file: &str, text: &str| {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("README.md", &format!("{OPEN}litmus.caught{OPENED}7{CLOSE}\n"));
        write("lint/docs/a.md", &format!("{OPEN}no.such{OPENED}7{CLOSE}\n"));
        let problems = |update| check(root.path(), &known(), update).unwrap();
        assert_eq!(problems(false).len(), 2);
        let left = problems(true);
        assert!(left.len() == 1 && left[0].to_string().starts_with("lint/docs/a.md: line 1: "), "{left:?}");
        let readme = fs::read_to_string(root.path().join("README.md")).unwrap();
        assert_eq!(readme, format!("{OPEN}litmus.caught{OPENED}1{CLOSE}\n"));
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 12, 999, 1000, 1234567].map(grouped), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [(1, 1), (999_999, 1_000_000), (19, 20), (0, 0)].map(|(a, b)| rate(a, b)),
            ["100 %", "99.9 %", "95 %", "–"]
        );
    }
}
