//! `cuda-lint init`: writes a configuration for a project, after a look at it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::place::NAME;
use super::show::quoted;
use crate::args::InitArgs;
use crate::cuda_scan;
use crate::exit::ExitStatus;
use crate::report::output;
use crate::terminal;

/// Folders of these names hold code that others maintain.
const FOREIGN: [&str; 12] = [
    "third_party",
    "thirdparty",
    "third-party",
    "3rdparty",
    "external",
    "extern",
    "externals",
    "vendor",
    "vendored",
    "submodules",
    "deps",
    "_deps",
];
/// Endings of CUDA sources.
const CUDA: [&str; 3] = ["cu", "cuh", "hip"];
/// Folders below this are not looked into.
const MAX_DEPTH: usize = 12;
/// More entries are not looked at.
const MAX_ENTRIES: usize = 200_000;

/// What a look at a project has shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Folders with code of others.
    foreign: BTreeSet<String>,
    /// How many CUDA sources there are in each folder at the top, others' left out.
    cuda: BTreeMap<String, usize>,
    /// The compilation database, if it lies where it is not found by itself.
    compile_commands: Option<String>,
    /// A build file that speaks of per-thread default streams.
    per_thread: Option<String>,
}

/// Writes the configuration.
pub fn write(args: &InitArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let complain = |why: &str| {
        terminal::complain(why);
        Ok(ExitStatus::Incomplete)
    };
    let file = args.folder.join(NAME);
    if !args.folder.is_dir() {
        return complain(&format!("{}: is no folder; name the project's", args.folder.display()));
    }
    if file.exists() && !args.force {
        let file = file.display();
        return complain(&format!("{file}: there is a configuration already; --force writes over it"));
    }
    let seen = look(&args.folder);
    if let Err(why) = output::replace(&file, |out| out.write_all(text(&seen).as_bytes())) {
        return complain(&why);
    }
    writeln!(out, "{}", file.display())?;
    let sources: usize = seen.cuda.values().sum();
    writeln!(out, "{sources} CUDA source{} seen", if sources == 1 { "" } else { "s" })?;
    for folder in &seen.foreign {
        writeln!(out, "{folder} holds code of others, and is left out")?;
    }
    writeln!(out, "next: `cuda-lint .`, then `cuda-lint baseline .` to begin with what is new")?;
    out.flush()?;
    Ok(ExitStatus::Clean)
}

fn look(folder: &Path) -> Seen {
    let mut seen = Seen::default();
    let walk = WalkBuilder::new(folder)
        .follow_links(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .max_depth(Some(MAX_DEPTH))
        .sort_by_file_name(Ord::cmp)
        .build();
    for entry in walk.flatten().take(MAX_ENTRIES) {
        let Ok(relative) = entry.path().strip_prefix(folder) else { continue };
        let name = relative.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let inner = seen.foreign.iter().any(|foreign| relative.starts_with(foreign));
        if inner {
            continue;
        }
        if is_folder && FOREIGN.contains(&name) {
            seen.foreign.extend(relative.to_str().map(str::to_owned));
        } else if !is_folder {
            look_at_file(entry.path(), relative, name, &mut seen);
        }
    }
    // Build folders are ignored by git as a rule, so that the walk does not see them.
    let builds = ["build", "out", "cmake-build-debug", "cmake-build-release", "out/build"];
    let in_build = |name: &&str| folder.join(name).join("compile_commands.json").is_file();
    if !folder.join("compile_commands.json").is_file() {
        seen.compile_commands = builds.into_iter().find(in_build).map(str::to_owned);
    }
    seen
}

fn look_at_file(path: &Path, relative: &Path, name: &str, seen: &mut Seen) {
    let ending = relative.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_rust_on_cuda =
        || super::read(path).is_ok_and(|text| cuda_scan::mentions_cuda_in_rust(text.as_bytes()));
    if CUDA.contains(&ending) || (ending == "rs" && is_rust_on_cuda()) {
        let top = relative.components().next().map(|part| PathBuf::from(part.as_os_str()));
        let top = top.filter(|top| top != relative).unwrap_or_else(|| PathBuf::from("."));
        *seen.cuda.entry(top.display().to_string()).or_insert(0) += 1;
    }
    let is_build = name == "CMakeLists.txt" || name == "Makefile" || ["cmake", "mk"].contains(&ending);
    if is_build && seen.per_thread.is_none() {
        let text = super::read(path).unwrap_or_default();
        let asks = text.contains("default-stream=per-thread")
            || text.contains("default-stream per-thread")
            || text.contains("CUDA_API_PER_THREAD_DEFAULT_STREAM");
        if asks {
            seen.per_thread = relative.to_str().map(str::to_owned);
        }
    }
}

/// The text of the configuration.
fn text(seen: &Seen) -> String {
    let foreign: Vec<_> = seen.foreign.iter().map(|folder| quoted(folder)).collect();
    let mut text = String::from(
        "# Configuration of cuda-lint. Paths and patterns are relative to this folder.\n\
         # `cuda-lint rules` lists the rules, `cuda-lint --show-config .` shows what applies.\n\n",
    );
    if !seen.cuda.is_empty() {
        let folders: Vec<_> = seen.cuda.iter().map(|(folder, count)| format!("{folder} ({count})")).collect();
        text += &format!("# CUDA sources seen in: {}\n", folders.join(", "));
    }
    text += "# Only these files of folders are analysed.\n# include = [\"src/**\"]\n\n\
             # These are not: code that others maintain.\n";
    text += &match foreign.is_empty() {
        true => "# exclude = [\"third_party\"]\n\n".to_owned(),
        false => format!("exclude = [{}]\n\n", foreign.join(", ")),
    };
    text +=
        "# What the build defines, where there is no compilation database.\n# defines = [\"USE_CUDA\"]\n\n";
    if let Some(folder) = &seen.compile_commands {
        text += &format!("compile-commands = {}\n\n", quoted(folder));
    }
    text += "# How sure a finding must be: certain, likely or possible.\n# min-confidence = \"likely\"\n\n\
             # Findings that are known and do not fail a run; `cuda-lint baseline` writes the file.\n\
             # baseline = \"cuda-lint-baseline.json\"\n\n\
             # Rules and groups: off, on, info, performance, warning or error.\n\
             [rules]\n# performance = \"off\"\n# host-read-before-sync = \"error\"\n\n\
             # [[overrides]]\n# paths = [\"tests\"]\n# rules = { performance = \"off\" }\n\n\
             [suppressions]\n# `// cuda-lint: allow(RULE): why` must say why.\n# require-reason = true\n\n\
             [platform]\n# The version that the program is meant for.\n# cuda = \"12.4\"\n";
    match &seen.per_thread {
        // It may be about one target of many.
        Some(file) => text += &format!("# {file} speaks of it.\n# default-stream = \"per-thread\"\n"),
        None => text += "# What stream 0 means: legacy or per-thread.\n# default-stream = \"legacy\"\n",
    }
    text + "\n# What the project's own wrappers do with CUDA, where their bodies do not tell.\n# [model]\n\
            # rows = \"\"\"\n# app::copy_async(dst src _bytes stream) : copy async\n# \"\"\"\n"
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_tree_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in [
            ("src/a.cu", ""),
            ("src/deep/b.cuh", ""),
            ("main.cu", ""),
            ("third_party/lib/c.cu", ""),
            ("third_party/lib/vendor/d.cu", ""),
            ("build/compile_commands.json", "[]"),
            (".gitignore", "build\n"),
            ("CMakeLists.txt", "add_compile_options(--default-stream per-thread)\n"),
        ] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        }
        let seen = look(&root);
        let expected = Seen {
            foreign: BTreeSet::from(["third_party".to_owned()]),
            cuda: BTreeMap::from([(".".to_owned(), 1), ("src".to_owned(), 2)]),
            compile_commands: Some("build".to_owned()),
            per_thread: Some("CMakeLists.txt".to_owned()),
        };
        assert_eq!(seen, expected);
        let file = root.join(NAME);
        fs::write(&file, text(&seen)).unwrap();
        let config = Config::open(&file).unwrap();
        assert!(config.exclude.hold(&root.join("third_party/lib/c.cu")));
        assert_eq!(config.compile_commands, Some(root.join("build")));
        assert!(
            fs::read_to_string(&file).unwrap().contains("# CMakeLists.txt speaks of it.\n# default-stream")
        );
    }

    /// What is commented out is right, too: whoever takes the marks away gets a configuration.
    #[test]
    fn every_line_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        let is_setting = |line: &str| {
            line.contains(" = ")
                || line.contains("[[")
                || line == "# [model]"
                || line.starts_with("# app::")
                || line == "# \"\"\""
        };
        let mut lines: Vec<String> = Vec::new();
        for line in text(&Seen::default()).lines() {
            lines.push(match line.strip_prefix("# ").filter(|_| is_setting(line)) {
                Some(setting) => setting.to_owned(),
                None => line.to_owned(),
            });
        }
        fs::write(&file, lines.join("\n")).unwrap();
        let config = Config::open(&file).unwrap();
        assert!(config.require_reason && config.rows.len() == 1 && config.overrides.len() == 1);
        assert!(config.rules.settings().len() == 2 && config.baseline.is_some());
    }
}
