//! Conflicts that a misused event explains: they yield to the diagnostic about the event.
//!
//! The analysis notes at pending work which waits for events ended nothing, and which records were on the
//! wrong stream; a conflict that comes after such a place is mended there.

use super::{CATALOGUE, Check, RuleContext};
use crate::Severity;
use crate::facts::{Access, Conflict, Event, MisplacedRecord, UnrecordedWait, Untimed, Waiter};
use crate::program::SiteId;

/// The place of the event's misuse that explains a conflict, if there is one.
pub(super) fn of(context: &RuleContext<'_>, conflict: &Conflict) -> Option<SiteId> {
    let events = &context.facts.events;
    let is_noted = |site: SiteId| conflict.no_waits.iter().any(|note| note.site == site);
    let unrecorded = events.unrecorded.iter().find(|it| is_noted(it.site) && fits(&it.waiter, conflict));
    // Where the work names no stream, the launch is as likely the slip as the record: both are said.
    let is_cause = |it: &&MisplacedRecord| {
        is_noted(it.site)
            && it.work.site == conflict.pending.site
            && !it.covered
            && !it.work.stream_omitted
            && fits(&it.waiter, conflict)
    };
    unrecorded.map(|it| it.site).or_else(|| events.misplaced.iter().find(is_cause).map(|it| it.site))
}

/// A stream that waits orders its own work only; what the host waits for comes before everything.
fn fits(waiter: &Waiter, conflict: &Conflict) -> bool {
    match (waiter, &conflict.access) {
        (Waiter::Host | Waiter::Query, _) => true,
        (Waiter::Stream(stream), Access::Device(second)) => second.stream == *stream,
        (Waiter::Stream(_), _) => true,
    }
}

/// How bad the worst conflict is that the place explains and that is shown, if there is one.
pub(super) fn worst<'a>(context: &RuleContext<'a>, site: SiteId) -> Option<(Severity, &'a Conflict)> {
    let explained = context.facts.conflicts.iter().filter(|it| of(context, it) == Some(site));
    let claims = explained.filter_map(|conflict| {
        let severities = CATALOGUE.iter().filter_map(|rule| match rule.check {
            Check::Conflicts { claim, .. } => claim(context, conflict),
            Check::Facts(_) => None,
        });
        let visible = severities.filter(|claim| claim.confidence > crate::Confidence::Possible);
        visible.map(|claim| claim.severity).max().map(|severity| (severity, conflict))
    });
    claims.max_by_key(|(severity, _)| *severity)
}

/// True if a wait for an event that is recorded too late may be meant for an earlier turn of a loop or an
/// earlier call, where nothing needs it.
pub(super) fn may_be_idle(wait: &UnrecordedWait) -> bool {
    wait.recorded_later.is_some()
}

/// True if a time is asked of an event that nothing records: the missing record is an error there, which says
/// more than that a wait for the event is for nothing.
pub(super) fn has_no_time(context: &RuleContext<'_>, wait: &UnrecordedWait) -> bool {
    context.facts.events.untimed.iter().any(|it| it.event == wait.event && it.why == Untimed::NeverRecorded)
}

/// True if a wait for an event that nothing records leaves out an order that is needed: that is where the missing
/// record is reported.
pub(super) fn breaks_order(context: &RuleContext<'_>, event: &Event) -> bool {
    let mut waits = context.facts.events.unrecorded.iter().filter(|it| it.event == *event);
    waits.any(|wait| worst(context, wait.site).is_some())
}
