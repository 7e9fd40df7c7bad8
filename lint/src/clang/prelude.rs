//! The prelude: the declarations that every unit starts with, precompiled once for a run.
//!
//! All processes of a run share a folder that the main process owns and removes. The first process that
//! needs a prelude for some language and standard makes it there; until it is ready, and wherever it cannot
//! be made, units include the text instead. Both give the same tree.

use std::ffi::CString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustc_hash::{FxHashSet, FxHasher};

use super::embedded::{self, VirtualFiles};
use super::flags::{Language, Macro, UnitOptions};
use super::unit::Unit;

/// Hands out preludes.
#[derive(Clone, Debug)]
pub struct Preludes {
    folder: PathBuf,
}

impl Preludes {
    /// Precompiled ones in a folder of this run, which other processes may share.
    pub fn shared(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// Never precompiled: there is no folder to make them in.
    #[cfg(test)]
    pub fn textual() -> Self {
        Self::shared(Path::new("no/such/folder"))
    }

    /// The precompiled prelude for a unit, made now if no process has made it yet. `None`: include
    /// [`file_for`] instead.
    ///
    /// libclang must be attached to this thread.
    pub fn precompiled(&self, options: &UnitOptions) -> Option<PathBuf> {
        let folder = &self.folder;
        let name = format!("{:016x}", key(options));
        let ready = folder.join(format!("{name}.pch"));
        if ready.is_file() {
            return Some(ready);
        }
        // Whoever creates the claim makes the file. It stays claimed if that fails: no second try.
        fs::File::create_new(folder.join(format!("{name}.claim"))).ok()?;
        let partial = folder.join(format!("{name}.partial"));
        build(options, &partial)?;
        fs::rename(&partial, &ready).ok()?;
        Some(ready)
    }
}

/// The embedded file that is the prelude of a unit.
pub fn file_for(options: &UnitOptions) -> String {
    let name = match options.language {
        Language::Cuda => "prelude_cuda.h",
        Language::Cxx => "prelude_cxx.h",
        Language::C => "prelude_c.h",
    };
    let folder = if options.real_headers.is_some() { "real/" } else { "" };
    embedded::path(&format!("{folder}{name}"))
}

/// The macros of the build that the embedded headers look at: defined before the prelude.
pub fn early_macros(options: &UnitOptions) -> impl Iterator<Item = &Macro> {
    static TESTED: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    let tested = TESTED.get_or_init(|| embedded::texts().flat_map(tested_macros).collect());
    options.macros.iter().filter(move |m| {
        let (Macro::Define(name, _) | Macro::Undefine(name)) = m;
        match options.real_headers {
            // Real headers look at reserved names; what stream 0 means is none of the names of functions.
            Some(_) => name.starts_with('_') || name == "NDEBUG",
            None => tested.contains(name.as_str()),
        }
    })
}

/// The identifiers in the conditions of a header.
fn tested_macros(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix('#'))
        .filter(|line| {
            let line = line.trim_start();
            line.starts_with("if") || line.starts_with("elif")
        })
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
        .filter(|word| word.len() > 2 && !matches!(*word, "ifdef" | "ifndef" | "elif" | "defined"))
}

/// What makes two preludes different.
fn key(options: &UnitOptions) -> u64 {
    let mut hasher = FxHasher::default();
    options.language.hash(&mut hasher);
    options.standard.hash(&mut hasher);
    options.extra.hash(&mut hasher);
    options.real_headers.hash(&mut hasher);
    options.cuda_version.hash(&mut hasher);
    for m in early_macros(options) {
        m.hash(&mut hasher);
    }
    hasher.finish()
}

/// Parses the prelude and saves it.
fn build(options: &UnitOptions, to: &Path) -> Option<()> {
    parse(options)?.save(to).then_some(())
}

fn parse(options: &UnitOptions) -> Option<Unit> {
    let mut arguments = super::parse::language_arguments(options);
    for folder in [embedded::INCLUDE, embedded::EMBEDDED] {
        arguments.push(CString::new(format!("-I{folder}")).ok()?);
    }
    let flags = clang_sys::CXTranslationUnit_Incomplete
        | clang_sys::CXTranslationUnit_ForSerialization
        | clang_sys::CXTranslationUnit_KeepGoing;
    let main = CString::new(file_for(options)).ok()?;
    Unit::parse(&main, &arguments, &[VirtualFiles::of(options)], flags).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clang::flags::FrontendOptions;
    use crate::clang::testing;

    fn options(name: &str, defines: &[&str]) -> UnitOptions {
        let frontend = FrontendOptions {
            defines: defines.iter().map(|&text| text.to_owned()).collect(),
            ..FrontendOptions::default()
        };
        UnitOptions::new(Path::new(name), b"", &frontend, None)
    }

    #[test]
    fn a_prelude_is_made_once_and_kept_apart_by_language_and_standard() {
        testing::library().attach();
        let folder = tempfile::tempdir().unwrap();
        let preludes = Preludes::shared(folder.path());
        let cuda = preludes.precompiled(&options("a.cu", &["FOO=1"])).unwrap();
        let made = fs::metadata(&cuda).unwrap().modified().unwrap();
        assert_eq!(preludes.precompiled(&options("b.cu", &[])).as_ref(), Some(&cuda), "FOO does not matter");
        assert_eq!(fs::metadata(&cuda).unwrap().modified().unwrap(), made);
        assert_ne!(preludes.precompiled(&options("b.cpp", &[])).unwrap(), cuda);
        assert!(preludes.precompiled(&options("b.c", &[])).is_some());
    }

    #[test]
    fn every_prelude_is_free_of_errors_in_every_standard() {
        testing::library().attach();
        let all = ["c++11", "c++14", "c++17", "gnu++17", "c++20", "c++23"];
        for (name, standards) in
            [("a.cu", &all[..]), ("a.cpp", &all[..]), ("a.c", &["c99", "gnu17", "c2x"][..])]
        {
            for standard in standards {
                let frontend =
                    FrontendOptions { standard: Some((*standard).into()), ..FrontendOptions::default() };
                let options = UnitOptions::new(Path::new(name), b"", &frontend, None);
                let unit = parse(&options).unwrap();
                let errors: Vec<_> = unit
                    .messages(5)
                    .into_iter()
                    .map(|m| format!("{}:{}: {}", m.file, m.line, m.message))
                    .collect();
                assert!(errors.is_empty(), "{name} as {standard}: {errors:#?}");
            }
        }
    }

    #[test]
    fn a_claimed_prelude_is_not_waited_for() {
        testing::library().attach();
        let folder = tempfile::tempdir().unwrap();
        let unit = options("a.cu", &[]);
        fs::write(folder.path().join(format!("{:016x}.claim", key(&unit))), "").unwrap();
        assert_eq!(Preludes::shared(folder.path()).precompiled(&unit), None);
        assert_eq!(Preludes::textual().precompiled(&unit), None);
    }

    #[test]
    fn conditions_tell_which_macros_matter() {
        let words: Vec<_> =
            tested_macros("#if defined(FOO) && BAR > 2\nint x;\n# ifdef BAZ\n#define QUX\n").collect();
        assert_eq!(words, ["FOO", "BAR", "BAZ"]);
    }
}
