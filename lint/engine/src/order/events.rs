//! Events along a path: which may have been recorded, which records may still be outstanding, and what the
//! streams have got since.
//!
//! The book takes no part in comparing states, so that it keeps no paths apart. Where states are joined, what
//! is kept is what accuses nobody: an event counts as recorded if it is on one of the paths, and a record as
//! outstanding only if it is on both.

use std::collections::{BTreeMap, BTreeSet};

use super::happens_before::{self, Barrier, Cover, EventKey, Pending, Point, StreamKey};
use super::state::Operation;
use crate::program::SiteId;

/// Outstanding records that are kept at most; of more, the oldest count as complete.
const MARKS: usize = 64;

/// What is known of events and streams on one path.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The events that this path has made.
    pub made: BTreeMap<EventKey, Made>,
    /// The records that may be outstanding, oldest first.
    pub marks: Vec<Mark>,
    /// The streams with work or waits since the last record on them.
    pub busy: BTreeSet<StreamKey>,
    /// The work that was enqueued last, if nothing that is not followed came after it.
    pub last: Option<Operation>,
    /// Streams that were forked off others: where they waited, and for what stream.
    pub forks: BTreeMap<StreamKey, (SiteId, StreamKey)>,
    /// The blocking streams with work on this path.
    pub used: BTreeSet<StreamKey>,
    /// Work on the legacy default stream that may turn out to stand between work of other streams.
    pub between: Vec<Between>,
}

/// An event that the path has made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Whether it measures time, if that is known.
    pub timing: Option<bool>,
    /// It may have been recorded.
    pub recorded: bool,
    /// Something that is not seen may have it.
    pub escaped: bool,
}

/// A record that may be outstanding.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The event.
    pub event: EventKey,
    /// The stream.
    pub stream: StreamKey,
    /// The record.
    pub site: SiteId,
    /// What implies that it is reached.
    pub cover: Cover,
    /// It may be complete, for a reason that is not seen for sure.
    pub doubt: bool,
    /// The work that it follows on another stream, while its own stream has nothing new.
    pub misplaced: Option<Box<Misplaced>>,
}

/// What a record that seems to be on the wrong stream follows.
#[derive(Clone, Debug)]
pub struct Misplaced {
    /// The work.
    pub work: Operation,
    /// The event stands for it all the same.
    pub covered: bool,
}

/// Work on the legacy default stream.
#[derive(Clone, Debug)]
pub struct Between {
    /// The work.
    pub work: Operation,
    /// Work of a blocking stream that it waits for.
    pub before: Operation,
    /// It uses what that work uses, and was meant for its stream.
    pub belongs: bool,
}

impl Pending for Mark {
    fn cover(&self) -> &Cover {
        &self.cover
    }
    fn cover_mut(&mut self) -> &mut Cover {
        &mut self.cover
    }
}

impl Book {
    /// The outstanding record of an event.
    pub fn mark(&self, event: EventKey) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.event == event)
    }

    /// An event is recorded: its earlier record is of no interest any more.
    pub fn record(&mut self, event: EventKey, stream: StreamKey, site: SiteId, barrier: &impl Barrier) {
        match event {
            EventKey::Created(_) => {
                if let Some(made) = self.made.get_mut(&event) {
                    made.recorded = true;
                }
            }
            // It may be any of those that stand where indices or unseen code lead to.
            EventKey::Unseen(_) => self.made.values_mut().for_each(|made| made.recorded = true),
        }
        self.marks.retain(|mark| mark.event != event);
        happens_before::record(&mut self.marks, event, stream, barrier);
        let mut cover = Cover::default();
        cover.insert(Point::Tail(stream));
        cover.insert(Point::Event(event));
        self.marks.push(Mark { event, stream, site, cover, doubt: false, misplaced: None });
        if self.marks.len() > MARKS {
            self.marks.remove(0);
        }
        self.busy.remove(&stream);
    }

    /// How many of the outstanding records are earlier than that of an event, or are it; `None` if it has none.
    pub fn earlier_than(&self, event: EventKey) -> Option<usize> {
        self.marks.iter().position(|mark| mark.event == event)
    }

    /// Any record may be complete.
    pub fn doubt(&mut self) {
        self.marks.iter_mut().for_each(|mark| mark.doubt = true);
    }

    /// Something happened that is not followed: which work came last is not known.
    pub fn lose_track(&mut self) {
        self.last = None;
        self.between.clear();
    }

    /// What holds on one of two paths that are joined, or that are no longer followed apart.
    pub fn join(&mut self, other: &Self) {
        for (event, theirs) in &other.made {
            let ours = self.made.entry(*event).or_insert_with(|| theirs.clone());
            ours.recorded |= theirs.recorded;
            ours.escaped |= theirs.escaped;
            if ours.timing != theirs.timing {
                ours.timing = None;
            }
        }
        let theirs: BTreeSet<_> = other.marks.iter().map(|mark| (mark.event, mark.site)).collect();
        self.marks.retain(|mark| theirs.contains(&(mark.event, mark.site)));
        for mark in &mut self.marks {
            let twin = other.mark(mark.event);
            mark.doubt |= twin.is_none_or(|twin| twin.doubt || twin.cover != mark.cover);
            if twin.is_none_or(|twin| twin.misplaced.is_none()) {
                mark.misplaced = None;
            }
        }
        self.busy.extend(&other.busy);
        if self.last.as_ref().map(|it| it.id) != other.last.as_ref().map(|it| it.id) {
            self.last = None;
        }
        self.forks.retain(|stream, fork| other.forks.get(stream) == Some(fork));
        self.used.extend(&other.used);
        let same = |a: &Between, b: &Between| a.work.id == b.work.id && a.belongs == b.belongs;
        self.between.retain(|ours| other.between.iter().any(|theirs| same(ours, theirs)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: EventKey = EventKey::Created(1);
    const S: StreamKey = StreamKey::Created(2);

    struct AllBlocking;
    impl Barrier for AllBlocking {
        fn is_blocking(&self, _: StreamKey) -> bool {
            true
        }
    }

    fn book() -> Book {
        let mut book = Book::default();
        book.made.insert(E, Made { timing: Some(true), ..Made::default() });
        book
    }

    #[test]
    fn a_record_of_one_path_counts_and_is_not_outstanding() {
        let mut recorded = book();
        recorded.record(E, S, SiteId(3), &AllBlocking);
        assert!(recorded.mark(E).is_some());
        let mut bare = book();
        bare.join(&recorded);
        assert!(bare.made[&E].recorded && bare.mark(E).is_none());
        recorded.join(&book());
        assert!(recorded.made[&E].recorded && recorded.mark(E).is_none());
    }

    #[test]
    fn an_event_of_unknown_origin_may_be_any() {
        let mut book = book();
        book.record(EventKey::Unseen(9), S, SiteId(3), &AllBlocking);
        assert!(book.made[&E].recorded && book.mark(E).is_none());
    }

    #[test]
    fn the_record_is_complete_with_its_stream() {
        let mut book = book();
        book.record(E, S, SiteId(3), &AllBlocking);
        happens_before::complete(&mut book.marks, Point::Tail(S));
        assert!(book.mark(E).is_none());
    }
}
