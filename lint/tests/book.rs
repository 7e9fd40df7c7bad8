//! The book in lint/docs: its table of contents is whole, its links lead somewhere, and the pages that
//! `cuda-lint book` writes are those of today.
//!
//! With `UPDATE=1` in the environment, these pages are written anew.

mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use pages::{Page, book, root, update};

/// Markdown in lint/docs that is not for readers of the book.
const NOT_IN_BOOK: [&str; 2] = ["SUMMARY.md", "plan.md"];

/// The files of a folder, however deep, as paths in it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.insert(name);
        }
    }
    found
}

/// What is written anew is all that may stand in the folders of such pages.
fn is_written(path: &str) -> bool {
    path.starts_with("rules/")
}

#[test]
fn written_pages_are_those_of_today() {
    let fresh = tempfile::tempdir().unwrap();
    fs::copy(book().join("SUMMARY.md"), fresh.path().join("SUMMARY.md")).unwrap();
    let command =
        Command::new(env!("CARGO_BIN_EXE_cuda-lint")).arg("book").arg(fresh.path()).output().unwrap();
    assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
    let written = files(fresh.path());
    let mut stale: Vec<String> = files(&book()).into_iter().filter(|path| is_written(path)).collect();
    stale.retain(|path| !written.contains(path));
    for path in &stale {
        if update() {
            fs::remove_file(book().join(path)).unwrap();
        }
    }
    for path in written {
        let text = fs::read_to_string(fresh.path().join(&path)).unwrap();
        if fs::read_to_string(book().join(&path)).is_ok_and(|kept| kept == text) {
            continue;
        }
        if update() {
            fs::create_dir_all(book().join(&path).parent().unwrap()).unwrap();
            fs::write(book().join(&path), text).unwrap();
        }
        stale.push(path);
    }
    assert!(
        stale.is_empty() || update(),
        "not as the command would write them: {}\n`UPDATE=1 cargo test -p cuda-lint --test book` does",
        stale.join(", ")
    );
}

#[test]
fn the_table_of_contents_is_whole() {
    let listed = pages::contents();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a page is listed twice");
    let is_page = |path: &String| path.ends_with(".md") && !NOT_IN_BOOK.contains(&path.as_str());
    let there: BTreeSet<String> = files(&book()).into_iter().filter(is_page).collect();
    assert_eq!(unique, there);
}

#[test]
fn the_table_of_contents_is_one_that_mdbook_reads() {
    let text = Page::read("lint/docs/SUMMARY.md").text;
    let mut deepest = 0;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let indent = line.len() - line.trim_start().len();
        let item = line.trim_start().strip_prefix("- ").unwrap_or(line);
        let is_part = line.starts_with("# ");
        let is_link = item.starts_with('[') && item.ends_with(".md)");
        let fits = indent % 4 == 0 && indent <= deepest + 4;
        assert!((is_part || is_link) && fits, "SUMMARY.md:{}: {line}", number + 1);
        deepest = indent;
    }
    let settings: toml::Table = fs::read_to_string(book().join("book.toml")).unwrap().parse().unwrap();
    assert_eq!(settings["book"]["src"].as_str(), Some("."));
}

/// The path with `..` taken out.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let in_book: BTreeSet<PathBuf> =
        pages::contents().iter().map(|path| Path::new("lint/docs").join(path)).collect();
    let mut wrong = Vec::new();
    for page in pages::of_book().into_iter().chain([Page::read("README.md")]) {
        let own = PathBuf::from(&page.name);
        let is_rendered = in_book.contains(&own);
        for link in pages::links(&page.text) {
            if link.target.contains("://") {
                continue;
            }
            let to = match link.target.is_empty() {
                true => own.clone(),
                false => plain(&own.parent().unwrap().join(&link.target)),
            };
            let here = format!("{}:{}: {}", page.name, link.line, link.target);
            let is_markdown = to.extension().is_some_and(|extension| extension == "md");
            // mdBook renders what is listed, and copies what else is in the folder but Markdown.
            let is_there = match is_rendered {
                true if is_markdown => in_book.contains(&to),
                true => to.starts_with("lint/docs") && root().join(&to).is_file(),
                false => root().join(&to).exists(),
            };
            if !is_there {
                wrong.push(here);
            } else if let Some(anchor) = link.anchor {
                let text = fs::read_to_string(root().join(&to)).unwrap();
                if !pages::anchors(&text).contains(&anchor) {
                    wrong.push(format!("{here}#{anchor}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn headings_begin_with_the_page_s_own() {
    for page in pages::of_book() {
        let first = page.text.lines().find(|line| !line.starts_with("<!--")).unwrap();
        assert!(first.starts_with("# "), "{} begins with `{first}`", page.name);
    }
}
