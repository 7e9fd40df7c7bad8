//! Short names of steps, as they fit into a bar, and escaping.

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::{Action, Point, Range, Stream};

/// A step in a few words.
pub fn of(action: &Action) -> String {
    match action {
        Action::Allocate { buffer, memory, .. } => format!("{buffer} = {}", memory.word()),
        Action::Free { buffer, with, .. } => format!("{} {buffer}", with.word()),
        Action::CreateStream { stream, .. } => format!("make {stream}"),
        Action::CreateEvent { event } | Action::CreateTimer { event } => format!("make {event}"),
        Action::DestroyStream { stream: name }
        | Action::DestroyEvent { event: name }
        | Action::DestroyGraph { graph: name } => format!("destroy {name}"),
        Action::Elapsed { start, end } => format!("time from {start} to {end}"),
        Action::Copy { dst, src, .. } => format!("copy {} ← {}", dst.buffer, src.buffer),
        Action::Fill { dst, .. } => format!("fill {}", dst.buffer),
        Action::Launch { kernel, writes, reads, .. } => {
            format!("{kernel}({})", buffers(writes, reads))
        }
        Action::HostFunction { function, .. } => format!("host fn {function}"),
        Action::Record { event, .. } => format!("record {event}"),
        Action::StreamWait { stream, event } => format!("{} waits for {event}", name(stream)),
        Action::HostRead { range } => format!("read {}", range.buffer),
        Action::HostWrite { range } => format!("write {}", range.buffer),
        Action::Synchronize { point, .. } => format!("wait for {}", target(point)),
        Action::Query { point, until_complete: true } => format!("poll {}", target(point)),
        Action::Query { point, .. } => format!("query {}", target(point)),
        Action::MakeAndRelease { made, .. } => format!("make and release {}", made.word()),
        Action::Fault { work, .. } => format!("{work} fails"),
        Action::Clock => "read the clock".to_owned(),
        Action::End => "end".to_owned(),
        Action::Call { function } => function.clone(),
        Action::BeginCapture { stream, .. } => format!("capture {}", name(stream)),
        Action::EndCapture { graph, .. } => format!("end capture {graph}"),
        Action::LaunchGraph { graph, .. } => format!("graph {graph}"),
    }
}

fn buffers(writes: &[Range], reads: &[Range]) -> String {
    let mut names: Vec<&str> = writes.iter().chain(reads).map(|range| range.buffer.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn target(point: &Point) -> String {
    match point {
        Point::Stream(stream) => name(stream),
        Point::Event(event) => event.clone(),
        Point::Device => "the device".to_owned(),
    }
}

fn name(stream: &Stream) -> String {
    match stream {
        Stream::Default => "stream 0".to_owned(),
        Stream::Legacy => "legacy".to_owned(),
        Stream::PerThread => "per-thread".to_owned(),
        Stream::Named(name) => name.clone(),
    }
}

/// The row of the legacy default stream.
pub const LEGACY: &str = "stream 0";

/// The row of a stream in a picture.
pub fn row(stream: &Stream, mode: DefaultStream) -> String {
    match (stream, mode) {
        (Stream::Named(name), _) => name.clone(),
        (Stream::Legacy, _) | (Stream::Default, DefaultStream::Legacy) => LEGACY.to_owned(),
        (Stream::PerThread, _) | (Stream::Default, DefaultStream::PerThread) => "per-thread".to_owned(),
    }
}

/// Text as it stands in HTML, in attributes too.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b a=\"x\" b='y'>&"), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    }
}
