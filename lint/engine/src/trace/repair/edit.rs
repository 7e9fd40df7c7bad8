//! Changes to a trace by the numbers of its steps.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Action, Memory, Name, Release, Step, Stream, Trace};

/// Changes that are not made yet.
pub(super) struct Edit<'t> {
    trace: &'t Trace<usize>,
    before: BTreeMap<usize, Vec<Action>>,
    after: BTreeMap<usize, Vec<Action>>,
    replaced: BTreeMap<usize, Option<Action>>,
    names: BTreeSet<Name>,
    in_captures: bool,
}

impl<'t> Edit<'t> {
    /// No changes. Unless `in_captures`, nothing is added between the begin and the end of captures.
    pub fn new(trace: &'t Trace<usize>, in_captures: bool) -> Self {
        let names = trace.steps.iter().filter_map(|step| step.action.makes()).cloned().collect();
        let none = BTreeMap::new();
        Self { trace, before: none.clone(), after: none, replaced: BTreeMap::new(), names, in_captures }
    }

    /// A step as it was.
    pub fn action(&self, step: usize) -> Option<&'t Action> {
        self.trace.steps.get(step).map(|step| &step.action)
    }

    /// Adds steps before a step, behind those that were added there already. Where something is captured then,
    /// they come before that.
    pub fn before(&mut self, step: usize, actions: impl IntoIterator<Item = Action>) {
        let begin = self.capture(step).map_or(step, |it| it.0);
        self.before.entry(begin).or_default().extend(actions);
    }

    /// Adds steps right before a step.
    pub fn right_before(&mut self, step: usize, actions: impl IntoIterator<Item = Action>) {
        self.before.entry(step).or_default().extend(actions);
    }

    /// Adds steps after a step, or after the captures that are open then.
    pub fn after(&mut self, step: usize, actions: impl IntoIterator<Item = Action>) {
        let end = self.capture(step).map_or(step, |it| it.1);
        self.after.entry(end).or_default().extend(actions);
    }

    /// The first and the last step of the captures that are open when a step is taken: from where there was
    /// none up to where there is none again.
    fn capture(&self, step: usize) -> Option<(usize, usize)> {
        if self.in_captures {
            return None;
        }
        let (mut open, mut begin) = (0_usize, None);
        for (index, it) in self.trace.steps.iter().enumerate() {
            match &it.action {
                Action::BeginCapture { .. } => {
                    begin = begin.or(Some(index));
                    open += 1;
                }
                Action::EndCapture { .. } => {
                    open = open.saturating_sub(1);
                    if open == 0
                        && let Some(first) = begin.take()
                        && step <= index
                    {
                        return (first < step).then_some((first, index));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The stream of the last capture that began before a step.
    pub fn last_begin_before(&self, step: usize) -> Option<&'t Stream> {
        self.trace.steps.iter().take(step).rev().find_map(|step| match &step.action {
            Action::BeginCapture { stream, .. } => Some(stream),
            _ => None,
        })
    }

    /// Takes out every step that releases or destroys something.
    pub fn keep(&mut self, name: &str) {
        for (index, step) in self.trace.steps.iter().enumerate() {
            if step.action.ends().is_some_and(|ended| ended == name) {
                self.replaced.insert(index, None);
            }
        }
    }

    /// Puts another step in the place of one, or none.
    pub fn replace(&mut self, step: usize, action: Option<Action>) {
        self.replaced.insert(step, action);
    }

    /// A name that nothing has.
    pub fn fresh(&mut self, base: &str) -> Name {
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        let mut names = std::iter::once(base.to_owned()).chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).unwrap_or_default();
        self.names.insert(name.clone());
        name
    }

    /// The stream of what a step does.
    pub fn stream_of(&self, step: usize) -> Option<&'t Stream> {
        match self.action(step)? {
            Action::Allocate { stream, .. } | Action::Free { stream, .. } => stream.as_ref(),
            action => action.work_stream(),
        }
    }

    /// True if a stream is not destroyed before a step.
    pub fn is_alive(&self, stream: &Stream, step: usize) -> bool {
        let steps = self.trace.steps.iter().take(step);
        let mut destroyed = steps.filter_map(|step| match &step.action {
            Action::DestroyStream { stream } => Some(stream),
            _ => None,
        });
        match stream {
            Stream::Named(name) => destroyed.all(|gone| gone != name),
            _ => true,
        }
    }

    /// The step that allocates a buffer.
    pub fn allocation(&self, name: &str) -> Option<usize> {
        self.trace
            .steps
            .iter()
            .position(|step| matches!(&step.action, Action::Allocate { buffer, .. } if buffer == name))
    }

    /// The releases of a buffer.
    pub fn releases(&self, name: &str) -> Vec<(usize, Release)> {
        let steps = self.trace.steps.iter().enumerate();
        let releases = steps.filter_map(|(index, step)| match &step.action {
            Action::Free { buffer, with, .. } if buffer == name => Some((index, *with)),
            _ => None,
        });
        releases.collect()
    }

    /// What a buffer is when a step is taken.
    pub fn memory_at(&self, name: &str, step: usize) -> Option<Memory> {
        let Action::Allocate { memory, .. } = self.action(self.allocation(name)?)? else { return None };
        let unregistered = self
            .releases(name)
            .iter()
            .any(|(at, with)| *at < step && *memory == Memory::Registered && *with == memory.release());
        Some(if unregistered { Memory::Pageable } else { *memory })
    }

    /// Makes the changes. Steps that were added have no place.
    pub fn finish(mut self) -> Trace<usize> {
        let mut steps = Vec::new();
        let added = |action: Action| Step { action, place: None };
        for (index, step) in self.trace.steps.iter().enumerate() {
            steps.extend(self.before.remove(&index).unwrap_or_default().into_iter().map(added));
            match self.replaced.remove(&index) {
                None => steps.push(Step { action: step.action.clone(), place: Some(index) }),
                Some(Some(action)) => steps.push(Step { action, place: Some(index) }),
                Some(None) => {}
            }
            steps.extend(self.after.remove(&index).unwrap_or_default().into_iter().map(added));
        }
        Trace { default_stream: self.trace.default_stream, steps }
    }
}
