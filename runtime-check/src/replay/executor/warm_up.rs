//! The trace that warms the replayer up: code that is loaded while a stream is held would wait for it.

use cuda_lint_engine::DefaultStream;
use cuda_lint_engine::trace::{Action, CaptureMode, Memory, Point, Position, Range, Step, Stream, Trace};

/// A trace that uses everything once.
pub(super) fn trace() -> Trace<Position> {
    let buffers = Memory::ALL.map(|memory| Action::Allocate {
        buffer: memory.word().to_string(),
        memory,
        bytes: 4096,
        stream: (memory == Memory::StreamOrdered).then(|| Stream::Named("s".to_string())),
    });
    let stream = || Stream::Named("s".to_string());
    let range = |memory: Memory| Range { buffer: memory.word().to_string(), start: 0, end: 4096 };
    let copy = |dst, src, synchronous| Action::Copy {
        dst: range(dst),
        src: range(src),
        kind: None,
        synchronous,
        stream: if synchronous { Stream::Default } else { stream() },
    };
    let mut actions = vec![
        Action::CreateStream { stream: "s".to_string(), non_blocking: true },
        Action::CreateEvent { event: "e".to_string() },
        Action::CreateTimer { event: "f".to_string() },
    ];
    actions.extend(buffers);
    for memory in Memory::ALL {
        actions.push(copy(Memory::Device, memory, true));
        actions.push(copy(memory, Memory::Device, true));
        actions.push(copy(Memory::Device, memory, false));
        actions.push(copy(memory, Memory::Device, false));
    }
    actions.extend([
        Action::Fill { dst: range(Memory::Device), synchronous: true, stream: Stream::Default },
        Action::Fill { dst: range(Memory::Device), synchronous: false, stream: stream() },
        Action::Launch {
            kernel: "all".to_string(),
            reads: vec![range(Memory::Device), range(Memory::Managed)],
            writes: vec![range(Memory::Pinned), range(Memory::StreamOrdered)],
            stream: stream(),
            meant: None,
        },
        Action::HostFunction {
            function: "look".to_string(),
            reads: vec![range(Memory::Pinned)],
            writes: Vec::new(),
            calls: Vec::new(),
            stream: stream(),
            callback: false,
        },
        Action::Record { event: "e".to_string(), stream: stream() },
        Action::StreamWait { stream: Stream::Default, event: "e".to_string() },
        Action::Record { event: "f".to_string(), stream: stream() },
        Action::Synchronize { point: Point::Device, needless: false },
        Action::Elapsed { start: "f".to_string(), end: "f".to_string() },
        Action::BeginCapture { stream: stream(), mode: CaptureMode::Relaxed },
        Action::Fill { dst: range(Memory::Device), synchronous: false, stream: stream() },
        copy(Memory::Pinned, Memory::Device, false),
        Action::EndCapture { stream: stream(), graph: "g".to_string() },
        Action::LaunchGraph { graph: "g".to_string(), stream: stream() },
    ]);
    let steps = actions.into_iter().map(|action| Step { action, place: None }).collect();
    Trace { default_stream: DefaultStream::Legacy, steps }
}
