//! What the pages for users say is so: their files are written, their commands are run, what they show is what
//! is printed, their configurations are read, their options exist.
//!
//! A block of code below a line that ends with a file's name in backticks and a colon is that file. Blocks of
//! `sh` are run, each page's one after the other in a project of its own; a block of `text` behind one is what
//! is printed. With `UPDATE=1` in the environment, what is printed is written anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod pages;
mod project;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use pages::{Block, Page, blocks, root, update};
use project::{Project, READ, early_read};

/// Commands that need the network, a GPU, or minutes.
const NOT_RUN: [&str; 9] = [
    "pip",
    "python3",
    "cargo",
    "mdbook",
    "pre-commit",
    "cuda-lint-runtime",
    "target/release/examples/mutate",
    "UPDATE=1",
    "RUSTDOCFLAGS=\"-D",
];
/// Commands that are run.
const RUN: [&str; 2] = ["cuda-lint", "git"];

#[test]
fn configurations_are_read() {
    let mut seen = 0;
    for page in pages::for_users() {
        for block in blocks(&page.text).into_iter().filter(|block| block.language == "toml") {
            // That of a build is none.
            if block.file.as_deref().is_some_and(|file| !file.ends_with("cuda-lint.toml")) {
                continue;
            }
            let project = Project::new(&[("a.cu", "int x;\n"), ("cuda-lint.toml", &block.text)]);
            project.write(&[("cuda-models/queue.rows", "app::run(stream) : enqueues work\n")]);
            let outcome = project.run(&["--show-config", "."]);
            assert_eq!(outcome.code, Some(0), "{}:{}: {}", page.name, block.line, outcome.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 50, "{seen}");
}

#[test]
fn options_exist() {
    let project = Project::new(&[]);
    let help: String = ["check", "baseline", "init", "rules", "witness"]
        .map(|name| project.run(&[name, "--help"]).stdout)
        .concat();
    // Those belong to git, cargo, pip, mdBook and nvcc.
    let foreign = [
        "--cached",
        "--name-only",
        "--diff-filter",
        "--workspace",
        "--check",
        "--all-targets",
        "--no-deps",
        "--document-private-items",
        "--locked",
        "--test",
        "--quiet",
        "--path",
        "--wheel-dir",
        "--options-file",
    ];
    for page in pages::for_users() {
        for word in page.text.split(|c: char| c.is_whitespace() || "`|,;()=".contains(c)) {
            let is_option = word.starts_with("--") && word[2..].starts_with(|c: char| c.is_ascii_lowercase());
            let word = word.trim_end_matches(['.', ':']);
            if is_option && !foreign.contains(&word) {
                assert!(
                    help.contains(&format!("{word} ")) || help.contains(&format!("{word}\n")),
                    "{}: {word}",
                    page.name
                );
            }
        }
    }
}

/// A project in which the commands of the pages have something to look at.
fn sample() -> Project {
    let early = early_read("f", READ);
    let project = Project::new(&[
        ("app.cu", &early),
        ("src/app.cu", &early),
        ("fixtures/host-read-before-sync/misuse.cu", &early),
        ("build/compile_commands.json", "[]"),
    ]);
    git(&project, &["init", "--quiet"]);
    project
}

fn git(project: &Project, arguments: &[&str]) {
    let output = shell_in(&project.root(), "git \"$@\"", arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a command as a shell would that finds cuda-lint.
fn shell_in(folder: &Path, command: &str, arguments: &[&str]) -> std::process::Output {
    let own = Path::new(env!("CARGO_BIN_EXE_cuda-lint")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command, "sh"]).args(arguments).current_dir(folder).env("PATH", path);
    shell.env("XDG_CACHE_HOME", folder.join(".caches"));
    shell.env("LC_ALL", "C.UTF-8").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for (role, name) in [("AUTHOR", "a"), ("COMMITTER", "a")] {
        shell.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), "a@example.org");
    }
    shell.output().unwrap()
}

/// The commands of a block: lines, those that end with a backslash with the next.
fn commands(block: &Block) -> Vec<String> {
    let mut commands = vec![String::new()];
    for line in block.text.lines() {
        let last = commands.last_mut().unwrap();
        *last += line;
        match last.strip_suffix('\\') {
            Some(whole) => *last = format!("{whole} "),
            None => commands.push(String::new()),
        }
    }
    commands.retain(|command| !command.trim().is_empty() && !command.starts_with('#'));
    commands
}

/// Runs a block. What its last command prints; `None` if there is one that is not run.
fn run(block: &Block, project: &Project, here: &str) -> Option<String> {
    let mut printed = Some(String::new());
    for command in commands(block) {
        let first = command.split_whitespace().next().unwrap();
        if NOT_RUN.contains(&first) || first.starts_with(".venv/") || first.starts_with('<') {
            printed = None;
            continue;
        }
        assert!(RUN.contains(&first), "{here}: `{first}` is in no list of this test");
        let output = shell_in(&project.root(), &command, &[]);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        // 1: something is found.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{here}: {command}\n{}", text(&output.stderr));
        printed = printed.map(|_| text(&output.stdout) + &text(&output.stderr));
    }
    printed
}

/// Does what a page says. The page with what is printed today.
fn follow(page: &Page) -> String {
    let project = sample();
    let mut changes: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let mut printed = None;
    for block in blocks(&page.text) {
        let here = format!("{}:{}", page.name, block.line);
        let before = printed.take();
        if let Some(file) = &block.file {
            project.write(&[(file, &block.text)]);
            if block.text.starts_with("#!") {
                let path = project.root().join(file);
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        } else if block.language == "sh" {
            printed = run(&block, &project, &here);
        } else if block.language == "text" {
            changes.extend(before.map(|text| (block.range.clone(), text)));
        }
    }
    let mut text = page.text.clone();
    for (range, new) in changes.into_iter().rev() {
        text.replace_range(range, &new);
    }
    text
}

#[test]
fn commands_do_what_the_pages_say() {
    let mut wrong = Vec::new();
    for page in pages::for_users() {
        let text = follow(&page);
        if text == page.text {
            continue;
        }
        if update() {
            fs::write(root().join(&page.name), text).unwrap();
        } else {
            let first = text.lines().zip(page.text.lines()).find(|(new, old)| new != old);
            wrong.push(format!("{}: printed is, and said was:\n{first:#?}", page.name));
        }
    }
    let how = "`UPDATE=1 cargo test -p cuda-lint --test how_to` writes what is printed";
    assert!(wrong.is_empty(), "{}\n{how}", wrong.join("\n"));
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

#[test]
fn the_hook_stops_a_commit_with_a_finding() {
    let page = Page::read("lint/docs/how-to/pre-commit.md");
    let is_hook = |block: &Block| block.file.as_deref() == Some(".git/hooks/pre-commit");
    let hook = blocks(&page.text).into_iter().find(is_hook).unwrap();
    let project =
        Project::new(&[("a.cu", &early_read("f", "")), ("third_party/b.cu", &early_read("g", READ))]);
    project.write(&[("cuda-lint.toml", "exclude = [\"third_party\"]\n")]);
    git(&project, &["init", "--quiet"]);
    project.write(&[(".git/hooks/pre-commit", &hook.text)]);
    let path = project.root().join(".git/hooks/pre-commit");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "nothing is found, or excluded"]);
    project.write(&[("a.cu", &early_read("f", READ))]);
    git(&project, &["add", "."]);
    let commit = shell_in(&project.root(), "git commit --quiet -m wrong", &[]);
    let said = String::from_utf8_lossy(&commit.stdout) + String::from_utf8_lossy(&commit.stderr);
    assert!(!commit.status.success() && said.contains("host-read-before-sync"), "{said}");
    // The change is no source.
    git(&project, &["checkout", "--quiet", "HEAD", "--", "."]);
    project.write(&[("notes.txt", "x")]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "no source"]);
}
