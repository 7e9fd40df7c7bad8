//! Diagnostics: plain data with sites, no positions, no colours.

use crate::program::SiteId;
use crate::trace::Trace;

/// A finding of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is; a rule may lower its own severity for a case.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong, in one sentence: lower case, no full stop.
    pub message: String,
    /// The harmful place.
    pub site: SiteId,
    /// What the label at the harmful place says.
    pub label: String,
    /// Other places that belong to it, in the order in which they happen.
    pub related: Vec<Related>,
    /// What to do.
    pub help: String,
    /// A run that shows it, for a GPU to confirm. It ends with the step at the harmful place. `None` for what
    /// the compiler already rejects.
    pub witness: Option<Trace>,
}

impl Diagnostic {
    /// True if the two say the same, whatever their witnesses.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |it: &Self| (it.rule, it.severity, it.confidence, it.site);
        said(self) == said(other)
            && self.message == other.message
            && self.label == other.label
            && self.related == other.related
            && self.help == other.help
    }
}

/// A place that belongs to a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub site: SiteId,
    /// What happens there.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Off by default.
    Info,
    /// Slower than it looks.
    Performance,
    /// Likely bug, or relies on what nothing documents.
    Warning,
    /// Undefined behaviour, or a documented error code.
    Error,
}

impl Severity {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Performance => "performance",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Rests on something unknown; hidden by default.
    Possible,
    /// On some path.
    Likely,
    /// On every path that reaches the line.
    Certain,
}

impl Confidence {
    /// The name in reports and options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What a rule is about. `name` is the JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Category {
    Ordering,
    Lifetime,
    MemoryKind,
    Callback,
    Capture,
    ApiUsage,
    Performance,
    Suppression,
}

impl Category {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ordering => "ordering",
            Self::Lifetime => "lifetime",
            Self::MemoryKind => "memory-kind",
            Self::Callback => "callback",
            Self::Capture => "capture",
            Self::ApiUsage => "api-usage",
            Self::Performance => "performance",
            Self::Suppression => "suppression",
        }
    }
}
