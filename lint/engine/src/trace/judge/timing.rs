//! Events that measure time: cudaEventElapsedTime waits for nothing, and fails where one of the two has no time.

use std::collections::{BTreeMap, BTreeSet};

use super::order::Operation;
use super::{Hazard, NoTime};

/// The events of a trace, as far as their times go.
#[derive(Debug, Default)]
pub(super) struct Timing<'t> {
    timers: BTreeSet<&'t str>,
    /// The steps of the latest records.
    records: BTreeMap<&'t str, usize>,
}

impl<'t> Timing<'t> {
    /// An event that measures time is made.
    pub(super) fn make(&mut self, event: &'t str) {
        self.timers.insert(event);
    }

    /// An event is recorded; true if its record is to be among what is pending: work that touches nothing.
    pub(super) fn record(&mut self, event: &'t str, step: usize) -> bool {
        self.records.insert(event, step);
        self.timers.contains(event)
    }

    /// The time between two events is asked for.
    pub(super) fn ask(&self, pending: &[Operation<'t>], step: usize, events: [&'t str; 2]) -> Vec<Hazard> {
        let why = |event: &str| {
            let record = self.records.get(event);
            if !self.timers.contains(event) {
                return Some(NoTime::Disabled);
            }
            let Some(record) = record else { return Some(NoTime::NeverRecorded) };
            let is_mark = |it: &&Operation<'_>| it.step == *record && it.touches.is_empty();
            let outstanding = pending.iter().find(is_mark).is_some_and(|it| it.waited.is_none());
            outstanding.then_some(NoTime::NotComplete)
        };
        let found = events.into_iter().filter_map(|event| Some((event, why(event)?)));
        found.map(|(event, why)| Hazard::NoTime { step, event: event.to_owned(), why }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::*;
    use crate::trace::text::parse;

    fn found(text: &str) -> Vec<(String, NoTime)> {
        let trace = parse(text).unwrap();
        let hazards = judge(&trace).into_iter();
        let times = hazards.map(|hazard| match hazard {
            Hazard::NoTime { event, why, .. } => (event, why),
            other => panic!("{other:?}"),
        });
        times.collect()
    }

    #[test]
    fn each_reason_is_told() {
        let made = "s = stream\nd = device 4\na = timer\nb = timer\nc = event\n";
        let work = "record a on s\nlaunch k writes d[0..4] on s\nrecord b on s\nrecord c on s\n";
        let text = |rest: &str| format!("{made}{work}{rest}");
        assert_eq!(found(&text("synchronize b\nelapsed a b\n")), []);
        assert_eq!(found(&text("synchronize s\nelapsed a b\n")), []);
        let both = [("a".to_owned(), NoTime::NotComplete), ("b".to_owned(), NoTime::NotComplete)];
        assert_eq!(found(&text("elapsed a b\n")), both);
        assert_eq!(found(&text("synchronize a\nelapsed a b\n")), both[1..]);
        assert_eq!(found(&text("synchronize c\nelapsed a c\n")), [("c".to_owned(), NoTime::Disabled)]);
        assert_eq!(found(&format!("{made}elapsed a a\n"))[0].1, NoTime::NeverRecorded);
    }
}
