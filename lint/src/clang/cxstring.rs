//! Strings that libclang hands out.

use std::ffi::CStr;

use clang_sys::{CXString, clang_disposeString, clang_getCString};

/// Copies a libclang string and disposes of it. A null string is empty; bytes that are not UTF-8 are
/// replaced.
///
/// # Safety
/// libclang must be attached to this thread, and `string` must come from a libclang function that passes
/// ownership and must not have been disposed of.
pub unsafe fn take_string(string: CXString) -> String {
    // SAFETY: the caller owns the string; it is disposed of once, after the last use of its characters.
    unsafe {
        let characters = clang_getCString(string);
        let text = if characters.is_null() {
            String::new()
        } else {
            CStr::from_ptr(characters).to_string_lossy().into_owned()
        };
        clang_disposeString(string);
        text
    }
}
