//! The analysis behind `cuda-lint`: source-independent, and free of I/O.
//!
//! `Program` ──([`link`] with those of other files)──▶ `Program` ──[`order`]──▶ [`facts`] ──[`rules`]──▶ [`diagnostic`]s
//!
//! **Invariants.** The engine knows no syntax tree, no file and no terminal; it does no I/O; it cannot
//! fail: what it does not understand is a value ("unknown"), never an error. A rule reads facts and never
//! walks the program for a pattern.

pub mod cuda;
pub mod diagnostic;
pub mod facts;
pub mod flow;
pub mod link;
pub mod order;
pub mod platform;
pub mod points_to;
pub mod program;
pub mod rules;
mod sketch;
pub mod suggest;
pub mod trace;

pub use diagnostic::{Category, Confidence, Diagnostic, Related, Severity};
pub use platform::Platform;
pub use program::Program;

use std::sync::Arc;

/// What to assume about the platform and the build.
#[derive(Clone, Debug)]
pub struct Options {
    /// What stream 0 means.
    pub default_stream: DefaultStream,
    /// What the platform can do.
    pub platform: Platform,
    /// The model with a project's own rows; `None` for the built-in rows alone.
    pub model: Option<Arc<cuda::Model>>,
}

impl Options {
    /// The defaults: the legacy default stream, an unknown platform, the built-in rows.
    pub const fn new() -> Self {
        Self { default_stream: DefaultStream::Legacy, platform: Platform::unknown(), model: None }
    }

    /// The model that applies.
    pub fn model(&self) -> &cuda::Model {
        match &self.model {
            Some(model) => model,
            None => cuda::Model::builtin(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What stream 0 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum DefaultStream {
    /// The legacy default stream.
    #[default]
    Legacy,
    /// `nvcc --default-stream per-thread`.
    PerThread,
}

/// What the analysis found in one program.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The diagnostics, of every severity and confidence, in no particular order.
    pub diagnostics: Vec<Diagnostic>,
    /// Functions that were analysed only in part: site, name and reason.
    pub partial: Vec<Partial>,
}

/// A function that was analysed only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The function's name.
    pub function: String,
    /// Where the analysis lost sight.
    pub site: program::SiteId,
    /// Why.
    pub reason: String,
}

/// Analyses a program: the one entry point of the engine.
pub fn analyse(program: &Program, options: &Options) -> Findings {
    let facts = order::observe(program, options);
    rules::judge(program, &facts, options)
}
