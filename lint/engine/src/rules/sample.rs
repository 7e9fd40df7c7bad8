//! Facts made by hand, for the tests of the rules.

use super::judge;
use crate::cuda::row::{Direction, FreeWith, MemoryKind};
use crate::facts::{Access, Conflict, Facts, Object, Origin, Paths, ReleaseKind, Stream, Work, WorkKind};
use crate::program::SiteId;
use crate::{Options, Program};

/// Default options.
pub const OPTIONS: Options = Options::new();

/// Memory of a kind.
pub fn object(name: &str, memory: MemoryKind) -> Object {
    let origin = match memory {
        MemoryKind::Pageable => "malloc",
        MemoryKind::Pinned => "cudaMallocHost",
        MemoryKind::Registered => "cudaHostRegister",
        MemoryKind::Managed => "cudaMallocManaged",
        _ => "cudaMalloc",
    };
    Object {
        name: name.into(),
        origin: Origin::Allocated(origin.into()),
        memory: Some(memory),
        site: Some(SiteId(5)),
        host_by_use: false,
        bytes: Some(4 << 20),
        by_mode: false,
        short_lived: false,
    }
}

/// Memory about which nothing is known.
pub fn unseen(name: &str) -> Object {
    Object {
        memory: None,
        origin: Origin::Unseen,
        site: None,
        bytes: None,
        ..object(name, MemoryKind::Pageable)
    }
}

/// A stream made by the program.
pub fn stream(name: &str, site: u32, non_blocking: bool) -> Stream {
    Stream::Created { name: name.into(), site: SiteId(site), non_blocking: Some(non_blocking) }
}

/// An asynchronous copy.
pub fn copy(site: u32, direction: Option<Direction>, pageable: bool) -> Work {
    Work {
        site: SiteId(site),
        kind: WorkKind::Copy { direction, synchronous_form: false, pageable },
        name: "cudaMemcpyAsync".into(),
        stream: stream("stream", 2, false),
        stream_omitted: false,
        left_out_by: None,
        writes: direction == Some(Direction::DeviceToHost),
        assumed: false,
        lent: Default::default(),
        captured_at: None,
    }
}

/// An asynchronous copy to pinned memory.
pub fn copy_to_host(site: u32) -> Work {
    copy(site, Some(Direction::DeviceToHost), false)
}

/// An asynchronous copy to the device.
pub fn copy_to_device(site: u32) -> Work {
    copy(site, Some(Direction::HostToDevice), false)
}

/// A kernel that is only assumed to write.
pub fn kernel(site: u32) -> Work {
    Work {
        site: SiteId(site),
        kind: WorkKind::Kernel,
        name: "scale".into(),
        stream: stream("stream", 2, false),
        stream_omitted: false,
        left_out_by: None,
        writes: true,
        assumed: true,
        lent: Default::default(),
        captured_at: None,
    }
}

/// The work, on another stream.
pub fn on(work: Work, stream: Stream) -> Work {
    Work { stream, ..work }
}

/// A host read.
pub fn host_read() -> Access {
    Access::HostRead { via: None, as_result: false, left: false }
}

/// A host write.
pub fn host_write() -> Access {
    Access::HostWrite { via: None }
}

/// A call that frees.
pub fn release_call(with: FreeWith, name: &str) -> Access {
    Access::Release(ReleaseKind::Call(with, name.into()))
}

/// A conflict on all paths.
pub fn conflict(pending: &Work, object: &Object, site: u32, access: Access) -> Conflict {
    Conflict {
        pending: pending.clone(),
        object: object.clone(),
        site: SiteId(site),
        access,
        paths: Paths::All,
        overlap: true,
        ends: None,
        forgotten: None,
        exclusive: false,
        doubts: Vec::new(),
        undocumented_wait: None,
        no_waits: Vec::new(),
        witness: None,
    }
}

/// Facts that hold nothing but conflicts.
pub fn conflicts(conflicts: Vec<Conflict>) -> Facts {
    Facts { conflicts, ..Facts::default() }
}

/// What the rules make of facts: one line a diagnostic.
pub fn lines(facts: &Facts) -> Vec<String> {
    judge(&Program::default(), facts, &OPTIONS)
        .diagnostics
        .iter()
        .map(|d| format!("{} {} {} {}", d.site.0, d.rule, d.severity.name(), d.confidence.name()))
        .collect()
}

/// The only diagnostic's words: message, label, help.
pub fn text(facts: &Facts) -> String {
    let findings = judge(&Program::default(), facts, &OPTIONS);
    assert_eq!(findings.diagnostics.len(), 1, "{:#?}", findings.diagnostics);
    let d = &findings.diagnostics[0];
    format!("{}\n{}\n{}", d.message, d.label, d.help)
}
