//! What the flags of a compile command mean, for nvcc, clang, gcc, nvc++ and hipcc.
//!
//! Flags come from files of the project, which is not trusted: what is understood here is rebuilt by
//! [`super::flags`], and everything else (plugins, outputs, caches, code generation) is dropped.

use std::path::{Path, PathBuf};

use cuda_lint_engine::DefaultStream;

use super::flags::{IncludeKind, Language, Macro, extension, is_identifier, parse_define};
use super::response_file::{BuildProblem, ResponseFiles};
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
    /// What of the command could not be read.
    pub problems: Vec<BuildProblem>,
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
    "-Xcudafe",
    "-Xnvvm",
    // What follows is meant for device code.
    "-Xarch_device",
    "-Xcuda-ptxas",
    "-Xcuda-fatbinary",
    "-Xoffload-linker",
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

/// How deep lists for the host compiler go: `-Xcompiler -Xcompiler,…`.
const MAX_DEPTH: u32 = 4;

/// Macros that tell the passes of a compilation apart. Tools that watch processes record the commands that
/// nvcc runs too; the host code is meant in any case.
const OF_PASSES: [&str; 2] = ["__CUDA_ARCH__", "__HIP_DEVICE_COMPILE__"];

impl BuildFlags {
    /// Reads a command.
    pub fn read(entry: &CompileCommand) -> Self {
        let mut flags = Self::default();
        let launchers = entry.arguments.iter().position(|it| it.starts_with(['-', '@'])).unwrap_or(1);
        if entry.is_nvcc() && !is_plain_c_family(&entry.file) {
            flags.language = Some(Language::Cuda);
        }
        let mut files = ResponseFiles::new(entry);
        flags.take(entry.arguments.get(launchers.max(1)..).unwrap_or_default(), entry, 0, &mut files);
        flags.problems = files.problems;
        flags
    }

    fn take(
        &mut self,
        arguments: &[String],
        entry: &CompileCommand,
        depth: u32,
        files: &mut ResponseFiles<'_>,
    ) {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if !files.admits_argument() || argument == "--" {
                return;
            }
            if let Some(file) = argument.strip_prefix('@') {
                self.response_file(file, entry, depth, files);
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
                self.apply(kind, &value, entry, depth, files);
            }
        }
    }

    fn apply(
        &mut self,
        kind: Valued,
        value: &str,
        entry: &CompileCommand,
        depth: u32,
        files: &mut ResponseFiles<'_>,
    ) {
        if value.is_empty() || value.contains('\0') {
            return;
        }
        match kind {
            Valued::Define => {
                let name = value.split('=').next().unwrap_or_default();
                // Says what the file is compiled as, whatever `-x` says of the preprocessed text.
                if name == "__CUDACC__" {
                    self.language = Some(Language::Cuda);
                } else if !OF_PASSES.contains(&name) {
                    self.macros.extend(parse_define(value));
                }
            }
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
                if depth < MAX_DEPTH {
                    self.take(&host_flags(value), entry, depth + 1, files);
                }
            }
            Valued::ResponseFile => {
                for file in value.split(',') {
                    self.response_file(file, entry, depth, files);
                }
            }
        }
    }

    fn response_file(
        &mut self,
        name: &str,
        entry: &CompileCommand,
        depth: u32,
        files: &mut ResponseFiles<'_>,
    ) {
        if let Some(arguments) = files.open(name) {
            self.take(&arguments, entry, depth, files);
            files.close();
        }
    }
}

/// Splits what nvcc hands to the host compiler: at commas and spaces that stand in no quotes.
fn host_flags(value: &str) -> Vec<String> {
    let mut flags = vec![String::new()];
    let mut quote = None;
    for c in value.chars() {
        match c {
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            ',' | ' ' if quote.is_none() => flags.push(String::new()),
            _ => flags.last_mut().into_iter().for_each(|flag| flag.push(c)),
        }
    }
    flags.retain(|flag| !flag.is_empty());
    flags
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
        (name.len() == 2 || matches!(*name, "-isystem" | "-iquote" | "-idirafter"))
            .then_some((*kind, Some(rest)))
    })
}

#[cfg(test)]
#[path = "build_flags_tests.rs"]
mod tests;
