//! What a worker runs: frontend, engine, and the positions of what they find.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::cuda::row::Family;
use cuda_lint_engine::program::SiteId;
use cuda_lint_engine::{DefaultStream, Findings, Options, Program};
use rustc_hash::FxHashSet;

use crate::clang::configuration::{self, SecondConfiguration};
use crate::clang::embedded;
use crate::clang::flags::{FrontendOptions, Language, UnitOptions};
use crate::clang::library::{Library, on_big_stack};
use crate::clang::lower::{self, Lowered, SourceMap};
use crate::clang::parse::{self, Frontend, ParseError, ParsedUnit, Source};
use crate::clang::prelude::Preludes;
use crate::compile_commands::CompileCommands;
use crate::cuda_scan;
use crate::finding::{FileReport, Outcome, PartialFunction, ReportedDiagnostic, Span};
use crate::include_index::IncludeIndex;
use crate::options::{AnalysisOptions, Dump};
use crate::report::FailedFile;
use crate::worker::{Analyser, FileRequest, internal_error};

/// Makes the analyser of a worker, or says why it cannot be.
pub fn start(options: AnalysisOptions) -> Result<Box<dyn Analyser>, String> {
    let library = Library::load(options.libclang.as_deref()).map_err(|error| error.to_string())?;
    let (databases, unusable) = databases(&options)?;
    let frontend = Frontend {
        library,
        preludes: Preludes::shared(&options.scratch),
        headers: IncludeIndex::new(options.roots.iter().map(PathBuf::as_path)),
    };
    let model = model(&options)?;
    Ok(Box::new(ClangAnalyser { frontend, databases, unusable, model, options }))
}

/// The compilation databases of a run: the one that the user names, else those found above the inputs.
///
/// A broken one that the user names is an error: without its flags the answer is not what was asked for. A
/// broken one that lies about costs nobody the findings; it is listed.
fn databases(options: &AnalysisOptions) -> Result<(Vec<CompileCommands>, Vec<FailedFile>), String> {
    if let Some(path) = &options.compile_commands {
        let database = CompileCommands::open(path).map_err(|error| error.to_string())?;
        return Ok((vec![database], Vec::new()));
    }
    let (mut databases, mut unusable) = (Vec::new(), Vec::new());
    let mut seen = FxHashSet::default();
    let found = options.roots.iter().filter_map(|root| CompileCommands::find_above(root));
    for path in found.filter(|path| seen.insert(path.clone())) {
        match CompileCommands::open(&path) {
            Ok(database) => databases.push(database),
            Err(error) => unusable.push(FailedFile { path: error.path, reason: error.reason }),
        }
    }
    Ok((databases, unusable))
}

/// The model with the project's own rows, if it has any.
fn model(options: &AnalysisOptions) -> Result<Option<Arc<Model>>, String> {
    if options.rows.is_empty() {
        return Ok(None);
    }
    let mut model = Model::above_builtin();
    for rows in &options.rows {
        // The main process has parsed them already.
        model
            .add(&rows.text, Family::Project)
            .map_err(|errors| format!("rows of the project: {errors:?}"))?;
    }
    Ok(Some(Arc::new(model)))
}

/// The analyser for C, C++ and CUDA.
struct ClangAnalyser {
    frontend: Frontend,
    model: Option<Arc<Model>>,
    databases: Vec<CompileCommands>,
    unusable: Vec<FailedFile>,
    options: AnalysisOptions,
}

impl Analyser for ClangAnalyser {
    fn frontend(&self) -> String {
        self.frontend.library.version().to_owned()
    }

    fn unusable(&self) -> Vec<FailedFile> {
        self.unusable.clone()
    }

    fn analyse(&mut self, request: &FileRequest) -> FileReport {
        let path = Path::new(&request.path);
        let source = match Source::read(path) {
            Ok(source) => source,
            Err(error) => return FileReport::failed(&request.path, error.to_string()),
        };
        let text = source.text.as_bytes();
        let words = self.options.rows.iter().flat_map(|rows| &rows.words);
        if !cuda_scan::mentions_cuda(text) && !cuda_scan::mentions_any(text, words) {
            return FileReport { path: request.path.clone(), outcome: Outcome::Skipped, dump: None };
        }
        let entry = self.databases.iter().find_map(|database| database.command_for(path));
        let options = UnitOptions::new(path, source.text.as_bytes(), &self.frontend_options(), entry);
        let this = &*self;
        match on_big_stack(&self.frontend.library, || this.analyse_source(source, &options)) {
            Some(Ok(report)) => report.finish(&request.path),
            Some(Err(error)) => FileReport::failed(&request.path, error.to_string()),
            None => FileReport::failed(&request.path, internal_error()),
        }
    }
}

impl ClangAnalyser {
    fn frontend_options(&self) -> FrontendOptions {
        FrontendOptions {
            defines: self.options.defines.clone(),
            include_dirs: self.options.include_dirs.clone(),
            language: self.options.language.map(Language::from),
            standard: self.options.standard.clone(),
            default_stream: self.options.default_stream.map(DefaultStream::from),
            extra: self.options.extra.clone(),
        }
    }

    /// Analyses a file in the configuration that its options give, and, where the preprocessor hides CUDA
    /// code behind macros of the project, in a second one in which they are defined.
    fn analyse_source(&self, source: Source, options: &UnitOptions) -> Result<UnitReport, ParseError> {
        let mut report = UnitReport::default();
        let unit = parse::parse(&self.frontend, source.clone(), options)?;
        let regions = configuration::inactive_cuda_regions(&unit);
        let second = if regions.is_empty() {
            SecondConfiguration::default()
        } else {
            configuration::second_configuration(&unit, &regions)
        };
        self.analyse_unit(unit, &mut report);
        for (region, reason) in second.unseen {
            report.partial.push(PartialFunction {
                path: source.path.display().to_string(),
                line: region.line,
                function: String::new(),
                reason: format!("code under `{}` is not seen: {reason}", region.guard),
            });
        }
        if !second.defines.is_empty() {
            let unit = parse::parse(&self.frontend, source, &options.with_defines(&second.defines))?;
            self.analyse_unit(unit, &mut report);
        }
        Ok(report)
    }

    fn analyse_unit(&self, unit: ParsedUnit, report: &mut UnitReport) {
        let Lowered { mut program, sources } =
            lower::lower(unit.unit.raw(), &unit.main_file, &unit.text, &embedded::is_virtual);
        program.unresolved_includes |= !unit.missing_includes.is_empty();
        if self.options.dump == Some(Dump::Program) {
            report.dump.get_or_insert_default().push_str(&program.to_string());
        }
        let options = Options {
            default_stream: unit.options.default_stream.unwrap_or_default(),
            platform: self.options.platform,
            model: self.model.clone(),
        };
        let findings = cuda_lint_engine::analyse(&program, &options);
        report.add(&program, &findings, &sources);
    }
}

/// What the configurations of one file gave.
#[derive(Default)]
struct UnitReport {
    diagnostics: Vec<ReportedDiagnostic>,
    partial: Vec<PartialFunction>,
    dump: Option<String>,
}

impl UnitReport {
    fn add(&mut self, program: &Program, findings: &Findings, sources: &SourceMap) {
        for diagnostic in &findings.diagnostics {
            let Some(rule) = cuda_lint_engine::rules::find(diagnostic.rule) else { continue };
            let resolved =
                ReportedDiagnostic::resolve(diagnostic, rule.category, &|site| span(sources, site));
            let twin = |other: &&mut ReportedDiagnostic| {
                other.rule == resolved.rule
                    && other.span == resolved.span
                    && other.message == resolved.message
            };
            match self.diagnostics.iter_mut().find(twin) {
                // Two configurations show the same: the surer one counts.
                Some(other) if other.confidence >= resolved.confidence => {}
                Some(other) => *other = resolved,
                None => self.diagnostics.push(resolved),
            }
        }
        let unlowered = program.functions.iter().filter(|function| function.is_root).flat_map(|function| {
            function.unlowered.iter().map(|it| (function.name.as_str(), it.site, it.reason.as_str()))
        });
        let partial = findings.partial.iter().map(|it| (it.function.as_str(), it.site, it.reason.as_str()));
        for (function, site, reason) in unlowered.chain(partial) {
            let span = span(sources, site);
            self.partial.push(PartialFunction {
                path: span.file,
                line: span.line,
                function: function.to_owned(),
                reason: reason.to_owned(),
            });
        }
    }

    fn finish(mut self, path: &str) -> FileReport {
        self.partial.sort();
        self.partial.dedup();
        FileReport {
            path: path.to_owned(),
            outcome: Outcome::Analysed { diagnostics: self.diagnostics, partial: self.partial },
            dump: self.dump,
        }
    }
}

fn span(sources: &SourceMap, site: SiteId) -> Span {
    let Some(position) = sources.sites.get(site.0 as usize) else { return Span::default() };
    Span {
        file: sources.files.get(position.file as usize).cloned().unwrap_or_default(),
        line: position.line,
        column: position.column,
        end_line: position.end_line,
        end_column: position.end_column,
        offset: position.offset,
        length: position.end_offset.saturating_sub(position.offset),
    }
}
