//! What the flags of a compile command mean, for nvcc, clang, gcc, nvc++ and hipcc.
//!
//! Flags come from files of the project, which is not trusted: what is understood here is rebuilt by
//! [`super::flags`], and everything else (plugins, outputs, caches, code generation) is dropped.

use std::fs;
use std::path::{Path, PathBuf};

use cuda_lint_engine::DefaultStream;

use super::flags::{IncludeKind, Language, Macro, extension, is_identifier, parse_define};
use crate::compile_commands::CompileCommand;

/// What one compile command says that matters.
#[derive(Debug, Default)]
pub struct BuildFlags {
    /// `-x`, or what the compiler implies.
    pub language: Option<Language>,
    /// `-std=`, as written.
    pub standard: Option<String>,
    /// `-D` and `-U`.
    pub macros: Vec<Macro>,
    /// `-I` and its like.
    pub includes: Vec<(IncludeKind, PathBuf)>,
    /// `-include`.
    pub forced_includes: Vec<PathBuf>,
    /// `--default-stream`.
    pub default_stream: Option<DefaultStream>,
}

/// Flags whose separate value is no flag of its own.
const SKIP_VALUE: &[&str] = &[
    "-o",
    "-MF",
    "-MT",
    "-MQ",
    "-MJ",
    "-ccbin",
    "-gencode",
    "-arch",
    "-code",
    "-Xptxas",
    "-Xlinker",
    "-Xfatbin",
    "-Xnvlink",
    "-Xarchive",
    "-Xclang",
    "-Xassembler",
    "-mllvm",
    "-target",
    "-L",
    "-l",
    "-G",
    "-m",
    "-T",
    "--compiler-bindir",
    "--generate-code",
    "--gpu-architecture",
    "--gpu-code",
    "--ptxas-options",
    "--linker-options",
    "--output-file",
    "--cuda-path",
    "--sysroot",
    "-isysroot",
    "-fplugin",
    "-plugin",
];

/// The flags that take a value, with the ways they are written.
#[derive(Clone, Copy)]
enum Valued {
    Define,
    Undefine,
    Include(IncludeKind),
    Force,
    Language,
    Standard,
    DefaultStream,
    HostFlags,
    ResponseFile,
}

/// Longer names before names that they start with.
const VALUED: &[(&str, Valued)] = &[
    ("--default-stream", Valued::DefaultStream),
    ("-default-stream", Valued::DefaultStream),
    ("-fgpu-default-stream", Valued::DefaultStream),
    ("--define-macro", Valued::Define),
    ("--undefine-macro", Valued::Undefine),
    ("--system-include", Valued::Include(IncludeKind::System)),
    ("--include-path", Valued::Include(IncludeKind::Normal)),
    ("--pre-include", Valued::Force),
    ("--compiler-options", Valued::HostFlags),
    ("--options-file", Valued::ResponseFile),
    ("-optf", Valued::ResponseFile),
    ("-Xcompiler", Valued::HostFlags),
    ("-isystem", Valued::Include(IncludeKind::System)),
    ("-iquote", Valued::Include(IncludeKind::Quote)),
    ("-idirafter", Valued::Include(IncludeKind::After)),
    ("-include", Valued::Force),
    ("--std", Valued::Standard),
    ("-std", Valued::Standard),
    ("--x", Valued::Language),
    ("-x", Valued::Language),
    ("-D", Valued::Define),
    ("-U", Valued::Undefine),
    ("-I", Valued::Include(IncludeKind::Normal)),
];

/// Bounds for hostile databases.
const MAX_ARGUMENTS: usize = 20_000;
const MAX_RESPONSE_BYTES: u64 = 1 << 20;
const MAX_RESPONSE_DEPTH: u32 = 4;

impl BuildFlags {
    /// Reads a command.
    pub fn read(entry: &CompileCommand) -> Self {
        let mut flags = Self::default();
        let compiler = entry.arguments.first().map(String::as_str).unwrap_or_default();
        if Path::new(compiler).file_stem().is_some_and(|stem| stem == "nvcc")
            && !is_plain_c_family(&entry.file)
        {
            flags.language = Some(Language::Cuda);
        }
        let mut budget = MAX_ARGUMENTS;
        flags.take(entry.arguments.get(1..).unwrap_or_default(), entry, 0, &mut budget);
        flags
    }

    fn take(&mut self, arguments: &[String], entry: &CompileCommand, depth: u32, budget: &mut usize) {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if *budget == 0 {
                return;
            }
            *budget -= 1;
            if argument == "--" {
                return;
            }
            if let Some(file) = argument.strip_prefix('@') {
                self.response_file(file, entry, depth, budget);
            } else if SKIP_VALUE.contains(&argument.as_str()) {
                rest.next();
            } else if argument == "-cuda" || argument == "--cuda" {
                self.language = Some(Language::Cuda);
            } else if let Some((kind, joined)) = valued(argument) {
                let value = match joined {
                    Some(value) => value.to_owned(),
                    None => match rest.next() {
                        Some(value) => value.clone(),
                        None => return,
                    },
                };
                self.apply(kind, &value, entry, depth, budget);
            }
        }
    }

    fn apply(&mut self, kind: Valued, value: &str, entry: &CompileCommand, depth: u32, budget: &mut usize) {
        if value.is_empty() || value.contains('\0') {
            return;
        }
        match kind {
            Valued::Define => self.macros.extend(parse_define(value)),
            Valued::Undefine => {
                if is_identifier(value) {
                    self.macros.push(Macro::Undefine(value.to_owned()));
                }
            }
            Valued::Include(how) => self.includes.push((how, entry.resolve(value))),
            Valued::Force => self.forced_includes.push(entry.resolve(value)),
            Valued::Language => self.language = Language::from_flag(value).or(self.language),
            Valued::Standard => self.standard = Some(value.to_owned()),
            Valued::DefaultStream => {
                self.default_stream = match value {
                    "per-thread" => Some(DefaultStream::PerThread),
                    "legacy" | "null" => Some(DefaultStream::Legacy),
                    _ => self.default_stream,
                }
            }
            // nvcc hands a list, with commas, to the host compiler.
            Valued::HostFlags => {
                let words: Vec<String> = value.split([',', ' ']).map(str::to_owned).collect();
                self.take(&words, entry, depth + 1, budget);
            }
            Valued::ResponseFile => {
                for file in value.split(',') {
                    self.response_file(file, entry, depth, budget);
                }
            }
        }
    }

    /// Reads a file of further arguments, if it lies in the project's build tree and is small.
    fn response_file(&mut self, name: &str, entry: &CompileCommand, depth: u32, budget: &mut usize) {
        if depth >= MAX_RESPONSE_DEPTH {
            return;
        }
        let Ok(path) = fs::canonicalize(entry.resolve(name)) else { return };
        let inside = [&entry.directory, &entry.database]
            .into_iter()
            .filter_map(|folder| fs::canonicalize(folder).ok())
            .any(|folder| folder.components().count() > 1 && path.starts_with(folder));
        let small = fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_RESPONSE_BYTES);
        if !inside || !small {
            return;
        }
        let Ok(bytes) = fs::read(&path) else { return };
        if let Some(words) = shlex::split(&String::from_utf8_lossy(&bytes)) {
            self.take(&words, entry, depth + 1, budget);
        }
    }
}

/// True for files that nvcc hands to the host compiler unchanged.
fn is_plain_c_family(file: &Path) -> bool {
    matches!(extension(file).as_str(), "c" | "cc" | "cpp" | "cxx")
}

/// Recognises a flag with a value: which, and the value if it is part of the argument.
fn valued(argument: &str) -> Option<(Valued, Option<&str>)> {
    VALUED.iter().find_map(|(name, kind)| {
        let rest = argument.strip_prefix(name)?;
        if rest.is_empty() {
            return Some((*kind, None));
        }
        if let Some(value) = rest.strip_prefix('=') {
            return Some((*kind, Some(value)));
        }
        // `-DNAME`, `-Ifolder`, `-xcu`; the names of several letters take no joined value.
        (name.len() == 2 || matches!(*name, "-isystem" | "-iquote")).then_some((*kind, Some(rest)))
    })
}
