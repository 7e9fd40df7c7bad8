//! `pageable-async-copy`: an asynchronous copy whose host side is pageable does not overlap with anything.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::{Direction, MemoryKind, Mode};
use crate::facts::{Object, Origin, Stream, Transfer, TransferView};
use crate::{Category, Confidence, Diagnostic, Severity};

/// Bytes of a result that is copied back and waited for: nothing is gained by pinning its memory.
const FEW: u64 = 4 << 10;

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
- Pinned, registered and managed memory, and memory whose allocation is not seen.
- Copies between host buffers.
- Copies that are being captured into a graph.
- Copies of a few bytes to the host that are waited for at once, and copies on the default stream that are.
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
        // Every definition that reaches the copy must be pageable: pinning may be somebody's option.
        let sides: Option<Vec<_>> =
            transfer.views.iter().map(|view| host_side(view).map(|side| (view, side))).collect();
        let worst = sides
            .into_iter()
            .flatten()
            .filter_map(|(view, (object, to_device))| {
                severity(context, transfer, view, object, to_device)
                    .map(|severity| (severity, view, object, to_device))
            })
            .max_by_key(|(severity, view, ..)| (*severity, view.paths));
        if let Some((severity, view, object, to_device)) = worst {
            let confidence = words::agreement(transfer, |view| host_side(view).is_some());
            diagnostics.push(explain(context, transfer, view, object, to_device, severity, confidence));
        }
    }
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

fn severity(
    context: &RuleContext<'_>,
    transfer: &Transfer,
    view: &TransferView,
    object: &Object,
    to_device: bool,
) -> Option<Severity> {
    let default_stream = matches!(view.stream, Stream::Legacy | Stream::PerThread);
    let few = !to_device && view.bytes.or(object.bytes).is_some_and(|bytes| bytes <= FEW);
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
    view: &TransferView,
    object: &Object,
    to_device: bool,
    severity: Severity,
    confidence: Confidence,
) -> Diagnostic {
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
    use crate::program::SiteId;

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
            views,
            in_loop: false,
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
