//! Happens-before on the device: what waits for what.
//!
//! The state is the set of *pending* operations: device work that may still be running. Each carries its
//! **cover**, the set of synchronisation points whose completion implies its own. Everything here works
//! on opaque numbers for streams and events, so that the same code judges a static path and (issue 3) a
//! concrete trace.

/// A stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamKey {
    /// The legacy default stream.
    Legacy,
    /// The per-thread default stream.
    PerThread,
    /// A stream that the program made.
    Created(u32),
    /// A stream of unknown origin: equal numbers are the same stream, different ones may be.
    Unseen(u32),
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKey {
    /// An event that the program made.
    Created(u32),
    /// An event of unknown origin.
    Unseen(u32),
}

/// A synchronisation point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Point {
    /// The end of everything in a stream so far.
    Tail(StreamKey),
    /// The latest record of an event.
    Event(EventKey),
}

/// The synchronisation points whose completion implies an operation's, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cover(Vec<Point>);

impl Cover {
    /// True if `point` implies completion.
    pub fn contains(&self, point: Point) -> bool {
        self.0.binary_search(&point).is_ok()
    }
    /// Adds a point.
    pub fn insert(&mut self, point: Point) {
        if let Err(at) = self.0.binary_search(&point) {
            self.0.insert(at, point);
        }
    }
    /// Removes a point.
    pub fn remove(&mut self, point: Point) {
        if let Ok(at) = self.0.binary_search(&point) {
            self.0.remove(at);
        }
    }
    /// The points.
    pub fn points(&self) -> &[Point] {
        &self.0
    }
}

/// An operation that may still be running.
pub trait Pending {
    /// Its cover.
    fn cover(&self) -> &Cover;
    /// Its cover.
    fn cover_mut(&mut self) -> &mut Cover;
}

/// Which streams take part in the legacy default stream's barrier: all but those made with
/// cudaStreamNonBlocking.
pub trait Barrier {
    /// True if the stream and the legacy default stream order each other.
    fn is_blocking(&self, stream: StreamKey) -> bool;
}

/// What a new operation on `stream` does to the covers before it is enqueued: the legacy barrier.
/// Afterwards exactly the operations covered by `Tail(stream)` happen before the new one.
pub fn reach<P: Pending>(pending: &mut [P], stream: StreamKey, barrier: &impl Barrier) {
    match stream {
        StreamKey::Legacy => {
            for operation in pending {
                let blocking = operation.cover().points().iter().any(
                    |point| matches!(point, Point::Tail(other) if *other != StreamKey::Legacy && barrier.is_blocking(*other)),
                );
                if blocking {
                    operation.cover_mut().insert(Point::Tail(StreamKey::Legacy));
                }
            }
        }
        _ if barrier.is_blocking(stream) => {
            for operation in pending {
                if operation.cover().contains(Point::Tail(StreamKey::Legacy)) {
                    operation.cover_mut().insert(Point::Tail(stream));
                }
            }
        }
        _ => {}
    }
}

/// Records `event` on `stream`: the event now stands for what the stream holds, and for nothing else.
pub fn record<P: Pending>(pending: &mut [P], event: EventKey, stream: StreamKey, barrier: &impl Barrier) {
    if stream == StreamKey::Legacy {
        reach(pending, stream, barrier);
    }
    forget(pending, event);
    snapshot(pending, event, stream);
    // Measured: an event on a blocking stream waits for earlier legacy work too; a wait for the stream, with
    // nothing but the record after that work, does not.
    if stream != StreamKey::Legacy && barrier.is_blocking(stream) {
        snapshot(pending, event, StreamKey::Legacy);
    }
}

/// An event stands for nothing any more.
pub fn forget<P: Pending>(pending: &mut [P], event: EventKey) {
    for operation in pending {
        operation.cover_mut().remove(Point::Event(event));
    }
}

/// An event stands for what a stream holds, on top of what it stands for already.
pub fn snapshot<P: Pending>(pending: &mut [P], event: EventKey, stream: StreamKey) {
    for operation in pending {
        if operation.cover().contains(Point::Tail(stream)) {
            operation.cover_mut().insert(Point::Event(event));
        }
    }
}

/// Later work on `stream` waits for the latest record of `event`.
pub fn stream_waits<P: Pending>(pending: &mut [P], stream: StreamKey, event: EventKey) {
    for operation in pending {
        if operation.cover().contains(Point::Event(event)) {
            operation.cover_mut().insert(Point::Tail(stream));
        }
    }
}

/// The host has seen `point` complete: everything it covers is gone. For the legacy stream the caller
/// calls [`reach`] first, since it encompasses all blocking streams.
pub fn complete<P: Pending>(pending: &mut Vec<P>, point: Point) {
    pending.retain(|operation| !operation.cover().contains(point));
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: StreamKey = StreamKey::Created(1);
    const B: StreamKey = StreamKey::Created(2);
    const NON_BLOCKING: StreamKey = StreamKey::Created(9);
    const E: EventKey = EventKey::Created(5);

    struct Flags;
    impl Barrier for Flags {
        fn is_blocking(&self, stream: StreamKey) -> bool {
            stream != NON_BLOCKING
        }
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Work(&'static str, Cover);
    impl Pending for Work {
        fn cover(&self) -> &Cover {
            &self.1
        }
        fn cover_mut(&mut self) -> &mut Cover {
            &mut self.1
        }
    }

    /// Enqueues work and returns the names of what happens before it.
    fn enqueue(pending: &mut Vec<Work>, name: &'static str, stream: StreamKey) -> Vec<&'static str> {
        reach(pending, stream, &Flags);
        let before = pending.iter().filter(|it| it.1.contains(Point::Tail(stream))).map(|it| it.0).collect();
        let mut cover = Cover::default();
        cover.insert(Point::Tail(stream));
        pending.push(Work(name, cover));
        before
    }

    fn names(pending: &[Work]) -> Vec<&'static str> {
        pending.iter().map(|it| it.0).collect()
    }

    #[test]
    fn a_stream_is_a_queue_and_streams_are_independent() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        assert_eq!(enqueue(&mut pending, "b", B), [""; 0]);
        assert_eq!(enqueue(&mut pending, "a2", A), ["a"]);
    }

    #[test]
    fn the_legacy_stream_is_a_barrier_for_blocking_streams_only() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        enqueue(&mut pending, "n", NON_BLOCKING);
        assert_eq!(enqueue(&mut pending, "zero", StreamKey::Legacy), ["a"]);
        assert_eq!(enqueue(&mut pending, "b", B), ["a", "zero"]);
        assert_eq!(enqueue(&mut pending, "n2", NON_BLOCKING), ["n"]);
    }

    #[test]
    fn an_event_is_a_snapshot_and_a_second_record_replaces_the_first() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        record(&mut pending, E, A, &Flags);
        enqueue(&mut pending, "late", A);
        stream_waits(&mut pending, B, E);
        assert_eq!(enqueue(&mut pending, "b", B), ["a"]);
        record(&mut pending, E, B, &Flags);
        complete(&mut pending, Point::Event(E));
        assert_eq!(names(&pending), ["late"]);
    }

    #[test]
    fn an_event_on_the_legacy_stream_captures_all_blocking_streams() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        enqueue(&mut pending, "n", NON_BLOCKING);
        record(&mut pending, E, StreamKey::Legacy, &Flags);
        complete(&mut pending, Point::Event(E));
        assert_eq!(names(&pending), ["n"]);
    }

    #[test]
    fn a_wait_for_a_blocking_stream_does_not_cover_earlier_legacy_work() {
        // Measured: cudaStreamSynchronize(blocking stream) returned at once while stream 0 was held.
        let mut pending = Vec::new();
        enqueue(&mut pending, "zero", StreamKey::Legacy);
        complete(&mut pending, Point::Tail(A));
        assert_eq!(names(&pending), ["zero"]);
    }

    #[test]
    fn a_wait_covers_what_the_stream_has_waited_for() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        record(&mut pending, E, A, &Flags);
        stream_waits(&mut pending, B, E);
        complete(&mut pending, Point::Tail(B));
        assert_eq!(names(&pending), [""; 0]);
    }

    #[test]
    fn a_wait_for_an_event_that_was_never_recorded_orders_nothing() {
        let mut pending = Vec::new();
        enqueue(&mut pending, "a", A);
        stream_waits(&mut pending, B, E);
        assert_eq!(enqueue(&mut pending, "b", B), [""; 0]);
    }
}
