//! One root cause, one diagnostic: gathers the conflicts that one missing wait or one missing event explains.
//!
//! A missing host wait shows at every later access by the host: at the first read, at the next one, at the
//! `cudaFree` of the copy's source, at the scope end of its destination. The first of them is reported, since
//! waiting there mends them all. A missing event between two streams shows again at every later operation of
//! the second stream. Order on the device and waits of the host are different things to mend, so neither kind
//! silences the other.

use std::cmp::Reverse;

use super::{RuleContext, async_result_escapes, temporary_source};
use crate::facts::{Access, Conflict, Paths};
use crate::program::SiteId;
use crate::{Confidence, Diagnostic, Severity};

/// A rule's view of one conflict that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Claim {
    /// A claim of the given severity, as sure as the conflict is.
    pub fn new(severity: Severity, conflict: &Conflict) -> Self {
        Self { severity, confidence: confidence(conflict) }
    }

    /// A claim for what an undocumented wait hides if there is one: then an error is a warning, which says
    /// what the code relies on.
    pub fn unless_hidden(severity: Severity, conflict: &Conflict) -> Self {
        let hidden = conflict.undocumented_wait.is_some();
        Self::new(if hidden { severity.min(Severity::Warning) } else { severity }, conflict)
    }

    /// The same, at most this sure.
    pub fn at_most(self, confidence: Confidence) -> Self {
        Self { confidence: self.confidence.min(confidence), ..self }
    }

    /// True if it is reported by default.
    fn is_visible(self) -> bool {
        self.severity > Severity::Info && self.confidence > Confidence::Possible
    }

    fn rank(self) -> (bool, Severity, Confidence) {
        (self.is_visible(), self.severity, self.confidence)
    }
}

/// How sure a conflict is.
fn confidence(conflict: &Conflict) -> Confidence {
    if !conflict.overlap || !conflict.doubts.is_empty() {
        return Confidence::Possible;
    }
    paths(conflict.paths)
}

/// How sure a fact is that holds on some paths.
pub(super) fn paths(paths: Paths) -> Confidence {
    match paths {
        Paths::All => Confidence::Certain,
        Paths::Some => Confidence::Likely,
        Paths::AfterFailure => Confidence::Possible,
    }
}

/// The conflicts of one rule at one place.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// How bad and how sure: that of the worst conflict.
    pub claim: Claim,
    /// The conflict to explain.
    pub conflict: &'a Conflict,
    /// Other conflicts at the same place, for the same reason.
    pub others: Vec<&'a Conflict>,
}

impl<'a> Case<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Conflict> + '_ {
        std::iter::once(self.conflict).chain(self.others.iter().copied())
    }

    fn site(&self) -> SiteId {
        self.conflict.site
    }
}

/// Gathers claimed conflicts, each with its rule's index, into cases, one a root cause.
pub(super) fn cases<'a>(
    context: &RuleContext<'_>,
    mut claims: Vec<(usize, Claim, &'a Conflict)>,
) -> Vec<(usize, Case<'a>)> {
    claims.sort_by(|(rule_a, claim_a, a), (rule_b, claim_b, b)| {
        let key = |rule: usize, conflict: &Conflict| (conflict.site, rule);
        key(*rule_a, a)
            .cmp(&key(*rule_b, b))
            .then_with(|| claim_b.rank().cmp(&claim_a.rank()))
            .then_with(|| (a.pending.site, &a.object).cmp(&(b.pending.site, &b.object)))
    });
    let mut gathered: Vec<(usize, Case<'a>)> = Vec::new();
    for (rule, claim, conflict) in claims {
        match gathered.last_mut() {
            Some((last, case)) if *last == rule && case.site() == conflict.site => case.others.push(conflict),
            _ => gathered.push((rule, Case { claim, conflict, others: Vec::new() })),
        }
    }
    // Of a pair of device operations in a loop, the order in which they are written explains itself better.
    gathered.sort_by_key(|(_, case)| {
        let device = matches!(case.conflict.access, Access::Device(_));
        // A result that is left to the caller explains what the caller does with it.
        let left = async_result_escapes::escapes(case.conflict);
        (device && case.conflict.pending.site > case.site(), !left, case.site())
    });
    let mut kept: Vec<(usize, Case<'a>)> = Vec::new();
    for (rule, case) in gathered {
        let explained = case.all().all(|conflict| {
            kept.iter().any(|(_, earlier)| {
                earlier.claim.rank() >= case.claim.rank()
                    && earlier.site() != case.site()
                    && earlier.all().any(|first| explains(context, first, conflict))
            })
        });
        if !explained {
            kept.push((rule, case));
        }
    }
    // What the caller does with a result that is left to it may be worse than leaving it.
    let worse: Vec<SiteId> = kept
        .iter()
        .filter(|(_, case)| matches!(case.conflict.access, Access::HostRead { as_result: false, .. }))
        .map(|(_, case)| case.conflict.pending.site)
        .collect();
    kept.retain(|(_, case)| {
        !(async_result_escapes::escapes(case.conflict) && worse.contains(&case.conflict.pending.site))
    });
    kept
}

/// Other places that are added to a diagnostic from those that it stands for.
const MORE: usize = 4;

/// A rule may name another operation than the one at which a conflict is noticed: one that names no stream is
/// to be mended once, whoever uses its data. The surest of its conflicts is told, the others' places follow.
pub(super) fn one_a_place(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut groups: Vec<Vec<Diagnostic>> = Vec::new();
    for it in diagnostics {
        match groups.iter_mut().find(|group| (group[0].rule, group[0].site) == (it.rule, it.site)) {
            Some(group) => group.push(it),
            None => groups.push(vec![it]),
        }
    }
    groups.into_iter().filter_map(one_of).collect()
}

fn one_of(mut group: Vec<Diagnostic>) -> Option<Diagnostic> {
    let rank = |it: &Diagnostic| {
        let claim = Claim { severity: it.severity, confidence: it.confidence };
        (claim.is_visible(), it.severity, it.confidence)
    };
    // Stable: of equals the one that is noticed first.
    group.sort_by_key(|it| Reverse(rank(it)));
    let mut group = group.into_iter();
    let mut first = group.next()?;
    let (visible, limit) = (rank(&first).0, first.related.len() + MORE);
    for other in group.filter(|it| rank(it).0 == visible).flat_map(|it| it.related) {
        let known = first.site == other.site || first.related.iter().any(|it| it.site == other.site);
        if !known && first.related.len() < limit {
            first.related.push(other);
        }
    }
    Some(first)
}

/// True if mending the first conflict mends the second.
fn explains(context: &RuleContext<'_>, first: &Conflict, second: &Conflict) -> bool {
    match (&first.access, &second.access) {
        (Access::Device(earlier), Access::Device(later)) => {
            // The same pair of operations seen from its other end, as in a loop, or the next operation of
            // a stream that has missed the event already.
            let mirrored = first.pending.site == second.site && first.site == second.pending.site;
            let same_edge = first.pending.site == second.pending.site && earlier.stream == later.stream;
            mirrored || same_edge
        }
        (Access::Device(_), _) | (_, Access::Device(_)) => false,
        _ => {
            let same_work = first.pending.site == second.pending.site;
            let same_instance = context.function_of(first.site) == context.function_of(second.site)
                || (first.object == second.object && matches!(second.access, Access::Release(_)));
            // What hides the second is the first itself (a cudaFree that happens to wait).
            let hidden_by_first = second.undocumented_wait.as_ref().is_some_and(|w| w.site == first.site)
                && first.pending.stream == second.pending.stream;
            // An argument by value is the callee's parameter and the caller's temporary.
            let same_argument = temporary_source::is_short(first) && temporary_source::is_short(second);
            let is_left = async_result_escapes::escapes(first);
            (same_work && (same_instance || same_argument || is_left)) || hidden_by_first
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::{FreeWith, MemoryKind};
    use crate::facts::{Note, ReleaseKind};

    #[test]
    fn the_first_access_stands_for_the_later_ones() {
        let pinned = sample::object("h", MemoryKind::Pinned);
        let copy = sample::copy_to_host(10);
        let mut release = sample::conflict(&copy, &pinned, 40, sample::release_call(FreeWith::CFree, "free"));
        release.paths = Paths::Some;
        let facts = sample::conflicts(vec![
            sample::conflict(&copy, &pinned, 30, sample::host_read()),
            sample::conflict(&copy, &pinned, 20, sample::host_read()),
            release,
        ]);
        assert_eq!(sample::lines(&facts), ["20 host-read-before-sync error certain"]);
    }

    #[test]
    fn a_hidden_first_access_does_not_silence_a_visible_one() {
        let pinned = sample::object("h", MemoryKind::Pinned);
        let copy = sample::copy_to_host(10);
        let mut doubtful = sample::conflict(&copy, &pinned, 20, sample::host_read());
        doubtful.doubts.push(Note { site: SiteId(15), text: "`run` gets the stream".into() });
        let facts =
            sample::conflicts(vec![doubtful, sample::conflict(&copy, &pinned, 30, sample::host_read())]);
        assert_eq!(
            sample::lines(&facts),
            ["20 host-read-before-sync error possible", "30 host-read-before-sync error certain"]
        );
    }

    #[test]
    fn two_copies_read_at_one_place_are_one_diagnostic() {
        let (a, b) = (sample::object("a", MemoryKind::Pinned), sample::object("b", MemoryKind::Pinned));
        let facts = sample::conflicts(vec![
            sample::conflict(&sample::copy_to_host(10), &a, 20, sample::host_read()),
            sample::conflict(&sample::copy_to_host(11), &b, 20, sample::host_read()),
        ]);
        assert_eq!(sample::lines(&facts), ["20 host-read-before-sync error certain"]);
    }

    #[test]
    fn a_free_hidden_by_a_reported_free_is_not_reported_again() {
        let device = sample::object("d", MemoryKind::Device);
        let pinned = sample::object("h", MemoryKind::Pinned);
        let copy = sample::copy_to_device(10);
        let mut second = sample::conflict(
            &sample::copy_to_device(11),
            &pinned,
            30,
            sample::release_call(FreeWith::CudaFreeHost, "cudaFreeHost"),
        );
        second.undocumented_wait = Some(Note { site: SiteId(20), text: "`cudaFree` waits".into() });
        let facts = sample::conflicts(vec![
            sample::conflict(&copy, &device, 20, sample::release_call(FreeWith::CudaFree, "cudaFree")),
            second,
        ]);
        assert_eq!(sample::lines(&facts), ["20 free-while-in-flight warning certain"]);
    }

    #[test]
    fn a_missing_event_does_not_silence_a_missing_wait() {
        let device = sample::object("d", MemoryKind::Device);
        let copy = sample::on(sample::copy_to_device(10), sample::stream("s1", 1, false));
        let kernel = sample::on(sample::kernel(20), sample::stream("s2", 2, false));
        let facts = sample::conflicts(vec![
            sample::conflict(&copy, &device, 20, Access::Device(kernel.clone())),
            sample::conflict(
                &copy,
                &device,
                25,
                Access::Device(crate::facts::Work { site: SiteId(25), ..kernel }),
            ),
            sample::conflict(
                &copy,
                &device,
                30,
                Access::Release(ReleaseKind::Call(FreeWith::CudaFree, "cudaFree".into())),
            ),
        ]);
        assert_eq!(
            sample::lines(&facts),
            ["20 cross-stream-unordered error certain", "30 free-while-in-flight warning certain"]
        );
    }

    #[test]
    fn a_pair_of_operations_in_a_loop_is_one_diagnostic() {
        let device = sample::object("d", MemoryKind::Device);
        let copy = sample::on(sample::copy_to_device(10), sample::stream("s1", 1, false));
        let kernel = sample::on(sample::kernel(20), sample::stream("s2", 2, false));
        let facts = sample::conflicts(vec![
            sample::conflict(&kernel, &device, 10, Access::Device(copy.clone())),
            sample::conflict(&copy, &device, 20, Access::Device(kernel)),
        ]);
        assert_eq!(sample::lines(&facts), ["20 cross-stream-unordered error certain"]);
    }
}
