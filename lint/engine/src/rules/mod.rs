//! The rules: what the facts mean for people.
//!
//! One file a rule, with its documentation, its examples and its check; the file's stem is the rule's name
//! with underscores. A rule reads [`Facts`] and never walks the program for a pattern. There are two kinds of
//! check: [`Check::Facts`] makes diagnostics directly; [`Check::Conflicts`] says which unordered accesses
//! belong to the rule, and [`root_cause`] then leaves one diagnostic for each missing wait or missing event.

mod context;
mod event_cause;
mod event_witness;
mod root_cause;
#[cfg(test)]
mod sample;
mod witness;
mod words;

mod api_call_in_callback;
mod async_alloc_misuse;
mod async_error_unobserved;
mod async_result_escapes;
mod callback_userdata_lifetime;
mod callback_waits;
mod callers;
mod capture_illegal_call;
mod capture_structure;
mod captured_host_buffer_lifetime;
mod captures;
mod copy_size_mismatch;
mod cross_stream_unordered;
mod cudarc_blind_poll;
mod cudarc_event_timing_disabled;
mod cudarc_guard_dropped;
mod cudarc_lost_event;
mod cudarc_pinned_as_slice;
mod cudarc_raw_async_lifetime;
mod cudarc_untracked_streams;
mod default_stream_serialization;
mod device_use_after_free;
mod event_elapsed_misuse;
mod event_never_recorded;
mod event_record_wrong_stream;
mod event_timing_unneeded;
mod free_kind_mismatch;
mod free_while_in_flight;
mod handle_use_after_destroy;
mod host_buffer_released_in_flight;
mod host_deref_device_pointer;
mod host_pointer_to_kernel;
mod host_read_before_sync;
mod host_write_before_sync;
mod late;
mod lent;
mod library_object_released_in_flight;
mod managed_access_in_flight;
mod memcpy_kind_mismatch;
mod missing_final_sync;
mod nonblocking_vs_default_race;
mod pageable_async_copy;
mod pageable_copy_as_sync;
mod redundant_host_sync;
mod resource_leak;
mod stream_as_kernel_argument;
mod stream_forgotten;
mod sync_alloc_in_loop;
mod temporary_source;
mod timing_without_sync;
mod unchecked_cuda_call;
mod uninitialized_transfer_source;
mod unjoined_fork;
mod unknown_cuda_api;
mod write_combined_host_read;
mod wrong_device;

pub use context::RuleContext;
pub use root_cause::{Case, Claim};

use std::fmt;

use crate::facts::{Conflict, Facts};
use crate::{Category, Diagnostic, Findings, Options, Program, Severity};

/// [`Rule::needs`] of rules whose programs use two devices.
pub const TWO_GPUS: &str = "two NVIDIA GPUs";

/// One rule: what it is about, its documentation, and its check.
#[derive(Debug)]
pub struct Rule {
    /// The name in reports and options: `host-read-before-sync`.
    pub name: &'static str,
    /// Its number in the catalogue.
    pub number: Number,
    /// What it is about.
    pub category: Category,
    /// How bad a finding is, unless the case at hand is milder.
    pub severity: Severity,
    /// The misuse in one line: lower case, no full stop.
    pub summary: &'static str,
    /// The documentation, in Markdown, under fixed headings. Its examples are tests.
    pub doc: &'static str,
    /// False for rules that must be asked for.
    pub on_by_default: bool,
    /// What confirms a finding on a GPU.
    pub witness: Witness,
    /// The hardware without which it cannot be confirmed, if that is more than one NVIDIA GPU.
    pub needs: Option<&'static str>,
    /// How it is found.
    pub check: Check,
}

/// The number of a rule: 30, 30b.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    number: u8,
    letter: Option<char>,
}

impl Number {
    /// A number without a letter.
    pub const fn new(number: u8) -> Self {
        Self { number, letter: None }
    }

    /// A number with a letter: a rule of the same group as the one without.
    pub const fn with(number: u8, letter: char) -> Self {
        Self { number, letter: Some(letter) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        self.letter.map_or(Ok(()), |letter| write!(f, "{letter}"))
    }
}

/// The observation that confirms a rule's misuse on a real machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A value that the correct program cannot give: stale, overwritten, or another owner's.
    WrongValue,
    /// The process dies, or a run-time checker stops it.
    Fault,
    /// A CUDA call returns an error.
    ReturnCode,
    /// A call that is not documented to wait is seen to wait, and the program needs that it does.
    ReliedOnWait,
    /// The program is slower than its corrected twin.
    SlowerRatio,
    /// The program waits for ever: its wait has to be broken off.
    Hang,
    /// The compiler or the linker rejects the program.
    CompileError,
    /// The whole program fails: a CUDA call returns an error, or the program finds its own result to be wrong and
    /// ends with another exit code than 0. For what traces, which hold no arguments but ranges, cannot tell.
    ProgramFails,
    /// The whole program finds its own result to be wrong and ends with another exit code than 0, or dies. What its
    /// calls return does not count: the corrected twin looks at an error and goes on.
    WrongResult,
    /// As [`Self::ReliedOnWait`], of the whole program: for calls of libraries, which traces do not hold.
    ProgramWaits,
}

impl Witness {
    /// True if it takes the whole program to see it: then there is no trace to replay.
    pub const fn takes_the_program(self) -> bool {
        matches!(self, Self::CompileError | Self::ProgramFails | Self::WrongResult | Self::ProgramWaits)
    }
}

/// How a rule finds its misuse.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// From any facts, one diagnostic a finding.
    Facts(fn(&RuleContext<'_>, &mut Vec<Diagnostic>)),
    /// From conflicts.
    Conflicts {
        /// Whether a conflict belongs to the rule, and how bad and how sure it is then. A conflict belongs
        /// to one rule at most.
        claim: fn(&RuleContext<'_>, &Conflict) -> Option<Claim>,
        /// The diagnostic for what is left of the rule's conflicts, one a root cause.
        explain: fn(&Case<'_>) -> Diagnostic,
    },
}

/// All rules, in the order of the catalogue.
static CATALOGUE: &[&Rule] = &[
    &host_deref_device_pointer::RULE,
    &host_pointer_to_kernel::RULE,
    &memcpy_kind_mismatch::RULE,
    &copy_size_mismatch::RULE,
    &free_kind_mismatch::RULE,
    &host_read_before_sync::RULE,
    &host_write_before_sync::RULE,
    &host_buffer_released_in_flight::RULE,
    &missing_final_sync::RULE,
    &managed_access_in_flight::RULE,
    &pageable_async_copy::RULE,
    &cross_stream_unordered::RULE,
    &nonblocking_vs_default_race::RULE,
    &default_stream_serialization::RULE,
    &stream_as_kernel_argument::RULE,
    &event_never_recorded::RULE,
    &event_record_wrong_stream::RULE,
    &event_elapsed_misuse::RULE,
    &device_use_after_free::RULE,
    &free_while_in_flight::RULE,
    &async_alloc_misuse::RULE,
    &handle_use_after_destroy::RULE,
    &resource_leak::RULE,
    &api_call_in_callback::RULE,
    &callback_userdata_lifetime::RULE,
    &callback_waits::RULE,
    &capture_illegal_call::RULE,
    &capture_structure::RULE,
    &captured_host_buffer_lifetime::RULE,
    &async_error_unobserved::RULE,
    &unchecked_cuda_call::RULE,
    &unknown_cuda_api::RULE,
    &redundant_host_sync::RULE,
    &sync_alloc_in_loop::RULE,
    &write_combined_host_read::RULE,
    &event_timing_unneeded::RULE,
    &uninitialized_transfer_source::RULE,
    &cudarc_pinned_as_slice::RULE,
    &cudarc_guard_dropped::RULE,
    &cudarc_untracked_streams::RULE,
    &cudarc_lost_event::RULE,
    &cudarc_raw_async_lifetime::RULE,
    &cudarc_event_timing_disabled::RULE,
    &cudarc_blind_poll::RULE,
    &pageable_copy_as_sync::RULE,
    &async_result_escapes::RULE,
    &temporary_source::RULE,
    &stream_forgotten::RULE,
    &library_object_released_in_flight::RULE,
    &wrong_device::RULE,
    &timing_without_sync::RULE,
    &unjoined_fork::RULE,
];

/// One root cause, one diagnostic: a diagnostic of the first rule silences those of the second at the same
/// place. The second would mislead there: it presumes what the first denies.
const SILENCES: &[(&str, &str)] = &[
    ("stream-as-kernel-argument", "capture-illegal-call"),
    ("capture-structure", "resource-leak"),
    ("memcpy-kind-mismatch", "host-deref-device-pointer"),
    ("memcpy-kind-mismatch", "pageable-async-copy"),
    ("free-kind-mismatch", "host-buffer-released-in-flight"),
    ("free-kind-mismatch", "free-while-in-flight"),
    ("free-kind-mismatch", "temporary-source"),
    ("host-deref-device-pointer", "host-read-before-sync"),
    ("cross-stream-unordered", "missing-final-sync"),
    ("nonblocking-vs-default-race", "missing-final-sync"),
    ("stream-forgotten", "missing-final-sync"),
    ("stream-as-kernel-argument", "default-stream-serialization"),
    ("stream-as-kernel-argument", "missing-final-sync"),
];

/// All rules, in the order of the catalogue.
pub fn catalogue() -> &'static [&'static Rule] {
    CATALOGUE
}

/// The rule of a name.
pub fn find(name: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().copied().find(|rule| rule.name == name)
}

/// Turns facts into diagnostics, of every severity and confidence, ordered by place and rule.
pub fn judge(program: &Program, facts: &Facts, options: &Options) -> Findings {
    let context = RuleContext::new(program, facts, options);
    let mut diagnostics = Vec::new();
    let mut claims = Vec::new();
    for (index, rule) in CATALOGUE.iter().enumerate() {
        match rule.check {
            Check::Facts(check) => check(&context, &mut diagnostics),
            Check::Conflicts { claim, .. } => claims.extend(
                facts
                    .conflicts
                    .iter()
                    .filter(|conflict| event_cause::of(&context, conflict).is_none())
                    .filter(|conflict| lent::owner(conflict).is_none_or(|owner| owner == rule.name))
                    .filter_map(|conflict| claim(&context, conflict).map(|claim| (index, claim, conflict))),
            ),
        }
    }
    let mut explained = Vec::new();
    for (index, case) in root_cause::cases(&context, claims) {
        if let Check::Conflicts { explain, .. } = CATALOGUE[index].check {
            explained.push(explain(&case));
        }
    }
    diagnostics.extend(root_cause::one_a_place(explained));
    silence(&mut diagnostics);
    callers::add(program, facts, &mut diagnostics);
    diagnostics.sort_by(|a, b| (a.site, a.rule, &a.message).cmp(&(b.site, b.rule, &b.message)));
    diagnostics.dedup_by(|later, first| later.says_the_same(first));
    Findings { diagnostics, partial: facts.partial.clone() }
}

/// Applies [`SILENCES`]. A diagnostic that is less sure than another cannot silence it: it may be hidden.
fn silence(diagnostics: &mut Vec<Diagnostic>) {
    let winners: Vec<_> = diagnostics
        .iter()
        .filter(|d| SILENCES.iter().any(|(winner, _)| *winner == d.rule))
        .map(|d| (d.rule, d.site, d.confidence))
        .collect();
    diagnostics.retain(|d| {
        !winners.iter().any(|&(rule, site, confidence)| {
            site == d.site && confidence >= d.confidence && SILENCES.contains(&(rule, d.rule))
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustc_hash::FxHashSet;

    #[test]
    fn names_and_numbers_are_unique_and_well_formed() {
        let mut names = FxHashSet::default();
        let mut numbers = FxHashSet::default();
        for rule in catalogue() {
            assert!(names.insert(rule.name), "{} twice", rule.name);
            assert!(numbers.insert(rule.number), "number {} twice", rule.number);
            assert!(
                rule.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{} is not kebab case",
                rule.name
            );
            assert!(find(rule.name).is_some_and(|found| found.number == rule.number));
        }
        assert!(catalogue().is_sorted_by_key(|rule| rule.number));
    }

    #[test]
    fn precedence_names_rules_that_exist() {
        for &(winner, loser) in SILENCES {
            assert!(find(winner).is_some() && find(loser).is_some(), "{winner} or {loser}");
        }
    }

    #[test]
    fn every_rule_documents_itself_under_the_fixed_headings() {
        let headings = [
            "## What it does",
            "## Why it is wrong",
            "## Example",
            "## Use instead",
            "## Not reported",
            "## Confidence",
            "## References",
        ];
        for rule in catalogue() {
            let found: Vec<_> = rule.doc.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(found, headings, "headings of {}", rule.name);
            let has = |kind: &str| {
                ["cpp", "rust"].iter().any(|language| rule.doc.contains(&format!("```{language},{kind}\n")))
            };
            assert!(has("misuse"), "{} has no misuse example", rule.name);
            assert!(has("correct"), "{} has no correct example", rule.name);
            assert!(rule.doc.contains(&format!("//~ {}", rule.name)), "{}: example not marked", rule.name);
        }
    }

    #[test]
    fn summaries_start_in_lower_case_and_have_no_full_stop() {
        for rule in catalogue() {
            let first = rule.summary.chars().next();
            assert!(first.is_some_and(|c| !c.is_uppercase()), "{}", rule.summary);
            assert!(!rule.summary.ends_with(['.', '!']) && !rule.summary.contains('\n'), "{}", rule.summary);
        }
    }

    #[test]
    fn nothing_comes_of_no_facts() {
        let options = Options::new();
        let findings = judge(&Program::default(), &Facts::default(), &options);
        assert!(findings.diagnostics.is_empty() && findings.partial.is_empty());
    }
}
