//! What of a history concerns a conflict.

use super::Second;
use crate::facts::WorkKind;
use crate::order::happens_before::{EventKey, Point, StreamKey};
use crate::order::history::{Deed, DeedKind};
use crate::order::object::ObjectId;
use crate::order::state::{Operation, State};
use crate::program::SiteId;

/// How far back a path is searched for the device work that makes what the pending work reads.
const LOOK_BACK: usize = 256;

/// The steps of a history that concern a conflict, earliest first.
pub(super) struct Excerpt<'a> {
    /// The steps.
    pub(super) deeds: Vec<&'a Deed>,
    /// The pending work as it was when it was enqueued.
    pub(super) pending: &'a Operation,
}

impl<'a> Excerpt<'a> {
    /// Cuts it out of the history of a state.
    pub(super) fn of(state: &'a State, pending: &'a Operation, second: Second<'a>) -> Self {
        let mut deeds: Vec<&Deed> = Vec::new();
        let mut history = state.history.latest_first();
        let mut first = None;
        for deed in history.by_ref() {
            if let DeedKind::Enqueue(operation) = &deed.kind
                && operation.id == pending.id
            {
                first = Some((deed, operation));
                break;
            }
            deeds.push(deed);
        }
        deeds.reverse();
        let streams = [
            Some(pending.stream),
            match second {
                Second::Device(operation, _) | Second::InGraph(operation, ..) => Some(operation.stream),
                Second::FreeInOrder(_, stream) => Some(stream),
                Second::Host(..) => None,
            },
        ];
        let before: Vec<&Deed> = history.take(LOOK_BACK).collect();
        let between = between(&deeds, &before, pending, &streams);
        let Some((deed, operation)) = first else { return Self { deeds: between, pending } };
        let mut all: Vec<&Deed> = Vec::new();
        all.extend(producers(state, &before, operation));
        all.extend(records_before(&before, &between, &streams));
        all.push(deed);
        all.extend(between);
        Self { deeds: all, pending: operation }
    }
}

/// The steps between the two accesses that look like an order: records and waits of their streams, and the
/// calls that the finding names as waits that are none.
fn between<'a>(
    deeds: &[&'a Deed],
    before: &[&'a Deed],
    pending: &Operation,
    streams: &[Option<StreamKey>],
) -> Vec<&'a Deed> {
    let concerns = |stream: StreamKey| streams.contains(&Some(stream));
    let named = |site: SiteId| pending.no_waits.iter().any(|note| note.site == site);
    let records = |event: EventKey, deeds: &[&Deed]| {
        deeds.iter().any(
            |deed| matches!(&deed.kind, DeedKind::Record(it, stream) if *it == event && concerns(*stream)),
        )
    };
    let is_recorded = |event: EventKey| records(event, deeds) || records(event, before);
    let mut kept: Vec<&Deed> = Vec::new();
    for deed in deeds {
        let keep = match &deed.kind {
            DeedKind::Enqueue(_) => false,
            // Decided below, when it is known what waits for it. A record elsewhere that takes the place of one
            // that counts takes order away, so leaving it out would add some.
            DeedKind::Record(event, stream) => concerns(*stream) || is_recorded(*event),
            DeedKind::StreamWait(stream, event) => {
                is_recorded(*event) || (concerns(*stream) && matches!(event, EventKey::Created(_)))
            }
            DeedKind::HostWait(Point::Tail(stream)) | DeedKind::Poll(Point::Tail(stream)) => {
                named(deed.site) || concerns(*stream)
            }
            DeedKind::HostWait(Point::Event(event)) | DeedKind::Poll(Point::Event(event)) => {
                is_recorded(*event)
            }
            DeedKind::NoWait(_) => named(deed.site),
            DeedKind::Free(..) => {
                pending.undocumented_wait.as_ref().is_some_and(|note| note.site == deed.site)
            }
        };
        if keep {
            kept.push(deed);
        }
    }
    // What comes round in a loop says the same each time.
    let is_remark = |deed: &Deed| matches!(deed.kind, DeedKind::NoWait(_) | DeedKind::HostWait(_));
    let mut seen = Vec::new();
    kept.retain(|deed| {
        let again = is_remark(deed) && seen.contains(&deed.site);
        seen.push(deed.site);
        !again
    });
    let waits: Vec<EventKey> = kept.iter().filter_map(|deed| awaited(deed)).collect();
    kept.retain(|deed| !matches!(&deed.kind, DeedKind::Record(event, _) if !waits.contains(event)));
    kept
}

/// The event that a step waits for.
fn awaited(deed: &Deed) -> Option<EventKey> {
    match deed.kind {
        DeedKind::StreamWait(_, event)
        | DeedKind::HostWait(Point::Event(event))
        | DeedKind::Poll(Point::Event(event)) => Some(event),
        _ => None,
    }
}

/// The latest records, before the pending work, of the events that are waited for after it: they are too
/// early, which is what such a witness shows.
fn records_before<'a>(
    before: &[&'a Deed],
    between: &[&Deed],
    streams: &[Option<StreamKey>],
) -> Vec<&'a Deed> {
    let mut found: Vec<&Deed> = Vec::new();
    for (index, wait) in between.iter().enumerate() {
        let Some(event) = awaited(wait) else { continue };
        let is_record = |deed: &&Deed| matches!(&deed.kind, DeedKind::Record(it, _) if *it == event);
        if between[..index].iter().any(is_record) || found.iter().any(is_record) {
            continue;
        }
        let latest = before.iter().copied().find(is_record);
        found.extend(latest.filter(
            |deed| matches!(&deed.kind, DeedKind::Record(_, stream) if streams.contains(&Some(*stream))),
        ));
    }
    found
}

/// The device work in the stream of `operation` that makes what it reads, and is pending like it.
fn producers<'a>(state: &State, before: &[&'a Deed], operation: &Operation) -> Vec<&'a Deed> {
    let mut found: Vec<&Deed> = Vec::new();
    let mut wanted: Vec<ObjectId> =
        operation.accesses.iter().filter(|access| access.read).map(|access| access.range.object).collect();
    for deed in before {
        let DeedKind::Enqueue(earlier) = &deed.kind else { continue };
        let plain = matches!(earlier.kind, WorkKind::Kernel | WorkKind::Fill)
            || matches!(earlier.kind, WorkKind::Copy { pageable: false, synchronous_form: false, .. });
        let is_pending = || state.pending.iter().any(|it| it.id == earlier.id);
        if !plain || earlier.stream != operation.stream || !is_pending() {
            continue;
        }
        let count = wanted.len();
        wanted.retain(|object| {
            !earlier.accesses.iter().any(|access| access.write && access.range.object == *object)
        });
        if wanted.len() < count {
            found.push(deed);
        }
    }
    found.reverse();
    found
}
