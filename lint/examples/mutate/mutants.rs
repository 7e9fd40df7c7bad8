//! The kinds of mutants, and where in a source each can be made.

use std::ops::Range;

use crate::distance::Side;
use crate::text::{ALIAS, Call, Function, Source, Statement, base};

/// What is done to correct code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// A wait of the host or of a stream is gone.
    DeleteWait,
    /// A copy, memset or launch is no longer given its stream.
    DropStream,
    /// Memory is freed before the last wait of the function.
    FreeEarly,
    /// The host touches a buffer right after the copy from or to it was enqueued.
    ReuseEarly,
    /// Pinned memory becomes pageable.
    PinnedToPageable,
    /// A copy is enqueued on another stream.
    MoveCopy,
}

impl Class {
    /// All, in the order of the reports.
    pub const ALL: [Self; 6] = [
        Self::DeleteWait,
        Self::DropStream,
        Self::FreeEarly,
        Self::ReuseEarly,
        Self::PinnedToPageable,
        Self::MoveCopy,
    ];

    /// As it is written in reports and in the list of exclusions.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeleteWait => "delete-wait",
            Self::DropStream => "drop-stream",
            Self::FreeEarly => "free-early",
            Self::ReuseEarly => "reuse-early",
            Self::PinnedToPageable => "pinned-to-pageable",
            Self::MoveCopy => "move-copy",
        }
    }

    /// What stream 0 means in the runs with this class. Without a stream the work is ordered with all
    /// blocking streams in a legacy build, which is no hazard.
    pub fn default_stream(self) -> &'static str {
        if self == Self::DropStream { "per-thread" } else { "legacy" }
    }

    /// Whether a diagnostic of this rule can be the answer to a mutant of this class. What a mutant breaks
    /// by the way (`free` of what was `cudaMallocHost`, say) does not count as detected.
    pub fn answered_by(self, rule: &str) -> bool {
        match self {
            Self::PinnedToPageable => rule.starts_with("pageable-"),
            _ => !matches!(rule, "pageable-async-copy" | "unknown-cuda-api" | "free-kind-mismatch"),
        }
    }
}

/// One possible mutant.
pub struct Mutant {
    /// What is done.
    pub class: Class,
    /// Where it shows: the start of the statement.
    pub at: usize,
    /// Replacements, in order, without overlap.
    pub edits: Vec<(Range<usize>, String)>,
    /// The function it is in.
    pub function: String,
    /// The statement that is changed or moved.
    pub original: String,
    /// What it becomes, in words.
    pub change: String,
    /// The buffer's allocation, or the use of it, is in another function.
    pub across_functions: bool,
}

impl Mutant {
    /// The text with the mutant in it. No line moves, so that lines of diagnostics can be compared.
    pub fn apply(&self, text: &str) -> String {
        let mut result = text.to_owned();
        for (range, by) in self.edits.iter().rev() {
            let lines = text[range.clone()].matches('\n').count();
            let by = by.replace('\n', " ") + &"\n".repeat(lines);
            result.replace_range(range.clone(), &by);
        }
        result
    }
}

/// Where an asynchronous call has its operands.
pub struct Shape {
    /// The call's name.
    pub name: &'static str,
    arguments: usize,
    destination: usize,
    source: Option<usize>,
    /// The direction: an argument, or known by the name.
    kind: Kind,
}

enum Kind {
    Argument(usize),
    ToDevice,
    ToHost,
    None,
}

const fn shape(name: &'static str, arguments: usize, source: usize, kind: Kind) -> Shape {
    Shape { name, arguments, destination: 0, source: Some(source), kind }
}

/// The stream is the last argument of each.
pub const SHAPES: [Shape; 10] = [
    shape("cudaMemcpyAsync", 5, 1, Kind::Argument(3)),
    shape("cudaMemcpy2DAsync", 8, 2, Kind::Argument(6)),
    shape("cudaMemcpyToSymbolAsync", 6, 1, Kind::Argument(4)),
    shape("cudaMemcpyFromSymbolAsync", 6, 1, Kind::Argument(4)),
    shape("cuMemcpyHtoDAsync", 4, 1, Kind::ToDevice),
    shape("cuMemcpyDtoHAsync", 4, 1, Kind::ToHost),
    shape("cuMemcpyDtoDAsync", 4, 1, Kind::None),
    Shape { name: "cudaMemsetAsync", arguments: 4, destination: 0, source: None, kind: Kind::None },
    Shape { name: "cuMemsetD8Async", arguments: 4, destination: 0, source: None, kind: Kind::None },
    Shape { name: "cuMemsetD32Async", arguments: 4, destination: 0, source: None, kind: Kind::None },
];

/// What waits for work.
pub const WAITS: [&str; 8] = [
    "cudaDeviceSynchronize",
    "cudaThreadSynchronize",
    "cudaStreamSynchronize",
    "cudaEventSynchronize",
    "cudaStreamWaitEvent",
    "cuStreamSynchronize",
    "cuCtxSynchronize",
    "cuEventSynchronize",
];

/// Allocations of pinned memory: where the pointer is, where the size is.
pub const PINS: [(&str, usize, usize); 5] = [
    ("cudaMallocHost", 0, 1),
    ("cudaHostAlloc", 0, 1),
    ("cuMemAllocHost", 0, 1),
    ("cuMemHostAlloc", 0, 1),
    ("cudaHostRegister", 0, 1),
];

/// What releases memory.
pub const FREES: [&str; 6] =
    ["cudaFree", "cudaFreeHost", "free", "cuMemFree", "cuMemFreeHost", "cudaHostUnregister"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToDevice,
    ToHost,
    Other,
}

/// An asynchronous operation of a function.
struct Operation {
    call: Call,
    /// The argument that names the stream, if one does.
    stream: Option<Range<usize>>,
    /// What its operands name.
    buffers: Vec<String>,
    /// The host operand of a copy.
    host: Option<Range<usize>>,
    direction: Direction,
    is_launch: bool,
}

/// One host function, scanned.
struct Scan<'s> {
    source: &'s Source,
    function: &'s Function,
    calls: Vec<Call>,
    operations: Vec<Operation>,
    /// The whole file's pinned buffers.
    pinned_in_file: &'s [String],
    moved: Option<Side>,
    mutants: Vec<Mutant>,
}

/// All mutants of a source, with the code that they add as a call of a helper if that is the side moved.
pub fn mutants(source: &Source, moved: Option<Side>) -> Vec<Mutant> {
    let whole = 0..source.code.len();
    let pinned_in_file: Vec<String> = pins(source, &source.calls(&whole)).collect();
    let mut found = Vec::new();
    for function in source.functions.iter().filter(|function| !function.name.contains(ALIAS)) {
        let calls = source.calls(&function.body);
        let mut scan = Scan {
            source,
            function,
            operations: operations(source, function, &calls),
            calls,
            pinned_in_file: &pinned_in_file,
            moved,
            mutants: Vec::new(),
        };
        scan.delete_wait();
        scan.drop_stream();
        scan.free_early();
        scan.reuse_early();
        scan.pinned_to_pageable();
        scan.move_copy();
        found.append(&mut scan.mutants);
    }
    found.sort_by_key(|mutant| (mutant.at, mutant.class));
    found
}

fn pins<'s>(source: &'s Source, calls: &'s [Call]) -> impl Iterator<Item = String> + 's {
    calls.iter().filter_map(|call| {
        let (_, pointer, _) = PINS.iter().find(|(name, ..)| *name == call.name)?;
        Some(base(source.slice(call.arguments.get(*pointer)?)))
    })
}

fn operations(source: &Source, function: &Function, calls: &[Call]) -> Vec<Operation> {
    let name = |range: &Range<usize>| base(source.slice(range));
    let mut found: Vec<Operation> = Vec::new();
    for call in calls {
        let bare = call.name.trim_end_matches("_v2");
        let Some(shape) = SHAPES.iter().find(|shape| shape.name == bare) else { continue };
        let arguments = &call.arguments;
        let direction = match shape.kind {
            Kind::ToDevice => Direction::ToDevice,
            Kind::ToHost => Direction::ToHost,
            Kind::None => Direction::Other,
            Kind::Argument(at) => match arguments.get(at).map(|range| source.slice(range)) {
                Some(kind) if kind.ends_with("HostToDevice") => Direction::ToDevice,
                Some(kind) if kind.ends_with("DeviceToHost") => Direction::ToHost,
                _ => Direction::Other,
            },
        };
        let destination = arguments.get(shape.destination).cloned();
        let from = shape.source.and_then(|at| arguments.get(at).cloned());
        let host = match direction {
            Direction::ToDevice => from.clone(),
            Direction::ToHost => destination.clone(),
            Direction::Other => None,
        };
        found.push(Operation {
            stream: (arguments.len() == shape.arguments).then(|| arguments.last().cloned()).flatten(),
            buffers: destination.iter().chain(&from).map(name).filter(|name| !name.is_empty()).collect(),
            call: call.clone(),
            host,
            direction,
            is_launch: false,
        });
    }
    for (call, kernel) in source.launches(&function.body) {
        found.push(Operation {
            stream: call.arguments.get(3).cloned(),
            buffers: kernel.iter().map(name).filter(|name| !name.is_empty()).collect(),
            call,
            host: None,
            direction: Direction::Other,
            is_launch: true,
        });
    }
    for operation in &mut found {
        operation.stream = operation
            .stream
            .take()
            .filter(|stream| !matches!(source.slice(stream), "0" | "NULL" | "nullptr" | "(cudaStream_t)0"));
    }
    found.sort_by_key(|operation| operation.call.range.start);
    found
}

impl Scan<'_> {
    fn text(&self, range: &Range<usize>) -> &str {
        self.source.slice(range)
    }

    fn is_wait(call: &Call) -> bool {
        WAITS.contains(&call.name.as_str())
    }

    fn add(
        &mut self,
        class: Class,
        at: usize,
        original: &Range<usize>,
        edits: Vec<(Range<usize>, String)>,
        change: String,
        across_functions: bool,
    ) {
        let mut edits = edits;
        edits.sort_by_key(|(range, _)| range.start);
        self.mutants.push(Mutant {
            class,
            at,
            edits,
            function: self.function.name.clone(),
            original: one_line(self.text(original)),
            change,
            across_functions,
        });
    }

    /// Any wait of a function that also has an asynchronous copy.
    fn delete_wait(&mut self) {
        if !self.operations.iter().any(|operation| operation.host.is_some()) {
            return;
        }
        for call in self.calls.clone() {
            let is_method = matches!(call.name.as_str(), "synchronize" | "synchronize_no_throw")
                && self.source.code[..call.range.start].ends_with(b".");
            if !Self::is_wait(&call) && !is_method {
                continue;
            }
            let edit = match self.source.statement(&call.range) {
                Some(statement) if statement.plain || is_method => (statement.range, ";".to_owned()),
                _ if is_method => continue,
                _ => {
                    let success = if call.name.starts_with("cuda") { "cudaSuccess" } else { "CUDA_SUCCESS" };
                    (call.range.clone(), success.to_owned())
                }
            };
            let change = format!("deleted: {}", one_line(self.text(&edit.0)));
            self.add(Class::DeleteWait, edit.0.start, &edit.0.clone(), vec![edit], change, false);
        }
    }

    /// Whether another operation of the function that names a stream has a buffer of this one.
    fn shares_buffer(&self, at: usize) -> bool {
        self.operations.iter().enumerate().any(|(other, operation)| {
            other != at
                && operation.stream.is_some()
                && operation.buffers.iter().any(|buffer| self.operations[at].buffers.contains(buffer))
        })
    }

    fn drop_stream(&mut self) {
        for at in 0..self.operations.len() {
            let operation = &self.operations[at];
            let Some(stream) = operation.stream.clone() else { continue };
            let read_by_host = operation.direction == Direction::ToHost;
            if !self.shares_buffer(at) && !read_by_host {
                continue;
            }
            let call = operation.call.clone();
            // From behind the argument before, so that the comma goes too.
            let Some(before) = call.arguments.len().checked_sub(2).map(|at| call.arguments[at].end) else {
                continue;
            };
            let change = format!("without `{}`", self.text(&stream));
            let edits = vec![(before..stream.end, String::new())];
            self.add(Class::DropStream, call.range.start, &call.range, edits, change, false);
        }
    }

    /// A statement that can be moved: the only thing between two others of a block.
    fn movable(&self, call: &Call) -> Option<Statement> {
        self.source.statement(&call.range).filter(|statement| statement.plain && statement.in_block)
    }

    fn free_early(&mut self) {
        let waits: Vec<Call> = self
            .calls
            .iter()
            .filter(|call| {
                let copies_back = call.name == "cudaMemcpy"
                    && call.arguments.get(3).is_some_and(|kind| self.text(kind).ends_with("DeviceToHost"));
                (Self::is_wait(call) && call.name != "cudaStreamWaitEvent") || copies_back
            })
            .cloned()
            .collect();
        let Some(last) = waits.last() else { return };
        let Some(wait) = self.movable(last) else { return };
        let before = waits.iter().rev().nth(1).map_or(self.function.body.start, |call| call.range.end);
        let block = self.source.block(wait.range.start);
        let mut moved: Vec<String> = Vec::new();
        for call in self.calls.clone() {
            if call.range.start < wait.range.end || !FREES.contains(&call.name.as_str()) {
                continue;
            }
            let Some(free) = self.movable(&call) else { continue };
            let Some(argument) = call.arguments.first() else { continue };
            let buffer = base(self.text(argument));
            let in_flight = self.operations.iter().any(|operation| {
                (before..wait.range.start).contains(&operation.call.range.start)
                    && operation.buffers.contains(&buffer)
            });
            if !in_flight || self.source.block(free.range.start) != block || moved.contains(&buffer) {
                continue;
            }
            moved.push(buffer);
            let text = self.text(&free.range).to_owned();
            let change = format!(
                "moved before line {}: {}",
                self.source.line(wait.range.start),
                one_line(self.text(&wait.range))
            );
            let edits =
                vec![(wait.range.start..wait.range.start, text + " "), (free.range.clone(), ";".to_owned())];
            self.add(Class::FreeEarly, free.range.start, &free.range, edits, change, false);
        }
    }

    fn reuse_early(&mut self) {
        let pinned_here: Vec<String> = pins(self.source, &self.calls).collect();
        for at in 0..self.operations.len() {
            let operation = &self.operations[at];
            let Some(host) = operation.host.clone() else { continue };
            let writes = operation.direction == Direction::ToDevice;
            let pointer = self.text(&host).to_owned();
            let buffer = base(&pointer);
            let call = operation.call.clone();
            let here = pinned_here.contains(&buffer);
            // Writing the pageable source of a copy is no hazard: it was staged.
            if writes && !here && !self.pinned_in_file.contains(&buffer) {
                continue;
            }
            let Some(statement) = self.source.statement(&call.range).filter(|statement| statement.plain)
            else {
                continue;
            };
            let touch = if self.moved == Some(Side::Access) {
                format!("host_{}_recall({pointer});", if writes { "write" } else { "read" })
            } else if writes {
                format!("((char *)({pointer}))[0] = 1;")
            } else {
                format!("if (((char *)({pointer}))[0] == 1) __builtin_trap();")
            };
            let change = format!("followed by: {}", one_line(&touch));
            let edits = vec![
                (statement.range.start..statement.range.start, "{ ".to_owned()),
                (statement.range.end..statement.range.end, format!(" {touch} }}")),
            ];
            let across = writes && !here;
            self.add(Class::ReuseEarly, statement.range.start, &statement.range, edits, change, across);
        }
    }

    fn pinned_to_pageable(&mut self) {
        for call in self.calls.clone() {
            let Some((name, pointer, size)) = PINS.iter().find(|(name, ..)| *name == call.name) else {
                continue;
            };
            let (Some(pointer), Some(size)) = (call.arguments.get(*pointer), call.arguments.get(*size))
            else {
                continue;
            };
            let (pointer, size) = (self.text(pointer).to_owned(), self.text(size).to_owned());
            let buffer = base(&pointer);
            let copied_here = self
                .operations
                .iter()
                .any(|operation| operation.host.as_ref().is_some_and(|host| base(self.text(host)) == buffer));
            let copied_elsewhere = || {
                self.source.functions.iter().any(|function| {
                    operations(self.source, function, &self.source.calls(&function.body)).iter().any(
                        |operation| {
                            operation.host.as_ref().is_some_and(|host| base(self.text(host)) == buffer)
                        },
                    )
                })
            };
            if buffer.is_empty() || !(copied_here || copied_elsewhere()) {
                continue;
            }
            let helper = self.source.helper(&call);
            let statement = self.source.statement(&call.range);
            let Some(statement) = statement.filter(|statement| statement.plain || helper.is_some()) else {
                continue;
            };
            let registered = *name == "cudaHostRegister";
            let becomes = if registered {
                ";".to_owned()
            } else if let Some(place) = address_of(&pointer) {
                format!("*(void **)&{place} = malloc({size});")
            } else {
                format!("*(void **)({pointer}) = malloc({size});")
            };
            let mut edits = vec![match &helper {
                Some(name) => (name.clone(), format!("{}_pageable", self.text(name))),
                None => (statement.range.clone(), becomes.clone()),
            }];
            // What frees it must follow, or that would be what is found.
            for free in self.source.calls(&(0..self.source.code.len())) {
                let same = free.arguments.first().is_some_and(|argument| base(self.text(argument)) == buffer);
                match free.name.as_str() {
                    "cudaFreeHost" | "cuMemFreeHost" if same && !registered => {
                        let Some(argument) = free.arguments.first() else { continue };
                        let text = format!("(free({}), cudaSuccess)", self.text(argument));
                        let plain = self.source.statement(&free.range).filter(|statement| statement.plain);
                        edits.push(match plain {
                            Some(statement) => (statement.range, format!("free({});", self.text(argument))),
                            None => (free.range.clone(), text),
                        });
                    }
                    "cudaHostUnregister" if same && registered => {
                        if let Some(statement) =
                            self.source.statement(&free.range).filter(|statement| statement.plain)
                        {
                            edits.push((statement.range, ";".to_owned()));
                        }
                    }
                    _ => {}
                }
            }
            let (at, original) = (statement.range.start, statement.range.clone());
            self.add(Class::PinnedToPageable, at, &original, edits, one_line(&becomes), !copied_here);
        }
    }

    fn move_copy(&mut self) {
        for at in 0..self.operations.len() {
            let operation = &self.operations[at];
            if operation.is_launch || !(self.shares_buffer(at) || operation.direction == Direction::ToHost) {
                continue;
            }
            let Some(stream) = operation.stream.clone() else { continue };
            let old = self.text(&stream).to_owned();
            let Some(new) = self.other_stream(&old) else { continue };
            let call = operation.call.clone();
            let change = format!("on `{new}`");
            self.add(Class::MoveCopy, call.range.start, &call.range, vec![(stream, new)], change, false);
        }
    }

    /// Another stream of the function that is in scope wherever `old` is: it has no subscript but that of
    /// `old`, or a constant.
    fn other_stream(&self, old: &str) -> Option<String> {
        let subscript = |stream: &str| stream.find('[').map(|at| stream[at..].to_owned());
        self.operations
            .iter()
            .filter_map(|operation| operation.stream.as_ref())
            .map(|stream| self.text(stream))
            .find_map(|stream| {
                let in_scope = match subscript(stream) {
                    None => {
                        stream.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.->:".contains(&byte))
                    }
                    Some(index) => {
                        Some(&index) == subscript(old).as_ref()
                            || index.bytes().all(|b| b.is_ascii_digit() || b"[]".contains(&b))
                    }
                };
                (stream != old && in_scope).then(|| stream.to_owned())
            })
    }
}

/// What `&place` or `(void **)&place` is the address of.
pub fn address_of(pointer: &str) -> Option<&str> {
    let at = pointer.find('&')?;
    let before = pointer[..at].trim();
    let is_cast = before.is_empty() || (before.starts_with('(') && before.ends_with("*)"));
    let place = pointer[at + 1..].trim();
    let whole = place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.->[]: +".contains(&byte));
    (is_cast && whole).then_some(place)
}

/// White space as one space.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
