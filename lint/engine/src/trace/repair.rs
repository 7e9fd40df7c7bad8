//! The smallest change that takes a hazard out of a trace: the *repaired twin* of a witness; and the change
//! that takes an undocumented wait out of one: its *variant*.
//!
//! Every change is tried on the judge: it is given out only if the trace is valid, the hazard is gone (or, for
//! a variant, no longer hidden), and none has come.

mod edit;

use super::judge::{Edge, Hazard, NoTime, contradicts, judge};
use super::validate::validate;
use super::{Action, CopyKind, Memory, Point, Range, Release, Step, Stream, Trace};
use edit::Edit;

/// Undocumented waits that a variant takes out one after the other.
const ROUNDS: usize = 4;

/// The trace without the hazard. Other hazards stay, and none comes. Steps that are added have no place.
///
/// - The host has to wait: it waits for the stream of the pending work, just before the access.
/// - A stream has to wait: it waits for a fresh event, which is recorded just behind the pending work.
/// - The host touches device memory: it touches a fresh pinned buffer, which a synchronous copy fills or empties.
/// - A wrong direction, a wrong release, a call or a wait in a host function: the right one, the right one, none.
/// - A wait that nothing needs, what each round makes and releases: none.
/// - An error that is asked for too early, a time that is taken too early, an end: the host waits before.
/// - An asynchronous copy with pageable memory: the memory is pinned.
/// - A stream as an argument: the launch is on that stream.
/// - A use after the release: the release moves behind the use, a second release goes.
/// - A call that a capture forbids: it moves out of the capture, or goes. A fork is joined before the end.
/// - An event without a time: it measures time, is recorded, and is waited for.
pub fn repair<P: Clone>(trace: &Trace<P>, hazard: &Hazard) -> Option<Trace<P>> {
    let numbered = numbered(trace);
    let known = judge(trace);
    let mended = candidates(&numbered, hazard).into_iter().map(Edit::finish).find(|candidate| {
        validate(candidate).is_ok()
            && findings(candidate).is_some_and(|found| {
                found.iter().all(|new| !is_same(new, hazard) && known.iter().any(|old| is_same(old, new)))
            })
    })?;
    Some(placed(trace, mended))
}

/// The trace without the undocumented wait that the hazard relies on ([`Hazard::Unordered::relies_on`]), so
/// that the race can show: with pinned instead of pageable memory, or with memory of cudaMallocAsync instead of
/// cudaMalloc, which cudaFree does not wait for. `None` where there is no such variant: [`why_no_variant`].
pub fn variant<P: Clone>(trace: &Trace<P>, hazard: &Hazard) -> Option<Trace<P>> {
    let known = judge(trace);
    let mut current = numbered(trace);
    let mut hazard_now = known.iter().find(|known| is_same(known, hazard))?.clone();
    for _ in 0..ROUNDS {
        let Hazard::Unordered { relies_on: Some(relied), .. } = hazard_now else { return None };
        let mut edit = Edit::new(&current, false);
        without_wait(&mut edit, relied)?;
        let next = edit.finish();
        // The changes may not keep the numbers of steps: places do.
        let next = renumbered(&current, next);
        validate(&next).ok()?;
        let found = judge(&next);
        let mapped: Option<Vec<Hazard>> = found.iter().map(|it| in_original(&next, it)).collect();
        let mapped = mapped?;
        if !mapped.iter().all(|new| known.iter().any(|old| is_same(old, new))) {
            return None;
        }
        let index = mapped.iter().position(|it| is_same(it, hazard))?;
        hazard_now = found.into_iter().nth(index)?;
        if matches!(hazard_now, Hazard::Unordered { relies_on: None, .. }) {
            return Some(placed(trace, next));
        }
        current = next;
    }
    None
}

/// Why a hazard has no [`variant`].
pub fn why_no_variant<P>(trace: &Trace<P>, hazard: &Hazard) -> &'static str {
    let Hazard::Unordered { relies_on: Some(relied), .. } = hazard else {
        return "it relies on no undocumented wait: it shows as it is";
    };
    match trace.steps.get(*relied).map(|step| &step.action) {
        Some(Action::Free { with: Release::CudaFreeHost, .. }) => {
            "nothing else frees page-locked memory, and cudaFreeHost was always measured to wait"
        }
        Some(Action::Free { with: Release::CudaHostUnregister, .. }) => {
            "nothing else ends a registration, and cudaHostUnregister was always measured to wait"
        }
        Some(Action::Free { .. }) => {
            "the host uses the memory, so it cannot be stream-ordered memory, which cudaFree does not wait for"
        }
        Some(Action::Copy { synchronous: true, .. }) => {
            "with pinned memory the synchronous copy is documented to wait"
        }
        Some(Action::Copy { .. }) => {
            "copies between host buffers and with managed memory have no form that is measured not to wait"
        }
        _ => "it is managed memory, for which the synchronous form was always measured to wait",
    }
}

/// True if two hazards are the same wrong: of the same steps and the same buffer.
fn is_same(a: &Hazard, b: &Hazard) -> bool {
    match (a, b) {
        (
            Hazard::Unordered { pending, access, buffer, .. },
            Hazard::Unordered { pending: other_pending, access: other_access, buffer: other_buffer, .. },
        ) => (pending, access, buffer) == (other_pending, other_access, other_buffer),
        (Hazard::WrongRelease { step, .. }, Hazard::WrongRelease { step: other, .. }) => step == other,
        // What is released twice is used after the second release, if the first is gone.
        (
            Hazard::UseAfterRelease { step, name, .. },
            Hazard::UseAfterRelease { step: other, name: other_name, .. },
        ) => (step, name) == (other, other_name),
        (
            Hazard::CapturedBufferReleased { node, launch, buffer, .. },
            Hazard::CapturedBufferReleased {
                node: other, launch: other_launch, buffer: other_buffer, ..
            },
        ) => (node, launch, buffer) == (other, other_launch, other_buffer),
        // A call that another refusal hid.
        (Hazard::CaptureIllegal { step, .. }, Hazard::CaptureIllegal { step: other, .. }) => step == other,
        (a, b) => a == b,
    }
}

/// The trace with the numbers of its steps for places.
fn numbered<P>(trace: &Trace<P>) -> Trace<usize> {
    let mut bare = Trace { default_stream: trace.default_stream, steps: Vec::new() };
    for (index, step) in trace.steps.iter().enumerate() {
        bare.steps.push(super::Step { action: step.action.clone(), place: Some(index) });
    }
    bare
}

/// A changed trace whose places are numbers of steps of `before`, with the places of those steps.
fn renumbered(before: &Trace<usize>, after: Trace<usize>) -> Trace<usize> {
    after.map_places(|step| before.steps.get(step).and_then(|step| step.place))
}

/// The changed trace with the places of the original.
fn placed<P: Clone>(original: &Trace<P>, changed: Trace<usize>) -> Trace<P> {
    changed.map_places(|step| original.steps.get(step).and_then(|step| step.place.clone()))
}

/// The hazards of a changed trace, in steps of the original; `None` if a step that was added has one.
fn findings(changed: &Trace<usize>) -> Option<Vec<Hazard>> {
    judge(changed).iter().map(|hazard| in_original(changed, hazard)).collect()
}

fn in_original(changed: &Trace<usize>, hazard: &Hazard) -> Option<Hazard> {
    let at = |step: usize| changed.steps.get(step).and_then(|step| step.place);
    let mut hazard = hazard.clone();
    match &mut hazard {
        Hazard::Unordered { pending, access, .. } => (*pending, *access) = (at(*pending)?, at(*access)?),
        Hazard::UseAfterRelease { release, step, .. } => {
            (*release, *step) = (at(*release)?, at(*step)?);
        }
        Hazard::CapturedBufferReleased { node, release, launch, .. } => {
            (*node, *release, *launch) = (at(*node)?, at(*release)?, at(*launch)?);
        }
        Hazard::HostTouchesDevice { step, .. }
        | Hazard::WrongKind { step }
        | Hazard::WrongRelease { step, .. }
        | Hazard::CallInHostFunction { step, .. }
        | Hazard::PageableCopy { step }
        | Hazard::NeedlessWait { step }
        | Hazard::MadeEachRound { step }
        | Hazard::WaitInHostFunction { step, .. }
        | Hazard::NoTime { step, .. }
        | Hazard::StreamAsArgument { step }
        | Hazard::CaptureIllegal { step, .. }
        | Hazard::CaptureUnjoined { step, .. } => *step = at(*step)?,
        Hazard::ErrorUnseen { pending, step } | Hazard::NeverAwaited { pending, step } => {
            (*pending, *step) = (at(*pending)?, at(*step)?);
        }
        Hazard::TimedTooEarly { pending, from, step } => {
            (*pending, *from, *step) = (at(*pending)?, at(*from)?, at(*step)?);
        }
    }
    Some(hazard)
}

/// The changes that may help, the smallest first. What has to stand somewhere else than at the steps in question
/// is tried outside of captures first, then right there.
fn candidates<'t>(trace: &'t Trace<usize>, hazard: &Hazard) -> Vec<Edit<'t>> {
    let mut edits = changes(trace, hazard, false);
    if trace.steps.iter().any(|step| matches!(step.action, Action::BeginCapture { .. })) {
        edits.extend(changes(trace, hazard, true));
    }
    edits
}

fn changes<'t>(trace: &'t Trace<usize>, hazard: &Hazard, in_captures: bool) -> Vec<Edit<'t>> {
    let mut edits = Vec::new();
    let mut add = |change: &dyn Fn(&mut Edit<'t>) -> Option<()>| {
        let mut edit = Edit::new(trace, in_captures);
        if change(&mut edit).is_some() {
            edits.push(edit);
        }
    };
    let device = || Action::Synchronize { point: Point::Device, needless: false };
    match hazard {
        Hazard::Unordered { pending, access, missing: Edge::HostWait, .. } => {
            add(&|edit| {
                let point = Point::Stream(edit.stream_of(*pending)?.clone());
                edit.before(*access, [Action::Synchronize { point, needless: false }]);
                Some(())
            });
            // The stream is gone.
            add(&|edit| {
                edit.before(*access, [device()]);
                Some(())
            });
        }
        Hazard::Unordered { pending, access, missing: Edge::StreamWait, .. } => add(&|edit| {
            let event = edit.fresh("done");
            let (first, second) = (edit.stream_of(*pending)?.clone(), edit.stream_of(*access)?.clone());
            let record = Action::Record { event: event.clone(), stream: first };
            edit.after(*pending, [Action::CreateEvent { event: event.clone() }, record]);
            edit.before(*access, [Action::StreamWait { stream: second, event }]);
            Some(())
        }),
        Hazard::HostTouchesDevice { step, .. } => {
            add(&|edit| through_pinned(edit, *step, None));
            add(&|edit| through_pinned(edit, *step, Some(device())));
        }
        Hazard::WrongKind { step } => add(&|edit| right_direction(edit, *step)),
        Hazard::WrongRelease { step, right } => {
            add(&|edit| released(edit, *step, *right));
            add(&|edit| {
                edit.before(*step, [device()]);
                released(edit, *step, *right)
            });
            // What is used afterwards is not to be released here at all.
            add(&|edit| {
                edit.replace(*step, None);
                Some(())
            });
        }
        Hazard::NeedlessWait { step } | Hazard::MadeEachRound { step } => add(&|edit| {
            edit.replace(*step, None);
            Some(())
        }),
        Hazard::TimedTooEarly { pending, step, .. } | Hazard::NeverAwaited { pending, step } => {
            add(&|edit| {
                let point = Point::Stream(edit.stream_of(*pending)?.clone());
                edit.before(*step, [Action::Synchronize { point, needless: false }]);
                Some(())
            });
            // The stream is gone.
            add(&|edit| {
                edit.before(*step, [device()]);
                Some(())
            });
        }
        Hazard::ErrorUnseen { step, .. } => add(&|edit| {
            edit.before(*step, [device()]);
            Some(())
        }),
        Hazard::CallInHostFunction { step, function } | Hazard::WaitInHostFunction { step, function } => {
            add(&|edit| {
                let mut action = edit.action(*step)?.clone();
                let Action::HostFunction { calls, .. } = &mut action else { return None };
                calls.retain(|call| call != function);
                edit.replace(*step, Some(action));
                Some(())
            })
        }
        Hazard::PageableCopy { step } => {
            add(&|edit| pinned(edit, *step));
            // What was wrong before may be right now, and without order: a release, a direction.
            add(&|edit| {
                let Action::Copy { dst, src, .. } = edit.action(*step)? else { return None };
                let releases = [edit.releases(&dst.buffer), edit.releases(&src.buffer)].concat();
                for (release, _) in releases {
                    edit.before(release, [device()]);
                }
                for copy in 0..trace.steps.len() {
                    right_direction(edit, copy);
                }
                pinned(edit, *step)
            });
        }
        Hazard::NoTime { step, event, why } => add(&|edit| {
            if *why == NoTime::Disabled {
                let made =
                    |it: &Step<usize>| matches!(&it.action, Action::CreateEvent { event: it } if it == event);
                let at = trace.steps.iter().position(made)?;
                edit.replace(at, Some(Action::CreateTimer { event: event.clone() }));
            }
            let recorded =
                |it: &Step<usize>| matches!(&it.action, Action::Record { event: it, .. } if it == event);
            if !trace.steps.iter().take(*step).any(recorded) {
                let (event, stream) = (event.clone(), Stream::Default);
                edit.before(*step, [Action::Record { event, stream }]);
            }
            edit.before(*step, [Action::Synchronize { point: Point::Event(event.clone()), needless: false }]);
            Some(())
        }),
        Hazard::StreamAsArgument { step } => {
            add(&|edit| on_meant_stream(edit, *step));
            add(&|edit| {
                edit.before(*step, [device()]);
                on_meant_stream(edit, *step)
            });
            add(&|edit| {
                edit.before(*step, [device()]);
                edit.after(*step, [device()]);
                on_meant_stream(edit, *step)
            });
        }
        Hazard::UseAfterRelease { release, step, .. } => {
            add(&|edit| behind(edit, *release, *step, None));
            add(&|edit| behind(edit, *release, *step, Some(device())));
            add(&|edit| ended_once(edit, *step));
            add(&|edit| ended_once(edit, *release));
            add(&|edit| never_ended(edit, *step));
        }
        Hazard::CapturedBufferReleased { release, launch, buffer, .. } => {
            add(&|edit| behind(edit, *release, *launch, None));
            add(&|edit| behind(edit, *release, *launch, Some(device())));
            add(&|edit| kept(edit, buffer));
        }
        Hazard::CaptureIllegal { step, .. } => {
            add(&|edit| {
                let mut action = edit.action(*step)?.clone();
                let Action::HostFunction { callback, .. } = &mut action else { return None };
                *callback = false;
                edit.replace(*step, Some(action));
                Some(())
            });
            add(&|edit| on_the_stream_that_began(edit, *step));
            add(&|edit| {
                let action = edit.action(*step)?.clone();
                edit.replace(*step, None);
                // Memory has to be there before.
                match action {
                    Action::Allocate { .. } => edit.before(*step, [action]),
                    action => edit.after(*step, [action]),
                }
                Some(())
            });
            add(&|edit| {
                edit.replace(*step, None);
                Some(())
            });
        }
        Hazard::CaptureUnjoined { step, stream } => add(&|edit| {
            let Action::EndCapture { stream: origin, .. } = edit.action(*step)?.clone() else { return None };
            let event = edit.fresh("joined");
            let record = Action::Record { event: event.clone(), stream: stream.clone() };
            let wait = Action::StreamWait { stream: origin, event: event.clone() };
            edit.right_before(*step, [Action::CreateEvent { event }, record, wait]);
            Some(())
        }),
    }
    edits
}

/// A release moves behind a step that needs what it releases.
fn behind(edit: &mut Edit<'_>, release: usize, step: usize, first: Option<Action>) -> Option<()> {
    if edit.action(step)?.ends().is_some() && edit.action(step)?.ends() == edit.action(release)?.ends() {
        return None;
    }
    let action = edit.action(release)?.clone();
    edit.replace(release, None);
    edit.after(step, first.into_iter().chain([action]));
    Some(())
}

/// A second release goes.
fn ended_once(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    edit.action(step)?.ends()?;
    edit.replace(step, None);
    Some(())
}

/// Nothing that a step uses is ever released or destroyed: it is left to the end of the process.
fn never_ended(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    let uses: Vec<_> = edit.action(step)?.uses();
    uses.into_iter().for_each(|name| edit.keep(name));
    Some(())
}

fn kept(edit: &mut Edit<'_>, buffer: &str) -> Option<()> {
    edit.keep(buffer);
    Some(())
}

/// A capture ends on the stream that it began on.
fn on_the_stream_that_began(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    let Action::EndCapture { graph, .. } = edit.action(step)?.clone() else { return None };
    let stream = edit.last_begin_before(step)?.clone();
    edit.replace(step, Some(Action::EndCapture { stream, graph }));
    Some(())
}

/// A copy states the direction that its memory has, if it states a wrong one.
fn right_direction(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    let mut action = edit.action(step)?.clone();
    let Action::Copy { dst, src, kind, .. } = &mut action else { return None };
    let (to, from) = (edit.memory_at(&dst.buffer, step)?, edit.memory_at(&src.buffer, step)?);
    if kind.is_none_or(|kind| !contradicts(to, from, kind)) {
        return None;
    }
    *kind = CopyKind::ALL.into_iter().find(|kind| is_right(to, from, *kind));
    edit.replace(step, Some(action));
    Some(())
}

/// True for the direction that says what the memory is.
fn is_right(dst: Memory, src: Memory, kind: CopyKind) -> bool {
    let on_device = |memory: Memory| !memory.is_host_accessible();
    let sides = match kind {
        CopyKind::HostToHost => (false, false),
        CopyKind::HostToDevice => (true, false),
        CopyKind::DeviceToHost => (false, true),
        CopyKind::DeviceToDevice => (true, true),
    };
    sides == (on_device(dst), on_device(src)) && !contradicts(dst, src, kind)
}

/// The host touches a pinned buffer instead, `first` being done before.
fn through_pinned(edit: &mut Edit<'_>, step: usize, first: Option<Action>) -> Option<()> {
    let action = edit.action(step)?.clone();
    let (Action::HostRead { range } | Action::HostWrite { range }) = &action else { return None };
    let buffer = edit.fresh(&format!("{}_host", range.buffer));
    let pinned = Range { buffer: buffer.clone(), start: 0, end: range.len() };
    let copy = |dst: &Range, src: &Range, kind: CopyKind| Action::Copy {
        dst: dst.clone(),
        src: src.clone(),
        kind: Some(kind),
        synchronous: true,
        stream: Stream::Default,
    };
    let allocate = Action::Allocate { buffer, memory: Memory::Pinned, bytes: range.len(), stream: None };
    edit.before(step, [allocate]);
    edit.before(step, first);
    if let Action::HostRead { .. } = action {
        edit.before(step, [copy(&pinned, range, CopyKind::DeviceToHost)]);
        edit.replace(step, Some(Action::HostRead { range: pinned }));
    } else {
        edit.after(step, [copy(range, &pinned, CopyKind::HostToDevice)]);
        edit.replace(step, Some(Action::HostWrite { range: pinned }));
    }
    Some(())
}

/// The buffer is released by the right function.
fn released(edit: &mut Edit<'_>, step: usize, right: Release) -> Option<()> {
    let Action::Free { buffer, with, .. } = edit.action(step)?.clone() else { return None };
    let stream = match right {
        Release::CudaFreeAsync => Some(edit.stream_of(edit.allocation(&buffer)?)?.clone()),
        _ => None,
    };
    let stream = stream.map(|stream| if edit.is_alive(&stream, step) { stream } else { Stream::Default });
    let release = Action::Free { buffer, with: right, stream };
    if (right, with) == (Release::CudaHostUnregister, Release::Free) {
        // What was registered is freed as it was allocated, after that.
        edit.before(step, [release]);
    } else {
        edit.replace(step, Some(release));
    }
    Some(())
}

/// The pageable memory of a copy is pinned, and released as such.
fn pinned(edit: &mut Edit<'_>, copy: usize) -> Option<()> {
    let Action::Copy { dst, src, .. } = edit.action(copy)?.clone() else { return None };
    let sides = [dst.buffer, src.buffer];
    let pageable: Vec<_> =
        sides.iter().filter(|it| edit.memory_at(it, copy) == Some(Memory::Pageable)).collect();
    for buffer in &pageable {
        let allocation = edit.allocation(buffer)?;
        let mut action = edit.action(allocation)?.clone();
        if let Action::Allocate { memory, .. } = &mut action {
            *memory = Memory::Pinned;
        }
        edit.replace(allocation, Some(action));
        for (step, with) in edit.releases(buffer) {
            let buffer = (*buffer).clone();
            match with {
                Release::Free => {
                    let with = Release::CudaFreeHost;
                    edit.replace(step, Some(Action::Free { buffer, with, stream: None }));
                }
                Release::CudaHostUnregister => edit.replace(step, None),
                _ => {}
            }
        }
    }
    (!pageable.is_empty()).then_some(())
}

/// The pageable memory of the copies that a graph holds is pinned.
fn pinned_in_graph(edit: &mut Edit<'_>, graph: &str, launch: usize) -> Option<()> {
    let is = |step: usize, of: fn(&Action) -> bool| edit.action(step).is_some_and(of);
    let end = (0..launch).rev().find(
        |step| matches!(edit.action(*step), Some(Action::EndCapture { graph: name, .. }) if name == graph),
    )?;
    let begin = (0..end).rev().find(|step| is(*step, |it| matches!(it, Action::BeginCapture { .. })))?;
    let copies: Vec<usize> =
        (begin..end).filter(|step| is(*step, |it| matches!(it, Action::Copy { .. }))).collect();
    let mut changed = None;
    for copy in copies {
        changed = pinned(edit, copy).or(changed);
    }
    changed
}

/// A launch is on the stream that was meant.
fn on_meant_stream(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    let mut action = edit.action(step)?.clone();
    let Action::Launch { stream, meant, .. } = &mut action else { return None };
    *stream = meant.take()?;
    edit.replace(step, Some(action));
    Some(())
}

/// A step does not wait any more, which nothing documents that it does.
fn without_wait(edit: &mut Edit<'_>, step: usize) -> Option<()> {
    match edit.action(step)?.clone() {
        Action::Copy { .. } => pinned(edit, step),
        Action::LaunchGraph { graph, .. } => pinned_in_graph(edit, &graph, step),
        Action::Free { buffer, with: Release::CudaFree, .. } => {
            let allocation = edit.allocation(&buffer)?;
            let Action::Allocate { bytes, .. } = edit.action(allocation)? else { return None };
            let bytes = *bytes;
            // On a stream of its own, waited for at once: the allocation is no race itself.
            let stream = Stream::Named(edit.fresh("pool"));
            let create = Action::CreateStream { stream: stream.to_string(), non_blocking: true };
            edit.before(allocation, [create]);
            let memory = Memory::StreamOrdered;
            let allocate = Action::Allocate { buffer, memory, bytes, stream: Some(stream.clone()) };
            edit.replace(allocation, Some(allocate));
            edit.after(allocation, [Action::Synchronize { point: Point::Stream(stream), needless: false }]);
            Some(())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
