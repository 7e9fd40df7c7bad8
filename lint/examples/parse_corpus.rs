//! Measures the frontend over a folder of real code: time, passes, and what is left unparsed.
//!
//! `cargo run --release --example parse_corpus -- [--no-pch] [--no-repair] [--list] [--ext cu,cpp] FOLDER…`

#![allow(dead_code, missing_docs)]
#[path = "../src/clang/mod.rs"]
mod clang;
#[path = "../src/compile_commands.rs"]
mod compile_commands;
#[path = "../src/cuda_scan.rs"]
mod cuda_scan;
#[path = "../src/include_index.rs"]
mod include_index;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clang::flags::{FrontendOptions, UnitOptions};
use clang::library::{Library, on_big_stack};
use clang::parse::{Frontend, Source, parse};
use clang::prelude::{PreludeFolder, Preludes};
use include_index::IncludeIndex;

/// Byte ranges of the functions with a body in a file: host functions and others.
fn bodies(unit: &clang::unit::Unit, main: &str) -> Vec<(u32, u32, bool)> {
    use clang_sys::*;
    extern "C" fn visit(cursor: CXCursor, _: CXCursor, data: CXClientData) -> CXChildVisitResult {
        // SAFETY: `data` is the vector below, alive during the visit.
        unsafe {
            let found = &mut *data.cast::<(Vec<(u32, u32, bool)>, CXFile)>();
            let kind = clang_getCursorKind(cursor);
            let extent = clang_getCursorExtent(cursor);
            let (mut file, mut start, mut end) = (std::ptr::null_mut(), 0, 0);
            let none = std::ptr::null_mut;
            clang_getFileLocation(clang_getRangeStart(extent), &raw mut file, none(), none(), &raw mut start);
            if kind != CXCursor_TranslationUnit && clang_File_isEqual(file, found.1) == 0 {
                return CXChildVisit_Continue;
            }
            let is_function = matches!(
                kind,
                CXCursor_FunctionDecl
                    | CXCursor_CXXMethod
                    | CXCursor_Constructor
                    | CXCursor_Destructor
                    | CXCursor_FunctionTemplate
                    | CXCursor_ConversionFunction
            );
            if is_function && clang_isCursorDefinition(cursor) != 0 {
                clang_getFileLocation(clang_getRangeEnd(extent), none(), none(), none(), &raw mut end);
                let mut device = (false, false);
                extern "C" fn attributes(c: CXCursor, _: CXCursor, data: CXClientData) -> CXChildVisitResult {
                    unsafe {
                        let device = &mut *data.cast::<(bool, bool)>();
                        let kind = clang_getCursorKind(c);
                        device.0 |= kind == CXCursor_CUDADeviceAttr || kind == CXCursor_CUDAGlobalAttr;
                        device.1 |= kind == CXCursor_CUDAHostAttr;
                    }
                    CXChildVisit_Continue
                }
                clang_visitChildren(cursor, attributes, (&raw mut device).cast());
                found.0.push((start, end, !device.0 || device.1));
                return CXChildVisit_Continue;
            }
            CXChildVisit_Recurse
        }
    }
    unsafe {
        let name = std::ffi::CString::new(main).unwrap();
        let mut found = (Vec::new(), clang_getFile(unit.raw(), name.as_ptr()));
        clang_visitChildren(clang_getTranslationUnitCursor(unit.raw()), visit, (&raw mut found).cast());
        found.0
    }
}

fn kind(message: &str) -> String {
    let mut parts = message.split('\'');
    let mut text = String::new();
    while let Some(part) = parts.next() {
        text.push_str(part);
        if parts.next().is_some() {
            text.push_str("'_'");
        }
    }
    text.chars().take(70).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let extensions =
        arguments.iter().position(|a| a == "--ext").map_or("cu".to_owned(), |at| arguments[at + 1].clone());
    let limit: usize = arguments
        .iter()
        .position(|a| a == "--limit")
        .map_or(usize::MAX, |at| arguments[at + 1].parse().unwrap());
    let every: usize =
        arguments.iter().position(|a| a == "--every").map_or(1, |at| arguments[at + 1].parse().unwrap());
    let folders: Vec<&Path> = arguments.iter().map(Path::new).filter(|p| p.exists()).collect();
    let library = Library::load(None).unwrap_or_else(|error| panic!("{error}"));
    let folder = PreludeFolder::create().unwrap();
    let preludes = if has("--no-pch") { Preludes::textual() } else { Preludes::shared(folder.path()) };
    let frontend = Frontend { library, preludes, headers: IncludeIndex::new(folders.iter().copied()) };
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in &folders {
        for entry in ignore::WalkBuilder::new(folder).hidden(true).git_ignore(false).build().flatten() {
            let path = entry.path();
            if path.is_file()
                && !path.components().any(|part| part.as_os_str().to_string_lossy().ends_with("-hip"))
                && path
                    .extension()
                    .and_then(|e| e.to_str())
                    .is_some_and(|e| extensions.split(',').any(|x| x == e))
            {
                files.push(path.to_path_buf());
            }
        }
    }
    files.sort();
    let files: Vec<_> = files.into_iter().step_by(every).take(limit).collect();
    let (mut times, mut passes, mut failed, mut skipped) = (Vec::new(), BTreeMap::new(), 0, 0);
    let mut kinds: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut includes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut with_errors, mut errors, mut main_errors, mut invented, mut hidden, mut second) =
        (0, 0, 0, 0, 0, 0);
    let mut cuda_calls: BTreeMap<String, usize> = BTreeMap::new();
    let (mut host_functions, mut host_with_errors, mut host_errors) = (0, 0, 0);
    let mut host_kinds: BTreeMap<String, usize> = BTreeMap::new();
    let start = Instant::now();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        if !cuda_scan::mentions_cuda(&bytes) {
            skipped += 1;
            continue;
        }
        let Ok(source) = Source::from_bytes(path, bytes) else {
            failed += 1;
            continue;
        };
        let options = UnitOptions::new(path, source.text.as_bytes(), &FrontendOptions::default(), None);
        let before = Instant::now();
        let result = on_big_stack(&frontend.library, || {
            parse(&frontend, source, &options).map(|unit| {
                let regions = clang::configuration::inactive_cuda_regions(&unit);
                let second = clang::configuration::second_configuration(&unit, &regions);
                (
                    unit.messages.clone(),
                    unit.missing_includes.clone(),
                    unit.invented.clone(),
                    unit.passes,
                    unit.main_file.clone(),
                    regions.len(),
                    second,
                )
            })
        });
        let time = before.elapsed();
        times.push((time, path.clone()));
        let Some(Ok((messages, missing, inventions, n, main, regions, configuration, bodies))) = result
        else {
            failed += 1;
            continue;
        };
        let host: Vec<_> = bodies.iter().filter(|body| body.2).collect();
        host_functions += host.len();
        let errors_in = |m: &clang::unit::ClangMessage| m.file == main;
        host_with_errors += host
            .iter()
            .filter(|(a, b, _)| messages.iter().any(|m| errors_in(m) && (*a..=*b).contains(&m.offset)))
            .count();
        host_errors += messages
            .iter()
            .filter(|m| errors_in(m) && host.iter().any(|(a, b, _)| (*a..=*b).contains(&m.offset)))
            .count();
        for message in messages
            .iter()
            .filter(|m| errors_in(m) && host.iter().any(|(a, b, _)| (*a..=*b).contains(&m.offset)))
        {
            *host_kinds.entry(kind(&message.message)).or_insert(0) += 1;
        }
        *passes.entry(n).or_insert(0) += 1;
        invented += inventions.len();
        hidden += usize::from(regions > 0);
        second += usize::from(!configuration.defines.is_empty());
        with_errors += usize::from(messages.iter().any(|m| m.file == main));
        errors += messages.len();
        main_errors += messages.iter().filter(|m| m.file == main).count();
        for message in &messages {
            let entry = kinds.entry(kind(&message.message)).or_insert((0, String::new()));
            entry.0 += 1;
            if entry.1.is_empty() || entry.0 == 2 {
                entry.1 =
                    format!("{}:{}:{}: {}", message.file, message.line, message.column, message.message);
            }
            if has("--list") {
                println!("E {}:{}:{}: {}", message.file, message.line, message.column, message.message);
            }
        }
        for include in missing {
            *includes.entry(include.name).or_insert(0) += 1;
        }
        for invention in inventions.iter() {
            if invention.is_cuda_call {
                *cuda_calls.entry(invention.name.clone()).or_insert(0) += 1;
            }
            if has("--list") {
                println!("I {}: {}", path.display(), invention.name);
            }
        }
    }
    let total = start.elapsed();
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(Duration::ZERO, |t| t.0);
    println!("{} files, {skipped} without CUDA, {failed} failed; {total:?}", files.len());
    println!("ms per file: median {:?}, 90% {:?}, slowest {:?}", at(50), at(90), times.last());
    println!(
        "passes {passes:?}; invented {invented}; hidden regions in {hidden} files, second configuration for {second}"
    );
    println!("files with errors in themselves {with_errors}; errors {errors}, in main files {main_errors}");
    println!(
        "host functions {host_functions}, with an error inside {host_with_errors}; errors inside {host_errors}"
    );
    let mut host_kinds: Vec<_> = host_kinds.into_iter().collect();
    host_kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("in host functions: {:?}", &host_kinds[..host_kinds.len().min(25)]);
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (kind, (count, example)) in kinds.into_iter().take(40) {
        println!("{count:6} {kind}   e.g. {example}");
    }
    let mut includes: Vec<_> = includes.into_iter().collect();
    includes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("missing: {:?}", &includes[..includes.len().min(40)]);
    let mut calls: Vec<_> = cuda_calls.into_iter().collect();
    calls.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("undeclared CUDA calls: {:?}", &calls[..calls.len().min(60)]);
}
