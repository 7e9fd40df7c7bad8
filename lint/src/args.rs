//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use cuda_lint_engine::platform::CudaVersion;
use cuda_lint_engine::{Confidence, Platform, Severity};

use crate::catalogue::{Group, Selector};
use crate::config::Config;
use crate::options::{AnalysisOptions, DefaultStream, Dump, Language, Phase};
use crate::path_patterns::Patterns;
use crate::report::output::Output;
use crate::selection::{LEVELS, Layer, Level, Selection};

/// Finds misuse of CUDA streams, events, asynchronous copies and host memory in host code.
///
/// Exit code: 0 nothing found, 1 something found, 2 something could not be analysed.
#[derive(Debug, Parser)]
#[command(
    name = "cuda-lint",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do; `check` if absent.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `check`.
    #[command(flatten)]
    pub check: CheckArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Analyse files and folders (the same as giving the paths alone)
    Check(CheckArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Print the runs that show what is found at a line, for a GPU to confirm
    Witness(WitnessArgs),
    /// Print what a rule finds, why it is wrong, and what to write in its place
    Explain(ExplainArgs),
    /// Write down what is found, so that from now on only new findings are reported
    Baseline(BaselineArgs),
    /// Write a configuration for a project, after a look at it
    Init(InitArgs),
    /// Print the completions of a shell
    #[command(hide = true)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(hide = true)]
    Manual,
    /// Write the pages of the documentation that are made of what the command knows
    #[command(hide = true)]
    Book(BookArgs),
    /// Print the JSON schema of the configuration
    #[command(hide = true)]
    ConfigSchema,
    /// Analyse the files named on standard input: what the command starts for itself
    #[command(hide = true)]
    Worker,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files and folders to analyse; folders are searched for C, C++ and CUDA sources, .gitignore is respected
    #[arg(required = true, value_name = "PATHS")]
    pub paths: Vec<PathBuf>,
    /// Analyse the whole project that the paths lie in, and report what concerns the paths: for hooks
    #[arg(long, help_heading = "Running")]
    pub in_project: bool,
    /// Print the files that would be analysed, and analyse none
    #[arg(long, help_heading = "Running")]
    pub show_files: bool,
    /// Print the configuration that applies, and analyse nothing
    #[arg(long, help_heading = "Running", conflicts_with = "show_files")]
    pub show_config: bool,
    /// The rest.
    #[command(flatten)]
    pub options: CheckOptions,
}

/// Options of `check`, and of what looks at its findings.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// How to print what is found
    #[arg(long, value_enum, default_value = "pretty", help_heading = "Output")]
    pub format: Format,
    /// Write a report to a file as well, such as sarif=cuda-lint.sarif (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Output", value_parser = parse_output)]
    pub output: Vec<Output>,
    /// Print how often each rule reports something, in place of the findings
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub color: ColorChoice,
    /// Print findings and failures only: no summary, no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Print an intermediate form in place of findings
    #[arg(long, value_enum, hide = true)]
    pub dump: Option<Dump>,

    /// Report these rules or groups only (repeatable, or with commas)
    #[arg(long, value_name = "RULE", help_heading = "Rules", value_delimiter = ',',
          value_parser = parse_selector)]
    pub select: Vec<Selector>,
    /// Do not report these rules or groups (repeatable, or with commas)
    #[arg(long, value_name = "RULE", help_heading = "Rules", value_delimiter = ',',
          value_parser = parse_selector)]
    pub ignore: Vec<Selector>,
    /// How bad everything is that a rule or group reports, such as pageable-async-copy=error; also on, off
    #[arg(long, value_name = "RULE=LEVEL", help_heading = "Rules", value_delimiter = ',',
          value_parser = parse_level)]
    pub severity: Vec<(Selector, Level)>,
    /// How sure a finding must be; by default likely
    #[arg(long, value_name = "LEVEL", help_heading = "Rules", value_parser = confidence_parser())]
    pub min_confidence: Option<Confidence>,
    /// How bad a finding must be; by default performance
    #[arg(long, value_name = "LEVEL", help_heading = "Rules", value_parser = severity_parser())]
    pub min_severity: Option<Severity>,
    /// Do not report the findings in this file; by default cuda-lint-baseline.json above the paths
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub baseline: Option<PathBuf>,
    /// Report the findings that a baseline holds, too
    #[arg(long, help_heading = "Rules", conflicts_with = "baseline")]
    pub no_baseline: bool,

    /// Define a macro
    #[arg(short = 'D', value_name = "NAME[=VALUE]", help_heading = "Source")]
    pub defines: Vec<String>,
    /// Search a folder for included files
    #[arg(short = 'I', value_name = "DIR", help_heading = "Source")]
    pub include_dirs: Vec<PathBuf>,
    /// The language of every file; by default the file name and the text decide
    #[arg(short = 'x', value_enum, value_name = "LANGUAGE", help_heading = "Source")]
    pub language: Option<Language>,
    /// The language standard, such as c++20
    #[arg(long = "std", value_name = "STANDARD", help_heading = "Source")]
    pub standard: Option<String>,
    /// What stream 0 means; by default the compilation database decides, or legacy
    #[arg(long, value_enum, value_name = "STREAM", help_heading = "Source")]
    pub default_stream: Option<DefaultStream>,
    /// compile_commands.json or its folder; by default it is searched upwards from each file
    #[arg(short = 'p', long, value_name = "PATH", help_heading = "Source")]
    pub compile_commands: Option<PathBuf>,
    /// The version of CUDA that the program is meant for, such as 12.4; by default any of 11 to 13
    #[arg(long, value_name = "VERSION", help_heading = "Source", value_parser = parse_cuda_version)]
    pub cuda: Option<CudaVersion>,
    /// The project's configuration; by default cuda-lint.toml is searched upwards from the paths
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    pub config: Option<PathBuf>,
    /// Use no configuration
    #[arg(long, help_heading = "Source", conflicts_with = "config")]
    pub no_config: bool,
    /// Leave out these files of folders as well, as `exclude` in the configuration does (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Source", value_parser = parse_pattern)]
    pub exclude: Vec<String>,
    /// Leave out what is excluded even where it is named on the command line
    #[arg(long, help_heading = "Source")]
    pub force_exclude: bool,
    /// Read the headers of the CUDA toolkit in DIR and those of the system in place of the embedded declarations
    #[arg(long, value_name = "DIR", help_heading = "Source")]
    pub real_headers: Option<PathBuf>,
    /// Further flags for clang
    #[arg(last = true, value_name = "EXTRA", help_heading = "Source")]
    pub extra: Vec<String>,

    /// The libclang to load: the library or its folder
    #[arg(long, value_name = "PATH", help_heading = "Running")]
    pub libclang: Option<PathBuf>,
    /// How many files to analyse at the same time; by default one for each processor
    #[arg(short, long, value_name = "N", help_heading = "Running")]
    pub jobs: Option<NonZeroUsize>,
    /// Keep parsed files here from run to run; by default the user's cache folder, with --in-project only
    #[arg(long, value_name = "DIR", help_heading = "Running")]
    pub cache_dir: Option<PathBuf>,
    /// Parse every file anew
    #[arg(long, help_heading = "Running", conflicts_with = "cache_dir")]
    pub no_cache: bool,
    /// How long the analysis of one file may take
    #[arg(long, default_value = "60", value_name = "SECONDS", help_heading = "Running",
          value_parser = parse_seconds)]
    pub timeout: Duration,
}

impl CheckOptions {
    /// The part that worker processes receive. What the command line says counts for more than the
    /// configuration.
    pub fn analysis_options(&self, config: &Config, roots: &[PathBuf], scratch: PathBuf) -> AnalysisOptions {
        let platform = Platform { cuda: self.cuda, ..Platform::unknown() };
        AnalysisOptions {
            defines: config.defines.iter().chain(&self.defines).cloned().collect(),
            include_dirs: self.include_dirs.iter().chain(&config.include_dirs).cloned().collect(),
            language: self.language,
            standard: self.standard.clone(),
            default_stream: self.default_stream.or(config.default_stream),
            extra: self.extra.clone(),
            real_headers: self.real_headers.clone(),
            compile_commands: self.compile_commands.clone().or_else(|| config.compile_commands.clone()),
            libclang: self.libclang.clone(),
            roots: roots.to_vec(),
            scratch,
            rows: config.rows.clone(),
            platform: platform.or(config.platform),
            dump: self.dump,
            rust_only: false,
            cache: None,
            focus: Vec::new(),
            phase: Phase::Lower,
        }
    }

    /// What may be reported, by the configuration and the command line.
    pub fn selection(&self, config: &Config) -> Selection {
        let mut selection = Selection {
            config: config.rules.clone(),
            overrides: config.overrides.clone(),
            config_confidence: config.min_confidence,
            min_confidence: self.min_confidence,
            min_severity: self.min_severity.or(config.min_severity),
            ..Selection::default()
        };
        if config.require_reason {
            let on = (Selector::Rule(crate::suppression::UNEXPLAINED), Level::On);
            let settings = config.rules.settings().iter().copied();
            selection.config = Layer::new(std::iter::once(on).chain(settings).collect());
        }
        let all = (!self.select.is_empty()).then_some((Selector::Group(Group::All), Level::Off));
        let select = self.select.iter().map(|selector| (*selector, Level::On));
        let ignore = self.ignore.iter().map(|selector| (*selector, Level::Off));
        let settings = all.into_iter().chain(select).chain(self.severity.iter().copied()).chain(ignore);
        selection.command_line = Layer::new(settings.collect());
        selection
    }
}

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// Files and folders to analyse; by default the current folder
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,
    /// Take out what is gone, and put nothing in
    #[arg(long)]
    pub prune: bool,
    /// The rest.
    #[command(flatten)]
    pub options: CheckOptions,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The project's folder
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// Write over a configuration that is there
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `book`.
#[derive(Debug, Args)]
pub struct BookArgs {
    /// The folder of the documentation, with its SUMMARY.md
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Arguments of `witness`.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// The line of the finding, as the report gives it: src/app.cu:42
    #[arg(value_name = "FILE:LINE", value_parser = parse_place)]
    pub place: Place,
    /// Analyse this file or folder as well: what the finding needs of other files (repeatable)
    #[arg(long = "with", value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// The rest.
    #[command(flatten)]
    pub options: CheckOptions,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// How to print the list
    #[arg(long, value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The name of a rule, such as host-read-before-sync
    #[arg(value_name = "RULE")]
    pub rule: String,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the source, for people
    Pretty,
    /// One line a finding
    Short,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit's XML
    Junit,
}

/// How the list of rules is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

fn confidence_parser() -> impl TypedValueParser<Value = Confidence> {
    named_value_parser(&[Confidence::Certain, Confidence::Likely, Confidence::Possible], |it| it.name())
}

fn severity_parser() -> impl TypedValueParser<Value = Severity> {
    named_value_parser(&[Severity::Error, Severity::Warning, Severity::Performance, Severity::Info], |it| {
        it.name()
    })
}

/// Accepts the names of `values`. The engine's types know no clap, so they cannot say it themselves.
fn named_value_parser<T: Copy + Send + Sync>(
    values: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(values.iter().map(|value| name(*value))).try_map(move |given| {
        values.iter().copied().find(|value| name(*value) == given).ok_or("not one of the names above")
    })
}

/// Reads `FILE:LINE`; a column after it is accepted, since reports print one.
fn parse_place(text: &str) -> Result<Place, String> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    let split = |text: &str| {
        let (file, last) = text.rsplit_once(':')?;
        Some((file.to_owned(), number(last)?)).filter(|(file, _)| !file.is_empty())
    };
    let place = split(text).map(|(rest, last)| split(&rest).unwrap_or((rest, last)));
    let (file, line) = place.ok_or("give a file and a line, such as src/app.cu:42")?;
    Ok(Place { file: file.into(), line })
}

/// Accepts what can be a pattern; what it is relative to is known later.
fn parse_pattern(text: &str) -> Result<String, String> {
    Patterns::default().add(text).map(|()| text.to_owned())
}

fn parse_selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text.trim()).map_err(|(message, help)| format!("{message}; {help}"))
}

fn parse_level(text: &str) -> Result<(Selector, Level), String> {
    let words: Vec<_> = LEVELS.iter().map(|(name, _)| *name).collect();
    let form =
        || format!("give a rule and a level, such as ordering=warning; levels are {}", words.join(", "));
    let (rule, level) = text.split_once('=').ok_or_else(form)?;
    let level = Level::parse(level.trim()).ok_or_else(form)?;
    Ok((parse_selector(rule)?, level))
}

fn parse_output(text: &str) -> Result<Output, String> {
    let formats = || {
        let names: Vec<_> = Format::value_variants().iter().filter_map(|it| it.to_possible_value()).collect();
        names.iter().map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let form =
        || format!("give a format and a file, such as sarif=cuda-lint.sarif; formats are {}", formats());
    let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(form)?;
    let format = Format::from_str(format, false).map_err(|_| form())?;
    Ok(Output { format, file: file.into() })
}

fn parse_cuda_version(text: &str) -> Result<CudaVersion, String> {
    CudaVersion::parse(text).ok_or_else(|| "give a version such as 12.4".to_string())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| *duration <= Duration::from_secs(86_400))
        .ok_or_else(|| "give a number of seconds above 0, of a day at most".to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::catalogue;
    use crate::selection::FilePath;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn paths_alone_are_the_same_as_check() {
        let short = parse("cuda-lint --format json a.cu -DX=1 -Iinc src -- -Wall").unwrap();
        assert!(short.command.is_none());
        let Some(Command::Check(long)) =
            parse("cuda-lint check --format json a.cu -DX=1 -Iinc src -- -Wall").unwrap().command
        else {
            panic!("not check");
        };
        assert_eq!(format!("{:?}", short.check), format!("{long:?}"));
        assert_eq!(long.paths, ["a.cu", "src"].map(PathBuf::from));
        assert_eq!(long.options.extra, ["-Wall"]);
        assert_eq!(long.options.min_confidence, None);
    }

    #[test]
    fn commands_need_no_paths_and_check_does() {
        assert!(matches!(parse("cuda-lint rules").unwrap().command, Some(Command::Rules(_))));
        assert!(parse("cuda-lint check").is_err());
        assert!(parse("cuda-lint").is_err());
    }

    #[test]
    fn a_place_is_a_file_and_a_line() {
        for (text, file, line) in
            [("a.cu:7", "a.cu", 7), ("a.cu:7:3", "a.cu", 7), ("C:/a b.cu:12", "C:/a b.cu", 12)]
        {
            assert_eq!(parse_place(text).unwrap(), Place { file: file.into(), line }, "{text}");
        }
        for text in ["a.cu", "a.cu:", "a.cu:0", ":3", "a.cu:x"] {
            assert!(parse_place(text).is_err(), "{text}");
        }
        let Some(Command::Witness(args)) = parse("cuda-lint witness a.cu:7 -DX").unwrap().command else {
            panic!("not witness");
        };
        assert_eq!(args.options.defines, ["X"]);
    }

    #[test]
    fn rules_are_chosen_and_ignored() {
        let state = |line: &str, rule: &str| {
            let options = parse(line).unwrap().check.options;
            let selection = options.selection(&Config::default());
            let state = selection.of(&catalogue::find(rule).unwrap(), &FilePath::new("a.cu"));
            (state.on, state.severity)
        };
        let line = "cuda-lint --select ordering,free-kind-mismatch --ignore host-read-before-sync \
                    --severity host-write-before-sync=warning a.cu";
        assert_eq!(state(line, "host-read-before-sync"), (false, None));
        assert_eq!(state(line, "host-write-before-sync"), (true, Some(Severity::Warning)));
        assert_eq!(state(line, "free-kind-mismatch"), (true, None));
        assert_eq!(state(line, "memcpy-kind-mismatch"), (false, None));
        assert_eq!(
            state("cuda-lint --severity pedantic=on a.cu", "suppression-without-reason"),
            (true, None)
        );
        let outputs = parse("cuda-lint --output sarif=a.sarif --output junit=b=c.xml a.cu")
            .unwrap()
            .check
            .options
            .output;
        assert_eq!(outputs[1], Output { format: Format::Junit, file: "b=c.xml".into() });
    }

    #[test]
    fn values_are_checked() {
        for line in [
            "cuda-lint --min-confidence sure a.cu",
            "cuda-lint --jobs 0 a.cu",
            "cuda-lint --timeout 0 a.cu",
            "cuda-lint --timeout nan a.cu",
            "cuda-lint -x fortran a.cu",
            "cuda-lint --output sarif a.cu",
            "cuda-lint --output sarif= a.cu",
            "cuda-lint --output xml=a.xml a.cu",
            "cuda-lint --select orderin a.cu",
            "cuda-lint --severity ordering=bad a.cu",
            "cuda-lint --severity ordering a.cu",
            "cuda-lint --baseline b.json --no-baseline a.cu",
            "cuda-lint --exclude ../other .",
            "cuda-lint --exclude [ .",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        let check =
            parse("cuda-lint --min-confidence possible --min-severity info --timeout 0.5 -x c++ a.cu")
                .unwrap()
                .check
                .options;
        assert_eq!(check.min_confidence, Some(Confidence::Possible));
        assert_eq!(check.min_severity, Some(Severity::Info));
        assert_eq!(check.timeout, Duration::from_millis(500));
        assert_eq!(check.language, Some(Language::Cxx));
    }
}
