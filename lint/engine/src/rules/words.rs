//! The words of the diagnostics: how memory, streams and work are called in messages.

use super::Case;
use crate::cuda::row::MemoryKind;
use crate::facts::{Access, Conflict, Event, Object, Origin, Paths, Stream, TransferView, Work, WorkKind};
use crate::program::SiteId;
use crate::{Confidence, Related};

/// A name in code quotes.
pub(super) fn code(name: &str) -> String {
    format!("`{name}`")
}

/// An object by its name, or by what it is.
pub(super) fn object(object: &Object) -> String {
    // What the analysis calls the elements of a container goes by the container's name.
    let name = object.name.trim_end_matches(".<elements>");
    if !name.is_empty() && !name.contains('<') {
        return code(name);
    }
    match (&object.origin, object.memory) {
        (Origin::Container(class), _) => format!("the memory of a {}", code(class)),
        (Origin::Stack, _) => "a temporary".into(),
        (_, Some(kind)) => format!("{} memory", kind.words()),
        (_, None) => "this memory".into(),
    }
}

/// A stream in a sentence: "stream `s`".
pub(super) fn stream(stream: &Stream) -> String {
    match stream {
        Stream::Legacy => "the legacy default stream".into(),
        Stream::PerThread => "the per-thread default stream".into(),
        Stream::Created { name, .. } | Stream::Unseen { name } if !name.is_empty() => {
            format!("stream {}", code(name))
        }
        Stream::Created { .. } | Stream::Unseen { .. } => "its stream".into(),
    }
}

/// An event in a sentence: "event `done`".
pub(super) fn event(event: &Event) -> String {
    if event.name.is_empty() { "the event".into() } else { format!("event {}", code(&event.name)) }
}

/// Work in a sentence: "`cudaMemcpyAsync`", "kernel `scale`".
pub(super) fn work(work: &Work) -> String {
    let name = match &work.kind {
        WorkKind::Kernel if work.name.is_empty() => "a kernel".into(),
        WorkKind::Kernel => format!("kernel {}", code(&work.name)),
        WorkKind::HostFunction => format!("host function {}", code(&work.name)),
        WorkKind::Copy { .. } | WorkKind::Fill | WorkKind::Other | WorkKind::Allocation => code(&work.name),
    };
    if work.captured_at.is_some() { format!("{name} in the graph") } else { name }
}

/// What the work may still be doing to the object: "writing" or "reading".
pub(super) fn doing(work: &Work) -> &'static str {
    match (work.writes, work.assumed) {
        (_, true) => "using",
        (true, false) => "writing",
        (false, false) => "reading",
    }
}

/// True for functions of the driver API (`cuMemcpyDtoHAsync`).
pub(super) fn is_driver(function: &str) -> bool {
    function.strip_prefix("cu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The call that waits for the work: "`cudaStreamSynchronize(s)`".
pub(super) fn wait_call(work: &Work) -> String {
    let prefix = if is_driver(&work.name) { "cu" } else { "cuda" };
    match &work.stream {
        Stream::Legacy => code(&format!("{prefix}StreamSynchronize(0)")),
        Stream::PerThread => code(&format!("{prefix}StreamSynchronize({prefix}StreamPerThread)"))
            .replace("cuStreamPerThread", "CU_STREAM_PER_THREAD"),
        Stream::Created { name, .. } | Stream::Unseen { name } if !name.is_empty() => {
            code(&format!("{prefix}StreamSynchronize({name})"))
        }
        Stream::Created { .. } | Stream::Unseen { .. } => {
            format!("{} for its stream", code(&format!("{prefix}StreamSynchronize")))
        }
    }
}

/// The places that lead to a conflict, in the order in which they happen: allocation, streams, enqueueing,
/// what looks like a wait and is none, what waits without documentation.
pub(super) fn story(case: &Case<'_>) -> Vec<Related> {
    let mut related = Vec::new();
    for conflict in std::iter::once(&case.conflict).chain(&case.others) {
        push(&mut related, origin(&conflict.object));
        push(&mut related, creation(&conflict.pending.stream));
    }
    if let Access::Device(second) = &case.conflict.access {
        push(&mut related, creation(&second.stream));
    }
    for conflict in std::iter::once(&case.conflict).chain(&case.others) {
        enqueued(conflict).into_iter().for_each(|place| push(&mut related, Some(place)));
    }
    let notes = |conflict: &Conflict| {
        conflict
            .no_waits
            .iter()
            .chain(&conflict.undocumented_wait)
            .chain(&conflict.doubts)
            .cloned()
            .collect::<Vec<_>>()
    };
    for note in notes(case.conflict) {
        push(&mut related, Some(Related { site: note.site, message: note.text }));
    }
    related.retain(|place| place.site != case.conflict.site);
    related
}

/// Adds a place unless it is there already.
fn push(related: &mut Vec<Related>, place: Option<Related>) {
    if let Some(place) = place
        && !related.contains(&place)
    {
        related.push(place);
    }
}

/// Where an object comes from.
pub(super) fn origin(object: &Object) -> Option<Related> {
    let site = object.site?;
    let name = self::object(object);
    let message = match (&object.origin, object.memory) {
        (_, Some(MemoryKind::Registered)) => format!("{name} is page-locked here"),
        (Origin::Allocated(function), Some(kind)) => {
            format!("{name} is {} memory, allocated by {}", kind.words(), code(function))
        }
        (Origin::Allocated(function), None) => format!("{name} is allocated by {}", code(function)),
        (Origin::Container(class), _) => format!("{name} belongs to a {}", code(class)),
        (Origin::Stack, _) => format!("{name} is a local variable"),
        (Origin::Static, _) => format!("{name} is declared here"),
        (Origin::Unseen, _) => return None,
    };
    Some(Related { site, message })
}

/// Where a stream was made, if that matters.
fn creation(stream: &Stream) -> Option<Related> {
    match stream {
        Stream::Created { site, non_blocking, .. } => {
            let how = if *non_blocking == Some(true) { "a non-blocking stream" } else { "made here" };
            Some(Related { site: *site, message: format!("{} is {how}", self::stream(stream)) })
        }
        _ => None,
    }
}

fn enqueued(conflict: &Conflict) -> Vec<Related> {
    let pending = &conflict.pending;
    let omitted = if pending.stream_omitted { " (no stream is given)" } else { "" };
    let on = stream(&pending.stream);
    if let Some(site) = pending.captured_at {
        let bare = work(&Work { captured_at: None, ..pending.clone() });
        return vec![
            Related { site, message: format!("{bare} is put into the graph here") },
            Related { site: pending.site, message: format!("the graph is launched here on {on}{omitted}") },
        ];
    }
    let verb = match pending.kind {
        WorkKind::Kernel => "is launched",
        _ => "is enqueued",
    };
    let message = format!("{} {verb} here on {on}{omitted}", work(pending));
    vec![Related { site: pending.site, message }]
}

/// The operation that conflicts with pending work on another stream. The rules that ask claim nothing else.
pub(super) fn second(conflict: &Conflict) -> &Work {
    match &conflict.access {
        Access::Device(second) => second,
        _ => &conflict.pending,
    }
}

/// How sure it is that the operands of a copy are as `wrong` has it: certain if all combinations that were
/// seen are.
pub(super) fn agreement(views: &[TransferView], wrong: impl Fn(&TransferView) -> bool) -> Confidence {
    let views = || views.iter().filter(|view| view.paths > Paths::AfterFailure);
    if !views().any(&wrong) {
        Confidence::Possible
    } else if views().all(&wrong) {
        Confidence::Certain
    } else {
        Confidence::Likely
    }
}

/// A tail for messages of conflicts that only an undocumented wait hides.
pub(super) fn hidden(conflict: &Conflict) -> &'static str {
    if conflict.undocumented_wait.is_some() {
        ", and only an undocumented wait in between hides it"
    } else {
        ""
    }
}

/// The words of an identifier in snake or camel case, in lower case.
pub(super) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Every site once, without the first.
pub(super) fn also(sites: impl IntoIterator<Item = SiteId>, first: SiteId, message: &str) -> Vec<Related> {
    let mut related = Vec::new();
    for site in sites {
        if site != first {
            push(&mut related, Some(Related { site, message: message.into() }));
        }
    }
    related
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn waits_are_spelt_for_the_api_and_the_stream_in_use() {
        let copy = sample::copy_to_host(1);
        assert_eq!(wait_call(&copy), "`cudaStreamSynchronize(stream)`");
        let driver = Work { name: "cuMemcpyDtoHAsync".into(), stream: Stream::PerThread, ..copy.clone() };
        assert_eq!(wait_call(&driver), "`cuStreamSynchronize(CU_STREAM_PER_THREAD)`");
        let unnamed = Work { stream: Stream::Unseen { name: String::new() }, ..copy };
        assert_eq!(wait_call(&unnamed), "`cudaStreamSynchronize` for its stream");
    }

    #[test]
    fn identifiers_are_split_into_words() {
        assert_eq!(split("h_data2"), ["h", "data2"]);
        assert_eq!(split("hostBuffer[i]"), ["host", "buffer", "i"]);
    }

    #[test]
    fn objects_without_a_name_are_called_by_what_they_are() {
        let mut pinned = sample::object("h", MemoryKind::Pinned);
        assert_eq!(object(&pinned), "`h`");
        pinned.name.clear();
        assert_eq!(object(&pinned), "pinned memory");
        pinned.origin = Origin::Container("std::vector".into());
        assert_eq!(object(&pinned), "the memory of a `std::vector`");
    }
}
