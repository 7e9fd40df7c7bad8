//! A careful token scan of C++ text: what is code, where functions, calls and statements begin and end.
//!
//! The mutator must not share the frontend of the tool that it tests: a site that libclang does not see
//! is a miss that has to be counted.

use std::ops::Range;

/// Ends the name of a helper that stands for a call of the API with the same arguments.
pub const ALIAS: &str = "_recall";

/// Ends the name of a helper that returns what the API stores through its first argument, which is written
/// `(place = (__typeof__(place))name(…)`.
pub const VALUE: &str = "_value_recall";

/// One source file, with everything that is not code blanked out.
pub struct Source {
    /// The text as it is on disk.
    pub text: String,
    /// As long as `text`; comments, literals, directives and `#if 0` are spaces.
    pub code: Vec<u8>,
    /// Bodies of host functions, in order.
    pub functions: Vec<Function>,
}

/// A function with a body that runs on the host.
pub struct Function {
    /// Its name without qualification.
    pub name: String,
    /// The text between its braces.
    pub body: Range<usize>,
}

/// A call: `name(arguments)`.
#[derive(Clone)]
pub struct Call {
    /// The name before the parenthesis; of a helper, the call of the API that it stands for.
    pub name: String,
    /// From the name to behind the closing parenthesis.
    pub range: Range<usize>,
    /// Each argument without surrounding space.
    pub arguments: Vec<Range<usize>>,
}

/// The statement around a call.
pub struct Statement {
    /// With its semicolon.
    pub range: Range<usize>,
    /// Nothing but the call, or the call in a check macro.
    pub plain: bool,
    /// No `if`, `for` or label hangs on it.
    pub in_block: bool,
}

impl Source {
    /// Scans a text.
    pub fn new(text: String) -> Self {
        let code = mask(text.as_bytes());
        let functions = functions(&code);
        Self { text, code, functions }
    }

    /// The text of a part.
    pub fn slice(&self, range: &Range<usize>) -> &str {
        &self.text[range.clone()]
    }

    /// The line of a position, from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()
    }

    /// All calls `name(…)` within a part, in order. Method calls keep the bare method name.
    pub fn calls(&self, within: &Range<usize>) -> Vec<Call> {
        let code = &self.code;
        let mut found = Vec::new();
        let mut at = within.start;
        while at < within.end {
            if !is_word(code[at]) || (at > 0 && is_word(code[at - 1])) {
                at += 1;
                continue;
            }
            let end = word_end(code, at);
            let open = skip_space(code, end);
            if code.get(open) == Some(&b'(')
                && let Some(close) = closing(code, open)
                && close < within.end
            {
                let written = &self.text[at..end];
                let mut arguments = self.arguments(open + 1..close);
                let mut name = written.strip_suffix(ALIAS).unwrap_or(written);
                if let Some(stem) = written.strip_suffix(VALUE)
                    && code[..at].ends_with(b"))")
                    && let Some(place) = at.checked_sub(2).and_then(|end| Some(opening(code, end)? + 1..end))
                {
                    name = stem;
                    arguments.insert(0, place);
                }
                found.push(Call { name: name.to_owned(), range: at..close + 1, arguments });
            }
            at = end;
        }
        found
    }

    /// The name of a call as it is written, if that is a helper's.
    pub fn helper(&self, call: &Call) -> Option<Range<usize>> {
        let range = call.range.start..word_end(&self.code, call.range.start);
        self.slice(&range).ends_with(ALIAS).then_some(range)
    }

    /// Where a variable is named within a part.
    pub fn words(&self, within: &Range<usize>, word: &str) -> Vec<Range<usize>> {
        let code = &self.code;
        let mut found = Vec::new();
        let mut at = within.start;
        while let Some(start) = find(code, word.as_bytes(), at, within.end) {
            at = start + word.len();
            let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
            let is_member = code[..start].ends_with(b".") || code[..start].ends_with(b"->");
            if !is_part(code[..start].last()) && !is_part(code.get(at)) && !is_member {
                found.push(start..at);
            }
        }
        found
    }

    /// Where the outermost declaration around a position begins.
    pub fn outermost(&self, position: usize) -> usize {
        let (mut at, mut head) = (0, 0);
        while at < position {
            match self.code[at] {
                b';' | b'}' => head = at + 1,
                b'{' => match closing(&self.code, at) {
                    Some(close) if close < position => {
                        at = close;
                        head = at + 1;
                    }
                    _ => break,
                },
                _ => {}
            }
            at += 1;
        }
        skip_space(&self.code, head)
    }

    /// All kernel launches within a part: the call is named after the kernel, its arguments are those
    /// between `<<<` and `>>>`; the second part are the arguments of the kernel.
    pub fn launches(&self, within: &Range<usize>) -> Vec<(Call, Vec<Range<usize>>)> {
        let code = &self.code;
        let mut found = Vec::new();
        let mut at = within.start;
        while let Some(open) = find(code, b"<<<", at, within.end) {
            at = open + 3;
            let Some(close) = find(code, b">>>", open, within.end) else { break };
            let parenthesis = skip_space(code, close + 3);
            if code.get(parenthesis) != Some(&b'(') {
                continue;
            }
            let Some(end) = closing(code, parenthesis) else { continue };
            let name_end = back_over_space(code, open);
            let name_start = back_over_words(code, name_end);
            found.push((
                Call {
                    name: self.text[name_start..name_end].to_owned(),
                    range: name_start..end + 1,
                    arguments: self.arguments(open + 3..close),
                },
                self.arguments(parenthesis + 1..end),
            ));
            at = end;
        }
        found
    }

    /// Splits at the commas of the outermost level.
    fn arguments(&self, within: Range<usize>) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let (mut depth, mut start) = (0_i32, within.start);
        for at in within.clone() {
            match self.code[at] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => {
                    found.push(self.trimmed(start..at));
                    start = at + 1;
                }
                _ => {}
            }
        }
        let last = self.trimmed(start..within.end);
        if !last.is_empty() || !found.is_empty() {
            found.push(last);
        }
        found
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.text[range.clone()];
        let start = range.start + (text.len() - text.trim_start().len());
        start..(start + text.trim().len())
    }

    /// The statement that a call stands in. `None` where it is part of a condition or of a header.
    pub fn statement(&self, call: &Range<usize>) -> Option<Statement> {
        let code = &self.code;
        let mut begin = call.start;
        while begin > 0 {
            match code[begin - 1] {
                b';' | b'{' | b'}' => break,
                b')' => begin = opening(code, begin - 1)?,
                _ => begin -= 1,
            }
        }
        let mut start = skip_space(code, begin);
        let mut in_block = true;
        loop {
            let end = word_end(code, start);
            let after = skip_space(code, end);
            match &self.text[start..end] {
                "if" | "for" | "while" | "switch" if code.get(after) == Some(&b'(') => {
                    let close = closing(code, after)?;
                    if close > call.start {
                        return None;
                    }
                    start = skip_space(code, close + 1);
                    in_block = false;
                }
                "else" | "do" | "case" | "default" => {
                    start = if &self.text[start..end] == "case" {
                        skip_space(code, find(code, b":", start, call.start)? + 1)
                    } else {
                        after + usize::from(code.get(after) == Some(&b':'))
                    };
                    start = skip_space(code, start);
                    in_block = false;
                }
                _ => break,
            }
        }
        let mut end = call.end;
        loop {
            match code.get(end)? {
                b';' => break,
                b'{' | b'}' => return None,
                b'(' => end = closing(code, end)? + 1,
                _ => end += 1,
            }
        }
        let before = &code[start..call.start];
        let plain =
            before.iter().all(|byte| is_word(*byte) || byte.is_ascii_whitespace() || b"(:.".contains(byte))
                && !before.starts_with(b"return")
                && !self.code[call.end..end].contains(&b'=')
                && (before.contains(&b'(') || before.iter().all(|byte| !byte.is_ascii_whitespace()));
        Some(Statement { range: start..end + 1, plain, in_block })
    }

    /// The brace that opens the innermost block around a position.
    pub fn block(&self, at: usize) -> Option<usize> {
        let mut depth = 0;
        (0..at).rev().find(|at| {
            match self.code[*at] {
                b'}' => depth += 1,
                b'{' if depth == 0 => return true,
                b'{' => depth -= 1,
                _ => {}
            }
            false
        })
    }
}

/// What an expression names, without casts, `&`, `*`, subscripts and offsets: `(void **)&p[i].x[j]` is `p.x`.
pub fn base(expression: &str) -> String {
    let mut rest = expression.trim();
    loop {
        let before = rest;
        rest = rest.trim_start_matches(['&', '*', ' ', '\t', '\n']);
        if let Some(end) = rest.find("_cast<").filter(|at| rest[..*at].bytes().all(is_word)) {
            let Some(open) = rest.bytes().skip(end).position(|byte| byte == b'(') else {
                return String::new();
            };
            rest = &rest[end + open + 1..];
        } else if rest.starts_with('(') {
            let Some(close) = closing(rest.as_bytes(), 0) else { return String::new() };
            let tail = rest[close + 1..].trim_start();
            let is_cast = tail.starts_with(|c: char| c.is_alphanumeric() || "_&(*".contains(c))
                && rest[1..close]
                    .bytes()
                    .all(|b| is_word(b) || b.is_ascii_whitespace() || b"*:<>".contains(&b));
            rest = if is_cast { tail } else { &rest[1..close] };
        }
        if rest == before {
            break;
        }
    }
    let bytes = rest.as_bytes();
    let (mut name, mut at) = (String::new(), 0);
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [byte, ..] if is_word(*byte) || *byte == b'.' => at + 1,
            [b'-', b'>', ..] | [b':', b':', ..] => at + 2,
            // Only a subscript that a member follows is in the middle of a name.
            [b'[', ..] => match closing(bytes, at) {
                Some(close) if matches!(&bytes[close + 1..], [b'.', ..] | [b'-', b'>', ..]) => {
                    at = close + 1;
                    continue;
                }
                _ => break,
            },
            _ => break,
        };
        name.push_str(&rest[at..end]);
        at = end;
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return String::new();
    }
    name.trim_end_matches(".data").to_owned()
}

/// Part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_end(code: &[u8], at: usize) -> usize {
    at + code[at..].iter().take_while(|byte| is_word(**byte)).count()
}

fn skip_space(code: &[u8], at: usize) -> usize {
    at + code.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn back_over_space(code: &[u8], at: usize) -> usize {
    at - code[..at].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Back over a name with its template arguments.
fn back_over_words(code: &[u8], mut at: usize) -> usize {
    if at > 0 && code[at - 1] == b'>' {
        let mut depth = 0;
        while at > 0 {
            at -= 1;
            match code[at] {
                b'>' => depth += 1,
                b'<' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    at - code[..at].iter().rev().take_while(|byte| is_word(**byte) || **byte == b':').count()
}

fn find(code: &[u8], what: &[u8], from: usize, to: usize) -> Option<usize> {
    code.get(from..to)?.windows(what.len()).position(|part| part == what).map(|at| from + at)
}

fn closing(code: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    code.iter().enumerate().skip(open).find_map(|(at, byte)| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

fn opening(code: &[u8], close: usize) -> Option<usize> {
    let mut depth = 0_i32;
    (0..=close).rev().find(|at| {
        match code[*at] {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// Blanks what is not code; line ends stay.
fn mask(text: &[u8]) -> Vec<u8> {
    let mut code = text.to_vec();
    let blank = |code: &mut [u8], range: Range<usize>| {
        for byte in &mut code[range] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut at = 0;
    while at < text.len() {
        let end = match &text[at..] {
            [b'/', b'/', ..] => at + text[at..].iter().take_while(|byte| **byte != b'\n').count(),
            [b'/', b'*', ..] => find(text, b"*/", at + 2, text.len()).map_or(text.len(), |end| end + 2),
            [b'"', ..] if at > 0 && text[at - 1] == b'R' => {
                let open = at + text[at..].iter().take_while(|byte| **byte != b'(').count();
                let mut close = vec![b')'];
                close.extend_from_slice(text.get(at + 1..open).unwrap_or_default());
                close.push(b'"');
                find(text, &close, open, text.len()).map_or(text.len(), |end| end + close.len())
            }
            // A digit separator is no quotation mark.
            [b'\'', ..] if at > 0 && text[at - 1].is_ascii_digit() => at + 1,
            [quote @ (b'"' | b'\''), ..] => {
                let mut end = at + 1;
                while end < text.len() && text[end] != *quote && text[end] != b'\n' {
                    end += 1 + usize::from(text[end] == b'\\');
                }
                (end + 1).min(text.len())
            }
            _ => {
                at += 1;
                continue;
            }
        };
        // A blanked literal stays an expression.
        let literal = matches!(text[at], b'"' | b'\'');
        blank(&mut code, at..end);
        if literal {
            code[at] = b'0';
        }
        at = end;
    }
    blank_directives(&mut code);
    code
}

/// Blanks preprocessor lines, and the parts that `#if 0` and `#ifdef` of an unset name leave out of most
/// builds are those of `#if 0` alone.
fn blank_directives(code: &mut [u8]) {
    let mut line = 0;
    // For each open conditional whether its current part is `#if 0`.
    let mut open: Vec<bool> = Vec::new();
    while line < code.len() {
        let mut end = line + code[line..].iter().take_while(|byte| **byte != b'\n').count();
        let first = skip_space(&code[..end], line);
        let mut hidden = open.contains(&true);
        if code.get(first) == Some(&b'#') && first < end {
            while end < code.len() && code[..end].trim_ascii_end().ends_with(b"\\") && code[end - 1] != b'\n'
            {
                end += 1;
                end += code[end..].iter().take_while(|byte| **byte != b'\n').count();
            }
            let text = code[first + 1..end].trim_ascii();
            if text.starts_with(b"if") {
                open.push(text.strip_prefix(b"if").is_some_and(|rest| rest.trim_ascii() == b"0"));
            } else if text.starts_with(b"el") {
                if let Some(part) = open.last_mut() {
                    *part = false;
                }
            } else if text.starts_with(b"endif") {
                open.pop();
            }
            hidden = true;
        }
        if hidden {
            for byte in &mut code[line..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        line = end + 1;
    }
}

/// Bodies of functions that run on the host.
fn functions(code: &[u8]) -> Vec<Function> {
    let mut found = Vec::new();
    let (mut at, mut head) = (0, 0);
    while at < code.len() {
        match code[at] {
            b';' | b'}' => head = at + 1,
            b'(' => {
                at = closing(code, at).unwrap_or(at);
            }
            b'{' => {
                let words = &code[head..at];
                let has = |word: &[u8]| {
                    words.windows(word.len()).enumerate().any(|(at, part)| {
                        part == word
                            && (at == 0 || !is_word(words[at - 1]))
                            && words.get(at + word.len()).is_none_or(|byte| !is_word(*byte))
                    })
                };
                let parenthesis = words.iter().position(|byte| *byte == b'(');
                match parenthesis {
                    Some(open) if !has(b"enum") => {
                        let Some(close) = closing(code, at) else { break };
                        let end = back_over_space(words, open);
                        let start =
                            end - words[..end].iter().rev().take_while(|byte| is_word(**byte)).count();
                        let on_device = has(b"__global__") || (has(b"__device__") && !has(b"__host__"));
                        if !on_device {
                            found.push(Function {
                                name: String::from_utf8_lossy(&words[start..end]).into_owned(),
                                body: at + 1..close,
                            });
                        }
                        at = close;
                    }
                    // An initialiser: nothing in it is a statement.
                    None if words.trim_ascii_end().ends_with(b"=") || has(b"enum") => {
                        at = closing(code, at).unwrap_or(at);
                    }
                    _ => {}
                }
                head = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}
