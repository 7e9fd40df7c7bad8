//! A translation unit of libclang: parsing, diagnostics, file contents. Owns what must be disposed of.

// The names are libclang's.
#![allow(non_upper_case_globals)]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulong};
use std::path::Path;
use std::ptr;

use clang_sys::*;

use super::cxstring::take_string;
use super::embedded::VirtualFiles;

/// How bad a message of clang is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageSeverity {
    /// Note or warning.
    Minor,
    /// Something was not understood.
    Error,
    /// Parsing stopped here.
    Fatal,
}

/// A message of clang.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClangMessage {
    /// How bad it is.
    pub severity: MessageSeverity,
    /// The file in which a reader sees the problem: for code that a macro makes, where the macro is used.
    pub file: String,
    /// Line there, from 1; 0 if the message has no place.
    pub line: u32,
    /// Column there, from 1.
    pub column: u32,
    /// Byte offset there.
    pub offset: u32,
    /// File and offset of the token itself, which for code that a macro makes lies in the macro's definition.
    pub spelled: (String, u32),
    /// The message.
    pub message: String,
}

/// A parsed unit with its index. One index per unit: libclang keeps state in it.
#[derive(Debug)]
pub struct Unit {
    index: CXIndex,
    unit: CXTranslationUnit,
}

impl Unit {
    /// Parses `main`. The error is libclang's code.
    ///
    /// libclang must be attached to this thread, now and for every later call.
    pub fn parse(
        main: &CStr,
        arguments: &[CString],
        files: &[&VirtualFiles],
        flags: CXTranslationUnit_Flags,
    ) -> Result<Self, CXErrorCode> {
        let pointers: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
        let mut unsaved = Vec::new();
        for set in files {
            set.unsaved(&mut unsaved);
        }
        // SAFETY: the pointers point into `arguments`, `files` and `main`, which outlive the call; libclang
        // copies what it keeps. The index is disposed of in `drop`, also after a failure.
        unsafe {
            let index = clang_createIndex(1, 0);
            let mut this = Self { index, unit: ptr::null_mut() };
            let code = clang_parseTranslationUnit2(
                index,
                main.as_ptr(),
                pointers.as_ptr(),
                c_int::try_from(pointers.len()).unwrap_or(0),
                unsaved.as_mut_ptr(),
                c_uint::try_from(unsaved.len()).unwrap_or(0),
                flags,
                &raw mut this.unit,
            );
            if code == CXError_Success && !this.unit.is_null() { Ok(this) } else { Err(code) }
        }
    }

    /// The unit, for walking its tree. Valid as long as `self`.
    pub fn raw(&self) -> CXTranslationUnit {
        self.unit
    }

    /// True for files in folders of the system, `-isystem` among them.
    pub fn is_system_file(&self, file: &str) -> bool {
        let Ok(name) = CString::new(file) else { return false };
        // SAFETY: the unit is alive.
        unsafe {
            let file = clang_getFile(self.unit, name.as_ptr());
            let start = || clang_getLocationForOffset(self.unit, file, 0);
            !file.is_null() && clang_Location_isInSystemHeader(start()) != 0
        }
    }

    /// How many bytes the syntax tree takes: a measure of the work behind it that, unlike time, is the same
    /// whenever the same file is parsed.
    pub fn tree_bytes(&self) -> c_ulong {
        // SAFETY: the unit is alive; the list is disposed of after its last use.
        unsafe {
            let usage = clang_getCXTUResourceUsage(self.unit);
            let entries = if usage.numEntries == 0 || usage.entries.is_null() {
                &[]
            } else {
                std::slice::from_raw_parts(usage.entries, usage.numEntries as usize)
            };
            let tree = entries.iter().find(|it| it.kind == CXTUResourceUsage_AST);
            let bytes = tree.map_or(0, |it| it.amount);
            clang_disposeCXTUResourceUsage(usage);
            bytes
        }
    }

    /// Writes the unit to a file, for use as a precompiled prelude.
    pub fn save(&self, to: &Path) -> bool {
        let Some(path) = to.to_str().and_then(|path| CString::new(path).ok()) else { return false };
        // SAFETY: the unit is alive; the path outlives the call.
        unsafe { clang_saveTranslationUnit(self.unit, path.as_ptr(), 0) == CXSaveError_None }
    }

    /// Clang's messages, errors first come first; at most `limit`.
    pub fn messages(&self, limit: usize) -> Vec<ClangMessage> {
        // SAFETY: the unit is alive; every diagnostic is disposed of after its last use.
        unsafe {
            let count = clang_getNumDiagnostics(self.unit);
            let mut messages = Vec::new();
            for index in 0..count.min(c_uint::try_from(limit).unwrap_or(c_uint::MAX)) {
                let diagnostic = clang_getDiagnostic(self.unit, index);
                let severity = match clang_getDiagnosticSeverity(diagnostic) {
                    CXDiagnostic_Fatal => MessageSeverity::Fatal,
                    CXDiagnostic_Error => MessageSeverity::Error,
                    _ => MessageSeverity::Minor,
                };
                if severity > MessageSeverity::Minor {
                    let location = clang_getDiagnosticLocation(diagnostic);
                    let (file, line, column, offset) = file_location(location);
                    let spelled = spelling_location(location);
                    let message = take_string(clang_getDiagnosticSpelling(diagnostic));
                    messages.push(ClangMessage { severity, file, line, column, offset, spelled, message });
                }
                clang_disposeDiagnostic(diagnostic);
            }
            messages
        }
    }

    /// The text of a file of the unit, as libclang read it. `None` if the unit does not hold it.
    pub fn contents(&self, file: &str) -> Option<&[u8]> {
        let name = CString::new(file).ok()?;
        // SAFETY: libclang keeps the buffer as long as the unit, which the result borrows.
        unsafe {
            let file = clang_getFile(self.unit, name.as_ptr());
            if file.is_null() {
                return None;
            }
            let mut size = 0;
            let text = clang_getFileContents(self.unit, file, &raw mut size);
            (!text.is_null()).then(|| std::slice::from_raw_parts(text.cast::<u8>(), size))
        }
    }

    /// The files of the unit, by the names that libclang has for them: the main file, and what is included.
    pub fn inclusions(&self) -> Vec<String> {
        extern "C" fn visit(
            file: CXFile,
            _stack: *mut CXSourceLocation,
            _depth: c_uint,
            names: CXClientData,
        ) {
            // SAFETY: `names` is the list below, which nothing else touches during the visit.
            let names = unsafe { &mut *names.cast::<Vec<String>>() };
            // SAFETY: the file is of the unit that is visited, which is alive.
            names.push(unsafe { file_name(file) });
        }
        let mut names: Vec<String> = Vec::new();
        // SAFETY: the unit is alive, and the visitor does not unwind: it only allocates.
        unsafe { clang_getInclusions(self.unit, visit, (&raw mut names).cast()) };
        names.sort();
        names.dedup();
        names
    }

    /// The byte ranges of a file that the preprocessor skipped. Needs a unit parsed with a preprocessing record.
    pub fn skipped_ranges(&self, file: &str) -> Vec<(u32, u32)> {
        let Ok(name) = CString::new(file) else { return Vec::new() };
        // SAFETY: the unit is alive; the list is disposed of after its last use.
        unsafe {
            let file = clang_getFile(self.unit, name.as_ptr());
            if file.is_null() {
                return Vec::new();
            }
            let list = clang_getSkippedRanges(self.unit, file);
            if list.is_null() {
                return Vec::new();
            }
            let count = (*list).count as usize;
            let ranges = if count == 0 || (*list).ranges.is_null() {
                Vec::new()
            } else {
                std::slice::from_raw_parts((*list).ranges, count)
                    .iter()
                    .map(|&range| {
                        let (_, _, _, start) = file_location(clang_getRangeStart(range));
                        let (_, _, _, end) = file_location(clang_getRangeEnd(range));
                        (start, end)
                    })
                    .collect()
            };
            clang_disposeSourceRangeList(list);
            ranges
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // SAFETY: both were made by `parse`, are disposed of once, and nothing borrows from them any more.
        unsafe {
            if !self.unit.is_null() {
                clang_disposeTranslationUnit(self.unit);
            }
            clang_disposeIndex(self.index);
        }
    }
}

/// File, line, column and offset where a reader sees a location.
///
/// # Safety
/// libclang must be attached, and the unit of the location alive.
unsafe fn file_location(location: CXSourceLocation) -> (String, u32, u32, u32) {
    let (mut file, mut line, mut column, mut offset) = (ptr::null_mut(), 0, 0, 0);
    // SAFETY: the out parameters live here; a null file gives an empty name.
    unsafe {
        clang_getFileLocation(location, &raw mut file, &raw mut line, &raw mut column, &raw mut offset);
        (file_name(file), line, column, offset)
    }
}

/// File and offset of the token at a location.
///
/// # Safety
/// As for [`file_location`].
unsafe fn spelling_location(location: CXSourceLocation) -> (String, u32) {
    let (mut file, mut offset) = (ptr::null_mut(), 0);
    // SAFETY: as above; libclang allows null for what is not wanted.
    unsafe {
        clang_getSpellingLocation(location, &raw mut file, ptr::null_mut(), ptr::null_mut(), &raw mut offset);
        (file_name(file), offset)
    }
}

/// # Safety
/// As for [`file_location`].
unsafe fn file_name(file: CXFile) -> String {
    if file.is_null() {
        return String::new();
    }
    // SAFETY: the file is of a living unit; `take_string` disposes of the name.
    unsafe { take_string(clang_getFileName(file)) }
}
