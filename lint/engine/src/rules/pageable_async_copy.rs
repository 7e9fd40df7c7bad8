//! `pageable-async-copy`: an asynchronous copy whose host side is pageable does not overlap with anything.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::{Direction, MemoryKind, Mode};
use crate::facts::{Object, Origin, Stream, Transfer, TransferContext, TransferView};
use crate::program::SiteId;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

/// Bytes of a result that is copied back and waited for: nothing is gained by pinning its memory.
const FEW: u64 = 4 << 10;

/// So many other callers are named.
const OTHERS: usize = 3;

const DOC: &str = r#"
## What it does
Reports asynchronous copies whose host memory is pageable: from `malloc`, `new`, a container, the stack, or static storage, and not registered.

## Why it is wrong
The result is right, the asynchrony is lost: the driver copies through a buffer of its own, the call may block until the stream gets there, and the copy overlaps with nothing.
Measured on an NVIDIA H200 with the stream held for 200 ms: copies to the host of any size blocked the whole time, a copy of 64 MiB to the device as well; copies from pinned memory returned in 0.02 ms.

## Example
```cpp,misuse
int main() {
    const size_t bytes = 64 << 20;
    float *h_data = (float *)malloc(bytes);
    float *d_data;
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMalloc(&d_data, bytes);
    cudaMemcpyAsync(d_data, h_data, bytes, cudaMemcpyHostToDevice, stream); //~ pageable-async-copy
    cudaStreamSynchronize(stream);
    cudaFree(d_data);
    cudaStreamDestroy(stream);
    free(h_data);
}
```

## Use instead
```cpp,correct
int main() {
    const size_t bytes = 64 << 20;
    float *h_data;
    cudaMallocHost(&h_data, bytes);
    float *d_data;
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMalloc(&d_data, bytes);
    cudaMemcpyAsync(d_data, h_data, bytes, cudaMemcpyHostToDevice, stream);
    cudaStreamSynchronize(stream);
    cudaFree(d_data);
    cudaStreamDestroy(stream);
    cudaFreeHost(h_data);
}
```

## Not reported
- Pinned, registered and managed memory, and memory whose allocation is not seen. Of a copy in a function that several callers use, each caller is judged by what it passes.
- Memory that one caller makes pageable or pinned, as it chooses, and copies that are chosen by where the memory lies.
- Copies between host buffers.
- Copies that are being captured into a graph.
- Copies of a few bytes to the host that are waited for at once, or that a function leaves in memory of its caller; copies on the default stream that are waited for at once.
- Copies of at most 64 KiB to the device, which are staged: an info, off by default.
- Copies of safe Rust libraries (cudarc) outside loops, unless they are on a stream of their own: an info.
- Buffers that live as long as one call of a function other than `main`, or one round of a loop: pinning would cost more than it gains, so this is an info. A function that makes the stream itself and is called once from `main` is like `main`.

## Confidence
Certain if the copy runs on every path with pageable memory, likely on some path.

## References
- CUDA Programming Guide, Asynchronous Execution, Launching Memory Transfers in CUDA Streams, note on pinned memory.
- CUDA Runtime API, API synchronization behavior, Memcpy, asynchronous, items 1 and 3.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "pageable-async-copy",
    number: Number::new(11),
    category: Category::Performance,
    severity: Severity::Performance,
    summary: "an asynchronous copy of pageable memory may block and overlaps with nothing",
    doc: DOC,
    on_by_default: true,
    witness: Witness::SlowerRatio,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for transfer in context.facts.transfers.iter().filter(|transfer| transfer.mode != Mode::Sync) {
        if let Some(copies) = all_pageable(&transfer.views) {
            if let Some((severity, copy)) = worst(context, transfer, copies, false) {
                let confidence = words::agreement(&transfer.views, |view| host_side(view).is_some());
                diagnostics.push(explain(context, transfer, &copy, severity, confidence));
            }
            continue;
        }
        // What a caller passes is pageable whatever others pass, and whatever the function would get that is
        // followed on its own.
        let callers: Vec<_> = transfer
            .contexts
            .iter()
            .filter(|caller| !caller.views.iter().any(is_chosen))
            .filter_map(|caller| {
                Some((caller, worst(context, transfer, all_pageable(&caller.views)?, true)?))
            })
            .collect();
        let first = callers.iter().rev().max_by_key(|(_, (severity, copy))| (*severity, copy.view.paths));
        if let Some((caller, (severity, copy))) = first {
            let confidence = words::agreement(&caller.views, |view| host_side(view).is_some());
            let mut diagnostic = explain(context, transfer, copy, *severity, confidence);
            let calls = named_calls(context, caller, callers.iter().map(|(caller, _)| *caller));
            diagnostic.related.splice(0..0, calls);
            diagnostics.push(diagnostic);
        }
    }
}

/// A copy between the device and host memory that is pageable.
#[derive(Clone, Copy, Debug)]
struct Copy<'v> {
    view: &'v TransferView,
    host: &'v Object,
    to_device: bool,
}

impl Copy<'_> {
    /// True if it brings a few bytes to the host.
    fn is_few(&self) -> bool {
        !self.to_device && self.view.bytes.or(self.host.bytes).is_some_and(|bytes| bytes <= FEW)
    }
}

/// The copies, if in all of them the host memory is pageable: where one variable may hold another kind, pinning
/// may be somebody's option.
fn all_pageable(views: &[TransferView]) -> Option<Vec<Copy<'_>>> {
    let copy = |view| host_side(view).map(|(host, to_device)| Copy { view, host, to_device });
    views.iter().map(copy).collect()
}

/// The copy that is worth most to be mended. `from_caller`: a caller passes the memory, so that a few bytes to the
/// host are a result that the function leaves there.
fn worst<'v>(
    context: &RuleContext<'_>,
    transfer: &Transfer,
    copies: Vec<Copy<'v>>,
    from_caller: bool,
) -> Option<(Severity, Copy<'v>)> {
    let worth_it = copies.into_iter().filter(|copy| !(from_caller && copy.is_few()));
    let judged = worth_it.filter_map(|copy| Some((severity(context, transfer, &copy)?, copy)));
    judged.max_by_key(|(severity, copy)| (*severity, copy.view.paths))
}

/// True if the program has looked at the memory, or at a mode, before it chose this copy, or may have made the
/// memory otherwise.
fn is_chosen(view: &TransferView) -> bool {
    view.examined || view.src.by_mode || view.dst.by_mode
}

/// The calls that lead to a copy with pageable memory, outermost first, and where others do the same.
fn named_calls<'f>(
    context: &RuleContext<'_>,
    caller: &TransferContext,
    all: impl Iterator<Item = &'f TransferContext>,
) -> Vec<Related> {
    let name = |site: &SiteId| context.called_at(*site).map(words::code);
    let chain = caller
        .calls
        .iter()
        .filter_map(|site| name(site).map(|name| Related { site: *site, message: format!("calls {name}") }));
    let mut related: Vec<Related> = chain.collect();
    for site in all.filter_map(|other| other.calls.iter().find(|site| !caller.calls.contains(site))) {
        if related.len() < caller.calls.len() + OTHERS
            && !related.iter().any(|it| it.site == *site)
            && let Some(name) = name(site)
        {
            related.push(Related { site: *site, message: format!("calls {name} with pageable memory, too") });
        }
    }
    related
}

/// The host operand if it is known to be pageable and the other one is not the host's, and whether the copy
/// goes to the device.
fn host_side(view: &TransferView) -> Option<(&Object, bool)> {
    let pageable = |object: &Object| object.memory == Some(MemoryKind::Pageable);
    let device = |object: &Object, by_type: bool, stated: bool| match object.memory {
        Some(memory) => memory.is_device(),
        None => by_type || stated,
    };
    let stated = |direction| view.stated == Some(direction);
    if pageable(&view.src) && device(&view.dst, view.dst_device_by_type, stated(Direction::HostToDevice)) {
        Some((&view.src, true))
    } else if pageable(&view.dst)
        && device(&view.src, view.src_device_by_type, stated(Direction::DeviceToHost))
    {
        Some((&view.dst, false))
    } else {
        None
    }
}

fn severity(context: &RuleContext<'_>, transfer: &Transfer, copy: &Copy<'_>) -> Option<Severity> {
    let Copy { view, host: object, to_device } = *copy;
    let default_stream = matches!(view.stream, Stream::Legacy | Stream::PerThread);
    let few = copy.is_few();
    // A safe library counts on the driver to be done when the call returns.
    let settled = transfer.mode == Mode::Settled && few;
    if view.captured || settled || (view.waited_at_once && (default_stream || few)) {
        return None;
    }
    // Safe interfaces take pageable memory everywhere. It costs something where there is work to overlap with.
    let owned = matches!(view.stream, Stream::Created { .. });
    let single = transfer.mode == Mode::Settled && !owned && !transfer.in_loop;
    let staged = to_device
        && view.bytes.or(object.bytes).is_some_and(|bytes| bytes <= context.options.platform.staging_limit());
    // Where the device reaches pageable memory itself, the copy need not be staged.
    let direct = context.options.platform.pageable_access == Some(true);
    let hot = lives_briefly(context, object) && !lives_as_long_as_its_stream(context, view, object);
    Some(if staged || hot || direct || single { Severity::Info } else { Severity::Performance })
}

/// True if the memory lives as long as one call of a function other than `main`, or one round of a loop.
fn lives_briefly(context: &RuleContext<'_>, object: &Object) -> bool {
    let Some(site) = object.site else { return false };
    // Variables and containers that are declared inside a function, and what a function frees itself.
    let owned = matches!(object.origin, Origin::Stack | Origin::Container(_));
    let function = context.function_of(site);
    // One loop of `main` allocates what another frees: it lives as long as the program.
    let round = context.is_in_main(site).then_some(site);
    let freed = || {
        context.facts.releases.iter().any(|release| {
            release.objects.iter().flatten().any(|freed| freed.site == Some(site))
                && function.is_some_and(|function| context.runs_in(function, release.site, round))
        })
    };
    let brief = if context.is_in_main(site) {
        owned || freed()
    } else {
        object.short_lived || (function.is_some() && (owned || freed()))
    };
    brief && !context.runs_once(site)
}

/// True if the stream of the copy is made by the function that the memory belongs to, which is called once: a
/// program that has its work in another function than `main`.
fn lives_as_long_as_its_stream(context: &RuleContext<'_>, view: &TransferView, object: &Object) -> bool {
    let (Some(memory), Stream::Created { site: stream, .. }) = (object.site, &view.stream) else {
        return false;
    };
    context.function_of(memory) == context.function_of(*stream)
        && context.is_called_once(memory)
        && context.is_called_once(*stream)
}

fn explain(
    context: &RuleContext<'_>,
    transfer: &Transfer,
    copy: &Copy<'_>,
    severity: Severity,
    confidence: Confidence,
) -> Diagnostic {
    let Copy { view, host: object, to_device } = *copy;
    let presumed = witness::stated_memory(view.stated);
    let name = words::object(object);
    let function = words::code(&transfer.function);
    let synchronous = transfer.function.replace("Async", "");
    let pin = match &object.origin {
        Origin::Container(class) => format!("give the {} an allocator of pinned memory", words::code(class)),
        Origin::Stack | Origin::Static => format!("copy {name} through memory of `cudaMallocHost`"),
        Origin::Allocated(_) | Origin::Unseen => format!("allocate {name} with `cudaMallocHost`"),
    };
    let (from_to, blocks) = match (to_device, transfer.mode) {
        (true, Mode::PinnedAsync) => ("from", "blocks"),
        (false, Mode::PinnedAsync) => ("to", "blocks"),
        (true, _) => ("from", "may block"),
        (false, _) => ("to", "blocks in practice"),
    };
    Diagnostic {
        rule: RULE.name,
        severity,
        confidence,
        message: format!(
            "{function} {from_to} {name}, which is pageable, {blocks} until {} gets there, and overlaps with nothing",
            words::stream(&view.stream)
        ),
        site: transfer.site,
        label: format!("{name} is pageable"),
        related: words::origin(object).into_iter().collect(),
        help: format!(
            "{pin}, or page-lock it with `cudaHostRegister`; if nothing is to overlap, {} says so",
            words::code(&synchronous)
        ),
        witness: Some(witness::of_copy(context, transfer, view, presumed)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::{Facts, Paths};

    fn view(dst: MemoryKind, src: MemoryKind, stated: Direction) -> TransferView {
        TransferView {
            dst: sample::object("dst", dst),
            src: sample::object("src", src),
            dst_device_by_type: false,
            src_device_by_type: false,
            stated: Some(stated),
            kind_site: Some(SiteId(20)),
            bytes: Some(4 << 20),
            stream: sample::stream("stream", 2, false),
            stream_omitted: false,
            captured: false,
            waited_at_once: false,
            examined: false,
            paths: Paths::All,
        }
    }

    fn facts(views: Vec<TransferView>) -> Facts {
        let transfer = Transfer {
            site: SiteId(20),
            function: "cudaMemcpyAsync".into(),
            mode: Mode::Async,
            contexts: vec![TransferContext { calls: Vec::new(), views: views.clone(), in_part: false }],
            views,
            in_loop: false,
            within: crate::program::FunctionId(0),
            behind: Default::default(),
        };
        Facts { transfers: vec![transfer], ..Facts::default() }
    }

    fn upload() -> TransferView {
        view(MemoryKind::Device, MemoryKind::Pageable, Direction::HostToDevice)
    }

    #[test]
    fn either_direction_is_reported() {
        let line = ["20 pageable-async-copy performance certain"];
        assert_eq!(sample::lines(&facts(vec![upload()])), line);
        let download = view(MemoryKind::Pageable, MemoryKind::Device, Direction::DeviceToHost);
        assert_eq!(sample::lines(&facts(vec![download])), line);
    }

    #[test]
    fn every_definition_must_be_pageable() {
        let pinned = view(MemoryKind::Device, MemoryKind::Pinned, Direction::HostToDevice);
        assert!(sample::lines(&facts(vec![upload(), pinned])).is_empty());
        let managed = view(MemoryKind::Device, MemoryKind::Managed, Direction::HostToDevice);
        assert!(sample::lines(&facts(vec![managed])).is_empty());
    }

    /// The same copy, by calls from the given places.
    fn called(contexts: &[(u32, Vec<TransferView>)]) -> Facts {
        let mut facts = facts(contexts.iter().flat_map(|(_, views)| views.clone()).collect());
        facts.transfers[0].contexts = contexts
            .iter()
            .map(|(site, views)| TransferContext {
                calls: vec![SiteId(*site)],
                views: views.clone(),
                in_part: false,
            })
            .collect();
        facts
    }

    #[test]
    fn callers_are_judged_one_by_one() {
        let pinned = || view(MemoryKind::Device, MemoryKind::Pinned, Direction::HostToDevice);
        let one = called(&[(1, vec![pinned()]), (2, vec![upload()]), (3, vec![upload()])]);
        assert_eq!(sample::lines(&one), ["20 pageable-async-copy performance certain"]);
        let chooses = called(&[(1, vec![pinned()]), (2, vec![upload(), pinned()])]);
        assert!(sample::lines(&chooses).is_empty());
        let asks = called(&[(1, vec![pinned()]), (2, vec![TransferView { examined: true, ..upload() }])]);
        assert!(sample::lines(&asks).is_empty());
    }

    #[test]
    fn what_is_not_worth_pinning_is_silent_or_an_info() {
        let captured = TransferView { captured: true, ..upload() };
        assert!(sample::lines(&facts(vec![captured])).is_empty());
        let waited = TransferView { waited_at_once: true, stream: Stream::Legacy, ..upload() };
        assert!(sample::lines(&facts(vec![waited])).is_empty());
        let scalar = TransferView {
            waited_at_once: true,
            bytes: Some(4),
            ..view(MemoryKind::Pageable, MemoryKind::Device, Direction::DeviceToHost)
        };
        assert!(sample::lines(&facts(vec![scalar])).is_empty());
        let small = TransferView { bytes: Some(crate::platform::STAGING_LIMIT), ..upload() };
        assert_eq!(sample::lines(&facts(vec![small])), ["20 pageable-async-copy info certain"]);
        let mut hot = upload();
        hot.src.short_lived = true;
        assert_eq!(sample::lines(&facts(vec![hot])), ["20 pageable-async-copy info certain"]);
    }

    #[test]
    fn a_wrong_direction_is_the_only_diagnostic_of_its_copy() {
        let wrong = view(MemoryKind::Device, MemoryKind::Pageable, Direction::DeviceToHost);
        assert_eq!(sample::lines(&facts(vec![wrong])), ["20 memcpy-kind-mismatch error certain"]);
    }

    #[test]
    fn the_words_are_about_cost_only() {
        let text = sample::text(&facts(vec![upload()]));
        assert!(text.contains("may block") && text.contains("overlaps with nothing"), "{text}");
        assert!(!text.contains("crash") && !text.contains("corrupt"), "{text}");
    }
}
