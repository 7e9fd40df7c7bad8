//! Words of C and C++ in text that is in no tree: where literals, lines and comments end.

/// True for the bytes of identifiers.
pub const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The end of a line, lines that a backslash continues included.
pub fn line_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(end) = memchr::memchr(b'\n', &text[at..]) {
        let line = text[at..at + end].strip_suffix(b"\r").unwrap_or(&text[at..at + end]);
        if !line.ends_with(b"\\") {
            return at + end;
        }
        at += end + 1;
    }
    text.len()
}

/// The end of the literal whose quote stands at `from`.
pub fn literal_end(text: &[u8], from: usize) -> usize {
    let quote = text[from];
    // A digit separator is no literal.
    if quote == b'\'' && from > 0 && text[from - 1].is_ascii_hexdigit() && from + 1 < text.len() {
        let close = text.get(from + 2) == Some(&b'\'');
        if text[from + 1].is_ascii_hexdigit() && !close {
            return from + 1;
        }
    }
    let mut at = from + 1;
    while at < text.len() && text[at] != quote && text[at] != b'\n' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The end of `R"mark(…)mark"`; `quote` is where the quote stands.
pub fn raw_end(text: &[u8], quote: usize) -> usize {
    let Some(open) = memchr::memchr(b'(', &text[quote..]) else { return quote + 1 };
    let mut close = b")".to_vec();
    close.extend_from_slice(&text[quote + 1..quote + open]);
    close.push(b'"');
    memchr::memmem::find(&text[quote..], &close).map_or(text.len(), |at| quote + at + close.len())
}

/// The name of a macro with parameters that a directive defines.
pub fn macro_name(directive: &[u8]) -> Option<&[u8]> {
    let rest = directive.strip_prefix(b"#")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"define")?.trim_ascii_start();
    let end = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The end of the comment that begins at `at`, if one does.
pub fn comment_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..at + 2)? {
        b"//" => Some(line_end(text, at)),
        b"/*" => {
            let body = at + 2;
            Some(memchr::memmem::find(&text[body..], b"*/").map_or(text.len(), |end| body + end + 2))
        }
        _ => None,
    }
}

/// The macro of an include guard: the first directive but `#pragma` asks for it, the second defines it, and nothing
/// stands for the case that it was defined before.
pub fn include_guard(text: &str) -> Option<&str> {
    let directives = text.lines().filter_map(|line| line.trim_start().strip_prefix('#')).map(str::trim);
    let mut directives = directives.skip_while(|directive| directive.starts_with("pragma"));
    let first = directives.next()?;
    let asked = match first.strip_prefix("ifndef") {
        Some(name) => name,
        None => {
            first.strip_prefix("if")?.trim_start().strip_prefix('!')?.trim_start().strip_prefix("defined")?
        }
    };
    let asked = asked.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
    let asked = asked.split_whitespace().next()?;
    let defined = directives.next()?.strip_prefix("define")?.split_whitespace().next()?;
    let mut depth = 1;
    for directive in directives {
        if directive.starts_with("if") {
            depth += 1;
        } else if directive.starts_with("endif") {
            depth -= 1;
        } else if directive.starts_with("el") && depth == 1 {
            return None;
        }
        if depth == 0 {
            break;
        }
    }
    (defined == asked).then_some(asked)
}
