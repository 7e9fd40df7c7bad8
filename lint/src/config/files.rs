//! The keys about files: which are looked at, and how they are read.

use std::fs;
use std::path::{Path, PathBuf};

use super::Config;
use super::problem::Problem;
use super::table::Table;
use crate::path_patterns::Patterns;

/// The name of a compilation database.
const DATABASE: &str = "compile_commands.json";

/// Reads the keys.
pub fn read(table: &mut Table<'_>, folder: &Path, config: &mut Config, problems: &mut Vec<Problem>) {
    config.include = patterns(table, "include", folder, problems);
    config.exclude = patterns(table, "exclude", folder, problems);
    for (define, range) in table.strings("defines", problems) {
        let name = define.split(['=', '(']).next().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_name && !define.contains(['\n', '\r', '\0']) {
            config.defines.push(define);
        } else {
            let help = "write \"NAME\" or \"NAME=VALUE\"".to_owned();
            problems.push(table.problem(range, format!("`{define}` defines no macro"), help));
        }
    }
    for (name, range) in table.strings("include-dirs", problems) {
        match inside(folder, &name, true) {
            Ok(path) if path.is_dir() => config.include_dirs.push(path),
            Ok(_) => {
                let help = "name the folder that holds it".to_owned();
                problems.push(table.problem(range, format!("`{name}` is no folder"), help));
            }
            Err((message, help)) => problems.push(table.problem(range, message, help)),
        }
    }
    if let Some((name, range)) = table.string("compile-commands", problems) {
        match inside(folder, &name, true) {
            Ok(path) if path.is_dir() && !path.join(DATABASE).is_file() => {
                let message = format!("the folder `{name}` holds no {DATABASE}");
                let help =
                    "have the build write one (CMake: CMAKE_EXPORT_COMPILE_COMMANDS=ON), or name another";
                problems.push(table.problem(range, message, help.to_owned()));
            }
            Ok(path) => config.compile_commands = Some(path),
            Err((message, help)) => problems.push(table.problem(range, message, help)),
        }
    }
    if let Some((name, range)) = table.string("baseline", problems) {
        // It need not be there: whoever writes it makes it.
        match inside(folder, &name, false) {
            Ok(path) if path.exists() && !path.is_file() => {
                let help = "name the file, such as \"cuda-lint-baseline.json\"".to_owned();
                problems.push(table.problem(range, format!("`{name}` is no regular file"), help));
            }
            Ok(path) => config.baseline = Some(path),
            Err((message, help)) => problems.push(table.problem(range, message, help)),
        }
    }
}

/// Patterns under a key.
pub fn patterns(
    table: &mut Table<'_>,
    key: &'static str,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Patterns {
    let mut patterns = Patterns::in_folder(folder);
    for (text, range) in table.strings(key, problems) {
        if let Err(message) = patterns.add(&text) {
            let help =
                "patterns are relative to the folder of this file: `src/**`, `third_party`, `*_test.cu`";
            problems.push(table.problem(range, message, help.to_owned()));
        }
    }
    patterns
}

/// A path in the folder of the configuration, links followed. Errors: what is wrong, and what to do.
fn inside(folder: &Path, name: &str, must_exist: bool) -> Result<PathBuf, (String, String)> {
    let path = folder.join(name);
    let real = match fs::canonicalize(&path) {
        Ok(real) => real,
        Err(error) if must_exist => {
            let help = super::remedy(error.kind()).to_owned();
            return Err((format!("`{name}` cannot be read: {error}"), help));
        }
        Err(_) => {
            let parent = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
            let whole = parent.and_then(|parent| Some(parent.join(path.file_name()?)));
            whole.ok_or_else(|| {
                (format!("the folder of `{name}` is not there"), "make it, or name another".to_owned())
            })?
        }
    };
    if !real.starts_with(folder) {
        let help =
            "a configuration can name what is in its folder; name others on the command line".to_owned();
        return Err((format!("`{name}` lies outside of the folder of this file"), help));
    }
    Ok(real)
}
