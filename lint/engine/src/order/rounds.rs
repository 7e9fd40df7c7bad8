//! What a round of a loop makes, uses for work of the device, and releases again.
//!
//! A path remembers what the current round has made. Made again by the same step before it was released, it is
//! kept over rounds: slots that are filled, buffers that grow. What is made under a condition that not every
//! round meets is left alone as well: that is how buffers grow on demand.

use std::rc::Rc;

use super::machine::Machine;
use super::model::Modelled;
use super::object::{FrameId, ObjectId, Step};
use super::state::State;
use super::symbol::Linear;
use crate::cuda::row::Role;
use crate::facts::{Made, MadeEachRound};
use crate::flow::Loop;
use crate::program::{BlockId, Function, SiteId};

/// Something that a round has made and not released yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InRound {
    object: ObjectId,
    step: (FrameId, Step),
    turn: u32,
    /// The call that made it.
    pub site: SiteId,
    made: Made,
    function: Rc<str>,
    bytes: Option<Linear>,
    /// How many loops are around it.
    depth: usize,
    /// The first work that was enqueued since.
    work: Option<SiteId>,
    /// Work was enqueued in a loop within the round: what the round makes serves many launches.
    serves_many: bool,
}

/// How many loops are around the current step, and around the calls that led to it.
fn depth(state: &State) -> usize {
    state.frames.iter().map(|frame| frame.arrivals.len()).sum()
}

impl Machine<'_, '_> {
    /// A call makes something.
    pub(super) fn made(
        &mut self,
        state: &mut State,
        object: ObjectId,
        made: Made,
        it: &Modelled<'_, '_>,
        bytes: Option<Linear>,
    ) {
        let turn = state.turn();
        let site = self.at.site;
        if turn == 0 || state.failed || self.observations.is_kept(site) {
            return;
        }
        let Some(function_id) = self.stack.last().copied() else { return };
        let (body, cfg) = (self.shared.function(function_id), self.shared.cfg(function_id));
        let block = BlockId(self.at.step.block);
        let each_round = body.is_root
            && cfg
                .innermost_loop(block)
                .is_some_and(|(header, it)| passes_each_round(body, header, it, block));
        let step = (state.frame(), self.at.step);
        let again = state.rounds.iter().any(|it| it.step == step);
        // From arguments that change, such as another size, it could not be made once.
        let arguments = it.row.params.iter().zip(&it.call.args);
        let arguments = arguments.filter(|(param, _)| !matches!(param.role, Role::Out(_)));
        let arguments = arguments.map(|(_, value)| value.clone()).collect();
        if !each_round || again || !self.observations.same_arguments(site, arguments) {
            self.observations.keep(site);
            return;
        }
        let function = it.shown().into();
        let it = InRound {
            object,
            step,
            turn,
            site,
            made,
            function,
            bytes,
            depth: depth(state),
            work: None,
            serves_many: false,
        };
        Rc::make_mut(&mut state.rounds).push(it);
    }

    /// Work is enqueued.
    pub(super) fn rounds_see_work(&mut self, state: &mut State) {
        let (site, depth) = (self.at.site, depth(state));
        if state.rounds.iter().any(|it| it.work.is_none() || (depth > it.depth && !it.serves_many)) {
            for it in Rc::make_mut(&mut state.rounds) {
                it.work.get_or_insert(site);
                it.serves_many |= depth > it.depth;
            }
        }
    }

    /// A call releases something.
    pub(super) fn unmade(&mut self, state: &mut State, object: ObjectId, function: &str) {
        let Some(index) = state.rounds.iter().position(|it| it.object == object) else { return };
        let it = Rc::make_mut(&mut state.rounds).remove(index);
        if state.failed {
            return;
        }
        let same_round = it.turn == state.turn() && it.step.0 == state.frame();
        let Some(work) = it.work.filter(|_| same_round && !it.serves_many) else {
            self.observations.keep(it.site);
            return;
        };
        self.observations.each_round(
            it.turn,
            MadeEachRound {
                site: it.site,
                function: it.function.to_string(),
                made: it.made,
                name: self.objects.info(object).name.clone(),
                bytes: it
                    .bytes
                    .and_then(|bytes| bytes.as_constant())
                    .and_then(|bytes| u64::try_from(bytes).ok()),
                released_at: self.at.site,
                released_with: function.to_owned(),
                work,
            },
        );
    }
}

/// True if no round of the loop gets back to its header without passing the block.
fn passes_each_round(function: &Function, header: BlockId, it: &Loop, block: BlockId) -> bool {
    if block == header {
        return true;
    }
    let mut seen = vec![false; function.blocks.len()];
    let mut work = vec![header];
    while let Some(at) = work.pop() {
        for next in crate::flow::successors(&function.blocks[at.0 as usize].terminator) {
            if next == header {
                return false;
            }
            if next != block && it.contains(next) && !std::mem::replace(&mut seen[next.0 as usize], true) {
                work.push(next);
            }
        }
    }
    true
}

/// Joins two states: what differs between them is not made in each round.
pub(super) fn join(kept: &mut State, other: &State, mut keep: impl FnMut(SiteId)) {
    if kept.rounds == other.rounds {
        return;
    }
    let same = |a: &InRound, b: &InRound| (a.object, a.step, a.turn) == (b.object, b.step, b.turn);
    for it in other.rounds.iter().filter(|it| !kept.rounds.iter().any(|mine| same(mine, it))) {
        keep(it.site);
    }
    Rc::make_mut(&mut kept.rounds).retain(|it| {
        let both = other.rounds.iter().any(|theirs| same(it, theirs));
        if !both {
            keep(it.site);
        }
        both
    });
}
