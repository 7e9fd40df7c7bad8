//! Draws traces out of what the analysis knows: names become valid and unique, kinds and sizes concrete.
//!
//! The analysis gives a witness for a conflict (`order::witness`), the rules give one for what a fact alone
//! tells (`rules::witness`). Both say what there is and what happens; this puts it in order: first all that
//! is made, as it stands in the source, then the steps.

use std::collections::BTreeSet;

use crate::cuda::row::{Direction, FreeWith, MemoryKind};
use crate::facts::ReleaseKind;
use crate::program::SiteId;
use crate::trace::{Action, CopyKind, Memory, Name, Release, Step, Stream, Trace};
use crate::{DefaultStream, Options};

/// The size of a buffer of which nothing is known: large enough for a copy to take its time, small enough to
/// be checked word by word.
pub(crate) const UNKNOWN_SIZE: u64 = 64 << 10;

/// Buffers of a witness are not larger: what a race does to one MiB it does to the rest.
pub(crate) const LARGEST: u64 = 1 << 20;

/// What the language of traces keeps for itself.
const TAKEN: [&str; 4] = ["default", "legacy", "per_thread", "device"];

/// A trace that is being drawn.
#[derive(Debug)]
pub(crate) struct Sketch {
    default_stream: DefaultStream,
    names: BTreeSet<Name>,
    made: Vec<Step>,
    steps: Vec<Step>,
}

impl Sketch {
    /// An empty trace.
    pub(crate) fn new(options: &Options) -> Self {
        let names = TAKEN.into_iter().map(str::to_owned).collect();
        Self { default_stream: options.default_stream, names, made: Vec::new(), steps: Vec::new() }
    }

    /// A name like the one wanted, that nothing has yet: `buffers[i].data()` gives `buffers_i_data`.
    pub(crate) fn name(&mut self, wanted: &str, otherwise: &str) -> Name {
        let stem = match identifier(wanted) {
            stem if stem.is_empty() => otherwise.to_owned(),
            stem => stem,
        };
        let mut name = stem.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        name
    }

    /// Makes a stream.
    pub(crate) fn stream(&mut self, wanted: &str, non_blocking: bool, site: Option<SiteId>) -> Name {
        let stream = self.name(wanted, "s");
        self.make(Action::CreateStream { stream: stream.clone(), non_blocking }, site);
        stream
    }

    /// Makes an event.
    pub(crate) fn event(&mut self, wanted: &str, site: Option<SiteId>) -> Name {
        let event = self.name(wanted, "e");
        self.make(Action::CreateEvent { event: event.clone() }, site);
        event
    }

    /// Makes an event that measures time.
    pub(crate) fn timer(&mut self, wanted: &str, site: Option<SiteId>) -> Name {
        let event = self.name(wanted, "e");
        self.make(Action::CreateTimer { event: event.clone() }, site);
        event
    }

    /// Makes a buffer; `stream` is for stream-ordered memory.
    pub(crate) fn buffer(
        &mut self,
        wanted: &str,
        memory: Memory,
        bytes: u64,
        stream: Option<Stream>,
        site: Option<SiteId>,
    ) -> Name {
        let otherwise = match memory {
            Memory::Pageable | Memory::Pinned | Memory::Registered => "h",
            Memory::Managed => "m",
            Memory::Device | Memory::StreamOrdered => "d",
        };
        let buffer = self.name(wanted, otherwise);
        let stream = stream.filter(|_| memory == Memory::StreamOrdered);
        self.make(Action::Allocate { buffer: buffer.clone(), memory, bytes: bytes.max(1), stream }, site);
        buffer
    }

    fn make(&mut self, action: Action, place: Option<SiteId>) {
        self.made.push(Step { action, place });
    }

    /// Adds a step.
    pub(crate) fn step(&mut self, action: Action, place: SiteId) {
        self.steps.push(Step { action, place: Some(place) });
    }

    /// The trace.
    pub(crate) fn finish(mut self) -> Trace {
        // Memory in stream order needs its stream; what is made out of sight is there first.
        self.made.sort_by_key(|step| {
            (matches!(step.action, Action::Allocate { stream: Some(_), .. }), step.place.map(|site| site.0))
        });
        self.made.append(&mut self.steps);
        Trace { default_stream: self.default_stream, steps: self.made }
    }
}

/// An expression as an identifier; empty if nothing is left of it.
pub(crate) fn identifier(text: &str) -> String {
    let text = text.replace(".<elements>", "").replace("->", "_");
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name.to_owned() }
}

/// Memory of a kind.
pub(crate) const fn memory(kind: MemoryKind) -> Memory {
    match kind {
        MemoryKind::Pageable => Memory::Pageable,
        MemoryKind::Pinned => Memory::Pinned,
        MemoryKind::Registered => Memory::Registered,
        MemoryKind::Managed => Memory::Managed,
        // What another process or an opaque array holds behaves like other device memory.
        MemoryKind::Device | MemoryKind::DeviceIpc | MemoryKind::Array => Memory::Device,
        MemoryKind::DeviceStreamOrdered => Memory::StreamOrdered,
    }
}

/// What a way to release memory comes down to.
pub(crate) const fn release(how: &ReleaseKind, memory: Memory) -> Release {
    match how {
        ReleaseKind::Call(FreeWith::CudaFree | FreeWith::CudaFreeArray | FreeWith::CudaIpcClose, _) => {
            Release::CudaFree
        }
        ReleaseKind::Call(FreeWith::CudaFreeAsync, _) => Release::CudaFreeAsync,
        ReleaseKind::Call(FreeWith::CudaFreeHost, _) => Release::CudaFreeHost,
        ReleaseKind::Unregister => Release::CudaHostUnregister,
        // A container of CUDA's memory knows how to free it.
        ReleaseKind::Container(_) => match memory {
            Memory::Pageable | Memory::Registered => Release::Free,
            memory => memory.release(),
        },
        ReleaseKind::Call(FreeWith::CFree | FreeWith::Munmap, _)
        | ReleaseKind::Delete
        | ReleaseKind::ScopeEnd => Release::Free,
    }
}

/// The memory that a way to release belongs to, where the code does not show the allocation.
pub(crate) const fn presumed_by_release(how: &ReleaseKind) -> Memory {
    match how {
        ReleaseKind::Call(FreeWith::CudaFree | FreeWith::CudaFreeArray | FreeWith::CudaIpcClose, _) => {
            Memory::Device
        }
        ReleaseKind::Call(FreeWith::CudaFreeAsync, _) => Memory::StreamOrdered,
        ReleaseKind::Call(FreeWith::CudaFreeHost, _) => Memory::Pinned,
        ReleaseKind::Unregister => Memory::Registered,
        ReleaseKind::Call(FreeWith::CFree | FreeWith::Munmap, _)
        | ReleaseKind::Delete
        | ReleaseKind::Container(_)
        | ReleaseKind::ScopeEnd => Memory::Pageable,
    }
}

/// The direction that a copy states.
pub(crate) const fn copy_kind(direction: Direction) -> CopyKind {
    match direction {
        Direction::HostToHost => CopyKind::HostToHost,
        Direction::HostToDevice => CopyKind::HostToDevice,
        Direction::DeviceToHost => CopyKind::DeviceToHost,
        Direction::DeviceToDevice => CopyKind::DeviceToDevice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options::new();

    #[test]
    fn expressions_become_identifiers() {
        for (text, expected) in [
            ("h_out", "h_out"),
            ("buffers[i].data()", "buffers_i_data"),
            ("this->slots", "this_slots"),
            ("v.<elements>", "v"),
            ("2x", "_2x"),
            ("*", ""),
            ("größe", "gr_e"),
        ] {
            assert_eq!(identifier(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_unique_and_no_words_of_the_language() {
        let mut sketch = Sketch::new(&OPTIONS);
        let names: Vec<_> =
            ["h", "h", "h_2", "", "default"].iter().map(|name| sketch.name(name, "h")).collect();
        assert_eq!(names, ["h", "h_2", "h_2_2", "h_3", "default_2"]);
    }

    #[test]
    fn what_is_made_comes_first_and_streams_before_memory_in_their_order() {
        let mut sketch = Sketch::new(&OPTIONS);
        sketch.step(Action::Call { function: "f".into() }, SiteId(9));
        sketch.buffer("m", Memory::StreamOrdered, 4, Some(Stream::Named("s".into())), Some(SiteId(1)));
        sketch.buffer("h", Memory::Pinned, 0, None, Some(SiteId(3)));
        sketch.stream("s", false, Some(SiteId(2)));
        sketch.buffer("d", Memory::Device, 4, None, None);
        let trace = sketch.finish();
        let words: Vec<_> = trace
            .steps
            .iter()
            .map(|step| match &step.action {
                Action::Allocate { buffer, .. } => buffer.as_str(),
                Action::CreateStream { stream, .. } => stream,
                _ => "step",
            })
            .collect();
        assert_eq!(words, ["d", "s", "h", "m", "step"]);
    }
}
