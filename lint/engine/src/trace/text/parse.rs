//! Reading the text form.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::super::validate::validate;
use super::super::{
    Action, CaptureMode, CopyKind, Made, Memory, Point, Position, Range, Release, Step, Stream, Trace,
};
use crate::DefaultStream;

/// Why a text is no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and why.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.help)
    }
}

impl std::error::Error for ParseError {}

/// Reads a trace and checks it ([`super::super::validate`]).
///
/// # Errors
/// All lines that are wrong: of grammar, or, where the grammar is right throughout, of sense.
pub fn parse(text: &str) -> Result<Trace<Position>, Vec<ParseError>> {
    let mut trace = Trace { default_stream: DefaultStream::Legacy, steps: Vec::new() };
    let mut lines = Vec::new();
    let mut errors = Vec::new();
    let mut known = Known::default();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match Line::split(line).and_then(|line| line.read(&known)) {
            Ok(Content::Nothing) => {}
            Ok(Content::Default(_)) if !trace.steps.is_empty() => errors.push(ParseError {
                line: number,
                what: "what stream 0 is comes after the first step".into(),
                help: "move this line to the top".into(),
            }),
            Ok(Content::Default(default)) => trace.default_stream = default,
            Ok(Content::Step(step)) => {
                match &step.action {
                    Action::CreateEvent { event } | Action::CreateTimer { event } => {
                        known.events.insert(event.clone());
                    }
                    Action::EndCapture { graph, .. } => {
                        known.graphs.insert(graph.clone());
                    }
                    _ => {}
                }
                trace.steps.push(step);
                lines.push(number);
            }
            Err(Fault { what, help }) => errors.push(ParseError { line: number, what, help }),
        }
    }
    if errors.is_empty()
        && let Err(problems) = validate(&trace)
    {
        let last = lines.last().copied().unwrap_or(1);
        errors.extend(problems.into_iter().map(|problem| ParseError {
            line: lines.get(problem.step).copied().unwrap_or(last),
            what: problem.what,
            help: problem.help,
        }));
    }
    if errors.is_empty() { Ok(trace) } else { Err(errors) }
}

struct Fault {
    what: String,
    help: String,
}

type Parsed<T> = Result<T, Fault>;

fn fault<T>(what: impl Into<String>, help: impl Into<String>) -> Parsed<T> {
    Err(Fault { what: what.into(), help: help.into() })
}

enum Content {
    Nothing,
    Default(DefaultStream),
    Step(Step<Position>),
}

#[derive(Clone, Debug, PartialEq)]
struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }
}

/// A line without its comment.
struct Line {
    words: Vec<Word>,
    place: Option<Position>,
}

impl Line {
    /// Splits a line into words and the place. Comments are left out.
    fn split(line: &str) -> Parsed<Self> {
        let mut words = Vec::new();
        let mut rest = line.trim_start();
        loop {
            if rest.is_empty() || rest.starts_with('#') {
                return Ok(Self { words, place: None });
            }
            if rest.starts_with('"') {
                let (text, after) = unquote(rest)?;
                words.push(Word { text, quoted: true });
                rest = after.trim_start();
                continue;
            }
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after.trim_start();
            if word == "@" {
                return Ok(Self { words, place: Some(place(rest)?) });
            }
            words.push(Word { text: word.to_owned(), quoted: false });
        }
    }

    fn read(self, known: &Known) -> Parsed<Content> {
        if self.words.is_empty() {
            return match self.place {
                None => Ok(Content::Nothing),
                Some(_) => fault("a place without a step", "write the step before the ` @ `"),
            };
        }
        let mut words = Words { words: self.words.into_iter().peekable(), known };
        if words.take("default-stream") {
            let default = match words.word("`legacy` or `per-thread`")?.as_str() {
                "legacy" => DefaultStream::Legacy,
                "per-thread" => DefaultStream::PerThread,
                other => {
                    return fault(
                        format!("stream 0 cannot be `{other}`"),
                        "write `default-stream legacy` or `default-stream per-thread`",
                    );
                }
            };
            words.end()?;
            return Ok(Content::Default(default));
        }
        let action = words.action()?;
        words.end()?;
        Ok(Content::Step(Step { action, place: self.place }))
    }
}

/// A quoted text and what follows. The escapes are those of Rust's `{:?}`.
fn unquote(text: &str) -> Parsed<(String, &str)> {
    let wrong = || Fault {
        what: "a quoted name that does not end, or has an unknown escape".into(),
        help: "end it with `\"`; in it, write `\\\"`, `\\\\`, `\\n`, `\\t` or `\\u{…}`".into(),
    };
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Ok((content, &text[at + 1..])),
            '\\' => content.push(match chars.next().ok_or_else(wrong)?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                plain @ ('"' | '\\' | '\'') => plain,
                'u' => {
                    let digits: String = chars
                        .by_ref()
                        .map(|it| it.1)
                        .skip_while(|it| *it == '{')
                        .take_while(|it| *it != '}')
                        .collect();
                    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)?
                }
                _ => return Err(wrong()),
            }),
            char => content.push(char),
        }
    }
    Err(wrong())
}

/// `file:line:column`, up to a comment.
fn place(text: &str) -> Parsed<Position> {
    let content = if text.starts_with('"') {
        let (content, after) = unquote(text)?;
        if !after.trim_start().is_empty() && !after.trim_start().starts_with('#') {
            return fault(format!("`{}` follows the place", after.trim()), "remove it");
        }
        content
    } else {
        let comment = text.match_indices('#').map(|it| it.0);
        let end = comment.into_iter().find(|at| text[..*at].ends_with(char::is_whitespace));
        text[..end.unwrap_or(text.len())].trim_end().to_owned()
    };
    let mut parts = content.rsplitn(3, ':');
    let column = parts.next().and_then(|it| it.parse().ok());
    let line = parts.next().and_then(|it| it.parse().ok());
    match (parts.next(), line, column) {
        (Some(file), Some(line), Some(column)) => Ok(Position { file: file.to_owned(), line, column }),
        _ => fault(format!("`{content}` is no place"), "write `file:line:column` after the `@`"),
    }
}

/// What names stand for that streams could stand for as well.
#[derive(Default)]
struct Known {
    events: BTreeSet<String>,
    graphs: BTreeSet<String>,
}

struct Words<'k> {
    words: Peekable<IntoIter<Word>>,
    known: &'k Known,
}

impl Words<'_> {
    fn action(&mut self) -> Parsed<Action> {
        let first = self.word("a step")?;
        if self.take("=") {
            return self.declaration(first);
        }
        Ok(match first.as_str() {
            "copy" | "copy-sync" => {
                let dst = self.range()?;
                self.expect("<-")?;
                let src = self.range()?;
                let kind = if self.take("as") {
                    Some(one_of(&CopyKind::ALL, CopyKind::word, "a direction", &self.word("a direction")?)?)
                } else {
                    None
                };
                Action::Copy { dst, src, kind, synchronous: first == "copy-sync", stream: self.on()? }
            }
            "fill" | "fill-sync" => {
                Action::Fill { dst: self.range()?, synchronous: first == "fill-sync", stream: self.on()? }
            }
            "launch" => {
                let kernel = self.word("the kernel's name")?;
                let (reads, writes) = (self.ranges("reads")?, self.ranges("writes")?);
                let stream = self.on()?;
                let meant = if self.take("meant") { Some(self.stream()?) } else { None };
                Action::Launch { kernel, reads, writes, stream, meant }
            }
            "host-function" | "callback" => {
                let function = self.word("the function's name")?;
                let (reads, writes) = (self.ranges("reads")?, self.ranges("writes")?);
                let mut calls = Vec::new();
                if self.take("calls") {
                    while self.words.peek().is_some_and(|it| !it.is("on")) {
                        calls.push(self.word("a function")?);
                    }
                    if calls.is_empty() {
                        return fault("`calls` without a function", "name the functions, or leave it out");
                    }
                }
                let callback = first == "callback";
                Action::HostFunction { function, reads, writes, calls, stream: self.on()?, callback }
            }
            "record" => Action::Record { event: self.word("an event")?, stream: self.on()? },
            "wait" => {
                let stream = self.stream()?;
                self.expect("for")?;
                Action::StreamWait { stream, event: self.word("an event")? }
            }
            "host-read" => Action::HostRead { range: self.range()? },
            "host-write" => Action::HostWrite { range: self.range()? },
            "synchronize" => Action::Synchronize { point: self.point()?, needless: self.take("needless") },
            "make-and-release" => {
                let made = one_of(&Made::ALL, Made::word, "a thing to make", &self.word("a thing to make")?)?;
                let bytes = if made.is_memory() { self.bytes()? } else { 0 };
                Action::MakeAndRelease { made, bytes }
            }
            "fault" => Action::Fault { work: self.word("the work's name")?, stream: self.on()? },
            "poll" => Action::Query { point: self.point()?, until_complete: true },
            "query" => Action::Query { point: self.point()?, until_complete: false },
            "elapsed" => Action::Elapsed { start: self.word("an event")?, end: self.word("an event")? },
            "clock" => Action::Clock,
            "end" => Action::End,
            "call" => Action::Call { function: self.word("a function")? },
            "free" => {
                let buffer = self.word("a buffer")?;
                self.expect("with")?;
                let with = one_of(&Release::ALL, Release::word, "a release", &self.word("a function")?)?;
                Action::Free { buffer, with, stream: self.on_if_there()? }
            }
            "destroy" => {
                let name = self.word("a stream, an event or a graph")?;
                if self.known.events.contains(&name) {
                    Action::DestroyEvent { event: name }
                } else if self.known.graphs.contains(&name) {
                    Action::DestroyGraph { graph: name }
                } else {
                    Action::DestroyStream { stream: name }
                }
            }
            "begin-capture" => {
                let stream = self.stream()?;
                let mode = match self.words.next() {
                    None => CaptureMode::Global,
                    Some(word) => one_of(&CaptureMode::ALL, CaptureMode::word, "a mode", &word.text)?,
                };
                Action::BeginCapture { stream, mode }
            }
            "launch-graph" => Action::LaunchGraph { graph: self.word("a graph")?, stream: self.on()? },
            other => {
                return fault(
                    format!("`{other}` starts no step"),
                    "see the list of steps in the documentation of the text form",
                );
            }
        })
    }

    fn declaration(&mut self, name: String) -> Parsed<Action> {
        let sort = self.word("what it is")?;
        Ok(match sort.as_str() {
            "stream" => {
                let non_blocking = self.take("non-blocking");
                Action::CreateStream { stream: name, non_blocking }
            }
            "event" => Action::CreateEvent { event: name },
            "timer" => Action::CreateTimer { event: name },
            "end-capture" => Action::EndCapture { stream: self.stream()?, graph: name },
            memory => {
                let memory = one_of(&Memory::ALL, Memory::word, "a thing that a trace can make", memory)?;
                let bytes = self.bytes()?;
                Action::Allocate { buffer: name, memory, bytes, stream: self.on_if_there()? }
            }
        })
    }

    fn bytes(&mut self) -> Parsed<u64> {
        let bytes = self.word("a number of bytes")?;
        match bytes.parse() {
            Ok(bytes) => Ok(bytes),
            Err(_) => fault(format!("`{bytes}` is no number of bytes"), "write a whole number"),
        }
    }

    fn take(&mut self, keyword: &str) -> bool {
        self.words.next_if(|word| word.is(keyword)).is_some()
    }

    fn expect(&mut self, keyword: &str) -> Parsed<()> {
        if self.take(keyword) {
            return Ok(());
        }
        match self.words.peek() {
            Some(word) => fault(
                format!("`{}` stands where `{keyword}` should", word.text),
                format!("write `{keyword}` before it"),
            ),
            None => fault(format!("the line ends before `{keyword}`"), "complete the step"),
        }
    }

    fn word(&mut self, wanted: &str) -> Parsed<String> {
        match self.words.next() {
            Some(word) => Ok(word.text),
            None => fault(format!("the line ends before {wanted}"), "complete the step"),
        }
    }

    fn end(&mut self) -> Parsed<()> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => fault(
                format!("`{}` follows the end of the step", word.text),
                "remove it, or start a comment with `#`",
            ),
        }
    }

    fn stream(&mut self) -> Parsed<Stream> {
        Ok(Stream::from(self.word("a stream")?))
    }

    fn on(&mut self) -> Parsed<Stream> {
        self.expect("on")?;
        self.stream()
    }

    fn on_if_there(&mut self) -> Parsed<Option<Stream>> {
        if self.take("on") { self.stream().map(Some) } else { Ok(None) }
    }

    fn point(&mut self) -> Parsed<Point> {
        let word = self.word("what to wait for")?;
        Ok(match word.as_str() {
            "device" => Point::Device,
            _ if self.known.events.contains(&word) => Point::Event(word),
            _ => Point::Stream(Stream::from(word)),
        })
    }

    fn ranges(&mut self, keyword: &str) -> Parsed<Vec<Range>> {
        let mut ranges = Vec::new();
        if self.take(keyword) {
            while self.words.peek().is_some_and(|it| !it.quoted && it.text.contains('[')) {
                ranges.push(self.range()?);
            }
            if ranges.is_empty() {
                return fault(format!("`{keyword}` without a range"), "write ranges: `h[0..4096]`");
            }
        }
        Ok(ranges)
    }

    fn range(&mut self) -> Parsed<Range> {
        let word = self.word("a range")?;
        let parsed = word.strip_suffix(']').and_then(|it| it.split_once('[')).and_then(|(buffer, bounds)| {
            let (start, end) = bounds.split_once("..")?;
            Some(Range { buffer: buffer.to_owned(), start: start.parse().ok()?, end: end.parse().ok()? })
        });
        match parsed {
            Some(range) => Ok(range),
            None => fault(format!("`{word}` is no range"), "write the first byte and the end: `h[0..4096]`"),
        }
    }
}

fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str, what: &str, text: &str) -> Parsed<T> {
    match all.iter().find(|it| word(**it) == text) {
        Some(found) => Ok(*found),
        None => {
            let words: Vec<_> = all.iter().map(|it| format!("`{}`", word(*it))).collect();
            fault(format!("`{text}` is not {what}"), format!("use one of {}", words.join(", ")))
        }
    }
}
