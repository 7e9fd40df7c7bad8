//! Memory that Rust code lends to a library: whose rule a conflict about it is, and what is said of it.

use super::root_cause::{Case, Claim};
use super::{RuleContext, host_buffer_released_in_flight, host_read_before_sync, host_write_before_sync};
use super::{async_alloc_misuse, cross_stream_unordered, nonblocking_vs_default_race};
use super::{pageable_copy_as_sync, words};
use crate::cuda::row::{FreeWith, MemoryKind};
use crate::facts::{Access, Conflict, Lent, ReleaseKind};
use crate::{Diagnostic, Severity};

/// The rule that a conflict belongs to by how the memory was lent; `None` if that does not matter.
pub(super) fn owner(conflict: &Conflict) -> Option<&'static str> {
    let second = match &conflict.access {
        Access::Device(second) => Some(second.lent),
        _ => None,
    };
    match (conflict.pending.lent, second) {
        (Lent::No, _) => None,
        (Lent::Call, None) => Some("cudarc-raw-async-lifetime"),
        (Lent::Slice, None) => Some("cudarc-pinned-as-slice"),
        (Lent::Recorded | Lent::Apart, None) => Some("cudarc-lost-event"),
        (Lent::Untracked | Lent::StreamsGone | Lent::OtherContext | Lent::PerThread, None) => {
            Some("cudarc-untracked-streams")
        }
        (Lent::Unguarded, _) => Some("cudarc-guard-dropped"),
        // Of slices, the memory on the device is recorded all the same.
        (Lent::Recorded | Lent::Slice | Lent::Apart, Some(Lent::Recorded | Lent::Slice)) => {
            Some("cudarc-lost-event")
        }
        (
            Lent::Untracked | Lent::StreamsGone | Lent::OtherContext | Lent::PerThread,
            Some(Lent::Recorded | Lent::Slice | Lent::Untracked),
        ) => Some("cudarc-untracked-streams"),
        _ => None,
    }
}

/// The claim that the rule for C would make of a conflict that belongs to a rule.
pub(super) fn claim(rule: &str, context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if owner(conflict) != Some(rule) {
        return None;
    }
    match conflict.access {
        Access::Device(_) => cross_stream_unordered::claim(context, conflict)
            .or_else(|| nonblocking_vs_default_race::claim(context, conflict)),
        // Dropped: given back in the order of the stream that made it.
        Access::Release(ReleaseKind::Call(FreeWith::CudaFreeAsync, _)) => {
            async_alloc_misuse::claim(context, conflict)
        }
        _ => by_host(context, conflict),
    }
}

/// The claim that the rule for C would make of an access by the host.
fn by_host(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    match &conflict.access {
        Access::HostRead { .. } => host_read_before_sync::claim(context, conflict)
            .or_else(|| pageable_copy_as_sync::claim(context, conflict)),
        Access::HostWrite { .. } => host_write_before_sync::claim(context, conflict)
            .or_else(|| pageable_copy_as_sync::claim(context, conflict)),
        Access::Release(_) => host_buffer_released_in_flight::released(context, conflict),
        Access::Device(_) => None,
    }
}

/// The diagnostic: what happens, why the library does not see to it, and what does.
pub(super) fn explain(rule: &'static str, case: &Case<'_>, because: &str, help: String) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let object = words::object(&conflict.object);
    let (what, label) = match &conflict.access {
        Access::HostRead { .. } => ("read", format!("{object} is read here")),
        Access::HostWrite { .. } => ("written", format!("{object} is written here")),
        Access::Release(ReleaseKind::Call(FreeWith::CudaFreeAsync | FreeWith::CudaFree, _)) => {
            ("freed", format!("{object} is freed here"))
        }
        Access::Release(_) => ("released", format!("{object} is released here")),
        Access::Device(second) => ("used", format!("{} uses {object} here", words::work(second))),
    };
    let doing = if pending.writes { "writing" } else { "reading" };
    Diagnostic {
        rule,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "{object} is {what} while {} may still be {doing} it: {because}",
            words::work(pending)
        ),
        site: conflict.site,
        label,
        related: words::story(case),
        help,
        witness: conflict.witness.clone(),
    }
}

/// Pageable memory that is lent for a call: a warning where the rule for C says that it is staged.
pub(super) fn at_least_a_warning(claim: Claim, conflict: &Conflict) -> Claim {
    let pageable = conflict.object.memory == Some(MemoryKind::Pageable);
    if pageable { Claim { severity: claim.severity.max(Severity::Warning), ..claim } } else { claim }
}
