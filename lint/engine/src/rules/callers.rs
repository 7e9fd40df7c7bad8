//! Adds, to what is found in a function of another file, the call in this file that leads there.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Entered, Facts};
use crate::program::{Call, Callee, FunctionId, Op, SiteId};
use crate::{Diagnostic, Program, Related};

/// More calls than these are not named: calls are not followed deeper.
const DEPTH: usize = 8;

/// Names the calls, outermost first, before the places that a diagnostic names already.
pub(super) fn add(program: &Program, facts: &Facts, diagnostics: &mut [Diagnostic]) {
    let first = &facts.ways.first;
    if first.is_empty() {
        return;
    }
    let mut functions: FxHashMap<SiteId, FunctionId> = FxHashMap::default();
    for id in first.keys() {
        let function = &program.functions[id.0 as usize];
        for statement in function.blocks.iter().flat_map(|block| &block.statements) {
            functions.entry(statement.site).or_insert(*id);
        }
    }
    let callers = callers(program, facts);
    for diagnostic in diagnostics {
        let Some(inner) = functions.get(&diagnostic.site) else { continue };
        let mut calls = Vec::new();
        for Entered { function, site } in way(facts, diagnostic.site, *inner) {
            // The rule knows which calls lead there.
            if diagnostic.related.iter().any(|it| callers.contains(&(function, it.site))) {
                break;
            }
            if !diagnostic.related.iter().any(|it| it.site == site) {
                let name = &program.functions[function.0 as usize].name;
                calls.push(Related { site, message: format!("calls `{name}`") });
            }
        }
        calls.reverse();
        diagnostic.related.splice(0..0, calls);
    }
}

/// The calls that lead to a site in a function of another file, innermost first: those of the path that has seen
/// something there, or else the first that were followed.
fn way(facts: &Facts, site: SiteId, inner: FunctionId) -> Vec<Entered> {
    if let Some(way) = facts.ways.leading.get(&site) {
        return way.iter().rev().copied().take(DEPTH).collect();
    }
    let mut way = Vec::new();
    let mut at = inner;
    while let Some((caller, site)) = facts.ways.first.get(&at)
        && way.len() < DEPTH
    {
        way.push(Entered { function: at, site: *site });
        at = *caller;
    }
    way
}

/// Where functions of other files are called.
fn callers(program: &Program, facts: &Facts) -> FxHashSet<(FunctionId, SiteId)> {
    let statements = program.functions.iter().flat_map(|it| &it.blocks).flat_map(|it| &it.statements);
    statements
        .filter_map(|statement| match &statement.op {
            Op::Call(Call { callee: Callee::Function(callee), .. }) => Some((*callee, statement.site)),
            _ => None,
        })
        .filter(|(callee, _)| facts.ways.first.contains_key(callee))
        .collect()
}
