//! Helpers of the tests: one loaded library, and parsing from text.

use std::path::Path;
use std::sync::OnceLock;

use super::flags::{FrontendOptions, UnitOptions};
use super::library::{Library, WORKER_ENVIRONMENT, on_big_stack};
use super::parse::{Care, Frontend, ParsedUnit, Source, parse};
use super::prelude::Preludes;
use crate::include_index::IncludeIndex;

/// The libclang of this machine. The tests need one.
pub fn library() -> Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    let load = || {
        for (name, value) in WORKER_ENVIRONMENT {
            // SAFETY: the environment is changed before any test has a library to parse with.
            unsafe { std::env::set_var(name, value) };
        }
        Library::load(None).unwrap_or_else(|error| panic!("{error}"))
    };
    LIBRARY.get_or_init(load).clone()
}

/// A frontend without precompiled preludes and without an index.
pub fn frontend() -> Frontend {
    Frontend { library: library(), preludes: Preludes::textual(), headers: IncludeIndex::default() }
}

/// Parses a text as the file `name`, and hands the unit to `look` on the thread that parsed it.
pub fn with_unit<T: Send>(name: &str, text: &str, look: impl FnOnce(&ParsedUnit) -> T + Send) -> T {
    with_unit_of(&frontend(), name, text, &FrontendOptions::default(), look)
}

/// The same with a frontend and options.
pub fn with_unit_of<T: Send>(
    frontend: &Frontend,
    name: &str,
    text: &str,
    options: &FrontendOptions,
    look: impl FnOnce(&ParsedUnit) -> T + Send,
) -> T {
    let path = Path::new(name);
    let options = UnitOptions::new(path, text.as_bytes(), options, None);
    on_big_stack(&frontend.library, || {
        let source = Source::from_bytes(path, text.as_bytes().to_vec()).unwrap();
        look(&parse(frontend, source, &options, Care::Usual).unwrap())
    })
    .unwrap()
}
