//! Makes the fixtures in Rust part of the command: each is a module with a `main` of its own, so that a machine
//! with a GPU needs neither cargo nor the sources of cudarc to run them.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let fixtures = root.join("fixtures");
    println!("cargo::rerun-if-changed={}", fixtures.display());
    let mut paths = Vec::new();
    for folder in fs::read_dir(&fixtures)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "rs") && is_program(&file)? {
                paths.push(file);
            }
        }
    }
    paths.sort();
    let (mut modules, mut table) = (String::new(), String::new());
    for (number, path) in paths.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        // A fixture is a misuse: what compilers and clippy say of it is no concern of this package.
        writeln!(
            modules,
            "#[allow(warnings, clippy::all, clippy::pedantic, clippy::restriction)]\n\
             mod fixture_{number} {{\n    include!({path:?});\n\n    \
             pub fn run() -> std::process::ExitCode {{ std::process::Termination::report(main()) }}\n}}\n"
        )?;
        writeln!(
            table,
            "    Source {{ path: {name:?}, text: include_str!({path:?}), run: fixture_{number}::run }},"
        )?;
    }
    let text = format!(
        "{modules}/// The fixtures in Rust, by path from the root of the repository.\n\
         const FIXTURES: &[Source] = &[\n{table}];\n"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rust_fixtures.rs"), text)?;
    Ok(())
}

/// True unless the fixture says that it does not compile.
fn is_program(path: &Path) -> Result<bool, Box<dyn Error>> {
    Ok(!fs::read_to_string(path)?.lines().any(|line| line.starts_with("//@ no-compile: ")))
}
