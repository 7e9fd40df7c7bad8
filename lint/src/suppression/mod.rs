//! Comments in analysed code that suppress findings.
//!
//! ```cpp
//! // cuda-lint: allow(host-read-before-sync): the driver has waited     before a statement, declaration, function
//! use(h[0]); // cuda-lint: allow(ordering): as above                    on a line; a group names several rules
//! // cuda-lint: allow-file(pageable-async-copy): start-up only          anywhere in the file
//! use(h[0]); // NOLINT(cuda-lint-host-read-before-sync)                 as clang-tidy has it, NEXTLINE, BEGIN, END
//! ```
//! In the definition of a macro, or before it, a comment covers whatever the macro makes.
//!
//! [`comment`] reads the text of comments, [`scope`] makes [`Directive`]s of them with the help of whichever
//! frontend knows what a comment is and what begins behind it, and [`apply`] uses them. A directive says what
//! it covers in lines, so that nothing later needs the frontend.

pub mod apply;
pub mod comment;
pub mod scope;

use cuda_lint_engine::{Category, Severity};
use serde::{Deserialize, Serialize};

use crate::catalogue::Entry;
use crate::finding::Span;

/// A comment that suppresses findings, or is meant to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// Where it stands.
    pub span: Span,
    /// The word that makes it one: `allow`, `NOLINT`, ….
    pub word: String,
    /// What it names, as written; empty for everything.
    pub names: Vec<Name>,
    /// True if it is written for this tool, so that it is reported if it does nothing.
    pub own: bool,
    /// True if the code around it was seen: the preprocessor has not left it out.
    pub seen: bool,
    /// Why, as its author says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The lines that it covers, both included.
    pub lines: (u32, u32),
    /// If it stands in the definition of a macro, or before it: the macro's name. It covers what the macro makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_name: Option<String>,
    /// What is wrong with it, and what to do; it suppresses nothing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<(String, String)>,
}

/// A rule or group that a comment names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The name, without the prefix that NOLINT has; a `*` at its end stands for anything.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A comment that suppresses nothing.
pub const UNUSED: &str = "unused-suppression";
/// A comment that does not say why.
pub const UNEXPLAINED: &str = "suppression-without-reason";

/// The rules about such comments.
pub const RULES: [Entry; 2] = [
    Entry {
        name: UNUSED,
        category: Category::Suppression,
        severity: Severity::Warning,
        summary: "a comment suppresses a finding that is not there, or names no rule",
        doc: UNUSED_DOC,
        on_by_default: true,
        rule: None,
    },
    Entry {
        name: UNEXPLAINED,
        category: Category::Suppression,
        severity: Severity::Warning,
        summary: "a comment suppresses a finding and does not say why",
        doc: UNEXPLAINED_DOC,
        on_by_default: false,
        rule: None,
    },
];

const UNUSED_DOC: &str = "
## What it does
Reports `cuda-lint: allow(…)` comments and `NOLINT(cuda-lint-…)` that suppress nothing, name a rule that does not exist, or cannot be read.

## Why it is wrong
The finding was mended, or the code went elsewhere; the comment would hide the next one.

## Use instead
Remove the comment, or correct the name.

## Not reported
- Rules that are switched off in this run.
- Files that are named on the command line one by one, since a finding may need the other files of the program.
- Headers that are not among the inputs.
- Code that the preprocessor leaves out.
- `NOLINT` without `cuda-lint-` in it, which may be there for another tool.
";

const UNEXPLAINED_DOC: &str = "
## What it does
Reports comments that suppress a finding and give no reason.
It is switched on by `require-reason = true` under `[suppressions]` in the configuration.

## Why it is wrong
Nobody can tell later whether the suppression still holds.

## Use instead
Write the reason after a colon: `// cuda-lint: allow(host-read-before-sync): the caller has waited`.
";
