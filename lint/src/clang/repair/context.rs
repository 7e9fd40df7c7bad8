//! How a missing name is used, read off the text around it.
//!
//! Where a declaration is missing there is no tree to ask: the tokens around the name are all there is.

/// How a name is used at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// `name(…)`.
    Call,
    /// `name<…>(…)`; the flags tell for each argument whether it is a value.
    TemplateCall(Vec<bool>),
    /// `name<<<…>>>(…)`, or `name<…><<<…>>>(…)` with its template arguments.
    Launch(Vec<bool>),
    /// `name::…`.
    Scope,
    /// `Name x`, `Name *p`, `(Name *)p`, `Name{…}`.
    Type,
    /// `Name<…> x`, `Name<…>::…`.
    ClassTemplate(Vec<bool>),
    /// A template that is used as a condition: `static_assert(name<…>)`.
    Concept,
    /// A macro that stands where a statement stands, without semicolon; true if it has arguments.
    Statement(bool),
    /// A macro with arguments, followed by a block: `FOR_EACH(i, n) {…}`. The arguments.
    Block(Vec<String>),
    /// Anything else.
    Value,
}

/// Text longer than this is not searched for a closing bracket.
const WINDOW: usize = 4_000;

/// Looks at the name of `length` bytes at `at`.
pub fn classify(text: &[u8], at: usize, length: usize) -> Use {
    let after = skip_blank(text, at + length);
    let (at, length) = with_scope(text, at, length);
    let rest = &text[after..];
    if rest.starts_with(b"<<<") {
        return Use::Launch(Vec::new());
    }
    if rest.starts_with(b"::") {
        return Use::Scope;
    }
    match rest.first() {
        Some(b'(') => classify_call(text, at, after),
        Some(b'<') => classify_template(text, at, after),
        Some(b'{') if !before_is_paren(text, at) => Use::Type,
        Some(byte) if is_word(*byte) && !byte.is_ascii_digit() => {
            if newline_between(text, at + length, after)
                && is_upper(&text[at..at + length])
                && statement_start(text, at)
            {
                Use::Statement(false)
            } else {
                Use::Type
            }
        }
        Some(b'*' | b'&') => classify_declarator(text, at, after),
        Some(b')') if previous_word(text, at) == Some(b"sizeof") => Use::Type,
        Some(b'>' | b',') if opens_template(text, at) => Use::Type,
        Some(b'}') if statement_start(text, at) => Use::Statement(false),
        _ => Use::Value,
    }
}

fn classify_call(text: &[u8], at: usize, open: usize) -> Use {
    let Some(close) = matching(text, open, b'(', b')') else { return Use::Call };
    let after = skip_blank(text, close + 1);
    let next = text.get(after).copied();
    if !statement_start(text, at) {
        return Use::Call;
    }
    match next {
        Some(b'{') => Use::Block(split_arguments(&text[open + 1..close])),
        Some(b'}') => Use::Statement(true),
        Some(byte) if is_word(byte) && newline_between(text, close + 1, after) => Use::Statement(true),
        _ => Use::Call,
    }
}

fn classify_template(text: &[u8], at: usize, open: usize) -> Use {
    let Some(close) = matching_angle(text, open) else { return Use::Value };
    let kinds: Vec<bool> =
        split_arguments(&text[open + 1..close]).iter().map(|argument| is_value(argument)).collect();
    let rest = &text[skip_blank(text, close + 1)..];
    if matches!(previous_word(text, at), Some(b"static_assert" | b"requires")) && !rest.starts_with(b"::") {
        return Use::Concept;
    }
    if rest.starts_with(b"<<<") {
        return Use::Launch(kinds);
    }
    match rest.first() {
        Some(b'(') => Use::TemplateCall(kinds),
        Some(byte)
            if is_word(*byte) || matches!(byte, b'*' | b'&' | b':' | b'>' | b',' | b'{' | b')' | b';') =>
        {
            Use::ClassTemplate(kinds)
        }
        _ => Use::Value,
    }
}

/// `Name *p`, `Name &r`, `(Name *)`, `<Name *>`: a type, unless it is a product.
fn classify_declarator(text: &[u8], at: usize, mut after: usize) -> Use {
    while matches!(text.get(after), Some(b'*' | b'&')) {
        after = skip_blank(text, after + 1);
    }
    let next = text.get(after).copied().unwrap_or(b';');
    if statement_start(text, at) && (is_word(next) || next == b'(') {
        return Use::Type;
    }
    let opener = previous_byte(text, at);
    match next {
        b')' if matches!(opener, Some(b'(' | b',')) => Use::Type,
        b'>' if matches!(opener, Some(b'<' | b',')) => Use::Type,
        b',' if matches!(opener, Some(b'<')) => Use::Type,
        _ if previous_word(text, at) == Some(b"const") => Use::Type,
        _ => Use::Value,
    }
}

/// True if a template argument is a value: a number, a constant, an expression.
fn is_value(argument: &str) -> bool {
    let argument = argument.trim();
    matches!(argument, "true" | "false")
        || argument.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '(' | '!' | '\''))
        || (argument.len() > 1 && is_upper(argument.as_bytes()))
        || argument.contains([' ', '+', '/']) && argument.contains(['+', '/', '-'])
}

/// True if the place before `at` ends a statement, so that a statement starts at `at`.
fn statement_start(text: &[u8], at: usize) -> bool {
    match previous_byte(text, at) {
        None | Some(b';' | b'{' | b'}') => true,
        Some(b':') => true, // A label: the names' own scopes were skipped.
        // After `if (…)`, `for (…)`; an expression never continues so.
        Some(b')') => newline_between(text, previous_place(text, at).map_or(0, |place| place + 1), at),
        Some(byte) if is_word(byte) => previous_word(text, at) == Some(b"else"),
        _ => {
            // After a line of the preprocessor or a comment.
            let line = text[..at].iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
            let above = &text[..line];
            let above = &above[above.iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1)..];
            let above = above.trim_ascii_start();
            text[line..at].trim_ascii().is_empty() && (above.starts_with(b"#") || above.starts_with(b"//"))
        }
    }
}

fn before_is_paren(text: &[u8], at: usize) -> bool {
    matches!(previous_byte(text, at), Some(b'='))
}

/// True for `Type<Name>` and `Type<A, Name>`, told from a comparison by the missing space.
fn opens_template(text: &[u8], at: usize) -> bool {
    match previous_place(text, at) {
        Some(place) if text[place] == b'<' => place > 0 && is_word(text[place - 1]),
        _ => false,
    }
}

fn is_upper(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn newline_between(text: &[u8], from: usize, to: usize) -> bool {
    text.get(from..to).is_some_and(|between| between.contains(&b'\n'))
}

fn previous_place(text: &[u8], at: usize) -> Option<usize> {
    text[..at].iter().rposition(|byte| !byte.is_ascii_whitespace() && *byte != b'\\')
}

fn previous_byte(text: &[u8], at: usize) -> Option<u8> {
    previous_place(text, at).map(|place| text[place])
}

/// The word before `at`, also through an opening bracket: `sizeof(`.
pub fn previous_word(text: &[u8], at: usize) -> Option<&[u8]> {
    let mut end = previous_place(text, at)? + 1;
    if text[end - 1] == b'(' {
        end = previous_place(text, end - 1)? + 1;
    }
    let start = text[..end].iter().rposition(|byte| !is_word(*byte)).map_or(0, |place| place + 1);
    (start < end).then(|| &text[start..end])
}

/// Skips blanks, comments and continued lines.
fn skip_blank(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(byte) if byte.is_ascii_whitespace() || *byte == b'\\' => at += 1,
            Some(b'/') if text.get(at + 1) == Some(&b'/') => {
                at = text[at..]
                    .iter()
                    .position(|&byte| byte == b'\n')
                    .map_or(text.len(), |length| at + length);
            }
            Some(b'/') if text.get(at + 1) == Some(&b'*') => {
                at =
                    memchr::memmem::find(&text[at + 2..], b"*/").map_or(text.len(), |length| at + length + 4);
            }
            _ => return at.min(text.len()),
        }
    }
}

/// The bracket that closes the one at `open`, with strings left out.
fn matching(text: &[u8], open: usize, opening: u8, closing: u8) -> Option<usize> {
    let end = text.len().min(open + WINDOW * 4);
    let mut depth = 0_u32;
    let mut at = open;
    while at < end {
        match text[at] {
            byte if byte == opening => depth += 1,
            byte if byte == closing => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < end && text[at] != quote && text[at] != b'\n' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The `>` that closes the `<` at `open`, if what is between can be template arguments.
fn matching_angle(text: &[u8], open: usize) -> Option<usize> {
    let end = text.len().min(open + WINDOW);
    let (mut depth, mut parens) = (0_u32, 0_u32);
    for (at, &byte) in text.iter().enumerate().take(end).skip(open) {
        match byte {
            b'(' => parens += 1,
            b')' => parens = parens.checked_sub(1)?,
            b'<' if parens == 0 => depth += 1,
            b'>' if parens == 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b';' | b'{' | b'}' | b'"' | b'|' | b'=' => return None,
            b'&' if text.get(at + 1) == Some(&b'&') && parens == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Splits at the commas outside of brackets.
pub fn split_arguments(text: &[u8]) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'(' | b'<' | b'[' | b'{' => depth += 1,
            b')' | b'>' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(String::from_utf8_lossy(&text[start..at]).trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = String::from_utf8_lossy(&text[start..]).trim().to_owned();
    if !last.is_empty() || !parts.is_empty() {
        parts.push(last);
    }
    parts
}

/// Takes the scopes before a name (`a::b::`) into the stretch.
fn with_scope(text: &[u8], at: usize, length: usize) -> (usize, usize) {
    let mut start = at;
    while let Some(colon) =
        previous_place(text, start).filter(|&place| place > 0 && &text[place - 1..=place] == b"::")
    {
        start = colon - 1;
        let Some(end) = previous_place(text, start).filter(|&place| is_word(text[place])) else { break };
        start = text[..=end].iter().rposition(|byte| !is_word(*byte)).map_or(0, |place| place + 1);
    }
    (start, at + length - start)
}

/// The scopes written before the name at `at`.
pub fn written_scope(text: &[u8], at: usize) -> Vec<String> {
    let (start, _) = with_scope(text, at, 0);
    let scope = String::from_utf8_lossy(&text[start..at]);
    scope.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// For a template argument at `at`: where the template's name is, its length, and the argument's index.
pub fn enclosing_template(text: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let (mut depth, mut index) = (0_i32, 0);
    let start = at.saturating_sub(WINDOW);
    for place in (start..at).rev() {
        match text[place] {
            b'>' | b')' | b']' | b'}' => depth += 1,
            b'<' if depth == 0 => {
                let end = previous_place(text, place)? + 1;
                let name = text[..end].iter().rposition(|byte| !is_word(*byte)).map_or(0, |place| place + 1);
                return (name < end).then_some((name, end - name, index));
            }
            b'(' | b'[' | b'{' if depth == 0 => return None,
            b'<' | b'(' | b'[' | b'{' => depth -= 1,
            b',' if depth == 0 => index += 1,
            b';' => return None,
            _ => {}
        }
    }
    None
}

/// The identifiers from `at` to the end of the constant expression there.
pub fn constant_words(text: &[u8], at: usize) -> Vec<String> {
    let end = text.len().min(at + 200);
    let stop = text[at..end]
        .iter()
        .position(|byte| matches!(byte, b';' | b'{' | b'\n'))
        .map_or(end, |length| at + length);
    text[at..stop]
        .split(|byte| !is_word(*byte))
        .filter(|word| word.first().is_some_and(|byte| !byte.is_ascii_digit()))
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// The further members in `name(…).a().b->c`, for the name at `at`; true for those used as templates.
///
/// One pass over the file finds only the first member of a chain on an unknown object.
pub fn member_chain(text: &[u8], at: usize, length: usize) -> Vec<(String, bool)> {
    let mut chain = Vec::new();
    let mut at = skip_blank(text, at + length);
    while chain.len() < 16 {
        match text.get(at) {
            Some(b'(') => match matching(text, at, b'(', b')') {
                Some(close) => at = skip_blank(text, close + 1),
                None => break,
            },
            Some(b'[') => match matching(text, at, b'[', b']') {
                Some(close) => at = skip_blank(text, close + 1),
                None => break,
            },
            Some(b'.') => at = skip_blank(text, at + 1),
            Some(b'-') if text.get(at + 1) == Some(&b'>') => at = skip_blank(text, at + 2),
            _ => break,
        }
        let end = text[at..].iter().position(|byte| !is_word(*byte)).map_or(text.len(), |length| at + length);
        if end > at && !text[at].is_ascii_digit() {
            let name = String::from_utf8_lossy(&text[at..end]).into_owned();
            let is_template = matches!(classify(text, at, end - at), Use::TemplateCall(_));
            chain.push((name, is_template));
            at = skip_blank(text, end);
        }
    }
    chain
}

/// What follows a macro that stands where a declaration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclarationMacro {
    /// The arguments, if it has any.
    pub arguments: Option<Vec<String>>,
    /// True if a body follows.
    pub has_body: bool,
    /// Where the use ends: after the closing bracket, or after the name.
    pub end: usize,
}

/// Looks at a name that stands where a declaration stands.
pub fn declaration_macro(text: &[u8], at: usize, length: usize) -> Option<DeclarationMacro> {
    let after = skip_blank(text, at + length);
    if text.get(after) != Some(&b'(') {
        return None;
    }
    let close = matching(text, after, b'(', b')')?;
    let next = text.get(skip_blank(text, close + 1)).copied();
    // `Name(int x) : member(x) {` is a constructor of a class that is missing.
    (next != Some(b':')).then(|| DeclarationMacro {
        arguments: Some(split_arguments(&text[after + 1..close])),
        has_body: next == Some(b'{'),
        end: close + 1,
    })
}

/// True if two words follow the name: then it cannot be a type, only a macro such as `MY_EXPORT`.
pub fn precedes_declaration(text: &[u8], at: usize, length: usize) -> bool {
    if !is_upper(&text[at..at + length]) {
        return false;
    }
    let word_end = |mut at: usize| {
        let start = at;
        while text.get(at).is_some_and(|byte| is_word(*byte) || *byte == b':') {
            at += 1;
        }
        (at > start).then_some(at)
    };
    let first = skip_blank(text, at + length);
    let Some(end) = word_end(first) else { return false };
    let mut second = skip_blank(text, end);
    while matches!(text.get(second), Some(b'*' | b'&')) {
        second = skip_blank(text, second + 1);
    }
    let keyword = matches!(
        &text[first..end],
        b"void"
            | b"int"
            | b"float"
            | b"double"
            | b"bool"
            | b"char"
            | b"static"
            | b"inline"
            | b"const"
            | b"unsigned"
            | b"struct"
            | b"class"
            | b"enum"
            | b"template"
            | b"extern"
            | b"virtual"
            | b"explicit"
            | b"typedef"
            | b"using"
    );
    keyword || word_end(second).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str) -> Use {
        classify(text.as_bytes(), text.find(name).unwrap(), name.len())
    }

    #[test]
    fn uses_are_read_off_the_text() {
        assert_eq!(of("{ foo(1, 2); }", "foo"), Use::Call);
        assert_eq!(of("x = foo /* c */ (1);", "foo"), Use::Call);
        assert_eq!(of("foo<<<1, 2>>>();", "foo"), Use::Launch(vec![]));
        assert_eq!(of("foo<float, 3><<<1, 2>>>();", "foo"), Use::Launch(vec![false, true]));
        assert_eq!(of("x = foo<int>(3);", "foo"), Use::TemplateCall(vec![false]));
        assert_eq!(of("Foo<int, BS> x;", "Foo"), Use::ClassTemplate(vec![false, true]));
        assert_eq!(of("ns::f();", "ns"), Use::Scope);
        assert_eq!(of("if (a < b && c > (d)) {}", "a"), Use::Value);
        assert_eq!(of("x = y + N;", "N"), Use::Value);
    }

    #[test]
    fn types_are_told_from_values() {
        assert_eq!(of("{ Foo *p = 0; }", "Foo"), Use::Type);
        assert_eq!(of("x = a * b;", "a"), Use::Value);
        assert_eq!(of("p = (Foo *)malloc(4);", "Foo"), Use::Type);
        assert_eq!(of("n = sizeof(Foo);", "Foo"), Use::Type);
        assert_eq!(of("std::vector<Foo> v;", "Foo"), Use::Type);
        assert_eq!(of("i <n; i++", "n"), Use::Value);
        assert_eq!(of("static_cast<Foo *>(p)", "Foo"), Use::Type);
    }

    #[test]
    fn scopes_belong_to_a_name() {
        let text = "if (t == DataType::kFLOAT && x) {}";
        assert_eq!(of(text, "kFLOAT"), Use::Value);
        assert_eq!(written_scope(b"x a::b :: C", 10), ["a", "b"]);
        assert_eq!(of("static_assert(a::con<X>);", "con"), Use::Concept);
        let text = b"cub::BlockReduce<f(1, 2), T, 3> x;";
        assert_eq!(enclosing_template(text, 29), Some((5, 11, 2)));
        assert_eq!(enclosing_template(b"f(a, b)", 5), None);
        assert_eq!(constant_words(b"N + M2]; x", 0), ["N", "M2"]);
    }

    #[test]
    fn macros_are_told_from_calls() {
        assert_eq!(of("{\n  CHECK(foo(1))\n  bar();\n}", "CHECK"), Use::Statement(true));
        assert_eq!(of("{\n  CHECK(foo(1));\n  bar();\n}", "CHECK"), Use::Call);
        assert_eq!(of("{ LOOP(i, n) { f(i); } }", "LOOP"), Use::Block(vec!["i".into(), "n".into()]));
        let text = b"TEST(A, b) { }";
        let found = declaration_macro(text, 0, 4).unwrap();
        assert!(found.has_body);
        assert_eq!(found.arguments.unwrap(), ["A", "b"]);
        assert!(precedes_declaration(b"API void f();", 0, 3));
        assert!(precedes_declaration(b"API cudaError_t *f();", 0, 3));
        assert!(!precedes_declaration(b"TYPE x;", 0, 4));
    }

    #[test]
    fn chains_of_members_are_followed() {
        let text = b"x.a(1).b->c<int>(2)[3].d;";
        assert_eq!(member_chain(text, 2, 1), [("b".to_owned(), false), ("c".to_owned(), true)]);
        assert_eq!(member_chain(b"a.b", 0, 1), [("b".to_owned(), false)]);
    }

    #[test]
    fn truncated_text_is_no_problem() {
        for text in ["foo(", "foo<", "foo", "foo /*", "foo(\"", "foo('\\", "foo<<<"] {
            let _ = of(text, "foo");
            let _ = declaration_macro(text.as_bytes(), 0, 3);
            let _ = member_chain(text.as_bytes(), 0, 3);
        }
    }
}
