//! The table of verdicts, for people.

use cuda_lint_evidence::{Answer, Counts, Verdict};

/// The table, with a sum below it.
pub fn table(verdicts: &[Verdict]) -> String {
    let head = ["answer", "rule", "place", "misuse", "twin", "variant", "what was seen"].map(String::from);
    let mut rows = vec![head];
    for verdict in verdicts {
        let place = if verdict.line == 0 {
            verdict.file.clone()
        } else {
            format!("{}:{}", verdict.file, verdict.line)
        };
        let seen = [&verdict.misuse, &verdict.twin].map(|counts| counts.example.as_str());
        let seen = if seen[0].is_empty() { seen[1] } else { seen[0] };
        let said = [seen, &verdict.remark]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        rows.push([
            word(verdict.answer).to_string(),
            verdict.rule.clone(),
            place,
            hits(&verdict.misuse),
            hits(&verdict.twin),
            verdict.variant.as_ref().map_or_else(|| "-".to_string(), hits),
            said,
        ]);
    }
    let mut text = String::new();
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    for row in &rows {
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(&row[6]);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let count = |answer: Answer| verdicts.iter().filter(|verdict| verdict.answer == answer).count();
    let sums = [Answer::Confirmed, Answer::NotObserved, Answer::Contradicted, Answer::Failed]
        .map(|answer| format!("{} {}", count(answer), word(answer)));
    text.push_str(&sums.join(", "));
    text
}

fn hits(counts: &Counts) -> String {
    let time = counts.host_ms.map_or_else(String::new, |time| format!(" {time:.2} ms"));
    let codes = if counts.codes.is_empty() { String::new() } else { format!(" {:?}", counts.codes) };
    if counts.trials == 0 {
        "-".to_string()
    } else {
        format!("{} of {}{codes}{time}", counts.hits, counts.trials)
    }
}

const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Confirmed => "confirmed",
        Answer::NotObserved => "not observed",
        Answer::Contradicted => "contradicted",
        Answer::Failed => "failed",
    }
}
