//! What calls ask events for: the time between two of them.

use super::event_sums::EventHit;
use super::events::Made;
use super::happens_before::EventKey;
use super::machine::Machine;
use super::model::Modelled;
use super::state::State;
use super::symbol::Sym;
use crate::cuda::row::Role;
use crate::facts::{Event, Untimed};

impl Machine<'_, '_> {
    /// The time between two events is asked for.
    pub(super) fn events_measured(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        if let Some(status) = it.status {
            self.observations.events.asked(status, self.at.site);
        }
        let events: Vec<EventKey> =
            it.args(Role::Event).cloned().collect::<Vec<_>>().iter().map(|it| self.event_key(it)).collect();
        self.times_have_device(state, &events);
        for (index, event) in events.iter().enumerate() {
            let is_start = index == 0;
            let described = self.describe_event(*event);
            self.observations.events.time_is_asked(described.made);
            if is_start {
                self.observations.events.starts(described.clone());
            }
            if state.failed || !state.capturing.is_empty() {
                continue;
            }
            // Timing is settled where the event is made, whoever else has it: events for other processes have none.
            let made = state.events.made.get(event);
            let untimed = made.is_some_and(|made| made.timing == Some(false));
            let known = made.filter(|made| !made.escaped);
            let held = match event {
                EventKey::Unseen(symbol) => {
                    self.held_event(*symbol).filter(|held| held.timing == Some(false))
                }
                EventKey::Created(_) => None,
            };
            let described = match &held {
                Some(held) => Event { made: Some(held.site), ..described },
                None => described,
            };
            if let (Some(made), Some(known)) = (described.made, state.events.made.get(event))
                && (known.recorded || known.escaped)
            {
                self.observations.events.recorded(made, self.at.site, &described);
            }
            let why = match (known, state.events.mark(*event)) {
                _ if untimed || held.is_some() => Untimed::Disabled,
                (Some(Made { recorded: false, .. }), _) => {
                    if self.may_be_recorded_in_another_round(Some(index)) {
                        continue;
                    }
                    Untimed::NeverRecorded
                }
                (_, Some(mark)) if !mark.doubt => {
                    Untimed::NotComplete { record: mark.site, stream: self.describe_stream(mark.stream) }
                }
                _ => continue,
            };
            // An event without timing is one whichever of the two it is: the first is enough to say.
            let homes = self.homes(state, *event);
            let hit = EventHit::Untimed(self.at.site, described, why, is_start);
            let paths = self.observations.event_hit(self.at, state, hit.clone());
            self.observations.events.untimed(hit, it.shown(), homes, paths);
        }
    }

    /// A status is compared with `cudaErrorNotReady`.
    pub(super) fn not_ready_is_tested(&mut self, status: Sym) {
        self.observations.events.tolerates(status);
    }
}
