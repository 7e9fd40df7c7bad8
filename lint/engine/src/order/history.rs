//! What a path has asked of CUDA so far, in order: what a witness is cut out of.
//!
//! The history takes no part in comparing or joining states: states that are equal otherwise were reached in
//! ways that are equally good as explanations. A step costs one allocation, and a copy of a state none.
//!
//! What is not here is known without it: where objects, streams and events were made, and with which flags,
//! the table of objects says; a host access orders nothing, and the one that a witness ends with is at hand.

use std::rc::Rc;

use super::happens_before::{EventKey, Point, StreamKey};
use super::object::ObjectId;
use super::state::Operation;
use crate::facts::ReleaseKind;
use crate::program::SiteId;

/// The steps of a path, shared with the paths that branched off it.
#[derive(Clone, Debug, Default)]
pub struct History(Option<Rc<Node>>);

#[derive(Debug)]
struct Node {
    deed: Deed,
    before: History,
}

/// One step of the host that concerns CUDA.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Where.
    pub site: SiteId,
    /// What.
    pub kind: DeedKind,
}

/// What the host asked for.
#[derive(Clone, Debug)]
pub enum DeedKind {
    /// Device work, as it was when it was enqueued.
    Enqueue(Operation),
    /// An event was recorded on a stream.
    Record(EventKey, StreamKey),
    /// A stream waits for an event.
    StreamWait(StreamKey, EventKey),
    /// The host waited for a point.
    HostWait(Point),
    /// The host saw the query of a point succeed.
    Poll(Point),
    /// A call that orders nothing, though it is often taken for a wait.
    NoWait(Rc<str>),
    /// Memory was released by a function that is measured to wait; `None` where the pointer is unknown.
    Free(Option<ObjectId>, ReleaseKind),
}

impl History {
    /// True if the path has asked for nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds a step.
    pub fn push(&mut self, site: SiteId, kind: DeedKind) {
        let before = std::mem::take(self);
        self.0 = Some(Rc::new(Node { deed: Deed { site, kind }, before }));
    }

    /// The steps, latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = &Deed> {
        let mut next = self.0.as_deref();
        std::iter::from_fn(move || {
            let node = next?;
            next = node.before.0.as_deref();
            Some(&node.deed)
        })
    }
}

impl Drop for Node {
    // One after the other: a long path would overflow the stack otherwise.
    fn drop(&mut self) {
        let mut next = self.before.0.take();
        while let Some(mut node) = next.and_then(Rc::into_inner) {
            next = node.before.0.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(history: &History) -> Vec<u32> {
        history.latest_first().map(|deed| deed.site.0).collect()
    }

    #[test]
    fn branches_share_what_came_before_them() {
        let mut a = History::default();
        a.push(SiteId(1), DeedKind::NoWait("x".into()));
        let mut b = a.clone();
        a.push(SiteId(2), DeedKind::NoWait("x".into()));
        b.push(SiteId(3), DeedKind::NoWait("x".into()));
        assert_eq!((sites(&a), sites(&b)), (vec![2, 1], vec![3, 1]));
    }

    #[test]
    fn a_long_path_is_dropped_without_a_deep_stack() {
        let mut history = History::default();
        for site in 0..1_000_000 {
            history.push(SiteId(site), DeedKind::NoWait("x".into()));
        }
        let half = history.latest_first().nth(500_000).map(|deed| deed.site);
        assert_eq!(half, Some(SiteId(499_999)));
        drop(history);
    }
}
