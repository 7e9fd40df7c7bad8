//! The pages of the book, and README.md: their text, their blocks of code, their links and their headings.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "it is part of tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The folder of the book.
pub fn book() -> PathBuf {
    root().join("lint/docs")
}

/// True if what is written down is to be written anew.
pub fn update() -> bool {
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

/// A page.
pub struct Page {
    /// Its path in the repository.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Page {
    /// Reads a page.
    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }
}

/// The pages that the table of contents names, in its order: paths in the folder of the book.
pub fn contents() -> Vec<String> {
    links(&Page::read("lint/docs/SUMMARY.md").text).into_iter().map(|link| link.target).collect()
}

/// The pages of the book.
pub fn of_book() -> Vec<Page> {
    contents().iter().map(|path| Page::read(&format!("lint/docs/{path}"))).collect()
}

/// The pages that speak to users of the command, and README.md.
pub fn for_users() -> Vec<Page> {
    let about_the_work =
        ["architecture.md", "model.md", "evidence.md", "recall.md", "real-code.md", "comparison.md"];
    let names = contents().into_iter().filter(|path| !about_the_work.contains(&path.as_str()));
    let names = names.map(|path| format!("lint/docs/{path}")).chain(["README.md".to_owned()]);
    names.map(|name| Page::read(&name)).collect()
}

/// A block of code.
#[derive(Clone, Debug)]
pub struct Block {
    /// What stands behind the fence.
    pub language: String,
    /// The text.
    pub text: String,
    /// The line of the fence, from 1.
    pub line: usize,
    /// The file that it is, if the line above names one: "`src/a.cu`:".
    pub file: Option<String>,
    /// Where the text begins and ends in the page.
    pub range: std::ops::Range<usize>,
}

/// The blocks of code in a page.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let (mut offset, mut above) = (0, "");
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim_end();
        match (&mut open, trimmed.strip_prefix("```")) {
            (None, Some(language)) => {
                let file = above.strip_suffix("`:").and_then(|it| it.rsplit('`').next()).map(str::to_owned);
                let start = offset + line.len();
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    line: number + 1,
                    file: file.filter(|it| !it.contains(' ')),
                    range: start..start,
                });
            }
            (Some(block), Some("")) => {
                block.range.end = offset;
                block.text = text[block.range.clone()].to_owned();
                blocks.extend(open.take());
            }
            _ => {}
        }
        if open.is_none() && !trimmed.is_empty() {
            above = trimmed;
        }
        offset += line.len();
    }
    assert!(open.is_none(), "a block is not closed:\n{text}");
    blocks
}

/// The text with blocks and code within lines left out.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let parts: Vec<&str> = line.split('`').collect();
            let code = |at: usize| at % 2 == 1 && at + 1 < parts.len();
            // A link may have code for its text.
            prose.extend(parts.iter().enumerate().map(|(at, part)| if code(at) { "" } else { part }));
        }
        prose.push('\n');
    }
    prose
}

/// A link.
pub struct Link {
    /// Where it leads: a path, or an address; before `#`.
    pub target: String,
    /// The heading, behind `#`.
    pub anchor: Option<String>,
    /// The line, from 1.
    pub line: usize,
}

/// The links in a page.
pub fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (number, line) in prose(text).lines().enumerate() {
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let (target, anchor) = match target.split_once('#') {
                Some((target, anchor)) => (target, Some(anchor.to_owned())),
                None => (target, None),
            };
            links.push(Link { target: target.to_owned(), anchor, line: number + 1 });
        }
    }
    links
}

/// What the headings of a page are linked by, as mdBook and GitHub make it.
pub fn anchors(text: &str) -> Vec<String> {
    let mut in_block = false;
    let mut anchors: Vec<String> = Vec::new();
    for line in text.lines() {
        in_block ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if in_block || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let word = |c: char| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        };
        let anchor: String = heading.trim().chars().filter_map(word).collect();
        let same = anchors.iter().filter(|it| **it == anchor).count();
        anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
    }
    anchors
}
