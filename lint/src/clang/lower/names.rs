//! Names for people and for the CUDA model: qualified, without template arguments and without inline or
//! versioned namespaces.

use clang_sys::*;

use super::super::cursor::Cursor;

/// The qualified name of a declaration.
pub(super) fn qualified(declaration: Cursor) -> String {
    let mut parts = vec![plain(declaration)];
    let mut at = declaration.parent();
    while let Some(parent) = at {
        let kind = parent.kind();
        if kind == CXCursor_TranslationUnit || is_function(kind) {
            break;
        }
        let hidden = kind == CXCursor_LinkageSpec
            || kind == CXCursor_UnexposedDecl
            || parent.is_anonymous()
            || (kind == CXCursor_Namespace && parent.is_inline_namespace());
        if !hidden {
            let name = plain(parent);
            // libstdc++'s and libc++'s internal namespaces hold public names by `using`.
            if !(kind == CXCursor_Namespace && name.starts_with("__")) {
                parts.push(name);
            }
        }
        at = parent.parent();
    }
    parts.reverse();
    parts.join("::")
}

/// The unqualified name, without template arguments.
pub(super) fn plain(declaration: Cursor) -> String {
    let kind = declaration.kind();
    let name = declaration.spelling();
    if kind == CXCursor_Constructor || kind == CXCursor_Destructor || !is_function(kind) {
        if name.is_empty() || name.contains('(') {
            return if name.contains("lambda") { "<lambda>".into() } else { "<unnamed>".into() };
        }
        return without_arguments(&name).to_owned();
    }
    if name.starts_with("operator") { name } else { without_arguments(&name).to_owned() }
}

/// A name up to its template arguments.
pub(super) fn without_arguments(name: &str) -> &str {
    match name.find('<') {
        Some(at) if at > 0 => name[..at].trim_end(),
        _ => name,
    }
}

/// The last component of a qualified name.
pub(super) fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// True for functions of every kind, templates included.
pub(super) fn is_function(kind: CXCursorKind) -> bool {
    matches!(
        kind,
        CXCursor_FunctionDecl
            | CXCursor_CXXMethod
            | CXCursor_Constructor
            | CXCursor_Destructor
            | CXCursor_ConversionFunction
            | CXCursor_FunctionTemplate
    )
}

/// True for classes of every kind, templates included.
pub(super) fn is_class(kind: CXCursorKind) -> bool {
    matches!(
        kind,
        CXCursor_ClassDecl
            | CXCursor_StructDecl
            | CXCursor_UnionDecl
            | CXCursor_ClassTemplate
            | CXCursor_ClassTemplatePartialSpecialization
    )
}

/// True if the declaration stands in a template that is not instantiated.
pub(super) fn is_pattern(declaration: Cursor) -> bool {
    let mut at = Some(declaration);
    while let Some(cursor) = at {
        match cursor.kind() {
            CXCursor_FunctionTemplate
            | CXCursor_ClassTemplate
            | CXCursor_ClassTemplatePartialSpecialization => return true,
            CXCursor_TranslationUnit | CXCursor_Namespace => return false,
            _ => at = cursor.parent(),
        }
    }
    false
}
