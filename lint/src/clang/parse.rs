//! From a file to a parsed unit: flags, prelude, virtual files, and the passes of the repair loop.

// The names are libclang's.
#![allow(non_upper_case_globals)]

use std::ffi::{CString, c_ulong};
use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;

use clang_sys::{
    CXError_ASTReadError, CXError_Crashed, CXErrorCode, CXTranslationUnit_DetailedPreprocessingRecord,
    CXTranslationUnit_Incomplete, CXTranslationUnit_KeepGoing,
};

use super::embedded::{EMBEDDED, FALLBACK, FORWARD, INCLUDE, MACROS_FILE, REPAIR_FILE, VirtualFiles};
use super::flags::{EMBEDDED_VERSION, Language, Macro, UnitOptions};
use super::includes::{self, Includes, MissingInclude, Supplied};
use super::library::Library;
use super::prelude::{self, Preludes};
use super::repair::Repair;
use super::unit::{ClangMessage, MessageSeverity, Unit};
use crate::cuda_scan;
use crate::include_index::IncludeIndex;
use crate::suppression::comment;

/// What all units of a process share.
#[derive(Debug)]
pub struct Frontend {
    /// The library that parses.
    pub library: Library,
    /// The precompiled declarations.
    pub preludes: Preludes,
    /// The project's own headers.
    pub headers: IncludeIndex,
}

/// A file that was read, in the form in which it is parsed.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as given; diagnostics name it.
    pub path: PathBuf,
    /// The text. Bytes that are no UTF-8 are replaced one by one, so that offsets are those of the file.
    pub text: String,
}

/// Why a file could not be parsed.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is no text.
    #[error(
        "is no source text: it holds null bytes (text in UTF-16 is read if it begins with a byte order mark)"
    )]
    Binary,
    /// The file is too large to be source.
    #[error("has {0} bytes, more than the {MAX_BYTES} that are parsed")]
    TooLarge(u64),
    /// The path cannot be handed to libclang.
    #[error("has a name that is not valid UTF-8; rename it")]
    Name,
    /// libclang crashed and lives on.
    #[error("libclang crashed on it")]
    Crashed,
    /// libclang gave up.
    #[error("{0}")]
    Clang(&'static str),
}

/// A larger file is data.
const MAX_BYTES: u64 = 32 << 20;
/// Passes of the repair loop.
const MAX_PASSES: u32 = 6;
/// A unit whose tree has more bytes consists of instances of templates: ordinary ones have 1 to 5 MB, and a
/// file that instantiates one class 300 times has 70 MB and takes 50 times as long as without its instances.
const LARGE_TREE: c_ulong = 24 << 20;
/// More messages than these are not looked at.
const MAX_MESSAGES: usize = 2_000;

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ParseError> {
        let size = fs::metadata(path)?.len();
        if size > MAX_BYTES {
            return Err(ParseError::TooLarge(size));
        }
        Self::from_bytes(path, fs::read(path)?)
    }

    /// Takes the bytes of a file.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ParseError> {
        let mut bytes = from_utf16(&bytes).map_or(bytes, String::into_bytes);
        if cuda_scan::is_binary(&bytes) {
            return Err(ParseError::Binary);
        }
        for byte in &mut bytes {
            if *byte == 0 {
                *byte = b' ';
            }
        }
        join_launch_brackets(&mut bytes);
        let text = String::from_utf8(bytes).unwrap_or_else(|error| in_place(error.into_bytes()));
        Ok(Self { path: path.to_path_buf(), text })
    }
}

/// The text of a file in UTF-16 that says so by its first two bytes: resource headers of Windows mostly, which
/// Microsoft's compiler reads.
fn from_utf16(bytes: &[u8]) -> Option<String> {
    let unit = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = bytes[2..].as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()
}

/// Writes `<< <grid, block>> >` as `<<< grid, block>>> `: formatters for C++ tear launches apart so; nvcc
/// reads them all the same, clang does not.
fn join_launch_brackets(bytes: &mut [u8]) {
    let opens: Vec<usize> = memmem::find_iter(bytes, b"<< <").collect();
    for open in opens {
        let end = bytes.len().min(open + 2_000);
        let Some(close) = memmem::find(&bytes[open..end], b">> >").map(|length| open + length) else {
            continue;
        };
        let called = bytes[close + 4..].trim_ascii_start().starts_with(b"(");
        let one_statement = !bytes[open..close].contains(&b';');
        if called && one_statement {
            bytes[open..open + 4].copy_from_slice(b"<<< ");
            bytes[close..close + 4].copy_from_slice(b">>> ");
        }
    }
}

/// Replaces each byte that is no UTF-8 by a question mark.
fn in_place(mut bytes: Vec<u8>) -> String {
    loop {
        match String::from_utf8(bytes) {
            Ok(text) => return text,
            Err(error) => {
                let mut at = error.utf8_error().valid_up_to();
                bytes = error.into_bytes();
                // One more valid stretch at a time would be quadratic in a file of Latin-1.
                while at < bytes.len() {
                    match std::str::from_utf8(&bytes[at..]) {
                        Ok(_) => break,
                        Err(error) => {
                            at += error.valid_up_to();
                            let length = error.error_len().unwrap_or(bytes.len() - at);
                            bytes[at..at + length].fill(b'?');
                            at += length;
                        }
                    }
                }
            }
        }
    }
}

/// A parsed unit.
#[derive(Debug)]
pub struct ParsedUnit {
    /// The tree.
    pub unit: Unit,
    /// The name of the main file in the tree.
    pub main_file: String,
    /// The text of the main file.
    pub text: String,
    /// The options it was parsed with.
    pub options: UnitOptions,
    /// Includes that remain unresolved.
    pub missing_includes: Vec<MissingInclude>,
    /// Folders of the project in which headers were found that no folder of the build holds.
    pub found_folders: Vec<PathBuf>,
    /// What it tells about the other configurations of the file.
    pub known: Known,
    /// How it came about.
    #[cfg(test)]
    pub trace: Trace,
}

/// How much is tried on a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Care {
    /// Everything.
    #[default]
    Usual,
    /// What the parser crashes on has mostly to do with declarations that were invented, and with precompiled
    /// ones: neither is used, and functions that lack a declaration are seen in part.
    Careful,
}

/// What parsing one configuration of a file tells about another.
#[derive(Clone, Debug, Default)]
pub struct Known {
    instances: Instances,
    /// Includes that neither the build nor the text of the file leads to.
    supplied: Vec<Supplied>,
}

/// How much of a unit is instances of templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Instances {
    /// Not known, and the unit is not large.
    #[default]
    Unknown,
    /// Parsing the unit without them is worth while.
    Many,
    /// The unit is large, and takes nearly as long without them.
    Few,
}

/// What the tests want to know about the way to a unit.
#[cfg(test)]
#[derive(Debug)]
pub struct Trace {
    /// What nothing declares and the repair loop therefore invented.
    pub invented: Vec<String>,
    /// How often the file was parsed.
    pub passes: u32,
    /// True if the precompiled prelude was used.
    pub precompiled: bool,
    /// Errors that remain.
    pub messages: Vec<ClangMessage>,
}

/// Parses a file. Runs on the current thread, which must have a large stack and the library attached: see
/// [`super::library::on_big_stack`].
pub fn parse(
    frontend: &Frontend,
    source: Source,
    options: &UnitOptions,
    care: Care,
) -> Result<ParsedUnit, ParseError> {
    parse_again(frontend, source, options, care, Known::default())
}

/// The same for a file of which something is known from another configuration.
///
/// In a large unit the repair loop looks at what is written and leaves out the instances of templates, as
/// libclang does for the head of a unit ([`CXTranslationUnit_Incomplete`]): they show little that is not to
/// be seen in their patterns. The unit that is given back has all of them. Where that saves less than half,
/// it is not done again: the pass that finds nothing more to repair would have to be made twice.
pub fn parse_again(
    frontend: &Frontend,
    source: Source,
    options: &UnitOptions,
    care: Care,
    known: Known,
) -> Result<ParsedUnit, ParseError> {
    let main_file = source.path.to_str().ok_or(ParseError::Name)?.to_owned();
    let main = CString::new(main_file.as_str()).map_err(|_| ParseError::Name)?;

    let mut files = VirtualFiles::default();
    files.set(&main_file, &source.text);
    files.set(MACROS_FILE, &macros_text(options));
    let mut includes = Includes::new(&frontend.headers, options.real_headers.is_some());
    match options.real_headers {
        Some(_) => includes.prepare_templates(&source.text, &mut files),
        None => includes.prepare(&source.path, &source.text, options, &mut files),
    }
    includes.supply_again(&known.supplied, &mut files);
    let mut instances = known.instances;
    let mut complete_bytes = 0;
    let mut repair = Repair::new(options.language);
    files.set(REPAIR_FILE, "");

    let mut flags = CXTranslationUnit_KeepGoing;
    if super::configuration::may_hide_cuda(&source.text) || comment::may_hold(source.text.as_bytes()) {
        flags |= CXTranslationUnit_DetailedPreprocessingRecord;
    }
    let mut precompiled = match care {
        Care::Usual => frontend.preludes.precompiled(options),
        Care::Careful => None,
    };
    let mut passes = 0;
    let mut is_settled = false;
    loop {
        passes += 1;
        let without_instances = instances == Instances::Many && !is_settled;
        let flags = if without_instances { flags | CXTranslationUnit_Incomplete } else { flags };
        let arguments = arguments(options, precompiled.as_deref(), includes.folders());
        let result = Unit::parse(&main, &arguments, &[VirtualFiles::of(options), &files], flags);
        let unit = match result {
            Ok(unit) => unit,
            Err(_) if precompiled.is_some() => {
                precompiled = None;
                continue;
            }
            Err(CXError_Crashed) => return Err(ParseError::Crashed),
            Err(code) => return Err(ParseError::Clang(reason(code))),
        };
        let messages = unit.messages(MAX_MESSAGES);
        if precompiled.is_some() && messages.iter().any(is_about_prelude) {
            precompiled = None;
            continue;
        }
        let bytes = unit.tree_bytes();
        if !without_instances {
            complete_bytes = bytes;
            if instances == Instances::Unknown && bytes > LARGE_TREE {
                instances = Instances::Many;
            }
        } else if complete_bytes > 0 && bytes > complete_bytes / 2 {
            instances = Instances::Few;
        }
        let missing = includes::missing(&messages);
        let mut changed = false;
        if passes < MAX_PASSES {
            changed |= includes.supply_all(&missing, &mut files);
            // Declarations that a header brings need not be invented.
            if care == Care::Usual {
                changed |= repair.learn(&messages, &unit, &main_file, changed);
            }
        }
        if changed {
            files.set(REPAIR_FILE, &repair.text());
            continue;
        }
        if without_instances {
            is_settled = true;
            continue;
        }
        return Ok(ParsedUnit {
            unit,
            main_file,
            text: source.text,
            options: options.clone(),
            missing_includes: missing,
            found_folders: includes.folders().to_vec(),
            known: Known { instances, supplied: includes.into_supplied() },
            #[cfg(test)]
            trace: Trace {
                invented: repair.inventions(),
                passes,
                precompiled: precompiled.is_some(),
                messages: messages.into_iter().filter(super::repair::tests::is_loss).collect(),
            },
        });
    }
}

fn reason(code: CXErrorCode) -> &'static str {
    match code {
        CXError_ASTReadError => "libclang could not read its precompiled declarations",
        _ => "libclang could not parse it",
    }
}

/// True for messages that say that the precompiled prelude does not fit the unit.
fn is_about_prelude(message: &ClangMessage) -> bool {
    message.line == 0
        && message.severity >= MessageSeverity::Error
        && ["PCH", "AST file", "precompiled"].iter().any(|word| message.message.contains(word))
}

/// The macros of the build as text, to be read after the prelude.
fn macros_text(options: &UnitOptions) -> String {
    let mut text = String::from("#pragma clang system_header\n");
    if options.language == Language::Cuda && options.real_headers.is_none() {
        // libclang 18 crashes on `delete` in C++20 CUDA if it knows these from a precompiled file only.
        text.push_str(
            "void *operator new(size_t);\nvoid *operator new[](size_t);\n\
             void operator delete(void *) noexcept;\nvoid operator delete[](void *) noexcept;\n",
        );
    }
    for m in &options.macros {
        match m {
            Macro::Define(name, value) => {
                let bare = name.split('(').next().unwrap_or_default();
                text.push_str(&format!("#undef {bare}\n#define {name} {value}\n"));
            }
            Macro::Undefine(name) => text.push_str(&format!("#undef {name}\n")),
        }
    }
    text
}

/// The flags that a prelude and the units that use it must agree on.
pub fn language_arguments(options: &UnitOptions) -> Vec<CString> {
    let mut words: Vec<String> = vec!["-x".into(), options.language.flag().into()];
    if options.language == Language::Cuda {
        words.extend(
            ["--cuda-host-only", "-nocudainc", "-nocudalib", "-D__CUDACC__", "-D__NVCC__"].map(str::to_owned),
        );
    }
    words.push(format!("-std={}", options.standard));
    match &options.real_headers {
        Some(real) => words.extend(real.flags()),
        // One target on all machines, so that one input has one output.
        None => {
            words.extend(["-target", "x86_64-unknown-linux-gnu", "-nostdinc"].map(str::to_owned));
            // Those who include no header of CUDA are told no version, as in a build.
            let version = options.cuda_version.unwrap_or(EMBEDDED_VERSION);
            words.push(format!("-D__EMB_CUDA_VERSION={version}"));
        }
    }
    words.extend(
        [
            "-ferror-limit=0",
            "-Wno-everything",
            // A corrected name would be a guess about the program.
            "-fno-spell-checking",
            "-fbracket-depth=8192",
        ]
        .map(str::to_owned),
    );
    if options.language == Language::C {
        // Silently declaring what is called would hide calls of functions that do not exist.
        words.push("-Werror=implicit-function-declaration".into());
    }
    for m in prelude::early_macros(options) {
        words.push(match m {
            Macro::Define(name, value) => format!("-D{name}={value}"),
            Macro::Undefine(name) => format!("-U{name}"),
        });
    }
    words.extend(options.extra.iter().cloned());
    words.into_iter().filter_map(|word| CString::new(word).ok()).collect()
}

/// The whole command line of a unit.
fn arguments(options: &UnitOptions, precompiled: Option<&Path>, found: &[PathBuf]) -> Vec<CString> {
    let mut arguments = language_arguments(options);
    let mut words: Vec<String> = vec![format!("-I{INCLUDE}"), format!("-I{EMBEDDED}")];
    for (kind, folder) in &options.includes {
        if let Some(folder) = folder.to_str() {
            words.extend([kind.flag().to_owned(), folder.to_owned()]);
        }
    }
    for folder in found.iter().filter_map(|folder| folder.to_str()).chain([FORWARD, FALLBACK]) {
        words.extend(["-idirafter".to_owned(), folder.to_owned()]);
    }
    match precompiled.and_then(Path::to_str) {
        Some(file) => words.extend(["-include-pch".to_owned(), file.to_owned()]),
        None => words.extend(["-include".to_owned(), prelude::file_for(options)]),
    }
    // What is invented comes first: the build's macros must not change its words.
    for file in [REPAIR_FILE, MACROS_FILE] {
        words.extend(["-include".to_owned(), file.to_owned()]);
    }
    // A pipe or a device among them would stop every unit of the build.
    let is_file_or_missing = |file: &&PathBuf| fs::metadata(file).map_or(true, |data| data.is_file());
    let forced = options.forced_includes.iter().filter(is_file_or_missing);
    for file in forced.filter_map(|file| file.to_str()) {
        words.extend(["-include".to_owned(), file.to_owned()]);
    }
    arguments.extend(words.into_iter().filter_map(|word| CString::new(word).ok()));
    arguments
}
