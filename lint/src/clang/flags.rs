//! From the command line and a compilation database to the options of one translation unit.
//!
//! Build flags come from files of the project, which is not trusted. So flags are not passed on: each one
//! that means something to the analysis is understood and rebuilt, everything else (plugins, output files,
//! module caches, warnings, code generation) is dropped.

use std::path::{Component, Path, PathBuf};

use cuda_lint_engine::DefaultStream;
use memchr::memmem;

use super::build_flags::BuildFlags;
use super::real_headers::RealHeaders;
use super::response_file::BuildProblem;
use crate::compile_commands::CompileCommand;
use crate::cuda_scan;

/// The language a file is parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// CUDA C++ (and HIP).
    Cuda,
    /// C++.
    Cxx,
    /// C.
    C,
}

impl Language {
    /// Reads the argument of `-x`.
    pub fn from_flag(name: &str) -> Option<Self> {
        match name {
            "cuda" | "cu" | "hip" => Some(Self::Cuda),
            "c++" | "c++-header" | "cxx" => Some(Self::Cxx),
            "c" | "c-header" => Some(Self::C),
            _ => None,
        }
    }

    /// The argument of clang's `-x`.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Cxx => "c++",
            Self::C => "c",
        }
    }
}

/// What the user asked for on the command line, for all files.
#[derive(Clone, Debug, Default)]
pub struct FrontendOptions {
    /// `-D`: `NAME` or `NAME=VALUE`.
    pub defines: Vec<String>,
    /// `-I`.
    pub include_dirs: Vec<PathBuf>,
    /// `-x`.
    pub language: Option<Language>,
    /// `--std`.
    pub standard: Option<String>,
    /// `--default-stream`.
    pub default_stream: Option<DefaultStream>,
    /// What follows `--`: passed to clang as it is, because the user wrote it.
    pub extra: Vec<String>,
    /// The headers to read in place of the embedded ones.
    pub real_headers: Option<RealHeaders>,
    /// The version of CUDA that the program is meant for: 12040 for 12.4.
    pub cuda_version: Option<u32>,
}

/// The macros of CUDA's headers that tell their version: 12040 for 12.4.
pub const VERSION_MACROS: [&str; 2] = ["CUDA_VERSION", "CUDART_VERSION"];
/// The version that the embedded headers tell if nothing says which one is meant.
pub const EMBEDDED_VERSION: u32 = 12_090;

/// A macro of the build.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Macro {
    /// `-DNAME=VALUE`; the name may carry parameters.
    Define(String, String),
    /// `-UNAME`.
    Undefine(String),
}

/// How an include folder is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeKind {
    /// `-iquote`.
    Quote,
    /// `-I`.
    Normal,
    /// `-isystem`.
    System,
    /// `-idirafter`.
    After,
}

impl IncludeKind {
    /// The flag that sets it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Quote => "-iquote",
            Self::Normal => "-I",
            Self::System => "-isystem",
            Self::After => "-idirafter",
        }
    }
}

/// How one file is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitOptions {
    /// The language.
    pub language: Language,
    /// The value of `-std=`.
    pub standard: String,
    /// Macros in the order of the command line.
    pub macros: Vec<Macro>,
    /// Include folders in the order of the command line.
    pub includes: Vec<(IncludeKind, PathBuf)>,
    /// Files that `-include` names.
    pub forced_includes: Vec<PathBuf>,
    /// What stream 0 means, if the build says it.
    pub default_stream: Option<DefaultStream>,
    /// Flags for clang that the user gave.
    pub extra: Vec<String>,
    /// The headers to read in place of the embedded ones.
    pub real_headers: Option<RealHeaders>,
    /// The version of CUDA that the program is meant for: 12040 for 12.4.
    pub cuda_version: Option<u32>,
    /// What of the build could not be read.
    pub problems: Vec<BuildProblem>,
}

impl UnitOptions {
    /// The options for a file with this text.
    pub fn new(path: &Path, text: &[u8], options: &FrontendOptions, entry: Option<&CompileCommand>) -> Self {
        let build = entry.map(BuildFlags::read).unwrap_or_default();
        let language = options
            .language
            .or_else(|| build.language.filter(|_| !is_header(path)))
            .unwrap_or_else(|| language_of(path, text));
        let language = if language == Language::C && cuda_scan::has_cuda_syntax(text) {
            Language::Cuda
        } else {
            language
        };
        let standard = options
            .standard
            .as_deref()
            .and_then(|name| standard_for(language, name))
            .or_else(|| build.standard.as_deref().and_then(|name| standard_for(language, name)))
            .unwrap_or_else(|| default_standard(language, text).to_owned());

        let mut macros = build.macros;
        macros.extend(options.defines.iter().filter_map(|text| parse_define(text)));
        let mut includes: Vec<_> =
            options.include_dirs.iter().map(|folder| (IncludeKind::Normal, folder.clone())).collect();
        includes.extend(build.includes);
        includes.retain(|(_, folder)| !is_toolchain_folder(folder));
        includes.dedup();

        let default_stream = options
            .default_stream
            .or(build.default_stream)
            .or_else(|| per_thread_macro(&macros))
            .or_else(|| per_thread_in_text(path, text));
        Self {
            language,
            standard,
            macros,
            includes,
            forced_includes: build.forced_includes,
            default_stream,
            extra: options.extra.clone(),
            real_headers: options.real_headers.clone(),
            cuda_version: options.cuda_version,
            problems: build.problems,
        }
    }

    /// The same options with more macros defined, for a second configuration.
    pub fn with_defines(&self, defines: &[(String, String)]) -> Self {
        let mut options = self.clone();
        options.macros.extend(defines.iter().map(|(name, value)| Macro::Define(name.clone(), value.clone())));
        options
    }
}

/// True for headers: what the database says of the file that includes them holds, its `-x` does not.
fn is_header(path: &Path) -> bool {
    matches!(extension(path).as_str(), "h" | "hh" | "hpp" | "hxx" | "inl" | "cuh")
}

/// The extension of a file's name, in lower case.
pub fn extension(path: &Path) -> String {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// The language of a file, by its name and by what it holds.
pub fn language_of(path: &Path, text: &[u8]) -> Language {
    match extension(path).as_str() {
        "cu" | "cuh" | "hip" => Language::Cuda,
        // C with CUDA syntax exists; nvcc compiles it when told `-x cu`.
        _ if cuda_scan::has_cuda_syntax(text) => Language::Cuda,
        "c" => Language::C,
        // A header relies on what its includer has included; for one with CUDA that is the runtime's header.
        _ if is_header(path) && cuda_scan::mentions_api(text) => Language::Cuda,
        _ => Language::Cxx,
    }
}

/// The standard where nothing names one: C++17 as nvcc has it, C++20 where the text needs it.
fn default_standard(language: Language, text: &[u8]) -> &'static str {
    if language == Language::C {
        return "gnu17";
    }
    let includes = [
        "<concepts>",
        "<span>",
        "<ranges>",
        "<format>",
        "<coroutine>",
        "<source_location>",
        "<bit>",
        "<barrier>",
    ];
    let needs_20 = includes.iter().any(|name| {
        memmem::find_iter(text, name.as_bytes()).any(|at| text[..at].trim_ascii_end().ends_with(b"include"))
    }) || memmem::find_iter(text, b"concept ").any(|at| {
        // `concept Name =`, not a word in a comment.
        let rest = &text[at + 8..];
        let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_')).unwrap_or(0);
        end > 0 && rest[end..].trim_ascii_start().starts_with(b"=")
    });
    if needs_20 { "c++20" } else { "c++17" }
}

/// The standard to use where a build or the user names one. `None` if it names none of this language.
fn standard_for(language: Language, name: &str) -> Option<String> {
    let name = name.trim();
    let (gnu, rest) = match name.strip_prefix("gnu") {
        Some(rest) => (true, rest),
        None => (false, name.strip_prefix('c')?),
    };
    let prefix = if gnu { "gnu" } else { "c" };
    if language == Language::C {
        return matches!(rest, "89" | "90" | "99" | "11" | "17" | "18" | "1x" | "2x" | "23")
            .then(|| format!("{prefix}{}", if matches!(rest, "2x" | "23") { "2x" } else { rest }));
    }
    // The embedded headers need C++11; older code is valid there with few exceptions.
    let year = match rest.strip_prefix("++")? {
        "98" | "03" | "0x" | "11" => "11",
        "1y" | "14" => "14",
        "1z" | "17" => "17",
        "2a" | "20" => "20",
        "2b" | "23" | "2c" | "26" => "23",
        _ => return None,
    };
    Some(format!("{prefix}++{year}"))
}

/// Folders of compilers, C++ libraries and toolkits: the embedded declarations stand for them.
fn is_toolchain_folder(folder: &Path) -> bool {
    [
        "cuda_runtime_api.h",
        "crt/host_defines.h",
        "stdio.h",
        "bits/c++config.h",
        "__stddef_size_t.h",
        "cuda/std/cstddef",
    ]
    .iter()
    .any(|file| folder.join(file).is_file())
}

fn per_thread_macro(macros: &[Macro]) -> Option<DefaultStream> {
    macros
        .iter()
        .any(|m| {
            matches!(m, Macro::Define(name, _)
                if name == "CUDA_API_PER_THREAD_DEFAULT_STREAM" || name == "HIP_API_PER_THREAD_DEFAULT_STREAM")
        })
        .then_some(DefaultStream::PerThread)
}

/// The macro in the text itself. In a `.cu` file it has no effect: nvcc includes the runtime's header
/// before the first line.
fn per_thread_in_text(path: &Path, text: &[u8]) -> Option<DefaultStream> {
    if matches!(extension(path).as_str(), "cu" | "cuh") {
        return None;
    }
    memmem::find_iter(text, b"CUDA_API_PER_THREAD_DEFAULT_STREAM")
        .any(|at| {
            let line = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |position| position + 1);
            let before: Vec<u8> =
                text[line..at].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            before == b"#define"
        })
        .then_some(DefaultStream::PerThread)
}

/// Reads the argument of `-D`.
pub fn parse_define(text: &str) -> Option<Macro> {
    let (name, value) = text.split_once('=').unwrap_or((text, "1"));
    let name = name.trim();
    let bare = name.split('(').next().unwrap_or_default();
    let plain = !text.contains(['\n', '\r', '\0']);
    (plain && is_identifier(bare)).then(|| Macro::Define(name.to_owned(), value.to_owned()))
}

/// True for an identifier of C.
pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Joins a path to a folder and takes `.` and `..` out of it, without asking the file system.
pub fn join_clean(folder: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(arguments: &[&str]) -> CompileCommand {
        CompileCommand {
            file: PathBuf::from("/p/src/a.cu"),
            directory: PathBuf::from("/p/build"),
            database: PathBuf::from("/p/build"),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            targets: Vec::new(),
        }
    }

    fn options(arguments: &[&str]) -> UnitOptions {
        UnitOptions::new(Path::new("/p/src/a.cu"), b"", &FrontendOptions::default(), Some(&entry(arguments)))
    }

    #[test]
    fn nvcc_commands_are_understood() {
        let unit = options(&[
            "/opt/nv/bin/nvcc",
            "-forward-unknown-to-host-compiler",
            "-ccbin",
            "g++",
            "-DUSE_NCCL",
            "-D",
            "N=4",
            "-I../include",
            "-isystem=/p/third",
            "--generate-code=arch=compute_80,code=[sm_80]",
            "-Xcompiler",
            "-fPIC,-DHOST=2",
            "-std=c++20",
            "--default-stream",
            "per-thread",
            "--expt-relaxed-constexpr",
            "-rdc=true",
            "-x",
            "cu",
            "-c",
            "/p/src/a.cu",
            "-o",
            "-DNOT",
        ]);
        assert_eq!(unit.language, Language::Cuda);
        assert_eq!(unit.standard, "c++20");
        assert_eq!(unit.default_stream, Some(DefaultStream::PerThread));
        let defines: Vec<_> = unit
            .macros
            .iter()
            .map(|m| match m {
                Macro::Define(name, value) => format!("{name}={value}"),
                Macro::Undefine(name) => format!("-{name}"),
            })
            .collect();
        assert_eq!(defines, ["USE_NCCL=1", "N=4", "HOST=2"]);
        assert_eq!(
            unit.includes,
            [
                (IncludeKind::Normal, PathBuf::from("/p/include")),
                (IncludeKind::System, PathBuf::from("/p/third"))
            ]
        );
    }

    #[test]
    fn clang_and_per_thread_macros_are_understood() {
        let unit = options(&["clang++", "-fgpu-default-stream=per-thread", "-U", "FOO", "-include", "pre.h"]);
        assert_eq!(unit.default_stream, Some(DefaultStream::PerThread));
        assert_eq!(unit.macros, [Macro::Undefine("FOO".into())]);
        assert_eq!(unit.forced_includes, [PathBuf::from("/p/build/pre.h")]);
        let unit = options(&["g++", "-DCUDA_API_PER_THREAD_DEFAULT_STREAM"]);
        assert_eq!(unit.default_stream, Some(DefaultStream::PerThread));
        assert_eq!(options(&["nvcc", "-default-stream=legacy"]).default_stream, Some(DefaultStream::Legacy));
    }

    #[test]
    fn flags_that_load_or_write_are_dropped() {
        let unit = options(&[
            "clang++",
            "-fplugin=evil.so",
            "-Xclang",
            "-load",
            "-Xclang",
            "evil.so",
            "-fmodules-cache-path=/tmp/x",
            "-o",
            "/etc/passwd",
            "-serialize-diagnostics",
            "/x",
            "-D",
            "A(\n#include </etc/passwd>",
            "-D1=2",
            "-I",
        ]);
        assert!(unit.macros.is_empty() && unit.includes.is_empty() && unit.extra.is_empty(), "{unit:?}");
    }

    #[test]
    fn the_language_follows_name_and_text() {
        let of = |name: &str, text: &str| language_of(Path::new(name), text.as_bytes());
        assert_eq!(of("a.cu", ""), Language::Cuda);
        assert_eq!(of("a.cpp", "k<<<1, 2>>>(x);"), Language::Cuda);
        assert_eq!(of("a.cpp", "cudaMalloc(&p, 4);"), Language::Cxx);
        assert_eq!(of("a.c", "cudaMalloc(&p, 4);"), Language::C);
        assert_eq!(of("a.c", "__global__ void k(void) {}"), Language::Cuda);
        assert_eq!(of("a.h", "namespace a { class B; }"), Language::Cxx);
        assert_eq!(of("a.h", "int f(void);"), Language::Cxx);
        assert_eq!(of("a.h", "void f(cudaStream_t);"), Language::Cuda);
    }

    #[test]
    fn standards_are_mapped_or_refused() {
        assert_eq!(standard_for(Language::Cuda, "c++03").as_deref(), Some("c++11"));
        assert_eq!(standard_for(Language::Cxx, "gnu++2a").as_deref(), Some("gnu++20"));
        assert_eq!(standard_for(Language::C, "c99").as_deref(), Some("c99"));
        assert_eq!(standard_for(Language::C, "c++17"), None);
        assert_eq!(standard_for(Language::Cxx, "; rm -rf"), None);
        assert_eq!(default_standard(Language::Cuda, b"#include <span>\n"), "c++20");
        assert_eq!(default_standard(Language::Cuda, b"template <class T> concept A = true;"), "c++20");
        assert_eq!(default_standard(Language::Cuda, b"// requires the concept of a stream\n"), "c++17");
    }

    #[test]
    fn a_define_in_the_text_counts_for_cpp_only() {
        let text = b"#define CUDA_API_PER_THREAD_DEFAULT_STREAM\n";
        assert_eq!(per_thread_in_text(Path::new("a.cpp"), text), Some(DefaultStream::PerThread));
        assert_eq!(per_thread_in_text(Path::new("a.cu"), text), None);
        assert_eq!(per_thread_in_text(Path::new("a.cpp"), b"// CUDA_API_PER_THREAD_DEFAULT_STREAM"), None);
    }
}
