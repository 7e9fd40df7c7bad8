//! What a worker of the first phase runs: from a source file to the units that the link reads.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::link::UnitIndex;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::cache::{Cache, Inputs, Kept, KeptUnit, Lookup};
use crate::clang::comments;
use crate::clang::configuration::{self, SecondConfiguration};
use crate::clang::embedded;
use crate::clang::flags::{FrontendOptions, Language, UnitOptions};
use crate::clang::library::{Library, on_big_stack};
use crate::clang::lower::{self, Lowered, Read};
use crate::clang::parse::{self, Care, Frontend, ParseError, ParsedUnit, Source};
use crate::clang::prelude::Preludes;
use crate::clang::real_headers::RealHeaders;
use crate::compile_commands::CompileCommands;
use crate::cuda_scan;
use crate::finding::{FileReport, LoweredUnit, Outcome, PartialFunction};
use crate::include_index::IncludeIndex;
use crate::linking::UnitAnalyser;
use crate::options::{AnalysisOptions, DefaultStream, Dump, Phase};
use crate::report::FailedFile;
use crate::rust::{self, LoweredRust, RustFrontend};
use crate::suppression::Directive;
use crate::unit_file::{UnitFile, UnitFileError};
use crate::worker::{Analyser, FileRequest, internal_error};

/// Makes the analyser of a worker, or says why it cannot be.
pub fn start(options: AnalysisOptions) -> Result<Box<dyn Analyser>, String> {
    if options.phase == Phase::Analyse {
        return Ok(Box::new(UnitAnalyser::new(options.platform, options.model()?, &options.roots)));
    }
    if options.rust_only {
        let model = options.model()?;
        return Ok(Box::new(RustAnalyser { rust: RustFrontend::default(), model, options }));
    }
    let library = Library::load(options.libclang.as_deref()).map_err(|error| error.to_string())?;
    let (databases, unusable) = databases(&options)?;
    let mut flags = frontend_options(&options);
    if let Some(folder) = &options.real_headers {
        flags.real_headers = Some(RealHeaders::find(folder, &library, &flags)?);
    }
    let frontend = Frontend {
        library,
        preludes: Preludes::shared(&options.scratch),
        headers: IncludeIndex::new(options.roots.iter().map(PathBuf::as_path)),
    };
    let cache = Cache::open(&options, frontend.library.version());
    let model = options.model()?;
    let rust = RustAnalyser { rust: RustFrontend::default(), model: model.clone(), options: options.clone() };
    Ok(Box::new(ClangAnalyser { frontend, flags, databases, unusable, model, options, cache, rust }))
}

fn frontend_options(options: &AnalysisOptions) -> FrontendOptions {
    // The embedded declarations tell the version that the program is meant for; a toolkit's own headers know theirs.
    let version = options.platform.cuda.filter(|_| options.real_headers.is_none());
    FrontendOptions {
        defines: options.defines.clone(),
        include_dirs: options.include_dirs.clone(),
        language: options.language.map(Language::from),
        standard: options.standard.clone(),
        default_stream: options.default_stream.map(Into::into),
        extra: options.extra.clone(),
        real_headers: None,
        cuda_version: version.map(|it| u32::from(it.major) * 1000 + u32::from(it.minor) * 10),
    }
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

/// The analyser for C, C++ and CUDA.
struct ClangAnalyser {
    frontend: Frontend,
    /// What the command line says of every file.
    flags: FrontendOptions,
    model: Option<Arc<Model>>,
    databases: Vec<CompileCommands>,
    unusable: Vec<FailedFile>,
    options: AnalysisOptions,
    cache: Option<Cache>,
    rust: RustAnalyser,
}

/// The analyser for Rust.
struct RustAnalyser {
    rust: RustFrontend,
    model: Option<Arc<Model>>,
    options: AnalysisOptions,
}

impl Analyser for RustAnalyser {
    fn frontend(&self) -> String {
        "syn".to_owned()
    }

    fn analyse(&mut self, request: &FileRequest) -> FileReport {
        let path = Path::new(&request.path);
        let source = match Source::read(path) {
            Ok(source) => source,
            Err(error) => return FileReport::failed(&request.path, error.to_string()),
        };
        let text = source.text.as_bytes();
        let words = self.options.rows.iter().flat_map(|rows| &rows.words);
        let is_wanted =
            request.host || cuda_scan::mentions_cuda_in_rust(text) || cuda_scan::mentions_any(text, words);
        if !is_wanted {
            return FileReport::new(&request.path, Outcome::Skipped);
        }
        let LoweredRust { unit, directives, dump } =
            match self.rust.lower(path, &source.text, self.options.dump) {
                Ok(lowered) => lowered,
                Err(reason) => return FileReport::failed(&request.path, reason),
            };
        if dump.is_some() {
            let outcome =
                Outcome::Analysed { diagnostics: Vec::new(), partial: Vec::new(), directives: Vec::new() };
            return FileReport { dump, ..FileReport::new(&request.path, outcome) };
        }
        match index(vec![unit], &self.options, self.model.as_deref()) {
            Ok(units) => {
                let kept = Kept { units, directives, ..Kept::default() };
                waiting(&request.path, kept, Vec::new(), &self.options)
            }
            Err(error) => FileReport::failed(&request.path, error.to_string()),
        }
    }
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
        if rust::is_rust(path) {
            return self.rust.analyse(request);
        }
        let source = match Source::read(path) {
            Ok(source) => source,
            Err(error) => return FileReport::failed(&request.path, error.to_string()),
        };
        let text = source.text.as_bytes();
        let words = || self.options.rows.iter().flat_map(|rows| &rows.words);
        let is_wanted =
            request.host || cuda_scan::mentions_cuda(text) || cuda_scan::mentions_any(text, words());
        if !is_wanted {
            return FileReport::new(&request.path, Outcome::Skipped);
        }
        let entry = self.databases.iter().find_map(|database| database.command_for(path));
        let targets = entry.map(|entry| entry.targets.clone()).unwrap_or_default();
        let options = UnitOptions::new(path, source.text.as_bytes(), &self.flags, entry);
        let unusable: Vec<FailedFile> = (options.problems.iter())
            .map(|it| FailedFile { path: it.path.display().to_string(), reason: it.reason.clone() })
            .collect();
        let lookup = Lookup {
            path: &request.path,
            text: &source.text.clone(),
            options: &options,
            host: request.host,
            adopt: &request.adopt,
            headers: &self.frontend.headers,
        };
        if let Some(kept) = self
            .cache
            .as_ref()
            .filter(|_| !request.careful)
            .and_then(|it| it.look_up(&lookup, &self.options.scratch))
        {
            return FileReport { unusable, ..waiting(&request.path, kept, targets, &self.options) };
        }
        let this = &*self;
        let lower = |care| {
            let source = source.clone();
            on_big_stack(&this.frontend.library, || this.lower_source(source, &options, &request.adopt, care))
        };
        let mut care = if request.careful { Care::Careful } else { Care::Usual };
        let mut result = lower(care);
        if matches!(result, Some(Err(ParseError::Crashed))) && care == Care::Usual {
            care = Care::Careful;
            result = lower(care);
        }
        let mut lowered = match result {
            Some(Ok(lowered)) => lowered,
            Some(Err(error)) => return FileReport::failed(&request.path, error.to_string()),
            None => return FileReport::failed(&request.path, internal_error()),
        };
        if let Some(dump) = lowered.dump {
            let outcome =
                Outcome::Analysed { diagnostics: Vec::new(), partial: Vec::new(), directives: Vec::new() };
            return FileReport { path: request.path.clone(), outcome, dump: Some(dump), unusable };
        }
        let units = std::mem::take(&mut lowered.units);
        let LoweredSource { partial, directives, adopted, inputs, .. } = lowered;
        let kept = match index(units, &self.options, self.model.as_deref()) {
            Ok(units) => Kept { units, partial, directives, adopted },
            Err(error) => return FileReport::failed(&request.path, error.to_string()),
        };
        // What was made with care is less than what another library may make of it.
        if let Some(cache) = self.cache.as_ref().filter(|_| care == Care::Usual) {
            cache.keep(&lookup, &inputs, &kept);
        }
        FileReport { unusable, ..waiting(&request.path, kept, targets, &self.options) }
    }
}

/// Indexes units, and puts them where the second phase finds them.
fn index(
    units: Vec<UnitFile>,
    options: &AnalysisOptions,
    model: Option<&Model>,
) -> Result<Vec<KeptUnit>, UnitFileError> {
    let model = model.unwrap_or(Model::builtin());
    let index = |unit: UnitFile| {
        let names = FileNames::default();
        let index = UnitIndex::of(&unit.program, model, &|site| names.canonical(unit.file_of(site)));
        let files = unit.sources.files.iter().map(|file| names.canonical(file)).collect();
        keep(&unit, options).map(|file| KeptUnit { file, index, files })
    };
    units.into_iter().map(index).collect()
}

/// The report on a file that was lowered.
fn waiting(path: &str, kept: Kept, targets: Vec<String>, options: &AnalysisOptions) -> FileReport {
    let in_focus = |files: &[String]| {
        options.focus.is_empty()
            || files.iter().any(|file| options.focus.iter().any(|it| it.as_path() == Path::new(file)))
    };
    let units = (kept.units.into_iter())
        .map(|KeptUnit { file, index, files }| LoweredUnit { file, index, in_focus: in_focus(&files) })
        .collect();
    let Kept { partial, directives, adopted, .. } = kept;
    FileReport::new(path, Outcome::Lowered { units, targets, partial, directives, adopted })
}

impl ClangAnalyser {
    /// Lowers a file in the configuration that its options give, and, where the preprocessor hides CUDA
    /// code behind macros of the project, in a second one in which they are defined.
    ///
    /// `adopt` names the headers that the file is to speak for.
    fn lower_source(
        &self,
        source: Source,
        options: &UnitOptions,
        adopt: &[String],
        care: Care,
    ) -> Result<LoweredSource, ParseError> {
        let mut lowered = LoweredSource::default();
        let adopt = Adopt::of(adopt);
        let unit = parse::parse(&self.frontend, source.clone(), options, care)?;
        let regions = configuration::inactive_cuda_regions(&unit);
        let second = if regions.is_empty() {
            SecondConfiguration::default()
        } else {
            configuration::second_configuration(&unit, &regions)
        };
        if care == Care::Careful {
            lowered.partial.push(PartialFunction {
                path: source.path.display().to_string(),
                line: 1,
                function: String::new(),
                reason: "the parser crashed on it; what nothing declares is not invented".to_owned(),
            });
        }
        let known = unit.known.clone();
        lowered.adopted = adopt.met(&self.lower_unit(unit, &adopt, &mut lowered));
        for (region, reason) in second.unseen {
            lowered.partial.push(PartialFunction {
                path: source.path.display().to_string(),
                line: region.line,
                function: String::new(),
                reason: format!("code under `{}` is not seen: {reason}", region.guard),
            });
        }
        if !second.defines.is_empty() {
            let options = options.with_defines(&second.defines);
            let unit = parse::parse_again(&self.frontend, source, &options, care, known)?;
            self.lower_unit(unit, &adopt, &mut lowered);
        }
        Ok(lowered)
    }

    /// Lowers a unit; returns the files whose functions are its roots.
    fn lower_unit(&self, unit: ParsedUnit, adopt: &Adopt, lowered: &mut LoweredSource) -> Vec<String> {
        if let Some(cache) = &self.cache {
            cache.note(&unit, &mut lowered.inputs);
        }
        let is_virtual = |file: &str| is_no_code_of_the_project(&unit, file);
        let read = Read { is_virtual: &is_virtual, adopted: &adopt.files };
        let Lowered { mut program, sources, own } =
            lower::lower(unit.unit.raw(), &unit.main_file, &unit.text, &read);
        program.unresolved_includes |= !unit.missing_includes.is_empty();
        let of_project = sources.files.iter().filter(|file| !is_no_code_of_the_project(&unit, file));
        lowered.directives.extend(comments::directives(&unit, of_project));
        if self.options.dump == Some(Dump::Program) {
            lowered.dump.get_or_insert_default().push_str(&program.to_string());
        }
        let default_stream = unit.options.default_stream.map(DefaultStream::from);
        lowered.units.push(UnitFile { program, sources, default_stream });
        own
    }
}

/// Writes a unit to where the second phase finds it.
fn keep(unit: &UnitFile, options: &AnalysisOptions) -> Result<PathBuf, UnitFileError> {
    let file = tempfile::Builder::new()
        .prefix("unit-")
        .tempfile_in(&options.scratch)
        .and_then(|file| file.keep().map_err(|error| error.error))?;
    unit.write(&file.1)?;
    Ok(file.1)
}

/// True for files whose functions the model describes: the embedded ones, and with real headers those of
/// the system, unless the build names their folder: it means libraries that the project uses.
fn is_no_code_of_the_project(unit: &ParsedUnit, file: &str) -> bool {
    embedded::is_virtual(file)
        || (unit.options.real_headers.is_some()
            && !unit.options.includes.iter().any(|(_, folder)| Path::new(file).starts_with(folder))
            && unit.unit.is_system_file(file))
}

/// The configurations of one file.
#[derive(Default)]
struct LoweredSource {
    units: Vec<UnitFile>,
    partial: Vec<PartialFunction>,
    directives: Vec<Directive>,
    dump: Option<String>,
    /// The headers that it speaks for, as the request named them.
    adopted: Vec<String>,
    inputs: Inputs,
}

/// The headers that a file is to speak for.
struct Adopt {
    /// Their paths without links.
    files: Vec<PathBuf>,
    /// As the request names them.
    names: Vec<String>,
}

impl Adopt {
    fn of(names: &[String]) -> Self {
        let found =
            names.iter().filter_map(|name| Some((Path::new(name).canonicalize().ok()?, name.clone())));
        let (files, names) = found.unzip();
        Self { files, names }
    }

    /// Those that are among the files.
    fn met(&self, own: &[String]) -> Vec<String> {
        let own: FxHashSet<PathBuf> = own.iter().filter_map(|it| Path::new(it).canonicalize().ok()).collect();
        let both = self.files.iter().zip(&self.names).filter(|(file, _)| own.contains(*file));
        both.map(|(_, name)| name.clone()).collect()
    }
}

/// Names of files without links and detours, so that several units have one name for a header.
#[derive(Default)]
struct FileNames {
    known: RefCell<FxHashMap<String, String>>,
}

impl FileNames {
    fn canonical(&self, file: &str) -> String {
        let mut known = self.known.borrow_mut();
        if let Some(name) = known.get(file) {
            return name.clone();
        }
        let name =
            Path::new(file).canonicalize().map_or_else(|_| file.to_owned(), |it| it.display().to_string());
        known.insert(file.to_owned(), name.clone());
        name
    }
}
