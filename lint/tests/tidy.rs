//! What the repository promises about itself and no compiler checks.

#[allow(dead_code, reason = "the other test uses the rest")]
mod annotations;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cuda_lint_engine::rules::catalogue;

const MAX_LINES: usize = 800;
/// Lines that may differ between a misuse and its correction.
const MAX_CHANGED: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files under the folders of the workspace that have one of the extensions.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["lint", "macros", "runtime-check", "kernels", "fixtures"] {
        collect(&root().join(folder), extensions, &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, extensions, found);
            }
        } else if path.extension().is_some_and(|e| extensions.iter().any(|known| e == *known)) {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_module_says_its_job() {
    for path in files(&["rs"]) {
        assert!(read(&path).starts_with("//!"), "{} does not start with `//!`", path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for path in files(&["rs"]) {
        let lines = read(&path).lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines, more than {MAX_LINES}", path.display());
    }
}

#[test]
fn no_path_of_a_developers_machine() {
    let folders = ["home", "root", "work", "Users"].map(|name| format!("/{name}/"));
    for path in files(&["rs", "toml", "cu", "cpp", "c", "md"]) {
        let text = read(&path);
        for folder in &folders {
            for (at, _) in text.match_indices(folder.as_str()) {
                let before = text[..at].chars().next_back().unwrap_or(' ');
                let within_path = before.is_alphanumeric() || matches!(before, '.' | '_' | '-' | '/' | '}');
                assert!(within_path, "{} holds a path below {folder}", path.display());
            }
        }
    }
}

#[test]
fn every_rule_has_its_file_and_its_fixtures() {
    let rules = names(&root().join("lint/engine/src/rules"));
    for rule in catalogue() {
        let stem = format!("{}.rs", rule.name.replace('-', "_"));
        assert!(rules.contains(&stem), "{} has no file {stem}", rule.name);
        let fixtures = names(&root().join("fixtures").join(rule.name));
        for role in ["misuse.", "correct."] {
            assert!(fixtures.iter().any(|name| name.starts_with(role)), "{}: no {role}*", rule.name);
        }
        assert!(fixtures.iter().any(|name| name.starts_with("near_")), "{}: no near miss", rule.name);
    }
}

/// The text of a fixture; of a folder, the texts of its files, one after the other.
fn program(path: &Path) -> String {
    if path.is_dir() { names(path).iter().map(|name| read(&path.join(name))).collect() } else { read(path) }
}

#[test]
fn fixtures_are_what_their_names_say() {
    for folder in names(&root().join("fixtures")) {
        let path = root().join("fixtures").join(&folder);
        // Neither holds programs to analyse.
        if !path.is_dir() || ["claims", "evidence"].contains(&folder.as_str()) {
            continue;
        }
        let rule = catalogue().iter().find(|rule| rule.name == folder);
        assert!(rule.is_some() || ["seeds", "limits"].contains(&folder.as_str()), "{folder} is no rule");
        for name in names(&path) {
            let source = program(&path.join(&name));
            let here = format!("fixtures/{folder}/{name}");
            let expected = annotations::parse(&source).unwrap_or_else(|why| panic!("{here}: {why}"));
            let own = |mode_matters: bool| {
                expected.iter().any(|e| {
                    Some(e.rule.as_str()) == rule.map(|rule| rule.name) && (!mode_matters || e.mode.is_none())
                })
            };
            let (role, _) = name.split_once(['.', '_']).unwrap_or((&name, ""));
            match (rule.is_some(), role) {
                (true, "misuse") => assert!(own(false), "{here} is not annotated with its rule"),
                (true, "correct") => assert!(expected.is_empty(), "{here} is annotated"),
                (true, "near") => assert!(!own(true), "{here} is annotated with its rule"),
                (true, _) => panic!("{here}: a fixture is called misuse, correct or near_…"),
                (false, "fp") => {
                    assert!(!expected.is_empty(), "{here}: what is reported wrongly is not annotated")
                }
                (false, "fn") => assert!(expected.is_empty(), "{here}: what is missed cannot be annotated"),
                (false, _) => {
                    assert!(!name.contains("_correct.") || expected.is_empty(), "{here} is annotated");
                }
            }
            for line in source.lines().filter(|line| line.starts_with("//@")) {
                let known = ["//@ no-compile: ", "//@ no-link: ", "//@ link: ", "//@ platform: "]
                    .iter()
                    .any(|mark| line.starts_with(mark));
                assert!(known, "{here}: `{line}` is no known directive");
            }
        }
    }
}

#[test]
fn a_correction_differs_from_its_misuse_by_a_few_lines() {
    for rule in catalogue() {
        let folder = root().join("fixtures").join(rule.name);
        let code = |name: &str| -> Vec<String> {
            read(&folder.join(name))
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default().trim_end().to_owned())
                .filter(|line| !line.is_empty())
                .collect()
        };
        let (misuse, correct) = (code("misuse.cu"), code("correct.cu"));
        let changed = misuse.len() + correct.len() - 2 * common(&misuse, &correct);
        assert!(changed > 0 && changed <= MAX_CHANGED, "{}: {changed} lines differ", rule.name);
    }
}

/// The length of the longest common subsequence.
fn common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}
