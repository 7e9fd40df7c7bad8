//! The names that messages are about: where they stand, and which of them can be declared at all.

use super::super::embedded;
use super::super::unit::{ClangMessage, Unit};
use super::message::Complaint;

/// True for names in the manner of CUDA's functions: `cudaMalloc`, `cuMemAlloc`, `ncclSend`.
pub fn is_cuda_function(name: &str) -> bool {
    ["cuda", "cu", "hip", "nccl", "cublas"].iter().any(|prefix| is_of(name, prefix))
}

/// True for a prefix and a name in capitals behind it.
pub fn is_of(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()) && rest.len() > 1)
}

/// Words that a message names where nothing can be declared.
pub fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "this"
            | "if"
            | "else"
            | "for"
            | "while"
            | "do"
            | "switch"
            | "case"
            | "return"
            | "operator"
            | "template"
            | "typename"
            | "class"
            | "struct"
            | "public"
            | "private"
            | "protected"
            | "const"
            | "static"
            | "void"
            | "int"
            | "char"
            | "float"
            | "double"
            | "bool"
            | "auto"
            | "using"
            | "namespace"
            | "default"
            | "co_await"
            | "co_return"
            | "co_yield"
            | "requires"
            | "concept"
            | "throw"
            | "try"
            | "catch"
            | "new"
            | "delete"
            | "std"
            | "goto"
            | "break"
            | "continue"
            | "extern"
            | "inline"
            | "unsigned"
            | "signed"
            | "long"
            | "short"
            | "main"
    )
}

/// The text in which the token of a message stands, and the offset there.
///
/// libclang's versions disagree about spelling locations inside macros: the token at the place decides.
pub fn locate<'u, 'm>(
    message: &'m ClangMessage,
    complaint: &Complaint,
    unit: &'u Unit,
    main_file: &str,
) -> Option<(&'m str, &'u [u8], usize)> {
    let places = [
        (message.spelled.0.as_str(), message.spelled.1 as usize),
        (message.file.as_str(), message.offset as usize),
    ];
    for (file, at) in places {
        if embedded::is_virtual(file) {
            continue;
        }
        let Some(text) = unit.contents(file) else { continue };
        let word = word_at(text, at);
        if !word.is_empty() && (complaint.name.is_empty() || complaint.name.ends_with(word)) {
            return Some((file, text, at));
        }
    }
    // The name was pasted, or the message points elsewhere: any place where it stands tells how it is used.
    if complaint.name.is_empty() {
        return None;
    }
    for file in [message.file.as_str(), main_file] {
        let Some(text) = unit.contents(file) else { continue };
        let finder = memchr::memmem::Finder::new(&complaint.name);
        let place = finder.find_iter(text).find(|&at| {
            word_at(text, at) == complaint.name
                && (at == 0 || !(text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_'))
        });
        if let Some(at) = place
            && file == message.file
        {
            return Some((message.file.as_str(), text, at));
        }
    }
    None
}

/// The identifier that starts at `at`.
pub fn word_at(text: &[u8], at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let length =
        rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_')).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..length]).unwrap_or_default()
}
