//! What a worker of the second phase runs: links a unit with what it needs of others, analyses it, and gives
//! what is found its positions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cuda_lint_engine::cuda::{self, Model};
use cuda_lint_engine::link::{self, Linked};
use cuda_lint_engine::program::SiteId;
use cuda_lint_engine::{Findings, Options, Platform, Program};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::clang::declared::DeclaredNames;
use crate::finding::{FileReport, Outcome, PartialFunction, ReportedDiagnostic, Span};
use crate::unit_file::{UnitFile, UnitFileError};
use crate::worker::{Analyser, FileRequest, LinkRequest, internal_error};

/// Enough for the deepest chains of calls and expressions.
const STACK: usize = 256 << 20;

/// What is said of findings in HIP code.
const UNWITNESSED: &str = "HIP is judged by what CUDA promises: no run on an AMD GPU has confirmed this";

/// Units are kept for the next file that needs them, until their files have so many bytes together.
const KEPT_BYTES: u64 = 64 << 20;

/// The analyser of lowered units.
pub struct UnitAnalyser {
    platform: Platform,
    model: Option<Arc<Model>>,
    declared: DeclaredNames,
    kept: FxHashMap<PathBuf, Arc<UnitFile>>,
    kept_bytes: u64,
}

impl Analyser for UnitAnalyser {
    fn frontend(&self) -> String {
        "lowered units".to_owned()
    }

    fn analyse(&mut self, request: &FileRequest) -> FileReport {
        let mut report = UnitReport::default();
        for request_of_unit in &request.units {
            let units = match self.units(request_of_unit) {
                Ok(units) => units,
                Err(error) => return FileReport::failed(&request.path, error.to_string()),
            };
            let (platform, model) = (self.platform, self.model.clone());
            let declared = &mut self.declared;
            let analysed = std::thread::scope(|scope| {
                let work = || analyse(&units, request_of_unit, platform, model, declared);
                let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
                thread.ok()?.join().ok()
            });
            match analysed {
                Some((linked, findings)) => report.add(&linked, &findings, &units, request_of_unit),
                None => return FileReport::failed(&request.path, internal_error()),
            }
        }
        report.finish(&request.path)
    }
}

impl UnitAnalyser {
    /// An analyser for a platform, with the model of the project if it has rows of its own. `inputs`: what the run is
    /// over.
    pub fn new(platform: Platform, model: Option<Arc<Model>>, inputs: &[PathBuf]) -> Self {
        let declared = DeclaredNames::new(inputs);
        Self { platform, model, declared, kept: FxHashMap::default(), kept_bytes: 0 }
    }

    fn units(&mut self, request: &LinkRequest) -> Result<Vec<Arc<UnitFile>>, UnitFileError> {
        request.files.iter().enumerate().map(|(place, file)| self.unit(file, place > 0)).collect()
    }

    /// Reads a unit. The one that is analysed will not be needed as such again.
    fn unit(&mut self, file: &Path, keep: bool) -> Result<Arc<UnitFile>, UnitFileError> {
        if let Some(known) = self.kept.get(file) {
            return Ok(known.clone());
        }
        let unit = Arc::new(UnitFile::read(file)?);
        if keep {
            self.kept_bytes += std::fs::metadata(file)?.len();
            if self.kept_bytes > KEPT_BYTES {
                self.kept.clear();
                self.kept_bytes = std::fs::metadata(file)?.len();
            }
            self.kept.insert(file.to_path_buf(), unit.clone());
        }
        Ok(unit)
    }
}

fn analyse(
    units: &[Arc<UnitFile>],
    request: &LinkRequest,
    platform: Platform,
    model: Option<Arc<Model>>,
    declared: &mut DeclaredNames,
) -> (Linked, Findings) {
    let Some(home) = units.first() else { return Default::default() };
    let programs: Vec<&Program> = units.iter().map(|unit| &unit.program).collect();
    let mut linked = link::link(&programs, home.sources.sites.len() as u32, &request.plan);
    // A header that no configuration of this file includes may have them.
    linked.program.invalid_calls.retain(|call| call.declared || !declared.contains(&call.name));
    let default_stream = home.default_stream.map(Into::into).unwrap_or_default();
    let options = Options { default_stream, platform, model };
    let findings = cuda_lint_engine::analyse(&linked.program, &options);
    (linked, findings)
}

/// The unit that a site of a linked program comes from, and the site there.
fn origin<'u>(linked: &Linked, units: &'u [Arc<UnitFile>], site: SiteId) -> Option<(&'u UnitFile, SiteId)> {
    let (unit, site) = match site.0.checked_sub(linked.first_site) {
        None => (0, site),
        Some(at) => *linked.sites.get(at as usize)?,
    };
    Some((units.get(unit as usize)?, site))
}

/// The functions around sites.
fn functions_of(program: &Program, wanted: &FxHashSet<SiteId>) -> FxHashMap<SiteId, usize> {
    let mut functions = FxHashMap::default();
    for (index, function) in program.functions.iter().enumerate() {
        let statements = function.blocks.iter().flat_map(|block| &block.statements);
        for site in statements.map(|statement| statement.site).filter(|site| wanted.contains(site)) {
            functions.entry(site).or_insert(index);
        }
    }
    functions
}

/// What the configurations of one file gave.
#[derive(Default)]
struct UnitReport {
    diagnostics: Vec<ReportedDiagnostic>,
    partial: Vec<PartialFunction>,
}

impl UnitReport {
    fn add(&mut self, linked: &Linked, findings: &Findings, units: &[Arc<UnitFile>], request: &LinkRequest) {
        let span = |site| origin(linked, units, site).map(|(unit, site)| unit.span(site)).unwrap_or_default();
        let sites = findings.diagnostics.iter().map(|diagnostic| diagnostic.site).collect();
        let functions_around = functions_of(&linked.program, &sites);
        let externs = || linked.program.externs.iter().map(|it| it.name.as_str());
        let is_hip = externs().any(|name| cuda::hip_name(name).is_some());
        // Code that serves both, by one name for either, is written in CUDA's.
        let is_only_hip =
            is_hip && !externs().any(|name| cuda::hip_name(name).is_none() && cuda::is_known_api_name(name));
        let mut counts: FxHashMap<(&str, Option<usize>, String, u32, u32), u32> = FxHashMap::default();
        for diagnostic in &findings.diagnostics {
            let Some(rule) = cuda_lint_engine::rules::find(diagnostic.rule) else { continue };
            let mut resolved = ReportedDiagnostic::resolve(diagnostic, rule.category, &span);
            if is_only_hip {
                let related = resolved.related.iter_mut().map(|it| &mut it.message);
                for text in [&mut resolved.message, &mut resolved.label, &mut resolved.help]
                    .into_iter()
                    .chain(related)
                {
                    *text = cuda::spelt_for_hip(text);
                }
            }
            if is_hip {
                let end = if resolved.help.is_empty() { "" } else { "; " };
                resolved.help.push_str(&format!("{end}{UNWITNESSED}"));
            }
            resolved.imported = diagnostic.site.0 >= linked.first_site && linked.program.imported > 0;
            let function = functions_around.get(&diagnostic.site).copied();
            let name = function.and_then(|it| linked.program.functions.get(it)).map(|it| it.name.clone());
            resolved.function = name.unwrap_or_default();
            let Span { file, line, column, .. } = resolved.span.clone();
            let count = counts.entry((diagnostic.rule, function, file, line, column)).or_default();
            resolved.repeat = *count;
            *count += 1;
            if let Some((unit, site)) = origin(linked, units, diagnostic.site) {
                resolved.macro_name = unit.macro_name(site).map(str::to_owned);
            }
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
        let functions = &linked.program.functions;
        let unlowered = functions.iter().filter(|function| function.is_root).flat_map(|function| {
            function.unlowered.iter().map(|it| (function.name.as_str(), it.site, it.reason.as_str()))
        });
        let followed = findings.partial.iter().map(|it| (it.function.as_str(), it.site, it.reason.as_str()));
        let cut = request.plan.cut.iter().filter_map(|it| functions.get(*it as usize)).map(|function| {
            (function.name.as_str(), function.site, "it calls more in other files than is followed")
        });
        for (function, site, reason) in unlowered.chain(followed).chain(cut) {
            let span = span(site);
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
        let Self { diagnostics, partial } = self;
        FileReport::new(path, Outcome::Analysed { diagnostics, partial, directives: Vec::new() })
    }
}
