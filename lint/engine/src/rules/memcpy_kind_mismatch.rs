//! `memcpy-kind-mismatch`: a copy's direction contradicts the memory it names.

use std::collections::BTreeSet;

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::row::{Direction, MemoryKind};
use crate::facts::{Object, Transfer, TransferContext, TransferView};
use crate::program::SiteId;
use crate::trace::Memory;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports a copy whose direction, given by its `cudaMemcpyKind` or by its name (`cuMemcpyHtoD`), contradicts the memory of its destination or source.

## Why it is wrong
"Calling cudaMemcpy() with dst and src pointers that do not match the direction of the copy results in an undefined behavior."
Measured on an NVIDIA H200: some combinations fail with `cudaErrorInvalidValue` and copy nothing (device to pageable stated as host to device), others happen to work (device to device stated as host to device).

## Example
```cpp,misuse
void fetch(float *d_data, size_t n) {
    float *h_data = (float *)malloc(n * sizeof(float));
    cudaMalloc(&d_data, n * sizeof(float));
    cudaMemset(d_data, 0, n * sizeof(float));
    cudaMemcpy(h_data, d_data, n * sizeof(float), cudaMemcpyHostToDevice); //~ memcpy-kind-mismatch
    cudaFree(d_data);
    free(h_data);
}
```

## Use instead
```cpp,correct
void fetch(float *d_data, size_t n) {
    float *h_data = (float *)malloc(n * sizeof(float));
    cudaMalloc(&d_data, n * sizeof(float));
    cudaMemset(d_data, 0, n * sizeof(float));
    cudaMemcpy(h_data, d_data, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_data);
    free(h_data);
}
```

## Not reported
- `cudaMemcpyDefault`, and directions that are not a constant.
- Managed memory, for which the direction is a hint.
- Pinned, registered and mapped memory on a side that the direction calls device: the GPU reaches it.
- Host-to-host copies between pinned buffers.
- Operands whose memory is not known.

## Confidence
An error if both operands are known: certain if so on every path, likely on some path.
A warning, likely, if one operand is known.
Where neither is, names alone are no proof: a warning, likely, only if both names contradict the direction and a second clue agrees: the host dereferences the pointer that the direction calls device memory, or the copy is the odd one out, next to two copies by the same function whose names and direction agree on the opposite.
Possible if the kind is what a called function has made of it, by a mode that the function that is followed neither names nor tests, and does not hold in every mode; and for copies of a called function that copies the same operands in another direction as well, which fits them, with nothing that decides between them (`if (device < 0)`).

## References
- CUDA Runtime API, `cudaMemcpy`, `cudaMemcpyKind`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "memcpy-kind-mismatch",
    number: Number::new(3),
    category: Category::MemoryKind,
    severity: Severity::Error,
    summary: "the direction of a copy contradicts the memory of its operands",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ReturnCode,
    needs: None,
    check: Check::Facts(check),
};

/// Which side of the bus an operand is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Host,
    Device,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Device => "device",
        }
    }
}

/// The sides of destination and source that a direction states.
const fn sides(direction: Direction) -> (Side, Side) {
    match direction {
        Direction::HostToHost => (Side::Host, Side::Host),
        Direction::HostToDevice => (Side::Device, Side::Host),
        Direction::DeviceToHost => (Side::Host, Side::Device),
        Direction::DeviceToDevice => (Side::Device, Side::Device),
    }
}

/// The direction between two sides.
const fn direction(dst: Side, src: Side) -> Direction {
    match (dst, src) {
        (Side::Host, Side::Host) => Direction::HostToHost,
        (Side::Device, Side::Host) => Direction::HostToDevice,
        (Side::Host, Side::Device) => Direction::DeviceToHost,
        (Side::Device, Side::Device) => Direction::DeviceToDevice,
    }
}

/// The side that memory is on; `None` if unknown or on both.
fn side(object: &Object) -> Option<Side> {
    match object.memory? {
        MemoryKind::Managed => None,
        memory if memory.is_host() => Some(Side::Host),
        _ => Some(Side::Device),
    }
}

/// True if memory cannot be on the side that a direction states.
fn contradicts(object: &Object, stated: Side) -> bool {
    match stated {
        Side::Host => object.memory.is_some_and(MemoryKind::is_device) && !object.may_lie_anywhere(),
        // Page-locked memory is mapped: the device reaches it at the same address.
        Side::Device => object.memory == Some(MemoryKind::Pageable),
    }
}

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let odd = odd_ones_out(&context.facts.transfers);
    for transfer in &context.facts.transfers {
        let is_odd = odd.contains(&transfer.site);
        let mismatch = |view: &TransferView| mismatch(view, is_odd);
        let worst = transfer.views.iter().filter_map(|view| mismatch(view).map(|severity| (severity, view)));
        let by_mode = |view: &TransferView| view.dst.by_mode || view.src.by_mode;
        let Some((severity, view)) =
            worst.max_by_key(|(severity, view)| (view.paths, !by_mode(view), *severity))
        else {
            continue;
        };
        let wrong = |view: &TransferView| mismatch(view).is_some();
        let sure = match words::agreement(&transfer.views, wrong) {
            // In some modes only: nobody has said that the program works in them here.
            Confidence::Likely if by_mode(view) => Confidence::Possible,
            _ if is_chosen(&context.facts.transfers, transfer, view) => Confidence::Possible,
            sure => sure,
        };
        let proven = severity == Severity::Error;
        let confidence = if proven { sure } else { sure.min(Confidence::Likely) };
        diagnostics.push(explain(context, transfer, view, severity, confidence));
    }
}

/// How bad a combination of operands is, if it contradicts the stated direction.
/// `is_odd`: it is the odd one out in a run of alike copies.
fn mismatch(view: &TransferView, is_odd: bool) -> Option<Severity> {
    if view.examined {
        return None;
    }
    let (dst, src) = sides(view.stated?);
    if [&view.dst, &view.src].iter().any(|object| object.memory == Some(MemoryKind::Managed)) {
        return None;
    }
    if contradicts(&view.dst, dst) || contradicts(&view.src, src) {
        let known = side(&view.dst).is_some() && side(&view.src).is_some();
        return Some(if known { Severity::Error } else { Severity::Warning });
    }
    (is_swapped(view) && (is_used_by_host(view) || is_odd)).then_some(Severity::Warning)
}

/// True for a copy of a function that was called, in which the same operands are copied in another direction as well,
/// which is the right one: what tells the directions apart (`if (device < 0)`) is known to whoever passes the operands,
/// and the path has not decided it. Of two copies that are made one after the other, nothing chooses.
/// Where not all paths of the outermost caller were followed, a way that one of the callers in between takes with these
/// operands, followed on its own, may be one that was given up.
fn is_chosen(transfers: &[Transfer], transfer: &Transfer, view: &TransferView) -> bool {
    let copies = |it: &&TransferView| it.dst == view.dst && it.src == view.src;
    let is_wrong =
        |context: &&TransferContext| context.views.iter().filter(copies).any(|it| it.stated == view.stated);
    let has_other_way = |context: &TransferContext| {
        let one_of_both = |it: &&Transfer| {
            let in_turn = it.behind.contains(&transfer.site) || transfer.behind.contains(&it.site);
            it.within == transfer.within && it.site != transfer.site && !in_turn
        };
        let ways = transfers.iter().filter(one_of_both);
        let may_be_here = |it: &&TransferContext| {
            it.calls == context.calls
                || (context.in_part && !it.calls.is_empty() && context.calls.ends_with(&it.calls))
        };
        let seen = ways.flat_map(|it| &it.contexts).filter(may_be_here);
        let mut others = seen.flat_map(|it| it.views.iter().filter(copies));
        !context.calls.is_empty()
            && others.any(|it| it.stated != view.stated && !it.examined && mismatch(it, false).is_none())
    };
    let mut wrong = transfer.contexts.iter().filter(is_wrong).peekable();
    wrong.peek().is_some() && wrong.all(has_other_way)
}

/// True if the host uses what the direction calls device memory.
fn is_used_by_host(view: &TransferView) -> bool {
    view.stated.map(sides).is_some_and(|(dst, src)| {
        (dst == Side::Device && view.dst.host_by_use) || (src == Side::Device && view.src.host_by_use)
    })
}

/// True if nothing is known of the operands but their names, and both say the opposite of the stated direction.
fn is_swapped(view: &TransferView) -> bool {
    let unknown = view.dst.memory.is_none() && view.src.memory.is_none();
    let stated = view.stated.map(sides).filter(|(dst, src)| dst != src);
    unknown && stated.is_some_and(|(dst, src)| names(view) == Some((src, dst)))
}

/// The sides that the names of both operands claim.
fn names(view: &TransferView) -> Option<(Side, Side)> {
    name_side(&view.dst.name).zip(name_side(&view.src.name))
}

/// The copies whose names say the opposite of their direction, and which stand next to two copies, by the same function,
/// whose names and direction agree on that opposite.
fn odd_ones_out(transfers: &[Transfer]) -> BTreeSet<SiteId> {
    let mut odd = BTreeSet::new();
    // Sorted by place; functions do not mingle but for what is defined within others.
    for at in 0..transfers.len() {
        let it = &transfers[at];
        let Some(claimed) =
            it.views.iter().all(is_swapped).then(|| it.views.first().and_then(names)).flatten()
        else {
            continue;
        };
        let agrees = |other: Option<usize>| {
            other.and_then(|other| transfers.get(other)).is_some_and(|other| {
                let says = |view: &TransferView| {
                    view.stated == Some(direction(claimed.0, claimed.1)) && names(view) == Some(claimed)
                };
                other.within == it.within && other.function == it.function && other.views.iter().all(says)
            })
        };
        let before = |steps: usize| agrees(at.checked_sub(steps));
        let after = |steps: usize| agrees(at.checked_add(steps));
        if (before(1) && (after(1) || before(2))) || (after(1) && after(2)) {
            odd.insert(it.site);
        }
    }
    odd
}

/// The side that a name claims by one of its words: `d_input`, `hostBuffer`, `gpu_out`.
fn name_side(name: &str) -> Option<Side> {
    let mut side = None;
    for word in words::split(name) {
        let claimed = match word.as_str() {
            "h" | "host" | "cpu" => Side::Host,
            "d" | "dev" | "device" | "gpu" => Side::Device,
            _ => continue,
        };
        if side.is_some_and(|side| side != claimed) {
            return None;
        }
        side = Some(claimed);
    }
    side
}

/// What to presume of memory of which nothing is known: what the direction says, or, where the names of both
/// sides contradict it, what they say.
fn presumed(view: &TransferView) -> [Memory; 2] {
    let by_name = |object: &Object| match name_side(&object.name)? {
        Side::Host => Some(Memory::Pageable),
        Side::Device => Some(Memory::Device),
    };
    match (view.dst.memory, view.src.memory, by_name(&view.dst), by_name(&view.src)) {
        (None, None, Some(dst), Some(src)) => [dst, src],
        _ => witness::stated_memory(view.stated),
    }
}

fn explain(
    context: &RuleContext<'_>,
    transfer: &Transfer,
    view: &TransferView,
    severity: Severity,
    confidence: Confidence,
) -> Diagnostic {
    let stated = view.stated.unwrap_or(Direction::HostToHost);
    let (dst_stated, src_stated) = sides(stated);
    // Where only names tell, it is the operand that the host is seen to use.
    let used = is_swapped(view) && dst_stated == Side::Device && view.dst.host_by_use;
    let dst_wrong = contradicts(&view.dst, dst_stated) || used;
    let (role, object, claimed) =
        if dst_wrong { ("destination", &view.dst, dst_stated) } else { ("source", &view.src, src_stated) };
    let presumed = presumed(view);
    let name = words::object(object);
    let what = match object.memory {
        Some(memory) => format!("is {} memory", memory.words()),
        None if is_used_by_host(view) => "is used by the host".into(),
        None => {
            let said = names(view).map_or(claimed, |(dst, src)| if dst_wrong { dst } else { src });
            format!("is {} memory by its name, as in the copies beside it", said.name())
        }
    };
    let mut related: Vec<Related> = [&view.dst, &view.src].into_iter().filter_map(words::origin).collect();
    let constant = words::code(stated.constant());
    if let Some(site) = view.kind_site.filter(|site| *site != transfer.site) {
        related.push(Related { site, message: format!("{constant} is stated here") });
    }
    let right = match names(view).filter(|_| object.memory.is_none() && !is_used_by_host(view)) {
        Some((dst, src)) => direction(dst, src),
        None => direction(side(&view.dst).unwrap_or(dst_stated), side(&view.src).unwrap_or(src_stated)),
    };
    // Functions of the driver API state the direction in their names.
    let by_name = words::is_driver(&transfer.function);
    let function = words::code(&transfer.function);
    let help = if by_name {
        format!("use the function for the direction of this copy instead of {function}")
    } else if right == stated {
        format!("check the order of the arguments of {function}")
    } else {
        let right = words::code(right.constant());
        format!("use {right} or `cudaMemcpyDefault`, or check the order of the arguments")
    };
    Diagnostic {
        rule: RULE.name,
        severity,
        confidence,
        message: format!(
            "the {role} {name} of {function} {what}, but {} says {} memory",
            if by_name { "the function's name".into() } else { constant },
            claimed.name()
        ),
        site: transfer.site,
        label: "the direction contradicts the memory".into(),
        related,
        help,
        witness: Some(witness::of_copy(context, transfer, view, presumed)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::Mode;
    use crate::facts::{Facts, Origin, Paths, Stream};
    use crate::program::FunctionId;

    fn facts(dst: Object, src: Object, stated: Option<Direction>) -> Facts {
        let view = TransferView {
            dst,
            src,
            dst_device_by_type: false,
            src_device_by_type: false,
            stated,
            kind_site: Some(SiteId(20)),
            bytes: None,
            stream: Stream::Legacy,
            stream_omitted: true,
            captured: false,
            waited_at_once: false,
            examined: false,
            paths: Paths::All,
        };
        let transfer = Transfer {
            site: SiteId(20),
            function: "cudaMemcpy".into(),
            mode: Mode::Sync,
            contexts: Vec::new(),
            views: vec![view],
            in_loop: false,
            within: FunctionId(0),
            behind: BTreeSet::new(),
        };
        Facts { transfers: vec![transfer], ..Facts::default() }
    }

    fn lines(dst: MemoryKind, src: MemoryKind, stated: Direction) -> Vec<String> {
        sample::lines(&facts(sample::object("dst", dst), sample::object("src", src), Some(stated)))
    }

    #[test]
    fn both_operands_known_is_an_error() {
        use Direction::*;
        use MemoryKind::*;
        let wrong = [
            (Pageable, Pageable, HostToDevice),
            (Device, Pageable, DeviceToHost),
            (Pageable, Device, HostToDevice),
            (Pageable, Device, DeviceToDevice),
            (Device, Device, HostToDevice),
            (Pageable, Device, HostToHost),
            (Device, Pinned, DeviceToHost),
        ];
        for (dst, src, stated) in wrong {
            assert_eq!(lines(dst, src, stated), ["20 memcpy-kind-mismatch error certain"], "{dst:?} {src:?}");
        }
        let right = [
            (Pageable, Pageable, HostToHost),
            (Device, Pageable, HostToDevice),
            (Pinned, Device, DeviceToHost),
            (Pinned, Device, DeviceToDevice),
            (Pinned, Pinned, HostToHost),
            (Managed, Pageable, HostToDevice),
            (Pageable, Managed, DeviceToHost),
            (Managed, Device, HostToDevice),
        ];
        for (dst, src, stated) in right {
            assert!(lines(dst, src, stated).is_empty(), "{dst:?} {src:?} {stated:?}");
        }
    }

    #[test]
    fn one_operand_known_is_a_likely_warning() {
        let facts = facts(
            sample::object("d", MemoryKind::Device),
            sample::unseen("p"),
            Some(Direction::DeviceToHost),
        );
        assert_eq!(sample::lines(&facts), ["20 memcpy-kind-mismatch warning likely"]);
    }

    #[test]
    fn names_need_a_second_clue() {
        let by_host = Object { host_by_use: true, ..sample::unseen("h_out") };
        let device = sample::unseen("d_out");
        let stated = Some(Direction::HostToDevice);
        assert_eq!(
            sample::lines(&facts(by_host.clone(), device.clone(), stated)),
            ["20 memcpy-kind-mismatch warning likely"]
        );
        assert!(sample::lines(&facts(sample::unseen("h_out"), device.clone(), stated)).is_empty());
        assert!(sample::lines(&facts(by_host, sample::unseen("out"), stated)).is_empty());
    }

    #[test]
    fn the_operand_that_the_host_uses_is_named() {
        let used = |name: &str| Object { host_by_use: true, ..sample::unseen(name) };
        let text = |dst, src, stated| sample::text(&facts(dst, src, Some(stated)));
        let upload = text(used("h_out"), sample::unseen("d_out"), Direction::HostToDevice);
        let says = "the destination `h_out` of `cudaMemcpy` is used by the host, but `cudaMemcpyHostToDevice` says \
                    device memory";
        assert!(upload.contains(says), "{upload}");
        let download = text(sample::unseen("d_in"), used("h_in"), Direction::DeviceToHost);
        let says = "the source `h_in` of `cudaMemcpy` is used by the host, but `cudaMemcpyDeviceToHost` says device \
                    memory";
        assert!(download.contains(says), "{download}");
    }

    #[test]
    fn an_unknown_direction_says_nothing() {
        let facts =
            facts(sample::object("d", MemoryKind::Device), sample::object("h", MemoryKind::Pageable), None);
        assert!(sample::lines(&facts).is_empty());
    }

    #[test]
    fn the_help_names_the_right_constant() {
        let dst = Object { origin: Origin::Stack, ..sample::object("h", MemoryKind::Pageable) };
        let facts = facts(dst, sample::object("d", MemoryKind::Device), Some(Direction::HostToDevice));
        let text = sample::text(&facts);
        assert!(text.contains("the destination `h` of `cudaMemcpy` is pageable memory"), "{text}");
        assert!(text.contains("use `cudaMemcpyDeviceToHost`"), "{text}");
    }

    #[test]
    fn names_that_claim_a_side() {
        assert_eq!(name_side("d_hostCopy"), None);
        assert_eq!(name_side("hdata"), None);
        assert_eq!(name_side("gpuInput"), Some(Side::Device));
    }
}
