//! What the user asked the analysis for: the part of the arguments that worker processes receive.

use std::path::PathBuf;
use std::sync::Arc;

use cuda_lint_engine::Platform;
use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::cuda::row::Family;
use serde::{Deserialize, Serialize};

use crate::config::RowsText;

/// Settings of the frontend and the engine for every file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisOptions {
    /// Macros as given after `-D`: `NAME` or `NAME=VALUE`.
    pub defines: Vec<String>,
    /// Folders as given after `-I`.
    pub include_dirs: Vec<PathBuf>,
    /// The language, where the user overrides what the file name and the text say.
    pub language: Option<Language>,
    /// The language standard as given after `--std`: `c++20`.
    pub standard: Option<String>,
    /// What stream 0 means; if absent, the compilation database decides, else legacy.
    pub default_stream: Option<DefaultStream>,
    /// Further flags for clang: what stands after `--`.
    pub extra: Vec<String>,
    /// The folder of the toolkit whose headers are read in place of the embedded ones.
    #[serde(default)]
    pub real_headers: Option<PathBuf>,
    /// `compile_commands.json`, or the folder that holds it.
    pub compile_commands: Option<PathBuf>,
    /// The libclang to load.
    pub libclang: Option<PathBuf>,
    /// The paths that the user gave: the tree whose own headers may be used.
    pub roots: Vec<PathBuf>,
    /// A folder that the main process owns and removes; workers share what they build through it.
    pub scratch: PathBuf,
    /// Rows for the project's own functions.
    pub rows: Vec<RowsText>,
    /// What the platform can do.
    pub platform: Platform,
    /// What to print in place of findings.
    pub dump: Option<Dump>,
    /// All files are Rust: no libclang is needed.
    #[serde(default)]
    pub rust_only: bool,
    /// Where lowered files are kept from run to run.
    #[serde(default)]
    pub cache: Option<PathBuf>,
    /// The files of interest, without links: what has no code of theirs is lowered and not analysed. Everything
    /// is of interest if there are none.
    #[serde(default)]
    pub focus: Vec<PathBuf>,
    /// What the workers are for.
    #[serde(default)]
    pub phase: Phase,
}

impl AnalysisOptions {
    /// The model with the project's own rows; `None` if it has none.
    ///
    /// # Errors
    /// If the rows are none; the main process has parsed them already.
    pub fn model(&self) -> Result<Option<Arc<Model>>, String> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let mut model = Model::above_builtin();
        for rows in &self.rows {
            model.add(&rows.text, Family::Project).map_err(|errors| format!("rows: {errors:?}"))?;
        }
        Ok(Some(Arc::new(model)))
    }
}

/// A phase of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Sources are lowered, one by one.
    #[default]
    Lower,
    /// Lowered units are analysed, each with what it needs of others. No frontend takes part.
    Analyse,
}

/// A source language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// CUDA C++.
    Cuda,
    /// C++.
    #[value(name = "c++")]
    Cxx,
    /// C.
    C,
}

/// An intermediate form to print, for people who work on the linter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dump {
    /// The host program that the frontend made.
    Program,
}

/// What stream 0 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultStream {
    /// The legacy default stream.
    Legacy,
    /// `nvcc --default-stream per-thread`.
    PerThread,
}

impl From<cuda_lint_engine::DefaultStream> for DefaultStream {
    fn from(stream: cuda_lint_engine::DefaultStream) -> Self {
        match stream {
            cuda_lint_engine::DefaultStream::Legacy => Self::Legacy,
            cuda_lint_engine::DefaultStream::PerThread => Self::PerThread,
        }
    }
}

impl From<DefaultStream> for cuda_lint_engine::DefaultStream {
    fn from(stream: DefaultStream) -> Self {
        match stream {
            DefaultStream::Legacy => Self::Legacy,
            DefaultStream::PerThread => Self::PerThread,
        }
    }
}

impl From<Language> for crate::clang::flags::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Cuda => Self::Cuda,
            Language::Cxx => Self::Cxx,
            Language::C => Self::C,
        }
    }
}
