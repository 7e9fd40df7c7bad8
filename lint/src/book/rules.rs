//! The rules' pages, their list, and their lines in the table of contents.

use super::{Page, cell, note};
use crate::catalogue::{self, Entry, GROUPS, Group};
use crate::evidence::Evidence;
use crate::rule_page;

/// The line of the list in the table of contents, up to the file.
const INDEX: &str = "](rules/index.md)";

/// A page for each rule, and the list.
pub fn pages() -> Vec<Page> {
    let evidence = Evidence::embedded();
    let page = |rule: Entry| Page {
        path: format!("rules/{}.md", rule.name),
        text: note("the rule's own file") + &linked(&rule_page::text(&rule, &evidence), rule.name),
    };
    let list = Page { path: "rules/index.md".to_owned(), text: list() };
    std::iter::once(list).chain(catalogue::entries().map(page)).collect()
}

fn list() -> String {
    let mut text = note("the catalogue of rules");
    text += "# Rules\n\n\
             What each rule reports, why it is wrong, an example with its correction, which document says so, and \
             what a GPU answered.\n\
             Examples are tests: `//~` marks the line that is reported.\n\
             The severity is the usual one; a finding may be milder where the page says so.\n";
    let groups = GROUPS.into_iter().filter(|group| matches!(group, Group::Of(_)));
    for group in groups {
        let mut rules: Vec<Entry> =
            catalogue::entries().filter(|rule| group == Group::Of(rule.category)).collect();
        rules.sort_by_key(|rule| rule.rule.map(|rule| rule.number));
        text += &format!(
            "\n## {}\n| rule | number | severity | reports |\n| --- | --- | --- | --- |\n",
            group.name()
        );
        for rule in rules {
            let number = rule.rule.map(|rule| rule.number.to_string()).unwrap_or_default();
            let off = if rule.on_by_default { "" } else { ", off by default" };
            text += &format!(
                "| [{0}]({0}.md) | {number} | {1}{off} | {2} |\n",
                rule.name,
                rule.severity.name(),
                cell(rule.summary)
            );
        }
    }
    text
}

/// The page with the names of other rules as links to their pages. In blocks of code they stay as they are.
fn linked(text: &str, own: &str) -> String {
    let mut out = String::new();
    let mut in_block = false;
    for line in text.split_inclusive('\n') {
        in_block ^= line.starts_with("```");
        if in_block || line.starts_with('#') {
            out += line;
            continue;
        }
        // Every second part is code.
        let parts: Vec<&str> = line.split('`').collect();
        let whole = parts.len() % 2 == 1;
        for (at, part) in parts.iter().enumerate() {
            let is_code = whole && at % 2 == 1;
            if is_code && *part != own && catalogue::find(part).is_some() {
                out += &format!("[`{part}`]({part}.md)");
            } else if is_code {
                out += &format!("`{part}`");
            } else {
                if !whole && at > 0 {
                    out.push('`');
                }
                out += part;
            }
        }
    }
    out
}

/// The table of contents with the rules of today behind their list. Error: what is wrong with it.
pub fn enter(summary: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut entered = false;
    for line in summary.split_inclusive('\n') {
        if line.contains(INDEX) {
            out += line;
            let indent = line.len() - line.trim_start().len() + 4;
            for rule in catalogue::entries() {
                out += &format!("{:indent$}- [{1}](rules/{1}.md)\n", "", rule.name);
            }
            entered = true;
        } else if !line.contains("](rules/") {
            out += line;
        }
    }
    if entered { Ok(out) } else { Err(format!("no line with `{INDEX}`, behind which the rules are entered")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_rules_are_linked() {
        let text = "see `unjoined-fork`, `own`, `x` and `missing-final-sync`\n```cpp\n// `unjoined-fork`\n```\na ` b\n";
        let expected = "see [`unjoined-fork`](unjoined-fork.md), `own`, `x` and \
                        [`missing-final-sync`](missing-final-sync.md)\n```cpp\n// `unjoined-fork`\n```\na ` b\n";
        assert_eq!(linked(text, "own"), expected);
        assert_eq!(linked("`unjoined-fork`\n", "unjoined-fork"), "`unjoined-fork`\n");
    }

    #[test]
    fn a_table_of_contents_without_rules_is_refused() {
        assert!(enter("# Summary\n").is_err());
    }
}
