//! Sums up the copies that are seen on single paths, together and by the calls that lead to them.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::At;
use super::object::{FrameId, Step};
use super::state::State;
use crate::cuda::row::Mode;
use crate::facts::{Object, Paths, Transfer, TransferContext, TransferView};
use crate::flow::Cfg;
use crate::program::{BlockId, FunctionId, Program, SiteId};

/// The copies seen so far.
#[derive(Debug, Default)]
pub struct TransferSums(BTreeMap<SiteId, Sum>);

#[derive(Debug)]
struct Sum {
    function: String,
    mode: Mode,
    in_loop: bool,
    within: FunctionId,
    /// Where in that function.
    step: Step,
    contexts: BTreeMap<Vec<SiteId>, BTreeMap<TransferView, Paths>>,
    /// The calls that lead to copies for which the host does not wait at once.
    unwaited: BTreeSet<Vec<SiteId>>,
    /// The calls of roots of which some paths were given up.
    in_part: BTreeSet<Vec<SiteId>>,
    /// Of the current root: where the copy was seen, and by which calls.
    seen: BTreeMap<(FrameId, Step), Vec<SiteId>>,
    /// Of the current root: where the host waits for it at once.
    waited: BTreeSet<(FrameId, Step)>,
}

impl TransferSums {
    /// A copy, in the function that the calls lead to.
    pub fn see(
        &mut self,
        at: At,
        state: &State,
        calls: &[SiteId],
        within: FunctionId,
        (function, mode): (&str, Mode),
        (view, paths): (TransferView, Paths),
    ) {
        let in_loop = state.frames.iter().any(|frame| !frame.arrivals.is_empty());
        let sum = self.0.entry(at.site).or_insert_with(|| Sum {
            function: function.to_owned(),
            mode,
            in_loop,
            within,
            step: at.step,
            contexts: BTreeMap::new(),
            unwaited: BTreeSet::new(),
            in_part: BTreeSet::new(),
            seen: BTreeMap::new(),
            waited: BTreeSet::new(),
        });
        sum.in_loop |= in_loop;
        sum.seen.entry((state.frame(), at.step)).or_insert_with(|| calls.to_vec());
        if !sum.contexts.contains_key(calls) {
            sum.contexts.insert(calls.to_vec(), BTreeMap::new());
        }
        if let Some(views) = sum.contexts.get_mut(calls) {
            raise(views, view, paths);
        }
    }

    /// The host waits for a copy before it does anything else with CUDA.
    pub fn waited_at_once(&mut self, copy: SiteId, frame: FrameId, step: Step) {
        if let Some(sum) = self.0.get_mut(&copy) {
            sum.waited.insert((frame, step));
        }
    }

    /// A root has been followed: which of its calls wait at once is known now. Frames are numbered by root.
    /// `in_part` if some of its paths were given up.
    pub fn end_of_root(&mut self, in_part: bool) {
        for sum in self.0.values_mut() {
            let waited = std::mem::take(&mut sum.waited);
            let seen = std::mem::take(&mut sum.seen);
            if in_part {
                sum.in_part.extend(seen.values().cloned());
            }
            let unwaited = seen.into_iter().filter(|(place, _)| !waited.contains(place));
            sum.unwaited.extend(unwaited.map(|(_, calls)| calls));
        }
    }

    /// The facts. `complete` adds what is known of an object at the end.
    pub fn into_facts(self, program: &Program, complete: impl Fn(Object) -> Object) -> Vec<Transfer> {
        let mut behind = self.behind(program);
        let of = |(site, sum): (SiteId, Sum)| {
            let mut together = BTreeMap::new();
            for (view, paths) in sum.contexts.values().flatten() {
                raise(&mut together, view.clone(), *paths);
            }
            let views = settle(together, sum.unwaited.is_empty(), &complete);
            let contexts = sum.contexts.into_iter().map(|(calls, views)| TransferContext {
                views: settle(views, !sum.unwaited.contains(&calls), &complete),
                in_part: sum.in_part.contains(&calls),
                calls,
            });
            let contexts = contexts.collect();
            let Sum { function, mode, in_loop, within, .. } = sum;
            let behind = behind.remove(&site).unwrap_or_default();
            Transfer { site, function, mode, views, contexts, in_loop, within, behind }
        };
        self.0.into_iter().map(of).collect()
    }

    /// For each copy, the copies of its function that every way to it leads through.
    fn behind(&self, program: &Program) -> BTreeMap<SiteId, BTreeSet<SiteId>> {
        let mut places: BTreeMap<FunctionId, Vec<(SiteId, Step)>> = BTreeMap::new();
        for (site, sum) in &self.0 {
            places.entry(sum.within).or_default().push((*site, sum.step));
        }
        let mut behind: BTreeMap<SiteId, BTreeSet<SiteId>> = BTreeMap::new();
        for (function, copies) in places.into_iter().filter(|(_, copies)| copies.len() > 1) {
            let Some(function) = program.functions.get(function.0 as usize) else { continue };
            let flow = Cfg::new(function);
            let is_before = |first: Step, second: Step| match first.block == second.block {
                true => first.index < second.index,
                false => flow.is_on_every_way(BlockId(first.block), BlockId(second.block)),
            };
            for (site, step) in &copies {
                let earlier = copies.iter().filter(|(_, other)| is_before(*other, *step));
                let earlier: BTreeSet<SiteId> = earlier.map(|(other, _)| *other).collect();
                behind.insert(*site, earlier);
            }
        }
        behind
    }
}

fn raise(views: &mut BTreeMap<TransferView, Paths>, view: TransferView, paths: Paths) {
    let known = views.entry(view).or_insert(paths);
    *known = (*known).max(paths);
}

/// The operands of a copy that were seen together. What is the same on all paths is certain.
fn settle(
    views: BTreeMap<TransferView, Paths>,
    waited_at_once: bool,
    complete: impl Fn(Object) -> Object,
) -> Vec<TransferView> {
    let alone = views.values().filter(|paths| **paths != Paths::AfterFailure).count() == 1;
    let settle = |paths| if alone && paths == Paths::Some { Paths::All } else { paths };
    views
        .into_iter()
        .map(|(view, paths)| TransferView {
            dst: complete(view.dst),
            src: complete(view.src),
            waited_at_once,
            paths: settle(paths),
            ..view
        })
        .collect()
}
