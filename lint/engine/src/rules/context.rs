//! What a check may look at: the facts, and where sites stand in the program.

use rustc_hash::FxHashMap;
use std::cell::OnceCell;

use crate::facts::{Facts, Transfer};
use crate::program::{BlockId, Call, Callee, Constant, Function, FunctionId, Op, SiteId, Terminator};
use crate::{Options, Program};

/// What a check may look at.
#[derive(Debug)]
pub struct RuleContext<'a> {
    /// What was observed.
    pub facts: &'a Facts,
    /// What to assume of the platform.
    pub options: &'a Options,
    program: &'a Program,
    /// In which function and block a site stands. Filled when it is first needed: most files have no
    /// finding at all.
    sites: OnceCell<FxHashMap<SiteId, (FunctionId, BlockId)>>,
    /// Where each function is called; `None` if at several places, or if its address is taken.
    callers: OnceCell<FxHashMap<FunctionId, Option<(FunctionId, BlockId)>>>,
}

/// Calls that lead from `main` to a function, at most.
const CALL_CHAIN: usize = 8;

impl<'a> RuleContext<'a> {
    /// The context of one program.
    pub fn new(program: &'a Program, facts: &'a Facts, options: &'a Options) -> Self {
        Self { facts, options, program, sites: OnceCell::new(), callers: OnceCell::new() }
    }

    /// The function that a site stands in.
    pub fn function_of(&self, site: SiteId) -> Option<FunctionId> {
        self.place_of(site).map(|(function, _)| function)
    }

    /// The copy made at a site, if there is one.
    pub fn transfer_at(&self, site: SiteId) -> Option<&'a Transfer> {
        self.facts.transfers.iter().find(|transfer| transfer.site == site)
    }

    /// True if the site runs once at most: it stands in `main`, outside of loops.
    pub fn runs_once(&self, site: SiteId) -> bool {
        self.place_of(site).is_some_and(|(function, block)| {
            let function = &self.program.functions[function.0 as usize];
            function.name == "main" && !in_cycle(function, block)
        })
    }

    /// True if the site stands in a function that one place calls, which runs once at most, up to `main`; and
    /// there outside of loops.
    pub fn is_called_once(&self, site: SiteId) -> bool {
        let Some(mut place) = self.place_of(site) else { return false };
        for _ in 0..CALL_CHAIN {
            let (function, block) = place;
            let body = &self.program.functions[function.0 as usize];
            if in_cycle(body, block) {
                return false;
            }
            if body.name == "main" {
                return true;
            }
            match self.caller_of(function) {
                Some(caller) => place = caller,
                None => return false,
            }
        }
        false
    }

    /// The one place that calls a function.
    fn caller_of(&self, function: FunctionId) -> Option<(FunctionId, BlockId)> {
        let callers = self.callers.get_or_init(|| {
            let mut callers: FxHashMap<FunctionId, Option<(FunctionId, BlockId)>> = FxHashMap::default();
            for (f, function) in self.program.functions.iter().enumerate() {
                for (b, block) in function.blocks.iter().enumerate() {
                    let place = (FunctionId(f as u32), BlockId(b as u32));
                    for statement in &block.statements {
                        let (callee, by_call) = match &statement.op {
                            Op::Call(Call { callee: Callee::Function(callee), .. }) => (*callee, true),
                            Op::Spawn { callee: Callee::Function(callee), .. }
                            | Op::Const { constant: Constant::Function(callee), .. } => (*callee, false),
                            _ => continue,
                        };
                        callers
                            .entry(callee)
                            .and_modify(|known| *known = None)
                            .or_insert(by_call.then_some(place));
                    }
                }
            }
            callers
        });
        let name = &self.program.functions[function.0 as usize].name;
        // Instances of one template run the same lines.
        let instances = self.program.functions.iter().filter(|other| other.name == *name).count();
        callers.get(&function).copied().flatten().filter(|_| instances == 1)
    }

    /// The name of the function of the program that a site calls.
    pub fn called_at(&self, site: SiteId) -> Option<&'a str> {
        let (function, block) = self.place_of(site)?;
        let block = self.program.functions[function.0 as usize].blocks.get(block.0 as usize)?;
        block.statements.iter().filter(|statement| statement.site == site).find_map(|statement| {
            match &statement.op {
                Op::Call(Call { callee: Callee::Function(callee), .. }) => {
                    Some(self.program.functions[callee.0 as usize].name.as_str())
                }
                _ => None,
            }
        })
    }

    /// True if the two sites are in the same round of a loop.
    pub fn in_one_loop(&self, a: SiteId, b: SiteId) -> bool {
        let (Some((function, a)), Some((other, b))) = (self.place_of(a), self.place_of(b)) else {
            return false;
        };
        let body = &self.program.functions[function.0 as usize];
        function == other && reaches(body, a, b) && reaches(body, b, a)
    }

    /// True if a function runs a site: it stands there, or in a function that is called there, directly or
    /// through others. `round` asks for the same round of a loop as that site of the function.
    pub fn runs_in(&self, function: FunctionId, site: SiteId, round: Option<SiteId>) -> bool {
        let Some((mut reached, block)) = self.place_of(site).map(|(at, block)| (vec![at], block)) else {
            return false;
        };
        let body = &self.program.functions[function.0 as usize];
        let start = round.and_then(|site| self.place_of(site)).map(|(_, block)| block);
        let in_round = |at: BlockId| {
            round.is_none() || start.is_some_and(|start| reaches(body, start, at) && reaches(body, at, start))
        };
        if reached[0] == function {
            return in_round(block);
        }
        for _ in 0..CALL_CHAIN {
            let calls = |caller: &Function| -> Vec<BlockId> {
                let call = |op: &Op| matches!(op, Op::Call(Call { callee: Callee::Function(it), .. }) if reached.contains(it));
                (0_u32..)
                    .zip(&caller.blocks)
                    .filter(|(_, block)| block.statements.iter().any(|statement| call(&statement.op)))
                    .map(|(at, _)| BlockId(at))
                    .collect()
            };
            if calls(body).into_iter().any(in_round) {
                return true;
            }
            let callers: Vec<FunctionId> = (0_u32..)
                .map(FunctionId)
                .zip(&self.program.functions)
                .filter(|(id, caller)| !reached.contains(id) && !calls(caller).is_empty())
                .map(|(id, _)| id)
                .collect();
            if callers.is_empty() {
                return false;
            }
            reached.extend(callers);
        }
        false
    }

    /// True if the site stands in `main`.
    pub fn is_in_main(&self, site: SiteId) -> bool {
        self.function_of(site).is_some_and(|id| self.program.functions[id.0 as usize].name == "main")
    }

    fn place_of(&self, site: SiteId) -> Option<(FunctionId, BlockId)> {
        self.sites
            .get_or_init(|| {
                let mut places = FxHashMap::default();
                for (f, function) in self.program.functions.iter().enumerate() {
                    for (b, block) in function.blocks.iter().enumerate() {
                        let place = (FunctionId(f as u32), BlockId(b as u32));
                        for statement in &block.statements {
                            places.entry(statement.site).or_insert(place);
                        }
                        if let Terminator::Return { site, .. } = block.terminator {
                            places.entry(site).or_insert(place);
                        }
                    }
                }
                places
            })
            .get(&site)
            .copied()
    }
}

/// True if control can come back to `block`.
fn in_cycle(function: &Function, block: BlockId) -> bool {
    reaches(function, block, block)
}

/// True if control can come from the end of one block to the start of the other.
fn reaches(function: &Function, from: BlockId, to: BlockId) -> bool {
    let mut seen = vec![false; function.blocks.len()];
    let mut work = successors(function, from);
    while let Some(next) = work.pop() {
        if next == to {
            return true;
        }
        if let Some(seen) = seen.get_mut(next.0 as usize)
            && !std::mem::replace(seen, true)
        {
            work.extend(successors(function, next));
        }
    }
    false
}

fn successors(function: &Function, block: BlockId) -> Vec<BlockId> {
    match function.blocks.get(block.0 as usize).map(|block| &block.terminator) {
        Some(Terminator::Goto(next)) => vec![*next],
        Some(Terminator::Branch { then, otherwise, .. }) => vec![*then, *otherwise],
        Some(Terminator::Switch { cases, default, .. }) => {
            cases.iter().map(|(_, block)| *block).chain([*default]).collect()
        }
        Some(Terminator::Return { .. } | Terminator::Throw | Terminator::Exit) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::FunctionBuilder;

    #[test]
    fn a_site_runs_once_in_main_outside_of_loops_only() {
        let mut main = FunctionBuilder::new("main", "main", SiteId(0));
        main.int(SiteId(1), 0);
        let body = main.block();
        let end = main.block();
        main.goto(body);
        main.switch_to(body);
        let condition = main.int(SiteId(2), 1);
        main.terminate(Terminator::Branch { condition, then: body, otherwise: end });
        main.switch_to(end);
        main.int(SiteId(3), 0);
        let mut other = FunctionBuilder::new("upload", "upload", SiteId(4));
        other.int(SiteId(5), 0);
        let program = Program {
            functions: vec![main.finish(SiteId(9)), other.finish(SiteId(10))],
            ..Program::default()
        };
        let facts = Facts::default();
        let options = Options::new();
        let context = RuleContext::new(&program, &facts, &options);
        assert!(context.runs_once(SiteId(1)) && context.runs_once(SiteId(3)));
        assert!(
            !context.runs_once(SiteId(2)) && !context.runs_once(SiteId(5)) && !context.runs_once(SiteId(7))
        );
        assert!(context.is_in_main(SiteId(2)) && !context.is_in_main(SiteId(5)));
        assert!(context.in_one_loop(SiteId(2), SiteId(2)) && !context.in_one_loop(SiteId(1), SiteId(2)));
        assert_eq!(context.function_of(SiteId(9)), Some(FunctionId(0)));
        assert_eq!(context.function_of(SiteId(5)), Some(FunctionId(1)));
    }

    /// A `main` that calls function 1 at the sites 1 and, in a loop, 2, as told, and function 1.
    fn program_with_calls(once: bool, in_loop: bool, address_taken: bool) -> Program {
        let call = |main: &mut FunctionBuilder, site| {
            main.call(
                SiteId(site),
                Call { discarded: true, ..Call::of(Callee::Function(FunctionId(1)), Vec::new()) },
            );
        };
        let mut main = FunctionBuilder::new("main", "main", SiteId(0));
        if once {
            call(&mut main, 1);
        }
        if address_taken {
            main.constant(SiteId(3), Constant::Function(FunctionId(1)));
        }
        let body = main.block();
        let end = main.block();
        main.goto(body);
        main.switch_to(body);
        if in_loop {
            call(&mut main, 2);
        }
        let condition = main.int(SiteId(4), 1);
        main.terminate(Terminator::Branch { condition, then: body, otherwise: end });
        main.switch_to(end);
        let mut other = FunctionBuilder::new("upload", "upload", SiteId(5));
        other.int(SiteId(6), 0);
        Program { functions: vec![main.finish(SiteId(7)), other.finish(SiteId(8))], ..Program::default() }
    }

    #[test]
    fn a_function_that_one_place_of_main_calls_is_called_once() {
        let facts = Facts::default();
        let options = Options::new();
        let called_once = |once, in_loop, address_taken| {
            let program = program_with_calls(once, in_loop, address_taken);
            RuleContext::new(&program, &facts, &options).is_called_once(SiteId(6))
        };
        assert!(called_once(true, false, false));
        assert!(!called_once(false, true, false), "in a loop");
        assert!(!called_once(true, true, false), "at two places");
        assert!(!called_once(true, false, true), "through its address");
        assert!(!called_once(false, false, false), "from elsewhere");
    }
}
