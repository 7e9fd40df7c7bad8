//! The fixtures: where they are, and what their names, annotations and directives say about them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cuda_lint_engine::DefaultStream;
pub use cuda_lint_evidence::Role;
use cuda_lint_evidence::sha256;

use crate::platform::Error;

const EXTENSIONS: [&str; 5] = ["cu", "c", "cpp", "cc", "rs"];

/// A fixture in one default-stream mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// Its path below the root, with forward slashes; of several files that are one program, that of `main`.
    pub path: String,
    /// The other files of the program, likewise.
    pub others: Vec<String>,
    /// What stream 0 means.
    pub mode: DefaultStream,
    /// What it is there for.
    pub role: Role,
    /// The rules that it breaks in this mode, each once.
    pub breaks: Vec<String>,
    /// The rules of which it must show nothing: it breaks none.
    pub keeps: Vec<String>,
    /// The annotated lines of [`Self::path`].
    pub lines: Vec<u32>,
    /// The reason why it does not compile.
    pub no_compile: Option<String>,
    /// The reason why it does not link.
    pub no_link: Option<String>,
    /// The libraries that it is linked with.
    pub libraries: Vec<String>,
    /// The SHA-256 of its text, or of the texts of all its files.
    pub sha256: String,
}

impl Fixture {
    /// True if its rule needs two GPUs.
    pub fn needs_two_gpus(&self) -> bool {
        cuda_lint_evidence::needs_two_gpus(&self.path)
    }

    /// The default-stream mode as it is written in options and annotations.
    pub const fn mode_name(&self) -> &'static str {
        mode_name(self.mode)
    }
}

const fn mode_name(mode: DefaultStream) -> &'static str {
    match mode {
        DefaultStream::Legacy => "legacy",
        DefaultStream::PerThread => "per-thread",
    }
}

/// All fixtures below `root/fixtures`, in the order of their paths; twice where an annotation depends on the
/// default-stream mode.
pub fn find(root: &Path) -> Result<Vec<Fixture>, Error> {
    let mut fixtures = Vec::new();
    let folder = root.join("fixtures");
    for rule in names(&folder)? {
        // claims/ holds no fixtures: see `crate::claims`.
        if rule == "claims" || !folder.join(&rule).is_dir() {
            continue;
        }
        for name in names(&folder.join(&rule))? {
            let path = folder.join(&rule).join(&name);
            if path.is_dir() {
                fixtures.extend(of_folder(&path, &rule, &name)?);
            } else if is_source(&name) {
                let text = read(&path)?;
                // A seed's correction must not show what the seed shows.
                let twin = match name.split_once("_correct.") {
                    Some((stem, extension)) if rule == "seeds" => {
                        Some(read(&folder.join(&rule).join(format!("{stem}.{extension}")))?)
                    }
                    _ => None,
                };
                fixtures.extend(describe(&rule, &name, &Texts::one(text), twin.as_deref()));
            }
        }
    }
    Ok(fixtures)
}

/// The program that the files of a folder are together.
fn of_folder(path: &Path, rule: &str, name: &str) -> Result<Vec<Fixture>, Error> {
    let mut texts = Texts::default();
    let mut main = None;
    for file in names(path)? {
        let text = read(&path.join(&file))?;
        if file.starts_with("main.") {
            texts.main = text;
            main = Some(file);
            continue;
        }
        if is_source(&file) {
            texts.others.push(format!("fixtures/{rule}/{name}/{file}"));
        }
        texts.beside.push_str(&text);
    }
    let main = main.ok_or_else(|| {
        Error::Unexpected(format!("{}: a folder of fixtures needs a file `main.*`", path.display()))
    })?;
    Ok(describe(rule, &format!("{name}/{main}"), &texts, None))
}

fn is_source(name: &str) -> bool {
    EXTENSIONS.iter().any(|e| Path::new(name).extension().is_some_and(|own| own == *e))
}

/// What the files of a program say.
#[derive(Default)]
struct Texts {
    /// The one file, or that with `main`.
    main: String,
    /// The paths of the other sources.
    others: Vec<String>,
    /// All that stands in other files, one after the other.
    beside: String,
}

impl Texts {
    fn one(main: String) -> Self {
        Self { main, ..Self::default() }
    }
}

fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |error: std::io::Error| {
        Error::Unexpected(format!(
            "{}: {error}; run this in the repository's root, or name it with --root",
            folder.display()
        ))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))
}

/// One fixture for each mode in which it says something else.
fn describe(folder: &str, name: &str, texts: &Texts, twin: Option<&str>) -> Vec<Fixture> {
    let text = texts.main.as_str();
    let twin = twin.map(annotations).unwrap_or_default();
    let beside = annotations(&texts.beside);
    let annotations = annotations(text);
    let both = annotations.iter().chain(&beside).chain(&twin).any(|annotation| annotation.mode.is_some());
    let modes: &[DefaultStream] =
        if both { &[DefaultStream::Legacy, DefaultStream::PerThread] } else { &[DefaultStream::Legacy] };
    let own_rule = cuda_lint_engine::rules::find(folder).map(|rule| rule.name.to_owned());
    let role = match (folder, name.split_once(['.', '_']).map_or(name, |(role, _)| role)) {
        ("seeds", _) if name.contains("_correct.") => Role::Correct,
        ("seeds", _) => Role::Seed,
        ("limits", _) => Role::Limit,
        (_, "correct") => Role::Correct,
        (_, "near") => Role::Near,
        _ => Role::Misuse,
    };
    let in_mode = |annotations: &[Annotation], mode| -> BTreeSet<String> {
        let holds = annotations.iter().filter(|a| a.mode.is_none_or(|only| only == mode));
        holds.map(|a| a.rule.clone()).collect()
    };
    let fixture = |mode| {
        let mut annotated = in_mode(&annotations, mode);
        annotated.extend(in_mode(&beside, mode));
        // What is annotated in limits/ is reported wrongly: the program is correct.
        let (breaks, mut keeps) =
            if role == Role::Limit { (BTreeSet::new(), annotated) } else { (annotated, BTreeSet::new()) };
        if breaks.is_empty() {
            keeps.extend(own_rule.clone());
            keeps.extend(in_mode(&twin, mode));
        }
        Fixture {
            path: format!("fixtures/{folder}/{name}"),
            others: texts.others.clone(),
            mode,
            role,
            breaks: breaks.into_iter().collect(),
            keeps: keeps.into_iter().collect(),
            lines: annotations
                .iter()
                .filter(|a| a.mode.is_none_or(|only| only == mode))
                .map(|a| a.line)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            no_compile: directive(text, "no-compile"),
            no_link: directive(text, "no-link"),
            libraries: libraries(text),
            sha256: sha256([text, &texts.beside].concat().as_bytes()),
        }
    };
    modes.iter().map(|mode| fixture(*mode)).collect()
}

/// The libraries that a fixture is linked with. A name that is no plain word is left out: it would be an option.
fn libraries(text: &str) -> Vec<String> {
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let listed = directive(text, "link").unwrap_or_default();
    listed.split_whitespace().filter(is_name).map(str::to_owned).collect()
}

/// The reason that a directive gives.
pub fn directive(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("//@ ")?.strip_prefix(name)?.strip_prefix(": "))
        .map(|reason| reason.trim().to_owned())
        .next()
}

/// A diagnostic that must be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Annotation {
    line: u32,
    rule: String,
    mode: Option<DefaultStream>,
}

/// The annotations. Whether they are well formed is for the linter's own tests to say.
fn annotations(text: &str) -> Vec<Annotation> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for annotation in line.split("//~").skip(1) {
            let rest = annotation.trim_start_matches('^');
            let up = u32::try_from(annotation.len() - rest.len()).unwrap_or(0);
            let modes = [DefaultStream::Legacy, DefaultStream::PerThread];
            let mode = modes.into_iter().find(|mode| rest.starts_with(&format!("[{}]", mode_name(*mode))));
            let rest = if mode.is_some() { rest.split_once(']').map_or("", |(_, rest)| rest) } else { rest };
            let rule = rest.split_whitespace().next().unwrap_or_default();
            if cuda_lint_engine::rules::find(rule).is_some() {
                found.push(Annotation { line: u32::saturating_sub(number, up), rule: rule.to_owned(), mode });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_decide_what_a_program_breaks_in_each_mode() {
        let text = "int a; //~ host-read-before-sync [error]\n\
                    int b; //~[legacy] nonblocking-vs-default-race //~[per-thread] cross-stream-unordered [error]\n\
                    //~^^ free-while-in-flight\n//~ no-such-rule\n";
        let fixtures = describe("host-read-before-sync", "misuse.cu", &Texts::one(text.into()), None);
        let seen: Vec<_> = fixtures.iter().map(|f| (f.mode_name(), f.breaks.join(" "))).collect();
        let always = "free-while-in-flight host-read-before-sync";
        assert_eq!(
            seen,
            [
                ("legacy", format!("{always} nonblocking-vs-default-race")),
                ("per-thread", format!("cross-stream-unordered {always}")),
            ]
        );
        assert_eq!(fixtures[0].lines, [1, 2]);
        assert!(fixtures.iter().all(|f| f.role == Role::Misuse && f.keeps.is_empty()));
    }

    #[test]
    fn a_misuse_in_one_mode_is_correct_in_the_other() {
        let fixtures = describe(
            "cross-stream-unordered",
            "misuse_per_thread.cu",
            &Texts::one("k(); //~[per-thread] cross-stream-unordered\n".into()),
            None,
        );
        assert_eq!(
            (fixtures[0].breaks.len(), fixtures[0].keeps.as_slice()),
            (0, &["cross-stream-unordered".to_owned()][..])
        );
        assert_eq!((fixtures[1].breaks.len(), fixtures[1].keeps.len()), (1, 0));
    }

    #[test]
    fn a_seeds_correction_must_not_show_what_the_seed_shows() {
        let seed = "f(); //~ host-deref-device-pointer\n//~[per-thread] cross-stream-unordered\n";
        let fixtures = describe("seeds", "000_1_correct.cu", &Texts::one("f();\n".into()), Some(seed));
        assert_eq!(fixtures.len(), 2);
        assert_eq!(fixtures[0].keeps, ["host-deref-device-pointer"]);
        assert_eq!(fixtures[1].keeps, ["cross-stream-unordered", "host-deref-device-pointer"]);
        assert_eq!(fixtures[0].role, Role::Correct);
    }

    #[test]
    fn a_false_alarm_is_a_correct_program() {
        let text = "f(); //~ cross-stream-unordered [possible]\n";
        let fixture = &describe("limits", "fp_disjoint.cu", &Texts::one(text.into()), None)[0];
        assert_eq!((fixture.role, fixture.breaks.len()), (Role::Limit, 0));
        assert_eq!(fixture.keeps, ["cross-stream-unordered"]);
    }

    #[test]
    fn directives_give_their_reason() {
        let text = "//@ no-compile: with CUDA 13\n//@ no-link: its buffers are declared only \nint x;\n";
        assert_eq!(directive(text, "no-compile").as_deref(), Some("with CUDA 13"));
        assert_eq!(directive(text, "no-link").as_deref(), Some("its buffers are declared only"));
        assert_eq!(directive("int x; //@ no-link: late\n", "no-link"), None);
    }

    #[test]
    fn libraries_are_plain_names() {
        assert_eq!(libraries("//@ link: cublas cufft -o/tmp/x\nint x;\n"), ["cublas", "cufft"]);
        assert_eq!(libraries("//@ no-link: cublas\n"), [""; 0]);
    }

    #[test]
    fn the_repositorys_fixtures_are_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let fixtures = find(&root).unwrap();
        assert!(fixtures.len() > 200, "{}", fixtures.len());
        for rule in cuda_lint_engine::rules::catalogue() {
            let breaks =
                fixtures.iter().any(|f| f.role == Role::Misuse && f.breaks.iter().any(|r| r == rule.name));
            let keeps =
                fixtures.iter().any(|f| f.role == Role::Correct && f.keeps.iter().any(|r| r == rule.name));
            assert!(breaks && keeps, "{}: {breaks} {keeps}", rule.name);
        }
        assert!(fixtures.iter().all(|f| !f.path.starts_with("fixtures/claims/")));
        let several = fixtures.iter().find(|f| f.path.ends_with("pageable-async-copy/misuse_files/main.cu"));
        let several = several.unwrap();
        assert_eq!(several.others, ["fixtures/pageable-async-copy/misuse_files/upload.cu"]);
        assert_eq!((several.role, several.breaks.join(" ").as_str()), (Role::Misuse, "pageable-async-copy"));
    }
}
