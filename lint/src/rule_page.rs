//! The page of a rule: what `cuda-lint explain` prints, what SARIF carries as help, and what stands in the book.
//!
//! It is made of the rule's own documentation and of what was measured, so that there is one text and one
//! place to change it.

use cuda_lint_engine::Severity;

use crate::catalogue::Entry;
use crate::evidence::{self, Evidence};

/// Where the repository shows a file or a folder of its main branch.
fn in_repository(kind: &str, path: &str) -> String {
    format!("{}/{kind}/HEAD/{path}", env!("CARGO_PKG_REPOSITORY"))
}

/// Where the page can be read: the file that the book is made of.
pub fn address(rule: &Entry) -> String {
    in_repository("blob", &format!("lint/docs/rules/{}.md", rule.name))
}

/// The page, in Markdown.
pub fn text(rule: &Entry, evidence: &Evidence) -> String {
    let mut page = format!(
        "# {}\n\n{}, {}: {}\n\n{}\n\n",
        rule.name,
        rule.severity.name(),
        rule.category.name(),
        rule.summary,
        rule.doc.trim()
    );
    // What is said of comments, no GPU confirms.
    if let Some(of_engine) = rule.rule {
        page += &evidence::section(&evidence::of(of_engine, evidence));
        let folder = format!("fixtures/{}", rule.name);
        page += &format!("\nThe programs: <{}>\n\n", in_repository("tree", &folder));
    }
    page + &configuration(rule)
}

/// How the rule is switched on and off, and made milder.
fn configuration(rule: &Entry) -> String {
    let name = rule.name;
    let number = rule.rule.map(|rule| format!("number {}, ", rule.number)).unwrap_or_default();
    let (state, level) = match (rule.on_by_default, rule.severity) {
        (true, _) => ("on by default", "off"),
        // Naming it is enough: `Selection` shows what is asked for.
        (false, Severity::Info) => ("off by default, and shown as a remark where it is named", "on"),
        (false, _) => ("off by default", "on"),
    };
    format!(
        "## Configuration\nRule `{name}`: {number}severity `{}`, group `{}`, {state}.\n\
         ```toml\n[rules]\n{name} = \"{level}\"\n```\n\
         Levels are `off`, `on`, `info`, `performance`, `warning` and `error`; on the command line, \
         `--severity {name}={level}`.\n\
         One finding is suppressed by a comment: `// cuda-lint: allow({name}): why`.\n",
        rule.severity.name(),
        rule.category.name(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn a_page_says_what_the_rule_s_file_says_and_how_to_configure_it() {
        for rule in catalogue::entries() {
            let page = text(&rule, &Evidence::embedded());
            assert!(page.starts_with(&format!("# {}\n", rule.name)));
            assert!(page.contains(rule.doc.trim()));
            assert_eq!(page.contains("\n## Measured\n"), rule.rule.is_some());
            let off_or_on = if rule.on_by_default { "off" } else { "on" };
            assert!(page.contains(&format!("\n{} = \"{off_or_on}\"\n", rule.name)));
            assert!(address(&rule).starts_with("https://"), "{}", address(&rule));
        }
    }
}
