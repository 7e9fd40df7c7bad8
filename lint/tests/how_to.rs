//! What the pages for users say is so: their configurations are read, their options exist, their comments
//! suppress.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod project;

use std::fs;
use std::path::Path;

use project::{Project, READ, early_read};

/// The pages: name and text.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let how_to = fs::read_dir(root.join("lint/docs/how-to")).unwrap();
    let mut files: Vec<_> = how_to.map(|entry| entry.unwrap().path()).collect();
    files.push(root.join("README.md"));
    let page = |path: std::path::PathBuf| (path.display().to_string(), fs::read_to_string(path).unwrap());
    files.into_iter().map(page).collect()
}

/// The blocks of a language in a page.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let start = format!("```{language}\n");
    text.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn configurations_are_read() {
    let mut seen = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "toml") {
            let project = Project::new(&[("a.cu", "int x;\n"), ("cuda-lint.toml", block)]);
            let outcome = project.run(&["--show-config", "."]);
            assert_eq!(outcome.code, Some(0), "{page}: {}", outcome.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn options_exist() {
    let project = Project::new(&[]);
    let help: String = ["check", "baseline", "init", "rules", "witness"]
        .map(|name| project.run(&[name, "--help"]).stdout)
        .concat();
    for (page, text) in pages() {
        for word in text.split(|c: char| c.is_whitespace() || "`|,;()=".contains(c)) {
            let is_option = word.starts_with("--") && word[2..].starts_with(|c: char| c.is_ascii_lowercase());
            // Those belong to git and cargo.
            let foreign = [
                "--cached",
                "--name-only",
                "--diff-filter",
                "--workspace",
                "--check",
                "--all-targets",
                "--no-deps",
                "--document-private-items",
            ];
            if is_option && !foreign.contains(&word) {
                assert!(
                    help.contains(&format!("{word} ")) || help.contains(&format!("{word}\n")),
                    "{page}: {word}"
                );
            }
        }
    }
}

#[test]
fn the_way_to_a_baseline_is_as_told() {
    let files = [("src/a.cu", early_read("f", READ)), ("third_party/b.cu", early_read("g", READ))];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let project = Project::new(&files);
    assert_eq!(project.run(&["init"]).code, Some(0));
    assert_eq!(project.found(&["."]), ["src/a.cu:7 host-read-before-sync"]);
    assert_eq!(project.run(&["baseline"]).code, Some(0));
    assert!(project.found(&["."]).is_empty());
    assert_eq!(project.run(&["baseline", "--prune"]).code, Some(0));
}
