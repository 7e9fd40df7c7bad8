//! Tables in plain text.

use super::{Program, Report};
use cuda_lint_evidence::Answer;

/// Lines up columns; the last one is as long as it is.
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let mut text = String::new();
        for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            text.push_str(cell);
            if index + 1 < cells.len() {
                text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
            }
        }
        text.trim_end().to_owned() + "\n"
    };
    let mut text = line(header);
    for row in rows {
        text.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    text
}

/// The word for an answer.
pub const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Confirmed => "confirmed",
        Answer::NotObserved => "not observed",
        Answer::Contradicted => "contradicted",
        Answer::Failed => "failed",
    }
}

/// The fixtures, one line for each rule that they break or keep, and the counts.
pub fn programs(report: &Report) -> String {
    let mut rows = Vec::new();
    for program in &report.programs {
        for answer in &program.answers {
            rows.push(vec![
                short(program),
                if answer.broken { "breaks" } else { "keeps" }.to_owned(),
                answer.rule.clone(),
                word(answer.answer).to_owned(),
                if program.runs { program.end.clone() } else { "-".to_owned() },
                answer.remark.clone(),
            ]);
        }
    }
    let mut text = render(&["fixture", "", "rule", "answer", "as it is", "seen"], &rows);
    for (broken, what) in [(true, "rules broken"), (false, "rules kept")] {
        let answers = || report.programs.iter().flat_map(|p| &p.answers).filter(|a| a.broken == broken);
        let counts: Vec<String> =
            [Answer::Confirmed, Answer::NotObserved, Answer::Contradicted, Answer::Failed]
                .into_iter()
                .map(|which| (which, answers().filter(|a| a.answer == which).count()))
                .map(|(which, count)| format!("{} {count}", word(which)))
                .collect();
        text.push_str(&format!("{what}: {}\n", counts.join(", ")));
    }
    text.push_str(&format!("{} programs in {:.0} s", report.programs.len(), report.seconds));
    text
}

fn short(program: &Program) -> String {
    let path = program.path.trim_start_matches("fixtures/");
    if program.mode == "legacy" { path.to_owned() } else { format!("{path} [{}]", program.mode) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::{Kind, Observation, Role, RuleAnswer};

    #[test]
    fn columns_line_up() {
        let text = render(&["a", "bb"], &[vec!["long".into(), "x".into()], vec!["é".into(), String::new()]]);
        assert_eq!(text, "a     bb\nlong  x\né\n");
    }

    fn report() -> Report {
        let answer = |rule: &str, broken, answer| RuleAnswer {
            rule: rule.into(),
            broken,
            observation: cuda_lint_evidence::Observation::WrongValue,
            answer,
            remark: "because".into(),
        };
        Report {
            nvcc: "Build x".into(),
            observer_sha256: "00".into(),
            hold_ms: 60,
            programs: vec![Program {
                path: "fixtures/host-read-before-sync/misuse.cu".into(),
                mode: "per-thread".into(),
                sha256: "00".into(),
                role: Role::Misuse,
                compiles: true,
                runs: true,
                end: "exit 0".into(),
                observations: vec![Observation {
                    kind: Kind::Touch,
                    what: "read of the destination".into(),
                    line: Some(17),
                    code: None,
                    ms: None,
                    count: 1,
                }],
                answers: vec![
                    answer("host-read-before-sync", true, Answer::Confirmed),
                    answer("free-while-in-flight", false, Answer::Contradicted),
                ],
            }],
            seconds: 2.0,
        }
    }

    #[test]
    fn the_table_counts_answers() {
        let text = programs(&report());
        assert!(text.contains("host-read-before-sync/misuse.cu [per-thread]  breaks"), "{text}");
        assert!(text.contains("rules broken: confirmed 1, not observed 0, contradicted 0"), "{text}");
        assert!(text.contains("rules kept: confirmed 0, not observed 0, contradicted 1"), "{text}");
    }

    #[test]
    fn a_report_survives_json() {
        let report = report();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
        assert!(text.contains("\"wrong-value\"") && text.contains("\"misuse\""), "{text}");
    }
}
