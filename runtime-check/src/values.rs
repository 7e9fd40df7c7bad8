//! What a trace computes when everything happens in the order in which the host asks for it.
//!
//! Every writing step fills its ranges with its own *stamp*, one 32-bit word repeated; copies carry stamps on.
//! A trace without a data race can only give these values, whatever the schedule, so a value that differs is
//! a race that the GPU has shown.

use std::collections::BTreeMap;

use cuda_lint_engine::trace::{Action, Memory, Range, Trace};

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
pub fn expected<P>(trace: &Trace<P>) -> Values {
    in_order(trace, 0..trace.steps.len())
}

/// Runs a trace in another order of its steps; each is named once. What a step writes keeps the stamp of its
/// own place in the trace.
pub fn in_order<P>(trace: &Trace<P>, order: impl IntoIterator<Item = usize>) -> Values {
    // Stream-ordered memory has an address, and some content, before its allocation takes effect.
    let mut memory: BTreeMap<&str, Vec<u32>> = (trace.steps.iter())
        .filter_map(|step| match &step.action {
            Action::Allocate { buffer, bytes, memory: Memory::StreamOrdered, .. } => {
                Some((buffer.as_str(), vec![0; words(*bytes)]))
            }
            _ => None,
        })
        .collect();
    let mut captured: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut capturing: Option<Vec<usize>> = None;
    let mut values = Values { reads: vec![Vec::new(); trace.steps.len()], last: BTreeMap::new() };
    for index in order {
        let Some(step) = trace.steps.get(index) else { continue };
        match &step.action {
            Action::Allocate { buffer, bytes, .. } => {
                memory.insert(buffer, vec![stamp(index); words(*bytes)]);
            }
            Action::Free { buffer, .. } => {
                if let Some(words) = memory.get_mut(buffer.as_str()) {
                    words.fill(stamp(index));
                }
            }
            Action::BeginCapture { .. } => capturing = Some(Vec::new()),
            Action::EndCapture { graph, .. } => {
                captured.insert(graph, capturing.take().unwrap_or_default());
            }
            Action::LaunchGraph { graph, .. } => {
                for member in captured.get(graph.as_str()).cloned().unwrap_or_default() {
                    let seen = run(&mut memory, member, &trace.steps[member].action);
                    values.reads[index].extend(seen);
                }
            }
            action if action.work_stream().is_some() && capturing.is_some() => {
                if let Some(members) = &mut capturing {
                    members.push(index);
                }
            }
            action => values.reads[index] = run(&mut memory, index, action),
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
