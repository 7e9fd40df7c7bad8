//! What a trace computes when everything happens in the order in which the host asks for it.
//!
//! Every writing step fills its ranges with its own *stamp*, one 32-bit word repeated; copies carry stamps on.
//! A trace without a data race can only give these values, whatever the schedule, so a value that differs is
//! a race that the GPU has shown.

use std::collections::BTreeMap;

use cuda_lint_engine::trace::capture::{self, Fate};
use cuda_lint_engine::trace::{Action, Memory, Range, Release, Trace};

/// The word that a step writes. No step writes 0.
pub const fn stamp(step: usize) -> u32 {
    step as u32 + 1
}

/// The sum of a range's words, with their first and last: what one look at memory gives. A range that is
/// partly old and partly new differs in the sum from either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Digest {
    /// The first word.
    pub first: u32,
    /// The last word.
    pub last: u32,
    /// The sum of all words.
    pub sum: u64,
}

impl Digest {
    /// Looks at words.
    pub fn of(words: &[u32]) -> Self {
        Self {
            first: words.first().copied().unwrap_or(0),
            last: words.last().copied().unwrap_or(0),
            sum: words.iter().map(|word| u64::from(*word)).sum(),
        }
    }
}

/// What each step reads, and what is left at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// For each step, one digest for each range that it reads, in the order of [`Action::reads`]. A host
    /// function reads when it runs. For a graph launch: the reads of the captured steps, in their order.
    pub reads: Vec<Vec<Digest>>,
    /// For each buffer, the digest of the whole of it at the end. A buffer that was freed holds what its
    /// next owner wrote: the stamp of the step that freed it.
    pub last: BTreeMap<String, Digest>,
}

/// Runs a trace in the order of its steps. Ranges are whole words; those that are not are widened.
///
/// What was released stays the program's in this run, as it does where the release comes last: what is written
/// there afterwards spoils no next owner's data, and what is read is not the next owner's.
pub fn expected<P>(trace: &Trace<P>) -> Values {
    run_steps(trace, 0..trace.steps.len(), true)
}

/// Runs a trace in another order of its steps, each named once, on one memory: what was released is the next
/// owner's. What a step writes keeps the stamp of its own place in the trace.
pub fn in_order<P>(trace: &Trace<P>, order: impl IntoIterator<Item = usize>) -> Values {
    run_steps(trace, order, false)
}

fn run_steps<P>(trace: &Trace<P>, order: impl IntoIterator<Item = usize>, keeps: bool) -> Values {
    // Stream-ordered memory has an address, and some content, before its allocation takes effect.
    let mut memory: BTreeMap<&str, Vec<u32>> = (trace.steps.iter())
        .filter_map(|step| match &step.action {
            Action::Allocate { buffer, bytes, memory: Memory::StreamOrdered, .. } => {
                Some((buffer.as_str(), vec![0; words(*bytes)]))
            }
            _ => None,
        })
        .collect();
    let graph_of = capture::captured(trace);
    let fates = capture::fates(trace);
    let mut captured: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut owned: BTreeMap<&str, u32> = BTreeMap::new();
    let mut values = Values { reads: vec![Vec::new(); trace.steps.len()], last: BTreeMap::new() };
    for index in order {
        let Some(step) = trace.steps.get(index) else { continue };
        match &step.action {
            Action::Allocate { buffer, bytes, .. } => {
                memory.insert(buffer, vec![stamp(index); words(*bytes)]);
            }
            _ if matches!(fates.get(index), Some(Fate::Refused(_))) => {}
            Action::Free { buffer, with, .. } if keeps && *with != Release::CudaHostUnregister => {
                owned.entry(buffer).or_insert(stamp(index));
            }
            Action::Free { buffer, .. } => {
                if let Some(words) = memory.get_mut(buffer.as_str()) {
                    words.fill(stamp(index));
                }
            }
            Action::LaunchGraph { graph, .. } => {
                let mut seen = BTreeMap::new();
                for member in captured.get(graph.as_str()).into_iter().flatten() {
                    seen.insert(*member, run(&mut memory, *member, &trace.steps[*member].action));
                }
                values.reads[index] = seen.into_values().flatten().collect();
            }
            action => match graph_of[index] {
                Some(graph) => captured.entry(graph).or_default().push(index),
                None => values.reads[index] = run(&mut memory, index, action),
            },
        }
    }
    for (name, stamp) in owned {
        if let Some(words) = memory.get_mut(name) {
            words.fill(stamp);
        }
    }
    values.last = memory.into_iter().map(|(name, words)| (name.to_owned(), Digest::of(&words))).collect();
    values
}

/// The words that cover a number of bytes.
pub fn words(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(4)).unwrap_or(usize::MAX)
}

fn run(memory: &mut BTreeMap<&str, Vec<u32>>, index: usize, action: &Action) -> Vec<Digest> {
    let slice = |memory: &BTreeMap<&str, Vec<u32>>, range: &Range| {
        let words_of = memory.get(range.buffer.as_str()).map_or(&[][..], Vec::as_slice);
        let (start, end) = bounds(range, words_of.len());
        words_of[start..end].to_vec()
    };
    let seen: Vec<Vec<u32>> = action.reads().into_iter().map(|range| slice(memory, range)).collect();
    for range in action.writes() {
        if let Some(target) = memory.get_mut(range.buffer.as_str()) {
            let (start, end) = bounds(range, target.len());
            match (action, seen.first()) {
                (Action::Copy { .. }, Some(source)) => {
                    for (to, from) in target[start..end].iter_mut().zip(source) {
                        *to = *from;
                    }
                }
                _ => target[start..end].fill(stamp(index)),
            }
        }
    }
    seen.iter().map(|words| Digest::of(words)).collect()
}

fn bounds(range: &Range, len: usize) -> (usize, usize) {
    let end = words(range.end).min(len);
    let start = usize::try_from(range.start / 4).unwrap_or(usize::MAX).min(end);
    (start, end)
}
