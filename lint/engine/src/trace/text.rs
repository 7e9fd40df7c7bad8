//! The text form of traces: one step a line, printed and parsed without loss.
//!
//! ```text
//! default-stream per-thread
//! h = pinned 4096
//! m = stream-ordered 4096 on s
//! s = stream
//! t = stream non-blocking
//! e = event
//! f = timer
//! copy d[0..4096] <- h[0..4096] as host-to-device on s
//! copy-sync d[0..4096] <- h[0..4096] on default
//! fill d[0..64] on s
//! fill-sync d[0..64] on default
//! launch scale reads a[0..4] b[0..4] writes d[0..64] on s
//! launch scale writes d[0..64] on default meant s
//! host-function done reads h[0..4] writes g[0..4] calls cudaMalloc cudaFree on s
//! callback done on s
//! record e on s
//! wait s for e
//! host-read h[0..4]
//! host-write h[0..4]
//! synchronize s
//! synchronize s needless
//! make-and-release device 4096
//! make-and-release stream
//! fault scale on s
//! poll e
//! query s
//! elapsed f g
//! clock
//! call cudaGetLastError
//! free h with cudaFreeHost
//! free m with cudaFreeAsync on s
//! destroy s
//! begin-capture t
//! begin-capture u relaxed
//! g = end-capture t
//! launch-graph g on t @ main.cu:12:5
//! destroy g
//! end
//! ```
//!
//! - The first line is left out where stream 0 is the legacy default stream.
//! - A stream is a name, `default`, `legacy` or `per-thread`; what is waited for may be an event or `device`
//!   as well. A `timer` is an event that measures time. `poll` queries until the answer is success, `query` asks once.
//! - A copy without `as` states cudaMemcpyDefault.
//! - A capture is in the mode `global` unless it says `thread-local` or `relaxed`.
//! - What was released or destroyed keeps its name: a later step that uses it is a misuse, and no error.
//! - A place follows as ` @ file:line:column`; the file may hold spaces and colons.
//! - Names of functions and files that hold what would be read as something else are quoted, with the escapes
//!   of Rust.
//! - `#` starts a comment, at the start of a line or after a space.

mod parse;

use std::fmt::{self, Display, Write};

use super::{Action, CaptureMode, Range, Step, Trace};
use crate::DefaultStream;

pub use parse::{ParseError, parse};

/// Words that end a list; a function of that name is quoted.
const KEYWORDS: [&str; 8] = ["reads", "writes", "calls", "on", "meant", "as", "with", "for"];

/// The text form. Places are printed as they display themselves.
///
/// What [`super::validate`] accepts comes back from [`parse()`] as it was.
pub fn print<P: Display>(trace: &Trace<P>) -> String {
    let mut text = String::new();
    if trace.default_stream == DefaultStream::PerThread {
        text.push_str("default-stream per-thread\n");
    }
    for step in &trace.steps {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{step}");
    }
    text
}

impl<P: Display> Display for Trace<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self))
    }
}

impl<P: Display> Display for Step<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(f)?;
        match &self.place {
            Some(place) => write!(f, " @ {}", quoted(&place.to_string(), is_plain_place)),
            None => Ok(()),
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocate { buffer, memory, bytes, stream } => {
                write!(f, "{buffer} = {} {bytes}", memory.word())?;
                stream.as_ref().map_or(Ok(()), |stream| write!(f, " on {stream}"))
            }
            Self::Free { buffer, with, stream } => {
                write!(f, "free {buffer} with {}", with.word())?;
                stream.as_ref().map_or(Ok(()), |stream| write!(f, " on {stream}"))
            }
            Self::CreateStream { stream, non_blocking: false } => write!(f, "{stream} = stream"),
            Self::CreateStream { stream, non_blocking: true } => write!(f, "{stream} = stream non-blocking"),
            Self::CreateEvent { event } => write!(f, "{event} = event"),
            Self::CreateTimer { event } => write!(f, "{event} = timer"),
            Self::DestroyStream { stream: name }
            | Self::DestroyEvent { event: name }
            | Self::DestroyGraph { graph: name } => write!(f, "destroy {name}"),
            Self::Copy { dst, src, kind, synchronous, stream } => {
                write!(f, "copy{} {dst} <- {src}", if *synchronous { "-sync" } else { "" })?;
                if let Some(kind) = kind {
                    write!(f, " as {}", kind.word())?;
                }
                write!(f, " on {stream}")
            }
            Self::Fill { dst, synchronous, stream } => {
                write!(f, "fill{} {dst} on {stream}", if *synchronous { "-sync" } else { "" })
            }
            Self::Launch { kernel, reads, writes, stream, meant } => {
                write!(f, "launch {}", function_name(kernel))?;
                ranges(f, "reads", reads)?;
                ranges(f, "writes", writes)?;
                write!(f, " on {stream}")?;
                meant.as_ref().map_or(Ok(()), |meant| write!(f, " meant {meant}"))
            }
            Self::HostFunction { function, reads, writes, calls, stream, callback } => {
                let word = if *callback { "callback" } else { "host-function" };
                write!(f, "{word} {}", function_name(function))?;
                ranges(f, "reads", reads)?;
                ranges(f, "writes", writes)?;
                if !calls.is_empty() {
                    f.write_str(" calls")?;
                }
                for call in calls {
                    write!(f, " {}", function_name(call))?;
                }
                write!(f, " on {stream}")
            }
            Self::Record { event, stream } => write!(f, "record {event} on {stream}"),
            Self::StreamWait { stream, event } => write!(f, "wait {stream} for {event}"),
            Self::HostRead { range } => write!(f, "host-read {range}"),
            Self::HostWrite { range } => write!(f, "host-write {range}"),
            Self::Synchronize { point, needless } => {
                write!(f, "synchronize {point}{}", if *needless { " needless" } else { "" })
            }
            Self::MakeAndRelease { made, bytes } if made.is_memory() => {
                write!(f, "make-and-release {} {bytes}", made.word())
            }
            Self::MakeAndRelease { made, .. } => write!(f, "make-and-release {}", made.word()),
            Self::Fault { work, stream } => write!(f, "fault {} on {stream}", function_name(work)),
            Self::Query { point, until_complete: true } => write!(f, "poll {point}"),
            Self::Query { point, until_complete: false } => write!(f, "query {point}"),
            Self::Elapsed { start, end } => write!(f, "elapsed {start} {end}"),
            Self::Clock => f.write_str("clock"),
            Self::End => f.write_str("end"),
            Self::Call { function } => write!(f, "call {}", function_name(function)),
            Self::BeginCapture { stream, mode: CaptureMode::Global } => write!(f, "begin-capture {stream}"),
            Self::BeginCapture { stream, mode } => write!(f, "begin-capture {stream} {}", mode.word()),
            Self::EndCapture { stream, graph } => write!(f, "{graph} = end-capture {stream}"),
            Self::LaunchGraph { graph, stream } => write!(f, "launch-graph {graph} on {stream}"),
        }
    }
}

fn ranges(f: &mut fmt::Formatter<'_>, word: &str, ranges: &[Range]) -> fmt::Result {
    if !ranges.is_empty() {
        write!(f, " {word}")?;
    }
    ranges.iter().try_for_each(|range| write!(f, " {range}"))
}

fn function_name(name: &str) -> String {
    quoted(name, is_plain_word)
}

fn quoted(text: &str, is_plain: fn(&str) -> bool) -> String {
    if is_plain(text) { text.to_owned() } else { format!("{text:?}") }
}

/// True for what reads as one word that means nothing else.
fn is_plain_word(word: &str) -> bool {
    !word.is_empty()
        && word != "@"
        && !word.contains(['"', '#', '\\'])
        && !word.chars().any(|char| char.is_whitespace() || char.is_control())
        && !KEYWORDS.contains(&word)
}

/// True for a place that the rest of a line is, as it stands.
fn is_plain_place(place: &str) -> bool {
    !place.is_empty()
        && !place.contains(['"', '#', '\\'])
        && !place.chars().any(|char| char.is_control() || (char.is_whitespace() && char != ' '))
        && !place.starts_with(' ')
        && !place.ends_with(' ')
}

#[cfg(test)]
mod tests;
