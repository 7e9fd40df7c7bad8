//! Work beside the stream of a caller's that has to have joined it when the function returns.

use std::collections::{BTreeMap, BTreeSet};

use super::happens_before::{EventKey, Point, StreamKey};
use super::machine::{Exit, Machine};
use super::object::{FrameId, ObjectId, ObjectKey};
use super::state::{DeviceAccess, Operation, State};
use super::value::{Condition, Relation, Value};
use crate::facts::{Begun, Note, Paths, Stream, UnjoinedFork};
use crate::program::{FunctionId, Storage, TypeKind};

impl Machine<'_, '_> {
    /// The root returns: what was forked off a stream of its caller's, or started beside it, has to have joined it.
    pub(super) fn forks_join(&mut self, root: FunctionId, exits: &[Exit]) {
        let function = self.shared.function(root);
        if function.name == "main" || exits.iter().all(|exit| exit.state.pending.is_empty()) {
            return;
        }
        if self.shared.is_called(root) {
            // Its callers are followed through it, and show what they do with the work.
            return;
        }
        let ways: Vec<&Exit> = exits.iter().filter(|exit| !exit.state.failed).collect();
        let mut counts: BTreeMap<_, (usize, UnjoinedFork)> = BTreeMap::new();
        for exit in &ways {
            let mut found = self.unjoined(&exit.state);
            // What the caller gets may lead it to the stream.
            if matches!(exit.value, None | Some(Value::Number(_)))
                && let Some(from) = self.stream_of_caller(&exit.state, root)
            {
                found.extend(self.started(&exit.state, &from));
            }
            for fork in found {
                let count = counts.entry(fork.work.site).or_insert((0, fork));
                count.0 += 1;
            }
        }
        for (_, (count, fork)) in counts {
            let paths = if count == ways.len() { Paths::All } else { Paths::Some };
            self.observations.events.unjoined(UnjoinedFork { paths, ..fork });
        }
    }

    /// Work on streams that waited for an event of a stream of the caller's.
    fn unjoined(&self, state: &State) -> Vec<UnjoinedFork> {
        let mut found: Vec<UnjoinedFork> = Vec::new();
        let mut seen = BTreeSet::new();
        for operation in state.pending.iter().rev() {
            let Some((site, origin)) = state.events.forks.get(&operation.stream) else { continue };
            // The caller has the first stream, and nothing of the second.
            let is_callers = matches!(origin, StreamKey::Unseen(_));
            let joins = operation.cover.contains(Point::Tail(*origin));
            let Some(written) = self.unwaited_write(state, operation) else { continue };
            if !is_callers || joins || !seen.insert(operation.stream) {
                continue;
            }
            found.push(UnjoinedFork {
                work: self.describe_work(operation, true, written.assumed),
                from: self.describe_stream(*origin),
                begun: Begun::Forked,
                fork: Note { site: *site, text: "the stream is forked off here".to_owned() },
                paths: Paths::Some,
            });
        }
        found
    }

    /// Work on streams that the path has made, and that no event orders with a stream of the caller's.
    fn started(&self, state: &State, from: &Stream) -> Vec<UnjoinedFork> {
        let mut found: Vec<UnjoinedFork> = Vec::new();
        let mut seen = BTreeSet::new();
        for operation in state.pending.iter().rev() {
            let StreamKey::Created(stream) = operation.stream else { continue };
            let info = self.objects.info(ObjectId(stream));
            // A stream of the caller's, or the legacy default stream, may wait for the work.
            let joins = operation.cover.points().iter().any(|point| {
                matches!(point, Point::Tail(it) if *it != operation.stream && !matches!(it, StreamKey::Created(_)))
            });
            let (Some(site), false) =
                (info.site, joins || state.events.forks.contains_key(&operation.stream))
            else {
                continue;
            };
            let Some(written) = self.unwaited_write(state, operation) else { continue };
            if seen.insert(operation.stream) {
                found.push(UnjoinedFork {
                    work: self.describe_work(operation, true, written.assumed),
                    from: from.clone(),
                    // A blocking stream is in order with the default stream, which the caller may have passed.
                    begun: Begun::Started { is_free: info.non_blocking == Some(true) },
                    fork: Note { site, text: "the stream is made here".to_owned() },
                    paths: Paths::Some,
                });
            }
        }
        found
    }

    /// What work writes that the caller can see, if it runs on a stream of the function's own and nothing that the
    /// caller has stands for it.
    fn unwaited_write<'s>(&self, state: &State, operation: &'s Operation) -> Option<&'s DeviceAccess> {
        let StreamKey::Created(stream) = operation.stream else { return None };
        let is_kept = operation.cover.points().iter().any(|point| match point {
            Point::Event(EventKey::Created(event)) => self.is_stored_outside(state, ObjectId(*event)),
            Point::Event(EventKey::Unseen(_)) => true,
            Point::Tail(_) => false,
        });
        if is_kept
            || self.is_stored_outside(state, ObjectId(stream))
            || !operation.doubts.is_empty()
            || operation.undocumented_wait.is_some()
        {
            return None;
        }
        operation.accesses.iter().find(|access| {
            let root = self.objects.root(access.range.object);
            let key = &self.objects.info(root).key;
            access.write && matches!(key, ObjectKey::Pointee(_) | ObjectKey::Global(_))
        })
    }

    /// The stream that the root gets, if it gets one and that is not known to be the default stream.
    fn stream_of_caller(&mut self, state: &State, root: FunctionId) -> Option<Stream> {
        let function = self.shared.function(root);
        let mut passed = function.params.iter().filter(|param| {
            let local = &function.locals[param.0 as usize];
            local.ty.kind == TypeKind::Stream && local.storage == Storage::Param
        });
        let (Some(param), None) = (passed.next(), passed.next()) else { return None };
        let name = function.locals[param.0 as usize].name.clone();
        let key = ObjectKey::Local { frame: FrameId(0), local: *param, turn: 0 };
        let Some(object) = self.objects.find(&key) else { return Some(Stream::Unseen { name }) };
        let cell = self.start_of(object);
        let Value::Number(number) = self.peek(state, &cell) else { return None };
        let symbol = number.as_symbol()?;
        let is_null = Condition { expression: number, relation: Relation::Zero, negated: false };
        let may_be_made = self.streams().is_argument(symbol) && state.path.decide(&is_null) != Some(true);
        may_be_made.then_some(Stream::Unseen { name })
    }
}
